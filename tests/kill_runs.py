"""Kill runs of `pfa run --state` with SIGKILL at random points, and compare what they end with.

    python -m tests.kill_runs --kills 200 [--format jsonl] [--seed 1]

A run that was killed, however often, and started again with the same command ends with the output and the state of
one that nothing disturbed.  The model uses cells, pools, random numbers and emit; `--every` is small, so that many
kills fall into a save.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import pfa
from pfa.cli import main
from pfa.data.formats import FORMATS, NAMES

ITEM = {"type": "record", "name": "Item", "fields": [{"name": "n", "type": "int"}, {"name": "sum", "type": "double"}]}
MODEL = {
    "input": {"type": "record", "name": "Event", "fields": [
        {"name": "key", "type": "string"}, {"name": "x", "type": ["null", "double"]}]},
    "output": {"type": "record", "name": "Out", "fields": [
        {"name": "key", "type": "string"}, {"name": "n", "type": "int"}, {"name": "sum", "type": "double"},
        {"name": "chance", "type": "double"}, {"name": "all", "type": "long"}]},
    "method": "emit",
    "randseed": 17,
    "cells": {"all": {"type": "long", "init": 0}, "last": {"type": ["null", "double"], "init": None}},
    "pools": {"sums": {"type": ITEM, "init": {}}},
    "begin": {"cell": "all", "to": 100},
    "action": [
        {"let": {"x": {"impute.errorOnNull": ["input.x"]}}},
        {"cell": "all", "to": {"params": [{"old": "long"}], "ret": "long", "do": {"+": ["old", 1]}}},
        {"cell": "last", "to": "x"},
        {"pool": "sums", "path": ["input.key"], "to": {"params": [{"old": "Item"}], "ret": "Item", "do": {"new": {
            "n": {"+": ["old.n", 1]}, "sum": {"+": ["old.sum", "x"]}}, "type": "Item"}},
            "init": {"type": "Item", "value": {"n": 1, "sum": 0.25}}},
        {"let": {"item": {"pool": "sums", "path": ["input.key"]}, "chance": {"rand.double": [0, 1]}}},
        {"if": {"<": ["chance", 0.8]}, "then": {"emit": {"new": {
            "key": "input.key", "n": "item.n", "sum": "item.sum", "chance": "chance", "all": {"cell": "all"}},
            "type": "Out"}}},
        {"if": {"<": ["chance", 0.2]}, "then": {"emit": {"new": {
            "key": {"string": "again"}, "n": 0, "sum": "x", "chance": {"rand.gaussian": [0, 1]},
            "all": {"cell": "all"}}, "type": "Out"}}},
    ],
    "end": [{"emit": {"new": {"key": {"string": "end"}, "n": 0, "sum": 0, "chance": 0, "all": {"cell": "all"}},
                      "type": "Out"}}],
}  # fmt: skip


def events(count: int, seed: int = 1) -> list[dict[str, object]]:
    """Data, some of which fail."""
    rng = random.Random(seed)
    return [
        {"key": f"k{rng.randrange(50)}", "x": None if rng.random() < 0.02 else {"double": rng.gauss(0, 1)}}
        for _ in range(count)
    ]


class Job:
    """A command with its files in a folder, and what it leaves there."""

    def __init__(self, folder: Path, name: str, rows: int, *options: str) -> None:
        self.folder = folder
        self.format = NAMES[name]
        self.input, self.output, self.state = (folder / n for n in (f"in.{name}", f"out.{name}", "job.state"))
        self.rejects = folder / "rejects.jsonl"
        model = folder / "model.pfa"
        model.write_text(json.dumps(MODEL), "utf-8")
        self.engine = pfa.load(model)
        self.write(events(rows))
        self.words = ["run", str(model), str(self.input), "-o", str(self.output), "--state", str(self.state)]
        self.words += ["--on-error", "skip", "--rejects", str(self.rejects), *options]

    def write(self, data: list[dict[str, object]]) -> None:
        """The input."""
        with open(self.input, "wb") as file:
            writer = self.format.writer(file, self.engine.input_type)
            for datum in data:
                writer.write(datum)
            writer.close()

    def start(self) -> int:
        """The command in a child (forked: it starts at once), by its process id."""
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os._exit(main(self.words))
        return child

    def finish(self) -> None:
        """Run the command to its end."""
        with contextlib.redirect_stderr(io.StringIO()) as said:
            code = main(self.words)
        if code:
            raise SystemExit(f"the run ended with {code}: {said.getvalue()}")

    def found(self) -> tuple[object, bytes, bytes]:
        """Outputs (bytes where a file of them is always the same), rejected data, and the state of the engine."""
        output = self.output.read_bytes()
        rows = [row.datum for row in self.format.reader(io.BytesIO(output), self.engine.output_type)]
        state = pfa.load(self.folder / "model.pfa", state=self.state.read_bytes()).state()
        return rows if self.format.name == "avro" else output, self.rejects.read_bytes(), state

    def clear(self) -> None:
        """Take away what a run leaves."""
        for path in (self.output, self.rejects, *self.folder.glob(f"{self.state.name}*")):
            path.unlink(missing_ok=True)


def kill(job: Job, kills: int, rng: random.Random, longest: float) -> int:
    """Kill the job so many times, or until it ends; how often it was killed."""
    for n in range(kills):
        child = job.start()
        time.sleep(rng.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        if os.waitpid(child, 0)[1] != signal.SIGKILL:
            return n
    return kills


def compare(job: Job, kills: int, rng: random.Random) -> int:
    """Kill and start until so many kills are done; how many ended otherwise than an undisturbed run."""
    started = time.monotonic()
    job.finish()
    longest = time.monotonic() - started
    wanted = job.found()
    wrong = done = 0
    while done < kills:
        job.clear()
        done += kill(job, min(kills - done, rng.randint(1, 6)), rng, longest / 2)
        job.finish()
        wrong += job.found() != wanted
    return wrong


def command() -> None:
    """Kills in each format."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--format", action="append", choices=sorted(NAMES))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    wrong = 0
    for name in args.format or [f.name for f in FORMATS]:
        with tempfile.TemporaryDirectory() as folder:
            job = Job(Path(folder), name, args.rows, "--every", "100")
            found = compare(job, args.kills, random.Random(args.seed))
            print(f"{name}: {args.kills} kills, {found} runs that ended otherwise")
            wrong += found
    sys.exit(bool(wrong))


if __name__ == "__main__":
    command()
