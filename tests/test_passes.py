"""Passes over blocks, for code that is compiled: what each does is text, and what programs do stays.

`tests/passes/PASS_NAME.txt` is a case: a sentence, a document, its blocks before the pass and after it, as `pfa show`
prints them; `--update-golden` writes both.  The case PASS_example is the one in the pass's own text.
"""

from __future__ import annotations

import inspect
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings

import pfa
from pfa import passes
from pfa.check.document import check
from pfa.cli import irtext
from pfa.ir import Const
from pfa.limits import Limits
from pfa.passes import BLOCK_PASSES, KERNEL_PASSES, compile_program
from pfa.passes.fold import SHORT
from pfa.read import read
from pfa.targets.kernel.layout import FLAT
from tests.checked_build import checked_build
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


# --- what a document cannot make of them ---

NUMBERS = {"type": "array", "items": "int"}


def callback(do, ret="int"):
    return {"params": [{"x": "int"}], "ret": ret, "do": do}


def doubling(count):
    """Functions that each call the one before twice."""
    made = {"f0": callback({"*": ["x", 3]})}
    for i in range(1, count):
        made[f"f{i}"] = callback({"+": [{f"u.f{i - 1}": "x"}, {f"u.f{i - 1}": {"-": ["x", 1]}}]})
    return made


def tall(of):
    """A function of many statements."""
    return callback([*[{"let": {f"y{i}": {"+": ["x", i]}}} for i in range(20)], of])


