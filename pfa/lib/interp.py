"""interp.*: histogram bins, and functions given by tables of points.

A table of points is sorted once, and kept for as long as the same one comes again.
"""

from __future__ import annotations

from bisect import bisect_right
from math import floor, isfinite
from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.primitives import INF, INT_MAX, INT_MIN, NAN, divide
from pfa.types import DOUBLE, FLOAT, INT, LONG, Array, Function, Record

if TYPE_CHECKING:
    from collections.abc import Callable

Entry = dict[str, Any]
Table = list[Entry]


@define(
    "interp.bin",
    "(x: double, numbins: int, low: double, high: double) -> int",
    "(x: double, origin: double, width: double) -> int",
    errors={"bad histogram range": 22000, "bad histogram scale": 22001, "x out of range": 22002},
)
def bin_(x: float, numbins: Any, low: float, high: float | None = None, *, fail: Fail) -> int:
    """Return the number of the bin that `x` is in.

    There are `numbins` bins from `low` (inclusive) to `high` (exclusive), numbered from 0; or, with `origin` and
    `width`, bins without end to both sides, of which bin 0 begins at `origin`.

    interp.bin(2.5, 10, 0.0, 5.0) -> 5
    interp.bin(-0.5, 0.0, 0.25) -> -2
    interp.bin(2.5, 10, 5.0, 0.0) -> error 22000
    interp.bin(2.5, 0.0, -1.0) -> error 22001
    interp.bin(5.0, 10, 0.0, 5.0) -> error 22002
    """
    if high is None:
        return _endless_bin(x, numbins, low, fail)
    if not (low < high and isfinite(low) and isfinite(high)):
        fail("bad histogram range")
    if numbins < 1:
        fail("bad histogram scale")
    if not low <= x < high:
        fail("x out of range")
    width = high - low
    share = (x - low) / width if width < INF else (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low)
    return int(min(floor(numbins * share), numbins - 1))


def _endless_bin(x: float, origin: float, width: float, fail: Fail) -> int:
    if not isfinite(origin):
        fail("bad histogram range")
    if not width > 0.0:
        fail("bad histogram scale")
    place = (x - origin) / width
    if not INT_MIN <= place < INT_MAX + 1.0:
        fail("x out of range")
    return floor(place)


# ---- the nearest entry -------------------------------------------------------------------------------------------


@define(
    "interp.nearest",
    "(x: double, table: array(any record R with {x: double, to: any T})) -> T",
    "(x: array(double), table: array(any record R with {x: array(double), to: any T})) -> T",
    "(x: any X1, table: array(any record R with {x: any X2, to: any T}), metric: fcn(X1, X2) -> double) -> T",
    errors={"table must have at least one entry": 22010, "inconsistent dimensionality": 22011},
)
def nearest(
    x: Any,
    table: Table,
    metric: Callable[[Any, Any], float] | None = None,
    *,
    fail: Fail,
    site: Site,
    charge: Charge,
) -> Any:
    """Return the `to` of the entry of `table` whose `x` is nearest to `x`, the first of them if they tie.

    Numbers are compared by their difference, vectors by their Euclidean distance, anything else by `metric`.
    A distance of NaN is farther than any other.

    interp.nearest(3.2, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "string"}]}}, "value": [{"x": 1.0, "to": "one"}, {"x": 4.0, "to": "four"}]}) -> "four"
    interp.nearest([0.0, 0.0], {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": {"type": "array", "items": "double"}}, {"name": "to", "type": "string"}]}}, "value": [{"x": [1.0, 2.0], "to": "near"}, {"x": [4.0, 3.0], "to": "far"}]}) -> "near"
    interp.nearest(3.2, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "string"}]}}, "value": []}) -> error 22010
    interp.nearest([0.0], {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": {"type": "array", "items": "double"}}, {"name": "to", "type": "string"}]}}, "value": [{"x": [1.0, 2.0], "to": "near"}]}) -> error 22011
    """
    if not table:
        fail("table must have at least one entry")
    if metric is None and not isinstance(site.params[0], Array):
        return _nearest_number(x, table, site, charge)["to"]
    charge(len(table) * (len(x) + 1 if metric is None else 1))
    if metric is None:
        return _closest(table, lambda entry: _square_distance(x, entry["x"], fail))["to"]
    if _needs_floats(site):
        return _closest(table, lambda entry: metric(x, float(entry["x"])))["to"]
    return _closest(table, lambda entry: metric(x, entry["x"]))["to"]


