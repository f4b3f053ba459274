"""Reading JSON, attacks: each ends at once, in an error of ours."""

import gzip
import time

import pytest

from pfa.errors import Where
from pfa.limits import Limits
from pfa.read import problems, read
from tests.reading import LIMITS, problem

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
