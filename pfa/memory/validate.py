"""Is this a host value of a type?  Asked of values that come from a saved state or a database.

Place: anybody may have made those bytes, so a value gets into a cell or a pool only after this has looked at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.lib.primitives import float32
from pfa.types import Array, Enum, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

_CLASSES: dict[str, type] = {
    "null": type(None), "boolean": bool, "double": float, "string": str, "bytes": bytes,
}  # fmt: skip


def validator(t: Type) -> Callable[[Any], bool]:
    """Is this a host value of `t`?  Asked of values that come from a saved state, which anybody may have made."""
    match t:
        case Prim("int" | "long" as name):
            bits = 31 if name == "int" else 63
            return lambda v: v.__class__ is int and -(1 << bits) <= v < 1 << bits
        case Prim("float"):
            return lambda v: v.__class__ is float and (v != v or float32(v) == v)
        case Prim(name):
            kind = _CLASSES[name]
            return lambda v: v.__class__ is kind
        case Enum(_, symbols):
            known = frozenset(symbols)
            return lambda v: v.__class__ is str and v in known
        case Fixed(_, size):
            return lambda v: v.__class__ is bytes and len(v) == size
        case Array(items):
            item = validator(items)
            return lambda v: v.__class__ is list and all(map(item, v))
        case Map(values):
            value = validator(values)
            return lambda v: v.__class__ is dict and all(map(value, v.values()))
        case Record():
            return _record_validator(t)
        case Union():
            return _union_validator(t)
        case _:
            return lambda v: False


def _record_validator(t: Record) -> Callable[[Any], bool]:
    """Fields are looked at when a value is: a record may hold itself."""
    made: dict[str, Callable[[Any], bool]] = {}

    def valid(v: Any) -> bool:
        if not made:
            made.update({f.name: validator(f.type) for f in t.fields})
        return v.__class__ is dict and v.keys() == made.keys() and all(check(v[n]) for n, check in made.items())

    return valid


def _union_validator(t: Union) -> Callable[[Any], bool]:
    checks = {b.tag: validator(b) for b in t.branches}
    bare = [(b, checks[b.tag]) for b in t.branches if b.tag not in t.boxed]

    def valid(v: Any) -> bool:
        if v.__class__ is tuple:
            return len(v) == 2 and v[0].__class__ is str and v[0] in t.boxed and checks[v[0]](v[1])
        return any(check(v) for _, check in bare)

    return valid
