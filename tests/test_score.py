"""`engine.score`: the same kind back, what counts as what, errors by row, state, and the protocol of an action."""

import ast
import itertools
import math
import pickle
import subprocess
import sys
import threading

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
from tests.engines import FOREVER, counter, emitter, summer
from tests.support import BACKENDS, ROOT
from tests.typed_values import exact, rows

COLOR = {"type": "enum", "name": "Color", "symbols": ["red", "green", "blue"]}


def record(name="In", /, **fields):
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


def engine(given, output, action, **more):
    return pfa.loads({"input": given, "output": output, "action": action, **more})


def identity(given):
    return engine(given, given["name"] if isinstance(given, dict) and "name" in given else given, "input")


def adder():
    return engine(record(x="double", n="int"), "double", {"+": ["input.x", "input.n"]})


def swapped():
    """Gives records with the sum and the text, which may be missing."""
    made = {"new": {"sum": {"+": ["input.x", 1]}, "text": "input.s"}, "type": record("Out", sum="double", text=MAYBE)}
    return engine(record(x="double", s=["null", "string"]), record("Out", sum="double", text=MAYBE), made)


MAYBE = ["null", "string"]


# --- kinds -----------------------------------------------------------------------------------------------------

COLUMNS = {"n": np.array([1, 2], "i4"), "extra": np.array(["a", "b"]), "x": np.array([0.5, 1.5])}
STRUCTURED = np.array([(1, 0.5), (2, 1.5)], [("n", "i4"), ("x", "f8")])
ONE_COLUMN = [
    (COLUMNS, np.ndarray),
    ({n: list(c) for n, c in COLUMNS.items()}, np.ndarray),
    (STRUCTURED, np.ndarray),
    (pd.DataFrame(COLUMNS), pd.Series),
    (pl.DataFrame(COLUMNS), pl.Series),
    (pa.table(COLUMNS), pa.ChunkedArray),
    (pa.table(COLUMNS).to_batches()[0], pa.Array),
    ([{"n": 1, "x": 0.5}, {"x": 1.5, "n": 2}], list),
    (pd.Series([{"n": 1, "x": 0.5}, {"x": 1.5, "n": 2}]), pd.Series),
    (pl.Series([{"n": 1, "x": 0.5}, {"x": 1.5, "n": 2}]), pl.Series),
    (pa.array([{"n": 1, "x": 0.5}, {"x": 1.5, "n": 2}]), pa.Array),
]


@pytest.mark.parametrize(
    ("table", "kind"), ONE_COLUMN, ids=[f"{i}-{type(t).__name__}" for i, (t, _) in enumerate(ONE_COLUMN)]
)
def test_an_output_that_is_no_record_is_one_column(table, kind):
    out = adder().score(table)
    assert isinstance(out, kind)
    assert list(out if not hasattr(out, "to_pylist") else out.to_pylist()) == [1.5, 3.5]


SINGLE = [
    ([1.5, 2.5], list),
    ((1.5, 2.5), list),
    (np.array([1.5, 2.5]), np.ndarray),
    (np.array([1.5, 2.5], ">f8"), np.ndarray),
    (np.array([1.5, 0, 2.5, 0])[::2], np.ndarray),
    (np.array([1.5, 2.5], object), np.ndarray),
    (pd.Series([1.5, 2.5], name="a"), pd.Series),
    (pl.Series("a", [1.5, 2.5]), pl.Series),
    (pa.array([1.5, 2.5]), pa.Array),
    (pa.chunked_array([[1.5], [2.5]]), pa.ChunkedArray),
    ({"a": [1.5, 2.5]}, np.ndarray),
    ({"input": [1.5, 2.5], "b": [1, 2]}, np.ndarray),
    (pd.DataFrame({"a": [1.5, 2.5]}), pd.Series),
]


@pytest.mark.parametrize(("table", "kind"), SINGLE, ids=[f"{i}-{type(t).__name__}" for i, (t, _) in enumerate(SINGLE)])
def test_an_input_that_is_no_record_is_one_column(table, kind):
    out = engine("double", "double", {"*": ["input", 2]}).score(table)
    assert isinstance(out, kind)
    assert list(out if not hasattr(out, "to_pylist") else out.to_pylist()) == [3.0, 5.0]


