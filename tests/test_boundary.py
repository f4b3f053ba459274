"""Data in and out of engines: what counts as what, and what a refusal says."""

import array
import collections
import datetime
import decimal
import enum
import math
import pickle
import types

import numpy as np
import pytest

import pfa
from tests.boundary_values import COLOR, DOUBLES, INTS, ROW, TWO, identity, numbered, same


class Level(enum.IntEnum):
    HIGH = 3


class Name(str, enum.Enum):  # noqa: UP042  its str() is "Name.RED"
    RED = "red"


class Shouting(str):
    def __str__(self):
        return self.upper()


class Odd(int):
    def __int__(self):
        return 99


Point = collections.namedtuple("Point", "x y")

TAKEN = [
    ("null", None, None),
    ("boolean", True, True),
    ("boolean", np.True_, True),
    ("int", 5, 5),
    ("int", np.int64(5), 5),
    ("int", np.uint8(255), 255),
    ("int", np.array(5), 5),
    ("int", Level.HIGH, 3),
    ("int", Odd(5), 5),
    ("long", -(2**63), -(2**63)),
    ("long", np.uint64(2**63 - 1), 2**63 - 1),
    ("float", 0.5, 0.5),
    ("float", 0.1, 0.10000000149011612),
    ("float", np.float32(0.1), 0.10000000149011612),
    ("float", 3, 3.0),
    ("double", 5, 5.0),
    ("double", 2**70, float(2**70)),
    ("double", np.float64(0.1), 0.1),
    ("double", np.float16(0.5), 0.5),
    ("double", np.int32(5), 5.0),
    ("double", math.inf, math.inf),
    ("double", -0.0, -0.0),
    ("string", "", ""),
    ("string", np.str_("x"), "x"),
    ("string", Shouting("x"), "x"),
    ("bytes", b"\x00\xff", b"\x00\xff"),
    ("bytes", bytearray(b"ab"), b"ab"),
    ("bytes", memoryview(b"ab"), b"ab"),
    ("bytes", np.bytes_(b"ab"), b"ab"),
    ("bytes", "\u00ff", b"\xff"),
    (COLOR, "red", "red"),
    (COLOR, Name.RED, "red"),
    (TWO, b"ab", b"ab"),
    (TWO, "ab", b"ab"),
    (INTS, (1, 2), [1, 2]),
    (INTS, range(3), [0, 1, 2]),
    (INTS, Point(1, 2), [1, 2]),
    (INTS, collections.deque([1]), [1]),
    (INTS, array.array("i", [1, 2]), [1, 2]),
    (INTS, np.arange(3), [0, 1, 2]),
    (INTS, [np.int8(1), 2], [1, 2]),
    (DOUBLES, np.array([1, 2]), [1.0, 2.0]),
    (DOUBLES, np.array([0.5, math.nan]), [0.5, math.nan]),
    (DOUBLES, np.array([], dtype="float32"), []),
    ({"type": "array", "items": DOUBLES}, np.eye(2), [[1.0, 0.0], [0.0, 1.0]]),
    ({"type": "array", "items": "string"}, np.array(["a", "bc"]), ["a", "bc"]),
    ({"type": "array", "items": ["null", "double"]}, np.ma.array([1.5, 2.5], mask=[0, 1]), [1.5, None]),
    ({"type": "map", "values": "int"}, {"a": 1, "@": 2}, {"a": 1, "@": 2}),
    ({"type": "map", "values": "int"}, collections.OrderedDict(a=1), {"a": 1}),
    ({"type": "map", "values": "int"}, types.MappingProxyType({"a": 1}), {"a": 1}),
    (ROW, {"x": 1}, {"x": 1.0, "tags": ["a", "b"], "note": None, "inner": 7}),
    (
        ROW,
        {"x": 1, "note": "n", "extra": object(), "inner": None},
        {"x": 1.0, "tags": ["a", "b"], "note": "n", "inner": None},
    ),
]


@pytest.mark.parametrize(("type", "given", "out"), TAKEN, ids=numbered(TAKEN))
def test_data_that_are_taken(type, given, out):
    assert same(identity(type).action(given)) == same(out)


