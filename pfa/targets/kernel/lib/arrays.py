"""Arrays, first family (a.*): parts of an array and arrays made of others; `pfa.lib.array` has the meaning.

A part that begins where its array does shares its place: nobody appends there, since that place is taken.
"""

from __future__ import annotations

from pfa.targets.kernel.language import fail, i64, inline, ld, move, st
from pfa.targets.kernel.lib.base import (
    alloc,
    array_append,
    array_concat,
    array_put,
    charge,
    item,
    items,
    length,
    new_array,
    slice_array,
    view,
)
from pfa.targets.kernel.lib.sorting import reverse_words

MANY = 1 << 31  # more results than any memory holds


@inline
def slice_place(i: i64, n: i64) -> i64:
    """An index of a slice, as Python reads it: negative from the right, and no further than the ends."""
    if i < 0:
        return max(i + n, 0)
    return min(i, n)


@inline
def array_prefix(ctx: i64, a: i64, n: i64) -> i64:
    """The first n items."""
    out = view(ctx, items(a), n)
    st(out + 24, ld(a + 24))  # memory of the caller's stays so
    return out


def array_splice(ctx: i64, a: i64, start: i64, end: i64, data: i64, m: i64) -> i64:
    """An array with the slots from `start` to `end` replaced by the m at `data`; start <= end."""
    n = length(a)
    out = new_array(ctx, n - (end - start) + m)
    to = items(out)
    move(to, items(a), start * 8)
    move(to + start * 8, data, m * 8)
    move(to + (start + m) * 8, items(a) + end * 8, (n - end) * 8)
    return out


@inline
def a_len(a: i64) -> i64:
    return length(a)


def a_subseq(ctx: i64, a: i64, start: i64, end: i64) -> i64:
    n = length(a)
    low = slice_place(start, n)
    high = max(slice_place(end, n), low)
    charge(ctx, high - low)
    if low == 0:
        return array_prefix(ctx, a, high)
    return slice_array(ctx, a, low, high)


@inline
def a_head(ctx: i64, a: i64) -> i64:
    if length(a) == 0:
        fail(ctx, 15020)
    return item(a, 0)


def a_tail(ctx: i64, a: i64) -> i64:
    if length(a) == 0:
        fail(ctx, 15030)
    return slice_array(ctx, a, 1, length(a))


@inline
def a_last(ctx: i64, a: i64) -> i64:
    if length(a) == 0:
        fail(ctx, 15040)
    return item(a, length(a) - 1)


def a_init(ctx: i64, a: i64) -> i64:
    if length(a) == 0:
        fail(ctx, 15050)
    return array_prefix(ctx, a, length(a) - 1)


def a_subseqto(ctx: i64, a: i64, start: i64, end: i64, replacement: i64) -> i64:
    low = slice_place(start, length(a))
    high = max(slice_place(end, length(a)), low)
    return array_splice(ctx, a, low, high, items(replacement), length(replacement))


@inline
def a_concat(ctx: i64, a: i64, b: i64) -> i64:
    return array_concat(ctx, a, b)


@inline
def a_append(ctx: i64, a: i64, x: i64) -> i64:
    return array_append(ctx, a, x)


def a_cycle(ctx: i64, a: i64, x: i64, most: i64) -> i64:
    if most < 0:
        fail(ctx, 15150)
    if most == 0:
        return new_array(ctx, 0)
    n = length(a)
    if n < most:
        return array_append(ctx, a, x)
    start = n + 1 - most
    out = new_array(ctx, most)
    move(items(out), items(a) + start * 8, (most - 1) * 8)
    st(items(out) + (most - 1) * 8, x)
    return out


@inline
def array_place(ctx: i64, a: i64, index: i64, code: i64) -> i64:
    """An index of an item, negative from the right."""
    n = length(a)
    if index < -n or index >= n:
        fail(ctx, code)
    return index + n if index < 0 else index


def a_insert(ctx: i64, a: i64, index: i64, x: i64) -> i64:
    at = array_place(ctx, a, index, 15160)
    word = alloc(ctx, 8)
    st(word, x)
    return array_splice(ctx, a, at, at, word, 1)


def a_replace(ctx: i64, a: i64, index: i64, x: i64) -> i64:
    return array_put(ctx, a, array_place(ctx, a, index, 15170), x)