def test_records_are_a_dict_of_arrays():
    out = swapped().score({"x": [1.0, 2.0], "s": np.ma.array(["a", "b"], mask=[False, True])})
    assert list(out) == ["sum", "text"]
    assert (out["sum"].dtype, out["sum"].tolist()) == (np.dtype("f8"), [2.0, 3.0])
    assert isinstance(out["text"], np.ma.MaskedArray)
    assert out["text"].tolist() == ["a", None]


def test_records_are_a_structured_array():
    out = identity(record(x="double", n="int")).score(STRUCTURED)
    assert (out.dtype.names, out.tolist()) == (("x", "n"), [(0.5, 1), (1.5, 2)])
    table = np.ma.array(
        [(1.0, "a"), (2.0, "b")], mask=[(False, True), (False, False)], dtype=[("x", "f8"), ("s", "U3")]
    )
    out = swapped().score(table)
    assert out.tolist() == [(2.0, None), (3.0, "b")]


def test_records_are_a_frame_of_pandas_with_the_rows_own_index():
    frame = pd.DataFrame({"s": ["a", None], "x": [1.0, 2.0]}, index=[7, 9])
    out = swapped().score(frame)
    assert (list(out.columns), list(out.index), out["sum"].tolist()) == (["sum", "text"], [7, 9], [2.0, 3.0])
    assert out["text"].isna().tolist() == [False, True]
    assert list(adder().score(pd.DataFrame(COLUMNS, index=[7, 9])).index) == [7, 9]


def test_records_are_a_frame_of_polars():
    out = swapped().score(pl.DataFrame({"s": ["a", None], "x": [1.0, 2.0]}))
    assert out.equals(pl.DataFrame({"sum": [2.0, 3.0], "text": ["a", None]}))


def test_records_are_a_table_of_arrow():
    table = pa.table({"s": ["a", None], "x": [1.0, 2.0]})
    wanted = pa.schema([pa.field("sum", pa.float64(), nullable=False), pa.field("text", pa.string())])
    assert swapped().score(table).equals(pa.table([[2.0, 3.0], ["a", None]], schema=wanted))
    assert isinstance(swapped().score(table.to_batches()[0]), pa.RecordBatch)


def test_chunks_of_arrow_are_scored_one_after_the_other():
    table = pa.concat_tables([pa.table({"input": [1, 2]}), pa.table({"input": [-1]}), pa.table({"input": [4]})])
    out, errors = pfa.loads(counter()).score(table.cast(pa.schema([("input", pa.int32())])), on_error="collect")
    assert out.to_pylist() == [1, 2, None, 4]
    assert [e.row for e in errors] == [2]


EMPTY = [
    [], np.zeros(0), pd.Series([], dtype="float64"), pl.Series([], dtype=pl.Float64), pa.array([], pa.float64()),
    pa.chunked_array([], pa.float64()), {"a": []},
]  # fmt: skip


@pytest.mark.parametrize("table", EMPTY, ids=[type(t).__name__ for t in EMPTY])
def test_tables_without_rows(table):
    double = engine("double", "double", {"*": ["input", 2]}, begin={"error": "begin"})
    out = double.score(table)
    assert isinstance(out, np.ndarray if isinstance(table, dict) else type(table))
    assert len(out) == 0


def test_a_table_of_arrow_without_rows():
    table = pa.table({"x": pa.array([], pa.float64()), "s": pa.array([], pa.string())})
    assert swapped().score(table).num_rows == 0


def test_columns_are_used_in_place():
    numbers = np.arange(4, dtype="f8")
    numbers.flags.writeable = False
    before = numbers.copy()
    out = identity("double").score(numbers)
    assert out is not numbers
    assert (numbers == before).all()


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


def plain(out):
    """A column's values as Python's."""
    if isinstance(out, pd.Series):
        return [None if v is pd.NA or (v is np.nan and out.dtype != "float64") else v for v in out.tolist()]
    return next(getattr(out, name) for name in ("to_pylist", "to_list", "tolist", "copy") if hasattr(out, name))()


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


# --- rows that are wrong ---------------------------------------------------------------------------------------

