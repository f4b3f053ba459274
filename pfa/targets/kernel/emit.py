"""Print a lowered program in the kernel language: one function a routine, and helpers a type.

Invariant: nothing of the document stands in the text: constants are numbers, or entries of the table of constants
(`constant`), names are generated.  Every operand has the register kind of its type (`layout.kind`); a function that
is passed as an argument is two operands, its address and its environment.

Which kernel a call of the library becomes, `calls` decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.ir import Op
from pfa.passes.blocks import statements
from pfa.targets.kernel import places, rewind
from pfa.targets.kernel.emitted import Emitted
from pfa.targets.kernel.helpers import Helpers
from pfa.targets.kernel.layout import kind
from pfa.targets.kernel.parts import Escape, Site, Unsupported, from_slot, to_slot
from pfa.targets.kernel.prepared import Prepared
from pfa.targets.kernel.routine import FunctionEmitter
from pfa.targets.kernel.take import Take, Untakeable
from pfa.targets.reads import fields_read
from pfa.types import NULL, Array, Function, Map, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pfa.ir import Lowered, Program, Routine

FLOOR = "    put(ctx, STACK, here() - get(ctx, ROOM))"
DRAWING = [  # what `Generator.at` does before an action
    "    st(ctx + RNG_NUMBER, get(ctx, STARTED))", f"    st(ctx + RNG_PHASE, {1 << 56})",
    "    st(ctx + RNG_DRAWN, 0)",
]  # fmt: skip


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
        self.popping: set[str] = set()  # wrappers that leave nothing in the arena
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
        written = set(_written(lowered))
        cells = [c.type for name, c in p.cells.items() if name in written and not c.shared]
        pools = [c for c in p.pools.values() if not c.shared]
        self.settles = bool(pools) or any(self.helpers.persist(t) for t in cells)  # can the state point into the arena?
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

    def tag_all(self, t: Type, seen: set[str] | None = None) -> None:
        """Numbers for all branches inside a type, so that host values of it can be written."""
        seen = set() if seen is None else seen  # a record that is in many places is looked into once
        match t:
            case Union(bs):
                for b in bs:
                    self.tag(b)
                    self.tag_all(b, seen)
            case Array(x) | Map(x):
                self.tag_all(x, seen)
            case Record(name) if name not in seen:
                seen.add(name)
                for f in t.fields:
                    self.tag_all(f.type, seen)
            case _:
                pass

    def site(self, function: str, messages: dict[int, str], at: str, user: tuple[str, int] | None = None) -> int:
        self.sites.append(Site(function, messages, at, user))
        return len(self.sites) - 1

    def emit(self) -> Emitted:
        p, reads = self.program, fields_read(self.lowered)
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
        if self.settles:
            self.helpers.settler()
        entries.append(self.helpers.collector(p, self.slots))
        entries += self.helpers.called
        taken = self.act(entries)
        text = "\n\n".join([*self.texts, *self.helpers.texts]) + "\n"
        return Emitted(
            text, tuple(entries), self.tags, self.constants, self.sites, self.escapes, self.events, self.slots,
            self.types, self.native, self.counted, self.draws, *taken,
            frozenset(f"{what}:{name}" for what, name in places.effects(self.lowered)["action"]), reads,
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
        lines.append("    put(ctx, LATER, 0)")
        return [*lines, "    put(ctx, INDEXES, 0)"] if rewind.used(self) or self.popping else lines

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
        back = [f"st(get(ctx, STATE) + {8 * i}, old{i})" for i, _ in saved]
        for n in undone:
            pool, undo = (f"ld(get(ctx, STATE) + {8 * self.slots[what, n]})" for what in ("pool", "undo"))
            back.append(f"pool_undo(ctx, {pool}, {undo}, {self.helpers.copier(p.pools[n].type)})")
        lines += self.ending(f"out = p_action(ctx, {given})", back)
        if p.method == "fold":
            lines += self.keep_tally(out)
        lines += ["    put(ctx, FINISHED, get(ctx, FINISHED) + 1)"]
        lines.append(f"    return {'int(out)' if kind(out) == 'bool' else 'out'}")
        self.texts.append("\n".join(lines))
        return "run"

    def ending(self, call: str, back: Sequence[str] = ()) -> list[str]:
        """Lines of a call that may change the state; those given put back what it changed, where it fails."""
        lines = [f"    {call}"]
        if back or self.settles:
            lines = ["    try:", f"        {call}", "    except:", "        status = get(ctx, STATUS)"]
            lines += ["        put(ctx, STATUS, 0)", *[f"        {x}" for x in back]]
            if self.settles:
                lines += ["        try:", "            settle(ctx)"]
                lines += ["        except:", "            put(ctx, STATUS, 0)"]
            lines += ["        put(ctx, STATUS, status)", "        rethrow(ctx)"]
        return [*lines, "    settle(ctx)"] if self.settles else lines

    def keep_tally(self, t: Type) -> list[str]:
        """Lines that put what was returned into the state."""
        copy = self.helpers.persist(t)
        lines = [f"    kept = {copy}(ctx, out)", "    fill_noted(ctx)"] if copy else [f"    kept = {to_slot('out', t)}"]
        return [*lines, f"    st(get(ctx, STATE) + {8 * self.slots['tally', '']}, kept)"]

    def entry(self, name: str) -> str:
        """A routine for the host: slots from an array of words, the result as a slot."""
        r = self.lowered.routines[name]
        made = f"enter_{self.names[name]}"
        args = []
        for i, p in enumerate(r.params):
            args.append(from_slot(f"ld(a + {8 * i})", self.param(p)))
        ret = self.returns(name)
        call = f"out = {self.names[name]}({', '.join(['ctx', *args])})"
        lines = [f"def {made}(ctx: i64, a: i64) -> i64:", FLOOR, *self.forgotten(), *self.ending(call)]
        if name == "merge":
            lines += self.keep_tally(ret)
        lines.append(f"    return {to_slot('out', ret)}")
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
        out = to_slot(self.helpers.widened(made_call, asked.ret, own.ret), asked.ret)
        if rewind.pops(self, made_call.partition("(")[0], name, asked.ret):
            self.popping.add(made)
            lines.insert(1, "    mark = get(ctx, TOP)")
            lines += [f"    out = {out}", "    if get(ctx, INDEXES) >= mark:", "        drop_indexes(ctx, mark)"]
            lines.append("    put(ctx, TOP, mark)")
            out = "out"
        lines.append(f"    return {out}")
        self.texts.append("\n".join(lines))
        return made


def _written(lowered: Lowered) -> Iterator[str]:
    """The cells that a routine changes."""
    for r in lowered.routines.values():
        for block in (r.body, *(b for _, b in r.parts)):
            for s in statements(block):
                if isinstance(s, Op) and s.code == "set_cell":
                    yield s.extra
