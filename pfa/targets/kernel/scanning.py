"""Numbers out of text, straight into columns: CSV and JSON lines whose rows all look alike (see `pfa.data.scan`).

A file of the kernel language that stands alone: it needs nothing of the library's kernels, no context and no memory
but the arrays that it is given.  What it takes is the same to the readers of rows, `pfa.data.csv` and
`pfa.data.jsonl`; at anything else (a quote in CSV, an escape in JSON, keys in another order, a number that does not
fit, or that is half way between two doubles) it gives up with -1, and the rows are read another way.

A plan has four words a column: what it is (`TEXT` ...), where its values go (0: they are only looked at), and the key
with its quotes, address and length (JSON).  A byte behind the text is readable, and is 0.
"""

from __future__ import annotations

from pfa.targets.kernel.language import (
    add_over,
    bits,
    clz,
    f64,
    i64,
    inline,
    ld,
    ld8,
    mul_hi,
    mul_over,
    shr,
    st,
    st8,
    udiv,
    ult,
    unbits,
    urem,
)

ANY = 0
DOUBLE = 1
INT = 2
LONG = 3
BOOLEAN = 4
TEXT = 5
NULLABLE = 8  # added where the value may be missing
WORDS = 32  # bytes of a plan that are a column's

TENS_FROM = -342  # the first exponent in the table of tens, which has 128 bits of each
TENS_TO = 308
EXACT = 9007199254740992
ZERO = 48
COMMA = 44
QUOTE = 34
NEWLINE = 10
RETURN = 13
MANY = 19  # digits that a word holds
SAFE = 18  # digits that a long holds
FAR = 100000

# Decimals: exact in doubles where they are short, else by 128 bits of the power of ten (Eisel and Lemire: "Number
# parsing at a gigabyte per second", 2021).


def power_of_ten(k: i64, tens: i64) -> f64:
    """10**k, which is a double."""
    leading = ld(tens + (k - TENS_FROM) * 16)
    return unbits(((1023 + ((k * 217706) >> 16)) << 52) + (shr(leading, 11) & 4503599627370495))


def nearest_bits(w: i64, e10: i64, tens: i64) -> i64:
    """The bits of the double that is nearest to w * 10**e10; -1 where that is not sure.  w is unsigned, not 0."""
    if e10 >= -22 and e10 <= 22 and not ult(EXACT, w):
        x = float(w)
        return bits(x * power_of_ten(e10, tens)) if e10 >= 0 else bits(x / power_of_ten(0 - e10, tens))
    if e10 < TENS_FROM or e10 > TENS_TO:
        return -1
    zeros = clz(w)
    m = w << zeros
    at = tens + (e10 - TENS_FROM) * 16
    high = mul_hi(m, ld(at))
    low = m * ld(at)
    if (high & 511) == 511:  # what follows in the power of ten may carry as far as the bits that are kept
        more = low + mul_hi(m, ld(at + 8))
        if ult(more, low):
            high += 1
        low = more
    power = 1 + ((e10 * 217706) >> 16) - zeros + 11
    drop = 11
    if high > 0:  # the first bit is not set
        drop = 10
        power -= 1
    if power < -1074 or power > 970:
        return -1
    kept = shr(high, drop)
    half = 1 << (drop - 1)
    rest = high & (2 * half - 1)
    if rest > half or (rest == half and low != 0):
        kept += 1
    elif rest == half or (rest == half - 1 and low == -1):
        return -1
    return ((power + 1074) << 52) + kept


def shortened_bits(w: i64, e10: i64, tens: i64) -> i64:
    """The same without the zeros that end w: less is half way then."""
    found = nearest_bits(w, e10, tens)
    if found != -1 or urem(w, 10) != 0:
        return found
    while urem(w, 10) == 0:
        w = udiv(w, 10)
        e10 += 1
    return nearest_bits(w, e10, tens)


def many_digits(p: i64, end: i64, e10: i64, tens: i64) -> i64:
    """The bits of a number with more digits than a word holds, a point perhaps among them; -1 where it is not sure."""
    w = 0
    digits = 0
    while p < end:
        c = ld8(p)
        p += 1
        if c != 46:
            if digits < MANY:
                w = w * 10 + c - ZERO
                if w != 0:
                    digits += 1
            else:
                e10 += 1
    if digits < MANY:
        return 0 if w == 0 else shortened_bits(w, e10, tens)
    below = nearest_bits(w, e10, tens)
    return below if below == nearest_bits(w + 1, e10, tens) else -1


@inline
def all_digits(v: i64) -> bool:
    """Are these eight bytes digits?"""
    upper = v & -1085102592571150096
    carried = (v + 434041037028460038) & -1085102592571150096
    return (upper | shr(carried, 4)) == 3689348814741910323


