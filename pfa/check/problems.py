"""Everything that the checker can say about a document, one class a mistake (errors are data).

Place in the pipeline: the checker makes them, whoever shows them asks for `text`.  Invariant: a message names
what was expected and what was found, and the remedy where it is known.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

from pfa.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIMIT = 60
_MANY_NAMES = 1000
WORD = "letters, digits and _, not a digit first"
DOTTED = "words of letters, digits and _, not a digit first, with dots between them"
WRAP = '{"params": ..., "ret": ..., "do": ...}'


def suggestion(name: str, known: Sequence[str]) -> str:
    """`, did you mean x?` where a known name is nearly `name`, otherwise nothing."""
    near = nearest(name, known)
    return f", did you mean {show(near)}?" if near else ""


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that is nearly `name`, or ""; of very many names only those that begin alike count."""
    if len(name) > _LIMIT:
        return ""
    if len(known) > _MANY_NAMES:
        known = [k for k in known if k[:2] == name[:2] and abs(len(k) - len(name)) < 3][:_MANY_NAMES]
    lower = {k.lower(): k for k in reversed(known)}
    near = get_close_matches(name.lower(), [k for k in lower if len(k) > 3 or len(name) < len(k) + 2], 1, 0.7)
    if not near and 1 < len(name) < 6:
        near = [k for k in lower if len(k) == len(name) and sorted(k) == sorted(name.lower())]
    if not near and len(name) > 2:  # "returns" for "ret", "init" for "initial"
        near = [k for k in lower if len(k) > 2 and (name.lower().startswith(k) or k.startswith(name.lower()))]
        near = near if len(near) == 1 else []
    return lower[near[0]] if near else ""


def show(value: object, limit: int = _LIMIT) -> str:
    """A JSON value in a message: short, on one line, as JSON writes it."""
    match value:
        case dict():
            return "an object" if value else "an empty object"
        case list():
            return "an array" if value else "an empty array"
        case str() if len(value) < limit - 2 and value.isprintable() and '"' not in value and "\\" not in value:
            return f'"{value}"'
        case str():
            plain = (c if c.isprintable() and c not in '"\\' else json.dumps(c)[1:-1] for c in value[:limit])
            text = '"' + "".join(plain) + '"'
            return text if len(text) <= limit else text[: limit - 4] + '..."'
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case int() if not isinstance(value, bool) and value.bit_length() > 200:
            return "a very large integer"
        case _:
            return json.dumps(value) if isinstance(value, bool | int | float | None) else repr(value)


# --- structure ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wrapped(Problem):
    """The commonest wrapper of documents that tools write."""

    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "a document must be an object, found an array: take the object out of the [ ]"


@dataclass(frozen=True, slots=True)
class WrongJson(Problem):
    """A JSON value of the wrong kind."""

    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.what} must be {p.expected}, found {p.found}{p.hint}"
    what: str
    expected: str
    found: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class MissingField(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.what} needs the {p.noun} {p.name}{p.hint}"
    what: str
    name: str
    hint: str = ""

    @property
    def noun(self) -> str:
        return "fields" if '", "' in self.name else "field"


@dataclass(frozen=True, slots=True)
class UnknownField(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.what} has no field {p.name}{p.hint}"
    what: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Misplaced(Problem):
    """A field or function that the method does not allow."""

    says: ClassVar[str] = "{p.what} {p.verb} only allowed with {p.expected}, found {p.found}"
    what: str
    expected: str
    found: str

    @property
    def verb(self) -> str:
        return "are" if " and " in self.what else "is"


@dataclass(frozen=True, slots=True)
class BadName(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.name} is no name of a {p.what}: it must be {p.rule}"
    what: str
    name: str
    rule: str = WORD


