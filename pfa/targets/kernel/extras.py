"""What kernels may ask for beside their arguments that takes more than a look at one type (`calls` has the others).

table_NAME                 an array of longs: `pfa.targets.kernel.tables`
plain_ret, plain_F_I       1 where the result, or parameter I of function F, is no union
kind_field_NAME_N          kind of a field of the record that argument N, or an item of it, is (0 to 4, as kind_N);
                           4 where there is no such field
kind_field_item_NAME_N     kind of the items of that field
kind_field_leaf_NAME_N     kind of what is in its innermost arrays or maps
field_is_KIND_NAME_N       1 where that field is there and an array, a boolean ...
widen_field_NAME_N_M       address of what makes that field the second argument of function M: `call0(f, ctx, slot)`
numbers_in_NAME_N          0 where there is no such field, 1 where it is a number, 2 where it is an array of numbers
real_field_NAME_N          address of what makes all numbers in that field doubles: `call0(f, ctx, slot)`
inner_FIELD_NAME_N         byte offset of a field NAME of the records that are items of the field FIELD
inner_real_FIELD_NAME_N    address of what makes all numbers in that field doubles
test_CODE, missing_CODE    tests a datum (argument 0) by a tree node (argument 1), which fail with CODE and the next
                           one: `call2(f, ctx, 0, datum, node)` (`pfa.targets.kernel.predicates`)
tag_record_N               the number of the branch that argument N's type is in its own fields
leaf_NAME_N                address of what makes a leaf in that field the result: `call0(f, ctx, slot)`
json_N, avro_N             writes argument N in Avro's JSON or binary encoding: `call2(f, ctx, 0, writer, slot)`
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pfa.targets.kernel import encoders, hashes, predicates, tables
from pfa.types import DOUBLE, LONG, NULL, Array, Function, Map, Prim, Record, Type, Union, branches

if TYPE_CHECKING:
    from pfa.lib.signature import Bound
    from pfa.targets.kernel.emit import Emitter

CODES = {"int": 0, "long": 1, "float": 2, "double": 3}
NUMBERS: dict[Type, int] = {NULL: 0, DOUBLE: 1, Array(DOUBLE): 2}
PATTERN = re.compile(
    r"table_(?P<table>\w+)\Z|plain_((?P<ret>ret)|(?P<fcn>\d)_(?P<param>\d))\Z|(?P<encoder>json|avro)(?P<each>_item)?_(?P<encoded>\d)\Z"
    r"|kind_field(?P<inner>_item|_leaf)?_(?P<field>\w+)_(?P<record>\d)\Z"
    r"|field_is_(?P<form>[a-z]+)_(?P<formed>\w+)_(?P<holder>\d)\Z"
    r"|hash(?P<hash_item>_item)?_(?P<hashed>\d)\Z|run_(?P<run>\d)\Z|(?P<unbox>unbox)\Z"
    r"|real_field_(?P<real>\w+)_(?P<real_of>\d)\Z|(?P<node>test|missing)_(?P<code>\d+)\Z"
    r"|inner_(?P<inner_real>real_)?(?P<outer>[A-Za-z]+)_(?P<within>[A-Za-z]+)_(?P<outermost>\d)\Z"
    r"|numbers_in_(?P<counted>\w+)_(?P<counter>\d)\Z"
    r"|tag_record_(?P<tagged>\d)\Z|leaf_(?P<leaf>\w+)_(?P<tree>\d)\Z"
    r"|widen_field_(?P<given>\w+)_(?P<of>\d)_(?P<function>\d)\Z"
)


def code(t: Type) -> int:
    """0 int, 1 long, 2 float, 3 double, 4 anything else."""
    return CODES.get(t.name, 4) if isinstance(t, Prim) else 4


def inside(t: Type) -> Type:
    """The type of what a container holds."""
    if isinstance(t, Array):
        return t.items
    if isinstance(t, Map):
        return t.values
    if isinstance(t, Union):
        return next((inside(b) for b in t.branches if b != NULL), NULL)
    return NULL


def record_of(t: Type) -> Record:
    """The record that a type is, or that its items are."""
    found = t if isinstance(t, Record) else inside(t)
    assert isinstance(found, Record)
    return found


def as_doubles(t: Type) -> Type:
    """The type with doubles for its numbers."""
    match t:
        case Array(items):
            return Array(as_doubles(items))
        case Map(values):
            return Map(as_doubles(values))
        case _:
            return DOUBLE if all(code(b) < len(CODES) for b in branches(t)) else t


def extra(e: Emitter, found: re.Match[str], bound: Bound) -> str:
    """The text of what was asked for."""
    asked = found.groupdict()
    if asked["table"]:
        return e.constant(Array(LONG), tables.TABLES[asked["table"]]())
    if asked["encoder"]:
        t = bound.params[int(asked["encoded"])]
        t = inside(t) if asked["each"] else t
        return f"address({encoders.encoder(e.helpers, asked['encoder'], t)})"
    if asked["hashed"]:
        t = bound.params[int(asked["hashed"])]
        return f"address({hashes.hashed(e.helpers, inside(t) if asked['hash_item'] else t)})"
    if asked["run"]:
        return str(int(bound.params[int(asked["run"])] == bound.params[0]))
    if asked["unbox"]:
        return str(int(not isinstance(inside(bound.ret), Union)))
    if asked["ret"]:
        return str(int(not isinstance(bound.ret, Union)))
    if asked["fcn"]:
        function = bound.params[int(asked["fcn"])]
        assert isinstance(function, Function)
        return str(int(not isinstance(function.params[int(asked["param"])], Union)))
    if asked["given"]:
        got = record_of(bound.params[int(asked["of"])]).by_name[asked["given"]].type
        function = bound.params[int(asked["function"])]
        assert isinstance(function, Function)
        return f"address({e.helpers.widen(function.params[1], got)})"
    if asked["node"]:
        datum, node = map(record_of, bound.params[:2])
        made = predicates.test if asked["node"] == "test" else predicates.missing
        return f"address({made(e.helpers, datum, node, int(asked['code']))})"
    if asked["tagged"]:
        return str(e.tag(record_of(bound.params[int(asked["tagged"])])))
    if asked["leaf"]:
        t = record_of(bound.params[int(asked["tree"])]).by_name[asked["leaf"]].type
        return f"address({e.helpers.widen(bound.ret, t)})"
    if asked["real"]:
        t = field_type(bound, asked["real_of"], asked["real"])
        return f"address({e.helpers.widen(as_doubles(t), t)})"
    if asked["counted"]:
        return str(NUMBERS[as_doubles(field_type(bound, asked["counter"], asked["counted"]))])
    if asked["outer"]:
        record = record_of(field_type(bound, asked["outermost"], asked["outer"]))
        if asked["inner_real"]:
            t = record.by_name[asked["within"]].type
            return f"address({e.helpers.widen(as_doubles(t), t)})"
        return str(8 * list(record.by_name).index(asked["within"]))
    if asked["form"]:
        formed = field_type(bound, asked["holder"], asked["formed"])
        return str(int((formed.name if isinstance(formed, Prim) else type(formed).__name__.lower()) == asked["form"]))
    return str(code(asked_type(asked, bound)))


def field_type(bound: Bound, number: str, name: str) -> Type:
    """The type of a field; null where there is none."""
    found = record_of(bound.params[int(number)]).by_name.get(name)
    return found.type if found else NULL


def asked_type(asked: dict[str, str], bound: Bound) -> Type:
    """The type whose kind `kind_field...` asks for."""
    t = field_type(bound, asked["record"], asked["field"])
    if asked["inner"] == "_leaf":
        while isinstance(t, Array | Map):
            t = inside(t)
    return inside(t) if asked["inner"] == "_item" else t


def known(found: re.Match[str], bound: Bound) -> bool:
    """Can kernels read what is asked for?  Not a union where numbers are: `[int, double]` is a double to signatures."""
    asked = found.groupdict()
    if asked["counted"]:
        return as_doubles(field_type(bound, asked["counter"], asked["counted"])) in NUMBERS
    return not asked["field"] or not isinstance(asked_type(asked, bound), Union)
