"""What lowering needs everywhere: the constant null, and which locals a block takes from outside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.ir import Attempt, Branch, Const, Each, Leave, Loop, Op, Return, Var

if TYPE_CHECKING:
    from pfa.ir import Block, Operand

# Symbols that are not locals of a routine: they belong to the engine and are never captured.
ENGINE_SYMBOLS = frozenset(
    ("name", "instance", "version", "metadata", "tally", "actionsStarted", "actionsFinished")
)
NONE = Const(None)
WIDE = 32  # fields of a record that is copied without being charged


def free(block: Block, params: tuple[str, ...]) -> tuple[str, ...]:
    """The locals that a block reads without making them, in order of appearance; engine symbols are none."""
    read: dict[str, None] = {}
    made = set(params)
    _names(block, read, made)
    return tuple(n for n in read if n not in made and n not in ENGINE_SYMBOLS)


def _names(block: Block, read: dict[str, None], made: set[str]) -> None:
    def operand(x: Operand) -> None:
        if isinstance(x, Var):
            read.setdefault(x.name)

    for s in block:
        match s:
            case Op(to, _, args):
                for a in args:
                    operand(a)
                made.add(to)
            case Branch(condition, then, orelse):
                operand(condition)
                _names(then, read, made)
                _names(orelse, read, made)
            case Loop(body):
                _names(body, read, made)
            case Each(names, over, body):
                operand(over)
                made.update(names)
                _names(body, read, made)
            case Attempt(body, to):
                made.add(to)
                _names(body, read, made)
            case Leave(condition):
                operand(condition)
            case Return(value):
                operand(value)
