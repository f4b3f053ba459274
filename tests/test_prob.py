"""prob.dist against mpmath: every function to 1e-9 relative, parameters of many sizes, tails down to 1e-300.

Densities and distribution functions are computed again to 30 digits.  A quantile is tested by the oracle's
distribution function on both sides of it, which asks for the same and needs no inverse.
"""

import itertools
import math
import random

import mpmath as mp
import pytest

import pfa.lib.prob  # noqa: F401  defines prob.dist.*
from pfa.errors import PfaRuntimeError
from pfa.lib.define import LIBRARY

EXACT = mp.mpf
LEAST = 1e-300
CLOSE = 1e-9


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(40):
        yield


def call(name, *args):
    fn = LIBRARY[f"prob.dist.{name}"]
    needs = {"charge": lambda n: None} if "charge" in fn.needs else {}
    return fn.impl(*args, **needs)


# ---- the oracle: (lower, upper) tails of the gamma and beta families, the smaller by a series or a fraction


def tails(small, is_lower):
    return (small, 1 - small) if is_lower else (1 - small, small)


def gamma_tails(a, y):
    a, y = EXACT(a), EXACT(y)
    scale = mp.exp(a * mp.log(y) - y - mp.loggamma(a))
    if y < a + 1:
        return tails(scale * series(lambda n: y / (a + n)) / a, True)
    return tails(scale * fraction(y + 1 - a, lambda n: (-n * (n - a), y + 1 - a + 2 * n)), False)


def beta_tails(a, b, y, rest=None):
    a, b, y = EXACT(a), EXACT(b), EXACT(y)
    rest = 1 - y if rest is None else EXACT(rest)
    if y * (a + b) > a:
        upper, lower = beta_tails_below(b, a, rest, y)
        return lower, upper
    return beta_tails_below(a, b, y, rest)


def beta_tails_below(a, b, y, rest):
    def step(n):
        m = n // 2
        if n % 2:
            return -(a + m) * (a + b + m) * y / ((a + 2 * m) * (a + 2 * m + 1)), 1
        return m * (b - m) * y / ((a + 2 * m - 1) * (a + 2 * m)), 1

    log_beta = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    return tails(mp.exp(a * mp.log(y) + b * mp.log(rest) - log_beta) / a * fraction(EXACT(1), step), True)


def series(ratio):
    """1 + r(1) + r(1) r(2) + ..."""
    total = term = EXACT(1)
    n = 0
    while term > total * EXACT(10) ** -35:
        n += 1
        term *= ratio(n)
        total += term
    return total


def fraction(start, step):
    """1 / (start + a1 / (b1 + a2 / (b2 + ...))) by the modified Lentz method."""
    tiny = EXACT(10) ** -400
    c, d, found = start, EXACT(0), start
    for n in range(1, 200_000):
        above, below = step(n)
        d = 1 / (below + above * d or tiny)
        c = below + above / c or tiny
        found *= c * d
        if abs(c * d - 1) < EXACT(10) ** -30:
            return 1 / found
    raise AssertionError("the oracle's continued fraction does not converge")


def normal_tails(z):
    return mp.erfc(-z / mp.sqrt(2)) / 2, mp.erfc(z / mp.sqrt(2)) / 2


def cauchy_tails(z):
    return mp.atan2(1, -z) / mp.pi, mp.atan2(1, z) / mp.pi


def gamma_density(y, a):
    return mp.exp((a - 1) * mp.log(y) - y - mp.loggamma(a))


def beta_weight(a, b, y, rest):
    return mp.exp(a * mp.log(y) + b * mp.log(rest) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b))


def choose(n, k):
    return mp.exp(mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1))


def t_tails(x, v):
    square = x * x
    within, beyond = beta_tails(EXACT(1) / 2, v / 2, square / (v + square), v / (v + square)) if x else (0, 1)
    return (beyond / 2, (1 + within) / 2) if x < 0 else ((1 + within) / 2, beyond / 2)


def hypergeometric_tails(x, m, n, k):
    low, high = int(max(0, k - n)), int(min(k, m))
    total = math.comb(int(m + n), int(k))
    ways = [math.comb(int(m), i) * math.comb(int(n), int(k) - i) for i in range(low, high + 1)]
    cut = max(int(mp.floor(x)) - low + 1, 0)
    return EXACT(sum(ways[:cut])) / total, EXACT(sum(ways[cut:])) / total