def test_scalars_of_a_numpy_structured_array():
    table = np.array([(1.5, 2)], dtype=[("x", "f8"), ("n", "i4")])
    record = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "n", "type": "int"}]}
    row = dict(zip(table.dtype.names, table[0], strict=True))
    assert identity(record).action(row) == {"x": 1.5, "n": 2}


REFUSED = [
    ("null", 0, "null", "an integer", ""),
    ("boolean", 1, "boolean", "an integer", ""),
    ("boolean", "true", "boolean", "a string", ""),
    ("int", True, "int", "a boolean", "; convert booleans with int()"),
    ("int", np.True_, "int", "a numpy.bool", "; convert booleans with int()"),
    ("int", 2.0, "int", "a float", "; convert whole floats with int()"),
    ("int", np.float64(2.0), "int", "a numpy.float64", "; convert whole floats with int()"),
    ("int", 2.5, "int", "a float", ""),
    ("int", "2", "int", "a string", ""),
    ("int", 2**31, "int", "an integer", " that does not fit into int"),
    ("long", 2**63, "long", "an integer", " that does not fit into long"),
    ("long", np.uint64(2**63), "long", "an integer", " that does not fit into long"),
    ("double", "2.5", "double", "a string", "; convert texts with float()"),
    ("double", True, "double", "a boolean", ""),
    ("double", None, "double", "null", ""),
    ("double", 1j, "double", "a complex", ""),
    ("double", decimal.Decimal(1), "double", "a Decimal", ""),
    ("double", np.longdouble(1), "double", "a numpy.longdouble", ""),
    ("float", "x", "float", "a string", "; convert texts with float()"),
    ("string", b"ab", "string", "bytes", "; decode bytes first"),
    ("string", 5, "string", "an integer", ""),
    ("string", datetime.date(2020, 1, 1), "string", "a date", ""),
    ("bytes", [1, 2], "bytes", "an array", ""),
    ("bytes", "\u0100", "bytes", "a string", " with code points over 255"),
    (COLOR, "gren", "enum Color (red, green, blue)", "a string", ', did you mean "green"?'),
    (COLOR, 1, "enum Color (red, green, blue)", "an integer", ""),
    (TWO, b"abc", "fixed Two (2 bytes)", "bytes", " of 3 bytes"),
    (INTS, "12", "array(int)", "a string", ""),
    (INTS, {1, 2}, "array(int)", "a set", ""),
    (INTS, {}, "array(int)", "an object", ""),
    (INTS, np.array(5), "array(int)", "a numpy.ndarray", ""),
    ({"type": "map", "values": "int"}, [("a", 1)], "map(int)", "an array", ""),
    (ROW, [1.5], "record Row", "an array", ""),
    (["null", "int"], "x", "union(null, int)", "a string", ""),
]


@pytest.mark.parametrize(("type", "given", "expected", "found", "hint"), REFUSED, ids=numbered(REFUSED))
def test_data_that_are_refused(type, given, expected, found, hint):
    with pytest.raises(pfa.PfaDataError) as caught:
        identity(type).action(given)
    [problem] = caught.value.problems
    assert (caught.value.path, problem.at.pointer) == ("", "")
    assert (problem.expected, problem.hint) == (expected, hint)
    assert problem.found.startswith(found.split(" ")[0])
    assert str(caught.value) == f"expected {expected}, found {problem.found}{hint}"


PLACES = [
    (INTS, [1, 2, "x"], "/2"),
    (INTS, np.array([1.5]), "/0"),
    ({"type": "map", "values": INTS}, {"a": [], "b/c": [1, None]}, "/b~1c/1"),
    ({"type": "map", "values": "int"}, {5: 1}, "/5"),
    (ROW, {"x": 1, "tags": ["a", 5]}, "/tags/1"),
    (ROW, {"x": 1, "inner": {"int": "x"}}, "/inner/int"),
    (ROW, {"tags": []}, ""),
    ({"type": "array", "items": ROW}, [{"x": 1}, {}], "/1"),
    (["null", INTS], [1, "x"], "/1"),
    (["null", INTS], {"array": [1, "x"]}, "/array/1"),
]


@pytest.mark.parametrize(("type", "given", "path"), PLACES, ids=numbered(PLACES))
def test_a_refusal_says_where_in_the_datum(type, given, path):
    with pytest.raises(pfa.PfaDataError) as caught:
        identity(type).action(given)
    assert caught.value.path == caught.value.problems[0].at.pointer == path


