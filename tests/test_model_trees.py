"""The namespace model.tree against a plain walk: types, leaves, compiled trees, limits."""

import math
import operator
import random

import hypothesis
import pytest
from hypothesis import strategies as st

import pfa
from pfa.errors import PfaLimitError
from pfa.lib.compare import ordering
from pfa.lib.model import known, tree
from pfa.lib.model.widening import narrowing, widening
from pfa.lib.primitives import float32
from pfa.types import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    STRING,
    Array,
    Enum,
    Field,
    Function,
    Map,
    Record,
    Union,
    accepts,
    branches,
)
from tests.call_sites import Call, record

VECTOR = Array(DOUBLE)


def given(*strategies):
    """Hypothesis's own, on a machine that may be busy with other tests."""
    return lambda test: hypothesis.settings(deadline=None, max_examples=150)(
        hypothesis.given(*strategies)(test)
    )


# ---- trees -------------------------------------------------------------------------------------------------

F = Enum("F", ("x", "y", "z"))
COLORS = Enum("Color", ("red", "green", "blue"))


def datum_type(**fields):
    return record("Datum", **fields)


def node_type(datum, value, leaf=STRING, name="Node"):
    """The type of a node whose leaves are of one type, or of several: a union."""
    node = Record(name)
    child = Union((node, *branches(leaf)))
    fields = Enum("Fields", tuple(datum.by_name))
    node.fields = tuple(
        Field(k, t)
        for k, t in (
            ("field", fields), ("operator", STRING), ("value", value), ("pass", child), ("fail", child)
        )
    )  # fmt: skip
    return node


def box(kind, branch, value):
    """A value of a branch as a value of `kind`."""
    return (branch.tag, value) if isinstance(kind, Union) and branch.tag in kind.boxed else value


OPERATORS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
RANKS = (INT, LONG, FLOAT, DOUBLE)


def expected(op, x_type, x, v_type, v):
    """What the specification says of a comparison of one branch with another: a bool, or "bad"."""
    if op in ("in", "notIn"):
        if not isinstance(v_type, Array):
            return "bad"
        items = [expected("==", x_type, x, v_type.items, item) for item in v]
        if expected("==", x_type, x, v_type.items, SAMPLES[v_type.items][0]) == "bad":
            return "bad"
        return any(items) == (op == "in")
    if x_type in RANKS and v_type in RANKS:
        wide = max(x_type, v_type, key=RANKS.index)
        if wide in (FLOAT, DOUBLE):
            x, v = float(x), float(v)
        if wide == FLOAT:
            x, v = float32(x), float32(v)
        return OPERATORS[op](x, v)
    if not accepts(v_type, x_type):
        return "bad"
    return OPERATORS[op](ordering(v_type)(x, v), 0)


BIG = 2**53 + 1
SAMPLES = {
    NULL: [None],
    BOOLEAN: [False, True],
    INT: [0, 1, -3, 2**24 + 1],
    LONG: [0, 5, BIG, -BIG, 2**63 - 1],
    FLOAT: [0.0, 0.5, float32(0.1), 16777216.0],
    DOUBLE: [0.0, 0.1, 0.5, 5.0, float(BIG - 1), math.inf, math.nan],
    STRING: ["", "a", "b", "𝛑"],
    COLORS: ["red", "green", "blue"],
    Array(INT): [[], [0, 1], [5]],
    Array(STRING): [[], ["a"], ["a", "b"]],
    Array(DOUBLE): [[0.5, math.nan], [0.0, 1.0, 5.0]],
    Map(INT): [{}, {"a": 1}],
}
SCALARS = [NULL, BOOLEAN, INT, LONG, FLOAT, DOUBLE, STRING, COLORS]


def is_number(t):
    return t in RANKS


def unions(draw, choices):
    """A type, or a union of several with different tags and at most one number (which keeps them apart)."""
    picked = draw(st.lists(st.sampled_from(choices), min_size=1, max_size=3, unique_by=lambda t: t.tag))
    return picked[0] if len(picked) == 1 else Union(tuple(picked))


@st.composite
def comparisons(draw):
    x_type, v_type = unions(draw, SCALARS), unions(draw, list(SAMPLES))
    x_branch, v_branch = draw(st.sampled_from(branches(x_type))), draw(st.sampled_from(branches(v_type)))
    x, v = draw(st.sampled_from(SAMPLES[x_branch])), draw(st.sampled_from(SAMPLES[v_branch]))
    op = draw(st.sampled_from([*OPERATORS, "in", "notIn"]))
    return op, (x_type, x_branch, x), (v_type, v_branch, v)


