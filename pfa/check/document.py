"""The document as a whole: top-level fields, cells and pools, functions, phases, the call graph.

Specification, "PFA document structure", "Scoring engine execution model".  `check` is the stage's entry: a
`Program` when there is no problem, and all problems in document order otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pfa.check import binary, bindings, calls, casts, flow, literals, misc, paths  # noqa: F401  forms
from pfa.check.callgraph import recursive, writers
from pfa.check.checker import Checker, Facts
from pfa.check.embedded import explain
from pfa.check.functions import body_of, header
from pfa.check.problems import (
    DOTTED,
    BadData,
    BadName,
    CannotFill,
    Incompatible,
    Misplaced,
    MissingField,
    UnknownSymbol,
    UpdateWrites,
    Wrapped,
    show,
)
from pfa.check.schemas import escape
from pfa.check.scope import Scope, Symbol
from pfa.errors import PfaInitError, PfaLimitError, Problem, Where
from pfa.ir import Cell, Expr, FunctionDef, Program, null
from pfa.types import INT, LONG, MISSING, NULL, STRING, UNKNOWN, Field, Function, Map, Type, Union

if TYPE_CHECKING:
    from pfa.limits import Limits

REQUIRED = ("input", "output", "action")
OPTIONAL = (
    "name", "method", "begin", "end", "fcns", "zero", "merge", "cells", "pools", "randseed", "doc", "version",
    "metadata", "options",
)  # fmt: skip
_CELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_FUNCTION_NAME = re.compile(r"[A-Za-z_]([A-Za-z0-9_]|\.[A-Za-z][A-Za-z0-9_]*)*\Z")
TIMEOUTS = ("timeout", "timeout.begin", "timeout.action", "timeout.end")
_PREDEFINED = "it is predefined"
_ALWAYS = {s.name: s for s in (Symbol("name", STRING), Symbol("instance", INT), Symbol("metadata", Map(STRING)))}
_COUNTED = _ALWAYS | {n: Symbol(n, LONG) for n in ("actionsStarted", "actionsFinished")}
SourceReader = Callable[[str, str, Type], Any]
"""Source ("json" or "avro"), location, type -> host value; raises PfaInitError and PfaLimitError."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check gives: a program (None when there are problems), problems and warnings."""

    program: Program | None
    problems: list[Problem]
    warnings: list[Problem]


def check(
    document: Any,
    limits: Limits,
    *,
    owned: bool = False,
    again: Callable[[], Any] | None = None,
    read_source: SourceReader | None = None,
) -> Checked:
    """Check a whole document.

    `owned`: the JSON values may be changed in place (embedded data becomes host values); then `again` reads
    the document anew, so that what is wrong in it can be told.  `read_source(source, location, type)` brings
    the data of a cell whose source is not embedded, once the rest of the document is sound; without it such a cell
    is a problem.  PfaLimitError where such data reaches a limit.
    """
    if not isinstance(document, dict):
        c = Checker({}, limits, owned)
        if isinstance(document, list) and document:
            c.report(Wrapped(at=Where("")))
        else:
            c.wrong_json("a document", "an object", document, "")
        return Checked(None, c.problems, [])
    c = Checker(document, limits, owned)
    c.again = again
    program = _Document(c, document, read_source).program()
    if c.problems:
        c.problems = _without_followers(c, [_unless_declared(c, p) for p in c.problems])
    problems, warnings = in_order(document, c.problems), in_order(document, c.warnings)
    c.release()
    return Checked(None if problems else program, problems, warnings)


def _unless_declared(c: Checker, p: Problem) -> Problem:
    """An unknown symbol is no string after all, if one of its name is declared elsewhere, maybe further down."""
    if isinstance(p, UnknownSymbol) and (name := c.unseen.get(p.at.pointer)) in c.declared:
        return replace(p, hint=f"; the one of {c.real(c.declared[name])} is not seen here")
    return p


def _without_followers(c: Checker, problems: list[Problem]) -> list[Problem]:
    """Drop types that were unknown only because what declares them is broken (and found a problem itself)."""
    known = c.schemas.named.keys() | c.schemas.broken
    nameless = c.schemas.nameless
    missed = {
        p.moved(Where(c.real(p.at.pointer)))
        for p, names in c.schemas.unknown.items()
        if not known.isdisjoint(names) or (nameless and not p.hint)
    }
    left = [p for p in problems if p not in missed] if missed else problems
    return left or problems


