"""UTF-8: what functions of strings and bytes share."""

from __future__ import annotations

from pfa.targets.kernel.language import i64, inline, ld, ld8, move, st8
from pfa.targets.kernel.lib.base import (
    characters,
    charge,
    count_characters,
    items,
    length,
    new_string,
    string_of,
    view_text,
)
from pfa.targets.kernel.lib.printing import print_room

HIGH_BITS = -9187201950435737472  # 0x80 in each byte


@inline
def is_ascii(s: i64) -> bool:
    """Has a string as many bytes as characters?"""
    return characters(s) == length(s)


def ascii_bytes(data: i64, n: i64) -> bool:
    """Is no byte above 127?"""
    i = 0
    while i + 8 <= n:
        if (ld(data + i) & HIGH_BITS) != 0:
            return False
        i += 8
    while i < n:
        if ld8(data + i) > 127:
            return False
        i += 1
    return True


@inline
def code_size(lead: i64) -> i64:
    """Bytes of a character, by its first one."""
    if lead < 128:
        return 1
    if lead < 224:
        return 2
    return 3 if lead < 240 else 4


@inline
def code_at(p: i64) -> i64:
    """The code point of the character at p."""
    a = ld8(p)
    if a < 128:
        return a
    b = ld8(p + 1) & 63
    if a < 224:
        return ((a & 31) << 6) | b
    c = ld8(p + 2) & 63
    if a < 240:
        return ((a & 15) << 12) | (b << 6) | c
    return ((a & 7) << 18) | (b << 12) | (c << 6) | (ld8(p + 3) & 63)


@inline
def code_before(data: i64, i: i64) -> i64:
    """Where the character begins that ends before byte i (which is above 0)."""
    i -= 1
    while (ld8(data + i) & 192) == 128:
        i -= 1
    return i


def print_code(ctx: i64, w: i64, c: i64) -> None:
    """A code point in UTF-8."""
    if c < 128:
        at = print_room(ctx, w, 1)
        st8(at, c)
    elif c < 2048:
        at = print_room(ctx, w, 2)
        st8(at, 192 | (c >> 6))
        st8(at + 1, 128 | (c & 63))
    elif c < 65536:
        at = print_room(ctx, w, 3)
        st8(at, 224 | (c >> 12))
        st8(at + 1, 128 | ((c >> 6) & 63))
        st8(at + 2, 128 | (c & 63))
    else:
        at = print_room(ctx, w, 4)
        st8(at, 240 | (c >> 18))
        st8(at + 1, 128 | ((c >> 12) & 63))
        st8(at + 2, 128 | ((c >> 6) & 63))
        st8(at + 3, 128 | (c & 63))


@inline
def continues(p: i64) -> bool:
    return (ld8(p) & 192) == 128


def utf8_size(p: i64, left: i64) -> i64:
    """Bytes of the character at p, of which `left` bytes are there; 0 where it is none (or half a surrogate pair)."""
    a = ld8(p)
    if a < 128:
        return 1
    if a < 194 or a > 244:
        return 0
    n = code_size(a)
    if n > left:
        return 0
    for i in range(1, n):
        if not continues(p + i):
            return 0
    b = ld8(p + 1)
    if (a == 224 and b < 160) or (a == 237 and b > 159) or (a == 240 and b < 144) or (a == 244 and b > 143):
        return 0
    return n


def utf8_characters(data: i64, n: i64) -> i64:
    """How many characters the bytes are in UTF-8, or -1."""
    count = 0
    i = 0
    while i < n:
        if i + 8 <= n and (ld(data + i) & HIGH_BITS) == 0:
            i += 8
            count += 8
        else:
            size = utf8_size(data + i, n - i)
            if size == 0:
                return -1
            i += size
            count += 1
    return count


@inline
def clipped(i: i64, n: i64) -> i64:
    """An index of a slice, negative ones from the end, as a place from 0 to n."""
    if i < 0:
        return max(i + n, 0)
    return min(i, n)


def byte_of(ctx: i64, s: i64, index: i64) -> i64:
    """The byte at which the character of an index begins (the length is an index too)."""
    if is_ascii(s):
        return index
    n = length(s)
    data = items(s)
    if index * 2 <= characters(s):
        charge(ctx, index // 16)
        i = 0
        for _ in range(index):
            i += code_size(ld8(data + i))
        return i
    back = characters(s) - index
    charge(ctx, back // 16)
    i = n
    for _ in range(back):
        i = code_before(data, i)
    return i


def cut(ctx: i64, s: i64, start: i64, end: i64, count: i64) -> i64:
    """The bytes from start to end, which are `count` characters, where they are."""
    n = end - start
    if n == length(s):
        return s
    return view_text(ctx, items(s) + start, n, count)


@inline
def characters_in(s: i64, start: i64, end: i64) -> i64:
    """Characters of a part of a string's bytes."""
    return end - start if is_ascii(s) else count_characters(items(s) + start, end - start)


def spliced(ctx: i64, s: i64, start: i64, end: i64, by: i64) -> i64:
    """The bytes from start to end replaced."""
    n = length(s)
    m = length(by)
    total = characters(s) - characters_in(s, start, end) + characters(by)
    out = new_string(ctx, n - (end - start) + m, total)
    move(items(out), items(s), start)
    move(items(out) + start, items(by), m)
    move(items(out) + start + m, items(s) + end, n - end)
    return out


@inline
def as_bytes(ctx: i64, s: i64) -> i64:
    """A string's UTF-8 as bytes, in the same place."""
    return s if is_ascii(s) else string_of(ctx, items(s), length(s), length(s))
