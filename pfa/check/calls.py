"""Function calls, and `call`, which chooses a function at run time (specification, "Function calls")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.check.checker import FORMS, HOOKS, Checker, form, lacking_fields, no_supertype
from pfa.check.functions import (
    adapt,
    argument,
    call_user,
    emit_allowed,
    emit_type,
    expect_function,
    fitted,
    function_argument,
    is_function,
    unknown_function,
)
from pfa.check.hints import did_you_mean
from pfa.check.problems import (
    Deprecated,
    EnumComparedWithString,
    FunctionUnexpected,
    NeverEqual,
    NoSignature,
    UnknownForm,
    UnknownFunction,
    WrongCount,
    WrongType,
    show,
)
from pfa.check.schemas import escape
from pfa.check.unfit import no_signature
from pfa.errors import Where
from pfa.ir import Argument, Call, DynamicCall, Expr, FunctionDef, FunctionRef, Lit, Widen
from pfa.lib.table import lookup
from pfa.types import STRING, UNKNOWN, Enum, Function, Type, Unknown, accepts, join

if TYPE_CHECKING:
    from pfa.check.scope import Scope
    from pfa.lib.define import Fn


def check_call(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    """`{"name": [arguments]}` or `{"name": argument}`."""
    [(name, given)] = value.items()
    here = f"{at}/{escape(name)}"
    raw = given if type(given) is list else [given]
    places = [f"{here}/{i}" for i in range(len(raw))] if raw is given else [here]
    if len(raw) == 1 and raw is given:
        c.lone = places[0]
    if name == "emit":
        args = _arguments(c, raw, places, scope)
        if not emit_allowed(c, at):
            return Lit(UNKNOWN, None, at=at)
        return _call_user(c, name, emit_type(c), args, at)
    if name.startswith("u."):
        return _call_own(c, name, raw, places, at, scope)
    fn = lookup(name)
    if fn is not None:
        return _call_library(c, fn, raw, places, at, scope)
    if lacking := lacking_fields(value):
        return c.incomplete(*lacking, at)
    if c.hints.near(name, ("fcn",)) and isinstance(given, str) and (given.startswith("u.") or lookup(given)):
        c.report(UnknownForm(show(name), did_you_mean("fcn"), at=Where(here, key=True)))
        return Lit(UNKNOWN, None, at=at)
    if "." not in name and (near := c.hints.near(name, _single_forms())):
        return _misspelled_form(c, near, name, given, at, scope)
    unknown_function(c, name, here, key=True)
    _arguments(c, raw, places, scope)
    return Lit(UNKNOWN, None, at=at)


HOOKS["call"] = check_call


def _single_forms() -> list[str]:
    """The forms that one field makes: `{"let": ...}` and its like."""
    return [name for name, found in FORMS.items() if len(found.required) == 1 and name != "fcn"]


def _misspelled_form(c: Checker, right: str, wrong: str, given: Any, at: str, scope: Scope) -> Expr:
    """`{"lett": ...}`: the names that it declares are known below, so that one mistake is one problem."""
    c.report(UnknownForm(show(wrong), did_you_mean(right), at=Where(f"{at}/{escape(wrong)}", key=True)))
    c.renamed[f"{at}/{right}"] = escape(wrong)
    FORMS[right].check(c, {right: given}, at, scope)
    return Lit(UNKNOWN, None, at=at)


def _arguments(c: Checker, raw: list[Any], places: list[str], scope: Scope) -> list[Argument | None]:
    return [argument(c, x, p, scope) for x, p in zip(raw, places, strict=True)]


def _call_own(c: Checker, name: str, raw: list[Any], places: list[str], at: str, scope: Scope) -> Expr:
    """A call of a function of the document."""
    found = c.functions.get(name[2:])
    lone = places == [f"{at}/{escape(name)}"] and found is not None and len(found.params) != 1
    args: list[Argument | None] = [None]
    if not lone or name[2:] in c.loose:
        args = _arguments(c, raw, places, scope)
    if name[2:] in c.loose:
        return Lit(UNKNOWN, None, at=at)
    if found is None:
        unknown_function(c, name, f"{at}/{escape(name)}", key=True)
        return Lit(UNKNOWN, None, at=at)
    c.facts.calls.add(name[2:])
    return _call_user(c, name, found, args, at)


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
    if len(raw) not in fn.functions:
        if places != [f"{at}/{escape(fn.name)}"]:  # what stands in the place of a list is no argument
            _arguments(c, raw, places, scope)
        expected = " or ".join(map(_count, fn.functions))
        c.report(WrongCount(fn.name, expected, len(raw), at=Where(at)))
        return Lit(UNKNOWN, None, at=at)
    args = _library_arguments(c, fn, raw, places, scope)
    if fn.name in ("==", "!="):
        args = _compare_enum(c, args, at)
    types = tuple([a.type for a in args])
    bound = fn.bind(types)
    if bound is None:
        no_signature(c, fn, args, at)
        return Lit(UNKNOWN, None, at=at)
    if fn.deprecated or bound.signature.deprecated:
        c.report(Deprecated(fn.name, at=Where(at)))
    if "rng" in fn.needs:
        c.draws = True
    fit = tuple([a if a.type is w else fitted(c, a, w) for a, w in zip(args, bound.params, strict=True)])
    return Call(bound.ret, fn, bound, fit, at=at)


def _library_arguments(
    c: Checker, fn: Fn, raw: list[Any], places: list[str], scope: Scope
) -> list[Argument]:
    """The arguments, of the type UNKNOWN where they are broken or no function where one must stand."""
    args: list[Argument] = []
    functions = fn.functions[len(raw)]
    inside = scope.value()
    for i, (x, p) in enumerate(zip(raw, places, strict=True)):
        made: Argument | None = None
        if is_function(x):
            made = function_argument(c, x, p, scope, None, "the argument")
        elif i in functions:
            expect_function(c, f"argument {i + 1} of {fn.name}", x, p)
        else:
            made = c.expression(x, p, inside)
        args.append(Lit(UNKNOWN, None, at=p) if made is None else made)
    return args


def _compare_enum(c: Checker, args: list[Argument], at: str) -> list[Argument]:
    """An enumeration equals a string by its text, with a warning (published models need it)."""
    types = [a.type for a in args]
    for enum, other, i in ((types[0], types[1], 0), (types[1], types[0], 1)):
        if isinstance(enum, Enum) and other == STRING:
            text, mine = args[1 - i], args[i]
            if isinstance(text, Lit) and text.value not in enum.symbols:
                hint = c.hints.name(str(text.value), enum.symbols)
                c.report(NeverEqual(str(enum), show(text.value), hint, at=Where(at)))
            else:
                c.report(EnumComparedWithString(str(enum), at=Where(at)))
            if not isinstance(mine, FunctionDef | FunctionRef):
                args[i] = Widen(STRING, mine, at=mine.at)
    return args


@form("call", "args")
def check_dynamic_call(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    which = c.expression(value["call"], f"{at}/call", scope.value())
    raw = c.items(value["args"], '"args"', f"{at}/args")
    args = _arguments(c, raw, [f"{at}/args/{i}" for i in range(len(raw))], scope)
    exprs: list[Expr] = []
    for arg in args:
        if isinstance(arg, FunctionDef | FunctionRef):
            c.report(FunctionUnexpected(at=Where(arg.at)))
        elif arg is not None:
            exprs.append(arg)
    if not isinstance(which.type, Enum):
        if not isinstance(which.type, Unknown):
            what, expected = '"call"', "an enum whose symbols are functions"
            c.report(WrongType(what, expected, str(which.type), at=Where(which.at)))
        return Lit(UNKNOWN, None, at=at)
    if len(exprs) != len(raw) or type(value["args"]) is not list:
        return Lit(UNKNOWN, None, at=at)
    return _dynamic(c, which, which.type, exprs, at)


def _dynamic(c: Checker, which: Expr, enum: Enum, args: list[Expr], at: str) -> Expr:
    given = tuple(a.type for a in args)
    types: list[Type] = []
    for symbol in enum.symbols:
        if symbol in c.loose or not (symbol in c.functions or _unknown_choice(c, enum, symbol, at)):
            return Lit(UNKNOWN, None, at=at)
        found = c.functions[symbol]
        c.facts.calls.add(symbol)
        if len(found.params) != len(given) or not all(map(accepts, found.params, given)):
            takes = ", ".join(map(str, found.params))
            c.report(NoSignature(f"u.{symbol}", ", ".join(map(str, given)), f"({takes})", at=Where(at)))
            return Lit(UNKNOWN, None, at=at)
        types.append(found.ret)
    ret = join(types)
    if ret is None:
        c.report(no_supertype(f"the functions of {enum}", types, at))
        return Lit(UNKNOWN, None, at=at)
    want = Function(given, ret)
    functions = tuple(
        adapt(c, FunctionRef(f"u.{s}", c.functions[s], at=at), want) for s in enum.symbols
    )
    return DynamicCall(ret, which, enum, tuple(args), functions, at=at)


def _unknown_choice(c: Checker, enum: Enum, symbol: str, at: str) -> bool:
    """A symbol of the enum that is no function of the document; never there."""
    if "fcns" not in c.untold:
        near = c.hints.near(symbol, list(c.functions))
        hint = did_you_mean(near and f"u.{near}") or f"; each symbol of {enum} must be a function"
        c.report(UnknownFunction(show("u." + symbol), hint, at=Where(f"{at}/call")))
    return False
