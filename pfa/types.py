"""Avro types as PFA uses them, and the relations between them.

Specification: "Avro types", "Type resolution, promotion, and covariance", "Narrowest supertype of a
collection of types".  Named types are equal by full name (a document defines a name once); the others by
structure.  Values at run time (docs/design.md, "Values"): a union's branch is bare where its host class
tells it apart, otherwise boxed as `(tag, value)`; `Union.boxed` says which tags are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

Order = Literal["ascending", "descending", "ignore"]
T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[T]) -> type[T]:
    """A frozen dataclass to mypy and to readers; at run time a plain one, which is made in a third of the time.

    Loading a small document is mostly the making of nodes and types, so this is measured, not guessed.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


@dataclass(frozen=True, slots=True, eq=False)
class Prim:
    """null, boolean, int, long, float, double, string or bytes; one object a name, compared and hashed as such."""

    name: str
    known: ClassVar[dict[str, Prim]] = {}

    def __new__(cls, name: str) -> Prim:
        return cls.known.get(name) or cls.known.setdefault(name, object.__new__(cls))

    def __reduce__(self) -> tuple[Any, ...]:
        return Prim, (self.name,)

    @property
    def tag(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name


@node
class Array:
    items: Type
    tag: ClassVar[str] = "array"

    def __str__(self) -> str:
        return f"array({self.items})"


@node
class Map:
    values: Type
    tag: ClassVar[str] = "map"

    def __str__(self) -> str:
        return f"map({self.values})"


class Missing:
    """The default of a field that has none (None is a default: null)."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


@node
class Field:
    """A record's field; `default` is Avro JSON (a union's default is of its first branch, untagged)."""

    name: str
    type: Type
    default: object = field(default=MISSING, compare=False)
    order: Order = "ascending"
    aliases: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Record:
    """A record, equal by full name.  `fields` is set once, after creation, since records may be recursive."""

    name: str
    fields: tuple[Field, ...] = field(default=(), repr=False)
    aliases: tuple[str, ...] = field(default=(), repr=False)
    _by_name: dict[str, Field] | None = field(default=None, init=False, repr=False)

    @property
    def tag(self) -> str:
        return self.name

    @property
    def by_name(self) -> dict[str, Field]:
        """Fields by name, in declaration order."""
        if self._by_name is None:
            self._by_name = {f.name: f for f in self.fields}
        return self._by_name

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Record) and self.name == other.name)

    def __hash__(self) -> int:
        return hash(("record", self.name))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Enum:
    """An enumeration; a document has one of a name, so equality by name and symbols is by name."""

    name: str
    symbols: tuple[str, ...]
    aliases: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def tag(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Fixed:
    name: str
    size: int
    aliases: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def tag(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, unsafe_hash=True)
class Union:
    """A union: at least one branch, no union inside, no two branches with one tag."""

    branches: tuple[Type, ...]
    tag: ClassVar[str] = "union"
    _boxed: frozenset[str] | None = field(default=None, init=False, repr=False, compare=False)
    _by_tag: dict[str, Type] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def by_tag(self) -> dict[str, Type]:
        """The branches by their tags."""
        if self._by_tag is None:
            self._by_tag = {b.tag: b for b in self.branches}
        return self._by_tag

    @property
    def boxed(self) -> frozenset[str]:
        """Tags of the branches whose values are `(tag, value)`: those that share a host class."""
        if self._boxed is None:
            kinds = [host_class(b) for b in self.branches]
            counts = Counter(kinds)
            tags = [b.tag for b, kind in zip(self.branches, kinds, strict=True) if counts[kind] > 1]
            self._boxed = frozenset(tags)
        return self._boxed

    def __str__(self) -> str:
        return f"union({', '.join(map(str, self.branches))})"


@node
class Function:
    """The type of a function that is passed as an argument; no value has it."""

    params: tuple[Type, ...]
    ret: Type
    tag: ClassVar[str] = "function"

    def __str__(self) -> str:
        return f"fcn({', '.join(map(str, self.params))}) -> {self.ret}"


@dataclass(frozen=True, slots=True)
class Bottom:
    """The type of the `error` form: it never has a value, every type accepts it."""

    tag: str = field(default="bottom", init=False, repr=False, compare=False)

    def __str__(self) -> str:
        return "nothing"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The type of an expression in which a problem was found; every rule accepts it in silence."""

    tag: str = field(default="unknown", init=False, repr=False, compare=False)

    def __str__(self) -> str:
        return "unknown"


