"""backend="auto" while a worker compiles: engines go on with compiled code between two actions, as they are."""

import gc
import threading
import time
import weakref
from itertools import chain, repeat

import pytest
from hypothesis import HealthCheck, given, settings

import pfa
from pfa.engine import background, loading, moving
from pfa.targets.kernel import elf, gradual, jobs, link
from pfa.targets.kernel.layout import Memory
from pfa.targets.kernel.region import Region
from tests import typed_values
from tests.test_kernel_auto import COUNT, EMIT, FAILS, FOLD, outcome
from tests.test_limits import HANGS

ADD = {"input": "double", "output": "double", "action": {"+": ["input", 1]}}
NUMBERS = {"type": "array", "items": "double"}


@pytest.fixture
def at_once(monkeypatch):
    """Engines are compiled from their first action on."""
    monkeypatch.setattr(background, "DELAY", 0.0)
    monkeypatch.setattr(background, "PAUSE", 0.0)
    monkeypatch.setenv("PFA_WORKER", "on")


def run(engine, data, until=lambda engine: engine.backend == "numba"):
    """Outcomes of actions until something is so."""
    made, end = [], time.monotonic() + HANGS
    for x in data:
        if until(engine):
            return made
        assert time.monotonic() < end, engine.explain()
        made.append((x, outcome(engine.action, x)))
    raise AssertionError


def settled(engine):
    """Does nothing happen any more?"""
    return engine._runtime.between is None


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("document", [COUNT, FOLD, EMIT, FAILS], ids=["count", "fold", "emit", "fails"])
def test_an_engine_goes_on_compiled_by_itself(document):
    python, auto = pfa.loads(document, backend="python"), pfa.loads(document)
    kept = auto.action
    data = chain.from_iterable(repeat([1, 2, 0, 4] if document in (EMIT, FAILS) else [1.0, 2.5, -1.0]))
    for x, got in run(auto, data):
        assert got == outcome(python.action, x)
    assert auto.state() == python.state()
    for x in (1, 2) if document in (EMIT, FAILS) else (1.0, 2.0):
        assert outcome(auto.action, x) == outcome(python.action, x)
    assert auto.state() == python.state()
    assert "compiled" in auto.explain()
    assert auto.action is kept


@pytest.mark.usefixtures("at_once")
def test_an_action_that_was_kept_goes_on_without_its_engine():
    action = pfa.loads(FOLD).action
    want = 0.5
    end = time.monotonic() + HANGS
    while "Moved" not in _way(action) and time.monotonic() < end:
        want += 1.0
        assert action(1.0) == want
    assert action(1.0) == want + 1.0


def _way(action):
    """"Moved" where an action goes on elsewhere."""
    cell = action.__closure__[action.__code__.co_freevars.index("prepare")].cell_contents
    return "Moved" if cell.__self__.moved else ""


def test_tables_are_used_as_actions_are(at_once):
    engine = pfa.loads(ADD)
    end = time.monotonic() + HANGS
    while engine.backend == "python" and time.monotonic() < end:
        assert engine.score([1.0, 2.0]) == [2.0, 3.0]
    assert engine.score([1.0, 2.0]) == [2.0, 3.0]
    assert engine.backend == "numba"


def test_asking_for_the_backend_is_a_call_too(at_once):
    engine = pfa.loads(FOLD)
    end = time.monotonic() + HANGS
    while engine.backend == "python" and time.monotonic() < end:
        time.sleep(0.001)
    assert engine.backend == "numba"
    assert engine.is_new
    assert engine.action(1.0) == 1.5


@pytest.mark.usefixtures("at_once")
def test_asking_in_a_callback_does_nothing():
    engine, got = pfa.loads(EMIT), []
    engine.emit = lambda x: got.append(engine.backend)
    end = time.monotonic() + HANGS
    while "numba" not in got and time.monotonic() < end:
        engine.action(1)
    assert got[-1] == "numba"


