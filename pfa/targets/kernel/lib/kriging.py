"""Gaussian processes (model.reg.gaussianProcess); `pfa.lib.model.kriging` has the model.

The process is fitted to its table in every call.  A fit is the address of:

    0 positions, an array of arrays     8 means and 16 deviations of their columns
    24 outputs, n rows of k doubles     32 means and 40 deviations of their columns
    48 squares of the relative uncertainties, n rows of k doubles, or 0
"""

from __future__ import annotations

from pfa.targets.kernel.language import call0, call2, f64, fail, i64, inline, ld, ldf, sqrt, st, stf, unbits
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array
from pfa.targets.kernel.lib.la_square import cell, unordered_product
from pfa.targets.kernel.lib.records import finite

HUGE = 1e300  # the square of an infinite uncertainty
AT_ONCE = 512  # multiplications that count as a step


@inline
def width_of(ctx: i64, entry: i64, field: i64, is_array: i64) -> i64:
    """How many numbers a field has: an array's, else one."""
    return length(ld(entry + field)) if is_array != 0 else 1


@inline
def store_numbers(ctx: i64, to: i64, entry: i64, field: i64, is_array: i64, real: i64, n: i64) -> None:
    """The numbers of a field as doubles; fails where one is not finite."""
    slot = call0(real, ctx, ld(entry + field))
    for j in range(n):
        x = ldf(items(slot) + j * 8) if is_array != 0 else unbits(slot)
        if not finite(x):
            fail(ctx, 31086)
        stf(to + j * 8, x)


