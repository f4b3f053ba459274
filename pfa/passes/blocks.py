"""What passes over blocks need: the parts of a statement, who reads and who assigns, and copies with other names.

Place in the pipeline: below the passes that change blocks.  Invariant: a copy shares no statement with what it was
made of, since targets know statements by identity.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pfa.ir import Attempt, Branch, Each, FunctionValue, Leave, Loop, Op, Part, Return, Var
from pfa.passes.operands import ENGINE_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pfa.ir import Block, Lowered, Operand, Routine, Statement
    from pfa.types import Type

_NUMBERED = re.compile(r"[a-z]+(\d+)\Z")


def inner(s: Statement) -> tuple[Block, ...]:
    """The blocks of a statement."""
    match s:
        case Op() | Leave() | Return() | Part():
            return ()
        case Branch(_, then, orelse):
            return then, orelse
        case Loop(body) | Attempt(body) | Each(_, _, body):
            return (body,)


def with_blocks(s: Statement, change: Callable[[Block], Block]) -> Statement:
    """The statement with its blocks changed."""
    match s:
        case Branch(condition, then, orelse):
            return Branch(condition, change(then), change(orelse))
        case Loop(body) | Attempt(body) | Each(_, _, body):
            return replace(s, body=change(body))
        case _:
            return s


def statements(block: Block) -> Iterator[Statement]:
    """All statements, those inside others after them."""
    for s in block:
        yield s
        if s.__class__ is not Op:
            for b in inner(s):
                yield from statements(b)


def size(block: Block) -> int:
    """How many statements."""
    return sum(1 for _ in statements(block))


def operands(s: Statement) -> tuple[Operand, ...]:
    """What a statement itself reads."""
    match s:
        case Op(_, "dynamic", args, extra):
            return (*args, *extra[1])
        case Op(_, _, args):
            return args
        case Branch(x) | Leave(x) | Return(x) | Each(_, x):
            return (x,)
        case _:
            return ()


def reads(s: Statement) -> Iterator[str]:
    """The locals that a statement itself reads."""
    for x in operands(s):
        if isinstance(x, Var):
            yield x.name


def assigns(s: Statement) -> tuple[str, ...]:
    """The locals that a statement itself assigns."""
    match s:
        case Op(to) | Attempt(_, to):
            return (to,) if to else ()
        case Each(names):
            return names
        case _:
            return ()


class Uses:
    """How often the locals of a routine are assigned (parameters: once) and read."""

    def __init__(self, r: Routine) -> None:
        self.assigned: Counter[str] = Counter((*r.params, *r.captured))
        self.read: Counter[str] = Counter()
        assigned, read = self.assigned, self.read
        for s in statements(r.body):
            for name in assigns(s):
                assigned[name] += 1
            for x in operands(s):
                if isinstance(x, Var):
                    read[x.name] += 1

    def once(self, x: Operand) -> bool:
        """Is it a local that has one value?"""
        return isinstance(x, Var) and self.assigned[x.name] == 1


def calls(s: Statement) -> Iterator[str]:
    """The routines that a statement itself calls, or gives to others to be called."""
    if not isinstance(s, Op):
        return
    if s.code == "user":
        yield f"u:{s.extra}"
    elif s.code == "closure":
        yield s.extra
    for x in operands(s):
        if isinstance(x, FunctionValue) and x.fn is None:
            yield x.name


def callees_first(lowered: Lowered) -> list[str]:
    """The routines of a program, those that others call before them; in a circle, some before others."""
    order: dict[str, None] = {}
    begun: set[str] = set()
    for first in lowered.routines:
        todo = [first]
        while todo:
            name = todo[-1]
            if name in begun:
                order[todo.pop()] = None
                continue
            begun.add(name)
            every = (n for s in statements(lowered.routines[name].body) for n in calls(s))
            todo += [n for n in every if n in lowered.routines and n not in begun]
    return list(order)


class Names:
    """Names that a program has not: of the same kind as the ones they stand for."""

    def __init__(self, lowered: Lowered) -> None:
        used = [n for r in lowered.routines.values() for s in statements(r.body) for n in assigns(s)]
        numbers = [int(found[1]) for n in (*used, *lowered.types) if (found := _NUMBERED.match(n))]
        self.last = max(numbers, default=0)

    def fresh(self, like: str = "t") -> str:
        """One more."""
        self.last += 1
        return f"{like.rstrip('0123456789') or 't'}{self.last}"


class Copier:
    """A block with other locals: each that it assigns gets a name of its own, the others are as `known` says."""

    def __init__(self, names: Names, types: dict[str, Type], known: Mapping[str, Operand], at: str) -> None:
        self.names, self.types = names, types
        self.known: dict[str, Operand] = dict(known)
        self.at = at

    def block(self, block: Block) -> Block:
        return tuple([self.statement(s) for s in block])

    def operand(self, x: Operand) -> Operand:
        if not isinstance(x, Var):
            return x
        name = x.name
        if (found := self.known.get(name)) is not None:
            return found
        return x if name in ENGINE_SYMBOLS else Var(self.name(name))

    def name(self, name: str) -> str:
        """The new name of a local that is assigned here."""
        if not name:
            return name
        found = self.known.get(name)
        if found is None:
            found = self.known[name] = Var(self.names.fresh(name))
            if name in self.types:
                self.types[found.name] = self.types[name]
        assert isinstance(found, Var)
        return found.name

    def operands(self, given: Iterable[Operand]) -> tuple[Operand, ...]:
        return tuple([self.operand(x) for x in given])

    def statement(self, s: Statement) -> Statement:
        """A place that is not said is the one before, as it is for who prints."""
        match s:
            case Op(to, code, args, extra, at):
                self.at = at or self.at
                args = self.operands(args)
                if code == "dynamic":
                    extra = (extra[0], self.operands(extra[1]))
                return Op(self.name(to), code, args, extra, self.at)
            case Branch(condition, then, orelse):
                return Branch(self.operand(condition), self.block(then), self.block(orelse))
            case Loop(body, at):
                return Loop(self.block(body), at)
            case Leave(condition, when):
                return Leave(self.operand(condition), when)
            case Each(names, over, body, at):
                over = self.operand(over)
                return Each(tuple(map(self.name, names)), over, self.block(body), at)
            case Attempt(body, to):
                return replace(s, body=self.block(body), to=self.name(to))
            case Part(name):
                return Part(name)
            case Return(value):
                return Return(self.operand(value))
