"""`engine.score`: rows that are wrong, and what becomes of rows that fail."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import pfa
from tests.engines import FOREVER
from tests.score_tables import COLOR, FRAMES, engine, identity, plain, record

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
