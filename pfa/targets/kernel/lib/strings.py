"""Strings (s.*): sequences of code points, which lie in UTF-8."""

from __future__ import annotations

from pfa.targets.kernel.language import ctz, fill, i64, inline, ld, ld8, ldu32, move, same_bytes, st, st32
from pfa.targets.kernel.lib.base import (
    alloc,
    buffer,
    characters,
    charge,
    foreign_at,
    item,
    items,
    length,
    new_array,
    new_string,
    string_concat,
    string_of,
)
from pfa.targets.kernel.lib.printing import new_writer, print_bytes, print_text, written, written_text
from pfa.targets.kernel.lib.searching import count_text, failures, find_last_text, find_text
from pfa.targets.kernel.lib.text import (
    byte_of,
    characters_in,
    clipped,
    code_at,
    code_before,
    code_size,
    cut,
    is_ascii,
    print_code,
    spliced,
)
from pfa.targets.kernel.lib.words import cased, count_byte, each_byte, eight_at, exchanged, inside, matches

HEADER = 32  # of a string, as in `base`
KEEP = -1  # what a character becomes: itself,
REMOVE = -2  # nothing, or the character of this code
SIGMA = 931
CASED = 1  # what the table of sigma tells of a character
IGNORABLE = 2


@inline
def s_len(s: i64) -> i64:
    return characters(s)


