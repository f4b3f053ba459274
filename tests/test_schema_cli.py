"""`pfa schema`: the type that fits every row, and what has none."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfa.cli import main
from pfa.data.avro_schema import schema_of
from pfa.data.formats import NAMES
from pfa.data.infer import DEEPEST, MOST_FIELDS, infer, renamed, suggestion
from pfa.data.values import Decoders
from pfa.errors import PfaDataError
from pfa.types import INT, Field, Record


def inferred(form, text, **more):
    source = io.BytesIO(text.encode() if isinstance(text, str) else text)
    return schema_of(infer(source, NAMES[form], **more))


def fields(schema):
    return {f["name"]: f["type"] for f in schema["fields"]}


CELLS = {
    "1 -5 2147483647": "int",
    "1 2147483648": "long",
    "1 2.5": "double",
    "1e5 +3": "double",
    "1 NaN -inf": "double",
    "99999999999999999999 1": "string",
    "100000000000000000000 1": "double",
    "9007199254740993 0.5": "string",
    "9007199254740992 0.5": "double",
    "007 12": "string",
    "0 -0 0.5": "double",
    "true FALSE": "boolean",
    "true 1": "string",
    "1 x 2": "string",
    "x . -": "string",
    "[1] [2,2.5]": {"type": "array", "items": "double"},
    '{"a-b":1} {"c":2}': {"type": "map", "values": "int"},
    "[1] {}": "string",
    '[1] {"a":': "string",
    "9" * 50: "string",
}


@pytest.mark.parametrize(("cells", "expected"), CELLS.items())
def test_a_column(cells, expected):
    rows = "".join('"' + cell.replace('"', '""') + '",z\n' for cell in cells.split())
    found = fields(inferred("csv", "a,b\n" + rows))
    assert found == {"a": expected, "b": "string"}
    with_empty = fields(inferred("csv", "a,b\n,\n" + rows))
    assert with_empty == {"a": ["null", expected], "b": ["null", "string"]}


def test_a_column_without_cells_and_a_file_without_rows():
    assert fields(inferred("csv", "a,b\n,1\n,2\n")) == {"a": "null", "b": "int"}
    assert fields(inferred("csv", "a,b\n")) == {"a": "null", "b": "null"}


VALUES = {
    "1 2": "int",
    "1 3000000000": "long",
    "1 2.0": "double",
    "1 NaN": "double",
    "100000000000000000000": "double",
    "true null": ["null", "boolean"],
    'null "x" 1 true [] {}': ["null", "boolean", "int", "string", {"type": "array", "items": "null"},
                              {"type": "map", "values": "null"}],
    "[1,null] [2.5]": {"type": "array", "items": ["null", "double"]},
    "[[],[[1]]]": {"type": "array", "items": {"type": "array", "items": {"type": "array", "items": "int"}}},
    '{"a":1} {"a":2,"b":null} {"a":3,"c":"x"}': {"type": "record", "name": "V", "fields": [
        {"name": "a", "type": "int"}, {"name": "b", "type": "null", "default": None},
        {"name": "c", "type": ["null", "string"], "default": None}]},
    '{"a":{"x":1}} {"a":{"x":2.5,"y":[{"x":1}]}}': {"type": "record", "name": "V", "fields": [
        {"name": "a", "type": {"type": "record", "name": "A", "fields": [
            {"name": "x", "type": "double"},
            {"name": "y", "type": ["null", {"type": "array", "items": {
                "type": "record", "name": "Y", "fields": [{"name": "x", "type": "int"}]}}], "default": None}]}}]},
    '{"a":{"v":{"v":1}}}': {"type": "record", "name": "V", "fields": [{"name": "a", "type": {
        "type": "record", "name": "A", "fields": [{"name": "v", "type": {
            "type": "record", "name": "V_2", "fields": [{"name": "v", "type": "int"}]}}]}}]},
    '{"2024-01":1} {"2024-02":2.5}': {"type": "map", "values": "double"},
    '{"int":1} null': ["null", "int"],
    '{"int":1} {"string":"x"}': ["int", "string"],
    '{"double":1} null {"array":[1]}': ["null", "double", {"type": "array", "items": "int"}],
    '{"int":1}': {"type": "record", "name": "V", "fields": [{"name": "int", "type": "int"}]},
    '{"int":2.5} null': ["null", {"type": "record", "name": "V", "fields": [{"name": "int", "type": "double"}]}],
    '{"V":1} null': ["null", {"type": "record", "name": "V_2", "fields": [{"name": "V", "type": "int"}]}],
    '{"string":1} null': ["null", {"type": "record", "name": "V", "fields": [{"name": "string", "type": "int"}]}],
}  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), VALUES.items(), ids=range(len(VALUES)))
def test_a_value_of_json(values, expected):
    lines = "".join(f'{{"v":{value}}}\n' for value in values.split(" "))
    assert fields(inferred("jsonl", lines)) == {"v": expected}


def test_rows_that_are_no_objects():
    assert inferred("jsonl", "1\n2.5\n") == "double"
    assert inferred("jsonl", '[1]\n\n"x"\n') == ["string", {"type": "array", "items": "int"}]


def test_many_keys_of_which_each_object_has_few_are_a_map():
    lines = "".join(json.dumps({"v": {f"k{i}": i, f"k{i + 1}": i}}) + "\n" for i in range(30))
    assert fields(inferred("jsonl", lines)) == {"v": {"type": "map", "values": "int"}}
    wide = json.dumps({"v": {f"k{i}": i for i in range(100)}})
    assert len(fields(inferred("jsonl", wide))["v"]["fields"]) == 100
    huge = "".join(
        json.dumps({"v": {f"k{i}_{j}": [i] for i in range(MOST_FIELDS)}}) + "\n" for j in range(3)
    )
    assert fields(inferred("jsonl", huge)) == {"v": {"type": "map", "values": {"type": "array", "items": "int"}}}


def test_only_some_rows():
    assert inferred("jsonl", "1\n2\n2.5\n", rows=2) == "int"
    assert fields(inferred("csv", "a\n1\n2\nx\n", rows=2)) == {"a": "int"}


WRONG = {
    "no JSON": ("jsonl", '{"a":1}\nnope\n', ["f:2:1", "no JSON"]),
    "not UTF-8": ("jsonl", b'{"a":1}\n"\xff"\n', ["f:2:2", "not UTF-8"]),
    "a number with too many digits": ("jsonl", '{"a":1}\n{"a":123456789012345678901}\n{"a":1}', ["f:2:1", "digits"]),
    "digits that a double loses": ("jsonl", "[0.5]\n[9007199254740993]\n", ["f:2:1", "write it as a string"]),
    "an object like a tagged value": ("jsonl", '"x"\n{"string":null}\n', ['"string" as its only key would be read']),
    "no rows": ("jsonl", "\n\n", ["f: there are no rows"]),
    "nested too deep": ("jsonl", "1\n" + "[" * 70 + "]" * 70, ["f:2:1", f"more than {DEEPEST} deep"]),
    "nested deeper than Python": ("jsonl", "1\n" + "[" * 100_000, ["f:2:1"]),
    "too many fields": ("jsonl", json.dumps({f"k{i}": 1 for i in range(MOST_FIELDS + 1)}), ["f:1:1", "more than"]),
    "no header": ("csv", "", ["f:1:1", "the file is empty"]),
    "a column twice": ("csv", "a,b,a\n1,2,3\n", ["f:1:1", 'more than one column "a"']),
    "a row that is too short": ("csv", "a,b\n1,2\n3\n", ["f:3:1", "1 cells, but the header has 2"]),
    "a quote without its end": ("csv", 'a\n"x\n', ["f:2:1", "no CSV"]),
    "no Avro file": ("avro", "nope", ["f", "no Avro container file"]),
}


@pytest.mark.parametrize(("form", "text", "says"), WRONG.values(), ids=WRONG)
def test_what_has_no_type_is_named_with_its_place(form, text, says):
    with pytest.raises(PfaDataError) as caught:
        inferred(form, text, file="f")
    assert [part for part in says if part not in str(caught.value)] == []


@pytest.mark.parametrize("form", ["arrow", "arrows"])
def test_names_that_are_no_utf8(form):
    pytest.importorskip("pyarrow")
    t = Record("R", (Field("name", INT),))
    writer = NAMES[form].writer(out := io.BytesIO(), t)
    writer.write({"name": 1})
    writer.close()
    with pytest.raises(PfaDataError, match=f"no file of the format {form}"):
        inferred(form, out.getvalue().replace(b"name\0", b"\xffame\0"))


@pytest.mark.parametrize("form", ["parquet", "arrow", "arrows"])
def test_no_file_of_arrows(form):
    with pytest.raises(PfaDataError, match=f"f: no file of the format {form}"):
        inferred(form, b"nope" * 99, file="f")


TAGS = ("int", "string", "map")
KEYS = st.sampled_from(["a", "b", "V", *TAGS, "é"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 31), 1 << 40) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(JSON, min_size=1, max_size=5))
def test_every_row_is_a_datum_of_the_type(rows):
    text = "".join(json.dumps({"v": row}) + "\n" for row in rows).encode()
    try:
        t = infer(io.BytesIO(text), NAMES["jsonl"])
    except PfaDataError as error:
        if "as its only key would be read" in str(error) and any(f'{{"{tag}": ' in text.decode() for tag in TAGS):
            return
        raise
    decode = Decoders().datum(t)
    read = list(NAMES["jsonl"].reader(io.BytesIO(text), t))
    assert [row.error for row in read] == [None] * len(rows)
    for row in read:
        decode(row.datum)


CELL = st.text("09.-+eExntrufals[]{}\":, ", max_size=6) | st.sampled_from(["true", "1", "", "-2.5", "nan", "[1]"])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(CELL, min_size=1, max_size=5))
def test_every_row_of_csv_is_a_datum_of_the_type(cells):
    text = ("v,w\n" + "".join('"' + cell.replace('"', '""') + '",1\n' for cell in cells)).encode()
    t = infer(io.BytesIO(text), NAMES["csv"])
    decode = Decoders().datum(t)
    read = list(NAMES["csv"].reader(io.BytesIO(text), t))
    assert [row.error for row in read] == [None] * len(cells)
    for row in read:
        decode(row.datum)


@pytest.mark.parametrize(("name", "made"), [("sepal length (cm)", "sepal_length_cm"), ("1st", "_1st"), ("", "field"),
                                            ("größe", "gr_e"), ("a.b", "a_b"), ("__x", "x")])  # fmt: skip
def test_a_name_of_avro_that_is_like_another(name, made):
    assert suggestion(name) == made


def test_names_stay_different():
    t = renamed(Record("R", tuple(Field(n, Record("X")) for n in ("a b", "a_b", "a-b", "a_b_2"))))
    assert [f.name for f in t.fields] == ["a_b_3", "a_b", "a_b_4", "a_b_2"]


# --- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def schema(tmp_path, monkeypatch, capsys):
    """Run `pfa schema` on a file of some content: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def command(name, content, *words):
        (tmp_path / name).write_bytes(content.encode())
        code = main(["schema", name, *words])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def test_it_prints_json(schema):
    code, out, err = schema("x.csv", "a\n1\n", "--name", "Person")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"type": "record", "name": "Person", "fields": [{"name": "a", "type": "int"}]}


