"""How two documents differ: types, cells, pools, functions, code, options.

Place in the pipeline: under `pfa diff`.  Invariant: what is compared is what the documents mean: values as they are
loaded (wherever they stand), code without locator marks and without the layout of the text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfa.check.schemas import escape
from pfa.cli.hash import unmarked
from pfa.cli.show import named, signature
from pfa.limits import Limits
from pfa.read import load
from pfa.types import to_avro

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pfa
    from pfa.ir import Cell, Program
    from pfa.types import Type

PLACES = 1000  # differences of values that are counted
SHOWN = 3  # of these
_WIDTH = 60
_CODE = ("action", "begin", "end", "merge")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One: `what` changed, `old` and `new` being texts; one of them is empty where the other was added or removed.

    `note` says it where there are many.
    """

    what: str
    old: str = ""
    new: str = ""
    note: str = ""

    def __str__(self) -> str:
        if self.note:
            return f"{self.what}: {self.note}"
        if not self.old or not self.new:
            return f"{self.what}: {'added' if self.new else 'removed'}: {self.new or self.old}"
        return f"{self.what}: {self.old} -> {self.new}"

    def as_json(self) -> dict[str, Any]:
        """An object with the fields that it has."""
        found = {"what": self.what, "old": self.old, "new": self.new, "note": self.note}
        return {key: text for key, text in found.items() if text}


@dataclass(frozen=True, slots=True)
class Side:
    """A document: as it stands, checked, and as an engine."""

    document: dict[str, Any]
    program: Program  # with its expressions gone
    engine: pfa.Engine

    @staticmethod
    def of(path: Path, engine: pfa.Engine) -> Side:
        """A document that has been loaded once, so that it has no problems."""
        document = load(path, limits=Limits()).value
        return Side(document, engine._compiled.program, engine)

    def signatures(self) -> dict[str, str]:
        """Of the functions, by name."""
        functions = self.program.functions
        return {n: signature(n, f, self.document["fcns"][n]["params"]) for n, f in functions.items()}


def differences(old: Side, new: Side) -> Iterator[Difference]:
    """All of them, in the order in which a document is read."""
    p, q = old.program, new.program
    for what in ("name", "version", "method", "input", "output"):
        yield from _fact(what, getattr(p, what), getattr(q, what))
    yield from _named_types(named(p), named(q))
    for kind, cells, others in (("cell", p.cells, q.cells), ("pool", p.pools, q.pools)):
        yield from _storage(kind, cells, others)
    if p.method == q.method == "fold":
        yield from _values("zero", p.zero, q.zero)
    yield from _functions(old, new)
    for key in _CODE:
        yield from _code(key, old.document.get(key, _MISSING), new.document.get(key, _MISSING))
    yield from _table("option", p.options, q.options)
    yield from _table("metadata", p.metadata, q.metadata)
    yield from _fact("randseed", p.randseed, q.randseed)


def _fact(what: str, before: Any, after: Any) -> Iterator[Difference]:
    """Names that a document does not have are "" or None."""
    if str(before) != str(after):
        yield Difference(what, *("" if x in (None, "") else str(x) for x in (before, after)))


