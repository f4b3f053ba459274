"""Vectors and matrices (la.*): arrays of rows, and maps of maps in which what is missing is zero; `pfa.lib.la`."""

from __future__ import annotations

from pfa.targets.kernel.language import (
    bits,
    call1,
    call2,
    f64,
    fabs,
    fail,
    i64,
    inf,
    inline,
    ld,
    ldf,
    st,
    stf,
    unbits,
)
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array, slice_array
from pfa.targets.kernel.lib.hashing import key_at, map_overlay, map_place, map_push, map_room, value_at
from pfa.targets.kernel.lib.maps import empty_map
from pfa.targets.kernel.lib.state import map_find, new_map

ADD = 0  # how two elements become one
SUBTRACT = 1
CALL = 2
AT_ONCE = 10  # multiplications that count as a step
SCALE = 0  # what is done to an element


# Element by element


@inline
def changed(ctx: i64, f: i64, env: i64, x: i64, alpha: f64) -> i64:
    """An element times alpha, or what a function makes of it."""
    return bits(unbits(x) * alpha) if f == 0 else call1(f, ctx, env, x)


def each_of_array(ctx: i64, x: i64, f: i64, env: i64, alpha: f64) -> i64:
    n = length(x)
    charge(ctx, n + 1)
    out = new_array(ctx, n)
    for i in range(n):
        st(items(out) + i * 8, changed(ctx, f, env, item(x, i), alpha))
    return out


def each_of_map(ctx: i64, x: i64, f: i64, env: i64, alpha: f64) -> i64:
    n = length(x)
    charge(ctx, n + 1)
    out = empty_map(ctx, n)
    for i in range(n):
        map_push(out, key_at(x, i), changed(ctx, f, env, value_at(x, i), alpha))
    return out


def each_of_arrays(ctx: i64, x: i64, f: i64, env: i64, alpha: f64) -> i64:
    out = new_array(ctx, length(x))
    for i in range(length(x)):
        st(items(out) + i * 8, each_of_array(ctx, item(x, i), f, env, alpha))
    return out


def each_of_maps(ctx: i64, x: i64, f: i64, env: i64, alpha: f64) -> i64:
    out = empty_map(ctx, length(x))
    for i in range(length(x)):
        map_push(out, key_at(x, i), each_of_map(ctx, value_at(x, i), f, env, alpha))
    return out


def la_map__array(ctx: i64, x: i64, f: i64, env: i64) -> i64:
    return each_of_arrays(ctx, x, f, env, 0.0)


def la_map__map(ctx: i64, x: i64, f: i64, env: i64) -> i64:
    return each_of_maps(ctx, x, f, env, 0.0)


def la_scale__adouble(ctx: i64, x: i64, alpha: f64) -> i64:
    return each_of_array(ctx, x, SCALE, 0, alpha)


def la_scale__array(ctx: i64, x: i64, alpha: f64) -> i64:
    return each_of_arrays(ctx, x, SCALE, 0, alpha)


def la_scale__mdouble(ctx: i64, x: i64, alpha: f64) -> i64:
    return each_of_map(ctx, x, SCALE, 0, alpha)


def la_scale__map(ctx: i64, x: i64, alpha: f64) -> i64:
    return each_of_maps(ctx, x, SCALE, 0, alpha)


# Pair by pair


@inline
def paired(ctx: i64, how: i64, f: i64, env: i64, a: f64, b: f64) -> i64:
    """What two elements become."""
    if how == CALL:
        return call2(f, ctx, env, bits(a), bits(b))
    return bits(a + b if how == ADD else a - b)


@inline
def pairs_of_arrays(ctx: i64, how: i64, f: i64, env: i64, x: i64, y: i64) -> i64:
    """Of arrays of one length."""
    n = length(x)
    out = new_array(ctx, n)
    for i in range(n):
        st(items(out) + i * 8, paired(ctx, how, f, env, ldf(items(x) + i * 8), ldf(items(y) + i * 8)))
    return out


@inline
def pairs_of_vectors(ctx: i64, how: i64, x: i64, y: i64, code: i64) -> i64:
    charge(ctx, length(x))
    if length(x) != length(y):
        fail(ctx, code)
    return pairs_of_arrays(ctx, how, 0, 0, x, y)


@inline
def pairs_of_matrices(ctx: i64, how: i64, f: i64, env: i64, x: i64, y: i64, code: i64) -> i64:
    n = length(x)
    charge(ctx, n)
    if n != length(y):
        fail(ctx, code)
    for i in range(n):
        if length(item(x, i)) != length(item(y, i)):
            fail(ctx, code)
    out = new_array(ctx, n)
    for i in range(n):
        charge(ctx, length(item(x, i)))
        st(items(out) + i * 8, pairs_of_arrays(ctx, how, f, env, item(x, i), item(y, i)))
    return out


