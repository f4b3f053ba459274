"""The conformance runner: what it calls the same, what it reports, and when it fails."""

import hashlib
import json
import lzma
import math
from xml.etree import ElementTree

import pytest

from conformance.__main__ import main
from conformance.exceptions import read_exceptions
from conformance.values import Comparer, fits, reader, unordered
from pfa.types import (
    BYTES,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    STRING,
    Array,
    Enum,
    Field,
    Fixed,
    Map,
    Record,
    Union,
)

OPTIONAL = Union((NULL, DOUBLE))
LEAF = {"value": 2.0, "left": None}
TREE = Record("Tree")
TREE.fields = (Field("value", DOUBLE), Field("left", Union((NULL, TREE))))


@pytest.mark.parametrize(
    ("t", "got", "want"),
    [
        (DOUBLE, 1.0, 1.0 + 5e-10),
        (DOUBLE, 1e-20, 1.0000000001e-20),
        (DOUBLE, math.nan, "nan"),
        (DOUBLE, -math.inf, "-inf"),
        (DOUBLE, 3.0, 3),
        (FLOAT, 0.10000000149011612, 0.1),
        (INT, 3, 3),
        (BYTES, b"\0\xff", "AP8="),
        (BYTES, b"\0\0", "\0\0"),
        (Fixed("F", 2), b"ab", "YWI="),
        (Enum("E", ("a", "b")), "a", "a"),
        (Array(DOUBLE), [1.0, 2.0], [1, 2]),
        (Map(INT), {"a": 1}, {"a": 1}),
        (OPTIONAL, None, None),
        (OPTIONAL, {"double": 1.0}, {"double": 1}),
        (TREE, {"value": 1.0, "left": {"Tree": LEAF}}, {"value": 1, "left": {"Tree": LEAF}}),
    ],
)
def test_the_same(t, got, want):
    assert Comparer().of(t)(got, want)
    assert fits(t, got)


@pytest.mark.parametrize(
    ("t", "got", "want"),
    [
        (DOUBLE, 1.0, 1.0 + 5e-9),
        (DOUBLE, 0.0, 1e-20),
        (DOUBLE, math.nan, 1.0),
        (DOUBLE, math.inf, "-inf"),
        (DOUBLE, 3, 3.0),
        (INT, 3.0, 3),
        (INT, True, 1),
        (LONG, 3, 4),
        (STRING, "a", "b"),
        (BYTES, "AP8=", "AP8="),
        (Array(DOUBLE), [1.0], [1, 2]),
        (Map(INT), {"a": 1}, {"b": 1}),
        (OPTIONAL, {"double": 1.0}, None),
        (OPTIONAL, 1.0, {"double": 1.0}),
        (TREE, {"value": 1.0}, {"value": 1.0, "left": None}),
    ],
)
def test_not_the_same(t, got, want):
    assert not Comparer().of(t)(got, want)


def test_any_order():
    same = unordered(Comparer().of(Array(INT)))
    assert same([1, 2, 2], [2, 1, 2])
    assert not same([1, 2, 2], [2, 1, 1])


def test_reading_samples():
    t = Record("R", (Field("b", BYTES), Field("x", Array(DOUBLE)), Field("u", Union((NULL, BYTES)))))
    sample = {"b": "AP8=", "x": ["inf", 1, "nan"], "u": {"bytes": "AA=="}}
    read = reader(t)(sample)
    assert read["b"] == b"\0\xff"
    assert read["x"][:2] == [math.inf, 1]
    assert read["u"] == {"bytes": b"\0"}


def test_values_of_a_type():
    assert not fits(INT, 1.0)
    assert not fits(OPTIONAL, {"string": "x"})
    assert not fits(Enum("E", ("a",)), "b")
    assert fits(OPTIONAL, None)


ENGINE = {"input": "int", "output": "int", "action": {"+": ["input", 1]}}
RIGHT = {
    "function": "+",
    "engine": ENGINE,
    "trials": [{"sample": 1, "result": 2}, {"sample": 2147483647, "error": 18000}],
}
WRONG = {
    "function": "-",
    "engine": ENGINE,
    "trials": [{"sample": 1, "result": 0}, {"sample": 2, "result": 3}],
}
BROKEN = {"function": "*", "engine": ENGINE | {"action": "nothing"}, "trials": [{"sample": 1, "result": 0}]}


