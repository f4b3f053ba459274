"""Histogram bins, and functions given by tables of points (interp.*)."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    bits,
    call0,
    call2,
    f64,
    fabs,
    fail,
    floor,
    i64,
    inf,
    inline,
    ld,
    ldf,
    nan,
    st,
    stf,
    trunc_i64,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array
from pfa.targets.kernel.lib.operators import some


def interp_bin__double_int_double_double(ctx: i64, x: f64, numbins: i64, low: f64, high: f64) -> i64:
    if not (low < high and low > -inf and high < inf):
        fail(ctx, 22000)
    if numbins < 1:
        fail(ctx, 22001)
    if not (low <= x and x < high):
        fail(ctx, 22002)
    width = high - low
    share = (x - low) / width if width < inf else (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low)
    return min(trunc_i64(floor(float(numbins) * share)), numbins - 1)


def interp_bin__double_double_double(ctx: i64, x: f64, origin: f64, width: f64) -> i64:
    if not fabs(origin) < inf:
        fail(ctx, 22000)
    if not width > 0.0:
        fail(ctx, 22001)
    place = (x - origin) / width
    if not (place >= -2147483648.0 and place < 2147483648.0):
        fail(ctx, 22002)
    return trunc_i64(floor(place))


@inline
def number_of(slot: i64, kind: i64) -> f64:
    """A number as a double, by its kind."""
    return float(slot) if kind < 2 else unbits(slot)


@inline
def closer(d: f64, least: f64) -> bool:
    """Is a distance less than the least so far?  NaN is farther than any."""
    return d < least or (least != least and d == d)


# The nearest entry


@inline
def place_of(entry: i64, field: i64, kind: i64) -> f64:
    """The x of an entry."""
    return number_of(ld(entry + field), kind)


def find_neighbors(ctx: i64, x: f64, table: i64, field: i64, kind: i64, out: i64) -> None:
    """The positions of the first entries with the greatest x up to this one, and with the least above it; -1: none."""
    charge(ctx, length(table))
    below = -1
    above = -1
    low = 0.0
    high = 0.0
    for i in range(length(table)):
        e = place_of(item(table, i), field, kind)
        if e <= x and (below < 0 or e > low):
            below = i
            low = e
        if e > x and (above < 0 or e < high):
            above = i
            high = e
    st(out, below)
    st(out + 8, above)


def nearest_of_all(ctx: i64, x: f64, table: i64, field: i64, kind: i64) -> i64:
    """The first position with the least distance."""
    best = 0
    least = nan
    for i in range(length(table)):
        d = fabs(x - place_of(item(table, i), field, kind))
        if closer(d, least):
            best = i
            least = d
    return best


def nearest_number(ctx: i64, x: f64, table: i64, field: i64, kind: i64) -> i64:
    """The position of the entry nearest to x."""
    pair = alloc(ctx, 16)
    find_neighbors(ctx, x, table, field, kind, pair)
    below = ld(pair)
    above = ld(pair + 8)
    if not fabs(x) < inf or (below < 0 and above < 0):
        return nearest_of_all(ctx, x, table, field, kind)
    if above < 0:
        return below
    if below < 0:
        return above
    down = x - place_of(item(table, below), field, kind)
    up = place_of(item(table, above), field, kind) - x
    return below if down < up or (down == up and below < above) else above


def interp_nearest__double_array(
    ctx: i64, x: f64, table: i64, field_x_1: i64, field_to_1: i64, kind_field_x_1: i64
) -> i64:
    if length(table) == 0:
        fail(ctx, 22010)
    return ld(item(table, nearest_number(ctx, x, table, field_x_1, kind_field_x_1)) + field_to_1)


def interp_nearest__array_array(
    ctx: i64, x: i64, table: i64, field_x_1: i64, field_to_1: i64, kind_field_item_x_1: i64
) -> i64:
    n = length(table)
    if n == 0:
        fail(ctx, 22010)
    charge(ctx, n * (length(x) + 1))
    best = 0
    least = nan
    for i in range(n):
        y = ld(item(table, i) + field_x_1)
        if length(x) != length(y):
            fail(ctx, 22011)
        total = 0.0
        for j in range(length(x)):
            d = ldf(items(x) + j * 8) - number_of(item(y, j), kind_field_item_x_1)
            total += d * d
        if closer(total, least):
            best = i
            least = total
    return ld(item(table, best) + field_to_1)


def interp_nearest__n3(
    ctx: i64, x: i64, table: i64, f: i64, env: i64, field_x_1: i64, field_to_1: i64, widen_field_x_1_2: i64
) -> i64:
    n = length(table)
    if n == 0:
        fail(ctx, 22010)
    charge(ctx, n)
    best = 0
    least = nan
    for i in range(n):
        y = call0(widen_field_x_1_2, ctx, ld(item(table, i) + field_x_1))
        d = unbits(call2(f, ctx, env, x, y))
        if closer(d, least):
            best = i
            least = d
    return ld(item(table, best) + field_to_1)


# Lines between entries: {entry, the other one, whether x is between them}


def line_of_none(ctx: i64, x: f64, table: i64, field: i64, kind: i64, code: i64, out: i64) -> None:
    """The line of an infinite or NaN x, to which all entries are equally near."""
    charge(ctx, length(table))
    one = 0
    two = 0
    lowest = False
    for i in range(length(table)):
        lowest = lowest or (x == -inf and place_of(item(table, i), field, kind) == x)
    for i in range(length(table)):
        entry = item(table, i)
        e = place_of(entry, field, kind)
        if lowest:
            if e == x and one == 0:
                one = entry
            if e > x and two == 0:
                two = entry
        elif one == 0:
            if x != x or e == e:
                one = entry
        elif two == 0 and (x != x or (e == e and e != place_of(one, field, kind))):
            two = entry
    if one == 0 or two == 0:
        fail(ctx, code)
    st(out, one)
    st(out + 8, two)
    st(out + 16, int(lowest))


def find_line(ctx: i64, x: f64, table: i64, field: i64, kind: i64, code: i64, out: i64) -> None:
    """The two entries of the line at x, the nearest (or the one below) first."""
    if not fabs(x) < inf:
        line_of_none(ctx, x, table, field, kind, code, out)
        return
    find_neighbors(ctx, x, table, field, kind, out)
    below = ld(out)
    above = ld(out + 8)
    one = below if below >= 0 else above
    two = above
    if below < 0 or above < 0:
        two = -1
        if one >= 0:
            two = next_entry(ctx, table, field, kind, place_of(item(table, one), field, kind), below < 0)
    if one < 0 or two < 0:
        fail(ctx, code)
    st(out, item(table, one))
    st(out + 8, item(table, two))
    st(out + 16, int(below >= 0 and above >= 0))


def next_entry(ctx: i64, table: i64, field: i64, kind: i64, x: f64, up: bool) -> i64:
    """The first position of the x next to this one, above it or below; -1 where there is none."""
    charge(ctx, length(table))
    found = -1
    best = 0.0
    for i in range(length(table)):
        e = place_of(item(table, i), field, kind)
        if up:
            if e > x and (found < 0 or e < best):
                found = i
                best = e
        elif e < x and (found < 0 or e > best):
            found = i
            best = e
    return found


def on_line(
    ctx: i64, x: f64, line: i64, field_x: i64, field_to: i64, kind_x: i64, kind_to: i64, kind_item: i64, code: i64
) -> i64:
    """The slot of the value at x: a double, or an array of them."""
    one = ld(line)
    two = ld(line + 8)
    start = place_of(one, field_x, kind_x)
    share = (x - start) / (place_of(two, field_x, kind_x) - start)
    rest = 1.0 - share
    if kind_to != 4:
        return bits(rest * place_of(one, field_to, kind_to) + share * place_of(two, field_to, kind_to))
    a = ld(one + field_to)
    b = ld(two + field_to)
    if length(a) != length(b):
        fail(ctx, code)
    charge(ctx, length(a))
    out = new_array(ctx, length(a))
    for i in range(length(a)):
        made = rest * number_of(item(a, i), kind_item) + share * number_of(item(b, i), kind_item)
        stf(items(out) + i * 8, made)
    return out


def as_doubles(ctx: i64, slot: i64, kind: i64, kind_item: i64) -> i64:
    """A number, or an array of them, as doubles."""
    if kind != 4:
        return bits(number_of(slot, kind))
    charge(ctx, length(slot))
    out = new_array(ctx, length(slot))
    for i in range(length(slot)):
        stf(items(out) + i * 8, number_of(item(slot, i), kind_item))
    return out


def interp_linear(
    ctx: i64,
    x: f64,
    table: i64,
    field_x_1: i64,
    field_to_1: i64,
    kind_field_x_1: i64,
    kind_field_to_1: i64,
    kind_field_item_to_1: i64,
) -> i64:
    line = alloc(ctx, 24)
    find_line(ctx, x, table, field_x_1, kind_field_x_1, 22020, line)
    return on_line(ctx, x, line, field_x_1, field_to_1, kind_field_x_1, kind_field_to_1, kind_field_item_to_1, 22021)


def interp_linearFlat(
    ctx: i64,
    x: f64,
    table: i64,
    field_x_1: i64,
    field_to_1: i64,
    kind_field_x_1: i64,
    kind_field_to_1: i64,
    kind_field_item_to_1: i64,
) -> i64:
    line = alloc(ctx, 24)
    find_line(ctx, x, table, field_x_1, kind_field_x_1, 22030, line)
    if ld(line + 16) == 0:
        return as_doubles(ctx, ld(ld(line) + field_to_1), kind_field_to_1, kind_field_item_to_1)
    return on_line(ctx, x, line, field_x_1, field_to_1, kind_field_x_1, kind_field_to_1, kind_field_item_to_1, 22031)


def interp_linearMissing(
    ctx: i64,
    x: f64,
    table: i64,
    field_x_1: i64,
    field_to_1: i64,
    kind_field_x_1: i64,
    kind_field_to_1: i64,
    kind_field_item_to_1: i64,
    tag_double: i64,
    tag_array: i64,
) -> i64:
    line = alloc(ctx, 24)
    find_line(ctx, x, table, field_x_1, kind_field_x_1, 22040, line)
    if ld(line + 16) == 0:
        return 0
    made = on_line(ctx, x, line, field_x_1, field_to_1, kind_field_x_1, kind_field_to_1, kind_field_item_to_1, 22041)
    return some(ctx, tag_array if kind_field_to_1 == 4 else tag_double, made)
