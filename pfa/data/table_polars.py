"""DataFrames and Series of polars as tables to score.

Place in the pipeline: a kind of table (`tables`).  Null is null, NaN is a number.  Polars has no maps and no unions: a
map is a list of structs with `key` and `value`, as Arrow's is there, and what holds a union or itself is an object.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import polars as pl

from pfa.data.columns import Column, Columns, Flat, Values, bare
from pfa.data.table_arrays import Arrays, by_position, column
from pfa.data.table_values import Mistyped, objects, only, record, table_form
from pfa.errors import PfaDataError
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
    Fixed,
    Map,
    Record,
    Type,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pfa.data.table_values import TableDecoders

ARROW = 1000  # rows from which Arrow is worth its import
_PLAIN: dict[Type, Any] = {
    BOOLEAN: pl.Boolean, INT: pl.Int32, LONG: pl.Int64, FLOAT: pl.Float32, DOUBLE: pl.Float64, STRING: pl.String,
    BYTES: pl.Binary, NULL: pl.Null,
}  # fmt: skip


def kind(given: Any, decoders: TableDecoders) -> Frame | None:
    """The kind of what polars made, None if it is no table."""
    if isinstance(given, pl.LazyFrame):
        raise PfaDataError("a LazyFrame has no rows yet; collect() it first")
    return Frame(given, decoders) if isinstance(given, pl.DataFrame | pl.Series) else None


class Frame(Arrays):
    """A DataFrame or a Series."""

    def __init__(self, given: Any, decoders: TableDecoders) -> None:
        super().__init__({}, decoders)
        self.frame = given

    def batches(self, t: Type) -> Iterator[Columns]:
        frame = self.frame
        if isinstance(frame, pl.Series):
            yield Columns(self.take(t, frame))
        elif isinstance(t, Record):
            yield Columns(record(t, frame.columns, frame.height, lambda f: self.take(f.type, frame[f.name])))
        else:
            yield Columns(self.take(t, frame[only(t, frame.columns)]))

    def take(self, t: Type, given: Any) -> Column:
        """A Series as a column."""
        return single(t, given, self.decoders)

    def one(self, columns: list[Column]) -> Any:
        name = self.frame.name if isinstance(self.frame, pl.Series) else "output"
        return _series(name, columns[0])

    def table(self, columns: dict[str, list[Column]], length: int, aligned: bool) -> Any:
        return pl.DataFrame([_series(name, parts[0]) for name, parts in columns.items()])


def single(t: Type, given: pl.Series, decoders: TableDecoders) -> Column:
    """A Series as a column."""
    dtype = given.dtype
    inner, _ = bare(t)
    valid = None if given.null_count() == 0 else given.is_not_null().to_numpy()
    if isinstance(dtype, pl.Date | pl.Datetime) and inner in (INT, LONG):
        if inner == INT and isinstance(dtype, pl.Datetime):
            raise Mistyped(t, str(dtype), "; int takes days, long moments")
        return column(t, _numbers(given.to_physical()), valid, decoders)
    if dtype in (pl.Int128, pl.UInt128):
        raise Mistyped(t, str(dtype), f"; convert it with {decoders.cast.format('Int64')}")
    if dtype.is_temporal() or dtype.is_decimal():
        hint = f"; convert it with {decoders.cast.format('Float64')}" if dtype.is_decimal() else ""
        raise Mistyped(t, str(dtype), hint)
    if dtype.is_numeric() or dtype == pl.Boolean:
        return column(t, _numbers(given), valid, decoders)
    if isinstance(dtype, pl.Enum) and (isinstance(inner, Enum) or inner == STRING):
        return by_position(t, _numbers(given.to_physical()), dtype.categories.to_list(), valid)
    if isinstance(dtype, pl.Categorical):
        given = given.cast(pl.String)
    if len(given) >= ARROW and _as_arrow(inner, given.dtype) and (arrow := _arrow()) is not None:
        array = given.to_arrow(compat_level=pl.CompatLevel.oldest())
        if _says_the_same(t, array):
            made: Column = arrow.column(t, array, decoders)
            return made
    convert = _from_structs(t, {})
    values = given.to_list()
    return objects(t, list(map(convert, values)) if convert else values, None, decoders)


def _arrow() -> Any:
    """What knows Arrow's arrays, where that is installed: texts and what is nested pass through it, not as objects."""
    return import_module("pfa.data.arrow_columns") if find_spec("pyarrow") else None


def _as_arrow(t: Type, dtype: Any) -> bool:
    """Is a column of this type of polars one of `t`, as Arrow has it?"""
    inner, _ = bare(t)
    match inner:
        case Array(items):
            return isinstance(dtype, pl.List | pl.Array) and _as_arrow(items, dtype.inner)
        case Record():
            if not isinstance(dtype, pl.Struct):
                return False
            there = {f.name: f.dtype for f in dtype.fields}
            return all(f.name in there and _as_arrow(f.type, there[f.name]) for f in inner.fields)
        case Enum():
            return bool(dtype == pl.String)
        case Fixed():
            return bool(dtype == pl.Binary)
        case Map() | Union():
            return False
        case _:
            return bool(dtype == _PLAIN[inner])


