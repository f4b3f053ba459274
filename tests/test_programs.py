"""Random well-typed programs: valid, and what they compute has the type that was checked, however they are
run.

`python -m tests.fuzz_programs --count N` is the long run; here are a fixed number of programs, the same every
time, so that each form and each kind of type is met at least `LEAST` times.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.generate import program
from tests.generate.maker import FORMS
from tests.generate.trial import Trial
from tests.generate.types import PRIMITIVES

if TYPE_CHECKING:
    from tests.generate.documents import Program

LEAST = 100
COUNT = 450
SIZES = (30, 60, 100, 160)  # expressions, about
KINDS = (*PRIMITIVES, "array", "map", "record", "enum", "fixed", "union")
SHAPES = (
    "recursive", "namespace", "union of numbers of one class", "union of map and record",
    "union of string and enum", "union of bytes and fixed", "union of two records", "union of two enums",
    "union of one",
)  # fmt: skip
OTHERS = (
    "fcndef", "fcnref", "fcnref fill", "recursion", "error", "try filter", "to function", "typed literal",
    "@", "shared", "rollback", "foreach seq True", "foreach seq False", "literal int", "literal long",
    "literal float", "literal double", "literal string", "literal bytes", "literal null", "literal boolean",
)  # fmt: skip


def numbered(seed: int) -> Program:
    """The program of a number; a quarter of them each of some size."""
    return program(Random(seed), SIZES[seed % len(SIZES)])


@pytest.mark.parametrize("seed", range(COUNT))
def test_a_program(seed):
    assert Trial(numbered(seed)).run() == []


def test_every_form_and_kind_of_type_is_met():
    """The counters of the programs that the tests above run."""
    met: Counter[str] = Counter()
    for seed in range(COUNT):
        made = numbered(seed)
        met.update(made.counts)
        met.update({f"type {shape}": n for shape, n in made.shapes.items()})
    wanted = [*(f.name for f in FORMS), *OTHERS, *(f"type {k}" for k in (*KINDS, *SHAPES))]
    assert {name: met[name] for name in wanted if met[name] < LEAST} == {}


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program that hypothesis can make smaller when it fails."""
    return program(draw(st.randoms(use_true_random=False)), draw(st.integers(5, 40)))


@pytest.mark.filterwarnings("ignore:The recursion limit")  # the package makes room for deep documents
@settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
@given(programs())
def test_a_program_of_hypothesis(made):
    assert Trial(made).run() == []
