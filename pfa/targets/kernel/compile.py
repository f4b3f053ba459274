"""A lowered program as compiled code: emit, translate, optimise, load."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pfa import passes
from pfa.errors import PfaCompileError
from pfa.passes import compile_program
from pfa.targets.kernel import cache, calls, effort, front, link
from pfa.targets.kernel.emit import emit
from pfa.targets.kernel.host import KernelCode
from pfa.targets.kernel.layout import FLAT
from pfa.targets.kernel.parts import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.ir import Lowered, Program
    from pfa.lib.define import Fn
    from pfa.limits import Limits
    from pfa.targets.kernel.host import Encoder


def compile_kernel(
    program: Program, decode: Callable[[Any], Any], encoder: Encoder | None, limits: Limits, escape: bool
) -> KernelCode:
    """Compiled code for a program; PfaCompileError where there is none."""
    asked: list[Fn] = []

    def watch(name: str, made: Lowered) -> None:
        if name == "lower":
            asked.extend(calls.functions(made))

    lowered = compile_program(program, watch, FLAT, passes=passes.KERNEL_PASSES)
    try:
        emitted = emit(lowered, escape, limits.recursion)
    except Unsupported as reason:
        raise PfaCompileError(f"the numba backend cannot run this document: {reason}") from None
    for fn in asked:  # what passes have computed, or put in place
        emitted.native.setdefault(fn.name, "native")
    assembled = partial(_assembled, limits)
    code = assembled(emitted.text, emitted.entries)
    return KernelCode(emitted.text, emitted, code, program, limits, decode, encoder, assembled)


def _assembled(limits: Limits, text: str, entries: tuple[str, ...]) -> link.Code:
    effort.refuse(text.count("\n"), limits)
    ir, level = effort.bounded(front.assemble(text, entries), limits)
    return link.loaded(link.object_code(ir, cache.default(), level))
