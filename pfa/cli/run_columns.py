"""`pfa run` in batches: where a document, the input and the output are simple enough, many rows are one step."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.targets.vector import NotSo

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pfa
    from pfa.cli.run_input import Settings
    from pfa.cli.run_output import Output
    from pfa.data.batches import Batch
    from pfa.targets.vector import Vector

MODULES = {"avro": "pfa.data.avro_columns", "csv": "pfa.data.csv_columns", "jsonl": "pfa.data.jsonl_columns"}

PARTIAL = ("avro",)  # formats that can pass over a field that no column could hold


class Columns:
    """Rows as batches of columns, and an action on columns."""

    def __init__(self, engine: pfa.Engine, vector: Vector, batches: Iterator[Batch]) -> None:
        self.variables = engine._runtime.variables
        self.vector = vector
        self.batches = batches

    def run(self, batch: Batch, output: Output) -> bool:
        """Score a batch; False where its rows are to be scored one by one, and then nothing has happened."""
        try:
            made = self.vector.run(batch.columns or {})
        except NotSo:
            return False
        output.writer.write_columns(made, batch.count)  # type: ignore[attr-defined]
        for counter in ("started", "finished"):
            self.variables[counter] += batch.count
        return True


def columns_of(
    engines: list[pfa.Engine], settings: Settings, source: BinaryIO, name: str, start: Any
) -> Columns | None:
    """The batches of an input, if there are any."""
    vector = getattr(engines[0]._compiled.code, "vector", None)
    able = settings.source.name in MODULES and settings.target.name in MODULES and not settings.sequence
    if vector is None or len(engines) > 1 or not able or not (vector.flat or settings.source.name in PARTIAL):
        return None
    size = os.fstat(source.fileno()).st_size if settings.input else None
    module = import_module(MODULES[settings.source.name])
    batches = module.batches(
        source, engines[0].input_type, vector.inputs, vector.used, file=name, quote=settings.quote, start=start,
        size=size,
    )  # fmt: skip
    return Columns(engines[0], vector, batches)
