"""A compiled program on the host's side: constants, loops over columns, an engine's functions and variables.

`KernelCode` is to a kernel what `pfa.targets.python.PythonCode` is to Python: what the engines of one document share;
each has an `Instance` of its own.
"""

from __future__ import annotations

import ctypes
import importlib
import mmap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pfa.errors import PfaLimitError, Where
from pfa.lib.define import Fn
from pfa.lib.define import Site as CallSite
from pfa.lib.signature import Bound
from pfa.targets.kernel import gradual, take
from pfa.targets.kernel import language as k
from pfa.targets.kernel.instance import ENDLESS, Instance
from pfa.targets.kernel.layout import Memory
from pfa.targets.kernel.parts import Filter
from pfa.targets.kernel.region import ARENA, Region
from pfa.targets.python_entry import entry, entry_that_emits

if TYPE_CHECKING:
    from collections.abc import Generator

    from pfa.errors import PfaRuntimeError
    from pfa.ir import Program
    from pfa.limits import Limits
    from pfa.targets.kernel.batch import Plan
    from pfa.targets.kernel.emitted import Emitted
    from pfa.targets.kernel.link import Code
    from pfa.types import Type

Encoder = Callable[[Callable[[int], None] | None], Callable[[Any], Any]]
CHUNK = 1 << 16  # steps between two looks at the clock
PAUSES = 50  # constants that are written between two pauses
BATCHES = 16  # layouts of columns whose loops are kept


@dataclass(slots=True)
class KernelCode:
    """A compiled program."""

    source: str
    emitted: Emitted
    code: Code
    program: Program
    limits: Limits
    decode: Callable[[Any], Any]
    encoder: Encoder | None
    assembled: Callable[[str, tuple[str, ...]], Code]
    storage: dict[tuple[str, str], str] = field(default_factory=dict)
    batches: dict[str, Any] = field(default_factory=dict)
    spare: list[Instance] = field(default_factory=list)
    memory: Memory = field(init=False)
    constants: Region = field(init=False)
    table: int = 0
    values: dict[tuple[Type, str], int] = field(default_factory=dict)  # those that `fixed` has stored
    sites: list[CallSite] = field(default_factory=list)
    backend: ClassVar[str] = "numba"
    chunk: ClassVar[int] = CHUNK

    def explain(self) -> str:
        escapes = sorted(n for n, how in self.emitted.native.items() if how == "escape")
        native = sorted(n for n, how in self.emitted.native.items() if how != "escape")
        text = f"compiled; native: {', '.join(native) or 'no function of the library'}"
        if not escapes:
            return text
        calls = ((x.fn, x.bound) for x in self.emitted.escapes)
        why = importlib.import_module("pfa.targets.kernel.coverage").why  # it brings all of the compiler
        reasons = {why(fn, bound) for fn, bound in calls if isinstance(fn, Fn) and isinstance(bound, Bound)}
        return f"{text}; {'; '.join(sorted(reasons))}; in Python, through the escape: {', '.join(escapes)}"

    def __post_init__(self) -> None:
        e = self.emitted
        for what, name in e.slots:
            if what in ("cell", "pool"):
                self.storage[what, name] = f"{what}:{name}"
        for kind_, cells in (("cell", self.program.cells), ("pool", self.program.pools)):
            self.storage.update({(kind_, n): f"{kind_}:{n}" for n, c in cells.items() if c.shared})
        self.sites = [CallSite(x.fn.name, x.bound.params, x.bound.ret) for x in e.escapes]

    def storing(self) -> Generator[None, None, None]:
        """Write the table of constants and what it points to, in a region of its own: before any engine is made."""
        values = [(t, v.made(self.emitted.sites) if isinstance(v, Filter) else v) for t, v in self.emitted.constants]
        self.constants = Region(self.limits.memory or ARENA)
        self.memory = m = Memory(self.emitted.tags)
        m.top, m.end = self.constants.start, self.constants.end
        self.table = m.take(8 * max(1, len(values)))
        maps: list[int] = []
        m.maps = maps
        for i, (t, v) in enumerate(values):
            yield from gradual.write(m, [(t, (self.table >> 3) + i, v)])
            if i % PAUSES == 0:
                yield
        m.maps = None
        self._index_constants(maps)

    def _index_constants(self, maps: list[int]) -> None:
        """Hash tables of the maps among the constants, by a context that has nothing but their region."""
        if not maps:
            return
        m = self.memory
        words = Region(mmap.PAGESIZE)
        ctx = words.start >> 3
        for at, value in ((k.PTOP, m.top), (k.PEND, m.end), (k.BUDGET, ENDLESS)):
            m.q[ctx + (at >> 3)] = value
        index = self.code.function("index_map", *[ctypes.c_int64] * 3)
        for at in maps:
            index(words.start, at)
        if m.q[ctx + (k.STATUS >> 3)]:
            raise PfaLimitError("exceeded the memory of constants (Limits.memory)")
        m.top = m.q[ctx + (k.PTOP >> 3)]

    @property
    def stateless(self) -> bool:
        """May rows be scored in any order, by several engines (of fold: each with a tally of its own)?"""
        e = self.emitted
        logs = any(namespace for namespace, _ in e.events)
        return not (e.written or e.escapes or logs or e.counted or e.draws)

    def batch(self, plan: Plan) -> Any:
        """The compiled loop over columns of a layout."""
        made: Any = self.batches.get(plan.text)
        if made is None:
            if len(self.batches) >= BATCHES:
                self.batches.clear()
            code = self.assembled(f"{self.emitted.text}\n{plan.text}\n", ("batch",))
            kind = ctypes.PYFUNCTYPE if plan.takes else ctypes.CFUNCTYPE  # the one keeps the interpreter's lock
            made = kind(*[ctypes.c_int64] * 3)(code.address("batch"))
            made.code = code  # lives as long as somebody calls it: another thread may put another in its place
            self.batches[plan.text] = made
        return made

    @property
    def takes(self) -> bool:
        """Does compiled code read Python objects?"""
        return "act" in self.emitted.entries and self.program.method != "emit" and take.usable()

    def fixed(self, t: Type, value: Any) -> int:
        """A value that stays as long as the program; its slot."""
        key = t, repr(value)
        if key not in self.values:
            at = self.memory.take(8)
            self.memory.store(t)(at >> 3, value)
            self.values[key] = self.memory.q[at >> 3]
        return self.values[key]

    def borrow(self, instance: Instance, count: int, meter: Callable[[], Any]) -> list[Instance]:
        """Instances for threads that score rows of one engine and read its state; they are given back to `spare`.

        The engine's own does nothing meanwhile: what it keeps in its memory may be moved.
        """
        found: list[Instance] = []
        while len(found) < count:
            try:
                found.append(self.spare.pop())
            except IndexError:
                found.append(Instance(self, {**instance.given, "refill": meter().refill}, False))
        for x in found:
            x.follow(instance)
        return found

    def make(self, given: dict[str, Any], protocol: dict[str, Any]) -> tuple[dict[str, Any], Variables]:
        """An engine's functions by name, and its variables."""
        instance = Instance(self, given)
        run: Callable[..., Any] = instance.run_emit if self.program.method == "emit" else instance.runner()
        around: Any = entry_that_emits if self.program.method == "emit" else entry
        if self.takes:
            action = around(instance.actor(run, self.decode), _as_it_is, **protocol)
        else:
            action = around(run, self.decode, **protocol)
        functions: dict[str, Any] = {"action": action, "run": run}
        if instance.draws is not None:
            functions["settle"] = instance.draws.settle
        names = [n for n in ("begin", "end", "merge") if f"enter_p_{n}" in self.emitted.entries]
        functions |= {name: instance.function(name) for name in names}
        functions |= {f"u:{n}": instance.function(n, i) for i, n in enumerate(self.program.functions, 1)}
        return functions, Variables(instance, action)

    def locate(self, error: PfaRuntimeError, find: Callable[[str], Where], document: dict[str, Any]) -> None:
        """Say where in the document an error was raised."""
        pointer = getattr(error, "pointer", "")
        if error.at == Where() and pointer:
            error.locate(find(pointer))


