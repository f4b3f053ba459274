"""Reading JSON that is no text: gzip, files, and dicts of Python."""

import gzip
import io
import json
import math
import random
import time

import numpy as np
import pytest

from pfa.errors import PfaLimitError, PfaSyntaxError, Where
from pfa.limits import Limits
from pfa.read import load, problems, read
from tests.reading import LIMITS, MAX, problem

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


@pytest.mark.parametrize("many", [0, 10_000])
def test_a_large_dict_is_used_as_it_is_and_a_small_one_copied(many):
    inner = [1, 2.5, None, True, "é", {}, []]
    value = {"a": inner, "b": {"c": math.nan}, "d": [0] * many, "e": inner}
    shown = repr(value)
    document = read(value, limits=LIMITS)
    assert repr(document.value) == shown
    assert document.owned == (many == 0)
    assert (document.value is value) != document.owned
    assert (document.value["a"] is document.value["e"]) != document.owned
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
