"""What each operation of a statement becomes in the kernel language, but for those on cells and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.ir import Const, Var
from pfa.targets.kernel.parts import Unsupported, from_slot, load_at, local, store_at, to_slot
from pfa.types import BOOLEAN, BYTES, DOUBLE, INT, LONG, NULL, STRING, Array, Function, Map, Record, Union

if TYPE_CHECKING:
    from pfa.ir import Op, Operand
    from pfa.targets.kernel.routine import FunctionEmitter
    from pfa.types import Type

FORMS = {2000: "attr", 2002: "attr", 2004: "cell", 2006: "cell", 2008: "pool", 2010: "pool"}


def copy(f: FunctionEmitter, s: Op) -> None:
    t = f.e.types.get(s.to) or f.type_of(s.args[0], class_type(s.args[0]))
    if isinstance(s.args[0], Var) and s.args[0].name in f.closures:
        raise Unsupported("a copy of a function")
    f.assign(s.to, f.operand(s.args[0], t), t)


def user(f: FunctionEmitter, s: Op) -> None:
    t = f.e.types[f"u:{s.extra}()"]
    assert isinstance(t, Function)
    args = [f.operand(a, p) for a, p in zip(s.args, t.params, strict=True)]
    f.assign(s.to, f"{f.e.names['u:' + s.extra]}({', '.join(['ctx', *args])})", t.ret)


def dynamic(f: FunctionEmitter, s: Op) -> None:
    _, functions = s.extra
    which = f.hold(f.operand(s.args[0], f.type_of(s.args[0], INT)))
    ret: Type | None = None
    for i, fn in enumerate(functions):
        t = f.e.types[f"{fn.name}()"] if fn.fn is None else Function(fn.bound.params, fn.bound.ret)
        assert isinstance(t, Function)
        ret = f.e.types.setdefault(s.to, t.ret) if s.to else t.ret
        types = [f.type_of(a, p) for a, p in zip(s.args[1:], t.params, strict=True)]
        asked = Function(tuple(types), ret)
        address, env = f.function(fn, asked)
        args = [to_slot(f.operand(a, p), p) for a, p in zip(s.args[1:], types, strict=True)]
        f.add(f"{'if' if i == 0 else 'elif'} {which} == {i}:")
        f.indent += 1
        made = f"call{len(args)}({', '.join([address, 'ctx', env, *args])})"
        f.assign(s.to or f.temp(), from_slot(made, ret), ret)
        f.indent -= 1


def closure(f: FunctionEmitter, s: Op) -> None:
    f.closures[s.to] = s.extra
    f.assigned.add(local(s.to))
    env = local(s.to)
    f.add(f"{env} = alloc(ctx, {8 * len(s.args)})")
    for i, a in enumerate(s.args):
        t = f.type_of(a)
        f.add(store_at(f"{env} + {8 * i}", f.operand(a, t), t))


def emit_value(f: FunctionEmitter, s: Op) -> None:
    t = f.e.program.output
    number = f.event("", (t,))
    f.add(f"event(ctx, {number}, {to_slot(f.operand(s.args[0], t), t)})")


def log_values(f: FunctionEmitter, s: Op) -> None:
    namespace, types = s.extra
    number = f.event(namespace, types, True)
    block = f.temp()
    f.add(f"{block} = alloc(ctx, {8 * max(1, len(types))})")
    for i, (a, t) in enumerate(zip(s.args, types, strict=True)):
        f.add(store_at(f"{block} + {8 * i}", f.operand(a, t), t))
    f.add(f"event(ctx, {number}, {block})")


def make_array(f: FunctionEmitter, s: Op) -> None:
    t = f.e.types[s.to] if s.to else Array(NULL)
    assert isinstance(t, Array)
    made = f.temp()
    f.add(f"{made} = new_array(ctx, {len(s.args)})")
    if s.args:
        data = f.hold(f"items({made})")
    for i, a in enumerate(s.args):
        f.add(store_at(f"{data} + {8 * i}", f.operand(a, t.items), t.items))
    f.assign(s.to, made, t)


def make_map(f: FunctionEmitter, s: Op) -> None:
    t = f.e.types.get(s.to, NULL)
    made = f.temp()
    if isinstance(t, Record):
        given = dict(zip(s.extra, s.args, strict=True))
        f.add(f"{made} = alloc(ctx, {8 * max(1, len(t.fields))})")
        for i, field in enumerate(t.fields):
            f.add(store_at(f"{made} + {8 * i}", f.operand(given[field.name], field.type), field.type))
    else:
        assert isinstance(t, Map)
        f.add(f"{made} = new_map(ctx, {len(s.args)})")
        for i, (k, a) in enumerate(zip(s.extra, s.args, strict=True)):
            f.add(f"st(items({made}) + {16 * i}, {f.e.constant(STRING, k)})")
            f.add(store_at(f"items({made}) + {16 * i + 8}", f.operand(a, t.values), t.values))
    f.assign(s.to, made, t)


def field(f: FunctionEmitter, s: Op) -> None:
    base = f.type_of(s.args[0])
    assert isinstance(base, Record), s
    names = list(base.by_name)
    t = base.by_name[s.extra].type
    at = 8 * names.index(s.extra)
    f.assign(s.to, load_at(f"{f.operand(s.args[0], base)} + {at}", t), t)


def index(f: FunctionEmitter, s: Op) -> None:
    base = f.type_of(s.args[0])
    assert isinstance(base, Array)
    array = f.hold(f.operand(s.args[0], base))
    index = f.hold(f.operand(s.args[1], INT))
    check_index(f, array, index, s.extra)
    f.assign(s.to, load_at(f"items({array}) + {index} * 8", base.items), base.items)


def check_index(f: FunctionEmitter, array: str, index: str, code: int) -> None:
    site = f.site(FORMS[code], {code: "array index not found"})
    f.add(f"if {index} < 0 or {index} >= length({array}):")
    f.add(f"    fail(ctx, {code}, site={site})")


def key(f: FunctionEmitter, s: Op) -> None:
    base = f.type_of(s.args[0])
    assert isinstance(base, Map)
    m = f.hold(f.operand(s.args[0], base))
    found = find(f, m, f.operand(s.args[1], STRING), s.extra)
    f.assign(s.to, load_at(f"{found} + 8", base.values), base.values)


def find(f: FunctionEmitter, m: str, key: str, code: int) -> str:
    """The pair of a key, or the form's error."""
    found = f.temp()
    f.add(f"{found} = map_find(ctx, {m}, {key})")
    if code:
        site = f.site(FORMS[code - 1], {code: "map key not found"})
        f.add(f"if {found} == 0:")
        f.add(f"    fail(ctx, {code}, site={site})")
    return found


