"""The algorithms of the documents of ../shared/benchmarks, written by hand for Numba.

As somebody would who knows it: flat arrays in and out, texts as bytes with offsets, a hash table of its own for the
map of codes, nothing made that is not asked for.  `nested` gets its orders as flat columns, keys of maps left out.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
import pyarrow as pa

BLANK, DASH, LINE = 32, 45, 95


@nb.njit(cache=False)
def add(x):
    out = np.empty(len(x))
    for i in range(len(x)):
        out[i] = x[i] + 100
    return out


@nb.njit
def running_mean(x):
    """stat.sample.update with a weight of one."""
    out = np.empty(len(x))
    count, mean, variance = 0.0, 0.0, 0.0
    for i in range(len(x)):
        total = count + 1.0
        difference = x[i] - mean
        step = difference / total
        mean += step
        variance = (count * variance + count * difference * step) / total
        count = total
        out[i] = mean
    return out


@nb.njit
def linear(columns, weights, constant):
    """Thirty columns, a row of the matrix each; the logistic function of their weighted sum."""
    n = columns.shape[1]
    out = np.empty(n)
    for i in range(n):
        total = constant
        for j in range(columns.shape[0]):
            total += columns[j, i] * weights[j]
        out[i] = 1.0 / (1.0 + math.exp(-total))
    return out


@nb.njit
def loop(rows):
    out = np.empty(len(rows))
    for r in range(len(rows)):
        total = 0.0
        for i in range(rows[r]):
            total += i * 2.0
        out[r] = total
    return out


@nb.njit
def custom(rows):
    """Halley's method for x exp(x) = sum."""
    out = np.empty(len(rows))
    for r in range(len(rows)):
        target = 0.0
        for j in range(rows.shape[1]):
            target += rows[r, j]
        x = 1.0
        n = 0
        while n < 60 and abs(x * math.exp(x) - target) > 1e-12:
            e = math.exp(x)
            f = x * e - target
            x = x - f / (e * (x + 1.0) - (x + 2.0) * f / (2.0 * x + 2.0))
            n += 1
        out[r] = x
    return out


@nb.njit
def hash_of(data, start, stop):
    """FNV-1a."""
    h = nb.uint64(14695981039346656037)
    for i in range(start, stop):
        h = (h ^ data[i]) * nb.uint64(1099511628211)
    return h


@nb.njit
def table_of(offsets, data):
    """Positions by hash, at most half full."""
    size = 16
    while size < 2 * (len(offsets) - 1):
        size *= 2
    table = np.full(size, -1, np.int64)
    mask = nb.uint64(size - 1)
    for k in range(len(offsets) - 1):
        h = hash_of(data, offsets[k], offsets[k + 1]) & mask
        while table[h] >= 0:
            h = (h + nb.uint64(1)) & mask
        table[h] = k
    return table


@nb.njit
def clean_text(offsets, data, key_offsets, key_data, values, table):
    """Lower case, dashes to underscores, split, strip, look up, sum."""
    n = len(offsets) - 1
    out = np.empty(n)
    mask = nb.uint64(len(table) - 1)
    text = np.empty(1024, np.uint8)
    for r in range(n):
        first = offsets[r]
        size = offsets[r + 1] - first
        if size > len(text):
            text = np.empty(2 * size, np.uint8)
        for i in range(size):
            c = data[first + i]
            if c >= 65 and c <= 90:
                c = np.uint8(c + 32)
            text[i] = np.uint8(LINE) if c == DASH else c
        total = 0.0
        start = 0
        while start <= size:
            end = start
            while end < size and text[end] != LINE:
                end += 1
            s, e = start, end
            while s < e and text[s] == BLANK:
                s += 1
            while e > s and text[e - 1] == BLANK:
                e -= 1
            value = -1.0
            h = hash_of(text, s, e) & mask
            while table[h] >= 0:
                k = table[h]
                same = key_offsets[k + 1] - key_offsets[k] == e - s
                i = 0
                while same and i < e - s:
                    same = key_data[key_offsets[k] + i] == text[s + i]
                    i += 1
                if same:
                    value = values[k]
                    break
                h = (h + nb.uint64(1)) & mask
            total += value
            start = end + 1
        out[r] = total
    return out


@nb.njit
def nested(age, aged, segment, line_offsets, price, quantity, tag_offsets, tags):
    """Features of orders, from flat columns."""
    n = len(age)
    total, largest, years, tagged = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    pro = np.empty(n, np.bool_)
    for r in range(n):
        s = 0.0
        top = 0.0
        for i in range(line_offsets[r], line_offsets[r + 1]):
            amount = price[i] * quantity[i]
            s += amount
            if i == line_offsets[r] or amount > top:
                top = amount
        total[r] = s
        largest[r] = top
        years[r] = math.log(age[r] + 1.0) if aged[r] else -1.0
        s = 0.0
        for i in range(tag_offsets[r], tag_offsets[r + 1]):
            s += tags[i]
        tagged[r] = s
        pro[r] = segment[r] == 1
    return total, largest, years, tagged, pro


# --- from columns of Arrow, once: what is timed are the functions above --------------------------------------------


def text_arrays(texts: pa.Array) -> tuple[Any, Any]:
    """Offsets and bytes."""
    _, offsets, data = texts.buffers()
    return np.frombuffer(offsets, np.int32)[: len(texts) + 1], np.frombuffer(data, np.uint8)


def code_arrays(codes: dict[str, float]) -> tuple[Any, ...]:
    """The map of codes as arrays, and its hash table."""
    offsets, data = text_arrays(pa.array(list(codes)))
    return offsets, data, np.array(list(codes.values())), table_of(offsets, data)


def order_arrays(table: pa.Table) -> tuple[Any, ...]:
    """Flat columns of orders."""
    customer, lines, tags = (table[n].combine_chunks() for n in ("customer", "lines", "tags"))
    age = customer.field("age")
    return (
        age.fill_null(0).to_numpy(), age.is_valid().to_numpy(zero_copy_only=False),
        _segments(customer.field("segment")), lines.offsets.to_numpy(), lines.values.field("price").to_numpy(),
        lines.values.field("quantity").to_numpy(), tags.offsets.to_numpy(), tags.items.to_numpy(),
    )  # fmt: skip


def _segments(column: pa.DictionaryArray) -> Any:
    """Positions among the symbols, whatever the dictionary's order."""
    symbols = ("retail", "pro", "other")
    known = np.array([symbols.index(s) for s in column.dictionary.to_pylist()], np.int32)
    return known[column.indices.to_numpy()]
