"""Columns of numbers from text by compiled code (`pfa.targets.kernel.scanning`), where the extra "numba" is installed.

Place in the pipeline: under `csv_columns` and `jsonl_columns`, which fall back to other parsers.  Invariant: a scan
gives the values that the readers of rows give, or NoColumns.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy

from pfa.data.batches import NoColumns
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, NULL, STRING, Type, branches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pfa.data.batches import Parse

ANY, NULLABLE = 0, 8  # as in `scanning`
KINDS: dict[Type, int] = {DOUBLE: 1, FLOAT: 1, INT: 2, LONG: 3, BOOLEAN: 4, STRING: 5}
ARRAYS: dict[Type, str] = {DOUBLE: "f8", FLOAT: "f8", INT: "i8", LONG: "i8", BOOLEAN: "?"}
LARGE = 1 << 20  # bytes of a text whose lines are worth to be counted
PATIENCE = 3  # texts in a row that are odd, after which nothing is scanned


def scanner(
    name: str,
    layout: Sequence[tuple[str | None, bytes]],
    inputs: dict[str, Type],
    used: frozenset[str],
    otherwise: Callable[[], Parse],
) -> Parse:
    """What parses texts of a layout, by a scan as long as that goes; `otherwise` makes what takes the rest."""
    try:
        scan = Scan(name, layout, inputs, used)
    except (NoScan, ImportError, RuntimeError, OSError):  # no compiler that would be of use
        return otherwise()
    other: list[Parse] = []

    def parse(text: bytes) -> tuple[dict[str, Any], int]:
        try:
            return scan.columns(text)
        except NoColumns:
            other[:] = other or [otherwise()]
            return other[0](text)

    return parse


class NoScan(Exception):
    """Nothing can be scanned: no compiler, or a type that is not for it."""


@cache
def _compiled() -> tuple[Any, dict[str, Callable[..., int]], Any]:
    """What keeps the code, the functions by the names of formats, and the table of tens."""
    scans = import_module("pfa.targets.kernel.scans")  # late: its library is optional, and takes time to import
    code = scans.compiled()
    types = [ctypes.c_int64, ctypes.c_char_p, *[ctypes.c_int64] * 5]
    made = {name: code.function(f"rows_of_{name}", *types) for name in ("csv", "jsonl")}
    return code, made, numpy.array(scans.tens(), "i8")


class Scan:
    """Scans texts of one layout: for each column of the text its field, if it has one, and its key with quotes."""

    def __init__(self, name: str, columns: Sequence[tuple[str | None, bytes]], inputs: dict[str, Type],
                 used: frozenset[str]) -> None:  # fmt: skip
        if not columns or sys.byteorder != "little" or not find_spec("llvmlite"):
            raise NoScan
        if {n for n, _ in columns if n is not None} != inputs.keys():
            raise NoScan
        _, functions, self.tens = _compiled()
        self.function = functions[name]
        self.keys = [ctypes.create_string_buffer(key) for _, key in columns]
        self.plan = numpy.zeros((len(columns), 4), "i8")
        self.plan[:, 2] = [ctypes.addressof(key) for key in self.keys]
        self.plan[:, 3] = [len(key) for _, key in columns]
        self.arrays: list[tuple[int, str, Type]] = []
        self.names = list(inputs)
        self.odd = 0
        for i, (field, _) in enumerate(columns):
            self.plan[i, 0] = ANY if field is None else self._kind(i, field, inputs[field], field in used)

    def _kind(self, i: int, field: str, t: Type, used: bool) -> int:
        some = [b for b in branches(t) if b != NULL]
        nullable = len(some) < len(branches(t))
        if len(some) != 1 or some[0] not in KINDS or (used and (nullable or some[0] not in ARRAYS)):
            raise NoScan
        if used:
            self.arrays.append((i, field, t))
        return KINDS[some[0]] + NULLABLE * nullable

    def columns(self, text: bytes) -> tuple[dict[str, Any], int]:
        """The columns and how many rows there are; NoColumns where something is odd."""
        if self.odd >= PATIENCE:
            raise NoColumns
        most = (len(text) // len(self.plan) if len(text) < LARGE else text.count(b"\n")) + 1
        made = {field: (numpy.empty(most, ARRAYS[t]), t) for _, field, t in self.arrays}
        for i, field, _ in self.arrays:
            self.plan[i, 1] = made[field][0].ctypes.data
        count = self._scanned(text, most)
        self.odd = 0 if count > 0 else self.odd + 1
        if count <= 0:
            raise NoColumns
        values = {field: single(array[:count]) if t == FLOAT else array[:count] for field, (array, t) in made.items()}
        return {name: values.get(name) for name in self.names}, count

    def _scanned(self, text: bytes, most: int) -> int:
        """The number of rows; -1 where something is odd."""
        if not text.isascii():
            try:
                text.decode()
            except UnicodeDecodeError:
                return -1
        return self.function(text, len(text), self.plan.ctypes.data, len(self.plan), most, self.tens.ctypes.data)


def single(array: Any) -> Any:
    """Doubles rounded to floats, still as doubles."""
    with numpy.errstate(over="ignore"):
        return array.astype("f4").astype("f8")
