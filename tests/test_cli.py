"""The command line: exit codes, what goes where, and no traceback for what a user can cause."""

import io
import json
import os
import pty
import subprocess
import sys

import pytest

from pfa.cli import main

GOOD = {"input": "double", "output": "double", "action": {"+": ["input", 1]}}
BAD = '{"input": "double",\n "output": "double",\n "action": {"+": ["inptu", "x"]}}\n'
PERSON = {
    "input": {
        "type": "record",
        "name": "Person",
        "fields": [
            {"name": "age", "type": "int"},
            {"name": "income", "type": ["null", "double"]},
            {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["old", "new"]}},
        ],
    },
    "output": {
        "type": "record",
        "name": "Score",
        "fields": [{"name": "age", "type": "int"}, {"name": "income", "type": ["null", "double"]}],
    },
    "action": {
        "if": {"<": ["input.age", 0]},
        "then": {"error": "negative age", "code": -7},
        "else": {"new": {"age": "input.age", "income": "input.income"}, "type": "Score"},
    },
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file of the folder that the test runs in."""
    monkeypatch.chdir(tmp_path)

    def writer(name, content):
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    return writer


@pytest.fixture
def pfa(capfd):
    """Run a command in this process: exit code, standard output, standard error."""

    def command(*words):
        try:
            code = main(list(words))
        except SystemExit as end:
            code = end.code
        out, err = capfd.readouterr()
        return code, out, err

    return command


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


class TestCheck:
    def test_a_sound_document_says_nothing(self, pfa, write):
        assert pfa("check", write("good.pfa", GOOD)) == (0, "", "")

    def test_every_problem_with_its_place(self, pfa, write):
        code, out, err = pfa("check", write("bad.pfa", BAD))
        assert code == 1
        first, second = out.splitlines()
        assert first == 'bad.pfa:3:19 /action/+/0: unknown symbol "inptu", did you mean "input"?'
        assert second.startswith('bad.pfa:3:28 /action/+/1: unknown symbol "x"')
        assert err == ""

    def test_json(self, pfa, write):
        _, out, _ = pfa("check", "--json", write("bad.pfa", BAD))
        first = lines(out)[0]
        assert first["file"] == "bad.pfa"
        assert (first["line"], first["column"], first["pointer"]) == (3, 19, "/action/+/0")
        assert (first["kind"], first["warning"]) == ("UnknownSymbol", False)

    def test_several_files(self, pfa, write):
        code, out, _ = pfa("check", write("good.pfa", GOOD), write("bad.pfa", BAD), write("worse.pfa", "{"))
        assert code == 1
        assert {line.split(":")[0] for line in out.splitlines()} == {"bad.pfa", "worse.pfa"}

    def test_warnings_only_if_asked_for(self, pfa, write):
        old = GOOD | {"input": "int", "output": "string", "action": {"s.number": ["input"]}}
        assert pfa("check", write("old.pfa", old)) == (0, "", "")
        code, out, _ = pfa("check", "--strict", "old.pfa")
        assert code == 0
        assert "warning" in out

    def test_yaml(self, pfa, write):
        text = "input: double\noutput: double\naction: {+: [input, wrong]}\n"
        code, out, _ = pfa("check", write("bad.yaml", text))
        assert (code, out.split()[0]) == (1, "bad.yaml:3:21")

    def test_a_file_that_is_not_there(self, pfa, write):
        write("good.pfa", GOOD)
        assert pfa("check", "nowhere.pfa") == (2, "", "nowhere.pfa: No such file or directory\n")


class TestRun:
    def test_json_lines(self, pfa, write):
        write("data.jsonl", "1\n\n2.5\n")
        assert pfa("run", write("m.pfa", GOOD), "data.jsonl") == (0, "2.0\n3.5\n", "")

    def test_standard_input(self, write):
        done = run_process("run", write("m.pfa", GOOD), input="1\n2\n")
        assert (done.returncode, done.stdout) == (0, "2.0\n3.0\n")

    def test_csv_in_and_out(self, pfa, write):
        write("people.csv", "kind,extra,income,age\nold,x,2.5,30\nnew,y,,40\n")
        code, out, err = pfa("run", write("m.pfa", PERSON), "people.csv", "--format", "csv")
        assert (code, out, err) == (0, "age,income\n30,2.5\n40,\n", "")

    def test_output_file_decides_the_format(self, pfa, write, tmp_path):
        write("people.csv", "age,income,kind\n30,,old\n")
        assert pfa("run", write("m.pfa", PERSON), "people.csv", "-o", "out.csv") == (0, "", "")
        assert (tmp_path / "out.csv").read_text() == "age,income\n30,\n"

    def test_a_missing_column_is_one_clear_error(self, pfa, write):
        write("people.csv", "age,income\n30,1\n40,2\n")
        code, out, err = pfa("run", write("m.pfa", PERSON), "people.csv")
        assert (code, out) == (1, "")
        assert err == 'people.csv:1:1 /: the header has no column "kind"\n'

    @pytest.mark.parametrize(
        ("row", "error"),
        [
            ("x,1,old", 'people.csv:3:1 /age: column "age": expected int, found text'),
            (",1,old", 'people.csv:3:1 /age: column "age": expected int, found an empty cell'),
            ("1.5,1,old", 'people.csv:3:1 /age: column "age": expected int, found a number with a fraction'),
            (
                "99999999999,1,old",
                'people.csv:3:1 /age: column "age": expected int, found an integer that does not fit',
            ),
            (
                "1,one,old",
                'people.csv:3:2 /income: column "income": expected union(null, double), found text',
            ),
            ("1,1,older", 'people.csv:3:3 /kind: column "kind": expected Kind, found another text'),
            ("1,1", "people.csv:3:1 /: 2 cells, but the header has 3 columns"),
            ('1,"1"x,old', "people.csv:3:1 /: no CSV: ',' expected after '\"'"),
        ],
    )
    def test_a_bad_cell_is_named(self, pfa, write, row, error):
        write("people.csv", f"age,income,kind\n1,1,old\n{row}\n")
        code, out, err = pfa("run", write("m.pfa", PERSON), "people.csv")
        assert (code, err) == (1, error + "\n")
        assert len(out.splitlines()) == 1

    def test_values_are_quoted_only_if_asked_for(self, pfa, write):
        write("people.csv", "age,income,kind\nsecret,1,old\n")
        assert "secret" not in pfa("run", write("m.pfa", PERSON), "people.csv")[2]
        assert '"secret"' in pfa("run", "m.pfa", "people.csv", "--quote-values")[2]

    PEOPLE = "age,income,kind\n1,1,old\nx,1,old\n-1,1,old\n2,,new\n-3,,new\n"

    def test_stop(self, pfa, write):
        write("people.csv", self.PEOPLE)
        code, out, err = pfa("run", write("m.pfa", PERSON), "people.csv")
        assert (code, len(out.splitlines()), len(err.splitlines())) == (1, 1, 1)

    def test_skip_with_counts(self, pfa, write):
        write("people.csv", self.PEOPLE)
        code, out, err = pfa("run", write("m.pfa", PERSON), "people.csv", "--on-error", "skip")
        assert code == 0
        assert [row["age"] for row in lines(out)] == [1, 2]
        assert err == ("5 rows, 2 scored, 3 failed (negative age (code -7): 2, not of the input's type: 1)\n")

    def test_null(self, pfa, write):
        write("people.csv", self.PEOPLE)
        code, out, _ = pfa("run", write("m.pfa", PERSON), "people.csv", "--on-error", "null")
        assert code == 0
        assert [row and row["age"] for row in lines(out)] == [1, None, None, 2, None]

    def test_rejects(self, pfa, write, tmp_path):
        write("people.csv", self.PEOPLE)
        pfa("run", write("m.pfa", PERSON), "people.csv", "--on-error", "skip", "--rejects", "no.jsonl")
        first, second, third = lines((tmp_path / "no.jsonl").read_text())
        assert (first["line"], first["code"], first["pointer"]) == (3, None, "/age")
        assert first["datum"] == {"age": "x", "income": "1", "kind": "old"}
        assert (second["line"], second["code"], second["pointer"]) == (4, -7, "/action/then")
        assert second["error"] == "negative age"
        assert third["datum"] == {"age": -3, "income": None, "kind": "new"}

    def test_a_run_time_error_names_the_line_and_the_place(self, pfa, write):
        write("people.csv", "age,income,kind\n1,1,old\n-1,1,old\n")
        _, _, err = pfa("run", write("m.pfa", PERSON), "people.csv")
        assert err.startswith("people.csv:3: ")
        assert err.endswith("negative age (code -7)\n")

    def test_broken_json(self, pfa, write):
        write("data.jsonl", '1\n{"a"\n2\n')
        code, out, err = pfa("run", write("m.pfa", GOOD), "data.jsonl")
        assert (code, out) == (1, "2.0\n")
        assert err.startswith("data.jsonl:2:5 /: no JSON")

    @pytest.mark.parametrize("name", ["data.csv", "data.jsonl"])
    def test_text_that_is_not_utf8(self, pfa, write, name):
        header = b"x\n" if name.endswith("csv") else b""
        write(name, header + b"1\n\xff\n3\n")
        code, out, err = pfa("run", write("m.pfa", GOOD), name, "--on-error", "skip")
        assert (code, out) == (0, "2.0\n4.0\n")
        assert "1 failed" in err

    def test_an_empty_csv(self, pfa, write):
        write("data.csv", "")
        code, _, err = pfa("run", write("m.pfa", GOOD), "data.csv")
        assert (code, err) == (1, "data.csv:1:1 /: the file is empty; its first line must name the columns\n")

    def test_a_byte_order_mark(self, pfa, write):
        write("data.csv", b"\xef\xbb\xbfx\n1\n")
        assert pfa("run", write("m.pfa", GOOD), "data.csv")[:2] == (0, "2.0\n")

    def test_emit(self, pfa, write):
        engine = {"input": "int", "output": "int", "method": "emit", "end": {"emit": -1}}
        engine["action"] = [{"if": {">": ["input", 1]}, "then": {"emit": "input"}}, {"emit": "input"}]
        write("data.jsonl", "1\n2\n")
        assert pfa("run", write("m.pfa", engine), "data.jsonl") == (0, "1\n2\n2\n-1\n", "")

    def test_fold(self, pfa, write):
        engine = {"input": "int", "output": "int", "method": "fold", "zero": 0, "action": {
            "+": ["input", "tally"]}, "merge": {"+": ["tallyOne", "tallyTwo"]}}  # fmt: skip
        write("data.jsonl", "1\n2\n3\n")
        assert pfa("run", write("m.pfa", engine), "data.jsonl") == (0, "1\n3\n6\n", "")
        assert pfa("run", "m.pfa", "data.jsonl", "--last") == (0, "6\n", "")

    def test_tagged_unions(self, pfa, write):
        engine = {"input": ["null", "int"], "output": ["null", "int"], "action": "input"}
        write("data.jsonl", '{"int":1}\nnull\n')
        assert pfa("run", write("m.pfa", engine), "data.jsonl") == (0, "1\nnull\n", "")
        assert pfa("run", "m.pfa", "data.jsonl", "--unions", "tagged") == (0, '{"int":1}\nnull\n', "")

    def test_bytes_and_numbers_that_are_not_finite(self, pfa, write):
        engine = {"input": "bytes", "output": {"type": "map", "values": "double"}, "action": {
            "new": {"len": {"bytes.len": ["input"]}, "inf": {"/": [1.0, 0.0]}}, "type": {
                "type": "map", "values": "double"}}}  # fmt: skip
        write("data.jsonl", '"\\u0000\\u00ff"\n')
        _, out, _ = pfa("run", write("m.pfa", engine), "data.jsonl")
        assert lines(out) == [{"len": 2.0, "inf": "Infinity"}]

    def test_a_document_that_is_wrong(self, pfa, write):
        write("data.jsonl", "1\n")
        code, out, err = pfa("run", write("bad.pfa", BAD), "data.jsonl")
        assert (code, out) == (1, "")
        assert len(err.splitlines()) == 2

    def test_a_reader_that_goes_away(self, write):
        """`pfa run ... | head -1` ends without a traceback."""
        write("data.jsonl", "1\n" * 100_000)
        command = f"{sys.executable} -m pfa run {write('m.pfa', GOOD)} data.jsonl | head -n 1"
        done = subprocess.run(command, shell=True, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("2.0\n", "")

    def test_progress_on_a_terminal_only(self, write, tmp_path):
        write("data.jsonl", "1\n" * 20_000)
        ours, theirs = pty.openpty()
        words = ["run", write("m.pfa", GOOD), "data.jsonl", "-o", "out.jsonl"]
        process = subprocess.Popen(
            [sys.executable, "-m", "pfa", *words], stdout=subprocess.PIPE, stderr=theirs
        )
        os.close(theirs)
        shown = drain(ours)
        process.communicate()
        assert process.returncode == 0
        assert "rows" in shown
        assert run_process(*words).stderr == ""


def drain(terminal):
    """All that is written to a terminal until its other end closes."""
    found = io.BytesIO()
    try:
        while chunk := os.read(terminal, 4096):
            found.write(chunk)
    except OSError:  # Linux says EIO at the end
        pass
    os.close(terminal)
    return found.getvalue().decode()


def run_process(*words, input=None):
    return subprocess.run([sys.executable, "-m", "pfa", *words], input=input, capture_output=True, text=True)


class TestShow:
    def test_overview(self, pfa, write):
        engine = PERSON | {
            "name": "People",
            "version": 3,
            "doc": "words",
            "cells": {"n": {"type": {"type": "array", "items": "int"}, "init": [1, 2], "rollback": True}},
            "fcns": {"f": {"params": [{"x": "int"}], "ret": "double", "do": "x"}},
        }
        code, out, err = pfa("show", write("m.pfa", engine))
        assert (code, err) == (0, "")
        assert "name: People, version 3" in out
        assert "  n: array(int), 2 items, rollback" in out
        assert "  u.f(x: int) -> double" in out
        assert "  record Person{age:int,income:union(null,double),kind:enum Kind(old,new)}" in out

    def test_code_after_each_pass(self, pfa, write):
        write("m.pfa", GOOD)
        names = pfa("show", "m.pfa", "--passes")[1].split()
        assert names[:2] == ["check", "lower"]
        for name in names:
            code, out, _ = pfa("show", "m.pfa", "--after", name)
            assert code == 0
            assert "action" in out

    def test_an_unknown_pass(self, pfa, write):
        code, _, err = pfa("show", write("m.pfa", GOOD), "--after", "magic")
        assert code == 2
        assert "there is no pass magic" in err

    def test_source(self, pfa, write):
        code, out, _ = pfa("show", write("m.pfa", GOOD), "--source")
        assert code == 0
        compile(out, "source", "exec")


class TestFmtAndHash:
    MESSY = '{"@":"line 1","output":"double" , "input":"double","action":{"+":["input",1.0e0]}}'

    def test_layout(self, pfa, write):
        _, out, _ = pfa("fmt", write("m.pfa", self.MESSY))
        expected = '{"@": "line 1", "output": "double", "input": "double", "action": {"+": ["input", 1.0]}}\n'
        assert out == expected

    def test_layout_is_stable_and_keeps_the_document(self, pfa, write):
        before = pfa("hash", write("m.pfa", PERSON))[1]
        once = pfa("fmt", "m.pfa")[1]
        assert max(map(len, once.splitlines())) <= 100
        write("m.pfa", once)
        assert pfa("fmt", "m.pfa")[1] == once
        assert pfa("hash", "m.pfa")[1] == before

    def test_write(self, pfa, write, tmp_path):
        write("m.pfa", self.MESSY)
        assert pfa("fmt", "--write", "m.pfa") == (0, "", "")
        assert (tmp_path / "m.pfa").read_text().startswith('{"@": "line 1"')

    def test_yaml_says_the_same(self, pfa, write):
        doubtful = {"on": "y", "a": "1e-05", "no": "12:30", "~": "017", "": " x", "b": "null", "c": "é: #"}
        engine = GOOD | {"metadata": doubtful, "action": {"+": ["input", 1e-05]}}
        write("m.yaml", pfa("fmt", "--yaml", write("m.pfa", engine))[1])
        assert pfa("hash", "m.yaml")[1].split()[0] == pfa("hash", "m.pfa")[1].split()[0]

    def test_hash_looks_at_content_only(self, pfa, write):
        same = {"action": {"+": ["input", 1.0]}, "input": "double", "output": "double"}
        write("one.pfa", self.MESSY)
        write("two.pfa", json.dumps(same, indent=3))
        write("other.pfa", json.dumps(same).replace("1.0", "1"))
        one, two, other = (
            line.split()[0] for line in pfa("hash", "one.pfa", "two.pfa", "other.pfa")[1].splitlines()
        )
        assert one == two
        assert one != other

    def test_what_is_no_document_text(self, pfa, write):
        code, _, err = pfa("hash", write("m.pfa", '{"a": 1, "a": 2}'))
        assert code == 1
        assert err.startswith("m.pfa:1:10 /a: the key 'a' stands twice")


class TestHelp:
    def test_a_function(self, pfa):
        code, out, _ = pfa("help", "a.head")
        assert code == 0
        assert out.startswith("a.head(a: array(any A)) -> A\n")
        assert "15020  empty array" in out

    def test_a_namespace(self, pfa):
        code, out, _ = pfa("help", "m.link")
        assert code == 0
        assert "m.link.logit" in out

    def test_a_name_that_is_nearly_right(self, pfa):
        code, _, err = pfa("help", "a.haed")
        assert code == 1
        assert "did you mean a.head" in err


def test_usage(pfa):
    assert pfa()[0] == 2
    assert pfa("run")[0] == 2
    assert pfa("fly")[0] == 2
