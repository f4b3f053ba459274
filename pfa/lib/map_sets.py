"""Namespace map: maps as sets of objects, each at the key that is its Avro encoding in base64.

Only `map.toset`, `map.in` and `map.add` make keys; the others trust the keys that they find.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Site, define
from pfa.lib.encode import avro_encoder
from pfa.types import Array, Type

if TYPE_CHECKING:
    from collections.abc import Callable


def _keeper(t: Type, site: Site, charge: Charge) -> Callable[[Any], bytes]:
    """The encoder of `t`, made once for this call and its counter."""
    made = site.cache.get("encoder")
    if made is None or made[0] != charge:
        made = site.cache["encoder"] = charge, avro_encoder(t, charge=charge)
    return made[1]


def set_key(item: Any, t: Type, site: Site, charge: Charge) -> str:
    """The key of an item of type `t` in a set."""
    return b64encode(_keeper(t, site, charge)(item)).decode("ascii")


@define(
    "map.toset",
    "(a: array(any A)) -> map(A)",
    cost="len(a)",
)
def toset(a: list[Any], *, site: Site, charge: Charge) -> dict[str, Any]:
    """Return the items of `a` as a set: a map in which the key of an item is its Avro encoding in base64.

    map.toset([1, 2, 2]) -> {"Ag==": 1, "BA==": 2}
    map.toset(["hello"]) -> {"CmhlbGxv": "hello"}
    """
    container = site.params[0]
    encode = _keeper(container.items if isinstance(container, Array) else container, site, charge)
    return {b64encode(encode(x)).decode("ascii"): x for x in a}


@define(
    "map.fromset",
    "(s: map(any A)) -> array(A)",
    cost="len(s)",
    nondeterministic="unordered",
)
def fromset(s: dict[str, Any]) -> list[Any]:
    """Return the items of the set `s`, in no particular order.

    Keys are not looked at.

    map.fromset({"AA==": 0}) -> [0]
    """
    return list(s.values())


@define(
    "map.in",
    "(s: map(any A), x: A) -> boolean",
)
def in_(s: dict[str, Any], x: Any, *, site: Site, charge: Charge) -> bool:
    """Return whether `x` is in the set `s`, by its key.

    map.in({"AA==": 0, "Ag==": 1}, 1) -> true
    map.in({"AA==": 0, "Ag==": 1}, 2) -> false
    map.in({"one": 1}, 1) -> false
    """
    return set_key(x, site.params[1], site, charge) in s


@define(
    "map.union",
    "(a: map(any A), b: map(A)) -> map(A)",
    cost="len(a) + len(b)",
)
def union(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Return the set of what is in `a` or in `b`, by key; where both have a key, the value of `b`.

    map.union({"AA==": 0, "Ag==": 1}, {"Ag==": 1, "BA==": 2}) -> {"AA==": 0, "Ag==": 1, "BA==": 2}
    """
    return {**a, **b}


@define(
    "map.intersection",
    "(a: map(any A), b: map(A)) -> map(A)",
    cost="len(a)",
)
def intersection(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Return the set of what is in `a` and in `b`, by key; the values are those of `a`.

    map.intersection({"AA==": 0, "Ag==": 1}, {"Ag==": 1, "BA==": 2}) -> {"Ag==": 1}
    """
    return {k: x for k, x in a.items() if k in b}


@define(
    "map.diff",
    "(a: map(any A), b: map(A)) -> map(A)",
    cost="len(a)",
)
def diff(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Return the set of what is in `a` and not in `b`, by key.

    map.diff({"AA==": 0, "Ag==": 1}, {"Ag==": 1, "BA==": 2}) -> {"AA==": 0}
    """
    return {k: x for k, x in a.items() if k not in b}


@define(
    "map.symdiff",
    "(a: map(any A), b: map(A)) -> map(A)",
    cost="len(a) + len(b)",
)
def symdiff(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Return the set of what is in one of `a` and `b` and not in the other, by key.

    map.symdiff({"AA==": 0, "Ag==": 1}, {"Ag==": 1, "BA==": 2}) -> {"AA==": 0, "BA==": 2}
    """
    return diff(a, b) | diff(b, a)


@define(
    "map.subset",
    "(little: map(any A), big: map(A)) -> boolean",
    cost="len(little)",
)
def subset(little: dict[str, Any], big: dict[str, Any]) -> bool:
    """Return whether every key of `little` is a key of `big`.

    map.subset({"Ag==": 1}, {"AA==": 0, "Ag==": 1}) -> true
    map.subset({"BA==": 2}, {"AA==": 0, "Ag==": 1}) -> false
    """
    return little.keys() <= big.keys()


@define(
    "map.disjoint",
    "(a: map(any A), b: map(A)) -> boolean",
    cost="len(a) + len(b)",
)
def disjoint(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Return whether no key of `a` is a key of `b`.

    map.disjoint({"Ag==": 1}, {"AA==": 0}) -> true
    map.disjoint({"Ag==": 1}, {"AA==": 0, "Ag==": 1}) -> false
    """
    return a.keys().isdisjoint(b)
