"""cast.*: from one type to another: numbers, categories to indicators, anything to Avro or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.encode import avro_encoder, json_text
from pfa.lib.primitives import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, float32, round_half_up
from pfa.types import Enum, Type

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@define(
    "cast.signed",
    "(x: long, bits: int) -> long",
    errors={"unrepresentable unsigned number": 17000},
)
def signed(x: int, bits: int, *, fail: Fail) -> int:
    """Return what the lowest `bits` bits (2 to 64) of `x` are as a signed number (two's complement).

    cast.signed(2, 2) -> -2
    cast.signed(255, 8) -> -1
    cast.signed(127, 8) -> 127
    cast.signed(5, 1) -> error 17000
    """
    if not 2 <= bits <= 64:
        fail("unrepresentable unsigned number")
    half = 1 << (bits - 1)
    return ((x + half) & (2 * half - 1)) - half


@define(
    "cast.unsigned",
    "(x: long, bits: int) -> long",
    errors={"unrepresentable unsigned number": 17010},
)
def unsigned(x: int, bits: int, *, fail: Fail) -> int:
    """Return what the lowest `bits` bits (1 to 63) of `x` are as a number that is not negative.

    cast.unsigned(-1, 8) -> 255
    cast.unsigned(5, 2) -> 1
    cast.unsigned(5, 64) -> error 17010
    """
    if not 1 <= bits <= 63:
        fail("unrepresentable unsigned number")
    return x & ((1 << bits) - 1)


@define(
    "cast.int",
    "(x: int) -> int",
    "(x: long) -> int",
    "(x: float) -> int",
    "(x: double) -> int",
    errors={"int overflow": 17020},
)
def int_(x: float, *, fail: Fail) -> int:
    """Return the nearest int, of two equally near the greater.

    cast.int(2.5) -> 3
    cast.int(-2.5) -> -2
    cast.int(2147483648) -> error 17020
    """
    n = x if isinstance(x, int) else round_half_up(x)
    return n if n is not None and INT_MIN <= n <= INT_MAX else fail("int overflow")


@define(
    "cast.long",
    "(x: int) -> long",
    "(x: long) -> long",
    "(x: float) -> long",
    "(x: double) -> long",
    errors={"long overflow": 17030},
)
def long(x: float, *, fail: Fail) -> int:
    """Return the nearest long, of two equally near the greater.

    cast.long(2.5) -> 3
    cast.long(-2.5) -> -2
    cast.long(1e19) -> error 17030
    """
    n = x if isinstance(x, int) else round_half_up(x)
    return n if n is not None and LONG_MIN <= n <= LONG_MAX else fail("long overflow")


@define(
    "cast.float",
    "(x: int) -> float",
    "(x: long) -> float",
    "(x: float) -> float",
    "(x: double) -> float",
)
def float_(x: float) -> float:
    """Return the nearest single-precision number, infinite where `x` is too large for it.

    cast.float(3) -> 3.0
    cast.float(0.1) -> 0.10000000149011612
    cast.float(1e40) -> inf
    """
    return float32(x)


@define(
    "cast.double",
    "(x: int) -> double",
    "(x: long) -> double",
    "(x: float) -> double",
    "(x: double) -> double",
)
def double(x: float) -> float:
    """Return the nearest double-precision number.

    cast.double(3) -> 3.0
    """
    return float(x)


def _fanout(
    x: Any, how: tuple[Any, ...], values: tuple[T, T], site: Site, fail: Fail, charge: Charge
) -> list[T]:
    """One value for each category: `values[1]` where `x` is it, `values[0]` elsewhere."""
    off, on = values
    if not how:
        size, at = _enum_places(site.params[0], site), x
        out = [off] * len(size)
        out[size[at]] = on
        return out
    *where, other = how
    if len(where) == 1:
        n, i = _place(x, where[0], fail, charge)
    else:
        low, high = where
        n, i = max(high - low, 0), x - low
    charge(n + 1)
    out = [off] * (n + other)
    if 0 <= i < n:
        out[i] = on
    elif other:
        out[n] = on
    return out


def _enum_places(t: Type, site: Site) -> dict[str, int]:
    if not site.cache:
        assert isinstance(t, Enum)
        site.cache.update({symbol: i for i, symbol in enumerate(t.symbols)})
    return site.cache


def _place(x: str, dictionary: list[str], fail: Fail, charge: Charge) -> tuple[int, int]:
    """How many words the dictionary has, and which of them `x` is (-1: none)."""
    charge(len(dictionary))
    if len(set(dictionary)) < len(dictionary):
        fail("non-distinct values in dictionary")
    return len(dictionary), dictionary.index(x) if x in dictionary else -1


@define(
    "cast.fanoutBoolean",
    "(x: any enum A) -> array(boolean)",
    "(x: string, dictionary: array(string), outOfRange: boolean) -> array(boolean)",
    "(x: int, minimum: int, maximum: int, outOfRange: boolean) -> array(boolean)",
    errors={"non-distinct values in dictionary": 17060},
)
def fanout_boolean(x: Any, *how: Any, site: Site, fail: Fail, charge: Charge) -> list[bool]:
    """Return an array with an item for every category: true for that of `x`, false for the others.

    x: an enum, a string or an int.
    dictionary: the categories of a string.
    minimum, maximum: the categories of an int: from `minimum` to before `maximum`.
    outOfRange: add an item at the end for an `x` that is in no category.

    cast.fanoutBoolean({"type": {"type": "enum", "name": "Size", "symbols": ["small", "large"]}, "value": "large"}) -> [false, true]
    cast.fanoutBoolean("b", ["a", "b", "c"], false) -> [false, true, false]
    cast.fanoutBoolean("z", ["a", "b", "c"], true) -> [false, false, false, true]
    cast.fanoutBoolean(12, 10, 14, false) -> [false, false, true, false]
    cast.fanoutBoolean("b", ["a", "b", "b"], false) -> error 17060
    """
    return _fanout(x, how, (False, True), site, fail, charge)


@define(
    "cast.fanoutInt",
    "(x: any enum A) -> array(int)",
    "(x: string, dictionary: array(string), outOfRange: boolean) -> array(int)",
    "(x: int, minimum: int, maximum: int, outOfRange: boolean) -> array(int)",
    errors={"non-distinct values in dictionary": 17070},
)
def fanout_int(x: Any, *how: Any, site: Site, fail: Fail, charge: Charge) -> list[int]:
    """Return an array with an item for every category: 1 for that of `x`, 0 for the others.

    x: an enum, a string or an int.
    dictionary: the categories of a string.
    minimum, maximum: the categories of an int: from `minimum` to before `maximum`.
    outOfRange: add an item at the end for an `x` that is in no category.

    cast.fanoutInt({"type": {"type": "enum", "name": "Size", "symbols": ["small", "large"]}, "value": "large"}) -> [0, 1]
    cast.fanoutInt("b", ["a", "b", "c"], false) -> [0, 1, 0]
    cast.fanoutInt(12, 10, 14, false) -> [0, 0, 1, 0]
    cast.fanoutInt(9, 10, 14, true) -> [0, 0, 0, 0, 1]
    cast.fanoutInt("b", ["a", "b", "b"], false) -> error 17070
    """
    return _fanout(x, how, (0, 1), site, fail, charge)


@define(
    "cast.fanoutLong",
    "(x: any enum A) -> array(long)",
    "(x: string, dictionary: array(string), outOfRange: boolean) -> array(long)",
    "(x: int, minimum: int, maximum: int, outOfRange: boolean) -> array(long)",
    errors={"non-distinct values in dictionary": 17080},
)
def fanout_long(x: Any, *how: Any, site: Site, fail: Fail, charge: Charge) -> list[int]:
    """Return an array with an item for every category: 1 for that of `x`, 0 for the others.

    x: an enum, a string or an int.
    dictionary: the categories of a string.
    minimum, maximum: the categories of an int: from `minimum` to before `maximum`.
    outOfRange: add an item at the end for an `x` that is in no category.

    cast.fanoutLong({"type": {"type": "enum", "name": "Size", "symbols": ["small", "large"]}, "value": "large"}) -> [0, 1]
    cast.fanoutLong("b", ["a", "b", "c"], false) -> [0, 1, 0]
    cast.fanoutLong(9, 10, 14, true) -> [0, 0, 0, 0, 1]
    cast.fanoutLong("b", ["a", "b", "b"], false) -> error 17080
    """
    return _fanout(x, how, (0, 1), site, fail, charge)


@define(
    "cast.fanoutFloat",
    "(x: any enum A) -> array(float)",
    "(x: string, dictionary: array(string), outOfRange: boolean) -> array(float)",
    "(x: int, minimum: int, maximum: int, outOfRange: boolean) -> array(float)",
    errors={"non-distinct values in dictionary": 17090},
)
def fanout_float(x: Any, *how: Any, site: Site, fail: Fail, charge: Charge) -> list[float]:
    """Return an array with an item for every category: 1.0 for that of `x`, 0.0 for the others.

    x: an enum, a string or an int.
    dictionary: the categories of a string.
    minimum, maximum: the categories of an int: from `minimum` to before `maximum`.
    outOfRange: add an item at the end for an `x` that is in no category.

    cast.fanoutFloat({"type": {"type": "enum", "name": "Size", "symbols": ["small", "large"]}, "value": "large"}) -> [0.0, 1.0]
    cast.fanoutFloat("b", ["a", "b", "c"], false) -> [0.0, 1.0, 0.0]
    cast.fanoutFloat(9, 10, 14, true) -> [0.0, 0.0, 0.0, 0.0, 1.0]
    cast.fanoutFloat("b", ["a", "b", "b"], false) -> error 17090
    """
    return _fanout(x, how, (0.0, 1.0), site, fail, charge)


@define(
    "cast.fanoutDouble",
    "(x: any enum A) -> array(double)",
    "(x: string, dictionary: array(string), outOfRange: boolean) -> array(double)",
    "(x: int, minimum: int, maximum: int, outOfRange: boolean) -> array(double)",
    errors={"non-distinct values in dictionary": 17100},
)
def fanout_double(x: Any, *how: Any, site: Site, fail: Fail, charge: Charge) -> list[float]:
    """Return an array with an item for every category: 1.0 for that of `x`, 0.0 for the others.

    x: an enum, a string or an int.
    dictionary: the categories of a string.
    minimum, maximum: the categories of an int: from `minimum` to before `maximum`.
    outOfRange: add an item at the end for an `x` that is in no category.

    cast.fanoutDouble({"type": {"type": "enum", "name": "Size", "symbols": ["small", "large"]}, "value": "large"}) -> [0.0, 1.0]
    cast.fanoutDouble("b", ["a", "b", "c"], false) -> [0.0, 1.0, 0.0]
    cast.fanoutDouble(9, 10, 14, true) -> [0.0, 0.0, 0.0, 0.0, 1.0]
    cast.fanoutDouble("b", ["a", "b", "b"], false) -> error 17100
    """
    return _fanout(x, how, (0.0, 1.0), site, fail, charge)


def _encoded(x: Any, make: Callable[..., Callable[[Any], T]], site: Site, charge: Charge) -> T:
    """`x` by an encoder that is made once for this call and its counter."""
    made = site.cache.get("encoder")
    if made is None or made[0] != charge:
        made = site.cache["encoder"] = charge, make(site.params[0], charge=charge)
    encode: Callable[[Any], T] = made[1]
    return encode(x)


@define(
    "cast.avro",
    "(x: any A) -> bytes",
)
def avro(x: Any, *, site: Site, charge: Charge) -> bytes:
    r"""Return the value in Avro's binary encoding, without its schema.

    With bytes.toBase64 around it, this is a short text that is equal for equal values (a key of a map, say).  A NaN
    keeps its bits, its sign among them.

    cast.avro(100) -> "\u00c8\u0001"
    cast.avro(["o", "hello"]) -> "\u0004\u0002o\nhello\u0000"
    """
    return _encoded(x, avro_encoder, site, charge)


@define(
    "cast.json",
    "(x: any A) -> string",
    nondeterministic="unstable",
)
def json(x: Any, *, site: Site, charge: Charge) -> str:
    r"""Return the value as JSON text, in Avro's JSON encoding: unions are tagged, bytes are characters 0 to 255.

    There is no white space, records have their fields in order, and nan, inf and -inf are strings.

    cast.json([1, 2, 3]) -> "[1,2,3]"
    cast.json({"type": ["int", "null"], "value": {"int": 3}}) -> "{\"int\":3}"
    """
    return _encoded(x, json_text, site, charge)
