"""Arrow's arrays as columns and columns as Arrow's arrays, in place where the types are the same.

Place in the pipeline: `table_arrow` (tables in memory) and `arrow` (files) use it, and `table_pandas` for columns
that Arrow holds.  Nothing is believed of texts, which Arrow does not check: bytes that are no UTF-8 make their row
wrong.  Positions are Arrow's own to check (`validate`), which readers of files ask for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pfa.data.arrow_types import TIMES, arrow_type, time_name
from pfa.data.columns import (
    Bad,
    Blobs,
    Codes,
    Column,
    Flat,
    Lists,
    Maps,
    Nulls,
    Records,
    Unions,
    Wrong,
    bare,
    joined,
)
from pfa.data.table_arrays import TAKES, by_position, flat
from pfa.data.table_build import physical
from pfa.data.table_values import DTYPES, Mistyped, TableDecoders, objects, record, validity
from pfa.types import (
    BYTES,
    INT,
    LONG,
    NULL,
    STRING,
    Array,
    Enum,
    Fixed,
    Map,
    Record,
    Type,
    Union,
    accepts,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pfa.data.columns import Mask

CAST = ".cast(pa.{}())"
_TEXTS = (pa.types.is_string, pa.types.is_large_string)
_BYTES = (pa.types.is_binary, pa.types.is_large_binary)


def column(t: Type, array: pa.Array, decoders: TableDecoders) -> Column:
    """An array as a column of a type; Mistyped where it holds another."""
    inner, _ = bare(t)
    array = _plain(array, inner)
    kind = array.type
    valid = None if array.null_count == 0 else array.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_null(kind):
        return _nothing(t, inner, array)
    match inner:
        case Union() if pa.types.is_union(kind):
            return _union(t, inner, array, decoders)
        case Union():
            return objects(t, array.to_pylist(), None, decoders)
        case _ if inner in TAKES:
            made = _flat(t, inner, array, valid)
        case _ if (isinstance(inner, Enum) or inner == STRING) and _is_dictionary(kind):
            made = _codes(t, array)
        case _ if (inner == STRING and _any(_TEXTS, kind)) or (inner == BYTES and _any(_BYTES, kind)):
            made = _blobs(t, array, valid, inner == STRING)
        case Fixed(_, size) if _any(_BYTES, kind) or pa.types.is_fixed_size_binary(kind):
            made = _sized(t, size, array, valid)
        case _ if inner == BYTES and pa.types.is_fixed_size_binary(kind):
            made = _sized(t, kind.byte_width, array, valid)
        case Array(items) if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            offsets, inside = _items(array, array.values)
            made = Lists(type=t, length=len(array), offsets=offsets, items=column(items, inside, decoders))
        case Map(values) if pa.types.is_map(kind):
            made = _map(t, values, array, decoders)
        case Record() if pa.types.is_struct(kind):
            made = _record(t, inner, array, decoders)
        case _:
            raise mistyped(t, kind)
    made.valid, missing = validity(t, valid)
    made.bad = joined(missing, made.bad and made.bad.within(valid))
    return made


def _any(tests: Any, kind: pa.DataType) -> bool:
    return any(test(kind) for test in tests)


def _is_dictionary(kind: pa.DataType) -> bool:
    return pa.types.is_dictionary(kind) and _any(_TEXTS, kind.value_type)


def mistyped(t: Type, kind: pa.DataType) -> Mistyped:
    inner, _ = bare(t)
    castable = inner in DTYPES and not pa.types.is_nested(kind)
    name = np.dtype(DTYPES[inner]).name if castable else ""
    hint = f"; convert it with {CAST.format('bool_' if name == 'bool' else name)}" if castable else ""
    return Mistyped(t, f"{kind}", hint)


def _plain(array: pa.Array, want: Type) -> pa.Array:
    """An array whose type is one of those that `column` tells apart."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(array.storage, want)
    if pa.types.is_run_end_encoded(kind):
        return _plain(pc.run_end_decode(array), want)
    if pa.types.is_dictionary(kind):
        if isinstance(want, Enum) or want == STRING:
            return array if _is_dictionary(kind) else _plain(_dictionary_of_texts(array), want)
        return _plain(array.dictionary_decode(), want)
    if pa.types.is_string_view(kind):
        return _plain(array.cast(pa.large_string()), want)
    if pa.types.is_binary_view(kind):
        return array.cast(pa.large_binary())
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind) or pa.types.is_fixed_size_list(kind):
        return array.cast(pa.large_list(kind.value_field))
    if isinstance(want, Enum) and _any(_TEXTS, kind):
        return array.dictionary_encode()
    return array


def _dictionary_of_texts(array: pa.DictionaryArray) -> pa.Array:
    if pa.types.is_string_view(array.type.value_type):
        words = array.dictionary.cast(pa.large_string())
        return pa.DictionaryArray.from_arrays(array.indices, words)
    return array.dictionary_decode()


