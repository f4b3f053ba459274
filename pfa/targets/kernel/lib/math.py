"""Mathematics (m.*): the C library's functions, which Python's `math` calls too."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    acos,
    asin,
    atan,
    atan2,
    ceil,
    copysign,
    cos,
    cosh,
    exp,
    expm1,
    f64,
    fabs,
    fail,
    floor,
    hypot,
    i64,
    inline,
    log,
    log1p,
    log10,
    rint,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    trunc_i64,
)

INT_MAX = 2147483647
TOO_LARGE = 9223372036854775808.0  # for a long


@inline
def m_pi() -> f64:
    return 3.141592653589793


@inline
def m_e() -> f64:
    return 2.718281828459045


@inline
def m_abs__int(ctx: i64, x: i64) -> i64:
    if 0 - x > INT_MAX:
        fail(ctx, 27020)
    return 0 - x if x < 0 else x


@inline
def m_abs__long(ctx: i64, x: i64) -> i64:
    if x < 0 and 0 - x < 0:
        fail(ctx, 27021)
    return 0 - x if x < 0 else x


@inline
def m_abs__double(x: f64) -> f64:
    return fabs(x)


m_abs__float = m_abs__double


@inline
def m_signum(x: f64) -> i64:
    return int(x > 0.0) - int(x < 0.0)


@inline
def with_sign(size: i64, sign: i64) -> i64:
    """`size` with the sign of `sign`; the lowest integer wraps to itself."""
    return 0 - size if (size < 0) != (sign < 0) else size


@inline
def m_copysign__int(mag: i64, sign: i64) -> i64:
    made = with_sign(mag, sign)
    return 0 - made if made > INT_MAX else made


@inline
def m_copysign__long(mag: i64, sign: i64) -> i64:
    return with_sign(mag, sign)


@inline
def m_copysign__double(mag: f64, sign: f64) -> f64:
    return copysign(mag, sign) if sign == sign else fabs(mag)


m_copysign__float = m_copysign__double


@inline
def m_ceil(x: f64) -> f64:
    return ceil(x)


@inline
def m_floor(x: f64) -> f64:
    return floor(x)


@inline
def m_rint(x: f64) -> f64:
    return rint(x)


@inline
def half_up(x: f64) -> f64:
    """The nearest whole number, ties upward."""
    below = floor(x)
    return below + 1.0 if x - below >= 0.5 else below


@inline
def whole(ctx: i64, x: f64, low: f64, high: f64, code: i64) -> i64:
    """The nearest whole number from `low` to before `high`."""
    near = half_up(x)
    if not (near >= low and near < high):
        fail(ctx, code)
    return trunc_i64(near)


@inline
def m_round__float(ctx: i64, x: f64) -> i64:
    return whole(ctx, x, -2147483648.0, 2147483648.0, 27190)


@inline
def m_round__double(ctx: i64, x: f64) -> i64:
    return whole(ctx, x, -TOO_LARGE, TOO_LARGE, 27191)


@inline
def m_sqrt(x: f64) -> f64:
    return sqrt(x)


@inline
def m_hypot(x: f64, y: f64) -> f64:
    return hypot(x, y)


@inline
def m_exp(x: f64) -> f64:
    return exp(x)


@inline
def m_expm1(x: f64) -> f64:
    return expm1(x)


@inline
def m_ln(x: f64) -> f64:
    return log(x)


@inline
def m_log10(x: f64) -> f64:
    return log10(x)


@inline
def m_log(ctx: i64, x: f64, base: i64) -> f64:
    if base <= 0:
        fail(ctx, 27170)
    return log(x) / log(float(base))


@inline
def m_ln1p(x: f64) -> f64:
    return log1p(x)


@inline
def m_sin(x: f64) -> f64:
    return sin(x)


@inline
def m_cos(x: f64) -> f64:
    return cos(x)


@inline
def m_tan(x: f64) -> f64:
    return tan(x)


@inline
def m_asin(x: f64) -> f64:
    return asin(x)


@inline
def m_acos(x: f64) -> f64:
    return acos(x)


@inline
def m_atan(x: f64) -> f64:
    return atan(x)


@inline
def m_atan2(y: f64, x: f64) -> f64:
    return atan2(y, x)


@inline
def m_sinh(x: f64) -> f64:
    return sinh(x)


@inline
def m_cosh(x: f64) -> f64:
    return cosh(x)


@inline
def m_tanh(x: f64) -> f64:
    return tanh(x)
