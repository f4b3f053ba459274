"""Progress of a long run on a terminal: rows, rows a second, and how much of the file is left."""

from __future__ import annotations

import os
import stat
import sys
import time
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from types import TracebackType

EVERY = 0.1  # seconds


class Progress:
    """Shows nothing unless standard error is a terminal and standard output is not the same one."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.rows = 0
        self.next = 0.0
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty() and not sys.stdout.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
            self.bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("0 rows", total=_size(self.file))
            self.start = time.monotonic()
            self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar:
            self.bar.stop()

    def step(self, rows: int = 1) -> None:
        """So many rows more."""
        self.rows += rows
        if self.bar and (now := time.monotonic()) >= self.next:
            self.next = now + EVERY
            rate = self.rows / max(now - self.start, 1e-9)
            text = f"{self.rows:,} rows, {rate:,.0f} a second"
            self.bar.update(self.task, description=text, completed=_position(self.file))


def _size(file: BinaryIO) -> int | None:
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _position(file: BinaryIO) -> int:
    """How far the file has been read (by its buffer: near enough)."""
    try:
        return os.lseek(file.fileno(), 0, os.SEEK_CUR)
    except OSError:
        return 0
