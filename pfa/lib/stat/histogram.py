"""stat.sample.*, second family: histograms and counters.  A record in, a record with one more value counted out."""

from __future__ import annotations

from math import floor, isfinite
from typing import Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.primitives import INF, INT_MAX
from pfa.lib.stat.states import State, changed, numbers_of

WRONG_SIZE = "wrong histogram size"
BAD_RANGE = "bad histogram range"
BAD_SCALE = "bad histogram scale"
BAD_RANGES = "bad histogram ranges"


def _bin(x: float, bins: int, low: float, high: float) -> int:
    """The number of the bin, for `low` <= `x` < `high`."""
    width = high - low
    share = (x - low) / width if width < INF else (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low)
    return min(floor(bins * share), bins - 1)


def _added(values: list[float], i: int, w: float) -> list[float]:
    new = list(values)
    new[i] += w
    return new


@define(
    "stat.sample.fillHistogram",
    "(x: double, w: double, histogram: any record A with {numbins: int, low: double, high: double, values: array(double)}) -> A",
    "(x: double, w: double, histogram: any record A with {low: double, binsize: double, values: array(double)}) -> A",
    "(x: double, w: double, histogram: any record A with {ranges: array(array(double)), values: array(double)}) -> A",
    errors={WRONG_SIZE: 14080, BAD_RANGE: 14081, BAD_SCALE: 14082, BAD_RANGES: 14083},
)
def fill_histogram(x: float, w: float, histogram: State, *, fail: Fail, site: Site, charge: Charge) -> State:
    """Return `histogram` with one more value `x` of weight `w` in it.

    The record has `values`, one for each bin, and says what the bins are: `numbins` equal ones from `low`
    (inclusive) to `high` (exclusive); or as many of `binsize` from `low` on as the data need; or `ranges`, pairs
    of an edge that belongs to the bin and one that does not, which may overlap.

    The text of the specification has it otherwise, the conformance suite so: the two edges of a range must not
    be equal, and where bins are added as needed, the first value makes bin 0 if there is none.

    It may have counters for what is in no bin: `underflow` (below, or in none of the ranges), `overflow` (above),
    `nanflow` (NaN) and `infflow` (infinite; without it they count as below and above).

    stat.sample.fillHistogram(2.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "numbins", "type": "int"}, {"name": "low", "type": "double"}, {"name": "high", "type": "double"}, {"name": "values", "type": {"type": "array", "items": "double"}}]}, "value": {"numbins": 3, "low": 0.0, "high": 3.0, "values": [0.0, 0.0, 4.0]}}) -> {"numbins": 3, "low": 0.0, "high": 3.0, "values": [0.0, 0.0, 5.0]}
    stat.sample.fillHistogram(7.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "numbins", "type": "int"}, {"name": "low", "type": "double"}, {"name": "high", "type": "double"}, {"name": "values", "type": {"type": "array", "items": "double"}}, {"name": "overflow", "type": "double"}]}, "value": {"numbins": 3, "low": 0.0, "high": 3.0, "values": [0.0, 0.0, 4.0], "overflow": 2.0}}) -> {"numbins": 3, "low": 0.0, "high": 3.0, "values": [0.0, 0.0, 4.0], "overflow": 3.0}
    stat.sample.fillHistogram(2.5, 1.0, {"type": {"type": "record", "name": "Growing", "fields": [{"name": "low", "type": "double"}, {"name": "binsize", "type": "double"}, {"name": "values", "type": {"type": "array", "items": "double"}}]}, "value": {"low": 0.0, "binsize": 1.0, "values": [4.0]}}) -> {"low": 0.0, "binsize": 1.0, "values": [4.0, 0.0, 1.0]}
    stat.sample.fillHistogram(2.5, 1.0, {"type": {"type": "record", "name": "Ranges", "fields": [{"name": "ranges", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"name": "values", "type": {"type": "array", "items": "double"}}]}, "value": {"ranges": [[0.0, 3.0], [2.0, 5.0], [5.0, 6.0]], "values": [0.0, 0.0, 0.0]}}) -> {"ranges": [[0.0, 3.0], [2.0, 5.0], [5.0, 6.0]], "values": [1.0, 1.0, 0.0]}
    stat.sample.fillHistogram(2.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "numbins", "type": "int"}, {"name": "low", "type": "double"}, {"name": "high", "type": "double"}, {"name": "values", "type": {"type": "array", "items": "double"}}]}, "value": {"numbins": 3, "low": 0.0, "high": 3.0, "values": [0.0]}}) -> error 14080
    stat.sample.fillHistogram(2.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "numbins", "type": "int"}, {"name": "low", "type": "double"}, {"name": "high", "type": "double"}, {"name": "values", "type": {"type": "array", "items": "double"}}]}, "value": {"numbins": 1, "low": 3.0, "high": 0.0, "values": [0.0]}}) -> error 14081
    stat.sample.fillHistogram(2.5, 1.0, {"type": {"type": "record", "name": "Growing", "fields": [{"name": "low", "type": "double"}, {"name": "binsize", "type": "double"}, {"name": "values", "type": {"type": "array", "items": "double"}}]}, "value": {"low": 0.0, "binsize": 0.0, "values": [4.0]}}) -> error 14082
    stat.sample.fillHistogram(2.5, 1.0, {"type": {"type": "record", "name": "Ranges", "fields": [{"name": "ranges", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"name": "values", "type": {"type": "array", "items": "double"}}]}, "value": {"ranges": [[3.0, 0.0]], "values": [0.0]}}) -> error 14083
    """
    charge(len(histogram["values"]))
    numbers = numbers_of(site)
    if {"numbins", "low", "high"} <= numbers:
        return _fill_bins(x, w, histogram, fail, site)
    if {"low", "binsize"} <= numbers:
        return _fill_growing(x, w, histogram, fail, site, charge)
    return _fill_ranges(x, w, histogram, fail, site)


