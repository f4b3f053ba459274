"""The python target: a lowered program as Python functions over one dict of globals an engine.

`run` (the action's code) is printed and compiled when a document is loaded, every other function when it is first
called: until then a stub stands for it.  Each engine has a dict of its own, `space`, that holds what its functions read
and write: constants, library bodies, cells, pools, the tally and counters; so reading a cell is reading a global.
What is around `run` (lock, lifecycle, datum in, errors) is in `pfa.targets.python_entry`.

The text has no part of the document in it and is shown by tracebacks: the code's globals have a loader that gives
the source, so nothing is registered anywhere and dropping the engine drops it.
"""

from __future__ import annotations

import itertools
import linecache
import threading
from collections.abc import Callable
from functools import lru_cache
from types import CellType, CodeType, FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeAlias

from pfa.errors import NOWHERE, PfaRuntimeError, PfaUserError
from pfa.lib.table import lookup
from pfa.passes.lower import PHASES
from pfa.targets.meter import CHUNK
from pfa.targets.python_entry import entry, entry_of_double, entry_that_emits
from pfa.targets.python_module import implementation_name
from pfa.targets.python_ops import NAMES
from pfa.targets.python_places import column, nearer
from pfa.targets.python_routines import ProgramPrinter
from pfa.types import DOUBLE, MISSING

if TYPE_CHECKING:
    from types import TracebackType

    from pfa.errors import Where
    from pfa.ir import Lowered
    from pfa.targets.vector import Vector

_Place: TypeAlias = tuple[CodeType, int, str]  # an instruction, and the function that failed there
Encoder = Callable[[Callable[[int], None] | None], Callable[[Any], Any]]


def overflow(message: str, code: int, name: str) -> NoReturn:
    raise PfaRuntimeError(message, code, name)


_FORM = {2000: "attr", 2002: "attr", 2004: "cell", 2006: "cell", 2008: "pool", 2010: "pool"}


def no_index(code: int) -> NoReturn:
    raise PfaRuntimeError("array index not found", code, _FORM[code])


def no_key(code: int) -> NoReturn:
    raise PfaRuntimeError("map key not found", code, _FORM[code - 1])


def user_error(message: str, code: int) -> NoReturn:
    raise PfaUserError(message, code, "error")


def put_item(array: list[Any], index: int, value: Any) -> list[Any]:
    copy = array.copy()
    copy[index] = value
    return copy


def pool_item(pool: Any, key: str) -> Any:
    try:
        return pool.get(key)
    except KeyError:
        no_key(2009)


_GLOBALS: dict[str, Any] = {
    **NAMES,
    "overflow": overflow, "no_index": no_index, "no_key": no_key, "user_error": user_error, "put_item": put_item,
    "pool_item": pool_item, "MISSING": MISSING, "RuntimeFailure": PfaRuntimeError,
    "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes, "list": list, "dict": dict,
    "tuple": tuple, "globals": globals, "__builtins__": {},
}  # fmt: skip
FOUND = 1000  # places of errors that are kept
_files = itertools.count(1)


