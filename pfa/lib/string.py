"""s.*: strings, immutable sequences of Unicode code points; searching here is for literal text (patterns: re.*)."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from pfa.lib.define import Charge, Fail, Site, define
from pfa.types import BOOLEAN

_SHORT = 64  # needles below this are searched backwards naively; longer ones would make that quadratic
_DIGITS = 400  # more decimals than a double has digits: what follows is zeros
_HALF_UP = Context(prec=800, rounding=ROUND_HALF_UP)


@define(
    "s.len",
    "(s: string) -> int",
)
def len_(s: str) -> int:
    """Return the number of characters (code points) of the string.

    s.len("hello") -> 5
    s.len("") -> 0
    """
    return len(s)


@define(
    "s.substr",
    "(s: string, start: int, end: int) -> string",
)
def substr(s: str, start: int, end: int, *, charge: Charge) -> str:
    """Return the part of `s` from `start` (inclusive) to `end` (exclusive).

    Negative indexes count from the right (-1 is the last character) and indexes outside are moved to the nearest
    end, as in Python; where `end` is not after `start`, the part is empty.

    s.substr("abcdef", 1, 4) -> "bcd"
    s.substr("abcdef", -2, 100) -> "ef"
    s.substr("abcdef", 4, 1) -> ""
    """
    part = s[start:end]
    charge(len(part) // 4 + 1)
    return part


@define(
    "s.substrto",
    "(s: string, start: int, end: int, replacement: string) -> string",
    cost="(len(s)+len(replacement))//4+1",
)
def substrto(s: str, start: int, end: int, replacement: str) -> str:
    """Return `s` with `replacement` in the place of the characters from `start` to `end`.

    Indexes count as in s.substr; where `end` is not after `start`, the replacement goes in before `start`.

    s.substrto("abcdef", 1, 3, "XYZ") -> "aXYZdef"
    s.substrto("abcdef", 3, 0, "--") -> "abc--def"
    """
    start, end, _ = slice(start, end).indices(len(s))
    return s[:start] + replacement + s[max(start, end) :]


@define(
    "s.contains",
    "(haystack: string, needle: string) -> boolean",
    cost="len(haystack)//16+1",
)
def contains(haystack: str, needle: str) -> bool:
    """Return true if `needle` is somewhere in `haystack`; an empty `needle` always is.

    s.contains("hello", "ell") -> true
    s.contains("hello", "lo!") -> false
    """
    return needle in haystack


@define(
    "s.count",
    "(haystack: string, needle: string) -> int",
    cost="len(haystack)//16+1",
)
def count(haystack: str, needle: str) -> int:
    """Return how often `needle` is in `haystack`, without overlap; zero for an empty `needle`.

    s.count("banana", "an") -> 2
    s.count("aaaa", "aa") -> 2
    s.count("banana", "") -> 0
    """
    return haystack.count(needle) if needle else 0


@define(
    "s.index",
    "(haystack: string, needle: string) -> int",
    cost="len(haystack)//16+1",
)
def index(haystack: str, needle: str) -> int:
    """Return the lowest index at which `haystack` contains `needle`, or -1.

    s.index("banana", "an") -> 1
    s.index("banana", "x") -> -1
    """
    return haystack.find(needle)


@define(
    "s.rindex",
    "(haystack: string, needle: string) -> int",
    cost="len(haystack)//16+1",
)
def rindex(haystack: str, needle: str) -> int:
    """Return the highest index at which `haystack` contains `needle`, or -1.

    s.rindex("banana", "an") -> 3
    s.rindex("banana", "x") -> -1
    """
    if len(needle) < _SHORT:
        return haystack.rfind(needle)
    found = haystack[::-1].find(needle[::-1])
    return found if found < 0 else len(haystack) - found - len(needle)


@define(
    "s.startswith",
    "(haystack: string, needle: string) -> boolean",
    cost="len(needle)//16+1",
)
def startswith(haystack: str, needle: str) -> bool:
    """Return true if `haystack` begins with `needle`.

    s.startswith("hello", "he") -> true
    s.startswith("hello", "lo") -> false
    """
    return haystack.startswith(needle)


@define(
    "s.endswith",
    "(haystack: string, needle: string) -> boolean",
    cost="len(needle)//16+1",
)
def endswith(haystack: str, needle: str) -> bool:
    """Return true if `haystack` ends with `needle`.

    s.endswith("hello", "lo") -> true
    s.endswith("hello", "he") -> false
    """
    return haystack.endswith(needle)


@define(
    "s.join",
    "(array: array(string), sep: string) -> string",
    cost="len(array)*(len(sep)//4+1)",
)
def join(array: list[str], sep: str, *, charge: Charge) -> str:
    """Return the strings of the array as one, with `sep` between them.

    s.join(["a", "b", "c"], ", ") -> "a, b, c"
    s.join({"type": {"type": "array", "items": "string"}, "value": []}, ", ") -> ""
    """
    charge(sum(map(len, array)) // 4)
    return sep.join(array)


@define(
    "s.split",
    "(s: string, sep: string) -> array(string)",
    cost="len(s)//4+1",
)
def split(s: str, sep: str, *, charge: Charge) -> list[str]:
    """Return the parts of `s` between occurrences of `sep`, as in Python: one more than there are of `sep`.

    An empty `sep` gives an empty array.

    s.split("a,b,,c", ",") -> ["a", "b", "", "c"]
    s.split(",a", ",") -> ["", "a"]
    s.split("abc", ",") -> ["abc"]
    s.split("abc", "") -> []
    """
    if not sep:
        return []
    charge(s.count(sep) + 1)
    return s.split(sep)


@define(
    "s.hex",
    "(x: long) -> string",
    "(x: long, width: int, zeroPad: boolean) -> string",
    errors={"negative width cannot be used with zero-padding": 39110, "negative number": 39111},
)
def hex_(x: int, width: int | None = None, zero_pad: bool = False, *, fail: Fail, charge: Charge) -> str:
    """Return a number that is not negative in hexadecimal, with lowercase digits.

    width: how wide the string is at least: aligned right, or left where it is negative; zero gives an empty string.
    zeroPad: fill up with zeros instead of spaces.

    s.hex(255) -> "ff"
    s.hex(255, 5, false) -> "   ff"
    s.hex(255, -5, false) -> "ff   "
    s.hex(255, 5, true) -> "000ff"
    s.hex(255, -5, true) -> error 39110
    s.hex(-1) -> error 39111
    """
    if x < 0:
        fail("negative number")
    if zero_pad and width is not None and width < 0:
        fail("negative width cannot be used with zero-padding")
    return _padded(f"{x:x}", width, zero_pad, charge)


@define(
    "s.int",
    "(x: long) -> string",
    "(x: long, width: int, zeroPad: boolean) -> string",
    errors={"negative width cannot be used with zero-padding": 39240},
)
def int_(x: int, width: int | None = None, zero_pad: bool = False, *, fail: Fail, charge: Charge) -> str:
    """Return an integer in decimal.

    width: how wide the string is at least: aligned right, or left where it is negative; zero gives an empty string.
    zeroPad: fill up with zeros, after the sign, instead of spaces.

    s.int(-17) -> "-17"
    s.int(17, 5, false) -> "   17"
    s.int(-17, -5, false) -> "-17  "
    s.int(-17, 5, true) -> "-0017"
    s.int(17, -5, true) -> error 39240
    """
    if zero_pad and width is not None and width < 0:
        fail("negative width cannot be used with zero-padding")
    return _padded(str(x), width, zero_pad, charge)


def _padded(text: str, width: int | None, zero_pad: bool, charge: Charge) -> str:
    if width is None:
        return text
    charge(abs(width) // 4 + 1)
    if zero_pad:
        text = text.zfill(width)
    return _aligned(text, width) if width else ""


def _aligned(text: str, width: int) -> str:
    return text.ljust(-width) if width < 0 else text.rjust(width)


@define(
    "s.number",
    "(x: long) -> string",
    "(x: long, width: int, zeroPad: boolean) -> string",
    "(x: double, width: union(int, null), precision: union(int, null)) -> string",
    "(x: double, width: union(int, null), precision: union(int, null), minNoExp: double, maxNoExp: double) -> string",
    errors={"negative width cannot be used with zero-padding": 39120, "negative precision": 39121},
    deprecated=(0, 1),
    nondeterministic="unstable",
)
def number(
    x: float,
    width: int | None = None,
    precision: int | None = None,
    least: float = 0.0001,
    most: float = 100000.0,
    *,
    site: Site,
    fail: Fail,
    charge: Charge,
) -> str:
    """Return a number in decimal, in scientific notation where it is very small or large.

    width: how wide the string is at least: aligned right, or left where it is negative; zero gives an empty string.
    zeroPad: of an integer, fill up with zeros instead of spaces (deprecated: s.int does this).
    precision: how many digits after the decimal point; where it is null, up to six that are not trailing zeros, and
    at least one.  Halves are rounded away from zero, on the digits that the number is written with.
    minNoExp, maxNoExp: the absolute values between which there is no exponent, 0.0001 and 100000 by default.

    An exponent has a sign and two digits at least.  Negative zero is written as zero; nan, inf and -inf so.

    s.number(3.14159265, null, null) -> "3.141593"
    s.number(2.0, 6, null) -> "   2.0"
    s.number(2.0, -6, 2) -> "2.00  "
    s.number(0.00001, null, null) -> "1.0e-05"
    s.number(1234567.0, null, 2) -> "1.23e+06"
    s.number(1234567.0, null, 2, 0.1, 1e9) -> "1234567.00"
    s.number(17) -> "17"
    s.number(17, 5, true) -> "00017"
    s.number(17, -5, true) -> error 39120
    s.number(2.0, null, -1) -> error 39121
    """
    if len(site.params) == 1:
        return str(x)
    if site.params[2] == BOOLEAN:
        if precision and width is not None and width < 0:
            fail("negative width cannot be used with zero-padding")
        return _padded(str(x), width, bool(precision), charge)
    if precision is not None and precision < 0:
        fail("negative precision")
    charge((abs(width or 0) + (precision or 0)) // 4 + 1)
    if not math.isfinite(x):
        return _aligned(repr(x), width or 0)
    if width == 0:
        return ""
    return _aligned(_decimal(x, precision, x == 0.0 or least <= abs(x) <= most), width or 0)


def _decimal(x: float, precision: int | None, plain: bool) -> str:
    """The digits of a finite number, rounded as they are written (0.125 to two decimals is 0.13)."""
    shown = 6 if precision is None else min(precision, _DIGITS)
    with localcontext(_HALF_UP):
        text = f"{Decimal(repr(x or 0.0)):.{shown}{'f' if plain else 'e'}}"
    mantissa, e, exponent = text.partition("e")
    if precision is None:
        whole, _, decimals = mantissa.partition(".")
        mantissa = f"{whole}.{decimals.rstrip('0') or '0'}"
    elif precision > shown:
        mantissa += "0" * (precision - shown)
    return f"{mantissa}e{int(exponent):+03d}" if e else mantissa


@define(
    "s.concat",
    "(x: string, y: string) -> string",
    cost="(len(x)+len(y))//4+1",
)
def concat(x: str, y: str) -> str:
    """Return `x` followed by `y` (for an array of strings: s.join with an empty `sep`).

    s.concat("abc", "def") -> "abcdef"
    """
    return x + y


@define(
    "s.repeat",
    "(s: string, n: int) -> string",
)
def repeat(s: str, n: int, *, charge: Charge) -> str:
    """Return `s` `n` times in a row; nothing where `n` is not positive.

    s.repeat("ab", 3) -> "ababab"
    s.repeat("ab", -3) -> ""
    """
    charge(len(s) * max(n, 0) // 4 + 1)
    return s * n


@define(
    "s.lower",
    "(s: string) -> string",
    cost="len(s)//4+1",
)
def lower(s: str) -> str:
    """Return `s` in lowercase.

    s.lower("Hello") -> "hello"
    """
    return s.lower()


@define(
    "s.upper",
    "(s: string) -> string",
    cost="len(s)//4+1",
)
def upper(s: str) -> str:
    """Return `s` in uppercase.

    s.upper("Hello") -> "HELLO"
    """
    return s.upper()


@define(
    "s.lstrip",
    "(s: string, chars: string) -> string",
    cost="len(s)*(len(chars)+64)//256+1",
)
def lstrip(s: str, chars: str) -> str:
    """Return `s` without the characters at its beginning that are in `chars`, in whatever order.

    s.lstrip("  *hello* ", "* ") -> "hello* "
    """
    return s.lstrip(chars)


@define(
    "s.rstrip",
    "(s: string, chars: string) -> string",
    cost="len(s)*(len(chars)+64)//256+1",
)
def rstrip(s: str, chars: str) -> str:
    """Return `s` without the characters at its end that are in `chars`, in whatever order.

    s.rstrip("  *hello* ", "* ") -> "  *hello"
    """
    return s.rstrip(chars)


@define(
    "s.strip",
    "(s: string, chars: string) -> string",
    cost="len(s)*(len(chars)+64)//256+1",
)
def strip(s: str, chars: str) -> str:
    """Return `s` without the characters at its beginning and end that are in `chars`, in whatever order.

    s.strip("  *hello* ", "* ") -> "hello"
    """
    return s.strip(chars)


@define(
    "s.replaceall",
    "(s: string, original: string, replacement: string) -> string",
    cost="len(s)//4+1",
)
def replaceall(s: str, original: str, replacement: str, *, charge: Charge) -> str:
    """Return `s` with `replacement` for every `original`; an empty `original` is around every character.

    s.replaceall("banana", "an", "AN") -> "bANANa"
    s.replaceall("ab", "", "-") -> "-a-b-"
    """
    found = s.count(original)
    charge(found * (len(replacement) + 4) // 4)
    return s.replace(original, replacement) if found else s


@define(
    "s.replacefirst",
    "(s: string, original: string, replacement: string) -> string",
    cost="(len(s)+len(replacement))//4+1",
)
def replacefirst(s: str, original: str, replacement: str) -> str:
    """Return `s` with `replacement` for the first `original`.

    s.replacefirst("banana", "an", "AN") -> "bANana"
    s.replacefirst("banana", "x", "AN") -> "banana"
    """
    return s.replace(original, replacement, 1)


@define(
    "s.replacelast",
    "(s: string, original: string, replacement: string) -> string",
    cost="(len(s)+len(replacement))//4+1",
)
def replacelast(s: str, original: str, replacement: str) -> str:
    """Return `s` with `replacement` for the last `original`.

    s.replacelast("banana", "an", "AN") -> "banANa"
    s.replacelast("banana", "x", "AN") -> "banana"
    """
    at = rindex(s, original)
    return s if at < 0 else s[:at] + replacement + s[at + len(original) :]


@define(
    "s.translate",
    "(s: string, oldchars: string, newchars: string) -> string",
    cost="len(s)+len(oldchars)+1",
)
def translate(s: str, oldchars: str, newchars: str) -> str:
    """Return `s` with each character that is in `oldchars` replaced by the one in its place in `newchars`.

    Where `newchars` is shorter, the characters that have no counterpart are removed; the first place of a character
    that is twice in `oldchars` counts.

    s.translate("banana", "an", "AN") -> "bANANA"
    s.translate("banana", "an", "A") -> "bAAA"
    """
    table: dict[int, str] = {}
    for i, c in enumerate(oldchars):
        table.setdefault(ord(c), newchars[i : i + 1])
    return s.translate(table)
