"""Numbers from text (parse.*): every decimal as the double, or the single, that is nearest to it."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    clz,
    f64,
    fail,
    fill,
    i64,
    inf,
    inline,
    ld,
    ld8,
    ldu32,
    move,
    mul_hi,
    mul_over,
    nan,
    shr,
    st,
    st32,
    sub_over,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, item, items, length
from pfa.targets.kernel.lib.text import code_at, code_before, code_size

INT_MIN = -2147483648
INT_MAX = 2147483647
LONG_MIN = -9223372036854775808
KELVIN = 0x212A  # the sign whose small letter is k
DOUBLE_BITS = 53
DOUBLE_LOWEST = -1074  # exponent of the last bit
SINGLE_BITS = 24
SINGLE_LOWEST = -149
SINGLE_MAX = 3.4028234663852886e38
ENOUGH = 18  # digits that a word holds
MOST = 800  # digits that can matter (768 do)
FAR = 1000000000000
LIMBS = 200  # words of 32 bits of a large number: at most 1,131 digits, and room to shift
TENS_FROM = -342  # the first exponent in the table of tens
TENS_TO = 308


# White space and letters


def is_blank(c: i64) -> bool:
    """Does Python's str.strip remove it?"""
    if c <= 32:
        return c == 32 or (c >= 9 and c <= 13) or (c >= 28 and c <= 31)
    if c < 128:
        return False
    return (
        c == 0x85
        or c == 0xA0
        or c == 0x1680
        or (c >= 0x2000 and c <= 0x200A)
        or c == 0x2028
        or c == 0x2029
        or c == 0x202F
        or c == 0x205F
        or c == 0x3000
    )


def text_start(s: i64) -> i64:
    """The first byte that is not white space."""
    i = 0
    while i < length(s) and is_blank(code_at(items(s) + i)):
        i += code_size(ld8(items(s) + i))
    return i


def text_end(s: i64, start: i64) -> i64:
    """The byte behind the last one that is not."""
    i = length(s)
    while i > start:
        before = code_before(items(s), i)
        if not is_blank(code_at(items(s) + before)):
            break
        i = before
    return i


@inline
def small_letter(c: i64) -> i64:
    """An ASCII letter as a small one."""
    return c + 32 if c >= 65 and c <= 90 else c


@inline
def letter_at(s: i64, i: i64, end: i64) -> i64:
    """The byte at i as a small letter; 0 behind the end."""
    return small_letter(ld8(items(s) + i)) if i < end else 0


@inline
def is_digit(c: i64) -> bool:
    return c >= 48 and c <= 57


# Integers


@inline
def digit_value(c: i64) -> i64:
    """What a digit or a letter stands for; 99 where it is none."""
    if is_digit(c):
        return c - 48
    if c == KELVIN:
        return 20
    low = small_letter(c)
    return low - 87 if low >= 97 and low <= 122 else 99


def parse_whole(ctx: i64, s: i64, base: i64, code: i64) -> i64:
    """The long that a string stands for; `code` where it is none, and the next code for the base."""
    if base < 2 or base > 36:
        fail(ctx, code + 1)
    i = text_start(s)
    end = text_end(s, i)
    sign = letter_at(s, i, end)
    if sign == 43 or sign == 45:
        i += 1
    if i >= end:
        fail(ctx, code)
    value = 0  # below zero, where there is room for one more
    while i < end:
        c = code_at(items(s) + i)
        i += code_size(ld8(items(s) + i))
        digit = digit_value(c)
        if digit >= base or mul_over(value, base) or sub_over(value * base, digit):
            fail(ctx, code)
        value = value * base - digit
    if sign != 45 and value == LONG_MIN:
        fail(ctx, code)
    return value if sign == 45 else 0 - value


def parse_int(ctx: i64, s: i64, base: i64) -> i64:
    value = parse_whole(ctx, s, base, 33000)
    if value < INT_MIN or value > INT_MAX:
        fail(ctx, 33000)
    return value


def parse_long(ctx: i64, s: i64, base: i64) -> i64:
    return parse_whole(ctx, s, base, 33010)


# Decimals: exact in doubles where they are short, else by 64 bits of the power of ten where that decides the
# rounding (Lemire, "Number parsing at a gigabyte per second", 2021, gives the idea), else by long division.


def parse_double(ctx: i64, s: i64, table_tens: i64) -> f64:
    return parse_real(ctx, s, 33030, DOUBLE_BITS, DOUBLE_LOWEST, table_tens)


