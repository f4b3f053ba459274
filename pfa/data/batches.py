"""Batches: many rows of a text file as columns, where nothing is odd about them; else the rows one by one.

Place in the pipeline: beside `rows`; `jsonl_columns` and `csv_columns` make batches for actions on columns
(`pfa.targets.vector`).  Invariant: a batch is the same rows that the format's `reader` gives.  Where a parser of whole
columns could take another view of a text than the reader (or refuses it), there are no columns, and the rows come
from the reader's own code.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.data.lines import LONGEST, Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pfa.data.rows import Row

    Parse: TypeAlias = Callable[[bytes], tuple[dict[str, Any], int]]  # the columns of a text, and how many rows
    Rows: TypeAlias = Callable[[Lines], Iterator[Row]]

SMALL = 1 << 12  # bytes that are not worth a batch
WARM = 1 << 21  # bytes of an input after which columns, whose libraries take time to import, are worth it


class NoColumns(Exception):
    """The rows of this text are to be read one by one."""


def none(chunk: bytes) -> tuple[dict[str, Any], int]:
    """No text has columns."""
    raise NoColumns


@dataclass(slots=True)
class Batch:
    """Rows of a part of a file: as columns, if there are any, or from `rows`; `end` is where they end as columns."""

    rows: Callable[[], Iterator[Row]]
    columns: dict[str, Any] | None = None
    count: int = 0
    end: Any = None


class Joined:
    """A file with text before it that was read already; lines are all that is asked for."""

    def __init__(self, first: bytes, source: Any) -> None:
        self.first = first
        self.source = source
        self.at = 0

    def readline(self, most: int = -1) -> bytes:
        """As files do."""
        first, at = self.first, self.at
        if at == len(first):
            line: bytes = self.source.readline(most)
            return line
        stop = first.find(b"\n", at) + 1 or len(first)
        if most >= 0:
            stop = min(stop, at + most)
        line, self.at = first[at:stop], stop
        if line.endswith(b"\n") or len(line) == most:
            return line
        more: bytes = self.source.readline(most - len(line) if most >= 0 else -1)
        return line + more


class Chunks:
    """A file in parts that end with a line, and where they stand."""

    def __init__(self, lines: Lines, size: int, longest: int | None = LONGEST) -> None:
        self.source = lines.source
        self.file = lines.file
        self.size = size
        self.longest = longest
        self.offset, self.number = lines.offset, lines.number
        self.rest = b""

    def next(self) -> bytes:
        """Whole lines, or what is left of the file, or the beginning of a line that is too long; empty at the end."""
        parts, have = [self.rest], len(self.rest)
        self.rest = b""
        while data := self.source.read1(self.size):  # type: ignore[attr-defined]
            end = data.rfind(b"\n") + 1
            if end:
                self.rest = data[end:]
                parts.append(data[:end])
                break
            parts.append(data)
            have += len(data)
            if self.longest is not None and have > self.longest:
                break
        return b"".join(parts)

    def batches(self, parser: Callable[[], Parse], rows: Rows, size: int | None) -> Iterator[Batch]:
        """The file in batches; `size` is that of the file where it is known."""
        parse = None
        warm = size is not None and size >= WARM
        while chunk := self.next():
            if parse is None and (warm or self.offset >= WARM):
                parse = parser()
            yield self._batch(chunk, parse or none, rows)

    def _batch(self, chunk: bytes, parse: Parse, rows: Rows) -> Batch:
        """The batch of a chunk, as columns if it can be parsed."""
        columns, count = None, 0
        if len(chunk) >= SMALL and (self.longest is None or len(chunk) <= self.longest):
            with contextlib.suppress(NoColumns):
                columns, count = parse(chunk)
        if columns is None:
            return Batch(lambda: self._plain(chunk, rows))
        start = self.offset, self.number
        self.offset, self.number = self.offset + len(chunk), self.number + count
        return Batch(lambda: self._again(chunk, start, rows), columns, count, [self.offset, self.number])

    def _plain(self, chunk: bytes, rows: Rows) -> Iterator[Row]:
        """Rows of a chunk and of the line that it ends in: a row may go beyond it."""
        lines = Lines(Joined(chunk + self.rest, self.source), self.file, None, self.longest)  # type: ignore[arg-type]
        lines.offset, lines.number = self.offset, self.number
        end = self.offset + len(chunk) + len(self.rest)
        self.rest = b""
        for row in rows(lines):
            yield row
            if lines.offset >= end:
                break
        self.offset, self.number = lines.offset, lines.number

    def _again(
        self, chunk: bytes, start: tuple[int, int], rows: Rows
    ) -> Iterator[Row]:
        """Rows of a chunk that was parsed, one by one."""
        lines = Lines(Joined(chunk, Nothing()), self.file, None, self.longest)  # type: ignore[arg-type]
        lines.offset, lines.number = start
        return rows(lines)


class Nothing:
    """A file that is at its end."""

    def readline(self, most: int = -1) -> bytes:
        return b""
