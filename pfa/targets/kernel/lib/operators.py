"""Operators: those that do not stand in the text of the program (docs: core functions)."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    call2,
    copysign,
    f64,
    fail,
    fmod,
    i64,
    inf,
    inline,
    ld,
    mul_over,
    nan,
    pow,
    st,
)
from pfa.targets.kernel.lib.base import alloc

INT_MIN = -2147483648
INT_MAX = 2147483647


# Arithmetic


@inline
def op_div__double_double(a: f64, b: f64) -> f64:
    return a / b


@inline
def op_neg__double(x: f64) -> f64:
    return -x


op_neg__float = op_neg__double


@inline
def op_neg__int(ctx: i64, x: i64) -> i64:
    if x == INT_MIN:
        fail(ctx, 18050)
    return -x


@inline
def op_neg__long(ctx: i64, x: i64) -> i64:
    if x == 0 - x and x != 0:
        fail(ctx, 18051)
    return -x


@inline
def truncated_quotient(x: i64, y: i64) -> i64:
    """`x / y` rounded toward zero; `y` is not zero."""
    if y == -1:  # the processor's division of the lowest number by -1 is a trap
        return 0 - x
    q = x // y
    return q + 1 if q < 0 and q * y != x else q


@inline
def op_idiv__int(ctx: i64, x: i64, y: i64) -> i64:
    if y == 0:
        fail(ctx, 18040)
    q = truncated_quotient(x, y)
    return INT_MIN if q > INT_MAX else q


@inline
def op_idiv__long(ctx: i64, x: i64, y: i64) -> i64:
    if y == 0:
        fail(ctx, 18040)
    return truncated_quotient(x, y)


@inline
def op_mod__int(ctx: i64, k: i64, n: i64) -> i64:
    if n == 0:
        fail(ctx, 18060)
    return 0 if n == -1 else k % n


op_mod__long = op_mod__int


@inline
def op_mod__double(k: f64, n: f64) -> f64:
    rest = fmod(k, n)
    if rest == 0.0:
        return copysign(0.0, n)
    return rest + n if (n < 0.0) != (rest < 0.0) else rest


op_mod__float = op_mod__double


@inline
def op_rem__int(ctx: i64, k: i64, n: i64) -> i64:
    if n == 0:
        fail(ctx, 18070)
    return k - n * truncated_quotient(k, n)


op_rem__long = op_rem__int


@inline
def op_rem__double(k: f64, n: f64) -> f64:
    return fmod(k, n)


op_rem__float = op_rem__double


def integer_power(ctx: i64, x: i64, y: i64, code: i64) -> i64:
    """`x` to the power `y` rounded toward zero; fails where it is not a long, or zero to less than zero."""
    if x == 0:
        if y < 0:
            fail(ctx, code)
        return int(y == 0)
    if x == 1 or x == -1:
        return x if y % 2 != 0 else 1
    if y < 0:
        return 0
    if y > 63:
        fail(ctx, code)
    out = 1
    for _ in range(y):
        if mul_over(out, x):
            fail(ctx, code)
        out = out * x
    return out


def op_pow__int(ctx: i64, x: i64, y: i64) -> i64:
    out = integer_power(ctx, x, y, 18080)
    if out < INT_MIN or out > INT_MAX:
        fail(ctx, 18080)
    return out


def op_pow__long(ctx: i64, x: i64, y: i64) -> i64:
    return integer_power(ctx, x, y, 18081)


@inline
def real_power(x: f64, y: f64) -> f64:
    """C's, but 1 to the power NaN and ±1 to an infinite power are NaN."""
    if y != y or ((y == inf or y == -inf) and (x == 1.0 or x == -1.0)):
        return nan
    return pow(x, y)


@inline
def op_pow__double(x: f64, y: f64) -> f64:
    return real_power(x, y)


op_pow__float = op_pow__double


# Comparisons: those of numbers stand in the text


@inline
def op_eq(ctx: i64, a: i64, b: i64, equal_0: i64) -> i64:
    return call2(equal_0, ctx, 0, a, b)


@inline
def op_ne(ctx: i64, a: i64, b: i64, equal_0: i64) -> i64:
    return 1 - call2(equal_0, ctx, 0, a, b)


@inline
def op_lt(ctx: i64, a: i64, b: i64, less_0: i64) -> i64:
    return call2(less_0, ctx, 0, a, b)


@inline
def op_gt(ctx: i64, a: i64, b: i64, less_0: i64) -> i64:
    return call2(less_0, ctx, 0, b, a)


@inline
def op_le(ctx: i64, a: i64, b: i64, order_0: i64) -> i64:
    return int(call2(order_0, ctx, 0, a, b) <= 0)


@inline
def op_ge(ctx: i64, a: i64, b: i64, order_0: i64) -> i64:
    return int(call2(order_0, ctx, 0, a, b) >= 0)


@inline
def op_cmp(ctx: i64, a: i64, b: i64, order_0: i64) -> i64:
    return call2(order_0, ctx, 0, a, b)


@inline
def op_max(ctx: i64, a: i64, b: i64, order_0: i64) -> i64:
    return a if call2(order_0, ctx, 0, a, b) >= 0 else b


@inline
def op_min(ctx: i64, a: i64, b: i64, order_0: i64) -> i64:
    return a if call2(order_0, ctx, 0, a, b) < 0 else b


@inline
def op_max__double(a: f64, b: f64) -> f64:
    return a if a >= b else b


op_max__float = op_max__double


@inline
def op_min__double(a: f64, b: f64) -> f64:
    return a if a < b else b


op_min__float = op_min__double


@inline
def op_max__int(a: i64, b: i64) -> i64:
    return max(a, b)


op_max__long = op_max__int


@inline
def op_min__int(a: i64, b: i64) -> i64:
    return min(a, b)


op_min__long = op_min__int


# Logic


@inline
def op_not(x: bool) -> bool:
    return not x


@inline
def op_xor(a: bool, b: bool) -> bool:
    return a != b


def some(ctx: i64, tag: i64, slot: i64) -> i64:
    """A union's value."""
    u = alloc(ctx, 16)
    st(u, tag)
    st(u + 8, slot)
    return u


@inline
def op_knot(ctx: i64, x: i64, tag_boolean: i64) -> i64:
    if x == 0:
        return 0
    return some(ctx, tag_boolean, 1 - ld(x + 8))


@inline
def kleene(x: i64) -> i64:
    """false, true and null as 0, 1 and 2."""
    return 2 if x == 0 else ld(x + 8)


@inline
def op_kand(ctx: i64, x: i64, y: i64, tag_boolean: i64) -> i64:
    a = kleene(x)
    b = kleene(y)
    if a == 0 or b == 0:
        return some(ctx, tag_boolean, 0)
    return some(ctx, tag_boolean, 1) if a == 1 and b == 1 else 0


@inline
def op_kor(ctx: i64, x: i64, y: i64, tag_boolean: i64) -> i64:
    a = kleene(x)
    b = kleene(y)
    if a == 1 or b == 1:
        return some(ctx, tag_boolean, 1)
    return some(ctx, tag_boolean, 0) if a == 0 and b == 0 else 0


# Bits


@inline
def op_bitand(x: i64, y: i64) -> i64:
    return x & y


@inline
def op_bitor(x: i64, y: i64) -> i64:
    return x | y


@inline
def op_bitxor(x: i64, y: i64) -> i64:
    return x ^ y


@inline
def op_bitnot(x: i64) -> i64:
    return ~x
