"""Shared state in a database: processes, threads, kills, and files that are not ours.

What it has in common with shared state in memory is tested for both in test_shared.py.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pfa
from pfa.memory import durable, durable_file, durable_locks
from pfa.memory.locks import StillLocked
from pfa.memory.shared import SharedState
from pfa.types import DOUBLE, INT, STRING, Array, Map, Prim
from tests.share_processes import share

SOON = 10.0  # seconds after which a test that hangs gives up
ROOT = Path(__file__).parents[1]
PREPARE = """
import os, sys, threading, time
from pfa.memory.shared import SharedState
from pfa.types import INT
state = SharedState(sys.argv[1])
cell = state.cell("n", INT, lambda: 0)
pool = state.pool("p", INT, dict)
def say(word):
    os.write(1, f"{word}\\n".encode())
def stay(old):
    say("inside")
    os.read(0, 1)
    return old + 1
"""
ADD = {"params": [{"old": "int"}], "ret": "int", "do": {"+": ["old", "input"]}}
COUNTING = {
    "input": "int",
    "output": "int",
    "cells": {"n": {"type": "int", "init": 0, "shared": True}},
    "pools": {"p": {"type": "int", "shared": True, "init": {"x": 5}}},
    "action": [
        {"if": {"<": ["input", 0]}, "then": {"error": "negative"}},
        {"pool": "p", "path": [["x"]], "to": ADD, "init": 0},
        {"cell": "n", "to": ADD},
        {"cell": "n"},
    ],
    "options": {"timeout": 200},
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shared.db"


@pytest.fixture
def state(path):
    with SharedState(path) as made:
        yield made


@pytest.fixture
def cell(state):
    return state.cell("n", INT, lambda: 0)


@pytest.fixture
def pool(state):
    return state.pool("p", INT, dict)


@contextlib.contextmanager
def child(path, code):
    """A process that runs `code`; it is killed at the end."""
    command = [sys.executable, "-c", PREPARE + code, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process):
    return process.stdout.readline().strip()


def go_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


def plus_one(old):
    return old + 1


def until_soon():
    return time.monotonic() + SOON


# --- the file --------------------------------------------------------------------------------------------------


def test_it_is_a_database_in_wal_mode_at_that_path(state, path, cell):
    cell.set(5)
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert other.execute("SELECT kind, name, type FROM stores").fetchall() == [("cell", "n", "int")]
    assert state.path == str(path)


def test_values_are_still_there_afterwards(path):
    with SharedState(path) as state:
        state.cell("n", INT, lambda: 1).set(7)
        state.pool("p", STRING, lambda: {"a": "x", "\0\ud800é": "y", "": "z"}).delete("a")
    with SharedState(str(path)) as state:
        assert state.cell("n", INT, lambda: pytest.fail("filled twice")).get() == 7
        assert state.pool("p", STRING, lambda: pytest.fail("filled twice")).items() == {"\0\ud800é": "y", "": "z"}
        with pytest.raises(pfa.PfaInitError, match=r'shared cell "n" has type int .*, and string in this document'):
            state.cell("n", STRING, str)
        assert state.cell("n", INT, lambda: 0).get() == 7


def test_items_keep_the_order_in_which_they_came(pool):
    for key in "bca":
        pool.update(key, 0, plus_one)
    pool.update("b", 0, plus_one)
    pool.delete("c")
    pool.update("c", 0, plus_one)
    assert list(pool.items()) == ["b", "a", "c"]


UNION = pfa.loads({"input": ["null", "int", "long", "string", {"type": "array", "items": "bytes"}], "output": "null",
                   "action": None}).input_type  # fmt: skip
TYPES = [
    (DOUBLE, st.floats()),
    (Prim("bytes"), st.binary()),
    (Prim("long"), st.integers(-(1 << 63), (1 << 63) - 1)),
    (Map(Array(STRING)), st.dictionaries(st.text(), st.lists(st.text()))),
    (UNION, st.none() | st.tuples(st.sampled_from(["int", "long"]), st.integers(-9, 9)) | st.text()
     | st.lists(st.binary())),
]  # fmt: skip


@pytest.mark.parametrize(("t", "values"), TYPES, ids=lambda x: str(x)[:20])
def test_every_value_comes_back_as_it_was(t, values, tmp_path_factory):
    path = tmp_path_factory.mktemp("db") / "x.db"
    with SharedState(path) as one, SharedState(path) as other:

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(values)
        def put(value):
            one.cell("c", t, lambda: value).set(value)
            found = other.cell("c", t, lambda: value).get()
            assert repr(found) == repr(value)
            one.pool("p", t, dict).replace({"k": value})
            assert repr(other.pool("p", t, dict).items()) == repr({"k": value})

        put()


def test_a_value_that_has_been_read_is_kept_while_nobody_changes_it(state, path, monkeypatch):
    read = []
    monkeypatch.setattr(durable, "load", lambda blob: read.append(1) or load(blob))
    load = pfa.memory.state.load
    cell = state.cell("big", Array(INT), lambda: list(range(1000)))
    with SharedState(path) as other:
        assert [cell.get()[5] for _ in range(9)] == [5] * 9
        assert len(read) == 1
        other.cell("big", Array(INT), list).update(lambda old: old[:3])
        assert [cell.get() for _ in range(9)] == [[0, 1, 2]] * 9
        assert len(read) == 3


def test_what_a_pool_keeps_is_bounded_and_never_old(state, path, monkeypatch):
    monkeypatch.setattr(durable, "KEPT", 200)
    pool = state.pool("p", INT, dict)
    with SharedState(path) as other:
        same = other.pool("p", INT, dict)
        for i in range(50):
            pool.update(f"k{i}", i, lambda old: old)
            same.update(f"k{i}", i, plus_one)
        assert [pool.get(f"k{i}") for i in range(50)] == [i + 1 for i in range(50)]
        assert len(pool._kept._values) < 8
        same.delete("k49")
        same.update("k49", 0, lambda old: -1)
        assert pool.get("k49") == -1
        same.delete("k49")
        with pytest.raises(KeyError):
            pool.get("k49")


class Many(Mapping):
    """A map that is never in memory."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        return (f"k{i}" for i in range(self.count))

    def __getitem__(self, key):
        return key * 20


