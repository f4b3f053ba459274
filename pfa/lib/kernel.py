"""Namespace `m.kernel`: kernel functions of support vector machines and Gaussian processes."""

from __future__ import annotations

from pfa.lib.define import Fail, define
from pfa.lib.primitives import exp, power, tanh


def _dot(x: list[float], y: list[float], fail: Fail) -> float:
    """The sum of the products, from left to right."""
    if len(x) != len(y):
        fail("arrays must have same length")
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
    return total


@define(
    "m.kernel.linear",
    "(x: array(double), y: array(double)) -> double",
    errors={"arrays must have same length": 23000},
    cost="len(x)",
)
def linear(x: list[float], y: list[float], *, fail: Fail) -> float:
    """The dot product Σ xᵢyᵢ.

    m.kernel.linear([1, 2, 3], [4, 5, 6]) -> 32.0
    m.kernel.linear([1, 2, 3], [4, 5]) -> error 23000
    """
    return _dot(x, y, fail)


@define(
    "m.kernel.rbf",
    "(x: array(double), y: array(double), gamma: double) -> double",
    errors={"arrays must have same length": 23010},
    cost="len(x)",
    accuracy="ulp",
)
def rbf(x: list[float], y: list[float], gamma: float, *, fail: Fail) -> float:
    """exp(-gamma Σ (xᵢ-yᵢ)²), the radial basis function.

    m.kernel.rbf([1, 2], [1, 4], 0.5) -> 0.1353352832366127
    m.kernel.rbf([1, 2], [1], 0.5) -> error 23010
    """
    if len(x) != len(y):
        fail("arrays must have same length")
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += (a - b) * (a - b)
    return exp(-gamma * total)


@define(
    "m.kernel.poly",
    "(x: array(double), y: array(double), gamma: double, intercept: double, degree: double) -> double",
    errors={"arrays must have same length": 23020},
    cost="len(x)",
    accuracy="ulp",
)
def poly(
    x: list[float], y: list[float], gamma: float, intercept: float, degree: float, *, fail: Fail
) -> float:
    """(gamma Σ xᵢyᵢ + intercept) to the power degree, the polynomial kernel.

    m.kernel.poly([1, 2], [3, 4], 0.5, 1, 2) -> 42.25
    m.kernel.poly([1, 2], [3], 0.5, 1, 2) -> error 23020
    """
    return power(gamma * _dot(x, y, fail) + intercept, degree)


@define(
    "m.kernel.sigmoid",
    "(x: array(double), y: array(double), gamma: double, intercept: double) -> double",
    errors={"arrays must have same length": 23030},
    cost="len(x)",
    accuracy="ulp",
)
def sigmoid(x: list[float], y: list[float], gamma: float, intercept: float, *, fail: Fail) -> float:
    """tanh(gamma Σ xᵢyᵢ + intercept), the sigmoid kernel.

    m.kernel.sigmoid([1, 2], [3, 4], 0.05, 0.1) -> 0.5716699660851172
    m.kernel.sigmoid([1, 2], [3], 0.05, 0.1) -> error 23030
    """
    return tanh(gamma * _dot(x, y, fail) + intercept)
