"""Random numbers: Philox 4x32-10, word for word those of `pfa.memory.random.Generator`; and rand.*

The generator is a few words of the context, `g` = ctx + RNG: the key, the action's number, the phase (in the bits where
the counter has it), how many words were drawn; and, apart from them, the last block of four.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    RNG,
    RNG_BLOCK,
    RNG_DRAWN,
    RNG_NUMBER,
    RNG_PHASE,
    cos,
    f32,
    f64,
    fabs,
    fail,
    fill,
    i64,
    inf,
    inline,
    ld,
    ld8,
    ldf,
    ldu32,
    log,
    move,
    mul_hi,
    shr,
    sqrt,
    st,
    st8,
    st32,
    ult,
    urem,
)
from pfa.targets.kernel.lib.base import (
    alloc,
    buffer,
    characters,
    charge,
    item,
    items,
    length,
    new_array,
    new_string,
    string_of,
)
from pfa.targets.kernel.lib.text import code_size, is_ascii

NUMBER = RNG_NUMBER - RNG
PHASE = RNG_PHASE - RNG
DRAWN = RNG_DRAWN - RNG
BLOCK = RNG_BLOCK - RNG

WORD = 4294967295
TWO_32 = 4294967296
MULTIPLIER_0 = 3528531795
MULTIPLIER_1 = 3449720151
WEYL_0 = 2654435769
WEYL_1 = 3144134277
TINY = 1.0 / 9007199254740992.0
TWO_PI = 6.283185307179586
DRAWS = 4096  # between two looks at the budget
SURROGATES = 55296
SPREAD = -7046029254386353131  # of numbers over a hash table
HEX = 39  # from behind the digit 9 to the letter a


# The generator


def philox(g: i64, block: i64) -> None:
    """The block of four words at a counter."""
    k0 = ld(g) & WORD
    k1 = shr(ld(g), 32)
    c0 = block & WORD
    c1 = shr(block | ld(g + PHASE), 32)
    c2 = ld(g + NUMBER) & WORD
    c3 = shr(ld(g + NUMBER), 32)
    for _ in range(10):
        p0 = MULTIPLIER_0 * c0
        p1 = MULTIPLIER_1 * c2
        c0 = shr(p1, 32) ^ c1 ^ k0
        c2 = shr(p0, 32) ^ c3 ^ k1
        c1 = p1 & WORD
        c3 = p0 & WORD
        k0 = (k0 + WEYL_0) & WORD
        k1 = (k1 + WEYL_1) & WORD
    st(g + BLOCK, c0 | (c1 << 32))
    st(g + BLOCK + 8, c2 | (c3 << 32))


@inline
def draw_word(g: i64) -> i64:
    """The next word."""
    n = ld(g + DRAWN)
    if (n & 3) == 0:
        philox(g, shr(n, 2))
    st(g + DRAWN, n + 1)
    return ldu32(g + BLOCK + (n & 3) * 4)


def draw_long(g: i64) -> i64:
    """64 random bits: two words, the low one first."""
    low = draw_word(g)
    return low | (draw_word(g) << 32)


@inline
def draw_uniform(g: i64) -> f64:
    """A double of 53 bits in [0, 1)."""
    return float(shr(draw_long(g), 11)) * TINY


def draw_below(g: i64, n: i64) -> i64:
    """An integer in [0, n), for n from 1 to 2**64 - 1, unsigned: the high half of a draw times n, drawn again where
    the low half would favour some results."""
    if n == TWO_32:
        return draw_word(g)
    if ult(n, TWO_32):
        product = draw_word(g) * n
        if (product & WORD) < n:
            unfair = TWO_32 % n
            while (product & WORD) < unfair:
                product = draw_word(g) * n
        return shr(product, 32)
    draw = draw_long(g)
    if ult(draw * n, n):
        unfair = urem(0 - n, n)
        while ult(draw * n, unfair):
            draw = draw_long(g)
    return mul_hi(draw, n)


def draw_gaussian(g: i64) -> f64:
    """Box and Muller's first value."""
    radius = sqrt(-2.0 * log(1.0 - draw_uniform(g)))
    return radius * cos(TWO_PI * draw_uniform(g))


def distinct_numbers(ctx: i64, size: i64, n: i64) -> i64:
    """An array of so many different numbers below n, in random order: a shuffle as far as it is needed.

    The places that do not hold their own number any more are in a table of pairs (place, number), -1 where free.
    """
    g = ctx + RNG
    places = 16
    while places < 2 * size:
        places *= 2
    shift = 64
    while (1 << (64 - shift)) < places:
        shift -= 1
    out = new_array(ctx, max(size, 0))
    table = alloc(ctx, 16 * places)
    fill(table, 255, 16 * places)
    for first in range(size):
        if first % DRAWS == 0:
            charge(ctx, min(size - first, DRAWS))
        place = first + draw_below(g, n - first)
        found = place_drawn(table, shift, place)
        st(items(out) + 8 * first, place if ld(found) < 0 else ld(found + 8))
        own = place_drawn(table, shift, first)
        number = first if ld(own) < 0 else ld(own + 8)
        st(found, place)
        st(found + 8, number)
    return out