def _buffer(buffer: pa.Buffer | None, dtype: Any, start: int, length: int) -> NDArray[Any]:
    """A part of a buffer, in place."""
    if buffer is None or not length:
        return np.zeros(length, dtype)
    size = np.dtype(dtype).itemsize
    return np.frombuffer(buffer, dtype, length, start * size)


def _nothing(t: Type, inner: Type, array: pa.Array) -> Column:
    length = len(array)
    if inner == NULL:
        return Nulls(type=t, length=length)
    valid, bad = validity(t, np.zeros(length, bool))
    return Nulls(type=t, length=length, valid=valid, bad=bad)


def _flat(t: Type, inner: Type, array: pa.Array, valid: Mask | None) -> Column:
    kind = array.type
    if pa.types.is_boolean(kind):
        data = array.cast(pa.uint8())
        numbers = _buffer(data.buffers()[1], "u1", data.offset, len(data)).view(bool)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        name = "float16" if pa.types.is_float16(kind) else _NAMES.get(str(kind), str(kind))
        numbers = _buffer(array.buffers()[1], name, array.offset, len(array))
    elif pa.types.is_temporal(kind) and _holds_time(inner, kind):
        numbers = _buffer(array.buffers()[1], f"i{kind.bit_width // 8}", array.offset, len(array))
    else:
        raise mistyped(t, kind)
    try:
        return flat(t, numbers, valid, CAST)
    except Mistyped as error:
        error.found = str(kind)
        raise


_NAMES = {"float": "float32", "double": "float64", "halffloat": "float16"}


def _holds_time(t: Type, kind: pa.DataType) -> bool:
    """Days are ints, moments longs, in their own units, as Avro's logical types are."""
    if pa.types.is_date(kind):
        return t == LONG or (t == INT and pa.types.is_date32(kind))
    own = TIMES.get(time_name(kind))
    return own is not None and t in (INT, LONG) and accepts(t, own)


def _codes(t: Type, array: pa.DictionaryArray) -> Column:
    """Positions among the symbols, whatever the dictionary's order; a text that is no symbol is wrong."""
    words = [w or "" for w in array.dictionary.to_pylist()]
    indices = array.indices.fill_null(0).to_numpy(zero_copy_only=False).astype("i8")
    return by_position(t, indices, words, None if array.null_count == 0 else array.is_valid().to_numpy(False))


def _blobs(t: Type, array: pa.Array, valid: Mask | None, text: bool) -> Column:
    width = "i8" if pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type) else "i4"
    _, places, blob = array.buffers()
    offsets = _buffer(places, width, array.offset, len(array) + 1) if places else np.zeros(len(array) + 1, width)
    data = _buffer(blob, "u1", 0, 0 if blob is None else blob.size)
    bad = _no_text(offsets, data) if text else None
    return Blobs(type=t, length=len(array), bad=bad, offsets=offsets, data=data, text=text)


def _no_text(offsets: NDArray[Any], data: NDArray[np.uint8]) -> Bad | None:
    """Rows whose bytes are no UTF-8."""
    used = data[offsets[0] : offsets[-1]]
    if not len(used) or used.max() < 0x80:
        return None
    starts = offsets[:-1][offsets[:-1] < offsets[-1]]
    if _is_text(used) and not (data[starts] & 0xC0 == 0x80).any():
        return None
    rows = [i for i in range(len(offsets) - 1) if not _is_text(data[offsets[i] : offsets[i + 1]])]
    return Bad(np.array(rows, "i8"), lambda _: Wrong("string", "bytes that are no UTF-8")) if rows else None


def _is_text(data: NDArray[np.uint8]) -> bool:
    try:
        data.tobytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def _sized(t: Type, size: int, array: pa.Array, valid: Mask | None) -> Column:
    """bytes of one size."""
    if pa.types.is_fixed_size_binary(array.type):
        width = array.type.byte_width
        offsets = (np.arange(len(array) + 1, dtype="i8") + array.offset) * width
        blob = array.buffers()[1]
        data = _buffer(blob, "u1", 0, 0 if blob is None else blob.size)
        if width != size:
            raise Mistyped(t, f"bytes of size {width}")
        return Blobs(type=t, length=len(array), offsets=offsets, data=data, text=False)
    made = _blobs(t, array, valid, False)
    assert isinstance(made, Blobs)
    sizes = np.diff(made.offsets)
    rows = np.flatnonzero(sizes != size)
    if len(rows):
        made.bad = Bad(rows, lambda row: Wrong(Mistyped(t, "").expected, "bytes", f" of {sizes[row]} bytes"))
    return made


def _items(array: pa.Array, values: pa.Array) -> tuple[NDArray[Any], pa.Array]:
    """Offsets from 0 and what is inside of a list or map, of a slice only its part."""
    offsets = array.offsets.to_numpy(zero_copy_only=False)
    if not len(offsets):
        offsets = np.zeros(1, "i4")
    first, last = int(offsets[0]), int(offsets[-1])
    if first:
        offsets = offsets - first
    return offsets, values.slice(first, last - first)


