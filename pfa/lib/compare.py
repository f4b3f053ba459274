"""Comparisons of values, built once for a type: `ordering`, `equality`, `less`, `sort_key`, `sorter`.

The order is Avro's: numbers by value, strings by code point, enums by position of the symbol, bytes unsigned,
arrays item by item and then by length, records field by field (a field of order "descending" backwards, "ignore"
not at all), unions by position of the branch and then by value; false before true.  Avro does not order maps:
here a map is the array of its (key, value) pairs in order of the keys.

NaN: a bare float or double compares as IEEE 754 says in `equality` and `less`, so every comparison with NaN but
`!=` is false, as in the suite.  Where a total order is needed (`ordering`, sorting, and inside arrays, maps,
records and unions) NaN is equal to itself and comes after every number.  -0.0 and 0.0 are equal everywhere.

A comparator of scalars takes two values.  One of arrays, maps, records or unions takes `charge` as a third,
optional argument and charges what it is going to look at: values share their parts, so a small value can take
for ever to compare.  A value of a recursive type may be deep: comparing never recurses in such a type.

Comparators are made for a type of one document and kept at the call (`Site.cache`): a cache by type would mix
up the records of two documents that have a name in common.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from math import isnan
from operator import eq, lt
from typing import Any, TypeAlias

from pfa.types import (
    BOOLEAN,
    BYTES,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    STRING,
    Array,
    Enum,
    Fixed,
    Map,
    Prim,
    Record,
    Type,
    Union,
    host_class,
)

Charge: TypeAlias = Callable[[int], object]
Ordering: TypeAlias = Callable[..., int]
Predicate: TypeAlias = Callable[..., bool]

_CLASS = {"none": type(None), "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes,
          "list": list, "dict": dict}  # fmt: skip


def free(_: int) -> None:
    """The charge of a comparison that nobody limits."""


def is_scalar(t: Type) -> bool:
    """Do the comparators of `t` take two values only, with nothing to charge?"""
    return isinstance(t, Prim | Enum | Fixed)


def ordering(t: Type) -> Ordering:
    """`cmp(a, b[, charge])`: -1, 0 or 1, a total order of the values of `t`."""
    match t:
        case Prim("null"):
            return _same
        case Prim("float" | "double"):
            return _compare_floats
        case Prim() | Fixed():
            return _compare_natural
        case Enum(_, symbols):
            return _compare_places(_places(symbols))
        case Array(items):
            return _array_ordering(items)
        case Map(values):
            return _compare_maps(ordering(values))
        case Union((Prim("null"), inside) | (inside, Prim("null"))):
            return _compare_optional(ordering(inside), -1 if t.branches[0] == NULL else 1)
        case Union(branches):
            return _compare_unions(_Branch(t), [ordering(b) for b in branches])
        case Record():
            return _Walk(t).compare if is_recursive(t) else _record_ordering(t)
        case _:  # the type of an empty array's items, or of what failed to check: there are no values
            return _same


def equality(t: Type) -> Predicate:
    """`eq(a, b[, charge])`: are they equal?"""
    match t:
        case Prim() | Enum() | Fixed():
            return eq
        case Array(items) if items in (INT, LONG, BOOLEAN, NULL):
            return _equal_flat
        case Array():
            return _equal_arrays(ordering(t))
        case _:
            return _equal(ordering(t))


def less(t: Type) -> Predicate:
    """`lt(a, b[, charge])`: is `a` before `b`?"""
    match t:
        case Prim("null"):
            return _never
        case Prim() | Fixed():
            return lt
        case Enum(_, symbols):
            place = _places(symbols)
            return lambda a, b: place[a] < place[b]
        case _:
            return _less(ordering(t))


def sort_key(t: Type, charge: Charge = free) -> Callable[[Any], Any] | None:
    """The `key` that makes `sorted` sort values of `t`; None where Python's own order is theirs."""
    match t:
        case Prim("float" | "double"):
            return _float_key
        case Prim() | Fixed():
            return None
        case Enum(_, symbols):
            return _places(symbols).__getitem__
        case _:
            compare = ordering(t)
            return cmp_to_key(lambda a, b: compare(a, b, charge))


def sorter(t: Type) -> Callable[..., list[Any]]:
    """`sort(items[, charge])`: a new list in ascending order; items that are equal keep their order.

    The caller charges the number of items; this charges what comparing each of them costs besides.
    """
    match t:
        case Prim("null"):
            return lambda items, charge=free: items
        case Prim("float" | "double"):
            return _sort_floats
        case Prim("string" | "bytes") | Fixed():
            return _sort_texts
        case Prim():
            return lambda items, charge=free: sorted(items)
        case Enum(_, symbols):
            place = _places(symbols).__getitem__
            return lambda items, charge=free: sorted(items, key=place)
        case _:
            compare = ordering(t)
            return lambda items, charge=free: sorted(
                items, key=cmp_to_key(lambda a, b: compare(a, b, charge))
            )


