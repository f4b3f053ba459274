"""The decoder of one large datum: every type, any cut of the bytes into pieces, and bytes that are no datum."""

import io
import math
import re
import struct

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import pfa
from pfa.data import avro
from pfa.data.avro_decode import Decoder, Malformed
from pfa.data.avro_resolve import resolve
from pfa.data.avro_schema import schema_type
from pfa.data.values import Decoders
from pfa.lib.encode import avro_encoder, write_long
from pfa.lib.primitives import float32
from pfa.limits import make_room
from pfa.types import Array, Enum, Fixed, Map, Record, Union, canonical

make_room(600)  # here, since hypothesis minds when the interpreter's limit changes during a test
NODE = {
    "type": "record",
    "name": "Node",
    "fields": [{"name": "value", "type": "int"}, {"name": "next", "type": ["null", "Node"]}],
}
TREE = {
    "type": "record",
    "name": "Tree",
    "fields": [{"name": "n", "type": "double"}, {"name": "kids", "type": {"type": "array", "items": "Tree"}}],
}


def decoded(data, writer, reader=None, *, cut=0, values=1e6, nesting=512, rest=None):
    """The datum of some bytes, in pieces of `cut` bytes (0: one piece)."""
    wanted = schema_type(writer if reader is None else reader)
    decoder = Decoder(resolve(schema_type(writer), wanted, "host"), nesting)
    size = cut or max(len(data), 1)
    pieces = [data[i : i + size] for i in range(0, len(data), size)]

    def piece():
        return pieces.pop(0) if pieces else b""

    return decoder.read(piece, rest or (lambda: sum(map(len, pieces))), values)[0]


def encoded(value, schema):
    return avro_encoder(schema_type(schema))(value)


def exactly(a, b):
    """Equality that tells 1 from 1.0, -0.0 from 0.0, and takes a NaN for itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(exactly, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(exactly(a[k], b[k]) for k in a)
    return a == b


# --- types and values ---------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "x", "next", "left"])
PRIMITIVES = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "string", "bytes"])


@st.composite
def schemas(draw, depth=3, names=None):
    """Schemas with every kind of type, recursive records among them."""
    names = [] if names is None else names
    kind = draw(st.sampled_from(["primitive"] * 3 + ["array", "map", "union", "record", "enum", "fixed", "known"]))
    if kind in ("array", "map", "union", "record") and depth:
        return draw(_NESTED[kind](depth - 1, names))
    if kind == "enum":
        symbols = draw(st.lists(st.sampled_from("pqrstu"), min_size=1, max_size=4, unique=True))
        return {"type": "enum", "name": named(names), "symbols": symbols}
    if kind == "fixed":
        return {"type": "fixed", "name": named(names), "size": draw(st.integers(0, 5))}
    done = [n for n in names if not n.startswith("?")]
    if kind == "known" and done:
        return draw(st.sampled_from(done))
    return draw(PRIMITIVES)


def sound(schema):
    """A union drops a second array or map, and may drop with it where a name is declared."""
    try:
        schema_type(schema)
    except pfa.PfaDataError:
        return False
    return True


def named(names):
    names.append(f"T{len(names)}")
    return names[-1]


@st.composite
def arrays(draw, depth, names):
    return {"type": "array", "items": draw(schemas(depth, names))}


@st.composite
def maps(draw, depth, names):
    return {"type": "map", "values": draw(schemas(depth, names))}


@st.composite
def unions(draw, depth, names):
    branches = {}
    for _ in range(draw(st.integers(1, 12))):
        s = draw(schemas(depth, names))
        if not isinstance(s, list):
            branches.setdefault(s if isinstance(s, str) else s.get("name", s["type"]), s)
    return list(branches.values()) or ["null"]


@st.composite
def records(draw, depth, names):
    """A record that is open may be named only where a value of it need not be: in an array."""
    name = f"T{len(names)}"
    names.append(f"?{name}")
    place = len(names) - 1
    fields = {n: draw(schemas(depth, names)) for n in draw(st.lists(NAMES, max_size=5, unique=True))}
    if draw(st.booleans()):
        fields["kids"] = {"type": "array", "items": name}
    names[place] = name
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


SOUND = schemas().filter(sound)
_NESTED = {"array": arrays, "map": maps, "union": unions, "record": records}
VALUES = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1) | st.integers(-200, 200),
    "long": st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 200),
    "float": st.floats(width=32).map(float32),
    "double": st.floats(),
    "string": st.text(max_size=8) | st.text("ab\u20ac", min_size=60, max_size=70),
    "bytes": st.binary(max_size=8),
}


@st.composite
def values(draw, t, depth=5):
    """A host value of a type."""
    few = 3 if depth > 0 else 0
    match t:
        case Array(items):
            if items.tag in ("float", "double"):
                return draw(st.lists(VALUES[items.tag], max_size=100))
            return [draw(values(items, depth - 1)) for _ in range(draw(st.integers(0, few)))]
        case Map(inner):
            keys = draw(st.lists(st.text(max_size=4), max_size=few, unique=True))
            return {k: draw(values(inner, depth - 1)) for k in keys}
        case Record():
            return {f.name: draw(values(f.type, depth - 1)) for f in t.fields}
        case Union(branches):
            b = draw(st.sampled_from(branches))
            v = draw(values(b, depth - 1))
            return (b.tag, v) if b.tag in t.boxed else v
        case Enum(_, symbols):
            return draw(st.sampled_from(symbols))
        case Fixed(_, size):
            return draw(st.binary(min_size=size, max_size=size))
        case _:
            return draw(VALUES[t.name])


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_whatever_the_pieces_are(data):
    schema = data.draw(SOUND)
    t = schema_type(schema)
    value = data.draw(values(t))
    written = avro_encoder(t)(value)
    cut = data.draw(st.sampled_from([0, 1, 2, 3, 7, 63, 64, 65]))
    assert exactly(decoded(written, schema, cut=cut), value)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_resolution_is_that_of_rows(draws):
    """The decoder of rows is another one: what it makes of a file, or that it refuses it, is the same."""
    writer = draws.draw(SOUND)
    reader = draws.draw(st.sampled_from(CHANGES))(writer)
    assume(sound(reader))
    w, r = schema_type(writer), schema_type(reader)
    value = draws.draw(values(w))
    data = avro_encoder(w)(value)
    file = avro.header(w, "null", b"s" * 16) + longs(1, len(data)) + data + b"s" * 16
    try:
        [row] = avro.reader(io.BytesIO(file), r)
    except pfa.PfaDataError:
        with pytest.raises(pfa.PfaDataError):
            decoded(data, writer, reader)
        return
    if row.error is None:
        wanted = Decoders().datum(r)(row.datum)
        assert exactly(in_order(decoded(data, writer, reader, cut=5)), in_order(wanted))
    else:
        with pytest.raises(Malformed):
            decoded(data, writer, reader, cut=5)


def in_order(v):
    """With the keys of each dict sorted: the order of a record's fields has no meaning."""
    if isinstance(v, dict):
        return {k: in_order(v[k]) for k in sorted(v)}
    return type(v)(map(in_order, v)) if isinstance(v, list | tuple) else v


