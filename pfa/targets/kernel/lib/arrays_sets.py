"""Arrays as sets (a.*): hashed, so that work grows with the items; `pfa.lib.array_sets` has the meaning."""

from __future__ import annotations

from pfa.targets.kernel.language import fill, i64, ld8, st, st8
from pfa.targets.kernel.lib.base import alloc, array_concat, item, items, length, new_array
from pfa.targets.kernel.lib.hashing import set_find, set_of, trim_array


def push_only(ctx: i64, out: i64, n: i64, a: i64, s: i64, wanted: bool, kind: i64, hash: i64, order: i64) -> i64:
    """Store those items of `a` that are in the set (or that are not) from position n; the position behind them."""
    for i in range(length(a)):
        x = item(a, i)
        if (set_find(ctx, s, x, kind, hash, order, False) >= 0) == wanted:
            st(items(out) + n * 8, x)
            n += 1
    return n


def all_inside(ctx: i64, a: i64, s: i64, kind: i64, hash: i64, order: i64) -> bool:
    for i in range(length(a)):
        if set_find(ctx, s, item(a, i), kind, hash, order, False) < 0:
            return False
    return True


def a_distinct(ctx: i64, a: i64, kind_item_0: i64, hash_item_0: i64, order_item_0: i64) -> i64:
    s = set_of(ctx, a, kind_item_0, hash_item_0, order_item_0)
    return trim_array(s, length(s))


def a_seteq(ctx: i64, a: i64, b: i64, kind_item_0: i64, hash_item_0: i64, order_item_0: i64) -> bool:
    s = set_of(ctx, a, kind_item_0, hash_item_0, order_item_0)
    left = length(s)
    seen = alloc(ctx, left)
    fill(seen, 0, left)
    for i in range(length(b)):
        at = set_find(ctx, s, item(b, i), kind_item_0, hash_item_0, order_item_0, False)
        if at < 0:
            return False
        if ld8(seen + at) == 0:
            st8(seen + at, 1)
            left -= 1
    return left == 0


def a_union(ctx: i64, a: i64, b: i64, kind_item_0: i64, hash_item_0: i64, order_item_0: i64) -> i64:
    s = set_of(ctx, array_concat(ctx, a, b), kind_item_0, hash_item_0, order_item_0)
    return trim_array(s, length(s))


def a_intersection(ctx: i64, a: i64, b: i64, kind_item_0: i64, hash_item_0: i64, order_item_0: i64) -> i64:
    p = set_of(ctx, a, kind_item_0, hash_item_0, order_item_0)
    q = set_of(ctx, b, kind_item_0, hash_item_0, order_item_0)
    out = new_array(ctx, length(a) + length(b))
    n = push_only(ctx, out, 0, a, q, True, kind_item_0, hash_item_0, order_item_0)
    return trim_array(out, push_only(ctx, out, n, b, p, True, kind_item_0, hash_item_0, order_item_0))


def a_diff(ctx: i64, a: i64, b: i64, kind_item_0: i64, hash_item_0: i64, order_item_0: i64) -> i64:
    q = set_of(ctx, b, kind_item_0, hash_item_0, order_item_0)
    out = new_array(ctx, length(a))
    return trim_array(out, push_only(ctx, out, 0, a, q, False, kind_item_0, hash_item_0, order_item_0))


def a_symdiff(ctx: i64, a: i64, b: i64, kind_item_0: i64, hash_item_0: i64, order_item_0: i64) -> i64:
    p = set_of(ctx, a, kind_item_0, hash_item_0, order_item_0)
    q = set_of(ctx, b, kind_item_0, hash_item_0, order_item_0)
    out = new_array(ctx, length(a) + length(b))
    n = push_only(ctx, out, 0, a, q, False, kind_item_0, hash_item_0, order_item_0)
    return trim_array(out, push_only(ctx, out, n, b, p, False, kind_item_0, hash_item_0, order_item_0))


def a_subset(ctx: i64, a: i64, b: i64, kind_item_0: i64, hash_item_0: i64, order_item_0: i64) -> bool:
    s = set_of(ctx, b, kind_item_0, hash_item_0, order_item_0)
    return all_inside(ctx, a, s, kind_item_0, hash_item_0, order_item_0)


def a_disjoint(ctx: i64, a: i64, b: i64, kind_item_0: i64, hash_item_0: i64, order_item_0: i64) -> bool:
    s = set_of(ctx, a, kind_item_0, hash_item_0, order_item_0)
    for i in range(length(b)):
        if set_find(ctx, s, item(b, i), kind_item_0, hash_item_0, order_item_0, False) >= 0:
            return False
    return True