@pytest.mark.usefixtures("at_once")
def test_nothing_is_left_of_what_was_before():
    engine = pfa.loads(COUNT)
    before = weakref.ref(engine._runtime)
    gc.disable()
    try:
        run(engine, repeat(1.0))
        assert before() is None
        after = weakref.ref(engine._runtime)
        del engine
        assert after() is None
    finally:
        gc.enable()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("stage", ["prepared", "being loaded", "being moved", "left"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_breaks_in_the_middle_breaks_no_state(monkeypatch, stage, error):
    """An interrupt is the caller's, and all begins again; an error of ours is a reason to stay on python."""
    broken = []

    def once(*arguments):
        if broken:
            return real(*arguments)
        broken.append(stage)
        raise error("broken")

    where = {
        "prepared": (background, "without_values"), "being loaded": (background, "load"),
        "being moved": (gradual.Filling, "fill"), "left": (moving.Move, "end"),
    }  # fmt: skip
    python, auto = pfa.loads(COUNT, backend="python"), pfa.loads(COUNT)
    owner, name = where[stage]
    real = getattr(owner, name)
    monkeypatch.setattr(owner, name, once)
    interrupted, end = 0, time.monotonic() + HANGS
    while not settled(auto) and time.monotonic() < end:
        try:
            got = auto.action(1.0)
        except KeyboardInterrupt:
            interrupted += 1
            assert auto.state() == python.state()
            continue
        assert got == python.action(1.0)
    assert broken
    assert interrupted <= 1
    assert auto.backend == ("numba" if error is KeyboardInterrupt else "python")
    if error is RuntimeError:
        assert "broken" in auto.explain()
        auto.wait()
    assert [auto.action(2.0) for _ in range(3)] == [python.action(2.0) for _ in range(3)]
    assert auto.state() == python.state()


def test_off(at_once, monkeypatch):
    monkeypatch.setenv("PFA_WORKER", "off")
    monkeypatch.setattr(jobs, "Worker", None)
    engine = pfa.loads(ADD)
    assert [engine.action(1.0) for _ in range(100)] == [2.0] * 100
    assert engine.backend == "python"
    engine.wait()
    assert engine.backend == "numba"


def test_engines_that_are_hardly_used_are_not_compiled(monkeypatch):
    monkeypatch.setenv("PFA_WORKER", "on")
    monkeypatch.setattr(background, "DELAY", 1e9)
    monkeypatch.setattr(jobs, "Worker", None)
    engine = pfa.loads(ADD)
    assert [engine.action(1.0) for _ in range(100)] == [2.0] * 100
    assert "not compiled yet" in engine.explain()


# --- state ---------------------------------------------------------------------------------------------------

MODEL = {"type": "record", "name": "M", "fields": [
    {"name": "weights", "type": NUMBERS}, {"name": "names", "type": {"type": "map", "values": ["null", "string", "M"]}},
]}  # fmt: skip
STATE = {
    "input": "int", "output": "int", "randseed": 1,
    "cells": {
        "model": {"type": MODEL, "init": {"weights": [0.5] * 9000, "names": {
            **{f"k{i}": {"string": f"v{i}" * (i % 50)} for i in range(500)}, "none": None,
            "inside": {"M": {"weights": [], "names": {}}}}}},
        "last": {"type": {"type": "array", "items": "int"}, "init": []},
    },
    "pools": {
        "table": {"type": NUMBERS, "init": {f"k{i}": [1.0, float(i)] for i in range(3000)}},
        "seen": {"type": "int", "init": {}},
    },
    "action": [
        {"cell": "last", "to": {"a.append": [{"cell": "last"}, "input"]}},
        {"if": {">": [{"a.len": {"cell": "last"}}, 5]}, "then": {"cell": "last", "to": {"type": {
            "type": "array", "items": "int"}, "value": []}}},
        {"pool": "seen", "path": [{"s.int": ["input"]}], "init": 1,
         "to": {"params": [{"x": "int"}], "ret": "int", "do": {"+": ["x", 1]}}},
        {"pool": "table", "path": [{"string": "k7"}], "init": {"type": NUMBERS, "value": []}, "to": {
            "params": [{"x": NUMBERS}], "ret": NUMBERS, "do": {"new": [{"+": [{"a.last": "x"}, 1]}], "type": NUMBERS}}},
        {"a.len": {"cell": "last"}},
    ],
}  # fmt: skip


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("more", ["known keys", "new keys"])
def test_all_of_the_state_goes_along(more):
    python, auto = pfa.loads(STATE, backend="python"), pfa.loads(STATE)
    data = repeat(3) if more == "known keys" else chain(range(50), (i % 50 for i in range(1 << 40)))
    for x, got in run(auto, data):
        assert got == outcome(python.action, x)
    for x in (1, 2, 300):
        assert auto.action(x) == python.action(x)
    assert auto.state() == python.state()
    assert auto.snapshot() == python.snapshot()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("items", ["cell", "pool"])
def test_a_state_that_is_much_to_move_waits_for_wait(items, monkeypatch):
    one = {"new": {"x": "input"}, "type": {"type": "map", "values": "int"}}
    grows = {"cell": "c", "to": {"a.append": [{"cell": "c"}, one]}}
    keyed = {"pool": "p", "path": [{"s.int": [{"pool": "n", "path": [{"string": "n"}]}]}], "to": 1, "init": 1}
    counted = {"pool": "n", "path": [{"string": "n"}], "init": 0,
               "to": {"params": [{"x": "int"}], "ret": "int", "do": {"+": ["x", 1]}}}  # fmt: skip
    document = {
        "input": "int", "output": "int", "randseed": 1,
        "action": [grows, 1] if items == "cell" else [counted, keyed, 1],
        "cells": {"c": {"type": {"type": "array", "items": {"type": "map", "values": "int"}}, "init": []}},
        "pools": {"p": {"type": "int", "init": {}}, "n": {"type": "int", "init": {"n": 0}}},
    }  # fmt: skip
    monkeypatch.setattr(moving, "MOST", 20)
    monkeypatch.setattr(moving, "ITEMS", 20)
    python, auto = pfa.loads(document, backend="python"), pfa.loads(document)
    for x, got in run(auto, repeat(1), settled):
        assert got == outcome(python.action, x)
    assert auto.backend == "python"
    assert "wait() moves it" in auto.explain()
    auto.wait()
    assert auto.backend == "numba"
    assert auto.state() == python.state()
    assert auto.action(1) == 1


@pytest.fixture(scope="module")
def memory():
    region = Region(1 << 26)
    m = Memory({"null": 0})
    m.end = region.end
    return m, region


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed_values.rows())
def test_values_are_written_gradually_as_they_are_at_once(memory, drawn):
    schema, values = drawn
    m, region = memory
    m.stores.clear()  # types of all examples have the same names
    m.loads.clear()
    engine = pfa.loads({"input": schema, "output": "int", "action": 1}, backend="python")
    t = engine.input_type
    for value in (engine._compiled.code.decode(v) for v in values):
        m.top = region.start + 8
        for _ in gradual.write(m, [(t, region.start >> 3, value)]):
            pass
        assert typed_values.exact(m.load(t)(region.start >> 3)) == typed_values.exact(value)


def test_long_arrays_of_numbers(memory):
    m, region = memory
    cases = ("int", list(range(10_000))), ("double", [i / 3 for i in range(5000)]), ("boolean", [True, False] * 9)
    for t, v in cases:
        engine = pfa.loads({"input": {"type": "array", "items": t}, "output": "int", "action": 1}, backend="python")
        m.top = region.start + 8
        pauses = sum(1 for _ in gradual.write(m, [(engine.input_type, region.start >> 3, v)]))
        assert typed_values.exact(m.load(engine.input_type)(region.start >> 3)) == typed_values.exact(v)
        assert (pauses > 1) == (len(v) > 4096)


# --- many engines --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
def test_clones_are_compiled_once(monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "Job", lambda *a, job=jobs.Job: asked.append(a) or job(*a))
    engine = pfa.loads(COUNT)
    clones = [engine, engine.clone(1), engine.clone(2)]
    run(engine, repeat(1.0))
    assert [c.backend for c in clones] == ["numba", "python", "python"]
    for i, c in enumerate(clones[1:], 1):
        reference = pfa.loads(COUNT, backend="python", instance=i)
        assert [got for _, got in run(c, repeat(1.0))] == [reference.action(1.0) for _ in range(reference_calls(c))]
    assert len(asked) == 1
    assert engine.clone(3).backend == "numba"


def reference_calls(engine):
    """How many actions an engine has done."""
    return engine._runtime.variables["finished"]


@pytest.mark.usefixtures("at_once")
def test_threads_with_an_engine_each():
    first = pfa.loads(FOLD)
    engines = [first, *(first.clone(i) for i in range(1, 4))]
    failed = []

    def work(engine):
        try:
            for n, (_, got) in enumerate(run(engine, repeat(1.0)), 1):
                assert got == n + 0.5
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(e,)) for e in engines]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failed == []
    assert {e.backend for e in engines} == {"numba"}


