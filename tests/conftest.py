"""What all tests share: where the shared material is, the backends, golden files."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("PFA_CACHE", "")  # tests compile, and leave nothing in the user's cache


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the text that tests compare with")


@pytest.fixture
def golden(request):
    """Compare a text with a file, or write the file with --update-golden."""

    def same(path: Path, actual: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(actual, "utf-8")
        assert path.exists(), f"{path.name} is missing; --update-golden writes it"
        assert actual == path.read_text("utf-8")

    return same
