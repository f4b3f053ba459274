"""The random generator of an engine, which compiled code draws from by words of the context.

Invariant: the host's `Generator` and the words are never both drawn from without `push` or `pull` between.  `ahead`
says that the words may be further than the generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.targets.kernel import language as k

if TYPE_CHECKING:
    from pfa.memory.random import Generator

BLOCK_BITS = 56
WORDS = (k.RNG, k.RNG_NUMBER, k.RNG_PHASE, k.RNG_DRAWN)


def _signed(n: int) -> int:
    return n if n < 1 << 63 else n - (1 << 64)


class Draws:
    """One generator in both of its places."""

    def __init__(self, rng: Generator, words: Any, ctx: int) -> None:
        self.rng = rng
        self.words = words
        self.ctx = ctx
        self.ahead = False

    def push(self) -> None:
        """Compiled code goes on from where the host's generator is."""
        key_0, key_1, phase, number, drawn = self.rng.state()
        for at, n in zip(WORDS, (key_0 | key_1 << 32, number, phase << BLOCK_BITS, drawn), strict=True):
            self.words[self.ctx + (at >> 3)] = _signed(n)
        left = self.rng.left()
        block = [0] * (4 - len(left)) + left
        for i in (0, 1):
            self.words[self.ctx + (k.RNG_BLOCK >> 3) + i] = _signed(block[2 * i] | block[2 * i + 1] << 32)
        self.ahead = True

    def pull(self) -> None:
        """The host's generator goes on from where compiled code is."""
        key, number, phase, drawn = (self.words[self.ctx + (at >> 3)] & (1 << 64) - 1 for at in WORDS)
        self.rng.restore((key & 0xFFFFFFFF, key >> 32, phase >> BLOCK_BITS, number, drawn))

    def settle(self) -> None:
        """The generator is where the last action has left it."""
        if self.ahead:
            self.pull()
            self.ahead = False