def test_names_that_are_none_are_refused_with_the_remedy_or_made_valid(schema):
    code, out, err = schema("x.csv", "a b,c\n1,2\n")
    assert (code, out) == (1, "")
    assert 'rename the columns, or give --rename, which makes "a b" a_b' in err
    code, out, err = schema("x.csv", "a b,c\n1,2\n", "--rename")
    assert (code, [f["name"] for f in json.loads(out)["fields"]]) == (0, ["a_b", "c"])


@pytest.mark.parametrize(("words", "says"), [
    (["x.yaml"], 'no format has the extension ".yaml"'), (["x.csv", "--name", "a b"], "a_b would be one"),
])  # fmt: skip
def test_usage(schema, words, says):
    code, out, err = schema(words[0], "a\n1\n", *words[1:])
    assert (code, out) == (2, "")
    assert says in err


def test_a_file_that_is_not_there(capsys):
    assert main(["schema", "no-such-file.csv"]) == 2
    assert "no-such-file.csv: No such file" in capsys.readouterr().err


def test_files_that_have_a_schema_print_it(tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,x\n2,\n")
    expected = inferred("csv", path.read_text())
    for form in ("avro", "parquet", "arrow", "arrows", "jsonl"):
        made = str(tmp_path / f"x.{form}")
        assert main(["convert", str(path), made]) == 0
        assert main(["schema", made]) == 0
        assert json.loads(capsys.readouterr().out) == expected