PDF = {
    "gaussian": lambda x, m, s: mp.exp(-(((x - m) / s) ** 2) / 2) / (s * mp.sqrt(2 * mp.pi)),
    "lognormal": lambda x, m, s: mp.exp(-(((mp.log(x) - m) / s) ** 2) / 2) / (x * s * mp.sqrt(2 * mp.pi)),
    "exponential": lambda x, r: r * mp.exp(-r * x),
    "weibull": lambda x, a, s: a / x * (x / s) ** a * mp.exp(-((x / s) ** a)),
    "cauchy": lambda x, m, s: 1 / (mp.pi * s * (1 + ((x - m) / s) ** 2)),
    "uniform": lambda x, low, high: 1 / (high - low),
    "gamma": lambda x, a, s: gamma_density(x / s, a) / s,
    "chi2": lambda x, v: gamma_density(x / 2, v / 2) / 2,
    "poisson": lambda x, r: mp.exp(x * mp.log(r) - r - mp.loggamma(x + 1)),
    "beta": lambda x, a, b: beta_weight(a, b, x, 1 - x) / (x * (1 - x)),
    "f": lambda x, m, n: beta_weight(m / 2, n / 2, m * x / (m * x + n), n / (m * x + n)) / x,
    "t": lambda x, v: beta_weight(EXACT(1) / 2, v / 2, x * x / (v + x * x), v / (v + x * x)) / abs(x),
    "binomial": lambda x, n, p: choose(n, x) * p**x * (1 - p) ** (n - x),
    "negativeBinomial": lambda x, n, p: choose(x + n - 1, x) * p**n * (1 - p) ** x,
    "geometric": lambda x, p: p * (1 - p) ** x,
    "hypergeometric": lambda x, m, n, k: choose(m, x) * choose(n, k - x) / choose(m + n, k),
}
CDF = {
    "gaussian": lambda x, m, s: normal_tails((x - m) / s),
    "lognormal": lambda x, m, s: normal_tails((mp.log(x) - m) / s),
    "exponential": lambda x, r: (-mp.expm1(-r * x), mp.exp(-r * x)),
    "weibull": lambda x, a, s: (-mp.expm1(-((x / s) ** a)), mp.exp(-((x / s) ** a))),
    "cauchy": lambda x, m, s: cauchy_tails((x - m) / s),
    "uniform": lambda x, low, high: ((x - low) / (high - low), (high - x) / (high - low)),
    "gamma": lambda x, a, s: gamma_tails(a, x / s),
    "chi2": lambda x, v: gamma_tails(v / 2, x / 2),
    "poisson": lambda x, r: gamma_tails(x + 1, r)[::-1],
    "beta": lambda x, a, b: beta_tails(a, b, x, 1 - x),
    "f": lambda x, m, n: beta_tails(m / 2, n / 2, m * x / (m * x + n), n / (m * x + n)),
    "t": t_tails,
    "binomial": lambda x, n, p: beta_tails(x + 1, n - x, p, 1 - p)[::-1] if x < n else (EXACT(1), EXACT(0)),
    "negativeBinomial": lambda x, n, p: beta_tails(n, x + 1, p, 1 - p),
    "geometric": lambda x, p: (-mp.expm1((x + 1) * mp.log1p(-p)), (1 - p) ** (x + 1)),
    "hypergeometric": hypergeometric_tails,
}
TIMES = 50
WHOLE = {"poisson", "binomial", "negativeBinomial", "geometric", "hypergeometric"}


def close(got, want):
    return abs(got - want) <= CLOSE * abs(want) or abs(want) < LEAST


def reaches(name, x, params, p):
    """Is the exact distribution function at `x` at least `p`?"""
    below, above = CDF[name](EXACT(x), *map(EXACT, params))
    return below >= EXACT(p) if p <= 0.5 else above <= 1 - EXACT(p)


def is_quantile(name, p, x, params):
    """Is `x` within 1e-9 of the quantile, or the least whole number there?"""
    if name in WHOLE:
        low = max(0, params[2] - params[1]) if name == "hypergeometric" else 0
        first = x <= low or not reaches(name, x - 1, params, p)
        return x == int(x) and reaches(name, x, params, p) and first
    positive = name not in ("gaussian", "cauchy", "t", "uniform")
    if positive and x < LEAST:
        return reaches(name, LEAST, params, p)
    if x == 0.0:
        return p == 0.5 and name == "t"
    room = CLOSE * abs(EXACT(x))
    if name == "beta" and x + room >= 1:
        return not reaches(name, x - room, params, p)
    return not reaches(name, x - room, params, p) and reaches(name, x + room, params, p)


# ---- the grids ---------------------------------------------------------------------------------------------

RNG = random.Random(20)


def size(low, high):
    return 10.0 ** RNG.uniform(low, high)


def count(high):
    return int(size(0, high))


def center():
    return RNG.choice((-1.0, 1.0)) * size(-3, 3)


PARAMETERS = {
    "gaussian": lambda: (center(), size(-3, 3)),
    "lognormal": lambda: (center() / 10.0, size(-1, 1)),
    "exponential": lambda: (size(-9, 9),),
    "weibull": lambda: (size(-2, 3), size(-3, 3)),
    "cauchy": lambda: (center(), size(-3, 3)),
    "gamma": lambda: (size(-4, RNG.choice((1, 3, 6))), size(-3, 3)),
    "chi2": lambda: (count(RNG.choice((1, 3, 6))),),
    "poisson": lambda: (size(-4, RNG.choice((1, 3, 6))),),
    "beta": lambda: (size(-4, RNG.choice((1, 3, 6))), size(-4, RNG.choice((1, 3, 6)))),
    "f": lambda: (count(RNG.choice((1, 3, 6))), count(RNG.choice((1, 3, 6)))),
    "t": lambda: (count(RNG.choice((1, 3, 6))),),
    "binomial": lambda: (count(RNG.choice((1, 3, 6))), RNG.choice((RNG.random(), size(-6, 0)))),
    "negativeBinomial": lambda: (count(RNG.choice((1, 3, 6))), RNG.choice((RNG.random(), size(-6, 0)))),
    "geometric": lambda: (RNG.choice((RNG.random(), size(-9, 0))),),
    "hypergeometric": lambda: ((m := count(3)), (n := count(3)), RNG.randint(0, m + n)),
}


