"""Gaussian Process regression for model.reg.gaussianProcess.  Imports NumPy, so load it late.

The model is that of the design and analysis of computer experiments (Sacks, Welch, Mitchell and Wynn, 1989):
positions and outputs are brought to mean 0 and standard deviation 1, the mean of the process is one number, `beta`,
the covariance of two positions is the kernel, and of a position with itself 1 + (sigma/to)^2.  `beta` is the Kriging
weight or, for universal Kriging, its best linear unbiased estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = list[list[float]]
Kernel: TypeAlias = Callable[[list[float], list[float]], float]


HUGE = 1e300


class NotPositiveDefiniteError(Exception):
    """The matrix of covariances is none."""


@dataclass(frozen=True, slots=True)
class _Output:
    """One dimension of the outputs: the covariance's inverse times the outputs, and times ones."""

    by_outputs: Floats
    by_ones: Floats
    universal: float  # beta of universal Kriging

    def predict(self, near: Floats, beta: float | None) -> float:
        beta = self.universal if beta is None else beta
        return beta + float(near @ (self.by_outputs - beta * self.by_ones))


class Fit:
    """What is derived from the table; `sigma` is None where the table has none."""

    def __init__(self, x: Rows, to: Rows, sigma: Rows | None, kernel: Kernel) -> None:
        positions, outputs = np.array(x, dtype=np.float64), np.array(to, dtype=np.float64)
        self.dimensions = positions.shape[1]
        with np.errstate(all="ignore"):
            self.x_mean, self.x_scale = _standard(positions)
            self.to_mean, self.to_scale = _standard(outputs)
            self.positions: Rows = ((positions - self.x_mean) / self.x_scale).tolist()
            nuggets = np.zeros_like(outputs) if sigma is None else _nuggets(np.array(sigma) / outputs)
            normal = (outputs - self.to_mean) / self.to_scale
        covariance = self._covariance(kernel)
        pairs = zip(nuggets.T, normal.T, strict=True)
        self.outputs = [_output(covariance, nugget, column) for nugget, column in pairs]

    def _covariance(self, kernel: Kernel) -> Floats:
        size = len(self.positions)
        matrix = np.zeros((size, size))
        for i, a in enumerate(self.positions):
            matrix[i, :i] = matrix[:i, i] = [kernel(a, b) for b in self.positions[:i]]
        return matrix

    def predict(self, x: list[float], beta: float | None, kernel: Kernel) -> list[float]:
        """The outputs at `x`."""
        with np.errstate(all="ignore"):
            at: list[float] = ((np.array(x) - self.x_mean) / self.x_scale).tolist()
            near = np.array([kernel(at, position) for position in self.positions])
            normal = [output.predict(near, beta) for output in self.outputs]
            out: list[float] = (self.to_mean + self.to_scale * np.array(normal)).tolist()
        return out


def _standard(values: Floats) -> tuple[Floats, Floats]:
    """The mean and the standard deviation of each column; of one that does not vary its value, exactly, and 1."""
    mean: Floats = values.mean(axis=0)
    scale: Floats = values.std(axis=0)
    same = (values == values[0]).all(axis=0)
    mean[same] = values[0][same]
    scale[same | (scale == 0.0)] = 1.0
    return mean, scale


def _nuggets(uncertainties: Floats) -> Floats:
    """Their squares; an output of 0 is infinitely uncertain, with which linear algebra makes NaN of everything."""
    return np.minimum(uncertainties**2, HUGE)


def _output(covariance: Floats, nugget: Floats, outputs: Floats) -> _Output:
    matrix = covariance.copy()
    np.fill_diagonal(matrix, 1.0 + nugget)
    try:
        with np.errstate(all="ignore"):
            if np.isnan(np.linalg.cholesky(matrix)).any():
                raise NotPositiveDefiniteError
            solved = np.linalg.solve(matrix, np.stack([outputs, np.ones_like(outputs)], axis=1))
            by_outputs: Floats = solved[:, 0].astype(np.float64)
            by_ones: Floats = solved[:, 1].astype(np.float64)
            return _Output(by_outputs, by_ones, float(by_outputs.sum() / by_ones.sum()))
    except np.linalg.LinAlgError as error:
        raise NotPositiveDefiniteError from error


def inverse_times(matrix: Rows, vector: list[float]) -> list[float]:
    """The inverse of the matrix times the vector; NaN for a singular matrix."""
    try:
        with np.errstate(all="ignore"):
            solved = np.linalg.solve(np.array(matrix, dtype=np.float64), np.array(vector, dtype=np.float64))
    except np.linalg.LinAlgError:
        solved = np.full(len(vector), np.nan)
    out: list[float] = solved.tolist()
    return out
