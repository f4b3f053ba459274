"""Distributions of counts that the incomplete beta function sums: binomial, negative binomial, geometric.

A quantile is the least whole number whose cumulative probability is at least `p`, where the arguments are
exactly the doubles that were given.  Where floating point cannot tell the two apart, integers decide.
"""

from __future__ import annotations

from math import ceil, expm1, floor, log, log1p, sqrt

from scipy import special

from pfa.lib.define import Charge, Fail, define
from pfa.lib.distributions.arguments import require, require_finite, require_probability
from pfa.lib.distributions.numeric import beta_tails, log_beta_weight
from pfa.lib.distributions.search import least
from pfa.lib.primitives import DOUBLE_MAX, INF, exp

CLOSE = 1e-12  # what two probabilities may differ by, relatively, while their order is unsure
BITS = 20_000  # of the integers that decide: a millisecond
EXACT_COST = 1_000


def binomial_tails(k: float, size: float, prob: float) -> tuple[float, float]:
    """The probabilities of at most `k` and of more than `k` successes in `size` trials; 0 <= `k` < `size`."""
    more, at_most = beta_tails(k + 1.0, size - k, prob, 1.0 - prob)
    return at_most, more


def _reaches_exactly(k: int, trials: int, success: int, unit: int, p: float) -> bool:
    """Is the probability of at most `k` successes at least `p`?  A trial succeeds in `success` of `unit` cases."""
    failure = unit - success
    total, power, ways = 0, 1, 1
    for i in range(k + 1):
        total = total * failure + ways * power
        power *= success
        ways = ways * (trials - i) // (i + 1)
    numerator, denominator = p.as_integer_ratio()
    return bool(total * failure ** (trials - k) * denominator >= numerator * unit**trials)


def _decidable(trials: float, prob: float) -> bool:
    return trials * prob.as_integer_ratio()[1].bit_length() <= BITS


def reaches(p: float, below: float, above: float) -> bool | None:
    """Is a cumulative probability, of which both tails are given, at least `p`?  None where it is too close."""
    got, want = (below, p) if p <= 0.5 else (1.0 - p, above)
    return None if abs(got - want) <= CLOSE * want else got > want


def normal_guess(p: float, mean: float, deviation: float, skewness: float) -> float:
    """The start of the search: the normal quantile, and one term more of the Cornish-Fisher expansion."""
    z = float(special.ndtri(p))
    return mean + deviation * (z + skewness * (z * z - 1.0) / 6.0)


@define(
    "prob.dist.binomialPDF",
    "(x: int, size: int, prob: double) -> double",
    errors={"invalid parameterization": 13300, "invalid input": 13301},
    accuracy="1e-9",
)
def binomial_pdf(x: int, size: int, prob: float, *, fail: Fail) -> float:
    """Return the probability of exactly `x` successes in `size` trials, each of which has probability `prob`.

    prob.dist.binomialPDF(2, 5, 0.25) -> 0.263671875
    prob.dist.binomialPDF(7, 5, 0.25) -> 0.0
    prob.dist.binomialPDF(2, 5, 1.5) -> error 13300
    13301 cannot be raised: it is for an `x` that is not finite, and `x` is an int.
    """
    require(size > 0 and 0.0 <= prob <= 1.0, fail)
    if not 0 <= x <= size:
        return 0.0
    if prob in (0.0, 1.0):
        return float(x == size * prob)
    if x == 0:
        return exp(size * log1p(-prob))
    if x == size:
        return exp(size * log(prob))
    return exp(log_beta_weight(x, size - x, prob, 1.0 - prob)) / (x * ((size - x) / size))


@define(
    "prob.dist.binomialCDF",
    "(x: double, size: int, prob: double) -> double",
    errors={"invalid parameterization": 13310, "invalid input": 13311},
    accuracy="1e-9",
)
def binomial_cdf(x: float, size: int, prob: float, *, fail: Fail) -> float:
    """Return the probability of at most `x` successes in `size` trials, each of which has probability `prob`.

    prob.dist.binomialCDF(2.0, 5, 0.25) -> 0.896484375
    prob.dist.binomialCDF(7.0, 5, 0.25) -> 1.0
    prob.dist.binomialCDF(2.0, 5, 1.5) -> error 13310
    prob.dist.binomialCDF({"/": [1.0, 0.0]}, 5, 0.25) -> error 13311
    """
    require(size > 0 and 0.0 <= prob <= 1.0, fail)
    require_finite(x, fail)
    if not 0.0 <= x < size:
        return float(x >= size)
    return binomial_tails(floor(x), size, prob)[0]


