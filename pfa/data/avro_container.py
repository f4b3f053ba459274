"""Avro container files: the header, and the blocks after it.

Place in the pipeline: `avro` and the sources of cells read files through this.  Invariant: nothing is believed that
the file only claims: lengths are checked against `Limits` and read in pieces, so memory follows what is there.
Specification: Avro 1.12, "Object Container Files".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from pfa.data.avro_codecs import NotPacked, TooLarge, codec
from pfa.data.avro_schema import DEFAULT, read_schema
from pfa.errors import PfaDataError, Problem, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.limits import Limits
    from pfa.types import Type

MAGIC = b"Obj\x01"
SYNC = 16
_HEADER = 1 << 24  # bytes of a file's metadata: schemas of a million lines fit
_ENTRIES = 10_000
_PIECE = 1 << 20
_ALWAYS = 1 << 26  # bytes that a block may unpack to, however small it is


@dataclass(frozen=True, slots=True)
class BrokenFile(Problem):
    """What is wrong with an Avro file, with the number of the record and the byte."""

    says: ClassVar[str] = "{p.place}: {p.message}"
    message: str
    record: int
    byte: int
    inside: int = -1  # byte of the unpacked block

    @property
    def place(self) -> str:
        inside = f" (byte {self.inside} of the unpacked block there)" if self.inside >= 0 else ""
        record = f"record {self.record}, " if self.record else ""
        return f"{record}byte {self.byte}{inside}"


def broken(message: str, file: str, record: int, byte: int, inside: int = -1) -> PfaDataError:
    """An error that names the file, the record (from 1; 0: the header) and the byte."""
    return PfaDataError(BrokenFile(message, record, byte, inside, at=Where("", record, byte if record else 0, file)))


class Stream:
    """An open file from front to back, with the position."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.position = 0

    def seek(self, position: int) -> None:
        self.source.seek(position)
        self.position = position

    def take(self, size: int) -> bytes:
        """So many bytes, or what is left; in pieces, since the size is only a claim."""
        made = self.source.read(min(size, _PIECE))
        self.position += len(made)
        if len(made) == size or not made:
            return made
        out = bytearray(made)
        while len(out) < size and (made := self.source.read(min(size - len(out), _PIECE))):
            out += made
            self.position += len(made)
        return bytes(out)

    def long(self) -> int | None:
        """A long; None at the end of the file.  EOFError if it is cut short, ValueError if it is none."""
        value = shift = 0
        while byte := self.take(1):
            value |= (byte[0] & 127) << shift
            if byte[0] < 128:
                if value >> 64:
                    break
                return (value >> 1) ^ -(value & 1)
            shift += 7
            if shift > 63:
                break
        if byte:
            raise ValueError("an integer of more than 64 bits")
        if shift:
            raise EOFError
        return None


@dataclass(frozen=True, slots=True)
class Block:
    """A block, unpacked.  `offset` is where it begins, `first` how many records are before it in the file.

    `start` is the byte of the file where the records begin, -1 if they were packed.  `fault`: what is wrong with a
    block that is not whole, to be raised after what there is (`data`), and the byte of the file where that is.
    """

    offset: int
    first: int
    count: int
    data: bytes
    start: int
    fault: tuple[str, int] | None = None


