"""Library calls on the numba backend that would need more time or memory than there is."""

import numpy as np
import pytest

import pfa
from pfa.targets.kernel.lib.state import PRIME, START

INTS = {"type": "array", "items": "int"}
NEVER_LESS = {
    "params": [{"x": "int"}, {"y": "int"}], "ret": "boolean",
    "do": [{"let": {"i": 0}}, {"while": True, "do": [{"set": {"i": 0}}]}, True],
}  # fmt: skip
HUGE = {
    "permutations": {"a.permutations": "input"},
    "combinations": {"a.combinations": ["input", {"//": [{"a.len": "input"}, 2]}]},
    "windows": {"a.flatten": {"a.slidingWindow": ["input", {"//": [{"a.len": "input"}, 2]}, 1]}},
    "endless order": {"a.sortLT": ["input", NEVER_LESS]},
}


@pytest.mark.parametrize("name", HUGE)
def test_results_that_no_memory_holds(name):
    document = {"input": INTS, "output": "int", "action": {"a.len": HUGE[name]}}
    limits = pfa.Limits(memory=1 << 27, time=0.3)
    engine = pfa.loads(document, backend="numba", escape=False, limits=limits)
    for size in (30, 9000) if name != "windows" else (9000,):
        with pytest.raises(pfa.PfaLimitError):
            engine.action(list(range(size)))


def colliding(count):
    """Different texts of 16 ASCII characters that have one hash."""
    first = np.random.default_rng(1).integers(0, 1 << 63, count, np.uint64) & np.uint64(0x7F7F7F7F7F7F7F7F)
    hashed = (np.uint64(START % (1 << 64)) ^ np.uint64(16) ^ first) * np.uint64(PRIME)
    second = hashed ^ (hashed >> np.uint64(29)) ^ np.uint64(0x3132333435363738)
    ascii = (second & np.uint64(0x8080808080808080)) == 0
    words = np.stack([first[ascii], second[ascii]], axis=1)
    return sorted({row.tobytes().decode("ascii") for row in words})


@pytest.mark.parametrize("call", ["a.distinct", "map.keys"])
def test_keys_made_to_collide(call):
    texts = {"type": "array", "items": "string"}
    same = {"params": [{"x": "string"}], "ret": "string", "do": "x"}
    do = {call: "input" if call == "a.distinct" else {"a.groupby": ["input", same]}}
    document = {"input": texts, "output": "int", "action": {"a.len": do}}
    engine = pfa.loads(document, backend="numba", escape=False, limits=pfa.Limits(time=0.2))
    keys = colliding(1 << 23)
    with pytest.raises(pfa.PfaLimitError):
        engine.action(keys)
    assert engine.action(keys[:100]) == 100
    assert engine.action([f"{i:016}" for i in range(len(keys))]) == len(keys)


ROW = {"params": [{"y": "double"}], "ret": "double", "do": {"m.sin": {"*": [1000.0, {"*": ["x", "y"]}]}}}
ROWS = {"params": [{"x": "double"}], "ret": {"type": "array", "items": "double"}, "do": {"a.map": ["input", ROW]}}
ENTRY = {
    "type": "record", "name": "Entry",
    "fields": [{"name": "x", "type": "double"}, {"name": "to", "type": "double"}],
}  # fmt: skip
SAME = {"new": {"x": "x", "to": "x"}, "type": "Entry"}
TABLE = {"a.map": ["input", {"params": [{"x": "double"}], "ret": ENTRY, "do": SAME}]}
CUBIC = {
    "la.inverse": {"a.len": {"la.inverse": ["m"]}},
    "la.inverse of a part": {"a.len": {"la.inverse": [{"la.truncate": ["m", {"//": [{"a.len": "m"}, 2]}]}]}},
    "la.det": {"m.floor": {"la.det": ["m"]}},
    "la.dot": {"a.len": {"la.dot": ["m", "m"]}},
    "la.eigenBasis": {"a.len": {"la.eigenBasis": ["m"]}},
    "gaussianProcess": {
        "model.reg.gaussianProcess": [0.5, TABLE, None, {"fcn": "m.kernel.rbf", "fill": {"gamma": 1e9}}]
    },
}


@pytest.mark.parametrize("name", CUBIC)
def test_linear_algebra_of_large_matrices(name):
    matrix = {"a.map": ["input", ROWS]}
    action = [{"let": {"m": matrix}}, CUBIC[name]] if "la." in name else CUBIC[name]
    document = {"input": {"type": "array", "items": "double"}, "output": "double", "action": action}
    engine = pfa.loads(document, backend="numba", escape=False, limits=pfa.Limits(time=0.3))
    engine.action([0.25, 0.5, 0.75])
    with pytest.raises(pfa.PfaLimitError):
        engine.action([i / 2500 for i in range(1, 2500)])
