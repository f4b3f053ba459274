"""Large natural numbers: {how many words, the words, the lowest first}, in room that the caller made.

They decide where two probabilities are too close for doubles (`pfa.lib.distributions.counts`).
"""

from __future__ import annotations

from pfa.targets.kernel.language import bits, ctz, f64, i64, inline, ld, move, mul_hi, shr, st, udiv, ult
from pfa.targets.kernel.lib.base import alloc

WORDS = 360  # room for 20,000 bits, the longest shift of a double and some words more
LOW_HALF = 4294967295
MANTISSA = 4503599627370495


def natural_room(ctx: i64) -> i64:
    """Room for a number, which is 0."""
    at = alloc(ctx, 8 + WORDS * 8)
    st(at, 0)
    return at


@inline
def natural_word(a: i64, i: i64) -> i64:
    """A word, 0 above the highest."""
    return ld(a + 8 + i * 8) if i < ld(a) else 0


@inline
def natural_push(a: i64, word: i64) -> None:
    """One more highest word, unless it is 0."""
    if word != 0:
        n = ld(a)
        st(a + 8 + n * 8, word)
        st(a, n + 1)


@inline
def natural_set(a: i64, word: i64) -> None:
    st(a, 0)
    natural_push(a, word)


@inline
def natural_copy(to: i64, a: i64) -> None:
    move(to, a, 8 + ld(a) * 8)


def natural_trim(a: i64) -> None:
    """Leave out zeros at the top."""
    n = ld(a)
    while n > 0 and ld(a + n * 8) == 0:
        n -= 1
    st(a, n)


def natural_times(a: i64, word: i64) -> None:
    """Multiply by a word."""
    carry = 0
    for i in range(ld(a)):
        at = a + 8 + i * 8
        low = ld(at) * word
        high = mul_hi(ld(at), word)
        total = low + carry
        st(at, total)
        carry = high + int(ult(total, low))
    natural_push(a, carry)


def natural_divide(a: i64, divisor: i64) -> None:
    """Divide by a number below 2**31."""
    rest = 0
    n = ld(a)
    for step in range(n):
        at = a + (n - step) * 8
        word = ld(at)
        upper = (rest << 32) | shr(word, 32)
        high = udiv(upper, divisor)
        lower = ((upper - high * divisor) << 32) | (word & LOW_HALF)
        low = udiv(lower, divisor)
        rest = lower - low * divisor
        st(at, (high << 32) | low)
    natural_trim(a)


def natural_add(a: i64, b: i64) -> None:
    """a += b."""
    n = max(ld(a), ld(b))
    carry = 0
    for i in range(n):
        x = natural_word(a, i)
        part = x + natural_word(b, i)
        total = part + carry
        carry = int(ult(part, x)) + int(ult(total, part))
        st(a + 8 + i * 8, total)
        if i >= ld(a):
            st(a, i + 1)
    natural_push(a, carry)


def natural_subtract(a: i64, b: i64) -> None:
    """a -= b, which is not greater."""
    borrow = 0
    for i in range(ld(a)):
        x = ld(a + 8 + i * 8)
        part = x - natural_word(b, i)
        st(a + 8 + i * 8, part - borrow)
        borrow = int(ult(x, part)) + int(ult(part, part - borrow))
    natural_trim(a)


def natural_shift(to: i64, a: i64, count: i64) -> None:
    """to = a << count, in other room."""
    words = count // 64
    odd = count % 64
    st(to, words + ld(a) if ld(a) > 0 else 0)
    if ld(a) == 0:
        return
    for i in range(words):
        st(to + 8 + i * 8, 0)
    carry = 0
    for i in range(ld(a)):
        word = ld(a + 8 + i * 8)
        st(to + 8 + (words + i) * 8, (word << odd) | carry)
        carry = shr(word, 64 - odd) if odd > 0 else 0
    natural_push(to, carry)


def natural_compare(a: i64, b: i64) -> i64:
    """-1, 0 or 1."""
    n = max(ld(a), ld(b))
    for step in range(n):
        x = natural_word(a, n - 1 - step)
        y = natural_word(b, n - 1 - step)
        if x != y:
            return -1 if ult(x, y) else 1
    return 0


# A double between 0 and 1 as a ratio: an odd number over a power of two


@inline
def whole_mantissa(x: f64) -> i64:
    """The digits of a positive double as a whole number."""
    word = bits(x)
    return word & MANTISSA if shr(word, 52) == 0 else (word & MANTISSA) | (MANTISSA + 1)


@inline
def ratio_number(x: f64) -> i64:
    """The odd number."""
    m = whole_mantissa(x)
    return shr(m, ctz(m))


@inline
def ratio_bits(x: f64) -> i64:
    """Which power of two."""
    return 1075 - max(shr(bits(x), 52), 1) - ctz(whole_mantissa(x))
