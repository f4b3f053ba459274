"""Namespace map, first family: keys, values and maps made of others.  Importing it defines all of `map.*`.

Maps keep the order in which their keys were added, but no document may depend on it: where a function chooses
between keys, it goes by the order of their code points.
"""

from __future__ import annotations

from typing import Any

from pfa.lib import map_functional, map_order, map_sets
from pfa.lib.define import Charge, Site, define
from pfa.lib.map_sets import set_key
from pfa.lib.sameness import is_native, may_search, same
from pfa.types import Function

FAMILIES = (map_order, map_sets, map_functional)


@define(
    "map.len",
    "(m: map(any A)) -> int",
)
def len_(m: dict[str, Any]) -> int:
    """Return the number of keys of `m`.

    map.len({"one": 1, "two": 2}) -> 2
    """
    return len(m)


@define(
    "map.keys",
    "(m: map(any A)) -> array(string)",
    cost="len(m)",
    nondeterministic="unordered",
)
def keys(m: dict[str, Any]) -> list[str]:
    """Return the keys of `m`, in no particular order.

    map.keys({"one": 1}) -> ["one"]
    """
    return list(m)


@define(
    "map.values",
    "(m: map(any A)) -> array(A)",
    cost="len(m)",
    nondeterministic="unordered",
)
def values(m: dict[str, Any]) -> list[Any]:
    """Return the values of `m`, in no particular order.

    map.values({"one": 1}) -> [1]
    """
    return list(m.values())


@define(
    "map.containsKey",
    "(m: map(any A), key: string) -> boolean",
    "(m: map(any A), fcn: fcn(string) -> boolean) -> boolean",
)
def contains_key(m: dict[str, Any], key: Any, *, site: Site, charge: Charge) -> bool:
    """Return whether `key` is a key of `m`, or `fcn` is true for one of its keys.

    map.containsKey({"one": 1, "two": 2}, "two") -> true
    map.containsKey({"one": 1, "two": 2}, "three") -> false
    map.containsKey({"one": 1, "two": 2}, {"params": [{"k": "string"}], "ret": "boolean", "do": {">": [{"s.len": "k"}, 3]}}) -> false
    """
    if not isinstance(site.params[1], Function):
        return key in m
    charge(len(m))
    for k in m:  # noqa: SIM110 - a generator costs more than the loop
        if key(k):
            return True
    return False


@define(
    "map.containsValue",
    "(m: map(any A), value: A) -> boolean",
    "(m: map(any A), fcn: fcn(A) -> boolean) -> boolean",
    cost="len(m)",
)
def contains_value(m: dict[str, Any], value: Any, *, site: Site, charge: Charge) -> bool:
    """Return whether `value` is a value of `m`, or `fcn` is true for one of its values.

    map.containsValue({"one": 1, "two": 2}, 2) -> true
    map.containsValue({"one": 1, "two": 2}, 3) -> false
    map.containsValue({"one": 1, "two": 2}, {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 1]}}) -> true
    """
    wanted = site.params[1]
    if isinstance(wanted, Function):
        return any(value(x) for x in m.values())
    candidates = list(m.values())
    if is_native(wanted) and may_search(candidates, value, charge):
        return value in candidates
    equal = site.cache.get("equal")
    if equal is None:
        equal = site.cache["equal"] = same(wanted)
    return any(equal(x, value, charge) for x in candidates)


@define(
    "map.add",
    "(m: map(any A), key: string, value: A) -> map(A)",
    "(m: map(any A), item: A) -> map(A)",
    cost="len(m)",
)
def add(m: dict[str, Any], key: Any, *value: Any, site: Site, charge: Charge) -> dict[str, Any]:
    """Return `m` with `value` at `key`, in place of what may be there; or the set `m` with `item` added to it.

    item: goes to the key that `map.toset` gives it.

    map.add({"one": 1}, "two", 2) -> {"one": 1, "two": 2}
    map.add({"one": 1}, "one", 3) -> {"one": 3}
    map.add({"AA==": 0}, 1) -> {"AA==": 0, "Ag==": 1}
    """
    if value:
        return {**m, key: value[0]}
    return {**m, set_key(key, site.params[1], site, charge): key}


@define(
    "map.remove",
    "(m: map(any A), key: string) -> map(A)",
    cost="len(m)",
)
def remove(m: dict[str, Any], key: str) -> dict[str, Any]:
    """Return `m` without `key`; `m` itself if it has no such key.

    map.remove({"one": 1, "two": 2}, "one") -> {"two": 2}
    map.remove({"one": 1}, "two") -> {"one": 1}
    """
    if key not in m:
        return m
    out = m.copy()
    del out[key]
    return out


@define(
    "map.only",
    "(m: map(any A), keys: array(string)) -> map(A)",
    cost="len(keys)",
)
def only(m: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """Return the part of `m` whose keys are in `keys`; keys that `m` has not are ignored.

    map.only({"one": 1, "two": 2, "three": 3}, ["three", "one", "four"]) -> {"one": 1, "three": 3}
    """
    return {k: m[k] for k in keys if k in m}


@define(
    "map.except",
    "(m: map(any A), keys: array(string)) -> map(A)",
    cost="len(m) + len(keys)",
)
def except_(m: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """Return the part of `m` whose keys are not in `keys`.

    map.except({"one": 1, "two": 2, "three": 3}, ["three", "one", "four"]) -> {"two": 2}
    """
    unwanted = set(keys)
    return {k: x for k, x in m.items() if k not in unwanted}


@define(
    "map.update",
    "(base: map(any A), overlay: map(A)) -> map(A)",
    cost="len(base) + len(overlay)",
)
def update(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """Return the keys and values of `base` and `overlay`; where both have a key, the value of `overlay`.

    map.update({"one": 1, "two": 2}, {"two": 22, "three": 3}) -> {"one": 1, "two": 22, "three": 3}
    """
    return {**base, **overlay}


@define(
    "map.split",
    "(m: map(any A)) -> array(map(A))",
    cost="len(m)",
    nondeterministic="unordered",
)
def split(m: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a map of one key for each key of `m`, in no particular order.

    map.split({"one": 1}) -> [{"one": 1}]
    """
    return [{k: x} for k, x in m.items()]


@define(
    "map.join",
    "(a: array(map(any A))) -> map(A)",
    cost="len(a)",
)
def join(a: list[dict[str, Any]], *, charge: Charge) -> dict[str, Any]:
    """Return the keys and values of all maps in `a`; where several have a key, the value of the last of them.

    map.join([{"one": 1, "two": 2}, {"two": 22}]) -> {"one": 1, "two": 22}
    """
    charge(sum(map(len, a)))
    out: dict[str, Any] = {}
    for part in a:
        out.update(part)
    return out
