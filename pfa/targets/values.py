"""Host values of unions and of widened types: which branch a value is, and a value as a wider type.

Closures made once for a pair of types; `None` where there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pfa.lib.primitives import float32
from pfa.types import DOUBLE, FLOAT, Array, Map, Type, Union, accepts, host_class, same_layout

Convert = Callable[[Any], Any]
CLASSES: dict[str, type] = {
    "none": type(None), "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes,
    "list": list, "dict": dict,
}  # fmt: skip


def tag_of(t: Union) -> Callable[[Any], str]:
    """The tag of a host value's branch."""
    bare = {CLASSES[host_class(b)]: b.tag for b in t.branches if b.tag not in t.boxed}

    def tag(v: Any) -> str:
        found = bare.get(v.__class__)
        return v[0] if found is None else found

    return tag


def widener(want: Type, got: Type) -> Convert | None:
    """A function from values of `got` to values of `want`, which accepts it; None: they look the same."""
    if same_layout(want, got):
        return None
    if isinstance(got, Union):
        return _from_union(want, got)
    if isinstance(want, Union):
        return _into_union(want, got)
    match want, got:
        case Array(w), Array(g):
            items = _sure(widener(w, g))
            return lambda v: [items(x) for x in v]
        case Map(w), Map(g):
            values = _sure(widener(w, g))
            return lambda v: {k: values(x) for k, x in v.items()}
        case _ if want == DOUBLE:
            return float
        case _ if want == FLOAT:
            return lambda v: float32(float(v))
        case _:
            return None


def _sure(convert: Convert | None) -> Convert:
    return convert or _same


def _same(v: Any) -> Any:
    return v


def target_branch(want: Union, got: Type) -> Type:
    """The branch that takes a value of `got`: its own type if there is one, else the first that accepts it."""
    for b in want.branches:
        if b == got:
            return b
    return next(b for b in want.branches if accepts(b, got))


def _into_union(want: Union, got: Type) -> Convert:
    branch = target_branch(want, got)
    inner = _sure(widener(branch, got))
    if branch.tag not in want.boxed:
        return inner
    tag = branch.tag
    return lambda v: (tag, inner(v))


def _from_union(want: Type, got: Union) -> Convert:
    """Each branch by its own way; branches that `want` cannot hold are never met (a narrowing after a test)."""
    ways: dict[str, Convert] = {}
    for b in got.branches:
        if accepts(want, b):
            way = _into_union(want, b) if isinstance(want, Union) else _sure(widener(want, b))
            ways[b.tag] = way
    tag = tag_of(got)
    boxed = got.boxed

    def convert(v: Any) -> Any:
        name = tag(v)
        return ways[name](v[1] if name in boxed else v)

    return convert
