"""stat.sample.*, la.* and stat.test.* against NumPy and SciPy: what the official suite does not look at."""

import math
import random
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

import pfa

DOUBLES = {"type": "array", "items": "double"}
MATRIX = {"type": "array", "items": DOUBLES}
DOUBLE_MAP = {"type": "map", "values": "double"}
MATRIX_MAP = {"type": "map", "values": DOUBLE_MAP}
RNG = random.Random(11)
WEIGHTED = [(RNG.gauss(5.0, 2.0), RNG.choice((0.5, 1.0, 2.0))) for _ in range(40)]


def record(name, **fields):
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


def function(name, output, *inputs):
    """A function of the library as an engine: called with a list of arguments."""
    fields = {f"a{i}": t for i, t in enumerate(inputs)}
    engine = pfa.loads(
        {
            "input": record("Arguments", **fields),
            "output": output,
            "action": {name: [f"input.{f}" for f in fields]},
        }
    )
    return lambda *args: engine.action(dict(zip(fields, args, strict=True)))


def moments(points):
    x, w = np.array(points).T
    mean = np.average(x, weights=w)
    return {"count": w.sum(), "mean": mean, "variance": np.average((x - mean) ** 2, weights=w)}


def test_mean_and_variance():
    sample = record("Sample", count="double", mean="double", variance="double", label="string")
    update = function("stat.sample.update", "Sample", "double", "double", sample)
    state = {"count": 0.0, "mean": 0.0, "variance": 0.0, "label": "kept"}
    for i, (x, w) in enumerate(WEIGHTED, 1):
        state = update(x, w, state)
        assert state.pop("label") == "kept"
        assert state == pytest.approx(moments(WEIGHTED[:i]), abs=1e-12)
        state["label"] = "kept"


def test_mean_and_variance_of_a_window():
    sample = record("Sample", x="double", w="double", count="double", mean="double", variance="double")
    window = {"type": "array", "items": "Sample"}
    update = function(
        "stat.sample.updateWindow", window, "double", "double", {"type": "array", "items": sample}, "int"
    )
    state = []
    for i, (x, w) in enumerate(WEIGHTED, 1):
        state = update(x, w, state, 7)
        assert [(s["x"], s["w"]) for s in state] == WEIGHTED[max(i - 7, 0) : i]
        last = {name: state[-1][name] for name in ("count", "mean", "variance")}
        assert last == pytest.approx(moments(WEIGHTED[max(i - 7, 0) : i]), abs=1e-9)


def test_integers_in_a_state_stay_integers():
    update = function(
        "stat.sample.update", "Counter", "double", "double", record("Counter", count="int", mean="float")
    )
    assert update(5.0, 1.0, {"count": 2, "mean": 0.5}) == {"count": 3, "mean": 2.0}


def test_covariance_of_arrays():
    sample = record("Sample", count="double", mean=DOUBLES, covariance=MATRIX)
    update = function("stat.sample.updateCovariance", "Sample", DOUBLES, "double", sample)
    points = [[RNG.gauss(0, 1), RNG.gauss(3, 2), RNG.random()] for _ in range(20)]
    weights = [w for _, w in WEIGHTED[:20]]
    state = {"count": 0.0, "mean": [0.0] * 3, "covariance": [[0.0] * 3 for _ in range(3)]}
    for point, w in zip(points, weights, strict=True):
        state = update(point, w, state)
    assert state["mean"] == pytest.approx(np.average(points, axis=0, weights=weights))
    wanted = np.cov(np.transpose(points), aweights=weights, ddof=0)
    assert np.array(state["covariance"]) == pytest.approx(wanted)


def test_covariance_of_maps_without_gaps_is_that_of_arrays():
    sample = record("Sample", count=MATRIX_MAP, mean=DOUBLE_MAP, covariance=MATRIX_MAP)
    update = function("stat.sample.updateCovariance", "Sample", DOUBLE_MAP, "double", sample)
    points = [[RNG.gauss(0, 1), RNG.gauss(3, 2)] for _ in range(20)]
    state = {"count": {}, "mean": {}, "covariance": {}}
    for point in points:
        state = update(dict(zip("ab", point, strict=True)), 1.0, state)
    found = [[state["covariance"][i][j] for j in "ab"] for i in "ab"]
    assert np.array(found) == pytest.approx(np.cov(np.transpose(points), ddof=0))
    state = update({"a": 1.0, "c": 2.0}, 1.0, state)
    assert state["count"]["a"] == {"a": 21.0, "b": 20.0, "c": 1.0}
    assert state["covariance"]["b"]["a"] == found[1][0]


