"""The examples in the library's definitions are true, and show every function and each of its errors."""

import pytest

from conformance.exceptions import Exceptions
from conformance.library import FILE, as_test, text
from conformance.suite import Runner
from pfa.lib.pages import examples, unreachable
from pfa.lib.table import everything
from tests.support import BACKENDS

FUNCTIONS = everything().values()
EXAMPLES = [(fn, call, result) for fn in FUNCTIONS for call, result in examples(fn)]


@pytest.mark.parametrize("fn", FUNCTIONS, ids=lambda fn: fn.name)
def test_examples_show_the_function_and_each_of_its_errors(fn):
    results = {result for _, result in examples(fn)}
    assert any(not result.startswith("error") for result in results), "an ordinary example"
    excused = unreachable(fn)
    for code in fn.errors.values():
        assert (f"error {code}" in results) != (code in excused), (
            f"{code}: an example or a proof that there is none"
        )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("fn", "call", "result"), EXAMPLES, ids=[f"{call} -> {r}"[:80] for _, call, r in EXAMPLES]
)
def test_an_example_is_true(fn, call, result, backend):
    outcome = Runner(backend, Exceptions()).run(0, as_test(fn, call, result))
    assert outcome.failed == 0, "\n".join(map(str, outcome.differences))


def test_library_json_is_up_to_date():
    """`python -m conformance.library` writes it."""
    assert FILE.read_text("utf-8") == text()
