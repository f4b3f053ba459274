"""Kernels read and write only what was given to them, and a build that checks it finds faults of one item or byte."""

from contextlib import suppress

import numpy as np
import pytest

import pfa
from pfa.targets.kernel import batch_read
from tests.checked_build import checked_build, sources
from tests.test_kernel_library import NAMESPACES, documents, outcome
from tests.test_kernel_outputs import FAILS, ROW, arrow_table, table

S = "string"
INTS = {"type": "array", "items": "int"}
MAP = {"type": "map", "values": "int"}
RECORD = {"type": "record", "name": "Row", "fields": [{"name": "x", "type": "double"}, {"name": "s", "type": "string"}]}


def run(action, given, output, data, **more):
    made = pfa.loads({"input": given, "output": output, "action": action, **more}, backend="numba")
    for datum in data:
        made.action(datum)
    return made


def append():
    run({"a.append": ["input", 1]}, INTS, INTS, [[1, 2, 3], [5]])


def cells():
    run([{"cell": "c", "to": "input"}, None], INTS, "null", [[1, 2, 3]], cells={"c": {"type": INTS, "init": []}})


def texts():
    action = [{"cell": "c", "to": "input"}, None]
    run(action, "string", "null", ["abc", "defghijk"], cells={"c": {"type": "string", "init": ""}})


def pool():
    put = {"pool": "p", "path": ["input"], "to": 1, "init": 1}
    run([put, None], "string", "null", [f"key {i}" for i in range(40)], pools={"p": {"type": "int", "init": {}}})


def find():
    run({"map.containsKey": ["input", {"string": "none"}]}, MAP, "boolean", [{"a": 1, "b": 2}])


def large_map():
    add = {"map.add": ["m", {"s.int": ["i"]}, "i"]}
    loop = {"for": {"i": 0}, "while": {"<": ["i", 40]}, "step": {"i": {"+": ["i", 1]}}, "do": {"set": {"m": add}}}
    run([{"let": {"m": "input"}}, loop, {"map.len": ["m"]}], MAP, "int", [{"a": 1}])


def columns():
    made = pfa.loads({"input": RECORD, "output": "double", "action": "input.x"}, backend="numba")
    made.score({"x": np.arange(5.0), "s": np.array(["a"] * 5)})


def output_columns():
    """Every form of output column, with rows that fail and arrays that grow; then what is emitted."""
    action = [FAILS, "input"]
    given = {n: v * 30 for n, v in table(40).items()}
    for method, do in (("map", action), ("emit", [FAILS, {"emit": "input"}, {"emit": "input"}])):
        document = {"input": ROW, "output": "Row", "method": method, "action": do}
        pfa.loads(document, backend="numba").score(arrow_table(given), on_error="null")


def array_columns():
    import pyarrow as pa

    made = pfa.loads({"input": INTS, "output": INTS, "action": "input"}, backend="numba")
    made.score(pa.array([[1, 2, 3]] * 300, pa.list_(pa.int32())))
    longs = {"type": "array", "items": "long"}
    made = pfa.loads({"input": longs, "output": longs, "action": "input"}, backend="numba")
    made.score(pa.array([[1, 2, 3]] * 300, pa.list_(pa.int64())))
    pfa.loads({"input": S, "output": S, "action": "input"}, backend="numba").score(pa.array(["abc"] * 300))


def text_columns():
    import pyarrow as pa

    made = pfa.loads({"input": S, "output": "int", "action": {"s.len": ["input"]}}, backend="numba")
    made.score(pa.array(["abc", "défg"]))


def call(action, datum, given=INTS, output=INTS):
    return lambda: run(action, given, output, [datum])


