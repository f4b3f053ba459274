"""Namespace `m.link`: inverse link functions, which turn a model's linear prediction into its answer.

Each takes a number, an array or a map and is applied to every item.  They are the formulas as the specification
writes them: an answer that rounds to 0 or 1 in the formula is 0 or 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.primitives import atan, divide, erf, exp, log1p
from pfa.types import Array, Map

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMWISE = (
    "(x: double) -> double",
    "(x: array(double)) -> array(double)",
    "(x: map(double)) -> map(double)",
)
ROOT_TWO = math.sqrt(2.0)


def _each(link: Callable[[float], float], x: Any, site: Site, charge: Charge) -> Any:
    """`link` of a number, of every item of an array, or of every value of a map."""
    match site.params[0]:
        case Array():
            charge(len(x))
            return [link(value) for value in x]
        case Map():
            charge(len(x))
            return {key: link(value) for key, value in x.items()}
        case _:
            return link(x)


def _softmax(x: list[float]) -> list[float]:
    """exp(x) over the sum of all exp(x); the largest is taken off first, so that nothing overflows."""
    largest = max(x)
    powers = [exp(value - largest) for value in x]
    total = 0.0
    for power in powers:
        total += power
    return [divide(power, total) for power in powers]


@define(
    "m.link.softmax",
    "(x: array(double)) -> array(double)",
    "(x: map(double)) -> map(double)",
    errors={"empty input": 25000},
    cost="len(x)",
    accuracy="ulp",
)
def softmax(x: Any, *, fail: Fail) -> Any:
    """Each xᵢ as exp(xᵢ) / Σⱼ exp(xⱼ): positive numbers that add up to one.

    m.link.softmax([1, 1]) -> [0.5, 0.5]
    m.link.softmax([1000.0, 0.0]) -> [1.0, 0.0]
    m.link.softmax({"a": 0.0, "b": 1.0}) -> {"a": 0.2689414213699951, "b": 0.7310585786300049}
    m.link.softmax({"type": {"type": "array", "items": "double"}, "value": []}) -> error 25000
    """
    if not x:
        fail("empty input")
    if isinstance(x, dict):
        return dict(zip(x, _softmax(list(x.values())), strict=True))
    return _softmax(x)


@define("m.link.logit", *ITEMWISE, accuracy="ulp")
def logit(x: Any, *, site: Site, charge: Charge) -> Any:
    """1 / (1 + exp(-x)), the inverse of the log odds.

    m.link.logit(0) -> 0.5
    m.link.logit([0.0, -1000.0]) -> [0.5, 0.0]
    """
    return _each(_logit, x, site, charge)


def _logit(x: float) -> float:
    return 1.0 / (1.0 + exp(-x))


@define("m.link.probit", *ITEMWISE, accuracy="ulp")
def probit(x: Any, *, site: Site, charge: Charge) -> Any:
    """(erf(x/√2) + 1) / 2, the distribution function of the normal distribution.

    m.link.probit(0) -> 0.5
    m.link.probit({"a": 1.0}) -> {"a": 0.8413447460685429}
    """
    return _each(_probit, x, site, charge)


def _probit(x: float) -> float:
    return (erf(x / ROOT_TWO) + 1.0) / 2.0


@define("m.link.cloglog", *ITEMWISE, accuracy="ulp")
def cloglog(x: Any, *, site: Site, charge: Charge) -> Any:
    """1 - exp(-exp(x)), the inverse of the complementary log-log link.

    m.link.cloglog(0) -> 0.6321205588285577
    """
    return _each(_cloglog, x, site, charge)


def _cloglog(x: float) -> float:
    return 1.0 - exp(-exp(x))


@define("m.link.loglog", *ITEMWISE, accuracy="ulp")
def loglog(x: Any, *, site: Site, charge: Charge) -> Any:
    """exp(-exp(x)), the inverse of the log-log link.

    m.link.loglog(0) -> 0.36787944117144233
    """
    return _each(_loglog, x, site, charge)


def _loglog(x: float) -> float:
    return exp(-exp(x))


@define("m.link.cauchit", *ITEMWISE, accuracy="ulp")
def cauchit(x: Any, *, site: Site, charge: Charge) -> Any:
    """1/2 + arctan(x)/π, the distribution function of the Cauchy distribution.

    m.link.cauchit(1) -> 0.75
    """
    return _each(_cauchit, x, site, charge)


def _cauchit(x: float) -> float:
    return 0.5 + (1.0 / math.pi) * atan(x)


@define("m.link.softplus", *ITEMWISE, accuracy="ulp")
def softplus(x: Any, *, site: Site, charge: Charge) -> Any:
    """log(1 + exp(x)), a smooth form of the rectifier; `x` itself where exp(x) would overflow.

    m.link.softplus(0) -> 0.6931471805599453
    m.link.softplus(1000) -> 1000.0
    """
    return _each(_softplus, x, site, charge)


def _softplus(x: float) -> float:
    if x > 0.0:
        return x + log1p(exp(-x))
    return math.log(1.0 + exp(x))


@define("m.link.relu", *ITEMWISE)
def relu(x: Any, *, site: Site, charge: Charge) -> Any:
    """`x` where it is positive, otherwise zero: the rectified linear unit.

    m.link.relu([-2.5, 2.5]) -> [0.0, 2.5]
    """
    return _each(_relu, x, site, charge)


def _relu(x: float) -> float:
    return 0.0 if x <= 0.0 else x


@define("m.link.tanh", *ITEMWISE, accuracy="ulp")
def tanh(x: Any, *, site: Site, charge: Charge) -> Any:
    """The hyperbolic tangent.

    m.link.tanh(1) -> 0.7615941559557649
    """
    return _each(math.tanh, x, site, charge)
