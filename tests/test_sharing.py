"""Shared cells and pools of running engines, and rollback (specification, "Concurrent access to shared state").

The stores themselves are tested in test_shared.py.
"""

import threading
import time
from contextlib import contextmanager

import pytest

import pfa

SOON = 10.0  # seconds after which a test that hangs gives up
COUNTS = {"type": "map", "values": "int"}


def adding(amount="input"):
    return {"params": [{"old": "int"}], "ret": "int", "do": {"+": ["old", amount]}}


def shared(**more):
    """Adds its input to a shared cell and to an item of a shared pool; a negative one fails in the update."""
    update = adding({"if": {"<": ["input", 0]}, "then": {"error": "negative", "code": -7}, "else": "input"})
    document = {
        "input": "int",
        "output": "int",
        "cells": {"n": {"type": "int", "init": 0, "shared": True}},
        "pools": {"p": {"type": "int", "shared": True}},
        "action": [
            {"cell": "n", "to": update},
            {"pool": "p", "path": [{"s.int": [{"%": ["input", 3]}]}], "to": adding(), "init": 0},
            {"cell": "n"},
        ],
        "fcns": {
            "n": {"params": [], "ret": "int", "do": {"cell": "n"}},
            "item": {"params": [{"k": "string"}], "ret": "int", "do": {"pool": "p", "path": ["k"]}},
        },
    }
    return {**document, **more}


def slow(**more):
    """Its update logs, so that a callback can stay inside of it; input 0 reads only."""
    update = {"params": [{"old": "int"}], "ret": "int", "do": [{"log": "old"}, {"+": ["old", 1]}]}
    put = [{"cell": "n", "to": update}, {"pool": "p", "path": [["a"]], "to": update, "init": 100}]
    read = [{"cell": "n"}]
    document = shared(
        action={"if": {"==": ["input", 0]}, "then": read, "else": [*put, {"cell": "n"}]},
        fcns={
            "cell": {"params": [], "ret": "int", "do": {"cell": "n", "to": update}},
            "item": {
                "params": [{"k": "string"}],
                "ret": "int",
                "do": {"pool": "p", "path": ["k"], "to": update, "init": 0},
            },
            "del": {"params": [{"k": "string"}], "ret": "null", "do": {"pool": "p", "del": "k"}},
            "read": {"params": [], "ret": "int", "do": {"cell": "n"}},
            "get": {"params": [{"k": "string"}], "ret": "int", "do": {"pool": "p", "path": ["k"]}},
        },
    )
    return {**document, **more}


def in_threads(count, work):
    failures = []

    def run(i):
        try:
            work(i)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()
    assert failures == []


@contextmanager
def inside_an_update(engine, *call):
    """While the body runs, a thread of another engine is inside an update."""
    inside, leave = threading.Event(), threading.Event()
    engine = engine.clone(instance=99)

    def stay(message, namespace):
        inside.set()
        assert leave.wait(SOON)

    engine.log = stay
    thread = threading.Thread(target=engine.call, args=call, daemon=True)
    thread.start()
    assert inside.wait(SOON)
    try:
        yield
    finally:
        leave.set()
        thread.join(SOON)
        assert not thread.is_alive()


# --- sharing ---------------------------------------------------------------------------------------------


def test_totals_of_many_threads_are_exact():
    engine = pfa.loads(shared())
    clones = [engine.clone(instance=i) for i in range(8)]
    in_threads(8, lambda i: [clones[i].action(k % 7) for k in range(300)])
    total = sum(k % 7 for k in range(300))
    assert engine.call("n") == 8 * total
    by_item = [8 * sum(k % 7 for k in range(300) if k % 7 % 3 == r) for r in range(3)]
    assert [engine.call("item", str(r)) for r in range(3)] == by_item


def test_engines_of_different_documents_share_by_name():
    state = pfa.SharedState()
    one, two = pfa.loads(shared(), shared=state), pfa.loads(shared(name="other"), shared=state)
    alone = pfa.loads(shared())
    one.action(5)
    two.action(6)
    assert (one.call("n"), two.call("n"), alone.call("n")) == (11, 11, 0)
    with pytest.raises(pfa.PfaInitError, match="has type int in this SharedState, and string"):
        pfa.loads({"input": "int", "output": "int", "action": "input",
                   "cells": {"n": {"type": "string", "init": "", "shared": True}}}, shared=state)  # fmt: skip


