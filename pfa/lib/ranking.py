"""Positions of the least and the greatest of many items: what `a.*` and `map.*` choose, sort and rank with.

Items are turned into keys once (`keys`), which Python's own operators compare as Avro orders the items; then the
C code of `max`, `index` and `sorted` does the work.  Ties go to the first item: `sorted` is stable, forwards and
in reverse.  A document's less-than function has no keys: `order_by` gives them `<` only, which is all that
`sorted` uses.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from math import isnan
from typing import Any, TypeAlias

from pfa.lib.compare import ordering
from pfa.lib.define import Charge, Fail, Site
from pfa.types import Enum, Fixed, Map, Prim, Type

Keys: TypeAlias = Callable[[list[Any], Charge], list[Any]]
LessThan: TypeAlias = Callable[[Any, Any], bool]
NAN_KEY = (True, 0.0)


def keys(items: list[Any], site: Site, charge: Charge) -> list[Any]:
    """The items of the call's first argument, an array or a map's values, as keys in Avro's order.

    The caller declares the number of items as its cost; this charges what comparing each costs besides.
    """
    make = site.cache.get("keys")
    if make is None:
        container = site.params[0]
        inside = container.values if isinstance(container, Map) else container.items  # type: ignore[union-attr]
        make = site.cache["keys"] = keys_of(inside)
    return make(items, charge)


def keys_of(t: Type) -> Keys:
    """The function that turns items of type `t` into keys; the list itself where it holds its own keys."""
    match t:
        case Prim("null"):
            return lambda items, charge: [0] * len(items)
        case Prim("float" | "double"):
            return _float_keys
        case Prim("string" | "bytes") | Fixed():
            return _text_keys
        case Prim():
            return lambda items, charge: items
        case Enum(_, symbols):
            place = {s: i for i, s in enumerate(symbols)}
            return lambda items, charge: [place[x] for x in items]
        case _:
            return _compared(ordering(t))


def _float_keys(items: list[float], _charge: Charge) -> list[Any]:
    if isnan(sum(items)):  # the fastest test; two infinities may bring the sorting here that needs it not
        return [NAN_KEY if x != x else (False, x) for x in items]
    return items


def _text_keys(items: list[Any], charge: Charge) -> list[Any]:
    charge_for_sorting(sum(map(len, items)) >> 4, len(items), charge)
    return items


def charge_for_sorting(size: int, count: int, charge: Charge) -> None:
    """Sorting looks at each item about log2(count) times, in C code that cannot be stopped.

    It is charged in parts, since none of it needs memory, and a large charge is taken for a large result.
    """
    if size:
        for _ in range(count.bit_length()):
            charge(size)


def _compared(compare: Callable[..., int]) -> Keys:
    def make(items: list[Any], charge: Charge) -> list[Any]:
        return list(map(cmp_to_key(lambda x, y: compare(x, y, charge)), items))

    return make


def order_by(items: list[Any], less_than: LessThan) -> list[Any]:
    """Keys for `ranked` in the order of a less-than function, which is called once a comparison."""
    return list(map(cmp_to_key(lambda x, y: -less_than(x, y)), items))


def ranked(keys: list[Any], n: int, *, greatest: bool) -> list[int]:
    """Positions of the `n` greatest or least keys, the most extreme first, ties in order of position."""
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=greatest)[:n]


def first_greatest(items: list[Any], less_than: LessThan) -> int:
    """The first position that a less-than function puts before no other."""
    best = 0
    for i in range(1, len(items)):
        if less_than(items[best], items[i]):
            best = i
    return best


def first_least(items: list[Any], less_than: LessThan) -> int:
    """The first position that a less-than function puts after no other."""
    best = 0
    for i in range(1, len(items)):
        if less_than(items[i], items[best]):
            best = i
    return best


def check_several(items: Any, n: int, empty: str, fail: Fail) -> None:
    """The errors that all functions for the `n` most extreme items have in common, in this order."""
    if not items:
        fail(empty)
    if n < 0:
        fail("n < 0")
