"""IEEE arithmetic over the grid {0, -0, ±1, ±inf, nan, ±max, denormal} and more; the oracle is C's libm."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfa.lib import primitives
from pfa.lib.primitives import DOUBLE_MAX, DOUBLE_MIN, FLOAT_MAX, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN

INF, NAN = math.inf, math.nan
GRID = [0.0, 1.0, 2.0, 3.0, 0.5, 1.5, 2.5, 1e3, 1e-310, DOUBLE_MIN, DOUBLE_MAX, 2.0**52 + 0.5, 1e16, INF]
GRID += [-x for x in GRID] + [NAN]

UNARY = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log10": np.log10, "log2": np.log2, "log1p": np.log1p,
    "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "floor": np.floor, "ceil": np.ceil,
    "trunc": np.trunc, "rint": np.rint, "fabs": np.fabs, "float32": lambda x: np.float64(np.float32(x)),
}  # fmt: skip
BINARY = {
    "divide": np.divide, "modulo": np.mod, "remainder": np.fmod, "atan2": np.arctan2, "hypot": np.hypot,
    "copysign": np.copysign,
}  # fmt: skip


def same(ours: float, oracle: float) -> bool:
    """Equal, with the same sign of zero; libm's own last bits are not ours to test."""
    if math.isnan(ours) or math.isnan(oracle):
        return math.isnan(ours) and math.isnan(oracle)
    if ours == 0.0 or oracle == 0.0:
        return ours == oracle and math.copysign(1.0, ours) == math.copysign(1.0, oracle)
    return ours == oracle or abs(ours - oracle) <= 4 * abs(oracle) * 2.0**-52


@pytest.mark.parametrize("name", UNARY)
def test_of_one_number(name):
    function = getattr(primitives, name)
    with np.errstate(all="ignore"):
        for x in GRID:
            assert same(function(x), float(UNARY[name](np.float64(x)))), (name, x)


@pytest.mark.parametrize("name", BINARY)
def test_of_two_numbers(name):
    function = getattr(primitives, name)
    with np.errstate(all="ignore"):
        for x, y in itertools.product(GRID, GRID):
            if name == "copysign" and math.isnan(y):
                continue
            assert same(function(x, y), float(BINARY[name](np.float64(x), np.float64(y)))), (name, x, y)


def oracle_power(x: float, y: float) -> float:
    if math.isnan(y) or (math.isinf(y) and abs(x) == 1.0):
        return NAN  # the suite's answer; C says 1.0
    if y == 0.5:  # NumPy takes the square root, which differs from a power at -0 and -inf
        return {0.0: 0.0, -INF: INF}.get(x, float(np.sqrt(x)))
    return float(np.power(x, y))


def test_power():
    with np.errstate(all="ignore"):
        for x, y in itertools.product(GRID, GRID):
            assert same(primitives.power(x, y), oracle_power(np.float64(x), np.float64(y))), (x, y)
    assert math.isnan(primitives.power(-8.0, 1 / 3))
    assert primitives.power(-2.0, 1025.0) == -INF
    assert primitives.power(-2.0, 1026.0) == INF
    assert same(primitives.power(-0.0, -3.0), -INF)


def test_gamma():
    for x in GRID:
        if x <= 0.0 and x == primitives.floor(x):
            assert primitives.lgamma(x) == INF
        elif not x > 1e300:
            assert same(primitives.lgamma(x), math.lgamma(x))
    assert primitives.lgamma(INF) == INF
    assert primitives.lgamma(DOUBLE_MAX) == INF
    assert primitives.lgamma(-INF) == INF
    assert math.isnan(primitives.lgamma(NAN))
    assert primitives.gamma(5.0) == 24.0
    assert primitives.gamma(200.0) == INF
    assert same(primitives.gamma(-0.0), -INF)
    assert math.isnan(primitives.gamma(-1.0))


@given(st.floats(width=64))
def test_single_precision(x):
    with np.errstate(all="ignore"):
        assert same(primitives.float32(x), float(np.float32(x)))


def test_single_precision_at_its_end():
    halfway = FLOAT_MAX + 2.0**103
    assert primitives.float32(FLOAT_MAX) == FLOAT_MAX
    assert primitives.float32(math.nextafter(halfway, 0.0)) == FLOAT_MAX
    assert primitives.float32(halfway) == INF
    assert primitives.float32(-halfway) == -INF


def test_rounding_halves_up():
    cases = {
        0.5: 1,
        -0.5: 0,
        2.5: 3,
        -2.5: -2,
        0.49999999999999994: 0,
        2.0**53: 2**53,
        -3.7: -4,
        1e300: int(1e300),
    }
    for x, expected in cases.items():
        assert primitives.round_half_up(x) == expected
    assert [primitives.round_half_up(x) for x in (INF, -INF, NAN)] == [None] * 3


INTEGERS = st.one_of(
    st.integers(-20, 20), st.integers(LONG_MIN, LONG_MAX), st.sampled_from([LONG_MIN, LONG_MAX])
)


@given(INTEGERS, INTEGERS.filter(bool))
def test_division_toward_zero(x, y):
    quotient, rest = primitives.truncate_divide(x, y), primitives.truncate_remainder(x, y)
    assert quotient * y + rest == x
    assert abs(rest) < abs(y)
    assert rest == 0 or (rest < 0) == (x < 0)


@given(INTEGERS, st.integers(-70, 70))
def test_power_of_integers(x, y):
    found = primitives.integer_power(x, y)
    if x == 0 and y < 0:
        assert found is None
    elif y < 0:
        assert found == (0 if abs(x) > 1 else x ** (y % 2))
    else:
        assert found == (x**y if LONG_MIN <= x**y <= LONG_MAX else None)


def test_power_of_integers_is_quick():
    assert primitives.integer_power(3, INT_MAX) is None
    assert primitives.integer_power(-1, LONG_MAX) == -1
    assert primitives.integer_power(0, LONG_MAX) == 0


def test_ranges():
    class OverflowSeenError(Exception):
        pass

    def fail(message: str) -> int:
        raise OverflowSeenError(message)

    assert primitives.int_result(INT_MIN, fail) == INT_MIN
    assert primitives.long_result(LONG_MAX, fail) == LONG_MAX
    with pytest.raises(OverflowSeenError, match="int overflow"):
        primitives.int_result(INT_MAX + 1, fail)
    with pytest.raises(OverflowSeenError, match="long overflow"):
        primitives.long_result(LONG_MIN - 1, fail)
    assert primitives.fits_int(INT_MAX)
    assert not primitives.fits_int(INT_MAX + 1)
    assert primitives.fits_long(LONG_MIN)
    assert not primitives.fits_long(LONG_MIN - 1)
