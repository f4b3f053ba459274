"""Which cells and pools change in place: `{"cell": "c", "path": [...], "to": v}` stores one slot and copies nothing.

    t1 = cell c;  t2 = index t1, i;  t3 = put_index t2, j, v;  t4 = put_index t1, i, t3;  set_cell c, t4
    ->      t1 = cell c;  t2 = index t1, i;  the slot j of t2 becomes v

That is right where nobody else holds the container that is changed.  So this pass follows what is read of each cell:
a value that is used for more than to look into it has *escaped*, and what lies below its path must not be changed in
place.  Paths are patterns: a field's name, or * for any index or key.  A whole cell is changed in place or not at all;
a value that goes into one that is gets copied, so that its containers are held by nobody else (`Helpers.own`).

Invariant: only temporaries that are assigned once are followed, and only until the cell may have been written; any
later use counts as an escape.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfa.ir import Attempt, Block, Branch, Const, Each, Leave, Loop, Op, Part, Return, Statement, Var
from pfa.targets.kernel import ops, state_ops
from pfa.targets.kernel.parts import store_at
from pfa.targets.kernel.walk import called, statements
from pfa.types import BOOLEAN, INT, NULL, STRING, Array, Enum, Fixed, Function, Map, Prim, Record, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pfa.ir import Lowered, Operand, Routine
    from pfa.targets.kernel.routine import FunctionEmitter

Target = tuple[str, str]  # ("cell" or "pool", name)
Path = tuple[str, ...]
WRITES = {"set_cell": "cell", "set_pool": "pool", "delete": "pool"}
PUTS = ("put_index", "put_key", "put_field")
STEPS = ("field", "index", "key")
LOOKS = ("is_branch", "not_null", "is")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a temporary holds: a part of a cell, or of an item of a pool."""

    target: Target
    path: Path
    type: Type
    at: str
    found: str = ""  # of an item that may be new: the variable that tells


@dataclass(frozen=True, slots=True)
class Chain:
    """The end of a `cell-to` or `pool-to` with a path: operations that make the new value and set it."""

    origin: Origin
    base: Type  # of the container that changes
    path: Path
    puts: tuple[Op, ...]
    end: Op


@dataclass(slots=True)
class Places:
    """What is changed in place."""

    chains: dict[int, Chain] = field(default_factory=dict)  # by the first operation of each, its identity
    paths: dict[Target, set[Path]] = field(default_factory=dict)  # that are changed

    def chain(self, s: Statement) -> Chain | None:
        """The chain that begins with a statement."""
        return self.chains.get(id(s))

    def holds(self, target: Target, path: Path) -> bool:
        """Is something inside what is put there changed in place?"""
        return any(_inside(path, q) for q in self.paths.get(target, ()))


def find(lowered: Lowered, silent: Callable[[str], bool]) -> Places:
    """The places of a program; `silent` tells of a routine whether nobody looks at what it returns."""
    p = lowered.program
    types: dict[Target, Type] = {}
    for what, cells in (("cell", p.cells), ("pool", p.pools)):
        types.update({(what, n): c.type for n, c in cells.items() if not c.shared and not c.rollback})
    made = Places()
    if not types:
        return made
    writes = effects(lowered)
    chains: list[Chain] = []
    escaped: set[tuple[Target, Path]] = set()
    for name, r in lowered.routines.items():
        w = _Walker(r, types, writes, silent(name))
        w.block(r.body, {})
        chains += w.chains
        escaped |= w.escaped
    for target in types:
        mine = [c for c in chains if c.origin.target == target]
        held = [path for t, path in escaped if t == target]
        if mine and not any(_inside(p, c.path) for c in mine for p in held):
            made.chains.update({id(c.puts[0]): c for c in mine})
            made.paths[target] = {c.path for c in mine}
    return made


def _inside(path: Path, changed: Path) -> bool:
    """Is the container that a change at this path changes (a part of) what lies at the other?"""
    return len(path) < len(changed) and changed[: len(path)] == path


# -- which routines write what --


def effects(lowered: Lowered) -> dict[str, set[Target]]:
    """What each routine may write, itself or by those that it calls."""
    found: dict[str, set[Target]] = {}
    calls: dict[str, set[str]] = {}
    for name, r in lowered.routines.items():
        ops = [s for s in statements(r.body, dict(r.parts)) if isinstance(s, Op)]
        found[name] = {(WRITES[s.code], s.extra) for s in ops if s.code in WRITES}
        calls[name] = {c for s in ops for c in called(s)}
    changed = True
    while changed:
        changed = False
        for name, others in calls.items():
            for other in others:
                more = found.get(other, set()) - found[name]
                if more:
                    found[name] |= more
                    changed = True
    return found


