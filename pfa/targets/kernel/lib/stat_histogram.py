"""Histograms and counters (stat.sample.fill*); `pfa.lib.stat.histogram` has the meaning."""

from __future__ import annotations

from pfa.targets.kernel.language import f64, fail, fill, floor, i64, inf, inline, ld, move, st, trunc_i64
from pfa.targets.kernel.lib.base import alloc, array_put, charge, item, items, length, new_array
from pfa.targets.kernel.lib.records import copied, finite, number, number_item, number_slot, put_number
from pfa.targets.kernel.lib.state import map_find, map_put


def bin_of(x: f64, bins: i64, low: f64, high: f64) -> i64:
    """The number of the bin, for low <= x < high."""
    width = high - low
    share = (x - low) / width if width < inf else (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low)
    return min(trunc_i64(floor(float(bins) * share)), bins - 1)


@inline
def item_added(ctx: i64, values: i64, i: i64, w: f64, kind: i64) -> i64:
    """The array with an item that is greater by w."""
    return array_put(ctx, values, i, number_slot(number_item(values, i, kind) + w, kind))


@inline
def with_values(ctx: i64, histogram: i64, fields: i64, field: i64, values: i64) -> i64:
    """The record with other values."""
    out = copied(ctx, histogram, fields)
    st(out + field, values)
    return out


def flowed(ctx: i64, histogram: i64, fields: i64, w: f64, offset: i64, kind: i64) -> i64:
    """The record with w more in a counter, if it has that one."""
    if kind > 3:
        return histogram
    out = copied(ctx, histogram, fields)
    put_number(out, offset, number(ld(histogram + offset), kind) + w, kind)
    return out


def stat_sample_fillHistogram(
    ctx: i64, x: f64, w: f64, histogram: i64, fields_2: i64, field_numbins_2: i64, kind_field_numbins_2: i64,
    field_low_2: i64, kind_field_low_2: i64, field_high_2: i64, kind_field_high_2: i64, field_binsize_2: i64,
    kind_field_binsize_2: i64, field_ranges_2: i64, kind_field_leaf_ranges_2: i64, field_values_2: i64,
    kind_field_item_values_2: i64, field_underflow_2: i64, kind_field_underflow_2: i64, field_overflow_2: i64,
    kind_field_overflow_2: i64, field_nanflow_2: i64, kind_field_nanflow_2: i64, field_infflow_2: i64,
    kind_field_infflow_2: i64,
) -> i64:  # fmt: skip
    values = ld(histogram + field_values_2)
    kind = kind_field_item_values_2
    charge(ctx, length(values))
    low = inf
    made = 0
    if kind_field_numbins_2 < 4 and kind_field_low_2 < 4 and kind_field_high_2 < 4:
        low = number(ld(histogram + field_low_2), kind_field_low_2)
        bins = number(ld(histogram + field_numbins_2), kind_field_numbins_2)
        made = fill_bins(ctx, x, w, values, kind, bins, low, number(ld(histogram + field_high_2), kind_field_high_2))
    elif kind_field_low_2 < 4 and kind_field_binsize_2 < 4:
        low = number(ld(histogram + field_low_2), kind_field_low_2)
        size = number(ld(histogram + field_binsize_2), kind_field_binsize_2)
        made = fill_growing(ctx, x, w, values, kind, low, size)
    else:
        made = fill_ranges(ctx, x, w, values, kind, ld(histogram + field_ranges_2), kind_field_leaf_ranges_2)
    if made != 0:
        return with_values(ctx, histogram, fields_2, field_values_2, made)
    if x != x:
        return flowed(ctx, histogram, fields_2, w, field_nanflow_2, kind_field_nanflow_2)
    if not finite(x) and kind_field_infflow_2 < 4:
        return flowed(ctx, histogram, fields_2, w, field_infflow_2, kind_field_infflow_2)
    if x < low:
        return flowed(ctx, histogram, fields_2, w, field_underflow_2, kind_field_underflow_2)
    return flowed(ctx, histogram, fields_2, w, field_overflow_2, kind_field_overflow_2)


