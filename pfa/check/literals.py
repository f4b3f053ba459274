"""Literals and constructors (specification, "Literal values" and "new")."""

from __future__ import annotations

import base64
import binascii
import math
from typing import TYPE_CHECKING, Any

from pfa.check.checker import Checker, form
from pfa.check.embedded import fresh
from pfa.check.hints import did_you_mean
from pfa.check.problems import (
    BadBase64,
    MissingField,
    NoSuchField,
    NotFinite,
    OutOfRange,
    WrongType,
    show,
)
from pfa.check.schemas import escape
from pfa.errors import Where
from pfa.ir import Expr, Lit, NewArray, NewMap
from pfa.lib.primitives import float32
from pfa.types import (
    BYTES,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRING,
    UNKNOWN,
    Array,
    Map,
    Record,
    Type,
    Unknown,
)

if TYPE_CHECKING:
    from pfa.check.scope import Scope

_BITS: dict[Type, int] = {INT: 31, LONG: 63}


def _whole(c: Checker, value: Any, at: str, type_: Type) -> Expr:
    if type(value) is not int:
        hint = f'; {{"double": {show(value)}}} takes it' if type(value) is float else ""
        c.wrong_json(f'"{type_}"', "an integer", value, f"{at}/{type_}", hint)
    elif not -(1 << _BITS[type_]) <= value < 1 << _BITS[type_]:
        hint = "; a long holds it" if type_ == INT else ""
        c.report(OutOfRange(str(value), str(type_), hint, at=Where(f"{at}/{type_}")))
    else:
        return Lit(type_, value, at=at)
    return Lit(UNKNOWN, None, at=at)


@form("int")
def check_int(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    return _whole(c, value["int"], at, INT)


@form("long")
def check_long(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    return _whole(c, value["long"], at, LONG)


def _fraction(c: Checker, value: Any, at: str, type_: Type) -> Expr:
    if type(value) is not float and type(value) is not int:
        c.wrong_json(f'"{type_}"', "a number", value, f"{at}/{type_}")
        return Lit(UNKNOWN, None, at=at)
    if not math.isfinite(value):
        c.report(NotFinite(show(value), at=Where(f"{at}/{type_}")))
        return Lit(UNKNOWN, None, at=at)
    made = float(value) if type_ == DOUBLE else float32(float(value))
    if math.isinf(made):
        c.report(OutOfRange(show(value), str(type_), "; a double holds it", at=Where(f"{at}/{type_}")))
        return Lit(UNKNOWN, None, at=at)
    return Lit(type_, made, at=at)


@form("float")
def check_float(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    return _fraction(c, value["float"], at, FLOAT)


@form("double")
def check_double(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    return _fraction(c, value["double"], at, DOUBLE)


@form("string")
def check_string(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    if type(value["string"]) is str:
        return Lit(STRING, value["string"], at=at)
    c.wrong_json('"string"', "a string", value["string"], f"{at}/string")
    return Lit(UNKNOWN, None, at=at)


@form("base64")
def check_base64(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    text = value["base64"]
    if type(text) is not str:
        c.wrong_json('"base64"', "a string", text, f"{at}/base64")
        return Lit(UNKNOWN, None, at=at)
    try:
        return Lit(BYTES, base64.b64decode(text, validate=True), at=at)
    except (binascii.Error, ValueError):
        c.report(BadBase64(show(text), at=Where(f"{at}/base64")))
        return Lit(UNKNOWN, None, at=at)


@form("new", "type")
def check_new(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    made = c.schemas.parse(value["type"], f"{at}/type")
    given = value["new"]
    inside = f"{at}/new"
    match made:
        case Array(items):
            exprs = [
                c.want(items, c.expression(x, f"{inside}/{i}", scope.value()), "an item of the array")
                for i, x in enumerate(c.items(given, f'"new" of {made}', inside))
            ]
            return NewArray(made, tuple(exprs), at=at)
        case Map(values):
            members = c.members(given, f'"new" of {made}', inside)
            exprs = [
                c.want(values, c.expression(x, f"{inside}/{escape(k)}", scope.value()), "a value of the map")
                for k, x in members.items()
            ]
            return NewMap(made, tuple(members), tuple(exprs), at=at)
        case Record():
            members = c.members(given, f'"new" of {made}', inside)
            return _new_record(c, made, members, at, scope) if type(given) is dict else Lit(made, None, at=at)
    if not isinstance(made, Unknown):
        place = Where(f"{at}/type")
        c.report(WrongType('the type of "new"', "an array, map or record", str(made), at=place))
    return Lit(UNKNOWN, None, at=at)


def _new_record(c: Checker, record: Record, members: dict[str, Any], at: str, scope: Scope) -> Expr:
    """Every field must be given: a default is for data, not for code."""
    made: dict[str, Expr] = {}
    meant: set[str] = set()
    for name, x in members.items():
        here = f"{at}/new/{escape(name)}"
        expr = c.expression(x, here, scope.value())
        known = record.by_name.get(name)
        if known is not None:
            fits = expr.type is known.type
            made[name] = expr if fits else c.want(known.type, expr, f"the field {show(name)}")
            continue
        near = c.hints.near(name, [k for k in record.by_name if k not in members])
        meant.add(near)
        hint = did_you_mean(near) or f"; it has {', '.join(map(show, record.by_name))}"
        c.report(NoSuchField(str(record), show(name), hint, at=Where(here, key=True)))
    missing = [name for name in record.by_name if name not in made]
    if lost := [show(name) for name in missing if name not in meant]:
        c.report(MissingField(f'"new" of {record}', ", ".join(lost), at=Where(f"{at}/new")))
    return NewMap(record, tuple(made), tuple(made.values()), at=at)


@form("type", "value")
def check_value(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    """A copy is converted: the document stays as it is in snapshots and pickles of the engine."""
    made = c.schemas.parse(value["type"], f"{at}/type")
    given = fresh(value["value"]) if c.owned else value["value"]
    return Lit(made, c.embedded(made, given, f"{at}/value"), at=at)
