"""gzip, without the bombs.

Place in the pipeline: compressed bytes -> bytes, before they are decoded.  Invariant: no more is ever
decompressed than `Limits.bytes` and one chunk, nor `Limits.gzip_ratio` times what was read of the input.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from pfa.errors import PfaLimitError, PfaSyntaxError, Where
from pfa.read.problems import BadGzip, TooCompressed, TooLong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.limits import Limits

MAGIC = b"\x1f\x8b"
CHUNK = 1 << 16
RATIO_FROM = 1 << 20
"""Bytes from which the ratio counts: a small text of blanks is no attack."""
MEMBER = 1 << 10
"""Bytes that many gzip members must have on average: a million empty ones cost more than they look."""


def inflate(data: bytes | bytearray, limits: Limits, file: str = "") -> bytearray:
    """Decompress all members of some gzip data."""
    at = Where(file=file)
    out = bytearray()
    for used, piece in _pieces(memoryview(data), at):
        out += piece
        if limits.bytes is not None and len(out) > limits.bytes:
            raise PfaLimitError(TooLong(limits.bytes, at=at))
        if limits.gzip_ratio is not None and len(out) > max(RATIO_FROM, limits.gzip_ratio * used):
            raise PfaLimitError(TooCompressed(limits.gzip_ratio, at=at))
    if out.startswith(MAGIC):
        raise PfaSyntaxError(BadGzip("compressed twice", at=at))
    return out


def _pieces(data: memoryview, at: Where) -> Iterator[tuple[int, bytes]]:
    """Decompressed pieces, each with the number of bytes read so far."""
    used, made, members = 0, 0, 0
    while used < len(data):
        if bytes(data[used : used + 2]) != MAGIC:
            if any(data[used:]):
                raise PfaSyntaxError(BadGzip("followed by something else", at=at))
            return  # padding of zeros, which some tapes and tools add
        members += 1
        if members > 100 and members * MEMBER > made:
            raise PfaSyntaxError(BadGzip("cut into too many members", at=at))
        for end, piece in _member(data, used, at):
            used = end
            made += len(piece)
            yield used, piece


def _member(data: memoryview, used: int, at: Where) -> Iterator[tuple[int, bytes]]:
    """The pieces of one member."""
    member = zlib.decompressobj(wbits=31)
    size = CHUNK // 16  # it is copied when the member ends: small members get small chunks
    while not member.eof:
        tail = member.unconsumed_tail
        chunk = tail or data[used : used + size]
        size = min(size * 2, CHUNK)
        try:
            piece = member.decompress(chunk, CHUNK * 16)
        except zlib.error as error:
            raise PfaSyntaxError(BadGzip(f"corrupt ({_reason(error)})", at=at)) from None
        if not (chunk or piece or member.eof):
            raise PfaSyntaxError(BadGzip("cut short", at=at))
        used += 0 if tail else len(chunk)
        yield used - len(member.unconsumed_tail) - len(member.unused_data), piece


def _reason(error: zlib.error) -> str:
    """zlib's words without its "Error -3 while decompressing data: "."""
    return str(error).rpartition(": ")[2]
