"""Operators: those that do not stand in the text of the program (docs: core functions)."""

from __future__ import annotations

from pfa.targets.kernel.language import call2, exp, f64, fabs, i64, inline, sqrt


@inline
def op_div__double_double(a: f64, b: f64) -> f64:
    return a / b


@inline
def op_neg__double(x: f64) -> f64:
    return -x


@inline
def op_neg__float(x: f64) -> f64:
    return -x


@inline
def op_not(x: bool) -> bool:
    return not x


@inline
def op_xor(a: bool, b: bool) -> bool:
    return a != b


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
def op_cmp(ctx: i64, a: i64, b: i64, order_0: i64) -> i64:
    return call2(order_0, ctx, 0, a, b)


@inline
def m_abs__double(x: f64) -> f64:
    return fabs(x)


@inline
def m_exp(x: f64) -> f64:
    return exp(x)


@inline
def m_sqrt(x: f64) -> f64:
    return sqrt(x)
