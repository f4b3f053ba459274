"""Special functions of the kernels' own against mpmath: to 1e-12 relative, tails down to 1e-300."""

import ctypes
import math
import random
from functools import cache

import mpmath as mp
import pytest

import pfa
from pfa.lib.define import LIBRARY
from pfa.targets.kernel import front, link
from tests import test_prob
from tests.test_prob import EXACT, beta_tails, gamma_tails

CLOSE = 1e-12
LEAST = 1e-300
# Kernels by name, and of how many doubles and booleans.
KERNELS = {
    "normal_tail": (1, 0), "normal_quantile": (1, 0), "kolmogorov_tail": (1, 0), "log_gamma_1": (1, 0),
    "gamma_tail": (2, 1), "beta_tail": (4, 1),
}  # fmt: skip


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(40):
        yield


@cache
def compiled():
    """The kernels as functions of Python."""
    text = ""
    for name, (reals, flags) in KERNELS.items():
        params = [f"x{i}: f64" for i in range(reals)] + [f"b{i}: i64" for i in range(flags)]
        given = [f"x{i}" for i in range(reals)] + [f"b{i} != 0" for i in range(flags)]
        text += f"def test_{name}({', '.join(params)}) -> f64:\n    return {name}({', '.join(given)})\n"
    code = link.loaded(link.compiled(front.assemble(text, tuple(f"test_{name}" for name in KERNELS))))
    types = {n: [ctypes.c_double] * (1 + r) + [ctypes.c_int64] * f for n, (r, f) in KERNELS.items()}
    return code, {name: code.function(f"test_{name}", *types[name]) for name in KERNELS}


def kernel(name, *args):
    return compiled()[1][name](*args)


def off(got, want):
    """By how much it is off, relative."""
    return 0.0 if abs(want) < LEAST else float(abs((EXACT(got) - want) / want))


def size(r, low, high):
    return 10.0 ** r.uniform(low, high)


def probabilities(r, n):
    for _ in range(n):
        yield r.choice((size(r, -300, 0), size(r, -20, 0), r.random(), 1.0 - size(r, -16, 0), 0.1, 0.5, 0.9))


def test_normal_distribution():
    r = random.Random(1)
    for _ in range(500):
        z = r.choice((r.uniform(-37.0, 8.0), r.gauss(0.0, 1.0), size(r, -20, 0)))
        assert off(kernel("normal_tail", z), mp.erfc(-EXACT(z) / mp.sqrt(2)) / 2) < CLOSE, z


def test_normal_quantile():
    r = random.Random(2)
    for p in [*probabilities(r, 500), *(0.5 + s * size(r, -16, -1) for s in (-1, 1) for _ in range(100)), 5e-324]:
        x = kernel("normal_quantile", p)
        if p == 0.5 or p >= 1.0:
            assert x == (0.0 if p == 0.5 else math.inf)
            continue
        density = mp.exp(-(EXACT(x) ** 2) / 2) / mp.sqrt(2 * mp.pi)
        below = mp.erfc(-EXACT(x) / mp.sqrt(2)) / 2
        assert abs(below - EXACT(p)) < CLOSE * abs(EXACT(x)) * density, (p, x)


def test_kolmogorov():
    r = random.Random(3)
    for _ in range(500):
        x = r.choice((r.uniform(0.2, 18.5), r.uniform(0.0, 2.0)))
        if x < 1.0:
            n = [EXACT(2 * k - 1) for k in range(1, 12)]
            want = 1 - mp.sqrt(2 * mp.pi) / x * sum(mp.exp(-((k * mp.pi) ** 2) / (8 * EXACT(x) ** 2)) for k in n)
        else:
            want = 2 * sum((-1) ** (k - 1) * mp.exp(-2 * k * k * EXACT(x) ** 2) for k in range(1, 14))
        assert off(kernel("kolmogorov_tail", x), want) < CLOSE, x


def test_log_gamma_1():
    r = random.Random(4)
    for _ in range(500):
        a = r.choice((size(r, -20, 2), r.uniform(-0.5, 3.0)))
        with mp.workdps(70):
            want = mp.loggamma(1 + EXACT(a))
        assert off(kernel("log_gamma_1", a), want) < CLOSE or abs(a - 1.0) < 1e-3, a


def shape(r):
    return size(r, *r.choice(((-4, 1), (0, 3), (2, 6))))


@pytest.mark.parametrize("upper", [False, True])
def test_gamma(upper):
    r = random.Random(5)
    worst = 0.0
    for _ in range(150):
        a = shape(r)
        y = r.choice((size(r, -8, 2) * a, a + r.uniform(-30.0, 30.0) * math.sqrt(a), size(r, -3, 3)))
        if y <= 0.0 or y > 1e7:
            continue
        worst = max(worst, e := off(kernel("gamma_tail", a, y, upper), gamma_tails(a, y)[upper]))
        assert e < CLOSE, (a, y, e)
    assert worst > 0.0


@pytest.mark.parametrize("upper", [False, True])
def test_beta(upper):
    r = random.Random(6)
    for _ in range(150):
        a, b = shape(r), shape(r)
        mean = a / (a + b)
        y = r.choice((r.random(), mean + r.uniform(-20.0, 20.0) * math.sqrt(mean * (1.0 - mean) / (a + b)), mean / 2))
        if not 1e-10 < y < 1.0:
            continue
        e = off(kernel("beta_tail", a, b, y, 1.0 - y, upper), beta_tails(a, b, y)[upper])
        assert e < CLOSE, (a, b, y, e)


# ---- prob.dist: the tests of the Python bodies once more, with the compiled functions


@cache
def distributions():
    """An engine that has the functions of prob.dist, those of numbers alone, and the names of their parameters."""
    functions = {}
    for name, fn in LIBRARY.items():
        if name.startswith("prob.dist."):
            types = [str(p) for p in fn.signatures[0].params]
            params = [{f"x{i}": t} for i, t in enumerate(types)]
            body = {"params": params, "ret": "double", "do": {name: [f"x{i}" for i in range(len(types))]}}
            functions[name[10:]] = body
    document = {"input": "null", "output": "null", "fcns": functions, "action": None}
    return pfa.loads(document, backend="numba", escape=False)


@pytest.fixture
def native(monkeypatch):
    monkeypatch.setattr(test_prob, "call", called)
    monkeypatch.setattr(test_prob, "TIMES", 10)


def called(name, *args):
    types = [str(p) for p in LIBRARY[f"prob.dist.{name}"].signatures[0].params]
    return distributions().call(name, *(int(x) if t == "int" else x for x, t in zip(args, types, strict=True)))


@pytest.mark.parametrize("name", test_prob.PARAMETERS)
def test_native_quantiles(native, name):
    test_prob.test_quantiles(name)


@pytest.mark.parametrize("name", test_prob.PARAMETERS)
def test_native_densities_and_distribution_functions(native, name):
    test_prob.test_densities_and_distribution_functions(name)


@pytest.mark.parametrize("name", test_prob.LARGEST)
def test_native_functions_of_the_largest_parameters(native, name):
    test_prob.test_the_largest_parameters_keep_their_tails(name)


@pytest.mark.parametrize(("name", "args", "want"), test_prob.TIES)
def test_a_native_quantile_is_exact_where_probabilities_tie(native, name, args, want):
    test_prob.test_a_quantile_is_exact_where_probabilities_tie(name, args, want)


def test_no_argument_breaks_a_native_function(native):
    test_prob.test_no_argument_breaks_a_function()
