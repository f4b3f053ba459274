"""Namespace "" (operators): arithmetic, comparisons, logic, bits.

The bodies are the meaning; the python target prints operators in their place where types allow it.  Integers
overflow with an error, float is rounded to single precision after each operation, doubles follow IEEE 754.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, TypeVar

from pfa.lib import primitives
from pfa.lib.compare import equality, is_scalar, ordering
from pfa.lib.define import Charge, Fail, Site, define
from pfa.types import FLOAT, INT, LONG, NULL, Enum

if TYPE_CHECKING:
    from collections.abc import Callable

N = TypeVar("N", int, float)
V = TypeVar("V")


# ---- arithmetic ---------------------------------------------------------------------------------------------


def _fit(value: Any, site: Site, fail: Fail) -> Any:
    """The exact or double result of an operation as a value of the call's type."""
    if site.ret == INT:
        return primitives.int_result(value, fail)
    if site.ret == LONG:
        return primitives.long_result(value, fail)
    return primitives.float32(value) if site.ret == FLOAT else value


def _wrap(n: int, site: Site) -> int:
    """`n` modulo the size of the call's type: the one quotient out of range, of MIN by -1, which has no error."""
    low, high = primitives.RANGE[site.ret]
    return n if n <= high else n + 2 * low


@define(
    "+",
    "(x: any A of {int, long, float, double}, y: A) -> A",
    errors={"int overflow": 18000, "long overflow": 18001},
)
def add(x: N, y: N, *, site: Site, fail: Fail) -> N:
    """The sum of `x` and `y`.

    Floats and doubles that are too large become infinite; `impute.ensureFinite` makes an error of them.

    +(1, 2) -> 3
    +(1, 0.5) -> 1.5
    +(2147483647, 1) -> error 18000
    +({"type": "long", "value": 9223372036854775807}, 1) -> error 18001
    +(1.7976931348623157e308, 1.7976931348623157e308) -> inf
    """
    return _fit(x + y, site, fail)  # type: ignore[no-any-return]


@define(
    "-",
    "(x: any A of {int, long, float, double}, y: A) -> A",
    errors={"int overflow": 18010, "long overflow": 18011},
)
def subtract(x: N, y: N, *, site: Site, fail: Fail) -> N:
    """`x` minus `y`.

    Floats and doubles that are too large become infinite; `impute.ensureFinite` makes an error of them.

    -(3, 5) -> -2
    -(0.5, 1) -> -0.5
    -(-2147483648, 1) -> error 18010
    -({"type": "long", "value": -9223372036854775808}, 1) -> error 18011
    """
    return _fit(x - y, site, fail)  # type: ignore[no-any-return]


@define(
    "*",
    "(x: any A of {int, long, float, double}, y: A) -> A",
    errors={"int overflow": 18020, "long overflow": 18021},
)
def multiply(x: N, y: N, *, site: Site, fail: Fail) -> N:
    """The product of `x` and `y`.

    Floats and doubles that are too large become infinite; `impute.ensureFinite` makes an error of them.

    *(6, 7) -> 42
    *(0.5, -3) -> -1.5
    *(65536, 32768) -> error 18020
    *({"type": "long", "value": 4294967296}, 2147483648) -> error 18021
    *(1e200, 1e200) -> inf
    """
    return _fit(x * y, site, fail)  # type: ignore[no-any-return]


@define("/", "(x: double, y: double) -> double")
def divide(x: float, y: float) -> float:
    """`x` divided by `y`, a double also where both are whole.

    A number divided by zero is infinite, and zero by zero is NaN: no error.

    /(7, 2) -> 3.5
    /(-1, 0) -> -inf
    /(0, 0) -> nan
    """
    return primitives.divide(x, y)


