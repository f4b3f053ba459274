"""Distributions whose densities and quantiles are elementary functions, or the normal integral and its inverse."""

from __future__ import annotations

from math import atan2, expm1, hypot, isfinite, log, log1p, pi, sqrt, tan
from typing import Any

from scipy import special

from pfa.lib.define import Fail, define
from pfa.lib.distributions.arguments import require, require_finite, require_probability
from pfa.lib.distributions.numeric import HALF_LOG_2PI
from pfa.lib.primitives import INF, NAN, exp


def _center_and_width(mu: Any, sigma: float | None, fail: Fail) -> tuple[float, float]:
    """Mean and standard deviation, from two numbers or from a record of mean and variance."""
    if sigma is None:
        variance = float(mu["variance"])
        require(0.0 <= variance < INF, fail)
        mu, sigma = mu["mean"], sqrt(variance)
    mean = float(mu)
    require(isfinite(mean) and 0.0 <= sigma < INF, fail)
    return mean, sigma


@define(
    "prob.dist.gaussianLL",
    "(x: double, mu: double, sigma: double) -> double",
    "(x: double, params: any record A with {mean: double, variance: double}) -> double",
    errors={"invalid parameterization": 13000, "invalid input": 13001},
    accuracy="1e-9",
)
def gaussian_ll(x: float, mu: Any, sigma: float | None = None, *, fail: Fail) -> float:
    """Return the logarithm of the density at `x` of the normal distribution.

    The distribution is given by its centre `mu` and width `sigma`, or by the `mean` and `variance` of a record
    such as `stat.sample.update` makes.  One of no width is infinite at `mu` and -infinite elsewhere.

    prob.dist.gaussianLL(0.0, 0.0, 1.0) -> -0.9189385332046727
    prob.dist.gaussianLL(1.0, 3.0, 0.5) -> -8.225791352644727
    prob.dist.gaussianLL(1.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}, "value": {"mean": 3.0, "variance": 0.25}}) -> -8.225791352644727
    prob.dist.gaussianLL(2.0, 2.0, 0.0) -> inf
    prob.dist.gaussianLL(1.0, 3.0, -0.5) -> error 13000
    prob.dist.gaussianLL({"/": [1.0, 0.0]}, 3.0, 0.5) -> error 13001
    """
    mean, sigma = _center_and_width(mu, sigma, fail)
    require_finite(x, fail)
    if sigma == 0.0:
        return INF if x == mean else -INF
    z = (x - mean) / sigma
    return -0.5 * z * z - log(sigma) - HALF_LOG_2PI


@define(
    "prob.dist.gaussianCDF",
    "(x: double, mu: double, sigma: double) -> double",
    "(x: double, params: any record A with {mean: double, variance: double}) -> double",
    errors={"invalid parameterization": 13010, "invalid input": 13011},
    accuracy="1e-9",
)
def gaussian_cdf(x: float, mu: Any, sigma: float | None = None, *, fail: Fail) -> float:
    """Return the probability that a normal variable is at most `x`.

    The distribution is given by its centre `mu` and width `sigma`, or by the `mean` and `variance` of a record
    such as `stat.sample.update` makes.  One of no width steps from 0 to 1 at `mu`.

    prob.dist.gaussianCDF(0.0, 0.0, 1.0) -> 0.5
    prob.dist.gaussianCDF(-37.0, 0.0, 1.0) -> 5.725571222524577e-300
    prob.dist.gaussianCDF(1.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}, "value": {"mean": 3.0, "variance": 4.0}}) -> 0.15865525393145707
    prob.dist.gaussianCDF(2.0, 2.0, 0.0) -> 1.0
    prob.dist.gaussianCDF(1.0, 3.0, -0.5) -> error 13010
    prob.dist.gaussianCDF({"/": [1.0, 0.0]}, 3.0, 0.5) -> error 13011
    """
    mean, sigma = _center_and_width(mu, sigma, fail)
    require_finite(x, fail)
    if sigma == 0.0:
        return float(x >= mean)
    return float(special.ndtr((x - mean) / sigma))


