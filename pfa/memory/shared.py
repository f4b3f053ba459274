"""Shared cells and pools: what `"shared": true` means, for the engines of one process.

Place: `pfa.SharedState` is given to several engines by the host; their generated code reads and updates its
cells and pools.  Specification: "Concurrent access to shared state".

Invariant: read, copy, update.  Values are immutable, so a reader takes the present one without a lock; a
writer holds the lock of its cell or pool item from reading the old value until the new one is in place.  A
thread never waits for one of these locks while it holds another, so there is no deadlock.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from weakref import WeakSet

from pfa.errors import PfaBusyError, PfaInitError, PfaLimitError
from pfa.types import MISSING, Type, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
    """The lock of one cell or pool item; `users` counts who holds it or waits for it (pools only)."""

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


class _StaysHere:
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


_alive: WeakSet[_StaysHere] = WeakSet()


def _unlock_all() -> None:
    """A forked child has the values of its parent, and locks that are held by threads that it has not."""
    for store in _alive:
        store._unlock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_all)


class SharedCell(_StaysHere):
    """One value that several engines read and update."""

    __slots__ = ("_lock", "_value", "_what")

    def __init__(self, what: str, value: Any) -> None:
        self._what = what  # for messages; without the keys of items, which are data
        self._value = value
        super().__init__()

    def _unlock(self) -> None:
        self._lock = WriteLock()

    def get(self) -> Any:
        """The present value; never waits."""
        return self._value

    def set(self, value: Any, deadline: float | None = None) -> Any:
        """Replace the value, after the update that is running, and return it."""
        return self.update(lambda _: value, deadline)

    def update(self, fn: Callable[[Any], Any], deadline: float | None = None) -> Any:
        """Replace the value by `fn` of it, as one step for other writers, and return the new one.

        When `fn` fails, the old value stays.
        """
        lock = self._lock
        lock.take(self._what, deadline)
        try:
            self._value = value = fn(self._value)
        finally:
            lock.give()
        return value


class SharedPool(_StaysHere):
    """A map of values that several engines read and update, two items at a time without waiting.

    An item's lock exists while somebody holds it or waits for it, whether or not the item exists: `pool-del`
    and `pool-to` of one name queue for the same lock.  `replace` starts a new map with new locks; an update
    that is running then ends in the old map, which is as if it had come just before.
    """

    __slots__ = ("_guard", "_items", "_locks", "_what")

    def __init__(self, what: str, items: Mapping[str, Any]) -> None:
        self._what = what
        self._items = dict(items)
        super().__init__()

    def _unlock(self) -> None:
        self._locks: dict[str, WriteLock] = {}
        self._guard = threading.Lock()  # of `_locks`, never held while anything else runs

    def get(self, key: str) -> Any:
        """The present value of an item, or KeyError; never waits."""
        return self._items[key]

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def items(self) -> dict[str, Any]:
        """A copy of all items as they are at this moment; never waits."""
        return self._items.copy()

    def update(
        self, key: str, init_value: Any, fn: Callable[[Any], Any], deadline: float | None = None
    ) -> Any:
        """Replace an item by `fn` of it, or of `init_value` where there is none, and return the new value.

        That is one step for other writers.  When `fn` fails, the item stays as it was, or missing.  Where there is
        none and `init_value` is MISSING, nothing happens and MISSING is returned.
        """

        def put(items: dict[str, Any]) -> Any:
            if init_value is MISSING and key not in items:
                return MISSING
            items[key] = value = fn(items.get(key, init_value))
            return value

        return self._locked(key, put, deadline)

    def delete(self, key: str, deadline: float | None = None) -> None:
        """Remove an item, after the update of it that is running; nothing happens where there is none."""
        self._locked(key, lambda items: items.pop(key, None), deadline)

    def replace(self, items: Mapping[str, Any]) -> None:
        """Put other items in the place of all, at once for readers; never waits."""
        new = dict(items)
        with self._guard:
            self._items, self._locks = new, {}

    def _locked(self, key: str, change: Callable[[dict[str, Any]], Any], deadline: float | None) -> Any:
        with self._guard:
            items, locks = self._items, self._locks
            lock = locks.get(key)
            if lock is None:
                lock = locks[key] = WriteLock()
            lock.users += 1
        try:
            lock.take(self._what, deadline)
            try:
                return change(items)
            finally:
                lock.give()
        finally:
            with self._guard:
                lock.users -= 1
                if not lock.users:
                    del locks[key]


Store = TypeVar("Store", SharedCell, SharedPool)


class SharedState(_StaysHere):
    """The shared cells and pools of the engines that it is given to, by name.

    The first engine that declares a name fills it; the others find it as it is by then.
    """

    __slots__ = ("_cells", "_declaring", "_pools")

    def __init__(self) -> None:
        self._cells: dict[str, tuple[str, SharedCell]] = {}  # with the canonical type
        self._pools: dict[str, tuple[str, SharedPool]] = {}
        super().__init__()

    def _unlock(self) -> None:
        # Held while an initial value is read, so that it is read once; that may declare other names.
        self._declaring = threading.RLock()

    def cell(self, name: str, type: Type, init: Callable[[], Any]) -> SharedCell:
        """The cell of this name, filled by `init` if it is new."""
        with self._declaring:
            return _declare(self._cells, f'shared cell "{name}"', name, type, lambda n: SharedCell(n, init()))

    def pool(self, name: str, type: Type, init: Callable[[], Mapping[str, Any]]) -> SharedPool:
        """The pool of this name whose items have this type, filled by `init` if it is new."""
        with self._declaring:
            return _declare(self._pools, f'shared pool "{name}"', name, type, lambda n: SharedPool(n, init()))


def _declare(
    stores: dict[str, tuple[str, Store]], what: str, name: str, type: Type, make: Callable[[str], Store]
) -> Store:
    wanted = canonical(type)
    if name not in stores:
        stores[name] = (wanted, make(what))
    known, store = stores[name]
    if known != wanted:
        raise PfaInitError(
            f"{what} has type {known} in this SharedState, and {wanted} in this document: "
            "give one of them another name, or the engine another SharedState"
        )
    return store
