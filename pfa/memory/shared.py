"""Shared cells and pools: what `"shared": true` means, for the engines of one process.

Place: `pfa.SharedState` is given to several engines by the host; their generated code reads and updates its
cells and pools.  Specification: "Concurrent access to shared state".

Invariant: read, copy, update.  Values are immutable, so a reader takes the present one without a lock; a
writer holds the lock of its cell or pool item from reading the old value until the new one is in place.  A
thread never waits for one of these locks while it holds another, so there is no deadlock.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

from pfa.errors import PfaInitError
from pfa.memory.locks import ItemLocks, StaysHere, StillLocked, WriteLock
from pfa.types import MISSING, Type, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


Store = TypeVar("Store", SharedCell, SharedPool)


class SharedState(StaysHere):
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
