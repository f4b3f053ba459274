"""The whole intermediate representation on one page.

Two levels.  The *typed IR* is what the checker makes: expressions, every one with its type, every name bound to
a symbol that is unique in the document, every widening a node of its own.  *Blocks* are what `pfa.passes.lower`
makes of it: statements over temporaries, in the order of evaluation; targets print nothing else.

`at` is the JSON pointer of the expression; it is kept out of equality so that tests compare meaning.
Embedded model data is a value, never nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.types import BOTTOM, NULL, UNKNOWN, Enum, Function, Type, node

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.lib.define import Fn
    from pfa.lib.signature import Bound

# --- typed IR ------------------------------------------------------------------------------------------------


@node
class Node:
    type: Type
    at: str = field(default="", compare=False, repr=False, kw_only=True)


@node
class Lit(Node):
    """A constant in host representation."""

    value: Any


@node
class Local(Node):
    """A symbol: a parameter, a `let`, a loop variable or a predefined symbol."""

    name: str


@node
class Widen(Node):
    """`value` as the wider `type`: int to double (inside arrays, fields and unions too), X to union(X, Y)."""

    value: Expr


@node
class Call(Node):
    """A library function with its solved signature."""

    fn: Fn
    bound: Bound
    args: tuple[Argument, ...]


@node
class UserCall(Node):
    name: str
    args: tuple[Expr, ...]


@node
class DynamicCall(Node):
    """The `call` form: one function a symbol of the enumeration; each takes the arguments widened to its own."""

    which: Expr
    enum: Enum
    args: tuple[Expr, ...]
    functions: tuple[FunctionDef | FunctionRef, ...]


@node
class Emit(Node):
    value: Expr


@node
class NewArray(Node):
    items: tuple[Expr, ...]


@node
class NewMap(Node):
    """A map or a record: both are dicts at run time; a record's keys are all its fields."""

    keys: tuple[str, ...]
    values: tuple[Expr, ...]


@node
class Let(Node):
    """`let` and `set`: the values see the symbols as they were."""

    names: tuple[str, ...]
    values: tuple[Expr, ...]
    declares: bool = True


@node
class Step:
    """One step of a path: an index of an array, a key of a map, or a field of a record (`key` is None)."""

    into: Type
    key: Expr | None
    field: str = ""


@node
class Attr(Node):
    base: Expr
    path: tuple[Step, ...]


@node
class AttrTo(Node):
    base: Expr
    path: tuple[Step, ...]
    to: Argument


@node
class CellGet(Node):
    cell: str
    path: tuple[Step, ...]


@node
class CellTo(Node):
    cell: str
    path: tuple[Step, ...]
    to: Argument


@node
class PoolGet(Node):
    pool: str
    item: Expr
    path: tuple[Step, ...]


@node
class PoolTo(Node):
    pool: str
    item: Expr
    path: tuple[Step, ...]
    to: Argument
    init: Expr


@node
class PoolDel(Node):
    pool: str
    item: Expr


@node
class Do(Node):
    body: tuple[Expr, ...]


@node
class If(Node):
    """`if` and `cond`: the first case whose condition holds; without `orelse` the value is null."""

    cases: tuple[tuple[Expr, Expr], ...]
    orelse: Expr | None


@node
class While(Node):
    condition: Expr
    body: Expr
    post: bool = False  # `do`-`until`: the body first, and until the condition holds


@node
class For(Node):
    init: Let
    condition: Expr
    step: Let
    body: Expr


@node
class ForEach(Node):
    name: str
    array: Expr
    body: Expr


@node
class ForKeyVal(Node):
    key: str
    value: str
    map: Expr
    body: Expr


@node
class Case:
    """A case of `cast`: taken for these branches of the value's type."""

    named: str
    type: Type
    branches: tuple[Type, ...]
    body: Expr


@node
class Cast(Node):
    """Also `ifnotnull` of one symbol.  `partial` or not, a value that no case takes gives null."""

    value: Expr
    cases: tuple[Case, ...]


@node
class IfNotNull(Node):
    names: tuple[str, ...]
    types: tuple[Type, ...]
    values: tuple[Expr, ...]
    then: Expr
    orelse: Expr | None


@node
class Packing:
    """A format of `pack` or `unpack`: kind, byte order, size (of `raw N`; -1: any)."""

    kind: str
    little: bool = False
    size: int = -1


@node
class Unpack(Node):
    value: Expr
    names: tuple[str, ...]  # "" for pad
    formats: tuple[Packing, ...]
    then: Expr
    orelse: Expr | None


@node
class Pack(Node):
    formats: tuple[Packing, ...]
    values: tuple[Expr, ...]


@node
class Error(Node):
    message: str
    code: int


@node
class Try(Node):
    body: Expr
    messages: tuple[str, ...]
    codes: tuple[int, ...]
    filtered: bool


