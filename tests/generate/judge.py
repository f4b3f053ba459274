"""Has a value its type?  Judged by fastavro and by a few lines here, not by the package under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fastavro
from fastavro.validation import validate

from tests.generate.values import branch, plain, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.generate.types import T, Types

_CLASSES = {
    "null": type(None), "boolean": bool, "int": int, "long": int, "float": float, "double": float,
    "string": str, "bytes": bytes, "fixed": bytes, "enum": str, "array": list, "map": dict, "record": dict,
}  # fmt: skip


def avro(types: Types, t: T) -> Any:
    """A parsed schema of its own for `t`, without namespaces, so that no rule about them matters."""
    return fastavro.parse_schema(_schema(types, t, set()))


def _schema(types: Types, t: T, seen: set[str]) -> Any:
    match t.kind:
        case "array":
            return {"type": "array", "items": _schema(types, t.inner[0], seen)}
        case "map":
            return {"type": "map", "values": _schema(types, t.inner[0], seen)}
        case "union":
            return [_schema(types, b, seen) for b in t.inner]
    if not t.name:
        return t.kind
    name = t.name.replace(".", "_")
    if name in seen:
        return name
    seen.add(name)
    made: dict[str, Any] = {"type": t.kind, "name": name}
    if t.kind == "enum":
        made["symbols"] = list(types.symbols[t.name])
    elif t.kind == "fixed":
        made["size"] = types.sizes[t.name]
    else:
        made["fields"] = [{"name": n, "type": _schema(types, f, seen)} for n, f in types.fields[t.name].items()]
    return made


def judge(types: Types, t: T) -> Callable[[Any, Any], str]:
    """What is wrong with an output, given tagged and natural; empty when nothing is."""
    schema = avro(types, t)

    def wrong(tagged: Any, natural: Any) -> str:
        if found := fault(types, t, tagged):
            return found
        if repr(plain(types, t, tagged)) != repr(natural):
            return f"tagged {tagged!r}, natural {natural!r}"
        if not validate(natural, schema, raise_errors=False):
            return f"fastavro finds that {natural!r} is no {t}"
        return ""

    return wrong


def fault(types: Types, t: T, v: Any) -> str:
    """The first part of a tagged value that does not have its type."""
    if t.kind == "union":
        if v is None:
            return "" if any(b.kind == "null" for b in t.inner) else f"null is no {t}"
        if type(v) is not dict or len(v) != 1:
            return f"{v!r} has no tag of {t}"
        [(tag, x)] = v.items()
        if tag == "null" or tag not in [b.tag for b in t.inner]:
            return f"{tag!r} is no tag of {t}"
        return fault(types, branch(t, tag), x)
    if type(v) is not _CLASSES[t.kind]:
        return f"{v!r} is no {t}"
    return _inside(types, t, v)


def _inside(types: Types, t: T, v: Any) -> str:
    match t.kind:
        case "int" | "long":
            bits = 31 if t.kind == "int" else 63
            return "" if -(1 << bits) <= v < 1 << bits else f"{v} is no {t}"
        case "float":
            return "" if v != v or v in (float("inf"), float("-inf")) or single(v) == v else f"{v!r} is no float"
        case "enum":
            return "" if v in types.symbols[t.name] else f"{v!r} is no {t}"
        case "fixed":
            return "" if len(v) == types.sizes[t.name] else f"{v!r} is no {t}"
        case "array":
            return next((f for x in v if (f := fault(types, t.inner[0], x))), "")
        case "map":
            if not all(type(k) is str for k in v):
                return f"a key of {v!r} is no string"
            return next((f for x in v.values() if (f := fault(types, t.inner[0], x))), "")
        case "record":
            fields = types.fields[t.name]
            if v.keys() != fields.keys():
                return f"{v!r} has not just the fields of {t}"
            return next((f for n, x in v.items() if (f := fault(types, fields[n], x))), "")
        case _:
            return ""
