"""Documents that several test modules run."""

FOREVER = {"while": True, "do": {"doc": ""}}


def counter(**more):
    """Counts its actions in a cell; a negative input fails after counting."""
    fail = {"if": {"<": ["input", 0]}, "then": {"error": "negative", "code": -7}}
    count = {"cell": "n", "to": {"+": [{"cell": "n"}, 1]}}
    document = {
        "input": "int",
        "output": "int",
        "cells": {"n": {"type": "int", "init": 0}},
        "fcns": {"count": {"params": [], "ret": "int", "do": {"cell": "n"}}},
        "action": [count, fail, {"cell": "n"}],
    }
    return {**document, **more}


def emitter(**more):
    """Emits the input once for each unit of it; begin emits -1, end -2."""
    loop = {
        "for": {"i": 0},
        "while": {"<": ["i", "input"]},
        "step": {"i": {"+": ["i", 1]}},
        "do": {"emit": "input"},
    }
    document = {
        "input": "int",
        "output": "int",
        "method": "emit",
        "begin": {"emit": -1},
        "action": loop,
        "end": {"emit": -2},
    }
    return {**document, **more}


def summer(**more):
    """Adds up; a negative input fails."""
    add = {"if": {"<": ["input", 0]}, "then": {"error": "negative"}, "else": {"+": ["tally", "input"]}}
    document = {
        "input": "double",
        "output": "double",
        "method": "fold",
        "zero": 0.0,
        "action": add,
        "merge": {"+": ["tallyOne", "tallyTwo"]},
    }
    return {**document, **more}


def steps(*names):
    """Adds its name to a cell of texts in each of these phases."""
    note = {p: {"cell": "seen", "to": {"a.append": [{"cell": "seen"}, {"string": p}]}} for p in names}
    texts = {"type": "array", "items": "string"}
    return {
        "input": "null",
        "output": "null",
        "cells": {"seen": {"type": texts, "init": []}},
        "fcns": {"seen": {"params": [], "ret": texts, "do": {"cell": "seen"}}},
        **note,
        "action": [note.get("action", {"doc": ""}), None],
    }


def dice(**more):
    roll = {"rand.int": [0, 1_000_000]}
    document = {
        "input": "null",
        "output": "int",
        "randseed": 12345,
        "action": roll,
        "fcns": {"roll": {"params": [], "ret": "int", "do": roll}},
    }
    return {**document, **more}


def rolls(engine, count=8):
    return [engine.action(None) for _ in range(count)]
