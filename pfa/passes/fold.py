"""Fold: what is known when the document is compiled is not computed when it runs.

    action(input):
      v1 = copy(2.0)
      t1 = call(v1) {m.sqrt, (double) -> double}
      t2 = call(input, t1) {*, (double, double) -> double}
      return t2

becomes

    action(input):
      v1 = copy(2.0)
      t1 = copy(1.4142135623730951)
      t2 = call(input, 1.4142135623730951) {*, (double, double) -> double}
      return t2

A call of constants is replaced by what the Python body gives, which is the function's meaning.  A call that fails
stays as it is, to fail where it is reached.  A document cannot make compiling slow: numbers and short strings only
(`SHORT`), functions of a few namespaces, whose work is bounded by the sizes of their arguments or what they charge
(`CHEAP`), and results that are short themselves.  A branch of a condition that is known is one of its blocks.

Only locals that are assigned once are followed, and only where the constant has the local's type.
"""

from __future__ import annotations

import ast
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaError
from pfa.ir import Attempt, Branch, Const, Each, Leave, Loop, Op, Part, Return, Var
from pfa.lib.define import Site
from pfa.passes.blocks import Uses, statements
from pfa.passes.effects import ACTS, of_function
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, UNKNOWN, Prim

if TYPE_CHECKING:
    from pfa.ir import Block, Lowered, Operand, Routine, Statement
    from pfa.lib.define import Fn
    from pfa.lib.signature import Bound
    from pfa.types import Type

SPACES = ("", "m", "s")
SHORT = 200  # characters of a string
CHEAP = 1000  # steps of a call


def fold(lowered: Lowered) -> Lowered:
    """The same program, with what is constant computed."""
    return replace(lowered, routines={n: _folded(r, lowered.types) for n, r in lowered.routines.items()})


def _folded(r: Routine, types: dict[str, Type]) -> Routine:
    if not any(_begins(s) for s in statements(r.body)):
        return r
    return replace(r, body=_Folder(Uses(r), types).block(r.body))


def _begins(s: Statement) -> bool:
    """Is a statement the copy of a constant, or all of constants?"""
    return isinstance(s, Op) and s.code in ("copy", "call", "widen") and all(isinstance(x, Const) for x in s.args)


class _Folder:
    """One routine; `known` has the locals that are constants."""

    def __init__(self, uses: Uses, types: dict[str, Type]) -> None:
        self.uses, self.types = uses, types
        self.known: dict[str, Const] = {}

    def block(self, block: Block) -> Block:
        out: list[Statement] = []
        for s in block:
            out += self.statement(s)
        return tuple(out)

    def operand(self, x: Operand) -> Operand:
        return self.known.get(x.name, x) if isinstance(x, Var) else x

    def statement(self, s: Statement) -> Block:
        match s:
            case Op():
                return (self.op(s),)
            case Branch(condition, then, orelse):
                test = self.operand(condition)
                if isinstance(test, Const) and test.type == BOOLEAN:
                    return self.block(then if test.value else orelse)
                return (Branch(test, self.block(then), self.block(orelse)),)
            case Loop(body) | Attempt(body):
                return (replace(s, body=self.block(body)),)
            case Each(_, over, body):
                return (replace(s, over=self.operand(over), body=self.block(body)),)
            case Leave(condition, when):
                return (Leave(self.operand(condition), when),)
            case Return(value):
                return (Return(self.operand(value)),)
            case Part():
                return (s,)

    def op(self, s: Op) -> Op:
        """An operation of what is known; a constant itself, if it can be."""
        args = tuple([self.operand(x) for x in s.args])
        if args != s.args:
            s = replace(s, args=args)
        made = _value(s)
        if made is None:
            return s
        if self.uses.assigned[s.to] == 1 and self.types.get(s.to, made.type) == made.type:
            self.known[s.to] = made
        return s if s.code == "copy" else Op(s.to, "copy", (made,), at=s.at)


def _value(s: Op) -> Const | None:
    """The constant that an operation gives."""
    if not s.to or not all(isinstance(x, Const) for x in s.args):
        return None
    match s.code:
        case "copy":
            [x] = s.args
            assert isinstance(x, Const)
            return None if x.type is UNKNOWN or not isinstance(x.type, Prim) else x
        case "widen":
            want, got = s.extra
            [x] = s.args
            assert isinstance(x, Const)
            return Const(float(x.value), DOUBLE) if want == DOUBLE and got in (INT, LONG) else None
        case "call":
            fn, bound = s.extra
            return evaluated(fn, bound, s.args)
        case _:
            return None


def evaluated(fn: Fn, bound: Bound, args: tuple[Any, ...]) -> Const | None:
    """The value of a call of constants; None where it fails, may take long, or is no value that stands in a text."""
    types = (*bound.params, bound.ret)
    if fn.name.rpartition(".")[0] not in SPACES or fn.lazy or not all(isinstance(t, Prim) for t in types):
        return None
    if fn.accuracy == "1e-9" or of_function(fn, bound) & ACTS or not all(_short(x.value) for x in args):
        return None
    values = [_given(x.value, t) for x, t in zip(args, bound.params, strict=True)]
    if fn.cost:
        named = dict(zip(bound.signature.names, values, strict=True))
        if _cost(ast.parse(fn.cost, mode="eval").body, named) > CHEAP:
            return None
    try:
        value = fn.impl(*values, **_needs(fn, bound))
    except (PfaError, _Expensive):
        return None
    return Const(value, bound.ret) if _short(value) and value == value else None


def _short(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= SHORT)


def _given(value: Any, t: Type) -> Any:
    """A double that is kept as an integer is given as a double."""
    return float(value) if t in (FLOAT, DOUBLE) else value


def _cost(e: ast.expr, values: dict[str, Any]) -> float:
    """What a call costs; infinite where the library says it in another way."""
    match e:
        case ast.Constant(int() as n):
            return n
        case ast.Name(name) if isinstance(values.get(name), int):
            return int(values[name])
        case ast.Call(ast.Name("len"), [ast.Name(name)]):
            return len(values[name]) if isinstance(values.get(name), str) else math.inf
        case ast.BinOp(left, op, right):
            a, b = _cost(left, values), _cost(right, values)
            return a * b if isinstance(op, ast.Mult) else a + b if isinstance(op, ast.Add | ast.FloorDiv) else math.inf
        case _:
            return math.inf


class _Expensive(Exception):
    """A call charges more than is computed while compiling."""


def _needs(fn: Fn, bound: Bound) -> dict[str, Any]:
    spent = 0

    def charge(n: int) -> None:
        nonlocal spent
        spent += n
        if spent > CHEAP:
            raise _Expensive

    given = {"site": Site(fn.name, bound.params, bound.ret), "charge": charge}
    return {name: given[name] for name in fn.needs}
