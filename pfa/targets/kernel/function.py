"""Translate one function of the kernel language: statements and expressions."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from pfa.targets.kernel.intrinsics import UNKNOWN, special
from pfa.targets.kernel.kernels import FIELDS, Kernel, constant
from pfa.targets.kernel.writer import Value, Writer, literal

ZERO = {"i64": "0", "double": "0.0", "i1": "false"}
OPERATORS = {
    ast.Add: ("add", "fadd"), ast.Sub: ("sub", "fsub"), ast.Mult: ("mul", "fmul"), ast.Div: ("", "fdiv"),
    ast.LShift: ("shl", ""), ast.RShift: ("ashr", ""), ast.BitAnd: ("and", ""), ast.BitOr: ("or", ""),
    ast.BitXor: ("xor", ""),
}  # fmt: skip  # fmt: skip
ORDERS = {
    ast.Lt: ("slt", "olt"), ast.LtE: ("sle", "ole"), ast.Gt: ("sgt", "ogt"), ast.GtE: ("sge", "oge"),
    ast.Eq: ("eq", "oeq"), ast.NotEq: ("ne", "une"),
}  # fmt: skip  # fmt: skip


@dataclass(slots=True)
class Translated:
    """A function's IR, and the functions that it calls."""

    text: str
    calls: tuple[str, ...]


@dataclass(slots=True)
class _LoopLabels:
    again: str
    end: str


@dataclass
class FunctionWriter(Writer):
    """The translation of one function."""

    loops: list[_LoopLabels] = field(default_factory=list)

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

    def assign(self, name: str, value: Value, s: ast.AST) -> None:
        known = self.slots.setdefault(name, value.type)
        if known != value.type:
            value = self.convert(value, known, s)
        self.emit(f"store {value.type} {value.text}, ptr %v.{name}")

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
            step = int(constant(args[2], self.kernel.names))
        start = Value("0", "i64") if len(args) == 1 else self.expression(args[0])
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

    def read(self, name: str, n: ast.AST) -> Value:
        if name in self.slots:
            return self.value(f"load {self.slots[name]}, ptr %v.{name}", self.slots[name])
        found = self.kernel.names.get(name, FIELDS.get(name))
        if found is None and name in ("inf", "nan"):
            found = float(name)
        if found is None:
            raise self.wrong(n, f"no local and no constant {name}")
        return literal(found)

    def expression(self, e: ast.expr) -> Value:
        match e:
            case ast.Constant(bool() as value):
                return Value("true" if value else "false", "i1")
            case ast.Constant(int() | float() as value):
                return literal(value)
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

    def chosen(self, e: ast.BoolOp | ast.IfExp) -> Value:
        """A value that one of two branches gives."""
        self.count += 1
        name = f"c{self.count}"
        then, other, end = self.label(), self.label(), self.label()
        test: ast.expr = e.test if isinstance(e, ast.IfExp) else e
        self.branch(test, then, other)
        self.place(then)
        value = self.expression(e.body) if isinstance(e, ast.IfExp) else Value("true", "i1")
        t = value.type
        if isinstance(e, ast.IfExp) and t == "i64" and value.text.lstrip("-").isdigit():
            count = self.count + 100_000
            probe = FunctionWriter(self.kernel, self.known, self.checks, slots=dict(self.slots), count=count)
            if probe.expression(e.orelse).type == "double":
                value, t = self.convert(value, "double", e), "double"
        self.slots[name] = t
        self.emit(f"store {t} {value.text}, ptr %v.{name}")
        self.jump(end)
        self.lines.append(f"{other}:")
        self.done = False
        value = self.expression(e.orelse) if isinstance(e, ast.IfExp) else Value("false", "i1")
        if value.type != t:
            value = self.convert(value, t, e)
        self.emit(f"store {t} {value.text}, ptr %v.{name}")
        self.place(end)
        return self.value(f"load {t}, ptr %v.{name}", t)

    def alike(self, a: Value, b: Value, e: ast.AST) -> tuple[Value, Value]:
        if a.type == b.type:
            return a, b
        if a.type == "double":
            return a, self.convert(b, "double", e)
        return self.convert(a, b.type, e), b

    def binary(self, a: Value, op: ast.operator, b: Value, e: ast.AST) -> Value:
        a, b = self.alike(a, b, e)
        if isinstance(op, ast.FloorDiv | ast.Mod) and a.type == "i64":
            return self.floor(a, op, b)
        names = OPERATORS.get(type(op))
        name = names[a.type == "double"] if names else ""
        if not name or (a.type == "i1" and name not in ("and", "or", "xor")):
            raise self.wrong(e, f"no such operation of {a.type}")
        return self.value(f"{name} {a.type} {a.text}, {b.text}", a.type)

    def floor(self, a: Value, op: ast.operator, b: Value) -> Value:
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

    def unary(self, op: ast.unaryop, operand: ast.expr, e: ast.expr) -> Value:
        match op, operand:
            case ast.USub(), ast.Constant(int() | float() as x):
                return literal(-x)
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

    def compare(self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr], e: ast.expr) -> Value:
        if len(ops) > 1:  # a < b < c: simple operands only
            pairs = zip([left, *rights[:-1]], ops, rights, strict=True)
            return self.chosen(ast.BoolOp(ast.And(), [ast.Compare(a, [o], [b]) for a, o, b in pairs]))
        a, b = self.alike(self.expression(left), self.expression(rights[0]), e)
        how, real = ORDERS[type(ops[0])]
        if a.type == "double":
            return self.value(f"fcmp {real} double {a.text}, {b.text}", "i1")
        return self.value(f"icmp {how} {a.type} {a.text}, {b.text}", "i1")

    def call(self, e: ast.Call) -> Value | None:
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
        self.site = str(constant(site, self.kernel.names)) if site else ""
        if name in self.known and name not in self.slots:
            return self.kernel_call(self.known[name], args, e)
        made = special(self, name, args, e)
        if made is UNKNOWN:
            raise self.wrong(e, f"no function {name}")
        return made

    def kernel_call(self, k: Kernel, args: list[Value], e: ast.Call) -> Value | None:
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
