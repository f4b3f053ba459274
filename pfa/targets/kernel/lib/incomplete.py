"""The incomplete gamma and beta functions, the normal integral and its inverse, Kolmogorov's distribution.

Densities are in Loader's form, as in `pfa.lib.distributions.numeric`.  Tails of small shapes are power series and
continued fractions; for large ones, where these take long, the tail is the density times an integral that falls from
1 (by the double exponential rule: Takahasi and Mori 1974), so that no function runs for more than some microseconds.
Of two tails the smaller one is computed, to all its digits.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    erf,
    erfc,
    exp,
    expm1,
    f64,
    fabs,
    i64,
    inf,
    inline,
    lgamma,
    log,
    log1p,
    nan,
    sqrt,
)

HALF_LOG_2PI = 0.9189385332046727
LOG_2PI = 1.8378770664093453
ROOT_HALF = 0.7071067811865476
ROOT_2PI = 2.5066282746310002
PI = 3.141592653589793
LARGE = 200.0  # shapes from which the integral is the faster way
TINY = 1e-300
DIGITS = 1e-17
ROUNDS = 2000  # of a series or a fraction; the most that any was seen to need are 130


# Parts of densities


def log_gamma_1(a: f64) -> f64:
    """log Γ(1 + a), relative to a tiny `a` too; `a` > -1."""
    if a > 0.5:
        return lgamma(1.0 + a)
    return log_gamma_1_series(a)


def log_gamma_1_series(a: f64) -> f64:
    """-log(1 + a) + a (1 - Euler's constant) + the sum of (ζ(k) - 1) (-a)^k / k."""
    s = 3.1044247747322276e-11
    s = s * a - 6.4229645638381e-11
    s = s * a + 1.330476437424449e-10
    s = s * a - 2.7595228851242334e-10
    s = s * a + 5.731367241678862e-10
    s = s * a - 1.1921401405860912e-09
    s = s * a + 2.4836745438024785e-09
    s = s * a - 5.183475041970047e-09
    s = s * a + 1.0838659214896955e-08
    s = s * a - 2.2711094608943164e-08
    s = s * a + 4.7698101693639804e-08
    s = s * a - 1.0043224823968099e-07
    s = s * a + 2.1207184805554665e-07
    s = s * a - 4.492469198764566e-07
    s = s * a + 9.55141213040742e-07
    s = s * a - 2.039215753801366e-06
    s = s * a + 4.374866789907488e-06
    s = s * a - 9.439488275268397e-06
    s = s * a + 2.050721277567069e-05
    s = s * a - 4.492623673813314e-05
    s = s * a + 9.945751278180853e-05
    s = s * a - 0.00022315475845357939
    s = s * a + 0.0005096695247430425
    s = s * a - 0.001192753911703261
    s = s * a + 0.0028905103307415234
    s = s * a - 0.007385551028673986
    s = s * a + 0.020580808427784546
    s = s * a - 0.0673523010531981
    s = s * a + 0.3224670334241132
    return a * (0.42278433509846713 + a * s) - log1p(a)


def stirling_error(x: f64) -> f64:
    """log Γ(x + 1) less Stirling's formula for it."""
    if x < 10.0:
        return log_gamma_1(x) - (x + 0.5) * log(x) + x - HALF_LOG_2PI
    y = 1.0 / (x * x)
    series = 1.0 / 1260.0 - y * (1.0 / 1680.0 - y * (1.0 / 1188.0 - y * (691.0 / 360360.0 - y / 156.0)))
    return (1.0 / 12.0 - y * (1.0 / 360.0 - y * series)) / x


def deviance(x: f64, mean: f64) -> f64:
    """x log(x/mean) + mean - x without cancellation where `x` is near `mean`; both are positive."""
    if mean == 0.0:
        return inf
    difference = x - mean
    total = x + mean
    if fabs(difference) >= 0.4 * total:
        ratio = x / mean
        logarithm = log(ratio) if ratio > 0.0 and ratio < inf else log(x) - log(mean)
        return x * logarithm + mean - x
    v = difference / total
    square = v * v
    power = 2.0 * x * v
    found = difference * v
    n = 3.0
    while n < 61.0:
        power = power * square
        more = found + power / n
        if more == found:
            break
        found = more
        n += 2.0
    return found


def log_gamma_weight(a: f64, y: f64) -> f64:
    """Logarithm of y^a e^-y / Γ(a): y times the density of the gamma distribution; `y` > 0."""
    if y == inf:
        return -inf
    if a < 10.0:
        return a * log(y) - y - log_gamma_1(a) + log(a)
    return 0.5 * (log(a) - LOG_2PI) - stirling_error(a) - deviance(a, y)


def log_beta_weight(a: f64, b: f64, y: f64, rest: f64) -> f64:
    """Logarithm of y^a rest^b / B(a, b), where y + rest = 1."""
    if y <= 0.0 or rest <= 0.0:
        return -inf
    n = a + b
    correction = stirling_error(n) - stirling_error(a) - stirling_error(b)
    spread = deviance(a, n * y) + deviance(b, n * rest)
    return correction - spread + 0.5 * (log(a) + log(b) - log(n) - LOG_2PI)


# The integral of what falls from 1


def exp_rest(t: f64) -> f64:
    """e^t - 1 - t."""
    if fabs(t) > 0.5:
        return expm1(t) - t
    term = 0.5 * t * t
    total = term
    k = 3.0
    while k < 20.0:
        term = term * t / k
        total += term
        k += 1.0
    return total


def log_rest(q: f64) -> f64:
    """log(1 + q) - q."""
    if fabs(q) > 0.3:
        return log1p(q) - q
    v = q / (2.0 + q)
    square = v * v
    s = 1.0 / 21.0
    k = 19.0
    while k > 2.0:
        s = s * square + 1.0 / k
        k -= 2.0
    return 2.0 * v * square * s - q * v


@inline
def gamma_fall(y: f64, c: f64, below: bool, s: f64) -> f64:
    """The logarithm of the weight at y e^∓s, less that at y."""
    return -c * s - y * exp_rest(-s if below else s)


@inline
def beta_fall(n: f64, v: f64, c: f64, left: bool, s: f64) -> f64:
    """The same at log odds that are less by s; `v` is the smaller part of 1."""
    t = -s if left else s
    return -c * s - n * (v * exp_rest(t) + log_rest(v * expm1(t)))


def fall_integral(n: f64, v: f64, c: f64, curvature: f64, way: i64) -> f64:
    """The integral from 0 on of what falls as above: `way` is 0 or 1 for gamma's lower and upper tail, 2 or 3."""
    scale = 2.0 / (c + sqrt(c * c + 2.0 * curvature))
    total = 0.0
    t = -3.75
    while t < 5.0:
        e = exp(-t)
        s = scale * exp(t - e)
        how = gamma_fall(v, c, way == 0, s) if way < 2 else beta_fall(n, v, c, way == 2, s)
        term = s * (1.0 + e) * exp(how)
        total += term
        if t > 0.0 and term < DIGITS * total:
            break
        t += 0.125
    return total * 0.125


# Gamma


def gamma_series(a: f64, y: f64) -> f64:
    """P(a, y) by its power series."""
    term = 1.0
    total = 1.0
    for n in range(1, ROUNDS):
        term = term * y / (a + float(n))
        total += term
        if term < DIGITS * total:
            break
    return total * exp(log_gamma_weight(a, y)) / a


def gamma_fraction(a: f64, y: f64) -> f64:
    """Q(a, y) by its continued fraction; `y` > `a`."""
    b = y + 1.0 - a
    c = 1.0 / TINY
    d = 1.0 / b
    h = d
    for n in range(1, ROUNDS):
        i = float(n)
        an = -i * (i - a)
        b += 2.0
        d = an * d + b
        c = b + an / c
        d = 1.0 / (d if fabs(d) > TINY else TINY)
        c = c if fabs(c) > TINY else TINY
        h = h * d * c
        if fabs(d * c - 1.0) < 1e-15:
            break
    return h * exp(log_gamma_weight(a, y))


def gamma_above(a: f64, y: f64) -> f64:
    """Q(a, y) for y up to 1.1, where P may be nearly 1."""
    total = 0.0
    term = 1.0
    for n in range(1, 40):
        i = float(n)
        term = -term * y / i
        total += term / (a + i)
        if fabs(term) < 1e-18:
            break
    first = a * log(y) - log_gamma_1(a)
    return -expm1(first) - exp(first) * a * total


def gamma_tail(a: f64, y: f64, upper: bool) -> f64:
    """The regularized incomplete gamma functions P(a, y), or Q(a, y) for `upper`; `a` > 0, `y` >= 0."""
    if y == inf or y <= 0.0:
        return 1.0 if upper == (y <= 0.0) else 0.0
    if y != y or a != a:
        return nan
    if a >= LARGE:
        below = y <= a
        tail = exp(log_gamma_weight(a, y))
        if tail > 0.0:
            tail = tail * fall_integral(0.0, y, fabs(a - y), y, 0 if below else 1)
        return 1.0 - tail if below == upper else tail
    if y > 1.1 and y > a:
        tail = gamma_fraction(a, y)
        return tail if upper else 1.0 - tail
    if upper and y <= 1.1:
        least = -0.4 / log(y) if y <= 0.5 else 0.75 * y
        if a <= least:
            return gamma_above(a, y)
    tail = gamma_series(a, y)
    return 1.0 - tail if upper else tail


# Beta


def beta_fraction(a: f64, b: f64, y: f64, rest: f64) -> f64:
    """I_y(a, b) for y below about a/(a + b), by a continued fraction.

    Source: A. R. DiDonato and A. H. Morris, "Significant digit computation of the incomplete beta function ratios",
    1992: a fraction without cancellation near 1.
    """
    start = a * rest - b * y + 1.0
    h = a / (a + 1.0) * start
    h = h if fabs(h) > TINY else TINY
    c = h
    d = 0.0
    for k in range(1, ROUNDS):
        m = float(k)
        odd = a + 2.0 * m - 1.0
        over = (a + (m - 1.0)) / odd * ((a + b + (m - 1.0)) * y / odd) * (m * (b - m) * y)
        under = m + m * (b - m) * y / odd + (a + m) / (a + 2.0 * m + 1.0) * (start + m * (1.0 + rest))
        d = under + over * d
        c = under + over / c
        d = 1.0 / (d if fabs(d) > TINY else TINY)
        c = c if fabs(c) > TINY else TINY
        h = h * d * c
        if fabs(d * c - 1.0) < 1e-15:
            break
    return exp(log_beta_weight(a, b, y, rest)) / h


def log_rising(a: f64, b: f64) -> f64:
    """log of Γ(a + b) / Γ(b), relative to a tiny `a` too: from Stirling's formula for a larger b."""
    rising = 0.0
    while b < 10.0:
        rising -= log1p(a / b)
        b += 1.0
    rising += stirling_error(a + b) - stirling_error(b)
    return rising + (b - 0.5) * log1p(a / b) + a * (log(a + b) - 1.0)


def beta_above(a: f64, b: f64, y: f64) -> f64:
    """1 - I_y(a, b) for a small `a` and a `y` up to about 1/b, where I may be nearly 1: by its power series."""
    total = 0.0
    term = 1.0
    for n in range(1, 200):
        i = float(n)
        term = term * (i - b) * y / i
        total += term / (a + i)
        if fabs(term) < 1e-18:
            break
    first = a * log(y) - log_gamma_1(a) + log_rising(a, b)
    return -expm1(first) - exp(first) * a * total


@inline
def beta_complement(a: f64, b: f64, y: f64, rest: f64) -> f64:
    """1 - I_y(a, b)."""
    if a < 0.5 and y < 0.7 and b * y < 1.1:
        return beta_above(a, b, y)
    return 1.0 - beta_fraction(a, b, y, rest)


def beta_integral(a: f64, b: f64, y: f64, rest: f64) -> f64:
    """I_y(a, b) for large shapes and y not above a/(a + b)."""
    weight = exp(log_beta_weight(a, b, y, rest))
    if weight == 0.0:
        return 0.0
    n = a + b
    c = max_real(a * rest - b * y, 0.0)
    left = y <= rest
    return weight * fall_integral(n, y if left else rest, c, n * y * rest, 2 if left else 3)


@inline
def max_real(x: f64, y: f64) -> f64:
    return x if x > y else y


def beta_tail(a: f64, b: f64, y: f64, rest: f64, upper: bool) -> f64:
    """The regularized incomplete beta function I_y(a, b), or I_rest(b, a) for `upper`; y + rest = 1, both in full."""
    if y != y or rest != rest:
        return nan
    if y <= 0.0 or rest <= 0.0:
        return 1.0 if upper == (y <= 0.0) else 0.0
    if a >= LARGE and b >= LARGE:
        if a * rest >= b * y:
            tail = beta_integral(a, b, y, rest)
            return 1.0 - tail if upper else tail
        tail = beta_integral(b, a, rest, y)
        return tail if upper else 1.0 - tail
    if (b + 1.0) * y < (a + 1.0) * rest:
        return beta_complement(a, b, y, rest) if upper else beta_fraction(a, b, y, rest)
    return beta_fraction(b, a, rest, y) if upper else beta_complement(b, a, rest, y)


# The normal distribution, and Kolmogorov's


@inline
def normal_tail(z: f64) -> f64:
    """The probability that a standard normal variable is at most `z`."""
    return 0.5 * erfc(-z * ROOT_HALF)


def normal_middle(q: f64) -> f64:
    """The quantile of 1/2 + q, for `q` up to 0.4."""
    t = ROOT_2PI * q
    square = t * t
    x = t * (1.0 + square * (1.0 / 6.0 + square * (7.0 / 120.0 + square * (127.0 / 5040.0))))
    for _ in range(4):
        e = (0.5 * erf(x * ROOT_HALF) - q) * ROOT_2PI * exp(0.5 * x * x)
        x = x - e / (1.0 + 0.5 * x * e)
    return x


def normal_far(p: f64) -> f64:
    """The quantile of a `p` so small that the density leaves the doubles: by the asymptotic series."""
    x = -37.0
    for _ in range(6):
        q = 1.0 / (x * x)
        ratio = log1p(-q * (1.0 - q * (3.0 - 15.0 * q)))
        x = -sqrt(-2.0 * (log(p) + HALF_LOG_2PI + log(-x) - ratio))
    return x


def normal_quantile(p: f64) -> f64:
    """The value that a standard normal variable does not exceed with probability `p`."""
    if not (p > 0.0 and p < 1.0):
        return inf if p == 1.0 else -inf if p == 0.0 else nan
    if fabs(p - 0.5) <= 0.4:
        return normal_middle(p - 0.5)
    tail = p if p < 0.5 else 1.0 - p
    if tail < 1e-290:
        return normal_far(tail)
    t = sqrt(-2.0 * log(tail))
    start = 2.515517 + t * (0.802853 + t * 0.010328)
    x = start / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(3):
        e = (normal_tail(x) - tail) * ROOT_2PI * exp(0.5 * x * x)
        x = x - e / (1.0 + 0.5 * x * e)
    return x if p < 0.5 else -x


def kolmogorov_tail(x: f64) -> f64:
    """The probability that Kolmogorov's asymptotic statistic is above `x`."""
    if x != x:
        return nan
    if x <= 0.04:  # what is left of 1 is below 1e-300
        return 1.0
    total = 0.0
    if x < 0.9:
        for k in range(1, 10):
            n = float(2 * k - 1)
            total += exp(-n * n * PI * PI / (8.0 * x * x))
        return 1.0 - ROOT_2PI / x * total
    sign = 1.0
    for k in range(1, 12):
        n = float(k)
        total += sign * exp(-2.0 * n * n * x * x)
        sign = -sign
    return 2.0 * total