TWO = {"type": "fixed", "name": "Two", "size": 2}
INNER = record(x=record("Inner", y="int"))
MAPS = pa.array([[("a", 1)], [("b", 1), ("c/", None)]], pa.map_("string", "int32"))
WRONG = [
    ("int", np.array([1, 2**31]), "", "expected int, found an integer that does not fit into int"),
    ("long", np.array([1, 2**63], "u8"), "", "expected long, found an integer that does not fit into long"),
    ("long", pl.Series([1, 2**63], dtype=pl.UInt64), "", "expected long, found an integer that does not fit into long"),
    ("long", pa.array([1, 2**63], pa.uint64()), "", "expected long, found an integer that does not fit into long"),
    ("long", [1, 2**63], "", "expected long, found an integer that does not fit into long"),
    ("int", pd.Series([1, None], dtype="Int64"), "", "expected int, found null"),
    ("int", pl.Series([1, None]), "", "expected int, found null"),
    ("int", pa.array([1, None]), "", "expected int, found null"),
    ("int", np.ma.array([1, 2], mask=[0, 1]), "", "expected int, found null"),
    ("double", [1, None], "", "expected double, found null"),
    ("double", [1, "x"], "", "expected double, found a string; convert texts with float()"),
    ("string", pd.Series(["a", None]), "", "expected string, found null"),
    ("string", pd.Series(["a", None], dtype=object), "", "expected string, found null"),
    ("string", pa.array(["a", None]), "", "expected string, found null"),
    (COLOR, pa.array(["red", "pink"]), "", "expected enum Color (red, green, blue), found a string"),
    (COLOR, pd.Series(["red", "pink"], dtype="category"), "", "expected enum Color (red, green, blue), found a string"),
    (COLOR, ["red", "pink"], "", "expected enum Color (red, green, blue), found a string"),
    ({"type": "array", "items": "int"}, pa.array([[1], [2, None]]), "/1", "expected int, found null"),
    ({"type": "array", "items": "int"}, [[1], [2, None]], "/1", "expected int, found null"),
    ({"type": "map", "values": "int"}, MAPS, "/c~1", "expected int, found null"),
    (INNER, pa.array([{"x": {"y": 1}}, {"x": {"y": None}}]), "/x/y", "expected int, found null"),
    (INNER, pa.array([{"x": {"y": 1}}, {"x": None}]), "/x", "expected Inner, found null"),
    (TWO, pa.array([b"ab", b"abc"]), "", "expected fixed Two (2 bytes), found bytes of 3 bytes"),
    (TWO, [b"ab", b"abc"], "", "expected fixed Two (2 bytes), found bytes of 3 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("type", "given", "pointer", "text"), WRONG, ids=[f"{i}-{type(t[1]).__name__}" for i, t in enumerate(WRONG)]
)
def test_rows_that_are_wrong(type, given, pointer, text):
    e = engine(type, "int", 5)
    out, errors = e.score(given, on_error="collect")
    assert ([None if v is pd.NA else v for v in plain(out)], errors) == ([5, None], [(1, None, pointer, text)])
    with pytest.raises(pfa.PfaDataError) as caught:
        e.score(given)
    assert (caught.value.row, caught.value.path) == (1, pointer)
    assert str(caught.value) == f"row 1: {pointer + ': ' if pointer else ''}{text}"
    assert pickle.loads(pickle.dumps(caught.value)).row == 1


def test_text_that_is_no_utf8():
    broken = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.py_buffer(np.array([0, 1, 2, 4], "i4")), pa.py_buffer(b"a\xffbc")]
    )
    out, errors = identity("string").score(broken, on_error="collect")
    assert out.to_pylist() == ["a", None, "bc"]
    assert errors == [(1, None, "", "expected string, found bytes that are no UTF-8")]
    halves = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(np.array([0, 1, 2], "i4")), pa.py_buffer("ä".encode())]
    )
    assert [e.row for e in identity("string").score(halves, on_error="collect")[1]] == [0, 1]


def test_what_is_missing_under_a_missing_record_is_not_wrong():
    given = ["null", record("Inner", y="int")]
    rows = pa.StructArray.from_arrays([pa.array([1, None], pa.int32())], ["y"], mask=pa.array([False, True]))
    out, errors = engine(record(x=given), ["null", "Inner"], "input.x").score(pa.table({"x": rows}), on_error="collect")
    assert (out.to_pylist(), errors) == ([{"y": 1}, None], [])


# --- on_error --------------------------------------------------------------------------------------------------


