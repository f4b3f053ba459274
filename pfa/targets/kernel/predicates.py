"""Tests of tree nodes, printed for the types of a datum and of a node (`pfa.lib.model.predicate` has the meaning).

    test(ctx, 0, datum, node)        0 or 1; fails with `code` for an operator that there is not, `code` + 1 for
                                     types that do not compare
    missing(ctx, 0, datum, node)     a slot of union(null, boolean)

The field is found by its position among the enumeration's symbols, and what it is compared with by the branches that
both have now.  An operator is a number (`pfa.targets.kernel.lib.trees`): for the comparisons the set of those of
"less", "equal", "greater", "unordered" that it accepts, so that `relation & operator` answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.targets.kernel.layout import kind
from pfa.types import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    RANK,
    STRING,
    Array,
    Enum,
    Fixed,
    Prim,
    Record,
    Type,
    Union,
    accepts,
    branches,
)

if TYPE_CHECKING:
    from pfa.targets.kernel.helpers import Helpers

IN, FIELD_ONLY = 16, 32  # operators below are comparisons; "in" and "notIn"; those that look at no value
OPERATORS = {
    "==": 2, "!=": 13, "<": 1, "<=": 3, ">": 4, ">=": 6, "in": IN, "notIn": IN + 1, "alwaysTrue": FIELD_ONLY,
    "alwaysFalse": FIELD_ONLY + 1, "isMissing": FIELD_ONLY + 2, "notMissing": FIELD_ONLY + 3,
}  # fmt: skip
_COMPARED = "ctx: i64, op: i64, x: i64, v: i64, code: i64"
_TEXTS = (STRING, Prim("bytes"))


def test(h: Helpers, datum: Record, node: Record, code: int) -> str:
    """The helper that tests a node's field."""
    name, new = h.named(f"test{code}_", datum, node)
    if new:
        lines = [*_operator(h, node), "if op == 0:", f"    fail(ctx, {code})", *_find(h, datum, node)]
        lines.append(f"v = ld(node + {_offset(node, 'value')})")
        lines += _by_field(h, datum, node, ["return {}(ctx, op, x, v, {code})"], code)
        h.add(name, "ctx: i64, env: i64, datum: i64, node: i64", lines)
    return name


def missing(h: Helpers, datum: Record, node: Record, code: int) -> str:
    """The helper that tests a node's field, and gives null where that is null."""
    name, new = h.named(f"missing{code}_", datum, node)
    if new:
        answers = Union((NULL, BOOLEAN))
        lines = [*_operator(h, node), *_find(h, datum, node), f"v = ld(node + {_offset(node, 'value')})", "r = 0"]
        lines += _by_field(h, datum, node, ["if {missing}:", "    return 0", f"if op == 0 or op > {FIELD_ONLY + 1}:",
                                            "    fail(ctx, {code})", "r = {}(ctx, op, x, v, {code})",
                                            f"return {h.e.constant(answers, TRUE[0])} if r != 0 else "
                                            f"{h.e.constant(answers, FALSE[0])}"], code)  # fmt: skip
        h.add(name, "ctx: i64, env: i64, datum: i64, node: i64", lines)
    return name


TRUE, FALSE = (True,), (False,)


def _offset(record: Record, name: str) -> int:
    return 8 * list(record.by_name).index(name)


def _operator(h: Helpers, node: Record) -> list[str]:
    t = node.by_name["operator"].type
    at = f"ld(node + {_offset(node, 'operator')})"
    if isinstance(t, Enum):
        codes = [OPERATORS.get(s, 0) for s in t.symbols]
        return [f"op = item({h.e.constant(Array(LONG), codes)}, {at})"]
    return [f"op = operator_code({at})"]


def _symbols(node: Record) -> tuple[str, ...]:
    t = node.by_name["field"].type
    assert isinstance(t, Enum)
    return t.symbols


def _find(h: Helpers, datum: Record, node: Record) -> list[str]:
    """The field's position among the symbols, and its slot."""
    offsets = [_offset(datum, s) for s in _symbols(node)]
    at = "f * 8"
    if offsets != [8 * i for i in range(len(offsets))]:
        at = f"item({h.e.constant(Array(LONG), offsets)}, f)"
    return [f"f = ld(node + {_offset(node, 'field')})", f"x = ld(datum + {at})"]


def _by_field(h: Helpers, datum: Record, node: Record, then: list[str], code: int) -> list[str]:
    """Lines for each type that a field can have; `{}` in them is what compares, `{missing}` whether it is null."""
    fields = [datum.by_name[s].type for s in _symbols(node)]
    kinds = list(dict.fromkeys(fields))
    value = node.by_name["value"].type
    found = []
    for i, t in enumerate(kinds):
        made = [s.format(_field(h, t, value), missing=_is_missing(t), code=code) for s in then]
        if i == len(kinds) - 1:
            found += made
        else:
            found += [f"if g == {i}:", *[f"    {s}" for s in made]]
    if len(kinds) > 1:
        groups = h.e.constant(Array(LONG), [kinds.index(t) for t in fields])
        found.insert(0, f"g = item({groups}, f)")
    return found


