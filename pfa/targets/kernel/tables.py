"""Tables of numbers that kernels look things up in: made once a process, stored with a program's constants.

A kernel asks for one by a parameter `table_NAME`, and gets an array of longs.
"""

from __future__ import annotations

from functools import cache

WORD = 64
BITS = 125  # of the numbers in the table of `powers`
INVERSES, POWERS = 342, 326


def _signed(n: int) -> int:
    return n if n < 1 << (WORD - 1) else n - (1 << WORD)


def _words(n: int) -> list[int]:
    """A number of 128 bits as two words, the lower first."""
    return [_signed(n & (1 << WORD) - 1), _signed(n >> WORD)]


@cache
def powers() -> list[int]:
    """2**k / 5**i for each i, rounded up, then the first 125 bits of 5**i: what Ryū prints doubles with.

    Source: Ulf Adams, "Ryū: fast float-to-string conversion", PLDI 2018.
    """
    out = []
    for i in range(INVERSES):
        power = 5**i
        out += _words((1 << (power.bit_length() - 1 + BITS)) // power + 1)
    for i in range(POWERS):
        power = 5**i
        shift = power.bit_length() - BITS
        out += _words(power >> shift if shift >= 0 else power << -shift)
    return out


TABLES = {"powers": powers}
