"""The kernel language's compiler: typed Python text to LLVM IR, as text.

Place in the pipeline: `emit` prints a program's functions, this translates them and the library's kernels that they
call; `link` makes machine code of the result.  It knows three types, so it needs no inference beyond "a local has the
type of its first assignment", and a page of it costs less than a millisecond.

Invariant: a function whose first parameter is `ctx` may fail; every call of one is followed by a test of the status
that leads to the `except` around it, or out of the function with a zero.
"""

from __future__ import annotations

import ast
import math
import struct
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pfa.errors import InternalError
from pfa.targets.kernel import language

if TYPE_CHECKING:
    from collections.abc import Callable

TYPES = {"i64": "i64", "f64": "double", "bool": "i1", "int": "i64", "float": "double", "None": "void"}
ZERO = {"i64": "0", "double": "0.0", "i1": "false"}
FIELDS = {n: v for n, v in vars(language).items() if n.isupper() and isinstance(v, int)}
ONE_ARGUMENT = (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "sinh",
    "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "lgamma", "tgamma",
)  # fmt: skip
TWO_ARGUMENTS = ["pow", "fmod", "atan2", "hypot"]
INTRINSICS = {"sqrt": "llvm.sqrt.f64", "fabs": "llvm.fabs.f64", "floor": "llvm.floor.f64", "ceil": "llvm.ceil.f64",
              "rint": "llvm.rint.f64", "trunc": "llvm.trunc.f64", "copysign": "llvm.copysign.f64"}  # fmt: skip
LOADS = {"ld": "i64", "ldf": "double", "ld8": "i8", "ld32": "i32", "ldu32": "i32", "ldf32": "float"}
STORES = {"st": "i64", "stf": "double", "st8": "i8", "st32": "i32", "stf32": "float"}
SIZES = {"i64": "8", "double": "8", "i8": "1", "i32": "4", "float": "4"}
OPERATORS = {
    ast.Add: ("add", "fadd"), ast.Sub: ("sub", "fsub"), ast.Mult: ("mul", "fmul"), ast.Div: ("", "fdiv"),
    ast.LShift: ("shl", ""), ast.RShift: ("ashr", ""), ast.BitAnd: ("and", ""), ast.BitOr: ("or", ""),
    ast.BitXor: ("xor", ""),
}  # fmt: skip
ORDERS = {
    ast.Lt: ("slt", "olt"), ast.LtE: ("sle", "ole"), ast.Gt: ("sgt", "ogt"), ast.GtE: ("sge", "oge"),
    ast.Eq: ("eq", "oeq"), ast.NotEq: ("ne", "une"),
}  # fmt: skip
HEAD = """
!0 = !{!"pfa"}
!1 = !{!"context", !0, i64 0}
!2 = !{!"data", !0, i64 0}
!3 = !{!1, !1, i64 0}
!4 = !{!2, !2, i64 0}
!5 = !{!"branch_weights", i32 1000, i32 1}
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i32 @memcmp(ptr, ptr, i64)
declare i64 @llvm.ctpop.i64(i64)
declare i64 @llvm.cttz.i64(i64, i1)
declare i64 @llvm.ctlz.i64(i64, i1)
""" + "".join(
    [f"declare {{i64, i1}} @llvm.{op}.with.overflow.i64(i64, i64)\n" for op in ("sadd", "ssub", "smul")]
    + [f"declare double @{n}(double) #1\n" for n in ONE_ARGUMENT]
    + [f"declare double @{n}(double, double) #1\n" for n in TWO_ARGUMENTS]
    + [f"declare double @{n}(double)\n" for k, n in INTRINSICS.items() if k != "copysign"]
    + ["declare double @llvm.copysign.f64(double, double)\n"]
    + ["attributes #0 = { nounwind }\n", "attributes #1 = { nounwind memory(none) }\n",
       "attributes #2 = { nounwind optnone noinline }\n"]
)


class KernelError(InternalError):
    """A fault of a kernel's text, not of a document."""


@dataclass(frozen=True)
class Kernel:
    """A function of the kernel language, not yet translated."""

    name: str
    params: tuple[tuple[str, str], ...]
    ret: str
    node: ast.FunctionDef
    names: dict[str, int | float]
    inline: str = ""

    @property
    def fails(self) -> bool:
        return bool(self.params) and self.params[0][0] == "ctx"

    @property
    def signature(self) -> str:
        return ", ".join(t for _, t in self.params)


