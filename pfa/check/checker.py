"""`Checker`: what all the checks of one document share, and `expression`, the descent.

Place in the pipeline: plain JSON values in, typed IR out.  The invariant: every rule appends to `problems` and
goes on with the type UNKNOWN, which every other rule accepts in silence, so one mistake is one problem.
The forms themselves are in modules by construct; each registers its check with `form`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pfa.check.embedded import Readers, convert, explain, fresh
from pfa.check.problems import (
    BadLocator,
    BadName,
    FunctionUnexpected,
    MissingField,
    NoSupertype,
    NotFinite,
    OutOfRange,
    TooManyProblems,
    UnknownField,
    UnknownForm,
    WrongJson,
    WrongType,
    show,
    suggestion,
)
from pfa.check.schemas import Schemas, escape
from pfa.check.scope import Scope, Symbol
from pfa.errors import Problem, Where
from pfa.ir import Cell, Do, Expr, Lit, Widen, null
from pfa.lib.primitives import float32
from pfa.limits import Limits
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
    Function,
    Type,
    Unknown,
    accepts,
    join,
)

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


FORMS: dict[str, Form] = {}  # by the field that tells the form; order is the order of precedence
HOOKS: dict[str, FormCheck] = {}  # "call" and "reference": what has no telling field


def form(*required: str, optional: tuple[str, ...] = (), name: str = "") -> Callable[[FormCheck], FormCheck]:
    """Register the check of a special form under its first field."""

    def add(check: FormCheck) -> FormCheck:
        FORMS[name or required[0]] = Form(name or required[0], required, optional, check)
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
        self.schemas = Schemas(document, self.report, limits.lenient_names)
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
        self._count = 0

    # -- problems --

    def report(self, problem: Problem) -> None:
        (self.warnings if problem.warning else self.problems).append(problem)

    def wrong_json(self, what: str, expected: str, found: Any, at: str) -> None:
        self.report(WrongJson(what, expected, show(found), at=Where(at)))

    # -- symbols --

    def fresh(self, hint: str = "v") -> str:
        """A name that no other symbol of the document has; never the document's own text."""
        self._count += 1
        return f"{hint}{self._count}"

    def declare(self, scope: Scope, name: str, type: Type) -> str:
        """Put a symbol into a scope."""
        unique = self.fresh()
        scope.symbols[name] = Symbol(unique, type)
        return unique

    def symbol_name(self, name: Any, at: str, what: str = "symbol") -> bool:
        """Is it a legal name?  A problem is reported when it is not."""
        if not isinstance(name, str):
            self.wrong_json(f"the name of a {what}", "a string", name, at)
            return False
        if not SYMBOL.match(name):
            self.report(BadName(what, show(name), at=Where(at)))
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

    def fields(self, value: dict[str, Any], what: str, required: tuple[str, ...], optional: tuple[str, ...],
               at: str) -> bool:  # fmt: skip
        """Report missing and unknown fields; is everything there?"""
        complete = True
        for name in required:
            if name not in value:
                self.report(MissingField(what, show(name), at=Where(at)))
                complete = False
        for name in value:
            if name not in required and name not in optional and name != "@":
                hint = suggestion(name, [*required, *optional])
                self.report(UnknownField(what, show(name), hint, at=Where(f"{at}/{escape(name)}")))
        return complete

    # -- types --

    def want(self, type: Type, expr: Expr, what: str, hint: str = "") -> Expr:
        """`expr` widened to `type`; a problem at its place where it is not accepted."""
        if expr.type is type or expr.type == type:
            return expr
        if not accepts(type, expr.type):
            self.report(WrongType(what, str(type), str(expr.type), hint, at=Where(expr.at)))
            return Lit(UNKNOWN, None, at=expr.at)
        return widen(type, expr)

    def embedded(self, type: Type, value: Any, at: str) -> Any:
        """Embedded data as a host value; its problems are reported."""
        if isinstance(type, Unknown):
            return None
        mine = value if self.owned else fresh(value)
        good, made = convert(type, mine, self.readers)
        if good:
            return made
        if self.owned and self.again is not None:
            value = resolve(self.again(), at)
        found = 0
        for problem in explain(type, value, at):
            self.report(problem)
            found += 1
            if found == _MANY:
                self.report(TooManyProblems(at=Where(at)))
                break
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
        if type(value) is int:
            return self.integer(value, at)
        if math.isfinite(value):
            return Lit(DOUBLE, value, at=at)
        self.report(NotFinite(show(value), at=Where(at)))
        return Lit(UNKNOWN, None, at=at)

    def integer(self, value: int, at: str) -> Expr:
        if -(1 << 31) <= value < 1 << 31:
            return Lit(INT, value, at=at)
        if -(1 << 63) <= value < 1 << 63:
            return Lit(LONG, value, at=at)
        self.report(OutOfRange(str(value), "long", at=Where(at)))
        return Lit(UNKNOWN, None, at=at)

    def _string_literal(self, value: list[Any], at: str) -> Expr:
        if len(value) == 1 and type(value[0]) is str:
            return Lit(STRING, value[0], at=at)
        if value and all(type(x) is str for x in value):
            self.wrong_json("an expression", 'one value; an array literal is {"new": [...], "type": ...}', value, at)
        else:
            self.wrong_json("an expression", 'one value; several go into {"do": [...]}', value, at)
        return Lit(UNKNOWN, None, at=at)

    def _object(self, value: dict[str, Any], at: str, scope: Scope) -> Expr:
        if "@" in value:
            self.locator(value, at)
            value = {k: v for k, v in value.items() if k != "@"}
        found = self.recognize(value)
        if found is not None:
            if found.name in ("params", "fcn"):
                self.report(FunctionUnexpected(at=Where(at)))
                return Lit(UNKNOWN, None, at=at)
            what = f'the form "{found.name}"'
            if not self.fields(value, what, found.required, found.optional, at):
                return Lit(UNKNOWN, None, at=at)
            return found.check(self, value, at, scope)
        if len(value) == 1:
            return HOOKS["call"](self, value, at, scope)
        if not value:
            self.wrong_json("an expression", "a form or a function call", value, at)
        else:
            fields = ", ".join(map(show, value))
            self.report(UnknownForm(fields, _form_hint(value), at=Where(at)))
        return Lit(UNKNOWN, None, at=at)

    def recognize(self, value: dict[str, Any]) -> Form | None:
        """The special form that an object is, by the first of its telling fields."""
        if len(value) == 1:
            [key] = value
            return FORMS.get(key)
        for name, found in FORMS.items():
            if name in value and (name != "type" or "value" in value):
                return found
        return None

    def body(self, value: Any, at: str, scope: Scope, what: str = "a block") -> Expr:
        """An expression or an array of expressions, in the scope given; its type is the last one's."""
        if type(value) is not list:
            return self.expression(value, at, scope)
        if not value:
            self.wrong_json(what, "at least one expression", value, at)
            return Lit(UNKNOWN, None, at=at)
        exprs = tuple([self.expression(x, f"{at}/{i}", scope) for i, x in enumerate(value)])
        return exprs[0] if len(exprs) == 1 else Do(exprs[-1].type, exprs, at=at)

    def condition(self, value: Any, at: str, scope: Scope, what: str) -> Expr:
        """A boolean in a sealed scope."""
        return self.want(BOOLEAN, self.expression(value, at, scope.value()), what)

    def supertype(self, exprs: list[Expr], at: str, what: str) -> tuple[Type, list[Expr]]:
        """The narrowest supertype of several expressions, and each widened to it."""
        from_types = [e.type for e in exprs]
        joined = join(from_types)
        if joined is None:
            found = ", ".join(dict.fromkeys(map(str, from_types)))
            self.report(NoSupertype(what, found, at=Where(at)))
            return UNKNOWN, exprs
        return joined, [widen(joined, e) for e in exprs]


def widen(type: Type, expr: Expr) -> Expr:
    """`expr` as `type`, which accepts its type; constants are widened here and now."""
    got = expr.type
    if got is type or got == type or isinstance(got, Bottom | Unknown) or isinstance(type, Unknown | Bottom):
        return expr
    match expr:
        case Lit(value=value) if got in RANK and type in RANK:
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


def _form_hint(value: dict[str, Any]) -> str:
    for key in value:
        if hint := suggestion(key, list(FORMS)):
            return hint
    return ""
