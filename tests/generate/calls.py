"""A call of any library function with random arguments, many of them extreme: what a hostile document can write.

The types of the arguments come from the function's own signature, so nearly every call is valid; functions that are
arguments give constants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.lib import signature as sig
from pfa.lib.table import everything
from pfa.types import Function, Prim
from tests.generate import values
from tests.generate.types import NULL, T, Types, array, map_of

if TYPE_CHECKING:
    from random import Random

Dict = dict[str, Any]
_SIMPLE = tuple(map(T, ("boolean", "int", "long", "float", "double", "string", "bytes")))
_WIDE = (0, 1, 2, 3, -1, 63, 64, 65, 1000, 2147483647, -2147483648)
_TEXTS = (
    "", "a", "ab", "é", "(a*)*b", "(a|a)*\\1", "[[:alpha:]]+", "a{2,1000}", "((", "%d %s", "Europe/Paris",
    "x" * 5000, "2020-02-30", "1e400", "0x1p-3", "true", "manhattan", "aGVsbG8=", "\x00",
)  # fmt: skip


def call(r: Random, name: str = "") -> Dict:
    """A call of a function, with all of its types declared in it."""
    fn = everything()[name] if name else r.choice(list(everything().values()))
    maker = _Call(r)
    signature = r.choice(fn.signatures)
    args = [maker.argument(p) for p in signature.params]
    return maker.types.finish({fn.name: args})


class _Call:
    def __init__(self, r: Random) -> None:
        self.r = r
        self.types = Types(r)
        self.env: dict[str, T] = {}
        self.suffix = f"{r.randrange(1 << 20):x}"

    def argument(self, p: Any) -> Any:
        if isinstance(p, sig.FunctionOf | Function):
            return self.function(p)
        t = self.type(p)
        value = values.embedded(self.types, t, self.value(t, 3))
        return {"type": self.types.schema(t), "value": value}

    def function(self, p: Any) -> Dict:
        """A function that gives its parameter, where that has the right type, or a constant."""
        params, ret = [self.type(x) for x in p.params], self.type(p.ret)
        named = {f"p{i}": t for i, t in enumerate(params)}
        same = [n for n, t in named.items() if t == ret]
        body: Any = self.r.choice(same) if same and self.r.random() < 0.7 else self.argument(p.ret)
        return {
            "params": [{n: self.types.schema(t)} for n, t in named.items()],
            "ret": self.types.schema(ret),
            "do": body if self.r.random() < 0.95 else {"error": "no"},
        }

    # -- types --

    def type(self, p: Any) -> T:
        match p:
            case Prim(name):
                return T(name)
            case sig.Var(name, among):
                return self.env.setdefault(name, self.free(among))
            case sig.Ref(name):
                return self.env.setdefault(name, self.free(()))
            case sig.ArrayOf(x):
                return array(self.type(x))
            case sig.MapOf(x):
                return map_of(self.type(x))
            case sig.UnionOf(xs):
                flat = {b.tag: b for x in xs for b in self.type(x).branches}
                return T("union", inner=tuple(flat.values()))
            case sig.AnyRecord(name, fields):
                return self.env.get(name) or self.record(name, dict(fields))
            case sig.AnyEnum(name, record):
                return self.env.get(name) or self.enum(name, record)
            case sig.AnyFixed(name):
                made = self.env.setdefault(name, T("fixed", f"Fixed{self.suffix}"))
                self.types.sizes[made.name] = 4
                self.declare(made)
                return made
            case _:
                raise TypeError(f"no type for {p}")

    def free(self, among: tuple[Any, ...]) -> T:
        if among:
            t = self.r.choice(among)
            return T(t.name) if isinstance(t, Prim) else self.type(_pattern(t))
        t = self.r.choice(_SIMPLE)
        return self.r.choice((t, t, t, array(t), map_of(t), T("union", inner=(t, NULL))))

    def record(self, name: str, fields: dict[str, Any]) -> T:
        made = self.env[name] = T("record", f"Record{name}{self.suffix}")
        self.declare(made)
        self.types.fields[made.name] = {}
        found = {n: self.type(x) for n, x in fields.items()}
        for extra in ("x", "y", "z")[: self.r.randint(0 if fields else 1, 2)]:
            found.setdefault(extra, self.r.choice(_SIMPLE))
        self.types.fields[made.name] = found
        return made

    def enum(self, name: str, record: str) -> T:
        made = self.env[name] = T("enum", f"Enum{name}{self.suffix}")
        self.declare(made)
        known = self.types.fields.get(self.env[record].name) if record in self.env else None
        self.types.symbols[made.name] = tuple(known) if known else ("red", "green", "blue")
        return made

    def declare(self, t: T) -> None:
        if t not in self.types.named:
            self.types.named.append(t)

    # -- values --

    def value(self, t: T, depth: int) -> Any:
        r = self.r
        match t.kind:
            case "int" if r.random() < 0.5:
                return r.choice(_WIDE)
            case "float" | "double":
                return values.number(r, t.kind, 0.15)
            case "string" if r.random() < 0.6:
                return r.choice(_TEXTS)
            case "array":
                size = 0 if depth <= 0 else r.choice((0, 1, 2, 3, 3, 3, 8))
                return [self.value(t.inner[0], depth - 1) for _ in range(size)]
            case "map":
                return {k: self.value(t.inner[0], depth - 1) for k in (values.keys(r) if depth > 0 else ())}
            case "record":
                return {n: self.value(f, depth - 1) for n, f in self.types.fields[t.name].items()}
            case "union":
                flat = [b for b in t.inner if b.kind != "record"]
                b = r.choice(flat if flat and depth <= 0 else t.inner)
                return None if b == NULL else {b.tag: self.value(b, depth - 1)}
            case _:
                return values.value(self.types, t, depth)


def _pattern(t: Any) -> Any:
    """A type that a wildcard may be, as a pattern: arrays and maps of primitives."""
    items = getattr(t, "items", None) or getattr(t, "values", None)
    return (sig.ArrayOf if type(t).__name__ in ("Array", "ArrayOf") else sig.MapOf)(items)
