"""Cases of the language: one document, inputs, and what is expected of it; run one and say what differs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pfa
from conformance.values import Comparer, Same, Tolerance, arrays, reader

LANGUAGE = Path(__file__).parent / "language"


TIGHT = Tolerance(double=1e-12)


@dataclass(frozen=True)
class Case:
    """One entry of a language file; README.md says what the members of `entry` mean."""

    file: str
    entry: dict[str, Any]
    tolerance: Tolerance = TIGHT

    def __str__(self) -> str:
        return f"{self.file}:{self.entry['id']}"

    @property
    def document(self) -> Any:
        """Text (`yaml`) where the text itself is the point, else the document."""
        return self.entry["yaml"] if "yaml" in self.entry else self.entry["engine"]

    @cached_property
    def expect(self) -> dict[str, Any]:
        return dict(self.entry["expect"])

    def run(self, backend: str = "python", escape: bool = True) -> list[str]:
        """What differs from what is expected; empty when the case passes."""
        return self._invalid() if "invalid" in self.expect else self._valid(backend, escape)

    def _invalid(self) -> list[str]:
        problems = [str(p) for p in pfa.check(self.document)]
        wrong = [] if problems else ["pfa.check finds no problem"]
        reason = self.expect["invalid"]
        if isinstance(reason, str) and problems and not any(reason in p for p in problems):
            wrong.append(f"no problem names {reason!r}: {problems}")
        try:
            pfa.loads(self.document, unions="tagged")
        except pfa.PfaError:
            return wrong
        return [*wrong, "it loads"]

    def _valid(self, backend: str, escape: bool) -> list[str]:
        wrong = [f"pfa.check: {p}" for p in pfa.check(self.document)]
        try:
            engine = pfa.loads(self.document, backend=backend, unions="tagged", escape=escape)
        except pfa.PfaError as error:
            return [*wrong, f"does not load: {error}"]
        return [*wrong, *Run(self, engine).differences()]


class Run:
    """One case on one engine."""

    def __init__(self, case: Case, engine: pfa.Engine) -> None:
        self.case = case
        self.expect = case.expect
        self.engine = engine

    def differences(self) -> list[str]:
        if "error_code" in self.expect:
            return self._fails_with(self.expect["error_code"])
        wrong = self._emitted("begin", self.engine.begin())
        wrong += self._outputs()
        for one, two, want in self.expect.get("merge", []):
            read = reader(self.engine.output_type)
            wrong += self._compare("merge", self.engine.merge(read(one), read(two)), want)
        for name, arguments, want in self.expect.get("calls", []):
            got = self.engine.call(name, *arguments)
            wrong += [] if got == want else [f"call {name}: {got!r}, not {want!r}"]
        wrong += self._emitted("end", self.engine.end())
        return wrong + self._state()

    def _outputs(self) -> list[str]:
        wrong: list[str] = []
        inputs, wants = self.case.entry["inputs"], self.expect["outputs"]
        if len(inputs) != len(wants):
            return [f"{len(inputs)} inputs and {len(wants)} outputs"]
        for i, (datum, want) in enumerate(zip(inputs, wants, strict=True)):
            wrong += self._one(f"input {i}", datum, want)
        return wrong

    def _one(self, what: str, datum: Any, want: Any) -> list[str]:
        got = self._action(datum)
        if isinstance(got, pfa.PfaError) or _is_failure(want):
            return [] if _failure(got) == want else [f"{what}: {got!r}, not {want!r}"]
        return self._compare(what, got, want)

    def _action(self, datum: Any) -> Any:
        try:
            return self.engine.action(reader(self.engine.input_type)(datum))
        except pfa.PfaError as error:
            return error

    def _compare(self, what: str, got: Any, want: Any) -> list[str]:
        right = outcomes(self.engine, self.case.tolerance)(got, want)
        return [] if right else [f"{what}: {got!r}, not {want!r}"]

    def _emitted(self, phase: str, got: Any) -> list[str]:
        want = self.expect.get(phase, [])
        right = arrays(Comparer(self.case.tolerance).of(self.engine.output_type))(got or [], want)
        return [] if right else [f"{phase} emits {got!r}, not {want!r}"]

    def _fails_with(self, code: int) -> list[str]:
        try:
            self.engine.begin()
        except pfa.PfaRuntimeError as error:
            return [] if error.code == code else [f"begin fails with {error.code}, not {code}"]
        for datum in self.case.entry["inputs"]:
            got = self._action(datum)
            if isinstance(got, pfa.PfaRuntimeError):
                return [] if got.code == code else [f"fails with {got.code}, not {code}"]
        return [f"nothing fails, {code} is expected"]

    def _state(self) -> list[str]:
        """Cells and pools at the end, as `snapshot` gives them."""
        if not self.expect.keys() & {"cells", "pools"}:
            return []
        document = self.engine.snapshot()
        return [
            f"{kind}.{name} ends as {document[kind][name]['init']!r}, not {want!r}"
            for kind in ("cells", "pools")
            for name, want in self.expect.get(kind, {}).items()
            if document[kind][name]["init"] != want
        ]


def outcomes(engine: pfa.Engine, tolerance: Tolerance = TIGHT) -> Same:
    """Compares what an action gave: of method emit, the list of what it emitted."""
    same = Comparer(tolerance).of(engine.output_type)
    return arrays(same) if engine.method == "emit" else same


def _is_failure(want: Any) -> bool:
    return isinstance(want, dict) and bool(want.keys() & {"$error", "$user_error"})


def _failure(got: Any) -> dict[str, int] | None:
    match got:
        case pfa.PfaUserError():
            return {"$user_error": got.code}
        case pfa.PfaRuntimeError():
            return {"$error": got.code}
        case _:
            return None


def read_cases(path: Path, tolerance: Tolerance = TIGHT) -> list[Case]:
    """The cases of one file."""
    entries = json.loads(path.read_text("utf-8"))
    return [Case(path.stem, e, tolerance) for e in entries]


def own_cases() -> list[Case]:
    """The cases of this project."""
    return [case for path in sorted(LANGUAGE.glob("*.json")) for case in read_cases(path)]
