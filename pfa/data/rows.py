"""Rows: what the text formats have in common.

Place in the pipeline: `csv` and `jsonl` turn lines of text into data for an engine, its results into lines.
Invariant: a reader never stops at a line that is wrong; it yields a `Row` that says what is wrong with it,
so that whoever reads decides (pfa run --on-error).  What is wrong with the whole file is raised at the
first row.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from pfa.errors import PfaDataError, Problem, Where
from pfa.types import MISSING, Array, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

Read: TypeAlias = "Callable[[Any], Any]"


@dataclass(frozen=True, slots=True)
class Row:
    """One datum and the line that it begins on; or what is wrong with it, `datum` being what was read."""

    line: int
    datum: Any = None
    error: PfaDataError | None = None


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


NOT_UTF8 = "the text is not UTF-8"


def is_utf8(line: str) -> bool:
    """False where the file's decoder met bytes that are no UTF-8 (it was told errors="surrogateescape")."""
    return line.isascii() or not ESCAPED.search(line)


class NoValue(ValueError):
    """Text that is no value of the type; the message says what it is."""


ESCAPED = re.compile(r"[\udc80-\udcff]")
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
    return isinstance(t, Union) and any(isinstance(b, Prim) and b.name == "null" for b in t.branches)


def required(t: Record) -> list[str]:
    """Fields that a row cannot do without."""
    return [f.name for f in t.fields if f.default is MISSING]


def latin(value: Any) -> Any:
    """Avro's JSON for bytes: a text of code points up to 255."""
    if not isinstance(value, str):
        return value
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise NoValue("a character over 255, which is no byte") from None


def from_json(t: Type) -> Read | None:
    """What turns JSON into a datum of this type (text into bytes, "NaN" into a number); None if nothing."""
    return _from_json(t, {})


def _from_json(t: Type, known: dict[str, Read | None]) -> Read | None:
    match t:
        case Prim("bytes") | Fixed():
            return latin
        case Prim("float" | "double"):
            return _number
        case Array(items):
            return _each_item(_from_json(items, known))
        case Map(values):
            return _each_value(_from_json(values, known))
        case Union():
            return _union_from_json(t, known)
        case Record():
            return _record_from_json(t, known)
        case _:
            return None


def _number(value: Any) -> Any:
    """NaN and infinities are text in JSON."""
    return NON_FINITE.get(value.lower(), value) if isinstance(value, str) else value


def _each_item(read: Read | None) -> Read | None:
    return read and (lambda v: [read(x) for x in v] if isinstance(v, list) else v)


def _each_value(read: Read | None) -> Read | None:
    return read and (lambda v: {k: read(x) for k, x in v.items()} if isinstance(v, dict) else v)


def _record_from_json(t: Record, known: dict[str, Read | None]) -> Read | None:
    if t.name not in known:
        later: list[Read] = []
        known[t.name] = lambda v: later[0](v)
        fields = {f.name: convert for f in t.fields if (convert := _from_json(f.type, known))}

        def read(value: Any) -> Any:
            if not isinstance(value, dict):
                return value
            return {k: fields[k](v) if k in fields else v for k, v in value.items()}

        later.append(read)
    return known[t.name]


def _union_from_json(t: Union, known: dict[str, Read | None]) -> Read | None:
    """Tagged values by their tag; bare ones only where no other branch could be meant."""
    tagged = {b.tag: convert for b in t.branches if (convert := _from_json(b, known))}
    others = [b for b in t.branches if b.tag != "null"]
    bare = tagged.get(others[0].tag) if len(others) == 1 else None
    if not tagged:
        return None

    def read(value: Any) -> Any:
        if isinstance(value, dict) and len(value) == 1 and (tag := next(iter(value))) in tagged:
            return {tag: tagged[tag](value[tag])}
        return bare(value) if bare else value

    return read


def to_json(value: Any) -> Any:
    """What an engine returned as JSON: bytes are text, numbers that are not finite "NaN" and "Infinity"."""
    match value:
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case bytes():
            return value.decode("latin-1")
        case list():
            return [to_json(x) for x in value]
        case dict():
            return {k: to_json(x) for k, x in value.items()}
        case _:
            return value
