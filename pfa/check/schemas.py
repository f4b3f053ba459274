"""Avro schemas of a document: names, namespaces, forward references, redeclarations.

Specification, "Type schemae in the PFA document".  A name may be used before (or outside of) the object that
defines it, so an unknown name makes `Schemas` search the whole document once for definitions.  The invariant:
one name is one type; a second declaration must say the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.check.problems import (
    DOTTED,
    WORD,
    BadLocator,
    BadName,
    BadSchema,
    MissingField,
    TypeRedefined,
    UnknownType,
    WrongJson,
    show,
)
from pfa.errors import Where
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
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pfa.check.hints import Hints
    from pfa.errors import Problem

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_FULL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_NAMED = ("record", "enum", "fixed")
_KINDS = ("array", "map", *_NAMED)
_MAX_FIXED = 1 << 28


def escape(key: str) -> str:
    """A key as a token of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


class Schemas:
    """Parses schemas into types; every problem goes to `report`."""

    def __init__(
        self,
        document: Any,
        report: Callable[[Problem], None],
        lenient_names: bool,
        hints: Hints,
        renamed: dict[str, str],
    ) -> None:
        self.document = document
        self.report = report
        self.lenient = lenient_names
        self.hints = hints
        self.renamed = renamed
        self.named: dict[str, Record | Enum | Fixed] = {}
        self.places: dict[str, str] = {}
        self.nameless = False  # a declaration has no name that is known: any unknown type may be that one
        self.broken: set[str] = set()  # names whose declaration is wrong: their values are not checked
        self.open: dict[str, list[tuple[str, Parts, str]]] = {}  # being made
        self.unknown: dict[UnknownType, list[str]] = {}  # with the full names that they may have
        self.defaults: list[tuple[Record, str]] = []
        self._found: dict[str, tuple[dict[str, Any], Place, str]] | None = None

    def parse(self, schema: Any, at: str, namespace: str = "") -> Type:
        """The type that a schema describes; UNKNOWN, with a problem reported, where it is none."""
        kind = schema.__class__
        if kind is str:
            return PRIMITIVE.get(schema) or self._reference(schema, at, namespace)
        if kind is dict:
            return self._object(schema, at, namespace)
        if kind is list:
            return self._union(schema, at, namespace)
        hint = '; the type is written "null"' if schema is None else ""
        self._wrong("a schema", "a string, object or array", schema, at, hint)
        self.nameless = True
        return UNKNOWN

    # -- names --

    def _reference(self, name: str, at: str, namespace: str) -> Type:
        for full in self._candidates(name, namespace):
            if full in self.broken:
                return UNKNOWN
            if found := self.named.get(full) or self._forward(full):
                return found
        self._search()
        known = [*PRIMITIVE, *dict.fromkeys([*self.named, *(self._found or ())]), *_KINDS]
        problem = UnknownType(show(name), self.hints.type(name, known), at=Where(at))
        self.unknown[problem] = self._candidates(name, namespace)
        self.report(problem)
        return UNKNOWN

    def _candidates(self, name: str, namespace: str) -> list[str]:
        return [name] if "." in name or not namespace else [f"{namespace}.{name}", name]

    def _forward(self, full: str) -> Type | None:
        """A definition that stands elsewhere in the document, parsed now."""
        self._search()
        found = (self._found or {}).get(full)
        if found is None:
            return None
        schema, place, namespace = found
        return self._object(schema, _pointer(place), namespace)

    def _search(self) -> None:
        if self._found is None:
            self._found = {}
            for schema, at in type_places(self.document):
                if schema.__class__ is not str:
                    for full, entry in definitions(schema, at, ""):
                        self._found.setdefault(full, entry)

    def _full_name(self, schema: dict[str, Any], at: str, namespace: str) -> str | None:
        name = schema.get("name")
        if name is None and (name := self._attribute(schema, "name", at)) is None:
            return None
        given = schema.get("namespace")
        if not isinstance(name, str):
            self._wrong("the name of a type", "a string", name, f"{at}/name")
            self.nameless = True
            return None
        if not isinstance(given, str | None):
            self._wrong("a namespace", "a string", given, f"{at}/namespace")
            return None
        full = full_name(name, given, namespace)
        if not _FULL.match(full) and full not in self.places:
            key = "name" if "." in name or not given else "namespace"
            self.report(BadName("type", show(full), DOTTED, at=Where(f"{at}/{key}")))
        return full

    # -- objects --

    def _object(self, schema: dict[str, Any], at: str, namespace: str) -> Type:
        if "@" in schema and not isinstance(schema["@"], str):
            self.report(BadLocator(show(schema["@"]), at=Where(f"{at}/@")))
        kind = schema.get("type")
        if kind == "array":
            return self._container(schema, at, namespace, "items", Array)
        if kind == "map":
            return self._container(schema, at, namespace, "values", Map)
        if kind in _NAMED:
            return self._define(schema, at, namespace)
        if kind is None:
            kind = self._attribute(schema, "type", at, "a schema")
            if kind is not None:
                return self._object({**schema, "type": kind}, at, namespace)
        made = UNKNOWN if kind is None else self.parse(kind, f"{at}/type", namespace)
        if not isinstance(made, Unknown):
            return made
        if isinstance(kind, str) and (near := self.hints.near(kind, _KINDS)):
            return self._object({**schema, "type": near}, at, namespace)
        if isinstance(name := schema.get("name"), str):
            self.broken.add(full_name(name, None, namespace))
        return UNKNOWN

    def _attribute(self, schema: dict[str, Any], key: str, at: str, what: str = "") -> Any:
        """What a schema must have, under a name that is nearly right if need be; None, and a problem, if it has not."""
        found = schema.get(key)
        if found is None:
            near = self.hints.near(key, [k for k in schema if k not in ("type", "name")])
            near = near or next((k for k in schema if {k, key} == {"items", "values"}), "")
            hint = f", found {show(near)}" if near else ""
            what = what or f"a schema of type {schema['type']}"
            self.report(MissingField(what, show(key), hint, at=Where(at)))
            self.nameless |= not near
            if near:
                self.renamed[f"{at}/{key}"] = escape(near)
                found = schema[near]
        return found

    def _container(
        self, schema: dict[str, Any], at: str, namespace: str, key: str, make: Callable[[Type], Type]
    ) -> Type:
        given = schema.get(key)
        if given is None:
            given = self._attribute(schema, key, at)
        inside = UNKNOWN if given is None else self.parse(given, f"{at}/{key}", namespace)
        return UNKNOWN if inside.__class__ is Unknown else make(inside)

    def _define(self, schema: dict[str, Any], at: str, namespace: str) -> Type:
        full = self._full_name(schema, at, namespace)
        if full is None:
            return UNKNOWN
        first = self.places.get(full)
        if full in self.broken and first is not None:
            return UNKNOWN
        if first == at:
            return self.named[full]
        if first is not None:
            return self._again(full, schema, at)
        self.places[full] = at
        return self._build(full, schema, at)

    def _again(self, full: str, schema: dict[str, Any], at: str) -> Type:
        """A second declaration: parsed like a first one, and compared once that is complete."""
        space = full.rpartition(".")[0]
        parts: Parts | None
        match schema["type"]:
            case "record":
                parts = self._fields(schema, at, space)
            case "enum":
                parts = self._symbols(schema, at)
            case _:
                parts = self._size(schema, at)
        if parts is None:
            return UNKNOWN
        if full in self.open:
            self.open[full].append((schema["type"], parts, at))
            return self.named[full]
        return self._compared(full, schema["type"], parts, at)

    def _compared(self, full: str, kind: str, parts: Parts, at: str) -> Type:
        mine = self.named[full]
        if _alike(mine, kind, parts):
            return mine
        self.report(TypeRedefined(show(full), self.places[full], at=Where(at)))
        self.broken.add(full)
        return UNKNOWN

    def _build(self, full: str, schema: dict[str, Any], at: str) -> Type:
        aliases = self._aliases(schema, full.rpartition(".")[0], at)
        made: Record | Enum | Fixed
        match schema["type"]:
            case "record":
                made = self.named[full] = Record(full, aliases=aliases)
                self.open[full] = []
                fields = self._fields(schema, at, full.rpartition(".")[0])
                made.fields = fields or ()
                again = self.open.pop(full)
                for kind, parts, place in again if fields is not None else []:
                    self._compared(full, kind, parts, place)
                if any([f.default is not MISSING for f in made.fields]):  # noqa: C419  a list is faster
                    self.defaults.append((made, at))
                sound = fields is not None
            case "enum":
                symbols = self._symbols(schema, at)
                made = self.named[full] = Enum(full, symbols or (), aliases)
                sound = symbols is not None
            case _:
                size = self._size(schema, at)
                made = self.named[full] = Fixed(full, size or 0, aliases)
                sound = size is not None
        if sound:
            return made
        self.broken.add(full)
        return UNKNOWN

    def _aliases(self, schema: dict[str, Any], namespace: str, at: str) -> tuple[str, ...]:
        if "aliases" not in schema:
            return ()
        return tuple(full_name(a, None, namespace) for a in self._alias_names(schema, at))

    def _alias_names(self, schema: dict[str, Any], at: str) -> list[str]:
        given = schema.get("aliases", [])
        if isinstance(given, list) and all(isinstance(a, str) for a in given):
            return given
        self._wrong("aliases", "an array of strings", given, f"{at}/aliases")
        return []

    def _fields(self, schema: dict[str, Any], at: str, namespace: str) -> tuple[Field, ...] | None:
        """The fields of a record; None where they are not what they must be."""
        given = schema.get("fields") or self._attribute(schema, "fields", at)
        if not isinstance(given, list):
            if given is not None:
                self._wrong("fields", "an array", given, f"{at}/fields")
            return None
        fields: dict[str, Field] = {}
        sound = True
        for i, f in enumerate(given):
            made = self._field(f, f"{at}/fields/{i}", namespace)
            if made is None:
                sound = False
                continue
            if made.name in fields:
                message = f"the field {show(made.name)} is declared twice"
                self.report(BadSchema(message, at=Where(f"{at}/fields/{i}/name")))
                sound = False
            fields[made.name] = made
        return tuple(fields.values()) if sound else None

    def _field(self, f: Any, at: str, namespace: str) -> Field | None:
        if f.__class__ is dict and len(f) == 2 and "type" in f:  # the commonest, without what may be beside it
            name = f.get("name")
            if name.__class__ is str and NAME.match(name) and f["type"] is not None:
                return Field(name, self.parse(f["type"], f"{at}/type", namespace))
        if not isinstance(f, dict):
            self._wrong("a field", "an object", f, at)
            return None
        if "@" in f and not isinstance(f["@"], str):
            self.report(BadLocator(show(f["@"]), at=Where(f"{at}/@")))
        name = self._attribute(f, "name", at, "a field of a record")
        given = self._attribute(f, "type", at, "a field of a record")
        if name is None or given is None:
            return None
        if not isinstance(name, str):
            self._wrong("the name of a field", "a string", name, f"{at}/name")
            return None
        if not NAME.match(name) and not self.lenient:
            self.report(BadName("field", show(name), f"{WORD} (Limits.lenient_names)", at=Where(f"{at}/name")))
        order = f.get("order", "ascending")
        if order not in ("ascending", "descending", "ignore"):
            self._wrong("order", '"ascending", "descending" or "ignore"', order, f"{at}/order")
            order = "ascending"
        made = self.parse(given, f"{at}/type", namespace)
        return Field(name, made, f.get("default", MISSING), order, tuple(self._alias_names(f, at)))

    def _symbols(self, schema: dict[str, Any], at: str) -> tuple[str, ...] | None:
        symbols = self._attribute(schema, "symbols", at)
        if symbols is None:
            return None
        if not isinstance(symbols, list):
            self._wrong("symbols", "an array of strings", symbols, f"{at}/symbols")
            return None
        for i, symbol in enumerate(symbols):
            if not isinstance(symbol, str):
                self._wrong("a symbol of an enum", "a string", symbol, f"{at}/symbols/{i}")
                return None
        seen: set[str] = set()
        for i, symbol in enumerate(symbols):
            if symbol in seen:
                message = f"the symbol {show(symbol)} of an enum is given twice"
                self.report(BadSchema(message, at=Where(f"{at}/symbols/{i}")))
            seen.add(symbol)
        return tuple(dict.fromkeys(symbols))

    def _size(self, schema: dict[str, Any], at: str) -> int | None:
        size = self._attribute(schema, "size", at)
        if type(size) is int and 0 <= size <= _MAX_FIXED:
            return size
        if size is not None:
            self._wrong("size", f"an integer from 0 to {_MAX_FIXED}", size, f"{at}/size")
        return None

    def _union(self, schema: list[Any], at: str, namespace: str) -> Type:
        if not schema:
            self.report(BadSchema("a union needs at least one type, found an empty array", at=Where(at)))
            return UNKNOWN
        made = [self.parse(s, f"{at}/{i}", namespace) for i, s in enumerate(schema)]
        tags: set[str] = set()
        for i, t in enumerate(made):
            if isinstance(t, Unknown):
                return UNKNOWN
            if isinstance(t, Union):
                message = "a union may not hold a union directly; put its types into this one"
                self.report(BadSchema(message, at=Where(f"{at}/{i}")))
                return UNKNOWN
            if t.tag in tags:
                twice = f"two {t.tag}s" if isinstance(t, Array | Map) else f"{t.tag} twice"
                message = f"a union may not hold {twice}"
                self.report(BadSchema(message, at=Where(f"{at}/{i}")))
                return UNKNOWN
            tags.add(t.tag)
        return Union(tuple(made))

    def _wrong(self, what: str, expected: str, found: Any, at: str, hint: str = "") -> None:
        self.report(WrongJson(what, expected, show(found), hint, at=Where(at)))


