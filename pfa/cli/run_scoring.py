"""The loop of `pfa run`: rows through engines, outputs and failures where they belong."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from pfa.cli.run_columns import Columns
from pfa.cli.run_output import rejected
from pfa.data.job import End
from pfa.errors import PfaDataError, PfaError, PfaLimitError, PfaRuntimeError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    import pfa
    from pfa.cli.progress import Progress
    from pfa.cli.run_output import Output, Sink
    from pfa.cli.run_state import Keeper
    from pfa.data.batches import Batch
    from pfa.data.rows import Row

T = TypeVar("T")
PATIENCE = 0.1  # seconds that an output may wait for others where somebody may be waiting for it


class Scoring:
    """One run of engines over rows, with its counts: row n goes to engine n modulo their number."""

    def __init__(
        self,
        args: argparse.Namespace,
        engines: list[pfa.Engine],
        output: Output,
        rejects: Sink | None,
        keeper: Keeper,
        progress: Progress,
    ) -> None:
        self.engines = engines
        method = engines[0].method
        self.on_error: str = args.on_error
        self.only_last: bool = args.last and method == "fold"
        self.merges = method == "fold" and len(engines) > 1
        self.emits = method == "emit"
        self.file = "" if args.input == "-" else args.input
        self.output = output
        self.write = output.write
        self.rejects = rejects
        self.keeper = keeper
        self.progress = progress
        self.count = keeper.job.rows
        self.failed = Counter(keeper.job.failed)
        self.end: Any = keeper.job.position
        self.flushed = monotonic()
        self.watched = output.live or keeper.saves

    def score(self, data: Iterable[Row] | Columns) -> int:
        """All of it; the exit code."""
        try:
            self.begin()
            if isinstance(data, Columns):
                self.batches(data)
            else:
                self.rows(_guarded(data))
            self.finish()
        except _Stopped as stopped:
            return self.stop(stopped)
        finally:
            self.output.leave()
            if self.rejects:
                self.rejects.leave()
        if self.failed:
            print(summary(self.count, self.failed), file=sys.stderr)
        return 0

    def begin(self) -> None:
        for engine in self.engines:
            engine.emit = self.write if self.emits else None
            if engine.is_new:
                engine.begin()

    def batches(self, columns: Columns) -> None:
        """Each batch at once, or row by row where that makes a difference."""
        for batch in _guarded(columns.batches):
            apart = batch.columns is None or self.keeper.due_within(self.count, batch.count)
            if not apart and not columns.vector and not self.keeper.seconds:
                self.data(columns, batch)
            elif apart or not columns.vector or not columns.run(batch, self.output):
                self.rows(_guarded(batch.rows()))
            else:
                self.count += batch.count
                self.end = batch.end
                self.progress.step(batch.count)
                self.between()

    def data(self, columns: Columns, batch: Batch) -> None:
        """The rows of a batch, which only come as rows where one fails."""
        action, write = self.engines[0].action, None if self.emits or self.only_last else self.write
        live, passed = self.output.live, self.count
        rows: Iterator[Row] | None = None
        for datum in columns.data(batch):
            try:
                result = action(datum)
            except (PfaDataError, PfaRuntimeError, PfaLimitError) as error:
                rows = rows or batch.rows()
                for row in islice(rows, self.count - passed):
                    self.end = row.end
                row = next(rows)
                self.reject(row, error)
                self.end, passed = row.end, self.count + 1
            else:
                if write:
                    write(result)
            self.count += 1
            if live and monotonic() - self.flushed > PATIENCE:
                self.output.flush()
                self.flushed = monotonic()
        self.end = batch.end
        self.progress.step(batch.count)
        self.between()

    def rows(self, rows: Iterable[Row]) -> None:
        """Each row through its engine."""
        for row in rows:
            self.one(row)
            self.count += 1
            self.end = row.end
            self.progress.step()
            if self.watched:
                self.between()

    def between(self) -> None:
        """Between two rows: is it time to save, or to let outputs go?"""
        if self.keeper.due(self.count):
            self.save()
        if self.output.live and monotonic() - self.flushed > PATIENCE:
            self.output.flush()
            self.flushed = monotonic()

    def one(self, row: Row) -> None:
        try:
            if row.error:
                raise row.error
            result = self.engines[self.count % len(self.engines)].action(row.datum)
        except (PfaDataError, PfaRuntimeError, PfaLimitError) as error:
            self.reject(row, error)
        else:
            if not self.emits and not self.only_last:
                self.write(result)

    def reject(self, row: Row, error: PfaError) -> None:
        if self.on_error == "stop":
            raise _Stopped(error, row)
        self.failed[kind(error)] += 1
        self.note(row, error)
        if self.on_error == "null" and not self.emits and not self.only_last:
            self.write(None)

    def stop(self, stopped: _Stopped) -> int:
        """A row failed, or the file: where the engines are as they were before it, the run can go on there."""
        error, row = stopped.error, stopped.row
        if isinstance(error, PfaDataError):
            self.save()
        if row:
            self.note(row, error)
        place = f"{self.file or 'input'}:{row.line}: " if row and not row.error else ""
        print(f"{place}{error}", file=sys.stderr)
        return 1

    def note(self, row: Row, error: PfaError) -> None:
        if self.rejects:
            self.rejects.writer.write(rejected(row, error))

    def save(self) -> None:
        """Save the job as of now, between two rows."""
        if self.keeper.path:
            self.keeper.reach(self.count, self.end, self.failed)
            self.keeper.save(self.keeper.held())

    def finish(self) -> None:
        """What comes after the last row; the states that are kept are those before it."""
        keeper = self.keeper
        if keeper.path:
            keeper.reach(self.count, self.end, self.failed)
        held = keeper.held() if keeper.path else []
        try:
            self.ends()
        except BaseException:
            keeper.save(held)
            raise
        if keeper.path:
            keeper.job.ended = End(self.output.end(), self.rejects.end() if self.rejects else 0)
            keeper.save(held)
        else:
            self.output.close()

    def ends(self) -> None:
        for engine in self.engines:
            engine.end()
        if self.merges:
            self.write(merged(self.engines))
        elif self.only_last:
            self.write(self.engines[0].tally)


class _Stopped(Exception):
    """A row failed, or without a row the file is not readable from here on."""

    def __init__(self, error: PfaError, row: Row | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.row = row


def _guarded(rows: Iterable[T]) -> Iterator[T]:
    try:
        yield from rows
    except PfaDataError as error:
        raise _Stopped(error) from None


def merged(engines: list[pfa.Engine]) -> Any:
    """The tallies of all by the document's merge, from the first to the last."""
    first, *others = engines
    for engine in others:
        first.merge(first.tally, engine.tally)
    return first.tally


def kind(error: PfaError) -> str:
    """What failed rows are counted by."""
    match error:
        case PfaRuntimeError(message=message, code=code):
            return f"{message} (code {code})" if code else message
        case PfaLimitError():
            return "limit reached"
        case _:
            return "not of the input's type"


def summary(count: int, failed: Counter[str]) -> str:
    """How many failed, and of what."""
    total = sum(failed.values())
    parts = ", ".join(f"{what}: {n}" for what, n in failed.most_common())
    return f"{count} rows, {count - total} scored, {total} failed ({parts})"
