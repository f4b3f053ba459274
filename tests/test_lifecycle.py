"""The life of an engine: its phases, who may call what when, callbacks, clones, pickles, counters, timeouts, errors.

States and snapshots are in test_saved.py, data in and out in test_boundary.py.
"""

from __future__ import annotations

import copy
import gc
import logging
import pickle
import subprocess
import sys
import threading
import weakref

import pytest

import pfa
from tests.support import ROOT

SOON = 10.0  # seconds after which a test that hangs gives up
FOREVER = {"while": True, "do": {"doc": ""}}


def counter(**more):
    """Counts its actions in a cell; a negative input fails after counting."""
    fail = {"if": {"<": ["input", 0]}, "then": {"error": "negative", "code": -7}}
    count = {"cell": "n", "to": {"+": [{"cell": "n"}, 1]}}
    document = {
        "input": "int",
        "output": "int",
        "cells": {"n": {"type": "int", "init": 0}},
        "fcns": {"count": {"params": [], "ret": "int", "do": {"cell": "n"}}},
        "action": [count, fail, {"cell": "n"}],
    }
    return {**document, **more}


def emitter(**more):
    """Emits the input once for each unit of it; begin emits -1, end -2."""
    loop = {
        "for": {"i": 0},
        "while": {"<": ["i", "input"]},
        "step": {"i": {"+": ["i", 1]}},
        "do": {"emit": "input"},
    }
    document = {
        "input": "int",
        "output": "int",
        "method": "emit",
        "begin": {"emit": -1},
        "action": loop,
        "end": {"emit": -2},
    }
    return {**document, **more}


def summer(**more):
    """Adds up; a negative input fails."""
    add = {"if": {"<": ["input", 0]}, "then": {"error": "negative"}, "else": {"+": ["tally", "input"]}}
    document = {
        "input": "double",
        "output": "double",
        "method": "fold",
        "zero": 0.0,
        "action": add,
        "merge": {"+": ["tallyOne", "tallyTwo"]},
    }
    return {**document, **more}


def steps(*names):
    """Adds its name to a cell of texts in each of these phases."""
    note = {p: {"cell": "seen", "to": {"a.append": [{"cell": "seen"}, {"string": p}]}} for p in names}
    texts = {"type": "array", "items": "string"}
    return {
        "input": "null",
        "output": "null",
        "cells": {"seen": {"type": texts, "init": []}},
        "fcns": {"seen": {"params": [], "ret": texts, "do": {"cell": "seen"}}},
        **note,
        "action": [note.get("action", {"doc": ""}), None],
    }


# --- the order of the phases -----------------------------------------------------------------------------------


def test_begin_actions_end():
    engine = pfa.loads(steps("begin", "action", "end"))
    assert engine.begin() is None
    engine.action(None)
    engine.action(None)
    assert engine.end() is None
    assert engine.call("seen") == ["begin", "action", "action", "end"]


def test_an_action_begins_by_itself_once():
    engine = pfa.loads(steps("begin", "action", "end"))
    engine.action(None)
    engine.action(None)
    assert engine.call("seen") == ["begin", "action", "action"]
    with pytest.raises(pfa.PfaLifecycleError, match="begin comes once, before the first action"):
        engine.begin()


def test_end_begins_by_itself():
    engine = pfa.loads(steps("begin", "action", "end"))
    engine.end()
    assert engine.call("seen") == ["begin", "end"]


def test_begin_comes_once():
    engine = pfa.loads(steps("begin"))
    engine.begin()
    with pytest.raises(pfa.PfaLifecycleError, match="this engine is running already"):
        engine.begin()


@pytest.mark.parametrize("document", [counter(), counter(end={"cell": "n", "to": 0})], ids=["no end", "end"])
def test_nothing_comes_after_end(document):
    engine = pfa.loads(document)
    engine.action(1)
    engine.end()
    for call in (lambda: engine.action(1), engine.end, engine.begin):
        with pytest.raises(pfa.PfaLifecycleError, match="this engine is ended; load or clone a new one"):
            call()


def test_a_failed_begin_stops_the_engine():
    engine = pfa.loads(counter(begin={"error": "no", "code": -3}))
    with pytest.raises(pfa.PfaUserError) as caught:
        engine.begin()
    assert (caught.value.code, caught.value.at.pointer) == (-3, "/begin")
    for call in (lambda: engine.action(1), engine.end, engine.begin):
        with pytest.raises(pfa.PfaLifecycleError, match="stopped, because its begin failed"):
            call()
    assert engine.call("count") == 0