def wider(schema):
    """All numbers become doubles, texts bytes."""
    match schema:
        case "int" | "long" | "float":
            return "double"
        case "string":
            return "bytes"
        case list():
            made = {str(s if isinstance(s, str) else s.get("name", s["type"])): s for s in map(wider, schema)}
            return list(made.values())
        case {"items": items}:
            return {**schema, "items": wider(items)}
        case {"values": inner}:
            return {**schema, "values": wider(inner)}
        case {"fields": fields}:
            return {**schema, "fields": [{**f, "type": wider(f["type"])} for f in fields]}
    return schema


def turned(schema):
    """Fields and branches in reverse order."""
    match schema:
        case list():
            return [turned(s) for s in reversed(schema)]
        case {"items": items}:
            return {**schema, "items": turned(items)}
        case {"values": inner}:
            return {**schema, "values": turned(inner)}
        case {"fields": fields}:
            return {**schema, "fields": [{**f, "type": turned(f["type"])} for f in reversed(fields)]}
    return schema


def with_null(schema):
    return schema if isinstance(schema, list) or schema == "null" else ["null", schema]


def fewer(schema):
    """Some fields are not wanted, others are new; enums have lost a symbol."""
    match schema:
        case {"symbols": [_, *rest]} if rest:
            return {**schema, "symbols": [*rest, "new"]}
        case {"items": items}:
            return {**schema, "items": fewer(items)}
        case {"values": inner}:
            return {**schema, "values": fewer(inner)}
        case {"fields": fields}:
            kept = [{**f, "type": fewer(f["type"])} for f in fields[1:]] if defined(fields[:1]) is None else fields
            return {**schema, "fields": [*kept, {"name": "new", "type": ["null", "int"], "default": None}]}
    return schema


def defined(node):
    return re.search(r"'name': 'T", str(node))


CHANGES = [lambda s: s, wider, turned, with_null, fewer]


# --- by hand ------------------------------------------------------------------------------------------------


def test_blocks_with_a_size_and_many_blocks():
    """Arrays and maps may come in blocks, and a negative count has the size of its block after it."""
    out = bytearray()
    for n, size in ((2, 2), (1, 1)):
        write_long(out, -n)
        write_long(out, size)
        for i in range(n):
            write_long(out, i)
    write_long(out, 1)
    write_long(out, 7)
    out.append(0)
    assert decoded(bytes(out), {"type": "array", "items": "long"}, cut=1) == [0, 1, 0, 7]