def parse_float(ctx: i64, s: i64, table_tens: i64) -> f64:
    x = parse_real(ctx, s, 33020, SINGLE_BITS, SINGLE_LOWEST, table_tens)
    if x > SINGLE_MAX:
        return inf
    return -inf if x < -SINGLE_MAX else x


@inline
def is_word(s: i64, i: i64, end: i64, a: i64, b: i64, c: i64) -> bool:
    """Are these three letters all that is left?"""
    if end - i != 3:
        return False
    return letter_at(s, i, end) == a and letter_at(s, i + 1, end) == b and letter_at(s, i + 2, end) == c


def skip_digits(s: i64, i: i64, end: i64) -> i64:
    """The first byte from i on that is no digit."""
    while i < end and is_digit(ld8(items(s) + i)):
        i += 1
    return i


def parse_real(ctx: i64, s: i64, code: i64, precision: i64, lowest: i64, tens: i64) -> f64:
    """The nearest number of so many bits whose last one is not below 2**lowest."""
    i = text_start(s)
    end = text_end(s, i)
    if is_word(s, i, end, 110, 97, 110):
        return nan
    sign = letter_at(s, i, end)
    if sign == 43 or sign == 45:
        i += 1
    if is_word(s, i, end, 105, 110, 102):
        return -inf if sign == 45 else inf
    whole = skip_digits(s, i, end)
    stop = whole
    if letter_at(s, whole, end) == 46:
        stop = skip_digits(s, whole + 1, end)
    if stop == i or (whole == i and stop == i + 1):  # no digit
        fail(ctx, code)
    exponent = 0
    after = stop
    if letter_at(s, stop, end) == 101:
        after = stop + 1
        minus = letter_at(s, after, end)
        if minus == 43 or minus == 45:
            after += 1
        first = after
        while after < end and is_digit(ld8(items(s) + after)):
            exponent = min(exponent * 10 + ld8(items(s) + after) - 48, FAR)
            after += 1
        if after == first:
            fail(ctx, code)
        if minus == 45:
            exponent = -exponent
    if after != end:
        fail(ctx, code)
    x = decimal_value(ctx, items(s) + i, stop - i, exponent, precision, lowest, tens)
    return -x if sign == 45 else x


def decimal_value(ctx: i64, text: i64, n: i64, exponent: i64, precision: i64, lowest: i64, tens: i64) -> f64:
    """The number of digits with a point among them, times ten to the exponent."""
    w = 0  # the first digits
    e10 = exponent
    digits = 0
    cut_off = False
    fraction = False
    for i in range(n):
        c = ld8(text + i)
        if c == 46:
            fraction = True
        elif digits < ENOUGH:
            w = w * 10 + c - 48
            if w != 0:
                digits += 1
            e10 -= int(fraction)
        else:
            cut_off = cut_off or c != 48
            e10 += int(not fraction)
    if w == 0 or e10 < TENS_FROM:
        return 0.0
    if e10 > TENS_TO:
        return inf
    if w <= 9007199254740992 and not cut_off and e10 >= -22 and e10 <= 22 and precision == DOUBLE_BITS:
        return scaled_exactly(float(w), e10)
    zeros = clz(w)
    high = mul_hi(w << zeros, item(tens, e10 - TENS_FROM))
    doubt = 2 + (1 << zeros if cut_off else 0)
    power = 1 + ((e10 * 217706) >> 16) - zeros
    if high > 0:  # the first bit is not set
        high = high << 1
        doubt = doubt * 2
        power -= 1
    drop = max(64 - precision, lowest - power)
    if drop <= 62:
        half = 1 << (drop - 1)
        rest = high & (2 * half - 1)
        if rest > half or rest + doubt <= half:
            return made_real(shr(high, drop) + int(rest > half), power + drop, precision)
    return divided_out(ctx, text, n, exponent, precision, lowest)


@inline
def scaled_exactly(x: f64, e10: i64) -> f64:
    """x * 10**e10, rounded once."""
    power = 1.0
    for _ in range(e10 if e10 >= 0 else -e10):
        power = power * 10.0
    return x * power if e10 >= 0 else x / power


@inline
def made_real(mantissa: i64, exponent: i64, precision: i64) -> f64:
    """mantissa * 2**exponent, which is a double, or infinite."""
    if precision == SINGLE_BITS:
        if exponent > 127:
            return inf
        return float(mantissa) * unbits((exponent + 1023) << 52)
    if exponent > 971:
        return inf
    return unbits(((exponent - DOUBLE_LOWEST) << 52) + mantissa)


