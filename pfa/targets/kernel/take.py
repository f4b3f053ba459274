"""Print the way of one datum into flat memory: a Python object read by compiled code.

Only objects of exactly the classes that values have are taken (float, int, str, bytes, list, dict); at anything else,
a field that is missing, a number that does not fit, the code leaves with UNTAKEN, and the host decodes the datum as it
always does, with the same result or the error.  So nothing is decided here but what is fast.

The layout of floats, lists and bytes is CPython's; `Interface.usable` looks whether it is as expected.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from typing import TYPE_CHECKING

from pfa.targets.kernel.layout import kind
from pfa.types import NULL, Array, Enum, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from pfa.targets.kernel.emit import Emitter

# Words of the interface: classes, objects, functions of the interpreter.
WORDS = (
    "float", "int", "str", "bytes", "list", "dict", "true", "false", "none", "get_item", "utf8", "characters", "long",
    "clear", "size", "next", "occurred", "compare",
)  # fmt: skip
FUNCTIONS = {
    "get_item": "PyDict_GetItemWithError", "utf8": "PyUnicode_AsUTF8AndSize", "characters": "PyUnicode_GetLength",
    "long": "PyLong_AsLongLong", "clear": "PyErr_Clear", "size": "PyDict_Size", "next": "PyDict_Next",
    "occurred": "PyErr_Occurred", "compare": "PyUnicode_Compare",
}  # fmt: skip
EXACT = 1 << 53  # integers below are doubles
SYMBOLS = 64  # of an enum, with which a text is compared
NESTING = 512  # of records: whether more is too much, the host decides
CLASS, VALUE, SIZE, ITEMS, BYTES = 8, 16, 16, 24, 32  # offsets in objects


def usable() -> bool:
    """Are objects laid out as this module expects?"""
    other = sysconfig.get_config_var("Py_GIL_DISABLED") or hasattr(sys, "getobjects")  # free-threaded, traced
    if sys.implementation.name != "cpython" or other:
        return False
    probe: list[tuple[object, int, int]] = [(1.5, VALUE, 0x3FF8000000000000), ([0, 0, 0], SIZE, 3), (b"ab", SIZE, 2)]
    return ctypes.sizeof(ctypes.c_void_p) == 8 and all(
        _word(id(x) + at) == value and _word(id(x) + CLASS) == id(type(x)) for x, at, value in probe
    )


def _word(address: int) -> int:
    return ctypes.c_int64.from_address(address).value


def interface() -> list[int]:
    """The words, in the order of WORDS."""
    objects = {"float": float, "int": int, "str": str, "bytes": bytes, "list": list, "dict": dict,
               "true": True, "false": False, "none": None}  # fmt: skip
    found = []
    for w in WORDS:
        if w in objects:
            found.append(id(objects[w]))
        else:
            function = getattr(ctypes.pythonapi, FUNCTIONS[w])
            found.append(ctypes.cast(function, ctypes.c_void_p).value or 0)
    return found


class Untakeable(Exception):
    """A type whose values are not told apart by their classes."""


class Take:
    """Prints `take`; `keys` are the names of fields and symbols that the host gives as objects."""

    def __init__(self, emitter: Emitter) -> None:
        self.e = emitter
        self.texts: list[str] = []
        self.names: dict[Type, str] = {}
        self.keys: list[str] = []

    def print(self, t: Type, run: str) -> str:
        """The entry `act`: an object in, what `run` gives out."""
        name = self.take(t)
        gives = run.partition("->")[2].strip().rstrip(":")
        given = f"unbits({name}(ctx, o))" if kind(t) == "f64" else f"{name}(ctx, o)"
        self.texts.append("\n".join([
            f"def act(ctx: i64, o: i64) -> {gives}:", "    put(ctx, STACK, here() - get(ctx, ROOM))",
            "    put(ctx, FLAG, 1)", "    put(ctx, TOP, get(ctx, ARENA))",
            "    put(ctx, BUDGET, get(ctx, FIRST))", "    put(ctx, EVENTS, 0)",
            f"    out = run(ctx, {given})", "    put(ctx, FLAG, get(ctx, EVENTS))", "    return out",
        ]))  # fmt: skip
        return "\n\n".join(self.texts)

    def word(self, name: str) -> str:
        return f"ld(get(ctx, PYTHON) + {8 * WORDS.index(name)})"

    def key(self, text: str) -> str:
        if text not in self.keys:
            self.keys.append(text)
        return f"ld(get(ctx, KEYS) + {8 * self.keys.index(text)})"

    def take(self, t: Type) -> str:
        """The function that takes an object of a type: its slot."""
        if t not in self.names:
            self.names[t] = name = f"take{len(self.names) + 1}"
            lines = self.lines(t)
            self.texts.append("\n".join([f"def {name}(ctx: i64, o: i64) -> i64:", *[f"    {x}" for x in lines]]))
        return self.names[t]

    def must(self, test: str) -> list[str]:
        return [f"if not ({test}):", "    fail(ctx, UNTAKEN)"]

    def of_class(self, name: str) -> list[str]:
        return self.must(f"ld(o + {CLASS}) == {self.word(name)}")

    def lines(self, t: Type) -> list[str]:
        match t:
            case Prim("null"):
                return [*self.must(f"o == {self.word('none')}"), "return 0"]
            case Prim("boolean"):
                return [f"if o == {self.word('true')}:", "    return 1",
                        *self.must(f"o == {self.word('false')}"), "return 0"]  # fmt: skip
            case Prim("double"):
                return [f"if ld(o + {CLASS}) == {self.word('float')}:", f"    return ld(o + {VALUE})",
                        *self.whole(), "return bits(float(n))"]  # fmt: skip
            case Prim("float"):
                return [f"if ld(o + {CLASS}) == {self.word('float')}:", f"    return bits(f32(ldf(o + {VALUE})))",
                        *self.whole(), "return bits(f32(float(n)))"]  # fmt: skip
            case Prim("int"):
                return [*self.integer(), *self.must("n <= 2147483647 and n >= -2147483648"), "return n"]
            case Prim("long"):
                return [*self.integer(), "return n"]
            case Prim("string"):
                return [
                    *self.of_class("str"), "n = alloc(ctx, 8)", f"data = raw2({self.word('utf8')}, o, n)",
                    "if data == 0:", f"    raw0({self.word('clear')})", "    fail(ctx, UNTAKEN)",
                    "s = foreign_bytes(ctx, data, ld(n))", f"st(s + 16, raw1({self.word('characters')}, o))",
                    "return s",
                ]  # fmt: skip
            case Prim("bytes"):
                return [*self.of_class("bytes"), f"return foreign_bytes(ctx, o + {BYTES}, ld(o + {SIZE}))"]
            case Fixed(size=size):
                return [*self.of_class("bytes"), *self.must(f"ld(o + {SIZE}) == {size}"),
                        f"return foreign_bytes(ctx, o + {BYTES}, {size})"]  # fmt: skip
            case Enum(_, symbols):
                return [*self.symbols(symbols), "fail(ctx, UNTAKEN)", "return 0"]
            case Array(items):
                return [
                    *self.of_class("list"), f"n = ld(o + {SIZE})", "out = new_array(ctx, n)", f"p = ld(o + {ITEMS})",
                    "q = items(out)", "for i in range(n):", f"    st(q + i * 8, {self.inner(items, 'ld(p + i * 8)')})",
                    "return out",
                ]  # fmt: skip
            case Map(values):
                return self.map(values)
            case Record():
                return self.record(t)
            case Union():
                return self.union(t)
            case _:
                raise Untakeable

    def integer(self) -> list[str]:
        """An int, as n."""
        return [
            *self.of_class("int"), f"n = raw1({self.word('long')}, o)",
            f"if n == -1 and raw0({self.word('occurred')}) != 0:", f"    raw0({self.word('clear')})",
            "    fail(ctx, UNTAKEN)",
        ]  # fmt: skip

    def whole(self) -> list[str]:
        """An int that is a double, as n."""
        return [*self.integer(), *self.must(f"n <= {EXACT} and n >= {-EXACT}")]

    def symbols(self, symbols: tuple[str, ...]) -> list[str]:
        """The position of a text among symbols: most often it is the very object that the host has."""
        same = [x for i, s in enumerate(symbols) for x in (f"if o == {self.key(s)}:", f"    return {i}")]
        if len(symbols) > SYMBOLS:
            return same
        tests = [
            x for i, s in enumerate(symbols)
            for x in (f"if raw2({self.word('compare')}, o, {self.key(s)}) % 4294967296 == 0:", f"    return {i}")
        ]  # fmt: skip
        return [*same, *self.of_class("str"), *tests]

    def inner(self, t: Type, o: str) -> str:
        return f"{self.take(t)}(ctx, {o})"

    def map(self, values: Type) -> list[str]:
        return [
            *self.of_class("dict"), f"n = raw1({self.word('size')}, o)", "out = new_map(ctx, n)",
            "w = alloc(ctx, 24)", "st(w, 0)", "i = 0",
            f"while raw4({self.word('next')}, o, w, w + 8, w + 16) % 4294967296 != 0:",
            f"    st(items(out) + i * 16, {self.inner(Prim('string'), 'ld(w + 8)')})",
            f"    st(items(out) + i * 16 + 8, {self.inner(values, 'ld(w + 16)')})", "    i += 1", "return out",
        ]  # fmt: skip

    def record(self, t: Record) -> list[str]:
        lines = [
            *self.of_class("dict"), "depth = get(ctx, DEPTH)",
            *self.must(f"depth < {NESTING} and here() > get(ctx, STACK)"),
            "put(ctx, DEPTH, depth + 1)", f"out = alloc(ctx, {8 * max(1, len(t.fields))})",
        ]  # fmt: skip
        for i, f in enumerate(t.fields):
            lines += [
                f"x{i} = raw2({self.word('get_item')}, o, {self.key(f.name)})", f"if x{i} == 0:",
                "    fail(ctx, UNTAKEN)", f"st(out + {8 * i}, {self.inner(f.type, f'x{i}')})",
            ]  # fmt: skip
        return [*lines, "put(ctx, DEPTH, depth)", "return out"]

    def union(self, t: Union) -> list[str]:
        """The branch that an object's class tells; a dict of one key could be a tag and its value."""
        by_class: dict[str, list[Type]] = {}
        for b in t.branches:
            by_class.setdefault(class_of(b), []).append(b)
        lines = [f"if o == {self.word('none')}:", "    return 0"] if NULL in t.branches else []
        for name, branches in by_class.items():
            if name == "none" or len(branches) > 1:
                continue
            [b] = branches
            lines += [f"if {self.is_a(name)}:", *[f"    {x}" for x in self.branch(b)]]
        if len(t.branches) == 2 and by_class.keys() == {"none", "float"}:
            lines += self.branch(by_class["float"][0])  # an int
        else:
            lines += ["fail(ctx, UNTAKEN)", "return 0"]
        return lines

    def is_a(self, name: str) -> str:
        if name == "bool":
            return f"o == {self.word('true')} or o == {self.word('false')}"
        test = f"ld(o + {CLASS}) == {self.word(name)}"
        return f"{test} and raw1({self.word('size')}, o) != 1" if name == "dict" else test

    def branch(self, b: Type) -> list[str]:
        return [
            f"x = {self.inner(b, 'o')}", "u = alloc(ctx, 16)", f"st(u, {self.e.tag(b)})", "st(u + 8, x)", "return u",
        ]  # fmt: skip


def class_of(t: Type) -> str:
    """The class of the objects that a branch has."""
    match t:
        case Prim("null"):
            return "none"
        case Prim("boolean"):
            return "bool"
        case Prim("int" | "long"):
            return "int"
        case Prim("float" | "double"):
            return "float"
        case Prim("string") | Enum():
            return "str"
        case Prim("bytes") | Fixed():
            return "bytes"
        case Array():
            return "list"
        case Map() | Record():
            return "dict"
        case _:
            raise Untakeable
