"""stat.* and model.reg.* on numba against python: records whose numbers are of every type, and odd numbers in them."""

import math
import random

import pytest

from tests.kernel_calls import Both, Call

REALS = [0.0, -0.0, 1.0, -1.5, 2.5, 3.0, 0.25, 7.5, 1e300, math.nan, math.inf, -math.inf]
SINGLES = [0.0, -0.0, 1.0, -1.5, 2.5, 3.0, 0.25, math.nan, math.inf, -math.inf]
NUMBERS = {
    "int": lambda r: r.choice([0, 1, 2, 3, 10, -1, -4, 2147483647]),
    "long": lambda r: r.choice([0, 1, 2, 3, 10, -1, -4, 1 << 40]),
    "float": lambda r: r.choice(SINGLES),
    "double": lambda r: r.choice([*REALS, r.uniform(-3, 3)]),
}
KEYS = ["a", "b", "", "é", "c", "dd", "e", "f", "g", "h", "i", "j"]
DOUBLES = {"type": "array", "items": "double"}
MAP = {"type": "map", "values": "double"}
LESS = {"params": [{"p": "double"}, {"q": "double"}], "ret": "boolean", "do": {"<": ["p", "q"]}}


def arrays(t):
    return {"type": "array", "items": t}


def maps(t):
    return {"type": "map", "values": t}


def record(name, /, **fields):
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


def value(t, r, n=None):
    """A random value of a type, arrays and maps of n if it is given; `{name: t}` are the fields of a record."""
    match t:
        case {"type": "array", "items": items}:
            return [value(items, r, n) for _ in range(r.choice((0, 1, 2, 3)) if n is None else n)]
        case {"type": "map", "values": values}:
            keys = r.sample(KEYS, r.choice((0, 1, 2, 3, 12))) if n is None else KEYS[:n]
            return {k: value(values, r, n) for k in keys}
        case {"type": "record", "fields": fields}:
            return {f["name"]: value(f["type"], r, n) for f in fields}
        case "string":
            return r.choice(KEYS)
        case "boolean":
            return r.random() < 0.5
        case str():
            return NUMBERS[t](r)
    raise AssertionError(t)


def ordinary(r):
    return r.choice((r.uniform(-3, 3), r.uniform(-3, 3), value("double", r)))


def share(r):
    return r.choice((0.0, 0.25, 0.5, 1.0, r.random(), -0.5, 1.5, math.nan))


def of(name, ret, types, *makes, times=60, accuracy="exact"):
    """A call whose arguments are made each by its own function."""
    return Call(name, types, ret, lambda r: [make(r) for make in makes], times=times, accuracy=accuracy)


def sized(t):
    """Values of a type that are all of one size, or most of them."""
    return lambda r: value(t, r, r.choice((1, 2, 2, 3, None)))


def states(t, i):
    """Calls of what updates a record whose numbers are of type t."""
    moments = record(f"Moments{i}", count=t, mean=t, variance=t, name="string")
    window = record(f"Window{i}", x=t, w=t, count=t, mean=t, variance=t)
    odd = record(f"Odd{i}", x=t, w=t, count=t, other="string")
    wave = record(f"Wave{i}", level=t, trend=t, cycle=arrays(t), multiplicative="boolean")
    line = record(f"Line{i}", level=t, trend=t, cycle="string", multiplicative=t)
    for state in (moments, record(f"Count{i}", count=t), record(f"Mean{i}", mean="string", count=t, variance=t)):
        yield of("stat.sample.update", state, ["double", "double", state], ordinary, ordinary, sized(state))
    for state in (window, odd):
        yield of(
            "stat.sample.updateWindow", arrays(state), ["double", "double", arrays(state), "int"], ordinary, ordinary,
            lambda r, s=state: value(arrays(s), r), lambda r: r.choice((1, 2, 2, 3, 10)),
        )  # fmt: skip
    yield of("stat.sample.updateEWMA", moments, ["double", "double", moments], ordinary, share, sized(moments))
    for state in (wave, line):
        types = ["double", "double", "double", state]
        yield of("stat.sample.updateHoltWinters", state, types, ordinary, share, share, sized(state))
        yield of("stat.sample.forecast1HoltWinters", "double", [state], sized(state))
        several = (lambda r: r.choice((-1, 0, 1, 5)), sized(state))
        yield of("stat.sample.forecastHoltWinters", DOUBLES, ["int", state], *several)
    types = ["double", "double", "double", "double", wave]
    yield of("stat.sample.updateHoltWintersPeriodic", wave, types, ordinary, share, share, share, sized(wave))
    gauss = record(f"Gauss{i}", mean=t, variance=t, count=t)
    yield of("stat.change.zValue", "double", ["double", gauss], ordinary, sized(gauss))
    yield of(
        "stat.change.zValue", "double", ["double", gauss, "boolean"], ordinary, sized(gauss),
        lambda r: r.random() < 0.5,
    )  # fmt: skip
    for name, accuracy in {"gaussianLL": "1e-9", "gaussianCDF": "1e-9", "gaussianQF": "1e-9"}.items():
        name = f"prob.dist.{name}"
        yield of(name, "double", ["double", gauss], lambda r: r.random(), sized(gauss), accuracy=accuracy)


