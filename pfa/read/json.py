"""JSON text to plain values, by the standard library's scanner.

Place in the pipeline: text -> `Document`.  Invariant: what comes out is what every JSON reader would have
seen: no key twice, no integer beyond 64 bits, no number that silently became infinity, no half characters.

The scanner is asked to call back only where it must.  Duplicate keys are counted, not looked for: the text
has one colon a key (`scan`), the dicts one entry a different key.  The place of a fault is found afterwards.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaLimitError, PfaSyntaxError, Problem, Where
from pfa.read import problems
from pfa.read.collector import paused
from pfa.read.malformed import diagnose, trailing
from pfa.read.positions import JsonPlaces, enclosing, second_key
from pfa.read.scan import Scan, has_large, scan
from pfa.read.schema import fits
from pfa.read.source import Document, Source, join
from pfa.read.text import Outside, end_of, line_column, pieces

if TYPE_CHECKING:
    from collections.abc import Generator

    from pfa.limits import Limits

STRING = r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)'
LONG_INTEGER = re.compile(rf"{STRING}|(?<![\d.eE+-])-?\d{{19,}}+(?!\.\d|[eE][+-]?\d)", re.DOTALL)
LARGE_FLOAT = re.compile(rf"{STRING}|-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?", re.DOTALL)
CONSTANT = re.compile(rf"{STRING}|NaN|-?Infinity", re.DOTALL)
PAIRED = re.compile(r"(?:[^\\]++|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\(?!u[dD][89a-fA-F]).)*+", re.DOTALL)
INTEGER = re.compile(r"-?\d++")
BLANKS = re.compile(r"[ \t\n\r]*+")

Wanted = Callable[[str], bool]


def parse(text: str, file: str, limits: Limits) -> Document:
    """Read one JSON text."""
    found = scan(text, limits, file)
    hooks = _Hooks(found.large)
    with paused():
        value = _value(text, file, hooks, found)
    _check(text, file, hooks, found)
    source = Source(file, text, JsonPlaces, value, "json")
    return Document(value, source, True, _warnings(text, file, hooks), found.nesting)


class _Refused(Exception):
    """The scanner met a number that is too large."""


class _Hooks:
    """What the scanner calls, and what the calls have seen."""

    def __init__(self, large: bool) -> None:
        self.large = large
        self.constants: list[str] = []
        self.keys = _count_keys()
        next(self.keys)

    def decoder(self) -> json.JSONDecoder:
        numbers: dict[str, Any] = {"parse_int": _integer, "parse_float": _double} if self.large else {}
        return json.JSONDecoder(object_hook=self.keys.send, parse_constant=self._constant, **numbers)

    def _constant(self, token: str) -> float:
        self.constants.append(token)
        return float(token)


def _count_keys() -> Generator[Any, Any, None]:
    """Count the keys of the dicts that are sent, each comes back; None sends back the sum.

    A generator's `send` is the cheapest thing that the scanner can call: 15 % of its time, a function 25 %.
    """
    count = 0
    value = None
    while True:
        value = yield value
        if value is None:
            value = count
        else:
            count += len(value)


def _integer(token: str) -> int:
    if _too_long(token):
        raise _Refused
    return int(token)


def _double(token: str) -> float:
    value = float(token)
    if math.isinf(value):
        raise _Refused
    return value


def _value(text: str, file: str, hooks: _Hooks, found: Scan) -> Any:
    """The value; a problem is raised outside the handlers, so that it does not keep the text alive."""
    problem: Problem
    try:
        value, end = hooks.decoder().raw_decode(text, end_of(BLANKS, text, 0))
    except json.JSONDecodeError as error:
        problem, offset = diagnose(text, error.msg, error.pos)
    except _Refused:
        problem, offset = _large_number(text)
    except RecursionError:
        raise PfaLimitError(problems.DeepStack(found.nesting, at=Where(file=file))) from None
    else:
        if (end := end_of(BLANKS, text, end)) == len(text):
            return value
        problem, offset = trailing(text, end)
    raise PfaSyntaxError(problem.moved(_at(text, offset, file)))


def _check(text: str, file: str, hooks: _Hooks, found: Scan) -> None:
    """Refuse what the scanner lets through."""
    if hooks.keys.send(None) != found.keys:
        offset, key = second_key(text)
        if offset >= 0:
            raise PfaSyntaxError(problems.DuplicateKey(key, at=_at(text, offset, file)))
    if found.surrogates and (paired := PAIRED.match(text)) and paired.end() < len(text):
        raise PfaSyntaxError(problems.LoneSurrogate(at=_at(text, paired.end(), file)))


def _warnings(text: str, file: str, hooks: _Hooks) -> list[Problem]:
    if not hooks.constants:
        return []
    offset = _find(text, CONSTANT, bool, _has_constant)
    return [problems.NonFinite(hooks.constants[0], len(hooks.constants), at=_at(text, offset, file))]


def _large_number(text: str) -> tuple[Problem, int]:
    """The first number that the hooks refuse."""
    integer = _find(text, LONG_INTEGER, _too_long, has_large)
    double = _find(text, LARGE_FLOAT, _overflows, has_large)
    if integer < 0 or 0 <= double < integer:
        return problems.LargeFloat(), double
    return problems.LargeInteger.of(text[integer : end_of(INTEGER, text, integer)]), integer


def _too_long(token: str) -> bool:
    return len(token) > 20 or not fits(int(token))


def _has_constant(piece: bytes) -> bool:
    return b"NaN" in piece or b"Infinity" in piece


def _overflows(token: str) -> bool:
    return not token.lstrip("-").isdigit() and math.isinf(float(token))


def _find(text: str, pattern: re.Pattern[str], wanted: Wanted, may_hold: Callable[[bytes], bool]) -> int:
    """Offset of the first wanted match outside strings (which the pattern matches, too), or -1."""
    outside = Outside()
    for start, end, piece in pieces(text):
        outside(start, piece)
        if may_hold(piece):
            for token in pattern.finditer(text, outside.first(text), end):
                if text[token.start()] != '"' and wanted(token[0]):
                    return token.start()
    return -1


def _at(text: str, offset: int, file: str) -> Where:
    path, _ = enclosing(text, offset)
    line, col = line_column(text, offset)
    return Where(join(path), line, col, file)
