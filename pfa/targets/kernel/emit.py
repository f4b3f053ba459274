"""Print a lowered program in the kernel language: one function a routine, and helpers a type.

Invariant: nothing of the document stands in the text: constants are numbers, or entries of the table of constants
(`constant`), names are generated.  Every operand has the register kind of its type (`layout.kind`); a function that
is passed as an argument is two operands, its address and its environment.

Which kernel a call of the library becomes, `calls` decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfa.ir import (
    Attempt,
    Block,
    Branch,
    Const,
    Each,
    FunctionValue,
    Leave,
    Loop,
    Lowered,
    Op,
    Operand,
    Part,
    Return,
    Routine,
    Statement,
    Var,
)
from pfa.targets.kernel import binary, calls, language, places, rewind
from pfa.targets.kernel.helpers import PREDEFINED, Helpers
from pfa.targets.kernel.layout import kind
from pfa.targets.kernel.parts import (
    Asked,
    Escape,
    Shared,
    Site,
    Unsupported,
    from_slot,
    load_at,
    local,
    store_at,
    to_slot,
)
from pfa.targets.kernel.prepared import Prepared
from pfa.targets.kernel.take import Take, Untakeable
from pfa.types import (
    BOOLEAN,
    BOTTOM,
    BYTES,
    DOUBLE,
    INT,
    LONG,
    MISSING,
    NULL,
    STRING,
    UNKNOWN,
    Array,
    Enum,
    Function,
    Map,
    Record,
    Type,
    Union,
)

if TYPE_CHECKING:
    from pfa.ir import Program

FLOOR = "    put(ctx, STACK, here() - get(ctx, ROOM))"
CHUNK = 1024  # turns of a loop that are counted at once
DRAWING = [  # what `Generator.at` does before an action
    "    st(ctx + RNG_NUMBER, get(ctx, STARTED))", f"    st(ctx + RNG_PHASE, {1 << 56})",
    "    st(ctx + RNG_DRAWN, 0)",
]  # fmt: skip
ZERO = {"f64": "0.0", "bool": "False", "i64": "0"}
_SYMBOLS = {
    "actionsStarted": ("STARTED", LONG), "actionsFinished": ("FINISHED", LONG),
}  # fmt: skip
_FORMS = {2000: "attr", 2002: "attr", 2004: "cell", 2006: "cell", 2008: "pool", 2010: "pool"}


@dataclass(slots=True)
class Emitted:
    """A program in the kernel language, and what it refers to by number."""

    text: str
    entries: tuple[str, ...]
    tags: dict[str, int]
    constants: list[tuple[Type, Any]]
    sites: list[Site]
    escapes: list[Escape]
    events: list[tuple[str, tuple[Type, ...]]]  # of each emit ("", (type,)) and log (namespace, types)
    slots: dict[tuple[str, str], int]  # of cells, pools, the tally: words of the state
    types: dict[str, Type]
    native: dict[str, str]  # library functions, and what each runs as
    counted: bool  # does it look at the counters of actions?
    draws: bool  # does it draw random numbers?
    keys: list[str]  # names that `act` asks for as objects
    takes: dict[Type, str]  # what takes an object of a type; nothing where there is no `act`


def emit(lowered: Lowered, escape: bool = True, recursion: int = 1000) -> Emitted:
    """The program; raises Unsupported."""
    return Emitter(lowered, escape, recursion).emit()


class Emitter:
    """What the functions of one program share."""

    def __init__(self, lowered: Lowered, escape: bool, recursion: int) -> None:
        self.lowered = lowered
        self.program: Program = lowered.program
        self.escape = escape
        self.recursion = recursion
        self.types = dict(lowered.types)
        self.tags: dict[str, int] = {"null": 0}
        self.constants: list[tuple[Type, Any]] = []
        self.known: dict[tuple[Type, int], int] = {}
        self.kept: list[Any] = []
        self.sites: list[Site] = [Site("", {}, "")]
        self.escapes: list[Escape] = []
        self.events: list[tuple[str, tuple[Type, ...]]] = []
        self.texts: list[str] = []
        self.wrappers: dict[tuple[str, str], str] = {}
        self.native: dict[str, str] = {}
        self.counted = False
        self.draws = False
        self.prepared = Prepared()
        self.helpers = Helpers(self)
        self.slots: dict[tuple[str, str], int] = {}
        p = self.program
        for name in p.cells:
            if not p.cells[name].shared:
                self.slots["cell", name] = len(self.slots)
        for name in p.pools:
            if p.pools[name].shared:
                continue
            self.slots["pool", name] = len(self.slots)
            if p.pools[name].rollback:
                self.slots["undo", name] = len(self.slots)
        if p.method == "fold":
            self.slots["tally", ""] = len(self.slots)
        self.names = {n: self.name(n) for n in lowered.routines}
        self.places = places.find(lowered, lambda n: self.returns(n) == NULL)

    def name(self, routine: str) -> str:
        if routine.startswith("u:"):
            return f"user{list(self.program.functions).index(routine[2:]) + 1}"
        return f"p_{routine}"  # no kernel and no function of the language begins so

    def tag(self, t: Type) -> int:
        """The number of a branch."""
        return self.tags.setdefault(t.tag, len(self.tags))

    def constant(self, t: Type, value: Any) -> str:
        """A constant that does not fit into the text: an entry of the table."""
        key = (t, id(value))
        if key not in self.known:
            self.known[key] = len(self.constants)
            self.constants.append((t, value))
            self.tag_all(t)
        return f"ld(get(ctx, CONSTS) + {8 * self.known[key]})"

    def tag_all(self, t: Type, seen: frozenset[str] = frozenset()) -> None:
        """Numbers for all branches inside a type, so that host values of it can be written."""
        match t:
            case Union(bs):
                for b in bs:
                    self.tag(b)
                    self.tag_all(b, seen)
            case Array(x) | Map(x):
                self.tag_all(x, seen)
            case Record(name) if name not in seen:
                for f in t.fields:
                    self.tag_all(f.type, seen | {name})
            case _:
                pass

    def site(self, function: str, messages: dict[int, str], at: str, user: tuple[str, int] | None = None) -> int:
        self.sites.append(Site(function, messages, at, user))
        return len(self.sites) - 1

    def emit(self) -> Emitted:
        p = self.program
        shared = [c for c in (*p.cells.values(), *p.pools.values()) if c.shared]
        if shared and not self.escape:
            raise Unsupported("shared cells and pools live in Python")
        for t in (p.input, p.output, *[c.type for c in (*p.cells.values(), *p.pools.values())]):
            self.tag_all(t)
        for r in self.lowered.routines.values():
            self.routine(r)
        entries = [self.run()]
        entries += [self.entry(n) for n in ("begin", "end", "merge") if n in self.lowered.routines]
        entries += [self.entry(f"u:{n}") for n in p.functions]
        if rewind.used(self):
            self.texts.append(rewind.keep_events(self))
        entries.append(self.helpers.collector(p, self.slots))
        entries += self.helpers.called
        taken = self.act(entries)
        text = "\n\n".join([*self.texts, *self.helpers.texts]) + "\n"
        return Emitted(
            text, tuple(entries), self.tags, self.constants, self.sites, self.escapes, self.events, self.slots,
            self.types, self.native, self.counted, self.draws, *taken,
        )  # fmt: skip

    def act(self, entries: list[str]) -> tuple[list[str], dict[Type, str]]:
        """The action of a Python object, where its type allows; the names that it asks for, and what takes a type."""
        take = Take(self)
        run = next(t for t in self.texts if t.startswith("def run("))
        try:
            text = take.print(self.program.input, run.partition("\n")[0])
        except Untakeable:
            return [], {}
        self.texts.append(text)
        entries.append("act")
        return take.keys, take.names

    def returns(self, name: str) -> Type:
        """The type of what a routine gives."""
        p = self.program
        if name == "action":
            return NULL if p.method == "emit" else p.output
        if name in ("begin", "end"):
            return NULL
        if name == "merge":
            return p.output
        t = self.types[f"{name}()"]
        assert isinstance(t, Function)
        return t.ret

    def param(self, name: str) -> Type:
        p = self.program
        if name == "input":
            return p.input
        if name in ("tally", "tallyOne", "tallyTwo"):
            return p.output
        return self.types[name]

    def routine(self, r: Routine) -> None:
        FunctionEmitter(self, r).print()

    # -- entries: what the host calls --

    def forgotten(self) -> list[str]:
        """Lines before a call from the host: nothing in the arena is noted anywhere."""
        undo = [i for (what, _), i in self.slots.items() if what == "undo"]
        lines = [f"    st(get(ctx, STATE) + {8 * i}, 0)" for i in undo]
        return [*lines, "    put(ctx, INDEXES, 0)"] if rewind.used(self) else lines

    def run(self) -> str:
        """The action with its counters, its tally and its rollback."""
        p = self.program
        given = "x != 0" if kind(p.input) == "bool" else "x"
        k = "f64" if kind(p.input) == "f64" else "i64"
        saved = [(self.slots["cell", n], n) for n in p.cells if p.cells[n].rollback]
        out = self.returns("action")
        gives = "f64" if kind(out) == "f64" else "i64"
        lines = [f"def run(ctx: i64, x: {k}) -> {gives}:", FLOOR, "    put(ctx, STARTED, get(ctx, STARTED) + 1)"]
        if self.draws:
            lines += DRAWING
        lines += [f"    old{i} = ld(get(ctx, STATE) + {8 * i})" for i, _ in saved]
        undone = [n for n in p.pools if p.pools[n].rollback]
        lines += self.forgotten()
        call = f"out = p_action(ctx, {given})"
        if saved or undone:
            lines += ["    try:", f"        {call}", "    except:", "        status = get(ctx, STATUS)"]
            lines += [f"        st(get(ctx, STATE) + {8 * i}, old{i})" for i, _ in saved]
            lines.append("        put(ctx, STATUS, 0)")
            for n in undone:
                pool, undo = (f"ld(get(ctx, STATE) + {8 * self.slots[what, n]})" for what in ("pool", "undo"))
                lines.append(f"        pool_undo(ctx, {pool}, {undo})")
            lines += ["        put(ctx, STATUS, status)", "        rethrow(ctx)"]
        else:
            lines.append(f"    {call}")
        if p.method == "fold":
            lines += self.keep("tally", "", "out", out)
        lines += ["    put(ctx, FINISHED, get(ctx, FINISHED) + 1)"]
        lines.append(f"    return {'int(out)' if kind(out) == 'bool' else 'out'}")
        self.texts.append("\n".join(lines))
        return "run"

    def keep(self, what: str, name: str, value: str, t: Type, indent: str = "    ") -> list[str]:
        """Lines that put a value into a word of the state."""
        at = f"get(ctx, STATE) + {8 * self.slots[what, name]}"
        slot = to_slot(value, t)
        copy = self.helpers.own(t) if self.places.holds((what, name), ()) else self.helpers.persist(t)
        return [f"{indent}st({at}, {f'{copy}(ctx, {slot})' if copy else slot})"]

    def entry(self, name: str) -> str:
        """A routine for the host: slots from an array of words, the result as a slot."""
        r = self.lowered.routines[name]
        made = f"enter_{self.names[name]}"
        args = []
        for i, p in enumerate(r.params):
            args.append(from_slot(f"ld(a + {8 * i})", self.param(p)))
        ret = self.returns(name)
        call = f"{self.names[name]}({', '.join(['ctx', *args])})"
        lines = [f"def {made}(ctx: i64, a: i64) -> i64:", FLOOR, *self.forgotten()]
        if name == "merge":
            lines += [f"    out = {call}", *self.keep("tally", "", "out", ret), f"    return {to_slot('out', ret)}"]
        else:
            lines.append(f"    return {to_slot(call, ret)}")
        self.texts.append("\n".join(lines))
        return made

    def wrapper(self, name: str, own: Function, asked: Function, call: str, captured: tuple[str, ...]) -> str:
        """A function as a callback: slots in and out, what it captured in its environment."""
        key = (name, str((own, asked)))
        if key in self.wrappers:
            return self.wrappers[key]
        made = f"cb{len(self.wrappers) + 1}"
        self.wrappers[key] = made
        params = [f"a{i}" for i in range(len(asked.params))]
        lines = [f"def {made}({', '.join(['ctx: i64', 'env: i64', *[f'{p}: i64' for p in params]])}) -> i64:"]
        args = []
        for p, want, got in zip(params, own.params, asked.params, strict=True):
            args.append(self.helpers.widened(from_slot(p, got), want, got))
        for i, c in enumerate(captured):
            args.append(from_slot(f"ld(env + {8 * i})", self.param(c)))
        made_call = call.format(", ".join(["ctx", *args]))
        out = self.helpers.widened(made_call, asked.ret, own.ret)
        lines.append(f"    return {to_slot(out, asked.ret)}")
        self.texts.append("\n".join(lines))
        return made


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
            if x.name in _SYMBOLS:
                return _SYMBOLS[x.name][1]
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
        if x.name in _SYMBOLS:
            self.e.counted = True
            return f"get(ctx, {_SYMBOLS[x.name][0]})"
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
        if value is None:
            return ZERO[k]
        if value is MISSING:
            raise Unsupported("the initial value of a shared item that is no constant")
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
                handler = _OPS.get(s.code)
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
        users = self.e.constant(LONG_ARRAY, _Filter(s.messages, s.codes))
        self.add(f"if {status} == USER:")
        self.add(f"    {allowed} = item({users}, get(ctx, SITE)) != 0")
        self.add(f"if not {allowed}:")
        self.add("    rethrow(ctx)")

    # -- operations --

    def copy(self, s: Op) -> None:
        t = self.e.types.get(s.to) or self.type_of(s.args[0], _class_type(s.args[0]))
        if isinstance(s.args[0], Var) and s.args[0].name in self.closures:
            raise Unsupported("a copy of a function")
        self.assign(s.to, self.operand(s.args[0], t), t)

    def call(self, s: Op) -> None:
        fn, bound = s.extra
        calls.call(self, s, fn, bound)

    def user(self, s: Op) -> None:
        t = self.e.types[f"u:{s.extra}()"]
        assert isinstance(t, Function)
        args = [self.operand(a, p) for a, p in zip(s.args, t.params, strict=True)]
        self.assign(s.to, f"{self.e.names['u:' + s.extra]}({', '.join(['ctx', *args])})", t.ret)

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

    def dynamic(self, s: Op) -> None:
        _, functions = s.extra
        which = self.hold(self.operand(s.args[0], self.type_of(s.args[0], INT)))
        ret: Type | None = None
        self.e.types.get(s.to)
        for i, f in enumerate(functions):
            t = self.e.types[f"{f.name}()"] if f.fn is None else Function(f.bound.params, f.bound.ret)
            assert isinstance(t, Function)
            ret = self.e.types.setdefault(s.to, t.ret) if s.to else t.ret
            types = [self.type_of(a, p) for a, p in zip(s.args[1:], t.params, strict=True)]
            asked = Function(tuple(types), ret)
            address, env = self.function(f, asked)
            args = [to_slot(self.operand(a, p), p) for a, p in zip(s.args[1:], types, strict=True)]
            self.add(f"{'if' if i == 0 else 'elif'} {which} == {i}:")
            self.indent += 1
            made = f"call{len(args)}({', '.join([address, 'ctx', env, *args])})"
            self.assign(s.to or self.temp(), from_slot(made, ret), ret)
            self.indent -= 1

    def closure(self, s: Op) -> None:
        self.closures[s.to] = s.extra
        self.assigned.add(local(s.to))
        env = local(s.to)
        self.add(f"{env} = alloc(ctx, {8 * len(s.args)})")
        for i, a in enumerate(s.args):
            t = self.type_of(a)
            self.add(store_at(f"{env} + {8 * i}", self.operand(a, t), t))

    def emit(self, s: Op) -> None:
        t = self.e.program.output
        number = self.event("", (t,))
        self.add(f"event(ctx, {number}, {to_slot(self.operand(s.args[0], t), t)})")

    def log(self, s: Op) -> None:
        namespace, types = s.extra
        number = self.event(namespace, types, True)
        block = self.temp()
        self.add(f"{block} = alloc(ctx, {8 * max(1, len(types))})")
        for i, (a, t) in enumerate(zip(s.args, types, strict=True)):
            self.add(store_at(f"{block} + {8 * i}", self.operand(a, t), t))
        self.add(f"event(ctx, {number}, {block})")

    def array(self, s: Op) -> None:
        t = self.e.types[s.to] if s.to else Array(NULL)
        assert isinstance(t, Array)
        made = self.temp()
        self.add(f"{made} = new_array(ctx, {len(s.args)})")
        if s.args:
            data = self.hold(f"items({made})")
        for i, a in enumerate(s.args):
            self.add(store_at(f"{data} + {8 * i}", self.operand(a, t.items), t.items))
        self.assign(s.to, made, t)

    def map(self, s: Op) -> None:
        t = self.e.types.get(s.to, NULL)
        made = self.temp()
        if isinstance(t, Record):
            given = dict(zip(s.extra, s.args, strict=True))
            self.add(f"{made} = alloc(ctx, {8 * max(1, len(t.fields))})")
            for i, f in enumerate(t.fields):
                self.add(store_at(f"{made} + {8 * i}", self.operand(given[f.name], f.type), f.type))
        else:
            assert isinstance(t, Map)
            self.add(f"{made} = new_map(ctx, {len(s.args)})")
            for i, (k, a) in enumerate(zip(s.extra, s.args, strict=True)):
                self.add(f"st(items({made}) + {16 * i}, {self.e.constant(STRING, k)})")
                self.add(store_at(f"items({made}) + {16 * i + 8}", self.operand(a, t.values), t.values))
        self.assign(s.to, made, t)

    def field(self, s: Op) -> None:
        base = self.type_of(s.args[0])
        assert isinstance(base, Record), s
        names = list(base.by_name)
        t = base.by_name[s.extra].type
        at = 8 * names.index(s.extra)
        self.assign(s.to, load_at(f"{self.operand(s.args[0], base)} + {at}", t), t)

    def index(self, s: Op) -> None:
        base = self.type_of(s.args[0])
        assert isinstance(base, Array)
        array = self.hold(self.operand(s.args[0], base))
        index = self.hold(self.operand(s.args[1], INT))
        self.check_index(array, index, s.extra)
        self.assign(s.to, load_at(f"items({array}) + {index} * 8", base.items), base.items)

    def check_index(self, array: str, index: str, code: int) -> None:
        site = self.site(_FORMS[code], {code: "array index not found"})
        self.add(f"if {index} < 0 or {index} >= length({array}):")
        self.add(f"    fail(ctx, {code}, site={site})")

    def key(self, s: Op) -> None:
        base = self.type_of(s.args[0])
        assert isinstance(base, Map)
        m = self.hold(self.operand(s.args[0], base))
        found = self.find(m, self.operand(s.args[1], STRING), s.extra)
        self.assign(s.to, load_at(f"{found} + 8", base.values), base.values)

    def find(self, m: str, key: str, code: int) -> str:
        """The pair of a key, or the form's error."""
        found = self.temp()
        self.add(f"{found} = map_find(ctx, {m}, {key})")
        if code:
            site = self.site(_FORMS[code - 1], {code: "map key not found"})
            self.add(f"if {found} == 0:")
            self.add(f"    fail(ctx, {code}, site={site})")
        return found

    def put_index(self, s: Op) -> None:
        base = self.type_of(s.args[0])
        assert isinstance(base, Array)
        array = self.hold(self.operand(s.args[0], base))
        index = self.hold(self.operand(s.args[1], INT))
        if s.extra:
            self.check_index(array, index, s.extra)
        value = to_slot(self.operand(s.args[2], base.items), base.items)
        self.add(f"charge(ctx, length({array}) // 8)")
        self.assign(s.to, f"array_put(ctx, {array}, {index}, {value})", base)

    def put_key(self, s: Op) -> None:
        base = self.type_of(s.args[0])
        if isinstance(base, Record):
            self.put_field(s)
            return
        assert isinstance(base, Map)
        m = self.hold(self.operand(s.args[0], base))
        key = self.hold(self.operand(s.args[1], STRING))
        if s.extra:
            self.find(m, key, s.extra)
        value = to_slot(self.operand(s.args[2], base.values), base.values)
        self.add(f"charge(ctx, length({m}) // 8)")
        self.assign(s.to, f"map_put(ctx, {m}, {key}, {value})", base)

    def put_field(self, s: Op) -> None:
        base = self.type_of(s.args[0])
        assert isinstance(base, Record)
        name = s.args[1]
        assert isinstance(name, Const)
        made = self.temp()
        size = 8 * len(base.fields)
        t = base.by_name[name.value].type
        self.add(f"{made} = alloc(ctx, {size})")
        self.add(f"move({made}, {self.operand(s.args[0], base)}, {size})")
        at = f"{made} + {8 * list(base.by_name).index(name.value)}"
        self.add(store_at(at, self.operand(s.args[2], t), t))
        self.assign(s.to, made, base)

    def cell(self, s: Op) -> None:
        t = self.e.program.cells[s.extra].type
        self.assign(s.to, load_at(f"get(ctx, STATE) + {8 * self.e.slots['cell', s.extra]}", t), t)

    def set_cell(self, s: Op) -> None:
        t = self.e.program.cells[s.extra].type
        self.lines += self.e.keep("cell", s.extra, self.operand(s.args[0], t), t, "    " * self.indent)

    # -- shared state --

    def shared(self, s: Op, method: str, cell: str, params: tuple[Type, ...], ret: Type) -> None:
        errors = {2009: "map key not found"} if method == "get" else {}
        calls.ask(self, s, Shared(method, cell), Asked(params, ret), errors)

    def shared_cell(self, s: Op) -> None:
        self.shared(s, "get", f"cell:{s.extra}", (), self.e.program.cells[s.extra].type)

    def update_cell(self, s: Op) -> None:
        t = self.e.program.cells[s.extra].type
        self.shared(s, "update", f"cell:{s.extra}", (Function((t,), t),), t)

    def shared_pool(self, s: Op) -> None:
        self.shared(s, "get", f"pool:{s.extra}", (STRING,), self.e.program.pools[s.extra].type)

    def update_pool(self, s: Op) -> None:
        t = self.e.program.pools[s.extra].type
        init = s.args[1]
        first = NULL if isinstance(init, Const) and init.value is None else t
        self.shared(s, "update", f"pool:{s.extra}", (STRING, first, Function((t,), t)), t)

    def delete_shared(self, s: Op) -> None:
        self.shared(s, "delete", f"pool:{s.extra}", (STRING,), NULL)

    def present(self, s: Op) -> None:
        raise Unsupported("the initial value of a shared item that is no constant")

    def pool_at(self, name: str) -> str:
        return f"ld(get(ctx, STATE) + {8 * self.e.slots['pool', name]})"

    def pool(self, s: Op) -> None:
        t = self.e.program.pools[s.extra].type
        found = self.temp()
        self.add(f"{found} = pool_find(ctx, {self.pool_at(s.extra)}, {self.operand(s.args[0], STRING)})")
        site = self.site("pool", {2009: "map key not found"})
        self.add(f"if {found} == 0:")
        self.add(f"    fail(ctx, 2009, site={site})")
        self.assign(s.to, load_at(f"{found} + 8", t), t)

    def pool_has(self, s: Op) -> None:
        if self.e.program.pools[s.extra].shared:
            self.shared(s, "__contains__", f"pool:{s.extra}", (STRING,), BOOLEAN)
            return
        found = f"pool_find(ctx, {self.pool_at(s.extra)}, {self.operand(s.args[0], STRING)})"
        self.assign(s.to, f"({found} != 0)", BOOLEAN)

    def set_pool(self, s: Op) -> None:
        t = self.e.program.pools[s.extra].type
        value = to_slot(self.operand(s.args[1], t), t)
        helpers = self.e.helpers
        copy = helpers.own(t) if self.e.places.holds(("pool", s.extra), ()) else helpers.persist(t)
        kept = f"{copy}(ctx, {value})" if copy else value
        helpers.persist(STRING)
        self.remember(s)
        self.add(f"pool_set(ctx, {self.pool_at(s.extra)}, {self.operand(s.args[0], STRING)}, {kept})")

    def remember(self, s: Op) -> None:
        """An item's old value, for the rollback of the action."""
        if self.e.program.pools[s.extra].rollback:
            key = self.operand(s.args[0], STRING)
            at = f"get(ctx, STATE) + {8 * self.e.slots['undo', s.extra]}"
            self.add(f"pool_remember(ctx, {self.pool_at(s.extra)}, {key}, {at})")

    def delete(self, s: Op) -> None:
        self.remember(s)
        self.add(f"pool_delete(ctx, {self.pool_at(s.extra)}, {self.operand(s.args[0], STRING)})")

    def widen(self, s: Op) -> None:
        want, got = s.extra
        text = self.operand(s.args[0], got)
        self.assign(s.to, self.e.helpers.widened(text, want, got), want)

    def is_branch(self, s: Op) -> None:
        whole, branches = s.extra
        if not isinstance(whole, Union):
            self.assign(s.to, "True", BOOLEAN)
            return
        value = self.hold(self.operand(s.args[0], whole))
        tests = [
            f"{value} == 0" if b.tag == "null" else f"union_tag({value}) == {self.e.tag(b)}" for b in branches
        ]
        self.assign(s.to, f"({' or '.join(tests)})", BOOLEAN)

    def not_null(self, s: Op) -> None:
        tests = []
        for a in s.args:
            if isinstance(a, Var) and a.name in self.unpacked:
                tests.append(f"{local(a.name)} != 0")
            else:
                t = self.type_of(a)
                tests.append(f"{self.operand(a, t)} != 0" if isinstance(t, Union) else str(t != NULL))
        self.assign(s.to, f"({' and '.join(tests)})", BOOLEAN)

    def is_(self, s: Op) -> None:
        """A boolean, or a union of one and null, is this constant."""
        t = self.type_of(s.args[0], BOOLEAN)
        value = self.hold(self.operand(s.args[0], t))
        if isinstance(t, Union):
            self.assign(s.to, f"({value} != 0 and ld({value} + 8) == {int(s.extra)})", BOOLEAN)
        elif t == NULL:
            self.assign(s.to, "False", BOOLEAN)
        else:
            self.assign(s.to, value if s.extra else f"not {value}", BOOLEAN)

    def error(self, s: Op) -> None:
        message, code = s.extra
        site = self.e.site("error", {}, self.at, (message, code))
        self.add(f"fail(ctx, USER, site={site})")


    def item(self, s: Op) -> None:
        """A value that `unpack` has read."""
        [got] = s.args
        assert isinstance(got, Var)
        name, t = self.unpacked[got.name][s.extra]
        self.assign(s.to, name, t)


