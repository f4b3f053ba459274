"""Snapshots (documents) and states (bytes) of engines: what they hold, what takes them over, hostile ones."""

import contextlib
import json
import math
import struct
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import pfa
from pfa.memory.state import dump, load
from tests.engines import counter, dice, emitter, rolls, summer

# Taking a state over raises Python's limit of recursion, which hypothesis warns of.
pytestmark = pytest.mark.filterwarnings("ignore:The recursion limit will not be reset")

INTS = {"type": "array", "items": "int"}
RECORD = {
    "type": "record",
    "name": "Row",
    "fields": [{"name": "x", "type": "double"}, {"name": "next", "type": ["null", "Row"]}],
}
ENUM = {"type": "enum", "name": "Color", "symbols": ["red", "green"]}
FIXED = {"type": "fixed", "name": "Two", "size": 2}


def keeper(type, init, item="@"):
    """Keeps its input in a cell and in a pool; two functions tell what is there."""
    name = type["name"] if isinstance(type, dict) and "name" in type else type
    put = {"pool": "p", "path": [[item]], "to": "input", "init": "input"}
    return {
        "input": type,
        "output": name,
        "action": [put, {"cell": "c", "to": "input"}],
        "cells": {"c": {"type": name, "init": init}},
        "pools": {"p": {"type": name}},
        "fcns": {
            "cell": {"params": [], "ret": name, "do": {"cell": "c"}},
            "item": {"params": [], "ret": name, "do": {"pool": "p", "path": [[item]]}},
        },
    }


def bits(value):
    """Equal only for values of the same classes with the same bits."""
    match value:
        case float():
            return struct.pack("<d", value)
        case dict():
            return [(k, bits(v)) for k, v in value.items()]
        case list():
            return [bits(v) for v in value]
        case _:
            return type(value), value


PAYLOAD = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_DEAD_BEEF))[0]
VALUES = [
    ("null", None, [None]),
    ("boolean", True, [True, False]),
    ("int", 0, [-(2**31), 2**31 - 1]),
    ("long", 0, [-(2**63), 2**63 - 1]),
    ("float", 0, [0.5, -0.0, math.inf, math.nan, 3.4028234663852886e38]),
    ("double", 0, [0.1, -0.0, 0.0, math.inf, -math.inf, PAYLOAD, 5e-324]),
    ("string", "", ["", "\u0000\U0001f600", "x" * 100_000]),
    ("bytes", "", [b"", bytes(range(256))]),
    (INTS, [], [[], [1, 2, 3]]),
    ({"type": "map", "values": "double"}, {}, [{}, {"@": -0.0, "z": PAYLOAD, "a": 1.0}]),
    (RECORD, {"x": 0, "next": None}, [{"x": -0.0, "next": {"Row": {"x": math.nan, "next": None}}}]),
    (ENUM, "red", ["green"]),
    (FIXED, "aa", [b"\xff\x00"]),
    (["int", "long", "null"], {"int": 0}, [{"int": 5}, {"long": 5}, None]),
    (["float", "double"], {"float": 0}, [{"float": 0.5}, {"double": 0.5}]),
    (["string", ENUM], {"string": ""}, [{"string": "red"}, {"Color": "red"}]),
    (["bytes", FIXED], {"bytes": ""}, [{"bytes": b"ab"}, {"Two": b"ab"}]),
    ([{"type": "map", "values": "int"}, RECORD], {"map": {}}, [{"map": {"@": 1}}, {"Row": {"x": 1.0, "next": None}}]),
    ({"type": "array", "items": ["null", INTS]}, [], [[None, {"array": [1]}]]),
]


@pytest.mark.parametrize(
    ("type", "init", "values"), VALUES, ids=lambda x: json.dumps(x)[:30] if isinstance(x, str | dict) else ""
)
def test_a_state_is_exact_for_every_type(type, init, values):
    for value in values:
        engine = pfa.loads(keeper(type, init), unions="tagged")
        out = engine.action(value)
        other = pfa.loads(keeper(type, init), unions="tagged", state=engine.state())
        assert other.warnings == []
        assert bits(other.call("cell")) == bits(other.call("item")) == bits(out)
        assert load(other.state())["cells"].keys() == {"c"}
        assert other.state() != engine.state(), "two calls came in between"
        third = pfa.loads(keeper(type, init), unions="tagged", state=engine.state())
        assert third.state() == engine.state()


