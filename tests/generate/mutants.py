"""Mutants: documents that were valid, changed in their structure or in their text.

A change knows what a place is (an expression, a type, data), so that many mutants are still valid and run.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.generate.calls import call
from tests.generate.hostile import CELL, GROWN, HOSTILE
from tests.generate.library import LIBRARY

if TYPE_CHECKING:
    from random import Random

Key = str | int
NAMES = [row.name for row in LIBRARY]
_INTEGERS = (
    0, 1, -1, 2, 7, 127, 128, 255, 256, 2147483647, 2147483648, -2147483648, -2147483649, 9223372036854775807,
    -9223372036854775808, 9223372036854775808, 10**30,
)  # fmt: skip
_FLOATS = (
    0.0,
    -0.0,
    0.5,
    1e-320,
    1e38,
    3.5e38,
    1.7976931348623157e308,
    -1e308,
    1e16,
    float("nan"),
    float("inf"),
)
_STRINGS = (
    "",
    "x",
    "input",
    "a.b",
    "0",
    "@",
    "é",
    "\ud83d\ude00",
    "\x00",
    "x" * 300,
    "u.f",
    "int",
    "null",
    "x.0.y",
    "%s{0}",
)
_TYPES = ("null", "boolean", "int", "long", "float", "double", "string", "bytes")
_TELLING = (
    "do", "if", "then", "else", "cond", "while", "until", "for", "step", "foreach", "in", "forkey", "forval",
    "let", "set", "attr", "path", "to", "cell", "pool", "init", "del", "new", "type", "value", "cast",
    "cases", "as", "named", "partial", "upcast", "ifnotnull", "unpack", "format", "pack", "doc", "error",
    "code", "try", "filter", "log", "namespace", "call", "args", "fcn", "fill", "params", "ret", "seq", "int",
    "string", "base64", "emit", "name", "fields", "items", "values", "symbols", "size", "default",
    "order", "aliases",
    "shared", "rollback", "source",
)  # fmt: skip
_SCHEMA = ("items", "values", "as", "ret", "type", "input", "output")


@dataclass(frozen=True)
class Original:
    """A document to start from, with data that it takes (unions tagged)."""

    name: str
    document: dict[str, Any]
    data: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a value stands: `holder[key]`; `kind` says what it is."""

    holder: Any
    key: Key
    kind: str  # "expression", "schema" or "other"

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        self.holder[self.key] = value


def places(document: dict[str, Any]) -> list[Place]:
    """Every value of a document, with what it is as far as its key tells."""
    return list(_places(document, "other"))


def _places(node: Any, kind: str) -> Iterator[Place]:
    if isinstance(node, dict):
        for key in node:
            inner = _kind(node, key, kind)
            yield Place(node, key, inner)
            yield from _places(node[key], inner)
    elif isinstance(node, list):
        for i, _ in enumerate(node):
            yield Place(node, i, kind)
            yield from _places(node[i], kind)


def _kind(holder: dict[str, Any], key: str, kind: str) -> str:
    if kind == "schema" or (key in _SCHEMA and not (key == "type" and "value" in holder and kind == "data")):
        return "schema"
    if key in ("value", "init", "zero", "metadata", "options", "@", "doc", "name", "default"):
        return "data"
    return "other" if key in ("cells", "pools", "fcns", "params", "method", "version") else "expression"


# -- changes of the structure --

Change = Callable[["Mutator"], bool]
CHANGES: list[tuple[int, Change]] = []


def change(weight: int) -> Callable[[Change], Change]:
    def add(make: Change) -> Change:
        CHANGES.append((weight, make))
        return make

    return add


class Mutator:
    """Changes one document, which is a copy of its own."""

    def __init__(self, r: Random, document: dict[str, Any], donor: dict[str, Any]) -> None:
        self.r = r
        self.document = document
        self.donor = donor
        self.done = False

    def mutate(self, times: int) -> None:
        for _ in range(times):
            for _ in range(5):
                [(_, make)] = self.r.choices(CHANGES, [w for w, _ in CHANGES])
                if self.done or make(self):
                    break

    def place(self, kind: str = "", want: Callable[[Any], bool] = lambda v: True) -> Place | None:
        found = [p for p in places(self.document) if (not kind or p.kind == kind) and want(p.value)]
        return self.r.choice(found) if found else None


def scalar(kind: type) -> Callable[[Any], bool]:
    return lambda v: type(v) is kind


@change(6)
def mark(m: Mutator) -> bool:
    """A locator mark in some object; sometimes one that is no string."""
    p = m.place(want=scalar(dict))
    if p is None:
        return False
    text: Any = "line 7" if m.r.random() < 0.95 else 7
    p.put({"@": text, **p.value} if m.r.random() < 0.8 else {**p.value, "@": text})
    return True


