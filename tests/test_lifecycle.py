"""The life of an engine: its phases, who may call what when, what is emitted, folds, calls from outside."""

import pickle
import threading

import pytest

import pfa
from tests.engines import counter, emitter, steps, summer

SOON = 10.0  # seconds after which a test that hangs gives up


# --- the order of the phases ---------------------------------------------------------------------------


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


# --- run -----------------------------------------------------------------------------------------------


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


# --- emit ----------------------------------------------------------------------------------------------


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


def test_an_error_of_the_callback_in_begin_stays_as_it_is():
    """Also where the action began by itself, and the error has no place of its own."""
    error = pfa.PfaRuntimeError("the host's", 99, "host")
    for start in (lambda e: e.begin(), lambda e: e.action(1)):
        engine = pfa.loads(emitter())

        def refuse(value):
            raise error

        engine.emit = refuse
        with pytest.raises(pfa.PfaRuntimeError) as caught:
            start(engine)
        assert caught.value is error
        assert (error.at.pointer, error.emitted) == ("", [])


# --- one thread at a time ------------------------------------------------------------------------------


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
    engine = pfa.loads(summer(action=[{"log": "input"}, {"+": ["tally", "input"]}], fcns={"one": IDENTITY}))

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


# --- close ---------------------------------------------------------------------------------------------


def test_a_closed_engine_does_nothing():
    with pfa.loads(summer(fcns={"one": IDENTITY})) as engine:
        action = engine.action
        assert action(1) == 1.0
    calls = [
        *calls_of(engine),
        lambda: action(1),
        lambda: engine.merge(1, 2),
        lambda: engine.call("one", 1.0),
    ]
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


# --- fold ----------------------------------------------------------------------------------------------


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


# --- call ----------------------------------------------------------------------------------------------


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
    engine = pfa.loads(
        counter(fcns={"half": {"params": [{"x": "double"}], "ret": "double", "do": {"/": ["x", 2]}}})
    )
    assert engine.call("half", 3) == 1.5
    with pytest.raises(pfa.PfaDataError, match="double"):
        engine.call("half", "3")
    with pytest.raises(pfa.PfaDataError, match="takes 1 arguments, found 2"):
        engine.call("half", 3, 4)
    with pytest.raises(pfa.PfaLifecycleError, match="no function 'third'"):
        engine.call("third", 3)


def test_a_failed_call_says_where():
    engine = pfa.loads(
        counter(fcns={"fail": {"params": [], "ret": "int", "do": {"error": "no", "code": -2}}})
    )
    with pytest.raises(pfa.PfaUserError) as caught:
        engine.call("fail")
    assert caught.value.at.pointer == "/fcns/fail/do"