class _Filter:
    """A constant that the program makes when its sites are known: which `error` a `try` lets in."""

    def __init__(self, messages: tuple[str, ...], codes: tuple[int, ...]) -> None:
        self.messages, self.codes = messages, codes

    def made(self, sites: list[Site]) -> list[int]:
        return [int(bool(s.user and (s.user[0] in self.messages or s.user[1] in self.codes))) for s in sites]


LONG_ARRAY = Array(LONG)


def _class_type(x: Operand) -> Type:
    if isinstance(x, Const):
        return {bool: BOOLEAN, int: LONG, float: DOUBLE, str: STRING, bytes: BYTES}.get(type(x.value), NULL)
    return NULL


E_ = FunctionEmitter
_OPS = {
    "copy": E_.copy, "call": E_.call, "user": E_.user, "dynamic": E_.dynamic, "closure": E_.closure,
    "emit": E_.emit, "log": E_.log, "array": E_.array, "map": E_.map, "field": E_.field, "index": E_.index,
    "key": E_.key, "put_index": E_.put_index, "put_key": E_.put_key, "put_field": E_.put_field,
    "cell": E_.cell, "set_cell": E_.set_cell, "pool": E_.pool, "pool_has": E_.pool_has, "set_pool": E_.set_pool,
    "delete": E_.delete, "widen": E_.widen, "is_branch": E_.is_branch, "not_null": E_.not_null, "is": E_.is_,
    "shared_cell": E_.shared_cell, "update_cell": E_.update_cell, "shared_pool": E_.shared_pool,
    "update_pool": E_.update_pool, "delete_shared": E_.delete_shared, "present": E_.present,
    "error": E_.error, "pack": binary.pack, "unpack": binary.unpack, "item": E_.item,
}  # fmt: skip
