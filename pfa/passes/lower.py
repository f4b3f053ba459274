"""Lower: typed IR to blocks, where the order of evaluation is explicit.

    {"-": [{"cell": "n"}, {"do": [{"cell": "n", "to": 5}, {"cell": "n"}]}]}

becomes

    t1 = cell n
    set_cell n, 5
    t2 = cell n
    t3 = call - (t1, t2)

PFA puts statements inside any expression, so each expression is lowered to statements that are appended to the
block at hand and an operand that holds its value.  The invariant: an operand is a local or a constant, and the
statements before it have run exactly once, from left to right.  Inline functions are lifted: they become routines
that name the symbols they read (`captured`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfa.ir import (
    Argument,
    Attempt,
    Attr,
    AttrTo,
    Block,
    Branch,
    Call,
    Case,
    Cast,
    CellGet,
    CellTo,
    Const,
    Do,
    DynamicCall,
    Each,
    Emit,
    Error,
    Expr,
    For,
    ForEach,
    ForKeyVal,
    FunctionDef,
    FunctionRef,
    FunctionValue,
    If,
    IfNotNull,
    Later,
    Leave,
    Let,
    Lit,
    Local,
    Log,
    Loop,
    Lowered,
    NewArray,
    NewMap,
    Op,
    Operand,
    Pack,
    PoolDel,
    PoolGet,
    PoolTo,
    Program,
    Return,
    Routine,
    Statement,
    Try,
    Unpack,
    UserCall,
    Var,
    While,
    Widen,
)
from pfa.passes import lower_paths
from pfa.passes.operands import ENGINE_SYMBOLS, NONE, free
from pfa.types import NULL, STRING, Bottom, Enum, Type, Union, same_layout
from pfa.types import branches as _branches

if TYPE_CHECKING:
    from collections.abc import Callable

PHASES = ("action", "begin", "end", "merge")
CHAIN = 12  # cases of a `cond` that stand inside one another


@dataclass(frozen=True, slots=True)
class Layout:
    """What lowering must know of how a target lays out values: where widening and narrowing do nothing."""

    same: Callable[[Type, Type], bool]  # does every value of the second type look like one of the first?
    same_branch: Callable[[Type, Type, Type], bool]  # a value of a branch of a union like one of a type?
    text_enums: bool = True  # an enum's value is its text


def lower(
    program: Program, layout: Layout | None = None, after: Callable[[Routine], Routine] | None = None
) -> Lowered:
    """All routines of a program in blocks: begin, action, end, merge, u:NAME, and lifted ones.

    With `after`, what is done with each routine, only the action is lowered now, the others when they are asked for.
    """
    made = _Program(program, layout or HOST, after)
    made.routine("action", ("input",), program.action, "/action")
    for name, body in (("begin", program.begin), ("end", program.end)):
        if body is not None:
            made.later_or_now(name, (), body, f"/{name}")
    if program.merge is not None:
        made.later_or_now("merge", ("tallyOne", "tallyTwo"), program.merge, "/merge")
    for name, function in program.functions.items():
        made.later_or_now(f"u:{name}", function.params, function.body, function.at)
        made.sign(f"u:{name}", function)
    return Lowered(program, made.routines, made.types, made.later, made.lower)


class _Program:
    """The routines made so far, the types of locals, and the counters for names."""

    def __init__(self, program: Program, layout: Layout, after: Callable[[Routine], Routine] | None) -> None:
        self.recursive, self.cells, self.pools = program.recursive, program.cells, program.pools
        self.layout = layout
        self.after = after
        self.types: dict[str, Type] = {}
        self.routines: dict[str, Routine] = {}
        self.later: dict[str, Later] = {}
        self.temps = 0
        self.lifted = 0

    def routine(
        self, name: str, params: tuple[str, ...], body: Expr, at: str, captured: tuple[str, ...] | None = ()
    ) -> Routine:
        """A function in blocks; `captured` None: the symbols around it that it reads are not known yet."""
        block = self.block(body)
        if captured is None:
            captured = free(block, params)
        recursive = name.startswith("u:") and name[2:] in self.recursive
        made = Routine(name, params, block, captured, recursive, name not in PHASES, at=at)
        self.routines[name] = made = self.after(made) if self.after else made
        return made

    def lower(self, later: Later) -> Routine:
        """A function that waited, now; what it finds of others waits beside it."""
        return self.routine(later.name, later.params, later.body, later.at, later.captured)

    def later_or_now(self, name: str, params: tuple[str, ...], body: Expr, at: str) -> None:
        if self.after:
            self.later[name] = Later(name, params, (), body, at)
        else:
            self.routine(name, params, body, at)

    def block(self, body: Expr) -> Block:
        builder = Builder(self)
        value = builder.value(body)
        return (*builder.out, Return(value))

    def sign(self, name: str, function: FunctionDef) -> None:
        """The types of a function's parameters, and of itself, which no local has for a name."""
        self.types[f"{name}()"] = function.type
        self.types.update(zip(function.params, function.type.params, strict=True))

    def lift(self, function: FunctionDef) -> Routine | Later:
        """An inline function as a routine."""
        self.lifted += 1
        name = f"f{self.lifted}"
        self.sign(name, function)
        if self.after is None or function.reads is None:
            return self.routine(name, function.params, function.body, function.at, None)
        captured = tuple([n for n in function.reads if n not in ENGINE_SYMBOLS])
        made = self.later[name] = Later(name, function.params, captured, function.body, function.at)
        return made


