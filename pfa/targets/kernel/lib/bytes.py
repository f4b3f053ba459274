"""Bytes (bytes.*, fixed.*) and enumerations (enum.*)."""

from __future__ import annotations

from pfa.targets.kernel.language import fail, i64, inline, ld8, move, st8
from pfa.targets.kernel.lib.base import characters, charge, item, items, length, new_string, string_of
from pfa.targets.kernel.lib.printing import new_writer, print_byte, written, written_ascii
from pfa.targets.kernel.lib.text import (
    as_bytes,
    ascii_bytes,
    clipped,
    code_at,
    code_size,
    cut,
    is_ascii,
    print_code,
    spliced,
    utf8_characters,
)

BIG = 1  # byte orders of UTF-16
LITTLE = 0


@inline
def bytes_len(x: i64) -> i64:
    return length(x)


def bytes_subseq(ctx: i64, x: i64, start: i64, end: i64) -> i64:
    n = length(x)
    low = clipped(start, n)
    high = max(clipped(end, n), low)
    charge(ctx, (high - low) // 8 + 1)
    return cut(ctx, x, low, high, high - low)


def bytes_subseqto(ctx: i64, x: i64, start: i64, end: i64, replacement: i64) -> i64:
    low = clipped(start, length(x))
    return spliced(ctx, x, low, max(clipped(end, length(x)), low), replacement)


# What bytes or strings are


@inline
def bytes_isAscii__bytes(x: i64) -> bool:
    return ascii_bytes(items(x), length(x))


@inline
def bytes_isAscii__string(x: i64) -> bool:
    return is_ascii(x)


@inline
def bytes_isLatin1__bytes(x: i64) -> bool:
    return True


@inline
def latin1_text(x: i64) -> bool:
    """Is no character of a string above 255?"""
    for i in range(length(x)):
        if ld8(items(x) + i) > 195:
            return False
    return True


@inline
def bytes_isLatin1__string(x: i64) -> bool:
    return is_ascii(x) or latin1_text(x)


@inline
def bytes_isUtf8__bytes(x: i64) -> bool:
    return utf8_characters(items(x), length(x)) >= 0


@inline
def bytes_isUtf8__string(x: i64) -> bool:
    return is_ascii(x) or utf8_characters(items(x), length(x)) >= 0


bytes_isUtf16__string = bytes_isUtf8__string
bytes_isUtf16be__string = bytes_isUtf8__string
bytes_isUtf16le__string = bytes_isUtf8__string


@inline
def utf16_unit(p: i64, big: i64) -> i64:
    return (ld8(p) << 8) | ld8(p + 1) if big != 0 else (ld8(p + 1) << 8) | ld8(p)


def utf16_size(p: i64, left: i64, big: i64) -> i64:
    """Bytes of the character at p, of which `left` bytes are there; 0 where it is none."""
    if left < 2:
        return 0
    unit = utf16_unit(p, big)
    if unit < 0xD800 or unit > 0xDFFF:
        return 2
    if unit > 0xDBFF or left < 4:
        return 0
    second = utf16_unit(p + 2, big)
    return 4 if second >= 0xDC00 and second <= 0xDFFF else 0


def utf16_valid(p: i64, n: i64, big: i64) -> bool:
    i = 0
    while i < n:
        size = utf16_size(p + i, n - i, big)
        if size == 0:
            return False
        i += size
    return True


@inline
def utf16_mark(x: i64) -> i64:
    """The byte order that a mark at the beginning tells, or -1."""
    if length(x) < 2:
        return -1
    unit = utf16_unit(items(x), BIG)
    if unit == 0xFEFF:
        return BIG
    return LITTLE if unit == 0xFFFE else -1


@inline
def bytes_isUtf16__bytes(x: i64) -> bool:
    mark = utf16_mark(x)
    if mark < 0:
        return utf16_valid(items(x), length(x), BIG)
    return utf16_valid(items(x) + 2, length(x) - 2, mark)


@inline
def bytes_isUtf16be__bytes(x: i64) -> bool:
    return utf16_valid(items(x), length(x), BIG)


@inline
def bytes_isUtf16le__bytes(x: i64) -> bool:
    return utf16_valid(items(x), length(x), LITTLE)


# Decoding


def bytes_decodeAscii(ctx: i64, x: i64) -> i64:
    if not ascii_bytes(items(x), length(x)):
        fail(ctx, 16090)
    return x


def bytes_decodeLatin1(ctx: i64, x: i64) -> i64:
    n = length(x)
    if ascii_bytes(items(x), n):
        return x
    w = new_writer(ctx, 2 * n)
    for i in range(n):
        print_code(ctx, w, ld8(items(x) + i))
    return written(ctx, w, n)


def bytes_decodeUtf8(ctx: i64, x: i64) -> i64:
    count = utf8_characters(items(x), length(x))
    if count < 0:
        fail(ctx, 16110)
    return x if count == length(x) else string_of(ctx, items(x), length(x), count)


def decode_utf16(ctx: i64, p: i64, n: i64, big: i64, code: i64) -> i64:
    """The string of bytes in UTF-16, or the error of this code."""
    w = new_writer(ctx, n // 2 + n // 4)
    i = 0
    count = 0
    while i < n:
        size = utf16_size(p + i, n - i, big)
        if size == 0:
            fail(ctx, code)
        unit = utf16_unit(p + i, big)
        if size == 4:
            unit = 65536 + ((unit - 0xD800) << 10) + (utf16_unit(p + i + 2, big) - 0xDC00)
        print_code(ctx, w, unit)
        i += size
        count += 1
    return written(ctx, w, count)


def bytes_decodeUtf16(ctx: i64, x: i64) -> i64:
    mark = utf16_mark(x)
    if mark < 0:
        return decode_utf16(ctx, items(x), length(x), BIG, 16120)
    return decode_utf16(ctx, items(x) + 2, length(x) - 2, mark, 16120)


@inline
def bytes_decodeUtf16be(ctx: i64, x: i64) -> i64:
    return decode_utf16(ctx, items(x), length(x), BIG, 16130)


@inline
def bytes_decodeUtf16le(ctx: i64, x: i64) -> i64:
    return decode_utf16(ctx, items(x), length(x), LITTLE, 16140)


# Encoding


@inline
def check_encodable(ctx: i64, s: i64, code: i64) -> None:
    """Halves of surrogate pairs have no place in UTF-8 and UTF-16."""
    if not is_ascii(s) and utf8_characters(items(s), length(s)) < 0:
        fail(ctx, code)


def bytes_encodeAscii(ctx: i64, s: i64) -> i64:
    if not is_ascii(s):
        fail(ctx, 16150)
    return s


def bytes_encodeLatin1(ctx: i64, s: i64) -> i64:
    if is_ascii(s):
        return s
    if not latin1_text(s):
        fail(ctx, 16160)
    out = new_string(ctx, characters(s), characters(s))
    at = items(out)
    i = 0
    while i < length(s):
        st8(at, code_at(items(s) + i))
        i += code_size(ld8(items(s) + i))
        at += 1
    return out


def bytes_encodeUtf8(ctx: i64, s: i64) -> i64:
    check_encodable(ctx, s, 16170)
    return as_bytes(ctx, s)


@inline
def print_unit(ctx: i64, w: i64, unit: i64, big: i64) -> None:
    print_byte(ctx, w, unit >> 8 if big != 0 else unit & 255)
    print_byte(ctx, w, unit & 255 if big != 0 else unit >> 8)


def encode_utf16(ctx: i64, s: i64, big: i64, mark: bool, code: i64) -> i64:
    """A string in UTF-16."""
    check_encodable(ctx, s, code)
    w = new_writer(ctx, 2 * length(s) + 2)
    if mark and length(s) > 0:
        print_unit(ctx, w, 0xFEFF, big)
    i = 0
    while i < length(s):
        c = code_at(items(s) + i)
        i += code_size(ld8(items(s) + i))
        if c > 65535:
            print_unit(ctx, w, 0xD800 + ((c - 65536) >> 10), big)
            c = 0xDC00 + ((c - 65536) & 1023)
        print_unit(ctx, w, c, big)
    return written_ascii(ctx, w)


@inline
def bytes_encodeUtf16(ctx: i64, s: i64) -> i64:
    return encode_utf16(ctx, s, BIG, True, 16180)


@inline
def bytes_encodeUtf16be(ctx: i64, s: i64) -> i64:
    return encode_utf16(ctx, s, BIG, False, 16190)


@inline
def bytes_encodeUtf16le(ctx: i64, s: i64) -> i64:
    return encode_utf16(ctx, s, LITTLE, False, 16200)


# Base64


@inline
def base64_letter(n: i64) -> i64:
    if n < 26:
        return n + 65
    if n < 52:
        return n + 71
    if n < 62:
        return n - 4
    return 43 if n == 62 else 47


def bytes_toBase64(ctx: i64, x: i64) -> i64:
    n = length(x)
    size = (n + 2) // 3 * 4
    out = new_string(ctx, size, size)
    at = items(out)
    i = 0
    while i < n:
        group = ld8(items(x) + i) << 16
        if i + 1 < n:
            group = group | (ld8(items(x) + i + 1) << 8)
        if i + 2 < n:
            group = group | ld8(items(x) + i + 2)
        st8(at, base64_letter(group >> 18))
        st8(at + 1, base64_letter((group >> 12) & 63))
        st8(at + 2, base64_letter((group >> 6) & 63) if i + 1 < n else 61)
        st8(at + 3, base64_letter(group & 63) if i + 2 < n else 61)
        i += 3
        at += 4
    return out


@inline
def base64_value(c: i64) -> i64:
    """What a letter stands for; 64 where it is none."""
    if c >= 65 and c <= 90:
        return c - 65
    if c >= 97 and c <= 122:
        return c - 71
    if c >= 48 and c <= 57:
        return c + 4
    if c == 43:
        return 62
    return 63 if c == 47 else 64


def bytes_fromBase64(ctx: i64, s: i64) -> i64:
    """As Python's `binascii.a2b_base64` in strict mode."""
    n = length(s)
    data = items(s)
    w = new_writer(ctx, n // 4 * 3 + 3)
    if n > 0 and ld8(data) == 61:
        fail(ctx, 16220)
    place = 0
    pads = 0
    padding = False
    left = 0
    done = False
    i = 0
    while i < n and not done:
        c = ld8(data + i)
        i += 1
        if c == 61:
            padding = True
            if place >= 2:
                pads += 1
                if place + pads >= 4:
                    if i < n:
                        fail(ctx, 16220)
                    done = True
        else:
            v = base64_value(c)
            if v == 64 or padding:
                fail(ctx, 16220)
            if place > 0:
                print_byte(ctx, w, ((left << (2 * place)) | (v >> (6 - 2 * place))) & 255)
            left = v
            place = (place + 1) & 3
    if not done and place != 0:
        fail(ctx, 16220)
    return written_ascii(ctx, w)


# fixed.*, enum.*


@inline
def fixed_toBytes(x: i64) -> i64:
    return x


def fixed_fromBytes(ctx: i64, original: i64, replacement: i64) -> i64:
    n = length(original)
    m = min(length(replacement), n)
    out = new_string(ctx, n, n)
    move(items(out), items(original), n)
    move(items(out), items(replacement), m)
    return out


@inline
def enum_toString(ctx: i64, x: i64, symbols_0: i64) -> i64:
    return item(symbols_0, x)


@inline
def enum_toInt(x: i64) -> i64:
    return x


@inline
def enum_numSymbols(x: i64, symbols_0: i64) -> i64:
    return length(symbols_0)
