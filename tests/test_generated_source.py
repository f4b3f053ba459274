"""The generated Python: nothing of the document in it, the same for the same document, shown by tracebacks."""

import ast
import gc
import json
import linecache
import re
import subprocess
import sys
import traceback
import warnings

import pytest

import pfa
from conformance.cases import own_cases
from tests.long_documents import LONG
from tests.nests import NESTS
from tests.support import ROOT

INTS = {"type": "array", "items": "int"}
HOSTILE = [
    '"',
    "'",
    "\\",
    "\n",
    "\r\n",
    "\u2028",
    "\0",
    '"""',
    "'''",
    "# ",
    "{0}",
    "{{}}",
    "%s",
    "\\x41",
    "\\N{BULLET}",
    "$(id)",
    "');import os;('",
    "__import__('os')",
    "__builtins__",
    "\u0455\u0443\u0455",
    "\U0001f600",
    "\ufeff",
    "K1",
    "None",
]


def everything(text, name="zzName", number=97531):
    """A document that has a text, a name and a number in every place where it can have one."""
    record = {
        "type": "record",
        "name": f"{name}Rec",
        "namespace": f"{name}.space",
        "doc": text,
        "fields": [
            {"name": f"{name}Field", "type": "double", "doc": text, "default": float(number)},
            {"name": f"{name}Text", "type": ["string", "null"], "default": text},
        ],
    }
    full = f"{name}.space.{name}Rec"
    enum = {"type": "enum", "name": f"{name}Enum", "symbols": [f"{name}Red", f"{name}f"]}
    fixed = {"type": "fixed", "name": f"{name}Fixed", "size": 7}
    literal = {"type": full, "value": {f"{name}Field": number + 0.5, f"{name}Text": {"string": text}}}
    one = {"params": [{f"{name}p": "int"}], "ret": "int", "do": {"+": [f"{name}p", number]}}
    return {
        "name": text,
        "doc": text,
        "version": number,
        "metadata": {text: text},
        "options": {text: text, "timeout": number},
        "randseed": number,
        "input": "int",
        "output": "string",
        "cells": {
            f"{name}Cell": {"type": {"type": "map", "values": "string"}, "init": {text: text}},
            f"{name}Shared": {"type": "int", "init": number, "shared": True},
            f"{name}Enum": {"type": enum, "init": f"{name}f"},
            f"{name}Fixed": {"type": fixed, "init": "1234567"},
        },
        "pools": {
            f"{name}Pool": {"type": "string", "init": {text: text}, "rollback": True},
            f"{name}Items": {"type": "int", "shared": True},
        },
        "fcns": {f"{name}f": one, f"{name}Red": one, f"{name}g": {"params": [], "ret": full, "do": literal}},
        "begin": {"log": {"string": text}, "namespace": f"{name}"},
        "end": {"log": {"string": text}},
        "action": [
            {"@": text, "let": {f"{name}a": {"type": record, "value": literal["value"]}}},
            {"let": {f"{name}b": {"u." + name + "f": [number]}, f"{name}c": {"string": text}}},
            {"set": {f"{name}b": {"a.head": {"a.map": [{"type": INTS, "value": [number]}, one]}}}},
            {"foreach": f"{name}x", "in": {"type": INTS, "value": [number]}, "do": {"+": [f"{name}x", number]}},
            {"forkey": f"{name}k", "forval": f"{name}v", "in": "metadata",
             "do": {"s.concat": [f"{name}k", f"{name}v"]}},
            {"let": {f"{name}t": {"try": {"error": text, "code": -number}, "filter": [text, -number]}}},
            {"cell": f"{name}Cell", "path": [{"string": text}], "to": {"string": text}},
            {"cell": f"{name}Shared", "to": one},
            {"pool": f"{name}Pool", "path": [{"string": text}], "to": f"{name}c", "init": {"string": text}},
            {"pool": f"{name}Items", "path": [{"string": text}], "to": one, "init": number},
            {"pool": f"{name}Items", "del": {"string": text}},
            {"call": {"cell": f"{name}Enum"}, "args": [number]},
            {"doc": text},
            {"let": {f"{name}m": {"new": {text: number}, "type": {"type": "map", "values": "int"}}}},
            {"attr": f"{name}m", "path": [{"string": text}]},
            {"attr": f"{name}a", "path": [[f"{name}Text"]], "to": {"string": text}},
            {"if": {"==": [f"{name}c", {"string": text}]}, "then": {"re.replaceall": [f"{name}c", ["zz+"], ["q"]]}},
            {"unpack": {"base64": "AAAA"}, "format": [{f"{name}u": "raw 3"}],
             "then": {"pack": [{"raw 3": f"{name}u"}]}},
            {"ifnotnull": {f"{name}n": f"{name}a.{name}Text"}, "then": f"{name}n", "else": {"string": text}},
        ],
    }  # fmt: skip


