"""Running statistics (stat.sample.*); `pfa.lib.stat.sample` has the meaning, `stat_histogram` the histograms."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    call2,
    f64,
    fail,
    i64,
    inline,
    ld,
    ldf,
    move,
    st,
    stf,
)
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array, slice_array
from pfa.targets.kernel.lib.hashing import key_at, map_place, map_room, value_at
from pfa.targets.kernel.lib.records import copied, copied_array, number, number_item, number_slot, put_number
from pfa.targets.kernel.lib.state import map_find, new_map

# Moments are three doubles: count, mean, variance.


@inline
def take_moments(ctx: i64, state: i64, count: i64, ckind: i64, mean: i64, mkind: i64, variance: i64, vkind: i64) -> i64:
    """The moments of a record, those that it has."""
    m = alloc(ctx, 24)
    stf(m, number(ld(state + count), ckind))
    if mkind < 4:
        stf(m + 8, number(ld(state + mean), mkind))
    if vkind < 4:
        stf(m + 16, number(ld(state + variance), vkind))
    return m


@inline
def accumulate(m: i64, x: f64, w: f64, mkind: i64, vkind: i64) -> None:
    """Count `x` `w` times more."""
    old = ldf(m)
    count = old + w
    stf(m, count)
    if mkind < 4:
        difference = x - ldf(m + 8)
        moved = difference * w
        mean = ldf(m + 8) + moved / count
        stf(m + 8, mean)
        if vkind < 4:
            stf(m + 16, (old * ldf(m + 16) + moved * (x - mean)) / count)


@inline
def put_moments(record: i64, m: i64, count: i64, ckind: i64, mean: i64, mkind: i64, variance: i64, vkind: i64) -> None:
    """Store moments into a record; without a mean the variance stays."""
    put_number(record, count, ldf(m), ckind)
    if mkind < 4:
        put_number(record, mean, ldf(m + 8), mkind)
        if vkind < 4:
            put_number(record, variance, ldf(m + 16), vkind)


@inline
def stat_sample_update(
    ctx: i64, x: f64, w: f64, state: i64, fields_2: i64, field_count_2: i64, kind_field_count_2: i64,
    field_mean_2: i64, kind_field_mean_2: i64, field_variance_2: i64, kind_field_variance_2: i64,
) -> i64:  # fmt: skip
    out = copied(ctx, state, fields_2)
    old = number(ld(state + field_count_2), kind_field_count_2)
    count = old + w
    put_number(out, field_count_2, count, kind_field_count_2)
    if kind_field_mean_2 < 4:
        before = number(ld(state + field_mean_2), kind_field_mean_2)
        difference = x - before
        moved = difference * w
        mean = before + moved / count
        put_number(out, field_mean_2, mean, kind_field_mean_2)
        if kind_field_variance_2 < 4:
            squares = old * number(ld(state + field_variance_2), kind_field_variance_2) + moved * (x - mean)
            put_number(out, field_variance_2, squares / count, kind_field_variance_2)
    return out


def first_of_window(
    ctx: i64, x: f64, w: f64, fields: i64, xs: i64, xkind: i64, ws: i64, wkind: i64, count: i64, ckind: i64,
    mean: i64, mkind: i64, variance: i64, vkind: i64,
) -> i64:  # fmt: skip
    """The record of a window with one value."""
    if fields != 3 + int(mkind < 4) + int(vkind < 4):
        fail(ctx, 14021)
    out = alloc(ctx, 8 * fields)
    put_number(out, xs, x, xkind)
    put_number(out, ws, w, wkind)
    put_number(out, count, w, ckind)
    if mkind < 4:
        put_number(out, mean, x, mkind)
    if vkind < 4:
        put_number(out, variance, 0.0, vkind)
    return out


def stat_sample_updateWindow(
    ctx: i64, x: f64, w: f64, state: i64, size: i64, fields_item_2: i64, field_x_2: i64, kind_field_x_2: i64,
    field_w_2: i64, kind_field_w_2: i64, field_count_2: i64, kind_field_count_2: i64, field_mean_2: i64,
    kind_field_mean_2: i64, field_variance_2: i64, kind_field_variance_2: i64,
) -> i64:  # fmt: skip
    if size < 2:
        fail(ctx, 14020)
    n = length(state)
    if n == 0:
        out = new_array(ctx, 1)
        first = first_of_window(
            ctx, x, w, fields_item_2, field_x_2, kind_field_x_2, field_w_2, kind_field_w_2, field_count_2,
            kind_field_count_2, field_mean_2, kind_field_mean_2, field_variance_2, kind_field_variance_2,
        )  # fmt: skip
        st(items(out), first)
        return out
    left = max(n - size + 1, 0)
    charge(ctx, n + 1)
    last = item(state, n - 1)
    m = take_moments(
        ctx, last, field_count_2, kind_field_count_2, field_mean_2, kind_field_mean_2, field_variance_2,
        kind_field_variance_2,
    )  # fmt: skip
    accumulate(m, x, w, kind_field_mean_2, kind_field_variance_2)
    for i in range(left):
        old = item(state, i)
        value = number(ld(old + field_x_2), kind_field_x_2)
        accumulate(m, value, -number(ld(old + field_w_2), kind_field_w_2), kind_field_mean_2, kind_field_variance_2)
    record = copied(ctx, last, fields_item_2)
    put_number(record, field_x_2, x, kind_field_x_2)
    put_number(record, field_w_2, w, kind_field_w_2)
    put_moments(
        record, m, field_count_2, kind_field_count_2, field_mean_2, kind_field_mean_2, field_variance_2,
        kind_field_variance_2,
    )  # fmt: skip
    out = new_array(ctx, n - left + 1)
    move(items(out), items(state) + left * 8, (n - left) * 8)
    st(items(out) + (n - left) * 8, record)
    return out


# Covariance


def covariance_row(ctx: i64, row: i64, d: f64, after: i64, n: i64, count: f64, w: f64, total: f64, kind: i64) -> i64:
    """A row of the matrix with one vector more; `d` is its component before, `after` those after the mean moved."""
    out = new_array(ctx, n)
    for j in range(n):
        c = number_item(row, j, kind) * count + w * d * ldf(after + j * 8)
        st(items(out) + j * 8, number_slot(c / total, kind))
    return out


def stat_sample_updateCovariance__adouble_double_record(
    ctx: i64, x: i64, w: f64, state: i64, fields_2: i64, field_count_2: i64, kind_field_count_2: i64,
    field_mean_2: i64, kind_field_item_mean_2: i64, field_covariance_2: i64, kind_field_leaf_covariance_2: i64,
) -> i64:  # fmt: skip
    n = length(x)
    if n < 2:
        fail(ctx, 14011)
    mean = ld(state + field_mean_2)
    covariance = ld(state + field_covariance_2)
    charge(ctx, n)
    if length(mean) != n or length(covariance) != n:
        fail(ctx, 14012)
    for i in range(n):
        if length(item(covariance, i)) != n:
            fail(ctx, 14012)
    charge(ctx, n * n)
    count = number(ld(state + field_count_2), kind_field_count_2)
    total = count + w
    after = alloc(ctx, n * 8)
    means = new_array(ctx, n)
    for i in range(n):
        before = number_item(mean, i, kind_field_item_mean_2)
        new = before + (ldf(items(x) + i * 8) - before) * w / total
        st(items(means) + i * 8, number_slot(new, kind_field_item_mean_2))
        stf(after + i * 8, ldf(items(x) + i * 8) - new)
    rows = new_array(ctx, n)
    for i in range(n):
        d = ldf(items(x) + i * 8) - number_item(mean, i, kind_field_item_mean_2)
        row = covariance_row(ctx, item(covariance, i), d, after, n, count, w, total, kind_field_leaf_covariance_2)
        st(items(rows) + i * 8, row)
    out = copied(ctx, state, fields_2)
    put_number(out, field_count_2, total, kind_field_count_2)
    st(out + field_mean_2, means)
    st(out + field_covariance_2, rows)
    return out


def values_lengths(m: i64) -> i64:
    """How many keys the maps in a map have."""
    total = 0
    for i in range(length(m)):
        total += length(value_at(m, i))
    return total


def place_keys(ctx: i64, to: i64, m: i64) -> None:
    """The keys of a map among those of another."""
    for i in range(length(m)):
        map_place(ctx, to, key_at(m, i))


def place_inner_keys(ctx: i64, to: i64, m: i64) -> None:
    """The keys of the maps in a map."""
    for i in range(length(m)):
        place_keys(ctx, to, value_at(m, i))


@inline
def number_at(ctx: i64, m: i64, key: i64, kind: i64) -> f64:
    """The number of a key; 0 where there is no map, or no such key in it."""
    if m == 0:
        return 0.0
    found = map_find(ctx, m, key)
    return number(ld(found + 8), kind) if found != 0 else 0.0


@inline
def map_at(ctx: i64, m: i64, key: i64) -> i64:
    """The map of a key, or 0."""
    found = map_find(ctx, m, key)
    return ld(found + 8) if found != 0 else 0


def known_keys(ctx: i64, x: i64, count: i64, covariance: i64) -> i64:
    """A map of all keys that were ever seen, its values unset."""
    room = length(x) + length(count) + length(covariance) + values_lengths(count) + values_lengths(covariance)
    charge(ctx, room)
    keys = map_room(ctx, room)
    place_keys(ctx, keys, x)
    place_keys(ctx, keys, count)
    place_keys(ctx, keys, covariance)
    place_inner_keys(ctx, keys, count)
    place_inner_keys(ctx, keys, covariance)
    return keys


def covariance_pair(ctx: i64, x: i64, known: i64, i: i64, j: i64, w: f64, counts: i64, values: i64) -> None:
    """One more weight and product for the keys i and j, both of `x`; the pairs have doubles."""
    n = ldf(counts + 8)
    a = ldf(map_find(ctx, x, key_at(known, i)) + 8) - ldf(items(known) + i * 16 + 8)
    b = ldf(map_find(ctx, x, key_at(known, j)) + 8) - ldf(items(known) + j * 16 + 8)
    total = n + w
    stf(values + 8, (ldf(values + 8) * n + a * b * n * w / total) / total)
    stf(counts + 8, total)


def covariance_rows(
    ctx: i64, x: i64, w: f64, known: i64, i: i64, counts: i64, values: i64, old: i64, okind: i64, before: i64,
    bkind: i64,
) -> f64:  # fmt: skip
    """The rows of key i: `counts` and `values` are made of `old` and `before`; its own weight is returned."""
    n = length(known)
    key = key_at(known, i)
    mine = map_find(ctx, x, key) != 0
    own = 0.0
    for j in range(n):
        other = key_at(known, j)
        at = items(counts) + j * 16
        to = items(values) + j * 16
        st(at, other)
        st(to, other)
        stf(at + 8, number_at(ctx, old, other, okind))
        stf(to + 8, number_at(ctx, before, other, bkind))
        if mine and map_find(ctx, x, other) != 0:
            covariance_pair(ctx, x, known, i, j, w, at, to)
        if i == j:
            own = ldf(at + 8)
        st(at + 8, number_slot(ldf(at + 8), okind))
        st(to + 8, number_slot(ldf(to + 8), bkind))
    return own


def stat_sample_updateCovariance__mdouble_double_record(
    ctx: i64, x: i64, w: f64, state: i64, fields_2: i64, field_count_2: i64, kind_field_leaf_count_2: i64,
    field_mean_2: i64, kind_field_item_mean_2: i64, field_covariance_2: i64, kind_field_leaf_covariance_2: i64,
) -> i64:  # fmt: skip
    if length(x) < 2:
        fail(ctx, 14011)
    count = ld(state + field_count_2)
    mean = ld(state + field_mean_2)
    covariance = ld(state + field_covariance_2)
    known = known_keys(ctx, x, count, covariance)
    n = length(known)
    charge(ctx, n * n)
    for i in range(n):
        stf(items(known) + i * 16 + 8, number_at(ctx, mean, key_at(known, i), kind_field_item_mean_2))
    counts = new_map(ctx, n)
    covariances = new_map(ctx, n)
    means = new_map(ctx, n)
    for i in range(n):
        key = key_at(known, i)
        row = new_map(ctx, n)
        other = new_map(ctx, n)
        own = covariance_rows(
            ctx, x, w, known, i, row, other, map_at(ctx, count, key), kind_field_leaf_count_2,
            map_at(ctx, covariance, key), kind_field_leaf_covariance_2,
        )  # fmt: skip
        m = ldf(items(known) + i * 16 + 8)
        found = map_find(ctx, x, key)
        if found != 0:
            m = m + (ldf(found + 8) - m) * w / own
        st(items(means) + i * 16, key)
        st(items(means) + i * 16 + 8, number_slot(m, kind_field_item_mean_2))
        st(items(counts) + i * 16, key)
        st(items(counts) + i * 16 + 8, row)
        st(items(covariances) + i * 16, key)
        st(items(covariances) + i * 16 + 8, other)
    out = copied(ctx, state, fields_2)
    st(out + field_count_2, counts)
    st(out + field_mean_2, means)
    st(out + field_covariance_2, covariances)
    return out


# Exponential smoothing


@inline
def check_share(ctx: i64, share: f64, code: i64) -> None:
    """Fail unless it is from 0 to 1 (or NaN)."""
    if share < 0.0 or share > 1.0:
        fail(ctx, code)


@inline
def stat_sample_updateEWMA(
    ctx: i64, x: f64, alpha: f64, state: i64, fields_2: i64, field_mean_2: i64, kind_field_mean_2: i64,
    field_variance_2: i64, kind_field_variance_2: i64,
) -> i64:  # fmt: skip
    check_share(ctx, alpha, 14030)
    mean = number(ld(state + field_mean_2), kind_field_mean_2)
    difference = x - mean
    step = alpha * difference
    out = copied(ctx, state, fields_2)
    put_number(out, field_mean_2, mean + step, kind_field_mean_2)
    if kind_field_variance_2 < 4:
        old = number(ld(state + field_variance_2), kind_field_variance_2)
        put_number(out, field_variance_2, (1.0 - alpha) * (old + difference * step), kind_field_variance_2)
    return out


@inline
def stat_sample_updateHoltWinters(
    ctx: i64, x: f64, alpha: f64, beta: f64, state: i64, fields_3: i64, field_level_3: i64, kind_field_level_3: i64,
    field_trend_3: i64, kind_field_trend_3: i64,
) -> i64:  # fmt: skip
    check_share(ctx, alpha, 14040)
    check_share(ctx, beta, 14041)
    level = number(ld(state + field_level_3), kind_field_level_3)
    trend = number(ld(state + field_trend_3), kind_field_trend_3)
    new = alpha * x + (1.0 - alpha) * (level + trend)
    out = copied(ctx, state, fields_3)
    put_number(out, field_level_3, new, kind_field_level_3)
    put_number(out, field_trend_3, beta * (new - level) + (1.0 - beta) * trend, kind_field_trend_3)
    return out


def stat_sample_updateHoltWintersPeriodic(
    ctx: i64, x: f64, alpha: f64, beta: f64, gamma: f64, state: i64, fields_4: i64, field_level_4: i64,
    kind_field_level_4: i64, field_trend_4: i64, kind_field_trend_4: i64, field_cycle_4: i64,
    kind_field_item_cycle_4: i64, field_multiplicative_4: i64,
) -> i64:  # fmt: skip
    check_share(ctx, alpha, 14050)
    check_share(ctx, beta, 14051)
    check_share(ctx, gamma, 14052)
    cycle = ld(state + field_cycle_4)
    n = length(cycle)
    if n == 0:
        fail(ctx, 14053)
    charge(ctx, n)
    turned = new_array(ctx, n)
    move(items(turned), items(cycle) + 8, (n - 1) * 8)
    st(items(turned) + (n - 1) * 8, item(cycle, 0))
    now = number_item(turned, 0, kind_field_item_cycle_4)
    level = number(ld(state + field_level_4), kind_field_level_4)
    trend = number(ld(state + field_trend_4), kind_field_trend_4)
    line = level + trend
    if ld(state + field_multiplicative_4) != 0:
        new = alpha * x / now + (1.0 - alpha) * line
        now = gamma * x / new + (1.0 - gamma) * now
    else:
        new = alpha * (x - now) + (1.0 - alpha) * line
        now = gamma * (x - new) + (1.0 - gamma) * now
    st(items(turned), number_slot(now, kind_field_item_cycle_4))
    out = copied(ctx, state, fields_4)
    put_number(out, field_level_4, new, kind_field_level_4)
    put_number(out, field_trend_4, beta * (new - level) + (1.0 - beta) * trend, kind_field_trend_4)
    st(out + field_cycle_4, turned)
    return out


@inline
def forecast(level: f64, trend: f64, cycle: i64, kind: i64, multiplicative: bool, i: i64) -> f64:
    """The value of a line or wave i steps on; without a wave `cycle` is 0."""
    line = level + float(i) * trend
    if cycle == 0:
        return line
    factor = number_item(cycle, i % length(cycle), kind)
    return line * factor if multiplicative else line + factor


@inline
def wave_of(ctx: i64, state: i64, cycle: i64, kind: i64, is_array: i64, is_boolean: i64, code: i64) -> i64:
    """The cycle of a wave, or 0 for a line."""
    if is_array == 0 or is_boolean == 0 or kind > 3:
        return 0
    found = ld(state + cycle)
    if length(found) == 0:
        fail(ctx, code)
    return found


def stat_sample_forecast1HoltWinters(
    ctx: i64, state: i64, field_level_0: i64, kind_field_level_0: i64, field_trend_0: i64, kind_field_trend_0: i64,
    field_cycle_0: i64, kind_field_item_cycle_0: i64, field_multiplicative_0: i64, field_is_array_cycle_0: i64,
    field_is_boolean_multiplicative_0: i64,
) -> f64:  # fmt: skip
    cycle = wave_of(
        ctx, state, field_cycle_0, kind_field_item_cycle_0, field_is_array_cycle_0, field_is_boolean_multiplicative_0,
        14060,
    )  # fmt: skip
    level = number(ld(state + field_level_0), kind_field_level_0)
    trend = number(ld(state + field_trend_0), kind_field_trend_0)
    return forecast(level, trend, cycle, kind_field_item_cycle_0, ld(state + field_multiplicative_0) != 0, 1)


def stat_sample_forecastHoltWinters(
    ctx: i64, n: i64, state: i64, field_level_1: i64, kind_field_level_1: i64, field_trend_1: i64,
    kind_field_trend_1: i64, field_cycle_1: i64, kind_field_item_cycle_1: i64, field_multiplicative_1: i64,
    field_is_array_cycle_1: i64, field_is_boolean_multiplicative_1: i64,
) -> i64:  # fmt: skip
    n = max(n, 0)
    charge(ctx, n)
    cycle = wave_of(
        ctx, state, field_cycle_1, kind_field_item_cycle_1, field_is_array_cycle_1, field_is_boolean_multiplicative_1,
        14070,
    )  # fmt: skip
    level = number(ld(state + field_level_1), kind_field_level_1)
    trend = number(ld(state + field_trend_1), kind_field_trend_1)
    times = ld(state + field_multiplicative_1) != 0
    out = new_array(ctx, n)
    for i in range(n):
        stf(items(out) + i * 8, forecast(level, trend, cycle, kind_field_item_cycle_1, times, i + 1))
    return out


# The best items


@inline
def stat_sample_topN(ctx: i64, x: i64, top: i64, n: i64, f: i64, env: i64) -> i64:
    place = 0
    m = length(top)
    while place < m:
        if call2(f, ctx, env, item(top, place), x) != 0:
            break
        place += 1
    n = max(n, 0)
    if place >= n:
        return slice_array(ctx, top, 0, min(n, m))
    out = copied_array(ctx, top, place, min(m + 1, n) - place)
    st(items(out) + place * 8, x)
    move(items(out) + (place + 1) * 8, items(top) + place * 8, (min(m + 1, n) - place - 1) * 8)
    return out
