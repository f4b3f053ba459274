"""Blocks of Avro files as columns: the same as the rows, and rows where there is anything wrong."""

import io

import numpy as np
import pytest

import pfa
from pfa.data import avro, avro_columns
from pfa.data.avro_datum import encode_binary
from pfa.data.avro_schema import schema_type
from pfa.targets.vector import fields_of
from tests.test_avro_broken import block, head
from tests.test_avro_files import written


@pytest.fixture(autouse=True)
def _small_blocks_have_columns(monkeypatch):
    monkeypatch.setattr("pfa.data.avro_columns.SMALL", 0)
    monkeypatch.setattr("pfa.data.avro_columns.WARM", 0)


def batches(data, wanted, used=None, **more):
    t = schema_type(wanted)
    inputs = fields_of(t)
    return list(avro_columns.batches(io.BytesIO(data), t, inputs, frozenset(inputs if used is None else used), **more))


def plain(column, count):
    return column.tolist() if hasattr(column, "tolist") else list(column)


def record(**fields):
    return {"type": "record", "name": "R", "fields": [{"name": n, "type": t} for n, t in fields.items()]}


ENUM = {"type": "enum", "name": "E", "symbols": ["P", "Q"]}
FIXED = {"type": "fixed", "name": "F", "size": 3}
OTHERS = {
    "a": {"type": "array", "items": "string"},
    "r": {"type": "record", "name": "S", "fields": []},
    "f": FIXED,
    "b": "bytes",
}
KINDS = {"i": "int", "n": "long", "x": "float", "y": "double", "s": "string", "e": ENUM, "t": "boolean"}
SOME = {"a": ["x", "y"], "r": {}, "f": b"abc", "b": b"\x00\xff"}
# what is written, the values, what is read
SAME = {
    "doubles": (
        record(x="double", y="double"), [{"x": i / 3, "y": -i} for i in range(9)], record(y="double", x="double"),
    ),
    "fixed size": (
        record(x="float", f=FIXED, t="boolean", y="double"),
        [{"x": 0.5, "f": b"abc", "t": i % 2 == 0, "y": 2.0} for i in range(9)], record(t="boolean", x="double"),
    ),
    "all kinds": (
        record(**KINDS, u=["null", "double"], **OTHERS),
        [{"i": i - 4, "n": i << 40, "x": 0.5, "y": i / 3, "s": f"ü{i}", "e": "PQ"[i % 2], "t": i % 2 == 0,
          "u": None if i % 3 else 1.5, **SOME} for i in range(300)],
        record(**KINDS, u=["null", "double"]),
    ),
    "promoted": (
        record(i="int", n="long", u=["null", "int"]), [{"i": i, "n": -i, "u": i} for i in range(9)],
        record(i="double", n="float", u=["null", "long"]),
    ),
    "defaults": (
        record(i="int"), [{"i": 5}] * 3,
        {"type": "record", "name": "R", "fields": [
            {"name": "x", "type": "double", "default": 0.5}, {"name": "i", "type": "int"},
            {"name": "u", "type": ["null", "string"], "default": None},
            {"name": "s", "type": "string", "default": "ü"}, {"name": "b", "type": "boolean", "default": True}]},
    ),
    "defaults of fixed size": (
        record(x="double"), [{"x": 5.0}] * 3,
        {"type": "record", "name": "R", "fields": [
            {"name": "x", "type": "double"}, {"name": "i", "type": "int", "default": 4}]},
    ),
    "double": ("double", [0.5, 1.5], "double"),
    "long as double": ("long", [1, 2], "double"),
    "string": ("string", ["a", "b"], "string"),
    "nullable": (["null", "int"], [None, 3], ["null", "int"]),
    "writer's union": (["int", "double"], [1, 2.5], "double"),
}  # fmt: skip


