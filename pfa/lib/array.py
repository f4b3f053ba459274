"""Namespace a, first family: parts of an array and arrays made of others.  Importing it defines all of `a.*`.

Values are immutable: every function makes a new list, or gives back its argument where nothing changes.
"""

from __future__ import annotations

from itertools import chain
from itertools import combinations as each_combination
from itertools import permutations as each_permutation
from typing import Any

from pfa.lib import array_functional, array_order, array_search, array_sets, array_stats
from pfa.lib.define import Charge, Fail, define

FAMILIES = (array_search, array_order, array_stats, array_sets, array_functional)


@define(
    "a.len",
    "(a: array(any A)) -> int",
)
def len_(a: list[Any]) -> int:
    """Return the number of items of `a`.

    a.len([7, 8, 9]) -> 3
    a.len({"type": {"type": "array", "items": "int"}, "value": []}) -> 0
    """
    return len(a)


@define(
    "a.subseq",
    "(a: array(any A), start: int, end: int) -> array(A)",
)
def subseq(a: list[Any], start: int, end: int, *, charge: Charge) -> list[Any]:
    """Return the items of `a` from `start` (inclusive) until `end` (exclusive).

    A negative index counts from the right (-1 is just before the last item), an index beyond the ends is moved
    to the end, and `end` ≤ `start` gives an empty array: the rules of Python's slices.

    a.subseq([10, 11, 12, 13, 14], 1, 3) -> [11, 12]
    a.subseq([10, 11, 12, 13, 14], 1, -1) -> [11, 12, 13]
    a.subseq([10, 11, 12, 13, 14], -2, 100) -> [13, 14]
    a.subseq([10, 11, 12, 13, 14], 3, 1) -> []
    """
    charge(len(range(len(a))[start:end]))
    return a[start:end]


@define(
    "a.head",
    "(a: array(any A)) -> A",
    errors={"empty array": 15020},
)
def head(a: list[Any], *, fail: Fail) -> Any:
    """Return the first item of `a`.

    a.head([7, 8]) -> 7
    a.head({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15020
    """
    return a[0] if a else fail("empty array")


@define(
    "a.tail",
    "(a: array(any A)) -> array(A)",
    errors={"empty array": 15030},
    cost="len(a)",
)
def tail(a: list[Any], *, fail: Fail) -> list[Any]:
    """Return all but the first item of `a`.

    a.tail([7, 8, 9]) -> [8, 9]
    a.tail([7]) -> []
    a.tail({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15030
    """
    return a[1:] if a else fail("empty array")


@define(
    "a.last",
    "(a: array(any A)) -> A",
    errors={"empty array": 15040},
)
def last(a: list[Any], *, fail: Fail) -> Any:
    """Return the last item of `a`.

    a.last([7, 8]) -> 8
    a.last({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15040
    """
    return a[-1] if a else fail("empty array")


@define(
    "a.init",
    "(a: array(any A)) -> array(A)",
    errors={"empty array": 15050},
    cost="len(a)",
)
def init(a: list[Any], *, fail: Fail) -> list[Any]:
    """Return all but the last item of `a`.

    a.init([7, 8, 9]) -> [7, 8]
    a.init([7]) -> []
    a.init({"type": {"type": "array", "items": "int"}, "value": []}) -> error 15050
    """
    return a[:-1] if a else fail("empty array")


@define(
    "a.subseqto",
    "(a: array(any A), start: int, end: int, replacement: array(A)) -> array(A)",
    cost="len(a) + len(replacement)",
)
def subseqto(a: list[Any], start: int, end: int, replacement: list[Any]) -> list[Any]:
    """Return `a` with the items from `start` (inclusive) until `end` (exclusive) replaced by `replacement`.

    Indexes are those of Python's slices, as in `a.subseq`; with `end` ≤ `start`, `replacement` goes before the
    item at `start`.

    a.subseqto([10, 11, 12, 13], 1, 3, [99]) -> [10, 99, 13]
    a.subseqto([10, 11, 12, 13], 1, 1, [98, 99]) -> [10, 98, 99, 11, 12, 13]
    a.subseqto([10, 11, 12, 13], -1, 100, [98, 99]) -> [10, 11, 12, 98, 99]
    """
    out = a.copy()
    out[start:end] = replacement
    return out


