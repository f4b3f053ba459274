"""Avro types of generated documents: a representation of their own, so that nothing judges itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

NUMBERS = ("int", "long", "float", "double")
PRIMITIVES = ("null", "boolean", *NUMBERS, "string", "bytes")
_HOST = {
    "null": "none", "boolean": "bool", "int": "int", "long": "int", "float": "float", "double": "float",
    "string": "str", "enum": "str", "bytes": "bytes", "fixed": "bytes", "array": "list", "map": "dict",
    "record": "dict",
}  # fmt: skip
_FIELDS = ("x", "y", "next", "left", "right", "int", "value", "name", "s", "when")
_SYMBOLS = ("red", "green", "blue", "none", "x", "A_1", "true")
MARK = "@"


@dataclass(frozen=True)
class T:
    """A type; named ones have their fields, symbols or size in `Types`."""

    kind: str
    name: str = ""
    inner: tuple[T, ...] = ()

    @property
    def tag(self) -> str:
        return self.name or self.kind

    @property
    def host(self) -> str:
        """The Python class of its values."""
        return _HOST[self.kind]

    @property
    def branches(self) -> tuple[T, ...]:
        return self.inner if self.kind == "union" else (self,)

    @property
    def numbers(self) -> int:
        """How many of the branches are numbers: two of them merge wherever types are joined."""
        return sum(b.kind in NUMBERS for b in self.branches)

    @property
    def nullable(self) -> bool:
        return self.kind == "union" and NULL in self.inner and len(self.inner) > 1

    def without_null(self) -> T:
        rest = tuple(b for b in self.branches if b != NULL)
        return rest[0] if len(rest) == 1 else T("union", inner=rest)

    def __str__(self) -> str:
        return f"{self.tag}({', '.join(map(str, self.inner))})" if self.inner else self.tag


NULL, BOOLEAN, INT, LONG, FLOAT, DOUBLE, STRING, BYTES = map(T, PRIMITIVES)


def array(items: T) -> T:
    return T("array", inner=(items,))


def map_of(values: T) -> T:
    return T("map", inner=(values,))


def union(*branches: T) -> T:
    return T("union", inner=branches)


@dataclass(eq=False)
class Ref:
    """Where a named type stands in a document that is not written yet: its declaration or its name."""

    name: str


@dataclass
class Types:
    """The named types of one document, and random types over them."""

    r: Random
    fields: dict[str, dict[str, T]] = field(default_factory=dict)
    symbols: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    defaults: dict[tuple[str, str], Any] = field(default_factory=dict)
    orders: dict[tuple[str, str], str] = field(default_factory=dict)
    named: list[T] = field(default_factory=list)
    favourites: list[T] = field(default_factory=list)

    # -- making --

    def invent(self) -> None:
        """A few named types: enums, fixed, records, some in a namespace, some that hold themselves."""
        r = self.r
        for i in range(2):
            t = T("enum", self._name(f"E{i}"))
            self.symbols[t.name] = tuple(r.sample(_SYMBOLS, r.randint(1, 4)))
            self.named.append(t)
        for i in range(r.choice((1, 1, 2))):
            t = T("fixed", self._name(f"F{i}"))
            self.sizes[t.name] = r.choice((1, 2, 4))
            self.named.append(t)
        records = [T("record", self._name(f"R{i}")) for i in range(r.choice((2, 2, 3)))]
        self.named += records
        for t in records:
            names = r.sample(_FIELDS, r.choice((1, 1, 2, 3)))
            self.fields[t.name] = {}
            self.fields[t.name] = {n: self._field(t, records) for n in names}
            for n in names:
                if r.random() < 0.1:
                    self.orders[t.name, n] = r.choice(("ascending", "descending", "ignore"))
                if r.random() < 0.15 and (default := self._default(self.fields[t.name][n])) is not Ref:
                    self.defaults[t.name, n] = default

        self.favourites = [*(self.any(2) for _ in range(4)), *self.ambiguous(3), r.choice(records)]

    def _name(self, short: str) -> str:
        space = self.r.choice(("", "", "", "com.acme", "org"))
        return f"{space}.{short}" if space else short

    def _field(self, record: T, records: list[T]) -> T:
        """A field's type; a record inside stands where there may be none of it, so that values are finite."""
        inside = self.r.choice((record, *records))
        choice = self.r.randrange(8)
        if choice == 0:
            return union(NULL, inside) if self.r.random() < 0.5 else union(inside, NULL)
        if choice == 1:
            return self.r.choice((array, map_of))(inside)
        if choice == 2:
            return union(inside, self.r.choice((STRING, DOUBLE, array(inside), map_of(INT))))
        return self.any(1, records=False)

    def _default(self, t: T) -> Any:
        """A field's default as Avro JSON (a union's is of its first branch, untagged); `Ref`: none."""
        match t.branches[0]:
            case T("null"):
                return None
            case T("boolean"):
                return True
            case T("int" | "long" | "float" | "double"):
                return 3
            case T("string" | "bytes"):
                return "ab"
            case T("enum", name):
                return self.symbols[name][0]
            case T("fixed", name):
                return "a" * self.sizes[name]
            case T("array"):
                return []
            case T("map"):
                return {}
            case _:
                return Ref

    def any(self, depth: int = 2, records: bool = True, union_ok: bool = True) -> T:
        """A random type; half of them are the document's favourites, so that expressions find each other."""
        r = self.r
        if self.favourites and depth > 0 and records and union_ok and r.random() < 0.5:
            return r.choice(self.favourites)
        roll = r.random()
        if roll < 0.42 or depth <= 0:
            return T(r.choice(PRIMITIVES[1:] if r.random() < 0.9 else PRIMITIVES))
        if roll < 0.58:
            return r.choice([t for t in self.named if records or t.kind != "record"])
        if roll < 0.73:
            return array(self.any(depth - 1, records))
        if roll < 0.83:
            return map_of(self.any(depth - 1, records))
        return self.union(depth, records) if union_ok else self.any(0)

    def union(self, depth: int = 1, records: bool = True) -> T:
        """A random union; most have branches that only a tag tells apart, or null."""
        r = self.r
        if records and r.random() < 0.5:
            return self.ambiguous(1)[0]
        made = [self.any(depth - 1, records, union_ok=False) for _ in range(r.choice((1, 1, 2)))]
        return self._union([*made, *([NULL] if len(made) == 1 or r.random() < 0.5 else [])])

    def ambiguous(self, count: int) -> list[T]:
        """Different unions of types that have one class in Python, perhaps with null; or of one type."""
        r = self.r
        of = {k: [t for t in self.named if t.kind == k] for k in ("enum", "fixed", "record")}
        some = [
            (INT, LONG), (FLOAT, DOUBLE), (STRING, r.choice(of["enum"])), (BYTES, r.choice(of["fixed"])),
            (map_of(self.any(0)), r.choice(of["record"])), tuple(r.sample(of["record"], 2)),
            tuple(r.sample(of["enum"], 2)), (self.any(1, union_ok=False),),
        ]  # fmt: skip
        found = r.sample(some, count)
        return [union(*f) if len(f) == 1 else self._union([*f, *([NULL] if r.random() < 0.5 else [])]) for f in found]

    def _union(self, branches: list[T]) -> T:
        self.r.shuffle(branches)
        unique = {t.tag: t for t in branches}
        if len(unique) == 1:
            unique = {t.tag: t for t in (*unique.values(), NULL, STRING)}
        return T("union", inner=tuple(unique.values()))

    def narrower(self, t: T) -> T:
        """A type that is accepted where `t` is wanted."""
        r = self.r
        match t.kind:
            case "long" | "float" | "double":
                return T(r.choice(NUMBERS[: NUMBERS.index(t.kind) + 1]))
            case "array" | "map":
                return T(t.kind, inner=(self.narrower(t.inner[0]),))
            case "union":
                some = r.sample(t.inner, r.randint(1, len(t.inner)))
                kept = {n.tag: n for n in (self.narrower(b) for b in some)}
                return next(iter(kept.values())) if len(kept) == 1 else T("union", inner=tuple(kept.values()))
            case _:
                return t

    def shapes(self, t: T) -> Iterator[str]:
        """The kinds of type that are in `t`, by name, for counting; each named type is looked into once."""
        seen: set[str] = set()
        todo = [t]
        while todo:
            here = todo.pop()
            if here.kind == "union":
                yield from union_shapes(here)
            if here.name:
                if here.name in seen:
                    yield "recursive" if here.kind == "record" else here.kind
                    continue
                seen.add(here.name)
                if "." in here.name:
                    yield "namespace"
                todo += self.fields.get(here.name, {}).values()
            yield here.kind
            todo += here.inner

    # -- writing --

    def schema(self, t: T) -> Any:
        """The schema of `t` for a document that `finish` will write."""
        if t.name:
            return Ref(t.name)
        match t.kind:
            case "array":
                return {"type": "array", "items": self.schema(t.inner[0])}
            case "map":
                return {"type": "map", "values": self.schema(t.inner[0])}
            case "union":
                return [self.schema(b) for b in t.inner]
            case _ if self.r.random() < 0.02:
                return {"type": t.kind}
            case _:
                return t.kind

    def finish(self, document: Any) -> Any:
        """The document with every named type declared once, anywhere, and named elsewhere."""
        places: dict[str, list[Ref]] = {}
        for ref in _refs(document):
            places.setdefault(ref.name, []).append(ref)
        return _Writer(self, {name: self.r.choice(refs) for name, refs in places.items()}).write(document, "")


