"""a.* and map.* on the numba backend against the python one: arrays and maps of every kind of item, random and odd."""

import math
import random
from functools import cache

import pytest

import pfa
from tests.test_kernel_library import same

PAIR = {
    "type": "record", "name": "Pair",
    "fields": [
        {"name": "d", "type": "double", "order": "descending"}, {"name": "i", "type": "int", "order": "ignore"},
        {"name": "e", "type": {"type": "enum", "name": "Suit", "symbols": ["spades", "hearts", "clubs"]}},
        {"name": "s", "type": "string"}, {"name": "t", "type": "boolean"}, {"name": "b", "type": "bytes"},
        {"name": "m", "type": {"type": "map", "values": "long"}},
        {"name": "a", "type": {"type": "array", "items": "float"}}, {"name": "next", "type": ["null", "Pair"]},
    ],
}  # fmt: skip
TEXTS = ["", "a", "b", "ab", "é", "€uro", "\U0001f600", "zz" * 20, "zz" * 19 + "zy", "a" * 100]
REALS = [0.0, -0.0, 1.0, -1.5, math.nan, math.inf, -math.inf, 2.5, 1e300, -1e300, 5e-324, 3.0]
SINGLES = [0.0, -0.0, 0.5, -2.0, math.nan, math.inf, -math.inf, 3.25]


def pair(r):
    return {
        "d": r.choice(REALS), "i": r.randrange(2), "e": r.choice(["hearts", "clubs"]), "s": r.choice(TEXTS),
        "t": r.random() < 0.5, "b": r.choice([b"", b"a", b"\xff"]),
        "m": {r.choice("ab"): 1 for _ in range(r.randrange(3))}, "a": r.choices(SINGLES, k=r.randrange(3)),
        "next": pair(r) if r.random() < 0.3 else None,
    }  # fmt: skip


ITEMS = {
    "int": ("int", lambda r: r.choice([0, 1, -1, 2, 5, 2147483647, -2147483648, r.randrange(-9, 9)])),
    "long": ("long", lambda r: r.choice([0, 1, -1, 7, 1 << 62, -(1 << 62), (1 << 63) - 1, -(1 << 63), r.randrange(9)])),
    "float": ("float", lambda r: r.choice(SINGLES)),
    "double": ("double", lambda r: r.choice([*REALS, r.uniform(-2, 2)])),
    "string": ("string", lambda r: r.choice(TEXTS)),
    "union": (
        ["null", "int", {"type": "array", "items": "double"}],
        lambda r: r.choice([None, 1, 2, -5, [], [math.nan]]),
    ),
    "record": (PAIR, pair),
}
NUMBERS = ("int", "long", "float", "double")
FEW = 63  # items that are sorted as CPython does it


def function(params, ret, do):
    return {"params": [{name: t} for name, t in params.items()], "ret": ret, "do": do}


def arrays(t):
    return {"type": "array", "items": t}


def maps(t):
    return {"type": "map", "values": t}


def calls(kind, t):
    """Name of a function, its result, its arguments: a, b, c are arrays, m, o maps, x an item, n, k integers."""
    if kind in NUMBERS:
        yield from statistics(t)
    if kind in ("long", "float"):  # else like int and double
        return
    yield from parts(t)
    yield from sets(t)
    yield from order(t)
    yield from functional(t)
    yield from of_maps(t)
    if kind == "int":
        yield "a.permutations", arrays(arrays(t)), ["c"]


def statistics(t):
    for name in ("sum", "product", "median", "mode"):
        yield f"a.{name}", t, ["a"]
    yield "a.ntile", t, ["a", "p"]
    for name in ("mean", "lnsum", "geomean", "logsumexp"):
        yield f"a.{name}", "double", ["a"]


def parts(t):
    many = arrays(t)
    for name in ("head", "last"):
        yield f"a.{name}", t, ["a"]
    for name in ("tail", "init", "reverse"):
        yield f"a.{name}", many, ["a"]
    for name, given in {
        "subseq": ["n", "k"], "subseqto": ["n", "k", "c"], "cycle": ["x", "n"], "insert": ["n", "x"],
        "replace": ["n", "x"], "rotate": ["n"], "append": ["x"],
    }.items():  # fmt: skip
        yield f"a.{name}", many, ["a", *given]
    yield "a.remove", many, ["a", "n"]
    yield "a.remove", many, ["a", "n", "k"]
    yield "a.slidingWindow", arrays(many), ["a", "n", "k"]
    yield "a.combinations", arrays(many), ["c", "n"]


