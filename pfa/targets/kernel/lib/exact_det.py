"""Determinants of at most eight rows in integers, rounded once.

Every double is an integer times a power of two, one power a row.  Minors of the first rows are built up, one row
after another, for all sets of columns: a minor is an integer in two's complement, low words first.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    clz,
    ctz,
    f64,
    fill,
    i64,
    inf,
    inline,
    ld,
    mul_hi,
    popcount,
    shr,
    st,
    ult,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, charge

EXPONENT = 2047
HIDDEN = 1 << 52
BIAS = 1075
CARRIES = 16  # bits that sums of eight factorial products need
LOWEST = -1074
NORMAL = -1022


@inline
def exponent_of(x: i64) -> i64:
    """The power of two of a double's integer, given its bits; zero has none."""
    e = shr(x, 52) & EXPONENT
    return (e if e > 0 else 1) - BIAS


@inline
def integer_of(x: i64) -> i64:
    """A double's integer without its sign, given its bits."""
    return (x & (HIDDEN - 1)) | (HIDDEN if (shr(x, 52) & EXPONENT) > 0 else 0)


def row_unit(row: i64, n: i64) -> i64:
    """The power of two that all of a row are multiples of; a large number for a row of zeros."""
    unit = 1 << 20
    for j in range(n):
        m = integer_of(ld(row + j * 8))
        if m != 0:
            unit = min(unit, exponent_of(ld(row + j * 8)) + ctz(m))
    return unit


def row_bits(row: i64, n: i64, unit: i64) -> i64:
    """How many bits the integers of a row have."""
    most = 0
    for j in range(n):
        m = integer_of(ld(row + j * 8))
        if m != 0:
            most = max(most, exponent_of(ld(row + j * 8)) - unit + 64 - clz(m))
    return most


def add_product(to: i64, words: i64, offset: i64, source: i64, given: i64, factor: i64, negative: bool) -> None:
    """Add a minor of so many given words times an unsigned factor, from a word on; or subtract it."""
    sign = ld(source + given * 8 - 8) >> 63
    high = 0
    carry = 0
    for i in range(words - offset):
        word = ld(source + i * 8) if i < given else sign
        low = word * factor
        part = low + high
        high = mul_hi(word, factor) + int(ult(part, low))
        at = to + (offset + i) * 8
        old = ld(at)
        if negative:
            less = old - part
            st(at, less - carry)
            carry = int(ult(old, part)) + int(ult(less, carry))
        else:
            more = old + part
            st(at, more + carry)
            carry = int(ult(more, part)) + int(ult(more + carry, more))


def exact_determinant(ctx: i64, at: i64, n: i64) -> f64:
    """Of a block of finite doubles."""
    unit = 0
    size = 0
    for i in range(n):
        power = row_unit(at + i * n * 8, n)
        if power == 1 << 20:
            return 0.0
        unit += power
        size = max(size, row_bits(at + i * n * 8, n, power))
    words = (n * size + CARRIES) // 64 + 2
    sets = 1 << n
    charge(ctx, n * n * n + sets * words // 8)
    minors = alloc(ctx, sets * words * 8)
    st(minors, 1)
    for columns in range(1, sets):
        row = popcount(columns) - 1
        given = 1 if row == 0 else (row * size + CARRIES) // 64 + 2
        made = ((row + 1) * size + CARRIES) // 64 + 2
        build_minor(minors, columns, words, given, made, at + row * n * 8, n)
    return rounded_integer(minors + (sets - 1) * words * 8, words, unit)


def build_minor(minors: i64, columns: i64, words: i64, given: i64, made: i64, row: i64, n: i64) -> None:
    """The minor of a set of columns, from those with a column and the last row less."""
    to = minors + columns * words * 8
    fill(to, 0, made * 8)
    unit = row_unit(row, n)
    place = popcount(columns) - 1  # the sign alternates from the last row's place
    for j in range(n):
        if (columns >> j) & 1 == 1:
            x = ld(row + j * 8)
            m = integer_of(x)
            if m != 0:
                negative = (x < 0) != ((place & 1) == 1)
                source = minors + (columns ^ (1 << j)) * words * 8
                shift = exponent_of(x) + ctz(m) - unit
                m = shr(m, ctz(m))
                offset = shr(shift, 6)
                shift = shift & 63
                add_product(to, made, offset, source, given, m << shift, negative)
                if shift > 0 and shr(m, 64 - shift) != 0:
                    add_product(to, made, offset + 1, source, given, shr(m, 64 - shift), negative)
            place -= 1


def negate_words(at: i64, words: i64) -> None:
    carry = 1
    for i in range(words):
        x = ~ld(at + i * 8) + carry
        carry = int(carry == 1 and x == 0)
        st(at + i * 8, x)


def rounded_integer(at: i64, words: i64, unit: i64) -> f64:
    """An integer times a power of two as the nearest double."""
    negative = ld(at + words * 8 - 8) < 0
    if negative:
        negate_words(at, words)
    top = words - 1
    while top >= 0 and ld(at + top * 8) == 0:
        top -= 1
    if top < 0:
        return 0.0
    lead = clz(ld(at + top * 8))
    head = ld(at + top * 8) << lead
    below = ld(at + top * 8 - 8) if top > 0 else 0
    if lead > 0:
        head = head | shr(below, 64 - lead)
    some = (below << lead) != 0
    for i in range(top - 1):
        some = some or ld(at + i * 8) != 0
    x = nearest_double(head | int(some), unit + top * 64 - lead)
    return -x if negative else x


def nearest_double(head: i64, power: i64) -> f64:
    """64 bits, the first of which is set and the last of which may stand for more, times a power of two."""
    drop = max(11, LOWEST - power)
    if drop > 64:
        return 0.0
    kept = shr(head, drop) if drop < 64 else 0
    rest = head << (64 - drop)
    half = 1 << 63
    if ult(half, rest) or (rest == half and (kept & 1) == 1):
        kept += 1
    power += drop
    if power > 1024:
        return inf
    if power > 0:
        return float(kept) * power_of_two(min(power, 1000)) * power_of_two(power - min(power, 1000))
    return float(kept) * power_of_two(max(power, NORMAL)) * power_of_two(power - max(power, NORMAL))


@inline
def power_of_two(n: i64) -> f64:
    return unbits((n + 1023) << 52)
