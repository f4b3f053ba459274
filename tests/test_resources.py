"""Model data outside of the document: where it may be, what is in it, and what goes wrong; pack, unpack, snapshots."""

import contextlib
import copy
import io
import json
import math
import os
import pickle
import re
import socket
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pfa
from pfa.cli import main
from pfa.data import folders
from pfa.lib.encode import write_long
from tests.support import ROOT

UNIONS = ["null", "int", "long", "string", {"type": "enum", "name": "Color", "symbols": ["red", "blue"]}]
RECORD = {
    "type": "record",
    "name": "Model",
    "fields": [
        {"name": "weights", "type": {"type": "array", "items": "double"}},
        {"name": "tags", "type": {"type": "map", "values": UNIONS}},
        {"name": "raw", "type": "bytes"},
        {"name": "single", "type": "float"},
        {"name": "next", "type": ["null", "Model"]},
    ],
}
VALUE = {
    "weights": [1.5, -0.0, 1e300],
    "tags": {"i": ("int", 3), "l": ("long", 3), "s": "red", "c": ("Color", "red"), "n": None},
    "raw": b"\x00\xff",
    "single": 0.5,
    "next": None,
}
AS_JSON = {
    "weights": [1.5, -0.0, 1e300],
    "tags": {"i": {"int": 3}, "l": {"long": 3}, "s": {"string": "red"}, "c": {"Color": "red"}, "n": None},
    "raw": "\x00\xff",
    "single": 0.5,
    "next": None,
}
OUT = AS_JSON | {"raw": b"\x00\xff"}


def model(type, init, source, kind="cells", **fields):
    """A document that gives out its cell, or the item "k" of its pool."""
    path = {"cell": "c"} if kind == "cells" else {"pool": "c", "path": [["k"]]}
    spec = {"type": type, "init": init, "source": source, **fields}
    name = type if isinstance(type, str) else type.get("name", type)
    return {"input": "null", "output": name, kind: {"c": spec}, "action": path}


def avro(path, schema, *data, codec="null", **keywords):
    """A file written by fastavro."""
    with open(path, "wb") as file:
        fastavro.writer(file, schema, data, codec=codec, **keywords)


def container(schema, *blocks, codec="null", magic=b"Obj\x01", meta=None, sync=b"s" * 16, ends=None):
    """A file by hand: blocks are (count, bytes) or (count, bytes, claimed size)."""
    out = bytearray(magic)
    meta = {"avro.schema": json.dumps(schema), "avro.codec": codec} if meta is None else meta
    write_long(out, len(meta))
    for pair in meta.items():
        for text in pair:
            data = text if isinstance(text, bytes) else text.encode()
            write_long(out, len(data))
            out += data
    out.append(0)
    out += sync
    for count, data, *claimed in blocks:
        write_long(out, count)
        write_long(out, claimed[0] if claimed else len(data))
        out += data
        out += sync if ends is None else ends
    return bytes(out)


def longs(*numbers):
    out = bytearray()
    for n in numbers:
        write_long(out, n)
    return bytes(out)


@pytest.fixture
def folder(tmp_path):
    """A folder with a document's data beside other folders."""
    made = tmp_path / "model"
    made.mkdir()
    return made


def loaded(folder, document, **keywords):
    """Load a document from a file in the folder."""
    path = folder / "model.pfa"
    path.write_text(json.dumps(document))
    return pfa.load(path, **keywords)


def refused(folder, document, error=pfa.PfaInitError, **keywords):
    with pytest.raises(error) as caught:
        loaded(folder, document, **keywords)
    [problem] = caught.value.problems
    assert re.fullmatch("/(cells|pools)/c/init", problem.at.pointer)
    assert problem.at.line == 1
    assert "\n" not in str(caught.value)
    return problem.text


# --- what is in the files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz", "snappy", "zstandard", "lz4"])
def test_an_avro_cell_of_every_codec(folder, codec):
    many = {"type": "array", "items": RECORD}
    avro(folder / "c.avro", many, [VALUE] * 5000, codec=codec)
    engine = loaded(folder, model(many, "c.avro", "avro"), unions="tagged")
    assert engine.action(None) == [OUT] * 5000


@pytest.mark.parametrize("kind", ["cells", "pools"])
@pytest.mark.parametrize("source", ["json", "avro"])
def test_cells_and_pools_of_both_sources(folder, kind, source):
    whole = RECORD if kind == "cells" else {"type": "map", "values": RECORD}
    if source == "avro":
        avro(folder / "data", whole, VALUE if kind == "cells" else {"k": VALUE})
    else:
        (folder / "data").write_text(json.dumps(AS_JSON if kind == "cells" else {"@": "mark", "k": AS_JSON}))
    engine = loaded(folder, model(RECORD, "data", source, kind), unions="tagged")
    assert engine.action(None) == OUT
    assert engine.clone().action(None) == OUT


