"""The simplest actions on whole columns: those of method map that only look at their datum and compute with numbers.

Place in the pipeline: beside the python target, made of the same blocks; whoever has columns may use it.  Here is only
what NumPy does exactly as the python target does it, value by value: IEEE operations that are rounded once,
comparisons, integers as long as none overflows.  Invariant: `run` gives what `action` would for every row, or raises
`NotSo`, and then nothing has happened and the rows are to be given to `action`, which says what is wrong with them.

    {"+": ["input.x", 1]}    t1 = field(input) {'x'}; t2 = call(t1, 1.0) {+}    columns["x"] + 1.0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from pfa.ir import Branch, Const, Op, Return, Var
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, NULL, STRING, Enum, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.ir import Block, Lowered, Operand

Column: TypeAlias = Any  # an array of float64, int64 or bool; a list of what is only passed on; a constant
Values: TypeAlias = dict[str, Any]  # of locals: columns, or records as dicts of columns
NUMBERS = (INT, LONG, FLOAT, DOUBLE)
WHOLE = (INT, LONG)
_SCALARS = frozenset((*NUMBERS, BOOLEAN, STRING))


class NotSo(Exception):
    """These rows are not for columns."""


def scalar(t: Type) -> Type | None:
    """The type of the values of a column, null aside; None where a column cannot hold them."""
    if isinstance(t, Union) and len(t.branches) == 2 and NULL in t.branches:
        t = next(b for b in t.branches if b != NULL)
    return t if (t.__class__ is Prim and t in _SCALARS) or isinstance(t, Enum) else None


def parts_of(t: Type) -> dict[str, Type]:
    """The fields of a type, or itself as ""."""
    return {f.name: f.type for f in t.fields} if isinstance(t, Record) else {"": t}


def fields_of(t: Type) -> dict[str, Type] | None:
    """The columns of a type; None where columns cannot hold its fields."""
    fields = parts_of(t)
    return fields if fields and all(map(scalar, fields.values())) else None


@dataclass(slots=True)
class Vector:
    """An action on columns: `inputs` are the fields of a datum, `used` those whose values it reads.

    `flat`: a column could hold each of the inputs; those that are used it can in any case.
    """

    inputs: dict[str, Type]
    outputs: dict[str, Type]
    used: frozenset[str]
    steps: list[Callable[[Values], None]]
    result: Operand
    flat: bool = True
    counts: ClassVar[bool] = False  # actions

    def scored(self, columns: dict[str, Column], count: int) -> tuple[dict[str, Column], int]:
        """What `run` gives, and how many outputs there are."""
        return self.run(columns), count

    def run(self, columns: dict[str, Column]) -> dict[str, Column]:
        """The columns of the outputs; NotSo where a row would fail, or may."""
        numpy = _numpy()
        values: Values = {"input": columns[""] if "" in self.inputs else columns}
        with numpy.errstate(all="ignore"):
            for step in self.steps:
                step(values)
        made = _value(self.result, values)
        return made if made.__class__ is dict else {"": made}


def _numpy() -> Any:
    import numpy

    return numpy


def vectorized(lowered: Lowered) -> Vector | None:
    """The action on columns, if it is one of the simplest."""
    program, action = lowered.program, lowered.routines["action"]
    inputs, outputs = parts_of(program.input), fields_of(program.output)
    if program.method != "map" or not inputs or outputs is None or action.parts:
        return None
    *body, last = action.body
    if not isinstance(last, Return) or action.params != ("input",):
        return None
    compiler = _Compiler(lowered, program.input)
    try:
        steps = compiler.block(tuple(body))
        compiler.reads(last.value)
    except NotSo:
        return None
    used = frozenset(compiler.used & inputs.keys())
    if not all(scalar(inputs[name]) for name in used):
        return None
    return Vector(inputs, outputs, used, steps, last.value, fields_of(program.input) is not None)


class _Compiler:
    """Makes a step of each statement; NotSo where there is none."""

    def __init__(self, lowered: Lowered, whole: Type) -> None:
        self.types = {**lowered.types, "input": whole}
        self.used: set[str] = set()
        self.known = {"input"}

    def block(self, block: Block) -> list[Callable[[Values], None]]:
        return [self.statement(s) for s in block]

    def statement(self, s: Any) -> Callable[[Values], None]:
        match s:
            case Op():
                return self.op(s)
            case Branch():
                return self.branch(s)
            case _:
                raise NotSo

    def reads(self, operand: Operand) -> Operand:
        """An operand that is there; of the input as a whole all fields are read."""
        if isinstance(operand, Var) and operand.name in self.known:
            if operand.name == "input":
                self.used |= parts_of(self.types["input"]).keys()
        elif not isinstance(operand, Const) or operand.value.__class__ not in (bool, int, float, str):
            raise NotSo
        return operand

    def op(self, s: Op) -> Callable[[Values], None]:
        make = _OPS.get(s.code)
        if make is None or not s.to:
            raise NotSo
        made = make(self, s)
        self.known.add(s.to)
        to = s.to

        def step(values: Values) -> None:
            values[to] = made(values)

        return step

    def field(self, s: Op) -> Callable[[Values], Any]:
        [base] = s.args
        if not isinstance(base, Var) or base.name not in self.known:
            raise NotSo
        self.used.add(s.extra)
        return lambda values: values[base.name][s.extra]

    def copy(self, s: Op) -> Callable[[Values], Any]:
        operand = self.reads(s.args[0])
        return lambda values: _value(operand, values)

    def record(self, s: Op) -> Callable[[Values], Any]:
        if not isinstance(self.types.get(s.to), Record):
            raise NotSo
        args = [(name, self.reads(a)) for name, a in zip(s.extra, s.args, strict=True)]
        return lambda values: {name: _value(a, values) for name, a in args}

    def widen(self, s: Op) -> Callable[[Values], Any]:
        want, got = s.extra
        operand = self.reads(s.args[0])
        if (want, got) in ((DOUBLE, FLOAT), (LONG, INT)):
            return lambda values: _value(operand, values)
        if want == DOUBLE and got in WHOLE:
            return lambda values: _as(_value(operand, values), float)
        raise NotSo

    def call(self, s: Op) -> Callable[[Values], Any]:
        fn, bound = s.extra
        kinds = set(bound.params)
        make = _CALLS.get((fn.name, len(s.args)))
        if make is None or len(kinds) != 1:
            raise NotSo
        [t] = kinds
        compute = make(t)
        args = [self.reads(a) for a in s.args]
        if compute is None or not any(isinstance(a, Var) for a in args):
            raise NotSo
        return lambda values: _computed(compute, [_value(a, values) for a in args])

    def branch(self, s: Branch) -> Callable[[Values], None]:
        """Both ways for all rows; what either sets is then chosen row by row."""
        condition = self.reads(s.condition)
        before = set(self.known)
        ways = []
        for block in (s.then, s.orelse):
            self.known = set(before)
            ways.append(self.block(block))
        always = _sets(s.then, True) & _sets(s.orelse, True)
        self.known = before | always
        chosen = sorted((_sets(s.then, False) | _sets(s.orelse, False)) & self.known)
        if any(self.types.get(n) not in (*NUMBERS, BOOLEAN) for n in chosen):
            raise NotSo

        def step(values: Values) -> None:
            where = _numpy().where
            one, other = dict(values), dict(values)
            for taken, steps in ((one, ways[0]), (other, ways[1])):
                for run in steps:
                    run(taken)
            decided = _value(condition, values)
            for name in chosen:
                values[name] = where(decided, one[name], other[name])

        return step


def _sets(block: Block, always: bool) -> set[str]:
    """The locals that a block sets, in any case or perhaps."""
    found = {s.to for s in block if isinstance(s, Op)}
    for s in block:
        if isinstance(s, Branch):
            one, other = _sets(s.then, always), _sets(s.orelse, always)
            found |= one & other if always else one | other
    return found


def _computed(compute: Compute, args: list[Any]) -> Any:
    if not any(hasattr(a, "dtype") for a in args):
        raise NotSo  # constants alone: a column is what this is about
    return compute(*args)


def _value(operand: Any, values: Values) -> Any:
    return values[operand.name] if operand.__class__ is Var else operand.value


def _as(x: Any, kind: type) -> Any:
    return x.astype(kind) if hasattr(x, "astype") else kind(x)


# --- operations ------------------------------------------------------------------------------------------------

Compute: TypeAlias = "Callable[..., Any]"


def _arithmetic(compute: Compute, whole: Compute | None) -> Callable[[Type], Compute | None]:
    """An operation by the type of its operands: `whole` makes an exact one of integers, or NotSo."""

    def of(t: Type) -> Compute | None:
        if t == DOUBLE:
            return compute
        if t == FLOAT:
            return lambda *args: _single(compute(*args))
        return (lambda *args: _fitting(t, whole(*args))) if whole and t in WHOLE else None

    return of


def _single(x: Any) -> Any:
    numpy = _numpy()
    return numpy.asarray(x, numpy.float32).astype(numpy.float64)


def _fitting(t: Type, x: Any) -> Any:
    limit = 1 << (31 if t == INT else 63)
    if x.size and (x.max() >= limit or x.min() < -limit):
        raise NotSo
    return x


_SAFE = {"+": 1 << 61, "-": 1 << 61, "*": 1 << 30}


def _whole(name: str, compute: Compute) -> Compute:
    """An operation of integers that are so small that 64 bits hold its result."""
    most = _SAFE[name]

    def run(x: Any, y: Any) -> Any:
        for operand in (x, y):
            if operand.__class__ is int:
                small = -most <= operand <= most
            else:
                small = not operand.size or (-most <= operand.min() and operand.max() <= most)
            if not small:
                raise NotSo
        return compute(x, y)

    return run


def _compared(compute: Compute) -> Callable[[Type], Compute | None]:
    return lambda t: compute if t in NUMBERS else None


def _add(x: Any, y: Any) -> Any:
    return x + y


def _subtract(x: Any, y: Any) -> Any:
    return x - y


def _multiply(x: Any, y: Any) -> Any:
    return x * y


def _divide(x: Any, y: Any) -> Any:
    return _numpy().divide(x, y)


_CALLS: dict[tuple[str, int], Callable[[Type], Compute | None]] = {
    ("+", 2): _arithmetic(_add, _whole("+", _add)),
    ("-", 2): _arithmetic(_subtract, _whole("-", _subtract)),
    ("*", 2): _arithmetic(_multiply, _whole("*", _multiply)),
    ("/", 2): lambda t: _divide if t == DOUBLE else None,
    ("u-", 1): lambda t: (lambda x: -x) if t in (FLOAT, DOUBLE) else None,
    ("m.abs", 1): lambda t: abs if t == DOUBLE else None,
    ("m.sqrt", 1): lambda t: _numpy().sqrt if t == DOUBLE else None,
    ("<", 2): _compared(lambda x, y: x < y),
    ("<=", 2): _compared(lambda x, y: x <= y),
    (">", 2): _compared(lambda x, y: x > y),
    (">=", 2): _compared(lambda x, y: x >= y),
    ("==", 2): _compared(lambda x, y: x == y),
    ("!=", 2): _compared(lambda x, y: x != y),
    ("!", 1): lambda t: (lambda x: ~x) if t == BOOLEAN else None,
}
_OPS: dict[str, Callable[[_Compiler, Op], Callable[[Values], Any]]] = {
    "field": _Compiler.field, "copy": _Compiler.copy, "map": _Compiler.record, "widen": _Compiler.widen,
    "call": _Compiler.call,
}  # fmt: skip
