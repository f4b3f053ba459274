"""Batches of columns are the rows that a format's reader gives, and an action on columns is the action."""

import io
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pfa
from pfa.cli import main
from pfa.data import batches, csv, csv_columns, jsonl, jsonl_columns, scan
from pfa.data.json_form import decoder
from pfa.targets.vector import NotSo

FIELDS = {
    "d": "double", "i": "int", "l": "long", "f": "float", "b": "boolean", "s": "string",
    "e": {"type": "enum", "name": "E", "symbols": ["one", "two"]}, "nd": ["null", "double"], "ns": ["string", "null"],
    "ni": ["null", "int"], "nl": ["null", "long"],
}  # fmt: skip
RECORD = {"type": "record", "name": "R", "fields": [{"name": n, "type": t} for n, t in FIELDS.items()]}


def engine(input, output, action, **more):
    return pfa.loads({"input": input, "output": output, "action": action, **more}, unions="tagged")


ECHO = {name: engine(t, t, "input") for name, t in FIELDS.items()}
WHOLE = engine(RECORD, RECORD, "input")

# Texts that a reader of columns may see otherwise than ours does.
ODD = [
    "", " ", "1", "+1", "-0", "-0.0", "007", " 5", "5 ", "\t6", "0x10", "0X1f", "1e5", "1E5", ".5", "5.",
    "-.5e-3", "1_0",
    "nan", "NaN", "-nan", "nan(1)", "inf", "-Infinity", "+inf", "infinit", "1e400", "-1e400", "1e-400", "5e-324",
    "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
    "0.1", "16777217", "3.4028236e38", "1.00000017881393432617187499", "true", "TRUE", "True", "tRUE", "false", "t",
    "0",
    "one", "two", "three", "é", "\u00a01", "\u0660", "a b", "NULL", "NA", "null", "#N/A", "-", "1,5", "1-2", "1\x000",
    "18446744073709551616", "123456789012345678901234567890", "0b1", "1f", "1d", "1 2", "\ufeff1",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(batches, "SMALL", 0)
    monkeypatch.setattr(batches, "WARM", 0)


def rows_of(read, t, content):
    try:
        return [(r.line, r.datum, str(r.error or ""), r.end) for r in read(io.BytesIO(content), t)]
    except pfa.PfaDataError as error:
        return str(error)


def batched(module, of, content):
    """What an engine gives for batches: rows that come one by one, and outputs of columns as they are written."""
    vector = of._compiled.code.vector
    found, columns = [], 0
    out = io.BytesIO()
    writer = jsonl.writer(out, of.output_type)
    for batch in module.batches(io.BytesIO(content), of.input_type, vector.inputs, vector.used, size=len(content)):
        try:
            if batch.columns is None:
                raise NotSo
            writer.write_columns(vector.run(batch.columns), batch.count)
            columns += batch.count
            assert [row.error for row in batch.rows()] == [None] * batch.count
        except NotSo:
            for row in batch.rows():
                found.append(row)
                scored(of, row, writer)
        else:
            assert list(batch.rows())[-1].end == batch.end
    return out.getvalue(), columns


def scored(of, row, writer):
    try:
        if row.error:
            raise row.error
        writer.write(of.action(row.datum))
    except pfa.PfaError as error:
        writer.out.write(f"{row.line} {error}\n".encode())


def one_by_one(module, of, content):
    out = io.BytesIO()
    writer = jsonl.writer(out, of.output_type)
    for row in module.reader(io.BytesIO(content), of.input_type):
        scored(of, row, writer)
    return out.getvalue()


def agree(name, of, content):
    """All ways give the same; how many rows were columns."""
    plain, columns = {"csv": (csv, csv_columns), "jsonl": (jsonl, jsonl_columns)}[name]
    wanted = one_by_one(plain, of, content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "find_spec", lambda name: None)
        made, parsed = batched(columns, of, content)
        assert made == wanted
    made, count = batched(columns, of, content)
    assert made == wanted
    assert count >= parsed
    return count




LINES = [json.dumps(t) for t in ODD] + ODD + [
    "[1]", "{}", '{"double": 1}', '{"string": "a"}', '{"int": 3}', "1.0", "1,2", "[1", "2]", '"a', 'b"', '"\\ud800"',
    '"\\u0000"', "1 ", " 1", "\r", "9" * 400,
]  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_each_odd_text_alone(name):
    for text in ODD:
        agree("csv", ECHO[name], f"c\n{text}\n".encode())
    for text in LINES:
        agree("jsonl", ECHO[name], f"{text}\n".encode())


CELL = st.sampled_from(ODD) | st.text(max_size=4) | st.floats().map(repr) | st.integers(-(1 << 65), 1 << 65).map(str)


@settings(deadline=None)
@given(name=st.sampled_from(sorted(FIELDS)), cells=st.lists(CELL, max_size=6), end=st.sampled_from(["\n", "\r\n"]))
def test_cells_of_csv(name, cells, end):
    agree("csv", ECHO[name], end.join(["c", *cells]).encode("utf-8", "surrogatepass"))


@settings(deadline=None)
@given(lines=st.lists(st.lists(CELL, min_size=2, max_size=3), max_size=5), end=st.sampled_from(["\n", "\r\n"]))
def test_rows_of_csv(lines, end):
    record = {"type": "record", "name": "R", "fields": [{"name": n, "type": FIELDS[n]} for n in "ds"]}
    of = engine(record, "string", "input.s")
    agree("csv", of, end.join(["d,s,other", *map(",".join, lines)]).encode("utf-8", "surrogatepass"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 65), 1 << 65) | st.floats() | st.text(max_size=3),
    lambda x: st.lists(x, max_size=2) | st.dictionaries(st.sampled_from([*FIELDS, "double"]), x, max_size=3),
    max_leaves=4,
)
SOUND = st.fixed_dictionaries({
    "d": st.floats() | st.integers(-9, 9), "i": st.integers(-(1 << 31), (1 << 31) - 1),
    "l": st.integers(-(1 << 63), (1 << 63) - 1),
    "f": st.floats(width=32) | st.just(0.1), "b": st.booleans(), "s": st.text(max_size=3),
    "e": st.sampled_from(["one", "two"]), "nd": st.none() | st.floats(), "ns": st.none() | st.text(max_size=2),
    "ni": st.none() | st.integers(-9, 9), "nl": st.none() | st.integers(-9, 9),
})  # fmt: skip