def test_json_data_is_read_as_embedded_data_is(folder):
    document = model({"type": "map", "values": ["null", "double"]}, "c.json", "json")
    (folder / "c.json").write_text('{"a": {"double": 3}, "@": "mark", "b": null, "c": {"@": "mark", "double": 1e2}}')
    assert loaded(folder, document).action(None) == {"a": 3.0, "b": None, "c": 100.0}
    (folder / "c.json").write_bytes(b"\x1f\x8b" + b"x")
    assert "gzip" in refused(folder, document)
    (folder / "c.json").write_text('{"a": {"double": NaN}}')
    engine = loaded(folder, document)
    assert math.isnan(engine.action(None)["a"])
    assert [w.at.file for w in engine.warnings] == ["c.json"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1}', 'c.json: /a: expected array(int), found an integer'),
        ('{"a": [1, "x", 2.5, true, null]}', "/a/1: expected int, found a string; /a/2: "),
        ('{"a": [1,\n 2}', "c.json:2:3 /a: expected"),
        ('{"a": [], "a": []}', "'a' stands twice"),
        ("", "empty"),
        ("[]", "expected map(array(int)), found an empty array"),
        ("[" * 600 + "]" * 600, "Limits.nesting"),
    ],
)
def test_json_data_that_is_wrong(folder, text, says):
    (folder / "c.json").write_text(text)
    document = model({"type": "map", "values": {"type": "array", "items": "int"}}, "c.json", "json")
    said = refused(folder, document)
    assert "c.json" in said
    assert says in said


def test_values_are_quoted_only_if_asked(folder):
    (folder / "c.json").write_text('["secret"]')
    document = model({"type": "array", "items": "int"}, "c.json", "json")
    assert "secret" not in refused(folder, document)
    assert "secret" in refused(folder, document, limits=pfa.Limits(quote_values=True))


def test_schema_resolution(folder):
    """Promotion, defaults, aliases, an enum with fewer symbols, fields in another order, a union that is wider."""
    written = {"type": "record", "name": "old.M", "fields": [
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["a", "b", "c"]}},
        {"name": "gone", "type": {"type": "array", "items": "string"}},
        {"name": "x", "type": "int"}, {"name": "old", "type": "float"}, {"name": "u", "type": ["int", "string"]},
        {"name": "s", "type": "string"},
    ]}  # fmt: skip
    wanted = {"type": "record", "name": "M", "fields": [
        {"name": "s", "type": "bytes"},
        {"name": "u", "type": ["null", "string", "double"]},
        {"name": "fresh", "type": {"type": "array", "items": "double"}, "default": [1]},
        {"name": "new", "type": "double", "aliases": ["old"]},
        {"name": "x", "type": ["null", "long"]},
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["c", "a"]}},
    ]}  # fmt: skip
    datum = {"e": "c", "gone": ["x"], "x": 5, "old": 0.5, "u": 7, "s": "ab"}
    avro(folder / "c.avro", written, datum)
    document = model(wanted, "c.avro", "avro")
    out = loaded(folder, document).action(None)
    assert out == {"s": b"ab", "u": 7.0, "fresh": [1.0], "new": 0.5, "x": 5, "e": "c"}
    avro(folder / "c.avro", written, datum | {"e": "b"})
    assert re.search(r"c\.avro.*byte \d+.*/e: expected enum E", refused(folder, document))


@pytest.mark.parametrize(
    ("written", "wanted", "says"),
    [
        ("string", "int", "expected int, found string"),
        ("double", "float", "expected float, found double"),
        ({"type": "array", "items": "string"}, {"type": "array", "items": "int"}, "expected int, found string"),
    ],
)
def test_a_schema_that_does_not_fit(folder, written, wanted, says):
    (folder / "c.avro").write_bytes(container(written, (1, b"\0")))
    said = refused(folder, model(wanted, "c.avro", "avro"))
    assert said.startswith("c.avro")
    assert says in said


def test_logical_types_are_their_base_types(folder):
    day = {"type": "int", "logicalType": "date"}
    (folder / "c.avro").write_bytes(container({"type": "array", "items": day}, (1, longs(1, 20000, 0))))
    assert loaded(folder, model({"type": "array", "items": "int"}, "c.avro", "avro")).action(None) == [20000]


