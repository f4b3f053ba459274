"""`Checker`: what all the checks of one document share, and `expression`, the descent.

Place in the pipeline: plain JSON values in, typed IR out.  The invariant: every rule appends to `problems`
and goes on with the type UNKNOWN, which every other rule accepts in silence, so one mistake is one problem.
A field whose name is nearly right is reported and then taken for what it means, so that what it holds is
checked, too.
The forms themselves are in modules by construct; each registers its check with `form`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pfa.check.embedded import Readers, convert, explain, fresh
from pfa.check.hints import Hints, did_you_mean, mismatch
from pfa.check.problems import (
    BadLocator,
    BadName,
    MissingField,
    NoSupertype,
    NotFinite,
    TooManyProblems,
    UnknownField,
    UnknownForm,
    WrongJson,
    WrongType,
    show,
)
from pfa.check.schemas import Schemas, escape
from pfa.check.scope import Scope, Symbol
from pfa.errors import Where
from pfa.ir import (
    Cast,
    Do,
    Expr,
    For,
    ForEach,
    ForKeyVal,
    If,
    IfNotNull,
    Let,
    Lit,
    Unpack,
    While,
    Widen,
    null,
)
from pfa.lib.primitives import float32
from pfa.lib.table import lookup
from pfa.types import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    RANK,
    STRING,
    UNKNOWN,
    Bottom,
    Enum,
    Fixed,
    Function,
    Type,
    Unknown,
    accepts,
    join,
)

if TYPE_CHECKING:
    from pfa.errors import Problem
    from pfa.ir import Cell
    from pfa.limits import Limits

SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MANY = 25  # problems shown of one embedded value


@dataclass(slots=True)
class Facts:
    """What a function's body does, for the call graph: whom it calls, where it changes cells or pools."""

    calls: set[str] = field(default_factory=set)
    writes: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Facts) -> None:
        self.calls |= other.calls
        self.writes += other.writes


FormCheck = Callable[["Checker", dict[str, Any], str, Scope], Expr]


