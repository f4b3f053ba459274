"""The namespaces a and map against plain Python, on generated arrays of generated types: parts, callbacks, costs."""

from itertools import combinations, permutations

import pytest
from hypothesis import strategies as st

from pfa.errors import PfaLimitError
from pfa.lib.table import lookup
from pfa.types import (
    BOOLEAN,
    INT,
    NULL,
    STRING,
    Array,
    Function,
    Map,
    Union,
)
from tests.array_values import LINK, call, code, given, ints, texts

# ---- parts -------------------------------------------------------------------------------------------------

lists = st.lists(ints, max_size=6)
places = st.integers(-9, 9)


@given(lists, places, places, lists)
def test_slices_are_pythons(a, start, end, other):
    replaced, removed = a.copy(), a.copy()
    replaced[start:end] = other
    del removed[start:end]
    assert call("a.subseq", [Array(INT), INT, INT], a, start, end) == a[start:end]
    assert call("a.subseqto", [Array(INT), INT, INT, Array(INT)], a, start, end, other) == replaced
    assert call("a.remove", [Array(INT), INT, INT], a, start, end) == removed


@given(lists, places)
def test_indexes_are_pythons(a, i):
    for name, error in (("insert", 15160), ("replace", 15170), ("remove", 15180)):
        types, args = (
            ([Array(INT), INT], (a, i)) if name == "remove" else ([Array(INT), INT, INT], (a, i, 77))
        )
        if not -len(a) <= i < len(a):
            assert code(f"a.{name}", types, *args) == error
            continue
        wanted = a.copy()
        if name == "insert":
            wanted.insert(i, 77)
        elif name == "replace":
            wanted[i] = 77
        else:
            del wanted[i]
        assert call(f"a.{name}", types, *args) == wanted


@given(lists, st.integers(0, 8))
def test_arrays_made_of_others(a, n):
    one = [Array(INT)]
    assert call("a.len", one, a) == len(a)
    assert call("a.reverse", one, a) == a[::-1]
    assert call("a.concat", one * 2, a, a[:2]) == a + a[:2]
    assert call("a.append", [*one, INT], a, 7) == [*a, 7]
    assert call("a.cycle", [*one, INT, INT], a, 7, n) == ([*a, 7][-n:] if n else [])
    assert sorted(call("a.shuffle", one, a)) == sorted(a)
    wanted = a.copy()
    for _ in range(n if a else 0):
        wanted.append(wanted.pop(0))
    assert call("a.rotate", [*one, INT], a, n) == wanted
    for name, wanted in (("head", a[:1]), ("last", a[-1:]), ("tail", [a[1:]]), ("init", [a[:-1]])):
        if a:
            assert [call(f"a.{name}", one, a)] == wanted
        else:
            assert code(f"a.{name}", one, a) == next(iter(lookup(f"a.{name}").errors.values()))


@given(st.lists(ints, max_size=5), st.integers(1, 6), st.integers(1, 3))
def test_windows_and_choices(a, size, step):
    windows = [a[i : i + size] for i in range(0, len(a), step) if i + size <= len(a)]
    assert call("a.slidingWindow", [Array(INT), INT, INT], a, size, step) == windows
    assert call("a.combinations", [Array(INT), INT], a, size) == list(map(list, combinations(a, size)))
    assert call("a.permutations", [Array(INT)], a) == list(map(list, permutations(a)))
    assert call("a.flatten", [Array(Array(INT))], windows) == [x for w in windows for x in w]


def test_arguments_are_left_as_they_are():
    a, b = [3, 1, 2], [9, 8]
    for name, args in (
        ("a.sort", (a,)), ("a.append", (a, 1)), ("a.concat", (a, b)), ("a.subseqto", (a, 1, 2, b)),
        ("a.insert", (a, 1, 1)), ("a.replace", (a, 1, 1)), ("a.remove", (a, 1)), ("a.shuffle", (a,)),
        ("a.rotate", (a, 1)), ("a.union", (a, b)),
    ):  # fmt: skip
        call(name, [Array(INT) if isinstance(x, list) else INT for x in args], *args)
    call("a.flatMap", [Array(INT), Function((INT,), Array(INT))], a, lambda x: b)
    m, n = {"x": 1}, {"x": 2, "y": 3}
    call("map.join", [Array(Map(INT))], [m, n])
    call("map.update", [Map(INT), Map(INT)], m, n)
    call("map.flatMap", [Map(INT), Function((INT,), Map(INT))], n, lambda x: m)
    assert (a, b, m, n) == ([3, 1, 2], [9, 8], {"x": 1}, {"x": 2, "y": 3})


