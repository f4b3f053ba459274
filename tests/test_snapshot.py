"""Snapshots and pickles of engines: the document they give is the document that was read."""

import json
import pickle

import pytest

import pfa


def text(action, output, **members):
    return json.dumps({"input": "null", "output": output, "action": action, **members})


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("bytes", "\u00ff"),
        ({"type": "array", "items": ["int", "long"]}, [{"int": 1}, {"long": 2}]),
        ({"type": "map", "values": ["null", "double"]}, {"a": {"double": 1.5}, "b": None}),
        ("float", 0.1),
    ],
)
def test_a_typed_literal_stays_as_it_was_written(type_, value):
    literal = {"type": type_, "value": value}
    engine = pfa.loads(text(literal, type_, cells={"x": {"type": "int", "init": 1}}))
    assert engine.snapshot()["action"] == literal
    again = pfa.loads(json.dumps(engine.snapshot()))
    assert again.action(None) == pickle.loads(pickle.dumps(engine)).action(None) == engine.action(None)


def test_a_value_that_is_small_in_memory_and_huge_when_written_ends_at_a_limit():
    """A tree whose two children are one record, sixty levels deep."""
    tree = {
        "type": "record",
        "name": "Tree",
        "fields": [{"name": "l", "type": ["null", "Tree"]}, {"name": "r", "type": ["null", "Tree"]}],
    }
    grow = {"new": {"l": {"cell": "t"}, "r": {"cell": "t"}}, "type": "Tree"}
    cells = {"t": {"type": tree, "init": {"l": None, "r": None}}}
    engine = pfa.loads(text([{"cell": "t", "to": grow}, None], "null", cells=cells), limits=pfa.Limits(time=0.3))
    for _ in range(60):
        engine.action(None)
    for write in (engine.state, engine.snapshot, lambda: pickle.dumps(engine)):
        with pytest.raises(pfa.PfaLimitError):
            write()
    engine.action(None)
