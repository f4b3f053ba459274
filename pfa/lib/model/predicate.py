"""Predicates of tree nodes: a field of the datum, an operator, a value; resolved once for the types of a call site.

What is compared decides at run time: the branch that the field has now and the branch that the node's value has.
Two numbers compare as the wider of their types; anything else must be of a type that the value's type accepts, and
compares in Avro's order.  NaN compares as IEEE 754 says.

A test takes the field and the value.  Where the value's type can be an array, a map or a record, it takes `charge`
as a third argument (`Predicates.heavy`): comparing those is work that grows.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.lib.compare import Charge, is_scalar, ordering
from pfa.lib.model.widening import branch_key, widening
from pfa.lib.primitives import float32
from pfa.types import DOUBLE, FLOAT, INT, LONG, NULL, RANK, Array, Enum, Prim, Record, Type, accepts, branches

if TYPE_CHECKING:
    from pfa.lib.define import Fail

Test: TypeAlias = Callable[..., bool]

COMPARISONS: dict[str, Test] = {
    "==": python.eq, "!=": python.ne, "<": python.lt, "<=": python.le, ">": python.gt, ">=": python.ge,
}  # fmt: skip
MEMBERSHIP = ("in", "notIn")
FIELD_ONLY: dict[str, Test] = {
    "alwaysTrue": lambda x, value, *charge: True,
    "alwaysFalse": lambda x, value, *charge: False,
    "isMissing": lambda x, value, *charge: x is None,
    "notMissing": lambda x, value, *charge: x is not None,
}
OPERATORS = frozenset((*COMPARISONS, *MEMBERSHIP, *FIELD_ONLY))
OPERATORS_OF_PRESENT = OPERATORS - {"isMissing", "notMissing"}


class Predicates(dict[tuple[str, str], Test]):
    """The tests of a call site by (operator, field), made when they are first asked for.

    `predicates[operator, field](datum[field], value)`, with `charge` as a third argument where `heavy`.
    """

    def __init__(self, datum: Type, node: Type, operators: frozenset[str], fail: Fail) -> None:
        super().__init__()
        assert isinstance(datum, Record)
        assert isinstance(node, Record)
        self.fields = {f.name: f.type for f in datum.fields}
        self.value = node.by_name["value"].type
        self.heavy = not all(map(is_scalar, branches(self.value)))
        self.operators = operators
        self.fail = fail
        self.ready: dict[tuple[str, str, Any], Test | None] = {}

    def __missing__(self, key: tuple[str, str]) -> Test:
        operator, field = key
        if operator not in self.operators:
            self.fail("invalid comparison operator")  # not kept: a document can think of any number of names
        if operator in FIELD_ONLY:
            test = FIELD_ONLY[operator]
        else:
            test = self._on_field(field, lambda x: self._on_value(operator, x))
        self[key] = test
        return test

    def bad(self, _x: object, _value: object, *_charge: Charge) -> bool:
        """The test of what cannot be compared."""
        return self.fail("bad value type")

    def _on_field(self, field: str, make: Callable[[Type], Test]) -> Test:
        kind = self.fields[field]
        tests = {branch_key(kind, b): make(b) for b in branches(kind)}
        return _by_field(tests) if len(tests) > 1 else next(iter(tests.values()))

    def _on_value(self, operator: str, x: Type) -> Test:
        tests = {}
        for b in branches(self.value):
            test, charges = relation(operator, x, b) or (self.bad, True)
            tests[branch_key(self.value, b)] = test if charges or not self.heavy else _uncharged(test)
        return _by_value(tests) if len(tests) > 1 else next(iter(tests.values()))

    # ---- for a node that is tested again and again

    def compiled(self, operator: str, field: str, value: Any) -> tuple[Test, Any] | None:
        """`test(x, value)` for this value, without its box; None where each call has to be charged."""
        if operator not in self.operators:
            return (lambda x, value: self.fail("invalid comparison operator")), None
        if operator in FIELD_ONLY:
            return FIELD_ONLY[operator], None
        kind = value.__class__
        if kind is tuple:
            kind, value = value
        if operator in MEMBERSHIP and kind in (list, "array"):
            return self._compiled_membership(operator, field, value)
        key = (operator, field, kind)
        if key not in self.ready:
            self.ready[key] = self._compiled_comparison(operator, field, kind)
        test = self.ready[key]
        return test and (test, value)

    def _branch(self, kind: Any) -> Type:
        return next(b for b in branches(self.value) if branch_key(self.value, b) == kind)

    def _compiled_comparison(self, operator: str, field: str, kind: Any) -> Test | None:
        branch = self._branch(kind)
        found = {x: relation(operator, x, branch) for x in branches(self.fields[field])}
        if any(r is not None and r[1] for r in found.values()):
            return None
        return self._on_field(field, lambda x: (found[x] or (self.bad, True))[0])

    def _compiled_membership(self, operator: str, field: str, value: list[Any]) -> tuple[Test, Any] | None:
        array = next(b for b in branches(self.value) if isinstance(b, Array))
        tests: dict[Type, Test] = {}
        for x in branches(self.fields[field]):
            equal = _equal_items(x, array.items)
            if any(test is not python.eq for test in equal.values()):
                return None
            tests[x] = _in_set(_unboxed(value, array.items, equal), operator) if equal else self.bad
        return self._on_field(field, tests.__getitem__), None


def _by_field(tests: dict[Any, Test]) -> Test:
    def test(x: Any, value: Any, *charge: Charge) -> bool:
        kind = x.__class__
        if kind is tuple:
            kind, x = x
        return tests[kind](x, value, *charge)

    return test


def _by_value(tests: dict[Any, Test]) -> Test:
    def test(x: Any, value: Any, *charge: Charge) -> bool:
        kind = value.__class__
        if kind is tuple:
            kind, value = value
        return tests[kind](x, value, *charge)

    return test


def _uncharged(test: Test) -> Test:
    return lambda x, value, charge: test(x, value)


# ---- two types, no unions -----------------------------------------------------------------------------------


def relation(operator: str, x: Type, v: Type) -> tuple[Test, bool] | None:
    """The test of an `x` against a `v`, and whether it takes `charge`; None where they cannot be compared."""
    if operator in MEMBERSHIP:
        if isinstance(v, Array) and _equal_items(x, v.items):
            return _membership(operator, x, v), True
        return None
    compare = COMPARISONS[operator]
    if isinstance(x, Prim) and isinstance(v, Prim) and x in RANK and v in RANK:
        return _numbers(compare, x, v), False
    if not accepts(v, x):
        return None
    if v == NULL:
        same = compare(0, 0)
        return (lambda x, value: same), False
    if isinstance(v, Enum):
        return _enums(compare, v.symbols), False
    if is_scalar(v):
        return compare, False
    return _ordered(compare, x, v), True


def _numbers(compare: Test, x: Prim, v: Prim) -> Test:
    narrow, wide = sorted((x, v), key=RANK.__getitem__)
    promote: Callable[[Any], Any]
    if wide == FLOAT and narrow in (INT, LONG):
        promote = _single
    elif wide == DOUBLE and narrow == LONG:
        promote = float
    else:
        return compare  # Python compares these exactly, and widening them would be exact
    if x == narrow:
        return lambda x, value: compare(promote(x), value)
    return lambda x, value: compare(x, promote(value))


def _single(n: int) -> float:
    return float32(float(n))


def _enums(compare: Test, symbols: tuple[str, ...]) -> Test:
    if compare in (python.eq, python.ne):
        return compare
    place = {s: i for i, s in enumerate(symbols)}
    return lambda x, value: compare(place[x], place[value])


def _ordered(compare: Test, x: Type, v: Type) -> Test:
    order, widen = ordering(v), widening(v, x)
    if widen is None:
        return lambda x, value, charge: compare(order(x, value, charge), 0)
    return lambda x, value, charge: compare(order(widen(x), value, charge), 0)


# ---- membership ---------------------------------------------------------------------------------------------


def _equal_items(x: Type, items: Type) -> dict[Type, Test]:
    """The tests for equality by branch of the items; those that an `x` cannot be compared with are left out."""
    found = {b: relation("==", x, b) for b in branches(items)}
    return {b: _uncharged_or_as_is(r) for b, r in found.items() if r}


def _uncharged_or_as_is(found: tuple[Test, bool]) -> Test:
    test, charges = found
    return test if charges or test is python.eq else _uncharged(test)


def _membership(operator: str, x: Type, v: Array) -> Test:
    wanted = operator == "in"
    equal = _equal_items(x, v.items)
    if len(equal) == len(branches(v.items)) == 1 and python.eq in equal.values():
        return _in_list(wanted)
    tests = {branch_key(v.items, b): equal.get(b) for b in branches(v.items)}
    plain = {kind for kind, test in tests.items() if test is python.eq}

    def test(x: Any, value: list[Any], charge: Charge) -> bool:
        charge(len(value))
        for item in value:
            kind = item.__class__
            if kind is tuple:
                kind, item = item
            same = tests[kind]
            if same and (same(x, item) if kind in plain else same(x, item, charge)):
                return wanted
        return not wanted

    return test


def _in_list(wanted: bool) -> Test:
    def test(x: Any, value: list[Any], charge: Charge) -> bool:
        charge(len(value) >> 4)
        return (x == x and x in value) is wanted  # Python's `in` finds a NaN that is the same object

    return test


def _unboxed(value: list[Any], items: Type, equal: Iterable[Type]) -> frozenset[Any]:
    kinds = {branch_key(items, b) for b in equal}
    found = [item if item.__class__ is tuple else (item.__class__, item) for item in value]
    return frozenset(item for kind, item in found if kind in kinds and item == item)


def _in_set(members: frozenset[Any], operator: str) -> Test:
    if operator == "in":
        return lambda x, value: x in members
    return lambda x, value: x not in members