@dataclass(slots=True)
class Checks:
    """A build for tests: every address of data goes through `check_address(address, bytes, kernel)` first.

    `text` has that function, `check_count(count, kernel)` and what else is to stand in place of the library's kernels;
    `exempt` tells of a kernel whether it is left as it is.  `names` numbers the kernels, in the order of their use.
    """

    text: str
    exempt: Callable[[str], bool]
    names: list[str] = field(default_factory=list)

    def number(self, name: str) -> str:
        if name not in self.names:
            self.names.append(name)
        return str(self.names.index(name))


@dataclass(slots=True)
class Translated:
    """A function's IR, and the functions that it calls."""

    text: str
    calls: tuple[str, ...]


def parse(text: str, names: dict[str, int | float] | None = None) -> dict[str, Kernel]:
    """The functions of a text; its constants are names in capitals."""
    body = ast.parse(text).body if "\n" + " " * 400 not in text else _deep(text.split("\n"))
    known: dict[str, int | float] = dict(names or {})
    found: dict[str, Kernel] = {}
    for n in body:
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name):
            name = n.targets[0].id
            if isinstance(n.value, ast.Name) and n.value.id in found:  # another name for a kernel
                found[name] = replace(found[n.value.id], name=name)
            else:
                known[name] = _constant(n.value, known)
        elif isinstance(n, ast.FunctionDef):
            found[n.name] = _kernel(n, known)
    return found