def probability():
    some = (size(-300, 0), size(-20, 0), RNG.random(), 1.0 - size(-16, 0), RNG.choice((0.1, 0.5, 0.9)))
    return RNG.choice(some)


@pytest.mark.parametrize("name", PARAMETERS)
def test_quantiles(name):
    RNG.seed(name)
    for _ in range(3 * TIMES):
        params, p = PARAMETERS[name](), probability()
        x = call(name + "QF", p, *params)
        assert type(x) is float
        assert is_quantile(name, p, x, params), (name, p, params, x)


@pytest.mark.parametrize("name", PARAMETERS)
def test_densities_and_distribution_functions(name):
    RNG.seed(name)
    for _ in range(4 * TIMES):
        params = PARAMETERS[name]()
        x = call(name + "QF", probability(), *params) * RNG.choice((1.0, 1.0, 1.1, 2.0, 0.5))
        x = round(x) if name in WHOLE else x
        if not supported(name, x, params):
            continue
        exact = (EXACT(x), *map(EXACT, params))
        density = PDF[name](*exact)
        if name == "gaussian":
            assert close(call("gaussianLL", x, *params), mp.log(density))
        else:
            assert close(call(name + "PDF", x, *params), density), (name, x, params)
        assert close(call(name + "CDF", x, *params), CDF[name](*exact)[0]), (name, x, params)


def supported(name, x, params):
    """Is the density at `x` positive, and inside what doubles can hold?"""
    if name in WHOLE and x >= 2**31:
        return False
    high = {"beta": 1.0, "binomial": params[0]}.get(name, 1e300)
    if name == "hypergeometric":
        m, n, k = params
        return max(0, k - n) <= x < min(k, m)
    if name in ("gaussian", "cauchy", "t"):
        return 0.0 < abs(x) < high
    return (0 if name in WHOLE else 1e-200) <= x < high


LARGEST = {
    "poisson": (1e9,),
    "gamma": (1e8, 3.0),
    "beta": (1e9, 3e8),
    "f": (2**31 - 1, 2**30),
    "t": (2**31 - 1,),
    "binomial": (2**31 - 1, 0.3),
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_parameters_keep_their_tails(name):
    params = LARGEST[name]
    for p in (1e-300, 1e-100):
        x = call(name + "QF", p, *params)
        exact = (EXACT(x), *map(EXACT, params))
        assert close(call(name + "CDF", x, *params), CDF[name](*exact)[0])
        assert close(call(name + "PDF", int(x) if name in WHOLE else x, *params), PDF[name](*exact))
        assert is_quantile(name, p, x, params)


TIES = [
    ("geometricQF", (0.1, 0.1), 0.0),  # the probability of 0 is 0.1, whatever 1 - 0.9 is rounded to
    ("geometricQF", (0.5, 0.5), 0.0),
    ("geometricQF", (0.75, 0.5), 1.0),
    ("binomialQF", (0.5, 1, 0.5), 0.0),
    ("binomialQF", (0.1, 1, 0.9), 1.0),  # the double 0.9 leaves a little less than the double 0.1
    ("binomialQF", (0.5, 99, 0.5), 49.0),
    ("binomialQF", (0.6875, 4, 0.5), 2.0),
    ("negativeBinomialQF", (1e-5, 1, 1e-5), 0.0),
    ("negativeBinomialQF", (0.5, 2, 0.5), 1.0),
    ("hypergeometricQF", (0.5, 1, 1, 1), 0.0),
    ("hypergeometricQF", (0.5, 5, 5, 5), 2.0),
    ("hypergeometricQF", (0.25, 1, 3, 3), 0.0),
]


@pytest.mark.parametrize(("name", "args", "want"), TIES)
def test_a_quantile_is_exact_where_probabilities_tie(name, args, want):
    assert call(name, *args) == want


def test_no_argument_breaks_a_function():
    """Every function gives a float or its error for huge, tiny and degenerate arguments, and soon."""
    reals = (-1e308, -1.0, -0.0, 0.0, 5e-324, 1e-300, 0.5, 1.0, 3.0, 1e15, 1e308, math.inf, math.nan)
    wholes = (-(2**31), -1, 0, 1, 2, 1000, 2**31 - 1)
    functions = [fn for name, fn in LIBRARY.items() if name.startswith("prob.dist.")]
    assert len(functions) == 48
    fails = 0
    for fn in functions:
        pools = [wholes if str(p) == "int" else reals for p in fn.signatures[0].params]
        for args in itertools.product(*pools):
            try:
                assert type(call(fn.name[10:], *args)) is float, (fn.name, args)
            except PfaRuntimeError:
                fails += 1
    assert fails > 1000
