"""Random numbers of compiled code: those of the python backend, number for number."""

import pytest

import pfa
from pfa.errors import PfaLimitError
from pfa.targets.kernel import calls


def constant(value, items=None):
    return {"type": {"type": "array", "items": items}, "value": value} if items else {"type": "bytes", "value": value}


WEIGHED = {
    "type": "record", "name": "Weighed", "fields": [{"name": "id", "type": "int"}, {"name": "prob", "type": "double"}],
}  # fmt: skip
DRAWS = [
    {"rand.int": []}, {"rand.int": [-5, 100]}, {"rand.int": [-2147483648, 2147483647]}, {"rand.long": []},
    {"rand.long": [-4611686018427387904, 9223372036854775807]}, {"rand.long": [0, 3]},
    {"rand.long": [0, 4294967296]}, {"rand.long": [0, 4294967297]}, {"rand.float": [{"float": 1.5}, {"float": 2.5}]},
    {"rand.float": [{"float": 1.0}, {"float": 1.0000001192092896}]}, {"rand.double": [-1.5, 2.5]},
    {"rand.double": [-1.7e308, 1.7e308]}, {"rand.gaussian": [1.0, 2.0]},
    {"rand.choice": [constant(["a", "b", "c"], "string")]}, {"rand.choices": [7, constant([1.5, 2.5, 3.5], "double")]},
    {"rand.choices": [-1, constant([1], "int")]}, {"rand.sample": [5, constant(list(range(50)), "int")]},
    {"rand.sample": [50, constant(list(range(50)), "int")]}, {"rand.sample": [-1, constant([1, 2], "int")]},
    {"a.shuffle": [constant(list(range(20)), "int")]}, {"a.shuffle": [constant([], "int")]},
    {"rand.histogram": [constant([0.5, 0.0, 2.0, 3.5], "double")]},
    {"rand.histogram": [constant([5e-324, 0.0, 1e308], "double")]},
    {"attr": {"rand.histogram": [constant([{"id": i, "prob": i / 2} for i in range(9)], WEIGHED)]}, "path": [["id"]]},
    {"rand.string": [7]}, {"rand.string": [7, {"string": "aé𝛑x"}]}, {"rand.string": [7, {"string": "abc"}]},
    {"rand.string": [7, 33, 127]}, {"rand.string": [9, 100, 3000]}, {"rand.bytes": [11]},
    {"rand.bytes": [11, constant("abc")]}, {"rand.bytes": [11, 50, 250]}, {"rand.uuid": []}, {"rand.uuid4": []},
]  # fmt: skip
TEXTS = {"type": "array", "items": "string"}


def document(draws, **more):
    """All draws of an action as texts."""
    new = {"type": TEXTS, "new": [{"cast.json": [d]} for d in draws]}
    return {"input": "int", "output": TEXTS, "randseed": 5, "action": new} | more


def pair(doc, **options):
    return pfa.loads(doc), pfa.loads(doc, backend="numba", **options)


def test_every_draw_is_that_of_the_generator():
    python, numba = pair(document(DRAWS), escape=False)
    for _ in range(40):
        want, got = python.action(0), numba.action(0)
        assert {str(d): x for d, x in zip(DRAWS, want, strict=True)} == {
            str(d): x for d, x in zip(DRAWS, got, strict=True)
        }
    assert python.state() == numba.state()


def test_phases_and_functions_have_streams_of_their_own():
    draw = {"rand.double": [0.0, 1.0]}
    doc = document(
        [{"cell": "kept"}, draw], cells={"kept": {"type": "double", "init": 0.0}}, begin={"cell": "kept", "to": draw},
        fcns={"f": {"params": [], "ret": "double", "do": draw}}, end=draw,
    )  # fmt: skip
    python, numba = pair(doc, escape=False)
    assert python.state() == numba.state()
    for _ in range(3):
        assert python.action(0) == numba.action(0)
        assert python.call("f") == numba.call("f")
        assert python.state() == numba.state()
    again = pfa.loads(doc, backend="numba", state=python.state())
    assert again.state() == python.state()
    assert again.action(0) == python.action(0)