class Variables:
    """What an engine's functions read and write.

    Functions hold the dict that holds them, so it is emptied when the engine is gone: no circle is left.
    """

    __slots__ = ("ready", "space")

    def __init__(self, space: dict[str, Any], ready: CellType) -> None:
        self.space = space
        self.ready = ready

    @property
    def encode(self) -> Callable[[Any], Any] | None:
        """What outputs go out through, if anything."""
        return self.space.get("encode")

    @encode.setter
    def encode(self, encode: Callable[[Any], Any]) -> None:
        self.space["encode"] = encode

    def __getitem__(self, name: str) -> Any:
        return self.space[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "ready":  # a variable of `action`
            self.ready.cell_contents = value
        else:
            self.space[name] = value

    def __del__(self) -> None:
        space = self.space
        name, loader = space["__name__"], space["__loader__"]
        space.clear()
        space["__name__"], space["__loader__"] = name, loader  # for tracebacks


class Chunk:
    """A piece of the text as code, the globals and pieces that it needs, and the functions that it alone names."""

    __slots__ = ("code", "globals", "inner", "needs")

    def __init__(
        self, code: CodeType, space: dict[str, Any], needs: tuple[str, ...], inner: list[tuple[str, int]]
    ) -> None:
        self.code = code
        self.globals = space
        self.needs = needs
        self.inner = inner


class PythonCode:
    """A compiled program: its text so far, where each line comes from, and what is not printed yet.

    `storage` names the variable of each cell and pool; `vector` is the action on columns, of a document that is simple
    enough.
    """

    backend: ClassVar[str] = "python"
    chunk: ClassVar[int] = CHUNK

    def __init__(
        self, lowered: Lowered, decode: Callable[[Any], Any], encoder: Encoder | None, recursion: int
    ) -> None:
        self.printer = printer = ProgramPrinter(lowered, encoder is not None, recursion)
        self.storage = printer.module.storage
        self.decode = decode
        self.encoder = encoder
        self.entry = _entry(lowered)
        self.entries = [n for n in printer.names if n != "action" and (":" in n or n in PHASES)]
        self.filename = f"pfa-{next(_files)}.py"
        self.vector: Vector | None = None
        self.loader = _Source(printer.module.lines)
        self.chunks: dict[str, Chunk] = {}
        self.found: dict[_Place, Where | None] = {}
        self.lock = threading.Lock()
        self._chunk("run")

    @property
    def source(self) -> str:
        """The whole text: functions that have been called in the order of that, then all others."""
        with self.lock:
            todo = list(self.printer.names.values())
            for name in todo:
                todo += [n for n, _ in self._chunk(name).inner]
            return "\n".join(self.printer.module.lines) + "\n"

    def __del__(self, forget: Callable[..., Any] = linecache.cache.pop) -> None:
        forget(self.filename, None)

    def explain(self) -> str:
        return "every function runs on the python backend"

    # -- the engine's functions --

    def make(self, given: dict[str, Any], protocol: dict[str, Any]) -> tuple[dict[str, Any], Variables]:
        """An engine's functions by name, and its variables."""
        space = {**_GLOBALS, **given}
        space["__name__"] = self.filename
        space["__loader__"] = self.loader
        space["wake"] = self.wake
        _put_stubs(space, self.printer.first)
        if self.encoder is not None:
            if self.printer.encode_charges:
                self._install(space, "charge")
            space["encode"] = self.encoder(space.get("charge"))
        self._install(space, "run")
        action = self.entry(space["run"], self.decode, **protocol)
        ready = (action.__closure__ or ())[action.__code__.co_freevars.index("ready")]
        functions = {n: space[self.printer.names[n]] for n in self.entries}
        return {**functions, "run": space["run"], "action": action}, Variables(space, ready)

    def wake(self, space: dict[str, Any], name: str) -> None:
        """Put the function in the place of its stub: what holds the stub has the function from now on."""
        stub = space[name]
        self._install(space, name)
        stub.__code__ = space[name].__code__
        space[name] = stub

    def _install(self, space: dict[str, Any], name: str) -> None:
        chunk = self.chunks.get(name)
        if chunk is None:
            with self.lock:
                chunk = self._chunk(name)
        for need in chunk.needs:
            if need not in space:
                self._install(space, need)
        space.update(chunk.globals)
        _put_stubs(space, chunk.inner)
        exec(chunk.code, space)  # our own text, see the invariant of `python_print`

    def _chunk(self, name: str) -> Chunk:
        """Print and compile a function, once; for whoever holds the lock."""
        if (known := self.chunks.get(name)) is not None:
            return known
        module = self.printer.module
        start = len(module.lines)
        outer = module.lines, module.places
        try:
            self.printer.print(name)
        except BaseException:  # the stack may end here, and a later call begins anew
            module.divert(outer)
            del module.lines[start:], module.places[start:]
            raise
        text = "\n".join(module.lines[start:]) + "\n"
        code = _compiled(text) if len(text) < _SHORT else _compiled.__wrapped__(text)
        needs = tuple([n for n in ("charge", "emit") if n in module.uses and n != name])
        inner = self.printer.found()
        made = self.chunks[name] = Chunk(_placed(code, self.filename, start), module.globals, needs, inner)
        linecache.cache.pop(self.filename, None)  # what tracebacks have seen of the text ends before this
        return made

    # -- errors --

    def locate(self, error: PfaRuntimeError, find: Callable[[str], Where], document: dict[str, Any]) -> None:
        """Say where in the document an error was raised: at the innermost generated line that has a place."""
        if error.at is not NOWHERE and error.at != NOWHERE:
            return
        traceback, generated = error.__traceback__, []
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.filename:
                generated.append(traceback)
            traceback = traceback.tb_next
        for line in reversed(generated):
            key = line.tb_frame.f_code, line.tb_lasti, error.function
            if key not in self.found:
                if len(self.found) >= FOUND:
                    self.found.clear()
                self.found[key] = self._where(line, error.function, find, document)
            if (found := self.found[key]) is not None:
                error.at = found
                return

    def _where(
        self, line: TracebackType, function: str, find: Callable[[str], Where], document: dict[str, Any]
    ) -> Where | None:
        """The place of a generated line, or inside of it that of the call of a library function."""
        module = self.printer.module
        pointer = module.places[line.tb_lineno - 1]
        if not pointer:
            return None
        if (fn := lookup(function)) is not None:
            text = module.lines[line.tb_lineno - 1]
            pointer = nearer(document, pointer, fn.name, text, implementation_name(fn), column(line))
        return find(pointer)


class _Source:
    """The loader that tracebacks ask for the text: the lines that are printed by then."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def get_source(self, name: str) -> str:
        return "\n".join(self.lines) + "\n"


def _entry(lowered: Lowered) -> Callable[..., Any]:
    """What goes around `run`."""
    if lowered.program.method == "emit":
        return entry_that_emits
    return entry_of_double if lowered.program.input == DOUBLE else entry


_SHORT = 1 << 14  # characters of a text that may be kept


@lru_cache(maxsize=256)
def _compiled(text: str) -> CodeType:
    """The text as code; functions that differ in names, constants and types only often have one text."""
    return compile(text, "pfa", "exec", dont_inherit=True)


def _placed(code: CodeType, filename: str, lines: int) -> CodeType:
    """The code as that of a text which has so many lines above it."""
    inside = tuple([_placed(c, filename, lines) if c.__class__ is CodeType else c for c in code.co_consts])
    return code.replace(co_filename=filename, co_firstlineno=code.co_firstlineno + lines, co_consts=inside)


@lru_cache(maxsize=64)
def _any_stub(arity: int) -> CodeType:
    """The code of a stub, which calls its successor by the name that it has itself: `_stub` writes it in."""
    params = ", ".join(f"x{i}" for i in range(arity))
    text = f"def stub({params}):\n    wake(globals(), 'stub')\n    return stub({params})\n"
    [made] = [c for c in compile(text, "pfa", "exec", dont_inherit=True).co_consts if c.__class__ is CodeType]
    return made


@lru_cache(maxsize=256)
def _stub(name: str, arity: int) -> CodeType:
    """The code of a function that is printed and compiled when it is called.

    Its call of the function takes no stack of C: many functions may be called for the first time inside one another.
    """
    code = _any_stub(arity)
    return code.replace(
        co_name=name, co_qualname=name,
        co_names=tuple([name if n == "stub" else n for n in code.co_names]),
        co_consts=tuple([name if c == "stub" else c for c in code.co_consts]),
    )  # fmt: skip


def _put_stubs(space: dict[str, Any], functions: list[tuple[str, int]]) -> None:
    for name, arity in functions:
        space[name] = FunctionType(_stub(name, arity), space, name)


def compile_python(
    lowered: Lowered, decode: Callable[[Any], Any], encoder: Encoder | None, recursion: int
) -> PythonCode:
    """Python for a program.

    `decode` checks and converts a datum, `encoder` makes what converts an output of what counts (None: it is as it is).
    """
    return PythonCode(lowered, decode, encoder, recursion)
