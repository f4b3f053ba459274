"""Comparators: a total order for generated types and values, Avro's rules by example, what is charged."""

from __future__ import annotations

import functools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfa.lib.compare import equality, is_recursive, less, ordering, sort_key, sorter
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
    Map,
    Record,
    Type,
    Union,
)

COLOR = Enum("Color", ("red", "green", "blue"))
HASH = Fixed("Hash", 2)
NAN = math.nan


def record(name: str, *fields: Field) -> Record:
    made = Record(name)
    made.fields = fields
    return made


POINT = record(
    "Point", Field("x", INT, order="descending"), Field("y", STRING), Field("z", INT, order="ignore")
)
TREE = Record("Tree")
TREE.fields = (
    Field("v", DOUBLE),
    Field("sons", Array(TREE)),
    Field("next", Union((NULL, TREE)), order="descending"),
)

SCALARS: tuple[Type, ...] = (NULL, BOOLEAN, INT, LONG, FLOAT, DOUBLE, STRING, BYTES, COLOR, HASH)
UNIONS = (
    Union((NULL, DOUBLE)),
    Union((INT, NULL, LONG, STRING)),
    Union((STRING, COLOR, Array(INT), POINT, Map(INT))),
)
TYPES: st.SearchStrategy[Type] = st.recursive(
    st.sampled_from([*SCALARS, *UNIONS, POINT, TREE]),
    lambda inner: st.one_of(st.builds(Array, inner), st.builds(Map, inner)),
    max_leaves=3,
)


@functools.cache
def values(t: Type) -> st.SearchStrategy[object]:
    match t:
        case Array(items):
            return st.lists(values(items), max_size=3)
        case Map(inside):
            return st.dictionaries(st.sampled_from("abc"), values(inside), max_size=3)
        case Union():
            return st.one_of(*(boxed(t, b) for b in t.branches))
        case Record("Tree"):
            return st.recursive(st.builds(tree, st.sampled_from([0.0, 1.0, NAN])), grown_tree, max_leaves=3)
        case Record():
            return st.fixed_dictionaries({f.name: values(f.type) for f in t.fields})
        case Enum(_, symbols):
            return st.sampled_from(symbols)
        case Fixed(_, size):
            return st.binary(min_size=size, max_size=size)
    return SCALAR_VALUES[t]


SCALAR_VALUES: dict[Type, st.SearchStrategy[object]] = {
    NULL: st.none(),
    BOOLEAN: st.booleans(),
    INT: st.integers(-3, 3),
    LONG: st.integers(-(2**63), 2**63 - 1),
    FLOAT: st.floats(width=32),
    DOUBLE: st.one_of(st.floats(), st.sampled_from([0.0, -0.0, NAN, math.inf])),
    STRING: st.text("ab\uffff\U0001f600", max_size=3),
    BYTES: st.binary(max_size=3),
}


def boxed(union: Union, branch: Type) -> st.SearchStrategy[object]:
    return values(branch).map(lambda v: (branch.tag, v) if branch.tag in union.boxed else v)


def tree(v: float, sons: tuple[object, ...] = (), after: object = None) -> dict[str, object]:
    return {"v": v, "sons": list(sons), "next": after}


