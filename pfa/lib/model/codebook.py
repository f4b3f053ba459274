"""A set of vectors as columns: the distances of all of them to a point at once.  Imports NumPy, so load it late.

Sums run over the dimensions in their order, as in `pfa.lib.model.distance.euclidean`, so that the results are the
same to the last bit and ties are ties.  Measured per query (5 of N, D dimensions), in microseconds:

    N, D           plain Python   columns   k-d tree
    30, 5                    13         8         17
    1,000, 5                327        12         18
    10,000, 10            9,452        61         60
    100,000, 3                          450       20
    100,000, 10                         902      480
    100,000, 30                       1,746    8,905

The tree finds candidates; their order is decided by the columns' arithmetic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indexes = NDArray[np.intp]

TREE_FROM = 20_000  # vectors
TREE_DIMENSIONS = 8
SLACK = 1.0 + 1e-12  # the tree's own arithmetic rounds otherwise than ours


class Codebook:
    """Vectors of one dimension; `vectors` are lists of numbers, all of the same length."""

    def __init__(self, vectors: list[list[float]], keep: bool) -> None:
        matrix = np.array(vectors, dtype=np.float64)
        self.size, self.dimensions = matrix.shape
        self.columns = np.ascontiguousarray(matrix.T)
        large = keep and self.size >= TREE_FROM and 0 < self.dimensions <= TREE_DIMENSIONS
        self.tree = _tree(matrix) if large and bool(np.isfinite(matrix).all()) else None

    def nearest(self, k: int, point: list[float]) -> list[int]:
        """The indexes of the k nearest vectors, the nearest first: ties as they come, NaN last."""
        if 0 < k < self.size // 8 and self.tree is not None and bool(np.isfinite(point).all()):
            radius = float(self.tree.query(point, k=[k])[0][0])
            if radius < np.inf:
                return self._first(k, point, self._within(radius, point))
        return self._first(k, point, None)

    def ball(self, r: float, point: list[float]) -> list[int]:
        """The indexes of the vectors whose distance is less than r, in their order."""
        some = None
        if self.tree is not None and len(point) == self.dimensions and bool(np.isfinite([r, *point]).all()):
            some = self._within(r, point)
        inside = np.flatnonzero(self._distances(point, some) < r)
        found: list[int] = (inside if some is None else some[inside]).tolist()
        return found

    def _within(self, radius: float, point: list[float]) -> Indexes:
        found = self.tree.query_ball_point(point, radius * SLACK + 5e-324)  # type: ignore[union-attr]
        return np.sort(np.array(found, dtype=np.intp))

    def _first(self, k: int, point: list[float], some: Indexes | None) -> list[int]:
        distances = self._distances(point, some)
        if 0 < k < len(distances):
            last = np.partition(distances, k - 1)[k - 1]
            if last == last:  # not among the NaN
                close = np.flatnonzero(distances <= last)
                distances = distances[close]
                some = close if some is None else some[close]
        order = np.argsort(distances, kind="stable")[:k]
        found: list[int] = (order if some is None else some[order]).tolist()
        return found

    def _distances(self, point: list[float], some: Indexes | None) -> Floats:
        columns = self.columns if some is None else self.columns[:, some]
        total = np.zeros(columns.shape[1])
        with np.errstate(all="ignore"):
            for column, x in zip(columns, point, strict=False):
                d = x - column
                d *= d
                total += d
            return np.sqrt(total)


def _tree(matrix: Floats):  # type: ignore[no-untyped-def]
    from scipy.spatial import cKDTree  # a quarter of a second, for large codebooks only

    return cKDTree(matrix)