# Long division of large numbers: {limbs of 32 bits, the lowest first}, and how many there are


def big_multiply(p: i64, n: i64, factor: i64, more: i64) -> i64:
    """A number times a small one, plus another; its limbs."""
    for i in range(n):
        product = ldu32(p + i * 4) * factor + more
        st32(p + i * 4, product)
        more = shr(product, 32)
    if more != 0:
        st32(p + n * 4, more)
        return n + 1
    return n


def big_power(p: i64, n: i64, e10: i64) -> i64:
    """A number times a power of ten; its limbs."""
    while e10 >= 9:
        n = big_multiply(p, n, 1000000000, 0)
        e10 -= 9
    while e10 > 0:
        n = big_multiply(p, n, 10, 0)
        e10 -= 1
    return n


def big_shift(p: i64, n: i64, count: i64) -> i64:
    """A number times a power of two; its limbs."""
    words = count // 32
    move(p + words * 4, p, n * 4)
    fill(p, 0, words * 4)
    return big_multiply(p, n + words, 1 << (count % 32), 0)


def big_bits(p: i64, n: i64) -> i64:
    """The bits of a number that is not zero."""
    return 32 * n + 32 - clz(ldu32(p + n * 4 - 4))


def big_less(p: i64, n: i64, q: i64, m: i64) -> bool:
    """Is the first smaller?"""
    if n != m:
        return n < m
    for i in range(n - 1, -1, -1):
        a = ldu32(p + i * 4)
        b = ldu32(q + i * 4)
        if a != b:
            return a < b
    return False


def big_subtract(p: i64, n: i64, q: i64, m: i64) -> i64:
    """The first less the second, which is not larger; its limbs."""
    borrow = 0
    for i in range(n):
        d = ldu32(p + i * 4) - (ldu32(q + i * 4) if i < m else 0) - borrow
        st32(p + i * 4, d)
        borrow = int(d < 0)
    while n > 0 and ldu32(p + n * 4 - 4) == 0:
        n -= 1
    return n


def big_digits(p: i64, text: i64, n: i64, out: i64) -> i64:
    """The digits of a text as a number, its limbs; at `out` how many of them stand behind the point."""
    limbs = 0
    digits = 0
    behind = 0
    cut_off = False
    fraction = False
    for i in range(n):
        c = ld8(text + i)
        if c == 46:
            fraction = True
        elif digits < MOST:
            limbs = big_multiply(p, limbs, 10, c - 48)
            if limbs > 0:
                digits += 1
            behind += int(fraction)
        else:
            cut_off = cut_off or c != 48
            behind -= int(not fraction)
    if cut_off:  # a digit that stands for all that follow
        limbs = big_multiply(p, limbs, 10, 1)
        behind += 1
    st(out, behind)
    return limbs


def divided_out(ctx: i64, text: i64, n: i64, exponent: i64, precision: i64, lowest: i64) -> f64:
    """The number by exact arithmetic; it is not zero, and neither far too large nor far too small."""
    p = alloc(ctx, LIMBS * 8 + 8)
    q = p + LIMBS * 4
    above = big_digits(p, text, n, q + LIMBS * 4)
    e10 = exponent - ld(q + LIMBS * 4)
    st32(q, 1)
    below = 1
    if e10 >= 0:
        above = big_power(p, above, e10)
    else:
        below = big_power(q, below, -e10)
    shift = big_bits(q, below) - big_bits(p, above)
    if shift >= 0:
        above = big_shift(p, above, shift)
    else:
        below = big_shift(q, below, -shift)
    if big_less(p, above, q, below):
        above = big_multiply(p, above, 2, 0)
        shift += 1
    high = 0
    for _ in range(64):
        high = high << 1
        if not big_less(p, above, q, below):
            above = big_subtract(p, above, q, below)
            high = high | 1
        above = big_multiply(p, above, 2, 0)
    return rounded_real(high, above > 0, -63 - shift, precision, lowest)


def rounded_real(high: i64, rest: bool, power: i64, precision: i64, lowest: i64) -> f64:
    """64 bits, and whether there is more behind them, times 2**power, to the nearest, ties to even."""
    drop = max(64 - precision, lowest - power)
    if drop > 64:
        return 0.0
    if drop == 64:
        return made_real(int(rest or (high << 1) != 0), power + drop, precision)
    kept = shr(high, drop)
    half = 1 << (drop - 1)
    up = (high & half) != 0 and (rest or (high & (half - 1)) != 0 or (kept & 1) != 0)
    return made_real(kept + int(up), power + drop, precision)
