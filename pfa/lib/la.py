"""la.*: vectors and matrices, dense as arrays and sparse as maps, where what is missing is zero.

Sums of products go from left to right, also where NumPy makes many of them at once; LAPACK is used for what has
no such order: inverses, eigenvectors and determinants of larger matrices.  Rows may be one list many times over,
so elements are charged for before anything looks at them all.
"""

from __future__ import annotations

from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.primitives import NAN, divide, sqrt
from pfa.types import Array, Map, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sized

Matrix = list[list[float]]
SparseMatrix = dict[str, dict[str, float]]
SMALL = 6  # up to this size plain Python inverts faster than NumPy
EXACT = 8  # up to this size determinants are computed in integers, hence to the last digit
MANY = 1000  # multiplications from which NumPy is worth the copying


def _is_map(site: Site) -> bool:
    return isinstance(site.params[0], Map)


def _is_matrix(t: Type) -> bool:
    inner = t.items if isinstance(t, Array) else t.values if isinstance(t, Map) else None
    return isinstance(inner, Array | Map)


def _union(maps: Iterable[dict[str, Any]]) -> list[str]:
    """All keys, in the order in which they are first met."""
    return list(dict.fromkeys(chain.from_iterable(maps)))


def _charge_elements(rows: Iterable[Sized], charge: Charge) -> None:
    charge(sum(map(len, rows)))


def _dense(x: SparseMatrix, rows: list[str], cols: list[str]) -> Matrix:
    return [[row.get(c, 0.0) for c in cols] for row in (x.get(r, {}) for r in rows)]


def _square(x: SparseMatrix, fail: Fail, charge: Charge) -> tuple[list[str], Matrix]:
    """A sparse matrix whose rows and columns have the same keys: all that are in it."""
    if not any(x.values()):
        fail("too few rows/cols")
    _charge_elements(x.values(), charge)
    keys = _union([x, *x.values()])
    charge(len(keys) ** 2)
    return keys, _dense(x, keys, keys)


def _check_shape(x: Matrix, fail: Fail) -> None:
    """At least one row and one column, and all rows of one length."""
    if not x or not x[0]:
        fail("too few rows/cols")
    width = len(x[0])
    if any(len(row) != width for row in x):
        fail("ragged columns")


def _check_square(x: Matrix, fail: Fail) -> None:
    _check_shape(x, fail)
    if len(x) != len(x[0]):
        fail("non-square matrix")


def _all_finite(rows: Iterable[Iterable[float]]) -> bool:
    return all(map(isfinite, chain.from_iterable(rows)))


# ---- element by element ------------------------------------------------------------------------------------------


@define(
    "la.map",
    "(x: array(array(double)), fcn: fcn(double) -> double) -> array(array(double))",
    "(x: map(map(double)), fcn: fcn(double) -> double) -> map(map(double))",
)
def map_(x: Any, fcn: Callable[[float], float], *, site: Site, charge: Charge) -> Any:
    """Return a matrix with the results of `fcn` for every element of `x`.

    la.map([[1.0, 4.0], [9.0, 16.0]], {"fcn": "m.sqrt"}) -> [[1.0, 2.0], [3.0, 4.0]]
    la.map({"a": {"b": 4.0}}, {"fcn": "m.sqrt"}) -> {"a": {"b": 2.0}}
    """
    if _is_map(site):
        return {k: _each(row, True, fcn, charge) for k, row in x.items()}
    return [_each(row, False, fcn, charge) for row in x]


def _each(x: Any, is_map: bool, fcn: Callable[[float], float], charge: Charge) -> Any:
    charge(len(x) + 1)
    return {k: fcn(v) for k, v in x.items()} if is_map else [fcn(v) for v in x]


