"""Avro container files: ours read by others, theirs by us, every type and every codec; writing that goes on."""

import io
import json

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings

import pfa
from pfa.data import avro
from pfa.data.avro_codecs import CODECS
from pfa.data.avro_datum import encode_binary
from pfa.data.avro_schema import schema_type
from pfa.data.formats import format_of
from tests.avro_values import plain, schemas_and_values, wrapped, wrapped_value

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

FLAT = {
    "type": "record",
    "name": "Flat",
    "fields": [
        {"name": "x", "type": "double"},
        {"name": "n", "type": "int"},
        {"name": "s", "type": "string"},
        {"name": "u", "type": ["null", "double"]},
        {"name": "b", "type": "boolean"},
    ],
}
ROWS = [{"x": i / 3, "n": i - 500, "s": f"text {i}", "u": None if i % 3 else 0.5, "b": i % 2 == 0} for i in range(1000)]


def written(schema, values, **more):
    out = io.BytesIO()
    w = avro.writer(out, schema_type(schema), **more)
    for value in values:
        w.write(value)
    w.close()
    return out.getvalue()


def read(data, schema, **more):
    rows = list(avro.reader(io.BytesIO(data), schema_type(schema), **more))
    assert [r.error for r in rows] == [None] * len(rows)
    assert [r.line for r in rows] == [*range(1, len(rows) + 1)]
    return [r.datum for r in rows]


def same(schema, got, wanted):
    """Are these the same values, to the last bit and in the same branches?"""
    t = schema_type(schema)
    assert [encode_binary(t, v) for v in got] == [encode_binary(t, v) for v in wanted]


@QUICK
@given(schemas_and_values())
def test_what_we_write_we_read(case):
    schema, values = case
    same(schema, read(written(schema, values), schema), values)


@QUICK
@given(schemas_and_values())
def test_bytes_are_those_of_fastavro(case):
    """Also of unions that plain values cannot tell apart."""
    schema, values = case
    t, parsed = schema_type(schema), fastavro.parse_schema(wrapped(schema))
    for value in values:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, parsed, wrapped_value(schema, value))
        assert encode_binary(t, value) == out.getvalue()


@QUICK
@given(schemas_and_values(ambiguous=False))
def test_fastavro_reads_ours(case):
    schema, values = case
    got = list(fastavro.reader(io.BytesIO(written(schema, values))))
    assert repr(got) == repr([plain(schema, v) for v in values])


@QUICK
@given(schemas_and_values(ambiguous=False))
def test_we_read_fastavros(case):
    schema, values = case
    out = io.BytesIO()
    fastavro.writer(out, json.loads(json.dumps(schema)), [plain(schema, v) for v in values])
    same(schema, read(out.getvalue(), schema), values)


@QUICK
@given(schemas_and_values())
def test_an_engine_takes_what_was_written(case):
    """In its branches, whether it looks at the data or they are `ready`."""
    schema, values = case
    engine = pfa.loads({"input": schema, "output": schema, "action": "input"}, unions="tagged")
    source = written(schema, values)
    for ready in (True, False):
        rows = avro.reader(io.BytesIO(source), engine.input_type, ready=ready)
        same(schema, [engine.action(row.datum) for row in rows], values)


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec(codec):
    data = written(FLAT, ROWS, codec=codec)
    assert list(fastavro.reader(io.BytesIO(data))) == ROWS
    out = io.BytesIO()
    fastavro.writer(out, FLAT, ROWS, codec=codec, sync_interval=3000)
    assert read(out.getvalue(), FLAT) == ROWS


def test_a_codec_without_its_library_names_the_extra(monkeypatch):
    out = io.BytesIO()
    fastavro.writer(out, FLAT, ROWS[:1], codec="snappy")
    monkeypatch.setitem(__import__("sys").modules, "cramjam", None)
    with pytest.raises(pfa.PfaDataError, match=r"codec snappy needs the module cramjam.*pfa-engine\[avro\]"):
        avro.reader(io.BytesIO(out.getvalue()), schema_type(FLAT))


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2"])
def test_apaches_library(codec):
    from avro import datafile as apache
    from avro.io import DatumReader, DatumWriter
    from avro.schema import parse

    out = io.BytesIO()
    writer = apache.DataFileWriter(out, DatumWriter(), parse(json.dumps(FLAT)), codec=codec)
    for row in ROWS:
        writer.append(row)
    writer.flush()
    assert read(out.getvalue(), FLAT) == ROWS
    assert list(apache.DataFileReader(io.BytesIO(written(FLAT, ROWS, codec=codec)), DatumReader())) == ROWS


