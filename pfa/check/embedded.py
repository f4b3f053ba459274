"""Embedded model data against its type, in one pass, into host representation.

Embedded data (cells, pools, zero, literals, defaults) is in Avro's JSON encoding: unions are tagged, bytes
are text of code points 0 to 255, locator marks ("@") may stand in any object.  A `Reader` is a closure, built
once a type; it changes containers that are ours in place: a 100 MB forest is never held twice.  Faults
are rare: the first one ends the pass, and `explain` then walks a fresh copy of the value and reports all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pfa.check.problems import BadData, BadLocator, NoSuchField, nearest, show, suggestion
from pfa.check.schemas import escape
from pfa.errors import Where
from pfa.lib.primitives import float32
from pfa.types import INT, LONG, MISSING, NUMBERS, Array, Enum, Fixed, Map, Prim, Record, Type, Union, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.errors import Problem

Reader = Callable[[Any], Any]
_NOTHING = object()  # what no reader takes


class _Fault(Exception):
    """This value does not have its type; `explain` says where and why."""


class Readers:
    """Readers by type, kept for recursive records."""

    def __init__(self) -> None:
        self.records: dict[str, Reader] = {}

    def of(self, t: Type) -> Reader:
        if t.__class__ is Prim:
            return _PRIMITIVE[t.name]
        match t:
            case Array(items):
                return _array(self.of(items))
            case Map(values):
                return _map(self.of(values))
            case Union():
                return _union(t, {b.tag: self.of(b) for b in t.branches})
            case Record():
                return self._record(t)
            case Enum(_, symbols):
                return _enum(frozenset(symbols))
            case Fixed(_, size):
                return _fixed(size)
            case _:
                return lambda v: v

    def _record(self, t: Record) -> Reader:
        if found := self.records.get(t.name):
            return found
        later: list[Reader] = []
        self.records[t.name] = lambda v: later[0](v)
        made = _record(t, [(f.name, self.of(f.type)) for f in t.fields], self)
        later.append(made)
        self.records[t.name] = made
        return made


def _null(v: Any) -> Any:
    if v is not None:
        raise _Fault
    return v


def _boolean(v: Any) -> Any:
    if v is not True and v is not False:
        raise _Fault
    return v


def _int(v: Any) -> Any:
    if type(v) is not int:
        v = _whole(v)
    if not -2147483648 <= v <= 2147483647:
        raise _Fault
    return v


def _long(v: Any) -> Any:
    if type(v) is not int:
        v = _whole(v)
    if not -9223372036854775808 <= v <= 9223372036854775807:
        raise _Fault
    return v


def _whole(v: Any) -> int:
    """5.0 as an integer: some producers write all numbers with a point (docs/spec-notes.md)."""
    if type(v) is not float or not v.is_integer():
        raise _Fault
    return int(v)


def _double(v: Any) -> Any:
    if type(v) is float:
        return v
    if type(v) is int:
        return float(v)
    raise _Fault


def _float(v: Any) -> Any:
    return float32(_double(v))


def _string(v: Any) -> Any:
    if type(v) is not str:
        raise _Fault
    return v


def _bytes(v: Any) -> Any:
    if type(v) is not str:
        raise _Fault
    try:
        return v.encode("latin-1")
    except UnicodeEncodeError:
        raise _Fault from None


_PRIMITIVE: dict[str, Reader] = {
    "null": _null, "boolean": _boolean, "int": _int, "long": _long, "float": _float,
    "double": _double, "string": _string, "bytes": _bytes,
}  # fmt: skip


def _enum(symbols: frozenset[str]) -> Reader:
    def read(v: Any) -> Any:
        if type(v) is not str or v not in symbols:
            raise _Fault
        return v

    return read


def _fixed(size: int) -> Reader:
    def read(v: Any) -> Any:
        made = _bytes(v)
        if len(made) != size:
            raise _Fault
        return made

    return read


def _array(item: Reader) -> Reader:
    def read(v: Any) -> Any:
        if type(v) is not list:
            raise _Fault
        v[:] = map(item, v)
        return v

    return read


def _map(item: Reader) -> Reader:
    def read(v: Any) -> Any:
        if type(v) is not dict:
            raise _Fault
        if "@" in v:
            _drop_mark(v)
        for k, x in v.items():
            y = item(x)
            if y is not x:
                v[k] = y
        return v

    return read


def _drop_mark(v: dict[str, Any]) -> None:
    if type(v["@"]) is not str:
        raise _Fault
    del v["@"]


def _union(t: Union, readers: dict[str, Reader]) -> Reader:
    boxed = t.boxed
    nullable = "null" in readers

    def read(v: Any) -> Any:
        if v is None and nullable:
            return None
        if type(v) is not dict:
            raise _Fault
        if len(v) != 1:
            if len(v) != 2 or "@" not in v:
                raise _Fault
            _drop_mark(v)
        [(tag, x)] = v.items()
        reader = readers.get(tag)
        if reader is None or x is None:
            raise _Fault
        y = reader(x)
        return (tag, y) if tag in boxed else y

    return read


def _record(t: Record, fields: list[tuple[str, Reader]], readers: Readers) -> Reader:
    count = len(fields)
    defaults = {f.name: f for f in t.fields if f.default is not MISSING}

    def read(v: Any) -> Any:
        if type(v) is not dict:
            raise _Fault
        if len(v) != count:
            _repair(v)
        for name, reader in fields:
            try:
                x = v[name]
            except KeyError:
                _repair(v)  # a mark in the place of a field that has a default
                x = v.get(name, _NOTHING)
            y = reader(x)
            if y is not x:
                v[name] = y
        return v

    def _repair(v: dict[str, Any]) -> None:
        if "@" in v and "@" not in t.by_name:
            _drop_mark(v)
        for name, f in defaults.items():
            if name not in v:
                v[name] = tag_default(f.type, f.default)
        if len(v) != count:
            raise _Fault

    return read


def tag_default(t: Type, value: Any) -> Any:
    """A default as Avro JSON with the union's first branch tagged: what a reader takes."""
    if isinstance(t, Union):
        first = t.branches[0]
        return None if value is None else {first.tag: fresh(value)}
    return fresh(value)


