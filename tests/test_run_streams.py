"""`pfa run` as a filter, and what a user can do wrong with it: exit codes, one line of complaint, no traceback."""

import io
import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

import pfa
from pfa.cli import main
from pfa.data import batches
from pfa.data.formats import FORMATS, format_of
from pfa.errors import PfaDataError

PLUS = {"input": "double", "output": "double", "action": {"+": ["input", 1]}}
SLOW = 20  # seconds after which an answer is taken for missing


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("m.pfa").write_text(json.dumps(PLUS), "utf-8")
    return tmp_path


def start(*words, **streams):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | streams
    return subprocess.Popen([sys.executable, "-m", "pfa", "run", *words], **pipes)


def answer(process):
    """What the process has written, once it has."""
    ready, _, _ = select.select([process.stdout], [], [], SLOW)
    assert ready, "no output"
    return os.read(process.stdout.fileno(), 1 << 16)


@pytest.mark.parametrize("words", [("m.pfa",), ("m.pfa", "-"), ("m.pfa", "/dev/stdin", "-o", "/dev/stdout")])
def test_a_line_gives_its_output_at_once(words):
    process = start(*words)
    for number in (1, 2.5, -3):
        process.stdin.write(f"{number}\n".encode())
        process.stdin.flush()
        assert answer(process) == f"{number + 1.0}\n".encode()
    out, err = process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


def test_csv_from_a_pipe_as_it_comes():
    process = start("m.pfa", "--format", "csv")
    process.stdin.write(b"x\n1\n")
    process.stdin.flush()
    got = answer(process)
    if got == b"output\n":
        got += answer(process)
    assert got == b"output\n2.0\n"
    process.stdin.write(b"2")
    assert process.communicate()[0] == b"3.0\n"


def test_half_a_line_waits_for_its_other_half():
    process = start("m.pfa")
    process.stdin.write(b"1\n2")
    process.stdin.flush()
    assert answer(process) == b"2.0\n"
    process.stdin.write(b"5\n")
    assert process.communicate()[0] == b"26.0\n"


def test_many_lines_through_a_pipe():
    """More than a pipe holds, read and written at a time, by columns and by rows."""
    data = "".join(f"{i}\n" for i in range(400_000)).encode()
    done = subprocess.run([sys.executable, "-m", "pfa", "run", "m.pfa"], input=data, capture_output=True, check=True)
    assert done.stdout == "".join(f"{i + 1}.0\n" for i in range(400_000)).encode()


def test_a_reader_that_goes_away():
    process = start("m.pfa")
    process.stdout.close()
    process.stdin.write(b"1\n")
    process.stdin.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait() == 1


def test_the_files_of_a_state_begin_with_its_name():
    Path("in.jsonl").write_text("1\n2\n", "utf-8")
    assert main(["run", "m.pfa", "in.jsonl", "-o", "out.jsonl", "--state", "job.bin", "--every", "1"]) == 0
    others = {path.name for path in Path().iterdir()} - {"m.pfa", "in.jsonl", "out.jsonl"}
    assert all(name.startswith("job.bin") for name in others)


# --- what a user can do wrong ----------------------------------------------------------------------------------

WRONG = {
    "m.pfa nowhere.jsonl": (2, "nowhere.jsonl: No such file or directory"),
    "m.pfa .": (2, "Is a directory"),
    "nowhere.pfa in.jsonl": (2, "nowhere.pfa: No such file or directory"),
    "m.pfa in.jsonl -o no/folder.jsonl": (2, "no/folder.jsonl: No such file or directory"),
    "m.pfa in.jsonl -o folder": (2, "folder: Is a directory"),
    "m.pfa in.jsonl -o out.jsonl --state no/s": (2, "No such file or directory"),
    "m.pfa in.jsonl -o out.jsonl --state folder": (2, "Is a directory"),
    "m.pfa in.jsonl -o out.jsonl --rejects no/x": (2, "no/x: No such file or directory"),
    "m.pfa in.jsonl -o locked": (2, "locked: Permission denied"),
    "m.pfa locked.jsonl": (2, "locked.jsonl: Permission denied"),
    "m.pfa in.txt": (2, 'no format has the extension ".txt"'),
    "m.pfa in.jsonl --format nonsense": (2, "invalid choice"),
    "in.jsonl in.jsonl": (1, ""),
    "m.pfa m.pfa": (2, ""),
    "m.pfa empty.csv": (1, "empty.csv:1:1 /: the file is empty"),
    "m.pfa binary.jsonl": (1, "binary.jsonl:1:1 /: the text is not UTF-8"),
    "m.pfa binary.csv": (1, "binary.csv:1:1 /: the text is not UTF-8"),
    "m.pfa binary.avro": (1, "binary.avro"),
    "m.pfa empty.avro": (1, "empty.avro"),
    "m.pfa in.jsonl -o /dev/full": (2, "No space left on device"),
}


@pytest.mark.parametrize("words", WRONG)
def test_one_line_and_no_traceback(words, capfd):
    Path("in.jsonl").write_text("1\n" * 3, "utf-8")
    Path("in.txt").write_text("1\n", "utf-8")
    Path("folder").mkdir()
    for name in ("locked", "locked.jsonl"):
        Path(name).write_text("1\n")
        Path(name).chmod(0)
    for name in ("csv", "jsonl", "avro"):
        Path(f"binary.{name}").write_bytes(bytes(range(255, 0, -1)) * 9)
        Path(f"empty.{name}").write_bytes(b"")
    may_all = "locked" in words and os.geteuid() == 0
    code, said = (0, "") if may_all else WRONG[words]
    try:
        got = main(["run", *words.split()])
    except SystemExit as end:
        got = end.code
    err = capfd.readouterr().err
    assert got == code
    assert said in err
    assert "Traceback" not in err


