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
    from pfa.cli.run_compiled import Compiled
    from pfa.cli.run_input import Settings
    from pfa.cli.run_output import Output
    from pfa.data.batches import Batch
    from pfa.targets.vector import Vector

MODULES = {"avro": "pfa.data.avro_columns", "csv": "pfa.data.csv_columns", "jsonl": "pfa.data.jsonl_columns"}

TEXTS = ("csv", "jsonl")  # of which rows that were columns are made faster than one by one
PARTIAL = ("avro",)  # formats that can pass over a field that no column could hold


class Columns:
    """Rows as batches of columns, and an action on columns; without one (`vector` is None) the rows of columns."""

    def __init__(
        self, engine: pfa.Engine, vector: Vector | Compiled | None, batches: Iterator[Batch], later: bool
    ) -> None:
        self.engine = engine
        self.type = engine.input_type
        self.found = vector
        self.later = later and vector is None and engine._compiled.code.backend == "python"
        self.batches = batches

    @property
    def vector(self) -> Vector | Compiled | None:
        """The action on columns; one that has been compiled meanwhile may have got one."""
        if self.later and self.takes:
            self.found, self.later = _vector(self.engine), False
        return self.found

    @property
    def takes(self) -> bool:
        """Is the engine compiled, and takes objects as they are?"""
        return self.engine._compiled.code.backend != "python"

    def run(self, batch: Batch, output: Output) -> bool:
        """Score a batch; False where its rows are to be scored one by one, and then nothing has happened."""
        vector = self.vector
        assert vector
        try:
            made, count = vector.scored(batch.columns or {}, batch.count)
        except NotSo:
            return False
        output.writer.write_columns(made, count)  # type: ignore[attr-defined]
        for counter in () if vector.counts else ("started", "finished"):
            self.engine._runtime.variables[counter] += batch.count
        return True

    def data(self, batch: Batch) -> Iterator[Any]:
        """The data of a batch, which the engine takes as they are."""
        rows = rows_of(batch.columns or {})
        if self.takes or not isinstance(self.type, Record):
            return rows
        t = self.type
        return (Ready(row, t) for row in rows)


def _vector(engine: pfa.Engine) -> Vector | Compiled | None:
    """The action on columns, if there is one."""
    code: Any = engine._compiled.code
    if code.backend == "python":
        return code.vector  # type: ignore[no-any-return]
    made: Compiled | None = import_module("pfa.cli.run_compiled").compiled(engine)
    return made


def columns_of(
    engines: list[pfa.Engine], settings: Settings, source: BinaryIO, name: str, start: Any
) -> Columns | None:
    """The batches of an input, if there are any."""
    engine, source_name = engines[0], settings.source.name
    vector = _vector(engine)
    writes = settings.target.name in MODULES and not settings.sequence
    if not writes:
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
    return Columns(engine, vector, batches, writes)