def test_a_state_keeps_counters_tally_phase_and_random_numbers():
    document = dice(
        method="fold",
        output="long",
        zero=0,
        merge="tallyOne",
        action={"+": ["tally", {"+": [{"*": ["actionsStarted", 1_000_000]}, {"rand.int": [0, 1000]}]}]},
    )
    engine = pfa.loads(document)
    rolls(engine, 3)
    blob = engine.state()
    expected = rolls(engine)
    other = pfa.loads(document, state=blob)
    assert rolls(other) == expected
    with pytest.raises(pfa.PfaLifecycleError):
        other.begin()
    engine.end()
    with pytest.raises(pfa.PfaLifecycleError, match="ended"):
        pfa.loads(document, state=engine.state()).action(None)


def test_a_state_of_an_engine_that_has_not_begun():
    engine = pfa.loads(emitter())
    other = pfa.loads(emitter(), state=engine.state())
    assert other.action(1) == [-1, 1]
    engine.begin()
    assert pfa.loads(emitter(), state=engine.state()).action(1) == [1]


def test_a_state_of_a_failed_engine():
    engine = pfa.loads(counter(begin={"error": "no"}))
    with pytest.raises(pfa.PfaUserError):
        engine.begin()
    with pytest.raises(pfa.PfaLifecycleError, match="its begin failed"):
        pfa.loads(counter(), state=engine.state()).action(1)


def test_a_state_takes_over_shared_cells_and_pools():
    shared = pfa.SharedState()
    document = counter(
        cells={"n": {"type": "int", "init": 0, "shared": True}},
        pools={"p": {"type": "int", "init": {"old": 1}, "shared": True}},
    )
    engine = pfa.loads(document, shared=shared)
    engine.action(1)
    blob = engine.state()
    engine.action(1)
    there = pfa.SharedState()
    one, two = pfa.loads(document, shared=there), pfa.loads(document, shared=there, state=blob)
    assert one.call("count") == two.call("count") == 1
    assert one.snapshot()["pools"]["p"]["init"] == {"old": 1}
    assert engine.call("count") == 2


def test_what_a_state_does_not_fit_is_named():
    engine = pfa.loads(
        counter(
            cells={"n": {"type": "int", "init": 1}, "same": {"type": "string", "init": "a"}},
            pools={"p": {"type": "int"}, "gone": {"type": "int"}},
        )
    )
    engine.action(1)
    changed = counter(
        action={"cell": "more"},
        fcns={},
        cells={
            "n": {"type": "long", "init": 7},
            "same": {"type": "string", "init": "b"},
            "more": {"type": "int", "init": 9},
        },
        pools={"p": {"type": "double", "init": {"k": 1}}},
    )
    other = pfa.loads(changed, state=engine.state())
    assert [w.text for w in other.warnings] == [
        "the state does not fit cell n",
        "the state has no cell more",
        "the state does not fit pool p",
        'the state has a pool "gone", which the document has not',
    ]
    cells = other.snapshot()["cells"]
    assert [cells[n]["init"] for n in ("n", "same", "more")] == [7, "a", 9]
    assert other.clone().warnings == [], "the state is this engine's only"


def test_a_tally_of_another_type_is_named():
    engine = pfa.loads(summer())
    engine.action(1)
    other = pfa.loads(summer(input="float", output="float", zero=5.0, action="tally"), state=engine.state())
    assert [w.text for w in other.warnings] == ["the state does not fit the tally"]
    assert other.tally == 5.0


# --- hostile states --------------------------------------------------------------------------------------

