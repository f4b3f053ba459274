"""Host values of unions and of widened types: which branch a value is, and a value as a wider type.

Closures made once for a pair of types; `None` where there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pfa.lib.primitives import float32
from pfa.types import (
    DOUBLE,
    FLOAT,
    Array,
    Enum,
    Fixed,
    Map,
    Record,
    Type,
    Union,
    accepts,
    host_class,
    same_layout,
)

Convert = Callable[[Any], Any]
Charge = Callable[[int], None]
CLASSES: dict[str, type] = {
    "none": type(None), "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes,
    "list": list, "dict": dict,
}  # fmt: skip


def tag_of(t: Union) -> Callable[[Any], str]:
    """The tag of a host value's branch."""
    bare = _bare(t)

    def tag(v: Any) -> str:
        found = bare.get(v.__class__)
        return v[0] if found is None else found

    return tag


def _bare(t: Union) -> dict[type, str]:
    """The tags of the branches that are not boxed, by host class; few, since no two share one."""
    if len(t.boxed) == len(t.branches):
        return {}
    return {CLASSES[host_class(b)]: b.tag for b in t.branches if b.tag not in t.boxed}


def widener(want: Type, got: Type, charge: Charge | None = None) -> Convert | None:
    """A function from values of `got` to values of `want`, which accepts it; None: they look the same.

    With `charge` it counts the items that it makes, of arrays and maps at any depth.
    """
    if same_layout(want, got):
        return None
    if isinstance(got, Union):
        return _from_union(want, got, charge)
    if isinstance(want, Union):
        return _into_union(want, got, charge)
    match want, got:
        case Array(w), Array(g):
            items = _sure(widener(w, g, charge))
            return _charging(charge, lambda v: [items(x) for x in v])
        case Map(w), Map(g):
            values = _sure(widener(w, g, charge))
            return _charging(charge, lambda v: {k: values(x) for k, x in v.items()})
        case _ if want == DOUBLE:
            return float
        case _ if want == FLOAT:
            return lambda v: float32(float(v))
        case _:
            return None


def holds_containers(t: Type) -> bool:
    """Are there arrays or maps in a value of `t`, outside of records (which widening leaves as they are)?"""
    return not {"array", "map"}.isdisjoint(t.by_tag if isinstance(t, Union) else (t.tag,))


def holds_inside(t: Type) -> bool:
    """Are there containers inside containers in a value of `t`?"""
    return _holds(t, False, frozenset())


def _holds(t: Type, inside: bool, above: frozenset[str]) -> bool:
    match t:
        case Array(x) | Map(x):
            return inside or _holds(x, True, above)
        case Record(name):
            return inside or name in above or any(_holds(f.type, True, above | {name}) for f in t.fields)
        case Union(bs):
            return any(_holds(b, inside, above) for b in bs)
        case _:
            return False


def _charging(charge: Charge | None, convert: Convert) -> Convert:
    if charge is None:
        return convert

    def charged(v: Any) -> Any:
        charge(len(v) + 1)
        return convert(v)

    return charged


def _sure(convert: Convert | None) -> Convert:
    return convert or _same


def _same(v: Any) -> Any:
    return v


def target_branch(want: Union, got: Type) -> Type:
    """The branch that takes a value of `got`: its own type if there is one, else the first that accepts it."""
    same = want.by_tag.get(got.tag)
    if same is not None and same == got:
        return same
    return next(b for b in want.branches if accepts(b, got))


def _into_union(want: Union, got: Type, charge: Charge | None) -> Convert:
    branch = target_branch(want, got)
    inner = _sure(widener(branch, got, charge))
    if branch.tag not in want.boxed:
        return inner
    tag = branch.tag
    return lambda v: (tag, inner(v))


def _candidates(want: Type, got: Union) -> tuple[Type, ...]:
    """The branches that `want` may accept: named types fit only themselves."""
    if isinstance(want, Record | Enum | Fixed):
        same = got.by_tag.get(want.tag)
        return () if same is None else (same,)
    return got.branches


def _from_union(want: Type, got: Union, charge: Charge | None) -> Convert:
    """Each branch by its own way; branches that `want` cannot hold are never met (a narrowing after a test)."""
    ways: dict[str, Convert] = {}
    for b in _candidates(want, got):
        if accepts(want, b):
            into = _into_union(want, b, charge) if isinstance(want, Union) else widener(want, b, charge)
            ways[b.tag] = _sure(into)
    tag = tag_of(got)
    boxed = got.boxed

    def convert(v: Any) -> Any:
        name = tag(v)
        return ways[name](v[1] if name in boxed else v)

    return convert