def grown_tree(smaller: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.builds(tree, st.just(1.0), st.lists(smaller, max_size=2), st.one_of(st.none(), smaller))


@given(st.data())
def test_the_order_is_total(data):
    t = data.draw(TYPES)
    a, b, c = (data.draw(values(t)) for _ in range(3))
    compare = ordering(t)
    assert compare(a, a) == 0
    assert compare(a, b) == -compare(b, a)
    assert compare(a, b) in (-1, 0, 1)
    if compare(a, b) <= 0 and compare(b, c) <= 0:
        assert compare(a, c) <= 0
    if compare(a, b) == 0:
        assert compare(a, c) == compare(b, c)


@given(st.data())
def test_equality_and_less_agree_with_the_order(data):
    t = data.draw(TYPES)
    a, b = data.draw(values(t)), data.draw(values(t))
    if t in (FLOAT, DOUBLE) and (a != a or b != b):
        assert not equality(t)(a, b)
        assert not less(t)(a, b)
        return
    assert equality(t)(a, b) == (ordering(t)(a, b) == 0)
    assert less(t)(a, b) == (ordering(t)(a, b) < 0)


@given(st.data())
def test_sorting(data):
    t = data.draw(TYPES)
    items = data.draw(st.lists(values(t), max_size=6))
    compare = ordering(t)
    by_order = sorted(items, key=functools.cmp_to_key(compare))
    for found in (sorter(t)(items), sorted(items, key=sort_key(t))) if t != NULL else (sorter(t)(items),):
        assert len(found) == len(items)
        assert all(x is y or compare(x, y) == 0 for x, y in zip(found, by_order, strict=True))


def test_numbers_and_nan():
    assert ordering(DOUBLE)(NAN, math.inf) == 1
    assert ordering(DOUBLE)(NAN, -NAN) == 0
    assert ordering(DOUBLE)(0.0, -0.0) == 0
    assert not equality(DOUBLE)(NAN, NAN)
    assert equality(Array(DOUBLE))([NAN, 1.0], [float("nan"), 1.0])
    assert ordering(Array(DOUBLE))([1.0], [NAN]) == -1
    assert sorter(DOUBLE)([NAN, 2.0, 1.0]) == pytest.approx([1.0, 2.0, NAN], nan_ok=True)


def test_strings_by_code_point():
    assert less(STRING)("\uffff", "\U0001f600")  # in UTF-16 it would be the other way round


def test_enums_by_position():
    assert less(COLOR)("red", "green")
    assert sorter(COLOR)(["blue", "red", "green"]) == ["red", "green", "blue"]
    assert ordering(Array(COLOR))(["green"], ["blue"]) == -1


def test_records_by_the_order_of_their_fields():
    compare = ordering(POINT)
    assert compare({"x": 1, "y": "a", "z": 0}, {"x": 2, "y": "a", "z": 0}) == 1
    assert compare({"x": 1, "y": "a", "z": 0}, {"x": 1, "y": "b", "z": 0}) == -1
    assert compare({"x": 1, "y": "a", "z": 0}, {"x": 1, "y": "a", "z": 9}) == 0


def test_unions_by_position_of_the_branch():
    compare = ordering(Union((STRING, INT, NULL, LONG)))
    assert compare("z", ("int", 0)) == -1
    assert compare(("int", 5), None) == -1
    assert compare(None, ("long", 0)) == -1
    assert compare(("long", 1), ("long", 2)) == -1


def test_an_int_counts_as_the_double_of_a_union():
    assert ordering(Union((NULL, DOUBLE)))(1, 1.0) == 0


def test_maps_by_key_and_value():
    compare = ordering(Map(INT))
    assert compare({"a": 1, "b": 2}, {"b": 2, "a": 1}) == 0
    assert compare({"a": 1}, {"a": 1, "b": 0}) == -1
    assert compare({"a": 2}, {"a": 1, "b": 0}) == 1
    assert compare({"b": 1}, {"a": 1}) == 1


def test_arrays_by_item_then_length():
    assert ordering(Array(Array(INT)))([[1], [2]], [[1], [2, 0]]) == -1
    assert ordering(Array(STRING))(["a", "b"], ["a"]) == 1
    assert not equality(Array(INT))([1, 2], [1])


def test_recursive_types():
    assert is_recursive(TREE)
    assert not is_recursive(POINT)
    assert ordering(TREE)(tree(1.0), tree(1.0, (), tree(0.0))) == 1  # descending: null is after a tree
    assert ordering(TREE)(tree(1.0, (tree(0.0),)), tree(1.0, (tree(2.0),))) == -1


def chain(length: int, end: float) -> dict[str, object]:
    link = tree(end)
    for _ in range(length):
        link = tree(1.0, (), link)
    return link


def test_deep_values_are_no_recursion():
    assert ordering(TREE)(chain(20_000, 0.0), chain(20_000, 0.0)) == 0
    assert abs(ordering(TREE)(chain(20_000, 0.0), chain(20_000, 1.0))) == 1
    assert equality(Array(TREE))([chain(5_000, 2.0)], [chain(5_000, 2.0)])


class SpentError(Exception):
    pass


class Budget:
    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self, n: int) -> None:
        self.left -= n
        if self.left < 0:
            raise SpentError


def shared_tree(depth: int) -> dict[str, object]:
    """2**depth leaves in `depth` values."""
    made = tree(1.0)
    for _ in range(depth):
        made = tree(1.0, (made, made))
    return made


def test_a_small_value_that_shares_its_parts_is_charged_for_all_of_them():
    with pytest.raises(SpentError):
        equality(TREE)(shared_tree(60), shared_tree(60), Budget(10_000))


@pytest.mark.parametrize(
    ("items", "a", "b"),
    [
        (Array(INT), [0] * 1_000, [0] * 1_000),
        (Array(DOUBLE), [0.0] * 1_000, [0.0] * 1_000),
        (Array(STRING), ["a"] * 1_000, ["a"] * 1_000),
        (STRING, "a" * 20_000, "a" * 10_000 + "a" * 10_000),
        (Map(INT), dict.fromkeys(map(str, range(1_000)), 0), dict.fromkeys(map(str, range(1_000)), 0)),
    ],
)
def test_arrays_of_one_shared_item_are_charged_for_each(items, a, b):
    with pytest.raises(SpentError):
        equality(Array(items))([a] * 1_000, [b] * 1_000, Budget(100_000))
