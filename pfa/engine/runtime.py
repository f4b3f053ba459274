"""`Runtime`: what one engine is apart from `action`; and `Compiled`, what the engines of one document share.

Place in the pipeline: between the target's code and `Engine`, which people hold.
"""

from __future__ import annotations

import sys
import threading
import weakref
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pfa.check.document import TIMEOUTS
from pfa.data.values import Decoders, Encoders
from pfa.errors import (
    PfaError,
    PfaLifecycleError,
    PfaLimitError,
    PfaRuntimeError,
    Problem,
)
from pfa.lib.encode import json_text
from pfa.memory.random import Generator
from pfa.memory.shared import SharedState, StillLocked
from pfa.targets.host import LATER, Passed, logger_of, passing
from pfa.targets.meter import Meter
from pfa.targets.python_entry import Moved, take_over
from pfa.types import STRING, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.data.values import Decode, Encode
    from pfa.errors import Where
    from pfa.ir import Program
    from pfa.limits import Limits
    from pfa.read import Source

_PHASES = {"begin": 0, "action": 1, "end": 2, "merge": 3, "call": 4}


class Code(Protocol):
    """A program compiled for a backend."""

    backend: ClassVar[str]
    chunk: ClassVar[int]  # steps between two looks at the clock
    storage: dict[tuple[str, str], str]  # the variable of each cell and pool

    @property
    def source(self) -> str:
        """The generated code."""

    @property
    def decode(self) -> Callable[[Any], Any]:
        """What checks a datum, and makes a host value of it."""

    def make(self, given: dict[str, Any], protocol: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """An engine's functions by name, and its variables by name."""

    def locate(self, error: PfaRuntimeError, find: Callable[[str], Where], document: dict[str, Any]) -> None:
        """Say where in the document an error was raised."""

    def explain(self) -> str:
        """How the program runs, in words."""


@dataclass(slots=True)
class Compiled:
    """What the engines of one document share."""

    program: Program
    code: Code
    document: dict[str, Any]
    source: Source
    limits: Limits
    unions: str
    warnings: list[Problem]
    syntax: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    decoders: dict[int, Decode] = field(default_factory=dict)

    def decode(self, t: Type, value: Any) -> Any:
        """A value of the caller's as one of a type of the program, which lives as long as this."""
        decode = self.decoders.get(id(t))
        if decode is None:  # each by `Decoders` of its own: another thread may be making one
            decode = self.decoders[id(t)] = Decoders(self.limits.quote_values).datum(t)
        return decode(value)


class Runtime:
    """What one engine is apart from `action`: its state, its variables, and the services of its generated code.

    `action` holds its runtime and nothing here holds `action`, so an engine that is dropped is gone at once.
    """

    def __init__(self, compiled: Compiled, shared: SharedState, instance: int, before: Runtime | None = None) -> None:
        """`before`: the runtime that this one will go on from; it has that one's lock, and no state yet."""
        p = compiled.program
        blank = before is not None
        self.compiled = compiled
        self.instance = instance
        self.state = "new"
        self.calls = 0
        self.moved: Callable[[Any], Any] | None = None  # the action of the engine that goes on from here
        self.between: Callable[[Runtime], None] | None = None  # called between actions; it may raise Moved
        self.emit: Callable[[Any], object] | None = None
        self.log: Callable[..., object] | None = None
        self.notes: list[Problem] = []
        self.texts: dict[Type, Callable[[Any], str]] = {}
        self.encoders: dict[int, Encode | None] = {}
        self.lock: threading.Lock = threading.Lock() if before is None else before.lock
        timeouts = {k: v for k, v in compiled.options.items() if k in TIMEOUTS}
        self.meter = Meter(compiled.limits, timeouts, compiled.code.chunk)
        self.rng = Generator(p.randseed, instance)
        self.shared_cells = {
            n: shared.cell(n, c.type, lambda c=c: c.init) for n, c in p.cells.items() if c.shared  # type: ignore[misc]
        }
        self.shared_pools = {
            n: shared.pool(n, c.type, lambda c=c: c.init) for n, c in p.pools.items() if c.shared  # type: ignore[misc]
        }
        first = self.meter.first
        tally = LATER if blank else p.zero
        given = {
            "refill": self.meter.refill, "paced": self.meter.paced, "deadline": self.meter.lock_deadline,
            "log_message": partial(_log, weakref.ref(self)),
            "rng": self.rng, "first": first, "name": compiled.name, "instance": instance, "version": p.version,
            "metadata": p.metadata, "budget": first, "started": 0, "finished": 0, "depth": 0, "tally": tally,
            "hook": None, "emitted": [],
        }  # fmt: skip
        protocol = {
            "acquire": self.lock.acquire, "release": self.lock.release, "prepare": self.prepare,
            "failed": self.failure, "ready": False,
        }  # fmt: skip
        for (kind, name), variable in compiled.code.storage.items():
            given[variable] = self._first(p, kind, name, blank)
        functions, self.variables = compiled.code.make(given, protocol)
        self.action: Callable[[Any], Any] | None = functions.pop("action")
        self.functions = functions

    def take_action(self) -> Callable[[Any], Any]:
        """The action, which is the engine's to hold."""
        action, self.action = self.action, None
        assert action is not None
        return action

    def _first(self, p: Program, kind: str, name: str, blank: bool) -> Any:
        if kind == "cell":
            return self.shared_cells.get(name) or (LATER if blank else p.cells[name].init)
        if kind == "pool":
            return self.shared_pools.get(name) or (LATER if blank else dict(p.pools[name].init))
        return {}  # what a rollback undoes

    def log_message(self, namespace: str, values: tuple[Any, ...], types: tuple[Type, ...]) -> None:
        texts = (v if t == STRING else self.text(t)(v) for v, t in zip(values, types, strict=True))
        message = " ".join(texts)
        if self.log is not None:
            passing(self.log)(message, namespace)
        else:
            logger_of(namespace).info("%s", message)

    def text(self, t: Type) -> Callable[[Any], str]:
        """A type's values as text in a log."""
        if t not in self.texts:
            self.texts[t] = json_text(t, charge=self.charge)
        return self.texts[t]

    def begin(self) -> list[Any] | None:
        if "begin" not in self.functions:
            self.set_state("running")
            return [] if self.compiled.program.method == "emit" and self.emit is None else None
        self.state = "failed"
        sent = self.phase("begin", self.functions["begin"], ())
        self.set_state("running")
        return sent

    def prepare(self, datum: Any) -> list[Any]:
        """Called by `action` when the engine is not running: begin, or say why not; what begin emitted.

        A datum that will be refused begins nothing, so that what begin emits has an action to go out with.
        """
        if self.moved is not None:
            raise Moved(self.moved)
        if self.between is not None and self.state == "running":
            self.between(self)
            return []
        if self.state != "new":
            raise PfaLifecycleError(f"no action now: this engine is {self.said()}")
        self.compiled.code.decode(datum)
        try:
            return self.begin() or []
        except PfaError as error:  # it has its place in begin
            raise Passed(error) from None

    def said(self) -> str:
        return {
            "new": "new", "running": "running already", "ended": "ended; load or clone a new one",
            "failed": "stopped, because its begin failed", "closed": "closed", "moved": "compiled",
        }[self.state]  # fmt: skip

    def set_state(self, state: str) -> None:
        self.state = state
        self.variables["ready"] = state == "running" and self.between is None

    def phase(self, phase: str, routine: Callable[..., Any], args: tuple[Any, ...]) -> list[Any] | None:
        """Run begin or end; what it emitted."""
        self.guarded(phase, routine, args)
        if self.compiled.program.method == "emit" and self.emit is None:
            return list(self.variables["emitted"])
        return None

    def fund(self, phase: str) -> None:
        """A budget for a phase other than action."""
        variables = self.variables
        variables["budget"] = self.meter.start(phase, variables["started"])
        variables["depth"] = 0

    def charge(self, amount: int) -> None:
        """Count the budget down, for what is done outside of generated code."""
        variables = self.variables
        budget = variables["budget"] - amount
        variables["budget"] = budget if budget >= 0 else self.meter.refill(budget, variables["started"])

    def tally(self) -> Any:
        """The tally of a fold, as its caller gets it."""
        self.fund("call")
        return self.encode(self.compiled.program.output, self.variables["tally"])

    def encode(self, t: Type, value: Any) -> Any:
        if id(t) not in self.encoders:
            self.encoders[id(t)] = Encoders(self.compiled.unions == "tagged", self.charge).of(t)
        encode = self.encoders[id(t)]
        return value if encode is None else encode(value)

    def guarded(self, phase: str, routine: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        self.fund(phase)
        self.variables["emitted"] = []
        self.calls += 1
        self.rng.at(_PHASES[phase], self.calls)
        try:
            return routine(*args)
        except BaseException as error:
            raise self.failed(error) from None

    def failure(self) -> BaseException:
        """What the error that the action is handling is for the caller."""
        error = sys.exc_info()[1]
        assert error is not None
        return self.failed(error)

    def failed(self, error: BaseException) -> BaseException:
        """What an error inside an engine is for the caller; what the host's own callbacks raise stays as it is."""
        if isinstance(error, Passed):
            return error.error
        if isinstance(error, PfaRuntimeError):
            self.compiled.code.locate(error, self.compiled.source.where, self.compiled.document)
        elif isinstance(error, StillLocked):
            timeout = self.meter.timeout_message()
            error = PfaLimitError(f"{timeout}: {error.what} stayed locked by another engine")
        elif isinstance(error, RecursionError):
            error = PfaLimitError("exceeded the recursion depth of the interpreter")
        elif isinstance(error, MemoryError):
            error = PfaLimitError("exceeded the memory of the machine")
        if self.compiled.program.method == "emit" and isinstance(error, PfaRuntimeError | PfaLimitError):
            error.emitted = list(self.variables["emitted"])
        return error

    def random(self) -> tuple[int, ...]:
        """The state of the random generator, which compiled code may have taken further."""
        if settle := self.functions.get("settle"):
            settle()
        return self.rng.state()

    def move(self, new: Runtime, action: Callable[[Any], Any], mine: Callable[[Any], Any] | None) -> None:
        """All that this engine is by now becomes what `new`, of the same document, is, whose `action` goes on.

        What is in `owned` has been moved before.  `mine` is the action of this engine, which becomes the new one, for
        all that have kept it; without it, calls of it lead there.
        """
        variables, given = new.variables, self.variables
        variables["started"], variables["finished"] = given["started"], given["finished"]
        variables["name"] = self.compiled.name
        new.rng.restore(self.rng.state())
        new.calls, new.notes, new.emit, new.log = self.calls, self.notes, self.emit, self.log
        variables["hook"] = self.emit and passing(self.emit)
        state = self.state
        self.between = None
        self.set_state("moved")
        if mine is None:
            self.moved = action
        else:
            new.variables.ready = take_over(mine, action)
        new.set_state(state)

    def owned(self) -> dict[tuple[str, str], Any]:
        """What only this engine has, by kind and name: cells, pools and the tally in host representation."""
        p, storage, variables = self.compiled.program, self.compiled.code.storage, self.variables
        found = {("cell", n): variables[storage["cell", n]] for n, c in p.cells.items() if not c.shared}
        found |= {("pool", n): dict(variables[storage["pool", n]]) for n, c in p.pools.items() if not c.shared}
        if p.method == "fold":
            found["tally", ""] = variables["tally"]
        return found

    def values(self) -> tuple[dict[str, Any], dict[str, Any], Any, int, int]:
        """Cells, pools (shared ones too), tally and counters, in host representation."""
        p, storage, variables = self.compiled.program, self.compiled.code.storage, self.variables
        cells = {n: variables[storage["cell", n]] for n in p.cells}
        pools = {n: variables[storage["pool", n]] for n in p.pools}
        cells |= {n: c.get() for n, c in self.shared_cells.items()}
        pools = {n: q.items() if p.pools[n].shared else dict(q) for n, q in pools.items()}
        return cells, pools, variables["tally"], variables["started"], variables["finished"]


def _log(runtime: weakref.ref[Runtime], namespace: str, values: tuple[Any, ...], types: tuple[Type, ...]) -> None:
    """The generated code's way to log; a strong reference would be a circle."""
    found = runtime()
    assert found is not None
    found.log_message(namespace, values, types)
