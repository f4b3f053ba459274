"""Limits hold: of nesting, length, time, steps, memory and recursion; and nothing but a PfaError comes of a breach.

test_attacks.py has the table of attacks on running engines; here are the ways around each limit.  Bounds on time are
so wide that only a hang breaks them.
"""

import gc
import json
import linecache
import os
import subprocess
import sys
import threading
import time
import tracemalloc

import pytest

import pfa
from tests.limit_attacks import (
    DEEP,
    FOREVER,
    HANGS,
    INTS,
    LARGE,
    LEAF,
    RECURSION,
    SLOW,
    TREE,
    breach,
    build,
    engine,
)
from tests.long_documents import LONG
from tests.nests import NESTS, deepest, nesting
from tests.support import ROOT

NESTING = pfa.Limits().nesting


# --- nesting and length ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", NESTS)
def test_every_form_nests_as_deep_as_reading_allows(form):
    depth = deepest(NESTS[form], NESTING)
    made = pfa.loads(NESTS[form](depth))
    made.log = lambda *_: None
    assert made.action(1) == (0 if form == "index" else 1)


@pytest.mark.parametrize("form", NESTS)
def test_deeper_is_refused(form):
    document = NESTS[form](deepest(NESTS[form], NESTING) + 1)
    assert nesting(document) > NESTING
    for given in (document, json.dumps(document)):
        with pytest.raises(pfa.PfaLimitError, match=f"deeper than {NESTING}"):
            pfa.loads(given)


def test_a_higher_limit_of_nesting():
    made = pfa.loads(NESTS["if else"](1500), limits=pfa.Limits(nesting=2000))
    assert made.action(1) == 1


@pytest.mark.parametrize("name", LONG)
def test_long_documents_load_and_run(name):
    document = LONG[name]()
    start = time.monotonic()
    made = pfa.loads(document)
    made.log = lambda *_: None
    assert made.action(1) == 1
    assert time.monotonic() - start < HANGS


# --- time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SLOW)
def test_time_ends_every_attack(name):
    made = SLOW[name]()
    for _ in range(2):
        assert str(breach(lambda: made.action(1))) == "exceeded timeout of 200 milliseconds"


PHASES = {
    "begin": lambda e: e.begin(),
    "end": lambda e: e.end(),
    "merge": lambda e: e.merge(LEAF, LEAF),
    "call": lambda e: e.call("f"),
    "tally": lambda e: e.tally,
    "snapshot": lambda e: e.snapshot(),
}


@pytest.mark.parametrize("phase", PHASES)
def test_time_ends_every_phase(phase):
    """Values that are huge when they go out, in all the ways that there are beside action."""
    keep = {"cell": "c", "to": "x"}
    parts = {
        "begin": {"begin": [*build(60), {"log": "x"}]},
        "end": {"end": [*build(60), {"log": "x"}]},
        "merge": {"merge": [*build(60), "x"]},
        "call": {"fcns": {"f": {"params": [], "ret": "Tree", "do": [*build(60), "x"]}}},
        "tally": {},
        "snapshot": {"begin": [*build(60), keep]},
    }
    document = {
        "input": TREE,
        "output": "Tree",
        "method": "fold",
        "zero": LEAF,
        "action": "tally",
        "merge": "tallyOne",
        "cells": {"c": {"type": "Tree", "init": LEAF}},
        **parts[phase],
    }
    made = pfa.loads(document, limits=pfa.Limits(time=0.2, nodes=100_000))
    made.log = lambda *_: None
    if phase == "tally":
        made._runtime.variables["tally"] = shared_tree(60)
    if phase == "snapshot":
        made.begin()
        assert "state" in str(breach(made.state))
    assert str(breach(lambda: PHASES[phase](made))) == "exceeded timeout of 200 milliseconds"


def shared_tree(levels):
    tree = LEAF
    for _ in range(levels):
        tree = {"l": tree, "r": tree}
    return tree