@define(
    "prob.dist.binomialQF",
    "(p: double, size: int, prob: double) -> double",
    errors={"invalid parameterization": 13320, "invalid input": 13321},
    accuracy="1e-9",
)
def binomial_qf(p: float, size: int, prob: float, *, fail: Fail, charge: Charge) -> float:
    """Return the least number of successes in `size` trials that is not exceeded with probability `p` or more.

    prob.dist.binomialQF(0.5, 5, 0.25) -> 1.0
    prob.dist.binomialQF(1.0, 5, 0.25) -> 5.0
    prob.dist.binomialQF(0.5, 5, 1.5) -> error 13320
    prob.dist.binomialQF(1.5, 5, 0.25) -> error 13321
    """
    require(size > 0 and 0.0 <= prob <= 1.0, fail)
    require_probability(p, fail)
    if p in (0.0, 1.0):
        return size * p
    if prob in (0.0, 1.0):
        return size * prob

    def reached(k: float) -> bool:
        answer = reaches(p, *binomial_tails(k, size, prob))
        if answer is None and _decidable(size, prob):
            charge(EXACT_COST)
            return _reaches_exactly(int(k), size, *prob.as_integer_ratio(), p)
        return answer is not False

    deviation = sqrt(size * prob * (1.0 - prob))
    guess = normal_guess(p, size * prob, deviation, (1.0 - 2.0 * prob) / deviation)
    return least(reached, guess, 0.0, float(size))


@define(
    "prob.dist.negativeBinomialPDF",
    "(x: int, size: int, prob: double) -> double",
    errors={"invalid parameterization": 13450, "invalid input": 13451},
    accuracy="1e-9",
)
def negative_binomial_pdf(x: int, size: int, prob: float, *, fail: Fail) -> float:
    """Return the probability of exactly `x` failures before success number `size`; one has probability `prob`.

    prob.dist.negativeBinomialPDF(2, 3, 0.25) -> 0.052734375
    prob.dist.negativeBinomialPDF(-2, 3, 0.25) -> 0.0
    prob.dist.negativeBinomialPDF(2, 3, 0.0) -> error 13450
    13451 cannot be raised: it is for an `x` that is not finite, and `x` is an int.
    """
    require(size >= 0 and 0.0 < prob <= 1.0, fail)
    if x < 0 or size == 0 or prob == 1.0:
        return float(x == 0)
    return exp(log_beta_weight(size, x, prob, 1.0 - prob)) / x if x else exp(size * log(prob))


@define(
    "prob.dist.negativeBinomialCDF",
    "(x: double, size: int, prob: double) -> double",
    errors={"invalid parameterization": 13460, "invalid input": 13461},
    accuracy="1e-9",
)
def negative_binomial_cdf(x: float, size: int, prob: float, *, fail: Fail) -> float:
    """Return the probability of at most `x` failures before success number `size`; one has probability `prob`.

    A `size` of 0 gives 1 at 0 and 0 everywhere else, as the conformance suite has it.

    prob.dist.negativeBinomialCDF(2.0, 3, 0.25) -> 0.103515625
    prob.dist.negativeBinomialCDF(-2.0, 3, 0.25) -> 0.0
    prob.dist.negativeBinomialCDF(2.0, 3, 0.0) -> error 13460
    prob.dist.negativeBinomialCDF({"/": [1.0, 0.0]}, 3, 0.25) -> error 13461
    """
    require(size >= 0 and 0.0 < prob <= 1.0, fail)
    require_finite(x, fail)
    if size == 0:
        return float(x == 0.0)
    return beta_tails(size, floor(x) + 1.0, prob, 1.0 - prob)[0] if x >= 0.0 else 0.0


