"""Namespace `m`: constants, roots, powers, logarithms, trigonometry, rounding.

Nothing here is an error but overflow of integers and a base that is not positive: outside their domains the
functions are NaN or infinite, as IEEE 754 says; `impute.ensureFinite` makes an error of that.
"""

from __future__ import annotations

import math
from typing import TypeVar

from pfa.lib import primitives
from pfa.lib.define import Fail, Site, define
from pfa.types import INT, LONG

N = TypeVar("N", int, float)


# ---- constants ----------------------------------------------------------------------------------------------


@define("m.pi", "() -> double")
def pi() -> float:
    """π, the ratio of a circle's circumference to its diameter, in double precision.

    m.pi() -> 3.141592653589793
    """
    return math.pi


@define("m.e", "() -> double")
def e() -> float:
    """e, the base of natural logarithms, in double precision.

    m.e() -> 2.718281828459045
    """
    return math.e


# ---- sign and rounding --------------------------------------------------------------------------------------


@define(
    "m.abs",
    "(x: any A of {int, long, float, double}) -> A",
    errors={"int overflow": 27020, "long overflow": 27021},
)
def abs_(x: N, *, site: Site, fail: Fail) -> N:
    """The absolute value of `x`.

    m.abs(-3) -> 3
    m.abs(2.5) -> 2.5
    m.abs(-2147483648) -> error 27020
    m.abs({"type": "long", "value": -9223372036854775808}) -> error 27021
    """
    if site.ret == INT:
        return primitives.int_result(abs(x), fail)  # type: ignore[arg-type]
    if site.ret == LONG:
        return primitives.long_result(abs(x), fail)  # type: ignore[arg-type]
    return abs(x)


@define("m.signum", "(x: double) -> int")
def signum(x: float) -> int:
    """1 if `x` is positive, -1 if it is negative, 0 if it is zero or NaN.

    m.signum(2.5) -> 1
    m.signum(-2.5) -> -1
    m.signum(0) -> 0
    """
    return (x > 0.0) - (x < 0.0)


@define("m.copysign", "(mag: any A of {int, long, float, double}, sign: A) -> A")
def copysign(mag: N, sign: N, *, site: Site) -> N:
    """A number with the magnitude of `mag` and the sign of `sign`.

    Integer zero and NaN count as positive; the zeros of float and double have a sign.  The lowest integer has
    no positive counterpart and stays what it is.

    m.copysign(3, -5) -> -3
    m.copysign(-3, 0) -> 3
    m.copysign(2.5, -1) -> -2.5
    m.copysign(-2147483648, 1) -> -2147483648
    """
    if site.ret in primitives.RANGE:
        size = abs(mag)
        return -size if sign < 0 or size > primitives.RANGE[site.ret][1] else size
    return math.copysign(mag, sign if sign == sign else 1.0)  # type: ignore[return-value]


@define("m.ceil", "(x: double) -> double")
def ceil(x: float) -> float:
    """The smallest whole number that is not less than `x`.

    m.ceil(3.2) -> 4.0
    m.ceil(-3.2) -> -3.0
    """
    return primitives.ceil(x)


@define("m.floor", "(x: double) -> double")
def floor(x: float) -> float:
    """The largest whole number that is not greater than `x`.

    m.floor(3.2) -> 3.0
    m.floor(-3.2) -> -4.0
    """
    return primitives.floor(x)


@define(
    "m.round",
    "(x: float) -> int",
    "(x: double) -> long",
    errors={"int overflow": 27190, "long overflow": 27191},
)
def round_(x: float, *, site: Site, fail: Fail) -> int:
    """The whole number closest to `x`; halves are rounded up.

    Infinite numbers and NaN overflow.

    m.round(3.5) -> 4
    m.round(-3.5) -> -3
    m.round({"type": "float", "value": 3e9}) -> error 27190
    m.round(1e19) -> error 27191
    """
    found = primitives.round_half_up(x)
    exact = primitives.LONG_MAX + 1 if found is None else found
    if site.ret == INT:
        return primitives.int_result(exact, fail)
    return primitives.long_result(exact, fail)


@define("m.rint", "(x: double) -> double")
def rint(x: float) -> float:
    """The whole number closest to `x`; halves are rounded to the even neighbor.

    m.rint(2.5) -> 2.0
    m.rint(3.5) -> 4.0
    m.rint(-0.7) -> -1.0
    """
    return primitives.rint(x)


# ---- roots, powers, logarithms ------------------------------------------------------------------------------


@define("m.sqrt", "(x: double) -> double")
def sqrt(x: float) -> float:
    """The positive square root of `x`; NaN below zero.

    m.sqrt(9) -> 3.0
    m.sqrt(-1) -> nan
    """
    return primitives.sqrt(x)


@define("m.hypot", "(x: double, y: double) -> double", accuracy="ulp")
def hypot(x: float, y: float) -> float:
    """The square root of `x`² + `y`², without overflow on the way.

    m.hypot(3, 4) -> 5.0
    m.hypot(1e200, 1e200) -> 1.4142135623730951e200
    """
    return primitives.hypot(x, y)


