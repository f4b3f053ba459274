"""Columns: how values of one position are written together.  `state.py` strings them into a blob.

A column is a list of values.  It is written as a kind (one byte) and that kind's payload, and what is inside
the values becomes further columns: lists give one column of all their items, maps one of keys and one of
values, records one a field.  So the work of Python is done a column, not a value, at a time.

    [{"a": 1, "b": [2.5]}, ...]   RECORDS   which fields -> TEXTS, "a": INTS, "b": LISTS lengths -> FLOATS

Invariant: a column of n values takes at least n bytes of the blob, with all that is below it.  So before a
column is made, its length is checked against the bytes that are left, and a hostile blob can claim nothing
that it does not hold.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Column: TypeAlias = list[Any]
WIDTHS = {"b": 7, "h": 15, "i": 31, "q": 63}  # bits beside the sign
FEW = 16  # rows a column at which sharing their keys or texts pays


class Malformed(ValueError):
    """The blob is not one that `dump` writes; the message says where it shows."""


class Input:
    """The bytes that are left to read."""

    __slots__ = ("_at", "_blob", "left")

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._at = 0
        self.left = len(blob)

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > self.left:
            raise Malformed("it ends too early")
        start = self._at
        self._at += count
        self.left -= count
        return self._blob[start : self._at]

    def numbers(self, code: str, count: int) -> tuple[Any, ...]:
        """The next numbers, of a code of `struct`."""
        data = self.take(struct.calcsize(f"<{code}") * count)
        return struct.unpack(f"<{count}{code}", data)

    def size(self) -> int:
        """One count or length."""
        return int(self.numbers("I", 1)[0])


def sizes(values: Column) -> bytes:
    """Counts and lengths, four bytes each."""
    return struct.pack(f"<{len(values)}I", *values)


def cut(whole: Any, lengths: tuple[int, ...]) -> Column:
    """Consecutive slices of these lengths, which must be all of it."""
    ends = list(accumulate(lengths, initial=0))
    if ends[-1] != len(whole):
        raise Malformed("lengths do not add up")
    return [whole[a:b] for a, b in pairwise(ends)]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a column is written (payload, columns inside), read (data, their lengths) and built from these.

    `inside`: its values hold others, so that what is below is one level deeper.
    """

    name: str
    write: Callable[[Column], tuple[bytes, list[Column]]]
    read: Callable[[Input, int], tuple[Any, list[int]]]
    build: Callable[[Any, list[Column]], Column]
    inside: bool = False


def _leaf(data: Any, columns: list[Column]) -> Column:
    return list(data)


def _read_nulls(source: Input, count: int) -> tuple[Any, list[int]]:
    if any(source.take(count)):
        raise Malformed("null is not zero")
    return [None] * count, []


def _read_booleans(source: Input, count: int) -> tuple[Any, list[int]]:
    return map((False, True).__getitem__, source.take(count)), []


def _write_integers(values: Column) -> tuple[bytes, list[Column]]:
    """In the narrowest of four widths that holds them all."""
    bits = max(min(values) ^ -1, max(values)).bit_length()
    code = next((code for code, most in WIDTHS.items() if bits <= most), "")
    if not code:
        raise InternalError("a state cannot hold an integer of more than 64 bits")
    return code.encode() + struct.pack(f"<{len(values)}{code}", *values), []


def _read_integers(source: Input, count: int) -> tuple[Any, list[int]]:
    code = source.take(1).decode("ascii")
    if code not in WIDTHS:
        raise Malformed("integers have no width")
    return source.numbers(code, count), []


def _write_floats(values: Column) -> tuple[bytes, list[Column]]:
    return struct.pack(f"<{len(values)}d", *values), []


def _read_floats(source: Input, count: int) -> tuple[Any, list[int]]:
    return source.numbers("d", count), []


def _write_texts(values: Column) -> tuple[bytes, list[Column]]:
    """Lengths in characters, then all in UTF-8; lone surrogates, which JSON can hold, go through."""
    text = "".join(values).encode("utf-8", "surrogatepass")
    return sizes(list(map(len, values))) + struct.pack("<Q", len(text)) + text, []


def _read_texts(source: Input, count: int) -> tuple[Any, list[int]]:
    lengths = source.numbers("I", count)
    text = source.take(source.numbers("Q", 1)[0]).decode("utf-8", "surrogatepass")
    return cut(text, lengths), []


