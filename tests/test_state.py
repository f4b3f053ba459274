"""States as bytes: exact, the same for the same values, and harmless whatever the bytes are."""

from __future__ import annotations

import math
import struct
import time
import tracemalloc
from functools import reduce
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfa.errors import InternalError, PfaInitError, PfaLimitError
from pfa.limits import Limits
from pfa.memory.columns import KINDS
from pfa.memory.state import dump, load

LONG = st.integers(-(1 << 63), (1 << 63) - 1)
BITS = st.integers(0, (1 << 64) - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
TEXT = st.text(st.characters(), max_size=5)
NUMBERS = st.one_of(LONG, st.integers(-9, 9), BITS, st.floats())
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT, st.binary(max_size=5))


def inside(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    record = st.fixed_dictionaries({"a": values, "b": values})
    others = st.one_of(st.just({}), st.fixed_dictionaries({"c": values}), st.tuples(st.just("T"), record))
    few = st.lists(values, max_size=4) | st.dictionaries(TEXT, values, max_size=4)
    many = st.lists(record | others, max_size=40) | st.lists(st.sampled_from(["x", "yy"]), min_size=16)
    return st.one_of(few, st.tuples(TEXT, values), record, st.lists(record, min_size=16, max_size=20), many)


VALUES = st.recursive(LEAVES, inside, max_leaves=20)
STATES = st.dictionaries(TEXT, VALUES, max_size=4)


def shown(value: object) -> object:
    """Equal only for values of the same classes, with the same bits and the same order of keys."""
    match value:
        case float():
            return struct.pack("<d", value)
        case dict():
            return "dict", [(key, shown(item)) for key, item in value.items()]
        case list() | tuple():
            return type(value).__name__, [shown(item) for item in value]
        case _:
            return type(value).__name__, value


def sealed(body: bytes) -> bytes:
    """A blob whose digest is right, as an attacker can make it."""
    return b"PFAS\1" + sha256(body).digest()[:16] + body


def body(values: dict[str, object]) -> bytes:
    return dump(values)[21:]


@given(STATES)
def test_load_gives_back_what_was_dumped(values):
    blob = dump(values)
    assert shown(load(blob)) == shown(values)
    assert dump(load(blob)) == blob


RECORDS = [{"n": i, "x": i / 7, "s": "ab"[i % 2], "t": ("Leaf", None) if i % 3 else {}} for i in range(40)]
EXAMPLES = [
    {}, {"": None}, {"a": [[], {}, ("t", []), "", b""]}, {"a": [True, False, 1, 0, 1.0, 0.0, None, -0.0]},
    {"a": [1 << bits for bits in range(63)]}, {"a": [-(1 << 63)]}, {"a": [*range(-128, 128)]}, {"a": [128]},
    {"a": [math.nan, -math.nan, math.inf, 5e-324]}, {"a": "\ud83d", "b": "\ude00", "c": ["\ud83d", "\ude00"]},
    {"a": RECORDS}, {"a": [*RECORDS, {"other": 1}, {}, {"n": 5}]}, {"a": [{}] * 40}, {"a": ["x"] * 40},
    {"a": [{"x": i, "y": {"z": [{"w": i}] * (i % 3)}} for i in range(50)]},
    {"a": [{str(i): 1} for i in range(40)]}, {"a": [{"x": 1}] * 39 + [{"y": 2}]},
    {str(i): {str(j): j for j in range(100)} for i in range(3)},
    {"a": [{"x": i} if i % 2 else {"y": i} for i in range(64)]},
]  # fmt: skip


@pytest.mark.parametrize("values", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_come_back(values):
    assert shown(load(dump(values))) == shown(values)
    assert load(memoryview(bytearray(dump(values)))) is not None


@pytest.mark.parametrize("bits", [0x7FF0000000000001, 0x7FF8000000000123, 0xFFF8DEADBEEF0001, 1 << 63])
def test_a_nan_keeps_its_payload(bits):
    (value,) = struct.unpack("<d", struct.pack("<Q", bits))
    for values in ({"a": value}, {"a": [1.0, value]}, {"a": [None, value]}):
        assert shown(load(dump(values))) == shown(values)


def test_equal_states_have_equal_bytes_and_the_order_of_keys_counts():
    one, shared = {"a": [1.5, 1.5], "b": "x"}, 1.5
    assert dump({"a": [shared, shared], "b": "".join(["x"])}) == dump(one)
    assert dump({"b": "x", "a": [1.5, 1.5]}) != dump(one)


def test_the_bytes_are_the_format():
    """A change of these bytes needs another VERSION."""
    assert body({"n": 1, "x": [0.5, None]}) == bytes.fromhex(
        "0a 02000000 05 01000000 01000000 0200000000000000 6e78"  # a map of two: the texts n, x
        "0c 0206 03 62 01 08 02000000"  # a mixture of integer and list: the integer 1, a list of two
        "0c 0300 01 00 04 000000000000e03f"  # a mixture of float and null: a null, the float 0.5
    )
    assert sha256(b"".join(map(body, EXAMPLES))).hexdigest()[:32] == "ae8e86e047be3bdd2c128d2d8a916922"


@pytest.mark.parametrize(
    "value", [1 << 63, -(1 << 63) - 1, {1: 2}, ("a", 1, 2), (), {1, 2}, 1j, bytearray(b"a"), object(),
              [b"", 1j], [{1: 2}] * 40],
)  # fmt: skip
def test_what_is_no_value_of_the_host_is_an_internal_error(value):
    with pytest.raises(InternalError, match="a state can"):
        dump({"a": value})


def nested(depth: int) -> object:
    return reduce(lambda inner, _: [inner], range(depth), 1)


def test_depth_is_limited_when_writing_and_reading():
    limits = Limits(nesting=50)
    assert load(dump({"a": nested(60)}, limits), limits) == {"a": nested(60)}
    with pytest.raises(PfaLimitError, match="more than 50 deep"):
        dump({"a": nested(70)}, limits)
    with pytest.raises(PfaLimitError, match="more than 50 deep"):
        load(dump({"a": nested(70)}), limits)


def test_depth_costs_no_stack():
    limits = Limits(nesting=20_000)
    deep = reduce(lambda inner, _: ("t", {"x": inner}), range(5000), 1)
    value = load(dump({"a": deep}, limits), limits)["a"]
    for _ in range(5000):
        value = value[1]["x"]
    assert value == 1


def test_values_are_counted_when_writing_and_reading():
    limits, values = Limits(nodes=100), {"a": [1] * 200}
    for work in (lambda: dump(values, limits), lambda: load(dump(values), limits)):
        with pytest.raises(PfaLimitError, match="more than 100 values"):
            work()
    assert load(dump(values, Limits(nodes=None)), Limits(nodes=None)) == values


@pytest.mark.parametrize("twice", [lambda x: [x, x], lambda x: {"a": x, "b": x}, lambda x: [x] * 100_000])
def test_values_that_share_their_parts_do_not_explode(twice):
    value = reduce(lambda inner, _: twice(inner), range(60), 1)
    tracemalloc.start()
    with pytest.raises(PfaLimitError):
        dump({"a": value}, Limits(nodes=200_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


@pytest.mark.parametrize("blob", [b"", b"P", b"PFA", b"JUNK" * 20, b"\x80\x04N.", "PFAS", None])
def test_what_is_no_state_is_refused(blob):
    with pytest.raises(PfaInitError, match="this is no state"):
        load(blob)


def test_another_version_is_refused():
    blob = dump({"a": 1})
    with pytest.raises(PfaInitError, match="version 2 of the format, and this pfa reads version 1"):
        load(blob[:4] + b"\2" + blob[5:])


def test_every_flipped_bit_and_every_cut_is_noticed():
    blob = dump({"a": [1.5, "text", {"x": 1}]})
    for at in range(len(blob)):
        with pytest.raises(PfaInitError):
            load(blob[:at])
        for bit in range(8):
            with pytest.raises(PfaInitError):
                load(blob[:at] + bytes([blob[at] ^ 1 << bit]) + blob[at + 1 :])
    with pytest.raises(PfaInitError, match="damaged or cut short"):
        load(blob + b"\0")


def survive(blob: bytes) -> None:
    """Loading gives values or one of two errors, and needs no more memory than a multiple of the blob."""
    tracemalloc.start()
    try:
        values = load(blob)
        assert type(values) is dict
        dump(values)
    except (PfaInitError, PfaLimitError):
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 100 * len(blob) + 200_000


@settings(max_examples=300)
@given(STATES, st.data())
def test_mutated_states_with_a_right_digest_are_harmless(values, data):
    changed = bytearray(body(values))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        changed = changed or bytearray(1)
    survive(sealed(bytes(changed)))


@given(st.binary(max_size=60))
def test_random_bytes_with_a_right_digest_are_harmless(junk):
    survive(sealed(junk))


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


CODE = {kind.name: bytes([i]) for i, kind in enumerate(KINDS)}
ONE_KEY = CODE["text"] + u32(1) + struct.pack("<Q", 1) + b"a"
HOLDS_MORE = [
    CODE["map"] + u32(0xFFFFFFFF),
    CODE["map"] + u32(1) + ONE_KEY + CODE["list"] + u32(0xFFFFFFFF) + CODE["null"],
    CODE["map"] + u32(1) + ONE_KEY + CODE["bytes"] + u32(0xFFFFFFFF),
    CODE["map"] + u32(1) + ONE_KEY + CODE["text"] + u32(1) + struct.pack("<Q", (1 << 64) - 1),
    CODE["map"] + u32(1) + ONE_KEY + CODE["symbol"] + u32(0xFFFFFFFF, 0) + CODE["text"],
    CODE["record"] + u32(0xFFFFFFFF),
    CODE["record"] + u32(1, 0xFFFFFFFF, 0),
    CODE["record"] + u32(2, 1, 0xFFFFFFFE, 0) + ONE_KEY,
    b"".join([CODE["map"] + u32(1) + ONE_KEY, *[CODE["list"] + u32(0xFFFF)] * 1000]),
]
MALFORMED = [
    b"", CODE["empty"], CODE["null"] + b"\0", bytes([99]), CODE["map"] + u32(0) + CODE["empty"] * 3,
    CODE["list"] + u32(0) + CODE["empty"], CODE["pair"] + ONE_KEY + CODE["null"] + b"\0",
    CODE["map"] + u32(1) + CODE["null"] + b"\0" + CODE["null"] + b"\0",
    CODE["map"] + u32(1) + ONE_KEY + CODE["null"] + b"\1",
    CODE["map"] + u32(1) + ONE_KEY + CODE["boolean"] + b"\2",
    CODE["map"] + u32(1) + ONE_KEY + CODE["integer"] + b"x\0",
    CODE["map"] + u32(1) + ONE_KEY + CODE["integer"] + b"\xff\0",
    CODE["map"] + u32(1) + ONE_KEY + CODE["mixture"] + b"\x63" + CODE["null"] + b"\0",
    CODE["map"] + u32(1) + ONE_KEY + CODE["text"] + u32(2) + struct.pack("<Q", 1) + b"a",
    CODE["map"] + u32(1) + ONE_KEY + CODE["text"] + u32(1) + struct.pack("<Q", 1) + b"\xff",
    CODE["map"] + u32(1) + ONE_KEY + CODE["symbol"] + u32(1, 1) + ONE_KEY,
    CODE["map"] + u32(1) + ONE_KEY + CODE["list"] + u32(0) + CODE["null"],
    CODE["map"] + u32(1) + ONE_KEY + (CODE["list"] + u32(2) + CODE["symbol"] + u32(1, 0, 0)) * 99
    + CODE["null"] + b"\0",
    CODE["record"] + u32(1, 1, 1) + ONE_KEY + CODE["null"] + b"\0",
    CODE["record"] + u32(2, 0, 0, 0) + CODE["empty"],
    CODE["record"] + u32(1, 1, 0) + CODE["null"] + b"\0" + CODE["null"] + b"\0",
]  # fmt: skip


@pytest.mark.parametrize("junk", HOLDS_MORE + MALFORMED, ids=range(len(HOLDS_MORE + MALFORMED)))
def test_malformed_states_are_refused_at_once(junk):
    start = time.perf_counter()
    survive(sealed(junk))
    with pytest.raises(PfaInitError, match=r"the state is malformed: \w"):
        load(sealed(junk))
    assert time.perf_counter() - start < 1


ROWS = 20_000
DENSE = {
    "nulls": CODE["null"] + bytes(ROWS),
    "booleans": CODE["boolean"] + bytes(ROWS),
    "small integers": CODE["integer"] + b"b" + b"\x80" * ROWS,
    "texts": CODE["text"] + u32(*[0] * ROWS) + struct.pack("<Q", 0),
    "wide text": CODE["text"] + u32(ROWS, *[0] * (ROWS - 1)) + struct.pack("<Q", ROWS + 3)
    + b"a" * (ROWS - 1) + "\U0001f600".encode(),
    "lists": CODE["list"] + u32(*[0] * ROWS) + CODE["empty"],
    "maps": CODE["map"] + u32(*[0] * ROWS) + CODE["empty"] * 2,
    "records": CODE["record"] + u32(1, 1, *[0] * ROWS) + ONE_KEY + CODE["null"] + bytes(ROWS),
    "pairs": CODE["pair"] + (CODE["null"] + bytes(ROWS)) * 2,
    "mixtures": CODE["mixture"] + bytes(ROWS) + CODE["mixture"] + bytes(ROWS) + CODE["null"] + bytes(ROWS),
    "bytes": CODE["bytes"] + u32(*[1] * ROWS) + bytes(ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", DENSE)
def test_the_densest_blobs_need_little_memory(name):
    head = CODE["map"] + u32(1) + ONE_KEY + CODE["list"] + u32(ROWS)
    blob = sealed(head + DENSE[name])
    assert len(load(blob)["a"]) == ROWS
    survive(blob)


def test_a_map_of_a_million_floats():
    values = {f"key{i:07d}": i * 0.37 for i in range(1_000_000)}
    assert load(dump({"pool": values}))["pool"] == values
