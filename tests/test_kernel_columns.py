"""Tables on compiled code: every type as columns and as objects, and objects that compiled code leaves to the host."""

import ctypes
import gc
import json
import sys
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

import pfa
from pfa.data.arrow_columns import arrow_array
from pfa.data.table_values import built
from pfa.engine.kernel_scoring import KernelBackend
from pfa.targets.kernel.host import KernelCode
from tests.test_score_types import arrow_table, name_of
from tests.typed_values import exact, rows, tables

slow = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
COLOR = {"type": "enum", "name": "Color", "symbols": ["red", "green"]}
LINE = {"type": "record", "name": "Line", "fields": [{"name": "price", "type": "double"}, {"name": "n", "type": "int"}]}
ORDER = {"type": "record", "name": "Order", "fields": [
    {"name": "color", "type": COLOR}, {"name": "age", "type": ["null", "int"]},
    {"name": "lines", "type": {"type": "array", "items": LINE}},
    {"name": "tags", "type": {"type": "map", "values": "double"}},
]}  # fmt: skip


def engine(given, output, action):
    return pfa.loads({"input": given, "output": output, "action": action}, backend="numba")


def identity(t):
    return engine(t, name_of(t), "input")


@slow
@given(rows())
def test_every_type(case):
    t, values = case
    made = identity(t)
    array = arrow_array(built(made.input_type, values, False))
    assert exact(made.score(values)) == exact(values)
    assert exact(made.score(array).to_pylist()) == exact(array.to_pylist())


@slow
@given(tables())
def test_every_type_of_field(case):
    t, values = case
    made = identity(t)
    table = arrow_table(made.input_type, values)
    assert exact(made.score(table).to_pylist()) == exact(table.to_pylist())
    assert exact(made.score(table.slice(1)).to_pylist()) == exact(table.slice(1).to_pylist())
    out = made.score({f["name"]: [v[f["name"]] for v in values] for f in t["fields"]})
    for f in t["fields"]:
        assert exact(out[f["name"]].tolist()) == exact([v[f["name"]] for v in values])


@pytest.fixture
def by_rows(monkeypatch):
    """How often a batch was scored row by row by the host."""
    calls = []
    monkeypatch.setattr(KernelBackend, "_some", lambda *a: calls.append(a))
    return calls


def orders():
    return [
        {
            "color": "green" if i % 3 else "red", "age": None if i % 4 else i - 8,
            "lines": [{"price": 1.5 * j, "n": -j} for j in range(i % 5)],
            "tags": {f"t{j}": float(j) for j in range(i % 12)},
        }
        for i in range(50)
    ]  # fmt: skip


@pytest.mark.parametrize("form", [
    pytest.param(lambda x: x, id="list"), pytest.param(lambda x: json.loads(json.dumps(x)), id="json"),
    pytest.param(tuple, id="tuple"),
])  # fmt: skip
def test_records_of_objects_are_scored_by_compiled_code(form, by_rows):
    assert identity(ORDER).score(form(orders())) == orders()
    assert not by_rows


TAG = {"type": "map", "values": "double"}
GIVEN = [  # a type, data of which compiled code takes some, and what comes out
    ("double", [1, 2.5, -1, 1 << 60, (1 << 53) + 1, np.float64(3.5), np.int8(4)],
     [1.0, 2.5, -1.0, float(1 << 60), float((1 << 53) + 1), 3.5, 4.0]),
    ("float", [1, 0.1, -1], [1.0, float(np.float32(0.1)), -1.0]),
    ("int", [-1, 0, 2147483647, -2147483648, np.int64(7)], [-1, 0, 2147483647, -2147483648, 7]),
    ("long", [-1, (1 << 63) - 1, -(1 << 63)], [-1, (1 << 63) - 1, -(1 << 63)]),
    (COLOR, ["red", "".join(["gr", "een"]), np.str_("red")], ["red", "green", "red"]),
    (["null", "int"], [None, -1, {"int": 3}], [None, -1, 3]),
    ({"type": "array", "items": "double"}, [[1], (2.0,), np.array([3.0]), [-1]], [[1.0], [2.0], [3.0], [-1.0]]),
    (TAG, [{}, {"a": 1}, {"a": np.float32(2)}], [{}, {"a": 1.0}, {"a": 2.0}]),
    (["null", "double"], [None, 1, -1, 2.5, {"double": 3}], [None, 1.0, -1.0, 2.5, 3.0]),
    (["null", LINE], [None, {"price": 1, "n": -1}, {"Line": {"price": 0.5, "n": 2}}],
     [None, {"price": 1.0, "n": -1}, {"price": 0.5, "n": 2}]),
    (["int", "double", "string", "null", "boolean"], [1, 2.5, "x", None, True, np.int32(-1), {"double": 2}],
     [{"int": 1}, {"double": 2.5}, {"string": "x"}, None, {"boolean": True}, {"int": -1}, {"double": 2.0}]),
    (["int", "long", "string", COLOR, TAG], [1 << 40, {"string": "r"}, {}, {"a": 1}, {"int": 7}, {"b": 1, "c": 2}],
     [{"long": 1 << 40}, {"string": "r"}, {"map": {}}, {"map": {"a": 1.0}}, {"int": 7}, {"map": {"b": 1.0, "c": 2.0}}]),
    (["double", "string"], [3, -1.5, "3"], [{"double": 3.0}, {"double": -1.5}, {"string": "3"}]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "values", "wanted"), GIVEN, ids=[str(i) for i in range(len(GIVEN))])
