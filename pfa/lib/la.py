"""la.*: vectors and matrices, dense as arrays and sparse as maps.  Importing it defines all of `la.*`.

Sums of products go from left to right, also where NumPy makes many of them at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.lib import la_square
from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.matrices import (
    Matrix,
    SparseMatrix,
    all_finite,
    charge_elements,
    check_shape,
    is_map,
    is_matrix,
    union_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FAMILIES = (la_square,)
MANY = 1000  # multiplications from which NumPy is worth the copying
AT_ONCE = 10  # multiplications that NumPy does in the time of a step


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
    if is_map(site):
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
    if is_matrix(site.params[0]):
        return map_(x, lambda v: v * alpha, site=site, charge=charge)
    return _each(x, is_map(site), lambda v: v * alpha, charge)


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
    pair = _pair_sparse if is_map(site) else _pair_dense
    return pair(x, y, is_matrix(site.params[0]), fcn, fail, charge)


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
    keys = union_of((x, y))
    if not matrix:
        return {k: fcn(x.get(k, 0.0), y.get(k, 0.0)) for k in keys}
    charge_elements([*x.values(), *y.values()], charge)
    cols = union_of([*x.values(), *y.values()])
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
    product = _dot_sparse if is_map(site) else _dot_dense
    return product(x, y, not is_matrix(site.params[1]), fail, charge)


def _dot_dense(x: Matrix, y: Any, vector: bool, fail: Fail, charge: Charge) -> Any:
    if not x or not x[0] or not y or (not vector and not y[0]):
        fail("too few rows/cols")
    columns = [y] if vector else y
    charge_elements([*x, *columns], charge)
    if not (all_finite(x) and all_finite(columns)):
        fail("contains non-finite value")
    if any(len(row) != len(y) for row in x) or (not vector and any(len(row) != len(y[0]) for row in y)):
        fail("misaligned matrices")
    multiplications = len(x) * len(y) * (1 if vector else len(y[0]))
    if multiplications >= MANY:
        charge(multiplications // AT_ONCE)
        return _dot_array(x, y, vector)
    charge(multiplications)
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
    charge_elements([y, *x.values()] if vector else [*x.values(), *y.values()], charge)
    cols = [] if vector else union_of(y.values())
    if not x or not (y or any(x.values())) or not (vector or cols):
        fail("too few rows/cols")
    values = [y.values()] if vector else [row.values() for row in y.values()]
    if not (all_finite(row.values() for row in x.values()) and all_finite(values)):
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
    if not is_map(site):
        check_shape(x, fail)
        charge(len(x) * len(x[0]))
        return list(map(list, zip(*x, strict=True)))
    first = next(iter(x.values()), None)
    if not first:
        fail("too few rows/cols")
    charge(len(x) * len(first))
    if any(row.keys() != first.keys() for row in x.values()):
        fail("ragged columns")
    return {c: {k: row[c] for k, row in x.items()} for c in first}


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
    if is_map(site):
        for k, row in x.items():
            total += row.get(k, 0.0)
        return total
    if any(len(row) != len(x[0]) for row in x):
        fail("ragged columns")
    for i in range(min(len(x), len(x[0])) if x else 0):
        total += x[i][i]
    return total


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
    if not is_map(site):
        check_shape(x, fail)
        return x[: max(keep, 0)]
    if not any(x.values()):
        fail("too few rows/cols")
    charge(len(keep))
    wanted = set(keep)
    return {k: row for k, row in x.items() if k in wanted}
