"""Pools, which lie in the persistent region: {pairs, places that were taken, room, index, mask, items, free, entries}.

A pair that was deleted has key 0 and the next free pair in place of its item; `free` is the first of them.  The index
has entries of deleted pairs, too, until it is made anew.  Keys and items that an action puts there are noted
(`pending`); `copy` is what copies an item, 0 for numbers.
"""

from __future__ import annotations

from pfa.targets.kernel.language import address, call0, fill, i64, inline, ld, ldu32, move, st, st32
from pfa.targets.kernel.lib.base import alloc, charge, items, length
from pfa.targets.kernel.lib.pending import set_word
from pfa.targets.kernel.lib.state import (
    fill_noted,
    hash_text,
    keep_header,
    keep_room,
    keep_string,
    map_find,
    map_push_back,
    moving,
    new_map,
    same_text,
)

FREE_PROBES = 16  # as in `state`
POOL = 64  # bytes
FEWEST = 8  # pairs that there is room for


def pool_find(ctx: i64, p: i64, key: i64) -> i64:
    """The address of the pair of a key, or 0."""
    index = ld(p + 24)
    mask = ld(p + 32)
    h = hash_text(key) & mask
    probes = 0
    found = 0
    while found == 0:
        i = ldu32(index + h * 4)
        if i == 0:
            break
        at = ld(p) + (i - 1) * 16
        if ld(at) != 0 and same_text(ld(at), key):
            found = at
        h = (h + 1) & mask
        probes += 1
    if probes > FREE_PROBES:
        charge(ctx, probes)
    return found


def pool_place(ctx: i64, index: i64, mask: i64, key: i64, i: i64) -> None:
    """Enter the pair at position i into an index."""
    h = hash_text(key) & mask
    probes = 0
    while ldu32(index + h * 4) != 0:
        h = (h + 1) & mask
        probes += 1
    if probes > FREE_PROBES:
        charge(ctx, probes)
    st32(index + h * 4, i + 1)


@inline
def kept_slot(ctx: i64, x: i64, copy: i64) -> i64:
    """An item, copied if it does not stay where it is."""
    return call0(copy, ctx, x) if copy != 0 else x


def pool_grow(ctx: i64, p: i64, room: i64, copy: i64) -> None:
    """Other room for the pairs, those that were deleted left out, and copies of what does not stay.

    Where that fails, nothing has changed.
    """
    taken = ld(p + 8)
    charge(ctx, taken)
    pairs = keep_room(ctx, room * 16)
    size = 16
    while size < room * 2:
        size = size * 2
    index = keep_room(ctx, size * 4)
    fill(index, 0, size * 4)
    n = 0
    for i in range(taken):
        key = ld(ld(p) + i * 16)
        if key != 0:
            st(pairs + n * 16, keep_string(ctx, key))
            st(pairs + n * 16 + 8, kept_slot(ctx, ld(ld(p) + i * 16 + 8), copy))
            pool_place(ctx, index, size - 1, key, n)
            n += 1
    fill_noted(ctx)
    st(p, pairs)
    st(p + 8, n)
    st(p + 16, room)
    st(p + 24, index)
    st(p + 32, size - 1)
    st(p + 40, n)
    st(p + 48, 0)
    st(p + 56, n)


def pool_index(ctx: i64, p: i64) -> None:
    """Make the index new: it has entries of pairs that were deleted."""
    size = ld(p + 32) + 1
    charge(ctx, size // 2)
    index = alloc(ctx, size * 4)
    fill(index, 0, size * 4)
    n = 0
    for i in range(ld(p + 8)):
        key = ld(ld(p) + i * 16)
        if key != 0:
            pool_place(ctx, index, size - 1, key, i)
            n += 1
    move(ld(p + 24), index, size * 4)
    st(p + 56, n)


def new_place(ctx: i64, p: i64, copy: i64) -> i64:
    """The address of a pair that is free."""
    at = ld(p + 48)
    if at != 0:
        st(p + 48, ld(at + 8))
    else:
        if ld(p + 8) == ld(p + 16):
            old = ld(p)
            taken = ld(p + 8)
            pool_grow(ctx, p, max(FEWEST, ld(p + 40) * 2), copy)
            fill(old, 0, taken * 16)  # words of it may be noted
        at = ld(p) + ld(p + 8) * 16
        st(p + 8, ld(p + 8) + 1)
    st(at, 0)
    st(at + 8, 0)
    if ld(p + 56) * 4 > ld(p + 32) * 3:
        pool_index(ctx, p)
    return at


def pool_set(ctx: i64, p: i64, key: i64, value: i64, copy: i64) -> None:
    """Put an item."""
    at = pool_find(ctx, p, key)
    if at != 0:
        set_item(ctx, at + 8, value, copy)
        return
    at = new_place(ctx, p, copy)
    pool_place(ctx, ld(p + 24), ld(p + 32), key, (at - ld(p)) >> 4)
    st(p + 56, ld(p + 56) + 1)
    set_item(ctx, at + 8, value, copy)
    set_word(ctx, at, key, address(keep_string))
    st(p + 40, ld(p + 40) + 1)


@inline
def set_item(ctx: i64, at: i64, value: i64, copy: i64) -> None:
    if copy != 0:
        set_word(ctx, at, value, copy)
    else:
        st(at, value)


def pool_delete(ctx: i64, p: i64, key: i64) -> None:
    """Remove an item, if there is one."""
    at = pool_find(ctx, p, key)
    if at != 0:
        st(at, 0)
        st(at + 8, ld(p + 48))
        st(p + 48, at)
        st(p + 40, ld(p + 40) - 1)


# What an action has changed, where it is rolled back: a map of {what was there, whether there was anything}


def pool_remember(ctx: i64, p: i64, key: i64, undo: i64) -> None:
    """Note an item's value, or that there is none, before it changes for the first time."""
    m = ld(undo)
    if m == 0:
        m = new_map(ctx, 0)
    elif map_find(ctx, m, key) != 0:
        return
    found = pool_find(ctx, p, key)
    note = alloc(ctx, 16)
    st(note, ld(found + 8) if found != 0 else 0)
    st(note + 8, int(found != 0))
    st(undo, map_push_back(ctx, m, key, note))


def pool_undo(ctx: i64, p: i64, m: i64, copy: i64) -> None:
    """Put back what was noted, the last first."""
    if m == 0:
        return
    for i in range(length(m) - 1, -1, -1):
        key = ld(items(m) + i * 16)
        note = ld(items(m) + i * 16 + 8)
        if ld(note + 8) != 0:
            pool_set(ctx, p, key, ld(note), copy)
        else:
            pool_delete(ctx, p, key)


def keep_undo(ctx: i64, at: i64) -> None:
    """A copy of the notes for the rollback of a pool, which are at this address."""
    m = ld(at)
    if m == 0 or not moving(ctx, m):
        return
    out = keep_header(ctx, length(m), 16)
    for i in range(length(m)):
        st(items(out) + i * 16, keep_string(ctx, ld(items(m) + i * 16)))
        note = ld(items(m) + i * 16 + 8)
        if moving(ctx, note):
            to = keep_room(ctx, 16)
            move(to, note, 16)
            note = to
        st(items(out) + i * 16 + 8, note)
    st(at, out)


# Collecting garbage


def pool_keep(ctx: i64, p: i64, copy: i64) -> i64:
    """A pool in other room, its items copied."""
    out = keep_room(ctx, POOL)
    move(out, p, POOL)
    pool_grow(ctx, out, max(FEWEST, ld(p + 40) + ld(p + 40) // 2), copy)
    return out
