"""Functions of the namespace model.neighbor: what is near in a codebook, and the mean of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.model.distance import by_distance, euclidean
from pfa.lib.model.known import known
from pfa.lib.primitives import divide

if TYPE_CHECKING:
    from pfa.lib.model.codebook import Codebook

Vector: TypeAlias = list[float]
Metric: TypeAlias = Callable[[Any, Any], float]

NUMBERS = 8_000_000  # that a site keeps as columns
COLUMNS_FROM = 32  # vectors of a codebook that is met again; see pfa.lib.model.codebook
COLUMNS_ONCE_FROM = 128  # of one that is met for the first time


@define(
    "model.neighbor.mean",
    "(points: array(array(double))) -> array(double)",
    "(points: array(array(double)), weight: fcn(array(double)) -> double) -> array(double)",
    errors={"not enough points": 30000, "inconsistent dimensionality": 30001},
)
def mean(
    points: list[Vector], weight: Callable[[Vector], float] | None = None, *, charge: Charge, fail: Fail
) -> Vector:
    """Return the mean of `points`, each weighted by `weight` of it.

    The weights need not add up to 1.

    model.neighbor.mean([[1.0, 2.0], [3.0, 6.0]]) -> [2.0, 4.0]
    model.neighbor.mean([[1.0, 2.0], [3.0, 6.0]], {"params": [{"p": {"type": "array", "items": "double"}}], "ret": "double", "do": {"attr": "p", "path": [0]}}) -> [2.5, 5.0]
    model.neighbor.mean({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}) -> error 30000
    model.neighbor.mean([[1.0, 2.0], [3.0]]) -> error 30001
    """
    if not points:
        return fail("not enough points")
    if any(len(point) != len(points[0]) for point in points):
        return fail("inconsistent dimensionality")
    charge(len(points) * (len(points[0]) + 1))
    weights = [weight(point) for point in points] if weight else [1.0] * len(points)
    norm = 0.0
    for w in weights:
        norm += w
    return [divide(_weighted_sum(points, weights, i), norm) for i in range(len(points[0]))]


def _weighted_sum(points: list[Vector], weights: Vector, i: int) -> float:
    total = 0.0
    for point, w in zip(points, weights, strict=True):
        total += w * point[i]
    return total


@define(
    "model.neighbor.nearestK",
    "(k: int, datum: array(double), codebook: array(array(double))) -> array(array(double))",
    "(k: int, datum: any A, codebook: array(any B), metric: fcn(A, B) -> double) -> array(B)",
    errors={"k must be nonnegative": 30010, "inconsistent dimensionality": 30011},
)
def nearest_k(
    k: int,
    datum: Any,
    codebook: list[Any],
    metric: Metric | None = None,
    *,
    site: Site,
    charge: Charge,
    fail: Fail,
) -> list[Any]:
    """Return the `k` items of `codebook` that are closest to `datum`, the closest first; all if there are fewer.

    metric: called with the datum and each item; without it the distance is Euclidean and the sizes must be the same.

    model.neighbor.nearestK(2, [1.2, 1.1], [[5.0, 5.0], [1.0, 1.0], [2.0, 2.0]]) -> [[1.0, 1.0], [2.0, 2.0]]
    model.neighbor.nearestK(1, 3, [1, 4], {"params": [{"x": "int"}, {"y": "int"}], "ret": "double", "do": {"m.abs": {"-": ["x", "y"]}}}) -> [4]
    model.neighbor.nearestK(-1, [1.2, 1.1], [[5.0, 5.0]]) -> error 30010
    model.neighbor.nearestK(1, [1.2, 1.1], [[5.0, 5.0, 5.0]]) -> error 30011
    """
    if k < 0:
        return fail("k must be nonnegative")
    if metric is not None:
        charge(len(codebook))
        order = by_distance([metric(datum, item) for item in codebook])
    else:
        order = _nearest(k, datum, codebook, site, charge, fail)
    return [codebook[i] for i in order[:k]]


def _nearest(
    k: int, datum: Vector, codebook: list[Vector], site: Site, charge: Charge, fail: Fail
) -> list[int]:
    charge(len(codebook) * (len(datum) + 1))
    columns = _columns(codebook, site)
    if columns is not None and columns.dimensions == len(datum):
        return columns.nearest(k, datum)
    if any(len(vector) != len(datum) for vector in codebook):
        return fail("inconsistent dimensionality")
    return by_distance([euclidean(datum, vector) for vector in codebook])


@define(
    "model.neighbor.ballR",
    "(r: double, datum: array(double), codebook: array(array(double))) -> array(array(double))",
    "(r: double, datum: any A, codebook: array(any B), metric: fcn(A, B) -> double) -> array(B)",
)
def ball_r(
    r: float, datum: Any, codebook: list[Any], metric: Metric | None = None, *, site: Site, charge: Charge
) -> list[Any]:
    """Return the items of `codebook` whose distance from `datum` is less than `r`, in the order of the codebook.

    metric: called with the datum and each item; without it the distance is Euclidean, over the dimensions that both
    have.

    model.neighbor.ballR(2.0, [1.2, 1.1], [[5.0, 5.0], [2.0, 2.0], [1.0, 1.0]]) -> [[2.0, 2.0], [1.0, 1.0]]
    model.neighbor.ballR(1.0, 3, [1, 2, 3, 4], {"params": [{"x": "int"}, {"y": "int"}], "ret": "double", "do": {"m.abs": {"-": ["x", "y"]}}}) -> [3]
    """
    if metric is not None:
        charge(len(codebook))
        return [item for item in codebook if metric(datum, item) < r]
    charge(len(codebook) * (len(datum) + 1))
    columns = _columns(codebook, site)
    if columns is not None:
        return [codebook[i] for i in columns.ball(r, datum)]
    return [vector for vector in codebook if euclidean(datum, vector) < r]


def _columns(codebook: list[Vector], site: Site) -> Codebook | None:
    """The codebook as columns, where that is faster and its vectors are of one size."""
    entry = site.cache.get(id(codebook))
    if entry is not None and entry[0] is codebook:
        columns: Codebook | None = entry[1]
        return columns
    if len(codebook) < COLUMNS_FROM or len(codebook) * (len(codebook[0]) + 1) > NUMBERS:
        return None
    books = known(site.cache, NUMBERS)
    keep = books.worth(codebook)
    if not keep and len(codebook) < COLUMNS_ONCE_FROM:
        return None
    columns = _as_columns(codebook, keep)
    return books.keep(codebook, columns, len(codebook) * (len(codebook[0]) + 1)) if keep else columns


def _as_columns(codebook: list[Vector], keep: bool) -> Codebook | None:
    if any(len(vector) != len(codebook[0]) for vector in codebook):
        return None
    from pfa.lib.model.codebook import Codebook  # imports NumPy

    return Codebook(codebook, keep)
