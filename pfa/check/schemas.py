"""Avro schemas of a document: names, namespaces, forward references, redeclarations.

Specification, "Type schemae in the PFA document".  A name may be used before (or outside of) the object that
defines it, so an unknown name makes `Schemas` search the whole document once for definitions.  The invariant:
one name is one type; a second declaration must say the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from pfa.check.problems import (
    BadName,
    BadSchema,
    MissingField,
    TypeRedefined,
    UnknownType,
    WrongJson,
    show,
    suggestion,
)
from pfa.errors import Problem, Where
from pfa.types import (
    MISSING,
    PRIMITIVE,
    UNKNOWN,
    Array,
    Enum,
    Field,
    Fixed,
    Map,
    Record,
    Type,
    Union,
    Unknown,
    canonical,
)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_FULL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_NAMED = ("record", "enum", "fixed")
_MAX_FIXED = 1 << 28


def escape(key: str) -> str:
    """A key as a token of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


class Schemas:
    """Parses schemas into types; every problem goes to `report`."""

    def __init__(self, document: Any, report: Callable[[Problem], None], lenient_names: bool = False) -> None:
        self.document = document
        self.report = report
        self.lenient = lenient_names
        self.named: dict[str, Record | Enum | Fixed] = {}
        self.places: dict[str, str] = {}
        self.defaults: list[tuple[Record, str]] = []
        self._found: dict[str, tuple[dict[str, Any], str, str]] | None = None

    def parse(self, schema: Any, at: str, namespace: str = "") -> Type:
        """The type that a schema describes; UNKNOWN, with a problem reported, where it is none."""
        if type(schema) is str:
            return PRIMITIVE.get(schema) or self._reference(schema, at, namespace)
        if type(schema) is list:
            return self._union(schema, at, namespace)
        if type(schema) is dict:
            return self._object(schema, at, namespace)
        self._wrong("a schema", "a string, object or array", schema, at)
        return UNKNOWN

    # -- names --

    def _reference(self, name: str, at: str, namespace: str) -> Type:
        for full in self._candidates(name, namespace):
            if found := self.named.get(full) or self._forward(full):
                return found
        self._search()
        known = [*PRIMITIVE, *self.named, *(self._found or ())]
        near = next((k for k in known if k.rpartition(".")[2] == name), "")
        hint = f", did you mean {show(near)}?" if near else suggestion(name, known)
        self.report(UnknownType(show(name), hint, at=Where(at)))
        return UNKNOWN

    def _candidates(self, name: str, namespace: str) -> list[str]:
        return [name] if "." in name or not namespace else [f"{namespace}.{name}", name]

    def _forward(self, full: str) -> Type | None:
        """A definition that stands elsewhere in the document, parsed now."""
        self._search()
        found = (self._found or {}).get(full)
        if found is None:
            return None
        schema, at, namespace = found
        return self._object(schema, at, namespace)

    def _search(self) -> None:
        if self._found is None:
            self._found = {}
            for schema, at in type_places(self.document):
                for full, entry in definitions(schema, at, ""):
                    self._found.setdefault(full, entry)

    def _full_name(self, schema: dict[str, Any], at: str, namespace: str) -> str | None:
        name = schema.get("name")
        what = schema["type"]
        if name is None:
            self.report(MissingField(f"a schema of type {what}", '"name"', at=Where(at)))
            return None
        given = schema.get("namespace")
        if not isinstance(name, str) or not isinstance(given, str | None):
            self._wrong("name and namespace", "strings", name if not isinstance(name, str) else given, at)
            return None
        full = full_name(name, given, namespace)
        if not _FULL.match(full):
            self.report(BadName("type", show(full), at=Where(f"{at}/name")))
            return None
        return full

    # -- objects --

    def _object(self, schema: dict[str, Any], at: str, namespace: str) -> Type:
        kind = schema.get("type")
        if kind == "array":
            return self._container(schema, at, namespace, "items", Array)
        if kind == "map":
            return self._container(schema, at, namespace, "values", Map)
        if kind in _NAMED:
            return self._define(schema, at, namespace)
        if kind is None:
            self.report(MissingField("a schema", '"type"', at=Where(at)))
            return UNKNOWN
        return self.parse(kind, f"{at}/type", namespace)

    def _container(
        self, schema: dict[str, Any], at: str, namespace: str, key: str, make: Callable[[Type], Type]
    ) -> Type:
        if key not in schema:
            self.report(MissingField(f"a schema of type {schema['type']}", show(key), at=Where(at)))
            return UNKNOWN
        inside = self.parse(schema[key], f"{at}/{key}", namespace)
        return UNKNOWN if isinstance(inside, Unknown) else make(inside)

    def _define(self, schema: dict[str, Any], at: str, namespace: str) -> Type:
        full = self._full_name(schema, at, namespace)
        if full is None:
            return UNKNOWN
        first = self.places.get(full)
        if first == at:
            return self.named[full]
        if first is not None:
            return self._again(full, schema, at, first)
        self.places[full] = at
        return self._build(full, schema, at)

    def _again(self, full: str, schema: dict[str, Any], at: str, first: str) -> Type:
        """A second declaration: parsed on its own and compared."""
        mine = self.named[full]
        other = Schemas(self.document, lambda _: None, self.lenient)
        other.named = {k: v for k, v in self.named.items() if k != full}
        other.places = {k: v for k, v in self.places.items() if k != full}
        if _shape(other._define(schema, at, full.rpartition(".")[0])) != _shape(mine):
            self.report(TypeRedefined(show(full), first, at=Where(at)))
            return UNKNOWN
        return mine

    def _build(self, full: str, schema: dict[str, Any], at: str) -> Type:
        aliases = self._aliases(schema, full.rpartition(".")[0])
        match schema["type"]:
            case "record":
                record = Record(full, aliases=aliases)
                self.named[full] = record
                record.fields = self._fields(schema, at, full.rpartition(".")[0])
                if any(f.default is not MISSING for f in record.fields):
                    self.defaults.append((record, at))
                return record
            case "enum":
                made: Enum | Fixed = Enum(full, self._symbols(schema, at), aliases)
            case _:
                made = Fixed(full, self._size(schema, at), aliases)
        self.named[full] = made
        return made

    def _aliases(self, schema: dict[str, Any], namespace: str) -> tuple[str, ...]:
        given = schema.get("aliases", [])
        if not isinstance(given, list):
            return ()
        return tuple(full_name(a, None, namespace) for a in given if isinstance(a, str))

    def _fields(self, schema: dict[str, Any], at: str, namespace: str) -> tuple[Field, ...]:
        given = schema.get("fields")
        if not isinstance(given, list):
            if given is None:
                self.report(MissingField("a schema of type record", '"fields"', at=Where(at)))
            else:
                self._wrong("fields", "an array", given, f"{at}/fields")
            return ()
        fields: dict[str, Field] = {}
        for i, f in enumerate(given):
            made = self._field(f, f"{at}/fields/{i}", namespace)
            if made is None:
                continue
            if made.name in fields:
                self.report(BadSchema(f"field {show(made.name)} is declared twice", at=Where(f"{at}/fields/{i}")))
            fields[made.name] = made
        return tuple(fields.values())

    def _field(self, f: Any, at: str, namespace: str) -> Field | None:
        if not isinstance(f, dict):
            self._wrong("a field", "an object", f, at)
            return None
        name = f.get("name")
        if name is None or "type" not in f:
            missing = '"name"' if name is None else '"type"'
            self.report(MissingField("a field of a record", missing, at=Where(at)))
            return None
        if not isinstance(name, str):
            self._wrong("the name of a field", "a string", name, f"{at}/name")
            return None
        if not NAME.match(name) and not self.lenient:
            self.report(BadName("field", show(name), at=Where(f"{at}/name")))
        order = f.get("order", "ascending")
        if order not in ("ascending", "descending", "ignore"):
            self._wrong("order", '"ascending", "descending" or "ignore"', order, f"{at}/order")
            order = "ascending"
        aliases = f.get("aliases", [])
        names = tuple(a for a in aliases if isinstance(a, str)) if isinstance(aliases, list) else ()
        made = self.parse(f["type"], f"{at}/type", namespace)
        return Field(name, made, f.get("default", MISSING), order, names)

    def _symbols(self, schema: dict[str, Any], at: str) -> tuple[str, ...]:
        symbols = schema.get("symbols")
        if symbols is None:
            self.report(MissingField("a schema of type enum", '"symbols"', at=Where(at)))
            return ()
        if not isinstance(symbols, list) or not all(isinstance(s, str) for s in symbols):
            self._wrong("symbols", "an array of strings", symbols, f"{at}/symbols")
            return ()
        if len(set(symbols)) != len(symbols):
            self.report(BadSchema("a symbol of an enum is given twice", at=Where(f"{at}/symbols")))
        return tuple(symbols)

    def _size(self, schema: dict[str, Any], at: str) -> int:
        size = schema.get("size")
        if type(size) is int and 0 <= size <= _MAX_FIXED:
            return size
        if size is None:
            self.report(MissingField("a schema of type fixed", '"size"', at=Where(at)))
        else:
            self._wrong("size", f"an integer from 0 to {_MAX_FIXED}", size, f"{at}/size")
        return 0

    def _union(self, schema: list[Any], at: str, namespace: str) -> Type:
        if not schema:
            self.report(BadSchema("a union needs at least one type", at=Where(at)))
            return UNKNOWN
        made = [self.parse(s, f"{at}/{i}", namespace) for i, s in enumerate(schema)]
        tags: set[str] = set()
        for i, t in enumerate(made):
            if isinstance(t, Unknown):
                return UNKNOWN
            if isinstance(t, Union):
                self.report(BadSchema("a union may not immediately contain a union", at=Where(f"{at}/{i}")))
                return UNKNOWN
            if t.tag in tags:
                self.report(BadSchema(f"a union may not contain {t.tag} twice", at=Where(f"{at}/{i}")))
                return UNKNOWN
            tags.add(t.tag)
        return Union(tuple(made))

    def _wrong(self, what: str, expected: str, found: Any, at: str) -> None:
        self.report(WrongJson(what, expected, show(found), at=Where(at)))


