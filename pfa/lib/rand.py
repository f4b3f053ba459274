"""Functions of the namespace rand: random numbers from the engine's generator, so that a seeded engine repeats."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from math import isfinite
from typing import Any, Protocol

from pfa.lib.define import Charge, Fail, define
from pfa.lib.primitives import float32

SURROGATES = 0xD800  # where the code points that are no characters begin
DRAWS = 4096  # that are made between two looks at the budget


class Rng(Protocol):
    """What the library needs of the engine's generator (`pfa.memory.random.Generator`)."""

    def next64(self) -> int: ...
    def random(self) -> float: ...
    def below(self, n: int) -> int: ...
    def many_below(self, n: int, count: int) -> list[int]: ...
    def gaussian(self) -> float: ...
    def bytes(self, n: int) -> bytes: ...


@define(
    "rand.int",
    "() -> int",
    "(low: int, high: int) -> int",
    errors={"high must be greater than low": 34000},
    nondeterministic="pseudorandom",
    random=True,
)
def int_(low: int = -(2**31), high: int = 2**31, *, rng: Rng, fail: Fail) -> int:
    """Return a random int: any, or one from `low` to below `high`.

    rand.int() -> any
    rand.int(5, 6) -> 5
    rand.int(5, 5) -> error 34000
    """
    if low >= high:
        return fail("high must be greater than low")
    return low + rng.below(high - low)


@define(
    "rand.long",
    "() -> long",
    "(low: long, high: long) -> long",
    errors={"high must be greater than low": 34010},
    nondeterministic="pseudorandom",
    random=True,
)
def long(low: int = -(2**63), high: int = 2**63, *, rng: Rng, fail: Fail) -> int:
    """Return a random long: any, or one from `low` to below `high`.

    rand.long() -> any
    rand.long(5, 6) -> 5
    rand.long(5, 5) -> error 34010
    """
    if low >= high:
        return fail("high must be greater than low")
    return low + rng.below(high - low)


@define(
    "rand.float",
    "(low: float, high: float) -> float",
    errors={"high must be greater than low": 34020},
    nondeterministic="pseudorandom",
    random=True,
)
def float_(low: float, high: float, *, rng: Rng, fail: Fail) -> float:
    """Return a random float from `low` to below `high`.

    rand.float({"float": 1.5}, {"float": 2.5}) -> any
    rand.float({"float": 2.5}, {"float": 1.5}) -> error 34020
    """
    if low >= high:
        return fail("high must be greater than low")
    x = float32(_between(low, high, rng))
    return low if x >= high and isfinite(high) else x  # rounded up to the limit: once in 2**25


@define(
    "rand.double",
    "(low: double, high: double) -> double",
    errors={"high must be greater than low": 34030},
    nondeterministic="pseudorandom",
    random=True,
)
def double(low: float, high: float, *, rng: Rng, fail: Fail) -> float:
    """Return a random double from `low` to below `high`.

    rand.double(1.5, 2.5) -> any
    rand.double(2.5, 1.5) -> error 34030
    """
    if low >= high:
        return fail("high must be greater than low")
    x = _between(low, high, rng)
    return low if x >= high and isfinite(high) else x


def _between(low: float, high: float, rng: Rng) -> float:
    r = rng.random()
    width = high - low
    if isfinite(width):
        return low + r * width
    return (1.0 - r) * low + r * high  # a limit is infinite or NaN, or the width overflows


@define(
    "rand.choice",
    "(population: array(any A)) -> A",
    errors={"population must not be empty": 34040},
    nondeterministic="pseudorandom",
    random=True,
)
def choice(population: list[Any], *, rng: Rng, fail: Fail) -> Any:
    """Return a random item.

    rand.choice(["a", "a"]) -> "a"
    rand.choice({"type": {"type": "array", "items": "int"}, "value": []}) -> error 34040
    """
    if not population:
        return fail("population must not be empty")
    return population[rng.below(len(population))]


