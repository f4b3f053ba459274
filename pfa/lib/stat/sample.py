"""stat.sample.*: running means, variances and covariances, exponential smoothing; histograms are in `histogram`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.primitives import divide
from pfa.lib.stat import histogram
from pfa.lib.stat.states import State, changed, numbers_of, record_of
from pfa.types import BOOLEAN, DOUBLE, NUMBERS, Array, Map, Record

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILIES = (histogram,)
Vector = list[float]
Matrix = list[list[float]]
SparseVector = dict[str, float]
SparseMatrix = dict[str, dict[str, float]]


# ---- mean and variance -------------------------------------------------------------------------------------------


def _accumulate(moments: State, x: float, w: float) -> State:
    """Count, and mean and variance where there are such, with `x` counted `w` times more."""
    count = moments["count"] + w
    new = {"count": count}
    if "mean" in moments:
        difference = x - moments["mean"]
        new["mean"] = moments["mean"] + divide(difference * w, count)
        if "variance" in moments:
            squares = moments["count"] * moments["variance"] + w * difference * (x - new["mean"])
            new["variance"] = divide(squares, count)
    return new


def _moments(state: State, site: Site) -> State:
    names = numbers_of(site)
    return {name: float(state[name]) for name in ("count", "mean", "variance") if name in names}


@define(
    "stat.sample.update",
    "(x: double, w: double, state: any record A with {count: double}) -> A",
)
def update(x: float, w: float, state: State, *, site: Site) -> State:
    """Return `state` with one more value `x` of weight `w` in its `count`, `mean` and `variance`.

    count: the sum of the weights.  The record may have a `mean`, weighted so, and with it a `variance` about the
    mean, which is not corrected for bias: multiply by count/(count - 1).  Other fields stay as they are.

    stat.sample.update(5.0, 1.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "count", "type": "double"}, {"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}, "value": {"count": 1.0, "mean": 3.0, "variance": 0.0}}) -> {"count": 2.0, "mean": 4.0, "variance": 1.0}
    stat.sample.update(5.0, 0.5, {"type": {"type": "record", "name": "Counter", "fields": [{"name": "count", "type": "double"}]}, "value": {"count": 1.0}}) -> {"count": 1.5}
    """
    if "all double" not in site.cache:
        site.cache["all double"] = _all_double(record_of(site))
    if not site.cache["all double"]:
        return changed(state, site, **_accumulate(_moments(state, site), x, w))
    # The commonest state, and the hot path of every running mean: `_accumulate` without its questions.
    old, mean = state["count"], state["mean"]
    count = old + w
    difference = x - mean
    moved = difference * w
    new = mean + (moved / count if count else divide(moved, count))
    squares = old * state["variance"] + moved * (x - new)
    return {**state, "count": count, "mean": new, "variance": squares / count if count else divide(squares, count)}


def _all_double(record: Record) -> bool:
    """Has the record count, mean and variance, all double?"""
    fields = record.by_name
    return all(name in fields and fields[name].type == DOUBLE for name in ("count", "mean", "variance"))


@define(
    "stat.sample.updateWindow",
    "(x: double, w: double, state: array(any record A with {x: double, w: double, count: double}), windowSize: int) -> array(A)",
    errors={"windowSize must be at least 2": 14020, "cannot initialize unrecognized fields": 14021},
)
def update_window(
    x: float, w: float, state: list[State], windowSize: int, *, fail: Fail, site: Site, charge: Charge
) -> list[State]:
    """Return `state` with a record for one more value `x` of weight `w`, and the last `windowSize` records only.

    A record has the `count`, and if there are such fields the `mean` and `variance`, of the values in the window
    that ends with it.  What else it has is copied from the record before; an empty `state` has none to copy.

    stat.sample.updateWindow(5.0, 1.0, {"type": {"type": "array", "items": {"type": "record", "name": "Sample", "fields": [{"name": "x", "type": "double"}, {"name": "w", "type": "double"}, {"name": "count", "type": "double"}, {"name": "mean", "type": "double"}]}}, "value": [{"x": 1.0, "w": 1.0, "count": 1.0, "mean": 1.0}, {"x": 3.0, "w": 1.0, "count": 2.0, "mean": 2.0}]}, 2) -> [{"x": 3.0, "w": 1.0, "count": 2.0, "mean": 2.0}, {"x": 5.0, "w": 1.0, "count": 2.0, "mean": 4.0}]
    stat.sample.updateWindow(5.0, 1.0, {"type": {"type": "array", "items": {"type": "record", "name": "Sample", "fields": [{"name": "x", "type": "double"}, {"name": "w", "type": "double"}, {"name": "count", "type": "double"}]}}, "value": []}, 2) -> [{"x": 5.0, "w": 1.0, "count": 1.0}]
    stat.sample.updateWindow(5.0, 1.0, {"type": {"type": "array", "items": {"type": "record", "name": "Sample", "fields": [{"name": "x", "type": "double"}, {"name": "w", "type": "double"}, {"name": "count", "type": "double"}]}}, "value": []}, 1) -> error 14020
    stat.sample.updateWindow(5.0, 1.0, {"type": {"type": "array", "items": {"type": "record", "name": "Sample", "fields": [{"name": "x", "type": "double"}, {"name": "w", "type": "double"}, {"name": "count", "type": "double"}, {"name": "name", "type": "string"}]}}, "value": []}, 2) -> error 14021
    """
    if windowSize < 2:
        fail("windowSize must be at least 2")
    if not state:
        return [_first(x, w, fail, site)]
    kept = state[max(len(state) - windowSize + 1, 0) :]
    charge(len(state) + 1)
    moments = _accumulate(_moments(state[-1], site), x, w)
    for old in state[: len(state) - len(kept)]:
        moments = _accumulate(moments, old["x"], -old["w"])
    return [*kept, changed(state[-1], site, x=x, w=w, **moments)]


def _first(x: float, w: float, fail: Fail, site: Site) -> State:
    """The record of a window with one value."""
    start = {"x": x, "w": w, "count": w, "mean": x, "variance": 0.0}
    names = [f.name for f in record_of(site).fields]
    if any(name not in start or name not in numbers_of(site) for name in names):
        fail("cannot initialize unrecognized fields")
    return changed({}, site, **{name: start[name] for name in names})


# ---- covariance --------------------------------------------------------------------------------------------------


@define(
    "stat.sample.updateCovariance",
    "(x: array(double), w: double, state: any record A with {count: double, mean: array(double), covariance: array(array(double))}) -> A",
    "(x: map(double), w: double, state: any record A with {count: map(map(double)), mean: map(double), covariance: map(map(double))}) -> A",
    errors={"too few components": 14011, "unequal length arrays": 14012},
)
def update_covariance(x: Any, w: float, state: State, *, fail: Fail, site: Site, charge: Charge) -> State:
    """Return `state` with one more vector `x` of weight `w` in its `count`, `mean` and `covariance`.

    With arrays, `count` is the sum of the weights and all have the length of `x`.  With maps, components may be
    missing: `count` is a matrix, in which i, j is the sum of the weights of the vectors that have both i and j;
    what has not been seen before is added.  Other fields stay as they are.

    stat.sample.updateCovariance([3.0, 5.0], 1.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "count", "type": "double"}, {"name": "mean", "type": {"type": "array", "items": "double"}}, {"name": "covariance", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"count": 1.0, "mean": [1.0, 1.0], "covariance": [[0.0, 0.0], [0.0, 0.0]]}}) -> {"count": 2.0, "mean": [2.0, 3.0], "covariance": [[1.0, 2.0], [2.0, 4.0]]}
    stat.sample.updateCovariance({"a": 3.0, "b": 5.0}, 1.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "count", "type": {"type": "map", "values": {"type": "map", "values": "double"}}}, {"name": "mean", "type": {"type": "map", "values": "double"}}, {"name": "covariance", "type": {"type": "map", "values": {"type": "map", "values": "double"}}}]}, "value": {"count": {"a": {"a": 1.0}}, "mean": {"a": 1.0}, "covariance": {"a": {"a": 0.0}}}}) -> {"count": {"a": {"a": 2.0, "b": 1.0}, "b": {"a": 1.0, "b": 1.0}}, "mean": {"a": 2.0, "b": 5.0}, "covariance": {"a": {"a": 1.0, "b": 0.0}, "b": {"a": 0.0, "b": 0.0}}}
    stat.sample.updateCovariance([3.0], 1.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "count", "type": "double"}, {"name": "mean", "type": {"type": "array", "items": "double"}}, {"name": "covariance", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"count": 1.0, "mean": [1.0], "covariance": [[0.0]]}}) -> error 14011
    stat.sample.updateCovariance([3.0, 5.0], 1.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "count", "type": "double"}, {"name": "mean", "type": {"type": "array", "items": "double"}}, {"name": "covariance", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"count": 1.0, "mean": [1.0, 1.0], "covariance": [[0.0, 0.0]]}}) -> error 14012
    """
    if len(x) < 2:
        fail("too few components")
    if isinstance(site.params[0], Map):
        return changed(state, site, **_covariance_of_maps(x, w, state, charge))
    mean, covariance = state["mean"], state["covariance"]
    charge(len(x))
    if len(mean) != len(x) or len(covariance) != len(x) or any(len(row) != len(x) for row in covariance):
        fail("unequal length arrays")
    charge(len(x) ** 2)
    return changed(state, site, **_covariance_of_arrays(x, w, state["count"], mean, covariance))


def _covariance_of_arrays(x: Vector, w: float, count: float, mean: Vector, covariance: Matrix) -> State:
    total = count + w
    before = [v - m for v, m in zip(x, mean, strict=True)]
    new_mean = [m + divide(d * w, total) for m, d in zip(mean, before, strict=True)]
    after = [v - m for v, m in zip(x, new_mean, strict=True)]
    rows = [
        [divide(c * count + w * d * e, total) for c, e in zip(row, after, strict=True)]
        for row, d in zip(covariance, before, strict=True)
    ]
    return {"count": total, "mean": new_mean, "covariance": rows}


def _covariance_of_maps(x: SparseVector, w: float, state: State, charge: Charge) -> State:
    count, mean, covariance = state["count"], state["mean"], state["covariance"]
    inner = [*count.values(), *covariance.values()]
    charge(len(x) + sum(map(len, inner)))
    keys = list(dict.fromkeys(k for keys in (x, count, covariance, *inner) for k in keys))
    charge(len(keys) ** 2)
    known = {k: float(mean.get(k, 0.0)) for k in keys}
    counts: SparseMatrix = {}
    covariances: SparseMatrix = {}
    for i in keys:
        old_counts, old_covariances = count.get(i, {}), covariance.get(i, {})
        counts[i], covariances[i] = {}, {}
        for j in keys:
            n, c = float(old_counts.get(j, 0.0)), float(old_covariances.get(j, 0.0))
            if i in x and j in x:
                total = n + w
                c = divide(c * n + divide((x[i] - known[i]) * (x[j] - known[j]) * n * w, total), total)
                n = total
            counts[i][j], covariances[i][j] = n, c
    new_mean = {k: m + divide((x[k] - m) * w, counts[k][k]) if k in x else m for k, m in known.items()}
    return {"count": counts, "mean": new_mean, "covariance": covariances}


# ---- exponential smoothing ---------------------------------------------------------------------------------------


def _require_share(share: float, message: str, fail: Fail) -> None:
    if share < 0.0 or share > 1.0:
        fail(message)


@define(
    "stat.sample.updateEWMA",
    "(x: double, alpha: double, state: any record A with {mean: double}) -> A",
    errors={"alpha out of range": 14030},
)
def update_ewma(x: float, alpha: float, state: State, *, fail: Fail, site: Site) -> State:
    """Return `state` with its exponentially weighted moving average `mean` moved towards `x`.

    alpha: the weight of `x`, from 0 to 1; the lower, the longer the past counts.
    The record may have a `variance`, weighted in the same way.  Other fields stay as they are.

    stat.sample.updateEWMA(5.0, 0.25, {"type": {"type": "record", "name": "Average", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}, "value": {"mean": 1.0, "variance": 0.0}}) -> {"mean": 2.0, "variance": 3.0}
    stat.sample.updateEWMA(5.0, 1.5, {"type": {"type": "record", "name": "Average", "fields": [{"name": "mean", "type": "double"}]}, "value": {"mean": 1.0}}) -> error 14030
    """
    _require_share(alpha, "alpha out of range", fail)
    difference = x - state["mean"]
    step = alpha * difference
    new = {"mean": state["mean"] + step}
    if "variance" in numbers_of(site):
        new["variance"] = (1.0 - alpha) * (state["variance"] + difference * step)
    return changed(state, site, **new)


@define(
    "stat.sample.updateHoltWinters",
    "(x: double, alpha: double, beta: double, state: any record A with {level: double, trend: double}) -> A",
    errors={"alpha out of range": 14040, "beta out of range": 14041},
)
def update_holt_winters(
    x: float, alpha: float, beta: float, state: State, *, fail: Fail, site: Site
) -> State:
    """Return `state` with its `level` and `trend`, an exponentially weighted line, moved towards `x`.

    alpha, beta: how fast the level and the trend follow the data, from 0 to 1.
    `stat.sample.forecast1HoltWinters` and `stat.sample.forecastHoltWinters` tell how it goes on.

    stat.sample.updateHoltWinters(5.0, 0.5, 0.25, {"type": {"type": "record", "name": "Line", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}]}, "value": {"level": 1.0, "trend": 2.0}}) -> {"level": 4.0, "trend": 2.25}
    stat.sample.updateHoltWinters(5.0, 1.5, 0.25, {"type": {"type": "record", "name": "Line", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}]}, "value": {"level": 1.0, "trend": 2.0}}) -> error 14040
    stat.sample.updateHoltWinters(5.0, 0.5, -0.25, {"type": {"type": "record", "name": "Line", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}]}, "value": {"level": 1.0, "trend": 2.0}}) -> error 14041
    """
    _require_share(alpha, "alpha out of range", fail)
    _require_share(beta, "beta out of range", fail)
    level = alpha * x + (1.0 - alpha) * (state["level"] + state["trend"])
    trend = beta * (level - state["level"]) + (1.0 - beta) * state["trend"]
    return changed(state, site, level=level, trend=trend)


@define(
    "stat.sample.updateHoltWintersPeriodic",
    "(x: double, alpha: double, beta: double, gamma: double, state: any record A with {level: double, trend: double, cycle: array(double), multiplicative: boolean}) -> A",
    errors={
        "alpha out of range": 14050,
        "beta out of range": 14051,
        "gamma out of range": 14052,
        "empty cycle": 14053,
    },
)
def update_holt_winters_periodic(
    x: float, alpha: float, beta: float, gamma: float, state: State, *, fail: Fail, site: Site, charge: Charge
) -> State:
    """Return `state` with its `level`, `trend` and `cycle`, an exponentially weighted wave, moved towards `x`.

    alpha, beta, gamma: how fast the level, the trend and the cycle follow the data, from 0 to 1.
    cycle: what each step of the period adds to the line, or multiplies it with if `multiplicative`.  Its first item
    is that of the last step; the update turns it by one place to the left, and changes the new first item.

    stat.sample.updateHoltWintersPeriodic(5.0, 0.5, 0.25, 0.5, {"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [1.0, -1.0], "multiplicative": false}}) -> {"level": 4.5, "trend": 2.375, "cycle": [-0.25, 1.0], "multiplicative": false}
    stat.sample.updateHoltWintersPeriodic(6.0, 0.5, 0.25, 0.5, {"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [2.0, 0.5], "multiplicative": true}}) -> {"level": 7.5, "trend": 3.125, "cycle": [0.65, 2.0], "multiplicative": true}
    stat.sample.updateHoltWintersPeriodic(5.0, 1.5, 0.25, 0.5, {"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [1.0], "multiplicative": false}}) -> error 14050
    stat.sample.updateHoltWintersPeriodic(5.0, 0.5, 1.5, 0.5, {"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [1.0], "multiplicative": false}}) -> error 14051
    stat.sample.updateHoltWintersPeriodic(5.0, 0.5, 0.25, 1.5, {"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [1.0], "multiplicative": false}}) -> error 14052
    stat.sample.updateHoltWintersPeriodic(5.0, 0.5, 0.25, 0.5, {"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [], "multiplicative": false}}) -> error 14053
    """
    _require_share(alpha, "alpha out of range", fail)
    _require_share(beta, "beta out of range", fail)
    _require_share(gamma, "gamma out of range", fail)
    cycle = state["cycle"]
    if not cycle:
        fail("empty cycle")
    charge(len(cycle))
    cycle = cycle[1:] + cycle[:1]
    now, line = float(cycle[0]), state["level"] + state["trend"]
    if state["multiplicative"]:
        level = divide(alpha * x, now) + (1.0 - alpha) * line
        new = divide(gamma * x, level) + (1.0 - gamma) * now
    else:
        level = alpha * (x - now) + (1.0 - alpha) * line
        new = gamma * (x - level) + (1.0 - gamma) * now
    trend = beta * (level - state["level"]) + (1.0 - beta) * state["trend"]
    return changed(state, site, level=level, trend=trend, cycle=[new, *cycle[1:]])


@define(
    "stat.sample.forecast1HoltWinters",
    "(state: any record A with {level: double, trend: double}) -> double",
    errors={"empty cycle": 14060},
)
def forecast1_holt_winters(state: State, *, fail: Fail, site: Site) -> float:
    """Return the next value that the line or wave in `state` foretells.

    state: made by `stat.sample.updateHoltWinters` or `stat.sample.updateHoltWintersPeriodic`.

    stat.sample.forecast1HoltWinters({"type": {"type": "record", "name": "Line", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}]}, "value": {"level": 1.0, "trend": 2.0}}) -> 3.0
    stat.sample.forecast1HoltWinters({"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [2.0, 0.5], "multiplicative": true}}) -> 1.5
    stat.sample.forecast1HoltWinters({"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [], "multiplicative": true}}) -> error 14060
    """
    return _forecast(1, state, fail, site)[0]


@define(
    "stat.sample.forecastHoltWinters",
    "(n: int, state: any record A with {level: double, trend: double}) -> array(double)",
    errors={"empty cycle": 14070},
)
def forecast_holt_winters(n: int, state: State, *, fail: Fail, site: Site, charge: Charge) -> list[float]:
    """Return the next `n` values that the line or wave in `state` foretells.

    state: made by `stat.sample.updateHoltWinters` or `stat.sample.updateHoltWintersPeriodic`.

    stat.sample.forecastHoltWinters(3, {"type": {"type": "record", "name": "Line", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}]}, "value": {"level": 1.0, "trend": 2.0}}) -> [3.0, 5.0, 7.0]
    stat.sample.forecastHoltWinters(3, {"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [10.0, 20.0], "multiplicative": false}}) -> [23.0, 15.0, 27.0]
    stat.sample.forecastHoltWinters(3, {"type": {"type": "record", "name": "Wave", "fields": [{"name": "level", "type": "double"}, {"name": "trend", "type": "double"}, {"name": "cycle", "type": {"type": "array", "items": "double"}}, {"name": "multiplicative", "type": "boolean"}]}, "value": {"level": 1.0, "trend": 2.0, "cycle": [], "multiplicative": true}}) -> error 14070
    """
    charge(max(n, 0))
    return _forecast(n, state, fail, site)


def _forecast(n: int, state: State, fail: Fail, site: Site) -> list[float]:
    level, trend = float(state["level"]), float(state["trend"])
    if not _is_periodic(site):
        return [level + i * trend for i in range(1, n + 1)]
    cycle = state["cycle"]
    if not cycle:
        fail("empty cycle")
    if state["multiplicative"]:
        return [(level + i * trend) * cycle[i % len(cycle)] for i in range(1, n + 1)]
    return [level + i * trend + cycle[i % len(cycle)] for i in range(1, n + 1)]


def _is_periodic(site: Site) -> bool:
    state = site.params[-1]
    if not isinstance(state, Record):
        return False
    types = {f.name: f.type for f in state.fields}
    cycle = types.get("cycle")
    return types.get("multiplicative") == BOOLEAN and isinstance(cycle, Array) and cycle.items in NUMBERS


# ---- the best items ----------------------------------------------------------------------------------------------


@define(
    "stat.sample.topN",
    "(x: any A, top: array(A), n: int, lessThan: fcn(A, A) -> boolean) -> array(A)",
    cost="len(top)",
)
def top_n(x: Any, top: list[Any], n: int, lessThan: Callable[[Any, Any], bool]) -> list[Any]:
    """Return the best `n` items of `top` and `x`, the best one first.

    `top` is in that order already: `x` is put before the first item that is less, after those that are equal.

    stat.sample.topN(5, [7, 5, 3], 3, {"params": [{"p": "int"}, {"q": "int"}], "ret": "boolean", "do": {"<": ["p", "q"]}}) -> [7, 5, 5]
    stat.sample.topN(1, [7, 5, 3], 3, {"params": [{"p": "int"}, {"q": "int"}], "ret": "boolean", "do": {"<": ["p", "q"]}}) -> [7, 5, 3]
    """
    place = next((i for i, item in enumerate(top) if lessThan(item, x)), len(top))
    return [*top[:place], x, *top[place:]][: max(n, 0)]
