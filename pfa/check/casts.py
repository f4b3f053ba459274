"""`cast`, `upcast`, `ifnotnull` (specification, "Type-safe casting")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.check.bindings import symbols
from pfa.check.checker import Checker, form
from pfa.check.flow import branches_of
from pfa.check.problems import NotExhaustive, NotReached, WrongJson, WrongType, show
from pfa.check.schemas import escape
from pfa.errors import Where
from pfa.ir import Case, Cast, Expr, IfNotNull, Lit
from pfa.types import NULL, UNKNOWN, Enum, Fixed, Record, Type, Union, Unknown, accepts, branches

if TYPE_CHECKING:
    from collections.abc import Collection

    from pfa.check.scope import Scope


@form("cast", "cases", optional=("partial",))
def check_cast(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    whole = c.expression(value["cast"], f"{at}/cast", scope.value())
    partial = value.get("partial", False)
    if not isinstance(partial, bool):
        c.wrong_json('"partial"', "true or false", partial, f"{at}/partial")
    listed = c.items(value["cases"], '"cases"', f"{at}/cases")
    least = 1 if partial else 2
    if isinstance(value["cases"], list) and len(listed) < least:
        _too_few(c, listed, f"{at}/cases")
    left = {} if isinstance(whole.type, Unknown) else {b.tag: b for b in branches(whole.type)}
    cases: list[Case] = []
    for i, case in enumerate(listed):
        made = _case(c, case, f"{at}/cases/{i}", scope, whole.type, left)
        if made is not None:
            cases.append(made)
            for b in made.branches:
                del left[b.tag]
    if left and not partial and len(cases) == len(listed) >= least:
        c.report(NotExhaustive(", ".join(map(str, left.values())), at=Where(at)))
    made_all = len(cases) == len(listed) and bool(listed)
    return _joined(c, whole, cases, bool(partial), at) if made_all else Lit(UNKNOWN, None, at=at)


def _too_few(c: Checker, listed: list[Any], at: str) -> None:
    if listed:
        hint = '; one is enough with "partial": true'
        c.report(WrongJson('"cases"', "at least two cases", "one", hint, at=Where(at)))
    else:
        c.wrong_json('"cases"', "an array of cases", listed, at)


def _case(c: Checker, case: Any, at: str, scope: Scope, whole: Type, left: dict[str, Type]) -> Case | None:
    members = c.members(case, "a case of cast", at)
    if isinstance(case, dict):
        members = c.fields(members, "a case of cast", ("as", "named", "do"), (), at)
    if not members:
        return None
    type = c.schemas.parse(members["as"], f"{at}/as")
    if not accepts(whole, type):
        hint = f"; it is {', '.join(map(str, left.values()))}" if 0 < len(left) < 6 else ""
        c.report(NotReached(str(whole), str(type), hint, at=Where(f"{at}/as")))
        type = UNKNOWN
    inside = scope.block()
    named = members["named"]
    sound = c.symbol_name(named, f"{at}/named")
    unique = c.fresh()
    inside.opaque = not isinstance(named, str)
    if isinstance(named, str):
        unique = c.declare(inside, named, type if sound else UNKNOWN, f"{at}/named")
    body = c.body(members["do"], f"{at}/do", inside)
    return Case(unique, type, _taken(type, left), body)


def _taken(type: Type, left: dict[str, Type]) -> tuple[Type, ...]:
    """The branches that a case takes; named types fit only themselves, and a union may have thousands of them."""
    likely: Collection[Type] = left.values()
    if isinstance(type, Record | Enum | Fixed):
        likely = [left[type.tag]] if type.tag in left else []
    return tuple(b for b in likely if accepts(type, b))


def _joined(c: Checker, whole: Expr, cases: list[Case], partial: bool, at: str) -> Expr:
    if partial:
        return Cast(NULL, whole, tuple(cases), at=at)
    type, bodies = c.supertype([case.body for case in cases], at, "the cases of cast")
    made = [
        Case(case.named, case.type, case.branches, body) for case, body in zip(cases, bodies, strict=True)
    ]
    return Cast(type, whole, tuple(made), at=at)


@form("upcast", "as")
def check_upcast(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    expr = c.expression(value["upcast"], f"{at}/upcast", scope.value())
    type = c.schemas.parse(value["as"], f"{at}/as")
    if isinstance(type, Unknown):
        return Lit(UNKNOWN, None, at=at)
    return c.want(type, expr, 'the value of "upcast"')


@form("ifnotnull", "then", optional=("else",))
def check_ifnotnull(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    inside = scope.block()
    members = symbols(c, "ifnotnull", value["ifnotnull"], f"{at}/ifnotnull", inside)
    names: list[str] = []
    types: list[Type] = []
    values: list[Expr] = []
    for name, x in members.items():
        here = f"{at}/ifnotnull/{escape(name)}"
        expr = c.expression(x, here, scope.value())
        types.append(_without_null(c, name, expr) if c.symbol_name(name, here, key=True) else UNKNOWN)
        values.append(expr)
        names.append(c.declare(inside, name, types[-1], here))
    then = c.body(value["then"], f"{at}/then", inside)
    orelse = c.body(value["else"], f"{at}/else", scope.block()) if "else" in value else None
    type, [then], orelse = branches_of(c, [then], orelse, at, "then and else")
    return IfNotNull(type, tuple(names), tuple(types), tuple(values), then, orelse, at=at)


def _without_null(c: Checker, name: str, expr: Expr) -> Type:
    match expr.type:
        case Unknown():
            return UNKNOWN
        case Union(bs) if NULL in bs and len(bs) > 1:
            rest = tuple(b for b in bs if b != NULL)
            return rest[0] if len(rest) == 1 else Union(rest)
        case other:
            what = f"the value of {show(name)}"
            c.report(WrongType(what, "a union with null and more", str(other), at=Where(expr.at)))
            return UNKNOWN


