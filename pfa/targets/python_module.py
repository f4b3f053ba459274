"""The module that the python target prints: its lines, where they come from, its constants and references.

The invariant: nothing of the document stands in the text.  Constants, keys and names of fields are globals K1, K2,
...; library bodies are L_NAME; `places` gives the JSON pointer of each line.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.lib.define import Fn, Site

if TYPE_CHECKING:
    from pfa.ir import FunctionValue
    from pfa.lib.signature import Bound

Text: TypeAlias = tuple[list[str], list[str]]  # lines and their places
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


_EXACT = frozenset((str, int, bytes))  # equal ones are the same


class Module:
    """The text being made, its constants, and what stands where."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: list[str] = []
        self.globals: dict[str, Any] = {}
        self.users: dict[str, str] = {}
        self.tables: list[tuple[str, str]] = []
        self.references: dict[tuple[str, int], tuple[str, list[str]]] = {}
        self.kept: set[str] = set()
        self.storage: dict[tuple[str, str], str] = {}
        self.uses: set[str] = set()
        self._constants: dict[Any, str] = {}
        self._kept: list[Any] = []
        self._tables = self._wrappers = 0

    def start(self) -> None:
        """What is collected from here on belongs to a new function: all that its text names, not what is new in it."""
        self.globals, self.tables, self.references = {}, [], {}
        self.kept, self.uses = set(), set()

    def divert(self, back: Text | None = None) -> Text:
        """What was printed since the last time, instead of which `back` (or nothing) is there now."""
        text = self.lines, self.places
        self.lines, self.places = back or ([], [])
        return text

    def extend(self, text: Text) -> None:
        self.lines += text[0]
        self.places += text[1]

    def add(self, line: str, indent: int, at: str = "") -> None:
        self.lines.append("    " * indent + line)
        self.places.append(at)

    def constant(self, value: Any) -> str:
        """The global that holds a constant; equal scalars share one."""
        if value is None or value is True or value is False:
            return repr(value)
        kind = value.__class__
        exact = value if kind in _EXACT else repr(value) if kind is float else id(value)  # 0.0 == -0.0
        key = kind, exact
        name = self._constants.get(key)
        if name is None:
            name = self._constants[key] = f"K{len(self._constants) + 1}"
            self._kept.append(value)
        self.globals[name] = value
        return name

    def table(self, text: str) -> str:
        """An engine's own table, made where all functions exist."""
        self._tables += 1
        name = f"d{self._tables}"
        self.tables.append((name, text))
        return name

    def implementation(self, fn: Fn) -> str:
        """The global that holds a library function's body."""
        name = implementation_name(fn)
        self.globals[name] = fn.impl
        return name

    def extras(self, fn: Fn, bound: Bound) -> list[str]:
        """The keyword arguments that a body asks for."""
        found: list[str] = []
        for need in fn.needs:
            if need == "site":
                found.append(f"site={self.constant(Site(fn.name, bound.params, bound.ret))}")
            else:
                self.uses.add(need)
                found.append(f"{need}={need}")
        return found

    def reference(self, f: FunctionValue) -> str:
        """A function as a value: the engine's own, a body of the library, or a wrapper that adds what it needs."""
        if f.fn is None or f.bound is None:
            if f.name == "emit":
                self.uses.add("emit")
                return "emit"
            return self.users.get(f.name, f.name)
        if not f.fn.needs and not f.fn.cost:
            return self.implementation(f.fn)
        key = f.name, id(f.bound)
        if key not in self.references:
            self._wrappers += 1
            self._kept.append(f.bound)
            name = f"g{self._wrappers}"
            params = [f"x{i}" for i in range(len(f.bound.params))]
            call = f"{self.implementation(f.fn)}({', '.join([*params, *self.extras(f.fn, f.bound)])})"
            lines = [f"def {name}({', '.join(params)}):"]
            if f.fn.cost:
                self.uses.add("charge")
                lines.append(f"    charge({costs(f.fn, params)})")
            self.references[key] = name, [*lines, f"    return {call}"]
        return self.references[key][0]


def parameters(fn: Fn) -> tuple[str, ...]:
    """The names of a body's positional parameters, in which its cost is written."""
    code = fn.impl.__code__
    return code.co_varnames[: code.co_argcount]


def costs(fn: Fn, args: list[str]) -> str:
    """The cost of a call, an expression over the operands' texts."""
    return _with_holes(fn.cost, parameters(fn)[: len(args)]).format(*args)


@lru_cache(maxsize=1024)
def _with_holes(cost: str, names: tuple[str, ...]) -> str:
    """A cost with places to fill in for the parameters."""
    holes = {name: f"{{{i}}}" for i, name in enumerate(names)}
    return _WORD.sub(lambda m: holes.get(m.group(), m.group()), cost)


def implementation_name(fn: Fn) -> str:
    """What generated code calls a library function's body."""
    return _word(fn.name)


@lru_cache(maxsize=1024)
def _word(name: str) -> str:
    return "L_" + re.sub(r"[^A-Za-z0-9]", lambda m: f"_{ord(m.group()):x}_" if m.group() != "." else "_", name)
