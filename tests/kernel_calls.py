"""Calls of library functions on both backends, many in one document: compiling one a call would take minutes."""

import random
from dataclasses import dataclass
from typing import Any

import pfa
from tests.test_kernel_library import same


@dataclass(frozen=True)
class Call:
    """A call with arguments of these types, and what makes random ones."""

    function: str
    types: list[Any]
    ret: Any
    make: Any
    accuracy: str = "exact"
    args: list[Any] | None = None  # in place of one of each parameter, in order
    times: int = 150

    @property
    def code(self):
        return {self.function: self.args or [f"x{i}" for i in range(len(self.types))]}

    def __str__(self):
        return f"{self.function} of {', '.join(map(short, self.types))}"


def short(t):
    match t:
        case dict():
            return t.get("name") or f"{t['type']} of {short(t.get('items') or t.get('values'))}"
        case list():
            return "/".join(map(short, t))
        case _:
            return t


class Both:
    """A document of calls, compiled on both backends when it is first used."""

    def __init__(self, calls, types=()):
        self.calls = calls
        self.names = {id(c): f"call{i}" for i, c in enumerate(calls)}
        self.types = list(types)
        self.engines = []

    def load(self):
        functions = {
            name: {"params": [{f"x{i}": t} for i, t in enumerate(c.types)], "ret": c.ret, "do": c.code}
            for c, name in zip(self.calls, self.names.values(), strict=True)
        }
        declared = [{"name": f"t{i}", "type": t} for i, t in enumerate(self.types)]
        given = {"type": "record", "name": "Types", "fields": declared} if declared else "null"
        document = {"input": given, "output": "null", "fcns": functions, "action": None}
        self.engines = [pfa.loads(document), pfa.loads(document, backend="numba", escape=False)]

    def outcomes(self, call, args):
        """What python and numba make of it."""
        if not self.engines:
            self.load()
        return [outcome(e, self.names[id(call)], args) for e in self.engines]

    def differences(self, call, seed=1):
        """Arguments, and the two outcomes, where these are not the same."""
        r = random.Random(f"{call} {seed}")
        found = []
        for _ in range(call.times):
            args = call.make(r)
            a, b = self.outcomes(call, args)
            if not same(a, b, call.accuracy):
                found.append((args, a, b))
        return found


def outcome(engine, name, args):
    try:
        return engine.call(name, *args)
    except pfa.PfaRuntimeError as error:
        return "error", error.code, error.function
