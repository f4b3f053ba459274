"""`Meter`: the one budget that a running engine is charged, in time, steps and memory.

Generated code counts down a local budget, one for a turn of a loop, a call of a user function or an item that a
library function makes, and asks `refill` when it is used up.  So the clock and the process's size are looked at
once in a few thousand steps, and an action that does little never looks at all.
"""

from __future__ import annotations

import os
import sys
from time import monotonic

from pfa.errors import PfaLimitError
from pfa.limits import Limits

CHUNK = 4096
_ITEM = 8  # bytes: the least that an item takes
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident_bytes() -> int:
    """The process's resident memory, or 0 where the system does not say (then the estimate alone counts)."""
    try:
        with open("/proc/self/statm", "rb") as f:
            return int(f.read().split()[1]) * _PAGE
    except OSError:
        return 0


class Meter:
    """What one engine may still use in the phase at hand."""

    __slots__ = ("deadline", "first", "granted", "limits", "memory", "phase", "seconds", "start_size", "turn")

    def __init__(self, limits: Limits, timeouts: dict[str, int]) -> None:
        self.limits = limits
        self.memory = limits.memory
        self.seconds: dict[str, float | None] = {}
        for phase in ("begin", "action", "end", "merge", "call"):
            asked = timeouts.get(f"timeout.{phase}", timeouts.get("timeout", -1))
            own = asked / 1000 if asked >= 0 else None
            bounds = [t for t in (own, limits.time) if t is not None]
            self.seconds[phase] = min(bounds) if bounds else None
        self.first = CHUNK if limits.steps is None else min(CHUNK, limits.steps)
        self.turn = -1
        self.phase = "action"
        self.granted = self.first
        self.deadline: float | None = None
        self.start_size = 0

    def start(self, phase: str, turn: int) -> int:
        """Begin a phase other than action: its first budget."""
        self._start(phase, turn)
        return self.first

    def _start(self, phase: str, turn: int) -> None:
        self.phase, self.turn, self.granted = phase, turn, self.first
        seconds = self.seconds[phase]
        self.deadline = None if seconds is None else monotonic() + seconds
        self.start_size = 0

    def refill(self, budget: int, turn: int) -> int:
        """More budget, or PfaLimitError; `budget` is negative by what was charged beyond."""
        if turn != self.turn:
            self._start("action", turn)
        spent = self.granted - budget
        steps = self.limits.steps
        if steps is not None and spent > steps:
            raise PfaLimitError(f"exceeded {steps} steps")
        if self.deadline is not None and monotonic() >= self.deadline:
            raise PfaLimitError(self.timeout_message())
        if self.memory is not None and spent * _ITEM > self.memory:
            self._check_memory(-budget, self.memory)
        more = CHUNK if steps is None else min(CHUNK, steps - spent)
        self.granted = spent + more
        return more

    def _check_memory(self, at_once: int, memory: int) -> None:
        """The estimate counts what is freed again, so beyond it the process's own growth decides."""
        size = resident_bytes()
        if at_once * _ITEM > memory or (not size and sys.platform != "linux"):
            raise PfaLimitError(f"exceeded {memory} bytes of memory")
        if not self.start_size:
            self.start_size = size
        if size - self.start_size > memory:
            raise PfaLimitError(f"exceeded {memory} bytes of memory")

    def timeout_message(self) -> str:
        """The specification's text ("Exceptions")."""
        seconds = self.seconds[self.phase] or 0.0
        return f"exceeded timeout of {round(seconds * 1000)} milliseconds"

    def lock_deadline(self, turn: int) -> float | None:
        """Until when a lock may be waited for."""
        if turn != self.turn:
            self._start("action", turn)
        return self.deadline