def line(value):
    return json.dumps(value).encode()


@settings(deadline=None)
@given(lines=st.lists((SOUND | JSON).map(line) | st.sampled_from([b"", b"{", b"}", b"[", b"1,2", b"\xff"]), max_size=5))
def test_lines_of_json(lines):
    agree("jsonl", WHOLE, b"\n".join(lines))


@settings(deadline=None)
@given(rows=st.lists(SOUND, min_size=1, max_size=5))
def test_sound_records_come_as_columns(rows):
    finite = [r for r in rows if all(math.isfinite(r[n] or 0) for n in ("d", "f", "nd"))]
    if finite:
        assert agree("jsonl", WHOLE, b"\n".join(map(line, finite))) == len(finite)


DOUBLES = {"type": "record", "name": "P", "fields": [{"name": n, "type": "double"} for n in "xy"]}
INTS = {"type": "record", "name": "P", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "long"}]}
FLOATS = {"type": "record", "name": "P", "fields": [{"name": n, "type": "float"} for n in "xy"]}
PAIR = {"type": "record", "name": "O", "fields": [{"name": "a", "type": "double"}, {"name": "b", "type": "boolean"}]}
ACTIONS = [
    (DOUBLES, "double", {"+": ["input.x", {"*": [2, "input.y"]}]}),
    (DOUBLES, "double", {"/": ["input.x", "input.y"]}),
    (DOUBLES, "double", {"m.sqrt": [{"-": ["input.x", {"u-": ["input.y"]}]}]}),
    (DOUBLES, "boolean", {"&&": [{"<": ["input.x", 1]}, {"!": [{">=": ["input.y", "input.x"]}]}]}),
    (DOUBLES, "double", {"if": {"<": ["input.x", 0]},
                         "then": {"if": {"==": ["input.y", 0]}, "then": 1, "else": "input.x"},
                         "else": [{"let": {"z": {"*": ["input.x", "input.x"]}}}, {"m.abs": ["z"]}]}),
    (DOUBLES, PAIR, {"new": {"a": {"+": ["input.x", 0.5]}, "b": {"!=": ["input.x", "input.y"]}}, "type": "O"}),
    (DOUBLES, "double", [{"let": {"z": 1.5}}, {"set": {"z": {"+": ["z", "input.x"]}}}, "z"]),
    (DOUBLES, "double", [{"let": {"z": 1.5}}, {"if": {">": ["input.y", 2]}, "then": {"set": {"z": "input.x"}}}, "z"]),
    (INTS, "int", {"+": ["input.x", 1]}),
    (INTS, "long", {"*": ["input.y", "input.x"]}),
    (INTS, "long", {"-": ["input.y", {"+": ["input.x", "input.x"]}]}),
    (INTS, "double", {"*": ["input.y", 0.1]}),
    (FLOATS, "float", {"*": ["input.x", "input.y"]}),
    (FLOATS, "double", {"+": ["input.x", {"u-": ["input.y"]}]}),
    ("int", "double", {"/": ["input", 3]}),
    ("string", "string", "input"),
    (DOUBLES, "int", 3),
]  # fmt: skip
EDGES = [0.0, -0.0, 1.0, 2.5, -7.25, 1e300, -1e300, 5e-324, 1e-30, 3.4e38]
WHOLES = [0, 1, -1, 7, (1 << 31) - 1, -(1 << 31), 46341]


