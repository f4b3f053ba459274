"""Calls of the library: which kernel each becomes, or the escape to its Python body.

A kernel is found by its name: that of the function with `_` for `.` (operators: `NAMES`), with the kinds of the
parameters behind it where there are several:

    a_sum__adouble(a: i64) -> f64            a.sum of an array of doubles
    m_abs__int(ctx: i64, x: i64) -> i64      m.abs of an int; it may fail
    a_head(ctx: i64, a: i64) -> i64          a.head of anything: slots in, a slot out

Kinds are int, long, float, double, boolean, string, bytes, null, array, map, record, enum, fixed, union; an array or
map of a primitive type is adouble, mstring and so on.  The first that fits is taken: all kinds, the first one's, none.
An argument is given as the kernel's parameter asks for it: f64 and bool in their registers, i64 as a slot.  A
function is two parameters, its address and its environment, for `call1` and the like.  After the arguments a kernel
may ask for more, by name (N is the number of the argument, from 0):

    equal_N, order_N, less_N             compares slots of argument N's type: `call2(f, ctx, 0, a, b)`
    equal_item_N, order_item_N, ...      of the items of argument N
    kind_N, kind_item_N                  0 int, 1 long, 2 float, 3 double, 4 anything else
    symbols_N                            an array of the enumeration's symbols, as strings
    size_N                               the size of a fixed
    widen_item_0_1                       address of what makes argument 1 an item of argument 0: `call0(f, ctx, slot)`
    field_NAME_N                         byte offset of a field of the record that argument N, or an item of it, is;
                                         0 where there is no such field (`kind_field_NAME_N` of `extras` tells)
    fields_N                             the number of its fields
    names_N                              an array of its field names, as strings
    tag_NAME                             the number of a union's branch, as in tag_string, tag_double
    count                                how many arguments there are
    rewind_WHAT                          address of what gives back the garbage of callbacks: `call1(f, ctx, mark,
                                         block)` (`turns`, `pfa.targets.kernel.rewind`); 0 where there is none.  WHAT is
                                         what is needed still: `ret` a value of the result's type; of what is older than
                                         the loop, `item` the items of the result, `part` those of an array of results,
                                         `key` the keys of a map of numbers; or `none`
    steady_N                             a number of this call where function N depends on its arguments alone and
                                         nothing in the state changes in place: what is derived from a table may be
                                         kept then; else 0
    and those of `extras` and `prepared`
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from pfa.ir import FunctionValue, Op, Return, Routine, Var
from pfa.targets.kernel import extras, kernels, prepared, rewind
from pfa.targets.kernel.extras import CODES, code, inside, record_of
from pfa.targets.kernel.layout import kind
from pfa.targets.kernel.parts import Asked, Escape, Shared, Unsupported, from_slot, to_slot
from pfa.targets.kernel.walk import statements
from pfa.types import (
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRING,
    Array,
    Bottom,
    Enum,
    Fixed,
    Function,
    Map,
    Prim,
    Record,
    Type,
)

if TYPE_CHECKING:
    from pfa.ir import Lowered, Operand
    from pfa.lib.define import Fn
    from pfa.lib.signature import Bound
    from pfa.targets.kernel.routine import FunctionEmitter

NAMES = {
    "+": "op_add", "-": "op_sub", "*": "op_mul", "/": "op_div", "//": "op_idiv", "u-": "op_neg", "%": "op_mod",
    "%%": "op_rem", "**": "op_pow", "cmp": "op_cmp",
    "==": "op_eq", "!=": "op_ne", "<": "op_lt", "<=": "op_le", ">": "op_gt", ">=": "op_ge",
    "max": "op_max", "min": "op_min", "&&": "op_and", "||": "op_or", "^^": "op_xor", "!": "op_not", "&&&": "op_kand",
    "|||": "op_kor", "!!!": "op_knot", "&": "op_bitand", "|": "op_bitor", "^": "op_bitxor", "~": "op_bitnot",
    "<<": "op_shl", ">>": "op_shr", ">>>": "op_ushr",
}  # fmt: skip
_EXTRA = re.compile(
    r"(equal|order|less|kind|symbols|size|fields|names)(_item)?_(\d)\Z|field_(\w+)_(\d)\Z|tag_(\w+)\Z"
    r"|widen_item_(\d)_(\d)\Z|count\Z|rewind_(?:ret|item|part|key|none)\Z|steady_\d\Z"
)
CHARGING = frozenset(("a.append", "s.concat", "map.add"))  # they grow in place, and charge where they copy
INTEGERS = {"+": ("+", "add_over", 0), "-": ("-", "sub_over", 10), "*": ("*", "mul_over", 20)}
CHANGING = ("cell", "shared_cell", "pool", "shared_pool", "pool_has", "user", "dynamic", "log", "emit")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def simple(t: Type) -> str:
    """The kind of a type, as it stands in names of kernels."""
    match t:
        case Prim(name):
            return name
        case Function():
            return "fcn"
        case Bottom():
            return "null"
        case _:
            return type(t).__name__.lower()


def detailed(t: Type) -> str:
    match t:
        case Array(Prim(name)):
            return f"a{name}"
        case Map(Prim(name)):
            return f"m{name}"
        case _:
            return simple(t)


def call(f: FunctionEmitter, s: Op) -> None:
    """Print a call of the library."""
    fn, bound = s.extra
    f.e.draws = f.e.draws or fn.random
    if inline(f, s, fn, bound):
        f.e.native[fn.name] = "native"
        return
    if fn.cost and fn.name not in CHARGING:
        charge(f, s, fn, bound)
    if (text := native(f, s.args, fn, bound)) is not None:
        f.e.native.setdefault(fn.name, "native")
        f.assign(s.to, text, bound.ret)
        return
    f.e.native[fn.name] = "escape"
    escape(f, s, fn, bound)


def stands_in_text(fn: Fn, bound: Bound) -> bool:
    """Is a call an expression of the kernel language?"""
    if len(bound.params) != 2 or not all(isinstance(p, Prim) for p in bound.params):
        return False
    a, b = bound.params
    if fn.name in INTEGERS:
        return a in (INT, LONG, FLOAT, DOUBLE)
    return fn.name in COMPARISONS and a.tag in CODES and b.tag in CODES and kind(a) == kind(b)


def inline(f: FunctionEmitter, s: Op, fn: Fn, bound: Bound) -> bool:
    """Arithmetic and comparisons of numbers stand in the text, so that nothing hides them from the optimiser."""
    if not stands_in_text(fn, bound):
        return False
    t = bound.params[0]
    if fn.name in INTEGERS and t in (INT, LONG):
        symbol, over, offset = INTEGERS[fn.name]
        a, b = (f.hold(f.operand(x, t)) for x in s.args)
        made = f.temp()
        code = 18000 + offset + (t == LONG)
        site = f.site(fn.name, messages(fn))
        f.add(f"{made} = {a} {symbol} {b}")
        if t == LONG:
            f.add(f"if {over}({a}, {b}):")
        else:
            f.add(f"if {made} > 2147483647 or {made} < -2147483648:")
        f.add(f"    fail(ctx, {code}, site={site})")
        f.assign(s.to, made, bound.ret)
        return True
    if fn.name in INTEGERS and t in (FLOAT, DOUBLE):
        a, b = (f.operand(x, t) for x in s.args)
        text = f"{a} {INTEGERS[fn.name][0]} {b}"
        f.assign(s.to, f"f32({text})" if t == FLOAT else f"({text})", bound.ret)
        return True
    a, b = (f.operand(x, p) for x, p in zip(s.args, bound.params, strict=True))
    f.assign(s.to, f"({a} {fn.name} {b})", bound.ret)
    return True


def messages(fn: Fn) -> dict[int, str]:
    return {code: message for message, code in fn.errors.items()}


def candidates(fn: Fn, bound: Bound) -> list[str]:
    """Names of kernels that would do, the most particular first."""
    base = NAMES.get(fn.name) or fn.name.replace(".", "_")
    kinds = (detailed, simple) if bound.params else ()
    found = [f"{base}__{'_'.join(map(name_of, bound.params))}" for name_of in kinds]
    found += [f"{base}__{name_of(bound.params[0])}" for name_of in kinds]
    return [*found, f"{base}__n{len(bound.params)}", base]


def native(f: FunctionEmitter, args: tuple[Operand, ...], fn: Fn, bound: Bound) -> str | None:
    """The call of the kernel that fits, or None."""
    library = kernels.library()
    for name in candidates(fn, bound):
        kernel = library.get(name)
        if kernel is not None and fits(kernel, bound) and f.e.prepared.possible(kernel, args):
            return printed(f, kernel, args, fn, bound)
    return None


def fits(kernel: kernels.Kernel, bound: Bound) -> bool:
    """Can this kernel take these arguments, and give this result?"""
    wanted = [p for p in kernel.params if p[0] != "ctx"]
    for t in bound.params:
        need = 2 if isinstance(t, Function) else 1
        if len(wanted) < need:
            return False
        if need == 1 and wanted[0][1] == "double" and kind(t) != "f64":
            return False
        if need == 1 and wanted[0][1] == "i1" and kind(t) != "bool":
            return False
        wanted = wanted[need:]
    for name, _ in wanted:
        if asked := extras.PATTERN.match(name):
            if not extras.known(asked, bound):
                return False
        elif not (_EXTRA.match(name) or prepared.NAMES.match(name)):
            return False
    return not (kernel.ret == "double" and kind(bound.ret) != "f64") and not (
        kernel.ret == "i1" and kind(bound.ret) != "bool"
    )


def printed(f: FunctionEmitter, kernel: kernels.Kernel, args: tuple[Operand, ...], fn: Fn, bound: Bound) -> str:
    given = []
    wanted = list(kernel.params)
    if kernel.fails:
        given.append("ctx")
        wanted = wanted[1:]
    for x, t in zip(args, bound.params, strict=True):
        if isinstance(t, Function):
            given += f.function(x, t)
            wanted = wanted[2:]
            continue
        text = f.operand(x, t)
        given.append(text if wanted[0][1] != "i64" else to_slot(text, t))
        wanted = wanted[1:]
    given += [
        rewind.extra(f.e, name[7:], given, bound) if name[:7] == "rewind_" else extra(f, name, args, bound)
        for name, _ in wanted
    ]
    site = f", site={f.site(fn.name, messages(fn))}" if kernel.fails else ""
    text = f"{kernel.name}({', '.join(given)}{site})"
    if kernel.ret == "i64":
        k = kind(bound.ret)
        return f"unbits({text})" if k == "f64" else f"({text} != 0)" if k == "bool" else text
    if kernel.ret == "double" and bound.ret == FLOAT:
        return f"f32({text})"
    return text


def extra(f: FunctionEmitter, name: str, args: tuple[Operand, ...], bound: Bound) -> str:
    """What a kernel asks for beside its arguments."""
    if name == "count":
        return str(len(bound.params))
    if name.startswith("steady_"):
        return str(len(f.e.sites) if is_steady(f, args[int(name[-1])]) else 0)
    if asked := extras.PATTERN.match(name):
        return extras.extra(f.e, asked, bound)
    if asked := prepared.NAMES.match(name):
        return f.e.prepared.text(f, asked[1], args[int(asked[2])])
    found = _EXTRA.match(name)
    assert found
    what, item, number, field, record, tag, into, source = found.groups()
    if tag:
        return str(f.e.tags.setdefault(tag, len(f.e.tags)))
    if field:
        names = list(record_of(bound.params[int(record)]).by_name)
        return str(8 * names.index(field) if field in names else 0)
    if into:
        return f"address({f.e.helpers.widen(inside(bound.params[int(into)]), bound.params[int(source)])})"
    t = bound.params[int(number)]
    if item:
        t = inside(t)
    match what:
        case "equal":
            return f"address({f.e.helpers.equal(t)})"
        case "order":
            return f"address({f.e.helpers.order(t)})"
        case "less":
            return f"address({f.e.helpers.less(t)})"
        case "kind":
            return str(code(t))
        case "symbols":
            assert isinstance(t, Enum)
            return f.e.constant(Array(STRING), list(t.symbols))
        case "names":
            assert isinstance(t, Record)
            return f.e.constant(Array(STRING), list(t.by_name))
        case "fields":
            assert isinstance(t, Record)
            return str(len(t.fields))
        case _:
            assert isinstance(t, Fixed)
            return str(t.size)


def is_steady(f: FunctionEmitter, x: Operand) -> bool:
    """Does a function that is an argument depend on its own arguments alone?"""
    if f.e.places.chains:
        return False
    if isinstance(x, FunctionValue) and x.fn is not None:
        return not x.fn.random
    name = f.closures[x.name] if isinstance(x, Var) else x.name if isinstance(x, FunctionValue) else ""
    r = f.e.lowered.routines.get(name)
    if r is None or (isinstance(x, Var) and r.captured):
        return False
    ops = [s for s in statements(r.body, dict(r.parts)) if isinstance(s, Op)]
    return not any(s.code in CHANGING or (s.code == "call" and s.extra[0].random) for s in ops)


def charge(f: FunctionEmitter, s: Op, fn: Fn, bound: Bound) -> None:
    """The function's cost, with operands in place of its parameters."""
    names = fn.signatures[0].names if bound.signature is None else bound.signature.names
    operands: dict[str, tuple[str, Type]] = {}
    for n, x, t in zip(names, s.args, bound.params, strict=True):
        if not isinstance(t, Function):
            operands[n] = (f.hold(f.operand(x, t)), t)
    text = _cost(kernels.expression(fn.cost), operands)
    if text is not None and text != "1":
        f.add(f"charge(ctx, {text})")


