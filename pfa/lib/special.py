"""Namespace `m.special`: binomial coefficients, beta, gamma and error functions."""

from __future__ import annotations

import math

from pfa.lib import primitives
from pfa.lib.define import Fail, define

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
ZETA = (
    1.6449340668482264, 1.2020569031595943, 1.0823232337111382, 1.0369277551433699, 1.0173430619844491,
    1.0083492773819228, 1.0040773561979443, 1.0020083928260822,
)  # fmt: skip
LARGE = 10.0  # from here the terms of STIRLING give the logarithm of gamma to the last bit


@define("m.special.nChooseK", "(n: int, k: int) -> int", errors={"domain error": 36000})
def n_choose_k(n: int, k: int, *, fail: Fail) -> int:
    """The number of ways to choose `k` elements of `n`, for 0 < `k` < `n`.

    A number that is too large for an int is a domain error too.

    m.special.nChooseK(10, 5) -> 252
    m.special.nChooseK(10, 0) -> error 36000
    m.special.nChooseK(10, 10) -> error 36000
    m.special.nChooseK(100, 50) -> error 36000
    """
    if k <= 0 or k >= n:
        fail("domain error")
    ways = 1
    for i in range(min(k, n - k)):
        ways = ways * (n - i) // (i + 1)
        if ways > primitives.INT_MAX:
            fail("domain error")
    return ways


@define(
    "m.special.lnBeta", "(a: double, b: double) -> double", errors={"domain error": 36010}, accuracy="1e-9"
)
def ln_beta(a: float, b: float, *, fail: Fail) -> float:
    """The natural logarithm of the beta function ∫₀¹ t^(a-1) (1-t)^(b-1) dt, for positive `a` and `b`.

    m.special.lnBeta(2, 3) -> -2.4849066497880004
    m.special.lnBeta(0, 1) -> error 36010
    """
    if a <= 0.0 or b <= 0.0:
        fail("domain error")
    if not (math.isfinite(a) and math.isfinite(b)):
        return primitives.NAN
    return _ln_beta(min(a, b), max(a, b))


def _ln_beta(a: float, b: float) -> float:
    """For `a` ≤ `b`; where they are large, the large parts of the three ln Γ are cancelled by hand, not by rounding.

    ln Γ(z) = (z - 1/2) ln z - z + ln(2π)/2 + rest(z).  SciPy's `betaln` is off by 2e-9 at (0.07, 750931).
    """
    if a > 0.99 and b < 1.01:
        return _ln_beta_near_one(a - 1.0, b - 1.0)
    if b < LARGE:
        return primitives.lgamma(a) + primitives.lgamma(b) - primitives.lgamma(a + b)
    rest = _stirling_rest(b) - _stirling_rest(a + b)
    ratio = math.log1p(a / b)
    if a < LARGE:
        return primitives.lgamma(a) - (a + b - 0.5) * ratio - a * (math.log(b) - 1.0) + rest
    rest += _stirling_rest(a) + HALF_LOG_2PI
    return rest - 0.5 * math.log(b) + (a - 0.5) * (math.log(a / b) - ratio) - b * ratio


def _ln_beta_near_one(x: float, y: float) -> float:
    """ln B(1 + x, 1 + y) for small x and y: it is zero at zero, where a difference of ln Γ would be all rounding.

    ln Γ(1 + x) = -Cx + Σ (-1)^k ζ(k) x^k / k, and ln Γ(2 + s) = ln Γ(1 + s) + ln(1 + s); the terms Cx cancel.
    """
    s = x + y
    total = ZETA[0] * x * y + math.log1p(s)
    for k, zeta in enumerate(ZETA[1:], 3):
        total -= (-1) ** k * zeta / k * (x**k + y**k - s**k)
    return -total


def _stirling_rest(z: float) -> float:
    """What Stirling's formula leaves of ln Γ(z), for `z` of at least LARGE."""
    total, power, square = 0.0, 1.0 / z, 1.0 / (z * z)
    for term in STIRLING:
        total += term * power
        power *= square
    return total


@define("m.special.erf", "(x: double) -> double", accuracy="ulp")
def erf(x: float) -> float:
    """The error function 2/√π ∫₀ˣ exp(-t²) dt.

    m.special.erf(0.5) -> 0.5204998778130465
    """
    return primitives.erf(x)


@define("m.special.erfc", "(x: double) -> double", accuracy="ulp")
def erfc(x: float) -> float:
    """The complementary error function 1 - erf(`x`), without loss of precision for large `x`.

    m.special.erfc(0.5) -> 0.4795001221869535
    m.special.erfc(17) -> 1.0212280150942608e-127
    """
    return primitives.erfc(x)


@define("m.special.lnGamma", "(x: double) -> double", errors={"domain error": 36050}, accuracy="1e-9")
def ln_gamma(x: float, *, fail: Fail) -> float:
    """The natural logarithm of the gamma function, for positive `x`.

    m.special.lnGamma(6) -> 4.787491742782046
    m.special.lnGamma(0) -> error 36050
    """
    if x <= 0.0:
        fail("domain error")
    return primitives.lgamma(x)
