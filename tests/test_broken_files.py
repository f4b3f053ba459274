"""Broken files of each format, and the commands that read them: never a traceback."""

import pytest

from tests.fuzz_files import fuzz

pytest.importorskip("pyarrow")
pytest.importorskip("llvmlite")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_broken_file_is_a_message(tmp_path, seed):
    """`python -m tests.fuzz_files` does more of it."""
    assert fuzz(tmp_path, 150, seed) == []
