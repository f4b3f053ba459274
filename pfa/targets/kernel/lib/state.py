"""What outlives an action: copies in the persistent region, pools, events; and maps, which look up the same way."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    DEPTH,
    EVENTS,
    FROM,
    FULL,
    INDEXES,
    LATER,
    PEND,
    PTOP,
    SHADOW,
    UNTIL,
    call0,
    f64,
    fail,
    fill,
    get,
    i64,
    inline,
    ld,
    ld8,
    ldu32,
    move,
    put,
    shr,
    st,
    st32,
)
from pfa.targets.kernel.lib.base import (
    alloc,
    buffer,
    charge,
    items,
    length,
    view,
)
from pfa.targets.kernel.lib.words import eight_at, same_run

SMALL = 8  # pairs that are looked through
TABLE = 16  # bytes before a table's positions
FREE_PROBES = 16  # of a hash table, that nobody charges
PRIME = 1099511628211
SLACK = 1 << 20  # bytes of garbage that a loop may make before it gives it back
START = -3750763034362895579
GOLDEN = -7046029254386353131


@inline
def moving(ctx: i64, x: i64) -> bool:
    """Does a value lie where it will not stay?"""
    return x >= get(ctx, FROM) and x < get(ctx, UNTIL)


def keep_room(ctx: i64, count: i64) -> i64:
    """So many bytes of the persistent region."""
    at = get(ctx, PTOP)
    after = at + ((count + 7) & -8)
    if after > get(ctx, PEND):
        fail(ctx, FULL)
    put(ctx, PTOP, after)
    return at


@inline
def moved(ctx: i64, x: i64) -> i64:
    """Where a collection of garbage has put a value already, or 0: what values share stays shared."""
    shadow = get(ctx, SHADOW)
    return ld(x + shadow) if shadow != 0 else 0


@inline
def note_move(ctx: i64, x: i64, out: i64) -> None:
    """This is where it is now."""
    shadow = get(ctx, SHADOW)
    if shadow != 0:
        st(x + shadow, out)


def fill_later(ctx: i64, out: i64, fill: i64) -> None:
    """A copy of a record lies too deep in others for its fields to be copied now."""
    note = keep_room(ctx, 24)
    st(note, get(ctx, LATER))
    st(note + 8, out)
    st(note + 16, fill)
    put(ctx, LATER, note)


def fill_noted(ctx: i64) -> None:
    """Copy what was left for later."""
    depth = get(ctx, DEPTH)
    while get(ctx, LATER) != 0:
        note = get(ctx, LATER)
        put(ctx, LATER, ld(note))
        put(ctx, DEPTH, 0)
        call0(ld(note + 16), ctx, ld(note + 8))
    put(ctx, DEPTH, depth)


def keep_header(ctx: i64, n: i64, size: i64) -> i64:
    """An array or map with room for its items."""
    at = keep_room(ctx, 48 + n * size)
    data = at + 48
    st(at, data)
    st(at + 8, n)
    st(at + 16, 0)
    st(at + 24, 0)
    st(at + 32, n * size)
    st(at + 40, n * size)
    return at


def keep_words(ctx: i64, x: i64, size: i64) -> i64:
    """A copy of an array of scalars."""
    n = length(x)
    charge(ctx, n // 8)
    out = keep_header(ctx, n, size)
    move(items(out), items(x), n * size)
    note_move(ctx, x, out)
    return out


def keep_string(ctx: i64, x: i64) -> i64:
    """A copy of a string."""
    if not moving(ctx, x):
        return x
    there = moved(ctx, x)
    if there != 0:
        return there
    n = length(x)
    charge(ctx, n // 64)
    out = keep_header(ctx, n, 1)
    st(out + 16, ld(x + 16))
    move(items(out), items(x), n)
    note_move(ctx, x, out)
    return out


@inline
def union_tag(x: i64) -> i64:
    """The tag of a union's value; 0 is null."""
    return 0 if x == 0 else ld(x)


def event(ctx: i64, number: i64, x: i64) -> None:
    """Note what is emitted or logged, for the host."""
    e = alloc(ctx, 24)
    st(e, get(ctx, EVENTS))
    st(e + 8, number)
    st(e + 16, x)
    put(ctx, EVENTS, e)


