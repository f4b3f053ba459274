"""The fields of its datum that an action may read, so that whoever has columns need not fill the others."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pfa.ir import Attempt, Branch, Const, Each, FunctionValue, Leave, Loop, Op, Part, Return, Var
from pfa.types import Record

if TYPE_CHECKING:
    from pfa.ir import Lowered

INPUT = "input"
_WHOLE = ""


def fields_read(lowered: Lowered) -> frozenset[str] | None:
    """The names of the fields; None where it is no record, or may be read as a whole."""
    captured = [r.captured for r in lowered.routines.values()] + [r.captured for r in lowered.later.values()]
    if not isinstance(lowered.program.input, Record) or any(INPUT in names for names in captured):
        return None
    action, found = lowered.routines["action"], set[str]()
    for block in (action.body, *(block for _, block in action.parts)):
        _read(block, found)
    return None if _WHOLE in found else frozenset(found)


def _read(x: Any, found: set[str]) -> None:
    """Collect the fields of `input` that statements take; _WHOLE for all else that may be done with it."""
    match x:
        case Op(code="field", args=(Var(name="input"),), extra=str(name)):
            found.add(name)
        case Op(args=args, extra=extra):
            _read(args, found)
            if isinstance(extra, str | tuple) and INPUT in extra:
                found.add(_WHOLE)
        case tuple():
            for item in x:
                _read(item, found)
        case Branch() | Loop() | Leave() | Each() | Attempt() | Return():
            for f in fields(x):
                _read(getattr(x, f.name), found)
        case Var() | str() as name:
            if INPUT in (name, getattr(name, "name", "")):
                found.add(_WHOLE)
        case Const() | FunctionValue() | Part() | bool() | int():
            pass
        case _:  # a statement that is not known here
            found.add(_WHOLE)