def place_drawn(table: i64, shift: i64, key: i64) -> i64:
    """The pair of a key, or the free one where it would be."""
    mask = (1 << (64 - shift)) - 1
    at = shr(key * SPREAD, shift)
    while ld(table + 16 * at) >= 0 and ld(table + 16 * at) != key:
        at = (at + 1) & mask
    return table + 16 * at


# Numbers


def rand_int__n0(ctx: i64) -> i64:
    return draw_below(ctx + RNG, TWO_32) - 2147483648


def rand_int__n2(ctx: i64, low: i64, high: i64) -> i64:
    if low >= high:
        fail(ctx, 34000)
    return low + draw_below(ctx + RNG, high - low)


def rand_long__n0(ctx: i64) -> i64:
    return draw_long(ctx + RNG) ^ (1 << 63)


def rand_long__n2(ctx: i64, low: i64, high: i64) -> i64:
    if low >= high:
        fail(ctx, 34010)
    return low + draw_below(ctx + RNG, high - low)


def draw_between(ctx: i64, low: f64, high: f64) -> f64:
    """From low to below high, or, by rounding, high."""
    r = draw_uniform(ctx + RNG)
    width = high - low
    if fabs(width) < inf:
        return low + r * width
    return (1.0 - r) * low + r * high


def rand_float(ctx: i64, low: f64, high: f64) -> f64:
    if low >= high:
        fail(ctx, 34020)
    x = f32(draw_between(ctx, low, high))
    return low if x >= high and fabs(high) < inf else x


def rand_double(ctx: i64, low: f64, high: f64) -> f64:
    if low >= high:
        fail(ctx, 34030)
    x = draw_between(ctx, low, high)
    return low if x >= high and fabs(high) < inf else x


def rand_gaussian(ctx: i64, mu: f64, sigma: f64) -> f64:
    return mu + sigma * draw_gaussian(ctx + RNG)


# Items


def rand_choice(ctx: i64, population: i64) -> i64:
    n = length(population)
    if n == 0:
        fail(ctx, 34040)
    return item(population, draw_below(ctx + RNG, n))


def rand_choices(ctx: i64, size: i64, population: i64) -> i64:
    n = length(population)
    if n == 0:
        fail(ctx, 34050)
    out = new_array(ctx, max(size, 0))
    for i in range(size):
        if i % DRAWS == 0:
            charge(ctx, min(size - i, DRAWS))
        st(items(out) + 8 * i, item(population, draw_below(ctx + RNG, n)))
    return out


def rand_sample(ctx: i64, size: i64, population: i64) -> i64:
    n = length(population)
    if n == 0:
        fail(ctx, 34060)
    if size > n:
        fail(ctx, 34061)
    out = distinct_numbers(ctx, size, n)
    for i in range(size):
        st(items(out) + 8 * i, item(population, item(out, i)))
    return out


def a_shuffle(ctx: i64, a: i64) -> i64:
    n = length(a)
    out = new_array(ctx, n)
    data = items(out)
    move(data, items(a), n * 8)
    for last in range(n - 1, 0, -1):
        other = draw_below(ctx + RNG, last + 1)
        x = ld(data + 8 * last)
        st(data + 8 * last, ld(data + 8 * other))
        st(data + 8 * other, x)
    return out


def rand_histogram__adouble(ctx: i64, distribution: i64) -> i64:
    return drawn_index(ctx, distribution, -1, 3)


def rand_histogram__array(ctx: i64, distribution: i64, field_prob_0: i64, kind_field_prob_0: i64) -> i64:
    return item(distribution, drawn_index(ctx, distribution, field_prob_0, kind_field_prob_0))


@inline
def weight_drawn(distribution: i64, i: i64, field: i64, kind: i64) -> f64:
    """A weight, or that of a record."""
    at = items(distribution) + 8 * i
    if field >= 0:
        at = ld(at) + field
    return ldf(at) if kind >= 2 else float(ld(at))


def drawn_index(ctx: i64, distribution: i64, field: i64, kind: i64) -> i64:
    """An index as probable as its weight says."""
    n = length(distribution)
    largest = 0.0
    for i in range(n):
        x = weight_drawn(distribution, i, field, kind)
        if not fabs(x) < inf:
            fail(ctx, 34071)
        if x < 0.0:
            fail(ctx, 34072)
        if x > largest:
            largest = x
    if largest == 0.0:
        fail(ctx, 34070)
    total = 0.0
    for i in range(n):
        total += weight_drawn(distribution, i, field, kind) / largest
    limit = draw_uniform(ctx + RNG) * total
    reached = 0.0
    for i in range(n):
        reached += weight_drawn(distribution, i, field, kind) / largest
        if limit < reached:
            return i
    return n - 1


# Texts


def rand_string__n1(ctx: i64, size: i64) -> i64:
    return rand_string__n3(ctx, size, 1, SURROGATES)


