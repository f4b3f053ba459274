"""JSON lines as columns: many lines parsed at once.

Place in the pipeline: beside `jsonl`, for batches.  Compiled code (`scan`) takes lines whose keys are those of the
first one, in its order, and whose values are numbers where they are used.  Others become one array with a number
between any two of them that nobody can know before.  So where the array has just these numbers in every second place,
each line is one value of JSON and no value goes over two lines.
"""

from __future__ import annotations

import json
from array import array
from importlib.util import find_spec
from operator import itemgetter
from random import SystemRandom
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy
import orjson

from pfa.data.batches import Chunks, NoColumns
from pfa.data.jsonl import _Reader
from pfa.data.lines import LONGEST, Lines
from pfa.data.scan import scanner, single
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, NULL, STRING, Enum, Type, branches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pfa.data.batches import Batch, Parse

SIZE = 1 << 16  # as objects more would leave the caches
SCANNED = 1 << 18
CLASSES: dict[Type, frozenset[type]] = {
    BOOLEAN: frozenset([bool]), INT: frozenset([int]), LONG: frozenset([int]), STRING: frozenset([str]),
    FLOAT: frozenset([float, int]), DOUBLE: frozenset([float, int]),
}  # fmt: skip
NONE = type(None)
WIDE = 6  # columns, from which on it is faster to take all of a row
_random = SystemRandom()


def batches(
    source: BinaryIO,
    t: Type,
    inputs: dict[str, Type],
    used: frozenset[str],
    *,
    file: str = "",
    quote: bool = False,
    start: Any = None,
    longest: int | None = LONGEST,
    size: int | None = None,
) -> Iterator[Batch]:
    """The rows of a file in batches; of `inputs`, the columns, those that are `used` have values."""
    most = SIZE if find_spec("llvmlite") is None else SCANNED
    chunks = Chunks(Lines(source, file, start, longest), most, longest)
    return chunks.batches(lambda: _First(inputs, used).parse, _Reader(t, file, quote).rows, size)


class _First:
    """Parses texts in the way that the first one tells."""

    def __init__(self, inputs: dict[str, Type], used: frozenset[str]) -> None:
        self.inputs, self.used = inputs, used
        self.made: Parse | None = None

    def parse(self, chunk: bytes) -> tuple[dict[str, Any], int]:
        """The columns and how many lines there are; NoColumns where a line is not as it should be."""
        if self.made is None:
            layout = _layout(chunk, self.inputs)
            self.made = scanner("jsonl", layout, self.inputs, self.used, lambda: _Parser(self.inputs, self.used).parse)
        return self.made(chunk)


def _layout(chunk: bytes, inputs: dict[str, Type]) -> list[tuple[str | None, bytes]]:
    """The fields that the keys of the first line are of, and the keys as they stand there; none where it is odd."""
    if "" in inputs:
        return [("", b"")]
    try:
        pairs = json.loads(chunk.partition(b"\n")[0], object_pairs_hook=list)
        if type(pairs) is not list or len({key for key, _ in pairs}) < len(pairs):
            return []
        return [(key if key in inputs else None, json.dumps(key, ensure_ascii=False).encode()) for key, _ in pairs]
    except (ValueError, TypeError, RecursionError):
        return []


class _Parser:
    """Parses many lines at once."""

    def __init__(self, inputs: dict[str, Type], used: frozenset[str]) -> None:
        self.columns = [(name, Column(t, name in used)) for name, t in inputs.items()]
        self.whole = "" in inputs
        self.get = itemgetter(*inputs)

    def parse(self, chunk: bytes) -> tuple[dict[str, Any], int]:
        """The columns and how many lines there are; NoColumns where a line is not as it should be."""
        values = _values(chunk)
        sure = _no_booleans(chunk)
        if self.whole:
            [(name, column)] = self.columns
            return {name: column.of(values, sure)}, len(values)
        try:
            if len(self.columns) < WIDE:
                lists: Iterable[Any] = ([v[name] for v in values] for name, _ in self.columns)
            else:
                lists = zip(*map(self.get, values), strict=True)
            return {n: c.of(v, sure) for v, (n, c) in zip(lists, self.columns, strict=True)}, len(values)
        except (KeyError, TypeError, IndexError):
            raise NoColumns from None