@change(10)
def wrap(m: Mutator) -> bool:
    """An expression inside a form."""
    p = m.place("expression", lambda v: not isinstance(v, list))
    if p is None:
        return False
    x = p.value
    p.put(m.r.choice((
        {"do": x}, {"do": [{"doc": ""}, x]}, {"if": True, "then": x, "else": x}, {"max": [x, x]}, [x],
        {"a": x},
        {"do": [{"let": {"wrapped": 1}}, x]}, {"cond": [{"if": False, "then": x}], "else": x}, {"try": x},
        {"if": {"==": [1, 1]}, "then": x, "else": {"error": "no"}}, {"impute.errorOnNull": [{"try": x}]},
        {"upcast": x, "as": "double"}, {"log": [x]}, {"ifnotnull": {"w": {"try": x}}, "then": "w", "else": x},
        {"new": [x], "type": "int"},
        {"attr": {"new": {"a": x}, "type": {"type": "map", "values": "double"}}, "path": [["a"]]},
    )))  # fmt: skip
    return True


@change(8)
def number(m: Mutator) -> bool:
    """A number at the edge of its type, or of another kind."""
    p = m.place(want=lambda v: type(v) in (int, float))
    if p is None:
        return False
    if m.r.random() < 0.7:
        p.put(m.r.choice(_INTEGERS[:9] if type(p.value) is int else _FLOATS[:9]))
    else:
        p.put(m.r.choice((*_INTEGERS, *_FLOATS)))
    return True


@change(4)
def text(m: Mutator) -> bool:
    """A string that is another one of the document, or a strange one."""
    p = m.place(want=scalar(str))
    if p is None:
        return False
    known = [q.value for q in places(m.document) if type(q.value) is str]
    p.put(m.r.choice(known) if m.r.random() < 0.6 else m.r.choice(_STRINGS))
    return True


@change(7)
def content(m: Mutator) -> bool:
    """Another string in a literal, which any string may be."""
    p = m.place(want=lambda v: isinstance(v, dict) and v.keys() == {"string"})
    if p is None:
        return False
    p.put({"string": m.r.choice(_STRINGS)})
    return True


@change(5)
def swap(m: Mutator) -> bool:
    """Two subtrees change places."""
    one, two = m.place("expression"), m.place("expression")
    if one is None or two is None:
        return False
    a, b = copy.deepcopy(one.value), copy.deepcopy(two.value)
    one.put(b)
    two.put(a)
    return True


@change(7)
def swap_arguments(m: Mutator) -> bool:
    """Two arguments of a call, or two items of a list, change places."""
    p = m.place(want=lambda v: isinstance(v, list) and len(v) > 1)
    if p is None:
        return False
    i, j = m.r.sample(range(len(p.value)), 2)
    p.value[i], p.value[j] = p.value[j], p.value[i]
    return True


@change(5)
def graft(m: Mutator) -> bool:
    """A subtree of another document."""
    source = [q for q in places(m.donor) if q.kind != "data"]
    if not source:
        return False
    q = m.r.choice(source)
    p = m.place(q.kind)
    if p is None:
        return False
    p.put(copy.deepcopy(q.value))
    return True


@change(6)
def likeness(m: Mutator) -> bool:
    """A subtree instead of one that begins with the same key: often of the same type."""
    p = m.place("expression", lambda v: isinstance(v, dict) and bool(v))
    if p is None:
        return False
    first = next(iter(p.value))
    same = [q.value for q in places(m.document) if isinstance(q.value, dict) and next(iter(q.value), "") == first]
    p.put(copy.deepcopy(m.r.choice(same)))
    return True


@change(4)
def remove(m: Mutator) -> bool:
    """A member or an item less."""
    p = m.place()
    if p is None or (isinstance(p.holder, dict) and p.holder is m.document and m.r.random() < 0.7):
        return False
    del p.holder[p.key]
    return True


@change(7)
def statement(m: Mutator) -> bool:
    """A block with an expression less, or one more."""
    p = m.place("expression", lambda v: isinstance(v, list) and len(v) > 1 and isinstance(v[0], dict))
    if p is None:
        return False
    i = m.r.randrange(len(p.value) - 1)
    if m.r.random() < 0.4:
        del p.value[i]
    else:
        extra = m.r.choice(({"doc": "more"}, {"log": [1]}, None, copy.deepcopy(p.value[i]), {"let": {"more": [["x"]]}}))
        p.value.insert(i, extra)
    return True


@change(5)
def library(m: Mutator) -> bool:
    """A call of any library function as a statement."""
    return _insert(m, {"try": {"log": [call(m.r)]}})


