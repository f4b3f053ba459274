"""Everything that the checker can say about a document, one class a mistake (STYLE: errors are data)."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

from pfa.errors import Problem


def suggestion(name: str, known: list[str] | tuple[str, ...]) -> str:
    """`, did you mean x?` where a known name is nearly `name`, otherwise nothing."""
    near = get_close_matches(name, known, 1, 0.7)
    return f", did you mean {show(near[0])}?" if near else ""


def show(value: object, limit: int = 60) -> str:
    """A JSON value in a message: short, on one line, with quotes around strings."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = repr(value) if not isinstance(value, str) else '"' + value.encode("unicode_escape").decode() + '"'
    return text if len(text) <= limit else text[: limit - 3] + "..."


@dataclass(frozen=True, slots=True)
class Wrapped(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "the document is an array; PFA is one object: take the engine out of the [ ]"


@dataclass(frozen=True, slots=True)
class WrongJson(Problem):
    """A JSON value of the wrong kind."""

    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.what} must be {p.expected}, found {p.found}"
    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class MissingField(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.what} needs the field {p.name}"
    what: str
    name: str


@dataclass(frozen=True, slots=True)
class UnknownField(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.what} has no field {p.name}{p.hint}"
    what: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Misplaced(Problem):
    """A field or form that the method, phase or place does not allow."""

    says: ClassVar[str] = "{p.what} is only allowed {p.where}"
    what: str
    where: str


@dataclass(frozen=True, slots=True)
class BadName(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.name} is no {p.what} name: letters, digits and _ only, not starting with a digit"
    what: str
    name: str


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
    says: ClassVar[str] = "{p.value} does not fit into {p.type}"
    value: str
    type: str


@dataclass(frozen=True, slots=True)
class BadBase64(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "{p.found} is not base-64"
    found: str


@dataclass(frozen=True, slots=True)
class Incompatible(Problem):
    """`shared` with `rollback`."""

    says: ClassVar[str] = "{p.one} and {p.other} exclude each other"
    one: str
    other: str


# --- types ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnknownType(Problem):
    says: ClassVar[str] = "unknown type {p.name}{p.hint}"
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TypeRedefined(Problem):
    says: ClassVar[str] = "type {p.name} is declared differently before, at {p.first}"
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
    says: ClassVar[str] = "{p.what} have no common type: {p.found}"
    what: str
    found: str


@dataclass(frozen=True, slots=True)
class BadData(Problem):
    """Embedded data that does not have its type."""

    says: ClassVar[str] = "expected {p.expected}, found {p.found}{p.hint}"
    expected: str
    found: str
    hint: str = ""


# --- names ---------------------------------------------------------------------------------------------------


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
class UnknownStorage(Problem):
    says: ClassVar[str] = "unknown {p.kind} {p.name}{p.hint}"
    kind: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class UnknownForm(Problem):
    stage: ClassVar[str] = "syntax"
    says: ClassVar[str] = "no form or function has the fields {p.fields}{p.hint}"
    fields: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class AlreadyDeclared(Problem):
    says: ClassVar[str] = "{p.name} is already declared in this scope or one around it"
    name: str


@dataclass(frozen=True, slots=True)
class SealedAbove(Problem):
    says: ClassVar[str] = "{p.name} cannot be changed here: {p.why}"
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class SealedWithin(Problem):
    says: ClassVar[str] = 'let cannot declare {p.name} here, where a single value is expected; wrap the code in "do"'
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


# --- calls and forms -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WrongCount(Problem):
    says: ClassVar[str] = "{p.what} takes {p.expected}, found {p.found}"
    what: str
    expected: str
    found: int


@dataclass(frozen=True, slots=True)
class NoSignature(Problem):
    says: ClassVar[str] = "{p.name} does not take ({p.found}); it takes {p.expected}"
    name: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class FunctionExpected(Problem):
    says: ClassVar[str] = '{p.what} must be a function{p.hint}'
    what: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FunctionUnexpected(Problem):
    says: ClassVar[str] = "a function is only allowed as an argument that takes one, not as a value"


@dataclass(frozen=True, slots=True)
class GenericReference(Problem):
    says: ClassVar[str] = '{p.name} is generic and cannot be referenced; wrap it in {{"params": ..., "ret": ..., "do": ...}}'
    name: str


@dataclass(frozen=True, slots=True)
class UpdateWrites(Problem):
    says: ClassVar[str] = (
        "an update function must not change cells or pools, but this one reaches {p.form} at {p.where}"
    )
    form: str
    where: str


@dataclass(frozen=True, slots=True)
class NotReached(Problem):
    says: ClassVar[str] = "{p.type} can never be a {p.case}"
    type: str
    case: str


@dataclass(frozen=True, slots=True)
class NotExhaustive(Problem):
    says: ClassVar[str] = 'the cases do not cover {p.missing}; add a case or "partial": true'
    missing: str


@dataclass(frozen=True, slots=True)
class BadFormat(Problem):
    says: ClassVar[str] = "{p.format} is no format of {p.form}"
    form: str
    format: str


@dataclass(frozen=True, slots=True)
class BadErrorCode(Problem):
    says: ClassVar[str] = "the code of an error must be negative, found {p.code}"
    code: int


@dataclass(frozen=True, slots=True)
class TooManyProblems(Problem):
    says: ClassVar[str] = "and more of the same kind"


@dataclass(frozen=True, slots=True)
class CannotFill(Problem):
    """A cell's or pool's source that cannot be used."""

    stage: ClassVar[str] = "init"
    says: ClassVar[str] = "{p.message}"
    message: str


# --- warnings ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deprecated(Problem):
    says: ClassVar[str] = "{p.name} is deprecated"
    warning: ClassVar[bool] = True
    name: str


@dataclass(frozen=True, slots=True)
class EnumComparedWithString(Problem):
    says: ClassVar[str] = "the enumeration {p.enum} is compared with a string by its text; use enum.toString"
    warning: ClassVar[bool] = True
    enum: str


@dataclass(frozen=True, slots=True)
class NeverEqual(Problem):
    says: ClassVar[str] = "{p.found} is none of the symbols of {p.enum}, so this comparison is always false"
    warning: ClassVar[bool] = True
    enum: str
    found: str
