"""A matrix of a model times a vector.  Imports NumPy, so load it late.

Sums run over the columns in their order, as `row_times` does it, so that the results are the same to the last bit;
BLAS would be faster for large matrices and would round otherwise from machine to machine.  Measured for 100 x 100:
plain Python 230 us, this 39; 8 x 8: both 4.
"""

from __future__ import annotations

import numpy as np


class Matrix:
    """Rows of one length, which is not zero."""

    def __init__(self, rows: list[list[float]]) -> None:
        self.columns = np.ascontiguousarray(np.array(rows, dtype=np.float64).T)
        self.width, self.height = self.columns.shape

    def times(self, x: list[float], offset: list[float]) -> list[float]:
        """Each row times `x`, plus its item of `offset`."""
        with np.errstate(all="ignore"):
            products = self.columns * np.array(x)[:, None]
            total = np.add.accumulate(products, axis=0)[-1]
            out: list[float] = (total + 0.0 + np.array(offset, dtype=np.float64)).tolist()
        return out
