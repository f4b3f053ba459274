"""Shared cells and pools: exact totals from many threads, waiting only where the specification says so."""

from __future__ import annotations

import copy
import math
import os
import pickle
import threading
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pfa.errors import PfaBusyError, PfaInitError, PfaLimitError
from pfa.memory.shared import SharedCell, SharedPool, SharedState
from pfa.types import INT, MISSING, STRING, Array, Field, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pfa.memory.durable import DurableCell, DurablePool
    from pfa.memory.locks import WriteLock

SOON = 10.0  # seconds after which a test that hangs gives up


@pytest.fixture(params=["memory", "database"])
def fresh(request, tmp_path) -> Iterator[Callable[[], SharedState]]:
    """What makes a shared state with nothing in it, of each kind."""
    made: list[SharedState] = []

    def make() -> SharedState:
        made.append(SharedState(None if request.param == "memory" else tmp_path / f"{len(made)}.db"))
        return made[-1]

    yield make
    for state in made:
        state.close()


@pytest.fixture
def state(fresh) -> SharedState:
    return fresh()


@pytest.fixture
def cell(state) -> SharedCell | DurableCell:
    return state.cell("n", INT, lambda: 0)


@pytest.fixture
def pool(state) -> SharedPool | DurablePool:
    return state.pool("counts", INT, dict)


def locks(pool: SharedPool | DurablePool) -> dict[object, WriteLock]:
    """The locks of items that somebody has or waits for."""
    return pool._present[1].by_key if isinstance(pool, SharedPool) else pool._file.locks._items.by_key


def in_threads(count: int, work: Callable[[int], object]) -> None:
    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()


@contextmanager
def running(update: Callable[[Callable[[object], object]], object], new: object = None) -> Iterator[None]:
    """While the body runs, a thread is inside an update function; then that ends with `new`."""
    inside, leave = threading.Event(), threading.Event()

    def fn(old: object) -> object:
        inside.set()
        assert leave.wait(SOON)
        return new

    thread = threading.Thread(target=update, args=(fn,), daemon=True)
    thread.start()
    assert inside.wait(SOON)
    try:
        yield
    finally:
        leave.set()
        thread.join(SOON)


def fail(old: object) -> object:
    raise ZeroDivisionError


def plus_one(old: int) -> int:
    time.sleep(0)  # lets other threads in between reading and writing
    return old + 1


def test_an_item_that_is_not_there_and_has_no_initial_value(pool):
    assert pool.update("k", MISSING, plus_one) is MISSING
    assert "k" not in pool
    assert pool.update("k", 0, plus_one) == 1
    assert "k" in pool
    assert pool.update("k", MISSING, plus_one) == 2


def test_a_cell_is_read_set_and_updated(cell):
    assert cell.get() == 0
    assert cell.set(5) == 5
    assert cell.update(plus_one) == 6
    assert cell.get() == 6


def test_updates_of_a_cell_are_never_lost(cell):
    in_threads(4, lambda _: [cell.update(plus_one) for _ in range(500)])
    assert cell.get() == 2000


def test_updates_of_pool_items_are_never_lost(pool):
    in_threads(4, lambda i: [pool.update(f"k{(i + n) % 3}", 0, plus_one) for n in range(600)])
    assert pool.items() == {"k0": 800, "k1": 800, "k2": 800}


def test_a_pool_is_read_updated_and_deleted(pool):
    with pytest.raises(KeyError):
        pool.get("a")
    assert pool.update("a", 10, plus_one) == 11
    assert pool.update("a", 10, plus_one) == 12
    assert pool.get("a") == 12
    assert pool.delete("a") is None
    assert pool.delete("a") is None
    assert pool.update("a", 20, plus_one) == 21


def test_items_is_a_copy(pool):
    pool.update("a", 0, plus_one)
    pool.items()["a"] = 5
    assert pool.get("a") == 1


def test_initial_items_are_copied(state):
    items = {"a": 1}
    pool = state.pool("p", INT, lambda: items)
    items["b"] = 2
    assert pool.items() == {"a": 1}