def test_clones_share_and_unshared_cells_stay_apart():
    document = shared()
    document["cells"]["mine"] = {"type": "int", "init": 0}
    document["action"] = [{"cell": "mine", "to": {"+": [{"cell": "mine"}, 1]}}, *document["action"]]
    document["fcns"]["mine"] = {"params": [], "ret": "int", "do": {"cell": "mine"}}
    engine = pfa.loads(document)
    clone = engine.clone()
    engine.action(1)
    clone.action(1)
    clone.action(1)
    assert (engine.call("n"), engine.call("mine"), clone.call("mine")) == (3, 1, 2)


def test_a_failing_update_leaves_the_old_value_and_frees_the_lock():
    engine = pfa.loads(shared())
    engine.action(5)
    for _ in range(2):
        with pytest.raises(pfa.PfaUserError) as caught:
            engine.action(-1)
        assert caught.value.code == -7
        assert caught.value.at.pointer.startswith("/action/0/to")
    assert engine.call("n") == 5
    done = []
    in_threads(1, lambda i: done.append(engine.clone().action(1)))
    assert done == [6]


def test_a_failing_update_of_an_item_leaves_it_or_none():
    fail = {"params": [{"old": "int"}], "ret": "int", "do": [{"error": "no"}]}
    put = {"pool": "p", "path": [{"s.int": "input"}], "to": fail, "init": 1}
    engine = pfa.loads(shared(action=put, pools={"p": {"type": "int", "init": {"1": 5}, "shared": True}}))
    for key in (1, 2, 1, 2):
        with pytest.raises(pfa.PfaUserError):
            engine.action(key)
    assert engine.snapshot()["pools"]["p"]["init"] == {"1": 5}


def test_an_update_that_breaches_a_limit_frees_the_lock():
    hang = {"params": [{"old": "int"}], "ret": "int", "do": [{"while": True, "do": {"doc": ""}}, 1]}
    document = shared(action={"cell": "n", "to": hang})
    document["fcns"]["add"] = {"params": [], "ret": "int", "do": {"cell": "n", "to": adding(1)}}
    engine = pfa.loads(document, limits=pfa.Limits(time=0.05))
    for _ in range(2):
        with pytest.raises(pfa.PfaLimitError):
            engine.action(1)
    assert engine.call("n") == 0
    assert engine.call("add") == 1


def test_an_update_whose_callback_fails_frees_the_lock():
    engine = pfa.loads(slow())

    def refuse(message, namespace):
        raise ValueError(message)

    engine.log = refuse
    for _ in range(2):
        with pytest.raises(ValueError, match="0"):
            engine.call("cell")
    engine.log = lambda *_: None
    assert engine.call("cell") == 1


def test_readers_are_not_blocked():
    engine = pfa.loads(slow())
    engine.log = lambda *_: None
    engine.action(1)
    with inside_an_update(engine, "cell"):
        assert engine.call("read") == 1
        assert engine.action(0) == 1
        assert engine.snapshot()["cells"]["n"]["init"] == 1
    assert engine.call("read") == 2
    with inside_an_update(engine, "item", "a"):
        assert engine.call("get", "a") == 101
    assert engine.call("get", "a") == 102


def test_a_writer_waits_and_sees_the_new_value():
    engine = pfa.loads(slow())
    engine.log = lambda *_: None
    results = []
    with inside_an_update(engine, "cell"):
        thread = threading.Thread(target=lambda: results.append(engine.call("cell")), daemon=True)
        thread.start()
        time.sleep(0.05)
        assert results == []
    thread.join(SOON)
    assert results == [2]


def test_two_items_are_updated_at_a_time():
    engine = pfa.loads(slow())
    engine.log = lambda *_: None
    with inside_an_update(engine, "item", "a"):
        assert engine.call("item", "b") == 1
        engine.call("del", "b")
    assert engine.call("get", "a") == 1


def test_a_deletion_waits_for_the_update_of_its_item():
    engine = pfa.loads(slow())
    with inside_an_update(engine, "item", "a"):
        thread = threading.Thread(target=engine.call, args=("del", "a"), daemon=True)
        thread.start()
        time.sleep(0.05)
        assert thread.is_alive()
    thread.join(SOON)
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        engine.call("get", "a")
    assert caught.value.code == 2009
    engine.log = lambda *_: None
    assert engine.call("item", "a") == 1, "as though the item had never existed"


WAITING = [("call", ("cell",)), ("call", ("item", "a")), ("call", ("del", "a")), ("action", (1,))]


