"""What can be known of JSON text before it is parsed, at the speed of memory.

Place in the pipeline: before the parser, which recurses (so the depth must be known) and which is much
slower when it has to call back for every number (so it is asked to only if a number needs it).  Everything is
done with `bytes.translate`, `replace` and `in` on pieces that fit a cache: 100 MB take about 0.4 s.
Invariant: the counts are exact for valid JSON; for other text they bound what the parser can reach.

    {"a[": [1, {"b": 2}]}   piece
    {"[":[{"":}]}           all but quotes, brackets and colons deleted, then [ and ] for { and }
    [:[[:]]]                strings deleted: two adjacent quotes never matter, the rest by a pattern
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from pfa.errors import PfaLimitError, PfaSyntaxError, Where
from pfa.read import problems
from pfa.read.positions import line_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.limits import Limits

PIECE = 1 << 18

BRACKETS = bytes.maketrans(b"{}", b"[]")
NO_BRACKET = bytes(c for c in range(256) if c not in b'"[]{}:')
STEPS = bytes.maketrans(b"[]", b"\x01\xff")

BLANKS = b" \t\n\r"
VALUES = bytes(c if c in b'",[]' else ord("v") for c in BRACKETS)

# Digits, exponents, and what stands before a number (but for its sign).
NUMBER_PARTS = {b"0123456789": b"0", b"eE": b"e", b",[: \n\t\r": b","}
NUMBERS = b"".join(next((to for of, to in NUMBER_PARTS.items() if c in of), b".") for c in range(256))
SIGNS = b"+-"
LONG_INTEGER = b"," + b"0" * 19
EXPONENT = re.compile(b"e000")

STRINGS = re.compile(rb'"[^"]*"')
TO_SEPARATOR = re.compile(r"[^,\n]*+")
REST_OF_STRING = re.compile(r'(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
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
    found, outside, depth = Scan(), Outside(BRACKETS, NO_BRACKET), 0
    for start, piece in pieces(text, file):
        found.large = found.large or _large(piece)
        found.surrogates = found.surrogates or _surrogates(piece)
        inside, before = outside.string_open, depth
        bare = outside(piece)
        found.keys += bare.count(b":")
        height, depth = _height(bare.translate(None, b":"), before)
        found.nesting = max(found.nesting, height)
        if height > limits.nesting:
            raise PfaLimitError(_too_deep(text, start, inside, before, limits.nesting, file))
        if depth < 0:
            break  # a bracket too many: the parser stops there
    if limits.nodes is not None and len(text) // 2 + 1 > limits.nodes and nodes(text) > limits.nodes:
        raise PfaLimitError(problems.TooManyNodes(limits.nodes, at=Where(file=file)))
    return found


def pieces(text: str, file: str = "") -> Iterator[tuple[int, bytes]]:
    """The text as UTF-8 in pieces that split no number and no escape, each with its offset."""
    start = 0
    while start < len(text):
        separator = TO_SEPARATOR.match(text, start + PIECE)
        end = separator.end() if separator else len(text)
        try:
            yield start, text[start:end].encode()
        except UnicodeEncodeError as error:
            line, col = line_column(text, start + error.start)
            raise PfaSyntaxError(problems.LoneSurrogate(at=Where("", line, col, file))) from None
        start = end


def check_size(text: str, limits: Limits, file: str = "") -> None:
    """Refuse text of more than `limits.bytes` bytes (a character has one to four)."""
    limit = limits.bytes
    if limit is None or len(text) * 4 <= limit:
        return
    if len(text) > limit or (not text.isascii() and sum(len(piece) for _, piece in pieces(text)) > limit):
        raise PfaLimitError(problems.TooLong(limit, at=Where(file=file)))


def check_characters(text: str, file: str = "") -> None:
    """Refuse a `str` that is no Unicode text (half surrogate pairs)."""
    if not text.isascii():
        for _ in pieces(text, file):
            pass


def nodes(text: str) -> int:
    """The values in valid text: the root, one in each bracket that is not empty, one after each comma."""
    count, outside = 1, Outside(VALUES, BLANKS, b"v")
    for _, piece in pieces(text):
        bare = outside(piece)
        count += bare.count(b",") + bare.count(b"[") - bare.count(b"[]")
    return count


class Outside:
    """Reduces the pieces of a text, in their order, to what stands outside strings and is not dropped."""

    def __init__(self, table: bytes, drop: bytes, string: bytes = b"") -> None:
        self._table, self._drop, self._string = table, drop, string
        self.string_open = False

    def __call__(self, piece: bytes) -> bytes:
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        kept = (b'"' if self.string_open else b"") + piece.translate(self._table, self._drop)
        if not self._string:
            kept = kept.replace(b'""', b"")  # the number of quotes before any bracket stays odd or even
        bare, quote, _ = STRINGS.sub(self._string, kept).partition(b'"') if b'"' in kept else (kept, b"", b"")
        self.string_open = bool(quote)
        return bare


def _height(brackets: bytes, depth: int) -> tuple[int, int]:
    """The greatest depth in some brackets that begin at a depth, and the depth after them."""
    steps = memoryview(brackets.translate(STEPS)).cast("b")
    after = depth + 2 * brackets.count(b"[") - len(brackets)
    return max(accumulate(steps, initial=depth)), after


def _large(piece: bytes) -> bool:
    """Whether a number may not fit: 19 digits at its beginning, or three in its exponent."""
    shape = piece.translate(NUMBERS, SIGNS)
    if LONG_INTEGER in shape or shape.startswith(LONG_INTEGER[1:]):
        return True
    return EXPONENT.search(shape) is not None


def _surrogates(piece: bytes) -> bool:
    return b"\\" in piece and (b"\\ud" in piece or b"\\uD" in piece)  # looking for one byte is much faster


def _too_deep(text: str, start: int, inside: bool, depth: int, limit: int, file: str) -> problems.TooDeep:
    """The problem, at the first bracket that is too deep; the scan knows in which piece it stands."""
    string = REST_OF_STRING.match(text, start) if inside else None
    at = string.end() if string else start
    for token in BRACKET.finditer(text, at):
        if text[token.start()] != '"':
            depth += -1 if token[1] else 1
            at = token.start()
        if depth > limit:
            break
    line, col = line_column(text, at)
    return problems.TooDeep(limit, at=Where("", line, col, file))
