"""What an engine gives to its document: predefined symbols, logs, timeouts, random numbers."""

import logging

import pytest

import pfa
from tests.engines import FOREVER, counter, dice, rolls, summer

# --- predefined symbols --------------------------------------------------------------------------------


LOOK = {"log": ["name", "instance", "version", "metadata"]}


def looked(engine):
    lines = []
    engine.log = lambda message, namespace: lines.append(message)
    return lines


def test_predefined_symbols_in_each_phase():
    document = summer(
        name="N", version=7, metadata={"by": "me"},
        begin=LOOK, action=[LOOK, {"+": ["tally", "input"]}], end=[LOOK, {"log": "tally"}],
        merge=[LOOK, {"+": ["tallyOne", "tallyTwo"]}],
    )  # fmt: skip
    engine = pfa.loads(document, instance=3)
    lines = looked(engine)
    engine.begin()
    engine.action(1)
    engine.merge(1, 1)
    engine.end()
    assert lines == ['N 3 7 {"by":"me"}'] * 4 + ["2.0"]
    assert (engine.name, engine.instance, engine.version, engine.metadata) == ("N", 3, 7, {"by": "me"})


def test_a_document_without_name_version_metadata():
    engine = pfa.loads({"input": "null", "output": "string", "action": "name"})
    assert engine.action(None) == engine.name != ""
    assert (engine.version, engine.metadata) == (None, {})
    assert pfa.check({"input": "null", "output": "int", "action": "version"}), "then there is no such symbol"
    metadata = {"input": "null", "output": "int", "action": {"map.len": ["metadata"]}}
    assert pfa.loads(metadata).action(None) == 0


def test_counters_count_what_starts_and_what_finishes():
    both = {"new": ["actionsStarted", "actionsFinished"], "type": {"type": "array", "items": "long"}}
    fail = {"if": {"<": ["input", 0]}, "then": {"error": "negative"}}
    engine = pfa.loads({"input": "int", "output": both["type"], "action": [fail, both], "end": {"log": both}})
    lines = looked(engine)
    assert engine.action(1) == [1, 0]
    with pytest.raises(pfa.PfaUserError):
        engine.action(-1)
    assert engine.action(1) == [3, 1]
    with pytest.raises(pfa.PfaDataError):
        engine.action("refused")
    assert engine.action(1) == [4, 2], "a datum that is refused counts nowhere"
    engine.end()
    assert lines == ["[4,3]"]


# --- log -----------------------------------------------------------------------------------------------


def test_log_goes_to_the_loggers(caplog):
    engine = pfa.loads(
        {
            "input": "int",
            "output": "null",
            "action": [
                {"log": "input"},
                {"log": [{"string": "a"}, ["b"], {"type": "bytes", "value": "\u00ff"}], "namespace": "x.y"},
            ],
        }
    )
    with caplog.at_level(logging.INFO, "pfa"):
        engine.action(5)
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("pfa", "INFO", "5"),
        ("pfa.x.y", "INFO", 'a b "\u00ff"'),
    ]


def test_a_logger_that_the_host_configured_is_used(caplog):
    engine = pfa.loads(
        {"input": "int", "output": "null", "action": {"log": "input", "namespace": "quiet.one"}}
    )
    host = logging.getLogger("pfa.quiet")
    with caplog.at_level(logging.INFO, "pfa"):
        host.setLevel(logging.WARNING)
        engine.action(1)
        host.setLevel(logging.NOTSET)
        engine.action(2)
    assert [r.getMessage() for r in caplog.records] == ["2"]


def test_namespaces_are_not_kept():
    """`logging` keeps a logger for ever, and names come from documents."""
    log = {"log": 1, "namespace": "only_in_this_document.deep"}
    pfa.loads({"input": "null", "output": "null", "action": log}).action(None)
    assert not [n for n in logging.root.manager.loggerDict if "only_in_this_document" in n]


def test_log_with_a_callback(caplog):
    engine = pfa.loads(
        {"input": "double", "output": "null", "action": {"log": ["input", "input"], "namespace": "ns"}}
    )
    got = []
    engine.log = lambda message, namespace: got.append((message, namespace))
    with caplog.at_level(logging.INFO, "pfa"):
        engine.action(1.5)
        engine.log = None
        engine.action(float("nan"))
    assert got == [("1.5 1.5", "ns")]
    assert [r.getMessage() for r in caplog.records] == ['"nan" "nan"']


def test_try_does_not_catch_an_error_of_the_log_callback():
    engine = pfa.loads({"input": "int", "output": "null", "action": [{"try": {"log": "input"}}, None]})

    def refuse(message, namespace):
        raise pfa.PfaRuntimeError("the host's", 99, "host")

    engine.log = refuse
    with pytest.raises(pfa.PfaRuntimeError) as caught:
        engine.action(1)
    assert (caught.value.code, caught.value.at.pointer) == (99, "")


# --- options and timeouts ------------------------------------------------------------------------------


PHASES = {
    "begin": lambda e: e.begin(),
    "action": lambda e: e.action(1.0),
    "end": lambda e: e.end(),
    "merge": lambda e: e.merge(1, 2),
    "call": lambda e: e.call("hang"),
}


