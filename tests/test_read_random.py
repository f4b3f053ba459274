"""Reading JSON, texts at random: the scan counts right, and malformed text is refused as the standard library does, and
only so.
"""

import json
import random
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfa.errors import PfaError, Where
from pfa.read import positions, problems, read, scan, text
from pfa.read.positions import enclosing, skip
from pfa.read.source import join
from tests.reading import LIMITS, MAX, problem

LEAVES = st.none() | st.booleans() | st.integers(-5, MAX) | st.floats(allow_nan=False, allow_infinity=False)
STRINGS = st.text(st.sampled_from('ab"\\[]{}:,/~0é😀\n\u2028'), max_size=5)
VALUES = st.recursive(
    LEAVES | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=25,
)
DOCUMENTS = st.dictionaries(STRINGS, VALUES, max_size=4) | st.lists(VALUES, max_size=4)


@contextmanager
def pieces_of(size):
    """Work on pieces of a few characters, so that everything happens on a border."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "PIECE", size)
        patch.setattr(positions, "NEAR", min(size, positions.NEAR))
        yield


SIZES = st.sampled_from([text.PIECE, 7, 1])


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def count(value, what):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return what(value) + sum(count(v, what) for v in inner)


@given(size=SIZES, value=DOCUMENTS, ascii=st.booleans(), indent=st.sampled_from([None, 0, 2]))
def test_the_scan_counts_what_is_there(size, value, ascii, indent):
    with pieces_of(size):
        written = json.dumps(value, ensure_ascii=ascii, indent=indent)
        found = scan.scan(written, LIMITS)
        assert found.nesting == depth(value)
        assert found.keys == count(value, lambda v: len(v) if isinstance(v, dict) else 0)
        assert scan.nodes(written) == count(value, lambda v: 1)
        got = read(written, limits=LIMITS)
        assert got.value == value
        assert got.nesting == depth(value)
        assert read(value, limits=LIMITS).nesting == depth(value)


OURS = problems.DuplicateKey, problems.LargeInteger, problems.LargeFloat, problems.LoneSurrogate


@given(size=SIZES, value=DOCUMENTS, seed=st.integers(0, 1 << 32))
def test_mutilated_text_is_refused_where_json_refuses_it(size, value, seed):
    with pieces_of(size):
        rng = random.Random(seed)
        chars = list(json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1])))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(chars) + 1)
            chars[at : at + rng.randint(0, 2)] = rng.choice(
                ['"', "\\", "{", "}", "[", "]", ",", ":", "1", "a", " ", ""]
            )
        broken = "".join(chars)
        try:
            expected = json.loads(broken)
        except json.JSONDecodeError:
            found = problem(broken, syntax="json")
            assert found.at.line > 0 or found == problems.EmptyDocument()
            return
        got = outcome(broken)
        assert isinstance(got, OURS) or got == expected


def outcome(document):
    try:
        return read(document, limits=LIMITS, syntax="json").value
    except PfaError as error:
        return error.problems[0]


class Writer:
    """Writes JSON with blanks at random and notes where each value and key begins."""

    def __init__(self, rng):
        self.rng, self.out = rng, ""
        self.values, self.keys, self.offsets, self.written = {}, {}, {}, {}

    def blank(self):
        self.out += "".join(self.rng.choices([" ", "\n", "\t", "\r\n"], k=self.rng.choice([0, 0, 0, 1, 3])))

    def write(self, value, pointer=""):
        self.blank()
        self.values[pointer], self.offsets[pointer], self.written[pointer] = (
            self.place(),
            len(self.out),
            value,
        )
        if isinstance(value, (dict, list)):
            opening, closing = "{}" if isinstance(value, dict) else "[]"
            self.out += opening
            for index, key in enumerate(value):
                self.out += "," if index else ""
                self.member(value, key, pointer) if opening == "{" else self.write(key, f"{pointer}/{index}")
                self.blank()
            self.blank()
            self.out += closing
        else:
            self.out += json.dumps(value, ensure_ascii=self.rng.random() < 0.5)

    def member(self, value, key, pointer):
        inner = pointer + join([key])
        self.blank()
        self.keys[inner] = self.place()
        self.out += json.dumps(key, ensure_ascii=self.rng.random() < 0.5)
        self.blank()
        self.out += ":"
        self.write(value[key], inner)

    def place(self):
        lines = self.out.split("\n")
        return len(lines), len(lines[-1]) + 1


@given(size=SIZES, value=DOCUMENTS, seed=st.integers(0, 1 << 32))
def test_a_pointer_leads_to_its_value(size, value, seed):
    with pieces_of(size):
        writer = Writer(random.Random(seed))
        writer.write(value)
        document = read(writer.out, limits=LIMITS, file="m.pfa")
        assert document.value == value
        pointers = list(writer.values)
        random.Random(seed).shuffle(pointers)
        for pointer in pointers:
            at = document.source.where(pointer)
            assert (at.pointer, at.file, (at.line, at.col)) == (pointer, "m.pfa", writer.values[pointer])
            key = document.source.where(pointer, key=True)
            assert (key.line, key.col) == writer.keys.get(pointer, writer.values[pointer])
            offset = writer.offsets[pointer]
            assert join(enclosing(writer.out, offset)[0]) == pointer
            assert json.loads(writer.out[offset : skip(writer.out, offset)]) == writer.written[pointer]


@pytest.mark.parametrize(
    "pointer", ["/a/b/7", "/a/b/x", "/a/b/-1", "/a/b/99999999999999999999", "/a/b/0/x", "x", "/a/q", "//"]
)
def test_a_pointer_to_nothing_leads_to_what_is_nearest(pointer):
    document = read('{"a":\n {"@": "here", "b": [1, 2]}}', limits=LIMITS)
    at = document.source.where(pointer)
    assert at.pointer == pointer
    assert (at.line, at.col) in {(1, 1), (2, 2), (2, 21), (2, 22)}
    document.source.forget()
    assert document.source.where(pointer) == Where(pointer)


def test_marks():
    value = {"@": "top", "a": {"b": [{"@": "near", "c": 1}, {"@": 5}]}}
    for document in (read(json.dumps(value), limits=LIMITS), read(value, limits=LIMITS)):
        where = document.source.where
        assert [where(p).mark for p in ("", "/a", "/a/b/0", "/a/b/0/c", "/a/b/1", "/no")] == [
            "top", "top", "near", "near", "top", "top"
        ]  # fmt: skip
