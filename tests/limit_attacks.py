"""Actions that would take time, memory or the stack without end; tests/test_limits.py and tests/test_kernel_limits.py
run them.
"""

import time

import pytest

import pfa

HANGS = 30.0  # seconds: more is a hang
FOREVER = {"while": True, "do": {"doc": ""}}
INTS = {"type": "array", "items": "int"}
ONE = {"type": INTS, "value": [1]}
ROWS = {"type": "array", "items": INTS}
TREE = {
    "type": "record",
    "name": "Tree",
    "fields": [{"name": "l", "type": ["null", "Tree"]}, {"name": "r", "type": ["null", "Tree"]}],
}
LEAF = {"l": None, "r": None}


def engine(action, output="int", limits=None, **more):
    document = {"input": "int", "output": output, "action": action, **more}
    made = pfa.loads(document, limits=limits or pfa.Limits(time=0.2))
    made.log = lambda *_: None
    return made


def breach(call):
    """A limit was reached, soon, and no other exception came."""
    start = time.monotonic()
    with pytest.raises(pfa.PfaLimitError) as caught:
        call()
    assert time.monotonic() - start < HANGS
    return caught.value


def build(levels, into="x"):
    """A tree whose two halves are one value, so that it takes nothing and is 2 to the power of `levels` large."""
    twice = {"set": {into: {"new": {"l": into, "r": into}, "type": "Tree"}}}
    return [
        {"let": {into: {"type": "Tree", "value": LEAF}}},
        {"for": {"i": 0}, "while": {"<": ["i", levels]}, "step": {"i": {"+": ["i", 1]}}, "do": twice},
    ]


def callback(body):
    return {"params": [{"x": "int"}], "ret": "int", "do": body}


