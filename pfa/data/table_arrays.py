"""NumPy arrays as columns and columns as NumPy arrays.

Place in the pipeline: a kind of table (`tables` says which there are), and what the other kinds use where their
columns are NumPy's.  An array that has the field's own type is used in place; another is converted as a whole:
integers widen to float and double as Avro promotes them, and a value that does not fit makes its row wrong.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.check.embedded import describe
from pfa.data.columns import Bad, Blobs, Codes, Column, Columns, Flat, Lists, Nulls, Wrong, bare, joined
from pfa.data.table_values import (
    DTYPES,
    LIBRARIES,
    Mistyped,
    library_of,
    objects,
    only,
    record,
    table_form,
    validity,
)
from pfa.errors import PfaDataError
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, NULL, Array, Enum, Fixed, Record, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pfa.data.columns import Mask
    from pfa.data.table_values import TableDecoders

_FOUND = {
    "b": "booleans", "i": "integers", "u": "unsigned integers", "f": "floats", "c": "complex numbers", "U": "strings",
    "T": "strings", "S": "bytes", "V": "raw bytes", "M": "dates", "m": "durations",
}  # fmt: skip
_DATES = {"D": (INT, LONG), "ms": (LONG,), "us": (LONG,), "ns": (LONG,)}
TAKES: dict[Type, str] = {BOOLEAN: "b", INT: "iu", LONG: "iu", FLOAT: "iuf", DOUBLE: "iuf"}


def column(t: Type, given: NDArray[Any], valid: Mask | None, decoders: TableDecoders) -> Column:
    """An array (a row for each element of its first axis) as a column; Mistyped where it is of another type."""
    inner, _ = bare(t)
    if given.dtype.names is not None and given.ndim == 1:
        return _structured(t, given, valid, decoders)
    if given.ndim > 1:
        return _nested(t, given, valid, decoders)
    if given.ndim == 0:
        raise Mistyped(t, "a single value", "; put it into a list")
    if given.dtype.kind == "M":
        given, valid = _dates(t, given, valid)
    if inner in TAKES and given.dtype.kind in _FOUND:
        return flat(t, given, valid, decoders.cast)
    if given.dtype.kind in "cmV" or given.dtype.names is not None:
        raise mistyped(t, given, decoders.cast)
    if given.dtype.kind == "S" and isinstance(inner, Fixed) and given.dtype.itemsize == inner.size:
        return _fixed(t, given, valid)
    return objects(t, given, valid, decoders)


def _fixed(t: Type, given: NDArray[Any], valid: Mask | None) -> Column:
    """Bytes of one size, zeros at their ends too, which NumPy leaves out of its own values."""
    size, length = given.dtype.itemsize, len(given)
    data = np.frombuffer(given.tobytes(), "u1")
    valid, missing = validity(t, valid)
    offsets = np.arange(length + 1, dtype="i8") * size
    return Blobs(type=t, length=length, valid=valid, bad=missing, offsets=offsets, data=data, text=False)


def flat(t: Type, given: NDArray[Any], valid: Mask | None, cast: str) -> Column:
    """A column of booleans or numbers."""
    inner, _ = bare(t)
    if given.dtype.kind not in TAKES[inner] or (given.dtype.kind == "f" and given.dtype.itemsize > 8):
        raise mistyped(t, given, cast)
    data, bad = _converted(inner, given)
    valid, missing = validity(t, valid)
    if bad is not None:
        bad = bad.within(valid)
    return Flat(type=t, length=len(given), valid=valid, bad=joined(missing, bad), data=np.ascontiguousarray(data))


def mistyped(t: Type, given: NDArray[Any], cast: str) -> Mistyped:
    """What is wrong with an array, and what to do."""
    kind = given.dtype.kind
    found = _FOUND.get(kind, f"an array of {given.dtype}")
    inner, nullable = bare(t)
    hint = ""
    if inner in DTYPES and kind in "biufUTS":
        hint = f"; convert it with {cast.format(_name(inner, nullable, cast))}"
    return Mistyped(t, f"{found} ({given.dtype})" if kind in "iufc" else found, hint)


def _name(t: Type, nullable: bool, cast: str) -> str:
    """A type's name in the caller's library."""
    name = np.dtype(DTYPES[t]).name
    if "pl." in cast:
        return "Boolean" if name == "bool" else name.capitalize()
    if "pa." in cast:
        return "bool_" if name == "bool" else name
    return name.capitalize() if nullable and t in (INT, LONG) else name  # pandas has integers that may be missing


_LIMITS: dict[Type, int] = {INT: 31, LONG: 63}


def _converted(t: Type, given: NDArray[Any]) -> tuple[NDArray[Any], Bad | None]:
    """The array in the type's own form, and the rows that do not fit into it."""
    want = np.dtype(DTYPES[t])
    if given.dtype == want:
        return given, None
    bad = None
    if t in _LIMITS and given.dtype.itemsize >= want.itemsize:
        bad = _too_large(t, given)
    if t == FLOAT and given.dtype.kind in "iu":
        given = given.astype("f8")  # in two steps, as a datum is
    with np.errstate(over="ignore"):
        return given.astype(want), bad


