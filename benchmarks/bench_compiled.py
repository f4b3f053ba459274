"""Compiled engines: nanoseconds a row in a batch, microseconds a datum, seconds to compile.

    pytest benchmarks/bench_compiled.py

The documents are those of ../shared/benchmarks; data as its README says.
"""

import json

import numpy as np
import pytest

import pfa

ROWS = 1_000_000
NAMES = [f"x{i}" for i in range(30)]


def document(shared, name):
    return json.loads((shared / f"benchmarks/{name}.pfa").read_text("utf-8"))


def tables(shared):
    rng = np.random.default_rng(7)
    columns = document(shared, "linear_columns")["input"]["fields"]
    yield "add", rng.standard_normal(ROWS), ROWS
    yield "running_mean", rng.standard_normal(ROWS), ROWS
    yield "linear_columns", {f["name"]: rng.standard_normal(ROWS) for f in columns}, ROWS
    yield "loop", np.full(10_000, 1000, np.int32), 10_000


@pytest.mark.parametrize("name", ["add", "running_mean", "linear_columns", "loop"])
@pytest.mark.parametrize("backend", ["numba", "python"])
def test_rows(shared, benchmark, name, backend):
    data, rows = next((d, n) for x, d, n in tables(shared) if x == name)
    if backend == "python":  # fewer rows: it takes long
        rows = max(100, rows // 100)
        data = {k: v[:rows] for k, v in data.items()} if isinstance(data, dict) else data[:rows]
    engine = pfa.loads(document(shared, name), backend=backend)
    benchmark.group = f"rows: {name}"
    benchmark.extra_info["rows"] = rows
    benchmark.pedantic(engine.score, (data,), {"threads": 1}, rounds=5, warmup_rounds=1)
    if benchmark.stats:
        benchmark.extra_info["ns a row"] = round(benchmark.stats.stats.min / rows * 1e9, 2)


@pytest.mark.parametrize("backend", ["numba", "python"])
@pytest.mark.parametrize("what", ["a double", "a record of 30"])
def test_one_datum(benchmark, what, backend):
    record = {"type": "record", "name": "R", "fields": [{"name": n, "type": "double"} for n in NAMES]}
    items = {"type": {"type": "array", "items": "double"}, "new": [f"input.{n}" for n in NAMES]}
    if what == "a double":
        engine = pfa.loads({"input": "double", "output": "double", "action": {"+": ["input", 1]}}, backend=backend)
        datum = 1.5
    else:
        engine = pfa.loads({"input": record, "output": "double", "action": {"a.sum": items}}, backend=backend)
        datum = {n: float(i) for i, n in enumerate(NAMES)}
    benchmark.group = f"one datum: {what}"
    benchmark(engine.action, datum)


@pytest.mark.parametrize("name", ["add", "linear_columns", "running_mean", "loop", "clean_text", "nested", "custom"])
def test_compile(shared, benchmark, name, monkeypatch):
    monkeypatch.setenv("PFA_CACHE", "")
    text = json.dumps(document(shared, name))
    benchmark.group = "compile"
    benchmark.pedantic(lambda: pfa.loads(text, backend="numba"), rounds=3)
