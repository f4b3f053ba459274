"""`pfa convert`: between the formats of data, and documents between JSON, YAML and gzip."""

import io
import json
import math
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfa.cli import main
from pfa.cli.documents import read_document
from pfa.data.avro_schema import schema_type
from pfa.data.formats import NAMES
from pfa.data.values import Decoders

PERSON = {
    "type": "record",
    "name": "Person",
    "fields": [
        {"name": "age", "type": "int"},
        {"name": "income", "type": ["null", "double"]},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["old", "new"]}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "raw", "type": "bytes"},
        {"name": "more", "type": {"type": "map", "values": ["null", "long"]}},
    ],
}
ROWS = [
    {"age": 1, "income": None, "kind": "old", "tags": [], "raw": "\u00ff\u0000", "more": {"a b": None}},
    {"age": -5, "income": 2.5, "kind": "new", "tags": ["x", "é,\"\n"], "raw": "", "more": {"c": 1 << 40}},
    {"age": 3, "income": "NaN", "kind": "new", "tags": ["y"], "raw": "z", "more": {}},
]
FORMATS = ["csv", "jsonl", "avro", "parquet", "arrow", "arrows"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def convert(folder, capsys):
    """Run the command: exit code and standard error."""

    def command(*words):
        code = main(["convert", *map(str, words)])
        return code, capsys.readouterr().err

    return command


def write(name, text):
    with open(name, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def text_of(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def lines(name):
    with open(name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture
def people(folder):
    write("person.avsc", json.dumps(PERSON))
    write("people.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))


# --- data ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("back", FORMATS)
def test_to_each_format_and_from_there_to_each(form, back, people, convert):
    assert convert("people.jsonl", f"x.{form}", "--schema", "person.avsc") == (0, "")
    assert convert(f"x.{form}", f"y.{back}", "--schema", "person.avsc") == (0, "")
    assert convert(f"y.{back}", "z.jsonl", "--schema", "person.avsc") == (0, "")
    assert lines("z.jsonl") == ROWS


@pytest.mark.parametrize("form", ["avro", "parquet", "arrow", "arrows"])
def test_a_file_that_has_a_schema_needs_none(form, people, convert):
    assert convert("people.jsonl", f"x.{form}", "--schema", "person.avsc") == (0, "")
    assert convert(f"x.{form}", "y.jsonl") == (0, "")
    assert lines("y.jsonl") == ROWS
    assert convert(f"x.{form}", "y.avro") == (0, "")
    assert main(["schema", "y.avro"]) == 0


def test_without_a_schema_the_one_that_fits_all_rows(convert, capsys):
    write("x.csv", "a,b,c\n1,,[1]\n2,x,[]\n")
    assert convert("x.csv", "x.avro") == (0, "")
    assert convert("x.avro", "y.jsonl") == (0, "")
    assert lines("y.jsonl") == [{"a": 1, "b": None, "c": [1]}, {"a": 2, "b": "x", "c": []}]
    assert convert("x.avro", "y.csv") == (0, "")
    assert text_of("y.csv") == text_of("x.csv")


def test_missing_fields_take_their_defaults(convert):
    write("x.jsonl", '{"a":1}\n{"a":2,"b":{"c":"x"}}\n')
    assert convert("x.jsonl", "y.csv") == (0, "")
    assert text_of("y.csv") == 'a,b\n1,\n2,"{""c"":""x""}"\n'
    assert convert("x.jsonl", "y.avro") == (0, "")
    assert convert("y.avro", "z.jsonl") == (0, "")
    assert lines("z.jsonl") == [{"a": 1, "b": None}, {"a": 2, "b": {"c": "x"}}]


def test_unions_keep_their_branches(convert):
    schema = [{"type": "fixed", "name": "F", "size": 1}, "bytes", "string", "int", "long", "null"]
    write("s.json", json.dumps(schema))
    values = [{"F": "x"}, {"bytes": "x"}, {"string": "x"}, {"int": 1}, {"long": 1}, None]
    write("x.jsonl", "".join(json.dumps(v) + "\n" for v in values))
    assert convert("x.jsonl", "x.avro", "--schema", "s.json") == (0, "")
    assert convert("x.avro", "y.jsonl") == (0, "")
    assert lines("y.jsonl") == values


SCHEMAS = {
    "double": st.floats().map(lambda x: x if math.isfinite(x) else str(x).title().replace("Nan", "NaN")),
    "long": st.integers(-(1 << 63), (1 << 63) - 1),
    "string": st.text(),
    "bytes": st.binary().map(lambda b: b.decode("latin-1")),
    "boolean": st.booleans(),
}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("form", ["csv", "avro"])
def test_every_value_comes_back(form, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("c")
    schema = {"type": "record", "name": "R", "fields": [
        {"name": n, "type": {"type": "array", "items": n}} for n in SCHEMAS]}  # fmt: skip
    row = st.fixed_dictionaries({n: st.lists(v, max_size=3) for n, v in SCHEMAS.items()})
    rows = data.draw(st.lists(row, max_size=3))
    with open(folder / "x.jsonl", "w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    with open(folder / "s.json", "w", encoding="utf-8") as out:
        json.dump(schema, out)
    word = ["--schema", str(folder / "s.json")]
    assert main(["convert", str(folder / "x.jsonl"), str(folder / f"y.{form}"), *word]) == 0
    assert main(["convert", str(folder / f"y.{form}"), str(folder / "z.jsonl"), *word]) == 0
    t = schema_type(schema)
    both = [[Decoders().datum(t)(row.datum) for row in NAMES["jsonl"].reader(open_bytes(folder / name), t)]
            for name in ("x.jsonl", "z.jsonl")]  # fmt: skip
    assert repr(both[0]) == repr(both[1])


def open_bytes(path):
    return io.BytesIO(path.read_bytes())


def test_names_that_are_none_are_refused_for_formats_with_a_schema(convert):
    write("x.csv", "a b,c\n1,2\n")
    code, err = convert("x.csv", "x.avro")
    assert code == 1
    assert 'x.csv: no names of fields in Avro: "a b"; rename the columns, or give --rename' in err
    assert not os.path.exists("x.avro")
    assert convert("x.csv", "x.jsonl") == (0, "")
    assert lines("x.jsonl") == [{"a b": 1, "c": 2}]
    assert convert("x.csv", "x.avro", "--rename") == (0, "")
    assert convert("x.avro", "y.jsonl") == (0, "")
    assert lines("y.jsonl") == [{"a_b": 1, "c": 2}]


BAD = {
    "no JSON": ("x.jsonl", '{"a":1}\n{"a":\n', "y.avro", "x.jsonl:2:"),
    "another type": ("x.jsonl", '{"a":1}\n{"a":"x"}\n', "y.csv", "x.jsonl: line 2: /a: expected int"),
    "a cell": ("x.csv", "a\n1\nx\n", "y.jsonl", 'x.csv:3:1 /a: column "a": expected int'),
    "no Avro file": ("x.avro", "nope", "y.csv", "x.avro"),
}


@pytest.mark.parametrize(("name", "text", "out", "says"), BAD.values(), ids=BAD)
def test_a_row_that_is_wrong_changes_nothing(name, text, out, says, convert):
    write("s.json", '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}')
    write(name, text)
    write(out, "what was there")
    code, err = convert(name, out, "--schema", "s.json")
    assert code == 1
    assert err.startswith(says)
    assert err.count("\n") == 1
    assert text_of(out) == "what was there"
    assert sorted(os.listdir()) == sorted(["s.json", name, out])


@pytest.mark.parametrize("out", ["y.jsonl", "y.csv", "y.avro"])
def test_rows_that_are_wrong_are_left_out_and_counted(out, convert):
    write("s.json", '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}')
    write("x.jsonl", '{"a":1}\n{"a":"x"}\n{"a":\n{"a":4}\n')
    assert convert("x.jsonl", out, "--schema", "s.json", "--on-error", "skip") == (0, "4 rows, 2 converted, 2 failed\n")
    assert convert(out, "z.jsonl") == (0, "")
    assert lines("z.jsonl") == [{"a": 1}, {"a": 4}]


@pytest.mark.parametrize(("name", "text"), [("x.jsonl", '{"a":1}\n{"a":\n{"a":4}\n'), ("x.csv", "a\n1\n2,3\n4\n")])
def test_rows_that_are_left_out_do_not_decide_the_type(name, text, convert):
    write(name, text)
    assert convert(name, "y.jsonl")[0] == 1
    assert convert(name, "y.jsonl", "--on-error", "skip") == (0, "3 rows, 2 converted, 1 failed\n")
    assert lines("y.jsonl") == [{"a": 1}, {"a": 4}]


def test_a_value_that_a_format_cannot_hold(convert):
    write("x.jsonl", '{"a":1}\n{"a":"x"}\n')
    code, err = convert("x.jsonl", "y.parquet")
    assert code == 1
    assert err
    assert not os.path.exists("y.parquet")


@pytest.mark.parametrize(("schema", "says"), [
    ('{"type":"record"}', "s.json"), ("nope", "s.json"), ('{"type":', "s.json:1:"),
])  # fmt: skip
def test_a_schema_that_is_none(schema, says, convert):
    write("s.json", schema)
    write("x.csv", "a\n1\n")
    code, err = convert("x.csv", "y.csv", "--schema", "s.json")
    assert code == 1
    assert says in err


def test_into_the_file_itself(convert):
    write("x.csv", "a,b\n1,\n")
    assert convert("x.csv", "x.csv") == (0, "")
    assert text_of("x.csv") == "a,b\n1,\n"


@pytest.mark.parametrize("words", [["--from", "csv", "--to", "jsonl"], ["--from", "csv"]])
def test_through_pipes(words, folder):
    command = [sys.executable, "-m", "pfa", "convert", "-", "-", *words]
    done = subprocess.run(command, input=b"a,b\n1,x\n2,\n", capture_output=True, check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


@pytest.mark.parametrize(("words", "says"), [
    (["x.csv", "y.yaml"], "a document becomes a document"), (["x.pfa", "y.csv"], "a document becomes a document"),
    (["x.txt", "y.csv"], 'no format has the extension ".txt"'), (["x.csv", "y.txt"], "give --to"),
    (["no-such.csv", "y.avro"], "no-such.csv: No such file"), (["x.csv", "no/such/folder.avro"], "No such file"),
])  # fmt: skip
def test_usage(words, says, convert):
    write("x.csv", "a\n1\n")
    code, err = convert(*words)
    assert code == 2
    assert says in err
    assert "Traceback" not in err


# --- documents -------------------------------------------------------------------------------------------------

DOCUMENT = {
    "input": "double",
    "output": "string",
    "cells": {
        "c": {"type": {"type": "map", "values": "double"}, "init": {"on": 1e-05, "12:30": 1e300, "~": -0.0, "é": 3}},
    },
    "pools": {"p": {"type": "int", "init": {f"k{i}": i for i in range(300)}}},
    "action": [{"let": {"x": ["true"]}}, "x"],
    "@": "line 1",
}


@pytest.mark.parametrize("suffix", ["pfa", "json", "pfaz", "yaml", "yml"])
@pytest.mark.parametrize("back", ["pfa", "pfaz", "yaml"])
def test_documents(suffix, back, folder, convert):
    write("x.json", json.dumps(DOCUMENT))
    assert convert("x.json", f"y.{suffix}") == (0, "")
    assert convert(f"y.{suffix}", f"z.{back}") == (0, "")
    assert read_document(folder / f"z.{back}") == DOCUMENT
    assert list(read_document(folder / f"z.{back}")) == list(DOCUMENT)
    if back == "pfaz":
        assert (folder / "z.pfaz").read_bytes()[:2] == b"\x1f\x8b"


def test_a_document_that_is_none(convert):
    write("x.json", '{"a": 1,}')
    code, err = convert("x.json", "y.yaml")
    assert code == 1
    assert err.startswith("x.json:1:")
    assert not os.path.exists("y.yaml")


@pytest.mark.parametrize("document", ["[1, 2]", '{"cells": 1, "pools": [2]}', '{"cells": {"a": null}}'])
def test_what_is_no_model_is_converted_as_it_is(document, folder, convert):
    write("x.json", document)
    assert convert("x.json", "y.yaml") == (0, "")
    assert convert("y.yaml", "z.pfa") == (0, "")
    assert read_document(folder / "z.pfa") == json.loads(document)


def test_data_that_a_document_has_elsewhere_stays_there(folder, convert):
    os.mkdir("other")
    cells = {"c": {"type": "int", "init": "c.avro", "source": "avro"}}
    write("x.json", json.dumps({"input": "int", "output": "int", "action": "input", "cells": cells}))
    assert convert("x.json", "y.yaml") == (0, "")
    code, err = convert("x.json", "other/y.yaml")
    assert code == 0
    assert "its cells or pools name files, which are looked for beside it" in err


def test_json_lines_that_are_called_json(convert):
    write("x.json", '{"a":1}\n{"a":2}\n')
    assert convert("x.json", "y.csv") == (0, "")
    assert text_of("y.csv") == "a\n1\n2\n"
    assert convert("y.csv", "z.json", "--to", "jsonl") == (0, "")
    assert lines("z.json") == [{"a": 1}, {"a": 2}]