class _Walker:
    """What is read of cells in one routine, in order; `fresh` has the temporaries that are followed."""

    def __init__(
        self, r: Routine, types: dict[Target, Type], writes: dict[str, set[Target]], silent: bool
    ) -> None:
        self.parts = dict(r.parts)
        self.types, self.writes, self.silent = types, writes, silent
        self.chains: list[Chain] = []
        self.escaped: set[tuple[Target, Path]] = set()
        self.origins: dict[str, Origin] = {}
        self.closures: dict[str, str] = {}
        every = list(statements(r.body, self.parts))
        self.assigned = Counter(n for s in every for n in _assigns(s))
        self.read: Counter[str] = Counter()
        self.read.update(n for s in every for n in self.uses(s))
        dead = [s for s in every if isinstance(s, Op) and s.code == "copy" and not self.read[s.to]]
        self.dead = {id(s) for s in dead}
        self.read.subtract(n for s in dead for n in _reads(s))

    def uses(self, s: Statement) -> Iterable[str]:
        return () if isinstance(s, Return) and self.silent else _reads(s)

    def escape(self, o: Origin, more: Path = ()) -> None:
        self.escaped.add((o.target, o.path + more))

    def used(self, x: Operand) -> None:
        """A use of any kind."""
        if isinstance(x, Var) and x.name in self.origins:
            self.escape(self.origins[x.name])

    def written(self, s: Statement) -> set[Target]:
        """What a statement may write.  A closure counts where it is made, and wherever it is given away."""
        found: set[Target] = set()
        for x in statements((s,), self.parts):
            if isinstance(x, Op):
                if x.code in WRITES:
                    found.add((WRITES[x.code], x.extra))
                given = [*x.args, *(x.extra[1] if x.code == "dynamic" else ())]
                made = [self.closures[a.name] for a in given if isinstance(a, Var) and a.name in self.closures]
                for n in (*called(x), *made):
                    found |= self.writes.get(n, set())
        return found

    # -- statements --

    def block(self, block: Block, fresh: dict[str, Origin]) -> None:
        i = 0
        while i < len(block):
            chain = self.chain(block, i, fresh)
            if chain is not None:
                self.chains.append(chain)
                self.used(chain.puts[0].args[2])
                for s in (*chain.puts, chain.end):
                    self.forget(s, fresh)
                i += len(chain.puts) + 1
                continue
            self.statement(block[i], fresh)
            self.forget(block[i], fresh)
            i += 1

    def forget(self, s: Statement, fresh: dict[str, Origin]) -> None:
        written = self.written(s)
        for n in [n for n, o in fresh.items() if o.target in written]:
            del fresh[n]

    def statement(self, s: Statement, fresh: dict[str, Origin]) -> None:
        match s:
            case Op():
                self.op(s, fresh)
            case Branch(condition, then, orelse):
                self.used(condition)
                self.block(then, dict(fresh)) if not _is_item(s) else None
                self.block(orelse, dict(fresh))
                if _is_item(s):
                    self.item(s, fresh)
            case Loop(body):
                inside = dict(fresh)
                self.forget(s, inside)
                self.block(body, inside)
            case Each(_, over, body):
                inside = dict(fresh)
                self.forget(s, inside)
                if isinstance(over, Var) and over.name in inside:
                    self.escape(inside[over.name], ("*",))
                else:
                    self.used(over)
                self.block(body, inside)
            case Attempt(body):
                self.block(body, dict(fresh))
            case Part(name):
                self.block(self.parts[name], fresh)
            case Leave(x):
                self.used(x)
            case Return(x):
                if not self.silent:
                    self.used(x)

    def item(self, s: Branch, fresh: dict[str, Origin]) -> None:
        """`old` is the item of a pool, or what a new one begins with."""
        [get] = s.then
        assert isinstance(get, Op)
        assert isinstance(s.condition, Var)
        more = sum(n == get.to for x in statements(s.orelse, self.parts) for n in _assigns(x))
        target = ("pool", get.extra)
        if target in self.types:
            self.track(get.to, Origin(target, (), self.types[target], get.at, s.condition.name), fresh, 1 + more)

    def track(self, name: str, o: Origin, fresh: dict[str, Origin], times: int = 1) -> None:
        if _is_temporary(name) and self.assigned[name] == times:
            self.origins[name] = fresh[name] = o
        else:
            self.escape(o)

    def op(self, s: Op, fresh: dict[str, Origin]) -> None:
        base = s.args[0] if s.args else None
        o = fresh.get(base.name) if isinstance(base, Var) else None
        if s.code == "closure":
            self.closures[s.to] = s.extra
        if s.code in ("cell", "pool"):
            target = (s.code, s.extra)
            if target in self.types:
                self.track(s.to, Origin(target, (), self.types[target], s.at), fresh)
        elif s.code in STEPS and o is not None:
            step, t = _step(s, o.type)
            self.track(s.to, Origin(o.target, (*o.path, step), t, s.at if s.at == o.at else "", o.found), fresh)
            for x in s.args[1:]:
                self.used(x)
        elif id(s) not in self.dead and not (s.code in LOOKS or _only_looks(s)):
            for x in s.args:
                self.used(x)
        else:
            for x in s.args:
                if not (isinstance(x, Var) and x.name in fresh):
                    self.used(x)

    # -- chains --

    def chain(self, block: Block, i: int, fresh: dict[str, Origin]) -> Chain | None:
        """The chain that begins here, if it is one, and one that may be done in place."""
        puts: list[Op] = []
        for s in block[i:]:
            if not isinstance(s, Op):
                return None
            if s.code in PUTS and (not puts or s.args[2] == Var(puts[-1].to)):
                puts.append(s)
                continue
            if not puts or s.code not in ("set_cell", "set_pool") or s.args[-1] != Var(puts[-1].to):
                return None
            return self.checked(puts, s, fresh)
        return None

    def checked(self, puts: list[Op], end: Op, fresh: dict[str, Origin]) -> Chain | None:
        target = (WRITES[end.code], end.extra)
        levels = [fresh.get(s.args[0].name) if isinstance(s.args[0], Var) else None for s in puts]
        for n, (s, o) in enumerate(zip(puts, levels, strict=True)):
            alone = n == len(puts) - 1 or (self.read[s.to] == 1 and self.assigned[s.to] == 1)
            if o is None or o.target != target or len(o.path) != len(puts) - 1 - n or not alone:
                return None
            if not s.at or s.at != end.at or o.at != end.at:
                return None
        first, last = levels[0], levels[-1]
        assert first is not None
        assert last is not None
        if target[0] == "pool" and not last.found:
            return None
        if self.read[puts[-1].to] > 1:
            self.escape(last)
        step, _ = _step(puts[0], first.type)
        return Chain(last, first.type, (*first.path, step), tuple(puts), end)


