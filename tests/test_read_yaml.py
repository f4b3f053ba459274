"""Reading YAML: the core schema of 1.2, what is refused and where, attacks, and where values stand."""

import json
import math
import random
import re
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pfa.errors import PfaLimitError, PfaSyntaxError, Where
from pfa.limits import Limits
from pfa.read import problems, read
from pfa.read.schema import resolve

LIMITS = Limits()
MAX = 2**63 - 1

SCALARS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "nULL": "nULL",
    "true": True, "True": True, "TRUE": True, "false": False, "tRue": "tRue",
    "on": "on", "off": "off", "yes": "yes", "no": "no", "y": "y", "N": "N",
    "0": 0, "-0": 0, "+12": 12, "017": 17, "0o17": 15, "0x1F": 31, "-0x1F": "-0x1F", "0b1": "0b1",
    "1_000": "1_000",
    str(MAX): MAX, str(-MAX - 1): -MAX - 1, "0x7fffffffffffffff": MAX,
    "1.5": 1.5, "1.2.3": "1.2.3", "1e": "1e", ".": ".",
    "-.5": -0.5, "1.": 1.0, "1e-05": 1e-05, "1E5": 1e5, "+1.5e+3": 1500.0,
    "12:30": "12:30", "12:30:45.5": "12:30:45.5", "2001-01-01": "2001-01-01",
    "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "NaN": "NaN", "Infinity": "Infinity", "inf": "inf", "=": "=", "<<": "<<",
    "٣": "٣", "e5": "e5", "-": "-", "+": "+",
}  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_the_core_schema(text):
    value = SCALARS[text]
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)
    for quoted in (f"'{text}'", f'"{text}"', f"|-\n  {text}"):
        assert read(f"a: {quoted}\n", limits=LIMITS).value == {"a": text}


@pytest.mark.parametrize(
    ("text", "value", "token"),
    [
        (".inf", math.inf, "Infinity"),
        ("+.INF", math.inf, "+Infinity"),
        ("-.Inf", -math.inf, "-Infinity"),
        (".nan", math.nan, "NaN"),
    ],
)
def test_nan_and_infinity_are_read_with_a_warning(text, value, token):
    got = read(f"a: 1\nb: [{text}, {text}]\n", limits=LIMITS)
    assert repr(got.value["b"]) == repr([value, value])
    assert resolve(text) == problems.NonFinite(token, 1)
    assert got.warnings == [problems.NonFinite(".nan or .inf", 2, at=Where("/b/0", 2, 5))]


GOOD = [
    ("a: 1\nb:\n  - x\n  - {c: d}\n", {"a": 1, "b": ["x", {"c": "d"}]}),
    ("1: a\ntrue: b\n~: c\n1.50: d\n'x': e\n", {"1": "a", "true": "b", "~": "c", "1.50": "d", "x": "e"}),
    ("{input: int, output: [{+: [input, 1]}]}", {"input": "int", "output": [{"+": ["input", 1]}]}),
    ('"a": 1\n"b": 2', {"a": 1, "b": 2}),
    ("# comment\n---\na: 1\n...\n", {"a": 1}),
    ("%YAML 1.2\n---\na: on", {"a": "on"}),
    ("a: &x [1, {b: 2}]\nc: [*x, *x]", {"a": [1, {"b": 2}], "c": [[1, {"b": 2}]] * 2}),
    ("&x a: 1\nb: *x\n", {"a": 1, "b": "a"}),
    ("x: &x a\n*x : 2\n", {"x": "a", "a": 2}),
    ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
    ("a: &x [&x 1, *x]\nb: *x", {"a": [1, 1], "b": 1}),
    ("<<: {a: 1}\nb: 2", {"<<": {"a": 1}, "b": 2}),
    ("a: >\n  one\n  two\nb: |\n  x\n", {"a": "one two\n", "b": "x\n"}),
    ("a: \"\\x41\\u00e9\\U0001F600\"", {"a": "Aé😀"}),
    ("a: é😀\n", {"a": "é😀"}),
    ("\ufeffa: 1", {"a": 1}),
    ("- a\n- b", ["a", "b"]),
    ("just words", "just words"),
    ("a:\nb:", {"a": None, "b": None}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), GOOD)