@given(comparisons())
def test_a_test_compares_what_is_there_now(case):
    """The branches that the field and the value have decide, in tests and in trees."""
    op, (x_type, x_branch, x), (v_type, v_branch, v) = case
    want = expected(op, x_branch, x, v_branch, v)
    datum = datum_type(x=x_type)
    node = node_type(datum, v_type)
    values = {"x": box(x_type, x_branch, x)}
    at = {"field": "x", "operator": op, "value": box(v_type, v_branch, v), "pass": "yes", "fail": "no"}
    test, missing = Call("model.tree.simpleTest", datum, node), Call("model.tree.missingTest", datum, node)
    walk = Call("model.tree.simpleTree", datum, node)
    if want == "bad":
        assert test.error(values, at) == 32001
        assert x is None or missing.error(values, at) == 32011
        assert [walk.error(values, at) for _ in range(3)] == [32061] * 3
    else:
        assert test(values, at) is want
        assert missing(values, at) is (None if x is None else want)
        assert {walk(values, at) for _ in range(3)} == {"yes" if want else "no"}


@pytest.mark.parametrize(
    ("op", "x", "result"),
    [
        ("alwaysTrue", 1.0, True), ("alwaysTrue", None, True), ("alwaysFalse", 1.0, False),
        ("isMissing", None, True), ("isMissing", 1.0, False), ("notMissing", None, False),
        ("notMissing", 1.0, True),
    ],
)  # fmt: skip
def test_operators_that_ignore_the_value(op, x, result):
    datum = datum_type(x=Union((NULL, DOUBLE)))
    node = node_type(datum, STRING)
    at = {"field": "x", "operator": op, "value": "?", "pass": "yes", "fail": "no"}
    assert Call("model.tree.simpleTest", datum, node)({"x": x}, at) is result
    tree_of = Call("model.tree.simpleTree", datum, node)
    assert {tree_of({"x": x}, at) for _ in range(3)} == {"yes" if result else "no"}
    missing = Call("model.tree.missingTest", datum, node)
    if x is None:
        assert missing({"x": x}, at) is None
    elif op in ("isMissing", "notMissing"):
        assert missing.error({"x": x}, at) == 32010
    else:
        assert missing({"x": x}, at) is result


def test_the_operator_is_looked_at_before_the_types():
    datum = datum_type(x=INT)
    node = node_type(datum, STRING)
    at = {"field": "x", "operator": "~", "value": "?", "pass": "yes", "fail": "no"}
    assert Call("model.tree.simpleTest", datum, node).error({"x": 1}, at) == 32000
    assert Call("model.tree.simpleTree", datum, node).error({"x": 1}, at) == 32060


def test_operators_that_documents_think_of_are_not_remembered():
    datum = datum_type(x=INT)
    test = Call("model.tree.simpleTest", datum, node_type(datum, INT))
    for i in range(100):
        assert test.error({"x": 1}, {"field": "x", "operator": f"op{i}", "value": 1}) == 32000
    assert not test.site.cache["predicates"]


LEAVES = {
    "double": (DOUBLE, [(DOUBLE, 0.5), (DOUBLE, -1.0)]),
    "string": (STRING, [(STRING, "a"), (STRING, "b")]),
    "enum": (COLORS, [(COLORS, "red"), (COLORS, "blue")]),
    "array": (VECTOR, [(VECTOR, [1.0]), (VECTOR, [])]),
    "map": (Map(INT), [(Map(INT), {"a": 1})]),
    "record": (record("Verdict", id=INT), [(record("Verdict", id=INT), {"id": 7})]),
    "null or int": (Union((NULL, INT)), [(NULL, None), (INT, 3)]),
    "two records": (
        Union((record("A", id=INT), record("B", id=INT))),
        [(record("A", id=INT), {"id": 1}), (record("B", id=INT), {"id": 1})],
    ),
    "record or int": (
        Union((record("A", id=INT), INT)),
        [(record("A", id=INT), {"id": 1}), (INT, 9)],
    ),
    "string or enum": (Union((STRING, COLORS)), [(STRING, "red"), (COLORS, "red")]),
}


