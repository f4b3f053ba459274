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


@cache
def tens() -> list[int]:
    """The first 64 bits of 10**i for i from -342 to 308, cut off: what decimals are read with."""
    out = []
    for i in range(-342, 309):
        above, below = (10**i, 1) if i >= 0 else (1 << 1300, 10**-i)
        ratio = (above << WORD) // below
        out.append(_signed(ratio >> ratio.bit_length() - WORD))
    return out


# Where characters may have a case, or be ignorable beside a sigma: not among the 90,000 of CJK, Hangul, cuneiform and
# such, nor among what is for private use.  (A test compares with all characters.)
RANGES = (
    range(0x80, 0x3400), range(0xA000, 0xAC00), range(0xF900, 0x12000), range(0x13400, 0x13500),
    range(0x16000, 0x17000), range(0x1AF00, 0x1C000), range(0x1CF00, 0x1F400), range(0xE0000, 0xE0200),
)  # fmt: skip


def _characters(*ranges: range) -> list[str]:
    return [chr(c) for r in ranges for c in r if c != ord("\n")]


def _cases(changed: str, characters: list[str]) -> list[int]:
    """Rows of five: a code point, how many characters it becomes, and these."""
    out = []
    for c, to in zip(characters, changed.split("\n"), strict=True):
        if c != to:
            out += [ord(c), len(to), *map(ord, to), *[0] * (3 - len(to))]
    return out


@cache
def lower() -> list[int]:
    """What this Python's str.lower makes of each character."""
    characters = _characters(*RANGES)
    return _cases("\n".join(characters).lower(), characters)


@cache
def upper() -> list[int]:
    """What str.upper makes of each character."""
    characters = _characters(*RANGES)
    return _cases("\n".join(characters).upper(), characters)


@cache
def sigma() -> list[int]:
    """Rows of three, ranges of code points: from, to, 1 (cased) or 2 (ignorable).

    They decide which small sigma a capital one becomes, and Python tells them by nothing else: a sigma after a letter
    is the final one where no cased character follows, whatever is ignorable between them.
    """
    characters = _characters(range(0x80), *RANGES)
    after = "".join([f"A\u03a3{c}\n" for c in characters]).lower().split("\n")
    before = "".join([f"A{c}\u03a3\n" for c in characters]).lower().split("\n")
    out: list[int] = []
    for c, follows, precedes in zip(characters, after, before, strict=False):
        which = 1 if follows[1] == "\u03c3" else 2 if precedes[-1] == "\u03c2" else 0
        if which and out and out[-1] == which and out[-2] == ord(c) - 1:
            out[-2] = ord(c)
        elif which:
            out += [ord(c), ord(c), which]
    return out


TABLES = {"powers": powers, "tens": tens, "lower": lower, "upper": upper, "sigma": sigma}