def _as_it_is(datum: Any) -> Any:
    return datum


class Variables:
    """The variables of an engine, by the names that the python target gives them."""

    def __init__(self, instance: Instance, action: Any) -> None:
        self.instance = instance
        names = action.__code__.co_freevars
        self.ready = action.__closure__[names.index("ready")]

    @property
    def encode(self) -> Callable[[Any], Any] | None:
        """What outputs go out through, if anything."""
        return self.instance.encode

    @encode.setter
    def encode(self, encode: Callable[[Any], Any]) -> None:
        self.instance.encode = encode

    def __getitem__(self, name: str) -> Any:
        i = self.instance
        match name.partition(":"):
            case "ready", _, _:
                return self.ready.cell_contents
            case ("cell" | "pool"), _, _ if name in i.shared:
                return i.shared[name]
            case ("cell" | "pool") as what, _, key:
                return i.read(what, key)
            case "tally", _, _:
                return i.read("tally", "") if ("tally", "") in i.code.emitted.slots else None
            case "started", _, _:
                return i.q[i.ctx + (k.STARTED >> 3)]
            case "finished", _, _:
                return i.q[i.ctx + (k.FINISHED >> 3)]
            case "budget", _, _:
                return i.q[i.ctx + (k.BUDGET >> 3)]
            case _:
                return getattr(i, name)

    def __setitem__(self, name: str, value: Any) -> None:
        i = self.instance
        match name.partition(":"):
            case "ready", _, _:
                self.ready.cell_contents = value
            case ("cell" | "pool") as what, _, key:
                i.write(what, key, value)
            case "tally", _, _:
                i.write("tally", "", value)
            case "started", _, _:
                i.q[i.ctx + (k.STARTED >> 3)] = value
            case "finished", _, _:
                i.q[i.ctx + (k.FINISHED >> 3)] = value
            case "budget", _, _:
                i.q[i.ctx + (k.BUDGET >> 3)] = value
            case "depth", _, _:
                i.q[i.ctx + (k.DEPTH >> 3)] = value
            case _:
                if ("symbol", name) in i.code.emitted.slots:
                    i.write("symbol", name, value)
                setattr(i, name, value)