def test_a_missing_field_is_named():
    with pytest.raises(pfa.PfaDataError) as caught:
        identity(ROW).action({"X": 1})
    assert str(caught.value) == 'expected field "x" of record Row, found nothing'


def test_values_are_quoted_only_where_asked():
    with pytest.raises(pfa.PfaDataError) as caught:
        identity(INTS).action(["secret"])
    assert str(caught.value) == "/0: expected int, found a string"
    with pytest.raises(pfa.PfaDataError) as caught:
        identity(INTS, limits=pfa.Limits(quote_values=True)).action(["secret"])
    assert str(caught.value) == '/0: expected int, found "secret"'


def test_arguments_of_functions_and_of_merge_are_data_too():
    engine = pfa.loads(
        {
            "input": "int",
            "output": DOUBLES,
            "method": "fold",
            "zero": [],
            "action": "tally",
            "merge": "tallyOne",
            "fcns": {"f": {"params": [{"a": INTS}, {"b": ROW}], "ret": "double", "do": "b.x"}},
        }
    )
    assert engine.call("f", np.arange(2), {"x": np.float32(0.5)}) == 0.5
    with pytest.raises(pfa.PfaDataError) as caught:
        engine.call("f", [1, 2.0], {"x": 1})
    assert (caught.value.path, caught.value.problems[0].hint) == ("/1", "; convert whole floats with int()")
    assert same(engine.merge(np.array([1, 2]), [])) == same([1.0, 2.0])


# --- unions ----------------------------------------------------------------------------------------------

MAP = {"type": "map", "values": "int"}
LEFT = {"type": "record", "name": "Left", "fields": [{"name": "a", "type": "int"}]}
RIGHT = {
    "type": "record",
    "name": "Right",
    "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "int", "default": 0}],
}
NATURAL = [
    (["null", "int", "string"], None, None),
    (["int", "long"], 5, {"int": 5}),
    (["long", "int"], 5, {"int": 5}),
    (["int", "long"], 2**40, {"long": 2**40}),
    (["int", "double"], 5, {"int": 5}),
    (["double", "int"], 5, {"int": 5}),
    (["double", "string"], 5, {"double": 5.0}),
    (["int", "double"], 5.0, {"double": 5.0}),
    (["float", "double"], 0.1, {"double": 0.1}),
    (["int", "boolean"], True, {"boolean": True}),
    (["string", COLOR], "red", {"string": "red"}),
    ([COLOR, "string"], "red", {"Color": "red"}),
    ([COLOR, "string"], "pink", {"string": "pink"}),
    (["bytes", "string"], "x", {"string": "x"}),
    (["bytes", "string"], b"x", {"bytes": b"x"}),
    (["bytes", TWO], b"ab", {"bytes": b"ab"}),
    ([TWO, "bytes"], b"abc", {"bytes": b"abc"}),
    ([MAP, LEFT], {"x": 1}, {"map": {"x": 1}}),
    ([MAP, LEFT], {"a": 1}, {"Left": {"a": 1}}),
    ([LEFT, RIGHT], {"a": 1}, {"Left": {"a": 1}}),
    ([RIGHT, LEFT], {"a": 1}, {"Left": {"a": 1}}),
    ([LEFT, RIGHT], {"a": 1, "b": 2}, {"Right": {"a": 1, "b": 2}}),
    ([LEFT, RIGHT], {"a": 1, "b": 2, "c": 3}, {"Left": {"a": 1}}),
    (["null", INTS], np.arange(2), {"array": [0, 1]}),
    (["null", "double"], np.float32(0.5), {"double": 0.5}),
    (["null", MAP], collections.OrderedDict(x=1), {"map": {"x": 1}}),
]  # fmt: skip


@pytest.mark.parametrize(("type", "given", "tagged"), NATURAL, ids=numbered(NATURAL))
def test_a_plain_value_goes_to_the_first_branch_that_fits_exactly(type, given, tagged):
    assert same(identity(type, unions="tagged").action(given)) == same(tagged)
    assert same(identity(type, unions="tagged").action(tagged)) == same(tagged)
    plain = None if tagged is None else next(iter(tagged.values()))
    assert same(identity(type).action(given)) == same(plain)


