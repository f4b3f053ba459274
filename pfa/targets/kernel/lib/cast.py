"""Casts (cast.*): between numbers, categories to indicators, anything to Avro or JSON."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    call2,
    f64,
    fail,
    fill,
    i64,
    inf,
    inline,
    ld,
    ld8,
    ldu32,
    shr,
    st,
    st8,
    st32,
    stf32,
    ult,
)
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array
from pfa.targets.kernel.lib.math import whole
from pfa.targets.kernel.lib.printing import (
    new_writer,
    print_byte,
    print_bytes,
    print_real,
    print_room,
    written,
    written_text,
)
from pfa.targets.kernel.lib.state import hash_text, same_text

INT_MIN = -2147483648
INT_MAX = 2147483647
ONE = 4607182418800017408  # the bits of 1.0
TOO_LARGE = 9223372036854775808.0


# Numbers


@inline
def cast_signed(ctx: i64, x: i64, width: i64) -> i64:
    if width < 2 or width > 64:
        fail(ctx, 17000)
    return (x << (64 - width)) >> (64 - width)


@inline
def cast_unsigned(ctx: i64, x: i64, width: i64) -> i64:
    if width < 1 or width > 63:
        fail(ctx, 17010)
    return x & ((1 << width) - 1)


@inline
def cast_int__long(ctx: i64, x: i64) -> i64:
    if x < INT_MIN or x > INT_MAX:
        fail(ctx, 17020)
    return x


cast_int__int = cast_int__long


@inline
def cast_int__double(ctx: i64, x: f64) -> i64:
    return whole(ctx, x, -2147483648.0, 2147483648.0, 17020)


cast_int__float = cast_int__double


@inline
def cast_long__long(x: i64) -> i64:
    return x


cast_long__int = cast_long__long


@inline
def cast_long__double(ctx: i64, x: f64) -> i64:
    return whole(ctx, x, -TOO_LARGE, TOO_LARGE, 17030)


cast_long__float = cast_long__double


@inline
def cast_double__long(x: i64) -> f64:
    return float(x)


cast_double__int = cast_double__long
cast_float__long = cast_double__long  # rounded to single precision by the call
cast_float__int = cast_double__long


@inline
def cast_double__double(x: f64) -> f64:
    return x


cast_double__float = cast_double__double
cast_float__double = cast_double__double
cast_float__float = cast_double__double


# Categories


def indicators(ctx: i64, n: i64, i: i64, other: i64, one: i64) -> i64:
    """n items (and one more if there is an `other`), all zero but the one at i, or the last."""
    charge(ctx, n + 1)
    out = new_array(ctx, n + other)
    fill(items(out), 0, (n + other) * 8)
    if i >= 0 and i < n:
        st(items(out) + i * 8, one)
    elif other != 0:
        st(items(out) + n * 8, one)
    return out


def place_in(ctx: i64, x: i64, words: i64, code: i64) -> i64:
    """Which of the words x is, or -1; they must be distinct."""
    n = length(words)
    size = 16
    while size < n * 2:
        size = size * 2
    charge(ctx, n + size // 16)
    table = alloc(ctx, size * 4)
    fill(table, 0, size * 4)
    found = -1
    for i in range(n):
        word = item(words, i)
        charge(ctx, length(word) // 16)
        h = hash_text(word) & (size - 1)
        while ldu32(table + h * 4) != 0:
            charge(ctx, 1)  # a hostile dictionary may have words of one hash
            if same_text(item(words, ldu32(table + h * 4) - 1), word):
                fail(ctx, code)
            h = (h + 1) & (size - 1)
        st32(table + h * 4, i + 1)
        if same_text(word, x):
            found = i
    return found


@inline
def fan_words(ctx: i64, x: i64, words: i64, other: bool, one: i64, code: i64) -> i64:
    return indicators(ctx, length(words), place_in(ctx, x, words, code), int(other), one)


@inline
def fan_range(ctx: i64, x: i64, low: i64, high: i64, other: bool, one: i64) -> i64:
    return indicators(ctx, max(high - low, 0), x - low, int(other), one)


@inline
def cast_fanoutInt__enum(ctx: i64, x: i64, symbols_0: i64) -> i64:
    return indicators(ctx, length(symbols_0), x, 0, 1)


cast_fanoutBoolean__enum = cast_fanoutInt__enum
cast_fanoutLong__enum = cast_fanoutInt__enum


@inline
def cast_fanoutDouble__enum(ctx: i64, x: i64, symbols_0: i64) -> i64:
    return indicators(ctx, length(symbols_0), x, 0, ONE)


cast_fanoutFloat__enum = cast_fanoutDouble__enum


@inline
def cast_fanoutBoolean__string(ctx: i64, x: i64, words: i64, other: bool) -> i64:
    return fan_words(ctx, x, words, other, 1, 17060)


@inline
def cast_fanoutInt__string(ctx: i64, x: i64, words: i64, other: bool) -> i64:
    return fan_words(ctx, x, words, other, 1, 17070)


@inline
def cast_fanoutLong__string(ctx: i64, x: i64, words: i64, other: bool) -> i64:
    return fan_words(ctx, x, words, other, 1, 17080)


@inline
def cast_fanoutFloat__string(ctx: i64, x: i64, words: i64, other: bool) -> i64:
    return fan_words(ctx, x, words, other, ONE, 17090)


@inline
def cast_fanoutDouble__string(ctx: i64, x: i64, words: i64, other: bool) -> i64:
    return fan_words(ctx, x, words, other, ONE, 17100)


@inline
def cast_fanoutInt__int(ctx: i64, x: i64, low: i64, high: i64, other: bool) -> i64:
    return fan_range(ctx, x, low, high, other, 1)


cast_fanoutBoolean__int = cast_fanoutInt__int
cast_fanoutLong__int = cast_fanoutInt__int


@inline
def cast_fanoutDouble__int(ctx: i64, x: i64, low: i64, high: i64, other: bool) -> i64:
    return fan_range(ctx, x, low, high, other, ONE)


cast_fanoutFloat__int = cast_fanoutDouble__int


# Avro and JSON; `encoders` prints what walks along the type


def cast_avro(ctx: i64, x: i64, avro_0: i64) -> i64:
    w = new_writer(ctx, 48)
    call2(avro_0, ctx, 0, w, x)
    return written(ctx, w, ld(w + 8))


def cast_json(ctx: i64, x: i64, json_0: i64) -> i64:
    w = new_writer(ctx, 48)
    call2(json_0, ctx, 0, w, x)
    return written_text(ctx, w)


def encode_long(ctx: i64, w: i64, x: i64) -> None:
    """A long: zigzag, seven bits a byte, the low ones first."""
    n = (x << 1) ^ (x >> 63)
    while not ult(n, 128):
        print_byte(ctx, w, (n & 127) | 128)
        n = shr(n, 7)
    print_byte(ctx, w, n)


@inline
def encode_word(ctx: i64, w: i64, x: i64) -> None:
    at = print_room(ctx, w, 8)
    st(at, x)


@inline
def encode_single(ctx: i64, w: i64, x: f64) -> None:
    at = print_room(ctx, w, 4)
    stf32(at, x)


def encode_text(ctx: i64, w: i64, x: i64) -> None:
    """A string or bytes behind its length."""
    n = length(x)
    charge(ctx, n // 4)
    encode_long(ctx, w, n)
    print_bytes(ctx, w, items(x), n)


def print_json_real(ctx: i64, w: i64, x: f64, table: i64) -> None:
    """A double; what JSON has no numbers for in quotes."""
    odd = x != x or x == inf or x == -inf
    if odd:
        print_byte(ctx, w, 34)
    print_real(ctx, w, x, table)
    if odd:
        print_byte(ctx, w, 34)


@inline
def hex_digit(n: i64) -> i64:
    return n + 48 if n < 10 else n + 87


@inline
def escape_letter(c: i64) -> i64:
    """What stands behind the backslash for a character; 0 where it stands for itself, 1 where \\u does it."""
    if c >= 32:
        return c if c == 34 or c == 92 else 0
    if c == 10:
        return 110
    if c == 13:
        return 114
    if c == 9:
        return 116
    if c == 8:
        return 98
    return 102 if c == 12 else 1


def print_json_character(ctx: i64, w: i64, c: i64) -> None:
    """One byte of a string."""
    letter = escape_letter(c)
    if letter == 0:
        print_byte(ctx, w, c)
        return
    print_byte(ctx, w, 92)
    if letter != 1:
        print_byte(ctx, w, letter)
        return
    at = print_room(ctx, w, 5)
    st8(at, 117)
    st8(at + 1, 48)
    st8(at + 2, 48)
    st8(at + 3, hex_digit(c >> 4))
    st8(at + 4, hex_digit(c & 15))


def print_json_string(ctx: i64, w: i64, x: i64) -> None:
    """A string in quotes."""
    n = length(x)
    charge(ctx, n // 4)
    print_byte(ctx, w, 34)
    data = items(x)
    start = 0
    for i in range(n):
        c = ld8(data + i)
        if escape_letter(c) != 0:
            print_bytes(ctx, w, data + start, i - start)
            print_json_character(ctx, w, c)
            start = i + 1
    print_bytes(ctx, w, data + start, n - start)
    print_byte(ctx, w, 34)


def print_json_bytes(ctx: i64, w: i64, x: i64) -> None:
    """Bytes as the characters 0 to 255, in quotes."""
    n = length(x)
    charge(ctx, n // 4)
    print_byte(ctx, w, 34)
    for i in range(n):
        c = ld8(items(x) + i)
        if c < 128:
            print_json_character(ctx, w, c)
        else:
            print_byte(ctx, w, 192 | (c >> 6))
            print_byte(ctx, w, 128 | (c & 63))
    print_byte(ctx, w, 34)