TYPES = {
    "i": "int",
    "d": "double",
    "s": "string",
    "e": ENUM,
    "r": RECORD,
    "u": ["null", "int", "long", INTS, {"type": "map", "values": "Row"}],
}
INIT = {"i": 0, "d": 0, "s": "", "e": "red", "r": {"x": 0, "next": None}, "u": None}
VICTIM = {
    "input": "null",
    "output": "double",
    "method": "fold",
    "zero": 0,
    "merge": "tallyOne",
    "action": "tally",
    "cells": {n: {"type": t, "init": INIT[n]} for n, t in TYPES.items()},
    "pools": {"p": {"type": "Row"}},
}
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(),
    st.sampled_from(["", "red", "blue", "x", "next", "Row", "int", "long", "map", "array"]),
    st.binary(max_size=3),
)
ROWS = st.recursive(
    st.fixed_dictionaries({"x": LEAVES, "next": st.none()}),
    lambda rows: st.fixed_dictionaries({"x": st.floats() | LEAVES, "next": rows | LEAVES}),
    max_leaves=4,
)
HOSTILE = st.one_of(
    LEAVES,
    ROWS,
    st.lists(LEAVES, max_size=3),
    st.dictionaries(st.sampled_from(["x", "next", "@", "a"]), LEAVES | ROWS, max_size=3),
    st.tuples(st.sampled_from(["int", "long", "map", "Row", ""]) | st.lists(st.none(), max_size=1), LEAVES | ROWS),
)
GOOD = load(pfa.loads(VICTIM).state())


def fits(type, value):
    """Does an output, with tagged unions, have an Avro type?  Written for this test, apart from the package."""
    match type:
        case "null":
            return value is None
        case "int":
            return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31
        case "long":
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case "double":
            return isinstance(value, float)
        case "string":
            return isinstance(value, str)
        case "Row" | {"type": "record"}:
            return (
                isinstance(value, dict)
                and value.keys() == {"x", "next"}
                and fits("double", value["x"])
                and fits(["null", "Row"], value["next"])
            )
        case {"type": "enum", "symbols": symbols}:
            return isinstance(value, str) and value in symbols
        case {"type": "array", "items": items}:
            return isinstance(value, list) and all(fits(items, v) for v in value)
        case {"type": "map", "values": values}:
            return isinstance(value, dict) and all(isinstance(k, str) and fits(values, v) for k, v in value.items())
        case list():
            tags = {t if isinstance(t, str) else t.get("name", t["type"]): t for t in type}
            if value is None:
                return "null" in tags
            return (
                isinstance(value, dict)
                and len(value) == 1
                and all(k in tags and fits(tags[k], v) for k, v in value.items())
            )
    raise AssertionError(type)


def taken_over(blob):
    """The engine that a hostile blob makes, or None where it is refused as it should be."""
    try:
        return pfa.loads({**VICTIM, "fcns": GETTERS}, state=blob, unions="tagged")
    except (pfa.PfaInitError, pfa.PfaLimitError):
        return None


GETTERS = {
    f"get_{n}": {
        "params": [],
        "ret": t if isinstance(t, str) else t["name"] if isinstance(t, dict) else t,
        "do": {"cell": n},
    }
    for n, t in TYPES.items()
}


def check(blob):
    engine = taken_over(blob)
    if engine is not None:
        for n, t in TYPES.items():
            assert fits(t, engine.call(f"get_{n}")), n
        assert isinstance(engine.tally, float)
        engine.state()
        with contextlib.suppress(pfa.PfaDataError):  # NaN
            assert all(fits("Row", v) for v in engine.snapshot()["pools"]["p"]["init"].values())
        try:
            engine.action(None)
        except pfa.PfaLifecycleError:
            assert load(blob)["phase"] in ("ended", "failed")