@pytest.mark.parametrize("codec", ["null", "deflate"])
@pytest.mark.parametrize("name", SAME)
def test_columns_are_the_rows(name, codec):
    schema, values, wanted = SAME[name]
    data = written(schema, values, codec=codec)
    rows = [r.datum for r in avro.reader(io.BytesIO(data), schema_type(wanted))]
    [batch] = batches(data, wanted)
    assert batch.count == len(values)
    assert [r.datum for r in batch.rows()] == rows
    got = {n: plain(c, batch.count) for n, c in batch.columns.items()}
    if "" in got:
        assert got[""] == rows
    else:
        assert [dict(zip(got, row, strict=True)) for row in zip(*got.values(), strict=True)] == [
            {n: row[n] for n in got} for row in rows
        ]
    assert batch.end == list(avro.reader(io.BytesIO(data), schema_type(wanted)))[-1].end


@pytest.mark.parametrize("name", [n for n in SAME if isinstance(SAME[n][2], dict)])
def test_only_what_is_used_is_made(name):
    schema, values, wanted = SAME[name]
    for field in wanted["fields"]:
        [batch] = batches(written(schema, values), wanted, [field["name"]])
        assert list(batch.columns) == [field["name"]]
        wide = batches(written(schema, values), wanted)[0].columns[field["name"]]
        assert plain(batch.columns[field["name"]], 1) == plain(wide, 1)


WRONG = {
    "boolean": (record(x="double", t="boolean"), bytes(8) + b"\x00" + bytes(8) + b"\x02"),
    "UTF-8": (record(x="double", s="string"), bytes(8) + b"\x02a" + bytes(8) + b"\x02\xff"),
    "int": (record(x="double", i="int"), bytes(8) + b"\x02" + bytes(8) + b"\xff\xff\xff\xff\xff\x7f"),
    "branch": (record(x="double", u=["null", "double"]), bytes(8) + b"\x00" + bytes(8) + b"\x04"),
    "cut": (record(x="double", y="double"), bytes(31)),
    "left over": (record(x="double", y="double"), bytes(33)),
    "length": (record(x="double", s="string"), bytes(8) + b"\x00" + bytes(8) + b"\x10"),
}


