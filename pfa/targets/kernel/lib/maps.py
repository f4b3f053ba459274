"""Maps (map.*), in the order in which their keys were added; `pfa.lib.map` and its families have the meaning."""

from __future__ import annotations

from pfa.targets.kernel.language import call1, call2, i64, inline, ld, move, st
from pfa.targets.kernel.lib.arrays_search import same_item
from pfa.targets.kernel.lib.base import charge, item, items, length, new_array
from pfa.targets.kernel.lib.base64 import base64_of
from pfa.targets.kernel.lib.hashing import (
    key_at,
    map_has,
    map_overlay,
    map_place,
    map_push,
    map_room,
    value_at,
)
from pfa.targets.kernel.lib.printing import new_writer
from pfa.targets.kernel.lib.state import map_find, map_put, new_map
from pfa.targets.kernel.lib.turns import first_turn, tidied


def empty_map(ctx: i64, n: i64) -> i64:
    """A map with room for n pairs that are pushed."""
    m = new_map(ctx, n)
    st(m + 8, 0)
    st(items(m) - 8, 0)
    return m


@inline
def map_len(m: i64) -> i64:
    return length(m)


def map_keys(ctx: i64, m: i64) -> i64:
    n = length(m)
    out = new_array(ctx, n)
    for i in range(n):
        st(items(out) + i * 8, key_at(m, i))
    return out


def map_values(ctx: i64, m: i64) -> i64:
    n = length(m)
    out = new_array(ctx, n)
    for i in range(n):
        st(items(out) + i * 8, value_at(m, i))
    return out


@inline
def map_containsKey(ctx: i64, m: i64, key: i64) -> bool:
    return map_has(ctx, m, key)


@inline
def map_containsKey__map_fcn(ctx: i64, m: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    charge(ctx, length(m))
    turn = first_turn(ctx, rewind_none)
    for i in range(length(m)):
        if call1(f, ctx, env, key_at(m, i)) != 0:
            return True
        tidied(ctx, turn, 0, rewind_none)
    return False


def map_containsValue(ctx: i64, m: i64, x: i64, kind_1: i64, order_1: i64) -> bool:
    for i in range(length(m)):
        if same_item(ctx, kind_1, order_1, value_at(m, i), x):
            return True
    return False


@inline
def map_containsValue__map_fcn(ctx: i64, m: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    turn = first_turn(ctx, rewind_none)
    for i in range(length(m)):
        if call1(f, ctx, env, value_at(m, i)) != 0:
            return True
        tidied(ctx, turn, 0, rewind_none)
    return False


def map_add__n3(ctx: i64, m: i64, key: i64, x: i64) -> i64:
    return map_put(ctx, m, key, x)


def set_key(ctx: i64, x: i64, avro: i64) -> i64:
    """The key of an item in a set: its Avro encoding in base64."""
    w = new_writer(ctx, 64)
    call2(avro, ctx, 0, w, x)
    return base64_of(ctx, ld(w), ld(w + 8))


def map_add__n2(ctx: i64, m: i64, x: i64, avro_1: i64) -> i64:
    return map_put(ctx, m, set_key(ctx, x, avro_1), x)


def map_remove(ctx: i64, m: i64, key: i64) -> i64:
    found = map_find(ctx, m, key)
    if found == 0:
        return m
    out = new_map(ctx, length(m) - 1)
    before = found - items(m)
    move(items(out), items(m), before)
    move(items(out) + before, found + 16, length(m) * 16 - before - 16)
    return out


def map_only(ctx: i64, m: i64, keys: i64) -> i64:
    out = map_room(ctx, min(length(keys), length(m)))
    for i in range(length(keys)):
        found = map_find(ctx, m, item(keys, i))
        if found != 0:
            st(map_place(ctx, out, item(keys, i)) + 8, ld(found + 8))
    return out


def map_except(ctx: i64, m: i64, keys: i64) -> i64:
    unwanted = map_room(ctx, length(keys))
    for i in range(length(keys)):
        map_place(ctx, unwanted, item(keys, i))
    return pairs_by_key(ctx, m, unwanted, False)


def pairs_by_key(ctx: i64, m: i64, other: i64, wanted: bool) -> i64:
    """The pairs whose keys are in the other map, or those whose keys are not."""
    out = empty_map(ctx, length(m))
    for i in range(length(m)):
        if map_has(ctx, other, key_at(m, i)) == wanted:
            map_push(out, key_at(m, i), value_at(m, i))
    return out


def map_update(ctx: i64, base: i64, overlay: i64) -> i64:
    out = map_room(ctx, length(base) + length(overlay))
    map_overlay(ctx, out, base)
    map_overlay(ctx, out, overlay)
    return out


def map_split(ctx: i64, m: i64) -> i64:
    n = length(m)
    out = new_array(ctx, n)
    for i in range(n):
        one = empty_map(ctx, 1)
        map_push(one, key_at(m, i), value_at(m, i))
        st(items(out) + i * 8, one)
    return out


def map_join(ctx: i64, a: i64) -> i64:
    """Of equal keys the last counts."""
    total = 0
    for i in range(length(a)):
        total += length(item(a, i))
    charge(ctx, total)
    out = map_room(ctx, total)
    for i in range(length(a)):
        map_overlay(ctx, out, item(a, i))
    return out


# Sets of objects


def map_toset(ctx: i64, a: i64, avro_item_0: i64) -> i64:
    out = map_room(ctx, length(a))
    for i in range(length(a)):
        st(map_place(ctx, out, set_key(ctx, item(a, i), avro_item_0)) + 8, item(a, i))
    return out


def map_fromset(ctx: i64, s: i64) -> i64:
    return map_values(ctx, s)


def map_in(ctx: i64, s: i64, x: i64, avro_1: i64) -> bool:
    return map_has(ctx, s, set_key(ctx, x, avro_1))


def map_union(ctx: i64, a: i64, b: i64) -> i64:
    return map_update(ctx, a, b)


def map_intersection(ctx: i64, a: i64, b: i64) -> i64:
    return pairs_by_key(ctx, a, b, True)


def map_diff(ctx: i64, a: i64, b: i64) -> i64:
    return pairs_by_key(ctx, a, b, False)


def map_symdiff(ctx: i64, a: i64, b: i64) -> i64:
    return map_update(ctx, pairs_by_key(ctx, a, b, False), pairs_by_key(ctx, b, a, False))


def keys_inside(ctx: i64, a: i64, b: i64) -> bool:
    """Is every key of the first a key of the second?"""
    for i in range(length(a)):
        if not map_has(ctx, b, key_at(a, i)):
            return False
    return True


def map_subset(ctx: i64, little: i64, big: i64) -> bool:
    return length(little) <= length(big) and keys_inside(ctx, little, big)


def map_disjoint(ctx: i64, a: i64, b: i64) -> bool:
    for i in range(length(a)):
        if map_has(ctx, b, key_at(a, i)):
            return False
    return True
