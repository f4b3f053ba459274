"""The namespace time against datetime and zoneinfo: over changes of offset, from year 1 to 9999."""

import calendar
import math
import random
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from pfa.errors import PfaRuntimeError
from pfa.lib.define import Site
from pfa.lib.table import lookup
from pfa.lib.time import (
    DAY,
    EARLIEST,
    LATEST,
    civil_from_days,
    days_from_civil,
    days_in_month,
    weekday_from_days,
    zone_names,
)
from pfa.types import DOUBLE, INT, STRING

# Whole, half and quarter hours, none at all, a change of half an hour, a day that was left out.
ZONES = (
    "", "UTC", "America/New_York", "America/Chicago", "Europe/Berlin", "Europe/Dublin", "Asia/Kolkata",
    "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "America/St_Johns",
    "Africa/Monrovia", "Etc/GMT+12",
)  # fmt: skip
FIELDS = {
    "year": lambda d: d.year,
    "monthOfYear": lambda d: d.month,
    "dayOfYear": lambda d: d.timetuple().tm_yday,
    "dayOfMonth": lambda d: d.day,
    "dayOfWeek": lambda d: d.weekday(),
    "hourOfDay": lambda d: d.hour,
    "minuteOfHour": lambda d: d.minute,
    "secondOfMinute": lambda d: d.second,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def function(name):
    fn = lookup(f"time.{name}")
    return partial(fn.impl, site=Site(fn.name, (DOUBLE, STRING), INT))


def error(call, *args):
    with pytest.raises(PfaRuntimeError) as caught:
        call(*args)
    return caught.value.code


def zone(name):
    return ZoneInfo(name or "UTC")


def changes(name, start=1900, end=2040):
    """Timestamps at which the offset of a zone changes, found by halving."""
    tz = zone(name)

    def offset(ts):
        return (EPOCH + timedelta(seconds=ts)).astimezone(tz).utcoffset()

    first, last = (int((datetime(y, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) for y in (start, end))
    found = []
    for low in range(first, last, 20 * DAY):
        a, b = low, low + 20 * DAY
        if offset(a) == offset(b):
            continue
        while b - a > 1:
            middle = (a + b) // 2
            a, b = (middle, b) if offset(middle) == offset(a) else (a, middle)
        found.append(b)
    return found


def moments(name):
    """Timestamps worth a look in a zone, and some more."""
    rng = random.Random(name)
    at_changes = rng.sample(sorted(changes(name)), min(60, len(changes(name))))
    near = [c + d for c in at_changes for d in (-3601, -1, 0, 1, 3599, 3600)]
    anywhere = [rng.uniform(EARLIEST + 2 * DAY, LATEST - 2 * DAY) for _ in range(200)]
    return [*map(float, near), *anywhere, 0.0, -0.5, -1.0, 951_782_400.0]


@pytest.mark.parametrize("name", ZONES)
def test_fields_are_those_of_datetime(name):
    calls = {field: function(field) for field in FIELDS}
    for ts in moments(name):
        expected = (EPOCH + timedelta(seconds=math.floor(ts))).astimezone(zone(name))
        got = {field: call(ts, name) for field, call in calls.items()}
        assert got == {field: get(expected) for field, get in FIELDS.items()}, ts


@pytest.mark.parametrize("name", ZONES)
def test_make_timestamp_is_the_inverse(name):
    make, fields = function("makeTimestamp"), {field: function(field) for field in FIELDS}
    for ts in map(math.floor, moments(name)):
        local = (EPOCH + timedelta(seconds=ts)).astimezone(zone(name))
        date = [fields[f](float(ts), name) for f in ("year", "monthOfYear", "dayOfMonth")]
        clock = [fields[f](float(ts), name) for f in ("hourOfDay", "minuteOfHour", "secondOfMinute")]
        first = local.replace(fold=0)
        assert make(*date, *clock, 250, name) == (first - EPOCH).total_seconds() + 0.25


def test_clocks_put_forward_and_back():
    make = function("makeTimestamp")
    for name in ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"):
        tz = zone(name)
        for change in changes(name, 1980, 2030):
            moment = EPOCH + timedelta(seconds=change)
            before = (moment - timedelta(seconds=1)).astimezone(tz).utcoffset()
            after = moment.astimezone(tz).utcoffset()
            start = (moment + min(before, after)).replace(tzinfo=None)
            width = abs(after - before)
            for step in range(4):
                d = start + step * width / 4
                arguments = (d.year, d.month, d.day, d.hour, d.minute, d.second, 0, name)
                if after > before:
                    assert error(make, *arguments) == 40081
                else:  # the first of two
                    assert make(*arguments) == (d - before - EPOCH.replace(tzinfo=None)).total_seconds()


def test_the_calendar_from_year_1_to_9999():
    day = datetime(1, 1, 1)
    for ordinal in (*range(1, 800_000, 37), *range(730_000, 740_000), datetime.max.toordinal()):
        d = day + timedelta(days=ordinal - 1)
        days = ordinal - EPOCH.toordinal()
        assert civil_from_days(days) == (d.year, d.month, d.day)
        assert days_from_civil(d.year, d.month, d.day) == days
        assert weekday_from_days(days) == d.weekday()
    for year in (1, 4, 100, 1900, 2000, 2015, 2016, 9999):
        assert [days_in_month(year, m) for m in range(1, 13)] == [
            calendar.monthrange(year, m)[1] for m in range(1, 13)
        ]


def test_the_ends_of_the_range():
    year, month = function("year"), function("monthOfYear")
    assert year(EARLIEST, "") == 1
    assert year(LATEST, "") == 9999
    assert (year(EARLIEST, "America/New_York"), month(EARLIEST, "America/New_York")) == (0, 12)
    assert (year(LATEST, "Asia/Tokyo"), month(LATEST, "Asia/Tokyo")) == (10_000, 1)
    for ts in (EARLIEST - 1, LATEST + 1, LATEST + 0.5, math.inf, -math.inf, math.nan):
        assert error(year, ts, "") == 40001


@pytest.mark.parametrize(
    "date",
    [
        (0, 1, 1, 0, 0, 0, 0), (10_000, 1, 1, 0, 0, 0, 0), (2015, 0, 1, 0, 0, 0, 0),
        (2015, 13, 1, 0, 0, 0, 0), (2015, 2, 29, 0, 0, 0, 0), (1900, 2, 29, 0, 0, 0, 0),
        (2015, 1, 0, 0, 0, 0, 0), (2015, 1, 1, 24, 0, 0, 0), (2015, 1, 1, -1, 0, 0, 0),
        (2015, 1, 1, 0, 60, 0, 0), (2015, 1, 1, 0, 0, 60, 0), (2015, 1, 1, 0, 0, 0, 1000),
    ],
)  # fmt: skip
def test_impossible_dates(date):
    assert error(function("makeTimestamp"), *date, "") == 40081


@pytest.mark.parametrize(
    "name",
    [
        "localtime", "posixrules", "right/UTC", "posix/UTC", "../../etc/passwd", "/etc/localtime", "America",
        "America/New_York\0", "zone.tab", "Mars", "+01:00", "europe/berlin", " ", "a" * 10_000, "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_zone(name):
    """Only names of the database are looked up in the file system; the check of the range comes later."""
    assert error(function("year"), math.nan, name) == 40000
    assert error(function("makeTimestamp"), 0, 0, 0, 0, 0, 0, 0, name) == 40080


def test_a_site_keeps_no_more_zones_than_there_are():
    site = Site("time.year", (DOUBLE, STRING), INT)
    year = partial(lookup("time.year").impl, site=site)
    for i in range(1000):
        assert error(year, 0.0, f"Nowhere/{i}") == 40000
    assert not site.cache
    assert {year(0.0, name) for name in zone_names()} == {1969, 1970}
    assert len(site.cache) == len(zone_names())


IS = {
    "isSecondOfMinute": lambda d: (d.second, d.microsecond / 1e6),
    "isMinuteOfHour": lambda d: (d.minute, (d.second + d.microsecond / 1e6) / 60),
    "isHourOfDay": lambda d: (d.hour, (d.minute * 60 + d.second + d.microsecond / 1e6) / 3600),
    "isDayOfWeek": lambda d: (d.weekday(), fraction_of_day(d)),
    "isDayOfMonth": lambda d: (d.day, fraction_of_day(d)),
    "isMonthOfYear": lambda d: (
        d.month, (d.day - 1 + fraction_of_day(d)) / calendar.monthrange(d.year, d.month)[1],
    ),
    "isDayOfYear": lambda d: (d.timetuple().tm_yday, fraction_of_day(d)),
}  # fmt: skip


def fraction_of_day(d):
    return (d.hour * 3600 + d.minute * 60 + d.second + d.microsecond / 1e6) / DAY


@pytest.mark.parametrize("name", IS)
def test_limits_may_be_fractions(name):
    within, rng = function(name), random.Random(name)
    for _ in range(300):
        ts = rng.randint(-(10**10), 10**10) + rng.choice([0.0, 0.25, 0.5])
        whole, fraction = IS[name](EPOCH + timedelta(seconds=ts))
        assert within(ts, "", whole, whole + 1)
        assert not within(ts, "", whole + 1, whole + 2)
        assert not within(ts, "", whole - 1, whole)
        assert within(ts, "", whole + fraction - 1e-6, whole + fraction + 1e-6)
        assert not within(ts, "", whole + fraction + 1e-6, whole + 2)
        assert within(ts, "", -math.inf, math.inf)


def test_a_moment_before_the_limit_is_within():
    """The sum of the whole and the fraction would be rounded up to the limit."""
    ts = -1e-17
    assert function("isSecondOfMinute")(ts, "", 59.0, 60.0)
    assert function("isMinuteOfHour")(ts, "", 59.0, 60.0)
    assert function("isHourOfDay")(ts, "", 23.0, 24.0)
    assert function("isDayOfMonth")(ts, "", 31.0, 32.0)
    assert function("isMonthOfYear")(ts, "", 12.0, 13.0)
    assert function("isDayOfYear")(ts, "", 365.0, 366.0)


def test_the_order_of_errors():
    within = function("isHourOfDay")
    assert error(within, math.nan, "Nowhere", 2.0, 2.0) == 40110
    assert error(within, math.nan, "Nowhere", 1.0, 2.0) == 40111
    assert error(within, math.nan, "", 1.0, 2.0) == 40112
    assert not within(0.0, "", math.nan, 2.0)


def test_weekends_and_work_hours():
    weekend, work = function("isWeekend"), function("isWorkHours")
    for hour in range(14 * 24):
        d = datetime(2015, 9, 28, tzinfo=ZoneInfo("Asia/Kolkata")) + timedelta(hours=hour)
        ts = (d - EPOCH).total_seconds()
        assert weekend(ts, "Asia/Kolkata") == (d.weekday() >= 5)
        assert work(ts, "Asia/Kolkata") == (d.weekday() < 5 and 9 <= d.hour < 17)
        assert work(ts - 1.0, "Asia/Kolkata") == (d.weekday() < 5 and 9 < d.hour <= 17)
