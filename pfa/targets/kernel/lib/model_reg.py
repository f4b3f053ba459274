"""Linear regression and its residuals (model.reg.*, and stat.test.*, which has some of it again).

`pfa.lib.model.reg` and `pfa.lib.stat.test` have the meaning.  In maps, what is missing is zero.
"""

from __future__ import annotations

from pfa.targets.kernel.language import bits, f64, fabs, fail, i64, inline, ld, ldf, move, nan, sqrt, st, stf
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array, new_string
from pfa.targets.kernel.lib.hashing import key_at, map_place, map_room, value_at
from pfa.targets.kernel.lib.maps_functional import aligned
from pfa.targets.kernel.lib.records import (
    copied,
    finite,
    number,
    number_item,
    one_more,
    put_number,
    truncated_slot,
)
from pfa.targets.kernel.lib.state import map_find, map_put, new_map

INT_MAX = 2147483647


@inline
def row_product(row: i64, x: i64, kind: i64) -> f64:
    """The sum of the products of a row of numbers and doubles, from left to right."""
    total = 0.0
    for i in range(length(row)):
        total += number_item(row, i, kind) * ldf(items(x) + i * 8)
    return total


@inline
def line_of(ctx: i64, row: i64, x: i64, kind: i64) -> f64:
    if length(row) != length(x):
        fail(ctx, 31000)
    return row_product(row, x, kind)


@inline
def model_reg_linear__adouble_record(
    ctx: i64, datum: i64, model: i64, field_coeff_1: i64, kind_field_item_coeff_1: i64, field_const_1: i64,
    kind_field_const_1: i64,
) -> f64:  # fmt: skip
    coeff = ld(model + field_coeff_1)
    charge(ctx, length(coeff))
    return line_of(ctx, coeff, datum, kind_field_item_coeff_1) + number(ld(model + field_const_1), kind_field_const_1)


def model_reg_linear__array_record(
    ctx: i64, datum: i64, model: i64, field_coeff_1: i64, kind_field_leaf_coeff_1: i64, field_const_1: i64,
    kind_field_item_const_1: i64,
) -> i64:  # fmt: skip
    coeff = ld(model + field_coeff_1)
    const = ld(model + field_const_1)
    n = length(coeff)
    if n != length(const):
        fail(ctx, 31001)
    charge(ctx, n * (length(datum) + 1))
    out = new_array(ctx, n)
    for i in range(n):
        line = line_of(ctx, item(coeff, i), datum, kind_field_leaf_coeff_1)
        stf(items(out) + i * 8, line + number_item(const, i, kind_field_item_const_1))
    return out


def sparse_line(ctx: i64, row: i64, datum: i64, kind: i64) -> f64:
    """The sum over the keys of both; a zero that is missing times an infinity is NaN.  A row of 0 is empty."""
    n = length(row) if row != 0 else 0
    charge(ctx, n + length(datum))
    total = 0.0
    for i in range(length(datum)):
        found = map_find(ctx, row, key_at(datum, i)) if row != 0 else 0
        weight = number(ld(found + 8), kind) if found != 0 else 0.0
        total += weight * ldf(items(datum) + i * 16 + 8)
    for i in range(n):
        if map_find(ctx, datum, key_at(row, i)) == 0:
            total += number(value_at(row, i), kind) * 0.0
    return total


def model_reg_linear__mdouble_record(
    ctx: i64, datum: i64, model: i64, field_coeff_1: i64, kind_field_item_coeff_1: i64, field_const_1: i64,
    kind_field_const_1: i64,
) -> f64:  # fmt: skip
    line = sparse_line(ctx, ld(model + field_coeff_1), datum, kind_field_item_coeff_1)
    return line + number(ld(model + field_const_1), kind_field_const_1)


@inline
def value_or_zero(ctx: i64, m: i64, key: i64) -> i64:
    """The slot of a key, or 0."""
    found = map_find(ctx, m, key)
    return ld(found + 8) if found != 0 else 0


def model_reg_linear__map_record(
    ctx: i64, datum: i64, model: i64, field_coeff_1: i64, kind_field_leaf_coeff_1: i64, field_const_1: i64,
    kind_field_item_const_1: i64,
) -> i64:  # fmt: skip
    coeff = ld(model + field_coeff_1)
    const = ld(model + field_const_1)
    charge(ctx, length(coeff) + length(const))
    out = map_room(ctx, length(coeff) + length(const))
    for i in range(length(coeff)):
        map_place(ctx, out, key_at(coeff, i))
    for i in range(length(const)):
        map_place(ctx, out, key_at(const, i))
    for i in range(length(out)):
        key = key_at(out, i)
        line = sparse_line(ctx, value_or_zero(ctx, coeff, key), datum, kind_field_leaf_coeff_1)
        line += number(value_or_zero(ctx, const, key), kind_field_item_const_1)
        stf(items(out) + i * 16 + 8, line)
    return out


