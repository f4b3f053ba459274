"""What operations do beside giving a value: the table that passes over blocks obey.

    FAILS    may end in an error
    READS    depends on cells or pools
    ACTS     changes them, emits, logs, draws random numbers, or is not known

An operation that does none of these is *pure*: it may be dropped, doubled or moved.  Limits count as no effect: a
pass may make a program cheaper, and a breach ends it at another place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.ir import Attempt, FunctionValue, Op, Part, Var
from pfa.passes.blocks import calls, operands, statements
from pfa.types import DOUBLE, FLOAT

if TYPE_CHECKING:
    from pfa.ir import Block, Lowered, Operand, Statement
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
        self.program = lowered.program
        self.closures: dict[str, str] = {}
        self.routines: dict[str, int] = {}
        callers: dict[str, list[str]] = {}
        for name, r in lowered.routines.items():
            found = FAILS if r.recursive else PURE  # a limit that is reached must stay where it is
            for s in statements(r.body):
                if isinstance(s, Op) and s.code == "closure":
                    self.closures[s.to] = s.extra
                found |= self._own(s)
                for callee in calls(s):
                    callers.setdefault(callee, []).append(name)
            self.routines[name] = found
        self._spread(callers)

    def _spread(self, callers: dict[str, list[str]]) -> None:
        """To those who call, until nothing changes."""
        todo = list(self.routines)
        while todo:
            name = todo.pop()
            found = self.routines.get(name, ACTS)
            for caller in callers.get(name, ()):
                if found & ~self.routines[caller]:
                    self.routines[caller] |= found
                    todo.append(caller)

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
            if isinstance(x, FunctionValue) and (x.fn is not None or x.name == "emit"):
                found |= self.function(x)
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
        for x in operands(s):
            if isinstance(x, FunctionValue) or (isinstance(x, Var) and x.name in self.closures):
                found |= self.function(x)
        return found

    def block(self, block: Block) -> int:
        """Of all statements in a block."""
        found = PURE
        for s in statements(block):
            found |= self.op(s) if isinstance(s, Op) else self._own(s)
        return found


def of_function(fn: Fn, bound: Bound) -> int:
    """Of a call of the library, its callbacks aside."""
    if fn.random or fn.nondeterministic:
        return ACTS
    if not fn.errors or (bound.ret in (FLOAT, DOUBLE) and fn.errors.keys() <= _OVERFLOWS):
        return PURE
    return FAILS
