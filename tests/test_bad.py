"""tests/bad: documents that are wrong in one way each, and beside each the exact text that a user sees.

A document is any file with a suffix that `pfa.load` knows; NAME.err holds what `pfa check` prints for it (its
warnings, where there is nothing worse).
"""

import inspect
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import pfa
from pfa.check import problems as check_problems
from pfa.cli.check import as_text
from pfa.lib.names import NAMES
from pfa.lib.table import everything
from pfa.read import problems as read_problems
from tests.support import SHARED

BAD = Path(__file__).parent / "bad"
DOCUMENTS = sorted(path for path in BAD.iterdir() if path.suffix != ".err")
JSON = [path for path in DOCUMENTS if path.suffix == ".json" and not path.stem.startswith("json-")]


def shown(path):
    """The problems of a document as `pfa check` has them, its warnings where there are no problems."""
    found = pfa.check(path) or pfa.check(path, strict=True)
    return [p.moved(replace(p.at, file=path.name)) for p in found]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_bad_document_has_one_problem_and_its_text_is_known(path, golden):
    found = shown(path)
    golden(path.with_suffix(".err"), "".join(f"{as_text(p)}\n" for p in found))
    assert len(found) == 1


@pytest.mark.parametrize("path", JSON, ids=lambda path: path.stem)
def test_the_pointer_is_one_of_the_document(path):
    [problem] = shown(path)
    document = json.loads(path.read_text("utf-8"))
    for token in problem.at.pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    assert problem.at.line > 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_text_says_what_is_expected_and_what_is_found(path):
    [problem] = shown(path)
    text = problem.text
    for fact in ("expected", "found", "name"):
        assert str(getattr(problem, fact, "")) in text
    assert "unknown" not in re.sub(r"unknown (symbol|function|type|cell|pool) ", "", text), "an internal type"
    assert len(text) < 330
    assert "\n" not in text


@pytest.mark.parametrize("path", [p for p in DOCUMENTS if "misspelled" in p.stem], ids=lambda path: path.stem)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(path):
    [problem] = shown(path)
    assert re.search(r', did you mean ".+"\?$|, found ".+"$', problem.text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_loading_raises_the_same_problem(path):
    if shown(path)[0].warning:
        assert [p.text for p in pfa.load(path).warnings] == [p.text for p in shown(path)]
        return
    with pytest.raises(pfa.PfaError) as caught:
        pfa.load(path)
    assert [p.text for p in caught.value.problems] == [p.text for p in shown(path)]


# --- every class of problem --------------------------------------------------------------------------------

# What a file cannot show: values that are no text, limits that are meant to be set, sums of problems.
ELSEWHERE = {
    "NotADocument": lambda: pfa.check(3),
    "NoJsonValue": lambda: pfa.check({"input": "int", "output": "int", "action": {1, 2}}),
    "NoStringKey": lambda: pfa.check({"input": "int", "output": "int", "action": {1: 2}}),
    "UnsupportedSyntax": lambda: pfa.check("<pfa/>", syntax="xml"),
    "TooLong": lambda: pfa.check('{"input": "int"}', limits=pfa.Limits(bytes=10)),
    "TooManyNodes": lambda: pfa.check('{"input": ["int", "null"]}', limits=pfa.Limits(nodes=3)),
    "DeepStack": lambda: pfa.check("[" * 90_000 + "]" * 90_000, limits=pfa.Limits(nesting=100_000)),
    "TooManyProblems": lambda: pfa.check(many_problems()),
}


def many_problems():
    """A cell with a hundred values of the wrong type."""
    cell = {"type": {"type": "array", "items": "double"}, "init": ["x"] * 100}
    return {"input": "int", "output": "int", "cells": {"model": cell}, "action": "input"}


def classes(module):
    """The classes of problems that a module defines."""
    return {
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, pfa.Problem) and value.__module__ == module.__name__
    }


def test_every_class_of_problem_is_shown():
    seen = {type(problem).__name__ for path in DOCUMENTS for problem in shown(path)}
    assert (classes(check_problems) | classes(read_problems)) - seen == ELSEWHERE.keys()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_problems_that_a_file_cannot_show(name):
    found = ELSEWHERE[name]()
    assert type(found[-1]).__name__ == name


def test_many_problems_of_one_value_are_not_all_told():
    found = pfa.check(many_problems())
    assert [p.at.pointer for p in found] == [f"/cells/model/init/{i}" for i in range(26)]
    assert "from here on" in found[-1].text


# --- suggestions -------------------------------------------------------------------------------------------


def test_the_names_for_suggestions_are_those_of_the_library():
    assert sorted(NAMES) == sorted(everything())


@pytest.mark.skipif(not (SHARED / "conformance").exists(), reason="the shared cases are not here")
def test_invalid_documents_of_users_are_told_what_is_wrong():
    """The mistakes that users of PFA made in practice."""
    cases = json.loads((SHARED / "conformance" / "field.json").read_text("utf-8"))
    for case in cases:
        if "invalid" in case["expect"]:
            found = pfa.check(case["yaml"] if "yaml" in case else json.dumps(case["engine"]))
            assert any(str(case["expect"]["invalid"]) in p.text for p in found), case["id"]