def _too_large(t: Type, given: NDArray[Any]) -> Bad | None:
    high = (1 << _LIMITS[t]) - 1
    outside = given > high
    if given.dtype.kind == "i":
        outside |= given < -high - 1
    rows = np.flatnonzero(outside)
    return Bad(rows, lambda _: Wrong(str(t), "an integer", f" that does not fit into {t}")) if len(rows) else None


def _dates(t: Type, given: NDArray[Any], valid: Mask | None) -> tuple[NDArray[Any], Mask | None]:
    """Dates as Avro's logical types are made: a day is an int, a moment a long in its own unit; NaT is missing."""
    unit, count = np.datetime_data(given.dtype)
    inner, _ = bare(t)
    if inner not in _DATES.get(unit, ()) or count != 1:
        to = "days, milliseconds, microseconds or nanoseconds" if inner == LONG else "days"
        hint = f'; {t} takes {to}' if inner in (INT, LONG) else "; convert it to what the document wants"
        raise Mistyped(t, f"dates ({given.dtype})", hint)
    missing = np.isnat(given)
    if missing.any():
        valid = ~missing if valid is None else valid & ~missing
    return given.view("i8"), valid


def _nested(t: Type, given: NDArray[Any], valid: Mask | None, decoders: TableDecoders) -> Column:
    """An array of several axes: each row is an array."""
    inner, _ = bare(t)
    if not isinstance(inner, Array):
        named = "; give each column a name, in a dict, a structured array or a table"
        hint = named if isinstance(inner, Record) else ""
        raise Mistyped(t, f"an array of {given.ndim} axes", hint)
    length, width = given.shape[:2]
    shape = (length * width, *given.shape[2:])
    present = None if valid is None else valid.reshape(shape) if valid.ndim > 1 else None
    items = column(inner.items, given.reshape(shape), present, decoders)
    offsets = np.arange(length + 1, dtype="i8") * width
    own, missing = validity(t, valid if valid is not None and valid.ndim == 1 else None)
    if own is None and bare(t)[1]:
        own = np.ones(length, bool)
    return Lists(type=t, length=length, valid=own, bad=missing, offsets=offsets, items=items)


def _structured(t: Type, given: NDArray[Any], valid: Any, decoders: TableDecoders) -> Column:
    inner, nullable = bare(t)
    if not isinstance(inner, Record):
        raise Mistyped(t, "a structured array")
    own = None if valid is None or valid.dtype.names is not None else valid
    names = given.dtype.names or ()
    made = record(
        inner, names, len(given),
        lambda f: column(f.type, given[f.name], valid[f.name] if own is None and valid is not None else None, decoders),
    )  # fmt: skip
    made.type = t
    made.valid, made.bad = validity(t, own)
    if nullable and made.valid is None:
        made.valid = np.ones(len(given), bool)
    return made


def masked(given: Any) -> tuple[NDArray[Any], Mask | None]:
    """An array and which of its elements are there (None: all of them)."""
    if isinstance(given, np.ma.MaskedArray):
        mask: Any = np.ma.getmask(given)
        if mask is np.ma.nomask:
            return given.data, None
        return given.data, _inverted(mask)
    return np.asarray(given), None


def _inverted(mask: NDArray[Any]) -> NDArray[Any]:
    if mask.dtype.names is None:
        return ~mask
    made = np.empty(mask.shape, mask.dtype)
    for name in mask.dtype.names:
        made[name] = _inverted(mask[name])
    return made


def by_position(t: Type, codes: NDArray[Any], words: list[str], valid: Mask | None) -> Column:
    """Positions in a list of texts as a column of an enum, whatever the list's order, or of strings."""
    inner, _ = bare(t)
    bad = None
    if isinstance(inner, Enum):
        place = {s: i for i, s in enumerate(inner.symbols)}
        known = np.array([place.get(w, -1) for w in words] or [-1], "i4")
        codes, words = known[codes], list(inner.symbols)
        rows = np.flatnonzero(codes < 0)
        bad = Bad(rows, lambda _: Wrong(describe(inner), "a string")) if len(rows) else None
    data = np.maximum(codes, 0).astype("i4", copy=False)
    own, missing = validity(t, valid)
    bad = joined(missing, bad and bad.within(valid))
    return Codes(type=t, length=len(codes), valid=own, bad=bad, data=data, symbols=tuple(words) or ("",))


