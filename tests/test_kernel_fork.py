"""Forks before, during and after compiling: the child scores, and compiles."""

import json
import multiprocessing
import os
import threading

import pytest

import pfa

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
FORK = multiprocessing.get_context("fork") if hasattr(os, "fork") else None


def times(x):
    return json.dumps({"input": "double", "output": "double", "action": {"*": ["input", x]}})


def in_child(work):
    """What `work` gives in a forked child."""
    here, there = FORK.Pipe()
    child = FORK.Process(target=lambda: there.send(work()))
    child.start()
    try:
        assert here.poll(60), "the child hangs"
        return here.recv()
    finally:
        child.kill()
        child.join()


def test_a_child_scores_with_what_its_parent_compiled():
    engine = pfa.loads(times(3.0), backend="numba")
    assert engine.action(2.0) == 6.0
    assert in_child(lambda: engine.action(3.0)) == 9.0
    assert engine.action(4.0) == 12.0


def test_a_child_compiles():
    pfa.loads(times(3.5), backend="numba")
    assert in_child(lambda: pfa.loads(times(4.5), backend="numba").action(2.0)) == 9.0


def test_forks_while_threads_compile():
    stop = threading.Event()

    def work(i):
        n = 0
        while not stop.is_set():
            n += 1
            pfa.loads(times(i + n / 1000), backend="numba").action(1.0)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for t in threads:
        t.start()
    try:
        for i in range(8):
            assert in_child(lambda i=i: pfa.loads(times(50.0 + i), backend="numba").action(2.0)) == 100.0 + 2 * i
    finally:
        stop.set()
        for t in threads:
            t.join()


def test_a_child_scores_a_table_in_threads():
    engine = pfa.loads(times(3.0), backend="numba")
    table = [float(i) for i in range(20_000)]
    want = engine.score(table, threads=2)
    assert in_child(lambda: engine.score(table, threads=2)) == want
