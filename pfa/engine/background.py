"""`backend="auto"`: an engine that begins on python, and goes on with compiled code when that is there.

Place in the pipeline: beside `Engine`.  Another process makes the machine code (`pfa.targets.kernel.jobs`).  What is
left to do here is done a millisecond at a time between two actions, in the thread that calls them: asking for it,
reading it, writing constants and state into flat memory; then the next action is the compiled one.  So there is no
thread that would compete for the interpreter's lock or be in the way of a fork, and an engine that nobody uses costs
nothing.

Invariant: nothing here is held in a circle, so that an engine that is dropped is gone at once, and its job with it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import weakref
from dataclasses import replace
from functools import partial
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from pfa.engine import moving
from pfa.errors import PfaCompileError, PfaError
from pfa.lib.encode import json_encoder
from pfa.targets.python import PythonCode
from pfa.targets.python_entry import Moved

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from pfa.engine.instance import Engine
    from pfa.engine.runtime import Compiled, Runtime
    from pfa.limits import Limits

DELAY = 0.2  # seconds that an engine has been in use before it is compiled
SLICE = 0.001  # seconds that one action may take longer
LONGER, SELDOM = 0.002, 0.02  # the same where actions come so many seconds after one another
PAUSE = 0.002  # seconds between two such actions
TOKENS = 200  # of a document's text between two pauses
# What asking the worker takes, and what loading compiled code takes, in parts that take a millisecond or two.
ASKING = (
    "_socket", "select", "signal", "random", "shutil", "tempfile", "pfa.targets.kernel.cache",
    "pfa.targets.kernel.jobs",
)  # fmt: skip
LOADING = (
    "mmap", "_ctypes", "ctypes", "array", "pfa.targets.kernel.language", "pfa.targets.kernel.layout",
    "pfa.targets.kernel.parts", "pfa.memory.columns", "pfa.memory.state", "pfa.targets.kernel.wire",
    "pfa.targets.kernel.elf", "pfa.targets.kernel.emitted", "pfa.targets.kernel.gradual", "pfa.targets.kernel.draws",
    "pfa.targets.kernel.take", "pfa.targets.kernel.region", "pfa.targets.kernel.escaping",
    "pfa.targets.kernel.instance", "pfa.targets.kernel.host",
)  # fmt: skip


def allowed() -> bool:
    """May a worker process compile?"""
    return os.environ.get("PFA_WORKER") != "off"


class Progress:
    """How far the compiling of a document is: `made` is there in the end, or `why` says why there is nothing."""

    __slots__ = ("final", "job", "made", "stage", "why")

    def __init__(self) -> None:
        self.made: Compiled | None = None
        self.why = ""
        self.final = False  # compiling it in this process would not help
        self.stage = "not compiled yet"
        self.job: Any = None


class Background:
    """The compiling of one document, for all its engines; `again` does it in this process."""

    __slots__ = ("again", "compiled", "lock", "progress", "steps")

    def __init__(self, compiled: Compiled, again: Callable[[Compiled], Compiled]) -> None:
        self.compiled = compiled
        self.again = again
        self.progress = Progress()
        self.steps: Iterator[bool | None] | None = None
        self.lock = threading.Lock()
        if (known := sys.modules.get("pfa.targets.kernel.jobs")) is not None:
            known.DESK.tidy()

    def step(self, until: float) -> None:
        """Go on until there is something, or it is late."""
        p = self.progress
        if p.made is not None or p.why or not self.lock.acquire(False):  # another engine of it is at it
            return
        try:
            if self.steps is None:
                self.steps = steps(p, self.compiled)
            for waits in self.steps:
                if waits or monotonic() > until:
                    return
            self.steps = p.job = None
        except Exception as error:  # whatever it is, it is no fault of the action that happens to do this
            p.why, self.steps, p.job = f"not compiled: {_text(error)}", None, None
        finally:
            self.lock.release()

    def finish(self) -> None:
        """Wait for what there is in the end: from the worker where it is at it, else from this process."""
        with self.lock:
            job = self.progress.job
            working = job is not None and jobs().DESK.doing(job)
            if working:
                jobs().DESK.finish(job)
        if working:
            self.step(inf)
        with self.lock:
            if self.progress.made is None and not self.progress.final:
                self._compile(self.progress)

    def _compile(self, p: Progress) -> None:
        self.steps = p.job = None
        try:
            p.made, p.why = self.again(self.compiled), ""
        except PfaCompileError as error:
            p.why, p.final = str(error), True


def steps(p: Progress, c: Compiled) -> Generator[bool | None, None, None]:
    """Compile by a worker, in steps of less than a millisecond or two; True where there is nothing to do now."""
    if any(x.shared for x in (*c.program.cells.values(), *c.program.pools.values())):
        p.why, p.final = "not compiled: shared cells and pools live in Python", True
        return
    p.stage = "its compiling is being prepared"
    for name in ASKING:
        importlib.import_module(name)
        yield False
    pieces: list[str] = []
    for n, piece in enumerate(json.JSONEncoder().iterencode(without_values(c))):
        pieces.append(piece)
        if n % TOKENS == 0:
            yield False
    p.job = job = jobs().Job("document", "".join(pieces).encode(), c.limits)
    jobs().DESK.submit(job)
    p.stage = "a worker process is compiling it"
    for name in LOADING:
        jobs().DESK.pump()
        importlib.import_module(name)
        yield False
    while not job.outcome:
        yield True
        jobs().DESK.pump()
    if job.outcome == "done":
        p.stage = "compiled code is being loaded"
        yield from load(p, c, job.parts)
    else:
        p.why, p.final = job.why, job.outcome == "refused"


def load(p: Progress, c: Compiled, parts: list[bytes]) -> Generator[bool | None, None, None]:
    """Make code of a worker's answer."""
    host, elf, wire = (importlib.import_module(f"pfa.targets.kernel.{n}") for n in ("host", "elf", "wire"))
    python = c.code
    assert isinstance(python, PythonCode)
    emitted = yield from wire.decode(parts[1:])
    try:
        code = yield from elf.load(parts[0])
    except elf.Unloadable:
        code = importlib.import_module("pfa.targets.kernel.link").loaded(parts[0])
    kernel = host.KernelCode(
        emitted.text, emitted, code, c.program, c.limits, python.decode, python.encoder, partial(_assembled, c.limits)
    )
    yield from kernel.storing()
    p.made = replace(c, code=kernel)
    p.stage = "compiled code is there, and the state is being moved"