def test_what_compiled_code_does_not_take_the_host_decodes(given, values, wanted, by_rows):
    made = identity(given)
    assert exact(made.score(values)) == exact(wanted)
    assert exact(made.score(values * 50)) == exact(wanted * 50)
    assert not by_rows


WRONG = [
    ("int", [1, 1 << 31, "x", 2, True, 1.0, -(1 << 31) - 1, 3]),
    ("double", [1.0, "x", None, 2.0, 1 << 2000]),
    ("string", ["a", b"b", "\ud800", None, "c"]),
    (COLOR, ["red", "blue", 3, b"green", "green"]),
    ({"type": "array", "items": "int"}, [[1], [1, None], "x", {}, [2]]),
    (ORDER, [orders()[1], {}, {**orders()[2], "lines": [{"price": "x", "n": 1}]}, orders()[3]]),
]


@pytest.mark.parametrize(("given", "values"), WRONG, ids=[str(i) for i in range(len(WRONG))])
def test_rows_that_are_wrong_are_those_of_the_reference(given, values):
    document = {"input": given, "output": name_of(given), "action": "input"}
    ours, reference = (pfa.loads(document, backend=b).score(values, on_error="collect") for b in ("numba", "python"))
    assert ours == reference
    assert ours[1]


def test_rows_that_are_wrong_are_met_in_order():
    made = engine("int", "int", {"+": ["input", 1]})
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        made.score([1, 2147483647, "x"])
    assert caught.value.row == 1


def test_several_columns_of_objects():
    t = {"type": "record", "name": "R", "fields": [
        {"name": "s", "type": "string"}, {"name": "x", "type": "double"}, {"name": "m", "type": TAG},
    ]}  # fmt: skip
    values = {"a.sum": [{"map.values": ["input.m"]}]}
    made = engine(t, "double", {"+": ["input.x", {"+": [{"s.len": ["input.s"]}, values]}]})
    maps = [{}, {"a": 0.25}, {"a": np.float64(1), "b": 2}]
    table = {"s": ["a", "bc", "dé"], "x": np.array([1.0, 2.0, 3.0]), "m": maps}
    assert made.score(table).tolist() == [2.0, 4.25, 8.0]


def test_what_the_host_gives_for_a_row_is_not_overwritten():
    t = {"type": "record", "name": "R", "fields": [
        {"name": "u", "type": ["boolean", "int"]}, {"name": "s", "type": "string"},
        {"name": "n", "type": ["null", "int"]},
    ]}  # fmt: skip
    u = [{"boolean": False}, {"int": 5}, True, {"int": np.int64(6)}]
    table = {"u": u, "s": ["a", np.str_("b"), "c", "d"], "n": [1, 2, {"int": 3}, None]}
    out = identity(t).score(table)
    assert out["u"].tolist() == [{"boolean": False}, {"int": 5}, {"boolean": True}, {"int": 6}]
    assert out["s"].tolist() == ["a", "b", "c", "d"]
    assert out["n"].tolist() == [1, 2, 3, None]
    listed = identity(t).score([dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)])
    assert [r["s"] for r in listed] == ["a", "b", "c", "d"]
    assert [r["u"] for r in listed] == out["u"].tolist()


def test_of_a_key_that_comes_twice_the_last_value_counts():
    for n in (2, 5, 30):
        pairs = [*((f"k{i}", float(i)) for i in range(n)), ("k1", -1.0), ("k0", -2.0)]
        array = pa.array([pairs, [], pairs[:1]], pa.map_(pa.string(), pa.float64()))
        wanted = [dict(pairs), {}, dict(pairs[:1])]
        made = [dict(x) for x in identity(TAG).score(array).to_pylist()]
        assert made == wanted
        assert list(made[0]) == list(wanted[0])


def test_what_is_read_is_held_while_rows_are_scored():
    """A callback that changes the list changes no row that is still to come."""
    made = engine("string", "string", [{"log": ["input"]}, {"s.concat": ["input", {"string": "!"}]}])
    given = [f"text {i}" for i in range(200)]
    wanted = [f"{s}!" for s in given]
    made.log = lambda *a: given.clear()
    assert made.score(given) == wanted


