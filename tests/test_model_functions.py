"""The namespaces model.*: neighbours against sorting, fits against their formulas."""

import math
import random
from itertools import pairwise

import numpy as np
import pytest

from pfa.errors import PfaLimitError
from pfa.lib.model import neighbor, neural
from pfa.lib.model.codebook import Codebook
from pfa.lib.model.dense import Matrix
from pfa.lib.model.distance import by_distance, euclidean, row_times
from pfa.types import (
    DOUBLE,
    INT,
    NULL,
    STRING,
    Array,
    Function,
    Map,
    Union,
)
from tests.call_sites import Call, record

VECTOR = Array(DOUBLE)

# ---- neighbours --------------------------------------------------------------------------------------------


def vectors(rng, size, dimensions, style):
    """Vectors: with ties, or not, or with some that are not finite."""
    one = rng.random if style == "random" else lambda: float(rng.randint(0, 3))
    out = [[one() for _ in range(dimensions)] for _ in range(size)]
    if style == "not finite":
        out[3][0], out[7][-1] = math.nan, math.inf
    return out


@pytest.mark.parametrize("style", ["random", "ties", "not finite"])
@pytest.mark.parametrize(("size", "dimensions"), [(40, 1), (300, 2), (500, 5), (1500, 3), (1200, 8)])
def test_columns_find_what_sorting_finds(size, dimensions, style, monkeypatch):
    monkeypatch.setattr("pfa.lib.model.codebook.TREE_FROM", 1000)
    rng = random.Random(f"{size} {style}")
    codebook = vectors(rng, size, dimensions, style)
    columns = Codebook(codebook, keep=True)
    assert (columns.tree is not None) == (size >= 1000 and style != "not finite")
    for _ in range(4):
        point = vectors(rng, 10, dimensions, style)[rng.randint(0, 9)]
        distances = [euclidean(point, v) for v in codebook]
        order = by_distance(distances)
        for k in (0, 1, 5, size // 10, size, size + 5):
            assert columns.nearest(k, point) == order[:k]
        for r in (-1.0, 0.0, 0.3, 1.0, 2.0, math.inf, math.nan):
            assert columns.ball(r, point) == [i for i, d in enumerate(distances) if d < r]


@pytest.mark.parametrize("size", [10, 40, 200])
def test_nearest_k_is_the_same_in_every_call(size):
    rng = random.Random(size)
    codebook = vectors(rng, size, 3, "ties")
    nearest, ball = Call("model.neighbor.nearestK", INT, VECTOR, Array(VECTOR)), None
    ball = Call("model.neighbor.ballR", DOUBLE, VECTOR, Array(VECTOR))
    for point in vectors(rng, 5, 3, "random"):
        distances = [euclidean(point, v) for v in codebook]
        want = [codebook[i] for i in by_distance(distances)[:4]]
        near = [v for v, d in zip(codebook, distances, strict=True) if d < 1.2]
        for _ in range(3):
            assert nearest(4, point, codebook) == want
            assert ball(1.2, point, codebook) == near
            assert nearest(4, point, list(codebook)) == want  # one that comes with the input
    assert (id(codebook) in nearest.site.cache) == (size >= neighbor.COLUMNS_FROM)


def test_sizes_that_differ():
    codebook = [[float(i)] * 2 for i in range(200)]
    nearest = Call("model.neighbor.nearestK", INT, VECTOR, Array(VECTOR))
    ball = Call("model.neighbor.ballR", DOUBLE, VECTOR, Array(VECTOR))
    for _ in range(3):
        assert nearest.error(1, [0.0], codebook) == 30011
        assert nearest.error(1, [0.0, 0.0], [*codebook, [1.0]]) == 30011
        assert nearest.error(0, [0.0], codebook) == 30011
        assert ball(1.5, [0.0], codebook) == codebook[:2]
        assert ball(1.5, [0.0, 0.0, 9.0], codebook) == codebook[:2]
        assert ball(1.5, [0.0], [*codebook, []]) == [*codebook[:2], []]
        assert nearest(1, [0.0], []) == []


def test_vectors_that_are_one_list_many_times_do_not_become_a_matrix(monkeypatch):
    monkeypatch.setattr(neighbor, "NUMBERS", 1000)
    codebook = [[0.0] * 100] * 50
    nearest = Call("model.neighbor.nearestK", INT, VECTOR, Array(VECTOR), budget=20_000)
    for _ in range(3):
        assert nearest(1, [1.0] * 100, codebook) == [codebook[0]]
    with pytest.raises(PfaLimitError):
        nearest(1, [1.0] * 100, codebook)


def test_a_metric_decides_and_ties_keep_their_order():
    metric = Function((INT, INT), DOUBLE)
    nearest = Call("model.neighbor.nearestK", INT, INT, Array(INT), metric)
    assert nearest(3, 5, [1, 9, 5, 2], lambda x, y: float(abs(x - y))) == [5, 2, 1]
    assert nearest(9, 5, [1, 9, 4, 6], lambda x, y: math.nan if y == 1 else 1.0) == [9, 4, 6, 1]
    ball = Call("model.neighbor.ballR", DOUBLE, INT, Array(INT), metric)
    assert ball(4.0, 5, [1, 9, 5, 2], lambda x, y: float(abs(x - y))) == [5, 2]


def test_mean_of_neighbours():
    points = [[1.0, 2.0], [3.0, 6.0], [5.0, 1.0]]
    assert Call("model.neighbor.mean", Array(VECTOR))(points) == [3.0, 3.0]
    weighted = Call("model.neighbor.mean", Array(VECTOR), Function((VECTOR,), DOUBLE))
    assert weighted(points, lambda p: p[1]) == pytest.approx([25 / 9, 41 / 9])
    assert all(map(math.isnan, weighted(points, lambda p: 0.0)))


# ---- clusters ----------------------------------------------------------------------------------------------

CLUSTER = record("Cluster", center=VECTOR, id=STRING)


def clusters(*centers):
    return [{"center": center, "id": f"c{i}"} for i, center in enumerate(centers)]


def test_k_means_comes_to_rest():
    rng = random.Random(5)
    middles = [(0.0, 0.0), (5.0, 5.0), (0.0, 5.0)]
    data = [[rng.gauss(x, 0.3), rng.gauss(y, 0.3)] for x, y in middles for _ in range(50)]
    iterate = Call(
        "model.cluster.kmeansIteration", Array(VECTOR), Array(CLUSTER), Function((VECTOR, VECTOR), DOUBLE),
        Function((Array(VECTOR), CLUSTER), CLUSTER),
    )  # fmt: skip
    update = Call("model.cluster.updateMean", Array(VECTOR), CLUSTER, DOUBLE)
    found = clusters([1.0, 1.0], [4.0, 4.0], [1.0, 4.0])
    for _ in range(10):
        found = iterate(data, found, euclidean, lambda near, old: update(near, old, 0.0))
    assert found == iterate(data, found, euclidean, lambda near, old: update(near, old, 0.0))
    for cluster, middle in zip(found, middles, strict=True):
        assert euclidean(cluster["center"], list(middle)) < 0.2


def test_a_cluster_without_data_stays():
    iterate = Call(
        "model.cluster.kmeansIteration", Array(VECTOR), Array(CLUSTER), Function((VECTOR, VECTOR), DOUBLE),
        Function((Array(VECTOR), CLUSTER), CLUSTER),
    )  # fmt: skip
    seen = []

    def update(near, old):
        seen.append((near, old["id"]))
        return old

    far = clusters([0.0], [100.0], [0.0])
    assert iterate([[1.0], [2.0]], far, euclidean, update) == far
    assert seen == [([[1.0], [2.0]], "c0")]  # the first of two that are as close


def test_update_mean_keeps_the_other_fields_and_the_type():
    update = Call("model.cluster.updateMean", Array(VECTOR), CLUSTER, DOUBLE)
    old = {"center": [1.0, 1.0], "id": "a"}
    assert update([[3.0, 5.0]], old, 1.0) == {"center": [2.0, 3.0], "id": "a"}
    assert old == {"center": [1.0, 1.0], "id": "a"}
    whole = Call("model.cluster.updateMean", Array(VECTOR), record("C", center=Array(INT)), DOUBLE)
    assert repr(whole([[3.5], [4.0]], {"center": [1]}, 0.0)) == "{'center': [3]}"


def test_closest():
    three = clusters([0.0, 0.0], [1.0, 1.0], [2.0, 2.0])
    closest = Call("model.cluster.closest", VECTOR, Array(CLUSTER))
    closest_n = Call("model.cluster.closestN", INT, VECTOR, Array(CLUSTER))
    assert closest([1.2, 1.2], three)["id"] == "c1"
    assert closest([1.5, 1.5], three)["id"] == "c1"  # the first of two
    assert [c["id"] for c in closest_n(2, [1.4, 1.4], three)] == ["c1", "c2"]
    assert closest_n(0, [1.4, 1.4], three) == []
    assert closest([math.nan, 0.0], three)["id"] == "c0"


def test_random_seeds_are_of_different_vectors_and_every_one_comes():
    matrix = Array(VECTOR)
    seeds = Call("model.cluster.randomSeeds", matrix, INT, Function((INT, VECTOR), CLUSTER))
    data = [[1.0, 0.0], [1.0, -0.0], [2.0, math.nan], [2.0, math.nan], [3.0, 0.0]] * 3
    firsts = set()
    for _ in range(60):
        found = seeds(data, 3, lambda i, v: {"center": v, "id": str(i)})
        assert [c["id"] for c in found] == ["0", "1", "2"]
        assert {c["center"][0] for c in found} == {1.0, 2.0, 3.0}
        firsts.add(found[0]["center"][0])
    assert firsts == {1.0, 2.0, 3.0}
    assert seeds.error(data, 4, lambda i, v: None) == 29021


# ---- layers, support vectors, naive Bayes ------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(1, 400), (400, 1), (20, 20), (3, 7)])
def test_a_matrix_sums_as_a_loop_does(height, width):
    rng = random.Random(height)
    rows = [[rng.gauss(0, 1) for _ in range(width)] for _ in range(height)]
    x, bias = [rng.gauss(0, 1) for _ in range(width)], [rng.gauss(0, 1) for _ in range(height)]
    want = [row_times(row, x) + b for row, b in zip(rows, bias, strict=True)]
    assert Matrix(rows).times(x, bias) == want
    extreme = [[1e308, 1e308], [math.inf, -math.inf], [-0.0, -0.0]]
    assert repr(Matrix(extreme).times([1.0, 1.0], [0.0, 0.0, -0.0])) == "[inf, nan, 0.0]"


LAYER = record("Layer", weights=Array(VECTOR), bias=VECTOR)


def test_layers_of_every_size_are_the_same_in_every_call():
    rng = random.Random(1)
    sizes = [6, 60, 50, 2]
    model = [
        {"weights": [[rng.gauss(0, 0.5) for _ in range(n)] for _ in range(m)], "bias": [rng.gauss(0, 1)] * m}
        for n, m in pairwise(sizes)
    ]
    apply = Call("model.neural.simpleLayers", VECTOR, Array(LAYER), Function((DOUBLE,), DOUBLE))
    x = [rng.gauss(0, 1) for _ in range(6)]
    want = x
    for i, layer in enumerate(model):
        want = list(map(math.tanh, want)) if i else want
        want = [row_times(r, want) + b for r, b in zip(layer["weights"], layer["bias"], strict=True)]
    assert [apply(x, model, math.tanh) for _ in range(4)] == [want] * 4
    kept = [layer for layer in model if id(layer["weights"]) in apply.site.cache]
    assert kept == [
        layer for layer in model if len(layer["weights"]) * len(layer["weights"][0]) >= neural.MATRIX_FROM
    ]
    assert apply.error(x[:5], model, math.tanh) == 11001
    assert apply.error(x, [model[0], model[2]], math.tanh) == 11001


def test_layers_of_ints_give_doubles():
    layer = record("L", weights=Array(Array(INT)), bias=Array(INT))
    apply = Call("model.neural.simpleLayers", VECTOR, Array(layer), Function((DOUBLE,), DOUBLE))
    assert repr(apply([], [{"weights": [[]], "bias": [3]}], float)) == "[3.0]"


def test_naive_bayes_against_the_densities():
    gaussian = Call("model.naive.gaussian", VECTOR, Array(record("M", mean=DOUBLE, variance=DOUBLE)))
    model = [{"mean": 1.0, "variance": 4.0}, {"mean": -2.0, "variance": 0.25}]
    want = sum(
        math.log(
            math.exp(-((x - m["mean"]) ** 2) / 2 / m["variance"]) / math.sqrt(2 * math.pi * m["variance"])
        )
        for x, m in zip([0.5, -1.0], model, strict=True)
    )
    assert gaussian([0.5, -1.0], model) == pytest.approx(want)
    multinomial = Call("model.naive.multinomial", Map(DOUBLE), Map(DOUBLE))
    want = 2 * math.log(0.2) + 3 * math.log(0.8)
    assert multinomial({"a": 2.0, "b": 3.0}, {"b": 8.0, "a": 2.0}) == pytest.approx(want)
    bernoulli = Call("model.naive.bernoulli", Array(STRING), Map(DOUBLE))
    want = math.log(0.2) + math.log(1 - 0.3)
    assert bernoulli(["a", "a", "unknown"], {"a": 0.2, "b": 0.3}) == pytest.approx(want)
    assert multinomial.error({"a": 1.0}, {"a": math.nan}) == 10011
    assert bernoulli.error([], {"a": math.nan}) == 10020


# ---- regression --------------------------------------------------------------------------------------------

MATRIX = Array(VECTOR)


def test_linear_models_of_ints_give_doubles():
    linear = Call("model.reg.linear", VECTOR, record("M", coeff=Array(INT), const=INT))
    assert repr(linear([], {"coeff": [], "const": 3})) == "3.0"
    sparse = Call("model.reg.linear", Map(DOUBLE), record("M", coeff=Map(Map(INT)), const=Map(INT)))
    assert repr(sparse({}, {"coeff": {"a": {}}, "const": {"b": 2}})) == "{'a': 0.0, 'b': 2.0}"


def test_variances_of_arrays_and_maps_agree():
    rng = random.Random(2)
    names = ["x", "y", ""]
    covar = [[rng.gauss(0, 1) for _ in names] for _ in names]
    as_map = {a: {b: covar[i][j] for j, b in enumerate(names)} for i, a in enumerate(names)}
    dense = Call("model.reg.linearVariance", VECTOR, record("M", covar=MATRIX))
    sparse = Call("model.reg.linearVariance", Map(DOUBLE), record("M", covar=Map(Map(DOUBLE))))
    want = np.array([2.0, 3.0, 1.0]) @ np.array(covar) @ np.array([2.0, 3.0, 1.0])
    assert dense([2.0, 3.0], {"covar": covar}) == pytest.approx(want)
    assert sparse({"x": 2.0, "y": 3.0}, {"covar": as_map}) == pytest.approx(want)


def rbf(a, b):
    return math.exp(-0.5 * euclidean(a, b) ** 2)


def kriged(x, table, beta):
    """Prediction by the formulas of universal Kriging, for positions in one dimension."""
    xs, ys = (np.array([row[k] for row in table]) for k in ("x", "to"))
    at, z = (x - xs.mean()) / xs.std(), (xs - xs.mean()) / xs.std()
    y = (ys - ys.mean()) / ys.std()
    covariance = np.array([[rbf([a], [b]) for a in z] for b in z])
    np.fill_diagonal(covariance, [1 + (row["sigma"] / row["to"]) ** 2 for row in table])
    inverse, ones = np.linalg.inv(covariance), np.ones(len(z))
    if beta is None:
        beta = (ones @ inverse @ y) / (ones @ inverse @ ones)
    near = np.array([rbf([at], [b]) for b in z])
    return ys.mean() + ys.std() * (beta + near @ inverse @ (y - beta))


@pytest.mark.parametrize("weight", [None, 0.0, 0.5])
def test_gaussian_process_against_the_formulas(weight):
    rng = random.Random(4)
    table = [{"x": x / 3, "to": math.sin(x / 3) + 2.0, "sigma": 0.1 + 0.05 * rng.random()} for x in range(12)]
    row = record("Row", x=DOUBLE, to=DOUBLE, sigma=DOUBLE)
    predict = Call(
        "model.reg.gaussianProcess",
        DOUBLE,
        Array(row),
        Union((NULL, DOUBLE)),
        Function((VECTOR, VECTOR), DOUBLE),
    )
    for x in (-1.0, 0.4, 2.0, 3.9):
        assert predict(x, table, weight, rbf) == pytest.approx(kriged(x, table, weight), rel=1e-9)


def test_gaussian_process_goes_through_points_without_uncertainty():
    table = [{"x": [float(x), float(x * x)], "to": [math.sin(x), x]} for x in range(5)]
    row = record("Row", x=VECTOR, to=Array(INT))
    predict = Call(
        "model.reg.gaussianProcess",
        VECTOR,
        Array(row),
        Union((NULL, DOUBLE)),
        Function((VECTOR, VECTOR), DOUBLE),
    )
    for point in table:
        assert predict(point["x"], table, None, rbf) == pytest.approx(point["to"], abs=1e-9)


def test_gaussian_process_of_a_table_that_does_not_vary():
    row = record("Row", x=DOUBLE, to=DOUBLE)
    predict = Call(
        "model.reg.gaussianProcess",
        DOUBLE,
        Array(row),
        Union((NULL, DOUBLE)),
        Function((VECTOR, VECTOR), DOUBLE),
    )
    assert predict(7.0, [{"x": 1.0, "to": 5.0}], None, rbf) == pytest.approx(5.0)


def test_a_fit_is_kept_for_a_kernel_that_is_marked_steady():
    calls = []

    def kernel(a, b):
        calls.append(1)
        return rbf(a, b)

    table = [{"x": float(x), "to": float(x % 3)} for x in range(8)]
    row = record("Row", x=DOUBLE, to=DOUBLE)
    predict = Call(
        "model.reg.gaussianProcess",
        DOUBLE,
        Array(row),
        Union((NULL, DOUBLE)),
        Function((VECTOR, VECTOR), DOUBLE),
    )

    def count(f):
        calls.clear()
        result = predict(2.5, table, 0.5, f)
        return len(calls), result

    whole = 8 + 8 * 7 // 2
    assert [count(kernel)[0] for _ in range(3)] == [whole] * 3
    want = count(kernel)[1]
    kernel.steady = True
    assert [count(kernel) for _ in range(4)] == [(whole, want)] * 2 + [(8, want)] * 2
    assert predict.error(math.nan, table, 0.5, kernel) == 31085
    assert predict.error(2.5, table, math.inf, kernel) == 31087
    assert count(lambda a, b: kernel(a, b))[0] == whole  # another kernel


def test_chi_square_of_pulls():
    state = record("State", chi2=DOUBLE, DOF=INT)
    update = Call("model.reg.updateChi2", VECTOR, state)
    pulls = [0.5, -2.0, 1.0]
    after = update(pulls, {"chi2": 0.0, "DOF": 0})
    assert after == {"chi2": 5.25, "DOF": 3}
    assert Call("model.reg.reducedChi2", state)(after) == 1.75
    prob = Call("model.reg.chi2Prob", state)
    assert prob({"chi2": 2 * math.log(2), "DOF": 2}) == pytest.approx(0.5)
    assert [prob({"chi2": x, "DOF": 0}) for x in (-1.0, 0.0, 1.0)] == [0.0, 0.0, 1.0]
    assert math.isnan(Call("model.reg.reducedChi2", state)({"chi2": 0.0, "DOF": 0}))


def test_mahalanobis_of_arrays_and_maps_agree():
    rng = random.Random(6)
    root = np.array([[rng.gauss(0, 1) for _ in range(4)] for _ in range(4)])
    covar = root @ root.T
    o, p = ([rng.gauss(0, 1) for _ in range(4)] for _ in range(2))
    want = math.sqrt((np.array(o) - p) @ np.linalg.inv(covar) @ (np.array(o) - p))
    dense = Call("model.reg.mahalanobis", VECTOR, VECTOR, MATRIX)
    assert dense(o, p, covar.tolist()) == pytest.approx(want)
    assert math.isnan(dense([1.0, 2.0], [0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]]))
    named = Call("model.reg.mahalanobis", Map(DOUBLE), Map(DOUBLE), Map(Map(DOUBLE)))
    keys = "dacb"
    as_map = {keys[i]: {keys[j]: covar[i][j] for j in range(4)} for i in reversed(range(4))}
    assert named(dict(zip(keys, o, strict=True)), dict(zip(keys, p, strict=True)), as_map) == pytest.approx(
        want
    )
    assert named.error({"a": 1.0}, {"b": 1.0}, {"a": {"a": 1.0}}) == 31041
    assert named.error({"a": 1.0}, {"a": 1.0}, {"a": {"b": 1.0}}) == 31042
