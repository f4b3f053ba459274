"""`let` and `set` (specification, "Symbol assignment and reassignment")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.check.checker import Checker, form
from pfa.check.problems import AlreadyDeclared, SealedAbove, SealedWithin, UnknownSymbol, show
from pfa.check.schemas import escape
from pfa.errors import Where
from pfa.ir import Expr, Let, Lit
from pfa.types import NULL, UNKNOWN, Bottom, Type

if TYPE_CHECKING:
    from pfa.check.scope import Scope


def storable(type: Type) -> Type:
    """The type of a symbol that holds a value of `type`: an error where nothing branches counts as null."""
    return NULL if isinstance(type, Bottom) else type


@form("let")
def check_let(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    members = symbols(c, "let", value["let"], f"{at}/let", _block(scope))
    if scope.sealed_within and members:
        return _sealed_let(c, members, at, scope)
    made = declare_all(c, members, f"{at}/let", scope, scope, '; "set" gives a symbol a new value')
    return Let(NULL, tuple(made), tuple(made.values()), at=at)


def symbols(c: Checker, form: str, value: Any, at: str, into: Scope | None = None) -> dict[str, Any]:
    """The members of an object that names at least one symbol, which a declaration puts into `into`."""
    members = c.members(value, f'"{form}"', at)
    if isinstance(value, dict) and not members:
        c.wrong_json(f'"{form}"', "an object with at least one symbol", value, at)
    if not members and into is not None:
        assume(c, value, at, into)
    return members


def assume(c: Checker, value: Any, at: str, into: Scope) -> None:
    """Declare what a broken declaration seems to name, so that its uses are no further problems."""
    inside = [value] if not isinstance(value, list) else value
    names = [name for x in inside for name in (x if isinstance(x, dict) else [x]) if isinstance(name, str)]
    into.opaque |= not names
    for name in names:
        if not into.find(name):
            c.declare(into, name, UNKNOWN, at)


def _block(scope: Scope) -> Scope:
    """The nearest scope that may declare."""
    while scope.sealed_within and scope.parent is not None:
        scope = scope.parent
    return scope


def _sealed_let(c: Checker, members: dict[str, Any], at: str, scope: Scope) -> Expr:
    """A `let` in an argument: one problem, and none about what uses its symbols."""
    c.report(SealedWithin(" and ".join(map(show, members)), at=Where(at)))
    for name, x in members.items():
        c.expression(x, f"{at}/let/{escape(name)}", scope)
        c.declare(_block(scope), name, UNKNOWN, at)
    return Lit(UNKNOWN, None, at=at)


def declare_all(
    c: Checker, members: dict[str, Any], at: str, scope: Scope, into: Scope, hint: str = ""
) -> dict[str, Expr]:
    """Check the values of a `let` or `for` in `scope`, then declare the names, unseen by them, in `into`."""
    outer, c.pending = c.pending, frozenset(members)
    exprs = {name: c.expression(x, f"{at}/{escape(name)}", scope.value()) for name, x in members.items()}
    c.pending = outer
    made: dict[str, Expr] = {}
    for name, expr in exprs.items():
        unique = declare_new(c, name, storable(expr.type), f"{at}/{escape(name)}", into, True, hint)
        made[unique] = expr
    return made


def declare_new(
    c: Checker, name: Any, type: Type, at: str, into: Scope, key: bool = False, hint: str = ""
) -> str:
    """Declare a symbol that must not shadow another one; below a wrong one, its type is not known."""
    if not isinstance(name, str):
        into.opaque = True
    if not c.symbol_name(name, at, key=key):
        return c.declare(into, name, UNKNOWN, at) if isinstance(name, str) else c.fresh()
    if found := into.find(name):
        if not hint or into.writable(name):
            hint = "; take another name"
        c.report(AlreadyDeclared(show(name), hint, at=Where(at, key=key)))
        type = type if found.type == type else UNKNOWN
    return c.declare(into, name, type, at)


@form("set")
def check_set(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    made = assign_all(c, symbols(c, "set", value["set"], f"{at}/set"), f"{at}/set", scope)
    return Let(NULL, tuple(n for n, _ in made), tuple(e for _, e in made), declares=False, at=at)


def assign_all(c: Checker, members: dict[str, Any], at: str, scope: Scope) -> list[tuple[str, Expr]]:
    """Check the assignments of a `set` or of the `step` of a `for`."""
    made: list[tuple[str, Expr]] = []
    for name, x in members.items():
        here = f"{at}/{escape(name)}"
        expr = c.expression(x, here, scope.value())
        symbol = scope.find(name)
        if symbol is None:
            hint = c.hints.name(name, scope.visible())
            if scope.is_opaque() and not hint:
                continue
            hint = hint or '; "set" changes what "let" has declared'
            root, _, rest = name.partition(".")
            if rest and scope.find(root):
                part = f'{{"attr": {show(root)}, "path": [...], "to": ...}}'
                hint = f"; a part of it is changed by setting {show(root)} to {part}"
            c.report(UnknownSymbol(show(name), hint, at=Where(here, key=True)))
        elif why := scope.writable(name):
            c.report(SealedAbove(show(name), why, at=Where(here, key=True)))
        else:
            made.append((symbol.name, c.want(symbol.type, expr, f"the new value of {show(name)}")))
    return made
