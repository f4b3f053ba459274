"""The namespaces a and map against plain Python, on generated arrays of generated types: order, sets, search."""

import base64
import math
from functools import cmp_to_key

from hypothesis import strategies as st

from pfa.lib.compare import ordering
from pfa.lib.encode import avro_encoder
from pfa.types import (
    BOOLEAN,
    DOUBLE,
    INT,
    STRING,
    Array,
    Function,
    Map,
    Union,
)
from tests.array_values import (
    LESS,
    alike,
    ascending,
    call,
    equal,
    given,
    ints,
    texts,
    typed,
)

# ---- order -------------------------------------------------------------------------------------------------


@typed
@given(data=st.data())
def test_sorting_is_the_stable_sort_of_the_order(t, values, data):
    a = data.draw(st.lists(values, max_size=8))
    assert alike(call("a.sort", [Array(t)], a), ascending(t, a))


@typed
@given(data=st.data())
def test_all_choices_of_extremes_agree(t, values, data):
    a = data.draw(st.lists(values, min_size=1, max_size=8))
    n = data.draw(st.integers(0, 10))
    compare = ordering(t)
    places = range(len(a))
    up = sorted(places, key=cmp_to_key(lambda i, j: compare(a[i], a[j])))
    down = sorted(places, key=cmp_to_key(lambda i, j: compare(a[j], a[i])))
    less = Function((t, t), BOOLEAN)
    less_than = lambda x, y: compare(x, y) < 0  # noqa: E731
    for best, order in (("max", down), ("min", up)):
        for extra, types, args in (("", (), ()), ("LT", (less,), (less_than,))):
            wanted = [a[i] for i in order[:n]]
            assert call(f"a.arg{best}{extra}", [Array(t), *types], a, *args) == order[0]
            assert alike([call(f"a.{best}{extra}", [Array(t), *types], a, *args)], [a[order[0]]])
            assert call(f"a.arg{best}N{extra}", [Array(t), INT, *types], a, n, *args) == order[:n]
            assert alike(call(f"a.{best}N{extra}", [Array(t), INT, *types], a, n, *args), wanted)


@typed
@given(data=st.data())
def test_maps_choose_the_first_key_of_equal_values(t, values, data):
    m = data.draw(st.dictionaries(texts, values, min_size=1, max_size=6))
    n = data.draw(st.integers(0, 8))
    compare = ordering(t)
    names = sorted(m)
    up = sorted(names, key=cmp_to_key(lambda j, k: compare(m[j], m[k])))
    down = sorted(names, key=cmp_to_key(lambda j, k: compare(m[k], m[j])))
    less = Function((t, t), BOOLEAN)
    less_than = lambda x, y: compare(x, y) < 0  # noqa: E731
    for best, order in (("max", down), ("min", up)):
        for extra, types, args in (("", (), ()), ("LT", (less,), (less_than,))):
            assert call(f"map.arg{best}{extra}", [Map(t), *types], m, *args) == order[0]
            assert call(f"map.arg{best}N{extra}", [Map(t), INT, *types], m, n, *args) == order[:n]


def test_a_less_than_function_that_is_no_order_does_no_harm():
    a = list(range(50))
    for less_than in (lambda x, y: True, lambda x, y: False, lambda x, y: (x * y) % 3 == 1):
        assert sorted(call("a.sortLT", [Array(INT), LESS], a, less_than)) == a


def test_nan_comes_last():
    a = [math.nan, 1.0, math.inf, -1.0]
    assert call("a.sort", [Array(DOUBLE)], a)[:3] == [-1.0, 1.0, math.inf]
    assert math.isnan(call("a.max", [Array(DOUBLE)], a))
    assert call("a.min", [Array(DOUBLE)], a) == -1.0
    assert call("a.argmax", [Array(DOUBLE)], a) == 0
    assert call("a.argmin", [Array(DOUBLE)], a) == 3


# ---- sets --------------------------------------------------------------------------------------------------


def naive_distinct(same, items):
    out = []
    for x in items:
        if not any(same(x, y) for y in out):
            out.append(x)
    return out


@typed
@given(data=st.data())
def test_set_functions_are_the_naive_ones(t, values, data):
    a, b = (data.draw(st.lists(values, max_size=6)) for _ in "ab")
    same = equal(t)
    inside = lambda x, items: any(same(x, y) for y in items)  # noqa: E731
    both = [Array(t), Array(t)]
    only_a, only_b = [x for x in a if not inside(x, b)], [x for x in b if not inside(x, a)]
    common = [x for x in a if inside(x, b)] + [x for x in b if inside(x, a)]
    assert alike(call("a.distinct", both[:1], a), naive_distinct(same, a))
    assert alike(call("a.union", both, a, b), naive_distinct(same, a + b))
    assert alike(call("a.intersection", both, a, b), common)
    assert alike(call("a.diff", both, a, b), only_a)
    assert alike(call("a.symdiff", both, a, b), only_a + only_b)
    assert call("a.subset", both, a, b) == (not only_a)
    assert call("a.seteq", both, a, b) == (not only_a and not only_b)
    assert call("a.disjoint", both, a, b) == (not common)