def test_a_failed_begin_of_an_action_stops_the_engine():
    engine = pfa.loads(counter(begin={"error": "no"}))
    with pytest.raises(pfa.PfaUserError, match="no"):
        engine.action(1)
    with pytest.raises(pfa.PfaLifecycleError, match="stopped, because its begin failed"):
        engine.action(1)
    assert engine.call("count") == 0


def test_a_failed_end_is_an_end():
    engine = pfa.loads(counter(end={"error": "no"}))
    with pytest.raises(pfa.PfaUserError, match="no"):
        engine.end()
    with pytest.raises(pfa.PfaLifecycleError, match="ended"):
        engine.end()


def test_a_failed_action_does_not_stop_the_engine():
    engine = pfa.loads(counter())
    with pytest.raises(pfa.PfaUserError):
        engine.action(-1)
    assert engine.action(1) == 2, "the cell does not roll back"


def test_an_engine_without_begin_and_end():
    engine = pfa.loads({"input": "int", "output": "int", "action": "input"})
    assert engine.begin() is None
    assert engine.action(5) == 5
    assert engine.end() is None


def test_empty_begin_and_end():
    engine = pfa.loads({"input": "int", "output": "int", "action": "input", "begin": [], "end": []})
    assert (engine.begin(), engine.action(5), engine.end()) == (None, 5, None)


# --- run -------------------------------------------------------------------------------------------------------


def test_run_goes_through_all_phases():
    assert list(pfa.loads(counter()).run([5, 5, 5])) == [1, 2, 3]
    assert list(pfa.loads(emitter()).run([2, 0, 1])) == [-1, 2, 2, 1, -2]
    assert list(pfa.loads(summer()).run([1, 2, 3.5])) == [1.0, 3.0, 6.5]
    engine = pfa.loads(steps("begin", "action", "end"))
    assert list(engine.run([None])) == [None]
    assert engine.call("seen") == ["begin", "action", "end"]


def test_run_goes_on_where_begin_has_been():
    engine = pfa.loads(emitter())
    assert engine.begin() == [-1]
    assert list(engine.run([1])) == [1, -2]


def test_run_with_a_callback_yields_nothing():
    got = []
    engine = pfa.loads(emitter())
    engine.emit = got.append
    assert list(engine.run([2])) == []
    assert got == [-1, 2, 2, -2]


def test_run_stops_at_an_error_without_end():
    engine = pfa.loads(steps("begin", "action", "end"))
    with pytest.raises(pfa.PfaDataError):
        list(engine.run([None, 5]))
    assert engine.call("seen") == ["begin", "action"]
    engine.end()


def test_run_is_lazy():
    engine = pfa.loads(counter())
    outputs = engine.run(iter([1, 1]))
    assert engine.call("count") == 0
    assert next(outputs) == 1
    assert engine.call("count") == 1


# --- emit ------------------------------------------------------------------------------------------------------


def test_without_a_callback_what_was_emitted_is_returned():
    engine = pfa.loads(emitter())
    assert engine.begin() == [-1]
    assert engine.action(2) == [2, 2]
    assert engine.action(0) == []
    assert engine.end() == [-2]


def test_with_a_callback_nothing_is_returned():
    got = []
    engine = pfa.loads(emitter())
    engine.emit = got.append
    assert engine.begin() is None
    assert engine.action(2) is None
    assert engine.end() is None
    assert got == [-1, 2, 2, -2]


def test_an_action_that_begins_returns_what_begin_emitted_first():
    assert pfa.loads(emitter()).action(1) == [-1, 1]


def test_an_end_that_begins_returns_what_begin_emitted_first():
    assert pfa.loads(emitter()).end() == [-1, -2]
    assert pfa.loads(emitter(end=[])).end() == [-1]


def test_a_datum_that_is_refused_begins_nothing():
    """Else what begin emitted would be lost, and the engine would have begun for nothing."""
    engine = pfa.loads(emitter())
    with pytest.raises(pfa.PfaDataError):
        engine.action("no int")
    assert engine.action(1) == [-1, 1]


def test_a_failed_action_that_began_says_what_begin_emitted():
    engine = pfa.loads(emitter(action=[{"emit": "input"}, {"error": "no"}]))
    with pytest.raises(pfa.PfaUserError) as caught:
        engine.action(5)
    assert caught.value.emitted == [-1, 5]
    with pytest.raises(pfa.PfaUserError) as caught:
        engine.action(6)
    assert caught.value.emitted == [6]


