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
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

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
    Prim,
    Record,
    Type,
    Union,
    Unknown,
    accepts,
    join,
    node,
)

if TYPE_CHECKING:
    from collections.abc import Callable


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
_NAMED_WILD = frozenset(_WILD)


@node
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
    _fixed: tuple[Type | None, ...] = field(default=(), init=False, repr=False, compare=False)
    _restricted: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fixed = [None if _is_wild(p) else substitute(p, {}) for p in self.params]
        object.__setattr__(self, "_fixed", tuple(fixed))
        object.__setattr__(self, "_restricted", any(map(_is_restricted, self.params)))

    def __str__(self) -> str:
        pars = ", ".join(f"{n}: {p}" for n, p in zip(self.names, self.params, strict=True))
        return f"({pars}) -> {self.ret}"

    def bind(self, args: tuple[Type, ...]) -> Bound | None:
        """Solve the wildcards for arguments of these types; None where they do not fit."""
        if len(args) != len(self.params):
            return None
        env: dict[str, Type] = {}
        for pattern, fixed, arg in zip(self.params, self._fixed, args, strict=True):
            if fixed is None:
                if not match(pattern, arg, env):
                    return None
            elif fixed is not arg and not accepts(fixed, arg):
                return None
        if self._restricted and not all([_holds(p, env) for p in self.params]):  # noqa: C419  a list is faster
            return None
        params: list[Type] = []
        for pattern, fixed, arg in zip(self.params, self._fixed, args, strict=True):
            want = fixed or substitute(pattern, env)
            if want == arg:
                want = arg  # the very same, so that nobody has to compare them again
            elif not accepts(want, arg):
                return None
            params.append(want)
        return Bound(self, tuple(params), substitute(self.ret, env))

    @property
    def concrete(self) -> Function | None:
        """The function type when there are no wildcards and no function parameters: what `fcnref` may name."""
        if any(_is_wild(p) or isinstance(p, Function | FunctionOf) for p in (*self.params, self.ret)):
            return None
        env: dict[str, Type] = {}
        return Function(tuple(substitute(p, env) for p in self.params), substitute(self.ret, env))


def _is_restricted(p: Pattern) -> bool:
    """Is there something in it that `_holds` asks about?"""
    match p:
        case Var(_, among):
            return bool(among)
        case AnyEnum(_, record):
            return bool(record)
        case AnyRecord(_, fields):
            return any(_is_restricted(f) for _, f in fields)
        case ArrayOf(x) | MapOf(x):
            return _is_restricted(x)
        case UnionOf(xs):
            return any(map(_is_restricted, xs))
        case FunctionOf(xs, r):
            return any(map(_is_restricted, (*xs, r)))
        case _:
            return False


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


def match(want: Pattern, got: Type, env: dict[str, Type]) -> bool:
    """Match an argument's type to a pattern and fill `env`; what is bound is checked again when all is."""
    kind = got.__class__
    if kind is Unknown:
        return True
    if kind is Bottom and want.__class__ is not Var and want.__class__ is not Ref:
        return True
    rule = _RULES.get(want.__class__)
    return accepts(want, got) if rule is None else rule(want, got, env)  # type: ignore[arg-type]


def _match_record(want: AnyRecord, got: Type, env: dict[str, Type]) -> bool:
    got = _only(got)
    if not isinstance(got, Record) or not _bind(want.name, got, env):
        return False
    have = got.by_name
    return all([f in have and _match_field(p, have[f].type, env) for f, p in want.fields])  # noqa: C419  a list is faster


def _match_field(want: Pattern, got: Type, env: dict[str, Type]) -> bool:
    """A field is not widened where it lies: one that may be an int or a double is no double."""
    if want.__class__ is Prim and got.__class__ is Union and len(got.branches) > 1:
        return False
    return match(want, got, env)


def _match_enum(want: AnyEnum, got: Type, env: dict[str, Type]) -> bool:
    got = _only(got)
    return isinstance(got, Enum) and _bind(want.name, got, env)


def _match_fixed(want: AnyFixed, got: Type, env: dict[str, Type]) -> bool:
    got = _only(got)
    return isinstance(got, Fixed) and _bind(want.name, got, env)


def _match_array(want: ArrayOf, got: Type, env: dict[str, Type]) -> bool:
    got = got if got.__class__ is Array else _only(got)
    return isinstance(got, Array) and match(want.items, got.items, env)


