"""Avro files that are broken or hostile: one clear error with the place, what came before is kept, in little memory."""

import bz2
import io
import json
import lzma
import tracemalloc
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pfa
from pfa.data import avro
from pfa.data.avro_codecs import CODECS, codec
from pfa.data.avro_schema import schema_type
from pfa.lib.encode import write_long
from tests.test_avro_files import FLAT, ROWS, written

SYNC = b"0123456789abcdef"
MEMORY = 200 << 20


def long(n):
    out = bytearray()
    write_long(out, n)
    return bytes(out)


def text(data):
    return long(len(data)) + data


def head(schema, packed="null"):
    given = schema if isinstance(schema, bytes) else json.dumps(schema).encode()
    meta = text(b"avro.schema") + text(given) + text(b"avro.codec") + text(packed.encode())
    return b"Obj\x01" + long(2) + meta + long(0) + SYNC


def block(count, data, sync=SYNC):
    return long(count) + text(data) + sync


def read(data, schema, traced=True, **more):
    """Rows until the fault, the fault, and the most memory that it took, if that is traced (which takes time)."""
    got = []
    if traced:
        tracemalloc.start()
    try:
        rows = avro.reader(io.BytesIO(data), schema_type(schema), file="data.avro", **more)
        got.extend(row.datum if row.error is None else row.error for row in rows)
    except pfa.PfaDataError as error:
        return got, error, tracemalloc.get_traced_memory()[1]
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return got, None, peak


