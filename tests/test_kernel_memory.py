"""Memory of compiled engines: loops give their garbage back, cells change in place; results are those of python."""

import random

import pytest

import pfa
from pfa.memory.shared import SharedPool
from pfa.targets.kernel import front, kernels

ARENA = pfa.Limits(memory=10 << 20)
INTS = {"type": "array", "items": "int"}
STRINGS = {"type": "array", "items": "string"}
NAMED = {"type": "map", "values": "int"}
TEXTS = {"type": "map", "values": STRINGS}
NODE = {
    "type": "record", "name": "Node",
    "fields": [
        {"name": "text", "type": "string"}, {"name": "next", "type": ["null", "Node"]},
        {"name": "both", "type": {"type": "array", "items": ["null", "string", "double"]}},
    ],
}  # fmt: skip


def turns(init, body, out, output="int", **more):
    """A document whose action takes as many turns of a loop as its input says."""
    step = {"set": {"i": {"+": ["i", 1]}}}
    loop = {"while": {"<": ["i", "input"]}, "do": [*body, step]}
    return {"input": "int", "output": output, "action": [{"let": {"i": 0, **init}}, loop, out], **more}


def empty(t):
    return {"type": t, "value": {} if t["type"] == "map" else []}


def put(name, value):
    return {"set": {name: value}}


GROWING = {
    "an array": turns({"a": empty(INTS)}, [put("a", {"a.append": ["a", "i"]})], {"a.last": ["a"]}),
    "a string": turns(
        {"s": {"string": ""}}, [put("s", {"s.concat": ["s", {"s.int": ["i"]}]})], {"s.len": ["s"]}
    ),
    "strings": turns(
        {"a": empty(STRINGS)}, [put("a", {"a.append": ["a", {"s.int": ["i"]}]})], {"a.last": ["a"]}, "string"
    ),
    "a map": turns(
        {"m": empty(NAMED)}, [put("m", {"map.add": ["m", {"s.int": ["i"]}, "i"]})],
        {"attr": "m", "path": [{"string": "77"}]},
    ),
}


@pytest.mark.parametrize("name", GROWING)
def test_growing_takes_little_of_the_arena(name):
    engine = pfa.loads(GROWING[name], backend="numba", escape=False, limits=ARENA)
    assert engine.action(10_000) == pfa.loads(GROWING[name]).action(10_000)


def test_a_map_that_grows_takes_steps_by_its_length():
    limits = pfa.Limits(steps=2_000_000)
    assert pfa.loads(GROWING["a map"], backend="numba", escape=False, limits=limits).action(100_000) == 77
    each = {"attr": "m", "path": [{"s.int": [{"%": ["i", 100]}]}]}
    add = {"map.add": ["m", {"s.int": [{"%": ["i", 100]}]}, {"+": [each, 1]}]}
    full = turns({"m": {"type": NAMED, "value": {str(i): i for i in range(100)}}}, [put("m", add)], {"map.len": ["m"]})
    with pytest.raises(pfa.PfaLimitError, match="steps"):  # each of these is a copy
        pfa.loads(full, backend="numba", limits=limits).action(100_000)


def ints(*items):
    return {"type": INTS, "new": list(items)}


