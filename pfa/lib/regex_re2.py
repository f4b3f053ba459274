r"""Regular expressions without back-references, for RE2: the tree written as RE2 writes it.

RE2 finds the leftmost-longest match in time linear in the text (`longest_match`).  Which part of it each group matched
is another question: POSIX wants every group, from left to right, as long as the match allows, RE2 gives the first way
that Perl would try.  `exact` says where these are the same; elsewhere `regex_match` divides the match that RE2 found.
"""

from __future__ import annotations

from typing import Any

import re2

from pfa.errors import InternalError
from pfa.lib.regex_syntax import LAST, At, Back, Chars, Either, Group, Node, Repeat, Sequence

MEMORY = 2 << 20  # of one compiled pattern and its automaton: re2 keeps the last 128

# As RE2 knows the characters, so that one table decides everywhere.  Digits are 0 to 9 (POSIX), letters have marks.
_CHARACTERS = {
    "alnum": r"\p{L}\p{M}0-9", "alpha": r"\p{L}\p{M}", "blank": r"\t\p{Zs}", "cntrl": r"\p{Cc}", "digit": "0-9",
    "graph": r"\p{L}\p{M}\p{N}\p{P}\p{S}", "lower": r"\p{Ll}", "print": r"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}",
    "punct": r"\p{P}\p{S}", "space": r"\t-\r\x{85}\p{Z}", "upper": r"\p{Lu}", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_PLACES = {"^": r"\A", "$": r"\z", r"\b": r"\b", r"\B": r"\B"}
_TIMES = {(0, None): "*", (1, None): "+", (0, 1): "?"}


class NotForRe2(Exception):
    """The tree has what RE2 cannot do."""


def compiled(root: Node, binary: bool, captures: bool) -> Any:
    """The tree for RE2; `NotForRe2` where it refuses (back-references, word ends, too large a pattern)."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1 if binary else re2.Options.Encoding.UTF8
    options.longest_match = True
    options.never_capture = not captures
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        return re2.compile(written(root, binary).encode("ascii"), options=options)
    except re2.error as error:
        raise NotForRe2(str(error)) from None


def written(node: Node, binary: bool) -> str:
    """The tree in the syntax of RE2, in ASCII."""
    match node:
        case Chars():
            return _chars(node, binary)
        case At(place) if place in _PLACES:
            return _PLACES[place]
        case Group(_, _, body):
            return f"({written(body, binary)})"
        case Sequence(items):
            return "".join(written(x, binary) for x in items)
        case Either(arms):
            return "|".join(written(x, binary) for x in arms)
        case Repeat(body, low, high):
            times = _TIMES.get((low, high)) or f"{{{low},{'' if high is None else high}}}"
            return f"(?:{written(body, binary)}){times}"
        case At() | Back():
            raise NotForRe2("a back-reference or the end of a word")
        case _:
            raise InternalError(f"no regular expression: {node}")


def _chars(node: Chars, binary: bool) -> str:
    if char := node.literal:
        return char if char.isascii() and char.isalnum() else rf"\x{{{ord(char):x}}}"
    if not node.classes and not node.negated and node.ranges == ((0, LAST),):
        return "(?s:.)"
    last = 0xFF if binary else LAST
    ranges = "".join(rf"\x{{{a:x}}}-\x{{{min(b, last):x}}}" for a, b in node.ranges if a <= last)
    names = "".join(f"[:{name}:]" if binary else _CHARACTERS[name] for name in node.classes)
    return f"[{'^' if node.negated else ''}{ranges}{names}]"


def exact(node: Node) -> bool:
    """Does RE2 divide a match among the groups as POSIX does?  (False where that is not sure.)

    Both take the parts of a sequence from left to right.  For a given end of the whole they agree where every part is
    tried longest first, and where no group inside a repeat could keep what an earlier turn matched.
    """
    match node:
        case Group(_, _, body):
            return exact(body)
        case Sequence(items):
            return all(exact(x) and (_longest_first(x) or x is items[-1]) for x in items)
        case Either(arms):
            return all(map(exact, arms))
        case Repeat(body, _, high):
            if isinstance(body, Group) and not _has_groups(body.body):
                return _width(body) not in (None, 0) or (high == 1 and exact(body))
            return not _has_groups(body) or (high == 1 and exact(body))
        case _:
            return True


def _longest_first(node: Node) -> bool:
    """Does Perl try the ways to match this from the longest to the shortest?"""
    match node:
        case Group(_, _, body):
            return _longest_first(body)
        case Sequence(items):
            open_ended = [x for x in items if _width(x) is None]
            return not open_ended or (len(open_ended) == 1 and _longest_first(open_ended[0]))
        case Either(arms):
            return _width(node) is not None or (_told_apart(arms) and all(map(_longest_first, arms)))
        case Repeat(body, _, high):
            return _width(body) not in (None, 0) or (high == 1 and _longest_first(body))
        case _:
            return True


def _told_apart(arms: tuple[Node, ...]) -> bool:
    """Do the arms begin with different literals, so that only one of them can match?"""
    firsts = [_first_literal(arm) for arm in arms]
    return all(firsts) and len(set(firsts)) == len(firsts)


def _first_literal(node: Node) -> str:
    match node:
        case Chars():
            return node.literal
        case Group(_, _, body):
            return _first_literal(body)
        case Sequence(items) if items:
            return _first_literal(items[0])
        case _:
            return ""


def _width(node: Node) -> int | None:
    """How many characters this matches, where that is always the same."""
    match node:
        case Chars():
            return 1
        case At():
            return 0
        case Group(_, _, body):
            return _width(body)
        case Sequence(items):
            widths = [_width(x) for x in items]
            return None if None in widths else sum(w for w in widths if w is not None)
        case Either(arms):
            widths = [_width(x) for x in arms]
            return widths[0] if len(set(widths)) == 1 else None
        case Repeat(body, low, high):
            width = _width(body)
            return None if width is None or low != high else width * low
        case _:
            return None


def _has_groups(node: Node) -> bool:
    match node:
        case Group():
            return True
        case Sequence(items) | Either(items):
            return any(map(_has_groups, items))
        case Repeat(body, _, _):
            return _has_groups(body)
        case _:
            return False