def standardize(ctx: i64, at: i64, n: i64, width: i64, means: i64, scales: i64) -> None:
    """Bring columns to mean 0 and deviation 1; those that do not vary to 0."""
    charge(ctx, n * width // 8)
    for j in range(width):
        first = ldf(cell(at, width, 0, j))
        same = True
        total = 0.0
        for i in range(n):
            same = same and ldf(cell(at, width, i, j)) == first
            total += ldf(cell(at, width, i, j))
        mean = first if same else total / float(n)
        total = 0.0
        for i in range(n):
            d = ldf(cell(at, width, i, j)) - mean
            total += d * d
        scale = sqrt(total / float(n))
        scale = 1.0 if same or scale == 0.0 else scale
        stf(means + j * 8, mean)
        stf(scales + j * 8, scale)
        for i in range(n):
            stf(cell(at, width, i, j), (ldf(cell(at, width, i, j)) - mean) / scale)


@inline
def check_widths(
    ctx: i64, table: i64, features: i64, x: i64, x_array: i64, to: i64, to_array: i64, sigma: i64, sigma_kind: i64
) -> i64:
    """How many outputs there are; `sigma_kind` is 0 where there is none, 1 a number, 2 an array."""
    n = length(table)
    charge(ctx, n)
    for i in range(n):
        if width_of(ctx, item(table, i), x, x_array) != features:
            fail(ctx, 31082)
    outputs = width_of(ctx, item(table, 0), to, to_array)
    if outputs == 0:
        fail(ctx, 31083)
    for i in range(n):
        if width_of(ctx, item(table, i), to, to_array) != outputs:
            fail(ctx, 31084)
        if sigma_kind != 0 and width_of(ctx, item(table, i), sigma, sigma_kind - 1) != outputs:
            fail(ctx, 31084)
    return outputs


def positions_of(ctx: i64, block: i64, n: i64, features: i64) -> i64:
    """Rows of a block as arrays, to be given to the kernel of the process."""
    out = new_array(ctx, n)
    for i in range(n):
        row = new_array(ctx, features)
        for j in range(features):
            st(items(row) + j * 8, ld(cell(block, features, i, j)))
        st(items(out) + i * 8, row)
    return out


def covariances(ctx: i64, positions: i64, f: i64, env: i64) -> i64:
    """The lower half of the matrix of what the kernel says of two positions, without its diagonal."""
    n = length(positions)
    at = alloc(ctx, n * n * 8)
    for i in range(n):
        charge(ctx, i * (length(item(positions, 0)) + 2) // 2)
        for j in range(i):
            st(cell(at, n, i, j), call2(f, ctx, env, item(positions, i), item(positions, j)))
    return at


def factorize(ctx: i64, source: i64, n: i64, nuggets: i64, width: i64, output: i64, to: i64) -> None:
    """Cholesky's factor of the covariances, with 1 and a nugget on the diagonal."""
    for i in range(n):
        charge(ctx, n * i // AT_ONCE + 1)
        for j in range(i):
            x = ldf(cell(source, n, i, j)) - unordered_product(cell(to, n, i, 0), cell(to, n, j, 0), j)
            stf(cell(to, n, i, j), x / ldf(cell(to, n, j, j)))
        pivot = 1.0 + (0.0 if nuggets == 0 else ldf(cell(nuggets, width, i, output)))
        pivot = pivot - unordered_product(cell(to, n, i, 0), cell(to, n, i, 0), i)
        if not pivot > 0.0:
            fail(ctx, 31088)
        stf(cell(to, n, i, i), sqrt(pivot))


def solve_factorized(ctx: i64, factor: i64, n: i64, x: i64) -> None:
    """Solve for a right side of n doubles, which the solution takes the place of."""
    charge(ctx, n * n // AT_ONCE + 1)
    for i in range(n):
        y = ldf(x + i * 8) - unordered_product(cell(factor, n, i, 0), x, i)
        stf(x + i * 8, y / ldf(cell(factor, n, i, i)))
    for k in range(n):
        i = n - 1 - k
        y = ldf(x + i * 8) / ldf(cell(factor, n, i, i))
        stf(x + i * 8, y)
        for j in range(i):
            stf(x + j * 8, ldf(x + j * 8) - y * ldf(cell(factor, n, i, j)))


def predicted(near: i64, by_outputs: i64, by_ones: i64, n: i64, given: i64) -> f64:
    """The normalized output at a point; `given` is the Kriging weight, a union, or 0."""
    outputs = 0.0
    ones = 0.0
    for i in range(n):
        outputs += ldf(by_outputs + i * 8)
        ones += ldf(by_ones + i * 8)
    beta = ldf(given + 8) if given != 0 else outputs / ones
    total = 0.0
    for i in range(n):
        total += ldf(near + i * 8) * (ldf(by_outputs + i * 8) - beta * ldf(by_ones + i * 8))
    return beta + total


def near_positions(ctx: i64, fit: i64, point: i64, features: i64, f: i64, env: i64) -> i64:
    """What the kernel says of a point and each position; the address of doubles."""
    at = new_array(ctx, features)
    for j in range(features):
        x = (ldf(point + j * 8) - ldf(ld(fit + 8) + j * 8)) / ldf(ld(fit + 16) + j * 8)
        stf(items(at) + j * 8, x)
    positions = ld(fit)
    n = length(positions)
    charge(ctx, n * (features + 1))
    near = alloc(ctx, n * 8)
    for i in range(n):
        st(near + i * 8, call2(f, ctx, env, at, item(positions, i)))
    return near


def predict_outputs(ctx: i64, fit: i64, point: i64, features: i64, width: i64, given: i64, f: i64, env: i64) -> i64:
    """The outputs at a point, an array of doubles."""
    n = length(ld(fit))
    nuggets = ld(fit + 48)
    source = covariances(ctx, ld(fit), f, env)
    factor = alloc(ctx, n * n * 8)
    ones = alloc(ctx, n * 8)
    values = alloc(ctx, n * 8 * width)
    for k in range(width):
        if k == 0 or nuggets != 0:
            factorize(ctx, source, n, nuggets, width, k, factor)
            for i in range(n):
                stf(ones + i * 8, 1.0)
            solve_factorized(ctx, factor, n, ones)
            if nuggets != 0:
                ones_of = alloc(ctx, n * 8)
                for i in range(n):
                    st(ones_of + i * 8, ld(ones + i * 8))
                st(ld(fit + 56) + k * 8, ones_of)
        for i in range(n):
            st(values + (k * n + i) * 8, ld(cell(ld(fit + 24), width, i, k)))
        solve_factorized(ctx, factor, n, values + k * n * 8)
    near = near_positions(ctx, fit, point, features, f, env)
    out = new_array(ctx, width)
    for k in range(width):
        by_ones = ones if nuggets == 0 else ld(ld(fit + 56) + k * 8)
        y = predicted(near, values + k * n * 8, by_ones, n, given)
        stf(items(out) + k * 8, ldf(ld(fit + 32) + k * 8) + ldf(ld(fit + 40) + k * 8) * y)
    return out


@inline
def gaussian_process(
    ctx: i64,
    point: i64,
    features: i64,
    table: i64,
    given: i64,
    f: i64,
    env: i64,
    x: i64,
    x_array: i64,
    real_x: i64,
    to: i64,
    to_array: i64,
    real_to: i64,
    sigma: i64,
    sigma_kind: i64,
    real_sigma: i64,
) -> i64:
    n = length(table)
    if features == 0:
        fail(ctx, 31081)
    width = check_widths(ctx, table, features, x, x_array, to, to_array, sigma, sigma_kind)
    for j in range(features):
        if not finite(ldf(point + j * 8)):
            fail(ctx, 31085)
    charge(ctx, n * (features + width * 2))
    positions = alloc(ctx, n * features * 8)
    outputs = alloc(ctx, n * width * 8)
    nuggets = 0
    for i in range(n):
        entry = item(table, i)
        store_numbers(ctx, cell(positions, features, i, 0), entry, x, x_array, real_x, features)
        store_numbers(ctx, cell(outputs, width, i, 0), entry, to, to_array, real_to, width)
    if sigma_kind != 0:
        nuggets = alloc(ctx, n * width * 8)
        for i in range(n):
            to_row = cell(nuggets, width, i, 0)
            store_numbers(ctx, to_row, item(table, i), sigma, sigma_kind - 1, real_sigma, width)
        for i in range(n * width):
            part = ldf(nuggets + i * 8) / ldf(outputs + i * 8)
            stf(nuggets + i * 8, HUGE if part * part > HUGE else part * part)
    if given != 0 and not finite(ldf(given + 8)):
        fail(ctx, 31087)
    fit = alloc(ctx, 64)
    means = alloc(ctx, (features + width) * 16)
    st(fit + 8, means)
    st(fit + 16, means + features * 8)
    st(fit + 24, outputs)
    st(fit + 32, means + features * 16)
    st(fit + 40, means + features * 16 + width * 8)
    st(fit + 48, nuggets)
    st(fit + 56, alloc(ctx, width * 8))
    standardize(ctx, positions, n, features, ld(fit + 8), ld(fit + 16))
    standardize(ctx, outputs, n, width, ld(fit + 32), ld(fit + 40))
    st(fit, positions_of(ctx, positions, n, features))
    out = predict_outputs(ctx, fit, point, features, width, given, f, env)
    return out if to_array != 0 else item(out, 0)


def model_reg_gaussianProcess__double(
    ctx: i64,
    x: f64,
    table: i64,
    weight: i64,
    f: i64,
    env: i64,
    field_x_1: i64,
    real_field_x_1: i64,
    field_to_1: i64,
    field_is_array_to_1: i64,
    real_field_to_1: i64,
    field_sigma_1: i64,
    numbers_in_sigma_1: i64,
    real_field_sigma_1: i64,
) -> i64:
    if length(table) == 0:
        fail(ctx, 31080)
    point = alloc(ctx, 8)
    stf(point, x)
    return gaussian_process(
        ctx, point, 1, table, weight, f, env, field_x_1, 0, real_field_x_1, field_to_1, field_is_array_to_1,
        real_field_to_1, field_sigma_1, numbers_in_sigma_1, real_field_sigma_1,
    )  # fmt: skip


def model_reg_gaussianProcess__array(
    ctx: i64,
    x: i64,
    table: i64,
    weight: i64,
    f: i64,
    env: i64,
    field_x_1: i64,
    real_field_x_1: i64,
    field_to_1: i64,
    field_is_array_to_1: i64,
    real_field_to_1: i64,
    field_sigma_1: i64,
    numbers_in_sigma_1: i64,
    real_field_sigma_1: i64,
) -> i64:
    if length(table) == 0:
        fail(ctx, 31080)
    return gaussian_process(
        ctx, items(x), length(x), table, weight, f, env, field_x_1, 1, real_field_x_1, field_to_1,
        field_is_array_to_1, real_field_to_1, field_sigma_1, numbers_in_sigma_1, real_field_sigma_1,
    )  # fmt: skip