def full_name(name: str, given: str | None, namespace: str) -> str:
    """Avro's full name: a dotted name carries its namespace, else the given one, else the enclosing one."""
    if "." in name:
        return name
    space = namespace if given is None else given
    return f"{space}.{name}" if space else name


def _shape(t: Type) -> str:
    """What makes two declarations of a name the same: structure, order and defaults."""
    if not isinstance(t, Record):
        return canonical(t)
    extra = [(f.name, f.order, f.default if f.default is not MISSING else "MISSING", 0) for f in t.fields]
    return f"{canonical(t)} {extra!r}"


def definitions(schema: Any, at: str, namespace: str) -> Iterator[tuple[str, tuple[dict[str, Any], str, str]]]:
    """Full name, and (object, pointer, enclosing namespace), of each named type declared inside a schema."""
    stack = [(schema, at, namespace)]
    while stack:
        node, place, space = stack.pop()
        if isinstance(node, list):
            stack += [(x, f"{place}/{i}", space) for i, x in enumerate(node)]
        if not isinstance(node, dict):
            continue
        kind = node.get("type")
        if kind in _NAMED and isinstance(node.get("name"), str):
            given = node.get("namespace")
            full = full_name(node["name"], given if isinstance(given, str) else None, space)
            yield full, (node, place, space)
            fields = node.get("fields")
            if kind == "record" and isinstance(fields, list):
                inner = full.rpartition(".")[0]
                stack += [
                    (f.get("type"), f"{place}/fields/{i}/type", inner)
                    for i, f in enumerate(fields)
                    if isinstance(f, dict)
                ]
        else:
            stack += [(node[k], f"{place}/{k}", space) for k in ("type", "items", "values") if k in node]