def hanging(phase, options):
    """Hangs in one phase only."""
    hang = {"params": [], "ret": "null", "do": [FOREVER, None]}
    parts = {
        "begin": [FOREVER],
        "action": [FOREVER, "tally"],
        "end": [FOREVER],
        "merge": [FOREVER, "tallyOne"],
        "call": None,
    }
    more = {} if phase == "call" else {phase: parts[phase]}
    return summer(fcns={"hang": hang}, options=options, **more)


@pytest.mark.parametrize("phase", PHASES)
def test_timeout_is_for_every_phase(phase):
    engine = pfa.loads(hanging(phase, {"timeout": 40}))
    with pytest.raises(pfa.PfaLimitError) as caught:
        PHASES[phase](engine)
    assert str(caught.value) == "exceeded timeout of 40 milliseconds"


@pytest.mark.parametrize("phase", ["begin", "action", "end"])
def test_a_phase_has_a_timeout_of_its_own(phase):
    engine = pfa.loads(hanging(phase, {"timeout": 100_000, f"timeout.{phase}": 30}))
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 30 milliseconds$"):
        PHASES[phase](engine)


@pytest.mark.parametrize("phase", ["merge", "call"])
def test_merge_and_call_use_the_common_timeout(phase):
    engine = pfa.loads(
        hanging(phase, {"timeout": 30, f"timeout.{phase}": 100_000, "timeout.action": 100_000})
    )
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 30 milliseconds$"):
        PHASES[phase](engine)


def test_a_negative_timeout_is_none():
    engine = pfa.loads(hanging("action", {"timeout": -1}), limits=pfa.Limits(time=0.05))
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 50 milliseconds$"):
        engine.action(1)


def test_the_limit_of_the_host_stands_beside_the_documents():
    engine = pfa.loads(hanging("action", {"timeout": 100_000}), limits=pfa.Limits(time=0.05))
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 50 milliseconds$"):
        engine.action(1)


def test_a_timeout_does_not_stop_the_engine():
    engine = pfa.loads(hanging("merge", {"timeout": 30}))
    assert engine.action(2) == 2.0
    for _ in range(2):
        with pytest.raises(pfa.PfaLimitError):
            engine.merge(1, 2)
    assert engine.action(3) == 5.0


def test_options_of_the_host_override(caplog):
    with caplog.at_level(logging.INFO, "pfa"):
        engine = pfa.loads(hanging("action", {"timeout": 100_000, "other": 1}), options={"timeout": 30})
    assert [str(w) for w in engine.warnings] == ["/: option timeout of the document is overridden"]
    assert [r.getMessage() for r in caplog.records] == ["option timeout of the document is overridden"]
    with pytest.raises(pfa.PfaLimitError, match=r"^exceeded timeout of 30 milliseconds$"):
        engine.action(1)


def test_options_of_the_host_that_say_the_same_override_nothing():
    engine = pfa.loads(counter(options={"timeout": 30}), options={"timeout": 30, "timeout.end": 5})
    assert engine.warnings == []


@pytest.mark.parametrize("key", ["timeout", "timeout.begin", "timeout.action", "timeout.end"])
@pytest.mark.parametrize("value", ["5", 5.0, True, None, [5]], ids=repr)
def test_options_of_the_wrong_type(key, value):
    [problem] = pfa.check(counter(options={key: value}))
    assert (problem.at.pointer, "an integer, the milliseconds" in problem.text) == (f"/options/{key}", True)
    with pytest.raises(pfa.PfaTypeError, match=f'the option "{key}" must be an integer, the milliseconds'):
        pfa.loads(counter(), options={key: value})


def test_unknown_options_are_ignored():
    engine = pfa.loads(counter(options={"color": "blue", "timeout.call": "x"}), options={"shape": None})
    assert engine.action(1) == 1


# --- random numbers ------------------------------------------------------------------------------------


def test_a_seeded_engine_repeats_itself():
    assert rolls(pfa.loads(dice())) == rolls(pfa.loads(dice()))
    assert rolls(pfa.loads(dice(randseed=1))) != rolls(pfa.loads(dice()))


def test_instances_differ_and_repeat():
    engine = pfa.loads(dice())
    by_instance = [rolls(engine.clone(instance=i)) for i in range(5)]
    assert len({tuple(r) for r in by_instance}) == 5
    assert by_instance[0] == rolls(engine)
    assert by_instance[3] == rolls(pfa.loads(dice(), instance=3))


def test_without_a_seed_nothing_repeats():
    document = dice()
    del document["randseed"]
    engine = pfa.loads(document)
    assert rolls(engine) != rolls(pfa.loads(document))
    assert rolls(engine.clone(instance=0)) != rolls(engine.clone(instance=0))


def test_an_actions_numbers_do_not_depend_on_calls():
    plain, called = pfa.loads(dice()), pfa.loads(dice())
    expected = rolls(plain)
    found = []
    for _ in expected:
        called.call("roll")
        found.append(called.action(None))
    assert found == expected
    assert plain.call("roll") != plain.call("roll")
