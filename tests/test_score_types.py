"""Every type through every kind of table and an engine that gives back its input: what comes back is what was given."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import HealthCheck, given, settings

import pfa
from pfa.data.arrow_columns import arrow_array
from pfa.data.arrow_types import arrow_schema, type_of
from pfa.data.table_values import built
from tests.typed_values import PRIMITIVES, exact, nullable, rows, tables

slow = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def identity(t):
    """Gives back its input: functions may repeat a type that has no name."""
    return pfa.loads({"input": t, "output": name_of(t), "action": "input"})


def name_of(t):
    """The same type once more, its named parts by name."""
    if isinstance(t, list):
        return [name_of(b) for b in t]
    if isinstance(t, dict):
        return t["name"] if "name" in t else {k: name_of(v) if k in ("items", "values") else v for k, v in t.items()}
    return t


def arrow_table(t, values):
    columns = [arrow_array(built(f.type, [v[f.name] for v in values], False)) for f in t.fields]
    return pa.table(columns, schema=arrow_schema(t))


@slow
@given(rows())
def test_lists(case):
    t, values = case
    assert exact(identity(t).score(values)) == exact(values)


@slow
@given(tables())
def test_arrays(case):
    t, values = case
    names = [f["name"] for f in t["fields"]]
    out = identity(t).score({n: [v[n] for v in values] for n in names})
    assert list(out) == names
    for f in t["fields"]:
        column = out[f["name"]]
        assert isinstance(column, np.ma.MaskedArray) == (nullable(f["type"]) and f["type"] != "null")
        assert exact(column.tolist()) == exact([v[f["name"]] for v in values])
    again = identity(t).score(out)
    assert {n: exact(c.tolist()) for n, c in again.items()} == {n: exact(c.tolist()) for n, c in out.items()}
    assert [c.dtype for c in again.values()] == [c.dtype for c in out.values()]


@slow
@given(tables())
def test_arrow(case):
    t, values = case
    engine = identity(t)
    table = arrow_table(engine.input_type, values)
    table.validate(full=True)
    assert type_of(table.schema) == engine.input_type
    out = engine.score(table)
    out.validate(full=True)
    assert out.schema.equals(table.schema)
    assert exact(out.to_pylist()) == exact(table.to_pylist())
    cut = table.slice(1)
    assert exact(engine.score(cut).to_pylist()) == exact(cut.to_pylist())
    [batch] = table.to_batches() or [None]
    if batch is not None:
        assert exact(engine.score(batch).to_pylist()) == exact(batch.to_pylist())


@slow
@given(rows())
def test_arrow_values_are_those_of_lists(case):
    t, values = case
    engine = identity(t)
    array = arrow_array(built(engine.input_type, values, False))
    listed = engine.score(values)
    again = engine.score(array)
    assert exact(again.to_pylist()) == exact(array.to_pylist())
    assert exact(listed) == exact(values)


@slow
@given(tables())
def test_pandas(case):
    t, values = case
    engine = identity(t)
    given = engine.score(
        pd.DataFrame({f["name"]: pd.Series([v[f["name"]] for v in values], dtype=object) for f in t["fields"]})
    )
    out = engine.score(given)
    assert out.dtypes.equals(given.dtypes)
    for f in t["fields"]:
        column = [None if _missing(f["type"], v) else v for v in out[f["name"]].tolist()]
        assert exact(column) == exact([None if _missing(f["type"], v[f["name"]]) else v[f["name"]] for v in values])


def _missing(t, value):
    return nullable(t) and (value is None or value is pd.NA or (isinstance(value, float) and value != value))


@slow
@given(tables())
def test_polars(case):
    t, values = case
    engine = identity(t)
    given = engine.score(
        pl.DataFrame([pl.Series(f["name"], [v[f["name"]] for v in values], dtype=pl.Object) for f in t["fields"]])
    )
    out = engine.score(given)
    assert out.schema == given.schema
    assert [exact(out[n].to_list()) for n in out.columns] == [exact(given[n].to_list()) for n in given.columns]
    for f in t["fields"]:
        if out[f["name"]].dtype == pl.Object or f["type"] in PRIMITIVES:
            assert exact(out[f["name"]].to_list()) == exact([v[f["name"]] for v in values])
