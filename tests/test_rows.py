"""Typed rows from CSV and JSON lines, and results as lines."""

import io
import math

import pytest

from pfa.data import csv, jsonl
from pfa.errors import PfaDataError
from pfa.types import (
    BOOLEAN,
    BYTES,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    STRING,
    Array,
    Enum,
    Field,
    Fixed,
    Map,
    Record,
    Union,
)

TOO_LARGE = "an integer that does not fit"
POINT = Record("Point", (Field("x", INT), Field("y", Union((NULL, DOUBLE)))))
CHAIN = Record("Chain")
CHAIN.fields = (Field("value", BYTES), Field("next", Union((NULL, CHAIN))))


def cells(t, *texts):
    """What a column of this type makes of some cells; the message where one is wrong."""
    record = Record("Row", (Field("c", t), Field("end", STRING)))
    text = "c,end\n" + "".join(f'"{cell}",\n' for cell in texts)
    rows = csv.read(io.StringIO(text, newline=""), record)
    return [row.error.problems[0].found if row.error else row.datum["c"] for row in rows]


@pytest.mark.parametrize(
    ("t", "texts", "values"),
    [
        (INT, ["1", " -2 ", "+3", "2147483647"], [1, -2, 3, 2147483647]),
        (INT, ["1_000", "0x10", "٣", "1e3"], ["text", "text", "text", "a number with a fraction"]),
        (INT, ["2147483648", "-2147483649", "9" * 99], [TOO_LARGE, TOO_LARGE, TOO_LARGE]),
        (LONG, ["9223372036854775807", "9223372036854775808"], [9223372036854775807, TOO_LARGE]),
        (DOUBLE, ["1", "-1.5e-3", ".5", "5.", "1_0", "one"], [1.0, -0.0015, 0.5, 5.0, "text", "text"]),
        (FLOAT, ["inf", "-Infinity"], [math.inf, -math.inf]),
        (BOOLEAN, ["true", "FALSE", "True", "1"], [True, False, True, "text"]),
        (STRING, ["", " a ", "é"], ["", " a ", "é"]),
        (BYTES, ["", "\x00ÿ", "Ā"], [b"", b"\0\xff", "a character over 255, which is no byte"]),
        (Fixed("F", 2), ["ab"], [b"ab"]),
        (Enum("E", ("a", "b")), ["a", "c", ""], ["a", "another text", "an empty cell"]),
        (NULL, ["x"], ["text"]),
        (Array(INT), ["[1, 2]", "[1,", ""], [[1, 2], "text that is no JSON", "an empty cell"]),
        (Map(BYTES), ['{""a"": ""ÿ""}'], [{"a": b"\xff"}]),
        (Union((NULL, INT)), ["", "1", "x"], [None, {"int": 1}, "text"]),
        (Union((NULL, STRING)), ["", "x"], [None, {"string": "x"}]),
        (
            Union((STRING, DOUBLE, INT, BOOLEAN, Enum("E", ("a",)))),
            ["", "1", "1.5", "true", "a", "b"],
            [{"string": ""}, {"int": 1}, {"double": 1.5}, {"boolean": True}, {"E": "a"}, {"string": "b"}],
        ),
    ],
)  # fmt: skip
def test_cells(t, texts, values):
    assert cells(t, *texts) == values


def test_nan_is_a_number():
    assert math.isnan(cells(DOUBLE, "NaN")[0])


def read(text, t):
    return list(csv.read(io.StringIO(text, newline=""), t))


def test_order_and_extra_columns_do_not_matter():
    assert [row.datum for row in read("z,y,x\n,2.5,1\nz,,2\n", POINT)] == [
        {"x": 1, "y": {"double": 2.5}},
        {"x": 2, "y": None},
    ]


def test_lines_are_counted_through_quoted_breaks():
    record = Record("R", (Field("a", STRING), Field("b", INT)))
    rows = read('a,b\n"one\ntwo",1\n\nx,y\n', record)
    assert [(row.line, row.error is None) for row in rows] == [(2, True), (5, False)]


def test_a_field_with_a_default_may_be_missing():
    record = Record("R", (Field("a", INT), Field("b", INT, default=7)))
    assert read("a\n1\n", record)[0].datum == {"a": 1}


def test_inputs_that_are_no_records():
    assert [row.datum for row in read("anything\n1\n2\n", INT)] == [1, 2]
    assert [row.datum for row in read("other,input\n,2\n", INT)] == [2]
    assert [row.datum for row in read("x\n\n\n", Union((NULL, INT)))] == [None, None]
    with pytest.raises(PfaDataError, match="one column"):
        read("a,b\n1,2\n", INT)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,x,y\n", 'more than one column "x"'),
        ("a\n", 'no column "x", "y"'),
        ("\n", 'no column "x", "y"'),
        ('"x,y\n', "no CSV"),
        (b"x,y,\xff\n".decode("utf-8", "surrogateescape"), "not UTF-8"),
    ],
)
def test_a_header_that_is_wrong(text, words):
    with pytest.raises(PfaDataError, match=words):
        read(text, POINT)


def test_json_lines():
    lines = ['{"value": "\\u00ff", "next": {"Chain": {"value": "", "next": null}}}\n', "\n", '{"value": "Ā"}']
    first, second = jsonl.read(lines, CHAIN)
    assert first.datum == {"value": b"\xff", "next": {"Chain": {"value": b"", "next": None}}}
    assert (second.line, second.error.problems[0].at.line) == (3, 3)


def test_json_numbers_that_are_not_finite():
    rows = jsonl.read(['["Infinity", "-inf", 1, "NaN"]', "[NaN]"], Array(DOUBLE))
    values = [x for row in rows for x in row.datum]
    assert values[:3] == [math.inf, -math.inf, 1]
    assert all(map(math.isnan, values[3:]))


def test_json_that_nests_too_deep():
    (row,) = jsonl.read(["[" * 200_000], Array(INT))
    assert "nested too deep" in str(row.error)


def test_results_as_json():
    assert jsonl.text({"a": [1, 2.5, None, True], "é": "ü"}) == '{"a":[1,2.5,null,true],"é":"ü"}'
    assert jsonl.text([b"\0\xff", math.inf, math.nan]) == '["\\u0000ÿ","Infinity","NaN"]'


def test_results_as_csv():
    record = Record("R", tuple(Field(name, STRING) for name in "abcdefg"))
    writer = csv.Writer(record)
    values = [None, True, 0.1, -(1 << 60), b"x", 'say "hi", you', [1, math.inf]]
    assert writer.header() == "a,b,c,d,e,f,g"
    row = writer.text(dict(zip("abcdefg", values, strict=True)))
    assert row == ',true,0.1,-1152921504606846976,x,"say ""hi"", you","[1, ""Infinity""]"'
    assert writer.text(None) == ",,,,,,"
    assert csv.Writer(DOUBLE).header() == "output"
    assert csv.Writer(DOUBLE).text(math.nan) == "NaN"
