"""Why arguments do not fit a library function: the argument to blame, and what it lacks.

Place in the pipeline: the check of calls comes here when no signature fits.  Invariant: it reports exactly
one problem a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.check.hints import mismatch
from pfa.check.problems import FunctionUnexpected, NoSignature, WrongType, show
from pfa.errors import Where
from pfa.lib.signature import AnyEnum, AnyRecord, FunctionOf, Pattern, Ref, Signature
from pfa.types import NULL, UNKNOWN, Enum, Function, Record, Type

if TYPE_CHECKING:
    from pfa.check.checker import Checker
    from pfa.ir import Argument
    from pfa.lib.define import Fn


def no_signature(c: Checker, fn: Fn, args: list[Argument], at: str) -> None:
    """Blame the one argument that fits no signature by itself, otherwise the call."""
    types = tuple(a.type for a in args)
    fitting = [s for s in fn.signatures if len(s.params) == len(args)]
    unfit = [{i for i in range(len(args)) if not _fits_alone(s, i, types[i])} for s in fitting]
    guilty = set.intersection(*unfit)
    if len(guilty) == 1 and min(map(len, unfit)) == 1:
        [i] = guilty
        if isinstance(types[i], Function) and not any(isinstance(s.params[i], FunctionOf) for s in fitting):
            c.report(FunctionUnexpected(at=Where(args[i].at)))
            return
        wanted = [_wanted(s, i, types) for s in fitting]
        hint = next((h for w in wanted if (h := _lacking(w, types[i]) or mismatch(w, types[i]))), "")  # type: ignore[arg-type]
        expected = " or ".join(dict.fromkeys(map(str, wanted)))
        what = f"argument {i + 1} of {fn.name}"
        c.report(WrongType(what, expected, str(types[i]), hint, at=Where(args[i].at)))
    else:
        found = ", ".join(map(str, types))
        hint = next((h for s in fitting if (h := _other_fields(s, types))), "")
        c.report(NoSignature(fn.name, found, " or ".join(map(str, fitting)), hint, at=Where(at)))


def _fits_alone(signature: Signature, i: int, type: Type) -> bool:
    """Does one argument fit, whatever the others are?"""
    types = tuple(type if i == j else UNKNOWN for j in range(len(signature.params)))
    return signature.bind(types) is not None


def _wanted(signature: Signature, i: int, types: tuple[Type, ...]) -> Type | Pattern:
    """What an argument must be beside the others; the pattern where they do not tell."""
    bound = signature.bind((*types[:i], UNKNOWN, *types[i + 1 :]))
    if bound is None or bound.params[i] == types[i] or "unknown" in str(bound.params[i]):
        return signature.params[i]
    return bound.params[i]


def _lacking(pattern: Type | Pattern, type: Type) -> str:
    """The field that a record lacks, or has with another type."""
    if not isinstance(pattern, AnyRecord) or not isinstance(type, Record):
        return ""
    for name, p in pattern.fields:
        known = type.by_name.get(name)
        if known is None:
            return f"; it has no field {show(name)}"
        if not isinstance(p, Ref) and Signature((name,), (p,), NULL).bind((known.type,)) is None:
            return f"; its field {show(name)} is {known.type}"
    return ""


def _other_fields(signature: Signature, types: tuple[Type, ...]) -> str:
    """An enum whose symbols must be the fields of a record, and are not (models over another record)."""
    pairs = [(p, t) for p, t in zip(signature.params, types, strict=True) if isinstance(p, AnyRecord)]
    records = {p.name: t for p, t in pairs if isinstance(t, Record)}
    for p, t in pairs:
        for name, inner in p.fields:
            data = records.get(inner.record) if isinstance(inner, AnyEnum) else None
            field = t.by_name.get(name) if isinstance(t, Record) else None
            enum = field.type if field else None
            if data and isinstance(enum, Enum) and enum.symbols != tuple(data.by_name):
                return f"; the symbols of {enum} must be the fields of {data}: {', '.join(data.by_name)}"
    return ""
