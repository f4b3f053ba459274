"""Arrow and Parquet files out: values gathered into batches, and files that are gone on with after they were cut off.

Place in the pipeline: under `arrow`, which has the readers.  A position is a count of bytes, at the end of a batch:

- A stream is whole after each batch, and another batch can follow.
- A file of Arrow's is a stream with an index at its end, of where its batches lie.  To go on, the batches that are
  there are written again to where nothing is kept, which gives the index; what would be written must be what is there.
- A file of Parquet's has all that is needed to read it at its end, so a `flush` writes that of the rows since the one
  before behind them.  These notes stay in the file, where nobody looks for them, and the end of the file has all of it.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from pfa.data.arrow_columns import arrow_array
from pfa.data.arrow_types import arrow_schema, holds_union
from pfa.data.parquet_notes import moved
from pfa.data.rows import cut
from pfa.data.table_values import TableEncoders, split
from pfa.data.values import Decoders
from pfa.errors import PfaDataError
from pfa.types import Record

if TYPE_CHECKING:
    from pfa.types import Type

ROWS = 1 << 15  # rows of a batch that is written
BROKEN = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError, TypeError, LookupError, RecursionError)
NAMES = {"arrow": "an Arrow file", "arrows": "an Arrow stream", "parquet": "a Parquet file"}
START = b"ARROW1\0\0"  # a stream follows
MAGIC = b"PAR1"
NOTED = b"pfa1"
TAIL = 8 + len(NOTED)


def said(error: BaseException) -> str:
    """The first line of what Arrow says."""
    if isinstance(error, MemoryError):
        return "it claims more than there is memory for"
    return str(error).strip().partition("\n")[0] or type(error).__name__


class ArrowWriter(ABC):
    """Gathers values and writes them as batches; values are tagged or plain, as `engine.action` would take them."""

    name: ClassVar[str] = ""

    def __init__(self, out: BinaryIO, t: Type, resume: Any) -> None:
        self.out, self.type = out, t
        self.schema = arrow_schema(t)
        if not self.schema.names:
            raise PfaDataError(f"{NAMES[self.name]} cannot hold records without fields; write avro or jsonl")
        self._decode = Decoders().datum(t)
        self._encode = TableEncoders().of(t)
        self._values: list[Any] = []
        self._writer = self._opened(resume)

    @abstractmethod
    def _opened(self, resume: Any) -> Any:
        """What Arrow writes with."""

    def write(self, value: Any) -> None:
        """One more value.  PfaDataError if it does not have the type; then nothing of it is written."""
        self.write_host(self._decode(value))

    def write_host(self, value: Any) -> None:
        """One more value in the form that it has inside an engine; it is not looked at."""
        self._values.append(value if self._encode is None else self._encode(value))
        if len(self._values) >= ROWS:
            self._put()

    def _put(self) -> None:
        if self._values:
            self._writer.write_batch(self._batch(self._values))
            self._values = []

    def _batch(self, values: list[Any]) -> pa.RecordBatch:
        """Rows as a batch; the dictionaries of enums are the same in each."""
        columns = split(self.type, values, False).values()
        return pa.RecordBatch.from_arrays(list(map(arrow_array, columns)), schema=self.schema)

    def flush(self) -> Any:
        """All that was written is in `out`; of a stream the position, for `resume`."""
        self._put()
        self.out.flush()

    def close(self) -> None:
        """Write what ends the file; `out` stays open."""
        self._put()
        self._writer.close()
        self.out.flush()


class _Sink:
    """What Arrow writes to: passes all but the first bytes on, and is not what Arrow closes."""

    def __init__(self, out: BinaryIO, skip: int = 0, position: int = 0) -> None:
        self.out, self.skip = out, skip
        self.position = position
        self.kept: bytearray | None = None  # where what is written goes instead
        self.closed = False
        self.mode = "wb"

    def write(self, data: Any) -> int:
        size = len(data)
        if self.kept is not None:
            self.kept += data
        if self.kept is not None or self.out.closed:  # what nobody closed is when it is dropped
            return size
        left = min(self.skip, size)
        self.skip -= left
        self.position += size - left
        if left < size:
            self.out.write(memoryview(data)[left:])
        return size

    def tell(self) -> int:
        return self.position

    def flush(self) -> None:
        """The writer's own `flush` does."""

    def close(self) -> None:
        self.closed = True

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


class StreamWriter(ArrowWriter):
    """An Arrow stream: after each batch it is whole, and another batch can follow."""

    name = "arrows"

    def _opened(self, resume: Any) -> Any:
        before = 0
        if resume is not None:
            self._same_schema()
            before = cut(self.out, resume)
        self._before = before
        head = self._head() if before else 0
        self._sink = _Sink(self.out, head)  # what follows is the stream's middle: the schema is there
        return pa.ipc.new_stream(self._sink, self.schema)

    def _head(self) -> int:
        """How many bytes of a stream are before its first batch: the schema, and the symbols of enums."""
        sink, batch = pa.MockOutputStream(), self._batch([])
        with pa.ipc.new_stream(sink, self.schema) as made:
            made.write_batch(batch)
            return int(sink.size() - pa.ipc.get_record_batch_size(batch))

    def _same_schema(self) -> None:
        self.out.seek(0)
        try:
            there = pa.ipc.open_stream(self.out).schema
        except BROKEN as error:
            if self.out.seek(0, 2) == 0:
                return
            raise PfaDataError(f"the output is no Arrow stream that could be gone on with: {said(error)}") from None
        if not there.equals(self.schema):
            raise PfaDataError("the Arrow stream was written with another schema; write to a new file")

    def flush(self) -> Any:
        """All that was written is in the file, which is readable; the position, for `resume`."""
        super().flush()
        return self._before + self._sink.position

    def _put(self) -> None:
        super()._put()
        if not self._before + self._sink.position:  # a stream without rows still has its schema
            self._writer.write_batch(self._batch([]))


