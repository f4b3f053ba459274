"""Attacks: hostile documents and data end at once in an error of ours; docs/security.md is the table.

Reading is attacked in test_read_attacks.py, functions in test_array_functions.py and test_regex.py, states in
test_state.py.
"""

import json
import os
import re
import threading
import time
from pathlib import Path

import pytest

import pfa
from tests.support import ROOT

LIMITS = pfa.Limits(time=0.3, memory=100_000_000)
SECONDS = 5  # until an attack must have ended: far more than it takes, far less than it would
INTS = {"type": "array", "items": "int"}
MAP = {"type": "map", "values": "int"}
LINK = {"type": "record", "name": "Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}
FOREVER = {"while": True, "do": {"doc": ""}}


def engine(action, output="null", input="null", **more):
    return {"input": input, "output": output, "action": action, **more}


def grows(start, step):
    """Makes a value larger for ever."""
    return engine([{"let": {"x": start, "i": 0}}, {"while": True, "do": {"set": {"x": step, "i": NEXT}}}])


def calls(body):
    """Calls a function of one int."""
    function = {"params": [{"x": "int"}], "ret": "int", "do": body}
    return engine({"u.f": [0]}, "int", fcns={"f": function})


def length(of, value):
    return engine({f"{of}.len": [value]}, "int")


def numbers(count):
    return {"type": INTS, "value": list(range(count))}


NEXT = {"+": ["i", 1]}
AGAIN = {"u.f": [{"+": ["x", 1]}]}
ENDLESS = {"params": [{"x": "int"}], "ret": "null", "do": FOREVER}
DOUBLE = {"params": [{"o": INTS}], "ret": INTS, "do": {"a.concat": ["o", "o"]}}
NEW_ITEM = {"pool": "p", "path": [{"s.int": ["i"]}], "to": 1, "init": 1}
RUNNING = {
    "endless while": engine(FOREVER),
    "endless do-until": engine({"do": {"doc": ""}, "until": False}),
    "endless for": engine({"for": {"i": 0}, "while": True, "step": {"i": 1}, "do": {"doc": ""}}),
    "endless loop inside try": engine({"try": FOREVER}),
    "try inside an endless loop": engine({"while": True, "do": {"try": {"error": "again"}}}),
    "endless loop in a callback": engine([{"a.map": [numbers(1), ENDLESS]}, None]),
    "endless recursion": calls(AGAIN),
    "endless recursion inside try": calls({"ifnotnull": {"y": {"try": AGAIN}}, "then": "y", "else": 0}),
    "recursion that branches": calls({"if": {">": ["x", 500]}, "then": 0, "else": {"+": [AGAIN, AGAIN]}}),
    "text doubled": grows({"string": "x"}, {"s.concat": ["x", "x"]}),
    "bytes doubled": grows({"base64": "AAAA"}, {"pack": [{"raw": "x"}, {"raw": "x"}]}),
    "array doubled": grows(numbers(2), {"a.concat": ["x", "x"]}),
    "array appended to": grows(numbers(0), {"a.append": ["x", 1]}),
    "map filled": grows({"type": MAP, "value": {}}, {"map.add": ["x", {"s.int": ["i"]}, "i"]}),
    "chain of records": grows(
        {"type": ["null", LINK], "value": None}, {"new": {"next": "x"}, "type": "Link"}
    ),
    "pool filled": engine(
        [{"let": {"i": 0}}, {"while": True, "do": [NEW_ITEM, {"set": {"i": NEXT}}]}],
        pools={"p": {"type": "int"}},
    ),
    "cell that grows": engine(
        {"while": True, "do": {"cell": "c", "to": DOUBLE}}, cells={"c": {"type": INTS, "init": [1]}}
    ),
    "text repeated": length("s", {"s.repeat": [{"string": "x"}, 2147483647]}),
    "all orders": length("a", {"a.permutations": [numbers(12)]}),
    "all choices": length("a", {"a.combinations": [numbers(60), 30]}),
    "random bytes": length("bytes", {"rand.bytes": [2147483647]}),
    "emitting for ever": engine({"while": True, "do": {"emit": 1}}, "int", method="emit"),
    "logging for ever": engine({"while": True, "do": {"log": 1}}),
    "back references": engine(
        {"re.contains": [{"s.repeat": [{"string": "a"}, 30_000]}, {"string": r"(a*)*\1b"}]}, "boolean"
    ),
}


def refused(action):
    """The error that an attack ends with, and how long it took."""
    start = time.process_time()
    with pytest.raises(pfa.PfaError) as caught:
        action()
    assert time.process_time() - start < SECONDS
    return caught.value


@pytest.mark.parametrize("name", RUNNING)
def test_running_ends_at_a_limit(name):
    attack = RUNNING[name]
    victim = pfa.loads(attack, limits=LIMITS)
    victim.log = lambda *message: None
    victim.emit = (lambda value: None) if attack.get("method") == "emit" else None
    assert isinstance(refused(lambda: victim.action(None)), pfa.PfaLimitError)
    assert isinstance(refused(lambda: victim.action(None)), pfa.PfaLimitError), "a second time"


def test_a_breach_leaves_the_engine_usable():
    document = engine({"if": "input", "then": [FOREVER, 0], "else": 7}, "int", "boolean")
    victim = pfa.loads(document, limits=pfa.Limits(steps=10_000))
    for _ in range(3):
        assert isinstance(refused(lambda: victim.action(True)), pfa.PfaLimitError)
        assert victim.action(False) == 7


def test_a_timeout_of_the_document_has_the_text_of_the_specification():
    victim = pfa.loads(engine(FOREVER, options={"timeout.action": 50}))
    assert "exceeded timeout of 50 milliseconds" in str(refused(lambda: victim.action(None)))


def test_steps_are_counted_the_same_each_time():
    loop = {"for": {"i": 0}, "while": {"<": ["i", "input"]}, "step": {"i": NEXT}, "do": {"doc": ""}}
    victim = pfa.loads(engine(loop, input="int"), limits=pfa.Limits(steps=1000))
    victim.action(900)
    refused(lambda: victim.action(1100))
    victim.action(900)


WORDS = "__import__('os').system('id')"


def test_no_text_of_the_document_is_in_the_source():
    """Names of symbols, functions, cells and fields, keys, texts and numbers are constants or are renamed."""
    names = ["import_os", "eval_me", "exec_me", "lambda_me", "class_me"]
    record = {"type": "record", "name": names[0], "fields": [{"name": names[1], "type": "double"}]}
    document = engine(
        [
            {"let": {names[2]: {"u." + names[3]: ["input." + names[1]]}}},
            {"log": {"string": WORDS}, "namespace": "eval_me"},
            {"if": {"==": [names[2], 12345.6789]}, "then": {"error": WORDS}},
            {"cell": names[4], "path": [{"string": WORDS}]},
        ],
        "double",
        record,
        name=names[0],
        doc=WORDS,
        metadata={WORDS: WORDS},
        fcns={names[3]: {"params": [{names[4]: "double"}], "ret": "double", "do": names[4]}},
        cells={names[4]: {"type": {"type": "map", "values": "double"}, "init": {WORDS: 1}}},
    )
    victim = pfa.loads(document)
    assert victim.action({names[1]: 1.0}) == 1.0
    source = victim.source()
    assert not any(name in source for name in names)
    assert "system" not in source
    assert "12345" not in source


@pytest.mark.parametrize(
    "word", ["True", "print", "__builtins__", "self", "rt", "budget", "v1", "K1", "action", "decode", "_"]
)
def test_names_that_mean_something_in_the_source_are_only_names(word):
    times_ten = {"params": [{word: "double"}], "ret": "double", "do": {"*": [word, 10]}}
    add = {"set": {word: {"+": [word, {"u." + word: [word]}]}}}
    document = engine([{"let": {word: 2.0}}, add, word], "double", fcns={word: times_ten})
    assert pfa.loads(document).action(None) == 22.0


@pytest.mark.parametrize(
    "location",
    [
        "/etc/passwd",
        "../secret.json",
        "sub/../../secret.json",
        "link.json",
        "file:///etc/passwd",
        "http://127.0.0.1:9/x",
    ],
)
@pytest.mark.parametrize("load", ["path", "text"])
def test_files_outside_the_documents_folder_are_not_opened(tmp_path, location, load):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "sub").mkdir()
    (tmp_path / "secret.json").write_text("5")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    document = engine({"cell": "c"}, "int", cells={"c": {"type": "int", "init": location, "source": "json"}})
    path = folder / "model.pfa"
    path.write_text(json.dumps(document))
    error = refused((lambda: pfa.load(path)) if load == "path" else (lambda: pfa.loads(document)))
    assert isinstance(error, pfa.PfaInitError)


