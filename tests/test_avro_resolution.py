"""What a file was written as, read as what an engine wants: promotion, defaults, aliases, subsets, branches."""

import io

import pytest

import pfa
from pfa.data import avro
from pfa.data.avro_schema import schema_type
from pfa.lib.primitives import float32


def record(*fields, name="R", **more):
    return {"type": "record", "name": name, **more, "fields": [f if isinstance(f, dict) else field(*f) for f in fields]}


def field(name, schema, **more):
    return {"name": name, "type": schema, **more}


def enum(*symbols, name="E", **more):
    return {"type": "enum", "name": name, "symbols": list(symbols), **more}


def fixed(size, name="F", **more):
    return {"type": "fixed", "name": name, "size": size, **more}


def array(items):
    return {"type": "array", "items": items}


def mapping(values):
    return {"type": "map", "values": values}


def file_of(schema, values):
    out = io.BytesIO()
    w = avro.writer(out, schema_type(schema))
    for value in values:
        w.write(value)
    w.close()
    out.seek(0)
    return out


def rows(written, values, wanted, **more):
    return list(avro.reader(file_of(written, values), schema_type(wanted), file="data.avro", **more))


BIG = (1 << 53) + 1
LINKS = record(("v", "int"), ("next", ["null", "R"]))
# (written as, value), (read as, value)
READ = [
    ("int", 3, "long", 3),
    ("int", 3, "float", 3.0),
    ("int", 3, "double", 3.0),
    ("int", 16777217, "float", 16777216.0),
    ("long", BIG, "double", float(BIG)),
    ("long", BIG, "float", float32(float(BIG))),
    ("float", 0.5, "double", 0.5),
    ("string", "ü", "bytes", "ü".encode()),
    ("bytes", "ü".encode(), "string", "ü"),
    (array("int"), [1, 2], array("double"), [1.0, 2.0]),
    (mapping("int"), {"a": 1}, mapping("long"), {"a": 1}),
    (array(array("float")), [[1.5], []], array(array("double")), [[1.5], []]),
    # records: by name of the field, in any order, with defaults and aliases, fields left out
    (record(("a", "int"), ("b", "string")), {"a": 1, "b": "x"},
     record(("b", "string"), ("a", "long")), {"b": "x", "a": 1}),
    (record(("a", "int")), {"a": 1}, record(("a", "int"), field("b", "int", default=7)), {"a": 1, "b": 7}),
    (record(("a", "int")), {"a": 1}, record(field("z", "int", aliases=["q", "a"])), {"z": 1}),
    (
        record(("a", "int"), ("b", "int")), {"a": 1, "b": 2},
        record(field("b", "int", aliases=["a"]), field("c", "int", default=0)), {"b": 2, "c": 0},
    ),
    (record(("a", "int"), name="x.R"), {"a": 1}, record(("a", "int"), name="y.R"), {"a": 1}),
    (record(("a", "int"), name="Other"), {"a": 1}, record(("a", "int")), {"a": 1}),
    (
        record(("drop", record(("l", array("string")), ("m", mapping(["null", "double"])), ("e", enum("A")),
                               ("f", fixed(3)), ("t", "boolean"), name="D")), ("keep", "int")),
        {"drop": {"l": ["a", "b"], "m": {"k": {"double": 1.0}, "n": None}, "e": "A", "f": b"abc", "t": True},
         "keep": 5},
        record(("keep", "int")), {"keep": 5},
    ),
    (
        record(("x", "double"), ("y", "double"), ("z", "float"), ("t", "boolean")),
        {"x": 1.0, "y": 2.0, "z": 3.0, "t": True}, record(("t", "boolean"), ("y", "double")), {"t": True, "y": 2.0},
    ),
    (LINKS, {"v": 1, "next": {"R": {"v": 2, "next": None}}}, record(("v", "double"), ("next", ["null", "R"])),
     {"v": 1.0, "next": {"v": 2.0, "next": None}}),
    (record(("skip", LINKS | {"name": "L", "fields": [field("v", "int"), field("next", ["null", "L"])]}), ("a", "int")),
     {"skip": {"v": 1, "next": {"L": {"v": 2, "next": None}}}, "a": 4}, record(("a", "int")), {"a": 4}),
    (record(("a", "int")), {"a": 1},
     record(("a", "int"), field("u", ["null", "int"], default=None)), {"a": 1, "u": None}),
    (record(("a", "int")), {"a": 1},
     record(("a", "int"), field("u", ["int", "long"], default=4)), {"a": 1, "u": {"int": 4}}),
    # enums and fixed: by name, without the namespace, or by alias
    (enum("A", "B"), "B", enum("B", "C", "A"), "B"),
    (enum("A", "B", "X"), "B", enum("A", "B"), "B"),
    (enum("A", name="n.E"), "A", enum("A", name="m.E"), "A"),
    (enum("A", name="Old"), "A", enum("A", aliases=["Old"]), "A"),
    (fixed(2), b"ab", fixed(2, name="n.F"), b"ab"),
    (fixed(2, name="Old"), b"ab", fixed(2, aliases=["Old"]), b"ab"),
    # unions: the writer's branch decides; plain where that can be nothing else
    (["null", "int"], {"int": 3}, ["null", "long"], 3),
    (["null", "int"], None, ["null", "double"], None),
    (["null", "int"], {"int": 3}, ["string", "double", "null"], 3.0),
    ("int", 3, ["null", "int"], 3),
    ("int", 3, ["double", "int"], 3),
    ("int", 3, ["null", "float", "double"], {"float": 3.0}),
    ("int", 3, ["int", "long"], {"int": 3}),
    ("long", 3, ["int", "long"], {"long": 3}),
    ("int", 3, ["double", "long"], 3),
    (["int", "long"], {"long": 3}, ["long", "int"], {"long": 3}),
    (["int", "long"], {"int": 3}, ["long", "int"], {"int": 3}),
    (["int", "string"], {"int": 3}, "long", 3),
    (["int", "long"], {"int": 3}, "double", 3.0),
    (["string", "bytes"], {"bytes": b"x"}, ["bytes", "string"], b"x"),
    (["string", "bytes"], {"string": "x"}, ["bytes", "string"], "x"),
    ("bytes", b"x", ["null", "string"], "x"),
    (["string", enum("A")], {"E": "A"}, [enum("A"), "string"], {"E": "A"}),
    (["string", enum("A")], {"string": "A"}, [enum("A"), "string"], {"string": "A"}),
    (["bytes", fixed(1)], {"F": b"A"}, [fixed(1), "bytes"], {"F": b"A"}),
    ([record(("a", "int"), name="P"), record(("a", "int"), name="Q")], {"Q": {"a": 1}},
     [record(("a", "int"), name="P"), record(("a", "int"), name="Q")], {"Q": {"a": 1}}),
    ([record(("a", "int"), name="P"), record(("a", "int"), name="Q")], {"Q": {"a": 1}},
     [record(("a", "long"), name="n.Q"), record(("a", "int"), name="n.P")], {"n.Q": {"a": 1}}),
    (["null", record(("a", "int"), name="Old")], {"Old": {"a": 1}},
     ["null", record(("a", "int")), record(("a", "int"), name="S", aliases=["Old"])], {"S": {"a": 1}}),
    (["null", record(("a", "int"), name="Other")], {"Other": {"a": 1}}, ["null", record(("a", "int"))], {"a": 1}),
    (["null", mapping("int")], {"map": {"int": 1}}, ["null", mapping("int")], {"map": {"int": 1}}),
    (["null", record(("null", "int"))], {"R": {"null": 1}}, ["null", record(("null", "int"))], {"R": {"null": 1}}),
    (["null", record(("R", "int"))], {"R": {"R": 1}}, ["null", record(("R", "int"))], {"R": {"R": 1}}),
    (["null", "int", mapping("int")], {"map": {"a": 1}}, [mapping("double"), "null", "long"], {"map": {"a": 1.0}}),
    (array(["null", "string"]), [None, {"string": "x"}], array(["string", "null"]), [None, "x"]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "value", "wanted", "got"), READ, ids=lambda x: str(x)[:30])