@define(
    "rand.choices",
    "(size: int, population: array(any A)) -> array(A)",
    errors={"population must not be empty": 34050},
    nondeterministic="pseudorandom",
    random=True,
)
def choices(size: int, population: list[Any], *, charge: Charge, rng: Rng, fail: Fail) -> list[Any]:
    """Return `size` random items, which may be the same ones; none for a negative size.

    rand.choices(3, [7]) -> [7, 7, 7]
    rand.choices(3, {"type": {"type": "array", "items": "int"}, "value": []}) -> error 34050
    """
    if not population:
        return fail("population must not be empty")
    return [population[i] for i in _draw(size, len(population), charge, rng)]


def _draw(size: int, below: int, charge: Charge, rng: Rng) -> list[int]:
    """Random integers from 0; a bounded number between two charges, so that the clock is looked at."""
    out: list[int] = []
    while len(out) < size:
        count = min(size - len(out), DRAWS)
        charge(count)
        out += rng.many_below(below, count)
    return out


@define(
    "rand.sample",
    "(size: int, population: array(any A)) -> array(A)",
    errors={"population must not be empty": 34060, "population smaller than requested subsample": 34061},
    nondeterministic="pseudorandom",
    random=True,
)
def sample(size: int, population: list[Any], *, charge: Charge, rng: Rng, fail: Fail) -> list[Any]:
    """Return `size` random items of different places in `population`, in random order; none for a negative size.

    rand.sample(2, [7, 7]) -> [7, 7]
    rand.sample(1, {"type": {"type": "array", "items": "int"}, "value": []}) -> error 34060
    rand.sample(3, [7, 7]) -> error 34061
    """
    if not population:
        return fail("population must not be empty")
    if size > len(population):
        return fail("population smaller than requested subsample")
    return [population[i] for i in distinct(size, len(population), charge, rng)]


def distinct(size: int, below: int, charge: Charge, rng: Rng) -> list[int]:
    """Random integers from 0 that are different, in random order: Fisher and Yates' shuffle, as far as needed."""
    moved: dict[int, int] = {}  # the places that do not hold their own number any more
    out: list[int] = []
    for first in range(size):
        charge(1)
        place = first + rng.below(below - first)
        out.append(moved.get(place, place))
        moved[place] = moved.pop(first, first)
    return out


@define(
    "rand.histogram",
    "(distribution: array(double)) -> int",
    "(distribution: array(any record A with {prob: double})) -> A",
    errors={
        "distribution must be non-empty": 34070,
        "distribution must be finite": 34071,
        "distribution must be non-negative": 34072,
    },
    nondeterministic="pseudorandom",
    random=True,
    cost="len(distribution)",
)
def histogram(distribution: list[Any], *, rng: Rng, fail: Fail) -> Any:
    """Return a random index of `distribution`, or a random one of its records, as probable as the numbers say.

    distribution: probabilities, or records with a field `prob`; they need not add up to 1.

    rand.histogram([0.0, 3.0, 0.0]) -> 1
    rand.histogram({"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "prob", "type": "double"}, {"name": "id", "type": "string"}]}}, "value": [{"prob": 0.0, "id": "never"}, {"prob": 0.5, "id": "always"}]}) -> {"prob": 0.5, "id": "always"}
    rand.histogram([0.0, 0.0]) -> error 34070
    rand.histogram([1.0, inf]) -> error 34071
    rand.histogram([1.0, -1.0]) -> error 34072
    """
    records = bool(distribution) and isinstance(distribution[0], dict)
    weights = [row["prob"] for row in distribution] if records else distribution
    for weight in weights:
        if not isfinite(weight):
            return fail("distribution must be finite")
        if weight < 0.0:
            return fail("distribution must be non-negative")
    largest = max(weights, default=0.0)
    if largest == 0.0:
        return fail("distribution must be non-empty")
    sums = list(accumulate(weight / largest for weight in weights))  # scaled, so that the sum is finite
    index = bisect_right(sums, rng.random() * sums[-1])  # below the last: random() is less than 1
    return distribution[index] if records else index


