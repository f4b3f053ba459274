"""Trees (model.tree.*): tests of nodes are printed for their types by `pfa.targets.kernel.predicates`."""

from __future__ import annotations

from pfa.targets.kernel.language import call0, call2, f64, fail, i64, inline, ld, ld8, ldu32
from pfa.targets.kernel.lib.base import charge, item, items, length
from pfa.targets.kernel.lib.state import order_bytes, same_text, union_tag

STRIDE = 1024  # nodes that a walk passes before they are charged
# Operators: what they accept of less (1), equal (2), greater (4), unordered (8), or a number above.
EQUAL = 2
UNEQUAL = 13
IN = 16
NOT_IN = 17
ALWAYS_TRUE = 32
ALWAYS_FALSE = 33
IS_MISSING = 34
NOT_MISSING = 35
# The first bytes of their names, as a number.
TEXT_EQ = 15677
TEXT_NE = 15649
TEXT_LE = 15676
TEXT_GE = 15678
TEXT_IN = 28265
TEXT_NOT_I = 1232367470
TEXT_ALWAYS_TR = 8238336583530933345
TEXT_ALWAYS_FA = 7009416835212209249
TEXT_IS_MISSIN = 7956017156251808617
TEXT_NOT_MISSI = 7598543892412395374
LESS_SIGN = 60
GREATER_SIGN = 62
LETTER_G = 103
LETTER_N = 110
TEXT_UE = 30053  # the last bytes, the last of all in the low bits
TEXT_NG = 28263
TEXT_LSE = 7107429


@inline
def operator_code(s: i64) -> i64:
    """The number of an operator, 0 for what is none."""
    n = length(s)
    data = items(s)
    if n == 1:
        c = ld8(data)
        return 1 if c == LESS_SIGN else 4 if c == GREATER_SIGN else 0
    if n == 2:
        c = ld8(data) + 256 * ld8(data + 1)
        if c == TEXT_LE:
            return 3
        if c == TEXT_GE:
            return 6
        if c == TEXT_EQ:
            return EQUAL
        return UNEQUAL if c == TEXT_NE else IN if c == TEXT_IN else 0
    return long_operator(data, n)


def long_operator(data: i64, n: i64) -> i64:
    """The number of an operator whose name has more than two letters."""
    if n == 5:
        return NOT_IN if ldu32(data) == TEXT_NOT_I and ld8(data + 4) == LETTER_N else 0
    if n < 9 or n > 11:
        return 0
    first = ld(data)
    rest = ld8(data + 8)
    for i in range(9, n):
        rest = rest * 256 + ld8(data + i)
    if n == 10 and first == TEXT_ALWAYS_TR and rest == TEXT_UE:
        return ALWAYS_TRUE
    if n == 11 and first == TEXT_ALWAYS_FA and rest == TEXT_LSE:
        return ALWAYS_FALSE
    if n == 9 and first == TEXT_IS_MISSIN and rest == LETTER_G:
        return IS_MISSING
    return NOT_MISSING if n == 10 and first == TEXT_NOT_MISSI and rest == TEXT_NG else 0


@inline
def field_only(op: i64, missing: bool) -> i64:
    """The answer of an operator that looks at no value."""
    if op <= ALWAYS_FALSE:
        return int(op == ALWAYS_TRUE)
    return int(missing == (op == IS_MISSING))


@inline
def relation_of_integers(a: i64, b: i64) -> i64:
    return int(a < b) | (int(a == b) << 1) | (int(a > b) << 2)


@inline
def relation_of_doubles(a: f64, b: f64) -> i64:
    return int(a < b) | (int(a == b) << 1) | (int(a > b) << 2) | (int(a != a or b != b) << 3)


@inline
def relation_of(order: i64) -> i64:
    """Of what an order says: -1, 0 or 1."""
    return 1 << (order + 1)