@define(
    "prob.dist.negativeBinomialQF",
    "(p: double, size: int, prob: double) -> double",
    errors={"invalid parameterization": 13470, "invalid input": 13471},
    accuracy="1e-9",
)
def negative_binomial_qf(p: float, size: int, prob: float, *, fail: Fail, charge: Charge) -> float:
    """Return the least number of failures before success number `size` not exceeded with probability `p`.

    prob.dist.negativeBinomialQF(0.5, 3, 0.25) -> 8.0
    prob.dist.negativeBinomialQF(1.0, 3, 0.25) -> inf
    prob.dist.negativeBinomialQF(0.5, 3, 0.0) -> error 13470
    prob.dist.negativeBinomialQF(1.5, 3, 0.25) -> error 13471
    """
    require(size >= 0 and 0.0 < prob <= 1.0, fail)
    require_probability(p, fail)
    if size == 0 or p == 0.0:
        return 0.0
    if p == 1.0:
        return INF
    if prob == 1.0:
        return 0.0
    rest = 1.0 - prob

    def reached(x: float) -> bool:
        answer = reaches(p, *beta_tails(size, x + 1.0, prob, rest))
        if answer is None and _decidable(size + x, prob):
            charge(EXACT_COST)
            # At most x failures before the last success are at most x failures in size + x trials.
            success, unit = prob.as_integer_ratio()
            return _reaches_exactly(int(x), size + int(x), unit - success, unit, p)
        return answer is not False

    spread = sqrt(size * rest)
    guess = normal_guess(p, size * rest / prob, spread / prob, (2.0 - prob) / spread)
    found = least(reached, guess, 0.0, DOUBLE_MAX)
    return found if found < DOUBLE_MAX else INF


@define(
    "prob.dist.geometricPDF",
    "(x: int, prob: double) -> double",
    errors={"invalid parameterization": 13360, "invalid input": 13361},
    accuracy="1e-9",
)
def geometric_pdf(x: int, prob: float, *, fail: Fail) -> float:
    """Return the probability of exactly `x` failures before the first success, which has probability `prob`.

    prob.dist.geometricPDF(2, 0.25) -> 0.140625
    prob.dist.geometricPDF(-2, 0.25) -> 0.0
    prob.dist.geometricPDF(2, 0.0) -> error 13360
    13361 cannot be raised: it is for an `x` that is not finite, and `x` is an int.
    """
    require(0.0 < prob <= 1.0, fail)
    if x < 0 or prob == 1.0:
        return float(x == 0)
    return prob * exp(x * log1p(-prob))


@define(
    "prob.dist.geometricCDF",
    "(x: double, prob: double) -> double",
    errors={"invalid parameterization": 13370, "invalid input": 13371},
    accuracy="1e-9",
)
def geometric_cdf(x: float, prob: float, *, fail: Fail) -> float:
    """Return the probability of at most `x` failures before the first success, which has probability `prob`.

    prob.dist.geometricCDF(2.0, 0.25) -> 0.578125
    prob.dist.geometricCDF(-2.0, 0.25) -> 0.0
    prob.dist.geometricCDF(2.0, 0.0) -> error 13370
    prob.dist.geometricCDF({"/": [1.0, 0.0]}, 0.25) -> error 13371
    """
    require(0.0 < prob <= 1.0, fail)
    require_finite(x, fail)
    if x < 0.0 or prob == 1.0:
        return float(x >= 0.0)
    return -expm1((floor(x) + 1.0) * log1p(-prob))


@define(
    "prob.dist.geometricQF",
    "(p: double, prob: double) -> double",
    errors={"invalid parameterization": 13380, "invalid input": 13381},
    accuracy="1e-9",
)
def geometric_qf(p: float, prob: float, *, fail: Fail, charge: Charge) -> float:
    """Return the least number of failures before the first success that is not exceeded with probability `p`.

    prob.dist.geometricQF(0.5, 0.25) -> 2.0
    prob.dist.geometricQF(1.0, 0.25) -> inf
    prob.dist.geometricQF(0.5, 0.0) -> error 13380
    prob.dist.geometricQF(1.5, 0.25) -> error 13381
    """
    require(0.0 < prob <= 1.0, fail)
    require_probability(p, fail)
    if p == 1.0:
        return INF
    if p == 0.0 or prob == 1.0:
        return 0.0
    trials = log1p(-p) / log1p(-prob)  # until one of them has succeeded with probability p
    if trials >= DOUBLE_MAX:
        return INF
    whole = max(round(trials), 1)
    if abs(trials - whole) > 1e-15 * trials:
        return ceil(trials) - 1.0
    if _decidable(whole, prob):
        charge(EXACT_COST)
        success, unit = prob.as_integer_ratio()
        if not _reaches_exactly(whole - 1, whole, unit - success, unit, p):
            return float(whole)
    return whole - 1.0
