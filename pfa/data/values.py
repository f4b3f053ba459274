"""Values at the boundary: what a caller gives, checked and copied into host representation, and back.

A decoder or an encoder is a closure a type, built once an engine.  The invariant: no container is shared with the
caller, in or out, so a caller that changes what it gave or got changes no cell and no constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pfa.check.embedded import Readers, convert, describe, tag_default
from pfa.check.problems import BadData, show, suggestion
from pfa.check.schemas import escape
from pfa.errors import PfaDataError, Problem, Where
from pfa.lib.primitives import float32
from pfa.targets.values import tag_of
from pfa.types import MISSING, Array, Enum, Field, Fixed, Map, Prim, Record, Type, Union, host_class

Decode = Callable[[Any], Any]
Encode = Callable[[Any], Any]
Charge = Callable[[int], None]
_KINDS = {
    bool: "a boolean", int: "an integer", float: "a float", str: "a string", bytes: "bytes", list: "an array",
    tuple: "an array", dict: "an object", type(None): "null",
}  # fmt: skip


class Ready:
    """A record that a reader made as it is inside an engine: a decoder of the very same type takes it as it is."""

    __slots__ = ("type", "value")

    def __init__(self, value: dict[str, Any], t: Record) -> None:
        self.value = value
        self.type = t


class _Fault(Exception):
    """This datum does not have its type: what was expected, what came, and the path, made on the way out."""

    def __init__(self, expected: str, value: Any, hint: str = "") -> None:
        super().__init__()
        self.expected, self.value, self.hint, self.path = expected, value, hint, ""


class Decoders:
    """Decoders by type; `quote` says whether messages quote the data."""

    def __init__(self, quote: bool = False) -> None:
        self.quote = quote
        self.records: dict[str, Decode] = {}

    def datum(self, t: Type) -> Decode:
        """The decoder of a whole datum: its failures are PfaDataError with the path."""
        decode = self.of(t)

        def run(v: Any) -> Any:
            try:
                return decode(v)
            except _Fault as f:
                raise self.error(f) from None

        return run

    def error(self, f: _Fault) -> PfaDataError:
        kind = _KINDS.get(type(f.value)) or f"an object of class {type(f.value).__name__}"
        found = show(f.value) if self.quote and type(f.value) in _KINDS else kind
        if isinstance(f, _Missing):
            found = "nothing"
        problem: Problem = BadData(f.expected, found, f.hint, at=Where(f.path))
        return PfaDataError(problem, f.path)

    def of(self, t: Type) -> Decode:
        if t.__class__ is Prim:
            return _PRIMITIVE[t.name]
        match t:
            case Array(items):
                return _array(self._item(items), t)
            case Map(values):
                return _map(self._item(values), t)
            case Record():
                return self._record(t)
            case Enum():
                return _enum(t)
            case Fixed():
                return _fixed(t)
            case Union():
                return self._union(t)
            case _:
                return lambda v: v

    def _item(self, t: Type) -> Decode | _Later:
        """The decoder of items, or what makes it when there is an item: by decoders of its own, in any thread."""
        if t.__class__ is Prim or t.__class__ is Enum or t.__class__ is Fixed:
            return self.of(t)
        quote = self.quote
        return _Later(lambda: Decoders(quote).of(t))

    def _record(self, t: Record) -> Decode:
        if found := self.records.get(t.name):
            return found
        later: list[Decode] = []
        self.records[t.name] = lambda v: later[0](v)
        made = _record(t, [(f.name, self.of(f.type)) for f in t.fields])
        later.append(made)
        self.records[t.name] = made
        return made

    def _union(self, t: Union) -> Decode:
        tagged = {b.tag: _branch(t, b, self.of(b)) for b in t.branches}
        nullable = "null" in tagged
        by_class: dict[type, list[Decode]] = {}
        for kind, names in _ORDER.items():
            fitting = [b for b in t.branches if host_class(b) in names]
            fitting.sort(key=lambda b: (names.index(host_class(b)), _width(b)))
            by_class[kind] = [tagged[b.tag] for b in fitting]
        records = {b.tag: b for b in t.branches if isinstance(b, Record)}

        def decode(v: Any) -> Any:
            if v is None and nullable:
                return None
            kind = v.__class__
            if kind not in by_class:
                plain = _plain(v)
                kind = plain.__class__
                if plain is None and nullable:
                    return None
                if plain is v or kind not in by_class:
                    raise _Fault(str(t), v)
                v = plain
            if kind is dict and len(v) == 1:
                [tag] = v
                if (way := tagged.get(tag)) is not None and tag != "null":
                    try:
                        return way(v[tag])
                    except _Fault as f:
                        f.path = f"/{escape(tag)}{f.path}"
                        raise
            ways = by_class[kind]
            if len(ways) == 1:
                return ways[0](v)
            if records and kind is dict and (exact := _exact(v, records)) is not None:
                return tagged[exact](v)
            for way in ways:
                try:
                    return way(v)
                except _Fault:
                    continue
            raise _Fault(str(t), v)

        return decode


_ORDER: dict[type, tuple[str, ...]] = {
    bool: ("bool",), int: ("int", "float"), float: ("float",), str: ("str", "bytes"), bytes: ("bytes",),
    bytearray: ("bytes",), list: ("list",), tuple: ("list",), dict: ("dict",),
}  # fmt: skip


def _width(t: Type) -> int:
    """Among branches of one host class, the one that holds a value exactly comes first."""
    return 0 if not isinstance(t, Prim) else {"int": 0, "long": 1, "double": 0, "float": 1}.get(t.name, 0)


def _exact(v: dict[str, Any], records: dict[str, Record]) -> str | None:
    """The one record whose fields are just those of the value."""
    fitting = [tag for tag, r in records.items() if r.by_name.keys() == v.keys()]
    return fitting[0] if len(fitting) == 1 else None


def _branch(t: Union, b: Type, decode: Decode) -> Decode:
    tag = b.tag
    return (lambda v: (tag, decode(v))) if tag in t.boxed else decode


def _plain(v: Any) -> Any:
    """NumPy's scalars and arrays, and other collections, as plain values; `v` itself where it is none."""
    if isinstance(v, bytearray | memoryview):
        return bytes(v)
    if hasattr(v, "tolist"):
        made = v.tolist()
        return made if type(made) in _KINDS else v  # a long double gives a long double
    if isinstance(v, Mapping) and type(v) is not dict:
        return dict(v)
    if isinstance(v, bool | int | float | str | bytes) and type(v) not in _KINDS:
        return _exactly(v)
    return v