@pytest.mark.parametrize(("method", "call"), WAITING, ids=lambda x: str(x))
def test_an_update_that_waits_respects_the_timeout(method, call):
    engine = pfa.loads(slow(), options={"timeout": 60})
    held = ("item", "a") if "a" in call else ("cell",)
    engine.begin()
    with inside_an_update(engine, *held):
        for _ in range(2):
            start = time.monotonic()
            with pytest.raises(
                pfa.PfaLimitError, match=r"^exceeded timeout of 60 milliseconds: shared .* stayed locked"
            ):
                getattr(engine, method)(*call)
            assert 0.05 < time.monotonic() - start < SOON
    engine.log = lambda *_: None
    assert engine.call("cell") == (1 if held != ("cell",) else 2)


def test_the_time_of_an_earlier_phase_does_not_count():
    """The clock of an update that waits is that of its own action, however long ago the last one was."""
    engine = pfa.loads(slow(begin={"log": 1}), options={"timeout": 50})
    engine.log = lambda *_: None
    engine.begin()
    assert engine.action(1) == 1
    time.sleep(0.1)
    with inside_an_update(engine, "cell"):
        results = []
        thread = threading.Thread(target=lambda: results.append(outcome(engine.action, 1)), daemon=True)
        thread.start()
        time.sleep(0.01)
    thread.join(SOON)
    assert results in ([3], ["exceeded timeout of 50 milliseconds"]), "the second on a machine that is very busy"


def outcome(call, *arguments):
    try:
        return call(*arguments)
    except pfa.PfaLimitError as error:
        return str(error).partition(":")[0]


def test_an_update_inside_an_update_is_refused():
    """The checker refuses documents that do it; a callback of the host can still try."""
    one, two = pfa.loads(slow()), pfa.loads(slow())
    two.log = lambda *_: None
    errors = []

    def other(message, namespace):
        with pytest.raises(pfa.PfaBusyError, match="inside the update of a shared cell") as caught:
            two.call("cell")
        errors.append(caught.value)

    one.log = other
    assert one.call("cell") == 1
    assert len(errors) == 1
    assert two.call("read") == 0
    problems = pfa.check(
        shared(action={"cell": "n", "to": {"params": [{"old": "int"}], "ret": "int", "do": {"cell": "n", "to": 1}}})
    )
    assert len(problems) == 1


INIT = {
    "an error": {"error": "there is none", "code": -4},
    "a function": {"u.init": []},
}


@pytest.mark.parametrize("init", INIT)
@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("to", ["function", "path"])
def test_init_is_evaluated_only_where_there_is_no_item(init, is_shared, to):
    pairs = {"type": "array", "items": "int"}
    fcns = {
        "init": {
            "params": [],
            "ret": pairs,
            "do": [{"cell": "made", "to": adding(1)}, {"value": [5, 5], "type": pairs}],
        }
    }
    update = {"params": [{"old": pairs}], "ret": pairs, "do": {"a.append": ["old", 1]}}
    path = {"path": [["there"]], "to": update} if to == "function" else {"path": [["there"], 0], "to": 1}
    missing = {**path, "path": [["missing"], *path["path"][1:]]}
    put = [{"pool": "p", "init": INIT[init], **p} for p in (path, missing)]
    engine = pfa.loads(
        {
            "input": "boolean",
            "output": pairs,
            "action": {"if": "input", "then": put[0], "else": put[1]},
            "cells": {"made": {"type": "int", "init": 0}},
            "pools": {"p": {"type": pairs, "init": {"there": [3]}, "shared": is_shared}},
            "fcns": fcns,
        }
    )
    assert engine.action(True) == ([3, 1] if to == "function" else [1])
    assert engine.snapshot()["cells"]["made"]["init"] == 0
    if init == "an error":
        with pytest.raises(pfa.PfaUserError) as caught:
            engine.action(False)
        assert caught.value.code == -4
    else:
        for i in (1, 2):
            assert engine.action(False) == ([5, 5, *[1] * i] if to == "function" else [1, 5])
        assert engine.snapshot()["cells"]["made"]["init"] == 1


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_whole_item_needs_no_init(is_shared):
    put = {"pool": "p", "path": ["input"], "to": 5, "init": {"error": "not needed"}}
    pools = {"p": {"type": "int", "shared": is_shared}}
    engine = pfa.loads({"input": "string", "output": "int", "action": put, "pools": pools})
    assert [engine.action("a"), engine.action("a")] == [5, 5]