def a_remove__n3(ctx: i64, a: i64, start: i64, end: i64) -> i64:
    low = slice_place(start, length(a))
    high = max(slice_place(end, length(a)), low)
    return array_splice(ctx, a, low, high, 0, 0)


def a_remove__n2(ctx: i64, a: i64, index: i64) -> i64:
    at = array_place(ctx, a, index, 15180)
    return array_splice(ctx, a, at, at + 1, 0, 0)


def a_rotate(ctx: i64, a: i64, steps: i64) -> i64:
    if steps < 0:
        fail(ctx, 15190)
    n = length(a)
    if n == 0:
        return a
    at = steps % n
    out = new_array(ctx, n)
    move(items(out), items(a) + at * 8, (n - at) * 8)
    move(items(out) + (n - at) * 8, items(a), at * 8)
    return out


def a_reverse(ctx: i64, a: i64) -> i64:
    out = slice_array(ctx, a, 0, length(a))
    reverse_words(items(out), length(out))
    return out


def a_slidingWindow(ctx: i64, a: i64, size: i64, step: i64) -> i64:
    if size < 1:
        fail(ctx, 15770)
    if step < 1:
        fail(ctx, 15771)
    n = length(a)
    count = (n - size) // step + 1 if size <= n else 0
    charge(ctx, count * (size + 1))
    out = new_array(ctx, count)
    for i in range(count):
        st(items(out) + i * 8, slice_array(ctx, a, i * step, i * step + size))
    return out


def many_choices(n: i64, size: i64) -> i64:
    """How many choices of `size` of n items there are, or `MANY` if there are more."""
    few = min(size, n - size)
    count = 1
    for i in range(few):
        count = count * (n - i) // (i + 1)
        if count > MANY:
            return MANY
    return count


def a_combinations(ctx: i64, a: i64, size: i64) -> i64:
    if size < 1:
        fail(ctx, 15780)
    n = length(a)
    if size > n:
        return new_array(ctx, 0)
    count = many_choices(n, size)
    out = new_array(ctx, count)
    chosen = alloc(ctx, size * 8)
    for i in range(size):
        st(chosen + i * 8, i)
    for made in range(count):
        charge(ctx, size + 1)
        st(items(out) + made * 8, picked(ctx, a, chosen, size))
        # The last place that can go up goes up, and those behind it follow.
        i = size - 1
        while i >= 0 and ld(chosen + i * 8) == i + n - size:
            i -= 1
        if i >= 0:
            x = ld(chosen + i * 8) + 1
            for j in range(i, size):
                st(chosen + j * 8, x + j - i)
    return out


def picked(ctx: i64, a: i64, places: i64, count: i64) -> i64:
    """The items at these places."""
    out = new_array(ctx, count)
    for i in range(count):
        st(items(out) + i * 8, item(a, ld(places + i * 8)))
    return out


def next_order(at: i64, n: i64) -> None:
    """The next permutation of different words in lexicographic order."""
    i = n - 2
    while i >= 0 and ld(at + i * 8) > ld(at + i * 8 + 8):
        i -= 1
    if i >= 0:
        x = ld(at + i * 8)
        j = n - 1
        while ld(at + j * 8) < x:
            j -= 1
        st(at + i * 8, ld(at + j * 8))
        st(at + j * 8, x)
    reverse_words(at + (i + 1) * 8, n - 1 - i)


def a_permutations(ctx: i64, a: i64) -> i64:
    n = length(a)
    count = 1
    for i in range(n):
        count = min(count * (i + 1), MANY)
    out = new_array(ctx, count)
    places = alloc(ctx, n * 8)
    for i in range(n):
        st(places + i * 8, i)
    for made in range(count):
        charge(ctx, n + 1)
        st(items(out) + made * 8, picked(ctx, a, places, n))
        next_order(places, n)
    return out


def a_flatten(ctx: i64, a: i64) -> i64:
    total = 0
    for i in range(length(a)):
        total += length(item(a, i))
    charge(ctx, total)
    out = new_array(ctx, total)
    to = items(out)
    for i in range(length(a)):
        part = item(a, i)
        move(to, items(part), length(part) * 8)
        to += length(part) * 8
    return out
