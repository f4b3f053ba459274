"""Parts of the checker that whole documents show only in passing: hints, the call graph, order, where types stand."""

import json
import time

import pytest

import pfa
from pfa.check.callgraph import recursive, writers
from pfa.check.checker import Facts
from pfa.check.hints import Hints
from pfa.check.problems import nearest, show
from pfa.check.schemas import type_places


def graph(**calls):
    """Functions by name, with whom they call; "!" is a change of a cell."""
    return {
        name: Facts(set(called) - {"!"}, [("cell-to", f"/fcns/{name}")] if "!" in called else [])
        for name, called in calls.items()
    }


def test_functions_that_reach_themselves():
    found = graph(a="b", b="c", c="ad", d="e", e="", f="f", g="fa", h="i", i="h", j="x")
    assert recursive(found) == {"a", "b", "c", "f", "h", "i"}


def test_a_cycle_that_is_left_and_entered_again():
    found = graph(a="bc", b="a", c="d", d="c", e="ad", f="g", g="hf", h="i", i="g")
    assert recursive(found) == {"a", "b", "c", "d", "f", "g", "h", "i"}


def test_a_long_chain_of_functions_needs_no_stack():
    names = [f"f{i}" for i in range(50_000)]
    chain = {name: Facts({after}) for name, after in zip(names, [*names[1:], names[0]], strict=True)}
    assert recursive(chain) == set(names)


def test_functions_that_reach_a_change_of_a_cell():
    found = writers(graph(a="b", b="c", c="!", d="d", e="da"))
    assert found.keys() == {"a", "b", "c", "e"}
    assert set(found.values()) == {("cell-to", "/fcns/c")}


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("treshold", ["threshold", "total"], "threshold"),
        ("INPUT", ["input"], "input"),
        ("fi", ["if", "do"], "if"),
        ("returns", ["ret", "do"], "ret"),
        ("init", ["initial", "type"], "initial"),
        ("ini", ["initial", "iniquity"], ""),
        ("x", ["y"], ""),
        ("", ["y"], ""),
        ("x" * 200, ["x" * 199], ""),
        ("nmae7", ["mean", *(f"name{i}" for i in range(5000))], ""),
        ("naem7", [f"name{i}" for i in range(5000)], "name7"),
    ],
)
def test_the_nearest_name(name, known, near):
    assert nearest(name, known) == near


def test_hints_end_when_they_have_taken_long_enough():
    hints = Hints()
    known = [f"name{i}" for i in range(1000)]
    assert all(hints.near("name1x", known) for _ in range(200))
    assert hints.near("name1x", known) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ('say "x"\n', '"say \\"x\\"\\n"'),
        ("größe", '"größe"'),
        ("x" * 100, '"' + "x" * 55 + '..."'),
        ({}, "an empty object"),
        ([1], "an array"),
        (None, "null"),
        (True, "true"),
        (1e40, "1e+40"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (1 << 500, "a very large integer"),
    ],
)
def test_a_value_in_a_message(value, text):
    assert show(value) == text


@pytest.mark.parametrize(
    ("schema", "pointers"),
    [
        ({"type": "arry", "items": "strnig"}, ["/input/type", "/input/items"]),
        ({"type": "whatever", "name": "R", "fields": []}, ["/input/type"]),
    ],
    ids=["a kind that is nearly right is read as that", "a name of an unknown kind is known"],
)
def test_one_mistake_in_a_schema_is_one_problem(schema, pointers):
    document = {"input": schema, "output": "int", "action": [{"let": {"x": {"type": ["null", "R"], "value": None}}}, 1]}
    if "items" in schema:
        document["action"] = 1
    assert [p.at.pointer for p in pfa.check(document)] == pointers


def test_a_function_may_be_what_fills_a_parameter():
    matrices = {"type": "array", "items": {"type": "array", "items": {"type": "array", "items": "double"}}}
    twice = {"params": [{"x": "double"}], "ret": "double", "do": {"*": ["x", 2.0]}}
    filled = {"fcn": "la.map", "fill": {"fcn": twice}}
    document = {"input": matrices, "output": matrices, "action": {"a.map": ["input", filled]}}
    assert pfa.check(document) == []
    assert pfa.loads(document).action([[[1.0, 2.0]], [[3.0]]]) == [[[2.0, 4.0]], [[6.0]]]


