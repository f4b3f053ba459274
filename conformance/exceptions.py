"""Trials whose reference answer is shown wrong: exceptions.toml, one entry a trial, with the evidence.

An entry is strict on the suite that it was found in (`suite` in the file is that one's SHA-256): the trial
runs, and an entry whose trial agrees, or that names no trial, is an error.  On another suite, whose engines
are numbered otherwise, a trial of the same function with the same sample and reference is excepted too.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "exceptions.toml"


@dataclass(frozen=True)
class Entry:
    """One trial; `engine` is the test's index in the suite, `evidence` shows the reference wrong."""

    function: str
    engine: int
    sample: Any
    ours: Any
    reference: Any
    evidence: str

    def __str__(self) -> str:
        return f"exceptions.toml: {self.function} engine {self.engine}, sample {json.dumps(self.sample)}"


class Listed:
    """The entries for one engine; it notes which were met."""

    def __init__(self, entries: list[Entry], strict: bool) -> None:
        self.entries = entries
        self.strict = strict
        self.met: set[int] = set()

    def find(self, sample: Any, trial: dict[str, Any]) -> Entry | None:
        reference = trial.get("result", {"error": trial.get("error")})
        for i, entry in enumerate(self.entries):
            if entry.sample == sample and entry.reference == reference:
                self.met.add(i)
                return entry
        return None

    def unused(self) -> list[str]:
        missed = [e for i, e in enumerate(self.entries) if i not in self.met] if self.strict else []
        return [f"{e}: there is no such trial" for e in missed]


@dataclass(frozen=True)
class Exceptions:
    """All entries; `of` gives those for one engine."""

    entries: tuple[Entry, ...] = ()
    strict: bool = False

    def of(self, function: str, engine: int) -> Listed | None:
        mine = [e for e in self.entries if e.function == function and (not self.strict or e.engine == engine)]
        return Listed(mine, self.strict) if mine else None


def read_exceptions(suite: Path, path: Path = FILE) -> Exceptions:
    """The entries for a suite; `sample`, `ours`, `reference` may be JSON in a string (TOML has no null)."""
    rows = tomllib.loads(path.read_text("utf-8"))
    strict = hashlib.sha256(suite.read_bytes()).hexdigest() == rows["suite"]
    grouped = [entry for group in rows.get("group", []) for entry in _grouped(group)]
    return Exceptions((*map(_entry, rows.get("trial", [])), *grouped), strict)


def _entry(row: dict[str, Any]) -> Entry:
    sample, ours, reference = (_json(row[key]) for key in ("sample", "ours", "reference"))
    return Entry(row["function"], row["engine"], sample, ours, reference, row["evidence"])


def _grouped(group: dict[str, Any]) -> list[Entry]:
    """Trials of one engine with the same reason: sample, ours, reference, and an independent value."""
    return [
        Entry(
            group["function"],
            group["engine"],
            _json(sample),
            ours,
            reference,
            f"{group['evidence']}: {value}",
        )
        for sample, ours, reference, value in group["trials"]
    ]


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
