"""The whole intermediate representation on one page.

Two levels.  The *typed IR* is what the checker makes: expressions, every one with its type, every name bound to
a symbol that is unique in the document, every widening a node of its own.  *Blocks* are what `pfa.passes.lower`
makes of it: statements over temporaries, in the order of evaluation; targets print nothing else.

`at` is the JSON pointer of the expression; it is kept out of equality so that tests compare meaning.
Embedded model data is a value, never nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pfa.lib.define import Fn
from pfa.lib.signature import Bound
from pfa.types import BOTTOM, NULL, Enum, Function, Type

# --- typed IR ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Node:
    type: Type
    at: str = field(default="", compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Lit(Node):
    """A constant in host representation."""

    value: Any


@dataclass(frozen=True, slots=True)
class Local(Node):
    """A symbol: a parameter, a `let`, a loop variable or a predefined symbol."""

    name: str


@dataclass(frozen=True, slots=True)
class Widen(Node):
    """`value` as the wider `type`: int to double (inside arrays, fields and unions too), X to union(X, Y)."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A library function with its solved signature."""

    fn: Fn
    bound: Bound
    args: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class UserCall(Node):
    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class DynamicCall(Node):
    """The `call` form: one function a symbol of the enumeration; each takes the arguments widened to its own."""

    which: Expr
    enum: Enum
    args: tuple[Expr, ...]
    functions: tuple[FunctionDef | FunctionRef, ...]


@dataclass(frozen=True, slots=True)
class Emit(Node):
    value: Expr