class Builder:
    """One routine being made: `out` is the block at hand."""

    def __init__(self, program: _Program) -> None:
        self.program = program
        self.out: list[Statement] = []

    # -- plumbing --

    def temp(self) -> str:
        self.program.temps += 1
        return f"t{self.program.temps}"

    def op(self, into: str, code: str, args: tuple[Operand, ...], extra: Any = None, at: str = "") -> Var:
        to = into or self.temp()
        self.out.append(Op(to, code, args, extra, at))
        return Var(to)

    def effect(self, code: str, args: tuple[Operand, ...], extra: Any = None, at: str = "") -> None:
        """An operation whose result nobody needs."""
        self.out.append(Op("", code, args, extra, at))

    def block(self, build: Callable[[], object]) -> Block:
        """What `build` appends, as a block of its own."""
        outer, self.out = self.out, []
        build()
        made, self.out = self.out, outer
        return tuple(made)

    def value(self, e: Expr, into: str = "") -> Operand:
        """Statements for `e`, and where its value is; `into` is a wish of where an operation puts it."""
        made = _LOWER[type(e)](self, e, into)
        if made.__class__ is Var:
            self.program.types.setdefault(made.name, e.type)
        return made

    def assign(self, e: Expr, to: str) -> None:
        """`to` = `e`; where `e` never returns it is null, so that what reads it captures nothing from outside."""
        made = self.value(e, to)
        if made != Var(to):
            self.out.append(Op(to, "copy", (made,), at=e.at))

    def values(self, exprs: tuple[Expr, ...]) -> tuple[Operand, ...]:
        return tuple([self.value(e) for e in exprs])

    def function(self, f: FunctionDef | FunctionRef) -> Operand:
        """A function as an operand; an inline one that reads symbols around it is made with them."""
        if isinstance(f, FunctionRef):
            name = f"u:{f.name[2:]}" if f.name.startswith("u.") else f.name
            return FunctionValue(name, f.fn, f.bound)
        lifted = self.program.lift(f)
        if not lifted.captured:
            return FunctionValue(lifted.name)
        return self.op("", "closure", tuple(map(Var, lifted.captured)), lifted.name, f.at)

    def argument(self, a: Argument) -> Operand:
        return self.function(a) if isinstance(a, FunctionDef | FunctionRef) else self.value(a)

    def apply(self, f: FunctionDef | FunctionRef, old: Operand, into: str = "") -> Operand:
        """The function of one argument, in place: an inline one is its body with the parameter set."""
        if isinstance(f, FunctionDef):
            self.out.append(Op(f.params[0], "copy", (old,), at=f.at))
            return self.value(f.body, into)
        if f.fn is not None:
            return self.op(into, "call", (old,), (f.fn, f.bound), f.at)
        return self.op(into, "user", (old,), f.name[2:], f.at)

    # -- leaves --

    def lit(self, e: Lit, into: str) -> Operand:
        return NONE if e.value is None else Const(e.value, e.type)

    def local(self, e: Local, into: str) -> Operand:
        return Var(e.name)

    def widen(self, e: Widen, into: str) -> Operand:
        layout = self.program.layout
        if layout.text_enums and isinstance(e.value.type, Enum) and e.type == STRING:
            return self.value(e.value, into)
        if layout.same(e.type, e.value.type):
            return self.value(e.value, into)
        return self.op(into, "widen", (self.value(e.value),), (e.type, e.value.type), e.at)

    # -- calls --

    def call(self, e: Call, into: str) -> Operand:
        if e.fn.lazy:
            return _LAZY[e.fn.name](self, e, into)
        args = tuple([self.argument(a) for a in e.args])
        return self.op(into, "call", args, (e.fn, e.bound), e.at)

    def user_call(self, e: UserCall, into: str) -> Operand:
        return self.op(into, "user", self.values(e.args), e.name, e.at)

    def dynamic(self, e: DynamicCall, into: str) -> Operand:
        which = self.value(e.which)
        args = self.values(e.args)
        functions = tuple([self.function(f) for f in e.functions])
        return self.op(into, "dynamic", (which, *args), (e.enum.symbols, functions), e.at)

    def emit(self, e: Emit, into: str) -> Operand:
        self.effect("emit", (self.value(e.value),), at=e.at)
        return NONE

    # -- constructors and symbols --

    def new_array(self, e: NewArray, into: str) -> Operand:
        return self.op(into, "array", self.values(e.items), at=e.at)

    def new_map(self, e: NewMap, into: str) -> Operand:
        return self.op(into, "map", self.values(e.values), e.keys, e.at)

    def let(self, e: Let, into: str) -> Operand:
        if len(e.names) == 1:
            self.assign(e.values[0], e.names[0])
            return NONE
        made: list[Operand] = []
        for x in e.values:
            value = self.value(x)
            if isinstance(value, Var) and value.name in e.names:
                value = self.op("", "copy", (value,), at=x.at)
            made.append(value)
        for name, value in zip(e.names, made, strict=True):
            self.out.append(Op(name, "copy", (value,), at=e.at))
        return NONE

    # -- blocks, branches, loops --

    def do(self, e: Do, into: str) -> Operand:
        for x in e.body[:-1]:
            self.value(x)
        return self.value(e.body[-1], into)

    def if_(self, e: If, into: str) -> Operand:
        result = "" if e.orelse is None else into or self.temp()
        self.cases(e.cases, e.orelse, result)
        return Var(result) if result else NONE

    def cases(self, cases: tuple[tuple[Expr, Expr], ...], orelse: Expr | None, result: str) -> None:
        """The chain from the last case to the first, without recursion: a decision list may be long."""
        conditions: list[tuple[list[Statement], Operand, Block]] = []
        for condition, body in cases:
            outer, self.out = self.out, []
            test = self.value(condition)
            before, self.out = self.out, outer
            conditions.append((before, test, self.block(lambda body=body: self.branch(body, result))))  # type: ignore[misc]
        rest: Block = () if orelse is None else self.block(lambda: self.branch(orelse, result))
        self.chain(conditions, rest)

    def chain(self, cases: list[tuple[list[Statement], Operand, Block]], last: Block) -> None:
        """Cases inside one another's else; after `CHAIN` of them, outside, if none was taken (`more`)."""
        if len(cases) <= CHAIN:
            self.out += _nested(cases, last)
            return
        more = f"m{self.temp()}"
        missed: Block = (Op(more, "copy", (Const(True),)),)
        self.out.append(Op(more, "copy", (Const(False),)))
        for i in range(0, len(cases), CHAIN):
            nested = _nested(cases[i : i + CHAIN], last if i + CHAIN >= len(cases) else missed)
            if i:
                nested = (Branch(Var(more), (Op(more, "copy", (Const(False),)), *nested), ()),)
            self.out += nested

    def branch(self, body: Expr, result: str) -> None:
        if result:
            self.assign(body, result)
        else:
            self.value(body)

    def while_(self, e: While, into: str) -> Operand:
        def turn() -> None:
            if e.post:
                self.value(e.body)
            self.out.append(Leave(self.value(e.condition), e.post))
            if not e.post:
                self.value(e.body)

        self.out.append(Loop(self.block(turn), at=e.at))
        return NONE

    def for_(self, e: For, into: str) -> Operand:
        self.value(e.init)

        def turn() -> None:
            self.out.append(Leave(self.value(e.condition), False))
            self.value(e.body)
            self.value(e.step)

        self.out.append(Loop(self.block(turn), at=e.at))
        return NONE

    def for_each(self, e: ForEach, into: str) -> Operand:
        over = self.value(e.array)
        self.out.append(Each((e.name,), over, self.block(lambda: self.value(e.body)), e.at))
        return NONE

    def for_key_val(self, e: ForKeyVal, into: str) -> Operand:
        over = self.value(e.map)
        self.out.append(Each((e.key, e.value), over, self.block(lambda: self.value(e.body)), e.at))
        return NONE

    # -- casts --

    def cast(self, e: Cast, into: str) -> Operand:
        value = self.value(e.value)
        result = "" if e.type == NULL or isinstance(e.type, Bottom) else into or self.temp()
        cases = [c for c in e.cases if c.branches]
        left = {b.tag: b for b in _branches(e.value.type)}
        blocks: list[tuple[Operand | None, list[Statement], Block]] = []
        for c in cases:
            for b in c.branches:
                left.pop(b.tag, None)
            outer, self.out = self.out, []
            test = None if not left else self.op("", "is_branch", (value,), (e.value.type, c.branches), e.at)
            before, self.out = self.out, outer
            blocks.append((test, before, self.block(lambda c=c: self.case(c, value, e, result))))  # type: ignore[misc]
        rest: Block = (Op(result, "copy", (NONE,)),) if result else ()
        tested: list[tuple[list[Statement], Operand, Block]] = []
        for condition, before, block in blocks:
            if condition is None:
                rest = block
                break
            tested.append((before, condition, block))
        self.chain(tested, rest)
        return Var(result) if result else NONE

    def case(self, c: Case, value: Operand, e: Cast, result: str) -> None:
        self.narrow(c.named, value, e.value.type, c.branches, c.type, e.at)
        self.branch(c.body, result)

    def narrow(
        self, to: str, value: Operand, whole: Type, branches: tuple[Type, ...], type: Type, at: str
    ) -> None:
        """`to` is the value of a union, known to be of these branches, as the narrower type."""
        self.program.types[to] = type
        same_branch = self.program.layout.same_branch
        if all(same_branch(whole, b, type) for b in branches):
            self.out.append(Op(to, "copy", (value,), at=at))
        else:
            self.out.append(Op(to, "widen", (value,), (type, whole), at))

    def if_not_null(self, e: IfNotNull, into: str) -> Operand:
        values = self.values(e.values)
        test = self.op("", "not_null", values, at=e.at)
        result = "" if e.orelse is None else into or self.temp()

        def then() -> None:
            for name, value, type, x in zip(e.names, values, e.types, e.values, strict=True):
                self.narrow(name, value, x.type, _branches(type), type, e.at)
            self.branch(e.then, result)

        made = self.block(then)
        orelse: Block = () if e.orelse is None else self.block(lambda: self.branch(e.orelse, result))  # type: ignore[arg-type]
        self.out.append(Branch(test, made, orelse))
        return Var(result) if result else NONE

    # -- binary, errors, logs --

    def unpack(self, e: Unpack, into: str) -> Operand:
        got = self.op("", "unpack", (self.value(e.value),), e.formats, e.at)
        test = self.op("", "not_null", (got,), at=e.at)
        result = "" if e.orelse is None else into or self.temp()

        def then() -> None:
            for i, name in enumerate(e.names):
                self.out.append(Op(name, "item", (got,), i, e.at))
            self.branch(e.then, result)

        made = self.block(then)
        orelse: Block = () if e.orelse is None else self.block(lambda: self.branch(e.orelse, result))  # type: ignore[arg-type]
        self.out.append(Branch(test, made, orelse))
        return Var(result) if result else NONE

    def pack(self, e: Pack, into: str) -> Operand:
        return self.op(into, "pack", self.values(e.values), e.formats, e.at)

    def error(self, e: Error, into: str) -> Operand:
        self.effect("error", (), (e.message, e.code), e.at)
        return NONE

    def try_(self, e: Try, into: str) -> Operand:
        """The result gets its value where the body ends, so an error leaves nothing half done in it."""
        result = into or self.temp()
        body = self.block(lambda: self.assign(e.body, result))
        self.out.append(Attempt(body, result, e.messages, e.codes, e.filtered))
        return Var(result)

    def log(self, e: Log, into: str) -> Operand:
        values = self.values(e.values)
        self.effect("log", values, (e.namespace, tuple(v.type for v in e.values)), e.at)
        return NONE