def _fill_bins(x: float, w: float, histogram: State, fail: Fail, site: Site) -> State:
    bins, low, high = histogram["numbins"], histogram["low"], histogram["high"]
    values = histogram["values"]
    if bins < 1:
        fail(BAD_SCALE)
    if len(values) != bins:
        fail(WRONG_SIZE)
    if not (low < high and isfinite(low) and isfinite(high)):
        fail(BAD_RANGE)
    if low <= x < high:
        return changed(histogram, site, values=_added(values, _bin(x, bins, low, high), w))
    return _flow(_outside(x, low, site), w, histogram, site)


def _fill_growing(x: float, w: float, histogram: State, fail: Fail, site: Site, charge: Charge) -> State:
    low, size, values = histogram["low"], histogram["binsize"], histogram["values"]
    if not 0.0 < size < INF:
        fail(BAD_SCALE)
    if not isfinite(low):
        fail(BAD_RANGE)
    if not low <= x < INF:
        return _flow(_outside(x, low, site), w, histogram, site)
    place = (x - low) / size
    if place >= INT_MAX:  # no array has room for it
        fail(BAD_SCALE)
    if not values:
        return changed(histogram, site, values=[w])
    i = floor(place)
    missing = max(i + 1 - len(values), 0)
    charge(missing)
    return changed(histogram, site, values=_added(values + [0.0] * missing, i, w))


def _fill_ranges(x: float, w: float, histogram: State, fail: Fail, site: Site) -> State:
    ranges, values = histogram["ranges"], histogram["values"]
    if len(values) != len(ranges):
        fail(WRONG_SIZE)
    for edges in ranges:
        if len(edges) != 2 or not (edges[0] < edges[1] and isfinite(edges[0]) and isfinite(edges[1])):
            fail(BAD_RANGES)
    inside = [low <= x < high for low, high in ranges]
    if not any(inside):
        return _flow(_outside(x, INF, site), w, histogram, site)
    new = [value + w if hit else value for value, hit in zip(values, inside, strict=True)]
    return changed(histogram, site, values=new)


