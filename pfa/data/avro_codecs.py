"""The codecs of Avro container files: a block's bytes packed and unpacked.

Place in the pipeline: under `avro_container`.  Invariant: unpacking never makes more than it is allowed to, so a
block of a kilobyte that unpacks to a gigabyte is an error before it is in memory.
Specification: Avro 1.12, "Required Codecs" and "Optional Codecs"; lz4 is fastavro's (a block with its size before).
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pfa.errors import PfaDataError

Pack = Callable[[bytes], bytes]
Unpack = Callable[[bytes, int], bytes]
Piece = Callable[[bytes, int], bytes]
_WINDOW = 27  # zstandard: a window of 128 MiB, the most that the format says every decoder should have
_XZ_MEMORY = 1 << 28


class TooLarge(Exception):
    """The block unpacks to more than it may."""


class NotPacked(Exception):
    """The block is not what its codec makes; the message says why.  `got`: what there was before the fault."""

    def __init__(self, message: str, got: bytes = b"") -> None:
        super().__init__(message)
        self.got = got


@dataclass(frozen=True, slots=True)
class Codec:
    """`unpack(data, most)` raises TooLarge and NotPacked."""

    name: str
    pack: Pack
    unpack: Unpack


def codec(name: str) -> Codec:
    """The codec of a name; PfaDataError if there is none, or its library is not installed."""
    if name not in CODECS:
        raise PfaDataError(f'there is no codec "{name[:40]}"; known are {", ".join(CODECS)}')
    try:
        pack, unpack = CODECS[name]()
    except ImportError as error:
        needs = f"the codec {name} needs the module {error.name}"
        raise PfaDataError(f'{needs}: pip install "pfa-engine[avro]"') from None
    return Codec(name, pack, unpack)


def _null() -> tuple[Pack, Unpack]:
    return bytes, lambda data, most: data  # what is read was counted already


def _deflate() -> tuple[Pack, Unpack]:
    def pack(data: bytes) -> bytes:
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(data) + packer.flush()

    def unpack(data: bytes, most: int) -> bytes:
        return _stream(data, most, lambda: zlib.decompressobj(-15), zlib.error, many=False)

    return pack, unpack


def _bzip2() -> tuple[Pack, Unpack]:
    return bz2.compress, lambda data, most: _stream(data, most, bz2.BZ2Decompressor, (OSError, ValueError))


def _xz() -> tuple[Pack, Unpack]:
    def reader() -> Any:
        return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    return lzma.compress, lambda data, most: _stream(data, most, reader, (lzma.LZMAError, MemoryError))


def _zstandard() -> tuple[Pack, Unpack]:
    zstd: Any = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    options = {zstd.DecompressionParameter.window_log_max: _WINDOW}

    def reader() -> Any:
        return zstd.ZstdDecompressor(options=options)

    return zstd.compress, lambda data, most: _stream(data, most, reader, zstd.ZstdError)


def _stream(data: bytes, most: int, reader: Callable[[], Any], errors: Any, many: bool = True) -> bytes:
    """What a decompressor of the standard library's kind makes of a block, which may be several streams."""
    out = bytearray()
    while True:
        one = reader()
        try:
            out += one.decompress(data, most - len(out) + 1)
        except errors as error:
            raise NotPacked(str(error), bytes(out)) from None
        if len(out) > most:
            raise TooLarge
        if not one.eof:
            raise NotPacked("it ends too early", bytes(out))
        data = one.unused_data
        if not data or not many:  # writers leave a part of zlib's checksum behind deflated data
            return bytes(out)


def _snappy() -> tuple[Pack, Unpack]:
    library: Any = import_module("cramjam")
    snappy = library.snappy

    def pack(data: bytes) -> bytes:
        return bytes(snappy.compress_raw(data)) + zlib.crc32(data).to_bytes(4, "big")

    def unpack(data: bytes, most: int) -> bytes:
        if len(data) < 5:
            raise NotPacked("it ends too early")
        try:
            if snappy.decompress_raw_len(data[:-4]) > most:
                raise TooLarge
            made = bytes(snappy.decompress_raw(data[:-4]))
        except library.DecompressionError as error:
            raise NotPacked(str(error)) from None
        if zlib.crc32(made) != int.from_bytes(data[-4:], "big"):
            raise NotPacked("its checksum is wrong")
        return made

    return pack, unpack


def _lz4() -> tuple[Pack, Unpack]:
    block: Any = import_module("lz4.block")

    def unpack(data: bytes, most: int) -> bytes:
        if len(data) < 4:
            raise NotPacked("it ends too early")
        if int.from_bytes(data[:4], "little") > most:
            raise TooLarge
        try:
            made: bytes = block.decompress(data)
        except (block.LZ4BlockError, ValueError) as error:
            raise NotPacked(str(error)) from None
        return made

    return block.compress, unpack


CODECS: dict[str, Callable[[], tuple[Pack, Unpack]]] = {
    "null": _null, "deflate": _deflate, "bzip2": _bzip2, "xz": _xz, "zstandard": _zstandard, "snappy": _snappy,
    "lz4": _lz4,
}  # fmt: skip
