"""A regular expression with groups as a program, by which kernels divide a match that is found (`re_groups` ...).

The program goes through the pattern and prefers what Perl would try first.  A kernel looks, from the end of the match
to its beginning, from which steps the end can be reached; then it takes, from the beginning on, the preferred ones of
these.  Where `exact` holds this is what POSIX asks for; no loop takes nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pfa.lib.regex_syntax import At, Chars, Either, Group, Node, Repeat, Sequence

CHAR, SPLIT, JUMP, SAVE, AT, MATCH = range(6)
PLACES = ("^", "$", r"\b", r"\B", r"\<", r"\>")
STEPS = 500


class TooLong(Exception):
    """This pattern's program would be too long."""


@dataclass(slots=True)
class Program:
    """Steps: what they do, and two numbers or a set of characters."""

    steps: list[tuple[int, int | Chars, int]] = field(default_factory=list)

    def add(self, what: int, x: int | Chars = 0, y: int = 0) -> int:
        if len(self.steps) >= STEPS:
            raise TooLong
        self.steps.append((what, x, y))
        return len(self.steps) - 1

    def node(self, node: Node) -> None:
        match node:
            case Chars():
                self.add(CHAR, node)
            case At(place):
                self.add(AT, PLACES.index(place))
            case Group(number, _, body):
                self.add(SAVE, 2 * number)
                self.node(body)
                self.add(SAVE, 2 * number + 1)
            case Sequence(items):
                for x in items:
                    self.node(x)
            case Either(arms):
                self.arms(arms)
            case Repeat(body, low, high):
                self.repeat(body, low, high)
            case _:
                raise TooLong

    def split(self, at: int, other: int) -> None:
        """The step goes on with the next one, or, if need be, with another."""
        self.steps[at] = SPLIT, at + 1, other

    def arms(self, arms: tuple[Node, ...]) -> None:
        ends = []
        for x in arms[:-1]:
            at = self.add(SPLIT)
            self.node(x)
            ends.append(self.add(JUMP))
            self.split(at, len(self.steps))
        self.node(arms[-1])
        for at in ends:
            self.steps[at] = JUMP, len(self.steps), 0

    def repeat(self, body: Node, low: int, high: int | None) -> None:
        for _ in range(low):
            self.node(body)
        if high is None:
            at = self.add(SPLIT)
            self.node(body)
            self.add(JUMP, at)
            self.split(at, len(self.steps))
            return
        ways = []
        for _ in range(high - low):
            ways.append(self.add(SPLIT))
            self.node(body)
        for at in ways:
            self.split(at, len(self.steps))


def program(root: Node) -> Program:
    """The program of a pattern; raises TooLong."""
    made = Program()
    made.node(root)
    made.add(MATCH)
    return made
