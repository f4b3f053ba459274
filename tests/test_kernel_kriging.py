"""model.reg.gaussianProcess on the numba backend against the python one: tables of every type, errors, callbacks."""

import math
import random
from functools import cache

import pytest

import pfa

NUMBERS = {"type": "array", "items": "double"}
COVARIANCE = {  # of positions: not the library's, so that a document's own function is called
    "params": [{"p": NUMBERS}, {"q": NUMBERS}],
    "ret": "double",
    "do": {"m.exp": {"*": [-5.0, {"m.kernel.linear": [{"la.sub": ["p", "q"]}, {"la.sub": ["p", "q"]}]}]}},
}
INTS = {"type": "array", "items": "int"}


@cache
def engines(x, to, sigma):
    """A document for a type of each field of the table ("" is no field), on both backends."""
    fields = [{"name": n, "type": t} for n, t in (("x", x), ("to", to), ("sigma", sigma)) if t]
    fields = [{**f, "type": {"doubles": NUMBERS, "ints": INTS}.get(f["type"], f["type"])} for f in fields]
    row = {"type": "record", "name": "Row", "fields": fields}
    given = NUMBERS if x.endswith("s") else "double"
    params = [{"x": given}, {"t": {"type": "array", "items": row}}, {"w": ["null", "double"]}]
    body = {"model.reg.gaussianProcess": ["x", "t", "w", {"fcn": "u.covariance"}]}
    ret = NUMBERS if to.endswith("s") else "double"
    document = {
        "input": "null", "output": "null", "action": None,
        "fcns": {"covariance": COVARIANCE, "f": {"params": params, "ret": ret, "do": body}},
    }  # fmt: skip
    return pfa.loads(document, backend="python"), pfa.loads(document, backend="numba", escape=False)


def outcome(engine, *given):
    try:
        return engine.call("f", *given)
    except pfa.PfaRuntimeError as error:
        return error.code


def of(t, number, count):
    """A value of a field's type."""
    if t.endswith("s"):
        return [number() for _ in range(count)]
    return number()


def table(r, types, n, features, outputs):
    """Rows whose positions are apart: the prediction is to depend on more than last digits."""
    rows = []
    places = r.sample(range(n), n)
    for place in places:
        numbers = {
            "x": lambda place=place: place * 2 + r.randrange(2) if types[0] in WHOLE else place + r.uniform(0.0, 0.3),
            "to": lambda: r.randrange(-9, 9) if types[1] in WHOLE else r.uniform(-3, 3),
            "sigma": lambda: r.randrange(1, 4) if types[2] in WHOLE else r.uniform(0, 1),
        }
        counts = {"x": features, "to": outputs, "sigma": outputs}
        rows.append({k: of(t, numbers[k], counts[k]) for k, t in zip(counts, types, strict=True) if t})
    return rows


WHOLE = ("int", "ints")
TYPES = [
    ("double", "double", ""), ("double", "doubles", ""), ("doubles", "double", "double"), ("doubles", "doubles", ""),
    ("doubles", "doubles", "doubles"), ("ints", "int", "float"), ("double", "ints", "doubles"), ("int", "float", "int"),
]  # fmt: skip


@pytest.mark.parametrize("types", TYPES)
def test_predictions(types):
    reference, compiled = engines(*types)
    r = random.Random(str(types))
    close = 0
    for n in (1, 2, 3, 8, 20):
        for _ in range(4):
            features, outputs = r.randrange(1, 4), r.randrange(1, 4)
            rows = table(r, types, n, features, outputs)
            if types[0] == "doubles":
                rows = [{**row, "x": [*row["x"], 0.1]} for row in rows]  # a column that does not vary
            if r.random() < 0.3:
                rows = [{**row, "to": rows[0]["to"]} for row in rows]
            x = of(types[0], lambda n=n: r.uniform(-1, n), features + (types[0] == "doubles"))
            weight = r.choice([None, {"double": 0.5}])
            want, got = outcome(reference, x, rows, weight), outcome(compiled, x, rows, weight)
            assert got == pytest.approx(want, rel=1e-9, abs=1e-9, nan_ok=True), f"{x} {rows} {weight}"
            close += want != 31088
    assert close >= 15


