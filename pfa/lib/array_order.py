"""Namespace a: sorting, and the greatest and least items or their indexes, in Avro's order or a function's.

Avro's order of the items is the one of `pfa.lib.compare.ordering`: NaN comes after every number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.ranking import LessThan, check_several, first_greatest, first_least, keys, order_by, ranked

if TYPE_CHECKING:
    from collections.abc import Callable


def _several(items: list[Any], keys: list[Any], n: int, *, greatest: bool) -> list[Any]:
    """The `n` greatest or least items."""
    if keys is items:
        return sorted(items, reverse=greatest)[:n]
    return [items[i] for i in ranked(keys, n, greatest=greatest)]


def _position(keys: list[Any], best: Callable[[list[Any]], Any]) -> int:
    """Where the first of the best keys stands."""
    return keys.index(best(keys))


@define(
    "a.sort",
    "(a: array(any A)) -> array(A)",
    cost="len(a)",
)
def sort(a: list[Any], *, site: Site, charge: Charge) -> list[Any]:
    """Return the items of `a` in ascending order; equal ones stay in their order.

    a.sort([3, 1, 2]) -> [1, 2, 3]
    a.sort(["b", "B", "a"]) -> ["B", "a", "b"]
    a.sort([[2, 1], [1, 9], [1]]) -> [[1], [1, 9], [2, 1]]
    """
    return _several(a, keys(a, site, charge), len(a), greatest=False)


@define(
    "a.sortLT",
    "(a: array(any A), lessThan: fcn(A, A) -> boolean) -> array(A)",
    cost="len(a)",
)
def sort_lt(a: list[Any], lessThan: LessThan) -> list[Any]:
    """Return the items of `a` in ascending order as `lessThan` defines it; equal ones stay in their order.

    lessThan: whether its first argument comes before its second.

    a.sortLT([3, 1, 2], {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> [3, 2, 1]
    """
    return _several(a, order_by(a, lessThan), len(a), greatest=False)


@define(
    "a.max",
    "(a: array(any A)) -> A",
    errors={"empty array": 15240},
    cost="len(a)",
)
def max_(a: list[Any], *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the greatest item of `a`, the first of them if several are equal.

    a.max([5, 7, 6]) -> 7
    a.max(["one", "two", "three"]) -> "two"
    a.max({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15240
    """
    if not a:
        fail("empty array")
    order = keys(a, site, charge)
    return max(a) if order is a else a[_position(order, max)]


@define(
    "a.min",
    "(a: array(any A)) -> A",
    errors={"empty array": 15250},
    cost="len(a)",
)
def min_(a: list[Any], *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the least item of `a`, the first of them if several are equal.

    a.min([7, 5, 6]) -> 5
    a.min(["one", "two", "three"]) -> "one"
    a.min({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15250
    """
    if not a:
        fail("empty array")
    order = keys(a, site, charge)
    return min(a) if order is a else a[_position(order, min)]


@define(
    "a.maxLT",
    "(a: array(any A), lessThan: fcn(A, A) -> boolean) -> A",
    errors={"empty array": 15260},
    cost="len(a)",
)
def max_lt(a: list[Any], lessThan: LessThan, *, fail: Fail) -> Any:
    """Return the greatest item of `a` as `lessThan` defines it, the first of them if several are equal.

    lessThan: whether its first argument comes before its second.

    a.maxLT([5, 7, 6], {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> 5
    a.maxLT({"type": {"type": "array", "items": "int"}, "value": []}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15260
    """
    return a[first_greatest(a, lessThan)] if a else fail("empty array")


@define(
    "a.minLT",
    "(a: array(any A), lessThan: fcn(A, A) -> boolean) -> A",
    errors={"empty array": 15270},
    cost="len(a)",
)
def min_lt(a: list[Any], lessThan: LessThan, *, fail: Fail) -> Any:
    """Return the least item of `a` as `lessThan` defines it, the first of them if several are equal.

    lessThan: whether its first argument comes before its second.

    a.minLT([5, 7, 6], {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> 7
    a.minLT({"type": {"type": "array", "items": "int"}, "value": []}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15270
    """
    return a[first_least(a, lessThan)] if a else fail("empty array")


@define(
    "a.maxN",
    "(a: array(any A), n: int) -> array(A)",
    errors={"empty array": 15280, "n < 0": 15281},
    cost="len(a)",
)
def max_n(a: list[Any], n: int, *, fail: Fail, site: Site, charge: Charge) -> list[Any]:
    """Return the `n` greatest items of `a` (all if there are fewer), the greatest first.

    a.maxN([5, 7, 6, 8], 2) -> [8, 7]
    a.maxN([5, 7], 3) -> [7, 5]
    a.maxN({"type": {"type": "array", "items": "int"}, "value": []}, 1) -> error 15280
    a.maxN([5, 7], -1) -> error 15281
    """
    check_several(a, n, "empty array", fail)
    return _several(a, keys(a, site, charge), n, greatest=True)


@define(
    "a.minN",
    "(a: array(any A), n: int) -> array(A)",
    errors={"empty array": 15290, "n < 0": 15291},
    cost="len(a)",
)
def min_n(a: list[Any], n: int, *, fail: Fail, site: Site, charge: Charge) -> list[Any]:
    """Return the `n` least items of `a` (all if there are fewer), the least first.

    a.minN([5, 7, 6, 8], 2) -> [5, 6]
    a.minN([7, 5], 3) -> [5, 7]
    a.minN({"type": {"type": "array", "items": "int"}, "value": []}, 1) -> error 15290
    a.minN([5, 7], -1) -> error 15291
    """
    check_several(a, n, "empty array", fail)
    return _several(a, keys(a, site, charge), n, greatest=False)


@define(
    "a.maxNLT",
    "(a: array(any A), n: int, lessThan: fcn(A, A) -> boolean) -> array(A)",
    errors={"empty array": 15300, "n < 0": 15301},
    cost="len(a)",
)
def max_nlt(a: list[Any], n: int, lessThan: LessThan, *, fail: Fail) -> list[Any]:
    """Return the `n` greatest items of `a` as `lessThan` defines it (all if there are fewer), the greatest first.

    lessThan: whether its first argument comes before its second.

    a.maxNLT([5, 7, 6, 8], 2, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> [5, 6]
    a.maxNLT({"type": {"type": "array", "items": "int"}, "value": []}, 1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15300
    a.maxNLT([5, 7], -1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15301
    """
    check_several(a, n, "empty array", fail)
    return _several(a, order_by(a, lessThan), n, greatest=True)


@define(
    "a.minNLT",
    "(a: array(any A), n: int, lessThan: fcn(A, A) -> boolean) -> array(A)",
    errors={"empty array": 15310, "n < 0": 15311},
    cost="len(a)",
)
def min_nlt(a: list[Any], n: int, lessThan: LessThan, *, fail: Fail) -> list[Any]:
    """Return the `n` least items of `a` as `lessThan` defines it (all if there are fewer), the least first.

    lessThan: whether its first argument comes before its second.

    a.minNLT([5, 7, 6, 8], 2, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> [8, 7]
    a.minNLT({"type": {"type": "array", "items": "int"}, "value": []}, 1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15310
    a.minNLT([5, 7], -1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15311
    """
    check_several(a, n, "empty array", fail)
    return _several(a, order_by(a, lessThan), n, greatest=False)


@define(
    "a.argmax",
    "(a: array(any A)) -> int",
    errors={"empty array": 15320},
    cost="len(a)",
)
def argmax(a: list[Any], *, fail: Fail, site: Site, charge: Charge) -> int:
    """Return the index of the greatest item of `a`, the first of them if several are equal.

    a.argmax([5, 8, 6, 8]) -> 1
    a.argmax({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15320
    """
    return _position(keys(a, site, charge), max) if a else fail("empty array")


@define(
    "a.argmin",
    "(a: array(any A)) -> int",
    errors={"empty array": 15330},
    cost="len(a)",
)
def argmin(a: list[Any], *, fail: Fail, site: Site, charge: Charge) -> int:
    """Return the index of the least item of `a`, the first of them if several are equal.

    a.argmin([7, 5, 6, 5]) -> 1
    a.argmin({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15330
    """
    return _position(keys(a, site, charge), min) if a else fail("empty array")


@define(
    "a.argmaxLT",
    "(a: array(any A), lessThan: fcn(A, A) -> boolean) -> int",
    errors={"empty array": 15340},
    cost="len(a)",
)
def argmax_lt(a: list[Any], lessThan: LessThan, *, fail: Fail) -> int:
    """Return the index of the greatest item of `a` as `lessThan` defines it, the first of them if several are equal.

    lessThan: whether its first argument comes before its second.

    a.argmaxLT([7, 5, 6, 5], {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> 1
    a.argmaxLT({"type": {"type": "array", "items": "int"}, "value": []}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15340
    """
    return first_greatest(a, lessThan) if a else fail("empty array")


@define(
    "a.argminLT",
    "(a: array(any A), lessThan: fcn(A, A) -> boolean) -> int",
    errors={"empty array": 15350},
    cost="len(a)",
)
def argmin_lt(a: list[Any], lessThan: LessThan, *, fail: Fail) -> int:
    """Return the index of the least item of `a` as `lessThan` defines it, the first of them if several are equal.

    lessThan: whether its first argument comes before its second.

    a.argminLT([5, 8, 6, 8], {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> 1
    a.argminLT({"type": {"type": "array", "items": "int"}, "value": []}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15350
    """
    return first_least(a, lessThan) if a else fail("empty array")


@define(
    "a.argmaxN",
    "(a: array(any A), n: int) -> array(int)",
    errors={"empty array": 15360, "n < 0": 15361},
    cost="len(a)",
)
def argmax_n(a: list[Any], n: int, *, fail: Fail, site: Site, charge: Charge) -> list[int]:
    """Return the indexes of the `n` greatest items of `a` (of all if there are fewer), the greatest first.

    The indexes of equal items are in ascending order.

    a.argmaxN([5, 8, 6, 8], 3) -> [1, 3, 2]
    a.argmaxN({"type": {"type": "array", "items": "int"}, "value": []}, 1) -> error 15360
    a.argmaxN([5, 7], -1) -> error 15361
    """
    check_several(a, n, "empty array", fail)
    return ranked(keys(a, site, charge), n, greatest=True)


@define(
    "a.argminN",
    "(a: array(any A), n: int) -> array(int)",
    errors={"empty array": 15370, "n < 0": 15371},
    cost="len(a)",
)
def argmin_n(a: list[Any], n: int, *, fail: Fail, site: Site, charge: Charge) -> list[int]:
    """Return the indexes of the `n` least items of `a` (of all if there are fewer), the least first.

    The indexes of equal items are in ascending order.

    a.argminN([7, 5, 6, 5], 3) -> [1, 3, 2]
    a.argminN({"type": {"type": "array", "items": "int"}, "value": []}, 1) -> error 15370
    a.argminN([5, 7], -1) -> error 15371
    """
    check_several(a, n, "empty array", fail)
    return ranked(keys(a, site, charge), n, greatest=False)


@define(
    "a.argmaxNLT",
    "(a: array(any A), n: int, lessThan: fcn(A, A) -> boolean) -> array(int)",
    errors={"empty array": 15380, "n < 0": 15381},
    cost="len(a)",
)
def argmax_nlt(a: list[Any], n: int, lessThan: LessThan, *, fail: Fail) -> list[int]:
    """Return the indexes of the `n` greatest items of `a` as `lessThan` defines it, the greatest first.

    The indexes of equal items are in ascending order.

    lessThan: whether its first argument comes before its second.

    a.argmaxNLT([7, 5, 6, 5], 3, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> [1, 3, 2]
    a.argmaxNLT({"type": {"type": "array", "items": "int"}, "value": []}, 1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15380
    a.argmaxNLT([5, 7], -1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15381
    """
    check_several(a, n, "empty array", fail)
    return ranked(order_by(a, lessThan), n, greatest=True)


@define(
    "a.argminNLT",
    "(a: array(any A), n: int, lessThan: fcn(A, A) -> boolean) -> array(int)",
    errors={"empty array": 15390, "n < 0": 15391},
    cost="len(a)",
)
def argmin_nlt(a: list[Any], n: int, lessThan: LessThan, *, fail: Fail) -> list[int]:
    """Return the indexes of the `n` least items of `a` as `lessThan` defines it, the least first.

    The indexes of equal items are in ascending order.

    lessThan: whether its first argument comes before its second.

    a.argminNLT([5, 8, 6, 8], 3, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> [1, 3, 2]
    a.argminNLT({"type": {"type": "array", "items": "int"}, "value": []}, 1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15390
    a.argminNLT([5, 7], -1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 15391
    """
    check_several(a, n, "empty array", fail)
    return ranked(order_by(a, lessThan), n, greatest=False)