def divider(output="int"):
    return engine(record(a="int", b="int"), output, {"//": ["input.a", "input.b"]})


DIVIDED = {"a": np.array([6, 7, 8], "i4"), "b": np.array([2, 0, 4], "i4")}
FRAMES = [dict, pd.DataFrame, pl.DataFrame, pa.table]


@pytest.mark.parametrize("kind", FRAMES)
def test_null_leaves_failed_rows_out(kind):
    out = divider().score(kind(DIVIDED), on_error="null")
    assert [None if v is pd.NA else v for v in plain(out)] == [3, None, 2]


@pytest.mark.parametrize("kind", FRAMES)
def test_the_form_of_the_result_does_not_depend_on_the_data(kind):
    good = {"a": DIVIDED["a"][::2], "b": DIVIDED["b"][::2]}
    types = [str(getattr(divider().score(kind(d), on_error="null"), "dtype", "")) for d in (good, DIVIDED)]
    assert types[0] == types[1]
    if kind is dict:
        assert isinstance(divider().score(good, on_error="null"), np.ma.MaskedArray)
        assert not isinstance(divider().score(good), np.ma.MaskedArray)


@pytest.mark.parametrize("kind", FRAMES)
def test_collect_tells_row_code_pointer_and_text(kind):
    out, errors = divider().score(kind(DIVIDED), on_error="collect")
    assert [None if v is pd.NA else v for v in plain(out)] == [3, None, 2]
    assert errors == [(1, 18040, "/action", "integer division by zero")]
    assert errors[0]._fields == ("row", "code", "pointer", "text")


def test_raise_names_the_row():
    e = divider()
    with pytest.raises(pfa.PfaRuntimeError, match=r"^row 1: .*integer division by zero \(code 18040, //\)") as caught:
        e.score(DIVIDED)
    assert (caught.value.row, caught.value.code, caught.value.at.pointer) == (1, 18040, "/action")
    assert e.action({"a": 4, "b": 2}) == 2


def test_failed_records_miss_every_field():
    made = {"new": {"q": {"//": ["input.a", "input.b"]}, "c": "@red"}, "type": record("Out", q="int", c=COLOR)}
    made["new"]["c"] = {"type": "Color", "value": "red"}
    e = engine(record(a="int", b="int"), made["type"], {**made, "type": "Out"})
    for kind in FRAMES:
        out = e.score(kind(DIVIDED), on_error="null")
        assert [None if v is pd.NA else v for v in plain(out["q"])] == [3, None, 2]
        assert [v if isinstance(v, str) else None for v in plain(out["c"])] == ["red", None, "red"]


def test_limits_and_errors_of_the_document_are_rows_too():
    loop = {"if": {"<": ["input", 0]}, "then": {"do": [FOREVER, 1]}, "else": {"if": {"==": ["input", 0]},
            "then": {"error": "zero", "code": -3}, "else": "input"}}  # fmt: skip
    e = pfa.loads({"input": "int", "output": "int", "action": loop}, limits=pfa.Limits(steps=10_000))
    out, errors = e.score([-1, 0, 1], on_error="collect")
    assert out == [None, None, 1]
    assert [(x.row, x.code) for x in errors] == [(0, None), (1, -3)]
    assert "steps" in errors[0].text


@pytest.mark.parametrize("mode", ["null", "collect"])
def test_what_callbacks_raise_is_raised(mode):
    e = engine("int", "int", [{"log": ["input"]}, "input"])
    e.log = lambda *_: 1 // 0
    with pytest.raises(ZeroDivisionError):
        e.score([1, 2], on_error=mode)
    e.log = lambda message, _: pfa.loads({"input": "int", "output": "int", "action": "input"}).action(message)
    with pytest.raises(pfa.PfaDataError):
        e.score([1, 2], on_error=mode)
    e.log = lambda *_: None
    assert e.action(3) == 3


def test_errors_do_not_quote_the_data():
    texts = ["1", 2.0]
    out, errors = engine("double", "double", "input").score(texts, on_error="collect")
    assert "1" not in errors[0].text
    quoting = pfa.loads(
        {"input": "double", "output": "double", "action": "input"}, limits=pfa.Limits(quote_values=True)
    )
    assert '"1"' in quoting.score(texts, on_error="collect")[1][0].text
    assert out == [None, 2.0]


# --- state, methods, lifecycle ---------------------------------------------------------------------------------