def _nested(cases: list[tuple[list[Statement], Operand, Block]], last: Block) -> Block:
    for before, test, then in reversed(cases):
        last = (*before, Branch(test, then, last))
    return last


def _same_branch(whole: Type, branch: Type, type: Type) -> bool:
    """Does a value of this branch of `whole` look the same as a value of `type`?"""
    if isinstance(whole, Union) and branch.tag in whole.boxed:
        return isinstance(type, Union) and branch.tag in type.boxed
    return same_layout(type, branch)


HOST = Layout(same_layout, _same_branch)


def _and(b: Builder, e: Call, into: str) -> Operand:
    return _short_circuit(b, e, True)


def _or(b: Builder, e: Call, into: str) -> Operand:
    return _short_circuit(b, e, False)


def _short_circuit(b: Builder, e: Call, both: bool) -> Operand:
    """The second argument is evaluated only where the first does not decide; a temporary keeps old values visible."""
    first, second = e.args
    assert not isinstance(first, FunctionDef | FunctionRef)
    assert not isinstance(second, FunctionDef | FunctionRef)
    result = b.temp()
    b.assign(first, result)
    more = b.block(lambda: b.assign(second, result))
    b.out.append(Branch(Var(result), more, ()) if both else Branch(Var(result), (), more))
    return Var(result)


