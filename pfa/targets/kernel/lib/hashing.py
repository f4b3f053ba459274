"""Hash tables: of items of any type, and maps that are being made.

Items are equal when the order of their type says 0: NaN equals itself, -0.0 equals 0.0.  Tables are those of
`state`.  Hashes have no secret, so an adversary can make items collide: probes are charged.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    bits,
    call1,
    cold,
    f64,
    i64,
    inline,
    ld,
    ld8,
    ldu32,
    shr,
    st,
    unbits,
)
from pfa.targets.kernel.lib.base import charge, item, items, length, new_array
from pfa.targets.kernel.lib.sorting import compared
from pfa.targets.kernel.lib.state import hash_text, map_find, new_map, new_table, same_text, table_enter, table_find

SMALL = 8  # pairs that are looked through, as in `state`
GOLDEN = -7046029254386353131
TABLE = 16  # these two as in `state`
FREE_PROBES = 16
NAN_BITS = 9221120237041090560


@inline
def mixed(x: i64) -> i64:
    """A hash of a word."""
    h = (x ^ shr(x, 32)) * GOLDEN
    h = (h ^ shr(h, 29)) * GOLDEN
    return h ^ shr(h, 32)


@inline
def hash_double(x: f64) -> i64:
    """All zeros are one, and all NaN."""
    if x != x:
        return mixed(NAN_BITS)
    return mixed(0 if x == 0.0 else bits(x))


@inline
def hash_slot(ctx: i64, kind: i64, hash: i64, x: i64) -> i64:
    """`kind` as in `pfa.targets.kernel.lib.sorting`."""
    if kind < 2:
        return mixed(x)
    if kind < 4:
        return hash_double(unbits(x))
    return call1(hash, ctx, 0, x)


def new_set(ctx: i64, n: i64) -> i64:
    """A set with room for n items: an array whose third word is a table of its items."""
    s = new_array(ctx, n)
    st(s + 8, 0)
    st(s + 16, new_table(ctx, n, False))
    return s


def set_find(ctx: i64, s: i64, x: i64, kind: i64, hash: i64, order: i64, add: bool) -> i64:
    """The position of an item in a set, or -1; with `add` it is put in there, and the answer is still -1."""
    table = ld(s + 16)
    mask = ld(table)
    whole = hash_slot(ctx, kind, hash, x)
    h = whole & mask
    probes = 0
    found = -1
    while found < 0:
        i = ldu32(table + TABLE + h * 4) - 1
        if i < 0:
            break
        if compared(ctx, kind, order, item(s, i), x) == 0:
            found = i
        h = (h + 1) & mask
        probes += 1
    if probes > FREE_PROBES:
        charge(ctx, probes)
    if add and found < 0:
        n = length(s)
        st(items(s) + n * 8, x)
        st(s + 8, n + 1)
        table_enter(ctx, table, whole, n)
    return found


def set_of(ctx: i64, a: i64, kind: i64, hash: i64, order: i64) -> i64:
    """The different items of an array, in order of appearance."""
    s = new_set(ctx, length(a))
    for i in range(length(a)):
        set_find(ctx, s, item(a, i), kind, hash, order, True)
    return s


@inline
def trim_array(a: i64, n: i64) -> i64:
    """An array that was made longer than it got."""
    st(a + 8, n)
    st(a + 16, 0)
    st(items(a) - 8, n * 8)
    return a


# Maps that are being made


def map_room(ctx: i64, n: i64) -> i64:
    """An empty map with room for n pairs, and an index where they are many."""
    m = new_map(ctx, n)
    st(m + 8, 0)
    st(items(m) - 8, 0)
    if n > SMALL:
        st(m + 16, new_table(ctx, n, False))
    return m


def map_place(ctx: i64, m: i64, key: i64) -> i64:
    """The address of the pair of a key; a new one with slot 0, for which there is room, if there was none."""
    n = length(m)
    data = items(m)
    table = ld(m + 16)
    if table == 0:
        for i in range(n):
            if same_text(ld(data + i * 16), key):
                return data + i * 16
    else:
        found = table_find(ctx, table, data, n, key)
        if found != 0:
            return found
        table_enter(ctx, table, hash_text(key), n)
    at = data + n * 16
    st(at, key)
    st(at + 8, 0)
    st(m + 8, n + 1)
    st(data - 8, n * 16 + 16)
    return at


@inline
def key_at(m: i64, i: i64) -> i64:
    return ld(items(m) + i * 16)


@inline
def value_at(m: i64, i: i64) -> i64:
    return ld(items(m) + i * 16 + 8)


@inline
def map_push(m: i64, key: i64, value: i64) -> None:
    """One more pair, of a key that is not there; the map has room, and no index."""
    n = length(m)
    at = items(m) + n * 16
    st(at, key)
    st(at + 8, value)
    st(m + 8, n + 1)
    st(items(m) - 8, n * 16 + 16)


@inline
def map_has(ctx: i64, m: i64, key: i64) -> bool:
    return map_find(ctx, m, key) != 0


@inline
def map_value(ctx: i64, m: i64, key: i64) -> i64:
    """The value of a key that is there."""
    return ld(map_find(ctx, m, key) + 8)


def map_overlay(ctx: i64, m: i64, other: i64) -> None:
    """Put all pairs of another map into one that is being made."""
    for i in range(length(other)):
        at = map_place(ctx, m, key_at(other, i))
        st(at + 8, value_at(other, i))


@inline
def key_mark(s: i64) -> i64:
    """One bit of a word that a key has: keys without a bit in common are different."""
    n = length(s)
    if n == 0:
        return 1
    data = items(s)
    return 1 << ((ld8(data + n - 1) + ld8(data + (n >> 1)) * 7 + n * 29) & 63)


def distinct_keys(ctx: i64, m: i64) -> i64:
    """The map of pairs that may have a key twice: the last value counts, in the place of the first."""
    n = length(m)
    if n <= SMALL:
        for i in range(1, n):
            key = key_at(m, i)
            for j in range(i):
                if same_text(key_at(m, j), key):
                    return overlaid(ctx, m)
        return m
    return overlaid(ctx, m)


@cold
def overlaid(ctx: i64, m: i64) -> i64:
    """A copy in which each key is once."""
    out = map_room(ctx, length(m))
    map_overlay(ctx, out, m)
    return out
