"""Outputs of compiled code in columns: as the python backend gives them, for every kind of table, on any threads."""

import random
from concurrent.futures import ThreadPoolExecutor
from ctypes import CFUNCTYPE, c_int

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import pfa
from pfa.data import table_polars
from pfa.data.arrow_columns import arrow_array
from pfa.data.table_values import built
from pfa.engine.kernel_scoring import SHARE, KernelBackend
from tests.engines import emitter, summer
from tests.test_score_types import name_of
from tests.typed_values import exact

LETTERS = {"type": "array", "items": "string"}
INSIDE = {"type": "record", "name": "Inside", "fields": [
    {"name": "s", "type": "string"}, {"name": "u", "type": ["int", "string"]},
    {"name": "m", "type": ["null", "double"]},
]}  # fmt: skip
FIELDS = [
    ("n", "int"), ("s", "string"), ("b", "bytes"), ("maybe", ["null", "string"]), ("l", LETTERS),
    ("ll", {"type": "array", "items": {"type": "array", "items": ["null", "int"]}}),
    ("map", {"type": "map", "values": LETTERS}), ("u", ["null", "int", "string", LETTERS]), ("v", ["long", "string"]),
    ("r", INSIDE), ("rs", {"type": "array", "items": "Inside"}), ("x", "float"), ("t", "boolean"), ("z", "null"),
    ("e", {"type": "enum", "name": "Color", "symbols": ["red", "green"]}),
    ("f", {"type": "fixed", "name": "Four", "size": 4}), ("rr", ["null", "Inside"]),
]  # fmt: skip
ROW = {"type": "record", "name": "Row", "fields": [{"name": n, "type": t} for n, t in FIELDS]}
NAMES = [n for n, _ in FIELDS]
FAILS = {"if": {"==": [{"%": ["input.n", 7]}, 3]}, "then": {"error": "no", "code": -5}}


def row(i, draw):
    """A value of Row; n is the number of it."""

    def word():
        return "".join(draw.choices("aé𝄞z ", k=draw.randrange(6)))

    def words():
        return [word() for _ in range(draw.randrange(4))]

    def inside():
        return {"s": word(), "u": draw.choice([{"int": i}, {"string": word()}]), "m": draw.choice([None, 0.5])}

    return {
        "n": i, "s": word(), "b": bytes(draw.choices(range(256), k=draw.randrange(5))),
        "maybe": draw.choice([None, word()]), "l": words(),
        "ll": [[draw.choice([None, i]) for _ in range(draw.randrange(3))] for _ in range(draw.randrange(3))],
        "map": {word(): words() for _ in range(draw.randrange(12))},
        "u": draw.choice([None, {"int": i}, {"string": word()}, {"array": words()}]),
        "v": draw.choice([{"long": -i}, {"string": word()}]), "r": inside(),
        "rs": [inside() for _ in range(draw.randrange(3))], "x": i / 4, "t": i % 2 == 0, "z": None,
        "e": draw.choice(["red", "green"]), "f": bytes(draw.choices(range(256), k=4)),
        "rr": draw.choice([None, inside()]),
    }  # fmt: skip


def table(count, seed=1):
    draw = random.Random(seed)
    values = [row(i, draw) for i in range(count)]
    return {n: [v[n] for v in values] for n in NAMES}


def both(document, **more):
    return [pfa.loads(document, backend=b, **more) for b in ("python", "numba")]


def plain(out):
    """A table that came back, as lists by column."""
    match out:
        case None | list():
            return out
        case dict():
            return {n: (c.tolist(), c.dtype, isinstance(c, np.ma.MaskedArray)) for n, c in out.items()}
        case pd.DataFrame():
            return {n: ([None if v is pd.NA else v for v in out[n].tolist()], str(out[n].dtype)) for n in out}
        case pl.DataFrame():
            return {n: (out[n].to_list(), str(out[n].dtype)) for n in out.columns}
        case _:
            out.validate(full=True)
            return out.schema, out.to_pylist()