# --- where the files are ------------------------------------------------------------------------------------


def five(place):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("5")


INT = model("int", "x.json", "json")


def at(location):
    return model("int", str(location), "json")


def test_the_folder_of_the_document_is_allowed(folder, monkeypatch):
    five(folder / "x.json")
    five(folder / "sub" / "y.json")
    for location in ("x.json", "./x.json", "sub/y.json", "sub/../x.json", folder / "x.json", "sub//y.json"):
        assert loaded(folder, at(location)).action(None) == 5
    monkeypatch.chdir(folder)
    assert pfa.load("model.pfa").action(None) == 5
    with open("model.pfa", "rb") as file:
        assert pfa.load(file).action(None) == 5
    assert pfa.check(Path("model.pfa")) == []


def test_a_document_without_a_folder_has_no_files(folder, monkeypatch):
    five(folder / "x.json")
    monkeypatch.chdir(folder)
    with pytest.raises(pfa.PfaInitError, match="no file is opened"):
        pfa.loads(INT)
    with pytest.raises(pfa.PfaInitError, match="no folder is allowed"):
        pfa.load(io.BytesIO(json.dumps(INT).encode()))
    lying = io.BytesIO(json.dumps(INT).encode())
    lying.name = str(folder / "x.json")
    with pytest.raises(pfa.PfaInitError, match="no folder is allowed"):
        pfa.load(lying)
    assert pfa.loads(INT, resources=[folder]).action(None) == 5
    assert pfa.loads(INT, resources=str(folder)).action(None) == 5
    assert pfa.check(json.dumps(INT), resources=[folder]) == []
    assert len(pfa.check(json.dumps(INT))) == 1


def test_resources_replace_the_folder_of_the_document(folder, tmp_path):
    five(folder / "x.json")
    five(tmp_path / "data" / "y.json")
    assert loaded(folder, at("y.json"), resources=[tmp_path / "data"]).action(None) == 5
    assert loaded(folder, at("../data/y.json"), resources=[tmp_path / "data"]).action(None) == 5
    assert loaded(folder, at(tmp_path / "data" / "y.json"), resources=["/nowhere", tmp_path / "data"]).action(None) == 5
    assert "only files under" in refused(folder, at(folder / "x.json"), resources=[tmp_path / "data"])
    assert "no such file" in refused(folder, at("x.json"), resources=[tmp_path / "data"])
    assert "no folder is allowed" in refused(folder, at("x.json"), resources=[])


def test_names_that_lead_out(folder, tmp_path):
    """The message is the same whether there is such a file or not."""
    five(tmp_path / "secret.json")
    five(tmp_path / "model2" / "x.json")
    outside = ["../secret.json", "sub/../../secret.json", tmp_path / "secret.json", "/etc/passwd", "../model2/x.json"]
    said = {refused(folder, at(location)).partition(": ")[2] for location in [*outside, "../nothing", "/nothing", ".."]}
    assert len(said) == 1
    assert "only files under the document's folder" in said.pop()


def test_links(folder, tmp_path):
    five(tmp_path / "secret.json")
    five(folder / "x.json")
    (folder / "out.json").symlink_to(tmp_path / "secret.json")
    (folder / "up").symlink_to(tmp_path)
    (folder / "in.json").symlink_to("x.json")
    (folder / "loop").symlink_to("loop")
    (folder / "gone").symlink_to("nothing")
    for location in ("out.json", "up/secret.json"):
        assert "leads out" in refused(folder, at(location))
    assert "no such file" in refused(folder, at("gone"))
    assert "link" in refused(folder, at("loop"))
    assert loaded(folder, at("in.json")).action(None) == 5
    (tmp_path / "alias").symlink_to(folder)
    assert pfa.load(tmp_path / "alias" / "model.pfa").action(None) == 5
    (tmp_path / "alias.pfa").symlink_to(folder / "model.pfa")
    with pytest.raises(pfa.PfaInitError, match="no such file"):
        pfa.load(tmp_path / "alias.pfa")


def test_what_is_no_regular_file(folder):
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(folder / "socket"))
        for location in ("pipe", "folder", "socket", "."):
            refused(folder, at(location))
    (folder / "zero").symlink_to("/dev/zero")
    refused(folder, at("zero"))
    assert "no regular file" in refused(folder, at("zero"), resources=[folder, "/dev"])


@pytest.mark.parametrize("location", ["", "a\0b", "x" * 5000, "/" * 100, "x/" * 3000, "con:x", "\udc80"])
def test_strange_names(folder, location):
    if location == "\udc80":
        with pytest.raises(pfa.PfaError):
            pfa.loads(model("int", location, "json"), resources=[folder])
    else:
        refused(folder, at(location))


