"""Signatures of library functions: types with wildcards, written as text, parsed once, bound to arguments.

Specification: "Generic library function signatures".  The text is what the documentation prints:

    (a: array(any A), fcn: fcn(A) -> any B) -> array(B)
    (x: any A of {int, long, float, double}, y: A) -> A
    (datum: any record D, tree: any record T with {pass: union(T, any S), fail: union(T, S)}) -> S
    (datum: any record D, test: any record T with {field: any enum F of fields of D}) -> boolean

A wildcard is introduced by `any` and repeated by its letter; it binds to the narrowest supertype of what it
meets.  `Signature.bind(args)` gives the solved parameter types and the return type, or None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from pfa.types import (
    BOTTOM,
    PRIMITIVE,
    UNKNOWN,
    Array,
    Bottom,
    Enum,
    Fixed,
    Function,
    Map,
    Record,
    Type,
    Union,
    Unknown,
    accepts,
    join,
)


@dataclass(frozen=True, slots=True)
class Var:
    """`any A` or `any A of {int, double}`; the same letter is the same type throughout a signature."""

    name: str
    among: tuple[Type, ...] = ()

    def __str__(self) -> str:
        of = f" of {{{', '.join(map(str, self.among))}}}" if self.among else ""
        return f"any {self.name}{of}"


@dataclass(frozen=True, slots=True)
class Ref:
    """`A` where `any A` stood before."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class AnyRecord:
    """`any record A with {x: double}`: a record that has at least these fields."""

    name: str
    fields: tuple[tuple[str, Pattern], ...] = ()

    def __str__(self) -> str:
        inside = ", ".join(f"{name}: {p}" for name, p in self.fields)
        return f"any record {self.name}" + (f" with {{{inside}}}" if inside else "")


@dataclass(frozen=True, slots=True)
class AnyEnum:
    """`any enum A` or `any enum A of fields of D`: its symbols are the field names of the record D, in order."""

    name: str
    record: str = ""

    def __str__(self) -> str:
        return f"any enum {self.name}" + (f" of fields of {self.record}" if self.record else "")


@dataclass(frozen=True, slots=True)
class AnyFixed:
    name: str

    def __str__(self) -> str:
        return f"any fixed {self.name}"


@dataclass(frozen=True, slots=True)
class ArrayOf:
    items: Pattern

    def __str__(self) -> str:
        return f"array({self.items})"


@dataclass(frozen=True, slots=True)
class MapOf:
    values: Pattern

    def __str__(self) -> str:
        return f"map({self.values})"


@dataclass(frozen=True, slots=True)
class UnionOf:
    branches: tuple[Pattern, ...]

    def __str__(self) -> str:
        return f"union({', '.join(map(str, self.branches))})"


@dataclass(frozen=True, slots=True)
class FunctionOf:
    params: tuple[Pattern, ...]
    ret: Pattern

    def __str__(self) -> str:
        return f"fcn({', '.join(map(str, self.params))}) -> {self.ret}"


Pattern: TypeAlias = (
    "Type | Var | Ref | AnyRecord | AnyEnum | AnyFixed | ArrayOf | MapOf | UnionOf | FunctionOf"
)
_WILD = (Var, Ref, AnyRecord, AnyEnum, AnyFixed)


