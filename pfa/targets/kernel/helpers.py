"""Functions that a type needs: to widen a value, to keep it, to compare two.  Printed once a type, when asked for.

All of them take and give slots, so kernels of the library call them by address like functions of the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.targets.kernel.emitted import state_type
from pfa.targets.kernel.layout import kind, recursive, same_flat
from pfa.targets.kernel.parts import from_slot, to_slot
from pfa.targets.values import target_branch
from pfa.types import STRING, Array, Bottom, Enum, Fixed, Map, Prim, Record, Type, Union, accepts

if TYPE_CHECKING:
    from pfa.ir import Program
    from pfa.targets.kernel.emit import Emitter

_SCALARS = ("null", "boolean", "int", "long", "float", "double")
NESTING = 4000  # of values of recursive types, which these functions go down into


class Helpers:
    """The helpers of one program."""

    def __init__(self, emitter: Emitter) -> None:
        self.e = emitter
        self.texts: list[str] = []
        self.made: dict[tuple[object, ...], str] = {}
        self.called: list[str] = []

    def named(self, what: str, *types: Type) -> tuple[str, bool]:
        """The name of a helper, and whether it is new."""
        key = (what, *types)
        if key in self.made:
            return self.made[key], False
        self.made[key] = name = f"{what}{len(self.made) + 1}"
        return name, True

    def add(self, name: str, params: str, lines: list[str]) -> str:
        self.texts.append("\n".join([f"def {name}({params}) -> i64:", *[f"    {x}" for x in lines]]))
        return name

    # -- widening --

    def widened(self, text: str, want: Type, got: Type) -> str:
        """A value of `got`, in its register, as one of `want`."""
        if same_flat(want, got):
            return text
        if kind(want) == "f64" and isinstance(got, Prim):
            wide = text if kind(got) == "f64" else f"float({text})"
            return f"f32({wide})" if want == Prim("float") else wide
        made = f"{self.widen(want, got)}(ctx, {to_slot(text, got)})"
        return from_slot(made, want)

    def widen(self, want: Type, got: Type) -> str:
        """The helper from slots of `got` to slots of `want`."""
        name, new = self.named("widen", want, got)
        if new:
            self.add(name, "ctx: i64, x: i64", self._widen(want, got))
        return name

    def _widen(self, want: Type, got: Type) -> list[str]:
        if same_flat(want, got):
            return ["return x"]
        if isinstance(got, Union):
            return self._from_union(want, got)
        if isinstance(want, Union):
            if got == Prim("null"):
                return ["return 0"]
            branch = target_branch(want, got)
            return [
                "u = alloc(ctx, 16)", f"st(u, {self.e.tag(branch)})", f"st(u + 8, {self.slots('x', branch, got)})",
                "return u",
            ]  # fmt: skip
        match want, got:
            case Array(w), Array(g):
                return [
                    "n = length(x)", "charge(ctx, n)", "out = new_array(ctx, n)", "for i in range(n):",
                    f"    st(items(out) + i * 8, {self.slots('item(x, i)', w, g)})", "return out",
                ]  # fmt: skip
            case Map(w), Map(g):
                return [
                    "n = length(x)", "charge(ctx, n)", "out = new_map(ctx, n)", "for i in range(n):",
                    "    st(items(out) + i * 16, ld(items(x) + i * 16))",
                    f"    st(items(out) + i * 16 + 8, {self.slots('ld(items(x) + i * 16 + 8)', w, g)})", "return out",
                ]  # fmt: skip
            case _, Enum(_, symbols) if want == STRING:
                table = self.e.constant(Array(STRING), list(symbols))
                return [f"return item({table}, x)"]
            case _, _ if kind(want) == "f64" and isinstance(got, Prim):
                return [f"return {self.slots('x', want, got)}"]
            case Enum(_, symbols), Enum(_, few) if symbols != few:
                table = self.e.constant(Array(Prim("long")), [symbols.index(s) for s in few])
                return [f"return item({table}, x)"]
            case _:
                return ["return x"]

    def slots(self, text: str, want: Type, got: Type) -> str:
        """A slot of `got` as a slot of `want`."""
        if same_flat(want, got):
            return text
        if kind(want) == "f64" and isinstance(got, Prim):
            return f"bits({self.widened(from_slot(text, got), want, got)})"
        return f"{self.widen(want, got)}(ctx, {text})"

    def _from_union(self, want: Type, got: Union) -> list[str]:
        lines = []
        if any(b.tag == "null" for b in got.branches):
            lines += ["if x == 0:", "    return 0"]
        for b in got.branches:
            if b.tag == "null" or not accepts(want, b):
                continue
            inside = "ld(x + 8)"
            if isinstance(want, Union):
                branch = target_branch(want, b)
                made = "x" if same_flat(branch, b) and branch.tag == b.tag else f"{self.widen(want, b)}(ctx, {inside})"
            else:
                made = self.slots(inside, want, b)
            lines += [f"if ld(x) == {self.e.tag(b)}:", f"    return {made}"]
        return [*lines, "return 0"]

    # -- state --

    def persist(self, t: Type) -> str:
        """The helper that makes a value outlive the action; "" where it is in its slot."""
        if in_slot(t):
            return ""
        name, new = self.named("keep", t)
        if new:
            text = isinstance(t, Fixed) or (isinstance(t, Prim) and t.name in ("string", "bytes"))
            lines = ["if not moving(ctx, x):", "    return x"]
            if not text:
                lines += ["there = moved(ctx, x)", "if there != 0:", "    return there"]
            self.add(name, "ctx: i64, x: i64", [*lines, *self._persist(t)])
        return name

    def nested(self, t: Record, room: str, fields: list[tuple[int, str]], moves: list[str]) -> list[str]:
        """Lines of the copy of a record that may lie in others of its type, as deep as there is memory.

        Its words are copied, and `fields`, by their number, once more; where it lies deep, that is done later.
        """
        name = f"fill{len(self.made) + 1}_{len(self.texts)}"
        filling = ["charge(ctx, 1)", *[f"st(out + {8 * i}, {text})" for i, text in fields], "return 0"]
        self.add(name, "ctx: i64, out: i64", filling)
        size = 8 * max(1, len(t.fields))
        return [
            f"out = {room}(ctx, {size})", f"move(out, x, {size})", *moves, "depth = get(ctx, DEPTH)",
            f"if depth > {NESTING} or here() < get(ctx, STACK):", f"    fill_later(ctx, out, address({name}))",
            "    return out", "put(ctx, DEPTH, depth + 1)", f"{name}(ctx, out)", "put(ctx, DEPTH, depth)", "return out",
        ]  # fmt: skip

    def kept(self, text: str, t: Type) -> str:
        made = self.persist(t)
        return f"{made}(ctx, {text})" if made else text

    def own(self, t: Type) -> str:
        """The helper that copies a value's containers into the arena, wherever they lie: they may be changed then.

        "" where there are none.
        """
        if not isinstance(t, Array | Map | Record):
            return ""
        name, new = self.named("own", t)
        if new:
            self.add(name, "ctx: i64, x: i64", self._own(t))
        return name

    def owned(self, text: str, t: Type) -> str:
        made = self.own(t)
        return f"{made}(ctx, {text})" if made else text

    def _own(self, t: Array | Map | Record) -> list[str]:
        match t:
            case Array(items):
                return [
                    "n = length(x)", "charge(ctx, n)", "out = new_array(ctx, n)", "for i in range(n):",
                    f"    st(items(out) + i * 8, {self.owned('item(x, i)', items)})", "return out",
                ]  # fmt: skip
            case Map(values):
                return [
                    "n = length(x)", "charge(ctx, n)", "out = new_map(ctx, n)", "for i in range(n):",
                    "    st(items(out) + i * 16, ld(items(x) + i * 16))",
                    f"    st(items(out) + i * 16 + 8, {self.owned('ld(items(x) + i * 16 + 8)', values)})",
                    "return out",
                ]  # fmt: skip
            case Record() if recursive(t):
                fields = [(i, self.owned(f"ld(out + {8 * i})", f.type)) for i, f in enumerate(t.fields)]
                return self.nested(t, "alloc", fields, [])
            case Record():
                lines = ["charge(ctx, 1)", f"out = alloc(ctx, {8 * max(1, len(t.fields))})"]
                for i, f in enumerate(t.fields):
                    lines.append(f"st(out + {8 * i}, {self.owned(f'ld(x + {8 * i})', f.type)})")
                return [*lines, "return out"]

    def copier(self, t: Type) -> str:
        """The address of what makes a value outlive the action, or 0."""
        made = self.persist(t)
        return f"address({made})" if made else "0"

    def settler(self) -> None:
        """The function that ends an action: what the state holds in the arena is copied out of it, all or nothing."""
        lines = [
            "if get(ctx, DIRTY) != 0:", "    left = get(ctx, BUDGET)", "    top = get(ctx, PTOP)",
            "    put(ctx, BUDGET, ENDLESS)", "    put(ctx, DEPTH, get(ctx, DEPTH0))",
            "    try:", "        settle_words(ctx)", "        fill_noted(ctx)", "    except:",
            "        status = get(ctx, STATUS)", "        put(ctx, STATUS, 0)", "        restore_words(ctx)",
            "        put(ctx, STATUS, status)", "        put(ctx, PTOP, top)", "        put(ctx, BUDGET, left)",
            "        put(ctx, DIRTY, 0)", "        put(ctx, FULLER, 0)",  # the next action begins with a collection
            "        rethrow(ctx)", "    put(ctx, BUDGET, left)", "    put(ctx, DIRTY, 0)",
        ]  # fmt: skip
        self.texts.append("\n".join(["def settle(ctx: i64) -> None:", *[f"    {x}" for x in lines]]))

    def _persist(self, t: Type) -> list[str]:
        match t:
            case Prim("string" | "bytes") | Fixed():
                return ["return keep_string(ctx, x)"]
            case Array(items):
                if not self.persist(items):
                    return ["return keep_words(ctx, x, 8)"]
                return [
                    "n = length(x)", "charge(ctx, n)", "out = keep_header(ctx, n, 8)", "for i in range(n):",
                    f"    st(items(out) + i * 8, {self.kept('item(x, i)', items)})",
                    "note_move(ctx, x, out)", "return out",
                ]  # fmt: skip
            case Map(values):
                return [
                    "n = length(x)", "charge(ctx, n)", "out = keep_header(ctx, n, 16)", "for i in range(n):",
                    f"    st(items(out) + i * 16, {self.kept('ld(items(x) + i * 16)', STRING)})",
                    f"    st(items(out) + i * 16 + 8, {self.kept('ld(items(x) + i * 16 + 8)', values)})",
                    "keep_index(ctx, out)", "note_move(ctx, x, out)", "return out",
                ]  # fmt: skip
            case Record() if recursive(t):
                fields = [(i, self.kept(f"ld(out + {8 * i})", f.type)) for i, f in enumerate(t.fields)]
                return self.nested(t, "keep_room", fields, ["note_move(ctx, x, out)"])
            case Record():
                lines = ["charge(ctx, 1)", f"out = keep_room(ctx, {8 * max(1, len(t.fields))})"]
                for i, f in enumerate(t.fields):
                    lines.append(f"st(out + {8 * i}, {self.kept(f'ld(x + {8 * i})', f.type)})")
                return [*lines, "note_move(ctx, x, out)", "return out"]
            case Union(branches):
                lines = ["out = keep_room(ctx, 16)", "st(out, ld(x))", "st(out + 8, ld(x + 8))"]
                for b in branches:
                    if b.tag != "null" and (made := self.persist(b)):
                        lines += [f"if ld(x) == {self.e.tag(b)}:", f"    st(out + 8, {made}(ctx, ld(x + 8)))"]
                return [*lines, "note_move(ctx, x, out)", "return out"]
            case _:
                return ["return x"]

    def collector(self, p: Program, slots: dict[tuple[str, str], int]) -> str:
        """The entry that copies the state out of the part of memory that `moving` names."""
        lines = ["put(ctx, STACK, here() - get(ctx, ROOM))", "put(ctx, LATER, 0)"]
        for (what, name), i in slots.items():
            if what == "undo":
                continue
            t = state_type(p, what, name)
            made = self.persist(t)
            at = f"get(ctx, STATE) + {8 * i}"
            if what == "pool":
                lines.append(f"st({at}, pool_keep(ctx, ld({at}), {self.copier(t)}))")
            elif made:
                lines.append(f"st({at}, {made}(ctx, ld({at})))")
        self.add("collect", "ctx: i64, a: i64", [*lines, "fill_noted(ctx)", "return 0"])
        if p.pools:
            self.add("rehash", "ctx: i64, a: i64", ["pool_grow(ctx, a, max(8, ld(a + 8) * 2), 0)", "return 0"])
            self.called.append("rehash")
        kept = [state_type(p, what, name) for what, name in slots if what != "undo"]
        if any(holds_map(t) for t in (*kept, *(t for t, _ in self.e.constants))):
            self.add("index_map", "ctx: i64, a: i64", ["keep_index(ctx, a)", "return 0"])
            self.called.append("index_map")
        return "collect"

    # -- comparing --

    def order(self, t: Type) -> str:
        """The helper (ctx, 0, a, b) that gives -1, 0 or 1: a total order of slots of `t`."""
        name, new = self.named("order", t)
        if new:
            self.add(name, "ctx: i64, env: i64, a: i64, b: i64", self._order(t))
        return name

    def ordered(self, a: str, b: str, t: Type) -> str:
        return f"{self.order(t)}(ctx, 0, {a}, {b})"

    def _order(self, t: Type) -> list[str]:
        match t:
            case Prim("null") | Bottom():
                return ["return 0"]
            case Prim("float" | "double"):
                return ["return order_doubles(unbits(a), unbits(b))"]
            case Prim("int" | "long" | "boolean") | Enum():
                return ["return order_integers(a, b)"]
            case Prim() | Fixed():
                return ["return order_bytes(ctx, a, b)"]
            case Array(items):
                return [
                    "n = min(length(a), length(b))", "charge(ctx, n)", "for i in range(n):",
                    f"    c = {self.ordered('item(a, i)', 'item(b, i)', items)}", "    if c != 0:",
                    "        return c", "return order_integers(length(a), length(b))",
                ]  # fmt: skip
            case Map(values):
                return [
                    "n = min(length(a), length(b))", "charge(ctx, length(a) + length(b))",
                    "p = sorted_pairs(ctx, a)", "q = sorted_pairs(ctx, b)", "for i in range(n):",
                    "    c = order_bytes(ctx, ld(p + i * 16), ld(q + i * 16))", "    if c != 0:", "        return c",
                    f"    c = {self.ordered('ld(p + i * 16 + 8)', 'ld(q + i * 16 + 8)', values)}",
                    "    if c != 0:", "        return c", "return order_integers(length(a), length(b))",
                ]  # fmt: skip
            case Record():
                return self._order_records(t)
            case Union(branches):
                lines = ["if a == b:", "    return 0", "i = 0", "j = 0"]
                for n, b in enumerate(branches):
                    for side, at in (("i", "a"), ("j", "b")):
                        test = f"{at} == 0" if b.tag == "null" else f"union_tag({at}) == {self.e.tag(b)}"
                        lines += [f"if {test}:", f"    {side} = {n}"]
                lines += ["if i != j:", "    return order_integers(i, j)"]
                for n, b in enumerate(branches):
                    if b.tag != "null":
                        lines += [f"if i == {n}:", f"    return {self.ordered('ld(a + 8)', 'ld(b + 8)', b)}"]
                return [*lines, "return 0"]
            case _:
                return ["return 0"]

    def _order_records(self, t: Record) -> list[str]:
        lines = [f"charge(ctx, {max(1, len(t.fields))})", "if a == b:", "    return 0"]
        lines.append(f"deeper(ctx, 1, {NESTING} + get(ctx, DEPTH0))")
        lines.append("c = 0")
        for i, f in enumerate(t.fields):
            if f.order == "ignore":
                continue
            made = self.ordered(f"ld(a + {8 * i})", f"ld(b + {8 * i})", f.type)
            sign = "-" if f.order == "descending" else ""
            lines += ["if c == 0:", f"    c = {sign}{made}"]
        return [*lines, "higher(ctx, 1)", "return c"]

    def equal(self, t: Type) -> str:
        """The helper (ctx, 0, a, b) that tells whether two slots are equal: NaN is not, alone."""
        name, new = self.named("equal", t)
        if not new:
            return name
        match t:
            case Prim("float" | "double"):
                lines = ["return int(unbits(a) == unbits(b))"]
            case Prim("null") | Bottom():
                lines = ["return 1"]
            case Prim("int" | "long" | "boolean") | Enum():
                lines = ["return int(a == b)"]
            case Prim() | Fixed():
                lines = ["return int(equal_bytes(ctx, a, b))"]
            case Array():
                lines = ["if length(a) != length(b):", "    return 0", f"return int({self.ordered('a', 'b', t)} == 0)"]
            case _:
                lines = [f"return int({self.ordered('a', 'b', t)} == 0)"]
        self.add(name, "ctx: i64, env: i64, a: i64, b: i64", lines)
        return name

    def less(self, t: Type) -> str:
        """The helper (ctx, 0, a, b): is a before b?"""
        name, new = self.named("less", t)
        if new:
            real = isinstance(t, Prim) and t.name in ("float", "double")
            test = "unbits(a) < unbits(b)" if real else f"{self.ordered('a', 'b', t)} < 0"
            self.add(name, "ctx: i64, env: i64, a: i64, b: i64", [f"return int({test})"])
        return name


def in_slot(t: Type) -> bool:
    """Is a value of it all in its slot?"""
    return isinstance(t, Enum | Bottom) or (isinstance(t, Prim) and t.name in _SCALARS)


def holds_map(t: Type, seen: frozenset[str] = frozenset()) -> bool:
    """Can there be a map in a value?"""
    match t:
        case Map():
            return True
        case Array(inside):
            return holds_map(inside, seen)
        case Union(branches):
            return any(holds_map(b, seen) for b in branches)
        case Record(name) if name not in seen:
            return any(holds_map(f.type, seen | {name}) for f in t.fields)
        case _:
            return False
