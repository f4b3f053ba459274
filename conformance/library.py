"""library.json: the examples in the library's definitions as a suite that any implementation can run.

    a.head([7, 8]) -> 7             becomes a document whose action is {"a.head": [ARRAY LITERAL]}
    a.head([]) -> error 15020

`python -m conformance.library` writes the file anew; a test says when that is due.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfa.check.document import check
from pfa.lib.pages import examples
from pfa.lib.table import everything, lookup
from pfa.limits import Limits
from pfa.types import (
    BOOLEAN,
    DOUBLE,
    INT,
    LONG,
    NULL,
    STRING,
    Array,
    Fixed,
    Map,
    Prim,
    Record,
    Type,
    Union,
    join,
    to_avro,
)

if TYPE_CHECKING:
    from pfa.lib.define import Fn

FILE = Path(__file__).parent / "library.json"
# An object with one of these members is PFA; any other is the literal of a map.
FORMS = {
    "type", "params", "fcn", "new", "cell", "pool", "base64", "int", "long", "float", "double", "string",
    "attr", "do", "if", "cond", "cast", "upcast", "call", "pack", "unpack", "try", "error", "ifnotnull",
}  # fmt: skip
BARE = re.compile(r'("(?:[^"\\]|\\.)*")|(?<![\w"])(-?)(nan|inf)(?![\w"])')
FAILS = re.compile(r"error (-?\d+)\Z")


def numbers(text: str) -> Any:
    """JSON in which `nan` and `inf` may stand."""
    words = {"nan": "NaN", "inf": "Infinity"}
    return json.loads(BARE.sub(lambda m: m[1] or m[2] + words[m[3]], text))


def expression(argument: Any) -> Any:
    """An argument of an example as PFA."""
    match argument:
        case str():
            return {"string": argument}
        case float() if argument - argument:  # not finite, which no literal is
            return {"/": [0.0, 0.0]} if argument != argument else {"/": [1.0 if argument > 0 else -1.0, 0.0]}
        case None | bool() | int() | float():
            return argument
        case dict() if is_code(argument):
            return argument
        case _:
            t = infer(argument)
            return {"type": to_avro(t), "value": embed(argument, t)}


def is_code(value: dict[str, Any]) -> bool:
    if value.keys() & FORMS:
        return True
    return len(value) == 1 and all(lookup(k) and ("." in k or isinstance(v, list)) for k, v in value.items())


def infer(value: Any) -> Type:
    """The type of a literal: the narrowest that holds it."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOLEAN
        case int():
            return INT if -(1 << 31) <= value < 1 << 31 else LONG
        case float():
            return DOUBLE
        case str():
            return STRING
        case list() if value:
            return Array(_joined(value))
        case dict() if value:
            return Map(_joined(list(value.values())))
        case _:
            raise ValueError('an empty literal needs its type: {"type": ..., "value": ...}')


def _joined(values: list[Any]) -> Type:
    t = join([infer(v) for v in values])
    if t is None:
        raise ValueError("the items of a literal need a common type")
    return t


def embed(value: Any, t: Type) -> Any:
    """A literal as embedded data: unions are tagged."""
    match t:
        case Array(items):
            return [embed(x, items) for x in value]
        case Map(values):
            return {k: embed(x, values) for k, x in value.items()}
        case Union(branches) if value is not None:
            tag = infer(value).tag
            branch = next(
                b for b in branches if b.tag == tag or (tag in ("int", "long") and b in (LONG, DOUBLE))
            )
            return {branch.tag: embed(value, branch)}
        case _:
            return value


def type_of(action: Any) -> Type:
    """The type that an expression has; ValueError where it is wrong."""
    document = {"input": "null", "output": "null", "method": "emit", "action": action}
    checked = check(document, Limits())
    if checked.program is None:
        raise ValueError("; ".join(map(str, checked.problems)))
    return checked.program.action.type


def in_suite(value: Any, t: Type) -> Any:
    """A result as the suites write it: bytes in base64, numbers that are not finite as text."""
    match t:
        case Prim("bytes") | Fixed():
            return base64.b64encode(value.encode("latin-1")).decode()
        case Prim("float" | "double"):
            return value if isinstance(value, str) or not value - value else repr(value)
        case Array(items):
            return [in_suite(x, items) for x in value]
        case Map(values):
            return {k: in_suite(x, values) for k, x in value.items()}
        case Record():
            return {f.name: in_suite(value[f.name], f.type) for f in t.fields}
        case Union(branches) if isinstance(value, dict):
            ((tag, inside),) = value.items()
            return {tag: in_suite(inside, next(b for b in branches if b.tag == tag))}
        case _:
            return value


def as_test(fn: Fn, call: str, result: str) -> dict[str, Any]:
    """An example as a test of a suite."""
    arguments = numbers(f"[{call[len(fn.name) + 1 : -1]}]")
    action = {fn.name: [expression(a) for a in arguments]}
    output = type_of(action)
    trial: dict[str, Any] = {"sample": None}
    if failure := FAILS.match(result):
        trial["error"] = int(failure[1])
    elif result == "any":
        trial["nondeterministic"] = "pseudorandom"
    else:
        trial["result"] = in_suite(numbers(result), output)
        if fn.nondeterministic == "unordered":
            trial["nondeterministic"] = "unordered"
    engine = {"input": "null", "output": to_avro_once(output, action), "action": action}
    return {"function": fn.name, "engine": engine, "trials": [trial]}


def to_avro_once(t: Type, action: Any) -> Any:
    """The schema of a result: a type that the action declares is only named."""
    return to_avro(t, declared(action))


def declared(value: Any) -> set[str]:
    """Names of the types that are declared in a piece of a document."""
    if isinstance(value, list):
        return set().union(*map(declared, value))
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(declared, value.values()))
    if value.get("type") in ("record", "enum", "fixed") and isinstance(value.get("name"), str):
        space = value.get("namespace", "")
        found.add(f"{space}.{value['name']}" if space and "." not in value["name"] else value["name"])
    return found


def suite() -> dict[str, Any]:
    """All examples of all functions."""
    tests = [as_test(fn, *example) for fn in everything().values() for example in examples(fn)]
    return {"pfa-version": "0.8.1", "pfa-tests": tests}


def text() -> str:
    """The suite as text, a line a test."""
    lines = (json.dumps(test, ensure_ascii=False) for test in suite()["pfa-tests"])
    return '{"pfa-version": "0.8.1", "pfa-tests": [\n' + ",\n".join(lines) + "\n]}\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
