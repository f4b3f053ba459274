"""Keys of the greatest and the least values of maps (map.*); `pfa.lib.map_order` has the meaning.

Of equal values the first key in the order of code points is chosen.
"""

from __future__ import annotations

from pfa.targets.kernel.language import i64, ld, st
from pfa.targets.kernel.lib.arrays_order import check_filled, check_several
from pfa.targets.kernel.lib.base import alloc, items, length, new_array
from pfa.targets.kernel.lib.sorting import first_best, less_env, less_than, ranked
from pfa.targets.kernel.lib.state import sorted_pairs


def values_of(ctx: i64, pairs: i64, n: i64) -> i64:
    """The values of pairs, as words."""
    at = alloc(ctx, n * 8)
    for i in range(n):
        st(at + i * 8, ld(pairs + i * 16 + 8))
    return at


def best_key(ctx: i64, m: i64, how: i64, f: i64, env: i64, greatest: bool) -> i64:
    pairs = sorted_pairs(ctx, m)
    values = values_of(ctx, pairs, length(m))
    return ld(pairs + first_best(ctx, values, length(m), how, f, env, greatest) * 16)


def best_keys(ctx: i64, m: i64, n: i64, how: i64, f: i64, env: i64, greatest: bool) -> i64:
    pairs = sorted_pairs(ctx, m)
    at = ranked(ctx, values_of(ctx, pairs, length(m)), length(m), how, f, env, greatest)
    out = new_array(ctx, min(n, length(m)))
    for i in range(length(out)):
        st(items(out) + i * 8, ld(pairs + ld(at + i * 8) * 16))
    return out


def map_argmax(ctx: i64, m: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_filled(ctx, m, 26120)
    return best_key(ctx, m, kind_item_0, order_item_0, 0, True)


def map_argmin(ctx: i64, m: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_filled(ctx, m, 26130)
    return best_key(ctx, m, kind_item_0, order_item_0, 0, False)


def map_argmaxLT(ctx: i64, m: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_filled(ctx, m, 26140)
    return best_key(ctx, m, less_than(rewind_none), f, less_env(ctx, env, rewind_none), True)


def map_argminLT(ctx: i64, m: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_filled(ctx, m, 26150)
    return best_key(ctx, m, less_than(rewind_none), f, less_env(ctx, env, rewind_none), False)


def map_argmaxN(ctx: i64, m: i64, n: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_several(ctx, m, n, 26160)
    return best_keys(ctx, m, n, kind_item_0, order_item_0, 0, True)


def map_argminN(ctx: i64, m: i64, n: i64, order_item_0: i64, kind_item_0: i64) -> i64:
    check_several(ctx, m, n, 26170)
    return best_keys(ctx, m, n, kind_item_0, order_item_0, 0, False)


def map_argmaxNLT(ctx: i64, m: i64, n: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_several(ctx, m, n, 26180)
    return best_keys(ctx, m, n, less_than(rewind_none), f, less_env(ctx, env, rewind_none), True)


def map_argminNLT(ctx: i64, m: i64, n: i64, f: i64, env: i64, rewind_none: i64) -> i64:
    check_several(ctx, m, n, 26190)
    return best_keys(ctx, m, n, less_than(rewind_none), f, less_env(ctx, env, rewind_none), False)
