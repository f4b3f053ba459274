"""`pfa pack` and `pfa unpack`: data of cells and pools moves into files and back."""

import copy
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pfa
from pfa.cli import main
from tests.resource_files import (
    AS_JSON,
    NAN,
    RECORD,
    at,
    avro,
    counting,
    folder_fixture,  # noqa: F401
    model,
    same,
)

PACKED = {
    "@": "generated",
    "name": "Packed",
    "input": "null",
    "output": {"type": "map", "values": "Model"},
    "cells": {
        "@": "of cells",
        "a": {"@": "of a", "type": RECORD, "init": AS_JSON | {"@": "in data"}, "rollback": True},
        "A": {"type": {"type": "array", "items": "double"}, "init": [0.1] * 300, "source": "embedded"},
    },
    "pools": {
        "p": {"type": "Model", "init": {"k": AS_JSON}, "shared": True},
        "none": {"type": "int"},
    },
    "action": {
        "type": {"type": "map", "values": "Model"},
        "new": {"a": {"cell": "a"}, "k": {"pool": "p", "path": [["k"]]}},
    },
    "metadata": {"note": "kept"},
}  # fmt: skip


def pfa_command(*arguments):
    return main([str(a) for a in arguments])


@pytest.mark.parametrize("suffix", [".pfa", ".json", ".pfaz", ".yaml"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_unpack_and_pack_are_inverse(folder, tmp_path, suffix, form):
    path, out, back = folder / "model.pfa", tmp_path / "out" / f"m{suffix}", tmp_path / f"back{suffix}"
    out.parent.mkdir()
    path.write_text(json.dumps(PACKED))
    assert pfa_command("unpack", path, "-o", out, *form) == 0
    names = sorted(set(os.listdir(out.parent)) - {out.name})
    kind = "json" if form else "avro"
    assert names == [f"m.cell.A.2.{kind}", f"m.cell.a.{kind}", f"m.pool.p.{kind}"]
    before, moved = pfa.load(path, unions="tagged"), pfa.load(out, unions="tagged")
    assert before.action(None) == moved.action(None)
    assert moved.snapshot() == before.snapshot()
    if suffix == ".json":
        document = json.loads(out.read_text())
        assert document["cells"]["a"] == PACKED["cells"]["a"] | {"init": f"m.cell.a.{kind}", "source": kind}
        assert list(document) == list(PACKED)
        assert without_data(document) == without_data(PACKED)
    assert pfa_command("pack", out, "-o", back) == 0
    assert pfa.load(back).snapshot() == before.snapshot()
    if suffix == ".json":
        wanted = copy.deepcopy(PACKED)
        del wanted["cells"]["A"]["source"]
        if not form:
            del wanted["cells"]["a"]["init"]["@"]  # Avro has no place for marks in data
        assert json.loads(back.read_text()) == wanted


def without_data(document):
    made = copy.deepcopy(document)
    for spec in (*made["cells"].values(), *made["pools"].values()):
        if isinstance(spec, dict):
            spec.pop("init", None)
            spec.pop("source", None)
    return made


def test_unpack_moves_only_what_is_large_and_twice_changes_nothing(folder):
    path, out = folder / "model.pfa", folder / "out.pfa"
    path.write_text(json.dumps(PACKED))
    assert pfa_command("unpack", path, "-o", out, "--above", 500) == 0
    assert [n for n in os.listdir(folder) if n.endswith(".avro")] == ["out.cell.A.avro"]
    first = out.read_text()
    assert pfa_command("unpack", out, "-o", out, "--above", 500) == 0
    assert out.read_text() == first


def test_unpack_into_another_folder_takes_the_files_along(folder, tmp_path):
    (folder / "c.json").write_text("[1, 2]")
    document = model({"type": "array", "items": "int"}, "c.json", "json")
    (folder / "model.pfa").write_text(json.dumps(document))
    other = tmp_path / "other"
    other.mkdir()
    assert pfa_command("unpack", folder / "model.pfa", "-o", other / "m.pfa") == 0
    assert pfa.load(other / "m.pfa").action(None) == [1, 2]


def test_pack_says_what_a_document_cannot_hold(folder, capsys):
    counting(folder)
    assert pfa_command("pack", folder / "model.pfa", "-o", folder / "out.pfa") == 1
    said = capsys.readouterr().err
    assert '/cells/c/init: JSON has no NaN' in said or 'a map key "@"' in said
    assert "leave it in an Avro file" in said
    assert not (folder / "out.pfa").exists()


def test_other_commands_read_the_files(folder, capsys):
    avro(folder / "c.avro", {"type": "array", "items": "int"}, [1, 2, 3])
    document = model({"type": "array", "items": "int"}, "c.avro", "avro")
    (folder / "model.pfa").write_text(json.dumps(document))
    (folder / "in.jsonl").write_text("null\n")
    assert pfa_command("show", folder / "model.pfa") == 0
    assert "c: array(int), 3 items" in capsys.readouterr().out
    assert pfa_command("show", folder / "model.pfa", "--after", "lower") == 0
    assert pfa_command("run", folder / "model.pfa", folder / "in.jsonl", "-o", folder / "out.jsonl") == 0
    assert (folder / "out.jsonl").read_text() == "[1,2,3]\n"
    assert pfa_command("hash", folder / "model.pfa") == pfa_command("fmt", folder / "model.pfa") == 0


def test_the_commands_refuse_what_does_not_load(folder, capsys):
    (folder / "model.pfa").write_text(json.dumps(at("nothing.json")))
    for command in ("pack", "unpack", "check"):
        arguments = [] if command == "check" else ["-o", folder / "out.pfa"]
        assert pfa_command(command, folder / "model.pfa", *arguments) == 1
        said = capsys.readouterr()
        assert "model.pfa:1:" in said.out + said.err
        assert "nothing.json: there is no such file" in said.out + said.err
    assert pfa_command("pack", folder / "gone.pfa", "-o", folder / "out.pfa") == 2
    assert pfa_command("unpack", folder / "model.pfa", "-o", folder / "no" / "out.pfa") == 1


KEYS = st.text(max_size=5).filter(lambda k: k != "@")


@given(st.dictionaries(KEYS, st.floats(allow_nan=False, allow_infinity=False)))
@settings(max_examples=25, deadline=None)
def test_round_trips_of_pack(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("pack")
    document = model(NAN, data, "embedded")
    (folder / "model.pfa").write_text(json.dumps(document))
    assert pfa_command("unpack", folder / "model.pfa", "-o", folder / "out.pfa") == 0
    assert pfa_command("pack", folder / "out.pfa", "-o", folder / "back.pfa") == 0
    assert same(pfa.load(folder / "out.pfa").action(None), data)
    assert same(json.loads((folder / "back.pfa").read_text())["cells"]["c"]["init"], data)