# The variance of a prediction


def with_one(ctx: i64, datum: i64) -> i64:
    """The vector with a 1 for the constant term."""
    n = length(datum)
    full = new_array(ctx, n + 1)
    move(items(full), items(datum), n * 8)
    stf(items(full) + n * 8, 1.0)
    return full


def variance_of(ctx: i64, full: i64, covar: i64, kind: i64) -> f64:
    """The vector times the matrix times the vector."""
    n = length(full)
    if length(covar) != n:
        fail(ctx, 31010)
    for i in range(n):
        if length(item(covar, i)) != n:
            fail(ctx, 31010)
    total = 0.0
    for i in range(n):
        total += ldf(items(full) + i * 8) * row_product(item(covar, i), full, kind)
    return total


def model_reg_linearVariance__adouble_record(
    ctx: i64, datum: i64, model: i64, field_covar_1: i64, kind_field_leaf_covar_1: i64
) -> f64:
    full = with_one(ctx, datum)
    charge(ctx, length(full) * length(full))
    return variance_of(ctx, full, ld(model + field_covar_1), kind_field_leaf_covar_1)


def model_reg_linearVariance__array_record(
    ctx: i64, datum: i64, model: i64, field_covar_1: i64, kind_field_leaf_covar_1: i64
) -> i64:
    full = with_one(ctx, datum)
    covar = ld(model + field_covar_1)
    charge(ctx, length(full) * length(full) * length(covar))
    out = new_array(ctx, length(covar))
    for i in range(length(covar)):
        stf(items(out) + i * 8, variance_of(ctx, full, item(covar, i), kind_field_leaf_covar_1))
    return out


def sparse_variance(ctx: i64, datum: i64, covar: i64, kind: i64) -> f64:
    """The same for maps."""
    total = 0.0
    for i in range(length(datum)):
        row = value_or_zero(ctx, covar, key_at(datum, i))
        total += ldf(items(datum) + i * 16 + 8) * sparse_line(ctx, row, datum, kind)
    for i in range(length(covar)):
        if map_find(ctx, datum, key_at(covar, i)) == 0:
            total += 0.0 * sparse_line(ctx, value_at(covar, i), datum, kind)
    return total


def model_reg_linearVariance__mdouble_record(
    ctx: i64, datum: i64, model: i64, field_covar_1: i64, kind_field_leaf_covar_1: i64
) -> f64:
    at = map_put(ctx, datum, new_string(ctx, 0, 0), bits(1.0))
    return sparse_variance(ctx, at, ld(model + field_covar_1), kind_field_leaf_covar_1)


def model_reg_linearVariance__map_record(
    ctx: i64, datum: i64, model: i64, field_covar_1: i64, kind_field_leaf_covar_1: i64
) -> i64:
    at = map_put(ctx, datum, new_string(ctx, 0, 0), bits(1.0))
    covar = ld(model + field_covar_1)
    n = length(covar)
    charge(ctx, n)
    out = new_map(ctx, n)
    for i in range(n):
        st(items(out) + i * 16, key_at(covar, i))
        stf(items(out) + i * 16 + 8, sparse_variance(ctx, at, value_at(covar, i), kind_field_leaf_covar_1))
    return out


# Residuals


def array_residual(ctx: i64, observation: i64, prediction: i64, code: i64) -> i64:
    n = length(observation)
    if length(prediction) != n:
        fail(ctx, code)
    charge(ctx, n)
    out = new_array(ctx, n)
    for i in range(n):
        stf(items(out) + i * 8, ldf(items(observation) + i * 8) - ldf(items(prediction) + i * 8))
    return out


def map_residual(ctx: i64, observation: i64, prediction: i64, code: i64) -> i64:
    n = length(observation)
    charge(ctx, n)
    if not aligned(ctx, observation, prediction):
        fail(ctx, code)
    out = new_map(ctx, n)
    for i in range(n):
        key = key_at(observation, i)
        st(items(out) + i * 16, key)
        stf(items(out) + i * 16 + 8, ldf(items(observation) + i * 16 + 8) - ldf(map_find(ctx, prediction, key) + 8))
    return out


