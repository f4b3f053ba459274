"""Functions of the namespace model.cluster: k-means and its relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.model.distance import by_distance, euclidean
from pfa.lib.model.widening import narrowing
from pfa.lib.primitives import divide
from pfa.lib.rand import Rng, distinct
from pfa.lib.sameness import hashes
from pfa.types import Array, Record, Type

Vector: TypeAlias = list[float]
Cluster: TypeAlias = dict[str, Any]
Metric: TypeAlias = Callable[[Any, Any], float]


@define(
    "model.cluster.closest",
    "(datum: array(double), clusters: array(any record C with {center: array(double)})) -> C",
    "(datum: any A, clusters: array(any record C with {center: any B}), metric: fcn(A, B) -> double) -> C",
    errors={"no clusters": 29000},
)
def closest(
    datum: Any, clusters: list[Cluster], metric: Metric | None = None, *, charge: Charge, fail: Fail
) -> Cluster:
    """Return the cluster whose `center` is closest to `datum`: the first of those that are.

    metric: called with the datum and each center; without it the distance is Euclidean.

    model.cluster.closest([1.2, 1.1], {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}, {"name": "id", "type": "string"}]}}, "value": [{"center": [1.0, 1.0], "id": "near"}, {"center": [5.0, 5.0], "id": "far"}]}) -> {"center": [1.0, 1.0], "id": "near"}
    model.cluster.closest(3, {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": "int"}]}}, "value": [{"center": 1}, {"center": 4}]}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "double", "do": {"m.abs": {"-": ["x", "y"]}}}) -> {"center": 4}
    model.cluster.closest([1.2, 1.1], {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}}, "value": []}) -> error 29000
    """
    if not clusters:
        return fail("no clusters")
    return clusters[_closest(datum, clusters, metric, charge)]


@define(
    "model.cluster.closestN",
    "(n: int, datum: array(double), clusters: array(any record C with {center: array(double)})) -> array(C)",
    "(n: int, datum: any A, clusters: array(any record C with {center: any B}), metric: fcn(A, B) -> double) -> array(C)",
    errors={"n must be nonnegative": 29010},
)
def closest_n(
    n: int, datum: Any, clusters: list[Cluster], metric: Metric | None = None, *, charge: Charge, fail: Fail
) -> list[Cluster]:
    """Return the `n` clusters whose `center` is closest to `datum`, the closest first; all if there are fewer.

    metric: called with the datum and each center; without it the distance is Euclidean.

    model.cluster.closestN(2, [1.2, 1.1], {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}}, "value": [{"center": [5.0, 5.0]}, {"center": [1.0, 1.0]}, {"center": [2.0, 2.0]}]}) -> [{"center": [1.0, 1.0]}, {"center": [2.0, 2.0]}]
    model.cluster.closestN(1, 3, {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": "int"}]}}, "value": [{"center": 1}, {"center": 4}]}, {"params": [{"x": "int"}, {"y": "int"}], "ret": "double", "do": {"m.abs": {"-": ["x", "y"]}}}) -> [{"center": 4}]
    model.cluster.closestN(-1, [1.2, 1.1], {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}}, "value": []}) -> error 29010
    """
    if n < 0:
        return fail("n must be nonnegative")
    distances = _distances(datum, clusters, metric, charge)
    return [clusters[i] for i in by_distance(distances)[:n]]


@define(
    "model.cluster.randomSeeds",
    "(data: array(array(any A)), k: int, newCluster: fcn(int, array(A)) -> any record C with {center: array(any B)}) -> array(C)",
    errors={
        "k must be greater than zero": 29020,
        "not enough unique points": 29021,
        "dimensions of vectors do not match": 29022,
    },
    nondeterministic="pseudorandom",
    random=True,
    cost="len(data)",
)
def random_seeds(
    data: list[list[Any]],
    k: int,
    newCluster: Callable[[int, Any], Cluster],
    *,
    site: Site,
    charge: Charge,
    rng: Rng,
    fail: Fail,
) -> list[Cluster]:
    """Return `k` clusters, made by `newCluster` from random vectors of `data` that are different from each other.

    newCluster: called with an index, from 0 to below `k`, and a vector.

    model.cluster.randomSeeds([[1.0, 2.0], [1.0, 2.0]], 1, {"params": [{"i": "int"}, {"v": {"type": "array", "items": "double"}}], "ret": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}, "do": {"type": "Cluster", "new": {"center": "v"}}}) -> [{"center": [1.0, 2.0]}]
    model.cluster.randomSeeds([[1.0, 2.0], [3.0, 4.0]], 2, {"params": [{"i": "int"}, {"v": {"type": "array", "items": "double"}}], "ret": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}, "do": {"type": "Cluster", "new": {"center": "v"}}}) -> any
    model.cluster.randomSeeds([[1.0, 2.0]], 0, {"params": [{"i": "int"}, {"v": {"type": "array", "items": "double"}}], "ret": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}, "do": {"type": "Cluster", "new": {"center": "v"}}}) -> error 29020
    model.cluster.randomSeeds([[1.0, 2.0], [1.0, 2.0]], 2, {"params": [{"i": "int"}, {"v": {"type": "array", "items": "double"}}], "ret": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}, "do": {"type": "Cluster", "new": {"center": "v"}}}) -> error 29021
    model.cluster.randomSeeds([[1.0, 2.0], [3.0]], 1, {"params": [{"i": "int"}, {"v": {"type": "array", "items": "double"}}], "ret": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}, "do": {"type": "Cluster", "new": {"center": "v"}}}) -> error 29022
    """
    if k <= 0:
        return fail("k must be greater than zero")
    if k > len(data):
        return fail("not enough unique points")
    kind = site.params[0]
    assert isinstance(kind, Array)
    unique = list(dict(zip(hashes(kind.items)(data, charge), data, strict=True)).values())
    if k > len(unique):
        return fail("not enough unique points")
    if any(len(vector) != len(data[0]) for vector in data):
        return fail("dimensions of vectors do not match")
    return [newCluster(i, unique[place]) for i, place in enumerate(distinct(k, len(unique), charge, rng))]


@define(
    "model.cluster.kmeansIteration",
    "(data: array(array(any A)), clusters: array(any record C with {center: array(any B)}), metric: fcn(array(A), array(B)) -> double, update: fcn(array(array(A)), C) -> C) -> array(C)",
    errors={"no data": 29030, "no clusters": 29031},
)
def kmeans_iteration(
    data: list[list[Any]],
    clusters: list[Cluster],
    metric: Metric,
    update: Callable[[list[list[Any]], Cluster], Cluster],
    *,
    charge: Charge,
    fail: Fail,
) -> list[Cluster]:
    """Return the clusters, each updated with the vectors of `data` that are closest to it (Lloyd's algorithm).

    update: called with these vectors and the cluster; a cluster that no vector is closest to stays as it is.

    model.cluster.kmeansIteration([[1.0], [2.0], [9.0]], {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}}, "value": [{"center": [0.0]}, {"center": [8.0]}]}, {"params": [{"x": {"type": "array", "items": "double"}}, {"y": {"type": "array", "items": "double"}}], "ret": "double", "do": {"metric.euclidean": [{"fcn": "metric.absDiff"}, "x", "y"]}}, {"params": [{"found": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"old": "Cluster"}], "ret": "Cluster", "do": {"model.cluster.updateMean": ["found", "old", 0.0]}}) -> [{"center": [1.5]}, {"center": [9.0]}]
    model.cluster.kmeansIteration({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}, {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}}, "value": [{"center": [0.0]}]}, {"params": [{"x": {"type": "array", "items": "double"}}, {"y": {"type": "array", "items": "double"}}], "ret": "double", "do": 0.0}, {"params": [{"found": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"old": "Cluster"}], "ret": "Cluster", "do": "old"}) -> error 29030
    model.cluster.kmeansIteration([[1.0]], {"type": {"type": "array", "items": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}}, "value": []}, {"params": [{"x": {"type": "array", "items": "double"}}, {"y": {"type": "array", "items": "double"}}], "ret": "double", "do": 0.0}, {"params": [{"found": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"old": "Cluster"}], "ret": "Cluster", "do": "old"}) -> error 29031
    """
    if not data:
        return fail("no data")
    if not clusters:
        return fail("no clusters")
    found: list[list[list[Any]]] = [[] for _ in clusters]
    for vector in data:
        found[_closest(vector, clusters, metric, charge)].append(vector)
    return [update(near, old) if near else old for near, old in zip(found, clusters, strict=True)]


@define(
    "model.cluster.updateMean",
    "(data: array(array(double)), cluster: any record C with {center: array(double)}, weight: double) -> C",
    errors={"no data": 29040, "dimensions of vectors do not match": 29041},
)
def update_mean(
    data: list[Vector], cluster: Cluster, weight: float, *, site: Site, charge: Charge, fail: Fail
) -> Cluster:
    """Return `cluster` with its `center` moved to the mean of `data` and of `weight` times the old center.

    weight: 0 for the mean of `data` alone.

    model.cluster.updateMean([[1.0, 2.0], [3.0, 4.0]], {"type": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}, {"name": "id", "type": "int"}]}, "value": {"center": [5.0, 9.0], "id": 7}}, 2.0) -> {"center": [3.5, 6.0], "id": 7}
    model.cluster.updateMean({"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}, {"type": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}, "value": {"center": [5.0]}}, 0.0) -> error 29040
    model.cluster.updateMean([[1.0, 2.0]], {"type": {"type": "record", "name": "Cluster", "fields": [{"name": "center", "type": {"type": "array", "items": "double"}}]}, "value": {"center": [5.0]}}, 0.0) -> error 29041
    """
    if not data:
        return fail("no data")
    center = cluster["center"]
    if any(len(vector) != len(center) for vector in data):
        return fail("dimensions of vectors do not match")
    charge(len(data) * len(center))
    mean = _weighted_mean(data, center, weight)
    narrow = narrowing(_center_items(site))
    return cluster | {"center": list(map(narrow, mean)) if narrow else mean}


def _center_items(site: Site) -> Type:
    record = site.params[1]
    assert isinstance(record, Record)
    kind = record.by_name["center"].type
    assert isinstance(kind, Array)
    return kind.items


def _weighted_mean(data: list[Vector], center: Vector, weight: float) -> Vector:
    count = weight + len(data)
    out = []
    for i, old in enumerate(center):
        total = weight * old
        for vector in data:
            total += vector[i]
        out.append(divide(total, count))
    return out


def _distances(datum: Any, clusters: list[Cluster], metric: Metric | None, charge: Charge) -> Vector:
    charge(len(clusters))
    if metric is None:
        charge(len(clusters) * len(datum))
        metric = euclidean
    return [metric(datum, cluster["center"]) for cluster in clusters]


def _closest(datum: Any, clusters: list[Cluster], metric: Metric | None, charge: Charge) -> int:
    distances = _distances(datum, clusters, metric, charge)
    best = 0
    for i, distance in enumerate(distances):
        if distance < distances[best]:
            best = i
    return best