@dataclass(frozen=True, slots=True)
class BadLocator(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = 'the value of a locator mark "@" must be a string, found {p.found}'
    found: str


@dataclass(frozen=True, slots=True)
class NotFinite(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.found} is no literal of the language; compute it or put it into a cell"
    found: str


@dataclass(frozen=True, slots=True)
class OutOfRange(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.value} does not fit into {p.type}{p.hint}"
    value: str
    type: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class BadBase64(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = (
        "{p.found} is not base-64: letters, digits, + and /, filled up with = to a multiple of four"
    )
    found: str


@dataclass(frozen=True, slots=True)
class Incompatible(Problem):
    """`shared` with `rollback`."""

    says: ClassVar[str] = "{p.one} and {p.other} exclude each other, found both true; take one of them away"
    one: str
    other: str


# --- types -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnknownType(Problem):
    says: ClassVar[str] = "unknown type {p.name}{p.hint}"
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TypeRedefined(Problem):
    says: ClassVar[str] = "type {p.name} is declared here and, differently, at {p.first}"
    name: str
    first: str


@dataclass(frozen=True, slots=True)
class BadSchema(Problem):
    says: ClassVar[str] = "{p.message}"
    message: str


@dataclass(frozen=True, slots=True)
class WrongType(Problem):
    """The checker's commonest: a type that is not accepted where another is asked for."""

    says: ClassVar[str] = "{p.what} must be {p.expected}, found {p.found}{p.hint}"
    what: str
    expected: str
    found: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NoSupertype(Problem):
    says: ClassVar[str] = "{p.what} have no common type, found {p.found}{p.hint}"
    what: str
    found: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class BadData(Problem):
    """Embedded data that does not have its type."""

    says: ClassVar[str] = "expected {p.expected}, found {p.found}{p.hint}"
    expected: str
    found: str
    hint: str = ""


# --- names -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnknownSymbol(Problem):
    says: ClassVar[str] = "unknown symbol {p.name}{p.hint}"
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class UnknownFunction(Problem):
    says: ClassVar[str] = "unknown function {p.name}{p.hint}"
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class UnknownParameter(Problem):
    """A name in `fill` that the function does not have."""

    says: ClassVar[str] = "{p.function} has no parameter {p.name}{p.hint}"
    function: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class UnknownStorage(Problem):
    says: ClassVar[str] = "unknown {p.kind} {p.name}{p.hint}"
    kind: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class UnknownForm(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "no form has the {p.all}{p.hint}"
    fields: str
    hint: str = ""

    @property
    def all(self) -> str:
        return f"fields {self.fields} together" if ", " in self.fields else f"field {self.fields}"


@dataclass(frozen=True, slots=True)
class AlreadyDeclared(Problem):
    says: ClassVar[str] = "{p.name} is already declared{p.hint}"
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SealedAbove(Problem):
    says: ClassVar[str] = "{p.name} cannot be changed here: {p.why}"
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class SealedWithin(Problem):
    says: ClassVar[str] = (
        '"let" cannot declare {p.name} here, where a single value is expected; put both into {{"do": [...]}}'
    )
    name: str


@dataclass(frozen=True, slots=True)
class NoSuchField(Problem):
    says: ClassVar[str] = "{p.type} has no field {p.name}{p.hint}"
    type: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class BadPath(Problem):
    says: ClassVar[str] = "{p.message}"
    message: str


# --- calls and forms ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WrongCount(Problem):
    says: ClassVar[str] = "{p.what} takes {p.expected}, found {p.found}"
    what: str
    expected: str
    found: int


@dataclass(frozen=True, slots=True)
class NoSignature(Problem):
    says: ClassVar[str] = "{p.name} does not take ({p.found}); it takes {p.expected}{p.hint}"
    name: str
    found: str
    expected: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FunctionExpected(Problem):
    says: ClassVar[str] = "{p.what} must be a function, found {p.found}{p.hint}"
    what: str
    found: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FunctionUnexpected(Problem):
    says: ClassVar[str] = "expected a value, found a function; only an argument that takes one can be one"


@dataclass(frozen=True, slots=True)
class GenericReference(Problem):
    says: ClassVar[str] = "{p.name} cannot be referenced, {p.why}; wrap it in {p.wrapper}"
    name: str
    why: str

    @property
    def wrapper(self) -> str:
        return WRAP


@dataclass(frozen=True, slots=True)
class UpdateWrites(Problem):
    says: ClassVar[str] = (
        "an update function must not change cells or pools, but this one reaches {p.form} at {p.where}"
    )
    form: str
    where: str


@dataclass(frozen=True, slots=True)
class NotReached(Problem):
    says: ClassVar[str] = "{p.type} can never be {p.case}{p.hint}"
    type: str
    case: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NotExhaustive(Problem):
    says: ClassVar[str] = 'the cases do not cover {p.missing}; add a case or "partial": true'
    missing: str


@dataclass(frozen=True, slots=True)
class BadFormat(Problem):
    says: ClassVar[str] = "{p.format} is no format of {p.form}{p.hint}"
    form: str
    format: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class BadErrorCode(Problem):
    says: ClassVar[str] = "the code of an error must be negative, found {p.code}"
    code: int


@dataclass(frozen=True, slots=True)
class TooManyProblems(Problem):
    says: ClassVar[str] = "more of this data, from here on, does not have its type"


@dataclass(frozen=True, slots=True)
class CannotFill(Problem):
    """A cell's or pool's source that cannot be used."""

    stage: ClassVar[str] = "init"
    says: ClassVar[str] = "{p.message}"
    message: str


# --- warnings ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deprecated(Problem):
    says: ClassVar[str] = "{p.name} is deprecated"
    warning: ClassVar[bool] = True
    name: str


@dataclass(frozen=True, slots=True)
class EnumComparedWithString(Problem):
    says: ClassVar[str] = "the enum {p.enum} is compared with a string by its text; use enum.toString"
    warning: ClassVar[bool] = True
    enum: str


@dataclass(frozen=True, slots=True)
class NeverEqual(Problem):
    says: ClassVar[str] = "{p.found} is none of the symbols of {p.enum}, so they are never equal{p.hint}"
    warning: ClassVar[bool] = True
    enum: str
    found: str
    hint: str = ""