@define(
    "la.scale",
    "(x: array(double), alpha: double) -> array(double)",
    "(x: array(array(double)), alpha: double) -> array(array(double))",
    "(x: map(double), alpha: double) -> map(double)",
    "(x: map(map(double)), alpha: double) -> map(map(double))",
)
def scale(x: Any, alpha: float, *, site: Site, charge: Charge) -> Any:
    """Return the vector or matrix `x` with every element multiplied by `alpha`.

    la.scale([1.0, 2.0, 3.0], 10.0) -> [10.0, 20.0, 30.0]
    la.scale([[1.0, 2.0], [3.0, 4.0]], 10.0) -> [[10.0, 20.0], [30.0, 40.0]]
    la.scale({"a": 1.0, "b": 2.0}, 10.0) -> {"a": 10.0, "b": 20.0}
    """
    if _is_matrix(site.params[0]):
        return map_(x, lambda v: v * alpha, site=site, charge=charge)
    return _each(x, _is_map(site), lambda v: v * alpha, charge)


@define(
    "la.zipmap",
    "(x: array(array(double)), y: array(array(double)), fcn: fcn(double, double) -> double) -> array(array(double))",
    "(x: map(map(double)), y: map(map(double)), fcn: fcn(double, double) -> double) -> map(map(double))",
    errors={"misaligned matrices": 24020},
)
def zipmap(
    x: Any, y: Any, fcn: Callable[[float, float], float], *, fail: Fail, site: Site, charge: Charge
) -> Any:
    """Return a matrix with the results of `fcn` for the pairs of elements of `x` and `y`.

    Arrays must have the same shape.  Of maps, what is missing is zero: the result has every row and every column
    that is in one of them.

    la.zipmap([[1.0, 5.0]], [[3.0, 4.0]], {"fcn": "m.atan2"}) -> [[0.32175055439664224, 0.8960553845713439]]
    la.zipmap({"a": {"c": 1.0}}, {"b": {"d": 2.0}}, {"params": [{"p": "double"}, {"q": "double"}], "ret": "double", "do": {"+": ["p", "q"]}}) -> {"a": {"c": 1.0, "d": 0.0}, "b": {"c": 0.0, "d": 2.0}}
    la.zipmap([[1.0, 2.0]], [[1.0]], {"params": [{"p": "double"}, {"q": "double"}], "ret": "double", "do": {"+": ["p", "q"]}}) -> error 24020
    """
    return _pairs(x, y, fcn, fail, site, charge)


def _pairs(
    x: Any, y: Any, fcn: Callable[[float, float], float], fail: Fail, site: Site, charge: Charge
) -> Any:
    pair = _pair_sparse if _is_map(site) else _pair_dense
    return pair(x, y, _is_matrix(site.params[0]), fcn, fail, charge)


def _pair_dense(
    x: Any, y: Any, matrix: bool, fcn: Callable[[float, float], float], fail: Fail, charge: Charge
) -> Any:
    charge(len(x))
    if len(x) != len(y) or (matrix and list(map(len, x)) != list(map(len, y))):
        fail("misaligned matrices")
    pairs = zip(x, y, strict=True)
    if matrix:
        return [_pair_dense(row, other, False, fcn, fail, charge) for row, other in pairs]
    return [fcn(v, w) for v, w in pairs]


def _pair_sparse(
    x: Any, y: Any, matrix: bool, fcn: Callable[[float, float], float], _fail: Fail, charge: Charge
) -> Any:
    charge(len(x) + len(y))
    keys = _union((x, y))
    if not matrix:
        return {k: fcn(x.get(k, 0.0), y.get(k, 0.0)) for k in keys}
    _charge_elements([*x.values(), *y.values()], charge)
    cols = _union([*x.values(), *y.values()])
    charge(len(keys) * len(cols))
    rows = ((k, x.get(k, {}), y.get(k, {})) for k in keys)
    return {k: {c: fcn(row.get(c, 0.0), other.get(c, 0.0)) for c in cols} for k, row, other in rows}