Type: TypeAlias = (
    "Prim | Array | Map | Record | Enum | Fixed | Union | Function | Bottom | Unknown"
)

NULL, BOOLEAN, INT, LONG, FLOAT, DOUBLE, STRING, BYTES = PRIMITIVES = tuple(
    map(Prim, ("null", "boolean", "int", "long", "float", "double", "string", "bytes"))
)
PRIMITIVE = {p.name: p for p in PRIMITIVES}
NUMBERS = (INT, LONG, FLOAT, DOUBLE)
RANK: dict[Type, int] = {t: i for i, t in enumerate(NUMBERS)}
BOTTOM = Bottom()
UNKNOWN = Unknown()

_HOST: dict[str, str] = {
    "null": "none", "boolean": "bool", "int": "int", "long": "int", "float": "float",
    "double": "float", "string": "str", "bytes": "bytes",
}  # fmt: skip


def host_class(t: Type) -> str:
    """The Python class that holds values of `t` (not a union): what tells branches apart at run time."""
    match t:
        case Prim(name):
            return _HOST[name]
        case Array():
            return "list"
        case Map() | Record():
            return "dict"
        case Enum():
            return "str"
        case Fixed():
            return "bytes"
        case _:
            return "any"


def branches(t: Type) -> tuple[Type, ...]:
    """The branches of a union, or the type itself as the only one."""
    return t.branches if isinstance(t, Union) else (t,)


def accepts(want: Type, got: Type) -> bool:
    """Can a `got` be used where a `want` is asked for?  Not commutative.

    Specification, "Type resolution, promotion, and covariance", the table row by row.
    """
    if want is got:
        return True
    if want.__class__ is got.__class__ and (rule := _SAME_KIND.get(want.__class__)):
        return rule(want, got)
    if isinstance(got, Bottom | Unknown) or isinstance(want, Unknown):
        return True
    if isinstance(want, Union):
        return all(_accepted(want, g) for g in branches(got))
    if isinstance(got, Union):
        return all(accepts(want, g) for g in got.branches)
    return want == got


def _accepts_number(want: Prim, got: Prim) -> bool:
    return want.name == got.name or (want in RANK and got in RANK and RANK[got] <= RANK[want])


def _accepts_enum(want: Enum, got: Enum) -> bool:
    return want.name == got.name and set(got.symbols) <= set(want.symbols)


def _accepts_function(want: Function, got: Function) -> bool:
    return (
        len(want.params) == len(got.params)
        and all([accepts(g, w) for w, g in zip(want.params, got.params, strict=True)])  # noqa: C419  a list is faster
        and accepts(want.ret, got.ret)
    )


_SAME_KIND: dict[type, Callable[[Any, Any], bool]] = {
    Prim: _accepts_number,
    Array: lambda want, got: accepts(want.items, got.items),
    Map: lambda want, got: accepts(want.values, got.values),
    Enum: _accepts_enum,
    Function: _accepts_function,
}


def _accepted(want: Union, got: Type) -> bool:
    """Does one of the branches accept a type that is no union?  Only numbers fit into one with another tag."""
    tags = want.by_tag
    likely = tags.get(got.tag)
    if likely is not None and accepts(likely, got):
        return True
    if got in RANK:
        return any(t.tag in tags for t in NUMBERS[RANK[got] + 1 :])
    return UNKNOWN.tag in tags or isinstance(got, Bottom | Unknown)


def join(types: list[Type] | tuple[Type, ...]) -> Type | None:
    """The narrowest supertype of a collection, or None where the specification says it is an error.

    Specification, "Narrowest supertype of a collection of types": the first of its 15 rules that matches.
    """
    known = [t for t in types if t.__class__ is not Bottom]
    if not known:
        return BOTTOM
    first = known[0]
    if known.count(first) == len(known):
        return first
    if UNKNOWN in known:
        return UNKNOWN
    flat = [b for t in known for b in branches(t)]
    return _join_flat(flat, any(isinstance(t, Union) for t in known))


