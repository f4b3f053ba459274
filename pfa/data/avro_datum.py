"""One datum of Avro: its binary and its JSON encoding, and single-object encoding, which says the schema.

Place in the pipeline: beside `avro`, for messages rather than files.  What comes out is what `engine.action` takes;
what goes in may be tagged or plain, as `engine.action` would take it.
Specification: Avro 1.12, "Binary Encoding", "JSON Encoding", "Single-object encoding".
"""

from __future__ import annotations

from collections.abc import Callable
from json import dumps
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pfa.check.problems import show
from pfa.data.avro_primitives import Broken, Located, Rest
from pfa.data.avro_resolve import resolve
from pfa.data.avro_schema import DEFAULT, fingerprint, read_schema, schema_type
from pfa.data.avro_source import Decoders
from pfa.data.json_form import decoder as from_json
from pfa.data.json_form import encoder as to_json
from pfa.data.rows import NoValue
from pfa.data.values import Decoders as Checks
from pfa.data.values import Encoders
from pfa.errors import PfaDataError, PfaError
from pfa.lib.encode import avro_encoder
from pfa.read.json import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pfa.limits import Limits
    from pfa.types import Type

Decode = Callable[[bytes], Any]
MARKER = b"\xc3\x01"
_BEGIN = 10  # bytes of a single object before its datum


def binary_decoder(t: Type, written: Type | None = None, *, limits: Limits = DEFAULT, begin: int = 0) -> Decode:
    """Bytes to a datum of `t`, which was written as `written` (None: as `t`); `begin`: where in the bytes it begins.

    PfaDataError: now if `written` cannot be read as `t`, then if bytes are no such datum.
    """
    try:
        decoders = Decoders(resolve(t if written is None else written, t, "data"), "data", limits)
    except (Broken, RecursionError) as error:
        raise PfaDataError(str(error) or "the schema nests too deep") from None

    def decode(data: bytes) -> Any:
        data = bytes(data)
        try:
            [datum] = decoders.rows(data, begin, len(data), 1, 1)
        except Located as found:
            raise PfaDataError(f"byte {found.at}: {found.fault}", getattr(found.fault, "path", "")) from None
        except Rest as rest:
            raise PfaDataError(f"byte {rest.at}: {rest.end - rest.at:,} bytes are left over after the datum") from None
        return datum

    return decode


def decode_binary(t: Type, data: bytes, written: Type | None = None) -> Any:
    """A datum of `t` from its binary encoding; see `binary_decoder`, which is for many."""
    return binary_decoder(t, written)(data)


def encode_binary(t: Type, value: Any) -> bytes:
    """The binary encoding of a value of `t`; PfaDataError if it is none."""
    return avro_encoder(t)(Checks().datum(t)(value))


def encode_json(t: Type, value: Any) -> str:
    """Avro's JSON encoding of a value of `t`: unions tagged, bytes as text; NaN and infinities are texts, too."""
    host = Checks().datum(t)(value)
    tag, change = Encoders(tagged=True).of(t), to_json(t, tagged=True)
    tagged = tag(host) if tag else host
    return dumps(change(tagged) if change else tagged, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def decode_json(t: Type, text: str, *, limits: Limits = DEFAULT) -> Any:
    """A datum of `t` from its JSON encoding; PfaDataError if the text is none."""
    try:
        value, change = parse(text, "", limits).value, from_json(t)
        datum = change(value) if change else value
    except PfaError as error:
        raise PfaDataError(error.problems[0]) from None
    except NoValue as error:
        raise PfaDataError(f"expected {t}, found {error}") from None
    Checks(limits.quote_values).datum(t)(datum)
    return datum


# --- single objects --------------------------------------------------------------------------------------------


def encode_single(t: Type, value: Any) -> bytes:
    """A value as a single object: marker, fingerprint of the schema, datum."""
    return MARKER + fingerprint(t) + encode_binary(t, value)


def single_object(engine: Any, data: bytes, schemas: Iterable[Any] = ()) -> Any:
    """The datum of a single object, as the engine's `action` takes it.

    It was written with the engine's input type or with one of `schemas` (JSON text, JSON values, or types), told by the
    fingerprint.  PfaDataError: it is no single object, nobody knows its schema, or it cannot be read as the input type.
    """
    data = bytes(data)
    if data[:2] != MARKER or len(data) < _BEGIN:
        raise PfaDataError(f"this is no single object: it must begin with {MARKER!r} and a fingerprint of 8 bytes")
    mark = data[2:_BEGIN]
    known = _KNOWN.setdefault(engine, {})
    if mark not in known:
        known[mark] = binary_decoder(engine.input_type, _written(engine, mark, schemas), begin=_BEGIN)
    return known[mark](data)


_KNOWN: WeakKeyDictionary[Any, dict[bytes, Decode]] = WeakKeyDictionary()


def _written(engine: Any, mark: bytes, schemas: Iterable[Any]) -> Type:
    """The type that a single object was written with."""
    for t in (engine.input_type, *map(_type_of, schemas)):
        if fingerprint(t) == mark:
            found: Type = t
            return found
    raise PfaDataError(
        f"the single object was written with a schema of the fingerprint {show(mark.hex())}, which is neither the "
        "input's nor that of one of the schemas given"
    )


def _type_of(schema: Any) -> Type:
    match schema:
        case str() | bytes():
            return read_schema(schema, DEFAULT)
        case dict() | list():
            return schema_type(schema)
        case _:
            found: Type = schema
            return found