def test_items_that_come_and_go_between_looking_and_updating():
    """One engine makes an item, another removes it; none of them ever sees it half made."""
    two = {"type": "array", "items": "int"}
    update = {
        "params": [{"old": two}],
        "ret": two,
        "do": {"new": [{"attr": "old", "path": [1]}, {"attr": "old", "path": [0]}], "type": two},
    }
    put = {"pool": "p", "path": [["k"]], "to": update, "init": {"new": ["input", {"+": ["input", 1]}], "type": two}}
    engine = pfa.loads(
        {
            "input": "int",
            "output": two,
            "action": [{"if": {"==": [{"%": ["input", 2]}, 0]}, "then": {"pool": "p", "del": ["k"]}}, put],
            "pools": {"p": {"type": two, "shared": True}},
        }
    )
    clones = [engine.clone(instance=i) for i in range(6)]
    results = []
    in_threads(6, lambda i: results.extend(clones[i].action(k) for k in range(300)))
    assert len(results) == 1800
    assert all(abs(a - b) == 1 for a, b in results)


def test_an_update_by_value_of_a_shared_cell():
    engine = pfa.loads(shared(action={"cell": "n", "to": "input"}))
    assert [engine.action(5), engine.clone().call("n")] == [5, 5]


# --- rollback --------------------------------------------------------------------------------------------


def rolling(action, rollback=True, **more):
    """Its input says whether the action fails in the end."""
    document = {
        "input": "boolean",
        "output": "null",
        "cells": {"c": {"type": {"type": "array", "items": "int"}, "init": [1, 2], "rollback": rollback}},
        "pools": {"p": {"type": "int", "init": {"a": 1, "b": 2}, "rollback": rollback}},
        "action": [*action, {"if": "input", "then": {"error": "fail"}}, None],
    }
    return {**document, **more}


def stored(engine):
    made = engine.snapshot()
    return made["cells"]["c"]["init"], made["pools"]["p"]["init"]


def put(key, value):
    return {"pool": "p", "path": [[key]], "to": value, "init": 0}


CHANGES = {
    "a cell": ([{"cell": "c", "to": {"type": {"type": "array", "items": "int"}, "value": []}}], [], {"a": 1, "b": 2}),
    "a cell's item": ([{"cell": "c", "path": [1], "to": 7}], [1, 7], {"a": 1, "b": 2}),
    "an item": ([put("a", 5)], [1, 2], {"a": 5, "b": 2}),
    "an item twice": ([put("a", 5), put("a", 6)], [1, 2], {"a": 6, "b": 2}),
    "a new item": ([put("z", 5)], [1, 2], {"a": 1, "b": 2, "z": 5}),
    "an item that goes": ([{"pool": "p", "del": ["a"]}], [1, 2], {"b": 2}),
    "an item that goes and comes": ([{"pool": "p", "del": ["a"]}, put("a", 9)], [1, 2], {"b": 2, "a": 9}),
    "an item that comes and goes": ([put("z", 5), {"pool": "p", "del": ["z"]}], [1, 2], {"a": 1, "b": 2}),
    "an item that was not there": ([{"pool": "p", "del": ["z"]}], [1, 2], {"a": 1, "b": 2}),
    "by a function": (
        [{"pool": "p", "path": [["z"]], "to": adding(1), "init": 5}, {"cell": "c", "path": [0], "to": adding(5)}],
        [6, 2],
        {"a": 1, "b": 2, "z": 6},
    ),
    "in a function of the document": ([{"u.change": []}], [1, 9], {"a": 9, "b": 2}),
    "in a callback": (
        [{"a.map": [{"cell": "c"}, {"params": [{"x": "int"}], "ret": "int", "do": put("a", "x")}]}],
        [1, 2],
        {"a": 2, "b": 2},
    ),
}  # fmt: skip
CHANGE = {"params": [], "ret": "null", "do": [{"cell": "c", "path": [1], "to": 9}, put("a", 9), None]}


@pytest.mark.parametrize("name", CHANGES)
def test_a_failed_action_rolls_back(name):
    action, *after = CHANGES[name]
    engine = pfa.loads(rolling(action, fcns={"change": CHANGE}))
    for _ in range(2):
        with pytest.raises(pfa.PfaUserError):
            engine.action(True)
        assert stored(engine) == ([1, 2], {"a": 1, "b": 2})
    engine.action(False)
    assert stored(engine) == tuple(after)
    with pytest.raises(pfa.PfaUserError):
        engine.action(True)
    assert stored(engine) == tuple(after)


@pytest.mark.parametrize("name", CHANGES)
def test_without_rollback_changes_stay(name):
    action, *after = CHANGES[name]
    engine = pfa.loads(rolling(action, rollback=False, fcns={"change": CHANGE}))
    with pytest.raises(pfa.PfaUserError):
        engine.action(True)
    assert stored(engine) == tuple(after)


