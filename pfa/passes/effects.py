"""What operations do beside giving a value: the table that passes over blocks obey.

    FAILS    may end in an error
    READS    depends on cells or pools
    ACTS     changes them, emits, logs, draws random numbers, or is not known

An operation that does none of these is *pure*: it may be dropped, doubled or moved.  Limits count as no effect: a
pass may make a program cheaper, and a breach ends it at another place.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pfa.ir import Attempt, FunctionValue, Op, Part, Var
from pfa.passes.blocks import calls, operands, statements
from pfa.types import DOUBLE, FLOAT, Function

if TYPE_CHECKING:
    from pfa.ir import Lowered, Operand, Statement
    from pfa.lib.define import Fn
    from pfa.lib.signature import Bound

FAILS, READS, ACTS = 1, 2, 4
PURE = 0
_CODES = {
    "copy": PURE, "widen": PURE, "is_branch": PURE, "not_null": PURE, "is": PURE, "array": PURE, "map": PURE,
    "field": PURE, "closure": PURE, "item": PURE, "unpack": PURE, "pack": FAILS, "error": FAILS, "room": PURE,
    "push": PURE, "built": PURE, "next": PURE, "index": FAILS, "key": FAILS, "put_field": PURE, "put_index": FAILS,
    "put_key": FAILS, "cell": READS, "pool_has": READS, "pool": READS | FAILS,
}  # fmt: skip
_OVERFLOWS = {"int overflow", "long overflow"}


class Effects:
    """The effects of a program's routines, and of statements that call them."""

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered

    @cached_property
    def closures(self) -> dict[str, str]:
        """The routines that functions made in place are of, by their local."""
        every = (s for r in self.lowered.routines.values() for s in statements(r.body))
        return {s.to: s.extra for s in every if isinstance(s, Op) and s.code == "closure"}

    @cached_property
    def routines(self) -> dict[str, int]:
        """Of each routine: its own, then those of what it calls, until nothing changes."""
        made: dict[str, int] = {}
        callers: dict[str, list[str]] = {}
        for name, r in self.lowered.routines.items():
            found = FAILS if r.recursive else PURE  # a limit that is reached must stay where it is
            for s in statements(r.body):
                found |= self._own(s)
                for callee in calls(s):
                    callers.setdefault(callee, []).append(name)
            made[name] = found
        todo = list(made)
        while todo:
            name = todo.pop()
            for caller in callers.get(name, ()):
                if made[name] & ~made[caller]:
                    made[caller] |= made[name]
                    todo.append(caller)
        return made

    def _own(self, s: Statement) -> int:
        """Of a statement, without the blocks in it and the routines that it calls."""
        if not isinstance(s, Op):
            return FAILS if isinstance(s, Attempt) else ACTS if isinstance(s, Part) else PURE
        if s.code == "call":
            fn, bound = s.extra
            found = of_function(fn, bound)
        elif s.code in ("user", "dynamic"):
            found = PURE
        else:
            found = _CODES.get(s.code, ACTS)
        for x in operands(s):
            if isinstance(x, FunctionValue):
                found |= ACTS if x.name == "emit" else of_function(x.fn, x.bound) if x.fn and x.bound else PURE
        return found

    def function(self, x: Operand) -> int:
        """Of calls of a function."""
        if isinstance(x, Var):
            return self.routines.get(self.closures.get(x.name, ""), ACTS)
        if isinstance(x, FunctionValue):
            if x.fn is not None:
                assert x.bound is not None
                return of_function(x.fn, x.bound)
            return self.routines.get(x.name, ACTS)
        return ACTS

    def op(self, s: Op) -> int:
        """Of an operation, with all that it calls."""
        found = self._own(s)
        if s.code == "user":
            return found | self.routines.get(f"u:{s.extra}", ACTS)
        if s.code == "closure":
            return found
        if s.code != "call" or any(isinstance(t, Function) for t in s.extra[1].params):
            for x in operands(s):
                if isinstance(x, FunctionValue) or (isinstance(x, Var) and x.name in self.closures):
                    found |= self.function(x)
        return found


def of_function(fn: Fn, bound: Bound) -> int:
    """Of a call of the library, its callbacks aside."""
    if fn.random or fn.nondeterministic:
        return ACTS
    if not fn.errors or (bound.ret in (FLOAT, DOUBLE) and fn.errors.keys() <= _OVERFLOWS):
        return PURE
    return FAILS
