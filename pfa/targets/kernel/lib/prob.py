"""Distributions of real variables (prob.dist.*); `pfa.lib.distributions` has the meaning.

Parameters are judged first, then the point: the code of a bad point is that of bad parameters plus one.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    atan2,
    exp,
    expm1,
    f64,
    fabs,
    fail,
    hypot,
    i64,
    inf,
    inline,
    ld,
    lgamma,
    log,
    log1p,
    nan,
    sqrt,
    tan,
)
from pfa.targets.kernel.lib.incomplete import (
    beta_tail,
    gamma_tail,
    log_beta_weight,
    log_gamma_weight,
    normal_quantile,
    normal_tail,
)
from pfa.targets.kernel.lib.quantiles import gamma_quantile, greater_part, lesser_part, log_odds_quantile
from pfa.targets.kernel.lib.records import finite, number

HALF_LOG_2PI = 0.9189385332046727
PI = 3.141592653589793


@inline
def need(ctx: i64, right: bool, code: i64) -> None:
    """Fail with the code unless it is right."""
    if not right:
        fail(ctx, code)


@inline
def need_finite(ctx: i64, x: f64, code: i64) -> None:
    if not finite(x):
        fail(ctx, code)


@inline
def need_probability(ctx: i64, p: f64, code: i64) -> None:
    if not (p >= 0.0 and p <= 1.0):
        fail(ctx, code)


@inline
def positive(x: f64) -> bool:
    return x > 0.0 and x < inf


@inline
def not_negative(x: f64) -> bool:
    return x >= 0.0 and x < inf


@inline
def one_if(right: bool) -> f64:
    return 1.0 if right else 0.0


# Normal


def gaussian_ll(ctx: i64, x: f64, mu: f64, sigma: f64) -> f64:
    need(ctx, finite(mu) and not_negative(sigma), 13000)
    need_finite(ctx, x, 13001)
    if sigma == 0.0:
        return inf if x == mu else -inf
    z = (x - mu) / sigma
    return -0.5 * z * z - log(sigma) - HALF_LOG_2PI


def gaussian_cdf(ctx: i64, x: f64, mu: f64, sigma: f64) -> f64:
    need(ctx, finite(mu) and not_negative(sigma), 13010)
    need_finite(ctx, x, 13011)
    if sigma == 0.0:
        return one_if(x >= mu)
    return normal_tail((x - mu) / sigma)


def gaussian_qf(ctx: i64, p: f64, mu: f64, sigma: f64) -> f64:
    need(ctx, finite(mu) and not_negative(sigma), 13020)
    need_probability(ctx, p, 13021)
    if p == 0.0 or p == 1.0:
        return inf if p == 1.0 else -inf
    return mu + sigma * normal_quantile(p)


@inline
def deviation_of(ctx: i64, record: i64, variance: i64, kind: i64, code: i64) -> f64:
    """The root of a record's variance."""
    found = number(ld(record + variance), kind)
    need(ctx, not_negative(found), code)
    return sqrt(found)


prob_dist_gaussianLL__n3 = gaussian_ll


@inline
def prob_dist_gaussianLL__n2(
    ctx: i64, x: f64, params: i64, field_mean_1: i64, kind_field_mean_1: i64, field_variance_1: i64,
    kind_field_variance_1: i64,
) -> f64:  # fmt: skip
    sigma = deviation_of(ctx, params, field_variance_1, kind_field_variance_1, 13000)
    return gaussian_ll(ctx, x, number(ld(params + field_mean_1), kind_field_mean_1), sigma)


prob_dist_gaussianCDF__n3 = gaussian_cdf


@inline
def prob_dist_gaussianCDF__n2(
    ctx: i64, x: f64, params: i64, field_mean_1: i64, kind_field_mean_1: i64, field_variance_1: i64,
    kind_field_variance_1: i64,
) -> f64:  # fmt: skip
    sigma = deviation_of(ctx, params, field_variance_1, kind_field_variance_1, 13010)
    return gaussian_cdf(ctx, x, number(ld(params + field_mean_1), kind_field_mean_1), sigma)


prob_dist_gaussianQF__n3 = gaussian_qf


@inline
def prob_dist_gaussianQF__n2(
    ctx: i64, p: f64, params: i64, field_mean_1: i64, kind_field_mean_1: i64, field_variance_1: i64,
    kind_field_variance_1: i64,
) -> f64:  # fmt: skip
    sigma = deviation_of(ctx, params, field_variance_1, kind_field_variance_1, 13020)
    return gaussian_qf(ctx, p, number(ld(params + field_mean_1), kind_field_mean_1), sigma)


