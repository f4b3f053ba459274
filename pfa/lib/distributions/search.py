"""Quantiles: where a tail probability has a given value, for continuous and for whole-numbered distributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pfa.lib.primitives import INF

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = 1e-9  # a step of Newton's method from which the next would be too small to matter: its square
STEPS = 100


def root(function: Callable[[float], tuple[float, float]], start: float) -> float:
    """Where an increasing function is zero: `function(u)` gives its value and its slope.

    Newton's method, kept inside what is known to hold the root: a step that leaves it, or that nothing is known
    for, becomes a bisection or a doubling.  The functions are logarithms of probabilities over logarithms of the
    variable, nearly straight in the tails, so three or four steps do.
    """
    low, high, stride, u = -INF, INF, 1.0, start
    for _ in range(STEPS):
        value, slope = function(u)
        if value < 0.0:
            low = u
        else:
            high = u
        step = value / slope if slope > 0.0 else INF
        following = u - step
        if abs(step) <= SMALL * max(1.0, abs(u)):
            return following
        if not low < following < high:
            following, stride = _inside(low, high, stride), 2.0 * stride
        u = following
    return u


def _inside(low: float, high: float, stride: float) -> float:
    if low == -INF:
        return high - stride
    if high == INF:
        return low + stride
    return 0.5 * (low + high)


def least(reached: Callable[[float], bool], guess: float, low: float, high: float) -> float:
    """The least whole number from `low` to `high` where `reached`, which stays true once it is.

    It doubles its steps away from the guess and then bisects.  `high` counts as reached; it is finite.
    """
    start = min(max(guess, low), high) if guess == guess else low
    stride, x = 1.0, float(math.floor(start))
    if reached(x):
        above = x
        while above > low:
            x = max(above - stride, low)
            if not reached(x):
                return _between(reached, x, above)
            above, stride = x, 2.0 * stride
        return float(above)
    below = x
    while below < high:
        x = min(below + stride, high)
        if x >= high or reached(x):
            return _between(reached, below, x)
        below, stride = x, 2.0 * stride
    return float(high)


def _between(reached: Callable[[float], bool], below: float, above: float) -> float:
    while above - below > 1.0:
        middle = below + math.floor(0.5 * (above - below))
        if not below < middle < above:
            break
        if reached(middle):
            above = middle
        else:
            below = middle
    return float(above)
