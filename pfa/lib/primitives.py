"""IEEE arithmetic on Python floats, and the ranges of the integer types.

Python raises where IEEE 754 has an answer (`1.0/0.0`, `exp(1000)`, `log(0)`, `5.0 % 0.0`, `(-8.0)**(1/3)`); the
functions here give the answer.  Bodies of the library and the code that the python target prints use these, never
`math` or the operators, wherever an operand can be zero, infinite, NaN or huge.  All are tested over the grid
{0, -0, ±1, ±inf, nan, ±max, denormal} (tests/test_primitives.py).
"""

from __future__ import annotations

import math
from struct import Struct
from typing import TYPE_CHECKING

from pfa.types import INT, LONG, Type

if TYPE_CHECKING:
    from collections.abc import Callable

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
FLOAT_MAX = (2.0 - 2.0**-23) * 2.0**127
DOUBLE_MAX = (2.0 - 2.0**-52) * 2.0**1023
DOUBLE_MIN = 5e-324
INF, NAN = math.inf, math.nan

RANGE: dict[Type, tuple[int, int]] = {INT: (INT_MIN, INT_MAX), LONG: (LONG_MIN, LONG_MAX)}

_SINGLE = Struct("f")
_pack, _unpack = _SINGLE.pack, _SINGLE.unpack

isnan, isinf, isfinite, copysign, atan, fabs = (
    math.isnan, math.isinf, math.isfinite, math.copysign, math.atan, math.fabs,
)  # fmt: skip
atan2, hypot, tanh, erf, erfc = math.atan2, math.hypot, math.tanh, math.erf, math.erfc


def float32(x: float) -> float:
    """`x` rounded to single precision, ties to even; infinite where single precision overflows.

    Of the ways to do it `struct` was the fastest that keeps no state: 65 ns, `ctypes.c_float` 86, NumPy 190.
    """
    try:
        return _unpack(_pack(x))[0]  # type: ignore[no-any-return]
    except OverflowError:
        return INF if x > 0.0 else -INF


def fits_int(n: int) -> bool:
    """Is `n` an int (32 bits)?"""
    return INT_MIN <= n <= INT_MAX


def fits_long(n: int) -> bool:
    """Is `n` a long (64 bits)?"""
    return LONG_MIN <= n <= LONG_MAX


def int_result(n: int, fail: Callable[[str], int]) -> int:
    """`n` if it is an int, else the error "int overflow"."""
    return n if INT_MIN <= n <= INT_MAX else fail("int overflow")


def long_result(n: int, fail: Callable[[str], int]) -> int:
    """`n` if it is a long, else the error "long overflow"."""
    return n if LONG_MIN <= n <= LONG_MAX else fail("long overflow")


def truncate_divide(x: int, y: int) -> int:
    """The quotient of integers rounded toward zero; `y` is not zero."""
    return x // y if (x >= 0) == (y > 0) else -(-x // y)


def truncate_remainder(x: int, y: int) -> int:
    """The remainder of integers with the sign of `x`; `y` is not zero."""
    return x - y * truncate_divide(x, y)


def integer_power(x: int, y: int) -> int | None:
    """`x` to the power `y` rounded toward zero; None where it is not a long: too large, or zero to less than zero."""
    if x == 0:
        return None if y < 0 else int(y == 0)
    if x in (1, -1):
        return x if y % 2 else 1
    if y < 0:
        return 0
    power = x**y if y < 64 else LONG_MAX + 1
    return power if LONG_MIN <= power <= LONG_MAX else None


def divide(x: float, y: float) -> float:
    """`x / y`: infinite for a zero `y`, NaN where both are zero."""
    try:
        return x / y
    except ZeroDivisionError:
        return NAN if x == 0.0 or x != x else copysign(INF, x) * copysign(1.0, y)


def modulo(x: float, y: float) -> float:
    """The remainder of `x / y` with the sign of `y`; NaN for a zero `y` or an infinite `x`."""
    try:
        return x % y
    except ZeroDivisionError:
        return NAN


def remainder(x: float, y: float) -> float:
    """The remainder of `x / y` with the sign of `x` (C's `fmod`); NaN for a zero `y` or an infinite `x`."""
    try:
        return math.fmod(x, y)
    except ValueError:
        return NAN


