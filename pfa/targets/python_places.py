"""Where in the document an error happened, from the traceback of generated code.

Each line of generated code knows the expression that it was printed for; `x + L_a_head(y)` was printed for the sum.
CPython says which columns failed, so the call that failed is told: it is the second `a.head` of its line, say, and so
the second one in the document's expression, if that has as many.  Nothing is kept for this while nothing fails.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pfa.read.source import join, split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

MOST = 20_000  # values of an expression that are looked through


def column(traceback: TracebackType) -> int:
    """The column at which the failing operation begins, or -1 where the interpreter does not say."""
    code, at = traceback.tb_frame.f_code, traceback.tb_lasti // 2
    position = next(islice(code.co_positions(), at, None), None)
    return -1 if position is None or position[2] is None else position[2]


def nearer(document: Any, pointer: str, function: str, line: str, call: str, column: int) -> str:
    """The pointer of the call of a library function, in a line that was printed for the expression at `pointer`."""
    starts = _places(line, f"{call}(")
    if column not in starts:
        return pointer
    found = list(_calls(document, pointer, function))
    return found[starts.index(column)] if len(found) == len(starts) else pointer


def _places(text: str, word: str) -> list[int]:
    starts, at = [], text.find(word)
    while at >= 0:
        starts.append(at)
        at = text.find(word, at + 1)
    return starts


def _calls(document: Any, pointer: str, function: str) -> Iterator[str]:
    """The calls of a function inside an expression, in the order in which they are printed."""
    value, path = document, split(pointer)
    for key in path:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return
    todo, count = [(value, path)], 0
    while todo and count < MOST:
        value, path = todo.pop()
        count += 1
        if isinstance(value, dict):
            if function in value and len(value.keys() - {"@"}) == 1:
                yield join(path)
            inside = [(v, [*path, k]) for k, v in value.items()]
        elif isinstance(value, list):
            inside = [(v, [*path, str(i)]) for i, v in enumerate(value)]
        else:
            continue
        todo += reversed(inside)