def test_the_callback_can_change_at_any_time():
    first, second = [], []
    engine = pfa.loads(emitter())

    def switch(value):
        first.append(value)
        engine.emit = second.append

    engine.emit = switch
    engine.begin()
    engine.action(2)
    assert (first, second) == ([-1], [2, 2])
    engine.emit = None
    assert engine.action(1) == [1]


def test_functions_and_callbacks_emit():
    twice = {"params": [{"x": "int"}], "ret": "null", "do": [{"emit": "x"}, {"emit": {"+": ["x", 1]}}]}
    engine = pfa.loads(
        {
            "input": {"type": "array", "items": "int"},
            "output": "int",
            "method": "emit",
            "action": [{"a.map": ["input", {"fcn": "emit"}]}, {"u.twice": [10]}],
            "fcns": {"twice": twice},
        }
    )
    assert engine.action([1, 2]) == [1, 2, 10, 11]


def test_what_a_called_function_emits_goes_to_the_callback():
    engine = pfa.loads(emitter(fcns={"say": {"params": [], "ret": "null", "do": {"emit": 7}}}))
    got = []
    engine.emit = got.append
    assert engine.call("say") is None
    assert got == [7]
    engine.emit = None
    engine.begin()
    assert engine.call("say") is None, "without a callback there is no place for it"
    assert engine.action(1) == [1]


def test_an_error_of_the_callback_is_the_hosts():
    engine = pfa.loads(emitter(begin=[], action={"try": {"emit": "input"}}))
    error = KeyError("the host's")

    def refuse(value):
        raise error

    engine.emit = refuse
    with pytest.raises(KeyError) as caught:
        engine.action(1)
    assert caught.value is error
    engine.emit = None
    assert engine.action(2) == [2]


def test_try_does_not_catch_the_error_of_another_engine():
    """An engine whose outputs go into another: the second one's errors are none of the first's document."""
    second = pfa.loads(counter())
    first = pfa.loads(emitter(begin=[], action={"try": {"emit": "input"}}))
    first.emit = second.action
    first.action(1)
    with pytest.raises(pfa.PfaUserError) as caught:
        first.action(-1)
    assert (caught.value.code, caught.value.at.pointer) == (-7, "/action/1/then")
    assert caught.value.emitted == []
    first.action(1)
    assert second.call("count") == 3


# --- one thread at a time --------------------------------------------------------------------------------------


def busy(call):
    with pytest.raises(pfa.PfaBusyError, match=r"clone\(\) it"):
        call()


def calls_of(engine, datum=1):
    yield lambda: engine.action(datum)
    yield engine.begin
    yield engine.end
    yield engine.state
    yield engine.snapshot
    yield lambda: pickle.dumps(engine)


def test_a_callback_cannot_call_back():
    engine = pfa.loads(emitter())
    seen = []

    def again(value):
        for call in calls_of(engine):
            busy(call)
        seen.append(value)

    engine.emit = again
    engine.action(1)
    engine.end()
    assert seen == [-1, 1, -2]


def test_a_callback_that_calls_back_carelessly():
    engine = pfa.loads(emitter(action=[{"try": {"emit": "input"}}, {"emit": 5}]))
    engine.emit = engine.action
    with pytest.raises(pfa.PfaBusyError):
        engine.action(1)
    engine.emit = None
    with pytest.raises(pfa.PfaLifecycleError, match="its begin failed"):
        engine.action(1)


def test_a_log_callback_cannot_call_back():
    engine = pfa.loads(
        summer(action=[{"log": "input"}, {"+": ["tally", "input"]}], fcns={"one": IDENTITY})
    )

    def again(message, namespace):
        for call in calls_of(engine):
            busy(call)
        busy(lambda: engine.merge(1, 2))
        busy(lambda: engine.call("one", 1.0))
        busy(lambda: engine.tally)

    engine.log = again
    assert engine.action(2) == 2.0
    assert engine.tally == 2.0


IDENTITY = {"params": [{"x": "double"}], "ret": "double", "do": "x"}


def test_a_second_thread_is_refused():
    inside, leave = threading.Event(), threading.Event()
    engine = pfa.loads(emitter(begin=[]))

    def wait(value):
        inside.set()
        assert leave.wait(SOON)

    engine.emit = wait
    thread = threading.Thread(target=engine.action, args=(1,), daemon=True)
    thread.start()
    assert inside.wait(SOON)
    for call in calls_of(engine):
        busy(call)
    clone = engine.clone()
    clone.emit = None
    assert clone.action(1) == [1]
    leave.set()
    thread.join(SOON)
    engine.emit = None
    assert engine.action(1) == [1]