def _exactly(v: bool | int | float | str | bytes) -> Any:
    """A value of a subclass as one of the class itself, whatever its own methods say (an enum's `str` is its name)."""
    match v:
        case int():
            return int.__int__(v)
        case float():
            return float.__float__(v)
        case str():
            return str.__str__(v)
        case _:
            return bytes.__getitem__(v, slice(None))


def _null(v: Any) -> Any:
    if v is not None:
        raise _Fault("null", v)
    return v


def _boolean(v: Any) -> Any:
    if v is True or v is False:
        return v
    plain = _plain(v)
    if plain is v or type(plain) is not bool:
        raise _Fault("boolean", v)
    return plain


def _integer(name: str, bits: int) -> Decode:
    low, high = -(1 << bits), (1 << bits) - 1

    def decode(v: Any) -> Any:
        if v.__class__ is not int:
            plain = _plain(v)
            if type(plain) is not int:
                raise _Fault(name, v, _integer_hint(plain))
            v = plain
        if not low <= v <= high:
            raise _Fault(name, v, f" that does not fit into {name}")
        return v

    return decode


def _integer_hint(v: Any) -> str:
    if type(v) is float and v.is_integer():
        return "; convert whole floats with int()"
    if type(v) is bool:
        return "; convert booleans with int()"
    return ""


def _double(v: Any) -> Any:
    if v.__class__ is float:
        return v
    plain = _plain(v)
    if type(plain) is float:
        return plain
    if type(plain) is int and plain.bit_length() <= 1023:
        return float(plain)
    raise _Fault("double", v, "; convert texts with float()" if type(plain) is str else "")


