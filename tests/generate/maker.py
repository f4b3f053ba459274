"""`Maker`: expressions of a wanted type; which form makes one is chosen among those that can.

A form registers with `@makes(NAME, weight)`: a function of (maker, wanted type, place) that gives an
expression whose type is exactly the wanted one, or CANNOT.  "Exactly" is up to the order of a union's
branches.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.generate import values
from tests.generate.scope import Place
from tests.generate.types import BYTES, DOUBLE, FLOAT, INT, LONG, NULL, STRING, T, Types

if TYPE_CHECKING:
    from random import Random

Form = Callable[["Maker", T, Place], Any]
Dict = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    name: str
    weight: int
    make: Form
    can: Callable[[T], bool]
    holds: bool


FORMS: list[Entry] = []
SIMPLE: list[Entry] = []  # those that stand where there is no room for more
CANNOT = object()


def makes(
    name: str,
    weight: int,
    can: Callable[[T], bool] = lambda t: True,
    holds: bool = False,
    simple: bool = False,
) -> Callable[[Form], Form]:
    """Register a form; `can` says for which types it is worth trying, `holds` that it is one of blocks."""

    def add(make: Form) -> Form:
        entry = Entry(name, weight, make, can, holds)
        FORMS.append(entry)
        SIMPLE.extend([entry] * simple)
        return make

    return add


@dataclass(frozen=True)
class Stored:
    """A cell or a pool."""

    type: T
    shared: bool
    keys: tuple[str, ...] = ()  # a pool's initial items


@dataclass
class Function:
    """A user function; `writes`: it can change cells or pools; `recursive`: its parameter n counts down."""

    params: dict[str, T]
    ret: T
    recursive: bool = False
    writes: bool = False


@dataclass
class Maker:
    r: Random
    types: Types
    method: str
    output: T
    fuel: int
    counts: Counter[str] = field(default_factory=Counter)
    cells: dict[str, Stored] = field(default_factory=dict)
    pools: dict[str, Stored] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    choices: dict[str, tuple[T, tuple[str, ...]]] = field(default_factory=dict)  # for `call`: by function, its enum
    uses: set[str] = field(default_factory=set)  # what a document does that a new engine would do otherwise
    writes: bool = False  # has the function at hand changed a cell or a pool?
    whole: dict[int, tuple[Dict, T, bool]] = field(default_factory=dict)  # by id: type, may it change symbols?
    depth: int = 0
    tower: int = 0  # levels of forms that hold blocks, still to be put around the next expression

    def chance(self, p: float) -> bool:
        return self.r.random() < p

    def pick(self, items: list[Any] | tuple[Any, ...]) -> Any:
        return self.r.choice(items)

    # -- expressions --

    def exact(self, t: T, place: Place) -> Any:
        """An expression of type `t`."""
        self.fuel -= 1
        if self.tower > 0:
            self.tower -= 1
            able = [f for f in FORMS if f.holds and f.can(t)]
        elif self.fuel <= 0 or self.depth > 9 or self.chance(0.07 * (self.depth - 2)):
            return self.leaf(t, place)
        else:
            able = [f for f in FORMS if f.can(t)]
        with self.deeper():
            for _ in range(4):
                [entry] = self.r.choices(able, [f.weight for f in able])
                made = entry.make(self, t, place)
                if made is not CANNOT:
                    self.counts[entry.name] += 1
                    made = self.marked(made)
                    if isinstance(made, dict) and "let" not in made:
                        self.whole[id(made)] = made, t, place.lets
                    return made
        return self.leaf(t, place)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        yield
        self.depth -= 1

    def marked(self, made: Any) -> Any:
        """A locator mark on some objects."""
        if isinstance(made, dict) and self.chance(0.02):
            self.counts["@"] += 1
            return {"@": f"line {self.r.randint(1, 99)}", **made}
        return made

    def fits(self, t: T, place: Place) -> Any:
        """An expression that is accepted where `t` is asked for."""
        if self.chance(0.002):
            self.counts["error"] += 1
            return self.error()
        return self.exact(self.types.narrower(t) if self.chance(0.25) else t, place)

    def error(self) -> Dict:
        made: Dict = {"error": self.pick(("too bad", "", "no"))}
        if self.chance(0.6):
            made["code"] = self.pick((-1, -2, -100))
        return made

    def leaf(self, t: T, place: Place) -> Any:
        """A symbol or a literal."""
        for entry in self.r.sample(SIMPLE, len(SIMPLE)):
            if self.chance(0.7) and (made := entry.make(self, t, place)) is not CANNOT:
                self.counts[entry.name] += 1
                return made
        return self.literal(t)

    def body(self, t: T, place: Place, statements: int = 2) -> Any:
        """What stands where an expression or an array of expressions may: a block of its own."""
        inside = place.block()
        made = self.statements(inside, self.r.randint(0, statements))
        made.append(self.exact(t, inside))
        if len(made) == 1 and not isinstance(made[0], list) and self.chance(0.7):
            return made[0]
        return made

    def statements(self, place: Place, count: int) -> list[Any]:
        """Expressions for what they do; `let` declares symbols in `place`."""
        made: list[Any] = []
        for _ in range(count):
            if self.fuel <= 0:
                break
            t = NULL if self.chance(0.8) else self.types.any(1)
            x = self.exact(t, place)
            if self.depth == 0 and not (isinstance(x, dict) and "let" in x) and self.chance(0.5):
                x = {"try": x if not isinstance(x, list) else [x]}
                self.counts["try"] += 1
            made.append(x)
        return made

    def condition(self, place: Place) -> Any:
        return self.exact(T("boolean"), place.value())

    # -- literals --

    def literal(self, t: T) -> Any:
        """A constant of type `t`."""
        made = CANNOT if self.chance(0.15) else self.short_literal(t)
        if made is not CANNOT:
            self.counts[f"literal {t.kind}"] += 1
            return made
        self.counts["typed literal"] += 1
        v = values.value(self.types, t, 2)
        return {"type": self.types.schema(t), "value": values.embedded(self.types, t, v)}

    def short_literal(self, t: T) -> Any:
        r = self.r
        if t in (NULL, T("boolean")):
            return values.value(self.types, t)
        if t in (INT, LONG):
            n = values.number(r, t.kind)
            small = -(1 << 31) <= n < 1 << 31
            return n if small == (t == INT) and self.chance(0.7) else {t.kind: n}
        if t in (FLOAT, DOUBLE):
            x = values.number(r, t.kind)
            if t == DOUBLE and self.chance(0.7):
                return x
            return {t.kind: int(x) if x == int(x) and abs(x) < 1000 and self.chance(0.5) else x}
        if t == STRING:
            s = values.text(r)
            return [s] if self.chance(0.5) else {"string": s}
        if t == BYTES:
            return {"base64": base64.b64encode(values.octets(r)).decode()}
        return CANNOT

    def small(self, low: int = 0, high: int = 3) -> int:
        return self.r.randint(low, high)


@makes("symbol", 14, simple=True)
def symbol(m: Maker, t: T, p: Place) -> Any:
    names = [n for n, s in p.visible().items() if s.type == t]
    return m.pick(names) if names else CANNOT


@makes("literal", 5)
def literal(m: Maker, t: T, p: Place) -> Any:
    return m.literal(t)
