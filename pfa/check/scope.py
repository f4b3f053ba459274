"""Symbols and scopes (specification, "Symbols, scope, and data structures").

A scope is one block of expressions.  `sealed_above` says why symbols outside it cannot be changed (empty:
they can); `sealed_within` means that `let` is not allowed directly in it.  Symbols get a name that is unique
in the document, so no later stage thinks about scopes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pfa.types import Type

ONE_VALUE = "arguments, conditions and other single values cannot change the symbols around them"


@dataclass(slots=True)
class Symbol:
    """What a name means: its unique name in the IR and its type; predefined ones cannot be changed."""

    name: str
    type: Type


@dataclass(slots=True)
class Scope:
    """`opaque`: a declaration that is broken names nothing here, so an unknown symbol may be the one meant."""

    parent: Scope | None = None
    sealed_above: str = ""
    sealed_within: bool = False
    symbols: dict[str, Symbol] = field(default_factory=dict)
    opaque: bool = False
    reads: dict[str, None] | None = None  # of a function: the symbols around it that are read in it

    def find(self, name: str) -> Symbol | None:
        """The symbol that a name reads here."""
        scope: Scope | None = self
        crossed: list[dict[str, None]] = []
        while scope is not None:
            if found := scope.symbols.get(name):
                for reads in crossed:
                    reads[found.name] = None
                return found
            if scope.reads is not None:
                crossed.append(scope.reads)
            scope = scope.parent
        return None

    def writable(self, name: str) -> str:
        """Why a visible symbol cannot be changed here; empty when it can."""
        scope: Scope | None = self
        sealed = ""
        while scope is not None:
            if name in scope.symbols:
                return sealed
            sealed = sealed or scope.sealed_above
            scope = scope.parent
        return sealed

    def visible(self) -> list[str]:
        """All names that can be read here, the nearest first."""
        names: list[str] = []
        scope: Scope | None = self
        while scope is not None:
            names += scope.symbols
            scope = scope.parent
        return names

    def is_opaque(self) -> bool:
        """Is this scope or one around it opaque?"""
        scope: Scope | None = self
        while scope is not None and not scope.opaque:
            scope = scope.parent
        return scope is not None

    def block(self) -> Scope:
        """A block that may declare and may change what is outside."""
        return Scope(self)

    def value(self) -> Scope:
        """A place for one value, such as an argument: sealed from above and within; inside of one it is the same."""
        return self if self.sealed_within else Scope(self, ONE_VALUE, True)

    def sealed(self, why: str) -> Scope:
        """A block that may declare but not change what is outside."""
        return Scope(self, why)
