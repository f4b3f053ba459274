"""A lowered program as compiled code: emit, translate, optimise, load."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pfa import passes
from pfa.errors import PfaCompileError
from pfa.passes import compile_program
from pfa.targets.kernel import cache, calls, effort, front, jobs, link
from pfa.targets.kernel.emit import emit
from pfa.targets.kernel.host import KernelCode
from pfa.targets.kernel.layout import FLAT
from pfa.targets.kernel.parts import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.ir import Lowered, Program
    from pfa.lib.define import Fn
    from pfa.limits import Limits
    from pfa.targets.kernel.emitted import Emitted
    from pfa.targets.kernel.host import Encoder

LARGE = 5_000  # lines of a program that is compiled in this process


def compile_kernel(
    program: Program, decode: Callable[[Any], Any], encoder: Encoder | None, limits: Limits, escape: bool
) -> KernelCode:
    """Compiled code for a program; PfaCompileError where there is none."""
    made = emitted(program, limits, escape)
    code = assembled(limits, made.text, made.entries)
    kernel = KernelCode(made.text, made, code, program, limits, decode, encoder, partial(assembled, limits))
    for _ in kernel.storing():
        pass
    return kernel


def emitted(program: Program, limits: Limits, escape: bool) -> Emitted:
    """A program in the kernel language; PfaCompileError where something in it has none."""
    asked: list[Fn] = []

    def watch(name: str, made: Lowered) -> None:
        if name == "lower":
            asked.extend(calls.functions(made))

    lowered = compile_program(program, watch, FLAT, passes=passes.KERNEL_PASSES)
    try:
        found = emit(lowered, escape, limits.recursion)
    except Unsupported as reason:
        raise PfaCompileError(f"the numba backend cannot run this document: {reason}") from None
    for fn in asked:  # what passes have computed, or put in place
        found.native.setdefault(fn.name, "native")
    return found


def object_code(limits: Limits, text: str, entries: tuple[str, ...], where: cache.Cache) -> bytes:
    """Machine code of a program in the kernel language, from the cache or made now."""
    effort.refuse(text.count("\n"), limits)
    ir, level = effort.bounded(front.assemble(text, entries), limits)
    return link.object_code(ir, where, level)


def assembled(limits: Limits, text: str, entries: tuple[str, ...]) -> link.Code:
    """Loaded machine code; what is large is compiled by a worker, which the limits of `Limits` end."""
    effort.refuse(text.count("\n"), limits)
    code = _by_worker(limits, text, entries) if text.count("\n") > LARGE else None
    return link.loaded(code or object_code(limits, text, entries, cache.default()))


def _by_worker(limits: Limits, text: str, entries: tuple[str, ...]) -> bytes | None:
    """Machine code that another process made; nothing where there can be none."""
    desk = jobs.DESK if jobs.DESK.free else jobs.Desk()
    job = jobs.Job("text", text.encode(), limits, entries)
    desk.submit(job)
    try:
        desk.finish(job)
    finally:
        if desk is not jobs.DESK:
            desk.close()
    if job.outcome == "refused":
        raise PfaCompileError(job.why)
    return job.parts[0] if job.outcome == "done" else None
