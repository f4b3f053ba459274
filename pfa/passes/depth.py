"""Depth: how much each user function adds to the counter of recursion.

    f: a.sort(x, g) where g calls f          f adds 1: one callback between a call of f and the next
    f: a.sort(x, g), g: a.sort(y, h) ...     f adds 2

A call of a function from generated code takes no stack of the process, a callback that a library function calls may
take 5 kB of it (`list.sort`), and a stack that is used up ends the process.  So a recursive function adds as many
units as there are callbacks inside one another on the way to the next call that counts; and where functions that do
not recurse call one another through many callbacks, all of them count.  The invariant: the callbacks that can be
active at one time are at most the limit of recursion and `UNCOUNTED`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pfa.ir import Attempt, Branch, Each, FunctionValue, Loop, Lowered, Op, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.ir import Block, Routine

UNCOUNTED = 200


def depth(lowered: Lowered) -> Lowered:
    """The same program, with the units of each counted function in `levels`."""
    if not lowered.program.recursive and len(lowered.routines) <= UNCOUNTED:
        return lowered
    calls = {name: dict(_calls(r.body)) for name, r in lowered.routines.items()}
    counted = {name for name, r in lowered.routines.items() if r.recursive}
    deepest = _deepest(calls, counted)
    if any(levels > UNCOUNTED for levels in deepest.values()):
        counted = {name for name in calls if name.startswith("u:")}
        deepest = _deepest(calls, counted)
    if not counted:
        return lowered
    routines = {n: _counted(r, deepest[n]) if n in counted else r for n, r in lowered.routines.items()}
    return replace(lowered, routines=routines)


def _counted(r: Routine, levels: int) -> Routine:
    return replace(r, recursive=True, levels=max(1, levels))


def _deepest(calls: dict[str, dict[str, int]], counted: set[str]) -> dict[str, int]:
    """For each routine the callbacks inside one another until calls that count; those in between make no circle."""
    found: dict[str, int] = {}
    for start in calls:
        todo = [start]
        while todo:
            name = todo[-1]
            inside = [n for n in calls[name] if n not in counted and n not in found]
            if inside and name not in found:
                todo += inside
                continue
            todo.pop()
            ways = calls[name].items()
            found[name] = max([step + (0 if n in counted else found[n]) for n, step in ways], default=0)
    return found


def _calls(block: Block) -> Iterator[tuple[str, int]]:
    """The routines that a block calls (0) or hands over to be called (1)."""
    todo = [block]
    while todo:
        for s in todo.pop():
            match s:
                case Op(_, code, args, extra):
                    if code == "user":
                        yield f"u:{extra}", 0
                    elif code == "closure":
                        yield extra, 1
                    given = (*args, *extra[1]) if code == "dynamic" else args
                    for a in given:
                        if isinstance(a, FunctionValue) and a.fn is None and a.name != "emit":
                            yield a.name, 1
                case Branch(_, then, orelse):
                    todo += (then, orelse)
                case Loop(body) | Attempt(body) | Each(_, _, body):
                    todo.append(body)
                case Part():
                    raise AssertionError("parts are made after this pass")
                case _:
                    pass
