"""The document as a whole: top-level fields, cells and pools, functions, phases, the call graph.

Specification, "PFA document structure", "Scoring engine execution model".  `check` is the stage's entry: a
`Program` when there is no problem, and all problems in document order otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pfa.check import functions, literals, paths  # noqa: F401  the order in which forms are recognized
from pfa.check import calls, flow, bindings, casts, binary, misc  # noqa: F401, I001
from pfa.check.checker import Checker, Facts
from pfa.check.embedded import convert, fresh, tag_default, explain
from pfa.check.functions import define, signature_of
from pfa.check.problems import (
    BadName,
    CannotFill,
    Incompatible,
    MissingField,
    Misplaced,
    UnknownField,
    UpdateWrites,
    Wrapped,
    show,
    suggestion,
)
from pfa.check.schemas import escape
from pfa.check.scope import Scope, Symbol
from pfa.errors import Problem, Where
from pfa.ir import Cell, Expr, FunctionDef, Program, null
from pfa.limits import Limits
from pfa.types import INT, LONG, MISSING, STRING, UNKNOWN, Function, Map, Type

FIELDS = (
    "name", "method", "input", "output", "begin", "action", "end", "fcns", "zero", "merge", "cells", "pools",
    "randseed", "doc", "version", "metadata", "options",
)  # fmt: skip
_CELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_FUNCTION_NAME = re.compile(r"[A-Za-z_]([A-Za-z0-9_]|\.[A-Za-z][A-Za-z0-9_]*)*\Z")
_TIMEOUTS = ("timeout", "timeout.begin", "timeout.action", "timeout.end")
_PREDEFINED = "it is predefined"
SourceReader = Callable[[str, str, Type], Any]


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

    `owned`: the JSON values may be changed in place (embedded data becomes host values); then `again` reads the
    document anew, so that what is wrong in it can be told.  `read_source(kind, location, type)` brings the data of a cell
    whose source is not embedded; without it such a cell is a problem.
    """
    if not isinstance(document, dict):
        c = Checker({}, limits, owned)
        if isinstance(document, list):
            c.report(Wrapped(at=Where("")))
        else:
            c.wrong_json("a document", "an object", document, "")
        return Checked(None, c.problems, [])
    c = Checker(document, limits, owned)
    c.again = again
    program = _Document(c, document, read_source).program()
    order = _Order(document)
    c.problems.sort(key=lambda p: order.key(p.at.pointer))
    c.warnings.sort(key=lambda p: order.key(p.at.pointer))
    return Checked(None if c.problems else program, c.problems, c.warnings)


