"""Schema resolution: what a writer's type is to a reader's, as a plan that says what to do with the bytes.

Place in the pipeline: `avro_source` prints decoders of plans.  Invariant: whatever can be said about two schemas is
said here, once, with the path; what depends on the datum (a branch that the reader does not have) is in the plan.
Specification: Avro 1.12, "Schema Resolution".  As Apache's Java library does, records outside of unions match
whatever their names are, and in a union the branch of the same name comes before one that only fits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from pfa.check.embedded import Readers, convert, describe, tag_default
from pfa.check.problems import suggestion
from pfa.check.schemas import escape
from pfa.data.values import Encoders
from pfa.errors import PfaDataError, Problem, Where
from pfa.types import MISSING, NUMBERS, RANK, Array, Enum, Field, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

Form = Literal["host", "data"]
"""host: values as they are inside an engine; data: values that `engine.action` takes, tagged where it must be."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A primitive: the type that is read, and what a number is converted to ("float", "double") if anything."""

    kind: str
    convert: str = ""


@dataclass(frozen=True, slots=True)
class FixedPlan:
    size: int


@dataclass(frozen=True, slots=True)
class EnumPlan:
    """Symbols by their index; `lost`: those that the reader's enum does not have."""

    symbols: tuple[str, ...]
    lost: frozenset[str]
    wanted: str
    path: str


@dataclass(frozen=True, slots=True)
class ArrayPlan:
    items: Plan


@dataclass(frozen=True, slots=True)
class MapPlan:
    values: Plan


