"""Lower paths: attr, cells and pools, steps down into a structure and back up with something replaced.

    attr x, path [i, ["f"]], to v      ->      t1 = x[i]; t2 = t1 with f = v; t3 = x with item i = t2

A part of `pfa.passes.lower`, whose `Builder` holds the block that is being made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.ir import (
    Argument,
    Attr,
    AttrTo,
    Branch,
    CellGet,
    CellTo,
    Const,
    FunctionDef,
    FunctionRef,
    FunctionValue,
    Leave,
    Lit,
    Loop,
    Op,
    Operand,
    PoolDel,
    PoolGet,
    PoolTo,
    Return,
    Routine,
    Step,
    Var,
)
from pfa.passes.operands import NONE, WIDE, free
from pfa.types import MISSING, Array, Function, Map, Record

if TYPE_CHECKING:
    from pfa.passes.lower import Builder


def keys_of(b: Builder, path: tuple[Step, ...]) -> list[Operand]:
    """The path's expressions, evaluated from left to right; a field is its name."""
    return [Const(s.field) if s.key is None else b.value(s.key) for s in path]


def step_into(b: Builder, base: Operand, kind: Any, step: Step, key: Operand, code: int, at: str, to: str = "") -> Var:
    """One step down: `base[key]`, with the form's error where there is none."""
    if step.key is None:
        return b.op(to, "field", (base,), step.field, at)
    return b.op(to, "index" if kind == "array" else "key", (base, key), code, at)


def walk(b: Builder, base: Operand, type: Any, path: tuple[Step, ...], keys: list[Operand], code: int,
         at: str, into: str = "") -> Operand:  # fmt: skip
    """All steps down."""
    last = len(path) - 1
    for i, step in enumerate(path):
        to = into if i == last else ""
        if step.key is None:
            base = b.op(to, "field", (base,), step.field, at)
        else:
            kind = "array" if isinstance(type, Array) else "map"
            base = step_into(b, base, kind, step, keys[i], code + (kind == "map"), at, to)
        type = step.into
    return base


def attr(b: Builder, e: Attr, into: str) -> Operand:
    base = b.value(e.base)
    keys = [NONE if s.key is None else b.value(s.key) for s in e.path]
    return walk(b, base, e.base.type, e.path, keys, 2000, e.at, into)


def attr_to(b: Builder, e: AttrTo, into: str) -> Operand:
    base = b.value(e.base)
    keys = keys_of(b, e.path)
    to = None if isinstance(e.to, FunctionDef | FunctionRef) else b.value(e.to)
    return replaced(b, base, e.base.type, e.path, keys, e.to, to, 2002, e.at, into)


def replaced(b: Builder, base: Operand, type: Any, path: tuple[Step, ...], keys: list[Operand], to: Argument,
             value: Operand | None, code: int, at: str, into: str = "") -> Operand:  # fmt: skip
    """`base` with what the path names replaced by `value`, or by the function `to` of what was there."""
    if not path:
        if isinstance(to, FunctionDef | FunctionRef):
            return b.apply(to, base, into)
        return NONE if value is None else value
    kinds = _kinds(type, path)
    levels = [base]
    for kind, step, key in list(zip(kinds, path, keys, strict=True))[:-1]:
        levels.append(step_into(b, levels[-1], kind, step, key, code + (kind == "map"), at))
    checked = code + (kinds[-1] == "map")
    if isinstance(to, FunctionDef | FunctionRef):
        old = step_into(b, levels[-1], kinds[-1], path[-1], keys[-1], checked, at)
        value = b.apply(to, old)
        checked = 0
    new: Operand = NONE if value is None else value
    for i in range(len(path) - 1, -1, -1):
        put = {"array": "put_index", "map": "put_key", "wide": "put_key", "record": "put_field"}[kinds[i]]
        new = b.op(into if i == 0 else "", put, (levels[i], keys[i], new), checked, at)
        checked = 0
    return new


def cell_get(b: Builder, e: CellGet, into: str) -> Operand:
    cell = b.program.cells[e.cell]
    keys = keys_of(b, e.path)
    code = "shared_cell" if cell.shared else "cell"
    base = b.op("" if e.path else into, code, (), e.cell, e.at)
    return walk(b, base, cell.type, e.path, keys, 2004, e.at, into)


