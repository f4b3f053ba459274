"""Errors of running engines: code, function, place, what was emitted; and what an engine says of itself."""

import gc
import weakref

import pytest

import pfa
from tests.engines import FOREVER, counter, emitter

# --- errors --------------------------------------------------------------------------------------------


def test_an_error_of_the_library_says_code_function_and_place():
    text = """{"input": {"type": "array", "items": "int"},
    "output": "int",
    "action": [{"let": {"x": 1}},
        {"+": ["x", {"a.head": ["input"]}]}]}"""
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        pfa.loads(text).action([])
    error = caught.value
    assert (error.code, error.function, error.message) == (15020, "a.head", "empty array")
    assert (error.at.pointer, error.at.line, error.at.col) == ("/action/1/+/1", 4, 21)
    assert str(error) == "4:21 /action/1/+/1: empty array (code 15020, a.head)"
    assert [p.at for p in error.problems] == [error.at]


HEAD, LAST = {"a.head": ["input"]}, {"a.last": ["input"]}
FIRST = {"if": {"==": ["input", {"type": {"type": "array", "items": "int"}, "value": []}]}, "then": 1, "else": HEAD}
PLACES = [
    (HEAD, "/action"),
    ({"a.head": "input"}, "/action"),
    ({"+": [1, HEAD]}, "/action/+/1"),
    ({"+": [HEAD, LAST]}, "/action/+/0"),
    ({"+": [1, {"+": [LAST, 1]}]}, "/action/+/1/+/0"),
    ({"u-": [{"@": "here", **HEAD}]}, "/action/u-/0"),
    ([{"let": {"x": 1}}, {"if": {"==": [HEAD, 1]}, "then": 1, "else": 2}], "/action/1/if/==/0"),
    ([{"let": {"x": {"+": [1, HEAD]}}}, "x"], "/action/0/let/x/+/1"),
    ({"+": [FIRST, HEAD]}, "/action"),
    ({"+": [{"a.head": {"a.append": ["input", 1]}}, HEAD]}, "/action"),
]


@pytest.mark.parametrize(("action", "pointer"), PLACES, ids=lambda x: x if isinstance(x, str) else "")
def test_a_call_inside_an_expression_is_told(action, pointer):
    """A line of generated code holds several calls; where it cannot be told which, it is the whole expression."""
    engine = pfa.loads({"input": {"type": "array", "items": "int"}, "output": "int", "action": action})
    for _ in range(2):
        with pytest.raises(pfa.PfaRuntimeError) as caught:
            engine.action([])
        assert caught.value.at.pointer == pointer


def test_an_error_in_yaml_says_its_line_too():
    text = "input: int\noutput: int\naction:\n  - {error: stop, code: -5}\n"
    with pytest.raises(pfa.PfaUserError) as caught:
        pfa.loads(text).action(1)
    error = caught.value
    assert (error.code, error.at.line, error.at.pointer) == (-5, 4, "/action/0")
    assert str(error) == "4:5 /action/0: stop (code -5)"


def test_an_error_of_a_path_says_the_file(tmp_path):
    file = tmp_path / "model.pfa"
    file.write_text('{"input": "int", "output": "int", "action": {"error": "stop"}}')
    with pytest.raises(pfa.PfaUserError) as caught:
        pfa.load(file).action(1)
    assert caught.value.at.file == str(file)
    assert str(caught.value) == f"{file}:1:45 /action: stop"


def test_an_error_says_the_locator_mark_near():
    action = {"@": "model.py line 3", "error": "stop"}
    with pytest.raises(pfa.PfaUserError) as caught:
        pfa.loads({"input": "int", "output": "int", "action": action}).action(1)
    assert caught.value.at.mark == "model.py line 3"
    assert str(caught.value) == "/action (@ model.py line 3): stop"


