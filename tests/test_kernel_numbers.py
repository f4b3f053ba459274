"""Operators, m.*, cast.*, metric.*, impute.*, interp.*: the numba backend against the python one, random and odd."""

import math
import struct

import pytest

from tests.kernel_calls import Both, Call

INTS = [0, 1, -1, 2, -2, 3, -3, 7, 10, 31, 32, 63, 64, -2147483648, 2147483647, 12345]
LONGS = [*INTS, (1 << 63) - 1, -(1 << 63), 1 << 62, -(1 << 62), 3037000500]
REALS = [
    0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324,
    -5e-324, 0.5, -0.5, 2.5, -2.5, 1.5, 3.0, 1e10, -7.25, 0.49999999999999994, 4503599627370497.5, 9.2e18, 9.3e18,
    2147483647.5, -2147483648.5, 1000.0, -1000.0,
]  # fmt: skip
ENUM = {"type": "enum", "name": "Suit", "symbols": ["spades", "hearts", "clubs"]}
FIXED = {"type": "fixed", "name": "Two", "size": 2}
DEEP = {
    "type": "record", "name": "Deep",
    "fields": [
        {"name": "a", "type": ["null", "int", {"type": "map", "values": "bytes"}, "Suit", "Two"]},
        {"name": "s", "type": {"type": "array", "items": ["string", "float", "boolean", "long"]}},
        {"name": "next", "type": ["null", "Deep"]},
    ],
}  # fmt: skip
DOUBLES, BOOLEANS, STRINGS = ({"type": "array", "items": t} for t in ("double", "boolean", "string"))
MISSING = {"type": "array", "items": ["null", "double"]}
UNIONS = {"type": "array", "items": ["null", "string", "int"]}
MAP = {"type": "map", "values": "double"}


def single(x):
    """Rounded to single precision, or infinite."""
    return struct.unpack("<f", struct.pack("<f", x))[0] if not abs(x) > 3e38 else x if math.isinf(x) or x != x else 3e38


MAKE = {
    "int": lambda r: r.choice(INTS),
    "long": lambda r: r.choice(LONGS),
    "float": lambda r: single(real(r)),
    "double": lambda r: real(r),
    "boolean": lambda r: r.random() < 0.5,
    "null": lambda r: None,
    "string": lambda r: r.choice(["", "a", "b", "ab", "é", "\U0001f600", "z", "zz" * 9]),
    "bytes": lambda r: r.choice([b"", b"a", b"b", b"\xff"]),
}
NUMBERS = ("int", "long", "float", "double")
ONES = [
    "sqrt", "exp", "expm1", "ln", "log10", "ln1p", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
]  # fmt: skip
LINKS = ["logit", "probit", "cloglog", "loglog", "cauchit", "softplus", "relu", "tanh"]


def real(r):
    return r.choice(REALS) if r.random() < 0.6 else r.gauss(0, 3)


def reals(r, n):
    return [real(r) for _ in range(n)]


def two(make):
    """Two vectors that mostly are of one length."""

    def made(r):
        n = r.randrange(6)
        return [make(r, n), make(r, n if r.random() < 0.9 else n + 1)]

    return made


def missing(r, n):
    return [None if r.random() < 0.2 else real(r) for _ in range(n)]


def unions(r, n):
    return [r.choice([None, "a", "b", 3]) for _ in range(n)]


def truths(r, n):
    return [r.random() < 0.5 for _ in range(n)]


def with_weights(r):
    x, y = two(missing)(r)
    return [x, y, reals(r, len(x) if r.random() < 0.9 else len(x) + 1)]


def beta(r):
    odd = [0.0, 1e-300, 0.07, 750931.0, 1.0, 1.001, 0.995, 9.99, 10.0, 1e10, math.inf, -1.0]
    return r.choice([*odd, math.exp(r.gauss(0, 8))])


def table(name, x, to):
    """A type of tables of points."""
    fields = [{"name": "pad", "type": "int"}, {"name": "x", "type": x}, {"name": "to", "type": to}]
    return {"type": "array", "items": {"type": "record", "name": name, "fields": fields}}


