"""Locks of writers, and what belongs to one process.

Place: under `shared.py` (cells and pools in memory) and `durable.py` (in a database).  Invariant: a thread never
waits for a writer's lock while it holds another, so there is no deadlock.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar
from weakref import WeakSet

from pfa.errors import PfaBusyError, PfaLimitError

if TYPE_CHECKING:
    from collections.abc import Hashable

Key = TypeVar("Key", bound="Hashable")


class _ThisThread(threading.local):
    """Is this thread inside an update?  Of any shared state: two of them could deadlock as well."""

    updating = False


_this_thread = _ThisThread()


class StillLocked(PfaLimitError):
    """The wait for a lock reached its deadline; `what` names the cell or pool."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} stayed locked by another engine until the time limit")
        self.what = what


class WriteLock:
    """The lock of one cell or pool item; `users` counts who holds it or waits for it (where there are many)."""

    __slots__ = ("_lock", "users")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.users = 0

    def take(self, what: str, deadline: float | None) -> None:
        """Wait until no other writer holds it; `deadline` is a value of `time.monotonic`."""
        if _this_thread.updating:
            # The checker refuses documents that do this; callbacks of the host still can.
            raise PfaBusyError(f"{what} cannot be changed inside the update of a shared cell or pool")
        free = self._lock.acquire(blocking=False)
        if not free and not self._lock.acquire(timeout=_seconds_until(deadline)):
            raise StillLocked(what)
        _this_thread.updating = True

    def give(self) -> None:
        """Let the next writer in."""
        _this_thread.updating = False
        self._lock.release()


def _seconds_until(deadline: float | None) -> float:
    if deadline is None:
        return -1
    return min(max(deadline - time.monotonic(), 0), threading.TIMEOUT_MAX)


class ItemLocks(Generic[Key]):
    """Locks by key: one exists while somebody holds it or waits for it."""

    __slots__ = ("_guard", "by_key")

    def __init__(self) -> None:
        self.by_key: dict[Key, WriteLock] = {}
        self._guard = threading.Lock()  # of `by_key`, never held while anything else runs

    def take(self, key: Key, what: str, deadline: float | None) -> WriteLock:
        """Wait until no other thread holds this key; what is returned is for `give`."""
        with self._guard:
            lock = self.by_key.get(key)
            if lock is None:
                lock = self.by_key[key] = WriteLock()
            lock.users += 1
        try:
            lock.take(what, deadline)
        except BaseException:
            self._leave(key, lock)
            raise
        return lock

    def give(self, key: Key, lock: WriteLock) -> None:
        """Let the next writer of this key in."""
        lock.give()
        self._leave(key, lock)

    def _leave(self, key: Key, lock: WriteLock) -> None:
        with self._guard:
            lock.users -= 1
            if not lock.users:
                del self.by_key[key]


class StaysHere:
    """What is shared by identity and holds locks: it cannot be pickled or copied, and survives a fork."""

    __slots__ = ("__weakref__",)

    def __init__(self) -> None:
        self._unlock()
        _alive.add(self)

    def _unlock(self) -> None:
        raise NotImplementedError

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} belongs to the engines of one process and cannot be pickled or copied: "
            "give each process a SharedState of its own"
        )


_alive: WeakSet[StaysHere] = WeakSet()


def _unlock_all() -> None:
    """A forked child has the values of its parent, and locks that are held by threads that it has not."""
    for store in list(_alive):
        store._unlock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_all)
