"""Generated code is what it was: where it should change, `python -m tests.replay` writes it, and the diff shows how."""

import subprocess
import sys

import pytest

from tests.replay import DOCUMENTS, source
from tests.support import ROOT


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.stem)
def test_the_code_is_what_it_was(path):
    was = path.with_suffix(".txt").read_text("utf-8")
    assert source(path) == was, "the generated code has changed: python -m tests.replay, and read the diff"


def test_the_code_is_the_same_in_another_process():
    """It depends on nothing but the document: no order of a set, no address."""
    path = DOCUMENTS[0]
    code = "import sys, pathlib; from tests.replay import source; print(source(pathlib.Path(sys.argv[1])), end='')"
    made = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, cwd=ROOT,
        env={"PYTHONHASHSEED": "7", "PFA_CACHE": "", "PATH": ""},
    )  # fmt: skip
    assert made.stdout == path.with_suffix(".txt").read_text("utf-8")