@inline
def model_reg_residual__double_double(observation: f64, prediction: f64) -> f64:
    return observation - prediction


def model_reg_residual__adouble_adouble(ctx: i64, observation: i64, prediction: i64) -> i64:
    return array_residual(ctx, observation, prediction, 31020)


def model_reg_residual__mdouble_mdouble(ctx: i64, observation: i64, prediction: i64) -> i64:
    return map_residual(ctx, observation, prediction, 31020)


@inline
def stat_test_residual__double_double(observation: f64, prediction: f64) -> f64:
    return observation - prediction


def stat_test_residual__adouble_adouble(ctx: i64, observation: i64, prediction: i64) -> i64:
    return array_residual(ctx, observation, prediction, 38010)


def stat_test_residual__mdouble_mdouble(ctx: i64, observation: i64, prediction: i64) -> i64:
    return map_residual(ctx, observation, prediction, 38010)


def array_pull(ctx: i64, observation: i64, prediction: i64, uncertainty: i64, code: i64) -> i64:
    """`code` is that of a prediction of another length; the next one that of an uncertainty."""
    out = array_residual(ctx, observation, prediction, code)
    if length(uncertainty) != length(out):
        fail(ctx, code + 1)
    for i in range(length(out)):
        at = items(out) + i * 8
        stf(at, ldf(at) / ldf(items(uncertainty) + i * 8))
    return out


def map_pull(ctx: i64, observation: i64, prediction: i64, uncertainty: i64, code: i64) -> i64:
    """The same for maps."""
    out = map_residual(ctx, observation, prediction, code)
    if not aligned(ctx, observation, uncertainty):
        fail(ctx, code + 1)
    for i in range(length(out)):
        at = items(out) + i * 16
        stf(at + 8, ldf(at + 8) / ldf(map_find(ctx, uncertainty, ld(at)) + 8))
    return out


@inline
def model_reg_pull__double_double_double(observation: f64, prediction: f64, uncertainty: f64) -> f64:
    return (observation - prediction) / uncertainty


def model_reg_pull__adouble_adouble_adouble(ctx: i64, observation: i64, prediction: i64, uncertainty: i64) -> i64:
    return array_pull(ctx, observation, prediction, uncertainty, 31030)


def model_reg_pull__mdouble_mdouble_mdouble(ctx: i64, observation: i64, prediction: i64, uncertainty: i64) -> i64:
    return map_pull(ctx, observation, prediction, uncertainty, 31030)


@inline
def stat_test_pull__double_double_double(observation: f64, prediction: f64, uncertainty: f64) -> f64:
    return (observation - prediction) / uncertainty


def stat_test_pull__adouble_adouble_adouble(ctx: i64, observation: i64, prediction: i64, uncertainty: i64) -> i64:
    return array_pull(ctx, observation, prediction, uncertainty, 38020)


def stat_test_pull__mdouble_mdouble_mdouble(ctx: i64, observation: i64, prediction: i64, uncertainty: i64) -> i64:
    return map_pull(ctx, observation, prediction, uncertainty, 38020)


# The Mahalanobis distance


def largest_below(rows: i64, n: i64, k: i64) -> i64:
    """The row from k on whose item in column k is the largest."""
    best = k
    for i in range(k + 1, n):
        if fabs(ldf(ld(rows + i * 8) + k * 8)) > fabs(ldf(ld(rows + best * 8) + k * 8)):
            best = i
    return best


def subtract_row(row: i64, top: i64, k: i64, n: i64) -> None:
    """Take off the multiple of the row `top` that makes item k zero."""
    factor = ldf(row + k * 8)
    if factor != 0.0:
        for j in range(k, n + 1):
            stf(row + j * 8, ldf(row + j * 8) - factor * ldf(top + j * 8))


def eliminated(rows: i64, n: i64) -> bool:
    """Bring n rows of n + 1 doubles to a triangle with ones; False for a singular matrix."""
    for k in range(n):
        best = largest_below(rows, n, k)
        top = ld(rows + best * 8)
        pivot = ldf(top + k * 8)
        if pivot == 0.0:
            return False
        st(rows + best * 8, ld(rows + k * 8))
        st(rows + k * 8, top)
        for j in range(k, n + 1):
            stf(top + j * 8, ldf(top + j * 8) / pivot)
        for i in range(k + 1, n):
            subtract_row(ld(rows + i * 8), top, k, n)
    return True


