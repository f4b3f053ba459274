"""Bytes as text in base64."""

from __future__ import annotations

from pfa.targets.kernel.language import i64, inline, ld8, st8
from pfa.targets.kernel.lib.base import charge, items, new_string


@inline
def base64_digit(x: i64) -> i64:
    if x < 26:
        return x + 65
    if x < 52:
        return x + 71
    if x < 62:
        return x - 4
    return 43 if x == 62 else 47


def base64_of(ctx: i64, data: i64, n: i64) -> i64:
    """A string of n bytes in base64, padded."""
    size = (n + 2) // 3 * 4
    charge(ctx, size // 4)
    out = new_string(ctx, size, size)
    to = items(out)
    for i in range(0, n, 3):
        left = n - i
        x = ld8(data + i) << 16
        if left > 1:
            x = x | (ld8(data + i + 1) << 8)
        if left > 2:
            x = x | ld8(data + i + 2)
        st8(to, base64_digit(x >> 18))
        st8(to + 1, base64_digit((x >> 12) & 63))
        st8(to + 2, base64_digit((x >> 6) & 63) if left > 1 else 61)
        st8(to + 3, base64_digit(x & 63) if left > 2 else 61)
        to += 4
    return out