def with_key(ctx: i64, m: i64, key: i64) -> i64:
    """A map that is being made, with a key more if it has it not."""
    n = length(m)
    if n * 16 >= ld(items(m) - 16):
        if map_find(ctx, m, key) != 0:
            return m
        larger = map_room(ctx, n * 2 + 8)
        charge(ctx, n)
        map_overlay(ctx, larger, m)
        m = larger
    map_place(ctx, m, key)
    return m


def with_keys(ctx: i64, m: i64, other: i64) -> i64:
    """The same with all keys of another."""
    for i in range(length(other)):
        m = with_key(ctx, m, key_at(other, i))
    return m


def with_columns(ctx: i64, m: i64, x: i64) -> i64:
    """The same with all columns of a sparse matrix; charges its elements."""
    for i in range(length(x)):
        charge(ctx, length(value_at(x, i)))
        m = with_keys(ctx, m, value_at(x, i))
    return m


@inline
def real_or_zero(ctx: i64, m: i64, key: i64) -> f64:
    """An element of a sparse vector."""
    found = map_find(ctx, m, key)
    return ldf(found + 8) if found != 0 else 0.0


@inline
def row_or_empty(ctx: i64, x: i64, key: i64, empty: i64) -> i64:
    """A row of a sparse matrix."""
    found = map_find(ctx, x, key)
    return ld(found + 8) if found != 0 else empty


@inline
def pairs_of_rows(ctx: i64, how: i64, f: i64, env: i64, x: i64, y: i64, keys: i64) -> i64:
    """Of sparse vectors, an element a key."""
    out = empty_map(ctx, length(keys))
    for i in range(length(keys)):
        key = key_at(keys, i)
        map_push(out, key, paired(ctx, how, f, env, real_or_zero(ctx, x, key), real_or_zero(ctx, y, key)))
    return out


@inline
def pairs_of_sparse_vectors(ctx: i64, how: i64, x: i64, y: i64) -> i64:
    charge(ctx, length(x) + length(y))
    return pairs_of_rows(ctx, how, 0, 0, x, y, with_keys(ctx, with_keys(ctx, map_room(ctx, length(x)), x), y))


@inline
def pairs_of_sparse_matrices(ctx: i64, how: i64, f: i64, env: i64, x: i64, y: i64) -> i64:
    charge(ctx, length(x) + length(y))
    keys = with_keys(ctx, with_keys(ctx, map_room(ctx, length(x)), x), y)
    columns = with_columns(ctx, with_columns(ctx, map_room(ctx, 8), x), y)
    charge(ctx, length(keys) * length(columns))
    empty = empty_map(ctx, 0)
    out = empty_map(ctx, length(keys))
    for i in range(length(keys)):
        key = key_at(keys, i)
        row = row_or_empty(ctx, x, key, empty)
        map_push(out, key, pairs_of_rows(ctx, how, f, env, row, row_or_empty(ctx, y, key, empty), columns))
    return out


def la_zipmap__array(ctx: i64, x: i64, y: i64, f: i64, env: i64) -> i64:
    return pairs_of_matrices(ctx, CALL, f, env, x, y, 24020)


def la_zipmap__map(ctx: i64, x: i64, y: i64, f: i64, env: i64) -> i64:
    return pairs_of_sparse_matrices(ctx, CALL, f, env, x, y)


def la_add__adouble(ctx: i64, x: i64, y: i64) -> i64:
    return pairs_of_vectors(ctx, ADD, x, y, 24030)


def la_add__array(ctx: i64, x: i64, y: i64) -> i64:
    return pairs_of_matrices(ctx, ADD, 0, 0, x, y, 24030)


def la_add__mdouble(ctx: i64, x: i64, y: i64) -> i64:
    return pairs_of_sparse_vectors(ctx, ADD, x, y)


def la_add__map(ctx: i64, x: i64, y: i64) -> i64:
    return pairs_of_sparse_matrices(ctx, ADD, 0, 0, x, y)


def la_sub__adouble(ctx: i64, x: i64, y: i64) -> i64:
    return pairs_of_vectors(ctx, SUBTRACT, x, y, 24040)


def la_sub__array(ctx: i64, x: i64, y: i64) -> i64:
    return pairs_of_matrices(ctx, SUBTRACT, 0, 0, x, y, 24040)


def la_sub__mdouble(ctx: i64, x: i64, y: i64) -> i64:
    return pairs_of_sparse_vectors(ctx, SUBTRACT, x, y)


