"""Documents of the kinds that people write, with data: text, nested data, functions of one's own, state.

    python -m benchmarks.kinds [NAME...]

prints nanoseconds a row of compiled engines and of the python backend, for a list of Python values, and how many times
as fast compiled code is.  Times are of the processor, the best of three, one thread.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import pfa

if TYPE_CHECKING:
    from collections.abc import Callable

ENOUGH = 5.0  # times as fast as the python backend: what compiled code should be at least
ROWS = 4000
LINE = {"type": "record", "name": "Line", "fields": [
    {"name": "sku", "type": "string"}, {"name": "price", "type": "double"}, {"name": "n", "type": "int"},
]}  # fmt: skip
BASKET = {"type": "record", "name": "Basket", "fields": [
    {"name": "user", "type": "string"}, {"name": "lines", "type": {"type": "array", "items": LINE}},
    {"name": "scores", "type": {"type": "map", "values": {"type": "array", "items": "double"}}},
    {"name": "note", "type": ["null", "string"]},
]}  # fmt: skip
TEXTS, DOUBLES, INTS = ({"type": "array", "items": t} for t in ("string", "double", "int"))
COUNTS = {"type": "map", "values": "int"}
MIXED = {"type": "array", "items": ["null", "double", "string"]}


def f(params: dict[str, Any], ret: Any, do: Any) -> dict[str, Any]:
    return {"params": [{n: t} for n, t in params.items()], "ret": ret, "do": do}


def add(*terms: Any) -> Any:
    return terms[0] if len(terms) == 1 else {"+": [add(*terms[:-1]), terms[-1]]}


# --- data ------------------------------------------------------------------------------------------------------


def sentences(rng: Any, count: int) -> list[str]:
    words = np.array(["Lorem", "ipsum,", "dolor", " sit", "amet;", "12.5", "x-y", "2024-01-05", "FOO", "bar@x.org"])
    return [" ".join(words[rng.integers(0, len(words), rng.integers(1, 15))]) for _ in range(count)]


def unicode_sentences(rng: Any, count: int) -> list[str]:
    words = np.array(["Ärger", "ÉTÉ", "naïve", "мир", "日本語", "plain", "ΣΑΣ", "straße"])
    return [" ".join(words[rng.integers(0, len(words), rng.integers(1, 15))]) for _ in range(count)]


def baskets(rng: Any, count: int) -> list[dict[str, Any]]:
    def line() -> dict[str, Any]:
        return {"sku": f"s{rng.integers(12)}", "price": float(rng.random() * 9), "n": int(rng.integers(1, 5))}

    return [
        {
            "user": f"user{rng.integers(50)}", "lines": [line() for _ in range(rng.integers(0, 12))],
            "scores": {f"k{i}": rng.random(int(rng.integers(1, 6))).tolist() for i in range(rng.integers(0, 5))},
            "note": None if rng.random() < 0.5 else "some note",
        }
        for _ in range(count)
    ]  # fmt: skip


def vectors(rng: Any, count: int) -> list[list[float]]:
    return [rng.random(int(rng.integers(5, 40))).tolist() for _ in range(count)]


def mixed(rng: Any, count: int) -> list[list[Any]]:
    def item() -> Any:
        return [None, float(rng.random()), f"{rng.integers(1000)}.5"][rng.integers(3)]

    return [[item() for _ in range(rng.integers(0, 20))] for _ in range(count)]


def numbers(rng: Any, count: int) -> list[float]:
    return rng.standard_normal(count).tolist()  # type: ignore[no-any-return]


def integers(rng: Any, count: int) -> list[int]:
    return rng.integers(20, 200, count).tolist()  # type: ignore[no-any-return]


# --- documents -------------------------------------------------------------------------------------------------

WORDS = {"s.split": [{"s.lower": ["input"]}, [" "]]}
DOCUMENTS: dict[str, tuple[dict[str, Any], Callable[[Any, int], list[Any]]]] = {
    "slug": ({
        "input": "string", "output": "string",
        "action": {"re.replaceall": [{"s.strip": [{"s.lower": ["input"]}, [" "]]}, ["[^a-z0-9]+"], ["-"]]},
    }, sentences),
    "long_words": ({
        "input": "string", "output": "int",
        "action": {"a.len": [{"a.filter": [WORDS, f({"w": "string"}, "boolean", {">": [{"s.len": ["w"]}, 4]})]}]},
    }, sentences),
    "numbers_in_text": ({
        "input": "string", "output": "double",
        "action": {"a.sum": [{"a.map": [
            {"re.findall": ["input", ["[0-9]+"]]}, f({"w": "string"}, "double", {"parse.double": ["w"]}),
        ]}]},
    }, sentences),
    "mail": ({
        "input": "string", "output": "boolean", "action": {"re.contains": ["input", ["[a-z]+@[a-z]+\\.[a-z]+"]]},
    }, sentences),
    "title": ({
        "input": "string", "output": "string",
        "action": {"s.join": [{"a.map": [
            {"s.split": ["input", [" "]]},
            f({"w": "string"}, "string", {"s.concat": [
                {"s.upper": [{"s.substr": ["w", 0, 1]}]}, {"s.lower": [{"s.substr": ["w", 1, 99]}]},
            ]}),
        ]}, [" "]]},
    }, sentences),
    "translate": ({
        "input": "string", "output": "string",
        "action": {"s.replaceall": [{"s.translate": ["input", [",;-@"], ["    "]]}, ["  "], [" "]]},
    }, sentences),
    "word_counts": ({
        "input": "string", "output": COUNTS,
        "action": {"a.fold": [WORDS, {"type": COUNTS, "value": {}}, f({"tally": COUNTS, "w": "string"}, COUNTS, {
            "if": {"map.containsKey": ["tally", "w"]},
            "then": {"map.add": ["tally", "w", {"+": [{"attr": "tally", "path": ["w"]}, 1]}]},
            "else": {"map.add": ["tally", "w", 1]},
        })]},
    }, sentences),
    "unicode": ({
        "input": "string", "output": "int",
        "action": {"a.len": [{"a.filter": [
            {"s.split": [{"s.lower": ["input"]}, [" "]]},
            f({"w": "string"}, "boolean", {"s.contains": ["w", ["\u0440"]]}),
        ]}]},
    }, unicode_sentences),
    "edit_distance": ({
        "input": "string", "output": "int", "fcns": {"distance": f({"x": "string", "y": "string"}, "int", [
            {"let": {"row": {"type": INTS, "value": []}, "i": 0}},
            {"while": {"<=": ["i", {"s.len": ["y"]}]}, "do": {"set": {
                "row": {"a.append": ["row", "i"]}, "i": {"+": ["i", 1]},
            }}},
            {"for": {"j": 1}, "while": {"<=": ["j", {"s.len": ["x"]}]}, "step": {"j": {"+": ["j", 1]}}, "do": [
                {"let": {"last": "row", "next": {"type": INTS, "new": ["j"]}}},
                {"for": {"k": 1}, "while": {"<=": ["k", {"s.len": ["y"]}]}, "step": {"k": {"+": ["k", 1]}}, "do": [
                    {"let": {"a": {"s.substr": ["x", {"-": ["j", 1]}, "j"]}}},
                    {"let": {"b": {"s.substr": ["y", {"-": ["k", 1]}, "k"]}}},
                    {"let": {"cost": {"if": {"==": ["a", "b"]}, "then": 0, "else": 1}}},
                    {"set": {"next": {"a.append": ["next", {"min": [
                        {"min": [{"+": [{"attr": "last", "path": ["k"]}, 1]},
                                 {"+": [{"attr": "next", "path": [{"-": ["k", 1]}]}, 1]}]},
                        {"+": [{"attr": "last", "path": [{"-": ["k", 1]}]}, "cost"]},
                    ]}]}}},
                ]},
                {"set": {"row": "next"}},
            ]},
            {"attr": "row", "path": [{"s.len": ["y"]}]},
        ])},
        "action": {"u.distance": [{"s.substr": ["input", 0, 12]}, {"string": "lorem ipsum"}]},
    }, sentences),
    "basket": ({
        "input": BASKET, "output": {"type": "record", "name": "Out", "fields": [
            {"name": "total", "type": "double"}, {"name": "skus", "type": "int"}, {"name": "best", "type": "double"},
            {"name": "noted", "type": "boolean"},
        ]},
        "action": {"type": "Out", "new": {
            "total": {"a.sum": [{"a.map": ["input.lines", f({"l": "Line"}, "double", {"*": ["l.price", "l.n"]})]}]},
            "skus": {"a.len": [{"a.distinct": [{"a.map": ["input.lines", f({"l": "Line"}, "string", "l.sku")]}]}]},
            "best": {"a.fold": [
                {"map.values": [{"map.map": ["input.scores", f({"a": DOUBLES}, "double", {"a.max": ["a"]})]}]}, 0.0,
                f({"tally": "double", "x": "double"}, "double", {"max": ["tally", "x"]}),
            ]},
            "noted": {"ifnotnull": {"s": "input.note"}, "then": {">": [{"s.len": ["s"]}, 3]}, "else": False},
        }},
    }, baskets),
    "group": ({
        "input": BASKET, "output": {"type": "map", "values": "double"},
        "action": {"map.map": [
            {"a.groupby": ["input.lines", f({"l": "Line"}, "string", "l.sku")]},
            f({"a": {"type": "array", "items": "Line"}}, "double", {"a.sum": [
                {"a.map": ["a", f({"l": "Line"}, "double", "l.price")]},
            ]}),
        ]},
    }, baskets),
    "sorted_lines": ({
        "input": BASKET, "output": TEXTS,
        "action": {"a.map": [
            {"a.sortLT": ["input.lines", f({"a": "Line", "b": "Line"}, "boolean", {"<": ["a.price", "b.price"]})]},
            f({"l": "Line"}, "string", "l.sku"),
        ]},
    }, baskets),
    "mixed": ({
        "input": MIXED, "output": "double",
        "action": {"a.fold": ["input", 0.0, f({"tally": "double", "x": MIXED["items"]}, "double", {
            "cast": "x", "cases": [
                {"as": "null", "named": "n", "do": "tally"},
                {"as": "double", "named": "d", "do": {"+": ["tally", "d"]}},
                {"as": "string", "named": "s", "do": {"+": ["tally", {"parse.double": ["s"]}]}},
            ],
        })]},
    }, mixed),
    "visits": ({
        "input": BASKET, "output": "int", "cells": {"seen": {"type": COUNTS, "init": {}}},
        "action": [
            {"if": {"!": [{"map.containsKey": [{"cell": "seen"}, "input.user"]}]},
             "then": {"cell": "seen", "to": {"map.add": [{"cell": "seen"}, "input.user", 0]}}},
            {"cell": "seen", "path": ["input.user"], "to": f({"n": "int"}, "int", {"+": ["n", 1]})},
            {"cell": "seen", "path": ["input.user"]},
        ],
    }, baskets),
    "users": ({
        "input": BASKET, "output": "double", "pools": {"spent": {"type": "double", "init": {}}},
        "action": [
            {"pool": "spent", "path": ["input.user"], "init": 0.0, "to": f({"x": "double"}, "double", {"+": [
                "x", {"a.sum": [{"a.map": ["input.lines", f({"l": "Line"}, "double", "l.price")]}]},
            ]})},
            {"pool": "spent", "path": ["input.user"]},
        ],
    }, baskets),
    "histogram": ({
        "input": "double", "output": "int", "cells": {"bins": {"type": INTS, "init": [0] * 40}},
        "action": [
            {"let": {"k": {"+": [20, {"cast.int": [{"m.floor": [{"*": ["input", 5.0]}]}]}]}}},
            {"let": {"i": {"min": [39, {"max": [0, "k"]}]}}},
            {"cell": "bins", "path": ["i"], "to": f({"n": "int"}, "int", {"+": ["n", 1]})},
            {"cell": "bins", "path": ["i"]},
        ],
    }, numbers),
    "sieve": ({
        "input": "int", "output": "int",
        "action": [
            {"let": {"prime": {"type": INTS, "value": [1] * 200}, "found": 0}},
            {"for": {"i": 2}, "while": {"<": ["i", "input"]}, "step": {"i": {"+": ["i", 1]}}, "do":
                {"if": {"==": [{"attr": "prime", "path": ["i"]}, 1]}, "then": [
                    {"set": {"found": {"+": ["found", 1]}}},
                    {"for": {"j": {"*": ["i", "i"]}}, "while": {"<": ["j", "input"]}, "step": {"j": {"+": ["j", "i"]}},
                     "do": {"set": {"prime": {"attr": "prime", "path": ["j"], "to": 0}}}},
                ]}},
            "found",
        ],
    }, integers),
    "recursion": ({
        "input": "int", "output": "int", "fcns": {"fib": f({"n": "int"}, "int", {
            "if": {"<": ["n", 2]}, "then": "n",
            "else": {"+": [{"u.fib": [{"-": ["n", 1]}]}, {"u.fib": [{"-": ["n", 2]}]}]},
        })},
        "action": {"u.fib": [{"%": ["input", 12]}]},
    }, integers),
    "smooth": ({
        "input": DOUBLES, "output": DOUBLES,
        "action": [
            {"let": {"out": {"type": DOUBLES, "value": []}, "level": 0.0}},
            {"foreach": "x", "in": "input", "do": [
                {"set": {"level": {"+": [{"*": ["level", 0.8]}, {"*": ["x", 0.2]}]}}},
                {"set": {"out": {"a.append": ["out", "level"]}}},
            ], "seq": True},
            "out",
        ],
    }, vectors),
    "similarity": ({
        "input": DOUBLES, "output": "double",
        "action": [
            {"let": {"best": 0.0, "n": {"a.len": ["input"]}}},
            {"for": {"i": 0}, "while": {"<": ["i", "n"]}, "step": {"i": {"+": ["i", 1]}}, "do":
                {"for": {"j": 0}, "while": {"<": ["j", "i"]}, "step": {"j": {"+": ["j", 1]}}, "do":
                    {"set": {"best": {"max": ["best", {"*": [
                        {"attr": "input", "path": ["i"]}, {"attr": "input", "path": ["j"]},
                    ]}]}}}}},
            "best",
        ],
    }, vectors),
}  # fmt: skip


def seconds(what: Callable[[], Any]) -> float:
    """Of the processor, the best of three."""
    found = []
    for _ in range(3):
        start = time.process_time()
        what()
        found.append(time.process_time() - start)
    return min(found)


def times(name: str) -> tuple[float, float]:
    """Nanoseconds a row, compiled and not."""
    document, make = DOCUMENTS[name]
    data = make(np.random.default_rng(7), ROWS)
    few = data[: ROWS // 4]
    compiled, reference = (pfa.loads(document, backend=b) for b in ("numba", "python"))
    assert compiled.score(few) == reference.score(few), name
    ours = seconds(lambda: compiled.score(data, threads=1)) / len(data)
    return ours * 1e9, seconds(lambda: reference.score(few)) / len(few) * 1e9


def main(*names: str) -> int:
    for name in names or DOCUMENTS:
        ours, python = times(name)
        verdict = "" if python >= ENOUGH * ours else "   <-- few"
        print(f"{name:18} compiled {ours:8.0f} ns a row, python {python:9.0f}, {python / ours:6.1f} times{verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
