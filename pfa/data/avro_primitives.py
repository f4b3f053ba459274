"""What decoders of Avro call: integers of more than one byte, and what is wrong with data.

Place in the pipeline: the globals of the source that `avro_source` prints.
"""

from __future__ import annotations

import struct
import sys
from typing import Any

from pfa.check.problems import show
from pfa.lib.primitives import float32


class Broken(Exception):
    """The bytes are not what the schema says; nothing after them can be read."""


class Wrong(Exception):
    """A datum that is well-formed and cannot be taken; `path` is its place in the datum, as far as types tell.

    `quoted` is the message with what was found in it.
    """

    def __init__(self, message: str, path: str = "", quoted: str = "") -> None:
        super().__init__(message)
        self.message, self.path, self.quoted = message, path, quoted or message


class Located(Exception):
    """A fault with its place: the record's number, where it begins, and how far reading came."""

    def __init__(self, fault: Exception, number: int, begin: int, at: int) -> None:
        super().__init__(fault)
        self.fault, self.number, self.begin, self.at = fault, number, begin, at


class Rest(Exception):
    """Bytes that are left in a block when all of its records have been read."""

    def __init__(self, number: int, at: int, end: int) -> None:
        super().__init__()
        self.number, self.at, self.end = number, at, end


CUT = "the data end inside of a record"
MORE_THAN_MEMORY = "the datum takes more than Limits.memory allows"
_TOO_LONG = "an integer of more than 64 bits"


def located(error: Exception, number: int, begin: int, at: int) -> Exception:
    """A fault of a decoder with its place; what is no fault of the data goes on as it is."""
    match error:
        case Broken() | Wrong():
            return Located(error, number, begin, at)
        case IndexError() | struct.error():
            return Located(Broken(CUT), number, begin, at)
        case UnicodeDecodeError():
            return Located(Wrong("a string is not UTF-8"), number, begin, at)
        case _:
            return error


SIGNED = tuple(x >> 1 ^ -(x & 1) for x in range(128))
_NEVER = 1 << 64  # farther than any text is long
LENGTH = tuple(_NEVER if x & 1 else x >> 1 for x in range(128))


def _rest(buf: bytes, p: int, x: int) -> tuple[int, int]:
    """An integer as it is written (zigzag), x being its first byte, and the position behind it."""
    x &= 127
    shift = 7
    while True:
        b = buf[p]
        p += 1
        x |= (b & 127) << shift
        if b < 128:
            if x >> 64:
                raise Broken(_TOO_LONG)
            return x, p
        shift += 7
        if shift > 63:
            raise Broken(_TOO_LONG)


def long_rest(buf: bytes, p: int, x: int) -> tuple[int, int]:
    """A long whose first byte is x and whose second says that there are more, and the position behind it."""
    x = x & 127 | (buf[p] & 127) << 7
    b = buf[p + 1]
    if b < 128:
        x |= b << 14
        return x >> 1 ^ -(x & 1), p + 2
    c = buf[p + 2]
    if c < 128:
        x |= (b & 127) << 14 | c << 21
        return x >> 1 ^ -(x & 1), p + 3
    x |= (b & 127) << 14 | (c & 127) << 21
    p += 3
    shift = 28
    while shift < 70:
        b = buf[p]
        p += 1
        if b < 128:
            x |= b << shift
            if x >> 64:
                break
            return x >> 1 ^ -(x & 1), p
        x |= (b & 127) << shift
        shift += 7
    raise Broken(_TOO_LONG)


def int_rest(buf: bytes, p: int, x: int) -> tuple[int, int]:
    """The same for an int."""
    x, p = long_rest(buf, p, x)
    if not -0x80000000 <= x <= 0x7FFFFFFF:
        raise Wrong("expected an int, found an integer that does not fit into one")
    return x, p


def index_rest(buf: bytes, p: int, x: int) -> tuple[int, int]:
    """An index whose first byte is x, as it is written: twice itself."""
    return _rest(buf, p, x)


def text_end(buf: bytes, p: int, x: int) -> tuple[int, int]:
    """Where a text ends and where it begins, x being the first byte of its length."""
    b = buf[p]
    p += 1
    x = x & 127 | b << 7
    if b > 127:
        x, p = _rest(buf, p - 1, x & 127)
    return p + (_NEVER if x & 1 else x >> 1), p


def past(buf: bytes, p: int) -> int:
    """The position behind an integer."""
    x = buf[p]
    return p + 1 if x < 128 else _rest(buf, p + 1, x)[1]


def doubles(buf: bytes, p: int, count: int) -> list[float]:
    return _numbers(buf, p, count, "d", 8)


def floats(buf: bytes, p: int, count: int) -> list[float]:
    return _numbers(buf, p, count, "f", 4)


def _numbers(buf: bytes, p: int, count: int, code: str, size: int) -> list[float]:
    if sys.byteorder == "big":
        return list(struct.unpack_from(f"<{count}{code}", buf, p))
    return memoryview(buf)[p : p + count * size].cast(code).tolist()  # type: ignore[call-overload, no-any-return]


def cut() -> Broken:
    return Broken(CUT)


def long(q: int, p: int, end: int) -> Broken:
    if q - p >= _NEVER:
        return Broken("a string or bytes have a negative length")
    return Broken(f"a string or bytes claim {q - p:,} bytes, and {end - p:,} are left")


def many(count: int, p: int, end: int) -> Broken:
    return Broken(f"an array or map claims {count:,} items, and {end - p:,} bytes are left")


def memory() -> Broken:
    return Broken(MORE_THAN_MEMORY)


def deep() -> Broken:
    return Broken("the datum nests deeper than Limits.nesting allows")


def index(x: int, count: int) -> Broken:
    return Broken(f"there is no branch or symbol {(x >> 1) ^ -(x & 1)} of {count}")


def boolean(byte: int) -> Broken:
    return Broken(f"a boolean is the byte 0 or 1, found {byte}")


def symbol(name: str, wanted: str, path: str) -> Wrong:
    return Wrong(f"expected {wanted}, found another symbol", path, f"expected {wanted}, found the symbol {show(name)}")


def to_float(value: int) -> float:
    return float32(float(value))


HELPERS: dict[str, Any] = {
    "SIGNED": SIGNED, "LENGTH": LENGTH, "long_rest": long_rest, "int_rest": int_rest, "index_rest": index_rest,
    "text_end": text_end, "past": past, "doubles": doubles, "floats": floats, "cut": cut, "long": long, "many": many,
    "memory": memory, "deep": deep, "index": index, "boolean": boolean, "symbol": symbol, "wrong": Wrong,
    "located": located, "rest": Rest, "float": to_float, "double": float,
}  # fmt: skip
