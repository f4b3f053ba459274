"""The state of an engine on its way into compiled code, a little at a time.

Place in the pipeline: beside `background`, between two actions of the engine that it is taken from.

Invariant: values are never changed in place, so one that is the same object as when it was written into memory needs
not be written again; what is left when the engine switches is what has changed since.
"""

from __future__ import annotations

import importlib
from operator import is_
from typing import TYPE_CHECKING, Any

from pfa.engine.runtime import Runtime
from pfa.memory.shared import SharedState

if TYPE_CHECKING:
    import weakref
    from collections.abc import Generator

    from pfa.engine.runtime import Compiled

MOST = 4000  # parts of a state that are moved at once, when the engine switches
ITEMS = 20_000  # of a pool that is looked through at once
ROUNDS = 3  # times that what has changed meanwhile is written again

_Key = tuple[str, str]  # "cell", "pool" or "tally", and the name


class Move:
    """A runtime for compiled code, and what has been written of its state."""

    __slots__ = ("action", "filling", "new", "written")

    def __init__(self, old: Runtime, compiled: Compiled) -> None:
        self.new = Runtime(compiled, SharedState(), old.instance, blank=True)
        self.action = self.new.take_action()
        self.filling = importlib.import_module("pfa.targets.kernel.gradual").Filling(self.new.variables.instance)
        self.written: dict[_Key, Any] = {}

    def fill(self, old: weakref.ref[Runtime]) -> Generator[None, None, None]:
        """Write the state into memory, and what has changed meanwhile once more."""
        for turn in range(ROUNDS):
            changed = self.changed(old())
            if turn and self.cost(changed) <= MOST:
                return
            for key, value in changed.items():
                yield from self.filling.fill(*key, value)
                self.written[key] = value
            yield

    def changed(self, old: Runtime | None) -> dict[_Key, Any]:
        """What is not in memory yet as it is now."""
        assert old is not None
        return {key: value for key, value in old.owned().items() if not self._same(key, value)}

    def cost(self, changed: dict[_Key, Any]) -> int:
        """About how many parts must be written."""
        return sum(self._parts(key, value) for key, value in changed.items())

    def end(self, old: Runtime) -> None:
        """The new runtime goes on from here."""
        for key, value in self.changed(old).items():
            self.filling.replace(*key, value, self.written.get(key))
        self.filling.instance.settle()
        old.move(self.new, self.action)

    def _same(self, key: _Key, value: Any) -> bool:
        there = self.written.get(key, self)
        if there is self or key[0] != "pool":
            return value is there
        return value.keys() == there.keys() and all(map(is_, map(there.__getitem__, value), value.values()))

    def _parts(self, key: _Key, value: Any) -> int:
        size = importlib.import_module("pfa.targets.kernel.gradual").size
        there = self.written.get(key)
        if key[0] == "pool" and there is not None and there.keys() == value.keys():
            return sum(size(v, MOST) for k, v in value.items() if v is not there[k])
        return int(size(value, MOST + 1))


def too_large(old: Runtime) -> str:
    """Why the state cannot be looked through between two actions; "" where it can."""
    variables, storage = old.variables, old.compiled.code.storage
    for name, pool in old.compiled.program.pools.items():
        if not pool.shared and len(variables[storage["pool", name]]) > ITEMS:
            return f"the pool {name} is too large to be moved between two actions: wait() moves it"
    return ""