@pytest.mark.parametrize(
    "datum",
    [
        {"a": 10**400},
        {"a": -(10**30)},
        {"a": float("nan")},
        {"a": "1" * 10_000_000},
        {"a": b"\xff"},
        {"a": [[[[]]]]},
        {},
        [],
        object(),
        {1: 2},
    ],
    ids=lambda d: repr(d)[:20],
)
def test_data_of_another_type_are_refused(datum):
    document = engine(
        "input.a", "int", {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}
    )
    victim = pfa.loads(document)
    error = refused(lambda: victim.action(datum))
    assert isinstance(error, pfa.PfaDataError)
    assert len(str(error)) < 300


def test_a_datum_that_nests_deep_or_contains_itself():
    victim = pfa.loads(engine({"ifnotnull": {"n": "input.next"}, "then": 1, "else": 0}, "int", LINK))
    deep = {"next": None}
    for _ in range(1_000_000):
        deep = {"next": deep}
    error = refused(lambda: victim.action(deep))
    assert isinstance(error, pfa.PfaDataError | pfa.PfaLimitError)
    ring = {}
    ring["next"] = ring
    error = refused(lambda: victim.action(ring))
    assert isinstance(error, pfa.PfaDataError | pfa.PfaLimitError)
    while deep:  # taken apart by hand: the interpreter would recurse
        deep = deep["next"]