def prob_dist_lognormalPDF(ctx: i64, x: f64, meanlog: f64, sdlog: f64) -> f64:
    need(ctx, finite(meanlog) and positive(sdlog), 13240)
    need_finite(ctx, x, 13241)
    if x <= 0.0:
        return 0.0
    z = (log(x) - meanlog) / sdlog
    return exp(-0.5 * z * z - log(x) - log(sdlog) - HALF_LOG_2PI)


def prob_dist_lognormalCDF(ctx: i64, x: f64, meanlog: f64, sdlog: f64) -> f64:
    need(ctx, finite(meanlog) and positive(sdlog), 13250)
    need_finite(ctx, x, 13251)
    return normal_tail((log(x) - meanlog) / sdlog) if x > 0.0 else 0.0


def prob_dist_lognormalQF(ctx: i64, p: f64, meanlog: f64, sdlog: f64) -> f64:
    need(ctx, finite(meanlog) and positive(sdlog), 13260)
    need_probability(ctx, p, 13261)
    return exp(meanlog + sdlog * normal_quantile(p))


# Exponential, Weibull, Cauchy, uniform


def prob_dist_exponentialPDF(ctx: i64, x: f64, rate: f64) -> f64:
    need(ctx, not_negative(rate), 13030)
    need_finite(ctx, x, 13031)
    return rate * exp(-rate * x) if x >= 0.0 else 0.0


def prob_dist_exponentialCDF(ctx: i64, x: f64, rate: f64) -> f64:
    need(ctx, not_negative(rate), 13040)
    need_finite(ctx, x, 13041)
    return -expm1(-rate * x) if x > 0.0 and rate != 0.0 else 0.0


def prob_dist_exponentialQF(ctx: i64, p: f64, rate: f64) -> f64:
    need(ctx, not_negative(rate), 13050)
    need_probability(ctx, p, 13051)
    if p == 0.0:
        return 0.0
    return inf if p == 1.0 or rate == 0.0 else -log1p(-p) / rate


def log_ratio(x: f64, scale: f64) -> f64:
    """log(x / scale), which is about to be multiplied by a shape: near 1 the rounded quotient is too coarse."""
    if x >= 0.5 * scale and x <= 2.0 * scale:
        return log1p((x - scale) / scale)
    ratio = x / scale
    return log(ratio) if ratio > 0.0 and ratio < inf else log(x) - log(scale)


def prob_dist_weibullPDF(ctx: i64, x: f64, shape: f64, scale: f64) -> f64:
    need(ctx, positive(shape) and positive(scale), 13420)
    need_finite(ctx, x, 13421)
    if x < 0.0:
        return 0.0
    if x == 0.0:
        if shape > 1.0:
            return 0.0
        return nan if shape < 1.0 else 1.0 / scale
    power = shape * log_ratio(x, scale)
    return exp(log(shape) - log(x) + power - exp(power))


def prob_dist_weibullCDF(ctx: i64, x: f64, shape: f64, scale: f64) -> f64:
    need(ctx, positive(shape) and positive(scale), 13430)
    need_finite(ctx, x, 13431)
    return -expm1(-exp(shape * log_ratio(x, scale))) if x > 0.0 else 0.0


def prob_dist_weibullQF(ctx: i64, p: f64, shape: f64, scale: f64) -> f64:
    need(ctx, positive(shape) and positive(scale), 13440)
    need_probability(ctx, p, 13441)
    if p == 0.0 or p == 1.0:
        return inf if p == 1.0 else 0.0
    power = log(-log1p(-p)) / shape
    factor = exp(power)
    return scale * factor if positive(factor) else exp(power + log(scale))


def prob_dist_cauchyPDF(ctx: i64, x: f64, location: f64, scale: f64) -> f64:
    need(ctx, finite(location) and positive(scale), 13180)
    need_finite(ctx, x, 13181)
    distance = hypot(scale, x - location)
    return scale / distance / (PI * distance)


def prob_dist_cauchyCDF(ctx: i64, x: f64, location: f64, scale: f64) -> f64:
    need(ctx, finite(location) and positive(scale), 13190)
    need_finite(ctx, x, 13191)
    return atan2(scale, location - x) / PI


def standard_cauchy_quantile(p: f64) -> f64:
    """From the distance to the nearest of 0, 1/2 and 1."""
    if p == 0.0 or p == 1.0:
        return inf if p == 1.0 else -inf
    if p < 0.25:
        return -1.0 / tan(PI * p)
    return 1.0 / tan(PI * (1.0 - p)) if p > 0.75 else tan(PI * (p - 0.5))


