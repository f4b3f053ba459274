"""What `fuse` makes of the last call of a chain: what comes before the loop, in a turn, and after it.

    a.sum:  acc = copy(0.0)      each v in x: acc = call(acc, v) {+}       t = copy(acc)
    a.map:  out = room(x)        each v in x: push(out, f(v))              t = built(out)

`room` is an array as long as another one, to be filled by `push`; `built` is what was pushed.  `next` counts.
Invariant: an end gives what the call gives for the items that reach it, bit by bit: sums go from left to right from
zero, and errors of the call itself are made by the call, of an array that is made for that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfa.ir import Branch, Const, FunctionValue, Leave, Op, Var
from pfa.lib.table import lookup
from pfa.types import BOOLEAN, BYTES, DOUBLE, FLOAT, INT, LONG, STRING, Array, Enum, Function, Prim

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.ir import Operand, Routine, Statement
    from pfa.lib.define import Fn
    from pfa.lib.signature import Bound
    from pfa.passes.bodies import Bodies
    from pfa.types import Type


@dataclass(frozen=True, slots=True)
class Called:
    """A function that is called in the loop: of the library, or of the document with what it has captured."""

    asked: Function
    value: FunctionValue | None
    routine: Routine | None
    captured: tuple[Operand, ...] = ()


@dataclass(slots=True)
class Turn:
    """A turn of the loop: its statements so far, and the value that comes to the next stage."""

    bodies: Bodies
    value: Operand
    out: list[Statement] = field(default_factory=list)

    def call(self, f: Called, args: tuple[Operand, ...]) -> Operand:
        """The result of a function, in place."""
        if f.routine is not None:
            own = self.bodies.types[f"{f.routine.name}()"]
            assert isinstance(own, Function)
            types = [*f.asked.params, *[None] * len(f.captured)]
            made, value = self.bodies.placed(f.routine, (*args, *f.captured), types)
            self.out += made
            return self.widened(value, own.ret, f.asked.ret)
        assert f.value is not None
        fn, bound = f.value.fn, f.value.bound
        assert fn is not None
        assert bound is not None
        given = [self.widened(x, t, p) for x, t, p in zip(args, f.asked.params, bound.params, strict=True)]
        return self.widened(self.op(fn, bound, tuple(given)), bound.ret, f.asked.ret)

    def widened(self, x: Operand, got: Type, want: Type) -> Operand:
        out: list[Op] = []
        made = self.bodies.widened(x, got, want, out)
        self.out += out
        return made

    def op(self, fn: Fn, bound: Bound, args: tuple[Operand, ...], to: str = "") -> Var:
        to = to or self.bodies.new(bound.ret)
        self.out.append(Op(to, "call", args, (fn, bound)))
        return Var(to)

    def binary(self, name: str, a: Operand, b: Operand, t: Type, to: str = "") -> Var:
        """An operator of two values of a type."""
        fn = lookup(name)
        assert fn is not None
        bound = fn.bind((t, t))
        assert bound is not None
        return self.op(fn, bound, (a, b), to)


@dataclass(slots=True)
class Ending:
    before: list[Statement]
    after: list[Statement]


@dataclass(frozen=True, slots=True)
class End:
    """How a function ends a chain.  `make` adds to the turn; `fits`: is it so for the types of this call?"""

    make: Callable[[Turn, Op, Operand, Called | None, tuple[bool, bool]], Ending]
    fits: Callable[[Op], bool] = lambda call: True
    early: bool = False


def scalar(t: Type) -> bool:
    """Is a value of it a number, with nothing of it elsewhere?"""
    return isinstance(t, Enum) or (isinstance(t, Prim) and t not in (STRING, BYTES))


def _set(to: str, x: Operand) -> Op:
    return Op(to, "copy", (x,))


def _array(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    """`how`: may fewer items come than the source has, and are they made in the loop?"""
    fewer, fresh = how
    t = call.extra[1].ret
    out = turn.bodies.new(t)
    turn.out.append(Op("", "push", (Var(out), turn.value), (t.items, fresh)))
    return Ending([Op(out, "room", (source,), t, call.at)], [Op(call.to, "built", (Var(out),), fewer, call.at)])


def _fold(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    assert f is not None
    tally = turn.bodies.new(call.extra[1].ret)
    turn.out.append(_set(tally, turn.call(f, (Var(tally), turn.value))))
    return Ending([_set(tally, call.args[1])], [_set(call.to, Var(tally))])


def _reduce(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    """The first item is the tally; without one, the call of an empty array gives its error."""
    assert f is not None
    t = call.extra[1].ret
    tally, any_ = turn.bodies.new(t), turn.bodies.new(BOOLEAN)
    outer, turn.out = turn.out, []
    turn.out.append(_set(tally, turn.call(f, (Var(tally), turn.value))))
    later, turn.out = tuple(turn.out), outer
    first = (_set(tally, turn.value), _set(any_, Const(True, BOOLEAN)))
    turn.out.append(Branch(Var(any_), later, first))
    fn, bound = call.extra
    empty = Op(call.to, "call", (Const([], Array(t)), _never(t)), (fn, bound), call.at)
    return Ending(
        [_set(any_, Const(False, BOOLEAN)), _set(tally, Const(_ZERO[t.tag], t))],
        [Branch(Var(any_), (_set(call.to, Var(tally)),), (empty,))],
    )


_ZERO = {"null": None, "boolean": False, "int": 0, "long": 0, "float": 0.0, "double": 0.0}


def _never(t: Type) -> FunctionValue:
    """A function of two values that is not called."""
    fn = lookup("&&" if t == BOOLEAN else "+")
    assert fn is not None
    return FunctionValue(fn.name, fn, fn.bind((t, t)))


def _any(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    return _found(turn, call, f, True)


def _all(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    return _found(turn, call, f, False)


def _found(turn: Turn, call: Op, f: Called | None, sought: bool) -> Ending:
    """Leave at the first item for which the function is this."""
    assert f is not None
    result = turn.bodies.new(BOOLEAN)
    test = turn.call(f, (turn.value,))
    turn.out += [Op(result, "copy", (test,)), Leave(Var(result), sought)]
    return Ending([_set(result, Const(not sought, BOOLEAN))], [_set(call.to, Var(result))])


def _count(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    count = turn.bodies.new(INT)
    if f is None:
        turn.out.append(_next(count))
    else:
        turn.out.append(Branch(turn.call(f, (turn.value,)), (_next(count),), ()))
    return Ending([_set(count, Const(0, INT))], [_set(call.to, Var(count))])


def _next(count: str) -> Op:
    return Op(count, "next", (Var(count),))


def _sum(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    """Of ints: exact as a long, which the call of an array of that one number tests."""
    t = call.extra[1].ret
    if t == INT:
        total = turn.bodies.new(LONG)
        turn.binary("+", Var(total), turn.value, LONG, total)
        one = turn.bodies.new(Array(INT))
        after = [Op(one, "array", (Var(total),)), Op(call.to, "call", (Var(one),), call.extra, call.at)]
        return Ending([_set(total, Const(0, LONG))], [*after])
    return _running(turn, call, "+", 0.0)


def _product(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    return _running(turn, call, "*", 1.0)


def _running(turn: Turn, call: Op, operator: str, zero: float) -> Ending:
    t = call.extra[1].ret
    total = turn.bodies.new(t)
    turn.binary(operator, Var(total), turn.value, t, total)
    return Ending([_set(total, Const(zero, t))], [_set(call.to, Var(total))])


def _mean(turn: Turn, call: Op, source: Operand, f: Called | None, how: tuple[bool, bool]) -> Ending:
    total, count = turn.bodies.new(DOUBLE), turn.bodies.new(INT)
    turn.binary("+", Var(total), turn.value, DOUBLE, total)
    turn.out.append(_next(count))
    end = Turn(turn.bodies, turn.value)
    some = end.binary(">", Var(count), Const(0, INT), INT)
    test, end.out = end.out, []
    end.binary("/", Var(total), end.widened(Var(count), INT, DOUBLE), DOUBLE, call.to)
    return Ending(
        [_set(total, Const(0.0, DOUBLE)), _set(count, Const(0, INT))],
        [*test, Branch(some, tuple(end.out), (_set(call.to, Const(math.nan, DOUBLE)),))],
    )


def _real(call: Op) -> bool:
    return call.extra[1].ret in (FLOAT, DOUBLE)


ENDS: dict[str, End] = {
    "a.map": End(_array), "a.filter": End(_array), "a.fold": End(_fold), "a.any": End(_any, early=True),
    "a.reduce": End(_reduce, lambda call: call.extra[1].ret.tag in _ZERO and call.extra[1].ret.tag != "null"),
    "a.all": End(_all, early=True), "a.count": End(_count), "a.len": End(_count),
    "a.sum": End(_sum, lambda call: call.extra[1].ret in (INT, FLOAT, DOUBLE)), "a.product": End(_product, _real),
    "a.mean": End(_mean),
}  # fmt: skip
