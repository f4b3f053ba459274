"""Reading JSON: what is accepted, what is refused and where."""

import gc
import io
import math

import pytest

from pfa.errors import Where
from pfa.read import problems, read
from tests.reading import LIMITS, MAX, problem

GOOD = [
    ('{"a": [1, 2.5, "x", true, null, {}]}', {"a": [1, 2.5, "x", True, None, {}]}),
    ("\ufeff{}", {}),
    (b"\xef\xbb\xbf{}", {}),
    (bytearray(b'\n\t {"a":1}\r\n '), {"a": 1}),
    (memoryview(b'x{"a":1}y')[1:-1], {"a": 1}),
    (memoryview(b'{.".a.".:.1.}.')[::2], {"a": 1}),
    ('[{"a": 1}]', [{"a": 1}]),
    ('{"a": "é\\u00e9\\ud83d\\ude00😀"}', {"a": "éé😀😀"}),
    ('{"a": "\\\\ud800"}', {"a": "\\ud800"}),
    ('{"a": "[[{{]:\\"[{"}', {"a": '[[{{]:"[{'}),
    (f'{{"a": [{MAX}, {-MAX - 1}, 1e308]}}', {"a": [MAX, -MAX - 1, 1e308]}),
    ('{"a": 123456789012345678901234567890.5}', {"a": 123456789012345678901234567890.5}),
    ('{"a": 123456789012345678901234567890E-5}', {"a": 123456789012345678901234567890e-5}),
    ('{"a": 0.1234567890123456789012, "b": 1e-999}', {"a": 0.1234567890123456789012, "b": 0.0}),
    ('{"a": 1, "b": {"a": 1, "\\u0061b": {"a": 2}}}', {"a": 1, "b": {"a": 1, "ab": {"a": 2}}}),
    ('{"": {"": 0}}', {"": {"": 0}}),
    ('{"a": "\\"b\\": 1, \\"b\\": 2", "b": ":"}', {"a": '"b": 1, "b": 2', "b": ":"}),
]


@pytest.mark.parametrize(("document", "value"), GOOD)
def test_what_is_read(document, value):
    got = read(document, limits=LIMITS)
    assert got.value == value
    assert repr(got.value) == repr(value)  # 1 is not 1.0
    assert got.owned
    assert got.warnings == []


