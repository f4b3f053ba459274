"""Reading Avro files and scoring them, against fastavro's reader alone: `python -m benchmarks.bench_avro`.

CPU seconds of this process, the best of several rounds, taken in turn.  `read` is our reader with nothing behind it,
`score` with a trivial action for each row, `ready` the same with records that the engine need not look at again.
"""

from __future__ import annotations

import io
import sys
from time import process_time

import fastavro
import numpy as np

import pfa
from pfa.data import avro

ROUNDS = 5
COUNT = 100_000


def record(*fields):
    return {"type": "record", "name": "Row", "fields": [{"name": n, "type": t} for n, t in fields]}


MIXED = record(("x", "double"), ("n", "int"), ("s", "string"), ("u", ["null", "double"]), ("t", "long"))
WIDE = record(*((f"x{i}", "double") for i in range(30)))
SPARSE = record(*((f"x{i}", ["null", "double"]) for i in range(20)))
TEXTS = record(*((f"s{i}", "string") for i in range(6)))
ARRAY = record(("x", {"type": "array", "items": "double"}), ("id", "long"))
NESTED = record(("tags", {"type": "array", "items": "string"}), ("by", {"type": "map", "values": "int"}), ("n", "int"))


def mixed(rng, i):
    u = None if i % 3 else 0.5
    return {"x": rng.random(), "n": i % 1000, "s": f"text{i % 100}", "u": u, "t": 1_700_000_000 + i}


CASES = {
    "double": ("double", "double", "input", lambda rng, i: rng.random()),
    "5 fields": (MIXED, "double", "input.x", mixed),
    "30 doubles": (WIDE, "double", "input.x7", lambda rng, i: {f"x{j}": i / 3 for j in range(30)}),
    "20 nullable": (SPARSE, "double", {"ifnotnull": {"x": "input.x7"}, "then": "x", "else": 0.0},
                    lambda rng, i: {f"x{j}": None if (i + j) % 3 else 0.5 for j in range(20)}),
    "6 texts": (TEXTS, "int", {"s.len": "input.s0"}, lambda rng, i: {f"s{j}": f"some text {i}" for j in range(6)}),
    "array of 50": (ARRAY, "long", "input.id", lambda rng, i: {"x": [0.25] * 50, "id": i}),
    "tags and map": (NESTED, "int", "input.n", lambda rng, i: {"tags": ["a", "bc"], "by": {"k": i % 9}, "n": i}),
}  # fmt: skip


def spent(run):
    start = process_time()
    run()
    return process_time() - start


def theirs(data):
    for _ in fastavro.reader(io.BytesIO(data)):
        pass


def ours(data, t, action=None, ready=False):
    rows = avro.reader(io.BytesIO(data), t, ready=ready)
    if action is None:
        for _ in rows:
            pass
    else:
        for row in rows:
            action(row.datum)


def measure(schema, output, action, make, codec):
    rng = np.random.default_rng(7)
    out = io.BytesIO()
    fastavro.writer(out, schema, [make(rng, i) for i in range(COUNT)], codec=codec)
    data = out.getvalue()
    engine = pfa.loads({"input": schema, "output": output, "action": action})
    t, act = engine.input_type, engine.action
    runs = {
        "fastavro": lambda: theirs(data),
        "read": lambda: ours(data, t),
        "score": lambda: ours(data, t, act),
        "ready": lambda: ours(data, t, act, ready=True),
    }
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            best[name] = min(best[name], spent(run))
    return best


def main(codec="null"):
    print(f"{'':14}fastavro us/row    read   score   ready   (times fastavro)")
    for name, case in CASES.items():
        best = measure(*case, codec)
        base = best["fastavro"]
        ratios = "".join(f"{best[k] / base:8.2f}" for k in ("read", "score", "ready"))
        print(f"{name:14}{base / COUNT * 1e6:15.2f}{ratios}")


if __name__ == "__main__":
    main(*sys.argv[1:])
