"""Print what `pfa.passes.fuse` makes of calls that give arrays: an array with room, filled by a loop.

    out = new_array(ctx, length(x))
    n = 0
    for ...:
        st(items(out) + n * 8, y)
        n += 1
    out = trim_array(out, n)                  where fewer items may have come
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.ir import Branch, Op, Var
from pfa.targets.kernel.parts import store_at
from pfa.types import INT

if TYPE_CHECKING:
    from pfa.ir import Block
    from pfa.targets.kernel.routine import FunctionEmitter


def room(f: FunctionEmitter, s: Op) -> None:
    """An array as long as another one."""
    x = s.args[0]
    f.assign(s.to, f"new_array(ctx, length({f.operand(x, f.type_of(x))}))", s.extra)
    f.add(f"{counter(s.to)} = 0")


def push(f: FunctionEmitter, s: Op) -> None:
    """The next item."""
    out, value = s.args
    assert isinstance(out, Var)
    items, _ = s.extra
    n = counter(out.name)
    f.add(store_at(f"items({out.name}) + {n} * 8", f.operand(value, items), items))
    f.add(f"{n} += 1")


def built(f: FunctionEmitter, s: Op) -> None:
    """The array with the items that came."""
    [out] = s.args
    assert isinstance(out, Var)
    text = f"trim_array({out.name}, {counter(out.name)})" if s.extra else out.name
    f.assign(s.to, text, f.type_of(out))


def next_(f: FunctionEmitter, s: Op) -> None:
    """One more, of a count of items."""
    f.assign(s.to, f"{f.operand(s.args[0], INT)} + 1", INT)


OPS = {"room": room, "push": push, "built": built, "next": next_}


def counter(out: str) -> str:
    """The count of an array's items so far."""
    return f"{out}_n"


def keeps(body: Block) -> bool:
    """Does an array that this loop fills hold what its turns leave in the arena, so that it must stay there?"""
    for s in body:
        match s:
            case Op(_, "push", _, (_, True)):
                return True
            case Branch(_, then, orelse) if keeps(then) or keeps(orelse):
                return True
            case _:
                pass
    return False
