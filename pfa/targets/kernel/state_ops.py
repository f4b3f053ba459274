"""What the operations on cells and pools become in the kernel language; shared ones go through the host."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pfa.ir import Const, Var
from pfa.targets.kernel import calls
from pfa.targets.kernel.layout import kind, recursive
from pfa.targets.kernel.parts import ZERO, Asked, Shared, load_at, local, store_at, to_slot
from pfa.types import BOOLEAN, NULL, STRING, Array, Function

if TYPE_CHECKING:
    from pfa.ir import Op
    from pfa.targets.kernel.routine import FunctionEmitter
    from pfa.types import Type


def read_cell(f: FunctionEmitter, s: Op) -> None:
    t = f.e.program.cells[s.extra].type
    f.assign(s.to, load_at(f"get(ctx, STATE) + {8 * f.e.slots['cell', s.extra]}", t), t)


def set_cell(f: FunctionEmitter, s: Op) -> None:
    """The value stays in the arena, if it is there, until the action ends (`lib/pending.py`)."""
    t = f.e.program.cells[s.extra].type
    at = f"get(ctx, STATE) + {8 * f.e.slots['cell', s.extra]}"
    value = f.operand(s.args[0], t)
    if f.e.helpers.persist(t):
        f.add(f"set_word(ctx, {at}, {held(f, 'cell', s.extra, value, t)}, {f.e.helpers.copier(t)})")
    else:
        f.add(f"st({at}, {to_slot(value, t)})")


def held(f: FunctionEmitter, what: str, name: str, value: str, t: Type) -> str:
    """A value as a cell or an item holds it: containers that change in place are nobody else's."""
    return owned(f, value, t) if f.e.places.holds((what, name), ()) else value


def owned(f: FunctionEmitter, value: str, t: Type) -> str:
    """A copy of a value's containers."""
    made = f.hold(f.e.helpers.owned(value, t))
    if recursive(t):
        f.add("fill_noted(ctx)")
    return made


def shared(f: FunctionEmitter, s: Op, method: str, cell: str, params: tuple[Type, ...], ret: Type) -> None:
    errors = {2009: "map key not found"} if method == "get" else {}
    calls.ask(f, s, Shared(method, cell), Asked(params, ret), errors)


def shared_cell(f: FunctionEmitter, s: Op) -> None:
    shared(f, s, "get", f"cell:{s.extra}", (), f.e.program.cells[s.extra].type)


def update_cell(f: FunctionEmitter, s: Op) -> None:
    t = f.e.program.cells[s.extra].type
    shared(f, s, "update", f"cell:{s.extra}", (Function((t,), t),), t)


def shared_pool(f: FunctionEmitter, s: Op) -> None:
    shared(f, s, "get", f"pool:{s.extra}", (STRING,), f.e.program.pools[s.extra].type)


def update_pool(f: FunctionEmitter, s: Op) -> None:
    t = f.e.program.pools[s.extra].type
    _, init, _, *there = s.args
    if there:
        update_or_make(f, s, t)
        return
    first = NULL if isinstance(init, Const) and init.value is None else t
    shared(f, s, "update", f"pool:{s.extra}", (STRING, first, Function((t,), t)), t)


def update_or_make(f: FunctionEmitter, s: Op, t: Type) -> None:
    """The host gets an array of the initial value, if there is one, and gives one of the new value, if it was set."""
    item, init, update, there = s.args
    given, found = f"{s.to}_init", f"{s.to}_found"
    f.assign(given, "new_array(ctx, 1)", Array(t))
    f.add(store_at(f"items({given})", f.operand(init, t), t))
    f.add(f"if {f.operand(there, BOOLEAN)}:")
    f.add(f"    st({given} + 8, 0)")
    params = (STRING, Array(t), Function((t,), t))
    asked = replace(s, to=found, args=(item, Var(given), update))
    shared(f, asked, "update_or_make", f"pool:{s.extra}", params, Array(t))
    f.assign(s.to, ZERO[kind(t)], t)
    f.add(f"if length({found}) != 0:")
    f.add(f"    {local(s.to)} = {load_at(f'items({found})', t)}")


def delete_shared(f: FunctionEmitter, s: Op) -> None:
    shared(f, s, "delete", f"pool:{s.extra}", (STRING,), NULL)


def present(f: FunctionEmitter, s: Op) -> None:
    [made] = s.args
    assert isinstance(made, Var)
    f.assign(s.to, f"(length({made.name}_found) != 0)", BOOLEAN)


def pool_at(f: FunctionEmitter, name: str) -> str:
    return f"ld(get(ctx, STATE) + {8 * f.e.slots['pool', name]})"


def read_pool(f: FunctionEmitter, s: Op) -> None:
    t = f.e.program.pools[s.extra].type
    found = f.temp()
    f.add(f"{found} = pool_find(ctx, {pool_at(f, s.extra)}, {f.operand(s.args[0], STRING)})")
    site = f.site("pool", {2009: "map key not found"})
    f.add(f"if {found} == 0:")
    f.add(f"    fail(ctx, 2009, site={site})")
    f.assign(s.to, load_at(f"{found} + 8", t), t)


def pool_has(f: FunctionEmitter, s: Op) -> None:
    if f.e.program.pools[s.extra].shared:
        shared(f, s, "__contains__", f"pool:{s.extra}", (STRING,), BOOLEAN)
        return
    found = f"pool_find(ctx, {pool_at(f, s.extra)}, {f.operand(s.args[0], STRING)})"
    f.assign(s.to, f"({found} != 0)", BOOLEAN)


def set_pool(f: FunctionEmitter, s: Op) -> None:
    t = f.e.program.pools[s.extra].type
    value = f.hold(held(f, "pool", s.extra, to_slot(f.operand(s.args[1], t), t), t))
    remember(f, s)
    key = f.operand(s.args[0], STRING)
    f.add(f"pool_set(ctx, {pool_at(f, s.extra)}, {key}, {value}, {f.e.helpers.copier(t)})")


def remember(f: FunctionEmitter, s: Op) -> None:
    """An item's old value, for the rollback of the action."""
    if f.e.program.pools[s.extra].rollback:
        key = f.operand(s.args[0], STRING)
        at = f"get(ctx, STATE) + {8 * f.e.slots['undo', s.extra]}"
        f.add(f"pool_remember(ctx, {pool_at(f, s.extra)}, {key}, {at})")


def delete_item(f: FunctionEmitter, s: Op) -> None:
    remember(f, s)
    f.add(f"pool_delete(ctx, {pool_at(f, s.extra)}, {f.operand(s.args[0], STRING)})")


OPS = {
    "cell": read_cell, "set_cell": set_cell, "pool": read_pool, "pool_has": pool_has, "set_pool": set_pool,
    "delete": delete_item, "shared_cell": shared_cell, "update_cell": update_cell, "shared_pool": shared_pool,
    "update_pool": update_pool, "delete_shared": delete_shared, "present": present,
}  # fmt: skip
