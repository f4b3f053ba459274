"""Fuse: calls of the library that walk arrays become one loop, without an array in between.

    f1(v1):
      t1 = call(v1, 2.0) {*, (double, double) -> double}
      return t1
    action(input):
      t2 = call(input, fcn f1) {a.map, (array(double), fcn(double) -> double) -> array(do...}
      t3 = call(t2) {a.sum, (array(double)) -> double}
      return t3

becomes

    f1(v1):
      t1 = call(v1, 2.0) {*, (double, double) -> double}
      return t1
    action(input):
      t6 = copy(0.0)
      each v4 in input:
        t5 = call(v4, 2.0) {*, (double, double) -> double}
        t6 = call(t6, t5) {+, (double, double) -> double}
      t3 = copy(t6)
      return t3

A *chain* is stages (a.map, a.filter, the widening of an array) and an end (`pfa.passes.fuse_ends`); each array in
between is read once, by the next call, and nothing with an effect stands between the calls.  Where f ran for all items
before g ran for the first, both now run for the first item, then for the second.  What can be told:

- Which error comes first.  So at most one of the functions in a chain may fail, or act (emit, log, draw, change cells).
- What cells hold.  So where one acts, no other reads cells.
- Whether functions before an end that leaves early (a.any, a.all) run for the items after that.  So these only read.

An end's own error (a.reduce of nothing) comes after the loop, where it came before, if the functions are as above.
A loop costs a step an item, the calls cost at least two: cheaper by a factor, never free.  What functions leave in the
arena is given back by the loop as by the library's kernels; where they keep what the items are made of (an array of
strings), only chains are fused whose arrays in between kept it as well.

Functions that are put in place: those of the document that nobody else uses, small ones of `fcns`, and the library's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pfa.ir import Branch, Each, FunctionValue, Op, Var
from pfa.passes.blocks import Names, Uses, assigns, callees_first, calls, reads, size, statements, with_blocks
from pfa.passes.bodies import Bodies
from pfa.passes.effects import ACTS, FAILS, PURE, READS, Effects
from pfa.passes.fuse_ends import ENDS, Called, Turn, scalar
from pfa.passes.inline import SMALL
from pfa.types import Array, Function

if TYPE_CHECKING:
    from pfa.ir import Block, Lowered, Operand, Routine, Statement
    from pfa.types import Type

STAGES = ("a.map", "a.filter")
CALLING = (*STAGES, "a.fold", "a.reduce", "a.any", "a.all", "a.count")  # with one function
ROOM = 2000  # statements that are made of functions that others use as well
LARGE = 1000  # of a routine that still takes others in: the optimiser's time grows faster than a function


def fuse(lowered: Lowered) -> Lowered:
    """The same program, with loops in place of chains of the library's functions of arrays."""
    if not any(map(_walks, lowered.routines.values())):
        return lowered
    return _Fuser(lowered).run()


def _walks(r: Routine) -> bool:
    return any(_called(s) in ENDS for s in statements(r.body))


def _called(s: Statement) -> str:
    """The function of the library that a statement calls."""
    return s.extra[0].name if isinstance(s, Op) and s.code == "call" else ""


def _widens(s: Op) -> bool:
    """Does an operation make another array of an array's items, each as a wider type?"""
    return s.code == "widen" and all(isinstance(t, Array) for t in s.extra)


@dataclass(slots=True)
class Link:
    """A call of a chain: its place in the block, its function, and what makes that (with what it has captured)."""

    at: int
    call: Op
    function: Operand | None = None
    closure: int | None = None
    captured: tuple[Operand, ...] = ()
    effects: int = PURE

    @property
    def items(self) -> Type:
        """Of the array that it takes."""
        t: Type = (self.call.extra[1] if self.call.code == "widen" else self.call.extra[1].params[0]).items
        return t

    @property
    def makes(self) -> Type | None:
        """The type of the items that it makes, if it makes some."""
        if self.call.code == "widen":
            return self.call.extra[0].items  # type: ignore[no-any-return]
        return self.call.extra[1].ret.items if _called(self.call) == "a.map" else None


