"""What the tests of model data outside of the document have in common: documents, and files to put beside them."""

import json
import math
import re

import fastavro
import pytest

import pfa
from pfa.lib.encode import write_long

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


@pytest.fixture(name="folder")
def folder_fixture(tmp_path):
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


def at(location):
    return model("int", str(location), "json")


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