@define(
    "rand.string",
    "(size: int) -> string",
    "(size: int, population: string) -> string",
    "(size: int, low: int, high: int) -> string",
    errors={
        "size must be positive": 34080,
        "high must be greater than low": 34081,
        "invalid char": 34082,
        "population must be non-empty": 34083,
    },
    nondeterministic="pseudorandom",
    random=True,
)
def string(size: int, low: Any = 1, high: int = SURROGATES, *, charge: Charge, rng: Rng, fail: Fail) -> str:
    """Return a string of `size` random characters.

    population: the characters to choose from, as probable as they are frequent.
    low, high: the code points to choose from, from 1 to below 0xD800: the first of them, and the first above them.
    Without either all of these are chosen from; those of ASCII are 33 to 127.

    rand.string(5) -> any
    rand.string(3, "a") -> "aaa"
    rand.string(3, 97, 98) -> "aaa"
    rand.string(0) -> error 34080
    rand.string(3, 97, 97) -> error 34081
    rand.string(3, 0, 97) -> error 34082
    rand.string(3, "") -> error 34083
    """
    if size <= 0:
        return fail("size must be positive")
    if isinstance(low, str):
        if not low:
            return fail("population must be non-empty")
        return "".join([low[i] for i in _draw(size, len(low), charge, rng)])
    if high <= low:
        return fail("high must be greater than low")
    if low < 1 or high > SURROGATES:
        return fail("invalid char")
    return "".join([chr(low + i) for i in _draw(size, high - low, charge, rng)])


@define(
    "rand.bytes",
    "(size: int) -> bytes",
    "(size: int, population: bytes) -> bytes",
    "(size: int, low: int, high: int) -> bytes",
    errors={
        "size must be positive": 34090,
        "high must be greater than low": 34091,
        "invalid byte": 34092,
        "population must be non-empty": 34093,
    },
    nondeterministic="pseudorandom",
    random=True,
)
def bytes_(size: int, low: Any = None, high: int = 256, *, charge: Charge, rng: Rng, fail: Fail) -> bytes:
    """Return `size` random bytes.

    population: the bytes to choose from, as probable as they are frequent.
    low, high: the bytes to choose from, from 0 to 255: the first of them, and the first above them.

    rand.bytes(5) -> any
    rand.bytes(3, {"type": "bytes", "value": "a"}) -> "aaa"
    rand.bytes(3, 97, 98) -> "aaa"
    rand.bytes(0) -> error 34090
    rand.bytes(3, 97, 97) -> error 34091
    rand.bytes(3, 0, 257) -> error 34092
    rand.bytes(3, {"type": "bytes", "value": ""}) -> error 34093
    """
    if size <= 0:
        return fail("size must be positive")
    if low is None:
        return _any_bytes(size, charge, rng)
    if isinstance(low, bytes):
        if not low:
            return fail("population must be non-empty")
        return bytes([low[i] for i in _draw(size, len(low), charge, rng)])
    if high <= low:
        return fail("high must be greater than low")
    if low < 0 or high > 256:
        return fail("invalid byte")
    return bytes([low + i for i in _draw(size, high - low, charge, rng)])


def _any_bytes(size: int, charge: Charge, rng: Rng) -> bytes:
    parts = []
    for start in range(0, size, DRAWS):
        count = min(size - start, DRAWS)
        charge(count)
        parts.append(rng.bytes(count))
    return b"".join(parts)


def _uuid4(rng: Rng) -> str:
    a, b = rng.next64(), rng.next64()
    return f"{a >> 32:08x}-{a >> 16 & 0xFFFF:04x}-4{a & 0xFFF:03x}-8{b >> 48 & 0xFFF:03x}-{b & 0xFFFFFFFFFFFF:012x}"


@define("rand.uuid", "() -> string", deprecated=True, nondeterministic="pseudorandom", random=True)
def uuid(*, rng: Rng) -> str:
    """Return a random UUID, as `rand.uuid4` does.

    rand.uuid() -> any
    """
    return _uuid4(rng)


@define("rand.uuid4", "() -> string", nondeterministic="pseudorandom", random=True)
def uuid4(*, rng: Rng) -> str:
    """Return a random UUID of type 4 and variant 8: `xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx`, x from 0 to f.

    rand.uuid4() -> any
    """
    return _uuid4(rng)


@define(
    "rand.gaussian", "(mu: double, sigma: double) -> double", nondeterministic="pseudorandom", random=True
)
def gaussian(mu: float, sigma: float, *, rng: Rng) -> float:
    """Return a random number from the Gaussian distribution of mean `mu` and standard deviation `sigma`.

    rand.gaussian(10.0, 0.0) -> 10.0
    rand.gaussian(10.0, 2.0) -> any
    """
    return mu + sigma * rng.gaussian()
