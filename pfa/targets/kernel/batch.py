"""Print the loop over the rows of columns: a datum from arrays, the action, its output into arrays.

The host tells where the arrays are by a table of words:

    the row, rows in all, status bytes, where the arena is half full, whether the output of the row waits, that output,
    1 + the row whose objects the host has read; arrays of the input; those of the output (`batch_write.Columns`)

Method emit has a dimension of its own for what is emitted: each value has its row's number, and whether it is there
(after what a row that failed had emitted comes one that is not).

Invariant: a row is in the arena only while it is scored, unless an output is a slot that the host reads afterwards
(`Plan.keeps`); then the loop stops when the arena is half full, and goes on when the host has read the outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfa.targets.kernel.batch_read import Reader, Source, takes
from pfa.targets.kernel.batch_write import Buffer, Columns, Scope, Sink, TooMany, Writer
from pfa.targets.kernel.layout import kind
from pfa.types import Record, Type

if TYPE_CHECKING:
    from collections.abc import Callable

WAITING, OUT, GIVEN, FIRST = range(4, 8)  # words of the table: see above; the first array
FAILED, DONE, READ, COLLECT, GROW, LOGGED = range(6)  # what a batch function gives: why it comes back


@dataclass(slots=True)
class _Written:
    """Lines that write an output: measured and filled in, and of a row that is missing."""

    room: list[str] = field(default_factory=list)
    fill: list[str] = field(default_factory=list)
    no_room: list[str] = field(default_factory=list)
    nothing: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """A batch function: what it reads and writes."""

    source: Source
    output: Type
    tag: Callable[[Type], int]
    emits: bool = False
    logs: bool = False
    wanted: bool = True  # False: nobody looks at the outputs
    columns: Columns = field(default_factory=lambda: Columns(FIRST))
    sinks: dict[str, Sink] = field(default_factory=dict)
    dim: int = 0  # the dimension of the outputs
    row: Buffer | None = None  # of what is emitted: its row, and whether it is there
    there: Buffer | None = None
    text: str = ""

    def __post_init__(self) -> None:
        reader = Reader(self.tag, FIRST)
        body: list[str] = []
        value = reader.read(self.source, "row", body, "")
        self.columns.base = reader.places
        if self.emits:
            self.dim = self.columns.dimension()
            self.row, self.there = self.columns.buffer(self.dim, "i8"), self.columns.buffer(self.dim, "i1")
        if self.wanted:
            self.sinks = {name: self.sink(t) for name, t in outputs(self.output)}
        self.text = self.print(reader, body, value)

    @property
    def keeps(self) -> bool:
        """Does the host read outputs from the arena?"""
        return any(s.form == "slots" for s in self.sinks.values())

    @property
    def words(self) -> int:
        """The size of the table."""
        return self.columns.base

    @property
    def takes(self) -> bool:
        """Does it read objects of the interpreter?  Then it holds the interpreter's lock."""
        return takes(self.source)

    def sink(self, t: Type) -> Sink:
        """An output column, or the slots of what has none."""
        c = self.columns
        buffers, dims, base, count = len(c.buffers), len(c.dims), c.base, c.count
        try:
            made = c.sink(t, self.dim)
            c.count -= 1  # only what is inside is counted
        except TooMany:
            del c.buffers[buffers:], c.dims[dims:]
            c.base, c.count = base, count
            made = c.slots(t)
        return made

    def print(self, reader: Reader, body: list[str], value: str) -> str:
        """`batch` and its functions."""
        scope, writer = Scope(), Writer(self.columns, self.tag)
        act = ["st(a, row)", "put(ctx, BUDGET, first)"]
        free = ["if given != row + 1:", "    put(ctx, TOP, mark)"] if self.takes else ["put(ctx, TOP, mark)"]
        act += [] if self.keeps else free  # what the host gives for a row is in the arena already
        act += [*body, f"out = {self.run(value)}"]
        loop = self.emitting(act, writer, scope) if self.emits else self.mapping(act, writer, scope)
        loop += ["row += 1", "if get(ctx, PTOP) > get(ctx, FULLER):", "    st(a, row)", f"    return {COLLECT}"]
        if self.keeps:
            loop += ["if get(ctx, TOP) > half:", "    st(a, row)", f"    return {READ}"]
        head = ["row = ld(a)", "rows = ld(a + 8)", "skip = ld(a + 16)", "half = ld(a + 24)", "mark = get(ctx, ARENA)",
                "first = get(ctx, FIRST)"]  # fmt: skip
        if self.takes:
            head += [f"given = ld(a + {8 * GIVEN})", "put(ctx, STACK, here() - get(ctx, ROOM))"]
        head += [*reader.lines, *scope.lines("")]
        lines = [*head, "while row < rows:", *_in(loop), "st(a, row)", f"return {DONE}"]
        return "\n\n".join([*writer.functions, "\n".join(["def batch(ctx: i64, a: i64) -> i64:", *_in(lines)])])

    def run(self, value: str) -> str:
        """The action; what it gives as a slot."""
        call = f"run(ctx, {value})"
        return f"bits({call})" if kind(self.output) == "f64" and not self.emits else call

    def written(self, writer: Writer, scope: Scope, at: str) -> _Written:
        """Lines that write the output whose slot is `out`."""
        made = _Written()
        for i, (name, s) in enumerate(self.sinks.items()):
            y, before = "out", []
            if name:
                y = scope.temp()
                before = [f"{y} = ld(out + {8 * i})"]
            if more := writer.measure(s, y, scope):
                made.room += [*before, *more]
            made.fill += [*before, *writer.fill(s, at, y, scope)]
            made.no_room += writer.measure_nothing(s)
            made.nothing += writer.nothing(s, at, scope)
        return made

    def mapping(self, act: list[str], writer: Writer, scope: Scope) -> list[str]:
        """A row of which there is one output."""
        w = self.written(writer, scope, "row")
        if w.room or w.no_room or self.logs:
            logged = ["if get(ctx, EVENTS) != 0:", *_in(waits(LOGGED))] if self.logs else []
            act = [
                f"if ld(a + {8 * WAITING}) == 0:",
                *_in([*act, f"st(a + {8 * OUT}, out)", *writer.reset(), *w.room, *logged]),
                f"out = ld(a + {8 * OUT})", *full(writer), f"st(a + {8 * WAITING}, 0)",
            ]  # fmt: skip
        nothing = w.nothing
        if w.no_room:
            nothing = [*writer.reset(), *w.no_room, *full(writer), f"st(a + {8 * WAITING}, 0)", *nothing]
        return ["if ld8(skip + row) == 0:", *_in([*act, *w.fill]), "else:", *_in(nothing)]

    def emitting(self, act: list[str], writer: Writer, scope: Scope) -> list[str]:
        """A row of which there are any number."""
        w = self.written(writer, scope, "at")
        more = f"column_room({writer.need(self.dim)}, 1)"
        place = [
            f"at = column_place({writer.used(self.dim)})", f"st({scope.at(self.row)} + at * 8, row)",
            f"st8({scope.at(self.there)} + at, THERE)",
        ]  # fmt: skip
        there, missing = ([x.replace("THERE", n) for x in place] for n in "10")
        return [
            f"if ld(a + {8 * WAITING}) == 0:",
            *_in([
                "if ld8(skip + row) == 0:", *_in(act), "else:", "    put(ctx, BUDGET, first)",
                "e = column_events(ctx)", f"st(a + {8 * OUT}, e)", *writer.reset(),
                "while e != 0:", *_in([more, "out = ld(e + 16)", *w.room, "e = ld(e)"]),
                "if ld8(skip + row) != 0:", *_in([more, *w.no_room]),
            ]),
            *full(writer), f"st(a + {8 * WAITING}, 0)", f"e = ld(a + {8 * OUT})",
            "while e != 0:", *_in([*there, "out = ld(e + 16)", *w.fill, "e = ld(e)"]),
            "if ld8(skip + row) != 0:", *_in([*missing, *w.nothing]),
        ]  # fmt: skip


def full(writer: Writer) -> list[str]:
    """The output waits where there is no room."""
    test = writer.full()
    return [f"if {test}:", *_in(waits(GROW))] if test else []


def waits(why: int) -> list[str]:
    return [f"st(a + {8 * WAITING}, 1)", "st(a, row)", f"return {why}"]


def outputs(t: Type) -> list[tuple[str, Type]]:
    """Names and types of the output columns; "" of what is no record."""
    return [(f.name, f.type) for f in t.fields] if isinstance(t, Record) else [("", t)]


def _in(lines: list[str]) -> list[str]:
    return [f"    {x}" for x in lines] or ["    pass"]