def fill_bins(ctx: i64, x: f64, w: f64, values: i64, kind: i64, bins: f64, low: f64, high: f64) -> i64:
    """The values of bins of one width with w more in that of x, or 0 where it is in none."""
    if bins < 1.0:
        fail(ctx, 14082)
    if float(length(values)) != bins:
        fail(ctx, 14080)
    if not (low < high and finite(low) and finite(high)):
        fail(ctx, 14081)
    if not (low <= x and x < high):
        return 0
    return item_added(ctx, values, bin_of(x, length(values), low, high), w, kind)


def fill_growing(ctx: i64, x: f64, w: f64, values: i64, kind: i64, low: f64, size: f64) -> i64:
    """The same for as many bins from `low` as are needed."""
    if not (size > 0.0 and size < inf):
        fail(ctx, 14082)
    if not finite(low):
        fail(ctx, 14081)
    if not (low <= x and x < inf):
        return 0
    place = (x - low) / size
    if place >= 2147483647.0:
        fail(ctx, 14082)
    n = length(values)
    if n == 0:
        out = new_array(ctx, 1)
        st(items(out), number_slot(w, kind))
        return out
    i = trunc_i64(floor(place))
    missing = max(i + 1 - n, 0)
    charge(ctx, missing)
    out = new_array(ctx, n + missing)
    move(items(out), items(values), n * 8)
    fill(items(out) + n * 8, 0, missing * 8)  # a zero of every kind
    st(items(out) + i * 8, number_slot(number_item(out, i, kind) + w, kind))
    return out


def fill_ranges(ctx: i64, x: f64, w: f64, values: i64, kind: i64, ranges: i64, edge_kind: i64) -> i64:
    """The same for ranges that may overlap."""
    n = length(values)
    if n != length(ranges):
        fail(ctx, 14080)
    for i in range(n):
        edges = item(ranges, i)
        if length(edges) != 2:
            fail(ctx, 14083)
        low = number_item(edges, 0, edge_kind)
        high = number_item(edges, 1, edge_kind)
        if not (low < high and finite(low) and finite(high)):
            fail(ctx, 14083)
    out = 0
    for i in range(n):
        edges = item(ranges, i)
        if number_item(edges, 0, edge_kind) <= x and x < number_item(edges, 1, edge_kind):
            if out == 0:
                out = new_array(ctx, n)
                move(items(out), items(values), n * 8)
            st(items(out) + i * 8, number_slot(number_item(values, i, kind) + w, kind))
    return out


@inline
def side_of(x: f64, low: f64, high: f64) -> i64:
    """0 below, 2 above, 1 between."""
    if x < low:
        return 0
    return 2 if x >= high else 1


@inline
def put_place(at: i64, i: i64, offset: i64, kind: i64) -> None:
    """Note where a counter is."""
    st(at + i * 16, offset)
    st(at + i * 16 + 8, kind)


