"""Our own matcher of regular expressions: what RE2 cannot do, with a budget of steps.

It walks sets of states instead of backtracking: after each part of a sequence it keeps, for each place in the text and
each content of the groups that are referred to, only the best way to get there.  "Best" is POSIX: each part, from left
to right, is as long as the whole allows.  So (a*)*b is no trap; patterns whose back-references need many different
contents can be, and end with a `PfaLimitError`.

A state is `(place, groups)`; `groups` holds begin and end of each group, -1 where it has not matched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, TypeAlias

from pfa.errors import InternalError, PfaLimitError
from pfa.lib.regex_re2 import compiled
from pfa.lib.regex_syntax import ANY, WORD, At, Back, Chars, Either, Group, Node, Pattern, Repeat, Sequence

State: TypeAlias = tuple[int, tuple[int, ...]]
Run: TypeAlias = Callable[["Text", State], list[State]]
Charge: TypeAlias = Callable[[int], None]

STEPS = 2_000_000
STEPS_PER_CHARACTER = 16
_BLOCK = 4096  # steps between two charges
_SIZE = 12  # of a state, in items
_KEPT = 4096  # characters whose class is remembered


class Text:
    """A text that is being searched, and the steps that are left for it."""

    __slots__ = ("charge", "end", "left", "next_charge", "text")

    def __init__(self, text: str, charge: Charge) -> None:
        self.text = text
        self.end = len(text)
        self.charge = charge
        self.left = STEPS + STEPS_PER_CHARACTER * len(text)
        self.next_charge = self.left - _BLOCK

    def spend(self, steps: int) -> None:
        """Count steps; `PfaLimitError` where there are too many."""
        self.left -= steps
        if self.left <= self.next_charge:
            self.charge(self.next_charge + _BLOCK - self.left)
            self.next_charge = self.left - _BLOCK
            if self.left < 0:
                raise PfaLimitError("a regular expression takes too many steps on this text")

    def hold(self, states: int) -> None:
        """Charge for states that are kept all at once."""
        if states >= _BLOCK:
            self.charge(_SIZE * states)


class Matcher:
    """A pattern that can be searched for."""

    def __init__(self, pattern: Pattern, binary: bool) -> None:
        self.nothing = (-1,) * (2 * pattern.groups)
        builder = _Builder(pattern, binary)
        self.key = builder.key()
        self.run = builder.run(pattern.root)
        root = pattern.root
        self.parts = [builder.run(x) for x in root.items] if isinstance(root, Sequence) else [self.run]

    def search(self, text: Text, begin: int) -> tuple[int, ...] | None:
        """The leftmost-longest match from `begin` on: begin and end of it, then of each group."""
        for at in range(begin, text.end + 1):
            if found := self.run(text, (at, self.nothing)):
                end, groups = found[0]
                return (at, end, *groups)
        return None

    def divide(self, text: Text, begin: int, end: int) -> tuple[int, ...]:
        """The same for a match of which begin and end are known.

        Depth first through the parts: the first way to the end is the best, and few of the others are looked at.
        """
        stack = [(0, (begin, self.nothing))]
        seen = set()
        while stack:
            i, state = stack.pop()
            if i == len(self.parts):
                if state[0] == end:
                    return (begin, end, *state[1])
            elif (mark := (i, self.key(state))) not in seen:
                seen.add(mark)
                after = self.parts[i](text, state)
                text.spend(1 + len(after))
                stack.extend((i + 1, s) for s in reversed(after))
        raise InternalError("RE2 found a match that is none")


def _place(state: State) -> int:
    return -state[0]


def _longest_first(states: list[State]) -> list[State]:
    """The states by their places, the last first; the order of preference is kept among equals."""
    if all(a[0] >= b[0] for a, b in pairwise(states)):
        return states
    return sorted(states, key=_place)


class _Builder:
    """Makes closures text, state -> the states after it, longest first."""

    def __init__(self, pattern: Pattern, binary: bool) -> None:
        self.binary = binary
        # What tells states apart besides their place: where the groups that are referred to begin and end.
        self.kept = tuple(i for g in sorted(pattern.referred) for i in (2 * g - 2, 2 * g - 1))

    def key(self) -> Callable[[State], Any]:
        kept = self.kept
        if not kept:
            return lambda s: s[0]
        return lambda s: (s[0], *[s[1][i] for i in kept])

    def run(self, node: Node) -> Run:
        match node:
            case Chars():
                return self.chars(node)
            case At(place):
                return self.at(place)
            case Back(group):
                return self.back(group)
            case Group(number, inner, body):
                return self.group(number, inner, self.run(body))
            case Sequence(items):
                return self.sequence([self.run(x) for x in items])
            case Either(arms):
                return self.either([self.run(x) for x in arms])
            case Repeat(Chars(), low, high):
                return self.row(self.test(node.body), low, high)
            case Repeat(body, low, high):
                return self.repeat(self.run(body), low, high)
            case _:
                raise InternalError(f"no regular expression: {node}")

    def chars(self, node: Chars) -> Run:
        test = self.test(node)

        def chars(text: Text, state: State) -> list[State]:
            text.spend(1)
            at, groups = state
            return [(at + 1, groups)] if at < text.end and test(text.text[at]) else []

        return chars

    def test(self, node: Node) -> Callable[[str], bool]:
        """Is a character one of these?  RE2's tables decide, so that they decide alike in both matchers."""
        assert isinstance(node, Chars)
        if char := node.literal:
            return char.__eq__
        if node == ANY:
            return bool
        full = compiled(node, self.binary, captures=False).fullmatch
        encoding = "latin-1" if self.binary else "utf-8"
        known: dict[str, bool] = {}

        def test(char: str) -> bool:
            found = known.get(char)
            if found is None:
                if len(known) >= _KEPT:
                    known.clear()
                found = known[char] = full(char.encode(encoding, "surrogatepass")) is not None
            return found

        return test

    def at(self, place: str) -> Run:
        if place in _ENDS:
            return _end(place)
        word = self.test(WORD)
        holds = _PLACES[place]

        def at(text: Text, state: State) -> list[State]:
            text.spend(1)
            i = state[0]
            before = i > 0 and word(text.text[i - 1])
            after = i < text.end and word(text.text[i])
            return [state] if holds(before, after) else []

        return at

    def back(self, group: int) -> Run:
        first, last = 2 * group - 2, 2 * group - 1

        def back(text: Text, state: State) -> list[State]:
            at, groups = state
            begin, end = groups[first], groups[last]
            text.spend(1 + (end - begin) // 16)
            if begin < 0 or not text.text.startswith(text.text[begin:end], at):
                return []
            return [(at + end - begin, groups)]

        return back

    def group(self, number: int, inner: int, body: Run) -> Run:
        first, last = 2 * number - 2, 2 * inner
        unset = (-1,) * (last - first)

        def group(text: Text, state: State) -> list[State]:
            at, groups = state
            text.spend(1)
            before, after = groups[:first], groups[last:]
            found = body(text, (at, before + unset + after))
            text.spend(len(found) * (1 + len(groups) // 16))
            return [(end, (*before, at, end, *inside[first + 2 :])) for end, inside in found]

        return group

    def sequence(self, parts: list[Run]) -> Run:
        key = self.key()

        def sequence(text: Text, state: State) -> list[State]:
            states = [state]
            for part in parts:
                if len(states) == 1:
                    states = part(text, states[0])
                else:
                    states = _distinct((after for s in states for after in part(text, s)), key, text)
                if not states:
                    break
            return _longest_first(states)

        return sequence

    def either(self, arms: list[Run]) -> Run:
        key = self.key()

        def either(text: Text, state: State) -> list[State]:
            return _longest_first(_distinct((after for arm in arms for after in arm(text, state)), key, text))

        return either

    def row(self, test: Callable[[str], bool], low: int, high: int | None) -> Run:
        """A repeat of single characters: every length of the row of them is a match."""

        def row(text: Text, state: State) -> list[State]:
            begin, groups = state
            end = text.end if high is None else min(text.end, begin + high)
            at = begin
            while at < end and test(text.text[at]):
                at += 1
            text.spend(1 + at - begin)
            text.hold(at - begin)
            return [(i, groups) for i in range(at, begin + low - 1, -1)]

        return row

    def repeat(self, body: Run, low: int, high: int | None) -> Run:
        """Turn after turn, depth first: the first way to reach a state is the best.

        A turn that matches nothing is taken only where it is needed, or as the first one, when a group inside tells
        it from no turn at all.
        """
        key = self.key()

        def repeat(text: Text, state: State) -> list[State]:
            found: list[State] = []
            seen = set()
            stack = [(state, 0)]
            while stack:
                here, turn = stack.pop()
                mark = key(here), turn if high is not None else min(turn, max(low, 1))
                if mark in seen:
                    continue
                seen.add(mark)
                after = body(text, here) if high is None or turn < high else []
                text.spend(2 + len(after))
                if turn >= low and turn:
                    found.append(here)
                empty = turn < low or not turn
                stack.extend((s, turn + 1) for s in reversed(after) if empty or s[0] > here[0])
            if not low:
                found.append(state)
            return _longest_first(_distinct(found, key, text))

        return repeat


def _distinct(states: Iterable[State], key: Callable[[State], Any], text: Text) -> list[State]:
    """The states without those that an earlier, better one equals in all that matters."""
    first: dict[Any, State] = {}
    for state in states:
        if first.setdefault(key(state), state) is state and not len(first) % _BLOCK:
            text.hold(_BLOCK)
    return list(first.values())


def _end(place: str) -> Run:
    """The beginning or the end of the text."""

    def end(text: Text, state: State) -> list[State]:
        text.spend(1)
        return [state] if state[0] == (0 if place == "^" else text.end) else []

    return end


_ENDS = ("^", "$")
_PLACES: dict[str, Callable[[bool, bool], bool]] = {  # is there a letter before, is there one after
    r"\b": lambda before, after: before != after,
    r"\B": lambda before, after: before == after,
    r"\<": lambda before, after: after and not before,
    r"\>": lambda before, after: before and not after,
}
