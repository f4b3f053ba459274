r"""A regular expression as two automata in a table, which kernels run (`re_*`): without back-references and groups.

Leftmost-longest matches need two passes, each linear.  From the right to the left one automaton marks where matches
begin; from such a place another one runs to the right as far as it can, and remembers where it could have stopped.

Both read classes of characters: characters that no part of the pattern tells apart.  States are sets of positions
(Glushkov: each place of the pattern that takes a character is one), with the kind of the character beside it, for ^, $
and \b.  An entry of an automaton's table is 2 * the row of the next state + whether a match ends (begins) right here,
before the character is taken; behind the classes stands a last one for the end of the text.

The table is 32-bit words: how many segments the code points have; where the segments' starts, their classes, the rows
to begin with behind each class, the automaton that goes right and that which goes left are; the latter's first row;
the length of a row; where the program is that finds groups, its steps and how many groups there are; where the classes
are marked that are letters; then the class of each byte, and these.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from pfa.errors import PfaLimitError
from pfa.lib.regex_re2 import compiled, exact
from pfa.lib.regex_syntax import (
    LAST,
    WORD,
    At,
    BadPattern,
    Chars,
    Either,
    Group,
    Node,
    Pattern,
    Repeat,
    Sequence,
    parse,
)
from pfa.targets.kernel.captures import TooLong, program

if TYPE_CHECKING:
    from collections.abc import Iterator

Ranges: TypeAlias = tuple[tuple[int, int], ...]
Context: TypeAlias = tuple[str, str]

STATES = 2000
POSITIONS = 1000
NODES = 10_000
ENTRIES = 1 << 18
WORK = 2_000_000  # positions that are looked at while states are made: half a second at most
KEPT = 256  # sets of characters
LONGEST = 10_000  # characters of a pattern
HEADER = 12
EDGE, OTHER, LETTER = "edge", "other", "letter"  # what may be beside a place


class TooLarge(Exception):
    """This pattern's automata would be too large."""


@dataclass(slots=True)
class Budget:
    """Work that is left for the patterns of a document."""

    left: int = WORK

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise TooLarge


@dataclass(frozen=True, slots=True)
class Table:
    """What kernels get of a pattern: no bytes where it is none; and whether they can tell its groups."""

    data: bytes
    grouped: bool


def pattern_table(pattern: str, binary: bool, budget: Budget) -> Table | None:
    """The table of a pattern; None where the body must do it."""
    if len(pattern) > LONGEST:
        return None
    try:
        tree = parse(pattern)
        if tree.referred:
            return None
        steps = _steps(tree)
        return Table(_words(Automata(tree.root, binary, budget), steps, tree.groups), not tree.groups or bool(steps))
    except BadPattern:
        return Table(b"", True)
    except (TooLarge, PfaLimitError):
        return None


def _steps(tree: Pattern) -> list[tuple[int, int | Chars, int]]:
    """The program that divides a match among its groups, empty where there is none."""
    if not tree.groups or not exact(tree.root):
        return []
    try:
        return program(tree.root).steps
    except TooLong:
        return []


def _words(a: Automata, steps: list[tuple[int, int | Chars, int]], groups: int) -> bytes:
    starts, classes = a.alphabet.segments()
    width = len(a.alphabet.signatures) + 1
    ends, begins = a.forward(), a.backward()
    firsts = [ends.starts[(EDGE, OTHER, LETTER).index(kind)] * width for kind in (*a.kinds, EDGE)]
    at = [HEADER + 256]
    letters = [int(kind == LETTER) for kind in (*a.kinds, EDGE)]
    for part in (starts, classes, firsts, ends.entries, begins.entries, letters):
        at.append(at[-1] + len(part))
    members: list[int] = []
    places = {}
    for chars in {x: 0 for _, x, _ in steps if isinstance(x, Chars)}:
        places[chars] = at[-1] + len(members)
        members += map(int, a.members[chars])
    listed = [n for what, x, y in steps for n in (what, places[x] if isinstance(x, Chars) else x, y)]
    program_at = at.pop() + len(members)
    head = [len(starts), *at[:5], begins.starts[0] * width, width, program_at, len(steps), groups, at[5]]
    words = [*head, *a.alphabet.bytes(), *starts, *classes, *firsts, *ends.entries, *begins.entries, *letters]
    words += [*members, *listed]
    return struct.pack(f"<{len(words)}I", *words)


# ---- classes of characters ----------------------------------------------------------------------------------


@cache
def _named(name: str, binary: bool) -> Ranges:
    """The code points of a class of characters, by RE2's tables."""
    regex = compiled(Repeat(Chars((), (name,)), 1, None), binary, captures=False)
    if binary:
        return tuple((m.start(), m.end() - 1) for m in regex.finditer(bytes(range(256))))
    return tuple((_code(m.start()), _code(m.end()) - 1) for m in regex.finditer(_all_characters()))