HOSTILE = {
    "a long chain of functions that are given": {
        "input": "int", "output": "int", "action": {"u.h1499": "input"},
        "fcns": {
            "h0": callback({"+": ["x", 1]}),
            **{
                f"h{i}": callback({"a.sum": {"a.map": [{"new": ["x"], "type": NUMBERS}, {"fcn": f"u.h{i - 1}"}]}})
                for i in range(1, 1500)
            },
        },
    },
    "functions that call the one before twice": {
        "input": "int", "output": "int", "fcns": doubling(40), "action": {"u.f39": "input"},
    },
    "a long function that many calls are given": {
        "input": NUMBERS, "output": "int", "fcns": {"tall": tall("x")},
        "action": [*[{"a.sum": {"a.map": ["input", {"fcn": "u.tall"}]}} for _ in range(300)], 1],
    },
    "calls of functions that do so": {
        "input": NUMBERS, "output": "int",
        "fcns": {
            "g0": {"params": [{"a": NUMBERS}], "ret": "int", "do": {"a.len": "a"}},
            **{
                f"g{i}": {
                    "params": [{"a": NUMBERS}], "ret": "int",
                    "do": {"+": [{"a.sum": {"a.map": ["a", callback({f"u.g{i - 1}": "a"})]}} for _ in range(2)]},
                }
                for i in range(1, 40)
            },
        },
        "action": {"u.g39": "input"},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_the_text_does_not_grow_without_bounds(name):
    checked = check(read(HOSTILE[name], limits=Limits()).value, Limits()).program
    before = irtext.lowered(compile_program(checked, layout=FLAT, passes=())).count("\n")
    after = irtext.lowered(compile_program(checked, layout=FLAT, passes=KERNEL_PASSES)).count("\n")
    assert after < 4 * before + 3000


@pytest.mark.parametrize(
    "action",
    [
        {"s.len": {"s.repeat": [{"string": "ab"}, 2147483647]}},
        {"s.len": {"s.join": [{"type": {"type": "array", "items": "string"}, "value": ["a"] * 100}, {"string": ","}]}},
        {"+": [{"s.len": {"s.repeat": [{"string": "abc"}, 50]}}, {"s.len": {"s.repeat": [{"string": "abc"}, 500]}}]},
    ],
)
def test_what_is_folded_is_small(action):
    made = {"input": "null", "output": "int", "action": action}
    checked = check(read(made, limits=Limits()).value, Limits()).program
    lowered = PASSES["fold"](compile_program(checked, layout=FLAT, passes=()))
    texts = [x.value for s in lowered.routines["action"].body for x in getattr(s, "args", ()) if isinstance(x, Const)]
    assert all(len(t) <= SHORT for t in texts if isinstance(t, str))


def test_a_loop_gives_back_what_its_functions_leave():
    """200,000 strings of 1,000 characters in an arena of 8 MB: each is needed in its turn alone."""
    long = {"s.len": {"s.repeat": [{"s.hex": ["x", 4, True]}, 250]}}
    end = {"a.sum": {"a.map": [{"a.filter": ["input", callback({">": [long, 3]}, "boolean")]}, callback(long)]}}
    made = {"input": NUMBERS, "output": "int", "action": end}
    engine = pfa.loads(made, backend="numba", limits=Limits(memory=8 << 20))
    assert "a_filter" not in engine.source()
    assert engine.action([7] * 100_000) == 100_000_000


def test_an_array_of_strings_keeps_them_while_it_is_made():
    """What is made in the loop lies in the arena, which an enclosing loop gives back."""
    words = {"a.map": [{"a.map": ["input", callback({"s.hex": ["x", 4, True]}, "string")]}, {
        "params": [{"x": "string"}], "ret": "string", "do": {"s.repeat": ["x", 50]},
    }]}  # fmt: skip
    made = {
        "input": NUMBERS, "output": {"type": "array", "items": "string"},
        "action": [
            {"let": {"out": words}},
            {
                "for": {"i": 0}, "while": {"<": ["i", 100]}, "step": {"i": {"+": ["i", 1]}},
                "do": {"set": {"out": words}},
            },
            "out",
        ],
    }  # fmt: skip
    engine = pfa.loads(made, backend="numba", limits=Limits(memory=32 << 20))
    assert engine.action(list(range(5000))) == [f"{i:04x}" * 50 for i in range(5000)]


def test_try_sees_the_errors_of_calls_that_became_loops():
    body = {"a.reduce": [{"a.filter": ["input", callback({">": ["x", 5]}, "boolean")]}, {
        "params": [{"t": "int"}, {"x": "int"}], "ret": "int", "do": {"+": ["t", "x"]},
    }]}  # fmt: skip
    for caught in (["empty array"], [15670]):
        made = {"input": NUMBERS, "output": ["int", "null"], "action": {"try": body, "filter": caught}}
        data = [[1], [6, 7], [2147483647, 6]]
        assert outcomes(made, data, "numba") == outcomes(made, data, "python")


@pytest.mark.parametrize("path", [p for p in CASES if p.stem.startswith("fuse")], ids=lambda p: p.stem)
def test_loops_read_and_write_only_what_was_given_to_them(path):
    document = Case.of(path).document
    given = {"double": [1.0, -2.0, 3.5], "int": [3, 1, 2], "string": ["a", "B"]}[document["input"]["items"]]
    with checked_build() as checker:
        engine = pfa.loads(document, backend="numba")
        for datum in (given, [], given):
            with suppress(pfa.PfaRuntimeError):
                engine.action(datum)
            assert checker.found() is None


def test_the_depth_of_recursion_is_as_on_python():
    """A call through two callbacks counts twice, whether they are called or stand in loops."""
    inner = {"a.sum": {"a.map": [{"new": ["n"], "type": NUMBERS}, callback({"u.f": {"-": ["x", 1]}})]}}
    outer = {"a.sum": {"a.map": [{"new": ["n"], "type": NUMBERS}, callback({"+": ["x", inner]})]}}
    body = {"if": {"<": ["n", 1]}, "then": 0, "else": outer}
    made = {
        "input": "int", "output": "int", "action": {"u.f": "input"},
        "fcns": {"f": {"params": [{"n": "int"}], "ret": "int", "do": body}},
    }  # fmt: skip
    data = [5, 98, 99, 100, 150, 199, 200, 201]
    limits = Limits(recursion=200)
    found = []
    for backend in ("python", "numba"):
        engine = pfa.loads(made, backend=backend, limits=limits)
        for n in data:
            try:
                found.append((backend, n, engine.action(n)))
            except pfa.PfaLimitError as error:
                found.append((backend, n, str(error)))
    half = len(data)
    assert [x[1:] for x in found[:half]] == [x[1:] for x in found[half:]]
    assert "recursion" in found[-1][2]