@define(
    "//",
    "(x: any A of {int, long}, y: A) -> A",
    errors={"integer division by zero": 18040},
)
def quotient(x: int, y: int, *, site: Site, fail: Fail) -> int:
    """The whole part of `x` divided by `y`: rounded toward zero.

    The lowest number divided by -1 has no place in the type and no error: it wraps around to itself.

    //(7, 2) -> 3
    //(-7, 2) -> -3
    //(-2147483648, -1) -> -2147483648
    //(7, 0) -> error 18040
    """
    if y == 0:
        fail("integer division by zero")
    return _wrap(primitives.truncate_divide(x, y), site)


@define(
    "u-",
    "(x: any A of {int, long, float, double}) -> A",
    errors={"int overflow": 18050, "long overflow": 18051},
)
def negate(x: N, *, site: Site, fail: Fail) -> N:
    """Minus `x`.

    u-(3) -> -3
    u-(-2.5) -> 2.5
    u-(-2147483648) -> error 18050
    u-({"type": "long", "value": -9223372036854775808}) -> error 18051
    """
    return _fit(-x, site, fail)  # type: ignore[no-any-return]


@define(
    "%",
    "(k: any A of {int, long, float, double}, n: A) -> A",
    errors={"integer division by zero": 18060},
)
def modulo(k: N, n: N, *, site: Site, fail: Fail) -> N:
    """`k` modulo `n`: what remains, with the sign of `n` (as `%` in Python, `mod` in Haskell and Ada).

    Floats and doubles modulo zero are NaN: no error.

    %(7, 3) -> 1
    %(-7, 3) -> 2
    %(7, -3) -> -2
    %(5.5, 2) -> 1.5
    %(7, 0) -> error 18060
    %(7.0, 0) -> nan
    """
    if site.ret == INT or site.ret == LONG:
        return k % n if n else fail("integer division by zero")
    return _fit(primitives.modulo(k, n), site, fail)  # type: ignore[no-any-return]


@define(
    "%%",
    "(k: any A of {int, long, float, double}, n: A) -> A",
    errors={"integer division by zero": 18070},
)
def remainder(k: N, n: N, *, site: Site, fail: Fail) -> N:
    """The remainder of `k` divided by `n`, with the sign of `k` (as `%` in C and Java, `rem` in Haskell and Ada).

    The remainder of floats and doubles divided by zero is NaN: no error.

    %%(7, 3) -> 1
    %%(-7, 3) -> -1
    %%(7, -3) -> 1
    %%(-5.5, 2) -> -1.5
    %%(7, 0) -> error 18070
    %%(7.0, 0) -> nan
    """
    if site.ret == INT or site.ret == LONG:
        return primitives.truncate_remainder(k, n) if n else fail("integer division by zero")  # type: ignore[arg-type]
    return _fit(primitives.remainder(k, n), site, fail)  # type: ignore[no-any-return]


@define(
    "**",
    "(x: any A of {int, long, float, double}, y: A) -> A",
    errors={"int overflow": 18080, "long overflow": 18081},
    accuracy="ulp",
)
def power(x: N, y: N, *, site: Site, fail: Fail) -> N:
    """`x` to the power `y`.

    Whole powers are exact and rounded toward zero; zero to a negative whole power overflows.  Floats and doubles
    that are too large become infinite, and a fractional power of a negative number is NaN.

    **(2, 10) -> 1024
    **(2, -1) -> 0
    **(2.0, -1) -> 0.5
    **(-8.0, 0.5) -> nan
    **(2, 31) -> error 18080
    **({"type": "long", "value": 2}, 63) -> error 18081
    **(0, -1) -> error 18080
    """
    if site.ret == INT or site.ret == LONG:
        exact = primitives.integer_power(x, y)  # type: ignore[arg-type]
        return _fit(primitives.LONG_MAX + 1 if exact is None else exact, site, fail)  # type: ignore[no-any-return]
    return _fit(primitives.power(x, y), site, fail)  # type: ignore[no-any-return]


# ---- comparisons --------------------------------------------------------------------------------------------


def _relation(site: Site, test: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Charge], bool]:
    """`test` (`operator.lt`, ...) for two values of the call's type, made once."""
    made = site.cache.get(test)
    if made is None:
        made = site.cache[test] = _make_relation(site, test)
    return made


