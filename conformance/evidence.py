"""Independent values for prob.dist, and the groups of exceptions.toml that they prove.

    python -m conformance.evidence SUITE        writes the groups anew, between the marks in exceptions.toml

Every trial of prob.dist whose outcome differs from the reference's is computed a third time, here, by
mpmath to 50 digits (discrete distributions exactly, in fractions).  Only where that value is ours and not
the reference's it becomes an exception; otherwise the fault is ours and this ends with an error.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mpmath as mp

from conformance import suite as suites
from conformance.exceptions import FILE, Exceptions

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = 50
CLOSE = 1e-9
MARK = "# --- written by conformance.evidence ---\n"
TAIL = "in the lower tail the reference has lost its digits to a subtraction from 1 or a half"
SEARCH = "a small quantile, of which the reference has a few digits or none"
QUANTILE = "exact: the smallest x with F(x) >= p, p and prob being the doubles that they are"
WHY = {
    "gaussianCDF": TAIL,
    "lognormalCDF": TAIL,
    "exponentialCDF": TAIL,
    "weibullCDF": TAIL,
    "cauchyCDF": TAIL,
    "binomialCDF": TAIL,
    "lognormalQF": SEARCH,
    "gammaQF": SEARCH,
    "chi2QF": SEARCH,
    "betaQF": SEARCH,
    "fQF": SEARCH,
    "gammaPDF": "the reference is right to nine digits only",
    "binomialPDF": "the specification's formula; the reference has 0 where every trial succeeds",
    "binomialQF": QUANTILE,
    "geometricQF": QUANTILE,
    "hypergeometricQF": QUANTILE,
    "negativeBinomialQF": QUANTILE,
    "hypergeometricPDF": "the specification's formula; an urn without white balls gives none for certain",
    "hypergeometricCDF": "the sum of the specification's PDF",
    "negativeBinomialPDF": "the specification's formula",
}


def choose(n: int, k: int) -> int:
    value: int = mp.libmp.ifac(n) // (mp.libmp.ifac(k) * mp.libmp.ifac(n - k)) if 0 <= k <= n else 0
    return value


def binomial(x: int, size: int, prob: float) -> Fraction:
    p = Fraction(prob)
    return choose(size, x) * p**x * (1 - p) ** (size - x) if 0 <= x <= size else Fraction(0)


def negative_binomial(x: int, size: int, prob: float) -> Fraction:
    p = Fraction(prob)
    return choose(x + size - 1, x) * p**size * (1 - p) ** x


def hypergeometric(x: int, m: int, n: int, k: int) -> Fraction:
    return Fraction(choose(m, x) * choose(n, k - x), choose(m + n, k))


def geometric(x: int, prob: float) -> Fraction:
    return Fraction(prob) * (1 - Fraction(prob)) ** x


def below(pdf: Callable[..., Fraction], x: float, *params: Any) -> Fraction:
    """The distribution function of a discrete distribution from 0 on."""
    return sum((pdf(i, *params) for i in range(int(mp.floor(x)) + 1)), Fraction(0))


def smallest(pdf: Callable[..., Fraction], p: float, *params: Any) -> int:
    """The smallest x whose distribution function reaches p."""
    total, x = pdf(0, *params), 0
    while total < Fraction(p):
        x += 1
        total += pdf(x, *params)
    return x


def root(cdf: Callable[[Any], Any], p: float) -> Any:
    """Where an increasing function of positive numbers is p: the power of 1024, then bisection."""
    low, high = mp.mpf(0), mp.mpf(1)
    while cdf(high) < p:
        low, high = high, high * 2
    while low == 0 and cdf(high / 1024) >= p:
        high /= 1024
    low = max(low, high / 1024)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(middle) < p else (low, middle)
    return (low + high) / 2


def gamma_below(shape: Any, x: Any) -> Any:
    return mp.gammainc(shape, 0, x, regularized=True)


def beta_below(a: Any, b: Any, x: Any) -> Any:
    return mp.betainc(a, b, 0, x, regularized=True)


def normal_below(z: Any) -> Any:
    return mp.erfc(-z / mp.sqrt(2)) / 2


def normal_quantile(p: Any) -> Any:
    return mp.sqrt(2) * mp.erfinv(2 * p - 1)


def beta_quantile(p: Any, a: Any, b: Any) -> Any:
    """From the end that it is nearer to."""
    one = mp.mpf(1)
    if beta_below(a, b, one / 2) >= p:
        return root(lambda y: beta_below(a, b, min(y, one)), p)
    return 1 - root(lambda y: beta_below(b, a, min(y, one)), 1 - p)


def f_quantile(p: Any, d1: Any, d2: Any) -> Any:
    y = beta_quantile(p, d1 / 2, d2 / 2)
    return d2 * y / (d1 * (1 - y))


def gamma_density(x: Any, shape: Any, scale: Any) -> Any:
    return mp.exp((shape - 1) * mp.log(x / scale) - x / scale - mp.loggamma(shape)) / scale


ORACLES: dict[str, Callable[..., Any]] = {
    "gaussianCDF": lambda x, mu, sigma: normal_below((x - mu) / sigma),
    "lognormalCDF": lambda x, mu, sigma: normal_below((mp.log(x) - mu) / sigma),
    "lognormalQF": lambda p, mu, sigma: mp.exp(mu + sigma * normal_quantile(p)),
    "gammaQF": lambda p, shape, scale: scale * root(lambda y: gamma_below(shape, y), p),
    "chi2QF": lambda p, dof: 2 * root(lambda y: gamma_below(dof / 2, y), p),
    "betaQF": beta_quantile,
    "fQF": f_quantile,
    "gammaPDF": gamma_density,
    "exponentialCDF": lambda x, rate: -mp.expm1(-rate * x),
    "weibullCDF": lambda x, shape, scale: -mp.expm1(-((x / scale) ** shape)),
    "cauchyCDF": lambda x, location, scale: mp.atan2(scale, location - x) / mp.pi,
}
EXACT: dict[str, Callable[..., Any]] = {
    "binomialPDF": binomial,
    "binomialCDF": lambda x, *params: below(binomial, x, *params),
    "binomialQF": lambda p, *params: smallest(binomial, p, *params),
    "geometricQF": lambda p, *params: smallest(geometric, p, *params),
    "hypergeometricPDF": hypergeometric,
    "hypergeometricCDF": lambda x, *params: below(hypergeometric, x, *params),
    "hypergeometricQF": lambda p, *params: smallest(hypergeometric, p, *params),
    "negativeBinomialPDF": negative_binomial,
    "negativeBinomialQF": lambda p, *params: smallest(negative_binomial, p, *params),
}


def independent(function: str, sample: dict[str, Any]) -> float:
    """The value of prob.dist.FUNCTION, computed here."""
    with mp.workdps(DIGITS):
        if function in EXACT:
            return float(EXACT[function](*sample.values()))
        return float(ORACLES[function](*arguments(sample)))


def arguments(sample: dict[str, Any]) -> list[Any]:
    """As numbers; the record of a normal distribution's parameters is its mean and standard deviation."""
    found: list[Any] = []
    for value in sample.values():
        is_record = isinstance(value, dict)
        found += [mp.mpf(value["mean"]), mp.sqrt(value["variance"])] if is_record else [mp.mpf(value)]
    return found