def relation_of_texts(ctx: i64, op: i64, a: i64, b: i64) -> i64:
    if op != EQUAL and op != UNEQUAL:
        return relation_of(order_bytes(ctx, a, b))
    charge(ctx, length(a) // 4096)
    return EQUAL if same_text(a, b) else 1


# Tests


@inline
def model_tree_simpleTest(ctx: i64, datum: i64, node: i64, test_32000: i64) -> bool:
    return call2(test_32000, ctx, 0, datum, node) != 0


@inline
def model_tree_missingTest(ctx: i64, datum: i64, node: i64, missing_32010: i64) -> i64:
    return call2(missing_32010, ctx, 0, datum, node)


TEXT_AND = 6581857  # "and"
TEXT_OR = 29295
TEXT_XOR = 7499640


def three_letters(s: i64) -> i64:
    """A text of two or three bytes as a number, else 0."""
    n = length(s)
    if n < 2 or n > 3:
        return 0
    data = items(s)
    return ld8(data) + 256 * ld8(data + 1) + (65536 * ld8(data + 2) if n == 3 else 0)


def model_tree_compoundTest(ctx: i64, datum: i64, operator: i64, comparisons: i64, test: i64, env: i64) -> bool:
    text = three_letters(operator)
    if text != TEXT_AND and text != TEXT_OR and text != TEXT_XOR:
        fail(ctx, 32020)
    odd = 0
    for i in range(length(comparisons)):
        passed = call2(test, ctx, env, datum, item(comparisons, i))
        if text == TEXT_AND and passed == 0:
            return False
        if text == TEXT_OR and passed != 0:
            return True
        odd = odd ^ passed
    return text == TEXT_AND or (text == TEXT_XOR and odd != 0)


def model_tree_surrogateTest(ctx: i64, datum: i64, comparisons: i64, test: i64, env: i64) -> bool:
    for i in range(length(comparisons)):
        passed = call2(test, ctx, env, datum, item(comparisons, i))
        if passed != 0:
            return ld(passed + 8) != 0
    fail(ctx, 32030)
    return False


# Walks


@inline
def two_way_walk(
    ctx: i64,
    test: i64,
    env: i64,
    datum: i64,
    root: i64,
    tag: i64,
    at_pass: i64,
    at_fail: i64,
    leaf_pass: i64,
    leaf_fail: i64,
) -> i64:
    """The leaf that the tests lead to, as a result."""
    node = root
    passed = 0
    nodes = 0
    while True:
        nodes += 1
        if (nodes & (STRIDE - 1)) == 0:
            charge(ctx, STRIDE)
        passed = call2(test, ctx, env, datum, node)
        child = ld(node + (at_pass if passed != 0 else at_fail))
        if union_tag(child) != tag:
            break
        node = ld(child + 8)
    if passed != 0:
        return call0(leaf_pass, ctx, ld(node + at_pass))
    return call0(leaf_fail, ctx, ld(node + at_fail))


def model_tree_simpleTree(
    ctx: i64,
    datum: i64,
    root: i64,
    test_32060: i64,
    tag_record_1: i64,
    field_pass_1: i64,
    field_fail_1: i64,
    leaf_pass_1: i64,
    leaf_fail_1: i64,
) -> i64:
    return two_way_walk(
        ctx, test_32060, 0, datum, root, tag_record_1, field_pass_1, field_fail_1, leaf_pass_1, leaf_fail_1
    )


def model_tree_simpleWalk(
    ctx: i64,
    datum: i64,
    root: i64,
    test: i64,
    env: i64,
    tag_record_1: i64,
    field_pass_1: i64,
    field_fail_1: i64,
    leaf_pass_1: i64,
    leaf_fail_1: i64,
) -> i64:
    return two_way_walk(
        ctx, test, env, datum, root, tag_record_1, field_pass_1, field_fail_1, leaf_pass_1, leaf_fail_1
    )


def model_tree_missingWalk(
    ctx: i64,
    datum: i64,
    root: i64,
    test: i64,
    env: i64,
    tag_record_1: i64,
    field_pass_1: i64,
    field_fail_1: i64,
    field_missing_1: i64,
    leaf_pass_1: i64,
    leaf_fail_1: i64,
    leaf_missing_1: i64,
) -> i64:
    node = root
    side = 0
    nodes = 0
    while True:
        nodes += 1
        if (nodes & (STRIDE - 1)) == 0:
            charge(ctx, STRIDE)
        answer = call2(test, ctx, env, datum, node)
        side = field_missing_1 if answer == 0 else field_pass_1 if ld(answer + 8) != 0 else field_fail_1
        child = ld(node + side)
        if union_tag(child) != tag_record_1:
            break
        node = ld(child + 8)
    end = ld(node + side)
    if side == field_missing_1:
        return call0(leaf_missing_1, ctx, end)
    if side == field_pass_1:
        return call0(leaf_pass_1, ctx, end)
    return call0(leaf_fail_1, ctx, end)