def _join_flat(flat: list[Type], had_union: bool) -> Type | None:
    groups: dict[str, list[Type]] = {}
    for t in flat:
        groups.setdefault("number" if t in RANK else t.tag, []).append(t)
    joined: list[Type] = []
    for kind, members in groups.items():
        one = _join_kind(kind, members)
        if one is None:
            return None
        joined.append(one)
    if len(joined) == 1:
        return joined[0]
    named = [t for t in joined if isinstance(t, Enum | Fixed)]
    others = [t for t in joined if t != NULL]
    # Rule 14 leaves out collections that contain fixed or enum; one of them with null is how a missing
    # value is written, and a union that already holds it is merged, not made (docs/spec-notes.md).
    if named and not (len(others) == 1 or had_union):
        return None
    return Union(tuple(joined))


def _join_kind(kind: str, members: list[Type]) -> Type | None:
    first = members[0]
    match first:
        case Prim():
            return max(members, key=lambda t: RANK.get(t, 0)) if kind == "number" else first
        case Array():
            items = join([m.items for m in members if isinstance(m, Array)])
            return None if items is None else Array(items)
        case Map():
            values = join([m.values for m in members if isinstance(m, Map)])
            return None if values is None else Map(values)
        case _:
            return first if all(m == first for m in members) else None


def same_layout(want: Type, got: Type) -> bool:
    """Does every value of `got` already look like a value of `want`, so that widening does nothing?"""
    return _same(want, got, set())


def _same(want: Type, got: Type, seen: set[tuple[Type, Type]]) -> bool:
    if want is got or want == got or isinstance(got, Bottom | Unknown) or isinstance(want, Unknown):
        return True
    match want, got:
        case Union(), Union():
            tags = want.by_tag
            return all(
                (w := tags.get(g.tag)) is not None
                and _same(w, g, seen)
                and (w.tag in want.boxed) == (g.tag in got.boxed)
                for g in got.branches
            )
        case Union(), _:
            w = want.by_tag.get(got.tag)
            return w is not None and _same(w, got, seen) and w.tag not in want.boxed
        case _, Union():
            return all(_same(want, g, seen) and g.tag not in got.boxed for g in got.branches)
        case Prim(), Prim():
            return {want, got} == {INT, LONG} or {want, got} == {FLOAT, DOUBLE}
        case Array(w), Array(g):
            return _same(w, g, seen)
        case Map(w), Map(g):
            return _same(w, g, seen)
        case _:
            return want.tag == got.tag


def canonical(t: Type) -> str:
    """A text that is equal for equal types, with named types spelled out once (for states and digests)."""
    return _canonical(t, set())


def _canonical(t: Type, seen: set[str]) -> str:
    match t:
        case Record():
            if t.name in seen:
                return t.name
            seen.add(t.name)
            inside = ",".join(f"{f.name}:{_canonical(f.type, seen)}" for f in t.fields)
            return f"record {t.name}{{{inside}}}"
        case Enum():
            if t.name in seen:
                return t.name
            seen.add(t.name)
            return f"enum {t.name}({','.join(t.symbols)})"
        case Fixed():
            return f"fixed {t.name}({t.size})"
        case Array(x):
            return f"array({_canonical(x, seen)})"
        case Map(x):
            return f"map({_canonical(x, seen)})"
        case Union(bs):
            return f"union({','.join(_canonical(b, seen) for b in bs)})"
        case _:
            return str(t)


def to_avro(t: Type, seen: set[str] | None = None) -> object:
    """The Avro schema of `t` as JSON values; a named type is spelled out where it first stands."""
    seen = set() if seen is None else seen
    match t:
        case Prim(name):
            return name
        case Array(x):
            return {"type": "array", "items": to_avro(x, seen)}
        case Map(x):
            return {"type": "map", "values": to_avro(x, seen)}
        case Union(bs):
            return [to_avro(b, seen) for b in bs]
        case Record() | Enum() | Fixed() if t.name in seen:
            return t.name
        case Record():
            seen.add(t.name)
            return {"type": "record", "name": t.name, "fields": [_field(f, seen) for f in t.fields]}
        case Enum():
            seen.add(t.name)
            return {"type": "enum", "name": t.name, "symbols": list(t.symbols)}
        case Fixed():
            seen.add(t.name)
            return {"type": "fixed", "name": t.name, "size": t.size}
        case _:
            raise TypeError(f"{t} is no Avro type")


def _field(f: Field, seen: set[str]) -> dict[str, object]:
    out: dict[str, object] = {"name": f.name, "type": to_avro(f.type, seen)}
    if f.default is not MISSING:
        out["default"] = f.default
    if f.order != "ascending":
        out["order"] = f.order
    if f.aliases:
        out["aliases"] = list(f.aliases)
    return out
