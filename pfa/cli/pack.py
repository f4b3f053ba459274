"""`pfa pack` and `pfa unpack`: model data into a document, and out of it into files beside it.

Both change the document as it stands, so everything but the data stays: order, locator marks, options.  Invariant: the
document that is written loads from where it is written, and is the same model.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pfa
from pfa.cli.writing import write_document
from pfa.data.document import strict_json
from pfa.data.outside import write_file, write_value
from pfa.data.resources import Resources, folder_of
from pfa.errors import PfaDataError, PfaError
from pfa.limits import Limits
from pfa.read import load
from pfa.types import Map

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from pfa.ir import Cell

KINDS = {"cells": "cell", "pools": "pool"}
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack(args: argparse.Namespace) -> int:
    """Put the model data that a document has in other files into the document."""
    model = _Model(args.model)
    for spec in model.specs:
        if spec.cell.source != "embedded":
            spec.put("embedded", model.as_json(spec))
    write_document(args.output, model.document)
    return 0


def unpack(args: argparse.Namespace) -> int:
    """Put the model data of a document into files beside the one that is written."""
    model = _Model(args.model)
    folder = args.output.absolute().parent
    stays = folder.resolve() == args.model.absolute().parent.resolve()
    stem, taken = args.output.name.partition(".")[0], set[str]()
    for spec in model.specs:
        if spec.moves(stays, args.above):
            name = _free(f"{stem}.{KINDS[spec.kind]}.{spec.name}", taken)
            if args.json:
                name += ".json"
                write_file(str(folder / name), [_compact(model.as_json(spec)).encode("utf-8"), b"\n"])
                spec.put("json", name)
            else:
                spec.put("avro", write_value(str(folder), name, spec.whole, spec.cell.init))
    write_document(args.output, model.document)
    return 0


class _Spec:
    """A cell or pool: as it stands in the document, and as it was checked."""

    def __init__(self, kind: str, name: str, fields: dict[str, Any], cell: Cell) -> None:
        self.kind, self.name, self.fields, self.cell = kind, name, fields, cell
        self.whole = cell.type if kind == "cells" else Map(cell.type)

    @property
    def pointer(self) -> str:
        return f"/{self.kind}/{self.name}/init"

    def put(self, source: str, init: Any) -> None:
        """Change where the data is; the order of the fields stays."""
        self.fields["init"] = init
        if source != "embedded":
            self.fields["source"] = source
        else:
            self.fields.pop("source", None)

    def moves(self, stays: bool, above: int) -> bool:
        """Is the data to be written to a file?  `stays`: files that are named already will still be there."""
        if "init" not in self.fields:
            return False
        if self.cell.source != "embedded":
            return not stays
        return len(_compact(self.fields["init"]).encode("utf-8")) > above


class _Model:
    """A document twice: as it stands, and checked, with its data."""

    def __init__(self, path: Path) -> None:
        program = pfa.load(path)._compiled.program
        self.path = path
        self.document = load(path, limits=Limits()).value
        self.resources = Resources(None, folder_of(path), Limits())
        self.specs = list(self._specs({"cells": program.cells, "pools": program.pools}))

    def _specs(self, declared: dict[str, dict[str, Cell]]) -> Iterator[_Spec]:
        for kind, cells in declared.items():
            for name, cell in cells.items():
                yield _Spec(kind, name, self.document[kind][name], cell)

    def as_json(self, spec: _Spec) -> Any:
        """The data of a cell or pool as it stands in a document; JSON with its locator marks."""
        if spec.cell.source == "embedded":
            return spec.fields["init"]
        if spec.cell.source == "json":
            return self.resources.text(spec.fields["init"])
        try:
            return strict_json(lambda amount: None)(spec.whole, spec.cell.init, spec.pointer)
        except PfaDataError as error:
            reason = error.problems[0].text.partition(";")[0]
            raise PfaError(f"{self.path}: {spec.pointer}: {reason}; leave it in an Avro file") from None


def _free(stem: str, taken: set[str]) -> str:
    """A name that is no other cell's, also where files of a and A are one."""
    name, count = stem, 1
    while name.lower() in taken:
        count += 1
        name = f"{stem}.{count}"
    taken.add(name.lower())
    return name
