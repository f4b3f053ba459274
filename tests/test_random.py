"""The random generator: published vectors, streams, resuming, and the shape of what it draws."""

from __future__ import annotations

import copy
import math
import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfa.errors import PfaInitError
from pfa.memory.random import Generator, philox, round_keys

PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
ONES = 0xFFFFFFFF
# Random123, tests/kat_vectors, "philox4x32 10": counter, key, output
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (PI, (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


@pytest.mark.parametrize(("counter", "key", "block"), VECTORS)
def test_published_vectors(counter, key, block):
    assert philox(round_keys(*key), *counter) == block


def test_the_words_are_the_blocks_of_the_documented_counter():
    generator = Generator(12345, 6)
    generator.at(2, 7 + (9 << 32))
    keys = round_keys(*generator.key)
    words = [generator.next32() for _ in range(10)]
    blocks = [philox(keys, block, 2 << 24, 7, 9) for block in range(3)]
    assert words == [word for block in blocks for word in block][:10]


def test_action_after_action_draws_what_each_draws_alone():
    """Their first blocks are computed together."""
    generator, low = Generator(12345), (1 << 32) - 200
    numbers = [*range(300), *range(150, 160), *range(low, low + 400), (1 << 64) - 1]
    for number in numbers:
        generator.at(1, number)
        assert [generator.next32() for _ in range(6)] == draws(12345, 0, 1, number)[:6]


def draws(seed: int | None = 5, instance: int = 0, phase: int = 1, number: int = 0) -> list[int]:
    generator = Generator(seed, instance)
    generator.at(phase, number)
    return [generator.next32() for _ in range(9)]


def test_the_same_place_gives_the_same_numbers():
    assert draws() == draws()


def test_another_seed_instance_phase_or_number_gives_others():
    places = [
        {}, {"seed": 6}, {"seed": -5}, {"instance": 1}, {"phase": 0}, {"phase": 2},
        {"number": 1}, {"number": 1 << 32}, {"number": (1 << 64) - 1},
    ]  # fmt: skip
    assert len({tuple(draws(**place)) for place in places}) == len(places)


def test_instances_of_a_seed_never_share_a_key():
    assert len({Generator(1, instance).key for instance in range(1000)}) == 1000


def test_no_seed_is_unpredictable():
    assert draws(seed=None) != draws(seed=None)


def draw_some(generator: Generator, calls: list[str]) -> list[object]:
    made = {
        "next32": generator.next32, "next64": generator.next64, "random": generator.random,
        "gaussian": generator.gaussian, "bytes": lambda: generator.bytes(5),
        "below": lambda: generator.below(1000), "shuffle": lambda: generator.shuffle("abcde"),
    }  # fmt: skip
    return [made[call]() for call in calls]


CALLS = st.lists(
    st.sampled_from(["next32", "next64", "random", "gaussian", "bytes", "below", "shuffle"]), max_size=9
)


@given(CALLS, CALLS, st.sampled_from([lambda g: copy.deepcopy(g), lambda g: pickle.loads(pickle.dumps(g))]))
def test_a_state_resumes_in_the_middle_of_a_block(before, after, copied):
    one = Generator(77, 3)
    one.at(1, 41)
    draw_some(one, before)
    other = Generator(None, 0)
    other.restore(one.state())
    third = copied(one)
    assert other.state() == one.state() == third.state()
    expected = draw_some(one, after)
    assert draw_some(other, after) == expected == draw_some(third, after)


def test_a_state_counts_words():
    generator = Generator(1)
    generator.at(1, 2)
    for call, words in [("next32", 1), ("next64", 2), ("random", 2), ("gaussian", 4), ("bytes", 2)]:
        before = generator.state()[-1]
        draw_some(generator, [call])
        assert generator.state()[-1] - before == words


def test_a_restored_state_can_be_far_away():
    generator = Generator(3)
    generator.restore((1, 2, 255, (1 << 64) - 1, (1 << 57) + 3))
    assert generator.next32() == philox(round_keys(1, 2), 0, 255 << 24 | 1 << 23, ONES, ONES)[3]


@pytest.mark.parametrize(
    "state",
    [(), (1, 2, 3, 4), (1 << 32, 0, 0, 0, 0), (0, 0, 256, 0, 0), (0, 0, 0, -1, 0), (0, 0, 0, 0, 0.5),
     (0, True, 0, 0, 0), (0, 0, 0, 0, 1 << 58), (0, 0, 0, 0, 0, 0)],
)  # fmt: skip
def test_a_broken_state_is_refused(state):
    with pytest.raises(PfaInitError):
        Generator(1).restore(state)


def test_random_is_in_the_unit_interval_with_53_bits():
    generator = Generator(11)
    values = [generator.random() for _ in range(20_000)]
    assert all(0.0 <= x < 1.0 for x in values)
    assert any(x * 2.0**53 % 2 for x in values)
    assert sum(values) / len(values) == pytest.approx(0.5, abs=0.01)
    counts = Counter(int(x * 16) for x in values)
    assert chi_square(counts, 16, len(values)) < 50


def chi_square(counts: Counter[int], kinds: int, total: int) -> float:
    expected = total / kinds
    return sum((counts[k] - expected) ** 2 / expected for k in range(kinds))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10, 1000])
def test_below_is_uniform(n):
    generator = Generator(12)
    counts = Counter(generator.below(n) for _ in range(20_000))
    assert set(counts) <= set(range(n))
    assert chi_square(counts, n, 20_000) < n + 6 * math.sqrt(2 * n) + 5


@pytest.mark.parametrize("n", [3 << 30, ONES, 1 << 32, (1 << 32) + 1, 3 << 62, (1 << 64) - 1, 1 << 64])
def test_below_of_large_numbers_has_no_bias(n):
    """3 << 30 of 2**32 shows a modulo's bias at once: its lower third would be twice as probable."""
    generator = Generator(13)
    counts = Counter(generator.below(n) * 3 // n for _ in range(9000))
    assert set(counts) == {0, 1, 2}
    assert chi_square(counts, 3, 9000) < 20


@pytest.mark.parametrize("n", [0, -1, (1 << 64) + 1])
def test_below_needs_a_range(n):
    with pytest.raises(ValueError, match="below needs"):
        Generator(1).below(n)


def test_gaussian_is_standard_normal():
    generator = Generator(14)
    values = sorted(generator.gaussian() for _ in range(20_000))
    cdf = [0.5 * math.erfc(-x / math.sqrt(2)) for x in values]
    distance = max(abs(p - (i + 0.5) / len(values)) for i, p in enumerate(cdf))
    assert distance < 1.63 / math.sqrt(len(values))  # Kolmogorov, 1 %


def test_gaussian_survives_the_largest_uniform():
    generator = Generator(1)
    generator._left = [0, 0, ONES, ONES]
    assert generator.gaussian() == pytest.approx(math.sqrt(2 * 53 * math.log(2)))


def test_shuffle_makes_every_order_and_leaves_its_argument():
    generator = Generator(15)
    items = [1, 2, 3, 4]
    counts = Counter(tuple(generator.shuffle(items)) for _ in range(12_000))
    assert items == [1, 2, 3, 4]
    assert len(counts) == 24
    assert chi_square(Counter(dict(enumerate(counts.values()))), 24, 12_000) < 60
    assert generator.shuffle([]) == []


@pytest.mark.parametrize("n", [0, 1, 4, 7, 1000])
def test_bytes_are_the_words(n):
    generator, other = Generator(16), Generator(16)
    words = b"".join(other.next32().to_bytes(4, "little") for _ in range((n + 3) // 4))
    assert generator.bytes(n) == words[:n]