def _kleene(b: Builder, e: Call, into: str, decides: bool) -> Operand:
    first, second = e.args
    assert not isinstance(first, FunctionDef | FunctionRef)
    assert not isinstance(second, FunctionDef | FunctionRef)
    one = b.value(first)
    result = into or b.temp()
    decided = b.op("", "is", (one,), decides, e.at)

    def rest() -> None:
        b.op(result, "call", (one, b.value(second)), (e.fn, e.bound), e.at)

    b.out.append(Branch(decided, (Op(result, "copy", (Const(decides),)),), b.block(rest)))
    return Var(result)


_LAZY: dict[str, Callable[[Builder, Call, str], Operand]] = {
    "&&": _and,
    "||": _or,
    "&&&": lambda b, e, into: _kleene(b, e, into, False),
    "|||": lambda b, e, into: _kleene(b, e, into, True),
}
_LOWER: dict[type, Callable[[Builder, Any, str], Operand]] = {
    Lit: Builder.lit,
    Local: Builder.local,
    Widen: Builder.widen,
    Call: Builder.call,
    UserCall: Builder.user_call,
    DynamicCall: Builder.dynamic,
    Emit: Builder.emit,
    NewArray: Builder.new_array,
    NewMap: Builder.new_map,
    Let: Builder.let,
    Attr: lower_paths.attr,
    AttrTo: lower_paths.attr_to,
    CellGet: lower_paths.cell_get,
    CellTo: lower_paths.cell_to,
    PoolGet: lower_paths.pool_get,
    PoolTo: lower_paths.pool_to,
    PoolDel: lower_paths.pool_del,
    Do: Builder.do,
    If: Builder.if_,
    While: Builder.while_,
    For: Builder.for_,
    ForEach: Builder.for_each,
    ForKeyVal: Builder.for_key_val,
    Cast: Builder.cast,
    IfNotNull: Builder.if_not_null,
    Unpack: Builder.unpack,
    Pack: Builder.pack,
    Error: Builder.error,
    Try: Builder.try_,
    Log: Builder.log,
}
