"""`define`: one definition a library function, holding all that is known of it.

    @define(
        "a.head",
        "(a: array(any A)) -> A",
        errors={"empty array": 15020},
    )
    def head(a: list[Any], *, fail: Fail) -> Any:
        '''Return the first item of the array.

        a.head([7, 8]) -> 7
        a.head([]) -> error 15020
        '''
        return a[0] if a else fail("empty array")

The body is the function's meaning; every target is tested against it.  Its positional parameters are the
arguments in host representation, already widened to the solved signature.  Keyword-only parameters ask for more:

    fail     raise the function's error: fail("empty array"); bound when defined
    site     a `Site`: the solved types of this call, with comparators made once
    charge   charge(n): n steps or items more are made; call it before the work (pfa.Limits)
    rng      the engine's random generator (pfa.memory.random.Generator)

`cost` is an expression over the parameters (`"len(a)"`, `"len(a) + len(b)"`) that generated code charges before
the call; functions whose work grows with an argument declare it or call `charge`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, Protocol, TypeVar

from pfa.errors import PfaRuntimeError
from pfa.lib.signature import Bound, FunctionOf, Signature, parse_signature
from pfa.types import Array, Function, Map, Prim, Type, Union

Accuracy = Literal["exact", "ulp", "1e-9"]
NEEDS = ("site", "charge", "rng")


class Fail(Protocol):
    """Raise the error of the function that has this text."""

    def __call__(self, message: str) -> NoReturn: ...


Charge = Callable[[int], None]
_KNOWN = 64  # solved calls kept a function


class Site:
    """One call of a library function: the solved parameter types and the return type.

    `cache` is for what the body derives from the types or from constant arguments (comparators, a k-d tree
    keyed by `id` of the model with the model kept alive): it lives as long as the call's code.
    """

    __slots__ = ("cache", "name", "params", "ret")

    def __init__(self, name: str, params: tuple[Type, ...], ret: Type) -> None:
        self.name = name
        self.params = params
        self.ret = ret
        self.cache: dict[Any, Any] = {}


@dataclass(frozen=True, slots=True)
class Fn:
    """A library function: all that the checker, the targets, the docs and the tests know of it."""

    name: str
    signatures: tuple[Signature, ...]
    doc: str
    impl: Callable[..., Any]
    errors: dict[str, int] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    cost: str = ""
    accuracy: Accuracy = "exact"
    random: bool = False
    lazy: bool = False
    keeps: bool = False
    deprecated: bool = False
    nondeterministic: Literal["", "unstable", "unordered", "pseudorandom"] = ""
    functions: dict[int, frozenset[int]] = field(default_factory=dict, compare=False)
    """By number of arguments: where every signature asks for a function."""
    known: dict[tuple[Type, ...], Bound] = field(default_factory=dict, compare=False, repr=False)
    """Calls with types that mean the same in every document, solved before."""

    def __post_init__(self) -> None:
        for count in sorted({len(s.params) for s in self.signatures}):
            fitting = [s for s in self.signatures if len(s.params) == count]
            self.functions[count] = frozenset(
                i for i in range(count) if all(isinstance(s.params[i], Function | FunctionOf) for s in fitting)
            )

    @property
    def pure(self) -> bool:
        """May a pass drop, double or move a call of it (callbacks aside)?"""
        return not (self.errors or self.random or "charge" in self.needs)

    def bind(self, args: tuple[Type, ...]) -> Bound | None:
        """The first of the ordered signatures that fits."""
        if found := self.known.get(args):
            return found
        for signature in self.signatures:
            if bound := signature.bind(args):
                if len(self.known) < _KNOWN and all(map(_universal, args)):
                    self.known[args] = bound
                return bound
        return None


def _universal(t: Type) -> bool:
    """Does a type mean the same in every document?  Not if something in it has a name."""
    if t.__class__ is Prim:
        return True
    match t:
        case Array(inside) | Map(inside):
            return _universal(inside)
        case Union(branches):
            return all(map(_universal, branches))
        case Function(params, ret):
            return all(map(_universal, params)) and _universal(ret)
        case _:
            return False


LIBRARY: dict[str, Fn] = {}
F = TypeVar("F", bound=Callable[..., Any])


class _Raise:
    """A function's `fail`: message to code, from its own row."""

    __slots__ = ("errors", "name")

    def __init__(self, name: str, errors: dict[str, int]) -> None:
        self.name = name
        self.errors = errors

    def __call__(self, message: str) -> NoReturn:
        raise PfaRuntimeError(message, self.errors[message], self.name)


def define(
    name: str,
    *signatures: str,
    errors: dict[str, int] | None = None,
    cost: str = "",
    accuracy: Accuracy = "exact",
    random: bool = False,
    lazy: bool = False,
    keeps: bool = False,
    deprecated: bool | tuple[int, ...] = False,
    nondeterministic: Literal["", "unstable", "unordered", "pseudorandom"] = "",
) -> Callable[[F], F]:
    """Register a function; see the module's text.

    `errors` maps each message to its code in the order of the specification.  `lazy`: the target prints it itself,
    since not all its arguments are evaluated.  `keeps`: it keeps what it derives with its function arguments, so the
    target marks those that depend on nothing else with `steady = True`.  `deprecated`: all signatures, or the indexes of those that are.
    """
    rows = errors or {}

    def add(impl: F) -> F:
        doc = inspect.getdoc(impl)
        if name in LIBRARY or not doc:
            raise ValueError(f"{name} is defined twice or has no doc")
        code = impl.__code__
        keywords = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
        if "fail" in keywords:
            defaults = dict(getattr(impl, "__kwdefaults__", None) or {})
            impl.__kwdefaults__ = defaults | {"fail": _Raise(name, rows)}
        old = range(len(signatures)) if deprecated is True else (deprecated or ())
        LIBRARY[name] = Fn(
            name,
            tuple(parse_signature(text, i in old) for i, text in enumerate(signatures)),
            doc,
            impl,
            dict(rows),
            tuple(k for k in keywords if k in NEEDS),
            cost,
            accuracy,
            random,
            lazy,
            keeps,
            deprecated is True,
            nondeterministic,
        )
        return impl

    return add
