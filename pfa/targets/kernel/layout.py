"""How values lie in memory: register kinds, tags, and host values written to and read from flat memory.

Invariant: everything is 64-bit words.  `Memory` looks at the whole address space of the process as words; only
addresses that kernels or this module made are looked at.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from pfa.errors import InternalError, PfaLimitError
from pfa.passes.lower import Layout
from pfa.types import Array, Bottom, Enum, Fixed, Map, Prim, Record, Type, Union, Unknown, host_class

HEADER = 32
BUFFER = 16
LONG_TEXT = 4096  # bytes
NESTED = 50  # records in each other that are read by recursion
SMALL = 8  # pairs of a map that kernels look through
KINDS = {"float": "f64", "double": "f64", "boolean": "bool"}
Store = Callable[[int, Any], None]  # of a host value to the word of an index
Load = Callable[[int], Any]  # a host value from the word of an index


def kind(t: Type) -> str:
    """The kind of register that holds a value: f64, bool or i64."""
    return KINDS.get(t.name, "i64") if isinstance(t, Prim) else "i64"


def same_flat(want: Type, got: Type) -> bool:
    """Does every value of `got` look like one of `want` in flat memory?"""
    return _same(want, got, frozenset())


def _same(want: Type, got: Type, seen: frozenset[tuple[Type, Type]]) -> bool:
    if want is got or want == got or isinstance(got, Bottom | Unknown) or isinstance(want, Unknown):
        return True
    match want, got:
        case Union(), Union():
            tags = want.by_tag
            return all((w := tags.get(g.tag)) is not None and _same(w, g, seen) for g in got.branches)
        case Prim(), Prim():
            return {want.name, got.name} in ({"int", "long"}, {"float", "double"}) and (
                want.name in ("long", "double")
            )
        case Array(w), Array(g):
            return _same(w, g, seen)
        case Map(w), Map(g):
            return _same(w, g, seen)
        case _:
            return False


def recursive(t: Type) -> bool:
    """Can a value hold records that lie in others of their own type?"""
    return _recursive(t, set(), set())


def _recursive(t: Type, inside: set[str], done: set[str]) -> bool:
    """Each record is looked into once, in however many places it is."""
    match t:
        case Array(x) | Map(x):
            return _recursive(x, inside, done)
        case Union(bs):
            return any(_recursive(b, inside, done) for b in bs)
        case Record(name) if name in inside or name in done:
            return name in inside
        case Record(name):
            inside.add(name)
            found = any(_recursive(f.type, inside, done) for f in t.fields)
            inside.remove(name)
            done.add(name)
            return found
        case _:
            return False


def same_branch(whole: Type, branch: Type, t: Type) -> bool:
    """Does a value of `whole` that is of this branch look like one of `t`?"""
    if isinstance(whole, Union):
        return isinstance(t, Union) and same_flat(t, branch)
    return same_flat(t, branch)


FLAT = Layout(same_flat, same_branch, text_enums=False)


class Memory:
    """The words of the process, and an allocator of a region: what the host writes."""

    def __init__(self, tags: dict[str, int]) -> None:
        whole = (ctypes.c_char * (1 << 47)).from_address(0)
        self.bytes = memoryview(whole).cast("B")
        self.q = self.bytes.cast("q")
        self.d = self.bytes.cast("d")
        self.tags = tags
        self.top = 0
        self.end = 0
        self.stores: dict[Type, Store] = {}
        self.loads: dict[tuple[Type, bool], Load] = {}  # of whole values, and of parts of them
        self.later: list[tuple[dict[str, Any], int, Load]] = []  # records that lie too deep, read from which words
        self.level = 0
        self.maps: list[int] | None = None  # the large ones that were written, where somebody wants to know
        self.charge: Callable[[int], None] = _free  # what is read is counted: values that share parts are large

    def tag(self, t: Type) -> int:
        """The number of a branch; what compiled code does not know may have any."""
        return self.tags.setdefault(t.tag, len(self.tags))

    def take(self, count: int) -> int:
        """So many bytes."""
        at = self.top
        self.top = top = at + (count + 7 & -8)
        if top > self.end:
            raise PfaLimitError("exceeded the memory of the arena (Limits.memory)")
        return at

    def buffer(self, count: int) -> int:
        at = self.take(count + BUFFER)
        q, i = self.q, at >> 3
        q[i] = q[i + 1] = count
        return at + BUFFER

    def header(self, data: int, count: int, third: int = 0) -> int:
        at = self.take(HEADER)
        q, i = self.q, at >> 3
        q[i], q[i + 1], q[i + 2], q[i + 3] = data, count, third, 0
        return at

    def text(self, data: bytes, characters: int) -> int:
        """A string or bytes; its address."""
        n = len(data)
        at = self.buffer(n)
        self.bytes[at : at + n] = data
        return self.header(at, n, characters)

    def string(self, v: str) -> int:
        return self.text(v.encode("utf-8", "surrogatepass"), len(v))

    def raw(self, address: int) -> bytes:
        """The bytes of a string."""
        i = address >> 3
        at, n = self.q[i], self.q[i + 1]
        if n > LONG_TEXT:
            self.charge(n >> 6)
        return self.bytes[at : at + n].tobytes()

    # -- writing --

    def store(self, t: Type) -> Store:
        """What writes a host value of a type into the word of an index."""
        found = self.stores.get(t)
        if found is None:
            later: list[Store] = []
            self.stores[t] = lambda i, v: later[0](i, v)
            found = self._store(t)
            later.append(found)
            self.stores[t] = found
        return found

    def _store(self, t: Type) -> Store:
        q, d = self.q, self.d
        match t:
            case Prim("null"):
                return lambda i, v: q.__setitem__(i, 0)
            case Prim("float" | "double"):
                return d.__setitem__
            case Prim("boolean" | "int" | "long"):
                return q.__setitem__
            case Prim("string"):
                return lambda i, v: q.__setitem__(i, self.string(v))
            case Prim("bytes") | Fixed():
                return lambda i, v: q.__setitem__(i, self.text(v, len(v)))
            case Enum(_, symbols):
                positions = {s: n for n, s in enumerate(symbols)}
                return lambda i, v: q.__setitem__(i, positions[v])
            case Array(items):
                return self._store_array(self.store(items))
            case Map(values):
                return self._store_map(self.store(values))
            case Record():
                return self._store_record(t)
            case Union():
                return self._store_union(t)
            case _:
                raise InternalError(f"no layout for {t}")

    def _store_array(self, item: Store) -> Store:
        q = self.q

        def store(i: int, v: list[Any]) -> None:
            n = len(v)
            data = self.buffer(n * 8)
            q[i] = self.header(data, n)
            for j, x in enumerate(v, data >> 3):
                item(j, x)

        return store

    def _store_map(self, value: Store) -> Store:
        q = self.q

        def store(i: int, v: dict[str, Any]) -> None:
            n = len(v)
            data = self.buffer(n * 16)
            q[i] = self.header(data, n)
            j = data >> 3
            for key, x in v.items():
                q[j] = self.string(key)
                value(j + 1, x)
                j += 2
            if self.maps is not None and n > SMALL:
                self.maps.append(q[i])

        return store

    def _store_record(self, t: Record) -> Store:
        q = self.q
        fields = [(n, f.name, self.store(f.type)) for n, f in enumerate(t.fields)]
        size = 8 * max(1, len(fields))

        def store(i: int, v: dict[str, Any]) -> None:
            q[i] = at = self.take(size)
            j = at >> 3
            for n, name, field in fields:
                field(j + n, v[name])

        return store

    def _store_union(self, t: Union) -> Store:
        q = self.q
        ways = {b.tag: (self.tag(b), self.store(b)) for b in t.branches}
        bare = {c: ways[b.tag] for c, b in bare_branches(t).items()}
        boxed = {tag: ways[tag] for tag in t.boxed}

        def store(i: int, v: Any) -> None:
            if v is None:
                q[i] = 0
                return
            way = bare.get(v.__class__)
            if way is None:
                way, v = boxed[v[0]], v[1]
            q[i] = at = self.take(16)
            q[at >> 3] = way[0]
            way[1]((at >> 3) + 1, v)

        return store

    # -- reading --

    def load(self, t: Type) -> Load:
        """What reads a host value of a type from the word of an index."""
        found = self.loads.get((t, True))
        if found is None:
            found = self.loads[t, True] = self._drained(self.inner(t)) if recursive(t) else self.inner(t)
        return found

    def _drained(self, inner: Load) -> Load:
        """What lies deep is read when the rest is: values may nest deeper than Python recurses."""
        later = self.later

        def load(i: int) -> Any:
            later.clear()
            self.level = 0
            value = inner(i)
            while later:
                made, j, way = later.pop()
                self.level = 0
                made.update(way(j))
            return value

        return load

    def inner(self, t: Type) -> Load:
        """The same of a part of a value."""
        found = self.loads.get((t, False))
        if found is None:
            later: list[Load] = []
            self.loads[t, False] = lambda i: later[0](i)
            found = self._load(t)
            later.append(found)
            self.loads[t, False] = found
        return found

    def _load(self, t: Type) -> Load:
        q, d = self.q, self.d
        match t:
            case Prim("null") | Bottom() | Unknown():
                return lambda i: None
            case Prim("float" | "double"):
                return d.__getitem__
            case Prim("boolean"):
                return lambda i: q[i] != 0
            case Prim("int" | "long"):
                return q.__getitem__
            case Prim("string"):
                return lambda i: self.raw(q[i]).decode("utf-8", "surrogatepass")
            case Prim("bytes") | Fixed():
                return lambda i: self.raw(q[i])
            case Enum(_, symbols):
                return lambda i: symbols[q[i]]
            case Array(items):
                return self._load_array(items)
            case Map(values):
                return self._load_map(self.inner(values))
            case Record():
                return self._load_record(t)
            case Union():
                return self._load_union(t)
            case _:
                raise InternalError(f"no layout for {t}")

    def _load_array(self, items: Type) -> Load:
        q = self.q
        item = self.inner(items)
        whole = self.d if items in _REAL else q if items in _WHOLE else None

        def load(i: int) -> list[Any]:
            h = q[i] >> 3
            j, n = q[h] >> 3, q[h + 1]
            self.charge(n if whole is None else n >> 3)
            if whole is not None:
                return whole[j : j + n].tolist()
            return [item(m) for m in range(j, j + n)]

        return load

    def _load_map(self, value: Load) -> Load:
        q = self.q

        def load(i: int) -> dict[str, Any]:
            h = q[i] >> 3
            j = q[h] >> 3
            self.charge(q[h + 1])
            return {
                self.raw(q[n]).decode("utf-8", "surrogatepass"): value(n + 1)
                for n in range(j, j + 2 * q[h + 1], 2)
            }

        return load

    def _load_record(self, t: Record) -> Load:
        q = self.q
        fields = [(n, f.name, self.inner(f.type)) for n, f in enumerate(t.fields)]
        count = len(fields)

        def load(i: int) -> dict[str, Any]:
            j = q[i] >> 3
            return {name: field(j + n) for n, name, field in fields}

        def counted(i: int) -> dict[str, Any]:
            self.charge(count)
            return load(i)

        def nested(i: int) -> dict[str, Any]:
            if self.level >= NESTED:
                made: dict[str, Any] = {}
                self.later.append((made, i, counted))
                return made
            self.level += 1
            made = counted(i)
            self.level -= 1
            return made

        if recursive(t):
            return nested
        return load if all(_small(f.type) for f in t.fields) else counted

    def _load_union(self, t: Union) -> Load:
        q = self.q
        ways = {
            self.tag(b): (self.inner(b), b.tag if b.tag in t.boxed else "") for b in t.branches if b.tag != "null"
        }

        def load(i: int) -> Any:
            at = q[i]
            if at == 0:
                return None
            way, tag = ways[q[at >> 3]]
            value = way((at >> 3) + 1)
            return (tag, value) if tag else value

        return load


def bare_branches(t: Union) -> dict[type, Type]:
    """The branches of a union whose values stand bare, by their class."""
    return {_CLASSES[host_class(b)]: b for b in t.branches if b.tag not in t.boxed}


def _free(count: int) -> None:
    """Nobody counts."""


def _small(t: Type) -> bool:
    """Is reading a value of it paid for by what holds it?"""
    if isinstance(t, Union):
        return all(map(_small, t.branches))
    return not isinstance(t, Array | Map | Record)


_CLASSES: dict[str, type] = {
    "none": type(None), "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes,
    "list": list, "dict": dict,
}  # fmt: skip
_REAL = (Prim("float"), Prim("double"))
_WHOLE = (Prim("int"), Prim("long"))
