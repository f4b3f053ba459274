"""Searching in arrays (a.*); `pfa.lib.array_search` has the meaning.

`run_1` says whether the needle is an array of successive items, not an item; for a function there are kernels of
their own.
"""

from __future__ import annotations

from pfa.targets.kernel.language import call1, i64, inline, ld, st
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, slice_array
from pfa.targets.kernel.lib.sorting import compared, reverse_words
from pfa.targets.kernel.lib.turns import first_turn, tidied


@inline
def same_item(ctx: i64, kind: i64, order: i64, x: i64, y: i64) -> bool:
    return compared(ctx, kind, order, x, y) == 0


def item_borders(ctx: i64, needle: i64, kind: i64, order: i64) -> i64:
    """For each prefix of the needle, the length of its longest proper suffix that is also its prefix; the words."""
    n = length(needle)
    back = alloc(ctx, n * 8)
    st(back, 0)
    size = 0
    for i in range(1, n):
        while size > 0 and not same_item(ctx, kind, order, item(needle, i), item(needle, size)):
            size = ld(back + size * 8 - 8)
        if size > 0 or same_item(ctx, kind, order, item(needle, i), item(needle, 0)):
            size += 1
        st(back + i * 8, size)
    return back


def find_runs(ctx: i64, a: i64, needle: i64, kind: i64, order: i64, every: bool) -> i64:
    """Where a needle that is not empty begins, or -1; with `every`, how often it does.

    Knuth, Morris and Pratt, "Fast pattern matching in strings" (1977): no needle makes the search quadratic.
    """
    n = length(needle)
    charge(ctx, n)
    back = item_borders(ctx, needle, kind, order)
    size = 0
    count = 0
    for i in range(length(a)):
        while size > 0 and not same_item(ctx, kind, order, item(a, i), item(needle, size)):
            size = ld(back + size * 8 - 8)
        if size > 0 or same_item(ctx, kind, order, item(a, i), item(needle, 0)):
            size += 1
        if size == n:
            if not every:
                return i - n + 1
            count += 1
            size = ld(back + size * 8 - 8)
    return count if every else -1


def find_item(ctx: i64, a: i64, x: i64, kind: i64, order: i64) -> i64:
    """The lowest position of an item, or -1."""
    for i in range(length(a)):
        if same_item(ctx, kind, order, item(a, i), x):
            return i
    return -1


def find_last(ctx: i64, a: i64, x: i64, kind: i64, order: i64) -> i64:
    """The highest position of an item, or -1."""
    for i in range(length(a) - 1, -1, -1):
        if same_item(ctx, kind, order, item(a, i), x):
            return i
    return -1


def count_items(ctx: i64, a: i64, x: i64, kind: i64, order: i64) -> i64:
    n = 0
    for i in range(length(a)):
        if same_item(ctx, kind, order, item(a, i), x):
            n += 1
    return n


@inline
def find_true(ctx: i64, a: i64, f: i64, env: i64, rewind: i64) -> i64:
    """The lowest position for which a test is true, or -1."""
    turn = first_turn(ctx, rewind)
    for i in range(length(a)):
        if call1(f, ctx, env, item(a, i)) != 0:
            return i
        tidied(ctx, turn, 0, rewind)
    return -1


def a_index(ctx: i64, a: i64, needle: i64, run_1: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    if run_1 == 0:
        return find_item(ctx, a, needle, kind_item_0, order_item_0)
    if length(needle) == 0:
        return 0
    return find_runs(ctx, a, needle, kind_item_0, order_item_0, False)


@inline
def a_index__array_fcn(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    return find_true(ctx, a, f, env, rewind_none)


@inline
def a_contains(ctx: i64, a: i64, needle: i64, run_1: i64, order_item_0: i64, kind_item_0: i64) -> bool:
    return a_index(ctx, a, needle, run_1, order_item_0, kind_item_0) >= 0


@inline
def a_contains__array_fcn(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> bool:
    return find_true(ctx, a, f, env, rewind_none) >= 0


def a_count(ctx: i64, a: i64, needle: i64, run_1: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    if run_1 == 0:
        return count_items(ctx, a, needle, kind_item_0, order_item_0)
    if length(needle) == 0:
        return 0
    return find_runs(ctx, a, needle, kind_item_0, order_item_0, True)


@inline
def a_count__array_fcn(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    n = 0
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a)):
        if call1(f, ctx, env, item(a, i)) != 0:
            n += 1
        tidied(ctx, turn, 0, rewind_none)
    return n


def turned_round(ctx: i64, a: i64) -> i64:
    out = slice_array(ctx, a, 0, length(a))
    reverse_words(items(out), length(out))
    return out


def a_rindex(ctx: i64, a: i64, needle: i64, run_1: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    if run_1 == 0:
        return find_last(ctx, a, needle, kind_item_0, order_item_0)
    n = length(needle)
    if n == 0:
        return length(a)
    at = find_runs(ctx, turned_round(ctx, a), turned_round(ctx, needle), kind_item_0, order_item_0, False)
    return length(a) - n - at if at >= 0 else -1


@inline
def a_rindex__array_fcn(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    turn = first_turn(ctx, rewind_none)
    for i in range(length(a) - 1, -1, -1):
        if call1(f, ctx, env, item(a, i)) != 0:
            return i
        tidied(ctx, turn, 0, rewind_none)
    return -1


def run_is_at(ctx: i64, a: i64, at: i64, needle: i64, kind: i64, order: i64) -> bool:
    n = length(needle)
    if at < 0 or at > length(a) - n:
        return False
    charge(ctx, n)
    for i in range(n):
        if not same_item(ctx, kind, order, item(a, at + i), item(needle, i)):
            return False
    return True


def a_startswith(ctx: i64, a: i64, needle: i64, run_1: i64, order_item_0: i64, kind_item_0: i64) -> bool:
    if run_1 != 0:
        return run_is_at(ctx, a, 0, needle, kind_item_0, order_item_0)
    return length(a) > 0 and same_item(ctx, kind_item_0, order_item_0, item(a, 0), needle)


def a_endswith(ctx: i64, a: i64, needle: i64, run_1: i64, order_item_0: i64, kind_item_0: i64) -> bool:
    n = length(a)
    if run_1 != 0:
        return run_is_at(ctx, a, n - length(needle), needle, kind_item_0, order_item_0)
    return n > 0 and same_item(ctx, kind_item_0, order_item_0, item(a, n - 1), needle)