EMPTY = {"type": {"type": "map", "values": "int"}, "value": {}}
FORMS = [
    ({"attr": "input", "path": [5]}, 2000, "attr", "array index not found"),
    ({"attr": EMPTY, "path": [["k"]]}, 2001, "attr", "map key not found"),
    ({"a.len": {"attr": "input", "path": [5], "to": 1}}, 2002, "attr", "array index not found"),
    ({"cell": "a", "path": [5]}, 2004, "cell", "array index not found"),
    ({"a.len": {"cell": "a", "path": [5], "to": 1}}, 2006, "cell", "array index not found"),
    ({"pool": "p", "path": [["k"]]}, 2009, "pool", "map key not found"),
    ({"+": [2147483647, 1]}, 18000, "+", "int overflow"),
    ({"//": ["input.0", 0]}, 18040, "//", "integer division by zero"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "code", "function", "message"), FORMS, ids=lambda x: x if isinstance(x, int) else "")
def test_errors_of_forms_and_operators(form, code, function, message):
    ints = {"type": "array", "items": "int"}
    storage = {"cells": {"a": {"type": ints, "init": []}}, "pools": {"p": {"type": "int"}}}
    engine = pfa.loads({"input": ints, "output": "int", "action": [{"doc": ""}, form], **storage})
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        engine.action([1])
    error = caught.value
    assert (error.code, error.function, error.message) == (code, function, message)
    assert error.at.pointer.startswith("/action/1")


def test_errors_inside_callbacks_say_the_innermost_place():
    head = {"params": [{"x": {"type": "array", "items": "int"}}], "ret": "int", "do": {"a.head": ["x"]}}
    rows = {"type": "array", "items": {"type": "array", "items": "int"}}
    engine = pfa.loads({"input": rows, "output": "int", "action": {"a.len": {"a.map": ["input", head]}}})
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        engine.action([[1], []])
    assert caught.value.at.pointer == "/action/a.len/a.map/1/do"


def test_errors_keep_what_was_emitted_before():
    engine = pfa.loads(emitter(begin=[], action=[{"emit": 1}, {"emit": 2}, {"error": "stop"}]))
    for _ in range(2):
        with pytest.raises(pfa.PfaUserError) as caught:
            engine.action(1)
        assert caught.value.emitted == [1, 2]
    limited = pfa.loads(emitter(begin=[], action=[{"emit": 1}, FOREVER]), limits=pfa.Limits(steps=100))
    with pytest.raises(pfa.PfaLimitError) as limit:
        limited.action(1)
    assert limit.value.emitted == [1]


def test_a_caught_error_holds_no_engine():
    """An error that is kept (in a list of rejected rows) must not keep the engine's data alive for ever."""
    engine = pfa.loads(counter())
    with pytest.raises(pfa.PfaUserError) as caught:
        engine.action(-1)
    error = caught.value.with_traceback(None)
    del caught
    gone = weakref.ref(engine)
    del engine
    gc.collect()
    assert gone() is None
    assert error.code == -7


# --- what an engine says of itself ---------------------------------------------------------------------


def test_explain_source_wait_and_backend():
    engine = pfa.loads(counter(name="Counter"))
    assert engine.backend == "python"
    assert "Counter" in engine.explain()
    assert engine.source() == engine.source("python") == engine.source("auto")
    with pytest.raises(pfa.PfaCompileError, match="numba"):
        engine.source("numba")
    assert engine.wait() is None
    assert repr(engine) == "<pfa.Engine Counter: map, int to int>"


def test_types_and_method():
    engine = pfa.loads(emitter(output="string", begin=[], action={"emit": [["x"]]}, end=[]))
    assert (str(engine.input_type), str(engine.output_type), engine.method) == ("int", "string", "emit")


@pytest.mark.parametrize(
    "keywords",
    [{"backend": "fortran"}, {"unions": "plain"}, {"instance": "first"}, {"instance": -1}, {"instance": 1 << 31}],
    ids=str,
)
def test_keywords_that_do_not_exist(keywords):
    [value] = keywords.values()
    with pytest.raises(pfa.PfaError, match=str(value)):
        pfa.loads(counter(), **keywords)


@pytest.mark.parametrize("callback", ["emit", "log"])
def test_callbacks_are_functions(callback):
    engine = pfa.loads(emitter())
    with pytest.raises(pfa.PfaLifecycleError, match=f"{callback} takes a function or None"):
        setattr(engine, callback, "print")
    setattr(engine, callback, None)
