"""`Engine`: one instance of a document, and what such instances share.

Place in the pipeline: the end of it; `pfa.engine.loading` makes them.  `Compiled` is what engines of one document
share (program, code, constant model data); `Engine` is one instance, with its own cells, pools, tally, counters and
random numbers.  The protocol of an action is in `pfa.targets.python_entry`; here is what is not on its hot path.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pfa.check.document import TIMEOUTS
from pfa.data.document import filled, strict_json
from pfa.data.takeover import take, types_of
from pfa.data.values import Decoders, Encoders
from pfa.errors import (
    PfaCompileError,
    PfaDataError,
    PfaError,
    PfaLifecycleError,
    PfaLimitError,
    PfaRuntimeError,
    Problem,
)
from pfa.lib.encode import json_text
from pfa.limits import Limits, make_room
from pfa.memory import state as state_blob
from pfa.memory.random import Generator
from pfa.memory.shared import SharedState, StillLocked
from pfa.targets.host import Passed, logger_of, passing
from pfa.targets.meter import Meter
from pfa.targets.python_entry import busy
from pfa.types import STRING, Type, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from pfa.data.values import Decode, Encode
    from pfa.ir import Program
    from pfa.read import Source
    from pfa.targets.python import PythonCode

_PHASES = {"begin": 0, "action": 1, "end": 2, "merge": 3, "call": 4}


@dataclass(slots=True)
class Compiled:
    """What the engines of one document share."""

    program: Program
    code: PythonCode
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
    """What one engine gives to its generated code: services, and first values of its variables."""

    def __init__(self, engine: Engine, compiled: Compiled, shared: SharedState, instance: int) -> None:
        p = compiled.program
        self.lock = threading.Lock()
        self.meter = Meter(compiled.limits, {k: v for k, v in compiled.options.items() if k in TIMEOUTS})
        self.rng = Generator(p.randseed, instance)
        self.shared_cells = {
            n: shared.cell(n, c.type, lambda c=c: c.init) for n, c in p.cells.items() if c.shared  # type: ignore[misc]
        }
        self.shared_pools = {
            n: shared.pool(n, c.type, lambda c=c: c.init) for n, c in p.pools.items() if c.shared  # type: ignore[misc]
        }
        first = self.meter.first
        given = {
            "refill": self.meter.refill, "paced": self.meter.paced, "deadline": self.meter.lock_deadline,
            "log_message": engine._log_message,
            "rng": self.rng, "first": first, "name": compiled.name, "instance": instance, "version": p.version,
            "metadata": p.metadata, "budget": first, "started": 0, "finished": 0, "depth": 0, "tally": p.zero,
            "hook": None, "emitted": [],
        }  # fmt: skip
        protocol = {
            "acquire": self.lock.acquire, "release": self.lock.release, "prepare": engine._prepare,
            "failed": engine._failure, "ready": False,
        }  # fmt: skip
        for (kind, name), variable in compiled.code.storage.items():
            given[variable] = self._first(p, kind, name)
        self.functions, self.variables = compiled.code.make(given, protocol)

    def _first(self, p: Program, kind: str, name: str) -> Any:
        if kind == "cell":
            return self.shared_cells.get(name) or p.cells[name].init
        if kind == "pool":
            return self.shared_pools.get(name) or dict(p.pools[name].init)
        return {}  # what a rollback undoes


class Engine:
    """A scoring engine: one instance of a document.  Made by `pfa.load` or `pfa.loads`.

    An engine is used by one thread at a time (PfaBusyError otherwise); `clone` makes one for each thread.

    `action(datum)` is one action: the output for map and fold; for emit the list of what was emitted, or None when
    `emit` is set.  Raises PfaDataError (the datum does not have the input type; nothing was counted),
    PfaRuntimeError, PfaUserError, PfaLimitError, PfaLifecycleError.
    """

    action: Callable[[Any], Any]

    def __init__(self, compiled: Compiled, shared: SharedState, instance: int = 0) -> None:
        if type(instance) is not int or not 0 <= instance < 1 << 31:
            raise PfaLifecycleError(f"an instance has a number from 0 to {(1 << 31) - 1}, not {instance!r}")
        self._compiled = compiled
        self._shared = shared
        self._instance = instance
        self._emit: Callable[[Any], object] | None = None
        self._log: Callable[..., object] | None = None
        self._state = "new"
        self._calls = 0
        self._notes: list[Problem] = []
        self._texts: dict[Type, Callable[[Any], str]] = {}
        self._encoders: dict[int, Encode | None] = {}
        self._runtime = Runtime(self, compiled, shared, instance)
        self._functions = self._runtime.functions
        self._variables = self._runtime.variables
        self.action = self._functions["action"]

    # -- what it is --

    @property
    def input_type(self) -> Type:
        """The type of a datum."""
        return self._compiled.program.input

    @property
    def output_type(self) -> Type:
        """The type of an output."""
        return self._compiled.program.output

    @property
    def method(self) -> str:
        """"map", "emit" or "fold"."""
        return self._compiled.program.method

    @property
    def name(self) -> str:
        """The document's name, or one that was assigned."""
        return self._compiled.name

    @property
    def version(self) -> int | None:
        """The document's version, if it has one."""
        return self._compiled.program.version

    @property
    def metadata(self) -> dict[str, str]:
        """The document's metadata."""
        return dict(self._compiled.program.metadata)

    @property
    def instance(self) -> int:
        """The number of this engine among those of its document."""
        return self._instance

    @property
    def warnings(self) -> list[Problem]:
        """What is doubtful or deprecated in the document, options that were overridden, what a state did not fit."""
        return [*self._compiled.warnings, *self._notes]

    @property
    def backend(self) -> str:
        """The backend that runs this engine."""
        return "python"

    def explain(self) -> str:
        """How this engine runs, in words."""
        return f"{self.name}: every function runs on the python backend"

    def source(self, backend: str | None = None) -> str:
        """The generated code."""
        if backend not in (None, "auto", "python"):
            raise PfaCompileError(f"there is no {backend} backend in this version")
        return self._compiled.code.source

    def wait(self) -> None:
        """Return when the compiled code is in use: at once, the python backend has nothing to wait for."""

    # -- callbacks --

    @property
    def emit(self) -> Callable[[Any], object] | None:
        """Called with each output of a method emit engine while it runs; None: outputs are returned as a list."""
        return self._emit

    @emit.setter
    def emit(self, callback: Callable[[Any], object] | None) -> None:
        self._emit = _callable("emit", callback)
        self._variables["hook"] = callback and passing(callback)

    @property
    def log(self) -> Callable[..., object] | None:
        """Called with (message, namespace) of each log form; None: the logger "pfa" or "pfa.NAMESPACE"."""
        return self._log

    @log.setter
    def log(self, callback: Callable[..., object] | None) -> None:
        self._log = _callable("log", callback)

    def _log_message(self, namespace: str, values: tuple[Any, ...], types: tuple[Type, ...]) -> None:
        texts = (v if t == STRING else self._text(t)(v) for v, t in zip(values, types, strict=True))
        message = " ".join(texts)
        if self._log is not None:
            passing(self._log)(message, namespace)
        else:
            logger_of(namespace).info("%s", message)

    def _text(self, t: Type) -> Callable[[Any], str]:
        """A type's values as text in a log."""
        if t not in self._texts:
            self._texts[t] = json_text(t, charge=self._charge)
        return self._texts[t]

    # -- lifecycle --

    def begin(self) -> list[Any] | None:
        """Run the begin phase; the list of what it emitted when no callback is set."""
        with self._use():
            if self._state != "new":
                raise PfaLifecycleError(f"begin comes once, before the first action; this engine is {self._said()}")
            return self._begin()

    def _begin(self) -> list[Any] | None:
        if "begin" not in self._functions:
            self._set_state("running")
            return [] if self.method == "emit" and self._emit is None else None
        self._state = "failed"
        sent = self._phase("begin", self._functions["begin"], ())
        self._set_state("running")
        return sent

    def _prepare(self, datum: Any) -> list[Any]:
        """Called by `action` when the engine is not running: begin, or say why not; what begin emitted.

        A datum that will be refused begins nothing, so that what begin emits has an action to go out with.
        """
        if self._state != "new":
            raise PfaLifecycleError(f"no action now: this engine is {self._said()}")
        self._compiled.code.decode(datum)
        try:
            return self._begin() or []
        except PfaError as error:  # it has its place in begin
            raise Passed(error) from None

    def _said(self) -> str:
        return {
            "new": "new", "running": "running already", "ended": "ended; load or clone a new one",
            "failed": "stopped, because its begin failed", "closed": "closed",
        }[self._state]  # fmt: skip

    def _set_state(self, state: str) -> None:
        self._state = state
        self._variables["ready"] = state == "running"

    def end(self) -> list[Any] | None:
        """Run the end phase (after begin, if that has not run); the list of what was emitted without a callback."""
        with self._use():
            early = self._begin() or [] if self._state == "new" else []
            if self._state != "running":
                raise PfaLifecycleError(f"no end now: this engine is {self._said()}")
            self._set_state("ended")
            if "end" not in self._functions:
                return early if self.method == "emit" and self._emit is None else None
            sent = self._phase("end", self._functions["end"], ())
            return None if sent is None else early + sent

    def run(self, data: Iterable[Any]) -> Iterator[Any]:
        """begin, an action for each datum, end; yields the outputs, for emit each one emitted."""
        emits = self.method == "emit"
        if self._state == "new":
            yield from self.begin() or ()
        for datum in data:
            out = self.action(datum)
            if not emits:
                yield out
            elif out is not None:
                yield from out
        yield from self.end() or ()

    def _phase(self, phase: str, routine: Callable[..., Any], args: tuple[Any, ...]) -> list[Any] | None:
        """Run begin or end; what it emitted."""
        self._guarded(phase, routine, args)
        if self.method == "emit" and self._emit is None:
            return list(self._variables["emitted"])
        return None

    def _fund(self, phase: str) -> None:
        """A budget for a phase other than action."""
        variables = self._variables
        variables["budget"] = self._runtime.meter.start(phase, variables["started"])
        variables["depth"] = 0

    def _charge(self, amount: int) -> None:
        """Count the budget down, for what is done outside of generated code."""
        variables = self._variables
        budget = variables["budget"] - amount
        variables["budget"] = budget if budget >= 0 else self._runtime.meter.refill(budget, variables["started"])

    def _encode(self, t: Type, value: Any) -> Any:
        if id(t) not in self._encoders:
            self._encoders[id(t)] = Encoders(self._compiled.unions == "tagged", self._charge).of(t)
        encode = self._encoders[id(t)]
        return value if encode is None else encode(value)

    def _guarded(self, phase: str, routine: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        self._fund(phase)
        self._variables["emitted"] = []
        self._calls += 1
        self._runtime.rng.at(_PHASES[phase], self._calls)
        try:
            return routine(*args)
        except BaseException as error:
            raise self._failed(error) from None

    def _use(self) -> _Use:
        return _Use(self)

    def _failure(self) -> BaseException:
        """What the error that the action is handling is for the caller."""
        error = sys.exc_info()[1]
        assert error is not None
        return self._failed(error)

    def _failed(self, error: BaseException) -> BaseException:
        """What an error inside an engine is for the caller; what the host's own callbacks raise stays as it is."""
        if isinstance(error, Passed):
            return error.error
        if isinstance(error, PfaRuntimeError):
            self._compiled.code.locate(error, self._compiled.source.where, self._compiled.document)
        elif isinstance(error, StillLocked):
            timeout = self._runtime.meter.timeout_message()
            error = PfaLimitError(f"{timeout}: {error.what} stayed locked by another engine")
        elif isinstance(error, RecursionError):
            error = PfaLimitError("exceeded the recursion depth of the interpreter")
        elif isinstance(error, MemoryError):
            error = PfaLimitError("exceeded the memory of the machine")
        if isinstance(error, PfaRuntimeError | PfaLimitError) and self.method == "emit":
            error.emitted = list(self._variables["emitted"])
        return error

    # -- fold --

    @property
    def tally(self) -> Any:
        """The tally of a fold engine: `zero` before the first action."""
        self._fold("tally")
        with self._use():
            self._fund("call")
            return self._encode(self.output_type, self._variables["tally"])

    def _fold(self, what: str) -> None:
        if self.method != "fold":
            raise PfaLifecycleError(f'{what} is for engines of "method": "fold"')

    def merge(self, one: Any, two: Any) -> Any:
        """Combine two tallies by the document's `merge`; the result replaces this engine's tally."""
        self._fold("merge")
        with self._use():
            args = tuple(self._compiled.decode(self.output_type, x) for x in (one, two))
            made = self._guarded("merge", self._functions["merge"], args)
            self._variables["tally"] = made
            return self._encode(self.output_type, made)

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the document's "fcns", by its name with or without the prefix "u."."""
        name = str(function).removeprefix("u.")
        known = self._compiled.program.functions.get(name)
        if known is None:
            raise PfaLifecycleError(f"this document has no function {function!r}")
        with self._use():
            params = known.type.params
            if len(arguments) != len(params):
                raise PfaDataError(f"{function} takes {len(params)} arguments, found {len(arguments)}")
            args = tuple(self._compiled.decode(t, x) for t, x in zip(params, arguments, strict=True))
            made = self._guarded("call", self._functions[f"u:{name}"], args)
            return self._encode(known.type.ret, made)

    # -- state --

    def snapshot(self) -> dict[str, Any]:
        """A valid document with the current cells, pools and tally as their initial values.

        PfaDataError where JSON cannot hold a value (NaN, infinities, a map key "@"); `state` holds everything.
        """
        c = self._compiled
        with self._use():
            cells, pools, tally, *_ = self._values()
            self._fund("call")
            return filled(c.document, c.program, cells, pools, tally, strict_json(self._charge))

    def _values(self) -> tuple[dict[str, Any], dict[str, Any], Any, int, int]:
        """Cells, pools (shared ones too), tally and counters, in host representation."""
        p, storage, variables = self._compiled.program, self._compiled.code.storage, self._variables
        cells = {n: variables[storage["cell", n]] for n in p.cells}
        pools = {n: variables[storage["pool", n]] for n in p.pools}
        cells |= {n: c.get() for n, c in self._runtime.shared_cells.items()}
        pools = {n: q.items() if p.pools[n].shared else dict(q) for n, q in pools.items()}
        return cells, pools, variables["tally"], variables["started"], variables["finished"]

    def state(self) -> bytes:
        """The exact state: cells, pools, tally, counters, random generator; `load(state=...)` goes on from it."""
        p = self._compiled.program
        with self._use():
            cells, pools, tally, started, finished = self._values()
            random = list(self._runtime.rng.state())
        values = {
            "types": types_of(p), "output": canonical(p.output), "cells": cells, "pools": pools, "tally": tally,
            "started": started, "finished": finished, "random": random, "phase": self._state, "calls": self._calls,
        }  # fmt: skip
        return state_blob.dump(values, self._compiled.limits)

    def _restore(self, blob: bytes) -> None:
        """Take over a state; what does not match the document's types is named in `warnings`."""
        c, r, variables = self._compiled, self._runtime, self._variables
        make_room(c.limits.nesting)
        taken = take(state_blob.load(blob, c.limits), c.program)
        r.rng.restore(taken.random)
        self._notes += taken.notes
        variables["started"], variables["finished"], self._calls = taken.counts
        if taken.tally:
            [variables["tally"]] = taken.tally
        for n, value in taken.cells.items():
            if n in r.shared_cells:
                r.shared_cells[n].set(value)
            else:
                variables[c.code.storage["cell", n]] = value
        for n, items in taken.pools.items():
            if n in r.shared_pools:
                r.shared_pools[n].replace(items)
            else:
                variables[c.code.storage["pool", n]] = items
        self._set_state(taken.phase)

    # -- copies and the end --

    def clone(self, instance: int = 1) -> Engine:
        """Another engine of this document, at its beginning; code, model data and shared state are shared."""
        made = Engine(self._compiled, self._shared, instance)
        made.emit, made.log = self._emit, self._log
        return made

    def close(self) -> None:
        """Free what the engine holds; calls afterwards are PfaLifecycleErrors."""
        self._set_state("closed")
        self.action = self._closed

    def _closed(self, datum: Any) -> Any:
        raise PfaLifecycleError("this engine is closed")

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<pfa.Engine {self.name}: {self.method}, {self.input_type} to {self.output_type}>"


class _Use:
    """The engine's lock for a call other than action."""

    __slots__ = ("engine",)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __enter__(self) -> None:
        if self.engine._state == "closed":
            raise PfaLifecycleError("this engine is closed")
        if not self.engine._runtime.lock.acquire(False):
            raise busy()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.engine._runtime.lock.release()
        if isinstance(error, RecursionError | MemoryError):  # of a value that nests too deep or is too large
            raise self.engine._failed(error) from None


def _callable(name: str, callback: Any) -> Any:
    if callback is not None and not callable(callback):
        raise PfaLifecycleError(f"{name} takes a function or None, not an object of class {type(callback).__name__}")
    return callback