def test_a_pool_can_be_larger_than_memory(path):
    """Its 200,000 items take 26 MB of texts alone."""
    code = """
from resource import RUSAGE_SELF, getrusage
from pfa.types import STRING
from tests.test_durable import Many
state.pool("small", STRING, lambda: Many(2000))
before = getrusage(RUSAGE_SELF).ru_maxrss
pool = state.pool("large", STRING, lambda: Many(200_000))
for i in range(0, 200_000, 99):
    assert pool.update(f"k{i}", None, lambda old: old + "!") == f"k{i}" * 20 + "!"
assert "k199999" in pool and "k200000" not in pool and pool.get("k99") == "k99" * 20 + "!"
say((getrusage(RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    pytest.importorskip("resource")
    with child(path, code) as other:
        assert int(heard(other)) < 12


# --- processes -------------------------------------------------------------------------------------------------


def test_totals_of_processes_and_threads_are_exact(path):
    said, values = share(str(path), processes=4, threads=4, seconds=1.5)
    assert dict(said) == values
    assert len(values) == 7


def test_while_another_process_is_in_its_update(path, cell, pool):
    cell.set(3)
    code = """
thread = threading.Thread(target=cell.update, args=(stay,))
thread.start()
pool.update("a", 10, stay)
thread.join()
say(cell.get())
"""
    with child(path, code) as other:
        assert [heard(other), heard(other)] == ["inside"] * 2
        assert cell.get() == 3
        assert pool.items() == {}
        assert pool.update("b", 0, plus_one, time.monotonic() + 1) == 1
        with pytest.raises(StillLocked, match='shared cell "n" stayed locked'):
            cell.update(plus_one, time.monotonic() + 0.05)
        with pytest.raises(StillLocked, match='shared pool "p" stayed locked'):
            pool.delete("a", time.monotonic() + 0.05)
        go_on(other)
        go_on(other)
        assert heard(other) == "4"
        assert (cell.update(plus_one), pool.update("a", 0, plus_one)) == (5, 12)


def test_two_items_are_updated_at_the_same_time_by_two_processes(path, pool):
    with child(path, "pool.update('a', 0, stay); say('done')") as other:
        assert heard(other) == "inside"

        def meet(old):
            go_on(other)
            assert heard(other) == "done"  # which it can be only if nothing of ours is in its way
            return old + 1

        pool.update("b", 0, meet)
    assert pool.items() == {"a": 1, "b": 1}


def test_an_engine_waits_for_another_process_until_its_timeout(path):
    with SharedState(path) as state:
        engine = pfa.loads(COUNTING, shared=state)
        assert engine.action(4) == 4
        with child(path, "cell.update(stay); say('done')") as other:
            assert heard(other) == "inside"
            with pytest.raises(pfa.PfaLimitError, match='timeout of 200 milliseconds: shared cell "n" stayed locked'):
                engine.action(1)
            go_on(other)
            assert heard(other) == "done"
        assert engine.action(1) == 6


def test_a_failing_update_frees_its_lock_for_other_processes(path, cell, pool):
    code = """