def prob_dist_cauchyQF(ctx: i64, p: f64, location: f64, scale: f64) -> f64:
    need(ctx, finite(location) and positive(scale), 13200)
    need_probability(ctx, p, 13201)
    return location + scale * standard_cauchy_quantile(p)


def prob_dist_uniformPDF(ctx: i64, x: f64, low: f64, high: f64) -> f64:
    need(ctx, low > -inf and low < high and high < inf, 13330)
    need_finite(ctx, x, 13331)
    if not (low <= x and x <= high):
        return 0.0
    width = high - low
    return 1.0 / width if width < inf else 0.5 / (0.5 * high - 0.5 * low)


def prob_dist_uniformCDF(ctx: i64, x: f64, low: f64, high: f64) -> f64:
    need(ctx, low > -inf and low < high and high < inf, 13340)
    need_finite(ctx, x, 13341)
    if not (low < x and x < high):
        return one_if(x >= high)
    width = high - low
    return (x - low) / width if width < inf else (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low)


def prob_dist_uniformQF(ctx: i64, p: f64, low: f64, high: f64) -> f64:
    need(ctx, low > -inf and low < high and high < inf, 13350)
    need_probability(ctx, p, 13351)
    width = high - low
    return low + width * p if width < inf else low * (1.0 - p) + high * p


# Gamma, chi-square


def gamma_density(x: f64, shape: f64, scale: f64) -> f64:
    """The density at `x` > 0."""
    y = x / scale
    if y == 0.0:  # underflow: the exponential is 1 there
        return exp((shape - 1.0) * (log(x) - log(scale)) - lgamma(shape) - log(scale))
    return exp(log_gamma_weight(shape, y) - log(y) - log(scale)) if y < inf else 0.0


def prob_dist_gammaPDF(ctx: i64, x: f64, shape: f64, scale: f64) -> f64:
    need(ctx, not_negative(shape) and not_negative(scale), 13120)
    need_finite(ctx, x, 13121)
    if x == 0.0:
        if shape < 1.0 or scale == 0.0:
            return inf
        return 1.0 / scale if shape == 1.0 else 0.0
    return gamma_density(x, shape, scale) if x > 0.0 and shape != 0.0 and scale != 0.0 else 0.0


def prob_dist_gammaCDF(ctx: i64, x: f64, shape: f64, scale: f64) -> f64:
    need(ctx, not_negative(shape) and not_negative(scale), 13130)
    need_finite(ctx, x, 13131)
    if shape == 0.0 or scale == 0.0:
        return one_if(x != 0.0)
    return gamma_tail(shape, x / scale, False) if x > 0.0 else 0.0


def prob_dist_gammaQF(ctx: i64, p: f64, shape: f64, scale: f64) -> f64:
    need(ctx, positive(shape) and positive(scale), 13140)
    need_probability(ctx, p, 13141)
    if p == 0.0 or p == 1.0:
        return inf if p == 1.0 else 0.0
    return scale * gamma_quantile(ctx, p, shape)


def prob_dist_chi2PDF(ctx: i64, x: f64, dof: i64) -> f64:
    need(ctx, dof >= 0, 13060)
    need_finite(ctx, x, 13061)
    if dof == 0:
        return 0.0 if x != 0.0 else inf
    return gamma_density(x, 0.5 * float(dof), 2.0) if x > 0.0 else 0.0


def chi2_probability(x: f64, dof: i64) -> f64:
    """The distribution function; with no degree of freedom it steps from 0 to 1 just above 0."""
    if x <= 0.0:
        return 0.0
    return gamma_tail(0.5 * float(dof), 0.5 * x, False) if dof != 0 else 1.0


def prob_dist_chi2CDF(ctx: i64, x: f64, dof: i64) -> f64:
    need(ctx, dof >= 0, 13070)
    need_finite(ctx, x, 13071)
    return chi2_probability(x, dof)


def prob_dist_chi2QF(ctx: i64, p: f64, dof: i64) -> f64:
    need(ctx, dof >= 0, 13080)
    need_probability(ctx, p, 13081)
    if p == 1.0:
        return inf
    return 2.0 * gamma_quantile(ctx, p, 0.5 * float(dof)) if p != 0.0 and dof != 0 else 0.0


@inline
def record_probability(ctx: i64, chi2: f64, dof: i64, code: i64) -> f64:
    """How probable a chi-square below this one is."""
    need(ctx, dof >= 0, code)
    return nan if chi2 != chi2 and dof != 0 else chi2_probability(chi2, dof)


def stat_test_chi2Prob(ctx: i64, state: i64, field_chi2_0: i64, kind_field_chi2_0: i64, field_dof_0: i64) -> f64:
    chi2 = number(ld(state + field_chi2_0), kind_field_chi2_0)
    dof = ld(state + field_dof_0)
    if dof == 0:
        return one_if(chi2 > 0.0)
    return record_probability(ctx, chi2, dof, 38060)


