"""Sums, means, medians and modes of arrays (a.*); `pfa.lib.array_stats` has the meaning."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    add_over,
    bits,
    exp,
    f32,
    f64,
    fail,
    floor,
    i64,
    inf,
    inline,
    ld,
    ldf,
    log,
    mul_hi,
    nan,
    st,
    trunc_i64,
    ult,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, item, items, length, new_array
from pfa.targets.kernel.lib.hashing import new_set, set_find, trim_array
from pfa.targets.kernel.lib.sorting import sort_words

INT_MAX = 2147483647
SIGN = 1 << 63
SINGLE = 2
DOUBLE = 3


@inline
def sum_of_doubles(a: i64) -> f64:
    """From left to right, so that every target gives the same digits."""
    total = 0.0
    for i in range(length(a)):
        total += ldf(items(a) + i * 8)
    return total


@inline
def a_sum__adouble(a: i64) -> f64:
    return sum_of_doubles(a)


@inline
def a_sum__afloat(a: i64) -> f64:
    total = 0.0
    for i in range(length(a)):
        total = f32(total + ldf(items(a) + i * 8))
    return total


@inline
def a_sum__aint(ctx: i64, a: i64) -> i64:
    total = 0
    for i in range(length(a)):
        total += item(a, i)
    if total > INT_MAX or total < -INT_MAX - 1:
        fail(ctx, 15400)
    return total


def a_sum__along(ctx: i64, a: i64) -> i64:
    # The sum is exact: it may leave 64 bits and come back.
    total = 0
    turns = 0
    for i in range(length(a)):
        x = item(a, i)
        if add_over(total, x):
            turns += 1 if x > 0 else -1
        total += x
    if turns != 0:
        fail(ctx, 15401)
    return total


@inline
def a_product__adouble(a: i64) -> f64:
    total = 1.0
    for i in range(length(a)):
        total = total * ldf(items(a) + i * 8)
    return total


@inline
def a_product__afloat(a: i64) -> f64:
    total = 1.0
    for i in range(length(a)):
        total = f32(total * ldf(items(a) + i * 8))
    return total


@inline
def has_zero(a: i64) -> bool:
    for i in range(length(a)):
        if item(a, i) == 0:
            return True
    return False


def a_product__aint(ctx: i64, a: i64) -> i64:
    if has_zero(a):
        return 0
    total = 1
    for i in range(length(a)):
        total = total * item(a, i)
        if total > INT_MAX + 1 or total < -INT_MAX - 1:  # without zeros no factor brings it back
            fail(ctx, 15410)
    if total > INT_MAX:
        fail(ctx, 15410)
    return total


def a_product__along(ctx: i64, a: i64) -> i64:
    if has_zero(a):
        return 0
    size = 1  # unsigned, at most 2**63
    negative = False
    for i in range(length(a)):
        x = item(a, i)
        if x < 0:
            negative = not negative
            x = -x
        if mul_hi(size, x) != 0 or ult(SIGN, size * x):
            fail(ctx, 15411)
        size = size * x
    if size == SIGN and not negative:
        fail(ctx, 15411)
    return -size if negative else size


@inline
def sum_of_logs(a: i64) -> f64:
    total = 0.0
    for i in range(length(a)):
        total += log(ldf(items(a) + i * 8))
    return total


def a_lnsum(a: i64) -> f64:
    return sum_of_logs(a)


@inline
def a_mean(a: i64) -> f64:
    n = length(a)
    return sum_of_doubles(a) / float(n) if n > 0 else nan


def a_geomean(a: i64) -> f64:
    n = length(a)
    return exp(sum_of_logs(a) / float(n)) if n > 0 else nan


def a_logsumexp(a: i64) -> f64:
    greatest = -inf
    for i in range(length(a)):
        x = ldf(items(a) + i * 8)
        if x != x:
            return nan
        if x > greatest:
            greatest = x
    if length(a) == 0:
        return nan
    if greatest == inf or greatest == -inf:
        return greatest
    total = 0.0
    for i in range(length(a)):
        total += exp(ldf(items(a) + i * 8) - greatest)
    return greatest + log(total)


def ascending(ctx: i64, a: i64, kind: i64, order: i64) -> i64:
    """The items in ascending order."""
    n = length(a)
    out = new_array(ctx, n)
    for i in range(n):
        st(items(out) + i * 8, item(a, i))
    sort_words(ctx, items(out), n, kind, order, 0, 0)
    return out


@inline
def rounded_as(x: f64, kind: i64) -> f64:
    return f32(x) if kind == SINGLE else x


def middle_of(a: i64, kind: i64) -> i64:
    """The median of sorted items, one at least."""
    n = length(a)
    below = item(a, (n - 1) // 2)
    if (n & 1) == 1 or kind < SINGLE or kind > DOUBLE:
        return below
    return bits(rounded_as((unbits(below) + unbits(item(a, n // 2))) / 2.0, kind))


def a_median(ctx: i64, a: i64, kind_item_0: i64, order_item_0: i64) -> i64:
    if length(a) == 0:
        fail(ctx, 15450)
    return middle_of(ascending(ctx, a, kind_item_0, order_item_0), kind_item_0)


def a_ntile(ctx: i64, a: i64, p: f64, kind_item_0: i64, order_item_0: i64) -> i64:
    n = length(a)
    if n == 0:
        fail(ctx, 15460)
    if p != p:
        fail(ctx, 15461)
    inside = ascending(ctx, a, kind_item_0, order_item_0)
    if p <= 0.0:
        return item(inside, 0)
    if p >= 1.0:
        return item(inside, n - 1)
    place = p * float(n - 1)
    below = floor(place)
    part = place - below
    at = trunc_i64(below)
    if part == 0.0 or kind_item_0 < SINGLE or kind_item_0 > DOUBLE:
        return item(inside, at)
    x = unbits(item(inside, at)) * (1.0 - part) + unbits(item(inside, at + 1)) * part
    return bits(rounded_as(x, kind_item_0))


def a_mode(ctx: i64, a: i64, kind_item_0: i64, order_item_0: i64, hash_item_0: i64) -> i64:
    n = length(a)
    if n == 0:
        fail(ctx, 15470)
    s = new_set(ctx, n)
    counts = alloc(ctx, n * 8)
    most = 0
    for i in range(n):
        at = set_find(ctx, s, item(a, i), kind_item_0, hash_item_0, order_item_0, True)
        if at < 0:
            at = length(s) - 1
            st(counts + at * 8, 0)
        st(counts + at * 8, ld(counts + at * 8) + 1)
        most = max(most, ld(counts + at * 8))
    ties = 0
    for i in range(length(s)):
        if ld(counts + i * 8) == most:
            st(items(s) + ties * 8, item(s, i))
            ties += 1
    trim_array(s, ties)
    if ties == 1:
        return item(s, 0)
    return middle_of(ascending(ctx, s, kind_item_0, order_item_0), kind_item_0)