# --- close -----------------------------------------------------------------------------------------------------


def test_a_closed_engine_does_nothing():
    with pfa.loads(summer(fcns={"one": IDENTITY})) as engine:
        action = engine.action
        assert action(1) == 1.0
    calls = [*calls_of(engine), lambda: action(1), lambda: engine.merge(1, 2), lambda: engine.call("one", 1.0)]
    for call in [*calls, lambda: engine.tally, lambda: list(engine.run([1]))]:
        with pytest.raises(pfa.PfaLifecycleError, match="closed"):
            call()
    engine.close()
    assert engine.clone().action(3) == 3.0, "a clone of its code lives"


def test_close_inside_with_after_an_error():
    with pytest.raises(pfa.PfaDataError), pfa.loads(counter()) as engine:
        engine.action("x")
    with pytest.raises(pfa.PfaLifecycleError):
        engine.action(1)


# --- fold ------------------------------------------------------------------------------------------------------


def test_the_tally_starts_at_zero_and_follows_the_output():
    engine = pfa.loads(summer(zero=5.0))
    assert engine.tally == 5.0
    assert engine.action(1) == engine.tally == 6.0


def test_a_failed_action_keeps_the_tally():
    engine = pfa.loads(summer())
    engine.action(3)
    with pytest.raises(pfa.PfaUserError):
        engine.action(-1)
    assert engine.tally == 3.0
    assert engine.action(1) == 4.0


def test_an_action_that_fails_on_the_way_out_keeps_the_tally():
    """The output is counted while it is copied; the tally changes when that is done."""
    rows = {"type": "array", "items": {"type": "array", "items": "int"}}
    hundred = {"type": {"type": "array", "items": "int"}, "value": [0] * 100}
    engine = pfa.loads(
        {
            "input": "int",
            "output": rows,
            "method": "fold",
            "zero": [],
            "action": {"a.map": [{"type": {"type": "array", "items": "int"}, "value": [0] * 50}, ROW]},
            "merge": "tallyOne",
            "cells": {"row": {"type": hundred["type"], "init": hundred["value"]}},
        },
        limits=pfa.Limits(steps=3000),
    )
    with pytest.raises(pfa.PfaLimitError, match="3000 steps"):
        engine.action(1)
    assert engine.tally == []


ROW = {"params": [{"x": "int"}], "ret": {"type": "array", "items": "int"}, "do": {"cell": "row"}}


def test_merge_replaces_the_tally():
    engine = pfa.loads(summer())
    engine.action(3)
    assert engine.merge(10, 20.5) == engine.tally == 30.5
    assert engine.action(1) == 31.5


def test_a_failed_merge_keeps_the_tally():
    engine = pfa.loads(summer(merge={"error": "no"}))
    engine.action(3)
    with pytest.raises(pfa.PfaUserError) as caught:
        engine.merge(1, 2)
    assert caught.value.at.pointer == "/merge"
    with pytest.raises(pfa.PfaDataError):
        engine.merge(1, "two")
    assert engine.tally == 3.0


def test_merge_at_any_time():
    engine = pfa.loads(summer())
    assert engine.merge(1, 2) == 3.0
    assert engine.action(1) == 4.0
    engine.end()
    assert engine.merge(engine.tally, 1) == 5.0


@pytest.mark.parametrize("document", [counter(), emitter()], ids=["map", "emit"])
def test_only_fold_has_a_tally(document):
    engine = pfa.loads(document)
    with pytest.raises(pfa.PfaLifecycleError, match='merge is for engines of "method": "fold"'):
        engine.merge(1, 2)
    with pytest.raises(pfa.PfaLifecycleError, match='tally is for engines of "method": "fold"'):
        _ = engine.tally


def test_merging_two_halves_is_the_whole():
    whole, one, two = (pfa.loads(summer()) for _ in range(3))
    data = [float(x) for x in range(20)]
    assert one.merge([*one.run(data[:7])][-1], [*two.run(data[7:])][-1]) == [*whole.run(data)][-1]


# --- call ------------------------------------------------------------------------------------------------------