def sets(t):
    test = function({"p": t}, "boolean", {"<=": ["p", "x"]})
    yield "a.distinct", arrays(t), ["a"]
    for name in ("seteq", "subset", "disjoint"):
        yield f"a.{name}", "boolean", ["a", "c"]
    for name in ("union", "intersection", "diff", "symdiff", "concat"):
        yield f"a.{name}", arrays(t), ["a", "b"]
    for needle in ("c", "x", test):
        for name in ("count", "index", "rindex"):
            yield f"a.{name}", "int", ["a", needle]
        yield "a.contains", "boolean", ["a", needle]
    for needle in ("c", "x"):
        for name in ("startswith", "endswith"):
            yield f"a.{name}", "boolean", ["a", needle]


def order(t):
    less = function({"p": t, "q": t}, "boolean", {"<": ["p", "q"]})
    no_order = function({"p": t, "q": t}, "boolean", {"<=": ["q", "p"]})
    yield "a.sort", arrays(t), ["a"]
    yield "a.sortLT", arrays(t), ["a", no_order]
    for name in ("max", "min"):
        yield f"a.{name}", t, ["a"]
        yield f"a.{name}LT", t, ["a", less]
        yield f"a.{name}N", arrays(t), ["a", "n"]
        yield f"a.{name}NLT", arrays(t), ["a", "n", less]
        for place, given, container in (("int", "a", "a"), ("string", "m", "map")):
            yield f"{container}.arg{name}", place, [given]
            yield f"{container}.arg{name}N", arrays(place), [given, "n"]
            yield f"{container}.arg{name}LT", place, [given, no_order]
            yield f"{container}.arg{name}NLT", arrays(place), [given, "n", no_order]
            yield f"{container}.arg{name}NLT", arrays(place), [given, "n", less]


def functional(t):
    many = arrays(t)
    test = function({"p": t}, "boolean", {"<=": ["p", "x"]})
    indexed = function({"i": "int", "p": t}, "boolean", {"&&": [{"<": ["i", "k"]}, {"!=": ["p", "x"]}]})
    two = function({"p": t, "q": t}, "boolean", {"<": ["p", "q"]})
    maybe = function(
        {"p": t}, t if isinstance(t, list) else ["null", t], {"if": {"<": ["p", "x"]}, "then": "p", "else": None}
    )
    high = {"if": {"<": ["p", "x"]}, "then": {"string": "low"}, "else": {"string": "high"}}
    for name, f in {"filter": test, "filterWithIndex": indexed, "takeWhile": test, "dropWhile": test}.items():
        yield f"a.{name}", many, ["a", f]
    yield "a.filterMap", arrays(t[1:]) if isinstance(t, list) else many, ["a", maybe]
    yield "a.any", "boolean", ["a", test]
    yield "a.all", "boolean", ["a", test]
    yield "a.corresponds", "boolean", ["a", "b", two]
    yield "a.zipmap", arrays("boolean"), ["a", "b", two]
    yield "a.flatMap", many, ["a", function({"p": t}, many, {"a.append": ["c", "p"]})]
    yield "a.groupby", maps(many), ["a", function({"p": t}, "string", high)]
    yield "a.reduce", t, ["a", function({"p": t, "q": t}, t, {"if": {"<": ["p", "q"]}, "then": "q", "else": "p"})]
    yield "a.foldRight", many, ["a", "c", function({"p": t, "q": many}, many, {"a.append": ["q", "p"]})]


