"""Arrow files, streams and Parquet: every type there and back, files of others, files that are broken or hostile."""

import io
import json
import random
import threading
from contextlib import suppress

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pfa
from pfa.data import arrow
from pfa.data.arrow_types import arrow_schema, type_of
from pfa.data.formats import NAMES
from pfa.data.table_values import TableDecoders
from pfa.data.values import Encoders
from pfa.types import to_avro
from tests.typed_values import exact, rows, tables

slow = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
FORMATS = ("arrow", "arrows", "parquet")
COLOR = {"type": "enum", "name": "Color", "symbols": ["red", "green"]}


def type_from(schema):
    return pfa.loads({"input": schema, "output": "null", "action": None}).input_type


def record(**fields):
    return {"type": "record", "name": "Row", "fields": [{"name": n, "type": t} for n, t in fields.items()]}


ROW = type_from(record(x="double", note=["null", "string"], color=COLOR, list={"type": "array", "items": "long"}))


def values(count):
    return [
        {
            "x": i / 2,
            "note": {"string": str(i)} if i % 3 else None,
            "color": ["red", "green"][i % 2],
            "list": [i] * (i % 4),
        }
        for i in range(count)
    ]  # fmt: skip


def written(name, t, data, every=0):
    """The bytes of a file; `every` so many rows end a batch."""
    out = io.BytesIO()
    writer = NAMES[name].writer(out, t)
    for i, value in enumerate(data, 1):
        writer.write(value)
        if every and i % every == 0:
            writer.flush()
    writer.close()
    return out.getvalue()


def read(name, data, t, **keywords):
    return list(NAMES[name].reader(io.BytesIO(data), t, **keywords))


def sound(name, data, t, **keywords):
    found = read(name, data, t, **keywords)
    assert [r.error for r in found] == [None] * len(found)
    return [r.datum for r in found]


def tagged(t, data):
    """Values in the form of tables as Avro's JSON has them."""
    encode = Encoders(True).of(t) or (lambda v: v)
    return [encode(TableDecoders().datum(t)(v)) for v in data]


# --- there and back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["arrow", "arrows"])
@slow
@given(case=rows())
def test_every_type(name, case):
    t = type_from(case[0])
    data = tagged(t, case[1])
    file = written(name, t, data, every=2)
    assert exact(sound(name, file, t)) == exact(data)
    source = pa.ipc.open_file(file) if name == "arrow" else pa.ipc.open_stream(file)
    source.read_all().validate(full=True)


@slow
@given(tables(unions=False))
def test_every_type_of_parquet(case):
    t = type_from(case[0])
    data = tagged(t, case[1])
    file = written("parquet", t, data, every=2)
    assert exact(sound("parquet", file, t)) == exact(data)
    assert type_of(pq.read_schema(io.BytesIO(file))) == t


@slow
@given(tables())
def test_a_schema_gives_its_type_back(case):
    t = type_from(case[0])
    schema = arrow_schema(t)
    assert to_avro(type_of(schema)) == to_avro(t)
    assert type_of(arrow_schema(t, nullable=True)) == t


@slow
@given(tables(unions=False))
def test_a_schema_of_others_gives_a_type_that_takes_the_same(case):
    t = type_from(case[0])
    schema = arrow_schema(t).remove_metadata()
    found = type_of(schema)
    assert [f.name for f in found.fields] == [f.name for f in t.fields]
    dictionaries = "dictionary" in str(schema)  # are texts, whose symbols no schema tells
    assert dictionaries or arrow_schema(found).remove_metadata().equals(schema)


TYPES = [
    (pa.int8(), "int"), (pa.uint8(), "int"), (pa.int16(), "int"), (pa.uint16(), "int"), (pa.int32(), "int"),
    (pa.uint32(), "long"), (pa.int64(), "long"), (pa.uint64(), "long"), (pa.float16(), "float"),
    (pa.float32(), "float"), (pa.float64(), "double"), (pa.bool_(), "boolean"), (pa.string(), "string"),
    (pa.large_string(), "string"), (pa.string_view(), "string"), (pa.binary(), "bytes"), (pa.binary_view(), "bytes"),
    (pa.date32(), "int"), (pa.time32("ms"), "int"), (pa.time64("us"), "long"), (pa.timestamp("ns", "UTC"), "long"),
    (pa.dictionary(pa.int8(), pa.string()), "string"),
    (pa.list_(pa.field("item", pa.int8(), False)), {"type": "array", "items": "int"}),
    (pa.large_list(pa.float64()), {"type": "array", "items": ["null", "double"]}),
    (pa.list_(pa.int64(), 3), {"type": "array", "items": ["null", "long"]}),
    (pa.map_(pa.string(), pa.int64()), {"type": "map", "values": ["null", "long"]}),
    (pa.binary(3), {"type": "fixed", "name": "c", "size": 3}),
    (pa.struct([pa.field("a", pa.int8(), False)]), {**record(a="int"), "name": "c"}),
    (pa.dense_union([pa.field("a", pa.int32()), pa.field("b", pa.string())]), ["int", "string"]),
    (pa.run_end_encoded(pa.int32(), pa.float64()), "double"),
]  # fmt: skip


