"""`pack` and `unpack`: numbers and bytes at an address, in either order of bytes."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    bits,
    f64,
    fail,
    i64,
    inline,
    ld,
    ld8,
    ldf32,
    move,
    shr,
    st8,
    st32,
    stf32,
    trunc_i64,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, items, length, new_string

RAW_SIZE = 3000
TOO_LONG = 3001
UNFIT = 3002


def read_unsigned(at: i64, size: i64, little: i64) -> i64:
    """The bytes at an address as one number."""
    x = 0
    for i in range(size):
        x = (x << 8) | ld8(at + (size - 1 - i if little != 0 else i))
    return x


def read_signed(at: i64, size: i64, little: i64) -> i64:
    shift = 64 - 8 * size
    return (read_unsigned(at, size, little) << shift) >> shift


@inline
def unsigned_to_double(x: i64) -> f64:
    """64 bits without a sign as the nearest double."""
    if x >= 0:
        return float(x)
    half = shr(x, 1) | (x & 1)
    return float(half) * 2.0


def read_uint64(at: i64, little: i64) -> f64:
    return unsigned_to_double(read_unsigned(at, 8, little))


def read_double(at: i64, little: i64) -> f64:
    return unbits(read_unsigned(at, 8, little))


def read_single(ctx: i64, at: i64, little: i64) -> f64:
    word = alloc(ctx, 8)
    st32(word, read_unsigned(at, 4, little))
    return ldf32(word)


def read_bytes(ctx: i64, at: i64, n: i64) -> i64:
    out = new_string(ctx, n, n)
    move(items(out), at, n)
    return out


def find_zero(at: i64, end: i64) -> i64:
    """Where the next zero byte is; `end` if there is none."""
    while at < end and ld8(at) != 0:
        at += 1
    return at


def write_number(at: i64, x: i64, size: i64, little: i64) -> i64:
    """The low bytes of a number; the address behind them."""
    for i in range(size):
        st8(at + (i if little != 0 else size - 1 - i), (x >> (8 * i)) & 255)
    return at + size


def write_integer(ctx: i64, at: i64, x: i64, size: i64, little: i64, low: i64, high: i64) -> i64:
    if x < low or x > high:
        fail(ctx, UNFIT)
    return write_number(at, x, size, little)


def write_uint64(ctx: i64, at: i64, x: f64, little: i64) -> i64:
    if not (x >= 0.0 and x < 18446744073709551616.0):
        fail(ctx, UNFIT)
    n = 0
    if x >= 9223372036854775808.0:
        n = trunc_i64(x - 9223372036854775808.0) ^ (1 << 63)
    else:
        n = trunc_i64(x)
    if unsigned_to_double(n) != x:
        fail(ctx, UNFIT)
    return write_number(at, n, 8, little)


def write_double(at: i64, x: f64, little: i64) -> i64:
    return write_number(at, bits(x), 8, little)


def write_single(ctx: i64, at: i64, x: f64, little: i64) -> i64:
    word = alloc(ctx, 8)
    stf32(word, x)
    return write_number(at, ld(word), 4, little)


def write_raw(ctx: i64, at: i64, x: i64, size: i64) -> i64:
    n = length(x)
    if size >= 0 and n != size:
        fail(ctx, RAW_SIZE)
    move(at, items(x), n)
    return at + n


def write_terminated(ctx: i64, at: i64, x: i64) -> i64:
    n = length(x)
    if find_zero(items(x), items(x) + n) != items(x) + n:
        fail(ctx, UNFIT)
    move(at, items(x), n)
    st8(at + n, 0)
    return at + n + 1


def write_prefixed(ctx: i64, at: i64, x: i64) -> i64:
    n = length(x)
    if n > 255:
        fail(ctx, TOO_LONG)
    st8(at, n)
    move(at + 1, items(x), n)
    return at + n + 1
