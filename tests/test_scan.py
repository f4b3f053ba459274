"""Columns that compiled code makes of text: each number is the nearest double, and what is odd is left to others."""

import json
import math
import random
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pfa.data import scan
from pfa.data.batches import NoColumns
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, STRING, Union


def scanned(name, text, t=DOUBLE):
    """The value that a text is; None where it is odd."""
    made = scan.Scan(name, [("", b"")], {"": t}, frozenset([""]))
    try:
        columns, count = made.columns(text.encode())
    except NoColumns:
        return None
    assert count == 1
    return columns[""].tolist()[0]


def bits(x):
    return struct.pack("d", x)


FORMS = [repr, "{:.18e}".format, "{:.17g}".format, "{:.19g}".format, "{:.30g}".format, "{:.3f}".format]
HARD = [
    "9007199254740993", "9007199254740992.9999999999999999", "2.2250738585072011e-308", "2.2250738585072014e-308",
    "1.7976931348623157e308", "1.7976931348623159e308", "4.9e-324", "8.350000000000000000e+01", "0.000000000000000001",
    "123456789012345678901234567890", "00000000000000000000000000000001.5", "6.8564e-20", "1e22", "1e23", "-0.0",
    "0e999", "1448997445238699", "-1167121448385111.5", "8.988465674311580536566680721305e307",
    "0.500000000000000166533453693773481063544750213623046875",
]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(x=st.floats(allow_nan=False, allow_infinity=False), form=st.sampled_from(FORMS))
@example(1e23, repr)
def test_a_number_is_the_nearest_double(x, form):
    for name in ("csv", "jsonl"):
        found = scanned(name, form(x))
        assert found is None or bits(found) == bits(float(form(x)))


@pytest.mark.parametrize("text", HARD)
def test_hard_numbers(text):
    found = scanned("csv", text)
    assert found is None or bits(found) == bits(float(text))


def test_few_numbers_are_left_to_others():
    rng = random.Random(5)
    numbers = [rng.gauss(0, 1) * 10 ** rng.randrange(-20, 20) for _ in range(2000)]
    for form in FORMS[:3]:
        assert sum(scanned("csv", form(x)) is None for x in numbers) < 5


WHOLES = [0, 1, -1, 7, (1 << 31) - 1, 1 << 31, -(1 << 31), -(1 << 31) - 1, (1 << 63) - 1, 1 << 63, -(1 << 63), 10**30]


@pytest.mark.parametrize("n", WHOLES)
@pytest.mark.parametrize(("t", "size"), [(INT, 31), (LONG, 63)])
def test_integers(t, size, n):
    fits = -(1 << size) <= n < 1 << size
    for name in ("csv", "jsonl"):
        found = scanned(name, str(n), t)
        assert found == n if fits and n != -(1 << 63) else found in (None, n)
        assert fits or found is None


JSON = ["+1", "01", ".5", "5.", "1e", "-", "1 2", "nan", "0x1", "1_0", "True", "TRUE", "tru", "falsey", "", " ",
        "[1]", "--1"]  # fmt: skip


@pytest.mark.parametrize("text", JSON)
@pytest.mark.parametrize("t", [DOUBLE, FLOAT, INT, LONG, BOOLEAN])
def test_what_is_no_json_is_odd(text, t):
    assert scanned("jsonl", text, t) is None


def record(text, layout, inputs, used):
    columns, count = scan.Scan("jsonl", layout, inputs, frozenset(used)).columns(text)
    return {name: None if c is None else c.tolist() for name, c in columns.items()}, count


LAYOUT = [("a", b'"a"'), (None, b'"more"'), ("long name", b'"long name"'), ("s", b'"s"'), ("n", b'"n"')]
INPUTS = {"a": DOUBLE, "long name": LONG, "s": STRING, "n": Union((DOUBLE.__class__("null"), DOUBLE))}


def test_objects_with_their_keys_in_order():
    rows = [{"a": 1.5, "more": None, "long name": 3, "s": "x, y}", "n": None}] * 2
    text = "".join(json.dumps(r) + "\n" for r in rows) + '{"a":-2,"more":"é" , "long name" :0,"s":"","n":2.5} \r\n'
    found, count = record(text.encode(), LAYOUT, INPUTS, ["a", "long name"])
    assert (found, count) == ({"a": [1.5, 1.5, -2.0], "long name": [3, 3, 0], "s": None, "n": None}, 3)


@pytest.mark.parametrize("line", [
    '{"a":1,"more":2,"long name":3,"s":"x"}', '{"a":1,"more":2,"long name":3,"s":"x","n":1,"z":1}',
    '{"more":2,"a":1,"long name":3,"s":"x","n":null}', '{"a":1,"more":[2],"long name":3,"s":"x","n":null}',
    '{"a":1,"more":2,"long name":3,"s":"\\\\n","n":null}', '{"a":1,"more":2,"long name":3,"s":"x","n":{"double":1}}',
    '{"a":1,"more":2,"long name":3,"s":"x","n":null}}', '{"a":1,"more":2,"long name":3,"s":"x","n":null} 1', "{}", "[]",
])  # fmt: skip
def test_other_objects_are_odd(line):
    with pytest.raises(NoColumns):
        record(line.encode(), LAYOUT, INPUTS, ["a"])


@settings(deadline=None, max_examples=300)
@given(cut=st.integers(0, 200), at=st.integers(0, 200), byte=st.integers(0, 255))
def test_broken_lines_are_odd_or_what_they_say(cut, at, byte):
    """Cut short and changed: nothing but JSON is taken for JSON, and nothing behind the text is looked at."""
    row = {"a": -12.0625e-3, "more": "two", "long name": 123456789012345678, "s": "text", "n": 1.5}
    text = bytearray((json.dumps(row) + "\n").encode() * 2)
    if at < len(text):
        text[at] = byte
    text = bytes(text[: len(text) - cut])
    try:
        found, count = record(text, LAYOUT, INPUTS, ["a", "long name"])
    except NoColumns:
        return
    rows = [json.loads(line) for line in text.split(b"\n") if line]
    assert count == len(rows)
    assert found["a"] == [r["a"] for r in rows]
    assert found["long name"] == [r["long name"] for r in rows]
    assert all(math.isfinite(x) for x in found["a"])


def test_odd_texts_in_a_row_end_it():
    made = scan.Scan("csv", [("", b"")], {"": DOUBLE}, frozenset([""]))
    for text in [b"x\n"] * scan.PATIENCE + [b"1\n"]:
        with pytest.raises(NoColumns):
            made.columns(text)


@pytest.mark.parametrize(("t", "used"), [(STRING, True), (Union((DOUBLE, LONG)), False), (INPUTS["n"], True)])
def test_types_that_are_for_others(t, used):
    with pytest.raises(scan.NoScan):
        scan.Scan("csv", [("a", b"")], {"a": t}, frozenset("a" if used else ""))
