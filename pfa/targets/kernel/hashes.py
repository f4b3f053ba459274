"""Hashes of values by their type: equal where the order of the type says 0, so that arrays can be sets.

Printed once a type, like the helpers of `pfa.targets.kernel.helpers`: `hash(ctx, 0, slot)` is a hash of the slot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.targets.kernel.helpers import NESTING
from pfa.types import Array, Bottom, Enum, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from pfa.targets.kernel.helpers import Helpers


def hashed(h: Helpers, t: Type) -> str:
    """The name of the helper that hashes slots of `t`."""
    name, new = h.named("hash", t)
    if new:
        h.add(name, "ctx: i64, env: i64, x: i64", _lines(h, t))
    return name


def _of(h: Helpers, text: str, t: Type) -> str:
    return f"{hashed(h, t)}(ctx, 0, {text})"


def _lines(h: Helpers, t: Type) -> list[str]:
    match t:
        case Prim("null") | Bottom():
            return ["return 0"]
        case Prim("float" | "double"):
            return ["return hash_double(unbits(x))"]
        case Prim("int" | "long" | "boolean") | Enum():
            return ["return mixed(x)"]
        case Prim() | Fixed():
            return ["charge(ctx, length(x) // 64)", "return hash_text(x)"]
        case Array(items):
            return [
                "n = length(x)", "charge(ctx, n)", "made = n", "for i in range(n):",
                f"    made = mixed(made ^ {_of(h, 'item(x, i)', items)})", "return made",
            ]  # fmt: skip
        case Map(values):  # in any order
            return [
                "n = length(x)", "charge(ctx, n)", "made = n", "for i in range(n):",
                f"    made += mixed(hash_text(key_at(x, i)) ^ mixed({_of(h, 'value_at(x, i)', values)}))",
                "return made",
            ]  # fmt: skip
        case Record():
            return _record(h, t)
        case Union(branches):
            lines = ["if x == 0:", "    return 0"]
            for i, b in enumerate(branches):
                if b.tag != "null":
                    made = _of(h, "ld(x + 8)", b)
                    lines += [f"if union_tag(x) == {h.e.tag(b)}:", f"    return mixed({made} + {i})"]
            return [*lines, "return 0"]
        case _:
            return ["return 0"]


def _record(h: Helpers, t: Record) -> list[str]:
    lines = [f"charge(ctx, {max(1, len(t.fields))})", f"deeper(ctx, 1, {NESTING} + get(ctx, DEPTH0))", "made = 0"]
    for i, f in enumerate(t.fields):
        if f.order != "ignore":
            lines.append(f"made = mixed(made ^ {_of(h, f'ld(x + {8 * i})', f.type)})")
    return [*lines, "higher(ctx, 1)", "return made"]
