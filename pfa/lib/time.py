"""Functions of the namespace time: timestamps, which are seconds since 1970 began in UTC, and the calendar.

The calendar is the Gregorian one, extended to the year 1, computed with our own arithmetic; only the offset of a
zone from UTC comes from `zoneinfo`.  A timestamp near the ends of the range may fall into the year 0 or 10000 of its
zone.

The functions is* test the time as a number with a fraction: at 10:30 the hour of the day is 10.5.  So do they read
limits that are not whole.  Half an hour before the end of January is month 1 and 1487/1488.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib import resources
from math import floor
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pfa.lib.define import Fail, Site, define

EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0  # the years 1 to 9999
DAY = 86_400
ALMOST_ONE = 1.0 - 2.0**-53
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What datetime can hold in every zone; the offsets of zones do not change so near to the ends.
FIRST, LAST = int(EARLIEST) + 2 * DAY, int(LATEST) - 2 * DAY

UNRECOGNIZED = "unrecognized timezone string"
OUT_OF_RANGE = "timestamp out of range"
# Seconds on the clock of a zone, counted as if it were in UTC: whole, and a fraction.
Time: TypeAlias = tuple[int, float]


# ---- zones --------------------------------------------------------------------------------------------------


@cache
def zone_names() -> frozenset[str]:
    """The names of the time zone database: what a system has beside them (localtime, right/) is none."""
    try:
        return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())
    except ModuleNotFoundError:
        return frozenset(available_timezones())


def find_zone(name: str, site: Site) -> tzinfo | None:
    """The zone of this name, or None; the site remembers those that it met, which cannot be more than there are."""
    found: tzinfo | None = site.cache.get(name)
    if found is None and (not name or name in zone_names()):
        try:
            found = site.cache[name] = ZoneInfo(name) if name else UTC
        except (ZoneInfoNotFoundError, OSError, ValueError):  # the database is damaged
            return None
    return found


def offset_at(zone: tzinfo, seconds: int) -> int:
    """Seconds that the zone is ahead of UTC at a timestamp."""
    if zone is UTC:
        return 0
    when = (EPOCH + timedelta(0, min(max(seconds, FIRST), LAST))).astimezone(zone)
    return _seconds(when.utcoffset())


def _seconds(offset: timedelta | None) -> int:
    return offset.days * DAY + offset.seconds if offset else 0


def local_time(ts: float, zone: str, site: Site, fail: Fail) -> Time:
    """The time on the zone's clock, or one of the two errors that every function has."""
    found = find_zone(zone, site)
    if found is None:
        return fail(UNRECOGNIZED)
    if not EARLIEST <= ts <= LATEST:
        return fail(OUT_OF_RANGE)
    whole = floor(ts)
    return whole + offset_at(found, whole), ts - whole


# ---- the calendar -------------------------------------------------------------------------------------------


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970 began."""
    # The year is counted from March, so that a leap day is its last: H. Hinnant, "chrono-compatible low-level
    # date algorithms".
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month and day, for days since 1970 began."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (month <= 2), month, day


def day_of_year_from_days(days: int) -> int:
    """From 1 to 366."""
    return days - days_from_civil(civil_from_days(days)[0], 1, 1) + 1


def days_in_month(year: int, month: int) -> int:
    """From 28 to 31."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def weekday_from_days(days: int) -> int:
    """From 0 for Monday to 6 for Sunday."""
    return (days + 3) % 7


# ---- from a timestamp ---------------------------------------------------------------------------------------


