"""Processes, each with threads, that add to shared cells and pools of one database; the totals must be exact.

    python -m tests.share_processes --processes 8 --threads 8 --seconds 60

`tests/test_durable_processes.py` runs it for a moment.  Exit code 0: every total is exact, and nobody was refused.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

import pfa

CELLS, ITEMS = 2, 5
_ADD = {"params": [{"old": "int"}], "ret": "int", "do": {"+": ["old", 1]}}
DOCUMENT = {
    "input": "string",
    "output": "null",
    "cells": {f"c{i}": {"type": "int", "init": 0, "shared": True} for i in range(CELLS)},
    "pools": {"p": {"type": "int", "shared": True}},
    "action": {
        "cond": [
            {"if": {"==": ["input", [f"c{i}"]]}, "then": [{"cell": f"c{i}", "to": _ADD}, None]} for i in range(CELLS)
        ],
        "else": [{"pool": "p", "path": ["input"], "to": _ADD, "init": 0}, None],
    },
}
NAMES = [*(f"c{i}" for i in range(CELLS)), *(f"k{i}" for i in range(ITEMS))]


def work(state: pfa.SharedState, seconds: float, seed: int, done: Counter[str]) -> None:
    """Add until the time is over; `done` counts what was added."""
    engine, random = pfa.loads(DOCUMENT, shared=state), Random(seed)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        name = random.choice(NAMES)
        engine.action(name)
        done[name] += 1


def one_process(path: str, threads: int, seconds: float, seed: int) -> Counter[str]:
    """What the threads of this process added."""
    state = pfa.SharedState(path)
    counts = [Counter[str]() for _ in range(threads)]
    running = [
        threading.Thread(target=work, args=(state, seconds, seed * threads + i, count))
        for i, count in enumerate(counts)
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    state.close()
    return sum(counts, Counter())


def share(path: str, processes: int, threads: int, seconds: float) -> tuple[Counter[str], dict[str, int]]:
    """What all of them say that they added, and what the database says."""
    command = [sys.executable, "-m", "tests.share_processes", "--child", path, "--threads", str(threads)]
    command += ["--seconds", str(seconds)]
    root = Path(__file__).parents[1]
    children = [
        subprocess.Popen([*command, "--seed", str(i)], stdout=subprocess.PIPE, text=True, cwd=root)
        for i in range(processes)
    ]
    said: Counter[str] = Counter()
    for child in children:
        out, _ = child.communicate()
        said += Counter(json.loads(out))
    with pfa.SharedState(path) as state:
        made = pfa.loads(DOCUMENT, shared=state).snapshot()
    return said, {n: c["init"] for n, c in made["cells"].items()} | made["pools"]["p"]["init"]


def main() -> int:
    """Run it as a command."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--processes", type=int, default=8)
    cli.add_argument("--threads", type=int, default=8, help="of each process")
    cli.add_argument("--seconds", type=float, default=60)
    cli.add_argument("--child", help=argparse.SUPPRESS)
    cli.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    args = cli.parse_args()
    if args.child:
        sys.stdout.write(json.dumps(one_process(args.child, args.threads, args.seconds, args.seed)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        said, values = share(f"{folder}/shared.db", args.processes, args.threads, args.seconds)
    lines = [f"{name}: {values.get(name, 0)}, added {said[name]}\n" for name in NAMES]
    sys.stdout.writelines([*lines, f"{said.total()} updates, {said.total() / args.seconds:.0f} a second\n"])
    return int(dict(said) != values)


if __name__ == "__main__":
    sys.exit(main())
