"""`Engine.score`: rows of columns one by one through the action of any backend, and columns of what comes back.

Place in the pipeline: between `pfa.data.tables`, which knows tables, and the engine's `run`, which knows one datum.
A backend is what has `score_columns`; one that compiles takes the same `Columns` and gives columns without
a Python object a row.

Invariants: the columns' values have the input's type already, so that rows go to `run` without being decoded again;
outputs leave the action in the form of tables, copied and charged as those of `action` are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from pfa.check.problems import show
from pfa.data import tables
from pfa.data.columns import Flat, Scored, flatten
from pfa.data.table_values import TableEncoders, split
from pfa.errors import PfaDataError, PfaError, PfaLifecycleError, PfaLimitError, PfaRuntimeError
from pfa.targets.host import Passed
from pfa.types import LONG, Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.data.columns import Column, Columns, Wrong
    from pfa.engine.runtime import Runtime

CHUNK = 1024  # rows that are Python values at once
ON_ERROR = ("raise", "null", "collect")
ROW = "row"
OUTPUT = "output"


class RowError(NamedTuple):
    """Why a row has no output: `pointer` is the place in the document, or in the datum where that is wrong.

    `code` is the specification's, None for a wrong datum and a limit.
    """

    row: int
    code: int | None
    pointer: str
    text: str


class Backend(Protocol):
    """What scores columns."""

    errors: list[RowError]

    def score_columns(self, columns: Columns) -> Scored:
        """Score a batch; rows that fail are missing in the result and in `errors`, or the first of them is raised."""

    def close(self) -> None:
        """The batches are done, or one of them has failed."""


def score(runtime: Runtime, table: Any, on_error: str, threads: int | None, merge: bool) -> Any:
    """See `Engine.score`; the caller has the engine's lock."""
    if on_error not in ON_ERROR:
        raise PfaLifecycleError(f'on_error is "raise", "null" or "collect", not {on_error!r}')
    if threads is not None and (type(threads) is not int or threads < 1):
        raise PfaLifecycleError(f"threads is a number from 1, or None for the backend to choose, not {threads!r}")
    method = runtime.compiled.program.method
    if merge and method != "fold":
        raise PfaLifecycleError(f'merge=True is for engines of "method": "fold", not {show(method)}')
    if runtime.state not in ("new", "running"):
        raise PfaLifecycleError(f"no score now: this engine is {runtime.said()}")
    kind = tables.kind_of(table, runtime.compiled.limits.quote_values)
    if not merge:
        kind.refuse(runtime.compiled.program.output)
    backend = _backend(runtime, on_error, threads, merge)
    try:
        parts = [backend.score_columns(c) for c in tables.batches(kind, runtime.compiled.program.input)]
    finally:
        backend.close()
    if merge:
        made = runtime.tally()
    elif method == "emit" and runtime.emit is not None:
        made = None
    else:
        made = tables.assembled(kind, parts, method != "emit")
    return (made, backend.errors) if on_error == "collect" else made


def rows_of(table: Any) -> int:
    """About how many rows a table has; 0 where it does not say."""
    columns = iter(table.values()) if isinstance(table, dict) else None
    try:
        return len(table) if columns is None else len(next(columns, ()))
    except TypeError:
        return 0


def _backend(runtime: Runtime, on_error: str, threads: int | None, merge: bool) -> RowByRow:
    if runtime.compiled.code.backend == "python":
        return RowByRow(runtime, on_error, threads, merge)
    kernel = import_module("pfa.engine.kernel_scoring")  # it stands on this module
    made: RowByRow = kernel.KernelBackend(runtime, on_error, threads, merge)
    return made


