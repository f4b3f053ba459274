"""Namespace a: arrays as sets.

All of them hash (`pfa.lib.sameness.hashes`), so that their work grows with the number of items, not its square.
"""

from __future__ import annotations

from typing import Any

from pfa.lib.define import Charge, Site, define
from pfa.lib.sameness import hashes
from pfa.types import Array


def _keys(items: list[Any], site: Site, charge: Charge) -> list[Any]:
    """A hashable key an item of the call's arrays; both have the same type."""
    make = site.cache.get("hashes")
    if make is None:
        container = site.params[0]
        make = site.cache["hashes"] = hashes(container.items if isinstance(container, Array) else container)
    return make(items, charge)


def _firsts(items: list[Any], keys: list[Any]) -> list[Any]:
    """The first item of each key, in order."""
    if keys is items:
        return list(dict.fromkeys(items))
    first: dict[Any, Any] = {}
    for key, x in zip(keys, items, strict=True):
        first.setdefault(key, x)
    return list(first.values())


def _only(items: list[Any], keys: list[Any], wanted: set[Any]) -> list[Any]:
    return [x for x, key in zip(items, keys, strict=True) if key in wanted]


def _without(items: list[Any], keys: list[Any], unwanted: set[Any]) -> list[Any]:
    return [x for x, key in zip(items, keys, strict=True) if key not in unwanted]


@define(
    "a.distinct",
    "(a: array(any A)) -> array(A)",
    cost="len(a)",
)
def distinct(a: list[Any], *, site: Site, charge: Charge) -> list[Any]:
    """Return the items of `a` without those that are equal to an earlier one.

    a.distinct([3, 1, 3, 2, 1]) -> [3, 1, 2]
    """
    return _firsts(a, _keys(a, site, charge))


@define(
    "a.seteq",
    "(a: array(any A), b: array(A)) -> boolean",
    cost="len(a) + len(b)",
)
def seteq(a: list[Any], b: list[Any], *, site: Site, charge: Charge) -> bool:
    """Return whether `a` and `b` have the same items, whatever their order and number.

    a.seteq([1, 2, 2], [2, 1]) -> true
    a.seteq([1, 2], [1, 3]) -> false
    """
    return set(_keys(a, site, charge)) == set(_keys(b, site, charge))


@define(
    "a.union",
    "(a: array(any A), b: array(A)) -> array(A)",
    cost="len(a) + len(b)",
)
def union(a: list[Any], b: list[Any], *, site: Site, charge: Charge) -> list[Any]:
    """Return the items of `a` and then those of `b`, each once.

    a.union([3, 1, 3], [1, 2]) -> [3, 1, 2]
    """
    both = a + b
    return _firsts(both, _keys(both, site, charge))


@define(
    "a.intersection",
    "(a: array(any A), b: array(A)) -> array(A)",
    cost="len(a) + len(b)",
)
def intersection(a: list[Any], b: list[Any], *, site: Site, charge: Charge) -> list[Any]:
    """Return the items of `a` that are in `b`, followed by the items of `b` that are in `a`.

    As a set this is the intersection; as an array it has every common item at least twice (`a.distinct` removes
    the duplicates).

    a.intersection([3, 1, 2], [2, 3, 4]) -> [3, 2, 2, 3]
    a.intersection([1, 2], [3]) -> []
    """
    in_a, in_b = _keys(a, site, charge), _keys(b, site, charge)
    return _only(a, in_a, set(in_b)) + _only(b, in_b, set(in_a))


@define(
    "a.diff",
    "(a: array(any A), b: array(A)) -> array(A)",
    cost="len(a) + len(b)",
)
def diff(a: list[Any], b: list[Any], *, site: Site, charge: Charge) -> list[Any]:
    """Return the items of `a` that are not in `b`.

    a.diff([3, 1, 2, 3], [2, 4]) -> [3, 1, 3]
    """
    return _without(a, _keys(a, site, charge), set(_keys(b, site, charge)))


@define(
    "a.symdiff",
    "(a: array(any A), b: array(A)) -> array(A)",
    cost="len(a) + len(b)",
)
def symdiff(a: list[Any], b: list[Any], *, site: Site, charge: Charge) -> list[Any]:
    """Return the items of `a` that are not in `b`, followed by the items of `b` that are not in `a`.

    a.symdiff([3, 1, 2], [2, 4]) -> [3, 1, 4]
    """
    in_a, in_b = _keys(a, site, charge), _keys(b, site, charge)
    return _without(a, in_a, set(in_b)) + _without(b, in_b, set(in_a))


@define(
    "a.subset",
    "(little: array(any A), big: array(A)) -> boolean",
    cost="len(little) + len(big)",
)
def subset(little: list[Any], big: list[Any], *, site: Site, charge: Charge) -> bool:
    """Return whether every item of `little` is in `big`.

    a.subset([1, 2, 1], [2, 3, 1]) -> true
    a.subset([1, 4], [2, 3, 1]) -> false
    """
    return set(_keys(little, site, charge)) <= set(_keys(big, site, charge))


@define(
    "a.disjoint",
    "(a: array(any A), b: array(A)) -> boolean",
    cost="len(a) + len(b)",
)
def disjoint(a: list[Any], b: list[Any], *, site: Site, charge: Charge) -> bool:
    """Return whether no item of `a` is in `b`.

    a.disjoint([1, 2], [3, 4]) -> true
    a.disjoint([1, 2], [2, 3]) -> false
    """
    return set(_keys(a, site, charge)).isdisjoint(_keys(b, site, charge))
