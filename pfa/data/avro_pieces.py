"""The one datum of an Avro container file, a piece at a time.

Place in the pipeline: between `avro_container`, which reads the header, and `avro_decode`, which reads the pieces.
Invariants: nothing that the file claims is believed before the bytes are there; no more than `Budget` allows is read or
unpacked; of a block whose codec streams only a piece is held, since one datum may be a gigabyte.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from pfa.data.avro_codecs import NotPacked, TooLarge
from pfa.data.avro_codecs import codec as whole
from pfa.data.avro_container import SYNC, Container
from pfa.data.budget import BINARY, Budget
from pfa.errors import PfaLimitError

PIECE = 1 << 18
_EMPTY_BLOCKS = 1000
_RATIO_FROM = 1 << 20
_XZ_MEMORY = 1 << 28  # a stream can ask for a dictionary of 4 GiB
_CHECKSUM = 4


class Broken(Exception):
    """The file is no Avro container of one datum; `position` is where, in bytes from its beginning."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message, self.position = message, position


class Datum:
    """The pieces of the one datum of a container; `size` is the file's, where it is known.

    Raises Broken and PfaLimitError.
    """

    def __init__(self, container: Container, size: int | None, budget: Budget) -> None:
        self.stream, self.sync, self.codec = container.stream, container.sync, container.codec.name
        self.size, self.budget = size, budget
        self.start = self.end = self.stream.position
        self.made = 0
        found = self._next()
        if found is None:
            raise Broken("it holds no datum", self.stream.position)
        self.start = self.stream.position
        self.end = self.start + found
        unpack = _CODECS.get(self.codec) or _whole(self.codec)
        self._pieces = self._counted(_guarded(self.codec, unpack, self.packed(), self.start, budget.bytes * BINARY))

    def _next(self) -> int | None:
        """The bytes of the next block that holds a datum; None at the end of the file."""
        for _ in range(_EMPTY_BLOCKS):
            found = self._block()
            if found is None or found[0]:
                return found and found[1]
            self._empty(found[1])
        raise Broken("too many blocks hold nothing", self.stream.position)

    def _block(self) -> tuple[int, int] | None:
        """How many data the next block holds and its bytes; None at the end of the file."""
        stream, at = self.stream, self.stream.position
        try:
            count = stream.long()
            size = None if count is None else stream.long()
            if count is None:
                return None
            if size is None:
                raise EOFError
        except EOFError:
            raise Broken("the file is cut short where a block begins", stream.position) from None
        except ValueError as error:
            raise Broken(f"a block begins with {error}", at) from None
        if not 0 <= count <= 1:
            raise Broken(f"a block claims {count:,} data; a cell or pool has one", at)
        if size < 0:
            raise Broken(f"a block claims {size:,} bytes", at)
        if self.size is not None and size > self.size - stream.position:
            left = max(self.size - stream.position, 0)
            raise Broken(f"a block claims {size:,} bytes, and {left:,} are there: the file is cut short", at)
        return count, size

    def _empty(self, size: int) -> None:
        """Pass a block without data."""
        at = self.stream.position
        if len(self.stream.take(min(size, PIECE))) < size:
            raise Broken("a block without data holds bytes", at)
        self._end_block()

    def _end_block(self) -> None:
        at = self.stream.position
        found = self.stream.take(SYNC)
        if found != self.sync:
            what = "is not that of the header" if len(found) == SYNC else "is cut short"
            raise Broken(f"the sync marker after a block {what}", at)

    @property
    def plain(self) -> bool:
        """Are positions in the datum positions in the file?"""
        return self.codec == "null"

    def packed(self) -> Iterator[bytes]:
        """The pieces as they are in the file."""
        while left := self.end - self.stream.position:
            piece = self.stream.take(min(left, PIECE))
            if not piece:
                raise Broken(f"the file is cut short: {left:,} bytes of a block are not there", self.stream.position)
            yield piece

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.made += len(piece)
            self.budget.spend(len(piece) / BINARY)
            if self.made > max(_RATIO_FROM, self.budget.ratio * (self.stream.position - self.start)):
                raise PfaLimitError("it is compressed to less than 1/Limits.gzip_ratio of its size")
            yield piece

    def piece(self) -> bytes:
        """The next piece, b"" at the end."""
        return next(self._pieces, b"")

    def rest(self) -> float:
        """The most bytes that further pieces may hold."""
        return self.end - self.stream.position if self.plain else self.budget.bytes * BINARY

    def finish(self) -> None:
        """The datum has been read: nothing else may follow in the block and in the file."""
        if self.piece():
            raise Broken("the block goes on after its datum", self.end)
        self._end_block()
        at = self.stream.position
        if self._next() is not None:
            raise Broken("a second datum follows; a cell or pool has one", at)


