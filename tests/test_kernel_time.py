"""time.* in compiled code: zones as tables, and the answers of the python backend."""

import random
from bisect import bisect_right
from datetime import datetime, timedelta

import pytest

import pfa
from pfa.lib.define import Site
from pfa.lib.time import EARLIEST, FIRST, LAST, LATEST, find_zone, offset_at, zone_names
from pfa.targets.kernel.zones import all_zones, zone_table

RULES = 948_326_400  # where a rule's table begins: the 20th of January 2000
CYCLE = 146_097 * 86_400

ZONES = ["", "America/New_York", "Antarctica/Troll", "Australia/Lord_Howe", "Europe/Dublin", "Moon/X"]
PARTS = ["year", "monthOfYear", "dayOfYear", "dayOfMonth", "dayOfWeek", "hourOfDay", "minuteOfHour", "secondOfMinute"]
RANGES = {
    "isSecondOfMinute": 60, "isMinuteOfHour": 60, "isHourOfDay": 24, "isDayOfWeek": 7, "isDayOfMonth": 31,
    "isMonthOfYear": 12, "isDayOfYear": 366,
}  # fmt: skip
TESTS = ["isWeekend", "isWorkHours"]
CLOCK = ["year", "month", "day", "hour", "minute", "second", "millisecond"]


def functions():
    made = {}
    for i, zone in enumerate(ZONES):
        given = [{"t": "double"}, {"low": "double"}, {"high": "double"}]
        for name in (*PARTS, *RANGES, *TESTS):
            limits = ["low", "high"] if name in RANGES else []
            ret = "int" if name in PARTS else "boolean"
            made[f"{name}{i}"] = {
                "params": given, "ret": ret, "do": {f"time.{name}": ["t", {"string": zone}, *limits]},
            }  # fmt: skip
        make = {"time.makeTimestamp": [*CLOCK, {"string": zone}]}
        made[f"make{i}"] = {"params": [{c: "int"} for c in CLOCK], "ret": "double", "do": make}
    return made


@pytest.fixture(scope="module")
def engines():
    document = {"input": "null", "output": "null", "fcns": functions(), "action": None}
    return pfa.loads(document), pfa.loads(document, backend="numba", escape=False)


def outcome(engine, name, args):
    try:
        return engine.call(name, *args)
    except pfa.PfaRuntimeError as error:
        return error.code, error.function


def timestamps(r):
    ends = [EARLIEST, LATEST, EARLIEST - 1.0, LATEST + 0.5, float("nan"), float("inf"), -0.5, 0.0, -1e-300]
    hours = [r.randrange(-4 * 10**9, 8 * 10**9) // 3600 * 3600.0 for _ in range(40)]
    return ends + [r.uniform(EARLIEST, LATEST) for _ in range(30)] + [r.uniform(-4e9, 8e9) for _ in range(30)] + hours


def test_parts_and_ranges(engines):
    r = random.Random(1)
    for i in range(len(ZONES)):
        for t in timestamps(r):
            for name in (*PARTS, *RANGES, *TESTS):
                size = RANGES.get(name, 1)
                low = r.uniform(0, size)
                args = (t, low, r.choice([r.uniform(0, size + 1), low, float("nan")]))
                want, got = (outcome(e, f"{name}{i}", args) for e in engines)
                assert want == got, (ZONES[i], name, args)


def clocks(r):
    for _ in range(1000):
        year = r.choice([r.randrange(1, 10_000), r.randrange(1880, 2400), r.randrange(2000, 2060)])
        whole = [year, r.choice([3, 4, 9, 10, 11, r.randrange(1, 13)]), r.randrange(1, 29), r.choice([0, 1, 2, 3, 15])]
        clock = [*whole, r.randrange(60), r.randrange(60), r.randrange(1000)]
        if r.random() < 0.2:
            clock[r.randrange(7)] = r.choice([-1, 0, 13, 24, 29, 31, 32, 60, 1000, 10_000])
        yield clock


def test_timestamps_of_clocks(engines):
    r = random.Random(2)
    for i in range(len(ZONES)):
        for clock in clocks(r):
            want, got = (outcome(e, f"make{i}", clock) for e in engines)
            assert want == got, (ZONES[i], clock)


def by_table(words, at, seconds, later=None):
    """The offset at an instant, or on a clock; and the instants of the table that tells it."""
    if seconds >= words[at + 1]:
        at += words[at + 2]
        seconds = RULES + (seconds - RULES) % CYCLE
    n = words[at]
    instants, offsets = words[at + 3 : at + 3 + n], words[at + 3 + n : at + 4 + 2 * n]
    if later is not None:
        instants = [t + (min if later else max)(o) for t, *o in zip(instants, offsets, offsets[1:], strict=False)]
    return offsets[bisect_right(instants, seconds)], instants


def moments(words, at, r):
    """Around changes, those of far years too, and anywhere."""
    _, early = by_table(words, at, 0)
    _, late = by_table(words, at, LAST)
    for t in r.sample(early, min(20, len(early))):
        yield from (t - 1, t, t + r.randrange(-100_000, 100_000))
    for t in r.sample(late, min(20, len(late))) if words[at + 1] < LAST else []:
        far = t + CYCLE * r.randrange(1, 18)
        yield from (far - 1, far, far + r.randrange(-100_000, 100_000))
    yield from (r.randrange(FIRST, LAST) for _ in range(20))
    yield from (r.randrange(-(2**32), 2**33) for _ in range(20))


def zoneinfo_offset(zone, clock, later):
    offset = (datetime(1970, 1, 1) + timedelta(0, clock)).replace(tzinfo=zone, fold=later).utcoffset()
    return offset.days * 86_400 + offset.seconds


@pytest.mark.parametrize("part", range(4))
def test_tables_of_all_zones_are_zoneinfo(part):
    r = random.Random(part)
    places, words = all_zones()
    assert set(places) == zone_names() | {""}
    for name in sorted(zone_names())[part::16]:
        zone = find_zone(name, Site("time", (), ()))
        for table, at in ((words, places[name]), (zone_table(name), 0)):
            for t in moments(table, at, r):
                assert by_table(table, at, t)[0] == offset_at(zone, t), (name, t)
                for later in (0, 1):
                    assert by_table(table, at, t, later)[0] == zoneinfo_offset(zone, t, later), (name, t, later)


def test_a_zone_that_is_no_constant():
    document = {"input": "string", "output": "int", "action": {"time.hourOfDay": [0.0, "input"]}}
    engine = pfa.loads(document, backend="numba", escape=False)
    assert [engine.action(z) for z in ("", "Asia/Tokyo", "America/New_York")] == [0, 9, 19]
    for zone in ("Moon/X", "Asia", "asia/tokyo", "posixrules", "/etc/passwd"):
        with pytest.raises(pfa.PfaRuntimeError) as caught:
            engine.action(zone)
        assert caught.value.code == 40050
