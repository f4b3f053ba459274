"""Common: what has been computed already is not computed again.

    action(input):
      t1 = call(input) {m.exp, (double) -> double}
      t2 = call(input) {m.exp, (double) -> double}
      t3 = call(1.0, t2) {+, (double, double) -> double}
      t4 = call(t1, t3) {/, (double, double) -> double}
      return t4

becomes

    action(input):
      t1 = call(input) {m.exp, (double) -> double}
      t3 = call(1.0, t1) {+, (double, double) -> double}
      t4 = call(t1, t3) {/, (double, double) -> double}
      return t4

An expression is known in the block where it was computed, after that, and in the blocks inside: there it has run.  So
one that can fail may be left out the second time: it did not fail the first time, and would not now.  What reads
cells, draws or has another effect is computed each time, as is what makes arrays, maps and functions.  A local that is
assigned again is another value from then on; one that a loop assigns is, too, from its beginning.

Steps down into a cell or a pool are left as they are: `pfa.targets.kernel.places` knows them by their form.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pfa.ir import Attempt, Branch, Const, Each, Leave, Loop, Op, Part, Return, Var
from pfa.passes.blocks import Uses, assigns, statements
from pfa.passes.effects import FAILS, Effects

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pfa.ir import Block, Lowered, Operand, Routine, Statement

CODES = ("call", "field", "index", "key", "widen", "is_branch", "not_null", "is")
STEPS = ("field", "index", "key", "copy")
STORED = ("cell", "pool", "shared_cell", "shared_pool")


def common(lowered: Lowered) -> Lowered:
    """The same program, with each expression computed once where that can be seen."""
    effects = Effects(lowered)
    return replace(lowered, routines={n: _Walk(r, effects).run() for n, r in lowered.routines.items()})


class _Walk:
    """One routine.  `versions` numbers the values that locals have had; a key names operands with their versions."""

    def __init__(self, r: Routine, effects: Effects) -> None:
        self.r = r
        self.single = Uses(r).assigned
        self.effects = effects
        self.versions: dict[str, int] = {}
        self.last = 0
        self.same: dict[str, Var] = {}  # locals that are left out, and what they are
        self.stored: set[str] = set()  # locals that are parts of cells and pools

    def run(self) -> Routine:
        return replace(self.r, body=self.block(self.r.body, {}))

    def block(self, block: Block, known: dict[Hashable, tuple[str, int]]) -> Block:
        """`known`: where the value of an expression is, and in which version of that local."""
        out: list[Statement] = []
        for s in block:
            if isinstance(s, Op):
                if (made := self.op(s, known)) is not None:
                    out.append(made)
            else:
                out.append(self.statement(s, known))
        return tuple(out)

    def statement(self, s: Statement, known: dict[Hashable, tuple[str, int]]) -> Statement:
        match s:
            case Branch(condition, then, orelse):
                made: Statement = Branch(
                    self.operand(condition), self.block(then, dict(known)), self.block(orelse, dict(known))
                )
            case Loop(body):
                self.changed(s)
                made = replace(s, body=self.block(body, dict(known)))
            case Each(_, over, body):
                over = self.operand(over)
                self.changed(s)
                made = replace(s, over=over, body=self.block(body, dict(known)))
            case Attempt(body):
                made = replace(s, body=self.block(body, dict(known)))
            case Leave(condition, when):
                return Leave(self.operand(condition), when)
            case Return(value):
                return Return(self.operand(value))
            case Op() | Part():
                return s
        self.changed(s)
        return made

    def changed(self, s: Statement) -> None:
        """What a statement assigns, anywhere in it, has new values."""
        for x in statements((s,)):
            for name in assigns(x):
                self.assigned(name)

    def assigned(self, name: str) -> None:
        """A local that is assigned once has one value, wherever something is known of it."""
        if self.single[name] != 1:
            self.last += 1
            self.versions[name] = self.last

    def operand(self, x: Operand) -> Operand:
        return self.same.get(x.name, x) if isinstance(x, Var) else x

    def op(self, s: Op, known: dict[Hashable, tuple[str, int]]) -> Op | None:
        args = tuple([self.operand(x) for x in s.args])
        if args != s.args:
            s = replace(s, args=args)
        if s.code == "dynamic":
            s = replace(s, extra=(s.extra[0], tuple([self.operand(x) for x in s.extra[1]])))
        base = args[0] if args else None
        if s.code in STORED or (s.code in STEPS and isinstance(base, Var) and base.name in self.stored):
            self.stored.add(s.to)
        key = self.key(s) if s.to else None
        if s.to:
            self.assigned(s.to)
        if key is None:
            return s
        found = known.get(key)
        if found is None or self.versions.get(found[0], 0) != found[1] or self.effects.op(s) & ~FAILS:
            known[key] = (s.to, self.versions.get(s.to, 0))
            return s
        if self.single[s.to] == 1 and self.single[found[0]] == 1:
            self.same[s.to] = Var(found[0])
            return None
        return Op(s.to, "copy", (Var(found[0]),), at=s.at)

    def key(self, s: Op) -> Hashable:
        """What an expression is known by; None where it is computed each time."""
        if s.code not in CODES or s.to in self.stored:
            return None
        args = tuple([self.name(x) for x in s.args])
        if s.code == "call":  # types without a name are solved once for all calls that have them
            return (id(s.extra[0]), id(s.extra[1]), args)
        return (s.code, args, s.extra)

    def name(self, x: Operand) -> Hashable:
        """An operand: a local in its version, a constant's value; two that fail to be one are only computed twice."""
        if isinstance(x, Var):
            return (x.name, self.versions.get(x.name, 0))
        if isinstance(x, Const):
            plain = isinstance(x.value, bool | int | float | str)
            return (x.value.__class__, repr(x.value)) if plain else id(x.value)
        return (x.name, id(x.bound))
