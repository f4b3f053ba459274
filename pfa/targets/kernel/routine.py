"""Print one routine in the kernel language: its operands, its statements, functions as arguments.

What an operation of a statement becomes, `ops` and `state_ops` know.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pfa.ir import Attempt, Branch, Const, Each, FunctionValue, Leave, Loop, Op, Part, Return, Var
from pfa.targets.kernel import binary, building, calls, language, ops, places, rewind, state_ops
from pfa.targets.kernel.emitted import PREDEFINED
from pfa.targets.kernel.layout import kind
from pfa.targets.kernel.parts import ZERO, Filter, Unsupported, load_at, local, to_slot
from pfa.types import BOOLEAN, BOTTOM, INT, LONG, MISSING, NULL, STRING, UNKNOWN, Array, Enum, Function, Map

if TYPE_CHECKING:
    from pfa.ir import Block, Operand, Routine, Statement
    from pfa.targets.kernel.emit import Emitter
    from pfa.types import Type

SYMBOLS = {"actionsStarted": ("STARTED", LONG), "actionsFinished": ("FINISHED", LONG)}
CHUNK = 1024  # turns of a loop that are counted at once
OPS = {**ops.OPS, **state_ops.OPS, **building.OPS, "call": calls.call, "pack": binary.pack, "unpack": binary.unpack}


class FunctionEmitter:
    """One routine's text."""

    def __init__(self, program: Emitter, routine: Routine) -> None:
        self.e = program
        self.routine = routine
        self.lines: list[str] = []
        self.indent = 1
        self.temps = 0
        self.closures: dict[str, str] = {}
        self.unpacked: dict[str, tuple[Any, ...]] = {}
        self.assigned: set[str] = set()
        self.at = routine.at
        self.parts = dict(routine.parts)

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def temp(self) -> str:
        self.temps += 1
        return f"x{self.temps}"

    def site(self, function: str, messages: dict[int, str]) -> int:
        return self.e.site(function, messages, self.at)

    def print(self) -> None:
        e, r = self.e, self.routine
        ret = e.returns(r.name)
        params = [f"{local(n)}: {kind(e.param(n))}" for n in (*r.params, *self.captured())]
        self.assigned |= {local(n) for n in (*r.params, *self.captured())}
        self.ret = ret
        if r.charged:
            self.add("charge(ctx, 1)")
        if r.recursive:
            self.add(f"deeper(ctx, {r.levels}, {e.recursion})")
        self.block(r.body)
        head = f"def {e.names[r.name]}({', '.join(['ctx: i64', *params])}) -> {kind(ret)}:"
        e.texts.append("\n".join([head, *self.lines]))

    def captured(self) -> tuple[str, ...]:
        r = self.routine
        return () if r.name.startswith("u:") or r.name in ("begin", "end", "merge", "action") else r.captured

    # -- operands --

    def type_of(self, x: Operand, otherwise: Type = NULL) -> Type:
        if isinstance(x, Var):
            if x.name in SYMBOLS:
                return SYMBOLS[x.name][1]
            if x.name in ("input", "tally", "tallyOne", "tallyTwo"):
                return self.e.param(x.name)
            return PREDEFINED.get(x.name) or self.e.types.get(x.name, otherwise)
        if isinstance(x, Const) and x.type is not UNKNOWN:
            return x.type
        return otherwise

    def operand(self, x: Operand, t: Type) -> str:
        """The text of an operand whose type is `t`."""
        if isinstance(x, Const):
            return self.constant(x.value, t if x.type is UNKNOWN or kind(x.type) != kind(t) else x.type)
        if isinstance(x, FunctionValue):
            raise Unsupported("a function as a value")
        if x.name in SYMBOLS:
            self.e.counted = True
            return f"get(ctx, {SYMBOLS[x.name][0]})"
        if x.name == "tally" and self.routine.name != "merge":
            return load_at(f"get(ctx, STATE) + {8 * self.e.slots['tally', '']}", t)
        if x.name in PREDEFINED:
            slot = self.e.slots.setdefault(("symbol", x.name), len(self.e.slots))
            return load_at(f"get(ctx, STATE) + {8 * slot}", PREDEFINED[x.name])
        mine = self.type_of(x, t)
        name = local(x.name)
        if kind(mine) != kind(t) or (name not in self.assigned):
            return ZERO[kind(t)]  # of what never returned
        return name

    def constant(self, value: Any, t: Type) -> str:
        k = kind(t)
        if value is None or value is MISSING:  # the latter is never looked at (`state_ops.update_or_make`)
            return ZERO[k]
        if k == "f64":
            x = float(value)
            return repr(x) if math.isfinite(x) else "nan" if x != x else "inf" if x > 0 else "-inf"
        if k == "bool":
            return str(bool(value))
        if t in (INT, LONG):
            return str(int(value))
        if isinstance(t, Enum):
            return str(t.symbols.index(value))
        if t in (NULL, BOTTOM):
            return "0"
        return self.e.constant(t, value)

    def assign(self, to: str, text: str, t: Type) -> None:
        """`to = text`, a value of type t."""
        if not to:
            self.add(text if text.endswith(")") and not text.startswith("(") else f"{self.temp()} = {text}")
            return
        have = self.e.types.setdefault(to, t)
        if kind(have) != kind(t):
            text = ZERO[kind(have)] if t in (BOTTOM, NULL) else text
        self.assigned.add(local(to))
        self.add(f"{local(to)} = {text}")

    def hold(self, text: str) -> str:
        """A name for a value that is used more than once."""
        if text.isidentifier() or text.lstrip("-").isdigit():
            return text
        name = self.temp()
        self.add(f"{name} = {text}")
        return name

    # -- statements --

    def block(self, block: Block) -> None:
        count = len(self.lines)
        i = 0
        while i < len(block):
            chain = self.e.places.chain(block[i])
            if chain is None:
                self.statement(block[i])
                i += 1
            else:
                places.change(self, chain)
                i += len(chain.puts) + 1
        if len(self.lines) == count:
            self.add("pass")

    def inner(self, block: Block) -> None:
        self.indent += 1
        self.block(block)
        self.indent -= 1

    def statement(self, s: Statement) -> None:
        match s:
            case Op():
                self.at = s.at or self.at
                handler = OPS.get(s.code)
                if handler is None:
                    raise Unsupported(f"the operation {s.code}")
                handler(self, s)
            case Branch(condition, then, orelse):
                self.add(f"if {self.operand(condition, BOOLEAN)}:")
                self.inner(then)
                if orelse:
                    self.add("else:")
                    self.inner(orelse)
            case Loop(body):
                self.loop(body)
            case Leave(condition, when):
                test = self.operand(condition, BOOLEAN)
                self.add(f"if {test}:" if when else f"if not {test}:")
                self.add("    break")
            case Each():
                self.each(s)
            case Attempt():
                self.attempt(s)
            case Part(name):
                self.block(self.parts[name])
            case Return(value):
                self.add(self.returned(value))

    def returned(self, value: Operand) -> str:
        if self.routine.recursive:
            out = self.hold(self.operand(value, self.ret))
            self.add(f"higher(ctx, {self.routine.levels})")
            return f"return {out}"
        return f"return {self.operand(value, self.ret)}"

    def loop(self, body: Block) -> None:
        """Turns are counted in a register, and charged many at a time."""
        turns = self.temp()
        start = rewind.start(self)
        self.add(f"{turns} = 0")
        self.add("while True:")
        turn = len(self.lines)
        self.indent += 1
        self.add(f"{turns} += 1")
        self.add(f"if ({turns} & {CHUNK - 1}) == 0:")
        self.add(f"    charge(ctx, {CHUNK})")
        self.indent -= 1
        self.inner(body)
        rewind.wrap(self, body, start, turn)
        self.add(f"charge(ctx, {turns} & {CHUNK - 1})")

    def each(self, s: Each) -> None:
        over = self.type_of(s.over)
        array = self.hold(self.operand(s.over, over))
        count, i, data = self.temp(), self.temp(), self.temp()
        self.add(f"{count} = length({array})")
        self.add(f"charge(ctx, {count})")
        self.add(f"{data} = items({array})")
        start = rewind.start(self)
        self.add(f"for {i} in range({count}):")
        self.indent += 1
        if len(s.names) == 2:
            assert isinstance(over, Map)
            self.assign(s.names[0], f"ld({data} + {i} * 16)", STRING)
            self.assign(s.names[1], load_at(f"{data} + {i} * 16 + 8", over.values), over.values)
        else:
            item = over.items if isinstance(over, Array) else NULL
            self.assign(s.names[0], load_at(f"{data} + {i} * 8", item), item)
        self.indent -= 1
        self.inner(s.body)
        if not building.keeps(s.body):
            rewind.wrap(self, s.body, start, start.line + 1)

    def attempt(self, s: Attempt) -> None:
        depth, status = self.temp(), self.temp()
        self.add(f"{depth} = get(ctx, DEPTH)")
        t = self.e.types.get(s.to, NULL)
        self.e.types.setdefault(s.to, t)
        self.assigned.add(local(s.to))
        self.add("try:")
        self.inner(s.body)
        self.add("except:")
        self.indent += 1
        self.add(f"{status} = get(ctx, STATUS)")
        self.add(f"if {status} > {language.USER} and {status} <= {language.PLAIN_ERROR}:")
        self.add("    rethrow(ctx)")
        if s.filtered:
            self.filter(s, status)
        self.add("put(ctx, STATUS, 0)")
        self.add("put(ctx, SITE, 0)")
        self.add(f"put(ctx, DEPTH, {depth})")
        self.add(f"{local(s.to)} = {ZERO[kind(t)]}")
        self.indent -= 1

    def filter(self, s: Attempt, status: str) -> None:
        """Rethrow what the filter does not let in: by code, by message, by site of an `error`."""
        allowed = self.temp()
        self.add(f"{allowed} = False")
        for code in sorted(set(s.codes) | calls.codes_of(s.messages, self.e.lowered)):
            if code > language.PLAIN_ERROR:
                self.add(f"if {status} == {code}:")
                self.add(f"    {allowed} = True")
        users = self.e.constant(Array(LONG), Filter(s.messages, s.codes))
        self.add(f"if {status} == USER:")
        self.add(f"    {allowed} = item({users}, get(ctx, SITE)) != 0")
        self.add(f"if not {allowed}:")
        self.add("    rethrow(ctx)")


    def function(self, x: Operand, asked: Function) -> tuple[str, str]:
        """A function as an argument: its address and its environment."""
        e = self.e
        if isinstance(x, Var):
            name = self.closures[x.name]
            r = e.lowered.routines[name]
            own = e.types[f"{name}()"]
            assert isinstance(own, Function)
            return f"address({e.wrapper(name, own, asked, f'{e.names[name]}({{}})', r.captured)})", local(x.name)
        assert isinstance(x, FunctionValue)
        if x.fn is not None:
            assert x.bound is not None
            return f"address({calls.library_callback(self, x.fn, x.bound, asked)})", "0"
        if x.name == "emit":
            return f"address({self.emit_callback(asked)})", "0"
        own = e.types[f"{x.name}()"]
        assert isinstance(own, Function)
        return f"address({e.wrapper(x.name, own, asked, f'{e.names[x.name]}({{}})', ())})", "0"

    def emit_callback(self, asked: Function) -> str:
        t = self.e.program.output
        own = Function((t,), NULL)
        number = self.event("", (t,))
        name = "p_emit"
        text = f"def {name}(ctx: i64, x: {kind(t)}) -> i64:\n    event(ctx, {number}, {to_slot('x', t)})\n    return 0"
        if text not in self.e.texts:
            self.e.texts.append(text)
        return self.e.wrapper("emit", own, asked, f"{name}({{}})", ())

    def event(self, namespace: str, types: tuple[Type, ...], log: bool = False) -> int:
        key = (f"log:{namespace}" if log else "", types)
        events = self.e.events
        if key not in events:
            events.append(key)
            for t in types:
                self.e.tag_all(t)
        return events.index(key)