@pytest.mark.parametrize("name", CHANGES)
def test_a_breach_of_a_limit_rolls_back(name):
    action, *_ = CHANGES[name]
    hang = {"if": "input", "then": [{"while": True, "do": {"doc": ""}}]}
    engine = pfa.loads(rolling([*action, hang], fcns={"change": CHANGE}), limits=pfa.Limits(steps=1000))
    with pytest.raises(pfa.PfaLimitError):
        engine.action(True)
    assert stored(engine) == ([1, 2], {"a": 1, "b": 2})


@pytest.mark.parametrize("name", CHANGES)
def test_an_error_of_the_host_rolls_back(name):
    action, *after = CHANGES[name]
    emits = rolling(action, method="emit", output="int", fcns={"change": CHANGE})
    emits["action"] = [*action, {"emit": 1}]
    engine = pfa.loads(emits)

    def refuse(value):
        raise KeyError(value)

    engine.emit = refuse
    with pytest.raises(KeyError):
        engine.action(False)
    assert stored(engine) == ([1, 2], {"a": 1, "b": 2})
    engine.emit = None
    engine.action(False)
    assert stored(engine) == tuple(after)


def test_an_error_of_the_log_callback_rolls_back():
    engine = pfa.loads(rolling([put("a", 5), {"log": 1}]))

    def refuse(message, namespace):
        raise KeyboardInterrupt

    engine.log = refuse
    with pytest.raises(KeyboardInterrupt):
        engine.action(False)
    assert stored(engine) == ([1, 2], {"a": 1, "b": 2})


def test_an_output_that_breaches_a_limit_rolls_back():
    rows = {"type": "array", "items": {"type": "array", "items": "int"}}
    long = {"params": [{"x": "int"}], "ret": rows["items"], "do": "row"}
    document = rolling([], output=rows)
    document["action"] = [
        put("a", 5),
        {"let": {"row": {"type": rows["items"], "value": [0] * 1000}}},
        {"a.map": ["row", long]},
    ]
    engine = pfa.loads(document, limits=pfa.Limits(steps=10_000))
    with pytest.raises(pfa.PfaLimitError, match="10000 steps"):
        engine.action(False)
    assert stored(engine) == ([1, 2], {"a": 1, "b": 2})


def test_try_rolls_nothing_back():
    """Rollback belongs to actions that fail; an error inside `try` is no failure of the action."""
    engine = pfa.loads(rolling([{"try": [put("a", 5), {"error": "inside"}]}]))
    engine.action(False)
    assert stored(engine) == ([1, 2], {"a": 5, "b": 2})
    with pytest.raises(pfa.PfaUserError):
        engine.action(True)
    assert stored(engine) == ([1, 2], {"a": 5, "b": 2})


def test_what_begin_did_is_not_rolled_back():
    """An action that begins by itself rolls back to where begin ended."""
    engine = pfa.loads(rolling([put("a", 5), {"cell": "c", "path": [0], "to": 5}],
                               begin=[put("a", 3), put("new", 4), {"cell": "c", "path": [0], "to": 3}]))  # fmt: skip
    with pytest.raises(pfa.PfaUserError):
        engine.action(True)
    assert stored(engine) == ([3, 2], {"a": 3, "b": 2, "new": 4})


def test_calls_between_actions_are_not_rolled_back():
    engine = pfa.loads(rolling([put("a", 5)], fcns={"change": CHANGE}))
    engine.action(False)
    engine.call("change")
    with pytest.raises(pfa.PfaUserError):
        engine.action(True)
    assert stored(engine) == ([1, 9], {"a": 9, "b": 2})


def test_only_what_is_declared_so_rolls_back():
    document = rolling(
        [put("a", 5), {"cell": "c", "path": [0], "to": 5}, {"cell": "d", "to": {"+": [{"cell": "d"}, 1]}}]
    )
    document["cells"]["d"] = {"type": "int", "init": 0}
    document["pools"]["p"]["rollback"] = False
    engine = pfa.loads(document)
    with pytest.raises(pfa.PfaUserError):
        engine.action(True)
    made = engine.snapshot()
    assert (stored(engine), made["cells"]["d"]["init"]) == (([1, 2], {"a": 5, "b": 2}), 1)


def test_rollback_and_shared_exclude_each_other():
    document = rolling([])
    document["cells"]["c"]["shared"] = True
    [problem] = pfa.check(document)
    assert problem.at.pointer == "/cells/c"


def test_a_restored_engine_rolls_back_to_the_state():
    engine = pfa.loads(rolling([put("a", 5)]))
    engine.action(False)
    other = pfa.loads(rolling([put("a", 7), put("n", 1)]), state=engine.state())
    with pytest.raises(pfa.PfaUserError):
        other.action(True)
    assert stored(other) == ([1, 2], {"a": 5, "b": 2})
