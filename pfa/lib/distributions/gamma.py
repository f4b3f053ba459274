"""The gamma distribution and those that are one in other words: chi-square and Poisson."""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

from scipy import special

from pfa.lib.define import Fail, define
from pfa.lib.distributions.arguments import require, require_finite, require_probability
from pfa.lib.distributions.numeric import (
    gamma_tails,
    log_gamma_1,
    log_gamma_density,
    log_of,
    relative,
)
from pfa.lib.distributions.search import least, root
from pfa.lib.primitives import DOUBLE_MAX, INF, exp, lgamma

if TYPE_CHECKING:
    from collections.abc import Callable


def density(x: float, shape: float, scale: float) -> float:
    """The density at `x` > 0."""
    y = x / scale
    if y == 0.0:  # underflow: the exponential is 1 there
        return exp((shape - 1.0) * (log(x) - log(scale)) - lgamma(shape) - log(scale))
    return exp(log_gamma_density(shape, y) - log(scale))


def quantile(p: float, shape: float) -> float:
    """The quantile for scale 1 and 0 < `p` < 1."""
    leading = (log_of(p) + log_gamma_1(shape)) / shape
    if leading < -40.0:  # P(a, y) is y^a / Γ(a + 1) there
        return exp(leading)
    lower = p <= 0.5
    found = float(special.gammaincinv(shape, p) if lower else special.gammainccinv(shape, 1.0 - p))
    start = log(found) if 0.0 < found < INF else min(leading, 0.0) + log(1.0 + shape)
    return exp(root(_excess(p, shape, lower), start))


def _excess(p: float, shape: float, lower: bool) -> Callable[[float], tuple[float, float]]:
    """How far, as a logarithm, the smaller tail at e^u is from what is wanted, and the slope of that."""

    def excess(u: float) -> tuple[float, float]:
        y = exp(u)
        below, above = gamma_tails(shape, y)
        tail = below if lower else above
        value = relative(below, p) if lower else -relative(above, 1.0 - p)
        if not tail or not 0.0 < y < INF:
            return value, 0.0
        return value, exp(log_gamma_density(shape, y) + u) / tail

    return excess


@define(
    "prob.dist.gammaPDF",
    "(x: double, shape: double, scale: double) -> double",
    errors={"invalid parameterization": 13120, "invalid input": 13121},
    accuracy="1e-9",
)
def gamma_pdf(x: float, shape: float, scale: float, *, fail: Fail) -> float:
    """Return the density at `x` of the gamma distribution; 0 for `x` < 0.

    A shape or scale of 0 puts everything at 0: the density is infinite there and 0 elsewhere.

    prob.dist.gammaPDF(2.0, 3.0, 1.5) -> 0.15620571147598625
    prob.dist.gammaPDF(0.0, 0.5, 1.5) -> inf
    prob.dist.gammaPDF(2.0, -3.0, 1.5) -> error 13120
    prob.dist.gammaPDF({"/": [1.0, 0.0]}, 3.0, 1.5) -> error 13121
    """
    require(0.0 <= shape < INF and 0.0 <= scale < INF, fail)
    require_finite(x, fail)
    if x == 0.0:
        if shape < 1.0 or scale == 0.0:
            return INF
        return 1.0 / scale if shape == 1.0 else 0.0
    return density(x, shape, scale) if x > 0.0 and shape and scale else 0.0


@define(
    "prob.dist.gammaCDF",
    "(x: double, shape: double, scale: double) -> double",
    errors={"invalid parameterization": 13130, "invalid input": 13131},
    accuracy="1e-9",
)
def gamma_cdf(x: float, shape: float, scale: float, *, fail: Fail) -> float:
    """Return the probability that a gamma variable is at most `x`.

    A shape or scale of 0 gives 1 everywhere but at 0, where it gives 0, as the conformance suite has it.

    prob.dist.gammaCDF(2.0, 3.0, 1.5) -> 0.15063144384932486
    prob.dist.gammaCDF(1e-100, 3.0, 1.0) -> 1.6666666666666667e-301
    prob.dist.gammaCDF(2.0, -3.0, 1.5) -> error 13130
    prob.dist.gammaCDF({"/": [1.0, 0.0]}, 3.0, 1.5) -> error 13131
    """
    require(0.0 <= shape < INF and 0.0 <= scale < INF, fail)
    require_finite(x, fail)
    if shape == 0.0 or scale == 0.0:
        return float(x != 0.0)
    return gamma_tails(shape, x / scale)[0] if x > 0.0 else 0.0


@define(
    "prob.dist.gammaQF",
    "(p: double, shape: double, scale: double) -> double",
    errors={"invalid parameterization": 13140, "invalid input": 13141},
    accuracy="1e-9",
)
def gamma_qf(p: float, shape: float, scale: float, *, fail: Fail) -> float:
    """Return the value that a gamma variable does not exceed with probability `p`: the inverse of the CDF.

    prob.dist.gammaQF(0.5, 3.0, 1.5) -> 4.01109047014191
    prob.dist.gammaQF(1.0, 3.0, 1.5) -> inf
    prob.dist.gammaQF(0.5, 0.0, 1.5) -> error 13140
    prob.dist.gammaQF(1.5, 3.0, 1.5) -> error 13141
    """
    require(0.0 < shape < INF and 0.0 < scale < INF, fail)
    require_probability(p, fail)
    if p in (0.0, 1.0):
        return INF if p else 0.0
    return scale * quantile(p, shape)