@dataclass(frozen=True, slots=True)
class Bound:
    """A signature solved for a call: what each argument is widened to, and what comes back."""

    signature: Signature
    params: tuple[Type, ...]
    ret: Type


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameter names and patterns, and the pattern of the result."""

    names: tuple[str, ...]
    params: tuple[Pattern, ...]
    ret: Pattern
    deprecated: bool = False

    def __str__(self) -> str:
        pars = ", ".join(f"{n}: {p}" for n, p in zip(self.names, self.params, strict=True))
        return f"({pars}) -> {self.ret}"

    def bind(self, args: tuple[Type, ...]) -> Bound | None:
        """Solve the wildcards for arguments of these types; None where they do not fit."""
        if len(args) != len(self.params):
            return None
        env: dict[str, Type] = {}
        if not all(_match(p, a, env) for p, a in zip(self.params, args, strict=True)):
            return None
        if not all(_holds(p, env) for p in self.params):
            return None
        params = tuple(_substitute(p, env) for p in self.params)
        for want, got in zip(params, args, strict=True):
            if not accepts(want, got):
                return None
        return Bound(self, params, _substitute(self.ret, env))

    @property
    def concrete(self) -> Function | None:
        """The function type when there are no wildcards and no function parameters: what `fcnref` may name."""
        if any(_is_wild(p) or isinstance(p, Function | FunctionOf) for p in (*self.params, self.ret)):
            return None
        env: dict[str, Type] = {}
        return Function(tuple(_substitute(p, env) for p in self.params), _substitute(self.ret, env))


def _is_wild(p: Pattern) -> bool:
    match p:
        case ArrayOf(x) | MapOf(x):
            return _is_wild(x)
        case UnionOf(xs):
            return any(map(_is_wild, xs))
        case FunctionOf(ps, r):
            return any(map(_is_wild, (*ps, r)))
        case _:
            return isinstance(p, _WILD)


def _match(want: Pattern, got: Type, env: dict[str, Type]) -> bool:
    """Match an argument's type to a pattern and fill `env`; what is bound is checked again when all is."""
    if isinstance(got, Unknown):
        return True
    if isinstance(got, Bottom) and not isinstance(want, Var | Ref):
        return True
    match want:
        case Var(name):
            return _bind(name, got, env)
        case Ref(name):
            return _bind(name, got, env)
        case AnyRecord(name, fields):
            got = _only(got)
            if not isinstance(got, Record) or not _bind(name, got, env):
                return False
            have = got.by_name
            return all(f in have and _match(p, have[f].type, env) for f, p in fields)
        case AnyEnum(name):
            got = _only(got)
            return isinstance(got, Enum) and _bind(name, got, env)
        case AnyFixed(name):
            got = _only(got)
            return isinstance(got, Fixed) and _bind(name, got, env)
        case ArrayOf(p):
            got = _only(got)
            return isinstance(got, Array) and _match(p, got.items, env)
        case MapOf(p):
            got = _only(got)
            return isinstance(got, Map) and _match(p, got.values, env)
        case UnionOf(ps):
            return _match_union(ps, got, env)
        case FunctionOf(ps, r):
            return (
                isinstance(got, Function)
                and len(ps) == len(got.params)
                and all(_match(p, g, env) for p, g in zip(ps, got.params, strict=True))
                and _match(r, got.ret, env)
            )
        case Function():
            return isinstance(got, Function) and accepts(want, got)
        case _:
            return accepts(want, got)


def _only(t: Type) -> Type:
    """A union of one type counts as that type (the `accepts` table)."""
    return t.branches[0] if isinstance(t, Union) and len(t.branches) == 1 else t


def _bind(name: str, got: Type, env: dict[str, Type]) -> bool:
    if isinstance(got, Function):
        return False
    wider = join([env[name], got]) if name in env else got
    if wider is None:
        return False
    env[name] = wider
    return True


def _match_union(patterns: tuple[Pattern, ...], got: Type, env: dict[str, Type]) -> bool:
    """Give each branch of `got` to a pattern: fixed types and bound wildcards first, the rest to a free one."""
    left: list[Type] = list(got.branches) if isinstance(got, Union) else [got]
    free: list[Var] = []
    for p in patterns:
        if isinstance(p, Var) and p.name not in env:
            free.append(p)
            continue
        fits = [b for b in left if _fits(p, b, env)]
        for b in fits:
            _match(p, b, env)
            left.remove(b)
    if not left:
        return not free or not isinstance(got, Union) or all(_bind(v.name, BOTTOM, env) for v in free)
    if len(free) != 1:
        return False
    rest = left[0] if len(left) == 1 else Union(tuple(left))
    return _match(free[0], rest, env)


def _fits(p: Pattern, b: Type, env: dict[str, Type]) -> bool:
    if isinstance(p, Ref):
        return p.name in env and accepts(env[p.name], b)
    return _match(p, b, dict(env))


