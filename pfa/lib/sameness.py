"""Equal items: searching for one, and hashing many, for `a.*` and `map.*`.

Items are equal when `pfa.lib.compare.ordering` says 0, so that NaN in an array is equal to itself and -0.0 to 0.0.
Searching compares (`same`), and where Python's `==` gives the answer its C code does; sets of items are made of
hashable keys (`hashes`), so that no set function is quadratic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pfa.lib.compare import is_recursive, ordering
from pfa.lib.define import Charge
from pfa.types import Array, Enum, Fixed, Map, Prim, Record, Type, Union, host_class

Same: TypeAlias = Callable[[Any, Any, Charge], bool]
Hash: TypeAlias = Callable[[Any, Charge], Any]
Hashes: TypeAlias = Callable[[list[Any], Charge], list[Any]]

CLASSES = {"none": type(None), "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes, "list": list,
           "dict": dict}  # fmt: skip

LONG_TEXT = 16  # shorter texts cost no more than numbers


class _Nan:
    """The key of every NaN."""


NAN = _Nan()


def is_native(t: Type) -> bool:
    """Is Python's `==` the equality of `t`, but for NaN?  Then its C code can search."""
    return isinstance(t, Prim | Enum | Fixed)


def may_search(items: list[Any], wanted: Any, charge: Charge) -> bool:
    """Will Python's own search for this value of a native type be right?  Charges what it costs besides the items."""
    if isinstance(wanted, str | bytes):
        charge(len(items) * (len(wanted) >> 4))
        return True
    return bool(wanted == wanted)


def same(t: Type) -> Same:
    """`same(a, b, charge)`: are these items equal?"""
    match t:
        case Prim("float" | "double"):
            return lambda a, b, charge: a == b or (a != a and b != b)
        case Prim("string" | "bytes") | Fixed():
            return _same_texts
        case Prim() | Enum():
            return lambda a, b, charge: a == b
        case _:
            compare = ordering(t)
            return lambda a, b, charge: compare(a, b, charge) == 0


def _same_texts(a: Any, b: Any, charge: Charge) -> bool:
    if len(b) > LONG_TEXT:
        charge(len(b) >> 4)
    return bool(a == b)


def hashes(t: Type) -> Hashes:
    """`keys(items, charge)`: a hashable key an item, equal where the items are; the list itself if that will do.

    The caller declares the number of items as its cost; this charges what is inside them.
    """
    match t:
        case Prim("float" | "double"):
            return lambda items, charge: [x if x == x else NAN for x in items]
        case Prim("string" | "bytes") | Fixed():
            return _text_hashes
    make = _hash(t)
    if make is None:
        return lambda items, charge: items
    return lambda items, charge: [make(x, charge) for x in items]


def _text_hashes(items: list[Any], charge: Charge) -> list[Any]:
    charge(sum(map(len, items)) >> 4)
    return items


def _hash(t: Type) -> Hash | None:
    """The key of one item; None where the item is its own."""
    match t:
        case Prim("float" | "double"):
            return lambda x, charge: x if x == x else NAN
        case Prim("string" | "bytes") | Fixed():
            return _text_hash
        case Array(items):
            return _array_hash(_hash(items))
        case Map(values):
            return _map_hash(_hash(values))
        case Union():
            return _union_hash(t)
        case Record():
            return _Compared.maker(t) if is_recursive(t) else _record_hash(t)
        case _:
            return None


def _text_hash(x: Any, charge: Charge) -> Any:
    if len(x) > LONG_TEXT:
        charge(len(x) >> 4)
    return x


def _array_hash(inside: Hash | None) -> Hash:
    def make(x: list[Any], charge: Charge) -> Any:
        charge(len(x))
        return tuple(x) if inside is None else tuple([inside(y, charge) for y in x])

    return make


def _map_hash(inside: Hash | None) -> Hash:
    def make(x: dict[str, Any], charge: Charge) -> Any:
        charge(len(x))
        return frozenset(x.items() if inside is None else [(k, inside(y, charge)) for k, y in x.items()])

    return make


def _record_hash(t: Record) -> Hash:
    fields = [(f.name, _hash(f.type)) for f in t.fields if f.order != "ignore"]

    def make(x: dict[str, Any], charge: Charge) -> Any:
        charge(len(fields))
        return tuple([x[name] if inside is None else inside(x[name], charge) for name, inside in fields])

    return make


def _union_hash(t: Union) -> Hash:
    """A key that begins with what tells the branch: Python's `True == 1` must not unite two branches."""
    branch: dict[Any, tuple[Any, Hash | None]] = {}
    for b in t.branches:
        known_by = b.tag if b.tag in t.boxed else CLASSES[host_class(b)]
        branch[known_by] = (known_by, _hash(b))
    if float in branch:  # an int inside a record of a library function is not widened
        branch.setdefault(int, branch[float])

    def make(x: Any, charge: Charge) -> Any:
        known_by, x = x if type(x) is tuple else (type(x), x)
        which, inside = branch[known_by]
        return (which, x if inside is None else inside(x, charge))

    return make


class _Compared:
    """The key of a value of a recursive type, which may be too deep for a recursive hash: it is compared.

    All have one hash, so that a set of them is quadratic; comparing charges for it.
    """

    __slots__ = ("charge", "compare", "value")

    def __init__(self, value: Any, compare: Callable[..., int], charge: Charge) -> None:
        self.value, self.compare, self.charge = value, compare, charge

    @classmethod
    def maker(cls, t: Record) -> Hash:
        """The function that makes such keys of values of `t`."""
        compare = ordering(t)
        return lambda x, charge: cls(x, compare, charge)

    def __eq__(self, other: object) -> bool:
        self.charge(1)
        return isinstance(other, _Compared) and self.compare(self.value, other.value, self.charge) == 0

    def __hash__(self) -> int:
        return 0