def covariances(t, i):
    dense = record(f"Dense{i}", count=t, mean=arrays(t), covariance=arrays(arrays(t)))
    sparse = record(f"Sparse{i}", count=maps(maps(t)), mean=maps(t), covariance=maps(maps(t)))

    def dense_of(r):
        n = r.choice((2, 2, 3, 1))
        return [value(DOUBLES, r, n), ordinary(r), value(dense, r, r.choice((n, n, n, None)))]

    yield Call("stat.sample.updateCovariance", [DOUBLES, "double", dense], dense, dense_of, times=150)
    yield of(
        "stat.sample.updateCovariance", sparse, [MAP, "double", sparse], lambda r: value(MAP, r), ordinary,
        lambda r: value(sparse, r), times=150,
    )  # fmt: skip


def histograms(t, i):
    flows = {"underflow": t, "overflow": t, "nanflow": t}
    bins = record(f"Bins{i}", numbins="int", low=t, high=t, values=arrays(t), **flows)
    growing = record(f"Growing{i}", low=t, binsize=t, values=arrays(t), infflow=t)
    ranges = record(f"Ranges{i}", ranges=arrays(arrays(t)), values=arrays(t), nanflow="string", overflow=t)
    whole = record(f"Whole{i}", numbins=t, low=t, high=t, binsize=t, values=arrays(t))
    both = ("underunder", "midunder", "overmid", "overover", "nan", "inf")
    plane = record(
        f"Plane{i}", xnumbins="int", xlow=t, xhigh=t, ynumbins="int", ylow=t, yhigh=t, values=arrays(arrays(t)),
        **{f"{name}flow": t for name in both},
    )  # fmt: skip

    def histogram(state):
        def make(r):
            n = r.choice((1, 2, 3, 3))
            made = value(state, r, n)
            for name in ("numbins", "xnumbins", "ynumbins"):
                if name in made and r.random() < 0.9:
                    made[name] = n
            for name in ("low", "xlow", "ylow"):
                if name in made and r.random() < 0.9:
                    made[name] = 0
            for name in ("high", "xhigh", "yhigh"):
                if name in made and r.random() < 0.9:
                    made[name] = r.choice((2, 3, 5))
            if "ranges" in made and r.random() < 0.9:
                made["ranges"] = [[j, j + 2] for j in range(n)]
            return made

        return make

    place = (lambda r: r.choice((r.uniform(-1, 5), r.uniform(-1, 5), value("double", r))), ordinary)
    for state in (bins, growing, ranges, whole):
        yield of("stat.sample.fillHistogram", state, ["double", "double", state], *place, histogram(state), times=200)
    yield of(
        "stat.sample.fillHistogram2d", plane, ["double", "double", "double", plane], place[0], *place,
        histogram(plane), times=300,
    )  # fmt: skip
    counter = record(f"Counter{i}", values=maps(t), total=t)
    yield of(
        "stat.sample.fillCounter", counter, ["string", "double", counter], lambda r: r.choice(KEYS), ordinary,
        lambda r: value(counter, r),
    )  # fmt: skip


def regressions(t, i):
    one = record(f"One{i}", coeff=arrays(t), const=t)
    many = record(f"Many{i}", coeff=arrays(arrays(t)), const=arrays(t))
    sparse = record(f"SparseOne{i}", coeff=maps(t), const=t)
    sparse_many = record(f"SparseMany{i}", coeff=maps(maps(t)), const=maps(t))
    for model, datum, ret in ((one, DOUBLES, "double"), (many, DOUBLES, DOUBLES)):
        yield Call("model.reg.linear", [datum, model], ret, alike(datum, model))
    for model, ret in ((sparse, "double"), (sparse_many, MAP)):
        yield of("model.reg.linear", ret, [MAP, model], lambda r: value(MAP, r), lambda r, m=model: value(m, r))
    covar = record(f"Covar{i}", covar=arrays(arrays(t)))
    covars = record(f"Covars{i}", covar=arrays(arrays(arrays(t))))
    for model, ret in ((covar, "double"), (covars, DOUBLES)):
        yield Call("model.reg.linearVariance", [DOUBLES, model], ret, alike(DOUBLES, model, 1))
    for model, ret in (
        (record(f"SparseCovar{i}", covar=maps(maps(t))), "double"),
        (record(f"SparseCovars{i}", covar=maps(maps(maps(t)))), MAP),
    ):
        yield of("model.reg.linearVariance", ret, [MAP, model], lambda r: value(MAP, r), sized(model))
    for space, dof in (("model.reg", "DOF"), ("stat.test", "dof")):
        state = record(f"{dof}{i}", chi2=t, **{dof: "int"})
        for pull in ("double", DOUBLES, MAP):
            make = (lambda r, p=pull: value(p, r), lambda r, s=state: value(s, r))
            yield of(f"{space}.updateChi2", state, [pull, state], *make)
        yield of(f"{space}.reducedChi2", "double", [state], sized(state))
        yield of(f"{space}.chi2Prob", "double", [state], sized(state), accuracy="1e-9")