def test_defaults_aliases_and_fields_that_nobody_wants():
    skipped = {"type": "record", "name": "S", "fields": [
        {"name": "list", "type": {"type": "array", "items": ["null", "string", "S"]}},
        {"name": "map", "type": {"type": "map", "values": "double"}},
        {"name": "fixed", "type": {"type": "fixed", "name": "F", "size": 3}},
        {"name": "flags", "type": {"type": "array", "items": "boolean"}},
    ]}  # fmt: skip
    writer = {"type": "record", "name": "R", "fields": [
        {"name": "gone", "type": skipped}, {"name": "old", "type": "int"}, {"name": "s", "type": "string"},
    ]}  # fmt: skip
    reader = {"type": "record", "name": "R", "fields": [
        {"name": "fresh", "type": {"type": "array", "items": "double"}, "default": [1, 2]},
        {"name": "u", "type": ["int", "long"], "default": 5},
        {"name": "s", "type": "bytes"},
        {"name": "now", "type": "double", "aliases": ["old"]},
    ]}  # fmt: skip
    inner = {"list": [], "map": {}, "fixed": b"abc", "flags": []}
    outer = {"list": [None, "text", inner], "map": {"k": 1.0}, "fixed": b"xyz", "flags": [True, False]}
    data = encoded({"gone": outer, "old": 7, "s": "é"}, writer)
    wanted = {"fresh": [1.0, 2.0], "u": ("int", 5), "s": "é".encode(), "now": 7.0}
    for cut in (0, 1, 3):
        assert exactly(decoded(data, writer, reader, cut=cut), wanted)


@pytest.mark.parametrize("cut", [0, 4096])
def test_large_strings_and_bytes(cut):
    schema = {"type": "map", "values": ["bytes", "string"]}
    value = {"b": bytes(3_000_000), "s": "ä" * 1_500_000, "n": "x"}
    assert decoded(encoded(value, schema), schema, cut=cut) == value


def test_equal_texts_are_one():
    schema = {"type": "array", "items": {"type": "map", "values": "string"}}
    data = encoded([{"key of a map": "text of a value"}] * 2, schema)
    one, two = decoded(data, schema)
    assert next(iter(one)) is next(iter(two))
    assert one["key of a map"] is two["key of a map"]


# --- bytes that are no datum --------------------------------------------------------------------------------

LONG_ARRAY = {"type": "array", "items": "long"}
NULLS = {"type": "array", "items": "null"}
EMPTY = {"type": "array", "items": {"type": "record", "name": "E", "fields": []}}
TEXT_OR_LONG = ["string", "long"]


def longs(*numbers):
    out = bytearray()
    for n in numbers:
        write_long(out, n)
    return bytes(out)


