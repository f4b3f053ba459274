"""One generated program on trial: what must hold of a well-typed document, whatever it computes."""

from __future__ import annotations

import gzip
import json
import pickle
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pfa
from pfa.cli.fmt import as_yaml, layout
from tests.generate.judge import judge
from tests.generate.statements import CHANGED
from tests.generate.values import natural

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.generate.documents import Program
    from tests.generate.types import T

LIMITS = pfa.Limits(time=60.0, steps=200_000, memory=None)
AHEAD = 2  # data before a state is taken
Event = tuple[str, Any]
WRITTEN: tuple[Callable[[Any], Any], ...] = (
    lambda document: document,
    layout,
    as_yaml,
    lambda document: gzip.compress(json.dumps(document).encode()),
)
"""The ways to write a document, which all mean the same."""


@dataclass
class Trial:
    """Runs a program in every way; `faults` says what did not hold, `counts` what came out."""

    program: Program
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> list[str]:
        p = self.program
        if problems := pfa.check(p.document, strict=False):
            return [f"check: {problem}" for problem in problems]
        text = json.dumps(p.document)
        tagged = Driver(p, pfa.loads(text, unions="tagged", limits=LIMITS))
        other = Driver(p, pfa.loads(WRITTEN[len(text) % len(WRITTEN)](p.document), limits=LIMITS))
        again = Driver(p, tagged.engine.clone(instance=0)) if not p.shared else None
        first, second = tagged.ahead(), other.ahead()
        copies = self.copies(tagged.engine)
        rest = tagged.rest()
        self.judge(first + rest, second + other.rest())
        for name, make in copies.items():
            self.same(name, rest, make)
        if again is not None:
            self.same("a clone", first + rest, lambda: again.ahead() + again.rest())
        self.equivalent(first + rest)
        self.compiled(first + rest)
        return self.faults

    def compiled(self, want: list[Event]) -> None:
        """Compiled code does the same; what the step limit stops may be elsewhere, and places of errors are exacter."""
        try:
            engine = pfa.loads(self.program.document, unions="tagged", limits=LIMITS, backend="numba")
        except pfa.PfaCompileError:
            self.counts["not compiled"] += 1
            return
        driver = Driver(self.program, engine)
        got = driver.ahead() + driver.rest()
        if any(kind == "error" and what[0] == "PfaLimitError" for kind, what in want + got):
            self.counts["compiled, limited"] += 1
            return
        self.counts["compiled"] += 1
        self.same("compiled", _anywhere(want), lambda: _anywhere(got))

    def equivalent(self, want: list[Event]) -> None:
        """The variant does the same; only the places of errors are others."""
        try:
            variant = Driver(self.program, pfa.loads(self.program.variant, unions="tagged", limits=LIMITS))
        except pfa.PfaError as error:
            self.faults.append(f"variant: {error}")
        else:
            self.same("the variant", _anywhere(want), lambda: _anywhere(variant.ahead() + variant.rest()))

    # -- copies of an engine in the middle of its work --

    def copies(self, engine: pfa.Engine) -> dict[str, Callable[[], list[Event]]]:
        p = self.program
        blob = engine.state()
        restored = pfa.loads(p.document, unions="tagged", limits=LIMITS, state=blob)
        if restored.state() != blob:
            self.faults.append("state() of load(state=blob) is another blob")
        made = {"load(state=...)": lambda: Driver(p, restored).rest()}
        if not p.shared:
            pickled = pickle.dumps(engine)
            made["pickle"] = lambda: Driver(p, pickle.loads(pickled)).rest()
        return made | self.snapshot(engine)

    def snapshot(self, engine: pfa.Engine) -> dict[str, Callable[[], list[Event]]]:
        """A snapshot is valid; its engine goes on the same where nothing depends on where it began."""
        try:
            document = engine.snapshot()
        except pfa.PfaDataError:
            self.counts["no snapshot"] += 1
            return {}
        text = json.dumps(document)
        try:
            other = pfa.loads(text, unions="tagged", limits=LIMITS)
        except pfa.PfaError as error:
            self.faults.append(f"snapshot: {error}")
            return {}
        if json.dumps(other.snapshot()) != text:
            self.faults.append("the snapshot of a snapshot is another document")
        if self.program.uses:
            return {}
        self.counts["snapshot goes on"] += 1
        return {"snapshot": lambda: Driver(self.program, other).rest()}

    # -- comparing --

    def same(self, name: str, want: list[Event], make: Callable[[], list[Event]]) -> None:
        got = make()
        if repr(got) != repr(want):
            i = next((i for i, (a, b) in enumerate(zip(got, want, strict=False)) if repr(a) != repr(b)), -1)
            self.faults.append(f"{name}: event {i} differs: {got[i]!r}, not {want[i]!r}")

    def judge(self, tagged: list[Event], natural: list[Event]) -> None:
        """Outputs have the checked type, and the two ways to write them agree."""
        p = self.program
        if [kind for kind, _ in tagged] != [kind for kind, _ in natural]:
            self.faults.append(f"tagged and natural differ: {_kinds(tagged)}, not {_kinds(natural)}")
            return
        judges = {"out": judge(p.types, p.output)}
        judges |= {f"call {n}": judge(p.types, f.ret) for n, f in p.functions.items()}
        for (kind, one), (_, two) in zip(tagged, natural, strict=True):
            self.counts["error" if kind == "error" else "out" if kind == "out" else "other"] += 1
            if kind in judges:
                if wrong := judges[kind](one, two):
                    self.faults.append(f"{kind}: {wrong}")
            elif repr(one) != repr(two):
                self.faults.append(f"{kind}: tagged {one!r}, natural {two!r}")
            if kind == "error":
                self.counts[f"error {one[0]}"] += 1
                if one[1] == CHANGED:
                    self.faults.append(f"a value was changed in place: {one}")


