"""Calls of library functions as generated code makes them, and types with values for the namespaces a and map."""

import math
from functools import cmp_to_key

import hypothesis
import pytest
from hypothesis import strategies as st

from pfa.errors import PfaLimitError, PfaRuntimeError
from pfa.lib.compare import ordering
from pfa.lib.define import Site
from pfa.lib.table import lookup
from pfa.memory.random import Generator
from pfa.types import (
    BOOLEAN,
    BYTES,
    DOUBLE,
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