def in_order(document: Any, problems: list[Problem]) -> list[Problem]:
    """Each problem once (a schema may be looked at twice), in document order."""
    if not problems:
        return []
    order = _Order(document)
    return sorted(dict.fromkeys(problems), key=lambda p: order.key(p.at.pointer))


class _Order:
    """Document order of pointers: the position of each token among its siblings."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.places: dict[int, dict[str, int]] = {}

    def key(self, pointer: str) -> tuple[int, ...]:
        node = self.document
        found: list[int] = []
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and name in node:
                found.append(self.index(node)[name])
                node = node[name]
            elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
                found.append(int(name))
                node = node[int(name)]
            else:
                break
        return tuple(found)

    def index(self, node: dict[str, Any]) -> dict[str, int]:
        """The position of each key of an object."""
        if id(node) not in self.places:
            self.places[id(node)] = {key: i for i, key in enumerate(node)}
        return self.places[id(node)]


class _Document:
    """The top-level fields, each by its own method."""

    def __init__(self, c: Checker, document: dict[str, Any], read_source: SourceReader | None) -> None:
        self.c = c
        if "@" in document:
            c.locator(document, "")
        self.sources: list[tuple[str, str, str]] = []  # "cells" or "pools", name, location
        self.document = c.fields(document, "a document", REQUIRED, OPTIONAL, "", partial=True)
        c.schemas.document = self.document
        self.read_source = read_source

    def program(self) -> Program:
        c, d = self.c, self.document
        self.method()
        name: str = self.typed("name", str, "a string", "")
        doc: str = self.typed("doc", str, "a string", "")
        version = self.integer("version", 31)
        randseed = self.integer("randseed")
        metadata = self.metadata()
        options = self.options()
        input = c.schemas.parse(d["input"], "/input") if "input" in d else UNKNOWN
        c.output = c.schemas.parse(d["output"], "/output") if "output" in d else UNKNOWN
        c.cells = self.storage("cells", "cell")
        c.pools = self.storage("pools", "pool")
        zero = c.embedded(c.output, d["zero"], "/zero") if "zero" in d else None
        defined = self.functions()
        tally = ("tally",) if c.method in ("fold", "") else ()
        begin = self.phase("begin", _ALWAYS)
        action = self.phase("action", _COUNTED, ("input", *tally), input)
        end = self.phase("end", _COUNTED, tally)
        merge = self.phase("merge", _ALWAYS, ("tallyOne", "tallyTwo"))
        self.defaults()
        self.update_rules()
        self.fill()
        return Program(
            name, c.method, input, c.output, action or null(), begin, end, merge, defined, c.cells,
            c.pools, recursive(c.by_function), zero, randseed, version, metadata, options, doc,
            c.defined, c.draws,
        )  # fmt: skip

    # -- simple fields --

    def typed(self, key: str, kind: type, expected: str, default: Any) -> Any:
        value = self.document.get(key, default)
        if not isinstance(value, kind):
            self.c.wrong_json(show(key), expected, value, f"/{key}")
            return default
        return value

    def integer(self, key: str, bits: int = 63) -> int | None:
        value = self.document.get(key)
        if key in self.document and (type(value) is not int or not -(1 << bits) <= value < 1 << bits):
            expected = "an integer" if type(value) is not int else f"an integer of {bits + 1} bits"
            self.c.wrong_json(show(key), expected, value, f"/{key}")
            return None
        return value

    def method(self) -> None:
        """The method, and what only a fold must have.  Of an unknown method nothing is expected ("")."""
        c, d = self.c, self.document
        method = d.get("method", "map")
        if not isinstance(method, str) or method not in ("map", "emit", "fold"):
            hint = c.hints.name(method, ("map", "emit", "fold")) if isinstance(method, str) else ""
            c.wrong_json('"method"', '"map", "emit" or "fold"', method, "/method", hint)
            c.method = ""
            return
        c.method = method
        there = [key for key in d if key in ("zero", "merge")]
        if method == "fold":
            if lost := [show(key) for key in ("zero", "merge") if key not in d]:
                c.report(MissingField('a document with "method": "fold"', ", ".join(lost), at=Where("")))
        elif there:
            place = Where(f"/{there[0]}", key=True)
            c.report(Misplaced(" and ".join(map(show, there)), '"method": "fold"', show(method), at=place))
            c.method = "fold" if len(there) == 2 else method

    def metadata(self) -> dict[str, str]:
        if "metadata" not in self.document:
            return {}
        found = self.c.members(self.document["metadata"], '"metadata"', "/metadata")
        for key, value in found.items():
            if not isinstance(value, str):
                self.c.wrong_json('a value of "metadata"', "a string", value, f"/metadata/{escape(key)}")
        return dict(found)

    def options(self) -> dict[str, Any]:
        if "options" not in self.document:
            return {}
        found = self.c.members(self.document["options"], '"options"', "/options")
        for key in TIMEOUTS:
            if key in found and type(found[key]) is not int:
                what, expected = f"the option {show(key)}", "an integer, the milliseconds"
                self.c.wrong_json(what, expected, found[key], f"/options/{key}")
        return dict(found)

    # -- cells and pools --

    def storage(self, field: str, kind: str) -> dict[str, Cell]:
        if field not in self.document:
            return {}
        made: dict[str, Cell] = {}
        if not isinstance(self.document[field], dict):
            self.c.untold.add(field)
            self.c.schemas.nameless = True
        for name, spec in self.c.members(self.document[field], show(field), f"/{field}").items():
            at = f"/{field}/{escape(name)}"
            if not _CELL_NAME.match(name):
                self.c.report(BadName(kind, show(name), at=Where(at, key=True)))
            made[name] = self.cell(name, spec, kind, at)
        return made

    def cell(self, name: str, given: Any, kind: str, at: str) -> Cell:
        c = self.c
        if not isinstance(given, dict):
            c.wrong_json(f"a {kind}", "an object", given, at, '; it is written {"type": ..., "init": ...}')
            c.schemas.nameless = True
            return Cell(name, UNKNOWN, None, False, False, "embedded")
        given = c.members(given, f"a {kind}", at)
        required, more = (("type", "init"), ()) if kind == "cell" else (("type",), ("init",))
        optional = (*more, "shared", "rollback", "source")
        spec = c.fields(given, f"a {kind}", required, optional, at, partial=True)
        type = c.schemas.parse(spec["type"], f"{at}/type") if "type" in spec else UNKNOWN
        flags = {key: spec.get(key, False) for key in ("shared", "rollback")}
        for key, value in flags.items():
            if not isinstance(value, bool):
                c.wrong_json(show(key), "true or false", value, f"{at}/{key}")
        if flags["shared"] is True and flags["rollback"] is True:
            c.report(Incompatible('"shared"', '"rollback"', at=Where(at)))
        source = spec.get("source", "embedded")
        if not isinstance(source, str) or source not in ("embedded", "json", "avro"):
            c.wrong_json('"source"', '"embedded", "json" or "avro"', source, f"{at}/source")
            source = ""
        whole = type if kind == "cell" or type is UNKNOWN else Map(type)
        init = self.init(whole, spec, source, kind, at) if source else None
        return Cell(name, type, init, flags["shared"] is True, flags["rollback"] is True, source)

    def init(self, type: Type, spec: dict[str, Any], source: str, kind: str, at: str) -> Any:
        c = self.c
        if "init" not in spec:
            return {} if kind == "pool" else None
        if source == "embedded":
            return c.embedded(type, spec["init"], f"{at}/init")
        if not isinstance(spec["init"], str):
            what = f'"init" with "source": {show(source)}'
            c.wrong_json(what, "a string, the name of a file or a URL", spec["init"], f"{at}/init")
            return None
        if self.read_source is None:
            message = f'a {kind} with "source": {show(source)} cannot be filled here: no file is opened'
            c.report(CannotFill(message, at=Where(f"{at}/init")))
            return None
        self.sources.append((f"{kind}s", at.rpartition("/")[2], spec["init"]))
        return None

    def fill(self) -> None:
        """Read what stands outside the document, last: it may be large, and types must be known."""
        c, read = self.c, self.read_source
        if c.problems or read is None:
            return
        for field, name, location in self.sources:
            cells = c.cells if field == "cells" else c.pools
            cell, at = cells[name], Where(f"/{field}/{name}/init")
            try:
                whole = cell.type if field == "cells" else Map(cell.type)
                cells[name] = replace(cell, init=read(cell.source, location, whole))
            except PfaLimitError as error:
                raise type(error)(*(CannotFill(p.text, at=at) for p in error.problems)) from None
            except PfaInitError as error:
                for p in error.problems:
                    c.report(CannotFill(p.text, at=at))

    # -- functions --

    def functions(self) -> dict[str, FunctionDef]:
        """All signatures first, then the bodies: functions may call each other in any order."""
        c = self.c
        if "fcns" not in self.document:
            return {}
        if not isinstance(self.document["fcns"], dict):
            c.untold.add("fcns")
            c.schemas.nameless = True
        known: dict[str, tuple[dict[str, Any], tuple[str, ...], Function]] = {}
        for name, spec in c.members(self.document["fcns"], '"fcns"', "/fcns").items():
            at = f"/fcns/{escape(name)}"
            if not _FUNCTION_NAME.match(name):
                c.report(BadName("function", show(name), DOTTED, at=Where(at, key=True)))
            found = header(c, spec, at) if isinstance(spec, dict) else None
            if not isinstance(spec, dict):
                c.wrong_json("a function", 'an object with "params", "ret" and "do"', spec, at)
            if found is None:
                c.loose.add(name)
                c.schemas.nameless = True
                c.parameters[name], c.functions[name] = (), Function((), UNKNOWN)
            else:
                known[name] = found
                _, c.parameters[name], c.functions[name] = found
        made: dict[str, FunctionDef] = {}
        for name, (members, names, type) in known.items():
            outer, c.facts = c.facts, Facts()
            made[name] = body_of(c, members, names, type, f"/fcns/{escape(name)}", Scope())
            c.by_function[name], c.facts = c.facts, outer
        return made

    # -- phases --

    def phase(
        self, key: str, always: dict[str, Symbol], own: tuple[str, ...] = (), input: Type = UNKNOWN
    ) -> Expr | None:
        """begin, action, end or merge: a block sealed inside the predefined symbols, the document's `own` first."""
        if key not in self.document:
            return None
        c = self.c
        predefined = Scope()
        for name in own:
            predefined.symbols[name] = Symbol(name, input if name == "input" else c.output)
        predefined.symbols |= always
        if "version" in self.document:
            predefined.symbols["version"] = Symbol("version", INT)
        value = self.document[key]
        if value == [] and key in ("begin", "end"):
            return None
        body = c.body(value, f"/{key}", predefined.sealed(_PREDEFINED), f'"{key}"')
        result = key == "merge" or (key == "action" and c.method not in ("emit", ""))
        if c.emit_misplaced and body.type == NULL:
            result = False
        return c.want(c.output, body, f'the result of "{key}"') if result else body

    # -- rules about the whole --

    def defaults(self) -> None:
        """Defaults of record fields against their types."""
        for record, at in self.c.schemas.defaults:
            for i, f in enumerate(record.fields):
                if f.default is not MISSING:
                    self.default(f, f"{at}/fields/{i}/default")

    def default(self, f: Field, at: str) -> None:
        """A default; a union's is of its first branch and untagged (Avro), or null if that is any of them."""
        branches = f.type.branches if isinstance(f.type, Union) else ()
        if f.default is None and NULL in branches:
            return
        for problem in explain(branches[0] if branches else f.type, f.default, at, self.c.limits.quote_values):
            if branches and isinstance(problem, BadData) and problem.at.pointer == at:
                problem = replace(problem, hint="; a default is of the first type of its union")
            self.c.report(problem)

    def update_rules(self) -> None:
        """No function that updates a cell or a pool may reach cell-to, pool-to or pool-del."""
        reaching = writers(self.c.by_function)
        for facts, at in self.c.updates:
            reached = [*facts.writes, *(reaching[name] for name in sorted(facts.calls) if name in reaching)]
            if reached:
                form, where = reached[0]
                self.c.report(UpdateWrites(form, self.c.real(where), at=Where(at)))