@pytest.mark.usefixtures("at_once")
def test_wait_in_the_middle():
    engine = pfa.loads(FOLD)
    run(engine, repeat(1.0), lambda e: "worker" in e.explain())
    want = engine.tally
    engine.wait()
    assert engine.backend == "numba"
    assert engine.tally == want
    assert engine.action(1.0) == want + 1.0


@pytest.mark.usefixtures("at_once")
def test_other_calls_in_the_middle():
    engine = pfa.loads({**FOLD, "end": {"log": "tally"}, "fcns": {"f": {"params": [], "ret": "int", "do": 7}}})
    run(engine, repeat(1.0), lambda e: "worker" in e.explain())
    tally = engine.tally
    assert engine.call("f") == 7
    assert engine.snapshot()["zero"] == tally
    again = pfa.loads(engine.snapshot(), state=engine.state())
    assert again.tally == tally
    assert engine.merge(1.0, 2.0) == 3.0
    assert engine.source() == engine.source("python")
    engine.end()
    with pytest.raises(pfa.PfaLifecycleError, match="ended"):
        engine.action(1.0)


@pytest.mark.usefixtures("at_once")
def test_a_state_that_is_loaded_is_running():
    blob = pfa.loads(FOLD, backend="python")
    blob.action(1.0)
    engine = pfa.loads(FOLD, state=blob.state())
    run(engine, repeat(0.0))
    assert engine.tally == 1.5


