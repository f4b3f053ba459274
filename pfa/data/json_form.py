"""Avro's JSON encoding of values, in and out, as the text formats use it.

Place in the pipeline: under `jsonl` and the cells of `csv`.  Bytes are text of code points up to 255; numbers that
are not finite are the texts "NaN", "Infinity" and "-Infinity"; a value of a union stands under the name of its
branch, {"int": 1}, or plain where no other branch can be meant.  Invariant: what `encoder` makes, read as JSON,
turned by `decoder` and taken by an engine of the type, is the same value in the same branch.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.data.rows import NON_FINITE, NoValue
from pfa.types import Array, Fixed, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

Change: TypeAlias = "Callable[[Any], Any]"


def kind(t: Type) -> type:
    """The class of the JSON that holds values of a type (an integer and a fraction are both numbers)."""
    match t:
        case Prim("null"):
            return type(None)
        case Prim("boolean"):
            return bool
        case Prim("int" | "long" | "float" | "double"):
            return float
        case Array():
            return list
        case Map() | Record():
            return dict
        case _:
            return str


def _kind_of(value: Any) -> type:
    found: type = value.__class__
    return _SAME.get(found, found)


_SAME: dict[type, type] = {int: float, bytes: str}


def _alone(t: Union) -> dict[type, Type]:
    """The branches whose values are plain: none is of the same kind."""
    counts = Counter(map(kind, t.branches))
    return {kind(b): b for b in t.branches if counts[kind(b)] == 1}


def latin(value: Any) -> Any:
    """Avro's JSON for bytes: a text of code points up to 255."""
    if not isinstance(value, str):
        return value
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise NoValue("a character over 255, which is no byte") from None


# --- in --------------------------------------------------------------------------------------------------------


def decoder(t: Type) -> Change | None:
    """What turns JSON into a datum of this type (text into bytes, "NaN" into a number); None if nothing.

    It raises NoValue for what is no value; what has another class it leaves to the engine to refuse.
    """
    return _decoder(t, {})


def _decoder(t: Type, known: dict[str, Change | None]) -> Change | None:
    match t:
        case Prim("bytes") | Fixed():
            return latin
        case Prim("float" | "double"):
            return _number
        case Array(items):
            return _each_item(_decoder(items, known))
        case Map(values):
            return _each_value(_decoder(values, known))
        case Union():
            return _union_decoder(t, known)
        case Record():
            return _record_decoder(t, known)
        case _:
            return None


def _number(value: Any) -> Any:
    """NaN and infinities are text in JSON."""
    return NON_FINITE.get(value.lower(), value) if isinstance(value, str) else value


def _each_item(change: Change | None) -> Change | None:
    return change and (lambda v: [change(x) for x in v] if isinstance(v, list) else v)


def _each_value(change: Change | None) -> Change | None:
    return change and (lambda v: {k: change(x) for k, x in v.items()} if isinstance(v, dict) else v)


def _record_decoder(t: Record, known: dict[str, Change | None]) -> Change | None:
    if t.name in known:
        return known[t.name]
    later: list[Change] = []
    known[t.name] = lambda v: later[0](v)
    fields = {f.name: change for f in t.fields if (change := _decoder(f.type, known))}

    def decode(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: fields[k](v) if k in fields else v for k, v in value.items()}

    later.append(decode)
    if not fields:
        known[t.name] = None
    return known[t.name]


def _union_decoder(t: Union, known: dict[str, Change | None]) -> Change | None:
    """Tagged values by their tag; plain ones only where no other branch can be meant."""
    tagged = {b.tag: change for b in t.branches if (change := _decoder(b, known))}
    if not tagged:
        return None
    alone = _alone(t)
    plain = {k: tagged[b.tag] for k, b in alone.items() if b.tag in tagged}
    if float in plain and str not in map(kind, t.branches):
        plain[str] = plain[float]

    def decode(value: Any) -> Any:
        if isinstance(value, dict) and len(value) == 1 and (tag := next(iter(value))) in tagged:
            return {tag: tagged[tag](value[tag])}
        change = plain.get(_kind_of(value))
        return change(value) if change else value

    return decode


# --- out -------------------------------------------------------------------------------------------------------


def encoder(t: Type, tagged: bool = False) -> Change | None:
    """What turns an output of this type into JSON; None where it is.  `tagged`: each value of a union is tagged."""
    return _encoder(t, {}, tagged)


def _encoder(t: Type, known: dict[str, Change | None], tagged: bool) -> Change | None:
    match t:
        case Prim("bytes") | Fixed():
            return _text
        case Prim("float" | "double"):
            return _finite
        case Array(items):
            return _each_item(_encoder(items, known, tagged))
        case Map(values):
            return _each_value(_encoder(values, known, tagged))
        case Union():
            return _union_encoder(t, known, tagged)
        case Record():
            return _record_encoder(t, known, tagged)
        case _:
            return None


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def _finite(value: Any) -> Any:
    if value - value == 0:
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _record_encoder(t: Record, known: dict[str, Change | None], tagged: bool) -> Change | None:
    if t.name in known:
        return known[t.name]
    later: list[Change] = []
    known[t.name] = lambda v: later[0](v)
    fields = [(f.name, change) for f in t.fields if (change := _encoder(f.type, known, tagged))]

    def encode(value: Any) -> Any:
        out = dict(value)
        for name, change in fields:
            out[name] = change(out[name])
        return out

    later.append(encode)
    if not fields:
        known[t.name] = None
    return known[t.name]


def branch_of(t: Union) -> Callable[[Any], tuple[str, Any]]:
    """The tag and the value of what an engine gives for a union (not null): tagged, or plain where that tells."""
    tags = frozenset(b.tag for b in t.branches)
    alone = {k: b.tag for k, b in _alone(t).items()}

    def split(value: Any) -> tuple[str, Any]:
        if value.__class__ is dict and len(value) == 1 and (tag := next(iter(value))) in tags:
            return tag, value[tag]
        return alone[_kind_of(value)], value

    return split


def _union_encoder(t: Union, known: dict[str, Change | None], tagged: bool) -> Change:
    changes = {b.tag: _encoder(b, known, tagged) for b in t.branches if b.tag != "null"}
    plain = frozenset() if tagged else frozenset(b.tag for b in _alone(t).values())
    texts = any(kind(b) is str for b in t.branches)
    split = branch_of(t)

    def encode(value: Any) -> Any:
        if value is None:
            return None
        tag, value = split(value)
        change = changes[tag]
        made = change(value) if change else value
        if tag not in plain or (made.__class__ is dict and len(made) == 1 and next(iter(made)) in changes):
            return {tag: made}
        return {tag: made} if texts and made.__class__ is str and value.__class__ is float else made

    return encode