@define(
    "a.concat",
    "(a: array(any A), b: array(A)) -> array(A)",
    cost="len(a) + len(b)",
)
def concat(a: list[Any], b: list[Any]) -> list[Any]:
    """Return the items of `a` followed by those of `b`.

    a.concat([1, 2], [3]) -> [1, 2, 3]
    a.concat([1, 2], [3.5]) -> [1.0, 2.0, 3.5]
    """
    return a + b


@define(
    "a.append",
    "(a: array(any A), item: A) -> array(A)",
    cost="len(a)",
)
def append(a: list[Any], item: Any) -> list[Any]:
    """Return `a` with `item` added at its end.

    a.append([1, 2], 3) -> [1, 2, 3]
    """
    return [*a, item]


@define(
    "a.cycle",
    "(a: array(any A), item: A, maxLength: int) -> array(A)",
    errors={"maxLength out of range": 15150},
    cost="len(a)",
)
def cycle(a: list[Any], item: Any, maxLength: int, *, fail: Fail) -> list[Any]:
    """Return `a` with `item` added at its end and items removed from its beginning, as many as keep it to `maxLength`.

    a.cycle([1, 2, 3], 4, 3) -> [2, 3, 4]
    a.cycle([1, 2, 3], 4, 10) -> [1, 2, 3, 4]
    a.cycle([1, 2, 3], 4, 0) -> []
    a.cycle([1, 2, 3], 4, -1) -> error 15150
    """
    if maxLength < 0:
        fail("maxLength out of range")
    if maxLength == 0:
        return []
    return [*a[max(0, len(a) + 1 - maxLength) :], item]


@define(
    "a.insert",
    "(a: array(any A), index: int, item: A) -> array(A)",
    errors={"index out of range": 15160},
    cost="len(a)",
)
def insert(a: list[Any], index: int, item: Any, *, fail: Fail) -> list[Any]:
    """Return `a` with `item` inserted before the item at `index`.

    A negative index counts from the right: -1 is the last item.  There must be an item at `index`; to add at the
    end there is `a.append`.

    a.insert([1, 2, 3], 1, 99) -> [1, 99, 2, 3]
    a.insert([1, 2, 3], -1, 99) -> [1, 2, 99, 3]
    a.insert([1, 2, 3], 3, 99) -> error 15160
    a.insert([1, 2, 3], -4, 99) -> error 15160
    """
    if not -len(a) <= index < len(a):
        fail("index out of range")
    return [*a[:index], item, *a[index:]]


@define(
    "a.replace",
    "(a: array(any A), index: int, item: A) -> array(A)",
    errors={"index out of range": 15170},
    cost="len(a)",
)
def replace(a: list[Any], index: int, item: Any, *, fail: Fail) -> list[Any]:
    """Return `a` with `item` in the place of the item at `index`.

    A negative index counts from the right: -1 is the last item.

    a.replace([1, 2, 3], 1, 99) -> [1, 99, 3]
    a.replace([1, 2, 3], -1, 99) -> [1, 2, 99]
    a.replace([1, 2, 3], 3, 99) -> error 15170
    """
    if not -len(a) <= index < len(a):
        fail("index out of range")
    out = a.copy()
    out[index] = item
    return out


@define(
    "a.remove",
    "(a: array(any A), start: int, end: int) -> array(A)",
    "(a: array(any A), index: int) -> array(A)",
    errors={"index out of range": 15180},
    cost="len(a)",
)
def remove(a: list[Any], start: int, end: int | None = None, *, fail: Fail) -> list[Any]:
    """Return `a` without the items from `start` (inclusive) until `end` (exclusive), or without the one at `index`.

    `start` and `end` are those of Python's slices, as in `a.subseq`; a negative `index` counts from the right.

    a.remove([10, 11, 12, 13], 1, 3) -> [10, 13]
    a.remove([10, 11, 12, 13], 3, 1) -> [10, 11, 12, 13]
    a.remove([10, 11, 12, 13], -1) -> [10, 11, 12]
    a.remove([10, 11, 12, 13], 4) -> error 15180
    """
    out = a.copy()
    if end is not None:
        del out[start:end]
    elif -len(a) <= start < len(a):
        del out[start]
    else:
        fail("index out of range")
    return out