@define(
    "prob.dist.gaussianQF",
    "(p: double, mu: double, sigma: double) -> double",
    "(p: double, params: any record A with {mean: double, variance: double}) -> double",
    errors={"invalid parameterization": 13020, "invalid input": 13021},
    accuracy="1e-9",
)
def gaussian_qf(p: float, mu: Any, sigma: float | None = None, *, fail: Fail) -> float:
    """Return the value that a normal variable does not exceed with probability `p`: the inverse of the CDF.

    The distribution is given by its centre `mu` and width `sigma`, or by the `mean` and `variance` of a record
    such as `stat.sample.update` makes.

    prob.dist.gaussianQF(0.5, 3.0, 2.0) -> 3.0
    prob.dist.gaussianQF(0.975, 0.0, 1.0) -> 1.959963984540054
    prob.dist.gaussianQF(0.975, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}, "value": {"mean": 3.0, "variance": 4.0}}) -> 6.919927969080108
    prob.dist.gaussianQF(0.0, 3.0, 2.0) -> -inf
    prob.dist.gaussianQF(0.5, 3.0, -2.0) -> error 13020
    prob.dist.gaussianQF(1.5, 3.0, 2.0) -> error 13021
    """
    mean, sigma = _center_and_width(mu, sigma, fail)
    require_probability(p, fail)
    if p in (0.0, 1.0):
        return INF if p else -INF
    return mean + sigma * float(special.ndtri(p))


@define(
    "prob.dist.lognormalPDF",
    "(x: double, meanlog: double, sdlog: double) -> double",
    errors={"invalid parameterization": 13240, "invalid input": 13241},
    accuracy="1e-9",
)
def lognormal_pdf(x: float, meanlog: float, sdlog: float, *, fail: Fail) -> float:
    """Return the density at `x` of the log-normal distribution; 0 for `x` ≤ 0.

    meanlog, sdlog: mean and standard deviation of the logarithm.

    prob.dist.lognormalPDF(2.0, 1.0, 0.5) -> 0.33046456598348395
    prob.dist.lognormalPDF(-2.0, 1.0, 0.5) -> 0.0
    prob.dist.lognormalPDF(2.0, 1.0, 0.0) -> error 13240
    prob.dist.lognormalPDF({"/": [1.0, 0.0]}, 1.0, 0.5) -> error 13241
    """
    require(isfinite(meanlog) and 0.0 < sdlog < INF, fail)
    require_finite(x, fail)
    if x <= 0.0:
        return 0.0
    z = (log(x) - meanlog) / sdlog
    return exp(-0.5 * z * z - log(x) - log(sdlog) - HALF_LOG_2PI)


@define(
    "prob.dist.lognormalCDF",
    "(x: double, meanlog: double, sdlog: double) -> double",
    errors={"invalid parameterization": 13250, "invalid input": 13251},
    accuracy="1e-9",
)
def lognormal_cdf(x: float, meanlog: float, sdlog: float, *, fail: Fail) -> float:
    """Return the probability that a log-normal variable is at most `x`.

    meanlog, sdlog: mean and standard deviation of the logarithm.

    prob.dist.lognormalCDF(2.0, 1.0, 0.5) -> 0.26970493073490953
    prob.dist.lognormalCDF(-2.0, 1.0, 0.5) -> 0.0
    prob.dist.lognormalCDF(2.0, 1.0, 0.0) -> error 13250
    prob.dist.lognormalCDF({"/": [1.0, 0.0]}, 1.0, 0.5) -> error 13251
    """
    require(isfinite(meanlog) and 0.0 < sdlog < INF, fail)
    require_finite(x, fail)
    return float(special.ndtr((log(x) - meanlog) / sdlog)) if x > 0.0 else 0.0


@define(
    "prob.dist.lognormalQF",
    "(p: double, meanlog: double, sdlog: double) -> double",
    errors={"invalid parameterization": 13260, "invalid input": 13261},
    accuracy="1e-9",
)
def lognormal_qf(p: float, meanlog: float, sdlog: float, *, fail: Fail) -> float:
    """Return the value that a log-normal variable does not exceed with probability `p`: the inverse of the CDF.

    meanlog, sdlog: mean and standard deviation of the logarithm.

    prob.dist.lognormalQF(0.5, 1.0, 0.5) -> 2.718281828459045
    prob.dist.lognormalQF(0.9, 1.0, 0.5) -> 5.159170355622592
    prob.dist.lognormalQF(1.0, 1.0, 0.5) -> inf
    prob.dist.lognormalQF(0.5, 1.0, 0.0) -> error 13260
    prob.dist.lognormalQF(1.5, 1.0, 0.5) -> error 13261
    """
    require(isfinite(meanlog) and 0.0 < sdlog < INF, fail)
    require_probability(p, fail)
    return exp(meanlog + sdlog * float(special.ndtri(p)))


