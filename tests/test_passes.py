"""Passes over blocks, for code that is compiled: what each does is text, and what programs do stays.

`tests/passes/PASS_NAME.txt` is a case: a sentence, a document, its blocks before the pass and after it, as `pfa show`
prints them; `--update-golden` writes both.  The case PASS_example is the one in the pass's own text.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings

import pfa
from pfa import passes
from pfa.check.document import check
from pfa.cli import irtext
from pfa.limits import Limits
from pfa.passes import BLOCK_PASSES, KERNEL_PASSES, compile_program
from pfa.read import read
from pfa.targets.kernel.layout import FLAT
from tests.passes.chains import chains

CASES = sorted((Path(__file__).parent / "passes").glob("*.txt"))
PASSES = {p.__name__: p for p in KERNEL_PASSES if p not in BLOCK_PASSES}


@dataclass
class Case:
    says: str
    document: dict
    before: str
    after: str

    @classmethod
    def of(cls, path):
        head, _, rest = path.read_text("utf-8").partition("\n\nbefore:\n")
        says, _, document = head.partition("\n\n")
        before, _, after = rest.partition("\nafter:\n")
        return cls(says, json.loads(document), before, after)


def blocks(document, name):
    """The blocks of a document before and after a pass, as text."""
    checked = check(read(document, limits=Limits()).value, Limits())
    assert checked.program is not None, checked.problems
    lowered = compile_program(checked.program, layout=FLAT, passes=())
    return irtext.lowered(lowered) + "\n", irtext.lowered(PASSES[name](lowered)) + "\n"


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_case(path, golden):
    case = Case.of(path)
    before, after = blocks(case.document, path.stem.partition("_")[0])
    document = json.dumps(case.document)
    golden(path, f"{case.says}\n\n{document}\n\nbefore:\n{before}\nafter:\n{after}")


@pytest.mark.parametrize("name", PASSES)
def test_the_example_in_a_passs_text_is_its_case(name):
    doc = inspect.getdoc(inspect.getmodule(PASSES[name]))
    before, _, after = doc.partition("\nbecomes\n")
    shown = [dedent("\n".join(_indented(part))) + "\n" for part in (before, after)]
    assert shown == list(blocks(Case.of(Path(__file__).parent / f"passes/{name}_example.txt").document, name))


def _indented(text):
    """The first indented lines of a text."""
    found = []
    for line in text.strip("\n").split("\n"):
        if line.startswith("    "):
            found.append(line)
        elif found and line:
            break
    return found


def test_every_pass_has_cases():
    assert {p.stem.partition("_")[0] for p in CASES} == set(PASSES)


def outcomes(document, data, backend):
    """What comes of data: results, errors, what is emitted and logged, and the state at the end."""
    engine = pfa.loads(document, backend=backend)
    events = []
    engine.log = lambda message, namespace: events.append(("log", message))
    if engine.method == "emit":
        engine.emit = lambda out: events.append(("emit", out))
    for datum in data:
        try:
            events.append(("out", repr(engine.action(datum))))
        except (pfa.PfaRuntimeError, pfa.PfaLimitError) as error:
            problem = error.problems[0]
            events.append(("error", getattr(error, "code", None), problem.text, problem.at.pointer))
    return events, repr(engine.snapshot().get("cells"))


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_case_does_what_it_does_on_python(path):
    document = Case.of(path).document
    data = {
        "double": [0.0, -1.5, 2.0], "int": [0, 3, 2147483647], "null": [None],
        '{"type": "array", "items": "double"}': [[], [1.0, -2.0, 3.5], [-1.0]],
        '{"type": "array", "items": "int"}': [[], [3, 1, 2], [5, 0, 2147483647], [1, 2147483647]],
        '{"type": "array", "items": "string"}': [[], ["a", "B", "A"]],
    }[document["input"] if isinstance(document["input"], str) else json.dumps(document["input"])]  # fmt: skip
    assert outcomes(document, data, "numba") == outcomes(document, data, "python")


@settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
@given(chains())
def test_random_chains_do_what_they_do_on_python(chain):
    document, data = chain
    assert outcomes(document, data, "numba") == outcomes(document, data, "python")


def test_the_chains_are_fused(monkeypatch):
    """The tests above would pass if nothing was done."""
    doc = Case.of(Path(__file__).parent / "passes/fuse_filter.txt").document
    with_passes = pfa.loads(doc, backend="numba").source()
    monkeypatch.setattr(passes, "KERNEL_PASSES", BLOCK_PASSES)
    without = pfa.loads(doc, backend="numba").source()
    assert "a_filter(" in without
    assert "a_filter(" not in with_passes
    assert with_passes.count("new_array(ctx, length(input_))") == 1
