"""`pfa run` in batches: where a document, the input and the output are simple enough, many rows are one step."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.data.column_text import rows_of
from pfa.data.values import Ready
from pfa.targets.vector import NotSo, fields_of
from pfa.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pfa
    from pfa.cli.run_input import Settings
    from pfa.cli.run_output import Output
    from pfa.data.batches import Batch
    from pfa.targets.vector import Vector

MODULES = {"avro": "pfa.data.avro_columns", "csv": "pfa.data.csv_columns", "jsonl": "pfa.data.jsonl_columns"}

TEXTS = ("csv", "jsonl")  # of which rows that were columns are made faster than one by one
PARTIAL = ("avro",)  # formats that can pass over a field that no column could hold


class Columns:
    """Rows as batches of columns, and an action on columns; without one (`vector` is None) the rows of columns."""

    def __init__(self, engine: pfa.Engine, vector: Vector | None, batches: Iterator[Batch]) -> None:
        self.variables = engine._runtime.variables
        self.type = engine.input_type
        self.takes = engine._compiled.code.backend != "python"  # compiled code takes objects itself
        self.vector = vector
        self.batches = batches

    def run(self, batch: Batch, output: Output) -> bool:
        """Score a batch; False where its rows are to be scored one by one, and then nothing has happened."""
        try:
            made = self.vector.run(batch.columns or {}) if self.vector else None
        except NotSo:
            return False
        output.writer.write_columns(made, batch.count)  # type: ignore[attr-defined]
        for counter in ("started", "finished"):
            self.variables[counter] += batch.count
        return True

    def data(self, batch: Batch) -> Iterator[Any]:
        """The data of a batch, which the engine takes as they are."""
        rows = rows_of(batch.columns or {})
        if self.takes or not isinstance(self.type, Record):
            return rows
        t = self.type
        return (Ready(row, t) for row in rows)


def columns_of(
    engines: list[pfa.Engine], settings: Settings, source: BinaryIO, name: str, start: Any
) -> Columns | None:
    """The batches of an input, if there are any."""
    engine, source_name = engines[0], settings.source.name
    vector = getattr(engine._compiled.code, "vector", None)
    if settings.target.name not in MODULES or settings.sequence:
        vector = None
    if vector is not None and source_name in MODULES and (vector.flat or source_name in PARTIAL):
        inputs, used = vector.inputs, vector.used
    elif source_name in TEXTS and (fields := fields_of(engine.input_type)) is not None:
        vector, inputs, used = None, fields, frozenset(fields)
    else:
        return None
    if len(engines) > 1:
        return None
    size = os.fstat(source.fileno()).st_size if settings.input else None
    more = {"longest": settings.line} if settings.source.text else {}
    batches = import_module(MODULES[source_name]).batches(
        source, engine.input_type, inputs, used, file=name, quote=settings.quote, start=start, size=size, **more
    )
    return Columns(engine, vector, batches)
