"""Limits hold on compiled code, wherever an attack hides; the errors are those of the python backend."""

import functools
import subprocess
import sys
import threading
import time

import pytest

import pfa
from pfa.targets.kernel import effort
from tests import test_attacks
from tests.limit_attacks import DEEP, FOREVER, HANGS, INTS, LEAF, RECURSION, SLOW, TREE, breach, build, callback
from tests.support import ROOT

LIMITS = pfa.Limits(time=0.2)
STEPS = pfa.Limits(steps=10_000, time=None)
TIMEOUT = "exceeded timeout of 200 milliseconds"


def numba(document, limits=LIMITS):
    made = pfa.loads(document, backend="numba", limits=limits)
    made.log = lambda *_: None
    return made


def engine(action, output="int", limits=LIMITS, **more):
    return numba({"input": "int", "output": output, "action": action, **more}, limits)


@pytest.fixture
def compiled(monkeypatch):
    """Engines of other modules' documents, compiled."""
    monkeypatch.setattr(pfa, "loads", functools.partial(pfa.loads, backend="numba"))


# --- where an attack hides ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("name", SLOW)
def test_time_ends_every_attack(name):
    made = SLOW[name]()
    for _ in range(2):
        assert str(breach(lambda: made.action(1))) == TIMEOUT


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("name", test_attacks.RUNNING)
def test_running_ends_at_a_limit(name):
    test_attacks.test_running_ends_at_a_limit(name)


TURN = {"set": {"i": {"+": ["i", 1]}}}
NUMBERS = {"type": INTS, "value": list(range(100))}
ENDLESS = callback([FOREVER, "x"])
LESS = {"params": [{"a": "int"}, {"b": "int"}], "ret": "boolean", "do": [FOREVER, {"<": ["a", "b"]}]}
PLACES = {
    "while": [FOREVER, 1],
    "until": [{"do": {"doc": ""}, "until": False}, 1],
    "for": [{"for": {"i": 0}, "while": True, "step": {"i": 1}, "do": {"doc": ""}}, 1],
    "foreach in foreach": [
        {"let": {"a": {"a.flatMap": [NUMBERS, {"params": [{"x": "int"}], "ret": INTS, "do": NUMBERS}]}}},
        {"foreach": "x", "in": "a", "do": {"foreach": "y", "in": "a", "do": {"foreach": "z", "in": "a", "do": "z"}}},
        1,
    ],
    "forkey": [
        {"let": {"m": {"type": {"type": "map", "values": "int"}, "value": {"a": 1}}}},
        {"forkey": "k", "forval": "v", "in": "m", "do": FOREVER},
        1,
    ],
    "user function": {"u.f": [1]},
    "callback of a.map": {"a.len": {"a.map": [NUMBERS, ENDLESS]}},
    "callback of a.sort": {"a.len": {"a.sortLT": [NUMBERS, LESS]}},
    "filled callback": {"a.len": {"a.map": [NUMBERS, {"fcn": "u.two", "fill": {"y": 1}}]}},
    "update of a cell": [{"cell": "c", "to": ENDLESS}, 1],
    "update of a pool": [{"pool": "p", "path": [{"string": "k"}], "to": ENDLESS, "init": 1}, 1],
    "inside try": {"ifnotnull": {"x": {"try": [FOREVER, 1]}}, "then": "x", "else": 0},
    "inside a branch": {"if": {">": ["input", 0]}, "then": [FOREVER, 1], "else": 2},
    "condition of a loop": [{"while": {"==": [{"u.f": [1]}, 1]}, "do": {"doc": ""}}, 1],
    "argument of an error": [{"if": {"==": [{"u.f": [1]}, 1]}, "then": {"error": "never"}}, 1],
}
MORE = {
    "fcns": {
        "f": {"params": [{"x": "int"}], "ret": "int", "do": [FOREVER, "x"]},
        "two": {"params": [{"x": "int"}, {"y": "int"}], "ret": "int", "do": [FOREVER, "x"]},
    },
    "cells": {"c": {"type": "int", "init": 0}},
    "pools": {"p": {"type": "int", "init": {"k": 0}}},
}
KINDS = {"time": (LIMITS, TIMEOUT), "steps": (STEPS, "exceeded 10000 steps")}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("what", KINDS)
def test_a_loop_stops_wherever_it_hides(name, what):
    """And the engine works afterwards: an input of its own leads around the loop."""
    limits, text = KINDS[what]
    body = {"if": {"==": ["input", -1]}, "then": 7, "else": {"do": PLACES[name]}}
    python = pfa.loads({"input": "int", "output": "int", "action": body, **MORE}, limits=limits, backend="python")
    made = engine(body, limits=limits, **MORE)
    assert str(breach(lambda: python.action(1))) == text
    for _ in range(2):
        assert str(breach(lambda: made.action(1))) == text
        assert made.action(-1) == 7


