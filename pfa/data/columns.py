"""Columns: a batch of data as arrays, a column a field, between a table and a backend.

Place in the pipeline: `tables` makes a `Columns` of what a caller gives and a table of the columns that come back;
a backend takes and gives them.  A backend that works a row at a time asks for `host` values; a compiled one takes the
arrays, of columns that it has made `physical`.

    boolean, int, long, float, double    Flat      one contiguous array
    enum                                 Codes     positions among the symbols
    string, bytes, fixed                 Blobs     offsets into bytes
    array, map, record                   Lists, Maps, Records: offsets, and columns of what is inside
    union of several types               Unions    a branch and a place in its column for each row
    anything, as Python objects          Objects   not physical yet

Invariants: null together with one other type is that type's column with `valid`; arrays are never written to (they
may be the caller's); rows that do not have the type are in `bad`, and their values are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pfa.check.problems import BadData
from pfa.check.schemas import escape
from pfa.errors import PfaDataError, Where
from pfa.types import NULL, Type, Union

if TYPE_CHECKING:
    from numpy.typing import NDArray

Mask: TypeAlias = "NDArray[np.bool_]"
Rows: TypeAlias = "NDArray[np.int64]"


def bare(t: Type) -> tuple[Type, bool]:
    """The type of a column's values and whether they can be missing: null with one other type is that type."""
    if isinstance(t, Union) and len(t.branches) == 2 and NULL in t.branches:
        first, second = t.branches
        return (second if first == NULL else first), True
    return t, t == NULL or (isinstance(t, Union) and NULL in t.branches)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a row does not have its type: where inside of the datum, what was expected, what is there."""

    expected: str
    found: str
    hint: str = ""
    path: str = ""

    def under(self, step: object) -> Wrong:
        return Wrong(self.expected, self.found, self.hint, f"/{escape(str(step))}{self.path}")

    def error(self) -> PfaDataError:
        return PfaDataError(BadData(self.expected, self.found, self.hint, at=Where(self.path)), self.path)


@dataclass(frozen=True, slots=True)
class Bad:
    """The rows of a column that do not have its type (in order), and why."""

    rows: Rows
    why: Callable[[int], Wrong]

    def within(self, valid: Mask | None) -> Bad | None:
        """Those of rows that are not missing."""
        rows = self.rows if valid is None else self.rows[valid[self.rows]]
        return Bad(rows, self.why) if len(rows) else None


def no_null(t: Type, missing: Mask) -> Bad | None:
    """The rows of a type without null that are missing."""
    rows = np.flatnonzero(missing)
    return Bad(rows, lambda _: Wrong(str(t), "null")) if len(rows) else None


def joined(*several: Bad | None) -> Bad | None:
    """All of them; a row has the reason that comes first."""
    some = [b for b in several if b is not None]
    if len(some) < 2:
        return some[0] if some else None

    def why(row: int) -> Wrong:
        return next(b for b in some if row in b.rows).why(row)

    return Bad(np.unique(np.concatenate([b.rows for b in some])), why)


@dataclass(slots=True, kw_only=True)
class Column:
    """Values of an Avro type, `type`: a row is missing where `valid` is False."""

    type: Type
    length: int
    valid: Mask | None = None
    bad: Bad | None = None

    def host(self, start: int, stop: int, wrong: dict[int, Wrong]) -> list[Any]:
        """The host values of some rows; `wrong` gets those that have none, in whose places there is anything."""
        self.note(start, stop, wrong)
        made = self.values(start, stop)
        if self.valid is None:
            return made
        return [v if ok else None for v, ok in zip(made, self.valid[start:stop].tolist(), strict=True)]

    def note(self, start: int, stop: int, wrong: dict[int, Wrong]) -> None:
        if (bad := self.bad) is not None:
            first, last = np.searchsorted(bad.rows, (start, stop))
            for row in bad.rows[first:last].tolist():
                wrong.setdefault(row, bad.why(row))

    def values(self, start: int, stop: int) -> list[Any]:
        """The host values of some rows, anything where one is missing."""
        raise NotImplementedError

    def faults(self) -> Bad | None:
        """The rows that are wrong, those inside counted."""
        return self.bad


@dataclass(slots=True, kw_only=True)
class Nulls(Column):
    """Nothing but null."""

    def values(self, start: int, stop: int) -> list[Any]:
        return [None] * (stop - start)


@dataclass(slots=True, kw_only=True)
class Flat(Column):
    """boolean, int, long, float, double: an array of bool, int32, int64, float32 or float64."""

    data: NDArray[Any]

    def values(self, start: int, stop: int) -> list[Any]:
        return self.data[start:stop].tolist()  # type: ignore[no-any-return]


@dataclass(slots=True, kw_only=True)
class Codes(Column):
    """Symbols of an enum, or texts of a dictionary: positions (int32) in `symbols`."""

    data: NDArray[np.int32]
    symbols: tuple[str, ...]

    def values(self, start: int, stop: int) -> list[Any]:
        return list(map(self.symbols.__getitem__, self.data[start:stop].tolist()))


@dataclass(slots=True, kw_only=True)
class Blobs(Column):
    """string, bytes, fixed: the bytes from `offsets[i]` to `offsets[i + 1]` (int32 or int64) of `data`."""

    offsets: NDArray[Any]
    data: NDArray[np.uint8]
    text: bool

    def values(self, start: int, stop: int) -> list[Any]:
        places = self.offsets[start : stop + 1].tolist()
        first = places[0]
        blob = self.data[first : places[-1]].tobytes()
        if not self.text:
            return [blob[i - first : j - first] for i, j in pairwise(places)]
        if blob.isascii():
            text = blob.decode("ascii")
            return [text[i - first : j - first] for i, j in pairwise(places)]
        return [blob[i - first : j - first].decode("utf-8", "replace") for i, j in pairwise(places)]


@dataclass(slots=True, kw_only=True)
class Lists(Column):
    """Arrays: the items from `offsets[i]` to `offsets[i + 1]`."""

    offsets: NDArray[Any]
    items: Column

    def values(self, start: int, stop: int) -> list[Any]:
        places = self.offsets[start : stop + 1].tolist()
        first = places[0]
        items = self.items.host(first, places[-1], {})
        return [items[i - first : j - first] for i, j in pairwise(places)]

    def __post_init__(self) -> None:
        self.bad = joined(self.bad, inside(self.items.faults(), self.offsets, self.valid, lambda i, _: i))


@dataclass(slots=True, kw_only=True)
class Maps(Column):
    """Maps: keys and values from `offsets[i]` to `offsets[i + 1]`; of a key that comes twice the last counts."""

    offsets: NDArray[Any]
    keys: Column
    items: Column

    def values(self, start: int, stop: int) -> list[Any]:
        places = self.offsets[start : stop + 1].tolist()
        first = places[0]
        keys = self.keys.host(first, places[-1], {})
        items = self.items.host(first, places[-1], {})
        return [
            dict(zip(keys[i - first : j - first], items[i - first : j - first], strict=True))
            for i, j in pairwise(places)
        ]

    def __post_init__(self) -> None:
        def key(_: int, at: int) -> str:
            return str(self.keys.host(at, at + 1, {})[0])

        keys = inside(self.keys.faults(), self.offsets, self.valid, key)
        self.bad = joined(self.bad, keys, inside(self.items.faults(), self.offsets, self.valid, key))


def inside(
    bad: Bad | None, offsets: NDArray[Any], valid: Mask | None, step: Callable[[int, int], object]
) -> Bad | None:
    """What is wrong with items as what is wrong with the rows that hold them; `step` names an item on the path."""
    if bad is None:
        return None
    items = bad.rows[(bad.rows >= offsets[0]) & (bad.rows < offsets[-1])]
    rows = np.unique(np.searchsorted(offsets, items, "right") - 1)

    def why(row: int) -> Wrong:
        first = int(offsets[row])
        at = int(items[np.searchsorted(items, first)])
        return bad.why(at).under(step(at - first, at))

    return Bad(rows, why).within(valid)


@dataclass(slots=True, kw_only=True)
class Records(Column):
    """Records: a column a field."""

    fields: dict[str, Column]

    def host(self, start: int, stop: int, wrong: dict[int, Wrong]) -> list[Any]:
        self.note(start, stop, wrong)
        lists = []
        for name, column in self.fields.items():
            found: dict[int, Wrong] = {}
            lists.append(column.host(start, stop, found))
            for row, why in found.items():
                if self.valid is None or self.valid[row]:
                    wrong.setdefault(row, why.under(name))
        if not lists:
            made: list[Any] = [{} for _ in range(start, stop)]
        else:
            names = tuple(self.fields)
            made = [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
        if self.valid is None:
            return made
        return [v if ok else None for v, ok in zip(made, self.valid[start:stop].tolist(), strict=True)]

    def faults(self) -> Bad | None:
        found = [self.bad]
        for name, column in self.fields.items():
            if (bad := column.faults()) is not None:
                found.append(_named(bad, name).within(self.valid))
        return joined(*found)


def _named(bad: Bad, name: str) -> Bad:
    return Bad(bad.rows, lambda row: bad.why(row).under(name))


@dataclass(slots=True, kw_only=True)
class Unions(Column):
    """Unions of several types: `tags` are positions in the type's branches, `places` rows of that branch's column."""

    tags: NDArray[np.int8]
    places: NDArray[Any]
    branches: tuple[Column, ...]

    def values(self, start: int, stop: int) -> list[Any]:
        union = self.type
        assert isinstance(union, Union)
        tags, places = self.tags[start:stop], self.places[start:stop]
        made: list[Any] = [None] * (stop - start)
        for i, branch in enumerate(union.branches):
            rows = np.flatnonzero(tags == i)
            if not len(rows) or branch == NULL:
                continue
            mine = places[rows]
            low, high = int(mine.min()), int(mine.max()) + 1
            values = self.branches[i].host(low, high, {})
            name = branch.tag
            boxed = name in union.boxed
            for row, place in zip(rows.tolist(), (mine - low).tolist(), strict=True):
                made[row] = (name, values[place]) if boxed else values[place]
        return made

    def __post_init__(self) -> None:
        self.bad = joined(self.bad, *(self._faults(i, b.faults()) for i, b in enumerate(self.branches)))

    def _faults(self, i: int, bad: Bad | None) -> Bad | None:
        if bad is None:
            return None
        rows = np.flatnonzero((self.tags == i) & np.isin(self.places, bad.rows))
        union = self.type
        assert isinstance(union, Union)
        tag = union.branches[i].tag
        return Bad(rows, lambda row: bad.why(int(self.places[row])).under(tag)).within(self.valid)


@dataclass(slots=True, kw_only=True)
class Constant(Column):
    """The same host value in every row: a field that the table has no column for."""

    value: Any

    def values(self, start: int, stop: int) -> list[Any]:
        return [self.value] * (stop - start)


Decode: TypeAlias = Callable[[Any], Any]


@dataclass(slots=True, kw_only=True)
class Objects(Column):
    """Python values that a caller gave (a list or an array of objects), as they are."""

    given: Any
    decode: Decode

    def host(self, start: int, stop: int, wrong: dict[int, Wrong]) -> list[Any]:
        part = self.given[start:stop]
        if isinstance(part, np.ndarray):
            part = part.tolist()
        if self.valid is not None:
            valid = self.valid[start:stop].tolist()
            part = [v if ok else None for v, ok in zip(part, valid, strict=True)]
        try:
            return list(map(self.decode, part))
        except PfaDataError:
            return [self._one(v, row, wrong) for row, v in enumerate(part, start)]

    def _one(self, value: Any, row: int, wrong: dict[int, Wrong]) -> Any:
        try:
            return self.decode(value)
        except PfaDataError as error:
            wrong.setdefault(row, wrong_of(error))
            return None


def wrong_of(error: PfaDataError) -> Wrong:
    """What a decoder says of a value."""
    problem = error.problems[0]
    if isinstance(problem, BadData):
        return Wrong(problem.expected, problem.found, problem.hint, error.path)
    return Wrong("a value", problem.text, "", error.path)


@dataclass(slots=True, kw_only=True)
class Values(Column):
    """What a backend made as Python values, in the form of tables: unions tagged, null with one other type bare."""

    made: list[Any]


@dataclass(slots=True)
class Columns:
    """A batch of data.  `root` is a `Records` for a record, else the one column; rows count from `first`."""

    root: Column
    first: int = 0

    @property
    def length(self) -> int:
        return self.root.length


@dataclass(slots=True)
class Scored:
    """What a backend made of a batch: columns by name, or one, called "", of what is no record."""

    columns: dict[str, Column]
    length: int


def flatten(lists: list[Any]) -> list[Any]:
    """Lists one after the other; None is an empty one."""
    return list(chain.from_iterable(v for v in lists if v is not None))
