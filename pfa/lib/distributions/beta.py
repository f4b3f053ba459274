"""The beta distribution and those of real variables that are one in other words: F and Student's t."""

from __future__ import annotations

from math import atan2, log, log1p, pi, sqrt
from typing import TYPE_CHECKING

from scipy import special

from pfa.lib.define import Fail, define
from pfa.lib.distributions.arguments import require, require_finite, require_probability
from pfa.lib.distributions.elementary import standard_cauchy_qf
from pfa.lib.distributions.numeric import (
    beta_tails,
    log_beta_weight,
    log_gamma_1,
    log_of,
    odds,
    relative,
    stirling_error,
)
from pfa.lib.distributions.search import root
from pfa.lib.primitives import INF, exp

if TYPE_CHECKING:
    from collections.abc import Callable


def log_odds_quantile(p: float, a: float, b: float) -> float:
    """log(y / (1 - y)) for the quantile y of the beta distribution; 0 < `p` < 1.  y and 1 - y keep all digits."""
    lower = p <= 0.5
    leading = _leading(p, a, b)
    if leading < -40.0 - log(a + b + 1.0):  # I_y(a, b) is y^a / (a B(a, b)) there
        return leading
    if not lower:
        other = _leading(1.0 - p, b, a)
        if other < -40.0 - log(a + b + 1.0):
            return -other
    if lower:
        start = _logit(float(special.betaincinv(a, b, p)), leading)
    else:
        start = -_logit(float(special.betaincinv(b, a, 1.0 - p)), other)
    return root(_excess(p, a, b, lower), start)


def _leading(p: float, a: float, b: float) -> float:
    """The logarithm of the quantile if I_y(a, b) were the first term of its series, y^a / (a B(a, b))."""
    rising = 0.0  # log of Γ(a + b) / Γ(b), from Stirling's formula for a larger b
    while b < 10.0:
        rising -= log1p(a / b)
        b += 1.0
    rising += stirling_error(a + b) - stirling_error(b) + (b - 0.5) * log1p(a / b) + a * (log(a + b) - 1.0)
    return (log_of(p) + log_gamma_1(a) - rising) / a


def _logit(y: float, otherwise: float) -> float:
    return log(y) - log1p(-y) if 0.0 < y < 1.0 else min(otherwise, 40.0)


def _excess(p: float, a: float, b: float, lower: bool) -> Callable[[float], tuple[float, float]]:
    """How far, as a logarithm, the smaller tail at log odds u is from what is wanted, and the slope of that."""

    def excess(u: float) -> tuple[float, float]:
        y, rest = odds(exp(u))
        below, above = beta_tails(a, b, y, rest)
        tail = below if lower else above
        value = relative(below, p) if lower else -relative(above, 1.0 - p)
        return value, exp(log_beta_weight(a, b, y, rest)) / tail if tail else 0.0

    return excess


@define(
    "prob.dist.betaPDF",
    "(x: double, a: double, b: double) -> double",
    errors={"invalid parameterization": 13150, "invalid input": 13151},
    accuracy="1e-9",
)
def beta_pdf(x: float, a: float, b: float, *, fail: Fail) -> float:
    """Return the density at `x` of the beta distribution with shapes `a` and `b`; 0 unless 0 < `x` < 1.

    prob.dist.betaPDF(0.25, 2.0, 3.0) -> 1.6875
    prob.dist.betaPDF(1.5, 2.0, 3.0) -> 0.0
    prob.dist.betaPDF(0.25, 0.0, 3.0) -> error 13150
    prob.dist.betaPDF({"/": [1.0, 0.0]}, 2.0, 3.0) -> error 13151
    """
    require(0.0 < a < INF and 0.0 < b < INF, fail)
    require_finite(x, fail)
    if not 0.0 < x < 1.0:
        return 0.0
    return exp(log_beta_weight(a, b, x, 1.0 - x) - log(x) - log1p(-x))


