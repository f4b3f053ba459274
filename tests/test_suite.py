"""The official function suite, where it is at hand: every trial, a test a function."""

from functools import cache

import pytest

from conformance.evidence import close, independent
from conformance.exceptions import FILE, read_exceptions
from conformance.suite import Runner, read_suite
from tests.support import BACKENDS, SHARED

SUITE = SHARED / "conformance/pfa-tests.json.xz"
pytestmark = pytest.mark.skipif(not SUITE.exists(), reason="the official suite is not here")


@cache
def suite():
    return read_suite(SUITE)


@cache
def exceptions():
    return read_exceptions(SUITE)


def functions():
    return sorted({test["function"] for test in suite()}) if SUITE.exists() else []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("function", functions())
def test_function(function, backend):
    runner = Runner(backend, exceptions())
    outcomes = [runner.run(i, test) for i, test in enumerate(suite()) if test["function"] == function]
    differences = [str(d) for outcome in outcomes for d in outcome.differences]
    assert sum(outcome.failed for outcome in outcomes) == 0, "\n".join(differences)
    assert [stale for outcome in outcomes for stale in outcome.stale] == []


def proven():
    """The exceptions of prob.dist, whose independent values are computed anew for every twentieth."""
    entries = exceptions().entries if SUITE.exists() else ()
    return [e for e in entries if e.function.startswith("prob.dist.")][::20]


@pytest.mark.parametrize("entry", proven(), ids=str)
def test_an_exception_is_proven(entry):
    assert FILE.exists()
    value = independent(entry.function.rpartition(".")[2], entry.sample)
    assert close(entry.ours, value)
    assert not close(float(entry.reference), value)
    assert float(entry.evidence.rpartition(" ")[2]) == pytest.approx(value, rel=1e-12)