def _is_missing(t: Type) -> str:
    return "x == 0" if isinstance(t, Union) and NULL in t.branches else str(t == NULL)


def _field(h: Helpers, t: Type, value: Type) -> str:
    """The helper (ctx, op, x, v, code) for fields of a type."""
    name, new = h.named("field", t, value)
    if not new:
        return name
    lines = [f"if op >= {FIELD_ONLY}:", f"    return field_only(op, {_is_missing(t)})"]
    if isinstance(t, Union):
        for b in t.branches:
            lines += [f"if union_tag(x) == {h.e.tag(b)}:", f"    return {_against(h, b, value)}(ctx, op, "
                      f"{'0' if b == NULL else 'ld(x + 8)'}, v, code)"]  # fmt: skip
        lines.append("return 0")
    else:
        lines.append(f"return {_against(h, t, value)}(ctx, op, x, v, code)")
    return h.add(name, _COMPARED, lines)


def _against(h: Helpers, x: Type, value: Type) -> str:
    """The helper (ctx, op, x, v, code) for one branch of a field and all of a value."""
    name, new = h.named("against", x, value)
    if not new:
        return name
    if not isinstance(value, Union):
        return h.add(name, _COMPARED, _pair(h, x, value, "v"))
    lines = []
    for b in value.branches:
        inside = "0" if b == NULL else "ld(v + 8)"
        lines += [f"if union_tag(v) == {h.e.tag(b)}:", *[f"    {s}" for s in _pair(h, x, b, inside)]]
    return h.add(name, _COMPARED, [*lines, "return 0"])


def _pair(h: Helpers, x: Type, v: Type, at: str) -> list[str]:
    """Lines for one type against one."""
    bad = "fail(ctx, code + 1)"
    compared = relation(h, x, v, "x", at)
    members = _members(h, x, v)
    if compared is None and members is None:
        return [bad, "return 0"]
    lines = []
    if members is None:
        lines += [f"if op >= {IN}:", f"    {bad}"]
    else:
        lines += [f"if op >= {IN}:", f"    return int(({members}(ctx, x, {at}) != 0) == (op == {IN}))"]
    return [*lines, f"return int((op & {compared}) != 0)" if compared else bad, *([] if compared else ["return 0"])]


def relation(h: Helpers, x: Type, v: Type, a: str, b: str) -> str | None:
    """How two slots compare: 1 less, 2 equal, 4 greater, 8 unordered; None where they do not."""
    if isinstance(x, Prim) and isinstance(v, Prim) and x in RANK and v in RANK:
        wide = max(x, v, key=RANK.__getitem__)
        if kind(wide) == "i64":
            return f"relation_of_integers({a}, {b})"
        return f"relation_of_doubles({_real(x, wide, a)}, {_real(v, wide, b)})"
    if not accepts(v, x):
        return None
    if v == NULL:
        return "2"
    a = h.slots(a, v, x)
    if isinstance(v, Enum) or v == BOOLEAN:
        return f"relation_of_integers({a}, {b})"
    if v in _TEXTS or isinstance(v, Fixed):
        return f"relation_of_texts(ctx, op, {a}, {b})"
    return f"relation_of({h.ordered(a, b, v)})"


def _real(t: Prim, wide: Type, slot: str) -> str:
    if t in (FLOAT, DOUBLE):
        return f"unbits({slot})"
    return f"f32(float({slot}))" if wide == FLOAT and t in (INT, LONG) else f"float({slot})"


def _members(h: Helpers, x: Type, v: Type) -> str | None:
    """The helper (ctx, x, a) that searches an array; None where it holds nothing that compares with `x`."""
    if not isinstance(v, Array):
        return None
    whole = isinstance(v.items, Union)
    found = [(b, relation(h, x, b, "x", "ld(w + 8)" if whole and b != NULL else "w")) for b in branches(v.items)]
    if not any(r for _, r in found):
        return None
    name, new = h.named("members", x, v)
    if new:
        lines = ["op = 2", "charge(ctx, length(a) // 8)", "for i in range(length(a)):", "    w = item(a, i)"]
        for b, r in found:
            if r is not None:
                test = f"union_tag(w) == {h.e.tag(b)} and " if whole else ""
                lines += [f"    if {test}({r} & op) != 0:", "        return 1"]
        h.add(name, "ctx: i64, x: i64, a: i64", [*lines, "return 0"])
    return name