def _texts_only(values: Column, otherwise: Exception) -> None:
    if set(map(type, values)) - {str}:
        raise otherwise


def _write_symbols(values: Column) -> tuple[bytes, list[Column]]:
    """Texts of which there are few, as indexes into a column of them."""
    known = {text: i for i, text in enumerate(dict.fromkeys(values))}
    return sizes([len(known)]) + sizes([known[text] for text in values]), [list(known)]


def _read_symbols(source: Input, count: int) -> tuple[Any, list[int]]:
    known = source.size()
    return source.numbers("I", count), [known]


def _build_symbols(data: Any, columns: list[Column]) -> Column:
    # Were they lists, a short blob could make a value that doubles with each level.
    _texts_only(columns[0], Malformed("a symbol is no text"))
    return list(map(columns[0].__getitem__, data))


def _write_bytes(values: Column) -> tuple[bytes, list[Column]]:
    return sizes(list(map(len, values))) + b"".join(values), []


def _read_bytes(source: Input, count: int) -> tuple[Any, list[int]]:
    lengths = source.numbers("I", count)
    return cut(source.take(sum(lengths)), lengths), []


def _write_lists(values: Column) -> tuple[bytes, list[Column]]:
    return sizes(list(map(len, values))), [list(chain.from_iterable(values))]


def _read_lists(source: Input, count: int) -> tuple[Any, list[int]]:
    lengths = source.numbers("I", count)
    return lengths, [sum(lengths)]


def _build_lists(data: Any, columns: list[Column]) -> Column:
    return cut(columns[0], data)


def _write_pairs(values: Column) -> tuple[bytes, list[Column]]:
    """Values of unions that are boxed: a column of tags, one of what they tag."""
    if set(map(len, values)) != {2}:
        raise InternalError("a state can hold no tuple but (tag, value)")
    tags, inner = zip(*values, strict=True)
    return b"", [list(tags), list(inner)]


def _read_pairs(source: Input, count: int) -> tuple[Any, list[int]]:
    return None, [count, count]


def _build_pairs(data: Any, columns: list[Column]) -> Column:
    return list(zip(*columns, strict=True))


def _write_maps(values: Column) -> tuple[bytes, list[Column]]:
    keys = list(chain.from_iterable(values))
    _texts_only(keys, InternalError("a state can hold no map whose keys are not str"))
    inner = list(chain.from_iterable(map(dict.values, values)))
    return sizes(list(map(len, values))), [keys, inner]


def _read_maps(source: Input, count: int) -> tuple[Any, list[int]]:
    lengths = source.numbers("I", count)
    return lengths, [sum(lengths)] * 2


def _build_maps(data: Any, columns: list[Column]) -> Column:
    _texts_only(columns[0], Malformed("a key is no text"))
    if len(data) == 1:
        return [dict(zip(*columns, strict=True))]
    rows = zip(cut(columns[0], data), cut(columns[1], data), strict=True)
    return [dict(zip(keys, inner, strict=True)) for keys, inner in rows]


