"""`pfa run`: data through a model, a row in and a row out, as it comes; with `--state` a run that can be killed.

What a run consists of is in `run_input` and `run_output` (options, files), `run_scoring` (the loop) and `run_state`
(the job).
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pfa
from pfa.cli.limits import limits_of
from pfa.cli.progress import Progress
from pfa.cli.run_columns import columns_of
from pfa.cli.run_input import Settings, UsageError, open_input
from pfa.cli.run_output import open_output, open_rejects, repair
from pfa.cli.run_scoring import Scoring, summary
from pfa.cli.run_state import Keeper, Kept, find
from pfa.data.job import locked
from pfa.errors import PfaDataError, PfaInitError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pfa.data.job import End, Job
    from pfa.data.rows import Row


def run(args: argparse.Namespace) -> int:
    """Run data through a model: CSV (columns named as the fields of the input), JSON lines, Avro, Parquet or Arrow."""
    try:
        settings = Settings.of(args)
        with ExitStack() as stack:
            return _Run(args, settings, stack).run()
    except UsageError as error:
        print(f"pfa run: {error}", file=sys.stderr)
        return 2


class _Run:
    """One run, from opening its files to closing them."""

    def __init__(self, args: argparse.Namespace, settings: Settings, stack: ExitStack) -> None:
        self.args = args
        self.settings = settings
        self.stack = stack
        self.limits = limits_of(args)

    def run(self) -> int:
        """The exit code."""
        args, settings = self.args, self.settings
        if args.state:
            self.stack.enter_context(locked(args.state))
        kept = find(args, settings, self.limits)
        engines = self.engines(kept)
        source = self.stack.enter_context(open_input(args.input))
        kept.check_input(source, args.input)
        name = "" if args.input == "-" else args.input
        start = kept.job.position

        def rows() -> Iterator[Row]:
            return settings.reader(source, engines[0], name, start)

        if kept.ended:
            if next(rows(), None) is None:
                return self.again(kept.job, kept.ended)
            if kept.job.output.path and kept.job.output.position is None:
                said = f"{args.state}: there is more input, and an earlier version did not note where the output ends"
                raise PfaDataError(f"{said}; give another --state, and another output")
            source.seek(0)
        columns = columns_of(engines, settings, source, name, start)
        data = columns or rows()
        output = open_output(args.output, settings, engines[0].output_type, kept.job, self.stack)
        rejects = open_rejects(args.rejects, settings, kept.job, self.stack)
        keeper = Keeper(args, settings, kept, engines, source, output, rejects, self.limits)
        source.before_waiting(output.flush)
        progress = self.stack.enter_context(Progress(source))
        return Scoring(args, engines, output, rejects, keeper, progress).score(data)

    def engines(self, kept: Kept) -> list[pfa.Engine]:
        """The engines, with the states that are kept."""
        states: list[Any] = kept.states or [None] * self.args.instances
        if "PFA_WORKER" not in os.environ:  # when an engine goes on compiled must not show in the output
            os.environ["PFA_WORKER"] = "off"
            self.stack.callback(os.environ.pop, "PFA_WORKER", None)
        first = pfa.load(
            self.args.model, backend=self.args.backend, unions="tagged", limits=self.limits, state=states[0]
        )
        engines = [first, *(first.clone(instance=i) for i in range(1, self.args.instances))]
        for engine, state in zip(engines[1:], states[1:], strict=True):
            if state is not None:
                engine._restore(state)
        notes = [note.text for engine in engines for note in engine._runtime.notes]
        if notes:
            raise PfaInitError(f"{self.args.state}: the state is of another document ({notes[0]}); it is left as it is")
        return [self.stack.enter_context(engine) for engine in engines]

    def again(self, job: Job, ended: End) -> int:
        """A run that had come to its end, and nothing new in its input: nothing changes."""
        repair(job.output, ended.output)
        repair(job.rejects, ended.rejects)
        if job.failed:
            print(summary(job.rows, Counter(job.failed)), file=sys.stderr)
        return 0
