"""A decoder of one Avro datum, generated from a plan of `avro_resolve`: bytes in, host values out, nothing between.

Place in the pipeline: below `resources`, which hands it the pieces of a file; `avro_print` prints the functions.
Invariants: a value is made once, in its final form, so that reading peaks little above what is kept; what a count
claims is charged before it is believed; no text of the document or the file stands in the source, which reaches names
and symbols as K0, K1, ...

The functions share the window (`buf`, `pos`, `end`) as variables of the function around them, which is as fast as
locals and needs no tuples for results.  `more(n)` moves the window.
"""

from __future__ import annotations

import struct
import sys
from array import array
from io import BytesIO
from itertools import repeat
from typing import TYPE_CHECKING, Any

from pfa.data.avro_print import UNIT, Printer
from pfa.data.avro_resolve import EnumPlan
from pfa.errors import PfaLimitError
from pfa.lib.primitives import float32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pfa.data.avro_resolve import Plan

    Piece = Callable[[], bytes]

_MOST = 1 << 40  # no file holds so many values: a count above is a fault of the file, not a limit of ours
_LARGE = 1 << 20  # bytes of a string from which its pieces are collected and not joined
_FEW = 64  # numbers that are not worth an array
_SHARED_TEXTS = 1 << 16
_STRING = 56  # bytes of memory beside the text
_SHORT = 2 * 48  # bytes of a text that may be shared, twice as the file has the length


class Malformed(Exception):
    """The bytes are no datum of the file's schema, or none that the document's type has."""


class Decoder:
    """Reads a datum from pieces of bytes.  `deep`: reading may recurse as deep as nesting is allowed."""

    def __init__(self, plan: Plan, nesting: int) -> None:
        printer = Printer(plan)
        self.deep = printer.deep
        self.source = FRAME.format(functions=printer.functions, root=printer.root)
        space = {**_SERVICES, **{n: _constant(value) for n, value in printer.constants.items()}, "NESTING": nesting}
        space["__builtins__"] = {}
        exec(compile(self.source, "<pfa: Avro decoder>", "exec"), space)
        self._make: Callable[..., Any] = space["make"]
        self._place: Callable[[], int] = int

    @property
    def position(self) -> int:
        """How many bytes have been read, also after a failure."""
        return self._place()

    def read(self, piece: Piece, rest: Callable[[], float], values: float) -> tuple[Any, float]:
        """The datum, which uses up all pieces, and how many values are still allowed of so many (each of UNIT bytes).

        `piece()` gives the next piece, b"" at the end; `rest()` the most bytes that further pieces may hold.
        Raises Malformed and PfaLimitError.
        """
        read, left, self._place = self._make(piece, rest, values * UNIT)
        try:
            return read(), left() / UNIT
        except (IndexError, struct.error):
            raise Malformed("it is cut short") from None
        except UnicodeDecodeError:
            raise Malformed("a string is not UTF-8") from None
        except RecursionError:
            raise PfaLimitError("it is nested deeper than the interpreter allows") from None


# --- what generated code calls -----------------------------------------------------------------------------


class _Table(dict[int, Any]):
    """What the number of a symbol or branch stands for, as the file has it: twice the index."""

    def __init__(self, values: Iterable[Any], what: str) -> None:
        super().__init__((2 * i, v) for i, v in enumerate(values))
        self.what = what

    def __missing__(self, raw: int) -> Any:
        raise _no_index(self.what, len(self), raw)


def _constant(value: Any) -> Any:
    if not isinstance(value, EnumPlan):
        return value
    return _Table((None if s in value.lost else s for s in value.symbols), "an enum")


def _no_index(what: str, count: int, raw: int) -> Malformed:
    return Malformed(f"{what} of {count} has no number {(raw >> 1) ^ -(raw & 1)}")


def _doubles(buf: bytes, pos: int, count: int) -> Iterable[float]:
    return struct.unpack_from(f"<{count}d", buf, pos) if count < _FEW else _numbers("d", buf, pos, 8 * count)


def _floats(buf: bytes, pos: int, count: int) -> Iterable[float]:
    return struct.unpack_from(f"<{count}f", buf, pos) if count < _FEW else _numbers("f", buf, pos, 4 * count)


def _numbers(code: str, buf: bytes, pos: int, size: int) -> Iterable[float]:
    made = array(code)
    made.frombytes(memoryview(buf)[pos : pos + size])
    if sys.byteorder == "big":
        made.byteswap()
    return made


def _text_of(raw: bytes) -> str:
    return str(raw, "utf-8")


def _too_many() -> PfaLimitError:
    return PfaLimitError("it holds more values than Limits.nodes allows")


def _too_deep(nesting: int) -> PfaLimitError:
    return PfaLimitError(f"it is nested more than {nesting} deep (Limits.nesting)")