@node
class Log(Node):
    values: tuple[Expr, ...]
    namespace: str


Expr: TypeAlias = (
    "Lit | Local | Widen | Call | UserCall | DynamicCall | Emit | NewArray | NewMap | Let | Attr | AttrTo"
    " | CellGet | CellTo | PoolGet | PoolTo | PoolDel | Do | If | While | For | ForEach | ForKeyVal | Cast"
    " | IfNotNull | Unpack | Pack | Error | Try | Log"
)


@node
class FunctionDef:
    """A user function, named or inline.  An inline one reads the symbols around it and changes none."""

    params: tuple[str, ...]
    type: Function
    body: Expr
    at: str = field(default="", compare=False, repr=False)
    reads: tuple[str, ...] | None = field(default=None, compare=False, repr=False)  # symbols around it; None: not known


@node
class FunctionRef:
    """A function given by name: a user function ("u.f"), `emit`, or a library function with its signature."""

    name: str
    type: Function
    fn: Fn | None = None
    bound: Bound | None = None
    at: str = field(default="", compare=False, repr=False)


Argument: TypeAlias = "Expr | FunctionDef | FunctionRef"


@node
class Cell:
    """A cell's or a pool's declaration; `init` is the value (a pool's: a dict)."""

    name: str
    type: Type
    init: Any
    shared: bool = False
    rollback: bool = False
    source: str = "embedded"


@node
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
    defined: int | None = None  # functions, inline ones too; None: not known
    draws: bool = True  # random numbers, perhaps


# --- blocks --------------------------------------------------------------------------------------------------


@node
class Var:
    """A local of the generated function."""

    name: str


@dataclass(slots=True, eq=False)
class Const:
    """A constant, by identity; targets keep it in a table, never in the text.  Nobody changes it."""

    value: Any
    type: Type = UNKNOWN


@node
class FunctionValue:
    """A function passed to a library function: a lifted function by number, a user or library function by name."""

    name: str
    fn: Fn | None = None
    bound: Bound | None = None


Operand: TypeAlias = "Var | Const | FunctionValue"


@node
class Op:
    """`to = code(args)`: one operation; `extra` is what the code needs beside values (a name, a type, a code)."""

    to: str
    code: str
    args: tuple[Operand, ...]
    extra: Any = None
    at: str = field(default="", compare=False, repr=False)


@node
class Branch:
    condition: Operand
    then: Block
    orelse: Block


@node
class Loop:
    """For ever, until a `Leave`; each turn costs a step."""

    body: Block
    at: str = field(default="", compare=False, repr=False)


@node
class Leave:
    """End the loop around if the condition is (not) true."""

    condition: Operand
    when: bool


@node
class Each:
    """Over the items of an array, or the keys and values of a map; each turn costs a step."""

    names: tuple[str, ...]
    over: Operand
    body: Block
    at: str = field(default="", compare=False, repr=False)


@node
class Attempt:
    """The `try` form: `to` is null where the body fails with an error that the filter lets in."""

    body: Block
    to: str
    messages: tuple[str, ...]
    codes: tuple[int, ...]
    filtered: bool


@node
class Part:
    """A piece that nests too deep, printed as a function of its own at the top of this one; `sets` are shared."""

    name: str


@node
class Return:
    value: Operand


Statement: TypeAlias = "Op | Branch | Loop | Leave | Each | Attempt | Part | Return"
Block: TypeAlias = "tuple[Statement, ...]"


@node
class Routine:
    """A lowered function.  `captured` are symbols of the function around it that an inline function reads."""

    name: str
    params: tuple[str, ...]
    body: Block
    captured: tuple[str, ...] = ()
    recursive: bool = False
    charged: bool = False  # a call costs a step
    levels: int = 1  # what a call of a recursive one adds to the depth of recursion
    parts: tuple[tuple[str, Block], ...] = ()
    at: str = field(default="", compare=False, repr=False)


@node
class Later:
    """A routine that is not lowered yet: `Lowered.lower` does it."""

    name: str
    params: tuple[str, ...]
    captured: tuple[str, ...]
    body: Expr
    at: str


@node
class Lowered:
    """A program in blocks: begin, action, end, merge, and every function, inline ones lifted."""

    program: Program
    routines: dict[str, Routine]
    types: dict[str, Type] = field(default_factory=dict)  # of the locals, by name
    later: dict[str, Later] = field(default_factory=dict)  # what is not lowered yet, where that was asked for
    lower: Callable[[Later], Routine] | None = None  # puts the routine, and what it finds of others, beside these


def null(at: str = "") -> Lit:
    """The literal null."""
    return Lit(NULL, None, at=at)


def nothing(at: str = "") -> Error:
    """What stands where a problem was found; it is never run."""
    return Error(BOTTOM, "", 0, at=at)
