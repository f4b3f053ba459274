"""What can be known of JSON text before it is parsed, at the speed of memory.

Place in the pipeline: before the parser, which recurses (so the depth must be known) and which is much slower
when it has to call back for every number (so it is asked to only if a number needs it).
Invariant: the counts are exact for valid JSON; for other text they bound what the parser can reach.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfa.errors import PfaLimitError, Where
from pfa.read import problems
from pfa.read.text import BRACKETS, NOT_SHAPE, Outside, depth_after, depths, line_column, pieces

if TYPE_CHECKING:
    from pfa.limits import Limits

NOT_SHAPE_OR_COLON = NOT_SHAPE.replace(b":", b"")
BLANKS = b" \t\n\r"
VALUES = bytes(c if c in b'",[]' else ord("v") for c in BRACKETS)

# Digits, exponents, and what stands before a number (but for its sign).
NUMBER_PARTS = {b"0123456789": b"0", b"eE": b"e", b",[: \n\t\r": b","}
NUMBERS = b"".join(next((to for of, to in NUMBER_PARTS.items() if c in of), b".") for c in range(256))
SIGNS = b"+-"
LONG_INTEGER = b"," + b"0" * 19
EXPONENT = re.compile(b"e000")

BRACKET = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[{]|([\]}])', re.DOTALL)


@dataclass(slots=True)
class Scan:
    """`keys`: members of objects; `large`: a number may be too large; `surrogates`: there is a `\\ud`."""

    nesting: int = 0
    keys: int = 0
    large: bool = False
    surrogates: bool = False


def scan(text: str, limits: Limits, file: str = "") -> Scan:
    """Measure the text, and refuse what is nested too deep or too much to parse."""
    found, outside, depth = Scan(), Outside(drop=NOT_SHAPE_OR_COLON), 0
    for start, _, piece in pieces(text, file=file):
        found.large = found.large or has_large(piece)
        found.surrogates = found.surrogates or _has_surrogate(piece)
        bare = outside(start, piece)
        found.keys += bare.count(b":")
        brackets = bare.translate(None, b":")
        found.nesting = max(found.nesting, max(depths(brackets, depth)))
        if found.nesting > limits.nesting:
            raise PfaLimitError(_too_deep(text, outside.first(text), depth, limits.nesting, file))
        depth = depth_after(brackets, depth)
        if depth < 0:
            break  # a bracket too many: the parser stops there
    if limits.nodes is not None and len(text) // 2 + 1 > limits.nodes and nodes(text) > limits.nodes:
        raise PfaLimitError(problems.TooManyNodes(limits.nodes, at=Where(file=file)))
    return found


def has_large(piece: bytes) -> bool:
    """Whether a number may not fit: 19 digits at its beginning, or three in its exponent."""
    shape = piece.translate(NUMBERS, SIGNS)
    if LONG_INTEGER in shape or shape.startswith(LONG_INTEGER[1:]):
        return True
    return EXPONENT.search(shape) is not None


def _has_surrogate(piece: bytes) -> bool:
    return b"\\" in piece and (b"\\ud" in piece or b"\\uD" in piece)  # looking for one byte is much faster


def check_size(text: str, limits: Limits, file: str = "") -> None:
    """Refuse text of more than `limits.bytes` bytes (a character has one to four)."""
    limit = limits.bytes
    if limit is None or len(text) * 4 <= limit:
        return
    if len(text) > limit or (not text.isascii() and sum(len(piece) for _, _, piece in pieces(text)) > limit):
        raise PfaLimitError(problems.TooLong(limit, at=Where(file=file)))


def check_characters(text: str, file: str = "") -> None:
    """Refuse a `str` that is no Unicode text (half surrogate pairs)."""
    if not text.isascii():
        for _ in pieces(text, file=file):
            pass


def nodes(text: str) -> int:
    """The values in valid text: the root, one in each bracket that is not empty, one after each comma."""
    count, outside = 1, Outside(VALUES, BLANKS, b"v")
    for start, _, piece in pieces(text):
        bare = outside(start, piece)
        count += bare.count(b",") + bare.count(b"[") - bare.count(b"[]")
    return count


def _too_deep(text: str, at: int, depth: int, limit: int, file: str) -> problems.TooDeep:
    """The problem, at the first bracket that is too deep; the scan knows in which piece it stands."""
    for token in BRACKET.finditer(text, at):
        if text[token.start()] != '"':
            depth += -1 if token[1] else 1
            at = token.start()
        if depth > limit:
            break
    line, col = line_column(text, at)
    return problems.TooDeep(limit, at=Where("", line, col, file))