@pytest.mark.parametrize(("arrow_type", "schema"), TYPES, ids=[str(t) for t, _ in TYPES])
def test_types_of_arrow(arrow_type, schema):
    [found] = type_of(pa.schema([pa.field("c", arrow_type, nullable=False)])).fields
    assert to_avro(found.type) == schema


def test_what_may_be_missing_is_a_union_with_null():
    found = type_of(pa.schema([("a", pa.int32()), ("b", pa.dense_union([pa.field("int", pa.int32())]))]), "Name")
    assert json.dumps(to_avro(found.fields[0].type)) == '["null", "int"]'
    assert found.name == "Name"


CAST = "; cast it to double, long or string"
NO_TYPES = [
    (pa.schema([("a b", pa.decimal128(5, 2))]), "column a b: no Avro type holds decimal128(5, 2)" + CAST),
    (pa.schema([("a", pa.struct([("b", pa.duration("s"))]))]), "column a/b: no Avro type holds duration[s]" + CAST),
    (pa.schema([("a", pa.map_(pa.int32(), pa.int32()))]), "column a: no Avro type holds map<int32, int32>" + CAST),
    (pa.schema([("a", pa.int32()), ("a", pa.int32())]), "more than one column a"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "message"), NO_TYPES, ids=range(len(NO_TYPES)))
