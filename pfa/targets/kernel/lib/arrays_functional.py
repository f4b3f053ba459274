"""Arrays and functions (a.*), from left to right; `pfa.lib.array_functional` has the meaning."""

from __future__ import annotations

from pfa.targets.kernel.language import call1, call2, call3, call4, call5, fail, i64, inline, ld, move, st
from pfa.targets.kernel.lib.arrays import array_prefix
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array, slice_array
from pfa.targets.kernel.lib.hashing import map_place, map_room, trim_array
from pfa.targets.kernel.lib.turns import first_turn, tidied, tidied_items


@inline
def unboxed(y: i64, unbox: i64) -> i64:
    """A value of union(B, null) that is not null, as a B."""
    return ld(y + 8) if unbox != 0 else y


@inline
def a_map(ctx: i64, a: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    n = length(a)
    out = new_array(ctx, n)
    turn = first_turn(ctx, rewind_item)
    for i in range(n):
        st(items(out) + i * 8, call1(f, ctx, env, item(a, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def a_mapWithIndex(ctx: i64, a: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    n = length(a)
    out = new_array(ctx, n)
    turn = first_turn(ctx, rewind_item)
    for i in range(n):
        st(items(out) + i * 8, call2(f, ctx, env, i, item(a, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def a_filter(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    out = new_array(ctx, length(a))
    n = 0
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a)):
        if call1(f, ctx, env, item(a, i)) != 0:
            st(items(out) + n * 8, item(a, i))
            n += 1
        tidied(ctx, turn, 0, rewind_none)
    return trim_array(out, n)


@inline
def a_filterWithIndex(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    out = new_array(ctx, length(a))
    n = 0
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a)):
        if call2(f, ctx, env, i, item(a, i)) != 0:
            st(items(out) + n * 8, item(a, i))
            n += 1
        tidied(ctx, turn, 0, rewind_none)
    return trim_array(out, n)


@inline
def a_filterMap(ctx: i64, a: i64, f: i64, env: i64, unbox: i64, rewind_item: i64) -> i64:
    out = new_array(ctx, length(a))
    n = 0
    turn = first_turn(ctx, rewind_item)
    for i in range(length(a)):
        y = call1(f, ctx, env, item(a, i))
        if y != 0:
            st(items(out) + n * 8, unboxed(y, unbox))
            n += 1
        tidied_items(ctx, turn, out, n, rewind_item)
    return trim_array(out, n)


@inline
def a_filterMapWithIndex(ctx: i64, a: i64, f: i64, env: i64, unbox: i64, rewind_item: i64) -> i64:
    out = new_array(ctx, length(a))
    n = 0
    turn = first_turn(ctx, rewind_item)
    for i in range(length(a)):
        y = call2(f, ctx, env, i, item(a, i))
        if y != 0:
            st(items(out) + n * 8, unboxed(y, unbox))
            n += 1
        tidied_items(ctx, turn, out, n, rewind_item)
    return trim_array(out, n)


def joined_parts(ctx: i64, parts: i64, total: i64) -> i64:
    """One array of an array's arrays."""
    out = new_array(ctx, total)
    to = items(out)
    for i in range(length(parts)):
        part = item(parts, i)
        move(to, items(part), length(part) * 8)
        to += length(part) * 8
    return out


@inline
def a_flatMap(ctx: i64, a: i64, f: i64, env: i64, rewind_part: i64) -> i64:
    n = length(a)
    parts = new_array(ctx, n)
    total = 0
    turn = first_turn(ctx, rewind_part)
    for i in range(n):
        part = call1(f, ctx, env, item(a, i))
        charge(ctx, length(part))
        total += length(part)
        st(items(parts) + i * 8, part)
        tidied_items(ctx, turn, parts, i + 1, rewind_part)
    return joined_parts(ctx, parts, total)


@inline
def a_flatMapWithIndex(ctx: i64, a: i64, f: i64, env: i64, rewind_part: i64) -> i64:
    n = length(a)
    parts = new_array(ctx, n)
    total = 0
    turn = first_turn(ctx, rewind_part)
    for i in range(n):
        part = call2(f, ctx, env, i, item(a, i))
        charge(ctx, length(part))
        total += length(part)
        st(items(parts) + i * 8, part)
        tidied_items(ctx, turn, parts, i + 1, rewind_part)
    return joined_parts(ctx, parts, total)


@inline
def a_zipmap__n3(ctx: i64, a: i64, b: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    n = length(a)
    if length(b) != n:
        fail(ctx, 15650)
    out = new_array(ctx, n)
    turn = first_turn(ctx, rewind_item)
    for i in range(n):
        st(items(out) + i * 8, call2(f, ctx, env, item(a, i), item(b, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def a_zipmap__n4(ctx: i64, a: i64, b: i64, c: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    n = length(a)
    if length(b) != n or length(c) != n:
        fail(ctx, 15650)
    out = new_array(ctx, n)
    turn = first_turn(ctx, rewind_item)
    for i in range(n):
        st(items(out) + i * 8, call3(f, ctx, env, item(a, i), item(b, i), item(c, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def a_zipmap__n5(ctx: i64, a: i64, b: i64, c: i64, d: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    n = length(a)
    if length(b) != n or length(c) != n or length(d) != n:
        fail(ctx, 15650)
    out = new_array(ctx, n)
    turn = first_turn(ctx, rewind_item)
    for i in range(n):
        st(items(out) + i * 8, call4(f, ctx, env, item(a, i), item(b, i), item(c, i), item(d, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def a_zipmapWithIndex__n3(ctx: i64, a: i64, b: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    n = length(a)
    if length(b) != n:
        fail(ctx, 15660)
    out = new_array(ctx, n)
    turn = first_turn(ctx, rewind_item)
    for i in range(n):
        st(items(out) + i * 8, call3(f, ctx, env, i, item(a, i), item(b, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def a_zipmapWithIndex__n4(ctx: i64, a: i64, b: i64, c: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    n = length(a)
    if length(b) != n or length(c) != n:
        fail(ctx, 15660)
    out = new_array(ctx, n)
    turn = first_turn(ctx, rewind_item)
    for i in range(n):
        st(items(out) + i * 8, call4(f, ctx, env, i, item(a, i), item(b, i), item(c, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def a_zipmapWithIndex__n5(ctx: i64, a: i64, b: i64, c: i64, d: i64, f: i64, env: i64, rewind_item: i64) -> i64:
    n = length(a)
    if length(b) != n or length(c) != n or length(d) != n:
        fail(ctx, 15660)
    out = new_array(ctx, n)
    turn = first_turn(ctx, rewind_item)
    for i in range(n):
        st(items(out) + i * 8, call5(f, ctx, env, i, item(a, i), item(b, i), item(c, i), item(d, i)))
        tidied_items(ctx, turn, out, i + 1, rewind_item)
    return out


@inline
def a_reduce(ctx: i64, a: i64, f: i64, env: i64, rewind_ret: i64) -> i64:
    if length(a) == 0:
        fail(ctx, 15670)
    tally = item(a, 0)
    turn = first_turn(ctx, rewind_ret)
    for i in range(1, length(a)):
        tally = call2(f, ctx, env, tally, item(a, i))
        tally = tidied(ctx, turn, tally, rewind_ret)
    return tally


@inline
def a_reduceRight(ctx: i64, a: i64, f: i64, env: i64, rewind_ret: i64) -> i64:
    n = length(a)
    if n == 0:
        fail(ctx, 15680)
    tally = item(a, n - 1)
    turn = first_turn(ctx, rewind_ret)
    for i in range(n - 2, -1, -1):
        tally = call2(f, ctx, env, item(a, i), tally)
        tally = tidied(ctx, turn, tally, rewind_ret)
    return tally


@inline
def a_fold(ctx: i64, a: i64, zero: i64, f: i64, env: i64, rewind_ret: i64) -> i64:
    tally = zero
    turn = first_turn(ctx, rewind_ret)
    for i in range(length(a)):
        tally = call2(f, ctx, env, tally, item(a, i))
        tally = tidied(ctx, turn, tally, rewind_ret)
    return tally


@inline
def a_foldRight(ctx: i64, a: i64, zero: i64, f: i64, env: i64, rewind_ret: i64) -> i64:
    tally = zero
    turn = first_turn(ctx, rewind_ret)
    for i in range(length(a) - 1, -1, -1):
        tally = call2(f, ctx, env, item(a, i), tally)
        tally = tidied(ctx, turn, tally, rewind_ret)
    return tally


@inline
def first_false(ctx: i64, a: i64, f: i64, env: i64, rewind: i64) -> i64:
    """The first position for which a test is false, or the length."""
    n = length(a)
    turn = first_turn(ctx, rewind)
    for i in range(n):
        if call1(f, ctx, env, item(a, i)) == 0:
            return i
        tidied(ctx, turn, 0, rewind)
    return n


@inline
def a_takeWhile(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    return array_prefix(ctx, a, first_false(ctx, a, f, env, rewind_none))


@inline
def a_dropWhile(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    start = first_false(ctx, a, f, env, rewind_none)
    return a if start == 0 else slice_array(ctx, a, start, length(a))


@inline
def a_any(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a)):
        if call1(f, ctx, env, item(a, i)) != 0:
            return True
        tidied(ctx, turn, 0, rewind_none)
    return False


@inline
def a_all(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    return first_false(ctx, a, f, env, rewind_none) == length(a)


@inline
def a_corresponds(ctx: i64, a: i64, b: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    if length(a) != length(b):
        return False
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a)):
        if call2(f, ctx, env, item(a, i), item(b, i)) == 0:
            return False
        tidied(ctx, turn, 0, rewind_none)
    return True


@inline
def a_correspondsWithIndex(ctx: i64, a: i64, b: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    if length(a) != length(b):
        return False
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a)):
        if call3(f, ctx, env, i, item(a, i), item(b, i)) == 0:
            return False
        tidied(ctx, turn, 0, rewind_none)
    return True


def a_groupby(ctx: i64, a: i64, f: i64, env: i64, rewind_key: i64) -> i64:
    n = length(a)
    m = map_room(ctx, n)
    places = alloc(ctx, n * 8)
    turn = first_turn(ctx, rewind_key)
    for i in range(n):
        pair = map_place(ctx, m, call1(f, ctx, env, item(a, i)))
        st(pair + 8, ld(pair + 8) + 1)
        st(places + i * 8, pair)
        tidied(ctx, turn, m, rewind_key)
    for i in range(length(m)):
        pair = items(m) + i * 16
        group = new_array(ctx, ld(pair + 8))
        st(group + 8, 0)
        st(pair + 8, group)
    for i in range(n):
        group = ld(ld(places + i * 8) + 8)
        st(items(group) + length(group) * 8, item(a, i))
        st(group + 8, length(group) + 1)
    return m
