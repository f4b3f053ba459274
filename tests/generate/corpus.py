"""Documents to make mutants of: generated ones, cases of the language, the shared material where it is."""

from __future__ import annotations

import json
import lzma
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import pfa
from conformance.cases import Case, own_cases, read_cases
from conformance.values import reader
from tests.generate import program
from tests.generate.mutants import Original
from tests.support import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GENERATED = 120


@cache
def small() -> list[Original]:
    """Those that are always there."""
    return [*_generated(), *(o for c in own_cases() if (o := _case(c)) is not None)]


@cache
def large(suite: int) -> list[Original]:
    """All of them, with about so many engines of the function suite."""
    folder = SHARED / "conformance"
    cases = [
        c for name in ("language.json", "field.json") if (folder / name).exists() for c in read_cases(folder / name)
    ]
    return [*small(), *(o for c in cases if (o := _case(c)) is not None), *_real(), *_suite(folder, suite)]


def _generated() -> Iterator[Original]:
    for seed in range(GENERATED):
        made = program(Random(seed), (10, 20, 30, 60)[seed % 4])
        yield Original(f"generated {seed}", made.document, tuple(made.data))


def _case(case: Case) -> Original | None:
    """A valid case with the data it is given."""
    if "invalid" in case.expect or not isinstance(case.document, dict):
        return None
    read = reader(pfa.loads(case.document).input_type)
    return Original(str(case), case.document, tuple(read(x) for x in case.entry["inputs"][:3]))


def _real() -> Iterator[Original]:
    """Published documents; not the largest, since a mutant of them costs as much as a hundred others."""
    for path in sorted((SHARED / "real").glob("*.[pj]*")):
        if path.stat().st_size < 60_000 and path.name != "expected.json":
            try:
                document = json.loads(path.read_text("utf-8"))
            except ValueError:
                continue
            if isinstance(document, dict):
                yield Original(path.name, document, tuple(_data(path)))


def _data(path: Path) -> list[Any]:
    found = json.loads((path.parent / "expected.json").read_text("utf-8")).get(path.name, {})
    return list(found.get("inputs", []))[:3] if isinstance(found, dict) else []


def _suite(folder: Path, count: int) -> Iterator[Original]:
    path = folder / "pfa-tests.json.xz"
    if not count or not path.exists():
        return
    tests = json.loads(lzma.decompress(path.read_bytes()))["pfa-tests"]
    for test in tests[:: max(1, len(tests) // count)]:
        trials = tuple(t["sample"] for t in test["trials"][:3])
        if len(json.dumps(test["engine"])) < 20_000 and len(json.dumps(trials)) < 20_000:
            yield Original(test["function"], test["engine"], trials)