@given(
    st.fixed_dictionaries(dict.fromkeys(TYPES, HOSTILE)),
    st.dictionaries(st.text(max_size=1), HOSTILE, max_size=2) | HOSTILE,
    HOSTILE,
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(dict.fromkeys(TYPES, ([], 1)), {"a": {"x": 1.0, "next": ([], {})}}, True)
@example({"i": True, "d": 1, "s": "\ud800", "e": "blue", "r": {"x": 1.0}, "u": ("int", 5.0)}, {}, 1)
def test_values_of_a_hostile_state_are_checked(cells, pool, tally):
    check(dump({**GOOD, "cells": cells, "pools": {"p": pool}, "tally": tally}))


@given(
    st.dictionaries(st.sampled_from(sorted(GOOD)), HOSTILE, max_size=3),
    st.sets(st.sampled_from(sorted(GOOD)), max_size=2),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example({"types": []}, set())
@example({"cells": [["i", 1]]}, set())
@example({"random": [0, 0, 1 << 40, 0, 0]}, set())
@example({"phase": [], "started": True}, set())
@example({"started": (1 << 63) - 1}, set())
@example({}, {"random"})
def test_the_frame_of_a_hostile_state_is_checked(changes, missing):
    check(dump({k: v for k, v in {**GOOD, **changes}.items() if k not in missing}))


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, 60))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bytes_of_a_hostile_state_are_checked(changes, cut):
    body = bytearray(dump(GOOD)[21:])
    for place, byte in changes:
        body[place % len(body)] = byte
    del body[len(body) - cut :]
    check(b"PFAS\1" + sha256(body).digest()[:16] + body)


def test_a_state_as_deep_as_it_may_be():
    """Values are checked by functions that recurse; the depth that is read is the depth that they stand."""
    row = None
    for _ in range(250):
        row = {"x": 0.5, "next": row}
    check(dump({**GOOD, "cells": {**GOOD["cells"], "r": row}}))
    for _ in range(10_000):
        row = {"x": 0.5, "next": row}
    with pytest.raises(pfa.PfaLimitError, match="nested more than 512 deep"):
        dump({**GOOD, "cells": {**GOOD["cells"], "r": row}})


@pytest.mark.parametrize("blob", [b"", b"PFAS", b"PFAS\2" + bytes(40), b"\x80\x04K\x01.", "text", None, 5], ids=repr)
def test_what_is_no_state_is_refused(blob):
    if blob is not None:
        with pytest.raises(pfa.PfaInitError):
            pfa.loads(counter(), state=blob)


def test_a_state_of_something_else_is_refused():
    with pytest.raises(pfa.PfaInitError, match="not one of a scoring engine"):
        pfa.loads(counter(), state=dump({"cells": {}}))


def test_a_shared_cell_keeps_its_value_when_a_state_is_refused():
    shared = pfa.SharedState()
    document = counter(cells={"n": {"type": "int", "init": 0, "shared": True}})
    engine = pfa.loads(document, shared=shared)
    engine.action(1)
    bad = {**load(engine.state()), "cells": {"n": 99}, "random": [1, 2]}
    with pytest.raises(pfa.PfaInitError):
        pfa.loads(document, shared=shared, state=dump(bad))
    assert engine.call("count") == 1


# --- snapshots -------------------------------------------------------------------------------------------


def test_a_snapshot_is_a_document_that_goes_on():
    document = summer(
        name="S",
        version=3,
        doc="adds",
        metadata={"a": "b"},
        options={"timeout": 5000},
        cells={"n": {"type": "int", "init": 1, "rollback": True}},
        pools={"p": {"type": INTS, "init": {"a": [1]}}},
        action=[
            {"cell": "n", "to": {"+": [{"cell": "n"}, 1]}},
            {
                "pool": "p",
                "path": [["b"]],
                "to": {"new": [{"cell": "n"}], "type": INTS},
                "init": {"value": [], "type": INTS},
            },
            {"+": ["tally", "input"]},
        ],
    )
    engine = pfa.loads(document)
    assert engine.snapshot() == document, "nothing has changed yet"
    engine.action(2.5)
    made = engine.snapshot()
    assert made == {
        **document,
        "zero": 2.5,
        "cells": {"n": {"type": "int", "init": 2, "rollback": True}},
        "pools": {"p": {"type": INTS, "init": {"a": [1], "b": [2]}}},
    }
    assert pfa.check(json.dumps(made)) == []
    other = pfa.loads(json.dumps(made))
    assert other.action(1) == engine.action(1) == 3.5
    assert other.snapshot() == engine.snapshot()


