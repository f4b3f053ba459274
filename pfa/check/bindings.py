"""`let` and `set` (specification, "Symbol assignment and reassignment")."""

from __future__ import annotations

from typing import Any

from pfa.check.checker import Checker, form
from pfa.check.problems import AlreadyDeclared, SealedAbove, SealedWithin, UnknownSymbol, show, suggestion
from pfa.check.schemas import escape
from pfa.check.scope import Scope
from pfa.errors import Where
from pfa.ir import Expr, Let
from pfa.types import NULL, Bottom, Type


def storable(type: Type) -> Type:
    """The type of a symbol that holds a value of `type`: an error where nothing branches counts as null."""
    return NULL if isinstance(type, Bottom) else type


@form("let")
def check_let(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    members = c.members(value["let"], "let", f"{at}/let")
    _not_empty(c, "let", value["let"], members, at)
    made = declare_all(c, members, f"{at}/let", scope, scope)
    if scope.sealed_within and members:
        c.report(SealedWithin(show(next(iter(members))), at=Where(at)))
    return Let(NULL, tuple(made), tuple(made.values()), at=at)


def declare_all(
    c: Checker, members: dict[str, Any], at: str, scope: Scope, into: Scope
) -> dict[str, Expr]:
    """Check the values of a `let` or `for` in `scope`, which does not see the names, then declare them in `into`."""
    exprs = {name: c.expression(x, f"{at}/{escape(name)}", scope.value()) for name, x in members.items()}
    made: dict[str, Expr] = {}
    for name, expr in exprs.items():
        unique = declare_new(c, name, storable(expr.type), f"{at}/{escape(name)}", into)
        made[unique] = expr
    return made


def declare_new(c: Checker, name: Any, type: Type, at: str, into: Scope) -> str:
    """Declare a symbol that must not shadow another one."""
    if c.symbol_name(name, at):
        if into.find(name):
            c.report(AlreadyDeclared(show(name), at=Where(at)))
        else:
            return c.declare(into, name, type)
    return c.fresh()


@form("set")
def check_set(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    members = c.members(value["set"], "set", f"{at}/set")
    _not_empty(c, "set", value["set"], members, at)
    made = assign_all(c, members, f"{at}/set", scope)
    return Let(NULL, tuple(n for n, _ in made), tuple(e for _, e in made), declares=False, at=at)


def assign_all(c: Checker, members: dict[str, Any], at: str, scope: Scope) -> list[tuple[str, Expr]]:
    """Check the assignments of a `set` or of the `step` of a `for`."""
    made: list[tuple[str, Expr]] = []
    for name, x in members.items():
        here = f"{at}/{escape(name)}"
        expr = c.expression(x, here, scope.value())
        symbol = scope.find(name)
        if symbol is None:
            hint = suggestion(name, scope.visible()) or "; set changes what let has declared"
            c.report(UnknownSymbol(show(name), hint, at=Where(here)))
        elif why := scope.writable(name):
            c.report(SealedAbove(show(name), why, at=Where(here)))
        else:
            made.append((symbol.name, c.want(symbol.type, expr, f"the new value of {show(name)}")))
    return made


def _not_empty(c: Checker, form: str, value: Any, members: dict[str, Any], at: str) -> None:
    if isinstance(value, dict) and not members:
        c.wrong_json(form, "an object with at least one symbol", value, at)