def pairs(t):
    if t == "string":
        return ["a", "", "é"]
    if t == "int":
        return WHOLES
    values = WHOLES if t is INTS else EDGES
    return [{"x": x, "y": y} for x in values for y in ([*values, 1 << 62, -(1 << 63)] if t is INTS else values)]


@pytest.mark.parametrize(("input", "output", "action"), ACTIONS, ids=[json.dumps(a) for _, _, a in ACTIONS])
def test_an_action_on_columns_is_the_action(input, output, action):
    of = engine(input, output, action)
    assert of._compiled.code.vector is not None
    data = pairs(input)
    agree("jsonl", of, b"\n".join(map(line, data)))
    for datum in data:
        agree("jsonl", of, line(datum))
    change = decoder(of.input_type)
    assert change is None or [change(d) for d in data] == data


@pytest.mark.parametrize(("input", "output", "action"), ACTIONS[:6], ids=[json.dumps(a) for _, _, a in ACTIONS[:6]])
def test_columns_are_used(input, output, action):
    lines = line({"x": 1.5, "y": 2.5}) + b"\n" + line({"x": 1, "y": -1})
    assert agree("jsonl", engine(input, output, action), lines) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"action": {"m.exp": ["input"]}},
        {"action": {"cell": "n"}, "cells": {"n": {"type": "double", "init": 0}}},
        {"action": {"emit": "input"}, "method": "emit"},
        {"action": {"rand.double": [0, 1]}},
        {"action": {"try": "input"}},
        {"action": [{"log": ["input"]}, "input"]},
        {"action": {"if": {">": ["input", 0]}, "then": {"error": "no"}, "else": "input"}},
    ],
)
def test_what_is_for_rows(more):
    output = ["null", "double"] if "try" in more["action"] else "double"
    assert engine("double", output, **more)._compiled.code.vector is None


# --- the whole command -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = {"input": DOUBLES, "output": PAIR, "action": ACTIONS[5][2]}
    Path("m.pfa").write_text(json.dumps(model), "utf-8")
    return tmp_path


def both(monkeypatch, capfd, *words):
    """What a command leaves, in batches and row by row."""
    found = []
    for warm in (0, 1 << 60):
        monkeypatch.setattr(batches, "WARM", warm)
        code = main(["run", "m.pfa", *words])
        found.append((code, *capfd.readouterr(), Path("out").read_bytes() if Path("out").exists() else b""))
    assert found[0] == found[1]
    return found[0]


NO_DOUBLES = [True, False, None, "1", "true", "", [], [1.5], {}, {"double": 1}]
SOME_DOUBLES = [0, -1, 1.5, -0.0, 1 << 62, (1 << 64) - 1, 1 << 70, 1e308]
NO_WHOLES = [*NO_DOUBLES, 1.5, 1e20, 1 << 63, 1 << 70, -(1 << 63) - 1]


@pytest.mark.parametrize("names", [["x", "y"], [*"abcdwxyz"]], ids=["narrow", "wide"])
@pytest.mark.parametrize(
    ("kind", "value", "sound"),
    [("double", v, True) for v in SOME_DOUBLES] + [("double", v, False) for v in NO_DOUBLES]
    + [("long", v, False) for v in NO_WHOLES] + [("long", -(1 << 63), True), ("int", 1 << 31, False)],
)
def test_a_value_in_a_column_of_numbers(names, kind, value, sound):  # fmt: skip
    """Used or not; with a boolean elsewhere in the text (a key that no field has) and without."""
    record = {"type": "record", "name": "N", "fields": [{"name": n, "type": kind} for n in names]}
    rows = [dict.fromkeys(names, 1), dict.fromkeys(names, 2) | {"x": value}, dict.fromkeys(names, 3)]
    for used in "xy":
        of = engine(record, kind, f"input.{used}")
        for more in ({}, {"more": True}, {"more": False}, {"more": "trufals"}):
            count = agree("jsonl", of, b"\n".join(line(row | more) for row in rows))
            assert count == (3 if sound else 0)


