"""An engine as a document: its code, with the values of its cells and pools as their initial ones.

Place: `Engine.snapshot` gives it to the caller, pickles carry it.  Invariant: no container is shared with the
engine.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from pfa.check.embedded import fresh
from pfa.check.problems import CannotFill
from pfa.check.schemas import escape
from pfa.errors import PfaDataError, Where
from pfa.lib.encode import json_encoder
from pfa.types import Map, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.ir import Program
    from pfa.lib.define import Charge

    Write = Callable[[Type, Any, str], Any]


def code_of(document: dict[str, Any], owned: bool) -> dict[str, Any]:
    """The document without its embedded data, which lives on in the program; a copy of what is the caller's."""
    made = {k: v for k, v in document.items() if k not in ("@", "zero")}
    for kind in {"cells", "pools"} & made.keys():
        specs = {n: spec for n, spec in made[kind].items() if n != "@"}
        made[kind] = {n: {k: v for k, v in spec.items() if k != "init"} for n, spec in specs.items()}
    return made if owned else dict(fresh(made))


def filled(
    code: dict[str, Any], p: Program, cells: dict[str, Any], pools: dict[str, Any], tally: Any, write: Write
) -> dict[str, Any]:
    """The document of some values."""
    document: dict[str, Any] = fresh(code)
    for kind, values, declared in (("cells", cells, p.cells), ("pools", pools, p.pools)):
        for n, spec in document.get(kind, {}).items():
            t = declared[n].type if kind == "cells" else Map(declared[n].type)
            spec.pop("source", None)
            spec["init"] = write(t, values[n], f"/{kind}/{n}/init")
    if p.method == "fold":
        document["zero"] = write(p.output, tally, "/zero")
    return document


def portable(code: dict[str, Any], p: Program) -> dict[str, Any]:
    """The document with its first values, for another process; NaN and infinities are read there."""
    cells = {n: c.init for n, c in p.cells.items()}
    pools = {n: c.init for n, c in p.pools.items()}
    return filled(code, p, cells, pools, p.zero, lambda t, value, at: json_encoder(t)(value))


def strict_json(charge: Charge) -> Write:
    """Values in Avro's JSON encoding; PfaDataError names what it cannot hold."""

    def write(t: Type, value: Any, at: str) -> Any:
        made = json_encoder(t, charge=charge)(value)
        _refuse(made, at)
        return made

    return write


def _refuse(value: Any, at: str) -> None:
    if isinstance(value, float) and not isfinite(value):
        reason = "JSON has no NaN and no infinities; use state()"
        raise PfaDataError(CannotFill(reason, at=Where(at)), at)
    if isinstance(value, dict):
        if "@" in value:
            reason = 'a map key "@" would be a locator mark; use state()'
            raise PfaDataError(CannotFill(reason, at=Where(at)), at)
        for k, v in value.items():
            _refuse(v, f"{at}/{escape(k)}")
    elif isinstance(value, list):
        for i, v in enumerate(value):
            _refuse(v, f"{at}/{i}")