def rewind_limit(end: i64, mark: i64, live: i64) -> i64:
    """The top of the arena from which a loop gives its garbage back, when so many bytes were not."""
    room = end - mark
    slack = min(SLACK, room >> 2)
    grown = live * 4 + slack  # an array that is appended to takes three times its place
    if grown + live > room:
        grown = room - live
        if grown < live + (live >> 2):
            grown = room
    return mark + grown


def drop_indexes(ctx: i64, mark: i64) -> None:
    """Maps below the mark lose the hash tables that lie above it."""
    note = get(ctx, INDEXES)
    while note >= mark:
        st(ld(note) + 16, 0)
        note = ld(note + 8)
    put(ctx, INDEXES, note)


def same_text(a: i64, b: i64) -> bool:
    """Are two strings the same bytes?"""
    if a == b:
        return True
    n = length(a)
    return n == length(b) and same_run(items(a), items(b), n)


def hash_text(s: i64) -> i64:
    """A hash of a string's bytes (FNV-1a, eight bytes at a time)."""
    n = length(s)
    data = items(s)
    h = START ^ n
    i = 0
    while i + 8 <= n:
        h = (h ^ ld(data + i)) * PRIME
        h = h ^ shr(h, 29)
        i += 8
    if i < n:
        h = (h ^ eight_at(data, i, n)) * PRIME
    h = (h ^ shr(h, 32)) * GOLDEN  # the last bytes reach the low bits
    return h ^ shr(h, 29)


def new_map(ctx: i64, n: i64) -> i64:
    """A map with room for its pairs, which the caller stores."""
    return view(ctx, buffer(ctx, n * 16, n * 16), n)