def _values(chunk: bytes) -> list[Any]:
    """The value of each line."""
    mark = _random.randrange(100_000, 1_000_000)
    body = chunk.removesuffix(b"\n").replace(b"\n", b",%d," % mark)
    try:
        found = orjson.loads(b"[%b]" % body)
    except orjson.JSONDecodeError:
        raise NoColumns from None
    marks = found[1::2]
    if len(found) != 2 * len(marks) + 1 or marks.count(mark) != len(marks):
        raise NoColumns
    return found[::2]  # type: ignore[no-any-return]


def _no_booleans(chunk: bytes) -> bool:
    """Whether there is surely no true and no false: a letter of each is nowhere in the text."""
    return not (all(letter in chunk for letter in b"true") or all(letter in chunk for letter in b"fals"))


class Column:
    """Makes a column of values of JSON; NoColumns where one is not of the type, or needs more than a look."""

    def __init__(self, t: Type, used: bool) -> None:
        some = [b for b in branches(t) if b != NULL]
        self.type = some[0]
        self.nullable = len(some) < len(branches(t))
        self.used = used
        kinds = {str} if isinstance(self.type, Enum) else CLASSES[self.type]
        self.kinds = frozenset(kinds) | ({NONE} if self.nullable else set())
        self.symbols = frozenset(self.type.symbols) if isinstance(self.type, Enum) else None
        self.whole, self.narrow = self.type in (INT, LONG), self.type == INT
        self.make = self._maker()
        self.quick = self._quick()

    def _quick(self) -> Callable[[Any], Any] | None:
        """What makes a column of numbers without a look at their types: it refuses all but numbers and booleans."""
        if self.nullable or self.type not in (INT, LONG, DOUBLE):
            return None
        if self.type == DOUBLE:
            return self._doubles if self.used else self._passed
        return self._wholes

    def _maker(self) -> Callable[[Any, set[type]], Any]:
        if self.symbols is not None:
            return self._enum
        if self.nullable:
            return self._listed if self.type not in (STRING, BOOLEAN) else self._same
        ways: dict[Type, Any] = {STRING: self._same, BOOLEAN: self._boolean, INT: self._whole, LONG: self._whole}
        return ways.get(self.type, self._double if self.type == DOUBLE else self._float)  # type: ignore[no-any-return]

    def of(self, values: Any, sure: bool = False) -> Any:
        """The column, for whoever uses it; `sure` that none of the values is a boolean."""
        if sure and self.quick:
            return self.quick(values)
        kinds = set(map(type, values))
        if not kinds <= self.kinds:
            raise NoColumns
        return self.make(values, kinds)

    def _same(self, values: Any, kinds: set[type]) -> Any:
        return values

    def _enum(self, values: Any, kinds: set[type]) -> Any:
        if not set(values) <= (self.symbols or set()) | {None}:
            raise NoColumns
        return values

    def _boolean(self, values: Any, kinds: set[type]) -> Any:
        return numpy.array(values, "?")

    def _listed(self, values: Any, kinds: set[type]) -> Any:
        if self.whole:
            self._whole([v for v in values if v is not None], kinds)
        elif int in kinds or self.type == FLOAT:
            raise NoColumns
        return values

    def _whole(self, values: Any, kinds: set[type]) -> Any:
        try:
            made = numpy.frombuffer(array("q", values), "i8")
        except OverflowError:
            raise NoColumns from None
        if self.narrow and made.size and (made.max() >= 1 << 31 or made.min() < -1 << 31):
            raise NoColumns
        return made

    def _double(self, values: Any, kinds: set[type]) -> Any:
        if not self.used and int not in kinds:
            return None
        try:
            return numpy.frombuffer(array("d", values), "f8")
        except OverflowError:
            raise NoColumns from None

    def _doubles(self, values: Any) -> Any:
        try:
            return numpy.frombuffer(array("d", values), "f8")
        except (TypeError, OverflowError):
            raise NoColumns from None

    def _passed(self, values: Any) -> None:
        try:
            sum(values, 0.0)  # the fastest way to see that all are numbers
        except (TypeError, OverflowError):
            raise NoColumns from None

    def _wholes(self, values: Any) -> Any:
        try:
            return self._whole(values, set())
        except TypeError:
            raise NoColumns from None

    def _float(self, values: Any, kinds: set[type]) -> Any:
        return single(self._double(values, {int}))