def test_schemas_stand_only_where_types_are_written():
    """Embedded data that looks like code is none."""
    looks = {"type": {"type": "record", "name": "Data"}, "value": 1, "params": [{"x": "Data"}], "ret": "Data"}
    document = {
        "input": "I",
        "output": "O",
        "cells": {"@": "mark", "c": {"type": "C", "init": looks}, "d": 5, "e": {"init": 1}},
        "pools": {"p": {"type": "P"}},
        "fcns": {"f": {"params": [{"x": "X", "@": "mark"}, 5], "ret": "R", "do": {"ret": "y"}}},
        "action": [
            {"type": "T", "value": looks},
            {"new": [{"upcast": 1, "as": "U"}], "type": "N"},
            {"cast": 1, "cases": [{"as": "A", "named": "n", "do": {"as": "no"}}, {"named": "no"}]},
            {"type": "no"},
            {"params": 5, "do": 1},
            {"params": 5, "ret": "S", "do": 1},
        ],
    }
    found = list(type_places(document))
    assert [schema for schema, _ in found] == list("IOCP") + list("TNUAS") + list("RX")
    for schema, pointer in found:
        value = document
        for token in pointer.split("/")[1:]:
            value = value[int(token)] if isinstance(value, list) else value[token]
        assert value == schema


# --- documents of any size ---------------------------------------------------------------------------------


def large(count):
    """Documents with `count` problems, of the kinds that could take quadratic time."""
    plain = {"input": "double", "output": "double", "action": "input"}
    steps = {"unknown symbols": [{"+": ["input", f"name{i}"]} for i in range(count)]}
    steps["unknown functions"] = [{f"m.unknown{i}": ["input"]} for i in range(count)]
    steps["own unknown functions"] = [{f"u.unknown{i}": ["input"]} for i in range(count)]
    steps["misspelled forms"] = [{"fi": True, "then": 1, "else": 2} for _ in range(count)]
    steps["misspelled fields"] = [{"if": True, "thn": {"log": "input"}} for _ in range(count)]
    steps["unknown cells"] = [{"cell": f"cell{i}"} for i in range(count)]
    steps["wrong types"] = [{"s.len": [i]} for i in range(count)]
    steps["set what is not there"] = [{"let": {f"v{i}": i}} for i in range(count)] + [
        {"set": {f"w{i}": i}} for i in range(count)
    ]
    found = {name: {**plain, "action": [*action, "input"]} for name, action in steps.items()}
    cells = {f"c{i}": {"type": "double", "init": "x"} for i in range(count)}
    types = {f"t{i}": {"type": f"Type{i}", "init": 1} for i in range(count)}
    functions = {f"f{i}": {"params": [{"x": "int"}], "ret": "int", "do": f"y{i}"} for i in range(count)}
    fields = [{"name": f"x{i}", "type": f"Type{i}"} for i in range(count)]
    found["cells"] = {**plain, "cells": cells}
    found["types"] = {**plain, "cells": types}
    found["functions"] = {**plain, "fcns": functions}
    found["fields"] = {**plain, "input": {"type": "record", "name": "R", "fields": fields}, "action": 0}
    found["top"] = {**plain, **{f"field{i}": 1 for i in range(count)}}
    found["metadata"] = {**plain, "metadata": {f"key{i}": i for i in range(count)}}
    return found


@pytest.mark.parametrize("name", large(1))
def test_thousands_of_problems_are_all_found_in_a_moment(name):
    count = 5000
    text = json.dumps(large(count)[name], indent=1)
    begin = time.process_time()
    found = pfa.check(text)
    assert time.process_time() - begin < 10  # each takes about one; a quadratic one takes minutes
    assert len(found) == count
    places = [(p.at.line, p.at.col) for p in found]
    assert places == sorted(places)
    assert places[0] > (1, 1)


def test_a_chain_of_thousands_of_updates_is_checked_in_a_moment():
    count = 3000
    functions = {
        f"f{i}": {"params": [{"x": "int"}], "ret": "int", "do": {f"u.f{i + 1}": ["x"]}} for i in range(count)
    }
    functions[f"f{count}"] = {"params": [{"x": "int"}], "ret": "int", "do": {"cell": "n", "to": "x"}}
    document = {
        "input": "int",
        "output": "int",
        "cells": {"n": {"type": "int", "init": 0}},
        "fcns": functions,
        "action": [*({"cell": "n", "to": {"fcn": f"u.f{i}"}} for i in range(count)), "input"],
    }
    begin = time.process_time()
    found = pfa.check(document)
    assert time.process_time() - begin < 10
    assert len(found) == count
    assert {type(p).__name__ for p in found} == {"UpdateWrites"}
