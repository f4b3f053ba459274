"""`pfa run`: score data, a line in and a line out, as it comes."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import pfa
from pfa.cli.progress import Progress
from pfa.data import csv, jsonl
from pfa.errors import PfaDataError, PfaError, PfaLimitError, PfaRuntimeError
from pfa.limits import Limits

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pfa.data.rows import Row, Writer


def run(args: argparse.Namespace) -> int:
    """Score data: CSV (columns named as the fields of the input) or JSON lines."""
    limits = Limits(quote_values=args.quote_values)
    with ExitStack() as stack:
        engine = stack.enter_context(
            pfa.load(args.model, backend=args.backend, unions="tagged", limits=limits)
        )
        lines = stack.enter_context(_open(args.input))
        as_csv = args.input_format == "csv" or (not args.input_format and _is_csv(args.input))
        name = "" if args.input == "-" else args.input
        rows: Iterable[Row] = (
            csv.reader(lines, engine.input_type, file=name, quote=args.quote_values)
            if as_csv
            else jsonl.reader(lines, engine.input_type, file=name)
        )
        out = stack.enter_context(open(args.output, "wb")) if args.output != "-" else sys.stdout.buffer
        rejects = stack.enter_context(_create(args.rejects)) if args.rejects else None
        progress = stack.enter_context(Progress(lines))
        return Scoring(engine, args, out, rejects, progress).score(rows)


def _open(name: str) -> BinaryIO:
    return open(sys.stdin.fileno() if name == "-" else name, "rb", closefd=name != "-")


def _create(name: Any) -> IO[str]:
    return open(name, "w", encoding="utf-8", newline="")


def _is_csv(name: str) -> bool:
    return name.lower().endswith(".csv")


class Scoring:
    """One run of an engine over rows, with its counts."""

    def __init__(
        self,
        engine: pfa.Engine,
        args: argparse.Namespace,
        out: BinaryIO,
        rejects: IO[str] | None,
        progress: Progress,
    ) -> None:
        self.engine = engine
        self.on_error: str = args.on_error
        self.only_last: bool = args.last and engine.method == "fold"
        self.file = "" if args.input == "-" else args.input
        as_csv = args.format == "csv" or (not args.format and _is_csv(args.output))
        tagged = args.unions == "tagged"
        self.out: Writer = (
            csv.writer(out, engine.output_type)
            if as_csv
            else jsonl.writer(out, engine.output_type, tagged=tagged)
        )
        self.rejects = rejects
        self.progress = progress
        self.count = 0
        self.failed: Counter[str] = Counter()

    def score(self, rows: Iterable[Row]) -> int:
        """All of it; the exit code."""
        self.engine.emit = self.write if self.engine.method == "emit" else None
        try:
            self.engine.begin()
            for row in rows:
                self.count += 1
                self.one(row)
                self.progress.step()
            self.engine.end()
            if self.only_last:
                self.write(self.engine.tally)
        except _Stopped:
            return 1
        finally:
            self.out.flush()
        if self.failed:
            print(self.summary(), file=sys.stderr)
        return 0

    def one(self, row: Row) -> None:
        try:
            if row.error:
                raise row.error
            result = self.engine.action(row.datum)
        except (PfaDataError, PfaRuntimeError, PfaLimitError) as error:
            self.reject(row, error)
        else:
            if self.engine.method != "emit" and not self.only_last:
                self.write(result)

    def write(self, value: Any) -> None:
        self.out.write(value)

    def reject(self, row: Row, error: PfaError) -> None:
        self.failed[kind(error)] += 1
        if self.rejects:
            self.rejects.write(json.dumps(as_json(row, error), ensure_ascii=False, default=bytes.decode) + "\n")
        if self.on_error == "stop":
            place = "" if row.error else f"{self.file or 'input'}:{row.line}: "
            print(f"{place}{error}", file=sys.stderr)
            raise _Stopped
        if self.on_error == "null" and self.engine.method != "emit" and not self.only_last:
            self.write(None)

    def summary(self) -> str:
        total = sum(self.failed.values())
        parts = ", ".join(f"{what}: {n}" for what, n in self.failed.most_common())
        return f"{self.count} rows, {self.count - total} scored, {total} failed ({parts})"


class _Stopped(Exception):
    """A row failed and --on-error is stop."""


def kind(error: PfaError) -> str:
    """What failed rows are counted by."""
    match error:
        case PfaRuntimeError(message=message, code=code):
            return f"{message} (code {code})" if code else message
        case PfaLimitError():
            return "limit reached"
        case _:
            return "not of the input's type"


def as_json(row: Row, error: PfaError) -> dict[str, Any]:
    """A line of the rejects file."""
    at = error.problems[0].at
    return {
        "line": row.line,
        "code": error.code if isinstance(error, PfaRuntimeError) else None,
        "pointer": error.path if isinstance(error, PfaDataError) else at.pointer,
        "error": error.problems[0].text,
        "kind": type(error).__name__,
        "datum": row.datum,
    }
