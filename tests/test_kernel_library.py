"""The library's examples on the numba backend: the same results and errors as on python, and native where we say so.

Examples are functions of a few documents a namespace, since compiling a document a call would take minutes.
"""

import math
from functools import cache

import pytest

import pfa
from conformance.library import as_test, declared
from pfa.lib.pages import examples
from pfa.lib.table import everything

NATIVE = {  # namespaces without a call that goes through the escape
    "", "a", "bytes", "cast", "enum", "fixed", "impute", "interp", "m", "m.kernel", "m.link", "m.special", "map",
    "metric", "parse", "rand", "re", "s", "time",
    "la", "model.cluster", "model.naive", "model.neighbor", "model.neural", "model.reg", "model.svm", "model.tree",
    "prob.dist", "stat.change", "stat.sample", "stat.test",
}  # fmt: skip
ESCAPES = {"re.contains"}  # but for these: a back-reference
FUNCTIONS = everything().values()
NAMESPACES = sorted({fn.name.rpartition(".")[0] for fn in FUNCTIONS})


@cache
def documents(namespace):
    """Documents whose functions are the examples, and what each function shows."""
    made = []
    for fn in FUNCTIONS:
        if fn.name.rpartition(".")[0] == namespace:
            for call, result in examples(fn):
                place(made, fn, f"{call} -> {result}", as_test(fn, call, result)["engine"])
    return made


def place(made, fn, shows, engine):
    """Into the first document where no type has a name that this one declares."""
    names = declared(engine)
    fitting = [m for m in made if not names & m[2]]
    if not fitting:
        document = {"input": "null", "output": "null", "randseed": 12345, "fcns": {}, "action": None}
        made.append(fitting := (document, {}, set()))
        fitting = [fitting]
    document, shown, taken = fitting[0]
    name = f"example{len(shown)}"
    document["fcns"][name] = {"params": [], "ret": engine["output"], "do": engine["action"]}
    shown[name] = fn, shows
    taken |= names


@cache
def compiled(namespace):
    return [pfa.loads(document, backend="numba") for document, _, _ in documents(namespace)]


def outcome(engine, name):
    try:
        return engine.call(name)
    except pfa.PfaRuntimeError as error:
        return "error", error.code, error.function


def same(a, b, accuracy):
    """Are results alike, by the function's class of accuracy?"""
    if type(a) is not type(b):
        return False
    match a:
        case float():
            if math.isnan(a) or math.isinf(a) or accuracy == "exact":
                return a == b or (a != a and b != b)
            return math.isclose(a, b, rel_tol=1e-9 if accuracy == "1e-9" else 1e-15)
        case dict():
            return list(a) == list(b) and all(same(x, y, accuracy) for x, y in zip(a.values(), b.values(), strict=True))
        case list() | tuple():
            return len(a) == len(b) and all(same(x, y, accuracy) for x, y in zip(a, b, strict=True))
        case _:
            return a == b


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_examples_have_the_same_results_on_both_backends(namespace):
    different = []
    for (document, shown, _), engine in zip(documents(namespace), compiled(namespace), strict=True):
        reference = pfa.loads(document, backend="python")
        for name, (fn, shows) in shown.items():
            want, got = outcome(reference, name), outcome(engine, name)
            if not same(want, got, fn.accuracy):
                different.append(f"{shows}: python {want}, numba {got}")
    assert not different, "\n".join(different)


@pytest.mark.parametrize("namespace", sorted(NATIVE))
def test_every_call_of_the_namespace_is_native(namespace):
    for engine in compiled(namespace):
        escapes = engine.explain().partition("through the escape: ")[2]
        assert {n for n in escapes.split(", ") if n and n.rpartition(".")[0] == namespace} <= ESCAPES
