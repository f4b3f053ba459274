"""Shared state in a database, used by processes and threads at once, that are killed and that fork."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
import time

import pytest

import pfa
from pfa.memory import durable_locks
from pfa.memory.locks import StillLocked
from pfa.memory.shared import SharedState
from pfa.types import INT
from tests.durable_state import (
    COUNTING,
    SOON,
    cell_fixture,  # noqa: F401
    child,
    go_on,
    heard,
    path_fixture,  # noqa: F401
    plus_one,
    pool_fixture,  # noqa: F401
    state_fixture,  # noqa: F401
    until_soon,
)
from tests.share_processes import share

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


# --- forks -----------------------------------------------------------------------------------------------------


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
