"""Values inside a model's records as the type that the signature asks for.

A library function gets its arguments widened, but not what is inside their records: a tree whose leaves are int on
one side and double on the other has ints on the one side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pfa.lib.primitives import RANGE, float32
from pfa.types import (
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    Array,
    Map,
    Type,
    Union,
    accepts,
    host_class,
    same_layout,
)

Widening = Callable[[Any], Any]
CLASSES: dict[str, type] = {"none": type(None), "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes,
                            "list": list, "dict": dict}  # fmt: skip


def branch_key(kind: Type, branch: Type) -> Any:
    """What tells at run time that a value of `kind` is of this branch: the tag in its box, or its class."""
    if isinstance(kind, Union) and branch.tag in kind.boxed:
        return branch.tag
    return CLASSES[host_class(branch)]


def widening(want: Type, got: Type) -> Widening | None:
    """What makes a value of `got` one of `want`, which accepts it; None where it already looks like one."""
    if same_layout(want, got):
        return None
    match want, got:
        case _, Union():
            return _from_union(want, got)
        case Union(), _:
            return _into_union(want, got)
        case Array(w), Array(g):
            inside = widening(w, g)
            return inside and (lambda items: [inside(x) for x in items])
        case Map(w), Map(g):
            value = widening(w, g)
            return value and (lambda items: {k: value(x) for k, x in items.items()})
        case _ if want == DOUBLE and got in (INT, LONG):
            return float
        case _ if want == FLOAT and got in (INT, LONG):
            return lambda x: float32(float(x))
        case _:
            return None


def _same(x: Any) -> Any:
    return x


def _from_union(want: Type, got: Union) -> Widening:
    table = {branch_key(got, b): widening(want, b) or _same for b in got.branches}

    def widen(x: Any) -> Any:
        kind = x.__class__
        if kind is tuple:
            kind, x = x
        return table[kind](x)

    return widen


def _into_union(want: Union, got: Type) -> Widening | None:
    accepting = [w for w in want.branches if accepts(w, got)]
    to = next((w for w in accepting if w.tag == got.tag), accepting[0])
    inside = widening(to, got)
    if to.tag not in want.boxed:
        return inside
    tag = to.tag
    if inside is None:
        return lambda x: (tag, x)
    return lambda x: (tag, inside(x))


def narrowing(to: Type) -> Widening | None:
    """What makes a double a value of a field of this type, for functions that return a record with fields changed.

    Such a field may be declared narrower than the double that the function works with; None where it is a double.
    """
    if to == FLOAT:
        return float32
    if to in RANGE:
        low, high = RANGE[to]
        return lambda x: 0 if x != x else int(min(max(x, low), high))
    return None