SHAPES = [
    ("int", [1, -1, 1 << 30]),
    (["null", "int", "string"], [None, {"int": 3}, {"string": "x"}]),
    ({"type": "array", "items": ["null", "long"]}, [[], [None, {"long": 1 << 40}]]),
    ({"type": "map", "values": {"type": "array", "items": "bytes"}}, [{"ü": [b"\x00\xff"]}, {}]),
    ({"type": "enum", "name": "a.E", "symbols": ["P", "Q"]}, ["Q", "P"]),
    ({"type": "fixed", "name": "F", "size": 3}, [b"abc"]),
    (
        {"type": "record", "name": "a.List", "fields": [
            {"name": "head", "type": {"type": "record", "name": "Bare", "namespace": "", "fields": []}},
            {"name": "tail", "type": ["null", "a.List"]}]},
        [{"head": {}, "tail": {"a.List": {"head": {}, "tail": None}}}],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "values"), SHAPES, ids=lambda x: str(x)[:40])
def test_apaches_library_and_every_shape(schema, values):
    from avro import datafile as apache
    from avro.io import DatumReader, DatumWriter
    from avro.schema import parse

    ours = written(schema, values)
    assert list(apache.DataFileReader(io.BytesIO(ours), DatumReader())) == [plain(schema, v) for v in values]
    assert list(fastavro.reader(io.BytesIO(ours))) == [plain(schema, v) for v in values]
    out = io.BytesIO()
    writer = apache.DataFileWriter(out, DatumWriter(), parse(json.dumps(schema)))
    for value in values:
        writer.append(plain(schema, value))
    writer.flush()
    same(schema, read(out.getvalue(), schema), values)


LOGICAL = [
    ("date", {"type": "int", "logicalType": "date"}, 19000),
    ("time-millis", {"type": "int", "logicalType": "time-millis"}, 86_399_999),
    ("timestamp-micros", {"type": "long", "logicalType": "timestamp-micros"}, 1 << 50),
    ("decimal", {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}, b"\x01\x02"),
    ("fixed", {"type": "fixed", "name": "D", "size": 4, "logicalType": "decimal", "precision": 6}, b"\0\0\1\2"),
    ("uuid", {"type": "string", "logicalType": "uuid"}, "d3c8a0b4-0000-4000-8000-000000000000"),
    ("duration", {"type": "fixed", "name": "U", "size": 12, "logicalType": "duration"}, b"123456789012"),
    ("unknown", {"type": "long", "logicalType": "no-such-type"}, 5),
]


@pytest.mark.parametrize(("name", "schema", "value"), LOGICAL, ids=lambda x: x if isinstance(x, str) else "")
def test_logical_types_are_their_base_types(name, schema, value):
    out = io.BytesIO()
    base = {k: v for k, v in schema.items() if k not in ("logicalType", "precision", "scale")}
    fastavro.writer(out, base, [value])
    header = out.getvalue().replace(json.dumps(base).encode(), b"")
    assert read(out.getvalue(), base) == [value]
    assert header
    nested = {"type": "record", "name": "R", "fields": [{"name": "v", "type": ["null", schema]}]}
    plain_schema = {"type": "record", "name": "R", "fields": [{"name": "v", "type": ["null", base]}]}
    assert read(written(nested, [{"v": value}]), plain_schema) == [{"v": value}]


def test_a_logical_type_in_a_file_of_fastavros():
    from datetime import date
    from decimal import Decimal

    fields = [
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "sum", "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}},
    ]
    out = io.BytesIO()
    fastavro.writer(
        out, {"type": "record", "name": "R", "fields": fields}, [{"day": date(1970, 1, 11), "sum": Decimal("2.57")}]
    )
    wanted = [{"name": "day", "type": "int"}, {"name": "sum", "type": "bytes"}]
    assert read(out.getvalue(), {"type": "record", "name": "R", "fields": wanted}) == [{"day": 10, "sum": b"\x01\x01"}]


def test_defaults_of_bytes_are_bytes():
    new = {"type": "record", "name": "R", "fields": [
        {"name": "raw", "type": "bytes", "default": "\u00ff\u0000"},
        {"name": "mark", "type": {"type": "fixed", "name": "M", "size": 2}, "default": "ab"},
        {"name": "all", "type": {"type": "array", "items": "bytes"}, "default": ["\u0001"]},
        {"name": "either", "type": ["bytes", "string"], "default": "\u0080"},
        {"name": "x", "type": "int"}]}  # fmt: skip
    old = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "int"}]}
    [got] = read(written(old, [{"x": 1}]), new)
    assert got == {"raw": b"\xff\0", "mark": b"ab", "all": [b"\1"], "either": {"bytes": b"\x80"}, "x": 1}


def test_bytes_and_strings_of_a_union_stay_what_they_are():
    schema = {"type": "array", "items": ["string", "bytes"]}
    assert read(written(schema, [["a", b"a", b"\xff"]]), schema) == [["a", b"a", b"\xff"]]


def test_a_file_of_several_blocks_can_be_gone_on_with_behind_each_row():
    out = io.BytesIO()
    fastavro.writer(out, FLAT, ROWS, sync_interval=2000, codec="deflate")
    t = schema_type(FLAT)
    rows = list(avro.reader(io.BytesIO(out.getvalue()), t))
    for stop in (1, 17, 333, 998, 1000):
        position = json.loads(json.dumps(rows[stop - 1].end))
        rest = list(avro.reader(io.BytesIO(out.getvalue()), t, start=position))
        assert [(r.line, r.datum, r.end) for r in rest] == [(r.line, r.datum, r.end) for r in rows[stop:]]


