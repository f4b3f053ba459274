"""la.*, second family: inverses, determinants, eigenvectors.

Small matrices are computed in plain Python, determinants of them exactly; LAPACK does the larger ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.matrices import (
    Matrix,
    all_finite,
    charge_elements,
    check_shape,
    check_square,
    dense,
    is_map,
    square,
    union_of,
)
from pfa.lib.primitives import NAN, divide, sqrt

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = 6  # up to this size plain Python inverts faster than NumPy
EXACT = 8  # up to this size determinants are computed in integers, hence to the last digit
LAPACK = 100  # multiplications that LAPACK does in the time of a step


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
    if not is_map(site):
        check_shape(x, fail)
        return invert(x, charge)
    charge_elements(x.values(), charge)
    cols = union_of(x.values())
    if not cols:
        fail("too few rows/cols")
    charge(len(x) * len(cols))
    found = invert(dense(x, list(x), cols), charge)
    return {c: dict(zip(x, row, strict=True)) for c, row in zip(cols, found, strict=True)}


def invert(x: Matrix, charge: Charge) -> Matrix:
    """The inverse or pseudoinverse of a rectangular matrix; NaN where there is none."""
    height, width = len(x), len(x[0])
    charge(height * width)
    found = None
    if all_finite(x):
        if height == width <= SMALL:
            charge(height**3)
            found = _gauss_jordan(x)
        else:
            charge(height * width * min(height, width) // LAPACK)
            found = _lapack(np.linalg.inv if height == width else np.linalg.pinv, x)
    return found or [[NAN] * height for _ in range(width)]


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
    if is_map(site):
        x = square(x, fail, charge)[1]
    else:
        check_square(x, fail)
    charge(len(x) ** 2)
    if not all_finite(x):
        charge(len(x) ** 3)
        return _eliminate(x)
    if len(x) <= EXACT:
        charge(len(x) ** 3)
        return _bareiss(x)
    charge(len(x) ** 3 // LAPACK)
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
    if is_map(site):
        x = square(x, fail, charge)[1]
    else:
        check_square(x, fail)
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
    if not is_map(site):
        check_square(x, fail)
        return _eigen_rows(x, fail, charge)
    keys, dense = square(x, fail, charge)
    rows = _eigen_rows(dense, fail, charge)
    return {str(i): dict(zip(keys, row, strict=True)) for i, row in enumerate(rows)}


def _eigen_rows(x: Matrix, fail: Fail, charge: Charge) -> Matrix:
    charge(len(x) ** 2)
    if not all_finite(x):
        fail("non-finite matrix")
    charge(10 * len(x) ** 3 // LAPACK)
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
