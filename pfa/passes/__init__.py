"""Passes over a checked program: plain functions in a tuple, from typed IR to blocks, then blocks to blocks.

The checker made a typed program with every name bound; nothing here reports a user's mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.passes.depth import depth
from pfa.passes.lower import Layout, lower
from pfa.passes.outline import outline

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.ir import Lowered, Program

BLOCK_PASSES: tuple[Callable[[Lowered], Lowered], ...] = (depth, outline)


def compile_program(
    program: Program, watch: Callable[[str, Lowered], None] | None = None, layout: Layout | None = None
) -> Lowered:
    """Run the whole pipeline for a target's layout; `watch(name, program)` sees the result of each pass."""
    lowered = lower(program, layout)
    if watch:
        watch("lower", lowered)
    for step in BLOCK_PASSES:
        lowered = step(lowered)
        if watch:
            watch(step.__name__, lowered)
    return lowered
