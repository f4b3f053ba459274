"""The public face: `load`, `loads`, `check`; and engines as pickles, which are loaded again.

Place in the pipeline: all of it in order: read, check, compile, and an `Engine` of the result.
"""

from __future__ import annotations

import copyreg
import importlib
import itertools
import logging
import os
from dataclasses import replace
from functools import lru_cache
from importlib import util
from typing import IO, TYPE_CHECKING, Any

from pfa.check.document import TIMEOUTS, Checked, in_order
from pfa.check.document import check as check_document
from pfa.check.problems import CannotFill, WrongJson, show
from pfa.data.document import code_of, first_values, portable
from pfa.data.resources import Resources, folder_of
from pfa.data.values import Decoders, output_encoder
from pfa.engine.background import Background
from pfa.engine.instance import Engine
from pfa.engine.runtime import Code, Compiled
from pfa.errors import (
    PfaCompileError,
    PfaError,
    PfaInitError,
    PfaLifecycleError,
    PfaLimitError,
    PfaSyntaxError,
    PfaTypeError,
    Problem,
)
from pfa.ir import FunctionDef, Program, null
from pfa.limits import Limits, make_room
from pfa.memory import state as state_blob
from pfa.memory.shared import SharedState
from pfa.passes import compile_program
from pfa.read import Document, Source
from pfa.read import load as read_path
from pfa.read import read as read_value
from pfa.read.collector import paused
from pfa.targets.python import compile_python
from pfa.targets.vector import vectorized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pfa.data.resources import Resource
    from pfa.types import Type

BACKENDS = ("auto", "python", "numba")
_KEPT_TEXT = 1 << 18  # characters of a document that are kept so that run-time errors show lines
_LIMITS = Limits()
_NOTHING_SHARED = SharedState()
_names = itertools.count(1)


def load(
    path_or_file: str | os.PathLike[str] | IO[Any],
    *,
    backend: str = "auto",
    options: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    resources: Iterable[Resource] | None = None,
    shared: SharedState | None = None,
    instance: int = 0,
    state: bytes | None = None,
    unions: str = "natural",
    escape: bool = True,
    syntax: str = "",
) -> Engine:
    """Load a document from a path or an open file: .pfa .json .pfaz .yaml .yml.

    `backend`: "auto" (python, and compiled code when a worker process has made it), "python" or "numba"; with the
    latter `escape=False` refuses what cannot run natively.
    `options` override the document's.  `limits` bound reading and running.
    `resources`: what cells and pools with a "source" may be filled from, folders and functions from a URL to bytes or
    an open binary file; default: the folder that the document is in.
    `shared`: where cells and pools declared shared live.  `state`: go on from an earlier engine's `state()`.
    `unions`: "natural" (plain values out) or "tagged" (Avro's JSON encoding).
    Raises PfaSyntaxError, PfaTypeError, PfaInitError, PfaLimitError, PfaCompileError.
    """
    bounds = limits or _LIMITS
    with paused():
        document = read_path(path_or_file, limits=bounds, syntax=syntax)
        sources = Resources(resources, folder_of(path_or_file), bounds)
        return _engine(document, (backend, escape), options, bounds, shared, instance, state, unions, sources)


def loads(
    document: str | bytes | Mapping[str, Any] | list[Any],
    *,
    backend: str = "auto",
    options: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    resources: Iterable[Resource] | None = None,
    shared: SharedState | None = None,
    instance: int = 0,
    state: bytes | None = None,
    unions: str = "natural",
    escape: bool = True,
    syntax: str = "",
) -> Engine:
    """Load a document from text (JSON or YAML), bytes or a dict; keywords as for `load`, but no file is opened unless
    `resources` has its folder.
    """
    bounds = limits or _LIMITS
    with paused():
        read = read_value(document, limits=bounds, syntax=syntax)
        sources = Resources(resources, None, bounds) if resources is not None else None
        return _engine(read, (backend, escape), options, bounds, shared, instance, state, unions, sources)


