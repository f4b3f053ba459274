"""Functions as arguments, and calls of user functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.generate.maker import CANNOT, Dict, Function, Maker, makes
from tests.generate.types import DOUBLE, INT, NULL, STRING, T

if TYPE_CHECKING:
    from tests.generate.scope import Place

# Functions of the library that a reference may name, with their parameters: no wildcards, one signature.
REFERENCES: dict[str, tuple[dict[str, T], T]] = {
    "m.sqrt": ({"x": DOUBLE}, DOUBLE),
    "m.floor": ({"x": DOUBLE}, DOUBLE),
    "m.hypot": ({"x": DOUBLE, "y": DOUBLE}, DOUBLE),
    "m.log": ({"x": DOUBLE, "base": INT}, DOUBLE),
    "m.signum": ({"x": DOUBLE}, INT),
    "s.len": ({"s": STRING}, INT),
    "s.upper": ({"s": STRING}, STRING),
    "s.concat": ({"x": STRING, "y": STRING}, STRING),
    "s.contains": ({"haystack": STRING, "needle": STRING}, T("boolean")),
    "s.index": ({"haystack": STRING, "needle": STRING}, INT),
    "!": ({"x": T("boolean")}, T("boolean")),
    "bytes.encodeUtf8": ({"s": STRING}, T("bytes")),
    "bytes.len": ({"x": T("bytes")}, INT),
    "m.special.nChooseK": ({"n": INT, "k": INT}, INT),
}


def function(m: Maker, params: tuple[T, ...], ret: T, p: Place) -> Any:
    """A function argument of this type: inline, or a reference."""
    if m.chance(0.85):
        refs = _references(m, params, ret, p)
        if m.method == "emit" and params == (m.output,) and ret == NULL:
            refs.append(("emit", {}, []))
        if refs:
            filled = [ref for ref in refs if ref[2]]
            return _reference(m, *m.pick(filled if filled and m.chance(0.85) else refs), p)
    return inline(m, params, ret, p)


def inline(m: Maker, params: tuple[T, ...], ret: T, p: Place) -> Dict:
    m.counts["fcndef"] += 1
    inside = p.function()
    names: list[str] = []
    seen = [n for n, s in p.visible().items() if not s.fixed]
    for t in params:
        again = [n for n in seen if n not in names and n != "n"]
        name = m.pick(again) if again and m.chance(0.2) else inside.fresh(tuple(names))
        names.append(name)
        inside.declare(name, t)
    made = m.statements(inside, m.small(0, 1))
    made.append(m.fits(ret, inside))
    return {
        "params": [{n: m.types.schema(t)} for n, t in zip(names, params, strict=True)],
        "ret": m.types.schema(ret),
        "do": made if len(made) > 1 or isinstance(made[0], list) else made[0],
    }


Reference = tuple[str, dict[str, T], list[str]]
"""A function's name, its parameters, and those that are to be filled."""


def _references(m: Maker, params: tuple[T, ...], ret: T, p: Place) -> list[Reference]:
    """Functions that can be named where one of this type is wanted."""
    found = [(name, named, None) for name, (named, result) in REFERENCES.items() if result == ret]
    found += [(f"u.{n}", m.functions[n].params, m.functions[n]) for n in _callable(m, p, ret)]
    made: list[Reference] = []
    for name, named, user in found:
        filled = _fill(m, named, params, user is not None and user.recursive)
        if filled is not None and not (filled and m.fuel <= 0):
            made.append((name, named, filled))
    return made


def _fill(m: Maker, named: dict[str, T], open_: tuple[T, ...], recursive: bool) -> list[str] | None:
    """Which parameters to fill so that just these types are left; what counts down is always filled."""
    left = list(open_)
    filled: list[str] = []
    for i, (n, t) in enumerate(named.items()):
        needed = len(named) - i <= len(left)
        if left and left[0] == t and not (i == 0 and recursive) and (needed or m.chance(0.4)):
            left.pop(0)
        else:
            filled.append(n)
    return None if left else filled


def _reference(m: Maker, name: str, named: dict[str, T], filled: list[str], p: Place) -> Dict:
    user = m.functions[name[2:]] if name.startswith("u.") else None
    if user is not None:
        m.writes |= user.writes
    if not filled:
        m.counts["fcnref"] += 1
        return {"fcn": name}
    m.counts["fcnref fill"] += 1
    first = next(iter(named))
    return {
        "fcn": name,
        "fill": {
            n: m.small(0, 2) if user is not None and user.recursive and n == first else m.fits(named[n], p.value())
            for n in filled
        },
    }


def _callable(m: Maker, p: Place, t: T) -> list[str]:
    return [
        n
        for n, f in m.functions.items()
        if f.ret == t and n in p.allowed.callees and (p.allowed.writes or not f.writes)
    ]


def arguments(m: Maker, f: Function, p: Place, first: Any = None) -> list[Any]:
    """Arguments for a function; a recursion starts with a small number."""
    made = [m.fits(t, p.value()) if i or not f.recursive else None for i, t in enumerate(f.params.values())]
    if f.recursive:
        made[0] = m.small(0, 2) if first is None else first
    return made


@makes("user function", 25)
def user_call(m: Maker, t: T, p: Place) -> Any:
    mine = [n for n in p.allowed.myself if m.functions[n].ret == t]
    if mine and m.chance(0.8):
        name = m.pick(mine)
        m.counts["recursion"] += 1
        return {f"u.{name}": arguments(m, m.functions[name], p, {"-": ["n", 1]})}
    names = _callable(m, p, t)
    if not names:
        return CANNOT
    name = m.pick(names)
    f = m.functions[name]
    m.writes |= f.writes
    args = arguments(m, f, p)
    return {f"u.{name}": args[0] if len(args) == 1 and not isinstance(args[0], list) else args}


@makes("call", 120)
def dynamic_call(m: Maker, t: T, p: Place) -> Any:
    names = [n for n in _callable(m, p, t) if n in m.choices and p.allowed.callees.issuperset(m.choices[n][1])]
    if not names:
        return CANNOT
    enum, all_ = m.choices[m.pick(names)]
    if not p.allowed.writes and any(m.functions[n].writes for n in all_):
        return CANNOT
    m.writes |= any(m.functions[n].writes for n in all_)
    return {"call": m.exact(enum, p.value()), "args": arguments(m, m.functions[all_[0]], p)}


@makes("emit", 30, lambda t: t == NULL)
def emit(m: Maker, t: T, p: Place) -> Any:
    if m.method != "emit" or not p.allowed.emits:
        return CANNOT
    return {"emit": [m.fits(m.output, p.value())]}


@makes("map by reference", 14, lambda t: t.kind == "array")
def map_by_reference(m: Maker, t: T, p: Place) -> Any:
    """a.map of a function that exists, with all parameters but one filled."""
    found = [(name, named) for name, (named, ret) in REFERENCES.items() if ret == t.inner[0]]
    found += [(f"u.{n}", m.functions[n].params) for n in _callable(m, p, t.inner[0])]
    found = [(name, named) for name, named in found if len(named) > name.startswith("u.rec")]
    if not found or m.fuel <= 0:
        return CANNOT
    name, named = m.pick(found)
    open_ = list(named)[-1]
    ref = _reference(m, name, named, [n for n in named if n != open_], p)
    return {"a.map": [m.exact(T("array", inner=(named[open_],)), p.value()), ref]}
