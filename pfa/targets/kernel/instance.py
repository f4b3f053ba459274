"""The memory of one engine, and its calls into compiled code.

Invariant: compiled code is only called with a context whose regions are alive, and what it returns is read before the
arena is used again.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from pfa.errors import PfaError, PfaLimitError, PfaRuntimeError, PfaUserError
from pfa.targets.host import LATER
from pfa.targets.kernel import language as k
from pfa.targets.kernel import take
from pfa.targets.kernel.draws import Draws
from pfa.targets.kernel.emitted import state_type
from pfa.targets.kernel.escaping import Inside, escape
from pfa.targets.kernel.layout import Memory, kind
from pfa.targets.kernel.region import ARENA, HELD, SMALLEST, Region, stack_room
from pfa.types import NULL

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.targets.kernel.host import KernelCode
    from pfa.types import Type

ENDLESS = 1 << 62  # steps
COLLECT = 1 << 20  # bytes of the persistent region that are used before it is copied
HOST_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
_instances: WeakValueDictionary[int, Instance] = WeakValueDictionary()


def _escaped(ctx: int, number: int, block: int) -> int:
    instance = _instances[ctx]
    try:
        return escape(instance, number, block)
    except BaseException as error:  # it passes through compiled code
        instance.note(error)
        return 0


def _looked(ctx: int, number: int, count: int) -> int:
    instance = _instances[ctx]
    try:
        instance.look()
    except BaseException as error:
        instance.note(error)
    return 0


_ESCAPE, _LOOK = HOST_CALL(_escaped), HOST_CALL(_looked)
_ESCAPE_AT, _LOOK_AT = (ctypes.cast(f, ctypes.c_void_p).value or 0 for f in (_ESCAPE, _LOOK))


class Instance:
    """The memory of one engine, and its calls."""

    def __init__(self, code: KernelCode, given: dict[str, Any], own: bool = True) -> None:
        """`own`: with a state of its own."""
        self.code = code
        self.given = given
        limit = code.limits.memory or ARENA
        self.arena = Region(max(SMALLEST, limit))
        self.spaces = [Region(max(SMALLEST, limit)), Region(max(SMALLEST, limit))]
        self.words = Region(k.CTX_BYTES + 8 * len(code.emitted.slots) + mmap.PAGESIZE)
        self.base = self.words.start
        self.ctx = self.base >> 3
        self.memory = Memory(code.emitted.tags)
        self.memory.charge = self.charge
        self.q = self.memory.q
        self.pending: BaseException | None = None
        self.emitted: list[Any] = []
        self.hook: Callable[[Any], object] | None = None
        self.refill, self.log_message, self.rng = given["refill"], given["log_message"], given["rng"]
        self.name, self.instance = given["name"], given["instance"]
        self.first, self.deadline = given["first"], given["deadline"]
        self.shared = {v: given[v] for (what, n), v in code.storage.items() if (what, n) not in code.emitted.slots}
        self.used = 0
        self.draws = Draws(self.rng, self.q, self.ctx) if code.emitted.draws else None
        self.encode = code.encoder(self.charge) if code.encoder else None
        self.functions: dict[str, Any] = {}
        _instances[self.base] = self
        self._begin(given, own)

    def field(self, at: int, value: int) -> None:
        self.q[self.ctx + (at >> 3)] = value

    @property
    def state(self) -> int:
        """Where the words of the state are."""
        return self.base + k.CTX_BYTES

    def _begin(self, given: dict[str, Any], own: bool) -> None:
        space = self.spaces[0]
        for at, value in (
            (k.TOP, self.arena.start), (k.END, self.arena.end), (k.CONSTS, self.code.table), (k.STATE, self.state),
            (k.PTOP, space.start), (k.PEND, space.end), (k.ESCAPE, _ESCAPE_AT), (k.LOOK, _LOOK_AT),
            (k.FROM, self.arena.start), (k.UNTIL, self.arena.end), (k.BUDGET, self.first), (k.FIRST, self.first),
            (k.FULLER, space.start + COLLECT), (k.ARENA, self.arena.start),
            (k.ROOM, stack_room()),
        ):  # fmt: skip
            self.field(at, value)
        for what, name in self.code.emitted.slots if own else ():
            if what != "undo":
                key = {"tally": "tally", "symbol": name}.get(what, f"{what}:{name}")
                if given[key] is not LATER:
                    self.write(what, name, given[key])
        self.settle()

    def settle(self) -> None:
        """What is in the persistent region now is no garbage."""
        start = self.spaces[0].start
        self.used = self.q[self.ctx + (k.PTOP >> 3)] - start
        self.field(k.FULLER, start + 2 * self.used + COLLECT)

    def follow(self, other: Instance) -> None:
        """Read the state of another instance where it lies, with words of its own; its tally is that one's now.

        What was kept for another state is forgotten.
        """
        self.field(k.FITS, 0)
        for what, name in self.code.emitted.slots:
            self.q[self.slot(what, name)] = 0 if what == "undo" else other.q[other.slot(what, name)]

    # -- state --

    def slot(self, what: str, name: str) -> int:
        return self.ctx + (k.CTX_BYTES >> 3) + self.code.emitted.slots[what, name]

    def keeping(self) -> Memory:
        """The memory writes to the persistent region now."""
        m = self.memory
        m.top, m.end = self.q[self.ctx + (k.PTOP >> 3)], self.q[self.ctx + (k.PEND >> 3)]
        return m

    def kept(self) -> None:
        self.field(k.PTOP, self.memory.top)

    def write(self, what: str, name: str, value: Any) -> None:
        """A host value into the state."""
        t = state_type(self.code.program, what, name)
        m = self.keeping()
        m.maps = []
        if what != "pool":
            m.store(t)(self.slot(what, name), value)
            self.kept()
            self.unlimited("index_map", m.maps)
            m.maps = None
            return
        n = len(value)
        at = m.take(64)
        pairs = m.take(16 * max(1, n))
        self.q[at >> 3] = pairs
        self.q[(at >> 3) + 1] = self.q[(at >> 3) + 2] = self.q[(at >> 3) + 5] = n
        store = m.store(t)
        for i, (key, x) in enumerate(value.items()):
            self.q[(pairs >> 3) + 2 * i] = m.string(key)
            store((pairs >> 3) + 2 * i + 1, x)
        self.q[self.slot(what, name)] = at
        self.kept()
        self.unlimited("index_map", m.maps)
        self.unlimited("rehash", [at])
        m.maps = None

    def unlimited(self, name: str, arguments: list[int]) -> None:
        """Calls of an entry that nobody's budget pays for."""
        at = self.ctx + (k.BUDGET >> 3)
        left, self.q[at] = self.q[at], ENDLESS
        try:
            for x in arguments:
                self.enter(name, x)
        finally:
            self.q[at] = left

    def read(self, what: str, name: str) -> Any:
        """A host value of the state."""
        load = self.memory.load(state_type(self.code.program, what, name))
        i = self.slot(what, name)
        if what != "pool":
            return load(i)
        q, at = self.q, self.q[i] >> 3
        pairs = q[at] >> 3
        found = {}
        for j in range(pairs, pairs + 2 * q[at + 1], 2):
            if q[j]:
                found[self.memory.raw(q[j]).decode("utf-8", "surrogatepass")] = load(j + 1)
        return found

    def collect(self) -> None:
        """Copy the state into the other half of the persistent region, and forget the rest.

        The arena, which is empty now, has a word for each of the region's: where the value is that began there.
        """
        old, new = self.spaces
        state = range(self.ctx + (k.CTX_BYTES >> 3), self.ctx + (k.CTX_BYTES >> 3) + len(self.code.emitted.slots))
        words = [self.q[i] for i in state]
        top = self.q[self.ctx + (k.PTOP >> 3)]
        self.arena.clear(top - old.start)
        for at, value in (
            (k.FROM, old.start), (k.UNTIL, old.end), (k.PTOP, new.start), (k.PEND, new.end),
            (k.SHADOW, self.arena.start - old.start),
        ):  # fmt: skip
            self.field(at, value)
        try:
            self.unlimited("collect", [0])
        except PfaLimitError:  # indices may need more room than they did: all stays where it is
            for i, word in zip(state, words, strict=True):
                self.q[i] = word
            self.field(k.PTOP, top)
            self.field(k.PEND, old.end)
            self.field(k.FULLER, top + COLLECT)
        else:
            self.spaces = [new, old]
            self.field(k.FITS, 0)
            self.used = self.q[self.ctx + (k.PTOP >> 3)] - new.start
            self.field(k.FULLER, new.start + 2 * self.used + COLLECT)
            old.release()
        finally:
            for at, value in ((k.FROM, self.arena.start), (k.UNTIL, self.arena.end), (k.SHADOW, 0)):
                self.field(at, value)

    # -- budget, errors --

    def charge(self, n: int) -> None:
        i = self.ctx + (k.BUDGET >> 3)
        self.q[i] -= n
        if self.q[i] < 0:
            self.look()

    def look(self) -> None:
        i = self.ctx + (k.BUDGET >> 3)
        self.q[i] = self.refill(self.q[i], self.q[self.ctx + (k.STARTED >> 3)])

    def note(self, error: BaseException) -> None:
        """An error of the host's, on its way through compiled code."""
        if isinstance(error, Inside):
            return
        plain = type(error) is PfaRuntimeError and error.code > k.PLAIN_ERROR
        self.pending = error
        self.field(k.STATUS, error.code if plain else k.HOST)  # type: ignore[attr-defined]

    def stop(self) -> BaseException:
        """What a call has failed with, which leaves nothing in the arena that is read."""
        if self.q[self.ctx] - self.arena.start > HELD:
            self.arena.release()
        return self.error()

    def error(self) -> BaseException:
        """What the status says; it is cleared."""
        q, ctx = self.q, self.ctx
        status = q[ctx + (k.STATUS >> 3)]
        site = self.code.emitted.sites[q[ctx + (k.SITE >> 3)]]
        pending, self.pending = self.pending, None
        self.field(k.STATUS, 0)
        self.field(k.SITE, 0)
        self.field(k.DEPTH, 0)
        made: PfaError
        match status:
            case k.HOST:
                assert pending is not None
                return pending
            case k.USER:
                assert site.user
                made = PfaUserError(*site.user, "error")
            case k.FULL:
                return PfaLimitError(f"exceeded {self.code.limits.memory} bytes of memory")
            case k.STACKED:
                return PfaLimitError("exceeded the stack of the thread")
            case k.DEEP:
                return PfaLimitError(f"exceeded a recursion depth of {self.code.limits.recursion}")
            case _:
                message = site.messages.get(status)
                if message is None and isinstance(pending, PfaRuntimeError):
                    message = pending.message
                made = PfaRuntimeError(message or "failed", status, site.function)
        made.pointer = site.at  # type: ignore[attr-defined]
        return made

    # -- calls --

    def start(self) -> None:
        """Before each call: an empty arena, and the garbage of the state copied away when it has grown."""
        q, ctx = self.q, self.ctx
        if q[ctx + (k.PTOP >> 3)] > q[ctx + (k.FULLER >> 3)]:
            self.collect()
        q[ctx] = self.arena.start
        q[ctx + (k.EVENTS >> 3)] = 0
        if self.draws is not None and not self.draws.ahead:
            self.draws.push()

    def enter(self, name: str, argument: int) -> int:
        """An entry with one word; raises what it fails with."""
        f = self.functions.get(name)
        if f is None:
            f = self.functions[name] = self.code.code.function(name, *[ctypes.c_int64] * 3)
        out: int = f(self.base, argument)
        if self.q[self.ctx + (k.STATUS >> 3)]:
            raise self.stop()
        return out

    def arguments(self, types: tuple[Type, ...], values: tuple[Any, ...]) -> int:
        """Host values as words of the arena; their address."""
        m = self.memory
        m.top, m.end = self.q[self.ctx], self.q[self.ctx + (k.END >> 3)]
        at = m.take(8 * max(1, len(values)))
        for i, (t, v) in enumerate(zip(types, values, strict=True)):
            if v is None:  # also what an update of a shared item is given where there is none and nobody reads it
                self.q[(at >> 3) + i] = 0
            else:
                m.store(t)((at >> 3) + i, v)
        self.q[self.ctx] = m.top
        return at

    def result(self, t: Type, slot: int) -> Any:
        """A slot as a host value."""
        scratch = self.ctx + (k.CTX_BYTES >> 3) - 1
        self.q[scratch] = slot
        return self.memory.load(t)(scratch)

    def function(self, name: str, number: int = 0) -> Callable[..., Any]:
        """A phase, or the function of the document that has a number, host values in and out."""
        p = self.code.program
        if number:
            f = p.functions[name]
            entry_name = f"enter_user{number}"
            params, ret = f.type.params, f.type.ret
        else:
            entry_name = f"enter_p_{name}"
            params, ret = ((p.output, p.output), p.output) if name == "merge" else ((), NULL)

        def run(*values: Any) -> Any:
            self.start()
            if self.draws is not None:
                self.draws.push()
            try:
                out = self.result(ret, self.enter(entry_name, self.arguments(params, values)))
            finally:
                self.events()
            return out

        return run

    def runner(self) -> Callable[[Any], Any]:
        """The action of map and fold: a host value in, what the caller gets out."""
        p, q, ctx = self.code.program, self.q, self.ctx
        real_in, real_out = kind(p.input) == "f64", kind(p.output) == "f64"
        types = [ctypes.c_double if real else ctypes.c_int64 for real in (real_out, real_in)]
        call = self.code.code.function("run", types[0], ctypes.c_int64, types[1])
        scratch = ctx + (k.CTX_BYTES >> 3) - 1
        store, load = self.memory.store(p.input), self.memory.load(p.output)
        base, status, top = self.base, ctx + (k.STATUS >> 3), ctx
        budget, events, first = ctx + (k.BUDGET >> 3), ctx + (k.EVENTS >> 3), self.first
        ptop, fuller = ctx + (k.PTOP >> 3), ctx + (k.FULLER >> 3)
        m, arena, draws = self.memory, self.arena, self.draws
        end = self.arena.end
        flat = kind(p.input) != "i64" or p.input.tag in ("int", "long", "null")

        def run(x: Any) -> Any:
            if q[ptop] > q[fuller]:
                self.collect()
            q[budget] = first
            q[events] = 0
            if draws is not None and not draws.ahead:
                draws.push()
            if real_in:
                q[top] = arena.start
                out = call(base, x)
            elif flat:
                q[top] = arena.start
                out = call(base, x or 0)
            else:
                m.top, m.end = arena.start, end
                store(scratch, x)
                q[top] = m.top
                out = call(base, q[scratch])
            if q[events]:
                self.events()
            if q[status]:
                raise self.stop()
            if not real_out:
                q[scratch] = out
                out = load(scratch)
            return out if self.encode is None else self.encode(out)

        return run

    def actor(self, run: Callable[[Any], Any], decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The action of map and fold, the datum read by compiled code where it is as expected."""
        p, q, ctx = self.code.program, self.q, self.ctx
        real_out = kind(p.output) == "f64"
        result = ctypes.c_double if real_out else ctypes.c_int64
        call = ctypes.PYFUNCTYPE(result, ctypes.c_int64, ctypes.py_object)(self.code.code.address("act"))
        self.keys = [sys.intern(n) for n in self.code.emitted.keys]
        words = (ctypes.c_int64 * max(1, len(self.keys)))(*map(id, self.keys))
        python = take.interface()
        self.python = (ctypes.c_int64 * len(python))(*python), words
        self.field(k.PYTHON, ctypes.addressof(self.python[0]))
        self.field(k.KEYS, ctypes.addressof(words))
        scratch = ctx + (k.CTX_BYTES >> 3) - 1
        base, status, events, flag = self.base, ctx + (k.STATUS >> 3), ctx + (k.EVENTS >> 3), ctx + (k.FLAG >> 3)
        ptop, fuller = ctx + (k.PTOP >> 3), ctx + (k.FULLER >> 3)
        load = None if p.output.tag in ("int", "long") else self.memory.load(p.output)
        draws = self.draws

        def act(datum: Any) -> Any:
            if q[ptop] > q[fuller]:
                self.collect()
            if draws is not None and not draws.ahead:
                draws.push()
            out = call(base, datum)
            if q[flag]:
                if self.untaken():
                    return run(decode(datum))
                if q[events]:
                    self.events()
                if q[status]:
                    raise self.stop()
            if not real_out and load is not None:
                q[scratch] = out
                out = load(scratch)
            encode = self.encode
            return out if encode is None else encode(out)

        return act

    def untaken(self) -> bool:
        """Is it for the host to decode the datum?  Then nothing has failed."""
        q, ctx = self.q, self.ctx
        if q[ctx + (k.STATUS >> 3)] != k.UNTAKEN:
            return False
        for at in (k.STATUS, k.SITE, k.DEPTH, k.EVENTS):
            q[ctx + (at >> 3)] = 0
        return True

    def failure(self) -> BaseException | None:
        """What a batch has stopped with, if it failed; what its row emitted is handed out."""
        if not self.q[self.ctx + (k.STATUS >> 3)]:
            return None
        return self.error()

    def rewind(self, keeps: bool) -> None:
        """After a row that failed: its part of the arena is free, unless outputs of others are there."""
        if not keeps:
            self.q[self.ctx] = self.arena.start

    def count(self, others: list[Instance]) -> None:
        """Rows that other instances have scored for this engine."""
        for at in (k.STARTED, k.FINISHED):
            for x in others:
                self.q[self.ctx + (at >> 3)] += x.q[x.ctx + (at >> 3)]
                x.field(at, 0)

    def forget(self) -> None:
        """Rows that it has scored count nowhere."""
        self.field(k.STARTED, 0)
        self.field(k.FINISHED, 0)

    def run_emit(self, x: Any, early: list[Any]) -> Any:
        """The action of method emit: the list of what was emitted, or None where the host is called."""
        self.emitted = early
        if "run" not in self.functions:
            p = self.code.program
            real = ctypes.c_double if kind(p.input) == "f64" else ctypes.c_int64
            self.functions["run"] = self.code.code.function("run", ctypes.c_int64, ctypes.c_int64, real)
        self.start()
        self.field(k.BUDGET, self.first)
        p = self.code.program
        at = self.arguments((p.input,), (x,))
        given = self.memory.d[at >> 3] if kind(p.input) == "f64" else self.q[at >> 3]
        self.functions["run"](self.base, given)
        self.events()
        if self.q[self.ctx + (k.STATUS >> 3)]:
            raise self.stop()
        return self.emitted if self.hook is None else None

    def events(self) -> None:
        """Hand out what was emitted and logged, in order."""
        try:
            self.hand_out()
        except BaseException:
            for at in (k.STATUS, k.SITE, k.DEPTH):
                self.field(at, 0)
            raise

    def hand_out(self) -> None:
        q, found = self.q, []
        at = q[self.ctx + (k.EVENTS >> 3)]
        while at:
            found.append((q[(at >> 3) + 1], (at >> 3) + 2))
            at = q[at >> 3]
        self.field(k.EVENTS, 0)
        for number, word in self.given["paced"](reversed(found), q[self.ctx + (k.STARTED >> 3)]):
            namespace, types = self.code.emitted.events[number]
            if not namespace:
                value = self.memory.load(types[0])(word)
                value = value if self.encode is None else self.encode(value)
                self.emitted.append(value)
                if self.hook is not None:
                    self.hook(value)
            else:
                block = q[word] >> 3
                values = tuple(self.memory.load(t)(block + i) for i, t in enumerate(types))
                self.log_message(namespace.removeprefix("log:"), values, types)

    # -- escapes --