@dataclass(frozen=True, slots=True)
class NewArray(Node):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class NewMap(Node):
    """A map or a record: both are dicts at run time; a record's keys are all its fields."""

    keys: tuple[str, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`let` and `set`: the values see the symbols as they were."""

    names: tuple[str, ...]
    values: tuple[Expr, ...]
    declares: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: an index of an array, a key of a map, or a field of a record (`key` is None)."""

    into: Type
    key: Expr | None
    field: str = ""


@dataclass(frozen=True, slots=True)
class Attr(Node):
    base: Expr
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class AttrTo(Node):
    base: Expr
    path: tuple[Step, ...]
    to: Argument


@dataclass(frozen=True, slots=True)
class CellGet(Node):
    cell: str
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class CellTo(Node):
    cell: str
    path: tuple[Step, ...]
    to: Argument


@dataclass(frozen=True, slots=True)
class PoolGet(Node):
    pool: str
    item: Expr
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class PoolTo(Node):
    pool: str
    item: Expr
    path: tuple[Step, ...]
    to: Argument
    init: Expr


@dataclass(frozen=True, slots=True)
class PoolDel(Node):
    pool: str
    item: Expr


@dataclass(frozen=True, slots=True)
class Do(Node):
    body: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if` and `cond`: the first case whose condition holds; without `orelse` the value is null."""

    cases: tuple[tuple[Expr, Expr], ...]
    orelse: Expr | None


@dataclass(frozen=True, slots=True)
class While(Node):
    condition: Expr
    body: Expr
    post: bool = False  # `do`-`until`: the body first, and until the condition holds


@dataclass(frozen=True, slots=True)
class For(Node):
    init: Let
    condition: Expr
    step: Let
    body: Expr


@dataclass(frozen=True, slots=True)
class ForEach(Node):
    name: str
    array: Expr
    body: Expr


@dataclass(frozen=True, slots=True)
class ForKeyVal(Node):
    key: str
    value: str
    map: Expr
    body: Expr


@dataclass(frozen=True, slots=True)
class Case:
    """A case of `cast`: taken for these branches of the value's type."""

    named: str
    type: Type
    branches: tuple[Type, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """Also `ifnotnull` of one symbol.  `partial` or not, a value that no case takes gives null."""

    value: Expr
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class IfNotNull(Node):
    names: tuple[str, ...]
    types: tuple[Type, ...]
    values: tuple[Expr, ...]
    then: Expr
    orelse: Expr | None


@dataclass(frozen=True, slots=True)
class Packing:
    """A format of `pack` or `unpack`: kind, byte order, size (of `raw N`; -1: any)."""

    kind: str
    little: bool = False
    size: int = -1


@dataclass(frozen=True, slots=True)
class Unpack(Node):
    value: Expr
    names: tuple[str, ...]  # "" for pad
    formats: tuple[Packing, ...]
    then: Expr
    orelse: Expr | None


@dataclass(frozen=True, slots=True)
class Pack(Node):
    formats: tuple[Packing, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Error(Node):
    message: str
    code: int


@dataclass(frozen=True, slots=True)
class Try(Node):
    body: Expr
    messages: tuple[str, ...]
    codes: tuple[int, ...]
    filtered: bool


@dataclass(frozen=True, slots=True)
class Log(Node):
    values: tuple[Expr, ...]
    namespace: str


Expr: TypeAlias = (
    "Lit | Local | Widen | Call | UserCall | DynamicCall | Emit | NewArray | NewMap | Let | Attr | AttrTo"
    " | CellGet | CellTo | PoolGet | PoolTo | PoolDel | Do | If | While | For | ForEach | ForKeyVal | Cast"
    " | IfNotNull | Unpack | Pack | Error | Try | Log"
)


@dataclass(frozen=True, slots=True)
class FunctionDef:
    """A user function, named or inline.  An inline one reads the symbols around it and changes none."""

    params: tuple[str, ...]
    type: Function
    body: Expr
    at: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function given by name: a user function ("u.f"), `emit`, or a library function with its signature."""

    name: str
    type: Function
    fn: Fn | None = None
    bound: Bound | None = None
    at: str = field(default="", compare=False, repr=False)


Argument: TypeAlias = "Expr | FunctionDef | FunctionRef"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's or a pool's declaration; `init` is the value (a pool's: a dict)."""

    name: str
    type: Type
    init: Any
    shared: bool = False
    rollback: bool = False
    source: str = "embedded"


@dataclass(frozen=True, slots=True)
class Program:
    """A checked document."""

    name: str
    method: str
    input: Type
    output: Type
    action: Expr
    begin: Expr | None = None
    end: Expr | None = None
    merge: Expr | None = None
    functions: dict[str, FunctionDef] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    pools: dict[str, Cell] = field(default_factory=dict)
    recursive: frozenset[str] = frozenset()
    zero: Any = None
    randseed: int | None = None
    version: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    doc: str = ""


# --- blocks --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Var:
    """A local of the generated function."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A constant, by identity; targets keep it in a table, never in the text."""

    value: Any


@dataclass(frozen=True, slots=True)
class FunctionValue:
    """A function passed to a library function: a lifted function by number, a user or library function by name."""

    name: str
    fn: Fn | None = None
    bound: Bound | None = None


Operand: TypeAlias = "Var | Const | FunctionValue"


@dataclass(frozen=True, slots=True)
class Op:
    """`to = code(args)`: one operation; `extra` is what the code needs beside values (a name, a type, a code)."""

    to: str
    code: str
    args: tuple[Operand, ...]
    extra: Any = None
    at: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Branch:
    condition: Operand
    then: Block
    orelse: Block


@dataclass(frozen=True, slots=True)
class Loop:
    """For ever, until a `Leave`; each turn costs a step."""

    body: Block
    at: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Leave:
    """End the loop around if the condition is (not) true."""

    condition: Operand
    when: bool


@dataclass(frozen=True, slots=True)
class Each:
    """Over the items of an array, or the keys and values of a map; each turn costs a step."""

    names: tuple[str, ...]
    over: Operand
    body: Block
    at: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The `try` form: `to` is null where the body fails with an error that the filter lets in."""

    body: Block
    to: str
    messages: tuple[str, ...]
    codes: tuple[int, ...]
    filtered: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece that nests too deep, printed as a function of its own at the top of this one; `sets` are shared."""

    name: str


@dataclass(frozen=True, slots=True)
class Return:
    value: Operand


Statement: TypeAlias = "Op | Branch | Loop | Leave | Each | Attempt | Part | Return"
Block: TypeAlias = "tuple[Statement, ...]"


@dataclass(frozen=True, slots=True)
class Routine:
    """A lowered function.  `captured` are symbols of the function around it that an inline function reads."""

    name: str
    params: tuple[str, ...]
    body: Block
    captured: tuple[str, ...] = ()
    recursive: bool = False
    charged: bool = False  # a call costs a step
    parts: tuple[tuple[str, Block], ...] = ()
    at: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program in blocks: begin, action, end, merge, and every function, inline ones lifted."""

    program: Program
    routines: dict[str, Routine]


def null(at: str = "") -> Lit:
    """The literal null."""
    return Lit(NULL, None, at=at)


def nothing(at: str = "") -> Error:
    """What stands where a problem was found; it is never run."""
    return Error(BOTTOM, "", 0, at=at)