def test_rows_run_in_order_and_the_state_stays():
    e = pfa.loads(counter())
    assert e.score([5, 5, 5]) == [1, 2, 3]
    assert e.score(np.array([5, -1, 5], "i4"), on_error="null").tolist() == [4, None, 6]
    assert e.action(5) == 7


def test_rows_that_are_refused_count_nowhere():
    e = engine("int", "long", "actionsStarted")
    assert e.score([1, "x", 2], on_error="null") == [1, None, 2]


def test_a_row_that_fails_is_rolled_back():
    cells = {"n": {"type": "int", "init": 0, "rollback": True}}
    e = pfa.loads(counter(cells=cells))
    assert e.score([1, -1, 1], on_error="null") == [1, None, 2]


def test_random_numbers_are_those_of_actions():
    document = {"input": "null", "output": "int", "randseed": 5, "action": {"rand.int": [0, 1_000_000]}}
    one, other = pfa.loads(document), pfa.loads(document)
    assert one.score([None] * 3) == [other.action(None) for _ in range(3)]


def test_fold_gives_the_tally_after_each_row():
    e = pfa.loads(summer())
    out, errors = e.score(pd.Series([1.0, -1.0, 2.5]), on_error="collect")
    assert (plain(out), [x.row for x in errors], e.tally) == ([1.0, None, 3.5], [1], 3.5)


def test_a_tally_that_is_a_record_is_copied():
    total = record("Total", n="int", seen={"type": "array", "items": "int"})
    add = {"new": {"n": {"+": ["tally.n", 1]}, "seen": {"a.append": ["tally.seen", "input"]}}, "type": "Total"}
    e = pfa.loads({
        "input": "int", "output": total, "method": "fold", "zero": {"n": 0, "seen": []}, "action": add,
        "merge": "tallyOne",
    })  # fmt: skip
    out = e.score({"input": [7, 8]})
    assert (out["n"].tolist(), out["seen"].tolist()) == ([1, 2], [[7], [7, 8]])
    out["seen"][1].append(9)
    assert e.tally == {"n": 2, "seen": [7, 8]}


def test_emit_adds_the_row():
    e = pfa.loads(emitter())
    out = e.score({"input": np.array([0, 2, 1])})
    assert {n: c.tolist() for n, c in out.items()} == {"row": [0, 1, 1, 2], "output": [-1, 2, 2, 1]}
    assert out["row"].dtype == np.dtype("i8")
    frame = e.score(pd.DataFrame({"input": [1, 2]}, index=[5, 6]))
    assert (frame["row"].tolist(), list(frame.index)) == ([0, 1, 1], [0, 1, 2])
    assert e.score(pa.table({"input": [1, 2]})).to_pylist() == [
        {"row": r, "output": o} for r, o in [(0, 1), (1, 2), (1, 2)]
    ]
    assert e.score(pl.Series([2])).to_dicts() == [{"row": 0, "output": 2}] * 2
    assert e.score([3]) == [{"row": 0, "output": 3}] * 3
    assert pfa.loads(emitter()).score([0, 0]) == [{"row": 0, "output": -1}]


def test_emitted_records_and_rows_that_fail():
    row = record("Out", row="int", y=["int", "string"])
    value = {"new": {"row": {"//": [6, "input"]}, "y": {"string": "s"}}, "type": "Out"}
    e = engine(
        "int", row, [{"emit": {"new": {"row": 0, "y": {"int": 1}}, "type": "Out"}}, {"emit": value}], method="emit"
    )
    out, errors = e.score(pa.table({"input": [2, 0, 3]}), on_error="collect")
    assert out.column_names == ["_row", "row", "y"]
    assert out.column("_row").to_pylist() == [0, 0, 1, 1, 2, 2]
    assert out.column("row").to_pylist() == [0, 3, 0, None, 0, 2]
    assert out.column("y").to_pylist() == [1, "s", 1, None, 1, "s"]
    assert [x.row for x in errors] == [1]


def test_a_callback_gets_what_is_emitted():
    e, sent = pfa.loads(emitter()), []
    e.emit = sent.append
    assert e.score([1, 2]) is None
    assert sent == [-1, 1, 2, 2]
    assert e.score(["x", 1], on_error="collect") == (None, [(0, None, "", "expected int, found a string")])
    unions = engine("int", ["int", "string"], {"emit": "input"}, method="emit")
    unions.emit = sent.append
    unions.score([7])
    assert sent[-1] == 7


