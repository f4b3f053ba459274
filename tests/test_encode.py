"""Avro's encodings of values: binary against fastavro, JSON by example; values larger than they look."""

import base64
import io
import json
import math
import random
import struct

import fastavro
import pytest

import pfa
from pfa.data import avro
from pfa.errors import PfaLimitError
from pfa.lib.define import Site
from pfa.lib.encode import avro_encoder, json_encoder, json_text
from pfa.lib.primitives import float32
from pfa.lib.table import lookup
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
    Prim,
    Record,
    Union,
    to_avro,
)


def record(name, **fields):
    made = Record(name)
    made.fields = tuple(Field(k, t) for k, t in fields.items())
    return made


COLOR = Enum("ns.Color", ("red", "green", "blue"))
HASH = Fixed("Hash", 3)
POINT = record("ns.Point", x=DOUBLE, y=DOUBLE, label=Union((NULL, STRING)))
TREE = Record("Tree")
TREE.fields = (Field("value", INT), Field("left", Union((TREE, NULL))), Field("right", Union((TREE, NULL))))
KITCHEN = record(
    "Kitchen",
    a=NULL, b=BOOLEAN, c=INT, d=LONG, e=FLOAT, f=DOUBLE, g=STRING, h=BYTES, i=COLOR, j=HASH, k=POINT,
    l=Array(LONG), m=Map(FLOAT), n=Array(Array(STRING)), o=Map(POINT), p=TREE, q=Array(FLOAT),
    r=Union((NULL, INT, DOUBLE, STRING, Array(INT))), s=Array(COLOR),
)  # fmt: skip
BOXED = Union((INT, LONG, STRING, COLOR, record("One", x=INT), record("Two", x=INT), BYTES, HASH, NULL))
TYPES = (
    NULL, BOOLEAN, INT, LONG, FLOAT, DOUBLE, STRING, BYTES, COLOR, HASH, POINT, TREE, KITCHEN, BOXED,
    Array(DOUBLE), Map(Union((NULL, BYTES))), Array(BOXED),
)  # fmt: skip
LONGS = [0, 1, -1, 63, 64, -64, -65, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63), 300, -8192]


def some(t, depth=0):
    """A value of the type in host representation."""
    n = random.choice([0, 0, 1, 2, 5]) if depth < 4 else 0
    match t:
        case Array(items):
            return [some(items, depth + 1) for _ in range(n)]
        case Map(values):
            return {f"k{i}é": some(values, depth + 1) for i in range(n)}
        case Record():
            return {f.name: some(f.type, depth + 1) for f in t.fields}
        case Enum(_, symbols):
            return random.choice(symbols)
        case Fixed(_, size):
            return random.randbytes(size)
        case Union(branches):
            b = random.choice(branches) if depth < 4 or NULL not in branches else NULL
            value = some(b, depth + 1)
            return (b.tag, value) if b.tag in t.boxed else value
        case Prim(name):
            return some_primitive(name)


def some_primitive(name):
    match name:
        case "null":
            return None
        case "boolean":
            return random.random() < 0.5
        case "int":
            return random.choice([n for n in LONGS if -(2**31) <= n < 2**31])
        case "long":
            return random.choice(LONGS)
        case "float":
            return float32(random.choice([0.0, -0.0, 0.1, 1e38, math.inf, math.nan]))
        case "double":
            return random.choice([0.0, -0.0, 0.1, 1e300, 5e-324, math.inf, math.nan])
        case "string":
            return random.choice(["", "a", "é\u2212\U0001d4b3", "x" * 200])
        case "bytes":
            return random.randbytes(random.choice([0, 1, 100]))


@pytest.mark.parametrize("t", TYPES, ids=str)
def test_binary_is_what_fastavro_writes(t):
    random.seed(29)
    schema, encode = fastavro.parse_schema(to_avro(t)), avro_encoder(t)
    for _ in range(200):
        value = some(t)
        out = io.BytesIO()
        # Our values of a union do not name the branch that their class tells; fastavro would guess.
        fastavro.schemaless_writer(out, schema, tagged(t, value))
        assert encode(value) == out.getvalue()


def tagged(t, value):
    """The value with every branch named, as fastavro takes it."""
    match t:
        case Array(items):
            return [tagged(items, x) for x in value]
        case Map(values):
            return {k: tagged(values, x) for k, x in value.items()}
        case Record():
            return {f.name: tagged(f.type, value[f.name]) for f in t.fields}
        case Union(branches):
            if value is None:
                return None
            tag, value = value if isinstance(value, tuple) else (branch_of(branches, value).tag, value)
            branch = next(b for b in branches if b.tag == tag)
            inner = tagged(branch, value)
            return inner if tag in ("array", "map") else (tag, inner)
        case _:
            return value


CLASSES = {
    bool: {"boolean"}, int: {"int", "long"}, float: {"float", "double"}, str: {"string", "ns.Color"},
    bytes: {"bytes", "Hash"}, list: {"array"},
}  # fmt: skip


def branch_of(branches, value):
    return next(b for b in branches if b.tag in CLASSES.get(type(value), {"map", "Tree", "ns.Point"}))