def test_a_file_that_is_cut_anywhere():
    """Every record that is whole is read, and the error says where the file ends."""
    whole = written(FLAT, ROWS[:5])
    begin = len(written(FLAT, []))
    part = len(whole) - begin
    step = {stop: read(whole[:stop], FLAT)[:2] for stop in range(len(whole))}
    assert all(error is not None for stop, (_, error) in step.items() if stop != begin)
    for stop, (got, error) in step.items():
        assert got == ROWS[: len(got)]
        assert "data.avro" in str(error) or stop == begin
    assert step[begin] == ([], None)
    assert len(step[len(whole) - 1][0]) == 5
    assert len(step[begin + part // 2][0]) == 2
    assert "byte" in str(step[begin + part // 2][1])
    assert "the file is cut short" in str(step[begin + part // 2][1])


@pytest.mark.parametrize("name", CODECS)
def test_packed_files_that_are_cut(name):
    whole = written(FLAT, ROWS, codec=name)
    for stop in (len(whole) - 1, len(whole) - 17, len(whole) // 2):
        got, error, _ = read(whole[:stop], FLAT)
        assert got == ROWS[: len(got)]
        assert "cut short" in str(error)


# what stands in the file after its schema, the records before the fault, the message
FAULTS = {
    "wrong sync marker": ("int", block(2, b"\x02\x04", b"x" * 16), [1, 2], "the sync marker after a block is wrong"),
    "negative count": ("int", block(1, b"\x02") + block(-1, b"\x02"), [1], "a block claims -1 records"),
    "negative size": ("int", block(1, b"\x02") + long(1) + long(-5), [1], "a block claims -5 bytes"),
    "10 GB block": ("int", block(1, b"\x02") + long(1) + long(10 << 30) + b"\x02", [1], "claims 10,737,418,240"),
    "1 GB block": ("int", block(1, b"\x02") + long(2) + long(1 << 29) + b"\x04", [1, 2], "536,870,912 bytes, and 1"),
    "10 GB string": ("string", block(2, b"\x02a" + long(10 << 30)), ["a"], "claim 10,737,418,240 bytes"),
    "negative string": ("string", block(1, b"\x01"), [], "a negative length"),
    "negative long string": ("bytes", block(1, long(-(1 << 40))), [], "a negative length"),
    "too many records": ("int", block(3, b"\x02\x04"), [1, 2], "record 3, byte"),
    "too few records": ("int", block(1, b"\x02\x04\x06"), [1], "2 bytes are left over"),
    "no such branch": (["null", "int"], block(2, b"\x00\x04"), [None], "no branch or symbol 2 of 2"),
    "negative branch": (["null", "int"], block(2, b"\x00\x01"), [None], "no branch or symbol -1 of 2"),
    "far branch": (["null", "int"], block(2, b"\x00" + long(1 << 60)), [None], "no branch or symbol"),
    "no such symbol": ({"type": "enum", "name": "E", "symbols": ["A"]}, block(2, b"\x00\x02"), ["A"], "symbol 1 of 1"),
    "no boolean": ("boolean", block(2, b"\x01\x02"), [True], "the byte 0 or 1, found 2"),
    "endless integer": ("long", block(2, b"\x02" + b"\xff" * 60), [1], "an integer of more than 64 bits"),
    "65 bits": ("long", block(1, b"\xff" * 9 + b"\x7f"), [], "an integer of more than 64 bits"),
    "endless length": ("string", block(1, b"\xff" * 60), [], "an integer of more than 64 bits"),
    "endless count": ("int", b"\xff" * 20, [], "an integer of more than 64 bits"),
    "2^60 nulls": ("null", block(1 << 60, b""), [], "records of no bytes; Limits.nodes"),
    "2^60 records of nothing": ({"type": "record", "name": "R", "fields": []}, block(1 << 60, b""), [], "Limits.nodes"),
    "array of 2^60 nulls": (
        {"type": "array", "items": "null"}, block(2, long(3) + b"\x00" + long(1 << 60) + b"\x00"), [[None] * 3],
        "more than Limits.memory",
    ),
    "array of -2^60 nulls": (
        {"type": "array", "items": "null"}, block(1, long(-(1 << 60)) + b"\x00\x00"), [], "more than Limits.memory",
    ),
    "array of 2^60 nulls, skipped": (
        [{"type": "record", "name": "R", "fields": [{"name": "z", "type": {"type": "array", "items": "null"}}]}],
        block(1, b"\x00" + long(1 << 60) + b"\x00"), [], "more than Limits.memory",
    ),
    "array of 10^9 ints": ({"type": "array", "items": "int"}, block(1, long(10**9) + b"\x00"), [], "1,000,000,000"),
    "array of 10^9 doubles": ({"type": "array", "items": "double"}, block(1, long(10**9) + bytes(99)), [], "99 bytes"),
    "map of 2^60 nulls": ({"type": "map", "values": "null"}, block(1, long(1 << 60) + b"\x00"), [], "array or map"),
    "endless array": ({"type": "array", "items": "int"}, block(1, b"\x02\x02" * 50), [], "end inside of a record"),
    "wide items": (
        {"type": "array", "items": {"type": "record", "name": "W", "fields": [
            {"name": f"f{i}", "type": "null"} for i in range(1000)]}},
        block(1, long(10**6) + b"\x00"), [], "more than Limits.memory",
    ),
    "another type": ("string", block(1, b"\x00\x00\x00\x00\x00\x00\xf0\x3f"), [""], "7 bytes are left over"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_blocks_that_are_wrong(name):
    schema, after, before, message = FAULTS[name]
    got, error, peak = read(head(schema) + after, schema)
    assert got == before
    assert message in str(error)
    assert f"record {len(before) + 1}, byte " in str(error) or "left over" in message
    assert peak < MEMORY


@pytest.mark.parametrize("name", FAULTS)
def test_the_same_where_nobody_wants_the_value(name):
    """Skipping looks as closely as reading."""
    schema, after, _, _ = FAULTS[name]
    wrapped = {"type": "record", "name": "Wrap", "fields": [{"name": "v", "type": schema}]}
    wanted = {"type": "record", "name": "Wrap", "fields": [{"name": "x", "type": "int", "default": 1}]}
    _, error, peak = read(head(wrapped) + after, wanted)
    lenient = name in ("no boolean",)
    assert (error is None) == lenient
    assert peak < MEMORY


LIST = {"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}
TREE = {"type": "record", "name": "T", "fields": [{"name": "sub", "type": {"type": "array", "items": "T"}}]}


@pytest.mark.parametrize(("schema", "step"), [(LIST, b"\x02"), (TREE, b"\x02")], ids=["list", "tree"])
@pytest.mark.parametrize("skipped", [False, True])
def test_data_that_nest_deep(schema, step, skipped):
    wanted = schema
    if skipped:
        fields = [{"name": "y", "type": "int"}]
        wanted = {"type": "record", "name": "O", "fields": fields}
        schema = {"type": "record", "name": "O", "fields": [{"name": "x", "type": schema}, *fields]}
    flat = b"\x00\x02" if skipped else b"\x00"
    got, error, peak = read(head(schema) + block(2, flat + step * 1_000_000), wanted)
    assert len(got) == 1
    assert "nests deeper than Limits.nesting" in str(error)
    assert peak < MEMORY


def test_a_record_that_holds_itself_has_no_values():
    schema = {"type": "record", "name": "A", "fields": [{"name": "a", "type": "A"}, {"name": "b", "type": "A"}]}
    _, error, _ = read(head(schema) + block(1, b""), schema)
    assert "nests deeper" in str(error)


def doubling(levels):
    """A schema of so many records, each of which holds the next twice, and which takes no bytes."""
    schema = "null"
    for i in range(levels):
        fields = [{"name": "a", "type": schema}, {"name": "b", "type": f"D{i - 1}" if i else "null"}]
        schema = {"type": "record", "name": f"D{i}", "fields": fields}
    return schema


def chain(length):
    """Records by name, each of which holds the next, in a union that nests nowhere."""
    made = [{"type": "record", "name": f"C{i}", "fields": [{"name": "n", "type": f"C{i + 1}"}]} for i in range(length)]
    return [*made, {"type": "record", "name": f"C{length}", "fields": []}]


def nested(levels):
    return b'{"type":"array","items":' * levels + b'"int"' + b"}" * levels


SCHEMAS = {
    "no JSON": (b"{", "the schema of the Avro data is wrong"),
    "no schema": (b'{"type": "strange"}', "the schema of the Avro data is wrong"),
    "no UTF-8": (b'"\xff"', "not UTF-8"),
    "empty": (b"", "the schema of the Avro data is wrong"),
    "unknown name": (b'{"type": "array", "items": "Who"}', '"Who"'),
    "nested": (nested(5000), "nest"),
    "nested and cut": (b"[" * 1_000_000, "nest"),
    "2^60 fields of no bytes": (json.dumps(doubling(60)).encode(), "more than Limits.memory"),
    "a long chain": (json.dumps(chain(30_000)).encode(), "nests too deep"),
    "very many types": (json.dumps([{"type": "fixed", "name": f"F{i}", "size": 1} for i in range(100_001)]).encode(),
                        "more than 100,000 types"),
    "two of a name": (b'[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":2}]', "F"),
    "a union in a union": (b'["int", ["null"]]', "union"),
    "negative size": (b'{"type":"fixed","name":"F","size":-1}', "size"),
    "huge size": (b'{"type":"fixed","name":"F","size":1000000000000}', "size"),
    "key twice": (b'{"type":"array","items":"int","items":"null"}', "items"),
    "text for code": (b'{"type":"record","name":"__import__(\'os\')","fields":[{"name":"\\nx=1#","type":"Q"}]}', "Q"),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_that_are_wrong(name):
    schema, message = SCHEMAS[name]
    wanted = doubling(60) if name.startswith("2^60") else ["null", "int"]
    got, error, peak = read(head(schema) + block(1, b""), wanted, traced=len(schema) < 10_000)
    assert got == []
    assert message in str(error)
    assert "data.avro" in str(error)
    assert peak < MEMORY


def test_a_schema_that_is_much_to_compile(monkeypatch):
    monkeypatch.setattr("pfa.data.avro_source._LINES", 1500)
    inner = {"type": "array", "items": {"type": "array", "items": "string"}}
    schema = {"type": "record", "name": "R", "fields": [{"name": f"f{i}", "type": inner} for i in range(30)]}
    assert read(head(schema), schema)[1] is None
    schema["fields"] += [{"name": f"g{i}", "type": inner} for i in range(30)]
    assert "too large to be compiled" in str(read(head(schema), schema)[1])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"Obj", "it begins with"),
        (b"Obj\x02" + head("int")[4:], "it begins with"),
        (b'{"x": 1}\n' * 10, "no Avro container file"),
        (b"PAR1" + bytes(100), "no Avro container file"),
        (b"Obj\x01\x00" + SYNC, "no schema"),
        (b"Obj\x01" + long(1 << 60), "more than 10,000 entries"),
        (b"Obj\x01" + long(1) + long(10 << 30), "longer than 16,777,216 bytes"),
        (b"Obj\x01" + long(1) + long(-1), "a length of -1"),
        (b"Obj\x01" + long(1 << 60) + b"\x00\x00" * 9_000, "more than 10,000 entries"),
        (b"Obj\x01" + b"\xff" * 30, "more than 64 bits"),
        (head("int", "rot13"), 'no codec "rot13"; known are null, deflate'),
        (head("int")[:-1], "cut short"),
    ],
)
def test_headers_that_are_wrong(data, message):
    got, error, peak = read(data, "int")
    assert got == []
    assert message in str(error)
    assert peak < MEMORY


def test_a_header_whose_entries_have_their_size_before_them():
    entries = text(b"avro.schema") + text(b'"int"')
    data = b"Obj\x01" + long(-1) + long(len(entries)) + entries + long(0) + SYNC + block(1, b"\x02")
    assert read(data, "int")[:2] == ([1], None)


BOMB = bytes(300 << 20)


def bomb(name):
    """300 MB of zeros, packed."""
    match name:
        case "deflate":
            packer = zlib.compressobj(wbits=-15)
            return packer.compress(BOMB) + packer.flush()
        case "bzip2":
            return bz2.compress(BOMB[: 100 << 20])
        case "snappy":  # packs to a twentieth at best, but can claim more
            return b"\xff\xff\xff\xff\x07" + bytes(100)
        case "xz":
            return lzma.compress(BOMB, preset=0)
        case _:
            return codec(name).pack(BOMB)


@pytest.mark.parametrize("name", [n for n in CODECS if n != "null"])
def test_bombs(name):
    packed = bomb(name)
    got, error, peak = read(head("bytes", name) + block(1, b"") + block(1, packed), "bytes")
    assert got == []
    assert "not what the codec" in str(error)
    got, error, peak = read(head("bytes", name) + block(1, packed), "bytes")
    assert got == []
    assert "unpacks to over" in str(error)
    assert "record 1, byte " in str(error)
    assert peak < MEMORY


@pytest.mark.parametrize("name", [n for n in CODECS if n != "null"])
def test_damaged_packed_blocks(name):
    first, second = (codec(name).pack(b"\x06abc"), codec(name).pack(b"\x06xyz" * 100))
    broken = second[: len(second) // 2] + bytes([second[len(second) // 2] ^ 255]) + second[len(second) // 2 + 1 :]
    got, error, _ = read(head("string", name) + block(1, first) + block(100, broken), "string")
    assert got[0] == "abc"
    assert error is not None
    assert "byte " in str(error)


def test_limits_are_the_callers():
    schema = {"type": "array", "items": "int"}
    data = head(schema) + block(1, long(1000) + bytes(1000) + b"\x00")
    assert read(data, schema)[1] is None
    assert "Limits.memory" in str(read(data, schema, limits=pfa.Limits(memory=10_000))[1])
    assert "Limits.bytes is 1,000" in str(read(data, schema, limits=pfa.Limits(bytes=1000))[1])
    assert "Limits.nodes is 5" in str(read(head("null") + block(6, b""), "null", limits=pfa.Limits(nodes=5))[1])


def test_no_text_of_a_schema_is_in_the_source():
    from pfa.data.avro_resolve import resolve
    from pfa.data.avro_source import Decoders

    schema = {"type": "record", "name": "Evil\"'name", "fields": [
        {"name": "Evil'] = import('os')", "type": ["null", {"type": "enum", "name": "EvilE", "symbols": ["Evil\n"]}]},
        {"name": "Evil#", "type": "bytes", "default": "Evil"}]}  # fmt: skip
    t = schema_type(schema)
    assert "vil" not in Decoders(resolve(t, t, "data"), "data", pfa.Limits()).source


KINDS = [
    FLAT,
    {"type": "array", "items": ["null", "string", LIST]},
    {"type": "map", "values": {"type": "array", "items": "int"}},
]  # fmt: skip
VALUES = [
    ROWS[:3],
    [[None, {"string": "abc"}, {"L": {"next": {"L": {"next": None}}}}], []],
    [{"a": [1, 2, 3], "b": []}, {}],
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(range(3)), st.sampled_from(["null", "deflate", "snappy"]), st.data())
def test_damaged_files_end_in_one_error_or_in_data(which, name, data):
    whole = bytearray(written(KINDS[which], VALUES[which], codec=name))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert read(bytes(whole), KINDS[which])[2] < MEMORY
