"""Tables that are made of an argument when a document is compiled: a zone's offsets, a pattern's automata.

A kernel asks for one by a parameter (N is the number of the argument):

    zone_N       the address of a zone's table, 0 for none: `pfa.targets.kernel.zones`; it is looked up among all zones
                 where the argument is no constant
    pattern_N    bytes, of a constant pattern: `pfa.targets.kernel.automata`
    grouped_N    the same, of patterns whose groups can be told

Where no table can be made, that kernel is not taken, and the body of the function does the work.
"""

from __future__ import annotations

import re
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pfa.ir import Const
from pfa.types import BYTES, INT, LONG, STRING, Array, Map

if TYPE_CHECKING:
    from pfa.ir import Operand
    from pfa.targets.kernel.automata import Budget, Table
    from pfa.targets.kernel.kernels import Kernel
    from pfa.targets.kernel.routine import FunctionEmitter

NAMES = re.compile(r"(zone|pattern|grouped)_(\d)\Z")


class Prepared:
    """The tables of one document."""

    def __init__(self) -> None:
        self.patterns: dict[str | bytes, Table | None] = {}

    @cached_property
    def budget(self) -> Budget:
        made: Budget = _made_by("automata").Budget()
        return made

    def possible(self, kernel: Kernel, args: tuple[Operand, ...]) -> bool:
        """Are there tables for all that the kernel asks for?"""
        asked = [m for name, _ in kernel.params if (m := NAMES.match(name))]
        return all(self.table(m[1], args[int(m[2])]) is not None for m in asked)

    def table(self, what: str, argument: Operand) -> Any:
        """The table of an argument."""
        match argument:
            case Const(str() as name) if what == "zone":
                return _made_by("zones").zone_table(name)
            case _ if what == "zone":
                return _made_by("zones").all_zones()
            case Const(str() | bytes() as text):
                found = self.pattern(text)
                return None if found is None or (what == "grouped" and not found.grouped) else found.data
            case _:
                return None

    def text(self, f: FunctionEmitter, what: str, argument: Operand) -> str:
        """What stands for a table in a call."""
        table = self.table(what, argument)
        if what != "zone":
            return f.e.constant(BYTES, table)
        if isinstance(argument, Const):
            return f"items({f.e.constant(Array(LONG), table)})" if table else "0"
        places, words = table
        given = f"{f.e.constant(Map(INT), places)}, {f.e.constant(Array(LONG), words)}"
        return f"find_zone(ctx, {given}, {f.operand(argument, STRING)})"

    def pattern(self, text: str | bytes) -> Table | None:
        """The automata of a pattern, made once."""
        if text not in self.patterns:
            binary = isinstance(text, bytes)
            plain = text.decode("latin-1") if isinstance(text, bytes) else text
            self.patterns[text] = _made_by("automata").pattern_table(plain, binary, self.budget)
        return self.patterns[text]


def _made_by(module: str) -> Any:
    """What makes tables: imported for the documents that ask for one."""
    return import_module(f"pfa.targets.kernel.{module}")