def _pairs(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """By name, what is on both sides, or `_MISSING`."""
    for name in dict.fromkeys([*before, *after]):
        yield name, before.get(name, _MISSING), after.get(name, _MISSING)


def _table(kind: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Difference]:
    for name, x, y in _pairs(before, after):
        if x is _MISSING or y is _MISSING or x != y:
            yield Difference(f"{kind} {name}", _text(x), _text(y))


def _named_types(before: list[Type], after: list[Type]) -> Iterator[Difference]:
    """Types of one name that are not the same; each without those inside of it, which are told of themselves."""
    for name, x, y in _pairs(_by_name(before), _by_name(after)):
        if x != y:
            yield Difference(f"type {name}", *("" if t is _MISSING else t for t in (x, y)))


def _by_name(types: Iterable[Type]) -> dict[str, str]:
    known = {t.tag for t in types}
    return {t.tag: json.dumps(to_avro(t, known - {t.tag})) for t in types}


def _storage(kind: str, before: dict[str, Cell], after: dict[str, Cell]) -> Iterator[Difference]:
    for name, x, y in _pairs(before, after):
        what = f"{kind} {name}"
        if x is _MISSING or y is _MISSING:
            yield Difference(what, *("" if c is _MISSING else _summary(c) for c in (x, y)))
            continue
        yield from _fact(f"{what}, type", x.type, y.type)
        for flag in ("shared", "rollback"):
            yield from _fact(f"{what}, {flag}", _word(getattr(x, flag)), _word(getattr(y, flag)))
        yield from _values(f"{what}, value", x.init, y.init)


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _summary(cell: Cell) -> str:
    items = f", {len(cell.init):,} items" if isinstance(cell.init, list | dict) else ""
    return f"{cell.type}{items}"


def _functions(old: Side, new: Side) -> Iterator[Difference]:
    codes = [side.document.get("fcns", {}) for side in (old, new)]
    for name, x, y in _pairs(old.signatures(), new.signatures()):
        if x is _MISSING or y is _MISSING or x != y:
            yield Difference(f"function {name}", *("" if s is _MISSING else s for s in (x, y)))
        else:
            yield from _code(f"function {name}", *(code[name]["do"] for code in codes))


def _code(what: str, before: Any, after: Any) -> Iterator[Difference]:
    """Where the code of two places differs first, and in how many places."""
    missing = [x is _MISSING for x in (before, after)]
    if any(missing):
        if not all(missing):
            yield Difference(what, *("" if gone else "code" for gone in missing))
        return
    yield from _values(f"{what}, code", *map(_statements, (before, after)))


def _statements(code: Any) -> Any:
    """An expression alone is a list of one."""
    made = unmarked(code)
    return made if isinstance(made, list) else [made]


# --- values ----------------------------------------------------------------------------------------------------


def _values(what: str, before: Any, after: Any) -> Iterator[Difference]:
    """One difference for all places in which two values differ: how many, and the first ones."""
    found: list[tuple[str, Any, Any]] = []
    for place in places(before, after):
        found.append(place)
        if len(found) > PLACES:
            break
    if not found:
        return
    if len(found) == 1 or not any(path for path, _, _ in found):
        path, x, y = found[0]
        yield Difference(f"{what}{' at ' + path if path else ''}", _text(x), _text(y))
        return
    count = f"more than {PLACES:,}" if len(found) > PLACES else f"{len(found):,}"
    shown = "; ".join(f"{path}: {_text(x) or 'nothing'} -> {_text(y) or 'nothing'}" for path, x, y in found[:SHOWN])
    rest = "; ..." if len(found) > SHOWN else ""
    yield Difference(what, note=f"{count} places: {shown}{rest}")


def places(before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Pointers at which two values differ, and what is there; `_MISSING` where one has nothing.  NaN is NaN."""
    todo: list[tuple[str, Any, Any]] = [("", before, after)]
    while todo:
        path, x, y = todo.pop()
        if x.__class__ is not y.__class__ or not isinstance(x, list | dict | tuple):
            if not same_leaf(x, y):
                yield path, x, y
        elif x is not y:
            todo += reversed([(f"{path}/{escape(key)}", *pair) for key, *pair in _items(x, y)])


def _items(x: Any, y: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(x, dict):
        yield from _pairs(x, y)
        return
    for i in range(max(len(x), len(y))):
        yield str(i), x[i] if i < len(x) else _MISSING, y[i] if i < len(y) else _MISSING


def same_leaf(x: Any, y: Any, tolerance: float = 0.0) -> bool:
    """1 and 1.0 are the same number, true and 1 are not."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (x, y))
    if not numbers:
        return x.__class__ is y.__class__ and bool(x == y)
    if x == y or (x != x and y != y):
        return True
    return tolerance > 0 and abs(x - y) <= tolerance * max(abs(x), abs(y))


def _text(value: Any) -> str:
    """Its beginning as JSON; of a value that is large, no more is looked at."""
    if value is _MISSING:
        return ""
    text = ""
    for piece in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
        text += piece
        if len(text) > _WIDTH:
            return f"{text[:_WIDTH]}..."
    return text