def union_shapes(t: T) -> Iterator[str]:
    """What is special about a union, by name."""
    kinds = {b.kind for b in t.inner}
    if len(t.inner) == 1:
        yield "union of one"
    if {"int", "long"} <= kinds or {"float", "double"} <= kinds:
        yield "union of numbers of one class"
    for kind in ("record", "enum"):
        if sum(b.kind == kind for b in t.inner) > 1:
            yield f"union of two {kind}s"
    for one, two in (("map", "record"), ("string", "enum"), ("bytes", "fixed")):
        if {one, two} <= kinds:
            yield f"union of {one} and {two}"


def _refs(node: Any) -> Iterator[Ref]:
    if isinstance(node, Ref):
        yield node
    elif isinstance(node, dict | list):
        for x in node.values() if isinstance(node, dict) else node:
            yield from _refs(x)


class _Writer:
    """Writes a document out; `chosen` is where a name that stands in the code itself is declared."""

    def __init__(self, types: Types, chosen: dict[str, Ref]) -> None:
        self.types = types
        self.r = types.r
        self.chosen = chosen
        self.written: set[str] = set()

    def write(self, node: Any, space: str) -> Any:
        match node:
            case Ref(name):
                declares = name not in self.chosen and name not in self.written
                again = name in self.written and self.r.random() < 0.03
                if self.chosen.get(name) is node or declares or again:
                    self.written.add(name)
                    return self.declaration(name, space)
                return self.reference(name, space)
            case dict():
                return {k: self.write(v, space) for k, v in node.items()}
            case list():
                return [self.write(v, space) for v in node]
            case _:
                return node

    def reference(self, name: str, space: str) -> str:
        mine, _, short = name.rpartition(".")
        return short if mine == space and self.r.random() < 0.5 else name

    def declaration(self, name: str, space: str) -> dict[str, Any]:
        types, r = self.types, self.r
        mine, _, short = name.rpartition(".")
        kind = next(t.kind for t in types.named if t.name == name)
        made: dict[str, Any] = {MARK: f"type {short}"} if r.random() < 0.05 else {}
        made["type"] = kind
        if mine and (mine != space or r.random() < 0.5) and r.random() < 0.5:
            made["name"] = name
        else:
            made["name"] = short
            if mine != space:
                made["namespace"] = mine
        if r.random() < 0.05:
            made["doc"] = "a type"
        if kind == "enum":
            made["symbols"] = list(types.symbols[name])
        elif kind == "fixed":
            made["size"] = types.sizes[name]
        else:
            made["fields"] = [self.field(name, n, t, mine) for n, t in types.fields[name].items()]
        return made

    def field(self, record: str, name: str, t: T, space: str) -> dict[str, Any]:
        made: dict[str, Any] = {"name": name, "type": self.write(self.types.schema(t), space)}
        if (record, name) in self.types.defaults:
            made["default"] = self.types.defaults[record, name]
        if order := self.types.orders.get((record, name)):
            made["order"] = order
        return made
