"""Columns of outputs as text, the very text that a writer makes of them one by one.

Place in the pipeline: under the writers of `jsonl` and `csv`, for actions on columns (`pfa.targets.vector`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, NULL, Type, branches

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: dict[Type, str] = {BOOLEAN: "?", INT: "i8", LONG: "i8", FLOAT: "f8", DOUBLE: "f8"}


def settled(column: Any, t: Type, count: int) -> Any:
    """An array of what is a number or a boolean, else a list; a constant as often as there are rows."""
    if column.__class__ in (list, tuple):
        return column
    if t not in KINDS:
        return [column] * count
    import numpy

    if column.__class__ is numpy.ndarray and column.shape == (count,) and column.dtype == KINDS[t]:
        return column
    return numpy.ascontiguousarray(numpy.broadcast_to(numpy.asarray(column, KINDS[t]), (count,)))


def json_cells(column: Any, t: Type) -> list[bytes] | None:
    """Each value as JSON; None where a number is not finite, which JSON has no number for."""
    if hasattr(column, "dtype"):
        import numpy

        if t in (FLOAT, DOUBLE) and not numpy.isfinite(column).all():
            return None
        return orjson.dumps(column, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    if {NULL, *KINDS}.issuperset(branches(t)):
        return orjson.dumps(column)[1:-1].split(b",")
    return list(map(orjson.dumps, column))


def json_lines(column: Any, t: Type) -> bytes | None:
    """Each value as a line of JSON."""
    if not hasattr(column, "dtype"):
        cells = json_cells(column, t)
        return None if cells is None else b"\n".join(cells) + b"\n"
    import numpy

    if t in (FLOAT, DOUBLE) and not numpy.isfinite(column).all():
        return None
    return orjson.dumps(column, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].replace(b",", b"\n") + b"\n"


def rows_of(columns: dict[str, Any]) -> Iterator[Any]:
    """The rows one by one, as a writer takes them."""
    lists = [c.tolist() if hasattr(c, "dtype") else c for c in columns.values()]
    if "" in columns:
        return iter(lists[0])
    names = list(columns)
    return (dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True))
