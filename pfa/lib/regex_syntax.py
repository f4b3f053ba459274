r"""The syntax of regular expressions: POSIX extended, with back-references, to a tree.

Specification, "Regular expressions": "the regular expression syntax follows the POSIX extended standard (like
`grep -e`)".  So there is no `(?...)`, a backslash inside brackets is a backslash, `^` and `$` are the ends of the whole
text, `.` is any character, and what POSIX leaves open is an error, except what grep adds to it: `\1`, `\w`, `\s`,
`\b`, `\<`, `{,n}` and the escapes of control characters (and `\d`, which people expect of it).

`parse(pattern)` gives the tree or raises `BadPattern`; the tree knows nothing of how it is matched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from pfa.errors import PfaLimitError

REPEAT_MAX = 1000  # of {m,n}, as RE2 has it
NESTING_MAX = 50
LAST = 0x10FFFF


class BadPattern(ValueError):
    """The text is no regular expression; says why."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character: in a range of code points, or of a named class ("alpha"); or in none of them."""

    ranges: tuple[tuple[int, int], ...] = ()
    classes: tuple[str, ...] = ()
    negated: bool = False

    @property
    def literal(self) -> str:
        """The character, if it is only one, else empty."""
        alone = len(self.ranges) == 1 and not self.classes and not self.negated
        return chr(self.ranges[0][0]) if alone and self.ranges[0][0] == self.ranges[0][1] else ""


@dataclass(frozen=True, slots=True)
class At:
    r"""A place between characters: `^`, `$`, `\b`, `\B`, `\<` or `\>`, by these names."""

    place: str


@dataclass(frozen=True, slots=True)
class Back:
    """What the group of this number matched last."""

    group: int