def of_maps(t):
    named = maps(t)
    test = function({"p": t}, "boolean", {"<=": ["p", "x"]})
    two = function({"p": t, "q": t}, "boolean", {"<": ["p", "q"]})
    maybe = function({"p": t}, ["null", "int"], {"if": {"<": ["p", "x"]}, "then": "n", "else": None})
    keyed = function({"p": "string", "q": t}, "boolean", {"&&": [{">": ["p", {"string": "a"}]}, {"==": ["q", "x"]}]})
    yield "map.keys", arrays("string"), ["m"]
    yield "map.values", arrays(t), ["m"]
    for name in ("union", "intersection", "diff", "symdiff", "update"):
        yield f"map.{name}", named, ["m", "o"]
    for name in ("subset", "disjoint"):
        yield f"map.{name}", "boolean", ["m", "o"]
    yield "map.containsKey", "boolean", ["m", "s"]
    yield "map.containsValue", "boolean", ["m", "x"]
    yield "map.containsValue", "boolean", ["m", test]
    for given in (["s", "x"], ["x"]):
        yield "map.add", named, ["m", *given]
    for name, given in {"remove": "s", "only": "ss", "except": "ss", "filter": test, "filterWithKey": keyed}.items():
        yield f"map.{name}", named, ["m", given]
    yield "map.split", arrays(named), ["m"]
    yield "map.join", named, [{"new": ["m", "o", "m"], "type": arrays(named)}]
    yield "map.toset", named, ["a"]
    yield "map.in", "boolean", [{"map.toset": ["a"]}, "x"]
    yield "map.map", maps("boolean"), ["m", test]
    yield "map.filterMap", maps("int"), ["m", maybe]
    yield "map.flatMap", named, ["m", function({"p": t}, named, {"map.add": ["o", "s", "p"]})]
    yield "map.zipmap", maps("boolean"), ["m", "o", two]
    yield "map.corresponds", "boolean", ["m", {"map.update": ["m", "o"]}, two]


@cache
def engines(kind):
    """The names of functions, and an engine a backend."""
    t, _ = ITEMS[kind]
    name = t["name"] if kind == "record" else t
    params = {
        "a": arrays(name), "b": arrays(name), "c": arrays(name), "m": maps(name), "o": maps(name), "x": name,
        "n": "int", "k": "int", "s": "string", "ss": arrays("string"), "p": "double",
    }  # fmt: skip
    functions = {
        f"f{i}": function(params, ret, {called: given}) for i, (called, ret, given) in enumerate(calls(kind, name))
    }
    document = {"input": t, "output": "null", "fcns": functions, "action": None}
    return functions, pfa.loads(document, backend="python"), pfa.loads(document, backend="numba", escape=False)


def outcome(engine, name, given):
    try:
        return engine.call(name, *given)
    except pfa.PfaRuntimeError as error:
        return error.code, error.function


def given_for(kind, seed, most):
    r = random.Random(seed)
    make = ITEMS[kind][1]
    sizes = [r.randrange(most + 1) for _ in range(2)]
    a, b = ([make(r) for _ in range(size)] for size in sizes)
    if r.random() < 0.3:
        b = [make(r) for _ in a]
    c = a[1 : r.randrange(4)] if r.random() < 0.5 else [make(r) for _ in range(r.randrange(4))]
    keys = [*TEXTS, *(f"k{i}" for i in range(most))]
    m, o = ({r.choice(keys): make(r) for _ in range(r.randrange(most + 1))} for _ in range(2))
    x = r.choice(a) if a and r.random() < 0.5 else make(r)
    ss = r.choices(keys, k=r.randrange(most + 1))
    p = r.choice([-1.0, 0.0, 0.25, 0.5, 0.77, 1.0, 2.0, math.nan])
    return a, b, c, m, o, x, r.randrange(-5, 6), r.randrange(-5, 6), r.choice(keys), ss, p


def is_doubtful(kind, f):
    """Is it sorting by a function that is no order?  Then the result is that of an algorithm."""
    text = str(f["do"])
    return "LT" in text and ("'<='" in text or kind in ("float", "double"))


@pytest.mark.parametrize("most", [4, 12, 150])
@pytest.mark.parametrize("kind", ITEMS)
def test_same_as_python(kind, most):
    functions, reference, compiled = engines(kind)
    for seed in range(12 if most < 100 else 3):
        given = given_for(kind, seed, most)
        for name, f in functions.items():
            if most > FEW and is_doubtful(kind, f):
                continue
            want, got = outcome(reference, name, given), outcome(compiled, name, given)
            assert same(want, got, "ulp"), f"{f['do']} of {given}"
