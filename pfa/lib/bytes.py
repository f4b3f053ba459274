"""bytes.*: sequences of bytes, and strings encoded in them."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from codecs import utf_16_be_decode, utf_16_le_decode
from typing import cast

from pfa.lib.define import Charge, Fail, Site, define
from pfa.types import STRING

_BOM_LE, _BOM_BE = b"\xff\xfe", b"\xfe\xff"


@define(
    "bytes.len",
    "(x: bytes) -> int",
)
def len_(x: bytes) -> int:
    """Return the number of bytes.

    bytes.len({"type": "bytes", "value": "hello"}) -> 5
    """
    return len(x)


@define(
    "bytes.subseq",
    "(x: bytes, start: int, end: int) -> bytes",
)
def subseq(x: bytes, start: int, end: int, *, charge: Charge) -> bytes:
    """Return the part of `x` from `start` (inclusive) to `end` (exclusive).

    Negative indexes count from the right (-1 is the last byte) and indexes outside are moved to the nearest end, as in
    Python; where `end` is not after `start`, the part is empty.

    bytes.subseq({"type": "bytes", "value": "abcdef"}, 1, 4) -> "bcd"
    bytes.subseq({"type": "bytes", "value": "abcdef"}, -2, 100) -> "ef"
    """
    part = x[start:end]
    charge(len(part) // 8 + 1)
    return part


@define(
    "bytes.subseqto",
    "(x: bytes, start: int, end: int, replacement: bytes) -> bytes",
    cost="(len(x)+len(replacement))//8+1",
)
def subseqto(x: bytes, start: int, end: int, replacement: bytes) -> bytes:
    """Return `x` with `replacement` in the place of the bytes from `start` to `end`.

    Indexes count as in bytes.subseq; where `end` is not after `start`, the replacement goes in before `start`.

    bytes.subseqto({"type": "bytes", "value": "abcdef"}, 1, 3, {"type": "bytes", "value": "XYZ"}) -> "aXYZdef"
    bytes.subseqto({"type": "bytes", "value": "abcdef"}, 3, 0, {"type": "bytes", "value": "--"}) -> "abc--def"
    """
    start, end, _ = slice(start, end).indices(len(x))
    return x[:start] + replacement + x[max(start, end) :]


def _fits(x: str | bytes, codec: str, is_string: bool) -> bool:
    """Can the string be encoded so, or do the bytes decode?"""
    try:
        if is_string:
            cast("str", x).encode(codec)
        else:
            _decoded(cast("bytes", x), codec)
    except UnicodeError:
        return False
    return True


def _decoded(x: bytes, codec: str) -> str:
    # `bytes.decode` takes twice the time for these two codecs, and the machine's byte order where there is no mark.
    match codec:
        case "utf-16" if x[:2] == _BOM_LE:
            return utf_16_le_decode(x[2:], "strict", True)[0]
        case "utf-16":
            return utf_16_be_decode(x[2:] if x[:2] == _BOM_BE else x, "strict", True)[0]
        case "utf-16-be":
            return utf_16_be_decode(x, "strict", True)[0]
        case "utf-16-le":
            return utf_16_le_decode(x, "strict", True)[0]
        case _:
            return x.decode(codec)


@define(
    "bytes.isAscii",
    "(x: bytes) -> boolean",
    "(x: string) -> boolean",
    cost="len(x)//16+1",
)
def is_ascii(x: str | bytes) -> bool:
    r"""Return true if all bytes, or all characters of a string, are ASCII.

    bytes.isAscii("hello") -> true
    bytes.isAscii({"type": "bytes", "value": "h\u00ebllo"}) -> false
    """
    return x.isascii()


@define(
    "bytes.isLatin1",
    "(x: bytes) -> boolean",
    "(x: string) -> boolean",
    cost="len(x)//16+1",
)
def is_latin1(x: str | bytes, *, site: Site) -> bool:
    r"""Return true if `x` is Latin-1 (ISO-8859-1), as any bytes are and strings with no character above 255.

    bytes.isLatin1("h\u00ebllo") -> true
    bytes.isLatin1("1 \u2212 1") -> false
    bytes.isLatin1({"type": "bytes", "value": "h\u00ebllo"}) -> true
    """
    return _fits(x, "latin-1", site.params[0] == STRING)


@define(
    "bytes.isUtf8",
    "(x: bytes) -> boolean",
    "(x: string) -> boolean",
    cost="len(x)//16+1",
)
def is_utf8(x: str | bytes, *, site: Site) -> bool:
    r"""Return true if the bytes are UTF-8, or the string can be written in it (it has no lone surrogates).

    bytes.isUtf8("h\u00ebllo") -> true
    bytes.isUtf8({"type": "bytes", "value": "h\u00c3\u00abllo"}) -> true
    bytes.isUtf8({"type": "bytes", "value": "h\u00ebllo"}) -> false
    """
    return _fits(x, "utf-8", site.params[0] == STRING)


@define(
    "bytes.isUtf16",
    "(x: bytes) -> boolean",
    "(x: string) -> boolean",
    cost="len(x)//16+1",
)
def is_utf16(x: str | bytes, *, site: Site) -> bool:
    r"""Return true if the bytes are UTF-16, or the string can be written in it (it has no lone surrogates).

    A byte-order mark says which UTF-16 it is; without one it is big-endian.

    bytes.isUtf16("hello") -> true
    bytes.isUtf16({"type": "bytes", "value": "\u00ff\u00feh\u0000"}) -> true
    bytes.isUtf16({"type": "bytes", "value": "hello"}) -> false
    """
    return _fits(x, "utf-16", site.params[0] == STRING)


@define(
    "bytes.isUtf16be",
    "(x: bytes) -> boolean",
    "(x: string) -> boolean",
    cost="len(x)//16+1",
)
def is_utf16be(x: str | bytes, *, site: Site) -> bool:
    r"""Return true if the bytes are big-endian UTF-16, or the string can be written in it (no lone surrogates).

    bytes.isUtf16be("hello") -> true
    bytes.isUtf16be({"type": "bytes", "value": "\u0000h\u0000i"}) -> true
    bytes.isUtf16be({"type": "bytes", "value": "hello"}) -> false
    """
    return _fits(x, "utf-16-be", site.params[0] == STRING)


@define(
    "bytes.isUtf16le",
    "(x: bytes) -> boolean",
    "(x: string) -> boolean",
    cost="len(x)//16+1",
)
def is_utf16le(x: str | bytes, *, site: Site) -> bool:
    r"""Return true if the bytes are little-endian UTF-16, or the string can be written in it (no lone surrogates).

    bytes.isUtf16le("hello") -> true
    bytes.isUtf16le({"type": "bytes", "value": "h\u0000i\u0000"}) -> true
    bytes.isUtf16le({"type": "bytes", "value": "hello"}) -> false
    """
    return _fits(x, "utf-16-le", site.params[0] == STRING)


def _decode(x: bytes, codec: str, fail: Fail) -> str:
    try:
        return _decoded(x, codec)
    except UnicodeError:
        return fail("invalid bytes")


@define(
    "bytes.decodeAscii",
    "(x: bytes) -> string",
    errors={"invalid bytes": 16090},
    cost="len(x)//4+1",
)
def decode_ascii(x: bytes, *, fail: Fail) -> str:
    r"""Return the string that the bytes stand for in ASCII.

    bytes.decodeAscii({"type": "bytes", "value": "hello"}) -> "hello"
    bytes.decodeAscii({"type": "bytes", "value": "h\u00ebllo"}) -> error 16090
    """
    return _decode(x, "ascii", fail)


@define(
    "bytes.decodeLatin1",
    "(x: bytes) -> string",
    errors={"invalid bytes": 16100},
    cost="len(x)//4+1",
)
def decode_latin1(x: bytes, *, fail: Fail) -> str:
    r"""Return the string that the bytes stand for in Latin-1 (ISO-8859-1).

    16100 cannot be raised: in Latin-1 every byte from 0 to 255 is the character of that number.

    bytes.decodeLatin1({"type": "bytes", "value": "h\u00ebllo"}) -> "h\u00ebllo"
    """
    return _decode(x, "latin-1", fail)


@define(
    "bytes.decodeUtf8",
    "(x: bytes) -> string",
    errors={"invalid bytes": 16110},
    cost="len(x)//4+1",
)
def decode_utf8(x: bytes, *, fail: Fail) -> str:
    r"""Return the string that the bytes stand for in UTF-8.

    bytes.decodeUtf8({"type": "bytes", "value": "h\u00c3\u00abllo"}) -> "h\u00ebllo"
    bytes.decodeUtf8({"type": "bytes", "value": "h\u00ebllo"}) -> error 16110
    """
    return _decode(x, "utf-8", fail)


@define(
    "bytes.decodeUtf16",
    "(x: bytes) -> string",
    errors={"invalid bytes": 16120},
    cost="len(x)//4+1",
)
def decode_utf16(x: bytes, *, fail: Fail) -> str:
    r"""Return the string that the bytes stand for in UTF-16 (big-endian, unless a byte-order mark says otherwise).

    bytes.decodeUtf16({"type": "bytes", "value": "\u00ff\u00feh\u0000i\u0000"}) -> "hi"
    bytes.decodeUtf16({"type": "bytes", "value": "\u0000h\u0000i"}) -> "hi"
    bytes.decodeUtf16({"type": "bytes", "value": "hello"}) -> error 16120
    """
    return _decode(x, "utf-16", fail)


@define(
    "bytes.decodeUtf16be",
    "(x: bytes) -> string",
    errors={"invalid bytes": 16130},
    cost="len(x)//4+1",
)
def decode_utf16be(x: bytes, *, fail: Fail) -> str:
    r"""Return the string that the bytes stand for in big-endian UTF-16.

    bytes.decodeUtf16be({"type": "bytes", "value": "\u0000h\u0000i"}) -> "hi"
    bytes.decodeUtf16be({"type": "bytes", "value": "hello"}) -> error 16130
    """
    return _decode(x, "utf-16-be", fail)


@define(
    "bytes.decodeUtf16le",
    "(x: bytes) -> string",
    errors={"invalid bytes": 16140},
    cost="len(x)//4+1",
)
def decode_utf16le(x: bytes, *, fail: Fail) -> str:
    r"""Return the string that the bytes stand for in little-endian UTF-16.

    bytes.decodeUtf16le({"type": "bytes", "value": "h\u0000i\u0000"}) -> "hi"
    bytes.decodeUtf16le({"type": "bytes", "value": "hello"}) -> error 16140
    """
    return _decode(x, "utf-16-le", fail)


def _encode(s: str, codec: str, fail: Fail) -> bytes:
    try:
        return s.encode(codec)
    except UnicodeError:
        return fail("invalid string")


@define(
    "bytes.encodeAscii",
    "(s: string) -> bytes",
    errors={"invalid string": 16150},
    cost="len(s)//2+1",
)
def encode_ascii(s: str, *, fail: Fail) -> bytes:
    r"""Return the string in ASCII.

    bytes.encodeAscii("hello") -> "hello"
    bytes.encodeAscii("h\u00ebllo") -> error 16150
    """
    return _encode(s, "ascii", fail)


@define(
    "bytes.encodeLatin1",
    "(s: string) -> bytes",
    errors={"invalid string": 16160},
    cost="len(s)//2+1",
)
def encode_latin1(s: str, *, fail: Fail) -> bytes:
    r"""Return the string in Latin-1 (ISO-8859-1).

    bytes.encodeLatin1("h\u00ebllo") -> "h\u00ebllo"
    bytes.encodeLatin1("1 \u2212 1") -> error 16160
    """
    return _encode(s, "latin-1", fail)


@define(
    "bytes.encodeUtf8",
    "(s: string) -> bytes",
    errors={"invalid string": 16170},
    cost="len(s)//2+1",
)
def encode_utf8(s: str, *, fail: Fail) -> bytes:
    r"""Return the string in UTF-8.

    Half of a surrogate pair (code points 55296 to 57343) is no character and has no place in it.

    bytes.encodeUtf8("h\u00ebllo") -> "h\u00c3\u00abllo"
    16170 cannot be raised: no string holds a lone surrogate, since documents and data with one are refused and rand.string draws none
    """
    return _encode(s, "utf-8", fail)


@define(
    "bytes.encodeUtf16",
    "(s: string) -> bytes",
    errors={"invalid string": 16180},
    cost="len(s)//2+1",
    nondeterministic="unstable",
)
def encode_utf16(s: str, *, fail: Fail) -> bytes:
    r"""Return the string in UTF-16, big-endian after a byte-order mark; nothing for an empty string.

    Half of a surrogate pair (code points 55296 to 57343) is no character and has no place in it.

    bytes.encodeUtf16("hi") -> "\u00fe\u00ff\u0000h\u0000i"
    16180 cannot be raised: no string holds a lone surrogate, since documents and data with one are refused and rand.string draws none
    """
    return _BOM_BE + _encode(s, "utf-16-be", fail) if s else b""


@define(
    "bytes.encodeUtf16be",
    "(s: string) -> bytes",
    errors={"invalid string": 16190},
    cost="len(s)//2+1",
)
def encode_utf16be(s: str, *, fail: Fail) -> bytes:
    r"""Return the string in big-endian UTF-16, without a byte-order mark.

    Half of a surrogate pair (code points 55296 to 57343) is no character and has no place in it.

    bytes.encodeUtf16be("hi") -> "\u0000h\u0000i"
    16190 cannot be raised: no string holds a lone surrogate, since documents and data with one are refused and rand.string draws none
    """
    return _encode(s, "utf-16-be", fail)


@define(
    "bytes.encodeUtf16le",
    "(s: string) -> bytes",
    errors={"invalid string": 16200},
    cost="len(s)//2+1",
)
def encode_utf16le(s: str, *, fail: Fail) -> bytes:
    r"""Return the string in little-endian UTF-16, without a byte-order mark.

    Half of a surrogate pair (code points 55296 to 57343) is no character and has no place in it.

    bytes.encodeUtf16le("hi") -> "h\u0000i\u0000"
    16200 cannot be raised: no string holds a lone surrogate, since documents and data with one are refused and rand.string draws none
    """
    return _encode(s, "utf-16-le", fail)


@define(
    "bytes.toBase64",
    "(x: bytes) -> string",
    cost="len(x)//4+1",
)
def to_base64(x: bytes) -> str:
    """Return the bytes as text in base64 (RFC 4648, with padding, without line breaks).

    bytes.toBase64({"type": "bytes", "value": "hello"}) -> "aGVsbG8="
    """
    return b2a_base64(x, newline=False).decode("ascii")


@define(
    "bytes.fromBase64",
    "(s: string) -> bytes",
    errors={"invalid base64": 16220},
    cost="len(s)//8+1",
)
def from_base64(s: str, *, fail: Fail) -> bytes:
    """Return the bytes that the text stands for in base64 (RFC 4648, with padding, without line breaks).

    bytes.fromBase64("aGVsbG8=") -> "hello"
    bytes.fromBase64("...") -> error 16220
    bytes.fromBase64("aGVsbG8") -> error 16220
    """
    try:
        return a2b_base64(s, strict_mode=True)
    except (Error, ValueError):
        return fail("invalid base64")
