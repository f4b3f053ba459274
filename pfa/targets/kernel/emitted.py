"""What `emit` gives: a program in the kernel language, and what engines need to know of it.

Invariant: it imports no part of the compiler, so that engines whose code comes from elsewhere start soon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfa.types import INT, STRING, Map, Type

if TYPE_CHECKING:
    from pfa.ir import Program
    from pfa.targets.kernel.parts import Escape, Site

PREDEFINED: dict[str, Type] = {"name": STRING, "instance": INT, "metadata": Map(STRING), "version": INT}


@dataclass(slots=True)
class Emitted:
    """A program in the kernel language, and what it refers to by number."""

    text: str
    entries: tuple[str, ...]
    tags: dict[str, int]
    constants: list[tuple[Type, Any]]
    sites: list[Site]
    escapes: list[Escape]
    events: list[tuple[str, tuple[Type, ...]]]  # of each emit ("", (type,)) and log (namespace, types)
    slots: dict[tuple[str, str], int]  # of cells, pools, the tally: words of the state
    types: dict[str, Type]
    native: dict[str, str]  # library functions, and what each runs as
    counted: bool  # does it look at the counters of actions?
    draws: bool  # does it draw random numbers?
    keys: list[str]  # names that `act` asks for as objects
    takes: dict[Type, str]  # what takes an object of a type; nothing where there is no `act`
    written: frozenset[str]  # what the action changes: "cell:NAME", "pool:NAME"
    reads: frozenset[str] | None  # the fields of its datum that the action may read; None: all


def state_type(p: Program, what: str, name: str) -> Type:
    """The type of a word of the state; of a pool that of its items."""
    match what:
        case "tally":
            return p.output
        case "cell":
            return p.cells[name].type
        case "pool":
            return p.pools[name].type
        case _:
            return PREDEFINED[name]
