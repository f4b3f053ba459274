"""Functions of the namespace model.neural: feedforward networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.model.distance import row_times
from pfa.lib.model.known import known

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.lib.model.dense import Matrix

NUMBERS = 8_000_000  # weights that a site keeps as matrices
MATRIX_FROM = 300  # weights of a layer; see pfa.lib.model.dense


@define(
    "model.neural.simpleLayers",
    "(datum: array(double), model: array(any record M with {weights: array(array(double)), bias: array(double)}), activation: fcn(double) -> double) -> array(double)",
    errors={"no layers": 11000, "weights, bias, or datum misaligned": 11001},
)
def simple_layers(
    datum: list[float],
    model: list[dict[str, Any]],
    activation: Callable[[float], float],
    *,
    site: Site,
    charge: Charge,
    fail: Fail,
) -> list[float]:
    """Return the outputs of the last layer of the network `model` for the inputs `datum`.

    model: layers, each with the `weights` of a neuron's inputs in a row, and the `bias` of the neurons.
    activation: applied to each output of each layer but the last.

    model.neural.simpleLayers([1.0, 2.0], {"type": {"type": "array", "items": {"type": "record", "name": "Layer", "fields": [{"name": "weights", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"name": "bias", "type": {"type": "array", "items": "double"}}]}}, "value": [{"weights": [[1.0, -1.0], [0.5, 0.5]], "bias": [0.0, 0.5]}, {"weights": [[2.0, 3.0]], "bias": [-1.0]}]}, {"params": [{"x": "double"}], "ret": "double", "do": {"if": {">": ["x", 0.0]}, "then": "x", "else": 0.0}}) -> [5.0]
    model.neural.simpleLayers([1.0, 2.0], {"type": {"type": "array", "items": {"type": "record", "name": "Layer", "fields": [{"name": "weights", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"name": "bias", "type": {"type": "array", "items": "double"}}]}}, "value": []}, {"params": [{"x": "double"}], "ret": "double", "do": "x"}) -> error 11000
    model.neural.simpleLayers([1.0, 2.0], {"type": {"type": "array", "items": {"type": "record", "name": "Layer", "fields": [{"name": "weights", "type": {"type": "array", "items": {"type": "array", "items": "double"}}}, {"name": "bias", "type": {"type": "array", "items": "double"}}]}}, "value": [{"weights": [[1.0]], "bias": [0.0]}]}, {"params": [{"x": "double"}], "ret": "double", "do": "x"}) -> error 11001
    """
    if not model:
        return fail("no layers")
    for i, layer in enumerate(model):
        if i:
            datum = [activation(x) for x in datum]
        datum = _layer(layer["weights"], layer["bias"], datum, site, charge, fail)
    return datum


def _layer(
    weights: list[list[float]], bias: list[float], inputs: list[float], site: Site, charge: Charge, fail: Fail
) -> list[float]:
    if len(weights) != len(bias):
        return fail("weights, bias, or datum misaligned")
    charge(len(weights) * (len(inputs) + 1))
    matrix = _matrix(weights, site)
    if matrix is not None and matrix.width == len(inputs):
        return matrix.times(inputs, bias)
    if any(len(row) != len(inputs) for row in weights):
        return fail("weights, bias, or datum misaligned")
    return [row_times(row, inputs) + b for row, b in zip(weights, bias, strict=True)]


def _matrix(weights: list[list[float]], site: Site) -> Matrix | None:
    """The weights of a large layer that is met again as a matrix."""
    entry = site.cache.get(id(weights))
    if entry is not None and entry[0] is weights:
        matrix: Matrix | None = entry[1]
        return matrix
    size = len(weights) * len(weights[0]) if weights else 0
    layers = known(site.cache, NUMBERS)
    if not MATRIX_FROM <= size <= NUMBERS or not layers.worth(weights):
        return None
    if any(len(row) != len(weights[0]) for row in weights):
        return None
    from pfa.lib.model.dense import Matrix  # imports NumPy

    return layers.keep(weights, Matrix(weights), size)