def _map(t: Type, values: Type, array: pa.MapArray, decoders: TableDecoders) -> Column:
    offsets, keys = _items(array, array.keys)
    _, items = _items(array, array.items)
    return Maps(
        type=t, length=len(array), offsets=offsets,
        keys=column(STRING, keys, decoders), items=column(values, items, decoders),
    )  # fmt: skip


def _record(t: Type, inner: Record, array: pa.StructArray, decoders: TableDecoders) -> Column:
    names = [f.name for f in array.type]
    made = record(inner, names, len(array), lambda f: column(f.type, array.field(f.name), decoders))
    made.type = t
    return made


def _union(t: Type, inner: Union, array: pa.UnionArray, decoders: TableDecoders) -> Column:
    """Branches by the names of the children, which are tags, or else by their types."""
    kind = array.type
    children = [kind.field(i) for i in range(kind.num_fields)]
    place: dict[int, int] = {}
    branches: list[Column] = [Nulls(type=b, length=0) for b in inner.branches]
    for i, (code, child) in enumerate(zip(kind.type_codes, children, strict=True)):
        own = next((n for n, b in enumerate(inner.branches) if b.tag == child.name), None)
        if own is None:
            own = _fitting(inner, array.field(i), decoders)
        if own in place.values():
            tags = ", ".join(b.tag for b in inner.branches)
            raise Mistyped(t, f"{kind}", f"; name its children {tags}")
        place[code] = own
        branches[own] = column(inner.branches[own], array.field(i), decoders)
    buffers = array.buffers()  # `type_codes` and `offsets` of a slice are those of its beginning (pyarrow 26)
    codes = _buffer(buffers[1], "i1", array.offset, len(array))
    known = np.zeros(128, "i1")
    known[list(place)] = list(place.values())
    places = np.arange(len(array), dtype="i4")
    if kind.mode == "dense":
        places = _buffer(buffers[2], "i4", array.offset, len(array))
    return Unions(type=t, length=len(array), tags=known[codes], places=places, branches=tuple(branches))


def _fitting(t: Union, array: pa.Array, decoders: TableDecoders) -> int:
    for n, b in enumerate(t.branches):
        try:
            column(b, array, decoders)
        except Mistyped:
            continue
        return n
    raise mistyped(t, array.type)


# --- out -------------------------------------------------------------------------------------------------------


def arrow_array(made: Column) -> pa.Array:
    """A column as an array of the type that `arrow_type` says."""
    inner, _ = bare(made.type)
    return _array(physical(made), arrow_type(inner))


def _array(c: Column, t: pa.DataType) -> pa.Array:
    bits = None if c.valid is None or c.valid.all() else pa.py_buffer(np.packbits(c.valid, bitorder="little"))
    match c:
        case Nulls():
            return pa.nulls(c.length, t)
        case Flat(data=data) if data.dtype == bool:
            return pa.Array.from_buffers(t, c.length, [bits, pa.py_buffer(np.packbits(data, bitorder="little"))])
        case Flat(data=data):
            return pa.Array.from_buffers(t, c.length, [bits, pa.py_buffer(data)])
        case Codes(data=data, symbols=symbols):
            indices = pa.Array.from_buffers(t.index_type, c.length, [bits, pa.py_buffer(data)])
            return pa.DictionaryArray.from_arrays(indices, pa.array(symbols, t.value_type))
        case Blobs(data=data) if pa.types.is_fixed_size_binary(t):
            return pa.Array.from_buffers(t, c.length, [bits, pa.py_buffer(data)])
        case Blobs(data=data):
            return pa.Array.from_buffers(t, c.length, [bits, _offsets(c.offsets), pa.py_buffer(data)])
        case Lists(items=items):
            child = _array(items, t.value_type)
            return pa.Array.from_buffers(t, c.length, [bits, _offsets(c.offsets)], children=[child])
        case Maps(keys=keys, items=items):
            entry = pa.struct([t.key_field, t.item_field])
            inside = [_array(keys, t.key_type), _array(items, t.item_type)]
            entries = pa.Array.from_buffers(entry, keys.length, [None], children=inside)
            return pa.Array.from_buffers(t, c.length, [bits, _offsets(c.offsets)], children=[entries])
        case Records(fields=fields):
            inside = [_array(x, t.field(i).type) for i, x in enumerate(fields.values())]
            return pa.Array.from_buffers(t, c.length, [bits], children=inside)
        case Unions(branches=branches):
            inside = [_array(x, t.field(i).type) for i, x in enumerate(branches)]
            buffers = [None, pa.py_buffer(c.tags), pa.py_buffer(c.places)]
            return pa.Array.from_buffers(t, c.length, buffers, children=inside)
        case _:
            raise TypeError(f"no array of {type(c).__name__}")


def _offsets(offsets: NDArray[Any]) -> pa.Buffer:
    """Offsets of 32 bits, as our types have."""
    if len(offsets) and offsets[-1] >= 1 << 31:
        raise pa.ArrowCapacityError("more than 2 GiB of text in one batch")
    return pa.py_buffer(np.ascontiguousarray(offsets, "i4"))
