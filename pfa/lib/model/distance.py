"""Sums over vectors from left to right, distances, and the order of what is near."""

from __future__ import annotations

from math import sqrt


def row_times(row: list[float], x: list[float]) -> float:
    """The sum of the products of their items."""
    total = 0.0
    for w, item in zip(row, x, strict=True):
        total += w * item
    return total


def euclidean(a: list[float], b: list[float]) -> float:
    """The Euclidean distance of two vectors; what the longer one has more is ignored."""
    total = 0.0
    for x, y in zip(a, b, strict=False):
        d = x - y
        total += d * d
    return sqrt(total)


def by_distance(distances: list[float]) -> list[int]:
    """The indexes in ascending order of their distances: ties as they come, NaN last."""
    return sorted(range(len(distances)), key=lambda i: (distances[i] != distances[i], distances[i]))
