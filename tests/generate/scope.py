"""What a place in generated code sees and may do: symbols, what is sealed, effects.

The same rules as the specification's ("Symbols, scope, and data structures"), written a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.generate.types import T

_NAMES = (
    "x",
    "y",
    "z",
    "a",
    "b",
    "count",
    "total",
    "item",
    "key",
    "t1",
    "v2",
    "self",
    "None",
    "budget",
    "emitted",
)


@dataclass
class Symbol:
    type: T
    fixed: bool = False  # not to be changed, though it could be: a loop's counter


@dataclass(frozen=True)
class Allowed:
    """What code may do here, wherever its scope begins."""

    writes: bool = True  # to cells and pools: not within the function of an update
    emits: bool = False
    loops: int = 2  # loops that may stand inside
    callees: frozenset[str] = frozenset()  # user functions
    myself: tuple[str, ...] = ()  # the functions of a recursion that are called with a smaller n


@dataclass
class Place:
    allowed: Allowed
    parent: Place | None = None
    sealed: bool = False  # symbols outside cannot be changed
    lets: bool = True  # `let` is allowed
    symbols: dict[str, Symbol] = field(default_factory=dict)

    def block(self) -> Place:
        return Place(self.allowed, self)

    def value(self) -> Place:
        return Place(self.allowed, self, sealed=True, lets=False)

    def function(self) -> Place:
        return Place(self.allowed, self, sealed=True)

    def loop(self) -> Place:
        return Place(replace(self.allowed, loops=self.allowed.loops - 1), self)

    def update(self) -> Place:
        """Where a function that updates a cell or a pool stands."""
        return Place(replace(self.allowed, writes=False, myself=()), self, sealed=True, lets=False)

    def chain(self) -> Iterator[Place]:
        here: Place | None = self
        while here is not None:
            yield here
            here = here.parent

    def visible(self) -> dict[str, Symbol]:
        """Symbols by name; the nearest of a name counts."""
        found: dict[str, Symbol] = {}
        for place in self.chain():
            for name, symbol in place.symbols.items():
                found.setdefault(name, symbol)
        return found

    def writable(self) -> dict[str, Symbol]:
        found: dict[str, Symbol] = {}
        hidden: set[str] = set()
        for place in self.chain():
            for name, symbol in place.symbols.items():
                if name not in hidden and not symbol.fixed:
                    found[name] = symbol
                hidden.add(name)
            if place.sealed:
                break
        return found

    def fresh(self, taken: tuple[str, ...] = ()) -> str:
        """A name that shadows nothing, the usual ones first, so that neighbours use the same."""
        seen = self.visible()
        for name in _NAMES:
            if name not in seen and name not in taken:
                return name
        return next(n for i in range(10_000) if (n := f"n{i}") not in seen and n not in taken)

    def declare(self, name: str, t: T, fixed: bool = False) -> None:
        self.symbols[name] = Symbol(t, fixed)