def test_what_is_read(text, value):
    got = read(text, limits=LIMITS)
    assert repr(got.value) == repr(value)
    assert got.owned
    assert got.warnings == []


def test_aliases_are_copies():
    value = read("a: &x [1, {b: []}]\nc: *x\n", limits=LIMITS).value
    value["a"][1]["b"].append(5)
    value["a"].append(5)
    assert value["c"] == [1, {"b": []}]


def test_an_old_version_is_a_warning():
    got = read("%YAML 1.1\n---\na: on\n", limits=LIMITS)
    assert got.value == {"a": "on"}
    assert got.warnings == [problems.OldYaml("1.1", at=Where("", 1, 1))]


def problem(text, limits=LIMITS, syntax="yaml"):
    with pytest.raises((PfaSyntaxError, PfaLimitError)) as caught:
        read(text, limits=limits, syntax=syntax)
    (found,) = caught.value.problems
    return found


BAD = [
    ("a: 1\nb: {x: 1, a: 2,\n  x: 3}", "3:3 /b/x", "the key 'x' stands twice in this object"),
    ("1: a\n'1': b\n", "2:1 /1", "the key '1' stands twice in this object"),
    ("<<: 1\n<<: 2\n", "2:1 /<<", "the key '<<' stands twice in this object"),
    ("&x a: 1\nb: 2\n*x : 2\n", "3:1 /a", "the key 'a' stands twice in this object"),
    (f"a: [1, {MAX + 1}]", "1:8 /a/1", f"the integer {MAX + 1} does not fit in 64 bits"),
    ("a: 0x8000000000000000", "1:4 /a", "the integer 0x8000000000000000 does not fit in 64 bits"),
    ("a: -1e999", "1:4 /a", "this number is larger than any double"),
    (
        "a: !!python/object:os.system x",
        "1:4 /a",
        "YAML tags such as !!python/object:os.system are not allowed",
    ),
    ("a: !!str 5", "1:4 /a", "YAML tags such as !!str are not allowed; for text write it in quotes"),
    ("a: ! 5", "1:4 /a", "YAML tags such as ! are not allowed"),
    ("a: [!x [1]]", "1:5 /a/0", "YAML tags such as !x are not allowed"),
    ("a: 1\n!y b: 1", "2:1 /", "YAML tags such as !y are not allowed"),
    ("%TAG ! tag:x,1:\n---\na: !y {}", "3:4 /a", "YAML tags such as tag:x,1:y are not allowed"),
    ("a: 1\n---\nb: 2", "2:1 /", "a second YAML document begins here; the text must hold one"),
    ("a: &x [1, *x]", "1:11 /a/1", "the alias *x stands inside the value that it repeats"),
    ("&x {a: {b: *x}}", "1:12 /a/b", "the alias *x stands inside the value that it repeats"),
    ("a: *x\nb: &x 1", "1:4 /a", "no anchor stands before the alias *x"),
    ("? [a]\n: 1", "1:3 /", "a key must be a string, not a sequence"),
    ("a: 1\n? {a: 1}\n: 1", "2:3 /", "a key must be a string, not a mapping"),
    ("a: &x 1\n*x : 1", "2:1 /", "a key must be a string, not a number, boolean or null"),
    ("a: &x [1]\n*x : 1", "2:1 /", "a key must be a string, not a sequence"),
    (
        "a:\n\tb: 1",
        "2:1 /",
        "found character that cannot start any token while scanning for the next token (YAML is not",
    ),
    ("a: b: c", "1:5 /", "mapping values are not allowed in this context"),
    ("a: 'x", "1:6 /", "found unexpected end of stream while scanning a quoted scalar"),
    ("a: é\nb: \x02", "2:4 /", "a control character, which YAML does not allow"),
    ("a: é\nb: \ud800", "2:4 /", "a string holds half of a surrogate pair"),
    ('a: "\\ud800"', "1:7 /", "found invalid Unicode character escape code while parsing a quoted scalar"),
    ("a: [1, 2", "2:1 /", "did not find expected ',' or ']' while parsing a flow sequence"),
    ("", "/", "the document is empty"),
    ("# nothing\n", "/", "the document is empty"),
]


