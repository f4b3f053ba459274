"""Passes over a checked program: plain functions in a tuple, from typed IR to blocks, then blocks to blocks.

The checker made a typed program with every name bound; nothing here reports a user's mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pfa.ir import Lowered
from pfa.passes.common import common
from pfa.passes.dead import dead
from pfa.passes.depth import UNCOUNTED, depth
from pfa.passes.fold import fold
from pfa.passes.fuse import fuse
from pfa.passes.inline import inline
from pfa.passes.lower import Layout, lower
from pfa.passes.outline import outline, outlined

if TYPE_CHECKING:
    from pfa.ir import Program

Pass = Callable[[Lowered], Lowered]
BLOCK_PASSES: tuple[Pass, ...] = (depth, outline)
# For code that is compiled; the depth of recursion is counted first, as the document has it.
KERNEL_PASSES: tuple[Pass, ...] = (depth, inline, fuse, fold, common, dead, outline)


def compile_program(
    program: Program,
    watch: Callable[[str, Lowered], None] | None = None,
    layout: Layout | None = None,
    lazily: bool = False,
    passes: tuple[Pass, ...] = BLOCK_PASSES,
) -> Lowered:
    """Run the whole pipeline for a target's layout; `watch(name, program)` sees the result of each pass.

    `lazily`: all but the action may be left in `Lowered.later`, where what is lowered goes through the passes as well.
    """
    if lazily and _may_wait(program):
        return lower(program, layout, outlined)
    lowered = lower(program, layout)
    if watch:
        watch("lower", lowered)
    for step in passes:
        lowered = step(lowered)
        if watch:
            watch(step.__name__, lowered)
    return lowered


def _may_wait(program: Program) -> bool:
    """Are there passes that must see the whole program?"""
    return not program.recursive and program.defined is not None and program.defined < UNCOUNTED
