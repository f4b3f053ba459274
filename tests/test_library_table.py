"""The library's table against the facts of the specification's libfcns.xml, row by row."""

import json
from pathlib import Path

import pytest

from pfa.lib.signature import parse_signature
from pfa.lib.table import everything, lookup

ROWS = {
    row["name"]: row for row in json.loads((Path(__file__).parent / "data/libfcns.json").read_text("utf-8"))
}
ADDED = {"m.special.lnGamma": {"domain error": 36050}}  # codes that the suite has and the text has not


def test_the_facts_are_complete():
    assert len(ROWS) == 449
    assert sum(len(row["signatures"]) for row in ROWS.values()) == 625
    assert sum(len(row.get("errors", {})) for row in ROWS.values()) == 417


def test_there_are_no_other_functions():
    assert everything().keys() == ROWS.keys()


@pytest.mark.parametrize("name", ROWS)
def test_row(name):
    row, fn = ROWS[name], lookup(name)
    assert fn is not None, f"{name} is not defined"
    assert [str(s) for s in fn.signatures] == row["signatures"]
    assert [i for i, s in enumerate(fn.signatures) if s.deprecated] == row.get("deprecated", [])
    assert fn.deprecated == (len(row.get("deprecated", [])) == len(row["signatures"]))
    wanted = {text: int(code) for code, text in row.get("errors", {}).items()}
    assert dict(fn.errors) == wanted | ADDED.get(name, {})
    assert fn.nondeterministic == row.get("nondeterministic", "")
    assert fn.random == (row.get("nondeterministic") == "pseudorandom")


@pytest.mark.parametrize("name", ROWS)
def test_signatures_print_as_they_are_written(name):
    for text in ROWS[name]["signatures"]:
        assert str(parse_signature(text)) == text


@pytest.mark.parametrize("name", ROWS)
def test_the_body_takes_the_arguments_of_every_signature(name):
    """A body is called with the arguments in their order; what it needs besides is asked for by keyword."""
    fn = lookup(name)
    assert fn is not None
    code = fn.impl.__code__
    required = code.co_argcount - len(fn.impl.__defaults__ or ())
    for signature in fn.signatures:
        assert required <= len(signature.params)
        assert len(signature.params) <= code.co_argcount or code.co_flags & 0x04
