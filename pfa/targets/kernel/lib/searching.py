"""Search for literal text in linear time, by Knuth, Morris and Pratt where it is not short."""

from __future__ import annotations

from pfa.targets.kernel.language import i64, ld8, ldu32, st32
from pfa.targets.kernel.lib.base import alloc, charge, items, length
from pfa.targets.kernel.lib.words import count_byte, find_short, same_short

SHORT = 8  # bytes of a text that is compared at every place where its first byte is, a word at most


def failures(ctx: i64, needle: i64) -> i64:
    """For each beginning of the text: how long an ending of it that is a beginning too; 0 for a short text."""
    m = length(needle)
    if m <= SHORT:
        return 0
    charge(ctx, m // 8)
    p = items(needle)
    table = alloc(ctx, m * 4)
    st32(table, 0)
    k = 0
    for i in range(1, m):
        c = ld8(p + i)
        while k > 0 and ld8(p + k) != c:
            k = ldu32(table + k * 4 - 4)
        if ld8(p + k) == c:
            k += 1
        st32(table + i * 4, k)
    return table


def find_text(haystack: i64, start: i64, needle: i64, table: i64) -> i64:
    """The first byte from `start` on at which the text is, or -1."""
    data = items(haystack)
    n = length(haystack)
    p = items(needle)
    m = length(needle)
    if m == 0:
        return start
    if table == 0:
        return find_short(data, start, n, p, m)
    k = 0
    for i in range(start, n):
        c = ld8(data + i)
        while k > 0 and ld8(p + k) != c:
            k = ldu32(table + k * 4 - 4)
        if ld8(p + k) == c:
            k += 1
        if k == m:
            return i - m + 1
    return -1


def find_last_text(haystack: i64, needle: i64, table: i64) -> i64:
    """The last byte at which the text is, or -1."""
    data = items(haystack)
    n = length(haystack)
    p = items(needle)
    m = length(needle)
    if m == 0:
        return n
    if table == 0:
        for i in range(n - m, -1, -1):
            if same_short(data + i, p, m):
                return i
        return -1
    found = -1
    k = 0
    for i in range(n):
        c = ld8(data + i)
        while k > 0 and (k == m or ld8(p + k) != c):
            k = ldu32(table + k * 4 - 4)
        if ld8(p + k) == c:
            k += 1
        if k == m:
            found = i - m + 1
    return found


def count_text(haystack: i64, needle: i64, table: i64) -> i64:
    """How often the text, which is not empty, is there without overlap."""
    if length(needle) == 1:
        return count_byte(items(haystack), length(haystack), ld8(items(needle)))
    found = 0
    at = find_text(haystack, 0, needle, table)
    while at >= 0:
        found += 1
        at = find_text(haystack, at + length(needle), needle, table)
    return found
