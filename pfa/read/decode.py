"""Bytes to text: gzip, byte order marks, UTF-8.

Place in the pipeline: first, for everything that is not text already.  Invariant: the text is at most
`Limits.bytes` long in UTF-8 and begins with no byte order mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.errors import PfaLimitError, PfaSyntaxError, Where
from pfa.read.inflate import MAGIC, inflate
from pfa.read.problems import NotUtf8, OtherEncoding, TooLong
from pfa.read.scan import check_size

if TYPE_CHECKING:
    from pfa.limits import Limits

MARKS = {
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\xfe\xff": "UTF-16",
    b"\xff\xfe": "UTF-16",
}


def decode(document: str | bytes | bytearray | memoryview, limits: Limits, file: str = "") -> str:
    """The text of a document."""
    if isinstance(document, str):
        check_size(document, limits, file)
        return document.removeprefix("\ufeff")
    data: bytes | bytearray = document.tobytes() if isinstance(document, memoryview) else document
    if data.startswith(MAGIC):
        data = inflate(data, limits, file)
    if limits.bytes is not None and len(data) > limits.bytes:
        raise PfaLimitError(TooLong(limits.bytes, at=Where(file=file)))
    return _utf8(data, file).removeprefix("\ufeff")


def _utf8(data: bytes | bytearray, file: str) -> str:
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "")
    if not encoding and b"\x00" in data[:4]:
        encoding = "UTF-16 or UTF-32"
    if encoding:
        raise PfaSyntaxError(OtherEncoding(encoding, at=Where(file=file)))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        offset = error.start
    line = data.count(b"\n", 0, offset) + 1
    col = len(data[data.rfind(b"\n", 0, offset) + 1 : offset].decode().removeprefix("\ufeff")) + 1
    raise PfaSyntaxError(NotUtf8(offset, at=Where("", line, col, file)))
