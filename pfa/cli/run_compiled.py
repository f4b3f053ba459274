"""An action of a compiled engine on columns, for `pfa run`: what `engine.score` does with tables.

Place in the pipeline: beside `pfa.targets.vector`, whose `Vector` does the same for the simplest documents.  Only for
engines of map and emit without a state, so that where a row fails, all of its batch can be done again one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pfa.data.columns import Column, Columns, Constant, Flat, Records
from pfa.data.table_build import build
from pfa.data.table_values import DTYPES
from pfa.engine.kernel_scoring import KernelBackend
from pfa.errors import PfaError
from pfa.targets.vector import NotSo, fields_of
from pfa.types import BOOLEAN, DOUBLE, FLOAT, STRING, Enum, Record, Union

if TYPE_CHECKING:
    import pfa
    from pfa.types import Type

COUNTERS = ("started", "finished")


class Compiled:
    """An action on columns: `inputs` are the fields of a datum, those that are `used` it reads."""

    counts: ClassVar[bool] = True  # actions, which are in the state

    def __init__(self, engine: pfa.Engine, inputs: dict[str, Type]) -> None:
        self.engine = engine
        self.type = engine.input_type
        self.inputs = inputs
        reads = engine._compiled.code.emitted.reads  # type: ignore[attr-defined]
        self.used = frozenset(inputs if reads is None else reads)
        self.flat = True

    def scored(self, columns: dict[str, Any], count: int) -> tuple[dict[str, Any], int]:
        """The columns of the outputs, and how many there are; NotSo where a row fails: then nothing has happened."""
        runtime = self.engine._runtime
        variables = runtime.variables
        before = {name: variables[name] for name in COUNTERS}
        emit, self.engine.emit = self.engine.emit, None
        backend = KernelBackend(runtime, "raise", 1, merge=False)
        try:
            made = backend.score_columns(self._columns(columns, count))
        except PfaError:
            for name, count in before.items():
                variables[name] = count
            raise NotSo from None
        finally:
            backend.close()
            self.engine.emit = emit
        found = dict(list(made.columns.items())[1:]) if emit else made.columns  # the first: numbers of rows
        one = not isinstance(self.engine.output_type, Record)
        return {"" if one else name: _values(column) for name, column in found.items()}, made.length

    def _columns(self, given: dict[str, Any], length: int) -> Columns:
        fields = {name: _column(t, given.get(name), length) for name, t in self.inputs.items()}
        root = Records(type=self.type, length=length, fields=fields) if isinstance(self.type, Record) else fields[""]
        return Columns(root)


def compiled(engine: pfa.Engine) -> Compiled | None:
    """The action on columns of an engine, if it has one."""
    program, code = engine._compiled.program, engine._compiled.code
    inputs = fields_of(program.input)
    if program.method == "fold" or not inputs or fields_of(program.output) is None or not code.stateless:  # type: ignore[attr-defined]
        return None
    return Compiled(engine, inputs)


def _column(t: Type, values: Any, length: int) -> Column:
    """A column; one that nobody reads has the same value everywhere."""
    if values is None:
        return Constant(type=t, length=length, value=_anything(t))
    if isinstance(values, list | tuple):
        return build(t, list(values))
    return Flat(type=t, length=length, data=values.astype(DTYPES[t], copy=False))


def _anything(t: Type) -> Any:
    """A host value of a type of one column."""
    if isinstance(t, Union):
        return None
    if isinstance(t, Enum):
        return t.symbols[0]
    return "" if t == STRING else False if t == BOOLEAN else 0.0 if t in (FLOAT, DOUBLE) else 0


def _values(column: Column) -> Any:
    if isinstance(column, Flat) and column.valid is None:
        return column.data
    return column.host(0, column.length, {})
