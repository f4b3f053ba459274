"""Namespace a: functions applied to arrays, from left to right.

The specification leaves the order of the calls open; here it is always the natural one.  What the functions given
do is charged where it happens; the bodies charge for what they make besides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pfa.lib.define import Charge, Fail, define

Call: TypeAlias = Callable[..., Any]
Test: TypeAlias = Callable[..., bool]


@define(
    "a.map",
    "(a: array(any A), fcn: fcn(A) -> any B) -> array(B)",
    cost="len(a)",
)
def map_(a: list[Any], fcn: Call) -> list[Any]:
    """Return the results of `fcn` for the items of `a`.

    a.map([1, 2, 3], {"params": [{"x": "int"}], "ret": "int", "do": {"*": ["x", 10]}}) -> [10, 20, 30]
    a.map(["one", "three"], {"params": [{"x": "string"}], "ret": "int", "do": {"s.len": "x"}}) -> [3, 5]
    """
    return [fcn(x) for x in a]


@define(
    "a.mapWithIndex",
    "(a: array(any A), fcn: fcn(int, A) -> any B) -> array(B)",
    cost="len(a)",
)
def map_with_index(a: list[Any], fcn: Call) -> list[Any]:
    """Return the results of `fcn` for the indexes and items of `a`.

    a.mapWithIndex([5, 6, 7], {"params": [{"i": "int"}, {"x": "int"}], "ret": "int", "do": {"*": ["i", "x"]}}) -> [0, 6, 14]
    """
    return [fcn(i, x) for i, x in enumerate(a)]


@define(
    "a.filter",
    "(a: array(any A), fcn: fcn(A) -> boolean) -> array(A)",
    cost="len(a)",
)
def filter_(a: list[Any], fcn: Test) -> list[Any]:
    """Return the items of `a` for which `fcn` is true.

    a.filter([1, 2, 3, 4], {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 2]}}) -> [3, 4]
    """
    return [x for x in a if fcn(x)]


@define(
    "a.filterWithIndex",
    "(a: array(any A), fcn: fcn(int, A) -> boolean) -> array(A)",
    cost="len(a)",
)
def filter_with_index(a: list[Any], fcn: Test) -> list[Any]:
    """Return the items of `a` for which `fcn` of index and item is true.

    a.filterWithIndex([3, 1, 2], {"params": [{"i": "int"}, {"x": "int"}], "ret": "boolean", "do": {"<": ["i", "x"]}}) -> [3]
    """
    return [x for i, x in enumerate(a) if fcn(i, x)]


@define(
    "a.filterMap",
    "(a: array(any A), fcn: fcn(A) -> union(any B, null)) -> array(B)",
    cost="len(a)",
)
def filter_map(a: list[Any], fcn: Call) -> list[Any]:
    """Return the results of `fcn` for the items of `a` that are not null.

    a.filterMap([1, 2, 3], {"params": [{"x": "int"}], "ret": ["int", "null"], "do": {"if": {">": ["x", 1]}, "then": {"*": ["x", 10]}, "else": null}}) -> [20, 30]
    """
    return [y for x in a if (y := fcn(x)) is not None]


@define(
    "a.filterMapWithIndex",
    "(a: array(any A), fcn: fcn(int, A) -> union(any B, null)) -> array(B)",
    cost="len(a)",
)
def filter_map_with_index(a: list[Any], fcn: Call) -> list[Any]:
    """Return the results of `fcn` for the indexes and items of `a` that are not null.

    a.filterMapWithIndex([7, 8, 9], {"params": [{"i": "int"}, {"x": "int"}], "ret": ["int", "null"], "do": {"if": {">": ["i", 0]}, "then": {"+": ["x", "i"]}, "else": null}}) -> [9, 11]
    """
    return [y for i, x in enumerate(a) if (y := fcn(i, x)) is not None]


@define(
    "a.flatMap",
    "(a: array(any A), fcn: fcn(A) -> array(any B)) -> array(B)",
    cost="len(a)",
)
def flat_map(a: list[Any], fcn: Call, *, charge: Charge) -> list[Any]:
    """Return the items of the arrays that `fcn` gives for the items of `a`, one array after the other.

    a.flatMap([1, 2], {"params": [{"x": "int"}], "ret": {"type": "array", "items": "int"}, "do": {"new": ["x", {"*": ["x", 10]}], "type": {"type": "array", "items": "int"}}}) -> [1, 10, 2, 20]
    """
    out: list[Any] = []
    for x in a:
        part = fcn(x)
        charge(len(part))
        out += part
    return out


@define(
    "a.flatMapWithIndex",
    "(a: array(any A), fcn: fcn(int, A) -> array(any B)) -> array(B)",
    cost="len(a)",
)
def flat_map_with_index(a: list[Any], fcn: Call, *, charge: Charge) -> list[Any]:
    """Return the items of the arrays that `fcn` gives for the indexes and items of `a`, one array after the other.

    a.flatMapWithIndex([7, 8], {"params": [{"i": "int"}, {"x": "int"}], "ret": {"type": "array", "items": "int"}, "do": {"new": ["i", "x"], "type": {"type": "array", "items": "int"}}}) -> [0, 7, 1, 8]
    """
    out: list[Any] = []
    for i, x in enumerate(a):
        part = fcn(i, x)
        charge(len(part))
        out += part
    return out


@define(
    "a.zipmap",
    "(a: array(any A), b: array(any B), fcn: fcn(A, B) -> any Z) -> array(Z)",
    "(a: array(any A), b: array(any B), c: array(any C), fcn: fcn(A, B, C) -> any Z) -> array(Z)",
    "(a: array(any A), b: array(any B), c: array(any C), d: array(any D), fcn: fcn(A, B, C, D) -> any Z) -> array(Z)",
    errors={"misaligned arrays": 15650},
    cost="len(a)",
)
def zipmap(a: list[Any], b: list[Any], *more: Any, fail: Fail) -> list[Any]:
    """Return the results of `fcn` for the items at the same place in two, three or four arrays.

    a.zipmap([1, 2], [10, 20], {"params": [{"x": "int"}, {"y": "int"}], "ret": "int", "do": {"+": ["x", "y"]}}) -> [11, 22]
    a.zipmap([1, 2], [10, 20], [100, 200], {"params": [{"x": "int"}, {"y": "int"}, {"z": "int"}], "ret": "int", "do": {"+": [{"+": ["x", "y"]}, "z"]}}) -> [111, 222]
    a.zipmap([1, 2], [10], {"params": [{"x": "int"}, {"y": "int"}], "ret": "int", "do": {"+": ["x", "y"]}}) -> error 15650
    """
    if len(b) != len(a):
        fail("misaligned arrays")
    if len(more) == 1:
        fcn = more[0]
        return [fcn(x, y) for x, y in zip(a, b)]  # noqa: B905 - they are of one length, and asking costs time
    *others, fcn = more
    return [fcn(*row) for row in _rows(a, b, others, fail)]


def _rows(a: list[Any], b: list[Any], others: list[list[Any]], fail: Fail) -> zip[Any]:
    for other in others:
        if len(other) != len(a):
            fail("misaligned arrays")
    return zip(a, b, *others, strict=True)


@define(
    "a.zipmapWithIndex",
    "(a: array(any A), b: array(any B), fcn: fcn(int, A, B) -> any Z) -> array(Z)",
    "(a: array(any A), b: array(any B), c: array(any C), fcn: fcn(int, A, B, C) -> any Z) -> array(Z)",
    "(a: array(any A), b: array(any B), c: array(any C), d: array(any D), fcn: fcn(int, A, B, C, D) -> any Z) -> array(Z)",
    errors={"misaligned arrays": 15660},
    cost="len(a)",
)
def zipmap_with_index(a: list[Any], b: list[Any], *more: Any, fail: Fail) -> list[Any]:
    """Return the results of `fcn` for the indexes and the items at the same place in two, three or four arrays.

    a.zipmapWithIndex([1, 2], [10, 20], {"params": [{"i": "int"}, {"x": "int"}, {"y": "int"}], "ret": "int", "do": {"+": [{"*": ["i", "x"]}, "y"]}}) -> [10, 22]
    a.zipmapWithIndex([1, 2], [10], {"params": [{"i": "int"}, {"x": "int"}, {"y": "int"}], "ret": "int", "do": {"+": ["x", "y"]}}) -> error 15660
    """
    if len(b) != len(a):
        fail("misaligned arrays")
    *others, fcn = more
    return [fcn(i, *row) for i, row in enumerate(_rows(a, b, others, fail))]


@define(
    "a.reduce",
    "(a: array(any A), fcn: fcn(A, A) -> A) -> A",
    errors={"empty array": 15670},
    cost="len(a)",
)
def reduce(a: list[Any], fcn: Call, *, fail: Fail) -> Any:
    """Return the tally of the items of `a` from left to right: the first item, combined by `fcn` with the next ones.

    fcn: takes the tally and an item, gives the new tally.

    a.reduce([1, 2, 3], {"params": [{"tally": "int"}, {"x": "int"}], "ret": "int", "do": {"-": ["tally", "x"]}}) -> -4
    a.reduce({"type": {"type": "array", "items": "int"}, "value": []}, {"params": [{"tally": "int"}, {"x": "int"}], "ret": "int", "do": {"+": ["tally", "x"]}}) -> error 15670
    """
    if not a:
        fail("empty array")
    items = iter(a)
    tally = next(items)
    for x in items:
        tally = fcn(tally, x)
    return tally


@define(
    "a.reduceRight",
    "(a: array(any A), fcn: fcn(A, A) -> A) -> A",
    errors={"empty array": 15680},
    cost="len(a)",
)
def reduce_right(a: list[Any], fcn: Call, *, fail: Fail) -> Any:
    """Return the tally of the items of `a` from right to left: the last item, combined by `fcn` with those before.

    fcn: takes an item and the tally, gives the new tally.

    a.reduceRight([1, 2, 3], {"params": [{"x": "int"}, {"tally": "int"}], "ret": "int", "do": {"-": ["tally", "x"]}}) -> 0
    a.reduceRight({"type": {"type": "array", "items": "int"}, "value": []}, {"params": [{"x": "int"}, {"tally": "int"}], "ret": "int", "do": {"+": ["tally", "x"]}}) -> error 15680
    """
    if not a:
        fail("empty array")
    items = reversed(a)
    tally = next(items)
    for x in items:
        tally = fcn(x, tally)
    return tally


@define(
    "a.fold",
    "(a: array(any A), zero: any B, fcn: fcn(B, A) -> B) -> B",
    cost="len(a)",
)
def fold(a: list[Any], zero: Any, fcn: Call) -> Any:
    """Return the tally of the items of `a` from left to right, beginning with `zero`.

    fcn: takes the tally and an item, gives the new tally.

    a.fold([1, 2, 3], 10, {"params": [{"tally": "int"}, {"x": "int"}], "ret": "int", "do": {"-": ["tally", "x"]}}) -> 4
    a.fold({"type": {"type": "array", "items": "int"}, "value": []}, 10, {"params": [{"tally": "int"}, {"x": "int"}], "ret": "int", "do": {"-": ["tally", "x"]}}) -> 10
    """
    tally = zero
    for x in a:
        tally = fcn(tally, x)
    return tally


@define(
    "a.foldRight",
    "(a: array(any A), zero: any B, fcn: fcn(A, B) -> B) -> B",
    cost="len(a)",
)
def fold_right(a: list[Any], zero: Any, fcn: Call) -> Any:
    """Return the tally of the items of `a` from right to left, beginning with `zero`.

    fcn: takes an item and the tally, gives the new tally.

    a.foldRight(["a", "b", "c"], "!", {"params": [{"x": "string"}, {"tally": "string"}], "ret": "string", "do": {"s.concat": ["tally", "x"]}}) -> "!cba"
    """
    tally = zero
    for x in reversed(a):
        tally = fcn(x, tally)
    return tally


@define(
    "a.takeWhile",
    "(a: array(any A), fcn: fcn(A) -> boolean) -> array(A)",
    cost="len(a)",
)
def take_while(a: list[Any], fcn: Test) -> list[Any]:
    """Return the items of `a` before the first one for which `fcn` is false.

    a.takeWhile([1, 2, 5, 1], {"params": [{"x": "int"}], "ret": "boolean", "do": {"<": ["x", 3]}}) -> [1, 2]
    """
    for i, x in enumerate(a):
        if not fcn(x):
            return a[:i]
    return a


@define(
    "a.dropWhile",
    "(a: array(any A), fcn: fcn(A) -> boolean) -> array(A)",
    cost="len(a)",
)
def drop_while(a: list[Any], fcn: Test) -> list[Any]:
    """Return the items of `a` from the first one for which `fcn` is false.

    a.dropWhile([1, 2, 5, 1], {"params": [{"x": "int"}], "ret": "boolean", "do": {"<": ["x", 3]}}) -> [5, 1]
    """
    for i, x in enumerate(a):
        if not fcn(x):
            return a[i:]
    return []


@define(
    "a.any",
    "(a: array(any A), fcn: fcn(A) -> boolean) -> boolean",
    cost="len(a)",
)
def any_(a: list[Any], fcn: Test) -> bool:
    """Return whether `fcn` is true for an item of `a`; `fcn` is not called for the items after it.

    a.any([1, 2, 3], {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 2]}}) -> true
    a.any([1, 2, 3], {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 3]}}) -> false
    """
    for x in a:  # noqa: SIM110 - a generator costs more than the loop
        if fcn(x):
            return True
    return False


@define(
    "a.all",
    "(a: array(any A), fcn: fcn(A) -> boolean) -> boolean",
    cost="len(a)",
)
def all_(a: list[Any], fcn: Test) -> bool:
    """Return whether `fcn` is true for all items of `a`; `fcn` is not called for the items after the first that fails.

    a.all([1, 2, 3], {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 0]}}) -> true
    a.all([1, 2, 3], {"params": [{"x": "int"}], "ret": "boolean", "do": {">": ["x", 1]}}) -> false
    """
    for x in a:  # noqa: SIM110 - a generator costs more than the loop
        if not fcn(x):
            return False
    return True


@define(
    "a.corresponds",
    "(a: array(any A), b: array(any B), fcn: fcn(A, B) -> boolean) -> boolean",
    cost="len(a)",
)
def corresponds(a: list[Any], b: list[Any], fcn: Test) -> bool:
    """Return whether `a` and `b` have the same length and `fcn` is true for all pairs of items at the same place.

    a.corresponds([1, 2], [2, 3], {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> true
    a.corresponds([1, 2], [2], {"params": [{"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<": ["x", "y"]}}) -> false
    """
    if len(a) != len(b):
        return False
    for x, y in zip(a, b, strict=True):  # noqa: SIM110 - a generator costs more than the loop
        if not fcn(x, y):
            return False
    return True


@define(
    "a.correspondsWithIndex",
    "(a: array(any A), b: array(any B), fcn: fcn(int, A, B) -> boolean) -> boolean",
    cost="len(a)",
)
def corresponds_with_index(a: list[Any], b: list[Any], fcn: Test) -> bool:
    """Return whether `a` and `b` have the same length and `fcn` is true for all indexes with the items there.

    a.correspondsWithIndex([0, 2], [5, 6], {"params": [{"i": "int"}, {"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<=": ["i", "x"]}}) -> true
    a.correspondsWithIndex([0, 0], [5, 6], {"params": [{"i": "int"}, {"x": "int"}, {"y": "int"}], "ret": "boolean", "do": {"<=": ["i", "x"]}}) -> false
    """
    if len(a) != len(b):
        return False
    for i, (x, y) in enumerate(zip(a, b, strict=True)):  # noqa: SIM110 - a generator costs more than the loop
        if not fcn(i, x, y):
            return False
    return True


@define(
    "a.groupby",
    "(a: array(any A), fcn: fcn(A) -> string) -> map(array(A))",
    cost="len(a)",
)
def groupby(a: list[Any], fcn: Callable[[Any], str]) -> dict[str, list[Any]]:
    """Return the items of `a` in groups, by the string that `fcn` gives for them; each group keeps their order.

    a.groupby(["one", "two", "three"], {"params": [{"x": "string"}], "ret": "string", "do": {"s.substr": ["x", 0, 1]}}) -> {"o": ["one"], "t": ["two", "three"]}
    """
    groups: dict[str, list[Any]] = {}
    for x in a:
        groups.setdefault(fcn(x), []).append(x)
    return groups
