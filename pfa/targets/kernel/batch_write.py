"""Print how outputs are written into the arrays of columns: numbers, offsets and bytes, columns of what is inside.

A value is written in two steps.  First it is measured: how many rows more each *dimension* needs (the items of an
array, the bytes of a text, the values of a union's branch; dimension 0 is the table's rows).  That costs steps, and
may fail as the action may; so a value that shares its parts, and is far larger in columns, is one row's error.  Where
the arrays have room it is filled in, which cannot fail; else the host makes them longer.

    words of a dimension in the batch's table: used, room, needed by the row at hand

Invariant: filling in takes just what was measured; rows of a dimension are taken in order, so what an array holds lies
together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfa.types import NULL, Array, Enum, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

DEEP = 64  # columns inside of one another; types that hold themselves have no end of them
MOST = 2000  # columns inside of one output: types that share their parts are far larger as columns
_FLAT = {"boolean": "i1", "int": "i4", "long": "i8", "float": "f4", "double": "f8"}
_STORES = {
    "i1": "st8({p} + {at}, {x})", "i4": "st32({p} + ({at}) * 4, {x})", "i8": "st({p} + ({at}) * 8, {x})",
    "f4": "stf32({p} + ({at}) * 4, unbits({x}))", "f8": "st({p} + ({at}) * 8, {x})",
}  # fmt: skip


class TooMany(Exception):
    """This output has no columns: its type holds itself, or as good as."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """An array of an output column: its word in the table, whose rows it has, and what one of them is."""

    place: int
    dim: int
    dtype: str  # i1, i4, i8, f4, f8, or a number: bytes of that size
    more: int = 0  # offsets have one row more


@dataclass(frozen=True, slots=True)
class Sink:
    """An output column, or one inside of one."""

    form: str  # flat, codes, fixed, blobs, lists, maps, record, union, nulls; slots: for the host to read
    whole: Type
    type: Type  # null aside
    dim: int
    mask: Buffer | None = None  # where null is allowed
    data: Buffer | None = None  # numbers, positions, bytes, offsets; the tags of a union
    places: Buffer | None = None  # of a union
    bytes: Buffer | None = None  # of texts
    made: int = 0  # the dimension of what is inside
    inside: tuple[Sink, ...] = ()


@dataclass(slots=True)
class Columns:
    """The output columns of a batch, and the words of its table that they take from `base` on."""

    base: int
    buffers: list[Buffer] = field(default_factory=list)
    dims: list[int] = field(default_factory=lambda: [0])  # the first word of each; that of the rows is no such
    count: int = 0

    def buffer(self, dim: int, dtype: str, more: int = 0) -> Buffer:
        made = Buffer(self.base, dim, dtype, more)
        self.base += 1
        self.buffers.append(made)
        return made

    def dimension(self) -> int:
        self.dims.append(self.base)
        self.base += 3
        return len(self.dims) - 1

    def sink(self, t: Type, dim: int = 0, depth: int = 0) -> Sink:
        """The columns of a type; TooMany where there are none."""
        self.count += 1
        if self.count > MOST or depth > DEEP:
            raise TooMany
        inner = _bare(t)
        mask = self.buffer(dim, "i1") if inner is not t else None
        match inner:
            case Prim("null"):
                return Sink("nulls", t, inner, dim)
            case Prim(name) if name in _FLAT:
                return Sink("flat", t, inner, dim, mask, self.buffer(dim, _FLAT[name]))
            case Prim():
                made = self.dimension()
                offsets, data = self.buffer(dim, "i8", 1), self.buffer(made, "i1")
                return Sink("blobs", t, inner, dim, mask, offsets, None, data, made)
            case Fixed(_, size):
                return Sink("fixed", t, inner, dim, mask, self.buffer(dim, str(size)))
            case Enum():
                return Sink("codes", t, inner, dim, mask, self.buffer(dim, "i4"))
            case Array(items):
                made = self.dimension()
                offsets = self.buffer(dim, "i8", 1)
                item = self.sink(items, made, depth + 1)
                return Sink("lists", t, inner, dim, mask, offsets, None, None, made, (item,))
            case Map(values):
                made = self.dimension()
                offsets = self.buffer(dim, "i8", 1)
                inside = (self.sink(Prim("string"), made), self.sink(values, made, depth + 1))
                return Sink("maps", t, inner, dim, mask, offsets, None, None, made, inside)
            case Record():
                parts = tuple(self.sink(f.type, dim, depth + 1) for f in inner.fields)
                return Sink("record", t, inner, dim, mask, inside=parts)
            case Union(branches):
                tags, places = self.buffer(dim, "i1"), self.buffer(dim, "i4")
                parts = tuple(self.sink(b, self.dimension(), depth + 1) for b in branches)
                return Sink("union", t, inner, dim, None, tags, places, None, 0, parts)
            case _:
                raise TooMany

    def slots(self, t: Type) -> Sink:
        """Outputs that the host reads from the arena."""
        return Sink("slots", t, t, 0, None, self.buffer(0, "i8"))


def _bare(t: Type) -> Type:
    if isinstance(t, Union) and len(t.branches) == 2 and NULL in t.branches:
        return next(b for b in t.branches if b != NULL)
    return t


class Scope:
    """The addresses of arrays that a function has in its locals, and its temporaries."""

    def __init__(self) -> None:
        self.loads: dict[int, str] = {}
        self.temps = 0

    def at(self, buffer: Buffer | None) -> str:
        assert buffer is not None
        return self.loads.setdefault(buffer.place, f"w{buffer.place}")

    def temp(self) -> str:
        self.temps += 1
        return f"x{self.temps}"

    def lines(self, indent: str = "    ") -> list[str]:
        """What begins the function."""
        return [f"{indent}{name} = ld(a + {8 * place})" for place, name in self.loads.items()]


class Writer:
    """Prints the lines that write a value, and functions for what is inside of arrays and maps."""

    def __init__(self, columns: Columns, tag: Callable[[Type], int]) -> None:
        self.columns = columns
        self.tag = tag
        self.functions: list[str] = []

    def word(self, dim: int, n: int) -> str:
        return f"a + {8 * (self.columns.dims[dim] + n)}"

    def used(self, dim: int) -> str:
        return self.word(dim, 0)

    def need(self, dim: int) -> str:
        return self.word(dim, 2)

    def reset(self) -> list[str]:
        return [f"st({self.need(d)}, 0)" for d in range(1, len(self.columns.dims))]

    def full(self) -> str:
        """Is there a dimension without room for what was measured?"""
        tests = [
            f"ld({self.used(d)}) + ld({self.need(d)}) > ld({self.word(d, 1)})" for d in range(1, len(self.columns.dims))
        ]
        return " or ".join(tests)

    def function(self, name: str, params: str, scope: Scope, lines: list[str]) -> str:
        head = [f"def {name}({params}) -> i64:", *scope.lines()]
        self.functions.append("\n".join([*head, *[f"    {x}" for x in lines], "    return 0"]))
        return name

    # -- measuring: `x` is the name of a slot --

    def measure(self, s: Sink, x: str, scope: Scope) -> list[str]:
        if s.mask is None:
            return self._measure(s, x, scope)
        inner = scope.temp()
        some, none = self._measure(s, inner, scope), self._measure_nothing(s)
        if not some:
            return []
        lines = [f"if {x} != 0:", f"    {inner} = ld({x} + 8)", *_in(some)]
        return [*lines, "else:", *_in(none)] if none else lines

    def _measure(self, s: Sink, x: str, scope: Scope) -> list[str]:
        match s.form:
            case "blobs":
                return [f"column_room_text(ctx, {self.need(s.made)}, {x})"]
            case "lists" if _words(s.inside[0]):
                return [f"column_room_words(ctx, {self.need(s.made)}, {x})"]
            case "lists" | "maps":
                return self._measure_items(s, x)
            case "record":
                return self._measure_fields(s, x, scope)
            case "union":
                return self._branches(s, x, lambda i, b, y: [
                    f"column_room({self.need(b.dim)}, 1)", *self.measure(b, y, scope)
                ], scope)  # fmt: skip
            case _:
                return []

    def _measure_fields(self, s: Sink, x: str, scope: Scope) -> list[str]:
        lines: list[str] = []
        for i, b in enumerate(s.inside):
            y = scope.temp()
            if more := self.measure(b, y, scope):
                lines += [f"{y} = ld({x} + {8 * i})", *more]
        return [f"charge(ctx, {len(s.inside)})", *lines] if lines else lines

    def _measure_items(self, s: Sink, x: str) -> list[str]:
        scope = Scope()
        lines = ["n = length(x)", "charge(ctx, n)", f"column_room({self.need(s.made)}, n)"]
        each: list[str] = []
        for y, at, b in _parts(s):
            if more := self.measure(b, y, scope):
                each += [f"{y} = ld({at})", *more]
        if each:
            lines += ["for i in range(n):", *_in(each)]
        name = self.function(f"out_room{len(self.functions)}", "ctx: i64, a: i64, x: i64", scope, lines)
        return [f"{name}(ctx, a, {x})"]

    def measure_nothing(self, s: Sink) -> list[str]:
        """Of a row that is missing."""
        return self._measure_nothing(s)

    def _measure_nothing(self, s: Sink) -> list[str]:
        match s.form:
            case "record":
                return [line for b in s.inside for line in self._measure_nothing(b)]
            case "union":
                b = s.inside[_nothing(s)]
                return [f"column_room({self.need(b.dim)}, 1)", *self._measure_nothing(b)]
            case _:
                return []

    def _branches(self, s: Sink, x: str, one: Callable[[int, Sink, str], list[str]], scope: Scope) -> list[str]:
        """What `one` makes of the branch that a union's value is of."""
        lines: list[str] = []
        for i, b in enumerate(s.inside):
            y = scope.temp()
            how = "elif" if lines else "if"
            if b.type == NULL:
                lines += [f"{how} {x} == 0:", *_in(one(i, b, x))]
            elif NULL in s.type.branches or len(s.inside) > 1:  # type: ignore[union-attr]
                test = f"ld({x}) == {self.tag(b.type)}"
                test = f"{x} != 0 and {test}" if NULL in s.type.branches else test  # type: ignore[union-attr]
                lines += [f"{how} {test}:", f"    {y} = ld({x} + 8)", *_in(one(i, b, y))]
            else:
                lines += [f"{y} = ld({x} + 8)", *one(i, b, y)]
        return lines

    # -- filling in: row `at` of the column's dimension --

    def fill(self, s: Sink, at: str, x: str, scope: Scope) -> list[str]:
        if s.mask is None:
            return self._fill(s, at, x, scope)
        inner, mask = scope.temp(), scope.at(s.mask)
        return [
            f"if {x} != 0:", f"    {inner} = ld({x} + 8)", f"    st8({mask} + {at}, 1)",
            *_in(self._fill(s, at, inner, scope)), "else:", *_in(self.nothing(s, at, scope)),
        ]  # fmt: skip

    def _fill(self, s: Sink, at: str, x: str, scope: Scope) -> list[str]:
        match s.form:
            case "flat" | "codes" | "slots":
                assert s.data is not None
                return [_STORES[s.data.dtype].format(p=scope.at(s.data), at=at, x=x)]
            case "fixed":
                assert s.data is not None
                return [f"move({scope.at(s.data)} + ({at}) * {s.data.dtype}, items({x}), {s.data.dtype})"]
            case "blobs":
                return [self._put("column_text", s, s.bytes, at, x, scope)]
            case "lists" if _words(s.inside[0]):
                return [self._put("column_words", s, s.inside[0].data, at, x, scope)]
            case "lists" | "maps":
                return [f"{self._fill_items(s)}(a, {at}, {x})"]
            case "record":
                return self._fill_fields(s, at, x, scope)
            case "union":
                return self._branches(s, x, lambda i, b, y: self._fill_branch(s, at, i, b, y, scope), scope)
            case _:
                return []

    def _put(self, kernel: str, s: Sink, data: Buffer | None, at: str, x: str, scope: Scope) -> str:
        return f"{kernel}({scope.at(data)}, {self.used(s.made)}, {scope.at(s.data)} + ({at}) * 8 + 8, {x})"

    def _fill_fields(self, s: Sink, at: str, x: str, scope: Scope) -> list[str]:
        lines: list[str] = []
        for i, b in enumerate(s.inside):
            y = scope.temp()
            lines += [f"{y} = ld({x} + {8 * i})", *self.fill(b, at, y, scope)]
        return lines

    def _fill_items(self, s: Sink) -> str:
        scope = Scope()
        each: list[str] = []
        for y, at, b in _parts(s):
            each += [f"{y} = ld({at})", *self.fill(b, "to", y, scope)]
        lines = [
            "n = length(x)", f"start = ld({self.used(s.made)})", f"st({self.used(s.made)}, start + n)",
            f"st({scope.at(s.data)} + at * 8 + 8, start + n)", "for i in range(n):", "    to = start + i", *_in(each),
        ]  # fmt: skip
        return self.function(f"out_fill{len(self.functions)}", "a: i64, at: i64, x: i64", scope, lines)

    def _fill_branch(self, s: Sink, at: str, i: int, b: Sink, y: str, scope: Scope) -> list[str]:
        to = scope.temp()
        return [*self._to_branch(s, at, i, b, to, scope), *self.fill(b, to, y, scope)]

    def _to_branch(self, s: Sink, at: str, i: int, b: Sink, to: str, scope: Scope) -> list[str]:
        return [
            f"{to} = column_place({self.used(b.dim)})", f"st8({scope.at(s.data)} + {at}, {i})",
            f"st32({scope.at(s.places)} + ({at}) * 4, {to})",
        ]  # fmt: skip

    def nothing(self, s: Sink, at: str, scope: Scope) -> list[str]:
        """A row that is missing."""
        lines = [f"st8({scope.at(s.mask)} + {at}, 0)"] if s.mask is not None else []
        match s.form:
            case "flat" | "codes" | "slots":
                assert s.data is not None
                return [*lines, _STORES[s.data.dtype].format(p=scope.at(s.data), at=at, x="0")]
            case "fixed":
                assert s.data is not None
                return [*lines, f"fill({scope.at(s.data)} + ({at}) * {s.data.dtype}, 0, {s.data.dtype})"]
            case "blobs" | "lists" | "maps":
                return [*lines, f"st({scope.at(s.data)} + ({at}) * 8 + 8, ld({self.used(s.made)}))"]
            case "record":
                return [*lines, *(line for b in s.inside for line in self.nothing(b, at, scope))]
            case "union":
                i, to = _nothing(s), scope.temp()
                b = s.inside[i]
                return [*self._to_branch(s, at, i, b, to, scope), *self.nothing(b, to, scope)]
            case _:
                return lines


def _in(lines: list[str]) -> list[str]:
    return [f"    {x}" for x in lines] or ["    pass"]


def _words(s: Sink) -> bool:
    """Are the values of a column words that lie as in an array?"""
    return s.form == "flat" and s.mask is None and s.data is not None and s.data.dtype in ("i8", "f8")


def _parts(s: Sink) -> list[tuple[str, str, Sink]]:
    """The name and the address of each part of the item i of `x`, and its column."""
    if s.form == "lists":
        return [("y", "items(x) + i * 8", s.inside[0])]
    return [("k", "items(x) + i * 16", s.inside[0]), ("y", "items(x) + i * 16 + 8", s.inside[1])]


def _nothing(s: Sink) -> int:
    """The branch that stands for a union's value that is missing."""
    assert isinstance(s.type, Union)
    return s.type.branches.index(NULL) if NULL in s.type.branches else 0