def _outside(x: float, low: float, site: Site) -> str:
    """The counter of an `x` that is in no bin."""
    if x != x:
        return "nanflow"
    if not isfinite(x) and "infflow" in numbers_of(site):
        return "infflow"
    return "underflow" if x < low else "overflow"


def _flow(counter: str, w: float, histogram: State, site: Site) -> State:
    if counter not in numbers_of(site):
        return histogram
    return changed(histogram, site, **{counter: histogram[counter] + w})


@define(
    "stat.sample.fillHistogram2d",
    "(x: double, y: double, w: double, histogram: any record A with {xnumbins: int, xlow: double, xhigh: double, ynumbins: int, ylow: double, yhigh: double, values: array(array(double))}) -> A",
    errors={WRONG_SIZE: 14090, BAD_RANGE: 14091, BAD_SCALE: 14092},
)
def fill_histogram2d(
    x: float, y: float, w: float, histogram: State, *, fail: Fail, site: Site, charge: Charge
) -> State:
    """Return `histogram` with one more point `x`, `y` of weight `w` in it.

    values: an array for each of `xnumbins` bins from `xlow` (inclusive) to `xhigh` (exclusive), with a number for
    each of `ynumbins` bins from `ylow` to `yhigh`.

    It may have counters for what is in no bin, named by `x` and then `y`: `underunderflow`, `undermidflow`,
    `underoverflow`, `midunderflow`, `midoverflow`, `overunderflow`, `overmidflow`, `overoverflow`; `nanflow` (one
    is NaN) and `infflow` (one is infinite; without it they count as below and above).

    stat.sample.fillHistogram2d(0.5, 1.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "xnumbins", "type": "int"}, {"name": "xlow", "type": "double"}, {"name": "xhigh", "type": "double"}, {"name": "ynumbins", "type": "int"}, {"name": "ylow", "type": "double"}, {"name": "yhigh", "type": "double"}, {"name": "values", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"xnumbins": 1, "xlow": 0.0, "xhigh": 1.0, "ynumbins": 2, "ylow": 0.0, "yhigh": 2.0, "values": [[3.0, 4.0]]}}) -> {"xnumbins": 1, "xlow": 0.0, "xhigh": 1.0, "ynumbins": 2, "ylow": 0.0, "yhigh": 2.0, "values": [[3.0, 5.0]]}
    stat.sample.fillHistogram2d(0.5, -1.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "xnumbins", "type": "int"}, {"name": "xlow", "type": "double"}, {"name": "xhigh", "type": "double"}, {"name": "ynumbins", "type": "int"}, {"name": "ylow", "type": "double"}, {"name": "yhigh", "type": "double"}, {"name": "values", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"name": "midunderflow", "type": "double"}]}, "value": {"xnumbins": 1, "xlow": 0.0, "xhigh": 1.0, "ynumbins": 2, "ylow": 0.0, "yhigh": 2.0, "values": [[3.0, 4.0]], "midunderflow": 0.0}}) -> {"xnumbins": 1, "xlow": 0.0, "xhigh": 1.0, "ynumbins": 2, "ylow": 0.0, "yhigh": 2.0, "values": [[3.0, 4.0]], "midunderflow": 1.0}
    stat.sample.fillHistogram2d(0.5, 1.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "xnumbins", "type": "int"}, {"name": "xlow", "type": "double"}, {"name": "xhigh", "type": "double"}, {"name": "ynumbins", "type": "int"}, {"name": "ylow", "type": "double"}, {"name": "yhigh", "type": "double"}, {"name": "values", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"xnumbins": 1, "xlow": 0.0, "xhigh": 1.0, "ynumbins": 2, "ylow": 0.0, "yhigh": 2.0, "values": [[3.0]]}}) -> error 14090
    stat.sample.fillHistogram2d(0.5, 1.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "xnumbins", "type": "int"}, {"name": "xlow", "type": "double"}, {"name": "xhigh", "type": "double"}, {"name": "ynumbins", "type": "int"}, {"name": "ylow", "type": "double"}, {"name": "yhigh", "type": "double"}, {"name": "values", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"xnumbins": 1, "xlow": 1.0, "xhigh": 1.0, "ynumbins": 2, "ylow": 0.0, "yhigh": 2.0, "values": [[3.0, 4.0]]}}) -> error 14091
    stat.sample.fillHistogram2d(0.5, 1.5, 1.0, {"type": {"type": "record", "name": "Histogram", "fields": [{"name": "xnumbins", "type": "int"}, {"name": "xlow", "type": "double"}, {"name": "xhigh", "type": "double"}, {"name": "ynumbins", "type": "int"}, {"name": "ylow", "type": "double"}, {"name": "yhigh", "type": "double"}, {"name": "values", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}]}, "value": {"xnumbins": 0, "xlow": 0.0, "xhigh": 1.0, "ynumbins": 2, "ylow": 0.0, "yhigh": 2.0, "values": []}}) -> error 14092
    """
    xbins, xlow, xhigh = histogram["xnumbins"], histogram["xlow"], histogram["xhigh"]
    ybins, ylow, yhigh = histogram["ynumbins"], histogram["ylow"], histogram["yhigh"]
    values = histogram["values"]
    if xbins < 1 or ybins < 1:
        fail(BAD_SCALE)
    charge(len(values))
    if len(values) != xbins or any(len(row) != ybins for row in values):
        fail(WRONG_SIZE)
    if not (xlow < xhigh and ylow < yhigh and all(map(isfinite, (xlow, xhigh, ylow, yhigh)))):
        fail(BAD_RANGE)
    if not (xlow <= x < xhigh and ylow <= y < yhigh):
        return _flow(_outside2d(x, y, histogram, site), w, histogram, site)
    charge(ybins)
    i, j = _bin(x, xbins, xlow, xhigh), _bin(y, ybins, ylow, yhigh)
    rows = list(values)
    rows[i] = _added(rows[i], j, w)
    return changed(histogram, site, values=rows)