def _float(v: Any) -> Any:
    try:
        return float32(_double(v))
    except _Fault as f:
        f.expected = "float"
        raise


def _string(v: Any) -> Any:
    plain = v if v.__class__ is str else _plain(v)
    if type(plain) is str:
        if not plain.isascii():
            _refuse_surrogates(plain)
        return plain
    raise _Fault("string", v, "; decode bytes first" if type(plain) is bytes else "")


def _refuse_surrogates(v: str) -> None:
    """Strings are Unicode (specification, "Avro types"): half of a surrogate pair is no character."""
    try:
        v.encode("utf-8")
    except UnicodeEncodeError:
        raise _Fault("string", v, " with a lone surrogate") from None


def _bytes(v: Any) -> Any:
    """bytes, or Avro's JSON form: a text of code points up to 255."""
    if v.__class__ is bytes:
        return v
    plain = _plain(v)
    if type(plain) is bytes:
        return plain
    if type(plain) is str:
        try:
            return plain.encode("latin-1")
        except UnicodeEncodeError:
            raise _Fault("bytes", v, " with code points over 255") from None
    raise _Fault("bytes", v)


_PRIMITIVE: dict[str, Decode] = {
    "null": _null, "boolean": _boolean, "int": _integer("int", 31), "long": _integer("long", 63),
    "float": _float, "double": _double, "string": _string, "bytes": _bytes,
}  # fmt: skip


def _enum(t: Enum) -> Decode:
    symbols = frozenset(t.symbols)

    def decode(v: Any) -> Any:
        if v.__class__ is not str:
            v = _plain(v)
        if v.__class__ is not str or v not in symbols:
            raise _Fault(describe(t), v, suggestion(v, t.symbols) if isinstance(v, str) else "")
        return v

    return decode


def _fixed(t: Fixed) -> Decode:
    size = t.size

    def decode(v: Any) -> Any:
        made = _bytes(v)
        if len(made) != size:
            raise _Fault(describe(t), v, f" of {len(made)} bytes")
        return made

    return decode


class _Later:
    """A decoder that is made when it is first needed: many are never."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Decode]) -> None:
        self.make = make


def _array(item: Decode | _Later, t: Type) -> Decode:
    double = item is _double

    def decode(v: Any) -> Any:
        nonlocal item
        if v.__class__ is not list:
            v = _sequence(v, t)
        out: list[Any] = []
        one = item
        if isinstance(one, _Later):
            if not v:
                return out
            one = item = one.make()
        append = out.append
        try:
            if double:
                for x in v:
                    append(x if x.__class__ is float else _double(x))
            else:
                for x in v:
                    append(one(x))
        except _Fault as f:
            f.path = f"/{len(out)}{f.path}"
            raise
        return out

    return decode


def _sequence(v: Any, t: Type) -> Any:
    if isinstance(v, tuple):
        return v
    plain = _plain(v)
    if type(plain) is list:
        return plain
    if isinstance(v, Sequence) and not isinstance(v, str | bytes | bytearray | memoryview):
        return list(v)
    raise _Fault(str(t), v)


def _map(item: Decode | _Later, t: Type) -> Decode:
    def decode(v: Any) -> Any:
        nonlocal item
        if v.__class__ is not dict:
            v = _mapping(v, str(t))
        out: dict[str, Any] = {}
        one = item
        if isinstance(one, _Later):
            if not v:
                return out
            one = item = one.make()
        k: Any = ""
        try:
            for k, x in v.items():
                if k.__class__ is not str:
                    raise _Fault("a string as key", k)
                if not k.isascii():
                    _refuse_surrogates(k)
                out[k] = one(x)
        except _Fault as f:
            f.path = f"/{escape(str(k))}{f.path}"
            raise
        return out

    return decode


def _mapping(v: Any, expected: str) -> Any:
    plain = _plain(v)
    if type(plain) is dict:
        return plain
    raise _Fault(expected, v)


def _record(t: Record, fields: list[tuple[str, Decode]]) -> Decode:
    defaults = {f.name: _default(f) for f in t.fields if f.default is not MISSING}
    expected = describe(t)

    def decode(v: Any) -> Any:
        if v.__class__ is not dict:
            if v.__class__ is Ready and v.type is t:
                return v.value
            v = _mapping(v, expected)
        out: dict[str, Any] = {}
        name = ""
        try:
            for name, decoder in fields:
                try:
                    x = v[name]
                except KeyError:
                    if name not in defaults:
                        raise _Missing(t, name) from None
                    out[name] = defaults[name]()
                    continue
                out[name] = decoder(x)
        except _Missing:
            raise
        except _Fault as f:
            f.path = f"/{escape(name)}{f.path}"
            raise
        return out

    return decode


class _Missing(_Fault):
    """A field that is not there; its place is the record."""

    def __init__(self, t: Record, name: str) -> None:
        super().__init__(f"field {show(name)} of {describe(t)}", None)


def _default(f: Field) -> Callable[[], Any]:
    """A fresh copy of a field's default in host representation (the checker has checked it)."""
    return lambda: convert(f.type, tag_default(f.type, f.default), Readers())[1]