class RowByRow:
    """Scores with the engine's own `run`, a row at a time and in order."""

    def __init__(self, runtime: Runtime, on_error: str, threads: int | None, merge: bool) -> None:
        program = runtime.compiled.program
        self.runtime = runtime
        self.on_error = on_error
        self.errors: list[RowError] = []
        self.output = program.output
        self.emits = program.method == "emit"
        self.merge = merge  # of a fold: the outputs are not wanted, only the tally
        self.outputs: list[Any] = []
        self.early: list[Any] = []
        self.encode: Callable[[Any], Any] | None = runtime.variables.encode
        run: Callable[..., Any] = runtime.functions["run"]
        self.run: Callable[[Any], Any] = (lambda datum: run(datum, [])) if self.emits else run
        self.late: Callable[[Any], Any] | None = None
        self._set_form()

    def _set_form(self) -> None:
        """Outputs leave the action in the form of tables, or get it `late`; a callback gets them as the engine says."""
        if self.emits and self.runtime.emit is not None:
            return
        encode = _nothing if self.merge else TableEncoders(self.runtime.charge).of(self.output)
        if self.encode is not None:
            self.runtime.variables.encode = encode or _same
        else:
            self.late = encode

    def close(self) -> None:
        """The engine's outputs are again what its `unions` says."""
        if self.encode is not None:
            self.runtime.variables.encode = self.encode

    def score_columns(self, columns: Columns) -> Scored:
        self.outputs = []
        for start in range(0, columns.length, CHUNK):
            wrong: dict[int, Wrong] = {}
            data = columns.root.host(start, min(start + CHUNK, columns.length), wrong)
            self._rows(data, columns.first + start, {row - start: why for row, why in wrong.items()})
        return self._scored(columns.first)

    def _rows(self, data: list[Any], first: int, wrong: dict[int, Wrong]) -> None:
        at = 0
        for stop in [*sorted(wrong), len(data)]:
            while at < stop:
                at += self._some(data[at:stop], first + at)
            if stop in wrong:
                self._failed(first + stop, wrong[stop].error())
            at = stop + 1

    def _some(self, data: list[Any], first: int) -> int:
        """Run rows until one fails; how many that were, the failed one counted."""
        if self.runtime.state == "new":  # as an action does, which a datum begins that is not refused
            self.early = self.runtime.begin() or []
        outputs, run, before = self.outputs, self.run, len(self.outputs)
        append = outputs.append
        try:
            for datum in data:
                append(run(datum))
        except BaseException as error:  # whatever it is, `failed` knows what it is for the caller
            count = len(outputs) - before
            own = self.runtime.failed(error)
            if isinstance(error, Passed) or not isinstance(own, PfaRuntimeError | PfaLimitError):
                raise own from None
            self._failed(first + count, own)
            return count + 1
        return len(data)

    def _failed(self, row: int, error: PfaError) -> None:
        if self.on_error == "raise":
            error.row = row
            raise error from None
        if self.on_error == "collect":
            self.errors.append(row_error(row, error))
        sent = getattr(error, "emitted", [])
        self.outputs.append([*sent, None] if self.emits else None)

    def _scored(self, first: int) -> Scored:
        if self.merge:
            return Scored({}, len(self.outputs))
        if not self.emits:
            return Scored(self._split(self.outputs), len(self.outputs))
        if self.runtime.emit is not None:
            return Scored({}, 0)
        if self.early and self.outputs:
            self.outputs[0] = [*self.early, *self.outputs[0]]
            self.early = []
        counts = [len(sent) for sent in self.outputs]
        rows = np.repeat(np.arange(first, first + len(counts), dtype="i8"), counts)
        made = self._split(flatten(self.outputs))
        if not isinstance(self.output, Record):
            made = {OUTPUT: made[""]}
        return numbered(rows, made)

    def _split(self, outputs: list[Any]) -> dict[str, Column]:
        late = self.late
        if late is not None:
            outputs = [None if v is None else late(v) for v in outputs]
        return split(self.output, outputs, self.on_error != "raise")


def numbered(rows: Any, columns: dict[str, Column]) -> Scored:
    """What was emitted, with the numbers of the rows that emitted it."""
    name = ROW
    while name in columns:
        name = f"_{name}"
    return Scored({name: Flat(type=LONG, length=len(rows), data=rows), **columns}, len(rows))


def _same(value: Any) -> Any:
    return value


def _nothing(value: Any) -> None:
    """A tally that nobody wants."""


def row_error(row: int, error: PfaError) -> RowError:
    """An error of a row, for on_error="collect"."""
    text = error.problems[0].text
    match error:
        case PfaRuntimeError():
            return RowError(row, error.code, error.at.pointer, error.message)
        case PfaDataError():
            return RowError(row, None, error.path, text)
        case _:
            return RowError(row, None, error.problems[0].at.pointer, text)
