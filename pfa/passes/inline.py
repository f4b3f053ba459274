"""Inline: small user functions in place of their calls.

    action(input):
      t1 = user(input) {'twice'}
      return t1
    u:twice(v1):
      t2 = call(v1, 2.0) {*, (double, double) -> double}
      return t2

becomes

    action(input):
      t3 = call(input, 2.0) {*, (double, double) -> double}
      t1 = copy(t3)
      return t1
    u:twice(v1):
      t2 = call(v1, 2.0) {*, (double, double) -> double}
      return t2

A call costs a step, what is put in place does not: so it is bounded by the size of the text, which grows to at most
`GROWTH` times what it was.  Order, errors and their places stay.  Functions that call themselves, directly or not, are
left alone: their depth is a limit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pfa.ir import Op
from pfa.passes.blocks import Names, callees_first, size, with_blocks
from pfa.passes.bodies import Bodies
from pfa.types import Function

if TYPE_CHECKING:
    from pfa.ir import Block, Lowered, Routine, Statement

SMALL = 24  # statements of a function that is put in place
ROOM = 400  # statements of a routine that still gets others
GROWTH = 2


def inline(lowered: Lowered) -> Lowered:
    """The same program, with calls of small user functions replaced by what they do."""
    if not lowered.program.functions:
        return lowered
    return _Inliner(lowered).run()


class _Inliner:
    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.types = dict(lowered.types)
        self.bodies = Bodies(lowered.program, self.types, Names(lowered))
        self.done: dict[str, Routine] = {}
        self.room = ROOM + (GROWTH - 1) * sum(size(r.body) for r in lowered.routines.values())

    def run(self) -> Lowered:
        """Functions before those who call them, so that what is put in place is complete."""
        for name in callees_first(self.lowered):
            self.done[name] = self.routine(self.lowered.routines[name])
        routines = {name: self.done[name] for name in self.lowered.routines}
        return replace(self.lowered, routines=routines, types=self.types)

    def routine(self, r: Routine) -> Routine:
        return replace(r, body=self.block(r.body, [size(r.body)]))

    def block(self, block: Block, length: list[int]) -> Block:
        out: list[Statement] = []
        for s in block:
            if isinstance(s, Op):
                out += self.op(s, length)
            else:
                out.append(with_blocks(s, lambda b: self.block(b, length)))
        return tuple(out)

    def op(self, s: Op, length: list[int]) -> tuple[Statement, ...]:
        r = self.done.get(f"u:{s.extra}") if s.code == "user" else None
        if r is None or r.recursive:
            return (s,)
        more = size(r.body)
        if more > SMALL or more > self.room or length[0] + more > ROOM:
            return (s,)
        self.room -= more
        length[0] += more
        made, value = self.bodies.placed(r, s.args, [None] * len(s.args))
        if not s.to:
            return made
        t = self.types[f"{r.name}()"]
        assert isinstance(t, Function)
        self.types.setdefault(s.to, t.ret)
        return (*made, Op(s.to, "copy", (value,), at=s.at))