def test_functions_are_called_at_any_time():
    engine = pfa.loads(counter())
    assert engine.call("count") == 0
    engine.begin()
    engine.action(1)
    assert engine.call("count") == engine.call("u.count") == 1
    engine.end()
    assert engine.call("count") == 1


def test_a_call_is_no_action():
    count = {"params": [], "ret": "int", "do": {"cell": "n", "to": {"+": [{"cell": "n"}, 1]}}}
    engine = pfa.loads(counter(action="actionsStarted", output="long", fcns={"count": count}))
    assert [engine.call("count") for _ in range(3)] == [1, 2, 3]
    assert engine.action(1) == 1


def test_calls_check_their_arguments():
    engine = pfa.loads(counter(fcns={"half": {"params": [{"x": "double"}], "ret": "double", "do": {"/": ["x", 2]}}}))
    assert engine.call("half", 3) == 1.5
    with pytest.raises(pfa.PfaDataError, match="double"):
        engine.call("half", "3")
    with pytest.raises(pfa.PfaDataError, match="takes 1 arguments, found 2"):
        engine.call("half", 3, 4)
    with pytest.raises(pfa.PfaLifecycleError, match="no function 'third'"):
        engine.call("third", 3)


def test_a_failed_call_says_where():
    engine = pfa.loads(counter(fcns={"fail": {"params": [], "ret": "int", "do": {"error": "no", "code": -2}}}))
    with pytest.raises(pfa.PfaUserError) as caught:
        engine.call("fail")
    assert caught.value.at.pointer == "/fcns/fail/do"


# --- predefined symbols ----------------------------------------------------------------------------------------

LOOK = {"log": ["name", "instance", "version", "metadata"]}


def looked(engine):
    lines = []
    engine.log = lambda message, namespace: lines.append(message)
    return lines


def test_predefined_symbols_in_each_phase():
    document = summer(
        name="N", version=7, metadata={"by": "me"},
        begin=LOOK, action=[LOOK, {"+": ["tally", "input"]}], end=[LOOK, {"log": "tally"}],
        merge=[LOOK, {"+": ["tallyOne", "tallyTwo"]}],
    )  # fmt: skip
    engine = pfa.loads(document, instance=3)
    lines = looked(engine)
    engine.begin()
    engine.action(1)
    engine.merge(1, 1)
    engine.end()
    assert lines == ['N 3 7 {"by":"me"}'] * 4 + ["2.0"]
    assert (engine.name, engine.instance, engine.version, engine.metadata) == ("N", 3, 7, {"by": "me"})


def test_a_document_without_name_version_metadata():
    engine = pfa.loads({"input": "null", "output": "string", "action": "name"})
    assert engine.action(None) == engine.name != ""
    assert (engine.version, engine.metadata) == (None, {})
    assert pfa.check({"input": "null", "output": "int", "action": "version"}), "then there is no such symbol"
    metadata = {"input": "null", "output": "int", "action": {"map.len": ["metadata"]}}
    assert pfa.loads(metadata).action(None) == 0


def test_counters_count_what_starts_and_what_finishes():
    both = {"new": ["actionsStarted", "actionsFinished"], "type": {"type": "array", "items": "long"}}
    fail = {"if": {"<": ["input", 0]}, "then": {"error": "negative"}}
    engine = pfa.loads(
        {"input": "int", "output": both["type"], "action": [fail, both], "end": {"log": both}}
    )
    lines = looked(engine)
    assert engine.action(1) == [1, 0]
    with pytest.raises(pfa.PfaUserError):
        engine.action(-1)
    assert engine.action(1) == [3, 1]
    with pytest.raises(pfa.PfaDataError):
        engine.action("refused")
    assert engine.action(1) == [4, 2], "a datum that is refused counts nowhere"
    engine.end()
    assert lines == ["[4,3]"]


# --- log -------------------------------------------------------------------------------------------------------


def test_log_goes_to_the_loggers(caplog):
    engine = pfa.loads(
        {
            "input": "int",
            "output": "null",
            "action": [
                {"log": "input"},
                {"log": [{"string": "a"}, ["b"], {"type": "bytes", "value": "\u00ff"}], "namespace": "x.y"},
            ],
        }
    )
    with caplog.at_level(logging.INFO, "pfa"):
        engine.action(5)
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("pfa", "INFO", "5"),
        ("pfa.x.y", "INFO", 'a b "\u00ff"'),
    ]