def s_substr(ctx: i64, s: i64, start: i64, end: i64) -> i64:
    low = clipped(start, characters(s))
    high = max(clipped(end, characters(s)), low)
    charge(ctx, (high - low) // 4 + 1)
    return cut(ctx, s, byte_of(ctx, s, low), byte_of(ctx, s, high), high - low)


def s_substrto(ctx: i64, s: i64, start: i64, end: i64, replacement: i64) -> i64:
    low = clipped(start, characters(s))
    high = max(clipped(end, characters(s)), low)
    return spliced(ctx, s, byte_of(ctx, s, low), byte_of(ctx, s, high), replacement)


# Searching


@inline
def s_contains(ctx: i64, haystack: i64, needle: i64) -> bool:
    return find_text(haystack, 0, needle, failures(ctx, needle)) >= 0


def s_count(ctx: i64, haystack: i64, needle: i64) -> i64:
    if length(needle) == 0:
        return 0
    return count_text(haystack, needle, failures(ctx, needle))


def s_index(ctx: i64, haystack: i64, needle: i64) -> i64:
    at = find_text(haystack, 0, needle, failures(ctx, needle))
    return at if at < 0 else characters_in(haystack, 0, at)


def s_rindex(ctx: i64, haystack: i64, needle: i64) -> i64:
    at = find_last_text(haystack, needle, failures(ctx, needle))
    return at if at < 0 else characters_in(haystack, 0, at)


@inline
def s_startswith(haystack: i64, needle: i64) -> bool:
    n = length(needle)
    return n <= length(haystack) and same_bytes(items(haystack), items(needle), n)


@inline
def s_endswith(haystack: i64, needle: i64) -> bool:
    n = length(needle)
    return n <= length(haystack) and same_bytes(items(haystack) + length(haystack) - n, items(needle), n)


# Parts


def s_join(ctx: i64, a: i64, sep: i64) -> i64:
    n = length(a)
    size = 0
    count = 0
    for i in range(n):
        size += length(item(a, i))
        count += characters(item(a, i))
    charge(ctx, count // 4)
    if n > 0:
        size += (n - 1) * length(sep)
        count += (n - 1) * characters(sep)
    out = new_string(ctx, size, count)
    at = items(out)
    for i in range(n):
        if i > 0:
            move(at, items(sep), length(sep))
            at += length(sep)
        part = item(a, i)
        move(at, items(part), length(part))
        at += length(part)
    return out


def s_split(ctx: i64, s: i64, sep: i64) -> i64:
    m = length(sep)
    if m == 0:
        return new_array(ctx, 0)
    if m == 1:
        return split_at(ctx, s, ld8(items(sep)))
    table = failures(ctx, sep)
    n = count_text(s, sep, table) + 1
    charge(ctx, n)
    out = new_array(ctx, n)
    start = 0
    for i in range(n):
        end = find_text(s, start, sep, table) if i < n - 1 else length(s)
        st(items(out) + i * 8, cut(ctx, s, start, end, characters_in(s, start, end)))
        start = end + m
    return out


def split_at(ctx: i64, s: i64, c: i64) -> i64:
    """Parts of a string between bytes that are the same character; they lie where they are."""
    data = items(s)
    n = length(s)
    count = count_byte(data, n, c) + 1
    charge(ctx, count)
    out = new_array(ctx, count)
    to = items(out)
    part = alloc(ctx, count * HEADER)
    start = 0
    i = 0
    while i < n:
        found = matches(eight_at(data, i, n), each_byte(c)) & inside(n - i)
        while found != 0:
            end = i + (ctz(found) >> 3)
            foreign_at(part, data + start, end - start, characters_in(s, start, end))
            st(to, part)
            to += 8
            part += HEADER
            start = end + 1
            found = found & (found - 1)
        i += 8
    foreign_at(part, data + start, n - start, characters_in(s, start, n))
    st(to, part)
    return out


@inline
def s_concat(ctx: i64, x: i64, y: i64) -> i64:
    return string_concat(ctx, x, y)


def s_repeat(ctx: i64, s: i64, n: i64) -> i64:
    times = max(n, 0)
    charge(ctx, characters(s) * times // 4 + 1)
    size = length(s)
    out = new_string(ctx, size * times, characters(s) * times)
    for i in range(times if size > 0 else 0):
        move(items(out) + i * size, items(s), size)
    return out


# Case


def case_entry(table: i64, c: i64) -> i64:
    """Where the table has the character of a code (rows of five: it, how many it becomes, these); -1 nowhere."""
    low = 0
    high = length(table) // 5
    while low < high:
        middle = (low + high) >> 1
        if item(table, middle * 5) < c:
            low = middle + 1
        else:
            high = middle
    return low * 5 if low * 5 < length(table) and item(table, low * 5) == c else -1


def ascii_case(ctx: i64, s: i64, first: i64) -> i64:
    """A string in ASCII in which 26 letters from `first` on are of the other case."""
    n = length(s)
    source = items(s)
    to = buffer(ctx, max(n, 8), n)
    i = 0
    while i + 8 <= n:
        st(to + i, cased(ld(source + i), first))
        i += 8
    if i < n:
        last = max(n - 8, 0)  # again some of what is done already
        st(to + last, cased(eight_at(source, last, n), first))
    return string_of(ctx, to, n, n)


def print_case(ctx: i64, w: i64, c: i64, table: i64, first: i64) -> None:
    """What one character becomes."""
    if c < 128:
        print_code(ctx, w, c ^ 32 if c >= first and c < first + 26 else c)
        return
    row = case_entry(table, c)
    if row < 0:
        print_code(ctx, w, c)
        return
    for i in range(item(table, row + 1)):
        print_code(ctx, w, item(table, row + 2 + i))


def sigma_class(table: i64, c: i64) -> i64:
    """Is a character cased or ignorable (rows of three: from, to, which)?"""
    low = 0
    high = length(table) // 3
    while low < high:
        middle = (low + high) >> 1
        if item(table, middle * 3 + 1) < c:
            low = middle + 1
        else:
            high = middle
    return item(table, low * 3 + 2) if low * 3 < length(table) and item(table, low * 3) <= c else 0


def final_sigma(ctx: i64, s: i64, at: i64, table: i64) -> bool:
    """Does a word end in the capital sigma at this byte?"""
    data = items(s)
    i = at
    kind = IGNORABLE
    while i > 0 and kind == IGNORABLE:
        charge(ctx, 1)
        i = code_before(data, i)
        kind = sigma_class(table, code_at(data + i))
    if kind != CASED:
        return False
    i = at + 2
    kind = IGNORABLE
    while i < length(s) and kind == IGNORABLE:
        charge(ctx, 1)
        kind = sigma_class(table, code_at(data + i))
        i += code_size(ld8(data + i))
    return kind != CASED


def s_lower(ctx: i64, s: i64, table_lower: i64, table_sigma: i64) -> i64:
    if is_ascii(s):
        return ascii_case(ctx, s, 65)
    w = new_writer(ctx, length(s) + 8)
    i = 0
    while i < length(s):
        c = code_at(items(s) + i)
        if c == SIGMA:
            print_code(ctx, w, 962 if final_sigma(ctx, s, i, table_sigma) else 963)
        else:
            print_case(ctx, w, c, table_lower, 65)
        i += code_size(ld8(items(s) + i))
    return written_text(ctx, w)


def s_upper(ctx: i64, s: i64, table_upper: i64) -> i64:
    if is_ascii(s):
        return ascii_case(ctx, s, 97)
    w = new_writer(ctx, length(s) + 8)
    i = 0
    while i < length(s):
        print_case(ctx, w, code_at(items(s) + i), table_upper, 97)
        i += code_size(ld8(items(s) + i))
    return written_text(ctx, w)


# Stripping


@inline
def ascii_set(s: i64, start: i64) -> i64:
    """The ASCII characters of a string from code `start` on, 64 of them as bits."""
    found = 0
    for i in range(length(s)):
        c = ld8(items(s) + i)
        if c >= start and c < start + 64:
            found = found | (1 << (c - start))
    return found


def has_code(s: i64, c: i64) -> bool:
    """Is a character in a string?"""
    i = 0
    while i < length(s):
        if code_at(items(s) + i) == c:
            return True
        i += code_size(ld8(items(s) + i))
    return False


@inline
def in_set(chars: i64, low: i64, high: i64, c: i64) -> bool:
    if c < 64:
        return ((low >> c) & 1) != 0
    return ((high >> (c - 64)) & 1) != 0 if c < 128 else has_code(chars, c)


def stripped(ctx: i64, s: i64, chars: i64, left: bool, right: bool) -> i64:
    """Without the characters at its ends that are in `chars`."""
    start = 0
    end = length(s)
    if length(chars) == 1:
        c = ld8(items(chars))
        data = items(s)
        while left and start < end and ld8(data + start) == c:
            start += 1
        while right and end > start and ld8(data + end - 1) == c:
            end -= 1
        return cut(ctx, s, start, end, characters(s) - (length(s) - (end - start)))
    low = ascii_set(chars, 0)
    high = ascii_set(chars, 64)
    if left:
        while start < end and in_set(chars, low, high, code_at(items(s) + start)):
            start += code_size(ld8(items(s) + start))
    if right:
        while end > start and in_set(chars, low, high, code_at(items(s) + code_before(items(s), end))):
            end = code_before(items(s), end)
    return cut(ctx, s, start, end, characters_in(s, start, end))


@inline
def s_lstrip(ctx: i64, s: i64, chars: i64) -> i64:
    return stripped(ctx, s, chars, True, False)


@inline
def s_rstrip(ctx: i64, s: i64, chars: i64) -> i64:
    return stripped(ctx, s, chars, False, True)


@inline
def s_strip(ctx: i64, s: i64, chars: i64) -> i64:
    return stripped(ctx, s, chars, True, True)


# Replacing


def around_each(ctx: i64, s: i64, by: i64) -> i64:
    """A string with another before, between and after its characters."""
    n = characters(s) + 1
    charge(ctx, n * (characters(by) + 4) // 4)
    w = new_writer(ctx, length(s) + n * length(by))
    print_text(ctx, w, by)
    i = 0
    while i < length(s):
        size = code_size(ld8(items(s) + i))
        print_bytes(ctx, w, items(s) + i, size)
        print_text(ctx, w, by)
        i += size
    return written(ctx, w, characters(s) + n * characters(by))


def s_replaceall(ctx: i64, s: i64, original: i64, replacement: i64) -> i64:
    if length(original) == 0:
        return around_each(ctx, s, replacement)
    table = failures(ctx, original)
    found = count_text(s, original, table)
    if found == 0:
        return s
    charge(ctx, found * (characters(replacement) + 4) // 4)
    if length(original) == 1 and length(replacement) == 1:
        return exchange(ctx, s, ld8(items(original)), ld8(items(replacement)))
    w = new_writer(ctx, length(s) + found * (length(replacement) - length(original)))
    start = 0
    for _ in range(found):
        at = find_text(s, start, original, table)
        print_bytes(ctx, w, items(s) + start, at - start)
        print_text(ctx, w, replacement)
        start = at + length(original)
    print_bytes(ctx, w, items(s) + start, length(s) - start)
    return written(ctx, w, characters(s) + found * (characters(replacement) - characters(original)))


def exchange(ctx: i64, s: i64, old: i64, new: i64) -> i64:
    """One character of ASCII in place of another, wherever it is."""
    n = length(s)
    source = items(s)
    to = buffer(ctx, max(n, 8), n)
    i = 0
    while i + 8 <= n:
        st(to + i, exchanged(ld(source + i), old, new))
        i += 8
    if i < n:
        last = max(n - 8, 0)
        st(to + last, exchanged(eight_at(source, last, n), old, new))
    return string_of(ctx, to, n, characters(s))


def s_replacefirst(ctx: i64, s: i64, original: i64, replacement: i64) -> i64:
    at = find_text(s, 0, original, failures(ctx, original))
    return s if at < 0 else spliced(ctx, s, at, at + length(original), replacement)


def s_replacelast(ctx: i64, s: i64, original: i64, replacement: i64) -> i64:
    at = find_last_text(s, original, failures(ctx, original))
    return s if at < 0 else spliced(ctx, s, at, at + length(original), replacement)


def translation_slot(ctx: i64, table: i64, mask: i64, c: i64) -> i64:
    """Where the hash table has a code: pairs of (code + 1, what it becomes)."""
    h = (c * 40503) & mask
    while ldu32(table + h * 8) != 0 and ldu32(table + h * 8) != c + 1:
        charge(ctx, 1)  # a hostile string may have characters of one hash
        h = (h + 1) & mask
    return table + h * 8


def translations(ctx: i64, old: i64, new: i64, mask: i64) -> i64:
    """The hash table of what characters become."""
    table = alloc(ctx, (mask + 1) * 8)
    fill(table, 0, (mask + 1) * 8)
    i = 0
    j = 0
    while i < length(old):
        c = code_at(items(old) + i)
        i += code_size(ld8(items(old) + i))
        by = REMOVE
        if j < length(new):
            by = code_at(items(new) + j)
            j += code_size(ld8(items(new) + j))
        at = translation_slot(ctx, table, mask, c)
        if ldu32(at) == 0:
            st32(at, c + 1)
            st32(at + 4, by)
    return table


def s_translate(ctx: i64, s: i64, oldchars: i64, newchars: i64) -> i64:
    size = 16
    while size < characters(oldchars) * 2:
        size = size * 2
    table = translations(ctx, oldchars, newchars, size - 1)
    w = new_writer(ctx, length(s) + 8)
    i = 0
    while i < length(s):
        c = code_at(items(s) + i)
        i += code_size(ld8(items(s) + i))
        at = translation_slot(ctx, table, size - 1, c)
        if ldu32(at) == 0:
            print_code(ctx, w, c)
        elif ldu32(at + 4) < 0x110000:
            print_code(ctx, w, ldu32(at + 4))
    return written_text(ctx, w)