def substitute_back(rows: i64, n: i64) -> None:
    """The solution, in the last column."""
    for step in range(n):
        k = n - 1 - step
        row = ld(rows + k * 8)
        x = ldf(row + n * 8)
        for j in range(k + 1, n):
            x -= ldf(row + j * 8) * ldf(ld(rows + j * 8) + n * 8)
        stf(row + n * 8, x)


def finite_system(rows: i64, n: i64) -> bool:
    """Is the matrix without infinities and NaN?"""
    for i in range(n):
        for j in range(n):
            if not finite(ldf(ld(rows + i * 8) + j * 8)):
                return False
    return True


def distance_by(rows: i64, n: i64, offset: i64, any: bool) -> f64:
    """The root of the offset times the inverse of the matrix times the offset; NaN where it has none.

    `any`: a matrix with infinities is computed with, too.
    """
    if not any and not finite_system(rows, n):
        return nan
    if not eliminated(rows, n):
        return nan
    substitute_back(rows, n)
    total = 0.0
    for i in range(n):
        total += ldf(offset + i * 8) * ldf(ld(rows + i * 8) + n * 8)
    return sqrt(total)


def new_rows(ctx: i64, n: i64) -> i64:
    """Addresses of n rows of n + 1 doubles."""
    rows = alloc(ctx, n * 8)
    for i in range(n):
        st(rows + i * 8, alloc(ctx, n * 8 + 8))
    return rows


