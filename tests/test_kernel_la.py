"""la.* on the numba backend against the python one: matrices of all sizes, sparse ones, singular and extreme ones."""

import math
import random
from functools import cache

import pytest

import pfa

DENSE = {"type": "array", "items": {"type": "array", "items": "double"}}
VECTOR = {"type": "array", "items": "double"}
SPARSE = {"type": "map", "values": {"type": "map", "values": "double"}}
ROW = {"type": "map", "values": "double"}
STRINGS = {"type": "array", "items": "string"}
TENTH = {"params": [{"p": "double"}], "ret": "double", "do": {"*": ["p", 0.1]}}
TWO = {"params": [{"p": "double"}, {"q": "double"}], "ret": "double", "do": {"-": [{"*": [2, "p"]}, "q"]}}
EXACT = 8  # rows
ANY = [0.0, -0.0, 1.0, -2.5, 3.0, 1e300, -1e300, 5e-324, math.inf, math.nan]


def calls(matrix, vector, keep):
    """The document's functions: result, function, arguments (x, y are matrices, u, v vectors, a a number)."""
    return [
        (matrix, "la.map", ["x", TENTH]), (matrix, "la.scale", ["x", "a"]), (vector, "la.scale", ["u", "a"]),
        (matrix, "la.zipmap", ["x", "y", TWO]), (matrix, "la.add", ["x", "y"]), (vector, "la.add", ["u", "v"]),
        (matrix, "la.sub", ["x", "y"]), (vector, "la.sub", ["u", "v"]), (matrix, "la.dot", ["x", "y"]),
        (vector, "la.dot", ["x", "u"]), (matrix, "la.transpose", ["x"]), ("double", "la.trace", ["x"]),
        (matrix, "la.truncate", ["x", keep]), ("boolean", "la.symmetric", ["x", "a"]), ("double", "la.det", ["x"]),
        (matrix, "la.inverse", ["x"]), (matrix, "la.eigenBasis", ["x"]),
    ]  # fmt: skip


@cache
def engines(matrix, backend):
    dense = matrix == "dense"
    types = (DENSE, VECTOR, 3) if dense else (SPARSE, ROW, {"value": ["a", "c"], "type": STRINGS})
    params = [{"x": types[0]}, {"y": types[0]}, {"u": types[1]}, {"v": types[1]}, {"a": "double"}]
    functions = {
        f"{name}{i}": {"params": params, "ret": ret, "do": {name: args}}
        for i, (ret, name, args) in enumerate(calls(*types))
    }
    functions = {name.replace(".", "_"): f for name, f in functions.items()}
    document = {"input": "null", "output": "null", "action": None, "fcns": functions}
    options = {"escape": False} if backend == "numba" else {}
    return list(functions), pfa.loads(document, backend=backend, **options)


def outcome(engine, name, given):
    try:
        return engine.call(name, *given)
    except pfa.PfaRuntimeError as error:
        return error.code, error.function


def numbers(x):
    """All numbers in a result, in order."""
    if isinstance(x, dict):
        return [n for row in x.values() for n in numbers(row)]
    return [n for row in x for n in numbers(row)] if isinstance(x, list) else [x]


def shape(x):
    if isinstance(x, dict):
        return {k: shape(row) for k, row in x.items()}
    return [shape(row) for row in x] if isinstance(x, list) else type(x)


def close(want, got, exact):
    """Are results alike?  Unless exact, to 1e-9 of the largest number there is."""
    if shape(want) != shape(got) or (isinstance(want, dict) and list(want) != list(got)):
        return False
    pairs = list(zip(numbers(want), numbers(got), strict=True))
    largest = max((abs(p) for p, _ in pairs if isinstance(p, float) and math.isfinite(p)), default=0.0)
    return all(p == q or (p != p and q != q) or (not exact and abs(p - q) <= 1e-9 * largest) for p, q in pairs)


def compare(kind, given, names=None):
    every, reference = engines(kind, "python")
    _, compiled = engines(kind, "numba")
    for name in names or every:
        want, got = outcome(reference, name, given), outcome(compiled, name, given)
        doubtful = ("la_inverse", "la_eigen", "la_det") if len(given[0]) > EXACT else ("la_inverse", "la_eigen")
        assert close(want, got, not name.startswith(doubtful)), f"{name} of {given}: {want}, {got}"


def dense(r, n, m, make):
    return [[make(r) for _ in range(m)] for _ in range(n)]