def full_name(name: str, given: str | None, namespace: str) -> str:
    """Avro's full name: a dotted name carries its namespace, else the given one, else the enclosing one."""
    if "." in name:
        return name
    space = namespace if given is None else given
    return f"{space}.{name}" if space else name


Parts: TypeAlias = "tuple[Field | str, ...] | int"
"""The fields of a record, the symbols of an enum, or the size of a fixed."""


def _alike(mine: Record | Enum | Fixed, kind: str, parts: Parts) -> bool:
    """Does a second declaration say the same: structure, order, defaults?  Types inside are told by name."""
    match mine:
        case Enum():
            return kind == "enum" and mine.symbols == parts
        case Fixed():
            return kind == "fixed" and mine.size == parts
    if kind != "record" or isinstance(parts, int) or len(mine.fields) != len(parts):
        return False
    return all(isinstance(g, Field) and _same_field(f, g) for f, g in zip(mine.fields, parts, strict=True))


def _same_field(f: Field, g: Field) -> bool:
    unknown = isinstance(f.type, Unknown) or isinstance(g.type, Unknown)  # that is a problem of its own
    return (
        f.name == g.name
        and f.order == g.order
        and (f.type == g.type or unknown)
        and repr(f.default) == repr(g.default)
    )


Place: TypeAlias = "str | tuple[Place, object]"
"""A pointer, or a place and a token below it: most places that a search comes by are never shown."""
Definition = tuple[str, tuple[dict[str, Any], Place, str]]
"""Full name, and (object, place, enclosing namespace)."""