def test_a_file_that_grew_is_gone_on_with():
    out = io.BytesIO(written(FLAT, ROWS[:10]))
    t = schema_type(FLAT)
    position = list(avro.reader(out, t))[-1].end
    w = avro.writer(out, t, resume=len(out.getvalue()))
    w.write(ROWS[10])
    w.close()
    out.seek(0)
    assert [r.datum for r in avro.reader(out, t, start=position)] == [ROWS[10]]


@pytest.mark.parametrize("position", [3, [1, 2], [1, 2, "x"], [-1, 0, 0], [True, 0, 0], {"a": 1}])
def test_positions_that_are_none(position):
    with pytest.raises(pfa.PfaDataError, match="a position in an Avro file is"):
        avro.reader(io.BytesIO(written(FLAT, [])), schema_type(FLAT), start=position)


def test_a_position_behind_the_end():
    with pytest.raises(pfa.PfaDataError, match="shorter than when it was read last"):
        avro.reader(io.BytesIO(written(FLAT, [])), schema_type(FLAT), start=[1 << 40, 0, 0])


# --- writing that goes on --------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_what_is_flushed_can_be_read_and_gone_on_with(codec):
    out, t = io.BytesIO(), schema_type(FLAT)
    w = avro.writer(out, t, codec=codec)
    for row in ROWS[:500]:
        w.write(row)
    position = json.loads(json.dumps(w.flush()))
    assert read(out.getvalue(), FLAT) == ROWS[:500]
    for row in ROWS[500:700]:  # lost
        w.write(row)
    w.flush()
    out.write(b"half a bl")
    again = avro.writer(out, t, resume=position)
    for row in ROWS[500:]:
        again.write(row)
    again.close()
    data = out.getvalue()
    assert read(data, FLAT) == ROWS
    assert list(fastavro.reader(io.BytesIO(data))) == ROWS
    assert fastavro.reader(io.BytesIO(data)).codec == codec


def test_nothing_written_is_a_file_of_no_records():
    assert list(fastavro.reader(io.BytesIO(written(FLAT, [])))) == []
    assert read(written(FLAT, []), FLAT) == []


@pytest.mark.parametrize(
    ("resume", "schema", "message"),
    [
        ("x", FLAT, "a count of bytes"),
        (-1, FLAT, "a count of bytes"),
        (1 << 40, FLAT, "was changed"),
        (5, FLAT, "was changed"),
        (400, "int", "another schema"),
    ],
)
def test_files_that_cannot_be_gone_on_with(resume, schema, message):
    out = io.BytesIO(written(FLAT, ROWS[:3]))
    before = out.getvalue()
    with pytest.raises(pfa.PfaDataError, match=message):
        avro.writer(out, schema_type(schema), resume=resume)
    assert out.getvalue() == before


def test_a_value_that_does_not_fit_is_not_written():
    out, t = io.BytesIO(), schema_type(FLAT)
    w = avro.writer(out, t)
    w.write(ROWS[0])
    with pytest.raises(pfa.PfaDataError) as caught:
        w.write({**ROWS[1], "s": 3})
    assert caught.value.path == "/s"
    w.write(ROWS[2])
    w.close()
    assert read(out.getvalue(), FLAT) == [ROWS[0], ROWS[2]]


def test_unions_go_out_in_their_branches():
    schema = ["int", "long", "float", "double", {"type": "map", "values": "int"}]
    values = [{"long": 1}, {"int": 1}, {"float": 0.5}, {"double": 0.5}, {"map": {"int": 3}}]
    data = written(schema, values)
    assert read(data, schema) == values
    assert list(fastavro.reader(io.BytesIO(data))) == [1, 1, 0.5, 0.5, {"int": 3}]


class Drops(io.RawIOBase):
    """A pipe: gives a few bytes at a time and cannot seek."""

    def __init__(self, data):
        self.left = data

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = self.left[: min(len(buffer), 7)]
        self.left = self.left[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def test_a_pipe_is_read_as_it_comes():
    data = written(FLAT, ROWS, codec="deflate")
    t = schema_type(FLAT)
    assert [r.datum for r in avro.reader(Drops(data), t)] == ROWS
    assert [r.datum for r in avro.reader(io.BufferedReader(Drops(data)), t)] == ROWS


def test_the_format_by_its_name():
    found, out, t = format_of("data.avro"), io.BytesIO(), schema_type(FLAT)
    w = found.writer(out, t)
    for row in ROWS[:3]:
        w.write(row)
    position = w.flush()
    found.writer(out, t, resume=position).close()
    out.seek(0)
    assert [r.datum for r in found.reader(out, t, file="data.avro")] == ROWS[:3]
