"""Time (time.*): the calendar by arithmetic, offsets of zones by tables (`pfa.targets.kernel.zones`).

A zone is the address of its table, 0 where there is none.  A time on its clock is seconds, counted as if it were in
UTC.  A date is one number: year * 512 + month * 32 + day.
"""

from __future__ import annotations

from pfa.targets.kernel.language import f64, fail, floor, i64, inline, ld, trunc_i64
from pfa.targets.kernel.lib.base import items
from pfa.targets.kernel.lib.state import map_find

EARLIEST = -62135596800.0  # the years 1 to 9999
LATEST = 253402300799.0
FIRST_SECOND = -62135424000  # what `offset_at` of pfa.lib.time holds its seconds between
LAST_SECOND = 253402127999
DAY = 86400
CYCLE = 12622780800  # seconds of 400 years
RULES = 948326400  # the 20th of January 2000, from when on the tables of rules are
INSTANTS = 24  # bytes of a table before them
ALMOST_ONE = 1.0 - 1.0 / 9007199254740992.0


# Zones


def find_zone(ctx: i64, places: i64, tables: i64, name: i64) -> i64:
    """The table of a zone of this name, or 0."""
    found = map_find(ctx, places, name)
    return 0 if found == 0 else items(tables) + ld(found + 8) * 8


@inline
def zone_at(zone: i64, t: i64) -> i64:
    """The table for a time: the zone's, or that of its rule."""
    return zone if t < ld(zone + 8) else zone + ld(zone + 16) * 8


@inline
def in_rule(zone: i64, t: i64) -> i64:
    """A time between 2000 and 2400 for which the rule says the same."""
    return t if t < ld(zone + 8) else RULES + (t - RULES) % CYCLE


def zone_offset(zone: i64, seconds: i64) -> i64:
    """Seconds that the zone is ahead of UTC."""
    t = min(max(seconds, FIRST_SECOND), LAST_SECOND)
    table = zone_at(zone, t)
    t = in_rule(zone, t)
    low = 0
    high = ld(table)
    while low < high:
        middle = (low + high) // 2
        if ld(table + INSTANTS + middle * 8) <= t:
            low = middle + 1
        else:
            high = middle
    return ld(table + INSTANTS + (ld(table) + low) * 8)


def clock_offset(zone: i64, clock: i64, later: bool) -> i64:
    """The offset at a time on the zone's clock: around a change that before it, or that after it."""
    table = zone_at(zone, clock)
    t = in_rule(zone, clock)
    offsets = table + INSTANTS + ld(table) * 8
    low = 0
    high = ld(table)
    while low < high:
        middle = (low + high) // 2
        before = ld(offsets + middle * 8)
        after = ld(offsets + middle * 8 + 8)
        if ld(table + INSTANTS + middle * 8) + (min(before, after) if later else max(before, after)) <= t:
            low = middle + 1
        else:
            high = middle
    return ld(offsets + low * 8)


def zone_clock(ctx: i64, ts: f64, zone: i64, code: i64) -> i64:
    """The time on the zone's clock; errors are `code` and the next one."""
    if zone == 0:
        fail(ctx, code)
    if not EARLIEST <= ts <= LATEST:
        fail(ctx, code + 1)
    whole = trunc_i64(floor(ts))
    return whole + zone_offset(zone, whole)


@inline
def fraction_of(ts: f64) -> f64:
    return ts - floor(ts)


# The calendar