def test_kolmogorov_is_near_the_exact_probability():
    kolmogorov = function("stat.test.kolmogorov", "double", DOUBLES, DOUBLES)
    for shift in (0.0, 0.3, 0.6, 1.0):
        x = [RNG.gauss(0, 1) for _ in range(60)] + [1.0, 1.0, math.nan]
        y = [RNG.gauss(shift, 1) for _ in range(80)] + [1.0]
        exact = stats.ks_2samp(x[:-1], y).pvalue
        assert kolmogorov(x, y) == pytest.approx(exact, abs=0.03)


def leibniz(matrix):
    total = Fraction(0)
    for order in permutations(range(len(matrix))):
        inversions = sum(a > b for i, a in enumerate(order) for b in order[i:])
        product = Fraction(-1 if inversions % 2 else 1)
        for i, j in enumerate(order):
            product *= Fraction(matrix[i][j])
        total += product
    return float(total)


def test_small_determinants_are_exact():
    det = function("la.det", "double", MATRIX)
    for n in (1, 2, 3, 4, 5):
        for _ in range(10):
            plain = [[RNG.gauss(0, 1) for _ in range(n)] for _ in range(n)]
            wild = [[RNG.choice((0.0, 1.0, v, 1e-200, 1e60)) for v in row] for row in plain]
            assert det(plain) == leibniz(plain)
            assert det(wild) == leibniz(wild)
    big = [[RNG.gauss(0, 1) for _ in range(20)] for _ in range(20)]
    assert det(big) == pytest.approx(np.linalg.det(np.array(big)))


def test_products_go_from_left_to_right():
    dot = function("la.dot", MATRIX, MATRIX, MATRIX)
    for n in (3, 40):
        x, y = ([[RNG.gauss(0, 1) for _ in range(n)] for _ in range(n)] for _ in range(2))
        wanted = []
        for row in x:
            wanted.append([])
            for j in range(n):
                total = 0.0
                for k in range(n):
                    total += row[k] * y[k][j]
                wanted[-1].append(total)
        assert dot(x, y) == wanted


@pytest.mark.parametrize("shape", [(3, 3), (12, 12), (3, 5), (9, 4)])
def test_inverses(shape):
    inverse = function("la.inverse", MATRIX, MATRIX)
    matrix = [[RNG.gauss(0, 1) for _ in range(shape[1])] for _ in range(shape[0])]
    assert np.array(inverse(matrix)) == pytest.approx(np.linalg.pinv(np.array(matrix)))


def test_a_singular_matrix_has_no_inverse():
    inverse = function("la.inverse", MATRIX, MATRIX)
    for n in (2, 10):
        assert all(math.isnan(v) for row in inverse([[1.0] * n] * n) for v in row)


def test_the_eigenbasis_makes_data_white():
    basis = function("la.eigenBasis", MATRIX, MATRIX)
    mixing = np.array([[RNG.gauss(0, 1) for _ in range(4)] for _ in range(4)])
    covariance = mixing @ mixing.T
    rows = np.array(basis(covariance.tolist()))
    assert rows @ covariance @ rows.T == pytest.approx(np.eye(4), abs=1e-9)
    assert (rows[:, 0] > 0).all()
    assert sorted(np.linalg.norm(rows, axis=1)) == list(np.linalg.norm(rows, axis=1))


def test_a_histogram_cannot_grow_without_end():
    growing = record("Growing", low="double", binsize="double", values=DOUBLES)
    fill = function("stat.sample.fillHistogram", "Growing", "double", "double", growing)
    with pytest.raises(pfa.PfaError):
        fill(1e300, 1.0, {"low": 0.0, "binsize": 1.0, "values": [0.0]})
