"""Print blocks as Python: one `_Function` a routine, statements with real locals.

The invariant: nothing of the document stands in the text.  Constants, keys and names of fields are globals K1, K2,
... ; symbols are v1, v2, ...; user functions u1, u2, ...  `Module.places` gives the JSON pointer of each line, so an
error is located by the line that raised it.

An operation whose value is used once, by the next statement, is printed inside it (`_Pending`), in the order of
evaluation; so `x * (y + 1)` looks like that, and CPython stores no temporaries.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from pfa.errors import InternalError
from pfa.ir import (
    Attempt,
    Block,
    Branch,
    Const,
    Each,
    FunctionValue,
    Leave,
    Loop,
    Op,
    Operand,
    Part,
    Return,
    Routine,
    Statement,
    Var,
)
from pfa.targets.meter import PACE
from pfa.targets.packing import packer, unpacker
from pfa.targets.python_module import Module, costs
from pfa.targets.python_ops import Template, operator
from pfa.targets.values import CLASSES, holds_containers, tag_of, widener
from pfa.types import BYTES, STRING, Array, Map, Type, Union, host_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.lib.define import Fn
    from pfa.lib.signature import Bound

# Name, text, pointer, how deep it nests, and whether it is tight (nothing around it can bind into it).
_Pending: TypeAlias = tuple[str, str, str, int, bool]
_DEEP = 5  # expressions printed inside one another
HEAVY = 64  # operations or new items that cost a step more
BYTES_FORMATS = ("raw", "null terminated", "length prefixed")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "cmp", "max", "min")
_ENGINE = {
    "input": "input_", "tally": "tally", "name": "name", "instance": "instance", "version": "version",
    "metadata": "metadata", "actionsStarted": "started", "actionsFinished": "finished",
    "tallyOne": "one", "tallyTwo": "two",
}  # fmt: skip


class FunctionPrinter:
    """One routine's text.  `shared` collects the engine's variables that it assigns, for `global`."""

    def __init__(self, module: Module, routine: Routine) -> None:
        self.module = module
        self.routine = routine
        self.shared: set[str] = set()
        self.pending: list[_Pending] = []
        self.reads: dict[str, int] = {}
        for block in (routine.body, *[b for _, b in routine.parts]):
            _count_reads(block, self.reads)
        self.parts = dict(routine.parts)
        self.repeats = int(routine.name not in ("action", "begin", "end", "merge"))  # may run many times
        self.indent = 0
        self.at = ""

    # -- text --

    def add(self, line: str, at: str | None = None) -> None:
        module = self.module
        module.lines.append("    " * self.indent + line)
        module.places.append(self.at if at is None else at)

    def inner(self, block: Block) -> None:
        """A block one level further in."""
        self.indent += 1
        self.block(block)
        self.indent -= 1

    def flush(self, keep: int = 0) -> None:
        """Print what is pending as statements, all but the last `keep`."""
        count = len(self.pending) - keep
        if count <= 0:
            return
        for name, text, at, _, _ in self.pending[:count]:
            self.add(f"{name} = {text}" if name in self.reads else text, at)
        del self.pending[:count]

    def atom(self, x: Operand) -> str:
        kind = x.__class__
        if kind is Var:
            return _ENGINE.get(x.name, x.name)  # type: ignore[union-attr]
        if kind is Const:
            return self.module.constant(x.value)  # type: ignore[union-attr]
        return self.module.reference(x)  # type: ignore[arg-type]

    def operands(
        self, args: tuple[Operand, ...], atoms: bool = False, alone: bool = False
    ) -> tuple[list[str], int]:
        """The operands' texts, pending ones inside, and how deep they nest.

        `atoms`: only names will do.  `alone`: an operand stands where nothing around it binds, without brackets.
        """
        if not self.pending:
            return [self.atom(a) for a in args], 0
        if len(args) == len(self.pending) == 1 and not atoms and args[0] == Var(self.pending[0][0]):
            _, text, _, depth, tight = self.pending.pop()
            return [text if tight or alone else f"({text})"], depth
        waiting = {p[0]: i for i, p in enumerate(self.pending)}
        wanted = [waiting[a.name] for a in args if a.__class__ is Var and a.name in waiting]
        count = len(wanted)
        if atoms or not wanted or wanted != list(range(len(self.pending) - count, len(self.pending))):
            self.flush()
            return [self.atom(a) for a in args], 0
        inside = {p[0]: p for p in self.pending[-count:]}
        self.flush(count)
        self.pending.clear()
        texts: list[str] = []
        deepest = 0
        for a in args:
            found = inside.get(a.name) if a.__class__ is Var else None
            if found is None:
                texts.append(self.atom(a))
            else:
                _, text, _, depth, tight = found
                texts.append(text if tight or alone else f"({text})")
                deepest = max(deepest, depth)
        return texts, deepest

    def result(self, op: Op, text: str, depth: int, tight: bool = False) -> None:
        """`to = text`, now or inside the next statement; `tight`: nothing around it can bind into it."""
        to = op.to
        reads = self.reads.get(to, 0)
        if to.startswith("t") and to != "tally":
            if reads == 1 and depth < _DEEP and text != "None":  # CPython warns of None[0]
                self.pending.append((to, text, op.at, depth + 1, tight))
                return
            if not reads:
                self.add(text, op.at)
                return
        self.add(f"{to} = {text}" if to else text, op.at)

    def condition(self, x: Operand) -> str:
        [text], _ = self.operands((x,), alone=True)
        return text

    # -- statements --

    def block(self, block: Block) -> None:
        """A block's statements; an empty one is `pass`."""
        count = len(self.module.lines)
        for s in block:
            if s.__class__ is Op:
                self.op(s)
            else:
                self.statement(s)
        self.flush()
        if len(self.module.lines) == count:
            self.add("pass")

    def statement(self, s: Statement) -> None:
        match s:
            case Op():
                self.op(s)
            case Branch(condition, then, orelse):
                self.branch("if", condition, then, orelse)
            case Loop(body, at):
                self.flush()
                self.add("while True:", at)
                self.indent += 1
                self.charge(str(1 + self.weight(body) // HEAVY))
                self.repeats += 1
                self.block(body)
                self.repeats -= 1
                self.indent -= 1
            case Leave(condition, when):
                if when:
                    self.add(f"if {self.condition(condition)}: break")
                else:
                    [test], _ = self.operands((condition,))
                    self.add(f"if not {test}: break")
            case Each(names, over, body, at):
                self.flush()
                array = self.atom(over)
                self.charge(f"len({array})")
                items = f"{array}.items()" if len(names) == 2 else array
                paced = f"paced({items}, started)"
                self.add(f"for {', '.join(names)} in {items} if len({array}) < {PACE} else {paced}:", at)
                self.indent += 1
                self.charge_heavy(body)
                self.repeats += 1
                self.block(body)
                self.repeats -= 1
                self.indent -= 1
            case Attempt():
                self.attempt(s)
            case Part(name):
                self.flush()
                self.add(f"{name}()")
            case Return(value):
                self.returned(value)

    def returned(self, value: Operand) -> None:
        self.add(f"return {self.condition(value)}")

    def branch(self, word: str, condition: Operand, then: Block, orelse: Block) -> None:
        if not then and orelse:
            [test], _ = self.operands((condition,))
            test, then, orelse = f"not {test}", orelse, ()
        else:
            test = self.condition(condition)
        self.add(f"{word} {test}:")
        self.inner(then)
        if not orelse:
            return
        if self.chained(orelse):
            return
        self.add("else:")
        self.inner(orelse)

    def chained(self, orelse: Block) -> bool:
        """Print as `elif` if all that is before the inner branch fits into its condition."""
        *before, inner = orelse
        if not isinstance(inner, Branch) or not all(isinstance(s, Op) for s in before) or not inner.then:
            return False
        count, shared = len(self.module.lines), set(self.shared)
        for s in before:
            self.statement(s)
        if len(self.module.lines) == count and (not before or self.reads_last(inner)):
            self.branch("elif", inner.condition, inner.then, inner.orelse)
            return True
        del self.module.lines[count:], self.module.places[count:]
        self.pending.clear()
        self.shared = shared
        return False

    def reads_last(self, inner: Branch) -> bool:
        """Is the condition the one operation that is pending?"""
        return len(self.pending) == 1 and inner.condition == Var(self.pending[0][0])

    def attempt(self, s: Attempt) -> None:
        self.flush()
        self.add("try:")
        self.inner(s.body)
        caught = " as e" if s.filtered else ""
        self.add(f"except RuntimeFailure{caught}:")
        self.indent += 1
        if s.filtered:
            messages = self.module.constant(frozenset(s.messages))
            codes = self.module.constant(frozenset(s.codes))
            self.add(f"if e.message not in {messages} and e.code not in {codes}: raise")
        self.add(f"{s.to} = None")
        self.indent -= 1

    def charge(self, amount: str) -> None:
        """Count the budget down; the clock is looked at when it is used up."""
        self.shared.add("budget")
        self.module.uses.add("budget")
        self.add(f"budget -= {amount}")
        self.add("if budget < 0: budget = refill(budget, started)")

    def charge_heavy(self, body: Block) -> None:
        """What runs often, or may, costs more where it is long."""
        if (heavy := self.weight(body) // HEAVY) > 0:
            self.charge(str(heavy))

    def weight(self, body: Block) -> int:
        """Operations and new items of a block, without those of loops in it, which count for themselves."""
        total, todo = 0, [body]
        while todo:
            for s in todo.pop():
                match s:
                    case Op(_, code, args):
                        total += 1 + (len(args) if code in ("array", "map") else 0)
                    case Branch(_, then, orelse):
                        todo += (then, orelse)
                    case Attempt(inside):
                        todo.append(inside)
                    case Part(name):
                        todo.append(self.parts[name])
                    case _:
                        total += 1
        return total

    # -- operations --

    def op(self, s: Op) -> None:
        handler = _OPS.get(s.code)
        if handler is None:
            raise InternalError(f"the python target has no operation {s.code}")
        self.at = s.at or self.at
        handler(self, s)

    def template(self, s: Op, t: Template) -> None:
        args, depth = self.operands(s.args, t.atoms)
        text = t.text.format(*args)
        if not t.lines:
            self.result(s, text, depth, t.tight)
            return
        scratch = s.to if s.to.startswith("t") else "r"
        self.add(f"{scratch} = {text}", s.at)
        for line in t.lines:
            self.add(line.format(*args, r=scratch), s.at)
        if scratch != s.to and s.to:
            self.add(f"{s.to} = {scratch}", s.at)

    def simple(self, s: Op, text: str, atoms: bool = False, tight: bool = False) -> None:
        """An operation that is one expression over its operands."""
        args, depth = self.operands(s.args, atoms)
        self.result(s, text.format(*args), depth, tight)

    def copy(self, s: Op) -> None:
        [text], depth = self.operands(s.args, alone=True)
        self.result(s, text, depth)

    def call(self, s: Op) -> None:
        fn, bound = s.extra
        template = operator(fn.name, bound)
        if fn.keeps:
            self.module.kept.update(a.name for a in s.args if isinstance(a, FunctionValue))
        if fn.cost:
            self.flush()
            self.charge(self.cost(fn, s.args))
        elif self.repeats and compares_texts(fn, bound) and not any(isinstance(a, Const) for a in s.args):
            self.flush()
            self.charge(f"len({self.atom(s.args[0])}) >> 12")
        if template is not None:
            self.template(s, template)
            return
        args, depth = self.operands(s.args, alone=True)
        text = f"{self.module.implementation(fn)}({', '.join([*args, *self.module.extras(fn, bound)])})"
        self.result(s, text, depth, True)

    def cost(self, fn: Fn, args: tuple[Operand, ...]) -> str:
        """The function's cost with the operands in place of its parameters."""
        return costs(fn, [self.atom(a) for a in args])

    def user(self, s: Op) -> None:
        args, depth = self.operands(s.args, alone=True)
        self.result(s, f"{self.module.users['u:' + s.extra]}({', '.join(args)})", depth, True)

    def dynamic(self, s: Op) -> None:
        symbols, functions = s.extra
        pairs = [
            f"{self.module.constant(sym)}: {self.atom(f)}" for sym, f in zip(symbols, functions, strict=True)
        ]
        table = self.module.table("{" + ", ".join(pairs) + "}")
        [which, *args], depth = self.operands(s.args, alone=True)
        self.result(s, f"{table}[{which}]({', '.join(args)})", depth, True)

    def closure(self, s: Op) -> None:
        args, depth = self.operands(s.args, alone=True)
        self.result(s, f"{s.extra}({', '.join(args)})", depth, True)

    def emit(self, s: Op) -> None:
        self.module.uses.add("emit")
        args, _ = self.operands(s.args)
        self.add(f"emit({args[0]})", s.at)

    def array(self, s: Op) -> None:
        args, depth = self.operands(s.args, alone=True)
        self.result(s, f"[{', '.join(args)}]", depth, True)

    def map(self, s: Op) -> None:
        args, depth = self.operands(s.args, alone=True)
        pairs = [f"{self.module.constant(k)}: {a}" for k, a in zip(s.extra, args, strict=True)]
        self.result(s, "{" + ", ".join(pairs) + "}", depth, True)

    def field(self, s: Op) -> None:
        [base], depth = self.operands(s.args)
        self.result(s, f"{base}[{self.module.constant(s.extra)}]", depth, True)

    def put_index(self, s: Op) -> None:
        self.flush()
        array, index, value = map(self.atom, s.args)
        if s.extra:
            self.add(f"if {index} < 0 or {index} >= len({array}): no_index({s.extra})", s.at)
        self.charge(f"len({array})")
        self.result(s, f"put_item({array}, {index}, {value})", 0, True)

    def put_key(self, s: Op) -> None:
        self.flush()
        base, key, value = map(self.atom, s.args)
        if s.extra:
            self.add(f"if {key} not in {base}: no_key({s.extra})", s.at)
        if s.code == "put_key":
            self.charge(f"len({base})")
        self.result(s, f"{{**{base}, {key}: {value}}}", 0, True)

    # -- cells and pools --

    def stored(self, kind: str, name: str, write: bool = False) -> str:
        """The engine's variable for a cell ("c"), pool ("p") or a shared one ("s")."""
        found = self.module.storage[kind, name]
        if write:
            self.shared.add(found)
        return found

    def cell(self, s: Op) -> None:
        self.result(s, self.stored("cell", s.extra), 0, True)

    def set_cell(self, s: Op) -> None:
        args, _ = self.operands(s.args, alone=True)
        self.add(f"{self.stored('cell', s.extra, True)} = {args[0]}", s.at)

    def shared_cell(self, s: Op) -> None:
        self.result(s, f"{self.stored('cell', s.extra)}.get()", 0, True)

    def update_cell(self, s: Op) -> None:
        args, depth = self.operands(s.args)
        self.result(s, f"{self.stored('cell', s.extra)}.update({args[0]}, deadline(started))", depth, True)

    def pool(self, s: Op) -> None:
        name = self.stored("pool", s.extra)
        self.simple(s, f"{name}[{{0}}] if {{0}} in {name} else no_key(2009)", True)

    def shared_pool(self, s: Op) -> None:
        self.simple(s, f"pool_item({self.stored('pool', s.extra)}, {{0}})", tight=True)

    def pool_has(self, s: Op) -> None:
        self.simple(s, f"{{0}} in {self.stored('pool', s.extra)}")

    def keep(self, name: str, key: str) -> None:
        """Remember an item's old value for the rollback of the action."""
        if ("undo", name) in self.module.storage:
            undo = self.module.storage["undo", name]
            pool = self.module.storage["pool", name]
            self.add(f"if {key} not in {undo}: {undo}[{key}] = {pool}.get({key}, MISSING)")

    def set_pool(self, s: Op) -> None:
        self.flush()
        key, value = map(self.atom, s.args)
        self.at = s.at
        self.keep(s.extra, key)
        self.add(f"{self.stored('pool', s.extra)}[{key}] = {value}", s.at)

    def delete(self, s: Op) -> None:
        self.flush()
        key = self.atom(s.args[0])
        self.at = s.at
        self.keep(s.extra, key)
        self.add(f"{self.stored('pool', s.extra)}.pop({key}, None)", s.at)

    def update_pool(self, s: Op) -> None:
        self.simple(s, f"{self.stored('pool', s.extra)}.update({{0}}, {{1}}, {{2}}, deadline(started))")

    def delete_shared(self, s: Op) -> None:
        self.simple(s, f"{self.stored('pool', s.extra)}.delete({{0}}, deadline(started))")

    # -- types --

    def widen(self, s: Op) -> None:
        want, got = s.extra
        convert = widener(want, got)
        if convert is None:
            self.copy(s)
        elif convert is float:
            self.simple(s, "float({0})", tight=True)
        elif holds_containers(got.items if isinstance(got, Array) else got.values if isinstance(got, Map) else got):
            self.module.uses.add("charge")
            make = self.module.constant(partial(widener, want, got))
            self.simple(s, f"{self.module.table(f'{make}(charge)')}({{0}})", tight=True)
        else:
            if got.tag in ("array", "map"):
                self.flush()
                self.charge(f"len({self.atom(s.args[0])})")
            self.simple(s, f"{self.module.constant(convert)}({{0}})", tight=True)

    def pack(self, s: Op) -> None:
        texts = [a for a, f in zip(s.args, s.extra, strict=True) if f.kind in BYTES_FORMATS]
        if texts and self.repeats:
            self.flush()
            self.charge(" + ".join(f"(len({self.atom(a)}) >> 3)" for a in texts))
        holes = ", ".join(f"{{{i}}}" for i in range(len(s.args)))
        self.simple(s, f"{self.module.constant(packer(s.extra))}({holes})", tight=True)

    def unpack(self, s: Op) -> None:
        if self.repeats and any(f.kind in BYTES_FORMATS for f in s.extra):
            self.flush()
            self.charge(f"len({self.atom(s.args[0])}) >> 3")
        self.simple(s, f"{self.module.constant(unpacker(s.extra))}({{0}})", tight=True)

    def is_branch(self, s: Op) -> None:
        whole, branches = s.extra
        [value] = s.args
        if isinstance(value, Const) and isinstance(whole, Union):
            found = tag_of(whole)(value.value) in {b.tag for b in branches}
            self.simple(s, repr(found))  # CPython warns of None[0]
        else:
            self.simple(s, branch_test(self.module, whole, branches), True)

    def not_null(self, s: Op) -> None:
        args, depth = self.operands(s.args)
        self.result(s, " and ".join(f"{a} is not None" for a in args), depth)

    def error(self, s: Op) -> None:
        self.flush()
        message, code = s.extra
        self.add(f"user_error({self.module.constant(message)}, {self.module.constant(code)})", s.at)

    def log(self, s: Op) -> None:
        namespace, types = s.extra
        args, _ = self.operands(s.args)
        self.module.uses.add("log_message")
        values = "".join(f"{a}, " for a in args)
        self.add(
            f"log_message({self.module.constant(namespace)}, ({values}), {self.module.constant(types)})", s.at
        )


def branch_test(module: Module, whole: Type, branches: tuple[Type, ...]) -> str:
    """An expression over {0} that tells whether a host value is one of some branches."""
    if not isinstance(whole, Union):
        return "True"
    boxed = [b.tag for b in branches if b.tag in whole.boxed]
    bare = [host_class(b) for b in branches if b.tag not in whole.boxed]
    if not boxed and bare == ["none"]:
        return "{0} is None"
    if not boxed and len(bare) == 1:
        return f"{{0}}.__class__ is {CLASSES[bare[0]].__name__}"
    if not bare and len(boxed) == 1:
        return f"{{0}}.__class__ is tuple and {{0}}[0] == {module.constant(boxed[0])}"
    return f"{module.constant(tag_of(whole))}({{0}}) in {module.constant(frozenset(b.tag for b in branches))}"


def _count_reads(block: Block, reads: dict[str, int]) -> None:
    """How often each local is read."""
    for s in block:
        for a in s.args if s.__class__ is Op else _read_by(s, reads):
            if a.__class__ is Var:
                reads[a.name] = reads.get(a.name, 0) + 1


def _read_by(s: Statement, reads: dict[str, int]) -> tuple[Operand, ...]:
    """What a statement other than an operation reads itself; what is read inside of it is counted."""
    match s:
        case Leave(condition) | Return(condition):
            return (condition,)
        case Branch(condition, then, orelse):
            _count_reads(then, reads)
            _count_reads(orelse, reads)
            return (condition,)
        case Loop(body) | Attempt(body):
            _count_reads(body, reads)
        case Each(_, over, body):
            _count_reads(body, reads)
            return (over,)
        case _:
            pass
    return ()


def compares_texts(fn: Fn, bound: Bound) -> bool:
    """Is it a comparison of strings or bytes, which takes the longer the longer they are?"""
    return fn.name in COMPARISONS and bound.params[0] in (STRING, BYTES)


P = FunctionPrinter
_OPS: dict[str, Callable[[FunctionPrinter, Op], None]] = {
    "copy": P.copy,
    "call": P.call,
    "user": P.user,
    "dynamic": P.dynamic,
    "closure": P.closure,
    "emit": P.emit,
    "array": P.array,
    "map": P.map,
    "field": P.field,
    "index": lambda p, s: p.simple(
        s, f"{{0}}[{{1}}] if 0 <= {{1}} < len({{0}}) else no_index({s.extra})", True
    ),
    "key": lambda p, s: p.simple(s, f"{{0}}[{{1}}] if {{1}} in {{0}} else no_key({s.extra})", True),
    "put_index": P.put_index,
    "put_key": P.put_key,
    "put_field": P.put_key,
    "cell": P.cell,
    "set_cell": P.set_cell,
    "shared_cell": P.shared_cell,
    "update_cell": P.update_cell,
    "pool": P.pool,
    "shared_pool": P.shared_pool,
    "pool_has": P.pool_has,
    "set_pool": P.set_pool,
    "update_pool": P.update_pool,
    "present": lambda p, s: p.simple(s, "{0} is not MISSING"),
    "delete": P.delete,
    "delete_shared": P.delete_shared,
    "widen": P.widen,
    "is_branch": P.is_branch,
    "not_null": P.not_null,
    "is": lambda p, s: p.simple(s, f"{{0}} is {s.extra!r}"),
    "item": lambda p, s: p.simple(s, f"{{0}}[{s.extra}]", tight=True),
    "pack": P.pack,
    "unpack": P.unpack,
    "error": P.error,
    "log": P.log,
}
