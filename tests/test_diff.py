"""`pfa diff`: what differs between two documents, and in their outputs."""

import copy
import json
import math

import pytest

from pfa.cli import main
from pfa.cli.differences import places, same_leaf

RECORD = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}]}
OLD = {
    "name": "Model",
    "version": 1,
    "input": RECORD,
    "output": "double",
    "cells": {
        "m": {"type": {"type": "map", "values": "double"}, "init": {"a": 1, "b": 2}},
        "n": {"type": "int", "init": 0},
    },
    "pools": {"p": {"type": "int", "init": {"k": 1, "l": 2}}},
    "action": [{"cell": "n", "to": {"+": [{"cell": "n"}, 1]}}, {"*": ["input.x", {"cell": "m", "path": [["a"]]}]}],
    "fcns": {"f": {"params": [{"a": "int"}], "ret": "int", "do": ["a"]}},
    "options": {"timeout": 1000},
    "metadata": {"who": "me"},
}


@pytest.fixture
def diff(tmp_path, monkeypatch, capsys):
    """Compare two documents: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def command(old, new, *words):
        for name, document in (("old.json", old), ("new.json", new)):
            text = document if isinstance(document, str) else json.dumps(document)
            (tmp_path / name).write_text(text)
        code = main(["diff", "old.json", "new.json", *words])
        return code, *capsys.readouterr()

    return command


def changed(path, value, document=OLD):
    """A copy in which one place is another; None removes it."""
    made = place = copy.deepcopy(document)
    *way, last = path.split("/")
    for word in way:
        place = place[int(word) if isinstance(place, list) else word]
    if value is None:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return made


CHANGES = {
    "name": ("name", "Other", "name: Model -> Other"),
    "version": ("version", None, "version: removed: 1"),
    "output": ("output", ["null", "double"], "output: double -> union(null, double)"),
    "a field": ("input/fields/0/type", "float",
                'type R: {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}]} -> '
                '{"type": "record", "name": "R", "fields": [{"name": "x", "type": "float"}]}'),
    "type of a cell": ("cells/n/type", "long", "cell n, type: int -> long"),
    "a cell more": ("cells/z", {"type": {"type": "array", "items": "int"}, "init": [1, 2]},
                    "cell z: added: array(int), 2 items"),
    "a cell less": ("pools/p", None, "pool p: removed: int, 2 items"),
    "shared": ("pools/p/shared", True, "pool p, shared: false -> true"),
    "rollback": ("cells/n/rollback", True, "cell n, rollback: false -> true"),
    "a value": ("cells/n/init", 7, "cell n, value: 0 -> 7"),
    "a value inside": ("cells/m/init/b", 2.5, "cell m, value at /b: 2.0 -> 2.5"),
    "values": ("pools/p/init", {"k": 2, "m/n": 2},
               "pool p, value: 3 places: /k: 1 -> 2; /l: 2 -> nothing; /m~1n: nothing -> 2"),
    "many values": ("cells/m/init", {f"k{i}": i for i in range(2000)}, "cell m, value: more than 1,000 places: /a: "),
    "code": ("action/1/*/0", 2, 'action, code at /1/*/0: "input.x" -> 2'),
    "a statement more": ("begin", {"cell": "n", "to": 1}, "begin: added: code"),
    "a function": ("fcns/f/do", ["a", {"+": ["a", 1]}], 'function f, code at /1: added: {"+": ["a", 1]}'),
    "its type": ("fcns/f/ret", "long", "function f: u.f(a: int) -> int -> u.f(a: int) -> long"),
    "a function more": ("fcns/g", {"params": [], "ret": "int", "do": 1}, "function g: added: u.g() -> int"),
    "an option": ("options/timeout", 5, "option timeout: 1000 -> 5"),
    "metadata": ("metadata/when", "now", 'metadata when: added: "now"'),
    "randseed": ("randseed", 5, "randseed: added: 5"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "value", "says"), CHANGES.values(), ids=CHANGES)
def test_one_change(path, value, says, diff):
    code, out, err = diff(OLD, changed(path, value))
    assert (code, err) == (1, "")
    assert out.startswith(says)
    assert out.count("\n") == 1
    assert len(out) < 400


def test_another_type(diff):
    code, out, _ = diff(OLD, changed("input/name", "S"))
    assert code == 1
    assert [line[:14] for line in out.splitlines()] == ["input: R -> S", "type R: remove", "type S: added:"]


SAME = {
    "itself": OLD,
    "marks": {"@": "here", **changed("action/1/@", "there")},
    "an action that is no list": changed("fcns/f/do", "a"),
    "numbers": changed("cells/m/init", {"b": 2.0, "a": 1.0}),
    "what is the default": changed("cells/n/shared", False),
}


@pytest.mark.parametrize("document", SAME.values(), ids=SAME)
def test_the_same(document, diff):
    assert diff(OLD, document) == (0, "", "")


def test_a_value_that_is_elsewhere_is_the_same(diff, tmp_path):
    (tmp_path / "m.json").write_text('{"a": 1, "b": 2}')
    other = changed("cells/m", {"type": OLD["cells"]["m"]["type"], "init": "m.json", "source": "json"})
    assert diff(OLD, other) == (0, "", "")


def test_folds(diff):
    fold = {"input": "double", "output": "double", "method": "fold", "zero": 0, "action": {"+": ["input", "tally"]},
            "merge": {"+": ["tallyOne", "tallyTwo"]}}  # fmt: skip
    code, out, _ = diff(fold, {**fold, "zero": 1, "merge": "tallyOne"})
    assert code == 1
    assert out == ('zero: 0.0 -> 1.0\nmerge, code at /0: {"+": ["tallyOne", "tallyTwo"]} -> "tallyOne"\n')


def test_as_json(diff):
    code, out, _ = diff(OLD, changed("cells/n/init", 7), "--json")
    assert code == 1
    assert json.loads(out) == {"differences": [{"what": "cell n, value", "old": "0", "new": "7"}], "outputs": None}
    assert json.loads(diff(OLD, OLD, "--json")[1]) == {"differences": [], "outputs": None}


def test_trouble_is_2(diff, tmp_path):
    code, out, err = diff(OLD, {**OLD, "action": "nope"})
    assert (code, out) == (2, "")
    assert "new.json" in err
    assert diff(OLD, "nope")[0] == 2
    assert main(["diff", "old.json", "no-such.json"]) == 2


# --- outputs ---------------------------------------------------------------------------------------------------


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "x.jsonl").write_text("".join(json.dumps({"x": x}) + "\n" for x in [1, 2, "q", 4, 0]))


def test_outputs_that_differ(rows, diff):
    code, out, err = diff(OLD, changed("cells/m/init/a", 2), "x.jsonl")
    assert (code, err) == (1, "")
    assert out == """cell m, value at /a: 1.0 -> 2.0