def test_a_link_that_comes_between_the_look_and_the_opening(folder, tmp_path, monkeypatch):
    """What was looked at and what is opened are the same, whatever is done to the folder meanwhile."""
    five(tmp_path / "secret.json")
    five(folder / "x.json")
    five(folder / "sub" / "x.json")
    opening = folders._open_under

    def swapped(root, inside):
        path = Path(root, inside)
        victim = path if path.parent == folder else path.parent
        os.rename(victim, tmp_path / f"moved{len(list(tmp_path.iterdir()))}")
        victim.symlink_to(tmp_path / "secret.json" if victim == path else tmp_path)
        return opening(root, inside)

    (tmp_path / "x.json").write_text("6")
    monkeypatch.setattr(folders, "_open_under", swapped)
    refused(folder, at("x.json"))
    refused(folder, at("sub/x.json"))


# --- URLs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://a/b", "file:///etc/passwd", "a+b-c.d://x", "s3://bucket/x y\nz", "X://"])
def test_a_url_needs_a_resolver(folder, url):
    document = at(url)
    assert "resolver" in refused(folder, document)
    asked = []
    engine = loaded(folder, document, resources=[lambda u: asked.append(u) or b"5"])
    assert engine.action(None) == 5
    assert asked == [url]


@pytest.mark.parametrize("name", ["1http://a/b", "http:/a", "a_b://c", "://x", " http://a"])
def test_what_is_no_url_is_a_file(folder, name):
    five(folder / name)
    assert loaded(folder, at(name)).action(None) == 5
    asked = []
    refused(folder, at(name), resources=[asked.append])
    assert asked == []


def test_resolvers(folder, tmp_path):
    """The first that knows a URL; bytes and files; what they raise is said or is the host's."""
    data = tmp_path / "c.avro"
    avro(data, {"type": "array", "items": "int"}, [1, 2])
    document = model({"type": "array", "items": "int"}, "u://x", "avro")
    files = []

    def opened(url):
        files.append(open(data, "rb"))  # noqa: SIM115
        return files[-1]

    for resolver in (opened, lambda u: data.read_bytes(), lambda u: io.BytesIO(data.read_bytes())):
        assert loaded(folder, document, resources=[lambda u: None, resolver]).action(None) == [1, 2]
    assert files[0].closed
    assert "a resolver returned str" in refused(folder, document, resources=[lambda u: "text"])
    assert "resolver" in refused(folder, document, resources=[lambda u: None, folder])
    unknown = ConnectionError("no such host")

    def failing(url):
        raise unknown

    assert "no such host" in refused(folder, document, resources=[failing])

    def mistaken(url):
        raise KeyError(url)

    with pytest.raises(KeyError):
        loaded(folder, document, resources=[mistaken])
    with pytest.raises(pfa.PfaInitError, match="resources are folders"):
        pfa.loads(document, resources=[5])


# --- files that are broken ----------------------------------------------------------------------------------

