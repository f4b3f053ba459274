"""What is near: clusters (model.cluster.*) and codebooks (model.neighbor.*)."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    bits,
    call0,
    call1,
    call2,
    f32,
    f64,
    fail,
    i64,
    inline,
    ld,
    ldf,
    sqrt,
    st,
    stf,
    trunc_i64,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array
from pfa.targets.kernel.lib.hashing import new_set, set_find, trim_array
from pfa.targets.kernel.lib.random import distinct_numbers
from pfa.targets.kernel.lib.records import copied
from pfa.targets.kernel.lib.sorting import ranked
from pfa.targets.kernel.lib.state import order_doubles

FEW = 16  # that are kept in order while distances are looked through
DOUBLES = 3  # the kind of doubles
ANYTHING = 4
INT_MIN = -2147483648
INT_MAX = 2147483647
LONG_MAX = 9223372036854775807
TWO_63 = 9223372036854775808.0


@inline
def euclidean_distance(a: i64, b: i64) -> f64:
    """Of two vectors; what the longer one has more is ignored."""
    x = items(a)
    y = items(b)
    total = 0.0
    for i in range(min(length(a), length(b))):
        d = ldf(x + i * 8) - ldf(y + i * 8)
        total += d * d
    return sqrt(total)


def nearest_few(ctx: i64, distances: i64, n: i64, k: i64) -> i64:
    """Positions of the k least distances, the least first: ties as they come, NaN last; k is small."""
    at = alloc(ctx, k * 8 + 8)
    found = 0
    for i in range(n):
        d = ldf(distances + i * 8)
        if found < k or order_doubles(d, ldf(distances + ld(at + found * 8 - 8) * 8)) < 0:
            j = found if found < k else k - 1
            while j > 0 and order_doubles(d, ldf(distances + ld(at + j * 8 - 8) * 8)) < 0:
                st(at + j * 8, ld(at + j * 8 - 8))
                j -= 1
            st(at + j * 8, i)
            found = min(found + 1, k)
    return at


def nearest_items(ctx: i64, a: i64, distances: i64, k: i64) -> i64:
    """The k items with the least distances, the nearest first; all if there are fewer."""
    n = length(a)
    k = min(k, n)
    out = new_array(ctx, k)
    if k == 0:
        return out
    if k <= FEW:
        at = nearest_few(ctx, distances, n, k)
    else:
        at = ranked(ctx, distances, n, DOUBLES, 0, 0, False)
    for i in range(k):
        st(items(out) + i * 8, item(a, ld(at + i * 8)))
    return out


@inline
def least_distance(distances: i64, n: i64) -> i64:
    """The first position of the least of one at least; a NaN that comes first stays."""
    best = 0
    for i in range(1, n):
        if ldf(distances + i * 8) < ldf(distances + best * 8):
            best = i
    return best


# Clusters


@inline
def distances_to_centers(ctx: i64, datum: i64, clusters: i64, center: i64, real: i64) -> i64:
    n = length(clusters)
    charge(ctx, n * (length(datum) + 1))
    at = alloc(ctx, n * 8)
    for i in range(n):
        stf(at + i * 8, euclidean_distance(datum, call0(real, ctx, ld(item(clusters, i) + center))))
    return at


@inline
def distances_by_metric(
    ctx: i64, at: i64, datum: i64, clusters: i64, f: i64, env: i64, center: i64, widen: i64
) -> None:
    n = length(clusters)
    charge(ctx, n)
    for i in range(n):
        st(at + i * 8, call2(f, ctx, env, datum, call0(widen, ctx, ld(item(clusters, i) + center))))


def model_cluster_closest__n2(
    ctx: i64, datum: i64, clusters: i64, field_center_1: i64, real_field_center_1: i64
) -> i64:
    if length(clusters) == 0:
        fail(ctx, 29000)
    at = distances_to_centers(ctx, datum, clusters, field_center_1, real_field_center_1)
    return item(clusters, least_distance(at, length(clusters)))


def model_cluster_closest__n3(
    ctx: i64, datum: i64, clusters: i64, f: i64, env: i64, field_center_1: i64, widen_field_center_1_2: i64
) -> i64:
    n = length(clusters)
    if n == 0:
        fail(ctx, 29000)
    at = alloc(ctx, n * 8)
    distances_by_metric(ctx, at, datum, clusters, f, env, field_center_1, widen_field_center_1_2)
    return item(clusters, least_distance(at, n))


def model_cluster_closestN__n3(
    ctx: i64, n: i64, datum: i64, clusters: i64, field_center_2: i64, real_field_center_2: i64
) -> i64:
    if n < 0:
        fail(ctx, 29010)
    at = distances_to_centers(ctx, datum, clusters, field_center_2, real_field_center_2)
    return nearest_items(ctx, clusters, at, n)


def model_cluster_closestN__n4(
    ctx: i64, n: i64, datum: i64, clusters: i64, f: i64, env: i64, field_center_2: i64, widen_field_center_2_3: i64
) -> i64:
    if n < 0:
        fail(ctx, 29010)
    at = alloc(ctx, length(clusters) * 8)
    distances_by_metric(ctx, at, datum, clusters, f, env, field_center_2, widen_field_center_2_3)
    return nearest_items(ctx, clusters, at, n)


def different_vectors(ctx: i64, data: i64, hash: i64, order: i64) -> i64:
    """The different vectors in order of appearance; of equal ones the last, which may have another zero."""
    s = new_set(ctx, length(data))
    for i in range(length(data)):
        at = set_find(ctx, s, item(data, i), ANYTHING, hash, order, True)
        if at >= 0:
            st(items(s) + at * 8, item(data, i))
    return s


def model_cluster_randomSeeds(
    ctx: i64, data: i64, k: i64, f: i64, env: i64, hash_item_0: i64, order_item_0: i64
) -> i64:
    n = length(data)
    if k <= 0:
        fail(ctx, 29020)
    if k > n:
        fail(ctx, 29021)
    unique = different_vectors(ctx, data, hash_item_0, order_item_0)
    if k > length(unique):
        fail(ctx, 29021)
    for i in range(n):
        if length(item(data, i)) != length(item(data, 0)):
            fail(ctx, 29022)
    places = distinct_numbers(ctx, k, length(unique))
    out = new_array(ctx, k)
    for i in range(k):
        st(items(out) + i * 8, call2(f, ctx, env, i, item(unique, item(places, i))))
    return out


def model_cluster_kmeansIteration(
    ctx: i64,
    data: i64,
    clusters: i64,
    metric: i64,
    env: i64,
    update: i64,
    update_env: i64,
    field_center_1: i64,
    widen_field_center_1_2: i64,
) -> i64:
    n = length(data)
    k = length(clusters)
    if n == 0:
        fail(ctx, 29030)
    if k == 0:
        fail(ctx, 29031)
    which = alloc(ctx, n * 8)
    at = alloc(ctx, k * 8)
    for i in range(n):
        distances_by_metric(
            ctx, at, item(data, i), clusters, metric, env, field_center_1, widen_field_center_1_2
        )
        st(which + i * 8, least_distance(at, k))
    out = new_array(ctx, k)
    found = groups(ctx, data, which, k)
    for j in range(k):
        near = ld(found + j * 8)
        x = item(clusters, j)
        if length(near) > 0:
            x = call2(update, ctx, update_env, near, x)
        st(items(out) + j * 8, x)
    return out


def groups(ctx: i64, data: i64, which: i64, k: i64) -> i64:
    """An array of the items of each of k groups, by the group of each item; where their addresses are."""
    n = length(data)
    found = alloc(ctx, k * 8)
    for j in range(k):
        st(found + j * 8, 0)
    for i in range(n):
        at = found + ld(which + i * 8) * 8
        st(at, ld(at) + 1)
    for j in range(k):
        near = new_array(ctx, ld(found + j * 8))
        st(near + 8, 0)
        st(found + j * 8, near)
    for i in range(n):
        near = ld(found + ld(which + i * 8) * 8)
        st(items(near) + length(near) * 8, item(data, i))
        st(near + 8, length(near) + 1)
    return found


def model_cluster_updateMean(
    ctx: i64,
    data: i64,
    cluster: i64,
    weight: f64,
    field_center_1: i64,
    fields_1: i64,
    real_field_center_1: i64,
    kind_field_item_center_1: i64,
) -> i64:
    n = length(data)
    if n == 0:
        fail(ctx, 29040)
    center = call0(real_field_center_1, ctx, ld(cluster + field_center_1))
    size = length(center)
    for i in range(n):
        if length(item(data, i)) != size:
            fail(ctx, 29041)
    charge(ctx, n * size)
    count = weight + float(n)
    mean = new_array(ctx, size)
    for j in range(size):
        total = weight * ldf(items(center) + j * 8)
        for i in range(n):
            total += ldf(items(item(data, i)) + j * 8)
        st(items(mean) + j * 8, narrowed(total / count, kind_field_item_center_1))
    out = copied(ctx, cluster, fields_1)
    st(out + field_center_1, mean)
    return out


def narrowed(x: f64, kind: i64) -> i64:
    """A double as a slot of a number's type: without its fraction, NaN 0, what is too large the largest."""
    if kind >= 2:
        return bits(f32(x) if kind == 2 else x)
    if x != x:
        return 0
    low = INT_MIN if kind == 0 else -LONG_MAX - 1
    high = INT_MAX if kind == 0 else LONG_MAX
    if x >= TWO_63:
        return high
    return low if x < -TWO_63 else max(low, min(trunc_i64(x), high))