def test_tables_of_an_engine_that_llvm_did_not_load(at_once, monkeypatch):
    """The loop over rows is compiled when it is asked for."""
    engine = pfa.loads(ADD)
    run(engine, repeat(1.0))
    monkeypatch.setattr(background, "DELAY", 0.0)
    assert engine.score([1.0, 2.0, 3.0]) == [2.0, 3.0, 4.0]


def test_where_object_code_is_for_llvm_to_load(at_once, monkeypatch):
    loaded = []
    monkeypatch.setattr(elf, "_host", lambda: False)
    monkeypatch.setattr(link, "loaded", lambda code, load=link.loaded: loaded.append(code) or load(code))
    engine = pfa.loads({**ADD, "action": {"m.exp": "input"}})
    run(engine, repeat(0.0))
    assert len(loaded) == 1
    assert engine.action(0.0) == 1.0


def test_why_documents_are_not_compiled(at_once, monkeypatch):
    shared = {"input": "null", "output": "int", "cells": {"c": {"type": "int", "init": 1, "shared": True}},
              "action": {"cell": "c"}}  # fmt: skip
    engine = pfa.loads(shared)
    run(engine, repeat(None), settled)
    assert engine.backend == "python"
    assert "shared" in engine.explain()
    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    assert "llvmlite" in pfa.loads(ADD).explain()
