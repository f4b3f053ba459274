"""backend="auto": begins on python, goes on compiled, and nobody sees a difference but `backend`."""

import pickle

import numpy as np
import pytest

import pfa

COUNT = {
    "input": "double", "output": "double", "randseed": 5,
    "cells": {"n": {"type": "int", "init": 0}}, "pools": {"p": {"type": "double", "init": {"a": 1.0}}},
    "action": [
        {"cell": "n", "to": {"params": [{"x": "int"}], "ret": "int", "do": {"+": ["x", 1]}}},
        {"pool": "p", "path": [["a"]], "init": 0.0,
         "to": {"params": [{"x": "double"}], "ret": "double", "do": {"+": ["x", "input"]}}},
        {"+": [{"+": [{"pool": "p", "path": [["a"]]}, {"cell": "n"}]}, {"rand.double": [0.0, 1.0]}]},
    ],
}  # fmt: skip
FOLD = {"input": "double", "output": "double", "method": "fold", "randseed": 1, "zero": 0.5,
        "action": {"+": ["input", "tally"]},
        "merge": {"+": ["tallyOne", "tallyTwo"]}}  # fmt: skip
EMIT = {"input": "int", "output": "long", "method": "emit", "randseed": 1, "begin": {"emit": 0},
        "action": [{"emit": "input"}, {"emit": "actionsStarted"}]}  # fmt: skip
FAILS = {"input": "int", "output": "int", "randseed": 1, "action": {"//": [6, "input"]}}


@pytest.mark.parametrize("document", [COUNT, FOLD, EMIT, FAILS], ids=["count", "fold", "emit", "fails"])
def test_an_engine_goes_on_compiled(document):
    data = [1, 2, 0, 4, 5, 0, 7]
    python = pfa.loads(document, backend="python")
    auto = pfa.loads(document)
    want, got = [], []
    for i, x in enumerate(data):
        x = x if document in (EMIT, FAILS) else float(x)
        if i == 3:
            assert auto.backend == "python"
            auto.wait()
            assert auto.backend == "numba"
        want.append(outcome(python.action, x))
        got.append(outcome(auto.action, x))
    assert got == want
    assert auto.state() == python.state()


def outcome(action, x):
    try:
        return action(x)
    except pfa.PfaRuntimeError as error:
        return error.code, error.problems[0].at.pointer


def test_an_action_that_was_kept_goes_on_there():
    engine = pfa.loads(FOLD)
    action = engine.action
    assert action(1.0) == 1.5
    engine.wait()
    assert action(1.0) == 2.5
    assert engine.action(1.0) == 3.5
    assert engine.tally == 3.5


def test_callbacks_and_names_go_along():
    engine, got = pfa.loads(EMIT), []
    engine.emit = got.append
    engine.action(5)
    name = engine.name
    engine.wait()
    engine.action(6)
    assert got == [0, 5, 1, 6, 2]
    assert engine.name == name


def test_what_is_not_native_stays_on_python():
    document = {"input": "null", "output": "int", "cells": {"c": {"type": "int", "init": 1, "shared": True}},
                "action": {"cell": "c"}}  # fmt: skip
    engine = pfa.loads(document)
    engine.wait()
    assert engine.backend == "python"
    assert "shared" in engine.explain()
    assert engine.action(None) == 1


def test_a_large_table_is_worth_it():
    engine = pfa.loads({"input": "double", "output": "double", "action": {"+": ["input", 1]}})
    assert engine.score(np.zeros(10)).tolist() == [1.0] * 10
    assert engine.backend == "python"
    assert engine.score(np.zeros(60_000)).sum() == 60_000
    assert engine.backend == "numba"


def test_pickles_keep_the_backend():
    engine = pfa.loads(FOLD)
    engine.action(1.0)
    engine.wait()
    again = pickle.loads(pickle.dumps(engine))
    assert again.backend == "numba"
    assert again.action(1.0) == 2.5


def test_wait_in_a_callback_is_busy():
    engine = pfa.loads(EMIT)
    engine.emit = lambda x: engine.wait()
    with pytest.raises(pfa.PfaBusyError):
        engine.action(1)
