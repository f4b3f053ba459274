"""A model whose cell is one Avro datum: python -m benchmarks.make_avro_cell FOLDER 1000 [forest|doubles|texts]

Writes FOLDER/model.pfa and FOLDER/cell.avro of that many megabytes: a forest of TreeNode records (random splits of ten
numbers, depth 10), rows of 100 doubles, or a map of texts.  The file is written as it is made: that needs no memory.
"""

import json
import random
import struct
import sys
from pathlib import Path

from benchmarks.make_forest import DEPTH, FIELDS
from pfa.data.avro import header
from pfa.data.avro_schema import schema_type
from pfa.lib.encode import write_long

SYNC = b"benchmark of pfa"
SOME = 40  # different trees, rows or texts, which are repeated
TREE = {
    "type": "record",
    "name": "TreeNode",
    "fields": [
        {"name": "field", "type": {"type": "enum", "name": "Field", "symbols": FIELDS}},
        {"name": "operator", "type": "string"},
        {"name": "value", "type": "double"},
        {"name": "pass", "type": ["double", "TreeNode"]},
        {"name": "fail", "type": ["double", "TreeNode"]},
    ],
}
TYPES = {
    "forest": {"type": "array", "items": TREE},
    "doubles": {"type": "array", "items": {"type": "array", "items": "double"}},
    "texts": {"type": "map", "values": "string"},
}


def tree(rng, depth):
    """A node as Avro."""
    out = bytearray()
    write_long(out, rng.randrange(len(FIELDS)))
    out += b"\2<" + struct.pack("<d", rng.gauss(0, 1))
    for _ in range(2):
        if depth > 1:
            out += b"\2" + tree(rng, depth - 1)
        else:
            out += b"\0" + struct.pack("<d", rng.random())
    return bytes(out)


def doubles(rng):
    out = bytearray()
    write_long(out, 100)
    return bytes(out) + struct.pack("<100d", *(rng.random() for _ in range(100))) + b"\0"


def text(data):
    out = bytearray()
    write_long(out, len(data))
    return bytes(out + data)


def items(kind, rng):
    """Items of the datum, without end."""
    if kind == "texts":
        n = 0
        while True:
            n += 1
            yield text(b"customer-%09d" % n) + text(b"a text of some length, number %09d of them" % n)
    some = [tree(rng, DEPTH) if kind == "forest" else doubles(rng) for _ in range(SOME)]
    while True:
        yield from some


def blocks(kind, size):
    """The datum in pieces of about a megabyte, each a block of its array or map."""
    source, made = items(kind, random.Random(7)), 0
    while made < size:
        pieces, length = [], 0
        while length < 1_000_000 and made + length < size:
            pieces.append(next(source))
            length += len(pieces[-1])
        out = bytearray()
        write_long(out, len(pieces))
        yield bytes(out) + b"".join(pieces)
        made += length
    yield b"\0"


def make(folder, size, kind="forest"):
    """Write the model and its cell of about `size` bytes; the path of the model."""
    size_of_all = sum(map(len, blocks(kind, size)))
    prefix = bytearray()
    write_long(prefix, 1)
    write_long(prefix, size_of_all)
    with open(Path(folder, "cell.avro"), "wb") as file:
        file.write(header(schema_type(TYPES[kind]), "null", SYNC) + prefix)
        for block in blocks(kind, size):
            file.write(block)
        file.write(SYNC)
    document = {
        "input": "null",
        "output": "int",
        "cells": {"data": {"type": TYPES[kind], "init": "cell.avro", "source": "avro"}},
        "action": {"map.len" if kind == "texts" else "a.len": {"cell": "data"}},
    }
    path = Path(folder, "model.pfa")
    path.write_text(json.dumps(document, indent=2), "utf-8")
    return path


if __name__ == "__main__":
    where, megabytes, *kinds = sys.argv[1:]
    print(make(where, int(float(megabytes) * 1_000_000), *kinds))
