"""Forms that branch, cast, construct and catch: whatever has a value and holds other expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.generate.maker import Dict, Maker, makes
from tests.generate.types import BYTES, DOUBLE, FLOAT, INT, LONG, NULL, NUMBERS, T, union
from tests.generate.values import count, keys

if TYPE_CHECKING:
    from tests.generate.scope import Place


def branch(m: Maker, t: T, p: Place, decides: bool) -> Any:
    """A branch of an expression of type `t`: one branch decides it, others may be narrower, or an error."""
    if not decides and m.chance(0.03):
        m.counts["error"] += 1
        return m.error()
    if not decides and m.chance(0.2):
        if t.kind in NUMBERS:
            return m.body(m.types.narrower(t), p)
        if t.kind == "union" and t.numbers < 2:
            return m.body(m.pick(t.inner), p)
    return m.body(t, p)


def branches(m: Maker, t: T, places: list[Place]) -> list[Any]:
    """A branch a place, whose narrowest supertype is `t`."""
    decides = m.r.randrange(len(places))
    return [branch(m, t, p, i == decides) for i, p in enumerate(places)]


@makes("do", 5, holds=True)
def do(m: Maker, t: T, p: Place) -> Any:
    return {"do": m.body(t, p, 3)}


@makes("if", 7, holds=True)
def if_else(m: Maker, t: T, p: Place) -> Any:
    condition = m.condition(p)
    then, orelse = branches(m, t, [p, p])
    return {"if": condition, "then": then, "else": orelse}


@makes("cond", 5, holds=True)
def cond_else(m: Maker, t: T, p: Place) -> Any:
    *cases, orelse = branches(m, t, [p] * (m.small(1, 3) + 1))
    return {"cond": [{"if": m.condition(p), "then": c} for c in cases], "else": orelse}


# -- casts --


def a_union(m: Maker, p: Place, null: bool = False) -> T:
    """A union, mostly one that a symbol or a cell has; with null among others where that is asked for."""
    seen = [s.type for s in p.visible().values()] + [c.type for c in m.cells.values()]
    found = [t for t in seen if t.kind == "union" and (t.nullable or not null)]
    if found and m.chance(0.7):
        return m.pick(found)
    t = m.types.union()
    if not null or t.nullable:
        return t
    rest = [b for b in t.inner if b != NULL] or [DOUBLE]
    return union(*rest, NULL)


def cases(m: Maker, whole: T, partial: bool) -> list[T]:
    """Types of cases that take all branches of a union, some two at a time; or some branches (`partial`)."""
    left = list(whole.inner)
    m.r.shuffle(left)
    made: list[T] = []
    if DOUBLE in left and whole.numbers > 1 and m.chance(0.5):
        made, left = [DOUBLE], [b for b in left if b.kind not in NUMBERS]  # it takes all numbers
    while left:
        size = 2 if len(left) > 2 and m.chance(0.3) else 1
        some, left = left[:size], left[size:]
        made.append(some[0] if size == 1 else T("union", inner=tuple(some)))
    if partial:
        return made[: m.small(1, len(made))]
    return made if len(made) > 1 else made * 2


def case(m: Maker, t: T, p: Place) -> tuple[str, Place]:
    """The symbol of a case, which may shadow one, and the place that sees it."""
    inside = p.block()
    name = m.pick(("it", "x", "y", "value", "z"))
    inside.declare(name, t)
    return name, inside


def cast_of(m: Maker, t: T, p: Place, partial: bool) -> Dict:
    if m.chance(0.1):
        whole = T(m.pick(NUMBERS))
        types = [whole, m.types.narrower(whole)]
    else:
        whole = a_union(m, p)
        types = cases(m, whole, partial)
    named = [case(m, c, p) for c in types]
    places = [inside for _, inside in named]
    bodies = [m.body(m.types.any(1), x) for x in places] if partial else branches(m, t, places)
    made: Dict = {
        "cast": m.exact(whole, p.value()),
        "cases": [
            {"as": m.types.schema(c), "named": n, "do": body}
            for c, (n, _), body in zip(types, named, bodies, strict=True)
        ],
    }
    if partial or m.chance(0.1):
        made["partial"] = partial
    return made


@makes("cast", 7, holds=True)
def cast(m: Maker, t: T, p: Place) -> Any:
    return cast_of(m, t, p, False)


@makes("upcast", 5)
def upcast(m: Maker, t: T, p: Place) -> Any:
    return {"upcast": m.exact(m.types.narrower(t), p.value()), "as": m.types.schema(t)}


def not_null(m: Maker, p: Place) -> tuple[Dict, Place]:
    """The symbols of an `ifnotnull`, and the place that sees them."""
    inside = p.block()
    made: Dict = {}
    for _ in range(m.pick((1, 1, 2))):
        whole = a_union(m, p, null=True)
        name = m.pick([n for n in ("it", "x", "y", "value", "z") if n not in made])
        made[name] = m.exact(whole, p.value())
        inside.declare(name, whole.without_null())
    return made, inside


@makes("ifnotnull", 7, holds=True)
def ifnotnull(m: Maker, t: T, p: Place) -> Any:
    symbols, inside = not_null(m, p)
    then, orelse = branches(m, t, [inside, p])
    return {"ifnotnull": symbols, "then": then, "else": orelse}


# -- binary --

_SPACE = ("", " ", "  ")
_PACKED: list[tuple[str, T]] = [
    ("pad", NULL), ("boolean", T("boolean")), ("byte", INT), ("int8", INT), ("unsigned byte", INT),
    ("short", INT), ("<int16", INT), ("little unsigned short", INT), ("int", INT), ("!int32", INT),
    ("big unsigned int", LONG), ("long", LONG), ("network long long", LONG), ("<int64", LONG),
    (">unsigned long", DOUBLE), ("float", FLOAT), ("little float32", FLOAT), ("double", DOUBLE),
    (" < double ", DOUBLE),
    ("raw 2", BYTES), ("raw4", BYTES),
    ("null terminated", BYTES), ("lengthprefixed", BYTES), ("length prefixed", BYTES),
]  # fmt: skip


def pack_of(m: Maker, formats: list[tuple[str, T]], p: Place) -> Dict:
    return {"pack": [{f: _packed(m, f, t, p)} for f, t in formats]}


def _packed(m: Maker, text: str, t: T, p: Place) -> Any:
    """A value that fits its format, mostly."""
    if m.chance(0.2) or t == NULL:
        return m.exact(t, p.value())
    if text.strip().startswith("raw"):
        return {"base64": {"2": "AAE=", "4": "AAEC/w=="}[text.strip()[-1]]}
    if t == BYTES:
        return {"base64": m.pick(("", "YWI=", "/w=="))}
    return m.small(0, 9) if t.kind in NUMBERS else m.chance(0.5)


@makes("pack", 16, lambda t: t == BYTES)
def pack(m: Maker, t: T, p: Place) -> Any:
    formats = [m.pick(_PACKED) for _ in range(m.small(1, 4))]
    made = pack_of(m, formats, p)
    if m.chance(0.2):
        made["pack"].append({"raw": m.fits(BYTES, p.value())})
    return made


def unpacked(m: Maker, p: Place) -> tuple[Dict, Place]:
    """`unpack` with its formats, mostly of bytes that have them, and the place that sees its symbols."""
    formats = [m.pick(_PACKED) for _ in range(m.small(1, 3))]
    data = pack_of(m, formats, p) if m.chance(0.6) else m.exact(BYTES, p.value())
    inside = p.block()
    listed: list[Dict] = []
    for text, t in formats:
        name = inside.fresh()
        inside.declare(name, t)
        listed.append({name: text})
    return {"unpack": data, "format": listed}, inside


@makes("unpack", 5, holds=True)
def unpack(m: Maker, t: T, p: Place) -> Any:
    made, inside = unpacked(m, p)
    then, orelse = branches(m, t, [inside, p])
    return {**made, "then": then, "else": orelse}


# -- constructors --


@makes("new", 9, lambda t: t.kind in ("array", "map", "record"))
def new(m: Maker, t: T, p: Place) -> Any:
    made: Any
    if t.kind == "array":
        made = [m.fits(t.inner[0], p.value()) for _ in range(count(m.r))]
    elif t.kind == "map":
        made = {k: m.fits(t.inner[0], p.value()) for k in keys(m.r)}
    else:
        fields = list(m.types.fields[t.name].items())
        m.r.shuffle(fields)
        made = {n: m.fits(f, p.value()) for n, f in fields}
    return {"new": made, "type": m.types.schema(t)}


# -- errors --


def filters(m: Maker, made: Dict) -> Dict:
    if m.chance(0.4):
        m.counts["try filter"] += 1
        some = ("too bad", "", "array index not found", -1, -2, 2000, 2001, 2009, 18000, 18001, 15020)
        made["filter"] = m.r.sample(some, m.small(0, 5))
    return made


@makes("try", 14, lambda t: t == NULL or (t.nullable and t.numbers < 2), holds=True)
def try_(m: Maker, t: T, p: Place) -> Any:
    inner = t if t == NULL or m.chance(0.1) else t.without_null()
    return filters(m, {"try": m.body(inner, p)})