@dataclass(eq=False, slots=True)
class RecordPlan:
    """`steps`: the writer's fields in order, with the reader's names, or None for those that are skipped.

    `order`: the names in the reader's order; `defaults` makes those that the writer does not have.
    """

    name: str
    steps: list[tuple[str | None, Plan]] = field(default_factory=list)
    order: tuple[str, ...] = ()
    defaults: dict[str, Callable[[], Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnionPlan:
    branches: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class BoxPlan:
    """A value that says which branch of the reader's union it is."""

    tag: str
    inner: Plan


@dataclass(frozen=True, slots=True)
class Refuse:
    """A branch of the writer's that the reader cannot take; `inner` reads it, to get past it."""

    inner: Plan
    message: str
    path: str


Plan: TypeAlias = "Scalar | FixedPlan | EnumPlan | ArrayPlan | MapPlan | RecordPlan | UnionPlan | BoxPlan | Refuse"


@dataclass(frozen=True, slots=True)
class Unresolved(Problem):
    """The schema of data cannot be read as the type that is wanted."""

    says: ClassVar[str] = "the schema of the Avro data does not fit the type {p.wanted}: {p.message}{p.more}"
    wanted: str
    message: str
    more: str


def resolve(writer: Type, reader: Type, form: Form, file: str = "") -> Plan:
    """The plan of reading data of `writer` as `reader`; PfaDataError names what does not fit and where."""
    resolver = _Resolver(form)
    plan = resolver.of(writer, reader, "")
    if plan is None:
        (path, message), *others = resolver.problems
        more = f" (and {len(others)} more)" if others else ""
        problem = Unresolved(describe(reader), f"{path or '/'}: {message}", more, at=Where("", 0, 0, file))
        raise PfaDataError(problem, path)
    return plan


def as_written(writer: Type) -> Plan:
    """The plan of reading all of it, whoever wants it; to skip data."""
    plan = _Resolver("host").of(writer, writer, "")
    assert plan is not None
    return plan


class _Resolver:
    def __init__(self, form: Form) -> None:
        self.form = form
        self.problems: list[tuple[str, str]] = []
        self.records: dict[tuple[int, int], RecordPlan | None] = {}
        self.kept: list[Type] = []  # types whose id is a key

    def wrong(self, path: str, expected: str, found: str) -> None:
        self.problems.append((path, f"expected {expected}, found {found}"))

    def of(self, w: Type, r: Type, path: str) -> Plan | None:
        """The plan, or None with problems noted."""
        if isinstance(w, Union):
            return self._from_union(w, r, path)
        if isinstance(r, Union):
            return self._into_union(w, r, path)
        match w, r:
            case Prim(), Prim() if (scalar := _scalar(w, r)) is not None:
                return scalar
            case Array(), Array():
                items = self.of(w.items, r.items, f"{path}/*")
                return items and ArrayPlan(items)
            case Map(), Map():
                values = self.of(w.values, r.values, f"{path}/*")
                return values and MapPlan(values)
            case Record(), Record():
                return self._record(w, r, path)
            case Enum(), Enum() if _same_name(w, r):
                return self._enum(w, r, path)
            case Fixed(), Fixed() if _same_name(w, r) and w.size == r.size:
                return FixedPlan(w.size)
        self.wrong(path, describe(r), describe(w) + _name_hint(w, r))
        return None

    def _enum(self, w: Enum, r: Enum, path: str) -> Plan | None:
        lost = frozenset(w.symbols) - frozenset(r.symbols)
        if len(lost) == len(w.symbols) and lost:
            self.wrong(path, describe(r), describe(w))
            return None
        return EnumPlan(w.symbols, lost, describe(r), path)

    # -- unions --

    def _from_union(self, w: Union, r: Type, path: str) -> Plan | None:
        """Branches that do not fit are refused when a datum has them, unless none but null fits."""
        before = len(self.problems)
        branches: list[Plan] = []
        inside: list[tuple[str, str]] = []
        fitting = 0
        for b in w.branches:
            plan = self.of(b, r, path)
            reasons = self.problems[before:]
            del self.problems[before:]
            if plan is None:
                inside += [reason for reason in reasons if reason[0] != path]
                plan = Refuse(self.skipped(b), *_why(reasons, b, r, path))
            elif b.tag != "null" or len(w.branches) == 1:
                fitting += 1
            branches.append(plan)
        if fitting:
            return UnionPlan(tuple(branches))
        if len(w.branches) < 3 and inside:  # what is wrong is deeper
            self.problems += inside
        else:
            self.wrong(path, describe(r), str(w))
        return None

    def skipped(self, w: Type) -> Plan:
        """The plan of what nobody wants, sharing the plans of records that are known."""
        plan = self.of(w, w, "")
        assert plan is not None
        return plan

    def _into_union(self, w: Type, r: Union, path: str) -> Plan | None:
        branch = _branch_for(w, r)
        if branch is None:
            self.wrong(path, str(r), describe(w))
            return None
        plan = self.of(w, branch, path)
        return BoxPlan(branch.tag, plan) if plan and self._tagged(r, branch) else plan

    def _tagged(self, union: Union, branch: Type) -> bool:
        """Must the value say its branch?"""
        if branch.tag in union.boxed:
            return True
        if self.form == "host":
            return False
        match branch:  # what looks like a tagged value is taken for one
            case Map():
                return True
            case Record():
                return len(branch.fields) == 1 and branch.fields[0].name in union.by_tag
            case _:
                return False

    # -- records --

    def _record(self, w: Record, r: Record, path: str) -> Plan | None:
        key = id(w), id(r)
        if key in self.records:
            plan = self.records[key]
            if plan is None:
                self.problems.append((path, f"record {w.name} cannot be read as record {r.name}"))
            return plan
        self.kept += (w, r)
        made = self.records[key] = RecordPlan(r.name, order=tuple(f.name for f in r.fields))
        before = len(self.problems)
        found = _matched(w, r)
        for f in w.fields:
            target = found.get(f.name)
            inner = self.skipped(f.type) if target is None else self.of(f.type, target.type, _at(path, target))
            if inner is not None:
                made.steps.append((None if target is None else target.name, inner))
        filled = {target.name for target in found.values()}
        for f in r.fields:
            if f.name not in filled:
                self._default(f, r, w, made, path)
        if len(self.problems) > before:
            self.records[key] = None
            return None
        return made

    def _default(self, f: Field, r: Record, w: Record, made: RecordPlan, path: str) -> None:
        if f.default is MISSING:
            hint = suggestion(f.name, [x.name for x in w.fields])
            message = f"the data have no field {f.name} of record {r.name}, and it has no default{hint}"
            self.problems.append((_at(path, f), message))
            return
        made.defaults[f.name] = _default_maker(f, self.form)


def _why(reasons: list[tuple[str, str]], b: Type, r: Type, path: str) -> tuple[str, str]:
    """What to say of a branch that does not fit, and its place: what is wrong deeper inside, if anything is."""
    deeper = next(((message, place) for place, message in reasons if place != path), None)
    return deeper or (f"expected {describe(r)}, found {describe(b)}", path)


def _at(path: str, f: Field) -> str:
    return f"{path}/{escape(f.name)}"


def _default_maker(f: Field, form: Form) -> Callable[[], Any]:
    """Makes a field's default anew each time: no value is shared."""

    def host() -> Any:
        return convert(f.type, tag_default(f.type, f.default), Readers())[1]

    if form == "host":
        return host
    encode = Encoders(tagged=True).of(f.type)
    return host if encode is None else lambda: encode(host())


def _scalar(w: Prim, r: Prim) -> Scalar | None:
    if w == r:
        return Scalar(w.name)
    if w in RANK and r in RANK and RANK[w] < RANK[r]:
        return Scalar(w.name, r.name if r.name in ("float", "double") and w.name != "float" else "")
    if {w.name, r.name} == {"string", "bytes"}:
        return Scalar(r.name)
    return None


def _matched(w: Record, r: Record) -> dict[str, Field]:
    """The reader's fields by the writer's names: those of the same name first, then aliases."""
    names = {f.name for f in w.fields}
    found = {f.name: f for f in r.fields if f.name in names}
    for f in r.fields:
        if f.name not in found:
            alias = next((a for a in f.aliases if a in names and a not in found), None)
            if alias is not None:
                found[alias] = f
    return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _same_name(w: Record | Enum | Fixed, r: Record | Enum | Fixed) -> bool:
    return _last(w.name) == _last(r.name) or w.name in r.aliases


def _name_hint(w: Type, r: Type) -> str:
    if isinstance(w, Enum | Fixed) and isinstance(r, Enum | Fixed) and type(w) is type(r) and not _same_name(w, r):
        return "; give the type wanted this name as an alias"
    return ""


def _branch_for(w: Type, r: Union) -> Type | None:
    """The branch of the reader's that takes values of `w`: of the same name, then as the specification says."""
    exact = r.by_tag.get(w.tag)
    if exact is not None and type(exact) is type(w):
        return exact
    if isinstance(w, Record | Enum | Fixed):
        alike = [b for b in r.branches if type(b) is type(w)]
        named = [b for b in alike if isinstance(b, Record | Enum | Fixed)]
        found = next((b for b in named if w.name in b.aliases), None) or next(
            (b for b in named if _last(b.name) == _last(w.name)), None
        )
        return found or (alike[0] if len(alike) == 1 and isinstance(w, Record) else None)
    if w in RANK:
        return next((t for t in NUMBERS[RANK[w] + 1 :] if t.tag in r.by_tag), None)
    other = {"string": "bytes", "bytes": "string"}.get(w.tag, "")
    return r.by_tag.get(other)
