"""What to say of JSON text that the scanner refuses.

Place in the pipeline: `read.json` calls it with the scanner's message and offset, once, on the way to an
error.  The standard library says where it stopped; people want to know what is missing and what to write.
Invariant: the answer does not depend on the Python version (their messages and offsets differ a little).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pfa.read.positions import enclosing
from pfa.read.problems import EmptyDocument, Malformed, TrailingText, Unclosed

if TYPE_CHECKING:
    from pfa.errors import Problem

WORD = re.compile(r"[^\W\d]\w*")
NOT_BLANK = re.compile(r"[^ \t\n\r]|\Z")

NAMES = {'"': "a string", "'": "a single quote"}
CONTROLS = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
CLOSING = {"{": "'}'", "[": "']'"}

QUOTES = "text stands in double quotes"
COMMENTS = "JSON has no comments (YAML has)"
NUMBER = "a number begins with a digit or a minus sign and a digit"
REMEDIES = dict.fromkeys("'`“”", QUOTES) | dict.fromkeys("#/", COMMENTS) | dict.fromkeys("+.-", NUMBER)
WORDS = {"True": "true", "False": "false", "None": "null", "nan": "NaN", "inf": "Infinity"}


def diagnose(text: str, says: str, offset: int) -> tuple[Problem, int]:
    """The problem and its offset, given the standard library's."""
    if says.startswith("Unterminated string"):
        return Unclosed("string"), offset
    if says.startswith("Invalid control character"):
        return _control(text[offset]), offset
    if says.startswith("Invalid \\"):
        return _escape(text, offset)
    comma = says.startswith("Illegal trailing comma")
    at = _not_blank(text, offset + 1 if comma else offset)
    before = len(text[:at].rstrip(" \t\n\r")) - 1
    _, around = enclosing(text, at)
    if at == len(text):
        return _ended(text, around)
    if text[at] in "]}" and text[before] == ",":
        what = "a key" if text[around] == "{" else "a value"
        return Malformed(f"{what} after this comma", _found(text, at), "remove the comma"), before
    expected = _expected(says, text[around] if around >= 0 else "", text[before] if before >= 0 else "")
    return Malformed(expected, _found(text, at), _remedy(text, at, says)), at


def trailing(text: str, at: int) -> tuple[Problem, int]:
    """The problem of text after the document."""
    return TrailingText(_found(text, at).removeprefix("a ")), at


def _control(char: str) -> Problem:
    written = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char, f"\\u{ord(char):04x}")
    found = CONTROLS.get(char, f"U+{ord(char):04X}")
    return Malformed("'\"' or more of the string", found, f"in a string write {written}")


def _escape(text: str, offset: int) -> tuple[Problem, int]:
    at = text.rfind("\\", 0, offset + 1)
    if text[at + 1 : at + 2] == "u":
        return Malformed("four hexadecimal digits after \\u", "something else"), at
    expected = 'one of "\\/bfnrtu after a backslash'
    return Malformed(expected, _found(text, at + 1), "for a backslash write two"), at


def _ended(text: str, around: int) -> tuple[Problem, int]:
    if around >= 0:
        return Unclosed("object" if text[around] == "{" else "array"), around
    return EmptyDocument(), 0


def _expected(says: str, around: str, before: str) -> str:
    """What may stand there, from what the standard library expected."""
    if "property name" in says:
        return "a key in double quotes" + (" or '}'" if before == "{" else "")
    if "':'" in says:
        return "':' after the key"
    if "','" in says:
        return f"',' or {CLOSING.get(around, 'the end')}"
    return "a value" + (" or ']'" if before == "[" else "")


def _found(text: str, at: int) -> str:
    """What stands there, never more than a word."""
    word = WORD.match(text, at)
    if word:
        return f"'{word[0][:20]}'"
    char = text[at : at + 1]
    if char.isdecimal():
        return "a number"
    return (
        NAMES.get(char) or CONTROLS.get(char) or (f"'{char}'" if char.isprintable() else f"U+{ord(char):04X}")
    )


def _remedy(text: str, at: int, says: str) -> str:
    char, before = text[at], text[at - 1 : at]
    if word := WORD.match(text, at):
        if word[0] in WORDS:
            return f"JSON writes {WORDS[word[0]]}"
        if before.isdecimal() and word[0][0] in "xXoObB_":
            return "a number is decimal, its digits are not grouped"
        return "" if before.isdecimal() or before == "." else QUOTES
    if "','" not in says or (char in REMEDIES and char not in "+-."):
        return REMEDIES.get(char, "")
    if before == "0" and char.isdecimal():
        return "a number has no leading zeros"
    if before.isdecimal() and char == ".":
        return "a point stands between digits"
    return "is a comma missing?" if char in '"{[-' or char.isdecimal() else ""


def _not_blank(text: str, at: int) -> int:
    found = NOT_BLANK.search(text, at)
    return found.start() if found else len(text)