# --- steps -----------------------------------------------------------------------------------------------


def test_steps_of_turns_calls_and_items():
    limits = pfa.Limits(steps=1000)
    loop = {"for": {"i": 0}, "while": {"<": ["i", "input"]}, "step": {"i": {"+": ["i", 1]}}, "do": {"doc": ""}}
    calls = [{"u.one": []}] * 100
    one = {"one": {"params": [], "ret": "int", "do": 1}}
    for action in ([loop, 1], [{"a.len": {"cast.fanoutInt": [0, 0, "input", False]}}]):
        made = engine(action, limits=limits)
        assert made.action(900) is not None
        assert str(breach(lambda made=made: made.action(1100))) == "exceeded 1000 steps"
    called = engine([{"foreach": "x", "in": {"type": INTS, "value": [0] * 8}, "do": calls}, 1], limits=limits, fcns=one)
    assert called.action(1) == 1
    called = engine(
        [{"foreach": "x", "in": {"type": INTS, "value": [0] * 12}, "do": calls}, 1], limits=limits, fcns=one
    )
    assert str(breach(lambda: called.action(1))) == "exceeded 1000 steps"


def test_steps_start_anew_with_each_action_and_call():
    loop = {"for": {"i": 0}, "while": {"<": ["i", 600]}, "step": {"i": {"+": ["i", 1]}}, "do": {"doc": ""}}
    made = engine([loop, 1], limits=pfa.Limits(steps=1000), fcns={"f": {"params": [], "ret": "int", "do": [loop, 1]}})
    for _ in range(5):
        assert (made.action(1), made.call("f")) == (1, 1)


def test_few_steps():
    made = engine([FOREVER, 1], limits=pfa.Limits(steps=0, time=None))
    assert str(breach(lambda: made.action(1))) == "exceeded 0 steps"


def test_limits_that_are_off():
    made = engine({"u.f": [500]}, limits=pfa.Limits(time=None, steps=None, memory=None), fcns=DEEP)
    assert made.action(1) == 1


# --- recursion -------------------------------------------------------------------------------------------


def test_recursion_to_the_limit_and_beyond():
    made = engine({"u.f": ["input"]}, fcns=DEEP)
    assert made.action(999) == 1
    for _ in range(2):
        assert str(breach(lambda: made.action(1000))) == "exceeded a recursion depth of 1000"
    assert made.action(999) == 1
    small = engine({"u.f": ["input"]}, limits=pfa.Limits(recursion=10), fcns=DEEP)
    assert small.action(9) == 1
    assert str(breach(lambda: small.action(10))) == "exceeded a recursion depth of 10"


@pytest.mark.parametrize("name", RECURSION)
def test_endless_recursion_of_every_kind(name):
    body, more = RECURSION[name]
    f = {"params": [{"n": "int"}], "ret": "int", "do": body}
    made = engine({"u.f": [1]}, fcns={"f": f, **more}, cells={"c": {"type": "int", "init": 0}})
    for _ in range(2):
        assert str(breach(lambda: made.action(1))) == "exceeded a recursion depth of 1000"
        assert str(breach(lambda: made.call("f", 1))) == "exceeded a recursion depth of 1000"