# ---- functions of arrays -----------------------------------------------------------------------------------


def one(kind):
    return Function((INT,), kind)


@given(lists)
def test_functions_are_called_from_left_to_right(a):
    seen = []

    def note(*args):
        seen.append(args[-1])
        return args[-1]

    some, indexed = [Array(INT)], Function((INT, INT), INT)
    call("a.map", [*some, one(INT)], a, note)
    call("a.mapWithIndex", [*some, indexed], a, note)
    call("a.filter", [*some, one(BOOLEAN)], a, lambda x: note(x) > 0)
    call("a.filterMap", [*some, one(Union((INT, NULL)))], a, note)
    call("a.flatMap", [*some, one(Array(INT))], a, lambda x: [note(x)])
    call("a.fold", [*some, INT, indexed], a, 0, note)
    call("a.zipmap", [*some, *some, indexed], a, a, note)
    call("a.groupby", [*some, one(STRING)], a, lambda x: str(note(x)))
    assert seen == a * 8
    seen.clear()
    call("a.foldRight", [*some, INT, indexed], a, 0, lambda x, tally: note(x))
    assert seen == a[::-1]


@given(lists)
def test_functions_of_arrays_are_the_comprehensions(a):
    some, test = [Array(INT)], lambda x: x > 0
    keep = [x for x in a if x > 0]
    assert call("a.filter", [*some, one(BOOLEAN)], a, test) == keep
    assert call("a.filterMap", [*some, one(Union((INT, NULL)))], a, lambda x: x if x > 0 else None) == keep
    assert call("a.any", [*some, one(BOOLEAN)], a, test) == any(map(test, a))
    assert call("a.all", [*some, one(BOOLEAN)], a, test) == all(map(test, a))
    taken = call("a.takeWhile", [*some, one(BOOLEAN)], a, test)
    dropped = call("a.dropWhile", [*some, one(BOOLEAN)], a, test)
    assert taken + dropped == a
    assert all(map(test, taken))
    assert not dropped or not test(dropped[0])
    groups = call("a.groupby", [*some, one(STRING)], a, lambda x: str(x % 2))
    assert groups == {k: [x for x in a if str(x % 2) == k] for k in {str(x % 2) for x in a}}
    if a:
        both = [*some, Function((INT, INT), INT)]
        assert call("a.reduce", both, a, lambda x, y: x * 10 + y) == call(
            "a.fold", [*some, INT, both[1]], a[1:], a[0], lambda x, y: x * 10 + y
        )
        assert call("a.reduceRight", both, a, lambda x, y: x + y * 10) == call(
            "a.reduce", both, a[::-1], lambda x, y: x * 10 + y
        )


@pytest.mark.parametrize("count", [2, 3, 4])
@given(data=st.data())
def test_zipping_needs_equal_lengths_and_keys(count, data):
    columns = [data.draw(st.lists(ints, min_size=2, max_size=3)) for _ in range(count)]
    types, row = [Array(INT)] * count, [INT] * count
    if len({len(c) for c in columns}) > 1:
        assert code("a.zipmap", [*types, Function(tuple(row), INT)], *columns, lambda *v: 0) == 15650
        assert (
            code("a.zipmapWithIndex", [*types, Function((INT, *row), INT)], *columns, lambda *v: 0) == 15660
        )
    else:
        rows = list(map(list, zip(*columns, strict=True)))
        assert (
            call("a.zipmap", [*types, Function(tuple(row), Array(INT))], *columns, lambda *v: list(v)) == rows
        )
        indexed = call(
            "a.zipmapWithIndex", [*types, Function((INT, *row), Array(INT))], *columns, lambda *v: list(v)
        )
        assert indexed == [[i, *r] for i, r in enumerate(rows)]
    maps = [data.draw(st.dictionaries(st.sampled_from("xy"), ints)) for _ in range(count)]
    types = [Map(INT)] * count
    if len({frozenset(m) for m in maps}) > 1:
        assert code("map.zipmap", [*types, Function(tuple(row), INT)], *maps, lambda *v: 0) == 26370
        assert (
            code("map.zipmapWithKey", [*types, Function((STRING, *row), INT)], *maps, lambda *v: 0) == 26380
        )
    else:
        found = call("map.zipmap", [*types, Function(tuple(row), Array(INT))], *maps, lambda *v: list(v))
        assert found == {k: [m[k] for m in maps] for k in maps[0]}


