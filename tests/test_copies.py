"""Clones and pickles of engines."""

import copy
import pickle
import subprocess
import sys
import threading

import pytest

import pfa
from tests.engines import counter, dice, emitter, rolls, summer
from tests.support import ROOT

SOON = 10.0  # seconds after which a test that hangs gives up


# --- clones --------------------------------------------------------------------------------------------


def test_a_clone_starts_at_the_beginning():
    engine = pfa.loads(counter(pools={"p": {"type": "int", "init": {"a": 1}}}))
    engine.action(1)
    clone = engine.clone(instance=4)
    assert (clone.instance, clone.name, clone.action(1)) == (4, engine.name, 1)
    assert engine.action(1) == 2
    engine.end()
    assert clone.action(1) == 2
    assert engine.clone().instance == 1


def test_clones_share_no_cells_and_no_pools():
    put = {"pool": "p", "path": [{"s.int": "input"}], "to": "input", "init": 0}
    engine = pfa.loads(counter(action=[put, {"cell": "n", "to": "input"}], pools={"p": {"type": "int"}}))
    clones = [engine.clone(instance=i) for i in range(3)]
    for i, clone in enumerate(clones):
        clone.action(i)
    assert [c.snapshot()["pools"]["p"]["init"] for c in clones] == [{"0": 0}, {"1": 1}, {"2": 2}]
    assert engine.snapshot()["pools"]["p"]["init"] == {}


def test_a_clone_has_its_engines_callbacks_until_it_is_given_others():
    got, others = [], []
    engine = pfa.loads(emitter(begin={"log": 1}))
    engine.emit, engine.log = got.append, lambda message, namespace: got.append(message)
    clone = engine.clone()
    clone.action(1)
    assert got == ["1", 1]
    clone.emit = others.append
    clone.action(2)
    engine.action(3)
    assert (others, got) == ([2, 2], ["1", 1, "1", 3, 3, 3])


def test_many_engines_of_one_document_in_threads():
    engine = pfa.loads(counter())
    results = [None] * 8

    def work(i):
        clone = engine.clone(instance=i)
        for _ in range(500):
            results[i] = clone.action(1)

    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(SOON)
    assert results == [500] * 8
    assert engine.call("count") == 0


def test_clones_share_the_caches_of_their_code():
    """What library functions keep at a call (encoders, patterns, orders, compiled trees) serves all clones at once."""
    node = {
        "type": "record",
        "name": "Node",
        "fields": [
            {"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x", "s"]}},
            {"name": "operator", "type": "string"},
            {"name": "value", "type": ["double", "string"]},
            {"name": "pass", "type": ["string", "Node"]},
            {"name": "fail", "type": ["string", "Node"]},
        ],
    }
    tree = {
        "field": "x",
        "operator": "<",
        "value": {"double": 0.5},
        "pass": {"string": "low"},
        "fail": {"string": "high"},
    }
    row = {
        "type": "record",
        "name": "Row",
        "fields": [{"name": "x", "type": "double"}, {"name": "s", "type": "string"}],
    }
    walk = {"params": [{"d": "Row"}, {"t": "Node"}], "ret": "boolean", "do": {"model.tree.simpleTest": ["d", "t"]}}
    rows = {"new": ["input", "input"], "type": {"type": "array", "items": "Row"}}
    parts = [
        {"cast.json": ["input"]},
        {"re.replaceall": ["input.s", {"s.concat": [["a"], {"s.substr": ["input.s", 0, 1]}]}, ["b"]]},
        {"model.tree.simpleWalk": ["input", {"cell": "tree"}, walk]},
        {"s.int": [{"a.len": [{"a.distinct": [rows]}]}]},
        {"s.int": [{"cmp": ["input", {"a.head": [{"a.sort": [rows]}]}]}]},
    ]
    document = {
        "input": row,
        "output": {"type": "array", "items": "string"},
        "cells": {"tree": {"type": node, "init": tree}},
        "action": {"new": parts, "type": {"type": "array", "items": "string"}},
    }
    data = [{"x": i / 100, "s": "a" * (i % 5) + str(i)} for i in range(100)]
    expected = [pfa.loads(document).action(datum) for datum in data]
    engine = pfa.loads(document)
    wrong = []

    def work(i):
        try:
            clone = engine.clone(instance=i)
            wrong.extend(k for k, datum in enumerate(data) if clone.action(datum) != expected[k])
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(SOON)
        assert not t.is_alive()
    assert wrong == []