def test_what_was_emitted_is_as_the_engine_gives_it_afterwards():
    e = engine("int", ["int", "string"], {"emit": "input"}, method="emit")
    assert e.score([7])[0]["output"] == {"int": 7}
    assert e.action(7) == [7]


def test_score_begins_and_ends_are_respected():
    e = pfa.loads({**counter(), "begin": {"cell": "n", "to": 10}})
    assert e.score([1]) == [11]
    e.end()
    with pytest.raises(pfa.PfaLifecycleError, match="no score now: this engine is ended"):
        e.score([1])
    e.close()
    with pytest.raises(pfa.PfaLifecycleError, match="closed"):
        e.score([1])


@pytest.mark.parametrize("mode", ["raise", "null", "collect"])
def test_a_begin_that_fails_is_no_rows_error(mode):
    e = engine("int", "int", "input", begin={"error": "begin"})
    with pytest.raises(pfa.PfaUserError) as caught:
        e.score([1, 2], on_error=mode)
    assert (caught.value.row, caught.value.at.pointer) == (None, "/begin")
    with pytest.raises(pfa.PfaLifecycleError):
        e.score([1])


def test_rows_that_are_refused_begin_nothing():
    e = engine("int", "int", "input", begin={"error": "begin"})
    assert e.score(np.ma.array([1, 2], mask=[1, 1]), on_error="null").tolist() == [None, None]
    with pytest.raises(pfa.PfaUserError):
        e.score(np.ma.array([1, 2], mask=[1, 0]), on_error="null")


def test_an_engine_that_scores_is_busy():
    e = engine("int", "int", [{"log": ["input"]}, "input"])
    caught = []

    def elsewhere():
        try:
            e.score([1])
        except pfa.PfaBusyError as error:
            caught.append(error)

    def again(message, namespace):
        with pytest.raises(pfa.PfaBusyError):
            e.score([1])
        with pytest.raises(pfa.PfaBusyError):
            e.action(1)
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    e.log = again
    assert e.score([3]) == [3]
    assert len(caught) == 1


@pytest.mark.parametrize(("keywords", "message"), [
    ({"on_error": "skip"}, 'on_error is "raise", "null" or "collect"'),
    ({"threads": 0}, "threads is a number from 1"),
    ({"threads": 2.0}, "threads is a number from 1"),
])  # fmt: skip
def test_wrong_keywords(keywords, message):
    with pytest.raises(pfa.PfaLifecycleError, match=message):
        identity("int").score([1], **keywords)


def test_threads_are_accepted():
    assert identity("int").score([1, 2], threads=4) == [1, 2]


def test_a_value_that_shares_its_parts_is_charged_when_it_goes_out():
    many = {"type": "array", "items": {"type": "array", "items": "int"}}
    action = {"do": [
        {"let": {"x": {"type": {"type": "array", "items": "int"}, "value": [1] * 1000}}},
        {"let": {"y": {"type": many, "value": []}}},
        {"for": {"i": 0}, "while": {"<": ["i", "input"]}, "step": {"i": {"+": ["i", 1]}},
         "do": {"set": {"y": {"a.append": ["y", "x"]}}}},
        "y",
    ]}  # fmt: skip
    e = pfa.loads({"input": "int", "output": many, "action": action}, limits=pfa.Limits(steps=50_000))
    out, errors = e.score([2, 200, 3], on_error="collect")
    assert [v and len(v) for v in out] == [2, None, 3]
    assert "steps" in errors[0].text


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


# --- the page --------------------------------------------------------------------------------------------------


def test_the_page_on_tables_shows_what_happens():
    page = (ROOT / "docs/data.md").read_text("utf-8").partition("\n## Tables\n")[2]
    code = page.partition("```python\n")[2].partition("```")[0]
    names, shown = {}, 0
    for statement in ast.parse(code).body:
        text = "\n".join(code.splitlines()[statement.lineno - 1 : statement.end_lineno])
        if isinstance(statement, ast.Expr):
            expression, _, wanted = text.partition("  # ")
            assert repr(eval(expression, names)) == wanted.strip()
            shown += 1
        else:
            exec(text, names)
    assert shown == 3