@pytest.fixture
def suite(tmp_path):
    """Write a suite."""

    def write(*tests, name="suite.json"):
        path = tmp_path / name
        text = json.dumps({"pfa-version": "0.8.1", "pfa-tests": tests}).encode()
        path.write_bytes(lzma.compress(text) if name.endswith("xz") else text)
        return path

    return write


@pytest.mark.parametrize("name", ["suite.json", "suite.json.xz"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_suite_that_agrees(suite, capsys, name, jobs):
    assert main([str(suite(RIGHT, name=name)), "--jobs", jobs, "--all"]) == 0
    assert "+ " in capsys.readouterr().out


def test_a_suite_that_does_not(suite, capsys, tmp_path):
    junit, report = tmp_path / "junit.xml", tmp_path / "report.json"
    words = [str(suite(RIGHT, WRONG, BROKEN)), "--jobs", "1", "--junit", str(junit), "--json", str(report)]
    assert main(words) == 1
    out = capsys.readouterr().out
    assert "- engine 1 trial 0: 1 gives 2, not 0" in out
    assert "a document that does not load" in out
    totals = json.loads(report.read_text())
    assert totals["total"] | {"seconds": 0} == {
        "engines": 3, "trials": 5, "passed": 3, "failed": 2, "excepted": 0, "seconds": 0
    }  # fmt: skip
    cases = ElementTree.parse(junit).getroot().iter("testcase")
    assert [case.find("failure") is not None for case in cases] == [False, True, True]


def test_one_function(suite, capsys):
    path = str(suite(RIGHT, WRONG))
    assert main([path, "--function", "+", "--jobs", "1"]) == 0
    assert main([path, "--function", "nothing", "--jobs", "1"]) == 2


def test_language_cases(tmp_path, capsys):
    case = {
        "id": "a",
        "section": "s",
        "says": "x",
        "engine": ENGINE,
        "inputs": [1],
        "expect": {"outputs": [2]},
    }
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([case, case | {"id": "b", "expect": {"outputs": [3]}}]))
    assert main([str(path)]) == 1
    assert "cases:b: input 0: 2, not 3" in capsys.readouterr().out


def test_wrong_calls(capsys):
    assert main(["nowhere.json"]) == 2


@pytest.mark.parametrize(
    ("reference", "differs", "code"), [("0", "0", 0), ("0", "agrees", 1), ("77", "missing", 1)]
)
def test_exceptions_are_strict(suite, tmp_path, monkeypatch, capsys, reference, differs, code):
    test = WRONG if differs != "agrees" else WRONG | {"trials": [{"sample": 1, "result": 2}]}
    test = test | {"trials": test["trials"][:1]}
    path = suite(test)
    entry = f"""suite = "{hashlib.sha256(path.read_bytes()).hexdigest()}"
[[trial]]
function = "-"
engine = 0
sample = 1
ours = 2
reference = {2 if differs == "agrees" else reference}
evidence = "one and one are two"
"""
    file = tmp_path / "exceptions.toml"
    file.write_text(entry)
    monkeypatch.setattr("conformance.__main__.read_exceptions", lambda suite: read_exceptions(suite, file))
    assert main([str(path), "--jobs", "1"]) == code
    out = capsys.readouterr().out
    assert ("now it agrees" in out) == (differs == "agrees")
    assert ("there is no such trial" in out) == (differs == "missing")


def test_an_exception_holds_for_the_same_trial_of_another_suite(suite, tmp_path):
    file = tmp_path / "exceptions.toml"
    file.write_text(
        'suite = ""\n[[trial]]\nfunction = "-"\nengine = 7\nsample = \'{"x": null}\'\nours = 1\n'
        'reference = {error = 5}\nevidence = "x"\n'
    )
    exceptions = read_exceptions(suite(WRONG), file)
    listed = exceptions.of("-", 0)
    assert listed.find({"x": None}, {"error": 5})
    assert not listed.find({"x": None}, {"result": 5})
    assert listed.unused() == []