def test_instances_differ():
    doc = document([{"rand.long": []}])
    one, two = (pfa.loads(doc, backend="numba", instance=i) for i in (0, 1))
    assert one.action(0) != two.action(0)
    assert pfa.loads(doc, instance=1).action(0) == pfa.loads(doc, backend="numba", instance=1).action(0)


@pytest.mark.parametrize("escaped", ["rand.int", "rand.bytes", "rand.double"])
def test_bodies_in_python_draw_from_the_same_stream(monkeypatch, escaped):
    native = calls.native

    def some(f, args, fn, bound):
        return None if fn.name == escaped else native(f, args, fn, bound)

    monkeypatch.setattr(calls, "native", some)
    draws = [{"rand.int": []}, {"rand.bytes": [11]}, {"rand.double": [0.0, 1.0]}, {"rand.long": []}]
    python, numba = pair(document(draws * 2))
    assert escaped in numba.explain().partition("escape: ")[2]
    for _ in range(5):
        assert python.action(0) == numba.action(0)
    assert python.state() == numba.state()


def test_a_batch_draws_what_actions_do():
    doc = {"input": "int", "output": "double", "randseed": 7, "action": [
        {"rand.int": [0, "input"]}, {"+": [{"rand.double": [0.0, 1.0]}, {"rand.gaussian": [0.0, 1.0]}]}]}  # fmt: skip
    rows = [i % 5 for i in range(9000)]  # each fifth fails
    python, numba = pair(doc, escape=False)
    want, got = (e.score(rows, on_error="null") for e in (python, numba))
    assert list(got) == list(want)
    assert len(set(want)) == 7201
    assert python.state() == numba.state()
    assert python.action(3) == numba.action(3)


ERRORS = [
    {"rand.int": [5, 5]}, {"rand.long": [5, 4]}, {"rand.float": [{"float": 2.5}, {"float": 1.5}]},
    {"rand.double": [1.5, 1.5]}, {"rand.choice": [constant([], "int")]}, {"rand.choices": [1, constant([], "int")]},
    {"rand.sample": [1, constant([], "int")]}, {"rand.sample": [3, constant([1, 2], "int")]},
    *({"rand.histogram": [constant(x, "double")]} for x in ([], [0.0], [1.0, -1.0], [0.0, -1.0, 2.0])),
    *({"rand.string": x} for x in ([0], [0, {"string": ""}], [1, {"string": ""}], [1, 5, 5], [1, 0, 5], [1, 5, 55297])),
    *({"rand.bytes": x} for x in ([0], [-1, constant("")], [1, constant("")], [1, 5, 5], [1, -1, 5], [1, 5, 257])),
]  # fmt: skip
HUGE = [
    {"rand.string": ["n"]}, {"rand.string": ["n", 33, 127]}, {"rand.string": ["n", {"string": "é"}]},
    {"rand.bytes": ["n"]}, {"rand.bytes": ["n", 5, 9]}, {"rand.choices": ["n", constant([1], "int")]},
]  # fmt: skip


def functions(draws):
    """A document with a function of n for each."""
    made = {f"f{i}": {"params": [{"n": "int"}], "ret": "int", "do": [d, 0]} for i, d in enumerate(draws)}
    return {"input": "int", "output": "null", "fcns": made, "action": None}


def test_errors():
    engines = pair(functions(ERRORS), escape=False)
    for i, draw in enumerate(ERRORS):
        codes = []
        for engine in engines:
            with pytest.raises(pfa.PfaRuntimeError) as caught:
                engine.call(f"f{i}", 0)
            codes.append((caught.value.code, caught.value.function, str(caught.value)))
        assert codes[0] == codes[1], draw


@pytest.mark.parametrize(
    ("limits", "size"), [(pfa.Limits(memory=1 << 24), 2**31 - 1), (pfa.Limits(steps=1000), 1 << 20)]
)
def test_huge_sizes_meet_the_limits(limits, size):
    engine = pfa.loads(functions(HUGE), backend="numba", limits=limits, escape=False)
    for i in range(len(HUGE)):
        with pytest.raises(PfaLimitError):
            engine.call(f"f{i}", size)
