"""Documents that are long in one way: thousands of cases, statements, functions, names.  Each answers 1 to 1."""

INTS = {"type": "array", "items": "int"}
MAP = {"type": "map", "values": "int"}


def document(action, output="int", **more):
    return {"input": "int", "output": output, "action": action, **more}


def function(body, *params):
    return {"params": [{p: "int"} for p in params], "ret": "int", "do": body}


def chained(count, call):
    """Functions of which each calls the one before."""
    rest = {f"f{i}": function(call(f"u.f{i - 1}"), "x") for i in range(1, count)}
    return document({f"u.f{count - 1}": ["input"]}, fcns={"f0": function("x", "x"), **rest})


def in_a_sort(name):
    less = {"params": [{"p": "int"}, {"q": "int"}], "ret": "boolean", "do": {"<": [{name: ["p"]}, 0]}}
    return {"a.head": {"a.sortLT": [{"new": ["x", "x"], "type": INTS}, less]}}


def cases(count, then):
    return document({"cond": [{"if": {"==": ["input", i + 2]}, "then": then(i)} for i in range(count)], "else": 1})


def records(count):
    return [{"type": "record", "name": f"R{i}", "fields": [{"name": f"f{i}", "type": "int"}]} for i in range(count)]


def cast_of_many(count):
    given = {"type": records(count), "value": {"R7": {"f7": 1}}}
    taken = [{"as": f"R{i}", "named": "x", "do": 1 if i == 7 else 0} for i in range(count)]
    return document([{"let": {"given": given}}, {"cast": "given", "cases": taken}])


def counting(count):
    return {f"x{i}": i for i in range(count)}


def called_by_name(count):
    which = {"type": "enum", "name": "Which", "symbols": [f"f{i}" for i in range(count)]}
    call = {"call": {"type": which, "value": "f7"}, "args": ["input"]}
    return document(call, fcns={f"f{i}": function("x" if i == 7 else 0, "x") for i in range(count)})


CALLBACK = {"a.head": {"a.map": [{"type": INTS, "value": [1]}, function("x", "x")]}}
FIELDS = [{"name": f"f{i}", "type": "int"} for i in range(3000)]
SYMBOLS = [f"s{i}" for i in range(10_000)]
BYTES = [{f"b{i}": "byte"} for i in range(1500)]

LONG = {
    "5,000 cases of cond": lambda: cases(5000, lambda i: 0),
    "2,000 cases that are blocks": lambda: cases(2000, lambda i: [{"let": {"x": i}}, "x"]),
    "20,000 statements": lambda: document(
        [*({"let": {f"x{i}": {"+": ["input", i]}}} for i in range(20_000)), "x0"]
    ),
    "2,000 functions": lambda: document(
        {"u.f0": ["input"]}, fcns={f"f{i}": function({"+": ["x", i]}, "x") for i in range(2000)}
    ),
    "2,000 functions that call one another": lambda: chained(2000, lambda name: {name: ["x"]}),
    "500 functions that call one another in callbacks": lambda: chained(500, in_a_sort),
    "1,000 functions in a circle": lambda: document(
        {"u.f0": ["input"]},
        fcns={
            f"f{i}": function({"if": {"<": ["x", 0]}, "then": 1, "else": {f"u.f{(i + 1) % 1000}": [-1]}}, "x")
            for i in range(1000)
        },
    ),
    "500 functions called by name": lambda: called_by_name(500),
    "1,000 inline functions": lambda: document([*([CALLBACK] * 1000), 1]),
    "3,000 symbols of one let": lambda: document([{"let": counting(3000)}, "x1"]),
    "2,000 symbols of one set": lambda: document(
        [{"let": counting(2000)}, {"set": {f"x{i}": f"x{(i + 1) % 2000}" for i in range(2000)}}, "x0"]
    ),
    "a symbol of 100,000 letters": lambda: document([{"let": {"x" * 100_000: 1}}, "x" * 100_000]),
    "1,000 parameters": lambda: document(
        {"u.f": ["input"] * 1000}, fcns={"f": function("p999", *(f"p{i}" for i in range(1000)))}
    ),
    "2,000 cells": lambda: document(
        {"cell": "c1"}, cells={f"c{i}": {"type": "int", "init": i} for i in range(2000)}
    ),
    "2,000 pools that roll back": lambda: document(
        {"pool": "p7", "path": [["k"]], "to": 1, "init": 0},
        pools={f"p{i}": {"type": "int", "rollback": True} for i in range(2000)},
    ),
    "a new array of 20,000": lambda: document({"a.head": {"new": ["input"] * 20_000, "type": INTS}}),
    "a new map of 5,000": lambda: document(
        {"attr": {"new": {f"k{i}": "input" for i in range(5000)}, "type": MAP}, "path": [["k7"]]}
    ),
    "an array of 200,000": lambda: document({"-": [2, {"a.head": {"type": INTS, "value": [1] * 200_000}}]}),
    "a text of 5,000,000": lambda: document({"//": [{"s.len": {"string": "x" * 5_000_000}}, 5_000_000]}),
    "a record of 3,000 fields": lambda: document(
        [
            {"let": {"r": {
                "type": {"type": "record", "name": "R", "fields": FIELDS},
                "value": {f"f{i}": i for i in range(3000)},
            }}},
            {"let": {"s": {"attr": "r", "path": [["f0"]], "to": 1}}},
            "s.f0",
        ]
    ),
    "an enum of 10,000 symbols": lambda: document(
        [{"let": {"e": {"type": {"type": "enum", "name": "E", "symbols": SYMBOLS}, "value": "s1"}}},
         {"if": {"==": ["e", ["s1"]]}, "then": 1, "else": 0}]
    ),
    "a union of 1,000 records": lambda: cast_of_many(1000),
    "1,500 formats of unpack": lambda: document(
        {"unpack": {"base64": "AAAA" * 500}, "format": BYTES, "then": {"+": ["b7", 1]}, "else": 0}
    ),
    "2,000 formats of pack": lambda: document([{"pack": [{"byte": 1}] * 2000}, 1]),
    "3,000 values of log": lambda: document([{"log": ["input"] * 3000}, 1]),
    "a filter of 5,000": lambda: document([{"try": 1, "filter": [f"m{i}" for i in range(5000)]}, 1]),
}  # fmt: skip
