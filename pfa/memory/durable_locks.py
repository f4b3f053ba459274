"""Locks of writers in several processes: ranges of a file beside the database, one byte a cell or pool item.

Place: under `durable_file.py`.  The operating system frees such a lock when its process dies, however it dies, so
no row of the database ever says "locked".  Invariant: a byte of the file is locked only by a thread that holds the
lock of that byte in its process (`ItemLocks`), since to the system all threads of a process are one owner.

That file is opened once a process, however many databases are open there: the system drops all locks of a process
on a file when any of its descriptors of that file is closed.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaLifecycleError
from pfa.memory.locks import ItemLocks, StaysHere, StillLocked

try:
    import fcntl
except ImportError:  # Windows: threads wait for each other, and what processes change at once is done again
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = "-lock"
DECLARING = 0  # the byte that is locked while a name is declared
_FIRST_PAUSE, _LAST_PAUSE = 0.0001, 0.005  # seconds between two looks at a lock of another process


def byte_of(*names: bytes) -> int:
    """The byte of a cell or an item: two of them have the same one once in 2**61."""
    digest = blake2b(b"\0".join(names), digest_size=8).digest()
    return 1 + (int.from_bytes(digest, "little") >> 3)


class Pauses:
    """Waits between looks at something that another process holds."""

    def __init__(self, what: str, deadline: float | None) -> None:
        self.what = what
        self.deadline = deadline
        self.seconds = _FIRST_PAUSE

    def wait(self) -> None:
        """Wait a little; StillLocked at the deadline."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise StillLocked(self.what)
        time.sleep(self.seconds)
        self.seconds = min(2 * self.seconds, _LAST_PAUSE)


class FileLocks(StaysHere):
    """The writers' locks of one database, for all threads of this process."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.users = 0  # databases that have it open
        super().__init__()

    def _unlock(self) -> None:
        # A forked child inherits the descriptor, and none of the locks on it.
        self._items: ItemLocks[int] = ItemLocks()
        self._declaring = threading.RLock()
        self._depth = 0

    def are_held(self) -> bool:
        """Is there a thread that holds one or waits?"""
        return bool(self._items.by_key or self._depth)

    @contextmanager
    def taken(self, byte: int, what: str, deadline: float | None) -> Iterator[None]:
        """While the body runs, no other writer's does for this byte; StillLocked at the deadline."""
        items = self._items
        lock = items.take(byte, what, deadline)
        try:
            self._take(byte, what, deadline)
            try:
                yield
            finally:
                self._give(byte)
        finally:
            items.give(byte, lock)

    @contextmanager
    def declaring(self) -> Iterator[None]:
        """While the body runs, nobody else declares a name; an initial value may declare another."""
        with self._declaring:
            if not self._depth:
                self._take(DECLARING, "the database", None)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    self._give(DECLARING)

    def _take(self, byte: int, what: str, deadline: float | None) -> None:
        pauses = Pauses(what, deadline)
        while not self._try(byte):
            pauses.wait()

    def _try(self, byte: int) -> bool:
        if fcntl is None:
            return True
        if self.descriptor < 0:
            raise PfaLifecycleError("this SharedState is closed")
        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _give(self, byte: int) -> None:
        if fcntl is not None:
            fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, byte)


class _Open(StaysHere):
    """The lock files that this process has open."""

    def __init__(self) -> None:
        self.files: dict[tuple[int, int], FileLocks] = {}
        self.left: deque[FileLocks] = deque()  # by databases that are gone, which may say so at any moment
        super().__init__()

    def _unlock(self) -> None:
        self.guard = threading.Lock()

    def settle(self) -> None:
        """Close files that nobody uses any more."""
        while self.left:
            self.left.popleft().users -= 1
        for key, locks in list(self.files.items()):
            if not locks.users and not locks.are_held():
                descriptor, locks.descriptor = locks.descriptor, -1
                del self.files[key]
                os.close(descriptor)


_open = _Open()


def open_locks(database: str) -> FileLocks:
    """The locks of a database; OSError where its lock file cannot be opened for writing."""
    name = database + SUFFIX
    with _open.guard:
        _open.settle()
        found = _open.files.get(_identity(name))
        if found is None:
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), _mode(database))
            found = _open.files[_identity(descriptor)] = FileLocks(descriptor)
        found.users += 1
        return found


def leave_locks(locks: FileLocks) -> None:
    """Say that a database does not need its locks any more; safe in a finalizer."""
    _open.left.append(locks)


def _identity(file: Any) -> tuple[int, int]:
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


def _mode(database: str) -> int:
    """Who may write the database may lock it; SQLite makes its own files beside it in the same way."""
    try:
        return os.stat(database).st_mode & 0o777
    except FileNotFoundError:
        return 0o644
