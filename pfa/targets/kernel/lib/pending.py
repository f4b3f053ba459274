"""Words of the state that point into the arena: what a cell is set to is copied when the action ends, not before.

So a cell that is set many times in an action costs one copy, and what it held in between is garbage of the arena like
any other.  Each such word has a note, {the one before, word, what copies its value, what it held before}; the last
note is a field of the context.  A word is an entry of the state, of a pair of a pool, or a slot of a container that
changes in place; that may lie in the arena itself, below the mark of a loop whose values go into it.

When a loop rewinds the arena, `gather_words` copies what the words hold behind its end, and `return_words` puts that
where it stays; between the two the words are as they were, so that nothing has happened where the copies do not fit.
"""

from __future__ import annotations

from pfa.targets.kernel.language import ARENA, DIRTY, END, call0, get, i64, inline, ld, move, put, st
from pfa.targets.kernel.lib.base import alloc
from pfa.targets.kernel.lib.state import keep_room, moving

NOTE = 32
KEPT = 48  # a note while the arena is rewound: {next, word, copies, before, value, whether it is a note again}
SEEN = 1  # of a word that was looked at; addresses are multiples of 8


def set_word(ctx: i64, at: i64, value: i64, copy: i64) -> None:
    """Put a value into a word of the state.  Where the old one lies in the arena, the word is noted already."""
    if moving(ctx, value) and (not moving(ctx, ld(at)) or moving(ctx, at)):
        note_word(ctx, at, copy)
    st(at, value)


def note_word(ctx: i64, at: i64, copy: i64) -> None:
    note = alloc(ctx, NOTE)
    st(note, get(ctx, DIRTY))
    st(note + 8, at)
    st(note + 16, copy)
    st(note + 24, ld(at))
    put(ctx, DIRTY, note)


def settle_words(ctx: i64) -> None:
    """The action is over: copy what the words of the persistent region hold; containers take theirs along."""
    note = get(ctx, DIRTY)
    while note != 0:
        at = ld(note + 8)
        if moving(ctx, ld(at)) and not moving(ctx, at):
            st(at, call0(ld(note + 16), ctx, ld(at)))
        note = ld(note)


def restore_words(ctx: i64) -> None:
    """It does not fit: the words hold what they held before, the keys of new items 0."""
    note = get(ctx, DIRTY)
    while note != 0:
        if not moving(ctx, ld(note + 8)):
            st(ld(note + 8), ld(note + 24))
        note = ld(note)


@inline
def in_arena(ctx: i64, x: i64) -> bool:
    return x >= get(ctx, ARENA) and x < get(ctx, END)


def gather_words(ctx: i64, to: i64) -> None:
    """Copies of the values that will not stay, a list that begins at `to`.  Of several notes of a word one counts."""
    note = get(ctx, DIRTY)
    while note != 0:
        at = ld(note + 8)
        if not moving(ctx, at):
            value = ld(at)
            if (value & SEEN) == 0 and (moving(ctx, value) or (moving(ctx, note) and in_arena(ctx, value))):
                kept = keep_room(ctx, KEPT)
                st(kept, 0)
                st(kept + 8, at)
                st(kept + 16, ld(note + 16))
                st(kept + 24, ld(note + 24))
                st(kept + 32, call0(ld(note + 16), ctx, value))
                st(kept + 40, int(moving(ctx, note)))
                st(to, kept)
                to = kept
                st(at, value | SEEN)
        note = ld(note)


def release_words(ctx: i64) -> None:
    """The words are no longer marked as seen."""
    note = get(ctx, DIRTY)
    while note != 0:
        at = ld(note + 8)
        if not moving(ctx, at) and (ld(at) & SEEN) != 0:
            st(at, ld(at) - SEEN)
        note = ld(note)


def return_words(ctx: i64, kept: i64, mark: i64) -> None:
    """Put the copies into the words, and notes that lay above the mark behind those below it."""
    older = get(ctx, DIRTY)
    while older >= mark:
        older = ld(older)
    last = 0
    put(ctx, DIRTY, older)
    while kept != 0:
        at = ld(kept + 8)
        st(at, call0(ld(kept + 16), ctx, ld(kept + 32)))
        if ld(kept + 40) != 0:
            note = keep_room(ctx, NOTE)
            move(note, kept, NOTE)
            st(note, older)
            if last == 0:
                put(ctx, DIRTY, note)
            else:
                st(last, note)
            last = note
        kept = ld(kept)