@define(
    "time.year",
    "(ts: double, zone: string) -> int",
    errors={UNRECOGNIZED: 40000, OUT_OF_RANGE: 40001},
)
def year(ts: float, zone: str, *, site: Site, fail: Fail) -> int:
    """Return the year that the timestamp falls into in the zone.

    zone: a name of the Olson database, like "America/New_York"; "" is UTC.

    time.year(1443645296.5, "") -> 2015
    time.year(0.0, "America/New_York") -> 1969
    time.year(0.0, "Moon/Tycho") -> error 40000
    time.year(253402300800.0, "") -> error 40001
    """
    whole, _ = local_time(ts, zone, site, fail)
    return civil_from_days(whole // DAY)[0]


@define(
    "time.monthOfYear",
    "(ts: double, zone: string) -> int",
    errors={UNRECOGNIZED: 40010, OUT_OF_RANGE: 40011},
)
def month_of_year(ts: float, zone: str, *, site: Site, fail: Fail) -> int:
    """Return the month, from 1 for January to 12, that the timestamp falls into in the zone.

    zone: a name of the Olson database, like "America/New_York"; "" is UTC.

    time.monthOfYear(1443645296.5, "") -> 9
    time.monthOfYear(1443645296.5, "Asia/Tokyo") -> 10
    time.monthOfYear(0.0, "Moon/Tycho") -> error 40010
    time.monthOfYear(253402300800.0, "") -> error 40011
    """
    whole, _ = local_time(ts, zone, site, fail)
    return civil_from_days(whole // DAY)[1]


@define(
    "time.dayOfYear",
    "(ts: double, zone: string) -> int",
    errors={UNRECOGNIZED: 40020, OUT_OF_RANGE: 40021},
)
def day_of_year(ts: float, zone: str, *, site: Site, fail: Fail) -> int:
    """Return the day of the year, from 1 to 366, that the timestamp falls into in the zone.

    zone: a name of the Olson database, like "America/New_York"; "" is UTC.

    time.dayOfYear(1443645296.5, "") -> 273
    time.dayOfYear(0.0, "America/New_York") -> 365
    time.dayOfYear(0.0, "Moon/Tycho") -> error 40020
    time.dayOfYear(253402300800.0, "") -> error 40021
    """
    whole, _ = local_time(ts, zone, site, fail)
    return day_of_year_from_days(whole // DAY)


@define(
    "time.dayOfMonth",
    "(ts: double, zone: string) -> int",
    errors={UNRECOGNIZED: 40030, OUT_OF_RANGE: 40031},
)
def day_of_month(ts: float, zone: str, *, site: Site, fail: Fail) -> int:
    """Return the day of the month, from 1 to 31, that the timestamp falls into in the zone.

    zone: a name of the Olson database, like "America/New_York"; "" is UTC.

    time.dayOfMonth(1443645296.5, "") -> 30
    time.dayOfMonth(1443645296.5, "Asia/Tokyo") -> 1
    time.dayOfMonth(0.0, "Moon/Tycho") -> error 40030
    time.dayOfMonth(253402300800.0, "") -> error 40031
    """
    whole, _ = local_time(ts, zone, site, fail)
    return civil_from_days(whole // DAY)[2]


@define(
    "time.dayOfWeek",
    "(ts: double, zone: string) -> int",
    errors={UNRECOGNIZED: 40040, OUT_OF_RANGE: 40041},
)
def day_of_week(ts: float, zone: str, *, site: Site, fail: Fail) -> int:
    """Return the day of the week, from 0 for Monday to 6 for Sunday, that the timestamp falls into in the zone.

    zone: a name of the Olson database, like "America/New_York"; "" is UTC.

    time.dayOfWeek(1443645296.5, "") -> 2
    time.dayOfWeek(1443645296.5, "Asia/Tokyo") -> 3
    time.dayOfWeek(0.0, "Moon/Tycho") -> error 40040
    time.dayOfWeek(253402300800.0, "") -> error 40041
    """
    whole, _ = local_time(ts, zone, site, fail)
    return weekday_from_days(whole // DAY)


@define(
    "time.hourOfDay",
    "(ts: double, zone: string) -> int",
    errors={UNRECOGNIZED: 40050, OUT_OF_RANGE: 40051},
)
def hour_of_day(ts: float, zone: str, *, site: Site, fail: Fail) -> int:
    """Return the hour, from 0 to 23, that the timestamp falls into in the zone.

    zone: a name of the Olson database, like "America/New_York"; "" is UTC.

    time.hourOfDay(1443645296.5, "") -> 20
    time.hourOfDay(1443645296.5, "America/New_York") -> 16
    time.hourOfDay(0.0, "Moon/Tycho") -> error 40050
    time.hourOfDay(253402300800.0, "") -> error 40051
    """
    whole, _ = local_time(ts, zone, site, fail)
    return whole % DAY // 3600


@define(
    "time.minuteOfHour",
    "(ts: double, zone: string) -> int",
    errors={UNRECOGNIZED: 40060, OUT_OF_RANGE: 40061},
)
def minute_of_hour(ts: float, zone: str, *, site: Site, fail: Fail) -> int:
    """Return the minute, from 0 to 59, that the timestamp falls into in the zone.

    zone: a name of the Olson database, like "America/New_York"; "" is UTC.

    time.minuteOfHour(1443645296.5, "") -> 34
    time.minuteOfHour(1443645296.5, "Asia/Kolkata") -> 4
    time.minuteOfHour(0.0, "Moon/Tycho") -> error 40060
    time.minuteOfHour(253402300800.0, "") -> error 40061
    """
    whole, _ = local_time(ts, zone, site, fail)
    return whole % 3600 // 60


@define(
    "time.secondOfMinute",
    "(ts: double, zone: string) -> int",
    errors={UNRECOGNIZED: 40070, OUT_OF_RANGE: 40071},
)
def second_of_minute(ts: float, zone: str, *, site: Site, fail: Fail) -> int:
    """Return the second, from 0 to 59, that the timestamp falls into in the zone.

    zone: a name of the Olson database, like "America/New_York"; "" is UTC.

    time.secondOfMinute(1443645296.5, "") -> 56
    time.secondOfMinute(-0.5, "") -> 59
    time.secondOfMinute(0.0, "Moon/Tycho") -> error 40070
    time.secondOfMinute(253402300800.0, "") -> error 40071
    """
    whole, _ = local_time(ts, zone, site, fail)
    return whole % 60


# ---- to a timestamp -----------------------------------------------------------------------------------------


@define(
    "time.makeTimestamp",
    "(year: int, month: int, day: int, hour: int, minute: int, second: int, millisecond: int, zone: string) -> double",
    errors={UNRECOGNIZED: 40080, "timestamp undefined for given parameters": 40081},
)
def make_timestamp(
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    millisecond: int,
    zone: str,
    *,
    site: Site,
    fail: Fail,
) -> float:
    """Return the timestamp of a date, from the years 1 to 9999, and a time in the zone.

    A time that comes twice, when clocks are put back, is the first of the two; one that clocks leave out when they
    are put forward is undefined.

    time.makeTimestamp(2015, 9, 30, 20, 34, 56, 500, "") -> 1443645296.5
    time.makeTimestamp(2015, 9, 30, 16, 34, 56, 500, "America/New_York") -> 1443645296.5
    time.makeTimestamp(2015, 11, 1, 1, 30, 0, 0, "America/New_York") -> 1446355800.0
    time.makeTimestamp(2015, 9, 30, 0, 0, 0, 0, "Moon/Tycho") -> error 40080
    time.makeTimestamp(2015, 9, 31, 0, 0, 0, 0, "") -> error 40081
    time.makeTimestamp(2015, 3, 8, 2, 30, 0, 0, "America/New_York") -> error 40081
    """
    found = find_zone(zone, site)
    if found is None:
        return fail(UNRECOGNIZED)
    if not (
        1 <= year <= 9999
        and 1 <= month <= 12
        and 1 <= day <= days_in_month(year, month)
        and 0 <= hour <= 23
        and 0 <= minute <= 59
        and 0 <= second <= 59
        and 0 <= millisecond <= 999
    ):
        return fail("timestamp undefined for given parameters")
    clock = datetime(year, month, day, hour, minute, second, tzinfo=found)
    offset, later = _seconds(clock.utcoffset()), _seconds(clock.replace(fold=1).utcoffset())
    if later > offset:  # `fold` tells the offsets before and after a change: the clock skips this time
        return fail("timestamp undefined for given parameters")
    whole = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset
    return whole + millisecond / 1000.0


# ---- is a timestamp within limits ---------------------------------------------------------------------------


def _within(whole: int, fraction: float, low: float, high: float) -> bool:
    """Is the number in [low, high)?  Neither its parts' sum nor the fraction may be rounded up to the limit."""
    return low - whole <= min(fraction, ALMOST_ONE) < high - whole


def _day(time: Time) -> Time:
    """Days, and the fraction of a day."""
    days, seconds = divmod(time[0], DAY)
    return days, (seconds + time[1]) / DAY


@define(
    "time.isSecondOfMinute",
    "(ts: double, zone: string, low: double, high: double) -> boolean",
    errors={"bad time range": 40090, UNRECOGNIZED: 40091, OUT_OF_RANGE: 40092},
)
def is_second_of_minute(ts: float, zone: str, low: float, high: float, *, site: Site, fail: Fail) -> bool:
    """Return whether the second of the minute, from 0 to below 60, is at least `low` and below `high`.

    time.isSecondOfMinute(1443645296.5, "", 56.25, 57.0) -> true
    time.isSecondOfMinute(1443645296.5, "", 57.0, 60.0) -> false
    time.isSecondOfMinute(0.0, "", 1.0, 1.0) -> error 40090
    time.isSecondOfMinute(0.0, "Moon/Tycho", 1.0, 2.0) -> error 40091
    time.isSecondOfMinute(253402300800.0, "", 1.0, 2.0) -> error 40092
    """
    if low >= high:
        return fail("bad time range")
    time = local_time(ts, zone, site, fail)
    return _within(time[0] % 60, time[1], low, high)


@define(
    "time.isMinuteOfHour",
    "(ts: double, zone: string, low: double, high: double) -> boolean",
    errors={"bad time range": 40100, UNRECOGNIZED: 40101, OUT_OF_RANGE: 40102},
)
def is_minute_of_hour(ts: float, zone: str, low: float, high: float, *, site: Site, fail: Fail) -> bool:
    """Return whether the minute of the hour, from 0 to below 60, is at least `low` and below `high`.

    time.isMinuteOfHour(1443645296.5, "", 30.0, 35.0) -> true
    time.isMinuteOfHour(1443645296.5, "Asia/Kolkata", 30.0, 35.0) -> false
    time.isMinuteOfHour(0.0, "", 1.0, 1.0) -> error 40100
    time.isMinuteOfHour(0.0, "Moon/Tycho", 1.0, 2.0) -> error 40101
    time.isMinuteOfHour(253402300800.0, "", 1.0, 2.0) -> error 40102
    """
    if low >= high:
        return fail("bad time range")
    time = local_time(ts, zone, site, fail)
    minute, second = divmod(time[0] % 3600, 60)
    return _within(minute, (second + time[1]) / 60.0, low, high)


@define(
    "time.isHourOfDay",
    "(ts: double, zone: string, low: double, high: double) -> boolean",
    errors={"bad time range": 40110, UNRECOGNIZED: 40111, OUT_OF_RANGE: 40112},
)
def is_hour_of_day(ts: float, zone: str, low: float, high: float, *, site: Site, fail: Fail) -> bool:
    """Return whether the hour of the day, from 0 to below 24, is at least `low` and below `high`.

    time.isHourOfDay(1443645296.5, "", 20.5, 21.0) -> true
    time.isHourOfDay(1443645296.5, "America/New_York", 20.5, 21.0) -> false
    time.isHourOfDay(0.0, "", 1.0, 1.0) -> error 40110
    time.isHourOfDay(0.0, "Moon/Tycho", 1.0, 2.0) -> error 40111
    time.isHourOfDay(253402300800.0, "", 1.0, 2.0) -> error 40112
    """
    if low >= high:
        return fail("bad time range")
    time = local_time(ts, zone, site, fail)
    hour, second = divmod(time[0] % DAY, 3600)
    return _within(hour, (second + time[1]) / 3600.0, low, high)


@define(
    "time.isDayOfWeek",
    "(ts: double, zone: string, low: double, high: double) -> boolean",
    errors={"bad time range": 40120, UNRECOGNIZED: 40121, OUT_OF_RANGE: 40122},
)
def is_day_of_week(ts: float, zone: str, low: float, high: float, *, site: Site, fail: Fail) -> bool:
    """Return whether the day of the week, from 0 when Monday begins to 7 when Sunday ends, is at least `low` and below `high`.

    time.isDayOfWeek(1443645296.5, "", 2.0, 3.0) -> true
    time.isDayOfWeek(1443645296.5, "Asia/Tokyo", 2.0, 3.0) -> false
    time.isDayOfWeek(0.0, "", 1.0, 1.0) -> error 40120
    time.isDayOfWeek(0.0, "Moon/Tycho", 1.0, 2.0) -> error 40121
    time.isDayOfWeek(253402300800.0, "", 1.0, 2.0) -> error 40122
    """
    if low >= high:
        return fail("bad time range")
    days, fraction = _day(local_time(ts, zone, site, fail))
    return _within(weekday_from_days(days), fraction, low, high)


@define(
    "time.isDayOfMonth",
    "(ts: double, zone: string, low: double, high: double) -> boolean",
    errors={"bad time range": 40130, UNRECOGNIZED: 40131, OUT_OF_RANGE: 40132},
)
def is_day_of_month(ts: float, zone: str, low: float, high: float, *, site: Site, fail: Fail) -> bool:
    """Return whether the day of the month, from 1 to below 32, is at least `low` and below `high`.

    time.isDayOfMonth(1443645296.5, "", 30.0, 32.0) -> true
    time.isDayOfMonth(1443645296.5, "Asia/Tokyo", 30.0, 32.0) -> false
    time.isDayOfMonth(0.0, "", 1.0, 1.0) -> error 40130
    time.isDayOfMonth(0.0, "Moon/Tycho", 1.0, 2.0) -> error 40131
    time.isDayOfMonth(253402300800.0, "", 1.0, 2.0) -> error 40132
    """
    if low >= high:
        return fail("bad time range")
    days, fraction = _day(local_time(ts, zone, site, fail))
    return _within(civil_from_days(days)[2], fraction, low, high)


@define(
    "time.isMonthOfYear",
    "(ts: double, zone: string, low: double, high: double) -> boolean",
    errors={"bad time range": 40140, UNRECOGNIZED: 40141, OUT_OF_RANGE: 40142},
)
def is_month_of_year(ts: float, zone: str, low: float, high: float, *, site: Site, fail: Fail) -> bool:
    """Return whether the month of the year, from 1 when January begins to 13 when December ends, is at least `low` and below `high`.

    time.isMonthOfYear(1443645296.5, "", 9.0, 10.0) -> true
    time.isMonthOfYear(1443645296.5, "Asia/Tokyo", 9.0, 10.0) -> false
    time.isMonthOfYear(0.0, "", 1.0, 1.0) -> error 40140
    time.isMonthOfYear(0.0, "Moon/Tycho", 1.0, 2.0) -> error 40141
    time.isMonthOfYear(253402300800.0, "", 1.0, 2.0) -> error 40142
    """
    if low >= high:
        return fail("bad time range")
    days, fraction = _day(local_time(ts, zone, site, fail))
    year, month, day = civil_from_days(days)
    return _within(month, (day - 1 + fraction) / days_in_month(year, month), low, high)


@define(
    "time.isDayOfYear",
    "(ts: double, zone: string, low: double, high: double) -> boolean",
    errors={"bad time range": 40150, UNRECOGNIZED: 40151, OUT_OF_RANGE: 40152},
)
def is_day_of_year(ts: float, zone: str, low: float, high: float, *, site: Site, fail: Fail) -> bool:
    """Return whether the day of the year, from 1 to below 367, is at least `low` and below `high`.

    time.isDayOfYear(1443645296.5, "", 273.0, 274.0) -> true
    time.isDayOfYear(1443645296.5, "Asia/Tokyo", 273.0, 274.0) -> false
    time.isDayOfYear(0.0, "", 1.0, 1.0) -> error 40150
    time.isDayOfYear(0.0, "Moon/Tycho", 1.0, 2.0) -> error 40151
    time.isDayOfYear(253402300800.0, "", 1.0, 2.0) -> error 40152
    """
    if low >= high:
        return fail("bad time range")
    days, fraction = _day(local_time(ts, zone, site, fail))
    return _within(day_of_year_from_days(days), fraction, low, high)


@define(
    "time.isWeekend",
    "(ts: double, zone: string) -> boolean",
    errors={UNRECOGNIZED: 40160, OUT_OF_RANGE: 40161},
)
def is_weekend(ts: float, zone: str, *, site: Site, fail: Fail) -> bool:
    """Return whether the timestamp falls on a Saturday or Sunday in the zone.

    time.isWeekend(1443645296.5, "") -> false
    time.isWeekend(1443902400.0, "") -> true
    time.isWeekend(0.0, "Moon/Tycho") -> error 40160
    time.isWeekend(253402300800.0, "") -> error 40161
    """
    whole, _ = local_time(ts, zone, site, fail)
    return weekday_from_days(whole // DAY) >= 5


@define(
    "time.isWorkHours",
    "(ts: double, zone: string) -> boolean",
    errors={UNRECOGNIZED: 40170, OUT_OF_RANGE: 40171},
)
def is_work_hours(ts: float, zone: str, *, site: Site, fail: Fail) -> bool:
    """Return whether the timestamp falls on a Monday to Friday, from 9 to before 17 hours, in the zone.

    time.isWorkHours(1443645296.5, "America/New_York") -> true
    time.isWorkHours(1443645296.5, "") -> false
    time.isWorkHours(0.0, "Moon/Tycho") -> error 40170
    time.isWorkHours(253402300800.0, "") -> error 40171
    """
    whole, _ = local_time(ts, zone, site, fail)
    days, second = divmod(whole, DAY)
    return weekday_from_days(days) < 5 and 9 * 3600 <= second < 17 * 3600
