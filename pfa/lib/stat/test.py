"""stat.test.*: do the data fit what was predicted?"""

from __future__ import annotations

from typing import Any

from scipy import special

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.distributions.gamma import chi2_probability
from pfa.lib.la_square import invert
from pfa.lib.primitives import INF, NAN, divide, sqrt
from pfa.lib.stat.states import State, changed, counted
from pfa.types import Array, Map


@define(
    "stat.test.kolmogorov",
    "(x: array(double), y: array(double)) -> double",
    cost="(len(x) + len(y)) * 4",
    accuracy="1e-9",
)
def kolmogorov(x: list[float], y: list[float]) -> float:
    """Return the probability that two samples of one distribution differ as much as `x` and `y` (Kolmogorov-Smirnov).

    1 is a perfect match, and so are two samples without data; NaN does not count as data.

    The largest distance D of the two empirical distribution functions is compared with its asymptotic
    distribution, with Stephens's correction for few data: Q((s + 0.12 + 0.11/s) D) for s = sqrt(nm/(n + m)).

    stat.test.kolmogorov([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) -> 1.0
    stat.test.kolmogorov([0.0], [0.00001, 0.99999]) -> 0.20131297064541853
    """
    one, two = (sorted(v for v in values if v == v) for values in (x, y))
    if not one or not two:
        return float(len(one) == len(two))
    n, m = len(one), len(two)
    s = sqrt(n * m / (n + m))
    return float(special.kolmogorov((s + 0.12 + 0.11 / s) * _distance(one, two)))


def _distance(x: list[float], y: list[float]) -> float:
    """The largest distance of the empirical distribution functions of two sorted samples."""
    n, m, i, j, largest = len(x), len(y), 0, 0, 0
    while i < n and j < m:
        value = min(x[i], y[j])
        while i < n and x[i] == value:
            i += 1
        while j < m and y[j] == value:
            j += 1
        largest = max(largest, abs(i * m - j * n))
    return largest / (n * m)


