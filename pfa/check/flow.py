"""Blocks, branches and loops (specification, "Tree-like structures in the program flow" and the next two)."""

from __future__ import annotations

from typing import Any

from pfa.check.bindings import assign_all, declare_all, declare_new, symbols
from pfa.check.checker import Checker, form
from pfa.check.hints import mismatch
from pfa.check.problems import WrongType
from pfa.check.scope import Scope
from pfa.errors import Where
from pfa.ir import Do, Expr, For, ForEach, ForKeyVal, If, Let, Lit, While, null
from pfa.types import NULL, STRING, UNKNOWN, Array, Bottom, Map, Type, Unknown


def branches_of(
    c: Checker, then: list[Expr], orelse: Expr | None, at: str, what: str
) -> tuple[Type, list[Expr], Expr | None]:
    """The type of a form that branches: null without `else`, otherwise the supertype of all."""
    if orelse is None:
        return NULL, then, None
    type, exprs = c.supertype([*then, orelse], at, what)
    return type, exprs[:-1], exprs[-1]


# `for` and the loops that have "do" come before "while" and "do": the first telling field decides.


@form("for", "while", "step", "do")
def check_for(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    outer = scope.block()
    loop = Scope(outer)
    members = symbols(c, "for", value["for"], f"{at}/for", loop)
    made = declare_all(c, members, f"{at}/for", scope, loop)
    condition = c.condition(value["while"], f"{at}/while", loop, "while")
    steps = assign_all(c, symbols(c, "step", value["step"], f"{at}/step"), f"{at}/step", loop)
    body = c.body(value["do"], f"{at}/do", loop.block())
    return For(
        NULL,
        Let(NULL, tuple(made), tuple(made.values()), at=at),
        condition,
        Let(NULL, tuple(n for n, _ in steps), tuple(e for _, e in steps), declares=False, at=at),
        body,
        at=at,
    )


@form("foreach", "in", "do", optional=("seq",))
def check_foreach(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    array = c.expression(value["in"], f"{at}/in", scope.value())
    items: Type = UNKNOWN
    if isinstance(array.type, Array):
        items = array.type.items
    elif not isinstance(array.type, Unknown):
        over_map = "; forkey and forval go over a map"
        hint = over_map if isinstance(array.type, Map) else mismatch(Array(UNKNOWN), array.type)
        c.report(WrongType('"in" of foreach', "an array", str(array.type), hint, at=Where(array.at)))
    seq = value.get("seq", True)
    if not isinstance(seq, bool):
        c.wrong_json('"seq"', "true or false", seq, f"{at}/seq")
    parallel = 'a loop with "seq": false cannot change the symbols around it'
    loop = scope.block() if seq is not False else scope.sealed(parallel)
    name = declare_new(c, value["foreach"], items, f"{at}/foreach", loop)
    return ForEach(NULL, name, array, c.body(value["do"], f"{at}/do", loop), at=at)


@form("forkey", "forval", "in", "do")
def check_forkey(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    over = c.expression(value["in"], f"{at}/in", scope.value())
    values: Type = UNKNOWN
    if isinstance(over.type, Map):
        values = over.type.values
    elif not isinstance(over.type, Unknown):
        over_array = "; foreach goes over an array"
        hint = over_array if isinstance(over.type, Array) else mismatch(Map(UNKNOWN), over.type)
        c.report(WrongType('"in" of forkey', "a map", str(over.type), hint, at=Where(over.at)))
    loop = scope.block()
    key = declare_new(c, value["forkey"], STRING, f"{at}/forkey", loop)
    item = declare_new(c, value["forval"], values, f"{at}/forval", loop)
    return ForKeyVal(NULL, key, item, over, c.body(value["do"], f"{at}/do", loop), at=at)


@form("while", "do")
def check_while(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    condition = c.condition(value["while"], f"{at}/while", scope, "while")
    return While(NULL, condition, c.body(value["do"], f"{at}/do", scope.block()), at=at)


@form("do", "until", name="until")
def check_until(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    """The condition stands outside of the block, so it sees no symbol that the block declares."""
    body = c.body(value["do"], f"{at}/do", scope.block())
    condition = c.condition(value["until"], f"{at}/until", scope, "until")
    return While(NULL, condition, body, True, at=at)


@form("if", "then", optional=("else",))
def check_if(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    condition = c.condition(value["if"], f"{at}/if", scope, "if")
    then = c.body(value["then"], f"{at}/then", scope.block())
    orelse = c.body(value["else"], f"{at}/else", scope.block()) if "else" in value else None
    type, [then], orelse = branches_of(c, [then], orelse, at, "then and else")
    return If(type, ((condition, then),), orelse, at=at)


@form("cond", optional=("else",))
def check_cond(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    conditions: list[Expr] = []
    bodies: list[Expr] = []
    listed = c.items(value["cond"], '"cond"', f"{at}/cond")
    if isinstance(value["cond"], list) and not listed:
        c.wrong_json('"cond"', 'an array of at least one "if"', value["cond"], f"{at}/cond")
    for i, case in enumerate(listed):
        here = f"{at}/cond/{i}"
        members = c.members(case, "a case of cond", here)
        if isinstance(case, dict):
            members = c.fields(members, "a case of cond", ("if", "then"), (), here)
        if not members:
            continue
        conditions.append(c.condition(members["if"], f"{here}/if", scope, "if"))
        bodies.append(c.body(members["then"], f"{here}/then", scope.block()))
    orelse = c.body(value["else"], f"{at}/else", scope.block()) if "else" in value else None
    if not bodies or len(bodies) < len(listed):
        return Lit(UNKNOWN, None, at=at)
    type, bodies, orelse = branches_of(c, bodies, orelse, at, "the cases of cond")
    return If(type, tuple(zip(conditions, bodies, strict=True)), orelse, at=at)


@form("do")
def check_do(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    """A block; one that ends in an error does not branch the flow, so its type is null."""
    body = c.body(value["do"], f"{at}/do", scope.block())
    if isinstance(body.type, Bottom):
        return Do(NULL, (body, null(at)), at=at)
    return body