def _needs_floats(site: Site) -> bool:
    """Does the metric take a double where the table, which is not widened, has integers?"""
    metric, entry = site.params[2], _entry_type(site)
    assert isinstance(metric, Function)
    return metric.params[1] in (FLOAT, DOUBLE) and entry.by_name["x"].type in (INT, LONG)


def _entry_type(site: Site) -> Record:
    table = site.params[1]
    assert isinstance(table, Array)
    assert isinstance(table.items, Record)
    return table.items


def _closest(table: Table, distance: Callable[[Entry], float]) -> Entry:
    best, least = table[0], NAN
    for entry in table:
        d = distance(entry)
        if d < least or (least != least and d == d):
            best, least = entry, d
    return best


def _square_distance(x: list[float], y: list[float], fail: Fail) -> float:
    if len(x) != len(y):
        fail("inconsistent dimensionality")
    total = 0.0
    for v, w in zip(x, y, strict=True):
        total += (v - w) * (v - w)
    return total


def _nearest_number(x: float, table: Table, site: Site, charge: Charge) -> Entry:
    points = _points(table, site, charge)
    if not isfinite(x) or not points.xs:
        charge(len(table))
        return _closest(table, lambda entry: abs(x - entry["x"]))
    i = bisect_right(points.xs, x)
    if i in (0, len(points.xs)):
        return points.entries[max(i - 1, 0)]
    below, above = x - points.xs[i - 1], points.xs[i] - x
    first = points.places[i - 1] < points.places[i]
    return points.entries[i - 1 if below < above or (below == above and first) else i]


class _Points:
    """A table sorted by x: the different ones that are numbers, the first entry of each and where it stands."""

    __slots__ = ("entries", "places", "table", "xs")

    def __init__(self, table: Table) -> None:
        self.table = table
        firsts: dict[float, int] = {}
        for i, entry in enumerate(table):
            x = float(entry["x"])
            if x == x:
                firsts.setdefault(x, i)
        self.xs = sorted(firsts)
        self.places = [firsts[x] for x in self.xs]
        self.entries = [table[i] for i in self.places]


def _points(table: Table, site: Site, charge: Charge) -> _Points:
    points: _Points | None = site.cache.get("points")
    if points is None or points.table is not table:
        charge(len(table))
        points = site.cache["points"] = _Points(table)
    return points


# ---- straight lines between entries ------------------------------------------------------------------------------


