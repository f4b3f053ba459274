"""model.tree.* on the numba backend against the python one: fields and values of every pair of types, and trees."""

import math
import random
from functools import cache

import pytest

import pfa
from tests.test_kernel_library import same

COLORS = {"type": "enum", "name": "Color", "symbols": ["red", "green", "blue"]}
POINT = {"type": "record", "name": "Point", "fields": [{"name": "at", "type": {"type": "array", "items": "double"}}]}
BIG = 2**53 + 1
SAMPLES = {
    "null": [None],
    "boolean": [False, True],
    "int": [0, 1, -3, 2**24 + 1],
    "long": [0, 5, BIG, -BIG, 2**63 - 1],
    "float": [0.0, -0.0, 0.5, 16777216.0, math.nan],
    "double": [0.0, 0.1, 0.5, 5.0, float(BIG - 1), math.inf, math.nan],
    "string": ["", "a", "b", "é", "a" * 20, "green"],
    "bytes": [b"", b"a", b"\xff"],
    "Color": ["red", "green", "blue"],
    "Point": [{"at": []}, {"at": [1.0, math.nan]}],
    "ints": [[], [0, 1], [5, -3]],
    "strings": [[], ["a"], ["a", "é"]],
    "doubles": [[0.5, math.nan], [0.0, 1.0, 5.0, 0.1]],
    "mixed": [[], [None], [None, {"double": 0.5}, {"string": "a"}], [{"string": "a"}, {"double": math.nan}]],
    "map": [{}, {"a": 1}],
}
TYPES = {
    "Color": COLORS, "Point": POINT, "ints": {"type": "array", "items": "int"},
    "strings": {"type": "array", "items": "string"}, "doubles": {"type": "array", "items": "double"},
    "mixed": {"type": "array", "items": ["null", "double", "string"]}, "map": {"type": "map", "values": "int"},
}  # fmt: skip
OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "in", "notIn", "alwaysTrue", "alwaysFalse", "isMissing", "notMissing",
             "", "=", "=>", "~", "no", "notin", "notIn ", "alwaysTrub", "isMissinG", "notMissing2"]  # fmt: skip
FIELDS = ["null", "boolean", "int", "long", "float", "double", "string", "bytes", "Color", "Point", "ints", "doubles"]
FEW = {  # fields and values of several types
    "maybe double": ["null", "double"], "string or int": ["string", "int"], "color or null": ["Color", "null"],
    "int or ints": ["int", "ints"], "strings or double or null": ["strings", "double", "null"],
    "mixed or map or long": ["mixed", "map", "long"], "point or string": ["Point", "string"],
    "float or boolean or bytes": ["float", "boolean", "bytes"],
}  # fmt: skip
LEAVES = [{"int": 3}, {"Leaf": "b"}]
UNIONS = {"string or int", "maybe double", "color or null", "point or string"}


class Names:
    """Types of a document: a named one is declared where it is first met."""

    def __init__(self):
        self.known = set()

    def of(self, kind):
        if isinstance(kind, list):
            return [self.of(k) for k in kind]
        if kind in ("Color", "Point") and kind in self.known:
            return kind
        self.known.add(kind)
        return TYPES.get(kind, kind)


