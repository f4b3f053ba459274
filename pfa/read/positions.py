"""Lines and columns in JSON text, found when somebody asks.

Place in the pipeline: beside the parser, which is too fast to keep positions; `Source.where` and the errors
of `read.json` come here.  Invariant: nothing here raises or is slower than linear, whatever the text (it may
be malformed: then the answer is the last place that makes sense).
"""

from __future__ import annotations

import json
import re
from array import array
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from pfa.read.text import Outside, depth_after, depths, end_of, line_column, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

STRING = re.compile(r'"((?:[^"\\]++|\\.?)*+)("|\Z)', re.DOTALL)
SCALAR = re.compile(r'[^\s,:\[\]{}"]*+')
GAP = re.compile(r"[ \t\n\r,]*+")
COLON = re.compile(r"[ \t\n\r]*+:[ \t\n\r]*+")
NEAR = 1 << 12  # as far a loop over brackets is as fast as one over pieces
TO_BRACKET = re.compile(r'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.?)*+(?:"|\Z))*+(?:([\[\]{}])|\Z)', re.DOTALL)
KEY_OR_BRACKET = re.compile(r'"((?:[^"\\]++|\\.?)*+)"(\s*+:)?|[\[\]{}]', re.DOTALL)

Member = tuple[str, int, int]
"""Key, offset of the key, offset of the value."""


def start(text: str) -> int:
    """The offset of the first character that is not blank."""
    return end_of(GAP, text, 0)


def skip(text: str, at: int) -> int:
    """The offset after the value that begins at `at`; beyond the text for a bracket that is not closed."""
    first = text[at : at + 1]
    if first == '"':
        return end_of(STRING, text, at)
    if first not in ("{", "["):
        return end_of(SCALAR, text, at)
    depth, after = _walk(text, at, 0, at + NEAR)
    if not depth:
        return after
    outside = Outside()
    for start, _, piece in pieces(text, after, NEAR):
        brackets = outside(start, piece)
        if min(depths(brackets, depth)) <= 0:
            return _walk(text, outside.first(text), depth, len(text))[1]
        depth = depth_after(brackets, depth)
    return len(text) + 1


def _walk(text: str, at: int, depth: int, stop: int) -> tuple[int, int]:
    """Depth and offset after the bracket that closes the outermost, or after the first beyond `stop`."""
    while (found := TO_BRACKET.match(text, at)) and found[1]:
        at = found.end()
        depth += 1 if found[1] in "[{" else -1
        if not depth or at > stop:
            break
    return depth, at


def members(text: str, at: int) -> Iterator[Member]:
    """The members of the object or array that begins at `at`; one is passed when the next is asked for."""
    keyed = text[at : at + 1] == "{"
    if not keyed and text[at : at + 1] != "[":
        return
    at += 1
    index = 0
    while (key_at := end_of(GAP, text, at)) < len(text) and text[key_at] not in "]}":
        key, value_at = _key(text, key_at) if keyed else (str(index), key_at)
        if value_at < 0:
            return
        yield key, key_at, value_at
        at = skip(text, value_at)
        if at == value_at:
            return
        index += 1


def enclosing(text: str, offset: int) -> tuple[list[str], int]:
    """The path of the innermost value around an offset, and where its innermost bracket is (-1: none)."""
    around = opened(text, offset)
    if not around:
        return [], -1
    inner = (_member_at(text, one, at) for one, at in pairwise((*around, offset)))
    return [member[0] for member in inner if member is not None], around[-1]


def opened(text: str, offset: int) -> list[int]:
    """The brackets that are open at an offset: first the pieces in which they stand, then where in those."""
    text = text[:offset]
    around: list[
        tuple[int, int, int]
    ] = []  # for each: where its piece begins and ends, how many it leaves open
    outside = Outside()
    for start, end, piece in pieces(text):
        brackets = outside(start, piece)
        lowest = max(min(depths(brackets, len(around))), 0)
        more = max(depth_after(brackets, len(around)) - lowest, 0)
        around[lowest:] = [(outside.first(text), end, more)] * more
    found: list[int] = []
    for (at, end, more), levels in groupby(around):
        found += _opened_in(text, at, end)[-more:][: len(list(levels))]
    return found


def _opened_in(text: str, at: int, stop: int) -> list[int]:
    """The brackets of a piece that are open at its end."""
    around: list[int] = []
    while (found := TO_BRACKET.match(text, at)) and found[1] and found.end() <= stop:
        at = found.end()
        if found[1] in "[{":
            around.append(at - 1)
        elif around:
            around.pop()
    return around


def _member_at(text: str, around: int, offset: int) -> Member | None:
    """The member of an object or array, its key included, that stands around an offset."""
    last = None
    for member in members(text, around):
        if member[1] > offset:
            break
        last = member
        if member[2] == offset:
            return member
    return last if last is not None and skip(text, last[2]) > offset else None


def second_key(text: str) -> tuple[int, str]:
    """Offset and key of the first key of valid JSON that stands twice in its object (offset -1: none)."""
    keys: set[str] = set()
    around: list[set[str]] = []
    for token in KEY_OR_BRACKET.finditer(text):
        if token.lastindex == 2:
            key = unescaped(token[1])
            if key in keys:
                return token.start(), key
            keys.add(key)
        elif token.lastindex is None and token[0] in "[{":
            around.append(keys)
            keys = set()
        elif token.lastindex is None:
            keys = around.pop()
    return -1, ""


def unescaped(inside: str) -> str:
    """The text of a JSON string, given what stands between its quotes."""
    if "\\" not in inside:
        return inside
    try:
        return str(json.loads(f'"{inside}"', strict=False))
    except ValueError:
        return inside


class JsonPlaces:
    """Where values stand in one JSON text; it remembers: many questions cost little more than one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[int, _Passed] = {}

    def place(self, path: list[str], key: bool) -> tuple[int, int]:
        key_at = value_at = start(self._text)
        for name in path:
            inner = self._passed(value_at).find(name)
            if inner is None:
                key_at = value_at
                break
            key_at, value_at = inner
        return line_column(self._text, key_at if key else value_at)

    def _passed(self, at: int) -> _Passed:
        if at not in self._known:
            self._known[at] = _Passed(self._text, at)
        return self._known[at]


class _Passed:
    """The members of one object or array that have been passed so far (an array may have millions)."""

    def __init__(self, text: str, at: int) -> None:
        self._keyed = text[at : at + 1] == "{"
        self._more = members(text, at)
        self._names: dict[str, int] = {}
        self._offsets = array("Q")

    def find(self, name: str) -> tuple[int, int] | None:
        """Offsets of a member's key and value."""
        index = self._index(name)
        while index is None or index * 2 >= len(self._offsets):
            member = next(self._more, None)
            if member is None:
                return None
            self._offsets.extend(member[1:])
            if self._keyed:
                self._names[member[0]] = len(self._names)
                index = self._names.get(name)
        return self._offsets[index * 2], self._offsets[index * 2 + 1]

    def _index(self, name: str) -> int | None:
        if self._keyed:
            return self._names.get(name)
        return int(name) if name.isdecimal() and len(name) < 19 else 1 << 62


def _key(text: str, at: int) -> tuple[str, int]:
    """The key at `at`, and the offset of its value (-1 in malformed text)."""
    string = STRING.match(text, at)
    colon = COLON.match(text, string.end()) if string else None
    return (unescaped(string[1]), colon.end()) if string and colon else ("", -1)