# --- out -------------------------------------------------------------------------------------------------------


def array(column: Column) -> NDArray[Any]:
    """A column as an array: a masked one where rows may be missing, one of objects for what NumPy has no type for."""
    if isinstance(column, Flat):
        return column.data if column.valid is None else np.ma.array(column.data, mask=~column.valid)
    made = object_array(table_form(column))
    if column.valid is None or isinstance(column, Nulls) or column.type == NULL:
        return made
    return np.ma.array(made, mask=~column.valid)


def object_array(values: Sequence[Any]) -> NDArray[Any]:
    """Python values as an array of objects; NumPy does not look into lists."""
    return np.fromiter(values, object, len(values))


# --- kinds of table --------------------------------------------------------------------------------------------


class Arrays:
    """A dict of arrays and lists; outputs are arrays, a table is a dict of them."""

    def __init__(self, given: Mapping[str, Any], decoders: TableDecoders) -> None:
        self.given = given
        self.decoders = decoders

    def batches(self, t: Type) -> Iterator[Columns]:
        lengths = {len(v) for v in self.given.values() if hasattr(v, "__len__")}
        if len(lengths) > 1:
            raise PfaDataError(f"the columns have different lengths: {', '.join(map(str, sorted(lengths)))}")
        length = lengths.pop() if lengths else 0
        if isinstance(t, Record):
            yield Columns(record(t, list(self.given), length, lambda f: self.take(f.type, self.given[f.name])))
        else:
            yield Columns(self.take(t, self.given[only(t, list(self.given))]))

    def refuse(self, output: Type) -> None:
        """Arrays hold objects of any type."""

    def take(self, t: Type, given: Any) -> Column:
        return any_column(t, given, self.decoders)

    def one(self, columns: list[Column]) -> Any:
        return array(columns[0])

    def table(self, columns: dict[str, list[Column]], length: int, aligned: bool) -> Any:
        return {name: array(parts[0]) for name, parts in columns.items()}


class OneArray(Arrays):
    """An array: of data that are no records, or a structured one."""

    def __init__(self, given: NDArray[Any], decoders: TableDecoders) -> None:
        super().__init__({}, decoders)
        self.array = given

    def batches(self, t: Type) -> Iterator[Columns]:
        yield Columns(self.take(t, self.array))

    def table(self, columns: dict[str, list[Column]], length: int, aligned: bool) -> Any:
        if self.array.dtype.names is None:
            return super().table(columns, length, aligned)
        arrays = {name: array(parts[0]) for name, parts in columns.items()}
        made: NDArray[Any] = np.empty(length, [(name, a.dtype) for name, a in arrays.items()])
        if any(isinstance(a, np.ma.MaskedArray) for a in arrays.values()):
            made = np.ma.array(made, mask=np.zeros(length, np.ma.make_mask_descr(made.dtype)))
        for name, a in arrays.items():
            made[name] = a
        return made


class Listed(Arrays):
    """A list of data, which gives a list of outputs: records are dicts."""

    def __init__(self, given: Sequence[Any], decoders: TableDecoders) -> None:
        super().__init__({}, decoders)
        self.list = given if isinstance(given, list) else list(given)

    def batches(self, t: Type) -> Iterator[Columns]:
        yield Columns(objects(t, self.list, None, self.decoders))

    def one(self, columns: list[Column]) -> Any:
        made = table_form(columns[0])
        valid = columns[0].valid
        return made if valid is None else [v if ok else None for v, ok in zip(made, valid.tolist(), strict=True)]

    def table(self, columns: dict[str, list[Column]], length: int, aligned: bool) -> Any:
        lists = {name: self.one(parts) for name, parts in columns.items()}
        return [{name: values[i] for name, values in lists.items()} for i in range(length)]


def any_column(t: Type, given: Any, decoders: TableDecoders) -> Column:
    """What a dict of columns may hold: an array, a masked one, a list, or what NumPy takes as an array."""
    if isinstance(given, list | tuple | range):
        return objects(t, given, None, decoders)
    if (library := library_of(given)) in LIBRARIES:
        made: Column = import_module(LIBRARIES[library]).single(t, given, decoders)
        return made
    if not isinstance(given, np.ndarray) and not hasattr(given, "__array__"):
        kind = type(given).__name__
        raise PfaDataError(f"a column is an array or a list, not an object of class {kind}; give a list of one value")
    return column(t, *masked(given), decoders)
