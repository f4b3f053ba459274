"""Distributions of counts (prob.dist.*): Poisson, binomial, negative binomial, geometric, hypergeometric.

`pfa.lib.distributions.counts` and `hypergeometric` have the meaning.  Quantiles search for the least whole number
that has the probability; the searches are one function, and a number tells which distribution it asks.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    ceil,
    exp,
    expm1,
    f64,
    fabs,
    floor,
    i64,
    inf,
    inline,
    log,
    log1p,
    rint,
    sqrt,
    trunc_i64,
)
from pfa.targets.kernel.lib.base import charge
from pfa.targets.kernel.lib.incomplete import beta_tail, gamma_tail, log_beta_weight, log_gamma_weight, normal_quantile
from pfa.targets.kernel.lib.naturals import (
    natural_add,
    natural_compare,
    natural_copy,
    natural_divide,
    natural_room,
    natural_set,
    natural_shift,
    natural_subtract,
    natural_times,
    ratio_bits,
    ratio_number,
)
from pfa.targets.kernel.lib.prob import need, need_finite, need_probability, not_negative, one_if

CLOSE = 1e-12  # what two probabilities may differ by, relatively, while their order is unsure
BITS = 20000.0  # of the integers that decide
EXACT_COST = 1000
NEGLIGIBLE = 1e-17
DOUBLE_MAX = 1.7976931348623157e308
POISSON = 0
BINOMIAL = 1
NEGATIVE = 2
HYPERGEOMETRIC = 3
UNSURE = 2


# Integers decide


@inline
def decidable(trials: f64, prob: f64) -> bool:
    return trials * float(ratio_bits(prob) + 1) <= BITS


def times_rest(total: i64, other: i64, number: i64, power: i64) -> None:
    """Multiply by 2**power - number; `other` is room."""
    natural_shift(other, total, power)
    natural_times(total, number)
    natural_subtract(other, total)
    natural_copy(total, other)


def binomial_sum(ctx: i64, most: i64, trials: i64, prob: f64) -> i64:
    """The ways that at most so many of the trials succeed, of 2**(bits · trials) in all."""
    charge(ctx, EXACT_COST + trials * (trials * ratio_bits(prob) // 64 + 8) // 256)
    success = ratio_number(prob)
    power = ratio_bits(prob)
    total = natural_room(ctx)
    other = natural_room(ctx)
    term = natural_room(ctx)
    natural_set(term, 1)
    for i in range(most + 1):
        times_rest(total, other, success, power)
        natural_add(total, term)
        natural_times(term, success)
        natural_times(term, trials - i)
        natural_divide(term, i + 1)
    for _ in range(trials - most):
        times_rest(total, other, success, power)
    return total


def reaches_exactly(ctx: i64, most: i64, trials: i64, prob: f64, p: f64) -> bool:
    """Is the probability of at most so many successes at least `p`?"""
    total = binomial_sum(ctx, most, trials, prob)
    left = natural_room(ctx)
    right = natural_room(ctx)
    natural_shift(left, total, ratio_bits(p))
    natural_set(total, ratio_number(p))
    natural_shift(right, total, ratio_bits(prob) * trials)
    return natural_compare(left, right) >= 0


def exceeds_exactly(ctx: i64, most: i64, trials: i64, prob: f64, p: f64) -> bool:
    """Is the probability of more than so many successes at least `p`?"""
    total = binomial_sum(ctx, most, trials, prob)
    left = natural_room(ctx)
    right = natural_room(ctx)
    natural_shift(left, total, ratio_bits(p))
    natural_set(total, ratio_number(p))
    natural_shift(right, total, ratio_bits(prob) * trials)
    natural_add(left, right)
    natural_set(total, 1)
    natural_shift(right, total, ratio_bits(prob) * trials + ratio_bits(p))
    return natural_compare(left, right) <= 0


def times_choices(a: i64, n: i64, k: i64) -> None:
    """Multiply by the ways to choose k of n; `a` is 1."""
    for i in range(k):
        natural_times(a, n - i)
        natural_divide(a, i + 1)


def draws_reach_exactly(ctx: i64, x: i64, m: i64, n: i64, k: i64, p: f64) -> bool:
    """Is the probability of at most `x` white balls among k at least `p`?"""
    charge(ctx, EXACT_COST + k * (k * 32 // 64 + 8) // 256)
    low = max(0, k - n)
    ways = natural_room(ctx)
    total = natural_room(ctx)
    natural_set(ways, 1)
    times_choices(ways, m if low > 0 else n, low if low > 0 else k)
    natural_copy(total, ways)
    for i in range(low, x):
        natural_times(ways, m - i)
        natural_divide(ways, i + 1)
        natural_times(ways, k - i)
        natural_divide(ways, n - k + i + 1)
        natural_add(total, ways)
    left = natural_room(ctx)
    natural_shift(left, total, ratio_bits(p))
    natural_set(ways, 1)
    times_choices(ways, m + n, k)
    natural_times(ways, ratio_number(p))
    return natural_compare(left, ways) >= 0


# The search


@inline
def nearly(got: f64, want: f64) -> i64:
    """Is it more?  UNSURE where it is too close."""
    if fabs(got - want) <= CLOSE * want:
        return UNSURE
    return int(got > want)


@inline
def reaches(p: f64, below: f64, above: f64) -> i64:
    """Is a cumulative probability at least `p`?  Only the tail on the side of `p` is looked at."""
    return nearly(below, p) if p <= 0.5 else nearly(1.0 - p, above)


def binomial_reaches(ctx: i64, k: f64, size: f64, prob: f64, p: f64) -> bool:
    tail = beta_tail(k + 1.0, size - k, prob, 1.0 - prob, p <= 0.5)
    answer = reaches(p, tail, tail)
    if answer == UNSURE and decidable(size, prob):
        return reaches_exactly(ctx, trunc_i64(k), trunc_i64(size), prob, p)
    return answer != 0


def negative_reaches(ctx: i64, x: f64, size: f64, prob: f64, p: f64) -> bool:
    tail = beta_tail(size, x + 1.0, prob, 1.0 - prob, p > 0.5)
    answer = reaches(p, tail, tail)
    if answer == UNSURE and decidable(size + x, prob):
        # At most x failures before the last success are at least `size` successes in size + x trials.
        return exceeds_exactly(ctx, trunc_i64(size) - 1, trunc_i64(size + x), prob, p)
    return answer != 0


def hypergeometric_reaches(ctx: i64, x: f64, m: f64, n: f64, k: f64, p: f64) -> bool:
    answer = nearly(draws_tail(ctx, x, m, n, k, False), p)
    if p > 0.5:
        answer = nearly(1.0 - p, draws_tail(ctx, x, m, n, k, True))
    if answer == UNSURE and k * float(bit_length(trunc_i64(m + n))) <= BITS:
        return draws_reach_exactly(ctx, trunc_i64(x), trunc_i64(m), trunc_i64(n), trunc_i64(k), p)
    return answer != 0


def bit_length(n: i64) -> i64:
    """How many binary digits a number has."""
    count = 0
    while n > 0:
        n = n >> 1
        count += 1
    return count


def count_reached(ctx: i64, which: i64, x: f64, a: f64, b: f64, c: f64, p: f64) -> bool:
    """Is the cumulative probability at x at least `p`?"""
    charge(ctx, 2)
    if which == POISSON:
        return gamma_tail(x + 1.0, a, True) >= p if p <= 0.5 else gamma_tail(x + 1.0, a, False) <= 1.0 - p
    if which == BINOMIAL:
        return binomial_reaches(ctx, x, a, b, p)
    if which == NEGATIVE:
        return negative_reaches(ctx, x, a, b, p)
    return hypergeometric_reaches(ctx, x, a, b, c, p)


@inline
def greater(x: f64, y: f64) -> f64:
    return x if x > y else y


@inline
def lesser(x: f64, y: f64) -> f64:
    return x if x < y else y


def least_count(ctx: i64, which: i64, guess: f64, low: f64, high: f64, a: f64, b: f64, c: f64, p: f64) -> f64:
    """The least whole number from `low` to `high` that is reached; `high` is.  It doubles its steps, then bisects."""
    x = floor(lesser(greater(guess, low), high)) if guess == guess else low
    stride = 1.0
    below = x
    above = x
    if x >= high or count_reached(ctx, which, x, a, b, c, p):
        while True:
            if above <= low:
                return above
            below = greater(above - stride, low)
            if not count_reached(ctx, which, below, a, b, c, p):
                break
            above = below
            stride = 2.0 * stride
    else:
        while True:
            above = lesser(below + stride, high)
            if above >= high or count_reached(ctx, which, above, a, b, c, p):
                break
            below = above
            stride = 2.0 * stride
    while above - below > 1.0:
        middle = below + floor(0.5 * (above - below))
        if not (below < middle and middle < above):
            break
        if count_reached(ctx, which, middle, a, b, c, p):
            above = middle
        else:
            below = middle
    return above


@inline
def cornish_fisher(p: f64, mean: f64, deviation: f64, skewness: f64) -> f64:
    """The start of the search: the normal quantile, and one term more of the expansion."""
    z = normal_quantile(p)
    return mean + deviation * (z + skewness * (z * z - 1.0) / 6.0)


# Poisson


def prob_dist_poissonPDF(ctx: i64, x: i64, rate: f64) -> f64:
    need(ctx, not_negative(rate), 13090)
    if x < 0 or rate == 0.0:
        return one_if(x == 0)
    return exp(log_gamma_weight(float(x) + 1.0, rate) - log(rate)) if x != 0 else exp(-rate)


def prob_dist_poissonCDF(ctx: i64, x: i64, rate: f64) -> f64:
    need(ctx, not_negative(rate), 13100)
    return gamma_tail(float(x) + 1.0, rate, True) if x >= 0 else 0.0


def prob_dist_poissonQF(ctx: i64, p: f64, rate: f64) -> f64:
    need(ctx, not_negative(rate), 13110)
    need_probability(ctx, p, 13111)
    if p == 0.0 or p == 1.0 or rate == 0.0:
        return inf if p == 1.0 and rate != 0.0 else 0.0
    guess = cornish_fisher(p, rate, sqrt(rate), 1.0 / sqrt(rate))
    return least_count(ctx, POISSON, guess, 0.0, DOUBLE_MAX, rate, 0.0, 0.0, p)


# Binomial


def prob_dist_binomialPDF(ctx: i64, x: i64, size: i64, prob: f64) -> f64:
    need(ctx, size > 0 and prob >= 0.0 and prob <= 1.0, 13300)
    if x < 0 or x > size:
        return 0.0
    if prob == 0.0 or prob == 1.0:
        return one_if(x == (size if prob == 1.0 else 0))
    k = float(x)
    n = float(size)
    if x == 0:
        return exp(n * log1p(-prob))
    if x == size:
        return exp(n * log(prob))
    return exp(log_beta_weight(k, n - k, prob, 1.0 - prob)) / (k * ((n - k) / n))


def prob_dist_binomialCDF(ctx: i64, x: f64, size: i64, prob: f64) -> f64:
    need(ctx, size > 0 and prob >= 0.0 and prob <= 1.0, 13310)
    need_finite(ctx, x, 13311)
    n = float(size)
    if not (x >= 0.0 and x < n):
        return one_if(x >= n)
    return beta_tail(floor(x) + 1.0, n - floor(x), prob, 1.0 - prob, True)


def prob_dist_binomialQF(ctx: i64, p: f64, size: i64, prob: f64) -> f64:
    need(ctx, size > 0 and prob >= 0.0 and prob <= 1.0, 13320)
    need_probability(ctx, p, 13321)
    n = float(size)
    if p == 0.0 or p == 1.0:
        return n * p
    if prob == 0.0 or prob == 1.0:
        return n * prob
    deviation = sqrt(n * prob * (1.0 - prob))
    guess = cornish_fisher(p, n * prob, deviation, (1.0 - 2.0 * prob) / deviation)
    return least_count(ctx, BINOMIAL, guess, 0.0, n, n, prob, 0.0, p)


# Negative binomial


def prob_dist_negativeBinomialPDF(ctx: i64, x: i64, size: i64, prob: f64) -> f64:
    need(ctx, size >= 0 and prob > 0.0 and prob <= 1.0, 13450)
    if x < 0 or size == 0 or prob == 1.0:
        return one_if(x == 0)
    n = float(size)
    if x == 0:
        return exp(n * log(prob))
    return exp(log_beta_weight(n, float(x), prob, 1.0 - prob)) / float(x)


def prob_dist_negativeBinomialCDF(ctx: i64, x: f64, size: i64, prob: f64) -> f64:
    need(ctx, size >= 0 and prob > 0.0 and prob <= 1.0, 13460)
    need_finite(ctx, x, 13461)
    if size == 0:
        return one_if(x == 0.0)
    return beta_tail(float(size), floor(x) + 1.0, prob, 1.0 - prob, False) if x >= 0.0 else 0.0


def prob_dist_negativeBinomialQF(ctx: i64, p: f64, size: i64, prob: f64) -> f64:
    need(ctx, size >= 0 and prob > 0.0 and prob <= 1.0, 13470)
    need_probability(ctx, p, 13471)
    if size == 0 or p == 0.0:
        return 0.0
    if p == 1.0:
        return inf
    if prob == 1.0:
        return 0.0
    n = float(size)
    spread = sqrt(n * (1.0 - prob))
    guess = cornish_fisher(p, n * (1.0 - prob) / prob, spread / prob, (2.0 - prob) / spread)
    found = least_count(ctx, NEGATIVE, guess, 0.0, DOUBLE_MAX, n, prob, 0.0, p)
    return found if found < DOUBLE_MAX else inf


# Geometric


def prob_dist_geometricPDF(ctx: i64, x: i64, prob: f64) -> f64:
    need(ctx, prob > 0.0 and prob <= 1.0, 13360)
    if x < 0 or prob == 1.0:
        return one_if(x == 0)
    return prob * exp(float(x) * log1p(-prob))


def prob_dist_geometricCDF(ctx: i64, x: f64, prob: f64) -> f64:
    need(ctx, prob > 0.0 and prob <= 1.0, 13370)
    need_finite(ctx, x, 13371)
    if x < 0.0 or prob == 1.0:
        return one_if(x >= 0.0)
    return -expm1((floor(x) + 1.0) * log1p(-prob))


def prob_dist_geometricQF(ctx: i64, p: f64, prob: f64) -> f64:
    need(ctx, prob > 0.0 and prob <= 1.0, 13380)
    need_probability(ctx, p, 13381)
    if p == 1.0:
        return inf
    if p == 0.0 or prob == 1.0:
        return 0.0
    trials = log1p(-p) / log1p(-prob)  # until one of them has succeeded with probability p
    if trials >= DOUBLE_MAX:
        return inf
    whole = greater(rint(trials), 1.0)
    if fabs(trials - whole) > 1e-15 * trials:
        return ceil(trials) - 1.0
    if decidable(whole, prob) and not exceeds_exactly(ctx, 0, trunc_i64(whole), prob, p):
        return whole
    return whole - 1.0


# Hypergeometric


def log_binomial(x: f64, size: f64, prob: f64) -> f64:
    """Logarithm of the probability of `x` successes in `size` trials; 0 < `prob` < 1."""
    if x == 0.0:
        return size * log1p(-prob)
    if x == size:
        return size * log(prob)
    return log_beta_weight(x, size - x, prob, 1.0 - prob) - log(x * ((size - x) / size))


def draws_mass(x: f64, m: f64, n: f64, k: f64) -> f64:
    """The probability of `x` of the `m` among `k` drawn from `m` + `n`; 0 outside the support."""
    if not (x >= greater(0.0, k - n) and x <= lesser(k, m)):
        return 0.0
    if k == 0.0 or k == m + n:
        return 1.0
    prob = k / (m + n)  # any would do: it cancels
    return exp(log_binomial(x, m, prob) + log_binomial(k - x, n, prob) - log_binomial(k, m + n, prob))


def draws_sum(x: f64, low: f64, m: f64, n: f64, k: f64) -> f64:
    """The sum of the probabilities from `low` to `x`, relative to that of `x`, which is not above the mean."""
    total = 1.0
    term = 1.0
    i = x
    while i > low:
        term = term * ((i / (m - i + 1.0)) * ((n - k + i) / (k - i + 1.0)))
        total += term
        if term < NEGLIGIBLE * total:
            break
        i -= 1.0
    return total


def draws_tail(ctx: i64, x: f64, m: f64, n: f64, k: f64, upper: bool) -> f64:
    """The probability of at most `x` white balls, or of more."""
    low = greater(0.0, k - n)
    high = lesser(k, m)
    if x < low or x >= high:
        return one_if((x < low) == upper)
    deviation = sqrt(k * (m / (m + n)) * (n / (m + n)))
    charge(ctx, trunc_i64(lesser(10.0 * deviation + 100.0, high - low)))
    if x * (m + n) <= k * m:
        below = draws_mass(x, m, n, k) * draws_sum(x, low, m, n, k)
        return 1.0 - below if upper else below
    above = draws_mass(x + 1.0, m, n, k) * draws_sum(k - x - 1.0, k - high, n, m, k)
    return above if upper else 1.0 - above


@inline
def drawable(m: i64, n: i64, k: i64) -> bool:
    return m >= 0 and n > 0 and k >= 0 and k <= m + n


def prob_dist_hypergeometricPDF(ctx: i64, x: i64, m: i64, n: i64, k: i64) -> f64:
    need(ctx, drawable(m, n, k), 13390)
    return draws_mass(float(x), float(m), float(n), float(k))


def prob_dist_hypergeometricCDF(ctx: i64, x: i64, m: i64, n: i64, k: i64) -> f64:
    need(ctx, drawable(m, n, k), 13400)
    return draws_tail(ctx, float(x), float(m), float(n), float(k), False)


def prob_dist_hypergeometricQF(ctx: i64, p: f64, m: i64, n: i64, k: i64) -> f64:
    need(ctx, drawable(m, n, k), 13410)
    need_probability(ctx, p, 13411)
    low = float(max(0, k - n))
    high = float(min(k, m))
    if low == high or p == 0.0 or p == 1.0:
        return high if p == 1.0 else low
    drawn = float(m + n)
    white = float(m) / drawn
    black = float(n) / drawn
    deviation = sqrt(float(k) * white * black * ((drawn - float(k)) / (drawn - 1.0)))
    skewness = (black - white) * (1.0 - 2.0 * (float(k) / drawn)) / deviation
    guess = cornish_fisher(p, float(k) * white, deviation, skewness)
    return least_count(ctx, HYPERGEOMETRIC, guess, low, high, float(m), float(n), float(k), p)