def power(x: float, y: float) -> float:
    """`x` to the power `y`; NaN for a negative `x` and a fractional `y`.

    As the suite has it, and unlike C: 1 to the power NaN, and ±1 to an infinite power, are NaN.
    """
    if y != y or (y in (INF, -INF) and x in (1.0, -1.0)):
        return NAN
    try:
        return math.pow(x, y)
    except ValueError:
        if x != 0.0:
            return NAN
        return copysign(INF, x) if math.fmod(y, 2.0) == -1.0 else INF
    except OverflowError:
        return -INF if x < 0.0 and math.fmod(y, 2.0) else INF


def exp(x: float) -> float:
    """e to the power `x`; infinite where it overflows."""
    try:
        return math.exp(x)
    except OverflowError:
        return INF


def expm1(x: float) -> float:
    """e to the power `x`, minus one, exact near zero; infinite where it overflows."""
    try:
        return math.expm1(x)
    except OverflowError:
        return INF


def log(x: float) -> float:
    """Natural logarithm; -inf at zero, NaN below."""
    try:
        return math.log(x)
    except ValueError:
        return -INF if x == 0.0 else NAN


def log10(x: float) -> float:
    """Logarithm to base 10; -inf at zero, NaN below."""
    try:
        return math.log10(x)
    except ValueError:
        return -INF if x == 0.0 else NAN


def log2(x: float) -> float:
    """Logarithm to base 2; -inf at zero, NaN below."""
    try:
        return math.log2(x)
    except ValueError:
        return -INF if x == 0.0 else NAN


def log1p(x: float) -> float:
    """Natural logarithm of `1 + x`, exact near zero; -inf at -1, NaN below."""
    try:
        return math.log1p(x)
    except ValueError:
        return -INF if x == -1.0 else NAN


def sqrt(x: float) -> float:
    """Square root; NaN below zero."""
    try:
        return math.sqrt(x)
    except ValueError:
        return NAN


def sin(x: float) -> float:
    """Sine; NaN at infinity."""
    try:
        return math.sin(x)
    except ValueError:
        return NAN


def cos(x: float) -> float:
    """Cosine; NaN at infinity."""
    try:
        return math.cos(x)
    except ValueError:
        return NAN


def tan(x: float) -> float:
    """Tangent; NaN at infinity."""
    try:
        return math.tan(x)
    except ValueError:
        return NAN


def asin(x: float) -> float:
    """Arc sine; NaN outside -1 to 1."""
    try:
        return math.asin(x)
    except ValueError:
        return NAN


def acos(x: float) -> float:
    """Arc cosine; NaN outside -1 to 1."""
    try:
        return math.acos(x)
    except ValueError:
        return NAN


def sinh(x: float) -> float:
    """Hyperbolic sine; infinite where it overflows."""
    try:
        return math.sinh(x)
    except OverflowError:
        return copysign(INF, x)


def cosh(x: float) -> float:
    """Hyperbolic cosine; infinite where it overflows."""
    try:
        return math.cosh(x)
    except OverflowError:
        return INF


def floor(x: float) -> float:
    """The largest whole number not above `x`, as a float that keeps the sign of zero."""
    return copysign(float(math.floor(x)), x) if isfinite(x) else x


def ceil(x: float) -> float:
    """The smallest whole number not below `x`, as a float that keeps the sign of zero."""
    return copysign(float(math.ceil(x)), x) if isfinite(x) else x


def trunc(x: float) -> float:
    """`x` without its fraction, as a float that keeps the sign of zero."""
    return copysign(float(math.trunc(x)), x) if isfinite(x) else x


def rint(x: float) -> float:
    """The nearest whole number, ties to even, as a float that keeps the sign of zero."""
    return copysign(float(round(x)), x) if isfinite(x) else x


def round_half_up(x: float) -> int | None:
    """The nearest whole number, ties upward, as an exact integer; None for infinite and NaN."""
    if not isfinite(x):
        return None
    below = math.floor(x)
    return below + 1 if x - below >= 0.5 else below


def lgamma(x: float) -> float:
    """Logarithm of the absolute value of the gamma function; infinite at zero and the negative whole numbers."""
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return INF


def gamma(x: float) -> float:
    """The gamma function; infinite where it overflows and at zero (of its sign), NaN at the negative whole numbers."""
    try:
        return math.gamma(x)
    except OverflowError:
        return INF
    except ValueError:
        return copysign(INF, x) if x == 0.0 else NAN
