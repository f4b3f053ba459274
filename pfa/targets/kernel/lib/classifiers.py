"""Naive Bayes classifiers (model.naive.*), neural networks (model.neural.*), support vector machines (model.svm.*)."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    call0,
    call1,
    call2,
    f64,
    fail,
    i64,
    inline,
    ld,
    ldf,
    log,
    st,
    stf,
    unbits,
)
from pfa.targets.kernel.lib.base import charge, item, items, length, new_array
from pfa.targets.kernel.lib.hashing import key_at, map_has, map_place, map_room, map_value, value_at
from pfa.targets.kernel.lib.state import map_find

TWO_PI = 6.283185307179586


# Naive Bayes


@inline
def gaussian_term(ctx: i64, x: f64, mean: f64, variance: f64) -> f64:
    """What a variable takes from the log-likelihood."""
    if variance <= 0.0:
        fail(ctx, 10001)
    offset = x - mean
    return 0.5 * log(TWO_PI * variance) + offset * offset / (2.0 * variance)


@inline
def real_in(ctx: i64, record: i64, field: i64, real: i64) -> f64:
    """A field that is a number of any type; `real` makes it a double."""
    return unbits(call0(real, ctx, ld(record + field)))


def model_naive_gaussian__array(
    ctx: i64,
    datum: i64,
    model: i64,
    field_mean_1: i64,
    field_variance_1: i64,
    real_field_mean_1: i64,
    real_field_variance_1: i64,
) -> f64:
    if length(datum) != length(model):
        fail(ctx, 10000)
    total = 0.0
    for i in range(length(model)):
        m = item(model, i)
        mean = real_in(ctx, m, field_mean_1, real_field_mean_1)
        variance = real_in(ctx, m, field_variance_1, real_field_variance_1)
        total -= gaussian_term(ctx, ldf(items(datum) + i * 8), mean, variance)
    return total


def check_keys(ctx: i64, a: i64, b: i64, code: i64) -> None:
    """Do two maps have the same keys?"""
    if length(a) != length(b):
        fail(ctx, code)
    for i in range(length(b)):
        if not map_has(ctx, a, key_at(b, i)):
            fail(ctx, code)


def model_naive_gaussian__map(
    ctx: i64,
    datum: i64,
    model: i64,
    field_mean_1: i64,
    field_variance_1: i64,
    real_field_mean_1: i64,
    real_field_variance_1: i64,
) -> f64:
    check_keys(ctx, datum, model, 10000)
    total = 0.0
    for i in range(length(model)):
        m = value_at(model, i)
        mean = real_in(ctx, m, field_mean_1, real_field_mean_1)
        variance = real_in(ctx, m, field_variance_1, real_field_variance_1)
        total -= gaussian_term(ctx, unbits(map_value(ctx, datum, key_at(model, i))), mean, variance)
    return total


def positive_sum(ctx: i64, data: i64, step: i64, n: i64) -> f64:
    """The sum of probabilities, which lie `step` bytes apart."""
    charge(ctx, n)
    if n == 0:
        fail(ctx, 10011)
    total = 0.0
    for i in range(n):
        p = ldf(data + i * step)
        if not p > 0.0:
            fail(ctx, 10011)
        total += p
    return total


def multinomial_of_array(ctx: i64, datum: i64, model: i64) -> f64:
    norm = positive_sum(ctx, items(model), 8, length(model))
    if length(datum) != length(model):
        fail(ctx, 10010)
    total = 0.0
    for i in range(length(model)):
        total += ldf(items(datum) + i * 8) * log(ldf(items(model) + i * 8) / norm)
    return total


def multinomial_of_map(ctx: i64, datum: i64, model: i64) -> f64:
    norm = positive_sum(ctx, items(model) + 8, 16, length(model))
    check_keys(ctx, datum, model, 10010)
    total = 0.0
    for i in range(length(model)):
        x = unbits(map_value(ctx, datum, key_at(model, i)))
        total += x * log(unbits(value_at(model, i)) / norm)
    return total


def model_naive_multinomial__array_array(ctx: i64, datum: i64, model: i64) -> f64:
    return multinomial_of_array(ctx, datum, model)


def model_naive_multinomial__map_map(ctx: i64, datum: i64, model: i64) -> f64:
    return multinomial_of_map(ctx, datum, model)


def model_naive_multinomial__array_record(
    ctx: i64, datum: i64, model: i64, field_values_1: i64, real_field_values_1: i64
) -> f64:
    return multinomial_of_array(ctx, datum, call0(real_field_values_1, ctx, ld(model + field_values_1)))


def model_naive_multinomial__map_record(
    ctx: i64, datum: i64, model: i64, field_values_1: i64, real_field_values_1: i64
) -> f64:
    return multinomial_of_map(ctx, datum, call0(real_field_values_1, ctx, ld(model + field_values_1)))


def bernoulli_of_map(ctx: i64, words: i64, model: i64) -> f64:
    n = length(model)
    charge(ctx, n)
    present = map_room(ctx, length(words))
    for i in range(length(words)):
        map_place(ctx, present, item(words, i))
    total = 0.0
    for i in range(n):
        p = unbits(value_at(model, i))
        if not (p > 0.0 and p < 1.0):
            fail(ctx, 10020)
        total += log(p if map_find(ctx, present, key_at(model, i)) != 0 else 1.0 - p)
    return total


def model_naive_bernoulli__array_map(ctx: i64, words: i64, model: i64) -> f64:
    return bernoulli_of_map(ctx, words, model)


def model_naive_bernoulli__array_record(
    ctx: i64, words: i64, model: i64, field_values_1: i64, real_field_values_1: i64
) -> f64:
    return bernoulli_of_map(ctx, words, call0(real_field_values_1, ctx, ld(model + field_values_1)))


# Neural networks


def layer_outputs(ctx: i64, weights: i64, bias: i64, inputs: i64) -> i64:
    """The outputs of a layer's neurons."""
    n = length(weights)
    size = length(inputs)
    if n != length(bias):
        fail(ctx, 11001)
    charge(ctx, n * (size + 1))
    for i in range(n):
        if length(item(weights, i)) != size:
            fail(ctx, 11001)
    out = new_array(ctx, n)
    x = items(inputs)
    for i in range(n):
        row = items(item(weights, i))
        total = 0.0
        for j in range(size):
            total += ldf(row + j * 8) * ldf(x + j * 8)
        stf(items(out) + i * 8, total + ldf(items(bias) + i * 8))
    return out


