"""Print the loop over the rows of columns: a datum from arrays, the action, its output into arrays.

The host tells where the arrays are by a table of words (`Places`); an array that is used as it lies is not copied: an
array of doubles or a text is a header that points into the caller's memory.

Invariant: a row is in the arena only while it is scored, unless its output is a slot that the host reads afterwards
(`Plan.keeps`); then the loop stops when the arena is half full, and goes on when the host has read the outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfa.targets.kernel.layout import kind
from pfa.targets.kernel.parts import from_slot, to_slot
from pfa.types import NULL, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

LOADS = {
    "i1": "ld8({a} + {i})", "i4": "ld32({a} + {i} * 4)", "i8": "ld({a} + {i} * 8)", "f4": "ldf32({a} + {i} * 4)",
    "f8": "ldf({a} + {i} * 8)",
}  # fmt: skip
STORES = {
    "i1": "st8({a} + {i}, int({x}))", "i4": "st32({a} + {i} * 4, {x})", "i8": "st({a} + {i} * 8, {x})",
    "f4": "stf32({a} + {i} * 4, {x})", "f8": "stf({a} + {i} * 8, {x})",
}  # fmt: skip
FIRST = 4  # words before the places of arrays: the row, rows in all, status bytes, where the arena is half full


@dataclass(frozen=True, slots=True)
class Source:
    """How a column lies: the arrays that it has, in the order of `Places`, and columns inside."""

    form: str  # flat, codes, blobs, lists, record, constant
    type: Type  # of its values, null aside
    dtype: str = ""  # of a flat column, of offsets
    nullable: bool = False
    masked: bool = False
    inside: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Sink:
    """An output column: an array of numbers with a mask, or of slots."""

    name: str
    type: Type
    dtype: str
    nullable: bool


@dataclass(slots=True)
class Plan:
    """A batch function: what it reads and writes."""

    source: Source
    output: Type
    sinks: tuple[Sink, ...]
    tag: Callable[[Type], int]
    lines: list[str] = field(default_factory=list)
    places: int = FIRST
    temps: int = 0

    @property
    def keeps(self) -> bool:
        return any(s.dtype == "" for s in self.sinks)

    def place(self) -> str:
        """The next array of the table."""
        name = f"p{self.places}"
        self.lines.append(f"    {name} = ld(a + {8 * self.places})")
        self.places += 1
        return name

    def temp(self) -> str:
        self.temps += 1
        return f"b{self.temps}"

    def print(self) -> str:
        """`batch`: 1 when all rows are done, 2 when the host is to read what there is, 3 to collect garbage."""
        body: list[str] = []
        value = self.read(self.source, "row", body, "            ")
        stored = self.write(body_indent="            ")
        lines = [
            "def batch(ctx: i64, a: i64) -> i64:",
            "    row = ld(a)", "    rows = ld(a + 8)", "    skip = ld(a + 16)", "    half = ld(a + 24)",
            "    mark = get(ctx, TOP)", "    first = get(ctx, FIRST)",
            *self.lines,
            "    while row < rows:", "        if ld8(skip + row) == 0:", "            st(a, row)",
            "            put(ctx, BUDGET, first)",
        ]  # fmt: skip
        if not self.keeps:
            lines.append("            put(ctx, TOP, mark)")
        lines += body
        lines.append(f"            out = run(ctx, {value})")
        lines += stored
        lines += ["        row += 1"]
        lines += ["        if get(ctx, PTOP) > get(ctx, FULLER):", "            st(a, row)", "            return 3"]
        if self.keeps:
            lines += ["        if get(ctx, TOP) > half:", "            st(a, row)", "            return 2"]
        return "\n".join([*lines, "    st(a, row)", "    return 1"])

    # -- reading: the text of a value in its register (bool as i64), lines before it into `body` --

    def read(self, s: Source, i: str, body: list[str], indent: str) -> str:
        """The value of a column at a row, as `run` takes it."""
        mask = self.place() if s.masked else ""
        if not s.nullable:
            return self.bare(s, i, body, indent)
        made = self.temp()
        body.append(f"{indent}{made} = 0")
        inner = indent
        if mask:
            body.append(f"{indent}if ld8({mask} + {i}) != 0:")
            inner += "    "
        value = self.slot(self.bare(s, i, body, inner), s.type)
        body += [
            f"{inner}{made} = alloc(ctx, 16)",
            f"{inner}st({made}, {self.tag(s.type)})",
            f"{inner}st({made} + 8, {value})",
        ]
        return made

    def slot(self, text: str, t: Type) -> str:
        return f"bits({text})" if kind(t) == "f64" else text

    def bare(self, s: Source, i: str, body: list[str], indent: str) -> str:
        match s.form:
            case "flat":
                return LOADS[s.dtype].format(a=self.place(), i=i)
            case "codes":
                table = self.place()
                codes = self.place()
                return f"ld({table} + ld32({codes} + {i} * 4) * 8)"
            case "blobs":
                return self.blob(s, i, body, indent)
            case "lists":
                return self.items(s, i, body, indent)
            case "record":
                return self.record(s, i, body, indent)
            case "constant":
                return from_constant(self.place(), s.type)
            case _:
                return "0"

    def offsets(self, s: Source, i: str, body: list[str], indent: str) -> tuple[str, str]:
        at, start, end = self.place(), self.temp(), self.temp()
        body.append(f"{indent}{start} = {LOADS[s.dtype].format(a=at, i=i)}")
        body.append(f"{indent}{end} = {LOADS[s.dtype].format(a=at, i=f'({i} + 1)')}")
        return start, end

    def blob(self, s: Source, i: str, body: list[str], indent: str) -> str:
        start, end = self.offsets(s, i, body, indent)
        data, made = self.place(), self.temp()
        helper = "foreign_text" if s.type.tag == "string" else "foreign_bytes"
        body.append(f"{indent}{made} = {helper}(ctx, {data} + {start}, {end} - {start})")
        return made

    def items(self, s: Source, i: str, body: list[str], indent: str) -> str:
        start, end = self.offsets(s, i, body, indent)
        made = self.temp()
        [inner] = s.inside
        if inner.form == "flat" and inner.dtype in ("i8", "f8") and not inner.nullable:
            data = self.place()
            body.append(f"{indent}{made} = foreign_array(ctx, {data} + {start} * 8, {end} - {start})")
            return made
        j = self.temp()
        body.append(f"{indent}{made} = new_array(ctx, {end} - {start})")
        body.append(f"{indent}for {j} in range({start}, {end}):")
        value = self.slot(self.read(inner, j, body, indent + "    "), _whole(inner))
        body.append(f"{indent}    st(items({made}) + ({j} - {start}) * 8, {value})")
        return made

    def record(self, s: Source, i: str, body: list[str], indent: str) -> str:
        assert isinstance(s.type, Record)
        made = self.temp()
        body.append(f"{indent}{made} = alloc(ctx, {8 * max(1, len(s.inside))})")
        for n, inner in enumerate(s.inside):
            value = self.read(inner, i, body, indent)
            store = "stf" if kind(_whole(inner)) == "f64" else "st"
            body.append(f"{indent}{store}({made} + {8 * n}, {value})")
        return made

    # -- writing --

    def write(self, body_indent: str) -> list[str]:
        lines: list[str] = []
        whole = self.output
        for n, sink in enumerate(self.sinks):
            value = "out"
            if isinstance(whole, Record) and sink.name:
                value = from_slot(f"ld(out + {8 * n})", sink.type)
            lines += self.put(sink, value, body_indent)
        return lines

    def put(self, sink: Sink, value: str, indent: str) -> list[str]:
        at = self.place()
        if sink.dtype == "":
            x = to_slot(value, sink.type) if value != "out" else out_slot(self.output)
            return [f"{indent}st({at} + row * 8, {x})"]
        if not sink.nullable:
            if value == "out" and kind(sink.type) == "bool":
                return [f"{indent}st8({at} + row, out)"]
            return [indent + STORES[sink.dtype].format(a=at, i="row", x=value)]
        mask, u = self.place(), self.temp()
        inner = next(b for b in sink.type.branches if b != NULL)  # type: ignore[union-attr]
        x = f"ldf({u} + 8)" if kind(inner) == "f64" else f"ld({u} + 8)"
        return [
            f"{indent}{u} = {value}", f"{indent}st8({mask} + row, int({u} != 0))", f"{indent}if {u} != 0:",
            f"{indent}    " + STORES[sink.dtype].format(a=at, i="row", x=x),
        ]  # fmt: skip


def out_slot(t: Type) -> str:
    return "bits(out)" if kind(t) == "f64" else "out"


def _whole(s: Source) -> Type:
    """The type of a column's values: a union where they may be null."""
    return Union((NULL, s.type)) if s.nullable else s.type


def from_constant(place: str, t: Type) -> str:
    return f"unbits({place})" if kind(t) == "f64" else place

