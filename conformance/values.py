"""Values of the suites: `reader` makes what an engine is given, `comparer` judges what it gave, by type.

In the suites a union is tagged, bytes and fixed are base64, and non-finite numbers are the strings "inf",
"-inf" and "nan".  Both are closures made once a type, since a suite holds a million trials.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pfa.types import BYTES, DOUBLE, FLOAT, NUMBERS, Array, Enum, Fixed, Map, Prim, Record, Type, Union

Read: TypeAlias = Callable[[Any], Any]
Same: TypeAlias = Callable[[Any, Any], bool]


def reader(t: Type) -> Read:
    """From the suite's JSON to the value that an engine takes (unions tagged)."""
    return _reader(t, {}) or (lambda value: value)


def _reader(t: Type, known: dict[str, Read]) -> Read | None:
    """None where the JSON is the value: whole arrays of numbers are then passed on as they are."""
    match t:
        case Prim() if t in (FLOAT, DOUBLE):
            return lambda value: float(value) if isinstance(value, str) else value
        case Fixed():
            return base64.b64decode
        case Prim():
            return base64.b64decode if t == BYTES else None
        case Array(items):
            return _each_item(_reader(items, known))
        case Map(values):
            return _each_value(_reader(values, known))
        case Union(branches):
            return _tagged_reader({b.tag: _reader(b, known) for b in branches})
        case Record(name):
            if name not in known:
                known[name] = lambda value: known[f"{name} made"](value)
                known[f"{name} made"] = _record_reader(
                    {f.name: read for f in t.fields if (read := _reader(f.type, known))}
                )
            return known[name]
        case _:
            return None


def _each_item(read: Read | None) -> Read | None:
    return read and (lambda value: [read(x) for x in value])


def _each_value(read: Read | None) -> Read | None:
    return read and (lambda value: {k: read(x) for k, x in value.items()})


def _record_reader(fields: dict[str, Read]) -> Read:
    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            return value  # a sample that does not fit: the engine says so
        return {k: fields[k](v) if k in fields else v for k, v in value.items()}

    return read


def _tagged_reader(branches: dict[str, Read | None]) -> Read:
    def read(value: Any) -> Any:
        if isinstance(value, dict) and len(value) == 1:
            ((tag, inside),) = value.items()
            if inner := branches.get(tag):
                return {tag: inner(inside)}
        return value

    return read


@dataclass(frozen=True)
class Tolerance:
    """How far numbers may be apart, relative to the larger; `tiny` is where that stops making sense."""

    double: float = 1e-9
    single: float = 1e-6
    tiny: float = 1e-300

    def close(self, got: float, want: float, relative: float) -> bool:
        if got == want:
            return True
        if math.isfinite(got) and math.isfinite(want):
            size = max(abs(got), abs(want))
            return abs(got - want) <= relative * size or size < self.tiny
        return math.isnan(got) and math.isnan(want)


SUITE = Tolerance()


@dataclass(frozen=True)
class Comparer:
    """Is the value that an engine gave the one that the suite asks for?  `of(type)` makes the test."""

    tolerance: Tolerance = SUITE
    known: dict[str, Same] = field(default_factory=dict)

    def of(self, t: Type) -> Same:
        match t:
            case Prim() if t in NUMBERS:
                return self._number(t)
            case Prim():
                return _bytes if t == BYTES else _plain
            case Fixed():
                return _bytes
            case Array(items):
                return arrays(self.of(items))
            case Map(values):
                return _maps(self.of(values))
            case Union(branches):
                return _tagged({b.tag: self.of(b) for b in branches})
            case Record(name):
                return self._record(name, t)
            case Enum():
                return _plain
            case _:
                raise TypeError(f"{t} is the type of no value")

    def _number(self, t: Type) -> Same:
        if t not in (FLOAT, DOUBLE):
            return lambda got, want: type(got) is int and got == want
        close, relative = self.tolerance.close, self.tolerance.single if t == FLOAT else self.tolerance.double
        return lambda got, want: type(got) is float and close(got, float(want), relative)

    def _record(self, name: str, t: Record) -> Same:
        if name not in self.known:
            self.known[name] = lambda got, want: self.known[f"{name} made"](got, want)
            fields = {f.name: self.of(f.type) for f in t.fields}
            self.known[f"{name} made"] = lambda got, want: (
                isinstance(got, dict)
                and got.keys() == want.keys() == fields.keys()
                and all(same(got[k], want[k]) for k, same in fields.items())
            )
        return self.known[name]


def _plain(got: Any, want: Any) -> bool:
    return type(got) is type(want) and bool(got == want)


def _bytes(got: Any, want: Any) -> bool:
    """Base64; but the official suite has a few as Avro's text (fixed.toBytes)."""
    if not isinstance(got, bytes):
        return False
    return want in (base64.b64encode(got).decode(), got.decode("latin-1"))


def arrays(same: Same) -> Same:
    """Lists whose items are the same, one by one."""
    return lambda got, want: isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))


def _maps(same: Same) -> Same:
    return lambda got, want: (
        isinstance(got, dict) and got.keys() == want.keys() and all(same(got[k], want[k]) for k in got)
    )


def _tagged(branches: dict[str, Same]) -> Same:
    def same(got: Any, want: Any) -> bool:
        if got is None or want is None:
            return got is want and "null" in branches
        if not (
            isinstance(got, dict) and isinstance(want, dict) and len(got) == 1 and got.keys() == want.keys()
        ):
            return False
        ((tag, value),) = got.items()
        return tag in branches and branches[tag](value, want[tag])

    return same


def unordered(same: Same) -> Same:
    """The same items of an array, in any order."""

    def equal(got: Any, want: Any) -> bool:
        left = list(want)
        for item in got:
            match = next((i for i, w in enumerate(left) if same([item], [w])), None)
            if match is None:
                return False
            del left[match]
        return not left

    return equal


def fits(t: Type, value: Any) -> bool:
    """Is `value` one of type `t`, unions tagged?  For results that the suite cannot foretell."""
    match t:
        case Prim(name):
            return type(value) is _CLASSES[name]
        case Array(items):
            return isinstance(value, list) and all(fits(items, x) for x in value)
        case Map(values):
            return isinstance(value, dict) and all(fits(values, x) for x in value.values())
        case Enum():
            return value in t.symbols
        case Fixed():
            return isinstance(value, bytes) and len(value) == t.size
        case Record():
            return (
                isinstance(value, dict)
                and value.keys() == t.by_name.keys()
                and all(fits(f.type, value[f.name]) for f in t.fields)
            )
        case Union(branches):
            is_tagged = isinstance(value, dict) and len(value) == 1
            tag, inside = next(iter(value.items())) if is_tagged else ("null", value)
            return any(b.tag == tag and fits(b, inside) for b in branches)
        case _:
            return False


_CLASSES = {
    "null": type(None), "boolean": bool, "int": int, "long": int, "float": float, "double": float,
    "string": str, "bytes": bytes,
}  # fmt: skip
