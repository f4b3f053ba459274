"""Avro's schema resolution: how data that was written as one type is read as another.

Place in the pipeline: the types of a file and of a cell in, a `Plan` out, which `avro_decode` prints as code.
Avro's specification, "Schema Resolution": promotions, defaults, aliases, reordered and left out fields, subsets of
enums, branches of unions.  Invariant: what can be refused without looking at the data is refused here (`Unfit`); a
branch that does not fit is refused only when a datum has it.

    written [null, int], read as double      Choice(Refused("null ..."), Number("int", "double"))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from pfa.check.embedded import Readers, convert, tag_default
from pfa.check.problems import show
from pfa.types import MISSING, NULL, NUMBERS, RANK, Array, Enum, Field, Fixed, Map, Prim, Record, Type, Union

_MOST_STEPS = 200_000  # of a plan: a schema of a million types is an attack
_WIDEN = {"float": "float", "double": "double"}


class Unfit(Exception):
    """The file's schema cannot be read as the cell's type; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """null, boolean, int, long, float, double, string or bytes as they stand in the file.

    `to` is what the number becomes: "float" or "double" of an int or long, else "".
    """

    name: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Raw:
    """A fixed."""

    size: int


@dataclass(frozen=True, slots=True)
class Symbols:
    """An enum of the file; None stands for a symbol that the cell's type has not."""

    symbols: tuple[str | None, ...]
    reader: str


@dataclass(frozen=True, slots=True)
class Items:
    """An array, or a map (`keyed`)."""

    item: Step
    keyed: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A union of the file."""

    branches: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A branch that the cell's type has no place for."""

    why: str


@dataclass(frozen=True, slots=True)
class Boxed:
    """A branch whose values are (tag, value) in host representation."""

    tag: str
    step: Step


@dataclass(frozen=True, slots=True)
class Call:
    """A record, by its key in `Plan.records`."""

    key: Key


Step: TypeAlias = "Scalar | Raw | Symbols | Items | Choice | Refused | Boxed | Call"
Key: TypeAlias = "tuple[str, str]"
"""The names of a record in the file and in the document; "" where it is only skipped."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A record: each field of the file with the name that it is read as (None: skipped), then what is made of them."""

    steps: tuple[tuple[str | None, Step], ...]
    names: tuple[str, ...]  # of the document's record, in its order
    defaults: dict[str, object]  # host values, of fields that the file has not
    skipped: bool = False  # as a whole


@dataclass(slots=True)
class Plan:
    """How a datum is read."""

    root: Step
    records: dict[Key, Fields] = field(default_factory=dict)


def resolve(written: Type, wanted: Type) -> Plan:
    """The plan that reads `written` as `wanted`; raises Unfit."""
    made = _Resolver()
    root = made.step(written, wanted)
    return Plan(root, made.records)


def _short(t: Type) -> str:
    text = str(t)
    return text if len(text) <= 80 else f"{text[:76]}..."


def _unqualified(name: str) -> str:
    return name.rpartition(".")[2]


def _same_name(w: Record | Enum | Fixed, r: Record | Enum | Fixed) -> bool:
    """Avro compares names without their namespaces; an alias is a whole name."""
    return _unqualified(w.name) == _unqualified(r.name) or w.name in r.aliases


def _unfit(w: Type, r: Type, why: str = "") -> Unfit:
    return Unfit(f"the file has {_short(w)} where the document has {_short(r)}{why}")


