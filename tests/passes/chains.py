"""Random chains of a.map, a.filter and an end, of functions that are pure, fail, read and change cells, log or emit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

INTS = {"type": "array", "items": "int"}
MAPS = [
    {"*": ["x", 2]}, {"+": ["x", 1]}, {"//": [12, "x"]}, {"+": ["x", {"cell": "n"}]}, {"-": ["x", "by"]}, "x", 7,
    {"do": [{"cell": "n", "to": {"+": [{"cell": "n"}, 1]}}, {"cell": "n"}]}, {"do": [{"log": ["x"]}, "x"]},
    {"u.half": "x"},
    {"if": {">": ["x", 3]}, "then": {"error": "large", "code": -3}, "else": "x"}, {"cell": "rows", "path": ["x"]},
    {"a.len": {"a.filter": ["input", {"params": [{"y": "int"}], "ret": "boolean", "do": {"<": ["y", "x"]}}]}},
]  # fmt: skip
TESTS = [
    {">": ["x", 0]}, {"<": [{"%": ["x", 3]}, 2]}, {"==": [{"//": [8, "x"]}, 2]}, True, {"<": ["x", {"cell": "n"}]},
    {"<": ["x", "by"]}, {"do": [{"log": ["x"]}, {">": ["x", 1]}]}, {"u.even": "x"},
]  # fmt: skip
TALLIES = [
    {"+": ["t", "x"]}, {"-": ["x", "t"]}, {"//": ["t", "x"]}, {"do": [{"cell": "n", "to": "x"}, {"+": ["t", 1]}]},
    {"max": ["t", "by"]},
]  # fmt: skip


def one(do: Any, ret: str = "int") -> dict[str, Any]:
    return {"params": [{"x": "int"}], "ret": ret, "do": do}


def two(do: Any) -> dict[str, Any]:
    return {"params": [{"t": "int"}, {"x": "int"}], "ret": "int", "do": do}


ENDS: list[tuple[Any, Any]] = [
    (INTS, lambda a, test, tally: a),
    ("int", lambda a, test, tally: {"a.fold": [a, 1, tally]}),
    ("int", lambda a, test, tally: {"a.reduce": [a, tally]}),
    ("boolean", lambda a, test, tally: {"a.any": [a, test]}),
    ("boolean", lambda a, test, tally: {"a.all": [a, test]}),
    ("int", lambda a, test, tally: {"a.count": [a, test]}),
    ("int", lambda a, test, tally: {"a.len": a}),
    ("int", lambda a, test, tally: {"a.sum": a}),
    ("double", lambda a, test, tally: {"a.mean": a}),
    ("int", lambda a, test, tally: {"a.max": a}),
    (
        "string",
        lambda a, test, tally: {
            "s.join": [{"a.map": [a, one({"s.hex": ["x", 4, True]}, "string")]}, {"string": ","}]
        },
    ),
    (
        "double",
        lambda a, test, tally: {"a.product": {"a.map": [a, one({"/": ["x", 2.0]}, "double")]}},
    ),
]


@st.composite
def chains(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[int]]]:
    """A document with a chain, and data for it."""
    a: Any = "input"
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            a = {"a.map": [a, one(draw(st.sampled_from(MAPS)))]}
        else:
            a = {"a.filter": [a, one(draw(st.sampled_from(TESTS)), "boolean")]}
    output, end = draw(st.sampled_from(ENDS))
    test, tally = one(draw(st.sampled_from(TESTS)), "boolean"), two(draw(st.sampled_from(TALLIES)))
    body: list[Any] = [{"let": {"by": {"+": [{"a.len": "input"}, -1]}}}]
    if draw(st.booleans()):  # the array has a name, and something stands between
        body += [{"let": {"a": a}}, draw(st.sampled_from([{"cell": "n", "to": 5}, {"m.exp": 1}, {"//": ["by", "by"]}]))]
        a = "a"
    body.append(end(a, test, tally))
    if draw(st.booleans()):
        body[-1] = {"try": body[-1]}
        output = [output, "null"]
    document = {
        "input": INTS,
        "output": output,
        "cells": {"n": {"type": "int", "init": 2}, "rows": {"type": INTS, "init": [4, 2, 0]}},
        "fcns": {
            "half": one({"//": ["x", 2]}),
            "even": one({"==": [{"%": ["x", 2]}, 0]}, "boolean"),
        },
        "action": body,
    }
    number = st.one_of(st.integers(-2, 5), st.sampled_from([2147483647, -2147483648]))
    return document, draw(st.lists(st.lists(number, max_size=6), min_size=2, max_size=4))
