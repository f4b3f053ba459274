"""Physical columns of Python values: arrays of numbers, offsets and bytes, columns of what is inside.

Place in the pipeline: between outputs of a backend that gives Python values and a table that is made of arrays
(Arrow); and between objects that a caller gave and a backend that wants arrays.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from pfa.data.columns import (
    Bad,
    Blobs,
    Codes,
    Column,
    Constant,
    Flat,
    Lists,
    Maps,
    Nulls,
    Objects,
    Records,
    Unions,
    Values,
    Wrong,
    bare,
    flatten,
    joined,
)
from pfa.data.table_values import DTYPES, TableEncoders
from pfa.errors import PfaDataError
from pfa.types import NULL, STRING, Array, Enum, Fixed, Map, Prim, Record, Type, Union


def physical(column: Column) -> Column:
    """The same column with no Python values in it; PfaDataError where its type has no arrays (a recursive record)."""
    match column:
        case Values(type=t, made=made):
            refuse_recursive(t)
            return build(t, made)
        case Objects() | Constant():
            refuse_recursive(column.type)
            wrong: dict[int, Wrong] = {}
            values = column.host(0, column.length, wrong)
            encode = TableEncoders().of(column.type) or _same
            made = [None if v is None or row in wrong else encode(v) for row, v in enumerate(values)]
            built = build(column.type, made)
            rows = np.array(sorted(wrong), "i8")
            built.bad = joined(Bad(rows, wrong.__getitem__) if wrong else None, column.bad)
            return built
        case Records(fields=fields):
            column.fields = {name: physical(c) for name, c in fields.items()}
            return column
        case _:
            return column


def _same(value: Any) -> Any:
    return value


def refuse_recursive(t: Type) -> None:
    """PfaDataError for a record that holds itself: no column of arrays does."""
    _refuse(t, ())


def _refuse(t: Type, above: tuple[str, ...]) -> None:
    match t:
        case Record(name):
            if name in above:
                raise PfaDataError(
                    f"record {name} holds itself, and columns of arrays cannot; use a table of objects (pandas, a dict"
                    f" of lists) or the formats avro and jsonl"
                )
            for f in t.fields:
                _refuse(f.type, (*above, name))
        case Array(inner) | Map(inner):
            _refuse(inner, above)
        case Union(branches):
            for b in branches:
                _refuse(b, above)
        case _:
            pass


def build(t: Type, values: list[Any], *, inside: bool = False) -> Column:
    """A column of values in the form of tables; None is missing, whatever the type.

    `inside` of something that is missing itself, None is anything where the type has no null.
    """
    inner, nullable = bare(t)
    valid = None
    if nullable or (not inside and None in values):
        valid = np.fromiter((v is not None for v in values), bool, len(values))
    made = _build(inner, values, inside)
    made.type = t
    if not isinstance(made, Nulls | Unions):
        made.valid = valid
    return made


def _build(t: Type, values: list[Any], inside: bool) -> Column:
    length = len(values)
    match t:
        case _ if t == NULL:
            return Nulls(type=t, length=length)
        case _ if t in DTYPES:
            data = np.array([0 if v is None else v for v in values], DTYPES[t])
            return Flat(type=t, length=length, data=data)
        case Prim() | Fixed():
            return _blobs(t, values)
        case Enum(_, symbols):
            place = {s: i for i, s in enumerate(symbols)}
            codes = np.fromiter((0 if v is None else place[v] for v in values), "i4", length)
            return Codes(type=t, length=length, data=codes, symbols=symbols)
        case Array(items):
            listed = build(items, flatten(values), inside=True)
            return Lists(type=t, length=length, offsets=_offsets(values), items=listed)
        case Map(items):
            keys = build(STRING, flatten(values), inside=True)
            made = build(items, [x for v in values if v is not None for x in v.values()], inside=True)
            return Maps(type=t, length=length, offsets=_offsets(values), keys=keys, items=made)
        case Record():
            nothing = dict.fromkeys(t.by_name)
            rows = [nothing if v is None else v for v in values]
            fields = {f.name: build(f.type, [v[f.name] for v in rows], inside=True) for f in t.fields}
            return Records(type=t, length=length, fields=fields)
        case Union():
            return _union(t, values, inside)
        case _:
            raise PfaDataError(f"{t} has no column")


def _offsets(values: list[Any]) -> np.ndarray[Any, Any]:
    counts = accumulate((0 if v is None else len(v) for v in values), initial=0)
    return np.fromiter(counts, "i8", len(values) + 1)


def _blobs(t: Type, values: list[Any]) -> Blobs:
    text = t == STRING
    parts = [b"" if v is None else v.encode() if text else v for v in values]
    if isinstance(t, Fixed):
        parts = [bytes(t.size) if v is None else v for v in values]
    data = np.frombuffer(b"".join(parts), "u1")
    return Blobs(type=t, length=len(values), offsets=_offsets(parts), data=data, text=text)


def _union(t: Union, values: list[Any], inside: bool) -> Unions:
    """Tagged values; one that is missing is null, or where the union has none the first branch's nothing."""
    place = {b.tag: i for i, b in enumerate(t.branches)}
    children: list[list[Any]] = [[] for _ in t.branches]
    nothing = place.get("null", 0)
    tags, places = [], []
    for v in values:
        i, held = nothing, None
        if v is not None:
            [(tag, held)] = v.items()
            i = place[tag]
        tags.append(i)
        places.append(len(children[i]))
        children[i].append(held)
    branches = tuple(build(b, child, inside=inside) for b, child in zip(t.branches, children, strict=True))
    return Unions(
        type=t, length=len(values), tags=np.array(tags, "i1"), places=np.array(places, "i4"), branches=branches
    )
