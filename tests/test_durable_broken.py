"""Shared state in a database: files that are not ours, damaged values, full disks."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

import pfa
from pfa.memory import durable, durable_file
from pfa.memory.shared import SharedState
from pfa.types import DOUBLE, INT, STRING
from tests.durable_state import (
    Many,
    cell_fixture,  # noqa: F401
    path_fixture,  # noqa: F401
    plus_one,
    pool_fixture,  # noqa: F401
    sqlite_file,
    state_fixture,  # noqa: F401
)

FOREIGN = {
    "text": lambda path: path.write_text("a,b\n1,2\n" * 99),
    "another program's": lambda path: sqlite_file(path, "CREATE TABLE items (id)"),
    "cut in the header": lambda path: path.write_bytes(b"SQLite format 3\0" + b"\0" * 20),
    "a later layout": lambda path: sqlite_file(
        path, f"PRAGMA application_id = {durable_file.APPLICATION}", "PRAGMA user_version = 9", "CREATE TABLE t (id)"
    ),
    "only the number": lambda path: sqlite_file(
        path, f"PRAGMA application_id = {durable_file.APPLICATION}", "PRAGMA user_version = 1", "CREATE TABLE t (id)"
    ),
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(make, path):
    make(path)
    before = path.read_bytes() if path.is_file() else os.listdir(path)
    with pytest.raises(pfa.PfaInitError, match=r"shared\.db cannot be used as shared state: "):
        SharedState(path)
    assert (path.read_bytes() if path.is_file() else os.listdir(path)) == before


@pytest.mark.parametrize("name", ["no/such/folder/x.db", "", "a\0b", "/proc/x.db"])
def test_a_path_that_cannot_be_written(name, tmp_path):
    with pytest.raises(pfa.PfaInitError, match="cannot be used as shared state"):
        SharedState(name if name.startswith("/") or not name else tmp_path / name)


def test_an_empty_file_is_filled(path):
    path.touch()
    with SharedState(path) as state:
        assert state.cell("n", INT, lambda: 3).get() == 3


def test_what_a_killed_creation_left_does_not_matter(path):
    Path(f"{path}-new").write_text("half of it")
    Path(f"{path}-new-journal").write_text("half of it")
    with SharedState(path) as state:
        assert state.cell("n", INT, lambda: 3).get() == 3
    assert sorted(os.listdir(path.parent)) == ["shared.db", "shared.db-lock"]


def test_a_database_that_was_cut_short(path):
    with SharedState(path) as state:
        state.pool("p", STRING, lambda: Many(2000))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(pfa.PfaInitError, match=r"used as shared state: .*malformed"), SharedState(path) as s:
        s.pool("p", STRING, dict).items()


HOSTILE = {
    "a trigger": "CREATE TRIGGER t AFTER UPDATE ON items BEGIN DELETE FROM items; END",
    "a view": "CREATE VIEW v AS SELECT * FROM items",
    "another table": "CREATE TABLE more (id)",
}


@pytest.mark.parametrize("statement", HOSTILE.values(), ids=HOSTILE)
def test_a_database_with_more_in_it_is_refused(statement, path):
    SharedState(path).close()
    sqlite_file(path, statement)
    with pytest.raises(pfa.PfaInitError, match="its tables are not those"):
        SharedState(path)


DAMAGE = {
    "no blob": ("UPDATE items SET value = 'text'", 'shared cell "n" is damaged: this is no state'),
    "half a blob": ("UPDATE items SET value = substr(value, 1, 30)", "damaged or cut short"),
    "another type": (("UPDATE items SET value = ?", durable.blob_of("text")), "a value has another type"),
    "too large": (("UPDATE items SET value = ?", durable.blob_of(1 << 40)), "a value has another type"),
    "no value": (("UPDATE items SET value = ?", pfa.memory.state.dump({})), "a value has another type"),
    "no version": ("UPDATE items SET version = -7", "it has no version"),
    "a text as version": ("UPDATE items SET version = 'x'", "it has no version"),
    "no row": ("DELETE FROM items", "its value is missing"),
}


@pytest.mark.parametrize(("statement", "says"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_value_is_refused_when_it_is_read(statement, says, path):
    with SharedState(path) as state:
        state.cell("n", INT, lambda: 0)
        query, *values = [statement] if isinstance(statement, str) else statement
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute(query, values)
            other.commit()
        cell = state.cell("n", INT, lambda: 0)
        for use in (cell.get, lambda: cell.update(plus_one)):
            with pytest.raises(pfa.PfaInitError, match=says):
                use()


def test_a_damaged_key_is_refused(path, state, pool):
    pool.update("a", 0, plus_one)
    sqlite_file(path, "UPDATE items SET key = x'ff'")
    with pytest.raises(pfa.PfaInitError, match="a key is no text"):
        pool.items()


def test_versions_go_round(path, state, cell):
    sqlite_file(path, f"UPDATE items SET version = {(1 << 63) - 1}")
    assert [cell.update(plus_one) for _ in range(3)] == [1, 2, 3]


def test_a_value_that_is_nested_too_deep_changes_nothing(state):
    tree = pfa.loads({"input": {"type": "record", "name": "T", "fields": [{"name": "n", "type": ["null", "T"]}]},
                      "output": "null", "action": None}).input_type  # fmt: skip
    cell = state.cell("t", tree, lambda: {"n": None})

    def nest(levels):
        value = {"n": None}
        for _ in range(levels):
            value = {"n": value}
        return value

    cell.set(nest(400))
    with pytest.raises(pfa.PfaLimitError, match=r"Limits\.nesting"):
        cell.set(nest(2000))
    with SharedState(state.path) as other:
        found, depth = other.cell("t", tree, dict).get(), 0
        while found:
            found, depth = found["n"], depth + 1
    assert depth == 401


def test_a_disk_that_is_full_changes_nothing(state, cell):
    text = state.cell("s", STRING, lambda: "old")
    state._file.run(lambda c: c.execute("PRAGMA max_page_count = 20"))
    with pytest.raises(pfa.PfaInitError, match="full"):
        text.set("x" * 1_000_000)
    assert (text.get(), cell.update(plus_one)) == ("old", 1)


def test_a_value_of_more_than_the_database_holds(state, cell):
    text = state.cell("s", STRING, lambda: "old")
    state._file.run(lambda c: c.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000))
    with pytest.raises(pfa.PfaLimitError, match="larger than the database"):
        text.set("x" * 2000)
    assert text.get() == "old"


def test_a_reader_waits_while_another_process_recovers(state, path, cell, monkeypatch):
    """Which it does with an exclusive lock; nobody holds one for long."""
    monkeypatch.setattr(durable_file, "_PATIENCE", 0.05)
    shutil.copy(path, f"{path}-copy")
    state.close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(pfa.PfaLimitError, match="stayed locked"):
            SharedState(path)
    with SharedState(path) as again:
        assert again.cell("n", INT, lambda: 9).get() == 0


def test_numbers_that_are_no_numbers(cell, state):
    double = state.cell("d", DOUBLE, lambda: -0.0)
    assert math.copysign(1, double.get()) == -1
    assert math.isnan(double.set(math.nan))
    assert math.isnan(double.get())
