"""The hypergeometric distribution: sums of exact ratios from the point outwards, a density in Loader's form."""

from __future__ import annotations

from math import log, log1p, sqrt

from pfa.lib.define import Charge, Fail, define
from pfa.lib.distributions.arguments import require, require_probability
from pfa.lib.distributions.counts import BITS, EXACT_COST, normal_guess, reaches
from pfa.lib.distributions.numeric import log_beta_weight
from pfa.lib.distributions.search import least
from pfa.lib.primitives import exp

NEGLIGIBLE = 1e-17


def _log_binomial(x: int, size: int, prob: float) -> float:
    """Logarithm of the probability of `x` successes in `size` trials; 0 < `prob` < 1."""
    if x == 0:
        return size * log1p(-prob)
    if x == size:
        return size * log(prob)
    return log_beta_weight(x, size - x, prob, 1.0 - prob) - log(x * ((size - x) / size))


def _mass(x: int, m: int, n: int, k: int) -> float:
    """The probability of `x` of the `m` among `k` drawn from `m` + `n`; 0 outside the support."""
    if not max(0, k - n) <= x <= min(k, m):
        return 0.0
    if k in (0, m + n):
        return 1.0
    prob = k / (m + n)  # any would do: it cancels
    logarithm = _log_binomial(x, m, prob) + _log_binomial(k - x, n, prob) - _log_binomial(k, m + n, prob)
    return exp(logarithm)


def _tails(x: int, m: int, n: int, k: int, charge: Charge) -> tuple[float, float]:
    """The probabilities of at most `x` and of more than `x`, the smaller one to all its digits."""
    low, high = max(0, k - n), min(k, m)
    if not low <= x < high:
        return float(x >= high), float(x < low)
    deviation = sqrt(k * (m / (m + n)) * (n / (m + n)))
    charge(int(min(10.0 * deviation + 100.0, high - low)))
    if x * (m + n) <= k * m:
        below = _mass(x, m, n, k) * _sum_down(x, low, m, n, k)
        return below, 1.0 - below
    above = _mass(x + 1, m, n, k) * _sum_down(k - x - 1, k - high, n, m, k)
    return 1.0 - above, above


def _sum_down(x: int, low: int, m: int, n: int, k: int) -> float:
    """The sum of the probabilities from `low` to `x`, relative to that of `x`, which is not above the mean."""
    total = term = 1.0
    for i in range(x, low, -1):
        term *= (i / (m - i + 1)) * ((n - k + i) / (k - i + 1))
        total += term
        if term < NEGLIGIBLE * total:
            break
    return total


def _reaches_exactly(x: int, m: int, n: int, k: int, p: float) -> bool:
    """Is the probability of at most `x` at least `p`?  In integers, for few and small ones."""
    low = max(0, k - n)
    ways = 1
    for i in range(low):  # of drawing low from m and all of n
        ways = ways * (m - i) // (i + 1)
    if not low:
        for i in range(k):
            ways = ways * (n - i) // (i + 1)
    total = ways
    for i in range(low, x):
        ways = ways * ((m - i) * (k - i)) // ((i + 1) * (n - k + i + 1))
        total += ways
    every = 1
    for i in range(k):
        every = every * (m + n - i) // (i + 1)
    numerator, denominator = p.as_integer_ratio()
    return total * denominator >= numerator * every


@define(
    "prob.dist.hypergeometricPDF",
    "(x: int, m: int, n: int, k: int) -> double",
    errors={"invalid parameterization": 13390},
    accuracy="1e-9",
)
def hypergeometric_pdf(x: int, m: int, n: int, k: int, *, fail: Fail) -> float:
    """Return the probability that `k` balls drawn without replacement from `m` white and `n` black have `x` white.

    prob.dist.hypergeometricPDF(2, 5, 10, 4) -> 0.32967032967032966
    prob.dist.hypergeometricPDF(5, 5, 10, 4) -> 0.0
    prob.dist.hypergeometricPDF(2, 5, 10, 16) -> error 13390
    """
    require(m >= 0 and n > 0 and 0 <= k <= m + n, fail)
    return _mass(x, m, n, k)


@define(
    "prob.dist.hypergeometricCDF",
    "(x: int, m: int, n: int, k: int) -> double",
    errors={"invalid parameterization": 13400, "invalid input": 13401},
    accuracy="1e-9",
)
def hypergeometric_cdf(x: int, m: int, n: int, k: int, *, fail: Fail, charge: Charge) -> float:
    """Return the probability that `k` balls drawn without replacement have at most `x` white.

    m, n: the number of white and of black balls to draw from.

    prob.dist.hypergeometricCDF(1, 5, 10, 4) -> 0.5934065934065934
    prob.dist.hypergeometricCDF(4, 5, 10, 4) -> 1.0
    prob.dist.hypergeometricCDF(1, 5, 10, 16) -> error 13400
    13401 cannot be raised: it is for an `x` that is not finite, and `x` is an int.
    """
    require(m >= 0 and n > 0 and 0 <= k <= m + n, fail)
    return _tails(x, m, n, k, charge)[0]


@define(
    "prob.dist.hypergeometricQF",
    "(p: double, m: int, n: int, k: int) -> double",
    errors={"invalid parameterization": 13410, "invalid input": 13411},
    accuracy="1e-9",
)
def hypergeometric_qf(p: float, m: int, n: int, k: int, *, fail: Fail, charge: Charge) -> float:
    """Return the least number of white balls among `k` drawn that is not exceeded with probability `p` or more.

    m, n: the number of white and of black balls to draw from.

    prob.dist.hypergeometricQF(0.5, 5, 10, 4) -> 1.0
    prob.dist.hypergeometricQF(0.0, 5, 2, 4) -> 2.0
    prob.dist.hypergeometricQF(0.5, 5, 10, 16) -> error 13410
    prob.dist.hypergeometricQF(1.5, 5, 10, 4) -> error 13411
    """
    require(m >= 0 and n > 0 and 0 <= k <= m + n, fail)
    require_probability(p, fail)
    low, high = max(0, k - n), min(k, m)
    if low == high or p in (0.0, 1.0):
        return float(high if p == 1.0 else low)
    drawn = m + n

    def reached(x: float) -> bool:
        answer = reaches(p, *_tails(int(x), m, n, k, charge))
        if answer is None and k * drawn.bit_length() <= BITS:
            charge(EXACT_COST)
            return _reaches_exactly(int(x), m, n, k, p)
        return answer is not False

    white, black, left = m / drawn, n / drawn, (drawn - k) / (drawn - 1.0)
    deviation = sqrt(k * white * black * left)
    skewness = (black - white) * (1.0 - 2.0 * (k / drawn)) / deviation
    return least(reached, normal_guess(p, k * white, deviation, skewness), float(low), float(high))