def test_errors_do_not_quote_data_unless_asked():
    document = engine("input", "int", "int")
    assert "4711" not in str(refused(lambda: pfa.loads(document).action("4711")))
    quoting = pfa.loads(document, limits=pfa.Limits(quote_values=True))
    assert "4711" in str(refused(lambda: quoting.action("4711")))


def test_what_a_caller_changes_changes_no_engine():
    """Data in and out, and the document, are copied or never shared."""
    init = [1, 2]
    document = engine(
        [{"cell": "c", "to": "input"}, {"cell": "c"}], INTS, INTS, cells={"c": {"type": INTS, "init": init}}
    )
    victim = pfa.loads(document)
    init.append(99)
    given = [5]
    got = victim.action(given)
    given.append(6)
    got.append(7)
    assert victim.snapshot()["cells"]["c"]["init"] == [5]


def test_an_attack_in_one_thread_does_not_stop_another():
    attack = pfa.loads(engine(FOREVER), limits=pfa.Limits(time=1.0))
    other = pfa.loads(engine({"+": ["input", 1]}, "int", "int"))
    thread = threading.Thread(target=refused, args=[lambda: attack.action(None)])
    thread.start()
    start = time.monotonic()
    count = 0
    while thread.is_alive():
        assert other.action(1) == 2
        count += 1
    assert count > 100
    assert time.monotonic() - start < SECONDS
    thread.join()


@pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="the memory of a process is read from /proc"
)
def test_memory_stays_near_the_limit():
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = resident()
    victim = pfa.loads(RUNNING["array doubled"], limits=pfa.Limits(time=10.0, memory=50_000_000))
    refused(lambda: victim.action(None))
    assert resident() - before < 200_000_000


def test_the_table_of_attacks_names_every_test_here():
    table = (ROOT / "docs/security.md").read_text("utf-8")
    tests = re.findall(r"^def (test_\w+)", Path(__file__).read_text("utf-8"), re.MULTILINE)
    assert [name for name in tests if name not in table] == []
