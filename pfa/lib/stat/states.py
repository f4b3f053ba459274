"""State records of stat.*: which numbers a record has, and a new record with some of them changed.

A function asks for fields of type double, and a record with integers there fits too: what is written back has the
type that the record declares, rounded if it must be.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from pfa.lib.primitives import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, float32
from pfa.types import FLOAT, INT, LONG, NUMBERS, Array, Map, Record, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.lib.define import Site

State = dict[str, Any]


def record_of(site: Site) -> Record:
    """The record type that a call returns, alone or in an array."""
    t = site.ret.items if isinstance(site.ret, Array) else site.ret
    assert isinstance(t, Record)
    return t


def numbers_of(site: Site) -> frozenset[str]:
    """The names of the fields that are numbers: optional fields count only if they are."""
    found: frozenset[str] | None = site.cache.get("numbers")
    if found is None:
        found = frozenset(f.name for f in record_of(site).fields if f.type in NUMBERS)
        site.cache["numbers"] = found
    return found


def changed(state: State, site: Site, **fields: Any) -> State:
    """A record like `state` with other values in some fields."""
    convert = site.cache.get("convert")
    if convert is None:
        types = ((f.name, _converter(f.type)) for f in record_of(site).fields)
        convert = site.cache["convert"] = {name: c for name, c in types if c}
    for name in fields.keys() & convert.keys():
        fields[name] = convert[name](fields[name])
    return {**state, **fields}


def _converter(t: Type) -> Callable[[Any], Any] | None:
    """What makes values of `t` of doubles in the same arrangement; None where they are already."""
    match t:
        case Array(items):
            return _each(_converter(items))
        case Map(values):
            return _each_value(_converter(values))
    if t == FLOAT:
        return float32
    if t == INT:
        return lambda x: _whole(x, INT_MIN, INT_MAX)
    return (lambda x: _whole(x, LONG_MIN, LONG_MAX)) if t == LONG else None


def _each(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    return None if convert is None else lambda items: [convert(x) for x in items]


def _each_value(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    return None if convert is None else lambda entries: {k: convert(x) for k, x in entries.items()}


def _whole(x: float, low: int, high: int) -> int:
    if isfinite(x):
        return min(max(round(x), low), high)
    return high if x > 0.0 else low if x < 0.0 else 0


def counted(n: int) -> int:
    """One more; a counter that is full stays so."""
    return min(n + 1, INT_MAX)