def rand_string__n3(ctx: i64, size: i64, low: i64, high: i64) -> i64:
    if size <= 0:
        fail(ctx, 34080)
    if high <= low:
        fail(ctx, 34081)
    if low < 1 or high > SURROGATES:
        fail(ctx, 34082)
    data = buffer(ctx, size * (1 if high <= 128 else 2 if high <= 2048 else 3), 0)
    at = data
    for i in range(size):
        if i % DRAWS == 0:
            charge(ctx, min(size - i, DRAWS))
        at = store_code(at, low + draw_below(ctx + RNG, high - low))
    return finished_string(ctx, data, at, size)


def finished_string(ctx: i64, data: i64, end: i64, count: i64) -> i64:
    """The string of what was stored from `data` on."""
    st(data - 8, end - data)
    return string_of(ctx, data, end - data, count)


@inline
def store_code(at: i64, c: i64) -> i64:
    """A code point below 0x10000 in UTF-8; where the next one goes."""
    if c < 128:
        st8(at, c)
        return at + 1
    if c < 2048:
        st8(at, 192 | (c >> 6))
        st8(at + 1, 128 | (c & 63))
        return at + 2
    st8(at, 224 | (c >> 12))
    st8(at + 1, 128 | ((c >> 6) & 63))
    st8(at + 2, 128 | (c & 63))
    return at + 3


def rand_string__n2(ctx: i64, size: i64, population: i64) -> i64:
    if size <= 0:
        fail(ctx, 34080)
    n = characters(population)
    if n == 0:
        fail(ctx, 34083)
    if is_ascii(population):
        return drawn_bytes(ctx, size, population)
    places = places_of_characters(ctx, population)
    data = buffer(ctx, size * 4, 0)
    at = data
    for i in range(size):
        if i % DRAWS == 0:
            charge(ctx, min(size - i, DRAWS))
        source = item(places, draw_below(ctx + RNG, n))
        for j in range(code_size(ld8(source))):
            st8(at, ld8(source + j))
            at += 1
    return finished_string(ctx, data, at, size)


def places_of_characters(ctx: i64, s: i64) -> i64:
    """An array of where a string's characters begin."""
    n = characters(s)
    charge(ctx, n)
    out = new_array(ctx, n)
    at = items(s)
    for i in range(n):
        st(items(out) + 8 * i, at)
        at += code_size(ld8(at))
    return out


def drawn_bytes(ctx: i64, size: i64, population: i64) -> i64:
    """Random ones of a text's bytes."""
    n = length(population)
    out = new_string(ctx, size, size)
    for i in range(size):
        if i % DRAWS == 0:
            charge(ctx, min(size - i, DRAWS))
        st8(items(out) + i, ld8(items(population) + draw_below(ctx + RNG, n)))
    return out


def rand_bytes__n1(ctx: i64, size: i64) -> i64:
    if size <= 0:
        fail(ctx, 34090)
    out = string_of(ctx, buffer(ctx, (size + 3) & -4, size), size, size)  # room for whole words
    for i in range(0, size, 4):
        if i % DRAWS == 0:
            charge(ctx, min(size - i, DRAWS))
        st32(items(out) + i, draw_word(ctx + RNG))
    return out


def rand_bytes__n2(ctx: i64, size: i64, population: i64) -> i64:
    if size <= 0:
        fail(ctx, 34090)
    if length(population) == 0:
        fail(ctx, 34093)
    return drawn_bytes(ctx, size, population)


def rand_bytes__n3(ctx: i64, size: i64, low: i64, high: i64) -> i64:
    if size <= 0:
        fail(ctx, 34090)
    if high <= low:
        fail(ctx, 34091)
    if low < 0 or high > 256:
        fail(ctx, 34092)
    out = new_string(ctx, size, size)
    for i in range(size):
        if i % DRAWS == 0:
            charge(ctx, min(size - i, DRAWS))
        st8(items(out) + i, low + draw_below(ctx + RNG, high - low))
    return out


def rand_uuid4(ctx: i64) -> i64:
    high = draw_long(ctx + RNG)
    low = draw_long(ctx + RNG)
    out = new_string(ctx, 36, 36)
    at = items(out)
    at = store_hexadecimal(at, shr(high, 32), 8)
    st8(at, 45)
    at = store_hexadecimal(at + 1, shr(high, 16), 4)
    st8(at, 45)
    at = store_hexadecimal(at + 1, (high & 4095) | 16384, 4)
    st8(at, 45)
    at = store_hexadecimal(at + 1, (shr(low, 48) & 4095) | 32768, 4)
    st8(at, 45)
    store_hexadecimal(at + 1, low, 12)
    return out


def store_hexadecimal(at: i64, x: i64, count: i64) -> i64:
    """The last so many hexadecimal digits; where the next byte goes."""
    for i in range(count):
        digit = shr(x, 4 * (count - 1 - i)) & 15
        st8(at + i, digit + 48 + (HEX if digit > 9 else 0))
    return at + count


rand_uuid = rand_uuid4
