"""The namespace rand: tests of its distributions by Kolmogorov and Smirnov and by Pearson, limits, sizes.

The seeds are fixed, so a test that passes passes always; the bounds are those of one failure in a thousand.
"""

import math
import re
from collections import Counter
from functools import partial
from itertools import permutations

import pytest

import pfa
from pfa.errors import PfaLimitError, PfaRuntimeError
from pfa.lib.primitives import float32
from pfa.lib.table import lookup
from pfa.memory.random import Generator

SIZE = 4000


class Budget:
    """A `charge` that runs out, as an engine's does."""

    def __init__(self, left=10**9):
        self.left = left

    def __call__(self, n):
        self.left -= n
        if self.left < 0:
            raise PfaLimitError("out of steps")


def function(name, seed=1, budget=10**9):
    fn = lookup(f"rand.{name}")
    extra = {"rng": Generator(seed)} | ({"charge": Budget(budget)} if "charge" in fn.needs else {})
    return partial(fn.impl, **extra)


def error(call, *args):
    with pytest.raises(PfaRuntimeError) as caught:
        call(*args)
    return caught.value.code


def kolmogorov(values, cdf):
    """The statistic times the root of the size; above 1.95 once in a thousand."""
    n = len(values)
    steps = [(cdf(x), i) for i, x in enumerate(sorted(values))]
    return max(max(p - i / n, (i + 1) / n - p) for p, i in steps) * math.sqrt(n)


def pearson(counts, expected):
    """Is chi-square of the counts below what one in a thousand has?  (Wilson and Hilferty's quantile.)"""
    assert counts.keys() <= expected.keys()
    chi2 = sum((counts[k] - e) ** 2 / e for k, e in expected.items())
    dof = len(expected) - 1
    return chi2 < dof * (1 - 2 / (9 * dof) + 3.09 * math.sqrt(2 / (9 * dof))) ** 3


def uniform(low, high):
    return lambda x: (x - low) / (high - low)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("name", "arguments", "low", "high"),
    [
        ("int", (), -(2**31), 2**31),
        ("int", (-(2**31), 2**31 - 1), -(2**31), 2**31 - 1),
        ("long", (), -(2**63), 2**63),
        ("long", (-(2**62), 2**63 - 1), -(2**62), 2**63 - 1),
        ("float", (-1.5, 2.0), -1.5, 2.0),
        ("double", (-1.5, 2.0), -1.5, 2.0),
        ("double", (-1.7e308, 1.7e308), -1.7e308, 1.7e308),
        ("double", (1.0, 1.0 + 2.0**-30), 1.0, 1.0 + 2.0**-30),
    ],
)
def test_uniform(name, arguments, low, high, seed):
    draw = function(name, seed)
    values = [draw(*arguments) for _ in range(SIZE)]
    assert all(low <= x < high for x in values)
    assert kolmogorov([x / 2 for x in values], uniform(low / 2, high / 2)) < 1.95


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (-3.0, 0.01), (5.0, -2.0)])
def test_gaussian(mu, sigma, seed):
    draw = function("gaussian", seed)
    values = [draw(mu, sigma) for _ in range(SIZE)]
    assert kolmogorov(values, lambda x: 0.5 * math.erfc((mu - x) / abs(sigma) / math.sqrt(2))) < 1.95


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_histogram(seed):
    weights = [1.0, 0.0, 2.5, 0.5, 0.0, 6.0, 0.0]
    draw = function("histogram", seed)
    counts = Counter(draw(weights) for _ in range(SIZE))
    expected = {i: SIZE * w / sum(weights) for i, w in enumerate(weights) if w}
    assert pearson(counts, expected)
    records = [{"prob": w, "id": i} for i, w in enumerate(weights)]
    draw = function("histogram", seed)
    assert Counter(draw(records)["id"] for _ in range(SIZE)) == counts


def test_histogram_of_extreme_weights():
    draw = function("histogram")
    assert {draw([5e-324, 0.0, 5e-324]) for _ in range(100)} == {0, 2}
    assert {draw([1.7e308, 1.7e308, 0.0, 1e-300]) for _ in range(100)} == {0, 1}


def test_histogram_names_the_first_fault():
    draw = function("histogram")
    assert error(draw, []) == 34070
    assert error(draw, [0.0, -1.0, math.inf]) == 34072
    assert error(draw, [0.0, math.nan, -1.0]) == 34071


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_choice_and_choices(seed):
    population = list("abcdefg")
    draw = function("choice", seed)
    expected = dict.fromkeys(population, SIZE / len(population))
    assert pearson(Counter(draw(population) for _ in range(SIZE)), expected)
    assert pearson(Counter(function("choices", seed)(SIZE, population)), expected)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sample_gives_every_ordered_subset_alike(seed):
    population, draw = list("abcd"), function("sample", seed)
    counts = Counter("".join(draw(3, population)) for _ in range(SIZE))
    orders = ["".join(p) for p in permutations(population, 3)]
    assert pearson(counts, dict.fromkeys(orders, SIZE / len(orders)))
    assert population == list("abcd")