def model_neural_simpleLayers(
    ctx: i64,
    datum: i64,
    model: i64,
    f: i64,
    env: i64,
    field_weights_1: i64,
    field_bias_1: i64,
    real_field_weights_1: i64,
    real_field_bias_1: i64,
) -> i64:
    if length(model) == 0:
        fail(ctx, 11000)
    x = datum
    for i in range(length(model)):
        if i > 0:  # what the layer before made is ours to change
            for j in range(length(x)):
                st(items(x) + j * 8, call1(f, ctx, env, item(x, j)))
        layer = item(model, i)
        weights = call0(real_field_weights_1, ctx, ld(layer + field_weights_1))
        x = layer_outputs(ctx, weights, call0(real_field_bias_1, ctx, ld(layer + field_bias_1)), x)
    return x


# Support vector machines


def sum_of_supports(
    ctx: i64,
    total: f64,
    datum: i64,
    supports: i64,
    f: i64,
    env: i64,
    vector: i64,
    real_vector: i64,
    coeff: i64,
    real_coeff: i64,
) -> f64:
    """Add what the support vectors of a group say."""
    for i in range(length(supports)):
        support = item(supports, i)
        x = call0(real_vector, ctx, ld(support + vector))
        if length(x) != length(datum):
            fail(ctx, 12001)
        c = real_in(ctx, support, coeff, real_coeff)
        total += c * unbits(call2(f, ctx, env, x, datum))
    return total


def model_svm_score(
    ctx: i64,
    datum: i64,
    model: i64,
    f: i64,
    env: i64,
    field_const_1: i64,
    field_posClass_1: i64,
    field_negClass_1: i64,
    real_field_const_1: i64,
    inner_posClass_supVec_1: i64,
    inner_posClass_coeff_1: i64,
    inner_real_posClass_supVec_1: i64,
    inner_real_posClass_coeff_1: i64,
    inner_negClass_supVec_1: i64,
    inner_negClass_coeff_1: i64,
    inner_real_negClass_supVec_1: i64,
    inner_real_negClass_coeff_1: i64,
) -> f64:
    positive = ld(model + field_posClass_1)
    negative = ld(model + field_negClass_1)
    n = length(positive) + length(negative)
    if n == 0:
        fail(ctx, 12000)
    charge(ctx, n)
    total = sum_of_supports(
        ctx,
        0.0,
        datum,
        positive,
        f,
        env,
        inner_posClass_supVec_1,
        inner_real_posClass_supVec_1,
        inner_posClass_coeff_1,
        inner_real_posClass_coeff_1,
    )
    total = sum_of_supports(
        ctx,
        total,
        datum,
        negative,
        f,
        env,
        inner_negClass_supVec_1,
        inner_real_negClass_supVec_1,
        inner_negClass_coeff_1,
        inner_real_negClass_coeff_1,
    )
    return real_in(ctx, model, field_const_1, real_field_const_1) + total