def arrow_table(columns):
    t = pfa.loads({"input": ROW, "output": "Row", "action": "input"}).input_type
    return pa.table({f.name: arrow_array(built(f.type, columns[f.name], False)) for f in t.fields})


KINDS = {
    "dict": dict,
    "list": lambda c: [dict(zip(c, v, strict=True)) for v in zip(*c.values(), strict=True)],
    "pandas": lambda c: pd.DataFrame({n: pd.Series(v, dtype=object) for n, v in c.items()}),
    "polars": lambda c: pl.DataFrame([pl.Series(n, v, dtype=pl.Object) for n, v in c.items()]),
    "arrow": arrow_table,
}  # fmt: skip


@pytest.fixture(scope="module")
def engines():
    return both({"input": ROW, "output": "Row", "action": [FAILS, "input"]})


@pytest.mark.parametrize("mode", ["null", "collect"])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_those_of_the_reference(kind, mode, engines):
    given = KINDS[kind](table(600))
    wanted, got = (e.score(given, on_error=mode) for e in engines)
    if mode == "collect":
        assert got[1] == wanted[1]
        assert [e.row for e in got[1]] == list(range(3, 600, 7))
        wanted, got = wanted[0], got[0]
    assert exact(repr(plain(got))) == exact(repr(plain(wanted)))


@pytest.mark.parametrize("name", NAMES)
def test_outputs_that_are_no_records(name):
    field = {"attr": "input", "path": [{"string": name}]}
    wanted, got = both({"input": ROW, "output": _named(name), "action": [FAILS, field]})
    given = table(60)
    for kind in (KINDS["list"], arrow_table):
        ours, reference = (e.score(kind(given), on_error="null") for e in (got, wanted))
        as_lists = [x if isinstance(x, list) else x.to_pylist() for x in (ours, reference)]
        assert exact(as_lists[0]) == exact(as_lists[1])


def _named(name):
    """The type of a field, where it has a name by that."""
    t = dict(FIELDS)[name]
    return t["name"] if isinstance(t, dict) and "name" in t else t


# --- threads ---------------------------------------------------------------------------------------------------


@pytest.fixture
def parts(monkeypatch):
    """The parts of rows that threads have scored."""
    found = []
    run = KernelBackend._run

    def noted(self, instance, job, part):
        found.append((part.start, part.stop))
        run(self, instance, job, part)

    monkeypatch.setattr(KernelBackend, "_run", noted)
    return found


def test_threads_give_what_one_gives(parts, engines):
    given = arrow_table(table(2 * SHARE + 100))
    _, ours = engines
    wanted = plain(ours.score(given, on_error="null", threads=1))
    assert len(parts) == 1
    assert repr(plain(ours.score(given, on_error="null", threads=2))) == repr(wanted)
    assert len(parts) == 3


TABLE = {"type": "map", "values": "string"}
LOOKUP = {"input": "string", "output": "string", "cells": {"t": {"type": TABLE, "init": {"a": "first", "b": "second"}}},
          "action": {"cell": "t", "path": ["input"]}}  # fmt: skip
WORDS = pa.array(["a", "b"] * (2 * SHARE))


def test_models_in_cells_are_read_by_all_threads(parts):
    made = pfa.loads(LOOKUP, backend="numba")
    assert made.score(WORDS, threads=3).to_pylist() == ["first", "second"] * (2 * SHARE)
    assert len(parts) == 3


def test_threads_read_the_state_that_the_engine_has(parts):
    write = {"fcns": {"set": {"params": [], "ret": TABLE, "do": {
        "cell": "t", "to": {"value": {"a": "other", "b": "values"}, "type": TABLE}}}}}  # fmt: skip
    made = pfa.loads(LOOKUP | write, backend="numba")
    made.score(WORDS, threads=3)
    made.call("set")
    assert made.score(WORDS, threads=3).to_pylist() == ["other", "values"] * (2 * SHARE)
    again = pfa.loads(LOOKUP | write, backend="numba", state=made.state())
    assert again.score(WORDS, threads=3).to_pylist() == ["other", "values"] * (2 * SHARE)
    assert len(parts) == 9