@define(
    "prob.dist.exponentialPDF",
    "(x: double, lambda: double) -> double",
    errors={"invalid parameterization": 13030, "invalid input": 13031},
    accuracy="1e-9",
)
def exponential_pdf(x: float, lambda_: float, *, fail: Fail) -> float:
    """Return the density at `x` of the exponential distribution of rate `lambda`; 0 for `x` < 0.

    prob.dist.exponentialPDF(2.0, 0.5) -> 0.18393972058572117
    prob.dist.exponentialPDF(-2.0, 0.5) -> 0.0
    prob.dist.exponentialPDF(2.0, -0.5) -> error 13030
    prob.dist.exponentialPDF({"/": [1.0, 0.0]}, 0.5) -> error 13031
    """
    require(0.0 <= lambda_ < INF, fail)
    require_finite(x, fail)
    return lambda_ * exp(-lambda_ * x) if x >= 0.0 else 0.0


@define(
    "prob.dist.exponentialCDF",
    "(x: double, lambda: double) -> double",
    errors={"invalid parameterization": 13040, "invalid input": 13041},
    accuracy="1e-9",
)
def exponential_cdf(x: float, lambda_: float, *, fail: Fail) -> float:
    """Return the probability that an exponential variable of rate `lambda` is at most `x`.

    prob.dist.exponentialCDF(2.0, 0.5) -> 0.6321205588285577
    prob.dist.exponentialCDF(1e-20, 0.5) -> 5e-21
    prob.dist.exponentialCDF(2.0, -0.5) -> error 13040
    prob.dist.exponentialCDF({"/": [1.0, 0.0]}, 0.5) -> error 13041
    """
    require(0.0 <= lambda_ < INF, fail)
    require_finite(x, fail)
    return -expm1(-lambda_ * x) if x > 0.0 and lambda_ else 0.0


@define(
    "prob.dist.exponentialQF",
    "(p: double, lambda: double) -> double",
    errors={"invalid parameterization": 13050, "invalid input": 13051},
    accuracy="1e-9",
)
def exponential_qf(p: float, lambda_: float, *, fail: Fail) -> float:
    """Return the value that an exponential variable of rate `lambda` does not exceed with probability `p`.

    prob.dist.exponentialQF(0.5, 0.5) -> 1.3862943611198906
    prob.dist.exponentialQF(1.0, 0.5) -> inf
    prob.dist.exponentialQF(0.5, -0.5) -> error 13050
    prob.dist.exponentialQF(1.5, 0.5) -> error 13051
    """
    require(0.0 <= lambda_ < INF, fail)
    require_probability(p, fail)
    if p == 0.0:
        return 0.0
    return INF if p == 1.0 or lambda_ == 0.0 else -log1p(-p) / lambda_


@define(
    "prob.dist.weibullPDF",
    "(x: double, shape: double, scale: double) -> double",
    errors={"invalid parameterization": 13420, "invalid input": 13421},
    accuracy="1e-9",
)
def weibull_pdf(x: float, shape: float, scale: float, *, fail: Fail) -> float:
    """Return the density at `x` of the Weibull distribution; 0 for `x` < 0, NaN at 0 for a shape below 1.

    prob.dist.weibullPDF(2.0, 1.5, 3.0) -> 0.2368778222828562
    prob.dist.weibullPDF(-2.0, 1.5, 3.0) -> 0.0
    prob.dist.weibullPDF(0.0, 0.5, 3.0) -> nan
    prob.dist.weibullPDF(2.0, 0.0, 3.0) -> error 13420
    prob.dist.weibullPDF({"/": [1.0, 0.0]}, 1.5, 3.0) -> error 13421
    """
    require(0.0 < shape < INF and 0.0 < scale < INF, fail)
    require_finite(x, fail)
    if x < 0.0:
        return 0.0
    if x == 0.0:  # the density of a shape below 1 has a pole there, for which the conformance suite wants NaN
        return 0.0 if shape > 1.0 else NAN if shape < 1.0 else 1.0 / scale
    power = shape * _log_ratio(x, scale)
    return exp(log(shape) - log(x) + power - exp(power))


