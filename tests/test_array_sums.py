"""Sums, products and quantiles of the namespace a against plain Python."""

import math

import pytest
from hypothesis import strategies as st

from pfa.lib.primitives import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, float32
from pfa.types import (
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    Array,
)
from tests.array_values import call, code, given, ints

any_double = st.floats(width=64)
any_single = st.floats(width=32)


@pytest.mark.parametrize(
    ("t", "least", "greatest", "errors"),
    [(INT, INT_MIN, INT_MAX, (15400, 15410)), (LONG, LONG_MIN, LONG_MAX, (15401, 15411))],
    ids=["int", "long"],
)
@given(data=st.data())
def test_integers_are_added_and_multiplied_exactly(t, least, greatest, errors, data):
    special = st.sampled_from([least, greatest, 2**16, -(2**15)])
    numbers = st.integers(least, greatest) | st.integers(-3, 3) | special
    a = data.draw(st.lists(numbers, max_size=8))
    for name, exact, error in (("a.sum", sum(a), errors[0]), ("a.product", math.prod(a), errors[1])):
        if least <= exact <= greatest:
            assert call(name, [Array(t)], a) == exact
        else:
            assert code(name, [Array(t)], a) == error


@given(st.lists(any_double, max_size=8), st.lists(any_single, max_size=8))
def test_doubles_and_floats_are_added_from_left_to_right(a, b):
    total, product = 0.0, 1.0
    for x in a:
        total, product = total + x, product * x
    single, single_product = 0.0, 1.0
    for x in b:
        single, single_product = float32(single + x), float32(single_product * x)
    bits = repr  # NaN is as good as any other, -0.0 is not 0.0
    assert bits(call("a.sum", [Array(DOUBLE)], a)) == bits(total)
    assert bits(call("a.product", [Array(DOUBLE)], a)) == bits(product)
    assert bits(call("a.sum", [Array(FLOAT)], b)) == bits(single)
    assert bits(call("a.product", [Array(FLOAT)], b)) == bits(single_product)
    assert bits(call("a.mean", [Array(DOUBLE)], a)) == bits(total / len(a) if a else math.nan)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8))
def test_logarithmic_sums(a):
    logs = sum(map(math.log, a))
    assert call("a.lnsum", [Array(DOUBLE)], a) == pytest.approx(logs, rel=1e-12, abs=1e-12)
    assert call("a.geomean", [Array(DOUBLE)], a) == pytest.approx(math.prod(a) ** (1 / len(a)), rel=1e-12)
    small = [x / 1e3 for x in a]
    direct = math.log(sum(map(math.exp, small)))
    assert call("a.logsumexp", [Array(DOUBLE)], small) == pytest.approx(direct, rel=1e-12)
    shifted = call("a.logsumexp", [Array(DOUBLE)], [x + 1e4 for x in small])
    assert shifted == pytest.approx(direct + 1e4, rel=1e-12)


def test_sums_of_logarithms_at_the_limits():
    inf, nan = math.inf, math.nan
    limits = [
        ([inf, 1.0], inf),
        ([-inf] * 2, -inf),
        ([inf, -inf], inf),
        ([nan, inf], nan),
        ([-inf, 2.0], 2.0),
    ]
    for a, wanted in limits:
        assert repr(call("a.logsumexp", [Array(DOUBLE)], a)) == repr(wanted)
    for a, wanted in (([0.0, inf], nan), ([0.0, 2.0], -inf), ([-2.0, 0.0], nan), ([inf], inf)):
        assert repr(call("a.lnsum", [Array(DOUBLE)], a)) == repr(wanted)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.floats(0, 1))
def test_ntiles_of_doubles_grow_from_the_least_through_the_median_to_the_greatest(a, p):
    ntile = lambda q: call("a.ntile", [Array(DOUBLE), DOUBLE], a, q)  # noqa: E731
    low, high = sorted([p, 0.5])
    slack = 1e-9 * max(map(abs, a))
    assert min(a) == ntile(0.0) <= ntile(low) + slack
    assert ntile(low) <= ntile(high) + slack
    assert ntile(high) <= ntile(1.0) + slack
    assert ntile(1.0) == max(a)
    assert ntile(0.5) == pytest.approx(call("a.median", [Array(DOUBLE)], a), rel=1e-12)


@given(st.lists(ints, min_size=1, max_size=9), st.floats(-1, 2))
def test_ntiles_of_others_are_items(a, p):
    place = 0 if p <= 0 else len(a) - 1 if p >= 1 else math.floor(p * (len(a) - 1))
    assert call("a.ntile", [Array(INT), DOUBLE], a, p) == sorted(a)[place]
    assert call("a.median", [Array(INT)], a) == sorted(a)[(len(a) - 1) // 2]