def test_a_reader_does_not_wait_for_a_writer(cell, pool):
    pool.update("a", 1, lambda old: old)
    with running(cell.update, 7), running(lambda fn: pool.update("a", 0, fn), 8):
        assert cell.get() == 0
        assert pool.get("a") == 1
        assert pool.items() == {"a": 1}
    assert cell.get() == 7
    assert pool.get("a") == 8


def test_two_items_are_updated_at_the_same_time(pool):
    """Each update waits to meet the other: with one lock for the pool they would never end."""
    meeting = threading.Barrier(2)

    def meet(old: int) -> int:
        meeting.wait(SOON)
        return old + 1

    in_threads(2, lambda i: pool.update(f"k{i}", 0, meet))
    assert pool.items() == {"k0": 1, "k1": 1}


def test_writers_of_one_cell_wait_for_each_other(cell):
    with running(cell.update, 7):
        with pytest.raises(PfaLimitError, match='shared cell "n" stayed locked'):
            cell.update(plus_one, time.monotonic() + 0.02)
        with pytest.raises(PfaLimitError):
            cell.set(1, time.monotonic() - 1)
    assert cell.update(plus_one, math.inf) == 8
    assert cell.update(plus_one, time.monotonic() - 1) == 9, "a free lock is taken, however late"


def test_writers_of_one_item_wait_for_each_other(pool):
    with running(lambda fn: pool.update("a", 0, fn), 7):
        with pytest.raises(PfaLimitError, match='shared pool "counts" stayed locked'):
            pool.update("a", 0, plus_one, time.monotonic() + 0.02)
        with pytest.raises(PfaLimitError):
            pool.delete("a", time.monotonic() + 0.02)
        assert pool.update("b", 0, plus_one, time.monotonic() + 0.02) == 1
    assert pool.items() == {"b": 1, "a": 7}


def test_delete_waits_for_the_update_and_then_deletes(pool):
    deleting = threading.Thread(target=pool.delete, args=("a",), daemon=True)
    with running(lambda fn: pool.update("a", 0, fn), 7):
        deleting.start()
        while [lock.users for lock in locks(pool).values()] != [2]:
            time.sleep(0.001)
    deleting.join(SOON)
    assert pool.items() == {}


def test_a_failing_update_keeps_the_value_and_frees_the_lock(cell, pool):
    pool.update("a", 3, lambda old: old)
    for update in (cell.update, lambda fn: pool.update("a", 0, fn), lambda fn: pool.update("b", 0, fn)):
        with pytest.raises(ZeroDivisionError):
            update(fail)
    assert cell.get() == 0
    assert pool.items() == {"a": 3}
    assert cell.update(plus_one, time.monotonic()) == 1
    assert pool.update("b", 0, plus_one, time.monotonic()) == 1


def test_locks_of_items_are_dropped(pool):
    in_threads(4, lambda i: [pool.update(f"k{n}", 0, plus_one) for n in range(200)])
    with pytest.raises(ZeroDivisionError):
        pool.update("x", 0, fail)
    with running(lambda fn: pool.update("a", 0, fn)), pytest.raises(PfaLimitError):
        pool.update("a", 0, plus_one, time.monotonic())
    pool.delete("k1")
    assert locks(pool) == {}


