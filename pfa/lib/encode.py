"""Values as Avro: its JSON encoding and its binary encoding, built once for a type.

`json_encoder(type)` gives value -> JSON-able value, `json_text(type)` value -> JSON text, `avro_encoder(type)`
value -> bytes (one datum, without its schema).  They are closures composed along the type; a record is looked up
when it is met again, so recursive types are finite.

A value in memory can be small and its encoding huge, since parts may be shared (a tree whose two children are one
record, 60 levels deep), so an encoder that a document can call is given `charge` and charges as it goes.
"""

from __future__ import annotations

import json
from math import isfinite
from struct import pack
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.errors import InternalError, PfaLimitError
from pfa.types import (
    BOOLEAN,
    BYTES,
    DOUBLE,
    FLOAT,
    NULL,
    STRING,
    Array,
    Enum,
    Fixed,
    Map,
    Prim,
    Record,
    Type,
    Union,
    host_class,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.lib.define import Charge

ToJson: TypeAlias = "Callable[[Any], Any]"
Write: TypeAlias = "Callable[[bytearray, Any], None]"

_CLASSES: dict[str, type] = {
    "none": type(None), "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes, "list": list, "dict": dict,
}  # fmt: skip
_DICT = 24  # items of 8 bytes: what a dict takes before its values
_TEXT = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def json_encoder(t: Type, *, charge: Charge | None = None, quote: bool = False) -> ToJson:
    """Value to JSON-able value in Avro's JSON encoding.

    Unions are tagged and null is bare; bytes and fixed are text of the characters 0 to 255.  With `quote`, the numbers
    that JSON cannot hold are the strings "nan", "inf" and "-inf"; else they stay floats.
    """
    builder = _Json(charge, quote)
    return _bounded(builder.of(t), builder)


def json_text(t: Type, *, charge: Charge | None = None) -> Callable[[Any], str]:
    """Value to compact JSON text in Avro's JSON encoding, with quotes around nan, inf and -inf."""
    builder = _Json(charge, quote=True)
    convert = builder.of(t)
    return _bounded(lambda x: _TEXT.encode(convert(x)), builder)


def avro_encoder(t: Type, *, charge: Charge | None = None) -> Callable[[Any], bytes]:
    """Value to bytes in Avro's binary encoding."""
    builder = _Binary(charge)
    write = builder.of(t)

    def encode(x: Any) -> bytes:
        out = bytearray()
        write(out, x)
        return bytes(out)

    return _bounded(encode, builder)


def avro_appender(t: Type) -> Callable[[bytearray, Any], None]:
    """Appends the binary encoding of a value to bytes; PfaLimitError where it nests too deep, with a part appended."""
    builder = _Binary(None)
    write = builder.of(t)
    if not builder.recursive:
        return write

    def bounded(out: bytearray, x: Any) -> None:
        try:
            write(out, x)
        except RecursionError:
            raise PfaLimitError("the value nests too deep to be encoded") from None

    return bounded


def _bounded(encode: Callable[[Any], Any], builder: _Json | _Binary) -> Callable[[Any], Any]:
    """Encoders recurse along the value: where its type is recursive, a long chain is a limit, not a crash."""
    if not builder.recursive:
        return encode

    def bounded(x: Any) -> Any:
        try:
            return encode(x)
        except RecursionError:
            raise PfaLimitError("the value nests too deep to be encoded") from None

    return bounded


def _same(x: Any) -> Any:
    return x


def _quoted(x: float) -> float | str:
    return x if isfinite(x) else repr(x)


def _latin1(x: bytes) -> str:
    return x.decode("latin-1")


class _Json:
    """Makes closures value -> JSON-able value."""

    def __init__(self, charge: Charge | None, quote: bool) -> None:
        self.charge = charge
        self.quote = quote
        self.made: dict[str, ToJson] = {}
        self.open: set[str] = set()
        self.recursive = False

    def of(self, t: Type) -> ToJson:
        match t:
            case Array(items):
                return self.array(self.of(items))
            case Map(values):
                return self.map(self.of(values))
            case Record():
                return self.record(t)
            case Union():
                return self.union(t)
            case Fixed():
                return self.charged(_latin1)
            case Enum():
                return _same
            case Prim():
                return self.prim(t)
            case _:
                raise InternalError(f"{t} has no values to encode")

    def prim(self, t: Prim) -> ToJson:
        if t == BYTES:
            return self.charged(_latin1)
        if t == STRING:
            return self.charged(_same)
        return _quoted if self.quote and t in (FLOAT, DOUBLE) else _same

    def charged(self, convert: ToJson) -> ToJson:
        charge = self.charge
        if charge is None:
            return convert

        def long_text(x: str | bytes) -> Any:
            charge(len(x) // 4)
            return convert(x)

        return long_text

    def array(self, item: ToJson) -> ToJson:
        charge = self.charge or _free
        if item is _same:

            def copy(x: list[Any]) -> list[Any]:
                charge(len(x) + 1)
                return list(x)

            return copy

        def array(x: list[Any]) -> list[Any]:
            charge(len(x) + 1)
            return [item(y) for y in x]

        return array

    def map(self, value: ToJson) -> ToJson:
        charge = self.charge or _free

        def map_(x: dict[str, Any]) -> dict[str, Any]:
            charge(_DICT + _size(x))
            return {k: value(y) for k, y in x.items()}

        return map_

    def record(self, t: Record) -> ToJson:
        if t.name in self.made:
            self.recursive |= t.name in self.open
            return self.made[t.name]
        charge = self.charge or _free
        fields: list[tuple[str, ToJson]] = []

        def record(x: dict[str, Any]) -> dict[str, Any]:
            charge(_DICT + len(fields))
            return {name: field(x[name]) for name, field in fields}

        self.made[t.name] = record
        self.open.add(t.name)
        fields.extend((f.name, self.of(f.type)) for f in t.fields)
        self.open.remove(t.name)
        return record

    def union(self, t: Union) -> ToJson:
        boxed = {b.tag: self.of(b) for b in t.branches if b.tag in t.boxed}
        bare = {
            _CLASSES[host_class(b)]: (b.tag, self.of(b))
            for b in t.branches
            if b.tag not in t.boxed and b != NULL
        }

        charge = self.charge or _free

        def union(x: Any) -> dict[str, Any] | None:
            if x is None:
                return None
            charge(_DICT)
            if type(x) is tuple:
                tag, value = x
                return {tag: boxed[tag](value)}
            tag, convert = bare[type(x)]
            return {tag: convert(x)}

        return union


class _Binary:
    """Makes closures that append a value's bytes."""

    def __init__(self, charge: Charge | None) -> None:
        self.charge = charge or _free
        self.made: dict[str, Write] = {}
        self.open: set[str] = set()
        self.recursive = False

    def of(self, t: Type) -> Write:
        match t:
            case Array(items):
                return self.array(items)
            case Map(values):
                return self.map(self.of(values))
            case Record():
                return self.record(t)
            case Union():
                return self.union(t)
            case Enum():
                places = {symbol: i for i, symbol in enumerate(t.symbols)}
                return lambda out, x: write_long(out, places[x])
            case Fixed():
                return self.fixed()
            case Prim():
                return self.prim(t)
            case _:
                raise InternalError(f"{t} has no values to encode")

    def prim(self, t: Prim) -> Write:
        if t == STRING:
            return self.string()
        if t == BYTES:
            return self.bytes()
        return _WRITERS.get(t, write_long)

    def string(self) -> Write:
        raw = self.bytes()
        # Lone surrogates are no UTF-8; Avro has no other place for them, and an error is none of the function's.
        return lambda out, x: raw(out, x.encode("utf-8", "surrogatepass"))

    def bytes(self) -> Write:
        charge = self.charge

        def bytes_(out: bytearray, x: bytes) -> None:
            charge(len(x) // 4)
            write_long(out, len(x))
            out += x

        return bytes_

    def fixed(self) -> Write:
        charge = self.charge

        def fixed(out: bytearray, x: bytes) -> None:
            charge(len(x) // 4)
            out += x

        return fixed

    def array(self, items: Type) -> Write:
        charge = self.charge
        code = _PACKED.get(items)
        item = self.of(items)

        def array(out: bytearray, x: list[Any]) -> None:
            charge(len(x) + 1)
            if x:
                write_long(out, len(x))
                if code:
                    out += pack(f"<{len(x)}{code}", *x)
                else:
                    for y in x:
                        item(out, y)
            out.append(0)

        return array

    def map(self, value: Write) -> Write:
        charge, key = self.charge, self.string()

        def map_(out: bytearray, x: dict[str, Any]) -> None:
            charge(_size(x))
            if x:
                write_long(out, len(x))
                for k, y in x.items():
                    key(out, k)
                    value(out, y)
            out.append(0)

        return map_

    def record(self, t: Record) -> Write:
        if t.name in self.made:
            self.recursive |= t.name in self.open
            return self.made[t.name]
        charge = self.charge
        fields: list[tuple[str, Write]] = []

        def record(out: bytearray, x: dict[str, Any]) -> None:
            charge(len(fields) + 1)
            for name, field in fields:
                field(out, x[name])

        self.made[t.name] = record
        self.open.add(t.name)
        fields.extend((f.name, self.of(f.type)) for f in t.fields)
        self.open.remove(t.name)
        return record

    def union(self, t: Union) -> Write:
        boxed: dict[str, tuple[int, Write]] = {}
        bare: dict[type, tuple[int, Write]] = {}
        for i, b in enumerate(t.branches):
            if b.tag in t.boxed:
                boxed[b.tag] = i, self.of(b)
            else:
                bare[_CLASSES[host_class(b)]] = i, self.of(b)

        def union(out: bytearray, x: Any) -> None:
            if type(x) is tuple:
                tag, x = x
                i, write = boxed[tag]
            else:
                i, write = bare[type(x)]
            write_long(out, i)
            write(out, x)

        return union


def write_long(out: bytearray, n: int) -> None:
    """Append an int or long: zigzag, seven bits a byte, the low ones first."""
    n = (n << 1) ^ (n >> 63)
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)


def _write_double(out: bytearray, x: float) -> None:
    out += pack("<d", x)


def _write_float(out: bytearray, x: float) -> None:
    out += pack("<f", x)


_WRITERS: dict[Prim, Write] = {
    NULL: lambda out, x: None,
    BOOLEAN: lambda out, x: out.append(x),
    FLOAT: _write_float,
    DOUBLE: _write_double,
}


_PACKED: dict[Type, str] = {FLOAT: "f", DOUBLE: "d"}


def _free(n: int) -> None:
    """The charge where nobody counts."""


def _size(x: dict[str, Any]) -> int:
    return len(x) + sum(map(len, x)) // 4 + 1