BIG_TREE = [{"let": {"t": {"type": TREE, "value": LEAF}}}, *build(60)]
HUNDREDS = {"type": INTS, "value": [0] * 700}
ROW_OF = {"params": [{"i": "int"}], "ret": INTS, "do": "row"}
ROWS_OF = {"params": [{"i": "int"}], "ret": ROWS, "do": "rows"}
CUBE = [
    {"let": {"row": HUNDREDS}},
    {"let": {"rows": {"a.map": ["row", ROW_OF]}}},
    {"let": {"cube": {"a.map": ["row", ROWS_OF]}}},
]
DOUBLES = {"type": "array", "items": "double"}
DOUBLES_CUBE = {"type": "array", "items": {"type": "array", "items": DOUBLES}}
LONG_BODY = [{"let": {f"y{i}": {"*": ["input", i]}}} for i in range(2000)]  # each may fail, so each is done
LONG_CALLBACK = callback([*LONG_BODY, "x"])
SHORT_CALLBACK = callback({"+": ["x", 1]})
MANY = {"a.flatMap": [HUNDREDS, {"params": [{"i": "int"}], "ret": INTS, "do": HUNDREDS}]}
REPEAT_MANY = {"let": {"many": {"a.flatMap": [MANY, {"params": [{"i": "int"}], "ret": INTS, "do": "few"}]}}}
MANY_ITEMS = [{"let": {"few": {"type": INTS, "value": [0, 0, 0, 0, 0, 0]}}}, REPEAT_MANY]
SLOW = {
    "a small value that is huge when it goes out": lambda: engine([*BIG_TREE, "x"], TREE),
    "the same in containers": lambda: engine([*CUBE, "cube"], {"type": "array", "items": ROWS}),
    "the same emitted": lambda: engine([*BIG_TREE, {"emit": "x"}], TREE, method="emit"),
    "the same logged": lambda: engine([*BIG_TREE, {"log": "x"}, 1]),
    "the same as a new tally": lambda: engine(
        [*BIG_TREE, "x"], TREE, method="fold", zero=LEAF, merge="tallyOne"
    ),
    "the same made wider": lambda: engine(
        [*CUBE, {"upcast": "cube", "as": DOUBLES_CUBE}, 1]
    ),
    "the same as another union": lambda: engine(
        [*CUBE, {"a.len": {"new": ["cube", 1], "type": {"type": "array", "items": ["double", DOUBLES_CUBE]}}}]
    ),
    "two that are compared": lambda: engine(
        [*BIG_TREE, *build(60, "z"), {"if": {"==": ["x", "z"]}, "then": 1, "else": 0}]
    ),
    "two that are ordered": lambda: engine(
        [*BIG_TREE, *build(60, "z"), {"if": {"<": ["x", "z"]}, "then": 1, "else": 0}]
    ),
    "a loop with a long body": lambda: engine([{"while": True, "do": LONG_BODY}, 1]),
    "a long callback of many items": lambda: engine([*MANY_ITEMS, {"a.len": {"a.map": ["many", LONG_CALLBACK]}}]),
    "a short callback of many items": lambda: engine(
        [*MANY_ITEMS, {"while": True, "do": {"a.map": ["many", SHORT_CALLBACK]}}, 1]
    ),
    "foreach over many items": lambda: engine(
        [*MANY_ITEMS, {"while": True, "do": {"foreach": "x", "in": "many", "do": {"+": ["x", 1]}}}, 1]
    ),
    "calls that double without a loop": lambda: engine(
        {"u.f60": []},
        fcns={
            "f0": {"params": [], "ret": "int", "do": 1},
            **{
                f"f{i}": {"params": [], "ret": "int", "do": {"&": [{f"u.f{i - 1}": []}, {f"u.f{i - 1}": []}]}}
                for i in range(1, 61)
            },
        },
    ),
    "callbacks that double without a loop": lambda: engine(
        {"u.f40": [HUNDREDS]},
        fcns={
            "f0": {"params": [{"a": INTS}], "ret": "int", "do": 1},
            **{
                f"f{i}": {
                    "params": [{"a": INTS}],
                    "ret": "int",
                    "do": {"a.len": {"a.map": ["a", callback({f"u.f{i - 1}": ["a"]})]}},
                }
                for i in range(1, 41)
            },
        },
    ),
    "long texts compared": lambda: engine(
        [
            {"let": {"s": {"s.repeat": [["ab"], 4_000_000]}, "t": {"s.repeat": [["abab"], 2_000_000]}}},
            {"while": True, "do": {"==": ["s", "t"]}},
            1,
        ]
    ),
    "long bytes packed": lambda: engine(
        [
            {"let": {"b": {"rand.bytes": [100_000]}}},
            {"while": True, "do": {"pack": [{"raw": "b"}, {"raw": "b"}]}},
            1,
        ]
    ),
    "the Fibonacci numbers": lambda: engine(
        {"u.fib": [90]},
        fcns={"fib": {"params": [{"n": "int"}], "ret": "int", "do": {
            "if": {"<": ["n", 2]}, "then": 1,
            "else": {"&": [{"u.fib": [{"-": ["n", 1]}]}, {"u.fib": [{"-": ["n", 2]}]}]}}}},
    ),
    "try around each turn": lambda: engine([{"while": True, "do": {"try": {"error": "again"}}}, 1]),
    "try around a try that hangs": lambda: engine([{"try": {"try": [FOREVER, 1]}}, 1]),
    "a catch that starts again": lambda: engine(
        {"u.f": []},
        fcns={"f": {"params": [], "ret": "int", "do": [
            {"while": True, "do": {"ifnotnull": {"x": {"try": [FOREVER, 1]}}, "then": "x", "else": 0}}, 1]}},
    ),
}  # fmt: skip


DEEP = {"f": {"params": [{"n": "int"}], "ret": "int", "do": {
    "if": {"==": ["n", 0]}, "then": 1, "else": {"u.f": [{"-": ["n", 1]}]}}}}  # fmt: skip