# --- nothing of the document -----------------------------------------------------------------------------


def test_no_name_text_or_number_of_a_document_is_in_its_source():
    document = everything("qqText and more", "zzName", 97531)
    engine = pfa.loads(document)
    engine.log = lambda *_: None
    assert engine.action(1) == "qqText and more"
    source = engine.source()
    for word in ("zz", "qq", "97531", "2**", "Name", "Text", "raw", "double", "string"):
        assert word not in source, word


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_texts_change_nothing(text):
    engine, plain = pfa.loads(everything(text)), pfa.loads(everything("plain"))
    engine.log = lambda *_: None
    assert engine.source() == plain.source()
    assert engine.action(1) == text
    assert json.loads(json.dumps(engine.snapshot()))["metadata"] == {text: text}


@pytest.mark.parametrize("name", ["None", "K1", "__builtins__", "u1", "budget", "rt", "x" * 1000, "_"])
def test_hostile_names_change_nothing(name):
    engine, plain = pfa.loads(everything("t", name)), pfa.loads(everything("t", "plain"))
    engine.log = lambda *_: None
    assert engine.source() == plain.source()
    assert engine.action(1) == "t"


NUMBERS = [0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 0.1, 1e308, -1e-308, 5e-324]


def test_numbers_change_nothing():
    """Not even their size: a literal of 2**63 - 1 is a constant as 1 is."""
    sources = {
        pfa.loads({"input": "long", "output": "long", "action": {"&": ["input", {"long": n}]}}).source()
        for n in NUMBERS
    }
    assert len(sources) == 1
    engines = [pfa.loads({"input": "null", "output": "double", "action": {"double": d}}) for d in DOUBLES]
    assert [repr(e.action(None)) for e in engines] == list(map(repr, DOUBLES))
    assert len({e.source() for e in engines}) == 1


def test_constants_that_look_alike_stay_apart():
    array = {"type": "array", "items": "double"}
    new = {"new": [{"double": 0.0}, {"double": -0.0}, {"double": 1}, 1, {"float": 1}], "type": array}
    assert (
        repr(pfa.loads({"input": "null", "output": array, "action": new}).action(None)) == "[0.0, -0.0, 1.0, 1.0, 1.0]"
    )


WORDS = re.compile(r"[A-Za-z_]\w*")
# What the text is made of: Python's words, the services of an engine, and names that are counted.
KNOWN = re.compile(
    r"(def|return|nonlocal|global|if|elif|else|not|and|or|in|is|for|while|True|False|None|break|pass|try|except|finally|raise|as"
    r"|run|steady|begin|end|merge|emit|charge|action|started|finished|budget|first|refill|paced|deadline|log_message|rng"
    r"|name|instance|version|metadata|depth|tally|hook|emitted|early|encode|encoder|new|out|input_|one|two|r|x|n|k|e|i|j"
    r"|overflow|no_index|no_key|user_error|put_item|pool_item|MISSING|RuntimeFailure|too_deep|site|fail|len|abs|range"
    r"|append|get|update|delete|pop|copy|items|clear|message|code|at|bool|int|float|str|bytes|list|dict|tuple|__class__"
    r"|float32|divide|exp|log|sqrt|isinstance|max|min|sum|old\d+|undo\d+|part\d+|[KuvtmfgdcspqxL]\d+|L_\w+|w\d+|b\d+)"
)


@pytest.mark.parametrize("case", own_cases(), ids=str)
def test_the_words_of_generated_code_are_known(case):
    """Over all cases of the language: a word that is not known here may be one of a document."""
    if "invalid" in case.expect:
        return
    engine = pfa.loads(case.document)
    text = re.sub(r"'[a-z ]+'|'[^\w\s']{1,3}'|'[am]\.[A-Za-z]+'", "", engine.source())  # of errors of operators
    assert {w for w in WORDS.findall(text) if not KNOWN.fullmatch(w)} == set()


