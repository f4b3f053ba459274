"""What every distribution asks of its arguments.  The parameters are judged first, then the point."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pfa.lib.define import Fail


def require(condition: bool, fail: Fail) -> None:
    """Fail with "invalid parameterization" unless the parameters are those of a distribution."""
    if not condition:
        fail("invalid parameterization")


def require_finite(x: float, fail: Fail) -> None:
    """Fail with "invalid input" unless the point is finite."""
    if not isfinite(x):
        fail("invalid input")


def require_probability(p: float, fail: Fail) -> None:
    """Fail with "invalid input" unless `p` is from 0 to 1."""
    if not 0.0 <= p <= 1.0:
        fail("invalid input")
