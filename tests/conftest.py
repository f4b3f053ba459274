"""What all tests share: where the shared material is, the backends, golden files."""

import os
from pathlib import Path

import pytest

from pfa import passes

os.environ.setdefault("PFA_CACHE", "")  # tests compile, and leave nothing in the user's cache
os.environ.setdefault("PFA_WORKER", "off")  # and engines change their backend where a test wants it


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the text that tests compare with")


LIBRARY = (
    "library", "arrays", "numbers", "text", "special", "regex", "time", "statistics", "models", "la", "kriging",
    "trees", "rand", "addresses",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _kernels_are_called(request, monkeypatch):
    """Tests of the library's kernels call them: passes would compute what is constant, and print loops instead."""
    if request.module.__name__.rpartition(".")[2] in {f"test_kernel_{name}" for name in LIBRARY}:
        monkeypatch.setattr(passes, "KERNEL_PASSES", passes.BLOCK_PASSES)


@pytest.fixture
def golden(request):
    """Compare a text with a file, or write the file with --update-golden."""

    def same(path: Path, actual: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(actual, "utf-8")
        assert path.exists(), f"{path.name} is missing; --update-golden writes it"
        assert actual == path.read_text("utf-8")

    return same
