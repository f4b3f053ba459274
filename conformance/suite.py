"""The function suite: engines with thousands of trials each, run on this implementation and judged.

Every process that runs part of a suite reads it (a third of a second), so that nothing large is sent about.
"""

from __future__ import annotations

import json
import lzma
import multiprocessing
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pfa
from conformance.values import Comparer, fits, reader, unordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from conformance.exceptions import Exceptions
    from pfa.types import Type

SHOWN = 20  # differences that are kept of one engine; all are counted


@dataclass(frozen=True)
class Difference:
    """A trial whose outcome is not the suite's."""

    index: int  # of the engine in the suite
    trial: int
    function: str
    sample: Any
    got: str
    want: str

    def __str__(self) -> str:
        place = f"{self.function} engine {self.index} trial {self.trial}"
        return f"{place}: {json.dumps(self.sample)} gives {self.got}, not {self.want}"


@dataclass
class Outcome:
    """What the trials of one engine came to."""

    index: int
    function: str
    trials: int = 0
    failed: int = 0
    excepted: int = 0  # differ, and are listed in exceptions.toml
    seconds: float = 0.0
    differences: list[Difference] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return self.trials - self.failed - self.excepted


def read_suite(path: Path) -> list[dict[str, Any]]:
    """The tests of a file in the official format, plain or .xz."""
    data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    tests = json.loads(data)["pfa-tests"]
    assert isinstance(tests, list)
    return tests


@dataclass(frozen=True)
class Runner:
    """Runs tests of a suite on a backend."""

    backend: str
    exceptions: Exceptions
    shown: int | None = SHOWN
    escape: bool = True

    def run(self, index: int, test: dict[str, Any]) -> Outcome:
        outcome = Outcome(index, test["function"])
        start = time.perf_counter()
        try:
            engine = pfa.loads(test["engine"], backend=self.backend, unions="tagged", escape=self.escape)
        except Exception as error:  # also a fault of ours is a difference to report, with those of the others
            self._fail_all(outcome, test, f"a document that does not load: {type(error).__name__}: {error}")
        else:
            self._trials(outcome, test, engine)
        outcome.seconds = time.perf_counter() - start
        return outcome

    def _fail_all(self, outcome: Outcome, test: dict[str, Any], why: str) -> None:
        outcome.trials = outcome.failed = len(test["trials"])
        outcome.differences.append(Difference(outcome.index, 0, test["function"], None, why, "an engine"))

    def _trials(self, outcome: Outcome, test: dict[str, Any], engine: pfa.Engine) -> None:
        read, judge = reader(engine.input_type), Judge(engine.output_type)
        listed = self.exceptions.of(test["function"], outcome.index)
        for number, trial in enumerate(test["trials"]):
            outcome.trials += 1
            sample = trial["sample"]
            got = act(engine, read(sample))
            right = judge(got, trial)
            exception = listed.find(sample, trial) if listed else None
            if exception is not None:
                outcome.excepted += not right
                outcome.stale += [f"{exception}: now it agrees"] if right and self.exceptions.strict else []
            elif not right:
                outcome.failed += 1
                if self.shown is None or outcome.failed <= self.shown:
                    want = f"error {trial['error']}" if "error" in trial else repr(trial.get("result"))
                    outcome.differences.append(
                        Difference(outcome.index, number, test["function"], sample, show(got), want)
                    )
        outcome.stale += listed.unused() if listed else []


def act(engine: pfa.Engine, datum: Any) -> Any:
    """What the action returns, or what it ends with."""
    try:
        return engine.action(datum)
    except Exception as error:  # a fault of ours (no PfaError) never is what a trial asks for
        return error


def show(got: Any) -> str:
    if isinstance(got, pfa.PfaRuntimeError):
        return f"error {got.code}"
    return f"{type(got).__name__}: {got}" if isinstance(got, Exception) else repr(got)


class Judge:
    """Is an outcome what a trial asks for?"""

    def __init__(self, output: Type) -> None:
        self.output = output
        self.same = Comparer().of(output)

    def __call__(self, got: Any, trial: dict[str, Any]) -> bool:
        if "error" in trial:
            return isinstance(got, pfa.PfaRuntimeError) and got.code == trial["error"]
        if isinstance(got, Exception):
            return False
        match trial.get("nondeterministic"):
            case None:
                return self.same(got, trial["result"])
            case "unordered":
                return unordered(self.same)(got, trial["result"])
            case _:
                return fits(self.output, got)


def run_suite(
    path: Path, runner: Runner, wanted: Callable[[str], bool], jobs: int
) -> Iterator[tuple[int, Outcome]]:
    """Outcomes as they come, each with the number of engines in all."""
    tests = read_suite(path)
    indexes = [i for i, test in enumerate(tests) if wanted(test["function"])]
    if jobs == 1:
        for i in indexes:
            yield len(indexes), runner.run(i, tests[i])
        return
    largest_first = sorted(indexes, key=lambda i: -len(tests[i]["trials"]))
    with multiprocessing.get_context("spawn").Pool(jobs, _open, (path, runner)) as pool:
        for outcome in pool.imap_unordered(_run_one, largest_first, chunksize=4):
            yield len(indexes), outcome


_suite: list[dict[str, Any]] = []
_runner: Runner | None = None


def _open(path: Path, runner: Runner) -> None:
    """Make a worker process ready."""
    global _runner
    _suite[:] = read_suite(path)
    _runner = runner


def _run_one(index: int) -> Outcome:
    assert _runner is not None
    return _runner.run(index, _suite[index])


def by_function(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Outcomes of each function, in the order of the suite."""
    table: dict[str, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda o: o.index):
        table.setdefault(outcome.function, []).append(outcome)
    return table