@inline
def eight_digits(v: i64) -> i64:
    """The number that eight digits are, the first in the lowest byte."""
    v = shr((v & 1085102592571150095) * 2561, 8)
    v = shr((v & 71777214294589695) * 6553601, 16)
    return shr((v & 281470681808895) * 42949672960001, 32)


@inline
def is_figure(c: i64) -> bool:
    return c >= 48 and c <= 57


@inline
def scan_double(p: i64, end: i64, out: i64, tens: i64, json: bool) -> i64:
    """A number, stored at `out`; the byte behind it, -1 where there is none."""
    minus = ld8(p) == 45
    if minus or (ld8(p) == 43 and not json):
        p += 1
    first = p
    w = 0
    while is_figure(ld8(p)):
        w = w * 10 + ld8(p) - ZERO
        p += 1
    point = p
    e10 = 0
    if ld8(p) == 46:
        p += 1
        while p + 8 <= end and all_digits(ld(p)):
            w = w * 100000000 + eight_digits(ld(p))
            p += 8
        while is_figure(ld8(p)):
            w = w * 10 + ld8(p) - ZERO
            p += 1
        e10 = point + 1 - p
    digits = p - first - int(p != point)
    stop = p
    if digits == 0 or (json and (point == first or (e10 == 0 and p != point))):
        return -1
    if json and ld8(first) == ZERO and point > first + 1:
        return -1
    if (ld8(p) | 32) == 101:
        p += 1
        below = ld8(p) == 45
        if below or ld8(p) == 43:
            p += 1
        start = p
        e = 0
        while is_figure(ld8(p)):
            e = e * 10 + ld8(p) - ZERO
            if e > FAR:
                return -1
            p += 1
        if p == start:
            return -1
        e10 += 0 - e if below else e
    elif json and p == point and (digits > SAFE or (minus and w == 0)):  # an integer: -0 is 0
        return -1
    if out != 0:
        if digits > MANY + int(ld8(first) == ZERO):
            found = many_digits(first, stop, e10, tens)
        else:
            found = 0 if w == 0 else shortened_bits(w, e10, tens)
        if found < 0:
            return -1
        st(out, found | (1 << 63) if minus else found)
    return p


@inline
def scan_long(p: i64, out: i64, narrow: bool, json: bool) -> i64:
    """An integer, stored at `out`; the byte behind it, -1 where there is none or it does not fit."""
    minus = ld8(p) == 45
    if minus or (ld8(p) == 43 and not json):
        p += 1
    first = p
    value = 0
    while is_figure(ld8(p)):
        digit = ld8(p) - ZERO
        if p - first >= SAFE and (mul_over(value, 10) or add_over(value * 10, digit)):
            return -1
        value = value * 10 + digit
        p += 1
    if p == first or (json and ld8(first) == ZERO and p > first + 1):
        return -1
    if minus:
        value = 0 - value
    if narrow and (value > 2147483647 or value < -2147483648):
        return -1
    if out != 0:
        st(out, value)
    return p


@inline
def small(p: i64, i: i64, json: bool) -> i64:
    """A byte of a word, as a small letter where capitals do."""
    return ld8(p + i) if json else ld8(p + i) | 32


def scan_boolean(p: i64, end: i64, out: i64, json: bool) -> i64:
    """true or false, stored at `out` as a byte; the byte behind it, -1 where there is neither."""
    if end - p < 4:
        return -1
    if small(p, 0, json) == 116 and small(p, 1, json) == 114 and small(p, 2, json) == 117 and small(p, 3, json) == 101:
        if out != 0:
            st8(out, 1)
        return p + 4
    if end - p < 5 or small(p, 0, json) != 102 or small(p, 1, json) != 97 or small(p, 2, json) != 108:
        return -1
    if small(p, 3, json) != 115 or small(p, 4, json) != 101:
        return -1
    if out != 0:
        st8(out, 0)
    return p + 5


# CSV


def ends_cell(p: i64, end: i64) -> bool:
    c = ld8(p)
    return p == end or c == COMMA or c == NEWLINE or c == RETURN


def skip_cell(p: i64, end: i64) -> i64:
    """The byte behind a cell of text; -1 where it has quotes."""
    while not ends_cell(p, end):
        if ld8(p) == QUOTE:
            return -1
        p += 1
    return p


def scan_cell(p: i64, end: i64, kind: i64, out: i64, tens: i64) -> i64:
    if kind >= NULLABLE:
        if ends_cell(p, end):
            return p
        kind -= NULLABLE
    if kind == DOUBLE:
        return scan_double(p, end, out, tens, False)
    if kind == INT or kind == LONG:
        return scan_long(p, out, kind == INT, False)
    if kind == BOOLEAN:
        return scan_boolean(p, end, out, False)
    return skip_cell(p, end)


