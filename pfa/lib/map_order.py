"""Namespace map: keys of the greatest and least values, in Avro's order or a function's.

Where values are equal, the first key in the order of code points is chosen.
"""

from __future__ import annotations

from typing import Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.ranking import (
    LessThan,
    charge_for_sorting,
    check_several,
    first_greatest,
    first_least,
    keys,
    order_by,
    ranked,
)


def _by_key(m: dict[str, Any], charge: Charge) -> tuple[list[str], list[Any]]:
    """Keys in order, and their values."""
    charge_for_sorting(sum(map(len, m)) >> 4, len(m), charge)
    names = sorted(m)
    return names, [m[k] for k in names]


@define(
    "map.argmax",
    "(m: map(any A)) -> string",
    errors={"empty map": 26120},
    cost="len(m)",
)
def argmax(m: dict[str, Any], *, fail: Fail, site: Site, charge: Charge) -> str:
    """Return the key of the greatest value of `m`, the first of them in order if several are equal.

    map.argmax({"one": 1, "two": 2, "three": 2}) -> "three"
    map.argmax({"type": {"type": "map", "values": "int"}, "value": {}}) -> error 26120
    """
    if not m:
        fail("empty map")
    names, items = _by_key(m, charge)
    order = keys(items, site, charge)
    return names[order.index(max(order))]


@define(
    "map.argmin",
    "(m: map(any A)) -> string",
    errors={"empty map": 26130},
    cost="len(m)",
)
def argmin(m: dict[str, Any], *, fail: Fail, site: Site, charge: Charge) -> str:
    """Return the key of the least value of `m`, the first of them in order if several are equal.

    map.argmin({"one": 2, "two": 1, "three": 1}) -> "three"
    map.argmin({"type": {"type": "map", "values": "int"}, "value": {}}) -> error 26130
    """
    if not m:
        fail("empty map")
    names, items = _by_key(m, charge)
    order = keys(items, site, charge)
    return names[order.index(min(order))]


@define(
    "map.argmaxLT",
    "(m: map(any A), lessThan: fcn(A, A) -> boolean) -> string",
    errors={"empty map": 26140},
    cost="len(m)",
)
def argmax_lt(m: dict[str, Any], lessThan: LessThan, *, fail: Fail, charge: Charge) -> str:
    """Return the key of the greatest value of `m` as `lessThan` defines it, the first in order if several are equal.

    lessThan: whether its first argument comes before its second.

    map.argmaxLT({"one": 2, "two": 1}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> "two"
    map.argmaxLT({"type": {"type": "map", "values": "int"}, "value": {}}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 26140
    """
    if not m:
        fail("empty map")
    names, items = _by_key(m, charge)
    return names[first_greatest(items, lessThan)]


@define(
    "map.argminLT",
    "(m: map(any A), lessThan: fcn(A, A) -> boolean) -> string",
    errors={"empty map": 26150},
    cost="len(m)",
)
def argmin_lt(m: dict[str, Any], lessThan: LessThan, *, fail: Fail, charge: Charge) -> str:
    """Return the key of the least value of `m` as `lessThan` defines it, the first in order if several are equal.

    lessThan: whether its first argument comes before its second.

    map.argminLT({"one": 1, "two": 2}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> "two"
    map.argminLT({"type": {"type": "map", "values": "int"}, "value": {}}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 26150
    """
    if not m:
        fail("empty map")
    names, items = _by_key(m, charge)
    return names[first_least(items, lessThan)]


@define(
    "map.argmaxN",
    "(m: map(any A), n: int) -> array(string)",
    errors={"empty map": 26160, "n < 0": 26161},
    cost="len(m)",
)
def argmax_n(m: dict[str, Any], n: int, *, fail: Fail, site: Site, charge: Charge) -> list[str]:
    """Return the keys of the `n` greatest values of `m` (of all if there are fewer), that of the greatest first.

    The keys of equal values are in order.

    map.argmaxN({"one": 1, "two": 2, "three": 2}, 2) -> ["three", "two"]
    map.argmaxN({"type": {"type": "map", "values": "int"}, "value": {}}, 1) -> error 26160
    map.argmaxN({"one": 1}, -1) -> error 26161
    """
    check_several(m, n, "empty map", fail)
    names, items = _by_key(m, charge)
    return [names[i] for i in ranked(keys(items, site, charge), n, greatest=True)]


@define(
    "map.argminN",
    "(m: map(any A), n: int) -> array(string)",
    errors={"empty map": 26170, "n < 0": 26171},
    cost="len(m)",
)
def argmin_n(m: dict[str, Any], n: int, *, fail: Fail, site: Site, charge: Charge) -> list[str]:
    """Return the keys of the `n` least values of `m` (of all if there are fewer), that of the least first.

    The keys of equal values are in order.

    map.argminN({"one": 2, "two": 1, "three": 1}, 2) -> ["three", "two"]
    map.argminN({"type": {"type": "map", "values": "int"}, "value": {}}, 1) -> error 26170
    map.argminN({"one": 1}, -1) -> error 26171
    """
    check_several(m, n, "empty map", fail)
    names, items = _by_key(m, charge)
    return [names[i] for i in ranked(keys(items, site, charge), n, greatest=False)]


@define(
    "map.argmaxNLT",
    "(m: map(any A), n: int, lessThan: fcn(A, A) -> boolean) -> array(string)",
    errors={"empty map": 26180, "n < 0": 26181},
    cost="len(m)",
)
def argmax_nlt(m: dict[str, Any], n: int, lessThan: LessThan, *, fail: Fail, charge: Charge) -> list[str]:
    """Return the keys of the `n` greatest values of `m` as `lessThan` defines it, that of the greatest first.

    The keys of equal values are in order.

    lessThan: whether its first argument comes before its second.

    map.argmaxNLT({"one": 1, "two": 2, "three": 3}, 2, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> ["one", "two"]
    map.argmaxNLT({"type": {"type": "map", "values": "int"}, "value": {}}, 1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 26180
    map.argmaxNLT({"one": 1}, -1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 26181
    """
    check_several(m, n, "empty map", fail)
    names, items = _by_key(m, charge)
    return [names[i] for i in ranked(order_by(items, lessThan), n, greatest=True)]


@define(
    "map.argminNLT",
    "(m: map(any A), n: int, lessThan: fcn(A, A) -> boolean) -> array(string)",
    errors={"empty map": 26190, "n < 0": 26191},
    cost="len(m)",
)
def argmin_nlt(m: dict[str, Any], n: int, lessThan: LessThan, *, fail: Fail, charge: Charge) -> list[str]:
    """Return the keys of the `n` least values of `m` as `lessThan` defines it, that of the least first.

    The keys of equal values are in order.

    lessThan: whether its first argument comes before its second.

    map.argminNLT({"one": 1, "two": 2, "three": 3}, 2, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {">": ["x", "y"]}}) -> ["three", "two"]
    map.argminNLT({"type": {"type": "map", "values": "int"}, "value": {}}, 1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 26190
    map.argminNLT({"one": 1}, -1, {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> error 26191
    """
    check_several(m, n, "empty map", fail)
    names, items = _by_key(m, charge)
    return [names[i] for i in ranked(order_by(items, lessThan), n, greatest=False)]