def points(x, to):
    return lambda r: [{"pad": 1, "x": x(r), "to": to(r)} for _ in range(r.choice([0, 1, 2, 2, 3, 5, 8]))]


def place(r):
    return r.choice([0.0, -0.0, 1.0, 2.0, 3.0, -1.0, real(r)])


TABLES = {  # by the type of x and of the value: how to make them
    ("P1", "double", "double"): points(place, real),
    ("P2", "int", "float"): points(lambda r: r.randint(-3, 3), lambda r: single(real(r))),
    ("P3", "float", "long"): points(lambda r: single(place(r)), lambda r: r.randint(-9, 9)),
    ("P4", "double", "array"): points(place, lambda r: reals(r, 2 if r.random() < 0.95 else 1)),
}


def deep(r, depth=0):
    pairs = {r.choice(['"q\\', "é\n", "\x01z"]): r.randbytes(3) for _ in range(r.randrange(3))}
    a = [None, {"int": r.choice(INTS)}, {"Suit": r.choice(ENUM["symbols"])}, {"Two": b"a\xff"}, {"map": pairs}]
    texts = ["", "\t\b\f\r\n\x1f\x7f", "é€\U0001f600"]
    s = [{"string": r.choice(texts)}, {"float": single(real(r))}, {"boolean": True}, {"long": r.choice(LONGS)}]
    after = {"Deep": deep(r, depth + 1)} if depth < 4 and r.random() < 0.6 else None
    return {"a": r.choice(a), "s": r.choices(s, k=r.randrange(4)), "next": after}


def same_types(function, t, n=2, ret=None, accuracy="exact", times=150):
    return Call(function, [t] * n, ret or t, lambda r: [MAKE[t](r) for _ in range(n)], accuracy, times=times)


