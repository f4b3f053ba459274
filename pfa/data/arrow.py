"""Arrow and Parquet files: rows in, results out, batch by batch.

Place in the pipeline: a module of `formats`: `.arrow` is Arrow's file, with an index at its end, `.arrows` its stream,
which can be gone on with after it was cut off, and `.parquet`.  Each record is a row; an input that is no record is the
only column, or the one called "input", and an output that is none is the column "output".

Invariant: whatever a file says of itself, no more than one batch is in memory, and a batch is validated by Arrow before
anything is read of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pfa.data.arrow_columns import CAST
from pfa.data.arrow_write import BROKEN, ArrowWriter, FileWriter, ParquetWriter, StreamWriter, said
from pfa.data.rows import Row, WrongRow, naturals
from pfa.data.table_arrow import batch_columns
from pfa.data.table_values import Mistyped, TableDecoders
from pfa.data.values import Encoders, Ready
from pfa.errors import PfaDataError, Where
from pfa.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.data.columns import Wrong
    from pfa.types import Type

MAGIC = b"ARROW1"
CHUNK = 1024  # rows that are Python values at once
READ = 1 << 14  # rows of Parquet that are read at once
_MOST = 1 << 31  # rows of a batch: one of nulls has any number in no bytes


def broken(message: str, file: str, record: int) -> PfaDataError:
    """An error that names the file and the record (from 1; 0: the beginning)."""
    text = f"record {record}: {message}" if record else message
    return PfaDataError(WrongRow(text, at=Where("", record, 1 if record else 0, file)))


def arrow_reader(
    source: BinaryIO, t: Type, *, file: str = "", quote: bool = False, start: Any = None, ready: bool = False
) -> Iterator[Row]:
    """Rows of an Arrow file, or stream; from the beginning or from behind a row that was read before.

    With `ready` records are such that only an engine whose `input_type` is `t` takes them (`pfa.data.values.Ready`).
    PfaDataError: it is none, its columns are not those of `t`, or it is broken from here on.
    """
    return _Rows(t, file, quote, ready).all(_arrow_batches(source, file), start)


arrows_reader = arrow_reader


def parquet_reader(
    source: BinaryIO, t: Type, *, file: str = "", quote: bool = False, start: Any = None, ready: bool = False
) -> Iterator[Row]:
    """Rows of a Parquet file; as `arrow_reader`."""
    return _Rows(t, file, quote, ready).all(_parquet_batches(source, t, file), start)


def _arrow_batches(source: BinaryIO, file: str) -> Iterator[pa.RecordBatch]:
    """The batches of a stream or a file; of a file without an index those that are there, and then the error."""
    if not source.seekable():
        yield from _stream(source)
        return
    begin = source.tell()
    magic = source.read(len(MAGIC))
    source.seek(begin)
    if magic != MAGIC:
        if not magic:
            raise broken("the file is empty; an Arrow file begins with its schema", file, 0)
        yield from _stream(source)
        return
    try:
        reader = pa.ipc.open_file(source)
    except BROKEN:
        source.seek(begin + 8)
        yield from _stream(source)
        raise pa.ArrowInvalid("the file was cut short: its end, where the index is, is missing") from None
    for i in range(reader.num_record_batches):
        yield reader.get_batch(i)


def _stream(source: BinaryIO) -> Iterator[pa.RecordBatch]:
    yield from pa.ipc.open_stream(source)


def _parquet_batches(source: BinaryIO, t: Type, file: str) -> Iterator[pa.RecordBatch]:
    if not source.seekable():
        raise broken("Parquet is read from its end, which a pipe has not; save it to a file, or send arrows", file, 0)
    opened = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 16)
    columns = None
    if isinstance(t, Record):
        there = opened.schema_arrow.names
        columns = [f.name for f in t.fields if f.name in there]
        if len(columns) < len(t.fields) or len(there) != len(set(there)):
            columns = None  # what is missing is told by the names that are there
    for group in range(opened.num_row_groups):  # one by one: Arrow joins no dictionaries inside of lists
        yield from opened.iter_batches(READ, row_groups=[group], columns=columns)


class _Rows:
    """Makes rows of batches."""

    def __init__(self, t: Type, file: str, quote: bool, ready: bool) -> None:
        self.type, self.file = t, file
        self.decoders = TableDecoders(quote, CAST)
        self.ready = ready and isinstance(t, Record)
        self.encode = Encoders(True).of(t)

    def all(self, batches: Iterator[pa.RecordBatch], start: Any) -> Iterator[Row]:
        [skip] = [0] if start is None else naturals(start, 1)
        done = 0
        for batch in self.sound(batches):
            if done + batch.num_rows > skip:
                part = batch.slice(max(0, skip - done))
                yield from self.rows(part, done + batch.num_rows - part.num_rows)
            done += batch.num_rows
            self.done = done
        if done < skip:
            raise broken(f"the file has fewer than {skip:,} records, which had been read", self.file, done)

    def sound(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches as long as they can be read; what is wrong then as an error that names the record."""
        self.done = 0
        try:
            for batch in batches:
                if batch.num_rows >= _MOST:
                    raise pa.ArrowInvalid(f"a batch claims {batch.num_rows:,} rows")
                batch.validate(full=True)
                yield batch
        except PfaDataError:
            raise
        except BROKEN as error:
            raise broken(f"the file is broken: {said(error)}", self.file, self.done + 1) from None

    def rows(self, batch: pa.RecordBatch, first: int) -> Iterator[Row]:
        try:
            columns = batch_columns(self.type, batch, self.decoders)
        except (Mistyped, PfaDataError) as error:
            raise broken(str(error), self.file, 0) from None
        except BROKEN as error:  # names and dictionaries that are no UTF-8
            raise broken(f"the file is broken: {said(error)}", self.file, first + 1) from None
        for start in range(0, batch.num_rows, CHUNK):
            wrong: dict[int, Wrong] = {}
            stop = min(start + CHUNK, batch.num_rows)
            values = columns.host(start, stop, wrong)
            for i, value in enumerate(values, start):
                number = first + i + 1
                if i in wrong:
                    yield self.wrong(number, wrong[i])
                else:
                    yield Row(number, self.datum(value), None, number)

    def datum(self, value: Any) -> Any:
        if self.ready:
            assert isinstance(self.type, Record)
            return Ready(value, self.type)
        return value if self.encode is None else self.encode(value)

    def wrong(self, number: int, why: Wrong) -> Row:
        [problem] = why.error().problems
        at = Where(why.path, number, 1, self.file)
        return Row(number, None, PfaDataError(problem.moved(at), why.path), number)


def arrows_writer(out: BinaryIO, t: Type, *, resume: Any = None) -> ArrowWriter:
    """Writes values of a type as an Arrow stream; with `resume`, a position of an earlier run, after what is there."""
    return StreamWriter(out, t, resume)


def arrow_writer(out: BinaryIO, t: Type, *, resume: Any = None) -> ArrowWriter:
    """Writes values of a type to an Arrow file, which is readable when it is closed; `resume` as for a stream."""
    return FileWriter(out, t, resume)


def parquet_writer(out: BinaryIO, t: Type, *, resume: Any = None) -> ArrowWriter:
    """Writes values of a type to a Parquet file, which is readable when it is closed; `resume` as for a stream.

    PfaDataError for unions of several types, which Parquet has not.
    """
    return ParquetWriter(out, t, resume)