class FileWriter(ArrowWriter):
    """An Arrow file."""

    name = "arrow"

    def _opened(self, resume: Any) -> Any:
        self._sink = _Again(self.out, 0 if resume is None else cut(self.out, resume))
        made = pa.ipc.new_file(self._sink, self.schema)
        if self._sink.end:
            self._go_on(made)
        return made

    def _go_on(self, made: Any) -> None:
        """Write what is there again, which is only looked at."""
        try:
            for batch in pa.ipc.open_stream(_Part(self.out, len(START), self._sink.end)):
                made.write_batch(batch)
        except BROKEN as error:
            raise PfaDataError(f"the output is not the Arrow file that had been written: {said(error)}") from None
        if self._sink.position != self._sink.end:
            raise PfaDataError("the output is not the Arrow file that had been written: it has another end")
        self.out.seek(self._sink.end)

    def flush(self) -> Any:
        """All that was written is in the file, which is readable when it is closed; the position, for `resume`."""
        super().flush()
        return self._sink.position


class _Part(io.RawIOBase):
    """A part of a file that others read meanwhile."""

    def __init__(self, file: BinaryIO, at: int, end: int) -> None:
        self.file, self.at, self.end = file, at, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.file.seek(self.at)
        data = self.file.read(min(len(buffer), self.end - self.at))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


class _Again(_Sink):
    """Up to `end` compares what is written with what is there."""

    def __init__(self, out: BinaryIO, end: int) -> None:
        super().__init__(out)
        self.end = end

    def write(self, data: Any) -> int:
        size = len(data)
        if self.position >= self.end:
            return super().write(data)
        self.out.seek(self.position)
        if self.position + size > self.end or self.out.read(size) != bytes(data):
            raise ValueError("what would be written is not what is there")
        self.position += size
        return size


class ParquetWriter(ArrowWriter):
    """A Parquet file, in one piece, or in several that `flush` ends.

    Behind a piece are its notes, their length (4 bytes), where the piece begins (8 bytes), and NOTED.
    """

    name = "parquet"

    def _opened(self, resume: Any) -> Any:
        if any(holds_union(t) for t in _columns(self.type)):
            raise PfaDataError("Parquet has no unions of several types; write avro, arrow, arrows or jsonl")
        self._notes: Any = None  # of all pieces before
        self._start = 0 if resume is None else cut(self.out, resume)  # where the piece begins
        self._rows = 0
        if not self._start:
            return self._piece()
        for notes in self._before(self._start):
            self._add(notes)
        self.out.seek(self._start)
        return None

    def _piece(self) -> Any:
        """What writes the next piece: a file whose first bytes are there already."""
        self._sink = _Sink(self.out, len(MAGIC) if self._start else 0, self._start)
        try:
            return pq.ParquetWriter(self._sink, self.schema)
        except BROKEN as error:
            raise PfaDataError(f"Parquet cannot hold the output type: {said(error)}") from None

    def _put(self) -> None:
        if self._values:
            self._rows += len(self._values)
            self._writer = self._writer or self._piece()
        super()._put()

    def flush(self) -> Any:
        """All that was written is in the file, which is readable when it is closed; the position, for `resume`."""
        self._put()
        if self._rows:
            end = self._end_of_piece()
            self.out.write(end + self._start.to_bytes(8, "little") + NOTED)
            self._start = self._sink.position + len(end) + TAIL
        self.out.flush()
        return self._start

    def _end_of_piece(self) -> bytes:
        """What ends a file of this piece alone, without the last bytes of it."""
        self._sink.kept = kept = bytearray()
        self._writer.close()
        self._rows, self._sink.kept, self._writer = 0, None, None
        end = int.from_bytes(kept[-8:-4], "little") + 8
        self._sink.write(kept[:-end])
        notes = bytes(kept[-end:-8])
        if self._start:
            notes = moved(notes, self._start - len(MAGIC))  # Arrow counts from its own first byte
        notes += len(notes).to_bytes(4, "little")
        self._add(_notes_of(notes))
        return notes

    def _add(self, notes: Any) -> None:
        if self._notes is None:
            self._notes = notes
        else:
            self._notes.append_row_groups(notes)

    def close(self) -> None:
        """Write what ends the file; `out` stays open."""
        self._put()
        if self._notes is None:
            self._writer.close()
        else:
            if self._rows:
                self._end_of_piece()
            end = io.BytesIO()
            self._notes.write_metadata_file(end)
            self.out.write(end.getvalue()[len(MAGIC) :])
        self.out.flush()

    def _before(self, end: int) -> list[Any]:
        """The notes of the pieces up to `end`; PfaDataError where they are not there."""
        found = []
        try:
            while end:
                self.out.seek(end - TAIL - 4)
                size, start = (int.from_bytes(self.out.read(n), "little") for n in (4, 8))
                if self.out.read(len(NOTED)) != NOTED or not start + size < end - TAIL - 4:
                    raise ValueError("notes are missing")
                self.out.seek(end - TAIL - 4 - size)
                found.append(_notes_of(self.out.read(size + 4)))
                end = start
        except BROKEN as error:
            raise PfaDataError(f"the output is not the Parquet file that had been written: {said(error)}") from None
        return found[::-1]


def _notes_of(end: bytes) -> Any:
    """What is said at the end of a Parquet file, from its bytes without the magic ones."""
    return pq.read_metadata(io.BytesIO(MAGIC + end + MAGIC))


def _columns(t: Type) -> list[Type]:
    return [f.type for f in t.fields] if isinstance(t, Record) else [t]
