"""Print how a datum is read from the arrays of columns.

An array that is used as it lies is not copied: an array of doubles or a text is a header that points into the
caller's memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfa.targets.kernel.layout import kind
from pfa.types import NULL, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

LOADS = {
    "i1": "ld8({a} + {i})", "i4": "ld32({a} + {i} * 4)", "i8": "ld({a} + {i} * 8)", "f4": "ldf32({a} + {i} * 4)",
    "f8": "ldf({a} + {i} * 8)",
}  # fmt: skip
ENTRY = 24  # bytes of an entry of a dictionary of texts: data, bytes, characters


@dataclass(frozen=True, slots=True)
class Source:
    """How a column lies: the arrays that it has, in the order of `Places`, and columns inside."""

    form: str  # flat, codes, words, blobs, lists, maps, record, unions, nulls, constant, object
    type: Type  # of its values, null aside (but of unions and objects)
    dtype: str = ""  # of a flat column, of offsets; of objects what takes them
    nullable: bool = False
    masked: bool = False
    inside: tuple[Source, ...] = ()
    plain: bool = False  # texts that are all ASCII


@dataclass(slots=True)
class Reader:
    """Prints the lines that read a row; arrays are asked for in the order in which the host binds them."""

    tag: Callable[[Type], int]
    places: int  # the next word of the table
    lines: list[str] = field(default_factory=list)  # what begins the function
    temps: int = 0

    def place(self) -> str:
        """The next array of the table."""
        name = f"p{self.places}"
        self.lines.append(f"{name} = ld(a + {8 * self.places})")
        self.places += 1
        return name

    def temp(self) -> str:
        self.temps += 1
        return f"b{self.temps}"

    # The text of a value in its register (bool as i64); lines before it go into `body`.

    def read(self, s: Source, i: str, body: list[str], indent: str, room: str = "") -> str:
        """The value of a column at a row, as `run` takes it; a record or a text in this `room` where there is some."""
        mask = self.place() if s.masked else ""
        if not s.nullable:
            return self.bare(s, i, body, indent, room)
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

    def bare(self, s: Source, i: str, body: list[str], indent: str, room: str = "") -> str:
        match s.form:
            case "flat":
                return LOADS[s.dtype].format(a=self.place(), i=i)
            case "codes":
                table = self.place()
                codes = self.place()
                return f"ld({table} + ld32({codes} + {i} * 4) * 8)"
            case "words":
                return self.word(i, body, indent)
            case "blobs":
                return self.blob(s, i, body, indent, room)
            case "lists":
                return self.items(s, i, body, indent)
            case "maps":
                return self.pairs(s, i, body, indent)
            case "record":
                return self.record(s, i, body, indent, room)
            case "unions":
                return self.branch(s, i, body, indent)
            case "object":
                return self.taken(s, body, indent)
            case "constant":
                return from_constant(self.place(), s.type)
            case _:
                return "0.0" if kind(s.type) == "f64" else "0"

    def word(self, i: str, body: list[str], indent: str) -> str:
        """A text of a dictionary."""
        table, codes, made = self.place(), self.place(), self.temp()
        body.append(f"{indent}{made} = foreign_entry(ctx, {table} + ld32({codes} + {i} * 4) * {ENTRY})")
        return made

    def offsets(self, s: Source, i: str, body: list[str], indent: str) -> tuple[str, str]:
        at, start, end = self.place(), self.temp(), self.temp()
        body.append(f"{indent}{start} = {LOADS[s.dtype].format(a=at, i=i)}")
        body.append(f"{indent}{end} = {LOADS[s.dtype].format(a=at, i=f'({i} + 1)')}")
        return start, end

    def blob(self, s: Source, i: str, body: list[str], indent: str, room: str) -> str:
        start, end = self.offsets(s, i, body, indent)
        data, made = self.place(), self.temp()
        plain = s.plain or s.type.tag != "string"
        count = f"{end} - {start}" if plain else f"count_characters({data} + {start}, {end} - {start})"
        body.append(f"{indent}{made} = {room or 'alloc(ctx, 32)'}")
        body.append(f"{indent}foreign_at({made}, {data} + {start}, {end} - {start}, {count})")
        return made

    def items(self, s: Source, i: str, body: list[str], indent: str) -> str:
        start, end = self.offsets(s, i, body, indent)
        made = self.temp()
        [inner] = s.inside
        if inner.form == "flat" and inner.dtype in ("i8", "f8") and not inner.nullable:
            data = self.place()
            body.append(f"{indent}{made} = foreign_array(ctx, {data} + {start} * 8, {end} - {start})")
            return made
        body.append(f"{indent}{made} = new_array(ctx, {end} - {start})")
        self.each(inner, made, start, end, (8, 0), body, indent)
        return made

    def each(self, s: Source, made: str, start: str, end: str, place: tuple[int, int], body: list[str],
             indent: str) -> None:  # fmt: skip
        """Store what a column has from `start` to `end`, `place` being the bytes of an item and where in them."""
        j = self.temp()
        room = self.rooms(s, start, end, body, indent)
        body.append(f"{indent}for {j} in range({start}, {end}):")
        at = f"{room} + ({j} - {start}) * {_room(s)}" if room else ""
        value = self.slot(self.read(s, j, body, indent + "    ", at), _whole(s))
        size, inside = place
        body.append(f"{indent}    st(items({made}) + ({j} - {start}) * {size} + {inside}, {value})")

    def rooms(self, s: Source, start: str, end: str, body: list[str], indent: str) -> str:
        """Room for all values of a column from `start` to `end`, where each takes as much."""
        size = _room(s)
        if not size or s.nullable:
            return ""
        room = self.temp()
        body.append(f"{indent}{room} = alloc(ctx, ({end} - {start}) * {size})")
        return room

    def pairs(self, s: Source, i: str, body: list[str], indent: str) -> str:
        """A map; of a key that comes twice the last value counts."""
        start, end = self.offsets(s, i, body, indent)
        made = self.temp()
        keys, values = s.inside
        j, seen, twice, at = (self.temp() for _ in range(4))
        body.append(f"{indent}{made} = new_map(ctx, {end} - {start})")
        rooms = [self.rooms(s, start, end, body, indent) for s in (keys, values)]
        body += [f"{indent}{seen} = 0", f"{indent}{twice} = 0", f"{indent}for {j} in range({start}, {end}):"]
        inner = indent + "    "
        body.append(f"{inner}{at} = items({made}) + ({j} - {start}) * 16")
        for s, room, place in zip((keys, values), rooms, (0, 8), strict=True):
            given = f"{room} + ({j} - {start}) * {_room(s)}" if room else ""
            value = self.slot(self.read(s, j, body, inner, given), _whole(s))
            body.append(f"{inner}st({at} + {place}, {value})")
        body += [
            f"{inner}{twice} = {twice} | ({seen} & key_mark(ld({at})))", f"{inner}{seen} = {seen} | key_mark(ld({at}))",
            f"{indent}if {twice} != 0:", f"{indent}    {made} = distinct_keys(ctx, {made})",
        ]  # fmt: skip
        return made

    def record(self, s: Source, i: str, body: list[str], indent: str, room: str) -> str:
        assert isinstance(s.type, Record)
        made = self.temp()
        body.append(f"{indent}{made} = {room or f'alloc(ctx, {_room(s)})'}")
        for n, inner in enumerate(s.inside):
            value = self.read(inner, i, body, indent)
            store = "stf" if kind(_whole(inner)) == "f64" else "st"
            body.append(f"{indent}{store}({made} + {8 * n}, {value})")
        return made

    def branch(self, s: Source, i: str, body: list[str], indent: str) -> str:
        """A value of a union of several types: which branch it has, and its row among those."""
        assert isinstance(s.type, Union)
        made, tag, at = self.temp(), self.temp(), self.temp()
        tags, places = self.place(), self.place()
        body += [
            f"{indent}{made} = 0", f"{indent}{tag} = ld8({tags} + {i})", f"{indent}{at} = ld32({places} + {i} * 4)"
        ]  # fmt: skip
        for n, (b, inner) in enumerate(zip(s.type.branches, s.inside, strict=True)):
            if b == NULL:
                continue
            body.append(f"{indent}if {tag} == {n}:")
            value = self.slot(self.read(inner, at, body, indent + "    "), b)
            body += [
                f"{indent}    {made} = alloc(ctx, 16)", f"{indent}    st({made}, {self.tag(b)})",
                f"{indent}    st({made} + 8, {value})",
            ]  # fmt: skip
        return made

    def taken(self, s: Source, body: list[str], indent: str) -> str:
        """An object of the interpreter; the host gives the slots of a row that compiled code does not take."""
        objects, slot, made = self.place(), self.place(), self.temp()
        body += [
            f"{indent}if given == row + 1:", f"{indent}    {made} = {slot}", f"{indent}else:",
            f"{indent}    {made} = {s.dtype}(ctx, ld({objects} + row * 8))",
        ]  # fmt: skip
        return f"unbits({made})" if kind(s.type) == "f64" else made


def takes(s: Source) -> bool:
    """Does reading it look at objects of the interpreter?  Then the interpreter's lock is held."""
    return s.form == "object" or any(map(takes, s.inside))


def _room(s: Source) -> int:
    """Bytes of what a value of a column is, where all take as many; 0 elsewhere."""
    if s.form == "record":
        return 8 * max(1, len(s.inside))
    return 32 if s.form == "blobs" else 0


def _whole(s: Source) -> Type:
    """The type of a column's values: a union where they may be null."""
    return Union((NULL, s.type)) if s.nullable else s.type


def from_constant(place: str, t: Type) -> str:
    return f"unbits({place})" if kind(t) == "f64" else place