@cache
def engines(value):
    """A document whose nodes have values of this kind and fields of all kinds, on both backends."""
    names = Names()
    fields = [*FIELDS, *UNIONS]
    datum = {
        "type": "record", "name": "Datum",
        "fields": [{"name": f"f{i}", "type": names.of(FEW.get(k, k))} for i, k in enumerate(fields)],
    }  # fmt: skip
    child = ["Node", "int", "Leaf"]
    node = {
        "type": "record", "name": "Node",
        "fields": [
            {"name": "value", "type": names.of(FEW.get(value, value))},
            {"name": "field", "type": {"type": "enum", "name": "F", "symbols": [f"f{i}" for i in range(len(fields))]}},
            {"name": "operator", "type": "string"},
            {"name": "pass", "type": ["Node", "int", {"type": "enum", "name": "Leaf", "symbols": ["a", "b"]}]},
            {"name": "fail", "type": child}, {"name": "missing", "type": ["null", *child]},
        ],
    }  # fmt: skip
    document = {
        "input": "null", "output": "null", "action": None,
        "cells": {"d": {"type": ["null", datum], "init": None}, "n": {"type": ["null", node], "init": None}},
        "fcns": {
            "simple": function("boolean", {"model.tree.simpleTest": ["d", "t"]}),
            "missing": function(["null", "boolean"], {"model.tree.missingTest": ["d", "t"]}),
            "tree": function(["int", "Leaf"], {"model.tree.simpleTree": ["d", "t"]}),
            "walk": function(["int", "Leaf"], {"model.tree.simpleWalk": ["d", "t", {"fcn": "u.simple"}]}),
            "missingWalk": function(
                ["null", "int", "Leaf"], {"model.tree.missingWalk": ["d", "t", {"fcn": "u.missing"}]}
            ),
        },
    }  # fmt: skip
    return fields, pfa.loads(document, backend="python"), pfa.loads(document, backend="numba", escape=False)


def function(ret, do):
    return {"params": [{"d": "Datum"}, {"t": "Node"}], "ret": ret, "do": do}


def outcome(engine, name, *given):
    try:
        return engine.call(name, *given)
    except pfa.PfaRuntimeError as error:
        return error.code, error.function


def sample(r, kind):
    """A value in Avro's JSON, which `call` takes with the branch's name where there are several."""
    if kind not in FEW:
        return r.choice(SAMPLES[kind])
    branch = r.choice(FEW[kind])
    value = r.choice(SAMPLES[branch])
    tag = {"ints": "array", "strings": "array", "doubles": "array", "mixed": "array"}.get(branch, branch)
    return None if branch == "null" else {tag: value}


def grow(r, fields, value, depth):
    """A random tree of few nodes."""
    children = [
        {"Node": grow(r, fields, value, depth - 1)} if depth and r.random() < 0.5 else r.choice(LEAVES)
        for _ in range(2)
    ]
    return {
        "value": sample(r, value), "field": f"f{r.randrange(len(fields))}", "operator": r.choice(OPERATORS[:12]),
        "pass": children[0], "fail": children[1], "missing": r.choice([None, {"int": 1}]),
    }  # fmt: skip


@pytest.mark.parametrize("value", [*FEW, "long", "doubles"])
def test_fields_and_values_of_all_types(value):
    fields, reference, compiled = engines(value)
    r = random.Random(value)
    for i, operator in [(i, op) for i in range(len(fields)) for op in OPERATORS for _ in range(2)]:
        datum = {f"f{j}": sample(r, kind) for j, kind in enumerate(fields)}
        leaves = {"pass": {"int": 1}, "fail": {"Leaf": "a"}, "missing": None}
        node = {"value": sample(r, value), "field": f"f{i}", "operator": operator, **leaves}
        for name in ("simple", "missing", "tree"):
            want, got = outcome(reference, name, datum, node), outcome(compiled, name, datum, node)
            assert same(want, got, "exact"), f"{name} {datum[f'f{i}']} {operator} {node['value']}: {want}, {got}"


@pytest.mark.parametrize("value", ["maybe double", "string or int"])
def test_walks(value):
    fields, reference, compiled = engines(value)
    r = random.Random(value)
    for _ in range(200):
        datum = {f"f{j}": sample(r, kind) for j, kind in enumerate(fields)}
        tree = grow(r, fields, value, 4)
        for name in ("tree", "walk", "missingWalk"):
            want, got = outcome(reference, name, datum, tree), outcome(compiled, name, datum, tree)
            assert same(want, got, "exact"), f"{name} of {datum}, {tree}: {want}, {got}"