def _says_the_same(t: Type, array: Any) -> bool:
    """Is what is wrong with Arrow's array said as of objects?  A null in place of a type with a name is not."""
    inner, nullable = bare(t)
    if array.null_count and not nullable and isinstance(inner, Record | Enum | Fixed):
        return False
    match inner:
        case Array(items):
            return _says_the_same(items, array.values)
        case Record():
            return all(_says_the_same(f.type, array.field(f.name)) for f in inner.fields)
        case _:
            return True


def _numbers(given: pl.Series) -> Any:
    """The numbers, in place where none is missing."""
    if given.null_count():
        given = given.fill_null(False if given.dtype == pl.Boolean else 0)
    return given.to_numpy()


Convert = "Callable[[Any], Any]"


def _from_structs(t: Type, known: dict[str, Any]) -> Any:
    """What turns lists of structs with `key` and `value` into maps, at any depth; None where there are no maps."""
    match t:
        case Map(values):
            inside = _from_structs(values, known)
            return lambda v: _map(v, inside)
        case Array(items):
            item = _from_structs(items, known)
            return item and (lambda v: [item(x) for x in v] if isinstance(v, list) else v)
        case Record():
            return _from_fields(t, known)
        case Union() if not isinstance(bare(t)[0], Union):
            return _from_structs(bare(t)[0], known)
        case _:
            return None


def _from_fields(t: Record, known: dict[str, Any]) -> Any:
    if t.name not in known:
        known[t.name] = None  # a record in itself has no structs
        fields = {f.name: c for f in t.fields if (c := _from_structs(f.type, known))}
        known[t.name] = fields and (
            lambda v: {k: fields[k](x) if k in fields else x for k, x in v.items()} if isinstance(v, dict) else v
        )
    return known[t.name]


def _map(v: Any, inside: Any) -> Any:
    if isinstance(v, list) and all(isinstance(x, dict) and x.keys() == {"key", "value"} for x in v):
        v = {x["key"]: x["value"] for x in v}
    return {k: inside(x) for k, x in v.items()} if inside and isinstance(v, dict) else v


# --- out -------------------------------------------------------------------------------------------------------


def _series(name: str, c: Column) -> pl.Series:
    if isinstance(c, Flat):
        made = pl.Series(name, c.data)
        if c.valid is None or c.valid.all():
            return made
        frame = pl.DataFrame({"v": made, "m": c.valid})
        return frame.select(pl.when("m").then("v").alias(name)).to_series()
    inner, _ = bare(c.type)
    dtype = _dtype(inner, ())
    if c.length >= ARROW and dtype is not None and not isinstance(c, Values) and (arrow := _arrow()) is not None:
        return pl.Series(name, arrow.arrow_array(c)).cast(dtype)
    values = table_form(c)
    if dtype is None:
        return pl.Series(name, values, dtype=pl.Object)
    convert = _to_structs(inner)
    return pl.Series(name, [None if v is None else convert(v) for v in values] if convert else values, dtype=dtype)


def _dtype(t: Type, above: tuple[str, ...]) -> Any:
    """The type in polars, None where it has none."""
    inner, _ = bare(t)
    match inner:
        case Enum(_, symbols):
            return pl.Enum(symbols)
        case Fixed():
            return pl.Binary
        case Array(items):
            item = _dtype(items, above)
            return item and pl.List(item)
        case Map(values):
            value = _dtype(values, above)
            return value and pl.List(pl.Struct({"key": pl.String, "value": value}))
        case Record(name) if inner.fields and name not in above:
            fields = {f.name: _dtype(f.type, (*above, name)) for f in inner.fields}
            return None if None in fields.values() else pl.Struct(fields)
        case _:
            return _PLAIN.get(inner)


def _to_structs(t: Type) -> Any:
    """What turns maps into lists of structs, at any depth, in a type that `_dtype` has; None where there are none."""
    inner, _ = bare(t)
    match inner:
        case Map(values):
            value = _to_structs(values)
            return _missing(lambda v: [{"key": k, "value": value(x) if value else x} for k, x in v.items()])
        case Array(items):
            item = _to_structs(items)
            return item and _missing(lambda v: [item(x) for x in v])
        case Record():
            fields = {f.name: c for f in inner.fields if (c := _to_structs(f.type))}
            return fields and _missing(lambda v: {k: fields[k](x) if k in fields else x for k, x in v.items()})
        case _:
            return None


def _missing(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda v: None if v is None else convert(v)
