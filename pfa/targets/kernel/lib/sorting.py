"""Sorting: stable, in n log n comparisons, by the order of a type or by a less-than function of the document.

What is sorted is words: slots, or positions of slots that lie at `base`.  `how` says how two slots compare:

    0, 1    integers                    2, 3    doubles, NaN last
    4       `f(a, b)` is -1, 0 or 1     5       `f(a, b)` is whether a comes before b
    6       the same, of a function that leaves garbage; `env` is {its own, what rewinds the arena, the turn}

(0 to 4 are what a kernel gets as `kind_item_0`.)  Up to 63 items are compared in the same pairs and order as CPython
does it, so a function that is no order gives the same result there.
"""

from __future__ import annotations

from pfa.targets.kernel.language import TOP, call2, i64, inline, ld, ldf, move, put, st, unbits
from pfa.targets.kernel.lib.base import alloc, charge
from pfa.targets.kernel.lib.state import order_doubles
from pfa.targets.kernel.lib.turns import start_turns, tidied

REAL = 2
ORDERED = 4
LESS_THAN = 5
TIDIED = 6
FEW = 64
RUN = 32


@inline
def compared(ctx: i64, how: i64, f: i64, x: i64, y: i64) -> i64:
    """-1, 0 or 1; `how` is no less-than function."""
    if how < REAL:
        return int(x > y) - int(x < y)
    if how < ORDERED:
        return order_doubles(unbits(x), unbits(y))
    return call2(f, ctx, 0, x, y)


@inline
def precedes(ctx: i64, how: i64, f: i64, env: i64, x: i64, y: i64) -> bool:
    """Does slot x come before slot y?"""
    if how < REAL:
        return x < y
    if how < ORDERED:
        return order_doubles(unbits(x), unbits(y)) < 0
    if how == ORDERED:
        return call2(f, ctx, 0, x, y) < 0
    if how == LESS_THAN:
        return call2(f, ctx, env, x, y) != 0
    return tidied_less(ctx, f, env, x, y)


def tidied_less(ctx: i64, f: i64, env: i64, x: i64, y: i64) -> bool:
    answer = call2(f, ctx, ld(env), x, y) != 0
    tidied(ctx, ld(env + 16), 0, ld(env + 8))
    return answer


@inline
def less_than(rewind: i64) -> i64:
    """How to compare by a less-than function."""
    return TIDIED if rewind != 0 else LESS_THAN


@inline
def less_env(ctx: i64, env: i64, rewind: i64) -> i64:
    """Its environment."""
    return tidied_env(ctx, env, rewind) if rewind != 0 else env


def tidied_env(ctx: i64, env: i64, rewind: i64) -> i64:
    at = alloc(ctx, 24)
    st(at, env)
    st(at + 8, rewind)
    return at


@inline
def begin_turns(ctx: i64, how: i64, env: i64) -> None:
    """What lies in the arena now stays there while functions are called."""
    if how == TIDIED:
        st(env + 16, start_turns(ctx))


@inline
def word_precedes(ctx: i64, how: i64, f: i64, env: i64, base: i64, x: i64, y: i64) -> bool:
    """The same of words, which are positions where there is a base."""
    if base == 0:
        return precedes(ctx, how, f, env, x, y)
    return precedes(ctx, how, f, env, ld(base + x * 8), ld(base + y * 8))


def reverse_words(at: i64, n: i64) -> None:
    """Turn words round, where they lie."""
    i = 0
    j = n - 1
    while i < j:
        x = ld(at + i * 8)
        st(at + i * 8, ld(at + j * 8))
        st(at + j * 8, x)
        i += 1
        j -= 1


def first_run(ctx: i64, at: i64, n: i64, how: i64, f: i64, env: i64, base: i64) -> i64:
    """How many words are in order at the beginning; descending ones are turned round first.  At least two words."""
    run = 2
    if word_precedes(ctx, how, f, env, base, ld(at + 8), ld(at)):
        while run < n and word_precedes(ctx, how, f, env, base, ld(at + run * 8), ld(at + run * 8 - 8)):
            run += 1
        reverse_words(at, run)
        return run
    while run < n and not word_precedes(ctx, how, f, env, base, ld(at + run * 8), ld(at + run * 8 - 8)):
        run += 1
    return run


