"""`pfa run --backend numba` in batches of columns gives what it gives row by row, and what the python backend gives."""

import json
import os
from pathlib import Path

import pytest

import pfa
from pfa.cli import main
from pfa.cli.run_compiled import Compiled, compiled
from pfa.cli.run_scoring import Scoring
from pfa.data import batches, csv_columns
from pfa.data.formats import NAMES

COLOR = {"type": "enum", "name": "Color", "symbols": ["red", "green"]}
TYPES = {"x": "double", "i": "int", "l": "long", "f": "float", "b": "boolean", "s": "string", "c": COLOR,
         "n": ["null", "double"], "t": ["string", "null"]}  # fmt: skip
ROW = {"type": "record", "name": "Row", "fields": [{"name": n, "type": t} for n, t in TYPES.items()]}
OUT = {"type": "record", "name": "Out", "fields": [
    {"name": "y", "type": "double"}, {"name": "s", "type": "string"}, {"name": "n", "type": ["null", "double"]},
    {"name": "c", "type": "Color"}, {"name": "k", "type": "int"}]}  # fmt: skip
ACTIONS = {
    "a function": ("double", {"m.exp": "input.x"}),
    "texts": ("string", {"s.concat": ["input.s", {"string": "--"}]}),
    "texts that may be missing": ("int", {"ifnotnull": {"t": "input.t"}, "then": {"s.len": "t"}, "else": -1}),
    "a record": (OUT, {"new": {
        "y": {"+": ["input.f", "input.l"]}, "s": "input.s", "n": "input.n", "c": "input.c",
        "k": {"if": "input.b", "then": "input.i", "else": 0}}, "type": "Out"}),
    "what fails": ("int", {"//": [10, "input.i"]}),
    "null": (["null", "string"], "input.t"),
    "an inner function": ("double", {"a.sum": {"a.map": [
        {"type": {"type": "array", "items": "double"}, "value": [1.0, 2.0]},
        {"params": [{"y": "double"}], "ret": "double", "do": {"*": ["y", "input.x"]}}]}}),
    "all of it": ("Row", {"if": {"<": ["input.x", 0]}, "then": {"attr": "input", "path": [["x"]], "to": 1.5},
                          "else": "input"}),
    "a loop": ("double", [
        {"let": {"k": 0, "sum": 0.5}},
        {"while": {"<": ["k", {"%": ["input.i", 5]}]},
         "do": {"set": {"k": {"+": ["k", 1]}, "sum": {"+": ["sum", "input.x"]}}}},
        "sum"]),
}  # fmt: skip
FUNCTIONS = {"f": {"params": [{"row": "Row"}], "ret": "double", "do": {"*": ["row.x", 2]}}}
READ = {
    "a function": {"x"}, "texts": {"s"}, "texts that may be missing": {"t"}, "what fails": {"i"}, "null": {"t"},
    "a record": {"f", "l", "s", "n", "c", "b", "i"}, "an inner function": {"x"}, "all of it": {*TYPES},
    "a loop": {"i", "x"},
}  # fmt: skip


EMITS = {
    "what is emitted": ("int", [{"emit": "input.i"}, {"if": "input.b", "then": {"emit": {"//": [10, "input.i"]}}}]),
    "records": ("Row", {"if": {"<": ["input.x", 0]}, "then": [{"emit": "input"}, {"emit": "input"}]}),
}


def document(name):
    if name in EMITS:
        return document("null") | {"output": EMITS[name][0], "method": "emit", "action": EMITS[name][1]}
    output, action = ACTIONS[name]
    return {"input": ROW, "output": output, "action": action, "fcns": FUNCTIONS, "randseed": 7}


def rows(fail):
    return [
        {"x": k / 7 - 3, "i": 0 if k == fail else k % 9 + 1, "l": k << 40, "f": k / 4, "b": k % 3 == 0,
         "s": f"é {k}" if k % 50 == 0 else f"text {k}", "c": ["red", "green"][k % 2],
         "n": None if k % 4 else k / 2, "t": None if k % 5 else f"t{k}"}
        for k in range(600)
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batches, "SMALL", 0)


CASES = [*((name, -1) for name in ACTIONS), ("what fails", 0), ("what fails", 300), ("what is emitted", -1),
         ("what is emitted", 300), ("records", -1)]  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize(("name", "fail"), CASES)
