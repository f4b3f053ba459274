"""Reading JSON: what is accepted, what is refused and where, what attacks end in, and where values stand."""

import gc
import gzip
import io
import json
import math
import random
import time
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfa.errors import PfaError, PfaLimitError, PfaSyntaxError, Where
from pfa.limits import Limits
from pfa.read import load, positions, problems, read, scan, text
from pfa.read.positions import enclosing, skip
from pfa.read.source import join

LIMITS = Limits()
MAX = 2**63 - 1


def problem(document, limits=LIMITS, **options):
    """The one problem of a bad document."""
    with pytest.raises((PfaSyntaxError, PfaLimitError)) as caught:
        read(document, limits=limits, **options)
    (found,) = caught.value.problems
    return found


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


# Texts at random: the scan counts right, malformed text is refused as the standard library does, and only so.

LEAVES = st.none() | st.booleans() | st.integers(-5, MAX) | st.floats(allow_nan=False, allow_infinity=False)
STRINGS = st.text(st.sampled_from('ab"\\[]{}:,/~0é😀\n\u2028'), max_size=5)
VALUES = st.recursive(
    LEAVES | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=25,
)
DOCUMENTS = st.dictionaries(STRINGS, VALUES, max_size=4) | st.lists(VALUES, max_size=4)


@contextmanager
def pieces_of(size):
    """Work on pieces of a few characters, so that everything happens on a border."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "PIECE", size)
        patch.setattr(positions, "NEAR", min(size, positions.NEAR))
        yield


SIZES = st.sampled_from([text.PIECE, 7, 1])


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def count(value, what):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return what(value) + sum(count(v, what) for v in inner)


@given(size=SIZES, value=DOCUMENTS, ascii=st.booleans(), indent=st.sampled_from([None, 0, 2]))
def test_the_scan_counts_what_is_there(size, value, ascii, indent):
    with pieces_of(size):
        written = json.dumps(value, ensure_ascii=ascii, indent=indent)
        found = scan.scan(written, LIMITS)
        assert found.nesting == depth(value)
        assert found.keys == count(value, lambda v: len(v) if isinstance(v, dict) else 0)
        assert scan.nodes(written) == count(value, lambda v: 1)
        got = read(written, limits=LIMITS)
        assert got.value == value
        assert got.nesting == depth(value)
        assert read(value, limits=LIMITS).nesting == depth(value)


OURS = problems.DuplicateKey, problems.LargeInteger, problems.LargeFloat, problems.LoneSurrogate


@given(size=SIZES, value=DOCUMENTS, seed=st.integers(0, 1 << 32))
def test_mutilated_text_is_refused_where_json_refuses_it(size, value, seed):
    with pieces_of(size):
        rng = random.Random(seed)
        chars = list(json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1])))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(chars) + 1)
            chars[at : at + rng.randint(0, 2)] = rng.choice(
                ['"', "\\", "{", "}", "[", "]", ",", ":", "1", "a", " ", ""]
            )
        broken = "".join(chars)
        try:
            expected = json.loads(broken)
        except json.JSONDecodeError:
            found = problem(broken, syntax="json")
            assert found.at.line > 0 or found == problems.EmptyDocument()
            return
        got = outcome(broken)
        assert isinstance(got, OURS) or got == expected


def outcome(document):
    try:
        return read(document, limits=LIMITS, syntax="json").value
    except PfaError as error:
        return error.problems[0]


class Writer:
    """Writes JSON with blanks at random and notes where each value and key begins."""

    def __init__(self, rng):
        self.rng, self.out = rng, ""
        self.values, self.keys, self.offsets, self.written = {}, {}, {}, {}

    def blank(self):
        self.out += "".join(self.rng.choices([" ", "\n", "\t", "\r\n"], k=self.rng.choice([0, 0, 0, 1, 3])))

    def write(self, value, pointer=""):
        self.blank()
        self.values[pointer], self.offsets[pointer], self.written[pointer] = (
            self.place(),
            len(self.out),
            value,
        )
        if isinstance(value, (dict, list)):
            opening, closing = "{}" if isinstance(value, dict) else "[]"
            self.out += opening
            for index, key in enumerate(value):
                self.out += "," if index else ""
                self.member(value, key, pointer) if opening == "{" else self.write(key, f"{pointer}/{index}")
                self.blank()
            self.blank()
            self.out += closing
        else:
            self.out += json.dumps(value, ensure_ascii=self.rng.random() < 0.5)

    def member(self, value, key, pointer):
        inner = pointer + join([key])
        self.blank()
        self.keys[inner] = self.place()
        self.out += json.dumps(key, ensure_ascii=self.rng.random() < 0.5)
        self.blank()
        self.out += ":"
        self.write(value[key], inner)

    def place(self):
        lines = self.out.split("\n")
        return len(lines), len(lines[-1]) + 1


@given(size=SIZES, value=DOCUMENTS, seed=st.integers(0, 1 << 32))
def test_a_pointer_leads_to_its_value(size, value, seed):
    with pieces_of(size):
        writer = Writer(random.Random(seed))
        writer.write(value)
        document = read(writer.out, limits=LIMITS, file="m.pfa")
        assert document.value == value
        pointers = list(writer.values)
        random.Random(seed).shuffle(pointers)
        for pointer in pointers:
            at = document.source.where(pointer)
            assert (at.pointer, at.file, (at.line, at.col)) == (pointer, "m.pfa", writer.values[pointer])
            key = document.source.where(pointer, key=True)
            assert (key.line, key.col) == writer.keys.get(pointer, writer.values[pointer])
            offset = writer.offsets[pointer]
            assert join(enclosing(writer.out, offset)[0]) == pointer
            assert json.loads(writer.out[offset : skip(writer.out, offset)]) == writer.written[pointer]


@pytest.mark.parametrize(
    "pointer", ["/a/b/7", "/a/b/x", "/a/b/-1", "/a/b/99999999999999999999", "/a/b/0/x", "x", "/a/q", "//"]
)
def test_a_pointer_to_nothing_leads_to_what_is_nearest(pointer):
    document = read('{"a":\n {"@": "here", "b": [1, 2]}}', limits=LIMITS)
    at = document.source.where(pointer)
    assert at.pointer == pointer
    assert (at.line, at.col) in {(1, 1), (2, 2), (2, 21), (2, 22)}
    document.source.forget()
    assert document.source.where(pointer) == Where(pointer)


def test_marks():
    value = {"@": "top", "a": {"b": [{"@": "near", "c": 1}, {"@": 5}]}}
    for document in (read(json.dumps(value), limits=LIMITS), read(value, limits=LIMITS)):
        where = document.source.where
        assert [where(p).mark for p in ("", "/a", "/a/b/0", "/a/b/0/c", "/a/b/1", "/no")] == [
            "top", "top", "near", "near", "top", "top"
        ]  # fmt: skip


# Attacks: each ends at once, in an error of ours.

BOMB = gzip.compress(b"{" + b" " * 50_000_000 + b"}")
ATTACKS = {
    "deep": ("[" * 10_000_000, problems.TooDeep),
    "deep objects": ('{"a":' * 2_000_000, problems.TooDeep),
    "deep and closed": ("[" * 600 + "]" * 600, problems.TooDeep),
    "deep behind strings": ('["' + '[\\"' * 1_000_000 + '",' + "[" * 600, problems.TooDeep),
    "one long integer": ('{"a": ' + "9" * 10_000_000 + "}", problems.LargeInteger),
    "one long integer, signed": ('{"a": [-' + "9" * 10_000_000 + "]}", problems.LargeInteger),
    "one long double": ('{"a": ' + "9" * 10_000_000 + ".0}", problems.LargeFloat),
    "long exponent": ('{"a": 1e' + "9" * 5_000_000 + "}", problems.LargeFloat),
    "backslashes": ('{"a": "' + "\\" * 10_000_001, problems.Unclosed),
    "quotes": ('"' * 10_000_000, problems.TrailingText),
    "open string": ('{"a": "' + "x" * 10_000_000, problems.Unclosed),
    "blanks": (" " * 10_000_000 + "{", problems.Unclosed),
    "commas": ("[" + "," * 10_000_000, problems.Malformed),
    "colons": ("{" + ":" * 10_000_000, problems.Malformed),
    "closing": ("[" + "]" * 10_000_000, problems.TrailingText),
    "pairs": ("[" + "[]," * 1_000_000, problems.Unclosed),
    "half pairs": ('{"a": "' + "\\ud83d\\ude00" * 500_000 + '\\ud83d"}', problems.LoneSurrogate),
    "one key often": ("{" + '"a":1,' * 1_000_000 + '"a":1}', problems.DuplicateKey),
    "a key again at the end": (
        "{" + ",".join(f'"{i}":1' for i in range(500_000)) + ',"0":1}',
        problems.DuplicateKey,
    ),
    "many problems in numbers": ("[" + "1e999," * 1_000_000 + "0]", problems.LargeFloat),
    "zero bytes": (b"\x00" * 1_000_000, problems.OtherEncoding),
    "gzip bomb": (BOMB, problems.TooCompressed),
    "gzip of gzip": (gzip.compress(gzip.compress(b"{}")), problems.BadGzip),
    "many gzip members": (gzip.compress(b"") * 200_000, problems.BadGzip),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_end_at_once(name):
    document, kind = ATTACKS[name]
    syntax = "json" if isinstance(document, str) else ""
    start = time.process_time()
    found = problem(document, syntax=syntax)
    assert isinstance(found, kind)
    assert time.process_time() - start < 5  # each takes less than one; a quadratic one takes minutes
    assert len(str(found)) < 200


def test_what_only_looks_like_an_attack():
    start = time.process_time()
    value = read('{"a": "' + "x[{" * 5_000_000 + '"}', limits=LIMITS).value
    assert len(value["a"]) == 15_000_000
    deep = read("[" * 512 + "]" * 512, limits=LIMITS)
    assert deep.nesting == 512
    assert read('{"a": 0.' + "1" * 5_000_000 + "}", limits=LIMITS).value == {"a": 1 / 9}
    assert len(read("[" + "{}," * 100_000 + "{}]", limits=LIMITS).value) == 100_001
    assert time.process_time() - start < 5


def test_limits():
    assert problem("[[[]]]", Limits(nesting=2)) == problems.TooDeep(2, at=Where("", 1, 3))
    assert problem("[[], []]", Limits(nodes=2)) == problems.TooManyNodes(2)
    assert read('[[], {}, "[,]", 4]', limits=Limits(nodes=5)).value
    assert problem('["éé"]', Limits(bytes=7)) == problems.TooLong(7)
    assert problem('["éé"]'.encode(), Limits(bytes=7)) == problems.TooLong(7)
    assert read('["éé"]', limits=Limits(bytes=8)).value == ["éé"]
    assert problem(BOMB, Limits(bytes=1000)) == problems.TooLong(1000)
    assert read(BOMB, limits=Limits(gzip_ratio=None)).value == {}
    none = Limits(bytes=None, nodes=None, anchors=None, gzip_ratio=None)
    assert read(gzip.compress(b"[1]"), limits=none).value == [1]


def test_nesting_beyond_the_stack_of_python():
    deep = "[" * 1_000_000 + "]" * 1_000_000
    found = problem(deep, Limits(nesting=1_000_000))
    assert found == problems.DeepStack(1_000_000)


# gzip and files

ZIPPED = gzip.compress(b'{"a": 1}', mtime=0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (ZIPPED[:-9], "cut short"),
        (ZIPPED[:5], "cut short"),
        (ZIPPED[:-8] + b"    " + ZIPPED[-4:], "corrupt (incorrect data check)"),
        (ZIPPED[:2] + b"\x07" + ZIPPED[3:], "corrupt (unknown compression method)"),
        (ZIPPED + b"x", "followed by something else"),
    ],
    ids=str,
)
def test_broken_gzip(data, words):
    assert str(problem(data, file="m.pfaz")).startswith(f"m.pfaz /: the gzip data is {words}")


def test_gzip_of_several_members_and_with_padding():
    data = gzip.compress(b'{"a": ') + gzip.compress(b"[1, 2]}") + b"\0" * 100
    assert read(data, limits=LIMITS).value == {"a": [1, 2]}
    rng = random.Random(1)
    noise = json.dumps([rng.random() for _ in range(200_000)])
    assert read(gzip.compress(noise.encode()), limits=LIMITS).value == json.loads(noise)


JSON, YAML = b'{"a": 1}', b"a: 1\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.pfa", JSON),
        ("m.json", JSON),
        ("m.JSON", JSON),
        ("m.pfaz", gzip.compress(JSON, mtime=0)),
        ("m.pfaz", JSON),
        ("m.pfa.gz", gzip.compress(JSON, mtime=0)),
        ("m.pfa", gzip.compress(JSON, mtime=0)),
        ("m.yaml", YAML),
        ("m.yml", YAML),
        ("m.yml.gz", gzip.compress(YAML, mtime=0)),
        ("m.txt", JSON),
        ("m", YAML),
    ],
)
def test_files(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    assert load(path, limits=LIMITS).value == {"a": 1}
    assert load(path, limits=LIMITS).source.syntax == ("yaml" if ".y" in name or name == "m" else "json")
    assert load(str(path), limits=LIMITS).source.file == str(path)
    with path.open("rb") as file:
        document = load(file, limits=LIMITS)
    assert document.value == {"a": 1}
    assert document.source.where("/a").file == str(path)
    assert load(io.BytesIO(data), limits=LIMITS).value == {"a": 1}


def test_open_text_files(tmp_path):
    assert load(io.StringIO('{"a": "é"}'), limits=LIMITS).value == {"a": "é"}
    path = tmp_path / "m.pfa"
    path.write_bytes(b'{"a": "\xe9"}')
    with path.open(encoding="utf-8") as file, pytest.raises(PfaSyntaxError, match="byte 7 is not UTF-8"):
        load(file, limits=LIMITS)


def test_a_file_decides_its_syntax(tmp_path):
    path = tmp_path / "m.pfa"
    path.write_bytes(YAML)
    with pytest.raises(PfaSyntaxError, match=r"m\.pfa:1:1 /: expected a value, found 'a'"):
        load(path, limits=LIMITS)
    assert load(path, limits=LIMITS, syntax="yaml").value == {"a": 1}
    with pytest.raises(PfaSyntaxError, match="PrettyPFA is not supported yet"):
        load(tmp_path / path.rename(tmp_path / "m.ppfa"), limits=LIMITS)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "no.pfa", limits=LIMITS)


def test_a_file_without_an_end():
    class Endless(io.RawIOBase):
        def read(self, size=-1):
            return b" " * size

    with pytest.raises(PfaLimitError, match="more than 10000000 bytes"):
        load(Endless(), limits=Limits(bytes=10_000_000))


# The caller's own values


def test_a_dict_is_used_as_it_is():
    value = {"a": [1, 2.5, None, True, "é", {}, []], "b": {"c": math.nan}}
    document = read(value, limits=LIMITS)
    assert document.value is value
    assert not document.owned
    assert document.nesting == 3
    assert document.source.where("/a/0") == Where("/a/0")


class Text(str):
    __slots__ = ()


class Long(int):
    def __int__(self):
        return 7


def test_what_has_a_meaning_in_json_is_converted_in_a_copy():
    inner = (1, np.int32(2), np.float32(0.5), np.bool_(True), np.arange(3), np.float64(1.5))
    value = {"a": inner, Text("b"): [Text("x"), Long(3)], "c": {"d": inner}}
    document = read(value, limits=LIMITS)
    plain = [1, 2, 0.5, True, [0, 1, 2], 1.5]
    assert document.value == {"a": plain, "b": ["x", 3], "c": {"d": plain}}
    assert value["a"] is inner
    for got in (*document.value, *document.value["b"], *document.value["a"]):
        assert type(got) in (str, int, float, bool, list)


def circle():
    value = {"a": []}
    value["a"].append(value)
    return value


def circle_to_convert():
    value = {"a": [()]}
    value["a"].append(value)
    return value


def doubling(levels, leaf=()):
    value = list(leaf)
    for _ in range(levels):
        value = [value, value]
    return {"a": value}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": [{1: 2}]}, problems.NoStringKey("int", at=Where("/a/0"))),
        ({"a": [1, {"b/c": {1, 2}}]}, problems.NoJsonValue("set", at=Where("/a/1/b~1c"))),
        ({"a": b"x"}, problems.NoJsonValue("bytes", at=Where("/a"))),
        ({"a": 1j}, problems.NoJsonValue("complex", at=Where("/a"))),
        ({"a": np.datetime64("2020-01-01")}, problems.NoJsonValue("date", at=Where("/a"))),
        ({"a": (0, MAX + 1)}, problems.LargeInteger.of(str(MAX + 1)).moved(Where("/a/1"))),
        ({"a": [0, -MAX - 2]}, problems.LargeInteger.of(str(-MAX - 2)).moved(Where("/a/1"))),
        ({"a": 1 << 10_000_000}, problems.LargeInteger(3010301, at=Where("/a"))),
        ({"a": ["x", "\ud800"]}, problems.LoneSurrogate(at=Where("/a/1"))),
        ({"a": {"\ud800": 1}}, problems.LoneSurrogate(at=Where("/a"))),
        (circle(), problems.TooDeep(512)),
        (circle_to_convert(), problems.TooDeep(512)),
        (doubling(400), problems.TooManyNodes(100_000_000)),
        (doubling(400, ((),)), problems.TooManyNodes(100_000_000)),
        (doubling(600), problems.TooManyNodes(100_000_000)),
    ],
)
def test_what_a_dict_must_not_hold(value, found):
    start = time.process_time()
    assert problem(value) == found
    assert time.process_time() - start < 3


def test_a_dict_that_shares_counts_as_often_as_it_is_seen():
    assert read(doubling(3), limits=Limits(nodes=16)).nesting == 5
    assert problem(doubling(3), Limits(nodes=15)) == problems.TooManyNodes(15)
    shared = {"type": "int"}
    assert read({"a": shared, "b": {"c": shared}}, limits=Limits(nodes=6)).nesting == 3
    assert problem({"a": shared, "b": {"c": shared}}, Limits(nodes=5)) == problems.TooManyNodes(5)
