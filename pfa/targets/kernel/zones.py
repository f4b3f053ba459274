"""Offsets of zones from UTC as tables of longs, which kernels search (`time_*`).

    0  how many instants there are, n
    1  from when on the zone follows its rule; NEVER where it does not change any more
    2  how many words behind the beginning of this table the rule's table is, which is of the same form
    3  n instants at which the offset changes, then n + 1 offsets: before the first, after each

The calendar repeats itself every 400 years, weekdays too: a rule's table is of those from 2000 on.  Where the instants
are, the zone's file says, and, behind its last one, its rule, which only the calendar's 14 kinds of years tell apart;
what the offsets are, `zoneinfo` says, as it does to the bodies of `time.*`.  So the two cannot differ in how they read
a zone.  Zones that this does not understand are left to the bodies.
"""

from __future__ import annotations

import struct
import zoneinfo
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pfa.lib.define import Site
from pfa.lib.time import (
    DAY,
    FIRST,
    LAST,
    civil_from_days,
    days_from_civil,
    find_zone,
    offset_at,
    weekday_from_days,
    zone_names,
)

if TYPE_CHECKING:
    from datetime import tzinfo

Changes: TypeAlias = list[tuple[int, int]]  # instants, and the offsets after them

NEVER = 1 << 62
HEADER = 3
YEARS = range(2000, 2400)
APART = 3 * DAY  # of a change from where the cycle begins, at least
START = 20  # of January: where no zone changes
LARGEST = 1 << 20  # bytes of a zone's file


class Strange(Exception):
    """A rule that changes where the cycle begins."""


@cache
def zone_table(name: str) -> list[int] | None:
    """The tables of a zone and its rule; empty where there is no such zone, None where it cannot be told."""
    zone = find_zone(name, Site("time", (), ()))  # type: ignore[arg-type]
    if zone is None:
        return []
    try:
        own, rule = _tables(name, zone)
    except Strange:
        return None
    own[2] = len(own)
    return [*own, *(rule or ())]


@cache
def all_zones() -> tuple[dict[str, int], list[int]] | None:
    """The tables of all zones, and where each zone's is; None where a zone cannot be told."""
    site = Site("time", (), ())  # type: ignore[arg-type]
    words: list[int] = []
    places: dict[str, int] = {}
    known: dict[bytes, int] = {}  # places by file, and of rules
    for name in ("", *sorted(zone_names())):
        data = _file(name)
        zone = find_zone(name, site)
        if zone is not None and data not in known:
            try:
                own, rule = _tables(name, zone)
            except Strange:
                return None
            key = b"rule" + _rule(data)
            if rule and key not in known:
                known[key] = len(words)
                words += rule
            known[data] = len(words)
            own[2] = known[key] - len(words) if rule else 0
            words += own
        if zone is not None:
            places[name] = known[data]
    return places, words


def _tables(name: str, zone: tzinfo) -> tuple[list[int], tuple[int, ...]]:
    """A zone's table and its rule's, which is empty where it has none."""
    data = _file(name)
    instants = [t for t in _instants(data) if FIRST < t < LAST]
    year = max(civil_from_days(instants[-1] // DAY)[0] + 1 if instants else 0, 1971)
    rule = _cycle(_rule(data), zone, year)
    start = days_from_civil(year, 1, START) * DAY
    changes = [(t, offset_at(zone, t)) for t in instants]
    if instants:  # the rule holds from the last of them on
        changes += [(instants[-1] + after, offset) for after, offset in _changes(zone, instants[-1], start)]
    before = offset_at(zone, changes[0][0] - 1 if changes else 0)
    return _words(changes, before, start if rule else NEVER), rule


def _words(changes: Changes, before: int, start: int) -> list[int]:
    """The table of changes, but for those that change nothing."""
    kept = [(t, o) for (t, o), (_, last) in zip(changes, [(0, before), *changes], strict=False) if o != last]
    return [len(kept), start, 0, *(t for t, _ in kept), before, *(o for _, o in kept)]


def _instants(data: bytes) -> list[int]:
    """When the zone changes, by its file (RFC 9636): the block of 64-bit times, in version 1 that of 32-bit ones."""
    at, width = 0, 4
    while data:
        magic, version, utc, std, leaps, times, types, chars = struct.unpack_from(">4sc15x6I", data, at)
        if magic != b"TZif":
            break
        if version == b"\0" or width == 8:
            return list(struct.unpack_from(f">{times}{'q' if width == 8 else 'i'}", data, at + 44))
        at += 44 + times * 5 + types * 6 + chars + leaps * 8 + std + utc
        width = 8
    return []


def _rule(data: bytes) -> bytes:
    """The last line of a file: what holds behind its last instant."""
    return data.split(b"\n")[-2] if data.endswith(b"\n") else b""


def _file(name: str) -> bytes:
    """A zone's file, where `zoneinfo` looks for it, in its order; UTC has none."""
    if not name:
        return b""
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            with path.open("rb") as f:
                return f.read(LARGEST)
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


# Tables by rule; one without a comma is one offset.
_rules: dict[bytes, tuple[int, ...]] = {}


def _cycle(rule: bytes, zone: tzinfo, year: int) -> tuple[int, ...]:
    """The table of a rule, by a zone in which it holds from the 20th of January of a year on."""
    if rule not in _rules:
        _rules[rule] = tuple(_cycle_words(zone, year)) if b"," in rule else ()
    return _rules[rule]


def _cycle_words(zone: tzinfo, year: int) -> list[int]:
    known = {}
    for y in range(year, year + len(YEARS)):
        start, end = (days_from_civil(y + i, 1, START) for i in (0, 1))
        kind = end - start, weekday_from_days(start)
        if kind not in known:
            known[kind] = _changes(zone, start * DAY, end * DAY)
            if any(not APART < after < (end - start) * DAY - APART for after, _ in known[kind]):
                raise Strange
    found: Changes = []
    for y in YEARS:
        start, end = (days_from_civil(y + i, 1, START) for i in (0, 1))
        found += [(start * DAY + after, offset) for after, offset in known[end - start, weekday_from_days(start)]]
    return _words(found, offset_at(zone, days_from_civil(year, 1, START) * DAY), NEVER) if found else []


def _changes(zone: tzinfo, start: int, end: int) -> Changes:
    """Seconds after the start at which the offset changes, looked for in each ten days; offsets after."""
    found = []
    low, offset = start, offset_at(zone, start)
    while low < end:
        high = min(low + 10 * DAY, end)
        after = offset_at(zone, high)
        if after != offset:
            found.append((_change(zone, low, high) - start, after))
        low, offset = high, after
    return found


def _change(zone: tzinfo, low: int, high: int) -> int:
    """The first second with the offset that `high` has, which `low` has not."""
    after = offset_at(zone, high)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == after:
            high = middle
        else:
            low = middle
    return high