def _anywhere(events: list[Event]) -> list[Event]:
    """Events without the places of errors."""
    return [(kind, (*what[:3], what[4]) if kind == "error" else what) for kind, what in events]


def _kinds(events: list[Event]) -> list[Any]:
    return [e if e[0] == "error" else e[0] for e in events]


class Driver:
    """One engine, and what comes of it: ("out", value), ("log", ...), ("error", ...), ("call F", value)."""

    def __init__(self, program: Program, engine: pfa.Engine) -> None:
        self.program = program
        self.engine = engine
        self.events: list[Event] = []
        self.tagged = engine._compiled.unions == "tagged"
        engine.log = lambda message, namespace: self.events.append(("log", (message, namespace)))
        if engine.method == "emit":
            engine.emit = lambda out: self.events.append(("out", out))

    def ahead(self) -> list[Event]:
        """begin, and the first data."""
        self.attempt("begin", self.engine.begin)
        self.actions(self.program.data[:AHEAD])
        return self.taken()

    def rest(self) -> list[Event]:
        """The other data, merges, calls from outside, and end."""
        p = self.program
        self.actions(p.data[AHEAD:])
        for one, two in p.tallies:
            self.attempt(
                "out",
                lambda one=one, two=two: self.engine.merge(*(self.given(p.output, x) for x in (one, two))),
            )
        if p.method == "fold":
            self.attempt("out", lambda: self.engine.tally)
        for name, args in p.calls:
            types = p.functions[name].params.values()
            given = [self.given(t, x) for t, x in zip(types, args, strict=True)]
            self.attempt(f"call {name}", lambda name=name, given=given: self.engine.call(name, *given))
        self.attempt("end", self.engine.end)
        return self.taken()

    def taken(self) -> list[Event]:
        made, self.events = self.events, []
        return made

    def actions(self, data: list[Any]) -> None:
        for x in data:
            given = self.given(self.program.input, x)
            self.attempt(
                "out" if self.engine.method != "emit" else "done",
                lambda given=given: self.engine.action(given),
            )

    def given(self, t: T, value: Any) -> Any:
        """A datum as this engine takes it."""
        return value if self.tagged else natural(self.program.types, t, value)

    def attempt(self, kind: str, run: Callable[[], Any]) -> None:
        try:
            self.events.append((kind, run()))
        except (pfa.PfaRuntimeError, pfa.PfaLimitError, pfa.PfaLifecycleError) as error:
            problem = error.problems[0]
            code, emitted = getattr(error, "code", None), getattr(error, "emitted", ())
            self.events.append(("error", (type(error).__name__, code, problem.text, problem.at.pointer, len(emitted))))
