"""Types, and engines that give back their input, for tests of what goes in and out of engines."""

import pfa

INTS = {"type": "array", "items": "int"}
DOUBLES = {"type": "array", "items": "double"}
COLOR = {"type": "enum", "name": "Color", "symbols": ["red", "green", "blue"]}
TWO = {"type": "fixed", "name": "Two", "size": 2}
ROW = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "x", "type": "double"},
        {"name": "tags", "type": {"type": "array", "items": "string"}, "default": ["a", "b"]},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "inner", "type": ["int", "null"], "default": 7},
    ],
}


def identity(type, **keywords):
    """Gives back its input."""
    name = type["name"] if isinstance(type, dict) and "name" in type else type
    return pfa.loads({"input": type, "output": name, "action": "input"}, **keywords)


def same(value):
    """Equal only for values of the same classes."""
    match value:
        case dict():
            return {k: same(v) for k, v in value.items()}
        case list():
            return [same(v) for v in value]
        case float():
            return "float", repr(value)
        case _:
            return type(value), value


def numbered(rows):
    """Names for rows that are the same in every process: values may show their addresses."""
    return [f"{i}: {rows[i][0] if isinstance(rows[i][0], str) else '...'}" for i in range(len(rows))]
