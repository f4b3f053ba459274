"""Values into the arrays of output columns (`pfa.targets.kernel.batch_write` prints the calls), texts out of tables."""

from __future__ import annotations

from pfa.targets.kernel.language import EVENTS, get, i64, inline, ld, move, put, st
from pfa.targets.kernel.lib.base import charge, items, length, string_of

LONG = 4096  # bytes of a text that are paid for by what holds it


@inline
def column_room(need: i64, count: i64) -> None:
    """So much more room is needed."""
    st(need, ld(need) + count)


@inline
def column_room_text(ctx: i64, need: i64, x: i64) -> None:
    """The bytes of a text; a long one costs steps, since values that share it are written one by one."""
    n = length(x)
    if n > LONG:
        charge(ctx, n // 64)
    st(need, ld(need) + n)


@inline
def column_room_words(ctx: i64, need: i64, x: i64) -> None:
    """The items of an array that are words."""
    n = length(x)
    if n > 7:
        charge(ctx, n // 8)
    st(need, ld(need) + n)


@inline
def column_text(data: i64, used: i64, end: i64, x: i64) -> None:
    """The bytes of a text behind those before; where they end."""
    n = length(x)
    at = ld(used)
    move(data + at, items(x), n)
    st(used, at + n)
    st(end, at + n)


@inline
def column_words(data: i64, used: i64, end: i64, x: i64) -> None:
    """The items of an array that lie as the column's do."""
    n = length(x)
    at = ld(used)
    move(data + at * 8, items(x), n * 8)
    st(used, at + n)
    st(end, at + n)


@inline
def column_place(used: i64) -> i64:
    """The next place in the column of a union's branch."""
    at = ld(used)
    st(used, at + 1)
    return at


@inline
def foreign_entry(ctx: i64, entry: i64) -> i64:
    """A string that an entry {data, bytes, characters} of a table of the host's tells of."""
    s = string_of(ctx, ld(entry), ld(entry + 8), ld(entry + 16))
    st(s + 24, 1)
    return s


def column_events(ctx: i64) -> i64:
    """What the row at hand has emitted, the first first; it is no longer noted."""
    e = get(ctx, EVENTS)
    put(ctx, EVENTS, 0)
    first = 0
    while e != 0:
        before = ld(e)
        st(e, first)
        first = e
        e = before
    return first
