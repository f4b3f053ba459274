"""Quantiles of the gamma and beta families: Newton's method on logarithms, kept inside what holds the root.

As `pfa.lib.distributions.search` and its users do it; where those start from SciPy's inverses, these start from an
approximation and take some steps more.
"""

from __future__ import annotations

from pfa.targets.kernel.language import exp, f64, fabs, i64, inf, inline, log, log1p, sqrt
from pfa.targets.kernel.lib.base import charge
from pfa.targets.kernel.lib.incomplete import (
    beta_tail,
    gamma_tail,
    log_beta_weight,
    log_gamma_1,
    log_gamma_weight,
    log_rising,
    normal_quantile,
)

SMALL = 1e-9  # a step from which the next would be too small to matter: its square
STEPS = 100
COST = 20  # of a quantile, in steps


@inline
def lesser_part(ratio: f64) -> f64:
    """Of the two parts of 1 that have this ratio the first, with all its digits."""
    return 1.0 / (1.0 + 1.0 / ratio) if ratio > 1.0 else ratio / (1.0 + ratio)


@inline
def greater_part(ratio: f64) -> f64:
    """The second."""
    return 1.0 / (1.0 + ratio)


@inline
def log_of(p: f64) -> f64:
    """log(p), from the distance to 1 where `p` is near it."""
    return log(p) if p < 0.5 else log1p(p - 1.0)


@inline
def log_relative(got: f64, want: f64) -> f64:
    """log(got / want); -inf where `got` has underflowed."""
    if got <= 0.0:
        return -inf
    ratio = got / want
    return log(ratio) if ratio > 0.0 and ratio < inf else log(got) - log(want)


@inline
def tail_at(a: f64, b: f64, u: f64, upper: bool) -> f64:
    """A tail at log y of the gamma distribution (`b` is 0), or at log odds of the beta distribution."""
    y = exp(u)
    if b == 0.0:
        return gamma_tail(a, y, upper)
    return beta_tail(a, b, lesser_part(y), greater_part(y), upper)


@inline
def log_weight_at(a: f64, b: f64, u: f64) -> f64:
    """The logarithm of its density there."""
    y = exp(u)
    if b == 0.0:
        return log_gamma_weight(a, y) if y > 0.0 and y < inf else -inf
    return log_beta_weight(a, b, lesser_part(y), greater_part(y))


def quantile_from(p: f64, a: f64, b: f64, start: f64) -> f64:
    """Where the smaller tail is what it must be, from a start."""
    low = -inf
    high = inf
    stride = 1.0
    u = start
    upper = p > 0.5
    want = 1.0 - p if upper else p
    for _ in range(STEPS):
        tail = tail_at(a, b, u, upper)
        value = -log_relative(tail, want) if upper else log_relative(tail, want)
        slope = exp(log_weight_at(a, b, u)) / tail if tail > 0.0 else 0.0
        if value < 0.0:
            low = u
        else:
            high = u
        step = value / slope if slope > 0.0 else inf
        following = u - step
        if fabs(step) <= SMALL * (fabs(u) if fabs(u) > 1.0 else 1.0):
            return following
        if not (low < following and following < high):
            following = inside_bracket(low, high, stride)
            stride = 2.0 * stride
        u = following
    return u


@inline
def inside_bracket(low: f64, high: f64, stride: f64) -> f64:
    if low == -inf:
        return high - stride
    return low + stride if high == inf else 0.5 * (low + high)


def gamma_quantile(ctx: i64, p: f64, shape: f64) -> f64:
    """The quantile of the gamma distribution of scale 1, for 0 < `p` < 1."""
    charge(ctx, COST)
    leading = (log_of(p) + log_gamma_1(shape)) / shape
    if leading < -40.0:
        return exp(leading)
    spread = 1.0 / (3.0 * sqrt(shape))
    root = 1.0 - spread * spread + spread * normal_quantile(p)  # Wilson and Hilferty's
    start = log(shape) + 3.0 * log(root) if shape > 0.5 and root > 0.1 else leading
    if start > 0.0 and shape <= 0.5:
        start = log(-log1p(-p)) if p < 1.0 else 4.0
    return exp(quantile_from(p, shape, 0.0, start))


def leading_odds(p: f64, a: f64, b: f64) -> f64:
    """The logarithm of the quantile if I_y(a, b) were the first term of its series, y^a / (a B(a, b))."""
    return (log_of(p) + log_gamma_1(a) - log_rising(a, b)) / a


def normal_odds(p: f64, a: f64, b: f64) -> f64:
    """A start for shapes that are not small: Abramowitz and Stegun, 26.5.22."""
    z = normal_quantile(p)
    ra = 1.0 / (2.0 * a - 1.0)
    rb = 1.0 / (2.0 * b - 1.0)
    h = 2.0 / (ra + rb)
    bend = (z * z - 3.0) / 6.0
    inner = h + bend
    if inner < 0.0:
        inner = 0.0
    w = -z * sqrt(inner) / h - (rb - ra) * (bend + 5.0 / 6.0 - 2.0 / (3.0 * h))
    return log(a / b) - 2.0 * w


def log_odds_quantile(ctx: i64, p: f64, a: f64, b: f64) -> f64:
    """log(y / (1 - y)) for the quantile y of the beta distribution; 0 < `p` < 1."""
    charge(ctx, COST)
    leading = leading_odds(p, a, b)
    if leading < -40.0 - log(a + b + 1.0):
        return leading
    start = leading if leading < 40.0 else 40.0
    if p > 0.5:
        other = leading_odds(1.0 - p, b, a)
        if other < -40.0 - log(a + b + 1.0):
            return -other
        start = -other if other > -40.0 else 40.0
        if start < -40.0:
            start = -40.0
    if a > 1.0 and b > 1.0:
        start = normal_odds(p, a, b)
    return quantile_from(p, a, b, start)
