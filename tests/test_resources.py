"""Model data outside of the document: where it may be, and what is in it; snapshots."""

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

import pfa
from pfa.data import folders
from tests.resource_files import (
    AS_JSON,
    RECORD,
    VALUE,
    at,
    avro,
    container,
    counting,
    folder_fixture,  # noqa: F401
    loaded,
    longs,
    model,
    refused,
    same,
)
from tests.support import ROOT

OUT = AS_JSON | {"raw": b"\x00\xff"}


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


# --- engines ------------------------------------------------------------------------------------------------


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
