"""The kernel language's compiler: typed Python text to LLVM IR, as text.

Place in the pipeline: `emit` prints a program's functions, this translates them and the library's kernels that they
call; `link` makes machine code of the result.  It knows three types, so it needs no inference beyond "a local has the
type of its first assignment", and a page of it costs less than a millisecond.

Invariant: a function whose first parameter is `ctx` may fail; every call of one is followed by a test of the status
that leads to the `except` around it, or out of the function with a zero.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pfa.targets.kernel import kernels
from pfa.targets.kernel.function import FunctionWriter
from pfa.targets.kernel.intrinsics import INTRINSICS, ONE_ARGUMENT, TWO_ARGUMENTS

if TYPE_CHECKING:
    from pfa.targets.kernel.function import Translated
    from pfa.targets.kernel.kernels import Kernel
    from pfa.targets.kernel.writer import Checks

HEAD = """
!0 = !{!"pfa"}
!1 = !{!"context", !0, i64 0}
!2 = !{!"data", !0, i64 0}
!3 = !{!1, !1, i64 0}
!4 = !{!2, !2, i64 0}
!5 = !{!"branch_weights", i32 1000, i32 1}
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i32 @memcmp(ptr, ptr, i64)
declare i64 @llvm.ctpop.i64(i64)
declare i64 @llvm.cttz.i64(i64, i1)
declare i64 @llvm.ctlz.i64(i64, i1)
""" + "".join(
    [f"declare {{i64, i1}} @llvm.{op}.with.overflow.i64(i64, i64)\n" for op in ("sadd", "ssub", "smul")]
    + [f"declare double @{n}(double) #1\n" for n in ONE_ARGUMENT]
    + [f"declare double @{n}(double, double) #1\n" for n in TWO_ARGUMENTS]
    + [f"declare double @{n}(double)\n" for k, n in INTRINSICS.items() if k != "copysign"]
    + ["declare double @llvm.copysign.f64(double, double)\n"]
    + ["attributes #0 = { nounwind }\n", "attributes #1 = { nounwind memory(none) }\n",
       "attributes #2 = { nounwind optnone noinline }\n"]
)


@cache
def library_ir(name: str) -> Translated:
    """A kernel of the library, translated; the same for every program."""
    return translate(kernels.library()[name], kernels.library())


def assemble(text: str, entries: tuple[str, ...], checks: Checks | None = None) -> str:
    """A module: the program's functions and the kernels that they reach.  `entries` are visible from outside."""
    own = kernels.parse(text)
    known = kernels.library() | own
    if checks is not None:
        known |= (own := kernels.parse(checks.text) | own)
    parts: list[str] = []
    done: set[str] = set()
    todo = list(own)
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        if name in own or checks is not None:
            made = translate(known[name], known, name in entries, checks)
        else:
            made = library_ir(name)
        parts.append(made.text)
        todo += made.calls
    return "\n".join([*parts, HEAD])


def translate(
    kernel: Kernel, known: dict[str, Kernel], visible: bool = False, checks: Checks | None = None
) -> Translated:
    """One function as IR."""
    if checks is not None and checks.exempt(kernel.name):
        checks = None
    return FunctionWriter(kernel, known, checks).translate(visible)
