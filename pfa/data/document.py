"""An engine as a document: its code, with the values of its cells and pools as their initial ones.

Place: `Engine.snapshot` gives it to the caller, pickles carry it.  Invariant: no container is shared with the
engine.
"""

from __future__ import annotations

from importlib import import_module
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


_REMEDY = "use snapshot(directory) or state()"


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
            spec["init"] = made = write(t, values[n], f"/{kind}/{n}/init")
            if isinstance(made, File):
                spec |= {"init": str(made), "source": "avro"}
    if p.method == "fold":
        document["zero"] = write(p.output, tally, "/zero")
    return document


class File(str):
    """The name of an Avro file that holds a value."""

    __slots__ = ()


def portable(code: dict[str, Any], p: Program) -> dict[str, Any]:
    """The document for another process, without the values of cells and pools: they are its sources, by their places.

    JSON has no place for all of them: model data of an Avro file may have a key "@".
    """
    document: dict[str, Any] = fresh(code)
    for kind in {"cells", "pools"} & document.keys():
        for n, spec in document[kind].items():
            spec |= {"source": "json", "init": f"{kind}/{n}"}
    if p.method == "fold":
        document["zero"] = json_encoder(p.output)(p.zero)
    return document


def first_values(p: Program) -> dict[str, Any]:
    """The initial values of cells and pools by the places of `portable`."""
    values = {f"cells/{n}": c.init for n, c in p.cells.items()}
    return values | {f"pools/{n}": c.init for n, c in p.pools.items()}


def strict_json(charge: Charge) -> Write:
    """Values in Avro's JSON encoding; PfaDataError names what it cannot hold."""

    def write(t: Type, value: Any, at: str) -> Any:
        made = json_encoder(t, charge=charge)(value)
        _refuse(made, at)
        return made

    return write


def json_or_file(folder: str, charge: Charge) -> Write:
    """The same, but what JSON cannot hold goes to an Avro file in a folder (not the tally, which has no source)."""
    write_json = strict_json(charge)
    write_value = import_module("pfa.data.outside").write_value  # late: it brings all of Avro

    def write(t: Type, value: Any, at: str) -> Any:
        try:
            return write_json(t, value, at)
        except PfaDataError:
            if at == "/zero":
                raise
            _, kind, name, _ = at.split("/")
            return File(write_value(folder, f"{kind[:-1]}-{name}", t, value, digest=True, charge=charge))

    return write


def _refuse(value: Any, at: str) -> None:
    if isinstance(value, float) and not isfinite(value):
        reason = f"JSON has no NaN and no infinities; {_REMEDY}"
        raise PfaDataError(CannotFill(reason, at=Where(at)), at)
    if isinstance(value, dict):
        if "@" in value:
            reason = f'a map key "@" would be a locator mark; {_REMEDY}'
            raise PfaDataError(CannotFill(reason, at=Where(at)), at)
        for k, v in value.items():
            _refuse(v, f"{at}/{escape(k)}")
    elif isinstance(value, list):
        for i, v in enumerate(value):
            _refuse(v, f"{at}/{i}")