@dataclass(frozen=True, slots=True)
class Form:
    """A special form: the fields that it must and may have, and its check."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    check: FormCheck
    must: frozenset[str] = field(default=frozenset(), compare=False)
    may: frozenset[str] = field(default=frozenset(), compare=False)

    def fits(self, value: dict[str, Any]) -> bool:
        """Does it have all fields that it must have, and no other than it may?"""
        return self.must <= value.keys() <= self.may


FORMS: dict[str, Form] = {}  # by the field that tells the form
FUNCTIONS = ("params", "fcn")  # forms that are no expressions
_TYPED = {"input", "output", "type", "params", "ret", "as", "cases"}  # fields that may declare types
_SHARED = ("while", "until", "do", "type")  # fields that tell a form where no other field does
HOOKS: dict[str, FormCheck] = {}  # "call" and "reference": what has no telling field


def form(*required: str, optional: tuple[str, ...] = (), name: str = "") -> Callable[[FormCheck], FormCheck]:
    """Register the check of a special form under its first field."""

    def add(check: FormCheck) -> FormCheck:
        must, may = frozenset(required), frozenset((*required, *optional))
        FORMS[name or required[0]] = Form(name or required[0], required, optional, check, must, may)
        return check

    return add


class Checker:
    """One document's check: tables, problems, and the helpers that every form uses."""

    def __init__(self, document: dict[str, Any], limits: Limits, owned: bool) -> None:
        self.document = document
        self.limits = limits
        self.owned = owned
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.hints = Hints()
        self.renamed: dict[str, str] = {}  # pointers with the names that are meant -> the token that is there
        self.schemas = Schemas(document, self.report, limits.lenient_names, self.hints, self.renamed)
        self.readers = Readers()
        self.method = "map"
        self.output: Type = UNKNOWN
        self.functions: dict[str, Function] = {}
        self.parameters: dict[str, tuple[str, ...]] = {}
        self.cells: dict[str, Cell] = {}
        self.pools: dict[str, Cell] = {}
        self.facts = Facts()
        self.by_function: dict[str, Facts] = {}
        self.updates: list[tuple[Facts, str]] = []
        self.again: Callable[[], Any] | None = None
        self.loose: set[str] = set()  # functions whose definition is broken: their parameters are not known
        self.untold: set[str] = set()  # "fcns", "cells", "pools": tables that are broken as a whole
        self.emit_misplaced = False
        self.pending: frozenset[str] = frozenset()  # symbols of the `let` whose values are being checked
        self.lone = ""  # pointer of the expression that is alone in a list of expressions
        self.declared: dict[str, str] = {}  # where each symbol was declared first, for hints
        self.unseen: dict[str, str] = {}  # places of unknown symbols that may be meant as strings
        self._anew: Any = None  # the document, read again to tell what is wrong in its data
        self.defined = 0  # functions, inline ones too
        self.draws = False  # random numbers
        self._count = 0

    def release(self) -> None:
        """Break the circle with `schemas`, so that all of this is freed at once; nothing is reported any more."""
        self.schemas.report = lambda problem: None

    # -- problems --

    def report(self, problem: Problem) -> None:
        if self.renamed:
            problem = problem.moved(replace(problem.at, pointer=self.real(problem.at.pointer)))
        (self.warnings if problem.warning else self.problems).append(problem)

    def real(self, pointer: str) -> str:
        """The pointer in the document of one with the names that are meant where they are misspelled."""
        meant = real = ""
        for token in pointer.split("/")[1:]:
            meant = f"{meant}/{token}"
            real = f"{real}/{self.renamed.get(meant, token)}"
        return real

    def wrong_json(self, what: str, expected: str, found: Any, at: str, hint: str = "") -> None:
        self.report(WrongJson(what, expected, show(found), hint, at=Where(at)))

    # -- symbols --

    def fresh(self, hint: str = "v") -> str:
        """A name that no other symbol of the document has; never the document's own text."""
        self._count += 1
        return f"{hint}{self._count}"

    def declare(self, scope: Scope, name: str, type: Type, at: str = "") -> str:
        """Put a symbol into a scope."""
        unique = self.fresh()
        scope.symbols[name] = Symbol(unique, type)
        self.declared.setdefault(name, at)
        return unique

    def symbol_name(self, name: Any, at: str, what: str = "symbol", key: bool = False) -> bool:
        """Is it a legal name?  A problem is reported when it is not."""
        if not isinstance(name, str):
            self.wrong_json(f"the name of a {what}", "a string", name, at)
            return False
        if not SYMBOL.match(name):
            self.report(BadName(what, show(name), at=Where(at, key=key)))
            return False
        return True

    # -- JSON shapes --

    def members(self, value: Any, what: str, at: str) -> dict[str, Any]:
        """An object without its locator mark; a problem and {} where it is none."""
        if type(value) is not dict:
            self.wrong_json(what, "an object", value, at)
            return {}
        if "@" not in value:
            return value
        self.locator(value, at)
        return {k: v for k, v in value.items() if k != "@"}

    def locator(self, value: dict[str, Any], at: str) -> None:
        if not isinstance(value["@"], str):
            self.report(BadLocator(show(value["@"]), at=Where(f"{at}/@")))

    def items(self, value: Any, what: str, at: str) -> list[Any]:
        if type(value) is list:
            return value
        self.wrong_json(what, "an array", value, at)
        return []

    def fields(
        self,
        value: dict[str, Any],
        what: str,
        required: tuple[str, ...],
        optional: tuple[str, ...],
        at: str,
        partial: bool = False,
    ) -> dict[str, Any]:
        """Report missing and unknown fields.

        The members come back under the names that are meant; none where one is missing, unless `partial`.
        """
        missing = [name for name in required if name not in value]
        unknown = [name for name in value if name not in required and name not in optional and name != "@"]
        if not missing and not unknown:
            return value
        meant = self._meant(unknown, [*missing, *(name for name in optional if name not in value)])
        alone = missing[0] if len(missing) == len(unknown) == 1 and not meant else ""
        for name in unknown:
            hint = did_you_mean(meant.get(name, "")) or _other_fields(alone, required, optional)
            self.report(UnknownField(what, show(name), hint, at=Where(f"{at}/{escape(name)}", key=True)))
            if name in meant:
                self.renamed[f"{at}/{meant[name]}"] = escape(name)
        lost = [name for name in missing if name not in meant.values() and name != alone]
        if lost:
            self.report(MissingField(what, ", ".join(map(show, lost)), at=Where(at)))
            self.schemas.nameless |= not _TYPED.isdisjoint(lost)
        found = {meant.get(k, k): v for k, v in value.items()} if meant else value
        return found if partial or all(name in found for name in required) else {}

    def _meant(self, unknown: list[str], absent: list[str]) -> dict[str, str]:
        """What misspelled names mean, each something else."""
        meant: dict[str, str] = {}
        for name in unknown:
            if near := self.hints.near(name, [x for x in absent if x not in meant.values()]):
                meant[name] = near
        return meant

    # -- types --

    def want(self, type: Type, expr: Expr, what: str, hint: str = "") -> Expr:
        """`expr` widened to `type`; where it is not accepted, a problem at the part that is to blame."""
        if expr.type is type or expr.type == type:
            return expr
        if not accepts(type, expr.type):
            blamed = culprit(type, expr)
            hint = hint or (null_hint(blamed) if blamed.type == NULL else mismatch(type, blamed.type))
            self.report(WrongType(what, str(type), str(blamed.type), hint, at=Where(blamed.at)))
            return Lit(UNKNOWN, None, at=expr.at)
        return widen(type, expr)

    def embedded(self, type: Type, value: Any, at: str) -> Any:
        """Embedded data as a host value; its problems are reported."""
        mine = value if self.owned else fresh(value)
        good, made = convert(type, mine, self.readers)
        if good:
            return made
        if self.owned and self.again is not None:
            if self._anew is None:
                self._anew = self.again()
            value = resolve(self._anew, self.real(at))
        for count, problem in enumerate(explain(type, value, at, self.limits.quote_values)):
            if count == _MANY:
                self.report(TooManyProblems(at=problem.at))
                break
            self.report(problem)
        return None

    # -- expressions --

    def expression(self, value: Any, at: str, scope: Scope) -> Expr:
        """The typed expression that a JSON value is."""
        kind = type(value)
        if kind is dict:
            return self._object(value, at, scope)
        if kind is str:
            return HOOKS["reference"](self, {"": value}, at, scope)
        if kind is list:
            return self._string_literal(value, at)
        return self._constant(value, at)

    def _constant(self, value: Any, at: str) -> Expr:
        if value is None:
            return null(at)
        if value is True or value is False:
            return Lit(BOOLEAN, value, at=at)
        if type(value) is int:  # the reader has refused what is beyond a long
            return Lit(INT if -(1 << 31) <= value < 1 << 31 else LONG, value, at=at)
        if math.isfinite(value):
            return Lit(DOUBLE, value, at=at)
        self.report(NotFinite(show(value), at=Where(at)))
        return Lit(UNKNOWN, None, at=at)

    def _string_literal(self, value: list[Any], at: str) -> Expr:
        if len(value) == 1 and type(value[0]) is str:
            return Lit(STRING, value[0], at=at)
        hint = '; an array is written {"new": [...], "type": ...}'
        if any(type(x) is dict for x in value):
            hint += ', several steps {"do": [...]}'
        self.wrong_json("an expression", "one value", value, at, hint)
        return Lit(UNKNOWN, None, at=at)

    def _object(self, value: dict[str, Any], at: str, scope: Scope) -> Expr:
        if "@" in value:
            self.locator(value, at)
            value = {k: v for k, v in value.items() if k != "@"}
        found = self.recognize(value)
        if found is not None:
            return self.form(found, value, at, scope)
        if len(value) == 1:
            return HOOKS["call"](self, value, at, scope)
        if not value:
            self.wrong_json("an expression", "a form or a function call", value, at)
        elif near := self._misspelled(value):
            return self.misspelled(*near, value, at, scope)
        elif lacking := lacking_fields(value):
            return self.incomplete(*lacking, at)
        else:
            self.report(UnknownForm(", ".join(map(show, value)), _form_hint(value), at=Where(at)))
        return Lit(UNKNOWN, None, at=at)

    def incomplete(self, form: str, missing: list[str], at: str) -> Expr:
        """What has only fields of a form, but not those that tell it."""
        self.report(MissingField(f'the form "{form}"', ", ".join(map(show, missing)), at=Where(at)))
        return Lit(UNKNOWN, None, at=at)

    def form(self, found: Form, value: dict[str, Any], at: str, scope: Scope) -> Expr:
        """A special form that has been recognized; its type is not known when its fields are wrong."""
        if found.fits(value) or found.name in FUNCTIONS:
            return found.check(self, value, at, scope)
        if found.name in _SHARED and (near := self._misspelled(value)) and near[0] is not found:
            return self.misspelled(*near, value, at, scope)
        other = any(name not in found.required and name not in found.optional for name in value)
        if found.name in _SHARED and other and (lacking := lacking_fields(value)) and len(lacking[1]) == 1:
            return self.incomplete(*lacking, at)
        members = self.fields(value, f'the form "{found.name}"', found.required, found.optional, at)
        if members:
            count = len(self.problems)
            found.check(self, members, at, scope)
            # An unknown field may stand for one that the form misses: only what is wrong inside is told.
            inside = [p for p in self.problems[count:] if p.at.pointer != self.real(at)]
            self.problems[count:] = inside
        return Lit(UNKNOWN, None, at=at)

    def misspelled(
        self, found: Form, wrong: str, right: str, value: dict[str, Any], at: str, scope: Scope
    ) -> Expr:
        """A form that lacks nothing but the right spelling of one field."""
        place = Where(f"{at}/{escape(wrong)}", key=True)
        self.report(UnknownForm(show(wrong), did_you_mean(right), at=place))
        self.renamed[f"{at}/{right}"] = escape(wrong)
        found.check(self, {right if k == wrong else k: v for k, v in value.items()}, at, scope)
        return Lit(UNKNOWN, None, at=at)

    def _misspelled(self, value: dict[str, Any]) -> tuple[Form, str, str] | None:
        """The form that an object would be if one of its fields were spelled otherwise."""
        for found in FORMS.values():
            if found.name in FUNCTIONS:
                continue
            missing = [name for name in found.required if name not in value]
            extra = [name for name in value if name not in found.required and name not in found.optional]
            if len(missing) == len(extra) == 1 and self.hints.near(extra[0], missing):
                return found, extra[0], missing[0]
        return None

    def recognize(self, value: dict[str, Any]) -> Form | None:
        """The special form that an object is, by the first of its telling fields."""
        if len(value) == 1:
            return FORMS.get(next(iter(value)))
        if "ret" in value and "do" in value:
            return FORMS["params"]
        for key in value:
            if key in FORMS and key not in _SHARED:
                return FORMS[key]
        telling = next((key for key in _SHARED if key in value), "")
        return FORMS.get(telling) if telling != "type" or "value" in value else None

    def body(self, value: Any, at: str, scope: Scope, what: str = "a block") -> Expr:
        """An expression or an array of expressions, in the scope given; its type is the last one's."""
        if type(value) is not list:
            return self.expression(value, at, scope)
        if not value:
            self.wrong_json(what, "one or more expressions", value, at)
            return Lit(UNKNOWN, None, at=at)
        if len(value) == 1:
            self.lone = f"{at}/0"
        exprs = tuple([self.expression(x, f"{at}/{i}", scope) for i, x in enumerate(value)])
        return exprs[0] if len(exprs) == 1 else Do(exprs[-1].type, exprs, at=at)

    def condition(self, value: Any, at: str, scope: Scope, what: str) -> Expr:
        """A boolean in a sealed scope."""
        return self.want(BOOLEAN, self.expression(value, at, scope.value()), f'the condition of "{what}"')

    def supertype(self, exprs: list[Expr], at: str, what: str) -> tuple[Type, list[Expr]]:
        """The narrowest supertype of several expressions, and each widened to it."""
        from_types = [e.type for e in exprs]
        joined = join(from_types)
        if joined is None:
            self.report(no_supertype(what, from_types, at))
            return UNKNOWN, exprs
        return joined, [widen(joined, e) for e in exprs]