def _cost(e: ast.expr, operands: dict[str, tuple[str, Type]]) -> str | None:
    """A cost in the kernel language; None where it says more than lengths, sums and products."""
    match e:
        case ast.Constant(int() as n):
            return str(n)
        case ast.Name(name) if name in operands and kind(operands[name][1]) == "i64":
            return operands[name][0]
        case ast.Call(ast.Name("len"), [ast.Name(name)]) if name in operands:
            text, t = operands[name]
            return f"length({text})" if simple(t) in _SIZED else "1"
        case ast.BinOp(left, op, right):
            a, b = _cost(left, operands), _cost(right, operands)
            symbol = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.RShift: ">>"}.get(type(op))
            return f"({a} {symbol} {b})" if a and b and symbol else None
        case _:
            return None


_SIZED = ("string", "bytes", "array", "map", "fixed")


def escape(f: FunctionEmitter, s: Op, fn: Fn, bound: Bound) -> None:
    """The function's Python body."""
    if not f.e.escape:
        raise Unsupported(f"{fn.name} has no native code for ({', '.join(map(str, bound.params))})")
    ask(f, s, fn, bound, messages(fn))


def ask(f: FunctionEmitter, s: Op, fn: Fn | Shared, bound: Bound | Asked, errors: dict[int, str]) -> None:
    """Arguments into an array of words, the host, a slot back."""
    block = f.temp()
    f.add(f"{block} = alloc(ctx, {16 * max(1, len(s.args))})")
    functions: dict[int, Function] = {}
    at = 0
    for x, t in zip(s.args, bound.params, strict=True):
        if isinstance(t, Function):
            functions[at] = t
            address, env = f.function(x, t)
            f.add(f"st({block} + {8 * at}, {address})")
            f.add(f"st({block} + {8 * at + 8}, {env})")
            at += 2
        else:
            f.e.tag_all(t)
            f.add(f"st({block} + {8 * at}, {to_slot(f.operand(x, t), t)})")
            at += 1
    f.e.tag_all(bound.ret)
    site = f.site(fn.name, errors)
    f.e.escapes.append(Escape(fn, bound, site, functions))
    number = len(f.e.escapes) - 1
    made = f"host(get(ctx, ESCAPE), ctx, {number}, {block}, site={site})"
    f.assign(s.to, from_slot(made, bound.ret), bound.ret)