def test_a_logger_that_the_host_configured_is_used(caplog):
    engine = pfa.loads({"input": "int", "output": "null", "action": {"log": "input", "namespace": "quiet.one"}})
    host = logging.getLogger("pfa.quiet")
    with caplog.at_level(logging.INFO, "pfa"):
        host.setLevel(logging.WARNING)
        engine.action(1)
        host.setLevel(logging.NOTSET)
        engine.action(2)
    assert [r.getMessage() for r in caplog.records] == ["2"]


def test_namespaces_are_not_kept():
    """`logging` keeps a logger for ever, and names come from documents."""
    log = {"log": 1, "namespace": "only_in_this_document.deep"}
    pfa.loads({"input": "null", "output": "null", "action": log}).action(None)
    assert not [n for n in logging.root.manager.loggerDict if "only_in_this_document" in n]


def test_log_with_a_callback(caplog):
    engine = pfa.loads(
        {"input": "double", "output": "null", "action": {"log": ["input", "input"], "namespace": "ns"}}
    )
    got = []
    engine.log = lambda message, namespace: got.append((message, namespace))
    with caplog.at_level(logging.INFO, "pfa"):
        engine.action(1.5)
        engine.log = None
        engine.action(float("nan"))
    assert got == [("1.5 1.5", "ns")]
    assert [r.getMessage() for r in caplog.records] == ['"nan" "nan"']


def test_try_does_not_catch_an_error_of_the_log_callback():
    engine = pfa.loads({"input": "int", "output": "null", "action": [{"try": {"log": "input"}}, None]})

    def refuse(message, namespace):
        raise pfa.PfaRuntimeError("the host's", 99, "host")

    engine.log = refuse
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        engine.action(1)
    assert (caught.value.code, caught.value.at.pointer) == (99, "")


# --- options and timeouts --------------------------------------------------------------------------------------

PHASES = {
    "begin": lambda e: e.begin(),
    "action": lambda e: e.action(1.0),
    "end": lambda e: e.end(),
    "merge": lambda e: e.merge(1, 2),
    "call": lambda e: e.call("hang"),
}


def hanging(phase, options):
    """Hangs in one phase only."""
    hang = {"params": [], "ret": "null", "do": [FOREVER, None]}
    parts = {
        "begin": [FOREVER],
        "action": [FOREVER, "tally"],
        "end": [FOREVER],
        "merge": [FOREVER, "tallyOne"],
        "call": None,
    }
    more = {} if phase == "call" else {phase: parts[phase]}
    return summer(fcns={"hang": hang}, options=options, **more)


@pytest.mark.parametrize("phase", PHASES)
def test_timeout_is_for_every_phase(phase):
    engine = pfa.loads(hanging(phase, {"timeout": 40}))
    with pytest.raises(pfa.PfaLimitError) as caught:
        PHASES[phase](engine)
    assert str(caught.value) == "exceeded timeout of 40 milliseconds"


@pytest.mark.parametrize("phase", ["begin", "action", "end"])
def test_a_phase_has_a_timeout_of_its_own(phase):
    engine = pfa.loads(hanging(phase, {"timeout": 100_000, f"timeout.{phase}": 30}))
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 30 milliseconds$"):
        PHASES[phase](engine)


@pytest.mark.parametrize("phase", ["merge", "call"])
def test_merge_and_call_use_the_common_timeout(phase):
    engine = pfa.loads(hanging(phase, {"timeout": 30, f"timeout.{phase}": 100_000, "timeout.action": 100_000}))
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 30 milliseconds$"):
        PHASES[phase](engine)


def test_a_negative_timeout_is_none():
    engine = pfa.loads(hanging("action", {"timeout": -1}), limits=pfa.Limits(time=0.05))
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 50 milliseconds$"):
        engine.action(1)


def test_the_limit_of_the_host_stands_beside_the_documents():
    engine = pfa.loads(hanging("action", {"timeout": 100_000}), limits=pfa.Limits(time=0.05))
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 50 milliseconds$"):
        engine.action(1)


def test_a_timeout_does_not_stop_the_engine():
    engine = pfa.loads(hanging("merge", {"timeout": 30}))
    assert engine.action(2) == 2.0
    for _ in range(2):
        with pytest.raises(pfa.PfaLimitError):
            engine.merge(1, 2)
    assert engine.action(3) == 5.0


def test_options_of_the_host_override(caplog):
    with caplog.at_level(logging.INFO, "pfa"):
        engine = pfa.loads(hanging("action", {"timeout": 100_000, "other": 1}), options={"timeout": 30})
    assert [str(w) for w in engine.warnings] == ["/: option timeout of the document is overridden"]
    assert [r.getMessage() for r in caplog.records] == ["option timeout of the document is overridden"]
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 30 milliseconds$"):
        engine.action(1)