@dataclass(frozen=True, slots=True)
class Group:
    """A parenthesis with its number; `inner` is the number of the last group inside it (or its own)."""

    number: int
    inner: int
    body: Node


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    arms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`low` to `high` times; without end where `high` is None."""

    body: Node
    low: int
    high: int | None


Node: TypeAlias = "Chars | At | Back | Group | Sequence | Either | Repeat"

ANY = Chars(((0, LAST),))
WORD = Chars(((ord("_"), ord("_")),), ("alnum",))
DIGIT = Chars((), ("digit",))
SPACE = Chars((), ("space",))
CLASSES = (
    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit",
)  # fmt: skip

_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_SETS = {
    "w": WORD, "W": Chars(WORD.ranges, WORD.classes, True),
    "d": DIGIT, "D": Chars((), DIGIT.classes, True),
    "s": SPACE, "S": Chars((), SPACE.classes, True),
}  # fmt: skip
_PLACES = ("b", "B", "<", ">")


@dataclass(frozen=True, slots=True)
class Pattern:
    """The tree, how many groups it has, and which of them are referred to."""

    root: Node
    groups: int
    referred: frozenset[int]


def literal(char: str) -> Chars:
    """This character."""
    return Chars(((ord(char), ord(char)),))


def parse(text: str) -> Pattern:
    """The tree of a pattern; `BadPattern` says what is wrong with it."""
    parser = _Parser(text)
    root = parser.either()
    return Pattern(root, parser.opened, frozenset(parser.referred))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.opened = 0
        self.closed: set[int] = set()
        self.referred: set[int] = set()
        self.depth = 0

    def bad(self, why: str) -> NoReturn:
        raise BadPattern(f"{why} (at character {self.at + 1} of the pattern)")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        char = self.peek()
        self.at += 1
        return char

    def skip(self, what: str) -> bool:
        if self.text.startswith(what, self.at):
            self.at += len(what)
            return True
        return False

    def either(self) -> Node:
        arms = [self.sequence()]
        while self.skip("|"):
            arms.append(self.sequence())
        return arms[0] if len(arms) == 1 else Either(tuple(arms))

    def sequence(self) -> Node:
        items: list[Node] = []
        while (char := self.peek()) and char != "|" and not (char == ")" and self.depth):
            items.append(self.repeated())
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def repeated(self) -> Node:
        node = self.atom()
        was_simple = False
        while (char := self.peek()) and char in "*+?{":
            if isinstance(node, At):
                self.bad("nothing to repeat")
            simple = char != "{"
            low, high = self.times()
            if isinstance(node, Repeat):
                # Of a** and the like one repeat is made, so that a row of them nests no deeper.
                if not (simple and was_simple):
                    self.bad("a repeat of a repeat")
                low, high = low * node.low, None if high is None or node.high is None else 1
                node = node.body
            node, was_simple = Repeat(node, low, high), simple
        return node

    def times(self) -> tuple[int, int | None]:
        match self.take():
            case "*":
                return 0, None
            case "+":
                return 1, None
            case "?":
                return 0, 1
        low = self.number()
        high = low
        if self.skip(","):
            high = self.number()
            if low is None and high is None:
                self.bad("a repeat without a number")
        elif low is None:
            self.bad("a repeat without a number")
        if not self.skip("}"):
            self.bad("a repeat that does not end")
        if high is not None and (low or 0) > high:
            self.bad("a repeat that ends before it begins")
        return low or 0, high

    def number(self) -> int | None:
        begin = self.at
        while self.peek() in tuple("0123456789"):
            self.at += 1
        digits = self.text[begin : self.at]
        if len(digits) > 4 or int(digits or "0") > REPEAT_MAX:
            self.bad(f"more than {REPEAT_MAX} times")
        return int(digits) if digits else None

    def atom(self) -> Node:
        match char := self.take():
            case "(":
                return self.group()
            case "[":
                return self.bracket()
            case ".":
                return ANY
            case "^" | "$":
                return At(char)
            case "\\":
                return self.escape()
            case "*" | "+" | "?" | "{":
                self.at -= 1
                return self.bad("nothing to repeat")
            case _:
                return literal(char)

    def group(self) -> Node:
        self.opened += 1
        number = self.opened
        self.depth += 1
        if self.depth > NESTING_MAX:
            raise PfaLimitError(f"parentheses nest deeper than {NESTING_MAX} in a regular expression")
        body = self.either()
        if not self.skip(")"):
            self.bad("a parenthesis that is not closed")
        self.depth -= 1
        self.closed.add(number)
        return Group(number, self.opened, body)

    def escape(self) -> Node:
        char = self.take()
        if not char:
            self.bad("a backslash at the end")
        if char in "123456789":
            return self.back(int(char))
        if char in _PLACES:
            return At("\\" + char)
        if found := _SETS.get(char):
            return found
        if char in _CONTROL:
            return literal(_CONTROL[char])
        if char.isalnum():
            self.bad(f"no meaning of a backslash before {char}")
        return literal(char)

    def back(self, number: int) -> Node:
        if number not in self.closed:
            self.bad(f"no group {number} before the reference to it")
        self.referred.add(number)
        return Back(number)

    def bracket(self) -> Node:
        negated = self.skip("^")
        ranges: list[tuple[int, int]] = []
        classes: list[str] = []
        first = True
        while first or not self.skip("]"):
            first = False
            if not self.peek():
                self.bad("a bracket that is not closed")
            if self.skip("[:"):
                classes.append(self.named())
                continue
            low = self.element()
            high = low
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("", "]"):
                self.at += 1
                high = self.element()
            if high < low:
                self.bad("a range that ends before it begins")
            ranges.append((low, high))
        return Chars(tuple(ranges), tuple(classes), negated)

    def named(self) -> str:
        name = self.until(":]")
        if name not in CLASSES:
            self.bad(f"no class of characters {name!r}")
        return name

    def element(self) -> int:
        """One end of a range: a character, or `[.c.]` or `[=c=]` around it."""
        for opening, closing in (("[.", ".]"), ("[=", "=]")):
            if self.skip(opening):
                char = self.until(closing)
                if len(char) != 1:
                    self.bad(f"no collating element {char!r}")
                return ord(char)
        if self.text.startswith("[:", self.at):
            self.bad("a class of characters as the end of a range")
        return ord(self.take())

    def until(self, closing: str) -> str:
        end = self.text.find(closing, self.at)
        if end < 0:
            self.bad("a bracket that is not closed")
        found = self.text[self.at : end]
        self.at = end + len(closing)
        return found
