"""Durable shared cells and pools: what `shared.py` has in memory, in a database that processes share.

Place: `SharedState("file.db")` makes these; to generated code they are as those of `shared.py`.  Invariants: a
reader never waits for a writer; a writer holds the lock of its cell or item from reading the old value until the new
one is committed; and a commit takes place only if the value is still the one that was read, so that even where locks
fail (somebody replaced the whole pool, a file system without locks) no update is lost: it is done again.

Values are blobs of `state.py`, looked at when they are read: anybody may have written the file.  A value that has
been read is kept as long as its version stays, so reading a large cell that nobody changes costs one look-up.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaError, PfaInitError
from pfa.memory.durable_locks import byte_of
from pfa.memory.locks import StaysHere
from pfa.memory.state import dump, load
from pfa.memory.validate import validator
from pfa.types import MISSING, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pfa.memory.durable_file import Database

KEPT = 16 << 20  # bytes of blobs whose values a pool keeps
_NONE = -1  # no item has this version


class _Kept(StaysHere):
    """Values with their versions, those that came last, up to so many bytes of blobs (None: no limit)."""

    __slots__ = ("_guard", "_left", "_values")

    def __init__(self, most: int | None) -> None:
        self._left = most
        self._values: dict[str, tuple[int, Any, int]] = {}
        super().__init__()

    def _unlock(self) -> None:
        self._guard = threading.Lock()

    def get(self, key: str) -> tuple[int, Any]:
        """A version and its value."""
        version, value, _ = self._values.get(key) or (_NONE, MISSING, 0)
        return version, value

    def put(self, key: str, version: int, value: Any, size: int) -> None:
        """Keep a value in the place of an older one."""
        with self._guard:
            self._drop(key)
            self._values[key] = version, value, size
            if self._left is not None:
                self._left -= size
                while self._left < 0:
                    self._drop(next(iter(self._values)))

    def drop(self, key: str) -> None:
        """Forget a value."""
        with self._guard:
            self._drop(key)

    def _drop(self, key: str) -> None:
        found = self._values.pop(key, None)
        if found and self._left is not None:
            self._left += found[2]


class _Stored(StaysHere):
    """Items of the database by their keys."""

    __slots__ = ("_file", "_kept", "_name", "_number", "_valid", "_what")

    def __init__(self, file: Database, number: int, what: str, name: bytes, type: Type, kept: int | None) -> None:
        self._file = file
        self._number = number
        self._what = what  # for messages; without the keys of items, which are data
        self._name = name
        self._valid = validator(type)
        self._kept = _Kept(kept)
        super().__init__()

    def _unlock(self) -> None:
        pass  # what it uses unlocks itself

    def _read(self, key: str) -> tuple[int, Any]:
        """The version and value of an item; 0 and MISSING where there is none."""
        kept = self._kept.get(key)
        found = self._file.read(self._number, _bytes(key), kept[0])
        if found is None:
            self._kept.drop(key)
            return 0, MISSING
        version, blob = found
        if blob is None:
            return kept
        value = self._value(blob)
        if type(version) is not int or version <= 0:
            raise self._damaged("it has no version")
        self._kept.put(key, version, value, len(blob))
        return version, value

    def _value(self, blob: Any) -> Any:
        try:
            value = load(blob).get("", MISSING)
        except PfaInitError as error:
            raise self._damaged(str(error)) from None
        if not self._valid(value):
            raise self._damaged("a value has another type")
        return value

    def _damaged(self, why: str) -> PfaError:
        return self._file.refused(f"{self._what} is damaged: {why}")

    def _update(self, key: str, change: Callable[[Any], Any], deadline: float | None) -> Any:
        """Put what `change` makes of an item (MISSING: there is none) into its place, unless that is MISSING."""
        raw = _bytes(key)
        with self._file.locks.taken(byte_of(self._name, raw), self._what, deadline):
            while True:
                version, old = self._read(key)
                value = change(old)
                if value is MISSING:
                    return MISSING
                blob = blob_of(value)
                new = self._file.write(self._number, raw, version, blob, self._what, deadline)
                if new is not None:
                    self._kept.put(key, new, value, len(blob))
                    return value


class DurableCell(_Stored):
    """One value that engines of several processes read and update."""

    __slots__ = ()

    def __init__(self, file: Database, number: int, what: str, type: Type) -> None:
        super().__init__(file, number, what, _name("cell", what), type, None)

    def get(self) -> Any:
        """The present value; never waits for a writer."""
        version, value = self._read("")
        if not version:
            raise self._damaged("its value is missing")
        return value

    def set(self, value: Any, deadline: float | None = None) -> Any:
        """Replace the value, after the update that is running, and return it."""
        return self._update("", lambda _: value, deadline)

    def update(self, fn: Callable[[Any], Any], deadline: float | None = None) -> Any:
        """Replace the value by `fn` of it, as one step for other writers, and return the new one.

        When `fn` fails, the old value stays.
        """

        def change(old: Any) -> Any:
            if old is MISSING:
                raise self._damaged("its value is missing")
            return fn(old)

        return self._update("", change, deadline)


class DurablePool(_Stored):
    """A map of values that engines of several processes read and update, two items at a time without waiting.

    Items are read one at a time, so a pool can be larger than memory; `items` reads all.
    """

    __slots__ = ()

    def __init__(self, file: Database, number: int, what: str, type: Type) -> None:
        super().__init__(file, number, what, _name("pool", what), type, KEPT)

    def get(self, key: str) -> Any:
        """The present value of an item, or KeyError; never waits for a writer."""
        version, value = self._read(key)
        if not version:
            raise KeyError(key)
        return value

    def __contains__(self, key: str) -> bool:
        return self._file.has(self._number, _bytes(key))

    def items(self) -> dict[str, Any]:
        """All items as they are at this moment; never waits for a writer."""
        return {self._key(raw): self._value(blob) for raw, blob in self._file.rows(self._number)}

    def _key(self, raw: Any) -> str:
        try:
            return str(raw, "utf-8", "surrogatepass")
        except (TypeError, UnicodeDecodeError):
            raise self._damaged("a key is no text") from None

    def update(
        self, key: str, init_value: Any, fn: Callable[[Any], Any], deadline: float | None = None
    ) -> Any:
        """Replace an item by `fn` of it, or of `init_value` where there is none, and return the new value.

        That is one step for other writers.  When `fn` fails, the item stays as it was, or missing.  Where there is
        none and `init_value` is MISSING, nothing happens and MISSING is returned.
        """

        def change(old: Any) -> Any:
            start = init_value if old is MISSING else old
            return MISSING if start is MISSING else fn(start)

        return self._update(key, change, deadline)

    def delete(self, key: str, deadline: float | None = None) -> None:
        """Remove an item, after the update of it that is running; nothing happens where there is none."""
        raw = _bytes(key)
        with self._file.locks.taken(byte_of(self._name, raw), self._what, deadline):
            self._file.delete(self._number, raw, self._what, deadline)

    def replace(self, items: Mapping[str, Any]) -> None:
        """Put other items in the place of all, at once for readers; an update that is running begins again."""
        self._file.replace(self._number, rows_of(items))


def blob_of(value: Any) -> bytes:
    """A value as it is stored."""
    return dump({"": value})


def rows_of(items: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """Items as they are stored."""
    return ((_bytes(key), blob_of(value)) for key, value in items.items())


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _name(kind: str, what: str) -> bytes:
    return _bytes(f"{kind} {what}")