ARRAY = {"type": "array", "items": "long"}
NULLS = {"type": "array", "items": "null"}
CHAIN = {"type": "record", "name": "Chain", "fields": [{"name": "next", "type": ["null", "Chain"]}]}
GOOD = (1, longs(2, 7, 8, 0))
BROKEN = {
    "empty": (ARRAY, b"", r"byte 0: .*it is empty"),
    "a wrong magic": (ARRAY, container(ARRAY, GOOD, magic=b"Obj\x02"), r"byte 0: .*no Avro container"),
    "JSON": (ARRAY, b"[1, 2, 3]", r"byte 0: .*no Avro container"),
    "a header that ends": (ARRAY, container(ARRAY)[:30], r"byte \d+: .*cut short"),
    "a header of 10 GB": (ARRAY, b"Obj\x01" + longs(1, 10**10), r"byte \d+: .*header"),
    "a negative length in the header": (ARRAY, b"Obj\x01" + longs(1, -5), r"byte \d+: .*header"),
    "no schema": (ARRAY, container(ARRAY, GOOD, meta={"avro.codec": "null"}), r"no schema"),
    "a schema that is no JSON": (ARRAY, container(ARRAY, meta={"avro.schema": "{"}), r"schema"),
    "a schema that is none": (ARRAY, container({"type": "array"}, GOOD), r"schema.*items"),
    "an unknown codec": (ARRAY, container(ARRAY, GOOD, codec="zip"), r'no codec "zip"'),
    "no datum": (ARRAY, container(ARRAY), r"byte \d+: it holds no datum"),
    "two data": (ARRAY, container(ARRAY, (2, GOOD[1] * 2)), r"byte \d+: a block claims 2 data"),
    "a second block": (ARRAY, container(ARRAY, GOOD, GOOD), r"byte \d+: a second datum"),
    "a negative count": (ARRAY, container(ARRAY, (-1, GOOD[1])), r"byte \d+: a block claims -1 data"),
    "2^60 data": (ARRAY, container(ARRAY, (1 << 60, GOOD[1])), r"byte \d+: a block claims 1,152,921"),
    "a negative size": (ARRAY, container(ARRAY, (1, GOOD[1], -4)), r"byte \d+: a block claims -4 bytes"),
    "a block of 10 GB": (ARRAY, container(ARRAY, (1, GOOD[1], 10**10)), r"byte \d+: .*10,000,000,000 bytes, and \d+"),
    "an empty block of 2^60 bytes": (ARRAY, container(ARRAY, (0, b"", 1 << 60)), r"byte \d+"),
    "a million empty blocks": (ARRAY, container(ARRAY, *[(0, b"")] * 10_000, GOOD), r"byte \d+: too many blocks"),
    "a wrong sync marker": (ARRAY, container(ARRAY, GOOD, ends=b"t" * 16), r"byte \d+: the sync marker"),
    "no sync marker": (ARRAY, container(ARRAY, GOOD)[:-16], r"byte \d+: .*sync marker.*cut short"),
    "after the block": (ARRAY, container(ARRAY, GOOD) + b"garbage", r"byte \d+"),
    "in the block": (ARRAY, container(ARRAY, (1, GOOD[1] + b"\0")), r"byte \d+: it goes on after its end"),
    "a block too short": (ARRAY, container(ARRAY, (1, GOOD[1][:-1])), r"byte \d+: it is cut short"),
    "2^60 longs": (ARRAY, container(ARRAY, (1, longs(1 << 60))), r"byte \d+: a count of 1152921504606846976"),
    "2^60 nulls": (NULLS, container(NULLS, (1, longs(1 << 60))), r"byte \d+: a count of 1152921504606846976"),
    "2^30 nulls": (NULLS, container(NULLS, (1, longs(1 << 30))), r"Limits\.nodes"),
    "a million levels": (CHAIN, container(CHAIN, (1, b"\2" * 1_000_000)), r"Limits\.nesting"),
    "no deflate": (ARRAY, container(ARRAY, GOOD, codec="deflate"), r"byte \d+: .*codec deflate"),
    "no bzip2": (ARRAY, container(ARRAY, GOOD, codec="bzip2"), r"byte \d+: .*codec bzip2"),
    "no xz": (ARRAY, container(ARRAY, GOOD, codec="xz"), r"byte \d+: .*codec xz"),
    "no zstandard": (ARRAY, container(ARRAY, GOOD, codec="zstandard"), r"byte \d+: .*codec zstandard"),
    "no snappy": (ARRAY, container(ARRAY, GOOD, codec="snappy"), r"byte \d+: .*codec snappy"),
    "no lz4": (ARRAY, container(ARRAY, GOOD, codec="lz4"), r"byte \d+: .*codec lz4"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file(folder, name):
    schema, data, says = BROKEN[name]
    (folder / "c.avro").write_bytes(data)
    said = refused(folder, model(schema, "c.avro", "avro"))
    assert said.startswith("c.avro: ")
    assert re.search(says, said)
    problems = pfa.check(folder / "model.pfa")
    assert [p.text for p in problems] == [said]


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz", "snappy", "zstandard", "lz4"])
def test_a_file_that_is_cut_short_anywhere_or_changed(folder, codec):
    """Whatever is done to a file, it is an error or another value of the type; never a crash."""
    avro(folder / "c.avro", RECORD, VALUE, codec=codec)
    data = (folder / "c.avro").read_bytes()
    document = model(RECORD, "c.avro", "avro")
    for end in range(0, len(data), 7):
        (folder / "c.avro").write_bytes(data[:end])
        refused(folder, document)
    for i in range(0, len(data), 5):
        (folder / "c.avro").write_bytes(data[:i] + bytes([data[i] ^ 0x81]) + data[i + 1 :])
        with contextlib.suppress(pfa.PfaInitError):
            loaded(folder, document).action(None)


def test_empty_blocks_around_the_datum(folder):
    (folder / "c.avro").write_bytes(container(ARRAY, (0, b""), GOOD, (0, b""), (0, b"")))
    assert loaded(folder, model(ARRAY, "c.avro", "avro")).action(None) == [7, 8]


def test_bombs(folder):
    """A small file that unpacks to much, alone or as one of many."""
    packed = zlib.compressobj(wbits=-15)
    data = packed.compress(longs(50_000_000) + bytes(50_000_000)) + packed.flush()
    bools = {"type": "array", "items": "boolean"}
    (folder / "c.avro").write_bytes(container(bools, (1, data), codec="deflate"))
    document = model(bools, "c.avro", "avro")
    assert "gzip_ratio" in refused(folder, document)
    assert "bytes" in refused(folder, document, limits=pfa.Limits(gzip_ratio=None, bytes=1_000_000))
    assert "nodes" in refused(folder, document, limits=pfa.Limits(gzip_ratio=None, nodes=1_000_000))


@pytest.mark.parametrize("source", ["json", "avro"])
def test_limits_are_for_all_files_of_a_document_together(folder, source):
    """Each file of 5,000 or 8,000 bytes would pass; of Avro two bytes count as one, and four numbers as one value."""
    doubles = {"type": "array", "items": "double"}
    if source == "avro":
        avro(folder / "x", doubles, [1.5] * 1000)
    else:
        (folder / "x").write_text(json.dumps([1.5] * 1000))
    cells = {f"c{i}": {"type": doubles, "init": "x", "source": source} for i in range(20)}
    document = {"input": "null", "output": "int", "cells": cells, "action": 1}
    loaded(folder, document, limits=pfa.Limits(bytes=150_000, nodes=25_000))
    for bounds in (pfa.Limits(bytes=50_000), pfa.Limits(nodes=3_000)):
        with pytest.raises(pfa.PfaLimitError, match=r"Limits\.(bytes|nodes)") as caught:
            loaded(folder, document, limits=bounds)
        assert isinstance(caught.value, pfa.PfaInitError)
        assert caught.value.problems[0].at.line == 1


def test_files_are_read_only_when_the_document_is_sound(folder):
    """A file of a gigabyte is not read to find a mistake in the action."""
    document = at("nothing.json")
    path = folder / "model.pfa"
    path.write_text(json.dumps(document | {"action": "oops"}))
    [problem] = pfa.check(path)
    assert problem.at.pointer == "/action"
    assert "no such file" in refused(folder, document)


# --- engines ------------------------------------------------------------------------------------------------

NAN = {"type": "map", "values": "double"}


def counting(folder, source="avro", **fields):
    """An engine with a cell that JSON cannot hold, which counts."""
    avro(folder / "c.avro", NAN, {"@": math.nan, "n": 1.0, "inf": -math.inf})
    add = {"params": [{"x": "double"}], "ret": "double", "do": {"+": ["x", "input"]}}
    document = {
        "input": "double",
        "output": "double",
        "cells": {"c": {"type": NAN, "init": "c.avro", "source": "avro", **fields}},
        "action": {"attr": {"cell": "c", "path": [["n"]], "to": {"+": [{"cell": "c", "path": [["n"]]}, "input"]}},
                   "path": [["n"]]},
        "fcns": {"add": add | {"do": "x"}},
    }  # fmt: skip
    return loaded(folder, document)


def same(a, b):
    return repr(a) == repr(b)


def test_engines_pickle_copy_and_go_on(folder):
    engine = counting(folder)
    assert engine.action(2) == 3.0
    (folder / "c.avro").unlink()
    for made in (pickle.loads(pickle.dumps(engine)), engine.clone(instance=1)):
        assert made.action(1) == {True: 4.0, False: 2.0}[made.instance == 0]
    again = pickle.loads(pickle.dumps(engine))
    cell = again._compiled.program.cells["c"].init
    assert same(cell, {"@": math.nan, "n": 1.0, "inf": -math.inf})
    assert same(again.state(), engine.state())


def test_a_snapshot_puts_beside_it_what_json_cannot_hold(folder, tmp_path):
    engine = counting(folder)
    with pytest.raises(pfa.PfaDataError, match="snapshot"):
        engine.snapshot()
    engine.action(4)
    out = tmp_path / "snapshot"
    out.mkdir()
    document = json.loads(json.dumps(engine.snapshot(out)))
    spec = document["cells"]["c"]
    assert spec["source"] == "avro"
    assert os.listdir(out) == [spec["init"]]
    with open(out / spec["init"], "rb") as file:
        [datum] = fastavro.reader(file)
    assert same(datum, {"@": math.nan, "n": 5.0, "inf": -math.inf})
    assert loaded(out, document).action(1) == 6.0
    engine.action(1)
    assert engine.snapshot(out)["cells"]["c"]["init"] != spec["init"], "an earlier snapshot keeps its data"
    assert pfa.loads(document, resources=[out]).snapshot(out)["cells"]["c"]["init"] == spec["init"]
    assert not [name for name in os.listdir(out) if "tmp" in name]


def test_shared_cells_and_pools_are_filled_once(folder):
    avro(folder / "c.avro", {"type": "map", "values": "int"}, {"k": 1})
    add = {"params": [{"x": "int"}], "ret": "int", "do": {"+": ["x", 1]}}
    document = {
        "input": "null",
        "output": "int",
        "pools": {"p": {"type": "int", "init": "c.avro", "source": "avro", "shared": True}},
        "action": {"pool": "p", "path": [["k"]], "to": add, "init": 0},
    }
    (folder / "model.pfa").write_text(json.dumps(document))
    shared = pfa.SharedState()
    one, two = (pfa.load(folder / "model.pfa", shared=shared) for _ in range(2))
    for engine in (one, two, one):
        engine.action(None)
    assert two.snapshot()["pools"]["p"]["init"] == {"k": 4}


def test_a_cell_with_rollback_starts_again_at_its_data(folder):
    avro(folder / "c.avro", "int", 5)
    engine = loaded(folder, model("int", "c.avro", "avro", rollback=True))
    assert engine.action(None) == 5
    assert engine.state()


# --- pack and unpack ----------------------------------------------------------------------------------------

PACKED = {
    "@": "generated",
    "name": "Packed",
    "input": "null",
    "output": {"type": "map", "values": "Model"},
    "cells": {
        "@": "of cells",
        "a": {"@": "of a", "type": RECORD, "init": AS_JSON | {"@": "in data"}, "rollback": True},
        "A": {"type": {"type": "array", "items": "double"}, "init": [0.1] * 300, "source": "embedded"},
    },
    "pools": {
        "p": {"type": "Model", "init": {"k": AS_JSON}, "shared": True},
        "none": {"type": "int"},
    },
    "action": {
        "type": {"type": "map", "values": "Model"},
        "new": {"a": {"cell": "a"}, "k": {"pool": "p", "path": [["k"]]}},
    },
    "metadata": {"note": "kept"},
}  # fmt: skip


def pfa_command(*arguments):
    return main([str(a) for a in arguments])


@pytest.mark.parametrize("suffix", [".pfa", ".json", ".pfaz", ".yaml"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_unpack_and_pack_are_inverse(folder, tmp_path, suffix, form):
    path, out, back = folder / "model.pfa", tmp_path / "out" / f"m{suffix}", tmp_path / f"back{suffix}"
    out.parent.mkdir()
    path.write_text(json.dumps(PACKED))
    assert pfa_command("unpack", path, "-o", out, *form) == 0
    names = sorted(set(os.listdir(out.parent)) - {out.name})
    kind = "json" if form else "avro"
    assert names == [f"m.cell.A.2.{kind}", f"m.cell.a.{kind}", f"m.pool.p.{kind}"]
    before, moved = pfa.load(path, unions="tagged"), pfa.load(out, unions="tagged")
    assert before.action(None) == moved.action(None)
    assert moved.snapshot() == before.snapshot()
    if suffix == ".json":
        document = json.loads(out.read_text())
        assert document["cells"]["a"] == PACKED["cells"]["a"] | {"init": f"m.cell.a.{kind}", "source": kind}
        assert list(document) == list(PACKED)
        assert without_data(document) == without_data(PACKED)
    assert pfa_command("pack", out, "-o", back) == 0
    assert pfa.load(back).snapshot() == before.snapshot()
    if suffix == ".json":
        wanted = copy.deepcopy(PACKED)
        del wanted["cells"]["A"]["source"]
        if not form:
            del wanted["cells"]["a"]["init"]["@"]  # Avro has no place for marks in data
        assert json.loads(back.read_text()) == wanted


def without_data(document):
    made = copy.deepcopy(document)
    for spec in (*made["cells"].values(), *made["pools"].values()):
        if isinstance(spec, dict):
            spec.pop("init", None)
            spec.pop("source", None)
    return made


def test_unpack_moves_only_what_is_large_and_twice_changes_nothing(folder):
    path, out = folder / "model.pfa", folder / "out.pfa"
    path.write_text(json.dumps(PACKED))
    assert pfa_command("unpack", path, "-o", out, "--above", 500) == 0
    assert [n for n in os.listdir(folder) if n.endswith(".avro")] == ["out.cell.A.avro"]
    first = out.read_text()
    assert pfa_command("unpack", out, "-o", out, "--above", 500) == 0
    assert out.read_text() == first


def test_unpack_into_another_folder_takes_the_files_along(folder, tmp_path):
    (folder / "c.json").write_text("[1, 2]")
    document = model({"type": "array", "items": "int"}, "c.json", "json")
    (folder / "model.pfa").write_text(json.dumps(document))
    other = tmp_path / "other"
    other.mkdir()
    assert pfa_command("unpack", folder / "model.pfa", "-o", other / "m.pfa") == 0
    assert pfa.load(other / "m.pfa").action(None) == [1, 2]


def test_pack_says_what_a_document_cannot_hold(folder, capsys):
    counting(folder)
    assert pfa_command("pack", folder / "model.pfa", "-o", folder / "out.pfa") == 1
    said = capsys.readouterr().err
    assert '/cells/c/init: JSON has no NaN' in said or 'a map key "@"' in said
    assert "leave it in an Avro file" in said
    assert not (folder / "out.pfa").exists()


def test_other_commands_read_the_files(folder, capsys):
    avro(folder / "c.avro", {"type": "array", "items": "int"}, [1, 2, 3])
    document = model({"type": "array", "items": "int"}, "c.avro", "avro")
    (folder / "model.pfa").write_text(json.dumps(document))
    (folder / "in.jsonl").write_text("null\n")
    assert pfa_command("show", folder / "model.pfa") == 0
    assert "c: array(int), 3 items" in capsys.readouterr().out
    assert pfa_command("show", folder / "model.pfa", "--after", "lower") == 0
    assert pfa_command("run", folder / "model.pfa", folder / "in.jsonl", "-o", folder / "out.jsonl") == 0
    assert (folder / "out.jsonl").read_text() == "[1,2,3]\n"
    assert pfa_command("hash", folder / "model.pfa") == pfa_command("fmt", folder / "model.pfa") == 0


def test_the_commands_refuse_what_does_not_load(folder, capsys):
    (folder / "model.pfa").write_text(json.dumps(at("nothing.json")))
    for command in ("pack", "unpack", "check"):
        arguments = [] if command == "check" else ["-o", folder / "out.pfa"]
        assert pfa_command(command, folder / "model.pfa", *arguments) == 1
        said = capsys.readouterr()
        assert "model.pfa:1:" in said.out + said.err
        assert "nothing.json: there is no such file" in said.out + said.err
    assert pfa_command("pack", folder / "gone.pfa", "-o", folder / "out.pfa") == 2
    assert pfa_command("unpack", folder / "model.pfa", "-o", folder / "no" / "out.pfa") == 1


KEYS = st.text(max_size=5).filter(lambda k: k != "@")


@given(st.dictionaries(KEYS, st.floats(allow_nan=False, allow_infinity=False)))
@settings(max_examples=25, deadline=None)
def test_round_trips_of_pack(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("pack")
    document = model(NAN, data, "embedded")
    (folder / "model.pfa").write_text(json.dumps(document))
    assert pfa_command("unpack", folder / "model.pfa", "-o", folder / "out.pfa") == 0
    assert pfa_command("pack", folder / "out.pfa", "-o", folder / "back.pfa") == 0
    assert same(pfa.load(folder / "out.pfa").action(None), data)
    assert same(json.loads((folder / "back.pfa").read_text())["cells"]["c"]["init"], data)


# --- size ---------------------------------------------------------------------------------------------------

MEASURE = """
import re, sys
import pfa, pfa.data.avro_cell
pfa.loads({"input": "null", "output": "null", "action": None})
def memory(of):         # VmRSS: now, VmHWM: at its highest
    return int(re.search(of + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1])
before = memory("VmRSS")
engine = pfa.load(sys.argv[1], limits=pfa.Limits(gzip_ratio=None))
print((memory("VmHWM") - before) / (memory("VmRSS") - before))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is measured in /proc")
@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_loading_peaks_little_above_what_is_kept(folder, codec):
    """20 MB of doubles in one datum: a reader that holds the block and makes objects of it first peaks far above."""
    size = 2_500_000
    data = longs(size) + struct.pack("<d", 1.5) * size + b"\0"
    schema = {"type": "array", "items": "double"}
    if codec == "deflate":
        packer = zlib.compressobj(wbits=-15)
        data = packer.compress(data) + packer.flush()
    (folder / "c.avro").write_bytes(container(schema, (1, data), codec=codec))
    (folder / "model.pfa").write_text(json.dumps(model(schema, "c.avro", "avro")))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, folder / "model.pfa"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 1.3
