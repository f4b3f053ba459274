"""impute.*: what to do about missing values and about numbers that are none."""

from __future__ import annotations

from math import isfinite
from math import isinf as _isinf
from typing import Any

from pfa.lib.define import Fail, define


@define(
    "impute.errorOnNull",
    "(x: union(any A, null)) -> A",
    errors={"encountered null": 21000},
)
def error_on_null(x: Any, *, fail: Fail) -> Any:
    """Return `x`, or fail where it is null, so that the action is skipped.

    impute.errorOnNull({"type": ["int", "null"], "value": {"int": 3}}) -> 3
    impute.errorOnNull({"type": ["int", "null"], "value": null}) -> error 21000
    """
    return fail("encountered null") if x is None else x


@define(
    "impute.defaultOnNull",
    "(x: union(any A, null), default: A) -> A",
)
def default_on_null(x: Any, default: Any) -> Any:
    """Return `x`, or `default` where it is null.

    impute.defaultOnNull({"type": ["int", "null"], "value": {"int": 3}}, 12) -> 3
    impute.defaultOnNull({"type": ["int", "null"], "value": null}, 12) -> 12
    """
    return default if x is None else x


@define(
    "impute.isnan",
    "(x: float) -> boolean",
    "(x: double) -> boolean",
)
def isnan(x: float) -> bool:
    """Return true if `x` is not a number (NaN).

    impute.isnan({"m.sqrt": -1.0}) -> true
    impute.isnan(2.0) -> false
    """
    return x != x


@define(
    "impute.isinf",
    "(x: float) -> boolean",
    "(x: double) -> boolean",
)
def isinf(x: float) -> bool:
    """Return true if `x` is infinite, of either sign.

    impute.isinf({"/": [-1.0, 0.0]}) -> true
    impute.isinf(2.0) -> false
    """
    return _isinf(x)


@define(
    "impute.isnum",
    "(x: float) -> boolean",
    "(x: double) -> boolean",
)
def isnum(x: float) -> bool:
    """Return true if `x` is neither NaN nor infinite.

    impute.isnum(2.0) -> true
    impute.isnum({"/": [1.0, 0.0]}) -> false
    """
    return isfinite(x)


@define(
    "impute.errorOnNonNum",
    "(x: float) -> float",
    "(x: double) -> double",
    errors={"encountered nan": 21050, "encountered +inf": 21051, "encountered -inf": 21052},
)
def error_on_non_num(x: float, *, fail: Fail) -> float:
    """Return `x`, or fail where it is NaN or infinite, so that the action is skipped.

    impute.errorOnNonNum(2.0) -> 2.0
    impute.errorOnNonNum({"m.sqrt": -1.0}) -> error 21050
    impute.errorOnNonNum({"/": [1.0, 0.0]}) -> error 21051
    impute.errorOnNonNum({"/": [-1.0, 0.0]}) -> error 21052
    """
    if isfinite(x):
        return x
    if x != x:
        fail("encountered nan")
    return fail("encountered +inf" if x > 0.0 else "encountered -inf")


@define(
    "impute.defaultOnNonNum",
    "(x: float, default: float) -> float",
    "(x: double, default: double) -> double",
)
def default_on_non_num(x: float, default: float) -> float:
    """Return `x`, or `default` where it is NaN or infinite.

    impute.defaultOnNonNum(2.0, 3.0) -> 2.0
    impute.defaultOnNonNum({"m.sqrt": -1.0}, 3.0) -> 3.0
    """
    return x if isfinite(x) else default