def check(
    document: str | bytes | Mapping[str, Any] | list[Any] | os.PathLike[str] | IO[Any],
    *,
    limits: Limits | None = None,
    strict: bool = False,
    syntax: str = "",
    resources: Iterable[Resource] | None = None,
) -> list[Problem]:
    """All problems of a document, in document order; empty when it is valid.  `strict` adds warnings.

    Files that its cells and pools name are read as `load` and `loads` do it: `resources` are theirs.
    """
    bounds = limits or _LIMITS
    sources = Resources(resources, None, bounds) if resources is not None else None
    try:
        if isinstance(document, os.PathLike) or hasattr(document, "read"):
            read = read_path(document, limits=bounds, syntax=syntax)  # type: ignore[arg-type]
            sources = Resources(resources, folder_of(document), bounds)
        else:
            read = read_value(document, limits=bounds, syntax=syntax)
        checked = _checked(read, bounds, sources)
    except PfaError as error:
        return list(error.problems)
    warnings = [*read.warnings, *checked.warnings] if strict else []
    return _placed(in_order(read.value, [*checked.problems, *warnings]), read.source)


def _checked(read: Document, limits: Limits, sources: Resources | _Kept | None) -> Checked:
    """The check of a document, with what its cells and pools are filled from."""
    make_room(read.nesting)
    reader = sources.read if sources else None
    try:
        found = check_document(
            read.value, limits, owned=read.owned, again=_rereader(read, limits), read_source=reader
        )
    except PfaLimitError as error:
        error.problems = tuple(_placed(list(error.problems), read.source))
        raise
    return replace(found, warnings=[*found.warnings, *sources.warnings]) if sources else found


def _rereader(read: Document, limits: Limits) -> Callable[[], Any]:
    """The document's values once more: a check that fails has changed some of them (not of a caller's dict)."""
    text, syntax, given = read.source.text, read.source.syntax, read.source.value
    return lambda: read_value(text, limits=limits, syntax=syntax).value if text else given


def _placed(problems: list[Problem], source: Source) -> list[Problem]:
    """Problems with line and column."""
    return [p if p.at.line else p.moved(source.where(p.at.pointer, p.at.key)) for p in problems]


def _engine(
    read: Document,
    target: tuple[str, bool],
    options: Mapping[str, Any] | None,
    limits: Limits,
    shared: SharedState | None,
    instance: int,
    state: bytes | None,
    unions: str,
    sources: Resources | _Kept | None,
) -> Engine:
    backend, _ = target
    if backend not in BACKENDS:
        raise PfaCompileError(f"there is no backend {backend!r}; there are {', '.join(BACKENDS)}")
    if unions not in ("natural", "tagged"):
        raise PfaLifecycleError(f'unions is "natural" or "tagged", not {unions!r}')
    checked = _checked(read, limits, sources)
    if checked.program is None:
        raise _refusal(_placed(checked.problems, read.source))
    compiled = _compile(read, checked.program, checked.warnings, options, limits, unions, target)
    engine = Engine(compiled, shared or _own_state(checked.program), instance)
    if backend == "auto":
        if find_spec("llvmlite"):
            engine._follow(Background(compiled, _again))
        else:
            engine._why = "not compiled: llvmlite is not installed"
    if state is not None:
        engine._restore(state)
    return engine


def _own_state(program: Program) -> SharedState:
    """What an engine shares with its clones; where it shares nothing, that is nothing of anyone's."""
    stores = (*program.cells.values(), *program.pools.values())
    return SharedState() if any(x.shared for x in stores) else _NOTHING_SHARED


def _again(c: Compiled) -> Compiled:
    """The same document on the compiled backend, if all of it is native."""
    read = read_value(portable(c.document, c.program), limits=c.limits)
    checked = _checked(read, c.limits, _Kept(first_values(c.program)))
    assert checked.program is not None
    return replace(c, code=_code(checked.program, c.limits, c.unions, "numba", False))


@lru_cache(maxsize=8)
def find_spec(name: str) -> bool:
    """Is a package installed?"""
    return util.find_spec(name) is not None


def _refusal(problems: list[Problem]) -> PfaError:
    """One exception with all problems: a type error if any is one."""
    if all(p.stage == "syntax" for p in problems):
        return PfaSyntaxError(*problems)
    if all(p.stage == "init" for p in problems):
        return PfaInitError(*problems)
    return PfaTypeError(*problems)