CRASH = """
import json, sys, threading
import pfa
INTS = {"type": "array", "items": "int"}
ONE = {"type": INTS, "value": [1]}

def less(i, body):
    return {"params": [{f"p{i}": "int"}, {f"q{i}": "int"}], "ret": "boolean", "do": {"<": [{"a.len": body}, 5]}}

def recursive(callbacks):
    body = {"u.f": ["a"]}
    for i in range(callbacks):
        body = {"a.sortLT": ["a", less(i, body)]}
    return {"input": "null", "output": "int", "action": {"a.len": {"u.f": [{"type": INTS, "value": [1, 2]}]}},
            "fcns": {"f": {"params": [{"a": INTS}], "ret": INTS, "do": body}}}

def chained(count):
    call = lambda i: {"a.sortLT": ["a", less(i, {f"u.f{i - 1}": ["a"]})]}
    function = lambda body: {"params": [{"a": INTS}], "ret": INTS, "do": body}
    fcns = {"f0": function("a"), **{f"f{i}": function(call(i)) for i in range(1, count)}}
    return {"input": "null", "output": "int",
            "action": {"a.len": {f"u.f{count - 1}": [{"type": INTS, "value": [1, 2]}]}}, "fcns": fcns}

def run():
    for document in [*map(recursive, (1, 2, 5, 20, 60)), chained(150), chained(1500)]:
        try:
            print(pfa.loads(document).action(None), end=" ")
        except pfa.PfaLimitError as error:
            print(str(error).split()[2], end=" ")

run()
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def test_callbacks_inside_one_another_do_not_end_the_process():
    """`list.sort` takes 5 kB of the stack at each of them, and a stack that is used up is a segmentation fault."""
    done = subprocess.run([sys.executable, "-c", CRASH], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("recursion " * 5 + "2 recursion ") * 2


# --- memory ----------------------------------------------------------------------------------------------


MEASURE = """
import json, os, resource, sys
import pfa
made = pfa.loads(json.load(sys.stdin), limits=pfa.Limits(memory=80_000_000, time=60.0))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    made.action(1)
except pfa.PfaLimitError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the memory of a process is read from /proc")
@pytest.mark.parametrize("name", LARGE)
def test_memory_ends_every_attack(name):
    """In a process of its own: what others have left free would be used first."""
    emits = {"method": "emit"} if name == "what is emitted" else {}
    document = {"input": "int", "output": "int", "action": LARGE[name], "pools": {"p": {"type": INTS}}, **emits}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        input=json.dumps(document),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    text, megabytes = done.stdout.splitlines()
    assert text == "exceeded 80000000 bytes of memory"
    assert int(megabytes) < 500


