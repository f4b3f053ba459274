"""Memory, steps and containers: what every kernel stands on.

Flat values, all of them 64-bit words ("slots"):

    int, long, enum     the number, the position of the symbol
    float, double       the bits of a double (a float is rounded already)
    boolean, null       0 or 1; 0
    string, bytes       address of {data, bytes, characters, -}: UTF-8; bytes have as many characters as bytes
    array               address of {data, length, -, -}: slots from `data`
    map                 address of {data, length, index, -}: pairs of (key, slot) in order of insertion
    record              address of its fields' slots
    union               0 for null, else the address of {tag, slot}; tags are numbers in the document

All are immutable.  What `data` points to is preceded by two words: its capacity in bytes, and how many are taken.
An append takes the place behind the last item where nobody has taken it, so a value that is appended to again and
again is copied log n times, and those who hold the shorter value do not see it.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    BUDGET,
    DEEP,
    DEPTH,
    END,
    FULL,
    LOOK,
    STACK,
    STACKED,
    TOP,
    cold,
    fail,
    get,
    here,
    host,
    i64,
    inline,
    ld,
    move,
    put,
    st,
)
from pfa.targets.kernel.lib.words import continuing, eight_at

HEADER = 32
BUFFER = 16  # the two words before data


def alloc(ctx: i64, count: i64) -> i64:
    """So many bytes of the arena, at a multiple of 8."""
    at = get(ctx, TOP)
    after = at + ((count + 7) & -8)
    if after > get(ctx, END):
        fail(ctx, FULL)
    put(ctx, TOP, after)
    return at


@cold
def look(ctx: i64, count: i64) -> None:
    """The budget is used up: the host looks at the clock and gives more."""
    host(get(ctx, LOOK), ctx, 0, count)


@inline
def charge(ctx: i64, count: i64) -> None:
    """Count steps or new items."""
    left = get(ctx, BUDGET) - count
    put(ctx, BUDGET, left)
    if left < 0:
        look(ctx, count)


@inline
def deeper(ctx: i64, levels: i64, limit: i64) -> None:
    """A call of a recursive function begins."""
    depth = get(ctx, DEPTH) + levels
    if depth > limit:
        fail(ctx, DEEP)
    if here() < get(ctx, STACK):
        fail(ctx, STACKED)
    put(ctx, DEPTH, depth)


@inline
def higher(ctx: i64, levels: i64) -> i64:
    """It ends.  (A failure resets the depth where it is caught.)"""
    put(ctx, DEPTH, get(ctx, DEPTH) - levels)
    return 0


def buffer(ctx: i64, capacity: i64, used: i64) -> i64:
    """Room for data: `capacity` bytes, of which `used` are taken."""
    at = alloc(ctx, capacity + BUFFER)
    st(at, capacity)
    st(at + 8, used)
    return at + BUFFER


def new_array(ctx: i64, length: i64) -> i64:
    """An array with room for its items, which the caller stores."""
    data = buffer(ctx, length * 8, length * 8)
    return view(ctx, data, length)


@inline
def view(ctx: i64, data: i64, length: i64) -> i64:
    """An array of items that lie at `data` already."""
    a = alloc(ctx, HEADER)
    st(a, data)
    st(a + 8, length)
    st(a + 16, 0)
    st(a + 24, 0)
    return a


@inline
def items(a: i64) -> i64:
    """Where the slots of an array, or the pairs of a map, begin."""
    return ld(a)


@inline
def length(a: i64) -> i64:
    """Items of an array, pairs of a map, bytes of a string."""
    return ld(a + 8)


@inline
def item(a: i64, index: i64) -> i64:
    """A slot of an array."""
    return ld(ld(a) + index * 8)


def string_of(ctx: i64, data: i64, count: i64, characters: i64) -> i64:
    """A string whose bytes lie at `data` already."""
    s = alloc(ctx, HEADER)
    st(s, data)
    st(s + 8, count)
    st(s + 16, characters)
    st(s + 24, 0)
    return s


def new_string(ctx: i64, count: i64, characters: i64) -> i64:
    """A string of so many bytes, which the caller stores."""
    return string_of(ctx, buffer(ctx, count, count), count, characters)


@inline
def characters(s: i64) -> i64:
    """Code points of a string."""
    return ld(s + 16)


def count_characters(data: i64, count: i64) -> i64:
    """Code points of UTF-8: bytes that continue none."""
    n = count
    i = 0
    while i < count:
        n -= continuing(eight_at(data, i, count))
        i += 8
    return n


def foreign_array(ctx: i64, data: i64, length: i64) -> i64:
    """An array whose items lie in memory of the caller's, where nothing can be appended."""
    a = view(ctx, data, length)
    st(a + 24, 1)
    return a