@typed
@given(data=st.data())
def test_the_mode_is_the_median_of_the_most_frequent(t, values, data):
    a = data.draw(st.lists(values, min_size=1, max_size=8))
    same = equal(t)
    kinds = naive_distinct(same, a)
    counts = [sum(same(x, y) for y in a) for x in kinds]
    ties = [x for x, n in zip(kinds, counts, strict=True) if n == max(counts)]
    found = call("a.mode", [Array(t)], a)
    wanted = ties[0] if len(ties) == 1 else call("a.median", [Array(t)], ties)
    assert same(found, wanted)


@typed
@given(data=st.data())
def test_sets_as_maps(t, values, data):
    a = data.draw(st.lists(values, max_size=6))
    encode = avro_encoder(t)
    key = lambda x: base64.b64encode(encode(x)).decode()  # noqa: E731
    found = call("map.toset", [Array(t)], a)
    assert list(found) == list(dict.fromkeys(map(key, a)))
    assert call("map.fromset", [Map(t)], found) == list(found.values())
    built = {}
    for x in a:
        built = call("map.add", [Map(t), t], built, x)
        assert call("map.in", [Map(t), t], built, x)
    assert built.keys() == found.keys()


@given(st.dictionaries(texts, ints), st.dictionaries(texts, ints))
def test_set_functions_of_maps_go_by_key(a, b):
    both = [Map(INT), Map(INT)]
    assert call("map.union", both, a, b) == {**a, **b}
    assert call("map.intersection", both, a, b) == {k: a[k] for k in a.keys() & b.keys()}
    assert call("map.diff", both, a, b) == {k: a[k] for k in a.keys() - b.keys()}
    assert call("map.symdiff", both, a, b).keys() == a.keys() ^ b.keys()
    assert call("map.subset", both, a, b) == (a.keys() <= b.keys())
    assert call("map.disjoint", both, a, b) == (not a.keys() & b.keys())


# ---- search ------------------------------------------------------------------------------------------------


@typed
@given(data=st.data())
def test_searching_finds_all_places(t, values, data):
    haystack = data.draw(st.lists(values, max_size=8))
    needle = data.draw(st.lists(values, max_size=3))
    same = equal(Array(t))
    last = len(haystack) - len(needle)
    places = [i for i in range(last + 1) if same(haystack[i : i + len(needle)], needle)]
    both = [Array(t), Array(t)]
    assert call("a.contains", both, haystack, needle) == bool(places)
    assert call("a.count", both, haystack, needle) == (len(places) if needle else 0)
    assert call("a.index", both, haystack, needle) == min(places, default=-1)
    assert call("a.rindex", both, haystack, needle) == max(places, default=-1)
    assert call("a.startswith", both, haystack, needle) == (0 in places)
    assert call("a.endswith", both, haystack, needle) == (last in places)


@typed
@given(data=st.data())
def test_searching_an_item(t, values, data):
    if isinstance(t, Array | Union):
        return  # such a needle binds the signature with arrays, or makes a union of both
    haystack, x = data.draw(st.lists(values, max_size=6)), data.draw(values)
    same = equal(t)
    places = [i for i, y in enumerate(haystack) if same(x, y)]
    for types, needle in (([Array(t), t], x), ([Array(t), Function((t,), BOOLEAN)], lambda y: same(x, y))):
        assert call("a.contains", types, haystack, needle) == bool(places)
        assert call("a.count", types, haystack, needle) == len(places)
        assert call("a.index", types, haystack, needle) == min(places, default=-1)
        assert call("a.rindex", types, haystack, needle) == max(places, default=-1)
        m = {str(i): y for i, y in enumerate(haystack)}
        assert call("map.containsValue", [Map(t), types[1]], m, needle) == bool(places)
    assert call("a.startswith", [Array(t), t], haystack, x) == (0 in places)
    assert call("a.endswith", [Array(t), t], haystack, x) == (len(haystack) - 1 in places)


@given(st.lists(st.integers(0, 1), max_size=30), st.lists(st.integers(0, 1), min_size=1, max_size=6))
def test_runs_of_few_different_items(haystack, needle):
    places = [i for i in range(len(haystack)) if haystack[i : i + len(needle)] == needle]
    assert call("a.count", [Array(INT), Array(INT)], haystack, needle) == len(places)
    assert call("a.rindex", [Array(INT), Array(INT)], haystack, needle) == max(places, default=-1)


def test_an_array_in_an_array_of_arrays_is_a_run():
    """The first signature fits, with a union as item type: the run of strings is in no array of arrays."""
    types = [Array(Array(STRING)), Array(STRING)]
    assert call("a.contains", types, [["a"], ["b"]], ["a"]) is False
    assert call("a.contains", types, [["a"], ["b"]], []) is True