def test_clones_score_at_once():
    first = pfa.loads(LOOKUP, backend="numba")
    clones = [first.clone(instance=i) for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        out = list(pool.map(lambda e: [e.score(WORDS, threads=3).to_pylist() for _ in range(3)], clones))
    assert all(x == ["first", "second"] * (2 * SHARE) for several in out for x in several)


def test_the_lock_of_the_interpreter_is_not_held(monkeypatch):
    calls = []
    batch = pfa.targets.kernel.host.KernelCode.batch
    monkeypatch.setattr(
        pfa.targets.kernel.host.KernelCode, "batch", lambda self, plan: calls.append(batch(self, plan)) or calls[-1]
    )
    made = pfa.loads({"input": "string", "output": "string", "action": "input"}, backend="numba")
    made.score(WORDS)
    made.score(["a"])
    held = [bool(c._flags_ & ~CFUNCTYPE(c_int)._flags_) for c in calls]
    assert held == [False, True]  # objects of the interpreter are read with it


def test_an_engine_that_changes_cells_goes_in_order(parts):
    count = {"cell": "n", "to": {"+": [{"cell": "n"}, 1]}}
    doc = {"input": "string", "output": "string", "cells": {"n": {"type": "int", "init": 0}},
           "action": [count, {"s.concat": ["input", {"s.int": [{"cell": "n"}]}]}]}  # fmt: skip
    assert pfa.loads(doc, backend="numba").score(WORDS, threads=3).to_pylist()[-1] == f"b{len(WORDS)}"
    assert len(parts) == 1


# --- emit ------------------------------------------------------------------------------------------------------



def times(count, body):
    return {"for": {"i": 0}, "while": {"<": ["i", count]}, "step": {"i": {"+": ["i", 1]}}, "do": body}


SOME = {"do": [times({"%": ["input.n", 4]}, {"emit": "input"}), FAILS]}


@pytest.fixture(scope="module")
def emitters():
    return both({"input": ROW, "output": "Row", "method": "emit", "action": SOME})


@pytest.mark.parametrize("kind", ["list", "arrow", "pandas"])
@pytest.mark.parametrize("mode", ["null", "collect"])
def test_what_is_emitted_is_that_of_the_reference(kind, mode, emitters):
    given = KINDS[kind](table(300))
    reference, ours = (e.score(given, on_error=mode) for e in emitters)
    if mode == "collect":
        assert ours[1] == reference[1]
        ours, reference = ours[0], reference[0]
    assert exact(repr(plain(ours))) == exact(repr(plain(reference)))


def test_threads_emit_in_order(parts):
    e = pfa.loads(emitter(begin={"doc": ""}), backend="numba")
    given = pa.array([i % 3 for i in range(3 * SHARE)], pa.int32())
    out = e.score(given, threads=3)
    assert out.column("row").to_pylist() == [i for i in range(3 * SHARE) for _ in range(i % 3)]
    assert out.column("output").to_pylist() == [i % 3 for i in range(3 * SHARE) for _ in range(i % 3)]
    assert len(parts) == 3


def test_an_error_that_is_raised_knows_what_was_emitted():
    fail = {"if": {"==": ["input", 2]}, "then": {"error": "two"}}
    doc = {"input": "int", "output": "string", "method": "emit", "action": [{"emit": {"s.int": ["input"]}}, fail]}
    for e in both(doc):
        with pytest.raises(pfa.PfaUserError) as caught:
            e.score(pa.array([1, 2, 3], pa.int32()))
        assert (caught.value.row, caught.value.emitted) == (1, ["2"])


# --- fold ------------------------------------------------------------------------------------------------------


def test_a_fold_in_parts_is_merged(parts):
    given = np.arange(3 * SHARE, dtype="f8")
    for e, count in zip(both(summer()), (0, 3), strict=True):
        parts.clear()
        assert e.score(given, threads=3, merge=True) == given.sum()
        assert e.tally == given.sum()
        assert len(parts) == count
        assert e.score(given, threads=3, merge=True) == 2 * given.sum()
        assert e.action(1.0) == 2 * given.sum() + 1


def test_a_fold_without_merge_goes_in_order(parts):
    given = np.ones(3 * SHARE)
    out = pfa.loads(summer(), backend="numba").score(given, threads=3)
    assert (out == np.arange(1, 3 * SHARE + 1)).all()
    assert len(parts) == 1


def test_tallies_with_texts_and_maps_are_merged_in_order(parts):
    t = {"type": "record", "name": "T", "fields": [{"name": "s", "type": "string"}, {"name": "n", "type": "int"}]}

    def new(s, n):
        return {"new": {"s": s, "n": n}, "type": "T"}

    doc = {
        "input": "string", "output": t, "method": "fold", "zero": {"s": "", "n": 0},
        "cells": {"t": {"type": TABLE, "init": {"a": "x", "b": "y"}}},
        "action": new({"s.concat": ["tally.s", {"cell": "t", "path": ["input"]}]}, {"+": ["tally.n", 1]}),
        "merge": new({"s.concat": ["tallyOne.s", "tallyTwo.s"]}, {"+": ["tallyOne.n", "tallyTwo.n"]}),
    }  # fmt: skip
    for e in both(doc):
        assert e.score(WORDS, threads=3, merge=True) == {"s": "xy" * (2 * SHARE), "n": 4 * SHARE}
    assert len(parts) == 3


def test_rows_of_a_fold_that_fail():
    given = np.ones(3 * SHARE)
    given[[5, SHARE + 5, 2 * SHARE + 5]] = -1
    for e in both(summer()):
        tally, errors = e.score(given, on_error="collect", threads=3, merge=True)
        assert (tally, [x.row for x in errors]) == (3 * SHARE - 3, [5, SHARE + 5, 2 * SHARE + 5])
    for e in both(summer()):
        given[5] = 1
        with pytest.raises(pfa.PfaUserError) as caught:
            e.score(given, threads=3, merge=True)
        assert (caught.value.row, e.tally) == (SHARE + 5, SHARE + 5)  # the rows before it
        assert e.state()
        assert e.action(1.0) == SHARE + 6


def test_a_fold_that_counts_its_actions_goes_in_order(parts):
    e = pfa.loads(summer(action={"+": ["tally", "actionsStarted"]}), backend="numba")
    assert e.score(np.ones(3 * SHARE), threads=3, merge=True) == 3 * SHARE * (3 * SHARE + 1) / 2
    assert len(parts) == 1


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_only_folds_are_merged(backend):
    e = pfa.loads({"input": "int", "output": "int", "action": "input"}, backend=backend)
    with pytest.raises(pfa.PfaLifecycleError, match="merge=True is for engines"):
        e.score([1], merge=True)


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_a_table_without_rows_leaves_the_tally(backend):
    assert pfa.loads(summer(), backend=backend).score(np.zeros(0), merge=True) == 0.0


# --- room ------------------------------------------------------------------------------------------------------


def test_a_text_that_is_larger_than_an_action_may_use_is_that_rows_error():
    repeat = {"do": [
        {"let": {"s": "input"}},
        times(14, {"set": {"s": {"s.concat": ["s", "s"]}}}),
        {"let": {"l": {"type": LETTERS, "value": []}}},
        times(200, {"set": {"l": {"a.append": ["l", "s"]}}}),
        "l",
    ]}  # fmt: skip
    made = pfa.loads({"input": "string", "output": LETTERS, "action": repeat}, backend="numba",
                     limits=pfa.Limits(memory=1 << 20))  # fmt: skip
    out, errors = made.score(["", "x", ""], on_error="collect")
    assert out == [[""] * 200, None, [""] * 200]
    assert [(e.row, e.text) for e in errors] == [(1, "exceeded 1048576 bytes of memory")]


def test_types_that_are_exponential_as_columns_are_read_by_the_host():
    t = "int"
    for i in range(24):
        again = f"R{i - 1}" if i else "int"
        t = {"type": "record", "name": f"R{i}", "fields": [{"name": "a", "type": t}, {"name": "b", "type": again}]}
    fields = [{"name": "t", "type": ["null", t]}, {"name": "s", "type": "string"}]
    out = {"type": "record", "name": "Out", "fields": fields}
    doc = {"input": "int", "output": out, "action": {"new": {"t": None, "s": {"s.int": ["input"]}}, "type": "Out"}}
    assert pfa.loads(doc, backend="numba").score([7]) == [{"t": None, "s": "7"}]


def test_dictionaries_of_texts_take_no_memory_of_the_program():
    made = pfa.loads({"input": "string", "output": "string", "action": "input"}, backend="numba")
    code = made._runtime.compiled.code
    before = code.memory.top
    words = [f"wörd {i}" for i in range(1000)]
    out = made.score(pa.array(words).dictionary_encode())
    assert out.to_pylist() == words
    assert code.memory.top == before


# --- polars ----------------------------------------------------------------------------------------------------

COLOR = {"type": "enum", "name": "Color", "symbols": ["red", "green"]}
PAIR = {"type": "record", "name": "Pair", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "string"}]}
STRUCTS = pl.Series([{"a": 1, "b": "é"}, None, {"a": None, "b": "x"}, {"a": 2, "b": None}], dtype=pl.Struct(
    {"a": pl.Int32, "b": pl.String}))  # fmt: skip
