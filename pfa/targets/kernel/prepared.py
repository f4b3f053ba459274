"""Tables that are made of a constant argument when a document is compiled: a zone's offsets, a pattern's automata.

A kernel asks for one by a parameter (N is the number of the argument):

    zone_N       an array of longs: `pfa.targets.kernel.zones`
    pattern_N    bytes: `pfa.targets.kernel.automata`
    groupless_N  the same, of patterns without groups only

Where the argument is no constant, or no table can be made of it, that kernel is not taken, and the body of the function
does the work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pfa.ir import Const
from pfa.types import BYTES, LONG, Array, Type

if TYPE_CHECKING:
    from pfa.ir import Operand
    from pfa.targets.kernel.automata import Table
    from pfa.targets.kernel.front import Kernel

NAMES = re.compile(r"(zone|pattern|groupless)_(\d)\Z")


class Prepared:
    """The tables of one document."""

    def __init__(self) -> None:
        self.patterns: dict[str | bytes, Table | None] = {}
        self.budget: Any = None

    def possible(self, kernel: Kernel, args: tuple[Operand, ...]) -> bool:
        """Are there tables for all that the kernel asks for?"""
        asked = [m for name, _ in kernel.params if (m := NAMES.match(name))]
        return all(self.table(m[1], args[int(m[2])]) is not None for m in asked)

    def table(self, what: str, argument: Operand) -> tuple[Type, Any] | None:
        """The table of an argument."""
        match argument:
            case Const(str() as name) if what == "zone":
                from pfa.targets.kernel.zones import zone_table

                offsets = zone_table(name)
                return None if offsets is None else (Array(LONG), offsets)
            case Const(str() | bytes() as text):
                found = self.pattern(text)
                return None if found is None or (what == "groupless" and found.groups) else (BYTES, found.data)
            case _:
                return None

    def pattern(self, text: str | bytes) -> Table | None:
        """The automata of a pattern, made once."""
        from pfa.targets.kernel.automata import Budget, pattern_table

        self.budget = self.budget or Budget()
        if text not in self.patterns:
            binary = isinstance(text, bytes)
            plain = text.decode("latin-1") if isinstance(text, bytes) else text
            self.patterns[text] = pattern_table(plain, binary, self.budget)
        return self.patterns[text]