def test_options_of_the_host_that_say_the_same_override_nothing():
    engine = pfa.loads(counter(options={"timeout": 30}), options={"timeout": 30, "timeout.end": 5})
    assert engine.warnings == []


@pytest.mark.parametrize("key", ["timeout", "timeout.begin", "timeout.action", "timeout.end"])
@pytest.mark.parametrize("value", ["5", 5.0, True, None, [5]], ids=repr)
def test_options_of_the_wrong_type(key, value):
    [problem] = pfa.check(counter(options={key: value}))
    assert (problem.at.pointer, "an integer, the milliseconds" in problem.text) == (f"/options/{key}", True)
    with pytest.raises(pfa.PfaTypeError, match=f'the option "{key}" must be an integer, the milliseconds'):
        pfa.loads(counter(), options={key: value})


def test_unknown_options_are_ignored():
    engine = pfa.loads(counter(options={"color": "blue", "timeout.call": "x"}), options={"shape": None})
    assert engine.action(1) == 1


# --- random numbers --------------------------------------------------------------------------------------------


def dice(**more):
    roll = {"rand.int": [0, 1_000_000]}
    document = {
        "input": "null",
        "output": "int",
        "randseed": 12345,
        "action": roll,
        "fcns": {"roll": {"params": [], "ret": "int", "do": roll}},
    }
    return {**document, **more}


def rolls(engine, count=8):
    return [engine.action(None) for _ in range(count)]


def test_a_seeded_engine_repeats_itself():
    assert rolls(pfa.loads(dice())) == rolls(pfa.loads(dice()))
    assert rolls(pfa.loads(dice(randseed=1))) != rolls(pfa.loads(dice()))


def test_instances_differ_and_repeat():
    engine = pfa.loads(dice())
    by_instance = [rolls(engine.clone(instance=i)) for i in range(5)]
    assert len({tuple(r) for r in by_instance}) == 5
    assert by_instance[0] == rolls(engine)
    assert by_instance[3] == rolls(pfa.loads(dice(), instance=3))


def test_without_a_seed_nothing_repeats():
    document = dice()
    del document["randseed"]
    engine = pfa.loads(document)
    assert rolls(engine) != rolls(pfa.loads(document))
    assert rolls(engine.clone(instance=0)) != rolls(engine.clone(instance=0))


def test_an_actions_numbers_do_not_depend_on_calls():
    plain, called = pfa.loads(dice()), pfa.loads(dice())
    expected = rolls(plain)
    found = []
    for _ in expected:
        called.call("roll")
        found.append(called.action(None))
    assert found == expected
    assert plain.call("roll") != plain.call("roll")


# --- clones ----------------------------------------------------------------------------------------------------


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


# --- pickles ---------------------------------------------------------------------------------------------------


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


# --- errors ----------------------------------------------------------------------------------------------------


def test_an_error_of_the_library_says_code_function_and_place():
    text = '{"input": {"type": "array", "items": "int"},\n "output": "int",\n "action": [{"let": {"x": 1}},\n   {"+": ["x", {"a.head": ["input"]}]}]}'
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        pfa.loads(text).action([])
    error = caught.value
    assert (error.code, error.function, error.message) == (15020, "a.head", "empty array")
    assert (error.at.pointer, error.at.line, error.at.col) == ("/action/1", 4, 4)
    assert str(error) == "4:4 /action/1: empty array (code 15020, a.head)"
    assert [p.at for p in error.problems] == [error.at]


def test_an_error_in_yaml_says_its_line_too():
    text = "input: int\noutput: int\naction:\n  - {error: stop, code: -5}\n"
    with pytest.raises(pfa.PfaUserError) as caught:
        pfa.loads(text).action(1)
    error = caught.value
    assert (error.code, error.at.line, error.at.pointer) == (-5, 4, "/action/0")
    assert str(error) == "4:5 /action/0: stop (code -5)"


def test_an_error_of_a_path_says_the_file(tmp_path):
    file = tmp_path / "model.pfa"
    file.write_text('{"input": "int", "output": "int", "action": {"error": "stop"}}')
    with pytest.raises(pfa.PfaUserError) as caught:
        pfa.load(file).action(1)
    assert caught.value.at.file == str(file)
    assert str(caught.value) == f"{file}:1:45 /action: stop"