@define(
    "prob.dist.weibullCDF",
    "(x: double, shape: double, scale: double) -> double",
    errors={"invalid parameterization": 13430, "invalid input": 13431},
    accuracy="1e-9",
)
def weibull_cdf(x: float, shape: float, scale: float, *, fail: Fail) -> float:
    """Return the probability that a Weibull variable is at most `x`.

    prob.dist.weibullCDF(2.0, 1.5, 3.0) -> 0.41977020402532716
    prob.dist.weibullCDF(-2.0, 1.5, 3.0) -> 0.0
    prob.dist.weibullCDF(2.0, 0.0, 3.0) -> error 13430
    prob.dist.weibullCDF({"/": [1.0, 0.0]}, 1.5, 3.0) -> error 13431
    """
    require(0.0 < shape < INF and 0.0 < scale < INF, fail)
    require_finite(x, fail)
    return -expm1(-exp(shape * _log_ratio(x, scale))) if x > 0.0 else 0.0


def _log_ratio(x: float, scale: float) -> float:
    """log(x / scale), which is about to be multiplied by a shape: near 1 the rounded quotient is too coarse."""
    if 0.5 * scale <= x <= 2.0 * scale:
        return log1p((x - scale) / scale)
    ratio = x / scale
    return log(ratio) if 0.0 < ratio < INF else log(x) - log(scale)


@define(
    "prob.dist.weibullQF",
    "(p: double, shape: double, scale: double) -> double",
    errors={"invalid parameterization": 13440, "invalid input": 13441},
    accuracy="1e-9",
)
def weibull_qf(p: float, shape: float, scale: float, *, fail: Fail) -> float:
    """Return the value that a Weibull variable does not exceed with probability `p`: the inverse of the CDF.

    prob.dist.weibullQF(0.5, 1.5, 3.0) -> 2.349659306323954
    prob.dist.weibullQF(1.0, 1.5, 3.0) -> inf
    prob.dist.weibullQF(0.5, 0.0, 3.0) -> error 13440
    prob.dist.weibullQF(1.5, 1.5, 3.0) -> error 13441
    """
    require(0.0 < shape < INF and 0.0 < scale < INF, fail)
    require_probability(p, fail)
    if p in (0.0, 1.0):
        return INF if p else 0.0
    power = log(-log1p(-p)) / shape
    factor = exp(power)
    return scale * factor if 0.0 < factor < INF else exp(power + log(scale))


@define(
    "prob.dist.cauchyPDF",
    "(x: double, location: double, scale: double) -> double",
    errors={"invalid parameterization": 13180, "invalid input": 13181},
    accuracy="1e-9",
)
def cauchy_pdf(x: float, location: float, scale: float, *, fail: Fail) -> float:
    """Return the density at `x` of the Cauchy distribution.

    prob.dist.cauchyPDF(2.0, 1.0, 0.5) -> 0.12732395447351627
    prob.dist.cauchyPDF(2.0, 1.0, 0.0) -> error 13180
    prob.dist.cauchyPDF({"/": [1.0, 0.0]}, 1.0, 0.5) -> error 13181
    """
    require(isfinite(location) and 0.0 < scale < INF, fail)
    require_finite(x, fail)
    distance = hypot(scale, x - location)  # the square of one of the two alone may overflow
    return scale / distance / (pi * distance)


@define(
    "prob.dist.cauchyCDF",
    "(x: double, location: double, scale: double) -> double",
    errors={"invalid parameterization": 13190, "invalid input": 13191},
    accuracy="1e-9",
)
def cauchy_cdf(x: float, location: float, scale: float, *, fail: Fail) -> float:
    """Return the probability that a Cauchy variable is at most `x`.

    prob.dist.cauchyCDF(1.0, 1.0, 0.5) -> 0.5
    prob.dist.cauchyCDF(-1e300, 1.0, 0.5) -> 1.5915494309189535e-301
    prob.dist.cauchyCDF(2.0, 1.0, 0.0) -> error 13190
    prob.dist.cauchyCDF({"/": [1.0, 0.0]}, 1.0, 0.5) -> error 13191
    """
    require(isfinite(location) and 0.0 < scale < INF, fail)
    require_finite(x, fail)
    return atan2(scale, location - x) / pi