@define(
    "stat.test.residual",
    "(observation: double, prediciton: double) -> double",
    "(observation: array(double), prediciton: array(double)) -> array(double)",
    "(observation: map(double), prediciton: map(double)) -> map(double)",
    errors={"misaligned prediction": 38010},
)
def residual(observation: Any, prediciton: Any, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return `observation` minus `prediction`, each by itself in an array or a map.

    stat.test.residual(5.0, 3.0) -> 2.0
    stat.test.residual([5.0, 7.0], [3.0, 3.0]) -> [2.0, 4.0]
    stat.test.residual({"a": 5.0}, {"a": 3.0}) -> {"a": 2.0}
    stat.test.residual([5.0, 7.0], [3.0]) -> error 38010
    """
    match site.params[0]:
        case Array():
            _align(len(observation) == len(prediciton), "misaligned prediction", fail)
            charge(len(observation))
            return [o - p for o, p in zip(observation, prediciton, strict=True)]
        case Map():
            charge(len(observation))
            _align(observation.keys() == prediciton.keys(), "misaligned prediction", fail)
            return {k: o - prediciton[k] for k, o in observation.items()}
    return observation - prediciton


def _align(condition: bool, message: str, fail: Fail) -> None:
    if not condition:
        fail(message)


@define(
    "stat.test.pull",
    "(observation: double, prediciton: double, uncertainty: double) -> double",
    "(observation: array(double), prediciton: array(double), uncertainty: array(double)) -> array(double)",
    "(observation: map(double), prediciton: map(double), uncertainty: map(double)) -> map(double)",
    errors={"misaligned prediction": 38020, "misaligned uncertainty": 38021},
)
def pull(
    observation: Any, prediciton: Any, uncertainty: Any, *, fail: Fail, site: Site, charge: Charge
) -> Any:
    """Return `observation` minus `prediction`, divided by `uncertainty`, each by itself in an array or a map.

    stat.test.pull(5.0, 3.0, 4.0) -> 0.5
    stat.test.pull([5.0, 7.0], [3.0, 3.0], [4.0, 2.0]) -> [0.5, 2.0]
    stat.test.pull({"a": 5.0}, {"a": 3.0}, {"a": 4.0}) -> {"a": 0.5}
    stat.test.pull([5.0, 7.0], [3.0], [4.0, 2.0]) -> error 38020
    stat.test.pull([5.0, 7.0], [3.0, 3.0], [4.0]) -> error 38021
    """
    match site.params[0]:
        case Array():
            _align(len(observation) == len(prediciton), "misaligned prediction", fail)
            _align(len(observation) == len(uncertainty), "misaligned uncertainty", fail)
            charge(len(observation))
            triples = zip(observation, prediciton, uncertainty, strict=True)
            return [divide(o - p, u) for o, p, u in triples]
        case Map():
            charge(len(observation))
            _align(observation.keys() == prediciton.keys(), "misaligned prediction", fail)
            _align(observation.keys() == uncertainty.keys(), "misaligned uncertainty", fail)
            return {k: divide(o - prediciton[k], uncertainty[k]) for k, o in observation.items()}
    return divide(observation - prediciton, uncertainty)


@define(
    "stat.test.mahalanobis",
    "(observation: array(double), prediction: array(double), covariance: array(array(double))) -> double",
    "(observation: map(double), prediction: map(double), covariance: map(map(double))) -> double",
    errors={"too few rows/cols": 38030, "misaligned prediction": 38031, "misaligned covariance": 38032},
    accuracy="1e-9",
)
def mahalanobis(
    observation: Any, prediction: Any, covariance: Any, *, fail: Fail, site: Site, charge: Charge
) -> float:
    """Return the Mahalanobis distance of two vectors: sqrt((o - p)^T C^-1 (o - p)).

    NaN if the covariance cannot be inverted, or is none.

    stat.test.mahalanobis([2.0, 5.0], [0.0, 1.0], [[1.0, 0.0], [0.0, 4.0]]) -> 2.8284271247461903
    stat.test.mahalanobis({"a": 2.0}, {"a": 0.0}, {"a": {"a": 4.0}}) -> 1.0
    stat.test.mahalanobis({"type": {"type": "array", "items": "double"}, "value": []}, {"type": {"type": "array", "items": "double"}, "value": []}, {"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}) -> error 38030
    stat.test.mahalanobis([2.0, 5.0], [0.0], [[1.0, 0.0], [0.0, 4.0]]) -> error 38031
    stat.test.mahalanobis([2.0, 5.0], [0.0, 1.0], [[1.0, 0.0]]) -> error 38032
    """
    _align(len(observation) > 0, "too few rows/cols", fail)
    size = len(observation)
    charge(size * size)
    if isinstance(site.params[0], Map):
        keys = observation.keys()
        _align(keys == prediction.keys(), "misaligned prediction", fail)
        aligned = keys == covariance.keys() and all(keys == row.keys() for row in covariance.values())
        _align(aligned, "misaligned covariance", fail)
        observation, prediction = ([vector[k] for k in keys] for vector in (observation, prediction))
        covariance = [[covariance[k][c] for c in keys] for k in keys]
    _align(len(prediction) == size, "misaligned prediction", fail)
    _align(
        len(covariance) == size and all(len(row) == size for row in covariance), "misaligned covariance", fail
    )
    difference = [o - p for o, p in zip(observation, prediction, strict=True)]
    return sqrt(_square(difference, invert(covariance, charge)))


def _square(vector: list[float], matrix: list[list[float]]) -> float:
    """The vector times the matrix times the vector."""
    total = 0.0
    for v, row in zip(vector, matrix, strict=True):
        inner = 0.0
        for w, element in zip(vector, row, strict=True):
            inner += element * w
        total += v * inner
    return total


@define(
    "stat.test.updateChi2",
    "(pull: double, state: any record A with {chi2: double, dof: int}) -> A",
    "(pull: array(double), state: any record A with {chi2: double, dof: int}) -> A",
    "(pull: map(double), state: any record A with {chi2: double, dof: int}) -> A",
)
def update_chi2(pull: Any, state: State, *, site: Site, charge: Charge) -> State:
    """Return `state` with the square of `pull` added to `chi2`, or that of every component, and 1 to `dof`.

    pull: observation minus prediction divided by uncertainty.

    stat.test.updateChi2(2.0, {"type": {"type": "record", "name": "Fit", "fields": [{"name": "chi2", "type": "double"}, {"name": "dof", "type": "int"}]}, "value": {"chi2": 1.5, "dof": 3}}) -> {"chi2": 5.5, "dof": 4}
    stat.test.updateChi2([2.0, 1.0], {"type": {"type": "record", "name": "Fit", "fields": [{"name": "chi2", "type": "double"}, {"name": "dof", "type": "int"}]}, "value": {"chi2": 1.5, "dof": 3}}) -> {"chi2": 6.5, "dof": 4}
    """
    match site.params[0]:
        case Array():
            components = pull
        case Map():
            components = pull.values()
        case _:
            components = (pull,)
    charge(len(components))
    chi2 = state["chi2"]
    for component in components:
        chi2 += component * component
    return changed(state, site, chi2=chi2, dof=counted(state["dof"]))


@define(
    "stat.test.reducedChi2",
    "(state: any record A with {chi2: double, dof: int}) -> double",
)
def reduced_chi2(state: State) -> float:
    """Return the reduced chi-square, `chi2` divided by `dof`.

    stat.test.reducedChi2({"type": {"type": "record", "name": "Fit", "fields": [{"name": "chi2", "type": "double"}, {"name": "dof", "type": "int"}]}, "value": {"chi2": 6.0, "dof": 4}}) -> 1.5
    """
    return divide(float(state["chi2"]), float(state["dof"]))


@define(
    "stat.test.chi2Prob",
    "(state: any record A with {chi2: double, dof: int}) -> double",
    errors={"invalid parameterization": 38060},
    accuracy="1e-9",
)
def chi2_prob(state: State, *, fail: Fail) -> float:
    """Return the probability that a chi-square with `dof` degrees of freedom is at most `chi2`.

    stat.test.chi2Prob({"type": {"type": "record", "name": "Fit", "fields": [{"name": "chi2", "type": "double"}, {"name": "dof", "type": "int"}]}, "value": {"chi2": 2.0, "dof": 3}}) -> 0.42759329552912023
    stat.test.chi2Prob({"type": {"type": "record", "name": "Fit", "fields": [{"name": "chi2", "type": "double"}, {"name": "dof", "type": "int"}]}, "value": {"chi2": 2.0, "dof": -1}}) -> error 38060
    """
    chi2 = float(state["chi2"])
    if state["dof"] < 0:
        fail("invalid parameterization")
    if state["dof"] == 0:
        return float(chi2 > 0.0)
    if chi2 == INF:
        return 1.0
    return chi2_probability(chi2, state["dof"]) if chi2 == chi2 else NAN