JSON = [
    (NULL, None, None),
    (LONG, 2**62, 2**62),
    (DOUBLE, 1.5, 1.5),
    (STRING, "é", "é"),
    (BYTES, b"a\xff\x00", "a\xff\x00"),
    (HASH, b"\x80bc", "\x80bc"),
    (COLOR, "red", "red"),
    (Array(INT), [1, 2], [1, 2]),
    (Map(BYTES), {"k": b"\x00"}, {"k": "\x00"}),
    (POINT, {"x": 1.0, "y": 2.0, "label": None}, {"x": 1.0, "y": 2.0, "label": None}),
    (POINT, {"x": 1.0, "y": 2.0, "label": "a"}, {"x": 1.0, "y": 2.0, "label": {"string": "a"}}),
    (Array(POINT), [], []),
    (BOXED, ("long", 3), {"long": 3}),
    (BOXED, ("ns.Color", "red"), {"ns.Color": "red"}),
    (BOXED, ("Two", {"x": 1}), {"Two": {"x": 1}}),
    (BOXED, ("Hash", b"abc"), {"Hash": "abc"}),
    (BOXED, None, None),
    (Union((INT,)), 3, {"int": 3}),
    (
        TREE,
        {"value": 1, "left": {"value": 2, "left": None, "right": None}, "right": None},
        {"value": 1, "left": {"Tree": {"value": 2, "left": None, "right": None}}, "right": None},
    ),
]


@pytest.mark.parametrize(("t", "value", "wanted"), JSON)
def test_json(t, value, wanted):
    assert json_encoder(t)(value) == wanted
    assert json.loads(json_text(t)(value)) == wanted


def test_json_values_are_copies():
    value = {"a": [1, 2]}
    made = json_encoder(Map(Array(INT)))(value)
    made["a"].append(3)
    assert value == {"a": [1, 2]}


def test_text_is_compact_and_always_json():
    t = Array(DOUBLE)
    assert json_text(t)([1.0, math.nan, math.inf, -math.inf, 1e-5]) == '[1.0,"nan","inf","-inf",1e-05]'
    assert json_encoder(t)([math.inf]) == [math.inf]
    assert json_text(STRING)('é"\n') == '"é\\"\\n"'


def chain(length):
    tree = None
    for i in range(length):
        tree = {"value": i, "left": tree, "right": None}
    return tree


def test_a_long_chain_is_a_limit():
    assert len(avro_encoder(TREE)(chain(50))) == 150
    for make in (avro_encoder, json_encoder, json_text):
        with pytest.raises(PfaLimitError, match="too deep"):
            make(TREE)(chain(100_000))


def shared(levels):
    """A small value whose encoding has 2 to the power of `levels` nodes."""
    tree = None
    for i in range(levels):
        tree = {"value": i, "left": tree, "right": tree}
    return tree


@pytest.mark.parametrize("name", ["cast.json", "cast.avro"])
@pytest.mark.parametrize(
    ("t", "value"),
    [
        (TREE, shared(60)),
        (Array(STRING), ["x" * 100_000] * 100_000),
        (Array(HASH), [bytes(99_999)] * 100_000),
    ],
)
def test_what_is_shared_is_charged_each_time(name, t, value):
    left = 10_000_000

    def charge(n):
        nonlocal left
        left -= n
        if left < 0:
            raise PfaLimitError("enough")

    with pytest.raises(PfaLimitError, match="enough"):
        lookup(name).impl(value, site=Site(name, (t,), STRING), charge=charge)


NANS = [0x7FF8000000000000, 0xFFF8000000000000, 0x7FF8123460000000, 0xFFFC000000000001, 0x7FF0000020000000]


@pytest.mark.parametrize("backend", ["python", "numba"])
@pytest.mark.parametrize("bits", NANS, ids=hex)
def test_a_nan_keeps_its_bits(backend, bits):
    """Also through a file of Avro; a float has the leading ones."""
    [nan] = struct.unpack("<d", struct.pack("<Q", bits))
    for t, wanted in (("double", struct.pack("<Q", bits)), ("float", struct.pack("<f", nan))):
        document = {"input": t, "output": "bytes", "action": {"cast.avro": ["input"]}}
        assert pfa.loads(document, backend=backend).action(nan) == wanted
        negated = document | {"action": {"cast.avro": [{"u-": ["input"]}]}}
        found = pfa.loads(negated, backend=backend).action(nan)
        assert found == wanted[:-1] + bytes([wanted[-1] ^ 0x80])
    writer = avro.writer(file := io.BytesIO(), DOUBLE)
    writer.write(nan)
    writer.close()
    file.seek(0)
    assert [struct.pack("<d", row.datum) for row in avro.reader(file, DOUBLE)] == [struct.pack("<Q", bits)]


def test_surrogates_do_not_stop_an_encoder():
    assert avro_encoder(STRING)("\ud800") == b"\x06\xed\xa0\x80"
    assert base64.b64encode(avro_encoder(Array(STRING))(["o", "hello"])) == b"BAJvCmhlbGxvAA=="