@inline
def check_rows(ctx: i64, n: i64, code: i64) -> None:
    if n == 0:
        fail(ctx, code)
    charge(ctx, n * n + n * n * n // 4)


def array_mahalanobis(ctx: i64, observation: i64, prediction: i64, covariance: i64, code: i64) -> f64:
    """`code` is that of an empty observation; the next two those of what has another size."""
    n = length(observation)
    check_rows(ctx, n, code)
    if length(prediction) != n:
        fail(ctx, code + 1)
    if length(covariance) != n:
        fail(ctx, code + 2)
    for i in range(n):
        if length(item(covariance, i)) != n:
            fail(ctx, code + 2)
    rows = new_rows(ctx, n)
    offset = alloc(ctx, n * 8)
    for i in range(n):
        d = ldf(items(observation) + i * 8) - ldf(items(prediction) + i * 8)
        move(ld(rows + i * 8), items(item(covariance, i)), n * 8)
        stf(ld(rows + i * 8) + n * 8, d)
        stf(offset + i * 8, d)
    return distance_by(rows, n, offset, code < 32000)  # as model.reg does it


def map_mahalanobis(ctx: i64, observation: i64, prediction: i64, covariance: i64, code: i64) -> f64:
    """The same for maps."""
    n = length(observation)
    check_rows(ctx, n, code)
    if not aligned(ctx, observation, prediction):
        fail(ctx, code + 1)
    if not aligned(ctx, observation, covariance):
        fail(ctx, code + 2)
    for i in range(n):
        if not aligned(ctx, observation, value_at(covariance, i)):
            fail(ctx, code + 2)
    rows = new_rows(ctx, n)
    offset = alloc(ctx, n * 8)
    for i in range(n):
        key = key_at(observation, i)
        d = ldf(items(observation) + i * 16 + 8) - ldf(map_find(ctx, prediction, key) + 8)
        row = ld(map_find(ctx, covariance, key) + 8)
        for j in range(n):
            stf(ld(rows + i * 8) + j * 8, ldf(map_find(ctx, row, key_at(observation, j)) + 8))
        stf(ld(rows + i * 8) + n * 8, d)
        stf(offset + i * 8, d)
    return distance_by(rows, n, offset, code < 32000)  # as model.reg does it


def model_reg_mahalanobis__array(ctx: i64, observation: i64, prediction: i64, covariance: i64) -> f64:
    return array_mahalanobis(ctx, observation, prediction, covariance, 31040)


def model_reg_mahalanobis__map(ctx: i64, observation: i64, prediction: i64, covariance: i64) -> f64:
    return map_mahalanobis(ctx, observation, prediction, covariance, 31040)


def stat_test_mahalanobis__array(ctx: i64, observation: i64, prediction: i64, covariance: i64) -> f64:
    return array_mahalanobis(ctx, observation, prediction, covariance, 38030)


def stat_test_mahalanobis__map(ctx: i64, observation: i64, prediction: i64, covariance: i64) -> f64:
    return map_mahalanobis(ctx, observation, prediction, covariance, 38030)


# Chi-square


def sum_of_squares(ctx: i64, start: f64, pulls: i64, step: i64, first: i64) -> f64:
    """The start plus the squares of doubles that are `step` bytes apart."""
    charge(ctx, length(pulls))
    for i in range(length(pulls)):
        x = ldf(items(pulls) + first + i * step)
        start += x * x
    return start


def counted_chi2(ctx: i64, state: i64, fields: i64, at: i64, kind: i64, dof: i64, chi2: f64, more: i64) -> i64:
    """The record of model.reg with another chi2, cut off where it must be a whole number."""
    out = copied(ctx, state, fields)
    st(out + at, truncated_slot(chi2, kind))
    st(out + dof, min(ld(state + dof) + more, INT_MAX))
    return out


def model_reg_updateChi2__double(
    ctx: i64, x: f64, state: i64, fields_1: i64, field_chi2_1: i64, kind_field_chi2_1: i64, field_DOF_1: i64
) -> i64:
    chi2 = number(ld(state + field_chi2_1), kind_field_chi2_1) + x * x
    return counted_chi2(ctx, state, fields_1, field_chi2_1, kind_field_chi2_1, field_DOF_1, chi2, 1)


def model_reg_updateChi2__array(
    ctx: i64, x: i64, state: i64, fields_1: i64, field_chi2_1: i64, kind_field_chi2_1: i64, field_DOF_1: i64
) -> i64:
    chi2 = sum_of_squares(ctx, number(ld(state + field_chi2_1), kind_field_chi2_1), x, 8, 0)
    return counted_chi2(ctx, state, fields_1, field_chi2_1, kind_field_chi2_1, field_DOF_1, chi2, length(x))


def model_reg_updateChi2__map(
    ctx: i64, x: i64, state: i64, fields_1: i64, field_chi2_1: i64, kind_field_chi2_1: i64, field_DOF_1: i64
) -> i64:
    chi2 = sum_of_squares(ctx, number(ld(state + field_chi2_1), kind_field_chi2_1), x, 16, 8)
    return counted_chi2(ctx, state, fields_1, field_chi2_1, kind_field_chi2_1, field_DOF_1, chi2, length(x))


@inline
def rounded_chi2(ctx: i64, state: i64, fields: i64, at: i64, kind: i64, dof: i64, chi2: f64) -> i64:
    """The record of stat.test with another chi2, rounded where it must be a whole number."""
    out = copied(ctx, state, fields)
    put_number(out, at, chi2, kind)
    st(out + dof, one_more(ld(state + dof)))
    return out


def stat_test_updateChi2__double(
    ctx: i64, x: f64, state: i64, fields_1: i64, field_chi2_1: i64, kind_field_chi2_1: i64, field_dof_1: i64
) -> i64:
    chi2 = number(ld(state + field_chi2_1), kind_field_chi2_1) + x * x
    return rounded_chi2(ctx, state, fields_1, field_chi2_1, kind_field_chi2_1, field_dof_1, chi2)


def stat_test_updateChi2__array(
    ctx: i64, x: i64, state: i64, fields_1: i64, field_chi2_1: i64, kind_field_chi2_1: i64, field_dof_1: i64
) -> i64:
    chi2 = sum_of_squares(ctx, number(ld(state + field_chi2_1), kind_field_chi2_1), x, 8, 0)
    return rounded_chi2(ctx, state, fields_1, field_chi2_1, kind_field_chi2_1, field_dof_1, chi2)


def stat_test_updateChi2__map(
    ctx: i64, x: i64, state: i64, fields_1: i64, field_chi2_1: i64, kind_field_chi2_1: i64, field_dof_1: i64
) -> i64:
    chi2 = sum_of_squares(ctx, number(ld(state + field_chi2_1), kind_field_chi2_1), x, 16, 8)
    return rounded_chi2(ctx, state, fields_1, field_chi2_1, kind_field_chi2_1, field_dof_1, chi2)


@inline
def model_reg_reducedChi2(state: i64, field_chi2_0: i64, kind_field_chi2_0: i64, field_DOF_0: i64) -> f64:
    return number(ld(state + field_chi2_0), kind_field_chi2_0) / float(ld(state + field_DOF_0))


@inline
def stat_test_reducedChi2(state: i64, field_chi2_0: i64, kind_field_chi2_0: i64, field_dof_0: i64) -> f64:
    return number(ld(state + field_chi2_0), kind_field_chi2_0) / float(ld(state + field_dof_0))