def _make_relation(site: Site, test: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Charge], bool]:
    t = site.params[0]
    if is_scalar(t) and t != NULL and not isinstance(t, Enum):
        return lambda x, y, _charge: test(x, y)
    compare = ordering(t)
    if is_scalar(t):
        return lambda x, y, _charge: test(compare(x, y), 0)
    return lambda x, y, charge: test(compare(x, y, charge), 0)


def _equality(site: Site) -> Callable[[Any, Any, Charge], bool]:
    made = site.cache.get("equality")
    if made is None:
        t = site.params[0]
        equal = equality(t)
        made = (lambda x, y, _charge: equal(x, y)) if is_scalar(t) else equal
        site.cache["equality"] = made
    return made


@define("cmp", "(x: any A, y: A) -> int")
def compare(x: Any, y: Any, *, site: Site, charge: Charge) -> int:
    """-1 if `x` is before `y`, 1 if it is after, 0 if they are equal.

    The order is Avro's: arrays item by item, records field by field, enums by position of the symbol, strings by
    code point, unions by position of the branch.  NaN is after every number here, and equal to itself.

    cmp(1, 2) -> -1
    cmp("b", "a") -> 1
    cmp([1, 2], [1, 2]) -> 0
    cmp([1, 2], [1, 2, 0]) -> -1
    """
    order = site.cache.get("order")
    if order is None:
        order = site.cache["order"] = ordering(site.params[0])
    return order(x, y, charge)


@define("==", "(x: any A, y: A) -> boolean")
def equal(x: Any, y: Any, *, site: Site, charge: Charge) -> bool:
    """Are `x` and `y` equal?

    NaN is not equal to NaN, but an array, map, record or union that holds it is equal to its like.

    ==(1, 1.0) -> true
    ==("a", "A") -> false
    ==([1, 2], [1, 2]) -> true
    """
    return _equality(site)(x, y, charge)


@define(">=", "(x: any A, y: A) -> boolean")
def greater_equal(x: Any, y: Any, *, site: Site, charge: Charge) -> bool:
    """Is `x` after `y` or equal to it?

    >=(2, 2) -> true
    >=("a", "b") -> false
    """
    return _relation(site, operator.ge)(x, y, charge)


@define(">", "(x: any A, y: A) -> boolean")
def greater(x: Any, y: Any, *, site: Site, charge: Charge) -> bool:
    """Is `x` after `y`?

    >(2, 2) -> false
    >([2], [1, 5]) -> true
    """
    return _relation(site, operator.gt)(x, y, charge)


@define("!=", "(x: any A, y: A) -> boolean")
def not_equal(x: Any, y: Any, *, site: Site, charge: Charge) -> bool:
    """Is `x` different from `y`?

    !=(1, 2) -> true
    !=([1, 2], [1, 2]) -> false
    """
    return not _equality(site)(x, y, charge)


@define("<", "(x: any A, y: A) -> boolean")
def less(x: Any, y: Any, *, site: Site, charge: Charge) -> bool:
    """Is `x` before `y`?

    <(1, 2) -> true
    <("b", "a") -> false
    """
    return _relation(site, operator.lt)(x, y, charge)


@define("<=", "(x: any A, y: A) -> boolean")
def less_equal(x: Any, y: Any, *, site: Site, charge: Charge) -> bool:
    """Is `x` before `y` or equal to it?

    <=(2, 2) -> true
    <=([1, 2], [1]) -> false
    """
    return _relation(site, operator.le)(x, y, charge)


@define("max", "(x: any A, y: A) -> A")
def maximum(x: V, y: V, *, site: Site, charge: Charge) -> V:
    """`x` if `x` ≥ `y`, otherwise `y`.

    For more than two values see `a.max`.

    max(3, 5) -> 5
    max("a", "b") -> "b"
    """
    return x if _relation(site, operator.ge)(x, y, charge) else y