def _compile(
    read: Document,
    program: Program,
    warnings: list[Problem],
    options: Mapping[str, Any] | None,
    limits: Limits,
    unions: str,
    target: tuple[str, bool],
) -> Compiled:
    code = _code(program, limits, unions, *target)
    found = _placed([*read.warnings, *warnings], read.source)
    merged = dict(program.options)
    for key, value in (options or {}).items():
        if key in TIMEOUTS and type(value) is not int:
            raise PfaTypeError(WrongJson(f"the option {show(key)}", "an integer, the milliseconds", show(value)))
        if key in merged and merged[key] != value:
            found.append(CannotFill(f"option {key} of the document is overridden"))
            logging.getLogger("pfa").info("option %s of the document is overridden", key)
        merged[key] = value
    document = code_of(read.value, read.owned)
    if not read.source.text:
        read.source.value = document  # what the caller gave is the caller's to change
    if len(read.source.text) > _KEPT_TEXT:
        read.source.forget()
    name = program.name or f"Engine_{next(_names)}"
    return Compiled(
        _kept(program), code, document, read.source, limits, unions, found,
        options=merged, name=name,
    )  # fmt: skip


def _code(program: Program, limits: Limits, unions: str, backend: str, escape: bool) -> Code:
    """The program for a backend; "auto" begins on python."""
    decode = Decoders(limits.quote_values).datum(program.input)
    encoder = output_encoder(program.output, unions == "tagged")
    if backend == "numba":
        kernel = importlib.import_module("pfa.targets.kernel.compile")  # llvmlite is imported where it is asked for
        made: Code = kernel.compile_kernel(program, decode, encoder, limits, escape)
        return made
    lowered = compile_program(program, lazily=True)
    if any(r.recursive for r in lowered.routines.values()):
        make_room(limits.recursion)
    make_room(len(lowered.routines) + (program.defined or 0), frames=4)
    vector = vectorized(lowered)
    python = compile_python(lowered, decode, encoder, limits.recursion)
    python.vector = vector
    return python


def _kept(program: Program) -> Program:
    """What an engine still needs of its program: types and initial values, no expressions."""
    p = program
    functions = {n: FunctionDef(f.params, f.type, null()) for n, f in p.functions.items()}
    return Program(
        p.name, p.method, p.input, p.output, null(), None, None, None, functions, p.cells, p.pools, p.recursive,
        p.zero, p.randseed, p.version, p.metadata, p.options, p.doc,
    )  # fmt: skip


def _pickled(engine: Engine) -> tuple[Any, ...]:
    """Engines pickle: the document, options, model data and state; callbacks and shared state stay behind."""
    c = engine._compiled
    if any(x.shared for x in (*c.program.cells.values(), *c.program.pools.values())):
        raise TypeError("an engine with shared cells or pools cannot be pickled; load it where it is needed")
    keywords = {
        "limits": c.limits, "unions": c.unions, "instance": engine.instance, "options": c.options,
        "backend": "auto" if c.code.backend == "python" else c.code.backend,
    }  # fmt: skip
    data = state_blob.dump(first_values(c.program), _unbounded(c.limits))
    return _unpickle, (portable(c.document, c.program), keywords, c.name, engine.state(), data)


def _unpickle(document: dict[str, Any], keywords: dict[str, Any], name: str, blob: bytes, data: bytes) -> Engine:
    limits, options, unions = (keywords[k] for k in ("limits", "options", "unions"))
    read = read_value(document, limits=limits)
    kept = _Kept(state_blob.load(data, _unbounded(limits)))
    engine = _engine(read, (keywords["backend"], True), options, limits, None, keywords["instance"], None, unions, kept)
    engine._compiled.name = engine._runtime.variables["name"] = name
    engine._restore(blob)
    return engine


class _Kept:
    """The model data of a pickle: what is read has been a cell's value already."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.warnings: list[Problem] = []

    def read(self, source: str, location: str, type: Type) -> Any:
        return self.values[location]


def _unbounded(limits: Limits) -> Limits:
    """Model data was loaded within the limits; that it has so many values, and takes so long to write, is known."""
    return replace(limits, nodes=None, time=None)


copyreg.pickle(Engine, _pickled)