def test_first_calls_of_many_clones_at_once():
    """What turns a caller's arguments into values is made at the first call, for all clones."""
    link = {"type": "record", "name": "Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}
    get = {"params": [{"x": link}], "ret": "Link", "do": {"ifnotnull": {"y": "x.next"}, "then": "y", "else": "x"}}
    for _ in range(20):
        engine = pfa.loads({"input": "null", "output": "null", "action": None, "fcns": {"get": get}})
        clones = [engine.clone(instance=i) for i in range(4)]
        start, results = threading.Barrier(4), []

        def work(i, clones=clones, start=start, results=results):
            start.wait(SOON)
            results.append(clones[i].call("get", {"next": {"next": None}}))

        threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(SOON)
        assert results == [{"next": None}] * 4


# --- pickles -------------------------------------------------------------------------------------------


def again(engine):
    return pickle.loads(pickle.dumps(engine))


def test_a_pickle_goes_on_where_the_engine_was():
    engine = pfa.loads(dice(action={"+": [{"rand.int": [0, 1000]}, {"*": [1000, {"cell": "n", "to": UP}]}]},
                            cells={"n": {"type": "int", "init": 0}}))  # fmt: skip
    rolls(engine, 3)
    other = again(engine)
    assert rolls(other) == rolls(engine)


UP = {"params": [{"x": "int"}], "ret": "int", "do": {"+": ["x", 1]}}


def test_a_pickle_keeps_phase_counters_tally_and_keywords():
    document = summer(action={"+": ["tally", {"+": ["input", "actionsStarted"]}]}, options={"timeout": 10_000})
    limits = pfa.Limits(time=5.0, quote_values=True)
    engine = pfa.loads(document, instance=6, options={"timeout": 70}, limits=limits, unions="tagged")
    engine.action(1)
    other = again(engine)
    assert (other.name, other.instance, other.tally) == (engine.name, 6, 2.0)
    assert list(map(str, other.warnings)) == list(map(str, engine.warnings))
    assert other.action(1) == engine.action(1) == 5.0
    with pytest.raises(pfa.PfaLifecycleError):
        other.begin()
    with pytest.raises(pfa.PfaDataError, match='"one"'):
        other.action("one")
    engine.end()
    with pytest.raises(pfa.PfaLifecycleError, match="ended"):
        again(engine).action(1)


def test_a_copy_is_an_engine_of_its_own():
    engine = pfa.loads(counter())
    engine.action(1)
    for other in (copy.copy(engine), copy.deepcopy(engine)):
        assert other.action(1) == 2
    assert engine.action(1) == 2


def test_callbacks_stay_behind():
    engine = pfa.loads(emitter())
    engine.emit = engine.log = lambda *_: None
    other = again(engine)
    assert (other.emit, other.log) == (None, None)


def test_pickles_of_engines_with_nan_and_infinities():
    engine = pfa.loads({"input": "double", "output": "double", "action": {"cell": "x", "to": "input"},
                        "cells": {"x": {"type": "double", "init": float("inf")}}})  # fmt: skip
    assert again(engine).snapshot is not None
    engine.action(float("nan"))
    assert repr(again(engine).action(-0.0)) == "-0.0"


def test_an_engine_with_shared_state_is_not_pickled():
    engine = pfa.loads(counter(cells={"n": {"type": "int", "init": 0, "shared": True}}))
    with pytest.raises(TypeError, match="load it where it is needed"):
        pickle.dumps(engine)


def test_a_pickle_in_another_process():
    engine = pfa.loads(counter())
    engine.action(1)
    script = "import pickle, sys; e = pickle.load(sys.stdin.buffer); print(e.action(1), e.action(1))"
    done = subprocess.run(
        [sys.executable, "-c", script], input=pickle.dumps(engine), cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == b"2 3\n"


ERRORS = [
    pfa.PfaRuntimeError("empty array", 15020, "a.head", pfa.Where("/action", 3, 4)),
    pfa.PfaUserError("mine", -3, "error"),
    pfa.PfaLimitError("exceeded 5 steps", emitted=(1, 2)),
    pfa.PfaDataError("expected int", "/a/0"),
    pfa.PfaLifecycleError("ended"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_errors_pickle(error):
    made = again(error)
    assert type(made) is type(error)
    assert str(made) == str(error)
    assert made.problems == error.problems
    for name in ("code", "function", "emitted", "path", "at"):
        assert getattr(made, name, None) == getattr(error, name, None)
