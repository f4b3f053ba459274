"""Namespace a: is something in an array, how often and where.

A needle is an item, an array (a run of successive items) or a function of items; which one is known when the call
is checked, so each call gets its own searcher.  Two items are equal as `pfa.lib.sameness` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Site, define
from pfa.lib.sameness import Same, is_native, may_search, same
from pfa.types import Array, Function, Type

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEM, RUN, TEST = "item", "run", "test"


def _needle(site: Site) -> tuple[str, bool, Same]:
    """What the call looks for, whether items are of a native type, and the equality of items."""
    found = site.cache.get("needle")
    if found is None:
        found = site.cache["needle"] = _find_needle(*site.params)
    return found


def _find_needle(haystack: Type, needle: Type) -> tuple[str, bool, Same]:
    items = haystack.items if isinstance(haystack, Array) else haystack
    kind = TEST if isinstance(needle, Function) else RUN if needle == haystack else ITEM
    return kind, is_native(items), same(items)


def _runs(haystack: list[Any], needle: list[Any], equal: Same, charge: Charge) -> Iterator[int]:
    """Where `needle`, which is not empty, begins in `haystack`; runs may overlap.

    Knuth, Morris and Pratt, "Fast pattern matching in strings" (1977): an item is never gone back to, so that no
    needle makes the search quadratic.
    """
    back = _borders(needle, equal, charge)
    matched = 0
    for i, x in enumerate(haystack):
        while matched and not equal(x, needle[matched], charge):
            matched = back[matched - 1]
        if matched or equal(x, needle[0], charge):
            matched += 1
        if matched == len(needle):
            yield i - matched + 1
            matched = back[matched - 1]


def _borders(needle: list[Any], equal: Same, charge: Charge) -> list[int]:
    """For each prefix of `needle`, the length of its longest proper suffix that is also its prefix."""
    back = [0] * len(needle)
    length = 0
    for i in range(1, len(needle)):
        while length and not equal(needle[i], needle[length], charge):
            length = back[length - 1]
        if length or equal(needle[i], needle[0], charge):
            length += 1
        back[i] = length
    return back


def _first(haystack: list[Any], needle: Any, site: Site, charge: Charge) -> int:
    """The lowest position of the needle, or -1."""
    kind, native, equal = _needle(site)
    if kind == TEST:
        for i, x in enumerate(haystack):
            if needle(x):
                return i
        return -1
    if kind == RUN:
        return next(_runs(haystack, needle, equal, charge), -1) if needle else 0
    if native and may_search(haystack, needle, charge):
        return haystack.index(needle) if needle in haystack else -1
    for i, x in enumerate(haystack):
        if equal(x, needle, charge):
            return i
    return -1


@define(
    "a.contains",
    "(haystack: array(any A), needle: array(A)) -> boolean",
    "(haystack: array(any A), needle: A) -> boolean",
    "(haystack: array(any A), needle: fcn(A) -> boolean) -> boolean",
    cost="len(haystack)",
)
def contains(haystack: list[Any], needle: Any, *, site: Site, charge: Charge) -> bool:
    """Return whether `haystack` has a part equal to `needle`, or an item for which `needle` is true.

    needle: an array, to be found as successive items; or an item; or a function of an item.

    a.contains([1, 2, 3, 4], [2, 3]) -> true
    a.contains([1, 2, 3, 4], [3, 2]) -> false
    a.contains([1, 2, 3, 4], 4) -> true
    a.contains(["one", "two"], "three") -> false
    a.contains([1, 2, 3], {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 2]}}) -> true
    """
    return _first(haystack, needle, site, charge) >= 0


@define(
    "a.count",
    "(haystack: array(any A), needle: array(A)) -> int",
    "(haystack: array(any A), needle: A) -> int",
    "(haystack: array(any A), needle: fcn(A) -> boolean) -> int",
    cost="len(haystack)",
)
def count(haystack: list[Any], needle: Any, *, site: Site, charge: Charge) -> int:
    """Return the number of places where `haystack` has a part equal to `needle`, or an item for which it is true.

    needle: an array, to be found as successive items, which may overlap; or an item; or a function of an item.
        An empty array is found nowhere.

    a.count([1, 2, 1, 2, 1], [1, 2]) -> 2
    a.count([1, 1, 1], [1, 1]) -> 2
    a.count([1, 2, 1], 1) -> 2
    a.count([1, 2, 3], {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 1]}}) -> 2
    a.count([1, 2], {"type": {"type": "array", "items": "int"}, "value": []}) -> 0
    """
    kind, native, equal = _needle(site)
    if kind == TEST:
        return len([1 for x in haystack if needle(x)])
    if kind == RUN:
        return len([1 for _ in _runs(haystack, needle, equal, charge)]) if needle else 0
    if native and may_search(haystack, needle, charge):
        return haystack.count(needle)
    return len([1 for x in haystack if equal(x, needle, charge)])


@define(
    "a.index",
    "(haystack: array(any A), needle: array(A)) -> int",
    "(haystack: array(any A), needle: A) -> int",
    "(haystack: array(any A), needle: fcn(A) -> boolean) -> int",
    cost="len(haystack)",
)
def index(haystack: list[Any], needle: Any, *, site: Site, charge: Charge) -> int:
    """Return the lowest index where `haystack` has a part equal to `needle`, or an item for which it is true; else -1.

    needle: an array, to be found as successive items; or an item; or a function of an item.  An empty array is
        found at 0.

    a.index([1, 2, 3, 2, 3], [2, 3]) -> 1
    a.index([1, 2, 3, 2], 2) -> 1
    a.index([1, 2, 3, 2], 4) -> -1
    a.index([1, 2, 3], {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 1]}}) -> 1
    """
    return _first(haystack, needle, site, charge)


@define(
    "a.rindex",
    "(haystack: array(any A), needle: array(A)) -> int",
    "(haystack: array(any A), needle: A) -> int",
    "(haystack: array(any A), needle: fcn(A) -> boolean) -> int",
    cost="len(haystack)",
)
def rindex(haystack: list[Any], needle: Any, *, site: Site, charge: Charge) -> int:
    """Return the highest index where `haystack` has a part equal to `needle`, or an item for which it is true; else -1.

    needle: an array, to be found as successive items; or an item; or a function of an item.  An empty array is
        found at the end.

    a.rindex([1, 2, 3, 2, 3], [2, 3]) -> 3
    a.rindex([1, 2, 3, 2], 2) -> 3
    a.rindex([1, 2, 3, 2], 4) -> -1
    a.rindex([1, 2, 3], {"params": [{"x": "int"}], "ret": "boolean", "do": {"<": ["x", 3]}}) -> 1
    a.rindex([1, 2], {"type": {"type": "array", "items": "int"}, "value": []}) -> 2
    """
    if _needle(site)[0] != RUN:
        at = _first(haystack[::-1], needle, site, charge)
        return len(haystack) - 1 - at if at >= 0 else -1
    if not needle:
        return len(haystack)
    at = _first(haystack[::-1], needle[::-1], site, charge)
    return len(haystack) - len(needle) - at if at >= 0 else -1


@define(
    "a.startswith",
    "(haystack: array(any A), needle: array(A)) -> boolean",
    "(haystack: array(any A), needle: A) -> boolean",
)
def startswith(haystack: list[Any], needle: Any, *, site: Site, charge: Charge) -> bool:
    """Return whether the first items of `haystack` are those of `needle`, or its first item is `needle`.

    a.startswith([1, 2, 3], [1, 2]) -> true
    a.startswith([1, 2, 3], [2]) -> false
    a.startswith([1, 2, 3], 1) -> true
    a.startswith([1, 2, 3], {"type": {"type": "array", "items": "int"}, "value": []}) -> true
    """
    kind, _, equal = _needle(site)
    if kind == ITEM:
        return bool(haystack) and equal(haystack[0], needle, charge)
    return _is_at(haystack, 0, needle, equal, charge)


@define(
    "a.endswith",
    "(haystack: array(any A), needle: array(A)) -> boolean",
    "(haystack: array(any A), needle: A) -> boolean",
)
def endswith(haystack: list[Any], needle: Any, *, site: Site, charge: Charge) -> bool:
    """Return whether the last items of `haystack` are those of `needle`, or its last item is `needle`.

    a.endswith([1, 2, 3], [2, 3]) -> true
    a.endswith([1, 2, 3], [2]) -> false
    a.endswith([1, 2, 3], 3) -> true
    a.endswith([1, 2, 3], {"type": {"type": "array", "items": "int"}, "value": []}) -> true
    """
    kind, _, equal = _needle(site)
    if kind == ITEM:
        return bool(haystack) and equal(haystack[-1], needle, charge)
    return _is_at(haystack, len(haystack) - len(needle), needle, equal, charge)


def _is_at(haystack: list[Any], at: int, needle: list[Any], equal: Same, charge: Charge) -> bool:
    if not 0 <= at <= len(haystack) - len(needle):
        return False
    charge(len(needle))
    return all(equal(haystack[at + i], x, charge) for i, x in enumerate(needle))