@pytest.mark.parametrize(("text", "place", "words"), BAD)
def test_what_is_refused_and_where(text, place, words):
    found = problem(text)
    assert f"{found.at}: {found.text}".startswith(f"{place}: {words}")


def chain(first, twice, levels):
    inner = "[*a{0}, *a{0}]" if twice else "[*a{0}]"
    lines = [f"a0: &a0 {first}"] + [f"a{i}: &a{i} {inner.format(i - 1)}" for i in range(1, levels)]
    return "\n".join(lines)


ATTACKS = {
    "billion laughs": (chain("[x, x]", True, 60), problems.TooManyAliases),
    "one large alias": ("a: &a [" + "1," * 10_000 + "]\nb: [" + "*a," * 100 + "]", problems.TooManyAliases),
    "deep aliases": (chain("[" * 400 + "]" * 400, False, 150), problems.TooDeep),
    "deep flow": ("[" * 10_000_000, problems.TooDeep),
    "deep mappings": ("{a: " * 1_000_000, problems.TooDeep),
    "deep blocks": ("- " * 1_000_000, problems.TooDeep),
    "deep keys": ("? " * 1_000_000, problems.NoScalarKey),
    "deep lines": ("\n".join(" " * i + "a:" for i in range(3000)), problems.TooDeep),
    "one long integer": ("a: " + "9" * 5_000_000, problems.LargeInteger),
    "one long hexadecimal": ("a: 0x" + "f" * 5_000_000, problems.LargeInteger),
    "one long double": ("a: " + "9" * 5_000_000 + ".0", problems.LargeFloat),
    "long anchor": ("a: &" + "x" * 5_000_000 + "\nb: *y", problems.NoSuchAnchor),
    "long tag": ("a: !" + "x" * 5_000_000 + " 1", problems.ExplicitTag),
    "quotes": ('"' * 1_000_000, problems.BadYaml),
    "colons": (":" * 1_000_000 + " {", problems.BadYaml),
    "commas": ("[" + "," * 1_000_000, problems.BadYaml),
    "exclamation marks": ("!" * 1_000_000 + " a", problems.ExplicitTag),
    "documents": ("---\n" * 1_000_000, problems.ManyDocuments),
    "same key": ("a: 1\n" * 100_000, problems.DuplicateKey),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_end_at_once(name):
    text, kind = ATTACKS[name]
    start = time.process_time()
    found = problem(text)
    assert isinstance(found, kind)
    assert time.process_time() - start < 5
    assert len(found.text) < 200


def test_limits():
    assert problem("[[[]]]", Limits(nesting=2)) == problems.TooDeep(2, at=Where("/0/0", 1, 3))
    assert read("[[[]]]", limits=Limits(nesting=3), syntax="yaml").nesting == 3
    assert read("a: &a [[]]\nb: {c: *a}\n", limits=LIMITS).nesting == 4
    assert problem("a: &a [[]]\nb: {c: *a}\n", Limits(nesting=3)) == problems.TooDeep(
        3, at=Where("/b/c", 2, 8)
    )
    assert problem("[1, [2]]", Limits(nodes=3)) == problems.TooManyNodes(3, at=Where("/1/0", 1, 6))
    assert problem("[&a [1], *a]", Limits(nodes=4)) == problems.TooManyNodes(4, at=Where("/1", 1, 10))
    assert problem("[&a [1], *a, *a]", Limits(anchors=3)) == problems.TooManyAliases(3, at=Where("/2", 1, 14))
    assert read("[&a [1], *a, *a]", limits=Limits(anchors=4), syntax="yaml").value == [[1]] * 3
    assert problem("a: éé", Limits(bytes=6)) == problems.TooLong(6)


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ('{"a": 1, b: 2}', "json"),
        ("[{'a': 1}]x", "json"),
        ("{", "json"),
        ("[[[", "json"),
        ("[ ]]", "json"),
        ('{"a": [true, false, ]}', "json"),
        ("[true, a]", "json"),
        ("[NaN, ?]", "json"),
        ("{a: 1, b: [}", "yaml"),
        ("[a, [}", "yaml"),
        ("{ # comment\n a: 1]", "yaml"),
        ("[&a 1, }", "yaml"),
        ("a: [}", "yaml"),
        ('"a": [}', "yaml"),
    ],
)
def test_the_error_is_that_of_the_syntax_that_the_text_looks_like(text, syntax):
    assert isinstance(problem(text, syntax=""), problems.BadYaml) == (syntax == "yaml")


