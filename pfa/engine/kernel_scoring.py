"""`Engine.score` on compiled code: columns in, columns out, no Python object a row.

Place in the pipeline: what `pfa.engine.scoring` calls a backend.  The loop over rows is compiled for the layout of the
columns at hand (`pfa.targets.kernel.batch`); `kernel_inputs` tells it where their arrays are, `kernel_outputs` has
those of the outputs.  Rows that fail come back here one by one.  Records that hold themselves have no columns, and are
scored row by row as `action` does.

Engines whose action changes nothing are scored by several threads, each with memory of its own; compiled code does not
hold the interpreter's lock, but where it reads Python objects: those are read by compiled code as a datum of `action`
is, and what it does not take is decoded here, a row at a time.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.data.columns import Bad, Column, Columns, Scored, Values, bare
from pfa.data.table_values import TableEncoders
from pfa.engine.kernel_inputs import Bound, NoArrays, ready
from pfa.engine.kernel_outputs import Outputs, Part, slots
from pfa.engine.scoring import OUTPUT, RowByRow, numbered, row_error
from pfa.errors import PfaDataError, PfaError, PfaLimitError, PfaRuntimeError
from pfa.targets.host import Passed
from pfa.targets.kernel.batch import DONE, FAILED, FIRST, GIVEN, GROW, LOGGED, WAITING, Plan
from pfa.targets.kernel.host import KernelCode
from pfa.targets.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.engine.runtime import Runtime
    from pfa.targets.kernel.batch_write import Sink
    from pfa.targets.kernel.instance import Instance
    from pfa.types import Type

STEP = 2048  # rows for which the interpreter's lock is held where Python objects are read: other threads go on between
SHARE = 4096  # rows for which another thread is worth to be woken


@dataclass(slots=True)
class Job:
    """A batch of rows."""

    plan: Plan
    call: Callable[[int, int], int]
    bound: Bound
    outputs: Outputs
    skip: Any
    first: int  # what the first row is called
    loads: dict[str, tuple[Callable[[int], Any], list[Any]]]  # of outputs that have no arrays, and their values


class KernelBackend(RowByRow):
    """Scores with a compiled loop over columns."""

    def __init__(self, runtime: Runtime, on_error: str, threads: int | None, merge: bool) -> None:
        super().__init__(runtime, on_error, threads, merge)
        code = runtime.compiled.code
        assert isinstance(code, KernelCode)
        self.code = code
        self.threads = threads or len(os.sched_getaffinity(0))
        self.instance: Instance = runtime.variables.instance
        self.logs = any(namespace for namespace, _ in self.code.emitted.events)

    def score_columns(self, columns: Columns) -> Scored:
        if self.emits and (self.runtime.emit is not None or self.logs):
            return super().score_columns(columns)
        try:
            columns.root = ready(columns.root, self.code)
            bound = Bound(self.code)
            source = bound.source(columns.root)
        except NoArrays:
            return super().score_columns(columns)
        plan = Plan(source, self.output, self.code.memory.tag, self.emits, self.logs, wanted=not self.merge)
        if self.emits and plan.keeps:
            return super().score_columns(columns)
        length, bad = columns.length, columns.root.faults()
        skip = np.zeros(length, "u1")
        if bad is not None:
            skip[bad.rows] = 1
        stop = int(bad.rows[0]) if bad is not None and self.on_error == "raise" else length
        if self.runtime.state == "new" and self._begins(bound, skip[:stop]):
            self.early = self.runtime.begin() or []
        if self.early:
            return super().score_columns(columns)
        outputs = Outputs(plan.columns, stop)
        job = Job(plan, self.code.batch(plan), bound, outputs, skip, columns.first, {})
        for name, s in plan.sinks.items():
            if s.form == "slots":
                job.loads[name] = self._load(s.type), [None] * stop
        self._work(job, stop)
        if bad is not None:
            self._refuse(bad, columns.first)
        self.errors.sort(key=lambda e: e.row)
        return self._emitted(job) if self.emits else self._mapped(job)

    def _begins(self, bound: Bound, skip: Any) -> bool:
        """Will a row run?  One that is refused begins nothing."""
        rows = np.flatnonzero(skip == 0)[: 1 if self.on_error == "raise" else None].tolist()
        return any(_fits(bound, row) for row in rows)

    def _mapped(self, job: Job) -> Scored:
        ok = job.skip == 0 if self.on_error != "raise" else None
        columns = {name: self._column(job, name, s, ok) for name, s in job.plan.sinks.items()}
        return Scored(columns, len(job.skip))

    def _emitted(self, job: Job) -> Scored:
        plan, outputs = job.plan, job.outputs
        assert plan.row is not None
        assert plan.there is not None
        ok = outputs.flags(plan.there) if self.on_error != "raise" else None
        rows = outputs.numbers(plan.row) + job.first
        columns = {name or OUTPUT: outputs.column(s, ok) for name, s in plan.sinks.items()}
        return numbered(rows, columns)

    def _load(self, t: Type) -> Callable[[int], Any]:
        load, encode = self.instance.memory.load(t), TableEncoders(self.instance.charge).of(t)
        return load if encode is None else lambda i: encode(load(i))

    def _column(self, job: Job, name: str, s: Sink, ok: Any) -> Column:
        if name not in job.loads:
            return job.outputs.column(s, ok)
        made, valid = job.loads[name][1], None
        if ok is not None or bare(s.type)[1]:
            valid = np.fromiter((v is not None for v in made), bool, len(made))
        return Values(type=s.type, length=len(made), valid=valid, made=made)

    # -- running --

    def _work(self, job: Job, stop: int) -> None:
        """All rows up to one: on several threads, a part each, or in order."""
        count = min(self.threads, stop // SHARE)
        fold = self.runtime.compiled.program.method == "fold"
        if count < 2 or job.plan.keeps or job.plan.takes or not self._divides(fold):
            self._run(self.instance, job, job.outputs.part(0, stop))
            return
        edges = [stop * i // count for i in range(count + 1)]
        parts = [job.outputs.part(a, b) for a, b in pairwise(edges)]
        self.instance.start()
        others = self.code.borrow(self.instance, count, self._meter)
        try:
            if fold:
                for x in others[1:]:
                    x.write("tally", "", self.runtime.compiled.program.zero)
            self._share(job, list(zip(others, parts, strict=True)))
        finally:
            for x in others:
                x.forget()
            self.code.spare += others

    def _divides(self, fold: bool) -> bool:
        """May parts of the rows be scored at once?"""
        return self.code.stateless and (not fold or self.merge)

    def _share(self, job: Job, work: list[tuple[Instance, Part]]) -> None:
        """Parts of the rows on a thread each; up to the first that fails, what they did counts."""
        done: list[Instance] = []
        try:
            with ThreadPoolExecutor(len(work)) as pool:
                futures = [pool.submit(self._run, x, job, part) for x, part in work]
            for (x, _), future in zip(work, futures, strict=True):
                done.append(x)
                future.result()
        finally:
            self.instance.count(done)
            if self.merge:
                self._merge([x.read("tally", "") for x in done])

    def _merge(self, tallies: list[Any]) -> None:
        """One tally of those of the parts, in order."""
        tally, *more = tallies
        for other in more:
            tally = self.runtime.guarded("merge", self.runtime.functions["merge"], (tally, other))
        self.runtime.variables["tally"] = tally

    def _meter(self) -> Meter:
        own = self.runtime.meter
        return Meter(own.limits, {}, self.code.chunk, own.seconds)

    def _run(self, instance: Instance, job: Job, part: Part) -> None:
        """Some rows, in order; comes back for rows that fail, garbage, arrays that are full, outputs to be read."""
        instance.start()
        words = np.zeros(job.plan.words, "i8")
        half = (instance.arena.start + instance.arena.end) // 2
        words[:WAITING] = part.start, part.stop, job.skip.ctypes.data, half
        words[FIRST : FIRST + len(job.bound.arrays)] = job.bound.arrays
        part.fill(words)
        read = part.start
        step = STEP if job.plan.takes else part.stop - part.start
        while True:
            words[1] = min(part.stop, int(words[0]) + step)
            answer = job.call(instance.base, words.ctypes.data)
            row = int(words[0])
            if answer == FAILED and instance.untaken():
                instance.rewind(job.plan.keeps)
                self._give(instance, job, words)
                continue
            if answer == FAILED and (error := self._error(instance)) is not None:
                self._failure(job, words, error)
                instance.rewind(job.plan.keeps)
                continue
            if answer == GROW:
                self._grow(job, part, words)
                continue
            if answer == LOGGED:
                self._log(instance, job, words)
                continue
            for name, (load, values) in job.loads.items():
                slots(part, job.plan.sinks[name], load, values, read, row, job.skip)
            read = row
            instance.start()
            if answer == DONE and row == part.stop:
                return

    def _give(self, instance: Instance, job: Job, words: Any) -> None:
        """A row that compiled code does not take: the host decodes its objects."""
        row = int(words[0])
        try:
            for column in job.bound.objects:
                given = instance.arguments((column.type,), (column.host(row),))
                words[FIRST + column.place] = instance.q[given >> 3]
        except (PfaDataError, PfaLimitError) as error:
            job.skip[row] = 1
            self._row_failed(job.first + row, error)
        else:
            words[GIVEN] = row + 1

    def _error(self, instance: Instance) -> BaseException | None:
        """What a row has failed with; what it logged before is handed out, and what it emitted is part of the error."""
        try:
            if self.logs or (self.emits and self.on_error == "raise"):
                instance.emitted = []
                instance.hand_out()
        except BaseException as error:
            instance.failure()
            return error
        return instance.failure()

    def _log(self, instance: Instance, job: Job, words: Any) -> None:
        try:
            instance.hand_out()
        except BaseException as error:
            self._failure(job, words, error)

    def _grow(self, job: Job, part: Part, words: Any) -> None:
        try:
            part.grow(self.code.limits.memory)
        except (PfaLimitError, MemoryError) as error:
            if job.skip[int(words[0])]:
                raise
            self._failure(job, words, error)

    def _failure(self, job: Job, words: Any, error: BaseException) -> None:
        """The row at hand has failed: it is missing."""
        row = int(words[0])
        words[WAITING] = 0
        own = self.runtime.failed(error)
        if isinstance(error, Passed) or not isinstance(own, PfaRuntimeError | PfaLimitError | PfaDataError):
            raise own from None
        if not job.skip[row]:  # else what it had emitted before it failed cannot be had either
            job.skip[row] = 1
            self._row_failed(job.first + row, own)

    def _refuse(self, bad: Bad, first: int) -> None:
        """Rows that do not have the input's type."""
        for row in bad.rows.tolist():
            self._row_failed(first + row, bad.why(row).error())

    def _row_failed(self, row: int, error: PfaError) -> None:
        if self.on_error == "raise":
            error.row = row
            raise error from None
        if self.on_error == "collect":
            self.errors.append(row_error(row, error))


def _fits(bound: Bound, row: int) -> bool:
    """Do the Python objects of a row have their types?"""
    try:
        for column in bound.objects:
            column.host(row)
    except PfaDataError:
        return False
    return True