def library_callback(f: FunctionEmitter, fn: Fn, bound: Bound, asked: Function) -> str:
    """A function of the library as a callback: a function of the program that calls it."""
    e = f.e
    name = f"lib{len(e.wrappers) + 1}_{len(e.texts)}"
    params = tuple(f"{name}_{i}" for i in range(len(bound.params)))
    e.types.update(zip(params, bound.params, strict=True))
    e.types[f"{name}()"] = own = Function(bound.params, bound.ret)
    e.types[f"{name}_r"] = bound.ret
    body = (Op(f"{name}_r", "call", tuple(map(Var, params)), (fn, bound)), Return(Var(f"{name}_r")))
    e.names[name] = name
    e.routine(Routine(name, params, body, at=f.at))
    return e.wrapper(f"{name}", own, asked, f"{name}({{}})", ())


def codes_of(texts: tuple[str, ...], lowered: Lowered) -> set[int]:
    """The codes of the library's errors that have one of these messages, of functions that the program calls."""
    found = set()
    for fn in functions(lowered):
        found |= {code for message, code in fn.errors.items() if message in texts}
    for odd, message in enumerate(("array index not found", "map key not found")):
        if message in texts:
            found |= {code + odd for code in range(2000, 2012, 2)}
    return found


def functions(lowered: Lowered) -> list[Fn]:
    """The functions of the library that a program calls, or gives to others."""
    found: dict[str, Any] = {}

    def block(b: Any) -> None:
        for s in b:
            if isinstance(s, Op):
                if s.code == "call":
                    found[s.extra[0].name] = s.extra[0]
                for a in s.args:
                    if isinstance(a, FunctionValue) and a.fn is not None:
                        found[a.fn.name] = a.fn
            for name in ("then", "orelse", "body"):
                if isinstance(inner := getattr(s, name, None), tuple):
                    block(inner)

    for r in lowered.routines.values():
        block(r.body)
    return list(found.values())

