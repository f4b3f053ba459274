"""Expressions that try to use up time or memory; each is null, and fits wherever a statement may stand."""

from __future__ import annotations

from typing import Any

INTS = {"type": "array", "items": "int"}
TREE = {
    "type": "record",
    "name": "Hostile",
    "fields": [{"name": "l", "type": ["null", "Hostile"]}, {"name": "r", "type": ["null", "Hostile"]}],
}
TREES = {"type": "array", "items": "Hostile"}


def _loop(start: Any, step: Any, then: Any = None) -> dict[str, Any]:
    """`h` begins as `start` and becomes `step` again and again, sixty times; then something is done with it."""
    loop = {
        "for": {"hi": 0},
        "while": {"<": ["hi", 60]},
        "step": {"hi": {"+": ["hi", 1]}},
        "do": {"set": {"h": step}},
    }
    return {"do": [{"let": {"h": start}}, loop, {"log": [then or 0]}]}


def _log(call: Any) -> dict[str, Any]:
    return {"log": [call]}


NUMBERS = {"type": INTS, "value": list(range(40))}
DOUBLED = _loop({"type": TREE, "value": {"l": None, "r": None}}, {"new": {"l": "h", "r": "h"}, "type": "Hostile"})
LONG = "a" * 4000

HOSTILE: tuple[Any, ...] = (
    {"while": True, "do": None},
    {"do": None, "until": False},
    {"for": {"h": 0}, "while": True, "step": {"h": {"+": ["h", 0]}}, "do": None},
    {"while": True, "do": {"try": {"error": "again"}}},
    {"while": True, "do": {"log": [["x"]]}},
    _log({"s.repeat": [["xxxxxxxx"], 2147483647]}),
    _log({"s.hex": [1, 2147483647, True]}),
    _log({"s.number": [1, 2147483647, True]}),
    _log({"a.permutations": [NUMBERS]}),
    _log({"a.combinations": [NUMBERS, 20]}),
    _log({"cast.fanoutInt": [0, 0, 2147483647, False]}),
    _log({"m.special.nChooseK": [2147483647, 1073741823]}),
    _log({"**": [3, 2147483647]}),
    _log({"re.contains": [[LONG], ["(a*)*b"]]}),
    _log({"re.contains": [[LONG], ["(a|aa)+\\1b"]]}),
    _log({"re.groupsall": [[LONG], ["(a*)(a*)(a*)"]]}),
    _log({"s.replaceall": [[LONG], [""], [LONG]]}),
    _log({"rand.bytes": [2147483647]}),
    _log({"rand.string": [2147483647]}),
    _loop(["x"], {"s.concat": ["h", "h"]}),
    _loop({"base64": "eA=="}, {"pack": [{"raw": "h"}, {"raw": "h"}]}),
    _loop({"type": INTS, "value": [1]}, {"a.concat": ["h", "h"]}),
    _loop({"type": INTS, "value": [1]}, {"a.flatten": [{"new": ["h", "h"], "type": {"type": "array", "items": INTS}}]}),
    _loop({"type": INTS, "value": [1]}, {"a.subseqto": ["h", 0, 0, "h"]}),
    _loop(["x"], {"s.join": [{"new": ["h", "h", "h"], "type": {"type": "array", "items": "string"}}, "h"]}),
    _loop(["x"], {"cast.json": ["h"]}),
    _loop({"type": INTS, "value": [1]}, {"a.sort": [{"a.concat": ["h", "h"]}]}),
    {"do": [*DOUBLED["do"][:2], {"log": ["h"]}]},
    {"do": [*DOUBLED["do"][:2], {"log": [{"cast.json": ["h"]}]}]},
    {"do": [*DOUBLED["do"][:2], {"log": [{"cast.avro": ["h"]}]}]},
    {"do": [*DOUBLED["do"][:2], {"log": [{"==": ["h", {"attr": "h", "path": [["l"]], "to": "h"}]}]}]},
    {"do": [*DOUBLED["do"][:2], {"log": [{"a.distinct": [{"new": ["h", "h"], "type": TREES}]}]}]},
)  # fmt: skip
"""In turn: loops without end, single calls, growth by doubling, and values small in memory and huge when walked."""

CELL = {"hostile": {"type": TREE, "init": {"l": None, "r": None}}}
GROWN = {
    "for": {"hi": 0},
    "while": {"<": ["hi", 60]},
    "step": {"hi": {"+": ["hi", 1]}},
    "do": {
        "cell": "hostile",
        "to": {"new": {"l": {"cell": "hostile"}, "r": {"cell": "hostile"}}, "type": "Hostile"},
    },
}
"""A cell, and the statement that makes it huge: snapshots, states and pickles write it out."""