# Codebooks


def check_points(ctx: i64, points: i64) -> None:
    """One at least, and all of one dimension; charges what there is to do."""
    n = length(points)
    if n == 0:
        fail(ctx, 30000)
    size = length(item(points, 0))
    for i in range(n):
        if length(item(points, i)) != size:
            fail(ctx, 30001)
    charge(ctx, n * (size + 1))


def weighted_mean(ctx: i64, points: i64, weights: i64) -> i64:
    """The mean of points; their weights lie at an address, or are 1."""
    n = length(points)
    size = length(item(points, 0))
    out = new_array(ctx, size)
    for j in range(size):
        stf(items(out) + j * 8, 0.0)
    norm = 0.0
    for i in range(n):
        w = 1.0 if weights == 0 else ldf(weights + i * 8)
        norm += w
        point = items(item(points, i))
        for j in range(size):
            stf(items(out) + j * 8, ldf(items(out) + j * 8) + w * ldf(point + j * 8))
    for j in range(size):
        stf(items(out) + j * 8, ldf(items(out) + j * 8) / norm)
    return out


def model_neighbor_mean__n1(ctx: i64, points: i64) -> i64:
    check_points(ctx, points)
    return weighted_mean(ctx, points, 0)


def model_neighbor_mean__n2(ctx: i64, points: i64, f: i64, env: i64) -> i64:
    check_points(ctx, points)
    n = length(points)
    weights = alloc(ctx, n * 8)
    for i in range(n):
        st(weights + i * 8, call1(f, ctx, env, item(points, i)))
    return weighted_mean(ctx, points, weights)