def grow(rng, node, leaves, depth, cuts):
    """A random tree of the type, and the same as nested tuples with the results that are wanted."""
    child = node.by_name["pass"].type
    if depth == 0:
        branch, leaf = rng.choice(leaves)
        return box(child, branch, leaf), (branch, leaf)
    op, field, value = rng.choice(["<", "<=", ">", ">=", "==", "!="]), rng.choice("xyz"), rng.choice(cuts)
    yes, no = (grow(rng, node, leaves, depth - rng.randint(1, depth), cuts) for _ in range(2))
    made = {"field": field, "operator": op, "value": value, "pass": yes[0], "fail": no[0]}
    return box(child, node, made), (op, field, value, yes[1], no[1])


def walked(plain, datum):
    while len(plain) == 5:
        op, field, value, yes, no = plain
        plain = yes if OPERATORS[op](datum[field], value) else no
    return plain


@pytest.mark.parametrize("kind", LEAVES)
def test_trees_with_leaves_of_any_type(kind):
    """Trees as they are and compiled, and walks with a callback, come to the leaf of a plain walk."""
    leaf, leaves = LEAVES[kind]
    rng = random.Random(kind)
    datum = datum_type(x=DOUBLE, y=INT, z=DOUBLE)
    node = node_type(datum, DOUBLE, leaf)
    test = Call("model.tree.simpleTest", datum, node)
    of_tree = Call("model.tree.simpleTree", datum, node)
    walk = Call("model.tree.simpleWalk", datum, node, Function((datum, node), BOOLEAN))
    for _ in range(20):
        root, plain = grow(rng, node, leaves, 6, [0.0, 1.0, 2.5, -1.0])
        root = root[1] if isinstance(root, tuple) else root
        if len(plain) < 5:
            continue
        for _ in range(30):
            at = {"x": rng.choice([0.5, 1.0, math.nan]), "y": rng.randint(-2, 3), "z": rng.gauss(0, 1)}
            want = box(of_tree.site.ret, *walked(plain, at))
            assert of_tree(at, root) == want
            assert walk(at, root, test) == want


def missing_node(value, leaf):
    node = node_type(datum_type(x=Union((NULL, DOUBLE))), value, leaf)
    node.fields = (*node.fields, Field("missing", node.by_name["pass"].type))
    node._by_name = None
    return node


def test_missing_walk():
    datum = datum_type(x=Union((NULL, DOUBLE)))
    verdict = record("Verdict", id=INT)
    node = missing_node(DOUBLE, verdict)
    test = Call("model.tree.missingTest", datum, node)
    walk = Call("model.tree.missingWalk", datum, node, Function((datum, node), Union((NULL, BOOLEAN))))
    leaf = {name: ("Verdict", {"id": i}) for i, name in enumerate(("pass", "fail", "missing"))}
    root = {"field": "x", "operator": "<", "value": 1.0, **leaf}
    root = {**root, "missing": ("Node", {**root, "missing": ("Verdict", {"id": 9})})}
    assert [walk({"x": x}, root, test) for x in (0.5, 1.5, None)] == [{"id": 0}, {"id": 1}, {"id": 9}]


def test_leaves_are_widened_to_the_result():
    """int leaves on one side and double ones on the other: the score is a double."""
    datum, node = datum_type(x=DOUBLE), Record("Node")
    node.fields = (
        Field("field", Enum("Fields", ("x",))), Field("operator", STRING), Field("value", DOUBLE),
        Field("pass", Union((node, DOUBLE))), Field("fail", Union((node, INT))),
    )  # fmt: skip
    walk = Call("model.tree.simpleTree", datum, node)
    assert walk.site.ret == DOUBLE
    root = {"field": "x", "operator": "<", "value": 1.0, "pass": 4.5, "fail": 3}
    for _ in range(3):
        assert repr([walk({"x": x}, root) for x in (0.0, 2.0)]) == "[4.5, 3.0]"


def test_errors_of_nodes_that_are_not_reached_are_not_raised():
    datum = datum_type(x=DOUBLE)
    node = node_type(datum, Union((DOUBLE, STRING)))
    walk = Call("model.tree.simpleTree", datum, node)
    bad = {"field": "x", "operator": "<", "value": "a", "pass": "p", "fail": "f"}
    worse = {**bad, "operator": "~"}
    root = {
        "field": "x",
        "operator": "<",
        "value": 1.0,
        "pass": "fine",
        "fail": {**bad, "operator": "alwaysTrue"},
    }
    root["fail"]["pass"] = bad
    other = {**root, "fail": worse}
    for _ in range(3):
        assert walk({"x": 0.0}, root) == "fine"
        assert walk.error({"x": 2.0}, root) == 32061
        assert walk.error({"x": 2.0}, other) == 32060


