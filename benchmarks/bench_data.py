"""Scoring files with `pfa run` against reading them alone: pyarrow's CSV reader, orjson, fastavro; one thread each.

    pytest benchmarks/bench_data.py            PFA_ROWS=10000000 for the rows of the files (default: 1 million)

Each case is a file, a trivial model and what reads the file alone.  Ratios are of the processor's time of the best
round of each, taken in turn in this process; `command` is the whole command in a process of its own, its start
counted; `numba` is ours with `--backend numba`.  The table at the end: nanoseconds a row, and how many times as long
as reading alone.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from time import process_time

import fastavro
import numpy as np
import orjson
import pyarrow
import pytest
from pyarrow import csv

from pfa.cli import main
from pfa.data.formats import NAMES

ROWS = int(os.environ.get("PFA_ROWS", "1000000"))
ROUNDS = 5


def record(*fields):
    return {"type": "record", "name": "Row", "fields": [{"name": n, "type": t} for n, t in fields]}


def doubles(count):
    return record(*((f"x{i}", "double") for i in range(count)))


MIXED = record(("id", "long"), ("name", "string"), ("x", "double"), ("y", ["null", "double"]), ("n", "int"))
SUM = {"input": doubles(2), "output": "double", "action": {"+": ["input.x0", "input.x1"]}}
MODELS = {
    "one double": ({"input": "double", "output": "double", "action": {"+": ["input", 1]}}, 1),
    "two doubles": (SUM, 2),
    "ten doubles": ({"input": doubles(10), "output": "double", "action": {"+": ["input.x0", "input.x9"]}}, 10),
    "five of all": ({"input": MIXED, "output": "double", "action": {"*": ["input.x", 2]}}, 0),
}


def data(count, rows):
    """Rows, as lists of numbers; of mixed fields where `count` is 0."""
    rng = np.random.default_rng(7)
    for start in range(0, rows, 10_000):
        block = rng.standard_normal((min(10_000, rows - start), count or 2)).tolist()
        for i, row in enumerate(block, start):
            yield row if count else [i, f"name {i % 1000}", row[0], row[1] if i % 3 else None, i % 100]


def write(path, name, model, count):
    """A file of rows."""
    schema = model["input"]
    names = ["input"] if schema == "double" else [f["name"] for f in schema["fields"]]
    rows = data(count, ROWS)
    if name == "avro":
        with path.open("wb") as file:
            made = (r[0] if schema == "double" else dict(zip(names, r, strict=True)) for r in rows)
            fastavro.writer(file, schema, made)
        return
    with path.open("w", encoding="utf-8") as file:
        if name == "csv":
            file.write(",".join(names) + "\n")
        for row in rows:
            if name == "csv":
                file.write(",".join("" if v is None else str(v) for v in row) + "\n")
            else:
                file.write(json.dumps(row[0] if schema == "double" else dict(zip(names, row, strict=True))) + "\n")


def read_csv(path):
    csv.read_csv(path, read_options=csv.ReadOptions(use_threads=False))


def read_jsonl(path):
    with open(path, "rb") as file:
        for line in file:
            orjson.loads(line)


def read_avro(path):
    with open(path, "rb") as file:
        for _ in fastavro.reader(file):
            pass


ALONE = {"csv": read_csv, "jsonl": read_jsonl, "avro": read_avro}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = pyarrow.cpu_count(), pyarrow.io_thread_count()
    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    yield
    pyarrow.set_cpu_count(before[0])
    pyarrow.set_io_thread_count(before[1])


def spent(run):
    start = process_time()
    run()
    return process_time() - start


def command(words):
    """The processor's time of the command in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "pfa", *words], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("name", ["csv", "jsonl", "avro"])
@pytest.mark.parametrize("case", MODELS)
def test_scoring_a_file(case, name, tmp_path, benchmark):
    model, count = MODELS[case]
    path, document, out = tmp_path / f"data.{name}", tmp_path / "model.pfa", tmp_path / f"out.{name}"
    document.write_text(json.dumps(model), "utf-8")
    write(path, name, model, count)
    words = ["run", str(document), str(path), "-o", str(out)]
    alone, ours, numba = [], [], []

    def both():
        alone.append(spent(lambda: ALONE[name](path)))
        ours.append(spent(lambda: main(words)))
        numba.append(spent(lambda: main([*words, "--backend", "numba"])))

    benchmark.group = f"{name}, {case}"
    benchmark.pedantic(both, rounds=ROUNDS, warmup_rounds=1)
    best = [min(alone), min(ours), min(command(words) for _ in range(2)), min(numba)]
    benchmark.extra_info["nanoseconds"] = [seconds / ROWS * 1e9 for seconds in best]
    with out.open("rb") as file:
        written = sum(1 for _ in NAMES[name].reader(file, _output(document)))
    assert written == ROWS


def _output(document):
    import pfa

    return pfa.load(document).output_type