def foreign_bytes(ctx: i64, data: i64, count: i64) -> i64:
    """Bytes that lie in memory of the caller's."""
    s = string_of(ctx, data, count, count)
    st(s + 24, 1)
    return s


@inline
def foreign_at(s: i64, data: i64, count: i64, characters: i64) -> None:
    """A string or bytes in memory that is another's, its header in a place that is there."""
    st(s, data)
    st(s + 8, count)
    st(s + 16, characters)
    st(s + 24, 1)


def view_text(ctx: i64, data: i64, count: i64, characters: i64) -> i64:
    """A string or bytes in memory that is another's."""
    s = alloc(ctx, HEADER)
    foreign_at(s, data, count, characters)
    return s


def array_append(ctx: i64, a: i64, x: i64) -> i64:
    """An array with one more item, in place where the place behind it is free."""
    n = length(a)
    data = items(a)
    if n > 0 and ld(a + 24) == 0 and ld(data - 8) == n * 8 and ld(data - 16) >= n * 8 + 8:
        st(data - 8, n * 8 + 8)
        st(data + n * 8, x)
        return view(ctx, data, n + 1)
    charge(ctx, n // 8)
    grown = buffer(ctx, n * 16 + 32, n * 8 + 8)
    move(grown, data, n * 8)
    st(grown + n * 8, x)
    return view(ctx, grown, n + 1)


def array_concat(ctx: i64, a: i64, b: i64) -> i64:
    """One array after another."""
    n = length(a)
    m = length(b)
    out = new_array(ctx, n + m)
    move(items(out), items(a), n * 8)
    move(items(out) + n * 8, items(b), m * 8)
    return out


def array_put(ctx: i64, a: i64, index: i64, x: i64) -> i64:
    """A copy with one item replaced."""
    n = length(a)
    out = new_array(ctx, n)
    move(items(out), items(a), n * 8)
    st(items(out) + index * 8, x)
    return out


def slice_array(ctx: i64, a: i64, start: i64, end: i64) -> i64:
    """Items from `start` to `end`, which share their place with the array's; bounds are right already."""
    n = end - start
    out = new_array(ctx, n)
    move(items(out), items(a) + start * 8, n * 8)
    return out


def string_concat(ctx: i64, a: i64, b: i64) -> i64:
    """Two strings as one, in place where the place behind the first is free."""
    n = length(a)
    m = length(b)
    if m == 0:
        return a
    if n == 0:
        return b
    data = items(a)
    total = characters(a) + characters(b)
    if ld(a + 24) == 0 and ld(data - 8) == n and ld(data - 16) >= n + m:
        charge(ctx, m // 64)
        st(data - 8, n + m)
        move(data + n, items(b), m)
        return string_of(ctx, data, n + m, total)
    charge(ctx, (n + m) // 64)
    grown = buffer(ctx, n + m + (n + m if n >= 32 else 0), n + m)
    move(grown, data, n)
    move(grown + n, items(b), m)
    return string_of(ctx, grown, n + m, total)
