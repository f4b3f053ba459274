"""A function's body in place of a call: the parameters are the arguments, every local gets a new name.

    f(v1): t1 = call(v1, 2) {*};  return t1            with v5 for v1:  t9 = call(v5, 2) {*}, and the value is t9

Invariant: the statements do what the call does, in the same order; only the step that a call costs is not charged, so
who puts bodies in place bounds how many.  An argument is evaluated before, and nothing in a function changes the
locals of another one, so an argument that is a local stands for the parameter, unless the function assigns that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.ir import Const, Op, Return, Var
from pfa.passes.blocks import Copier, assigns, statements
from pfa.types import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfa.ir import Block, Operand, Program, Routine
    from pfa.passes.blocks import Names
    from pfa.types import Type


class Bodies:
    """Puts bodies in place; `types` has what is known of locals and gets those of the new ones."""

    def __init__(self, program: Program, types: dict[str, Type], names: Names) -> None:
        self.program, self.types, self.names = program, types, names

    def new(self, t: Type, like: str = "t") -> str:
        """A new local of a type."""
        name = self.names.fresh(like)
        self.types[name] = t
        return name

    def widened(self, x: Operand, got: Type, want: Type, out: list[Op]) -> Operand:
        """The operand as a value of the wider type."""
        if want == got:
            return x
        to = self.new(want)
        out.append(Op(to, "widen", (x,), (want, got)))
        return Var(to)

    def placed(self, r: Routine, given: Sequence[Operand], got: Sequence[Type | None]) -> tuple[Block, Operand]:
        """The statements of a call with these arguments (the captured ones after the others), and its value.

        `got` are the arguments' types; None: that of the parameter.
        """
        changed = {n for s in statements(r.body) for n in assigns(s)}
        known: dict[str, Operand] = {}
        before: list[Op] = []
        for name, x, t in zip((*r.params, *r.captured), given, got, strict=True):
            want = self.type_of(name)
            if t is not None and t != want and want is not None:
                x = self.widened(x, t, want, before)
            elif name in changed or not self._stands(x, want):
                to = self.names.fresh(name)
                if want is not None:
                    self.types[to] = want
                before.append(Op(to, "copy", (x,), at=r.at))
                x = Var(to)
            known[name] = x
        copied = Copier(self.names, self.types, known, r.at).block(r.body)
        assert isinstance(copied[-1], Return)
        return (*before, *copied[:-1]), copied[-1].value

    def type_of(self, name: str) -> Type | None:
        """What is known of a local's type."""
        if name == "input":
            return self.program.input
        return self.types.get(name)

    def _stands(self, x: Operand, want: Type | None) -> bool:
        """Can an argument stand wherever the parameter does?"""
        if isinstance(x, Var):
            return want is not None and self.type_of(x.name) == want
        return isinstance(x, Const) and x.type is not UNKNOWN and x.type == want