@pytest.mark.parametrize("used", [["x"], None])
@pytest.mark.parametrize("name", WRONG)
def test_a_block_with_a_fault_has_no_columns(name, used):
    """Also where the fault is in a field that nobody uses; the block before it has."""
    schema, wrong = WRONG[name]
    good = wrong[: len(wrong) // 2 + (name in ("cut",))] if name != "left over" else bytes(16)
    good = {"int": bytes(8) + b"\x02", "length": bytes(8) + b"\x00"}.get(name, good)
    first, second = batches(head(schema) + block(1, good) + block(2, wrong), schema, used)
    assert first.columns is not None
    assert second.columns is None
    said = []
    with_rows = iter(avro.reader(io.BytesIO(head(schema) + block(1, good) + block(2, wrong)), schema_type(schema)))
    try:
        said = [str(row.error) for row in with_rows if row.error]
    except pfa.PfaDataError as error:
        said = [str(error)]
    try:
        got = [str(row.error) for row in second.rows() if row.error]
    except pfa.PfaDataError as error:
        got = [str(error)]
    assert got == said != []


def test_a_file_that_ends_wrong_gives_its_blocks_first():
    data = written("double", [0.5, 1.5]) + b"\x02\x10"
    t = schema_type("double")
    found = avro_columns.batches(io.BytesIO(data), t, {"": t}, frozenset([""]))
    assert next(found).columns[""].tolist() == [0.5, 1.5]
    broken = next(found)
    assert broken.columns is None
    with pytest.raises(pfa.PfaDataError, match="cut short"):
        list(broken.rows())
    with pytest.raises(pfa.PfaDataError, match="cut short"):
        next(found)


def test_a_file_is_gone_on_with_inside_a_block():
    schema, values = record(x="double", s="string"), [{"x": i / 2, "s": "a"} for i in range(10)]
    t, data = schema_type(schema), head(schema)
    for some in (values[:5], values[5:]):
        data += block(5, b"".join(encode_binary(t, v) for v in some))
    position = list(avro.reader(io.BytesIO(data), schema_type(schema)))[2].end
    first, second = batches(data, schema, start=position)
    assert first.columns is None
    assert [r.datum for r in first.rows()] == values[3:5]
    assert second.columns["x"].tolist() == [v["x"] for v in values[5:]]


def test_other_types_have_no_columns():
    """A schema whose root is no record of columns; the rows are there."""
    schema = [record(x="double"), record(x="double") | {"name": "S"}]
    data = written(schema, [{"R": {"x": 1.0}}, {"S": {"x": 2.0}}])
    [batch] = batches(data, record(x="double"))
    assert batch.columns is None
    assert [r.datum for r in batch.rows()] == [{"x": 1.0}, {"x": 2.0}]


HALF = np.array([0.5, 1.5])
OUTPUTS = [
    ("double", {"": np.array([0.5, np.nan])}, [0.5, np.nan]),
    ("double", {"": 0.5}, [0.5, 0.5]),
    ("int", {"": np.array([1, 2])}, [1, 2]),
    (["null", "int"], {"": [None, 2]}, [None, 2]),
    (
        record(x="double", s="string", u=["null", "int"]), {"x": HALF, "s": ["a", "b"], "u": [None, 3]},
        [{"x": 0.5, "s": "a", "u": None}, {"x": 1.5, "s": "b", "u": 3}],
    ),
    (record(x="double", s="string"), {"x": HALF, "s": "c"}, [{"x": 0.5, "s": "c"}, {"x": 1.5, "s": "c"}]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "columns", "values"), OUTPUTS, ids=lambda x: str(x)[:20])
def test_outputs_as_columns(schema, columns, values):
    out, t = io.BytesIO(), schema_type(schema)
    w = avro.writer(out, t)
    w.write_columns(columns, 2)
    w.close()
    assert repr([r.datum for r in avro.reader(io.BytesIO(out.getvalue()), t)]) == repr(values)


ARRAY, MAP = {"type": "array", "items": "double"}, {"type": "map", "values": ["null", "string"]}
DEEP = record(n="int", a=ARRAY, m=MAP, s="string")


def test_fields_that_no_column_holds_are_passed_over():
    """An engine that does not look at them scores columns; a fault in them is told nevertheless."""
    engine = pfa.loads({"input": DEEP, "output": "int", "action": {"+": ["input.n", 1]}})
    vector = engine._compiled.code.vector
    assert vector.used == {"n"}
    assert not vector.flat
    t, values = engine.input_type, [{"n": i, "a": [0.5] * i, "m": {"k": "ü"}, "s": "x"} for i in range(5)]
    data = b"".join(encode_binary(t, v) for v in values)
    wrong = data.replace("ü".encode(), b"\xff\xfe")
    source = io.BytesIO(head(DEEP) + block(5, data) + block(5, wrong))
    good, bad = avro_columns.batches(source, t, vector.inputs, vector.used)
    assert vector.run(good.columns)[""].tolist() == [engine.action(v) for v in values]
    assert bad.columns is None
    assert all("not UTF-8" in str(row.error) for row in bad.rows())


@pytest.mark.parametrize("action", ["input", {"new": {"n": 1}, "type": "R"}, {"attr": "input", "path": [["a"]]}])
def test_engines_that_look_at_them_have_no_action_on_columns(action):
    wide = record(n="int", a=ARRAY)
    output = ARRAY if "attr" in action else wide
    if isinstance(action, dict) and "new" in action:
        action = {"new": {"n": 1, "a": "input.a"}, "type": "R"}
    assert pfa.loads({"input": wide, "output": output, "action": action})._compiled.code.vector is None