def test_an_update_inside_an_update_raises(cell, pool, fresh):
    other = fresh().cell("other", INT, lambda: 0)
    pool.update("a", 0, plus_one)
    changes = [
        lambda old: cell.update(plus_one), lambda old: cell.set(1), lambda old: other.set(1),
        lambda old: pool.update("a", 0, plus_one), lambda old: pool.update("b", 0, plus_one),
        lambda old: pool.delete("a"),
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(PfaBusyError, match="inside the update"):
            cell.update(change)
        with pytest.raises(PfaBusyError, match="inside the update"):
            pool.update("a", 0, change)
    assert (cell.get(), other.get(), pool.items()) == (0, 0, {"a": 1})
    assert locks(pool) == {}
    assert cell.update(plus_one) == 1


def test_an_update_may_read_its_own_store(cell, pool):
    assert cell.update(lambda old: cell.get() + old + 1) == 1
    assert pool.update("a", 5, lambda old: len(pool.items()) + old) == 5


def test_replace_is_at_once_for_readers(pool):
    pool.update("a", 1, lambda old: old)
    with running(lambda fn: pool.update("b", 0, fn), 7):
        pool.replace({"a": 2, "c": 3})
        assert pool.items() == {"a": 2, "c": 3}
        assert pool.update("a", 0, plus_one, time.monotonic() + SOON) == 3
        assert "b" not in pool


def test_replace_comes_after_a_running_update():
    pool = SharedState().pool("counts", INT, dict)
    pool.update("a", 1, lambda old: old)
    with running(lambda fn: pool.update("a", 0, fn), 7):
        pool.replace({"a": 2, "c": 3})
        assert pool.update("a", 0, plus_one, time.monotonic() + SOON) == 3
    assert pool.items() == {"a": 3, "c": 3}
    assert locks(pool) == {}


def test_the_first_declaration_fills_a_name(state, fresh):
    one = state.cell("x", INT, lambda: 1)
    assert state.cell("x", INT, lambda: pytest.fail("read twice")) is one
    pool = state.pool("x", STRING, lambda: {"a": "b"})
    assert state.pool("x", STRING, dict) is pool
    assert pool.get("a") == "b"
    assert fresh().cell("x", INT, lambda: 2).get() == 2


def test_an_initial_value_is_read_once_by_many_threads(state):
    reads = []

    def init() -> int:
        time.sleep(0.01)
        reads.append(1)
        return 0

    in_threads(4, lambda _: state.cell("x", INT, init).update(plus_one))
    assert reads == [1]
    assert state.cell("x", INT, init).get() == 4


def test_an_initial_value_that_fails_declares_nothing(state):
    with pytest.raises(ZeroDivisionError):
        state.cell("x", INT, lambda: 1 // 0)
    assert state.cell("x", STRING, lambda: "a").get() == "a"


def test_an_initial_value_may_declare_another(state):
    assert state.cell("x", INT, lambda: state.cell("y", INT, lambda: 4).get()).get() == 4


def record(*fields: tuple[str, object]) -> Record:
    return Record("R", tuple(Field(*field) for field in fields))


@pytest.mark.parametrize(("one", "other"), [(INT, STRING), (Array(INT), Array(STRING)),
                                            (record(("a", INT)), record(("a", STRING)))])  # fmt: skip
def test_one_name_has_one_type(one, other, state):
    state.cell("x", one, lambda: None)
    state.pool("p", one, dict)
    with pytest.raises(PfaInitError, match=r'shared cell "x" has type .*: give'):
        state.cell("x", other, lambda: None)
    with pytest.raises(PfaInitError, match=r'shared pool "p" has type .*: give'):
        state.pool("p", other, dict)


def test_equal_types_share(state):
    cell = state.cell("x", record(("a", INT)), lambda: {"a": 1})
    assert state.cell("x", record(("a", INT)), dict) is cell


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_shared_state_stays_in_its_process(copied, cell, pool):
    for thing in (SharedState(), cell, pool):
        with pytest.raises(TypeError, match="cannot be pickled or copied: give each process"):
            copied(thing)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_not_locked_by_threads_it_has_not():
    """Its values are its own.  Those of a database are not: there it waits (test_durable.py)."""
    cell, pool = SharedState().cell("n", INT, lambda: 0), SharedState().pool("counts", INT, dict)
    with running(cell.update), running(lambda fn: pool.update("a", 0, fn)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork of a process with threads
            child = os.fork()
        if not child:
            done = 0
            try:
                done += cell.update(plus_one, time.monotonic())
                done += pool.update("a", 1, plus_one, time.monotonic())
            finally:
                os._exit(done)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