_ANY = (Bottom, Unknown)


def widen(type: Type, expr: Expr) -> Expr:
    """`expr` as `type`, which accepts its type; constants are widened here and now."""
    got = expr.type
    if got is type or got == type or isinstance(got, _ANY) or isinstance(type, _ANY):
        return expr
    match expr:
        case Lit(value=value) if got in RANK and type in RANK and value is not None:  # null: it was refused
            return Lit(type, _number(type, value), at=expr.at)
        case _:
            return Widen(type, expr, at=expr.at)


def _number(type: Type, value: Any) -> Any:
    if type == DOUBLE:
        return float(value)
    return float32(float(value)) if type == FLOAT else value


def resolve(document: Any, pointer: str) -> Any:
    """The value that a JSON pointer names."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def culprit(type: Type, expr: Expr) -> Expr:
    """The part that makes an expression's type wrong: the last of a block, the one branch that is unfit."""
    match expr:
        case Do(body=[*_, last]) | Widen(value=last):
            return culprit(type, last)
        case If(cases=cases, orelse=orelse) if orelse is not None:
            ways = [*(then for _, then in cases), orelse]
        case IfNotNull(then=then, orelse=orelse) | Unpack(then=then, orelse=orelse) if orelse is not None:
            ways = [then, orelse]
        case Cast(cases=cases):
            ways = [case.body for case in cases]
        case _:
            return expr
    unfit = [way for way in ways if not accepts(type, _bare(way).type)]
    return culprit(type, unfit[0]) if len(unfit) == 1 else expr