SERIES = [
    ("string", pl.Series(["a", None, "bé"])), (["null", "string"], pl.Series(["a", None, "bé"])),
    ("string", pl.Series([None, None], dtype=pl.String)), ("bytes", pl.Series([b"", b"x"])),
    (COLOR, pl.Series(["red", None, "blue"])), (PAIR, STRUCTS), (["null", PAIR], STRUCTS),
    ({"type": "fixed", "name": "Two", "size": 2}, pl.Series([b"ab", None, b"abc"])),
    ({"type": "array", "items": "int"}, pl.Series([[1], None, [1, None]], dtype=pl.List(pl.Int32))),
    ({"type": "array", "items": "double"}, pl.Series([[1.5], [float("nan")]], dtype=pl.Array(pl.Float64, 1))),
    ({"type": "array", "items": COLOR}, pl.Series([["red"], None, ["red", "blue"]])),
]  # fmt: skip


@pytest.mark.parametrize("backend", ["python", "numba"])
@pytest.mark.parametrize(("given", "series"), SERIES, ids=[str(i) for i in range(len(SERIES))])
def test_polars_through_arrow_is_polars_through_objects(given, series, backend, monkeypatch):
    made = pfa.loads({"input": given, "output": name_of(given), "action": "input"}, backend=backend)
    found = []
    for rows in (1, 1_000_000):
        monkeypatch.setattr(table_polars, "ARROW", rows)
        out, errors = made.score(series, on_error="collect")
        found.append((exact(out.rows() if isinstance(out, pl.DataFrame) else out.to_list()), str(out), errors))
    assert found[0] == found[1]


@pytest.mark.parametrize("mode", ["raise", "null"])
def test_outputs_of_polars_through_arrow(mode, engines, monkeypatch):
    given = KINDS["polars"]({n: v[:3] for n, v in table(50).items()})
    found = []
    for rows in (1, 1_000_000):
        monkeypatch.setattr(table_polars, "ARROW", rows)
        found.append(repr(plain(engines[1].score(given, on_error=mode))))
    assert found[0] == found[1]
