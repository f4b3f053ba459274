"""Order in arrays (a.*): sorting, the greatest and the least; `pfa.lib.array_order` has the meaning."""

from __future__ import annotations

from pfa.targets.kernel.language import fail, i64, inline
from pfa.targets.kernel.lib.base import item, items, length, slice_array, view
from pfa.targets.kernel.lib.hashing import trim_array
from pfa.targets.kernel.lib.sorting import first_best, less_env, less_than, ranked, sort_either


@inline
def check_filled(ctx: i64, a: i64, code: i64) -> None:
    if length(a) == 0:
        fail(ctx, code)


@inline
def check_several(ctx: i64, a: i64, n: i64, code: i64) -> None:
    check_filled(ctx, a, code)
    if n < 0:
        fail(ctx, code + 1)


def several(ctx: i64, a: i64, n: i64, how: i64, f: i64, env: i64, greatest: bool) -> i64:
    """The `n` greatest or least items, the most extreme first."""
    out = slice_array(ctx, a, 0, length(a))
    sort_either(ctx, items(out), length(out), how, f, env, 0, greatest)
    return trim_array(out, min(n, length(out)))


def several_places(ctx: i64, a: i64, n: i64, how: i64, f: i64, env: i64, greatest: bool) -> i64:
    """Their positions."""
    at = ranked(ctx, items(a), length(a), how, f, env, greatest)
    return slice_array(ctx, view(ctx, at, length(a)), 0, min(n, length(a)))


def a_sort(ctx: i64, a: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    return several(ctx, a, length(a), kind_item_0, order_item_0, 0, False)


def a_sortLT(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    return several(ctx, a, length(a), less_than(rewind_none), f, less_env(ctx, env, rewind_none), False)


@inline
def a_max(ctx: i64, a: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_filled(ctx, a, 15240)
    return item(a, first_best(ctx, items(a), length(a), kind_item_0, order_item_0, 0, True))


@inline
def a_min(ctx: i64, a: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_filled(ctx, a, 15250)
    return item(a, first_best(ctx, items(a), length(a), kind_item_0, order_item_0, 0, False))


@inline
def a_maxLT(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_filled(ctx, a, 15260)
    return item(a, a_argmaxLT(ctx, a, f, env, rewind_none))


@inline
def a_minLT(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_filled(ctx, a, 15270)
    return item(a, a_argminLT(ctx, a, f, env, rewind_none))


def a_maxN(ctx: i64, a: i64, n: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_several(ctx, a, n, 15280)
    return several(ctx, a, n, kind_item_0, order_item_0, 0, True)


def a_minN(ctx: i64, a: i64, n: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_several(ctx, a, n, 15290)
    return several(ctx, a, n, kind_item_0, order_item_0, 0, False)


def a_maxNLT(ctx: i64, a: i64, n: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_several(ctx, a, n, 15300)
    return several(ctx, a, n, less_than(rewind_none), f, less_env(ctx, env, rewind_none), True)


def a_minNLT(ctx: i64, a: i64, n: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_several(ctx, a, n, 15310)
    return several(ctx, a, n, less_than(rewind_none), f, less_env(ctx, env, rewind_none), False)


@inline
def a_argmax(ctx: i64, a: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_filled(ctx, a, 15320)
    return first_best(ctx, items(a), length(a), kind_item_0, order_item_0, 0, True)


@inline
def a_argmin(ctx: i64, a: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_filled(ctx, a, 15330)
    return first_best(ctx, items(a), length(a), kind_item_0, order_item_0, 0, False)


@inline
def a_argmaxLT(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_filled(ctx, a, 15340)
    return first_best(ctx, items(a), length(a), less_than(rewind_none), f, less_env(ctx, env, rewind_none), True)


@inline
def a_argminLT(ctx: i64, a: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_filled(ctx, a, 15350)
    return first_best(ctx, items(a), length(a), less_than(rewind_none), f, less_env(ctx, env, rewind_none), False)


def a_argmaxN(ctx: i64, a: i64, n: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_several(ctx, a, n, 15360)
    return several_places(ctx, a, n, kind_item_0, order_item_0, 0, True)


def a_argminN(ctx: i64, a: i64, n: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_several(ctx, a, n, 15370)
    return several_places(ctx, a, n, kind_item_0, order_item_0, 0, False)


def a_argmaxNLT(ctx: i64, a: i64, n: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_several(ctx, a, n, 15380)
    return several_places(ctx, a, n, less_than(rewind_none), f, less_env(ctx, env, rewind_none), True)


def a_argminNLT(ctx: i64, a: i64, n: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_several(ctx, a, n, 15390)
    return several_places(ctx, a, n, less_than(rewind_none), f, less_env(ctx, env, rewind_none), False)