def model_neighbor_nearestK__n3(ctx: i64, k: i64, datum: i64, codebook: i64) -> i64:
    if k < 0:
        fail(ctx, 30010)
    n = length(codebook)
    charge(ctx, n * (length(datum) + 1))
    at = alloc(ctx, n * 8)
    for i in range(n):
        vector = item(codebook, i)
        if length(vector) != length(datum):
            fail(ctx, 30011)
        stf(at + i * 8, euclidean_distance(datum, vector))
    return nearest_items(ctx, codebook, at, k)


def model_neighbor_nearestK__n4(ctx: i64, k: i64, datum: i64, codebook: i64, f: i64, env: i64) -> i64:
    if k < 0:
        fail(ctx, 30010)
    n = length(codebook)
    charge(ctx, n)
    at = alloc(ctx, n * 8)
    for i in range(n):
        st(at + i * 8, call2(f, ctx, env, datum, item(codebook, i)))
    return nearest_items(ctx, codebook, at, k)


def model_neighbor_ballR__n3(ctx: i64, r: f64, datum: i64, codebook: i64) -> i64:
    n = length(codebook)
    charge(ctx, n * (length(datum) + 1))
    out = new_array(ctx, n)
    found = 0
    for i in range(n):
        if euclidean_distance(datum, item(codebook, i)) < r:
            st(items(out) + found * 8, item(codebook, i))
            found += 1
    return trim_array(out, found)


def model_neighbor_ballR__n4(ctx: i64, r: f64, datum: i64, codebook: i64, f: i64, env: i64) -> i64:
    n = length(codebook)
    charge(ctx, n)
    out = new_array(ctx, n)
    found = 0
    for i in range(n):
        if unbits(call2(f, ctx, env, datum, item(codebook, i))) < r:
            st(items(out) + found * 8, item(codebook, i))
            found += 1
    return trim_array(out, found)
