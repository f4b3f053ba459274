"""Shared state in a database: what is in the file, copies, closing.

Processes and files that are not ours have modules of their own.  What it has in common with shared state in memory is
tested for both in test_shared.py.
"""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pfa
from pfa.memory import durable
from pfa.memory.shared import SharedState
from pfa.types import DOUBLE, INT, STRING, Array, Map, Prim
from tests.durable_state import (
    COUNTING,
    cell_fixture,  # noqa: F401
    child,
    heard,
    path_fixture,  # noqa: F401
    plus_one,
    pool_fixture,  # noqa: F401
    state_fixture,  # noqa: F401
)

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


def test_a_pool_can_be_larger_than_memory(path):
    """Its 200,000 items take 26 MB of texts alone."""
    code = """
from resource import RUSAGE_SELF, getrusage
from pfa.types import STRING
from tests.durable_state import Many
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


# --- copies, the end -----------------------------------------------------------------------------------------


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
