"""Numbers as strings (s.int, s.hex, s.number)."""

from __future__ import annotations

from pfa.targets.kernel.language import bits, f64, fabs, fail, fill, i64, inf, inline, ld, ld8, move, st, udiv
from pfa.targets.kernel.lib.base import alloc, charge, items, new_string
from pfa.targets.kernel.lib.cast import hex_digit
from pfa.targets.kernel.lib.printing import (
    decimal_digits,
    new_writer,
    print_byte,
    print_exponent,
    print_integer,
    print_real,
    print_room,
    print_zeros,
    shortest,
    store_decimal,
    store_point,
    written_ascii,
)

SHOWN = 6  # decimals where nobody says how many


@inline
def size_of(width: i64) -> i64:
    return 0 - width if width < 0 else width


def justified(ctx: i64, w: i64, width: i64) -> i64:
    """What was written, with spaces before it, or behind it where the width is negative."""
    n = ld(w + 8)
    missing = size_of(width) - n
    if missing <= 0:
        return written_ascii(ctx, w)
    out = new_string(ctx, n + missing, n + missing)
    fill(items(out), 32, n + missing)
    move(items(out) + (0 if width < 0 else missing), ld(w), n)
    return out


def print_hex(ctx: i64, w: i64, x: i64) -> None:
    """A number that is not negative."""
    shift = 60
    while shift > 0 and (x >> shift) == 0:
        shift -= 4
    while shift >= 0:
        print_byte(ctx, w, hex_digit((x >> shift) & 15))
        shift -= 4


def padded(ctx: i64, x: i64, width: i64, zeros: bool, hexadecimal: bool) -> i64:
    """A number that is `width` wide at least."""
    charge(ctx, size_of(width) // 4 + 1)
    w = new_writer(ctx, 24)
    if hexadecimal:
        print_hex(ctx, w, x)
    else:
        print_integer(ctx, w, x)
    missing = width - ld(w + 8)
    if width == 0:
        return new_string(ctx, 0, 0)
    if zeros and missing > 0:
        digits = ld(w + 8)
        sign = int(ld8(ld(w)) == 45)
        print_zeros(ctx, w, missing)
        move(ld(w) + sign + missing, ld(w) + sign, digits - sign)
        fill(ld(w) + sign, 48, missing)
    return justified(ctx, w, width)


def s_hex__long(ctx: i64, x: i64) -> i64:
    if x < 0:
        fail(ctx, 39111)
    w = new_writer(ctx, 16)
    print_hex(ctx, w, x)
    return written_ascii(ctx, w)


def s_hex__long_int_boolean(ctx: i64, x: i64, width: i64, zeros: bool) -> i64:
    if x < 0:
        fail(ctx, 39111)
    if zeros and width < 0:
        fail(ctx, 39110)
    return padded(ctx, x, width, zeros, True)


def s_int__long(ctx: i64, x: i64) -> i64:
    w = new_writer(ctx, 24)
    print_integer(ctx, w, x)
    return written_ascii(ctx, w)


s_number__long = s_int__long


def s_int__long_int_boolean(ctx: i64, x: i64, width: i64, zeros: bool) -> i64:
    if zeros and width < 0:
        fail(ctx, 39240)
    return padded(ctx, x, width, zeros, False)


def s_number__long_int_boolean(ctx: i64, x: i64, width: i64, zeros: bool) -> i64:
    if zeros and width < 0:
        fail(ctx, 39120)
    return padded(ctx, x, width, zeros, False)


def s_number__double_union_union(ctx: i64, x: f64, width: i64, precision: i64, table_powers: i64) -> i64:
    return number_text(ctx, x, width, precision, 0.0001, 100000.0, table_powers)


def s_number__double_union_union_double_double(
    ctx: i64, x: f64, width: i64, precision: i64, least: f64, most: f64, table_powers: i64
) -> i64:
    return number_text(ctx, x, width, precision, least, most, table_powers)


def number_text(ctx: i64, x: f64, width: i64, precision: i64, least: f64, most: f64, table: i64) -> i64:
    """A double; `width` and `precision` are unions of null and an int."""
    wide = 0 if width == 0 else ld(width + 8)
    shown = -1 if precision == 0 else ld(precision + 8)
    if precision != 0 and shown < 0:
        fail(ctx, 39121)
    charge(ctx, (size_of(wide) + max(shown, 0)) // 4 + 1)
    w = new_writer(ctx, 40)
    if x != x or x == inf or x == -inf:
        print_real(ctx, w, x, table)
        return justified(ctx, w, wide)
    if width != 0 and wide == 0:
        return new_string(ctx, 0, 0)
    pair = alloc(ctx, 16)
    st(pair, 0)
    st(pair + 8, 0)
    if x != 0.0:
        shortest(x, pair, table)
        if bits(x) < 0:
            print_byte(ctx, w, 45)
    if x == 0.0 or (least <= fabs(x) and fabs(x) <= most):
        print_fixed(ctx, w, ld(pair), ld(pair + 8), shown)
    else:
        print_scientific(ctx, w, ld(pair), ld(pair + 8), shown)
    return justified(ctx, w, wide)


@inline
def without_digits(digits: i64, count: i64) -> i64:
    """The number without its last digits, halves rounded up."""
    if count <= 0:
        return digits
    if count > 18:
        return 0
    power = 1
    for _ in range(count):
        power = power * 10
    return (digits + power // 2) // power


def trim_zeros(w: i64) -> None:
    """Without zeros at the end, but for one behind the point."""
    n = ld(w + 8)
    while ld8(ld(w) + n - 1) == 48:
        n -= 1
    st(w + 8, n + 1 if ld8(ld(w) + n - 1) == 46 else n)


def print_fixed(ctx: i64, w: i64, digits: i64, exponent: i64, precision: i64) -> None:
    """digits * 10**exponent with so many decimals (-1: up to six)."""
    shown = SHOWN if precision < 0 else precision
    left = without_digits(digits, -exponent - shown)
    exponent = max(exponent, -shown)
    count = decimal_digits(left)
    decimals = max(-exponent, 0)
    if count > decimals:
        at = print_room(ctx, w, count + int(decimals > 0))
        store_point(at, left, count, count - decimals)
        print_zeros(ctx, w, max(exponent, 0))
    else:
        print_byte(ctx, w, 48)
        print_byte(ctx, w, 46)
        print_zeros(ctx, w, decimals - count)
        at = print_room(ctx, w, count)
        store_decimal(at, left, count)
    if decimals == 0 and shown > 0:
        print_byte(ctx, w, 46)
    print_zeros(ctx, w, shown - decimals)
    if precision < 0:
        trim_zeros(w)


def print_scientific(ctx: i64, w: i64, digits: i64, exponent: i64, precision: i64) -> None:
    """The same with one digit before the point and an exponent."""
    shown = SHOWN if precision < 0 else precision
    count = decimal_digits(digits)
    power = exponent + count - 1
    left = without_digits(digits, count - shown - 1)
    count = min(count, shown + 1)
    if decimal_digits(left) > count:  # 9.99 has become 10.0
        left = udiv(left, 10)
        power += 1
    at = print_room(ctx, w, count + int(count > 1))
    store_point(at, left, count, 1)
    if count == 1 and shown > 0:
        print_byte(ctx, w, 46)
    print_zeros(ctx, w, shown - count + 1)
    if precision < 0:
        trim_zeros(w)
    print_exponent(ctx, w, power)
