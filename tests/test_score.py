"""`engine.score`: the same kind back, state, and the protocol of an action."""

import ast
import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import pfa
from tests.engines import counter, emitter, summer
from tests.score_tables import (
    COLUMNS,
    STRUCTURED,
    adder,
    engine,
    identity,
    plain,
    record,
    swapped,
)
from tests.support import ROOT

# --- kinds -----------------------------------------------------------------------------------------------------

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