NO_MEMORY = """
import resource
import pfa
double = {"while": "input", "do": {"set": {"x": {"s.concat": ["x", "x"]}}}}
action = [{"let": {"x": {"string": "abcdefgh"}}}, double, {"s.len": ["x"]}]
made = pfa.loads({"input": "boolean", "output": "int", "action": action}, limits=pfa.Limits(memory=None, time=60.0))
made.action(False)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 200_000_000, size + 200_000_000))
for datum in (True, False, True, False):
    try:
        print(made.action(datum))
    except pfa.PfaLimitError as error:
        print(error)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the memory of a process is read from /proc")
def test_a_machine_without_memory_is_a_limit():
    done = subprocess.run([sys.executable, "-c", NO_MEMORY], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "exceeded the memory of the machine\n8\n" * 2


# --- afterwards ------------------------------------------------------------------------------------------


def test_an_engine_is_as_it_was_after_a_breach():
    hang = {"cond": [
        {"if": {"==": ["input", 1]}, "then": [FOREVER, None]},
        {"if": {"==": ["input", 2]}, "then": [{"u.f": [1]}, None]},
        {"if": {"==": ["input", 3]}, "then": [{"s.repeat": [["abc"], 2_000_000_000]}, None]},
    ], "else": None}  # fmt: skip
    f = {"params": [{"n": "int"}], "ret": "int", "do": {"u.f": ["n"]}}
    up = {"+": [{"cell": "kept"}, 1]}
    cells = {"kept": {"type": "int", "init": 0}, "rolled": {"type": "int", "init": 0, "rollback": True}}
    pools = {"p": {"type": "int", "init": {"a": 0}, "rollback": True}}
    action = [
        {"cell": "kept", "to": up},
        {"cell": "rolled", "to": up},
        {"pool": "p", "path": [["a"]], "to": up, "init": 0},
        {"pool": "p", "path": [["b"]], "to": up, "init": 0},
        {"try": hang},
        {"cell": "rolled"},
    ]
    made = engine(action, limits=pfa.Limits(time=0.1), fcns={"f": f}, cells=cells, pools=pools)
    for count, datum in enumerate((1, 2, 3, 1), 1):
        breach(lambda datum=datum: made.action(datum))
        snapshot = made.snapshot()
        assert [snapshot["cells"][n]["init"] for n in ("kept", "rolled")] == [count, 0]
        assert snapshot["pools"]["p"]["init"] == {"a": 0}
    assert made.action(0) == 6
    made.end()


def test_a_breach_in_begin_stops_the_engine():
    made = engine(1, begin=[FOREVER], limits=pfa.Limits(time=0.05))
    breach(made.begin)
    with pytest.raises(pfa.PfaLifecycleError, match="its begin failed"):
        made.action(1)


def test_a_breach_counts_as_started_only():
    counts = {"new": ["actionsStarted", "actionsFinished"], "type": {"type": "array", "items": "long"}}
    made = engine([{"if": {"==": ["input", 1]}, "then": FOREVER}, counts], counts["type"], limits=pfa.Limits(time=0.05))
    breach(lambda: made.action(1))
    assert made.action(0) == [2, 0]


def test_limits_in_many_threads():
    made = engine([{"if": {"==": ["input", 1]}, "then": FOREVER}, 7], limits=pfa.Limits(time=0.1))
    found = []

    def work(i):
        clone = made.clone(instance=i)
        try:
            found.append(clone.action(i % 2))
        except pfa.PfaLimitError as error:
            found.append(str(error))

    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANGS)
    assert sorted(map(str, found)) == ["7"] * 3 + ["exceeded timeout of 100 milliseconds"] * 3


# --- many engines ----------------------------------------------------------------------------------------


def distinct(i):
    """A document that differs from all others in its names, texts, patterns, zones and types."""
    record = {"type": "record", "name": f"R{i}", "fields": [{"name": f"f{i}", "type": ["null", "double", f"R{i}"]}]}
    return {
        "name": f"Engine{i}",
        "input": "string",
        "output": "int",
        "fcns": {f"u{i}": {"params": [{f"x{i}": "int"}], "ret": "int", "do": {"+": [f"x{i}", i]}}},
        "cells": {f"c{i}": {"type": record, "init": {f"f{i}": {"double": i}}}},
        "pools": {f"p{i}": {"type": f"R{i}"}},
        "action": [
            {"let": {f"y{i}": {"re.contains": ["input", {"string": f"a{i}*b"}]}}},
            {"log": "input", "namespace": f"space{i}"},
            {"try": {"error": f"error {i}", "code": -1 - i}},
            {f"u.u{i}": [{"s.len": ["input"]}]},
        ],
    }


def test_engines_that_are_dropped_leave_nothing():
    """No cache by document: not in linecache, in regular expressions, in logging, or in the checker."""

    def turn(start, count):
        for i in range(start, start + count):
            made = pfa.loads(distinct(i))
            assert made.action("ab") == 2 + i
            with pytest.raises(pfa.PfaDataError):
                made.action(5)
        del made
        gc.collect()
        return len(gc.get_objects())

    turn(0, 400)
    before, lines = turn(1000, 100), len(linecache.cache)
    after = turn(2000, 300)
    assert after - before < 300, "less than one object an engine"
    assert len(linecache.cache) <= lines
    texts = [o for o in gc.get_objects() if isinstance(o, dict) and any(k == "Engine2100" for k in o)]
    assert texts == []


def test_the_memory_of_many_engines_is_flat():
    """In bytes: also what the collector does not see."""

    def turn(start, count):
        for i in range(start, start + count):
            pfa.loads(distinct(i)).action("ab")
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    turn(0, 200)
    tracemalloc.start()
    try:
        turn(5000, 50)
        before = turn(6000, 50)
        after = turn(7000, 150)
    finally:
        tracemalloc.stop()
    assert after - before < 150 * 10_000, "an engine of this document takes 60,000 bytes"
