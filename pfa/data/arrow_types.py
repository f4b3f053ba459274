"""Arrow's types and PFA's: which Arrow type holds which values.

Place in the pipeline: under `arrow_columns` and `arrow` (files).  Null with one other type is that type, nullable;
other unions are dense unions whose branches are named by their tags; enums are dictionaries of texts.  Arrow has no
recursive types and no names of types, so a schema that we write carries Avro's as metadata, and one that has none
gets names.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from pfa.data.avro_schema import read_schema, schema_of
from pfa.data.columns import bare
from pfa.data.table_build import refuse_recursive
from pfa.errors import PfaDataError, PfaError
from pfa.limits import Limits
from pfa.types import (
    BOOLEAN,
    BYTES,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    STRING,
    Array,
    Enum,
    Field,
    Fixed,
    Map,
    Record,
    Type,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = b"avro.schema"
ONE = "output"
_NESTING = 64  # of a schema in metadata that is looked at
_PRIMITIVES: dict[Type, pa.DataType] = {
    NULL: pa.null(), BOOLEAN: pa.bool_(), INT: pa.int32(), LONG: pa.int64(), FLOAT: pa.float32(), DOUBLE: pa.float64(),
    STRING: pa.string(), BYTES: pa.binary(),
}  # fmt: skip


def arrow_schema(t: Type, *, nullable: bool = False, name: str = ONE) -> pa.Schema:
    """The schema of a table of values: a column a field of a record, else one called `name`.

    `nullable`: any column may be missing.  PfaDataError for a recursive record.
    """
    refuse_recursive(t)
    fields = [(f.name, f.type) for f in t.fields] if isinstance(t, Record) else [(name, t)]
    avro = json.dumps(schema_of(t), separators=(",", ":"))
    return pa.schema([arrow_field(n, x, nullable=nullable) for n, x in fields], {KEY: avro})


def arrow_field(name: str, t: Type, *, nullable: bool = False) -> pa.Field:
    """A field that holds values of a type."""
    inner, missing = bare(t)
    return pa.field(name, arrow_type(inner), nullable=nullable or missing)


def arrow_type(t: Type) -> pa.DataType:
    """The Arrow type of a type that is not null with one other."""
    match t:
        case Array(items):
            return pa.list_(arrow_field("item", items))
        case Map(values):
            return pa.map_(pa.field("key", pa.string(), nullable=False), arrow_field("value", values))
        case Record():
            return pa.struct([arrow_field(f.name, f.type) for f in t.fields])
        case Enum():
            return pa.dictionary(pa.int32(), pa.string())
        case Fixed(_, size):
            return pa.binary(size)
        case Union(branches):
            return pa.dense_union([arrow_field(b.tag, b) for b in branches])
        case _:
            return _PRIMITIVES[t]


def holds_union(t: Type) -> bool:
    """Does a value hold one of a union of several types (which Parquet has not)?  `t` is not recursive."""
    inner, _ = bare(t)
    match inner:
        case Union():
            return True
        case Array(x) | Map(x):
            return holds_union(x)
        case Record():
            return any(holds_union(f.type) for f in inner.fields)
        case _:
            return False


# --- Arrow to PFA ----------------------------------------------------------------------------------------------

_PLAIN: list[tuple[Callable[[pa.DataType], bool], Type]] = [
    (pa.types.is_null, NULL), (pa.types.is_boolean, BOOLEAN),
    (pa.types.is_int8, INT), (pa.types.is_int16, INT), (pa.types.is_int32, INT), (pa.types.is_uint8, INT),
    (pa.types.is_uint16, INT), (pa.types.is_uint32, LONG), (pa.types.is_int64, LONG), (pa.types.is_uint64, LONG),
    (pa.types.is_float16, FLOAT), (pa.types.is_float32, FLOAT), (pa.types.is_float64, DOUBLE),
    (pa.types.is_string, STRING), (pa.types.is_large_string, STRING), (pa.types.is_string_view, STRING),
    (pa.types.is_binary, BYTES), (pa.types.is_large_binary, BYTES), (pa.types.is_binary_view, BYTES),
    (pa.types.is_date32, INT), (pa.types.is_date64, LONG),
]  # fmt: skip
_LISTS = (
    pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_list_view,
    pa.types.is_large_list_view,
)  # fmt: skip
TIMES: dict[str, Type] = {
    "time32[ms]": INT, "time64[us]": LONG, "timestamp[ms]": LONG, "timestamp[us]": LONG, "timestamp[ns]": LONG,
}  # fmt: skip


def type_of(schema: pa.Schema, name: str = "Row") -> Type:
    """The record that holds a row of a table, called `name`; Avro's own schema where the table carries it.

    PfaDataError names the column whose type has none here (decimals, durations).
    """
    own = _carried(schema)
    if own is not None:
        return own
    try:
        return _Types().record(name, list(schema), "")
    except RecursionError:
        raise PfaDataError("the schema nests too deep") from None


def _carried(schema: pa.Schema) -> Type | None:
    """The Avro schema in the metadata, if it is one and tells of the same columns."""
    text = (schema.metadata or {}).get(KEY)
    if text is None:
        return None
    try:
        t = read_schema(text, Limits(nesting=_NESTING))
        for nullable in (False, True):
            if schema.equals(arrow_schema(t, nullable=nullable)):
                return t
    except PfaError:
        pass
    return None


def time_name(t: pa.DataType) -> str:
    """A type of time without its zone."""
    return f"timestamp[{t.unit}]" if pa.types.is_timestamp(t) else str(t)


class _Types:
    """Types of Arrow's; named types get names that are not taken."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def record(self, name: str, fields: list[pa.Field], path: str) -> Record:
        t = Record(self.free(name))
        twice = sorted(n for n, count in Counter(f.name for f in fields).items() if count > 1)
        if twice:
            raise PfaDataError(f"more than one column {path}{twice[0]}")
        t.fields = tuple(Field(f.name, self.field(f, f"{path}{f.name}/")) for f in fields)
        return t

    def free(self, wanted: str) -> str:
        base = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in wanted) or "Type"
        base = f"_{base}" if base[0].isdigit() else base
        name, n = base, 1
        while name in self.names:
            n += 1
            name = f"{base}{n}"
        self.names.add(name)
        return name

    def field(self, f: pa.Field, path: str) -> Type:
        t = self.of(f.type, f.name, path)
        if not f.nullable or t == NULL:
            return t
        if isinstance(t, Union):
            return t if NULL in t.branches else Union((NULL, *t.branches))
        return Union((NULL, t))

    def of(self, t: pa.DataType, name: str, path: str) -> Type:
        for test, plain in _PLAIN:
            if test(t):
                return plain
        if time_name(t) in TIMES:
            return TIMES[time_name(t)]
        if isinstance(t, pa.BaseExtensionType):
            return self.of(t.storage_type, name, path)
        if pa.types.is_dictionary(t) or pa.types.is_run_end_encoded(t):
            return self.of(t.value_type, name, path)
        if pa.types.is_fixed_size_binary(t):
            return Fixed(self.free(name), t.byte_width)
        return self.nested(t, name, path)

    def nested(self, t: pa.DataType, name: str, path: str) -> Type:
        if any(test(t) for test in _LISTS):
            return Array(self.field(t.value_field.with_name(name), path))
        if pa.types.is_map(t) and self.of(t.key_type, name, path) == STRING:
            return Map(self.field(t.item_field.with_name(name), path))
        if pa.types.is_struct(t):
            return self.record(name, [t.field(i) for i in range(t.num_fields)], path)
        if pa.types.is_union(t):
            branches = tuple(self.of(t.field(i).type, t.field(i).name, path) for i in range(t.num_fields))
            if branches and len({b.tag for b in branches}) == len(branches):
                return Union(branches)
        raise PfaDataError(f"column {path.rstrip('/')}: no Avro type holds {t}; cast it to double, long or string")

