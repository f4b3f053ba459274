"""Statements of a routine, and the routines that they may call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.ir import Attempt, Block, Branch, Each, FunctionValue, Loop, Op, Part, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator


def called(s: Op) -> Iterator[str]:
    """Routines that an operation may call now or later."""
    operands: list[Any] = list(s.args)
    if s.code == "user":
        yield f"u:{s.extra}"
    elif s.code == "closure":
        yield s.extra
    elif s.code == "dynamic":
        operands += s.extra[1]
    for a in operands:
        if isinstance(a, FunctionValue):
            yield a.name


def statements(block: Block, parts: dict[str, Block]) -> Iterator[Statement]:
    """All statements, those inside others too."""
    for s in block:
        yield s
        for inner in blocks(s, parts):
            yield from statements(inner, parts)


def blocks(s: Statement, parts: dict[str, Block]) -> tuple[Block, ...]:
    match s:
        case Branch(_, then, orelse):
            return then, orelse
        case Loop(body) | Attempt(body):
            return (body,)
        case Each(_, _, body):
            return (body,)
        case Part(name):
            return (parts[name],)
        case _:
            return ()
