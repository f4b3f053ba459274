"""`pfa run --state`: runs go on where they were, whatever ended them."""

import json
import os
import random
import signal
from pathlib import Path

import pytest

import pfa
from pfa.cli import main
from pfa.data.formats import FORMATS, NAMES
from tests.kill_runs import Job, compare, events

SUM = {
    "input": "int", "output": "int", "cells": {"n": {"type": "int", "init": 0}},
    "action": {"cell": "n", "to": {"params": [{"old": "int"}], "ret": "int", "do": {"+": ["old", "input"]}}},
}  # fmt: skip
COUNT = {
    "input": "int", "output": "int", "method": "fold", "zero": 0, "randseed": 7, "action": {"+": ["input", "tally"]},
    "merge": {"+": ["tallyOne", "tallyTwo"]},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sum.pfa").write_text(json.dumps(SUM), "utf-8")
    (tmp_path / "fold.pfa").write_text(json.dumps(COUNT), "utf-8")
    (tmp_path / "in.jsonl").write_text("1\n2\n3\n", "utf-8")
    return tmp_path


@pytest.fixture
def run(folder, capfd):
    """Run `pfa run` here: exit code, standard output, standard error."""

    def command(words, *more):
        try:
            code = main(["run", *words.split(), *more])
        except SystemExit as end:
            code = end.code
        out, err = capfd.readouterr()
        return code, out, err

    return command


def text(name):
    return Path(name).read_text("utf-8")


def append(name, content):
    with open(name, "a", encoding="utf-8") as file:
        file.write(content)


def stamps():
    """All files with when they were changed."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in Path().iterdir()}


GO = "sum.pfa in.jsonl -o out.jsonl --state s"


class TestGoingOn:
    def test_a_finished_run_again_changes_nothing(self, run):
        assert run(GO) == (0, "", "")
        before = stamps()
        assert run(GO) == (0, "", "")
        after = stamps()
        assert after.pop("s.lock")[1] == before.pop("s.lock")[1]
        assert after == before

    def test_what_is_appended_to_the_input_is_gone_on_with(self, run):
        run(GO)
        append("in.jsonl", "4\n5\n")
        assert run(GO) == (0, "", "")
        assert text("out.jsonl") == "1\n3\n6\n10\n15\n"

    def test_what_end_emitted_comes_again_behind_what_is_appended(self, run, folder):
        document = SUM | {"method": "emit", "action": {"emit": SUM["action"]}, "end": {"emit": {"u-": [{"cell": "n"}]}}}
        document["begin"] = {"emit": 0}
        (folder / "sum.pfa").write_text(json.dumps(document), "utf-8")
        run(GO)
        assert text("out.jsonl") == "0\n1\n3\n6\n-6\n"
        append("in.jsonl", "4\n")
        run(GO)
        assert text("out.jsonl") == "0\n1\n3\n6\n10\n-10\n"

    def test_the_last_tally_comes_again_behind_what_is_appended(self, run):
        command = "fold.pfa in.jsonl -o out.jsonl --state s --last"
        run(command)
        append("in.jsonl", "4\n")
        run(command)
        assert text("out.jsonl") == "10\n"

    def test_another_input_starts_at_its_first_record_with_the_state(self, run):
        run(GO)
        Path("more.jsonl").write_text("10\n20\n", "utf-8")
        assert run("sum.pfa more.jsonl -o out.jsonl --state s") == (0, "", "")
        assert text("out.jsonl") == "16\n36\n"

    def test_another_output_takes_what_comes_from_here_on(self, run):
        run(GO)
        append("in.jsonl", "4\n")
        run("sum.pfa in.jsonl -o next.jsonl --state s")
        assert (text("out.jsonl"), text("next.jsonl")) == ("1\n3\n6\n", "10\n")

    def test_an_output_is_repaired(self, run):
        run(GO)
        append("out.jsonl", '{"half a l')
        assert run(GO) == (0, "", "")
        assert text("out.jsonl") == "1\n3\n6\n"

    def test_a_pipe_has_the_state_and_numbers(self, run, monkeypatch):
        for content, lines in (("1\n2\n", '{"sequence":1,"output":1}\n{"sequence":2,"output":3}\n'),
                               ("3\n", '{"sequence":3,"output":6}\n')):  # fmt: skip
            with piped(content):
                assert run("sum.pfa --state s --sequence") == (0, lines, "")

    def test_the_state_file_is_one_that_load_takes(self, run):
        run(GO)
        engine = pfa.load("sum.pfa", state=Path("s").read_bytes())
        assert engine.action(4) == 10

    def test_a_state_that_an_engine_gave_is_taken(self, run):
        engine = pfa.load("sum.pfa")
        engine.action(100)
        Path("s").write_bytes(engine.state())
        run(GO)
        assert text("out.jsonl") == "101\n103\n106\n"

    def test_no_line_end_at_the_end(self, run):
        Path("in.jsonl").write_text("1\n2", "utf-8")
        run(GO)
        append("in.jsonl", "\n3")
        run(GO)
        assert text("out.jsonl") == "1\n3\n6\n"
        append("in.jsonl", "4\n")
        code, _, err = run(GO)
        assert (code, "gone on with since" in err) == (1, True)

    @pytest.mark.parametrize("seconds", ["1", "2", "0.000001s"])
    def test_saving_in_between_makes_no_difference(self, run, seconds):
        run(GO, "--every", seconds)
        append("in.jsonl", "4\n")
        run(GO, "--every", seconds)
        assert text("out.jsonl") == "1\n3\n6\n10\n"


class TestFaults:
    def test_a_bad_datum_that_is_mended_is_gone_on_with(self, run):
        Path("in.jsonl").write_text("1\n2\nx\n4\n", "utf-8")
        code, _, err = run(GO)
        assert (code, err.startswith("in.jsonl:3:1 /: no JSON")) == (1, True)
        assert text("out.jsonl") == "1\n3\n"
        assert run(GO)[0] == 1
        assert text("out.jsonl") == "1\n3\n"
        Path("in.jsonl").write_text("1\n2\n30\n4\n", "utf-8")
        assert run(GO) == (0, "", "")
        assert text("out.jsonl") == "1\n3\n33\n37\n"

    def test_a_bad_datum_may_be_skipped_later(self, run):
        Path("in.jsonl").write_text("1\nx\n4\n", "utf-8")
        assert run(GO)[0] == 1
        assert run(GO, "--on-error", "skip", "--rejects", "no.jsonl")[0] == 0
        assert text("out.jsonl") == "1\n5\n"
        assert json.loads(text("no.jsonl"))["line"] == 2

    def test_an_action_that_fails_is_done_again_from_the_last_save(self, run):
        """What it did before it failed is not in the state that is gone on with."""
        document = SUM | {"action": [SUM["action"], {"if": {">": ["input", 100]}, "then": {"error": "large"}, "else": {
            "cell": "n"}}]}  # fmt: skip
        Path("sum.pfa").write_text(json.dumps({**document, "output": "int"}), "utf-8")
        Path("in.jsonl").write_text("1\n2\n200\n4\n", "utf-8")
        for _ in range(2):
            code, _, err = run(GO, "--every", "1")
            assert (code, "in.jsonl:3: " in err) == (1, True)
            assert text("out.jsonl") == "1\n3\n"
        Path("in.jsonl").write_text("1\n2\n20\n4\n", "utf-8")
        assert run(GO, "--every", "1")[0] == 0
        assert text("out.jsonl") == "1\n3\n23\n27\n"

    def test_rejected_data_and_counts_are_of_the_whole_run(self, run):
        Path("in.jsonl").write_text("1\nx\n4\n", "utf-8")
        more = ("--on-error", "skip", "--rejects", "no.jsonl")
        assert run(GO, *more)[2] == "3 rows, 2 scored, 1 failed (not of the input's type: 1)\n"
        append("in.jsonl", "y\n")
        assert run(GO, *more)[2] == "4 rows, 2 scored, 2 failed (not of the input's type: 2)\n"
        assert [json.loads(line)["line"] for line in text("no.jsonl").splitlines()] == [2, 4]


class TestRefusals:
    def test_a_state_of_another_document_is_left_alone(self, run):
        run(GO)
        before = stamps()
        del before["s.lock"]
        for change in ({"input": "long", "output": "long"}, {"name": "Other"}, {"cells": {}}):
            Path("other.pfa").write_text(json.dumps(SUM | change), "utf-8")
            code, out, err = run("fold.pfa" + GO.removeprefix("sum.pfa"))
            assert (code, out, "of another document" in err) == (1, "", True)
        assert stamps().items() >= before.items()

    def test_the_same_document_in_another_layout_is_the_same(self, run):
        run(GO)
        Path("sum.pfa").write_text(json.dumps({"@": "moved", **dict(reversed(SUM.items()))}, indent=2), "utf-8")
        append("in.jsonl", "4\n")
        assert run(GO) == (0, "", "")
        assert text("out.jsonl") == "1\n3\n6\n10\n"

    @pytest.mark.parametrize(
        ("content", "words"),
        [("1\n2\n", "it has 4 bytes, and 6 had been read"), ("1\n9\n3\n4\n", "its first 6 bytes"), ("", "0 bytes")],
    )
    def test_an_input_that_has_changed(self, run, content, words):
        run(GO)
        Path("in.jsonl").write_text(content, "utf-8")
        before = stamps()
        del before["s.lock"]
        code, _, err = run(GO)
        assert (code, words in err) == (1, True)
        assert stamps().items() >= before.items()

    def test_an_output_that_was_cut_or_taken_away(self, run):
        run(GO)
        Path("out.jsonl").write_text("1\n", "utf-8")
        assert "had written 6" in run(GO)[2]
        Path("out.jsonl").unlink()
        code, _, err = run(GO)
        assert (code, "is missing" in err) == (1, True)

    @pytest.mark.parametrize("option", ["--sequence", "--unions=tagged", "--format=csv"])
    def test_an_output_is_gone_on_with_in_the_same_layout(self, run, option):
        run(GO)
        code, _, err = run(GO, option)
        assert (code, "other options" in err) == (1, True)

    def test_another_run_has_the_file(self, run):
        run(GO)
        import fcntl

        with open("s.lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            code, _, err = run(GO)
        assert (code, "another run" in err) == (1, True)

    @pytest.mark.parametrize(
        "words",
        [
            "sum.pfa in.jsonl --every 5",
            "sum.pfa in.jsonl --state s --every 0",
            "sum.pfa in.jsonl --state s --every x",
            "sum.pfa in.jsonl --state s --every 0s",
            "sum.pfa in.jsonl --instances 0",
            "sum.pfa in.jsonl -o in.jsonl",
            "sum.pfa in.jsonl -o sum.pfa",
            "sum.pfa in.jsonl --state in.jsonl",
            "sum.pfa in.jsonl -o out.jsonl --state out.jsonl",
            "sum.pfa in.jsonl -o out.jsonl --rejects out.jsonl",
            "sum.pfa in.unknown",
            "sum.pfa in.jsonl -o out.unknown",
        ],
    )
    def test_usage(self, run, words):
        before = stamps()
        code, out, err = run(words)
        assert (code, out, "Traceback" in err, bool(err)) == (2, "", False, True)
        assert stamps() == before


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda blob: b"", "no state"),
        (lambda blob: b"garbage", "no state"),
        (lambda blob: blob[:-1], "damaged or cut short"),
        (lambda blob: blob[:40], "damaged or cut short"),
        (lambda blob: blob[:50] + bytes([blob[50] ^ 1]) + blob[51:], "damaged or cut short"),
        (lambda blob: blob + b"x", "damaged or cut short"),
    ],
)
def test_a_broken_state_is_left_alone(run, harm, words):
    run(GO)
    Path("s").write_bytes(harm(Path("s").read_bytes()))
    before = stamps()
    code, out, err = run(GO)
    assert (code, out, words in err, err.count("\n")) == (1, "", True, 1)
    del before["s.lock"]
    assert stamps().items() >= before.items()


def test_a_job_that_anybody_made(run):
    """A right digest proves nothing: what a file says is looked at."""
    from pfa.memory import state

    run(GO)
    values = state.load(Path("s").read_bytes())
    for name, value in (("position", {"a": 1}), ("position", ["x", 1]), ("covered", -1), ("output", {}),
                        ("failed", []), ("crc", "1"), ("rows", None), ("engines", 2), ("version", 2),
                        ("ended", {}), ("position", [1 << 62, 1]), ("position", [2.5, 1])):  # fmt: skip
        harmed = {**values, "job": {**values["job"], name: value}}
        Path("s").write_bytes(state.dump(harmed))
        code, _, err = run(GO)
        assert (code, err.count("\n")) == (1, 1), (name, value)
    Path("s").write_bytes(state.dump({**values, "job": 3}))
    assert run(GO)[0] == 1


class TestInstances:
    def test_rows_in_turn_and_outputs_in_order(self, run):
        Path("in.jsonl").write_text("".join(f"{i}\n" for i in range(1, 8)), "utf-8")
        assert run("sum.pfa in.jsonl --instances 3")[1].split() == ["1", "2", "3", "5", "7", "9", "12"]

    def test_tallies_are_merged(self, run):
        assert run("fold.pfa in.jsonl --instances 2")[1].split() == ["1", "2", "4", "6"]
        assert run("fold.pfa in.jsonl --instances 5 --last")[1].split() == ["6"]

    def test_their_random_numbers_are_their_own(self, run):
        document = {"input": "int", "output": "double", "randseed": 5, "action": {"rand.double": [0, 1]}}
        Path("sum.pfa").write_text(json.dumps(document), "utf-8")
        apart = [pfa.load("sum.pfa", instance=i) for i in range(3)]
        outputs = [json.loads(line) for line in run("sum.pfa in.jsonl --instances 3")[1].splitlines()]
        assert outputs == [engine.action(0) for engine in apart]

    def test_with_a_state(self, run):
        command = "fold.pfa in.jsonl -o out.jsonl --instances 2 --state s"
        run(command)
        append("in.jsonl", "4\n5\n")
        run(command)
        assert text("out.jsonl").split() == ["1", "2", "4", "6", "9", "15"]
        code, _, err = run("fold.pfa in.jsonl -o out.jsonl --instances 3 --state s")
        assert (code, "give --instances 2" in err) == (1, True)


# --- kills -----------------------------------------------------------------------------------------------------

CALLS = ("fsync", "replace", "open", "pread")


def crash(words, nth):
    """Run in a child that is killed at its nth call of those that a save consists of; False: it had fewer."""
    child = os.fork()
    if child == 0:
        left = [nth]

        def counted(call):
            def run(*args, **keywords):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*args, **keywords)

            return run

        for name in CALLS:
            setattr(os, name, counted(getattr(os, name)))
        os._exit(main(words))
    return os.waitpid(child, 0)[1] == signal.SIGKILL


@pytest.mark.parametrize("name", ["jsonl", "csv", "parquet"])
def test_killed_at_each_step_of_each_save(tmp_path, name):
    job = Job(tmp_path, name, 12, "--every", "4")
    main(job.words)
    wanted = job.found()
    nth = 0
    job.clear()
    while crash(job.words, nth):
        main(job.words)
        assert job.found() == wanted
        job.clear()
        nth += 1
    assert nth > 20


@pytest.mark.parametrize("name", sorted(f.name for f in FORMATS))
def test_killed_anywhere(tmp_path, name):
    job = Job(tmp_path, name, 2_000, "--every", "50" if NAMES[name].ends else "25")
    assert compare(job, 4 if NAMES[name].ends else 7, random.Random(5)) == 0


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_a_file_with_an_end_is_readable_where_a_datum_stops_it(tmp_path, name, capfd):
    """And it is gone on with when the datum is mended, and when there is more input."""
    (tmp_path / "m.pfa").write_text(json.dumps({"input": "int", "output": "int", "action": "input"}), "utf-8")
    words = ["run", str(tmp_path / "m.pfa"), str(tmp_path / "in.jsonl"), "-o", str(tmp_path / f"out.{name}"),
             "--state", str(tmp_path / "s")]  # fmt: skip

    def step(text):
        (tmp_path / "in.jsonl").write_text(text, "utf-8")
        code = main(words)
        capfd.readouterr()
        with open(tmp_path / f"out.{name}", "rb") as file:
            return code, [row.datum for row in NAMES[name].reader(file, pfa.types.INT)]

    assert step("1\n2\nx\n4\n") == (1, [1, 2])
    assert step("1\n2\n3\n4\n") == (0, [1, 2, 3, 4])
    assert step("1\n2\n3\n4\n") == (0, [1, 2, 3, 4])
    assert step("1\n2\n3\n4\n5\n") == (0, [1, 2, 3, 4, 5])


def test_killed_and_appended_to(tmp_path):
    job = Job(tmp_path, "jsonl", 60, "--every", "7")
    main(job.words)
    wanted = job.found()
    job.clear()
    content = job.input.read_bytes().splitlines(keepends=True)
    job.input.write_bytes(b"")
    for line in content:
        with job.input.open("ab") as file:
            file.write(line)
        crash(job.words, random.Random(line).randrange(30))
    main(job.words)
    assert job.found() == wanted
    assert len(events(60)) == len(content)


@pytest.mark.parametrize("instances", ["1", "3"])
def test_killed_with_instances(tmp_path, instances):
    (tmp_path / "fold.pfa").write_text(json.dumps(COUNT), "utf-8")
    (tmp_path / "in.csv").write_text("x\n" + "".join(f"{i}\n" for i in range(20)), "utf-8")
    out = tmp_path / "out.csv"
    words = ["run", str(tmp_path / "fold.pfa"), str(tmp_path / "in.csv"), "-o", str(out), "--state",
             str(tmp_path / "s"), "--every", "3", "--instances", instances, "--sequence"]  # fmt: skip
    main(words)
    wanted = out.read_bytes(), (tmp_path / "s").read_bytes()
    for nth in range(0, 40, 3):
        for path in (out, tmp_path / "s"):
            path.unlink(missing_ok=True)
        crash(words, nth)
        main(words)
        assert (out.read_bytes(), (tmp_path / "s").read_bytes()) == wanted


class piped:
    """Standard input is a pipe with this content."""

    def __init__(self, content):
        self.content = content.encode()

    def __enter__(self):
        ours, theirs = os.pipe()
        os.write(theirs, self.content)
        os.close(theirs)
        self.kept = os.dup(0)
        os.dup2(ours, 0)
        os.close(ours)

    def __exit__(self, *_):
        os.dup2(self.kept, 0)
        os.close(self.kept)