ONE_MORE = {"params": [{"x": "int"}], "ret": "int", "do": {"a.len": {"a.append": [ints("x"), 1]}}}
GARBAGE = {
    "numbers": turns(
        {"n": 0}, [{"let": {"b": ints("i", "n", 3)}}, put("n", {"+": [{"attr": "b", "path": [0]}, 1]})], "n"
    ),
    "a function": turns({"n": 0}, [put("n", {"u.f": ["i"]})], "n", fcns={"f": ONE_MORE}),
    "a for": {
        "input": "int", "output": "int", "action": [
            {"let": {"n": 0}},
            {"for": {"i": 0}, "while": {"<": ["i", "input"]}, "step": {"i": {"+": ["i", 1]}},
             "do": put("n", {"s.len": [{"s.int": ["i"]}]})},
            "n",
        ],
    },
    "a foreach": turns(
        {"n": 0}, [{"foreach": "x", "in": ints(1, 2, 3), "do": put("n", {"a.len": ints("x", "n")})}], "n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_of_a_million_turns(name):
    engine = pfa.loads(GARBAGE[name], backend="numba", escape=False, limits=ARENA)
    assert engine.action(1_000_000) == engine.action(999_999) + (name in ("numbers",))
    assert engine.action(100) == pfa.loads(GARBAGE[name]).action(100)


@pytest.fixture
def eager():
    """Loops rewind the arena whenever they can."""
    names = kernels.library()["rewind_limit"].names
    slack, names["SLACK"] = names["SLACK"], 16
    front.library_ir.cache_clear()
    yield
    names["SLACK"] = slack
    front.library_ir.cache_clear()


def chain(tail):
    both = {"type": NODE["fields"][2]["type"], "new": [None, {"s.int": ["i"]}, 0.5]}
    return {"type": "Node", "new": {"text": {"s.int": ["i"]}, "next": tail, "both": both}}


FIND = {"if": {"map.containsKey": ["m", {"s.int": ["i"]}]}, "then": {"+": ["n", {"map.len": ["m"]}]}, "else": "n"}
LIVE = {
    "nested loops": turns(
        {"a": {"type": {"type": "array", "items": STRINGS}, "value": []}},
        [
            {"let": {"b": empty(STRINGS), "j": 0}},
            {"while": {"<": ["j", 5]}, "do": [
                put("b", {"a.append": ["b", {"s.concat": [{"s.int": ["i"]}, {"s.int": ["j"]}]}]}),
                put("j", {"+": ["j", 1]}),
            ]},
            put("a", {"a.append": ["a", "b"]}),
        ],
        "a", {"type": "array", "items": STRINGS},
    ),
    "a list": {
        "input": "int", "output": NODE, "action": [
            {"let": {"head": {"type": "Node", "value": {"text": "end", "next": None, "both": []}}, "i": 0}},
            {"while": {"<": ["i", "input"]}, "do": [put("head", chain("head")), put("i", {"+": ["i", 1]})]},
            "head",
        ],
    },
    "what shares": turns(
        {"a": {"type": INTS, "value": [1]}, "b": {"type": INTS, "value": [2]}},
        [
            {"if": {"==": [{"%": ["i", 3]}, 0]}, "then": put("b", "a")},
            put("a", {"a.append": ["a", "i"]}),
            {"if": {">": [{"a.len": ["b"]}, 10]}, "then": put("b", {"attr": "b", "path": [3], "to": "i"})},
        ],
        {"a.concat": ["a", "b"]}, INTS,
    ),
    "an old map": turns(
        {"m": empty(NAMED), "j": 0, "n": 0},
        [
            {"if": {"<": ["i", 20]}, "then": put("m", {"map.add": ["m", {"s.int": ["i"]}, "i"]})},
            put("j", 0),
            {"while": {"<": ["j", 10]}, "do": [
                put("n", FIND), {"let": {"garbage": {"s.int": ["n"]}}}, put("j", {"+": ["j", 1]}),
                {"if": {"==": [{"s.len": ["garbage"]}, 3]}, "then": put("m", {"map.add": ["m", "garbage", "j"]})},
            ]},
        ],
        {"+": ["n", {"a.sum": {"map.values": ["m"]}}]},
    ),
    "a try": turns(
        {"a": empty(STRINGS), "s": {"string": ""}},
        [
            put("s", {"s.concat": ["s", {"string": "x"}]}),
            {"try": {"do": [
                put("a", {"a.append": ["a", "s"]}),
                {"if": {"==": [{"%": ["i", 7]}, 0]}, "then": {"error": "seven"}},
            ]}},
            {"if": {">": [{"s.len": ["s"]}, 5]}, "then": put("s", {"string": ""})},
        ],
        "a", STRINGS,
    ),
    "recursion": turns(
        {"a": empty(STRINGS)}, [put("a", {"a.append": ["a", {"u.r": [{"%": ["i", 5]}]}]})], "a", STRINGS,
        fcns={"r": {"params": [{"n": "int"}], "ret": "string", "do": [
            {"let": {"s": {"s.int": ["n"]}, "j": 0}},
            {"if": {"<=": ["n", 0]}, "then": "s", "else": [
                {"while": {"<": ["j", 3]}, "do": [
                    put("s", {"s.concat": ["s", {"u.r": [{"-": ["n", 1]}]}]}), put("j", {"+": ["j", 2]}),
                ]},
                "s",
            ]},
        ]}},
    ),
    "callbacks": turns(
        {"a": empty(STRINGS)},
        [put("a", {"a.append": ["a", {"a.fold": [
            {"type": INTS, "value": [1, 2, 3]}, {"string": ""},
            {"params": [{"t": "string"}, {"x": "int"}], "ret": "string", "do": [
                {"let": {"j": 0, "s": "t"}},
                {"while": {"<": ["j", "x"]}, "do": [
                    put("s", {"s.concat": ["s", {"s.int": ["i"]}]}), put("j", {"+": ["j", 1]}),
                ]},
                "s",
            ]},
        ]}]})],
        "a", STRINGS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIVE)
def test_what_is_needed_stays(name, eager):
    engine, reference = pfa.loads(LIVE[name], backend="numba"), pfa.loads(LIVE[name])
    for n in (0, 1, 2, 3, 10, 50, 7):
        assert engine.action(n) == reference.action(n)


SAYING = {
    "name": "Saying", "method": "emit", "input": "int", "output": TEXTS,
    "pools": {"p": {"type": STRINGS, "init": {"old": ["a"]}, "rollback": True}},
    "action": [
        {"let": {"i": 0, "s": {"string": ""}}},
        {"while": {"<": ["i", "input"]}, "do": [
            put("s", {"s.concat": ["s", {"s.int": ["i"]}]}),
            {"pool": "p", "path": [{"s.int": [{"%": ["i", 4]}]}], "init": empty(STRINGS),
             "to": {"params": [{"x": STRINGS}], "ret": STRINGS, "do": {"a.append": ["x", "s"]}}},
            {"if": {"==": [{"%": ["i", 3]}, 0]}, "then": {"pool": "p", "del": {"string": "1"}}},
            {"log": ["s", "i", {"pool": "p", "path": [{"string": "0"}]}]},
            {"emit": {"type": TEXTS, "new": {"k": {"pool": "p", "path": [{"string": "0"}]}}}},
            put("i", {"+": ["i", 1]}),
            {"if": {">": ["i", 12]}, "then": {"error": "far"}},
        ]},
    ],
}  # fmt: skip


def test_what_is_emitted_logged_and_rolled_back(eager):
    told = []
    for backend in ("numba", "python"):
        said = []
        engine = pfa.loads(SAYING, backend=backend)
        engine.log = lambda *x, said=said: said.append(x)
        for n in (3, 20, 5, 30):
            try:
                said.append(engine.action(n))
            except pfa.PfaUserError as error:
                said.append((error.code, error.emitted))
            said.append(engine.snapshot()["pools"])
        told.append(said)
    assert told[0] == told[1]
    assert len(told[0]) > 40


def test_what_does_not_fit_twice_is_left_as_it_is():
    """The live data is more than half of the arena: nothing can be copied, and nothing is lost."""
    document = turns({"a": empty(STRINGS)}, [put("a", {"a.append": ["a", {"s.repeat": [{"s.int": ["i"]}, 1000]}]})],
                     {"a.len": ["a"]})  # fmt: skip
    engine = pfa.loads(document, backend="numba", limits=ARENA)
    assert engine.action(1500) == 1500
    with pytest.raises(pfa.PfaLimitError, match="memory"):
        engine.action(10_000)
    assert engine.action(10) == 10


LOOKUPS = {
    "input": NAMED, "output": INTS, "action": [
        {"let": {"i": 0, "s": {"string": ""}, "a": empty(INTS)}},
        {"while": {"<": ["i", 200]}, "do": [
            {"let": {"key": {"s.concat": [{"string": "k"}, {"s.int": [{"%": ["i", 20]}]}]}}},
            put("a", {"a.append": ["a", {"attr": "input", "path": ["key"]}]}),
            put("s", {"s.repeat": ["key", 200]}),
            put("i", {"+": ["i", 1]}),
        ]},
        "a",
    ],
}  # fmt: skip


def test_the_index_of_an_older_map_is_made_again(eager):
    given = {f"k{i}": i for i in range(20)}
    assert pfa.loads(LOOKUPS, backend="numba").action(given) == [i % 20 for i in range(200)]


# -- cells and pools that change in place --

PART = {"type": "record", "name": "Part", "fields": [{"name": "n", "type": INTS}, {"name": "s", "type": "string"}]}
PARTS = {"type": "map", "values": "Part"}
WHOLE = {"type": "array", "items": PARTS}
FIRST = [{"a": {"n": [1, 2, 3], "s": "x"}, "b": {"n": [4], "s": "y"}}, {"a": {"n": [5, 6], "s": "z"}}]
ONE = {"type": "Part", "value": {"n": [7, 8, 9], "s": "new"}}
LITERAL = {"type": WHOLE, "value": FIRST}
PLUS = {"params": [{"x": "int"}], "ret": "int", "do": {"+": ["x", 1]}}
A, B = {"string": "a"}, {"string": "b"}
STATEMENTS = [
    {"cell": "c", "path": [0, A, ["n"], 1], "to": PLUS},
    {"cell": "c", "path": ["i", A, {"string": "n"}, 0], "to": 40},
    {"cell": "c", "path": [0, B, {"string": "s"}], "to": {"string": "longer"}},
    {"cell": "c", "path": [1, A], "to": ONE},
    {"cell": "c", "path": [0], "to": {"cell": "c", "path": [1]}},
    {"cell": "c", "path": [7, A], "to": ONE},
    {"cell": "c", "to": LITERAL},
    {"cell": "c", "to": {"cell": "d"}},
    {"cell": "d", "to": {"cell": "c"}},
    {"cell": "d", "path": [0, A, {"string": "n"}, 0], "to": PLUS},
    {"cell": "d", "path": [1], "to": {"attr": LITERAL, "path": ["i"]}},
    {"let": {"p#": {"cell": "c", "path": [0, A]}}},
    {"let": {"n#": {"cell": "c", "path": ["i", A, {"string": "n"}]}}},
    {"let": {"w#": {"cell": "c"}}},
    {"let": {"r#": {"cell": "c", "path": [0, A, {"string": "n"}, 1], "to": 60}}},
    {"let": {"k#": {"+": [
        {"attr": {"cell": "c"}, "path": [{"do": [{"cell": "c", "path": [0, A, {"string": "n"}, 0], "to": 50}, 0]},
                                         A, {"string": "n"}, 0]},
        {"a.len": {"cell": "c", "path": [0, A, {"string": "n"}]}},
    ]}}},
    {"let": {"f#": {"+": [{"attr": {"cell": "c"}, "path": [0, A, {"string": "n"}, 1]}, {"u.f": []}]}}},
    {"let": {"g#": {"attr": {"cell": "c"}, "path": [{"u.f": []}, A, {"string": "n"}, 1]}}},
    {"foreach": "x", "in": {"cell": "c", "path": [0, A, {"string": "n"}]}, "do": [
        {"cell": "c", "path": [0, A, {"string": "n"}, 2], "to": {"*": ["x", 2]}},
    ]},
    {"pool": "p", "path": [A, {"string": "n"}, 0], "to": PLUS, "init": ONE},
    {"pool": "p", "path": [B, {"string": "n"}, 2], "to": 30, "init": ONE},
    {"pool": "p", "path": [B, {"string": "s"}], "to": {"string": "text"}, "init": {"cell": "c", "path": [0, A]}},
    {"pool": "p", "path": [B], "to": {"pool": "p", "path": [A]}, "init": ONE},
    {"pool": "p", "del": B},
    {"let": {"q#": {"pool": "p", "path": [A, {"string": "n"}]}}},
    {"let": {"t#": {"pool": "p", "path": [A]}}},
]  # fmt: skip


def named(statement, number):
    """A statement with a symbol of its own, and the symbol."""
    if "let" not in statement:
        return statement, None
    [(name, value)] = statement["let"].items()
    symbol = name.replace("#", str(number))
    return {"let": {symbol: value}}, symbol


def changing(seed):
    """A document that changes cells and looks at what it had read of them before; many statements are the same."""
    r = random.Random(seed)
    chosen = r.sample(STATEMENTS, r.choice([2, 3, 5]))
    made = [named(r.choice(chosen), i) for i in range(r.choice([4, 8]))]
    symbols = [s for _, s in made if s]
    told = [{"log": [s]} for s in symbols] + [{"log": [{"cell": "c"}, {"cell": "d"}]}] * r.randrange(2)
    one = {"type": {"type": "map", "values": "Part"}, "init": {"a": {"n": [1, 2, 3], "s": "p"}}}
    return {
        "input": "int", "output": "int", "cells": {n: {"type": WHOLE, "init": FIRST} for n in "cd"},
        "pools": {"p": {"type": PART, "init": one["init"]}},
        "fcns": {"f": {"params": [], "ret": "int", "do": [
            {"cell": "c", "path": [0, A, {"string": "n"}, 1], "to": 77}, 0,
        ]}},
        "action": [
            {"let": {"i": "input"}}, *[s for s, _ in made], *told, {"cell": "c", "path": [0, A, {"string": "n"}, 1]},
        ],
    }  # fmt: skip


def watched(document, backend):
    """What an engine logs, gives and holds."""
    engine, seen = pfa.loads(document, backend=backend), []
    engine.log = lambda *x: seen.append(x)
    for given in (0, 1, 0, 5, 1):
        try:
            seen.append(engine.action(given))
        except (pfa.PfaRuntimeError, pfa.PfaUserError) as error:
            seen.append((error.code, getattr(error, "function", "")))
        held = engine.snapshot()
        seen.append([held["cells"]["c"]["init"], held["cells"]["d"]["init"], held["pools"]["p"]["init"]])
    return seen


# The later ones were found to fail without what each part of the analysis is for.
@pytest.mark.parametrize("seed", [*range(5), 22, 25, 31, 34, 56, 65, 82])
def test_cells_that_change_in_place(seed):
    document = changing(seed)
    assert watched(document, "numba") == watched(document, "python")


LARGE = {
    "an array": ({"type": "array", "items": "double"}, [0.0] * 100_000, [{"%": ["i", 100_000]}], "double"),
    "a map": (NAMED, {str(i): i for i in range(10_000)}, [{"s.int": [{"%": ["i", 10_000]}]}], "int"),
    "records": (
        {"type": "map", "values": {"type": "array", "items": PART}}, {"all": [FIRST[0]["a"]] * 1_000},
        [{"string": "all"}, {"%": ["i", 1_000]}, {"string": "n"}, 1], "int",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_one_item_of_a_large_value(name):
    t, first, path, item = LARGE[name]
    more = {"params": [{"x": item}], "ret": item, "do": {"+": ["x", 1]}}
    nothing = {"type": t, "value": {} if t["type"] == "map" else []}
    body = [
        {"cell": "c", "path": path, "to": more}, {"pool": "p", "path": [A, *path], "to": more, "init": nothing},
        {"if": {"==": [{"%": ["i", 997]}, 0]}, "then": {"cell": "d", "path": path, "to": {"cell": "c", "path": path}}},
    ]  # fmt: skip
    out = {"do": [{"set": {"i": 3}}, {"+": [{"cell": "c", "path": path}, {"pool": "p", "path": [A, *path]}]}]}
    cell = {"type": t, "init": first}
    document = turns({}, body, out, item, cells={"c": cell, "d": cell}, pools={"p": {"type": t, "init": {"a": first}}})
    engine, reference = pfa.loads(document, backend="numba", escape=False, limits=ARENA), pfa.loads(document)
    assert engine.action(100) == reference.action(100)
    assert engine.snapshot() == reference.snapshot()
    engine.action(1_000_000)


def function(params, ret, do):
    return {"params": [{n: p} for n, p in params.items()], "ret": ret, "do": do}


# -- cells and pools that are set many times in one action --

TWENTY = [str(i) for i in range(20)]
ITEM, KEY = {"s.int": ["i"]}, [{"s.int": [{"%": ["i", 10]}]}]
ONE_ITEM = function({"x": STRINGS}, STRINGS, {"attr": "x", "path": [{"%": ["i", 20]}], "to": ITEM})
LAST = {"a.subseq": [{"cell": "c"}, {"if": {">": [{"a.len": [{"cell": "c"}]}, 50]}, "then": 1, "else": 0}, 1000]}
NEW = {"type": STRINGS, "value": TWENTY}
MAYBE = ["null", STRINGS, "string"]
STATES = {"c": {"type": STRINGS, "init": TWENTY}}
POOLS = {"p": {"type": STRINGS, "init": {"3": TWENTY}}}


def saved(state):
    return {n: {**x, "rollback": True} for n, x in state.items()}


SETTING = {
    "a cell": turns({}, [{"cell": "c", "to": ONE_ITEM}], 0, cells=STATES),
    "a cell that is rolled back": turns({}, [{"cell": "c", "to": ONE_ITEM}], 0, cells=saved(STATES)),
    "a cell that grows": turns(
        {}, [{"cell": "c", "to": {"a.append": [{"cell": "c"}, "i"]}}], 0, cells={"c": {"type": INTS, "init": []}},
    ),
    "a window": turns({}, [{"cell": "c", "to": {"a.append": [LAST, ITEM]}}], 0, cells=STATES),
    "a union": turns(
        {}, [{"cell": "c", "to": {"if": {"==": [{"%": ["i", 3]}, 0]}, "then": None, "else": {
            "if": {"==": [{"%": ["i", 3]}, 1]}, "then": ITEM, "else": {"type": STRINGS, "new": [ITEM]},
        }}}], 0, cells={"c": {"type": MAYBE, "init": None}},
    ),
    "an item of a cell": turns({}, [{"cell": "c", "path": [{"%": ["i", 20]}], "to": ITEM}], 0, cells=STATES),
    "items and the whole of a cell": turns(
        {}, [
            {"cell": "c", "path": [A, {"%": ["i", 20]}], "to": ITEM},
            {"cell": "c", "path": [B], "to": {"type": STRINGS, "new": [ITEM]}},
            {"if": {"==": [{"%": ["i", 7]}, 0]}, "then": {"cell": "c", "to": {"type": TEXTS, "new": {
                "a": {"a.map": [NEW, function({"x": "string"}, "string", {"s.concat": ["x", "x"]})]}, "b": NEW,
            }}}},
            {"cell": "c", "path": [A, {"%": ["i", 20]}], "to": ITEM},
        ], 0, cells={"c": {"type": TEXTS, "init": {"a": TWENTY, "b": TWENTY}}},
    ),
    "items of a pool": turns({}, [{"pool": "p", "path": KEY, "init": NEW, "to": ONE_ITEM}], 0, pools=POOLS),
    "items of a pool that are rolled back": turns(
        {}, [{"pool": "p", "path": KEY, "init": NEW, "to": ONE_ITEM}], 0, pools=saved(POOLS),
    ),
    "numbers of a pool that are rolled back": turns(
        {}, [{"pool": "p", "path": KEY, "init": 0, "to": "i"}], 0, pools=saved({"p": {"type": "int", "init": {}}}),
    ),
    "items that come and go": turns(
        {}, [
            {"pool": "p", "path": [ITEM], "init": NEW, "to": ONE_ITEM},
            {"if": {">": [{"%": ["i", 100]}, 3]}, "then": {"pool": "p", "del": ITEM}},
            {"pool": "p", "del": {"s.int": [{"-": ["i", 100]}]}},
        ], 0, pools=POOLS,
    ),
}  # fmt: skip


def state_of(engine):
    held = engine.snapshot()
    return [{n: x["init"] for n, x in held.get(what, {}).items()} for what in ("cells", "pools")]


@pytest.mark.parametrize("name", SETTING)
def test_what_is_set_many_times(name):
    """A hundred thousand times in an action, within ten megabytes; and the state is that of the python backend."""
    engine = pfa.loads(SETTING[name], backend="numba", escape=False, limits=ARENA)
    reference = pfa.loads(SETTING[name])
    for n in (30, 0, 1000, 3):
        assert engine.action(n) == reference.action(n)
        assert state_of(engine) == state_of(reference)
    engine.action(100_000)
    engine.action(3)


@pytest.mark.parametrize("name", SETTING)
def test_what_is_set_while_the_arena_is_rewound(name, eager):
    engine, reference = pfa.loads(SETTING[name], backend="numba"), pfa.loads(SETTING[name])
    for n in (1, 2, 30, 0, 300):
        engine.action(n)
        reference.action(n)
        assert state_of(engine) == state_of(reference)


def looping(seed):
    """A document that changes cells and pools in loops, beside variables that hold parts of them."""
    r = random.Random(seed)
    document = changing(seed)
    first, *body, last = document["action"]
    name = {"string": "n"}
    longer = {"attr": "x", "path": [name], "to": {"a.append": [{"attr": "x", "path": [name]}, "j"]}}
    some = {"type": PARTS, "new": {"b": {"cell": "c", "path": [0, B]}, "a": "part"}}
    extra = r.choice([
        [put("keep", {"cell": "c"})], [put("part", {"cell": "c", "path": [0, A]})],
        [put("part", {"pool": "p", "path": [A]})],
        [{"pool": "p", "path": [{"s.int": [{"%": ["j", 3]}]}], "to": function({"x": PART}, PART, longer), "init": ONE}],
        [{"cell": "c", "to": {"a.append": [{"cell": "c"}, some]}}],
        [
            {"pool": "p", "del": {"s.int": [{"%": ["j", 2]}]}},
            {"pool": "p", "path": [{"s.int": ["j"]}], "to": "part", "init": "part"},
        ],
        [],
    ])  # fmt: skip
    step = [put("text", {"s.concat": ["text", {"s.int": ["j"]}]}), put("j", {"+": ["j", 1]})]
    loop = {"while": {"<": ["j", r.choice([3, 9, 25])]}, "do": [*body, *extra, *step]}
    if r.random() < 0.3:
        loop = {"foreach": "z", "in": ints(1, 2, 3), "do": [loop, put("j", 0)]}
    if r.random() < 0.4:
        document["pools"]["p"]["rollback"] = document["cells"]["d"]["rollback"] = True
    held = {"let": {"j": 0, "keep": {"type": WHOLE, "value": []}, "part": ONE, "text": {"string": ""}}}
    five = {"if": {"==": ["i", 5]}, "then": {"error": "five"}}
    return {**document, "action": [first, held, loop, {"log": ["keep", "part", "text"]}, five, last]}


@pytest.mark.parametrize("seed", range(12))
def test_cells_that_change_in_loops(seed, eager):
    document = looping(seed)
    assert watched(document, "numba") == watched(document, "python")


def test_what_does_not_fit_when_the_action_ends():
    """Nothing of it is in the state then, nor is a new item of a pool."""
    fill = {"a.map": [NEW, function({"x": "string"}, "string", {"s.repeat": ["x", "input"]})]}
    action = [{"cell": "c", "to": fill}, {"pool": "p", "path": [{"s.int": ["input"]}], "init": NEW, "to": NEW}, 0]
    document = {"input": "int", "output": "int", "cells": STATES, "pools": POOLS, "action": action}
    engine = pfa.loads(document, backend="numba", limits=pfa.Limits(memory=2 << 20))
    assert engine.action(20_000) == 0  # 600 kB
    before = state_of(engine)
    with pytest.raises(pfa.PfaLimitError, match="memory"):
        engine.action(55_000)  # 1,650 kB, which fit once, but not beside the first
    assert state_of(engine) == before
    assert engine.action(20) == 0
    assert state_of(engine)[0]["c"][19] == "19" * 20
    assert state_of(engine)[1]["p"].keys() == {"3", "20000", "20"}
    with pytest.raises(pfa.PfaLimitError, match="memory"):
        engine.action(55_000)  # the first is garbage, but still there
    assert engine.action(55_000) == 0


TEXT = {"s.concat": [{"s.int": ["x"]}, {"string": "-"}]}
CUT = {"if": {">": [{"s.len": ["t"]}, 20]}, "then": TEXT, "else": {"s.concat": ["t", TEXT]}}
CUT_ITEM = {"if": {">": [{"s.len": ["t"]}, 20]}, "then": "x", "else": {"s.concat": ["x", "t"]}}
EVEN = {"==": [{"%": [{"s.len": [TEXT]}, 2]}, 0]}
TEXTS_OF = {"a.map": ["input", function({"x": "int"}, "string", TEXT)]}
HIGHER = {
    "a.fold": ("string", {"a.fold": ["input", {"string": ""}, function({"t": "string", "x": "int"}, "string", CUT)]}),
    "a.foldRight": (
        "string", {"a.foldRight": ["input", {"string": ""}, function({"x": "int", "t": "string"}, "string", CUT)]},
    ),
    "a.reduce": ("string", {"a.reduce": [TEXTS_OF, function({"t": "string", "x": "string"}, "string", CUT_ITEM)]}),
    "a.reduceRight": (
        "string", {"a.reduceRight": [TEXTS_OF, function({"x": "string", "t": "string"}, "string", CUT_ITEM)]},
    ),
    "a.map": (INTS, {"a.map": ["input", function({"x": "int"}, "int", {"s.len": [TEXT]})]}),
    "a.map to strings": (STRINGS, TEXTS_OF),
    "a.mapWithIndex": (
        INTS, {"a.mapWithIndex": ["input", function({"i": "int", "x": "int"}, "int", {"+": ["i", {"s.len": [TEXT]}]})]},
    ),
    "a.filter": (INTS, {"a.filter": ["input", function({"x": "int"}, "boolean", EVEN)]}),
    "a.filterWithIndex": (
        INTS,
        {"a.filterWithIndex": [
            "input", function({"i": "int", "x": "int"}, "boolean", {"&&": [{">": ["i", 2]}, EVEN]}),
        ]},
    ),
}  # fmt: skip

X, IX, XY = (dict.fromkeys(names, "int") for names in ("x", "ix", "xy"))
V, KV = {"v": INTS}, {"k": "string", "v": INTS}
IXY, VW, KVW = {"i": "int", **XY}, {"v": INTS, "w": INTS}, {"k": "string", "v": INTS, "w": INTS}
TEXT_OR_NULL = ["string", "null"]
LESS = {"<": [{"s.len": [{"s.repeat": [TEXT, {"%": ["x", 7]}]}]}, {"s.len": [{"s.repeat": [TEXT, {"%": ["y", 7]}]}]}]}
SOME = {"if": EVEN, "then": TEXT, "else": None}
BOTH = {"s.concat": [TEXT, {"s.int": ["y"]}]}
V_TEXT = {"s.concat": [{"s.int": [{"a.len": ["v"]}]}, {"s.int": [{"a.last": ["v"]}]}]}
V_EVEN = {"==": [{"%": [{"s.len": [V_TEXT]}, 2]}, 0]}
V_SOME = {"if": V_EVEN, "then": V_TEXT, "else": None}
V_MAP = {"type": TEXTS, "new": {"one": {"type": STRINGS, "new": [V_TEXT]}}}
V_LESS = {"<": [{"s.len": [{"s.int": [{"a.last": ["v"]}]}]}, {"s.len": [{"s.int": [{"a.last": ["w"]}]}]}]}
W_TEXT = {"s.concat": [V_TEXT, {"s.int": [{"a.head": ["w"]}]}]}
MAPPED = {"a.groupby": ["input", function(X, "string", {"s.int": [{"%": ["x", 300]}]})]}
WORDS, LISTS = {"type": "map", "values": "string"}, {"type": "map", "values": INTS}
TWICE = {"type": STRINGS, "new": [TEXT, {"string": "-"}, TEXT]}
HIGHER |= {
    "a.filterMap": (STRINGS, {"a.filterMap": ["input", function(X, TEXT_OR_NULL, SOME)]}),
    "a.filterMapWithIndex": (STRINGS, {"a.filterMapWithIndex": ["input", function(IX, TEXT_OR_NULL, SOME)]}),
    "a.flatMap": (STRINGS, {"a.flatMap": ["input", function(X, STRINGS, TWICE)]}),
    "a.flatMapWithIndex": (STRINGS, {"a.flatMapWithIndex": ["input", function(IX, STRINGS, TWICE)]}),
    "a.zipmap": (STRINGS, {"a.zipmap": ["input", "input", function(XY, "string", BOTH)]}),
    "a.zipmap of three": (
        STRINGS, {"a.zipmap": ["input", "input", "input", function({**XY, "z": "int"}, "string", BOTH)]},
    ),
    "a.zipmapWithIndex": (STRINGS, {"a.zipmapWithIndex": ["input", "input", function(IXY, "string", BOTH)]}),
    "a.takeWhile": (INTS, {"a.takeWhile": ["input", function(X, "boolean", {"<": [{"s.len": [TEXT]}, 5]})]}),
    "a.dropWhile": (INTS, {"a.dropWhile": ["input", function(X, "boolean", {"<": [{"s.len": [TEXT]}, 4]})]}),
    "a.any": ("boolean", {"a.any": ["input", function(X, "boolean", {">": [{"s.len": [TEXT]}, 4]})]}),
    "a.all": ("boolean", {"a.all": ["input", function(X, "boolean", {"<": [{"s.len": [TEXT]}, 6]})]}),
    "a.corresponds": ("boolean", {"a.corresponds": ["input", "input", function(XY, "boolean", {"!=": [BOTH, TEXT]})]}),
    "a.groupby": (LISTS, {"a.groupby": ["input", function(X, "string", TEXT)]}),
    "a.count": ("int", {"a.count": ["input", function(X, "boolean", EVEN)]}),
    "a.index": ("int", {"a.index": ["input", function(X, "boolean", {">": [{"s.len": [TEXT]}, 4]})]}),
    "a.rindex": ("int", {"a.rindex": ["input", function(X, "boolean", {"<": [{"s.len": [TEXT]}, 3]})]}),
    "a.contains": ("boolean", {"a.contains": ["input", function(X, "boolean", {">": [{"s.len": [TEXT]}, 4]})]}),
    "a.sortLT": (INTS, {"a.sortLT": ["input", function(XY, "boolean", LESS)]}),
    "a.maxLT": ("int", {"a.maxLT": ["input", function(XY, "boolean", LESS)]}),
    "a.argminNLT": (INTS, {"a.argminNLT": ["input", 5, function(XY, "boolean", LESS)]}),
    "map.map": (WORDS, {"map.map": [MAPPED, function(V, "string", V_TEXT)]}),
    "map.mapWithKey": (WORDS, {"map.mapWithKey": [MAPPED, function(KV, "string", {"s.concat": ["k", V_TEXT]})]}),
    "map.filter": (LISTS, {"map.filter": [MAPPED, function(V, "boolean", V_EVEN)]}),
    "map.filterWithKey": (LISTS, {"map.filterWithKey": [MAPPED, function(KV, "boolean", V_EVEN)]}),
    "map.filterMap": (WORDS, {"map.filterMap": [MAPPED, function(V, TEXT_OR_NULL, V_SOME)]}),
    "map.filterMapWithKey": (WORDS, {"map.filterMapWithKey": [MAPPED, function(KV, TEXT_OR_NULL, V_SOME)]}),
    "map.flatMap": (TEXTS, {"map.flatMap": [MAPPED, function(V, TEXTS, V_MAP)]}),
    "map.flatMapWithKey": (TEXTS, {"map.flatMapWithKey": [MAPPED, function(KV, TEXTS, V_MAP)]}),
    "map.zipmap": (WORDS, {"map.zipmap": [MAPPED, MAPPED, function(VW, "string", W_TEXT)]}),
    "map.zipmapWithKey": (WORDS, {"map.zipmapWithKey": [MAPPED, MAPPED, function(KVW, "string", W_TEXT)]}),
    "map.corresponds": (
        "boolean", {"map.corresponds": [MAPPED, MAPPED, function(VW, "boolean", {">": [W_TEXT, V_TEXT]})]},
    ),
    "map.correspondsWithKey": (
        "boolean", {"map.correspondsWithKey": [MAPPED, MAPPED, function(KVW, "boolean", {">": [W_TEXT, V_TEXT]})]},
    ),
    "map.containsKey": (
        "boolean", {"map.containsKey": [MAPPED, function({"x": "string"}, "boolean", {
            "==": [{"s.concat": ["x", {"string": "-"}]}, {"string": "77-"}],
        })]},
    ),
    "map.containsValue": (
        "boolean", {"map.containsValue": [MAPPED, function(V, "boolean", {"==": [V_TEXT, {"string": "-"}]})]},
    ),
    "map.argmaxLT": ("string", {"map.argmaxLT": [MAPPED, function(VW, "boolean", V_LESS)]}),
    "map.argminNLT": (STRINGS, {"map.argminNLT": [MAPPED, 4, function(VW, "boolean", V_LESS)]}),
}  # fmt: skip


@pytest.mark.parametrize("name", HIGHER)
def test_garbage_of_functions(name, eager):
    output, action = HIGHER[name]
    document = {"input": INTS, "output": output, "action": action}
    engine, reference = pfa.loads(document, backend="numba", escape=False), pfa.loads(document)
    for n in (1, 2, 50, 1000):
        given = [i * 37 % 1001 for i in range(n)]
        assert engine.action(given) == reference.action(given)


def test_garbage_of_functions_takes_little_of_the_arena():
    """A hundred thousand items, each with more garbage than it takes itself."""
    count = {"a.len": {"a.filter": ["input", function({"x": "int"}, "boolean", EVEN)]}}
    [zero, f] = [{"string": ""}, function({"t": "string", "x": "int"}, "string", CUT)]
    document = {"input": INTS, "output": "int", "action": {"+": [count, {"s.len": {"a.fold": ["input", zero, f]}}]}}
    engine = pfa.loads(document, backend="numba", escape=False, limits=ARENA)
    assert engine.action(list(range(100_000))) == pfa.loads(document).action(list(range(100_000)))


LONG = {"s.len": [{"s.repeat": [{"string": "x"}, 1000]}]}  # a kilobyte of garbage
MANY = {
    "a.flatMap": {"a.len": [{"a.flatMap": ["input", function(X, INTS, ints(LONG, "x"))]}]},
    "a.map to strings": {"a.len": [{"a.map": ["input", function(X, "string", {"s.int": [LONG]})]}]},
    "a.count": {"a.count": ["input", function(X, "boolean", {"<": [LONG, "x"]})]},
    "a.sortLT": {"a.last": [
        {"a.sortLT": ["input", function(XY, "boolean", {"<": ["x", {"+": ["y", {"-": [LONG, LONG]}]}]})]},
    ]},
    "model.neighbor.nearestK": {"a.last": [
        {"model.neighbor.nearestK": [3, 0, "input", function({"x": "int", "y": "int"}, "double", {"+": ["y", LONG]})]},
    ]},
    "what emits": {"a.count": ["input", function(X, "boolean", [
        {"if": {"==": [{"%": ["x", 5000]}, 0]}, "then": {"log": [{"s.repeat": [{"s.int": ["x"]}, 1000]}]}},
        {"<": [LONG, "x"]},
    ])]},
    "map.map": {"map.len": [{"map.map": [
        {"a.groupby": ["input", function(X, "string", {"s.int": [{"%": ["x", 10_000]}]})]},
        function(V, "string", {"s.int": [LONG]}),
    ]}]},
    "a.groupby": {"map.len": [
        {"a.groupby": ["input", function(X, "string", {"s.int": [{"+": [LONG, {"%": ["x", 100]}]}]})]},
    ]},
}  # fmt: skip


@pytest.mark.parametrize("name", MANY)
def test_much_garbage_of_functions(name):
    document = {"input": INTS, "output": "int", "action": MANY[name]}
    engine, reference = pfa.loads(document, backend="numba", escape=False, limits=ARENA), pfa.loads(document)
    given, told = [i * 7 % 20_011 for i in range(20_000)], ([], [])
    engine.log, reference.log = (lambda *x, said=said: said.append(x) for said in told)
    assert engine.action(given) == reference.action(given)
    assert told[0] == told[1]


def test_a_shared_item_that_is_new():
    """Its update is given nothing, and does not look at it."""
    key = [{"string": "k"}]
    pool = {"type": "int", "shared": True, "init": {}}
    action = [{"pool": "p", "path": key, "to": "input", "init": 0}, {"pool": "p", "path": key}]
    document = {"input": "int", "output": "int", "pools": {"p": pool}, "action": action}
    assert pfa.loads(document, backend="numba").action(4) == 4


COUNTED = {"cell": "n", "to": PLUS}  # how often a first value was made
FIRST_VALUES = {
    "int": ("int", [COUNTED, "input"], PLUS),
    "double": ("double", [COUNTED, {"*": ["input", 0.5]}], function({"x": "double"}, "double", {"+": ["x", 0.25]})),
    "array": (INTS, [COUNTED, ints("input")], function({"x": INTS}, INTS, {"a.append": ["x", 7]})),
    "union": (
        ["null", "string"], [COUNTED, {"if": {">": ["input", 2]}, "then": {"s.int": ["input"]}, "else": None}],
        function({"x": ["null", "string"]}, ["null", "string"], "x"),
    ),
}  # fmt: skip


def making(name):
    t, init, to = FIRST_VALUES[name]
    put_it = {"pool": "p", "path": [{"s.int": [{"%": ["input", 3]}]}], "init": {"do": init}, "to": to}
    return {
        "input": "int", "output": t, "cells": {"n": {"type": "int", "init": 0}},
        "pools": {"p": {"type": t, "shared": True, "init": {}}}, "action": put_it,
    }  # fmt: skip


@pytest.mark.parametrize("name", FIRST_VALUES)
def test_the_first_value_of_a_shared_item_is_made(name):
    engine, reference = pfa.loads(making(name), backend="numba"), pfa.loads(making(name))
    for n in (1, 2, 3, 4, 1, 5, 3):
        assert engine.action(n) == reference.action(n)
    assert state_of(engine) == state_of(reference)
    assert state_of(engine)[0]["n"] == 3


@pytest.mark.parametrize("backend", ["numba", "python"])
def test_a_shared_item_that_goes_while_it_is_updated(backend, monkeypatch):
    """It is looked for again, and its first value is made."""
    engine = pfa.loads(making("int"), backend=backend)
    told = [True, True]
    there = SharedPool.__contains__
    monkeypatch.setattr(SharedPool, "__contains__", lambda pool, key: told.pop() if told else there(pool, key))
    assert engine.action(4) == 5
    assert not told


LINK = {
    "type": "record", "name": "Link",
    "fields": [{"name": "n", "type": "int"}, {"name": "next", "type": ["null", "Link"]}],
}  # fmt: skip
LINKS = ["null", LINK]
MORE = {"type": "Link", "new": {"n": "i", "next": {"cell": "c"}}}
TREE = {
    "type": "record", "name": "Tree",
    "fields": [{"name": "n", "type": "int"}, {"name": "under", "type": {"type": "array", "items": "Tree"}}],
}  # fmt: skip
BRANCHES = {"type": {"type": "array", "items": "Tree"}, "new": ["leaf", "tree"]}
TRUNK = {"type": "Tree", "new": {"n": "i", "under": BRANCHES}}
LEAF = {"type": "Tree", "value": {"n": -1, "under": []}}


def test_values_that_nest_deep():
    """A hundred thousand records in each other, in a cell and a variable, over actions and collections of garbage."""
    steps = [{"cell": "c", "to": MORE}, {"let": {"garbage": {"s.repeat": [{"s.int": ["i"]}, 20]}}}]
    through = {"ifnotnull": {"x": "more"}, "then": [put("k", {"+": ["k", 1]}), put("more", "x.next")]}
    count = {"while": {"<": ["k", {"+": ["input", 3]}]}, "do": {**through, "else": put("k", 1_000_000)}}
    out = {"do": [{"let": {"k": 0, "more": {"cell": "c"}}}, count, "k"]}
    document = turns({}, steps, out, cells={"c": {"type": LINKS, "init": None}})
    engine, reference = pfa.loads(document, backend="numba", escape=False), pfa.loads(document)
    for n in (3, 30_000, 10, 100_000):
        assert engine.action(n) == reference.action(n)
    messages = []
    for made in (engine, reference):
        for look in (made.snapshot, made.state):
            with pytest.raises(pfa.PfaLimitError) as caught:
                look()
            messages.append(str(caught.value))
    assert messages[:2] == messages[2:]


def test_trees_that_nest_deep(eager):
    grow = turns({"tree": LEAF, "leaf": LEAF}, [put("tree", TRUNK)], "tree", TREE)
    kept = turns({"tree": LEAF, "leaf": LEAF}, [put("tree", TRUNK), {"cell": "c", "to": "tree"}], "tree", TREE,
                 cells={"c": {"type": TREE, "init": LEAF["value"]}})  # fmt: skip
    for document in (grow, kept):
        engine, reference = pfa.loads(document, backend="numba"), pfa.loads(document)
        for n in (0, 1, 70, 120):
            assert engine.action(n) == reference.action(n)
        messages = []
        for made in (engine, reference):
            with pytest.raises(pfa.PfaLimitError) as caught:
                made.action(6000)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]