def sort_few(ctx: i64, at: i64, n: i64, how: i64, f: i64, env: i64, base: i64) -> None:
    """Insertion with a binary search for the place."""
    if n < 2:
        return
    for start in range(first_run(ctx, at, n, how, f, env, base), n):
        pivot = ld(at + start * 8)
        low = 0
        high = start
        while low < high:
            middle = low + ((high - low) >> 1)
            if word_precedes(ctx, how, f, env, base, pivot, ld(at + middle * 8)):
                high = middle
            else:
                low = middle + 1
        move(at + low * 8 + 8, at + low * 8, (start - low) * 8)
        st(at + low * 8, pivot)


def merge_words(ctx: i64, p: i64, middle: i64, end: i64, to: i64, how: i64, f: i64, env: i64, base: i64) -> None:
    """Two sorted parts, one behind the other, into one; all are addresses."""
    q = middle
    if q >= end or not word_precedes(ctx, how, f, env, base, ld(q), ld(q - 8)):
        move(to, p, end - p)
        return
    while p < middle and q < end:
        if word_precedes(ctx, how, f, env, base, ld(q), ld(p)):
            st(to, ld(q))
            q += 8
        else:
            st(to, ld(p))
            p += 8
        to += 8
    move(to, p, middle - p)
    move(to + middle - p, q, end - q)


def sort_words(ctx: i64, at: i64, n: i64, how: i64, f: i64, env: i64, base: i64) -> None:
    """Sort words where they lie."""
    begin_turns(ctx, how, env)
    if n < FEW:
        sort_few(ctx, at, n, how, f, env, base)
        return
    for i in range(0, n, RUN):
        sort_few(ctx, at + i * 8, min(RUN, n - i), how, f, env, base)
    other = alloc(ctx, n * 8)
    begin_turns(ctx, how, env)
    source = at
    target = other
    width = RUN * 8
    end = n * 8
    while width < end:
        charge(ctx, n // 4)
        low = 0
        while low < end:
            middle = source + min(low + width, end)
            high = min(low + 2 * width, end)
            merge_words(ctx, source + low, middle, source + high, target + low, how, f, env, base)
            low = high
        swap = source
        source = target
        target = swap
        width = width * 2
    if source != at:
        move(at, source, end)
    if how < ORDERED:  # else what functions made may lie behind it
        put(ctx, TOP, other)


def sort_either(ctx: i64, at: i64, n: i64, how: i64, f: i64, env: i64, base: i64, greatest: bool) -> None:
    """Sort words, the greatest first if so asked; equal ones keep their order."""
    if greatest:
        reverse_words(at, n)
    sort_words(ctx, at, n, how, f, env, base)
    if greatest:
        reverse_words(at, n)


def ranked(ctx: i64, data: i64, n: i64, how: i64, f: i64, env: i64, greatest: bool) -> i64:
    """Positions of slots in order; the address of the words."""
    at = alloc(ctx, n * 8)
    for i in range(n):
        st(at + i * 8, i)
    sort_either(ctx, at, n, how, f, env, data, greatest)
    return at


@inline
def first_best_double(data: i64, n: i64, greatest: bool) -> i64:
    """The same of doubles; NaN is the greatest.  What is best so far is in a register, and there are no jumps."""
    best = 0
    x = ldf(data)
    for i in range(1, n):
        y = ldf(data + i * 8)
        more = int(y > x) | (int(y != y) & int(x == x))
        less = int(y < x) | (int(x != x) & int(y == y))
        better = (more if greatest else less) != 0
        best = i if better else best
        x = y if better else x
    return best


@inline
def first_best(ctx: i64, data: i64, n: i64, how: i64, f: i64, env: i64, greatest: bool) -> i64:
    """The first position of the greatest or the least slot, of one at least."""
    if how >= REAL and how < ORDERED:
        return first_best_double(data, n, greatest)
    best = 0
    begin_turns(ctx, how, env)
    for i in range(1, n):
        if greatest:
            if precedes(ctx, how, f, env, ld(data + best * 8), ld(data + i * 8)):
                best = i
        elif precedes(ctx, how, f, env, ld(data + i * 8), ld(data + best * 8)):
            best = i
    return best