def fresh(value: Any) -> Any:
    """A copy of JSON values that may be changed; iterative depth is bounded by the reader's nesting."""
    if type(value) is dict:
        return {k: fresh(v) for k, v in value.items()}
    if type(value) is list:
        return [fresh(v) for v in value]
    return value


def convert(t: Type, value: Any, readers: Readers) -> tuple[bool, Any]:
    """(True, the host value) or (False, None); containers of `value` are changed in place."""
    try:
        return True, readers.of(t)(value)
    except _Fault:
        return False, None


# --- what is wrong -----------------------------------------------------------------------------------------


def explain(t: Type, value: Any, at: str, quote: bool) -> Iterator[Problem]:
    """Every problem of a value, in document order; `quote` says whether messages hold pieces of it."""
    match t:
        case Unknown():
            return
        case Union():
            yield from _explain_union(t, value, at, quote)
        case Array(items) if isinstance(value, list):
            for i, x in enumerate(value):
                yield from explain(items, x, f"{at}/{i}", quote)
        case Map(values) if isinstance(value, dict):
            for k, x in value.items():
                if k == "@":
                    yield from _explain_mark(x, at)
                else:
                    yield from explain(values, x, f"{at}/{escape(k)}", quote)
        case Record() if isinstance(value, dict):
            yield from _explain_record(t, value, at, quote)
        case _:
            if convert(t, fresh(value), Readers())[0] is False:
                yield BadData(describe(t), _found(t, value, quote), _hint(t, value), at=Where(at))


def describe(t: Type) -> str:
    """A type in a message about data."""
    match t:
        case Enum(name, symbols):
            some = ", ".join(symbols[:6]) + (", ..." if len(symbols) > 6 else "")
            return f"enum {name} ({some})"
        case Fixed(name, size):
            return f"fixed {name} ({size} bytes)"
        case Record(name):
            return f"record {name}"
        case _:
            return str(t)


