"""Namespace map: functions applied to maps, in the order in which the maps keep their keys.

What the functions given do is charged where it happens; the bodies charge for what they make besides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pfa.lib.define import Charge, Fail, define

Call: TypeAlias = Callable[..., Any]
Test: TypeAlias = Callable[..., bool]


@define(
    "map.map",
    "(m: map(any A), fcn: fcn(A) -> any B) -> map(B)",
    cost="len(m)",
)
def map_(m: dict[str, Any], fcn: Call) -> dict[str, Any]:
    """Return the keys of `m` with the results of `fcn` for their values.

    map.map({"one": 1, "two": 2}, {"params": [{"x": "int"}], "ret": "int", "do": {"*": ["x", 10]}}) -> {"one": 10, "two": 20}
    """
    return {k: fcn(x) for k, x in m.items()}


@define(
    "map.mapWithKey",
    "(m: map(any A), fcn: fcn(string, A) -> any B) -> map(B)",
    cost="len(m)",
)
def map_with_key(m: dict[str, Any], fcn: Call) -> dict[str, Any]:
    """Return the keys of `m` with the results of `fcn` for key and value.

    map.mapWithKey({"one": 1, "three": 2}, {"params": [{"k": "string"}, {"x": "int"}], "ret": "int", "do": {"+": [{"s.len": "k"}, "x"]}}) -> {"one": 4, "three": 7}
    """
    return {k: fcn(k, x) for k, x in m.items()}


@define(
    "map.filter",
    "(m: map(any A), fcn: fcn(A) -> boolean) -> map(A)",
    cost="len(m)",
)
def filter_(m: dict[str, Any], fcn: Test) -> dict[str, Any]:
    """Return the part of `m` for whose values `fcn` is true.

    map.filter({"one": 1, "two": 2}, {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 1]}}) -> {"two": 2}
    """
    return {k: x for k, x in m.items() if fcn(x)}


@define(
    "map.filterWithKey",
    "(m: map(any A), fcn: fcn(string, A) -> boolean) -> map(A)",
    cost="len(m)",
)
def filter_with_key(m: dict[str, Any], fcn: Test) -> dict[str, Any]:
    """Return the part of `m` for whose keys and values `fcn` is true.

    map.filterWithKey({"one": 1, "two": 5}, {"params": [{"k": "string"}, {"x": "int"}], "ret": "boolean", "do": {"<": [{"s.len": "k"}, "x"]}}) -> {"two": 5}
    """
    return {k: x for k, x in m.items() if fcn(k, x)}


@define(
    "map.filterMap",
    "(m: map(any A), fcn: fcn(A) -> union(any B, null)) -> map(B)",
    cost="len(m)",
)
def filter_map(m: dict[str, Any], fcn: Call) -> dict[str, Any]:
    """Return the keys of `m` with the results of `fcn` for their values, where these are not null.

    map.filterMap({"one": 1, "two": 2}, {"params": [{"x": "int"}], "ret": ["int", "null"], "do": {"if": {">": ["x", 1]}, "then": {"*": ["x", 10]}, "else": null}}) -> {"two": 20}
    """
    return {k: y for k, x in m.items() if (y := fcn(x)) is not None}


@define(
    "map.filterMapWithKey",
    "(m: map(any A), fcn: fcn(string, A) -> union(any B, null)) -> map(B)",
    cost="len(m)",
)
def filter_map_with_key(m: dict[str, Any], fcn: Call) -> dict[str, Any]:
    """Return the keys of `m` with the results of `fcn` for key and value, where these are not null.

    map.filterMapWithKey({"one": 1, "two": 5}, {"params": [{"k": "string"}, {"x": "int"}], "ret": ["string", "null"], "do": {"if": {"<": [{"s.len": "k"}, "x"]}, "then": "k", "else": null}}) -> {"two": "two"}
    """
    return {k: y for k, x in m.items() if (y := fcn(k, x)) is not None}


@define(
    "map.flatMap",
    "(m: map(any A), fcn: fcn(A) -> map(any B)) -> map(B)",
    cost="len(m)",
)
def flat_map(m: dict[str, Any], fcn: Call, *, charge: Charge) -> dict[str, Any]:
    """Return the keys and values of all maps that `fcn` gives for the values of `m`; of equal keys the last counts.

    map.flatMap({"one": 1, "two": 2}, {"params": [{"x": "int"}], "ret": {"type": "map", "values": "int"}, "do": {"map.add": [{"type": {"type": "map", "values": "int"}, "value": {}}, {"s.int": "x"}, "x"]}}) -> {"1": 1, "2": 2}
    """
    out: dict[str, Any] = {}
    for x in m.values():
        part = fcn(x)
        charge(len(part))
        out.update(part)
    return out


@define(
    "map.flatMapWithKey",
    "(m: map(any A), fcn: fcn(string, A) -> map(any B)) -> map(B)",
    cost="len(m)",
)
def flat_map_with_key(m: dict[str, Any], fcn: Call, *, charge: Charge) -> dict[str, Any]:
    """Return the keys and values of all maps that `fcn` gives for keys and values; of equal keys the last counts.

    map.flatMapWithKey({"one": 1}, {"params": [{"k": "string"}, {"x": "int"}], "ret": {"type": "map", "values": "int"}, "do": {"map.add": [{"type": {"type": "map", "values": "int"}, "value": {}}, {"s.concat": ["k", ["!"]]}, "x"]}}) -> {"one!": 1}
    """
    out: dict[str, Any] = {}
    for k, x in m.items():
        part = fcn(k, x)
        charge(len(part))
        out.update(part)
    return out


@define(
    "map.zipmap",
    "(a: map(any A), b: map(any B), fcn: fcn(A, B) -> any Z) -> map(Z)",
    "(a: map(any A), b: map(any B), c: map(any C), fcn: fcn(A, B, C) -> any Z) -> map(Z)",
    "(a: map(any A), b: map(any B), c: map(any C), d: map(any D), fcn: fcn(A, B, C, D) -> any Z) -> map(Z)",
    errors={"misaligned maps": 26370},
    cost="len(a)",
)
def zipmap(a: dict[str, Any], b: dict[str, Any], *more: Any, fail: Fail) -> dict[str, Any]:
    """Return the keys of two, three or four maps with the results of `fcn` for the values that these have there.

    map.zipmap({"x": 1, "y": 2}, {"y": 20, "x": 10}, {"params": [{"p": "int"}, {"q": "int"}], "ret": "int", "do": {"+": ["p", "q"]}}) -> {"x": 11, "y": 22}
    map.zipmap({"x": 1}, {"x": 10}, {"x": 100}, {"params": [{"p": "int"}, {"q": "int"}, {"r": "int"}], "ret": "int", "do": {"+": [{"+": ["p", "q"]}, "r"]}}) -> {"x": 111}
    map.zipmap({"x": 1, "y": 2}, {"x": 10}, {"params": [{"p": "int"}, {"q": "int"}], "ret": "int", "do": {"+": ["p", "q"]}}) -> error 26370
    """
    *others, fcn = more
    _check_aligned(a, (b, *others), fail)
    if not others:
        return {k: fcn(x, b[k]) for k, x in a.items()}
    return {k: fcn(x, b[k], *[other[k] for other in others]) for k, x in a.items()}


def _check_aligned(a: dict[str, Any], others: tuple[dict[str, Any], ...], fail: Fail) -> None:
    for other in others:
        if other.keys() != a.keys():
            fail("misaligned maps")


@define(
    "map.zipmapWithKey",
    "(a: map(any A), b: map(any B), fcn: fcn(string, A, B) -> any Z) -> map(Z)",
    "(a: map(any A), b: map(any B), c: map(any C), fcn: fcn(string, A, B, C) -> any Z) -> map(Z)",
    "(a: map(any A), b: map(any B), c: map(any C), d: map(any D), fcn: fcn(string, A, B, C, D) -> any Z) -> map(Z)",
    errors={"misaligned maps": 26380},
    cost="len(a)",
)
def zipmap_with_key(a: dict[str, Any], b: dict[str, Any], *more: Any, fail: Fail) -> dict[str, Any]:
    """Return the keys of two, three or four maps with the results of `fcn` for the key and the values there.

    map.zipmapWithKey({"x": 1, "yy": 2}, {"x": 10, "yy": 20}, {"params": [{"k": "string"}, {"p": "int"}, {"q": "int"}], "ret": "int", "do": {"+": [{"*": [{"s.len": "k"}, "p"]}, "q"]}}) -> {"x": 11, "yy": 24}
    map.zipmapWithKey({"x": 1, "y": 2}, {"x": 10}, {"params": [{"k": "string"}, {"p": "int"}, {"q": "int"}], "ret": "int", "do": {"+": ["p", "q"]}}) -> error 26380
    """
    *others, fcn = more
    _check_aligned(a, (b, *others), fail)
    return {k: fcn(k, x, b[k], *[other[k] for other in others]) for k, x in a.items()}


@define(
    "map.corresponds",
    "(a: map(any A), b: map(any B), fcn: fcn(A, B) -> boolean) -> boolean",
    cost="len(a)",
)
def corresponds(a: dict[str, Any], b: dict[str, Any], fcn: Test) -> bool:
    """Return whether `a` and `b` have the same keys and `fcn` is true for all pairs of values at the same key.

    map.corresponds({"x": 1, "y": 2}, {"x": 2, "y": 3}, {"params": [{"p": "int"}, {"q": "int"}], "ret": "boolean", "do": {"<": ["p", "q"]}}) -> true
    map.corresponds({"x": 1}, {"y": 2}, {"params": [{"p": "int"}, {"q": "int"}], "ret": "boolean", "do": {"<": ["p", "q"]}}) -> false
    """
    return a.keys() == b.keys() and all(fcn(x, b[k]) for k, x in a.items())


@define(
    "map.correspondsWithKey",
    "(a: map(any A), b: map(any B), fcn: fcn(string, A, B) -> boolean) -> boolean",
    cost="len(a)",
)
def corresponds_with_key(a: dict[str, Any], b: dict[str, Any], fcn: Test) -> bool:
    """Return whether `a` and `b` have the same keys and `fcn` is true for all keys with the values there.

    map.correspondsWithKey({"x": 1}, {"x": 2}, {"params": [{"k": "string"}, {"p": "int"}, {"q": "int"}], "ret": "boolean", "do": {"<": ["p", "q"]}}) -> true
    map.correspondsWithKey({"x": 1}, {"x": 2}, {"params": [{"k": "string"}, {"p": "int"}, {"q": "int"}], "ret": "boolean", "do": {">": [{"s.len": "k"}, "p"]}}) -> false
    """
    return a.keys() == b.keys() and all(fcn(k, x, b[k]) for k, x in a.items())