# --- codecs that stream ------------------------------------------------------------------------------------

Unpack = Callable[[Iterator[bytes], float], Iterator[bytes]]
"""Packed pieces and the most bytes that may come of them -> pieces."""


def _guarded(name: str, unpack: Unpack, pieces: Iterator[bytes], at: int, most: float) -> Iterator[bytes]:
    try:
        yield from unpack(pieces, most)
    except (Broken, PfaLimitError, MemoryError):
        raise
    except TooLarge:
        raise PfaLimitError("it unpacks to more than Limits.bytes allows") from None
    except Exception as error:  # each library has classes of its own
        raise Broken(f"its block is not what the codec {name} makes: {error}"[:200], at) from None


def _whole(name: str) -> Unpack:
    """Snappy and lz4 have no parts: a block is held as a whole."""

    def unpack(pieces: Iterator[bytes], most: float) -> Iterator[bytes]:
        made = whole(name).unpack(b"".join(pieces), int(min(most, 1 << 40)))
        return (made[i : i + PIECE] for i in range(0, len(made), PIECE))

    return unpack


def _null(pieces: Iterator[bytes], most: float) -> Iterator[bytes]:
    return pieces


def _deflate(pieces: Iterator[bytes], most: float) -> Iterator[bytes]:
    """Raw deflate; fastavro writes three bytes of zlib's checksum after it."""
    inflate, after = zlib.decompressobj(-15), 0
    for packed in pieces:
        after += len(packed) if inflate.eof else 0
        while packed and not inflate.eof:
            piece = inflate.decompress(packed, PIECE)
            packed = inflate.unconsumed_tail
            if piece:
                yield piece
        if after + len(inflate.unused_data) > _CHECKSUM:
            raise NotPacked("it goes on after its end")
    while piece := inflate.decompress(inflate.unconsumed_tail, PIECE):
        yield piece
    _complete(inflate.eof)


def _streamed(make: Callable[[], Any]) -> Unpack:
    """A codec whose decompressor is one of those of bz2, lzma and compression.zstd."""

    def unpack(pieces: Iterator[bytes], most: float) -> Iterator[bytes]:
        stream = make()
        for packed in pieces:
            if stream.eof:
                _nothing(packed)
            piece = stream.decompress(packed, PIECE)
            while piece or not (stream.needs_input or stream.eof):
                yield piece
                piece = b"" if stream.eof else stream.decompress(b"", PIECE)
            _nothing(stream.unused_data if stream.eof else b"")
        _complete(stream.eof)

    return unpack


def _nothing(unused: bytes) -> None:
    if unused:
        raise NotPacked("it goes on after its end")


def _complete(eof: bool) -> None:
    if not eof:
        raise NotPacked("it is cut short")


def _zstandard() -> Any:
    try:
        return import_module("compression.zstd").ZstdDecompressor()
    except ImportError:
        return import_module("backports.zstd").ZstdDecompressor()


_CODECS: dict[str, Unpack] = {
    "null": _null,
    "deflate": _deflate,
    "bzip2": _streamed(bz2.BZ2Decompressor),
    "xz": _streamed(lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY)),
    "zstandard": _streamed(_zstandard),
}