def _match_map(want: MapOf, got: Type, env: dict[str, Type]) -> bool:
    got = got if got.__class__ is Map else _only(got)
    return isinstance(got, Map) and match(want.values, got.values, env)


def _match_function(want: FunctionOf, got: Type, env: dict[str, Type]) -> bool:
    return (
        isinstance(got, Function)
        and len(want.params) == len(got.params)
        and all([match(p, g, env) for p, g in zip(want.params, got.params, strict=True)])  # noqa: C419  a list is faster
        and match(want.ret, got.ret, env)
    )


def _only(t: Type) -> Type:
    """A union of one type counts as that type (the `accepts` table)."""
    return t.branches[0] if isinstance(t, Union) and len(t.branches) == 1 else t


def _bind(name: str, got: Type, env: dict[str, Type]) -> bool:
    if got.__class__ is Function:
        return False
    known = env.get(name)
    if known is None:
        env[name] = got
        return True
    if known is got or known == got:
        return True
    wider = join((known, got))
    if wider is None:
        return False
    env[name] = wider
    return True


def _match_union(want: UnionOf, got: Type, env: dict[str, Type]) -> bool:
    """Give each branch of `got` to a pattern: fixed types and bound wildcards first, the rest to a free one."""
    left: list[Type] = list(got.branches) if isinstance(got, Union) else [got]
    free: list[Var] = []
    for p in want.branches:
        if isinstance(p, Var) and p.name not in env:
            free.append(p)
            continue
        fits = [b for b in left if _fits(p, b, env)]
        for b in fits:
            match(p, b, env)
            left.remove(b)
    if not left:
        return not free or not isinstance(got, Union) or all(_bind(v.name, BOTTOM, env) for v in free)
    rest = left[0] if len(left) == 1 else Union(tuple(left))
    if len(free) == 1:
        return match(free[0], rest, env)
    return not free and _widen_bound(want, rest, env)


def _widen_bound(want: UnionOf, rest: Type, env: dict[str, Type]) -> bool:
    """What no branch takes widens a wildcard that was bound before: int in `pass` and double in `fail` is double."""
    for p in want.branches:
        if isinstance(p, Ref) and p.name in env and not isinstance(env[p.name], Record):
            return _bind(p.name, rest, env)
    return False


def _fits(p: Pattern, b: Type, env: dict[str, Type]) -> bool:
    if isinstance(p, Ref):
        return p.name in env and accepts(env[p.name], b)
    return match(p, b, dict(env))


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


_RULES: dict[type, Callable[[Any, Type, dict[str, Type]], bool]] = {
    Var: lambda want, got, env: _bind(want.name, got, env),
    Ref: lambda want, got, env: _bind(want.name, got, env),
    AnyRecord: _match_record,
    AnyEnum: _match_enum,
    AnyFixed: _match_fixed,
    ArrayOf: _match_array,
    MapOf: _match_map,
    UnionOf: _match_union,
    FunctionOf: _match_function,
}


def substitute(p: Pattern, env: dict[str, Type]) -> Type:
    """A pattern with its wildcards replaced by what they are bound to."""
    kind = p.__class__
    if kind in _NAMED_WILD:
        return env.get(p.name, UNKNOWN)  # type: ignore[union-attr]
    make = _SUBSTITUTES.get(kind)
    return p if make is None else make(p, env)  # type: ignore[return-value]


def _substitute_union(patterns: tuple[Pattern, ...], env: dict[str, Type]) -> Type:
    flat: list[Type] = []
    for x in patterns:
        t = substitute(x, env)
        for b in t.branches if isinstance(t, Union) else (t,):
            if b not in flat and not isinstance(b, Bottom):
                flat.append(b)
    return flat[0] if len(flat) == 1 and len(patterns) == 1 else Union(tuple(flat))


_SUBSTITUTES: dict[type, Callable[[Any, dict[str, Type]], Type]] = {
    ArrayOf: lambda p, env: Array(substitute(p.items, env)),
    MapOf: lambda p, env: Map(substitute(p.values, env)),
    UnionOf: lambda p, env: _substitute_union(p.branches, env),
    FunctionOf: lambda p, env: Function(tuple([substitute(x, env) for x in p.params]), substitute(p.ret, env)),
}


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