@define(
    "interp.linear",
    "(x: double, table: array(any record R with {x: double, to: double})) -> double",
    "(x: double, table: array(any record R with {x: double, to: array(double)})) -> array(double)",
    errors={"table must have at least two distinct x values": 22020, "inconsistent dimensionality": 22021},
)
def linear(x: float, table: Table, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the value at `x` of the line through the entries of `table` next to it, below and above.

    Beyond the table the line goes on through the two entries nearest to `x`.  Of entries with the same `x` the
    first counts; `to` may be an array, of which every component is interpolated.

    interp.linear(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 1.0, "to": 10.0}, {"x": 2.0, "to": 20.0}]}) -> 12.5
    interp.linear(4.0, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": {"type": "array", "items": "double"}}]}}, "value": [{"x": 1.0, "to": [10.0, 0.0]}, {"x": 2.0, "to": [20.0, 0.5]}]}) -> [40.0, 1.5]
    interp.linear(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 1.0, "to": 10.0}]}) -> error 22020
    interp.linear(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": {"type": "array", "items": "double"}}]}}, "value": [{"x": 1.0, "to": [10.0, 0.0]}, {"x": 2.0, "to": [20.0]}]}) -> error 22021
    """
    one, two, _ = _neighbors(x, table, fail, site, charge)
    return _on_line(x, one, two, fail, site, charge)


@define(
    "interp.linearFlat",
    "(x: double, table: array(any record R with {x: double, to: double})) -> double",
    "(x: double, table: array(any record R with {x: double, to: array(double)})) -> array(double)",
    errors={"table must have at least two distinct x values": 22030, "inconsistent dimensionality": 22031},
)
def linear_flat(x: float, table: Table, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the value at `x` of the line through the entries of `table` next to it; beyond it, the nearest `to`.

    Of entries with the same `x` the first counts; `to` may be an array, of which every component is interpolated.

    interp.linearFlat(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 1.0, "to": 10.0}, {"x": 2.0, "to": 20.0}]}) -> 12.5
    interp.linearFlat(4.0, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 1.0, "to": 10.0}, {"x": 2.0, "to": 20.0}]}) -> 20.0
    interp.linearFlat(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 1.0, "to": 10.0}]}) -> error 22030
    interp.linearFlat(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": {"type": "array", "items": "double"}}]}}, "value": [{"x": 1.0, "to": [10.0, 0.0]}, {"x": 2.0, "to": [20.0]}]}) -> error 22031
    """
    one, two, inside = _neighbors(x, table, fail, site, charge)
    if inside:
        return _on_line(x, one, two, fail, site, charge)
    to = one["to"]
    return [float(v) for v in to] if _is_vector(site) else float(to)


@define(
    "interp.linearMissing",
    "(x: double, table: array(any record R with {x: double, to: double})) -> union(null, double)",
    "(x: double, table: array(any record R with {x: double, to: array(double)})) -> union(null, array(double))",
    errors={"table must have at least two distinct x values": 22040, "inconsistent dimensionality": 22041},
)
def linear_missing(x: float, table: Table, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the value at `x` of the line through the entries of `table` next to it; beyond the table, null.

    Of entries with the same `x` the first counts; `to` may be an array, of which every component is interpolated.

    interp.linearMissing(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 1.0, "to": 10.0}, {"x": 2.0, "to": 20.0}]}) -> {"double": 12.5}
    interp.linearMissing(4.0, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 1.0, "to": 10.0}, {"x": 2.0, "to": 20.0}]}) -> null
    interp.linearMissing(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}]}}, "value": [{"x": 1.0, "to": 10.0}]}) -> error 22040
    interp.linearMissing(1.25, {"type": {"type": "array", "items": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": {"type": "array", "items": "double"}}]}}, "value": [{"x": 1.0, "to": [10.0, 0.0]}, {"x": 2.0, "to": [20.0]}]}) -> error 22041
    """
    one, two, inside = _neighbors(x, table, fail, site, charge)
    return _on_line(x, one, two, fail, site, charge) if inside else None


def _neighbors(x: float, table: Table, fail: Fail, site: Site, charge: Charge) -> tuple[Entry, Entry, bool]:
    """The two entries of the line, the nearest (or the one below) first, and whether `x` is between them."""
    points = _points(table, site, charge)
    if not isfinite(x):
        charge(len(table))
        return _neighbors_of_none(x, table, fail)
    if len(points.xs) < 2:
        fail("table must have at least two distinct x values")
    i, entries = bisect_right(points.xs, x), points.entries
    if i == 0:
        return entries[0], entries[1], False
    return (entries[-1], entries[-2], False) if i == len(entries) else (entries[i - 1], entries[i], True)


def _neighbors_of_none(x: float, table: Table, fail: Fail) -> tuple[Entry, Entry, bool]:
    """Those of an infinite or NaN `x`, to which all entries are equally near: the first ones in the table.

    As the conformance suite has it, infinity is never below the last entry, but -infinity may be an entry.
    """
    if x == -INF and any(entry["x"] == x for entry in table):
        first = next(entry for entry in table if entry["x"] == x)
        second = next((entry for entry in table if entry["x"] > x), None)
        return (first, second, True) if second else fail("table must have at least two distinct x values")
    known = table if x != x else [entry for entry in table if entry["x"] == entry["x"]]
    one = known[0] if known else None
    two = next((e for e in known[1:] if one and (x != x or e["x"] != one["x"])), None)
    if one is None or two is None:
        fail("table must have at least two distinct x values")
    return one, two, False


def _is_vector(site: Site) -> bool:
    if "vector" not in site.cache:
        site.cache["vector"] = isinstance(_entry_type(site).by_name["to"].type, Array)
    return bool(site.cache["vector"])


def _on_line(x: float, one: Entry, two: Entry, fail: Fail, site: Site, charge: Charge) -> Any:
    share = divide(x - one["x"], two["x"] - one["x"])
    rest = 1.0 - share
    if not _is_vector(site):
        return rest * one["to"] + share * two["to"]
    if len(one["to"]) != len(two["to"]):
        fail("inconsistent dimensionality")
    charge(len(one["to"]))
    return [rest * v + share * w for v, w in zip(one["to"], two["to"], strict=True)]
