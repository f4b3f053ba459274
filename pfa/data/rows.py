"""Rows: what the formats have in common.

Place in the pipeline: a format's module (`pfa.data.formats` lists them) has `reader`, which turns a file into
data for an engine, and `writer`, which turns its results into a file.
Invariant: a reader never stops at a row that is wrong; it yields a `Row` that says what is wrong with it,
so that whoever reads decides (pfa run --on-error).  What is wrong with the whole file, or makes the rest of it
unreadable, is raised as PfaDataError where it is met, after the rows before it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, Protocol

from pfa.errors import PfaDataError, Problem, Where
from pfa.types import MISSING, NULL, Record, Type, branches


@dataclass(slots=True)  # not frozen: making one would take three times as long
class Row:
    """One datum; or what is wrong with it, `datum` being what was read.

    `line` is that of the file (CSV, JSON lines), or the number of the record from 1 (Avro, Arrow, Parquet).
    `end`, which is JSON, is the position behind the row: a reader that is given it as `start` goes on after it.
    """

    line: int
    datum: Any = None
    error: PfaDataError | None = None
    end: Any = None


class Writer(Protocol):
    """Writes outputs to a file in a format.

    Made by a format's `writer(out, t, *, resume=None)`: `resume` is a position that `flush` gave in an earlier run;
    `out` was then opened "r+b", and the writer cuts it there and goes on.
    """

    def write(self, value: Any) -> None:
        """One more; a value of a union is tagged ({"int": 1}), or plain where that tells the branch."""

    def flush(self) -> Any:
        """All written so far is in the file, which is readable; the position, which is JSON, for `resume`."""

    def close(self) -> None:
        """Write what ends the file; `out` stays open."""


def naturals(position: Any, count: int) -> list[int]:
    """A position that is so many numbers from 0 on; PfaDataError where it is not (a job may say anything)."""
    numbers = position if isinstance(position, list | tuple) else [position]
    if len(numbers) != count or any(type(n) is not int or not 0 <= n < 1 << 62 for n in numbers):
        raise PfaDataError("the position to go on from is none in a file of this format")
    return list(numbers)


def cut(out: BinaryIO, position: Any) -> int:
    """Cut a file of outputs at a position that is a count of bytes, and go there."""
    [size] = naturals(position, 1)
    if out.seek(0, 2) < size:
        raise PfaDataError(f"the output has fewer than {size:,} bytes, which had been written")
    out.seek(size)
    out.truncate()
    return size


@dataclass(frozen=True, slots=True)
class WrongText(Problem):
    """Text that does not have the type that is asked for.  `found` says what it is without quoting it."""

    says: ClassVar[str] = "{p.what}: expected {p.expected}, found {p.found}"
    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class WrongRow(Problem):
    """A line that is no row."""

    says: ClassVar[str] = "{p.message}"
    message: str


def wrong_row(message: str, file: str, line: int, col: int = 1) -> PfaDataError:
    """What is wrong with a line as an error that names the line."""
    return PfaDataError(WrongRow(message, at=Where("", line, col, file)))


class NoValue(ValueError):
    """Text that is no value of the type; the message says what it is."""


INTEGER = re.compile(r"[+-]?[0-9]+\Z")
DIGITS = 40  # more cannot fit, leading zeros aside, and take long to turn into a number
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
NON_FINITE = {
    "nan": math.nan,
    "inf": math.inf,
    "infinity": math.inf,
    "-inf": -math.inf,
    "-infinity": -math.inf,
}
BOOLEANS = {"true": True, "false": False}
RANGE = {"int": 1 << 31, "long": 1 << 63}


def integer(name: str, text: str) -> int:
    """An int or a long."""
    if not INTEGER.match(text):
        raise NoValue("a number with a fraction" if NUMBER.match(text) else "text")
    value = int(text) if len(text) <= DIGITS else RANGE["long"]
    if not -RANGE[name] <= value < RANGE[name]:
        raise NoValue("an integer that does not fit")
    return value


def floating(text: str) -> float:
    """A float or a double."""
    if NUMBER.match(text):
        return float(text)
    value = NON_FINITE.get(text.lower())
    if value is None:
        raise NoValue("text")
    return value


def boolean(text: str) -> bool:
    """true or false, in any case: R writes TRUE, Python True."""
    value = BOOLEANS.get(text.lower())
    if value is None:
        raise NoValue("text")
    return value


def is_nullable(t: Type) -> bool:
    """Can a value be missing?"""
    return NULL in branches(t)


def required(t: Record) -> list[str]:
    """Fields that a row cannot do without."""
    return [f.name for f in t.fields if f.default is MISSING]