@define("m.exp", "(x: double) -> double", accuracy="ulp")
def exp(x: float) -> float:
    """e to the power `x`.

    m.exp(1) -> 2.718281828459045
    m.exp(1000) -> inf
    """
    return primitives.exp(x)


@define("m.expm1", "(x: double) -> double", accuracy="ulp")
def expm1(x: float) -> float:
    """e to the power `x`, minus one, without loss of precision near zero.

    m.expm1(1e-10) -> 1.00000000005e-10
    """
    return primitives.expm1(x)


@define("m.ln", "(x: double) -> double", accuracy="ulp")
def ln(x: float) -> float:
    """The natural logarithm of `x`; negative infinity at zero, NaN below.

    m.ln(10) -> 2.302585092994046
    m.ln(0) -> -inf
    m.ln(-1) -> nan
    """
    return primitives.log(x)


@define("m.log10", "(x: double) -> double", accuracy="ulp")
def log10(x: float) -> float:
    """The logarithm of `x` to base 10; negative infinity at zero, NaN below.

    m.log10(1000) -> 3.0
    m.log10(0) -> -inf
    """
    return primitives.log10(x)


@define("m.log", "(x: double, base: int) -> double", errors={"base must be positive": 27170}, accuracy="ulp")
def log(x: float, base: int, *, fail: Fail) -> float:
    """The logarithm of `x` to `base`; negative infinity at zero, NaN below.

    m.log(8, 2) -> 3.0
    m.log(0, 2) -> -inf
    m.log(8, 0) -> error 27170
    """
    if base <= 0:
        fail("base must be positive")
    return primitives.divide(primitives.log(x), math.log(base))


@define("m.ln1p", "(x: double) -> double", accuracy="ulp")
def ln1p(x: float) -> float:
    """The natural logarithm of `x` + 1, without loss of precision near zero; NaN below -1.

    m.ln1p(1e-10) -> 9.9999999995e-11
    m.ln1p(-1) -> -inf
    """
    return primitives.log1p(x)


# ---- trigonometry -------------------------------------------------------------------------------------------


@define("m.sin", "(x: double) -> double", accuracy="ulp")
def sin(x: float) -> float:
    """The sine of `x` radians.

    m.sin(1) -> 0.8414709848078965
    """
    return primitives.sin(x)


@define("m.cos", "(x: double) -> double", accuracy="ulp")
def cos(x: float) -> float:
    """The cosine of `x` radians.

    m.cos(1) -> 0.5403023058681398
    """
    return primitives.cos(x)


@define("m.tan", "(x: double) -> double", accuracy="ulp")
def tan(x: float) -> float:
    """The tangent of `x` radians.

    m.tan(1) -> 1.5574077246549023
    """
    return primitives.tan(x)


@define("m.asin", "(x: double) -> double", accuracy="ulp")
def asin(x: float) -> float:
    """The angle between -π/2 and π/2 whose sine is `x`; NaN where `x` is not between -1 and 1.

    m.asin(1) -> 1.5707963267948966
    m.asin(2) -> nan
    """
    return primitives.asin(x)


@define("m.acos", "(x: double) -> double", accuracy="ulp")
def acos(x: float) -> float:
    """The angle between 0 and π whose cosine is `x`; NaN where `x` is not between -1 and 1.

    m.acos(-1) -> 3.141592653589793
    m.acos(2) -> nan
    """
    return primitives.acos(x)


@define("m.atan", "(x: double) -> double", accuracy="ulp")
def atan(x: float) -> float:
    """The angle between -π/2 and π/2 whose tangent is `x`.

    m.atan(1) -> 0.7853981633974483
    """
    return primitives.atan(x)


@define("m.atan2", "(y: double, x: double) -> double", accuracy="ulp")
def atan2(y: float, x: float) -> float:
    """The angle between -π and π of the point (`x`, `y`): the arc tangent of `y`/`x` in the right quadrant.

    `y` is the first parameter and `x` the second.

    m.atan2(1, -1) -> 2.356194490192345
    m.atan2(0, 0) -> 0.0
    """
    return primitives.atan2(y, x)


@define("m.sinh", "(x: double) -> double", accuracy="ulp")
def sinh(x: float) -> float:
    """The hyperbolic sine of `x`.

    m.sinh(1) -> 1.1752011936438014
    m.sinh(-1000) -> -inf
    """
    return primitives.sinh(x)


@define("m.cosh", "(x: double) -> double", accuracy="ulp")
def cosh(x: float) -> float:
    """The hyperbolic cosine of `x`.

    m.cosh(1) -> 1.5430806348152437
    m.cosh(1000) -> inf
    """
    return primitives.cosh(x)


@define("m.tanh", "(x: double) -> double", accuracy="ulp")
def tanh(x: float) -> float:
    """The hyperbolic tangent of `x`.

    m.tanh(1) -> 0.7615941559557649
    """
    return primitives.tanh(x)