@dataclass(slots=True)
class Passed:
    """What stands between the calls of a chain, other calls of it aside: locals that it assigns, and its effects."""

    changed: set[str] = field(default_factory=set)
    effects: int = PURE


class _Fuser:
    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.types = dict(lowered.types)
        self.bodies = Bodies(lowered.program, self.types, Names(lowered))
        self.effects = Effects(lowered)
        self.done: dict[str, Routine] = {}
        self.room = ROOM
        every = (s for r in lowered.routines.values() for s in statements(r.body))
        self.given = Counter(n for s in every for n in calls(s))  # how often a routine is called or given to others

    def run(self) -> Lowered:
        """Those that are put in place are fused before."""
        for name in callees_first(self.lowered):
            r = self.lowered.routines[name]
            self.done[name] = replace(r, body=_Block(self, r).fused(r.body))
        routines = {name: self.done[name] for name in self.lowered.routines}
        return replace(self.lowered, routines=routines, types=self.types)


class _Block:
    """The blocks of one routine."""

    def __init__(self, program: _Fuser, r: Routine) -> None:
        self.p = program
        self.uses = Uses(r)
        self.length = size(r.body)

    def fused(self, block: Block) -> Block:
        """Chains are found from their ends, so the longest is met first when a block is read from the last call."""
        out: list[Statement | None] = [with_blocks(s, self.fused) for s in block]
        made: dict[int, list[Statement]] = {}
        for i in range(len(out) - 1, -1, -1):
            if _called(s := out[i]) in ENDS and (chain := self.chain(out, i)):  # type: ignore[arg-type]
                assert isinstance(s, Op)
                if loop := self.loop(chain):
                    made[i] = loop
                    for link in chain:
                        out[link.at] = None
                        if link.closure is not None:
                            out[link.closure] = None
        return tuple([x for i, s in enumerate(out) for x in made.get(i, [s] if s else [])])

    # -- chains --

    def chain(self, block: list[Statement | None], end: int) -> list[Link] | None:
        """The calls of the chain that ends here, first to last."""
        last = self.link(block, end)
        if last is None:
            return None
        found = [last]
        passed = Passed()
        while (before := self.before(block, found[0], passed)) is not None and self.may_join(before, found):
            found.insert(0, before)
        if len(found) == 1 and last.function is None:
            return None
        return found

    def link(self, block: list[Statement | None], at: int) -> Link | None:
        """A call, if the function that is given to it can be put in place."""
        call = block[at]
        assert isinstance(call, Op)
        functions = [x for x, t in zip(call.args, call.extra[1].params, strict=True) if isinstance(t, Function)]
        if len(functions) != (_called(call) in CALLING):
            return None
        if not functions:
            return Link(at, call)
        [x] = functions
        if not self.placeable(x):
            return None
        found = Link(at, call, x, effects=self.p.effects.function(x))
        if isinstance(x, Var):
            made = block[at - 1] if at else None
            if not (isinstance(made, Op) and made.to == x.name and self.alone(x)):
                return None
            found.closure, found.captured = at - 1, made.args
        return found

    def alone(self, x: Operand) -> bool:
        """Is it a local that is assigned once and read once?"""
        return isinstance(x, Var) and self.uses.once(x) and self.uses.read[x.name] == 1

    def placeable(self, x: Operand) -> bool:
        """May what a function does stand in the loop?"""
        if isinstance(x, FunctionValue) and x.fn is not None:
            return True
        name = self.p.effects.closures.get(x.name, "") if isinstance(x, Var) else getattr(x, "name", "")
        r = self.p.done.get(name)
        if r is None or r.recursive:
            return False
        more = size(r.body)
        if more + self.length > LARGE:
            return False
        return (name[:1] == "f" and self.p.given.get(name) == 1) or more <= min(SMALL, self.p.room)

    def before(self, block: list[Statement | None], link: Link, passed: Passed) -> Link | None:
        """The stage that makes the array of a call, if it may be left until the end of the chain."""
        x = link.call.args[0]
        if not isinstance(x, Var) or not self.alone(x):
            return None
        for i in range(link.at - 1, -1, -1):
            s = block[i]
            if s is None or i == link.closure:
                continue
            if not isinstance(s, Op):
                return None
            if s.to == x.name:
                found = Link(i, s) if _widens(s) else self.link(block, i) if _called(s) in STAGES else None
                if found is None or passed.changed & self.needs(block, found):
                    return None
                return None if passed.effects and found.effects & ACTS else found
            passed.effects |= self.p.effects.op(s)
            if passed.effects & ~READS:
                return None
            passed.changed.update(assigns(s))
        return None

    def needs(self, block: list[Statement | None], link: Link) -> set[str]:
        """Locals that must not have changed when a call is made later."""
        found = set(reads(link.call))
        if link.closure is not None:
            found |= set(reads(block[link.closure]))  # type: ignore[arg-type]
        return found

    def may_join(self, first: Link, others: list[Link]) -> bool:
        """Is it the same whether a stage runs before the others, or with them?"""
        a, b = first.effects, 0
        for link in others:
            b |= link.effects
        strict = FAILS | ACTS
        if a & strict and (b & strict or ENDS[_called(others[-1].call)].early):
            return False
        if (a & ACTS and b & READS) or (b & ACTS and a & READS):
            return False
        return not _keeps([first, *others]) or all(map(_keeps_alone, (first, *others)))

    # -- loops --

    def loop(self, chain: list[Link]) -> list[Statement] | None:
        """The loop that does what the calls do."""
        call = chain[-1].call
        end = ENDS[_called(call)]
        source, items = chain[0].call.args[0], chain[0].items
        if not call.to or not end.fits(call):
            return None
        item = self.p.bodies.new(items, "v")
        turn = Turn(self.p.bodies, Var(item))
        tests: list[tuple[list[Statement], Operand]] = []
        stages = chain if _called(call) in STAGES else chain[:-1]
        for link in stages:
            self.stage(turn, link, tests)
        own = None if _called(call) in STAGES or chain[-1].function is None else self.callee(chain[-1])
        ending = end.make(turn, call, source, own, (bool(tests), _keeps(chain)))
        body = turn.out
        for before, condition in reversed(tests):
            body = [*before, Branch(condition, tuple(body), ())]
        return [*ending.before, Each((item,), source, tuple(body), chain[0].call.at), *ending.after]

    def stage(self, turn: Turn, link: Link, tests: list[tuple[list[Statement], Operand]]) -> None:
        """What a stage does with the value at hand; what comes after a filter stands inside its test."""
        if link.call.code == "widen":
            want, got = link.call.extra
            turn.value = turn.widened(turn.value, got.items, want.items)
            return
        value = turn.call(self.callee(link), (turn.value,))
        if _called(link.call) == "a.map":
            turn.value = value
        else:
            tests.append((turn.out, value))
            turn.out = []

    def callee(self, link: Link) -> Called:
        """What a link calls; a copy of what others call, too, takes room."""
        asked = next(t for t in link.call.extra[1].params if isinstance(t, Function))
        x = link.function
        if isinstance(x, FunctionValue) and x.fn is not None:
            return Called(asked, x, None)
        captured: tuple[Operand, ...] = ()
        if isinstance(x, Var):
            name = self.p.effects.closures[x.name]
            captured = link.captured
        else:
            assert isinstance(x, FunctionValue)
            name = x.name
        r = self.p.done[name]
        self.length += size(r.body)
        if self.p.given.get(name) != 1 or name[:1] != "f":
            self.p.room -= size(r.body)
        return Called(asked, None, r, captured)


def _keeps(chain: list[Link]) -> bool:
    """Does the loop keep what a turn leaves in the arena, since items of its array are made of it?"""
    end = chain[-1].call
    return any(x.makes is not None for x in chain) and _called(end) in STAGES and not scalar(end.extra[1].ret.items)


def _keeps_alone(link: Link) -> bool:
    """Does a call keep it for the same reason, so that nothing is kept that was not?"""
    return link.makes is not None and not scalar(link.makes)