def stat_sample_fillHistogram2d(
    ctx: i64, x: f64, y: f64, w: f64, histogram: i64, fields_3: i64, field_xnumbins_3: i64, field_xlow_3: i64,
    kind_field_xlow_3: i64, field_xhigh_3: i64, kind_field_xhigh_3: i64, field_ynumbins_3: i64, field_ylow_3: i64,
    kind_field_ylow_3: i64, field_yhigh_3: i64, kind_field_yhigh_3: i64, field_values_3: i64,
    kind_field_leaf_values_3: i64, field_underunderflow_3: i64, kind_field_underunderflow_3: i64,
    field_undermidflow_3: i64, kind_field_undermidflow_3: i64, field_underoverflow_3: i64,
    kind_field_underoverflow_3: i64, field_midunderflow_3: i64, kind_field_midunderflow_3: i64,
    field_midoverflow_3: i64, kind_field_midoverflow_3: i64, field_overunderflow_3: i64,
    kind_field_overunderflow_3: i64, field_overmidflow_3: i64, kind_field_overmidflow_3: i64,
    field_overoverflow_3: i64, kind_field_overoverflow_3: i64, field_nanflow_3: i64, kind_field_nanflow_3: i64,
    field_infflow_3: i64, kind_field_infflow_3: i64,
) -> i64:  # fmt: skip
    xlow = number(ld(histogram + field_xlow_3), kind_field_xlow_3)
    xhigh = number(ld(histogram + field_xhigh_3), kind_field_xhigh_3)
    ylow = number(ld(histogram + field_ylow_3), kind_field_ylow_3)
    yhigh = number(ld(histogram + field_yhigh_3), kind_field_yhigh_3)
    xbins = ld(histogram + field_xnumbins_3)
    ybins = ld(histogram + field_ynumbins_3)
    values = ld(histogram + field_values_3)
    check_bins(ctx, values, xbins, ybins)
    if not (xlow < xhigh and ylow < yhigh):
        fail(ctx, 14091)
    if not (finite(xlow) and finite(xhigh) and finite(ylow) and finite(yhigh)):
        fail(ctx, 14091)
    if xlow <= x and x < xhigh and ylow <= y and y < yhigh:
        charge(ctx, ybins)
        i = bin_of(x, xbins, xlow, xhigh)
        row = item_added(ctx, item(values, i), bin_of(y, ybins, ylow, yhigh), w, kind_field_leaf_values_3)
        return with_values(ctx, histogram, fields_3, field_values_3, array_put(ctx, values, i, row))
    if x != x or y != y:
        return flowed(ctx, histogram, fields_3, w, field_nanflow_3, kind_field_nanflow_3)
    if not (finite(x) and finite(y)) and kind_field_infflow_3 < 4:
        return flowed(ctx, histogram, fields_3, w, field_infflow_3, kind_field_infflow_3)
    places = alloc(ctx, 9 * 16)
    put_place(places, 0, field_underunderflow_3, kind_field_underunderflow_3)
    put_place(places, 1, field_undermidflow_3, kind_field_undermidflow_3)
    put_place(places, 2, field_underoverflow_3, kind_field_underoverflow_3)
    put_place(places, 3, field_midunderflow_3, kind_field_midunderflow_3)
    put_place(places, 5, field_midoverflow_3, kind_field_midoverflow_3)
    put_place(places, 6, field_overunderflow_3, kind_field_overunderflow_3)
    put_place(places, 7, field_overmidflow_3, kind_field_overmidflow_3)
    put_place(places, 8, field_overoverflow_3, kind_field_overoverflow_3)
    at = places + 16 * (3 * side_of(x, xlow, xhigh) + side_of(y, ylow, yhigh))
    return flowed(ctx, histogram, fields_3, w, ld(at), ld(at + 8))


def check_bins(ctx: i64, values: i64, xbins: i64, ybins: i64) -> None:
    """Fail unless there are as many values as bins."""
    if xbins < 1 or ybins < 1:
        fail(ctx, 14092)
    charge(ctx, length(values))
    if length(values) != xbins:
        fail(ctx, 14090)
    for i in range(xbins):
        if length(item(values, i)) != ybins:
            fail(ctx, 14090)


def stat_sample_fillCounter(
    ctx: i64, x: i64, w: f64, counter: i64, fields_2: i64, field_values_2: i64, kind_field_item_values_2: i64
) -> i64:
    values = ld(counter + field_values_2)
    charge(ctx, length(values) + 1)
    found = map_find(ctx, values, x)
    old = number(ld(found + 8), kind_field_item_values_2) if found != 0 else 0.0
    made = map_put(ctx, values, x, number_slot(old + w, kind_field_item_values_2))
    return with_values(ctx, counter, fields_2, field_values_2, made)
