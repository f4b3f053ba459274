"""Data in and out of engines: nothing is shared with the caller."""

import copy
import json
import pickle

import pytest

import pfa
from tests.boundary_values import DOUBLES, ROW, identity

NESTED = {"type": "map", "values": {"type": "array", "items": ["null", DOUBLES, ROW]}}


def nested():
    return {"k": [[1.0], {"x": 2.0, "tags": ["t"]}, None]}


def spoil(value):
    """Change everything in a value that can be changed."""
    match value:
        case dict():
            for v in list(value.values()):
                spoil(v)
            value["spoilt"] = "spoilt"
        case list():
            for v in value:
                spoil(v)
            value.append("spoilt")


def keeping(type=NESTED, **more):
    """Keeps its input in a cell, a pool and the tally, and gives it back."""
    name = type["name"] if isinstance(type, dict) and "name" in type else type
    document = {
        "input": type,
        "output": name,
        "action": [
            {"cell": "c", "to": "input"},
            {"pool": "p", "path": [["item"]], "to": "input", "init": "input"},
            "input",
        ],
        "cells": {"c": {"type": name, "init": {}}},
        "pools": {"p": {"type": name}},
        "fcns": {
            "echo": {"params": [{"x": name}], "ret": name, "do": [{"cell": "c", "to": "x"}, "x"]},
            "get": {"params": [], "ret": name, "do": {"cell": "c"}},
        },
    }
    return {**document, **more}


def test_changing_what_was_given_or_got_changes_nothing():
    engine = pfa.loads(keeping())
    given = nested()
    got = engine.action(given)
    before = json.dumps(engine.snapshot())
    spoil(given)
    spoil(got)
    spoil(engine.call("get"))
    spoil(engine.snapshot())
    assert json.dumps(engine.snapshot()) == before
    assert "spoilt" not in before


def test_changing_arguments_and_results_of_calls():
    engine = pfa.loads(keeping())
    given = nested()
    spoil(engine.call("echo", given))
    spoil(given)
    assert "spoilt" not in str(engine.call("get"))


def test_changing_tallies():
    fold = {"method": "fold", "zero": {"z": [None]}, "merge": "tallyTwo"}
    engine = pfa.loads(keeping(**fold))
    spoil(engine.tally)
    assert engine.tally == {"z": [None]}
    given = nested()
    spoil(engine.action(given))
    spoil(given)
    spoil(engine.tally)
    assert "spoilt" not in str(engine.tally)
    one, two = nested(), nested()
    spoil(engine.merge(one, two))
    spoil(one)
    spoil(two)
    assert "spoilt" not in str(engine.tally)


@pytest.mark.parametrize("callback", [True, False])
def test_changing_what_was_emitted(callback):
    document = keeping(method="emit", action=[{"cell": "c", "to": "input"}, {"emit": {"cell": "c"}}])
    engine = pfa.loads(document)
    engine.emit = spoil if callback else None
    for _ in range(2):
        given = nested()
        got = engine.action(given)
        spoil(given)
        spoil(got)
        assert "spoilt" not in str(engine.call("get"))
    engine.emit = None
    assert "spoilt" not in str(engine.action(nested()))


def test_changing_the_list_of_what_was_emitted():
    engine = pfa.loads({"input": "int", "output": "int", "method": "emit", "action": {"emit": "input"}})
    engine.action(1).append(99)
    assert engine.action(2) == [2]
    failing = pfa.loads({"input": "int", "output": "int", "method": "emit", "action": [{"emit": 1}, {"error": "stop"}]})
    with pytest.raises(pfa.PfaUserError) as caught:
        failing.action(1)
    caught.value.emitted.append(99)
    with pytest.raises(pfa.PfaUserError) as caught:
        failing.action(1)
    assert caught.value.emitted == [1]


CONSTANTS = {
    "literal": {"type": NESTED, "value": {"k": [{"array": [1.0]}]}},
    "cell": {"cell": "c"},
    "pool": {"pool": "p", "path": [["i"]]},
    "default": {"u.f": []},
}


@pytest.mark.parametrize("constant", CONSTANTS)
def test_changing_a_constant_that_came_out(constant):
    init = {"k": [{"array": [1.0]}]}
    engine = pfa.loads(
        keeping(
            input="null",
            action=CONSTANTS[constant],
            cells={"c": {"type": NESTED, "init": init}},
            pools={"p": {"type": NESTED, "init": {"i": init}}},
            fcns={"f": {"params": [], "ret": NESTED, "do": CONSTANTS["literal"]}},
        )
    )
    clone = engine.clone()
    for _ in range(2):
        spoil(engine.action(None))
    assert engine.action(None) == clone.action(None) == {"k": [[1.0]]}


def test_changing_metadata():
    engine = pfa.loads(
        {"input": "null", "output": {"type": "map", "values": "string"}, "action": "metadata", "metadata": {"a": "b"}}
    )
    spoil(engine.action(None))
    spoil(engine.metadata)
    assert engine.action(None) == engine.metadata == {"a": "b"}


def test_changing_defaults_of_fields():
    engine = identity(ROW)
    for _ in range(2):
        got = engine.action({"x": 1})
        assert got["tags"] == ["a", "b"]
        spoil(got)


def test_changing_the_document_that_was_loaded():
    """A dict is the caller's: engines, their clones, snapshots and pickles do not look at it again."""
    document = copy.deepcopy(keeping())
    document["options"] = {"timeout": 1000}
    document["cells"]["c"]["init"] = {"k": [{"array": [1.0]}]}
    engine = pfa.loads(document)
    before = json.dumps(engine.snapshot())
    spoil(document)
    assert json.dumps(engine.snapshot()) == before
    assert pickle.loads(pickle.dumps(engine)).call("get") == engine.clone().call("get") == {"k": [[1.0]]}
    assert engine.action(nested())["k"][0] == [1.0]


def test_loading_changes_no_document():
    document = keeping(metadata={"a": "b"})
    document["cells"]["c"]["init"] = {"k": [{"array": [1.0]}, {"Row": {"@": "mark", "x": 1}}]}
    before = json.dumps(document)
    pfa.check(document)
    engine = pfa.loads(document)
    engine.action(nested())
    engine.snapshot()
    assert json.dumps(document) == before


def test_changing_a_datum_while_its_action_runs():
    """The log is the host's way in; the datum was copied before."""
    engine = pfa.loads(keeping(action=[{"log": 1}, {"cell": "c", "to": "input"}, "input"]))
    given = nested()
    engine.log = lambda message, namespace: spoil(given)
    assert "spoilt" not in str(engine.action(given))


def test_states_are_bytes():
    engine = pfa.loads(keeping())
    engine.action(nested())
    blob = engine.state()
    spoil(engine.call("get"))
    assert isinstance(blob, bytes)
    assert engine.clone().call("get") == {}
    assert "spoilt" not in str(pfa.loads(keeping(), state=blob).call("get"))
