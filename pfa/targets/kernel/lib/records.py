"""Records of numbers that may be of any type: fields read as doubles, and copies with some fields changed.

A signature asks for fields of type double, and a record with integers there fits too.  Kernels read a slot with its
kind (0 int, 1 long, 2 float, 3 double; 4 is no number) and write back what the record declares, as
`pfa.lib.stat.states` does.  Kinds are constants of the call, so that none of these questions is left in the code.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    bits,
    f32,
    f64,
    fabs,
    i64,
    inf,
    inline,
    ld,
    move,
    rint,
    st,
    trunc,
    trunc_i64,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, items, new_array

INT_MIN = -2147483648
INT_MAX = 2147483647
LONG_MAX = 9223372036854775807
TWO_63 = 9223372036854775808.0


@inline
def number(slot: i64, kind: i64) -> f64:
    """A number of any type as a double."""
    return float(slot) if kind < 2 else unbits(slot)


@inline
def number_item(a: i64, i: i64, kind: i64) -> f64:
    """An item of an array of numbers."""
    return number(ld(items(a) + i * 8), kind)


def whole_double(x: f64, kind: i64) -> i64:
    """The nearest int (kind 0) or long, NaN 0."""
    if x != x:
        return 0
    x = rint(x)
    if x >= TWO_63:
        return INT_MAX if kind == 0 else LONG_MAX
    if x < -TWO_63:
        return INT_MIN if kind == 0 else -LONG_MAX - 1
    n = trunc_i64(x)
    return max(INT_MIN, min(n, INT_MAX)) if kind == 0 else n


@inline
def truncated_slot(x: f64, kind: i64) -> i64:
    """A double as a slot of a number's type, cut off if it must be (as `narrowing` in `pfa.lib.model.widening`)."""
    return number_slot(x if kind > 1 else trunc(x), kind)


@inline
def number_slot(x: f64, kind: i64) -> i64:
    """A double as a slot of a number's type, rounded if it must be."""
    if kind == 3:
        return bits(x)
    return bits(f32(x)) if kind == 2 else whole_double(x, kind)


@inline
def copied(ctx: i64, record: i64, fields: i64) -> i64:
    """A record of so many fields with the same values, some of which the caller changes."""
    out = alloc(ctx, 8 * fields)
    move(out, record, 8 * fields)
    return out


@inline
def copied_array(ctx: i64, a: i64, n: i64, more: i64) -> i64:
    """The first n items of an array, and room for some more."""
    out = new_array(ctx, n + more)
    move(items(out), items(a), n * 8)
    return out


@inline
def put_number(record: i64, offset: i64, x: f64, kind: i64) -> None:
    """Store a double into a field that is a number of some type."""
    st(record + offset, number_slot(x, kind))


@inline
def finite(x: f64) -> bool:
    return fabs(x) < inf


@inline
def one_more(n: i64) -> i64:
    """A counter that is full stays so."""
    return min(n + 1, INT_MAX)
