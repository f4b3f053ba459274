"""The garbage collector, paused while a document is built.

Place in the pipeline: around the parsers.  A document is millions of containers and no cycle; each
collection on the way would visit all of them (half of the time of a large document).  Invariant: afterwards
the collector is as it was.
"""

from __future__ import annotations

import gc


class paused:
    """No collections inside; the host may have switched them off itself, then they stay off."""

    __slots__ = ("enabled",)

    def __enter__(self) -> None:
        self.enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *error: object) -> None:
        if self.enabled:
            gc.enable()
