"""Forms that walk into a structure: dotted references, attr, attr-to, cells and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.generate.functions import function
from tests.generate.maker import CANNOT, Dict, Maker, Stored, makes
from tests.generate.types import INT, NULL, STRING, T, array, map_of
from tests.generate.values import USUAL

if TYPE_CHECKING:
    from tests.generate.scope import Place

Way = tuple[tuple[str, str], ...]
"""Steps: ("array", ""), ("map", "") or ("record", FIELD)."""


def inside(m: Maker, t: T) -> list[tuple[str, str, T]]:
    """The steps down from a value of `t`."""
    match t.kind:
        case "array" | "map":
            return [(t.kind, "", t.inner[0])]
        case "record":
            return [("record", n, f) for n, f in m.types.fields[t.name].items()]
        case _:
            return []


def ways(m: Maker, whole: T, want: T, depth: int = 3) -> list[Way]:
    """All ways from `whole` to a part of type `want`, of one step or more."""
    found: list[Way] = []
    for kind, name, t in inside(m, whole):
        if t == want:
            found.append(((kind, name),))
        if depth > 1:
            found += [((kind, name), *rest) for rest in ways(m, t, want, depth - 1)]
    return found


def some_way(m: Maker, whole: T) -> tuple[Way, T]:
    """A way of any length into a type, and the type at its end."""
    way: list[tuple[str, str]] = []
    t = whole
    while (steps := inside(m, t)) and (not way or m.chance(0.3)):
        kind, name, t = m.pick(steps)
        way.append((kind, name))
    return tuple(way), t


def key(m: Maker, place: Place) -> Any:
    """A key of a map: mostly one that is often there."""
    if m.chance(0.1):
        return m.exact(STRING, place.value())
    text = m.pick(USUAL if m.chance(0.9) else ("b", "x", "new"))
    return [text] if m.chance(0.5) else {"string": text}


def path(m: Maker, way: Way, place: Place) -> list[Any]:
    """A way as the value of "path"."""
    made: list[Any] = []
    for kind, name in way:
        if kind == "array":
            made.append(m.small(0, 1) if m.chance(0.9) else m.exact(INT, place.value()))
        elif kind == "map":
            made.append(key(m, place))
        else:
            made.append([name] if m.chance(0.5) else {"string": name})
    return made


@makes("dotted", 20, simple=True)
def dotted(m: Maker, t: T, p: Place) -> Any:
    found = [(n, w) for n, s in p.visible().items() for w in ways(m, s.type, t)]
    if not found:
        return CANNOT
    name, way = m.pick(found)
    steps = [
        n if kind == "record" else "0" if kind == "array" else m.pick(USUAL if m.chance(0.95) else ("a b", "if"))
        for kind, n in way
    ]
    return ".".join([name, *steps])


@makes("attr", 8)
def attr(m: Maker, t: T, p: Place) -> Any:
    found = [(n, w) for n, s in p.visible().items() for w in ways(m, s.type, t)]
    if found and m.chance(0.7):
        base, way = m.pick(found)
    else:
        records = [r for r in m.types.named if r.kind == "record" and t in m.types.fields[r.name].values()]
        whole = m.pick([array(t), map_of(t), *records, *records])
        way = m.pick(ways(m, whole, t, 1))
        base = m.exact(whole, p.value())
    return {"attr": base, "path": path(m, way, p)}


def update(m: Maker, t: T, p: Place) -> Any:
    """What stands after "to": a value, or a function of the old one."""
    if m.chance(0.5):
        return m.fits(t, p.value())
    m.counts["to function"] += 1
    wider = next((w for w in (T("double"), T("long")) if t == INT and m.chance(0.1)), t)
    return function(m, (wider,), t, p)


@makes("attr-to", 8, lambda t: t.kind in ("array", "map", "record"))
def attr_to(m: Maker, t: T, p: Place) -> Any:
    way, end = some_way(m, t)
    if not way:
        return CANNOT
    return {"attr": m.exact(t, p.value()), "path": path(m, way, p), "to": update(m, end, p)}


# -- cells and pools --


@makes("cell", 14, simple=True)
def cell(m: Maker, t: T, p: Place) -> Any:
    found: list[tuple[str, Way]] = [(n, ()) for n, c in m.cells.items() if c.type == t]
    found += [(n, w) for n, c in m.cells.items() for w in ways(m, c.type, t)]
    if not found:
        return CANNOT
    name, way = m.pick(found)
    made: Dict = {"cell": name}
    if way or m.chance(0.1):
        made["path"] = path(m, way, p)
    return made


def change(m: Maker, stored: Stored, p: Place) -> Any:
    """The update of a cell or a pool: no function in it changes another one."""
    if m.chance(0.5):
        return m.fits(stored.type, p.value())
    m.counts["to function"] += 1
    return function(m, (stored.type,), stored.type, p.update())


def _writes(m: Maker, p: Place) -> bool:
    if p.allowed.writes:
        m.writes = True
    return p.allowed.writes


@makes("cell-to", 7)
def cell_to(m: Maker, t: T, p: Place) -> Any:
    names = [n for n, c in m.cells.items() if c.type == t or (t == NULL and p.lets)]
    if not names or not _writes(m, p):
        return CANNOT
    name = m.pick(names)
    made: Dict = {"cell": name}
    if m.chance(0.4) and (found := some_way(m, m.cells[name].type))[0]:
        way, end = found
        made |= {"path": path(m, way, p), "to": change(m, Stored(end, False), p)}
    else:
        made["to"] = change(m, m.cells[name], p)
    return made if t == m.cells[name].type else {"do": [made, None]}


def item(m: Maker, pool: Stored, p: Place) -> Any:
    """The name of a pool's item, mostly of one that is there from the beginning."""
    return [m.pick(pool.keys)] if pool.keys and m.chance(0.9) else key(m, p)


@makes("pool", 20, simple=True)
def pool(m: Maker, t: T, p: Place) -> Any:
    found: list[tuple[str, Way]] = [(n, ()) for n, c in m.pools.items() if c.type == t]
    found += [(n, w) for n, c in m.pools.items() for w in ways(m, c.type, t)]
    if not found:
        return CANNOT
    name, way = m.pick(found)
    return {"pool": name, "path": [item(m, m.pools[name], p), *path(m, way, p)]}


@makes("pool-to", 10)
def pool_to(m: Maker, t: T, p: Place) -> Any:
    names = [n for n, c in m.pools.items() if c.type == t or (t == NULL and p.lets)]
    if not names or not _writes(m, p):
        return CANNOT
    name = m.pick(names)
    stored = m.pools[name]
    way, end = some_way(m, stored.type) if m.chance(0.3) else ((), stored.type)
    made = {
        "pool": name,
        "path": [item(m, stored, p), *path(m, way, p)],
        "to": change(m, Stored(end, False), p),
        "init": m.fits(stored.type, p.value()),
    }
    return made if t == stored.type else {"do": [made, None]}


@makes("pool-del", 14, lambda t: t == NULL)
def pool_del(m: Maker, t: T, p: Place) -> Any:
    if not m.pools or not _writes(m, p):
        return CANNOT
    name = m.pick(list(m.pools))
    return {"pool": name, "del": item(m, m.pools[name], p)}
