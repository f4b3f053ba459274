"""Whole documents: types, cells, pools, functions, phases, and data for them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.generate import forms, functions, library, paths, statements, values  # noqa: F401  they register forms
from tests.generate.functions import user_call
from tests.generate.maker import CANNOT, Dict, Function, Maker, Stored
from tests.generate.scope import Allowed, Place
from tests.generate.types import INT, LONG, NULL, STRING, T, Types, map_of

if TYPE_CHECKING:
    from random import Random

_CELLS = ("n", "model", "x", "last", "table")
_POOLS = ("by_name", "seen", "x")
_FUNCTIONS = ("f", "g", "help.me", "x", "h")


@dataclass(frozen=True)
class Program:
    """A document and what to do with it.

    `variant` is the same program with forms around some expressions that change nothing.  `data`: inputs with
    unions tagged; `tallies`: pairs to merge; `calls`: functions and arguments; `uses` names what a new engine would
    do otherwise than one that goes on ("begin", "counters", "random").
    """

    document: Dict
    variant: Dict
    types: Types
    method: str
    input: T
    output: T
    data: list[Any]
    tallies: list[tuple[Any, Any]]
    calls: list[tuple[str, list[Any]]]
    functions: dict[str, Function]
    counts: Counter[str]
    shapes: Counter[str]
    shared: bool
    uses: frozenset[str]


def program(r: Random, size: int = 160) -> Program:
    """A random program of about `size` expressions."""
    types = Types(r)
    types.invent()
    method = r.choice(("map", "map", "map", "emit", "emit", "fold"))
    m = Maker(r, types, method, types.any(2), size)
    _storage(m)
    _functions(m)
    return _Document(m).program()


def _storage(m: Maker) -> None:
    for name in m.r.sample(_CELLS, m.r.randint(1, 3)):
        m.cells[name] = Stored(m.types.any(2), m.chance(0.15))
    for name in m.r.sample(_POOLS, m.r.randint(0, 2)):
        keys = tuple(m.r.sample(("a", "b", "k", ""), m.r.randint(0, 3)))
        m.pools[name] = Stored(m.types.any(2), m.chance(0.15), keys)


def _functions(m: Maker) -> None:
    """Signatures; those of a group that `call` chooses from have the same parameters."""
    for name in m.r.sample(_FUNCTIONS, m.r.randint(1, 2)):
        m.functions[name] = Function(*_signature(m))
    if m.chance(0.5):
        for name in ("rec", "rec2")[: m.r.randint(1, 2)]:
            m.functions[name] = Function({"n": INT, **_parameters(m, 1)}, m.types.any(1), recursive=True)
    if m.chance(0.6):
        params, ret = _parameters(m), m.types.any(1)
        names = tuple(f"choice{i}" for i in range(m.r.randint(1, 3)))
        enum = T("enum", "Choice")
        m.types.symbols[enum.name] = names
        m.types.named.append(enum)
        for name in names:
            m.functions[name] = Function(params, ret)
            m.choices[name] = (enum, names)


def _signature(m: Maker) -> tuple[dict[str, T], T]:
    """Parameters and result, mostly such that a function of the library can take it as a callback."""
    a, b, boolean = m.types.any(1), m.types.any(1), T("boolean")
    callbacks = [
        ({"x": a}, boolean),
        ({"x": a}, b),
        ({"x": a, "y": a}, a),
        ({"x": a, "y": a}, boolean),
        ({"x": a}, a),
    ]
    if m.chance(0.6):
        params, ret = m.pick(callbacks)
        return params if m.chance(0.25) else {**params, "more": m.types.any(1)}, ret
    return _parameters(m), m.types.any(2)


def _parameters(m: Maker, least: int = 0) -> dict[str, T]:
    names = m.r.sample(("x", "y", "p", "input"), m.r.randint(least, 2))
    return {n: m.types.any(1) for n in names}


class _Document:
    def __init__(self, m: Maker) -> None:
        self.m = m
        self.share = m.fuel // 3
        self.done: frozenset[str] = frozenset()

    def program(self) -> Program:
        m, types = self.m, self.m.types
        input = types.any(2)
        defined = self.functions()
        document = self.phases(input)
        document |= {"method": m.method} if m.method != "map" or m.chance(0.2) else {}
        document |= {"input": types.schema(input), "output": types.schema(m.output), "fcns": defined}
        document |= self.storage()
        document |= self.about()
        if m.method == "fold":
            document["zero"] = values.embedded(types, m.output, self.value(m.output))
        if "random" in m.uses or m.chance(0.3):
            document["randseed"] = m.r.randint(-5, 1 << 40)
        written, variant = self.written(document), self.written(self.wrapped(document))
        text = json.dumps(written)
        if "actionsStarted" in text or "actionsFinished" in text:
            m.uses.add("counters")
        if "begin" in written:
            m.uses.add("begin")
        shared = any(s.shared for s in (*m.cells.values(), *m.pools.values()))
        return Program(
            written, variant, types, m.method, input, m.output, [self.value(input, 0.03) for _ in range(4)],
            [(self.value(m.output), self.value(m.output))] if m.method == "fold" else [], self.calls(),
            m.functions, m.counts, self.shapes(input), shared, frozenset(m.uses),
        )  # fmt: skip

    def written(self, document: Dict) -> Dict:
        members = list(document.items())
        self.m.r.shuffle(members)
        return self.m.types.finish(dict(members))

    def wrapped(self, node: Any) -> Any:
        """The same, with some expressions written in another way or inside of forms that change nothing."""
        m = self.m
        if isinstance(node, list):
            return [self.wrapped(x) for x in node]
        if not isinstance(node, dict):
            return node
        made = {k: self.wrapped(x) for k, x in node.items()}
        if id(node) not in m.whole or m.chance(0.5):
            return made
        _, t, lets = m.whole[id(node)]
        if m.chance(0.5):
            return _rewritten(made, f"w{m.r.randrange(1 << 30)}_", lets)
        name = f"w{m.r.randrange(1 << 30)}"
        around: list[Any] = [
            {"do": [made]},
            {"do": [{"doc": ""}, made]},
            {"if": True, "then": [made], "else": {"error": "never"}},
            {"cond": [{"if": False, "then": {"error": "never"}}], "else": [made]},
            {"@": "wrapped", **made},
        ]
        if not lets:
            around += [{"do": [{"let": {name: made}}, name]}] * 2
        if not lets and "union" not in str(t):  # the order of a union's branches, which counts, could change
            around += [{"upcast": made, "as": m.types.schema(t)}] * 2
        return m.pick(around)

    def value(self, t: T, wild: float = 0.0) -> Any:
        return values.value(self.m.types, t, 3, wild)

    def shapes(self, input: T) -> Counter[str]:
        m = self.m
        stored = [s.type for s in (*m.cells.values(), *m.pools.values())]
        passed = [t for f in m.functions.values() for t in (*f.params.values(), f.ret)]
        return Counter(x for t in {input, m.output, *stored, *passed} for x in set(m.types.shapes(t)))

    def calls(self) -> list[tuple[str, list[Any]]]:
        """Calls from outside, with the function's arguments."""
        made: list[tuple[str, list[Any]]] = []
        for name, f in self.m.functions.items():
            args = [self.value(t) for t in f.params.values()]
            if f.recursive:
                args[0] = self.m.small(0, 2)
            made.append((name, args))
        return made

    # -- members --

    def about(self) -> Dict:
        m = self.m
        made: Dict = {"name": "Generated"}
        if m.chance(0.2):
            made["doc"] = "a program"
        if m.chance(0.3):
            made["version"] = 3
        if m.chance(0.3):
            made["metadata"] = {"who": "nobody", "a": "b"}
        if m.chance(0.2):
            made["options"] = {"timeout": 60_000}
        if m.chance(0.1):
            made["@"] = "a mark"
        return made

    def storage(self) -> Dict:
        m = self.m
        made: Dict = {"cells": {}, "pools": {}}
        for kind, table in (("cells", m.cells), ("pools", m.pools)):
            for name, stored in table.items():
                made[kind][name] = self.stored(stored, kind == "pools")
        return {k: v for k, v in made.items() if v or m.chance(0.3)}

    def stored(self, s: Stored, pool: bool) -> Dict:
        m, types = self.m, self.m.types
        init: Any = {k: self.value(s.type) for k in s.keys} if pool else self.value(s.type)
        made: Dict = {"type": types.schema(s.type)}
        if not pool or init or m.chance(0.5):
            made["init"] = values.embedded(types, map_of(s.type) if pool else s.type, init)
        if s.shared:
            m.counts["shared"] += 1
            made["shared"] = True
        elif m.chance(0.2):
            m.counts["rollback"] += 1
            made["rollback"] = True
        return made

    def functions(self) -> Dict:
        """Bodies, from the last to the first: each may call those that are done, and a recursion itself."""
        m = self.m
        group = tuple(n for n, f in m.functions.items() if f.recursive)
        made: Dict = {}
        for name in reversed(list(m.functions)):
            if not m.functions[name].recursive:
                made[name] = self.function(name, ())
                self.done |= {name}
        for name in group:
            made[name] = self.function(name, group)
        for name in group:
            m.functions[name].writes = any(m.functions[n].writes for n in group)
        self.done |= frozenset(group)
        return made

    def function(self, name: str, group: tuple[str, ...]) -> Dict:
        m = self.m
        f = m.functions[name]
        m.fuel, m.writes = max(12, self.share // len(m.functions)), False
        place = Place(Allowed(emits=m.method == "emit", loops=1, callees=self.done))
        for n, t in f.params.items():
            place.declare(n, t, fixed=f.recursive and n == "n")
        if group:
            base = m.body(f.ret, place, 0)
            again = Place(replace(place.allowed, myself=group), place)
            call = user_call(m, f.ret, again) if m.chance(0.6) else CANNOT
            more = m.body(f.ret, again) if call is CANNOT else call
            body: Any = {"if": {"<=": ["n", 0]}, "then": base, "else": more}
        else:
            body = m.statements(place, m.small(0, 2))
            body.append(m.fits(f.ret, place))
        f.writes = m.writes
        m.counts["fcndef"] += 1
        return {
            "params": [{n: m.types.schema(t)} for n, t in f.params.items()],
            "ret": m.types.schema(f.ret),
            "do": body,
        }

    def phases(self, input: T) -> Dict:
        m = self.m
        always = {"name": STRING, "instance": INT, "metadata": map_of(STRING)}
        counters = {"actionsStarted": LONG, "actionsFinished": LONG}
        tally = {"tally": m.output} if m.method == "fold" else {}
        ends = m.output if m.method != "emit" else NULL
        made: Dict = {"action": self.phase({"input": input, **tally, **always, **counters}, ends, self.share * 2)}
        if m.method == "fold":
            made["merge"] = self.phase({"tallyOne": m.output, "tallyTwo": m.output, **always}, m.output, self.share)
        if m.chance(0.3):
            made["begin"] = self.phase(always, NULL, self.share // 2)
        if m.chance(0.3):
            made["end"] = self.phase({**tally, **always, **counters}, NULL, self.share // 2)
        return made

    def phase(self, symbols: dict[str, T], result: T, fuel: int) -> Any:
        m = self.m
        m.fuel = fuel
        outer = Place(Allowed(emits=m.method == "emit", callees=self.done))
        for name, t in symbols.items():
            outer.declare(name, t)
        inside = outer.function()
        made = m.statements(inside, m.small(1, 4))
        if m.chance(0.06):
            m.tower = m.small(12, 40)
            made.append(m.exact(self.m.pick((NULL, result)), inside))
            m.tower = 0
            m.counts["tower"] += 1
        made.append(self.careful(result, inside) if m.chance(0.5) else m.fits(result, inside))
        return made if len(made) > 1 or isinstance(made[0], list) or m.chance(0.5) else made[0]

    def careful(self, t: T, place: Place) -> Any:
        """An expression that catches its own errors, so that many actions end well."""
        m = self.m
        if t == NULL or t.numbers > 1 or t.nullable:
            m.counts["do"] += 1
            return {"do": [{"try": m.body(t, place)}, m.literal(t)]}
        m.counts["ifnotnull"] += 1
        m.counts["try"] += 1
        return {
            "ifnotnull": {"made": {"try": m.body(t, place.value())}},
            "then": "made",
            "else": [m.literal(t)],
        }


def _rewritten(x: Dict, prefix: str, lets: bool) -> Dict:
    """An expression that does the same as another: `cond` for `if`, `if` for `&&`, arguments as symbols."""
    match x:
        case {"if": test, "then": then, "else": orelse, **rest} if not rest:
            return {"cond": [{"if": test, "then": then}], "else": orelse}
        case {"if": test, "then": then, **rest} if not rest:
            return {"cond": [{"if": test, "then": then}]}
        case {"cond": [{"if": test, "then": then}], "else": orelse, **rest} if not rest:
            return {"if": test, "then": then, "else": orelse}
        case {"&&": [one, two]}:
            return {"if": one, "then": [two], "else": False}
        case {"||": [one, two]}:
            return {"if": one, "then": True, "else": [two]}
        case {"!": one} if not isinstance(one, list):
            return {"if": one, "then": False, "else": True}
    [*names] = x
    if lets or len(names) != 1 or names[0] not in _STRICT or not isinstance(x[names[0]], list):
        return x
    steps: list[Any] = []
    args: list[Any] = []
    for i, arg in enumerate(x[names[0]]):
        if isinstance(arg, dict) and arg.keys() & {"error", "fcn", "params"}:
            args.append(arg)
        else:
            steps.append({"let": {f"{prefix}{i}": arg}})
            args.append(f"{prefix}{i}")
    return {"do": [*steps, {names[0]: args}]}


_STRICT = {row.name for row in library.LIBRARY} - {"&&", "||", "&&&", "|||"}
