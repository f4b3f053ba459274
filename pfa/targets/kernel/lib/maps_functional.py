"""Maps and functions (map.*), in the order of their keys; `pfa.lib.map_functional` has the meaning."""

from __future__ import annotations

from pfa.targets.kernel.language import call1, call2, call3, call4, call5, fail, i64, inline, move, st
from pfa.targets.kernel.lib.arrays_functional import unboxed
from pfa.targets.kernel.lib.base import items, length, new_array
from pfa.targets.kernel.lib.hashing import key_at, map_push, map_value, value_at
from pfa.targets.kernel.lib.maps import empty_map, keys_inside, map_join
from pfa.targets.kernel.lib.state import new_map
from pfa.targets.kernel.lib.turns import first_turn, tidied, tidied_items


def same_keys(ctx: i64, m: i64) -> i64:
    """A map with these keys, whose values the caller stores."""
    out = new_map(ctx, length(m))
    move(items(out), items(m), length(m) * 16)
    return out


@inline
def put_value(m: i64, i: i64, x: i64) -> None:
    st(items(m) + i * 16 + 8, x)


@inline
def aligned(ctx: i64, a: i64, b: i64) -> bool:
    """Have two maps the same keys?"""
    return length(a) == length(b) and keys_inside(ctx, a, b)


