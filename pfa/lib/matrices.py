"""Matrices as arrays of rows, and as maps of maps in which what is missing is zero: shapes and conversions.

Rows may be one list many times over, so elements are charged for before anything looks at them all.
"""

from __future__ import annotations

from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING, Any

from pfa.types import Array, Map, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sized

    from pfa.lib.define import Charge, Fail, Site

Matrix = list[list[float]]
SparseMatrix = dict[str, dict[str, float]]


def is_map(site: Site) -> bool:
    return isinstance(site.params[0], Map)


def is_matrix(t: Type) -> bool:
    inner = t.items if isinstance(t, Array) else t.values if isinstance(t, Map) else None
    return isinstance(inner, Array | Map)


def union_of(maps: Iterable[dict[str, Any]]) -> list[str]:
    """All keys, in the order in which they are first met."""
    return list(dict.fromkeys(chain.from_iterable(maps)))


def charge_elements(rows: Iterable[Sized], charge: Charge) -> None:
    charge(sum(map(len, rows)))


def dense(x: SparseMatrix, rows: list[str], cols: list[str]) -> Matrix:
    return [[row.get(c, 0.0) for c in cols] for row in (x.get(r, {}) for r in rows)]


def square(x: SparseMatrix, fail: Fail, charge: Charge) -> tuple[list[str], Matrix]:
    """A sparse matrix whose rows and columns have the same keys: all that are in it."""
    if not any(x.values()):
        fail("too few rows/cols")
    charge_elements(x.values(), charge)
    keys = union_of([x, *x.values()])
    charge(len(keys) ** 2)
    return keys, dense(x, keys, keys)


def check_shape(x: Matrix, fail: Fail) -> None:
    """At least one row and one column, and all rows of one length."""
    if not x or not x[0]:
        fail("too few rows/cols")
    width = len(x[0])
    if any(len(row) != width for row in x):
        fail("ragged columns")


def check_square(x: Matrix, fail: Fail) -> None:
    check_shape(x, fail)
    if len(x) != len(x[0]):
        fail("non-square matrix")


def all_finite(rows: Iterable[Iterable[float]]) -> bool:
    return all(map(isfinite, chain.from_iterable(rows)))