@given(st.dictionaries(texts, ints))
def test_functions_of_maps_are_the_comprehensions(m):
    some, keyed = [Map(INT)], Function((STRING, INT), INT)
    assert call("map.map", [*some, one(INT)], m, lambda x: -x) == {k: -x for k, x in m.items()}
    assert call("map.mapWithKey", [*some, keyed], m, lambda k, x: len(k) + x) == {
        k: len(k) + x for k, x in m.items()
    }
    assert call("map.filter", [*some, one(BOOLEAN)], m, lambda x: x > 0) == {
        k: x for k, x in m.items() if x > 0
    }
    assert call("map.join", [Array(Map(INT))], call("map.split", some, m)) == m
    assert (
        call("map.only", [*some, Array(STRING)], m, ["a", "b"])
        | call("map.except", [*some, Array(STRING)], m, ["a", "b"])
        == m
    )


# ---- costs -------------------------------------------------------------------------------------------------

MANY = list(range(3000))
LONG_TEXT = "x" * 10**6
TEXTS = [LONG_TEXT + c for c in "ab"] * 500  # a thousand references to two texts
NESTED = [[MANY] * 3000] * 3000
ATTACKS = {
    "permutations": ("a.permutations", [Array(INT)], (MANY,)),
    "combinations": ("a.combinations", [Array(INT), INT], (MANY, 1500)),
    "windows": ("a.slidingWindow", [Array(INT), INT, INT], (MANY, 1500, 1)),
    "flatten": ("a.flatten", [Array(Array(INT))], ([MANY] * 3000,)),
    "flatMap": ("a.flatMap", [Array(INT), one(Array(INT))], (MANY, lambda x: MANY)),
    "sort texts": ("a.sort", [Array(STRING)], (TEXTS,)),
    "sort nested": ("a.sort", [Array(Array(Array(INT)))], ([[MANY] * 3000, [MANY.copy()] * 3000] * 3,)),
    "distinct texts": ("a.distinct", [Array(STRING)], (TEXTS,)),
    "distinct nested": ("a.distinct", [Array(Array(Array(INT)))], (NESTED,)),
    "contains text": ("a.contains", [Array(STRING), STRING], (TEXTS, LONG_TEXT + "c")),
    "runs of texts": ("a.count", [Array(STRING), Array(STRING)], (TEXTS, TEXTS[:3])),
    "mode of texts": ("a.mode", [Array(STRING)], (TEXTS,)),
    "mode of recursive": ("a.mode", [Array(LINK)], ([{"value": i, "next": None} for i in range(3000)],)),
    "toset": ("map.toset", [Array(Array(Array(INT)))], (NESTED,)),
    "join": ("map.join", [Array(Map(INT))], ([dict.fromkeys(map(str, MANY), 0)] * 3000,)),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_one_call_is_not_the_attack(attack):
    name, types, args = attack
    with pytest.raises(PfaLimitError):
        call(name, types, *args, budget=10**6)


def test_searching_a_run_takes_time_in_proportion():
    """A run that nearly matches everywhere: half a million comparisons were it naive."""
    assert (
        call("a.contains", [Array(INT), Array(INT)], [0] * 10_000, [0] * 5000 + [1], budget=50_000) is False
    )
