"""Random numbers: Philox 4x32-10, a generator that is a function of a key and a counter.

Place: the engine owns one `Generator`, moves it with `at` before each begin, action and end, and hands it to
library functions that ask for `rng`.  Kernels compute the same words from the same key and counter.

Invariant: the n-th word drawn depends on (seed, instance, phase, number, n) and on nothing else.  So a seeded
engine repeats, an action's numbers do not depend on how many the one before it drew (rows can be scored in
parallel), and the whole state is five integers.

The counter's four words, low first: block number (56 bits) and phase (8 bits) in the first two, number in the
last two.  A block is four words of output.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11.
"""

from __future__ import annotations

import os
import struct
from math import cos, log, pi, sqrt
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pfa.errors import PfaInitError

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
Block: TypeAlias = tuple[int, int, int, int]
RoundKeys: TypeAlias = tuple[tuple[int, int], ...]

MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
WORD, DOUBLE_WORD = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
BLOCK_BITS = 56
ACTION = 1  # the phase
AHEAD, SOON = 128, 16  # actions whose first blocks are computed together, once 16 in a row have drawn


def round_keys(key_0: int, key_1: int) -> RoundKeys:
    """The key of each round: the two words of the key, each stepped by its Weyl constant."""
    return tuple([(key_0 + i * WEYL_0 & WORD, key_1 + i * WEYL_1 & WORD) for i in range(ROUNDS)])


def philox(keys: RoundKeys, c0: int, c1: int, c2: int, c3: int) -> Block:
    """The block of output at a counter of four 32-bit words."""
    for k0, k1 in keys:
        p0 = MULTIPLIER_0 * c0
        p1 = MULTIPLIER_1 * c2
        c0 = (p1 >> 32) ^ c1 ^ k0
        c2 = (p0 >> 32) ^ c3 ^ k1
        c1 = p1 & WORD
        c3 = p0 & WORD
    return c0, c1, c2, c3


def philox_of_actions(keys: RoundKeys, number: int) -> list[list[int]]:
    """The first blocks of `AHEAD` actions from `number` on, each with the last word first.

    NumPy takes 60 us for what `philox` does in 250.
    """
    import numpy as np

    numbers: Any = np.arange(number, number + AHEAD, dtype=np.uint64)
    w0, w1 = np.zeros_like(numbers), np.full_like(numbers, ACTION << BLOCK_BITS - 32)
    w2, w3 = numbers & WORD, numbers >> 32
    for k0, k1 in keys:
        p0, p1 = w0 * MULTIPLIER_0, w2 * MULTIPLIER_1
        w0, w1, w2, w3 = (p1 >> 32) ^ w1 ^ k0, p1 & WORD, (p0 >> 32) ^ w3 ^ k1, p0 & WORD
    blocks: list[list[int]] = np.stack([w3, w2, w1, w0], axis=1).tolist()
    return blocks


def key_of(seed: int | None, instance: int) -> tuple[int, int]:
    """The key of a stream; no seed means an unpredictable one.

    The seed is scrambled, since seeds are small numbers, and the instance added: instances of one seed are
    always different streams.
    """
    if seed is None:
        scrambled = int.from_bytes(os.urandom(8), "little")
    else:
        low, high, _, _ = philox(round_keys(0, 0), seed & WORD, seed >> 32 & WORD, 0, 0)
        scrambled = low | high << 32
    key = scrambled + instance
    return key & WORD, key >> 32 & WORD