@inline
def map_map(ctx: i64, m: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    out = same_keys(ctx, m)
    turn = first_turn(ctx, rewind_item)
    for i in range(length(m)):
        put_value(out, i, call1(f, ctx, env, value_at(m, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def map_mapWithKey(ctx: i64, m: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    out = same_keys(ctx, m)
    turn = first_turn(ctx, rewind_item)
    for i in range(length(m)):
        put_value(out, i, call2(f, ctx, env, key_at(m, i), value_at(m, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def map_filter(ctx: i64, m: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    out = empty_map(ctx, length(m))
    turn = first_turn(ctx, rewind_none)
    for i in range(length(m)):
        if call1(f, ctx, env, value_at(m, i)) != 0:
            map_push(out, key_at(m, i), value_at(m, i))
        tidied(ctx, turn, 0, rewind_none)
    return out


@inline
def map_filterWithKey(ctx: i64, m: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    out = empty_map(ctx, length(m))
    turn = first_turn(ctx, rewind_none)
    for i in range(length(m)):
        if call2(f, ctx, env, key_at(m, i), value_at(m, i)) != 0:
            map_push(out, key_at(m, i), value_at(m, i))
        tidied(ctx, turn, 0, rewind_none)
    return out


@inline
def map_filterMap(ctx: i64, m: i64, f: i64, env: i64, unbox: i64, rewind_item: i64) -> i64:
    out = empty_map(ctx, length(m))
    turn = first_turn(ctx, rewind_item)
    for i in range(length(m)):
        y = call1(f, ctx, env, value_at(m, i))
        if y != 0:
            map_push(out, key_at(m, i), unboxed(y, unbox))
        tidied_items(ctx, turn, out, length(out), rewind_item)
    return out


@inline
def map_filterMapWithKey(ctx: i64, m: i64, f: i64, env: i64, unbox: i64, rewind_item: i64) -> i64:
    out = empty_map(ctx, length(m))
    turn = first_turn(ctx, rewind_item)
    for i in range(length(m)):
        y = call2(f, ctx, env, key_at(m, i), value_at(m, i))
        if y != 0:
            map_push(out, key_at(m, i), unboxed(y, unbox))
        tidied_items(ctx, turn, out, length(out), rewind_item)
    return out


@inline
def map_flatMap(ctx: i64, m: i64, f: i64, env: i64, rewind_part: i64) -> i64:
    parts = new_array(ctx, length(m))
    turn = first_turn(ctx, rewind_part)
    for i in range(length(m)):
        st(items(parts) + i * 8, call1(f, ctx, env, value_at(m, i)))
        tidied_items(ctx, turn, parts, i + 1, rewind_part)
    return map_join(ctx, parts)


@inline
def map_flatMapWithKey(ctx: i64, m: i64, f: i64, env: i64, rewind_part: i64) -> i64:
    parts = new_array(ctx, length(m))
    turn = first_turn(ctx, rewind_part)
    for i in range(length(m)):
        st(items(parts) + i * 8, call2(f, ctx, env, key_at(m, i), value_at(m, i)))
        tidied_items(ctx, turn, parts, i + 1, rewind_part)
    return map_join(ctx, parts)


@inline
def map_zipmap__n3(ctx: i64, a: i64, b: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    if not aligned(ctx, a, b):
        fail(ctx, 26370)
    out = same_keys(ctx, a)
    turn = first_turn(ctx, rewind_item)
    for i in range(length(a)):
        key = key_at(a, i)
        put_value(out, i, call2(f, ctx, env, value_at(a, i), map_value(ctx, b, key)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def map_zipmap__n4(ctx: i64, a: i64, b: i64, c: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    if not (aligned(ctx, a, b) and aligned(ctx, a, c)):
        fail(ctx, 26370)
    out = same_keys(ctx, a)
    turn = first_turn(ctx, rewind_item)
    for i in range(length(a)):
        key = key_at(a, i)
        put_value(out, i, call3(f, ctx, env, value_at(a, i), map_value(ctx, b, key), map_value(ctx, c, key)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def map_zipmap__n5(ctx: i64, a: i64, b: i64, c: i64, d: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    if not (aligned(ctx, a, b) and aligned(ctx, a, c) and aligned(ctx, a, d)):
        fail(ctx, 26370)
    out = same_keys(ctx, a)
    turn = first_turn(ctx, rewind_item)
    for i in range(length(a)):
        key = key_at(a, i)
        put_value(
            out,
            i,
            call4(f, ctx, env, value_at(a, i), map_value(ctx, b, key), map_value(ctx, c, key), map_value(ctx, d, key)),
        )
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def map_zipmapWithKey__n3(ctx: i64, a: i64, b: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    if not aligned(ctx, a, b):
        fail(ctx, 26380)
    out = same_keys(ctx, a)
    turn = first_turn(ctx, rewind_item)
    for i in range(length(a)):
        key = key_at(a, i)
        put_value(out, i, call3(f, ctx, env, key, value_at(a, i), map_value(ctx, b, key)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def map_zipmapWithKey__n4(ctx: i64, a: i64, b: i64, c: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    if not (aligned(ctx, a, b) and aligned(ctx, a, c)):
        fail(ctx, 26380)
    out = same_keys(ctx, a)
    turn = first_turn(ctx, rewind_item)
    for i in range(length(a)):
        key = key_at(a, i)
        put_value(out, i, call4(f, ctx, env, key, value_at(a, i), map_value(ctx, b, key), map_value(ctx, c, key)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def map_zipmapWithKey__n5(ctx: i64, a: i64, b: i64, c: i64, d: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    if not (aligned(ctx, a, b) and aligned(ctx, a, c) and aligned(ctx, a, d)):
        fail(ctx, 26380)
    out = same_keys(ctx, a)
    turn = first_turn(ctx, rewind_item)
    for i in range(length(a)):
        key = key_at(a, i)
        put_value(
            out,
            i,
            call5(
                f, ctx, env, key, value_at(a, i), map_value(ctx, b, key), map_value(ctx, c, key), map_value(ctx, d, key)
            ),
        )
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def map_corresponds(ctx: i64, a: i64, b: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    if not aligned(ctx, a, b):
        return False
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a)):
        key = key_at(a, i)
        if call2(f, ctx, env, value_at(a, i), map_value(ctx, b, key)) == 0:
            return False
        tidied(ctx, turn, 0, rewind_none)
    return True


@inline
def map_correspondsWithKey(ctx: i64, a: i64, b: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    if not aligned(ctx, a, b):
        return False
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a)):
        key = key_at(a, i)
        if call3(f, ctx, env, key, value_at(a, i), map_value(ctx, b, key)) == 0:
            return False
        tidied(ctx, turn, 0, rewind_none)
    return True