RECURSION = {
    "one function": ({"u.f": ["n"]}, {}),
    "two functions": ({"u.g": ["n"]}, {"g": callback({"+": [1, {"u.f": ["x"]}]})}),
    "inside try": ({"ifnotnull": {"x": {"try": {"u.f": ["n"]}}}, "then": "x", "else": 0}, {}),
    "in a callback": (
        {"a.len": {"a.map": [ONE, callback({"u.f": ["x"]})]}},
        {},
    ),
    "as a callback": ({"a.len": {"a.map": [{"type": INTS, "value": [1]}, {"fcn": "u.f"}]}}, {}),
    "filled": ({"a.len": {"a.map": [{"type": INTS, "value": [1]}, {"fcn": "u.two", "fill": {"y": "n"}}]}},
               {"two": {"params": [{"x": "int"}, {"y": "int"}], "ret": "int", "do": {"u.f": ["y"]}}}),
    "by name": ({"call": {"type": {"type": "enum", "name": "W", "symbols": ["f"]}, "value": "f"}, "args": ["n"]}, {}),
    "in a loop": ([{"foreach": "x", "in": {"type": INTS, "value": [1]}, "do": {"u.f": ["x"]}}, 1], {}),
    "in the update of a cell": ([{"let": {"y": {"cell": "c", "to": 1}}}, {"u.f": ["y"]}], {}),
}  # fmt: skip


QUEUE = {"type": "record", "name": "Q", "fields": [{"name": "v", "type": INTS}, {"name": "n", "type": ["null", "Q"]}]}
FIELDS = [{"name": f"f{i}", "type": "int"} for i in range(30)]
WIDE = {"type": "record", "name": "Wide", "fields": [*FIELDS, {"name": "n", "type": ["null", "Wide"]}]}
ZEROS = {f["name"]: 0 for f in FIELDS}
EVER_LONGER = {"new": {"v": {"new": [1] * 2000, "type": INTS}, "n": "x"}, "type": "Q"}
COPIES = {"a.map": [{"type": INTS, "value": [1] * 50}, {"params": [{"z": "int"}], "ret": "int", "do": "z"}]}


def grows(type, start, step):
    return [{"let": {"x": {"type": type, "value": start}}}, {"while": True, "do": {"set": {"x": step}}}, 1]


LARGE = {
    "a chain of small records": grows(TREE, LEAF, {"new": {"l": "x", "r": None}, "type": "Tree"}),
    "a chain of long new arrays": grows(QUEUE, {"v": [], "n": None}, EVER_LONGER),
    "a chain of copies": grows(QUEUE, {"v": [], "n": None}, {"new": {"v": COPIES, "n": "x"}, "type": "Q"}),
    "a chain of wide records": grows(WIDE, {**ZEROS, "n": None}, {"new": {**ZEROS, "n": "x"}, "type": "Wide"}),
    "a text that doubles": grows("string", "ab", {"s.concat": ["x", "x"]}),
    "an array that doubles": grows(INTS, [1, 2], {"a.concat": ["x", "x"]}),
    "a pool": [
        {"let": {"i": 0}},
        {"while": True, "do": [
            {"set": {"i": {"+": ["i", 1]}}},
            {"pool": "p", "path": [{"s.int": "i"}], "to": COPIES, "init": COPIES},
        ]},
        1,
    ],
    "what is emitted": {"while": True, "do": {"emit": 1}},
    "one call": [{"s.len": {"s.repeat": [["abc"], 2_000_000_000]}}],
    "one array": [{"a.len": {"cast.fanoutInt": [0, 0, 2_000_000_000, False]}}],
    "a sum of vectors": [{"a.len": {"a.flatMap": [{"type": INTS, "value": [0] * 1000}, {
        "params": [{"i": "int"}], "ret": INTS, "do": {"cast.fanoutInt": [0, 0, 1_000_000, False]}}]}}],
}  # fmt: skip