@cache
def _all_characters() -> bytes:
    codes = array("I", range(LAST + 1)).tobytes()
    return codes.decode(f"utf-32-{sys.byteorder[0]}e", "surrogatepass").encode("utf-8", "surrogatepass")


def _code(place: int) -> int:
    """The character at a byte of the text of all characters."""
    for size, first, last in ((1, 0, 0x80), (2, 0x80, 0x800), (3, 0x800, 0x10000)):
        if place < (last - first) * size:
            return first + place // size
        place -= (last - first) * size
    return 0x10000 + place // 4


@lru_cache(KEPT)
def _ranges(chars: Chars, binary: bool) -> Ranges:
    """The code points of a set, in order, apart from each other."""
    last = 0xFF if binary else LAST
    given = [(a, min(b, last)) for a, b in chars.ranges if a <= last]
    for name in chars.classes:
        given += _named(name, binary)
    joined: list[tuple[int, int]] = []
    for a, b in sorted(given):
        if joined and a <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(b, joined[-1][1])
        else:
            joined.append((a, b))
    if not chars.negated:
        return tuple(joined)
    edges = [-1, *(x for a, b in joined for x in (a, b)), last + 1]
    return tuple((a + 1, b - 1) for a, b in zip(edges[::2], edges[1::2], strict=True) if a + 1 < b)


class Alphabet:
    """Classes of the characters that a pattern's sets do not tell apart."""

    def __init__(self, sets: list[Chars], binary: bool, budget: Budget) -> None:
        changes: dict[int, int] = defaultdict(int, {0: 0})
        for i, chars in enumerate(sets):
            budget.spend(len(found := _ranges(chars, binary)))
            for a, b in found:
                changes[a] ^= 1 << i
                changes[b + 1] ^= 1 << i
        self.signatures: dict[int, int] = {}
        self.starts: list[int] = []
        self.classes: list[int] = []
        signature = 0
        for start in sorted(changes):
            signature ^= changes[start]
            number = self.signatures.setdefault(signature, len(self.signatures))
            if not self.classes or self.classes[-1] != number:
                self.starts.append(start)
                self.classes.append(number)

    def segments(self) -> tuple[list[int], list[int]]:
        """Where segments of one class begin, and the classes."""
        return self.starts, self.classes

    def bytes(self) -> list[int]:
        """The class of each character below 256."""
        found: list[int] = []
        for start, end, c in zip(self.starts, [*self.starts[1:], 256], self.classes, strict=True):
            found += [c] * (min(end, 256) - start)
        return found[:256]

    def members(self, which: int) -> list[bool]:
        """Of each class: is it in this set?"""
        return [bool(s >> which & 1) for s in self.signatures]


# ---- positions ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Automaton:
    """States of one direction: entries, a row a state, and the rows to begin with."""

    entries: list[int]
    starts: list[int]


@dataclass(slots=True)
class Nodes:
    """The pattern as a graph: steps that take nothing, and positions, which take a character."""

    steps: list[list[tuple[str, int]]] = field(default_factory=list)  # a condition, and where to
    position: dict[int, int] = field(default_factory=dict)  # of the node that takes it
    after: list[int] = field(default_factory=list)  # the node after each position
    chars: list[Chars] = field(default_factory=list)  # of each position
    places: set[str] = field(default_factory=set)

    def node(self) -> int:
        if len(self.steps) >= NODES:
            raise TooLarge
        self.steps.append([])
        return len(self.steps) - 1

    def add(self, node: Node, begin: int) -> int:
        """Draw a part of the pattern from a node on; the node that it ends at."""
        match node:
            case Chars():
                return self.take(node, begin)
            case At(place):
                self.places.add(place)
                return self.step(begin, self.node(), place)
            case Group(_, _, body):
                return self.add(body, begin)
            case Sequence(items):
                for x in items:
                    begin = self.add(x, begin)
                return begin
            case Either(arms):
                end = self.node()
                for x in arms:
                    self.step(self.add(x, self.step(begin, self.node())), end)
                return end
            case Repeat(body, low, high):
                return self.repeat(body, low, high, begin)
            case _:
                raise TooLarge

    def step(self, begin: int, end: int, place: str = "") -> int:
        self.steps[begin].append((place, end))
        return end

    def take(self, chars: Chars, begin: int) -> int:
        if len(self.chars) >= POSITIONS:
            raise TooLarge
        here, end = self.node(), self.node()
        self.step(begin, here)
        self.position[here] = len(self.chars)
        self.chars.append(chars)
        self.after.append(end)
        return end

    def repeat(self, body: Node, low: int, high: int | None, begin: int) -> int:
        for _ in range(low):
            begin = self.add(body, begin)
        end = self.node()
        if high is None:
            turn = self.step(begin, self.node())
            self.step(self.add(body, turn), turn)
            return self.step(turn, end)
        for _ in range(high - low):
            self.step(begin, end)
            begin = self.add(body, begin)
        return self.step(begin, end)