def days_of_date(year: i64, month: i64, day: i64) -> i64:
    """Days since 1970 began."""
    shifted = year - int(month <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def date_of(days: i64) -> i64:
    """The date, for days since 1970 began."""
    era = (days + 719468) // 146097
    of_era = days + 719468 - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return (year + era * 400 + int(month <= 2)) * 512 + month * 32 + day


@inline
def year_of(date: i64) -> i64:
    return date // 512


@inline
def month_of(date: i64) -> i64:
    return (date // 32) & 15


@inline
def day_of(date: i64) -> i64:
    return date & 31


def day_in_year(days: i64) -> i64:
    """From 1 to 366."""
    return days - days_of_date(year_of(date_of(days)), 1, 1) + 1


def days_of_month(year: i64, month: i64) -> i64:
    """From 28 to 31."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@inline
def weekday(days: i64) -> i64:
    """From 0 for Monday to 6 for Sunday."""
    return (days + 3) % 7


# From a timestamp


def time_year(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> i64:
    return year_of(date_of(zone_clock(ctx, ts, zone_1, 40000) // DAY))


def time_monthOfYear(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> i64:
    return month_of(date_of(zone_clock(ctx, ts, zone_1, 40010) // DAY))


def time_dayOfYear(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> i64:
    return day_in_year(zone_clock(ctx, ts, zone_1, 40020) // DAY)


def time_dayOfMonth(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> i64:
    return day_of(date_of(zone_clock(ctx, ts, zone_1, 40030) // DAY))


def time_dayOfWeek(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> i64:
    return weekday(zone_clock(ctx, ts, zone_1, 40040) // DAY)


def time_hourOfDay(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> i64:
    return zone_clock(ctx, ts, zone_1, 40050) % DAY // 3600


def time_minuteOfHour(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> i64:
    return zone_clock(ctx, ts, zone_1, 40060) % 3600 // 60


def time_secondOfMinute(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> i64:
    return zone_clock(ctx, ts, zone_1, 40070) % 60


# To a timestamp


def time_makeTimestamp(
    ctx: i64, year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64, millisecond: i64, zone: i64,
    zone_7: i64,
) -> f64:  # fmt: skip
    if zone_7 == 0:
        fail(ctx, 40080)
    if year < 1 or year > 9999 or month < 1 or month > 12 or day < 1 or day > days_of_month(year, month):
        fail(ctx, 40081)
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        fail(ctx, 40081)
    if millisecond < 0 or millisecond > 999:
        fail(ctx, 40081)
    clock = days_of_date(year, month, day) * DAY + hour * 3600 + minute * 60 + second
    offset = clock_offset(zone_7, clock, False)
    if clock_offset(zone_7, clock, True) > offset:  # the clock skips this time
        fail(ctx, 40081)
    return float(clock - offset) + float(millisecond) / 1000.0


# Is a timestamp within limits


@inline
def number_within(whole: i64, fraction: f64, low: f64, high: f64) -> bool:
    """Is the number in [low, high)?"""
    part = ALMOST_ONE if fraction > ALMOST_ONE else fraction
    return low - float(whole) <= part and part < high - float(whole)


@inline
def day_fraction(clock: i64, ts: f64) -> f64:
    return (float(clock % DAY) + fraction_of(ts)) / 86400.0


def time_isSecondOfMinute(ctx: i64, ts: f64, zone: i64, low: f64, high: f64, zone_1: i64) -> bool:
    if low >= high:
        fail(ctx, 40090)
    clock = zone_clock(ctx, ts, zone_1, 40091)
    return number_within(clock % 60, fraction_of(ts), low, high)


def time_isMinuteOfHour(ctx: i64, ts: f64, zone: i64, low: f64, high: f64, zone_1: i64) -> bool:
    if low >= high:
        fail(ctx, 40100)
    clock = zone_clock(ctx, ts, zone_1, 40101)
    return number_within(clock % 3600 // 60, (float(clock % 60) + fraction_of(ts)) / 60.0, low, high)


def time_isHourOfDay(ctx: i64, ts: f64, zone: i64, low: f64, high: f64, zone_1: i64) -> bool:
    if low >= high:
        fail(ctx, 40110)
    clock = zone_clock(ctx, ts, zone_1, 40111)
    return number_within(clock % DAY // 3600, (float(clock % 3600) + fraction_of(ts)) / 3600.0, low, high)


def time_isDayOfWeek(ctx: i64, ts: f64, zone: i64, low: f64, high: f64, zone_1: i64) -> bool:
    if low >= high:
        fail(ctx, 40120)
    clock = zone_clock(ctx, ts, zone_1, 40121)
    return number_within(weekday(clock // DAY), day_fraction(clock, ts), low, high)


def time_isDayOfMonth(ctx: i64, ts: f64, zone: i64, low: f64, high: f64, zone_1: i64) -> bool:
    if low >= high:
        fail(ctx, 40130)
    clock = zone_clock(ctx, ts, zone_1, 40131)
    return number_within(day_of(date_of(clock // DAY)), day_fraction(clock, ts), low, high)


def time_isMonthOfYear(ctx: i64, ts: f64, zone: i64, low: f64, high: f64, zone_1: i64) -> bool:
    if low >= high:
        fail(ctx, 40140)
    clock = zone_clock(ctx, ts, zone_1, 40141)
    date = date_of(clock // DAY)
    days = float(days_of_month(year_of(date), month_of(date)))
    return number_within(month_of(date), (float(day_of(date) - 1) + day_fraction(clock, ts)) / days, low, high)


def time_isDayOfYear(ctx: i64, ts: f64, zone: i64, low: f64, high: f64, zone_1: i64) -> bool:
    if low >= high:
        fail(ctx, 40150)
    clock = zone_clock(ctx, ts, zone_1, 40151)
    return number_within(day_in_year(clock // DAY), day_fraction(clock, ts), low, high)


def time_isWeekend(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> bool:
    return weekday(zone_clock(ctx, ts, zone_1, 40160) // DAY) >= 5


def time_isWorkHours(ctx: i64, ts: f64, zone: i64, zone_1: i64) -> bool:
    clock = zone_clock(ctx, ts, zone_1, 40170)
    second = clock % DAY
    return weekday(clock // DAY) < 5 and second >= 32400 and second < 61200
