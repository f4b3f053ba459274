"""An Avro container file of one datum, a piece at a time.

Place in the pipeline: bytes of a file -> schema, and the pieces of its datum, which `avro_decode` reads.  Avro's
specification, "Object Container Files".  Invariants: nothing that the file claims is believed before the bytes are
there; no more than `Budget` allows is read or decompressed; with codecs that stream, only a piece is held.

fastavro is not used here: it takes any magic, negative counts and bytes after the end for good, and needs the whole
datum in memory three times over.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.check.problems import show
from pfa.errors import PfaLimitError

if TYPE_CHECKING:
    from pfa.limits import Limits

MAGIC = b"Obj\x01"
PIECE = 1 << 18
_HEADER = 1 << 22  # bytes of metadata, the schema among them
_ENTRIES = 1000
_RATIO_FROM = 1 << 20
_XZ_MEMORY = 1 << 28  # a stream can ask for a dictionary of 4 GiB
_SYNC = 16
_CHECKSUM = 4
BINARY = 2  # times `Limits.bytes` that Avro may have: as text the same data takes more than twice as long


class Broken(Exception):
    """The file is no Avro container of one datum; `position` is where, in bytes from its beginning."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message, self.position = message, position


@dataclass(slots=True)
class Budget:
    """What the sources of a document may still use: bytes (of text), values."""

    bytes: float
    values: float
    ratio: float

    @classmethod
    def of(cls, limits: Limits) -> Budget:
        """All that the limits allow."""
        some = (limits.bytes, limits.nodes, limits.gzip_ratio)
        return cls(*(float("inf") if x is None else float(x) for x in some))

    def spend(self, size: float) -> None:
        """Take so many bytes."""
        self.bytes -= size
        if self.bytes < 0:
            raise PfaLimitError("the files of this document's cells and pools hold more than Limits.bytes allows")


class Input:
    """A binary file, from the beginning on.  `size`: its bytes, where they are known."""

    def __init__(self, file: BinaryIO, size: int | None) -> None:
        self.file = file
        self.size = size
        self.position = 0
        self._window = b""
        self._at = 0

    @property
    def rest(self) -> float:
        """The most bytes that may follow."""
        return float("inf") if self.size is None else max(self.size - self.position, 0)

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def some(self, most: int) -> bytes:
        """Up to so many bytes; b"" at the end."""
        if self._at == len(self._window):
            self._window, self._at = self.file.read(PIECE) or b"", 0
        found = self._window[self._at : self._at + most]
        self._at += len(found)
        self.position += len(found)
        return found

    def take(self, size: int, what: str) -> bytes:
        """Exactly so many bytes."""
        if size > self.rest:
            raise Broken(f"{what} of {size} bytes: the file ends {int(self.rest)} bytes later", self.position)
        start = self.position
        pieces: list[bytes] = []
        while size:
            piece = self.some(min(size, PIECE))
            if not piece:
                raise Broken(f"the file is cut short in {what}", start)
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def long(self, what: str) -> int:
        """An Avro long."""
        start, value = self.position, 0
        for shift in range(0, 70, 7):
            [byte] = self.take(1, what)
            value |= (byte & 127) << shift
            if byte < 128 and value < 1 << 64:
                return (value >> 1) ^ -(value & 1)
        raise Broken(f"{what} is longer than 64 bits", start)


class Container:
    """A container that is open at its data.  Raises Broken."""

    def __init__(self, source: Input) -> None:
        self.source = source
        start = source.take(min(4, int(min(source.rest, 4))), "its beginning") if source.rest else b""
        if start != MAGIC:
            raise Broken(f"it is no Avro container file, which begins with Obj\\x01{_guess(start)}", 0)
        metadata = self._metadata()
        self.sync = source.take(_SYNC, "the sync marker")
        self.codec = metadata.get("avro.codec", b"null").decode("latin-1") or "null"
        if "avro.schema" not in metadata:
            raise Broken("its header has no schema (avro.schema)", 4)
        self.schema = metadata["avro.schema"]

    def _metadata(self) -> dict[str, bytes]:
        source = self.source
        found: dict[str, bytes] = {}
        entries = 0
        while count := source.long("the count of the header"):
            if count < 0:
                count = -count
                source.long("the size of the header")
            entries += count
            if entries > _ENTRIES:
                raise Broken(f"its header has {entries} entries", source.position)
            for _ in range(count):
                key = self._bytes("a name in the header").decode("latin-1")
                found[key] = self._bytes("a value in the header")
        return found

    def _bytes(self, what: str) -> bytes:
        at = self.source.position
        size = self.source.long(what)
        if size < 0 or self.source.position + size > _HEADER:
            raise Broken(f"{what} has a length of {size} bytes", at)
        return self.source.take(size, what)

    def datum(self, budget: Budget) -> Datum:
        """The one datum; `finish` it when it has been read."""
        source = self.source
        while True:
            if not source.rest:
                raise Broken("it holds no datum", source.position)
            at = source.position
            count = source.long("the count of a block")
            size = self._block_size()
            if count == 1:
                return Datum(self, size, budget)
            if count:
                says = "a negative count of data" if count < 0 else f"{count} data, and a cell or pool has one"
                raise Broken(f"it holds {says}", at)
            self._empty(size)

    def _block_size(self) -> int:
        at = self.source.position
        size = self.source.long("the size of a block")
        if size < 0:
            raise Broken(f"a block has a size of {size}", at)
        if size > self.source.rest:
            raise Broken(f"a block of {size} bytes: the file ends {int(self.source.rest)} bytes later", at)
        return size

    def _empty(self, size: int) -> None:
        if size > PIECE:
            raise Broken("a block without data holds bytes", self.source.position)
        self.source.take(size, "a block")
        self.end_block()

    def end_block(self) -> None:
        """The sync marker after a block."""
        at = self.source.position
        if self.source.take(_SYNC, "the sync marker of a block") != self.sync:
            raise Broken("the sync marker after a block is not that of the header", at)

    def finish(self) -> None:
        """Nothing follows but empty blocks."""
        self.end_block()
        for _ in range(_ENTRIES):
            at = self.source.position
            first = self.source.some(1)
            if not first:
                return
            if first != b"\0":
                raise Broken("it goes on after its datum, and a cell or pool has one", at)
            self._empty(self._block_size())
        raise Broken("it goes on after its datum", self.source.position)


