"""Regular expressions (re.*) by automata that were made when the document was compiled (`pfa.targets.kernel.automata`).

A search is six words: the table, the text, a bit for each byte at which a match begins; where to go on, the end of the
last match; begin and end of the present one.
"""

from __future__ import annotations

from pfa.targets.kernel.language import ctz, fail, fill, i64, inline, ld, ld8, ldu32, shr, st, st8
from pfa.targets.kernel.lib.base import alloc, characters, charge, items, length, new_array
from pfa.targets.kernel.lib.printing import new_writer, print_bytes, print_text, written
from pfa.targets.kernel.lib.text import characters_in, code_at, code_size, cut, is_ascii, spliced

SEGMENTS = 0  # words of a table
STARTS = 1
CLASSES = 2
FIRSTS = 3
RIGHT = 4
LEFT = 5
LAST_ROW = 6
WIDTH = 7
PROGRAM = 8
STEPS = 9
GROUPS = 10
LETTERS = 11
BYTES = 12

S_TABLE = 0  # bytes of a search
S_TEXT = 8
S_BEGINS = 16
S_AT = 24
S_LAST = 32
S_BEGIN = 40
S_END = 48
SEARCH = 56


# Automata


@inline
def word_at(table: i64, index: i64) -> i64:
    return ldu32(table + index * 4)


def class_of_code(table: i64, code: i64) -> i64:
    """The class of a character."""
    starts = table + word_at(table, STARTS) * 4
    low = 0
    high = word_at(table, SEGMENTS) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if ldu32(starts + middle * 4) <= code:
            low = middle
        else:
            high = middle - 1
    return word_at(table, word_at(table, CLASSES) + low)


@inline
def class_at(table: i64, p: i64, single: bool) -> i64:
    """The class of the character at p, in a text of which each byte is one or not."""
    byte = ld8(p)
    if single or byte < 128:
        return word_at(table, BYTES + byte)
    return class_of_code(table, code_at(p))


@inline
def before_character(data: i64, i: i64, single: bool) -> i64:
    """Where the character begins that ends before byte i."""
    i -= 1
    while not single and (ld8(data + i) & 192) == 128:
        i -= 1
    return i


