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
    rows = csv.reader(io.BytesIO(text.encode()), record)
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
    return list(csv.reader(io.BytesIO(text if isinstance(text, bytes) else text.encode()), t))


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
        (b"x,y,\xff\n", "not UTF-8"),
    ],
)
def test_a_header_that_is_wrong(text, words):
    with pytest.raises(PfaDataError, match=words):
        read(text, POINT)


def read_json(text, t):
    return list(jsonl.reader(io.BytesIO(text.encode()), t))


def test_json_lines():
    first, second = read_json(
        '{"value": "\\u00ff", "next": {"Chain": {"value": "", "next": null}}}\n\n{"value": "Ā"}', CHAIN
    )
    assert first.datum == {"value": b"\xff", "next": {"Chain": {"value": b"", "next": None}}}
    assert (second.line, second.error.problems[0].at.line) == (3, 3)


def test_json_numbers_that_are_not_finite():
    rows = read_json('["Infinity", "-inf", 1, "NaN"]\n[NaN]\n', Array(DOUBLE))
    values = [x for row in rows for x in row.datum]
    assert values[:3] == [math.inf, -math.inf, 1]
    assert all(map(math.isnan, values[3:]))


@pytest.mark.parametrize(
    ("text", "words"),
    [("[" * 200_000, "nested too deep"), ("9" * 5000, "too many digits"), ('"\xff', "no JSON")],
)
def test_json_that_is_wrong(text, words):
    (row,) = read_json(text, Array(INT))
    assert words in str(row.error)


def written(module, t, *values, **options):
    out = io.BytesIO()
    made = module.writer(out, t, **options)
    for value in values:
        made.write(value)
    assert made.flush() == len(out.getvalue())
    return out.getvalue().decode().splitlines()


def test_results_as_json():
    record = Record("R", (Field("é", STRING), Field("n", INT)))
    assert written(jsonl, record, {"é": "ü", "n": 1}, None) == ['{"é":"ü","n":1}', "null"]
    assert written(jsonl, Array(BYTES), [b"\0\xff"]) == ['["\\u0000ÿ"]']
    assert written(jsonl, DOUBLE, 2.5, math.inf, math.nan) == ["2.5", '"Infinity"', '"NaN"']


@pytest.mark.parametrize(
    ("branches", "value", "text"),
    [
        ((NULL, DOUBLE), {"double": 1.5}, "1.5"),
        ((NULL, DOUBLE), {"double": math.nan}, '"NaN"'),
        ((NULL, BYTES), {"bytes": b"\xff"}, '"ÿ"'),
        ((INT, STRING), {"string": "a"}, '"a"'),
        ((INT, DOUBLE), {"int": 1}, '{"int":1}'),
        ((DOUBLE, STRING), {"double": math.nan}, '{"double":"NaN"}'),
        ((BYTES, STRING), {"bytes": b"a"}, '{"bytes":"a"}'),
        ((NULL, Map(INT)), {"map": {"a": 1}}, '{"a":1}'),
        ((NULL, Map(INT)), {"map": {"map": 1}}, '{"map":{"map":1}}'),
        ((NULL, Array(Union((INT, LONG)))), {"array": [{"long": 1}]}, '[{"long":1}]'),
    ],
)
def test_a_value_of_a_union_is_tagged_where_another_branch_could_be_meant(branches, value, text):
    t = Union(branches)
    assert written(jsonl, t, value) == [text]
    (tag,) = value
    assert written(jsonl, t, value, tagged=True)[0].startswith(f'{{"{tag}":')


def test_results_as_csv():
    types = [Union((NULL, STRING)), BOOLEAN, DOUBLE, LONG, BYTES, STRING, Array(DOUBLE)]
    record = Record("R", tuple(map(Field, "abcdefg", types)))
    values = [None, True, 0.1, -(1 << 60), b"x", 'say "hi", you', [1, math.inf]]
    header, row, missing = written(csv, record, dict(zip("abcdefg", values, strict=True)), None)
    assert header == "a,b,c,d,e,f,g"
    assert row == ',true,0.1,-1152921504606846976,x,"say ""hi"", you","[1,""Infinity""]"'
    assert missing == ",,,,,,"
    assert written(csv, DOUBLE, math.nan, None) == ["output", "NaN", '""']
    assert written(csv, Union((INT, STRING)), {"string": "a"}, {"int": 1}) == ["output", "a", "1"]


@pytest.mark.parametrize("module", [csv, jsonl])
def test_a_file_is_gone_on_with(module):
    """Behind every row, in a file whose lines end in any way."""
    content = b"x,y\n1,\n2,2.5\r\n\n" if module is csv else b'{"x":1,"y":null}\n\n{"x":2,"y":2.5}\r\n'
    content += b"3," if module is csv else b'{"x":3,"y":null}'
    rows = list(module.reader(io.BytesIO(content), POINT))
    assert [row.datum["x"] for row in rows] == [1, 2, 3]
    for i, row in enumerate(rows):
        rest = list(module.reader(io.BytesIO(content), POINT, start=row.end))
        assert rest == rows[i + 1 :]
        more = list(module.reader(io.BytesIO(content + b"\n" + content.split(b"\n")[-1]), POINT, start=row.end))
        assert [(r.line, r.datum["x"]) for r in more] == [(r.line, r.datum["x"]) for r in rest] + [(row_after(rows), 3)]
    with pytest.raises(PfaDataError, match="has been gone on with"):
        list(module.reader(io.BytesIO(content + b"4"), POINT, start=rows[-1].end))


def row_after(rows):
    return rows[-1].line + 1


@pytest.mark.parametrize("module", [csv, jsonl])
def test_a_line_that_is_too_long_is_one_wrong_row(module):
    head = b"x\n" if module is csv else b""
    rows = list(module.reader(io.BytesIO(head + b"1\n" + b"9" * 5000 + b"\n3\n"), INT, longest=100))
    assert [row.datum for row in rows] == [1, None, 3]
    assert "longer than 100 bytes" in str(rows[1].error)


def test_a_quote_that_is_never_closed_takes_no_more_than_a_row_may():
    rows = list(csv.reader(io.BytesIO(b'x\n"1\n' + b"2\n" * 100), INT, longest=100))
    assert [row.error is None for row in rows[:2]] == [False, True]
    assert "longer than 100 bytes" in str(rows[0].error)


@pytest.mark.parametrize("module", [csv, jsonl])
def test_an_output_is_gone_on_with(module):
    out = io.BytesIO()
    first = module.writer(out, INT)
    first.write(1)
    position = first.flush()
    first.write(2)
    second = module.writer(out, INT, resume=position)
    second.write(3)
    second.close()
    assert out.getvalue().split() == ([b"output"] if module is csv else []) + [b"1", b"3"]