# Text, line:column and pointer of the problem, its words (or their beginning).
BAD = [
    ('{"a": 1', "1:1 /", "the object that begins here is not closed"),
    ("[1,\n [2", "2:2 /1", "the array that begins here is not closed"),
    ('{"a": "b",\n\n', "1:1 /", "the object that begins here is not closed"),
    ('{"a": [1, 2}, "b": 3}', "1:12 /a", "expected ',' or ']', found '}'"),
    ('{"a": 1,}', "1:8 /", "expected a key after this comma, found '}': remove the comma"),
    ("[1\n, \n ]", "2:1 /", "expected a value after this comma, found ']': remove the comma"),
    ('{"a" 1}', "1:6 /", "expected ':' after the key, found a number"),
    ('{"a"}', "1:5 /", "expected ':' after the key, found '}'"),
    ('{"a":}', "1:6 /a", "expected a value, found '}'"),
    ('{"a": 1 "b": 2}', "1:9 /b", "expected ',' or '}', found a string: is a comma missing?"),
    ('{"a": 1\n"b": 2}', "2:1 /b", "expected ',' or '}', found a string: is a comma missing?"),
    ('{"a": [1 2]}', "1:10 /a/1", "expected ',' or ']', found a number: is a comma missing?"),
    (
        "{'a': 1}",
        "1:2 /",
        "expected a key in double quotes or '}', found a single quote: text stands in double",
    ),
    ("{\"a\": 'b'}", "1:7 /a", "expected a value, found a single quote: text stands in double quotes"),
    ('{"a": 1, b: 2}', "1:10 /", "expected a key in double quotes, found 'b': text stands in double quotes"),
    ('{"a": True}', "1:7 /a", "expected a value, found 'True': JSON writes true"),
    ('{"a": [None]}', "1:8 /a/0", "expected a value or ']', found 'None': JSON writes null"),
    ('{"a": undefined}', "1:7 /a", "expected a value, found 'undefined': text stands in double quotes"),
    ('{"a": 01}', "1:8 /a", "expected ',' or '}', found a number: a number has no leading zeros"),
    ('{"a": .5}', "1:7 /a", "expected a value, found '.': a number begins with a digit or a minus sign"),
    ('{"a": +1}', "1:7 /a", "expected a value, found '+': a number begins with a digit or a minus sign"),
    ('{"a": -}', "1:7 /a", "expected a value, found '-': a number begins with a digit or a minus sign"),
    ('{"a": 1.}', "1:8 /a", "expected ',' or '}', found '.': a point stands between digits"),
    ('{"a": 0x12}', "1:8 /a", "expected ',' or '}', found 'x12'"),
    (
        '{"a": "x\ny"}',
        "1:9 /a",
        "expected '\"' or more of the string, found a line break: in a string write \\n",
    ),
    (
        '{"a": "x\x00"}',
        "1:9 /a",
        "expected '\"' or more of the string, found U+0000: in a string write \\u0000",
    ),
    (
        '{"a": "\\x"}',
        "1:8 /a",
        "expected one of \"\\/bfnrtu after a backslash, found 'x': for a backslash write two",
    ),
    ('{"a": "\\u12"}', "1:8 /a", "expected four hexadecimal digits after \\u, found something else"),
    ('{"a": "abc', "1:7 /a", "the string that begins here is not closed"),
    (
        '{"a":1, // c\n}',
        "1:9 /",
        "expected a key in double quotes, found '/': JSON has no comments (YAML has)",
    ),
    ('{"a": /* */ 1}', "1:7 /a", "expected a value, found '/': JSON has no comments (YAML has)"),
    ('// c\n{"a": 1}', "1:1 /", "expected a value, found '/': JSON has no comments (YAML has)"),
    ('{"a": 1,\n# c\n"b": 2}', "2:1 /", "expected a key in double quotes, found '#': JSON has no comments"),
    ("{,}", "1:2 /", "expected a key in double quotes or '}', found ','"),
    ("[,1]", "1:2 /", "expected a value or ']', found ','"),
    ("]", "1:1 /", "expected a value, found ']'"),
    ('{"a": 1} x', "1:10 /", "the document ends before this 'x'; nothing may follow it"),
    ('{"a": 1}\n ;', "2:2 /", "the document ends before this ';'; nothing may follow it"),
    ('{"a": 1}\n{}', "2:1 /", "the document ends before this '{'; nothing may follow it"),
    ("[1] 'x", "1:5 /", "the document ends before this single quote; nothing may follow it"),
    (f'{{"a": {MAX + 1}.}}', "1:7 /a", f"the integer {MAX + 1} does not fit"),
    (f'{{"a": {MAX + 1}e}}', "1:7 /a", f"the integer {MAX + 1} does not fit"),
    (f'{{"a": {MAX + 1}.0, "b": {MAX + 1}}}', "1:35 /b", f"the integer {MAX + 1} does not fit"),
    (f'{{"a": {MAX + 1}e1, "b": 1e999}}', "1:35 /b", "this number is larger than any double"),
    ('{"a":1}}', "1:8 /", "the document ends before this '}'; nothing may follow it"),
    ('{"a": 1,\n "b": {"x": 1,\n "a": 2, "x": 3}}', "3:10 /b/x", "the key 'x' stands twice in this object"),
    ('{"a": 1, "\\u0061": 2}', "1:10 /a", "the key 'a' stands twice in this object"),
    ('{"a/b": {"": 1,"":2}}', "1:16 /a~1b/", "the key '' stands twice in this object"),
    (
        f'{{"a": [1, {MAX + 1}]}}',
        "1:11 /a/1",
        f"the integer {MAX + 1} does not fit in 64 bits; a double has a point",
    ),
    (f'{{"9{MAX + 1}": {-MAX - 2}}}', "1:26 /99223372036854775808", f"the integer {-MAX - 2} does not fit"),
    ('{"a": [1e5,\n1e309]}', "2:1 /a/1", "this number is larger than any double"),
    ('{"a": -1E+0309, "b": 1' + "0" * 30 + "}", "1:7 /a", "this number is larger than any double"),
    ('{"a": 1' + "0" * 400 + ".0}", "1:7 /a", "this number is larger than any double"),
    ('{"a": "x\\ud800"}', "1:9 /a", "a string holds half of a surrogate pair"),
    ('{"a": "\\ud83d\\ude00\\\\ud800 \\UDC00 \\uDC00"}', "1:28 /a", "expected one of"),
    ('{"a": "\\ud83d\\ude00\\\\ud800 \\uDC00"}', "1:28 /a", "a string holds half of a surrogate pair"),
    ('{"a": "\\ud83d\\\\ude00"}', "1:8 /a", "a string holds half of a surrogate pair"),
    ('{"a":\n "\ud800"}', "2:3 /", "a string holds half of a surrogate pair"),
]


