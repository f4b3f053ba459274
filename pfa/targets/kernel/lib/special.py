"""Special functions (m.special.*), inverse link functions (m.link.*), and kernels of vectors (m.kernel.*)."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    atan,
    call1,
    each,
    erf,
    erfc,
    exp,
    f64,
    fail,
    i64,
    inf,
    inline,
    ld,
    ldf,
    lgamma,
    log,
    log1p,
    nan,
    st,
    stf,
    tanh,
)
from pfa.targets.kernel.lib.base import charge, items, length, new_array
from pfa.targets.kernel.lib.operators import real_power
from pfa.targets.kernel.lib.state import new_map

INT_MAX = 2147483647
HALF_LOG_2PI = 0.9189385332046727
LARGE = 10.0  # from here Stirling's series gives the logarithm of gamma to the last bit
ROOT_TWO = 1.4142135623730951
ONE_BY_PI = 0.3183098861837907


# m.special.*


def m_special_nChooseK(ctx: i64, n: i64, k: i64) -> i64:
    if k <= 0 or k >= n:
        fail(ctx, 36000)
    ways = 1
    for i in range(min(k, n - k)):
        ways = ways * (n - i) // (i + 1)
        if ways > INT_MAX:
            fail(ctx, 36000)
    return ways


def m_special_lnBeta(ctx: i64, a: f64, b: f64) -> f64:
    if a <= 0.0 or b <= 0.0:
        fail(ctx, 36010)
    if not (a < inf and b < inf):
        return nan
    return ln_beta(a, b) if a <= b else ln_beta(b, a)


def ln_beta(a: f64, b: f64) -> f64:
    """The logarithm of the beta function for a <= b (see `pfa.lib.special`)."""
    if a > 0.99 and b < 1.01:
        return ln_beta_near_one(a - 1.0, b - 1.0)
    if b < LARGE:
        return lgamma(a) + lgamma(b) - lgamma(a + b)
    rest = stirling_rest(b) - stirling_rest(a + b)
    ratio = log1p(a / b)
    if a < LARGE:
        return lgamma(a) - (a + b - 0.5) * ratio - a * (log(b) - 1.0) + rest
    rest += stirling_rest(a) + HALF_LOG_2PI
    return rest - 0.5 * log(b) + (a - 0.5) * (log(a / b) - ratio) - b * ratio


@inline
def zeta_term(x: f64, y: f64, s: f64, k: f64, zeta: f64) -> f64:
    """A term of the series of ln B(1 + x, 1 + y); x, y and s are powers."""
    return zeta / k * (x + y - s)


def ln_beta_near_one(x: f64, y: f64) -> f64:
    """ln B(1 + x, 1 + y) for small x and y, by the series of ln gamma(1 + x), whose first terms cancel."""
    s = x + y
    total = 1.6449340668482264 * x * y + log1p(s)
    xk = x * x * x
    yk = y * y * y
    sk = s * s * s
    sign = 1.0
    for k in range(3, 10):
        total += sign * zeta_term(xk, yk, sk, float(k), zeta_value(k))
        sign = -sign
        xk = xk * x
        yk = yk * y
        sk = sk * s
    return -total


@inline
def zeta_value(k: i64) -> f64:
    """Riemann's zeta of 3 to 9."""
    if k == 3:
        return 1.2020569031595943
    if k == 4:
        return 1.0823232337111382
    if k == 5:
        return 1.0369277551433699
    if k == 6:
        return 1.0173430619844491
    if k == 7:
        return 1.0083492773819228
    return 1.0040773561979443 if k == 8 else 1.0020083928260822


def stirling_rest(z: f64) -> f64:
    """What Stirling's formula leaves of ln gamma(z), for z of at least LARGE."""
    q = 1.0 / (z * z)
    series = 1.0 / 1188.0 + q * (-691.0 / 360360.0 + q / 156.0)
    series = 1.0 / 1260.0 + q * (-1.0 / 1680.0 + q * series)
    return (1.0 / 12.0 + q * (-1.0 / 360.0 + q * series)) / z


@inline
def m_special_erf(x: f64) -> f64:
    return erf(x)


@inline
def m_special_erfc(x: f64) -> f64:
    return erfc(x)


@inline
def m_special_lnGamma(ctx: i64, x: f64) -> f64:
    if x <= 0.0:
        fail(ctx, 36050)
    return lgamma(x)


