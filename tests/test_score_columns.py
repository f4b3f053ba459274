"""`engine.score`: what counts as what, the columns that a backend is given, and every backend."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

import pfa
from pfa.data import tables
from pfa.data.columns import Objects
from pfa.data.table_build import physical
from tests.score_tables import COLOR, COLUMNS, FRAMES, STRUCTURED, adder, engine, identity, plain, record
from tests.support import BACKENDS, ROOT
from tests.typed_values import exact, rows

# --- what counts as what ---------------------------------------------------------------------------------------

DAY = np.array(["1970-01-03", "NaT"], "M8[D]")
TAKEN = [
    ("int", np.array([1, 2], "i1"), [1, 2]),
    ("int", np.array([1, 2], "u8"), [1, 2]),
    ("long", np.array([2**63 - 1, 2**53 + 1], "u8"), [2**63 - 1, 2**53 + 1]),
    ("long", pd.Series([2**53 + 1, -(2**63)]), [2**53 + 1, -(2**63)]),
    ("long", pl.Series([2**53 + 1, -(2**63)]), [2**53 + 1, -(2**63)]),
    (["null", "long"], pd.Series([2**53 + 1, None], dtype="Int64"), [2**53 + 1, None]),
    (["null", "long"], pl.Series([2**53 + 1, None]), [2**53 + 1, None]),
    (["null", "long"], pa.array([2**53 + 1, None]), [2**53 + 1, None]),
    ("double", np.array([2**53 + 1, 1]), [float(2**53), 1.0]),
    ("double", np.array([0.5, 1], "f2"), [0.5, 1.0]),
    ("float", np.array([0.1, 1e300]), [np.float32(0.1).item(), math.inf]),
    ("float", np.array([2**25 + 1]), [float(2**25)]),
    ("string", np.array(["a", "bc"]), ["a", "bc"]),
    ("bytes", np.array([b"a", b"bc"]), [b"a", b"bc"]),
    ("string", pd.Series(["a", "b"], dtype="category"), ["a", "b"]),
    ("string", pd.Series(["a", "b"], dtype=object), ["a", "b"]),
    ("string", pd.Series(["a", "b"], dtype=pd.ArrowDtype(pa.large_string())), ["a", "b"]),
    ("string", pd.Series(["a", "b"], dtype=pd.StringDtype("python")), ["a", "b"]),
    ("string", pl.Series(["a", "b"], dtype=pl.Categorical), ["a", "b"]),
    ("string", pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"])), ["a", "b"]),
    ("string", pa.array(["a", "ü"], pa.large_string()), ["a", "ü"]),
    ("string", pa.array(["a", "ü"], pa.string_view()), ["a", "ü"]),
    ("string", pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
    ("bytes", pa.array([b"a", b"bc"], pa.binary_view()), [b"a", b"bc"]),
    ("bytes", pa.array([b"ab"], pa.binary(2)), [b"ab"]),
    (COLOR, np.array(["blue", "red"]), ["blue", "red"]),
    (COLOR, pd.Series(["blue", "red"], dtype="category"), ["blue", "red"]),
    (COLOR, pl.Series(["blue", "red"]), ["blue", "red"]),
    (COLOR, pl.Series(["blue", "red"], dtype=pl.Enum(["blue", "pink", "red"])), ["blue", "red"]),
    (COLOR, pa.array(["blue", "red"]), ["blue", "red"]),
    (COLOR, pa.array(["blue", "red"]).dictionary_encode(), ["blue", "red"]),
    (["null", "double"], pd.Series([1.5, math.nan]), [1.5, None]),
    (["null", "double"], pd.Series([1.5, None], dtype="Float64"), [1.5, None]),
    (["null", "double"], pd.Series([1.5, math.nan], dtype=pd.ArrowDtype(pa.float64())), [1.5, None]),
    (["null", "double"], pd.Series([1.5, math.nan, None, pd.NA], dtype=object), [1.5, None, None, None]),
    (["null", "double"], np.array([1.5, math.nan]), [1.5, math.nan]),
    (["null", "double"], pl.Series([1.5, math.nan, None]), [1.5, math.nan, None]),
    (["null", "double"], pa.array([1.5, math.nan, None]), [1.5, math.nan, None]),
    ("double", pd.Series([1.5, math.nan]), [1.5, math.nan]),
    ("double", pd.Series([1.5, math.nan], dtype=object), [1.5, math.nan]),
    (["null", "string"], pd.Series(["a", None]), ["a", None]),
    (["null", "string"], pd.Series(["a", math.nan], dtype=object), ["a", None]),
    (["null", "boolean"], pd.Series([True, None], dtype="boolean"), [True, None]),
    (["null", "boolean"], pl.Series([True, None]), [True, None]),
    (["null", COLOR], pd.Series(["blue", None], dtype="category"), ["blue", None]),
    (["null", "long"], DAY.astype("M8[ms]"), [2 * 86_400_000, None]),
    (["null", "int"], DAY, [2, None]),
    (["null", "int"], pl.Series(DAY.tolist()), [2, None]),
    (["null", "int"], pa.array(DAY), [2, None]),
    ("long", pd.Series(pd.to_datetime(["1970-01-01 01:00"]).tz_localize("Etc/GMT-1").as_unit("us")), [0]),
    ("long", pl.Series([5]).cast(pl.Datetime("us", "UTC")), [5]),
    ("long", pa.array([5], pa.timestamp("us", "UTC")), [5]),
    ("long", pa.array([5], pa.time64("us")), [5]),
    ({"type": "array", "items": "double"}, np.array([[1.0, 2.0], [3.0, 4.0]]), [[1.0, 2.0], [3.0, 4.0]]),
    ({"type": "array", "items": "double"}, np.array([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]]),
    ({"type": "array", "items": {"type": "array", "items": "int"}}, np.arange(4).reshape(1, 2, 2), [[[0, 1], [2, 3]]]),
    ({"type": "array", "items": "int"}, pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)), [[1, 2], [3, 4]]),
    ({"type": "array", "items": "int"}, pd.Series([np.array([1, 2]), (3,)]), [[1, 2], [3]]),
    ({"type": "array", "items": "int"}, pl.Series([[1, 2], []]), [[1, 2], []]),
    ({"type": "map", "values": "int"}, pd.Series([{"a": 1}, {}]), [{"a": 1}, {}]),
    (["int", "string"], [1, "x", {"int": 2}], [{"int": 1}, {"string": "x"}, {"int": 2}]),
    (["int", "string"], pa.array([1, 2]), [1, 2]),
    (["null", "int"], [{"int": 3}, None, 4], [3, None, 4]),
    (["null", {"type": "map", "values": "int"}], [{"map": 3}, {"map": {"map": 3}}], [{"map": 3}, {"map": 3}]),
    ("int", pa.array(pa.array([1, 1, 2]).dictionary_encode()), [1, 1, 2]),
    ("int", pa.RunEndEncodedArray.from_arrays([2, 3], [7, 8]), [7, 7, 8]),
    ("boolean", pa.array([True, False] * 9)[3:8], [False, True, False, True, False]),
    ("null", pa.nulls(2), [None, None]),
]  # fmt: skip


if hasattr(np.dtypes, "StringDType"):  # NumPy 2
    TAKEN.append(("string", np.array(["a", "bc"], np.dtypes.StringDType()), ["a", "bc"]))


@pytest.mark.parametrize(
    ("type", "given", "wanted"), TAKEN, ids=[f"{i}-{type(t[1]).__name__}" for i, t in enumerate(TAKEN)]
)
def test_columns_that_are_taken(type, given, wanted):
    assert [repr(v) for v in plain(identity(type).score(given))] == [repr(v) for v in wanted]


REFUSED = [
    ("int", np.array([1.0]), 'expected int, found floats (float64); convert it with .astype("int32")'),
    (
        ["null", "int"],
        pd.Series([1, None]),
        'expected union(null, int), found floats (float64); convert it with .astype("Int32")',
    ),
    ("int", np.array([True]), 'expected int, found booleans; convert it with .astype("int32")'),
    ("boolean", np.array([1]), 'expected boolean, found integers (int64); convert it with .astype("bool")'),
    ("double", np.array(["1"]), 'expected double, found strings; convert it with .astype("float64")'),
    ("double", ["1", "2"], "expected double, found strings; convert texts with float()"),
    ("int", [True, False], "expected int, found booleans; convert booleans with int()"),
    ("double", np.array([1j]), "expected double, found complex numbers (complex128)"),
    (
        "double",
        np.array([1], "g"),
        f'expected double, found floats ({np.dtype("g")}); convert it with .astype("float64")',
    ),
    ("int", np.array([1], "m8[s]"), "expected int, found durations"),
    ("int", np.array([0], "M8[ms]"), "expected int, found dates (datetime64[ms]); int takes days"),
    (
        "long",
        np.array([0], "M8[s]"),
        "expected long, found dates (datetime64[s]); long takes days, milliseconds, microseconds or nanoseconds",
    ),
    ("string", DAY, "expected string, found dates (datetime64[D]); convert it to what the document wants"),
    ("string", np.array([1]), "expected string, found integers"),
    ("string", pd.Series([1.5]), "expected string, found floats"),
    ("bytes", pd.Series([1.5]), "expected bytes, found floats"),
    (COLOR, [1], "expected enum Color (red, green, blue), found integers"),
    ("double", pl.Series(["1"]), "expected double, found strings; convert texts with float()"),
    ("int", pl.Series([1.5]), "expected int, found floats (float64); convert it with .cast(pl.Int32)"),
    ("long", pl.Series([1]).cast(pl.Int128), "expected long, found Int128; convert it with .cast(pl.Int64)"),
    (
        "double",
        pl.Series(["1"]).cast(pl.Decimal(5, 2)),
        "expected double, found Decimal(precision=5, scale=2); convert it with .cast(pl.Float64)",
    ),
    ("int", pl.Series([0]).cast(pl.Duration("ms")), "expected int, found Duration(time_unit='ms')"),
    ("double", pa.array(["1"]), "expected double, found string; convert it with .cast(pa.float64())"),
    ("boolean", pa.array([1]), "expected boolean, found int64; convert it with .cast(pa.bool_())"),
    ("long", pa.array([1], pa.timestamp("s")), "expected long, found timestamp[s]; convert it with .cast(pa.int64())"),
    ("string", pa.array([1]), "expected string, found int64"),
    ("double", pa.array([{"a": 1}]), "expected double, found struct<a: int64>"),
    ("double", np.zeros((2, 2)), "expected double, found an array of 2 axes"),
    (
        record(x="double"),
        np.zeros((2, 2)),
        "expected record In, found an array of 2 axes; give each column a name, in a dict, a structured array or a "
        "table",
    ),
    ("double", np.array(1.0), "expected double, found a single value; put it into a list"),
    ("double", STRUCTURED, "expected double, found a structured array"),
]


@pytest.mark.parametrize("mode", ["raise", "collect"])
@pytest.mark.parametrize(("type", "given", "message"), REFUSED, ids=[f"{i}" for i in range(len(REFUSED))])
def test_columns_of_another_type_are_refused_before_anything_runs(type, given, message, mode):
    e = engine(type, "int", 1, begin={"error": "began"})
    with pytest.raises(pfa.PfaDataError) as caught:
        e.score(given, on_error=mode)
    assert str(caught.value) == message
    assert caught.value.row is None


NO_NAME = "; name the column so, or give the field a default in the document"
NO_TABLE = (
    "score takes a dict of arrays, a NumPy array, a list, or a table of pandas, polars or pyarrow,"
    " not an object of "
)
NO_COLUMN = "a column is an array or a list, not an object of class int; give a list of one value"
TABLES = [
    ({"n": [1]}, 'no column "x" (double): the table has "n"' + NO_NAME),
    ({"X": [1], "n": [1]}, 'no column "x" (double): the table has "X", "n", did you mean "X"?'),
    ({}, 'no column "x" (double) and "n" (int): the table has no columns with names' + NO_NAME),
    (
        {"x": ["a"], "n": [1.5]},
        'column "x": expected double, found strings; convert texts with float(); '
        'column "n": expected int, found floats',
    ),
    ({"x": [1], "n": [1, 2]}, "the columns have different lengths: 1, 2"),
    ({"x": 1, "n": 2}, f'column "x": {NO_COLUMN}; column "n": {NO_COLUMN}'),
    (pd.DataFrame([[1, 2, 3]], columns=["x", "n", "x"]), 'more than one column "x": drop or rename the others'),
    (pl.DataFrame(COLUMNS).lazy(), "a LazyFrame has no rows yet; collect() it first"),
    ("text", NO_TABLE + "class str"),
    (3, NO_TABLE + "class int"),
    (pa.schema([]), NO_TABLE + "class Schema"),
    (pa.table({"x": [1.5], "n": [[1]]}), 'column "n": expected int, found list<item: int64>'),
]  # fmt: skip


@pytest.mark.parametrize(("table", "message"), TABLES, ids=[str(i) for i in range(len(TABLES))])
def test_tables_that_are_refused(table, message):
    with pytest.raises(pfa.PfaDataError) as caught:
        adder().score(table)
    assert str(caught.value) == message


def test_a_column_of_an_input_that_is_no_record_must_be_known():
    with pytest.raises(pfa.PfaDataError, match=r'one column, or one called "input"; it has 2'):
        identity("double").score({"a": [1], "b": [2]})


def test_a_column_that_is_missing_takes_the_default():
    given = record(x="double")
    given["fields"] += [
        {"name": "tags", "type": {"type": "array", "items": "string"}, "default": ["a"]},
        {"name": "u", "type": ["int", "null"], "default": 7},
    ]
    out = identity(given).score(pl.DataFrame({"x": [1.5, 2.5]}))
    assert out.to_dicts() == [{"x": 1.5, "tags": ["a"], "u": 7}, {"x": 2.5, "tags": ["a"], "u": 7}]


def test_records_inside_of_records():
    given = record(a=record("Inner", x="int", y=["null", "double"]))
    rows = [{"x": 1, "y": None}, {"x": 2, "y": 0.5}]
    dtype = [("a", [("x", "i4"), ("y", "f8")])]
    nested = np.ma.array([((1, 0.0),), ((2, 0.5),)], mask=[((False, True),), ((False, False),)], dtype=dtype)
    for table in (nested, pl.DataFrame({"a": rows}), pd.DataFrame({"a": rows}), pa.table({"a": rows})):
        out = identity(given).score(table)["a"]
        assert plain(out) == rows
    with pytest.raises(pfa.PfaDataError, match='column "a": no column "x"'):
        identity(given).score(pa.table({"a": [{"y": 1.5}]}))


NODE = record("Node", value="int")
NODE["fields"].append({"name": "next", "type": ["null", "Node"]})


def test_records_that_hold_themselves_are_objects():
    rows = [{"value": 1, "next": {"value": 2, "next": None}}]
    e = engine(record(tree=NODE), "In", "input")
    assert e.score({"tree": rows})["tree"].tolist() == rows
    assert e.score(pl.DataFrame([pl.Series("tree", rows, dtype=pl.Object)]))["tree"].to_list() == rows
    with pytest.raises(pfa.PfaDataError, match="record Node holds itself"):
        e.score(pa.table({"tree": [{"value": 1, "next": None}]}))


def test_unions_are_tagged_whatever_the_engine_says():
    for unions in ("natural", "tagged"):
        e = pfa.loads({"input": ["int", "string"], "output": ["int", "string"], "action": "input"}, unions=unions)
        assert e.score([1, "x"]) == [{"int": 1}, {"string": "x"}]
        assert e.action({"int": 1}) == ({"int": 1} if unions == "tagged" else 1)


def test_arrow_unions_by_their_names_and_by_their_types():
    kinds, places = pa.array([1, 0], pa.int8()), pa.array([0, 0], pa.int32())
    for names, sparse in itertools.product((["int", "string"], ["a", "b"]), (False, True)):
        children = [pa.array([5, 6], pa.int32()), pa.array(["x", "y"])]
        if sparse:
            union = pa.UnionArray.from_sparse(kinds, children, names)
        else:
            union = pa.UnionArray.from_dense(kinds, places, children, names)
        out = identity(["string", "int"]).score(union)
        assert [f.name for f in out.type] == ["string", "int"]
        assert out.to_pylist() == (["x", 6] if sparse else ["x", 5])


# --- columns ---------------------------------------------------------------------------------------------------


def root(schema, table):
    """The columns that a backend is given."""
    t = pfa.loads({"input": schema, "output": "null", "action": None}).input_type
    return list(tables.batches(tables.kind_of(table), t))


@pytest.mark.parametrize("kind", [dict, pl.DataFrame, pa.table, pd.DataFrame])
def test_numbers_are_not_copied(kind):
    numbers = np.arange(5, dtype="f8")
    table = kind({"x": numbers})
    given = {dict: lambda: numbers, pa.table: lambda: table["x"].chunk(0).to_numpy()}
    own = given.get(kind, lambda: table["x"].to_numpy())()
    [columns] = root(record(x="double"), table)
    assert np.shares_memory(columns.root.fields["x"].data, own)
    single = {dict: lambda: numbers, pa.table: lambda: table["x"].chunk(0)}.get(kind, lambda: table["x"])()
    assert np.shares_memory(root("double", single)[0].root.data, own)


def test_texts_of_arrow_are_not_copied():
    texts = pa.array(["a", "bc", "d"])
    column = root("string", texts[1:])[0].root
    assert np.shares_memory(column.data, np.frombuffer(texts.buffers()[2], "u1"))
    assert np.shares_memory(column.offsets, np.frombuffer(texts.buffers()[1], "i4"))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=rows())
def test_physical_columns_have_the_same_values(case):
    """What a compiled backend is given, against what one that goes row by row is."""
    [columns] = root(case[0], case[1])
    made = physical(columns.root)
    assert not isinstance(made, Objects)
    wrong = {}
    assert exact(made.host(0, made.length, wrong)) == exact(columns.root.host(0, made.length, wrong))
    assert wrong == {}


def test_physical_columns_know_the_rows_that_are_wrong():
    [columns] = root(record(x="int", y=["null", "string"]), {"x": [1, "x", 2**31, 4], "y": ["a", None, "b", 5]})
    made = physical(columns.root)
    wrong = {}
    assert made.host(0, 4, wrong)[0] == {"x": 1, "y": "a"}
    assert {row: (why.path, why.found) for row, why in wrong.items()} == {
        1: ("/x", "a string"), 2: ("/x", "an integer"), 3: ("/y", "an integer"),
    }  # fmt: skip
    assert made.faults().rows.tolist() == [1, 2, 3]


def test_columns_of_a_dict_may_be_of_any_library():
    given = record(a=["null", "long"], b=["null", "double"], c=["null", "long"], d="string")
    table = {
        "a": pa.chunked_array([[2**53 + 1], [None]]),
        "b": pd.Series([1.5, math.nan]),
        "c": pl.Series([None, 2**53 + 1]),
        "d": pd.Categorical(["x", "y"]),
    }  # fmt: skip
    out = identity(given).score(table)
    assert {n: c.tolist() for n, c in out.items()} == {
        "a": [2**53 + 1, None], "b": [1.5, None], "c": [None, 2**53 + 1], "d": ["x", "y"],
    }  # fmt: skip


def test_wide_tables():
    count = 3_000
    wide = record(**dict.fromkeys([f"x{i}" for i in range(count)], "double"))
    e = engine(wide, "double", "input.x2999")
    table = {f"x{i}": np.full(2, float(i)) for i in reversed(range(count))}
    for kind in FRAMES:
        assert plain(e.score(kind(table))) == [2999.0, 2999.0]


def test_no_library_is_imported_that_the_caller_has_not():
    code = """if True:
        import sys, pfa
        assert "numpy" not in sys.modules
        engine = pfa.loads({"input": "double", "output": "double", "action": {"+": ["input", 1]}})
        assert engine.score([1.0]) == [2.0]
        assert not {"pandas", "polars", "pyarrow"} & sys.modules.keys()
    """
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_scores(backend):
    given = record(x="double", u=["int", "string"], l={"type": "array", "items": ["null", "double"]})
    e = pfa.loads({"input": given, "output": "In", "action": "input"}, backend=backend)
    out = e.score({"x": [1, 2], "u": [1, "a"], "l": [[1.0, None], []]})
    assert {n: c.tolist() for n, c in out.items()} == {
        "x": [1.0, 2.0], "u": [{"int": 1}, {"string": "a"}], "l": [[1.0, None], []],
    }  # fmt: skip
    assert e.action({"x": 1, "u": 1, "l": []}) == {"x": 1.0, "u": 1, "l": []}
    emit = {"input": "int", "output": ["int", "string"], "method": "emit",
            "action": [{"emit": "input"}, {"emit": {"//": [6, "input"]}}]}  # fmt: skip
    out, errors = pfa.loads(emit, backend=backend).score([1, 0], on_error="collect")
    assert [r["output"] for r in out] == [{"int": 1}, {"int": 6}, {"int": 0}, None]
    assert errors == [(1, 18040, "/action/1/emit", "integer division by zero")]