@define("min", "(x: any A, y: A) -> A")
def minimum(x: V, y: V, *, site: Site, charge: Charge) -> V:
    """`x` if `x` < `y`, otherwise `y`.

    For more than two values see `a.min`.

    min(3, 5) -> 3
    min("a", "b") -> "a"
    """
    return x if _relation(site, operator.lt)(x, y, charge) else y


# ---- logic --------------------------------------------------------------------------------------------------


@define("&&", "(x: boolean, y: boolean) -> boolean", lazy=True)
def logical_and(x: bool, y: bool) -> bool:
    """Are `x` and `y` both true?  `y` is evaluated only if `x` is true.

    &&(true, true) -> true
    &&(true, false) -> false
    &&(false, {"error": "not evaluated"}) -> false
    """
    return x and y


@define("||", "(x: boolean, y: boolean) -> boolean", lazy=True)
def logical_or(x: bool, y: bool) -> bool:
    """Is `x` or `y` true?  `y` is evaluated only if `x` is false.

    ||(false, true) -> true
    ||(false, false) -> false
    ||(true, {"error": "not evaluated"}) -> true
    """
    return x or y


@define("^^", "(x: boolean, y: boolean) -> boolean")
def logical_xor(x: bool, y: bool) -> bool:
    """Is exactly one of `x` and `y` true?

    ^^(true, false) -> true
    ^^(true, true) -> false
    """
    return x is not y


@define("!", "(x: boolean) -> boolean")
def logical_not(x: bool) -> bool:
    """Is `x` false?

    !(true) -> false
    """
    return not x


@define("&&&", "(x: union(boolean, null), y: union(boolean, null)) -> union(boolean, null)", lazy=True)
def kleene_and(x: bool | None, y: bool | None) -> bool | None:
    """false if `x` or `y` is false, true if both are true, otherwise null (Kleene's logic: null is unknown).

    `y` is not evaluated if `x` is false.

    &&&(true, true) -> {"boolean": true}
    &&&(null, false) -> {"boolean": false}
    &&&(null, true) -> null
    """
    if x is False or y is False:
        return False
    return True if x and y else None


@define("|||", "(x: union(boolean, null), y: union(boolean, null)) -> union(boolean, null)", lazy=True)
def kleene_or(x: bool | None, y: bool | None) -> bool | None:
    """true if `x` or `y` is true, false if both are false, otherwise null (Kleene's logic: null is unknown).

    `y` is not evaluated if `x` is true.

    |||(false, false) -> {"boolean": false}
    |||(null, true) -> {"boolean": true}
    |||(null, false) -> null
    """
    if x or y:
        return True
    return None if x is None or y is None else False


@define("!!!", "(x: union(boolean, null)) -> union(boolean, null)")
def kleene_not(x: bool | None) -> bool | None:
    """true if `x` is false, false if `x` is true, null if it is null (Kleene's logic: null is unknown).

    !!!(true) -> {"boolean": false}
    !!!(null) -> null
    """
    return None if x is None else not x


# ---- bits ---------------------------------------------------------------------------------------------------


@define("&", "(x: int, y: int) -> int", "(x: long, y: long) -> long")
def bitwise_and(x: int, y: int) -> int:
    """The bits that are set in both `x` and `y` (two's complement).

    &(12, 10) -> 8
    &(-1, 10) -> 10
    """
    return x & y


@define("|", "(x: int, y: int) -> int", "(x: long, y: long) -> long")
def bitwise_or(x: int, y: int) -> int:
    """The bits that are set in `x` or in `y` or in both (two's complement).

    |(12, 10) -> 14
    """
    return x | y


@define("^", "(x: int, y: int) -> int", "(x: long, y: long) -> long")
def bitwise_xor(x: int, y: int) -> int:
    """The bits that are set in exactly one of `x` and `y` (two's complement).

    ^(12, 10) -> 6
    """
    return x ^ y


@define("~", "(x: int) -> int", "(x: long) -> long")
def bitwise_not(x: int) -> int:
    """`x` with every bit turned over (two's complement): `-x - 1`.

    ~(12) -> -13
    """
    return ~x