def test_what_is_read(written, value, wanted, got):
    [row] = rows(written, [value], wanted)
    assert row.error is None
    assert repr(row.datum) == repr(got)


@pytest.mark.parametrize(("written", "value", "wanted", "got"), READ, ids=lambda x: str(x)[:30])
@pytest.mark.parametrize("ready", [True, False])
def test_an_engine_takes_it_in_that_branch(written, value, wanted, got, ready):
    engine = pfa.loads({"input": wanted, "output": wanted, "action": "input"}, unions="tagged")
    [row] = avro.reader(file_of(written, [value]), engine.input_type, ready=ready)
    assert repr(engine.action(row.datum)) == repr(engine.action(got))


WIDE = ["null", *({"type": "fixed", "name": f"F{i}", "size": 1} for i in range(100)), "int"]


def test_unions_of_many_branches():
    values = [None, {"F0": b"0"}, {"F70": b"x"}, {"F99": b"9"}, {"int": 4}]
    got = [row.datum for row in rows(WIDE, values, WIDE)]
    assert got == [None, {"F0": b"0"}, {"F70": b"x"}, {"F99": b"9"}, 4]


def test_enums_of_many_symbols():
    symbols = [f"S{i}" for i in range(300)]
    assert [r.datum for r in rows(enum(*symbols), symbols, enum(*reversed(symbols)))] == symbols


