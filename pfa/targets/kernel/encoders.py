"""Functions that write values of a type in Avro's JSON and binary encodings (`pfa.lib.encode` is the meaning).

Printed once a type, like those of `helpers`: each takes a writer and a slot.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pfa.targets.kernel import tables
from pfa.targets.kernel.helpers import NESTING
from pfa.types import LONG, STRING, Array, Enum, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.targets.kernel.helpers import Helpers

WRITTEN = 24  # items of 8 bytes: what the JSON of a record, a map or a union's value takes in Python


def encoder(h: Helpers, how: str, t: Type) -> str:
    """The name of the function (ctx, 0, writer, slot) that writes a value of `t`; `how` is json or avro."""
    name, new = h.named(how, t)
    if new:
        lines = (_json if how == "json" else _avro)(h, t)
        if isinstance(t, Record):
            lines = [f"deeper(ctx, 1, {NESTING} + get(ctx, DEPTH0))", *lines, "higher(ctx, 1)"]
        h.add(name, "ctx: i64, env: i64, w: i64, x: i64", [*lines, "return 0"])
    return name


def _text(h: Helpers, text: str) -> str:
    """A line that writes a constant text."""
    return f"print_text(ctx, w, {h.e.constant(STRING, text)})"


def _inside(h: Helpers, how: str, t: Type, slot: str) -> str:
    return f"{encoder(h, how, t)}(ctx, 0, w, {slot})"


def _json(h: Helpers, t: Type) -> list[str]:
    match t:
        case Prim("null"):
            return [_text(h, "null")]
        case Prim("boolean"):
            return ["if x != 0:", f"    {_text(h, 'true')}", "else:", f"    {_text(h, 'false')}"]
        case Prim("int" | "long"):
            return ["print_integer(ctx, w, x)"]
        case Prim("float" | "double"):
            return [f"print_json_real(ctx, w, unbits(x), {h.e.constant(Array(LONG), tables.powers())})"]
        case Prim("string"):
            return ["print_json_string(ctx, w, x)"]
        case Prim("bytes") | Fixed():
            return ["print_json_bytes(ctx, w, x)"]
        case Enum(_, symbols):
            table = h.e.constant(Array(STRING), [json.dumps(s) for s in symbols])
            return [f"print_text(ctx, w, item({table}, x))"]
        case Array(items):
            return [
                "n = length(x)", "charge(ctx, n + 1)", "print_byte(ctx, w, 91)", "for i in range(n):",
                "    if i != 0:", "        print_byte(ctx, w, 44)",
                f"    {_inside(h, 'json', items, 'item(x, i)')}", "print_byte(ctx, w, 93)",
            ]  # fmt: skip
        case Map(values):
            return [
                "n = length(x)", f"charge(ctx, n + {WRITTEN})", "print_byte(ctx, w, 123)", "for i in range(n):",
                "    if i != 0:", "        print_byte(ctx, w, 44)",
                "    print_json_string(ctx, w, ld(items(x) + i * 16))", "    print_byte(ctx, w, 58)",
                f"    {_inside(h, 'json', values, 'ld(items(x) + i * 16 + 8)')}", "print_byte(ctx, w, 125)",
            ]  # fmt: skip
        case Record():
            lines = [f"charge(ctx, {WRITTEN + len(t.fields)})"]
            for i, f in enumerate(t.fields):
                lines.append(_text(h, ("," if i else "{") + json.dumps(f.name, ensure_ascii=False) + ":"))
                lines.append(_inside(h, "json", f.type, f"ld(x + {8 * i})"))
            return [*lines, _text(h, "}" if t.fields else "{}")]
        case Union():
            return _branches(h, t, _json_branch)
        case _:
            return []


def _json_branch(h: Helpers, position: int, b: Type) -> list[str]:
    if b.tag == "null":
        return [_text(h, "null")]
    name = json.dumps(b.tag, ensure_ascii=False)
    return [
        f"charge(ctx, {WRITTEN})", _text(h, f"{{{name}:"), _inside(h, "json", b, "ld(x + 8)"), "print_byte(ctx, w, 125)"
    ]  # fmt: skip


def _branches(h: Helpers, t: Union, one: Callable[[Helpers, int, Type], list[str]]) -> list[str]:
    """What `one` makes of the branch that the value is of."""
    lines = []
    for i, b in enumerate(t.branches):
        test = "x == 0" if b.tag == "null" else f"union_tag(x) == {h.e.tag(b)}"
        lines += [f"{'elif' if i else 'if'} {test}:", *[f"    {line}" for line in one(h, i, b)]]
    return lines


def _avro(h: Helpers, t: Type) -> list[str]:
    match t:
        case Prim("boolean"):
            return ["print_byte(ctx, w, x)"]
        case Prim("int" | "long") | Enum():
            return ["encode_long(ctx, w, x)"]
        case Prim("double"):
            return ["encode_word(ctx, w, x)"]
        case Prim("float"):
            return ["encode_single(ctx, w, unbits(x))"]
        case Prim("string" | "bytes"):
            return ["encode_text(ctx, w, x)"]
        case Fixed():
            return ["charge(ctx, length(x) // 4)", "print_text(ctx, w, x)"]
        case Array(items):
            return [
                "n = length(x)", "charge(ctx, n + 1)", "if n > 0:", "    encode_long(ctx, w, n)",
                "for i in range(n):", f"    {_inside(h, 'avro', items, 'item(x, i)')}", "print_byte(ctx, w, 0)",
            ]  # fmt: skip
        case Map(values):
            return [
                "n = length(x)", "charge(ctx, n + 1)", "if n > 0:", "    encode_long(ctx, w, n)",
                "for i in range(n):", "    encode_text(ctx, w, ld(items(x) + i * 16))",
                f"    {_inside(h, 'avro', values, 'ld(items(x) + i * 16 + 8)')}", "print_byte(ctx, w, 0)",
            ]  # fmt: skip
        case Record():
            lines = [f"charge(ctx, {len(t.fields) + 1})"]
            return lines + [_inside(h, "avro", f.type, f"ld(x + {8 * i})") for i, f in enumerate(t.fields)]
        case Union():
            return _branches(h, t, _avro_branch)
        case _:
            return []


def _avro_branch(h: Helpers, position: int, b: Type) -> list[str]:
    head = f"encode_long(ctx, w, {position})"
    return [head] if b.tag == "null" else [head, _inside(h, "avro", b, "ld(x + 8)")]
