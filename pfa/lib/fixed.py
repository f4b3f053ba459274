"""fixed.*: between byte strings of a named length and ordinary ones."""

from __future__ import annotations

from pfa.lib.define import define


@define(
    "fixed.toBytes",
    "(x: any fixed A) -> bytes",
)
def to_bytes(x: bytes) -> bytes:
    """Return the bytes of a fixed value.

    fixed.toBytes({"type": {"type": "fixed", "name": "Four", "size": 4}, "value": "abcd"}) -> "abcd"
    """
    return x


@define(
    "fixed.fromBytes",
    "(original: any fixed A, replacement: bytes) -> A",
    cost="len(original)//8+1",
)
def from_bytes(original: bytes, replacement: bytes) -> bytes:
    """Return `original` with its first bytes replaced by `replacement`.

    What `replacement` is too short for stays as it was; what it has too much is dropped.

    fixed.fromBytes({"type": {"type": "fixed", "name": "Four", "size": 4}, "value": "abcd"}, {"type": "bytes", "value": "XY"}) -> "XYcd"
    fixed.fromBytes({"type": {"type": "fixed", "name": "Four", "size": 4}, "value": "abcd"}, {"type": "bytes", "value": "UVWXYZ"}) -> "UVWX"
    """
    return replacement[: len(original)] + original[len(replacement) :]
