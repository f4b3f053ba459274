"""Functions of the namespace model.naive: naive Bayes classifiers, one class at a time."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.primitives import divide, log
from pfa.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterable


@define(
    "model.naive.gaussian",
    "(datum: array(double), classModel: array(any record A with {mean: double, variance: double})) -> double",
    "(datum: map(double), classModel: map(any record A with {mean: double, variance: double})) -> double",
    errors={"datum and classModel misaligned": 10000, "variance less than or equal to zero": 10001},
    cost="len(datum) + len(classModel)",
)
def gaussian(datum: Any, classModel: Any, *, fail: Fail) -> float:
    """Return the unscaled log-likelihood of `datum` in a class whose variables are independent and Gaussian.

    classModel: `mean` and `variance` of each variable, in the order or with the keys of `datum`.

    model.naive.gaussian([1.0, 2.0], {"type": {"type": "array", "items": {"type": "record", "name": "M", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}}, "value": [{"mean": 1.0, "variance": 1.0}, {"mean": 1.0, "variance": 4.0}]}) -> -2.6560242469696356
    model.naive.gaussian({"x": 1.0}, {"type": {"type": "map", "values": {"type": "record", "name": "M", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}}, "value": {"x": {"mean": 1.0, "variance": 1.0}}}) -> -0.9189385332046727
    model.naive.gaussian([1.0, 2.0], {"type": {"type": "array", "items": {"type": "record", "name": "M", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}}, "value": [{"mean": 1.0, "variance": 1.0}]}) -> error 10000
    model.naive.gaussian([1.0], {"type": {"type": "array", "items": {"type": "record", "name": "M", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}}, "value": [{"mean": 1.0, "variance": 0.0}]}) -> error 10001
    """
    total = 0.0
    for x, parameters in _aligned(datum, classModel, "datum and classModel misaligned", fail):
        variance = parameters["variance"]
        if variance <= 0.0:
            return fail("variance less than or equal to zero")
        offset = x - parameters["mean"]
        total -= 0.5 * log(2.0 * pi * variance) + divide(offset * offset, 2.0 * variance)
    return total


@define(
    "model.naive.multinomial",
    "(datum: array(double), classModel: array(double)) -> double",
    "(datum: map(double), classModel: map(double)) -> double",
    "(datum: array(double), classModel: any record C with {values: array(double)}) -> double",
    "(datum: map(double), classModel: any record C with {values: map(double)}) -> double",
    errors={
        "datum and classModel misaligned": 10010,
        "classModel must be non-empty and strictly positive": 10011,
    },
    cost="len(datum)",
)
def multinomial(datum: Any, classModel: Any, *, site: Site, charge: Charge, fail: Fail) -> float:
    """Return the unscaled log-likelihood of the counts `datum` in a class with these multinomial probabilities.

    classModel: the probability of each variable, or a histogram of it in the field `values`; what does not add up
    to 1 is scaled.

    model.naive.multinomial([1.0, 2.0], [0.25, 0.75]) -> -1.9616585060234524
    model.naive.multinomial({"x": 1.0, "y": 2.0}, {"type": {"type": "record", "name": "M", "fields": [{"name": "values", "type": {"type": "map", "values": "double"}}]}, "value": {"values": {"x": 10, "y": 30}}}) -> -1.9616585060234524
    model.naive.multinomial([1.0, 2.0], [1.0]) -> error 10010
    model.naive.multinomial([1.0, 2.0], [1.0, 0.0]) -> error 10011
    """
    model = classModel["values"] if isinstance(site.params[1], Record) else classModel
    values = model.values() if isinstance(model, dict) else model
    charge(len(values))
    norm = 0.0
    for p in values:
        norm += p
    if not values or not all(p > 0.0 for p in values):
        return fail("classModel must be non-empty and strictly positive")
    total = 0.0
    for x, p in _aligned(datum, model, "datum and classModel misaligned", fail):
        total += x * log(p / norm)
    return total


@define(
    "model.naive.bernoulli",
    "(datum: array(string), classModel: map(double)) -> double",
    "(datum: array(string), classModel: any record C with {values: map(double)}) -> double",
    errors={"probability in classModel must be strictly between 0 and 1": 10020},
    cost="len(datum)",
)
def bernoulli(datum: list[str], classModel: Any, *, site: Site, charge: Charge, fail: Fail) -> float:
    """Return the unscaled log-likelihood of the set of words `datum` in a class with these probabilities of words.

    classModel: the probability that a word is present, also as the field `values` of a record; words that it has
    not are ignored.

    model.naive.bernoulli(["a", "b"], {"a": 0.25, "c": 0.5}) -> -2.0794415416798357
    model.naive.bernoulli(["a"], {"type": {"type": "record", "name": "M", "fields": [{"name": "values", "type": {"type": "map", "values": "double"}}]}, "value": {"values": {"a": 0.5}}}) -> -0.6931471805599453
    model.naive.bernoulli(["a"], {"a": 1.0}) -> error 10020
    """
    model = classModel["values"] if isinstance(site.params[1], Record) else classModel
    charge(len(model))
    present = set(datum)
    total = 0.0
    for word, p in model.items():
        if not 0.0 < p < 1.0:
            return fail("probability in classModel must be strictly between 0 and 1")
        total += log(p) if word in present else log(1.0 - p)
    return total


def _aligned(a: Any, b: Any, message: str, fail: Fail) -> Iterable[tuple[Any, Any]]:
    """The items of two arrays, or of two maps by key of the second, side by side."""
    if isinstance(a, list):
        return zip(a, b, strict=True) if len(a) == len(b) else fail(message)
    return [(a[key], y) for key, y in b.items()] if a.keys() == b.keys() else fail(message)
