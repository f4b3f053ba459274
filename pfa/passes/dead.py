"""Dead: what is computed and not read, and functions that nobody calls, are left out.

    action(input):
      t1 = call(input, 2.0) {*, (double, double) -> double}
      t2 = call(input, 3.0) {+, (double, double) -> double}
      return t2

becomes

    action(input):
      t2 = call(input, 3.0) {+, (double, double) -> double}
      return t2

Of ints, `*` may fail, and stays: only what is pure, or reads a cell, and is soon done may go; so may the
branches of nothing that are left.  Statements are looked at from the last to the first, so what only they needed goes
with them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pfa.ir import Branch, Op
from pfa.passes.blocks import Uses, calls, reads, statements, with_blocks
from pfa.passes.effects import READS, Effects
from pfa.types import BYTES, STRING, Enum, Fixed, Prim, Union

if TYPE_CHECKING:
    from collections import Counter

    from pfa.ir import Block, Lowered, Routine, Statement
    from pfa.types import Type

SMALL = (
    "copy", "widen", "is_branch", "not_null", "is", "array", "map", "field", "closure", "item", "cell", "call", "next",
)  # fmt: skip
LONG = (STRING, BYTES)


def dead(lowered: Lowered) -> Lowered:
    """The same program without what nobody needs."""
    effects = Effects(lowered)
    routines = {name: _without(r, effects) for name, r in lowered.routines.items()}
    used = _reached(routines)
    return replace(lowered, routines={n: r for n, r in routines.items() if n in used})


def _without(r: Routine, effects: Effects) -> Routine:
    return replace(r, body=_kept(r.body, Uses(r).read, effects))


def _kept(block: Block, read: Counter[str], effects: Effects) -> Block:
    out: list[Statement] = []
    for s in reversed(block):
        if s.__class__ is not Op:
            s = with_blocks(s, lambda b: _kept(b, read, effects))
        if _needless(s, read, effects):
            read.subtract(reads(s))
        else:
            out.append(s)
    return tuple(reversed(out))


def _needless(s: Statement, read: Counter[str], effects: Effects) -> bool:
    match s:
        case Op(to, code):
            return not read[to] and code in SMALL and not effects.op(s) & ~READS and _small(s)
        case Branch(_, (), ()):
            return True
        case _:
            return False


def _small(s: Op) -> bool:
    """Does an operation do little?  What may reach a limit stays, read or not."""
    match s.code:
        case "call":
            fn, bound = s.extra
            return not fn.cost and all(isinstance(t, Prim | Enum) and t not in LONG for t in bound.params)
        case "widen":
            return all(map(_flat, s.extra))
        case _:
            return True


def _flat(t: Type) -> bool:
    return all(map(_flat, t.branches)) if isinstance(t, Union) else isinstance(t, Prim | Enum | Fixed)


def _reached(routines: dict[str, Routine]) -> set[str]:
    """The routines that are called from outside, and those that they call."""
    found = {name for name in routines if name[:1] != "f"}
    todo = list(found)
    while todo:
        for s in statements(routines[todo.pop()].body):
            more = [n for n in calls(s) if n in routines and n not in found]
            found.update(more)
            todo += more
    return found
