"""The namespaces a and map against plain Python, on generated arrays of generated types."""

import base64
import math
from functools import cmp_to_key
from itertools import combinations, permutations

import hypothesis
import pytest
from hypothesis import strategies as st

from pfa.errors import PfaLimitError, PfaRuntimeError
from pfa.lib.compare import ordering
from pfa.lib.define import Site
from pfa.lib.encode import avro_encoder
from pfa.lib.primitives import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, float32
from pfa.lib.table import lookup
from pfa.memory.random import Generator
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
    Field,
    Fixed,
    Function,
    Map,
    Record,
    Union,
)

LESS = Function((INT, INT), BOOLEAN)


def given(*strategies, **named):
    """Hypothesis's own, on a machine that may be busy with other tests."""
    return lambda test: hypothesis.settings(deadline=None, max_examples=60)(
        hypothesis.given(*strategies, **named)(test)
    )


class Budget:
    """A `charge` that runs out, as an engine's does."""

    def __init__(self, left):
        self.left = left

    def __call__(self, n):
        self.left -= n
        if self.left < 0:
            raise PfaLimitError("out of steps")


def call(name, types, *args, budget=10**9):
    """Call a library function as generated code does, with arguments of these types."""
    fn = lookup(name)
    bound = fn.bind(tuple(types))
    assert bound is not None
    needs = {
        "site": Site(name, bound.params, bound.ret),
        "charge": Budget(budget),
        "rng": Generator(seed=1),
    }
    if fn.cost:
        names = dict(zip(bound.signature.names, args, strict=True))
        needs["charge"](eval(fn.cost, {"len": len, "min": min, "max": max}, names))
    return fn.impl(*args, **{need: needs[need] for need in fn.needs})


def code(name, types, *args):
    """The error code that the call raises."""
    with pytest.raises(PfaRuntimeError) as caught:
        call(name, types, *args)
    return caught.value.code


# ---- types and values --------------------------------------------------------------------------------------

COLOR = Enum("Color", ("red", "green", "blue"))
PAIR = Record(
    "Pair",
    (Field("x", INT), Field("y", DOUBLE, order="descending"), Field("z", STRING, order="ignore")),
)
LINK = Record("Link")
LINK.fields = (Field("value", INT), Field("next", Union((NULL, LINK))))

ints = st.integers(-3, 3)
doubles = st.sampled_from([0.0, -0.0, 1.0, 2.5, -1.0, math.inf, -math.inf, math.nan, float("nan")])
texts = st.text("ab\U0001f600\uffff", max_size=2)
pairs = st.fixed_dictionaries({"x": st.integers(0, 1), "y": doubles, "z": texts})
links = st.recursive(
    st.fixed_dictionaries({"value": st.integers(0, 1), "next": st.none()}),
    lambda inner: st.fixed_dictionaries({"value": st.integers(0, 1), "next": inner}),
    max_leaves=3,
)
TYPED = {
    "null": (NULL, st.none()),
    "boolean": (BOOLEAN, st.booleans()),
    "int": (INT, ints),
    "double": (DOUBLE, doubles),
    "string": (STRING, texts),
    "bytes": (BYTES, st.binary(max_size=2)),
    "fixed": (Fixed("Two", 2), st.binary(min_size=2, max_size=2)),
    "enum": (COLOR, st.sampled_from(COLOR.symbols)),
    "array(int)": (Array(INT), st.lists(ints, max_size=2)),
    "array(double)": (Array(DOUBLE), st.lists(doubles, max_size=2)),
    "array(string)": (Array(STRING), st.lists(texts, max_size=2)),
    "map(double)": (Map(DOUBLE), st.dictionaries(texts, doubles, max_size=2)),
    "record": (PAIR, pairs),
    "recursive record": (LINK, links),
    "union(null, double)": (Union((NULL, DOUBLE)), st.none() | doubles),
    "union(boolean, int, string)": (Union((BOOLEAN, INT, STRING)), st.booleans() | ints | texts),
    "union(int, long)": (
        Union((INT, LONG)),
        st.tuples(st.sampled_from(["int", "long"]), st.integers(0, 1)),
    ),
    "union(array, map, record)": (
        Union((Array(INT), Map(INT), PAIR)),
        st.lists(st.integers(0, 1), max_size=1)
        | st.tuples(st.just("map"), st.dictionaries(texts, st.integers(0, 1), max_size=1))
        | st.tuples(st.just("Pair"), pairs),
    ),
}  # fmt: skip
typed = pytest.mark.parametrize(("t", "values"), TYPED.values(), ids=TYPED)


def equal(t):
    compare = ordering(t)
    return lambda x, y: compare(x, y) == 0


def ascending(t, items):
    """Sorted without any key, by the definition of the order."""
    return sorted(items, key=cmp_to_key(ordering(t)))