@pytest.mark.parametrize("types", [("doubles", "doubles", "doubles"), ("double", "double", "double")])
def test_errors(types):
    reference, compiled = engines(*types)
    r = random.Random(3)
    seen = set()
    many = types[0] == "doubles"
    for _ in range(300):
        rows = table(r, types, r.randrange(4), 2, 2)
        if rows and r.random() < 0.8:
            row, name = r.choice(rows), r.choice(["x", "to", "sigma"])
            wrong = r.choice([math.nan, math.inf])
            row[name] = r.choice([[], row[name][:1], [wrong, 1.0]]) if many else wrong
        x = r.choice([1.0, math.nan])
        x = r.choice([[], [x], [x, 1.0]]) if many else x
        weight = r.choice([None, {"double": math.inf}, {"double": 1.0}])
        want, got = outcome(reference, x, rows, weight), outcome(compiled, x, rows, weight)
        assert got == pytest.approx(want, rel=1e-6, nan_ok=True), f"{x} {rows} {weight}"
        seen.add(want if isinstance(want, int) else 0)
    assert seen >= ({31080, 31081, 31082, 31083, 31084, 31085, 31086, 31087} if many else {31080, 31085, 31086, 31087})


ROW = {
    "type": "record", "name": "Row",
    "fields": [{"name": n, "type": t} for n, t in (("x", NUMBERS), ("to", NUMBERS), ("sigma", NUMBERS))],
}  # fmt: skip
TABLE = {"type": "array", "items": ROW}
RBF = {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}
PAIR = [{"p": NUMBERS}, {"q": NUMBERS}]
WIDTH = {"params": PAIR, "ret": "double", "do": {"m.kernel.rbf": ["p", "q", {"cell": "width"}]}}
OWN = {"params": PAIR, "ret": "double", "do": {"m.kernel.rbf": ["p", "q", "first"]}}


def fitted(kernel, model):
    """A document that predicts, and stores a text that is garbage soon."""
    r = random.Random(7)
    first = table(r, ("doubles", "doubles", "doubles"), 12, 2, 2)
    point = {"type": NUMBERS, "new": ["input", 0.5]}
    cells = {
        "model": {"type": TABLE, "init": first}, "width": {"type": "double", "init": 0.5},
        "text": {"type": "string", "init": ""},
    }  # fmt: skip
    given = {"cell": "model"} if model == "cell" else {"type": TABLE, "value": first}
    predict = {"model.reg.gaussianProcess": [point, given, None, kernel]}
    text = {"cell": "text", "to": {"s.repeat": [{"string": "x"}, 100_000]}}
    fcns = {"set": {"params": [{"t": TABLE}, {"w": "double"}], "ret": "null", "do": [
        {"cell": "model", "to": "t"}, {"cell": "width", "to": "w"}, None,
    ]}, "covariance": COVARIANCE}  # fmt: skip
    action = [{"let": {"first": {"+": [{"m.abs": ["input"]}, 0.25]}}}, text, predict]
    return {"input": "double", "output": NUMBERS, "action": action, "cells": cells, "fcns": fcns}, first


@pytest.mark.parametrize("model", ["cell", "constant"])
@pytest.mark.parametrize(
    "kernel", [RBF, {"fcn": "u.covariance"}, WIDTH, OWN], ids=["of the library", "of the document", "cell", "captured"]
)
def test_a_fit_that_is_kept(kernel, model):
    """It is that of the table and the kernel of now; collections of garbage come between."""
    document, first = fitted(kernel, model)
    both = [pfa.loads(document, backend="python"), pfa.loads(document, backend="numba", escape=False)]
    second = [{**row, "to": [x * 2 + 1 for x in row["to"]]} for row in first]
    for round_, rows in enumerate([first, second, first]):
        for engine in both:
            engine.call("set", rows, 0.5 + round_)
        for i in range(25):
            expected, got = (engine.action(i / 3) for engine in both)
            assert got == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("model", ["cell", "constant"])
def test_a_fit_that_is_kept_is_made_once(model):
    """A hundred predictions in the steps of ten fits."""
    document, _ = fitted(RBF, model)
    rows = table(random.Random(1), ("doubles", "doubles", "doubles"), 60, 2, 1)
    document["cells"]["model"]["init"] = rows
    predict = document["action"][-1]["model.reg.gaussianProcess"]
    if model == "constant":
        predict[1] = {"type": TABLE, "value": rows}
    loop = {"for": {"i": 0}, "while": {"<": ["i", 100]}, "step": {"i": {"+": ["i", 1]}}, "do": document["action"][-1]}
    document["action"] = [loop, document["action"][-1]]
    for kernel, enough in ((RBF, True), (WIDTH, False)):
        predict[3] = kernel
        engine = pfa.loads(document, backend="numba", escape=False, limits=pfa.Limits(steps=100_000))
        if enough:
            engine.action(0.5)
        else:
            with pytest.raises(pfa.PfaLimitError, match="steps"):
                engine.action(0.5)