def put_index(f: FunctionEmitter, s: Op) -> None:
    base = f.type_of(s.args[0])
    assert isinstance(base, Array)
    array = f.hold(f.operand(s.args[0], base))
    index = f.hold(f.operand(s.args[1], INT))
    if s.extra:
        check_index(f, array, index, s.extra)
    value = to_slot(f.operand(s.args[2], base.items), base.items)
    f.add(f"charge(ctx, length({array}) // 8)")
    f.assign(s.to, f"array_put(ctx, {array}, {index}, {value})", base)


def put_key(f: FunctionEmitter, s: Op) -> None:
    base = f.type_of(s.args[0])
    if isinstance(base, Record):
        put_field(f, s)
        return
    assert isinstance(base, Map)
    m = f.hold(f.operand(s.args[0], base))
    key = f.hold(f.operand(s.args[1], STRING))
    if s.extra:
        find(f, m, key, s.extra)
    value = to_slot(f.operand(s.args[2], base.values), base.values)
    f.assign(s.to, f"map_put(ctx, {m}, {key}, {value})", base)


def put_field(f: FunctionEmitter, s: Op) -> None:
    base = f.type_of(s.args[0])
    assert isinstance(base, Record)
    name = s.args[1]
    assert isinstance(name, Const)
    made = f.temp()
    size = 8 * len(base.fields)
    t = base.by_name[name.value].type
    f.add(f"{made} = alloc(ctx, {size})")
    f.add(f"move({made}, {f.operand(s.args[0], base)}, {size})")
    at = f"{made} + {8 * list(base.by_name).index(name.value)}"
    f.add(store_at(at, f.operand(s.args[2], t), t))
    f.assign(s.to, made, base)


def widen(f: FunctionEmitter, s: Op) -> None:
    want, got = s.extra
    text = f.operand(s.args[0], got)
    f.assign(s.to, f.e.helpers.widened(text, want, got), want)


def is_branch(f: FunctionEmitter, s: Op) -> None:
    whole, branches = s.extra
    if not isinstance(whole, Union):
        f.assign(s.to, "True", BOOLEAN)
        return
    value = f.hold(f.operand(s.args[0], whole))
    tests = [
        f"{value} == 0" if b.tag == "null" else f"union_tag({value}) == {f.e.tag(b)}" for b in branches
    ]
    f.assign(s.to, f"({' or '.join(tests)})", BOOLEAN)


def not_null(f: FunctionEmitter, s: Op) -> None:
    tests = []
    for a in s.args:
        if isinstance(a, Var) and a.name in f.unpacked:
            tests.append(f"{local(a.name)} != 0")
        else:
            t = f.type_of(a)
            tests.append(f"{f.operand(a, t)} != 0" if isinstance(t, Union) else str(t != NULL))
    f.assign(s.to, f"({' and '.join(tests)})", BOOLEAN)


def is_constant(f: FunctionEmitter, s: Op) -> None:
    """A boolean, or a union of one and null, is this constant."""
    t = f.type_of(s.args[0], BOOLEAN)
    value = f.hold(f.operand(s.args[0], t))
    if isinstance(t, Union):
        f.assign(s.to, f"({value} != 0 and ld({value} + 8) == {int(s.extra)})", BOOLEAN)
    elif t == NULL:
        f.assign(s.to, "False", BOOLEAN)
    else:
        f.assign(s.to, value if s.extra else f"not {value}", BOOLEAN)


def user_error(f: FunctionEmitter, s: Op) -> None:
    message, code = s.extra
    site = f.e.site("error", {}, f.at, (message, code))
    f.add(f"fail(ctx, USER, site={site})")


def unpacked_item(f: FunctionEmitter, s: Op) -> None:
    """A value that `unpack` has read."""
    [got] = s.args
    assert isinstance(got, Var)
    name, t = f.unpacked[got.name][s.extra]
    f.assign(s.to, name, t)


def class_type(x: Operand) -> Type:
    if isinstance(x, Const):
        return {bool: BOOLEAN, int: LONG, float: DOUBLE, str: STRING, bytes: BYTES}.get(type(x.value), NULL)
    return NULL


OPS = {
    "copy": copy, "user": user, "dynamic": dynamic, "closure": closure, "emit": emit_value, "log": log_values,
    "array": make_array, "map": make_map, "field": field, "index": index, "key": key, "put_index": put_index,
    "put_key": put_key, "put_field": put_field, "widen": widen, "is_branch": is_branch, "not_null": not_null,
    "is": is_constant, "error": user_error, "item": unpacked_item,
}  # fmt: skip