@pytest.mark.parametrize(("document", "place", "words"), BAD)
def test_what_is_refused_and_where(document, place, words):
    found = problem(document)
    assert str(found).startswith(f"{place}: {words}")
    assert (
        problem(document, syntax="json", file="m.pfa").at
        == found.moved(Where(found.at.pointer, found.at.line, found.at.col, "m.pfa")).at
    )


@pytest.mark.parametrize("document", ["", " \n\t", b"", "\ufeff"])
def test_an_empty_document(document):
    assert problem(document) == problems.EmptyDocument()


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("{}".encode("utf-16"), problems.OtherEncoding("UTF-16")),
        ("{}".encode("utf-32"), problems.OtherEncoding("UTF-32")),
        ("{}".encode("utf-16-le"), problems.OtherEncoding("UTF-16 or UTF-32")),
        ('{"é": 1}\n{"é\n'.encode() + b"\xff", problems.NotUtf8(15, at=Where("", 3, 1))),
        ('\ufeff{"é'.encode() + b"\xe9", problems.NotUtf8(7, at=Where("", 1, 4))),
        ("model.pfa", problems.NotADocument("a file name", "; pfa.load takes a path or a file")),
        (io.StringIO("{}"), problems.NotADocument("StringIO", "; pfa.load takes a path or a file")),
        (5, problems.NotADocument("int")),
        ("{}", problems.UnsupportedSyntax("PrettyPFA", " yet")),
    ],
)
def test_what_is_no_text_of_ours(document, kind):
    syntax = "pretty" if isinstance(kind, problems.UnsupportedSyntax) else ""
    assert problem(document, syntax=syntax) == kind


def test_an_unknown_syntax():
    assert "the syntax 'xml'" in str(problem("{}", syntax="xml"))


def test_nan_and_infinity_are_read_with_a_warning():
    got = read('{"NaN": "NaN",\n "b": [-Infinity, Infinity, NaN]}', limits=LIMITS)
    assert got.value["b"][:2] == [-math.inf, math.inf]
    assert math.isnan(got.value["b"][2])
    assert got.warnings == [problems.NonFinite("-Infinity", 3, at=Where("/b/0", 2, 8))]
    assert got.warnings[0].warning


def test_the_collector_is_as_it_was():
    try:
        for enabled in (gc.disable, gc.enable):
            enabled()
            before = gc.isenabled()
            read('{"a": 1}', limits=LIMITS)
            problem('{"a": 1')
            assert gc.isenabled() is before
    finally:
        gc.enable()