def test_sets_of_members_are_searched_by_hash_and_mean_the_same():
    datum = datum_type(x=Union((NULL, INT, STRING)))
    node = node_type(datum, Union((Array(Union((INT, STRING))), Array(INT).items)))
    walk = Call("model.tree.simpleTree", datum, node)
    root = {"field": "x", "operator": "in", "value": [1, "a", 3], "pass": "in", "fail": "out"}
    results = [[walk({"x": x}, root) for x in (1, 2, "a", "b")] for _ in range(3)]
    assert results == [["in", "out", "in", "out"]] * 3
    assert [walk.error({"x": None}, root) for _ in range(3)] == [32061] * 3


def test_a_tree_that_shares_its_subtrees_stays_small():
    """2**60 paths, 61 nodes."""
    datum = datum_type(x=DOUBLE)
    walk = Call("model.tree.simpleTree", datum, node_type(datum, DOUBLE))
    root = {"field": "x", "operator": "<", "value": 0.0, "pass": "low", "fail": "high"}
    for i in range(60):
        root = {"field": "x", "operator": "<", "value": float(i), "pass": root, "fail": root}
    assert [walk({"x": x}, root) for x in (-1.0, -1.0, 1.0)] == ["low", "low", "high"]
    assert walk.site.cache["known"].weight == 61


@pytest.mark.parametrize("leaf", [STRING, record("Verdict", id=INT)])
def test_a_tree_as_deep_as_it_is_long(leaf):
    datum = datum_type(x=DOUBLE)
    node = node_type(datum, DOUBLE, leaf)
    child = node.by_name["pass"].type
    end = box(child, leaf, "end" if leaf == STRING else {"id": 1})
    root = {"field": "x", "operator": "<", "value": 0.0, "pass": end, "fail": end}
    for _ in range(50_000):
        root = {"field": "x", "operator": "<", "value": 0.0, "pass": end, "fail": box(child, node, root)}
    want = "end" if leaf == STRING else {"id": 1}
    for budget, fails in ((10**9, False), (20_000, True)):
        walk = Call("model.tree.simpleTree", datum, node, budget=budget)
        if fails:
            with pytest.raises(PfaLimitError):
                walk({"x": 1.0}, root)
        else:
            assert [walk({"x": 1.0}, root) for _ in range(3)] == [want] * 3


def test_a_site_keeps_a_bounded_number_of_compiled_nodes(monkeypatch):
    monkeypatch.setattr(tree, "LARGEST", 50)
    datum = datum_type(x=DOUBLE)
    walk = Call("model.tree.simpleTree", datum, node_type(datum, DOUBLE))
    leaf = {"field": "x", "operator": "<", "value": 0.0, "pass": "low", "fail": "high"}
    trees = [{**leaf, "fail": {**leaf, "fail": dict(leaf)}} for _ in range(200)]
    for _ in range(5):
        assert [walk({"x": -1.0}, root) for root in trees] == ["low"] * 200
        assert walk.site.cache["known"].weight <= 50 + 3
    large = dict(leaf)
    for _ in range(60):
        large = {**leaf, "fail": large}
    assert [walk({"x": 1.0}, large) for _ in range(200)] == ["high"] * 200


def test_known_needs_to_see_a_model_twice():
    models = known.Known({}, 10)
    one, two = [1], [2]
    assert [models.worth(one), models.worth(two), models.worth(one)] == [False, False, True]
    models.keep(one, "derived", 10)
    assert [models.worth(two) for _ in range(10)] == [False] * 9 + [True]  # then there is room again
    assert models.cache == {}


def test_known_forgets_ids_that_came_once(monkeypatch):
    monkeypatch.setattr(known, "SEEN", 4)
    models = known.Known({}, 10)
    kept = [[i] for i in range(5)]
    assert [models.worth(m) for m in kept] == [False] * 5
    assert len(models.seen) == 1


def test_compound_test_stops_where_the_result_is_certain():
    datum, node = datum_type(x=INT), record("T", v=BOOLEAN)
    compound = Call("model.tree.compoundTest", datum, STRING, Array(node), Function((datum, node), BOOLEAN))
    seen = []

    def test(_datum, comparison):
        seen.append(comparison)
        return comparison

    for op, values, result, calls in (
        ("and", [True, False, True], False, 2), ("and", [True, True], True, 2), ("and", [], True, 0),
        ("or", [False, True, False], True, 2), ("or", [], False, 0),
        ("xor", [True, True, True], True, 3), ("xor", [True, False, True], False, 3), ("xor", [], False, 0),
    ):  # fmt: skip
        seen.clear()
        assert compound({"x": 1}, op, values, test) is result
        assert len(seen) == calls