# m.link.*: of a number, of every item of an array, of every value of a map (`each`)


@inline
def each_item(ctx: i64, x: i64, f: i64) -> i64:
    """An array with a function of each item."""
    n = length(x)
    charge(ctx, n)
    out = new_array(ctx, n)
    for i in range(n):
        st(items(out) + i * 8, call1(f, ctx, 0, ld(items(x) + i * 8)))
    return out


@inline
def each_value(ctx: i64, x: i64, f: i64) -> i64:
    """A map with a function of each value."""
    n = length(x)
    charge(ctx, n)
    out = new_map(ctx, n)
    for i in range(n):
        st(items(out) + i * 16, ld(items(x) + i * 16))
        st(items(out) + i * 16 + 8, call1(f, ctx, 0, ld(items(x) + i * 16 + 8)))
    return out


@each
@inline
def m_link_logit__double(x: f64) -> f64:
    return 1.0 / (1.0 + exp(-x))


@each
@inline
def m_link_probit__double(x: f64) -> f64:
    return (erf(x / ROOT_TWO) + 1.0) / 2.0


@each
@inline
def m_link_cloglog__double(x: f64) -> f64:
    return 1.0 - exp(-exp(x))


@each
@inline
def m_link_loglog__double(x: f64) -> f64:
    return exp(-exp(x))


@each
@inline
def m_link_cauchit__double(x: f64) -> f64:
    return 0.5 + ONE_BY_PI * atan(x)


@each
@inline
def m_link_softplus__double(x: f64) -> f64:
    return x + log1p(exp(-x)) if x > 0.0 else log(1.0 + exp(x))


@each
@inline
def m_link_relu__double(x: f64) -> f64:
    return 0.0 if x <= 0.0 else x


@each
@inline
def m_link_tanh__double(x: f64) -> f64:
    return tanh(x)


def softmax_items(n: i64, source: i64, to: i64, step: i64) -> None:
    """exp(x) over the sum of all exp(x) for n > 0 doubles; the largest is taken off first."""
    largest = ldf(source)
    for i in range(1, n):
        if ldf(source + i * step) > largest:
            largest = ldf(source + i * step)
    total = 0.0
    for i in range(n):
        power = exp(ldf(source + i * step) - largest)
        stf(to + i * step, power)
        total += power
    for i in range(n):
        stf(to + i * step, ldf(to + i * step) / total)


def m_link_softmax__adouble(ctx: i64, x: i64) -> i64:
    n = length(x)
    if n == 0:
        fail(ctx, 25000)
    out = new_array(ctx, n)
    softmax_items(n, items(x), items(out), 8)
    return out


def m_link_softmax__mdouble(ctx: i64, x: i64) -> i64:
    n = length(x)
    if n == 0:
        fail(ctx, 25000)
    out = new_map(ctx, n)
    for i in range(n):
        st(items(out) + i * 16, ld(items(x) + i * 16))
    softmax_items(n, items(x) + 8, items(out) + 8, 16)
    return out


# m.kernel.*


@inline
def dot_product(ctx: i64, x: i64, y: i64, code: i64) -> f64:
    """The sum of the products, from left to right."""
    if length(x) != length(y):
        fail(ctx, code)
    total = 0.0
    for i in range(length(x)):
        total += ldf(items(x) + i * 8) * ldf(items(y) + i * 8)
    return total


def m_kernel_linear(ctx: i64, x: i64, y: i64) -> f64:
    return dot_product(ctx, x, y, 23000)


def m_kernel_rbf(ctx: i64, x: i64, y: i64, gamma: f64) -> f64:
    if length(x) != length(y):
        fail(ctx, 23010)
    total = 0.0
    for i in range(length(x)):
        d = ldf(items(x) + i * 8) - ldf(items(y) + i * 8)
        total += d * d
    return exp(-gamma * total)


def m_kernel_poly(ctx: i64, x: i64, y: i64, gamma: f64, intercept: f64, degree: f64) -> f64:
    return real_power(gamma * dot_product(ctx, x, y, 23020) + intercept, degree)


def m_kernel_sigmoid(ctx: i64, x: i64, y: i64, gamma: f64, intercept: f64) -> f64:
    return tanh(gamma * dot_product(ctx, x, y, 23030) + intercept)