def test_an_error_says_the_locator_mark_near():
    action = {"@": "model.py line 3", "error": "stop"}
    with pytest.raises(pfa.PfaUserError) as caught:
        pfa.loads({"input": "int", "output": "int", "action": action}).action(1)
    assert caught.value.at.mark == "model.py line 3"
    assert str(caught.value) == "/action (@ model.py line 3): stop"


FORMS = [
    ({"attr": "input", "path": [5]}, 2000, "attr", "array index not found"),
    ({"attr": {"type": {"type": "map", "values": "int"}, "value": {}}, "path": [["k"]]}, 2001, "attr", "map key not found"),
    ({"a.len": {"attr": "input", "path": [5], "to": 1}}, 2002, "attr", "array index not found"),
    ({"cell": "a", "path": [5]}, 2004, "cell", "array index not found"),
    ({"a.len": {"cell": "a", "path": [5], "to": 1}}, 2006, "cell", "array index not found"),
    ({"pool": "p", "path": [["k"]]}, 2009, "pool", "map key not found"),
    ({"+": [2147483647, 1]}, 18000, "+", "int overflow"),
    ({"//": ["input.0", 0]}, 18040, "//", "integer division by zero"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "code", "function", "message"), FORMS, ids=lambda x: x if isinstance(x, int) else "")
def test_errors_of_forms_and_operators(form, code, function, message):
    ints = {"type": "array", "items": "int"}
    engine = pfa.loads({"input": ints, "output": "int", "action": [{"doc": ""}, form],
                        "cells": {"a": {"type": ints, "init": []}}, "pools": {"p": {"type": "int"}}})  # fmt: skip
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        engine.action([1])
    error = caught.value
    assert (error.code, error.function, error.message) == (code, function, message)
    assert error.at.pointer.startswith("/action/1")


def test_errors_inside_callbacks_say_the_innermost_place():
    head = {"params": [{"x": {"type": "array", "items": "int"}}], "ret": "int", "do": {"a.head": ["x"]}}
    rows = {"type": "array", "items": {"type": "array", "items": "int"}}
    engine = pfa.loads({"input": rows, "output": "int", "action": {"a.len": {"a.map": ["input", head]}}})
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        engine.action([[1], []])
    assert caught.value.at.pointer == "/action/a.len/a.map/1/do"


def test_errors_keep_what_was_emitted_before():
    engine = pfa.loads(emitter(begin=[], action=[{"emit": 1}, {"emit": 2}, {"error": "stop"}]))
    for _ in range(2):
        with pytest.raises(pfa.PfaUserError) as caught:
            engine.action(1)
        assert caught.value.emitted == [1, 2]
    limited = pfa.loads(emitter(begin=[], action=[{"emit": 1}, FOREVER]), limits=pfa.Limits(steps=100))
    with pytest.raises(pfa.PfaLimitError) as limit:
        limited.action(1)
    assert limit.value.emitted == [1]


def test_a_caught_error_holds_no_engine():
    """An error that is kept (in a list of rejected rows) must not keep the engine's data alive for ever."""
    engine = pfa.loads(counter())
    with pytest.raises(pfa.PfaUserError) as caught:
        engine.action(-1)
    error = caught.value.with_traceback(None)
    del caught
    gone = weakref.ref(engine)
    del engine
    gc.collect()
    assert gone() is None
    assert error.code == -7


# --- what an engine says of itself -----------------------------------------------------------------------------


def test_explain_source_wait_and_backend():
    engine = pfa.loads(counter(name="Counter"))
    assert engine.backend == "python"
    assert "Counter" in engine.explain()
    assert engine.source() == engine.source("python") == engine.source("auto")
    with pytest.raises(pfa.PfaCompileError, match="numba"):
        engine.source("numba")
    assert engine.wait() is None
    assert repr(engine) == "<pfa.Engine Counter: map, int to int>"


def test_types_and_method():
    engine = pfa.loads(emitter(output="string", begin=[], action={"emit": [["x"]]}, end=[]))
    assert (str(engine.input_type), str(engine.output_type), engine.method) == ("int", "string", "emit")


@pytest.mark.parametrize("keywords", [{"backend": "fortran"}, {"unions": "plain"}], ids=str)
def test_keywords_that_do_not_exist(keywords):
    [(key, value)] = keywords.items()
    with pytest.raises(pfa.PfaError, match=value):
        pfa.loads(counter(), **keywords)


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
