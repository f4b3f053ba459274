"""The official function suite, where it is at hand: a test a function.

Every engine on python.  On compiled code the first and the last engine of each signature and kind of arguments, with
every trial of theirs; `python -m conformance SUITE --backend numba` compiles them all, in ten minutes on two cores.
"""

from functools import cache

import pytest

from conformance.evidence import close, independent
from conformance.exceptions import FILE, read_exceptions
from conformance.suite import Runner, read_suite
from pfa.check.document import check
from pfa.ir import Op
from pfa.limits import Limits
from pfa.passes.blocks import statements
from pfa.passes.lower import lower
from pfa.types import Function
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


def shown(test):
    """What an engine shows of its function: the signature, and which kinds of arguments it is given."""
    program = check(test["engine"], Limits()).program
    for routine in lower(program).routines.values():
        for s in statements(routine.body):
            if isinstance(s, Op) and s.code == "call" and s.extra[0].name == test["function"]:
                bound = s.extra[1]
                return str(bound.signature), *("fcn" if isinstance(t, Function) else t.tag for t in bound.params)
    return ()


def chosen(function, backend):
    """Engines of a function, by their numbers."""
    engines = {i: test for i, test in enumerate(suite()) if test["function"] == function}
    if backend == "python":
        return engines
    kinds = {i: shown(test) for i, test in engines.items()}
    first = {kind: i for i, kind in reversed(kinds.items())}
    last = {kind: i for i, kind in kinds.items()}
    return {i: engines[i] for i in sorted({*first.values(), *last.values()})}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("function", functions())
def test_function(function, backend):
    runner = Runner(backend, exceptions())
    outcomes = [runner.run(i, test) for i, test in chosen(function, backend).items()]
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
