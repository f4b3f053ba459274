"""The compiled code of `scanning`, which is the same for every document, and its table."""

from __future__ import annotations

from importlib import resources

from pfa.targets.kernel import cache, front, link
from pfa.targets.kernel.kernels import parse

WORD = 64
ENTRIES = ("rows_of_csv", "rows_of_jsonl")
TEXT = "".join(
    f"""

def {entry}(text: i64, size: i64, plan: i64, columns: i64, most: i64, tens: i64) -> i64:
    return scan_{entry.removeprefix("rows_of_")}(text, text + size, plan, columns, most, tens)
"""
    for entry in ENTRIES
)


def compiled() -> link.Code:
    """The functions ENTRIES."""
    text = resources.files("pfa.targets.kernel").joinpath("scanning.py").read_text("utf-8")
    kernels = parse(text + TEXT)
    made = [front.translate(kernel, kernels, name in ENTRIES).text for name, kernel in kernels.items()]
    return link.loaded(link.object_code("\n".join([*made, front.HEAD]), cache.default()))


def tens() -> list[int]:
    """The first 128 bits of 10**i for i from -342 to 308, cut off, as two words, the higher first."""
    out = []
    for i in range(-342, 309):
        above, below = (10**i << 2 * WORD, 1) if i >= 0 else (1 << 1400, 10**-i)
        ratio = above // below
        ratio >>= ratio.bit_length() - 2 * WORD
        out += [_signed(ratio >> WORD), _signed(ratio & (1 << WORD) - 1)]
    return out


def _signed(n: int) -> int:
    return n if n < 1 << (WORD - 1) else n - (1 << WORD)
