"""Strings, bytes, numbers to text and back: the numba backend against the python one, random and odd."""

import base64
import json
import math
import random
import struct
import sys

import pytest

import pfa
from pfa.targets.kernel import tables
from tests.kernel_calls import Both, Call

WIDE = "aAb éÉßİıſΣσςΑ.'\u0301ǅŉ\u212a\U0001f600\U00010400\U00010428\u1e9e\ufb03\u0345"
CODES = "aZ9 +/=\0\x7f\x80\xe9\xff\u0100\u2212\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0001f600\U0010ffff"
INDEXES = [0, 1, 2, 3, -1, -2, 5, 10, -10, 2147483647, -2147483648]
WIDTHS = [0, 1, -1, 5, -5, 12, -12, 30, -30]
PRECISIONS = [-1, 0, 1, 2, 3, 6, 15, 17, 18, 19, 20, 40, 330, 420]
LONGS = [0, 1, -1, 15, 16, 255, -17, 9223372036854775807, -9223372036854775808]
SHORT_REALS = [
    0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, 99999.5, 100000.0, 0.0001, 0.00009999999,
    9.9999995, 9.99999951, -0.001, 0.5, 1.5, 2.5, 0.125, 999999.5, 1e16, 9999999999999998.0, 1e23, 9007199254740993.0,
]  # fmt: skip
FIXED = {"type": "fixed", "name": "Four", "size": 4}
ARRAY = {"type": "array", "items": "string"}


def text(r):
    letters = r.choice(["ab", "ab", "ab cXYZ09", "a\0 @AZ[`z{\x7f", WIDE])
    return "".join(r.choices(letters, k=r.randrange(r.choice([3, 10, 60]))))


def part(r, whole):
    """Something that may be in a text."""
    if whole and r.random() < 0.6:
        start = r.randrange(len(whole))
        return whole[start : start + r.choice([1, 1, 2, 3, 5, 12, 20])]
    return r.choice(["", "a", "ab", "aab", "abababababab", "ba" * 8 + "a", text(r)])


def pair(r):
    whole = text(r)
    return [whole, part(r, whole)]


def codes(r):
    return "".join(r.choices(r.choice(["ab", CODES]), k=r.randrange(r.choice([3, 12]))))


def raw(r):
    """Bytes that often are text in some encoding, and often nearly are."""
    made = bytearray(codes(r).encode(r.choice(["utf-8", "utf-16-be", "utf-16-le", "utf-16"])))
    if made and r.random() < 0.5:
        made[r.randrange(len(made))] = r.choice([0, 0x80, 0xC0, 0xED, 0xA0, 0xD8, 0xDC, 0xF4, 0x90, 0xFF, 0xFE])
    return bytes(made[: r.randrange(len(made) + 1)] if r.random() < 0.3 else made)


def base64_text(r):
    made = list(base64.b64encode(r.randbytes(r.randrange(8))).decode())
    if made and r.random() < 0.5:
        made[r.randrange(len(made))] = r.choice("=A/+.\n é")
    return "".join(made) + r.choice(["", "", "=", "==", "A", "====", "=A"])


def long(r):
    return r.choice([r.choice(LONGS), r.getrandbits(r.randint(1, 63)), -r.getrandbits(r.randint(1, 63))])


def any_double(r):
    return struct.unpack("<d", r.randbytes(8))[0]


def real(r):
    return r.choice([
        r.choice(SHORT_REALS), any_double(r), round(r.uniform(-1000, 1000), r.randrange(9)), float(long(r)),
        r.gauss(0, 1) * 10.0 ** r.randint(-8, 12), math.ldexp(r.choice([1.0, 2 - 2**-52]), r.randint(-1074, 1023)),
    ])  # fmt: skip


def optional(r, values):
    return r.choice([None, r.choice(values), r.choice(values)])


def whole_text(r):
    base = r.choice([2, 3, 8, 10, 10, 10, 16, 36, 1, 37])
    digits, n = "", r.getrandbits(r.randint(1, 66))
    while n:
        n, rest = divmod(n, base if 2 <= base <= 36 else 10)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    odd = ["\u212a1", "_1", "0x1f", "0b1", "", "+", "k\u212a", "\u0661", "9223372036854775808", "-9223372036854775808"]
    made = r.choice([digits, digits.upper(), "-" + digits, "+" + digits, "000" + digits, r.choice(odd)])
    before, after = r.choice(["", " ", "\t\n", "\u2003", "\x1f", "\u200b"]), r.choice(["", " ", "\u3000\x85", "\0"])
    return [before + made + after, base]


