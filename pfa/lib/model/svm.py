"""Functions of the namespace model.svm: support vector machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Fail, define

if TYPE_CHECKING:
    from collections.abc import Callable


@define(
    "model.svm.score",
    "(datum: array(double), model: any record L with {const: double, posClass: array(any record M with {supVec: array(double), coeff: double}), negClass: array(any record N with {supVec: array(double), coeff: double})}, kernel: fcn(array(double), array(double)) -> double) -> double",
    errors={"no support vectors": 12000, "support vectors must have same length as datum": 12001},
)
def score(
    datum: list[float],
    model: dict[str, Any],
    kernel: Callable[[list[float], list[float]], float],
    *,
    charge: Charge,
    fail: Fail,
) -> float:
    """Return the sum of `const` and of each support vector's `coeff` times `kernel` of it and `datum`.

    Positive where `datum` is of the group of `posClass`, negative where it is of that of `negClass`, whose
    coefficients are negative.

    model.svm.score([1.0, 2.0], {"type": {"type": "record", "name": "Model", "fields": [{"name": "const", "type": "double"}, {"name": "posClass", "type": {"type": "array", "items": {"type": "record", "name": "Support", "fields": [{"name": "supVec", "type": {"type": "array", "items": "double"}}, {"name": "coeff", "type": "double"}]}}}, {"name": "negClass", "type": {"type": "array", "items": "Support"}}]}, "value": {"const": 0.5, "posClass": [{"supVec": [1.0, 1.0], "coeff": 2.0}], "negClass": [{"supVec": [3.0, 0.0], "coeff": -1.0}]}}, {"fcn": "m.kernel.linear"}) -> 3.5
    model.svm.score([1.0, 2.0], {"type": {"type": "record", "name": "Model", "fields": [{"name": "const", "type": "double"}, {"name": "posClass", "type": {"type": "array", "items": {"type": "record", "name": "Support", "fields": [{"name": "supVec", "type": {"type": "array", "items": "double"}}, {"name": "coeff", "type": "double"}]}}}, {"name": "negClass", "type": {"type": "array", "items": "Support"}}]}, "value": {"const": 0.5, "posClass": [], "negClass": []}}, {"fcn": "m.kernel.linear"}) -> error 12000
    model.svm.score([1.0, 2.0], {"type": {"type": "record", "name": "Model", "fields": [{"name": "const", "type": "double"}, {"name": "posClass", "type": {"type": "array", "items": {"type": "record", "name": "Support", "fields": [{"name": "supVec", "type": {"type": "array", "items": "double"}}, {"name": "coeff", "type": "double"}]}}}, {"name": "negClass", "type": {"type": "array", "items": "Support"}}]}, "value": {"const": 0.5, "posClass": [{"supVec": [1.0], "coeff": 2.0}], "negClass": []}}, {"fcn": "m.kernel.linear"}) -> error 12001
    """
    positive, negative = model["posClass"], model["negClass"]
    if not positive and not negative:
        return fail("no support vectors")
    charge(len(positive) + len(negative))
    total = 0.0
    for support in (*positive, *negative):
        vector = support["supVec"]
        if len(vector) != len(datum):
            return fail("support vectors must have same length as datum")
        total += support["coeff"] * kernel(vector, datum)
    return float(model["const"]) + total
