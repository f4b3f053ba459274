"""Arrow's tables, batches and arrays as tables to score.

Place in the pipeline: a kind of table (`tables`).  A table is scored batch by batch, as it is cut into chunks, and at
most `ROWS` at once, so that nothing is copied together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pfa.data.arrow_columns import arrow_array, column
from pfa.data.arrow_types import arrow_field
from pfa.data.columns import Column, Columns
from pfa.data.table_build import refuse_recursive
from pfa.data.table_values import only, record
from pfa.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.data.table_values import TableDecoders
    from pfa.types import Type

ROWS = 1 << 16


def kind(given: Any, decoders: TableDecoders) -> Tabular | OneArray | None:
    """The kind of what pyarrow made, None if it is no table."""
    match given:
        case pa.Table() | pa.RecordBatch():
            return Tabular(given, decoders)
        case pa.Array() | pa.ChunkedArray():
            return OneArray(given, decoders)
        case _:
            return None


def single(t: Type, given: Any, decoders: TableDecoders) -> Column:
    """An array as a column; chunks are copied together."""
    return column(t, given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given, decoders)


def batch_columns(t: Type, batch: pa.RecordBatch, decoders: TableDecoders) -> Column:
    """A batch as the columns of a type."""
    names = batch.schema.names
    if isinstance(t, Record):
        place = {name: i for i, name in enumerate(names)}
        return record(t, names, batch.num_rows, lambda f: column(f.type, batch.column(place[f.name]), decoders))
    return column(t, batch.column(names.index(only(t, names))), decoders)


class Tabular:
    """A Table or a RecordBatch; outputs that are no records are a ChunkedArray or an Array."""

    def __init__(self, given: Any, decoders: TableDecoders) -> None:
        self.given = given
        self.decoders = decoders
        self.chunked = isinstance(given, pa.Table)

    def batches(self, t: Type) -> Iterator[Columns]:
        first = 0
        for batch in self.parts():
            yield Columns(batch_columns(t, batch, self.decoders), first)
            first += batch.num_rows

    def parts(self) -> Iterator[pa.RecordBatch]:
        if not self.chunked:
            yield self.given
            return
        some = self.given.to_batches(max_chunksize=ROWS)
        yield from some or [empty(self.given.schema)]

    def refuse(self, output: Type) -> None:
        """Arrow has no records that hold themselves."""
        refuse_recursive(output)

    def one(self, columns: list[Column]) -> Any:
        arrays = [arrow_array(c) for c in columns]
        return pa.chunked_array(arrays) if self.chunked else arrays[0]

    def table(self, columns: dict[str, list[Column]], length: int, aligned: bool) -> Any:
        fields = [
            arrow_field(name, parts[0].type, nullable=parts[0].valid is not None) for name, parts in columns.items()
        ]
        arrays = [[arrow_array(c) for c in parts] for parts in columns.values()]
        schema = pa.schema(fields)
        if self.chunked:
            return pa.Table.from_arrays([pa.chunked_array(a) for a in arrays], schema=schema)
        return pa.RecordBatch.from_arrays([a[0] for a in arrays], schema=schema)


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """A batch without rows."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in schema], schema=schema)


class OneArray(Tabular):
    """An array: of data that are no records, or of structs."""

    def __init__(self, given: Any, decoders: TableDecoders) -> None:
        super().__init__(given, decoders)
        self.chunked = isinstance(given, pa.ChunkedArray)

    def batches(self, t: Type) -> Iterator[Columns]:
        chunks = self.given.chunks or [pa.nulls(0, self.given.type)] if self.chunked else [self.given]
        first = 0
        for chunk in chunks:
            yield Columns(column(t, chunk, self.decoders), first)
            first += len(chunk)