def sparse(r, n, m, make):
    keys = [*"abcdef", *(f"k{i}" for i in range(max(n, m)))]
    return {
        k: {c: make(r) for c in r.sample(keys[:m], r.randrange(m + 1))} for k in r.sample(keys[:n], r.randrange(n + 1))
    }


def gauss(r):
    return r.gauss(0.0, 1.0)


def odd(r):
    return r.choice(ANY) if r.random() < 0.1 else float(r.randrange(-3, 4))


@pytest.mark.parametrize("make", [gauss, odd])
@pytest.mark.parametrize("size", range(13))
def test_dense(size, make):
    r = random.Random(size)
    for k in range(10):
        n = size if k < 5 else r.randrange(size + 1)
        x, y = dense(r, size, n, make), dense(r, n if k % 2 else size, n, make)
        u, v = dense(r, 2, n, make)
        if k == 4 and x and x[0]:
            x[-1] = x[-1][1:]
        names, _ = engines("dense", "python")
        doubtful = ("la_inverse", "la_eigen")  # of singular matrices, the last digits decide
        names = names if make is gauss else [name for name in names if not name.startswith(doubtful)]
        if k >= 5:
            names = [name for name in names if not name.startswith("la_eigen")]
        compare("dense", [x, y, u, v, abs(make(r))], names)


@pytest.mark.parametrize("make", [gauss, odd])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 12])
def test_sparse(size, make):
    r = random.Random(size)
    for _ in range(15):
        x, y, u = sparse(r, size, size, make), sparse(r, size, size, make), sparse(r, 2, size, make)
        u, v = u.get("a", {}), u.get("b", {})
        names, _ = engines("sparse", "python")
        names = [name for name in names if not name.startswith(("la_inverse", "la_eigen", "la_det"))]
        compare("sparse", [x, y, u, v, abs(make(r))], names)


@pytest.mark.parametrize("size", [1, 2, 4, 7])
def test_sparse_inverses(size):
    r = random.Random(size)
    for _ in range(5):
        keys = [f"k{i}" for i in range(size)]
        x = {k: {c: gauss(r) for c in keys} for k in keys}
        names, _ = engines("sparse", "python")
        square = [name for name in names if name.startswith(("la_inverse", "la_det", "la_eigen"))]
        compare("sparse", [x, {}, {}, {}, 1.0], square)


def symmetric(r, n):
    x = dense(r, n + 3, n, gauss)
    return [[sum(row[i] * row[j] for row in x) for j in range(n)] for i in range(n)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 10, 30])
def test_eigenvectors(size):
    r = random.Random(size)
    for unit in (1.0, 1e-150, 1e150):
        x = [[v * unit for v in row] for row in symmetric(r, size)]
        compare("dense", [x, [], [], [], 1e-9], ["la_eigenBasis16", "la_symmetric13"])


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_pseudoinverses_of_lower_rank(rank):
    r = random.Random(rank)
    for n, m in ((6, 4), (4, 7), (9, 5), (12, 30)):
        left, right = dense(r, n, rank, gauss), dense(r, rank, m, gauss)
        x = [[sum(a * b[j] for a, b in zip(row, right, strict=True)) for j in range(m)] for row in left]
        compare("dense", [x, [], [], [], 0.0], ["la_inverse15"])


@pytest.mark.parametrize("size", range(1, 9))
def test_exact_determinants(size):
    """To the last digit: of small and large numbers together, of nearly singular and singular matrices."""
    r = random.Random(size)
    for spread in (0, 3, 40, 200, 600, 1023):
        for _ in range(8):
            most = min(spread, 1023)
            x = dense(r, size, size, lambda r, most=most: math.ldexp(r.uniform(-1, 1), r.randint(-most, most)))
            if r.random() < 0.3:
                x[r.randrange(size)] = [math.nextafter(v, 2.0) for v in x[r.randrange(size)]]
            compare("dense", [x, [], [], [], 0.0], ["la_det14"])
        x = dense(r, size, size, lambda r: float(r.randrange(-2, 3)))
        compare("dense", [x, [], [], [], 0.0], ["la_det14"])


@pytest.mark.parametrize("unit", [1e-200, 1e-10, 1e150])
def test_large_determinants(unit):
    r = random.Random(1)
    x = dense(r, 12, 12, lambda r: unit * gauss(r))
    compare("dense", [x, [], [], [], 0.0], ["la_det14"])
