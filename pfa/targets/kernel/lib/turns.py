"""What functions of the document leave in the arena, given back between the turns of a kernel's loop.

    turn = first_turn(ctx, rewind)          after all that the loop needs is made
    for i in range(n):
        total = call2(f, ctx, env, total, item(a, i))
        total = tidied(ctx, turn, total, rewind)

`rewind` is 0 or what `pfa.targets.kernel.rewind.extra` gives.  A turn is {mark, limit}, or 0 where nothing is left.
"""

from __future__ import annotations

from pfa.targets.kernel.language import END, TOP, call1, cold, get, i64, inline, ld, st
from pfa.targets.kernel.lib.base import alloc, length
from pfa.targets.kernel.lib.state import rewind_limit


@inline
def first_turn(ctx: i64, rewind: i64) -> i64:
    """What lies in the arena now stays there."""
    return start_turns(ctx) if rewind != 0 else 0


def start_turns(ctx: i64) -> i64:
    turn = alloc(ctx, 16)
    st(turn, get(ctx, TOP))
    st(turn + 8, rewind_limit(get(ctx, END), get(ctx, TOP), 0))
    return turn


@inline
def tidied(ctx: i64, turn: i64, x: i64, rewind: i64) -> i64:
    """The value that is still needed, behind which the rest is given back, if it is much."""
    if rewind != 0 and get(ctx, TOP) > ld(turn + 8):
        return rewound(ctx, turn, x, rewind)
    return x


@cold
def rewound(ctx: i64, turn: i64, x: i64, rewind: i64) -> i64:
    block = alloc(ctx, 16)
    st(block, x)
    st(turn + 8, call1(rewind, ctx, ld(turn), block))
    return ld(block)


@inline
def tidied_items(ctx: i64, turn: i64, out: i64, n: i64, rewind: i64) -> None:
    """The same where n items of an array, or pairs of a map, that is older than the loop are needed."""
    if rewind != 0 and get(ctx, TOP) > ld(turn + 8):
        rewound_items(ctx, turn, out, n, rewind)


@cold
def rewound_items(ctx: i64, turn: i64, out: i64, n: i64, rewind: i64) -> None:
    room = length(out)
    st(out + 8, n)
    rewound(ctx, turn, out, rewind)
    st(out + 8, room)