OPERATORS = [
    *[same_types(f, t, times=300) for f in ("+", "-", "*", "%", "%%", "max", "min") for t in NUMBERS],
    *[same_types("**", t, accuracy="ulp", times=300) for t in NUMBERS],
    *[same_types(f, t) for f in ("//", "&", "|", "^") for t in ("int", "long")],
    *[same_types("~", t, 1) for t in ("int", "long")],
    *[same_types(f, t, 2, "boolean") for f in ("==", "!=", "<", "<=", ">", ">=") for t in MAKE],
    *[same_types("cmp", t, 2, "int") for t in MAKE],
    *[same_types(f, t) for f in ("max", "min") for t in ("string", "bytes", "boolean", "null")],
    same_types("/", "double"), same_types("^^", "boolean"), same_types("!", "boolean", 1),
    *[same_types("u-", t, 1) for t in NUMBERS],
    *[
        Call(f, [t] * 2, "boolean", two(make))
        for f in ("==", "<", "<=") for t, make in ((DOUBLES, reals), (UNIONS, unions), (BOOLEANS, truths))
    ],
]  # fmt: skip
MATHEMATICS = [
    *[same_types("m.abs", t, 1) for t in NUMBERS], *[same_types("m.copysign", t, times=300) for t in NUMBERS],
    *[same_types(f"m.{f}", "double", 1) for f in ("ceil", "floor", "rint")],
    *[same_types(f"m.{f}", "double", 1, accuracy="ulp") for f in ONES],
    same_types("m.signum", "double", 1, "int"), same_types("m.round", "double", 1, "long"),
    same_types("m.round", "float", 1, "int"), same_types("m.hypot", "double", accuracy="ulp"),
    same_types("m.atan2", "double", accuracy="ulp"),
    Call("m.log", ["double", "int"], "double", lambda r: [real(r), r.choice(INTS)], "ulp"),
    Call("m.special.nChooseK", ["int", "int"], "int", lambda r: [r.randint(-2, 40), r.randint(-2, 40)]),
    Call("m.special.lnBeta", ["double", "double"], "double", lambda r: [beta(r), beta(r)], "1e-9", times=500),
    Call("m.special.lnGamma", ["double"], "double", lambda r: [beta(r)], "1e-9"),
    *[same_types(f"m.special.{f}", "double", 1, accuracy="ulp") for f in ("erf", "erfc")],
    *[same_types(f"m.link.{f}", "double", 1, accuracy="ulp") for f in LINKS],
    *[
        Call(f"m.link.{f}", [DOUBLES], DOUBLES, lambda r: [reals(r, r.randrange(5))], "ulp")
        for f in (*LINKS, "softmax")
    ],
    *[
        Call(f"m.link.{f}", [MAP], MAP, lambda r: [{f"k{i}": real(r) for i in range(r.randrange(5))}], "ulp")
        for f in (*LINKS, "softmax")
    ],
    *[
        Call(
            f"m.kernel.{f}", [DOUBLES] * 2 + ["double"] * n, "double",
            lambda r, n=n: two(reals)(r) + reals(r, n), "1e-9",
        )
        for f, n in (("linear", 0), ("rbf", 1), ("poly", 3), ("sigmoid", 2))
    ],
]  # fmt: skip
CASTS = [
    *[same_types(f"cast.{to}", t, 1, to) for to in NUMBERS for t in NUMBERS],
    *[
        Call(f"cast.{f}", ["long", "int"], "long", lambda r: [r.choice(LONGS), r.randint(-1, 66)])
        for f in ("signed", "unsigned")
    ],
    *[
        call
        for f, t in (("Boolean", "boolean"), ("Int", "int"), ("Long", "long"), ("Float", "float"), ("Double", "double"))
        for call in (
            Call(
                f"cast.fanout{f}", ["Suit"], {"type": "array", "items": t}, lambda r: [r.choice(ENUM["symbols"])],
                times=5,
            ),
            Call(
                f"cast.fanout{f}", ["string", STRINGS, "boolean"], {"type": "array", "items": t},
                lambda r: [r.choice("abc"), r.sample("abcdefab", k=r.randrange(5)), r.random() < 0.5],
            ),
            Call(
                f"cast.fanout{f}", ["int", "int", "int", "boolean"], {"type": "array", "items": t},
                lambda r: [r.randint(-2, 9), r.randint(-1, 4), r.randint(-1, 8), r.random() < 0.5],
            ),
        )
    ],
    Call("cast.json", ["Deep"], "string", lambda r: [deep(r)], times=300),
    Call("cast.avro", ["Deep"], "bytes", lambda r: [deep(r)], times=300),
    Call("cast.json", [DOUBLES], "string", lambda r: [reals(r, 5)]),
    *[
        Call(f, [["null", "float", "boolean", "long"]], to, lambda r: [r.choice([None, 2.5, True, *LONGS])])
        for f, to in (("cast.avro", "bytes"), ("cast.json", "string"))
    ],
    Call("enum.toString", ["Suit"], "string", lambda r: [r.choice(ENUM["symbols"])], times=5),
    Call("enum.toInt", ["Suit"], "int", lambda r: [r.choice(ENUM["symbols"])], times=5),
]  # fmt: skip
DISTANCE = {"fcn": "metric.absDiff"}
UNLIKE = {
    "params": [{"u": ["string", "int"]}, {"v": ["string", "int"]}], "ret": "double",
    "do": {"if": {"==": ["u", "v"]}, "then": 0.5, "else": 2.0},
}  # fmt: skip
OPTIONAL = {
    "params": [{"u": ["null", "double"]}, {"v": "double"}], "ret": "double",
    "do": {"+": ["v", {"ifnotnull": {"w": "u"}, "then": "w", "else": 1.0}]},
}  # fmt: skip
METRICS = [
    Call("metric.simpleEuclidean", [DOUBLES] * 2, "double", two(reals)),
    Call("metric.gaussianSimilarity", ["double"] * 3, "double", lambda r: reals(r, 3), "ulp"),
    *[
        call
        for f in ("euclidean", "squaredEuclidean", "chebyshev", "taxicab")
        for call in (
            Call(f"metric.{f}", [MISSING] * 2, "double", two(missing), args=[DISTANCE, "x0", "x1"]),
            Call(f"metric.{f}", [MISSING, MISSING, DOUBLES], "double", with_weights, args=[DISTANCE, "x0", "x1", "x2"]),
        )
    ],
    Call("metric.euclidean", [UNIONS] * 2, "double", two(unions), args=[UNLIKE, "x0", "x1"]),
    Call("metric.euclidean", [MISSING] * 2, "double", two(missing), args=[OPTIONAL, "x0", "x1"]),
    Call(
        "metric.minkowski", [MISSING, MISSING, "double"], "double",
        lambda r: [*two(missing)(r), r.choice([1.0, 2.0, 3.0, math.inf, real(r)])], "1e-9",
        args=[DISTANCE, "x0", "x1", "x2"], times=400,
    ),
    Call(
        "metric.minkowski", [MISSING, MISSING, DOUBLES, "double"], "double",
        lambda r: [*with_weights(r), r.choice([1.0, 2.0, 3.0, math.inf, real(r)])], "1e-9",
        args=[DISTANCE, "x0", "x1", "x3", "x2"], times=400,
    ),
    *[Call(f"metric.{f}", [BOOLEANS] * 2, "double", two(truths)) for f in ("simpleMatching", "jaccard", "tanimoto")],
    Call(
        "metric.binarySimilarity", [BOOLEANS, BOOLEANS, *["double"] * 8], "double",
        lambda r: two(truths)(r) + reals(r, 8),
    ),
    *[same_types(f"impute.{f}", t, 1, "boolean") for f in ("isnan", "isinf", "isnum") for t in ("float", "double")],
    *[same_types("impute.errorOnNonNum", t, 1) for t in ("float", "double")],
    *[same_types("impute.defaultOnNonNum", t) for t in ("float", "double")],
    *[Call("impute.errorOnNull", [[t, "null"]], t, lambda r, t=t: [r.choice([None, MAKE[t](r)])]) for t in NUMBERS],
    *[
        Call("impute.defaultOnNull", [["null", t], t], t, lambda r, t=t: [r.choice([None, MAKE[t](r)]), MAKE[t](r)])
        for t in NUMBERS
    ],
    Call("impute.errorOnNull", [["null", "int", "string"]], ["int", "string"], lambda r: [r.choice([None, 1, "q"])]),
    Call(
        "impute.defaultOnNull", [["null", "int", "string"], ["int", "string"]], ["int", "string"],
        lambda r: [r.choice([None, 1, "q"]), r.choice([5, "r"])],
    ),
]  # fmt: skip
INTERPOLATIONS = [
    Call(
        "interp.bin", ["double", "int", "double", "double"], "int",
        lambda r: [real(r), r.choice(INTS), real(r), real(r)], times=800,
    ),
    Call("interp.bin", ["double"] * 3, "int", lambda r: reals(r, 3), times=800),
    *[
        call
        for (name, x, to), make in TABLES.items()
        for value in [DOUBLES if to == "array" else "double"]
        for t in [table(name, x, value if to == "array" else to)]
        for call in (
            Call("interp.linear", ["double", t], value, lambda r, m=make: [place(r), m(r)], times=400),
            Call("interp.linearFlat", ["double", t], value, lambda r, m=make: [place(r), m(r)], times=400),
            Call("interp.linearMissing", ["double", t], ["null", value], lambda r, m=make: [place(r), m(r)], times=400),
            Call(
                "interp.nearest", ["double", t], t["items"]["fields"][2]["type"], lambda r, m=make: [place(r), m(r)],
                times=400,
            ),
            Call(
                "interp.nearest", ["double", t], t["items"]["fields"][2]["type"], lambda r, m=make: [place(r), m(r)],
                args=["x0", "x1", DISTANCE], times=400,
            ),
        )
    ],
    Call(
        "interp.nearest", [DOUBLES, table("P5", DOUBLES, "string")], "string",
        lambda r: [reals(r, 2), points(lambda r: reals(r, 2 if r.random() < 0.95 else 3), MAKE["string"])(r)],
        times=400,
    ),
]  # fmt: skip
GROUPS = [
    Both(OPERATORS), Both(MATHEMATICS), Both(CASTS, [ENUM, FIXED, DEEP]), Both(METRICS), Both(INTERPOLATIONS)
]  # fmt: skip
CASES = [(both, call) for both in GROUPS for call in both.calls]


@pytest.mark.parametrize(("both", "call"), CASES, ids=[str(call) for _, call in CASES])
def test_numbers_are_the_same_on_both_backends(both, call):
    assert both.differences(call) == []
