"""Namespace a: sums, means, medians and modes of arrays.

Sums are taken from left to right, so that every target gives the same digits; those of float arrays are rounded to
single precision at each step.  Integers are added and multiplied exactly, and the result must fit its type.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.primitives import INF, NAN, RANGE, exp, float32, int_result, isnan, log, long_result
from pfa.lib.ranking import keys, keys_of, ranked
from pfa.lib.sameness import hashes
from pfa.types import DOUBLE, FLOAT, INT, Type

if TYPE_CHECKING:
    from collections.abc import Callable


@define(
    "a.sum",
    "(a: array(any A of {int, long, float, double})) -> A",
    errors={"int overflow": 15400, "long overflow": 15401},
    cost="len(a)",
)
def sum_(a: list[Any], *, fail: Fail, site: Site) -> Any:
    """Return the sum of the items of `a`; 0 for an empty array.

    a.sum([1, 2, 3]) -> 6
    a.sum([0.5, 2, 3]) -> 5.5
    a.sum({"type": {"type": "array", "items": "int"}, "value": []}) -> 0
    a.sum([2147483647, 1]) -> error 15400
    a.sum({"type": {"type": "array", "items": "long"}, "value": [9223372036854775807, 1]}) -> error 15401
    """
    match site.ret.tag:
        case "double":
            return _add(a)
        case "float":
            return _add_singles(a)
        case "int":
            return int_result(sum(a), fail)
        case _:
            return long_result(sum(a), fail)


def _add(a: list[float]) -> float:
    total = 0.0
    for x in a:
        total += x
    return total


def _add_singles(a: list[float]) -> float:
    total = 0.0
    for x in a:
        total = float32(total + x)
    return total


@define(
    "a.product",
    "(a: array(any A of {int, long, float, double})) -> A",
    errors={"int overflow": 15410, "long overflow": 15411},
    cost="len(a)",
)
def product(a: list[Any], *, fail: Fail, site: Site) -> Any:
    """Return the product of the items of `a`; 1 for an empty array.

    a.product([2, 3, 4]) -> 24
    a.product([0.5, 2, 3]) -> 3.0
    a.product({"type": {"type": "array", "items": "int"}, "value": []}) -> 1
    a.product([65536, 32768]) -> error 15410
    a.product({"type": {"type": "array", "items": "long"}, "value": [4611686018427387904, 2]}) -> error 15411
    """
    match site.ret.tag:
        case "double":
            return _multiply(a)
        case "float":
            return _multiply_singles(a)
        case "int":
            return int_result(_multiply_integers(a, INT), fail)
        case _:
            return long_result(_multiply_integers(a, site.ret), fail)


def _multiply(a: list[float]) -> float:
    total = 1.0
    for x in a:
        total *= x
    return total


def _multiply_singles(a: list[float]) -> float:
    total = 1.0
    for x in a:
        total = float32(total * x)
    return total


def _multiply_integers(a: list[int], t: Type) -> int:
    """The exact product, or any number that is not in the range of `t` if it is not."""
    if 0 in a:
        return 0
    least, greatest = RANGE[t]
    total = 1
    for x in a:
        total *= x
        if total < least or total > -least:  # without zeros no factor brings it back; -1 may turn -least
            return greatest + 1
    return total


@define(
    "a.lnsum",
    "(a: array(double)) -> double",
    cost="len(a)",
    accuracy="1e-9",
)
def lnsum(a: list[float]) -> float:
    """Return the sum of the natural logarithms of the items of `a`; 0 for an empty array.

    The logarithm of zero is -infinity, that of a negative number is NaN.

    a.lnsum([1, 10, 100]) -> 6.907755278982137
    a.lnsum({"type": {"type": "array", "items": "double"}, "value": []}) -> 0.0
    a.lnsum([1, 0]) -> -inf
    a.lnsum([1, -1]) -> nan
    """
    total = 0.0
    try:
        for x in a:
            total += math.log(x)
    except ValueError:  # zero or negative
        return _add([log(x) for x in a])
    return total


@define(
    "a.mean",
    "(a: array(double)) -> double",
    cost="len(a)",
)
def mean(a: list[float]) -> float:
    """Return the arithmetic mean of the items of `a`; NaN for an empty array.

    a.mean([1, 2, 4, 6]) -> 3.25
    a.mean({"type": {"type": "array", "items": "double"}, "value": []}) -> nan
    """
    return _add(a) / len(a) if a else NAN


@define(
    "a.geomean",
    "(a: array(double)) -> double",
    cost="len(a)",
    accuracy="1e-9",
)
def geomean(a: list[float]) -> float:
    """Return the geometric mean of the items of `a`; NaN for an empty array, or if an item is negative.

    It is the exponential of the mean of the logarithms, so that long arrays do not overflow.

    a.geomean([1, 10, 100]) -> 10.0
    a.geomean([5, 0]) -> 0.0
    a.geomean([5, -5]) -> nan
    a.geomean({"type": {"type": "array", "items": "double"}, "value": []}) -> nan
    """
    return exp(lnsum(a) / len(a)) if a else NAN


@define(
    "a.median",
    "(a: array(any A)) -> A",
    errors={"empty array": 15450},
    cost="len(a)",
)
def median(a: list[Any], *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the item in the middle of the sorted items of `a`.

    If their number is even, it is the mean of the two in the middle for floats and doubles, else the first of the two.

    a.median([5, 1, 3]) -> 3
    a.median([5, 1, 3, 4]) -> 3
    a.median([5.5, 1, 3, 4]) -> 3.5
    a.median(["b", "a"]) -> "a"
    a.median({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15450
    """
    if not a:
        fail("empty array")
    return _middle(_ascending(a, keys(a, site, charge)), site.ret)


