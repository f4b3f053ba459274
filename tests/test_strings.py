"""Strings, bytes and numbers in text: what the suite's answers leave open."""

import random
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from pfa.errors import PfaRuntimeError
from pfa.lib.define import Site
from pfa.lib.primitives import INF, float32
from pfa.lib.table import lookup
from pfa.types import BOOLEAN, DOUBLE, INT, LONG, NULL, STRING, Union

MAYBE = Union((INT, NULL))


def free(n):
    """Nobody counts."""


def call(name, *args, params=()):
    fn = lookup(name)
    needs = {"site": Site(name, params, STRING), "charge": free}
    return fn.impl(*args, **{k: v for k, v in needs.items() if k in fn.needs})


NUMBERS = [
    ((0.125, None, 2), "0.13"),  # half up, on the digits that are written
    ((2.675, None, 2), "2.68"),
    ((-2.5, None, 0), "-3"),
    ((99999.96, None, 1), "100000.0"),
    ((100000.1, None, None), "1.000001e+05"),
    ((9.9999999e10, None, None), "1.0e+11"),
    ((9.96e-7, None, 1), "1.0e-06"),
    ((-0.0, None, 1), "0.0"),
    ((1e300, None, None), "1.0e+300"),
    ((5e-324, None, None), "5.0e-324"),
    ((0.5, None, 1000), "0.5" + "0" * 999),
    ((1e-7, None, 500), "1." + "0" * 500 + "e-07"),
    ((0.1, -1, None), "0.1"),
    ((0.1, 0, None), ""),
    ((-INF, 6, 2), "  -inf"),
    ((float("nan"), -5, None), "nan  "),
    ((1234567.5, None, 1, 0.1, 1e9), "1234567.5"),
    ((0.5, None, 1, 1.0, 10.0), "5.0e-01"),
    ((0.5, None, 1, float("nan"), 10.0), "5.0e-01"),
]


@pytest.mark.parametrize(("args", "text"), NUMBERS)
def test_numbers(args, text):
    assert call("s.number", *args, params=(DOUBLE, MAYBE, MAYBE, DOUBLE, DOUBLE)[: len(args)]) == text


def test_integers_by_the_deprecated_signatures():
    assert call("s.number", -12, params=(LONG,)) == "-12"
    assert call("s.number", -12, -6, False, params=(LONG, INT, BOOLEAN)) == "-12   "
    assert call("s.number", -12, 6, True, params=(LONG, INT, BOOLEAN)) == "-00012"


def test_a_float_is_rounded_once():
    """The nearest single-precision number to the decimal, which is not always that of the nearest double."""
    hard = "1.00000005960464477539062500000000000000000001"  # just above the middle of two singles
    assert float32(float(hard)) == 1.0
    assert call("parse.float", hard) == 1.0000001192092896
    random.seed(30)
    for _ in range(2000):
        one = np.float32(random.uniform(0.0, 10.0) * 10.0 ** random.randint(-46, 37))
        two = np.nextafter(one, np.float32(np.inf))
        middle = (Fraction(float(one)) + Fraction(float(two))) / 2
        with localcontext(prec=200):  # enough for the middle itself
            text = str(
                Decimal(middle.numerator) / middle.denominator * random.choice([1, 1 + Decimal("1e-40")])
            )
        found = call("parse.float", text)
        errors = {float(x): abs(Fraction(float(x)) - Fraction(Decimal(text))) for x in (one, two)}
        assert errors[found] == min(errors.values())


@pytest.mark.parametrize(
    "text", ["", "+", ".", "1_000", "0x1p3", "infinity", "+nan", "1e", "1 2", "\u0661", "1d"]
)
def test_no_numbers(text):
    for name, code in (("parse.double", 33030), ("parse.float", 33020)):
        with pytest.raises(PfaRuntimeError) as caught:
            call(name, text)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (".5", 0.5),
        ("5.", 5.0),
        ("\t+1e+2\n", 100.0),
        ("1e999", INF),
        ("-1e-999", 0.0),
        ("INF", INF),
    ],
)
def test_odd_numbers(text, value):
    assert call("parse.double", text) == value


@pytest.mark.parametrize("text", ["", "-", "1_0", "\u0661", "- 1", "0x10", "1.0"])
def test_no_integers(text):
    with pytest.raises(PfaRuntimeError) as caught:
        call("parse.int", text, 10)
    assert caught.value.code == 33000


def test_integers_at_the_ends():
    assert call("parse.int", "-" + "0" * 10_000 + "1" + "0" * 31, 2) == -(2**31)
    assert call("parse.long", "+9223372036854775807", 10) == 2**63 - 1
    assert call("parse.long", "Zz", 36) == 35 * 36 + 35
    with pytest.raises(PfaRuntimeError):
        call("parse.long", "9" * 1_000_000, 10)


def test_a_long_needle_is_found_from_the_right():
    needle = "ab" * 100
    assert call("s.rindex", needle + "x" + needle + "y", needle) == len(needle) + 1
    assert call("s.rindex", "x" * 500, needle) == -1
    assert call("s.replacelast", needle * 2, needle, "-") == needle + "-"
    # Comparing backwards everywhere would take ten thousand million steps.
    assert call("s.rindex", "a" * 200_000, "b" + "a" * 100_000) == -1


def test_byte_order():
    assert call("bytes.decodeUtf16", "hé".encode("utf-16-be")) == "hé"
    assert call("bytes.decodeUtf16", b"\xff\xfe" + "hé".encode("utf-16-le")) == "hé"
    assert call("bytes.decodeUtf16be", b"\xfe\xff\x00h") == "\ufeffh"
    assert call("bytes.encodeUtf16", "") == b""


@pytest.mark.parametrize("text", ["YQ", "YQ=", "Y Q==", "YQ==\n", "YQ==YQ==", "=", "é", "_-8="])
def test_no_base64(text):
    with pytest.raises(PfaRuntimeError) as caught:
        call("bytes.fromBase64", text)
    assert caught.value.code == 16220


@pytest.mark.parametrize(
    ("name", "code"),
    [("encodeUtf8", 16170), ("encodeUtf16", 16180), ("encodeUtf16be", 16190), ("encodeUtf16le", 16200)],
)
def test_half_of_a_pair_has_no_bytes(name, code):
    with pytest.raises(PfaRuntimeError) as caught:
        call(f"bytes.{name}", "a\ud83d")
    assert caught.value.code == code
    assert call(f"bytes.is{name.removeprefix('encode')}", "a\ud83d", params=(STRING,)) is False