def _found(t: Type, value: Any, quote: bool) -> str:
    if isinstance(t, Fixed) and isinstance(value, str):
        return f"{len(value)} bytes"
    return show(value) if quote else kind(value)


def kind(value: Any) -> str:
    """What a piece of data is, without saying it: data may be personal."""
    match value:
        case None | bool() | dict() | list():
            return show(value)
        case str():
            return "a string" if value else "an empty string"
        case int():
            return "an integer"
        case _:
            return "a number" if math.isfinite(value) else show(value)


def _hint(t: Type, value: Any) -> str:
    if isinstance(t, Enum) and isinstance(value, str):
        return suggestion(value, t.symbols) or ", which is none of them"
    if t in (INT, LONG) and isinstance(value, float) and math.isfinite(value):
        return " with a fraction" if not value.is_integer() else f" that does not fit into {t}"
    if t in (INT, LONG) and isinstance(value, int) and not isinstance(value, bool):
        return f" that does not fit into {t}"
    if isinstance(t, Prim | Fixed) and isinstance(value, str) and getattr(t, "name", "") == "bytes":
        return ", whose characters are not all between \\u0000 and \\u00ff"
    if isinstance(value, dict) and len(value) == 1 and isinstance(t, Prim) and t.name in value:
        return "; a tag is only for unions"
    if isinstance(value, str) and t in NUMBERS and _is_number(value):
        return "; a number stands without quotes"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _explain_mark(x: Any, at: str) -> Iterator[Problem]:
    if not isinstance(x, str):
        yield BadLocator(show(x), at=Where(f"{at}/@"))


def _explain_record(t: Record, value: dict[str, Any], at: str, quote: bool) -> Iterator[Problem]:
    """A misspelled field is one problem: what it means does not count as missing."""
    known = t.by_name
    meant: set[str] = set()
    for k, x in value.items():
        if k in known:
            yield from explain(known[k].type, x, f"{at}/{escape(k)}", quote)
        elif k == "@":
            yield from _explain_mark(x, at)
        else:
            near = nearest(k, [name for name in known if name not in value])
            meant.add(near)
            hint = suggestion(k, [near]) if near else f"; it has {', '.join(map(show, known))}"
            yield NoSuchField(describe(t), show(k), hint, at=Where(f"{at}/{escape(k)}", key=True))
    for f in t.fields:
        if f.name not in value and f.name not in meant and f.default is MISSING:
            yield BadData(f"the field {show(f.name)} of {describe(t)}", "nothing", at=Where(at))


def _explain_union(t: Union, value: Any, at: str, quote: bool) -> Iterator[Problem]:
    tags = {b.tag: b for b in t.branches}
    if value is None:
        if "null" not in tags:
            yield BadData(str(t), "null", at=Where(at))
        return
    if isinstance(value, dict):
        inside = {k: x for k, x in value.items() if k != "@"}
        if len(inside) == 1:
            [(tag, x)] = inside.items()
            if "@" in value:
                yield from _explain_mark(value["@"], at)
            if tag in tags and tag != "null":
                yield from explain(tags[tag], x, f"{at}/{escape(tag)}", quote)
                return
    yield BadData(str(t), show(value) if quote else kind(value), _tagged_form(t, value, quote), at=Where(at))


def _tagged_form(t: Union, value: Any, quote: bool) -> str:
    """The remedy for an untagged value: how it would be written."""
    tags = [b.tag for b in t.branches if b.tag != "null"]
    for b in t.branches:
        if convert(b, fresh(value), Readers())[0]:
            inner = show(value) if quote and not isinstance(value, dict | list) else "..."
            return f" without its tag: {{{show(b.tag)}: {inner}}}"
    if isinstance(value, dict) and len(value) == 1:
        [tag] = value
        if hint := suggestion(tag, tags):
            return f" with the tag {show(tag)}{hint}"
    return f"; a value of a union is written {{tag: value}}, with the tag {' or '.join(map(show, tags))}"