# ---- scalars ------------------------------------------------------------------------------------------------


def _never(_a: object, _b: object) -> bool:
    return False


def _same(_a: object, _b: object, _charge: Charge = free) -> int:
    return 0


def _compare_natural(a: Any, b: Any, _charge: Charge = free) -> int:
    return -1 if a < b else 1 if a > b else 0


def _compare_floats(a: float, b: float, _charge: Charge = free) -> int:
    if a < b:
        return -1
    if a > b:
        return 1
    return 0 if a == b else (a != a) - (b != b)


def _places(symbols: tuple[str, ...]) -> dict[str, int]:
    return {s: i for i, s in enumerate(symbols)}


def _compare_places(place: dict[Any, int]) -> Ordering:
    def compare(a: str, b: str, _charge: Charge = free) -> int:
        i, j = place[a], place[b]
        return -1 if i < j else 1 if i > j else 0

    return compare


def _float_key(x: float) -> tuple[bool, float]:
    return (x != x, x)


def _sort_floats(items: list[float], _charge: Charge = free) -> list[float]:
    if any(map(isnan, items)):
        return sorted([x for x in items if x == x]) + [x for x in items if x != x]
    return sorted(items)


def _sort_texts(items: list[Any], charge: Charge = free) -> list[Any]:
    # sorted() compares an item with about log2(n) others, and it cannot be stopped.
    charge((sum(map(len, items)) >> 4) * len(items).bit_length())
    return sorted(items)


# ---- equality and less of the others, by their ordering -----------------------------------------------------


def _equal_flat(a: list[Any], b: list[Any], charge: Charge = free) -> bool:
    if len(a) != len(b):
        return False
    charge(len(a))
    return a == b


def _equal_arrays(compare: Ordering) -> Predicate:
    return lambda a, b, charge=free: len(a) == len(b) and compare(a, b, charge) == 0


def _equal(compare: Ordering) -> Predicate:
    return lambda a, b, charge=free: compare(a, b, charge) == 0


def _less(compare: Ordering) -> Predicate:
    return lambda a, b, charge=free: compare(a, b, charge) < 0


# ---- ordering of the others ---------------------------------------------------------------------------------


def _array_ordering(items: Type) -> Ordering:
    if items in (INT, LONG, BOOLEAN, NULL):
        return _compare_flat
    if items in (STRING, BYTES) or isinstance(items, Fixed):
        return _compare_texts
    if items in (FLOAT, DOUBLE):
        return _compare_float_arrays
    return _compare_arrays(ordering(items))


def _record_ordering(t: Record) -> Ordering:
    fields = [(f.name, ordering(f.type), f.order == "descending") for f in t.fields if f.order != "ignore"]

    def compare(a: dict[str, Any], b: dict[str, Any], charge: Charge = free) -> int:
        charge(len(fields))
        for name, inside, descending in fields:
            if found := inside(a[name], b[name], charge):
                return -found if descending else found
        return 0

    return compare


def _compare_flat(a: list[Any], b: list[Any], charge: Charge = free) -> int:
    charge(min(len(a), len(b)))
    return -1 if a < b else 1 if a > b else 0


def _compare_texts(a: list[Any], b: list[Any], charge: Charge = free) -> int:
    charge(min(len(a), len(b)))
    for x, y in zip(a, b, strict=False):
        if x != y:
            return -1 if x < y else 1
        charge(len(x) >> 4)
    return _compare_natural(len(a), len(b))


def _compare_float_arrays(a: list[float], b: list[float], charge: Charge = free) -> int:
    charge(min(len(a), len(b)))
    if a == b:
        return 0
    for x, y in zip(a, b, strict=False):
        if x != y and (found := _compare_floats(x, y)):
            return found
    return _compare_natural(len(a), len(b))


def _compare_arrays(inside: Ordering) -> Ordering:
    def compare(a: list[Any], b: list[Any], charge: Charge = free) -> int:
        charge(min(len(a), len(b)))
        for x, y in zip(a, b, strict=False):
            if x is not y and (found := inside(x, y, charge)):
                return found
        return _compare_natural(len(a), len(b))

    return compare


def _compare_maps(inside: Ordering) -> Ordering:
    def compare(a: dict[str, Any], b: dict[str, Any], charge: Charge = free) -> int:
        charge(len(a) + len(b))
        for j, k in zip(sorted(a), sorted(b), strict=False):
            if j != k:
                return -1 if j < k else 1
            if found := inside(a[j], b[j], charge):
                return found
        return _compare_natural(len(a), len(b))

    return compare


