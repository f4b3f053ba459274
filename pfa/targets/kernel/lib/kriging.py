"""Gaussian processes (model.reg.gaussianProcess); `pfa.lib.model.kriging` has the model.

A fit is the address of:

     0 positions, an array of arrays     8 means and 16 deviations of their columns
    24 what solves for the outputs, k times n doubles, and 32 for ones, n doubles or k times as many
    40 means and 48 deviations of the outputs
    56 k, and 64 which of the k solutions for ones belongs to the next output: 0 or n doubles on

The fit to a table that does not change is kept in the persistent region until garbage is collected there, if the
kernel of the process depends on its arguments alone: {the one before, call, table, fit}, the last a field of the
context.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    FITS,
    PEND,
    PTOP,
    call0,
    call2,
    f64,
    fail,
    get,
    i64,
    inline,
    ld,
    ldf,
    put,
    sqrt,
    st,
    stf,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array
from pfa.targets.kernel.lib.la_square import cell, unordered_product
from pfa.targets.kernel.lib.records import finite
from pfa.targets.kernel.lib.state import keep_header, keep_room, moving

HUGE = 1e300  # the square of an infinite uncertainty
AT_ONCE = 512  # multiplications that count as a step
FIT = 72
SPARE = 4  # the persistent region has so many times the room of a fit that is kept


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


@inline
def fit_room(ctx: i64, count: i64, kept: bool) -> i64:
    return keep_room(ctx, count) if kept else alloc(ctx, count)


@inline
def fit_array(ctx: i64, n: i64, kept: bool) -> i64:
    return keep_header(ctx, n, 8) if kept else new_array(ctx, n)


def positions_of(ctx: i64, block: i64, n: i64, features: i64, kept: bool) -> i64:
    """Rows of a block as arrays, to be given to the kernel of the process."""
    out = fit_array(ctx, n, kept)
    for i in range(n):
        row = fit_array(ctx, features, kept)
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


def solve_outputs(ctx: i64, fit: i64, outputs: i64, nuggets: i64, f: i64, env: i64) -> None:
    """What the prediction needs of the matrix of covariances."""
    n = length(ld(fit))
    width = ld(fit + 56)
    source = covariances(ctx, ld(fit), f, env)
    factor = alloc(ctx, n * n * 8)
    ones = ld(fit + 32)
    for k in range(width):
        if k == 0 or nuggets != 0:
            factorize(ctx, source, n, nuggets, width, k, factor)
            for i in range(n):
                stf(ones + i * 8, 1.0)
            solve_factorized(ctx, factor, n, ones)
        ones += ld(fit + 64)
        values = ld(fit + 24) + k * n * 8
        for i in range(n):
            st(values + i * 8, ld(cell(outputs, width, i, k)))
        solve_factorized(ctx, factor, n, values)


def predict_outputs(ctx: i64, fit: i64, point: i64, features: i64, given: i64, f: i64, env: i64) -> i64:
    """The outputs at a point, an array of doubles."""
    n = length(ld(fit))
    near = near_positions(ctx, fit, point, features, f, env)
    out = new_array(ctx, ld(fit + 56))
    ones = ld(fit + 32)
    for k in range(length(out)):
        y = predicted(near, ld(fit + 24) + k * n * 8, ones, n, given)
        stf(items(out) + k * 8, ldf(ld(fit + 40) + k * 8) + ldf(ld(fit + 48) + k * 8) * y)
        ones += ld(fit + 64)
    return out


def new_fit(ctx: i64, positions: i64, features: i64, outputs: i64, width: i64, nuggets: i64, n: i64, keep: i64) -> i64:
    """The fit without its solutions; it is kept where there is much room."""
    solutions = n * width * (16 if nuggets != 0 else 8) + n * 8
    needed = FIT + (features + width) * 16 + solutions + n * (features * 8 + 64)
    kept = keep != 0 and needed * SPARE < get(ctx, PEND) - get(ctx, PTOP)
    fit = fit_room(ctx, FIT, kept)
    means = fit_room(ctx, (features + width) * 16, kept)
    st(fit + 8, means)
    st(fit + 16, means + features * 8)
    st(fit + 24, fit_room(ctx, solutions, kept))
    st(fit + 32, ld(fit + 24) + n * width * 8)
    st(fit + 40, means + features * 16)
    st(fit + 48, means + features * 16 + width * 8)
    st(fit + 56, width)
    st(fit + 64, n * 8 if nuggets != 0 else 0)
    standardize(ctx, positions, n, features, ld(fit + 8), ld(fit + 16))
    standardize(ctx, outputs, n, width, ld(fit + 40), ld(fit + 48))
    st(fit, positions_of(ctx, positions, n, features, kept))
    return fit


def kept_fit(ctx: i64, call: i64, table: i64) -> i64:
    """The fit of a call to this very table, or 0."""
    note = get(ctx, FITS)
    while note != 0:
        if ld(note + 8) == call and ld(note + 16) == table:
            return ld(note + 24)
        note = ld(note)
    return 0


def keep_fit(ctx: i64, call: i64, table: i64, fit: i64) -> None:
    note = keep_room(ctx, 32)
    st(note, get(ctx, FITS))
    st(note + 8, call)
    st(note + 16, table)
    st(note + 24, fit)
    put(ctx, FITS, note)


def check_point(ctx: i64, point: i64, features: i64) -> None:
    for j in range(features):
        if not finite(ldf(point + j * 8)):
            fail(ctx, 31085)


def check_weight(ctx: i64, given: i64) -> None:
    if given != 0 and not finite(ldf(given + 8)):
        fail(ctx, 31087)


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
    steady: i64,
) -> i64:
    n = length(table)
    if features == 0:
        fail(ctx, 31081)
    call = 0 if moving(ctx, table) else steady
    fit = kept_fit(ctx, call, table) if call != 0 else 0
    if fit != 0:
        if length(item(ld(fit), 0)) != features:
            fail(ctx, 31082)
        check_point(ctx, point, features)
        check_weight(ctx, given)
        charge(ctx, n * (features + ld(fit + 56)))
        known = predict_outputs(ctx, fit, point, features, given, f, env)
        return known if to_array != 0 else item(known, 0)
    width = check_widths(ctx, table, features, x, x_array, to, to_array, sigma, sigma_kind)
    check_point(ctx, point, features)
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
    check_weight(ctx, given)
    fit = new_fit(ctx, positions, features, outputs, width, nuggets, n, call)
    solve_outputs(ctx, fit, outputs, nuggets, f, env)
    if call != 0 and not moving(ctx, fit):
        keep_fit(ctx, call, table, fit)
    out = predict_outputs(ctx, fit, point, features, given, f, env)
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
    steady_3: i64,
) -> i64:
    if length(table) == 0:
        fail(ctx, 31080)
    point = alloc(ctx, 8)
    stf(point, x)
    return gaussian_process(
        ctx, point, 1, table, weight, f, env, field_x_1, 0, real_field_x_1, field_to_1, field_is_array_to_1,
        real_field_to_1, field_sigma_1, numbers_in_sigma_1, real_field_sigma_1, steady_3,
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
    steady_3: i64,
) -> i64:
    if length(table) == 0:
        fail(ctx, 31080)
    return gaussian_process(
        ctx, items(x), length(x), table, weight, f, env, field_x_1, 1, real_field_x_1, field_to_1,
        field_is_array_to_1, real_field_to_1, field_sigma_1, numbers_in_sigma_1, real_field_sigma_1, steady_3,
    )  # fmt: skip
