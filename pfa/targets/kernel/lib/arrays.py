"""Arrays (a.*)."""

from __future__ import annotations

from pfa.targets.kernel.language import call1, call2, f64, fail, i64, inline, ldf, st
from pfa.targets.kernel.lib.base import array_append, item, items, length, new_array


@inline
def a_len(a: i64) -> i64:
    return length(a)


@inline
def a_append(ctx: i64, a: i64, x: i64) -> i64:
    return array_append(ctx, a, x)


def a_head(ctx: i64, a: i64) -> i64:
    if length(a) == 0:
        fail(ctx, 15020)
    return item(a, 0)


@inline
def a_sum__adouble(a: i64) -> f64:
    total = 0.0
    p = items(a)
    for i in range(length(a)):
        total += ldf(p + i * 8)
    return total


@inline
def a_map(ctx: i64, a: i64, f: i64, env: i64) -> i64:
    n = length(a)
    out = new_array(ctx, n)
    for i in range(n):
        st(items(out) + i * 8, call1(f, ctx, env, item(a, i)))
    return out


@inline
def a_fold(ctx: i64, a: i64, zero: i64, f: i64, env: i64) -> i64:
    tally = zero
    for i in range(length(a)):
        tally = call2(f, ctx, env, tally, item(a, i))
    return tally