class Automata:
    """The two automata of a pattern."""

    def __init__(self, root: Node, binary: bool, budget: Budget) -> None:
        self.spend = budget.spend
        self.nodes = Nodes()
        self.first = self.nodes.node()
        self.last = self.nodes.add(root, self.first)
        self.count = len(self.nodes.chars)
        self.words = any(p.startswith("\\") for p in self.nodes.places)
        sets = list(dict.fromkeys([*self.nodes.chars, *([WORD] if self.words else [])]))
        self.alphabet = Alphabet(sets, binary, budget)
        width = len(self.alphabet.signatures)
        self.spend(width * (self.count + len(sets)))
        members = self.members = {c: self.alphabet.members(i) for i, c in enumerate(sets)}
        letters = members[WORD] if self.words else [False] * width
        self.kinds = [LETTER if is_letter else OTHER for is_letter in letters]
        self.takers = [sum(1 << p for p, c in enumerate(self.nodes.chars) if members[c][x]) for x in range(width)]
        self.known: dict[Context, list[int]] = {}

    def follow(self, before: str, after: str) -> list[int]:
        """Positions that may follow each position, and the beginning, between characters of these kinds.

        Sets are bits of an integer; the bit `count` is the end of the match.
        """
        context = (before, after) if self.nodes.places else ("", "")
        if context not in self.known:
            begins = [*self.nodes.after, self.first]
            self.known[context] = [self.reach(n, before, after) for n in begins]
        return self.known[context]

    def reach(self, begin: int, before: str, after: str) -> int:
        found, stack, seen = 0, [begin], {begin}
        while stack:
            n = stack.pop()
            if n in self.nodes.position:
                found |= 1 << self.nodes.position[n]
            if n == self.last:
                found |= 1 << self.count
            for place, to in self.nodes.steps[n]:
                if to not in seen and _holds(place, before, after):
                    seen.add(to)
                    stack.append(to)
        self.spend(len(seen))
        return found

    def forward(self) -> Automaton:
        """From a place to the right.  A state: the positions that took the last character, and its kind."""
        final = 1 << self.count
        made = _States()
        made.number((0, EDGE))  # it stays for ever
        starts = [made.number((final, kind)) for kind in (EDGE, OTHER, LETTER if self.words else OTHER)]
        entries: list[int] = []
        width = len(self.kinds) + 1
        for taken, before in made.each(ENTRIES // width):
            for c, kind in enumerate([*self.kinds, EDGE]):
                reached = self.joined(taken, self.follow(before, kind))
                ends = reached & final != 0
                positions = reached & self.takers[c] if c < width - 1 else 0
                entries.append(made.number((positions, kind if positions else EDGE)) * width * 2 + ends)
        return Automaton(entries, starts)

    def joined(self, positions: int, follow: list[int]) -> int:
        found = 0
        for p in _bits(positions):
            found |= follow[p]
        self.spend(1 + positions.bit_count())
        return found

    def backward(self) -> Automaton:
        """To the left.  A state: the positions that take the character to the right in a match, and its kind."""
        made = _States()
        starts = [made.number((0, EDGE))]
        entries: list[int] = []
        width, final = len(self.kinds) + 1, 1 << self.count
        for taking, after in made.each(ENTRIES // width):
            for c, kind in enumerate([*self.kinds, EDGE]):
                follow = self.follow(kind, after)
                wanted = taking | final
                begins = follow[self.count] & wanted != 0
                takers = self.takers[c] if c < width - 1 else 0
                self.spend(1 + takers.bit_count())
                positions = sum(1 << p for p in _bits(takers) if follow[p] & wanted)
                entries.append(made.number((positions, kind)) * width * 2 + begins)
        return Automaton(entries, starts)


def _bits(x: int) -> Iterator[int]:
    while x:
        low = x & -x
        yield low.bit_length() - 1
        x ^= low


def _holds(place: str, before: str, after: str) -> bool:
    left, right = before == LETTER, after == LETTER
    match place:
        case "":
            return True
        case "^":
            return before == EDGE
        case "$":
            return after == EDGE
        case r"\b":
            return left != right
        case r"\B":
            return left == right
        case r"\<":
            return right and not left
        case _:
            return left and not right


class _States:
    """States by number, while they are made."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[int, str], int] = {}
        self.todo: list[tuple[int, str]] = []

    def number(self, state: tuple[int, str]) -> int:
        if state not in self.numbers:
            if len(self.numbers) >= STATES:
                raise TooLarge
            self.numbers[state] = len(self.numbers)
            self.todo.append(state)
        return self.numbers[state]

    def each(self, most: int) -> Iterator[tuple[int, str]]:
        at = 0
        while at < len(self.todo):
            if at >= most:
                raise TooLarge
            yield self.todo[at]
            at += 1
