"""The state of an engine on its way into compiled code, a little at a time.

Place in the pipeline: beside `background`, between two actions of the engine that it is taken from.

Invariant: values are never changed in place, so one that is the same object as when it was written into memory needs
not be written again; what is left when the engine switches is what has changed since.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.engine.runtime import Runtime
from pfa.memory.shared import SharedState

if TYPE_CHECKING:
    import weakref
    from collections.abc import Generator

    from pfa.engine.runtime import Compiled

MOST = 1500  # parts of a state that are moved at once, when the engine switches
ITEMS = 20_000  # of a pool that is looked through at once
ROUNDS = 3  # times that what has changed meanwhile is written again

_Key: TypeAlias = tuple[str, str]  # "cell", "pool" or "tally", and the name
_Changed: TypeAlias = "dict[_Key, tuple[Any, list[str] | None]]"  # the value; keys of the items of a pool, if not all


class Move:
    """A runtime for compiled code, and what has been written of its state."""

    __slots__ = ("action", "filling", "left", "new", "written")

    def __init__(self, old: Runtime, compiled: Compiled) -> None:
        self.new = Runtime(compiled, SharedState(), old.instance, before=old)
        self.action = self.new.take_action()
        self.filling = importlib.import_module("pfa.targets.kernel.gradual").Filling(self.new.variables.instance)
        self.written: dict[_Key, Any] = {}
        self.left: _Changed = {}  # what is to be written when the engine switches

    def fill(self, old: weakref.ref[Runtime]) -> Generator[None, None, None]:
        """Write the state into memory, and what has changed meanwhile once more."""
        for turn in range(ROUNDS):
            self.left = self._changed(old())
            if turn and self.cost <= MOST:
                return
            for key, (value, keys) in self.left.items():
                yield from self.filling.fill(*key, value, keys)
                self.written[key] = value
            yield
        self.left = self._changed(old())

    @property
    def cost(self) -> int:
        """About how many parts are left to be written."""
        size = importlib.import_module("pfa.targets.kernel.gradual").size
        return sum(
            size(value, MOST + 1) if keys is None else sum(size(value[k], MOST) for k in keys)
            for value, keys in self.left.values()
        )

    def end(self, old: Runtime, action: Any) -> None:
        """The new runtime goes on from here, with the old one's action where that can be."""
        for key, (value, keys) in self.left.items():
            for _ in self.filling.fill(*key, value, keys):
                pass
        old.move(self.new, self.action, action)

    def _changed(self, old: Runtime | None) -> _Changed:
        """What is not in memory yet as it is now."""
        assert old is not None
        found: _Changed = {}
        for key, value in old.owned().items():
            there = self.written.get(key, self)
            if key[0] != "pool" or there is self:
                if value is not there:
                    found[key] = value, None
            elif keys := [k for k, v in value.items() if there.get(k, self) is not v]:
                known = len(value) == len(there) and all(k in there for k in keys)
                found[key] = value, keys if known else None
            elif len(value) != len(there):
                found[key] = value, None
        return found


def too_large(old: Runtime) -> str:
    """Why the state cannot be looked through between two actions; "" where it can."""
    variables, storage = old.variables, old.compiled.code.storage
    for name, pool in old.compiled.program.pools.items():
        if not pool.shared and len(variables[storage["pool", name]]) > ITEMS:
            return f"the pool {name} is too large to be moved between two actions: wait() moves it"
    return ""
