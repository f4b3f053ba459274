"""Inverses, determinants and eigenvectors (la.*); `pfa.lib.la_square` has the meaning.

Matrices are blocks of doubles here, row after row.  Work is charged as it is done, so that the clock is looked at.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    copysign,
    f64,
    fabs,
    fail,
    fill,
    i64,
    inf,
    inline,
    ld,
    ldf,
    move,
    nan,
    sqrt,
    st,
    stf,
)
from pfa.targets.kernel.lib.base import alloc, charge, item, items, length, new_array
from pfa.targets.kernel.lib.exact_det import exact_determinant
from pfa.targets.kernel.lib.hashing import key_at, map_push, map_room, value_at
from pfa.targets.kernel.lib.la import all_finite, check_shape, has_element, with_columns, with_keys
from pfa.targets.kernel.lib.maps import empty_map
from pfa.targets.kernel.lib.printing import new_writer, print_integer, written_text
from pfa.targets.kernel.lib.state import map_find, new_map

EXACT = 8  # up to this size determinants are exact
AT_ONCE = 100  # multiplications that count as a step
SWEEPS = 60  # of Jacobi's methods, which need about ten
ORTHOGONAL = 1e-15
DIAGONAL = 1e-20
SINGULAR = 1e-15  # singular values below this part of the largest are zero
LARGE = 2.0**256
SMALL = 2.0**-256


# Blocks


@inline
def cell(at: i64, width: i64, i: i64, j: i64) -> i64:
    """Where an element of a block is."""
    return at + (i * width + j) * 8


def block_of_arrays(ctx: i64, x: i64) -> i64:
    """A rectangular matrix as a block."""
    n = length(x)
    width = length(item(x, 0))
    charge(ctx, n * width)
    at = alloc(ctx, n * width * 8)
    for i in range(n):
        move(cell(at, width, i, 0), items(item(x, i)), width * 8)
    return at


def arrays_of_block(ctx: i64, at: i64, n: i64, width: i64) -> i64:
    """A block as an array of arrays."""
    out = new_array(ctx, n)
    for i in range(n):
        row = new_array(ctx, width)
        move(items(row), cell(at, width, i, 0), width * 8)
        st(items(out) + i * 8, row)
    return out


def block_of_maps(ctx: i64, x: i64, rows: i64, columns: i64) -> i64:
    """A sparse matrix as a block with these rows and columns, which are the keys of maps."""
    n = length(rows)
    width = length(columns)
    charge(ctx, n * width)
    at = alloc(ctx, n * width * 8)
    fill(at, 0, n * width * 8)
    for i in range(length(x)):
        row = value_at(x, i)
        place = (map_find(ctx, rows, key_at(x, i)) - items(rows)) // 16
        for j in range(length(row)):
            found = (map_find(ctx, columns, key_at(row, j)) - items(columns)) // 16
            st(cell(at, width, place, found), value_at(row, j))
    return at


def map_of_row(ctx: i64, row: i64, keys: i64) -> i64:
    """Doubles as a map with the keys of another."""
    out = new_map(ctx, length(keys))
    for j in range(length(keys)):
        st(items(out) + j * 16, key_at(keys, j))
        st(items(out) + j * 16 + 8, ld(row + j * 8))
    return out


def fill_doubles(at: i64, x: f64, n: i64) -> None:
    for i in range(n):
        stf(at + i * 8, x)


def largest_of(at: i64, n: i64) -> f64:
    """The largest absolute value of n doubles."""
    most = 0.0
    for i in range(n):
        if fabs(ldf(at + i * 8)) > most:
            most = fabs(ldf(at + i * 8))
    return most


def swap_rows(at: i64, width: i64, i: i64, j: i64) -> None:
    for k in range(width):
        x = ld(cell(at, width, i, k))
        st(cell(at, width, i, k), ld(cell(at, width, j, k)))
        st(cell(at, width, j, k), x)


@inline
def subtract_multiple(to: i64, row: i64, factor: f64, n: i64) -> None:
    """Subtract a multiple of n doubles from others."""
    for k in range(n):
        stf(to + k * 8, ldf(to + k * 8) - factor * ldf(row + k * 8))


def keys_of_square(ctx: i64, x: i64, code: i64) -> i64:
    """All keys of a sparse matrix, of rows first."""
    if not has_element(x):
        fail(ctx, code)
    return with_columns(ctx, with_keys(ctx, map_room(ctx, length(x)), x), x)


def check_square(ctx: i64, x: i64, code: i64) -> None:
    check_shape(ctx, x, code)
    if length(x) != length(item(x, 0)):
        fail(ctx, code + 2)


# Inverses


def inverse_of_block(ctx: i64, at: i64, n: i64, width: i64) -> i64:
    """The inverse or pseudoinverse of a block, which has as many rows as the block has columns; NaN for none."""
    out = alloc(ctx, n * width * 8)
    if not all_finite(ctx, at, 8, n * width):
        fill_doubles(out, nan, n * width)
    elif n != width:
        pseudoinverse(ctx, at, n, width, out)
    elif not invert_square(ctx, at, n, out):
        fill_doubles(out, nan, n * width)
    return out


def invert_square(ctx: i64, at: i64, n: i64, out: i64) -> bool:
    """By elimination with the largest pivot of each column; false for a singular matrix."""
    rows = alloc(ctx, n * n * 16)
    width = 2 * n
    for i in range(n):
        move(cell(rows, width, i, 0), cell(at, n, i, 0), n * 8)
        fill_doubles(cell(rows, width, i, n), 0.0, n)
        stf(cell(rows, width, i, n + i), 1.0)
    for k in range(n):
        charge(ctx, n * n // AT_ONCE + 1)
        best = k
        for i in range(k + 1, n):
            if fabs(ldf(cell(rows, width, i, k))) > fabs(ldf(cell(rows, width, best, k))):
                best = i
        pivot = ldf(cell(rows, width, best, k))
        if pivot == 0.0:
            return False
        if best != k:
            swap_rows(rows, width, k, best)
        top = cell(rows, width, k, 0)
        for j in range(width):
            stf(top + j * 8, ldf(top + j * 8) / pivot)
        for i in range(n):
            factor = ldf(cell(rows, width, i, k))
            if i != k and factor != 0.0:
                subtract_multiple(cell(rows, width, i, 0), top, factor, width)
    for i in range(n):
        move(cell(out, n, i, 0), cell(rows, width, i, n), n * 8)
    return True


@inline
def unordered_product(a: i64, b: i64, n: i64) -> f64:
    """Of n doubles, in four sums, for what need not be the same to the last digit."""
    p = 0.0
    q = 0.0
    r = 0.0
    s = 0.0
    i = 0
    while i + 4 <= n:
        p += ldf(a + i * 8) * ldf(b + i * 8)
        q += ldf(a + i * 8 + 8) * ldf(b + i * 8 + 8)
        r += ldf(a + i * 8 + 16) * ldf(b + i * 8 + 16)
        s += ldf(a + i * 8 + 24) * ldf(b + i * 8 + 24)
        i += 4
    while i < n:
        p += ldf(a + i * 8) * ldf(b + i * 8)
        i += 1
    return (p + q) + (r + s)


@inline
def rotate_rows(a: i64, b: i64, c: f64, s: f64, n: i64) -> None:
    """Two rows of n doubles, turned."""
    for i in range(n):
        x = ldf(a + i * 8)
        y = ldf(b + i * 8)
        stf(a + i * 8, c * x - s * y)
        stf(b + i * 8, s * x + c * y)


@inline
def tangent(difference: f64, product: f64) -> f64:
    """Of the smaller angle that makes two rows orthogonal: cot 2 phi is difference / (2 product)."""
    zeta = difference / (2.0 * product)
    return copysign(1.0, zeta) / (fabs(zeta) + sqrt(1.0 + zeta * zeta))


def orthogonalize(ctx: i64, rows: i64, n: i64, width: i64, turned: i64) -> None:
    """Turn pairs of rows until all are orthogonal (Hestenes' one-sided Jacobi), and the rows of `turned` with them."""
    for _ in range(SWEEPS):
        done = True
        for p in range(n - 1):
            charge(ctx, (n - p) * width // AT_ONCE + 1)
            for q in range(p + 1, n):
                a = cell(rows, width, p, 0)
                b = cell(rows, width, q, 0)
                alpha = unordered_product(a, a, width)
                beta = unordered_product(b, b, width)
                gamma = unordered_product(a, b, width)
                if fabs(gamma) > ORTHOGONAL * sqrt(alpha) * sqrt(beta):
                    done = False
                    t = tangent(beta - alpha, gamma)
                    c = 1.0 / sqrt(1.0 + t * t)
                    rotate_rows(a, b, c, c * t, width)
                    rotate_rows(cell(turned, n, p, 0), cell(turned, n, q, 0), c, c * t, n)
        if done:
            return


def identity_block(ctx: i64, n: i64) -> i64:
    at = alloc(ctx, n * n * 8)
    fill_doubles(at, 0.0, n * n)
    for i in range(n):
        stf(cell(at, n, i, i), 1.0)
    return at


def pseudoinverse(ctx: i64, at: i64, n: i64, width: i64, out: i64) -> None:
    """Moore and Penrose's, from the singular values; `out` has as many rows as the block has columns."""
    few = min(n, width)
    many = max(n, width)
    unit = largest_of(at, n * width)
    fill_doubles(out, 0.0, n * width)
    if unit == 0.0:
        return
    rows = alloc(ctx, few * many * 8)  # the longer side in a row
    for i in range(n):
        for j in range(width):
            to = cell(rows, many, i, j) if n == few else cell(rows, many, j, i)
            stf(to, ldf(cell(at, width, i, j)) / unit)
    turned = identity_block(ctx, few)
    orthogonalize(ctx, rows, few, many, turned)
    most = 0.0
    for k in range(few):
        most = max_double(most, sqrt(unordered_product(cell(rows, many, k, 0), cell(rows, many, k, 0), many)))
    for k in range(few):
        row = cell(rows, many, k, 0)
        s = sqrt(unordered_product(row, row, many))
        if s > SINGULAR * most:
            charge(ctx, n * width // AT_ONCE + 1)
            for i in range(few):
                factor = ldf(cell(turned, few, k, i)) / s
                for j in range(many):
                    to = cell(out, n, j, i) if n == few else cell(out, n, i, j)
                    stf(to, ldf(to) + factor * (ldf(row + j * 8) / s) / unit)


@inline
def max_double(a: f64, b: f64) -> f64:
    return b if b > a else a


def la_inverse__array(ctx: i64, x: i64) -> i64:
    check_shape(ctx, x, 24070)
    n = length(x)
    width = length(item(x, 0))
    return arrays_of_block(ctx, inverse_of_block(ctx, block_of_arrays(ctx, x), n, width), width, n)


def la_inverse__map(ctx: i64, x: i64) -> i64:
    columns = with_columns(ctx, map_room(ctx, 8), x)
    if length(columns) == 0:
        fail(ctx, 24070)
    rows = with_keys(ctx, map_room(ctx, length(x)), x)
    n = length(x)
    found = inverse_of_block(ctx, block_of_maps(ctx, x, rows, columns), n, length(columns))
    out = empty_map(ctx, length(columns))
    for j in range(length(columns)):
        map_push(out, key_at(columns, j), map_of_row(ctx, cell(found, n, j, 0), x))
    return out


# Determinants


@inline
def scaled_down(x: f64) -> f64:
    """A number between 2**-256 and 2**256 times a power of 2**256, its `scale_of`; 0, infinity and NaN as they are."""
    while fabs(x) > LARGE and fabs(x) < inf:
        x = x * SMALL
    while fabs(x) < SMALL and x != 0.0:
        x = x * LARGE
    return x


@inline
def scale_of(x: f64) -> i64:
    scale = 0
    while fabs(x) > LARGE and fabs(x) < inf:
        x = x * SMALL
        scale += 1
    while fabs(x) < SMALL and x != 0.0:
        x = x * LARGE
        scale -= 1
    return scale


def eliminated_determinant(ctx: i64, at: i64, n: i64) -> f64:
    """By elimination with the largest pivots, or NaN, in IEEE arithmetic; the block is used up."""
    product = 1.0
    scale = 0
    for k in range(n):
        charge(ctx, n * n // AT_ONCE + 1)
        best = k
        for i in range(k + 1, n):
            x = ldf(cell(at, n, i, k))
            y = ldf(cell(at, n, best, k))
            if y == y and (x != x or fabs(x) > fabs(y)):
                best = i
        pivot = ldf(cell(at, n, best, k))
        if pivot == 0.0:
            return 0.0
        if best != k:
            swap_rows(at, n, k, best)
            product = -product
        scale += scale_of(pivot)
        product = product * scaled_down(pivot)
        scale += scale_of(product)
        product = scaled_down(product)
        for i in range(k + 1, n):
            if ldf(cell(at, n, i, k)) != 0.0:
                factor = ldf(cell(at, n, i, k)) / pivot
                subtract_multiple(cell(at, n, i, 0), cell(at, n, k, 0), factor, n)
    while scale > 0 and fabs(product) < inf:
        product = product * LARGE
        scale -= 1
    while scale < 0 and product != 0.0:
        product = product * SMALL
        scale += 1
    return product


def determinant_of_block(ctx: i64, at: i64, n: i64) -> f64:
    if n <= EXACT and all_finite(ctx, at, 8, n * n):
        return exact_determinant(ctx, at, n)
    return eliminated_determinant(ctx, at, n)


def la_det__array(ctx: i64, x: i64) -> f64:
    check_square(ctx, x, 24090)
    return determinant_of_block(ctx, block_of_arrays(ctx, x), length(x))


def la_det__map(ctx: i64, x: i64) -> f64:
    keys = keys_of_square(ctx, x, 24090)
    return determinant_of_block(ctx, block_of_maps(ctx, x, keys, keys), length(keys))


# Symmetry and principal components


def symmetric_block(at: i64, n: i64, tolerance: f64) -> bool:
    for i in range(n):
        for j in range(i + 1):
            v = ldf(cell(at, n, i, j))
            w = ldf(cell(at, n, j, i))
            difference = 0.0 if v == w or (v != v and w != w) else fabs(v - w)
            if not difference < tolerance:
                return False
    return True


def la_symmetric__array(ctx: i64, x: i64, tolerance: f64) -> bool:
    check_square(ctx, x, 24100)
    return symmetric_block(block_of_arrays(ctx, x), length(x), tolerance)


def la_symmetric__map(ctx: i64, x: i64, tolerance: f64) -> bool:
    keys = keys_of_square(ctx, x, 24100)
    return symmetric_block(block_of_maps(ctx, x, keys, keys), length(keys), tolerance)


def diagonalize(ctx: i64, at: i64, n: i64, vectors: i64) -> None:
    """Turn a symmetric block with largest element 1 until it is diagonal (Jacobi), and rows of another with it."""
    for _ in range(SWEEPS):
        done = True
        for p in range(n - 1):
            charge(ctx, (n - p) * n // AT_ONCE + 1)
            for q in range(p + 1, n):
                if fabs(ldf(cell(at, n, p, q))) > DIAGONAL:
                    done = False
                    turn(at, n, p, q, vectors)
        if done:
            return


def turn(at: i64, n: i64, p: i64, q: i64, vectors: i64) -> None:
    """Make the elements p, q and q, p zero."""
    product = ldf(cell(at, n, p, q))
    first = ldf(cell(at, n, p, p))
    second = ldf(cell(at, n, q, q))
    t = tangent(second - first, product)
    c = 1.0 / sqrt(1.0 + t * t)
    rotate_rows(cell(at, n, p, 0), cell(at, n, q, 0), c, c * t, n)
    for i in range(n):
        st(cell(at, n, i, p), ld(cell(at, n, p, i)))
        st(cell(at, n, i, q), ld(cell(at, n, q, i)))
    stf(cell(at, n, p, p), first - t * product)
    stf(cell(at, n, q, q), second + t * product)
    stf(cell(at, n, p, q), 0.0)
    stf(cell(at, n, q, p), 0.0)
    rotate_rows(cell(vectors, n, p, 0), cell(vectors, n, q, 0), c, c * t, n)


def eigenvectors_of_block(ctx: i64, at: i64, n: i64) -> i64:
    """Eigenvectors over the roots of their eigenvalues, as rows of a block, by decreasing eigenvalue."""
    if not all_finite(ctx, at, 8, n * n):
        fail(ctx, 24113)
    for i in range(n):
        for j in range(i + 1):
            x = 0.5 * ldf(cell(at, n, i, j)) + 0.5 * ldf(cell(at, n, j, i))
            stf(cell(at, n, i, j), x)
            stf(cell(at, n, j, i), x)
    unit = largest_of(at, n * n)
    if unit == 0.0:
        unit = 1.0
    for i in range(n * n):
        stf(at + i * 8, ldf(at + i * 8) / unit)
    vectors = identity_block(ctx, n)
    diagonalize(ctx, at, n, vectors)
    out = alloc(ctx, n * n * 8)
    for i in range(n):
        best = -1
        for j in range(n):  # of equal ones the last: LAPACK's order turned round
            x = ldf(cell(at, n, j, j))
            if x == x and (best < 0 or x >= ldf(cell(at, n, best, best))):
                best = j
        store_whitened(cell(out, n, i, 0), cell(vectors, n, best, 0), ldf(cell(at, n, best, best)) * unit, n)
        stf(cell(at, n, best, best), nan)
    return out


def store_whitened(to: i64, vector: i64, value: f64, n: i64) -> None:
    """An eigenvector over the root of its eigenvalue, its first component that is not zero positive."""
    root = sqrt(value)
    for j in range(n):
        x = ldf(vector + j * 8)
        if x != 0.0:
            root = -root if x < 0.0 else root
            break
    for j in range(n):
        stf(to + j * 8, ldf(vector + j * 8) / root + 0.0)


def la_eigenBasis__array(ctx: i64, x: i64) -> i64:
    check_square(ctx, x, 24110)
    n = length(x)
    return arrays_of_block(ctx, eigenvectors_of_block(ctx, block_of_arrays(ctx, x), n), n, n)


def la_eigenBasis__map(ctx: i64, x: i64) -> i64:
    keys = keys_of_square(ctx, x, 24110)
    n = length(keys)
    found = eigenvectors_of_block(ctx, block_of_maps(ctx, x, keys, keys), n)
    out = empty_map(ctx, n)
    for i in range(n):
        w = new_writer(ctx, 24)
        print_integer(ctx, w, i)
        map_push(out, written_text(ctx, w), map_of_row(ctx, cell(found, n, i, 0), keys))
    return out