def _step(s: Op, t: Type) -> tuple[str, Type]:
    """One step down from a value of this type, by a step or a put."""
    match t:
        case Array(items):
            return "*", items
        case Map(values):
            return "*", values
        case Record():
            x = s.args[1] if s.code in PUTS else None
            name = x.value if isinstance(x, Const) else s.extra
            return f".{name}", t.by_name[name].type
        case _:
            return "?", NULL


def _only_looks(s: Op) -> bool:
    """Is it a function of the library that neither keeps nor returns a container, and calls nobody?"""
    if s.code != "call":
        return False
    bound = s.extra[1]
    return isinstance(bound.ret, Prim | Enum | Fixed) and not any(isinstance(t, Function) for t in bound.params)


def _is_item(s: Branch) -> bool:
    return (
        len(s.then) == 1 and isinstance(s.then[0], Op) and s.then[0].code == "pool" and isinstance(s.condition, Var)
        and bool(s.orelse)
    )  # fmt: skip


def _is_temporary(name: str) -> bool:
    return name[:1] == "t" and name[1:].isdigit()


def _assigns(s: Statement) -> Iterable[str]:
    match s:
        case Op(to) | Attempt(_, to):
            return (to,)
        case Each(names):
            return names
        case _:
            return ()


def _reads(s: Statement) -> Iterable[str]:
    given: tuple[Operand, ...]
    match s:
        case Op(_, _, args):
            given = args
        case Branch(x) | Leave(x) | Return(x) | Each(_, x):
            given = (x,)
        case _:
            given = ()
    return [x.name for x in given if isinstance(x, Var)]


# -- text --


def change(f: FunctionEmitter, c: Chain) -> None:
    """Print a chain: the slot is changed, or a new item of a pool made and set."""
    f.at = c.end.at
    if c.origin.found:
        f.add(f"if {f.operand(Var(c.origin.found), BOOLEAN)}:")
        f.indent += 1
        store(f, c)
        f.indent -= 1
        f.add("else:")
        f.indent += 1
        for s in (*c.puts, c.end):
            f.statement(s)
        f.indent -= 1
    else:
        store(f, c)


def store(f: FunctionEmitter, c: Chain) -> None:
    """The value is copied first: where that fails, nothing has changed."""
    s = c.puts[0]
    base = f.hold(f.operand(s.args[0], c.base))
    _, t = _step(s, c.base)
    match c.base:
        case Array():
            key = f.hold(f.operand(s.args[1], INT))
            if s.extra:
                ops.check_index(f, base, key, s.extra)
            at = f"items({base}) + {key} * 8"
        case Map():
            found = ops.find(f, base, f.operand(s.args[1], STRING), s.extra)
            at = f"{found} + 8"
        case _:
            assert isinstance(c.base, Record)
            at = f"{base} + {8 * list(c.base.by_name).index(c.path[-1][1:])}"
    value = f.operand(s.args[2], t)
    helpers = f.e.helpers
    if not helpers.persist(t):
        f.add(store_at(at, value, t))
        return
    if f.e.places.holds(c.origin.target, c.path):
        value = state_ops.owned(f, value, t)
    f.add(f"set_word(ctx, {at}, {value}, {helpers.copier(t)})")
