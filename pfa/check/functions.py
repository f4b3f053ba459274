"""Function definitions and references, and functions as arguments (specification, "User-defined functions")."""

from __future__ import annotations

from typing import Any

from pfa.check.checker import Checker, form, widen
from pfa.check.problems import (
    AlreadyDeclared,
    FunctionExpected,
    FunctionUnexpected,
    GenericReference,
    Misplaced,
    UnknownField,
    UnknownFunction,
    WrongType,
    show,
    suggestion,
)
from pfa.check.schemas import escape
from pfa.check.scope import Scope
from pfa.errors import Where
from pfa.ir import (
    Argument,
    Call,
    Do,
    Emit,
    Expr,
    FunctionDef,
    FunctionRef,
    Let,
    Lit,
    Local,
    UserCall,
)
from pfa.lib.define import Fn
from pfa.lib.signature import Bound, Signature
from pfa.lib.table import everything, lookup
from pfa.types import NULL, UNKNOWN, Function, Type, Unknown, accepts, same_layout


def is_function(value: Any) -> bool:
    """Is this JSON value a function definition or reference?"""
    if type(value) is not dict:
        return False
    return "fcn" in value or "params" in value or ("ret" in value and "do" in value)


# Found as expressions, they are reported as misplaced; the checks below never run as expressions.
@form("params", "ret", "do")
def check_fcndef(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    c.report(FunctionUnexpected(at=Where(at)))
    return Lit(UNKNOWN, None, at=at)


@form("fcn", optional=("fill",))
def check_fcnref(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    c.report(FunctionUnexpected(at=Where(at)))
    return Lit(UNKNOWN, None, at=at)


def signature_of(c: Checker, value: dict[str, Any], at: str) -> tuple[tuple[str, ...], Function]:
    """Parameter names and type of a definition, without its body."""
    names: list[str] = []
    types: list[Type] = []
    for i, param in enumerate(c.items(value.get("params", []), "params", f"{at}/params")):
        here = f"{at}/params/{i}"
        members = c.members(param, "a parameter", here)
        if len(members) != 1:
            if isinstance(param, dict):
                c.wrong_json("a parameter", "an object with one member, its name and type", param, here)
            continue
        [(name, schema)] = members.items()
        c.symbol_name(name, here, "parameter")
        if name in names:
            c.report(AlreadyDeclared(show(name), at=Where(here)))
        names.append(name)
        types.append(c.schemas.parse(schema, f"{here}/{escape(name)}"))
    ret = c.schemas.parse(value["ret"], f"{at}/ret") if "ret" in value else UNKNOWN
    return tuple(names), Function(tuple(types), ret)


def define(
    c: Checker, value: dict[str, Any], at: str, scope: Scope, known: tuple[tuple[str, ...], Function] | None = None
) -> FunctionDef | None:
    """A function with its body; an inline one reads the symbols of `scope` and cannot change them."""
    if "@" in value:
        c.locator(value, at)
    if not c.fields(value, "a function definition", ("params", "ret", "do"), (), at):
        return None
    names, type = known or signature_of(c, value, at)
    inside = scope.sealed("it belongs to the code around this function")
    unique = [c.declare(inside, n, t) for n, t in zip(names, type.params, strict=True)]
    body = c.body(value["do"], f"{at}/do", inside, "the body of a function")
    body = c.want(type.ret, body, "the function's result")
    return FunctionDef(tuple(unique), type, body, at)


def function_argument(
    c: Checker, value: Any, at: str, scope: Scope, want: Function | None, what: str
) -> FunctionDef | FunctionRef | None:
    """A function where one is asked for; with `want`, made to fit it exactly."""
    made: FunctionDef | FunctionRef | None
    if "fcn" in value:
        made = _reference(c, value, at, scope)
    else:
        made = define(c, value, at, scope)
    if made is None or want is None:
        return made
    if not accepts(want, made.type) or len(want.params) != len(made.type.params):
        if not _unknown(made.type):
            c.report(WrongType(what, str(want), str(made.type), at=Where(at)))
        return None
    return adapt(c, made, want)


def _unknown(type: Function) -> bool:
    return any(isinstance(t, Unknown) for t in (*type.params, type.ret))


def _reference(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> FunctionDef | FunctionRef | None:
    if "@" in value:
        c.locator(value, at)
    c.fields(value, "a function reference", ("fcn",), ("fill",), at)
    name = value["fcn"]
    if not isinstance(name, str):
        c.wrong_json("the name of a function", "a string", name, f"{at}/fcn")
        return None
    fill: dict[str, Argument | None] = {}
    if "fill" in value:
        members = c.members(value["fill"], "fill", f"{at}/fill")
        if isinstance(value["fill"], dict) and not members:
            c.wrong_json("fill", "an object with at least one parameter", value["fill"], f"{at}/fill")
        fill = {k: argument(c, v, f"{at}/fill/{escape(k)}", scope) for k, v in members.items()}
        if any(v is None for v in fill.values()):
            return None
    arguments = {k: v for k, v in fill.items() if v is not None}
    if name == "emit":
        return _filled_user(c, name, emit_type(c), ("output",), arguments, at) if emit_allowed(c, at) else None
    if name.startswith("u."):
        found = c.functions.get(name[2:])
        if found is None:
            unknown_function(c, name, f"{at}/fcn")
            return None
        c.facts.calls.add(name[2:])
        return _filled_user(c, name, found, c.parameters[name[2:]], arguments, at)
    fn = lookup(name)
    if fn is None:
        unknown_function(c, name, f"{at}/fcn")
        return None
    return _filled_library(c, fn, arguments, at)


def argument(c: Checker, value: Any, at: str, scope: Scope) -> Argument | None:
    """An argument of a call: a function, or a value in a scope of its own."""
    if is_function(value):
        return function_argument(c, value, at, scope, None, "the argument")
    return c.expression(value, at, scope.value())


def emit_allowed(c: Checker, at: str) -> bool:
    if c.method == "emit":
        return True
    c.report(Misplaced("emit", 'with "method": "emit"', at=Where(at)))
    return False


def emit_type(c: Checker) -> Function:
    return Function((c.output,), NULL)


def unknown_function(c: Checker, name: str, at: str) -> None:
    if name in c.functions:
        hint = f", did you mean {show('u.' + name)}?"
    else:
        hint = suggestion(name, [*(f"u.{n}" for n in c.functions), *everything()])
    c.report(UnknownFunction(show(name), hint, at=Where(at)))


def _fill_names(c: Checker, name: str, names: tuple[str, ...], fill: dict[str, Argument], at: str) -> bool:
    good = True
    for key in fill:
        if key not in names:
            c.report(UnknownField(name, show(key), suggestion(key, names), at=Where(f"{at}/fill/{escape(key)}")))
            good = False
    return good


def _filled_user(
    c: Checker, name: str, type: Function, names: tuple[str, ...], fill: dict[str, Argument], at: str
) -> FunctionDef | FunctionRef | None:
    if not fill:
        return FunctionRef(name, type, at=at)
    if not _fill_names(c, name, names, fill, at):
        return None
    args: list[Expr] = []
    params: list[str] = []
    left: list[Type] = []
    for n, t in zip(names, type.params, strict=True):
        if n not in fill:
            params.append(c.fresh())
            left.append(t)
            args.append(Local(t, params[-1], at=at))
            continue
        value = fill[n]
        if isinstance(value, FunctionDef | FunctionRef):
            c.report(FunctionUnexpected(at=Where(f"{at}/fill/{escape(n)}")))
            return None
        args.append(c.want(t, value, f"parameter {show(n)}"))
    return FunctionDef(tuple(params), Function(tuple(left), type.ret), call_user(name, type, tuple(args), at), at)


def call_user(name: str, type: Function, args: tuple[Expr, ...], at: str) -> Expr:
    """A call of `emit` or of a user function by its name with the prefix."""
    return Emit(NULL, args[0], at=at) if name == "emit" else UserCall(type.ret, name[2:], args, at=at)


def _filled_library(c: Checker, fn: Fn, fill: dict[str, Argument], at: str) -> FunctionDef | FunctionRef | None:
    if not fill:
        concrete = [(s, t) for s in fn.signatures if (t := s.concrete) is not None]
        if len(fn.signatures) != 1 or not concrete:
            c.report(GenericReference(show(fn.name), at=Where(f"{at}/fcn")))
            return None
        signature, type = concrete[0]
        return FunctionRef(fn.name, type, fn, Bound(signature, type.params, type.ret), at=at)
    names = dict.fromkeys(n for s in fn.signatures for n in s.names)
    if not _fill_names(c, fn.name, tuple(names), fill, at):
        return None
    for signature in fn.signatures:
        if fill.keys() <= set(signature.names) and (made := _fill_signature(c, fn, signature, fill, at)):
            return made
    c.report(GenericReference(show(fn.name), at=Where(f"{at}/fcn")))
    return None


def _fill_signature(
    c: Checker, fn: Fn, signature: Signature, fill: dict[str, Argument], at: str
) -> FunctionDef | None:
    """The function of what is left open, if its parameters are concrete once the rest is filled."""
    types: list[Type] = []
    for n, p in zip(signature.names, signature.params, strict=True):
        if n in fill:
            types.append(fill[n].type)
            continue
        alone = Signature((n,), (p,), NULL).concrete
        if alone is None:
            return None
        types.append(alone.params[0])
    bound = signature.bind(tuple(types))
    if bound is None:
        return None
    params: list[str] = []
    left: list[Type] = []
    args: list[Argument] = []
    for n, t in zip(signature.names, bound.params, strict=True):
        if n in fill:
            args.append(fitted(c, fill[n], t))
        else:
            params.append(c.fresh())
            left.append(t)
            args.append(Local(t, params[-1], at=at))
    body = Call(bound.ret, fn, bound, tuple(args), at=at)
    return FunctionDef(tuple(params), Function(tuple(left), bound.ret), body, at)


def fitted(c: Checker, arg: Argument, want: Type) -> Argument:
    """An argument that a solved signature accepts, widened or adapted to it."""
    if isinstance(arg, FunctionDef | FunctionRef):
        return adapt(c, arg, want) if isinstance(want, Function) else arg
    return widen(want, arg)


def adapt(c: Checker, made: FunctionDef | FunctionRef, want: Function) -> FunctionDef | FunctionRef:
    """A function of exactly the type wanted: arguments and result are widened where their layouts differ."""
    mine = made.type
    if same_layout(want.ret, mine.ret) and all(
        same_layout(p, w) for p, w in zip(mine.params, want.params, strict=True)
    ):
        return made
    params = tuple(c.fresh() for _ in want.params)
    given = [
        widen(p, Local(w, n, at=made.at)) for n, p, w in zip(params, mine.params, want.params, strict=True)
    ]
    if isinstance(made, FunctionDef):
        let = Let(NULL, made.params, tuple(given), at=made.at)
        body: Expr = Do(mine.ret, (let, made.body), at=made.at)
    elif made.fn is not None and made.bound is not None:
        body = Call(mine.ret, made.fn, made.bound, tuple(given), at=made.at)
    else:
        body = call_user(made.name, mine, tuple(given), made.at)
    return FunctionDef(params, want, widen(want.ret, body), made.at)


def expect_function(c: Checker, what: str, value: Any, at: str) -> None:
    """The problem of a value where a function is asked for."""
    hint = ""
    if isinstance(value, str):
        hint = f'; a function is passed as {{"fcn": {show(value)}}}'
    c.report(FunctionExpected(what, hint, at=Where(at)))
