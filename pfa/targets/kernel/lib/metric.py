"""Distances of vectors (metric.*), and what to do about missing values (impute.*)."""

from __future__ import annotations

from pfa.targets.kernel.language import call2, exp, f64, fabs, fail, i64, inf, inline, ld, ldf, nan, sqrt, unbits
from pfa.targets.kernel.lib.base import item, items, length
from pfa.targets.kernel.lib.operators import real_power

LOG_2 = 0.6931471805599453
SUM = 0  # what is made of the similarities
SQUARES = 1
LARGEST = 2
POWERS = 3


def metric_simpleEuclidean(ctx: i64, x: i64, y: i64) -> f64:
    if length(x) != length(y):
        fail(ctx, 28000)
    total = 0.0
    for i in range(length(x)):
        d = ldf(items(x) + i * 8) - ldf(items(y) + i * 8)
        total += d * d
    return sqrt(total)


@inline
def metric_absDiff(x: f64, y: f64) -> f64:
    return fabs(x - y)


@inline
def metric_gaussianSimilarity(x: f64, y: f64, sigma: f64) -> f64:
    return exp(-LOG_2 * ((x - y) * (x - y) / (sigma * sigma)))


# Vectors with missing components: items are unions of null


@inline
def present(u: i64, plain: i64) -> i64:
    """What a union with null holds: its slot, or the union again where unions are asked for (plain is 0)."""
    return ld(u + 8) if plain != 0 else u


def dissimilarity(
    ctx: i64, f: i64, env: i64, x: i64, y: i64, weight: i64, how: i64, p: f64, plain_x: i64, plain_y: i64
) -> f64:
    """What the similarities of the components come to, scaled up by weights to the missing ones."""
    total = nan if how == LARGEST else 0.0
    every = 0.0
    there = 0.0
    for i in range(length(x)):
        v = item(x, i)
        w = item(y, i)
        share = 1.0 if weight == 0 else ldf(items(weight) + i * 8)
        every += share
        if v != 0 and w != 0:
            there += share
            s = unbits(call2(f, ctx, env, present(v, plain_x), present(w, plain_y)))
            if how == LARGEST:
                if s > total or total != total:
                    total = s
            else:
                total += s if how == SUM else s * s if how == SQUARES else real_power(s, p)
    return total * every / there


@inline
def check_dimensions(ctx: i64, x: i64, y: i64, code: i64) -> None:
    if length(x) != length(y):
        fail(ctx, code)


@inline
def check_weights(ctx: i64, x: i64, y: i64, weight: i64, code: i64) -> None:
    if length(x) != length(y) or length(x) != length(weight):
        fail(ctx, code)


def metric_euclidean__n3(ctx: i64, f: i64, env: i64, x: i64, y: i64, plain_0_0: i64, plain_0_1: i64) -> f64:
    check_dimensions(ctx, x, y, 28030)
    return sqrt(dissimilarity(ctx, f, env, x, y, 0, SQUARES, 0.0, plain_0_0, plain_0_1))


def metric_euclidean__n4(
    ctx: i64, f: i64, env: i64, x: i64, y: i64, weight: i64, plain_0_0: i64, plain_0_1: i64
) -> f64:
    check_weights(ctx, x, y, weight, 28030)
    return sqrt(dissimilarity(ctx, f, env, x, y, weight, SQUARES, 0.0, plain_0_0, plain_0_1))


def metric_squaredEuclidean__n3(ctx: i64, f: i64, env: i64, x: i64, y: i64) -> f64:
    check_dimensions(ctx, x, y, 28040)
    return dissimilarity(ctx, f, env, x, y, 0, SQUARES, 0.0, 1, 1)


def metric_squaredEuclidean__n4(ctx: i64, f: i64, env: i64, x: i64, y: i64, weight: i64) -> f64:
    check_weights(ctx, x, y, weight, 28040)
    return dissimilarity(ctx, f, env, x, y, weight, SQUARES, 0.0, 1, 1)


def metric_chebyshev__n3(ctx: i64, f: i64, env: i64, x: i64, y: i64) -> f64:
    check_dimensions(ctx, x, y, 28050)
    return dissimilarity(ctx, f, env, x, y, 0, LARGEST, 0.0, 1, 1)


def metric_chebyshev__n4(ctx: i64, f: i64, env: i64, x: i64, y: i64, weight: i64) -> f64:
    check_weights(ctx, x, y, weight, 28050)
    return dissimilarity(ctx, f, env, x, y, weight, LARGEST, 0.0, 1, 1)