class Datum:
    """The pieces of the one datum."""

    def __init__(self, container: Container, size: int, budget: Budget) -> None:
        self.container = container
        self.start = container.source.position
        self.end = self.start + size
        self.budget = budget
        self.made = 0
        self._pieces = self._counted(_codec(container.codec, self.start)(self.packed(), budget.bytes * BINARY))

    @property
    def plain(self) -> bool:
        """Are positions in the datum positions in the file?"""
        return self.container.codec == "null"

    def packed(self) -> Iterator[bytes]:
        """The pieces as they are in the file."""
        source = self.container.source
        while left := self.end - source.position:
            piece = source.some(min(left, PIECE))
            if not piece:
                raise Broken("the file is cut short in a block", source.position)
            yield piece

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        source = self.container.source
        for piece in pieces:
            self.made += len(piece)
            self.budget.spend(len(piece) / BINARY)
            if self.made > max(_RATIO_FROM, self.budget.ratio * (source.position - self.start)):
                raise PfaLimitError("it is compressed to less than 1/Limits.gzip_ratio of its size")
            yield piece

    def piece(self) -> bytes:
        """The next piece, b"" at the end."""
        return next(self._pieces, b"")

    def rest(self) -> float:
        """The most bytes that further pieces may hold."""
        if self.plain:
            return self.end - self.container.source.position
        return self.budget.bytes * BINARY

    def finish(self) -> None:
        """All of it has been read: nothing else may follow in the block and in the file."""
        if self.piece():
            raise Broken("the block goes on after its datum", self.end)
        self.container.finish()


def _guess(start: bytes) -> str:
    if not start:
        return "; it is empty"
    if start[:2] == b"\x1f\x8b":
        return "; it is compressed by gzip"
    return '; for JSON write "source": "json"' if start.lstrip()[:1] in b'{["0123456789tfn' else ""


# --- codecs ------------------------------------------------------------------------------------------------

Unpack = Callable[[Iterator[bytes], float], Iterator[bytes]]
"""Packed pieces and the most bytes that may come of them -> pieces."""


def _codec(name: str, at: int) -> Unpack:
    if name not in _CODECS:
        known = ", ".join(_CODECS)
        raise Broken(f"its codec {show(name)} is not known; known are {known}", at)
    unpack = _CODECS[name]

    def guarded(pieces: Iterator[bytes], most: float) -> Iterator[bytes]:
        try:
            yield from unpack(pieces, most)
        except (Broken, PfaLimitError, MemoryError):
            raise
        except Exception as error:  # each library has classes of its own
            raise Broken(f"its block is not what the codec {name} makes ({error})"[:200], at) from None

    return guarded


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
            raise ValueError("it goes on after its end")
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
        raise ValueError("it goes on after its end")


def _complete(eof: bool) -> None:
    if not eof:
        raise ValueError("it is cut short")


def _zstandard() -> Any:
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name).ZstdDecompressor()
        except ImportError:
            continue
    raise _missing("zstandard", "backports.zstd")


def _snappy(pieces: Iterator[bytes], most: float) -> Iterator[bytes]:
    """A block of snappy has no parts: it is held as a whole."""
    try:
        unpack = import_module("cramjam").snappy.decompress_raw
    except ImportError:
        raise _missing("snappy", "cramjam") from None
    packed = b"".join(pieces)
    size = shift = 0
    for byte in packed[:5]:
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    _at_most(size, most)
    made = bytes(unpack(packed[:-4]))
    if zlib.crc32(made).to_bytes(4, "big") != packed[-4:]:
        raise ValueError("its checksum is wrong")
    return _cut(made)


def _lz4(pieces: Iterator[bytes], most: float) -> Iterator[bytes]:
    try:
        unpack = import_module("lz4.block").decompress
    except ImportError:
        raise _missing("lz4", "lz4") from None
    packed = b"".join(pieces)
    _at_most(int.from_bytes(packed[:4], "little"), most)
    return _cut(unpack(packed))


def _at_most(size: int, most: float) -> None:
    if size > most:
        raise PfaLimitError(f"it claims {size} bytes, more than Limits.bytes allows")


def _cut(made: bytes) -> Iterator[bytes]:
    return (made[i : i + PIECE] for i in range(0, len(made), PIECE))


def _missing(codec: str, library: str) -> ValueError:
    return ValueError(f"pip install {library}: the codec {codec} needs it")


_CODECS: dict[str, Unpack] = {
    "null": _null,
    "deflate": _deflate,
    "bzip2": _streamed(bz2.BZ2Decompressor),
    "xz": _streamed(lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY)),
    "zstandard": _streamed(_zstandard),
    "snappy": _snappy,
    "lz4": _lz4,
}
