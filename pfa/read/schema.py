"""The core schema of YAML 1.2: what a plain scalar means.

Place in the pipeline: `read.yaml` asks it for every scalar without quotes.  Invariant: exactly the regular
expressions of YAML 1.2.2, 10.3.2; whatever they do not match is a string.

    on, yes, 12:30, 1_000, 2001-01-01 -> strings    ~ -> null    017 -> 17    0o17 -> 15    1e-05 -> 0.00001
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from pfa.read.problems import LargeFloat, LargeInteger, NonFinite

if TYPE_CHECKING:
    from pfa.errors import Problem

WORDS = dict.fromkeys(("", "~", "null", "Null", "NULL")) | {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGER = re.compile(r"[-+]?[0-9]++")
OCTAL_OR_HEX = re.compile(r"0o[0-7]++|0x[0-9a-fA-F]++")
DOUBLE = re.compile(r"[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?")
INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
FIRST = frozenset("+-.0123456789")


def resolve(text: str) -> str | float | bool | Problem | None:
    """The value of a plain scalar; a problem for a number that has none (NonFinite says what it means)."""
    if text[:1] not in FIRST:
        return WORDS.get(text, text)
    if INTEGER.fullmatch(text):
        return _long(text, 10)
    if DOUBLE.fullmatch(text):
        value = float(text)
        return LargeFloat() if math.isinf(value) else value
    if OCTAL_OR_HEX.fullmatch(text):
        return _long(text, 8 if text[1] == "o" else 16)
    if infinite := INFINITE.fullmatch(text):
        return NonFinite("NaN" if infinite[1] is None else f"{infinite[1]}Infinity", 1)
    return text


def _long(text: str, base: int) -> int | Problem:
    """An integer of 64 bits.  (Computing one of a million digits takes quadratic time: first the length.)"""
    digits = text.lstrip("+-").removeprefix("0o").removeprefix("0x").lstrip("0")
    if len(digits) > 22:
        return LargeInteger.of(text)
    value = int(digits or "0", base)
    value = -value if text[0] == "-" else value
    return value if fits(value) else LargeInteger.of(text)


def fits(value: int) -> bool:
    """Whether an integer is a long, the largest that PFA has."""
    return -(1 << 63) <= value < 1 << 63