outputs: 3 differ, of 5 rows (failed: 1 -> 1)
  line 1: 1.0 -> 2.0
  line 2: 2.0 -> 4.0
  line 4: 4.0 -> 8.0
"""
    out = diff(OLD, changed("cells/m/init/a", 2), "x.jsonl", "--rows", "1")[1]
    assert out.endswith("  line 1: 1.0 -> 2.0\n  ...\n")


def test_outputs_that_are_the_same(rows, diff):
    code, out, _ = diff(OLD, changed("action/1", {"*": [{"cell": "m", "path": [["a"]]}, "input.x"]}), "x.jsonl")
    assert code == 1
    assert out.endswith("outputs: 0 differ, of 5 rows (failed: 1 -> 1)\n")
    code, out, _ = diff(OLD, OLD, "x.jsonl")
    assert (code, out) == (0, "outputs: 0 differ, of 5 rows (failed: 1 -> 1)\n")


def test_errors_are_outputs(rows, diff):
    failing = changed("action/1", {"if": {"<": ["input.x", 2]}, "then": {"error": "small"}, "else": "input.x"})
    code, out, _ = diff(OLD, failing, "x.jsonl", "--json")
    assert code == 1
    assert json.loads(out)["outputs"] == {
        "rows": 5, "differ": 2, "failed": {"old": 1, "new": 3},
        "shown": [
            {"row": 1, "old": {"output": 1.0}, "new": {"error": "small", "kind": "PfaUserError"}},
            {"row": 5, "old": {"output": 0.0}, "new": {"error": "small", "kind": "PfaUserError"}},
        ],
    }  # fmt: skip


def test_inputs_of_other_types(rows, diff, capsys):
    other = changed("input", {**RECORD, "fields": [{"name": "x", "type": ["double", "string"]}]})
    other["action"] = [{"cast": "input.x", "cases": [{"as": "double", "named": "d", "do": "d"},
                                                     {"as": "string", "named": "s", "do": -1.0}]}]  # fmt: skip
    code, out, _ = diff(OLD, other, "x.jsonl")
    assert code == 1
    assert "outputs: 1 differ, of 5 rows (failed: 1 -> 0)\n  line 3: error: " in out
    assert out.endswith(" -> -1.0\n")
    assert main(["diff", "old.json", "new.json", "-"]) == 2
    assert "the data are read twice: give a file" in capsys.readouterr().err


def test_tolerance(rows, diff):
    other = changed("cells/m/init/a", 1 + 1e-12)
    assert "outputs: 3 differ" in diff(OLD, other, "x.jsonl")[1]
    assert "outputs: 0 differ" in diff(OLD, other, "x.jsonl", "--tolerance", "1e-9")[1]


def test_the_end_counts_too(tmp_path, diff):
    (tmp_path / "x.csv").write_text("input\n1\n2\n")
    emits = {"input": "double", "output": "double", "method": "emit", "action": {"emit": "input"}}
    code, out, _ = diff(emits, {**emits, "end": {"emit": 5}}, "x.csv")
    assert code == 1
    assert out == "end: added: code\noutputs: 1 differ, of 2 rows\n  end: [] -> [5.0]\n"


def test_numbers_that_are_no_numbers(tmp_path, diff):
    (tmp_path / "x.csv").write_text("input\n1\n")
    nan = {"input": "double", "output": "double", "action": {"m.sqrt": -1.0}}
    out = diff(nan, {**nan, "action": {"*": ["input", {"/": [1, 0]}]}}, "x.csv", "--json")[1]
    assert json.loads(out)["outputs"]["shown"][0] == {
        "row": 2, "old": {"output": "NaN"}, "new": {"output": "Infinity"},
    }  # fmt: skip
    assert diff(nan, nan, "x.csv")[0] == 0


def test_data_that_break_off(tmp_path, diff):
    (tmp_path / "x.avro").write_text("nope")
    code, out, err = diff(OLD, OLD, "x.avro")
    assert (code, out) == (2, "")
    assert "x.avro" in err
    assert diff(OLD, OLD, "x.txt")[0] == 2


# --- values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "y", "same"), [
    (1, 1.0, True), (True, 1, False), (math.nan, math.nan, True), (0.0, -0.0, True), ("1", 1, False),
    (None, 0, False), (b"a", "a", False), (b"a", b"a", True),
])  # fmt: skip
def test_leaves(x, y, same):
    assert same_leaf(x, y) is same


def test_deep_values_do_not_recurse():
    one, two = 1, 2
    for _ in range(5000):
        one, two = [one], [two]
    [(path, x, y)] = places(one, two)
    assert (path.count("/"), x, y) == (5000, 1, 2)
