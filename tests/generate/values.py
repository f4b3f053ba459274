"""Random values of a type, with unions tagged: `{"int": 3}`, null bare, bytes as bytes.

A field with a default may be missing.  `embedded` is a value as Avro JSON, `natural` as a caller gives it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from tests.generate.types import T, Types

_BITS = {"int": 31, "long": 63}
_STRINGS = (
    "",
    "a",
    "b",
    "ab",
    "red",
    "x.y",
    "é",
    "日本",
    "\U0001f600",
    "12",
    "-3.5",
    "true",
    "a,b",
    "x" * 40,
    '"\\\n',
)
_KEYS = ("a", "b", "k", "x", "", "int", "é", "a b", "0", "red")
USUAL = ("a", "k")
_DOUBLES = (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, 100.0, 1e-3, 1e300, -1e300, 5e-324, 1.7976931348623157e308, 0.1)
_WILD = (float("nan"), float("inf"), float("-inf"))


def number(r: Random, kind: str, wild: float = 0.0) -> int | float:
    """A number; mostly small, sometimes at the edge of its type, with a chance of `wild` not finite."""
    if kind in _BITS:
        roll = r.random()
        if roll < 0.85:
            return r.randint(-3, 10)
        edge = 1 << _BITS[kind]
        return r.choice((edge - 1, -edge, r.randrange(-edge, edge), 1 << (_BITS[kind] - 1)))
    if r.random() < wild:
        return r.choice(_WILD)
    x = r.choice(_DOUBLES) if r.random() < 0.4 else round(r.uniform(-20.0, 20.0), 2)
    if kind == "double":
        return x
    return single(x) if abs(x) < 1e38 else single(3e38)


def single(x: float) -> float:
    """`x` rounded to single precision."""
    return float(struct.unpack("f", struct.pack("f", x))[0])


def text(r: Random) -> str:
    return r.choice(_STRINGS) if r.random() < 0.8 else "".join(r.choice("abcxyz 019") for _ in range(r.randint(0, 8)))


def octets(r: Random, size: int = -1) -> bytes:
    size = r.choice((0, 1, 2, 4, 8)) if size < 0 else size
    return bytes(r.choice((0, 1, 65, 97, 127, 128, 255, r.randrange(256))) for _ in range(size))


def value(types: Types, t: T, depth: int = 3, wild: float = 0.0) -> Any:
    """A random value of a type; below `depth` what can be empty is."""
    r = types.r
    match t.kind:
        case "null":
            return None
        case "boolean":
            return r.random() < 0.5
        case "int" | "long" | "float" | "double":
            return number(r, t.kind, wild)
        case "string":
            return text(r)
        case "bytes":
            return octets(r)
        case "fixed":
            return octets(r, types.sizes[t.name])
        case "enum":
            return r.choice(types.symbols[t.name])
        case "array":
            return [value(types, t.inner[0], depth - 1, wild) for _ in range(count(r, depth))]
        case "map":
            wanted = keys(r) if depth > 0 else []
            wanted += ["@"] if wild and r.random() < 0.02 else []  # in documents it would be a locator mark
            return {k: value(types, t.inner[0], depth - 1, wild) for k in wanted}
        case "record":
            return {
                n: value(types, f, depth - 1, wild)
                for n, f in types.fields[t.name].items()
                if (t.name, n) not in types.defaults or r.random() < 0.7
            }
        case _:
            return _of_union(types, t, depth, wild)


def count(r: Random, depth: int = 1) -> int:
    """How many items an array has: mostly some, so that programs find them."""
    return 0 if depth <= 0 else r.choice((2, 3)) if r.random() < 0.9 else r.choice((0, 1, 5))


def keys(r: Random) -> list[str]:
    """The keys of a map: mostly the usual two, so that programs find them."""
    roll = r.random()
    if roll < 0.75:
        return list(USUAL)
    made = r.sample(_KEYS, r.randint(0, 3))
    return [*USUAL, *(k for k in made if k not in USUAL)] if roll < 0.9 else made


def _of_union(types: Types, t: T, depth: int, wild: float) -> Any:
    flat = [b for b in t.inner if b.kind != "record"]
    branch = types.r.choice(flat if flat and depth <= 0 else t.inner)
    return None if branch.kind == "null" else {branch.tag: value(types, branch, depth - 1, wild)}


def embedded(types: Types, t: T, v: Any) -> Any:
    """A value in Avro's JSON encoding."""
    match t.kind:
        case "bytes" | "fixed":
            return v.decode("latin-1")
        case "array":
            return [embedded(types, t.inner[0], x) for x in v]
        case "map":
            return {k: embedded(types, t.inner[0], x) for k, x in v.items()}
        case "record":
            return {n: embedded(types, types.fields[t.name][n], x) for n, x in v.items()}
        case "union" if v is not None:
            [(tag, x)] = v.items()
            return {tag: embedded(types, branch(t, tag), x)}
        case _:
            return v


def branch(t: T, tag: str) -> T:
    """The branch of a union that a tag names."""
    return next(b for b in t.inner if b.tag == tag)


def plain(types: Types, t: T, v: Any) -> Any:
    """A value without the tags of its unions."""
    match t.kind:
        case "array":
            return [plain(types, t.inner[0], x) for x in v]
        case "map":
            return {k: plain(types, t.inner[0], x) for k, x in v.items()}
        case "record":
            return {n: plain(types, types.fields[t.name][n], x) for n, x in v.items()}
        case "union" if v is not None:
            [(tag, x)] = v.items()
            return plain(types, branch(t, tag), x)
        case _:
            return v


def natural(types: Types, t: T, v: Any) -> Any:
    """A value as a caller gives it to an engine with natural unions: mostly a tag only where it must be."""
    match t.kind:
        case "array":
            return [natural(types, t.inner[0], x) for x in v]
        case "map":
            return {k: natural(types, t.inner[0], x) for k, x in v.items()}
        case "record":
            return {n: natural(types, types.fields[t.name][n], x) for n, x in v.items()}
        case "union" if v is not None:
            [(tag, x)] = v.items()
            b = branch(t, tag)
            made = natural(types, b, x)
            alone = sum(c.host == b.host for c in t.inner) == 1
            tagged = isinstance(made, dict) and any(k in made for k in (c.tag for c in t.inner))
            return made if alone and not tagged and types.r.random() < 0.8 else {tag: made}
        case _:
            return v
