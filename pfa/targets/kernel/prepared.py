"""Tables that are made of a constant argument when a document is compiled: a zone's offsets, a pattern's automaton.

A kernel asks for one by a parameter `zone_N` or `pattern_N` (N is the number of the argument).  Where the argument is
no constant, or no table can be made of it, that kernel is not taken, and the body of the function does the work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pfa.ir import Const
from pfa.targets.kernel.zones import zone_table

if TYPE_CHECKING:
    from pfa.ir import Operand
    from pfa.targets.kernel.front import Kernel

NAMES = re.compile(r"(zone)_(\d)\Z")


def possible(kernel: Kernel, args: tuple[Operand, ...]) -> bool:
    """Are there tables for all that the kernel asks for?"""
    asked = [m for name, _ in kernel.params if (m := NAMES.match(name))]
    return all(table(m[1], args[int(m[2])]) is not None for m in asked)


def table(what: str, argument: Operand) -> list[int] | None:
    """The table of an argument; made once."""
    if not isinstance(argument, Const) or not isinstance(argument.value, str):
        return None
    return zone_table(argument.value)
