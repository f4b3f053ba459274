"""Outline: blocks that nest too deep become parts, functions at the top of their routine.

    if a: if b: ... (17 deep) x = 1        ->       if a: if b: ... part 1      with  part 1: x = 1

CPython refuses 100 indents and 20 nested loops, and real producers write forests as 300 nested `if`.  A part shares
the locals of its routine, so nothing is passed and an error inside it loses nothing.  The invariant: no block is
deeper than `DEPTH`, and a part holds no `Leave` of a loop outside it.
"""

from __future__ import annotations

from dataclasses import replace

from pfa.ir import Attempt, Block, Branch, Each, Leave, Loop, Lowered, Op, Part, Routine, Statement

DEPTH = 14


def outline(lowered: Lowered) -> Lowered:
    """The same program with no routine deeper than `DEPTH`."""
    return replace(lowered, routines={name: outlined(r) for name, r in lowered.routines.items()})


def outlined(r: Routine) -> Routine:
    """The same routine, no deeper than `DEPTH`."""
    return _outlined(r) if _too_deep(r.body, 0) else r


def _too_deep(block: Block, depth: int) -> bool:
    if depth > DEPTH:
        return True
    for s in block:
        for inner in () if s.__class__ is Op else _inner(s):
            if _too_deep(inner, depth + 1):
                return True
    return False


def _inner(s: Statement) -> tuple[Block, ...]:
    match s:
        case Branch(_, then, orelse):
            return then, orelse
        case Loop(body) | Attempt(body):
            return (body,)
        case Each(_, _, body):
            return (body,)
        case _:
            return ()


def _outlined(r: Routine) -> Routine:
    parts: list[tuple[str, Block]] = []
    body = _Outliner(parts).block(r.body, 0)
    return replace(r, body=body, parts=tuple(parts))


class _Outliner:
    def __init__(self, parts: list[tuple[str, Block]]) -> None:
        self.parts = parts

    def block(self, block: Block, depth: int) -> Block:
        if depth >= DEPTH and not any(isinstance(s, Leave) for s in block) and any(map(_inner, block)):
            return (self.part(block),)
        return tuple([self.statement(s, depth) for s in block])

    def part(self, block: Block) -> Part:
        made = self.block(block, 0)
        name = f"part{len(self.parts) + 1}"
        self.parts.append((name, made))
        return Part(name)

    def statement(self, s: Statement, depth: int) -> Statement:
        match s:
            case Branch(condition, then, orelse):
                return Branch(condition, self.block(then, depth + 1), self.block(orelse, depth + 1))
            case Loop() if depth >= DEPTH:
                return self.part((s,))
            case Loop(body):
                return replace(s, body=self.block(body, depth + 1))
            case Each(_, _, body) | Attempt(body):
                return replace(s, body=self.block(body, depth + 1))
            case _:
                return s
