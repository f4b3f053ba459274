"""Lines of a binary file with their numbers and offsets, within a limit of length.

Place in the pipeline: under `csv` and `jsonl`.  Invariant: never more than one line is held, and no more of a line than
the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.data.rows import naturals, wrong_row
from pfa.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = Limits().line
PIECE = 1 << 20
BOM = b"\xef\xbb\xbf"
NOT_UTF8 = "the text is not UTF-8"


class Lines:
    """An iterator of the lines of a file, each with its end.

    `number` and `offset` are those behind the line that came last.  A line that is longer than the limit comes as
    its beginning, and `too_long` is then true.
    """

    def __init__(self, source: BinaryIO, file: str, start: Any = None, longest: int | None = LONGEST) -> None:
        self.source = source
        self.file = file
        self.most = -1 if longest is None else longest + 1
        self.offset, self.number = 0, 0
        self.too_long = False
        if start is not None:
            self._go_on(*naturals(start, 2))

    def _go_on(self, offset: int, number: int) -> None:
        """Go to the end of a line that was read before; one without its end may have got it since."""
        self.source.seek(max(offset - 1, 0))
        before = self.source.read(1) if offset else b"\n"
        self.offset, self.number = offset, number
        if before not in (b"\n", b"\r"):
            self._finish()

    def _finish(self) -> None:
        rest = self.source.readline(3)
        if rest and rest not in (b"\n", b"\r\n"):
            message = "the line was the last when it was read, and has been gone on with since"
            raise wrong_row(f"{message}: give the file from its beginning, with a new state", self.file, self.number)
        self.offset += len(rest)

    @property
    def end(self) -> list[int]:
        """The position behind the line that came last."""
        return [self.offset, self.number]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self.source.readline(self.most)
        if not line:
            raise StopIteration
        self.number += 1
        self.offset += len(line)
        self.too_long = len(line) == self.most and not line.endswith(b"\n")
        if self.too_long:
            self._skip()
        return line

    def _skip(self) -> None:
        """Go to the end of a line that is too long, a piece at a time."""
        while rest := self.source.readline(PIECE):
            self.offset += len(rest)
            if rest.endswith(b"\n"):
                return

    def long_line(self) -> str:
        """What is wrong with a line that is too long."""
        return f"the line is longer than {self.most - 1:,} bytes (Limits.line)"


def not_utf8(line: bytes) -> int:
    """The column of the first byte that is no UTF-8 (0: all are)."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return len(line[: error.start].decode()) + 1
    return 0
