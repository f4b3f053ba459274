"""Gaussian Process regression for model.reg.gaussianProcess.  Imports NumPy, so load it late.

The model is that of design and analysis of computer experiments: positions and outputs are brought to mean 0 and
standard deviation 1, the mean of the process is one number, `beta`, the covariance of two positions is the kernel,
and the variance on the diagonal is 1 + (sigma/to)^2.  `beta` is the Kriging weight or, for universal Kriging, its
best linear unbiased estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Kernel: TypeAlias = Callable[[list[float], list[float]], float]


class Fit:
    """What is derived from the table: one Cholesky factor for each output dimension's nugget."""

    def __init__(
        self, x: list[list[float]], to: list[list[float]], sigma: list[list[float]] | None, kernel: Kernel
    ) -> None:
        with np.errstate(all="ignore"):
            positions, outputs = np.array(x), np.array(to)
            self.x_mean, self.x_scale = positions.mean(axis=0), positions.std(axis=0)
            self.to_mean, self.to_scale = outputs.mean(axis=0), outputs.std(axis=0)
            self.positions: list[list[float]] = ((positions - self.x_mean) / self.x_scale).tolist()
            nuggets = np.zeros_like(outputs) if sigma is None else (np.array(sigma) / outputs) ** 2
            normal = (outputs - self.to_mean) / self.to_scale
        covariance = np.array([[kernel(a, b) for b in self.positions] for a in self.positions])
        self.parts = [_solve(covariance, nuggets[:, i], normal[:, i]) for i in range(outputs.shape[1])]

    def predict(self, x: list[float], beta: float | None, kernel: Kernel) -> list[float]:
        """The outputs at `x`; NaN where the table does not vary."""
        with np.errstate(all="ignore"):
            at: list[float] = ((np.array(x) - self.x_mean) / self.x_scale).tolist()
            near = np.array([kernel(at, position) for position in self.positions])
            normal = [part.predict(near, beta) for part in self.parts]
            out: list[float] = (self.to_mean + self.to_scale * np.array(normal)).tolist()
        return out