for update in (cell.update, lambda fn: pool.update("a", 0, fn)):
    try:
        update(lambda old: 1 // 0)
    except ZeroDivisionError:
        say("failed")
os.read(0, 1)
"""
    with child(path, code) as other:
        assert [heard(other), heard(other)] == ["failed"] * 2
        assert cell.update(plus_one, time.monotonic() + SOON) == 1
        assert pool.update("a", 0, plus_one, time.monotonic() + SOON) == 1


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_process_that_is_killed_in_its_update_frees_its_lock(path, cell, pool):
    pool.update("a", 5, lambda old: old)
    with child(path, "threading.Thread(target=cell.update, args=(stay,)).start(); pool.update('a', 0, stay)") as other:
        assert [heard(other), heard(other)] == ["inside"] * 2
        os.kill(other.pid, signal.SIGKILL)
        assert cell.update(plus_one, until_soon()) == 1
        assert pool.update("a", 0, plus_one, until_soon()) == 6


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.011, 0.03])
def test_what_was_written_before_a_kill_is_there_and_whole(delay, path, cell, pool):
    code = """
while True:
    done = cell.update(lambda old: old + 1)
    pool.update("a", 0, lambda old: old + 1)
    os.write(1, b"%d\\n" % done)
"""
    with child(path, code) as other:
        heard(other)
        time.sleep(delay)
        other.kill()
        said = other.stdout.read().split()
    last = int(said[-1]) if said else 1
    assert last <= cell.get() <= last + 1
    assert cell.get() - 1 <= pool.get("a") <= cell.get()
    assert cell.update(plus_one, until_soon()) > last


def test_one_of_many_processes_fills(path, tmp_path):
    code = """
def fill():
    say("filling")
    time.sleep(0.2)
    return {"a": 1}
say(state.pool("q", INT, fill).items())
"""
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(child(path, code)) for _ in range(3)]
        said = sorted(line for other in others for line in other.stdout.read().split("\n") if line)
    assert said == ["filling", *["{'a': 1}"] * 3]


def test_a_process_that_is_killed_while_it_fills_has_filled_nothing(path, state):
    code = """
from collections import UserDict
class Half(UserDict):
    def items(self):
        yield from ((str(i), i) for i in range(5000))
        stay(0)
state.pool("q", INT, Half)
"""
    with child(path, code) as other:
        assert heard(other) == "inside"
        other.kill()
        pool = state.pool("q", INT, lambda: {"7": 70, "x": 1})
    assert pool.items() == {"7": 70, "x": 1}


def test_a_pool_that_is_replaced_in_an_update_begins_the_update_again(path, pool):
    """As where a process does not see our locks: no update is lost."""
    seen = []

    def update(old):
        seen.append(old)
        if len(seen) < 3:
            with SharedState(path) as other:
                other.pool("p", INT, dict).replace({"a": 10 * len(seen)} if len(seen) == 1 else {})
        return old + 1

    assert pool.update("a", 1, update) == 2
    assert (seen, pool.items()) == ([1, 10, 1], {"a": 2})


def test_without_locks_of_files_no_update_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(durable_locks, "fcntl", None)
    with contextlib.ExitStack() as stack:
        # Two names of one file have locks of their own, as two processes would.
        numbers = itertools.count()
        monkeypatch.setattr(durable_locks, "_identity", lambda file: (next(numbers), 0))
        states = [stack.enter_context(SharedState(tmp_path / "x.db")) for _ in range(3)]
        assert len({id(s._file.locks) for s in states}) == 3
        cells = [s.cell("n", INT, lambda: 0) for s in states]
        threads = [threading.Thread(target=lambda c=c: [c.update(plus_one) for _ in range(100)]) for c in cells]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert cells[0].get() == 300


# --- forks, copies, the end ------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forks_while_threads_read_and_write(path, state, cell, pool):
    stop = threading.Event()

    def busy(update):
        while not stop.is_set():
            update(plus_one)
            pool.items()

    writers = [threading.Thread(target=busy, args=(u,), daemon=True) for u in (cell.update, cell.update)]
    for writer in writers:
        writer.start()
    children = []
    for _ in range(12):
        pid = os.fork()
        if not pid:
            code = 1
            try:
                for _ in range(5):
                    pool.update("forked", 0, plus_one, until_soon())
                code = 0 if cell.get() >= 0 else 2
            finally:
                os._exit(code)
        children.append(pid)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    stop.set()
    for writer in writers:
        writer.join(SOON)
    assert codes == [0] * 12
    assert pool.get("forked") == 60


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_waits_for_the_update_of_its_parent(cell):
    inside, leave = threading.Event(), threading.Event()

    def stay(old):
        inside.set()
        assert leave.wait(SOON)
        return old + 1

    thread = threading.Thread(target=cell.update, args=(stay,))
    thread.start()
    assert inside.wait(SOON)
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            with contextlib.suppress(StillLocked):
                cell.update(plus_one, time.monotonic() + 0.02)
                code = 2
            os.write(writing, b"x")
            code = cell.update(plus_one, until_soon())
        finally:
            os._exit(10 * code)
    os.read(reading, 1)
    leave.set()
    thread.join(SOON)
    os.close(reading)
    os.close(writing)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 20


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_is_of_the_same_database(copied, state, cell):
    cell.set(4)
    with copied(state) as other:
        assert other.cell("n", INT, lambda: 0).update(plus_one) == 5
    assert cell.get() == 5
    assert other._synchronous == "normal"


def test_an_engine_with_shared_cells_is_loaded_where_it_is_needed(state):
    with pytest.raises(TypeError, match="load it where it is needed"):
        pickle.dumps(pfa.loads(COUNTING, shared=state))


def test_snapshot_and_state_have_what_is_in_the_database(path, tmp_path):
    with SharedState(path) as state:
        engine = pfa.loads(COUNTING, shared=state)
        assert engine.action(3) == 3
        made, blob = engine.snapshot(), engine.state()
    assert (made["cells"]["n"]["init"], made["pools"]["p"]["init"]) == (3, {"x": 8})
    with SharedState(tmp_path / "other.db") as state:
        assert pfa.loads(COUNTING, shared=state).action(1) == 1
        assert pfa.loads(COUNTING, shared=state, state=blob).action(1) == 4
        assert pfa.loads(COUNTING, shared=state).snapshot()["pools"]["p"]["init"] == {"x": 9}


def test_a_failing_action_leaves_what_is_there(state):
    engine = pfa.loads(COUNTING, shared=state)
    with pytest.raises(pfa.PfaUserError):
        engine.action(-1)
    assert engine.action(1) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open files here")
def test_closing_frees_all_files(tmp_path):
    with SharedState(tmp_path / "x.db"):
        pass
    before = len(os.listdir("/proc/self/fd"))
    for i in range(5):
        with SharedState(tmp_path / f"{i}.db") as state, SharedState(tmp_path / f"{i}.db"):
            state.cell("n", INT, lambda: 0).set(i)
    SharedState(tmp_path / "0.db").cell("n", INT, lambda: 0).set(1)
    with SharedState(tmp_path / "x.db"):
        pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_closed_state_says_so(state, cell, pool):
    state.close()
    state.close()
    for use in (cell.get, lambda: cell.set(1), pool.items, lambda: state.cell("m", INT, lambda: 0)):
        with pytest.raises(pfa.PfaLifecycleError, match="this SharedState is closed"):
            use()


def test_a_state_that_is_closed_by_another_thread(path, tmp_path):
    with SharedState(path) as state:
        cell = state.cell("n", INT, lambda: 0)

        def close(old):
            state.close()
            SharedState(tmp_path / "other.db").close()  # closes lock files that nobody uses
            return old + 1

        with pytest.raises(pfa.PfaLifecycleError):
            cell.update(close)
        with pytest.raises(pfa.PfaLifecycleError):
            cell.update(plus_one)


def test_full_is_written_to_the_disk_at_each_update(path):
    with SharedState(path, synchronous="full") as state:
        cell = state.cell("n", INT, lambda: 0)
        assert cell.update(plus_one) == 1
        assert state._file.run(lambda c: c.execute("PRAGMA synchronous").fetchone()) == (2,)
    with pytest.raises(pfa.PfaLifecycleError, match='synchronous is "normal" or "full"'):
        SharedState(path, synchronous="off")


# --- files that are not ours -----------------------------------------------------------------------------------


def sqlite_file(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


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
