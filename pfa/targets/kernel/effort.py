"""How much work the optimiser may have: large functions are left as they are, and too large a program is refused.

LLVM's time grows with the square of a function's lines (measured at the worst of several shapes of document), and
linearly where it does not optimise.  So each document is compiled within the time and memory of `Limits`, and what is
as large as no model was seen to be runs slower, not never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.errors import PfaCompileError

if TYPE_CHECKING:
    from pfa.limits import Limits

# Seconds by lines of LLVM IR, on one core of 2.5 GHz.
LINEAR, SQUARE = 6e-5, 3e-8  # optimised
PLAIN = 3e-5  # not optimised, the translation to IR included
BYTES = 1300  # of memory a line
LARGE = 12_000  # lines of a function that is not optimised
EFFORT = 8.0  # seconds that optimising all of a document may take, by estimate
MUCH = 50_000  # lines of such functions from which the machine code is made in a hurry, too
SHARE = 4  # of `Limits.compile_seconds`, if that is less


def bounded(ir: str, limits: Limits) -> tuple[str, int]:
    """The module, its largest functions marked as not to be optimised, and the level for the rest (2, or 0).

    Raises PfaCompileError if it is too large at all.
    """
    refuse(ir.count("\n"), limits)
    parts = ir.split("\ndefine ")
    seconds = {i: estimate(p.count("\n")) for i, p in enumerate(parts)}
    left = EFFORT if limits.compile_seconds is None else min(EFFORT, limits.compile_seconds / SHARE)
    plain = set()
    for i, needed in sorted(seconds.items(), key=lambda x: x[1]):
        left -= needed
        if left < 0 or parts[i].count("\n") > LARGE:
            plain.add(i)
    if not plain:
        return ir, 2
    level = 0 if sum(parts[i].count("\n") for i in plain) > MUCH else 2
    marked = (p.replace(" #0 {", " #2 {", 1) if i in plain else p for i, p in enumerate(parts))
    return "\ndefine ".join(marked), level


def refuse(lines: int, limits: Limits) -> None:
    """Refuse what cannot be compiled within the limits even without optimising."""
    for needed, limit, name, unit in (
        (lines * PLAIN, limits.compile_seconds, "compile_seconds", "seconds"),
        (lines * BYTES, limits.compile_memory, "compile_memory", "bytes"),
    ):
        if limit is not None and needed > limit:
            raise PfaCompileError(
                f"the numba backend would need about {needed:,.1f} {unit} to compile this document, more than "
                f"Limits.{name} ({limit:,g}); raise it, or use the python backend"
            )


def estimate(lines: int) -> float:
    """Seconds that optimising a function may take."""
    return lines * LINEAR + lines * lines * SQUARE