@pytest.mark.parametrize(
    ("type", "init", "values"), VALUES, ids=lambda x: json.dumps(x)[:30] if isinstance(x, str | dict) else ""
)
def test_a_snapshot_of_every_type(type, init, values):
    for value in values:
        engine = pfa.loads(keeper(type, init, "k"), unions="tagged")
        engine.action(value)
        if any(x in repr(value) for x in ("nan", "inf", "'@'")):
            with pytest.raises(pfa.PfaDataError, match=r"or state\(\)"):
                engine.snapshot()
            continue
        other = pfa.loads(json.dumps(engine.snapshot()), unions="tagged")
        assert bits(other.call("cell")) == bits(other.call("item")) == bits(engine.call("cell"))


def holding(type, init):
    """Keeps its input in a cell."""
    return {
        "input": type,
        "output": "null",
        "action": [{"cell": "c", "to": "input"}, None],
        "cells": {"c": {"type": type, "init": init}},
    }


@pytest.mark.parametrize(
    ("type", "init", "value", "path", "text"),
    [
        ({"type": "array", "items": "double"}, [], [1.0, math.nan], "/cells/c/init/1", "no NaN and no infinities"),
        ({"type": "array", "items": "float"}, [], [math.inf], "/cells/c/init/0", "no NaN and no infinities"),
        ({"type": "map", "values": "int"}, {}, {"a": 1, "@": 1}, "/cells/c/init", 'a map key "@"'),
        (
            {"type": "map", "values": {"type": "array", "items": "double"}},
            {},
            {"a/b": [math.nan]},
            "/cells/c/init/a~1b/0",
            "NaN",
        ),
    ],
)
def test_what_a_snapshot_cannot_hold_is_named(type, init, value, path, text):
    engine = pfa.loads(holding(type, init))
    engine.action(value)
    with pytest.raises(pfa.PfaDataError, match=text) as caught:
        engine.snapshot()
    assert caught.value.path == caught.value.problems[0].at.pointer == path
    pfa.loads(holding(type, init), state=engine.state())


def test_an_item_that_a_snapshot_cannot_hold():
    engine = pfa.loads(keeper("int", 0))
    engine.action(1)
    with pytest.raises(pfa.PfaDataError, match='"@"') as caught:
        engine.snapshot()
    assert caught.value.path == "/pools/p/init"


def test_a_tally_that_a_snapshot_cannot_hold():
    engine = pfa.loads(summer())
    engine.action(math.inf)
    with pytest.raises(pfa.PfaDataError) as caught:
        engine.snapshot()
    assert caught.value.path == "/zero"


def test_a_record_field_named_like_a_mark_is_no_mark():
    """Only map keys can be "@"; a key that only begins so is any key."""
    engine = pfa.loads(holding({"type": "map", "values": "int"}, {}))
    engine.action({"@x": 1})
    assert pfa.loads(json.dumps(engine.snapshot())).snapshot()["cells"]["c"]["init"] == {"@x": 1}


def test_a_snapshot_has_the_marks_of_the_code_only():
    document = counter(cells={"@": "here", "n": {"@": "there", "type": "int", "init": 0}})
    document["@"] = "top"
    made = pfa.loads(document).snapshot()
    assert made["cells"] == {"n": {"@": "there", "type": "int", "init": 0}}
    assert "@" not in made


def test_a_snapshot_of_shared_state():
    shared = pfa.SharedState()
    document = counter(cells={"n": {"type": "int", "init": 0, "shared": True}})
    one, two = (pfa.loads(document, shared=shared) for _ in range(2))
    one.action(1)
    assert two.snapshot()["cells"] == {"n": {"type": "int", "init": 1, "shared": True}}


def test_a_snapshot_from_yaml_and_from_text():
    text = "input: int\noutput: int\naction: {cell: n, to: input}\ncells: {n: {type: int, init: 1}}\n"
    engine = pfa.loads(text)
    engine.action(5)
    assert engine.snapshot()["cells"]["n"]["init"] == 5
    assert pfa.loads(engine.snapshot()).snapshot() == engine.snapshot()