@define(
    "prob.dist.cauchyQF",
    "(p: double, location: double, scale: double) -> double",
    errors={"invalid parameterization": 13200, "invalid input": 13201},
    accuracy="1e-9",
)
def cauchy_qf(p: float, location: float, scale: float, *, fail: Fail) -> float:
    """Return the value that a Cauchy variable does not exceed with probability `p`: the inverse of the CDF.

    prob.dist.cauchyQF(0.75, 1.0, 0.5) -> 1.5
    prob.dist.cauchyQF(0.0, 1.0, 0.5) -> -inf
    prob.dist.cauchyQF(0.5, 1.0, 0.0) -> error 13200
    prob.dist.cauchyQF(1.5, 1.0, 0.5) -> error 13201
    """
    require(isfinite(location) and 0.0 < scale < INF, fail)
    require_probability(p, fail)
    return location + scale * standard_cauchy_qf(p)


def standard_cauchy_qf(p: float) -> float:
    """The quantile for location 0 and scale 1, from the distance to the nearest of 0, 1/2 and 1."""
    if p in (0.0, 1.0):
        return INF if p else -INF
    if p < 0.25:
        return -1.0 / tan(pi * p)
    return 1.0 / tan(pi * (1.0 - p)) if p > 0.75 else tan(pi * (p - 0.5))


@define(
    "prob.dist.uniformPDF",
    "(x: double, min: double, max: double) -> double",
    errors={"invalid parameterization": 13330, "invalid input": 13331},
)
def uniform_pdf(x: float, min_: float, max_: float, *, fail: Fail) -> float:
    """Return the density at `x` of the uniform distribution from `min` to `max`, both inclusive.

    prob.dist.uniformPDF(2.0, 1.0, 5.0) -> 0.25
    prob.dist.uniformPDF(0.5, 1.0, 5.0) -> 0.0
    prob.dist.uniformPDF(2.0, 5.0, 1.0) -> error 13330
    prob.dist.uniformPDF({"/": [1.0, 0.0]}, 1.0, 5.0) -> error 13331
    """
    require(-INF < min_ < max_ < INF, fail)
    require_finite(x, fail)
    if not min_ <= x <= max_:
        return 0.0
    width = max_ - min_
    return 1.0 / width if width < INF else 0.5 / (0.5 * max_ - 0.5 * min_)


@define(
    "prob.dist.uniformCDF",
    "(x: double, min: double, max: double) -> double",
    errors={"invalid parameterization": 13340, "invalid input": 13341},
)
def uniform_cdf(x: float, min_: float, max_: float, *, fail: Fail) -> float:
    """Return the probability that a variable uniform from `min` to `max` is at most `x`.

    prob.dist.uniformCDF(2.0, 1.0, 5.0) -> 0.25
    prob.dist.uniformCDF(7.0, 1.0, 5.0) -> 1.0
    prob.dist.uniformCDF(2.0, 5.0, 1.0) -> error 13340
    prob.dist.uniformCDF({"/": [1.0, 0.0]}, 1.0, 5.0) -> error 13341
    """
    require(-INF < min_ < max_ < INF, fail)
    require_finite(x, fail)
    if not min_ < x < max_:
        return float(x >= max_)
    width = max_ - min_
    return (x - min_) / width if width < INF else (0.5 * x - 0.5 * min_) / (0.5 * max_ - 0.5 * min_)


@define(
    "prob.dist.uniformQF",
    "(p: double, min: double, max: double) -> double",
    errors={"invalid parameterization": 13350, "invalid input": 13351},
)
def uniform_qf(p: float, min_: float, max_: float, *, fail: Fail) -> float:
    """Return the value that a variable uniform from `min` to `max` does not exceed with probability `p`.

    prob.dist.uniformQF(0.25, 1.0, 5.0) -> 2.0
    prob.dist.uniformQF(1.0, 1.0, 5.0) -> 5.0
    prob.dist.uniformQF(0.25, 5.0, 1.0) -> error 13350
    prob.dist.uniformQF(1.5, 1.0, 5.0) -> error 13351
    """
    require(-INF < min_ < max_ < INF, fail)
    require_probability(p, fail)
    width = max_ - min_
    return min_ + width * p if width < INF else min_ * (1.0 - p) + max_ * p
