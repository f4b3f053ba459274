"""Documents in which one form stands inside itself as deep as reading allows; each says what it answers to 1."""

INTS = {"type": "array", "items": "int"}
ONE = {"type": INTS, "value": [1]}
MAP = {"type": "map", "values": "int"}
LINK = {"type": "record", "name": "Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}
TRUE = {"==": ["input", 1]}
MAYBE = ["null", "boolean"]


def callback(i, body, ret="int"):
    return {"params": [{f"p{i}": "int"}], "ret": ret, "do": body}


# Form -> (what is innermost, what is around it at level i); all are expressions of type int unless it says so below.
INT_FORMS = {
    "if then": (1, lambda i, e: {"if": TRUE, "then": e, "else": 0}),
    "if else": (1, lambda i, e: {"if": {"==": ["input", 2]}, "then": 0, "else": e}),
    "if condition": (1, lambda i, e: {"if": {"==": [e, 1]}, "then": 1, "else": 0}),
    "cond": (1, lambda i, e: {"cond": [{"if": TRUE, "then": e}], "else": 0}),
    "cond else": (1, lambda i, e: {"cond": [{"if": {"==": ["input", 2]}, "then": 0}], "else": e}),
    "do": (1, lambda i, e: {"do": [e]}),
    "let": (1, lambda i, e: {"do": [{"let": {f"x{i}": e}}, f"x{i}"]}),
    "let, then inside": ("input", lambda i, e: {"do": [{"let": {f"x{i}": 1}}, e]}),
    "first argument": ("input", lambda i, e: {"*": [e, 1]}),
    "second argument": ("input", lambda i, e: {"*": [1, e]}),
    "user function": ("input", lambda i, e: {"u.same": [e]}),
    "function by name": ("input", lambda i, e: {"call": {"type": "Which", "value": "same"}, "args": [e]}),
    "callback": (1, lambda i, e: {"a.head": {"a.map": [ONE, callback(i, e)]}}),
    "callback that reads outer symbols": (
        {"+": ["input", {"-": ["p0", 1]}]},
        lambda i, e: {"a.head": {"a.map": [ONE, callback(i, e)]}},
    ),
    "filled function": (1, lambda i, e: {"a.head": {"a.map": [ONE, {"fcn": "u.second", "fill": {"y": e}}]}}),
    "update of an array": (1, lambda i, e: {"a.head": {"attr": ONE, "path": [0], "to": e}}),
    "update by a function": (1, lambda i, e: {"a.head": {"attr": ONE, "path": [0], "to": callback(i, e)}}),
    "index": (0, lambda i, e: {"-": [{"attr": ONE, "path": [e]}, 1]}),
    "cast": (1, lambda i, e: {"cast": "null_or_int", "cases": [
        {"as": "int", "named": f"x{i}", "do": e}, {"as": "null", "named": f"y{i}", "do": 0}]}),
    "ifnotnull": (1, lambda i, e: {"ifnotnull": {f"x{i}": "null_or_int"}, "then": e, "else": 0}),
    "ifnotnull expression": (1, lambda i, e: {"ifnotnull": {f"x{i}": {"try": e}}, "then": f"x{i}", "else": 0}),
    "unpack": (1, lambda i, e: {"unpack": {"base64": "AA=="}, "format": [{f"x{i}": "byte"}], "then": e, "else": 0}),
    "cell update": (1, lambda i, e: {"cell": "c", "to": e}),
    "pool update": (1, lambda i, e: {"pool": "p", "path": [["k"]], "to": e, "init": 0}),
    "pool init": (1, lambda i, e: {"pool": "q", "path": [{"s.int": [i]}], "to": callback(i, f"p{i}"), "init": e}),
    "new array": (1, lambda i, e: {"a.head": {"new": [e], "type": INTS}}),
    "new map": (1, lambda i, e: {"attr": {"new": {"k": e}, "type": MAP}, "path": [["k"]]}),
}  # fmt: skip
# Statements; innermost `k` is set to 1.
LOOPS = {
    "while": lambda i, e: {"do": [
        {"let": {f"go{i}": True}}, {"while": f"go{i}", "do": [e, {"set": {f"go{i}": False}}]}]},
    "do until": lambda i, e: {"do": e, "until": True},
    "for": lambda i, e: {
        "for": {f"i{i}": 0}, "while": {"<": [f"i{i}", 1]}, "step": {f"i{i}": {"+": [f"i{i}", 1]}}, "do": e},
    "foreach": lambda i, e: {"foreach": f"x{i}", "in": ONE, "do": e},
    "forkey": lambda i, e: {"forkey": f"k{i}", "forval": f"v{i}", "in": {"type": MAP, "value": {"a": 1}}, "do": e},
    "if without else": lambda i, e: {"if": TRUE, "then": e},
    "try": lambda i, e: {"try": e},
    "log": lambda i, e: {"do": [{"log": [{"do": [e, 1]}]}]},
}  # fmt: skip
BOOLEANS = {
    "and": lambda i, e: {"&&": [e, TRUE]},
    "and, second": lambda i, e: {"&&": [TRUE, e]},
    "or": lambda i, e: {"||": [{"==": ["input", 2]}, e]},
    "not": lambda i, e: {"!": [{"!": [e]}]},
    "kleene": lambda i, e: {
        "ifnotnull": {f"b{i}": {"&&&": [{"upcast": e, "as": MAYBE}, {"upcast": True, "as": MAYBE}]}},
        "then": f"b{i}", "else": False},
}  # fmt: skip


def document(action, output="int", **more):
    which = {"type": "enum", "name": "Which", "symbols": ["same"]}
    return {
        "input": "int",
        "output": output,
        "action": [{"let": {"null_or_int": {"type": ["null", "int"], "value": {"int": 1}}}}, action],
        "cells": {"c": {"type": "int", "init": 0}, "w": {"type": which, "init": "same"}},
        "pools": {"p": {"type": "int"}, "q": {"type": "int"}},
        "fcns": {
            "same": {"params": [{"x": "int"}], "ret": "int", "do": "x"},
            "second": {"params": [{"x": "int"}, {"y": "int"}], "ret": "int", "do": "y"},
        },
        **more,
    }


def wrapped(inner, around, depth):
    for i in range(depth):
        inner = around(i, inner)
    return inner


def _of_type(depth):
    type = "int"
    for _ in range(depth):
        type = {"type": "array", "items": type}
    return type


def _arrays(depth, number=1):
    for _ in range(depth):
        number = [number]
    return number


def _first(depth):
    """A value of nested arrays, and its innermost number by one path."""
    return document({"attr": {"type": _of_type(depth), "value": _arrays(depth)}, "path": [0] * depth})


def _literal(depth):
    chain = None
    for _ in range(depth):
        chain = {"Link": {"next": chain}}
    return document(
        {
            "do": [
                {"let": {"x": {"type": LINK, "value": {"next": chain}}}},
                {"ifnotnull": {"y": "x.next"}, "then": 1, "else": 0},
            ]
        }
    )


def _packed(depth):
    packed = wrapped({"base64": "AA=="}, lambda i, e: {"pack": [{"raw": e}]}, depth)
    return document({"unpack": packed, "format": [{"b": "byte"}], "then": {"+": ["b", 1]}, "else": 0})


def _schema(depth):
    record = {"type": "record", "name": "R0", "fields": [{"name": "f", "type": "int"}]}
    for i in range(depth):
        record = {"type": "record", "name": f"R{i + 1}", "fields": [{"name": "f", "type": record}]}
    return document("input", cells={"x": {"type": ["null", record], "init": None},
                                    "w": document(1)["cells"]["w"]})  # fmt: skip


def _setter(around):
    return lambda depth: document({"do": [{"let": {"k": 0}}, wrapped({"set": {"k": 1}}, around, depth), "k"]})


NESTS = {
    **{n: lambda d, f=f: document(wrapped(*f, d)) for n, f in INT_FORMS.items()},
    **{n: lambda d, f=f: document({"if": wrapped(TRUE, f, d), "then": 1, "else": 0}) for n, f in BOOLEANS.items()},
    **{n: _setter(f) for n, f in LOOPS.items() if n not in ("try", "log")},
    "try": lambda d: document({"do": [wrapped({"error": "no"}, lambda i, e: {"do": [{"try": e}, 1]}, d)]}),
    "log": lambda d: document(wrapped(1, lambda i, e: {"do": [{"log": [e]}, 1]}, d)),
    "path": _first,
    "literal": _literal,
    "pack": _packed,
    "schema": _schema,
}


def nesting(value):
    """Levels of objects and arrays."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [v for c in level for v in (c.values() if isinstance(c, dict) else c) if isinstance(v, dict | list)]
    return deepest


def deepest(make, limit):
    """How often a form can stand in itself in a document of `limit` levels."""
    low, high = 1, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if nesting(make(middle)) <= limit else (low, middle - 1)
    return low