# --- out -------------------------------------------------------------------------------------------------------


class Encoders:
    """Encoders by type: None where the value goes out as it is.

    A value is small where it shares its parts, and what goes out shares none, so it can be far larger (sixty levels
    of a record that holds the same record twice).  So where containers are in containers their sizes are charged.
    """

    def __init__(self, tagged: bool, charge: Charge | None = None) -> None:
        self.tagged = tagged
        self.charge = charge
        self.records: dict[str, Encode] = {}

    def of(self, t: Type) -> Encode | None:
        if t.__class__ is Prim:
            return None
        match t:
            case Enum() | Fixed():
                return None
            case Array(items):
                item = self.of(items)
                return self._charged(list.copy if item is None else lambda v: [item(x) for x in v])
            case Map(values):
                value = self.of(values)
                copy = dict.copy if value is None else lambda v: {k: value(x) for k, x in v.items()}
                return self._charged(copy)
            case Record():
                return self._record(t)
            case Union():
                return self._union(t)
            case _:
                return None

    def _charged(self, encode: Encode) -> Encode:
        charge = self.charge
        if charge is None:
            return encode

        def run(v: Any) -> Any:
            charge(len(v) + 1)
            return encode(v)

        return run

    def _record(self, t: Record) -> Encode:
        if found := self.records.get(t.name):
            return found
        later: list[Encode] = []
        self.records[t.name] = lambda v: later[0](v)
        made = [(f.name, self.of(f.type)) for f in t.fields]
        names = [name for name, _ in made]
        changed = [(name, e) for name, e in made if e is not None]

        def encode(v: Any) -> Any:
            out = {name: v[name] for name in names}
            for name, encoder in changed:
                out[name] = encoder(out[name])
            return out

        charged = self._charged(encode)
        later.append(charged)
        self.records[t.name] = charged
        return charged

    def _union(self, t: Union) -> Encode | None:
        inner = {b.tag: self.of(b) for b in t.branches}
        boxed = t.boxed
        if not self.tagged and not boxed and all(e is None for e in inner.values()):
            return None
        tag = tag_of(t)
        tagged = self.tagged

        def encode(v: Any) -> Any:
            if v is None:
                return None
            name = tag(v)
            if name in boxed:
                v = v[1]
            encoder = inner[name]
            if encoder is not None:
                v = encoder(v)
            return {name: v} if tagged else v

        return encode


def output_encoder(t: Type, tagged: bool) -> Callable[[Charge | None], Encode] | None:
    """Makes an engine's encoder of its outputs, with what counts for it; None: they go out as they are."""
    if _goes_as_it_is(t, tagged):
        return None
    return lambda charge: Encoders(tagged, charge).of(t) or _as_it_is


def _goes_as_it_is(t: Type, tagged: bool) -> bool:
    """Would an encoder of this type do nothing?"""
    if isinstance(t, Union):
        return not tagged and not t.boxed and all(_goes_as_it_is(b, tagged) for b in t.branches)
    return not isinstance(t, Array | Map | Record)


def _as_it_is(v: Any) -> Any:
    return v
