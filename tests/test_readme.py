"""What README.md shows is what happens."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pfa
from tests.support import ROOT

README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = ROOT / "docs/examples"


def block(mark: str) -> str:
    """The code under a mark such as <!-- run -->."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"README.md has no <!-- {mark} -->"
    return found[1]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The files of the first screen."""
    (tmp_path / "approve.yaml").write_text(block("example: document"), "utf-8")
    (tmp_path / "applicants.csv").write_text(block("example: data"), "utf-8")
    return tmp_path


def test_the_first_screen_scores(example):
    command, _, output = block("example: command").partition("\n")
    words = command.removeprefix("$ pfa ").split()
    done = subprocess.run([sys.executable, "-m", "pfa", *words], cwd=example, capture_output=True, text=True)
    assert done.stdout == output
    assert done.stderr == ""
    assert done.returncode == 0


def test_the_document_has_a_dozen_lines():
    lines = block("example: document").splitlines()
    assert len([line for line in lines if line and not line.startswith("#")]) == 12


def test_the_python_example(example, monkeypatch):
    monkeypatch.chdir(example)
    statements, lines = {}, block("example: python").splitlines()
    shown = [eval(line, {"pfa": pfa}, statements) for line in lines if run(line, statements)]
    assert [repr(value) for value in shown] == re.findall(r"# (.+)$", block("example: python"), re.MULTILINE)


def run(line: str, names: dict) -> bool:
    """Run a statement; tell whether the line is an expression instead, whose value the README shows."""
    code = line.partition("  #")[0]
    if not code or line.startswith("#"):
        return False
    try:
        compile(code, "README.md", "eval")
    except SyntaxError:
        exec(code, {"pfa": pfa}, names)
        return False
    return True


@pytest.mark.parametrize("mark", ["run", "test"])
def test_a_command_is_one_line(mark):
    assert block(mark).count("\n") == 1


def test_the_main_job_agrees_with_scikit_learn(tmp_path):
    """The scores of the first command are those of the model that the document was made from."""
    scores = tmp_path / "scores.csv"
    words = ["run", "docs/examples/breast_cancer.pfa", "docs/examples/breast_cancer.csv", "-o", str(scores)]
    assert f"pfa {' '.join(words[:-1])} scores.csv" in block("run")
    subprocess.run([sys.executable, "-m", "pfa", *words], cwd=ROOT, check=True)
    ours, theirs = table(scores), table(EXAMPLES / "breast_cancer_expected.csv")
    assert [row["diagnosis"] for row in ours] == [row["diagnosis"] for row in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert float(our["benign"]) == pytest.approx(float(their["benign"]), rel=1e-9)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_the_ci_script_runs_the_commands_of_the_readme():
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "readme run" in script
    assert "readme test" in script


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
