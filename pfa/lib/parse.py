"""parse.*: numbers from text, with nothing but the number in it."""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf, isfinite, nextafter
from struct import pack

from pfa.lib.define import Fail, define
from pfa.lib.primitives import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, float32

_INTEGER = re.compile(r"([-+]?)0*([0-9a-z]+)", re.ASCII)
_LONGEST = 64  # digits of a long in base 2, with one to spare
_DECIMAL = re.compile(r"[-+]?(\.?[0-9]+|[0-9]+\.[0-9]*)(e[-+]?[0-9]+)?|[-+]?inf|nan", re.ASCII)


def _integer(text: str, base: int) -> int | None:
    """The value of the text, or None where it has none or is too long for any long."""
    found = _INTEGER.fullmatch(text.strip().lower())
    if found is None or len(found[2]) > _LONGEST:
        return None
    try:
        return int(found[1] + found[2], base)
    except ValueError:
        return None


@define(
    "parse.int",
    "(str: string, base: int) -> int",
    errors={"not an integer": 33000, "base out of range": 33001},
    cost="len(str_)//16+1",
)
def int_(str_: str, base: int, *, fail: Fail) -> int:
    """Return the integer that the string stands for in a base from 2 to 36.

    str: digits 0 to 9 and letters a to z of either case, with an optional sign; white space around them is ignored.

    parse.int(" -123 ", 10) -> -123
    parse.int("FF", 16) -> 255
    parse.int("12.3", 10) -> error 33000
    parse.int("4294967297", 10) -> error 33000
    parse.int("314", 2) -> error 33000
    parse.int("314", 37) -> error 33001
    """
    if not 2 <= base <= 36:
        fail("base out of range")
    n = _integer(str_, base)
    return n if n is not None and INT_MIN <= n <= INT_MAX else fail("not an integer")


@define(
    "parse.long",
    "(str: string, base: int) -> long",
    errors={"not a long integer": 33010, "base out of range": 33011},
    cost="len(str_)//16+1",
)
def long(str_: str, base: int, *, fail: Fail) -> int:
    """Return the long integer that the string stands for in a base from 2 to 36.

    str: digits 0 to 9 and letters a to z of either case, with an optional sign; white space around them is ignored.

    parse.long(" -4294967297 ", 10) -> -4294967297
    parse.long("12a", 10) -> error 33010
    parse.long("18446744073709551617", 10) -> error 33010
    parse.long("314", 1) -> error 33011
    """
    if not 2 <= base <= 36:
        fail("base out of range")
    n = _integer(str_, base)
    return n if n is not None and LONG_MIN <= n <= LONG_MAX else fail("not a long integer")


@define(
    "parse.float",
    "(str: string) -> float",
    errors={"not a single-precision float": 33020},
    cost="len(str_)+1",
)
def float_(str_: str, *, fail: Fail) -> float:
    """Return the single-precision number nearest to the decimal that the string stands for.

    str: digits with an optional point, sign and exponent, or "inf", "+inf", "-inf", "nan", in either case; white space
    around it is ignored.  Too large a number is infinite, too small a one zero.

    parse.float("2.5") -> 2.5
    parse.float("1e40") -> inf
    parse.float("12f3") -> error 33020
    """
    text = str_.strip().lower()
    if not _DECIMAL.fullmatch(text):
        fail("not a single-precision float")
    return float32(_odd(float(text), text))


def _odd(x: float, text: str) -> float:
    """`x`, or where the decimal lies between two doubles, the one whose last bit is set.

    Rounding that to single precision is rounding the decimal itself, once; rounding the nearest double is not.
    """
    if x == 0.0 or not isfinite(x) or pack("<d", x)[0] & 1:
        return x
    exact = Decimal(text)
    if exact == x:
        return x
    return nextafter(x, inf if exact > x else -inf)


@define(
    "parse.double",
    "(str: string) -> double",
    errors={"not a double-precision float": 33030},
    cost="len(str_)+1",
)
def double(str_: str, *, fail: Fail) -> float:
    """Return the double-precision number nearest to the decimal that the string stands for.

    str: digits with an optional point, sign and exponent, or "inf", "+inf", "-inf", "nan", in either case; white space
    around it is ignored.  Too large a number is infinite, too small a one zero.

    parse.double(" 3.14 ") -> 3.14
    parse.double("-1E3") -> -1000.0
    parse.double("-Inf") -> -inf
    parse.double("ff") -> error 33030
    """
    text = str_.strip().lower()
    if not _DECIMAL.fullmatch(text):
        fail("not a double-precision float")
    return float(text)