def test_schemas_without_a_type(schema, message):
    with pytest.raises(pfa.PfaDataError) as caught:
        type_of(schema)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text", [b"{", b"\xff", b'"int"', b"[" * 100_000, json.dumps(to_avro(type_from(record(y="int")))).encode()]
)
def test_metadata_that_tell_of_other_columns_are_no_schema(text):
    found = type_of(pa.schema([pa.field("x", pa.int32(), nullable=False)], {b"avro.schema": text}))
    assert to_avro(found) == record(x="int")


@pytest.mark.parametrize("name", FORMATS)
def test_rows_have_numbers_and_places_to_go_on_from(name):
    data = values(10)
    file = written(name, ROW, data, every=3)
    found = read(name, file, ROW)
    assert [r.line for r in found] == list(range(1, 11))
    for row in found:
        rest = read(name, file, ROW, start=json.loads(json.dumps(row.end)))
        assert [(r.line, r.datum) for r in rest] == [(r.line, r.datum) for r in found[row.line :]]
    with pytest.raises(pfa.PfaDataError, match="fewer than 11 records"):
        read(name, file, ROW, start=11)
    with pytest.raises(pfa.PfaDataError, match="the position to go on from is none"):
        read(name, file, ROW, start="x")


@pytest.mark.parametrize("name", FORMATS)
def test_data_that_are_no_records(name):
    file = written(name, type_from("long"), [2**53 + 1, 5])
    assert sound(name, file, type_from("double")) == [float(2**53 + 1), 5.0]
    assert sound(name, file, type_from(["null", "long"])) == [{"long": 2**53 + 1}, {"long": 5}]


@pytest.mark.parametrize("name", FORMATS)
def test_values_tagged_or_plain_and_a_refused_one_leaves_nothing(name):
    t = type_from(record(a=["null", "int"], b="bytes"))
    out = io.BytesIO()
    writer = NAMES[name].writer(out, t)
    writer.write({"a": {"int": 1}, "b": b"\xff"})
    with pytest.raises(pfa.PfaDataError):
        writer.write({"a": 2, "b": None})
    writer.write({"a": 3, "b": "\u00ff"})
    writer.close()
    assert not out.closed
    assert sound(name, out.getvalue(), t) == [{"a": {"int": 1}, "b": b"\xff"}, {"a": {"int": 3}, "b": b"\xff"}]


@pytest.mark.parametrize("name", FORMATS)
def test_files_without_rows(name):
    assert read(name, written(name, ROW, []), ROW) == []


@pytest.mark.parametrize("name", FORMATS)
def test_the_engine_takes_what_is_ready(name):
    engine = pfa.loads({"input": to_avro(ROW), "output": "double", "action": "input.x"})
    reader = getattr(arrow, f"{name}_reader")
    found = reader(io.BytesIO(written(name, ROW, values(5))), engine.input_type, ready=True)
    assert [engine.action(r.datum) for r in found] == [0.0, 0.5, 1.0, 1.5, 2.0]


# --- files of others -------------------------------------------------------------------------------------------

SIMPLE = type_from(record(x="double", s=["null", "string"], n=["null", "long"]))
FRAME = {"x": [0.5, 1.5, 2.5], "s": ["a", None, "ü"], "n": [2**53 + 1, None, 3]}
DATA = [
    {"x": 0.5, "s": {"string": "a"}, "n": {"long": 2**53 + 1}},
    {"x": 1.5, "s": None, "n": None},
    {"x": 2.5, "s": {"string": "ü"}, "n": {"long": 3}},
]


def by_pandas(name, path):
    frame = pd.DataFrame({**FRAME, "n": pd.array(FRAME["n"], "Int64"), "extra": 1}, index=[5, 6, 7])
    frame.to_parquet(path) if name == "parquet" else frame.reset_index().to_feather(path)


def by_polars(name, path):
    frame = pl.DataFrame(FRAME)
    {"parquet": frame.write_parquet, "arrow": frame.write_ipc, "arrows": frame.write_ipc_stream}[name](path)


def by_pyarrow(name, path):
    table = pa.table(FRAME)
    if name == "parquet":
        pq.write_table(table, path, compression="zstd", row_group_size=2, use_dictionary=False)
    elif name == "arrow":
        with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as out:
            out.write_table(table, max_chunksize=2)
    else:
        with pa.ipc.new_stream(path, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as out:
            out.write_table(table, max_chunksize=2)


OTHERS = [
    (by, name) for by in (by_pandas, by_polars, by_pyarrow) for name in FORMATS if (by, name) != (by_pandas, "arrows")
]


@pytest.mark.parametrize(("by", "name"), OTHERS)
def test_files_of_others(by, name, tmp_path):
    by(name, str(tmp_path / "file"))
    assert sound(name, (tmp_path / "file").read_bytes(), SIMPLE) == DATA


@pytest.mark.parametrize("name", FORMATS)
def test_others_read_ours(name, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(written(name, SIMPLE, DATA))
    polars = {"parquet": pl.read_parquet, "arrow": pl.read_ipc, "arrows": pl.read_ipc_stream}[name]
    assert polars(path.read_bytes()).to_dict(as_series=False) == FRAME
    if name != "arrows":
        frame = pd.read_parquet(path) if name == "parquet" else pd.read_feather(path)
        assert frame["x"].tolist() == FRAME["x"]
        assert frame["s"].isna().tolist() == [False, True, False]
    opened = (
        pq.read_table(path)
        if name == "parquet"
        else pa.ipc.open_stream(path)
        if name == "arrows"
        else pa.ipc.open_file(path)
    )
    table = opened if name == "parquet" else opened.read_all()
    assert table.to_pydict() == FRAME
    assert table.schema.field("x").nullable is False


def test_a_stream_is_read_by_what_it_is_not_by_its_name():
    assert sound("arrow", written("arrows", SIMPLE, DATA), SIMPLE) == DATA
    assert sound("arrows", written("arrow", SIMPLE, DATA), SIMPLE) == DATA


class Pipe(io.RawIOBase):
    """Bytes that come in pieces and cannot be gone back in."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def readable(self):
        return True

    def seekable(self):
        return False

    def readinto(self, into):
        made = self.data.read(min(7, len(into)))
        into[: len(made)] = made
        return len(made)


def test_streams_through_pipes():
    found = NAMES["arrows"].reader(io.BufferedReader(Pipe(written("arrows", SIMPLE, DATA))), SIMPLE)
    assert [r.datum for r in found] == DATA
    with pytest.raises(pfa.PfaDataError, match="a pipe has not"):
        list(NAMES["parquet"].reader(Pipe(written("parquet", SIMPLE, DATA)), SIMPLE))


# --- going on --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [True, False])
def test_a_stream_goes_on_where_it_was(closed):
    data = values(12)
    out = io.BytesIO()
    writer, position = NAMES["arrows"].writer(out, ROW), 0
    for start in range(0, 12, 3):
        for value in data[start : start + 3]:
            writer.write(value)
        position = json.loads(json.dumps(writer.flush()))
        assert sound("arrows", out.getvalue(), ROW) == data[: start + 3]
        writer.write(data[0])  # what is lost
        if closed:
            writer.close()
        else:
            out.write(b"half a batch")
        writer = NAMES["arrows"].writer(out, ROW, resume=position)
    assert writer.flush() == position
    writer.close()
    assert sound("arrows", out.getvalue(), ROW) == data
    assert pl.read_ipc_stream(out.getvalue())["color"].to_list() == [v["color"] for v in data]


def test_a_stream_that_had_nothing_yet():
    out = io.BytesIO()
    writer = NAMES["arrows"].writer(out, ROW)
    position = writer.flush()
    assert sound("arrows", out.getvalue(), ROW) == []
    for place in (position, 0):
        writer = NAMES["arrows"].writer(out, ROW, resume=place)
        writer.write(values(1)[0])
        writer.close()
        assert sound("arrows", out.getvalue(), ROW) == values(1)


def test_what_cannot_go_on():
    stream = io.BytesIO(written("arrows", SIMPLE, DATA))
    with pytest.raises(pfa.PfaDataError, match="written with another schema"):
        NAMES["arrows"].writer(stream, ROW, resume=100)
    with pytest.raises(pfa.PfaDataError, match="no Arrow stream"):
        NAMES["arrows"].writer(io.BytesIO(b"something else"), ROW, resume=5)
    with pytest.raises(pfa.PfaDataError, match="fewer than 1,000,000 bytes"):
        NAMES["arrows"].writer(stream, SIMPLE, resume=1_000_000)
    for name, what in (("arrow", "Arrow"), ("parquet", "Parquet")):
        file = written(name, SIMPLE, DATA)
        for position in (1, 5, 100, len(file) - 1, len(file)):
            with pytest.raises(pfa.PfaDataError, match=f"the output is not the {what} file that had been written"):
                NAMES[name].writer(io.BytesIO(file), SIMPLE, resume=position)
        with pytest.raises(pfa.PfaDataError, match="none in a file of this format"):
            NAMES[name].writer(io.BytesIO(file), SIMPLE, resume=-1)


FLUSHED = (0, 0, 3, 7, 8, 20)


def flushed(name, t, data, saved=None):
    """A file with flushes between, its first positions; `saved` says what becomes of it and its position then."""
    out = io.BytesIO()
    writer, positions = NAMES[name].writer(out, t), []
    for i, value in enumerate(data):
        for _ in range(FLUSHED.count(i)):
            positions.append(json.loads(json.dumps(writer.flush())))
            if saved:
                out = saved(writer, out, positions[-1])
                writer = NAMES[name].writer(out, t, resume=positions[-1])
        writer.write(value)
    writer.close()
    return out.getvalue(), positions


@pytest.mark.parametrize("name", ["arrow", "arrows", "parquet"])
def test_a_file_that_was_cut_off_becomes_the_one_that_was_not(name):
    """To the last byte; where it was cut, anything may stand behind."""
    data, t = values(40), ROW
    wanted, positions = flushed(name, t, data)
    assert sound(name, wanted, t) == data

    def lost(writer, out, position):
        for value in data[:3]:
            writer.write(value)
        return io.BytesIO(out.getvalue() + b"half a batch")

    def closed(writer, out, position):
        writer.write(data[0])
        writer.close()
        return out

    def flushed_again(writer, out, position):
        writer.write(data[0])
        writer.flush()
        return io.BytesIO(out.getvalue())

    for saved in (lost, closed, flushed_again):
        assert flushed(name, t, data, saved) == (wanted, positions)


def test_others_read_parquet_of_several_pieces():
    data = [{"a": i, "b": f"text {i % 5}"} for i in range(40)]
    t = type_from(record(a="long", b="string"))
    file, _ = flushed("parquet", t, data)
    assert pq.read_table(io.BytesIO(file)).to_pylist() == data
    assert pl.read_parquet(io.BytesIO(file)).to_dicts() == data
    found = pq.ParquetFile(io.BytesIO(file))
    assert [found.metadata.row_group(g).num_rows for g in range(found.num_row_groups)] == [3, 4, 1, 12, 20]
    assert found.read_row_group(3).to_pylist() == data[8:20]


@settings(deadline=None, max_examples=200)
@given(at=st.integers(0, 5000), byte=st.integers(0, 255), cut=st.integers(0, 40))
def test_notes_of_parquet_that_are_damaged(at, byte, cut):
    """An error that says so, or a file: nothing else is raised."""
    data = [{"a": i, "b": f"text {i % 5}"} for i in range(21)]
    t = type_from(record(a="long", b="string"))
    file, positions = flushed("parquet", t, data)
    end = positions[-1] - cut
    harmed = bytearray(file[:end])
    harmed[-1 - at % end] = byte
    out = io.BytesIO(bytes(harmed))
    with suppress(pfa.PfaDataError):
        writer = NAMES["parquet"].writer(out, t, resume=end)
        writer.write(data[0])
        writer.close()
        assert out.getvalue()[-4:] == b"PAR1"


NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}
NOT_WRITTEN = [
    ("parquet", ["int", "string"], "Parquet has no unions of several types; write avro, arrow, arrows or jsonl"),
    ("parquet", record(), "a Parquet file cannot hold records without fields; write avro or jsonl"),
    ("arrow", NODE, "record Node holds itself, and columns of arrays cannot"),
    ("arrows", record(), "an Arrow stream cannot hold records without fields; write avro or jsonl"),
]


@pytest.mark.parametrize(("name", "schema", "message"), NOT_WRITTEN, ids=range(len(NOT_WRITTEN)))
def test_types_that_a_format_has_not(name, schema, message):
    out = io.BytesIO()
    with pytest.raises(pfa.PfaDataError) as caught:
        NAMES[name].writer(out, type_from(schema))
    assert str(caught.value).startswith(message)
    assert out.getvalue() == b""


# --- broken and hostile ----------------------------------------------------------------------------------------


def until_the_end(name, data, t=ROW, most=10_000):
    """The data before the fault, and the fault."""
    found = []
    try:
        for row in NAMES[name].reader(io.BytesIO(data), t, file="data"):
            found.append(row.datum)
            assert len(found) < most, "more rows than it has"
    except pfa.PfaDataError as error:
        return found, str(error)
    return found, ""


def test_a_stream_that_is_cut_short_keeps_what_came_before():
    data = values(12)
    file = written("arrows", ROW, data, every=3)
    kept = set()
    for size in [*range(0, len(file) - 8, 5), len(file) - 8]:
        found, error = until_the_end("arrows", file[:size])
        assert found == data[: len(found)]
        assert error.startswith("data") or (len(found) % 3 == 0 and not error)
        kept.add(len(found))
    assert kept == {0, 3, 6, 9, 12}


def test_a_file_that_is_cut_short_keeps_what_came_before():
    data = values(12)
    file = written("arrow", ROW, data, every=3)
    found, error = until_the_end("arrow", file[:-20])
    assert found == data
    assert error == (
        "data:13:1 /: record 13: the file is broken: the file was cut short: its end, where the index is, is missing"
    )
    found, error = until_the_end("arrow", file[: len(file) // 2])
    assert 0 < len(found) < 12
    assert error.startswith(f"data:{len(found) + 1}:1 /: record {len(found) + 1}: the file is broken: ")


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_no_such_file(name):
    for data in (b"", b"x", b"something else entirely" * 10, b"PAR1" * 10, b"ARROW1" * 10, bytes(1000)):
        found, error = until_the_end(name, data)
        assert found == []
        assert error.startswith("data")


@pytest.mark.parametrize("name", FORMATS)
def test_files_with_wrong_bytes(name):
    """Whatever comes of it, it is rows or one clear error."""
    file = written(name, ROW, values(20), every=7)
    errors = 0
    for seed in range(150):
        rng, broken = random.Random(seed), bytearray(file)
        for _ in range(rng.randint(1, 4)):
            broken[rng.randrange(len(file))] = rng.choice([0, 127, 255, rng.randrange(256)])
        errors += until_the_end(name, bytes(broken))[1] != ""
    assert errors > 50


OUTSIDE = [
    (pa.array(["abc", "de"]), np.array([0, 3, 5], "i4"), np.array([0, 3, 1 << 30], "i4")),
    (pa.array(["abc", "de"]), np.array([0, 3, 5], "i4"), np.array([0, 5, -9], "i4")),
    (pa.array([[1, 2, 3], [4, 5]]), np.array([0, 3, 5], "i4"), np.array([0, 3, 1 << 20], "i4")),
    (pa.DictionaryArray.from_arrays(pa.array([0, 1, 1, 0], pa.int32()), pa.array(["a", "b"])),
     np.array([0, 1, 1, 0], "i4"), np.array([0, 1, 7, 0], "i4")),
    (pa.UnionArray.from_sparse(pa.array([0, 1, 1, 0, 0, 1, 1], pa.int8()), [pa.nulls(7), pa.array(range(7))]),
     np.array([0, 1, 1, 0, 0, 1, 1], "i1"), np.array([0, 1, 1, 0, 0, 1, 99], "i1")),
]  # fmt: skip


@pytest.mark.parametrize(("array", "good", "bad"), OUTSIDE, ids=range(len(OUTSIDE)))
def test_positions_outside_of_the_data(array, good, bad):
    out = io.BytesIO()
    schema = pa.schema([("c", array.type)])
    with pa.ipc.new_stream(out, schema) as stream:
        stream.write_batch(pa.record_batch([array], ["c"]))
    assert out.getvalue().count(good.tobytes()) == 1
    found, error = until_the_end("arrows", out.getvalue().replace(good.tobytes(), bad.tobytes()), type_of(schema))
    assert found == []
    assert error.startswith("data:1:1 /: record 1: the file is broken: ")


def test_rows_that_take_no_bytes_are_no_endless_file():
    out = io.BytesIO()
    with pa.ipc.new_stream(out, pa.schema([("c", pa.null())])) as stream:
        stream.write_batch(pa.record_batch([pa.nulls(1_234_567)], ["c"]))
    claim = out.getvalue().replace((1_234_567).to_bytes(8, "little"), (1 << 60).to_bytes(8, "little"))
    found, error = until_the_end("arrows", claim, type_from(record(c="null")))
    assert found == []
    assert "a batch claims 1,152,921,504,606,846,976 rows" in error


def test_claims_of_gigabytes():
    """A length in a message that is larger than the file."""
    file = written("arrows", ROW, values(3))
    at = file.rindex(b"\xff\xff\xff\xff", 0, -8)
    broken = file[: at + 4] + (0x7FFFFFF0).to_bytes(4, "little") + file[at + 8 :]
    found, error = until_the_end("arrows", broken)
    assert (found, error[:10]) == ([], "data:1:1 /")


WRONG = [
    (record(x="int"), 'data /: column "x": expected int, found double; convert it with .cast(pa.int32())'),
    (record(y="int"), 'data /: no column "y" (int): the table has "x", "note", "color", "list"; name'),
    ("double", 'data /: the input is double, no record, so the table must have one column, or one called "input"'),
]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("schema", "message"), WRONG, ids=range(len(WRONG)))
def test_files_of_another_type(name, schema, message):
    found, error = until_the_end(name, written(name, ROW, values(3)), type_from(schema))
    assert found == []
    assert error.startswith(message)


@pytest.mark.parametrize("name", FORMATS)
def test_rows_that_are_wrong_are_told_and_the_others_are_read(name):
    given = type_from(record(a=["null", "long"], l={"type": "array", "items": ["null", "int"]}))
    data = [{"a": None, "l": []}, {"a": {"long": 2**40}, "l": []}, {"a": {"long": 1}, "l": [{"int": 3}, None]}]
    data.append({"a": {"long": 5}, "l": [{"int": 7}]})
    found = read(
        name, written(name, given, data), type_from(record(a="int", l={"type": "array", "items": "int"})), file="f"
    )
    assert [str(r.error) for r in found[:3]] == [
        "f:1:1 /a: expected int, found null",
        "f:2:1 /a: expected int, found an integer that does not fit into int",
        "f:3:1 /l/1: expected int, found null",
    ]
    assert [(r.line, r.end) for r in found] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert (found[3].datum, found[3].error) == ({"a": 5, "l": [7]}, None)


def test_many_threads_read_at_once():
    file, sums = written("arrows", ROW, values(200), every=50), []
    threads = [threading.Thread(target=lambda: sums.append(len(sound("arrows", file, ROW)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [200] * 4
