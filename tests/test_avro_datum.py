"""One Avro datum: binary, JSON and single-object encoding."""

import json
import math
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings

import pfa
from pfa.data import avro_datum
from pfa.data.avro_schema import canonical_form, fingerprint, schema_of, schema_type
from tests.avro_values import schemas_and_values

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
OLD = {
    "type": "record",
    "name": "a.Event",
    "fields": [{"name": "n", "type": "int"}, {"name": "kind", "type": {"type": "enum", "name": "K", "symbols": ["P"]}}],
}
NEW = {
    "type": "record",
    "name": "a.Event",
    "fields": [{"name": "n", "type": "long"}, {"name": "u", "type": ["int", "long"], "default": 1}],
}
# canonical form and CRC-64-AVRO (low byte first) as Apache's test vectors have them (share/test/data/schema-tests.txt)
FINGERPRINTS = [
    ('"null"', '"null"', 7195948357588979594),
    ('{"type": "null"}', '"null"', 7195948357588979594),
    ('"boolean"', '"boolean"', -6970731678124411036),
    ('"int"', '"int"', 8247732601305521295),
    ('{"type": "fixed", "name": "Test", "size": 1}', '{"name":"Test","type":"fixed","size":1}', None),
    ('{"type": "enum", "symbols": ["A"], "name": "Test"}', '{"name":"Test","type":"enum","symbols":["A"]}', None),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "form", "mark"), FINGERPRINTS)
def test_canonical_forms_and_fingerprints(schema, form, mark):
    t = schema_type(json.loads(schema))
    assert canonical_form(t) == form
    if mark is not None:
        assert int.from_bytes(fingerprint(t), "little", signed=True) == mark


@QUICK
@given(schemas_and_values(most=0))
def test_canonical_forms_are_fastavros(case):
    import fastavro

    schema, _ = case
    t = schema_type(schema)
    form = fastavro.schema.to_parsing_canonical_form(json.loads(json.dumps(schema)))
    assert canonical_form(t) == form
    assert fingerprint(t).hex() == fastavro.schema.fingerprint(form, "CRC-64-AVRO")
    assert canonical_form(schema_type(schema_of(t))) == form


@QUICK
@given(schemas_and_values())
def test_every_encoding_gives_back_what_went_in(case):
    schema, values = case
    t = schema_type(schema)
    for value in values:
        binary = avro_datum.encode_binary(t, value)
        assert avro_datum.encode_binary(t, avro_datum.decode_binary(t, binary)) == binary
        text = avro_datum.encode_json(t, value)
        again = avro_datum.encode_json(t, avro_datum.decode_json(t, text))
        assert again == text
        if "NaN" not in text:
            assert avro_datum.encode_binary(t, avro_datum.decode_json(t, text)) == binary


def test_the_json_encoding():
    schema = {"type": "array", "items": ["null", "int", "bytes", "double", {"type": "map", "values": "string"}]}
    t = schema_type(schema)
    value = [None, {"int": 1}, b"\x00\xff", 0.5, math.inf, {"map": {"a": "ü"}}]
    text = '[null,{"int":1},{"bytes":"\\u0000ÿ"},{"double":0.5},{"double":"Infinity"},{"map":{"a":"ü"}}]'
    assert avro_datum.encode_json(t, value) == text
    assert avro_datum.decode_json(t, '[null, {"int": 1}]') == [None, {"int": 1}]


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ("int", "{"),
        ("int", "1.5"),
        ("int", '"x"'),
        ("bytes", '"\u0100"'),
        ("int", "[" * 100_000),
        ({"type": "map", "values": "int"}, '{"a": 1, "a": 2}'),
        (["null", "int"], '{"long": 1}'),
    ],
)
def test_json_that_is_no_datum(schema, text):
    with pytest.raises(pfa.PfaDataError):
        avro_datum.decode_json(schema_type(schema), text)


def engine(schema=NEW):
    return pfa.loads({"input": schema, "output": schema, "action": "input"}, unions="tagged")


def test_a_single_object_of_the_engines_own_schema():
    e = engine()
    for value in ({"n": 5, "u": {"int": 1}}, {"n": -5, "u": {"long": 1}}):
        data = avro_datum.encode_single(e.input_type, value)
        assert data[:2] == b"\xc3\x01"
        assert e.action(pfa.data.single_object(e, data)) == value
        assert e.action(pfa.data.single_object(e, memoryview(data))) == value


@pytest.mark.parametrize("form", [lambda s: s, json.dumps, lambda s: json.dumps(s).encode(), schema_type])
def test_a_single_object_of_an_older_schema(form):
    e = engine()
    data = avro_datum.encode_single(schema_type(OLD), {"n": 5, "kind": "P"})
    with pytest.raises(pfa.PfaDataError, match="neither the input's nor that of one of the schemas given"):
        pfa.data.single_object(e, data)
    datum = pfa.data.single_object(e, data, ["int", form(OLD)])
    assert e.action(datum) == {"n": 5, "u": {"int": 1}}


def test_a_single_object_of_a_schema_that_does_not_fit():
    data = avro_datum.encode_single(schema_type("string"), "x")
    with pytest.raises(pfa.PfaDataError, match=r"expected record a\.Event, found string"):
        pfa.data.single_object(engine(), data, ["string"])


def test_single_objects_that_are_broken():
    e = engine()
    data = avro_datum.encode_single(e.input_type, {"n": 1 << 40, "u": {"int": 1}})
    for stop in range(len(data)):
        with pytest.raises(pfa.PfaDataError):
            pfa.data.single_object(e, data[:stop])
    with pytest.raises(pfa.PfaDataError, match="1 bytes are left over"):
        pfa.data.single_object(e, data + b"x")
    with pytest.raises(pfa.PfaDataError, match="this is no single object"):
        pfa.data.single_object(e, b"\xc3\x02" + data[2:])
    with pytest.raises(pfa.PfaDataError, match="byte 17: there is no branch or symbol 5 of 2"):
        pfa.data.single_object(e, data[:16] + b"\x0a\x02")


def test_apaches_single_objects():
    """Written by their rules: marker, fingerprint, binary datum by Apache's encoder."""
    from io import BytesIO

    from avro.io import BinaryEncoder, DatumWriter
    from avro.schema import parse

    out = BytesIO()
    DatumWriter(parse(json.dumps(OLD))).write({"n": 77, "kind": "P"}, BinaryEncoder(out))
    e = engine(OLD)
    datum = pfa.data.single_object(e, b"\xc3\x01" + fingerprint(e.input_type) + out.getvalue())
    assert datum == {"n": 77, "kind": "P"}


def test_engines_that_are_dropped_are_not_kept():
    import gc
    import weakref

    e = engine()
    pfa.data.single_object(e, avro_datum.encode_single(e.input_type, {"n": 1, "u": {"int": 1}}))
    seen = weakref.ref(e)
    del e
    gc.collect()
    assert seen() is None


def test_importing_pfa_brings_no_avro():
    code = "import sys, pfa.data; print([m for m in sys.modules if 'avro' in m or m == 'cramjam'])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
