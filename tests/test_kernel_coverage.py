"""`pfa show --coverage` and `explain()` tell what is native, as calls are."""

import pytest

import pfa
from conformance.library import as_test
from pfa.cli import main
from pfa.lib.pages import examples
from pfa.lib.table import everything
from pfa.targets.kernel.coverage import bindings, coverage

FUNCTIONS = everything()


def test_every_signature_is_in_the_table():
    found = coverage()
    assert [(c.function, c.signature) for c in found] == [(f.name, s) for f in FUNCTIONS.values() for s in f.signatures]
    assert sum(c.how in ("native", "constant") for c in found) >= 0.95 * len(found)


def test_every_signature_has_typical_types():
    assert [str(s) for f in FUNCTIONS.values() for s in f.signatures if not any(True for _ in bindings(s))] == []


NAMES = ["a.sum", "map.filter", "s.join", "model.tree.simpleTree", "&&", "re.index", "cast.json"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_called_native_loads_without_the_escape(name):
    hows = {c.how for c in coverage() if c.function == name}
    call, result = examples(FUNCTIONS[name])[0]
    engine = as_test(FUNCTIONS[name], call, result)["engine"]
    assert hows <= {"native", "constant"}
    assert "escape" not in pfa.loads(engine, backend="numba", escape=False).explain()


def test_the_table_is_printed(capsys):
    assert main(["show", "--coverage"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("all: ")
    assert any(line.startswith("  a.sum(") and line.endswith("python yes, numba native") for line in lines)
    assert main(["show"]) == 2


def test_explain_says_why():
    """A pattern with a back reference has no automata."""
    pattern = {"string": r"(a)\1"}
    document = {"input": "string", "output": "boolean", "action": {"re.contains": ["input", pattern]}}
    text = pfa.loads(document, backend="numba").explain()
    assert "re.contains(string, string) is native only for patterns that are constant" in text
    assert text.endswith("in Python, through the escape: re.contains")