@pytest.mark.parametrize("unions", ["natural", "tagged"])
def test_an_object_whose_only_key_is_a_branch_counts_as_tagged(unions):
    engine = identity(["null", {"type": "map", "values": "int"}, "int"], unions=unions)
    five = engine.action({"int": 5})
    assert five == (5 if unions == "natural" else {"int": 5})
    one_key = {"map": {"int": 5}}
    assert engine.action(one_key) == (one_key["map"] if unions == "natural" else one_key)
    with pytest.raises(pfa.PfaDataError) as caught:
        engine.action({"map": 5})
    assert caught.value.path == "/map"
    with pytest.raises(pfa.PfaDataError):
        engine.action({"null": None})


def test_full_names_are_tags():
    record = {**LEFT, "namespace": "com.example"}
    engine = identity(["null", record], unions="tagged")
    assert engine.action({"com.example.Left": {"a": 1}}) == {"com.example.Left": {"a": 1}}


def test_tags_inside_containers():
    engine = identity({"type": "array", "items": {"type": "map", "values": ["null", "int", "long"]}}, unions="tagged")
    given = [{"a": {"long": 5}, "b": None, "c": {"int": 5}}]
    assert engine.action(given) == given
    assert engine.action([{"a": 5, "b": None}]) == [{"a": {"int": 5}, "b": None}]


# --- deep data -------------------------------------------------------------------------------------------

LINK = {"type": "record", "name": "Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}


def chain(length):
    value = None
    for _ in range(length):
        value = {"next": value}
    return value


def unchain(value):
    """Take a long chain apart: the interpreter would recurse."""
    while value:
        value = value["next"]


def test_data_as_deep_as_a_document():
    assert identity(LINK).action(chain(200)) == chain(200)


@pytest.mark.parametrize("method", ["action", "call", "merge"])
def test_deeper_data_end_in_an_error(method):
    document = {
        "input": LINK,
        "output": "Link",
        "method": "fold",
        "zero": {"next": None},
        "action": "input",
        "merge": "tallyTwo",
        "fcns": {"f": {"params": [{"x": "Link"}], "ret": "Link", "do": "x"}},
    }
    engine = pfa.loads(document)
    calls = {
        "action": engine.action,
        "call": lambda value: engine.call("f", value),
        "merge": lambda value: engine.merge(value, value),
    }
    deep, ring = chain(100_000), {}
    ring["next"] = ring
    for value in (deep, ring):
        with pytest.raises(pfa.PfaLimitError, match="recursion"):
            calls[method](value)
    unchain(deep)
    assert engine.tally == {"next": None}
    assert calls[method](chain(3)) == chain(3)


def test_deep_values_that_a_document_made():
    """Outputs, logs, states and snapshots of a chain that is longer than anything that recurses can bear."""
    longer = {"set": {"x": {"type": "Link", "new": {"next": "x"}}}}
    grow = {"for": {"i": 0}, "while": {"<": ["i", 100_000]}, "step": {"i": {"+": ["i", 1]}}, "do": longer}
    make = [{"let": {"x": {"type": "Link", "value": {"next": None}}}}, grow]
    document = {
        "input": {"type": "enum", "name": "What", "symbols": ["give", "log", "keep"]},
        "output": ["null", LINK],
        "action": [*make, {"cond": [
            {"if": {"==": ["input", {"type": "What", "value": "give"}]}, "then": "x"},
            {"if": {"==": ["input", {"type": "What", "value": "log"}]}, "then": [{"log": "x"}, None]},
        ], "else": [{"cell": "c", "to": "x"}, None]}],
        "cells": {"c": {"type": "Link", "init": {"next": None}}},
        "fcns": {"get": {"params": [], "ret": "Link", "do": {"cell": "c"}}},
    }  # fmt: skip
    engine = pfa.loads(document)
    for what in ("give", "log"):
        with pytest.raises(pfa.PfaLimitError):
            engine.action(what)
    assert engine.action("keep") is None
    for call in (engine.state, engine.snapshot, lambda: engine.call("get"), lambda: pickle.dumps(engine)):
        with pytest.raises(pfa.PfaLimitError):
            call()
    assert engine.clone().call("get") == {"next": None}