def test_surrogates_stop_at_the_first_result():
    datum, node = datum_type(x=INT), record("T", v=BOOLEAN)
    surrogate = Call(
        "model.tree.surrogateTest", datum, Array(node), Function((datum, node), Union((NULL, BOOLEAN)))
    )
    calls = iter([None, None, False])
    assert surrogate({"x": 1}, [1, 2, 3, 4], lambda d, t: next(calls)) is False
    assert surrogate.error({"x": 1}, [1, 2], lambda d, t: None) == 32030


# ---- widening and narrowing --------------------------------------------------------------------------------


def test_widening_inside_containers():
    assert widening(DOUBLE, DOUBLE) is None
    assert widening(LONG, INT) is None
    assert repr(widening(DOUBLE, INT)(3)) == "3.0"
    assert widening(FLOAT, INT)(2**24 + 1) == 2.0**24
    assert repr(widening(Array(Map(DOUBLE)), Array(Map(INT)))([{"a": 1}])) == "[{'a': 1.0}]"
    a, b = record("A", id=INT), record("B", id=INT)
    two = Union((a, b))
    assert widening(two, a)({"id": 1}) == ("A", {"id": 1})
    assert widening(a, Union((a,))) is None
    assert widening(Union((a, b, INT)), Union((a, INT)))({"id": 1}) == ("A", {"id": 1})
    assert widening(Union((a, b, INT)), Union((a, INT)))(5) == 5
    assert widening(Union((NULL, DOUBLE)), Union((NULL, INT)))(5) == 5.0
    assert widening(Union((NULL, DOUBLE)), Union((NULL, INT)))(None) is None


def test_narrowing():
    assert narrowing(DOUBLE) is None
    assert narrowing(FLOAT)(0.1) == float32(0.1)
    assert [narrowing(INT)(x) for x in (1.9, -1.9, 1e300, -math.inf, math.nan)] == [
        1,
        -1,
        2**31 - 1,
        -(2**31),
        0,
    ]


# ---- a whole document --------------------------------------------------------------------------------------


def test_a_forest_in_a_cell():
    """The site of one call meets every tree of the forest, first as it is and then compiled."""
    rng = random.Random(9)
    datum = datum_type(x=DOUBLE, y=INT, z=DOUBLE)
    node = node_type(datum, DOUBLE, DOUBLE)
    grown = [grow(rng, node, [(DOUBLE, 0.5), (DOUBLE, 2.0)], 5, [0.0, 1.0]) for _ in range(30)]
    grown = [(root, plain) for root, plain in grown if isinstance(root, dict)]

    def tagged(value):
        if not isinstance(value, dict):
            return {"double": value}
        sides = {side: tagged(value[side]) for side in ("pass", "fail")}
        return {"Node": value | sides}

    document = {
        "input": {
            "type": "record",
            "name": "Datum",
            "fields": [{"name": n, "type": "int" if n == "y" else "double"} for n in "xyz"],
        },
        "output": "double",
        "cells": {
            "forest": {
                "type": {
                    "type": "array",
                    "items": {
                        "type": "record",
                        "name": "Node",
                        "fields": [
                            {"name": "field", "type": {"type": "enum", "name": "F", "symbols": list("xyz")}},
                            {"name": "operator", "type": "string"},
                            {"name": "value", "type": "double"},
                            {"name": "pass", "type": ["Node", "double"]},
                            {"name": "fail", "type": ["Node", "double"]},
                        ],
                    },
                },
                "init": [tagged(root)["Node"] for root, _ in grown],
            }
        },
        "action": {
            "a.mean": {
                "a.map": [
                    {"cell": "forest"},
                    {
                        "params": [{"t": "Node"}],
                        "ret": "double",
                        "do": {"model.tree.simpleTree": ["input", "t"]},
                    },
                ]
            }
        },
    }
    engine = pfa.loads(document)
    for _ in range(20):
        at = {"x": rng.gauss(0, 1), "y": rng.randint(-1, 2), "z": rng.gauss(0, 1)}
        want = sum(walked(plain, at)[1] for _, plain in grown) / len(grown)
        assert engine.action(at) == pytest.approx(want)