def _alike(values: Column) -> bool:
    """Have the maps so few sets of keys that a column for each key is worth while?

    A record type has one; several types side by side in a union have one each.  A sample decides.
    """
    if len(values) < FEW:
        return False
    sample = set(map(tuple, values[:: len(values) // FEW]))
    return FEW * sum(map(len, sample)) <= sum(map(len, values)) and len(sample) <= FEW // 4


def _write_records(values: Column) -> tuple[bytes, list[Column]]:
    groups: dict[tuple[str, ...], Column] = {}
    for row in values:
        groups.setdefault(tuple(row), []).append(row)
    number = {shape: i for i, shape in enumerate(groups)}
    index = [number[tuple(row)] for row in values]
    keys = list(chain.from_iterable(groups))
    _texts_only(keys, InternalError("a state can hold no map whose keys are not str"))
    fields = [[row[key] for row in rows] for shape, rows in groups.items() for key in shape]
    return sizes([len(groups)]) + sizes(list(map(len, groups))) + sizes(index), [keys, *fields]


def _read_records(source: Input, count: int) -> tuple[Any, list[int]]:
    shapes = source.numbers("I", source.size())
    index = source.numbers("I", count)
    if sum(shapes) > source.left:
        raise Malformed("it has fields that it does not hold")
    rows = [0] * len(shapes)
    for i in index:
        rows[i] += 1
    if not all(rows):
        raise Malformed("it has fields of no record")
    fields = [n for n, keys in zip(rows, shapes, strict=True) for _ in range(keys)]
    return (shapes, index, rows), [len(fields), *fields]


def _build_records(data: Any, columns: list[Column]) -> Column:
    shapes, index, rows = data
    _texts_only(columns[0], Malformed("a key is no text"))
    fields = iter(columns[1:])
    made = [
        _records_of(keys, [next(fields) for _ in keys], count)
        for keys, count in zip(cut(columns[0], shapes), rows, strict=True)
    ]
    return list(map(next, map(made.__getitem__, index)))


def _records_of(keys: list[str], fields: list[Column], count: int) -> Iterator[dict[str, Any]]:
    values = zip(*fields, strict=True) if keys else [()] * count
    return (dict(zip(keys, row, strict=True)) for row in values)


def _write_mixture(values: Column) -> tuple[bytes, list[Column]]:
    """Values of several classes: the class of each, then a column for each class."""
    codes = bytes(map(_CLASS_CODE.__getitem__, map(type, values)))
    inner: dict[type, Column] = {known: [] for known in CLASSES if _CLASS_CODE[known] in codes}
    for value in values:
        inner[type(value)].append(value)
    return codes, list(inner.values())


def _read_mixture(source: Input, count: int) -> tuple[Any, list[int]]:
    codes = source.take(count)
    present = sorted(set(codes))
    if present[-1] >= len(CLASSES):
        raise Malformed("a value has no class")
    return (codes, present), [codes.count(code) for code in present]


def _build_mixture(data: Any, columns: list[Column]) -> Column:
    codes, present = data
    inner = {code: iter(column) for code, column in zip(present, columns, strict=True)}
    return list(map(next, map(inner.__getitem__, codes)))


EMPTY = Kind("empty", lambda values: (b"", []), lambda source, count: ((), []), _leaf)
NULLS = Kind("null", lambda values: (bytes(len(values)), []), _read_nulls, _leaf)
BOOLEANS = Kind("boolean", lambda values: (bytes(values), []), _read_booleans, _leaf)
INTEGERS = Kind("integer", _write_integers, _read_integers, _leaf)
FLOATS = Kind("float", _write_floats, _read_floats, _leaf)
TEXTS = Kind("text", _write_texts, _read_texts, _leaf)
SYMBOLS = Kind("symbol", _write_symbols, _read_symbols, _build_symbols)
BYTES = Kind("bytes", _write_bytes, _read_bytes, _leaf)
LISTS = Kind("list", _write_lists, _read_lists, _build_lists, inside=True)
PAIRS = Kind("pair", _write_pairs, _read_pairs, _build_pairs, inside=True)
MAPS = Kind("map", _write_maps, _read_maps, _build_maps, inside=True)
RECORDS = Kind("record", _write_records, _read_records, _build_records, inside=True)
MIXTURE = Kind("mixture", _write_mixture, _read_mixture, _build_mixture)

# The position is the byte that stands for the kind, and below for the class of a value: part of the format.
KINDS = (
    EMPTY, NULLS, BOOLEANS, INTEGERS, FLOATS, TEXTS, SYMBOLS, BYTES, LISTS, PAIRS, MAPS, RECORDS, MIXTURE,
)  # fmt: skip
CLASSES: dict[type, Kind] = {
    type(None): NULLS, bool: BOOLEANS, int: INTEGERS, float: FLOATS, str: TEXTS, bytes: BYTES, list: LISTS,
    tuple: PAIRS, dict: MAPS,
}  # fmt: skip
_CLASS_CODE = {known: code for code, known in enumerate(CLASSES)}


def kind_of(values: Column) -> Kind:
    """The kind that a column is written as."""
    if not values:
        return EMPTY
    classes = set(map(type, values))
    if strange := classes - CLASSES.keys():
        raise InternalError(f"a state cannot hold a {strange.pop().__name__}")
    if len(classes) > 1:
        return MIXTURE
    kind = CLASSES[classes.pop()]
    if kind is TEXTS and len(values) >= FEW and len(set(values)) * FEW <= len(values):
        return SYMBOLS
    return RECORDS if kind is MAPS and _alike(values) else kind