def metric_taxicab__n3(ctx: i64, f: i64, env: i64, x: i64, y: i64) -> f64:
    check_dimensions(ctx, x, y, 28060)
    return dissimilarity(ctx, f, env, x, y, 0, SUM, 0.0, 1, 1)


def metric_taxicab__n4(ctx: i64, f: i64, env: i64, x: i64, y: i64, weight: i64) -> f64:
    check_weights(ctx, x, y, weight, 28060)
    return dissimilarity(ctx, f, env, x, y, weight, SUM, 0.0, 1, 1)


def minkowski(ctx: i64, f: i64, env: i64, x: i64, y: i64, p: f64, weight: i64) -> f64:
    if not p > 0.0:
        fail(ctx, 28071)
    if p == inf:
        return dissimilarity(ctx, f, env, x, y, weight, LARGEST, p, 1, 1)
    return real_power(dissimilarity(ctx, f, env, x, y, weight, POWERS, p, 1, 1), 1.0 / p)


def metric_minkowski__n4(ctx: i64, f: i64, env: i64, x: i64, y: i64, p: f64) -> f64:
    check_dimensions(ctx, x, y, 28070)
    return minkowski(ctx, f, env, x, y, p, 0)


def metric_minkowski__n5(ctx: i64, f: i64, env: i64, x: i64, y: i64, p: f64, weight: i64) -> f64:
    check_weights(ctx, x, y, weight, 28070)
    return minkowski(ctx, f, env, x, y, p, weight)


# Binary vectors


def binary_pairs(ctx: i64, x: i64, y: i64, a: i64, b: i64, code: i64) -> f64:
    """How many components are a in the first and b in the second."""
    check_dimensions(ctx, x, y, code)
    n = 0
    for i in range(length(x)):
        n += int(item(x, i) == a and item(y, i) == b)
    return float(n)


def metric_simpleMatching(ctx: i64, x: i64, y: i64) -> f64:
    same = binary_pairs(ctx, x, y, 1, 1, 28080) + binary_pairs(ctx, x, y, 0, 0, 28080)
    return same / float(length(x))


def metric_jaccard(ctx: i64, x: i64, y: i64) -> f64:
    both = binary_pairs(ctx, x, y, 1, 1, 28090)
    return both / (float(length(x)) - binary_pairs(ctx, x, y, 0, 0, 28090))


def metric_tanimoto(ctx: i64, x: i64, y: i64) -> f64:
    same = binary_pairs(ctx, x, y, 1, 1, 28100) + binary_pairs(ctx, x, y, 0, 0, 28100)
    return same / (2.0 * float(length(x)) - same)


def metric_binarySimilarity(
    ctx: i64,
    x: i64,
    y: i64,
    c00: f64,
    c01: f64,
    c10: f64,
    c11: f64,
    d00: f64,
    d01: f64,
    d10: f64,
    d11: f64,
) -> f64:
    a00 = binary_pairs(ctx, x, y, 0, 0, 28110)
    a01 = binary_pairs(ctx, x, y, 0, 1, 28110)
    a10 = binary_pairs(ctx, x, y, 1, 0, 28110)
    a11 = binary_pairs(ctx, x, y, 1, 1, 28110)
    above = c11 * a11 + c10 * a10 + c01 * a01 + c00 * a00
    return above / (d11 * a11 + d10 * a10 + d01 * a01 + d00 * a00)


# impute.*


@inline
def impute_errorOnNull(ctx: i64, x: i64, plain_ret: i64) -> i64:
    if x == 0:
        fail(ctx, 21000)
    return present(x, plain_ret)


@inline
def impute_defaultOnNull(x: i64, default: i64, plain_ret: i64) -> i64:
    return default if x == 0 else present(x, plain_ret)


@inline
def impute_isnan(x: f64) -> bool:
    return x != x


@inline
def impute_isinf(x: f64) -> bool:
    return fabs(x) == inf


@inline
def impute_isnum(x: f64) -> bool:
    return fabs(x) < inf


@inline
def impute_errorOnNonNum(ctx: i64, x: f64) -> f64:
    if x != x:
        fail(ctx, 21050)
    if x == inf:
        fail(ctx, 21051)
    if x == -inf:
        fail(ctx, 21052)
    return x


@inline
def impute_defaultOnNonNum(x: f64, default: f64) -> f64:
    return x if fabs(x) < inf else default
