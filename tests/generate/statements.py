"""Forms that are done for what they do: their value is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.generate.forms import cast_of, not_null, unpacked
from tests.generate.maker import CANNOT, Dict, Maker, makes
from tests.generate.paths import path, some_way
from tests.generate.types import INT, NULL, STRING, T, array, map_of

if TYPE_CHECKING:
    from tests.generate.scope import Place


def nothing(t: T) -> bool:
    return t == NULL


def block(m: Maker, p: Place, count: int = 3) -> Any:
    """An array of expressions, or one, for what they do."""
    return _block_in(m, p.block(), count)


def _block_in(m: Maker, inside: Place, count: int) -> Any:
    made = m.statements(inside, m.small(1, count)) or [None]
    return made[0] if len(made) == 1 and not isinstance(made[0], list) and m.chance(0.6) else made


@makes("let", 60, nothing)
def let(m: Maker, t: T, p: Place) -> Any:
    if not p.lets:
        return CANNOT
    made: Dict = {}
    types: dict[str, T] = {}
    for _ in range(m.pick((1, 1, 1, 2))):
        name = p.fresh(tuple(made))
        types[name] = m.types.any(2)
        made[name] = m.exact(types[name], p.value())
    for name, type_ in types.items():
        p.declare(name, type_)
    return {"let": made}


@makes("set", 50, nothing)
def set_(m: Maker, t: T, p: Place) -> Any:
    found = p.writable()
    if not found:
        return CANNOT
    names = m.r.sample(list(found), min(len(found), m.pick((1, 1, 1, 2))))
    return {"set": {n: m.fits(found[n].type, p.value()) for n in names}}


@makes("if without else", 10, nothing, holds=True)
def if_(m: Maker, t: T, p: Place) -> Any:
    return {"if": m.condition(p), "then": block(m, p)}


@makes("cond without else", 8, nothing)
def cond(m: Maker, t: T, p: Place) -> Any:
    return {"cond": [{"if": m.condition(p), "then": block(m, p, 2)} for _ in range(m.small(1, 3))]}


@makes("cast partial", 10, nothing)
def cast_partial(m: Maker, t: T, p: Place) -> Any:
    return cast_of(m, NULL, p, True)


@makes("ifnotnull without else", 8, nothing)
def ifnotnull(m: Maker, t: T, p: Place) -> Any:
    symbols, inside = not_null(m, p)
    return {"ifnotnull": symbols, "then": _block_in(m, inside, 2)}


@makes("unpack without else", 8, nothing)
def unpack(m: Maker, t: T, p: Place) -> Any:
    made, inside = unpacked(m, p)
    return {**made, "then": _block_in(m, inside, 2)}


@makes("log", 10, nothing)
def log(m: Maker, t: T, p: Place) -> Any:
    made = [m.exact(m.types.any(1), p.value()) for _ in range(m.small(1, 2))]
    one = len(made) == 1 and not isinstance(made[0], list) and m.chance(0.5)
    found: Dict = {"log": made[0] if one else made}
    if m.chance(0.3):
        found["namespace"] = m.pick(("debug", "", "a.b"))
    return found


@makes("doc", 6, nothing)
def doc(m: Maker, t: T, p: Place) -> Any:
    return {"doc": m.pick(("", "why", "é"))}


# -- loops --


@makes("while", 9, nothing, holds=True)
def while_(m: Maker, t: T, p: Place) -> Any:
    return _counted(m, p, False)


@makes("do-until", 9, nothing, holds=True)
def until(m: Maker, t: T, p: Place) -> Any:
    return _counted(m, p, True)


def _counted(m: Maker, p: Place, post: bool) -> Any:
    """A loop over a counter that stands before it, in a block of their own."""
    if p.allowed.loops <= 0 and not m.tower:
        return CANNOT
    outer = p.block()
    name = outer.fresh()
    outer.declare(name, INT, fixed=True)
    inside = outer.loop()
    body = [*m.statements(inside, m.small(1, 2)), {"set": {name: {"+": [name, 1]}}}]
    limit = m.small(0, 3) if not m.tower else 1
    test: Any = {">=" if post else "<": [name, limit]}
    if m.chance(0.3):
        test = {"||" if post else "&&": [test, m.condition(outer.value())]}
    loop = {"do": body, "until": test} if post else {"while": test, "do": body}
    return {"do": [{"let": {name: 0}}, loop]}


@makes("for", 9, nothing, holds=True)
def for_(m: Maker, t: T, p: Place) -> Any:
    if p.allowed.loops <= 0 and not m.tower:
        return CANNOT
    outer = p.loop()
    name = outer.fresh()
    start: Dict = {name: 0}
    step: Dict = {name: {"+": [name, 1]}}
    outer.declare(name, INT, fixed=True)
    if m.chance(0.3):
        other, type_ = outer.fresh(), m.types.any(1)
        start[other] = m.exact(type_, p.value())
        outer.declare(other, type_)
        step[other] = m.fits(type_, outer.value())
    test = {"<": [name, m.small(0, 3) if not m.tower else 1]}
    return {"for": start, "while": test, "step": step, "do": block(m, outer, 2)}


@makes("foreach", 18, nothing, holds=True)
def foreach(m: Maker, t: T, p: Place) -> Any:
    if p.allowed.loops <= 0 and not m.tower:
        return CANNOT
    items = m.types.any(1)
    over = m.exact(array(items), p.value())
    seq = m.pick((None, True, False))
    inside = p.loop()
    inside.sealed = seq is False
    name = inside.fresh()
    inside.declare(name, items)
    made: Dict = {"foreach": name, "in": over, "do": _block_in(m, inside, 2)}
    if seq is not None:
        m.counts[f"foreach seq {seq}"] += 1
        made["seq"] = seq
    return made


@makes("forkey-forval", 9, nothing, holds=True)
def forkey(m: Maker, t: T, p: Place) -> Any:
    if p.allowed.loops <= 0 and not m.tower:
        return CANNOT
    values = m.types.any(1)
    over = m.exact(map_of(values), p.value())
    inside = p.loop()
    key = inside.fresh()
    inside.declare(key, STRING)
    value = inside.fresh()
    inside.declare(value, values)
    return {"forkey": key, "forval": value, "in": over, "do": _block_in(m, inside, 2)}


@makes("do of an error", 7, nothing)
def ends_in_error(m: Maker, t: T, p: Place) -> Any:
    """A block that ends in an error has the type null."""
    m.counts["error"] += 1
    return {"do": [*m.statements(p.block(), 1), m.error()]}


CHANGED = -999  # the code of an error that says that a value is not what it was


@makes("unchanged", 20, nothing)
def unchanged(m: Maker, t: T, p: Place) -> Any:
    """A value that a symbol or a cell had is the same after something else was computed."""
    inside = p.block()
    steps: list[Any] = []
    names = [n for n, s in inside.visible().items() if s.type.kind in ("array", "map", "record", "union")]
    cells = [c for c, s in m.cells.items() if p.allowed.writes and s.type.kind in ("array", "map", "record")]
    if not names and not cells:
        return CANNOT
    if cells and (not names or m.chance(0.5)):
        name, cell = inside.fresh(), m.pick(cells)
        steps.append({"let": {name: {"cell": cell}}})
        inside.declare(name, m.cells[cell].type, fixed=True)
        base: Dict = {"cell": cell}
        m.writes = True
    else:
        name = m.pick(names)
        base = {"attr": name}
    text = inside.fresh()
    inside.declare(text, STRING, fixed=True)
    steps.append({"let": {text: {"cast.json": name}}})
    way, end = some_way(m, inside.visible()[name].type)
    if way and m.chance(0.8):
        new = {**base, "path": path(m, way, inside), "to": m.fits(end, inside.value())}
        steps.append({"try": {"log": [new]}})
    else:
        steps.append({"log": [m.exact(m.types.any(2), inside.value())]})
    differs = {"!=": [text, {"cast.json": name}]}
    return {"do": [*steps, {"if": differs, "then": {"error": "a value changed", "code": CHANGED}}]}