def _holds(p: Pattern, env: dict[str, Type]) -> bool:
    """Do the restrictions hold for what the wildcards are bound to in the end, on every use of them?"""
    match p:
        case Var(name, among) if among:
            return env.get(name, BOTTOM) in (*among, BOTTOM, UNKNOWN)
        case AnyEnum(name, record) if record:
            enum, rec = env.get(name), env.get(record)
            return (
                isinstance(enum, Enum)
                and isinstance(rec, Record)
                and enum.symbols == tuple(f.name for f in rec.fields)
            ) or isinstance(enum, Unknown | None) or isinstance(rec, Unknown | None)
        case AnyRecord(_, fields):
            return all(_holds(f, env) for _, f in fields)
        case ArrayOf(x) | MapOf(x):
            return _holds(x, env)
        case UnionOf(xs):
            return all(_holds(x, env) for x in xs)
        case FunctionOf(xs, r):
            return all(_holds(x, env) for x in xs) and _holds(r, env)
        case _:
            return True


def _substitute(p: Pattern, env: dict[str, Type]) -> Type:
    match p:
        case Var(name) | Ref(name) | AnyRecord(name) | AnyEnum(name) | AnyFixed(name):
            return env.get(name, UNKNOWN)
        case ArrayOf(x):
            return Array(_substitute(x, env))
        case MapOf(x):
            return Map(_substitute(x, env))
        case UnionOf(xs):
            flat: list[Type] = []
            for x in xs:
                t = _substitute(x, env)
                for b in t.branches if isinstance(t, Union) else (t,):
                    if b not in flat and not isinstance(b, Bottom):
                        flat.append(b)
            return flat[0] if len(flat) == 1 and len(xs) == 1 else Union(tuple(flat))
        case FunctionOf(ps, r):
            return Function(tuple(_substitute(x, env) for x in ps), _substitute(r, env))
        case _:
            return p


_TOKEN = re.compile(r"\s*(->|[A-Za-z_][A-Za-z0-9_]*|[(){},:])")


class _Parser:
    """Recursive descent over our own signature texts (never a document's)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _TOKEN.findall(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, want: str = "") -> str:
        token = self.peek()
        if not token or (want and token != want):
            raise ValueError(f"signature {self.text!r}: expected {want or 'more'!r}, found {token!r}")
        self.at += 1
        return token

    def skip(self, token: str) -> bool:
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def signature(self, deprecated: bool) -> Signature:
        self.take("(")
        pairs = self.pairs(")")
        self.take("->")
        ret = self.pattern()
        if self.peek():
            raise ValueError(f"signature {self.text!r}: unexpected {self.peek()!r}")
        return Signature(tuple(n for n, _ in pairs), tuple(p for _, p in pairs), ret, deprecated)

    def pairs(self, close: str) -> list[tuple[str, Pattern]]:
        found: list[tuple[str, Pattern]] = []
        while not self.skip(close):
            name = self.take()
            self.take(":")
            found.append((name, self.pattern()))
            self.skip(",")
        return found

    def patterns(self, close: str) -> tuple[Pattern, ...]:
        found: list[Pattern] = []
        while not self.skip(close):
            found.append(self.pattern())
            self.skip(",")
        return tuple(found)

    def pattern(self) -> Pattern:
        word = self.take()
        if word == "any":
            return self.wildcard()
        if word in ("array", "map", "union", "fcn"):
            self.take("(")
            inside = self.patterns(")")
            if word == "fcn":
                self.take("->")
                return FunctionOf(inside, self.pattern())
            if word == "union":
                return UnionOf(inside)
            return ArrayOf(inside[0]) if word == "array" else MapOf(inside[0])
        return PRIMITIVE.get(word) or Ref(word)

    def wildcard(self) -> Pattern:
        word = self.take()
        match word:
            case "record":
                name = self.take()
                if self.skip("with"):
                    self.take("{")
                    return AnyRecord(name, tuple(self.pairs("}")))
                return AnyRecord(name)
            case "enum":
                name = self.take()
                if self.skip("of"):
                    self.take("fields")
                    self.take("of")
                    return AnyEnum(name, self.take())
                return AnyEnum(name)
            case "fixed":
                return AnyFixed(self.take())
        if self.skip("of"):
            self.take("{")
            among = self.patterns("}")
            return Var(word, tuple(t for t in among if not isinstance(t, _WILD)))  # type: ignore[misc]
        return Var(word)


@lru_cache(maxsize=2048)
def parse_signature(text: str, deprecated: bool = False) -> Signature:
    """Parse a signature in the notation of the module's text; ValueError names what is wrong."""
    return _Parser(text).signature(deprecated)