def model_reg_chi2Prob(ctx: i64, state: i64, field_chi2_0: i64, kind_field_chi2_0: i64, field_DOF_0: i64) -> f64:
    return record_probability(ctx, number(ld(state + field_chi2_0), kind_field_chi2_0), ld(state + field_DOF_0), 31070)


# Beta, F, t


def prob_dist_betaPDF(ctx: i64, x: f64, a: f64, b: f64) -> f64:
    need(ctx, positive(a) and positive(b), 13150)
    need_finite(ctx, x, 13151)
    if not (x > 0.0 and x < 1.0):
        return 0.0
    return exp(log_beta_weight(a, b, x, 1.0 - x) - log(x) - log1p(-x))


def prob_dist_betaCDF(ctx: i64, x: f64, a: f64, b: f64) -> f64:
    need(ctx, positive(a) and positive(b), 13160)
    need_finite(ctx, x, 13161)
    return beta_tail(a, b, x, 1.0 - x, False) if x > 0.0 and x < 1.0 else one_if(x >= 1.0)


def prob_dist_betaQF(ctx: i64, p: f64, a: f64, b: f64) -> f64:
    need(ctx, positive(a) and positive(b), 13170)
    need_probability(ctx, p, 13171)
    if p == 0.0 or p == 1.0:
        return p
    return lesser_part(exp(log_odds_quantile(ctx, p, a, b)))


def prob_dist_fPDF(ctx: i64, x: f64, d1: i64, d2: i64) -> f64:
    need(ctx, d1 > 0 and d2 > 0, 13210)
    need_finite(ctx, x, 13211)
    if x <= 0.0:
        return 0.0
    ratio = x * (float(d1) / float(d2))
    y = lesser_part(ratio)
    return exp(log_beta_weight(0.5 * float(d1), 0.5 * float(d2), y, greater_part(ratio)) - log(x))


def prob_dist_fCDF(ctx: i64, x: f64, d1: i64, d2: i64) -> f64:
    need(ctx, d1 > 0 and d2 > 0, 13220)
    need_finite(ctx, x, 13221)
    if x <= 0.0:
        return 0.0
    ratio = x * (float(d1) / float(d2))
    return beta_tail(0.5 * float(d1), 0.5 * float(d2), lesser_part(ratio), greater_part(ratio), False)


def prob_dist_fQF(ctx: i64, p: f64, d1: i64, d2: i64) -> f64:
    need(ctx, d1 > 0 and d2 > 0, 13230)
    need_probability(ctx, p, 13231)
    if p == 0.0 or p == 1.0:
        return inf if p == 1.0 else 0.0
    odds = log_odds_quantile(ctx, p, 0.5 * float(d1), 0.5 * float(d2))
    return exp(odds) * (float(d2) / float(d1))


def prob_dist_tPDF(ctx: i64, x: f64, dof: i64) -> f64:
    need(ctx, dof > 0, 13270)
    need_finite(ctx, x, 13271)
    x = fabs(x) if fabs(x) > 1e-20 else 1e-20  # the density is flat at 0, where the odds would vanish
    ratio = x * x / float(dof)
    return exp(log_beta_weight(0.5, 0.5 * float(dof), lesser_part(ratio), greater_part(ratio)) - log(x))


def prob_dist_tCDF(ctx: i64, x: f64, dof: i64) -> f64:
    need(ctx, dof > 0, 13280)
    need_finite(ctx, x, 13281)
    if dof == 1:  # the odds of the other cases would overflow in its tail
        return atan2(1.0, -x) / PI
    ratio = x * x / float(dof)
    tail = beta_tail(0.5, 0.5 * float(dof), lesser_part(ratio), greater_part(ratio), x <= 0.0)
    return 0.5 + 0.5 * tail if x > 0.0 else 0.5 * tail


def prob_dist_tQF(ctx: i64, p: f64, dof: i64) -> f64:
    need(ctx, dof > 0, 13290)
    need_probability(ctx, p, 13291)
    if dof == 1 or p == 0.0 or p == 0.5 or p == 1.0:
        return standard_cauchy_quantile(p)
    tail = p if p < 0.5 else 1.0 - p
    if tail < 0.25:
        odds = log_odds_quantile(ctx, 2.0 * tail, 0.5 * float(dof), 0.5)
    else:
        odds = -log_odds_quantile(ctx, 1.0 - 2.0 * tail, 0.5, 0.5 * float(dof))
    far = sqrt(float(dof)) * exp(-0.5 * odds)
    return -far if p < 0.5 else far
