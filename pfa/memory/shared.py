"""Shared cells and pools: what `"shared": true` means.

Place: `pfa.SharedState` is given to several engines by the host; their generated code reads and updates its
cells and pools: these here, in memory, or those of `durable.py`, in a database that processes share.
Specification: "Concurrent access to shared state".

Invariant: read, copy, update.  Values are immutable, so a reader takes the present one without a lock; a
writer holds the lock of its cell or pool item from reading the old value until the new one is in place.  A
thread never waits for one of these locks while it holds another, so there is no deadlock.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

from pfa.errors import PfaInitError
from pfa.memory.durable import DurableCell, DurablePool, rows_of
from pfa.memory.durable_file import Database
from pfa.memory.locks import ItemLocks, StaysHere, StillLocked, WriteLock
from pfa.types import MISSING, Type, canonical

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from types import TracebackType

__all__ = ["SharedCell", "SharedPool", "SharedState", "StillLocked"]


class SharedCell(StaysHere):
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


class SharedPool(StaysHere):
    """A map of values that several engines read and update, two items at a time without waiting.

    An item's lock exists while somebody holds it or waits for it, whether or not the item exists: `pool-del`
    and `pool-to` of one name queue for the same lock.  `replace` starts a new map with new locks; an update
    that is running then ends in the old map, which is as if it had come just before.
    """

    __slots__ = ("_present", "_what")

    def __init__(self, what: str, items: Mapping[str, Any]) -> None:
        self._what = what
        self._present: tuple[dict[str, Any], ItemLocks[str]] = (dict(items), ItemLocks())  # changed together
        super().__init__()

    def _unlock(self) -> None:
        self._present = (self._present[0], ItemLocks())

    def get(self, key: str) -> Any:
        """The present value of an item, or KeyError; never waits."""
        return self._present[0][key]

    def __contains__(self, key: str) -> bool:
        return key in self._present[0]

    def items(self) -> dict[str, Any]:
        """A copy of all items as they are at this moment; never waits."""
        return self._present[0].copy()

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
        self._present = (dict(items), ItemLocks())

    def _locked(self, key: str, change: Callable[[dict[str, Any]], Any], deadline: float | None) -> Any:
        items, locks = self._present
        lock = locks.take(key, self._what, deadline)
        try:
            return change(items)
        finally:
            locks.give(key, lock)


Store = TypeVar("Store", "SharedCell | DurableCell", "SharedPool | DurablePool")


class SharedState(StaysHere):
    """The shared cells and pools of the engines that it is given to, by name.

    The first engine that declares a name fills it; the others find it as it is by then.  With `path` they live in a
    database at that path (SQLite, in WAL mode), shared by processes and still there when they have ended.
    `synchronous`: "normal" (what a process has written outlives it, however it ends; a power failure may take back
    the last updates, whole ones) or "full" (an update is on the disk when it returns).

    Raises PfaInitError where the file is not such a database, and leaves it alone.
    """

    __slots__ = ("_cells", "_declaring", "_file", "_pools", "_synchronous")

    def __init__(self, path: str | os.PathLike[str] | None = None, *, synchronous: str = "normal") -> None:
        self._cells: dict[str, tuple[str, SharedCell | DurableCell]] = {}  # with the canonical type
        self._pools: dict[str, tuple[str, SharedPool | DurablePool]] = {}
        self._synchronous = synchronous
        self._file = None if path is None else Database(path, synchronous)
        super().__init__()

    def _unlock(self) -> None:
        # Held while an initial value is read, so that it is read once; that may declare other names.
        self._declaring = threading.RLock()

    def __reduce__(self) -> Any:
        """In a database it goes to other processes as its path."""
        return super().__reduce__() if self._file is None else (_reopen, (self._file.path, self._synchronous))

    @property
    def path(self) -> str | None:
        """The path of the database, if it is in one."""
        return None if self._file is None else self._file.path

    def cell(self, name: str, type: Type, init: Callable[[], Any]) -> SharedCell | DurableCell:
        """The cell of this name, filled by `init` if it is new."""

        def make(wanted: str) -> tuple[str, SharedCell | DurableCell]:
            if self._file is None:
                return wanted, SharedCell(what, init())
            number, known = self._file.store("cell", name, wanted, lambda: rows_of({"": init()}))
            return known, DurableCell(self._file, number, what, type)

        what = f'shared cell "{name}"'
        with self._declaring:
            return _declare(self._cells, what, name, type, make)

    def pool(self, name: str, type: Type, init: Callable[[], Mapping[str, Any]]) -> SharedPool | DurablePool:
        """The pool of this name whose items have this type, filled by `init` if it is new."""

        def make(wanted: str) -> tuple[str, SharedPool | DurablePool]:
            if self._file is None:
                return wanted, SharedPool(what, init())
            number, known = self._file.store("pool", name, wanted, lambda: rows_of(init()))
            return known, DurablePool(self._file, number, what, type)

        what = f'shared pool "{name}"'
        with self._declaring:
            return _declare(self._pools, what, name, type, make)

    def close(self) -> None:
        """Close the database; engines that use it fail from then on.  Of a state in memory: nothing."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> SharedState:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _reopen(path: str, synchronous: str) -> SharedState:
    return SharedState(path, synchronous=synchronous)


def _declare(
    stores: dict[str, tuple[str, Store]],
    what: str,
    name: str,
    type: Type,
    make: Callable[[str], tuple[str, Store]],
) -> Store:
    wanted = canonical(type)
    known, store = stores.get(name) or make(wanted)
    if known != wanted:
        raise PfaInitError(
            f"{what} has type {known} in this SharedState, and {wanted} in this document: "
            "give one of them another name, or the engine another SharedState"
        )
    stores[name] = known, store
    return store