MALFORMED = {
    "no bytes": ("long", b"", "cut short"),
    "a long is cut": ("long", b"\xff", "cut short"),
    "a double is cut": ("double", b"1234567", "cut short"),
    "a double of an array is cut": ({"type": "array", "items": "double"}, longs(-2, 16) + b"12345678", "so many bytes"),
    "a string is cut": ("string", longs(5) + b"abcd", "so many bytes"),
    "a string of 10 GB": ("string", longs(10**10), "a length of 10000000000"),
    "bytes of 2^62": ("bytes", longs(1 << 62), "so many bytes"),
    "a negative length": ("string", longs(-1), "negative"),
    "a skipped negative length": ("bytes", longs(-5) + b"xxxxx", "negative"),
    "ten bytes of a long": ("long", b"\xff" * 10 + b"\1", "64 bits"),
    "a long of 65 bits": ("long", b"\xff" * 9 + b"\x7f", "64 bits"),
    "an int of 33 bits": ("int", longs(1 << 32), "32 bits"),
    "a boolean of 2": ("boolean", b"\2", "neither 0 nor 1"),
    "no such branch": (TEXT_OR_LONG, longs(2), "has no number 2"),
    "a negative branch": (TEXT_OR_LONG, longs(-1), "has no number -1"),
    "no such branch of many": ([*"abc", "null", "int", "long", "float", "double", "bytes"], longs(9), "no number 9"),
    "no such symbol": ({"type": "enum", "name": "E", "symbols": ["a"]}, longs(1), "has no number 1"),
    "a negative symbol": ({"type": "enum", "name": "E", "symbols": ["a"]}, longs(-1), "has no number -1"),
    "no UTF-8": ("string", longs(1) + b"\xff", "UTF-8"),
    "a key that is no UTF-8": ({"type": "map", "values": "null"}, longs(1, 1) + b"\xff\0", "UTF-8"),
    "a key twice": ({"type": "map", "values": "null"}, longs(2, 1) + b"k" + longs(1) + b"k\0", "twice"),
    "more after it": ("long", b"\2\2", "goes on"),
    "2^60 longs": (LONG_ARRAY, longs(1 << 60), "so many bytes"),
    "2^60 nulls": (NULLS, longs(1 << 60), "so many bytes"),
    "2^60 empty records": (EMPTY, longs(1 << 60), "so many bytes"),
    "-2^63 nulls": (NULLS, longs(-(1 << 63), 0), "so many bytes"),
    "a block of a negative size": (NULLS, longs(-1, -1), "negative size"),
    "an array without its end": (LONG_ARRAY, longs(1, 5), "cut short"),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("cut", [0, 1])
def test_malformed(name, cut):
    schema, data, says = MALFORMED[name]
    if isinstance(schema, list) and "a" in schema:
        enums = [{"type": "enum", "name": s, "symbols": ["x"]} for s in schema[:3]]
        schema = [*enums, *schema[3:]]
    with pytest.raises(Malformed, match=re.escape(says)):
        decoded(data, schema, cut=cut)


def test_what_is_not_wanted_is_looked_at_too():
    writer = {"type": "record", "name": "R", "fields": [{"name": "s", "type": "string"}, {"name": "n", "type": "int"}]}
    reader = {"type": "record", "name": "R", "fields": [{"name": "n", "type": "int"}]}
    for data in (longs(-1), longs(10**12) + b"x", longs(3) + b"abc", longs(1) + b"a"):
        with pytest.raises(Malformed):
            decoded(data, writer, reader)


@pytest.mark.parametrize("schema", [NULLS, EMPTY, LONG_ARRAY, {"type": "map", "values": "null"}], ids=str)
def test_values_are_counted_before_they_are_made(schema):
    with pytest.raises(pfa.PfaLimitError, match=r"Limits\.nodes"):
        decoded(longs(5_000_000), schema, values=1e5, rest=lambda: math.inf)


def test_values_of_a_recursive_record_are_counted():
    data = longs(0, 1) * 200 + longs(0, 0)
    decoded(data, NODE, values=1000)
    with pytest.raises(pfa.PfaLimitError, match=r"Limits\.nodes"):
        decoded(data, NODE, values=100)


@pytest.mark.parametrize(
    ("schema", "level"), [(NODE, longs(0, 1)), (TREE, struct.pack("<d", 1) + longs(1))], ids=["list", "tree"]
)
def test_depth_is_limited(schema, level):
    with pytest.raises(pfa.PfaLimitError, match=r"Limits\.nesting"):
        decoded(level * 1_000_000, schema)
    deepest = level * 250 + (longs(0, 0) if schema is NODE else struct.pack("<d", 1) + longs(0) + longs(0) * 250)
    assert decoded(deepest, schema)


def test_no_text_of_a_schema_is_in_the_source():
    word = "zzz_word"
    schema = {"type": "record", "name": f"N{word}", "fields": [
        {"name": f"f{word}", "type": {"type": "enum", "name": f"E{word}", "symbols": [f"S{word}", "x"]}},
        {"name": f"u{word}", "type": ["int", "long", {"type": "map", "values": f"N{word}"}]},
    ]}  # fmt: skip
    reader = {**schema, "fields": [
        {"name": f"f{word}", "type": {"type": "enum", "name": f"E{word}", "symbols": ["x"]}},
        {"name": f"u{word}", "type": ["long", "string"]},
        {"name": f"d{word}", "type": "string", "default": word},
    ]}  # fmt: skip
    decoder = Decoder(resolve(schema_type(schema), schema_type(reader), "host"), 512)
    assert word not in decoder.source
    assert "import" not in decoder.source


def test_a_schema_of_many_types_is_printed_flat():
    """Long unions and records, and types inside each other as deep as reading allows."""
    deep = "int"
    for _ in range(250):
        deep = {"type": "array", "items": deep}
    value = 7
    for _ in range(250):
        value = [value]
    assert decoded(encoded(value, deep), deep) == value
    wide = {"type": "record", "name": "W", "fields": [{"name": f"f{i}", "type": "int"} for i in range(2000)]}
    row = {f"f{i}": i for i in range(2000)}
    assert decoded(encoded(row, wide), wide) == row
    many = [{"type": "record", "name": f"R{i}", "fields": [{"name": "x", "type": "int"}]} for i in range(500)]
    assert decoded(encoded(("R321", {"x": 5}), many), many) == ("R321", {"x": 5})


def test_the_types_of_this_page_are_varied():
    """The strategies make what they are for."""
    found = set()

    @given(SOUND)
    @settings(max_examples=200, deadline=None, database=None)
    def look(schema):
        found.update(re.findall(r"record|enum|fixed|array|map|union", canonical(schema_type(schema))))

    look()
    assert found == {"record", "enum", "fixed", "array", "map", "union"}