@pytest.mark.parametrize("phase", ["begin", "end", "merge", "call", "a huge begin", "a huge merge"])
def test_time_ends_every_phase(phase):
    huge = phase.startswith("a huge")
    body = [*build(60), {"log": "x"}] if huge else FOREVER
    document = {
        "input": TREE, "output": "Tree", "method": "fold", "zero": LEAF, "action": "tally", "merge": "tallyOne",
        "fcns": {"f": {"params": [], "ret": "Tree", "do": [FOREVER, {"type": "Tree", "value": LEAF}]}},
    }  # fmt: skip
    name = phase.split()[-1]
    if name == "merge":
        document["merge"] = [*build(60), "x"] if huge else [FOREVER, "tallyOne"]
    elif name != "call":
        document[name] = body
    made = numba(document)
    calls = {
        "begin": made.begin, "end": made.end, "merge": lambda: made.merge(LEAF, LEAF), "call": lambda: made.call("f"),
    }  # fmt: skip
    assert str(breach(calls[name])) == TIMEOUT
    if name in ("merge", "call"):
        assert made.action(LEAF) == LEAF


def test_steps_of_turns_calls_and_items():
    limits = pfa.Limits(steps=10_000)
    loop = {"for": {"i": 0}, "while": {"<": ["i", "input"]}, "step": {"i": {"+": ["i", 1]}}, "do": {"doc": ""}}
    for action in ([loop, 1], [{"a.len": {"cast.fanoutInt": [0, 0, "input", False]}}]):
        made = engine(action, limits=limits)
        for _ in range(3):
            assert made.action(9000) is not None
            assert str(breach(lambda made=made: made.action(11_000))) == "exceeded 10000 steps"


# --- recursion, depth and the stack ------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECURSION)
def test_endless_recursion_of_every_kind(name):
    body, more = RECURSION[name]
    f = {"params": [{"n": "int"}], "ret": "int", "do": body}
    made = engine({"u.f": [1]}, fcns={"f": f, **more}, cells={"c": {"type": "int", "init": 0}})
    for _ in range(2):
        assert str(breach(lambda: made.action(1))) == "exceeded a recursion depth of 1000"
        assert str(breach(lambda: made.call("f", 1))) == "exceeded a recursion depth of 1000"


@pytest.mark.parametrize("depth", [10, 1000, 5000])
def test_recursion_to_the_limit_and_beyond(depth):
    made = engine({"u.f": ["input"]}, limits=pfa.Limits(recursion=depth), fcns=DEEP)
    for _ in range(2):
        assert made.action(depth - 1) == 1
        assert str(breach(lambda: made.action(depth))) == f"exceeded a recursion depth of {depth}"


