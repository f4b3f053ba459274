"""Passes over a checked program: plain functions in a tuple, from typed IR to blocks, then blocks to blocks.

The checker made a typed program with every name bound; nothing here reports a user's mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.passes.depth import UNCOUNTED, depth
from pfa.passes.lower import Layout, lower
from pfa.passes.outline import outline, outlined

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.ir import Lowered, Program

BLOCK_PASSES: tuple[Callable[[Lowered], Lowered], ...] = (depth, outline)


def compile_program(
    program: Program,
    watch: Callable[[str, Lowered], None] | None = None,
    layout: Layout | None = None,
    lazily: bool = False,
) -> Lowered:
    """Run the whole pipeline for a target's layout; `watch(name, program)` sees the result of each pass.

    `lazily`: all but the action may be left in `Lowered.later`, where what is lowered goes through the passes as well.
    """
    if lazily and _may_wait(program):
        return lower(program, layout, outlined)
    lowered = lower(program, layout)
    if watch:
        watch("lower", lowered)
    for step in BLOCK_PASSES:
        lowered = step(lowered)
        if watch:
            watch(step.__name__, lowered)
    return lowered


def _may_wait(program: Program) -> bool:
    """Are there passes that must see the whole program?"""
    return not program.recursive and program.defined is not None and program.defined < UNCOUNTED