def match_end(ctx: i64, table: i64, s: i64, begin: i64) -> i64:
    """Where the longest match ends that begins at a byte; there is one."""
    data = items(s)
    n = length(s)
    single = is_ascii(s)
    edge = word_at(table, WIDTH) - 1
    before = edge
    if begin > 0:
        before = class_at(table, data + before_character(data, begin, single), single)
    row = word_at(table, word_at(table, FIRSTS) + before)
    rows = table + word_at(table, RIGHT) * 4
    end = begin
    i = begin
    while i < n:
        entry = ldu32(rows + (row + class_at(table, data + i, single)) * 4)
        if entry & 1:
            end = i
        row = shr(entry, 1)
        if row == 0:
            charge(ctx, (i - begin) // 16)
            return end
        i += 1 if single else code_size(ld8(data + i))
    charge(ctx, (i - begin) // 16)
    return n if ldu32(rows + (row + edge) * 4) & 1 else end


def mark_begins(table: i64, s: i64, begins: i64) -> i64:
    """Mark where matches begin, in bits; the first of them, or -1.  Without bits: any of them."""
    data = items(s)
    single = is_ascii(s)
    rows = table + word_at(table, LEFT) * 4
    row = word_at(table, LAST_ROW)
    first = -1
    i = length(s)
    while i > 0:
        before = before_character(data, i, single)
        entry = ldu32(rows + (row + class_at(table, data + before, single)) * 4)
        if entry & 1:
            if begins == 0:
                return i
            first = i
            st8(begins + (i >> 3), ld8(begins + (i >> 3)) | (1 << (i & 7)))
        row = shr(entry, 1)
        i = before
    if ldu32(rows + (row + word_at(table, WIDTH) - 1) * 4) & 1:
        first = 0
        if begins != 0:
            st8(begins, ld8(begins) | 1)
    return first


# Searches


def new_search(ctx: i64, s: i64, pattern: i64, code: i64) -> i64:
    """A search for the matches of a text, before the first one."""
    if length(pattern) == 0:
        fail(ctx, code)
    n = length(s)
    charge(ctx, n // 4 + 1)
    search = alloc(ctx, SEARCH)
    words = (n >> 6) + 1
    begins = alloc(ctx, words * 8)
    fill(begins, 0, words * 8)
    st(search + S_TABLE, items(pattern))
    st(search + S_TEXT, s)
    st(search + S_BEGINS, begins)
    st(search + S_LAST, -1)
    first = mark_begins(items(pattern), s, begins)
    st(search + S_AT, n + 1 if first < 0 else first)
    return search


def next_begin(begins: i64, at: i64, n: i64) -> i64:
    """The first byte from `at` on at which a match begins; above n where there is none."""
    i = at >> 6
    word = shr(ld(begins + i * 8), at & 63) << (at & 63)
    while word == 0:
        i += 1
        if i > n >> 6:
            return n + 1
        word = ld(begins + i * 8)
    return i * 64 + ctz(word)


def after_character(s: i64, at: i64) -> i64:
    """The byte behind the character at a byte, or behind the end."""
    if is_ascii(s) or at >= length(s):
        return at + 1
    return at + code_size(ld8(items(s) + at))


def next_match(ctx: i64, search: i64) -> bool:
    """Go to the next match; an empty one right behind the last match is none."""
    s = ld(search + S_TEXT)
    n = length(s)
    at = ld(search + S_AT)
    while at <= n:
        begin = next_begin(ld(search + S_BEGINS), at, n)
        if begin > n:
            st(search + S_AT, begin)
            return False
        end = match_end(ctx, ld(search + S_TABLE), s, begin)
        at = end if end > begin else after_character(s, end)
        if end > begin or end != ld(search + S_LAST):
            st(search + S_BEGIN, begin)
            st(search + S_END, end)
            st(search + S_LAST, end)
            st(search + S_AT, at)
            return True
    return False


def last_match(ctx: i64, search: i64) -> bool:
    """Go to the last match."""
    found = False
    while next_match(ctx, search):
        charge(ctx, 1)
        found = True
    return found


@inline
def match_begin(search: i64) -> i64:
    return ld(search + S_BEGIN)


@inline
def match_stop(search: i64) -> i64:
    return ld(search + S_END)


def found_text(ctx: i64, search: i64) -> i64:
    """What the match is."""
    s = ld(search + S_TEXT)
    begin = match_begin(search)
    end = match_stop(search)
    return cut(ctx, s, begin, end, characters_in(s, begin, end))


def pair_of(ctx: i64, a: i64, b: i64) -> i64:
    """An array of two."""
    out = new_array(ctx, 2)
    st(items(out), a)
    st(items(out) + 8, b)
    return out


def found_pair(ctx: i64, search: i64) -> i64:
    """Where the match begins and ends, in characters."""
    s = ld(search + S_TEXT)
    begin = match_begin(search)
    start = characters_in(s, 0, begin)
    return pair_of(ctx, start, start + characters_in(s, begin, match_stop(search)))


def count_matches(ctx: i64, search: i64) -> i64:
    """How many matches there are from here on; the search is where it was."""
    at = ld(search + S_AT)
    last = ld(search + S_LAST)
    n = 0
    while next_match(ctx, search):
        charge(ctx, 1)
        n += 1
    st(search + S_AT, at)
    st(search + S_LAST, last)
    return n


# Functions


def re_contains(ctx: i64, s: i64, pattern: i64, pattern_1: i64) -> bool:
    if length(pattern_1) == 0:
        fail(ctx, 35010)
    charge(ctx, length(s) // 4 + 1)
    return mark_begins(items(pattern_1), s, 0) >= 0


def re_count(ctx: i64, s: i64, pattern: i64, pattern_1: i64) -> i64:
    return count_matches(ctx, new_search(ctx, s, pattern_1, 35020))


def re_index(ctx: i64, s: i64, pattern: i64, pattern_1: i64) -> i64:
    search = new_search(ctx, s, pattern_1, 35000)
    return found_pair(ctx, search) if next_match(ctx, search) else new_array(ctx, 0)


def re_rindex(ctx: i64, s: i64, pattern: i64, pattern_1: i64) -> i64:
    search = new_search(ctx, s, pattern_1, 35030)
    return found_pair(ctx, search) if last_match(ctx, search) else new_array(ctx, 0)


def re_indexall(ctx: i64, s: i64, pattern: i64, pattern_1: i64) -> i64:
    search = new_search(ctx, s, pattern_1, 35050)
    out = new_array(ctx, count_matches(ctx, search))
    at = items(out)
    byte = 0
    character = 0
    while next_match(ctx, search):
        begin = character + characters_in(s, byte, match_begin(search))
        byte = match_stop(search)
        character = begin + characters_in(s, match_begin(search), byte)
        st(at, pair_of(ctx, begin, character))
        at += 8
    return out


def re_findall(ctx: i64, s: i64, pattern: i64, pattern_1: i64) -> i64:
    search = new_search(ctx, s, pattern_1, 35060)
    out = new_array(ctx, count_matches(ctx, search))
    at = items(out)
    while next_match(ctx, search):
        st(at, found_text(ctx, search))
        at += 8
    return out


def re_findfirst__string_string(ctx: i64, s: i64, pattern: i64, pattern_1: i64, tag_string: i64) -> i64:
    return first_text(ctx, new_search(ctx, s, pattern_1, 35070), tag_string)


def re_findfirst__bytes_bytes(ctx: i64, s: i64, pattern: i64, pattern_1: i64, tag_bytes: i64) -> i64:
    return first_text(ctx, new_search(ctx, s, pattern_1, 35070), tag_bytes)


def first_text(ctx: i64, search: i64, tag: i64) -> i64:
    """What the first match is, as a branch of a union, or null."""
    if not next_match(ctx, search):
        return 0
    out = alloc(ctx, 16)
    st(out, tag)
    st(out + 8, found_text(ctx, search))
    return out


def re_replacefirst(ctx: i64, s: i64, pattern: i64, replacement: i64, pattern_1: i64) -> i64:
    search = new_search(ctx, s, pattern_1, 35110)
    if not next_match(ctx, search):
        return s
    return spliced(ctx, s, match_begin(search), match_stop(search), replacement)


def re_replacelast(ctx: i64, s: i64, pattern: i64, replacement: i64, pattern_1: i64) -> i64:
    search = new_search(ctx, s, pattern_1, 35120)
    if not last_match(ctx, search):
        return s
    return spliced(ctx, s, match_begin(search), match_stop(search), replacement)


def re_split(ctx: i64, s: i64, pattern: i64, pattern_1: i64) -> i64:
    search = new_search(ctx, s, pattern_1, 35130)
    out = new_array(ctx, count_matches(ctx, search) + 1)
    at = items(out)
    byte = 0
    while next_match(ctx, search):
        begin = match_begin(search)
        st(at, cut(ctx, s, byte, begin, characters_in(s, byte, begin)))
        byte = match_stop(search)
        at += 8
    st(at, cut(ctx, s, byte, length(s), characters_in(s, byte, length(s))))
    return out


def re_replaceall(ctx: i64, s: i64, pattern: i64, replacement: i64, pattern_1: i64) -> i64:
    search = new_search(ctx, s, pattern_1, 35140)
    w = new_writer(ctx, length(s) + 16)
    count = characters(s)
    byte = 0
    while next_match(ctx, search):
        begin = match_begin(search)
        charge(ctx, characters(replacement) // 4 + 1)
        print_bytes(ctx, w, items(s) + byte, begin - byte)
        print_text(ctx, w, replacement)
        byte = match_stop(search)
        count += characters(replacement) - characters_in(s, begin, byte)
    print_bytes(ctx, w, items(s) + byte, length(s) - byte)
    return written(ctx, w, count)


# Groups


def re_groups(ctx: i64, s: i64, pattern: i64, grouped_1: i64) -> i64:
    search = new_search(ctx, s, grouped_1, 35040)
    if not next_match(ctx, search):
        return new_array(ctx, 0)
    return group_pairs(ctx, search, characters_in(s, 0, match_begin(search)))


def re_groupsall(ctx: i64, s: i64, pattern: i64, grouped_1: i64) -> i64:
    search = new_search(ctx, s, grouped_1, 35100)
    out = new_array(ctx, count_matches(ctx, search))
    at = items(out)
    byte = 0
    character = 0
    while next_match(ctx, search):
        begin = match_begin(search)
        character += characters_in(s, byte, begin)
        byte = begin
        st(at, group_pairs(ctx, search, character))
        at += 8
    return out


def re_findgroupsfirst(ctx: i64, s: i64, pattern: i64, grouped_1: i64) -> i64:
    search = new_search(ctx, s, grouped_1, 35080)
    return group_texts(ctx, search) if next_match(ctx, search) else new_array(ctx, 0)


def re_findgroupsall(ctx: i64, s: i64, pattern: i64, grouped_1: i64) -> i64:
    search = new_search(ctx, s, grouped_1, 35090)
    out = new_array(ctx, count_matches(ctx, search))
    at = items(out)
    while next_match(ctx, search):
        st(at, group_texts(ctx, search))
        at += 8
    return out


def group_pairs(ctx: i64, search: i64, character: i64) -> i64:
    """Where the match, which begins at a character, and its groups begin and end; -1, -1 where one took no part."""
    s = ld(search + S_TEXT)
    begin = match_begin(search)
    places = divided(ctx, search)
    n = word_at(ld(search + S_TABLE), GROUPS) + 1
    charge(ctx, n * (1 + (match_stop(search) - begin) // 8))
    out = new_array(ctx, n)
    for i in range(n):
        a = ld(places + 16 * i)
        b = ld(places + 16 * i + 8)
        first = -1
        last = -1
        if a >= 0:
            first = character + characters_in(s, begin, a)
            last = first + characters_in(s, a, b)
        st(items(out) + 8 * i, pair_of(ctx, first, last))
    return out


def group_texts(ctx: i64, search: i64) -> i64:
    """What the match and its groups are; empty where one took no part."""
    s = ld(search + S_TEXT)
    places = divided(ctx, search)
    n = word_at(ld(search + S_TABLE), GROUPS) + 1
    charge(ctx, n * (1 + (match_stop(search) - match_begin(search)) // 4))
    out = new_array(ctx, n)
    for i in range(n):
        a = max(ld(places + 16 * i), 0)
        b = max(ld(places + 16 * i + 8), 0)
        st(items(out) + 8 * i, cut(ctx, s, a, b, characters_in(s, a, b)))
    return out


def divided(ctx: i64, search: i64) -> i64:
    """Words of where the match and its groups begin and end, in bytes; -1 where a group took no part.

    From the end of the match on it is marked, for each place and step, whether the end can be reached from there.
    """
    table = ld(search + S_TABLE)
    s = ld(search + S_TEXT)
    places = alloc(ctx, 16 * word_at(table, GROUPS) + 16)
    fill(places, 255, 16 * word_at(table, GROUPS) + 16)
    st(places, match_begin(search))
    st(places + 8, match_stop(search))
    steps = word_at(table, STEPS)
    if steps == 0:
        return places
    count = characters_in(s, match_begin(search), match_stop(search))
    charge(ctx, (count + 1) * steps // 4 + 1)
    marks = alloc(ctx, (count + 1) * steps)
    fill(marks, 0, (count + 1) * steps)
    single = is_ascii(s)
    i = match_stop(search)
    for k in range(count, -1, -1):
        while mark_steps(table, s, i, marks + k * steps, k == count):
            charge(ctx, steps // 8)
        if k > 0:
            i = before_character(items(s), i, single)
    take_steps(table, s, match_begin(search), marks, places)
    return places


@inline
def step_at(table: i64, step: i64) -> i64:
    """Where a step of the program is."""
    return table + (word_at(table, PROGRAM) + 3 * step) * 4


def mark_steps(table: i64, s: i64, i: i64, marks: i64, last: bool) -> bool:
    """Mark the steps at byte i from which the end can be reached; were there new ones?"""
    steps = word_at(table, STEPS)
    row = 0
    if not last:
        row = class_at(table, items(s) + i, is_ascii(s))
    found = False
    for step in range(steps - 1, -1, -1):
        at = step_at(table, step)
        what = ldu32(at)
        x = ldu32(at + 4)
        fine = False
        if what == 0:
            fine = not last and word_at(table, x + row) != 0 and ld8(marks + steps + step + 1) != 0
        elif what == 1:
            fine = ld8(marks + x) != 0 or ld8(marks + ldu32(at + 8)) != 0
        elif what == 2:
            fine = ld8(marks + x) != 0
        elif what == 3:
            fine = ld8(marks + step + 1) != 0
        elif what == 4:
            fine = ld8(marks + step + 1) != 0 and place_holds(table, s, i, x)
        else:
            fine = last
        if fine and ld8(marks + step) == 0:
            st8(marks + step, 1)
            found = True
    return found


def place_holds(table: i64, s: i64, i: i64, place: i64) -> bool:
    r"""Is byte i a place of this kind: ^ $ \b \B \< \>?"""
    if place == 0:
        return i == 0
    if place == 1:
        return i == length(s)
    single = is_ascii(s)
    letters = word_at(table, LETTERS)
    data = items(s)
    before = False
    after = False
    if i > 0:
        before = word_at(table, letters + class_at(table, data + before_character(data, i, single), single)) != 0
    if i < length(s):
        after = word_at(table, letters + class_at(table, data + i, single)) != 0
    if place < 4:
        return (before != after) == (place == 2)
    return before != after and after == (place == 4)


def take_steps(table: i64, s: i64, begin: i64, marks: i64, places: i64) -> None:
    """Go through the program by the preferred steps from which the end can be reached."""
    steps = word_at(table, STEPS)
    single = is_ascii(s)
    i = begin
    step = 0
    while True:
        at = step_at(table, step)
        what = ldu32(at)
        x = ldu32(at + 4)
        step += 1
        if what == 0:
            i += 1 if single else code_size(ld8(items(s) + i))
            marks += steps
        elif what == 1:
            step = x if ld8(marks + x) != 0 else ldu32(at + 8)
        elif what == 2:
            step = x
        elif what == 3:
            st(places + 8 * x, i)
        elif what == 5:
            return