@pytest.mark.parametrize("name", ["csv", "jsonl"])
@pytest.mark.parametrize("out", ["csv", "jsonl"])
@pytest.mark.parametrize("bad", [-1, 0, 3000, 19_999])
def test_a_fault_in_the_middle(folder, monkeypatch, capfd, name, out, bad):
    numbers = [(i / 7, (i * 31 % 17) - 8.5) for i in range(20_000)]
    if name == "csv":
        lines = ["x,y", *(f"{x},{y}" if i != bad else "x,1" for i, (x, y) in enumerate(numbers))]
    else:
        lines = [json.dumps({"x": x, "y": y}) if i != bad else '{"x":1}' for i, (x, y) in enumerate(numbers)]
    Path(f"in.{name}").write_text("\n".join(lines) + "\n", "utf-8")
    for mode in ("stop", "skip", "null"):
        code, _, err, text = both(
            monkeypatch, capfd, f"in.{name}", "-o", "out", "--format", out, "--input-format", name, "--on-error", mode
        )
        assert code == (1 if bad >= 0 and mode == "stop" else 0)
        wanted = {"stop": bad % 20_001, "skip": 20_000 - (bad >= 0)}.get(mode, 20_000)
        assert text.count(b"\n") - (out == "csv") == wanted
        assert (f"in.{name}:{bad + (2 if name == 'csv' else 1)}:" in err) == (bad >= 0 and mode == "stop")


COUNTED = {
    "input": DOUBLES, "output": "double", "cells": {"n": {"type": "double", "init": 0}},
    "action": [
        {"cell": "n", "to": {"params": [{"old": "double"}], "ret": "double", "do": {"+": ["old", "input.x"]}}},
        {"if": {"<": ["input.y", -7]}, "then": {"error": "low"}},
        {"cell": "n"},
    ],
}  # fmt: skip
EACH = COUNTED | {"method": "emit", "action": [*COUNTED["action"][:2], {"emit": {"cell": "n"}}, {"emit": "input.y"}]}


@pytest.mark.parametrize("model", [COUNTED, EACH], ids=["map", "emit"])
@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_rows_of_batches_that_fail(folder, monkeypatch, capfd, name, model):
    """An engine with a state takes the rows of columns; those that fail are named as always."""
    Path("m.pfa").write_text(json.dumps(model), "utf-8")
    numbers = [(i / 7, (i * 31 % 17) - 8.5) for i in range(500)]
    if name == "csv":
        Path("in.csv").write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in numbers), "utf-8")
    else:
        Path("in.jsonl").write_text("".join(json.dumps({"x": x, "y": y}) + "\n" for x, y in numbers), "utf-8")
    for mode in ("stop", "skip", "null"):
        words = (f"in.{name}", "-o", "out", "--on-error", mode, "--rejects", "no")
        code, _, err, _ = both(monkeypatch, capfd, *words)
        failed = [i for i, (_, y) in enumerate(numbers) if y < -7]
        lines = [json.loads(line) for line in Path("no").read_text("utf-8").splitlines()]
        first = 2 if name == "csv" else 1
        assert [line["line"] for line in lines] == [i + first for i in failed][: 1 if mode == "stop" else None]
        assert lines[0]["datum"] == dict(zip("xy", numbers[failed[0]], strict=True))
        assert (code, bool(err)) == (mode == "stop", True)


@pytest.mark.parametrize("every", ["7", "150", "0.000001s"])
def test_states_of_batches(folder, monkeypatch, capfd, every):
    monkeypatch.setattr(csv_columns, "SIZE", 1000)
    Path("in.csv").write_text("x,y\n" + "".join(f"{i},{i / 3}\n" for i in range(300)), "utf-8")
    words = ["in.csv", "-o", "out", "--state", "s", "--every", every]
    for warm in (0, 1 << 60):
        monkeypatch.setattr(batches, "WARM", warm)
        Path("s").unlink(missing_ok=True)
        assert main(["run", "m.pfa", *words]) == 0
        with Path("in.csv").open("a") as file:
            file.write("1,2\n")
        assert main(["run", "m.pfa", *words]) == 0
        state = pfa.load("m.pfa", state=Path("s").read_bytes())
        assert state._runtime.variables["started"] == len(Path("in.csv").read_text().splitlines()) - 1
        assert len(Path("out").read_bytes().splitlines()) == state._runtime.variables["started"]
