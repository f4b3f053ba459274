"""A program that was emitted in another process, as bytes: `encode` there, `decode` here.

There is no pickle: names and numbers are JSON, constants are written as states of engines are (`pfa.memory.state`).
Types are in a table and named by their numbers in it, since a record may have itself inside.

Invariant: decode(encode(x)) is x, but for what only the emitter needs.  `decode` pauses between pieces that take less
than a millisecond: it is done between two actions of an engine.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pfa.limits import Limits
from pfa.memory import state
from pfa.targets.kernel.emitted import Emitted
from pfa.targets.kernel.parts import Filter, Site, Unsupported
from pfa.types import PRIMITIVE, Array, Enum, Field, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

GROUP = 256  # constants or sites a part
UNBOUNDED = Limits(nodes=None, time=None, nesting=1 << 20)


def encode(e: Emitted) -> list[bytes]:
    """The parts of a message; raises Unsupported where the program calls back into Python."""
    if e.escapes:
        raise Unsupported("it goes through the escape to Python")
    types = _Types()
    constants = [(types.number(t), v.made(e.sites) if isinstance(v, Filter) else v) for t, v in e.constants]
    values = [state.dump({"values": [v for _, v in g]}, UNBOUNDED) for g in _groups(constants)]
    sites = [_json([[s.function, list(s.messages.items()), s.at, s.user] for s in g]) for g in _groups(e.sites)]
    head = {
        "entries": e.entries, "tags": e.tags, "native": e.native, "counted": e.counted, "draws": e.draws,
        "keys": e.keys, "slots": [[*at, i] for at, i in e.slots.items()],
        "events": [[namespace, [types.number(t) for t in ts]] for namespace, ts in e.events],
        "constants": [n for n, _ in constants], "values": len(values),
        "takes": [[types.number(t), name] for t, name in e.takes.items()], "written": sorted(e.written),
        "reads": None if e.reads is None else sorted(e.reads),
    }  # fmt: skip
    return [_json(types.table), _json(head), e.text.encode(), *values, *sites]


def decode(parts: list[bytes]) -> Generator[None, None, Emitted]:
    """The program of the parts."""
    types = _types(json.loads(parts[0]))
    head = json.loads(parts[1])
    yield
    first = 3 + head["values"]
    constants: list[Any] = []
    for blob in parts[3:first]:
        constants += state.load(blob, UNBOUNDED)["values"]
        yield
    sites: list[Site] = []
    for part in parts[first:]:
        sites += [Site(f, dict(said), at, user and (user[0], user[1])) for f, said, at, user in json.loads(part)]
        yield
    return Emitted(
        parts[2].decode(), tuple(head["entries"]), head["tags"],
        [(types[n], v) for n, v in zip(head["constants"], constants, strict=True)], sites, [],
        [(namespace, tuple(types[n] for n in ts)) for namespace, ts in head["events"]],
        {(what, name): i for what, name, i in head["slots"]}, {}, head["native"], head["counted"], head["draws"],
        head["keys"], {types[n]: name for n, name in head["takes"]}, frozenset(head["written"]),
        None if head["reads"] is None else frozenset(head["reads"]),
    )  # fmt: skip


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _groups(items: list[Any]) -> list[list[Any]]:
    return [items[i : i + GROUP] for i in range(0, len(items), GROUP)]


class _Types:
    """The table of types."""

    def __init__(self) -> None:
        self.table: list[Any] = []
        self.known: dict[Type, int] = {}

    def number(self, t: Type) -> int:
        """The number of a type, which is in the table before those inside of it."""
        if t not in self.known:
            self.known[t] = n = len(self.table)
            self.table.append(None)
            self.table[n] = self.row(t)
        return self.known[t]

    def row(self, t: Type) -> list[Any]:
        match t:
            case Prim(name):
                return ["prim", name]
            case Array(x) | Map(x):
                return [t.tag, self.number(x)]
            case Union(branches):
                return ["union", [self.number(b) for b in branches]]
            case Enum(name, symbols):
                return ["enum", name, symbols]
            case Fixed(name, size):
                return ["fixed", name, size]
            case Record(name):
                return ["record", name, [[f.name, self.number(f.type), f.order] for f in t.fields]]
            case _:
                raise Unsupported(f"{t} is the type of no value")


def _types(table: list[Any]) -> list[Type]:
    """The types of a table; records are there before what is inside of them."""
    made: dict[int, Type] = {n: Record(row[1]) for n, row in enumerate(table) if row[0] == "record"}

    def build(n: int) -> Type:
        if n not in made:
            made[n] = _MAKE[table[n][0]](build, *table[n][1:])
        return made[n]

    for n, row in enumerate(table):
        t = build(n)
        if isinstance(t, Record):
            t.fields = tuple(Field(name, build(i), order=order) for name, i, order in row[2])
    return [made[n] for n in range(len(table))]


_MAKE: dict[str, Callable[..., Type]] = {
    "prim": lambda build, name: PRIMITIVE[name],
    "array": lambda build, items: Array(build(items)),
    "map": lambda build, values: Map(build(values)),
    "union": lambda build, branches: Union(tuple(map(build, branches))),
    "enum": lambda build, name, symbols: Enum(name, tuple(symbols)),
    "fixed": lambda build, name, size: Fixed(name, size),
}