def test_batches_are_rows(name, fail, form, monkeypatch, capfd):
    Path("m.pfa").write_text(json.dumps(document(name)), "utf-8")
    data = rows(fail)
    if form == "csv":
        lines = [",".join(TYPES)]
        lines += [",".join("" if v is None else json.dumps(v).strip('"') for v in row.values()) for row in data]
    else:
        lines = [json.dumps(row, ensure_ascii=False) for row in data]
    Path(f"in.{form}").write_text("\n".join(lines) + "\n", "utf-8")
    found = []
    for backend, warm in (("numba", 0), ("numba", 1 << 60), ("python", 1 << 60)):
        monkeypatch.setattr(batches, "WARM", warm)
        words = ["run", "m.pfa", f"in.{form}", "-o", "out.jsonl", "--backend", backend, "--state", f"s{len(found)}"]
        code = main([*words, "--on-error", "skip"])
        said = capfd.readouterr().err
        state = pfa.load("m.pfa", state=Path(f"s{len(found)}").read_bytes())
        found.append((code, said, Path("out.jsonl").read_bytes(), state.action(data[7]), state.state()))
    assert found[0] == found[1]
    assert found[0] == found[2]
    if name in ACTIONS:
        assert found[0][2].count(b"\n") == 600 - (name == "what fails" and fail >= 0)


@pytest.mark.parametrize(("name", "fail"), [c for c in CASES if c[0] in ("a record", "null", "what fails", "records")])
def test_avro_in_and_out(name, fail, monkeypatch, capfd):
    Path("m.pfa").write_text(json.dumps(document(name)), "utf-8")
    engine = pfa.load("m.pfa")
    with open("in.avro", "wb") as file:
        writer = NAMES["avro"].writer(file, engine.input_type)
        for row in rows(fail):
            writer.write(row)
        writer.close()
    found = []
    for backend, warm in (("numba", 0), ("numba", 1 << 60), ("python", 1 << 60)):
        monkeypatch.setattr(batches, "WARM", warm)
        for out in ("out.avro", "out.jsonl", "out.csv"):
            code = main(["run", "m.pfa", "in.avro", "-o", out, "--backend", backend, "--on-error", "skip"])
            with open(out, "rb") as file:
                found.append((code, [row.datum for row in NAMES[out[4:]].reader(file, engine.output_type)]))
    assert found[:3] == found[3:6]
    assert found[:3] == found[6:]


@pytest.mark.parametrize("name", ACTIONS)
def test_the_fields_that_an_action_reads(name):
    engine = pfa.loads(document(name), backend="numba")
    assert compiled(engine).used == READ[name]


@pytest.mark.parametrize(
    "more",
    [
        {"method": "emit", "action": [{"log": ["input"]}, {"emit": "input"}]},
        {"cells": {"n": {"type": "double", "init": 0}}, "action": {"cell": "n", "to": "input"}},
        {"action": {"rand.double": [0, 1]}},
        {"action": [{"log": ["input"]}, "input"]},
        {"method": "fold", "zero": 0, "merge": "tallyOne", "action": {"+": ["input", "tally"]}},
    ],
)
def test_what_is_for_rows(more):
    assert compiled(pfa.loads({"input": "double", "output": "double", **more}, backend="numba")) is None


@pytest.mark.parametrize("name", ["a function", "what is emitted"])
def test_an_engine_that_is_compiled_meanwhile(name, monkeypatch, capfd):
    """Its rows come as rows until then, and as columns from then on; the state counts all of them."""
    Path("m.pfa").write_text(json.dumps(document(name)), "utf-8")
    lines = [",".join("" if v is None else json.dumps(v).strip('"') for v in row.values()) for row in rows(-1)]
    Path("in.csv").write_text("\n".join([",".join(TYPES), *lines]) + "\n", "utf-8")
    monkeypatch.setattr(batches, "WARM", 0)
    monkeypatch.setattr(csv_columns, "SIZE", 4000)
    as_rows, as_columns, calls = Scoring.data, Compiled.scored, []

    def data(self, columns, batch):
        as_rows(self, columns, batch)
        calls.append("rows")
        if self.engines[0].backend == "python" and len(calls) == 3:
            self.engines[0].wait()

    def scored(self, columns, count):
        calls.append("columns")
        return as_columns(self, columns, count)

    words = ["run", "m.pfa", "in.csv", "-o"]
    assert main([*words, "wanted.jsonl", "--backend", "python", "--state", "s1"]) == 0
    monkeypatch.setattr(Scoring, "data", data)
    monkeypatch.setattr(Compiled, "scored", scored)
    assert main([*words, "out.jsonl", "--backend", "auto", "--state", "s2"]) == 0
    assert capfd.readouterr().err == ""
    assert calls[:3] == ["rows"] * 3
    assert set(calls[3:]) == {"columns"}
    assert Path("out.jsonl").read_bytes() == Path("wanted.jsonl").read_bytes()
    one, two = (pfa.load("m.pfa", state=Path(name).read_bytes()).state() for name in ("s1", "s2"))
    assert one == two


def test_a_run_leaves_the_worker_of_the_process_as_it_was(monkeypatch, tmp_path, capfd):
    (tmp_path / "m.pfa").write_text('{"input": "int", "output": "int", "action": "input"}', "utf-8")
    (tmp_path / "in.jsonl").write_text("1\n", "utf-8")
    monkeypatch.delenv("PFA_WORKER")
    assert main(["run", str(tmp_path / "m.pfa"), str(tmp_path / "in.jsonl")]) == 0
    assert capfd.readouterr().out == "1\n"
    assert "PFA_WORKER" not in os.environ