def halfway(r):
    """A decimal that lies between two doubles or two singles, or hardly beside the middle."""
    x = abs(any_double(r)) if r.random() < 0.5 else struct.unpack("<f", r.randbytes(4))[0]
    x = x if math.isfinite(x) else 1.5
    a, b = x.as_integer_ratio()
    step = math.ulp(x) if r.random() < 0.5 else 2.0 ** (math.frexp(x)[1] - 24)
    c, d = (step / 2).as_integer_ratio() if step > 5e-324 else (0, 1)
    top, bottom = a * d + c * b, b * d  # bottom is a power of two
    places = bottom.bit_length() - 1
    digits = str(abs(top) * 5**places).rjust(places + 1, "0")
    whole, decimals = digits[: len(digits) - places], digits[len(digits) - places :]
    return whole + "." + decimals + r.choice(["", "", "0" * 900 + "1"])


def decimal_text(r):
    digits = lambda: "".join(r.choices("0123456789", k=r.randrange(25)))  # noqa: E731
    odd = [
        ".", "", "e5", "1e", "1e+", "+.5", "5.", "-.5e-3", "inf", "+INF", "-Inf", "nan", "+nan", "infinity", "1_0",
        "0x1p3", "1e400", "1e-400", "0e999999999999999999", "1e99999999999999999999", "1.5.2", "1e5\u212a",
        "0." + "0" * 400 + "1e400",
    ]  # fmt: skip
    made = r.choice([
        r.choice(odd), repr(any_double(r)), halfway(r), f"{digits()}.{digits()}e{r.randint(-340, 320)}", digits(),
        str(round(r.uniform(-1e6, 1e6), r.randrange(9))),
    ])  # fmt: skip
    return r.choice(["", " ", "-"]) + r.choice([made, made.upper()]) + r.choice(["", "\n", " \u2029"])


CALLS = [
    Call("s.len", ["string"], "int", lambda r: [text(r)]),
    Call("s.substr", ["string", "int", "int"], "string", lambda r: [text(r), *r.choices(INDEXES, k=2)], times=500),
    Call(
        "s.substrto", ["string", "int", "int", "string"], "string",
        lambda r: [text(r), *r.choices(INDEXES, k=2), text(r)], times=500,
    ),
    *[
        Call(f"s.{name}", ["string", "string"], ret, pair, times=500)
        for name, ret in (
            ("contains", "boolean"), ("count", "int"), ("index", "int"), ("rindex", "int"), ("startswith", "boolean"),
            ("endswith", "boolean"), ("split", ARRAY), ("concat", "string"), ("lstrip", "string"), ("rstrip", "string"),
            ("strip", "string"),
        )
    ],
    Call("s.join", [ARRAY, "string"], "string", lambda r: [[text(r) for _ in range(r.randrange(5))], text(r)]),
    Call("s.repeat", ["string", "int"], "string", lambda r: [text(r), r.choice([-1, 0, 1, 2, 7])]),
    Call("s.lower", ["string"], "string", lambda r: [text(r)], times=1000),
    Call("s.upper", ["string"], "string", lambda r: [text(r)]),
    *[
        Call(f"s.{name}", ["string"] * 3, "string", lambda r: [*pair(r), r.choice(["", "x", "éé", "aab"])], times=500)
        for name in ("replaceall", "replacefirst", "replacelast")
    ],
    Call("s.translate", ["string"] * 3, "string", lambda r: [text(r), text(r), text(r)], times=500),
    *[Call(f"s.{name}", ["long"], "string", lambda r: [long(r)]) for name in ("hex", "int", "number")],
    *[
        Call(
            f"s.{name}", ["long", "int", "boolean"], "string",
            lambda r: [long(r), r.choice(WIDTHS), r.random() < 0.5], times=500,
        )
        for name in ("hex", "int", "number")
    ],
    Call(
        "s.number", ["double", ["int", "null"], ["int", "null"]], "string",
        lambda r: [real(r), optional(r, WIDTHS), optional(r, PRECISIONS)], times=1500,
    ),
    Call(
        "s.number", ["double", ["int", "null"], ["int", "null"], "double", "double"], "string",
        lambda r: [
            real(r), optional(r, WIDTHS), optional(r, PRECISIONS), r.choice([0.0, 1e-10, 0.1, math.nan, 1e-320]),
            r.choice([1e9, 1e300, 1.0, math.nan, math.inf]),
        ], times=1500,
    ),
    *[
        Call(f"bytes.is{name}", [t], "boolean", lambda r, t=t: [raw(r) if t == "bytes" else codes(r)])
        for name in ("Ascii", "Latin1", "Utf8", "Utf16", "Utf16be", "Utf16le") for t in ("bytes", "string")
    ],
    *[
        Call(f"bytes.decode{name}", ["bytes"], "string", lambda r: [raw(r)], times=500)
        for name in ("Ascii", "Latin1", "Utf8", "Utf16", "Utf16be", "Utf16le")
    ],
    *[
        Call(f"bytes.encode{name}", ["string"], "bytes", lambda r: [codes(r)])
        for name in ("Ascii", "Latin1", "Utf8", "Utf16", "Utf16be", "Utf16le")
    ],
    Call("bytes.toBase64", ["bytes"], "string", lambda r: [raw(r)]),
    Call("bytes.fromBase64", ["string"], "bytes", lambda r: [base64_text(r)], times=1000),
    Call("bytes.subseq", ["bytes", "int", "int"], "bytes", lambda r: [raw(r), *r.choices(INDEXES, k=2)]),
    Call(
        "bytes.subseqto", ["bytes", "int", "int", "bytes"], "bytes",
        lambda r: [raw(r), *r.choices(INDEXES, k=2), raw(r)],
    ),
    Call("fixed.fromBytes", ["Four", "bytes"], "Four", lambda r: [b"abcd", raw(r)]),
    Call("parse.int", ["string", "int"], "int", whole_text, times=1000),
    Call("parse.long", ["string", "int"], "long", whole_text, times=1000),
    Call("parse.float", ["string"], "float", lambda r: [decimal_text(r)], times=1500),
    Call("parse.double", ["string"], "double", lambda r: [decimal_text(r)], times=1500),
]  # fmt: skip
BOTH = Both(CALLS, [FIXED])


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_text_is_the_same_on_both_backends(call):
    assert BOTH.differences(call) == []