class _Resolver:
    """Makes steps; each pair of records once."""

    def __init__(self) -> None:
        self.records: dict[Key, Fields] = {}
        self.refused: dict[Key, str] = {}
        self.open: set[Key] = set()
        self.left = _MOST_STEPS

    def step(self, w: Type, r: Type | None) -> Step:
        """How a `w` is read as an `r`; None: how it is skipped."""
        self.left -= 1
        if self.left < 0:
            raise Unfit("the file's schema is too large")
        if isinstance(w, Union):
            return self.choice(w, r)
        if isinstance(r, Union):
            return self.into(w, r)
        match w:
            case Prim():
                return _scalar(w, r)
            case Array(x) if r is None or isinstance(r, Array):
                return Items(self.step(x, r and r.items), False)
            case Map(x) if r is None or isinstance(r, Map):
                return Items(self.step(x, r and r.values), True)
            case Record() if r is None or isinstance(r, Record):
                return self.record(w, r)
            case Enum() if r is None or isinstance(r, Enum):
                return _symbols(w, r)
            case Fixed() if r is None or isinstance(r, Fixed):
                return _raw(w, r)
        assert r is not None
        raise _unfit(w, r)

    # -- unions --

    def choice(self, w: Union, r: Type | None) -> Step:
        branches = tuple(self.branch(b, r) for b in w.branches)
        if all(isinstance(b, Refused) for b in branches):
            assert r is not None
            raise _unfit(w, r)
        return Choice(branches)

    def branch(self, w: Type, r: Type | None) -> Step:
        try:
            return self.step(w, r)
        except Unfit as error:
            return Refused(str(error))

    def into(self, w: Type, r: Union) -> Step:
        """The branch of the same name, or else the first one that fits."""
        reasons: list[Unfit] = []
        for b in sorted(r.branches, key=lambda b: b.tag != w.tag):
            try:
                made = self.step(w, b)
            except Unfit as error:
                reasons.append(error)
            else:
                return Boxed(b.tag, made) if b.tag in r.boxed else made
        raise reasons[0] if r.branches[0].tag == w.tag or w.tag in r.by_tag else _unfit(w, r)

    # -- records --

    def record(self, w: Record, r: Record | None) -> Step:
        key = (w.name, r.name if r else "")
        if key in self.refused:
            raise Unfit(self.refused[key])
        if key not in self.records and key not in self.open:
            self.define(key, w, r)
        return Call(key)

    def define(self, key: Key, w: Record, r: Record | None) -> None:
        if r is not None and not _same_name(w, r):
            why = f"; give the record {_short(r)} the name or the alias {show(w.name)}"
            raise _unfit(w, r, why)
        before = len(self.records)
        self.open.add(key)
        try:
            self.records[key] = self.fields(w, r)
        except Unfit as error:
            for later in list(self.records)[before:]:  # they may have counted on this one
                del self.records[later]
            self.refused[key] = str(error)
            raise
        finally:
            self.open.discard(key)

    def fields(self, w: Record, r: Record | None) -> Fields:
        if r is None:
            return Fields(tuple((None, self.step(f.type, None)) for f in w.fields), (), {}, True)
        matched = _matched(w, r)
        steps = tuple(self.field(f, matched.get(f.name), r) for f in w.fields)
        missing = r.by_name.keys() - {name for name, _ in steps}
        defaults = {f.name: _default(f, w, r) for f in r.fields if f.name in missing}
        return Fields(steps, tuple(r.by_name), defaults)

    def field(self, f: Field, wanted: Field | None, r: Record) -> tuple[str | None, Step]:
        if wanted is None:
            return None, self.step(f.type, None)
        try:
            return wanted.name, self.step(f.type, wanted.type)
        except Unfit as error:
            raise Unfit(f"{_short(r)}.{show(wanted.name)[1:-1]}: {error}"[:400]) from None


def _matched(w: Record, r: Record) -> dict[str, Field]:
    """The document's field of each of the file's: by name, else by alias, each once."""
    matched = {f.name: r.by_name[f.name] for f in w.fields if f.name in r.by_name}
    known = {f.name for f in w.fields}
    for f in r.fields:
        if f.name not in known:
            alias = next((a for a in f.aliases if a in known and a not in matched), None)
            if alias is not None:
                matched[alias] = f
    return matched


def _default(f: Field, w: Record, r: Record) -> object:
    if f.default is MISSING:
        have = ", ".join(show(x.name) for x in w.fields[:6]) + (", ..." if len(w.fields) > 6 else "")
        raise Unfit(f"the file's record {_short(w)} has no field {show(f.name)} ({have}), and it has no default")
    if f.default is None and isinstance(f.type, Union) and NULL in f.type.branches:
        return None
    fits, value = convert(f.type, tag_default(f.type, f.default), Readers())
    if not fits:
        raise Unfit(f"the default of {_short(r)}.{show(f.name)[1:-1]} does not have its type")
    return value


# -- what holds nothing --


def _scalar(w: Prim, r: Type | None) -> Scalar:
    if r is None or w == r:
        return Scalar(w.name)
    if w in RANK and r in RANK and RANK[w] <= RANK[r]:
        assert isinstance(r, Prim)
        return Scalar(w.name, _WIDEN.get(r.name, "") if w in NUMBERS[:2] else "")
    if isinstance(r, Prim) and {w.name, r.name} == {"string", "bytes"}:
        return Scalar(r.name)  # both are a length and bytes
    raise _unfit(w, r)


def _symbols(w: Enum, r: Enum | None) -> Symbols:
    if r is None:
        return Symbols(w.symbols, w.name)
    if not _same_name(w, r):
        raise _unfit(w, r)
    known = frozenset(r.symbols)
    return Symbols(tuple(s if s in known else None for s in w.symbols), r.name)


def _raw(w: Fixed, r: Fixed | None) -> Raw:
    if r is not None and (not _same_name(w, r) or w.size != r.size):
        why = f", of {r.size} bytes instead of {w.size}" if w.size != r.size else ""
        raise _unfit(w, r, why)
    return Raw(w.size)