def alike(datum, model, more=0):
    """A datum and a model of one size, most of them."""

    def make(r):
        n = r.choice((0, 1, 2, 3))
        return [value(datum, r, n), value(model, r, r.choice((n + more, n + more, n + more, None)))]

    return make


def plain():
    for space in ("model.reg", "stat.test"):
        for t in ("double", DOUBLES, MAP):
            yield Call(f"{space}.residual", [t, t], t, same_size(t, 2))
            yield Call(f"{space}.pull", [t, t, t], t, same_size(t, 3))
        yield Call(f"{space}.mahalanobis", [DOUBLES, DOUBLES, arrays(DOUBLES)], "double", covariance, "1e-9")
        yield Call(f"{space}.mahalanobis", [MAP, MAP, maps(MAP)], "double", covariance_map, "1e-9")
    sample = arrays("double")
    yield Call(
        "stat.test.kolmogorov", [sample, sample], "double",
        lambda r: [[ordinary(r) for _ in range(r.choice((0, 1, 5, 100)))] for _ in range(2)], "1e-9",
    )  # fmt: skip
    yield of("stat.change.updateCUSUM", "double", ["double"] * 3, ordinary, ordinary, ordinary)
    history = record("History", numEvents="int", numRuns="int", currentRun="int", longestRun="int")
    yield of("stat.change.updateTrigger", history, ["boolean", history], lambda r: r.random() < 0.5, sized(history))
    yield Call(
        "stat.sample.topN", ["double", DOUBLES, "int"], DOUBLES,
        lambda r: [ordinary(r), [ordinary(r) for _ in range(r.randrange(5))], r.randrange(-1, 6)],
        args=["x0", "x1", "x2", LESS],
    )  # fmt: skip


def same_size(t, count):
    def make(r):
        n = r.choice((0, 1, 2, 12))
        return [value(t, r, r.choice((n, n, n, n, None))) for _ in range(count)]

    return make


def covariance(r):
    n = r.choice((1, 2, 3, 8))
    rows = [[r.uniform(-1, 1) + 2.0 * n * (i == j) for j in range(n)] for i in range(n)]
    if r.random() < 0.1:
        rows[-1] = [0.0] * n
    if r.random() < 0.1:
        rows[0][0] = r.choice(REALS)
    if r.random() < 0.1:
        rows.pop()
    return [[r.uniform(-3, 3) for _ in range(n)] for _ in range(2)] + [rows]


def covariance_map(r):
    x, y, rows = covariance(r)
    named = [dict(zip(KEYS, v, strict=False)) for v in (x, y, rows)]
    return [*named[:2], {k: dict(zip(reversed(KEYS[: len(x)]), v, strict=False)) for k, v in named[2].items()}]


def groups():
    for i, t in enumerate(NUMBERS):
        for make in (states, covariances, histograms, regressions):
            if t != "long" or make in (states, histograms):  # the others treat it as an int
                yield list(make(t, i))
    yield list(plain())


def types_of(calls):
    """The records that calls need, each once."""
    found = {}
    for c in calls:
        for t in c.types:
            t = t.get("items", t) if isinstance(t, dict) else t
            if isinstance(t, dict) and t["type"] == "record":
                found[t["name"]] = t
    return found


def named(t, known):
    """The type with names in place of records."""
    match t:
        case {"type": "record", "name": name}:
            return name if name in known else t
        case {"type": "array", "items": items}:
            return arrays(named(items, known))
        case _:
            return t


def both(calls):
    known = types_of(calls)
    by_name = [
        Call(c.function, [named(t, known) for t in c.types], named(c.ret, known), c.make, c.accuracy, c.args, c.times)
        for c in calls
    ]
    return Both(by_name, known.values())


CASES = [(group, call) for group in map(both, groups()) for call in group.calls]


@pytest.mark.parametrize(("group", "call"), CASES, ids=[f"{i} {c}" for i, (_, c) in enumerate(CASES)])
def test_statistics_are_the_same_on_both_backends(group, call):
    assert group.differences(call) == []


def test_the_arguments_reach_what_they_should():
    """Most calls of most functions have results, not errors: the comparison above compares something."""
    group, call = next((g, c) for g, c in CASES if c.function == "stat.sample.updateCovariance")
    r = random.Random(1)
    results = [group.outcomes(call, call.make(r))[1] for _ in range(50)]
    assert sum(isinstance(x, dict) for x in results) > 10
