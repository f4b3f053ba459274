"""The database of durable shared state: a file of SQLite in WAL mode, and this process's connections to it.

Place: under `durable.py`, whose values are blobs here.  Invariants: every change is one transaction, and takes place
only where the version is the one that was read; a connection is used by one thread at a time, and none is open while
the process forks (SQLite: "do not open a database, then fork, then use it in the child").

    stores  id, kind ("cell" or "pool"), name, type (`types.canonical`)
    items   store, key (UTF-8), version, value (a blob of `state.py`); a cell is one item with an empty key
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import closing, contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pfa.errors import PfaInitError, PfaLifecycleError, PfaLimitError
from pfa.memory.durable_locks import Pauses, leave_locks, open_locks
from pfa.memory.locks import StaysHere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from sqlite3 import Connection

    Rows = Iterable[tuple[bytes, bytes]]

T = TypeVar("T")
SYNCHRONOUS = ("normal", "full")
APPLICATION = 0x50464131  # "PFA1", in the header of the file
LAYOUT = 1
_BATCH = 1000  # items that are filled in one transaction
_PATIENCE = 60.0  # seconds for what has no deadline of its own, such as reading while another process recovers
_FORK_PATIENCE = 5.0
_BUSY = (5, 6)  # SQLITE_BUSY, SQLITE_LOCKED
_TOO_BIG, _NO_DATABASE = 18, 26
_NEW = "-new"
_VERSIONS = (1 << 63) - 1
_TABLES = {
    "stores": "CREATE TABLE stores (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, "
    "type TEXT NOT NULL, UNIQUE (kind, name))",
    "items": "CREATE TABLE items (id INTEGER PRIMARY KEY, store INTEGER NOT NULL, key BLOB NOT NULL, "
    "version INTEGER NOT NULL, value BLOB NOT NULL, UNIQUE (store, key))",
}
_READ = (
    "SELECT version, CASE WHEN version = ? THEN NULL ELSE value END FROM items WHERE store = ? AND key = ?"
)
_REPLACE = "UPDATE items SET value = ?, version = ? WHERE store = ? AND key = ? AND version = ?"
_INSERT = "INSERT INTO items (store, key, version, value) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"


class Connections(StaysHere):
    """Connections that are not in use, and how many threads are inside of SQLite."""

    def __init__(self, path: str, synchronous: str) -> None:
        self.path = path
        self.synchronous = synchronous
        self.open = True
        self.free: list[Connection] = []
        self.inside = 0
        self.forking = 0  # the thread that forks
        super().__init__()
        _connected.add(self)

    def _unlock(self) -> None:
        self.guard = threading.Condition()
        self.inside, self.forking = 0, 0

    @contextmanager
    def using(self) -> Iterator[None]:
        """While the body runs, which may use SQLite, no fork of this process begins."""
        with self.guard:
            self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        while self.forking not in (0, threading.get_ident()):  # a finalizer may run in the thread that forks
            self.guard.wait()
        self.inside += 1

    def _leave(self) -> None:
        with self.guard:
            self.inside -= 1
            self.guard.notify_all()

    def take(self) -> Connection:
        """A connection for this thread alone, to be given back."""
        with self.guard:
            if not self.open:
                raise PfaLifecycleError("this SharedState is closed")
            self._enter()
            if self.free:
                return self.free.pop()
        try:
            return self._connect()
        except BaseException:
            self._leave()
            raise

    def give(self, connection: Connection) -> None:
        """Back for other threads; or closed, where nobody shall have one now or a failure left a transaction open."""
        with self.guard:
            if self.open and not self.forking and not connection.in_transaction:
                self.free.append(connection)
                self.inside -= 1
                return
        try:
            connection.close()
        finally:
            self._leave()

    def _connect(self) -> Connection:
        import sqlite3

        # Not only this thread's: threads end, and what they opened is of use to others.
        made = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            made.execute("PRAGMA trusted_schema = OFF")
            made.execute(f"PRAGMA synchronous = {self.synchronous}")
        except BaseException:
            made.close()
            raise
        return made

    def close(self) -> None:
        """Close what is not in use; what is will be when it is given back."""
        with self.using():
            self.open = False
            self._close_free()

    def _close_free(self) -> None:
        with self.guard:
            free, self.free = self.free, []
        for connection in free:
            connection.close()

    def before_fork(self) -> None:
        """Close all; nobody opens one until `after_fork`."""
        with self.guard:
            self.forking = threading.get_ident()
            self.guard.wait_for(lambda: not self.inside, _FORK_PATIENCE)
        self._close_free()

    def after_fork(self) -> None:
        """Go on, in the parent."""
        with self.guard:
            self.forking = 0
            self.guard.notify_all()


_connected: weakref.WeakSet[Connections] = weakref.WeakSet()


def _before_fork() -> None:
    for connections in list(_connected):
        connections.before_fork()


def _after_fork() -> None:
    for connections in list(_connected):
        connections.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork)


class Database:
    """One file, opened and looked at.  PfaInitError where it is not ours, is damaged or cannot be written."""

    def __init__(self, path: str | os.PathLike[str], synchronous: str) -> None:
        if synchronous not in SYNCHRONOUS:
            raise PfaLifecycleError(f'synchronous is "normal" or "full", not {synchronous!r}')
        self.name = os.fspath(path)
        try:
            # One file has one name, since SQLite's own files are beside it.
            self.path = os.path.realpath(self.name)
            self.connections = Connections(self.path, synchronous)
            if not _is_new(self.path):
                self._look_at_header()
            self.locks = open_locks(self.path)
        except (OSError, ValueError) as error:
            raise self.refused(getattr(error, "strerror", None) or str(error)) from None
        self._end = weakref.finalize(self, _left, self.connections, self.locks)
        try:
            with self.locks.declaring():
                self._prepare()
        except BaseException:
            self.close()
            raise

    def refused(self, why: str) -> PfaInitError:
        """What is wrong with the file."""
        return PfaInitError(f"{self.name} cannot be used as shared state: {why}")

    def close(self) -> None:
        """Close the connections; the last one of all processes moves the WAL into the file."""
        self._end()

    # -- what it must be --

    def _look_at_header(self) -> None:
        """Refuse what is not ours before SQLite opens it in earnest: it may write, to recover what was cut short.

        Nor is it read as a file: closing one drops the locks that SQLite's connections of this process have on it.
        """
        import sqlite3
        from urllib.parse import quote

        if not os.path.isfile(self.path):
            raise self.refused("it is no file")
        try:
            uri = f"file:{quote(self.path)}?mode=ro&immutable=1"
            with self.connections.using(), closing(sqlite3.connect(uri, uri=True)) as connection:
                ((application,),) = connection.execute("PRAGMA application_id")
                ((layout,),) = connection.execute("PRAGMA user_version")
        except sqlite3.Error as error:
            why = "it is no SQLite database; give another name" if _code(error) == _NO_DATABASE else str(error)
            raise self.refused(why) from None
        if application != APPLICATION:
            raise self.refused("it is a database of another program; give another name")
        if layout != LAYOUT:
            raise self.refused(f"it has layout {layout}, and this pfa reads layout {LAYOUT}: use the pfa that made it")

    def _prepare(self) -> None:
        if _is_new(self.path):
            self._create()
        self._look_at_header()
        found = self.run(lambda c: c.execute("SELECT name, sql FROM sqlite_master").fetchall())
        if {name: sql for name, sql in found if not str(name).startswith("sqlite_")} != _TABLES:
            raise self.refused("its tables are not those that this version of pfa makes")
        self.run(_use_wal)
        self.change(lambda c: None)  # it can be written

    def _create(self) -> None:
        """Make it elsewhere and then move it: whoever dies meanwhile has made nothing."""
        import sqlite3

        new = self.path + _NEW
        try:
            for rest in (new, f"{new}-wal", f"{new}-shm", f"{new}-journal"):
                with suppress(FileNotFoundError):
                    os.remove(rest)
            with self.connections.using(), closing(sqlite3.connect(new, isolation_level=None)) as connection:
                _make_tables(connection)
            os.replace(new, self.path)
        except (OSError, sqlite3.Error) as error:
            raise self.refused(getattr(error, "strerror", None) or str(error)) from None

    def change(self, work: Callable[[Connection], T], what: str = "", deadline: float | None = None) -> T:
        """What `work` makes of a connection, in one transaction."""

        def whole(connection: Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            made = work(connection)
            connection.execute("COMMIT")
            return made

        return self.run(whole, what, deadline)

    def run(self, work: Callable[[Connection], T], what: str = "", deadline: float | None = None) -> T:
        """What `work` makes of a connection by one statement, again as long as another process is in the way."""
        import sqlite3

        pauses = Pauses(what or self.name, time.monotonic() + _PATIENCE if deadline is None else deadline)
        while True:
            try:
                connection = self.connections.take()
                try:
                    return work(connection)
                finally:
                    self.connections.give(connection)
            except sqlite3.Error as error:
                if _code(error) not in _BUSY:
                    self._failed(error)
            except OverflowError:
                raise PfaLimitError(_too_big(self.name)) from None
            pauses.wait()

    def _failed(self, error: Exception) -> NoReturn:
        if _code(error) == _TOO_BIG:
            raise PfaLimitError(_too_big(self.name)) from None
        raise self.refused(str(error)) from None

    # -- stores --

    def store(self, kind: str, name: str, type: str, fill: Callable[[], Rows]) -> tuple[int, str]:
        """The number and the type of a cell or pool, filled if it is new: by one process, once."""
        if found := self._find(kind, name):
            return found
        with self.locks.declaring():
            if found := self._find(kind, name):
                return found
            self._fill(kind, name, type, fill())
        return self.store(kind, name, type, fill)

    def _find(self, kind: str, name: str) -> tuple[int, str] | None:
        query = "SELECT id, type FROM stores WHERE kind = ? AND name = ?"
        found: tuple[int, str] | None = self.run(lambda c: c.execute(query, (kind, name)).fetchone())
        return found

    def _fill(self, kind: str, name: str, type: str, rows: Rows) -> None:
        """First the items, then what says that they are there: whoever dies meanwhile has filled nothing."""
        new = "SELECT coalesce(max(id), 0) + 1 FROM stores"
        number: int = self.run(lambda c: c.execute(new).fetchone()[0])
        self.run(lambda c: c.execute("DELETE FROM items WHERE store = ?", (number,)))
        version, rest = _first_version(), iter(rows)
        while batch := [(number, key, version, value) for key, value in islice(rest, _BATCH)]:
            self.change(lambda c, batch=batch: c.executemany(_INSERT, batch))  # type: ignore[misc]
        row = (number, kind, name, type)
        self.run(lambda c: c.execute("INSERT INTO stores (id, kind, name, type) VALUES (?, ?, ?, ?)", row))

    # -- items --

    def read(self, store: int, key: bytes, known: int) -> tuple[int, Any] | None:
        """An item's version and value; None for the value where the version is the known one."""
        found: tuple[int, Any] | None
        found = self.run(lambda c: c.execute(_READ, (known, store, key)).fetchone())
        return found

    def has(self, store: int, key: bytes) -> bool:
        """Is there such an item?"""
        query = "SELECT 1 FROM items WHERE store = ? AND key = ?"
        return self.run(lambda c: c.execute(query, (store, key)).fetchone()) is not None

    def write(
        self, store: int, key: bytes, old: int, value: bytes, what: str, deadline: float | None
    ) -> int | None:
        """The new version of an item; None where it is not as old as it was read (0: missing) any more."""
        if old:
            new = old + 1 if old < _VERSIONS else 1
            query, row = _REPLACE, (value, new, store, key, old)
        else:
            new = _first_version()
            query, row = _INSERT, (store, key, new, value)  # type: ignore[assignment]
        return new if self.run(lambda c: c.execute(query, row).rowcount, what, deadline) else None

    def delete(self, store: int, key: bytes, what: str, deadline: float | None) -> None:
        """Remove an item if it is there."""
        query = "DELETE FROM items WHERE store = ? AND key = ?"
        self.run(lambda c: c.execute(query, (store, key)), what, deadline)

    def rows(self, store: int) -> list[tuple[Any, Any]]:
        """All items of a pool in the order in which they were made, as they are at one moment."""
        query = "SELECT key, value FROM items WHERE store = ? ORDER BY id"
        return self.run(lambda c: c.execute(query, (store,)).fetchall())

    def replace(self, store: int, rows: Rows) -> None:
        """Put other items in the place of all, at once."""
        version, made = _first_version(), list(rows)

        def work(c: Connection) -> None:
            c.execute("DELETE FROM items WHERE store = ?", (store,))
            c.executemany(_INSERT, [(store, key, version, value) for key, value in made])

        self.change(work)


def _left(connections: Connections, locks: Any) -> None:
    connections.close()
    leave_locks(locks)


def _code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _too_big(name: str) -> str:
    return f"a value is larger than the database {name} can hold (a billion bytes)"


def _first_version() -> int:
    """Of a new item: never one that an item of this name had before it was deleted."""
    return 1 + (int.from_bytes(os.urandom(8), "little") >> 2)


def _is_new(path: str) -> bool:
    """Is there nothing?  An empty file is nothing, too."""
    try:
        return os.stat(path).st_size == 0 and os.path.isfile(path)
    except FileNotFoundError:
        return True


def _make_tables(connection: Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {LAYOUT}")
    for statement in _TABLES.values():
        connection.execute(statement)


def _use_wal(connection: Connection) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")
