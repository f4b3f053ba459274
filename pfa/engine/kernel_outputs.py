"""The arrays that compiled code writes outputs into, and the columns that they are.

Place in the pipeline: `pfa.engine.kernel_scoring` makes a `Part` for each thread, whose arrays the batch function fills
(`pfa.targets.kernel.batch_write` says which there are), and columns of all parts when they are done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.data.columns import Blobs, Codes, Column, Flat, Lists, Maps, Nulls, Records, Unions
from pfa.errors import PfaLimitError
from pfa.types import NULL, STRING, Enum, Record, Union

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pfa.targets.kernel.batch_write import Buffer, Columns, Sink

LEAST = 256  # rows of a dimension that are made room for
UNION = (1 << 31) - 1  # values of a branch in one column


def _shape(b: Buffer) -> tuple[str, int]:
    """The element of an array and how many of them a row is."""
    if b.dtype.isdigit():
        return "u1", int(b.dtype)
    return ("u1" if b.dtype == "i1" else b.dtype), 1


class Part:
    """The outputs of the rows from `start` to `stop`, which are written by one thread."""

    def __init__(self, columns: Columns, start: int, stop: int, whole: dict[int, NDArray[Any]]) -> None:
        self.columns = columns
        self.start, self.stop = start, stop
        self.words: Any = None
        self.arrays: dict[int, Any] = {}
        for b in columns.buffers:
            element, width = _shape(b)
            if b.dim == 0 and not b.more:
                self.arrays[b.place] = whole[b.place][start * width : stop * width]
            else:
                self.arrays[b.place] = made = np.empty(b.more + (stop - start if b.dim == 0 else 0), element)
                made[: b.more] = 0

    def fill(self, words: NDArray[np.int64]) -> None:
        """Tell the table of a batch function where the arrays are."""
        self.words = words
        for b in self.columns.buffers:
            self._tell(b)
        with_arrays = {b.dim for b in self.columns.buffers}
        for dim, at in enumerate(self.columns.dims[1:], 1):
            words[at] = 0
            words[at + 1] = 0 if dim in with_arrays else 1 << 62

    def _tell(self, b: Buffer) -> None:
        array = self.arrays[b.place]
        before = self.start * _shape(b)[1] * array.itemsize if b.dim == 0 else 0
        self.words[b.place] = array.ctypes.data - before

    def used(self, dim: int) -> int:
        """The rows that a dimension has."""
        return self.stop - self.start if dim == 0 else int(self.words[self.columns.dims[dim]])

    def grow(self, memory: int | None) -> None:
        """Make room for the row at hand.  PfaLimitError where that alone is more than an action may use."""
        needed: dict[int, int] = {}
        for dim, at in enumerate(self.columns.dims[1:], 1):
            used, room, need = (int(x) for x in self.words[at : at + 3])
            if used + need > room:
                needed[dim] = need
        sizes = dict.fromkeys(needed, 0)
        for b in self.columns.buffers:
            if b.dim in sizes:
                element, width = _shape(b)
                sizes[b.dim] += np.dtype(element).itemsize * width
        total = sum(needed[d] * sizes[d] for d in needed)
        if memory is not None and total > memory:
            raise PfaLimitError(f"exceeded {memory} bytes of memory")
        for dim, need in needed.items():
            self._longer(dim, need)

    def _longer(self, dim: int, need: int) -> None:
        at = self.columns.dims[dim]
        used, room = int(self.words[at]), int(self.words[at + 1])
        room = max(2 * room, used + need, LEAST, self.stop - self.start)
        for b in self.columns.buffers:
            if b.dim == dim:
                old, width = self.arrays[b.place], _shape(b)[1]
                self.arrays[b.place] = new = np.empty((room + b.more) * width, old.dtype)
                new[: (used + b.more) * width] = old[: (used + b.more) * width]
                self._tell(b)
        self.words[at + 1] = room

    def array(self, b: Buffer) -> Any:
        """What an array holds."""
        return self.arrays[b.place][: (self.used(b.dim) + b.more) * _shape(b)[1]]


class Outputs:
    """The outputs of a batch of rows."""

    def __init__(self, columns: Columns, length: int) -> None:
        self.columns = columns
        self.length = length
        self.whole = {}
        for b in columns.buffers:
            if b.dim == 0 and not b.more:
                element, width = _shape(b)
                self.whole[b.place] = np.empty(length * width, element)
        self.parts: list[Part] = []

    def part(self, start: int, stop: int) -> Part:
        """The rows of one thread; the parts are made in the order of their rows."""
        self.parts.append(Part(self.columns, start, stop, self.whole))
        return self.parts[-1]

    def column(self, s: Sink, ok: NDArray[Any] | None) -> Column:
        """The column of an output; where `ok` is False (None: nowhere) the row is missing."""
        made = self._column(s)
        if isinstance(made, Unions) and isinstance(s.type, Union) and NULL in s.type.branches:
            made.valid = made.tags != s.type.branches.index(NULL)
        elif isinstance(made, Unions) and ok is not None:
            made.valid = ok
            first = made.branches[0]  # which stands for what is missing
            first.valid = np.ones(first.length, bool)
            first.valid[made.places[~ok]] = False
        elif s.mask is None and s.type != NULL:
            made.valid = ok
        return made

    def flags(self, b: Buffer) -> NDArray[np.bool_]:
        """An array of bytes that are 0 or 1."""
        made: NDArray[np.bool_] = self._array(b).view(bool)
        return made

    def numbers(self, b: Buffer) -> Any:
        """An array of numbers."""
        return self._array(b)

    def _column(self, s: Sink) -> Column:
        made = self._bare(s)
        if s.mask is not None:
            made.valid = self.flags(s.mask)
        return made

    def _bare(self, s: Sink) -> Column:
        length = self._used(s.dim)
        match s.form:
            case "flat":
                data = self._array(s.data)
                return Flat(type=s.whole, length=length, data=data.view(bool) if data.dtype == "u1" else data)
            case "codes":
                assert isinstance(s.type, Enum)
                return Codes(type=s.whole, length=length, data=self._array(s.data), symbols=s.type.symbols)
            case "fixed":
                data = self._array(s.data)
                offsets = np.arange(length + 1, dtype="i8") * int(s.data.dtype)  # type: ignore[union-attr]
                return Blobs(type=s.whole, length=length, offsets=offsets, data=data, text=False)
            case "blobs":
                data, offsets = self._array(s.bytes), self._offsets(s)
                return Blobs(type=s.whole, length=length, offsets=offsets, data=data, text=s.type == STRING)
            case "lists":
                return Lists(type=s.whole, length=length, offsets=self._offsets(s), items=self._column(s.inside[0]))
            case "maps":
                keys, items = map(self._column, s.inside)
                return Maps(type=s.whole, length=length, offsets=self._offsets(s), keys=keys, items=items)
            case "record":
                assert isinstance(s.type, Record)
                fields = {f.name: self._column(x) for f, x in zip(s.type.fields, s.inside, strict=True)}
                return Records(type=s.whole, length=length, fields=fields)
            case "union":
                branches = tuple(map(self._column, s.inside))
                return Unions(
                    type=s.whole, length=length, tags=self._array(s.data).view("i1"), places=self._places(s),
                    branches=branches,
                )  # fmt: skip
            case _:
                return Nulls(type=s.whole, length=length)

    def _used(self, dim: int) -> int:
        return self.length if dim == 0 else sum(p.used(dim) for p in self.parts)

    def _array(self, b: Buffer | None) -> Any:
        assert b is not None
        if b.place in self.whole:
            return self.whole[b.place]
        return self._joined([p.array(b) for p in self.parts])

    def _joined(self, arrays: list[Any]) -> Any:
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)

    def _offsets(self, s: Sink) -> Any:
        assert s.data is not None
        found: list[Any] = []
        before = 0
        for p in self.parts:
            ends = p.array(s.data)
            found.append(ends[1:] + before if found else ends)
            before += p.used(s.made)
        return self._joined(found)

    def _places(self, s: Sink) -> Any:
        """Rows of the branches' columns."""
        assert s.places is not None
        if any(self._used(b.dim) > UNION for b in s.inside):
            raise PfaLimitError("more than 2,147,483,647 values of one branch of a union in a batch; score fewer rows")
        found = self._array(s.places)
        if len(self.parts) > 1:
            assert s.data is not None
            at, before = 0, [0] * len(s.inside)
            tags = self._array(s.data)
            for p in self.parts:
                stop = at + p.used(s.dim)
                found[at:stop] += np.array(before, "i4")[tags[at:stop]]
                at, before = stop, [n + p.used(b.dim) for n, b in zip(before, s.inside, strict=True)]
        return found


def slots(part: Part, s: Sink, load: Callable[[int], Any], values: list[Any], start: int, stop: int, skip: Any) -> None:
    """Read outputs that are in the arena now."""
    assert s.data is not None
    at = (part.words[s.data.place] >> 3).item()
    for row in range(start, stop):
        if not skip[row]:
            values[row] = load(at + row)