class Generator:
    """One stream of random numbers; used by one thread at a time, as its engine is."""

    __slots__ = (
        "_ahead", "_ahead_of", "_awaited", "_block", "_in_a_row", "_key", "_keys", "_left", "_number", "_phase",
        "_stream",
    )  # fmt: skip

    def __init__(self, seed: int | None, instance: int = 0) -> None:
        self._stream = seed, instance  # most engines draw nothing, and have no key
        self._key: tuple[int, int] | None = None
        self._keys: RoundKeys = ()
        self._ahead: list[list[int]] = []  # first blocks of the actions from `_ahead_of` on
        self._ahead_of = 0
        self._awaited = 0
        self._in_a_row = 0  # actions that drew, each the `_awaited` one after that before
        self.at(0, 0)

    def _set_key(self, key_0: int, key_1: int) -> None:
        self._key = (key_0, key_1)
        self._keys = round_keys(key_0, key_1)
        self._ahead = []

    @property
    def key(self) -> tuple[int, int]:
        """The two 32-bit words that a kernel needs, beside the counter, to draw the same numbers."""
        if self._key is None:
            self._set_key(*key_of(*self._stream))
        assert self._key
        return self._key

    def at(self, phase: int, number: int) -> None:
        """Go to the first draw of a phase (0 to 255) and of an action's number (64 bits)."""
        self._phase = phase
        self._number = number
        self._block = 0  # of the next block to compute
        self._left: list[int] = []  # words of the last block that are not drawn yet, the next one last

    def _next_block(self) -> list[int]:
        block, number = self._block, self._number
        if not self._keys:
            self._set_key(*self.key)
        self._block = block + 1
        if block == 0 and self._phase == ACTION and (found := self._computed_ahead(number)):
            self._left = found
            return found
        c1 = block >> 32 | self._phase << BLOCK_BITS - 32
        c0, c1, c2, c3 = philox(self._keys, block & WORD, c1, number & WORD, number >> 32)
        self._left = left = [c3, c2, c1, c0]
        return left

    def _computed_ahead(self, number: int) -> list[int] | None:
        """The first block of an action, where it is computed together with those of others."""
        nth = number - self._ahead_of
        if not 0 <= nth < len(self._ahead):
            self._in_a_row = self._in_a_row + 1 if number == self._awaited else 0
            self._awaited = number + 1
            if self._in_a_row < SOON or number >> 63:
                return None
            self._ahead_of, self._ahead, nth = number, philox_of_actions(self._keys, number), 0
            self._awaited = number + AHEAD
        return self._ahead[nth].copy()

    def next32(self) -> int:
        """The next word: an integer of 32 random bits."""
        return (self._left or self._next_block()).pop()

    def next64(self) -> int:
        """64 random bits: two words, the low one first."""
        low = (self._left or self._next_block()).pop()
        return low | (self._left or self._next_block()).pop() << 32

    def random(self) -> float:
        """A double of 53 random bits in [0, 1); two words."""
        return (self.next64() >> 11) * 2.0**-53

    def below(self, n: int) -> int:
        """An integer in [0, n), each equally probable, for n up to 2**64; nearly always one draw.

        The high half of a draw times n (Lemire 2019); the few low halves that would favour some results are
        drawn again.
        """
        if 0 < n <= 1 << 32:
            product = (self._left or self._next_block()).pop() * n
            if product & WORD < n:
                unfair = (1 << 32) % n
                while product & WORD < unfair:
                    product = (self._left or self._next_block()).pop() * n
            return product >> 32
        if not 0 < n <= 1 << 64:
            raise ValueError(f"below needs a number from 1 to 2**64, not {n}")
        unfair = (1 << 64) % n
        product = self.next64() * n
        while product & DOUBLE_WORD < unfair:
            product = self.next64() * n
        return product >> 64

    def many_below(self, n: int, count: int) -> list[int]:
        """What `below` gives so many times."""
        if not 0 < n <= 1 << 32:  # `below` says what is wrong
            return [self.below(n) for _ in range(count)]
        unfair = (1 << 32) % n
        made: list[int] = []
        while len(made) < count:
            left = self._left or self._next_block()
            product = left.pop() * n
            if product & WORD >= unfair:
                made.append(product >> 32)
        return made

    def gaussian(self) -> float:
        """A standard normal number; always four words.

        Box and Muller's first value.  The second is not kept, since it would be state beside the counter.
        """
        radius = sqrt(-2.0 * log(1.0 - self.random()))  # 1 - [0, 1) is never 0
        return radius * cos(2.0 * pi * self.random())

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """A new list of the items in random order (Fisher and Yates, from the end)."""
        out = list(items)
        for last in range(len(out) - 1, 0, -1):
            other = self.below(last + 1)
            out[last], out[other] = out[other], out[last]
        return out

    def bytes(self, n: int) -> bytes:
        """`n` random bytes: the next (n + 3) // 4 words, each with its low byte first."""
        count = (n + 3) // 4
        return struct.pack(f"<{count}I", *[self.next32() for _ in range(count)])[:n]

    def left(self) -> list[int]:
        """Words of the last block that are not drawn yet, the next one first."""
        return self._left[::-1]

    def state(self) -> tuple[int, int, int, int, int]:
        """All there is: the two words of the key, phase, number, words drawn since `at`."""
        return *self.key, self._phase, self._number, 4 * self._block - len(self._left)

    def restore(self, state: Sequence[object]) -> None:
        """Go on exactly where `state` was taken, also in the middle of a block."""
        limits = (32, 32, 64 - BLOCK_BITS, 64, BLOCK_BITS + 2)
        fits = len(state) == len(limits) and all(
            type(x) is int and 0 <= x < 1 << bits for x, bits in zip(state, limits, strict=True)
        )
        if not fits:
            raise PfaInitError("the state of the random generator is not five integers in range")
        key_0, key_1, phase, number, drawn = (x for x in state if isinstance(x, int))
        self._set_key(key_0, key_1)
        self.at(phase, number)
        self._block, used = divmod(drawn, 4)
        if used:
            del self._next_block()[-used:]