class _Branch:
    """Which branch of the union a value is of, and the value without its box."""

    def __init__(self, t: Union) -> None:
        self.by_tag = {b.tag: i for i, b in enumerate(t.branches)}
        self.by_class = {_CLASS[host_class(b)]: i for i, b in enumerate(t.branches) if b.tag not in t.boxed}
        if float in self.by_class:  # an int inside a record of a library function is not widened
            self.by_class.setdefault(int, self.by_class[float])

    def __call__(self, value: Any) -> tuple[int, Any]:
        if type(value) is tuple:
            return self.by_tag[value[0]], value[1]
        return self.by_class[type(value)], value


def _compare_optional(inside: Ordering, null: int) -> Ordering:
    """A union of null and one other type; `null` is what a null is compared with a value."""

    def compare(a: Any, b: Any, charge: Charge = free) -> int:
        if a is None:
            return 0 if b is None else null
        return -null if b is None else inside(a, b, charge)

    return compare


def _compare_unions(branch: _Branch, insides: list[Ordering]) -> Ordering:
    def compare(a: Any, b: Any, charge: Charge = free) -> int:
        i, x = branch(a)
        j, y = branch(b)
        if i != j:
            return -1 if i < j else 1
        return insides[i](x, y, charge)

    return compare


# ---- recursive types ----------------------------------------------------------------------------------------


def is_recursive(t: Type) -> bool:
    """Can a value of `t` contain another value of `t`, so that nothing bounds its depth?"""
    return any(_reaches(part, t) for part in _parts(t))


def _reaches(start: Type, goal: Type) -> bool:
    todo, seen = [start], set[str]()
    while todo:
        t = todo.pop()
        if t == goal:
            return True
        if isinstance(t, Record):
            if t.name in seen:
                continue
            seen.add(t.name)
        todo += _parts(t)
    return False


def _parts(t: Type) -> list[Type]:
    match t:
        case Array(inside) | Map(inside):
            return [inside]
        case Union(branches):
            return list(branches)
        case Record():
            return [f.type for f in t.fields]
        case _:
            return []


_Pair: TypeAlias = tuple[Type, Any, Any, int]


class _Walk:
    """Orders values of a recursive record with a stack of the pairs that are still to be compared.

    What is in the cycle of the record's type is taken apart; other types are leaves, compared as everywhere.
    """

    def __init__(self, root: Record) -> None:
        self.root = root
        self.leaves: dict[int, Ordering] = {id(INT): _compare_natural, id(STRING): _compare_natural}
        self.branch: dict[int, _Branch] = {}
        todo: list[Type] = [root]
        seen: set[int] = set()
        while todo:
            t = todo.pop()
            if id(t) in seen:
                continue
            seen.add(id(t))
            if not _reaches(t, root):
                self.leaves[id(t)] = ordering(t)
                continue
            if isinstance(t, Union):
                self.branch[id(t)] = _Branch(t)
            todo += _parts(t)

    def compare(self, a: Any, b: Any, charge: Charge = free) -> int:
        todo: list[_Pair] = [(self.root, a, b, 1)]
        while todo:
            t, x, y, sign = todo.pop()
            if x is y:
                continue
            if leaf := self.leaves.get(id(t)):
                if found := leaf(x, y, charge):
                    return found * sign
                continue
            charge(1)
            pairs = self.pairs(t, x, y, sign, charge)
            pairs.reverse()
            todo += pairs
        return 0

    def pairs(self, t: Type, a: Any, b: Any, sign: int, charge: Charge) -> list[_Pair]:
        """The pairs that decide the order of `a` and `b`, the first to decide first."""
        match t:
            case Record():
                turn = {"ascending": sign, "descending": -sign}
                return [(f.type, a[f.name], b[f.name], turn[f.order]) for f in t.fields if f.order in turn]
            case Array(items):
                charge(min(len(a), len(b)))
                inside: list[_Pair] = [(items, x, y, sign) for x, y in zip(a, b, strict=False)]
                return [*inside, (INT, len(a), len(b), sign)]
            case Map(values):
                charge(len(a) + len(b))
                return _map_pairs(values, a, b, sign)
            case Union(branches):
                i, x = self.branch[id(t)](a)
                j, y = self.branch[id(t)](b)
                return [(branches[i], x, y, sign)] if i == j else [(INT, i, j, sign)]
            case _:
                return []


def _map_pairs(values: Type, a: dict[str, Any], b: dict[str, Any], sign: int) -> list[_Pair]:
    out: list[_Pair] = []
    for j, k in zip(sorted(a), sorted(b), strict=False):
        if j != k:
            return [*out, (STRING, j, k, sign)]
        out.append((values, a[j], b[j], sign))
    return [*out, (INT, len(a), len(b), sign)]