class _Order:
    """Document order of pointers: the position of each token among its siblings."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def key(self, pointer: str) -> tuple[int, ...]:
        node = self.document
        found: list[int] = []
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and name in node:
                found.append(list(node).index(name))
                node = node[name]
            elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
                found.append(int(name))
                node = node[int(name)]
            else:
                break
        return tuple(found)


class _Document:
    """The top-level fields, each by its own method."""

    def __init__(self, c: Checker, document: dict[str, Any], read_source: SourceReader | None) -> None:
        self.c = c
        self.document = document
        self.read_source = read_source

    def program(self) -> Program:
        c, d = self.c, self.document
        if "@" in d:
            c.locator(d, "")
        for key in d:
            if key not in FIELDS and key != "@":
                c.report(UnknownField("a document", show(key), suggestion(key, FIELDS), at=Where(f"/{escape(key)}")))
        for key in ("input", "output", "action"):
            if key not in d:
                c.report(MissingField("a document", show(key), at=Where("")))
        self.method()
        name = self.typed("name", str, "a string", "")
        self.typed("doc", str, "a string", "")
        version = self.integer("version")
        randseed = self.integer("randseed")
        metadata = self.metadata()
        options = self.options()
        input = c.schemas.parse(d["input"], "/input") if "input" in d else UNKNOWN
        c.output = c.schemas.parse(d["output"], "/output") if "output" in d else UNKNOWN
        c.cells = self.storage("cells", "cell")
        c.pools = self.storage("pools", "pool")
        zero = c.embedded(c.output, d["zero"], "/zero") if "zero" in d else None
        defined = self.functions()
        always = {"name": STRING, "instance": INT, "metadata": Map(STRING)}
        if version is not None:
            always["version"] = INT
        tally = {"tally": c.output} if c.method == "fold" else {}
        counters: dict[str, Type] = {"actionsStarted": LONG, "actionsFinished": LONG}
        begin = self.phase("begin", always)
        action = self.phase("action", {"input": input, **tally, **always, **counters}, result=c.method != "emit")
        end = self.phase("end", {**tally, **always, **counters})
        merge = self.phase("merge", {"tallyOne": c.output, "tallyTwo": c.output, **always}, result=True)
        self.defaults()
        self.update_rules()
        return Program(
            name or "", c.method, input, c.output, action or null(), begin, end, merge, defined, c.cells,
            c.pools, self.recursive(), zero, randseed, version, metadata, options, d.get("doc") or "",
        )  # fmt: skip

    # -- simple fields --

    def typed(self, key: str, kind: type, expected: str, default: Any) -> Any:
        value = self.document.get(key, default)
        if not isinstance(value, kind):
            self.c.wrong_json(key, expected, value, f"/{key}")
            return default
        return value

    def integer(self, key: str) -> int | None:
        value = self.document.get(key)
        if key in self.document and type(value) is not int:
            self.c.wrong_json(key, "an integer", value, f"/{key}")
            return None
        return value

    def method(self) -> None:
        c, d = self.c, self.document
        method = d.get("method", "map")
        if method not in ("map", "emit", "fold") or not isinstance(method, str):
            c.wrong_json("method", '"map", "emit" or "fold"', method, "/method")
        else:
            c.method = method
        for key in ("zero", "merge"):
            if c.method == "fold" and key not in d:
                c.report(MissingField('a document with "method": "fold"', show(key), at=Where("")))
            elif c.method != "fold" and key in d:
                c.report(Misplaced(key, 'with "method": "fold"', at=Where(f"/{key}")))

    def metadata(self) -> dict[str, str]:
        if "metadata" not in self.document:
            return {}
        found = self.c.members(self.document["metadata"], "metadata", "/metadata")
        for key, value in found.items():
            if not isinstance(value, str):
                self.c.wrong_json("a value of metadata", "a string", value, f"/metadata/{escape(key)}")
        return dict(found)

    def options(self) -> dict[str, Any]:
        if "options" not in self.document:
            return {}
        found = self.c.members(self.document["options"], "options", "/options")
        for key in _TIMEOUTS:
            if key in found and type(found[key]) is not int:
                self.c.wrong_json(f"option {key}", "an integer, in milliseconds", found[key], f"/options/{key}")
        return dict(found)

    # -- cells and pools --

    def storage(self, field: str, kind: str) -> dict[str, Cell]:
        if field not in self.document:
            return {}
        made: dict[str, Cell] = {}
        for name, spec in self.c.members(self.document[field], field, f"/{field}").items():
            at = f"/{field}/{escape(name)}"
            if not _CELL_NAME.match(name):
                self.c.report(BadName(kind, show(name), at=Where(at)))
            members = self.c.members(spec, f"a {kind}", at)
            if isinstance(spec, dict):
                made[name] = self.cell(name, members, kind, at)
        return made

    def cell(self, name: str, spec: dict[str, Any], kind: str, at: str) -> Cell:
        c = self.c
        required = ("type", "init") if kind == "cell" else ("type",)
        c.fields(spec, f"a {kind}", required, ("init", "shared", "rollback", "source"), at)
        type = c.schemas.parse(spec["type"], f"{at}/type") if "type" in spec else UNKNOWN
        flags = {key: spec.get(key, False) for key in ("shared", "rollback")}
        for key, value in flags.items():
            if not isinstance(value, bool):
                c.wrong_json(key, "true or false", value, f"{at}/{key}")
        if flags["shared"] is True and flags["rollback"] is True:
            c.report(Incompatible("shared", "rollback", at=Where(at)))
        source = spec.get("source", "embedded")
        if source not in ("embedded", "json", "avro") or not isinstance(source, str):
            c.wrong_json("source", '"embedded", "json" or "avro"', source, f"{at}/source")
            source = "embedded"
        whole = type if kind == "cell" or type is UNKNOWN else Map(type)
        init = self.init(whole, spec, source, kind, at)
        return Cell(name, type, init, flags["shared"] is True, flags["rollback"] is True, source)

    def init(self, type: Type, spec: dict[str, Any], source: str, kind: str, at: str) -> Any:
        c = self.c
        if "init" not in spec:
            return {} if kind == "pool" else None
        if source == "embedded":
            return c.embedded(type, spec["init"], f"{at}/init")
        if not isinstance(spec["init"], str):
            c.wrong_json(f"init of source {show(source)}", "a file name or URL", spec["init"], f"{at}/init")
            return None
        if self.read_source is None:
            message = f"model data of source {show(source)} is not opened here"
            c.report(CannotFill(message, at=Where(f"{at}/init")))
            return None
        return self.read_source(source, spec["init"], type)

    # -- functions --

    def functions(self) -> dict[str, FunctionDef]:
        c = self.c
        if "fcns" not in self.document:
            return {}
        members = c.members(self.document["fcns"], "fcns", "/fcns")
        known: dict[str, tuple[tuple[str, ...], Function]] = {}
        for name, spec in members.items():
            at = f"/fcns/{escape(name)}"
            if not _FUNCTION_NAME.match(name):
                c.report(BadName("function", show(name), at=Where(at)))
            if not isinstance(spec, dict):
                c.wrong_json("a function", "a function definition", spec, at)
                continue
            known[name] = signature_of(c, spec, at)
            c.parameters[name], c.functions[name] = known[name]
        made: dict[str, FunctionDef] = {}
        for name, signature in known.items():
            outer, c.facts = c.facts, Facts()
            found = define(c, members[name], f"/fcns/{escape(name)}", Scope(), signature)
            c.by_function[name], c.facts = c.facts, outer
            if found is not None:
                made[name] = found
        return made

    # -- phases --

    def phase(self, key: str, symbols: dict[str, Type], result: bool = False) -> Expr | None:
        """begin, action, end or merge: a block sealed inside the predefined symbols."""
        if key not in self.document:
            return None
        c = self.c
        predefined = Scope()
        for name, type in symbols.items():
            predefined.symbols[name] = Symbol(name, type)
        value = self.document[key]
        if value == [] and key in ("begin", "end"):
            return None
        body = c.body(value, f"/{key}", predefined.sealed(_PREDEFINED), key)
        return c.want(c.output, body, f"the result of {key}") if result else body

    # -- rules about the whole --

    def defaults(self) -> None:
        """Defaults of record fields against their types; a union's default is of its first branch (Avro)."""
        for record, at in self.c.schemas.defaults:
            for i, f in enumerate(record.fields):
                if f.default is MISSING:
                    continue
                value = tag_default(f.type, f.default)
                if not convert(f.type, fresh(value), self.c.readers)[0]:
                    for problem in explain(f.type, value, ""):
                        self.c.report(problem.moved(Where(f"{at}/fields/{i}/default")))

    def update_rules(self) -> None:
        """No function that updates a cell or a pool may reach cell-to, pool-to or pool-del."""
        for facts, at in self.c.updates:
            if found := self.reaches_write(facts):
                form, where = found
                self.c.report(UpdateWrites(form, where, at=Where(at)))

    def reaches_write(self, facts: Facts) -> tuple[str, str] | None:
        seen: set[str] = set()
        todo = [facts]
        while todo:
            here = todo.pop()
            if here.writes:
                return here.writes[0]
            for name in sorted(here.calls - seen):
                seen.add(name)
                todo.append(self.c.by_function.get(name, Facts()))
        return None

    def recursive(self) -> frozenset[str]:
        """Functions that can reach themselves."""
        reach = {name: set(facts.calls) for name, facts in self.c.by_function.items()}
        changed = True
        while changed:
            changed = False
            for name, seen in reach.items():
                wider = seen.union(*(reach.get(n, set()) for n in seen))
                if wider != seen:
                    reach[name] = wider
                    changed = True
        return frozenset(name for name, seen in reach.items() if name in seen)
