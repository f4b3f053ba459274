"""A mutant under siege: checked, loaded, run; nothing but a PfaError may come of it, in time and memory."""

from __future__ import annotations

import json
import pickle
import resource
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pfa
from tests.generate.mutants import Original, mutant, text_mutant

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

STEPS = pfa.Limits(time=2.0, steps=30_000, memory=64 << 20, bytes=1 << 24, nodes=1_000_000, recursion=200)
TIME = pfa.Limits(time=0.4, memory=64 << 20, bytes=1 << 24, nodes=1_000_000)
SLOW = 6.0  # seconds beyond the limit, for reading and checking or for one call, on a busy machine
LARGE = 600  # MB that one mutant may add to what the process has at most
RUNS = (pfa.PfaRuntimeError, pfa.PfaLimitError, pfa.PfaLifecycleError, pfa.PfaDataError)
JUNK = (
    None, True, 0, -1, 2**63, 0.5, float("nan"), "x", b"x", [], [1, "x"], {}, {"x": 1}, {"int": 1}, (1, 2),
    {1: 2}, object(), {"@": 1}, [None] * 3, bytearray(b"ab"), {"a": {"b": {"c": []}}}, 1j,
)  # fmt: skip


@dataclass
class Siege:
    """One mutant: `faults` is what must not be, `counts` what it came to."""

    r: Random
    show: Callable[[Any], None] | None = None
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    limits: pfa.Limits = STEPS
    running: float = 0.0  # seconds

    def structure(self, originals: list[Original]) -> None:
        """A mutant of a document's structure."""
        original, donor = self.r.choice(originals), self.r.choice(originals)
        document = mutant(self.r, original, donor)
        given: Any = document
        if self.r.random() < 0.5:
            try:
                given = json.dumps(document)
            except RecursionError:
                self.counts["too deep for json.dumps"] += 1
        self.attack(given, original.data)

    def text(self, originals: list[Original]) -> None:
        """A mutant of a document's text."""
        original = self.r.choice(originals)
        self.attack(text_mutant(self.r, original.document), original.data)

    def attack(self, given: Any, data: tuple[Any, ...]) -> None:
        if self.show:
            self.show(given if isinstance(given, str | bytes) else json.dumps(given))
            self.show(data)
        self.limits = STEPS if self.r.random() < 0.8 else TIME
        begun, size = time.monotonic(), _peak()
        before = _shown(given)
        try:
            self.load(given, data)
        except Exception as error:  # whatever comes here is what we look for
            frames = traceback.format_exc(limit=-4)
            self.faults.append(f"{type(error).__name__}: {str(error)[:300]}\n{frames}")
        if _shown(given) != before:
            self.faults.append("the caller's document was changed")
        if (took := time.monotonic() - begun - self.running) > SLOW:
            self.faults.append(f"reading and checking took {took:.1f} s")
        if (grown := _peak() - size) > LARGE:
            self.faults.append(f"took {grown} MB")

    def load(self, given: Any, data: tuple[Any, ...]) -> None:
        problems = self.checked(given)
        tagged = self.r.random() < 0.7
        try:
            engine = pfa.loads(given, limits=self.limits, unions="tagged" if tagged else "natural")
        except pfa.PfaError as error:
            self.counts[f"refused {type(error).__name__}"] += 1
            str(error)
            if not problems:
                self.faults.append(f"pfa.check finds no problem, pfa.loads: {error}")
            return
        self.counts["loaded"] += 1
        if self.show:
            self.show(engine.source())
        if problems:
            self.faults.append(f"it loads, and pfa.check finds {problems[0]}")
        self.run(engine, data)

    def checked(self, given: Any) -> list[pfa.Problem]:
        problems = pfa.check(given, limits=self.limits, strict=self.r.random() < 0.3)
        for p in problems:
            str(p)
        return [p for p in problems if not p.warning]

    def run(self, engine: pfa.Engine, data: tuple[Any, ...]) -> None:
        """begin, actions, a state in between, junk, functions, end."""
        engine.log = lambda message, namespace: None
        self.attempt("begin", engine.begin)
        ran = [self.attempt("action", lambda x=x: engine.action(x)) for x in data[:3]]
        self.counts["ran"] += any(ran)
        self.copies(engine)
        junk = self.r.choice(JUNK)
        self.attempt("junk", lambda: engine.action(junk))
        for name, f in engine._compiled.program.functions.items():
            args = [self.r.choice(JUNK) for _ in f.type.params]
            self.attempt("call", lambda name=name, args=args: engine.call(name, *args))
        if engine.method == "fold":
            self.attempt("merge", lambda: engine.merge(self.r.choice(JUNK), engine.tally))
        self.attempt("end", engine.end)
        engine.source()

    def copies(self, engine: pfa.Engine) -> None:
        found: list[bytes] = []
        self.attempt("state", lambda: found.append(engine.state()))
        if not found:
            return
        [blob], roll = found, self.r.random()
        if roll < 0.3:
            self.attempt("snapshot", lambda: pfa.loads(engine.snapshot(), limits=self.limits))
        elif roll < 0.5 and not engine._runtime.shared_cells and not engine._runtime.shared_pools:
            pickle.loads(pickle.dumps(engine)).close()
        elif roll < 0.7:
            engine.clone(instance=1)._restore(blob)

    def attempt(self, what: str, run: Any) -> bool:
        """Run something that may end with an error of running, and count what comes of it."""
        begun = time.monotonic()
        ended: Exception | None = None
        try:
            run()
        except RUNS as error:
            str(error)
            ended = error
        self.counts[f"{what}: {'done' if ended is None else type(ended).__name__}"] += 1
        took = time.monotonic() - begun
        self.running += took
        if took > (self.limits.time or 0.0) + SLOW:
            self.faults.append(f"{what} took {took:.1f} s")
        return not isinstance(ended, pfa.PfaLifecycleError | pfa.PfaDataError)


def _peak() -> int:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _shown(given: Any) -> Any:
    try:
        return repr(given)
    except RecursionError:
        return None