def null_hint(expr: Expr) -> str:
    """Why an expression is null that was to be something."""
    match expr:
        case If(orelse=None) | IfNotNull(orelse=None) | Unpack(orelse=None):
            return '; without "else" it is null'
        case Cast():
            return '; with "partial" it is null'
        case Let():
            return '; "let" and "set" are null: what they name must follow'
        case While() | For() | ForEach() | ForKeyVal():
            return "; a loop is null: what it makes must follow"
        case _:
            return ""


def _bare(expr: Expr) -> Expr:
    return _bare(expr.value) if isinstance(expr, Widen) else expr


def no_supertype(what: str, types: list[Type], at: str) -> NoSupertype:
    """The problem of types that cannot be joined."""
    hint = ""
    if any(isinstance(t, Enum) for t in types):
        hint = "; enum.toString makes strings of enums"
    elif any(isinstance(t, Fixed) for t in types):
        hint = "; fixed.toBytes makes bytes of them"
    return NoSupertype(what, ", ".join(dict.fromkeys(map(str, types))), hint, at=Where(at))


def _other_fields(alone: str, required: tuple[str, ...], optional: tuple[str, ...]) -> str:
    """A hint for a field that resembles none: the one that is missing instead, or all that there are."""
    if alone:
        return f"; it needs {show(alone)}"
    names = [show(name) for name in (*required, *optional)]
    if len(names) == 1:
        return f"; its only field is {names[0]}"
    return f"; its fields are {', '.join(names)}" if len(names) < 8 else ""


def lacking_fields(value: dict[str, Any]) -> tuple[str, list[str]] | None:
    """The form that has all fields of an object and needs the fewest more; what it needs."""
    lacking = [
        (form.name, [name for name in form.required if name not in value])
        for form in FORMS.values()
        if value.keys() <= {*form.required, *form.optional}
    ]
    return min(lacking, key=lambda x: len(x[1])) if lacking else None


def _is_field(name: str) -> bool:
    """Is this a field of some form?"""
    return any(name in form.required or name in form.optional for form in FORMS.values())


def _form_hint(value: dict[str, Any]) -> str:
    """A hint for an object that is no expression."""
    if all(name.startswith("u.") or lookup(name) for name in value):
        return '; a call names one function, several calls go into {"do": [...]}'
    if not any(map(_is_field, value)):
        return '; a record or map is written {"new": {...}, "type": ...}'
    return ""
