"""`Meter`: the one budget that a running engine is charged, in time, steps and memory.

Generated code counts down a local budget, one for a turn of a loop, a call of a user function or an item that a
library function makes, and asks `refill` when it is used up.  So the clock and the process's size are looked at
once in a few thousand steps, and an action that does little never looks at all.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaLimitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pfa.limits import Limits

CHUNK = 4096
LOOK = 4 * CHUNK  # steps after which the process's size is looked at
PACE = 256  # turns of a loop over many items after which the clock is looked at
_ITEM = 8  # bytes: the least that an item takes
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident_bytes() -> int:
    """The process's resident memory, or 0 where the system does not say (then the estimate alone counts)."""
    try:
        with open("/proc/self/statm", "rb") as f:
            return int(f.read().split()[1]) * _PAGE
    except OSError:
        return 0


_PHASES = ("begin", "action", "end", "merge", "call")


def _seconds(most: float | None, timeouts: dict[str, int]) -> dict[str, float | None]:
    """What each phase may take: the least of the limit and the document's own."""
    seconds: dict[str, float | None] = dict.fromkeys(_PHASES, most)
    for phase in _PHASES if timeouts else ():
        asked = timeouts.get(f"timeout.{phase}", timeouts.get("timeout", -1))
        if asked >= 0 and (most is None or asked / 1000 < most):
            seconds[phase] = asked / 1000
    return seconds


class Meter:
    """What one engine may still use in the phase at hand."""

    __slots__ = (
        "chunk", "deadline", "first", "granted", "limits", "look_at", "memory", "phase", "seconds", "start_size",
        "turn",
    )  # fmt: skip

    def __init__(
        self,
        limits: Limits,
        timeouts: dict[str, int],
        chunk: int = CHUNK,
        seconds: dict[str, float | None] | None = None,
    ) -> None:
        self.limits = limits
        self.chunk = chunk  # steps between two looks at the clock
        self.memory = limits.memory
        self.seconds = _seconds(limits.time, timeouts) if seconds is None else seconds
        self.first = chunk if limits.steps is None else min(chunk, limits.steps)
        self.turn = -1
        self.phase = "action"
        self.granted = self.first
        self.deadline: float | None = None
        self.start_size = 0
        self.look_at = 0

    def start(self, phase: str, turn: int) -> int:
        """Begin a phase other than action: its first budget."""
        self._start(phase, turn)
        return self.first

    def _start(self, phase: str, turn: int) -> None:
        self.phase, self.turn, self.granted = phase, turn, self.first
        seconds = self.seconds[phase]
        self.deadline = None if seconds is None else monotonic() + seconds
        self.start_size = 0
        self.look_at = LOOK

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
        if self.memory is not None:
            if -budget * _ITEM > self.memory:
                raise self._too_much()
            if spent >= self.look_at:
                self.look_at = spent + LOOK
                self._look_at_size(spent)
        more = self.chunk if steps is None else min(self.chunk, steps - spent)
        self.granted = spent + more
        return more

    def _look_at_size(self, spent: int) -> None:
        """What is charged counts what is freed again, so the growth of the process itself decides."""
        assert self.memory is not None
        size = resident_bytes()
        if not self.start_size:
            self.start_size = size
        if (size - self.start_size if size else spent * _ITEM) > self.memory:
            raise self._too_much()

    def _too_much(self) -> PfaLimitError:
        return PfaLimitError(f"exceeded {self.memory} bytes of memory")

    def look(self, turn: int) -> None:
        """Look at the clock, without a step."""
        if turn != self.turn:
            self._start("action", turn)
        if self.deadline is not None and monotonic() >= self.deadline:
            raise PfaLimitError(self.timeout_message())

    def paced(self, items: Iterable[Any], turn: int) -> Iterator[Any]:
        """Many items that were charged at once: the clock is looked at between them."""
        left = PACE
        for item in items:
            left -= 1
            if not left:
                left = PACE
                self.look(turn)
            yield item

    def timeout_message(self) -> str:
        """The specification's text ("Exceptions")."""
        seconds = self.seconds[self.phase] or 0.0
        return f"exceeded timeout of {round(seconds * 1000)} milliseconds"

    def lock_deadline(self, turn: int) -> float | None:
        """Until when a lock may be waited for."""
        if turn != self.turn:
            self._start("action", turn)
        return self.deadline