@inline
def place(column: i64, kind: i64, row: i64) -> i64:
    """Where a value goes; 0 where it is not kept."""
    base = ld(column + 8)
    if base == 0:
        return 0
    return base + row if kind == BOOLEAN else base + row * 8


@inline
def line_end(p: i64, end: i64) -> i64:
    """The byte behind the end of a line; -1 where there is none."""
    if ld8(p) == RETURN:
        p += 1
        if ld8(p) != NEWLINE:
            return -1
    elif p == end:
        return p
    return p + 1 if ld8(p) == NEWLINE else -1


def scan_csv(text: i64, end: i64, plan: i64, columns: i64, most: i64, tens: i64) -> i64:
    """The rows of a text, at most so many; -1 where one is odd."""
    p = text
    row = 0
    last = plan + (columns - 1) * WORDS
    while p < end:
        if row >= most:
            return -1
        column = plan
        while True:
            kind = ld(column)
            p = scan_cell(p, end, kind, place(column, kind, row), tens)
            if p < 0:
                return -1
            if column == last:
                break
            if ld8(p) != COMMA:
                return -1
            p += 1
            column += WORDS
        p = line_end(p, end)
        if p < 0:
            return -1
        row += 1
    return row


# JSON lines


@inline
def blanks(p: i64) -> i64:
    while ld8(p) == 32 or ld8(p) == 9:
        p += 1
    return p


def skip_string(p: i64) -> i64:
    """The byte behind a string; -1 where it has escapes, or there is none."""
    if ld8(p) != QUOTE:
        return -1
    p += 1
    while ld8(p) != QUOTE:
        if ld8(p) < 32 or ld8(p) == 92:
            return -1
        p += 1
    return p + 1


def skip_key(p: i64, end: i64, key: i64, n: i64) -> i64:
    """The byte behind a key; -1 where there is another."""
    if end - p < n:
        return -1
    i = 0
    while i + 8 <= n:
        if ld(p + i) != ld(key + i):
            return -1
        i += 8
    while i < n:
        if ld8(p + i) != ld8(key + i):
            return -1
        i += 1
    return p + n


def skip_null(p: i64, end: i64) -> i64:
    """The byte behind null; -1 where there is none."""
    if end - p < 4 or ld8(p) != 110 or ld8(p + 1) != 117 or ld8(p + 2) != 108 or ld8(p + 3) != 108:
        return -1
    return p + 4


def skip_any(p: i64, end: i64) -> i64:
    """The byte behind a value that is no container."""
    c = ld8(p)
    if c == QUOTE:
        return skip_string(p)
    if c == 110:
        return skip_null(p, end)
    if c == 116 or c == 102:
        return scan_boolean(p, end, 0, True)
    return scan_double(p, end, 0, 0, True)


def scan_value(p: i64, end: i64, kind: i64, out: i64, tens: i64) -> i64:
    if kind >= NULLABLE:
        if ld8(p) == 110:
            return skip_null(p, end)
        kind -= NULLABLE
    if kind == DOUBLE:
        return scan_double(p, end, out, tens, True)
    if kind == INT or kind == LONG:
        return scan_long(p, out, kind == INT, True)
    if kind == BOOLEAN:
        return scan_boolean(p, end, out, True)
    return skip_string(p) if kind == TEXT else skip_any(p, end)


def scan_object(p: i64, end: i64, plan: i64, columns: i64, row: i64, tens: i64) -> i64:
    """The byte behind an object that has just these keys, in this order; -1 where it has not."""
    if ld8(p) != 123:
        return -1
    column = plan
    last = plan + columns * WORDS
    while column < last:
        p = skip_key(blanks(p + 1), end, ld(column + 16), ld(column + 24))
        if p < 0:
            return -1
        p = blanks(p)
        if ld8(p) != 58:
            return -1
        kind = ld(column)
        p = scan_value(blanks(p + 1), end, kind, place(column, kind, row), tens)
        if p < 0:
            return -1
        p = blanks(p)
        column += WORDS
        if ld8(p) != (COMMA if column < last else 125):
            return -1
    return p + 1


def scan_jsonl(text: i64, end: i64, plan: i64, columns: i64, most: i64, tens: i64) -> i64:
    """The lines of a text, at most so many; -1 where one is odd.  A first key of no bytes: the values are bare."""
    p = text
    row = 0
    bare = ld(plan + 24) == 0
    while p < end:
        if row >= most:
            return -1
        p = blanks(p)
        if bare:
            kind = ld(plan)
            p = scan_value(p, end, kind, place(plan, kind, row), tens)
        else:
            p = scan_object(p, end, plan, columns, row, tens)
        if p < 0:
            return -1
        p = line_end(blanks(p), end)
        if p < 0:
            return -1
        row += 1
    return row
