"""What a run came to: text for people, JUnit XML for build servers, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from conformance.suite import Outcome

if TYPE_CHECKING:
    from pathlib import Path

Table = Mapping[str, Sequence[Outcome]]


def total(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Sums over engines."""
    return {
        "engines": len(outcomes),
        "trials": sum(o.trials for o in outcomes),
        "passed": sum(o.passed for o in outcomes),
        "failed": sum(o.failed for o in outcomes),
        "excepted": sum(o.excepted for o in outcomes),
        "seconds": round(sum(o.seconds for o in outcomes), 3),
    }


def as_text(table: Table, every_function: bool) -> str:
    """One line a function (those with failures, or all), then the differences."""
    lines = [f"{'function':40} engines   trials   passed  failed listed  seconds"]
    for name, outcomes in table.items():
        t = total(outcomes)
        if every_function or t["failed"]:
            lines.append(_line(name, t))
    lines.append(_line("all", total([o for outcomes in table.values() for o in outcomes])))
    differences = [d for outcomes in table.values() for o in outcomes for d in o.differences]
    stale = [s for outcomes in table.values() for o in outcomes for s in o.stale]
    return "\n".join([*lines, *map(str, differences[:200]), *stale])


def _line(name: str, t: dict[str, Any]) -> str:
    return (
        f"{name:40} {t['engines']:7} {t['trials']:8} {t['passed']:8} {t['failed']:7} {t['excepted']:6}"
        f" {t['seconds']:8.2f}"
    )


def write_json(path: Path, table: Table) -> None:
    """Totals a function, and the differences."""
    functions = {
        name: total(outcomes) | {"differences": [str(d) for o in outcomes for d in o.differences]}
        for name, outcomes in table.items()
    }
    every = total([o for outcomes in table.values() for o in outcomes])
    path.write_text(json.dumps({"total": every, "functions": functions}, indent=1), "utf-8")


def write_junit(path: Path, table: Table) -> None:
    """A test suite a function, a test case an engine."""
    root = ElementTree.Element("testsuites")
    for name, outcomes in table.items():
        failures = sum(bool(o.failed or o.stale) for o in outcomes)
        suite = ElementTree.SubElement(
            root, "testsuite", name=name, tests=str(len(outcomes)), failures=str(failures)
        )
        for o in outcomes:
            case = ElementTree.SubElement(
                suite, "testcase", classname=name, name=f"engine {o.index}", time=f"{o.seconds:.3f}"
            )
            if o.failed or o.stale:
                failure = ElementTree.SubElement(case, "failure", message=f"{o.failed} of {o.trials} trials")
                failure.text = "\n".join([*map(str, o.differences), *o.stale])
    ElementTree.ElementTree(root).write(path, "utf-8", xml_declaration=True)