def _pointer(place: Place) -> str:
    tokens: list[str] = []
    while not isinstance(place, str):
        place, token = place
        tokens.append(escape(str(token)))
    return "/".join([place, *reversed(tokens)])


def definitions(schema: Any, at: Place, namespace: str) -> Iterator[Definition]:
    """Each named type that is declared inside a schema, in document order."""
    stack = [(schema, at, namespace)]
    while stack:
        node, place, space = stack.pop()
        inside: list[tuple[Any, Place, str]] = []
        if node.__class__ is list:
            inside = [(x, (place, i), space) for i, x in enumerate(node) if x.__class__ in _HOLDS]
        elif node.__class__ is not dict:
            continue
        elif node.get("type") in _NAMED and isinstance(node.get("name"), str):
            given = node.get("namespace")
            full = full_name(node["name"], given if isinstance(given, str) else None, space)
            yield full, (node, place, space)
            fields = node.get("fields")
            inside = [
                (f["type"], (((place, "fields"), i), "type"), full.rpartition(".")[0])
                for i, f in enumerate(fields if isinstance(fields, list) else ())
                if isinstance(f, dict) and f.get("type").__class__ in _HOLDS
            ]
        else:
            inside = [(node[k], (place, k), space) for k in ("type", "items", "values") if k in node]
        stack += reversed(inside)