def close(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= CLOSE * max(abs(a), abs(b))


def groups(path: Path) -> str:
    """The text of all groups; ValueError where the independent value is not ours."""
    runner = suites.Runner("python", Exceptions(), shown=None)
    text = []
    for index, test in enumerate(suites.read_suite(path)):
        space, _, function = test["function"].rpartition(".")
        if space == "prob.dist" and (rows := _rows(runner.run(index, test).differences, test, function)):
            lines = ",\n".join(f"    {row}" for row in rows)
            text.append(_GROUP.format(test["function"], index, f"mpmath; {WHY[function]}", lines))
    return "\n".join(text)


_GROUP = '[[group]]\nfunction = "{}"\nengine = {}\nevidence = "{}"\ntrials = [\n{},\n]\n'


def _rows(differences: list[suites.Difference], test: dict[str, Any], function: str) -> list[str]:
    rows = []
    for d in differences:
        ours, reference = float(d.got), test["trials"][d.trial]["result"]
        value = independent(function, d.sample)
        if not close(ours, value) or close(float(reference), value):
            raise ValueError(f"{d}; mpmath says {value!r}")
        written = repr(reference) if isinstance(reference, str) else repr(float(reference))
        rows.append(f"['{json.dumps(d.sample)}', {ours!r}, {written}, {value!r}]")
    return rows


def main(path: Path) -> None:
    before, _, _ = FILE.read_text("utf-8").partition(MARK)
    FILE.write_text(before + MARK + "\n" + groups(path), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
