"""What to do about a problem: names that are nearly right, and how a value of the wrong type is made right.

Place in the pipeline: beside the checker, when it reports.  Invariant: a hint is a remedy or nothing, and
looking for names costs a bounded time a document, however many problems it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.check.problems import nearest, show
from pfa.lib.names import NAMES
from pfa.types import (
    BYTES,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    NUMBERS,
    STRING,
    Array,
    Enum,
    Fixed,
    Map,
    Union,
    accepts,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pfa.types import Type

_BUDGET = 200_000  # names compared for all the problems of a document: about two seconds

# What people write for a function, coming from elsewhere.
_ELSEWHERE = {
    "and": "&&", "or": "||", "not": "!", "xor": "^^", "=": "==", "===": "==", "<>": "!=", "!==": "!=",
    "mod": "%", "pow": "**", "add": "+", "plus": "+", "minus": "-", "sub": "-", "mul": "*", "times": "*",
    "div": "/", "neg": "u-", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "length": "a.len", "size": "a.len", "concat": "s.concat", "lower": "s.lower", "upper": "s.upper",
    "log": "m.ln", "m.log2": "m.log", "m.pow": "**", "m.mod": "%", "a.length": "a.len", "s.length": "s.len",
    "a.get": "attr", "map.get": "attr", "a.foldl": "a.fold", "a.foreach": "foreach",
}  # fmt: skip

# The same for types.
_TYPES = {
    "integer": "int", "int32": "int", "int64": "long", "bigint": "long", "short": "int", "byte": "int",
    "number": "double", "numeric": "double", "real": "double", "float64": "double", "float32": "float",
    "decimal": "double",
    "str": "string", "text": "string", "char": "string", "bool": "boolean", "binary": "bytes", "none": "null",
    "nil": "null", "void": "null",
}  # fmt: skip
_WRITTEN = {
    "array": '{"type": "array", "items": ...}',
    "map": '{"type": "map", "values": ...}',
    "record": '{"type": "record", "name": ..., "fields": [...]}',
    "enum": '{"type": "enum", "name": ..., "symbols": [...]}',
    "fixed": '{"type": "fixed", "name": ..., "size": ...}',
    "union": "[type, type, ...]",
}
_WRITTEN |= {"list": _WRITTEN["array"], "dict": _WRITTEN["map"], "object": _WRITTEN["record"]}


class Hints:
    """The suggestions for one document."""

    def __init__(self) -> None:
        self._left = _BUDGET
        self._functions: dict[str, str] = {}

    def near(self, name: str, known: Sequence[str]) -> str:
        """The known name that is nearly this one, or ""."""
        if self._left < len(known):
            return ""
        self._left -= len(known)
        return nearest(name, known)

    def name(self, name: str, known: Sequence[str]) -> str:
        """`, did you mean x?`, or nothing."""
        return did_you_mean(self.near(name, known))

    def function(self, name: str, own: Collection[str]) -> str:
        """The same for the name of a function; `own` are those of the document, without their "u."."""
        if name in own:
            return did_you_mean(f"u.{name}")
        if name not in self._functions:
            self._functions[name] = self._function(name, own)
        return self._functions[name]

    def _function(self, name: str, own: Collection[str]) -> str:
        if name in _ELSEWHERE:
            return did_you_mean(_ELSEWHERE[name])
        if name.startswith("u."):
            near = self.near(name[2:], list(own))
            return did_you_mean(near and f"u.{near}") or ("" if own else "; the document has no functions")
        last = name.rpartition(".")[2].lower()
        alike = [known for known in NAMES if known.rpartition(".")[2].lower() == last]
        if last and 0 < len(alike) < 4:
            return did_you_mean(*alike)
        return self.name(name, [*(f"u.{x}" for x in own), *NAMES])

    def type(self, name: str, known: Sequence[str]) -> str:
        """A hint for the name of a type."""
        lower = name.lower()
        written = f"; it is written {_WRITTEN[lower]}" if lower in _WRITTEN else ""
        if name in _WRITTEN:
            return written
        same = next((k for k in known if k.rpartition(".")[2] == name.rpartition(".")[2]), "")
        return did_you_mean(_TYPES.get(lower) or same) or written or self.name(name, known)


def did_you_mean(*names: str) -> str:
    """The end of a message that suggests names; empty ones are none."""
    shown = [show(name) for name in names if name]
    if not shown:
        return ""
    return f", did you mean {' or '.join([', '.join(shown[:-1]), shown[-1]] if shown[1:] else shown)}?"


def mismatch(want: Type, got: Type) -> str:
    """How a value of type `got` becomes one of type `want`, if that is known."""
    if isinstance(got, Union) and not isinstance(want, Union):
        rest = [b for b in got.branches if b != NULL]
        if len(rest) < len(got.branches) and rest and all(accepts(want, b) for b in rest):
            return '; "ifnotnull" takes the null away'
        return '; "cast" tells the cases apart' if any(accepts(want, b) for b in got.branches) else ""
    match want, got:
        case _ if want in (INT, LONG) and got in NUMBERS:
            rounds = (want, got) in ((LONG, DOUBLE), (INT, FLOAT))
            return f"; {'m.round or ' if rounds else ''}cast.{want} makes it one"
        case _ if want in (FLOAT, DOUBLE) and got in NUMBERS:
            return f"; cast.{want} makes it one"
        case _ if want in NUMBERS and got == STRING:
            return f"; parse.{want} reads it from text"
        case _ if want == STRING and got in NUMBERS:
            return f"; s.{'int' if got in (INT, LONG) else 'number'} writes it as text"
        case _ if want == STRING and got == BYTES:
            return "; bytes.decodeUtf8 reads it as text"
        case _ if want == BYTES and got == STRING:
            return "; bytes.encodeUtf8 makes bytes of text"
        case _, Fixed() if want == BYTES:
            return "; fixed.toBytes makes bytes of it"
        case Fixed(), _ if got == BYTES:
            return "; fixed.fromBytes makes it one"
        case _, Enum() if want == STRING:
            return "; enum.toString gives its text"
        case Enum(), _ if got == STRING:
            return f'; a symbol of it is written {{"type": {show(str(want))}, "value": ...}}'
        case Array() | Map(), Array() | Map():
            return ""
        case Array(items), _ if accepts(items, got):
            return '; an array of it is written {"new": [...], "type": ...}'
    return ""
