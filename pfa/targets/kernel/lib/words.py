"""Texts eight bytes at a time.

A word has the byte at the lowest address in its lowest bits.  Nothing before the text or behind its end is read.
"""

from __future__ import annotations

from pfa.targets.kernel.language import ctz, i64, inline, ld, ld8, ldu32, popcount, same_bytes, shr

ONES = 72340172838076673  # 1 in each byte
LOW_BITS = 9187201950435737471  # 0x7F in each byte
HIGH_BITS = -9187201950435737472  # 0x80 in each byte


@inline
def short_word(p: i64, n: i64) -> i64:
    """The bytes of a text of fewer than eight."""
    if n >= 4:
        return ldu32(p) | (ldu32(p + n - 4) << ((n - 4) * 8))
    if n == 0:
        return 0
    return ld8(p) | (ld8(p + (n >> 1)) << ((n >> 1) * 8)) | (ld8(p + n - 1) << ((n - 1) * 8))


@inline
def eight_at(data: i64, i: i64, n: i64) -> i64:
    """The bytes from i (below n) on, zeros from n on."""
    if i + 8 <= n:
        return ld(data + i)
    if n >= 8:
        return shr(ld(data + n - 8), (i + 8 - n) * 8)
    return short_word(data + i, n - i)


@inline
def inside(left: i64) -> i64:
    """All bits of so many bytes."""
    return -1 if left >= 8 else (1 << (left * 8)) - 1


@inline
def matches(word: i64, pattern: i64) -> i64:
    """The highest bit of each byte in which two words are the same."""
    x = word ^ pattern
    return ~(((x & LOW_BITS) + LOW_BITS) | x | LOW_BITS)


@inline
def each_byte(c: i64) -> i64:
    """A byte eight times."""
    return c * ONES


@inline
def continuing(word: i64) -> i64:
    """How many bytes of UTF-8 continue a character."""
    return popcount(word & ~(word << 1) & HIGH_BITS)


def count_byte(data: i64, n: i64, c: i64) -> i64:
    """How often a byte is there."""
    found = 0
    i = 0
    while i < n:
        found += popcount(matches(eight_at(data, i, n), each_byte(c)) & inside(n - i))
        i += 8
    return found


def find_short(data: i64, start: i64, n: i64, p: i64, m: i64) -> i64:
    """The first byte from `start` on at which a text of one to eight bytes is, or -1."""
    last = n - m
    pattern = each_byte(ld8(p))
    i = start
    while i <= last:
        found = matches(eight_at(data, i, n), pattern)
        while found != 0:
            at = i + (ctz(found) >> 3)
            if at > last:
                return -1
            if m == 1 or same_short(data + at, p, m):
                return at
            found = found & (found - 1)
        i += 8
    return -1


@inline
def same_short(a: i64, b: i64, n: i64) -> bool:
    """Are so many bytes, eight at most, equal?"""
    if n == 8:
        return ld(a) == ld(b)
    return short_word(a, n) == short_word(b, n)


@inline
def same_run(a: i64, b: i64, n: i64) -> bool:
    """Are so many bytes equal?  Short ones are looked at in place."""
    if n < 8:
        return short_word(a, n) == short_word(b, n)
    if n <= 16:
        return ld(a) == ld(b) and ld(a + n - 8) == ld(b + n - 8)
    return same_bytes(a, b, n)


@inline
def cased(word: i64, first: i64) -> i64:
    """ASCII in which 26 letters from `first` on are of the other case."""
    from_first = word + (128 - first) * ONES
    after_last = word + (102 - first) * ONES
    return word ^ shr(from_first & ~after_last & HIGH_BITS, 2)


@inline
def exchanged(word: i64, old: i64, new: i64) -> i64:
    """ASCII in which a byte stands in place of another."""
    return word ^ (shr(matches(word, old * ONES), 7) * (old ^ new))