def test_a_whole_sample_is_a_shuffle():
    assert sorted(function("sample")(1000, list(range(1000)))) == list(range(1000))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("arguments", "codes"),
    [((), range(1, 0xD800)), ((33, 127), range(33, 127)), ((0xD7FF, 0xD800), range(0xD7FF, 0xD800))],
)
def test_strings_are_of_characters_in_range(arguments, codes, seed):
    text = function("string", seed)(SIZE, *arguments)
    assert len(text) == SIZE
    assert all(ord(c) in codes for c in text)
    text.encode()  # no surrogates
    assert (
        kolmogorov([ord(c) + 0.5 for c in text], uniform(codes.start, codes.stop)) < 1.95 or len(codes) < 100
    )
    if 1 < len(codes) < 100:
        assert pearson(Counter(text), {chr(c): SIZE / len(codes) for c in codes})


@pytest.mark.parametrize("seed", [1, 2])
def test_populations_of_characters_and_bytes(seed):
    expected = {"a": SIZE / 4, "é": SIZE / 4, "𝛑": SIZE / 2}
    assert pearson(Counter(function("string", seed)(SIZE, "𝛑aé𝛑")), expected)
    found = function("bytes", seed)(SIZE, b"a\xff\xff\x00")
    assert pearson(Counter(found), {97: SIZE / 4, 255: SIZE / 2, 0: SIZE / 4})


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("arguments", "low", "high"), [((), 0, 256), ((0, 256), 0, 256), ((10, 20), 10, 20)])
def test_bytes(arguments, low, high, seed):
    found = function("bytes", seed)(20_001, *arguments)
    assert type(found) is bytes
    assert len(found) == 20_001
    assert pearson(Counter(found), dict.fromkeys(range(low, high), 20_001 / (high - low)))


def test_bytes_are_the_words_of_the_generator():
    assert function("bytes")(10_001) == Generator(1).bytes(10_001)


def test_uuids():
    for name in ("uuid", "uuid4"):
        draw = function(name)
        found = {draw() for _ in range(1000)}
        assert len(found) == 1000
        pattern = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}")
        assert all(map(pattern.fullmatch, found))
        digits = Counter("".join(u.replace("-", "")[:12] for u in found))
        assert pearson(digits, dict.fromkeys("0123456789abcdef", 12_000 / 16))


def test_floats_are_single_and_below_the_limit():
    draw, low = function("float"), 1.0
    high = float32(1.0 + 2.0**-23)
    assert {draw(low, high) for _ in range(200)} == {low}
    assert all(float32(x) == x for x in (draw(0.0, 1.0) for _ in range(200)))


@pytest.mark.parametrize("name", ["int", "long", "float", "double"])
def test_an_empty_range_is_an_error(name):
    draw = function(name)
    codes = {error(draw, 1, 1), error(draw, 1, 0)}
    assert codes == {lookup(f"rand.{name}").errors["high must be greater than low"]}


def test_limits_that_are_not_finite():
    draw = function("double")
    assert draw(0.0, math.inf) == math.inf
    assert draw(-math.inf, 0.0) == -math.inf
    assert math.isnan(draw(math.nan, 1.0))
    assert math.isnan(function("gaussian")(math.nan, 1.0))


@pytest.mark.parametrize("name", ["choices", "sample"])
def test_a_negative_size_gives_nothing(name):
    assert function(name)(-3, [1, 2]) == []


def test_the_size_comes_first_then_the_order_then_the_range():
    string, bytes_ = function("string"), function("bytes")
    assert [error(string, 0, ""), error(string, 0, 5, 1), error(string, 1, 0, 0)] == [34080, 34080, 34081]
    assert [error(bytes_, -1, b""), error(bytes_, -1, 5, 1), error(bytes_, 1, 300, 300)] == [
        34090,
        34090,
        34091,
    ]
    assert [error(string, 1, 0, 5), error(string, 1, 5, 0xD801)] == [34082, 34082]
    assert [error(bytes_, 1, -1, 5), error(bytes_, 1, 5, 257)] == [34092, 34092]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("choices", ([1, 2],)), ("string", ()), ("string", ("ab",)), ("string", (97, 99)), ("bytes", ()),
        ("bytes", (b"ab",)), ("bytes", (97, 99)),
    ],
)  # fmt: skip
def test_huge_sizes_meet_the_budget(name, arguments):
    with pytest.raises(PfaLimitError):
        function(name, budget=10_000)(2**31 - 1, *arguments)


def test_a_seeded_engine_repeats():
    document = {
        "input": "null",
        "output": {"type": "array", "items": "double"},
        "options": {},
        "randseed": 12345,
        "action": {
            "type": {"type": "array", "items": "double"},
            "new": [{"rand.gaussian": [0.0, 1.0]}, {"rand.double": [0.0, 1.0]}, {"rand.int": [0, 1000]}],
        },
    }
    one, two = pfa.loads(document), pfa.loads(document)
    rows = [one.action(None) for _ in range(5)]
    assert rows == [two.action(None) for _ in range(5)]
    assert len({tuple(row) for row in rows}) == 5
    assert rows != [pfa.loads(document, instance=1).action(None) for _ in range(5)]
