"""What an engine takes over from a state that `pfa.memory.state` has read.

A state may come from anybody: a blob whose digest is right is still only data.  The invariant: a value gets
into a cell, a pool or the tally only if it is a host value of the type declared there, and the state says that it
was saved under just this type; everything else stays as the document has it, and is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfa.check.problems import CannotFill, show
from pfa.errors import PfaInitError, Problem
from pfa.memory.validate import validator
from pfa.types import Map, Type, canonical

if TYPE_CHECKING:
    from pfa.ir import Cell, Program

PHASES = ("new", "running", "ended", "failed")
_MOST = 1 << 62  # of a counter, so that it can go on counting


@dataclass(frozen=True, slots=True)
class Taken:
    """The values of a state that fit, and notes of what did not."""

    cells: dict[str, Any]
    pools: dict[str, Any]
    tally: list[Any]  # of one, or empty
    counts: tuple[int, int, int]
    random: list[Any]
    phase: str
    notes: list[Problem]


def types_of(p: Program) -> dict[str, str]:
    """The types that are saved beside the values."""
    types = {f"cell {n}": canonical(c.type) for n, c in p.cells.items()}
    return types | {f"pool {n}": canonical(c.type) for n, c in p.pools.items()}


def take(found: dict[str, Any], p: Program) -> Taken:
    """What of a state fits the document; PfaInitError where it is no state of a scoring engine."""
    types, cells, pools = (_named(found, key) for key in ("types", "cells", "pools"))
    counts = tuple(_count(found.get(key)) for key in ("started", "finished", "calls"))
    random, phase = found.get("random"), found.get("phase")
    if type(random) is not list or phase not in PHASES:
        raise _no_state()
    notes: list[Problem] = []
    kept_cells = _fitting("cell", cells, types, p.cells, notes)
    kept_pools = _fitting("pool", pools, types, p.pools, notes)
    tally: list[Any] = []
    if p.method == "fold":
        if _fits(p.output, found.get("tally"), found.get("output")):
            tally.append(found["tally"])
        else:
            notes.append(CannotFill("the state does not fit the tally"))
    return Taken(kept_cells, kept_pools, tally, counts, random, phase, notes)  # type: ignore[arg-type]


def _no_state() -> PfaInitError:
    return PfaInitError("the state is not one of a scoring engine")


def _named(found: dict[str, Any], key: str) -> dict[str, Any]:
    value = found.get(key)
    if type(value) is not dict:
        raise _no_state()
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        raise _no_state()
    return value


def _fits(t: Type, value: Any, saved_as: Any, items: bool = False) -> bool:
    return bool(saved_as == canonical(t) and validator(Map(t) if items else t)(value))


def _fitting(
    kind: str, given: dict[str, Any], types: dict[str, Any], declared: dict[str, Cell], notes: list[Problem]
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for n, c in declared.items():
        if n not in given:
            notes.append(CannotFill(f"the state has no {kind} {n}"))
        elif _fits(c.type, given[n], types.get(f"{kind} {n}"), kind == "pool"):
            kept[n] = given[n]
        else:
            notes.append(CannotFill(f"the state does not fit {kind} {n}"))
    unknown = [n for n in given if n not in declared]
    notes += [CannotFill(f"the state has a {kind} {show(n)}, which the document has not") for n in unknown]
    return kept
