"""Functions of the namespace model.reg: linear regression, Gaussian Processes, residuals."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.model.distance import row_times
from pfa.lib.model.known import known
from pfa.lib.model.widening import narrowing
from pfa.lib.primitives import INT_MAX, divide, sqrt
from pfa.types import DOUBLE, Array, Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pfa.lib.model.kriging import Fit

Vector: TypeAlias = list[float]
Kernel: TypeAlias = Callable[[Vector, Vector], float]

NUMBERS = 4_000_000  # of covariance matrices that a site keeps


@define(
    "model.reg.linear",
    "(datum: array(double), model: any record M with {coeff: array(double), const: double}) -> double",
    "(datum: array(double), model: any record M with {coeff: array(array(double)), const: array(double)}) -> array(double)",
    "(datum: map(double), model: any record M with {coeff: map(double), const: double}) -> double",
    "(datum: map(double), model: any record M with {coeff: map(map(double)), const: map(double)}) -> map(double)",
    errors={"misaligned coeff": 31000, "misaligned const": 31001},
)
def linear(datum: Any, model: dict[str, Any], *, site: Site, charge: Charge, fail: Fail) -> Any:
    """Return `const` plus the product of `coeff` and `datum`: a number, or one for each row of `coeff`.

    In maps, what is missing is zero; the result has the keys of `coeff` and of `const`.

    model.reg.linear([1.0, 2.0], {"type": {"type": "record", "name": "M", "fields": [{"name": "coeff", "type": {"type": "array", "items": "double"}}, {"name": "const", "type": "double"}]}, "value": {"coeff": [0.5, 2.0], "const": 10.0}}) -> 14.5
    model.reg.linear([1.0, 2.0], {"type": {"type": "record", "name": "M", "fields": [{"name": "coeff", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"name": "const", "type": {"type": "array", "items": "double"}}]}, "value": {"coeff": [[0.5, 2.0], [1.0, 0.0]], "const": [10.0, 0.0]}}) -> [14.5, 1.0]
    model.reg.linear({"x": 1.0, "y": 2.0}, {"type": {"type": "record", "name": "M", "fields": [{"name": "coeff", "type": {"type": "map", "values": "double"}}, {"name": "const", "type": "double"}]}, "value": {"coeff": {"y": 2.0}, "const": 10.0}}) -> 14.0
    model.reg.linear({"x": 1.0, "y": 2.0}, {"type": {"type": "record", "name": "M", "fields": [{"name": "coeff", "type": {"type": "map", "values": {"type": "map", "values": "double"}}}, {"name": "const", "type": {"type": "map", "values": "double"}}]}, "value": {"coeff": {"a": {"x": 1.0, "y": 1.0}}, "const": {"b": 4.0}}}) -> {"a": 3.0, "b": 4.0}
    model.reg.linear([1.0], {"type": {"type": "record", "name": "M", "fields": [{"name": "coeff", "type": {"type": "array", "items": "double"}}, {"name": "const", "type": "double"}]}, "value": {"coeff": [0.5, 2.0], "const": 10.0}}) -> error 31000
    model.reg.linear([1.0, 2.0], {"type": {"type": "record", "name": "M", "fields": [{"name": "coeff", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"name": "const", "type": {"type": "array", "items": "double"}}]}, "value": {"coeff": [[0.5, 2.0]], "const": []}}) -> error 31001
    """
    coeff, const = model["coeff"], model["const"]
    if isinstance(datum, list):
        if site.ret is DOUBLE:
            charge(len(coeff))
            return _line(coeff, datum, fail) + const
        if len(coeff) != len(const):
            return fail("misaligned const")
        charge(len(coeff) * (len(datum) + 1))
        return [_line(row, datum, fail) + c for row, c in zip(coeff, const, strict=True)]
    if site.ret is DOUBLE:
        return _sparse_line(coeff, datum, charge) + const
    charge(len(const))
    keys = dict.fromkeys((*coeff, *const))
    return {key: _sparse_line(coeff.get(key, {}), datum, charge) + const.get(key, 0.0) for key in keys}


def _line(row: Vector, datum: Vector, fail: Fail) -> float:
    return row_times(row, datum) if len(row) == len(datum) else fail("misaligned coeff")


def _sparse_line(row: dict[str, float], datum: dict[str, float], charge: Charge) -> float:
    """The sum over the keys of both; a zero that is missing times an infinity is NaN, as in a dense row."""
    charge(len(row) + len(datum))
    total = 0.0
    for key, x in datum.items():
        total += row.get(key, 0.0) * x
    for key in row.keys() - datum.keys():
        total += row[key] * 0.0
    return total


@define(
    "model.reg.linearVariance",
    "(datum: array(double), model: any record M with {covar: array(array(double))}) -> double",
    "(datum: array(double), model: any record M with {covar: array(array(array(double)))}) -> array(double)",
    "(datum: map(double), model: any record M with {covar: map(map(double))}) -> double",
    "(datum: map(double), model: any record M with {covar: map(map(map(double)))}) -> map(double)",
    errors={"misaligned covariance": 31010},
)
def linear_variance(datum: Any, model: dict[str, Any], *, site: Site, charge: Charge, fail: Fail) -> Any:
    """Return the variance of what `model.reg.linear` predicts: `datum` times `covar` times `datum`.

    covar: covariance of the coefficients; the last row and column, or those with the key "", belong to the constant
    term.  One such matrix for each number predicted.  In maps, what is missing is zero.

    model.reg.linearVariance([1.0, 2.0], {"type": {"type": "record", "name": "M", "fields": [{"name": "covar", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"covar": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}}) -> 80.0
    model.reg.linearVariance([1.0], {"type": {"type": "record", "name": "M", "fields": [{"name": "covar", "type": {"type": "array", "items": {"type": "array", "items": {"type": "array", "items": "double"}}}}]}, "value": {"covar": [[[1, 0], [0, 2]], [[0, 0], [0, 0]]]}}) -> [3.0, 0.0]
    model.reg.linearVariance({"x": 3.0}, {"type": {"type": "record", "name": "M", "fields": [{"name": "covar", "type": {"type": "map", "values": {"type": "map", "values": "double"}}}]}, "value": {"covar": {"x": {"x": 1.0}, "": {"": 2.0}}}}) -> 11.0
    model.reg.linearVariance({"x": 3.0}, {"type": {"type": "record", "name": "M", "fields": [{"name": "covar", "type": {"type": "map", "values": {"type": "map", "values": {"type": "map", "values": "double"}}}}]}, "value": {"covar": {"one": {"x": {"x": 1.0}}}}}) -> {"one": 9.0}
    model.reg.linearVariance([1.0, 2.0], {"type": {"type": "record", "name": "M", "fields": [{"name": "covar", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"covar": [[1, 2], [4, 5]]}}) -> error 31010
    """
    covar = model["covar"]
    if isinstance(datum, list):
        full = [*datum, 1.0]
        charge(len(full) ** 2 * (1 if site.ret is DOUBLE else len(covar)))
        if site.ret is DOUBLE:
            return _variance(full, covar, fail)
        return [_variance(full, matrix, fail) for matrix in covar]
    at = {**datum, "": 1.0}
    if site.ret is DOUBLE:
        return _sparse_variance(at, covar, charge)
    return {key: _sparse_variance(at, matrix, charge) for key, matrix in covar.items()}


def _variance(datum: Vector, covar: list[Vector], fail: Fail) -> float:
    if len(covar) != len(datum) or any(len(row) != len(datum) for row in covar):
        return fail("misaligned covariance")
    total = 0.0
    for x, row in zip(datum, covar, strict=True):
        total += x * row_times(row, datum)
    return total


def _sparse_variance(datum: dict[str, float], covar: dict[str, dict[str, float]], charge: Charge) -> float:
    total = 0.0
    for key, x in datum.items():
        total += x * _sparse_line(covar.get(key, {}), datum, charge)
    for key in covar.keys() - datum.keys():
        total += 0.0 * _sparse_line(covar[key], datum, charge)
    return total


@define(
    "model.reg.gaussianProcess",
    "(x: double, table: array(any record R with {x: double, to: double}), krigingWeight: union(null, double), kernel: fcn(array(double), array(double)) -> double) -> double",
    "(x: double, table: array(any record R with {x: double, to: array(double)}), krigingWeight: union(null, double), kernel: fcn(array(double), array(double)) -> double) -> array(double)",
    "(x: array(double), table: array(any record R with {x: array(double), to: double}), krigingWeight: union(null, double), kernel: fcn(array(double), array(double)) -> double) -> double",
    "(x: array(double), table: array(any record R with {x: array(double), to: array(double)}), krigingWeight: union(null, double), kernel: fcn(array(double), array(double)) -> double) -> array(double)",
    errors={
        "table must have at least 1 entry": 31080,
        "x must have at least 1 feature": 31081,
        "table must have the same number of features as x": 31082,
        "table outputs must have at least 1 dimension": 31083,
        "table outputs must all have the same number of dimensions": 31084,
        "x is not finite": 31085,
        "table value is not finite": 31086,
        "krigingWeight is not finite": 31087,
        "matrix of kernel results is not positive definite": 31088,
    },
    nondeterministic="unstable",
    accuracy="1e-9",
    keeps=True,
)
def gaussian_process(
    x: Any,
    table: list[dict[str, Any]],
    krigingWeight: float | None,
    kernel: Kernel,
    *,
    site: Site,
    charge: Charge,
    fail: Fail,
) -> Any:
    """Return the value at `x` that a Gaussian Process, fitted to `table`, predicts.

    table: positions `x` and outputs `to`; a field `sigma`, of the type of `to`, is the uncertainty of each.
    krigingWeight: the mean of the process, or null to estimate it (universal Kriging).
    kernel: the covariance of two positions, which are scaled to mean 0 and standard deviation 1.

    model.reg.gaussianProcess(1.0, {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 0.0, "to": 1.0}, {"x": 2.0, "to": 3.0}]}, null, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> 2.0
    model.reg.gaussianProcess([0.0], {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": {"type": "array", "items": "double"}}, {"name": "to", "type": {"type": "array", "items": "double"}}]}}, "value": [{"x": [0.0], "to": [1.0, 5.0]}, {"x": [2.0], "to": [3.0, 4.0]}]}, 0.5, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> [1.0, 5.0]
    model.reg.gaussianProcess(1.0, {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": []}, null, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> error 31080
    model.reg.gaussianProcess({"type": {"type": "array", "items": "double"}, "value": []}, {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": {"type": "array", "items": "double"}}, {"name": "to", "type": "double"}]}}, "value": [{"x": [0.0], "to": 1.0}]}, null, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> error 31081
    model.reg.gaussianProcess([1.0, 2.0], {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": {"type": "array", "items": "double"}}, {"name": "to", "type": "double"}]}}, "value": [{"x": [0.0], "to": 1.0}]}, null, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> error 31082
    model.reg.gaussianProcess(1.0, {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": {"type": "array", "items": "double"}}]}}, "value": [{"x": 0.0, "to": []}]}, null, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> error 31083
    model.reg.gaussianProcess(1.0, {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": {"type": "array", "items": "double"}}]}}, "value": [{"x": 0.0, "to": [1.0]}, {"x": 1.0, "to": [1.0, 2.0]}]}, null, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> error 31084
    model.reg.gaussianProcess(inf, {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 0.0, "to": 1.0}]}, null, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> error 31085
    model.reg.gaussianProcess(1.0, {"new": [{"new": {"x": {"m.ln": [0.0]}, "to": 1.0}, "type": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}], "type": {"type": "array", "items": "R"}}, null, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> error 31086
    model.reg.gaussianProcess(1.0, {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 0.0, "to": 1.0}]}, inf, {"fcn": "m.kernel.rbf", "fill": {"gamma": 0.5}}) -> error 31087
    model.reg.gaussianProcess(1.0, {"type": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 0.0, "to": 1.0}, {"x": 2.0, "to": 3.0}]}, null, {"params": [{"a": {"type": "array", "items": "double"}}, {"b": {"type": "array", "items": "double"}}], "ret": "double", "do": 2.0}) -> error 31088
    """
    if not table:
        return fail("table must have at least 1 entry")
    point = _vector(x)
    if not point:
        return fail("x must have at least 1 feature")
    fit = _kept_fit(table, kernel, site)
    if fit is None:
        charge(len(table))
        _check_sizes(table, len(point), fail)
    elif fit.dimensions != len(point):
        return fail("table must have the same number of features as x")
    if not all(map(isfinite, point)):
        return fail("x is not finite")
    rows = None if fit else _finite_rows(table, site, charge, fail)
    if krigingWeight is not None and not isfinite(krigingWeight):
        return fail("krigingWeight is not finite")
    if fit is None:
        assert rows is not None
        fit = _fit(table, rows, kernel, site, charge, fail)
    charge(len(table) * (len(point) + len(fit.outputs)))
    out = fit.predict(point, krigingWeight, kernel)
    return out if isinstance(site.ret, Array) else out[0]


def _vector(value: Any) -> Vector:
    return value if isinstance(value, list) else [value]


def _check_sizes(table: list[dict[str, Any]], features: int, fail: Fail) -> None:
    outputs = [len(_vector(row["to"])) for row in table]
    if any(len(_vector(row["x"])) != features for row in table):
        fail("table must have the same number of features as x")
    if outputs[0] == 0:
        fail("table outputs must have at least 1 dimension")
    sigmas = [len(_vector(row["sigma"])) for row in table if "sigma" in row]
    if any(size != outputs[0] for size in (*outputs, *sigmas)):
        fail("table outputs must all have the same number of dimensions")


def _finite_rows(table: list[dict[str, Any]], site: Site, charge: Charge, fail: Fail) -> list[list[Vector]]:
    """The columns of the table: `x`, `to`, and `sigma` if it has one."""
    kind = site.params[1]
    assert isinstance(kind, Array)
    assert isinstance(kind.items, Record)
    names = [name for name in ("x", "to", "sigma") if name in kind.items.by_name]
    columns = [[_vector(row[name]) for row in table] for name in names]
    charge(sum(len(column[0]) for column in columns) * len(table))
    if not all(isfinite(v) for column in columns for vector in column for v in vector):
        fail("table value is not finite")
    return columns


def _kept_fit(table: list[dict[str, Any]], kernel: Kernel, site: Site) -> Fit | None:
    """The fit to this very table with this very kernel, if the kernel depends on nothing else.

    `steady` is the mark of functions that read no cells and draw no random numbers.
    """
    entry = site.cache.get(id(table))
    if entry is None or entry[0] is not table or entry[1][0] is not kernel:
        return None
    fit: Fit = entry[1][1]
    return fit


def _fit(
    table: list[dict[str, Any]],
    columns: list[list[Vector]],
    kernel: Kernel,
    site: Site,
    charge: Charge,
    fail: Fail,
) -> Fit:
    from pfa.lib.model.kriging import Fit, NotPositiveDefiniteError  # imports NumPy

    x, to, *sigma = columns
    size = len(table)
    charge(
        (size * size * (len(x[0]) + 2) >> 1) + (size**3 * len(to[0]) >> 9)
    )  # the kernel; linear algebra in C
    try:
        fit = Fit(x, to, sigma[0] if sigma else None, kernel)
    except NotPositiveDefiniteError:
        return fail("matrix of kernel results is not positive definite")
    fits = known(site.cache, NUMBERS)
    if getattr(kernel, "steady", False) and fits.worth(table):
        fits.keep(table, (kernel, fit), size * (len(x[0]) + 2 * len(to[0])))
    return fit


@define(
    "model.reg.residual",
    "(observation: double, prediciton: double) -> double",
    "(observation: array(double), prediciton: array(double)) -> array(double)",
    "(observation: map(double), prediciton: map(double)) -> map(double)",
    errors={"misaligned prediction": 31020},
    deprecated=True,
)
def residual(observation: Any, prediction: Any, *, charge: Charge, fail: Fail) -> Any:
    """Return the observation minus the prediction, item by item.

    model.reg.residual(5.0, 3.0) -> 2.0
    model.reg.residual([5.0, 1.0], [3.0, 4.0]) -> [2.0, -3.0]
    model.reg.residual({"x": 5.0}, {"x": 3.0}) -> {"x": 2.0}
    model.reg.residual([5.0, 1.0], [3.0]) -> error 31020
    """
    if isinstance(observation, float):
        return observation - float(prediction)
    charge(len(observation))
    if isinstance(observation, list):
        if len(observation) != len(prediction):
            return fail("misaligned prediction")
        return [o - p for o, p in zip(observation, prediction, strict=True)]
    if observation.keys() != prediction.keys():
        return fail("misaligned prediction")
    return {key: o - prediction[key] for key, o in observation.items()}


@define(
    "model.reg.pull",
    "(observation: double, prediciton: double, uncertainty: double) -> double",
    "(observation: array(double), prediciton: array(double), uncertainty: array(double)) -> array(double)",
    "(observation: map(double), prediciton: map(double), uncertainty: map(double)) -> map(double)",
    errors={"misaligned prediction": 31030, "misaligned uncertainty": 31031},
    deprecated=True,
)
def pull(observation: Any, prediction: Any, uncertainty: Any, *, charge: Charge, fail: Fail) -> Any:
    """Return the observation minus the prediction, divided by the uncertainty, item by item.

    model.reg.pull(5.0, 3.0, 4.0) -> 0.5
    model.reg.pull([5.0, 1.0], [3.0, 4.0], [4.0, 1.0]) -> [0.5, -3.0]
    model.reg.pull({"x": 5.0}, {"x": 3.0}, {"x": 4.0}) -> {"x": 0.5}
    model.reg.pull([5.0, 1.0], [3.0], [4.0, 1.0]) -> error 31030
    model.reg.pull([5.0, 1.0], [3.0, 4.0], [4.0]) -> error 31031
    """
    if isinstance(observation, float):
        return divide(observation - prediction, uncertainty)
    charge(len(observation))
    if isinstance(observation, list):
        if len(observation) != len(prediction):
            return fail("misaligned prediction")
        if len(observation) != len(uncertainty):
            return fail("misaligned uncertainty")
        return [divide(o - p, u) for o, p, u in zip(observation, prediction, uncertainty, strict=True)]
    if observation.keys() != prediction.keys():
        return fail("misaligned prediction")
    if observation.keys() != uncertainty.keys():
        return fail("misaligned uncertainty")
    return {key: divide(o - prediction[key], uncertainty[key]) for key, o in observation.items()}


@define(
    "model.reg.mahalanobis",
    "(observation: array(double), prediction: array(double), covariance: array(array(double))) -> double",
    "(observation: map(double), prediction: map(double), covariance: map(map(double))) -> double",
    errors={"too few rows/cols": 31040, "misaligned prediction": 31041, "misaligned covariance": 31042},
    deprecated=True,
    accuracy="1e-9",
)
def mahalanobis(observation: Any, prediction: Any, covariance: Any, *, charge: Charge, fail: Fail) -> float:
    """Return the Mahalanobis distance of the observation from the prediction; NaN for a singular covariance.

    model.reg.mahalanobis([3.0, 1.0], [1.0, 1.0], [[4.0, 0.0], [0.0, 1.0]]) -> 1.0
    model.reg.mahalanobis({"x": 3.0}, {"x": 1.0}, {"x": {"x": 4.0}}) -> 1.0
    model.reg.mahalanobis({"type": {"type": "array", "items": "double"}, "value": []}, {"type": {"type": "array", "items": "double"}, "value": []}, {"type": {"type": "array", "items": {"type": "array", "items": "double"}}, "value": []}) -> error 31040
    model.reg.mahalanobis([3.0, 1.0], [1.0], [[4.0, 0.0], [0.0, 1.0]]) -> error 31041
    model.reg.mahalanobis([3.0, 1.0], [1.0, 1.0], [[4.0, 0.0]]) -> error 31042
    """
    size = len(observation)
    if not size:
        return fail("too few rows/cols")
    charge(size * size + (size**3 >> 9))
    if isinstance(observation, dict):
        keys = observation.keys()
        if prediction.keys() != keys:
            return fail("misaligned prediction")
        if covariance.keys() != keys or any(row.keys() != keys for row in covariance.values()):
            return fail("misaligned covariance")
        observation, prediction = list(observation.values()), [prediction[key] for key in keys]
        covariance = [[covariance[i][j] for j in keys] for i in keys]
    if len(prediction) != size:
        return fail("misaligned prediction")
    if len(covariance) != size or any(len(row) != size for row in covariance):
        return fail("misaligned covariance")
    from pfa.lib.model.kriging import inverse_times  # imports NumPy

    offset = [o - p for o, p in zip(observation, prediction, strict=True)]
    return sqrt(row_times(offset, inverse_times(covariance, offset)))


@define(
    "model.reg.updateChi2",
    "(pull: double, state: any record A with {chi2: double, DOF: int}) -> A",
    "(pull: array(double), state: any record A with {chi2: double, DOF: int}) -> A",
    "(pull: map(double), state: any record A with {chi2: double, DOF: int}) -> A",
    deprecated=True,
)
def update_chi2(pull: Any, state: dict[str, Any], *, site: Site, charge: Charge) -> dict[str, Any]:
    """Return `state` with each pull's square added to `chi2`, and the number of pulls to `DOF`.

    model.reg.updateChi2(2.0, {"type": {"type": "record", "name": "State", "fields": [{"name": "chi2", "type": "double"}, {"name": "DOF", "type": "int"}]}, "value": {"chi2": 1.0, "DOF": 3}}) -> {"chi2": 5.0, "DOF": 4}
    model.reg.updateChi2([2.0, 1.0], {"type": {"type": "record", "name": "State", "fields": [{"name": "chi2", "type": "double"}, {"name": "DOF", "type": "int"}]}, "value": {"chi2": 1.0, "DOF": 3}}) -> {"chi2": 6.0, "DOF": 5}
    model.reg.updateChi2({"x": 2.0}, {"type": {"type": "record", "name": "State", "fields": [{"name": "chi2", "type": "double"}, {"name": "DOF", "type": "int"}]}, "value": {"chi2": 1.0, "DOF": 3}}) -> {"chi2": 5.0, "DOF": 4}
    """
    pulls: Iterable[float] = _vector(pull) if not isinstance(pull, dict) else pull.values()
    chi2, count = float(state["chi2"]), state["DOF"]
    for p in pulls:
        charge(1)
        chi2 += p * p
        count += 1
    record = site.params[1]
    assert isinstance(record, Record)
    narrow = narrowing(record.by_name["chi2"].type)
    return state | {"chi2": narrow(chi2) if narrow else chi2, "DOF": min(count, INT_MAX)}


@define(
    "model.reg.reducedChi2",
    "(state: any record A with {chi2: double, DOF: int}) -> double",
    deprecated=True,
)
def reduced_chi2(state: dict[str, Any]) -> float:
    """Return `chi2` divided by `DOF`.

    model.reg.reducedChi2({"type": {"type": "record", "name": "State", "fields": [{"name": "chi2", "type": "double"}, {"name": "DOF", "type": "int"}]}, "value": {"chi2": 6.0, "DOF": 4}}) -> 1.5
    """
    return divide(float(state["chi2"]), float(state["DOF"]))


@define(
    "model.reg.chi2Prob",
    "(state: any record A with {chi2: double, DOF: int}) -> double",
    errors={"invalid parameterization": 31070},
    deprecated=True,
    accuracy="1e-9",
)
def chi2_prob(state: dict[str, Any], *, fail: Fail) -> float:
    """Return the probability that a chi-square distribution of `DOF` degrees of freedom has a value below `chi2`.

    model.reg.chi2Prob({"type": {"type": "record", "name": "State", "fields": [{"name": "chi2", "type": "double"}, {"name": "DOF", "type": "int"}]}, "value": {"chi2": 6.0, "DOF": 4}}) -> 0.8008517265285442
    model.reg.chi2Prob({"type": {"type": "record", "name": "State", "fields": [{"name": "chi2", "type": "double"}, {"name": "DOF", "type": "int"}]}, "value": {"chi2": 6.0, "DOF": -1}}) -> error 31070
    """
    chi2, dof = float(state["chi2"]), state["DOF"]
    if dof < 0:
        return fail("invalid parameterization")
    if chi2 <= 0.0:
        return 0.0
    if dof == 0:
        return 1.0
    from scipy.special import gammainc  # a tenth of a second, for a deprecated function

    return float(gammainc(0.5 * dof, 0.5 * chi2))