def test_types_that_nest_deep():
    schema, value = "int", 3
    for i in range(60):
        schema, value = (array(schema), [value]) if i % 2 else (mapping(schema), {"k": value})
    [row] = rows(schema, [value], schema)
    assert row.datum == value


def test_a_record_of_many_fields():
    schema = record(*((f"f{i}", ["null", "double"] if i % 2 else "long") for i in range(3000)))
    value = {f"f{i}": {"double": 0.5} if i % 2 else i for i in range(3000)}
    [row] = rows(schema, [value], schema)
    assert row.datum == {f"f{i}": 0.5 if i % 2 else i for i in range(3000)}


# --- what does not fit -----------------------------------------------------------------------------------------

UNFIT = [
    ("string", "int", "/: expected int, found string"),
    ("long", "int", "/: expected int, found long"),
    ("double", "float", "/: expected float, found double"),
    ("int", "boolean", "/: expected boolean, found int"),
    ("null", "int", "/: expected int, found null"),
    (array("string"), array("int"), "/*: expected int, found string"),
    (mapping(array("string")), mapping(array("int")), "/*/*: expected int, found string"),
    (array("int"), mapping("int"), "/: expected map(int), found array(int)"),
    (record(("a", "int")), record(("a", "int"), ("bc", "int")), "/bc: the data have no field bc of record R"),
    (record(("bd", "int")), record(("bdd", "int")), 'did you mean "bd"?'),
    (record(("a", record(("b", "string"), name="S"))), record(("a", record(("b", "int"), name="S"))),
     "/a/b: expected int, found string"),
    (record(("a", ["null", "string"])), record(("a", ["null", "double"])), "/a: expected union(null, double)"),
    (["null", "string"], "double", "/: expected double, found union(null, string)"),
    ("string", ["null", "int"], "/: expected union(null, int), found string"),
    (enum("A"), enum("B"), "/: expected enum E (B), found enum E (A)"),
    (enum("A", name="D"), enum("A"), "give the type wanted this name as an alias"),
    (fixed(3), fixed(4), "expected fixed F (4 bytes), found fixed F (3 bytes)"),
    (fixed(3), "bytes", "expected bytes, found fixed F"),
    (["null", array("string")], ["null", array("int")], "/*: expected int, found string"),
    (record(("a", "string"), ("b", "string")), record(("a", "int"), ("b", "int")), "(and 1 more)"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "wanted", "message"), UNFIT, ids=lambda x: str(x)[:30])
def test_schemas_that_cannot_be_resolved_are_one_error_before_any_record(written, wanted, message):
    with pytest.raises(pfa.PfaDataError) as caught:
        avro.reader(file_of(written, []), schema_type(wanted), file="data.avro")
    assert message in str(caught.value)
    assert str(caught.value).startswith("data.avro")
    assert "\n" not in str(caught.value)


REFUSED = [
    (["null", "int"], [{"int": 1}, None, {"int": 2}], "int", "expected int, found null", ""),
    (["int", "string"], [{"int": 1}, {"string": "s"}, {"int": 2}], ["null", "int"], "expected union(null, int)", ""),
    (enum("A", "X", "B"), ["A", "X", "B"], enum("B", "A"), "found another symbol", ""),
    (record(("p", "string"), ("e", ["int", enum("A")])), [{"p": "a", "e": {"int": 1}}, {"p": "b", "e": {"E": "A"}},
     {"p": "c", "e": {"int": 2}}], record(("e", "int")), "expected int, found enum E", "/e"),
    (array(["int", "null"]), [[], [{"int": 1}, None], [{"int": 2}]], array("int"), "expected int, found null", "/*"),
    ("bytes", [b"a", b"\xff", b"c"], "string", "not UTF-8", ""),
]  # fmt: skip


@pytest.mark.parametrize(("written", "values", "wanted", "message", "path"), REFUSED, ids=lambda x: str(x)[:30])
def test_a_datum_that_does_not_fit_is_stepped_over(written, values, wanted, message, path):
    first, second, third = rows(written, values, wanted)
    assert first.error is None
    assert third.error is None
    assert (first.line, second.line, third.line) == (1, 2, 3)
    assert message in str(second.error)
    assert "record 2, byte " in str(second.error)
    assert second.error.path == path
    again = avro.reader(file_of(written, values), schema_type(wanted), start=second.end)
    assert [(r.line, r.datum) for r in again] == [(3, third.datum)]


def test_symbols_of_data_are_quoted_only_where_asked():
    written = file_of(enum("A", "SECRET"), ["SECRET"])
    [row] = avro.reader(written, schema_type(enum("A")))
    assert "SECRET" not in str(row.error)
    written.seek(0)
    [row] = avro.reader(written, schema_type(enum("A")), quote=True)
    assert 'found the symbol "SECRET"' in str(row.error)
