"""docs/security.md: each attack has something that stops it, an error that exists, and a test that runs it."""

import ast
import re

import pytest

import pfa
from tests.support import ROOT

PAGE = (ROOT / "docs/security.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| attack")
]
TEST = re.compile(r"(tests/\w+\.py)::(\w+)")


def functions(file):
    """The test functions of a module."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:50])
def test_a_row(row):
    attack, stops, error, test = row
    assert attack
    assert stops
    for name in re.findall(r"Pfa\w+", error):
        assert issubclass(getattr(pfa, name), pfa.PfaError)
    named = TEST.findall(test)
    assert named, "an attack that no test runs"
    for file, name in named:
        assert name in functions(file), f"{file} has no {name}"


def test_the_table_is_read():
    assert len(ROWS) > 40
    assert len({row[0] for row in ROWS}) == len(ROWS), "an attack stands there twice"
