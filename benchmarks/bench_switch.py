"""How long actions take while an engine of backend "auto" is compiled, and goes on with compiled code.

    python -m benchmarks.bench_switch [DOCUMENT...]

Each line: how long compiling took, and the longest actions while it did, in milliseconds, by the clock and by the
thread's own time.  The latter leaves out what the system does with the processor meanwhile: it is what the engine is
to blame for.  The first action is left out, which compiles Python code.  A line before says what actions take when
nothing is compiled, which is what the machine is to blame for.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path

SECONDS = 30.0
LATEST = 0.5  # seconds after the switch
RECORD = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "double"}, {"name": "s", "type": "string"}]}
ADDS = [{"set": {"x": {"+": ["x", {"*": [{"m.exp": {"u-": ["x"]}}, i / 7]}]}}} for i in range(300)]
DOCUMENTS = {
    "a sum": {"input": "double", "output": "double", "action": {"+": ["input", 1]}},
    "300 statements": {"input": "double", "output": "double", "action": [{"let": {"x": "input"}}, *ADDS, "x"]},
    "a cell of 20,000 records": {
        "input": "double", "output": "double",
        "cells": {"m": {"type": {"type": "array", "items": RECORD}, "init": [
            {"a": float(i), "s": f"x{i}"} for i in range(20_000)]}},
        "action": {"+": ["input", {"cell": "m", "path": [3, {"string": "a"}]}]},
    },
    "a pool of 10,000 items that changes": {
        "input": "double", "output": "double",
        "pools": {"p": {"type": "double", "init": {f"k{i}": float(i) for i in range(10_000)}}},
        "action": [{"pool": "p", "path": [{"string": "k7"}], "init": 0.0, "to": {
            "params": [{"x": "double"}], "ret": "double", "do": {"+": ["x", "input"]}}}, "input"],
    },
}  # fmt: skip


def main(paths):
    os.environ["PFA_CACHE"] = ""
    documents = {p.name: json.loads(p.read_text("utf-8")) for p in map(Path, paths)} or DOCUMENTS
    for name, document in documents.items():
        for worker in ("off", "on"):
            os.environ["PFA_WORKER"] = worker
            print(f"{name}, worker {worker}: {measured(document)}", flush=True)


def measured(document):
    import pfa

    engine = pfa.loads(json.dumps(document))
    datum = {"double": 1.5, "int": 1, "string": "a"}.get(str(engine.input_type), 1.5)
    engine.action(datum)
    gc.collect()
    gc.freeze()
    longest, start, end = [(0.0, 0.0)], time.perf_counter(), 0.0
    while (now := time.perf_counter()) < (end or start + (2.0 if os.environ["PFA_WORKER"] == "off" else SECONDS)):
        own = time.thread_time()
        engine.action(datum)
        longest.append((time.thread_time() - own, time.perf_counter() - now))
        if len(longest) > 100_000:
            longest = worst(longest)
        if not end and engine.backend == "numba":
            took, end = now - start, now + LATEST
    what = f"compiled after {took:.1f} s" if end else "python"
    own, clock = ([round(1e3 * x[i], 2) for x in sorted(longest, key=lambda x: -x[i])[:4]] for i in (0, 1))
    return f"{what}; longest actions: own {own} ms, by the clock {clock} ms"


def worst(longest):
    return list({*sorted(longest)[-5:], *sorted(longest, key=lambda x: x[1])[-5:]})


if __name__ == "__main__":
    main(sys.argv[1:])