def alike(a, b):
    """The same objects in the same order: what is chosen, not only what is equal to it."""
    return len(a) == len(b) and all(x is y or x == y for x, y in zip(a, b, strict=True))


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


# ---- sums --------------------------------------------------------------------------------------------------

any_double = st.floats(width=64)
any_single = st.floats(width=32)


@pytest.mark.parametrize(
    ("t", "least", "greatest", "errors"),
    [(INT, INT_MIN, INT_MAX, (15400, 15410)), (LONG, LONG_MIN, LONG_MAX, (15401, 15411))],
    ids=["int", "long"],
)
@given(data=st.data())
def test_integers_are_added_and_multiplied_exactly(t, least, greatest, errors, data):
    special = st.sampled_from([least, greatest, 2**16, -(2**15)])
    numbers = st.integers(least, greatest) | st.integers(-3, 3) | special
    a = data.draw(st.lists(numbers, max_size=8))
    for name, exact, error in (("a.sum", sum(a), errors[0]), ("a.product", math.prod(a), errors[1])):
        if least <= exact <= greatest:
            assert call(name, [Array(t)], a) == exact
        else:
            assert code(name, [Array(t)], a) == error


@given(st.lists(any_double, max_size=8), st.lists(any_single, max_size=8))
def test_doubles_and_floats_are_added_from_left_to_right(a, b):
    total, product = 0.0, 1.0
    for x in a:
        total, product = total + x, product * x
    single, single_product = 0.0, 1.0
    for x in b:
        single, single_product = float32(single + x), float32(single_product * x)
    bits = repr  # NaN is as good as any other, -0.0 is not 0.0
    assert bits(call("a.sum", [Array(DOUBLE)], a)) == bits(total)
    assert bits(call("a.product", [Array(DOUBLE)], a)) == bits(product)
    assert bits(call("a.sum", [Array(FLOAT)], b)) == bits(single)
    assert bits(call("a.product", [Array(FLOAT)], b)) == bits(single_product)
    assert bits(call("a.mean", [Array(DOUBLE)], a)) == bits(total / len(a) if a else math.nan)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8))
def test_logarithmic_sums(a):
    logs = sum(map(math.log, a))
    assert call("a.lnsum", [Array(DOUBLE)], a) == pytest.approx(logs, rel=1e-12, abs=1e-12)
    assert call("a.geomean", [Array(DOUBLE)], a) == pytest.approx(math.prod(a) ** (1 / len(a)), rel=1e-12)
    small = [x / 1e3 for x in a]
    direct = math.log(sum(map(math.exp, small)))
    assert call("a.logsumexp", [Array(DOUBLE)], small) == pytest.approx(direct, rel=1e-12)
    shifted = call("a.logsumexp", [Array(DOUBLE)], [x + 1e4 for x in small])
    assert shifted == pytest.approx(direct + 1e4, rel=1e-12)


def test_sums_of_logarithms_at_the_limits():
    inf, nan = math.inf, math.nan
    limits = [
        ([inf, 1.0], inf),
        ([-inf] * 2, -inf),
        ([inf, -inf], inf),
        ([nan, inf], nan),
        ([-inf, 2.0], 2.0),
    ]
    for a, wanted in limits:
        assert repr(call("a.logsumexp", [Array(DOUBLE)], a)) == repr(wanted)
    for a, wanted in (([0.0, inf], nan), ([0.0, 2.0], -inf), ([-2.0, 0.0], nan), ([inf], inf)):
        assert repr(call("a.lnsum", [Array(DOUBLE)], a)) == repr(wanted)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.floats(0, 1))
def test_ntiles_of_doubles_grow_from_the_least_through_the_median_to_the_greatest(a, p):
    ntile = lambda q: call("a.ntile", [Array(DOUBLE), DOUBLE], a, q)  # noqa: E731
    low, high = sorted([p, 0.5])
    slack = 1e-9 * max(map(abs, a))
    assert min(a) == ntile(0.0) <= ntile(low) + slack
    assert ntile(low) <= ntile(high) + slack
    assert ntile(high) <= ntile(1.0) + slack
    assert ntile(1.0) == max(a)
    assert ntile(0.5) == pytest.approx(call("a.median", [Array(DOUBLE)], a), rel=1e-12)


@given(st.lists(ints, min_size=1, max_size=9), st.floats(-1, 2))
def test_ntiles_of_others_are_items(a, p):
    place = 0 if p <= 0 else len(a) - 1 if p >= 1 else math.floor(p * (len(a) - 1))
    assert call("a.ntile", [Array(INT), DOUBLE], a, p) == sorted(a)[place]
    assert call("a.median", [Array(INT)], a) == sorted(a)[(len(a) - 1) // 2]


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