class Container:
    """An Avro file that is open for reading; the header has been read and its schema understood.

    PfaDataError: it is no Avro file, or its header or schema is wrong.
    """

    def __init__(self, source: BinaryIO, *, file: str = "", limits: Limits = DEFAULT) -> None:
        self.file, self.limits = file, limits
        self.stream = Stream(source)
        self.meta = self._header()
        if "avro.schema" not in self.meta:
            raise self._broken("the header has no schema (avro.schema)")
        self.schema_text = self.meta["avro.schema"]
        self.schema: Type = read_schema(self.schema_text, limits, file)
        name = self.meta.get("avro.codec", b"null").decode("utf-8", "replace") or "null"
        self.codec = codec(name)
        self.sync = self.stream.take(SYNC)
        if len(self.sync) < SYNC:
            raise self._broken(_CUT)

    def _broken(self, message: str, record: int = 0, byte: int | None = None) -> PfaDataError:
        return broken(message, self.file, record, self.stream.position if byte is None else byte)

    def _header(self) -> dict[str, bytes]:
        found = self.stream.take(len(MAGIC))
        if found != MAGIC:
            what = "it is empty" if not found else f"it begins with {found!r}, not with {MAGIC!r}"
            raise self._broken(f"this is no Avro container file: {what}", byte=0)
        meta: dict[str, bytes] = {}
        left, entries = _HEADER, _ENTRIES
        try:
            while count := self._count():
                entries -= abs(count)
                if entries < 0:
                    raise ValueError(f"it has more than {_ENTRIES:,} entries")
                for _ in range(abs(count)):
                    key, value = self._bytes(left), self._bytes(left)
                    left -= len(key) + len(value) + 2
                    if left < 0:
                        raise ValueError(_LONG_HEADER)
                    meta[key.decode("utf-8", "replace")] = value
        except EOFError:
            raise self._broken(_CUT) from None
        except ValueError as error:
            raise self._broken(f"the header is wrong: {error}") from None
        return meta

    def _count(self) -> int:
        """How many entries of the header follow; negative if the size of them comes next."""
        count = self.stream.long()
        if count is not None and count < 0:
            self.stream.long()
        if count is None:
            raise EOFError
        return count

    def _bytes(self, most: int) -> bytes:
        size = self.stream.long()
        if size is None:
            raise EOFError
        if size < 0:
            raise ValueError(f"a length of {size}")
        if size > most:
            raise ValueError(_LONG_HEADER)
        found = self.stream.take(size)
        if len(found) < size:
            raise EOFError
        return found

    def blocks(self, offset: int | None = None, first: int = 0) -> Iterator[Block]:
        """The blocks, from the one that begins at `offset` (then the file must be one that can seek).

        PfaDataError when a block is wrong; what can be read of it has been given.
        """
        stream = self.stream
        if offset is not None:
            stream.seek(offset)
        while (block := self._block(first)) is not None:
            yield block
            first += block.count
            if block.fault:
                message, byte = block.fault
                raise self._broken(message, first + 1, byte)
            sync = stream.take(SYNC)
            if len(sync) < SYNC:
                raise self._broken(f"{_CUT} in the sync marker after a block", first + 1)
            if sync != self.sync:
                raise self._broken("the sync marker after a block is wrong", first + 1, stream.position - SYNC)

    def _block(self, first: int) -> Block | None:
        stream, offset = self.stream, self.stream.position
        try:
            count = stream.long()
            if count is None:
                return None
            size = stream.long()
            if size is None:
                raise EOFError
        except EOFError:
            raise self._broken(f"{_CUT} in a block's length", first + 1) from None
        except ValueError as error:
            raise self._broken(f"a block begins with {error}", first + 1) from None
        self._check_sizes(count, size, first + 1, offset)
        start = stream.position
        data = stream.take(size)
        fault = None
        if len(data) < size:
            fault = f"{_CUT}: a block claims {size:,} bytes, and {len(data):,} are there", stream.position
        return self._unpacked(data, count, first, offset, start, fault)

    def _check_sizes(self, count: int, size: int, record: int, offset: int) -> None:
        most = self.limits.bytes
        if count < 0:
            raise self._broken(f"a block claims {count} records", record, offset)
        if size < 0:
            raise self._broken(f"a block claims {size} bytes", record, offset)
        if most is not None and size > most:
            raise self._broken(f"a block claims {size:,} bytes; Limits.bytes is {most:,}", record, offset)

    def _unpacked(
        self, data: bytes, count: int, first: int, offset: int, start: int, fault: tuple[str, int] | None
    ) -> Block:
        if self.codec.name == "null":
            return Block(offset, first, count, data, start, fault)
        most = self._most(len(data))
        try:
            data = self.codec.unpack(data, most)
        except TooLarge:
            message = f"the block of {len(data):,} bytes unpacks to over {most:,} (Limits.bytes, Limits.gzip_ratio)"
            raise self._broken(message, first + 1, offset) from None
        except NotPacked as error:
            message = f"the block is not what the codec {self.codec.name} makes: {error}"
            return Block(offset, first, count, error.got, -1, fault or (message, offset))
        return Block(offset, first, count, data, -1, fault)

    def _most(self, size: int) -> int:
        """What a packed block may unpack to."""
        limits = self.limits
        most = 1 << 62 if limits.bytes is None else limits.bytes
        return most if limits.gzip_ratio is None else min(most, max(_ALWAYS, int(size * limits.gzip_ratio)))


_CUT = "the file is cut short"
_LONG_HEADER = f"it is longer than {_HEADER:,} bytes"