@change(1)
def hostile(m: Mutator) -> bool:
    """A statement that tries to use up time or memory."""
    cells = m.document.setdefault("cells", {})
    if m.r.random() < 0.15 and isinstance(cells, dict) and "hostile" not in cells:
        cells.update(copy.deepcopy(CELL))
        return _insert(m, copy.deepcopy(GROWN))
    return _insert(m, copy.deepcopy(m.r.choice(HOSTILE)))


def _insert(m: Mutator, made: Any) -> bool:
    p = m.place("expression", lambda v: isinstance(v, dict) and "let" not in v)
    if p is None:
        return False
    p.put({"do": [made, p.value]})
    return True


@change(3)
def double(m: Mutator) -> bool:
    """An item or a member twice."""
    p = m.place()
    if p is None:
        return False
    if isinstance(p.holder, list):
        p.holder.insert(int(p.key), copy.deepcopy(p.value))
    else:
        p.holder[f"{p.key}{m.r.choice(('', '2', '_', ' '))}"] = copy.deepcopy(p.value)
    return True


@change(3)
def rename(m: Mutator) -> bool:
    """A member under another key: one that tells a form, one of the document, or nearly the same."""
    p = m.place()
    if p is None or not isinstance(p.holder, dict):
        return False
    new = m.r.choice((m.r.choice(_TELLING), m.r.choice(_STRINGS), str(p.key)[:-1], f"{p.key}s"))
    members = [(new if k == p.key else k, v) for k, v in p.holder.items()]
    p.holder.clear()
    p.holder.update(members)
    return True


@change(7)
def function(m: Mutator) -> bool:
    """A call of another function."""
    p = m.place(want=lambda v: isinstance(v, dict) and len(v) == 1 and next(iter(v)) in NAMES)
    if p is None:
        return False
    [(name, args)] = p.value.items()
    if m.r.random() < 0.7:
        row = next(row for row in LIBRARY if row.name == name)
        alike = [x.name for x in LIBRARY if x.ret == row.ret and len(x.params) == len(row.params)]
        p.put({m.r.choice(alike): args})
    else:
        p.put({m.r.choice(NAMES): args})
    return True


@change(5)
def type_(m: Mutator) -> bool:
    """Another type."""
    p = m.place("schema")
    if p is None:
        return False
    x, r = p.value, m.r
    if isinstance(x, str) and r.random() < 0.6:
        p.put(r.choice(_TYPES))
        return True
    p.put(r.choice((
        {"type": "array", "items": x}, {"type": "map", "values": x}, [x, "null"], ["null", x], [x], [],
        {"type": x},
        {"type": "record", "name": "Mutant", "fields": [{"name": "f", "type": x}]},
        {"type": "enum", "name": "Mutant", "symbols": ["a", "b"]},
        {"type": "fixed", "name": "Mutant", "size": 3},
    )))  # fmt: skip
    return True


@change(4)
def widen_type(m: Mutator) -> bool:
    """A type that takes more, everywhere in the document where it stands as a name."""
    pairs = (("int", "long"), ("int", "double"), ("float", "double"), ("long", "double"))
    old, new = m.r.choice(pairs)
    found = [p for p in places(m.document) if p.kind == "schema" and p.value == old]
    for p in found:
        p.put(new)
    return bool(found)


@change(6)
def shuffle(m: Mutator) -> bool:
    """Members in another order, which means nothing outside of embedded maps."""
    found = [p.value for p in places(m.document) if isinstance(p.value, dict) and len(p.value) > 1]
    for d in [m.document, *m.r.sample(found, min(3, len(found)))]:
        members = list(d.items())
        m.r.shuffle(members)
        d.clear()
        d.update(members)
    return True


@change(3)
def top(m: Mutator) -> bool:
    """A top-level field."""
    r = m.r
    key, values = r.choice((
        ("method", ("map", "emit", "fold", "none", None)), ("randseed", (1, -1, 2**63 - 1, "x", 1.0)),
        ("version", (1, 0, -5, 2**40, "1")), ("metadata", ({}, {"a": "b"}, {"a": 1}, [])), ("doc", ("é", 1)),
        ("options", ({}, {"timeout": 1000}, {"timeout": 0}, {"timeout": -1}, {"timeout": "x"}, 3)),
        ("name", ("M", "", "1", None)), ("begin", ([], None, {"doc": ""}, {"error": "no"}, [None])),
        ("end", ([], None, {"log": [1]})), ("zero", (0, None, "x")), ("merge", ("tallyOne", None)),
        ("cells", ({}, {"extra": {"type": "int", "init": 1}}, {"1": {"type": "int", "init": 1}}, [])),
        ("pools", ({}, {"e": {"type": "double"}}, {"e": {"type": "int", "init": {"a": 1}, "shared": True}})),
        ("fcns", ({}, {"extra": {"params": [], "ret": "null", "do": None}}, {"": 1})), ("@", ("x", 1)),
        ("extra", (1,)), ("input", ("int", ["null", "int"])), ("output", ("string", ["int", "long"])),
    ))  # fmt: skip
    value = copy.deepcopy(r.choice(values))
    if isinstance(value, dict) and isinstance(m.document.get(key), dict) and r.random() < 0.8:
        m.document[key] = {**m.document[key], **value}
    else:
        m.document[key] = value
    return True