def test_doubles_are_written_with_the_fewest_digits():
    r = random.Random(3)
    doubles = [real(r) for _ in range(20000)] + [any_double(r) for _ in range(20000)]
    doubles = [x for x in doubles if math.isfinite(x)]
    engine = pfa.loads(
        {"input": {"type": "array", "items": "double"}, "output": "string", "action": {"cast.json": ["input"]}},
        backend="numba", escape=False,
    )  # fmt: skip
    assert engine.action(doubles) == json.dumps(doubles, separators=(",", ":"))


def test_tables_of_case_are_those_of_str():
    """The tables leave out ranges that have no case: here all characters are asked."""
    lower, upper = by_character(tables.lower()), by_character(tables.upper())
    for c in map(chr, range(0x80, sys.maxunicode + 1)):
        assert c.lower() == lower.get(c, c)
        assert c.upper() == upper.get(c, c)


def by_character(rows):
    return {chr(rows[i]): "".join(map(chr, rows[i + 2 : i + 2 + rows[i + 1]])) for i in range(0, len(rows), 5)}


def test_the_table_of_sigma_is_that_of_str():
    rows = tables.sigma()
    which = {c: rows[i + 2] for i in range(0, len(rows), 3) for c in range(rows[i], rows[i + 1] + 1)}
    for c in map(chr, range(sys.maxunicode + 1)):
        cased = f"AΣ{c}".lower()[1] == "\u03c3"
        ignorable = not cased and f"A{c}Σ".lower()[-1] == "ς"
        assert which.get(ord(c), 0) == (1 if cased else 2 if ignorable else 0)


def test_parts_of_texts_lie_in_them():
    """What is made of a part of a text changes neither the text nor its other parts."""
    words = {"s.split": ["input", [","]]}
    grown = {"a.map": ["words", {"params": [{"w": "string"}], "ret": "string", "do": {"s.concat": ["w", ["!"]]}}]}
    document = {
        "input": "string", "output": ARRAY, "cells": {"last": {"type": ARRAY, "init": []}},
        "action": [
            {"let": {"words": words}}, {"let": {"grown": grown, "first": {"s.concat": ["input", ["?"]]}}},
            {"let": {"cut": {"s.substr": [{"s.join": ["words", [""]]}, 1, 3]}}},
            {"let": {"before": {"cell": "last"}}}, {"cell": "last", "to": "words"},
            {"a.concat": [{"a.concat": ["before", "words"]}, {"a.append": [{"a.append": ["grown", "first"]}, "cut"]}]},
        ],
    }  # fmt: skip
    data = ["ab,cde,,f", "", "éü,x", ",", "a" * 40 + "," + "b" * 7]
    ours, reference = (pfa.loads(document, backend=b) for b in ("numba", "python"))
    wanted = [reference.action(x) for x in data]
    assert [ours.action(x) for x in data] == wanted
    assert pfa.loads(document, backend="numba").score(data) == wanted
    assert ours.snapshot()["cells"] == reference.snapshot()["cells"]