def _deep(lines: list[str]) -> list[ast.stmt]:
    """Statements of a text that is nested deeper than CPython reads: line by line."""
    top: list[ast.stmt] = []
    blocks: list[list[ast.stmt]] = [top]
    for line in lines:
        text = line.lstrip()
        if not text:
            continue
        del blocks[(len(line) - len(text)) // 4 + 1 :]
        last = blocks[-1][-1] if blocks[-1] else None
        if text == "else:":
            assert isinstance(last, ast.If)
            blocks.append(last.orelse)
        elif text == "except:":
            assert isinstance(last, ast.Try)
            last.handlers = [ast.ExceptHandler(None, None, [])]
            blocks.append(last.handlers[0].body)
        elif text == "try:":
            blocks[-1].append(made := ast.Try([], [], [], []))
            blocks.append(made.body)
        elif text.startswith("elif "):
            assert isinstance(last, ast.If)
            while last.orelse:
                assert isinstance(last.orelse[-1], ast.If)
                last = last.orelse[-1]
            last.orelse.append(_header(text[2:]))
            blocks.append(last.orelse[0].body)  # type: ignore[attr-defined]
        elif text.endswith(":"):
            blocks[-1].append(_header(text))
            blocks.append(blocks[-1][-1].body)  # type: ignore[attr-defined]
        else:
            blocks[-1] += ast.parse(text).body
    return top


def _header(text: str) -> ast.stmt:
    """A statement that has a block, without it."""
    [made] = ast.parse(text + " pass").body
    made.body = []  # type: ignore[attr-defined]
    return made


def _kernel(n: ast.FunctionDef, names: dict[str, int | float]) -> Kernel:
    params = tuple((a.arg, _type(a.annotation, "i64")) for a in n.args.args)
    inline = "".join(d.id for d in n.decorator_list if isinstance(d, ast.Name))
    return Kernel(n.name, params, _type(n.returns, "void"), n, names, inline)


def _type(annotation: ast.expr | None, otherwise: str) -> str:
    if annotation is None:
        return otherwise
    name = annotation.value if isinstance(annotation, ast.Constant) else getattr(annotation, "id", "")
    return TYPES[str(name)]


def _constant(e: ast.expr, names: dict[str, int | float]) -> int | float:
    """A constant expression: numbers, names, arithmetic."""
    match e:
        case ast.Constant(int() | float() as value):
            return value
        case ast.Name(name):
            return names[name] if name in names else FIELDS[name]
        case ast.UnaryOp(ast.USub(), operand):
            return -_constant(operand, names)
        case ast.BinOp(left, op, right):
            a, b = _constant(left, names), _constant(right, names)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
                case ast.LShift():
                    return int(a) << int(b)
                case ast.Pow():
                    return float(a**b) if isinstance(a, float) else a**b
                case _:
                    pass
        case _:
            pass
    raise KernelError(f"no constant: {ast.unparse(e)}")


@cache
def library() -> dict[str, Kernel]:
    """The kernels of the library, by name."""
    found: dict[str, Kernel] = {}
    for file in sorted(resources.files("pfa.targets.kernel.lib").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".py") and file.name != "__init__.py":
            made = parse(file.read_text("utf-8"))
            if twice := made.keys() & found.keys():
                raise KernelError(f"{file.name}: {', '.join(twice)} defined twice")
            found |= made
    return found


@cache
def library_ir(name: str) -> Translated:
    """A kernel of the library, translated; the same for every program."""
    return translate(library()[name], library())


def assemble(text: str, entries: tuple[str, ...], checks: Checks | None = None) -> str:
    """A module: the program's functions and the kernels that they reach.  `entries` are visible from outside."""
    own = parse(text)
    known = library() | own
    if checks is not None:
        known |= (own := parse(checks.text) | own)
    parts: list[str] = []
    done: set[str] = set()
    todo = list(own)
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        if name in own or checks is not None:
            made = translate(known[name], known, name in entries, checks)
        else:
            made = library_ir(name)
        parts.append(made.text)
        todo += made.calls
    return "\n".join([*parts, HEAD])


def translate(
    kernel: Kernel, known: dict[str, Kernel], visible: bool = False, checks: Checks | None = None
) -> Translated:
    """One function as IR."""
    if checks is not None and checks.exempt(kernel.name):
        checks = None
    return _Function(kernel, known, checks).translate(visible)


@dataclass(slots=True)
class _Value:
    text: str
    type: str


@dataclass(slots=True)
class _LoopLabels:
    again: str
    end: str


@dataclass
class _Function:
    """The translation of one function."""

    kernel: Kernel
    known: dict[str, Kernel]
    checks: Checks | None = None
    lines: list[str] = field(default_factory=list)
    slots: dict[str, str] = field(default_factory=dict)
    loops: list[_LoopLabels] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)
    calls: dict[str, None] = field(default_factory=dict)
    count: int = 0
    done: bool = False
    leaves: bool = False
    site: str = ""

    def translate(self, visible: bool) -> Translated:
        k = self.kernel
        for name, t in k.params:
            self.slots[name] = t
        for s in k.node.body:
            self.statement(s)
        if not self.done:
            self.emit("ret void" if k.ret == "void" else f"ret {k.ret} {ZERO[k.ret]}")
        if self.leaves:
            self.lines.append("leave:")
            self.emit("ret void" if k.ret == "void" else f"ret {k.ret} {ZERO[k.ret]}")
        head = [f"  %v.{n} = alloca {t}" for n, t in self.slots.items()]
        head += [f"  store {t} {ZERO[t]}, ptr %v.{n}" for n, t in self.slots.items()]
        head += [f"  store {t} %p.{n}, ptr %v.{n}" for n, t in k.params]
        params = ", ".join(f"{t} %p.{n}" for n, t in k.params)
        attributes = {"inline": " alwaysinline", "cold": " noinline cold"}.get(k.inline, "")
        linkage = "" if visible else "internal "
        text = [f"define {linkage}{k.ret} @{k.name}({params}) #0{attributes} {{", "entry:", *head, *self.lines, "}"]
        return Translated("\n".join(text), tuple(self.calls))

    # -- plumbing --

    def emit(self, line: str) -> None:
        self.lines.append("  " + line)

    def new(self) -> str:
        self.count += 1
        return f"%t{self.count}"

    def value(self, line: str, t: str) -> _Value:
        name = self.new()
        self.lines.append(f"  {name} = {line}")
        return _Value(name, t)

    def label(self) -> str:
        self.count += 1
        return f"l{self.count}"

    def place(self, label: str) -> None:
        """The block begins here; what came before falls into it."""
        if not self.done:
            self.emit(f"br label %{label}")
        self.lines.append(f"{label}:")
        self.done = False

    def jump(self, label: str) -> None:
        if not self.done:
            self.emit(f"br label %{label}")
        self.done = True

    def wrong(self, n: ast.AST, what: str) -> KernelError:
        return KernelError(f"kernel {self.kernel.name}: {what}: {ast.unparse(n)}")

    def handler(self) -> str:
        if self.handlers:
            return self.handlers[-1]
        self.leaves = True
        return "leave"

    # -- statements --

    def block(self, body: list[ast.stmt]) -> None:
        for s in body:
            self.statement(s)

    def statement(self, s: ast.stmt) -> None:
        if self.done:  # nothing reaches it, but its locals have types
            self.lines.append(f"{self.label()}:")
            self.done = False
        match s:
            case ast.Assign([ast.Name(name)], value):
                self.assign(name, self.expression(value), s)
            case ast.AugAssign(ast.Name(name), op, value):
                self.assign(name, self.binary(self.read(name, s), op, self.expression(value), s), s)
            case ast.AnnAssign(ast.Name(name), _, value) if value is not None:
                self.assign(name, self.expression(value), s)
            case ast.Expr(ast.Constant(str())) | ast.Pass():
                pass
            case ast.Expr(ast.Call() as e):
                self.call(e)
            case ast.If(test, body, orelse):
                self.if_(test, body, orelse)
            case ast.While(test, body):
                self.while_(test, body)
            case ast.For(ast.Name(name), ast.Call(ast.Name("range"), args), body):
                self.for_(name, args, body, s)
            case ast.Break():
                self.jump(self.loops[-1].end)
            case ast.Continue():
                self.jump(self.loops[-1].again)
            case ast.Return(value):
                self.return_(value, s)
            case ast.Try(body, [ast.ExceptHandler(None, None, handler)]):
                self.try_(body, handler)
            case _:
                raise self.wrong(s, "not in the language")

    def assign(self, name: str, value: _Value, s: ast.AST) -> None:
        known = self.slots.setdefault(name, value.type)
        if known != value.type:
            value = self.convert(value, known, s)
        self.emit(f"store {value.type} {value.text}, ptr %v.{name}")

    def convert(self, value: _Value, t: str, s: ast.AST) -> _Value:
        """Literal integers stand for doubles too; nothing else changes its type in silence."""
        if t == "double" and value.type == "i64" and value.text.lstrip("-").isdigit():
            return _Value(_double(float(value.text)), t)
        raise self.wrong(s, f"{value.type} where {t} is needed")

    def if_(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        then, other, end = self.label(), self.label(), self.label()
        self.branch(test, then, other if orelse else end)
        self.place(then)
        self.block(body)
        self.jump(end)
        ended = False
        if orelse:
            self.lines.append(f"{other}:")
            self.done = False
            self.block(orelse)
            self.jump(end)
        # A block that nothing reaches does no harm: LLVM drops it.
        self.lines.append(f"{end}:")
        self.done = ended

    def branch(self, test: ast.expr, then: str, other: str) -> None:
        """Jump by a condition, `and`, `or` and `not` as branches."""
        match test:
            case ast.BoolOp(ast.And(), values):
                for x in values[:-1]:
                    more = self.label()
                    self.branch(x, more, other)
                    self.lines.append(f"{more}:")
                    self.done = False
                self.branch(values[-1], then, other)
            case ast.BoolOp(ast.Or(), values):
                for x in values[:-1]:
                    more = self.label()
                    self.branch(x, then, more)
                    self.lines.append(f"{more}:")
                    self.done = False
                self.branch(values[-1], then, other)
            case ast.UnaryOp(ast.Not(), x):
                self.branch(x, other, then)
            case _:
                self.emit(f"br i1 {self.truth(test)}, label %{then}, label %{other}")
                self.done = True

    def truth(self, e: ast.expr) -> str:
        v = self.expression(e)
        if v.type == "i1":
            return v.text
        if v.type == "i64":
            return self.value(f"icmp ne i64 {v.text}, 0", "i1").text
        raise self.wrong(e, "no condition")

    def while_(self, test: ast.expr, body: list[ast.stmt]) -> None:
        again, inside, end = self.label(), self.label(), self.label()
        self.place(again)
        if isinstance(test, ast.Constant) and test.value:
            self.place(inside)
        else:
            self.branch(test, inside, end)
            self.place(inside)
        self.loops.append(_LoopLabels(again, end))
        self.block(body)
        self.loops.pop()
        self.jump(again)
        self.lines.append(f"{end}:")
        self.done = False

    def for_(self, name: str, args: list[ast.expr], body: list[ast.stmt], s: ast.stmt) -> None:
        """`for i in range(...)`; the bounds are evaluated once."""
        step = 1
        if len(args) == 3:
            step = int(_constant(args[2], self.kernel.names))
        start = _Value("0", "i64") if len(args) == 1 else self.expression(args[0])
        stop = self.expression(args[0] if len(args) == 1 else args[1])
        self.count += 1
        hidden = f"i{self.count}"
        self.slots[hidden] = "i64"
        self.emit(f"store i64 {start.text}, ptr %v.{hidden}")
        test, inside, again, end = self.label(), self.label(), self.label(), self.label()
        self.place(test)
        now = self.value(f"load i64, ptr %v.{hidden}", "i64")
        more = self.value(f"icmp {'slt' if step > 0 else 'sgt'} i64 {now.text}, {stop.text}", "i1")
        self.emit(f"br i1 {more.text}, label %{inside}, label %{end}")
        self.lines.append(f"{inside}:")
        self.assign(name, now, s)
        self.loops.append(_LoopLabels(again, end))
        self.block(body)
        self.loops.pop()
        self.place(again)
        now = self.value(f"load i64, ptr %v.{hidden}", "i64")
        after = self.value(f"add nsw i64 {now.text}, {step}", "i64")
        self.emit(f"store i64 {after.text}, ptr %v.{hidden}")
        self.jump(test)
        self.lines.append(f"{end}:")
        self.done = False

    def return_(self, value: ast.expr | None, s: ast.stmt) -> None:
        t = self.kernel.ret
        if value is None or t == "void":
            self.emit("ret void" if t == "void" else f"ret {t} {ZERO[t]}")
        else:
            v = self.expression(value)
            if v.type != t:
                v = self.convert(v, t, s)
            self.emit(f"ret {t} {v.text}")
        self.done = True

    def try_(self, body: list[ast.stmt], handler: list[ast.stmt]) -> None:
        caught, end = self.label(), self.label()
        self.handlers.append(caught)
        self.block(body)
        self.handlers.pop()
        self.jump(end)
        self.lines.append(f"{caught}:")
        self.done = False
        self.block(handler)
        self.jump(end)
        self.lines.append(f"{end}:")
        self.done = False

    # -- expressions --

    def read(self, name: str, n: ast.AST) -> _Value:
        if name in self.slots:
            return self.value(f"load {self.slots[name]}, ptr %v.{name}", self.slots[name])
        found = self.kernel.names.get(name, FIELDS.get(name))
        if found is None and name in ("inf", "nan"):
            found = float(name)
        if found is None:
            raise self.wrong(n, f"no local and no constant {name}")
        return _literal(found)

    def expression(self, e: ast.expr) -> _Value:
        match e:
            case ast.Constant(bool() as value):
                return _Value("true" if value else "false", "i1")
            case ast.Constant(int() | float() as value):
                return _literal(value)
            case ast.Name(name):
                return self.read(name, e)
            case ast.BinOp(left, op, right):
                return self.binary(self.expression(left), op, self.expression(right), e)
            case ast.UnaryOp(op, operand):
                return self.unary(op, operand, e)
            case ast.Compare(left, ops, rights):
                return self.compare(left, ops, rights, e)
            case ast.BoolOp() | ast.IfExp():
                return self.chosen(e)
            case ast.Call():
                made = self.call(e)
                if made is None:
                    raise self.wrong(e, "no value")
                return made
            case _:
                raise self.wrong(e, "not in the language")

    def chosen(self, e: ast.BoolOp | ast.IfExp) -> _Value:
        """A value that one of two branches gives."""
        self.count += 1
        name = f"c{self.count}"
        then, other, end = self.label(), self.label(), self.label()
        test: ast.expr = e.test if isinstance(e, ast.IfExp) else e
        self.branch(test, then, other)
        self.place(then)
        value = self.expression(e.body) if isinstance(e, ast.IfExp) else _Value("true", "i1")
        t = value.type
        if isinstance(e, ast.IfExp) and t == "i64" and value.text.lstrip("-").isdigit():
            probe = _Function(self.kernel, self.known, self.checks, slots=dict(self.slots), count=self.count + 100000)
            if probe.expression(e.orelse).type == "double":
                value, t = self.convert(value, "double", e), "double"
        self.slots[name] = t
        self.emit(f"store {t} {value.text}, ptr %v.{name}")
        self.jump(end)
        self.lines.append(f"{other}:")
        self.done = False
        value = self.expression(e.orelse) if isinstance(e, ast.IfExp) else _Value("false", "i1")
        if value.type != t:
            value = self.convert(value, t, e)
        self.emit(f"store {t} {value.text}, ptr %v.{name}")
        self.place(end)
        return self.value(f"load {t}, ptr %v.{name}", t)

    def alike(self, a: _Value, b: _Value, e: ast.AST) -> tuple[_Value, _Value]:
        if a.type == b.type:
            return a, b
        if a.type == "double":
            return a, self.convert(b, "double", e)
        return self.convert(a, b.type, e), b

    def binary(self, a: _Value, op: ast.operator, b: _Value, e: ast.AST) -> _Value:
        a, b = self.alike(a, b, e)
        if isinstance(op, ast.FloorDiv | ast.Mod) and a.type == "i64":
            return self.floor(a, op, b)
        names = OPERATORS.get(type(op))
        name = names[a.type == "double"] if names else ""
        if not name or (a.type == "i1" and name not in ("and", "or", "xor")):
            raise self.wrong(e, f"no such operation of {a.type}")
        return self.value(f"{name} {a.type} {a.text}, {b.text}", a.type)

    def floor(self, a: _Value, op: ast.operator, b: _Value) -> _Value:
        """Division that rounds down, and its remainder."""
        if b.text.isdigit() and int(b.text) > 0 and int(b.text) & (int(b.text) - 1) == 0:
            n = int(b.text)
            if isinstance(op, ast.Mod):
                return self.value(f"and i64 {a.text}, {n - 1}", "i64")
            return self.value(f"ashr i64 {a.text}, {n.bit_length() - 1}", "i64")
        rest = self.value(f"srem i64 {a.text}, {b.text}", "i64")
        mixed = self.value(f"xor i64 {rest.text}, {b.text}", "i64")
        apart = self.value(f"icmp slt i64 {mixed.text}, 0", "i1")
        some = self.value(f"icmp ne i64 {rest.text}, 0", "i1")
        fix = self.value(f"and i1 {apart.text}, {some.text}", "i1")
        if isinstance(op, ast.Mod):
            more = self.value(f"select i1 {fix.text}, i64 {b.text}, i64 0", "i64")
            return self.value(f"add i64 {rest.text}, {more.text}", "i64")
        quotient = self.value(f"sdiv i64 {a.text}, {b.text}", "i64")
        less = self.value(f"sext i1 {fix.text} to i64", "i64")
        return self.value(f"add i64 {quotient.text}, {less.text}", "i64")

    def unary(self, op: ast.unaryop, operand: ast.expr, e: ast.expr) -> _Value:
        match op, operand:
            case ast.USub(), ast.Constant(int() | float() as x):
                return _literal(-x)
            case ast.USub(), _:
                v = self.expression(operand)
                if v.type == "double":
                    return self.value(f"fneg double {v.text}", "double")
                return self.value(f"sub i64 0, {v.text}", "i64")
            case ast.Not(), _:
                return self.value(f"xor i1 {self.truth(operand)}, true", "i1")
            case ast.Invert(), _:
                return self.value(f"xor i64 {self.expression(operand).text}, -1", "i64")
            case _:
                raise self.wrong(e, "not in the language")

    def compare(self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr], e: ast.expr) -> _Value:
        if len(ops) > 1:  # a < b < c: simple operands only
            pairs = zip([left, *rights[:-1]], ops, rights, strict=True)
            return self.chosen(ast.BoolOp(ast.And(), [ast.Compare(a, [o], [b]) for a, o, b in pairs]))
        a, b = self.alike(self.expression(left), self.expression(rights[0]), e)
        how, real = ORDERS[type(ops[0])]
        if a.type == "double":
            return self.value(f"fcmp {real} double {a.text}, {b.text}", "i1")
        return self.value(f"icmp {how} {a.type} {a.text}, {b.text}", "i1")

    # -- calls --

    def call(self, e: ast.Call) -> _Value | None:
        if not isinstance(e.func, ast.Name):
            raise self.wrong(e, "not in the language")
        name = e.func.id
        site = next((k.value for k in e.keywords if k.arg == "site"), None)
        if name == "address":
            [target] = e.args
            assert isinstance(target, ast.Name)
            self.calls[target.id] = None
            return self.value(f"ptrtoint ptr @{target.id} to i64", "i64")
        args = [self.expression(a) for a in e.args]  # calls inside have places of their own
        self.site = str(_constant(site, self.kernel.names)) if site else ""
        if name in self.known and name not in self.slots:
            return self.kernel_call(self.known[name], args, e)
        made = self.special(name, args, e)
        if made is _UNKNOWN:
            raise self.wrong(e, f"no function {name}")
        return made

    def kernel_call(self, k: Kernel, args: list[_Value], e: ast.Call) -> _Value | None:
        self.calls[k.name] = None
        if len(args) != len(k.params):
            raise self.wrong(e, f"{k.name} takes {len(k.params)} arguments")
        given = [a if a.type == t else self.convert(a, t, e) for a, (_, t) in zip(args, k.params, strict=True)]
        text = f"call {k.ret} @{k.name}({', '.join(f'{a.type} {a.text}' for a in given)})"
        site = self.site
        made = None
        if k.ret == "void":
            self.emit(text)
        else:
            made = self.value(text, k.ret)
        if k.fails:
            self.test_status(site)
        return made

    def field(self, at: str) -> str:
        """A pointer to a field of the context."""
        ctx = self.value("load i64, ptr %v.ctx", "i64")
        where = self.value(f"add i64 {ctx.text}, {at}", "i64")
        return self.value(f"inttoptr i64 {where.text} to ptr", "ptr").text

    def test_status(self, site: str) -> None:
        """Leave where the status is not zero."""
        status = self.value(f"load i64, ptr {self.field(str(language.STATUS))}, !tbaa !3", "i64")
        fine = self.value(f"icmp eq i64 {status.text}, 0", "i1")
        on, off = self.label(), self.label()
        target = self.handler()
        self.emit(f"br i1 {fine.text}, label %{on}, label %{off if site else target}, !prof !5")
        if site:
            self.lines.append(f"{off}:")
            self.note(site)
            self.emit(f"br label %{target}")
        self.lines.append(f"{on}:")

    def note(self, site: str) -> None:
        """The innermost place that is known stays."""
        where = self.field(str(language.SITE))
        old = self.value(f"load i64, ptr {where}, !tbaa !3", "i64")
        none = self.value(f"icmp eq i64 {old.text}, 0", "i1")
        new = self.value(f"select i1 {none.text}, i64 {site}, i64 {old.text}", "i64")
        self.emit(f"store i64 {new.text}, ptr {where}, !tbaa !3")

    def checked(self, a: _Value, count: str) -> _Value:
        """An address that may be read or written; in a build for tests, where it may not, a harmless one."""
        if self.checks is None:
            return a
        self.calls["check_address"] = None
        number = self.checks.number(self.kernel.name)
        return self.value(f"call i64 @check_address(i64 {a.text}, i64 {count}, i64 {number})", "i64")

    def counted(self, count: str) -> str:
        """So many bytes."""
        if self.checks is None:
            return count
        self.calls["check_count"] = None
        return self.value(f"call i64 @check_count(i64 {count}, i64 {self.checks.number(self.kernel.name)})", "i64").text

    def pointer(self, a: _Value) -> str:
        return self.value(f"inttoptr i64 {a.text} to ptr", "ptr").text

    def special(self, name: str, args: list[_Value], e: ast.Call) -> _Value | None:
        """What is no kernel: memory, bits, arithmetic, mathematics."""
        texts = [a.text for a in args]
        if name in LOADS:
            return self.load(LOADS[name], args[0], name)
        if name in STORES:
            self.store(STORES[name], args[0], args[1], e)
            return None
        if name in INTRINSICS or name in ONE_ARGUMENT or name in TWO_ARGUMENTS:
            given = [a if a.type == "double" else self.convert(a, "double", e) for a in args]
            listed = ", ".join(f"double {a.text}" for a in given)
            return self.value(f"call double @{INTRINSICS.get(name, name)}({listed})", "double")
        if name in _SIMPLE:
            template, t = _SIMPLE[name]
            return self.value(template.format(*texts), t)
        if name.startswith("call") and name[4:].isdigit():
            return self.indirect(args)
        if name.startswith("raw"):
            f = self.pointer(args[0])
            return self.value(f"call i64 {f}({', '.join(f'i64 {a.text}' for a in args[1:])})", "i64")
        match name:
            case "get":
                return self.value(f"load i64, ptr {self.field(texts[1])}, !tbaa !3", "i64")
            case "put":
                where = self.field(texts[1])
                self.emit(f"store i64 {texts[2]}, ptr {where}, !tbaa !3")
                return None
            case "fail":
                self.emit(f"store i64 {texts[1]}, ptr {self.field(str(language.STATUS))}, !tbaa !3")
                if self.site:
                    self.note(self.site)
                self.jump(self.handler())
                return None
            case "rethrow":
                self.jump(self.handler())
                return None
            case "here":
                self.slots["_here"] = "i64"
                return self.value("ptrtoint ptr %v._here to i64", "i64")
            case "move":
                n = self.counted(texts[2])
                to, source = (self.pointer(self.checked(a, n)) for a in args[:2])
                self.emit(f"call void @llvm.memmove.p0.p0.i64(ptr {to}, ptr {source}, i64 {n}, i1 false)")
                return None
            case "fill":
                byte = self.value(f"trunc i64 {texts[1]} to i8", "i8")
                n = self.counted(texts[2])
                to = self.pointer(self.checked(args[0], n))
                self.emit(f"call void @llvm.memset.p0.i64(ptr {to}, i8 {byte.text}, i64 {n}, i1 false)")
                return None
            case "same_bytes":
                n = self.counted(texts[2])
                a, b = (self.pointer(self.checked(x, n)) for x in args[:2])
                got = self.value(f"call i32 @memcmp(ptr {a}, ptr {b}, i64 {n})", "i32")
                return self.value(f"icmp eq i32 {got.text}, 0", "i1")
            case "add_over" | "sub_over" | "mul_over":
                op = {"add_over": "sadd", "sub_over": "ssub", "mul_over": "smul"}[name]
                both = f"call {{i64, i1}} @llvm.{op}.with.overflow.i64(i64 {texts[0]}, i64 {texts[1]})"
                got = self.value(both, "")
                return self.value(f"extractvalue {{i64, i1}} {got.text}, 1", "i1")
            case "mul_hi":
                a, b = (self.value(f"zext i64 {x} to i128", "i128").text for x in texts)
                product = self.value(f"mul i128 {a}, {b}", "i128")
                high = self.value(f"lshr i128 {product.text}, 64", "i128")
                return self.value(f"trunc i128 {high.text} to i64", "i64")
            case "f32":
                single = self.value(f"fptrunc double {texts[0]} to float", "float")
                return self.value(f"fpext float {single.text} to double", "double")
            case "float":
                if args[0].type == "double":
                    return args[0]
                return self.value(f"sitofp i64 {texts[0]} to double", "double")
            case "int":
                if args[0].type == "i1":
                    return self.value(f"zext i1 {texts[0]} to i64", "i64")
                return args[0]
            case "bool":
                return args[0] if args[0].type == "i1" else self.value(f"icmp ne i64 {texts[0]}, 0", "i1")
            case "min" | "max":
                how = "slt" if name == "min" else "sgt"
                test = self.value(f"icmp {how} i64 {texts[0]}, {texts[1]}", "i1")
                return self.value(f"select i1 {test.text}, i64 {texts[0]}, i64 {texts[1]}", "i64")
            case "test2":
                f = self.pointer(args[0])
                return self.value(f"call i64 {f}(i64 {texts[1]}, i64 {texts[2]})", "i64")
            case "host":
                f = self.pointer(args[0])
                made = self.value(f"call i64 {f}(i64 {texts[1]}, i64 {texts[2]}, i64 {texts[3]})", "i64")
                self.test_status(self.site)
                return made
            case _:
                return _UNKNOWN

    def indirect(self, args: list[_Value]) -> _Value:
        """A function of the document by its address."""
        site = self.site
        f = self.pointer(args[0])
        made = self.value(f"call i64 {f}({', '.join(f'i64 {a.text}' for a in args[1:])})", "i64")
        self.test_status(site)
        return made

    def load(self, t: str, a: _Value, name: str) -> _Value:
        a = self.checked(a, SIZES[t])
        got = self.value(f"load {t}, ptr {self.pointer(a)}, !tbaa !4", t)
        if t == "float":
            return self.value(f"fpext float {got.text} to double", "double")
        if t in ("i8", "i32"):
            how = "sext" if name == "ld32" else "zext"
            return self.value(f"{how} {t} {got.text} to i64", "i64")
        return got

    def store(self, t: str, a: _Value, v: _Value, e: ast.Call) -> None:
        if t == "float":
            v = self.value(f"fptrunc double {v.text} to float", t)
        elif t in ("i8", "i32"):
            v = self.value(f"trunc i64 {v.text} to {t}", t)
        elif v.type != t:
            v = self.convert(v, t, e)
        a = self.checked(a, SIZES[t])
        self.emit(f"store {t} {v.text}, ptr {self.pointer(a)}, !tbaa !4")


_UNKNOWN = _Value("", "unknown")
_SIMPLE: dict[str, tuple[str, str]] = {
    "bits": ("bitcast double {0} to i64", "i64"),
    "unbits": ("bitcast i64 {0} to double", "double"),
    "trunc_i64": ("fptosi double {0} to i64", "i64"),
    "shr": ("lshr i64 {0}, {1}", "i64"),
    "ult": ("icmp ult i64 {0}, {1}", "i1"),
    "udiv": ("udiv i64 {0}, {1}", "i64"),
    "urem": ("urem i64 {0}, {1}", "i64"),
    "popcount": ("call i64 @llvm.ctpop.i64(i64 {0})", "i64"),
    "ctz": ("call i64 @llvm.cttz.i64(i64 {0}, i1 false)", "i64"),
    "clz": ("call i64 @llvm.ctlz.i64(i64 {0}, i1 false)", "i64"),
}


def _literal(x: int | float) -> _Value:
    if isinstance(x, float):
        return _Value(_double(x), "double")
    return _Value(str(x if x < 1 << 63 else x - (1 << 64)), "i64")


def _double(x: float) -> str:
    if math.isnan(x):
        return "0x7FF8000000000000"
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"
