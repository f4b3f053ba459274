"""The call graph of a document's functions (specification, "Concurrent access to shared state").

Place in the pipeline: after all bodies are checked.  Invariant: linear in the number of functions and calls,
and nothing here recurses, however long a chain of functions is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pfa.check.checker import Facts

Write = tuple[str, str]
"""A form that changes a cell or pool, and its pointer."""


def writers(functions: Mapping[str, Facts]) -> dict[str, Write]:
    """The functions that reach a change of a cell or pool, however far, each with one that it reaches."""
    if not functions:
        return {}
    callers: dict[str, list[str]] = {}
    for name, facts in functions.items():
        for called in facts.calls:
            callers.setdefault(called, []).append(name)
    found = {name: facts.writes[0] for name, facts in functions.items() if facts.writes}
    todo = list(found)
    while todo:
        called = todo.pop()
        for name in callers.get(called, ()):
            if name not in found:
                found[name] = found[called]
                todo.append(name)
    return found


def recursive(functions: Mapping[str, Facts]) -> frozenset[str]:
    """The functions that can reach themselves: those of a cycle, and those that call themselves."""
    if not functions:
        return frozenset()
    cyclic = {name for name, facts in functions.items() if name in facts.calls}
    for component in _components({name: sorted(facts.calls) for name, facts in functions.items()}):
        if len(component) > 1:
            cyclic.update(component)
    return frozenset(cyclic)


def _components(graph: Mapping[str, list[str]]) -> list[list[str]]:
    """The strongly connected components (Tarjan's algorithm, with a stack of its own)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []  # nodes whose component is not complete
    inside: set[str] = set()
    found: list[list[str]] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        while work:
            node, rest = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                path.append(node)
                inside.add(node)
            for other in rest:
                if other not in index:
                    if other in graph:
                        work.append((other, iter(graph[other])))
                        break
                elif other in inside:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    around = work[-1][0]
                    low[around] = min(low[around], low[node])
                if low[node] == index[node]:
                    component: list[str] = []
                    while not component or component[-1] != node:
                        component.append(path.pop())
                    inside.difference_update(component)
                    found.append(component)
    return found
