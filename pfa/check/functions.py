"""Functions: defined, referenced, passed as arguments (specification, "User-defined functions")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.check.checker import Checker, form, widen
from pfa.check.problems import (
    WRAP,
    AlreadyDeclared,
    FunctionExpected,
    FunctionUnexpected,
    GenericReference,
    Misplaced,
    NoSignature,
    UnknownFunction,
    UnknownParameter,
    WrongType,
    show,
)
from pfa.check.schemas import escape
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
from pfa.lib.signature import Bound, Signature
from pfa.lib.table import lookup
from pfa.types import NULL, UNKNOWN, Function, Type, Unknown, accepts, same_layout

if TYPE_CHECKING:
    from pfa.check.scope import Scope
    from pfa.lib.define import Fn

DEFINITION = ("params", "ret", "do")


def is_function(value: Any) -> bool:
    """Is this JSON value a function definition or reference?"""
    if type(value) is not dict:
        return False
    return "fcn" in value or "params" in value or ("ret" in value and "do" in value)


# An argument that takes a function comes to `function_argument`; everywhere else they are misplaced.
@form("params", "ret", "do")
def check_fcndef(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    c.report(FunctionUnexpected(at=Where(at)))
    return Lit(UNKNOWN, None, at=at)


@form("fcn", optional=("fill",))
def check_fcnref(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    c.report(FunctionUnexpected(at=Where(at)))
    return Lit(UNKNOWN, None, at=at)


def parameters(c: Checker, value: Any, at: str) -> tuple[tuple[str, ...], tuple[Type, ...]] | None:
    """Names and types of parameters; None, and a problem, where they are not what they must be."""
    found: dict[str, Type] = {}
    sound = type(value) is list
    for i, param in enumerate(c.items(value, '"params"', at)):
        here = f"{at}/{i}"
        members = c.members(param, "a parameter", here)
        if len(members) != 1:
            sound = False
            what, hint = "a parameter", f" with {len(members)} members" if members else ""
            if isinstance(param, dict):
                c.wrong_json(what, 'an object with one member, {"name": type}', param, here, hint)
            continue
        [(name, schema)] = members.items()
        key = f"{here}/{escape(name)}"
        c.symbol_name(name, key, "parameter", key=True)
        if name in found:
            c.report(AlreadyDeclared(show(name), " as a parameter of this function", at=Where(key, key=True)))
            sound = False
        found[name] = c.schemas.parse(schema, key)
    return (tuple(found), tuple(found.values())) if sound else None


def header(
    c: Checker, value: dict[str, Any], at: str
) -> tuple[dict[str, Any], tuple[str, ...], Function] | None:
    """A definition without its body: its members, parameter names and type; None if not all are known."""
    if "@" in value:
        c.locator(value, at)
    members = c.fields(value, "a function definition", DEFINITION, (), at, partial=True)
    found = parameters(c, members["params"], f"{at}/params") if "params" in members else None
    ret = c.schemas.parse(members["ret"], f"{at}/ret") if "ret" in members else UNKNOWN
    if found is None or "do" not in members:
        return None
    return members, found[0], Function(found[1], ret)


def define(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> FunctionDef | None:
    """An inline function: it reads the symbols of `scope` and cannot change them."""
    found = header(c, value, at)
    return body_of(c, *found, at, scope) if found else None


def body_of(
    c: Checker, members: dict[str, Any], names: tuple[str, ...], type: Function, at: str, scope: Scope
) -> FunctionDef:
    """A function with its body."""
    inside = scope.sealed("a function cannot change the symbols around it")
    reads: dict[str, None] = {}
    inside.reads = reads
    c.defined += 1
    named = enumerate(zip(names, type.params, strict=True))
    unique = [c.declare(inside, n, t, f"{at}/params/{i}") for i, (n, t) in named]
    body = c.body(members["do"], f"{at}/do", inside, "the body of a function")
    body = c.want(type.ret, body, "the result of the function")
    return FunctionDef(tuple(unique), type, body, at, tuple(reads))


def function_argument(
    c: Checker, value: Any, at: str, scope: Scope, want: Function | None, what: str
) -> FunctionDef | FunctionRef | None:
    """A function where one is asked for; with `want`, made to fit it exactly."""
    made = _reference(c, value, at, scope) if "fcn" in value else define(c, value, at, scope)
    if made is None or want is None:
        return made
    if not accepts(want, made.type):
        if not _unknown(made.type):
            c.report(WrongType(what, str(want), str(made.type), at=Where(at)))
        return None
    return adapt(c, made, want)


def _unknown(type: Function) -> bool:
    return any(isinstance(t, Unknown) for t in (*type.params, type.ret))


def _reference(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> FunctionDef | FunctionRef | None:
    if "@" in value:
        c.locator(value, at)
    members = c.fields(value, "a function reference", ("fcn",), ("fill",), at)
    name = members["fcn"]
    fill = _fill(c, members["fill"], f"{at}/fill", scope) if "fill" in members else {}
    if not isinstance(name, str):
        c.wrong_json("the name of a function", "a string", name, f"{at}/fcn")
        return None
    if fill is None:
        return None
    if name == "emit":
        return _filled_user(c, name, emit_type(c), ("output",), fill, at) if emit_allowed(c, at) else None
    if name.startswith("u."):
        return _user_reference(c, name, fill, at)
    fn = lookup(name)
    if fn is None:
        unknown_function(c, name, f"{at}/fcn")
        return None
    return _filled_library(c, fn, fill, at)


def _fill(c: Checker, value: Any, at: str, scope: Scope) -> dict[str, Argument] | None:
    """The arguments of `fill`; None where one of them is broken."""
    members = c.members(value, '"fill"', at)
    if value == {}:
        c.wrong_json('"fill"', "an object with at least one parameter", value, at)
    fill = {k: argument(c, v, f"{at}/{escape(k)}", scope) for k, v in members.items()}
    good = {k: v for k, v in fill.items() if v is not None}
    return good if good and len(good) == len(fill) else None


def _user_reference(
    c: Checker, name: str, fill: dict[str, Argument], at: str
) -> FunctionDef | FunctionRef | None:
    found = c.functions.get(name[2:])
    if name[2:] in c.loose:
        return None
    if found is None:
        unknown_function(c, name, f"{at}/fcn")
        return None
    c.facts.calls.add(name[2:])
    return _filled_user(c, name, found, c.parameters[name[2:]], fill, at)


def argument(c: Checker, value: Any, at: str, scope: Scope) -> Argument | None:
    """An argument of a call: a function, or a value in a scope of its own."""
    if is_function(value):
        return function_argument(c, value, at, scope, None, "the argument")
    return c.expression(value, at, scope.value())


def emit_allowed(c: Checker, at: str) -> bool:
    """Does the method have `emit`?  Told once: it is the method that is wrong, not every call."""
    if c.method not in ("emit", "") and not c.emit_misplaced:
        c.report(Misplaced("emit", '"method": "emit"', f'"{c.method}"', at=Where(at)))
        c.emit_misplaced = True
    return c.method == "emit"


def emit_type(c: Checker) -> Function:
    return Function((c.output,), NULL)


def unknown_function(c: Checker, name: str, at: str, key: bool = False) -> None:
    """Report it, unless the functions of the document are not known either."""
    if name.startswith("u.") and "fcns" in c.untold:
        return
    c.report(UnknownFunction(show(name), c.hints.function(name, c.functions), at=Where(at, key=key)))


def _fill_names(c: Checker, name: str, names: tuple[str, ...], fill: dict[str, Argument], at: str) -> bool:
    good = True
    for key in fill:
        if key not in names:
            hint = c.hints.name(key, names) or f"; it has {', '.join(map(show, names))}"
            place = Where(f"{at}/fill/{escape(key)}", key=True)
            c.report(UnknownParameter(name, show(key), hint, at=place))
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
        args.append(c.want(t, value, f"the parameter {show(n)} of {name}"))
    body = call_user(name, type, tuple(args), at)
    c.defined += 1
    return FunctionDef(tuple(params), Function(tuple(left), type.ret), body, at)


def call_user(name: str, type: Function, args: tuple[Expr, ...], at: str) -> Expr:
    """A call of `emit` or of a user function by its name with the prefix."""
    return Emit(NULL, args[0], at=at) if name == "emit" else UserCall(type.ret, name[2:], args, at=at)


def _filled_library(
    c: Checker, fn: Fn, fill: dict[str, Argument], at: str
) -> FunctionDef | FunctionRef | None:
    if not fill:
        return _library_reference(c, fn, at)
    names = dict.fromkeys(n for s in fn.signatures for n in s.names)
    if not _fill_names(c, fn.name, tuple(names), fill, at):
        return None
    fitting = [s for s in fn.signatures if fill.keys() <= set(s.names)]
    closed = [(s, types) for s in fitting if (types := _left_open(s, fill)) is not None]
    if not closed:
        c.report(GenericReference(show(fn.name), "what is not filled is generic", at=Where(f"{at}/fcn")))
        return None
    for signature, types in closed:
        if bound := signature.bind(types):
            return _fill_signature(c, fn, bound, fill, at)
    found = ", ".join(f"{n}: {a.type}" for n, a in fill.items())
    if not any(isinstance(a.type, Unknown) for a in fill.values()):
        expected = " or ".join(str(s) for s, _ in closed)
        c.report(NoSignature(f'"fill" of {fn.name}', found, expected, at=Where(f"{at}/fill")))
    return None


def _library_reference(c: Checker, fn: Fn, at: str) -> FunctionRef | None:
    concrete = [(s, t) for s in fn.signatures if (t := s.concrete) is not None]
    if len(fn.signatures) == 1 and concrete:
        signature, type = concrete[0]
        c.draws |= "rng" in fn.needs
        return FunctionRef(fn.name, type, fn, Bound(signature, type.params, type.ret), at=at)
    why = "it has several signatures" if len(fn.signatures) > 1 else "it is generic"
    c.report(GenericReference(show(fn.name), why, at=Where(f"{at}/fcn")))
    return None


def _left_open(signature: Signature, fill: dict[str, Argument]) -> tuple[Type, ...] | None:
    """The types of all parameters, if those that are not filled are concrete."""
    types: list[Type] = []
    for n, p in zip(signature.names, signature.params, strict=True):
        alone = None if n in fill else Signature((n,), (p,), NULL).concrete
        if n not in fill and alone is None:
            return None
        types.append(fill[n].type if alone is None else alone.params[0])
    return tuple(types)


def _fill_signature(c: Checker, fn: Fn, bound: Bound, fill: dict[str, Argument], at: str) -> FunctionDef:
    """The function of what is left open."""
    params: list[str] = []
    left: list[Type] = []
    args: list[Argument] = []
    for n, t in zip(bound.signature.names, bound.params, strict=True):
        if n in fill:
            args.append(fitted(c, fill[n], t))
        else:
            params.append(c.fresh())
            left.append(t)
            args.append(Local(t, params[-1], at=at))
    body = Call(bound.ret, fn, bound, tuple(args), at=at)
    c.defined += 1
    c.draws |= "rng" in fn.needs
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
    c.defined += 1
    reads = made.reads if isinstance(made, FunctionDef) else ()
    return FunctionDef(params, want, widen(want.ret, body), made.at, reads)


def expect_function(c: Checker, what: str, value: Any, at: str) -> None:
    """The problem of a value where a function is asked for."""
    found, name = (show(value), show(value)) if isinstance(value, str) else ("a value", "name")
    hint = f'; a function is passed as {{"fcn": {name}}}' + ("" if name == found else f" or {WRAP}")
    c.report(FunctionExpected(what, found, hint, at=Where(at)))
