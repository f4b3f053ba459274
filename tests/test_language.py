"""Cases of the language on every backend: our own, and the shared ones where they are."""

import pytest

from conformance.cases import LANGUAGE, own_cases, read_cases
from conformance.values import Tolerance
from tests.support import BACKENDS, SHARED

FILES = {"language.json": Tolerance(double=1e-12), "field.json": Tolerance(double=1e-9)}


def shared_cases():
    """The cases of ../shared/conformance; none where it is not there."""
    folder = SHARED / "conformance"
    there = [(folder / name, tolerance) for name, tolerance in FILES.items() if (folder / name).exists()]
    return [case for path, tolerance in there for case in read_cases(path, tolerance)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", [*own_cases(), *shared_cases()], ids=str)
def test_case(case, backend):
    assert case.run(backend) == []


def test_case_names_are_unique():
    names = [str(case) for case in own_cases()]
    assert len(names) == len(set(names))
    assert names, f"no cases in {LANGUAGE}"
