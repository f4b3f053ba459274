"""Where the arrays of input columns are, for the loop that reads them.

Place in the pipeline: `pfa.engine.kernel_scoring` binds the columns of a batch, before the loop is printed for their
layout (`pfa.targets.kernel.batch`).  Arrays that have the right type are used as they lie.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.data.columns import (
    Blobs,
    Codes,
    Column,
    Constant,
    Decode,
    Flat,
    Lists,
    Maps,
    Nulls,
    Objects,
    Records,
    Unions,
    bare,
    wrong_of,
)
from pfa.data.table_build import physical, refuse_recursive
from pfa.data.table_values import DTYPES
from pfa.errors import PfaDataError
from pfa.targets.kernel.batch_read import ENTRY, Source
from pfa.types import Enum, Type

if TYPE_CHECKING:
    from pfa.targets.kernel.host import KernelCode

_CODES = {"?": "i1", "i4": "i4", "i8": "i8", "f4": "f4", "f8": "f8", "b1": "i1"}


class NoArrays(Exception):
    """A column that compiled code cannot read."""


@dataclass(slots=True)
class Taken:
    """Python objects that compiled code reads; what it does not take the host decodes."""

    place: int  # of the slot that the host gives
    type: Type
    decode: Decode
    values: list[Any]
    path: tuple[str, ...]  # of fields

    def host(self, row: int) -> Any:
        """The host value of a row; PfaDataError where it has not the type."""
        try:
            return self.decode(self.values[row])
        except PfaDataError as error:
            wrong = wrong_of(error)
            for name in reversed(self.path):
                wrong = wrong.under(name)
            raise wrong.error() from None


@dataclass(slots=True)
class Bound:
    """The arrays of columns, in the order in which the batch function asks for them."""

    code: KernelCode
    arrays: list[int] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)  # what must live as long as the loop runs
    objects: list[Taken] = field(default_factory=list)

    def source(self, column: Column, path: tuple[str, ...] = ()) -> Source:
        """The layout of a column; NoArrays where it has none that compiled code reads."""
        t, nullable = bare(column.type)
        masked = column.valid is not None and nullable and not isinstance(column, Unions | Nulls | Objects | Constant)
        if masked:
            self.array(column.valid, "u1")
        match column:
            case Constant(value=value):
                self.arrays.append(self.code.fixed(column.type, value))
                return Source("constant", column.type)
            case Nulls():
                return Source("nulls", column.type)
            case Objects():
                return self.taken(column, path)
            case Flat(data=data) if t in DTYPES:
                self.array(data, DTYPES[t])
                return Source("flat", t, _CODES[np.dtype(DTYPES[t]).str[1:]], nullable, masked)
            case Codes(data=data, symbols=symbols):
                form = "codes" if isinstance(t, Enum) else "words"
                self.array(_positions(t, symbols) if isinstance(t, Enum) else self.entries(symbols), "i8")
                self.array(data, "i4")
                return Source(form, t, "i4", nullable, masked)
            case Blobs(offsets=offsets, data=data):
                self.array(offsets, offsets.dtype)
                self.array(data if len(data) else np.zeros(1, "u1"), "u1")
                used = data[offsets[0] : offsets[-1]]
                plain = not len(used) or int(used.max()) < 128
                return Source("blobs", t, offsets.dtype.str[1:], nullable, masked, plain=plain)
            case Lists(offsets=offsets, items=items):
                self.array(offsets, offsets.dtype)
                return Source("lists", t, offsets.dtype.str[1:], nullable, masked, (self.source(items),))
            case Maps(offsets=offsets, keys=keys, items=items):
                self.array(offsets, offsets.dtype)
                inside = (self.source(keys), self.source(items))
                return Source("maps", t, offsets.dtype.str[1:], nullable, masked, inside)
            case Records(fields=fields):
                parts = tuple(self.source(c, (*path, n)) for n, c in fields.items())
                return Source("record", t, "", nullable, masked, parts)
            case Unions(tags=tags, places=places, branches=branches):
                self.array(tags, "i1")
                self.array(places, "i4")
                return Source("unions", column.type, inside=tuple(map(self.source, branches)))
            case _:
                raise NoArrays

    def taken(self, column: Objects, path: tuple[str, ...]) -> Source:
        """Python objects, which are held as long as the loop runs, and the place of a slot that the host gives."""
        values = column.given.tolist() if isinstance(column.given, np.ndarray) else list(column.given)
        if column.valid is not None:
            values = [v if ok else None for v, ok in zip(values, column.valid.tolist(), strict=True)]
        held = np.fromiter(values, object, len(values))
        self.kept.append(held)
        self.arrays += [held.ctypes.data, 0]
        self.objects.append(Taken(len(self.arrays) - 1, column.type, column.decode, values, path))
        return Source("object", column.type, self.code.emitted.takes[column.type])

    def array(self, data: Any, dtype: Any) -> None:
        """An array's address."""
        whole = np.ascontiguousarray(data, dtype)
        self.kept.append(whole)
        self.arrays.append(whole.ctypes.data)

    def entries(self, words: tuple[str, ...]) -> Any:
        """Where the texts of a dictionary lie: address, bytes and characters of each."""
        texts = [w.encode("utf-8", "surrogatepass") for w in words]
        data = np.frombuffer(b"".join(texts) or b"\0", "u1")
        self.kept.append(data)
        made = np.zeros((max(1, len(words)), ENTRY // 8), "i8")
        sizes = np.fromiter(map(len, texts), "i8", len(texts))
        made[: len(words), 0] = data.ctypes.data + np.cumsum(sizes) - sizes
        made[: len(words), 1] = sizes
        made[: len(words), 2] = np.fromiter(map(len, words), "i8", len(words))
        return made


def _positions(t: Enum, symbols: tuple[str, ...]) -> Any:
    places = {s: i for i, s in enumerate(t.symbols)}
    return np.array([places.get(s, 0) for s in symbols] or [0], "i8")


def ready(column: Column, code: KernelCode, rows: bool = True) -> Column:
    """The same column with no Python values in it but those that compiled code reads, in columns of all `rows`.

    NoArrays for a record that holds itself.
    """
    match column:
        case Objects(type=t) if rows and code.takes and t in code.emitted.takes:
            return column
        case Objects(type=t):
            return _built(column, t)
        case Lists(items=items):
            return replace(column, items=ready(items, code, False))
        case Maps(keys=keys, items=items):
            return replace(column, keys=ready(keys, code, False), items=ready(items, code, False))
        case Records(fields=fields):
            whole = rows and not bare(column.type)[1]
            return replace(column, fields={n: ready(c, code, whole) for n, c in fields.items()})
        case Unions(branches=branches):
            return replace(column, branches=tuple(ready(b, code, False) for b in branches))
        case _:
            return column


def _built(column: Objects, t: Type) -> Column:
    try:
        refuse_recursive(t)
    except PfaDataError:
        raise NoArrays from None
    made = physical(column)
    if made.valid is None and column.valid is not None and bare(t)[1]:
        made.valid = column.valid
    return made
