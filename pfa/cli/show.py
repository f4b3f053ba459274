"""`pfa show`: what a document is, and what becomes of it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pfa
from pfa.check.document import check
from pfa.cli import irtext
from pfa.data.resources import Resources, folder_of
from pfa.limits import Limits
from pfa.passes import BLOCK_PASSES, KERNEL_PASSES, compile_program
from pfa.read import load
from pfa.types import Array, Enum, Fixed, Function, Map, Record, Type, Union, canonical

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pfa.ir import FunctionDef, Lowered, Program
    from pfa.targets.kernel.coverage import Covered

CHECK = "check"


def show(args: argparse.Namespace) -> int:
    """Show a document's types, cells and functions; or its intermediate code; or the generated source.

    Or, with --coverage, which functions of the library are native on which backend.
    """
    if args.coverage:
        kernel = importlib.import_module("pfa.targets.kernel.coverage")  # which nobody else here needs
        print("\n".join(coverage_table(kernel.coverage())))
        return 0
    if args.model is None:
        print("pfa show: which document? (--coverage needs none)", file=sys.stderr)
        return 2
    with pfa.load(args.model, backend=args.backend) as engine:
        if args.source:
            print(engine.source())
            return 0
        if not args.passes and not args.after:
            document = load(args.model, limits=Limits()).value
            print("\n".join(overview(document, checked(args.model), engine)))
            return 0
    stages = dict(codes(args.model, args.backend))
    if args.passes:
        print(*stages, sep="\n")
    elif args.after in stages:
        print(stages[args.after])
    else:
        print(f"there is no pass {args.after}; there are {', '.join(stages)}", file=sys.stderr)
        return 2
    return 0


HOW = {
    "native": "native", "escape": "escape", "partly": "native, but for",
    "constant": "native if the pattern is constant",
}  # fmt: skip


def coverage_table(found: list[Covered]) -> Iterator[str]:
    """A line a signature, by namespace, with totals; python runs them all."""
    spaces: dict[str, list[Covered]] = {}
    for c in found:
        spaces.setdefault(c.function.rpartition(".")[0] or "(operators)", []).append(c)
    for space, some in spaces.items():
        yield f"{space}: {sum(c.how != 'escape' for c in some)} of {len(some)} signatures native on numba"
        for c in some:
            missing = f" {', '.join(c.missing)}" if c.how == "partly" else ""
            yield f"  {c.function}{c.signature}: python yes, numba {HOW[c.how]}{missing}"
    native = sum(c.how != "escape" for c in found)
    names = {c.function for c in found}
    whole = names - {c.function for c in found if c.how in ("escape", "partly")}
    yield f"all: {native} of {len(found)} signatures, {len(whole)} of {len(names)} functions in all their signatures"


def checked(path: Path) -> Program:
    """The typed program of a document that has been loaded once, so that it has no problems."""
    limits = Limits()
    sources = Resources(None, folder_of(path), limits)
    program = check(load(path, limits=limits).value, limits, read_source=sources.read).program
    assert program is not None
    return program


def codes(path: Path, backend: str) -> Iterator[tuple[str, str]]:
    """The code after each stage: what the checker made, then what each pass of the backend made of it."""
    program = checked(path)
    yield CHECK, irtext.typed(program)
    seen: list[tuple[str, Lowered]] = []
    layout, passes = None, BLOCK_PASSES
    if backend == "numba":
        layout, passes = importlib.import_module("pfa.targets.kernel.layout").FLAT, KERNEL_PASSES
    compile_program(program, lambda name, lowered: seen.append((name, lowered)), layout, passes=passes)
    for name, lowered in seen:
        yield name, irtext.lowered(lowered)


def overview(document: dict[str, Any], program: Program, engine: pfa.Engine) -> Iterator[str]:
    """A line a fact."""
    version = f", version {program.version}" if program.version is not None else ""
    yield f"name: {engine.name}{version}"
    if program.doc:
        yield f"doc: {program.doc}"
    yield from (f"{key}: {value}" for key, value in program.metadata.items())
    yield f"method: {program.method}"
    yield f"input: {program.input}"
    yield f"output: {program.output}"
    yield f"backend: {engine.backend}"
    for kind in ("cells", "pools"):
        storage = getattr(program, kind)
        yield from section(kind, (f"{c.name}: {c.type}{size(c.init)}{flags(c)}" for c in storage.values()))
    functions = ((name, f, document["fcns"][name]["params"]) for name, f in program.functions.items())
    yield from section("functions", (signature(*function) for function in functions))
    yield from section("types", (canonical(t) for t in named(program)))
    yield from section("warnings", map(str, engine.warnings))


def section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"{title}:"
        yield from (f"  {line}" for line in found)


def size(value: Any) -> str:
    return f", {len(value)} items" if isinstance(value, list | dict) else ""


def flags(cell: Any) -> str:
    on = [name for name in ("shared", "rollback") if getattr(cell, name)]
    on += [f"from {cell.source}"] if cell.source != "embedded" else []
    return "".join(f", {word}" for word in on)


def signature(name: str, function: FunctionDef, params: list[dict[str, Any]]) -> str:
    """With the names of the document: in the program, symbols have names of their own."""
    names = [key for param in params for key in param if key != "@"]
    pairs = zip(names, function.type.params, strict=True)
    return f"u.{name}({', '.join(f'{p}: {t}' for p, t in pairs)}) -> {function.type.ret}"


def named(program: Program) -> list[Type]:
    """The named types that the interface, the state and the functions use, in the order of their use."""
    found: dict[str, Type] = {}
    storage = [*program.cells.values(), *program.pools.values()]
    for t in (program.input, program.output, *(c.type for c in storage)):
        _collect(t, found)
    for function in program.functions.values():
        _collect(function.type, found)
    return list(found.values())


def _collect(t: Type, found: dict[str, Type]) -> None:
    match t:
        case Record() | Enum() | Fixed():
            if t.name not in found:
                found[t.name] = t
                for f in t.fields if isinstance(t, Record) else ():
                    _collect(f.type, found)
        case Array(inside) | Map(inside):
            _collect(inside, found)
        case Union(branches):
            for b in branches:
                _collect(b, found)
        case Function(params, ret):
            for b in (*params, ret):
                _collect(b, found)
        case _:
            pass