FRAMES = """
import sys, threading
import pfa
locals_ = [{"let": {f"y{i}": {"u.g": [{"+": ["n", i]}]}}} for i in range(400)]
total = {"+": ["y0", "y1"]}
for i in range(2, 400):
    total = {"+": [f"y{i}", total]}
body = {"if": {"==": ["n", 0]}, "then": 0, "else": {"do": [*locals_, {"u.f": [{"-": ["n", 1]}]}, total]}}
document = {"input": "int", "output": "double", "action": {"u.f": ["input"]}, "fcns": {
    "f": {"params": [{"n": "int"}], "ret": "double", "do": body},
    "g": {"params": [{"n": "int"}], "ret": "double", "do": {"+": ["n", 0.5]}}}}
def run():
    made = pfa.loads(document, backend="numba", limits=pfa.Limits(recursion=1_000_000, nesting=2000))
    for _ in range(2):
        try:
            made.action(900_000)
        except pfa.PfaLimitError as error:
            print(error)
        print(made.action(3) > 0)
run()
threading.stack_size(1 << 20)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def test_recursion_that_would_use_up_the_stack_does_not_end_the_process():
    """The depth is what the caller allows, a frame what the document makes of it."""
    done = subprocess.run([sys.executable, "-c", FRAMES], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split("\n") == ["exceeded the stack of the thread", "True"] * 4 + [""], done.stderr[-300:]


LIST = {"type": "record", "name": "List", "fields": [{"name": "next", "type": ["null", "List"]}]}
CHAIN = [
    {"let": {"x": {"type": ["null", LIST], "value": None}}},
    {"for": {"i": 0}, "while": {"<": ["i", 1_000_000]}, "step": {"i": {"+": ["i", 1]}},
     "do": {"set": {"x": {"new": {"next": "x"}, "type": "List"}}}},
]  # fmt: skip
LISTS = ["null", "List"]
MANY_LISTS = {"type": "array", "items": LISTS}
DEEP_VALUES = {
    "out": ([*CHAIN, "x"], LISTS, {}),
    "emitted": ([*CHAIN, {"emit": "x"}], LISTS, {"method": "emit"}),
    "logged": ([*CHAIN, {"log": "x"}, None], "null", {}),
    "compared": ([*CHAIN, {"let": {"y": "x"}}, *CHAIN[1:], {"==": ["x", "y"]}], "boolean", {}),
    "hashed": ([*CHAIN, {"a.distinct": {"new": ["x", "x"], "type": MANY_LISTS}}, None], "null", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP_VALUES)
def test_values_a_million_deep(name):
    action, output, more = DEEP_VALUES[name]
    made = numba({"input": "null", "output": output, "action": action, **more}, pfa.Limits(time=5.0))
    for _ in range(2):
        breach(lambda: made.action(None))


DEEP_STATES = {
    "in a cell": ([*CHAIN, {"cell": "c", "to": "x"}, None], "null", {"cells": {"c": {"type": LISTS, "init": None}}}),
    "in a pool": (
        [*CHAIN, {"pool": "p", "path": [{"string": "k"}], "to": "x", "init": "x"}, None], "null",
        {"pools": {"p": {"type": LISTS, "init": {}}}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP_STATES)
def test_states_a_million_deep(name):
    """They are kept, as on python, over collections of garbage; what is too deep to be written says so."""
    action, output, more = DEEP_STATES[name]
    made = numba({"input": "null", "output": output, "action": action, **more}, pfa.Limits(time=20.0))
    for _ in range(3):
        assert made.action(None) is None
    breach(made.snapshot)
    assert made.action(None) is None


def test_a_datum_that_is_deep_or_that_contains_itself():
    tree = {"type": "record", "name": "T", "fields": [{"name": "parts", "type": {"type": "array", "items": "T"}}]}
    made = numba({"input": tree, "output": "int", "action": {"a.len": "input.parts"}})
    deep = {"parts": []}
    for _ in range(200_000):
        deep = {"parts": [deep]}
    ring = {"parts": []}
    ring["parts"].append(ring)
    for datum in (deep, ring):
        with pytest.raises((pfa.PfaDataError, pfa.PfaLimitError)):
            made.action(datum)
        assert made.action({"parts": [{"parts": []}]}) == 1
    while deep["parts"]:  # taken apart by hand: the interpreter would recurse
        deep = deep["parts"].pop()


# --- memory ------------------------------------------------------------------------------------------------


def test_an_arena_that_is_full_ends_in_an_error_and_is_given_back():
    grow = [{"let": {"x": NUMBERS}}, {"while": True, "do": {"set": {"x": {"a.concat": ["x", "x"]}}}}, 1]
    made = engine({"if": {"==": ["input", 0]}, "then": 7, "else": {"do": grow}}, limits=pfa.Limits(memory=200_000_000))
    before = resident()
    for _ in range(3):
        assert str(breach(lambda: made.action(1))) == "exceeded 200000000 bytes of memory"
        assert made.action(0) == 7
        assert resident() - before < 120_000_000


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096


def test_a_state_whose_values_share_their_parts_stays_small():
    """Each action makes the cell twice as large without taking more: no copy of the state takes it apart."""
    new = {"new": {"l": {"cell": "c"}, "r": {"cell": "c"}}, "type": "Tree"}
    junk = {"cell": "junk", "to": {"a.map": [NUMBERS, callback("x")]}}
    document = {
        "input": TREE, "output": "null", "cells": {
            "c": {"type": "Tree", "init": LEAF}, "junk": {"type": INTS, "init": []}},
        "action": [{"cell": "c", "to": new}, *[junk] * 50, None],
    }  # fmt: skip
    made = numba(document, pfa.Limits(time=5.0, memory=10_000_000))
    for _ in range(1000):
        made.action(LEAF)
    breach(made.state)


def test_steps_do_not_pay_for_the_garbage_of_the_state():
    document = {
        "input": INTS, "output": "int", "cells": {"c": {"type": INTS, "init": []}},
        "action": [{"cell": "c", "to": "input"}, {"a.len": {"cell": "c"}}],
    }  # fmt: skip
    made = numba(document, pfa.Limits(steps=7000, memory=4_000_000))
    for _ in range(30):
        assert made.action(list(range(50_000))) == 50_000


def test_a_state_that_fills_its_memory_stays_usable():
    put = {"pool": "p", "path": ["input"], "to": {"s.repeat": ["input", 1000]}, "init": {"s.repeat": ["input", 1000]}}
    document = {
        "input": "string", "output": "int", "pools": {"p": {"type": "string", "init": {}}},
        "fcns": {
            "size": {"params": [{"key": "string"}], "ret": "int", "do": {"s.len": {"pool": "p", "path": ["key"]}}}},
        "action": [put, {"s.len": {"pool": "p", "path": ["input"]}}],
    }  # fmt: skip
    made = numba(document, pfa.Limits(memory=2_000_000))
    kept, errors = [], set()
    for i in range(1000):
        try:
            made.action(f"{i:04}")
            kept.append(f"{i:04}")
        except pfa.PfaLimitError as error:
            errors.add(str(error))
    assert errors == {"exceeded 2000000 bytes of memory"}
    assert 200 < len(kept) < 1000
    assert all(made.call("size", key) == 4000 for key in kept)


def test_many_cells():
    cells = {f"c{i}": {"type": "int", "init": i} for i in range(2000)}
    made = engine({"+": [{"cell": "c0"}, {"cell": "c1999"}]}, cells=cells)
    assert made.action(0) == 1999


# --- the others are not stopped ----------------------------------------------------------------------------


def test_an_attack_in_one_thread_does_not_stop_another():
    attack, other = engine([FOREVER, 1], limits=pfa.Limits(time=0.5)), engine({"+": ["input", 1]})
    thread = threading.Thread(target=lambda: breach(lambda: attack.action(1)))
    thread.start()
    count = 0
    while thread.is_alive():
        assert other.action(1) == 2
        count += 1
    assert count > 100
    thread.join()


# --- compiling ---------------------------------------------------------------------------------------------


def sums(count):
    """One function of many statements."""
    lets = [{"let": {f"y{i}": {"+": [f"y{i - 1}" if i else "input", i]}}} for i in range(count)]
    return {"input": "int", "output": "int", "action": [*lets, f"y{count - 1}"]}


def chained(count):
    """Many functions, each of which calls the one before."""
    body = lambda i: {"+": [{f"u.f{i - 1}": ["x"]}, i]} if i else "x"  # noqa: E731
    functions = {f"f{i}": {"params": [{"x": "int"}], "ret": "int", "do": body(i)} for i in range(count)}
    return {"input": "int", "output": "int", "action": {f"u.f{count - 1}": ["input"]}, "fcns": functions}


def callbacks(count):
    """Many loops over arrays in one function, which took LLVM 20 seconds for 500."""
    double = {"params": [{"x": "int"}], "ret": "int", "do": {"+": ["x", 1]}}
    lets = [{"set": {"s": {"+": ["s", {"a.sum": [{"a.map": [{"new": ["input"], "type": INTS}, double]}]}]}}}]
    return {"input": "int", "output": "int", "action": [{"let": {"s": 0}}, *(lets * count), "s"]}


LARGE = {
    "sums": (lambda: sums(3000), 3000 * 2999 // 2),
    "functions": (lambda: chained(1000), 1000 * 999 // 2),
    "callbacks": (lambda: callbacks(600), 600),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_documents_compile_soon(name, monkeypatch):
    """In seconds, which for some of them optimising everything would not (limit_attacks.HANGS is for hangs)."""
    monkeypatch.setenv("PFA_CACHE", "")
    make, wanted = LARGE[name]
    start = time.process_time()
    made = numba(make(), pfa.Limits())
    assert made.action(0) == wanted
    assert time.process_time() - start < HANGS


@pytest.mark.parametrize("limit", ["compile_seconds", "compile_memory"])
def test_a_document_that_is_too_large_to_compile_is_refused(limit):
    with pytest.raises(pfa.PfaCompileError, match=f"Limits.{limit}"):
        numba(sums(3000), pfa.Limits(**{limit: 0.1 if limit == "compile_seconds" else 1 << 20}))
    assert numba(sums(3000), pfa.Limits(**{limit: None})).action(0) == 3000 * 2999 // 2


def test_large_functions_are_not_optimised_and_the_others_are():
    long = "\n".join(["define internal i64 @long(i64 %x) #0 {", *["  %a = add i64 %x, 1"] * 20_000, "}"])
    short = "\n".join(["define internal i64 @short(i64 %x) #0 {", "}"])
    text, level = effort.bounded(f"{short}\n{long}\n{short}", pfa.Limits())
    assert [line.split()[-2] for line in text.split("\n") if line.startswith("define")] == ["#0", "#2", "#0"]
    assert level == 2
    hurried, level = effort.bounded(f"{short}\n" + f"{long}\n" * 5, pfa.Limits())
    assert (hurried.count("#2"), level) == (5, 0)
    small = pfa.Limits(compile_seconds=1.0)
    assert effort.bounded(f"{short}\n{long[: len(long) // 4]}\n", small)[0].count("#2") == 1