def _outside2d(x: float, y: float, histogram: State, site: Site) -> str:
    if x != x or y != y:
        return "nanflow"
    if not (isfinite(x) and isfinite(y)) and "infflow" in numbers_of(site):
        return "infflow"
    first = _side(x, histogram["xlow"], histogram["xhigh"])
    return first + _side(y, histogram["ylow"], histogram["yhigh"]) + "flow"


def _side(x: float, low: float, high: float) -> str:
    return "under" if x < low else "over" if x >= high else "mid"


@define(
    "stat.sample.fillCounter",
    "(x: string, w: double, counter: any record A with {values: map(double)}) -> A",
)
def fill_counter(x: str, w: float, counter: Any, *, site: Site, charge: Charge) -> State:
    """Return `counter` with one more `x` of weight `w` in its `values`, the sums of the weights of each string.

    stat.sample.fillCounter("a", 1.0, {"type": {"type": "record", "name": "Counter", "fields": [{"name": "values", "type": {"type": "map", "values": "double"}}]}, "value": {"values": {"a": 2.0}}}) -> {"values": {"a": 3.0}}
    stat.sample.fillCounter("b", 1.0, {"type": {"type": "record", "name": "Counter", "fields": [{"name": "values", "type": {"type": "map", "values": "double"}}]}, "value": {"values": {"a": 2.0}}}) -> {"values": {"a": 2.0, "b": 1.0}}
    """
    values = counter["values"]
    charge(len(values) + 1)
    return changed(counter, site, values={**values, x: values.get(x, 0.0) + w})
