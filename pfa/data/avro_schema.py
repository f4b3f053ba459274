"""Schemas of Avro files: text to types, the canonical form, and the fingerprint that stands for a schema.

Place in the pipeline: under the readers of Avro.  A file's schema comes from anybody, so its size and nesting are
bounded before anything is made of it.  Logical types are their base types (Avro says that a reader that does not
know one shall ignore it, and PFA knows none).
Specification: Avro 1.12, "Schema Declaration", "Transforming into Parsing Canonical Form", "Schema Fingerprints".
"""

from __future__ import annotations

from dataclasses import dataclass
from json import dumps
from typing import Any, ClassVar

from pfa.check.hints import Hints
from pfa.check.problems import BadName
from pfa.check.schemas import Schemas
from pfa.errors import PfaDataError, PfaError, Problem, Where
from pfa.limits import Limits, make_room
from pfa.read.json import parse
from pfa.types import Array, Enum, Fixed, Map, Record, Type, Union, to_avro


@dataclass(frozen=True, slots=True)
class NoSchema(Problem):
    """A schema that cannot be understood."""

    says: ClassVar[str] = "the schema of the Avro data is wrong: {p.message}"
    message: str


DEFAULT = Limits()
_MOST = 100_000  # types in a file's schema: records of 30,000 fields; what is compiled from more takes minutes
_DEEP = 20  # levels for which there is room always
_EMPTY = 0xC15D213AA4D7A795  # the polynomial of CRC-64-AVRO


def read_schema(text: bytes | str, limits: Limits, file: str = "") -> Type:
    """The type of a schema's JSON text; PfaDataError if it is none or is larger or deeper than allowed."""
    try:
        found = text if isinstance(text, str) else text.decode("utf-8")
        if found.strip().isidentifier():  # some writers leave the quotes of "int" away
            found = dumps(found.strip())
        schema = parse(found, "", limits).value
    except UnicodeDecodeError:
        raise _no_schema("it is not UTF-8", file) from None
    except PfaError as error:
        raise _no_schema(error.problems[0].text, file) from None
    return schema_type(schema, limits, file)


def schema_type(schema: Any, limits: Limits = DEFAULT, file: str = "") -> Type:
    """The type of a schema given as JSON values; PfaDataError if it is none."""
    count, depth = _survey(schema)
    if count > _MOST:
        raise _no_schema(f"it has more than {_MOST:,} types and fields", file)
    if depth > limits.nesting:
        raise _no_schema(f"it nests more than {limits.nesting} deep (Limits.nesting)", file)
    if depth > _DEEP:
        make_room(depth)
    problems: list[Problem] = []
    schemas = Schemas({"input": schema}, problems.append, True, Hints(), {})
    try:
        t = schemas.parse(schema, "")
    except RecursionError:
        raise _no_schema("it nests too deep", file) from None
    schemas.report = _ignore  # breaks the circle, so that all of this is freed at once
    wrong = [p for p in problems if not p.warning and not isinstance(p, BadName)]
    if wrong:
        raise _no_schema(f"{wrong[0].at.pointer or '/'}: {wrong[0].text}", file)
    return t


def _ignore(problem: Problem) -> None:
    pass


def _no_schema(message: str, file: str) -> PfaDataError:
    problem = NoSchema(message, at=Where("", 0, 0, file))
    return PfaDataError(problem)


def _survey(schema: Any) -> tuple[int, int]:
    """How many types and fields a schema has, and how deep they are in one another."""
    count = depth = 0
    level = [schema]
    while level:
        count += len(level)
        depth += 1
        level = [x for node in level for x in _inside(node)]
    return count, depth


def _inside(node: Any) -> list[Any]:
    """What may hold types, and the types of a union, whatever the nodes are."""
    if isinstance(node, list):
        return node
    if isinstance(node, dict):
        return [x for k, x in node.items() if k != "symbols" and isinstance(x, dict | list)]
    return []


def schema_of(t: Type) -> Any:
    """The schema of a type as JSON values, for a file's header: names keep their namespaces where they are nested."""
    return _spaced(to_avro(t), "")


def _spaced(schema: Any, space: str) -> Any:
    """A name without a namespace inside one that has one would be taken for one of its namespace."""
    if isinstance(schema, list):
        return [_spaced(s, space) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {k: _spaced(v, space) if k in ("items", "values") else v for k, v in schema.items()}
    if "name" in out:
        own = out["name"].rpartition(".")[0]
        if not own and space:
            out["namespace"] = ""
        if "fields" in out:
            out["fields"] = [{**f, "type": _spaced(f["type"], own)} for f in out["fields"]]
    return out


def canonical_form(t: Type) -> str:
    """The parsing canonical form of a type's schema."""
    return _canonical(t, set())


def _canonical(t: Type, seen: set[str]) -> str:
    match t:
        case Array(items):
            return f'{{"type":"array","items":{_canonical(items, seen)}}}'
        case Map(values):
            return f'{{"type":"map","values":{_canonical(values, seen)}}}'
        case Union(branches):
            return f"[{','.join(_canonical(b, seen) for b in branches)}]"
        case Record() | Enum() | Fixed() if t.name not in seen:
            seen.add(t.name)
            return f'{{"name":{_text(t.name)},{_named(t, seen)}}}'
        case _:
            return _text(t.tag)


def _named(t: Record | Enum | Fixed, seen: set[str]) -> str:
    match t:
        case Enum(_, symbols):
            return f'"type":"enum","symbols":[{",".join(map(_text, symbols))}]'
        case Fixed(_, size):
            return f'"type":"fixed","size":{size}'
        case _:
            fields = (f'{{"name":{_text(f.name)},"type":{_canonical(f.type, seen)}}}' for f in t.fields)
            return f'"type":"record","fields":[{",".join(fields)}]'


def _text(name: str) -> str:
    return dumps(name, ensure_ascii=False)


def _crc_table() -> tuple[int, ...]:
    table = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (_EMPTY & -(i & 1))
        table.append(i)
    return tuple(table)


_TABLE = _crc_table()


def fingerprint(t: Type) -> bytes:
    """The CRC-64-AVRO of the canonical form, the low byte first, as single-object encoding has it."""
    crc = _EMPTY
    for byte in canonical_form(t).encode("utf-8"):
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 255]
    return crc.to_bytes(8, "little")