def cell_to(b: Builder, e: CellTo, into: str) -> Operand:
    cell = b.program.cells[e.cell]
    keys = keys_of(b, e.path)
    value = None if isinstance(e.to, FunctionDef | FunctionRef) else b.value(e.to)
    if cell.shared:
        update = updater(b, cell.type, e.path, keys, e.to, value, 2006, e.at)
        return b.op(into, "update_cell", (update,), e.cell, e.at)
    whole = not e.path and value is not None
    old: Operand = NONE if whole else b.op("", "cell", (), e.cell, e.at)
    new = replaced(b, old, cell.type, e.path, keys, e.to, value, 2006, e.at, into)
    b.effect("set_cell", (new,), e.cell, e.at)
    return new


def pool_get(b: Builder, e: PoolGet, into: str) -> Operand:
    pool = b.program.pools[e.pool]
    item = b.value(e.item)
    keys = keys_of(b, e.path)
    code = "shared_pool" if pool.shared else "pool"
    base = b.op("" if e.path else into, code, (item,), e.pool, e.at)
    return walk(b, base, pool.type, e.path, keys, 2008, e.at, into)


def pool_to(b: Builder, e: PoolTo, into: str) -> Operand:
    pool = b.program.pools[e.pool]
    item = b.value(e.item)
    keys = keys_of(b, e.path)
    value = None if isinstance(e.to, FunctionDef | FunctionRef) else b.value(e.to)
    if pool.shared:
        update = updater(b, pool.type, e.path, keys, e.to, value, 2010, e.at)
        whole = not e.path and value is not None
        if not whole and not isinstance(e.init, Lit):
            return update_or_make(b, e, item, update)
        init = NONE if whole else b.value(e.init)
        return b.op(into, "update_pool", (item, init, update), e.pool, e.at)
    if not e.path and value is not None:
        new: Operand = value
    else:
        old = b.temp()
        found = b.op("", "pool_has", (item,), e.pool, e.at)
        get = b.block(lambda: b.op(old, "pool", (item,), e.pool, e.at))
        make = b.block(lambda: b.assign(e.init, old))
        b.out.append(Branch(found, get, make))
        new = replaced(b, Var(old), pool.type, e.path, keys, e.to, value, 2010, e.at, into)
    b.effect("set_pool", (item, new), e.pool, e.at)
    return new


def update_or_make(b: Builder, e: PoolTo, item: Operand, update: Operand) -> Operand:
    """The update of a shared item, whose `init` is evaluated only where there is none, outside of the lock.

    An item that was there and is gone when the lock is held is looked for again.
    """
    made, init = b.temp(), b.temp()

    def turn() -> None:
        there = b.op("", "pool_has", (item,), e.pool, e.at)
        make = b.block(lambda: b.assign(e.init, init))
        b.out.append(Branch(there, (Op(init, "copy", (Const(MISSING),)),), make))
        b.op(made, "update_pool", (item, Var(init), update, there), e.pool, e.at)
        b.out.append(Leave(b.op("", "present", (Var(made),), at=e.at), True))

    b.out.append(Loop(b.block(turn), at=e.at))
    return Var(made)


def pool_del(b: Builder, e: PoolDel, into: str) -> Operand:
    shared = b.program.pools[e.pool].shared
    b.effect("delete_shared" if shared else "delete", (b.value(e.item),), e.pool, e.at)
    return NONE


def updater(b: Builder, type: Any, path: tuple[Step, ...], keys: list[Operand], to: Argument,
            value: Operand | None, code: int, at: str) -> Operand:  # fmt: skip
    """The function from old to new that runs while the writers' lock is held."""
    outer, b.out = b.out, []
    old = b.temp()
    b.program.types[old] = type
    new = replaced(b, Var(old), type, path, keys, to, value, code, at)
    block = (*b.out, Return(new))
    b.out = outer
    b.program.lifted += 1
    name = f"f{b.program.lifted}"
    captured = free(block, (old,))
    b.program.routines[name] = Routine(name, (old,), block, captured, at=at)
    b.program.types[f"{name}()"] = Function((type,), type)
    if not captured:
        return FunctionValue(name)
    return b.op("", "closure", tuple(map(Var, captured)), name, at)


def _kinds(type: Any, path: tuple[Step, ...]) -> list[str]:
    """What each step walks into: "array", "map", "record", or "wide" for a record whose copy is charged."""
    kinds: list[str] = []
    for step in path:
        wide = isinstance(type, Record) and len(type.fields) > WIDE
        record = "wide" if wide else "record"
        kinds.append("array" if isinstance(type, Array) else "map" if isinstance(type, Map) else record)
        type = step.into
    return kinds
