"""Model data outside of the document: broken files, bombs, limits."""

import contextlib
import json
import re
import zlib

import pytest

import pfa
from tests.resource_files import (
    RECORD,
    VALUE,
    at,
    avro,
    container,
    folder_fixture,  # noqa: F401
    loaded,
    longs,
    model,
    refused,
)

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
