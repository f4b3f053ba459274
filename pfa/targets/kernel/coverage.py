"""Which functions of the library are native on compiled backends: the table that `pfa show --coverage` prints.

Each signature is tried with typical types in place of its wildcards, by the rules by which calls find their kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING

from pfa.lib.signature import AnyEnum, AnyFixed, AnyRecord, ArrayOf, FunctionOf, MapOf, Ref, UnionOf, Var
from pfa.lib.table import everything
from pfa.targets.kernel import calls, kernels, prepared
from pfa.types import DOUBLE, INT, STRING, Array, Enum, Field, Fixed, Function, Map, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.lib.define import Fn
    from pfa.lib.signature import Bound, Pattern, Signature

FREE = (INT, DOUBLE, STRING, Array(DOUBLE))  # in place of a wildcard that may be anything
MOST = 64  # choices of types that are tried a signature


@dataclass(frozen=True, slots=True)
class Covered:
    """How a signature runs: native, constant (native where a pattern is a constant), escape, or partly."""

    function: str
    signature: Signature
    how: str
    missing: tuple[str, ...] = ()  # types that go through the escape, where others do not


def coverage() -> list[Covered]:
    """All signatures of the library."""
    return [covered(fn, s) for fn in everything().values() for s in fn.signatures]


def covered(fn: Fn, signature: Signature) -> Covered:
    found: dict[str, str] = {}
    for bound in bindings(signature):
        found.setdefault(f"({', '.join(map(str, bound.params))})", status(fn, bound))
    kinds = set(found.values())
    if not kinds:
        return Covered(fn.name, signature, "escape", ("no typical types",))
    if len(kinds) == 1:
        return Covered(fn.name, signature, kinds.pop())
    missing = tuple(t for t, how in found.items() if how == "escape")
    return Covered(fn.name, signature, "partly" if missing else "constant", missing)


def status(fn: Fn, bound: Bound) -> str:
    """How a call with these types runs: native, constant or escape."""
    if fn.lazy or calls.stands_in_text(fn, bound):  # lazy ones are branches
        return "native"
    how = "escape"
    for name in calls.candidates(fn, bound):
        kernel = kernels.library().get(name)
        if kernel is not None and calls.fits(kernel, bound):
            asked = [m[1] for p, _ in kernel.params if (m := prepared.NAMES.match(p))]
            if not any(a != "zone" for a in asked):
                return "native"
            how = "constant"
    return how


def why(fn: Fn, bound: Bound) -> str:
    """Why a call goes through the escape."""
    call = f"{fn.name}({', '.join(map(str, bound.params))})"
    if status(fn, bound) == "constant":
        return f"{call} is native only for patterns that are constant, not too large and without back references"
    return f"there is no native code for {call}"


def bindings(signature: Signature) -> Iterator[Bound]:
    """The signature with typical types."""
    free = wildcards(signature)
    for chosen in islice(product(*free.values()), MOST):
        env: dict[str, Type] = dict(zip(free, chosen, strict=True))
        bound = signature.bind(tuple(typical(p, env) for p in signature.params))
        if bound is not None:
            yield bound


def wildcards(signature: Signature) -> dict[str, tuple[Type, ...]]:
    """What may stand for each of `any A`."""
    found: dict[str, tuple[Type, ...]] = {}

    def look(p: Pattern) -> None:
        match p:
            case Var(name, among):
                found.setdefault(name, among or FREE)
            case AnyRecord(_, fields):
                for _, f in fields:
                    look(f)
            case ArrayOf(x) | MapOf(x):
                look(x)
            case UnionOf(xs):
                for x in xs:
                    look(x)
            case FunctionOf(xs, r):
                for x in (*xs, r):
                    look(x)
            case _:
                pass

    for p in signature.params:
        look(p)
    return found


def typical(p: Pattern, env: dict[str, Type]) -> Type:
    """A type that fits a pattern."""
    match p:
        case Var(name) | Ref(name):
            return env[name]
        case AnyRecord(name, fields):
            if name not in env:
                env[name] = made = Record(f"Typical{name}")
                made.fields = tuple(Field(n, typical(f, env)) for n, f in fields or (("x", DOUBLE), ("y", DOUBLE)))
            return env[name]
        case AnyEnum(name, record):
            of = env.get(record)
            symbols = tuple(of.by_name) if isinstance(of, Record) else ("one", "two")
            return env.setdefault(name, Enum(f"Typical{name}", symbols))
        case AnyFixed(name):
            return env.setdefault(name, Fixed(f"Typical{name}", 8))
        case ArrayOf(x):
            return Array(typical(x, env))
        case MapOf(x):
            return Map(typical(x, env))
        case UnionOf(xs):
            return union(typical(x, env) for x in xs)
        case FunctionOf(xs, r):
            return Function(tuple(typical(x, env) for x in xs), typical(r, env))
        case _:
            return p


def union(branches: Iterator[Type]) -> Type:
    found = {b.tag: b for b in branches}
    return Union(tuple(found.values())) if len(found) > 1 else next(iter(found.values()))