def new_table(ctx: i64, n: i64, kept: bool) -> i64:
    """An empty hash table for n entries: {mask, entries, positions + 1 of 32 bits}, at most half full."""
    size = 16
    while size < n * 2:
        size = size * 2
    charge(ctx, size // 16)
    table = keep_room(ctx, TABLE + size * 4) if kept else alloc(ctx, TABLE + size * 4)
    st(table, size - 1)
    st(table + 8, 0)
    fill(table + TABLE, 0, size * 4)
    return table


def table_enter(ctx: i64, table: i64, hash: i64, i: i64) -> None:
    """Note a position by its hash.  An adversary's keys may collide: what is long is charged."""
    mask = ld(table)
    h = hash & mask
    probes = 0
    while ldu32(table + TABLE + h * 4) != 0:
        h = (h + 1) & mask
        probes += 1
    if probes > FREE_PROBES:
        charge(ctx, probes)
    st32(table + TABLE + h * 4, i + 1)
    st(table + 8, ld(table + 8) + 1)


def build_index(ctx: i64, m: i64, kept: bool) -> i64:
    """The hash table of a map's keys, kept with the map."""
    n = length(m)
    charge(ctx, n)
    table = new_table(ctx, n, kept)
    data = items(m)
    for i in range(n):
        table_enter(ctx, table, hash_text(ld(data + i * 16)), i)
    st(m + 16, table)
    if not kept:
        note = alloc(ctx, 16)
        st(note, m)
        st(note + 8, get(ctx, INDEXES))
        put(ctx, INDEXES, note)
    return table


def table_find(ctx: i64, table: i64, data: i64, n: i64, key: i64) -> i64:
    """The address of the pair of a key, or 0.  Maps that share a table have entries of others in it."""
    mask = ld(table)
    h = hash_text(key) & mask
    probes = 0
    found = 0
    while found == 0:
        i = ldu32(table + TABLE + h * 4) - 1
        if i < 0:
            break
        if i < n and same_text(ld(data + i * 16), key):
            found = data + i * 16
        h = (h + 1) & mask
        probes += 1
    if probes > FREE_PROBES:
        charge(ctx, probes)
    return found


def map_find(ctx: i64, m: i64, key: i64) -> i64:
    """The address of the pair of a key, or 0."""
    n = length(m)
    data = items(m)
    table = ld(m + 16)
    if n <= SMALL or (table == 0 and not moving(ctx, m)):
        for i in range(n):
            if same_text(ld(data + i * 16), key):
                return data + i * 16
        return 0
    if table == 0:
        table = build_index(ctx, m, False)
    return table_find(ctx, table, data, n, key)


def keep_index(ctx: i64, m: i64) -> None:
    """The index of a map that is kept."""
    if length(m) > SMALL:
        build_index(ctx, m, True)


def map_put(ctx: i64, m: i64, key: i64, value: i64) -> i64:
    """A copy with a pair replaced, or added at the end."""
    found = map_find(ctx, m, key)
    if found == 0:
        return map_push_back(ctx, m, key, value)
    n = length(m)
    charge(ctx, n)
    out = new_map(ctx, n)
    move(items(out), items(m), n * 16)
    at = items(out) + (found - items(m))
    st(at, key)
    st(at + 8, value)
    st(out + 16, ld(m + 16))  # the positions are the same
    return out


def map_push_back(ctx: i64, m: i64, key: i64, value: i64) -> i64:
    """A map with a pair more, whose key it does not have; in place where the place behind the last is free."""
    n = length(m)
    data = items(m)
    if n > 0 and ld(data - 8) == n * 16 and ld(data - 16) >= n * 16 + 16:
        st(data - 8, n * 16 + 16)
    else:
        charge(ctx, n)
        grown = buffer(ctx, n * 32 + 64, n * 16 + 16)
        move(grown, data, n * 16)
        data = grown
    st(data + n * 16, key)
    st(data + n * 16 + 8, value)
    out = view(ctx, data, n + 1)
    table = ld(m + 16)
    if table != 0 and moving(ctx, table) and ld(table + 8) * 2 < ld(table):
        table_enter(ctx, table, hash_text(key), n)
        st(out + 16, table)
    return out


# Order


def order_integers(a: i64, b: i64) -> i64:
    """-1, 0 or 1."""
    return int(a > b) - int(a < b)


def order_doubles(a: f64, b: f64) -> i64:
    """-1, 0 or 1: NaN equals itself and comes last."""
    if a < b:
        return -1
    if a > b:
        return 1
    if a == b:
        return 0
    return int(a != a) - int(b != b)


def order_bytes(ctx: i64, a: i64, b: i64) -> i64:
    """-1, 0 or 1: strings by code point, which is the order of UTF-8's bytes."""
    if a == b:
        return 0
    n = min(length(a), length(b))
    charge(ctx, n // 4096)
    p = items(a)
    q = items(b)
    for i in range(n):
        x = ld8(p + i)
        y = ld8(q + i)
        if x != y:
            return -1 if x < y else 1
    return order_integers(length(a), length(b))


def equal_bytes(ctx: i64, a: i64, b: i64) -> bool:
    """Are two strings equal?"""
    charge(ctx, length(a) // 4096)
    return same_text(a, b)


def sorted_pairs(ctx: i64, m: i64) -> i64:
    """A copy of a map's pairs in order of the keys; its address."""
    n = length(m)
    pairs = alloc(ctx, n * 16)
    move(pairs, items(m), n * 16)
    # Insertion for few, else merging: keys come in any order.
    if n <= 24:
        for i in range(1, n):
            key = ld(pairs + i * 16)
            value = ld(pairs + i * 16 + 8)
            j = i - 1
            while j >= 0 and order_bytes(ctx, ld(pairs + j * 16), key) > 0:
                st(pairs + j * 16 + 16, ld(pairs + j * 16))
                st(pairs + j * 16 + 24, ld(pairs + j * 16 + 8))
                j -= 1
            st(pairs + j * 16 + 16, key)
            st(pairs + j * 16 + 24, value)
        return pairs
    other = alloc(ctx, n * 16)
    width = 1
    while width < n:
        charge(ctx, n)
        low = 0
        while low < n:
            middle = min(low + width, n)
            high = min(low + 2 * width, n)
            i = low
            j = middle
            for k in range(low, high):
                if i < middle and (j >= high or order_bytes(ctx, ld(pairs + i * 16), ld(pairs + j * 16)) <= 0):
                    move(other + k * 16, pairs + i * 16, 16)
                    i += 1
                else:
                    move(other + k * 16, pairs + j * 16, 16)
                    j += 1
            low = high
        t = pairs
        pairs = other
        other = t
        width = width * 2
    return pairs
