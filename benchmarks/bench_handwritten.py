"""Compiled engines beside the same algorithm written by hand for Numba, and titus2: nanoseconds a row, ratios.

    pip install -e '.[bench]'
    pytest benchmarks/bench_handwritten.py

One thread each, seconds of the processor, the best round; what is made once (arrays of what came as Python values, the
hash table, Numba's compiling) is not timed.  The table at the end has the ratios.
"""

import json
import time

import numpy as np
import pyarrow as pa
import pytest

import pfa
from benchmarks import inputs
from benchmarks.subjects import WITHOUT, peer

handwritten = pytest.importorskip("benchmarks.handwritten", reason="Numba is in the extra bench", exc_type=ImportError)
DOCUMENTS = ("add", "linear_columns", "running_mean", "loop", "clean_text", "nested", "custom")
ROWS = {"add": 1_000_000, "linear_columns": 200_000, "running_mean": 1_000_000, "loop": 10_000}
MANY, FEW = 200_000, 1_000  # rows of the others, rows for titus2


def document(shared, name):
    return json.loads((shared / f"benchmarks/{name}.pfa").read_text("utf-8"))


def data(name, count):
    """What an engine scores."""
    match name:
        case "add" | "running_mean":
            return inputs.normal(count)
        case "linear_columns":
            return inputs.features(count)
        case "loop":
            return np.full(count, 1000, np.int32)
        case "clean_text":
            return pa.array(inputs.texts(count))
        case "nested":
            return inputs.order_table(inputs.orders(count))
        case _:
            return inputs.vectors(count)


def values(name, count):
    """The same as Python values."""
    match name:
        case "clean_text":
            return inputs.texts(count)
        case "nested":
            return inputs.orders(count)
        case "linear_columns":
            return pa.table(inputs.features(count)).to_pylist()
        case _:
            return data(name, count).tolist()


def by_hand(shared, name, given):
    """The function and its arguments."""
    match name:
        case "linear_columns":
            made = document(shared, name)["cells"]["m"]["init"]
            return handwritten.linear, (np.stack(list(given.values())), np.array(made["coeff"]), made["const"])
        case "clean_text":
            codes = document(shared, name)["cells"]["codes"]["init"]
            return handwritten.clean_text, (*handwritten.text_arrays(given), *handwritten.code_arrays(codes))
        case "nested":
            return handwritten.nested, handwritten.order_arrays(given)
        case _:
            return getattr(handwritten, name), (given,)


def numbers(made):
    """Outputs as arrays, to compare."""
    if isinstance(made, pa.Table):
        return [c.to_numpy() for c in made.columns]
    if isinstance(made, pa.Array | pa.ChunkedArray):
        return [made.to_numpy(zero_copy_only=False)]
    return list(made) if isinstance(made, tuple) else [np.asarray(made)]


def timed(benchmark, name, subject, rows, work):
    found = []

    def run():
        start = time.process_time()
        work()
        found.append(time.process_time() - start)

    benchmark.group = f"{name}: by hand, compiled, titus2"
    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    benchmark.extra_info["by hand"] = name, subject, min(found) / rows * 1e9


@pytest.mark.parametrize("name", DOCUMENTS)
def test_columns(shared, benchmark, name):
    rows = ROWS.get(name, MANY)
    given = data(name, rows)
    engine = pfa.loads(document(shared, name), backend="numba")
    timed(benchmark, name, "columns", rows, lambda: engine.score(given, threads=1))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_lists(shared, benchmark, name):
    rows = min(ROWS.get(name, MANY), 50_000)
    given = values(name, rows)
    engine = pfa.loads(document(shared, name), backend="numba")
    timed(benchmark, name, "lists", rows, lambda: engine.score(given, threads=1))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_by_hand(shared, benchmark, name):
    rows = ROWS.get(name, MANY)
    given = data(name, rows)
    function, arguments = by_hand(shared, name, given)
    made = pfa.loads(document(shared, name), backend="numba").score(given)
    for ours, theirs in zip(numbers(made), numbers(function(*arguments)), strict=True):
        np.testing.assert_allclose(ours.astype(float), theirs.astype(float), rtol=1e-12)
    timed(benchmark, name, "Numba", rows, lambda: function(*arguments))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_titus2(shared, benchmark, name):
    other = peer()
    if other is None:
        pytest.skip(WITHOUT)
    rows = FEW // 20 if name == "loop" else FEW
    given = values(name, rows)
    other.do("give", data=inputs.tagged(given) if name == "nested" else given)
    engine = other.do("load", document=document(shared, name))["engine"]
    seconds = min(other.do("run", engine=engine)["seconds"] for _ in range(3))
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info["by hand"] = name, "titus2", seconds / rows * 1e9
    other.close()