def without_values(c: Compiled) -> dict[str, Any]:
    """The document for the worker, which needs no values of cells, pools and tallies, but their types."""
    document = dict(c.document)
    for kind in {"cells", "pools"} & document.keys():
        specs = document[kind].items()
        document[kind] = {n: spec if n == "@" else {**spec, "source": "json", "init": ""} for n, spec in specs}
    if c.program.method == "fold":
        document["zero"] = json_encoder(c.program.output)(c.program.zero)
    return document


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, PfaError) else f"{type(error).__name__}: {error}"


def jobs() -> Any:
    return importlib.import_module("pfa.targets.kernel.jobs")


def _assembled(limits: Limits, text: str, entries: tuple[str, ...]) -> Any:
    """Further code of the program: loops over the rows of tables."""
    return importlib.import_module("pfa.targets.kernel.compile").assembled(limits, text, entries)


class Switch:
    """One engine on its way to compiled code; it is held by the engine and its runtime, and holds neither."""

    __slots__ = ("__weakref__", "background", "engine", "move", "next", "steps", "why")

    def __init__(self, engine: Engine, background: Background) -> None:
        self.engine = weakref.ref(engine)
        self.background = background
        self.next = 0.0  # when there is something to do
        self.why = ""  # it does not switch by itself
        self.move: moving.Move | None = None
        self.steps: Iterator[None] = iter(())

    def said(self) -> str:
        """Where it is on its way, in words."""
        return self.why or self.background.progress.why or self.background.progress.stage

    def between(self, old: Runtime) -> None:
        """Between two actions, under the engine's lock: do a little.  Raises Moved when the engine has switched."""
        now = monotonic()
        if now < self.next:
            return
        if self.next == 0.0:
            self.next = now + DELAY
            return
        if self.step(old, now + (LONGER if now > self.next + SELDOM else SLICE)) and old.moved is not None:
            raise Moved(old.moved)
        self.next = monotonic() + PAUSE

    def step(self, old: Runtime, until: float) -> bool:
        """Go on until it is late; True when the engine has switched, which leaves `old` behind."""
        self.background.step(until)
        made, why = self.background.progress.made, self.background.progress.why
        try:
            if made is not None and not (why := moving.too_large(old)) and self._filled(old, made, until):
                assert self.move is not None
                if self.move.cost <= moving.MOST:
                    self._end(old)
                    return True
                why = "its state changes too much between two actions to be moved then: wait() moves it"
        except Exception as error:
            why = f"not compiled: {_text(error)}"
        except BaseException:  # an interrupt: what is written of the state may be half of it
            self.move = None
            raise
        if why:
            self.stop(old, why)
        return False

    def finish(self, old: Runtime) -> None:
        """Compile if that is not done, and switch, however long it takes."""
        self.background.finish()
        made = self.background.progress.made
        if made is None:
            self.stop(old, self.background.progress.why)
        else:
            self.move = None
            try:
                self._filled(old, made, inf)
                self._end(old)
            except BaseException:
                self.move = None
                raise

    def stop(self, old: Runtime, why: str) -> None:
        """It stays on python, until somebody calls `wait`."""
        self.why, self.move = why, None
        old.between = None
        old.set_state(old.state)

    def _filled(self, old: Runtime, compiled: Compiled, until: float) -> bool:
        """Is the state in memory, but for what has changed lately?"""
        if self.move is None:
            self.move = moving.Move(old, compiled)
            self.steps = self.move.fill(weakref.ref(old))
        return all(monotonic() <= until for _ in self.steps)

    def _end(self, old: Runtime) -> None:
        assert self.move is not None
        move, engine = self.move, self.engine()
        mine = engine and engine._own_action(old)
        move.end(old, mine)
        if engine is not None:
            engine._switched(move.new.compiled, move.new, mine or move.action)