def test_generated_code_has_no_builtins_and_no_imports():
    engine = pfa.loads(everything("t"))
    tree = ast.parse(engine.source())
    assert {type(n).__name__ for n in tree.body} <= {"FunctionDef", "Assign"}
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom | ast.ClassDef)]
    literals = {repr(n.value) for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert all(re.fullmatch(r"'([a-z]+ overflow|[-+*/%u.a-z]+)'", x) for x in literals), literals
    assert engine._runtime.functions["u:zzNamef"].__globals__["__builtins__"] == {}


# --- the same text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [lambda: everything("t"), LONG["1,000 functions in a circle"], lambda: NESTS["callback"](60)]
)
def test_the_same_document_gives_the_same_text(make):
    first, second = pfa.loads(make()), pfa.loads(json.dumps(make()))
    assert first.source() == second.source() == first.clone().source()


def test_the_text_is_the_same_in_every_process():
    """Whatever the hash of texts is there."""
    script = "import pfa, json, sys; print(pfa.loads(json.load(sys.stdin)).source())"
    text = json.dumps(everything("t"))
    results = {
        subprocess.run(
            [sys.executable, "-c", script], input=text, env={"PYTHONHASHSEED": seed, "PATH": ""}, cwd=ROOT,
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }  # fmt: skip
    assert results == {pfa.loads(text).source() + "\n"}


# --- Python takes it -------------------------------------------------------------------------------------

EVERY = {
    **{f"nest: {n}": (lambda m=m: m(40)) for n, m in NESTS.items()},
    "everything": lambda: everything("t"),
    **{n: make for n, make in LONG.items() if not n.startswith(("20,000", "5,000"))},
}


@pytest.mark.parametrize("name", EVERY)
def test_it_compiles_without_a_warning(name):
    """`if x is 1`, `"\\d"`: what Python only warns of now is an error later."""
    source = pfa.loads(EVERY[name]()).source()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(source, "generated", "exec")
    assert "\t" not in source
    assert all(line == line.rstrip() for line in source.splitlines())


def test_lines_are_not_endless():
    """A person reads it: expressions are taken apart before they are long."""
    nested = 1
    for _ in range(60):
        nested = {"+": [nested, "input"]}
    source = pfa.loads({"input": "int", "output": "long", "action": nested}).source()
    assert max(map(len, source.splitlines())) < 200


# --- tracebacks ------------------------------------------------------------------------------------------


def raised(engine, datum):
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        engine.action(datum)
    return caught.value


def test_a_traceback_shows_the_generated_lines():
    head = {"params": [{"x": INTS}], "ret": "int", "do": {"a.head": ["x"]}}
    engine = pfa.loads(
        {
            "input": {"type": "array", "items": INTS},
            "output": INTS,
            "action": {"u.heads": ["input"]},
            "fcns": {
                "heads": {
                    "params": [{"a": {"type": "array", "items": INTS}}],
                    "ret": INTS,
                    "do": {"a.map": ["a", head]},
                }
            },
        }
    )
    error = raised(engine, [[1], []])
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("pfa-")]
    lines = engine.source().splitlines()
    assert [f.name for f in frames] == ["run", "u1", "f1"]
    assert [f.line for f in frames] == [lines[f.lineno - 1].strip() for f in frames]
    assert "L_a_map" in frames[1].line
    assert "L_a_head" in frames[2].line
    shown = "".join(traceback.format_exception(error))
    assert frames[2].line in shown
    assert shown.endswith("PfaRuntimeError: /fcns/heads/do/a.map/1/do: empty array (code 15020, a.head)\n")


def test_tracebacks_of_many_engines_show_each_its_own_text():
    engines = [
        pfa.loads(
            {
                "input": INTS,
                "output": "int",
                "action": [*[{"let": {f"x{j}": j}} for j in range(i)], {"a.head": ["input"]}],
            }
        )
        for i in range(5)
    ]
    for engine in engines:
        error = raised(engine, [])
        last = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("pfa-")][-1]
        assert "a_head" in last.line
        assert engine.source().splitlines()[last.lineno - 1].strip() == last.line


def test_the_text_goes_with_its_engine():
    engine = pfa.loads({"input": INTS, "output": "int", "action": {"a.head": ["input"]}})
    error = raised(engine, [])
    traceback.format_exception(error)
    name = next(f.filename for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("pfa-"))
    assert name in linecache.cache
    del engine, error
    gc.collect()
    assert name not in linecache.cache