_SERVICES: dict[str, Any] = {
    "Malformed": Malformed, "Table": _Table, "BytesIO": BytesIO, "no_index": _no_index,
    "too_many": _too_many, "too_deep": _too_deep, "doubles": _doubles, "floats": _floats, "float32": float32,
    "unpack": struct.unpack_from, "double": struct.Struct("<d").unpack_from,
    "single": struct.Struct("<f").unpack_from, "text_of": _text_of, "join": b"".join, "repeat": repeat, "len": len,
    "as_float": float, "dict": dict, "MOST": _MOST, "LARGE": _LARGE, "SHARED": _SHARED_TEXTS, "SHORT": _SHORT,
    "STRING": _STRING,
}  # fmt: skip

FRAME = '''
def make(piece, rest, left):
    buf, pos, end, base, depth = b"", 0, 0, 0, 0
    texts = dict()  # short strings and keys, each once: models repeat them, and one takes 50 bytes and more
    known = texts.get

    def more(n):
        """Have n bytes from pos on, if there are so many."""
        nonlocal buf, pos, end, base
        if pos > end:
            raise Malformed("it is cut short")
        have = end - pos
        pieces = [buf[pos:end]]
        base += pos
        pos = 0
        while have < n:
            new = piece()
            if not new:
                break
            pieces.append(new)
            have += len(new)
        buf = join(pieces)
        end = have

    def far(x):
        """The rest of a number whose first byte is x, zigzag still."""
        nonlocal pos
        x &= 127
        shift = 7
        while True:
            b = buf[pos]
            pos += 1
            x |= (b & 127) << shift
            if b < 128:
                break
            shift += 7
            if shift > 63:
                raise Malformed("a number is longer than 64 bits")
        if x >> 64:
            raise Malformed("a number is longer than 64 bits")
        return x

    def far32(x):
        x = far(x)
        if x >> 32:
            raise Malformed("an int does not fit into 32 bits")
        return x

    def long():
        nonlocal pos
        if end - pos < 10:
            more(10)
        x = buf[pos]
        pos += 1
        if x > 127:
            x = far(x)
        return x >> 1 ^ -(x & 1)

    def count(cost, least):
        """How many values a block of an array or map has, paid for; each takes so many bytes at least."""
        nonlocal left
        n = long()
        if n < 0:
            n = -n
            if long() < 0:
                raise Malformed("a block has a negative size")
        if n > MOST or (least and n > (end - pos + rest()) // least):
            raise Malformed("a count of %d: there are not so many bytes" % n)
        left -= n * cost
        if left < 0:
            raise too_many()
        return n

    def pay(n):
        """For a string or bytes of so many bytes."""
        nonlocal left
        left -= n + STRING
        if left < 0:
            raise too_many()

    def size():
        return allowed(long())

    def allowed(n):
        if n < 0:
            raise Malformed("a length is negative")
        if n > end - pos + rest():
            raise Malformed("a length of %d: there are not so many bytes" % n)
        return n

    def text():
        nonlocal pos
        if end - pos < 64:
            more(64)
        n = buf[pos]
        pos += 1
        if n > 127:
            n = far(n)
        stop = pos + (n >> 1)
        if n & 1 or stop > end:
            return long_text(n)
        part = buf[pos:stop]
        pos = stop
        if n > SHORT:
            pay(n >> 1)
            return part.decode()
        found = known(part)
        if found is None:
            pay(n >> 1)
            found = part.decode()
            if len(texts) < SHARED:
                texts[part] = found
        return found

    def long_text(n):
        """A text that is not in the window as a whole."""
        n = allowed(n >> 1 ^ -(n & 1))
        part = raw(n)
        return text_of(part)

    def raw(n):
        nonlocal pos
        pay(n)
        if end - pos < n:
            if n > LARGE:
                return large(n)
            more(n)
            if end - pos < n:
                raise Malformed("it is cut short")
        start = pos
        pos += n
        return buf[start:pos]

    def large(n):
        nonlocal pos
        made = BytesIO()
        while n:
            if pos == end:
                more(1)
                if pos == end:
                    raise Malformed("it is cut short")
            start = pos
            pos = end if end - pos < n else pos + n
            n -= made.write(buf[start:pos])
        return made.getvalue()

    def skip(n):
        nonlocal pos
        while end - pos < n:
            n -= end - pos
            pos = end
            more(1)
            if pos == end:
                raise Malformed("it is cut short")
        pos += n

    def place():
        return base + pos

    def unused():
        return left
{functions}

    def read():
        nonlocal buf, pos, end, depth, left
{root}
        if pos == end:
            more(1)
        if pos != end:
            raise Malformed("it goes on after its end" if pos < end else "it is cut short")
        return x0

    return read, unused, place
'''
