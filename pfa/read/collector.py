"""The garbage collector, paused while a document is built.

Place in the pipeline: around the parsers.  A document is millions of containers and no cycle; each
collection on the way would visit all of them (half of the time of a large document).  Invariant: afterwards
the collector is as it was.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def paused() -> Iterator[None]:
    """No collections inside; the host may have switched them off itself, then they stay off."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