@define(
    "prob.dist.betaCDF",
    "(x: double, a: double, b: double) -> double",
    errors={"invalid parameterization": 13160, "invalid input": 13161},
    accuracy="1e-9",
)
def beta_cdf(x: float, a: float, b: float, *, fail: Fail) -> float:
    """Return the probability that a beta variable with shapes `a` and `b` is at most `x`.

    prob.dist.betaCDF(0.25, 2.0, 3.0) -> 0.26171875
    prob.dist.betaCDF(1.5, 2.0, 3.0) -> 1.0
    prob.dist.betaCDF(0.25, 0.0, 3.0) -> error 13160
    prob.dist.betaCDF({"/": [1.0, 0.0]}, 2.0, 3.0) -> error 13161
    """
    require(0.0 < a < INF and 0.0 < b < INF, fail)
    require_finite(x, fail)
    return beta_tails(a, b, x, 1.0 - x)[0] if 0.0 < x < 1.0 else float(x >= 1.0)


@define(
    "prob.dist.betaQF",
    "(p: double, a: double, b: double) -> double",
    errors={"invalid parameterization": 13170, "invalid input": 13171},
    accuracy="1e-9",
)
def beta_qf(p: float, a: float, b: float, *, fail: Fail) -> float:
    """Return the value that a beta variable with shapes `a` and `b` does not exceed with probability `p`.

    prob.dist.betaQF(0.5, 2.0, 3.0) -> 0.38572756813238945
    prob.dist.betaQF(1.0, 2.0, 3.0) -> 1.0
    prob.dist.betaQF(0.5, 0.0, 3.0) -> error 13170
    prob.dist.betaQF(1.5, 2.0, 3.0) -> error 13171
    """
    require(0.0 < a < INF and 0.0 < b < INF, fail)
    require_probability(p, fail)
    return odds(exp(log_odds_quantile(p, a, b)))[0] if 0.0 < p < 1.0 else p


@define(
    "prob.dist.fPDF",
    "(x: double, d1: int, d2: int) -> double",
    errors={"invalid parameterization": 13210, "invalid input": 13211},
    accuracy="1e-9",
)
def f_pdf(x: float, d1: int, d2: int, *, fail: Fail) -> float:
    """Return the density at `x` of the F distribution; 0 for `x` ≤ 0.

    d1, d2: degrees of freedom of the numerator and of the denominator.

    prob.dist.fPDF(2.0, 3, 5) -> 0.1428963909075316
    prob.dist.fPDF(-2.0, 3, 5) -> 0.0
    prob.dist.fPDF(2.0, 0, 5) -> error 13210
    prob.dist.fPDF({"/": [1.0, 0.0]}, 3, 5) -> error 13211
    """
    require(d1 > 0 and d2 > 0, fail)
    require_finite(x, fail)
    if x <= 0.0:
        return 0.0
    y, rest = odds(x * (d1 / d2))
    return exp(log_beta_weight(0.5 * d1, 0.5 * d2, y, rest) - log(x))


@define(
    "prob.dist.fCDF",
    "(x: double, d1: int, d2: int) -> double",
    errors={"invalid parameterization": 13220, "invalid input": 13221},
    accuracy="1e-9",
)
def f_cdf(x: float, d1: int, d2: int, *, fail: Fail) -> float:
    """Return the probability that an F variable is at most `x`.

    d1, d2: degrees of freedom of the numerator and of the denominator.

    prob.dist.fCDF(2.0, 3, 5) -> 0.7673760819999215
    prob.dist.fCDF(-2.0, 3, 5) -> 0.0
    prob.dist.fCDF(2.0, 0, 5) -> error 13220
    prob.dist.fCDF({"/": [1.0, 0.0]}, 3, 5) -> error 13221
    """
    require(d1 > 0 and d2 > 0, fail)
    require_finite(x, fail)
    return beta_tails(0.5 * d1, 0.5 * d2, *odds(x * (d1 / d2)))[0] if x > 0.0 else 0.0