@change(1)
def deep(m: Mutator) -> bool:
    """Very deep nesting."""
    p = m.place(m.r.choice(("expression", "schema", "data")))
    if p is None:
        return False
    x, levels = p.value, m.r.choice((20, 60, 150, 400, 600, 3000))
    make = m.r.choice(_DEEP if p.kind == "expression" else _DEEP_TYPES if p.kind == "schema" else _DEEP_DATA)
    for _ in range(levels):
        x = make(x)
    p.put(x)
    m.done = True  # nothing here can walk through it
    return True


_DEEP: tuple[Callable[[Any], Any], ...] = (
    lambda x: {"do": x}, lambda x: {"do": [x]}, lambda x: {"if": True, "then": x, "else": 1}, lambda x: [x],
    lambda x: {"u-": x}, lambda x: {"try": x}, lambda x: {"+": [1, x]}, lambda x: {"let": {"x": x}},
    lambda x: {"foreach": "z", "in": {"type": {"type": "array", "items": "int"}, "value": [1]}, "do": x},
    lambda x: {"cond": [{"if": x, "then": True}], "else": False}, lambda x: {"while": False, "do": x},
    lambda x: {"a.map": [{"new": [], "type": {"type": "array", "items": "int"}},
                         {"params": [{"p": "int"}], "ret": "double", "do": x}]},
    lambda x: {"upcast": x, "as": "double"}, lambda x: {"&&": [True, x]},
    lambda x: {"a.len": [{"new": [x], "type": {"type": "array", "items": "double"}}]},
)  # fmt: skip
_DEEP_TYPES: tuple[Callable[[Any], Any], ...] = (
    lambda x: {"type": "array", "items": x}, lambda x: ["null", {"type": "map", "values": x}], lambda x: [x],
    lambda x: {"type": x}, lambda x: {"type": "record", "name": "Deep", "fields": [{"name": "f", "type": x}]},
)  # fmt: skip
_DEEP_DATA: tuple[Callable[[Any], Any], ...] = (lambda x: [x], lambda x: {"a": x}, lambda x: {"array": [x]})


def mutant(r: Random, original: Original, donor: Original) -> dict[str, Any]:
    """A changed copy of a document."""
    m = Mutator(r, copy.deepcopy(original.document), donor.document)
    m.mutate(r.choice((1, 1, 1, 2, 2, 3)))
    return m.document


# -- changes of the text --


def text_mutant(r: Random, document: dict[str, Any]) -> bytes:
    """A document's text with some bytes changed; YAML now and then."""
    data = bytearray(_yaml(document) if r.random() < 0.4 else json.dumps(document).encode())
    for _ in range(r.choice((1, 1, 2, 5, 20))):
        _change_text(r, data)
    return bytes(data)


_TOKENS = (
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u", b"\\ud800", b"\n", b"\t", b"  ", b"- ",
    b"&a ", b"*a ", b"!!int ", b"? ", b"|\n", b"# ", b"\xef\xbb\xbf", b"\xff", b"\x00", b"\xc3", b"NaN", b"-",
    b"1e999", b"0x1", b"00", b"9" * 30, b"true", b"null", b"~", b"'", b"%YAML 1.2\n---\n",
    b"...", b"<<: ", b"{" * 600, b"[" * 5000,
)  # fmt: skip


def _change_text(r: Random, data: bytearray) -> None:
    i = r.randrange(len(data) + 1)
    j = min(len(data), i + r.choice((1, 1, 2, 8, 50)))
    match r.randrange(7):
        case 0:
            data[i:i] = r.choice(_TOKENS)
        case 1:
            data[i:j] = r.choice(_TOKENS)
        case 2:
            del data[i:j]
        case 3:
            data[i:i] = data[i:j]
        case 4 if i < len(data):
            data[i] ^= 1 << r.randrange(8)
        case 5:
            del data[i:]
        case _:
            data[i:j] = r.randbytes(j - i)
    if not data:
        data += b"{"


def _yaml(document: Any) -> bytes:
    """YAML in block style, written simply: strings quoted as in JSON."""
    return "\n".join(_lines(document)).encode()


def _lines(node: Any) -> Iterator[str]:
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _entry(f"{json.dumps(key)}:", value)
    elif isinstance(node, list) and node:
        for value in node:
            yield from _entry("-", value)
    else:
        yield json.dumps(node)


def _entry(start: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield start
        yield from (f"  {line}" for line in _lines(value))
    else:
        yield f"{start} {json.dumps(value)}"