# Places: what PyYAML writes is read back, and a pointer leads to its value.

WORDS = st.text(st.sampled_from("ab~:#-é😀 0.\"'"), max_size=6)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-9, MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


class Dumper(yaml.SafeDumper):
    """Quotes all strings and knows the floats of YAML 1.2 (PyYAML knows the words of 1.1 only)."""

    def ignore_aliases(self, data):
        return True


STR, FLOAT = "tag:yaml.org,2002:str", "tag:yaml.org,2002:float"
Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar(STR, text, style='"'))
Dumper.add_representer(float, lambda dumper, x: dumper.represent_scalar(FLOAT, repr(x)))
Dumper.add_implicit_resolver(FLOAT, re.compile(r"-?[0-9.]+(e.*)?$"), list("-0123456789"))


@given(value=st.dictionaries(WORDS, VALUES, min_size=1, max_size=3), seed=st.integers(0, 99))
def test_what_is_written_is_read_and_found(value, seed):
    rng = random.Random(seed)
    text = yaml.dump(
        value,
        Dumper=Dumper,
        default_flow_style=rng.choice([True, False, None]),
        sort_keys=False,
        allow_unicode=rng.random() < 0.5,
        indent=rng.choice([2, 3]),
        width=rng.choice([20, 10_000]),
    )
    document = read(text, limits=LIMITS, syntax="yaml", file="m.yaml")
    assert repr(document.value) == repr(value)
    lines = text.split("\n")
    for pointer, inner in leaves(value, ""):
        at = document.source.where(pointer)
        assert at.pointer == pointer
        rest = "\n".join([lines[at.line - 1][at.col - 1 :], *lines[at.line :]])
        if isinstance(inner, str):
            assert rest.startswith('"')
        elif not isinstance(inner, (dict, list)):
            assert rest.startswith(repr(inner) if isinstance(inner, float) else json.dumps(inner))


def leaves(value, pointer):
    yield pointer, value
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from leaves(inner, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")


def test_places():
    text = "a: &x\n  b: [1,\n   {c: 2}]\nd: *x\n'e/f': ~\n"
    document = read(text, limits=LIMITS, file="m.yaml")
    places = {
        "": (1, 1), "/a": (1, 4), "/a/b": (2, 6), "/a/b/1": (3, 4), "/a/b/1/c": (3, 8),
        "/d": (4, 4), "/d/b/1/c": (3, 8), "/e~1f": (5, 8), "/a/b/7": (2, 6), "/no": (1, 1),
    }  # fmt: skip
    for pointer, (line, col) in places.items():
        assert document.source.where(pointer) == Where(pointer, line, col, "m.yaml")
    keys = {"/a": (1, 1), "/a/b": (2, 3), "/a/b/1": (3, 4), "/a/b/1/c": (3, 5), "/e~1f": (5, 1)}
    for pointer, (line, col) in keys.items():
        assert document.source.where(pointer, key=True) == Where(pointer, line, col, "m.yaml")
    document.source.forget()
    assert document.source.where("/a") == Where("/a", file="m.yaml")


def test_the_same_without_libyaml(monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader")
    for text, value in GOOD:
        assert repr(read(text, limits=LIMITS).value) == repr(value)
    for text, place, _ in BAD:
        at = problem(text).at
        assert (
            at.line == 0
            or at.pointer == place.split(" ")[-1].removeprefix("/")
            or place.split(" ")[-1] in ("/", at.pointer)
        )