@define(
    "prob.dist.chi2PDF",
    "(x: double, dof: int) -> double",
    errors={"invalid parameterization": 13060, "invalid input": 13061},
    accuracy="1e-9",
)
def chi2_pdf(x: float, dof: int, *, fail: Fail) -> float:
    """Return the density at `x` of the chi-square distribution with `dof` degrees of freedom; 0 for `x` ≤ 0.

    No degrees of freedom put everything at 0, where the density then is infinite.

    prob.dist.chi2PDF(2.0, 3) -> 0.2075537487102974
    prob.dist.chi2PDF(0.0, 0) -> inf
    prob.dist.chi2PDF(2.0, -1) -> error 13060
    prob.dist.chi2PDF({"/": [1.0, 0.0]}, 3) -> error 13061
    """
    require(dof >= 0, fail)
    require_finite(x, fail)
    if dof == 0:
        return 0.0 if x else INF
    return density(x, 0.5 * dof, 2.0) if x > 0.0 else 0.0


@define(
    "prob.dist.chi2CDF",
    "(x: double, dof: int) -> double",
    errors={"invalid parameterization": 13070, "invalid input": 13071},
    accuracy="1e-9",
)
def chi2_cdf(x: float, dof: int, *, fail: Fail) -> float:
    """Return the probability that a chi-square variable with `dof` degrees of freedom is at most `x`.

    prob.dist.chi2CDF(2.0, 3) -> 0.42759329552912023
    prob.dist.chi2CDF(-2.0, 3) -> 0.0
    prob.dist.chi2CDF(2.0, -1) -> error 13070
    prob.dist.chi2CDF({"/": [1.0, 0.0]}, 3) -> error 13071
    """
    require(dof >= 0, fail)
    require_finite(x, fail)
    return chi2_probability(x, dof)


def chi2_probability(x: float, dof: int) -> float:
    """The CDF for `dof` >= 0; with none it steps from 0 to 1 just above 0."""
    if x <= 0.0:
        return 0.0
    return gamma_tails(0.5 * dof, 0.5 * x)[0] if dof else 1.0


@define(
    "prob.dist.chi2QF",
    "(p: double, dof: int) -> double",
    errors={"invalid parameterization": 13080, "invalid input": 13081},
    accuracy="1e-9",
)
def chi2_qf(p: float, dof: int, *, fail: Fail) -> float:
    """Return the value that a chi-square variable of `dof` degrees of freedom does not exceed with probability `p`.

    prob.dist.chi2QF(0.95, 3) -> 7.814727903251179
    prob.dist.chi2QF(1.0, 3) -> inf
    prob.dist.chi2QF(0.95, -1) -> error 13080
    prob.dist.chi2QF(1.5, 3) -> error 13081
    """
    require(dof >= 0, fail)
    require_probability(p, fail)
    if p == 1.0:
        return INF
    return 2.0 * quantile(p, 0.5 * dof) if p and dof else 0.0


@define(
    "prob.dist.poissonPDF",
    "(x: int, lambda: double) -> double",
    errors={"invalid parameterization": 13090},
    accuracy="1e-9",
)
def poisson_pdf(x: int, lambda_: float, *, fail: Fail) -> float:
    """Return the probability that a Poisson variable is `x`; `lambda` is its mean and its variance.

    prob.dist.poissonPDF(2, 3.0) -> 0.22404180765538775
    prob.dist.poissonPDF(-1, 3.0) -> 0.0
    prob.dist.poissonPDF(2, -3.0) -> error 13090
    """
    require(0.0 <= lambda_ < INF, fail)
    if x < 0 or lambda_ == 0.0:
        return float(x == 0)
    return exp(log_gamma_density(x + 1.0, lambda_)) if x else exp(-lambda_)


@define(
    "prob.dist.poissonCDF",
    "(x: int, lambda: double) -> double",
    errors={"invalid parameterization": 13100, "invalid input": 13101},
    accuracy="1e-9",
)
def poisson_cdf(x: int, lambda_: float, *, fail: Fail) -> float:
    """Return the probability that a Poisson variable is at most `x`; `lambda` is its mean and its variance.

    prob.dist.poissonCDF(2, 3.0) -> 0.42319008112684364
    prob.dist.poissonCDF(-1, 3.0) -> 0.0
    prob.dist.poissonCDF(2, -3.0) -> error 13100
    13101 cannot be raised: it is for an `x` that is not finite, and `x` is an int.
    """
    require(0.0 <= lambda_ < INF, fail)
    return gamma_tails(x + 1.0, lambda_)[1] if x >= 0 else 0.0


@define(
    "prob.dist.poissonQF",
    "(p: double, lambda: double) -> double",
    errors={"invalid parameterization": 13110, "invalid input": 13111},
    accuracy="1e-9",
)
def poisson_qf(p: float, lambda_: float, *, fail: Fail) -> float:
    """Return the least whole number that a Poisson variable does not exceed with probability `p` or more.

    prob.dist.poissonQF(0.5, 3.0) -> 3.0
    prob.dist.poissonQF(1.0, 3.0) -> inf
    prob.dist.poissonQF(0.5, -3.0) -> error 13110
    prob.dist.poissonQF(1.5, 3.0) -> error 13111
    """
    require(0.0 <= lambda_ < INF, fail)
    require_probability(p, fail)
    if p in (0.0, 1.0) or lambda_ == 0.0:
        return INF if p == 1.0 and lambda_ else 0.0
    z = float(special.ndtri(p))
    guess = lambda_ + z * sqrt(lambda_) + (z * z - 1.0) / 6.0
    if p <= 0.5:
        return least(lambda x: gamma_tails(x + 1.0, lambda_)[1] >= p, guess, 0.0, DOUBLE_MAX)
    return least(lambda x: gamma_tails(x + 1.0, lambda_)[0] <= 1.0 - p, guess, 0.0, DOUBLE_MAX)