def la_sub__map(ctx: i64, x: i64, y: i64) -> i64:
    return pairs_of_sparse_matrices(ctx, SUBTRACT, 0, 0, x, y)


# Products


def all_finite(ctx: i64, data: i64, step: i64, n: i64) -> bool:
    """Are n doubles that lie `step` bytes apart finite?  Charges them."""
    charge(ctx, n)
    for i in range(n):
        if not fabs(ldf(data + i * step)) < inf:
            return False
    return True


def finite_rows(ctx: i64, x: i64) -> bool:
    """Are all elements of an array of arrays finite?"""
    for i in range(length(x)):
        if not all_finite(ctx, items(item(x, i)), 8, length(item(x, i))):
            return False
    return True


def finite_values(ctx: i64, x: i64) -> bool:
    """Are all elements of a map of maps finite?"""
    for i in range(length(x)):
        if not all_finite(ctx, items(value_at(x, i)) + 8, 16, length(value_at(x, i))):
            return False
    return True


@inline
def inner_product(row: i64, y: i64, n: i64) -> f64:
    """The sum of the products of n doubles at two addresses."""
    total = 0.0
    for i in range(n):
        total += ldf(row + i * 8) * ldf(y + i * 8)
    return total


def la_dot__array_adouble(ctx: i64, x: i64, y: i64) -> i64:
    n = length(x)
    size = length(y)
    if n == 0 or length(item(x, 0)) == 0 or size == 0:
        fail(ctx, 24051)
    if not (finite_rows(ctx, x) and all_finite(ctx, items(y), 8, size)):
        fail(ctx, 24052)
    for i in range(n):
        if length(item(x, i)) != size:
            fail(ctx, 24050)
    out = new_array(ctx, n)
    for i in range(n):
        charge(ctx, size // AT_ONCE)
        stf(items(out) + i * 8, inner_product(items(item(x, i)), items(y), size))
    return out


def la_dot__array_array(ctx: i64, x: i64, y: i64) -> i64:
    n = length(x)
    size = length(y)
    if n == 0 or length(item(x, 0)) == 0 or size == 0 or length(item(y, 0)) == 0:
        fail(ctx, 24051)
    if not (finite_rows(ctx, x) and finite_rows(ctx, y)):
        fail(ctx, 24052)
    for i in range(n):
        if length(item(x, i)) != size:
            fail(ctx, 24050)
    width = length(item(y, 0))
    for j in range(size):
        if length(item(y, j)) != width:
            fail(ctx, 24050)
    out = new_array(ctx, n)
    for i in range(n):
        st(items(out) + i * 8, row_times_matrix(ctx, items(item(x, i)), y, width))
    return out


def row_times_matrix(ctx: i64, row: i64, y: i64, width: i64) -> i64:
    """A row of the product: what each row of y adds, in their order."""
    out = new_array(ctx, width)
    for k in range(width):
        stf(items(out) + k * 8, 0.0)
    for j in range(length(y)):
        charge(ctx, width // AT_ONCE + 1)
        add_multiple(items(out), items(item(y, j)), ldf(row + j * 8), width)
    return out


@inline
def add_multiple(to: i64, row: i64, factor: f64, n: i64) -> None:
    """Add a multiple of n doubles to others."""
    for k in range(n):
        stf(to + k * 8, ldf(to + k * 8) + factor * ldf(row + k * 8))


@inline
def has_element(x: i64) -> bool:
    """Is a row of a map of maps not empty?"""
    for i in range(length(x)):
        if length(value_at(x, i)) > 0:
            return True
    return False


def la_dot__map_mdouble(ctx: i64, x: i64, y: i64) -> i64:
    charge(ctx, length(x) + length(y))
    if length(x) == 0 or not (length(y) > 0 or has_element(x)):
        fail(ctx, 24051)
    if not (finite_values(ctx, x) and all_finite(ctx, items(y) + 8, 16, length(y))):
        fail(ctx, 24052)
    out = empty_map(ctx, length(x))
    for i in range(length(x)):
        row = value_at(x, i)
        charge(ctx, length(row) + 1)
        total = 0.0
        for j in range(length(row)):
            found = map_find(ctx, y, key_at(row, j))
            if found != 0:
                total += unbits(value_at(row, j)) * ldf(found + 8)
        map_push(out, key_at(x, i), bits(total))
    return out


def la_dot__map_map(ctx: i64, x: i64, y: i64) -> i64:
    charge(ctx, length(x) + length(y))
    columns = with_columns(ctx, map_room(ctx, 8), y)
    if length(x) == 0 or length(columns) == 0:
        fail(ctx, 24051)
    if not (finite_values(ctx, x) and finite_values(ctx, y)):
        fail(ctx, 24052)
    places = alloc(ctx, length(y) * 8)
    for j in range(length(y)):
        st(places + j * 8, places_of_keys(ctx, value_at(y, j), columns))
    out = empty_map(ctx, length(x))
    for i in range(length(x)):
        map_push(out, key_at(x, i), sparse_row_times_matrix(ctx, value_at(x, i), y, places, columns))
    return out


def places_of_keys(ctx: i64, m: i64, columns: i64) -> i64:
    """The position of each key of a map among the columns; the address of the words."""
    at = alloc(ctx, length(m) * 8)
    for i in range(length(m)):
        st(at + i * 8, (map_find(ctx, columns, key_at(m, i)) - items(columns)) // 16)
    return at


def sparse_row_times_matrix(ctx: i64, row: i64, y: i64, places: i64, columns: i64) -> i64:
    """A row of the product, with all columns."""
    width = length(columns)
    charge(ctx, width)
    out = new_map(ctx, width)
    for k in range(width):
        st(items(out) + k * 16, key_at(columns, k))
        stf(items(out) + k * 16 + 8, 0.0)
    for j in range(length(row)):
        found = map_find(ctx, y, key_at(row, j))
        if found != 0:
            other = ld(found + 8)
            charge(ctx, length(other) + 1)
            factor = unbits(value_at(row, j))
            place = ld(places + (found - items(y)) // 16 * 8)
            for k in range(length(other)):
                at = items(out) + ld(place + k * 8) * 16 + 8
                stf(at, ldf(at) + factor * unbits(value_at(other, k)))
    return out


# Shapes


def check_shape(ctx: i64, x: i64, code: i64) -> None:
    """At least one row and one column, and all rows of one length."""
    n = length(x)
    if n == 0:
        fail(ctx, code)
    width = length(item(x, 0))
    if width == 0:
        fail(ctx, code)
    charge(ctx, n)
    for i in range(n):
        if length(item(x, i)) != width:
            fail(ctx, code + 1)


def la_transpose__array(ctx: i64, x: i64) -> i64:
    check_shape(ctx, x, 24060)
    n = length(x)
    width = length(item(x, 0))
    charge(ctx, n * width)
    out = new_array(ctx, width)
    for j in range(width):
        column = new_array(ctx, n)
        for i in range(n):
            st(items(column) + i * 8, item(item(x, i), j))
        st(items(out) + j * 8, column)
    return out


def la_transpose__map(ctx: i64, x: i64) -> i64:
    n = length(x)
    if n == 0 or length(value_at(x, 0)) == 0:
        fail(ctx, 24060)
    first = value_at(x, 0)
    width = length(first)
    charge(ctx, n * width)
    for i in range(n):
        row = value_at(x, i)
        if length(row) != width:
            fail(ctx, 24061)
        for j in range(width):
            if map_find(ctx, row, key_at(first, j)) == 0:
                fail(ctx, 24061)
    out = empty_map(ctx, width)
    for j in range(width):
        column = empty_map(ctx, n)
        for i in range(n):
            map_push(column, key_at(x, i), ld(map_find(ctx, value_at(x, i), key_at(first, j)) + 8))
        map_push(out, key_at(first, j), column)
    return out


def la_trace__array(ctx: i64, x: i64) -> f64:
    n = length(x)
    total = 0.0
    for i in range(n):
        if length(item(x, i)) != length(item(x, 0)):
            fail(ctx, 24080)
    for i in range(n):
        if i < length(item(x, 0)):
            total += unbits(item(item(x, i), i))
    return total


def la_trace__map(ctx: i64, x: i64) -> f64:
    total = 0.0
    for i in range(length(x)):
        total += real_or_zero(ctx, value_at(x, i), key_at(x, i))
    return total


def la_truncate__array(ctx: i64, x: i64, keep: i64) -> i64:
    check_shape(ctx, x, 24120)
    return slice_array(ctx, x, 0, max(0, min(keep, length(x))))


def la_truncate__map(ctx: i64, x: i64, keep: i64) -> i64:
    if not has_element(x):
        fail(ctx, 24120)
    charge(ctx, length(keep))
    wanted = map_room(ctx, length(keep))
    for i in range(length(keep)):
        map_place(ctx, wanted, item(keep, i))
    out = empty_map(ctx, length(x))
    for i in range(length(x)):
        if map_find(ctx, wanted, key_at(x, i)) != 0:
            map_push(out, key_at(x, i), value_at(x, i))
    return out
