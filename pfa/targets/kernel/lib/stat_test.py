"""The Kolmogorov-Smirnov test (stat.test.kolmogorov); the others are in `model_reg` and `prob`."""

from __future__ import annotations

from pfa.targets.kernel.language import f64, i64, inline, ldf, sqrt, stf
from pfa.targets.kernel.lib.base import alloc, items, length
from pfa.targets.kernel.lib.incomplete import kolmogorov_tail
from pfa.targets.kernel.lib.sorting import sort_words

DOUBLES = 3  # how they are sorted


def numbers_in(to: i64, a: i64) -> i64:
    """Copy the items that are not NaN; how many there are."""
    n = 0
    for i in range(length(a)):
        x = ldf(items(a) + i * 8)
        if x == x:
            stf(to + n * 8, x)
            n += 1
    return n


@inline
def run_end(at: i64, i: i64, n: i64, value: f64) -> i64:
    """Where the items from i on that are this value end."""
    while i < n and ldf(at + i * 8) == value:
        i += 1
    return i


def largest_distance(x: i64, n: i64, y: i64, m: i64) -> f64:
    """The largest distance of the empirical distribution functions of two sorted samples."""
    i = 0
    j = 0
    largest = 0
    while i < n and j < m:
        a = ldf(x + i * 8)
        b = ldf(y + j * 8)
        value = b if b < a else a
        i = run_end(x, i, n, value)
        j = run_end(y, j, m, value)
        d = i * m - j * n
        largest = max(largest, max(d, -d))
    return float(largest) / float(n * m)


def stat_test_kolmogorov(ctx: i64, x: i64, y: i64) -> f64:
    one = alloc(ctx, length(x) * 8)
    two = alloc(ctx, length(y) * 8)
    n = numbers_in(one, x)
    m = numbers_in(two, y)
    if n == 0 or m == 0:
        return 1.0 if n == m else 0.0
    sort_words(ctx, one, n, DOUBLES, 0, 0, 0)
    sort_words(ctx, two, m, DOUBLES, 0, 0, 0)
    s = sqrt(float(n * m) / float(n + m))
    return kolmogorov_tail((s + 0.12 + 0.11 / s) * largest_distance(one, n, two, m))