def test_the_output_is_not_touched_before_the_input_is_there():
    Path("out.jsonl").write_text("old\n", "utf-8")
    assert main(["run", "m.pfa", "nowhere.jsonl", "-o", "out.jsonl"]) == 2
    assert Path("out.jsonl").read_text() == "old\n"


@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_a_line_without_end(name, capfd):
    """10 GB on one line are not held: this is 80 MB of it, with the limit of 64."""
    with open(f"in.{name}", "wb") as file:
        file.write(b"x\n1\n" if name == "csv" else b"1\n")
        for _ in range(80):
            file.write(b"9" * (1 << 20))
        file.write(b"\n2\n")
    assert main(["run", "m.pfa", f"in.{name}", "--on-error", "skip"]) == 0
    out, err = capfd.readouterr()
    assert (out, "1 failed" in err) == ("2.0\n3.0\n", True)
    assert main(["run", "m.pfa", f"in.{name}"]) == 1
    out, err = capfd.readouterr()
    assert (out, "the line is longer than 67,108,864 bytes (Limits.line)" in err) == ("2.0\n", True)


@pytest.mark.parametrize("name", ["csv", "jsonl"])
@pytest.mark.parametrize("warm", [0, 1 << 60])
def test_the_length_of_a_line_can_be_given(name, warm, capfd, monkeypatch):
    """Also where it is less than what is parsed at once."""
    monkeypatch.setattr(batches, "WARM", warm)
    numbers = [*range(5000), 10**20, *range(5000)]
    Path(f"in.{name}").write_text("x\n" * (name == "csv") + "".join(f"{n}\n" for n in numbers), "utf-8")
    words = ["run", "m.pfa", f"in.{name}", "-o", "out.jsonl", "--on-error", "skip"]
    for limit, failed in (("line=10", True), ("line=1K", False), ("line=none", False)):
        assert main([*words, "--limit", limit]) == 0
        assert ("1 failed" in capfd.readouterr().err) == failed
        assert len(Path("out.jsonl").read_bytes().split(b"\n")) == 10_002 - failed


def test_limits_of_running_and_reading(capfd):
    loop = {"while": True, "do": {"+": [1, 1]}}
    Path("m.pfa").write_text(json.dumps(PLUS | {"action": [loop, "input"]}), "utf-8")
    Path("in.jsonl").write_text("1\n", "utf-8")
    assert main(["run", "m.pfa", "in.jsonl", "--limit", "steps=1000"]) == 1
    assert "1000 steps" in capfd.readouterr().err
    assert main(["run", "m.pfa", "in.jsonl", "--limit", "bytes=10", "--limit", "time=1.5"]) == 1
    assert "10 bytes" in capfd.readouterr().err
    assert main(["check", "m.pfa", "--limit", "nesting=2"]) == 1
    assert "2" in capfd.readouterr().out


NO_LIMITS = ["line", "line=", "line=0", "line=-1", "line=1T", "steps=1K", "nesting=none", "nesting=1000000", "time=0",
         "x=1", "quote_values=1", "=1", "gzip_ratio=nan"]  # fmt: skip


@pytest.mark.parametrize("wrong", NO_LIMITS)
def test_limits_that_are_none(wrong, capfd):
    with pytest.raises(SystemExit) as caught:
        main(["run", "m.pfa", "--limit", wrong])
    assert caught.value.code == 2
    assert "argument --limit" in capfd.readouterr().err


@pytest.mark.parametrize("format", [f.name for f in FORMATS])
def test_every_format_out_and_in(format, capfd):
    union = ["null", "double"]
    document = {"input": union, "output": union, "action": "input"}
    Path("union.pfa").write_text(json.dumps(document), "utf-8")
    Path("in.jsonl").write_text('1.5\nnull\n{"double":2.5}\n', "utf-8")
    assert main(["run", "union.pfa", "in.jsonl", "-o", f"out.{format}"]) == 0
    assert main(["run", "union.pfa", f"out.{format}"]) == 0
    assert capfd.readouterr() == ("1.5\nnull\n2.5\n", "")


@pytest.mark.parametrize("format", [f.name for f in FORMATS])
@pytest.mark.parametrize("more", [(), ("--sequence",)])
def test_missing_outputs_in_every_format(format, more, capfd):
    Path("in.jsonl").write_text('1\n"x"\n3\n', "utf-8")
    assert main(["run", "m.pfa", "in.jsonl", "-o", f"out.{format}", "--on-error", "null", *more]) == 0
    fields = [{"name": "sequence", "type": "long"}, {"name": "output", "type": ["null", "double"]}]
    schema = {"type": "record", "name": "Sequenced", "fields": fields} if more else ["null", "double"]
    t = pfa.loads({"input": schema, "output": "null", "action": None}).input_type
    with open(f"out.{format}", "rb") as file:
        rows = [row.datum for row in format_of(f"out.{format}").reader(file, t)]
    plain = [row["output"] if more else row for row in rows]
    assert [x["double"] if isinstance(x, dict) else x for x in plain] == [2.0, None, 4.0]
    assert not more or [row["sequence"] for row in rows] == [1, 2, 3]


def test_formats_by_name():
    assert format_of("a.CSV").name == "csv"
    assert format_of("-").name == format_of("name").name == format_of("a.json").name == "jsonl"
    assert format_of("a.csv", "avro").name == "avro"
    with pytest.raises(PfaDataError, match="no format has the extension"):
        format_of("a.xlsx")


def test_what_has_no_reader_is_said(monkeypatch):
    avro = format_of("a.avro")
    monkeypatch.setitem(sys.modules, avro.module, type(sys)("empty"))
    with pytest.raises(PfaDataError, match="cannot be read"):
        avro.reader(io.BytesIO(), None)