def type_places(document: Any) -> Iterator[tuple[Any, str]]:
    """Every schema of a document with its pointer: embedded data and literals' values are not searched."""
    if not isinstance(document, dict):
        return
    for key in ("input", "output"):
        if key in document:
            yield document[key], f"/{key}"
    for key in ("cells", "pools"):
        for name, spec in _items(document.get(key)):
            if isinstance(spec, dict) and "type" in spec:
                yield spec["type"], f"/{key}/{escape(name)}/type"
    stack = [(document[k], f"/{k}") for k in ("begin", "action", "end", "merge", "fcns") if k in document]
    while stack:
        node, at = stack.pop()
        if isinstance(node, list):
            stack += [(x, f"{at}/{i}") for i, x in enumerate(node)]
        elif isinstance(node, dict):
            skip: set[str] = set()
            for key in _type_keys(node):
                skip.add(key)
                yield node[key], f"{at}/{key}"
            if "type" in skip and "value" in node:
                skip.add("value")
            if "params" in node and "ret" in node and isinstance(node["params"], list):
                skip.add("params")
                for i, param in enumerate(node["params"]):
                    for name, t in _items(param):
                        yield t, f"{at}/params/{i}/{escape(name)}"
            stack += [(v, f"{at}/{escape(k)}") for k, v in node.items() if k not in skip]


def _type_keys(node: dict[str, Any]) -> Iterator[str]:
    if "type" in node and ("value" in node or "new" in node):
        yield "type"
    if "ret" in node and "params" in node:
        yield "ret"
    if "as" in node and ("named" in node or "upcast" in node):
        yield "as"


def _items(value: Any) -> list[tuple[str, Any]]:
    return [(k, v) for k, v in value.items() if k != "@"] if isinstance(value, dict) else []