@define(
    "la.add",
    "(x: array(double), y: array(double)) -> array(double)",
    "(x: array(array(double)), y: array(array(double))) -> array(array(double))",
    "(x: map(double), y: map(double)) -> map(double)",
    "(x: map(map(double)), y: map(map(double))) -> map(map(double))",
    errors={"misaligned matrices": 24030},
)
def add(x: Any, y: Any, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the sum of two vectors or matrices.

    Arrays must have the same shape.  Of maps, what is missing is zero: the result has every row and every column
    that is in one of them.

    la.add([1.0, 2.0], [10.0, 20.0]) -> [11.0, 22.0]
    la.add([[1.0, 2.0]], [[10.0, 20.0]]) -> [[11.0, 22.0]]
    la.add({"a": 1.0}, {"a": 10.0, "b": 20.0}) -> {"a": 11.0, "b": 20.0}
    la.add([1.0, 2.0], [10.0]) -> error 24030
    """
    return _pairs(x, y, lambda v, w: v + w, fail, site, charge)


@define(
    "la.sub",
    "(x: array(double), y: array(double)) -> array(double)",
    "(x: array(array(double)), y: array(array(double))) -> array(array(double))",
    "(x: map(double), y: map(double)) -> map(double)",
    "(x: map(map(double)), y: map(map(double))) -> map(map(double))",
    errors={"misaligned matrices": 24040},
)
def sub(x: Any, y: Any, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the difference `x` - `y` of two vectors or matrices.

    Arrays must have the same shape.  Of maps, what is missing is zero: the result has every row and every column
    that is in one of them.

    la.sub([11.0, 22.0], [10.0, 20.0]) -> [1.0, 2.0]
    la.sub([[11.0, 22.0]], [[10.0, 20.0]]) -> [[1.0, 2.0]]
    la.sub({"a": 1.0}, {"a": 10.0, "b": 20.0}) -> {"a": -9.0, "b": -20.0}
    la.sub([1.0, 2.0], [10.0]) -> error 24040
    """
    return _pairs(x, y, lambda v, w: v - w, fail, site, charge)


# ---- products ----------------------------------------------------------------------------------------------------


@define(
    "la.dot",
    "(x: array(array(double)), y: array(double)) -> array(double)",
    "(x: map(map(double)), y: map(double)) -> map(double)",
    "(x: array(array(double)), y: array(array(double))) -> array(array(double))",
    "(x: map(map(double)), y: map(map(double))) -> map(map(double))",
    errors={"misaligned matrices": 24050, "too few rows/cols": 24051, "contains non-finite value": 24052},
)
def dot(x: Any, y: Any, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the product of two matrices, or of a matrix and a vector.

    `x` must have as many columns as `y` has rows, or elements; of maps, what is missing is zero.  Sums go from
    left to right.

    la.dot([[1.0, 2.0], [3.0, 4.0]], [10.0, 1.0]) -> [12.0, 34.0]
    la.dot([[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]) -> [[2.0, 1.0], [4.0, 3.0]]
    la.dot({"a": {"c": 1.0, "d": 2.0}, "b": {"d": 3.0}}, {"d": 10.0}) -> {"a": 20.0, "b": 30.0}
    la.dot([[1.0, 2.0], [3.0, 4.0]], [10.0]) -> error 24050
    la.dot([[1.0, 2.0], [3.0, 4.0]], {"type": {"type": "array", "items": "double"}, "value": []}) -> error 24051
    la.dot({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "new": [{"type": {"type": "array", "items": "double"}, "new": [1.0, 2.0]}, {"type": {"type": "array", "items": "double"}, "new": [3.0, {"/": [1.0, 0.0]}]}]}, [10.0, 1.0]) -> error 24052
    """
    product = _dot_sparse if _is_map(site) else _dot_dense
    return product(x, y, not _is_matrix(site.params[1]), fail, charge)


def _dot_dense(x: Matrix, y: Any, vector: bool, fail: Fail, charge: Charge) -> Any:
    if not x or not x[0] or not y or (not vector and not y[0]):
        fail("too few rows/cols")
    columns = [y] if vector else y
    _charge_elements([*x, *columns], charge)
    if not (_all_finite(x) and _all_finite(columns)):
        fail("contains non-finite value")
    if any(len(row) != len(y) for row in x) or (not vector and any(len(row) != len(y[0]) for row in y)):
        fail("misaligned matrices")
    multiplications = len(x) * len(y) * (1 if vector else len(y[0]))
    charge(multiplications)
    if multiplications >= MANY:
        return _dot_array(x, y, vector)
    if vector:
        return [_inner(row, y) for row in x]
    columns = list(zip(*y, strict=True))
    return [[_inner(row, column) for column in columns] for row in x]


def _inner(x: Iterable[float], y: Iterable[float]) -> float:
    total = 0.0
    for v, w in zip(x, y, strict=True):
        total += v * w
    return total


def _dot_array(x: Matrix, y: Any, vector: bool) -> Any:
    """The same sums in the same order, many at a time."""
    left, right = np.array(x), np.array(y)
    total = np.zeros(len(x) if vector else (len(x), len(y[0])))
    with np.errstate(all="ignore"):
        for k in range(len(y)):
            total += left[:, k] * right[k] if vector else left[:, k, None] * right[k]
    return total.tolist()


def _dot_sparse(x: SparseMatrix, y: dict[str, Any], vector: bool, fail: Fail, charge: Charge) -> Any:
    _charge_elements([y, *x.values()] if vector else [*x.values(), *y.values()], charge)
    cols = [] if vector else _union(y.values())
    if not x or not (y or any(x.values())) or not (vector or cols):
        fail("too few rows/cols")
    values = [y.values()] if vector else [row.values() for row in y.values()]
    if not (_all_finite(row.values() for row in x.values()) and _all_finite(values)):
        fail("contains non-finite value")
    charge((len(x) + sum(map(len, x.values()))) * max(len(cols), 1))
    if vector:
        return {k: _inner_sparse(row, y) for k, row in x.items()}
    columns = {c: {k: row[c] for k, row in y.items() if c in row} for c in cols}
    return {k: {c: _inner_sparse(row, column) for c, column in columns.items()} for k, row in x.items()}


def _inner_sparse(x: dict[str, float], y: dict[str, float]) -> float:
    total = 0.0
    for k, v in x.items():
        if k in y:
            total += v * y[k]
    return total


@define(
    "la.transpose",
    "(x: array(array(double))) -> array(array(double))",
    "(x: map(map(double))) -> map(map(double))",
    errors={"too few rows/cols": 24060, "ragged columns": 24061},
)
def transpose(x: Any, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the rectangular matrix `x` with rows and columns exchanged.

    la.transpose([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) -> [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    la.transpose({"a": {"c": 1.0, "d": 2.0}}) -> {"c": {"a": 1.0}, "d": {"a": 2.0}}
    la.transpose({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": [[]]}) -> error 24060
    la.transpose([[1.0, 2.0, 3.0], [4.0, 5.0]]) -> error 24061
    """
    if not _is_map(site):
        _check_shape(x, fail)
        charge(len(x) * len(x[0]))
        return list(map(list, zip(*x, strict=True)))
    first = next(iter(x.values()), None)
    if not first:
        fail("too few rows/cols")
    charge(len(x) * len(first))
    if any(row.keys() != first.keys() for row in x.values()):
        fail("ragged columns")
    return {c: {k: row[c] for k, row in x.items()} for c in first}


# ---- inverses and determinants -----------------------------------------------------------------------------------


@define(
    "la.inverse",
    "(x: array(array(double))) -> array(array(double))",
    "(x: map(map(double))) -> map(map(double))",
    errors={"too few rows/cols": 24070, "ragged columns": 24071},
    accuracy="1e-9",
)
def inverse(x: Any, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the inverse of `x`, or its Moore-Penrose pseudoinverse if it is not square.

    The inverse of a map has the columns of `x` as its rows.  A singular matrix, and one with infinite or NaN
    elements, gives NaN everywhere.

    la.inverse([[2.0, 1.0], [1.0, 1.0]]) -> [[1.0, -1.0], [-1.0, 2.0]]
    la.inverse([[3.0], [4.0]]) -> [[0.12, 0.16]]
    la.inverse({"a": {"c": 2.0}, "b": {"d": 4.0}}) -> {"c": {"a": 0.5, "b": 0.0}, "d": {"a": 0.0, "b": 0.25}}
    la.inverse({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}) -> error 24070
    la.inverse([[1.0, 2.0, 3.0], [4.0, 5.0]]) -> error 24071
    """
    if not _is_map(site):
        _check_shape(x, fail)
        return invert(x, charge)
    _charge_elements(x.values(), charge)
    cols = _union(x.values())
    if not cols:
        fail("too few rows/cols")
    charge(len(x) * len(cols))
    found = invert(_dense(x, list(x), cols), charge)
    return {c: dict(zip(x, row, strict=True)) for c, row in zip(cols, found, strict=True)}


def invert(x: Matrix, charge: Charge) -> Matrix:
    """The inverse or pseudoinverse of a rectangular matrix; NaN where there is none."""
    height, width = len(x), len(x[0])
    charge(height * width * min(height, width))
    if _all_finite(x):
        if height == width:
            found = _gauss_jordan(x) if height <= SMALL else _lapack(np.linalg.inv, x)
        else:
            found = _lapack(np.linalg.pinv, x)
        if found is not None:
            return found
    return [[NAN] * height for _ in range(width)]


def _lapack(function: Callable[[Any], Any], x: Matrix) -> Matrix | None:
    try:
        with np.errstate(all="ignore"):
            return function(np.array(x)).tolist()  # type: ignore[no-any-return]
    except np.linalg.LinAlgError:
        return None


def _gauss_jordan(x: Matrix) -> Matrix | None:
    """The inverse by elimination with the largest pivot of each column; None for a singular matrix."""
    n = len(x)
    rows = [[*row, *(float(i == j) for j in range(n))] for i, row in enumerate(x)]
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if rows[best][k] == 0.0:
            return None
        rows[k], rows[best] = rows[best], rows[k]
        pivot = rows[k][k]
        top = rows[k] = [v / pivot for v in rows[k]]
        for i, row in enumerate(rows):
            if i != k and row[k]:
                factor = row[k]
                rows[i] = [v - factor * w for v, w in zip(row, top, strict=True)]
    return [row[n:] for row in rows]


@define(
    "la.trace",
    "(x: array(array(double))) -> double",
    "(x: map(map(double))) -> double",
    errors={"ragged columns": 24080},
    cost="len(x)",
)
def trace(x: Any, *, fail: Fail, site: Site) -> float:
    """Return the sum of the elements on the diagonal of `x`.

    la.trace([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) -> 6.0
    la.trace({"a": {"a": 1.0, "b": 2.0}, "c": {"c": 5.0}}) -> 6.0
    la.trace([[1.0, 2.0, 3.0], [4.0, 5.0]]) -> error 24080
    """
    total = 0.0
    if _is_map(site):
        for k, row in x.items():
            total += row.get(k, 0.0)
        return total
    if any(len(row) != len(x[0]) for row in x):
        fail("ragged columns")
    for i in range(min(len(x), len(x[0])) if x else 0):
        total += x[i][i]
    return total


@define(
    "la.det",
    "(x: array(array(double))) -> double",
    "(x: map(map(double))) -> double",
    errors={"too few rows/cols": 24090, "ragged columns": 24091, "non-square matrix": 24092},
    accuracy="1e-9",
)
def det(x: Any, *, fail: Fail, site: Site, charge: Charge) -> float:
    """Return the determinant of the square matrix `x`.

    Up to 8 rows it is exact but for the last rounding, so that a singular matrix has 0.0.  A map is square: its
    rows and its columns have all keys that are in it.

    la.det([[1.0, 2.0], [3.0, 4.0]]) -> -2.0
    la.det([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]) -> 0.0
    la.det({"a": {"a": 2.0}, "b": {"b": 3.0}}) -> 6.0
    la.det({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}) -> error 24090
    la.det([[1.0, 2.0, 3.0], [4.0, 5.0]]) -> error 24091
    la.det([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) -> error 24092
    """
    if _is_map(site):
        x = _square(x, fail, charge)[1]
    else:
        _check_square(x, fail)
    charge(len(x) ** 3)
    if not _all_finite(x):
        return _eliminate(x)
    if len(x) <= EXACT:
        return _bareiss(x)
    with np.errstate(all="ignore"):
        return float(np.linalg.det(np.array(x)))


def _bareiss(x: Matrix) -> float:
    """The determinant in integers (Bareiss: every division comes out even), rounded once."""
    n = len(x)
    ratios = [[v.as_integer_ratio() for v in row] for row in x]
    unit = max(d for row in ratios for _, d in row)  # all are powers of two
    rows = [[v * (unit // d) for v, d in row] for row in ratios]
    sign, previous = 1, 1
    for k in range(n - 1):
        best = next((i for i in range(k, n) if rows[i][k]), None)
        if best is None:
            return 0.0
        if best != k:
            rows[k], rows[best], sign = rows[best], rows[k], -sign
        top, pivot = rows[k], rows[k][k]
        for i in range(k + 1, n):
            row, first = rows[i], rows[i][k]
            rows[i] = [(v * pivot - first * w) // previous for v, w in zip(row, top, strict=True)]
        previous = pivot
    return _quotient(sign * rows[-1][-1], unit**n)


def _quotient(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator
    except OverflowError:
        return divide(float((numerator > 0) - (numerator < 0)), 0.0)


def _eliminate(x: Matrix) -> float:
    """The determinant by elimination in IEEE arithmetic, for matrices with infinite or NaN elements."""
    rows, n, product = [list(row) for row in x], len(x), 1.0
    for k in range(n):
        best = max(range(k, n), key=lambda i: (rows[i][k] != rows[i][k], abs(rows[i][k])))
        if rows[best][k] == 0.0:
            return 0.0
        if best != k:
            rows[k], rows[best], product = rows[best], rows[k], -product
        top, pivot = rows[k], rows[k][k]
        product *= pivot
        for i in range(k + 1, n):
            if rows[i][k]:
                factor = rows[i][k] / pivot
                rows[i] = [v - factor * w for v, w in zip(rows[i], top, strict=True)]
    return product


@define(
    "la.symmetric",
    "(x: array(array(double)), tolerance: double) -> boolean",
    "(x: map(map(double)), tolerance: double) -> boolean",
    errors={"too few rows/cols": 24100, "ragged columns": 24101, "non-square matrix": 24102},
)
def symmetric(x: Any, tolerance: float, *, fail: Fail, site: Site, charge: Charge) -> bool:
    """Return true if every element i, j of `x` differs from element j, i by less than `tolerance`.

    Elements that are both NaN, or infinite with the same sign, do not differ.  No element differs by less than 0.

    la.symmetric([[1.0, 2.0], [2.1, 3.0]], 0.2) -> true
    la.symmetric([[1.0, 2.0], [2.1, 3.0]], 0.05) -> false
    la.symmetric({"a": {"a": 1.0}, "b": {"b": 2.0}}, 0.05) -> true
    la.symmetric({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}, 0.1) -> error 24100
    la.symmetric([[1.0, 2.0, 3.0], [4.0, 5.0]], 0.1) -> error 24101
    la.symmetric([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 0.1) -> error 24102
    """
    if _is_map(site):
        x = _square(x, fail, charge)[1]
    else:
        _check_square(x, fail)
    charge(len(x) ** 2)
    pairs = ((row[j], x[j][i]) for i, row in enumerate(x) for j in range(i + 1))
    return all((0.0 if v == w or (v != v and w != w) else abs(v - w)) < tolerance for v, w in pairs)


# ---- principal components ----------------------------------------------------------------------------------------


@define(
    "la.eigenBasis",
    "(x: array(array(double))) -> array(array(double))",
    "(x: map(map(double))) -> map(map(double))",
    errors={
        "too few rows/cols": 24110,
        "ragged columns": 24111,
        "non-square matrix": 24112,
        "non-finite matrix": 24113,
    },
    nondeterministic="unstable",
    accuracy="1e-9",
)
def eigen_basis(x: Any, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the eigenvectors of the symmetric matrix `x`, each divided by the square root of its eigenvalue.

    Applied to data whose covariance is `x`, the result makes it uncorrelated, with unit variances.  Rows are
    normalized eigenvectors so scaled, their first nonzero component positive, by decreasing eigenvalue; of a map
    they have the keys "0", "1" and so on.  What is not symmetric is made so: (x + x^T)/2.

    la.eigenBasis([[4.0, 0.0], [0.0, 25.0]]) -> [[0.0, 0.2], [0.5, 0.0]]
    la.eigenBasis({"a": {"a": 4.0}, "b": {"b": 25.0}}) -> {"0": {"a": 0.0, "b": 0.2}, "1": {"a": 0.5, "b": 0.0}}
    la.eigenBasis({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}) -> error 24110
    la.eigenBasis([[1.0, 2.0, 3.0], [4.0, 5.0]]) -> error 24111
    la.eigenBasis([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) -> error 24112
    la.eigenBasis({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "new": [{"type": {"type": "array", "items": "double"}, "new": [1.0, 2.0]}, {"type": {"type": "array", "items": "double"}, "new": [2.0, {"/": [1.0, 0.0]}]}]}) -> error 24113
    """
    if not _is_map(site):
        _check_square(x, fail)
        return _eigen_rows(x, fail, charge)
    keys, dense = _square(x, fail, charge)
    rows = _eigen_rows(dense, fail, charge)
    return {str(i): dict(zip(keys, row, strict=True)) for i, row in enumerate(rows)}


def _eigen_rows(x: Matrix, fail: Fail, charge: Charge) -> Matrix:
    charge(len(x) ** 3)
    if not _all_finite(x):
        fail("non-finite matrix")
    half = 0.5 * np.array(x)
    try:
        values, vectors = np.linalg.eigh(half + half.T)
    except np.linalg.LinAlgError:
        return [[NAN] * len(x) for _ in x]
    pairs = zip(values.tolist()[::-1], vectors.T.tolist()[::-1], strict=True)
    return [_whitened(value, vector) for value, vector in pairs]


def _whitened(value: float, vector: list[float]) -> list[float]:
    sign = -1.0 if next((v for v in vector if v), 0.0) < 0.0 else 1.0
    root = sign * sqrt(value)
    return [divide(v, root) + 0.0 for v in vector]  # no negative zeros


@define(
    "la.truncate",
    "(x: array(array(double)), keep: int) -> array(array(double))",
    "(x: map(map(double)), keep: array(string)) -> map(map(double))",
    errors={"too few rows/cols": 24120, "ragged columns": 24121},
    cost="len(x)",
)
def truncate(x: Any, keep: Any, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return only the first `keep` rows of `x`, or of a map the rows whose keys are in `keep`.

    Applied to the result of `la.eigenBasis` it keeps the most important components (PCA).  What there is less of
    is kept whole, and a `keep` below 0 keeps nothing.

    la.truncate([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], 2) -> [[1.0, 2.0], [3.0, 4.0]]
    la.truncate({"a": {"c": 1.0}, "b": {"c": 2.0}}, ["b", "x"]) -> {"b": {"c": 2.0}}
    la.truncate({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}, 2) -> error 24120
    la.truncate([[1.0, 2.0, 3.0], [4.0, 5.0]], 2) -> error 24121
    """
    if not _is_map(site):
        _check_shape(x, fail)
        return x[: max(keep, 0)]
    if not any(x.values()):
        fail("too few rows/cols")
    charge(len(keep))
    wanted = set(keep)
    return {k: row for k, row in x.items() if k in wanted}
