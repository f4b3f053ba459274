"""Tables: `engine.score` on each kind of table against `engine.action` in a loop over rows that are dicts already.

    pytest benchmarks/bench_score.py --benchmark-timer=time.process_time --benchmark-columns=min,ops

The figures are of 100,000 rows; the action does next to nothing, so they are what a row costs around it.
"""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import pfa

ROWS = 100_000
NUMBERS = np.random.default_rng(7).standard_normal((ROWS, 10))


def record(**fields):
    return {"type": "record", "name": "Row", "fields": [{"name": n, "type": t} for n, t in fields.items()]}


def doubles(count):
    return record(**dict.fromkeys([f"x{i}" for i in range(count)], "double"))


def columns(count):
    return {f"x{i}": NUMBERS[:, i].copy() for i in range(count)}


TEXTS = {"s": [None if i % 3 == 0 else f"s{i}" for i in range(ROWS)], "n": np.arange(ROWS)}
CASES = {
    "10 doubles to a double": (doubles(10), "double", {"+": ["input.x0", "input.x9"]}, columns(10)),
    "text to text": (record(s=["null", "string"], n="int"), ["null", "string"], "input.s", TEXTS),
    "3 doubles to a record": (doubles(3), "Row", "input", columns(3)),
}
KINDS = {"numpy": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


@pytest.mark.parametrize("kind", ["action", *KINDS])
@pytest.mark.parametrize("case", CASES)
def test_score(case, kind, benchmark):
    given, output, action, data = CASES[case]
    engine = pfa.loads({"input": given, "output": output, "action": action})
    benchmark.group = case
    if kind == "action":
        rows = [dict(zip(data, row, strict=True)) for row in zip(*map(list, data.values()), strict=True)]
        rows = [{n: v.item() if hasattr(v, "item") else v for n, v in row.items()} for row in rows]
        benchmark.pedantic(lambda: [engine.action(row) for row in rows], rounds=5)
    else:
        table = KINDS[kind](data)
        benchmark.pedantic(engine.score, (table,), rounds=5)
