"""metric.*: how far apart two vectors are, in numbers that may be missing or in true and false."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pfa.lib.define import Fail, define
from pfa.lib.primitives import INF, NAN, divide, exp, power, sqrt

LOG_2 = 0.6931471805599453
MISMATCH = "dimensions of vectors do not match"
Similarity = Callable[[Any, Any], float]
Vector = list[Any]


@define(
    "metric.simpleEuclidean",
    "(x: array(double), y: array(double)) -> double",
    errors={MISMATCH: 28000},
    cost="len(x)",
)
def simple_euclidean(x: list[float], y: list[float], *, fail: Fail) -> float:
    """Return the Euclidean distance of two vectors of the same dimension, in which nothing is missing.

    metric.simpleEuclidean([1.0, 2.0, 3.0], [1.0, 5.0, 7.0]) -> 5.0
    metric.simpleEuclidean([1.0, 2.0, 3.0], [1.0, 5.0]) -> error 28000
    """
    if len(x) != len(y):
        fail(MISMATCH)
    total = 0.0
    for v, w in zip(x, y, strict=True):
        total += (v - w) * (v - w)
    return sqrt(total)


@define(
    "metric.absDiff",
    "(x: double, y: double) -> double",
)
def abs_diff(x: float, y: float) -> float:
    """Return the absolute difference of two numbers: a similarity function for the metrics of vectors.

    metric.absDiff(3.0, 5.0) -> 2.0
    """
    return abs(x - y)


@define(
    "metric.gaussianSimilarity",
    "(x: double, y: double, sigma: double) -> double",
    accuracy="ulp",
)
def gaussian_similarity(x: float, y: float, sigma: float) -> float:
    """Return exp(-ln(2) (x - y)^2 / sigma^2): 1 for equal numbers, 1/2 for those that are `sigma` apart.

    metric.gaussianSimilarity(3.0, 5.0, 2.0) -> 0.5
    metric.gaussianSimilarity(3.0, 3.0, 2.0) -> 1.0
    """
    return exp(-LOG_2 * divide((x - y) * (x - y), sigma * sigma))


# ---- vectors with missing components -----------------------------------------------------------------------------


def _check(x: Vector, y: Vector, weight: list[float] | None, fail: Fail) -> None:
    if len(x) != len(y) or (weight is not None and len(weight) != len(x)):
        fail(MISMATCH)


def _present(x: Vector, y: Vector) -> list[tuple[Any, Any]]:
    return [(v, w) for v, w in zip(x, y, strict=True) if v is not None and w is not None]


def _scaled(found: float, x: Vector, y: Vector, weight: list[float] | None) -> float:
    """What was found in the components that are there, scaled up to all by their weights."""
    every = there = 0.0
    for v, w, q in zip(x, y, weight or [1.0] * len(x), strict=True):
        every += q
        if v is not None and w is not None:
            there += q
    return divide(found * every, there)


def _sum(similarity: Similarity, x: Vector, y: Vector, weight: list[float] | None) -> float:
    total = 0.0
    for v, w in _present(x, y):
        total += similarity(v, w)
    return _scaled(total, x, y, weight)


def _sum_of_squares(similarity: Similarity, x: Vector, y: Vector, weight: list[float] | None) -> float:
    total = 0.0
    for v, w in _present(x, y):
        s = similarity(v, w)
        total += s * s
    return _scaled(total, x, y, weight)


def _largest(similarity: Similarity, x: Vector, y: Vector, weight: list[float] | None) -> float:
    largest = NAN
    for v, w in _present(x, y):
        s = similarity(v, w)
        if s > largest or largest != largest:
            largest = s
    return _scaled(largest, x, y, weight)


@define(
    "metric.euclidean",
    "(similarity: fcn(any A, any B) -> double, x: array(union(null, A)), y: array(union(null, B))) -> double",
    "(similarity: fcn(any A, any B) -> double, x: array(union(null, A)), y: array(union(null, B)), missingWeight: array(double)) -> double",
    errors={MISMATCH: 28030},
    cost="len(x)",
)
def euclidean(
    similarity: Similarity, x: Vector, y: Vector, missingWeight: list[float] | None = None, *, fail: Fail
) -> float:
    """Return the Euclidean distance of two vectors: the root of the sum of squared similarities of components.

    similarity: how far apart two components are, such as `metric.absDiff`.
    missingWeight: what each component counts; 1 each if there is no such vector.

    Components of which one is missing are left out, and the sum is scaled up by the weights of all to the
    weights of those that are there.  With none there, the result is NaN.

    metric.euclidean({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, {"double": 2.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}) -> 5.0
    metric.euclidean({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, null]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}, [1.0, 3.0]) -> 6.0
    metric.euclidean({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [null]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}]}) -> nan
    metric.euclidean({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": []}) -> error 28030
    """
    _check(x, y, missingWeight, fail)
    return sqrt(_sum_of_squares(similarity, x, y, missingWeight))


@define(
    "metric.squaredEuclidean",
    "(similarity: fcn(double, double) -> double, x: array(union(null, double)), y: array(union(null, double))) -> double",
    "(similarity: fcn(double, double) -> double, x: array(union(null, double)), y: array(union(null, double)), missingWeight: array(double)) -> double",
    errors={MISMATCH: 28040},
    cost="len(x)",
)
def squared_euclidean(
    similarity: Similarity, x: Vector, y: Vector, missingWeight: list[float] | None = None, *, fail: Fail
) -> float:
    """Return the square of the Euclidean distance of two vectors, which has the same order and needs no root.

    similarity: how far apart two components are, such as `metric.absDiff`.
    missingWeight: what each component counts; 1 each if there is no such vector.

    Components of which one is missing are left out, and the sum is scaled up by the weights of all to the
    weights of those that are there.  With none there, the result is NaN.

    metric.squaredEuclidean({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, {"double": 2.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}) -> 25.0
    metric.squaredEuclidean({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, null]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}) -> 18.0
    metric.squaredEuclidean({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": []}) -> error 28040
    """
    _check(x, y, missingWeight, fail)
    return _sum_of_squares(similarity, x, y, missingWeight)


@define(
    "metric.chebyshev",
    "(similarity: fcn(double, double) -> double, x: array(union(null, double)), y: array(union(null, double))) -> double",
    "(similarity: fcn(double, double) -> double, x: array(union(null, double)), y: array(union(null, double)), missingWeight: array(double)) -> double",
    errors={MISMATCH: 28050},
    cost="len(x)",
)
def chebyshev(
    similarity: Similarity, x: Vector, y: Vector, missingWeight: list[float] | None = None, *, fail: Fail
) -> float:
    """Return the Chebyshev distance of two vectors: the largest similarity of components (a chess king's moves).

    similarity: how far apart two components are, such as `metric.absDiff`; NaN does not count.
    missingWeight: what each component counts; 1 each if there is no such vector.

    Components of which one is missing are left out, and the result is scaled up by the weights of all to the
    weights of those that are there.  With none there, the result is NaN.

    metric.chebyshev({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, {"double": 2.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}) -> 4.0
    metric.chebyshev({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, null]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}) -> 6.0
    metric.chebyshev({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": []}) -> error 28050
    """
    _check(x, y, missingWeight, fail)
    return _largest(similarity, x, y, missingWeight)


@define(
    "metric.taxicab",
    "(similarity: fcn(double, double) -> double, x: array(union(null, double)), y: array(union(null, double))) -> double",
    "(similarity: fcn(double, double) -> double, x: array(union(null, double)), y: array(union(null, double)), missingWeight: array(double)) -> double",
    errors={MISMATCH: 28060},
    cost="len(x)",
)
def taxicab(
    similarity: Similarity, x: Vector, y: Vector, missingWeight: list[float] | None = None, *, fail: Fail
) -> float:
    """Return the taxicab distance of two vectors: the sum of similarities of components (a walk along a grid).

    similarity: how far apart two components are, such as `metric.absDiff`.
    missingWeight: what each component counts; 1 each if there is no such vector.

    Components of which one is missing are left out, and the sum is scaled up by the weights of all to the
    weights of those that are there.  With none there, the result is NaN.

    metric.taxicab({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, {"double": 2.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}) -> 7.0
    metric.taxicab({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, null]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}) -> 6.0
    metric.taxicab({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": []}) -> error 28060
    """
    _check(x, y, missingWeight, fail)
    return _sum(similarity, x, y, missingWeight)


@define(
    "metric.minkowski",
    "(similarity: fcn(double, double) -> double, x: array(union(null, double)), y: array(union(null, double)), p: double) -> double",
    "(similarity: fcn(double, double) -> double, x: array(union(null, double)), y: array(union(null, double)), p: double, missingWeight: array(double)) -> double",
    errors={MISMATCH: 28070, "Minkowski parameter p must be positive": 28071},
    cost="len(x)",
    accuracy="1e-9",
)
def minkowski(
    similarity: Similarity,
    x: Vector,
    y: Vector,
    p: float,
    missingWeight: list[float] | None = None,
    *,
    fail: Fail,
) -> float:
    """Return the distance of two vectors in the p-norm: taxicab for 1, Euclidean for 2, Chebyshev for infinity.

    similarity: how far apart two components are, such as `metric.absDiff`.
    missingWeight: what each component counts; 1 each if there is no such vector.

    Components of which one is missing are left out, and the sum of powers is scaled up by the weights of all to
    the weights of those that are there.  With none there, the result is NaN.

    metric.minkowski({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, {"double": 2.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}, 3.0) -> 4.497941445275415
    metric.minkowski({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}, {"double": 2.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 4.0}, {"double": 6.0}]}, {"/": [1.0, 0.0]}) -> 4.0
    metric.minkowski({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": []}, 3.0) -> error 28070
    metric.minkowski({"fcn": "metric.absDiff"}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 1.0}]}, {"type": {"type": "array", "items": ["null", "double"]}, "value": [{"double": 2.0}]}, 0.0) -> error 28071
    """
    _check(x, y, missingWeight, fail)
    if not p > 0.0:
        fail("Minkowski parameter p must be positive")
    if p == INF:
        return _largest(similarity, x, y, missingWeight)
    total = _sum(lambda v, w: power(similarity(v, w), p), x, y, missingWeight)
    return power(total, 1.0 / p)


# ---- binary vectors ----------------------------------------------------------------------------------------------


def _count(x: list[bool], y: list[bool], fail: Fail) -> tuple[int, int, int, int]:
    """How many pairs are false-false, false-true, true-false and true-true."""
    if len(x) != len(y):
        fail(MISMATCH)
    both = sum(map(bool.__and__, x, y))
    ones, others = x.count(True), y.count(True)
    return len(x) - ones - others + both, others - both, ones - both, both


@define(
    "metric.simpleMatching",
    "(x: array(boolean), y: array(boolean)) -> double",
    errors={MISMATCH: 28080},
    cost="len(x)",
)
def simple_matching(x: list[bool], y: list[bool], *, fail: Fail) -> float:
    """Return the fraction of components that two binary vectors agree on.

    metric.simpleMatching([true, true, false, false], [true, false, true, false]) -> 0.5
    metric.simpleMatching([true, true], [true]) -> error 28080
    """
    a00, _, _, a11 = _count(x, y, fail)
    return divide(float(a11 + a00), float(len(x)))


@define(
    "metric.jaccard",
    "(x: array(boolean), y: array(boolean)) -> double",
    errors={MISMATCH: 28090},
    cost="len(x)",
)
def jaccard(x: list[bool], y: list[bool], *, fail: Fail) -> float:
    """Return the Jaccard similarity of two binary vectors: of the components true in one, those true in both.

    metric.jaccard([true, true, false, false], [true, false, true, false]) -> 0.3333333333333333
    metric.jaccard([true, true], [true]) -> error 28090
    """
    _, a01, a10, a11 = _count(x, y, fail)
    return divide(float(a11), float(a11 + a10 + a01))


@define(
    "metric.tanimoto",
    "(x: array(boolean), y: array(boolean)) -> double",
    errors={MISMATCH: 28100},
    cost="len(x)",
)
def tanimoto(x: list[bool], y: list[bool], *, fail: Fail) -> float:
    """Return the Tanimoto similarity of two binary vectors: that of matching, disagreements counted twice.

    metric.tanimoto([true, true, false, false], [true, false, true, false]) -> 0.3333333333333333
    metric.tanimoto([true, true], [true]) -> error 28100
    """
    a00, a01, a10, a11 = _count(x, y, fail)
    return divide(float(a11 + a00), float(a11 + 2 * (a10 + a01) + a00))


@define(
    "metric.binarySimilarity",
    "(x: array(boolean), y: array(boolean), c00: double, c01: double, c10: double, c11: double, d00: double, d01: double, d10: double, d11: double) -> double",
    errors={MISMATCH: 28110},
    cost="len(x)",
)
def binary_similarity(
    x: list[bool],
    y: list[bool],
    c00: float,
    c01: float,
    c10: float,
    c11: float,
    d00: float,
    d01: float,
    d10: float,
    d11: float,
    *,
    fail: Fail,
) -> float:
    """Return the similarity of two binary vectors of which all the others are cases.

    With a01 the number of components that are false in `x` and true in `y`, and so on, it is (c11 a11 + c10 a10 +
    c01 a01 + c00 a00) / (d11 a11 + d10 a10 + d01 a01 + d00 a00).

    metric.binarySimilarity([true, true, false, false], [true, false, true, false], 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0) -> 0.5
    metric.binarySimilarity([true, true], [true], 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0) -> error 28110
    """
    a00, a01, a10, a11 = _count(x, y, fail)
    above = c11 * a11 + c10 * a10 + c01 * a01 + c00 * a00
    return divide(above, d11 * a11 + d10 * a10 + d01 * a01 + d00 * a00)