_HOLDS = frozenset((dict, list))


def type_places(document: Any) -> Iterator[tuple[Any, str]]:
    """Every schema of a document with its pointer: embedded data and literals' values are not searched."""
    for key in ("input", "output"):
        if key in document:
            yield document[key], f"/{key}"
    for key in ("cells", "pools"):
        for name, spec in _items(document.get(key)):
            if isinstance(spec, dict) and "type" in spec:
                yield spec["type"], f"/{key}/{escape(name)}/type"
    phases = ("fcns", "merge", "end", "action", "begin")
    stack: list[tuple[Any, Place]] = [(document[k], f"/{k}") for k in phases if k in document]
    while stack:
        node, place = stack.pop()
        inside: list[tuple[Any, Place]] = []
        if node.__class__ is list:
            inside = [(x, (place, i)) for i, x in enumerate(node) if x.__class__ in _HOLDS]
        elif node.__class__ is dict and len(node) == 1:  # it has no type beside anything
            inside = [(v, (place, k)) for k, v in node.items() if v.__class__ in _HOLDS]
        elif node.__class__ is dict:
            skip = set(_type_keys(node))
            if skip:
                at = _pointer(place)
                yield from [(node[key], f"{at}/{key}") for key in node if key in skip]
            if "params" in node and "ret" in node:
                skip.add("params")
                yield from _parameter_types(node["params"], _pointer(place))
            if "type" in skip and "value" in node:
                skip.add("value")
            inside = [(v, (place, k)) for k, v in node.items() if v.__class__ in _HOLDS and k not in skip]
        stack += reversed(inside)


def _parameter_types(params: Any, at: str) -> Iterator[tuple[Any, str]]:
    for i, param in enumerate(params if isinstance(params, list) else ()):
        for name, schema in _items(param):
            yield schema, f"{at}/params/{i}/{escape(name)}"


def _type_keys(node: dict[str, Any]) -> Iterator[str]:
    if "type" in node and ("value" in node or "new" in node):
        yield "type"
    if "ret" in node and "params" in node:
        yield "ret"
    if "as" in node and ("named" in node or "upcast" in node):
        yield "as"


def _items(value: Any) -> list[tuple[str, Any]]:
    return [(k, v) for k, v in value.items() if k != "@"] if isinstance(value, dict) else []
