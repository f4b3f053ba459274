"""What docs/*.md show is what happens, and the tests that they name exist."""

import json
import re

import pytest

import pfa
from conformance.cases import outcomes
from conformance.values import reader
from tests.support import BACKENDS, ROOT

LANGUAGE = (ROOT / "docs/language.md").read_text("utf-8")
EXAMPLE = re.compile(r"```yaml\n(.*?)```\n```text\n(.*?)```", re.DOTALL)
EXAMPLES = EXAMPLE.findall(LANGUAGE)
FORMS = (
    "let set attr path to cell pool del init do if then else cond while until for step foreach in seq forkey"
    " forval cast cases as named partial upcast ifnotnull pack unpack format error code try filter log"
    " namespace doc new type value call args fcn fill params ret string int long float double base64 emit"
)
ERROR = re.compile(r"(user )?error (-?\d+)")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("document", "answers"), EXAMPLES, ids=[d.split("action:")[1][:30].strip() for d, _ in EXAMPLES]
)
def test_an_example_answers_as_shown(document, answers, backend):
    if answers.startswith("refused: "):
        problems = pfa.check(document)
        assert [p for p in problems if answers.removeprefix("refused: ").strip() in p.text], problems
        return
    engine = pfa.loads(document, backend=backend, unions="tagged")
    for line in answers.splitlines():
        given, _, wanted = line.partition(" -> ")
        assert answer(engine, json.loads(given), wanted) == wanted


def answer(engine, given, wanted):
    """`wanted` if that is what the engine does, else what it does."""
    try:
        got = engine.action(reader(engine.input_type)(given))
    except pfa.PfaUserError as error:
        return f"user error {error.code}"
    except pfa.PfaRuntimeError as error:
        return f"error {error.code}"
    if ERROR.fullmatch(wanted):
        return repr(got)
    right = outcomes(engine)(got, json.loads(wanted))
    return wanted if right else repr(got)


def test_every_example_has_its_answers():
    assert LANGUAGE.count("```yaml") == len(EXAMPLES)


@pytest.mark.parametrize("form", FORMS.split())
def test_every_form_has_an_example(form):
    assert any(re.search(rf"(?<![\w.]){form}:", document) for document, _ in EXAMPLES)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_tests_that_docs_name_exist():
    """`tests/test_x.py::test_y` in a table is a promise."""
    for page in sorted((ROOT / "docs").glob("*.md")):
        for file, name in re.findall(r"(tests/\w+\.py)::([\w:]+)", page.read_text("utf-8")):
            source = (ROOT / file).read_text("utf-8")
            for part in name.split("::"):
                assert re.search(rf"(def|class) {part}\b", source), f"{page.name} names {file}::{name}"
