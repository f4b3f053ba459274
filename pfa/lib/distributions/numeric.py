"""Densities and tail probabilities of the gamma and beta families, good to 1e-9 in the far tails too.

A density is the exponential of a sum; what would cancel in the sum (log-gammas of a thousand, x log x) is never
formed.  Loader's saddle-point form has two small, positive terms instead: the error of Stirling's formula and the
deviance (C. Loader, "Fast and accurate computation of binomial probabilities", 2000).

A tail comes as the pair (lower, upper), of which the smaller one has all its digits.  SciPy's incomplete beta
(Boost's) is good to 1e-9 for every shape below 2**31; its incomplete gamma loses the tails of shapes above a
million, where Temme's expansion takes over (DLMF 8.12).
"""

from __future__ import annotations

import math
from math import erfc, exp, log, log1p, sqrt

from scipy import special

from pfa.lib.primitives import INF, lgamma

HALF_LOG_2PI = 0.9189385332046727
LOG_2PI = 2.0 * HALF_LOG_2PI
EULER = 0.5772156649015329

# Coefficients of c_0, c_1, c_2 of DLMF 8.12.10 in powers of eta.
_TEMME = (
    (-0.3333333333333333, 0.08333333333333333, -0.014814814814814815, 0.0011574074074074073,
     0.0003527336860670194, -0.0001787551440329218, 3.919263178522438e-05, -2.1854485106799923e-06,
     -1.8540622107151598e-06, 8.296711340953086e-07),
    (-0.001851851851851852, -0.003472222222222222, 0.0026455026455026454, -0.0009902263374485596,
     0.000205761316872428, -4.018775720164609e-07),
    (0.0041335978835978834, -0.0026813271604938273, 0.0007716049382716049),
)  # fmt: skip
LARGE = 1e5  # from this shape on: 37 standard deviations are then an eta of 0.12, well inside the series


def stirling_error(x: float) -> float:
    """log Γ(x + 1) less Stirling's formula for it, log(sqrt(2πx) (x/e)^x); `x` > 0."""
    if x < 10.0:
        return lgamma(x + 1.0) - (x + 0.5) * log(x) + x - HALF_LOG_2PI
    y = 1.0 / (x * x)
    series = 1.0 / 1260.0 - y * (1.0 / 1680.0 - y * (1.0 / 1188.0 - y * (691.0 / 360360.0 - y / 156.0)))
    return (1.0 / 12.0 - y * (1.0 / 360.0 - y * series)) / x


def deviance(x: float, mean: float) -> float:
    """x log(x/mean) + mean - x without cancellation where `x` is near `mean`; both are positive."""
    if mean == 0.0:
        return INF
    difference, total = x - mean, x + mean
    if abs(difference) >= 0.1 * total:
        ratio = x / mean
        logarithm = log(ratio) if 0.0 < ratio < INF else log(x) - log(mean)
        return x * logarithm + mean - x
    v = difference / total
    square, power, found = v * v, 2.0 * x * v, difference * v
    for n in range(3, 41, 2):  # v is below 0.1: nine rounds do
        power *= square
        more = found + power / n
        if more == found:
            break
        found = more
    return found


def log_gamma_density(a: float, y: float) -> float:
    """Logarithm of y^(a-1) e^-y / Γ(a), the density of the gamma distribution of scale 1; `y` > 0."""
    if y == INF:
        return -INF
    if a < 10.0:
        return (a - 1.0) * log(y) - y - lgamma(a)
    return 0.5 * (log(a) - LOG_2PI) - stirling_error(a) - deviance(a, y) - log(y)


def log_beta_weight(a: float, b: float, y: float, rest: float) -> float:
    """Logarithm of y^a rest^b / B(a, b), where y + rest = 1: y · rest times the density of a beta variable."""
    if y <= 0.0 or rest <= 0.0:
        return -INF
    n = a + b
    correction = stirling_error(n) - stirling_error(a) - stirling_error(b)
    spread = deviance(a, n * y) + deviance(b, n * rest)
    return correction - spread + 0.5 * (log(a) + log(b) - log(n) - LOG_2PI)


def gamma_tails(a: float, y: float) -> tuple[float, float]:
    """The regularized incomplete gamma functions P(a, y) and Q(a, y); `a` > 0, `y` >= 0."""
    if y == INF:
        return 1.0, 0.0
    if a < LARGE or y == 0.0:
        return float(special.gammainc(a, y)), float(special.gammaincc(a, y))
    return _temme(a, y)


def _temme(a: float, y: float) -> tuple[float, float]:
    d = deviance(a, y)
    eta = math.copysign(sqrt(2.0 * d / a), y - a)
    if abs(eta) > 1.0:
        return (1.0, 0.0) if eta > 0.0 else (0.0, 1.0)
    series = 0.0
    for coefficients in reversed(_TEMME):
        c = 0.0
        for coefficient in reversed(coefficients):
            c = c * eta + coefficient
        series = series / a + c
    correction = exp(-d) * series / sqrt(2.0 * math.pi * a)
    z = math.copysign(sqrt(d), eta)
    return 0.5 * erfc(-z) - correction, 0.5 * erfc(z) + correction


def beta_tails(a: float, b: float, y: float, rest: float) -> tuple[float, float]:
    """The regularized incomplete beta functions I_y(a, b) and I_rest(b, a); y + rest = 1, both given in full."""
    if y <= rest:
        return float(special.betainc(a, b, y)), float(special.betaincc(a, b, y))
    return float(special.betaincc(b, a, rest)), float(special.betainc(b, a, rest))


def odds(ratio: float) -> tuple[float, float]:
    """The two parts of 1 that have this ratio, each with all its digits."""
    if ratio > 1.0:
        return 1.0 / (1.0 + 1.0 / ratio), 1.0 / (1.0 + ratio)
    return ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)


def log_of(p: float) -> float:
    """log(p), from the distance to 1 where `p` is near it."""
    return log(p) if p < 0.5 else log1p(p - 1.0)


def log_gamma_1(a: float) -> float:
    """log Γ(1 + a), relative to a tiny `a` too."""
    return lgamma(1.0 + a) if a > 1e-5 else a * (a * 0.8224670334241132 - EULER)


def relative(got: float, want: float) -> float:
    """log(got / want); -inf where `got` has underflowed."""
    if got <= 0.0:
        return -INF
    ratio = got / want
    return log(ratio) if 0.0 < ratio < INF else log(got) - log(want)
