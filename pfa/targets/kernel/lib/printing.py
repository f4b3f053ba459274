"""Text that grows: a writer is {data, bytes written, capacity}; and numbers in decimal."""

from __future__ import annotations

from pfa.targets.kernel.language import bits, cold, f64, i64, inf, inline, ld, move, mul_hi, shr, st, st8, udiv, ult
from pfa.targets.kernel.lib.base import alloc, buffer, charge, count_characters, item, items, length, string_of

FIRST = 48  # bytes of a new writer
MANTISSA = 4503599627370495
HIDDEN = 4503599627370496
POW5_BITS = 125
POWERS_AT = 684  # where the powers begin in the table of powers, after the inverses


def new_writer(ctx: i64, capacity: i64) -> i64:
    """A writer with nothing in it."""
    w = alloc(ctx, 24)
    st(w, buffer(ctx, capacity, capacity))
    st(w + 8, 0)
    st(w + 16, capacity)
    return w


@cold
def grow_writer(ctx: i64, w: i64, count: i64) -> None:
    """Twice the room, or what is needed."""
    used = ld(w + 8)
    capacity = max(ld(w + 16) * 2, used + count)
    charge(ctx, capacity // 64)
    data = buffer(ctx, capacity, capacity)
    move(data, ld(w), used)
    st(w, data)
    st(w + 16, capacity)


@inline
def print_room(ctx: i64, w: i64, count: i64) -> i64:
    """Where the next bytes go, which count as written already."""
    if ld(w + 8) + count > ld(w + 16):
        grow_writer(ctx, w, count)
    used = ld(w + 8)
    st(w + 8, used + count)
    return ld(w) + used


@inline
def print_byte(ctx: i64, w: i64, byte: i64) -> None:
    at = print_room(ctx, w, 1)
    st8(at, byte)


def print_bytes(ctx: i64, w: i64, data: i64, count: i64) -> None:
    at = print_room(ctx, w, count)
    move(at, data, count)


@inline
def print_text(ctx: i64, w: i64, s: i64) -> None:
    """A string as it is."""
    print_bytes(ctx, w, items(s), length(s))


def written(ctx: i64, w: i64, characters: i64) -> i64:
    """What was written, as a string."""
    data = ld(w)
    used = ld(w + 8)
    st(data - 8, used)
    return string_of(ctx, data, used, characters)


@inline
def written_ascii(ctx: i64, w: i64) -> i64:
    return written(ctx, w, ld(w + 8))


def written_text(ctx: i64, w: i64) -> i64:
    """What was written, as a string of characters that are counted now."""
    return written(ctx, w, count_characters(ld(w), ld(w + 8)))


# Whole numbers


@inline
def decimal_digits(x: i64) -> i64:
    """How many digits an unsigned number has."""
    n = 1
    while not ult(x, 10):
        x = udiv(x, 10)
        n += 1
    return n


@inline
def store_decimal(at: i64, x: i64, count: i64) -> None:
    """The last `count` digits of an unsigned number."""
    for i in range(count):
        rest = udiv(x, 10)
        st8(at + count - 1 - i, x - rest * 10 + 48)
        x = rest


def print_integer(ctx: i64, w: i64, x: i64) -> None:
    """A long in decimal."""
    size = 0 - x if x < 0 else x
    if x < 0:
        print_byte(ctx, w, 45)
    n = decimal_digits(size)
    at = print_room(ctx, w, n)
    store_decimal(at, size, n)


# Doubles: the fewest digits that stand for the number and no other, by Ryū (see `tables.powers`)


@inline
def pow5_bits(e: i64) -> i64:
    """Bits of 5**e."""
    return ((e * 1217359) >> 19) + 1


@inline
def multiply_shift(m: i64, table: i64, at: i64, j: i64) -> i64:
    """m times a number of the table, without its lowest j bits (64 < j < 128)."""
    low = item(table, at)
    high = item(table, at + 1)
    carried = mul_hi(m, low)
    middle = carried + m * high
    top = mul_hi(m, high)
    if ult(middle, carried):
        top += 1
    return (top << (128 - j)) | shr(middle, j - 64)


@inline
def has_factors(value: i64, base: i64, count: i64) -> bool:
    """Can a number be divided by base**count?"""
    while count > 0:
        rest = udiv(value, base)
        if rest * base != value:
            return False
        value = rest
        count -= 1
    return True


def shortest(x: f64, out: i64, table: i64) -> None:
    """The digits of a finite number that is not zero, and its exponent: |x| is digits * 10**exponent."""
    word = bits(x)
    mantissa = word & MANTISSA
    biased = (word >> 52) & 2047
    e2 = (biased if biased != 0 else 1) - 1077
    m = mantissa | HIDDEN if biased != 0 else mantissa
    even = (m & 1) == 0
    middle = 4 * m
    step = int(mantissa != 0 or biased <= 1)
    above = middle + 2
    below = middle - 1 - step
    low_zeros = False
    zeros = False
    at = 0
    j = 0
    if e2 >= 0:
        q = ((e2 * 78913) >> 18) - int(e2 > 3)
        e10 = q
        j = q - e2 + POW5_BITS + pow5_bits(q) - 1
        at = 2 * q
    else:
        q = ((-e2 * 732923) >> 20) - int(-e2 > 1)
        e10 = q + e2
        i = -e2 - q
        j = q - pow5_bits(i) + POW5_BITS
        at = POWERS_AT + 2 * i
    vr = multiply_shift(middle, table, at, j)
    vp = multiply_shift(above, table, at, j)
    vm = multiply_shift(below, table, at, j)
    if e2 >= 0:
        if q <= 21:
            if middle % 5 == 0:
                zeros = has_factors(middle, 5, q)
            elif even:
                low_zeros = has_factors(below, 5, q)
            elif has_factors(above, 5, q):
                vp -= 1
    elif q <= 1:
        zeros = True
        if even:
            low_zeros = step == 1
        else:
            vp -= 1
    elif q < 63:
        zeros = (middle & ((1 << q) - 1)) == 0
    shorten(vr, vp, vm, zeros, low_zeros, even, e10, out)


@inline
def shorten(vr: i64, vp: i64, vm: i64, zeros: bool, low_zeros: bool, even: bool, e10: i64, out: i64) -> None:
    """Drop digits while the number stays between its bounds, and round to the nearest."""
    last = 0
    while udiv(vp, 10) > udiv(vm, 10):
        low_zeros = low_zeros and vm == udiv(vm, 10) * 10
        zeros = zeros and last == 0
        last = vr - udiv(vr, 10) * 10
        vr = udiv(vr, 10)
        vp = udiv(vp, 10)
        vm = udiv(vm, 10)
        e10 += 1
    if low_zeros:
        while vm == udiv(vm, 10) * 10:
            zeros = zeros and last == 0
            last = vr - udiv(vr, 10) * 10
            vr = udiv(vr, 10)
            vm = udiv(vm, 10)
            e10 += 1
    if zeros and last == 5 and (vr & 1) == 0:
        last = 4
    if last >= 5 or (vr == vm and not (even and low_zeros)):
        vr += 1
    st(out, vr)
    st(out + 8, e10)


def print_real(ctx: i64, w: i64, x: f64, table: i64) -> None:
    """A double as Python's `repr` writes it."""
    if x != x:
        print_characters(ctx, w, 0x6E616E, 3)
        return
    if bits(x) < 0:
        print_byte(ctx, w, 45)
    if x == inf or x == -inf:
        print_characters(ctx, w, 0x666E69, 3)
        return
    if x == 0.0:
        print_characters(ctx, w, 0x302E30, 3)
        return
    pair = alloc(ctx, 16)
    shortest(x, pair, table)
    digits = ld(pair)
    count = decimal_digits(digits)
    exponent = ld(pair + 8) + count - 1
    if exponent >= -4 and exponent < 16:
        print_plain(ctx, w, digits, count, exponent)
        return
    at = print_room(ctx, w, count + int(count > 1))
    store_point(at, digits, count, 1)
    print_exponent(ctx, w, exponent)


def print_plain(ctx: i64, w: i64, digits: i64, count: i64, exponent: i64) -> None:
    """Digits with a point, without an exponent; ".0" behind whole numbers."""
    if exponent < 0:
        print_characters(ctx, w, 0x2E30, 2)
        print_zeros(ctx, w, -exponent - 1)
        at = print_room(ctx, w, count)
        store_decimal(at, digits, count)
        return
    if count > exponent + 1:
        at = print_room(ctx, w, count + 1)
        store_point(at, digits, count, exponent + 1)
        return
    at = print_room(ctx, w, count)
    store_decimal(at, digits, count)
    print_zeros(ctx, w, exponent + 1 - count)
    print_characters(ctx, w, 0x302E, 2)


@inline
def store_point(at: i64, digits: i64, count: i64, whole: i64) -> None:
    """Digits with a point behind the first `whole` ones, where there are more."""
    store_decimal(at + int(count > whole), digits, count)
    if count > whole:
        move(at, at + 1, whole)
        st8(at + whole, 46)


def print_zeros(ctx: i64, w: i64, count: i64) -> None:
    """So many zeros."""
    at = print_room(ctx, w, count)
    for i in range(count):
        st8(at + i, 48)


def print_exponent(ctx: i64, w: i64, exponent: i64) -> None:
    """e, the sign, two digits at least."""
    size = -exponent if exponent < 0 else exponent
    n = max(2, decimal_digits(size))
    at = print_room(ctx, w, n + 2)
    st8(at, 101)
    st8(at + 1, 45 if exponent < 0 else 43)
    store_decimal(at + 2, size, n)


@inline
def print_characters(ctx: i64, w: i64, text: i64, count: i64) -> None:
    """Up to eight ASCII characters, the first in the lowest byte."""
    at = print_room(ctx, w, count)
    for i in range(count):
        st8(at + i, text >> (8 * i))