@define(
    "prob.dist.fQF",
    "(p: double, d1: int, d2: int) -> double",
    errors={"invalid parameterization": 13230, "invalid input": 13231},
    accuracy="1e-9",
)
def f_qf(p: float, d1: int, d2: int, *, fail: Fail) -> float:
    """Return the value that an F variable does not exceed with probability `p`: the inverse of the CDF.

    d1, d2: degrees of freedom of the numerator and of the denominator.

    prob.dist.fQF(0.95, 3, 5) -> 5.409451318056501
    prob.dist.fQF(1.0, 3, 5) -> inf
    prob.dist.fQF(0.95, 0, 5) -> error 13230
    prob.dist.fQF(1.5, 3, 5) -> error 13231
    """
    require(d1 > 0 and d2 > 0, fail)
    require_probability(p, fail)
    if p in (0.0, 1.0):
        return INF if p else 0.0
    return exp(log_odds_quantile(p, 0.5 * d1, 0.5 * d2)) * (d2 / d1)


@define(
    "prob.dist.tPDF",
    "(x: double, dof: int) -> double",
    errors={"invalid parameterization": 13270, "invalid input": 13271},
    accuracy="1e-9",
)
def t_pdf(x: float, dof: int, *, fail: Fail) -> float:
    """Return the density at `x` of Student's t distribution with `dof` degrees of freedom.

    prob.dist.tPDF(0.5, 3) -> 0.3131809110088286
    prob.dist.tPDF(0.5, 0) -> error 13270
    prob.dist.tPDF({"/": [1.0, 0.0]}, 3) -> error 13271
    """
    require(dof > 0, fail)
    require_finite(x, fail)
    x = max(abs(x), 1e-20)  # the density is flat at 0, where the odds would vanish
    return exp(log_beta_weight(0.5, 0.5 * dof, *odds(x * x / dof)) - log(x))


@define(
    "prob.dist.tCDF",
    "(x: double, dof: int) -> double",
    errors={"invalid parameterization": 13280, "invalid input": 13281},
    accuracy="1e-9",
)
def t_cdf(x: float, dof: int, *, fail: Fail) -> float:
    """Return the probability that a variable of Student's t distribution is at most `x`; `dof`: degrees of freedom.

    prob.dist.tCDF(0.5, 3) -> 0.6742760175759245
    prob.dist.tCDF(-1e100, 3) -> 1.1026577908435842e-300
    prob.dist.tCDF(0.5, 0) -> error 13280
    prob.dist.tCDF({"/": [1.0, 0.0]}, 3) -> error 13281
    """
    require(dof > 0, fail)
    require_finite(x, fail)
    if dof == 1:  # the odds of the other cases would overflow in its tail
        return atan2(1.0, -x) / pi
    within, beyond = beta_tails(0.5, 0.5 * dof, *odds(x * x / dof))
    return 0.5 + 0.5 * within if x > 0.0 else 0.5 * beyond


@define(
    "prob.dist.tQF",
    "(p: double, dof: int) -> double",
    errors={"invalid parameterization": 13290, "invalid input": 13291},
    accuracy="1e-9",
)
def t_qf(p: float, dof: int, *, fail: Fail) -> float:
    """Return the value that a variable of Student's t distribution does not exceed with probability `p`.

    prob.dist.tQF(0.975, 3) -> 3.1824463052842624
    prob.dist.tQF(0.0, 3) -> -inf
    prob.dist.tQF(0.975, 0) -> error 13290
    prob.dist.tQF(1.5, 3) -> error 13291
    """
    require(dof > 0, fail)
    require_probability(p, fail)
    if dof == 1 or p in (0.0, 0.5, 1.0):
        return standard_cauchy_qf(p)
    tail = min(p, 1.0 - p)
    if tail < 0.25:
        log_odds = log_odds_quantile(2.0 * tail, 0.5 * dof, 0.5)
    else:
        log_odds = -log_odds_quantile(1.0 - 2.0 * tail, 0.5, 0.5 * dof)
    size = sqrt(dof) * exp(-0.5 * log_odds)
    return -size if p < 0.5 else size