def test_cells_that_nothing_changes_are_read_by_all_threads():
    table = {"type": "map", "values": "double"}
    look = {"if": {"map.containsKey": [{"cell": "codes"}, "input"]}, "else": -1.0,
            "then": {"attr": {"cell": "codes"}, "path": ["input"]}}  # fmt: skip
    init = {f"k{i}": float(i) for i in range(300)}
    cells = {"codes": {"type": table, "init": init}}
    document = {"input": "string", "output": "double", "action": look, "cells": cells}
    made = pfa.loads(document, backend="numba")
    rows = [f"k{i * 7 % 400}" for i in range(20_000)]
    wanted = [float(s[1:]) if int(s[1:]) < 300 else -1.0 for s in rows]
    array = pa.array(rows)
    assert made.score(array, threads=2).to_pylist() == wanted
    other = made.clone()
    del made
    gc.collect()
    assert other.score(array, threads=3).to_pylist() == wanted
    init["k0"] = 100.0  # a document of its own
    assert pfa.loads(document, backend="numba").score(array[:10000], threads=2)[0].as_py() == 100.0


def test_cells_that_something_changes_are_not():
    more = {"cell": "n", "to": {"+": [{"cell": "n"}, 1]}}
    fcns = {"more": {"params": [], "ret": "int", "do": [more, {"cell": "n"}]}}
    for change in (more, {"u.more": []}):
        document = {
            "input": "int", "output": "int", "cells": {"n": {"type": "int", "init": 0}}, "fcns": fcns,
            "action": [change, {"cell": "n"}],
        }  # fmt: skip
        made = pfa.loads(document, backend="numba")
        assert made.score(np.zeros(20_000, "i4"), threads=2).tolist() == list(range(1, 20_001))


MANY = {"type": "array", "items": {"type": "array", "items": "int"}}
SHARED = [
    {"let": {"x": {"type": {"type": "array", "items": "int"}, "value": [1] * 1000}}},
    {"let": {"y": {"type": MANY, "value": []}}},
    {"for": {"i": 0}, "while": {"<": ["i", "input"]}, "step": {"i": {"+": ["i", 1]}},
     "do": {"set": {"y": {"a.append": ["y", "x"]}}}},
    "y",
]  # fmt: skip


def test_a_value_that_shares_its_parts_is_charged_when_it_goes_out():
    document = {"input": "int", "output": MANY, "action": SHARED}
    made = pfa.loads(document, backend="numba", limits=pfa.Limits(steps=50_000))
    out, errors = made.score([2, 200, 3], on_error="collect")
    assert [v and len(v) for v in out] == [2, None, 3]
    assert "steps" in errors[0].text


def grown(work):
    """Bytes of Python's memory that are there afterwards and were not before."""
    work()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_what_is_made_for_a_row_that_fails_is_given_back():
    record = {"type": "record", "name": "R", "fields": [
        {"name": "a", "type": {"type": "map", "values": MANY}}, {"name": "b", "type": MANY},
    ]}  # fmt: skip
    new = {"new": {"a": {"type": {"type": "map", "values": MANY}, "new": {"k": "y"}}, "b": "y"}, "type": "R"}
    made = pfa.loads(
        {"input": "int", "output": record, "action": [*SHARED[:-1], new]}, backend="numba",
        limits=pfa.Limits(steps=100_000),
    )  # fmt: skip
    rows = [60, 200, 60]  # the second field of the first row, the map of the second

    def work():
        _, errors = made.score(rows, on_error="collect")
        assert len(errors) == len(rows)

    assert grown(work) < 100_000


def test_objects_that_go_in_and_out_are_not_held():
    made = identity(ORDER)
    data = orders()
    assert grown(lambda: made.score(data)) < 20_000
    symbols = [sys.intern("red"), sys.intern("green"), sys.intern("lines")]
    before = [sys.getrefcount(s) for s in symbols]
    held = [made.score(data) for _ in range(3)]
    assert held[0] == held[2] == data
    del held
    gc.collect()
    assert [abs(sys.getrefcount(s) - n) < 20 for s, n in zip(symbols, before, strict=True)] == [True] * 3


def test_the_interpreters_lock_is_held_for_some_rows_only(monkeypatch):
    """Between calls of compiled code the interpreter looks whether another thread wants to go on."""
    batch, stops = KernelCode.batch, []

    def watched(self, plan):
        call = batch(self, plan)

        def calls(base, words):
            stops.append(ctypes.c_int64.from_address(words + 8).value)
            return call(base, words)

        return calls

    monkeypatch.setattr(KernelCode, "batch", watched)
    made = engine("int", "int", {"+": ["input", 1]})
    rows = list(range(5000))
    assert made.score(rows) == [x + 1 for x in rows]
    assert stops == [2048, 4096, 5000]
    assert made.score([]) == []
    del stops[:]
    assert made.score(np.array(rows, "i4")).tolist() == [x + 1 for x in rows]
    assert stops == [5000]
