"""Intermediate code as text: what `pfa show --after` prints and golden tests compare."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pfa.ir import (
    Attempt,
    Branch,
    Const,
    Each,
    FunctionDef,
    FunctionValue,
    Leave,
    Loop,
    Node,
    Op,
    Part,
    Return,
    Var,
)
from pfa.lib.define import Fn
from pfa.lib.signature import Bound
from pfa.types import Array, Bottom, Enum, Fixed, Function, Map, Prim, Record, Union, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.ir import Block, Lowered, Operand, Program, Statement

SHOWN = 60  # characters of a constant
TYPES = (Prim, Array, Map, Record, Enum, Fixed, Union, Function, Bottom, Unknown)


def typed(program: Program) -> str:
    """The typed code that the checker made: a line a node, with its type."""
    lines: list[str] = []
    for name in ("begin", "action", "end", "merge"):
        if body := getattr(program, name):
            lines += [f"{name}:", *_tree(body, 1)]
    for name, function in program.functions.items():
        lines += [f"u.{name}: {function.type}", *_tree(function, 1)]
    return "\n".join(lines)


def _tree(node: Any, depth: int) -> Iterator[str]:
    """A node on a line, what it is made of below it."""
    words: list[str] = []
    below: list[tuple[str, Any]] = []
    for f in fields(node):
        value = getattr(node, f.name)
        if f.name in ("type", "at") or value in ("", (), None):
            continue
        if _is_code(value):
            below.append((f.name, value))
        else:
            words.append(f"{f.name}={_short(value)}")
    kind = type(node).__name__
    of = f" : {node.type}" if isinstance(node, Node | FunctionDef) else ""
    yield "  " * depth + " ".join([kind, *words]) + of
    for name, value in below:
        yield from _below(name, value, depth + 1)


def _is_code(value: Any) -> bool:
    """Is there a node in it?"""
    if isinstance(value, tuple):
        return any(map(_is_code, value))
    return is_dataclass(value) and not isinstance(value, (*TYPES, Fn, Bound, type))


def _below(name: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _below(f"{name}.{i}", item, depth)
    elif _is_code(value):
        yield "  " * depth + f"{name}:"
        yield from _tree(value, depth + 1)
    elif value is not None:
        yield "  " * depth + f"{name}: {_short(value)}"


def lowered(program: Lowered) -> str:
    """Blocks: a line a statement."""
    lines: list[str] = []
    for name, routine in program.routines.items():
        captured = f" reads {', '.join(routine.captured)}" if routine.captured else ""
        lines.append(f"{name}({', '.join(routine.params)}){captured}:")
        for part, block in routine.parts:
            lines += [f"  part {part}:", *_block(block, 2)]
        lines += _block(routine.body, 1)
    return "\n".join(lines)


def _block(block: Block, depth: int) -> Iterator[str]:
    for statement in block:
        yield from _statement(statement, depth)


def _statement(s: Statement, depth: int) -> Iterator[str]:
    pad = "  " * depth
    match s:
        case Op(to, code, args, extra):
            more = f" {{{_short(extra)}}}" if extra is not None else ""
            yield f"{pad}{to + ' = ' if to else ''}{code}({', '.join(map(_operand, args))}){more}"
        case Branch(condition, then, orelse):
            yield f"{pad}if {_operand(condition)}:"
            yield from _block(then, depth + 1)
            if orelse:
                yield f"{pad}else:"
                yield from _block(orelse, depth + 1)
        case Loop(body):
            yield f"{pad}loop:"
            yield from _block(body, depth + 1)
        case Leave(condition, when):
            yield f"{pad}leave if {'' if when else 'not '}{_operand(condition)}"
        case Each(names, over, body):
            yield f"{pad}each {', '.join(names)} in {_operand(over)}:"
            yield from _block(body, depth + 1)
        case Attempt(body, to):
            yield f"{pad}{to} = null if this fails:"
            yield from _block(body, depth + 1)
        case Part(name):
            yield f"{pad}part {name}"
        case Return(value):
            yield f"{pad}return {_operand(value)}"


def _operand(operand: Operand) -> str:
    match operand:
        case Var(name):
            return name
        case Const(value):
            return _short(value)
        case FunctionValue(name):
            return f"fcn {name}"


def _short(value: Any) -> str:
    if isinstance(value, Fn):
        return value.name
    if isinstance(value, Bound):
        return f"({', '.join(map(str, value.params))}) -> {value.ret}"
    if isinstance(value, tuple):
        text = ", ".join(map(_short, value))
    else:
        text = str(value) if isinstance(value, TYPES) else repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
