"""`Engine`: one instance of a document, as people call it.

Place in the pipeline: the end of it; `pfa.engine.loading` makes engines, `pfa.engine.runtime` has what they consist
of, and the protocol of an action is in `pfa.targets.python_entry`: here is what is not on its hot path.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pfa.data.document import filled, json_or_file, strict_json
from pfa.data.takeover import take, types_of
from pfa.engine.background import Background, Switch, allowed
from pfa.engine.runtime import Compiled, Runtime
from pfa.errors import (
    PfaBusyError,
    PfaCompileError,
    PfaDataError,
    PfaLifecycleError,
    Problem,
)
from pfa.limits import make_room
from pfa.memory import state as state_blob
from pfa.targets.host import passing
from pfa.targets.python_entry import Moved, busy, variables
from pfa.types import Type, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from pfa.memory.shared import SharedState



_WORTH = 50_000  # rows for which an engine of backend "auto" is compiled


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
        self._switch: Switch | None = None  # of backend "auto", until it is compiled
        self._why = ""  # it is never compiled
        self._runtime = Runtime(compiled, shared, instance)
        self.action = self._runtime.take_action()

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
        return self._runtime.instance

    @property
    def warnings(self) -> list[Problem]:
        """What is doubtful or deprecated in the document, options that were overridden, what a state did not fit."""
        return [*self._compiled.warnings, *self._runtime.notes]

    @property
    def backend(self) -> str:
        """The backend that runs this engine; asking it is a call that may go on with compiled code."""
        self._go_on()
        return self._compiled.code.backend

    def explain(self) -> str:
        """How this engine runs, in words; for backend "auto" also what its worker is doing, or why there is none."""
        self._go_on()
        why = f"; {said}" if (said := self._switch.said() if self._switch else self._why) else ""
        return f"{self.name}: {self._compiled.code.explain()}{why}"

    def source(self, backend: str | None = None) -> str:
        """The generated code."""
        if backend not in (None, "auto", self.backend):
            raise PfaCompileError(f'this engine runs on {self.backend}: load it with backend="{backend}"')
        return self._compiled.code.source

    def wait(self) -> None:
        """Compile an engine of backend "auto", which goes on as it is; return when the compiled code is in use.

        Where the document has something that is not compiled, it stays on python, and `explain` says why.
        """
        if self._switch is None:
            return
        with self._use():
            if self._switch is not None:
                self._switch.finish(self._runtime)

    def _follow(self, background: Background) -> None:
        """Go on with compiled code when there is some."""
        self._switch = Switch(self, background)
        if allowed():
            self._runtime.between = self._switch.between
            self._runtime.set_state(self._runtime.state)

    def _own_action(self, runtime: Runtime) -> Callable[[Any], Any] | None:
        """The action of a runtime, unless somebody has put another function in its place."""
        prepare = variables(self.action).get("prepare")
        own = prepare is not None and getattr(prepare.cell_contents, "__self__", None) is runtime
        return self.action if own else None

    def _switched(self, compiled: Compiled, runtime: Runtime, action: Callable[[Any], Any]) -> None:
        self._compiled, self._runtime, self.action, self._switch = compiled, runtime, action, None

    @property
    def is_new(self) -> bool:
        """Has it not begun yet?"""
        return self._runtime.state == "new"

    # -- callbacks --

    @property
    def emit(self) -> Callable[[Any], object] | None:
        """Called with each output of a method emit engine while it runs; None: outputs are returned as a list."""
        return self._runtime.emit

    @emit.setter
    def emit(self, callback: Callable[[Any], object] | None) -> None:
        self._runtime.emit = _callable("emit", callback)
        self._runtime.variables["hook"] = callback and passing(callback)

    @property
    def log(self) -> Callable[..., object] | None:
        """Called with (message, namespace) of each log form; None: the logger "pfa" or "pfa.NAMESPACE"."""
        return self._runtime.log

    @log.setter
    def log(self, callback: Callable[..., object] | None) -> None:
        self._runtime.log = _callable("log", callback)

    # -- lifecycle --

    def begin(self) -> list[Any] | None:
        """Run the begin phase; the list of what it emitted when no callback is set."""
        with self._use():
            if self._runtime.state != "new":
                said = self._runtime.said()
                raise PfaLifecycleError(f"begin comes once, before the first action; this engine is {said}")
            return self._runtime.begin()

    def end(self) -> list[Any] | None:
        """Run the end phase (after begin, if that has not run); the list of what was emitted without a callback."""
        with self._use():
            early = self._runtime.begin() or [] if self._runtime.state == "new" else []
            if self._runtime.state != "running":
                raise PfaLifecycleError(f"no end now: this engine is {self._runtime.said()}")
            self._runtime.set_state("ended")
            if "end" not in self._runtime.functions:
                return early if self.method == "emit" and self._runtime.emit is None else None
            sent = self._runtime.phase("end", self._runtime.functions["end"], ())
            return None if sent is None else early + sent

    def run(self, data: Iterable[Any]) -> Iterator[Any]:
        """begin, an action for each datum, end; yields the outputs, for emit each one emitted."""
        emits = self.method == "emit"
        if self._runtime.state == "new":
            yield from self.begin() or ()
        for datum in data:
            out = self.action(datum)
            if not emits:
                yield out
            elif out is not None:
                yield from out
        yield from self.end() or ()

    def _use(self) -> _Use:
        return _Use(self)

    # -- tables --

    def score(
        self, table: Any, on_error: str = "raise", threads: int | None = None, merge: bool = False
    ) -> Any:
        """Run an action for each row of a table, in order; the outputs as the same kind of table (docs/data.md).

        A table is a dict of arrays, a NumPy array, a list, or a DataFrame, Series, Table, RecordBatch or array of
        pandas, polars or pyarrow.  Outputs that are records are a table, others one column (array, Series).
        Method emit adds a column `row`, the number of the row that was scored; with a callback set the callback gets
        what is emitted and the result is None.  Method fold gives the tally after each row.
        `on_error`: "raise" (the error's `row` is the row's number), "null" (the row is missing in the result), or
        "collect" (that, and the result is (table, errors), a list of (row, code, pointer, text)).
        `threads` is for backends that compile; python works in one.
        `merge=True` of method fold gives the tally after the last row alone.  Then compiled code may cut the rows into
        a part for each thread, folds each from `zero` (the first goes on with the tally) and merges them in order.
        Raises PfaDataError where a column is missing or has another type, before anything runs; else as `action`.
        """
        from pfa.engine.scoring import rows_of, score  # takes NumPy, which takes time to import

        if self._switch is not None and rows_of(table) >= _WORTH:
            self.wait()
        self._go_on()
        with self._use():
            return score(self._runtime, table, on_error, threads, merge)

    def _go_on(self) -> None:
        """What is done between two actions of backend "auto", unless the engine is in use."""
        if self._switch is None:
            return
        with suppress(PfaBusyError, PfaLifecycleError, Moved), self._use():
            if self._runtime.between is not None:
                self._runtime.between(self._runtime)

    # -- fold --

    @property
    def tally(self) -> Any:
        """The tally of a fold engine: `zero` before the first action."""
        self._fold("tally")
        with self._use():
            return self._runtime.tally()

    def _fold(self, what: str) -> None:
        if self.method != "fold":
            raise PfaLifecycleError(f'{what} is for engines of "method": "fold"')

    def merge(self, one: Any, two: Any) -> Any:
        """Combine two tallies by the document's `merge`; the result replaces this engine's tally."""
        self._fold("merge")
        with self._use():
            args = tuple(self._compiled.decode(self.output_type, x) for x in (one, two))
            made = self._runtime.guarded("merge", self._runtime.functions["merge"], args)
            self._runtime.variables["tally"] = made
            return self._runtime.encode(self.output_type, made)

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
            made = self._runtime.guarded("call", self._runtime.functions[f"u:{name}"], args)
            return self._runtime.encode(known.type.ret, made)

    # -- state --

    def snapshot(self, directory: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """A valid document with the current cells, pools and tally as their initial values.

        PfaDataError where JSON cannot hold a value (NaN, infinities, a map key "@").  With `directory`, a cell or pool
        with such a value goes to an Avro file there, which the document names: write it beside.  `state` holds
        everything.
        """
        c = self._compiled
        with self._use():
            cells, pools, tally, *_ = self._runtime.values()
            self._runtime.fund("call")
            charge = self._runtime.charge
            write = strict_json(charge) if directory is None else json_or_file(os.fspath(directory), charge)
            return filled(c.document, c.program, cells, pools, tally, write)

    def state(self) -> bytes:
        """The exact state: cells, pools, tally, counters, random generator; `load(state=...)` goes on from it."""
        return state_blob.dump(self._held(), self._compiled.limits)

    def _held(self) -> dict[str, Any]:
        """The values of the state, which later actions do not change."""
        p = self._compiled.program
        with self._use():
            cells, pools, tally, started, finished = self._runtime.values()
            random = list(self._runtime.random())
        return {
            "types": types_of(p), "output": canonical(p.output), "cells": cells, "pools": pools, "tally": tally,
            "started": started, "finished": finished, "random": random, "phase": self._runtime.state,
            "calls": self._runtime.calls,
        }  # fmt: skip

    def _restore(self, blob: bytes) -> None:
        """Take over a state; what does not match the document's types is named in `warnings`."""
        c, r, variables = self._compiled, self._runtime, self._runtime.variables
        make_room(c.limits.nesting)
        taken = take(state_blob.load(blob, c.limits), c.program)
        r.rng.restore(taken.random)
        self._runtime.notes += taken.notes
        variables["started"], variables["finished"], self._runtime.calls = taken.counts
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
        self._runtime.set_state(taken.phase)

    # -- copies and the end --

    def clone(self, instance: int = 1) -> Engine:
        """Another engine of this document, at its beginning; code, model data and shared state are shared."""
        made = Engine(self._compiled, self._shared, instance)
        made._why = self._why
        if self._switch is not None:
            made._follow(self._switch.background)
        made.emit, made.log = self._runtime.emit, self._runtime.log
        return made

    def close(self) -> None:
        """Free what the engine holds; calls afterwards are PfaLifecycleErrors."""
        self._runtime.between = self._switch = None
        self._runtime.set_state("closed")
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

    __slots__ = ("engine", "runtime")

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __enter__(self) -> None:
        while True:
            self.runtime = runtime = self.engine._runtime
            if runtime.state == "closed":
                raise PfaLifecycleError("this engine is closed")
            if not runtime.lock.acquire(False):
                raise busy()
            if runtime is self.engine._runtime:  # else another thread has let it go on compiled in between
                return
            runtime.lock.release()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.runtime.lock.release()
        if isinstance(error, RecursionError | MemoryError):  # of a value that nests too deep or is too large
            raise self.runtime.failed(error) from None


def _callable(name: str, callback: Any) -> Any:
    if callback is not None and not callable(callback):
        raise PfaLifecycleError(f"{name} takes a function or None, not an object of class {type(callback).__name__}")
    return callback
