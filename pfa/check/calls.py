"""Function calls, and `call`, which chooses a function at run time (specification, "Function calls")."""

from __future__ import annotations

from typing import Any

from pfa.check.checker import HOOKS, Checker, form
from pfa.check.functions import (
    adapt,
    argument,
    call_user,
    emit_allowed,
    emit_type,
    expect_function,
    fitted,
    is_function,
    unknown_function,
)
from pfa.check.problems import (
    Deprecated,
    EnumComparedWithString,
    FunctionUnexpected,
    NeverEqual,
    NoSignature,
    NoSupertype,
    UnknownFunction,
    WrongCount,
    WrongType,
    show,
)
from pfa.check.schemas import escape
from pfa.check.scope import Scope
from pfa.errors import Where
from pfa.ir import Argument, Call, DynamicCall, Expr, FunctionDef, FunctionRef, Lit, Widen
from pfa.lib.define import Fn
from pfa.lib.signature import FunctionOf
from pfa.lib.table import lookup
from pfa.types import STRING, UNKNOWN, Enum, Function, Type, Unknown, accepts, join


def check_call(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    """`{"name": [arguments]}` or `{"name": argument}`."""
    [(name, given)] = value.items()
    here = f"{at}/{escape(name)}"
    listed = given if type(given) is list else None
    raw = listed if listed is not None else [given]
    places = [f"{here}/{i}" for i in range(len(raw))] if listed is not None else [here]
    if name == "emit":
        args = _arguments(c, raw, places, scope)
        return _call_user(c, name, emit_type(c), args, at) if emit_allowed(c, at) else Lit(UNKNOWN, None, at=at)
    if name.startswith("u."):
        args = _arguments(c, raw, places, scope)
        found = c.functions.get(name[2:])
        if found is None:
            unknown_function(c, name, at)
            return Lit(UNKNOWN, None, at=at)
        c.facts.calls.add(name[2:])
        return _call_user(c, name, found, args, at)
    fn = lookup(name)
    if fn is None:
        unknown_function(c, name, at)
        _arguments(c, raw, places, scope)
        return Lit(UNKNOWN, None, at=at)
    return _call_library(c, fn, raw, places, at, scope)


HOOKS["call"] = check_call


def _arguments(c: Checker, raw: list[Any], places: list[str], scope: Scope) -> list[Argument | None]:
    return [argument(c, x, p, scope) for x, p in zip(raw, places, strict=True)]


def _call_user(c: Checker, name: str, type: Function, args: list[Argument | None], at: str) -> Expr:
    if len(args) != len(type.params):
        c.report(WrongCount(name, _count(len(type.params)), len(args), at=Where(at)))
        return Lit(type.ret, None, at=at)
    exprs: list[Expr] = []
    for i, (arg, want) in enumerate(zip(args, type.params, strict=True)):
        if isinstance(arg, FunctionDef | FunctionRef):
            c.report(FunctionUnexpected(at=Where(arg.at)))
        elif arg is not None:
            exprs.append(c.want(want, arg, f"argument {i + 1} of {name}"))
    if len(exprs) != len(args):
        return Lit(type.ret, None, at=at)
    return call_user(name, type, tuple(exprs), at)


def _count(n: int) -> str:
    return "no arguments" if n == 0 else "one argument" if n == 1 else f"{n} arguments"


def _call_library(c: Checker, fn: Fn, raw: list[Any], places: list[str], at: str, scope: Scope) -> Expr:
    counts = sorted({len(s.params) for s in fn.signatures})
    if len(raw) not in counts:
        _arguments(c, raw, places, scope)
        expected = " or ".join(map(_count, counts))
        c.report(WrongCount(fn.name, expected, len(raw), at=Where(at)))
        return Lit(UNKNOWN, None, at=at)
    functions = _function_places(fn, len(raw))
    args: list[Argument] = []
    for i, (x, p) in enumerate(zip(raw, places, strict=True)):
        made = argument(c, x, p, scope) if is_function(x) or i not in functions else _not_a_function(c, fn, i, x, p, scope)
        args.append(Lit(UNKNOWN, None, at=p) if made is None else made)
    if fn.name in ("==", "!="):
        args = _compare_enum(c, args, at)
    types = tuple([a.type for a in args])
    bound = fn.bind(types)
    if bound is None:
        return _no_signature(c, fn, args, at)
    if fn.deprecated or bound.signature.deprecated:
        c.report(Deprecated(fn.name, at=Where(at)))
    fit = tuple([fitted(c, a, w) for a, w in zip(args, bound.params, strict=True)])
    return Call(bound.ret, fn, bound, fit, at=at)


def _function_places(fn: Fn, count: int) -> set[int]:
    """Where every signature of this length asks for a function."""
    fitting = [s for s in fn.signatures if len(s.params) == count]
    return {
        i for i in range(count) if all(isinstance(s.params[i], Function | FunctionOf) for s in fitting)
    }


def _not_a_function(c: Checker, fn: Fn, i: int, x: Any, p: str, scope: Scope) -> Argument:
    """A value where a function must stand: one problem, and none about the value itself."""
    expect_function(c, f"argument {i + 1} of {fn.name}", x, p)
    return Lit(UNKNOWN, None, at=p)


def _no_signature(c: Checker, fn: Fn, args: list[Argument], at: str) -> Expr:
    fitting = [str(s) for s in fn.signatures if len(s.params) == len(args)]
    found = ", ".join(str(a.type) for a in args)
    c.report(NoSignature(fn.name, found, " or ".join(fitting), at=Where(at)))
    return Lit(UNKNOWN, None, at=at)


def _compare_enum(c: Checker, args: list[Argument], at: str) -> list[Argument]:
    """An enumeration equals a string by its text, with a warning (published models need it)."""
    types = [a.type for a in args]
    for enum, other, i in ((types[0], types[1], 0), (types[1], types[0], 1)):
        if isinstance(enum, Enum) and other == STRING:
            text, mine = args[1 - i], args[i]
            if isinstance(text, Lit) and text.value not in enum.symbols:
                c.report(NeverEqual(str(enum), show(text.value), at=Where(at)))
            c.report(EnumComparedWithString(str(enum), at=Where(at)))
            if not isinstance(mine, FunctionDef | FunctionRef):
                args[i] = Widen(STRING, mine, at=mine.at)
    return args


@form("call", "args")
def check_dynamic_call(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    which = c.expression(value["call"], f"{at}/call", scope.value())
    raw = c.items(value["args"], "args", f"{at}/args")
    args = _arguments(c, raw, [f"{at}/args/{i}" for i in range(len(raw))], scope)
    exprs: list[Expr] = []
    for arg in args:
        if isinstance(arg, FunctionDef | FunctionRef):
            c.report(FunctionUnexpected(at=Where(arg.at)))
        elif arg is not None:
            exprs.append(arg)
    if not isinstance(which.type, Enum):
        if not isinstance(which.type, Unknown):
            c.report(WrongType("call", "an enumeration of function names", str(which.type), at=Where(which.at)))
        return Lit(UNKNOWN, None, at=at)
    if len(exprs) != len(raw):
        return Lit(UNKNOWN, None, at=at)
    return _dynamic(c, which, which.type, exprs, at)


def _dynamic(c: Checker, which: Expr, enum: Enum, args: list[Expr], at: str) -> Expr:
    types: list[Type] = []
    for symbol in enum.symbols:
        found = c.functions.get(symbol)
        if found is None:
            hint = f", which the enumeration {enum} names"
            c.report(UnknownFunction(show("u." + symbol), hint, at=Where(f"{at}/call")))
            return Lit(UNKNOWN, None, at=at)
        c.facts.calls.add(symbol)
        given = tuple(a.type for a in args)
        if len(found.params) != len(given) or not all(map(accepts, found.params, given)):
            takes = ", ".join(map(str, found.params))
            c.report(NoSignature(f"u.{symbol}", ", ".join(map(str, given)), f"({takes})", at=Where(at)))
            return Lit(UNKNOWN, None, at=at)
        types.append(found.ret)
    ret = join(types)
    if ret is None:
        found_types = ", ".join(dict.fromkeys(map(str, types)))
        c.report(NoSupertype(f"the functions of {enum}", found_types, at=Where(at)))
        return Lit(UNKNOWN, None, at=at)
    want = Function(tuple(a.type for a in args), ret)
    functions = tuple(
        adapt(c, FunctionRef(f"u.{s}", c.functions[s], at=at), want) for s in enum.symbols
    )
    return DynamicCall(ret, which, enum, tuple(args), functions, at=at)


