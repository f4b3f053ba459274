"""A zone's offsets from UTC as a table of longs, which kernels search (`time_*`).

    0  how many instants there are, n
    1  from when on the zone repeats itself every 400 years; NEVER where it does not change any more
    2  n instants at which the offset changes, then n + 1 offsets: before the first, after each

Where the instants are, the zone's file says, and, behind its last one, its rule, which the calendar's 14 kinds of years
tell apart; what the offsets are, `zoneinfo` says, as it does to the bodies of `time.*`.  So the two cannot differ in
how they read a zone; a rule that this does not understand is left to the body.
"""

from __future__ import annotations

import struct
import zoneinfo
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pfa.lib.define import Site
from pfa.lib.time import DAY, FIRST, LAST, civil_from_days, days_from_civil, find_zone, offset_at, weekday_from_days

if TYPE_CHECKING:
    from datetime import tzinfo

NEVER = 1 << 62
YEARS = 400  # after which the calendar repeats itself, weekdays too
CYCLE = 146_097 * DAY
APART = 3 * DAY  # of a change from where the cycle begins, at least
START = 20  # of January: where no zone changes
LARGEST = 1 << 20  # bytes of a zone's file


@cache
def zone_table(name: str) -> list[int] | None:
    """The table of a zone, empty where there is no such zone; None where it cannot be told."""
    zone = find_zone(name, Site("time", (), ()))  # type: ignore[arg-type]
    if zone is None:
        return []
    instants = [t for t in _instants(name) if FIRST < t < LAST] if name else []
    year = max(civil_from_days(instants[-1] // DAY)[0] + 1 if instants else 0, 1971)
    cycle = _cycle(zone, year)
    if cycle is None:
        return None
    start = days_from_civil(year, 1, START) * DAY
    changes = [(t, offset_at(zone, t)) for t in instants]
    if instants:  # the rule holds from the last of them on
        changes += [(instants[-1] + after, offset) for after, offset in _changes(zone, instants[-1], start)]
    changes += cycle
    before = offset_at(zone, changes[0][0] - 1 if changes else 0)
    kept = [(t, o) for (t, o), (_, last) in zip(changes, [(0, before), *changes], strict=False) if o != last]
    return [len(kept), start if cycle else NEVER, *(t for t, _ in kept), before, *(o for _, o in kept)]


def _instants(name: str) -> list[int]:
    """When the zone changes, by its file (RFC 9636): the block of 64-bit times, in version 1 that of 32-bit ones."""
    data = _file(name)
    times = 0
    at, width = 0, 4
    while True:
        magic, version, utc, std, leaps, times, types, chars = struct.unpack_from(">4sc15x6I", data, at)
        if magic != b"TZif":
            return []
        if version == b"\0" or width == 8:
            return list(struct.unpack_from(f">{times}{'q' if width == 8 else 'i'}", data, at + 44))
        at += 44 + times * 5 + types * 6 + chars + leaps * 8 + std + utc
        width = 8


def _file(name: str) -> bytes:
    """Where `zoneinfo` looks, in its order."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            with path.open("rb") as f:
                return f.read(LARGEST)
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def _cycle(zone: tzinfo, year: int) -> list[tuple[int, int]] | None:
    """Changes, and the offsets after them, of 400 years from the 20th of January of a year in which the rule holds."""
    known: dict[tuple[int, int], list[tuple[int, int]]] = {}
    found: list[tuple[int, int]] = []
    for y in range(year, year + YEARS):
        start, end = (days_from_civil(y + i, 1, START) for i in (0, 1))
        kind = end - start, weekday_from_days(start)
        if kind not in known:
            known[kind] = _changes(zone, start * DAY, end * DAY)
        found += [(start * DAY + after, offset) for after, offset in known[kind]]
    if any(not APART < (t - days_from_civil(year, 1, START) * DAY) % CYCLE < CYCLE - APART for t, _ in found):
        return None
    return found


def _changes(zone: tzinfo, start: int, end: int) -> list[tuple[int, int]]:
    """Seconds after the start of a year at which the offset changes, looked for in each ten days; offsets after."""
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