def _ascending(a: list[Any], order: list[Any]) -> list[Any]:
    """The items sorted by their keys."""
    return sorted(a) if order is a else [a[i] for i in ranked(order, len(a), greatest=False)]


def _middle(ascending: list[Any], t: Type) -> Any:
    """The median of sorted items of type `t`, at least one."""
    below, above = ascending[(len(ascending) - 1) // 2], ascending[len(ascending) // 2]
    if len(ascending) % 2 or t not in (FLOAT, DOUBLE):
        return below
    return _rounded((below + above) / 2.0, t)


def _rounded(x: float, t: Type) -> float:
    return float32(x) if t == FLOAT else x


@define(
    "a.ntile",
    "(a: array(any A), p: double) -> A",
    errors={"empty array": 15460, "p not a number": 15461},
    cost="len(a)",
)
def ntile(a: list[Any], p: float, *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the item that stands at the fraction `p` of the sorted items of `a`: a percentile is `p` = 0.01, 0.02, ...

    p: 0 or less gives the least item, 1 or more the greatest.  Between two items, floats and doubles are
        interpolated (half-way it is their mean); of other types it is the first of the two.

    a.ntile([5, 1, 3, 4], 0.5) -> 3
    a.ntile([5.5, 1, 3, 4], 0.5) -> 3.5
    a.ntile([0.0, 10.0, 20.0, 30.0, 40.0], 0.3) -> 12.0
    a.ntile([5, 1, 3, 4], 0) -> 1
    a.ntile([5, 1, 3, 4], 1.5) -> 5
    a.ntile({"type": {"type": "array", "items": "int"}, "value": []}, 0.5) -> error 15460
    a.ntile([5, 1, 3, 4], {"/": [0, 0]}) -> error 15461
    """
    if not a:
        fail("empty array")
    if isnan(p):
        fail("p not a number")
    ascending = _ascending(a, keys(a, site, charge))
    if p <= 0.0 or p >= 1.0:
        return ascending[0 if p <= 0.0 else -1]
    place = p * (len(a) - 1)
    below = math.floor(place)
    part = place - below
    if part == 0.0 or site.ret not in (FLOAT, DOUBLE):
        return ascending[below]
    return _rounded(ascending[below] * (1.0 - part) + ascending[below + 1] * part, site.ret)


@define(
    "a.mode",
    "(a: array(any A)) -> A",
    errors={"empty array": 15470},
    cost="len(a)",
)
def mode(a: list[Any], *, fail: Fail, site: Site, charge: Charge) -> Any:
    """Return the most frequent item of `a`.

    If several are equally frequent, it is the median of them, as `a.median` defines it.

    a.mode([5, 3, 5, 1]) -> 5
    a.mode(["b", "c", "a", "a", "b"]) -> "a"
    a.mode([3, 1, 2]) -> 2
    a.mode([1.0, 2.0, 2.0, 4.0, 4.0]) -> 3.0
    a.mode({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15470
    """
    if not a:
        fail("empty array")
    ties = _most_frequent(a, _tools(site)[0](a, charge))
    if len(ties) == 1:
        return ties[0]
    return _middle(_ascending(ties, _tools(site)[1](ties, charge)), site.ret)


def _tools(site: Site) -> tuple[Callable[..., list[Any]], Callable[..., list[Any]]]:
    """What makes hashable keys and sortable keys of the items."""
    tools = site.cache.get("tools")
    if tools is None:
        tools = site.cache["tools"] = hashes(site.ret), keys_of(site.ret)
    return tools


def _most_frequent(a: list[Any], same_keys: list[Any]) -> list[Any]:
    """One of each of the most frequent items, in order of first appearance."""
    count = Counter(same_keys)
    most = max(count.values())
    if same_keys is a:
        return [x for x, n in count.items() if n == most]
    first = dict(zip(reversed(same_keys), reversed(a), strict=True))
    return [first[key] for key, n in count.items() if n == most]


@define(
    "a.logsumexp",
    "(a: array(double)) -> double",
    cost="len(a)",
    accuracy="1e-9",
)
def logsumexp(a: list[float]) -> float:
    """Return the logarithm of the sum of the exponentials of the items of `a`; NaN for an empty array.

    The greatest item is taken out of the sum, so that nothing overflows.

    a.logsumexp([1, 2, 3]) -> 3.4076059644443806
    a.logsumexp([1000, 1000]) -> 1000.6931471805599
    a.logsumexp({"type": {"type": "array", "items": "double"}, "value": []}) -> nan
    """
    if not a or any(map(isnan, a)):
        return NAN
    greatest = max(a)
    if greatest in (INF, -INF):
        return greatest
    total = 0.0
    for x in a:
        total += math.exp(x - greatest)  # never above 1
    return greatest + log(total)
