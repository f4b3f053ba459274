"""DataFrames and Series of pandas as tables to score.

Place in the pipeline: a kind of table (`tables`).  In a column whose field may be null, NaN, None, NaT and pandas' NA
are null; where null is not allowed, NaN is the number of a float or double.  Columns that Arrow holds are taken as
Arrow's.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pfa.data.columns import Codes, Column, Columns, Flat, bare
from pfa.data.table_arrays import Arrays, by_position, column, object_array
from pfa.data.table_build import physical
from pfa.data.table_values import objects, only, record, table_form
from pfa.types import DOUBLE, FLOAT, STRING, Enum, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pfa.data.columns import Mask
    from pfa.data.table_values import TableDecoders
    from pfa.types import Type

_MODERN = int(pd.__version__.partition(".")[0]) >= 3  # strings have a dtype of their own


def kind(given: Any, decoders: TableDecoders) -> Frame | None:
    """The kind of what pandas made, None if it is no table."""
    return Frame(given, decoders) if isinstance(given, pd.DataFrame | pd.Series) else None


class Frame(Arrays):
    """A DataFrame or a Series; the index of the outputs is that of the rows."""

    def __init__(self, given: Any, decoders: TableDecoders) -> None:
        super().__init__({}, decoders)
        self.frame = given

    def batches(self, t: Type) -> Iterator[Columns]:
        frame = self.frame
        if isinstance(frame, pd.Series):
            yield Columns(self.take(t, frame))
        elif isinstance(t, Record):
            names = list(frame.columns)
            yield Columns(record(t, names, len(frame), lambda f: self.take(f.type, frame[f.name])))
        else:
            yield Columns(self.take(t, frame.iloc[:, list(frame.columns).index(only(t, list(frame.columns)))]))

    def take(self, t: Type, given: Any) -> Column:
        """A Series as a column."""
        return single(t, given, self.decoders)

    def one(self, columns: list[Column]) -> Any:
        name = self.frame.name if isinstance(self.frame, pd.Series) else "output"
        return pd.Series(_values(columns[0]), index=self.frame.index, name=name, copy=False)

    def table(self, columns: dict[str, list[Column]], length: int, aligned: bool) -> Any:
        index = self.frame.index if aligned else pd.RangeIndex(length)
        return pd.DataFrame({n: pd.Series(_values(c[0]), index=index, copy=False) for n, c in columns.items()}, index)


def single(t: Type, given: Any, decoders: TableDecoders) -> Column:
    """A Series as a column; what else pandas has as the array that it is."""
    given = given if isinstance(given, pd.Series) else pd.Series(given)
    dtype = given.dtype
    _, nullable = bare(t)
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(t, given, decoders)
    if isinstance(dtype, pd.ArrowDtype) or getattr(dtype, "storage", "") == "pyarrow":
        return _arrow(t, given, decoders)
    if isinstance(dtype, pd.DatetimeTZDtype):
        given = given.dt.tz_convert("UTC").dt.tz_localize(None)
    if isinstance(dtype, pd.SparseDtype):
        given = given.sparse.to_dense()
    missing = given.isna().to_numpy(bool)
    if not isinstance(given.dtype, np.dtype):
        return _extension(t, given, missing, decoders)
    values = given.to_numpy()
    if values.dtype == object:
        return objects(t, *_known(t, values, missing), decoders)
    valid = ~missing if (nullable or values.dtype.kind == "M") and missing.any() else None
    return column(t, values, valid, decoders)


def _known(t: Type, values: NDArray[Any], missing: Mask) -> tuple[NDArray[Any], Mask | None]:
    """Objects, with None for what pandas calls missing; NaN stays a number where null is not allowed."""
    inner, nullable = bare(t)
    if not missing.any():
        return values, None
    if nullable:
        return values, ~missing
    numbers = inner in (FLOAT, DOUBLE)
    made = values.copy()
    made[[i for i in np.flatnonzero(missing).tolist() if not (numbers and isinstance(values[i], float))]] = None
    return made, None


def _extension(t: Type, given: Any, missing: Mask, decoders: TableDecoders) -> Column:
    """Integers, floats and booleans with a mask; strings; and what has no NumPy type."""
    own = getattr(given.dtype, "numpy_dtype", None)
    if own is None or own.kind not in "biuf":
        values = given.to_numpy(object)
        return objects(t, values, ~missing if missing.any() else None, decoders)
    values = given.to_numpy(own, na_value=own.type(0))
    if own.kind == "f" and bare(t)[1]:
        missing = missing | np.isnan(values)
    return column(t, values, ~missing if missing.any() else None, decoders)


def _categories(t: Type, given: Any, decoders: TableDecoders) -> Column:
    """Categories by their positions; those that are no texts as objects."""
    words = given.cat.categories.tolist()
    inner, _ = bare(t)
    codes = given.cat.codes.to_numpy()
    valid = None if (codes >= 0).all() else codes >= 0
    if (isinstance(inner, Enum) or inner == STRING) and all(type(w) is str for w in words):
        return by_position(t, np.maximum(codes, 0), words, valid)
    return objects(t, given.astype(object).to_numpy(), valid, decoders)


def _arrow(t: Type, given: Any, decoders: TableDecoders) -> Column:
    arrow_columns, pa = import_module("pfa.data.arrow_columns"), import_module("pyarrow")  # pandas has imported it
    array = given.array.__arrow_array__()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    if bare(t)[1] and pa.types.is_floating(array.type):
        array = pa.compute.if_else(pa.compute.is_nan(array), pa.scalar(None, array.type), array)
    made: Column = arrow_columns.column(t, array, decoders)
    return made


def _values(c: Column) -> Any:
    """A column as an array of pandas: numbers that may be missing with a mask, enums as categories."""
    inner, _ = bare(c.type)
    if isinstance(c, Flat):
        return c.data if c.valid is None else _masked(c.data, ~c.valid)
    if isinstance(inner, Enum):
        codes = physical(c)
        assert isinstance(codes, Codes)
        places = codes.data if codes.valid is None else np.where(codes.valid, codes.data, -1)
        return pd.Categorical.from_codes(places, categories=list(codes.symbols))
    values = table_form(c)
    if inner == STRING and _MODERN:
        return pd.array(values, dtype="str")
    return object_array(values)


def _masked(data: NDArray[Any], mask: Mask) -> Any:
    if data.dtype.kind == "b":
        return pd.arrays.BooleanArray(data, mask)
    made = pd.arrays.FloatingArray if data.dtype.kind == "f" else pd.arrays.IntegerArray
    return made(data, mask)