FAULTS = {  # what is put into which file, in place of what, and what shows it
    "array_append, in place": ("base.py", "ld(data - 16) >= n * 8 + 8", "ld(data - 16) >= n * 8", append),
    "array_append, room": ("base.py", "grown = buffer(ctx, n * 16 + 32,", "grown = buffer(ctx, n * 8,", append),
    "slice_array": (
        "base.py", "move(items(out), items(a) + start * 8, n * 8)", "move(items(out), items(a) + start * 8, n * 8 + 8)",
        call({"a.subseq": ["input", 1, 3]}, [1, 2, 3]),
    ),
    "array_concat": (
        "base.py", "move(items(out) + n * 8, items(b), m * 8)", "move(items(out) + n * 8 + 8, items(b), m * 8)",
        call({"a.concat": ["input", "input"]}, [1, 2, 3]),
    ),
    "string_concat": (
        "base.py", "move(grown + n, items(b), m)", "move(grown + n + 1, items(b), m)",
        call({"s.concat": ["input", "input"]}, "abc", S, S),
    ),
    "count_characters": (
        "base.py", "continuing(eight_at(data, i, count))", "continuing(eight_at(data, i, count + 1))",
        text_columns,
    ),
    "column_text": (
        "columns.py", "    move(data + at, items(x), n)\n", "    move(data + at, items(x), n + 1)\n", array_columns,
    ),
    "column_words": (
        "columns.py", "move(data + at * 8, items(x), n * 8)", "move(data + at * 8 + 8, items(x), n * 8)", array_columns,
    ),
    "map_find": (
        "state.py", "        for i in range(n):\n            if same_text(ld(data + i * 16), key):",
        "        for i in range(n + 1):\n            if same_text(ld(data + i * 16), key):", find,
    ),
    "hash_text": (
        "state.py", "while i + 8 <= n:\n        h = (h ^ ld(", "while i <= n:\n        h = (h ^ ld(", large_map,
    ),
    "new_table": (
        "state.py", "else alloc(ctx, TABLE + size * 4)", "else alloc(ctx, size * 4)", large_map,
    ),
    "keep_words": (
        "state.py", "move(items(out), items(x), n * size)", "move(items(out), items(x), n * size + 8)", cells,
    ),
    "keep_string": (
        "state.py", "    move(items(out), items(x), n)\n", "    move(items(out), items(x), n + 1)\n", texts,
    ),
    "keep_header": ("state.py", "at = keep_room(ctx, 48 + n * size)", "at = keep_room(ctx, 40 + n * size)", cells),
    "pool_grow, pairs": (
        "pools.py", "pairs = keep_room(ctx, room * 16)", "pairs = keep_room(ctx, room * 16 - 8)", pool,
    ),
    "pool_grow, index": ("pools.py", "index = keep_room(ctx, size * 4)", "index = keep_room(ctx, size * 4 - 4)", pool),
    "sort_few": (
        "sorting.py", "move(at + low * 8 + 8, at + low * 8, (start - low) * 8)",
        "move(at + low * 8 + 8, at + low * 8, (start - low + 1) * 8)", call({"a.sort": ["input"]}, [3, 2, 4, 1]),
    ),
    "merge_words": (
        "sorting.py", "    move(to + middle - p, q, end - q)", "    move(to + middle - p, q, end - q + 8)",
        call({"a.sort": ["input"]}, [i * 7 % 101 for i in range(100)]),
    ),
    "a.sum": (
        "arrays_stats.py",
        "    total = 0\n    for i in range(length(a)):\n        total += item(a, i)\n    if total > INT_MAX",
        "    total = 0\n    for i in range(length(a) + 1):\n        total += item(a, i)\n    if total > INT_MAX",
        call({"a.sum": ["input"]}, [1, 2], output="int"),
    ),
    "map.keys": (
        "maps.py", "st(items(out) + i * 8, key_at(m, i))", "st(items(out) + i * 8 + 8, key_at(m, i))",
        call({"a.len": [{"map.keys": ["input"]}]}, {"a": 1}, MAP, "int"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name):
    file, old, new, show = FAULTS[name]
    with checked_build() as checker:
        show()
        assert checker.found() is None
    with checked_build([(file, old, new)]) as checker:
        with suppress(pfa.PfaError, UnicodeDecodeError):  # what a fault makes of data may be anything
            show()
        assert checker.found() is not None


@pytest.mark.parametrize(("dtype", "text"), [("f8", "ldf({a} + {i} * 8 + 8)"), ("f8", "ldf({a} + {i} * 8 - 8)")])
def test_a_fault_in_the_reading_of_batches_is_found(dtype, text, monkeypatch):
    with checked_build() as checker:
        columns()
        assert checker.found() is None
        monkeypatch.setitem(batch_read.LOADS, dtype, text)
        columns()
        assert checker.found().kernel == "batch"


def test_the_sources_of_kernels_are_the_library():
    assert {"base.py", "state.py", "sorting.py"} <= sources().keys()


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_the_examples_of_the_library_are_clean(namespace):
    with checked_build() as checker:
        for document, shown, _ in documents(namespace):
            engine = pfa.loads(document, backend="numba")
            for name, (_, shows) in shown.items():
                outcome(engine, name)
                assert checker.found() is None, shows


PROGRAMS = {
    "append": append, "cells": cells, "texts": texts, "pool": pool, "large map": large_map, "columns": columns,
    "output columns": output_columns, "array columns": array_columns,
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_clean(name):
    with checked_build() as checker:
        PROGRAMS[name]()
        assert checker.found() is None