@define(
    "a.rotate",
    "(a: array(any A), steps: int) -> array(A)",
    errors={"steps out of range": 15190},
    cost="len(a)",
)
def rotate(a: list[Any], steps: int, *, fail: Fail) -> list[Any]:
    """Return `a` rotated to the left: its first `steps` items come last.

    a.rotate([1, 2, 3, 4], 1) -> [2, 3, 4, 1]
    a.rotate([1, 2, 3, 4], 6) -> [3, 4, 1, 2]
    a.rotate([1, 2, 3, 4], -1) -> error 15190
    """
    if steps < 0:
        fail("steps out of range")
    at = steps % len(a) if a else 0
    return a[at:] + a[:at]


@define(
    "a.shuffle",
    "(a: array(any A)) -> array(A)",
    cost="len(a)",
    random=True,
    nondeterministic="pseudorandom",
)
def shuffle(a: list[Any], *, rng: Any) -> list[Any]:
    """Return the items of `a` in a random order.

    a.shuffle([1, 2, 3, 4]) -> any
    a.shuffle([5]) -> [5]
    """
    return rng.shuffle(a)  # type: ignore[no-any-return]


@define(
    "a.reverse",
    "(a: array(any A)) -> array(A)",
    cost="len(a)",
)
def reverse(a: list[Any]) -> list[Any]:
    """Return the items of `a` from the last to the first.

    a.reverse([1, 2, 3]) -> [3, 2, 1]
    """
    return a[::-1]


@define(
    "a.slidingWindow",
    "(a: array(any A), size: int, step: int) -> array(array(A))",
    errors={"size < 1": 15770, "step < 1": 15771},
)
def sliding_window(a: list[Any], size: int, step: int, *, fail: Fail, charge: Charge) -> list[list[Any]]:
    """Return the parts of `a` that have `size` items and begin `step` items apart, from left to right.

    a.slidingWindow([1, 2, 3, 4, 5], 2, 1) -> [[1, 2], [2, 3], [3, 4], [4, 5]]
    a.slidingWindow([1, 2, 3, 4, 5], 3, 2) -> [[1, 2, 3], [3, 4, 5]]
    a.slidingWindow([1, 2, 3], 4, 1) -> []
    a.slidingWindow([1, 2, 3], 0, 1) -> error 15770
    a.slidingWindow([1, 2, 3], 1, 0) -> error 15771
    """
    if size < 1:
        fail("size < 1")
    if step < 1:
        fail("step < 1")
    starts = range(0, len(a) - size + 1, step)
    charge(len(starts) * (size + 1))
    return [a[i : i + size] for i in starts]


@define(
    "a.combinations",
    "(a: array(any A), size: int) -> array(array(A))",
    errors={"size < 1": 15780},
)
def combinations(a: list[Any], size: int, *, fail: Fail, charge: Charge) -> list[list[Any]]:
    """Return all choices of `size` items of `a`, each in the order of `a`.

    Equal items at different places are different choices.

    a.combinations([1, 2, 3, 4], 2) -> [[1, 2], [1, 3], [1, 4], [2, 3], [2, 4], [3, 4]]
    a.combinations([5, 5], 1) -> [[5], [5]]
    a.combinations([1, 2], 3) -> []
    a.combinations([1, 2], 0) -> error 15780
    """
    if size < 1:
        fail("size < 1")
    out: list[list[Any]] = []
    if size <= len(a):
        for chosen in each_combination(a, size):
            charge(size + 1)
            out.append(list(chosen))
    return out


@define(
    "a.permutations",
    "(a: array(any A)) -> array(array(A))",
)
def permutations(a: list[Any], *, charge: Charge) -> list[list[Any]]:
    """Return all orders of the items of `a`.

    Equal items at different places are different items.  There are 3,628,800 orders of ten items: a longer array
    runs into a limit of the engine.

    a.permutations([1, 2, 3]) -> [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]
    a.permutations([5, 5]) -> [[5, 5], [5, 5]]
    a.permutations({"type": {"type": "array", "items": "int"}, "value": []}) -> [[]]
    """
    out: list[list[Any]] = []
    for order in each_permutation(a):
        charge(len(a) + 1)
        out.append(list(order))
    return out


@define(
    "a.flatten",
    "(a: array(array(any A))) -> array(A)",
    cost="len(a)",
)
def flatten(a: list[list[Any]], *, charge: Charge) -> list[Any]:
    """Return the items of the arrays in `a`, one array after the other.

    a.flatten([[1, 2], [3]]) -> [1, 2, 3]
    """
    charge(sum(map(len, a)))
    return list(chain.from_iterable(a))
