"""Print the functions of a program: each on its own, since most are printed when they are first called.

`Module` collects the text; here is what stands around a function's statements: parameters, the engine's variables that
it assigns, recursion, parts, and in the action counters and rollback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from pfa.errors import PfaLimitError
from pfa.ir import Attempt, Branch, Each, Loop, Op, Routine
from pfa.passes.lower import PHASES
from pfa.targets.python_module import Module
from pfa.targets.python_print import HEAVY, FunctionPrinter
from pfa.targets.values import holds_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pfa.ir import Block, Later, Lowered, Operand, Statement

class ProgramPrinter:
    """What is printed of a program, and what is not yet; it takes over the routines.

    `names` are the functions by the names of routines, those inside others once these are printed.
    """

    def __init__(self, lowered: Lowered, encodes: bool, recursion: int) -> None:
        p = lowered.program
        self.method = p.method
        self.encodes = encodes
        self.encode_charges = encodes and holds_inside(p.output)
        self.recursion = recursion
        self.routines, self.later = lowered.routines, lowered.later  # that are not printed yet
        self.lower = lowered.lower if lowered.later else None
        self.draws = p.draws
        self.steady: set[str] = set()
        self.rollback = ([n for n, c in p.cells.items() if c.rollback], [n for n, c in p.pools.items() if c.rollback])
        self.module = Module()
        storage, users = self.module.storage, self.module.users
        for i, (name, cell) in enumerate(p.cells.items()):
            storage["cell", name] = f"{'s' if cell.shared else 'c'}{i + 1}"
        for i, (name, pool) in enumerate(p.pools.items()):
            storage["pool", name] = f"{'q' if pool.shared else 'p'}{i + 1}"
            if pool.rollback:
                storage["undo", name] = f"undo{i + 1}"
        for i, name in enumerate(p.functions):
            users[f"u:{name}"] = f"u{i + 1}"
        self.names: dict[str, str] = {"action": "run"}
        self.called = {"run": "action"}
        self.first = self.found()

    def found(self) -> list[tuple[str, int]]:
        """The functions that have no name yet: the name in the text that each gets, and how many parameters it has.

        One that reads symbols around it is made by a function of them.
        """
        made: list[tuple[str, int]] = []
        waiting: list[Routine | Later] = [*self.routines.values(), *self.later.values()]
        for r in waiting:
            if r.name not in self.names:
                name = self.names[r.name] = self.module.users.get(r.name, r.name)
                self.called[name] = r.name
                made.append((name, len(_captured(r) or r.params)))
        return made

    def routine(self, name: str) -> Routine:
        """A routine that is not printed yet, lowered now if it is not."""
        if self.lower and name in self.later:
            self.lower(self.later[name])  # which puts it into `routines`
            del self.later[name]
            if not self.later:  # nobody needs what it was made of
                self.lower = None
        return self.routines[name]

    def print(self, name: str) -> None:
        """Print a function by its name in the text."""
        self.module.start()
        if name == "charge":
            self.charge()
        elif name == "emit":
            self.emit()
        else:
            routine = self.routine(self.called[name])
            if name == "run":
                self.action(routine)
            else:
                self.function(routine, name)
                if _is_steady(routine):
                    self.steady.add(routine.name)
            self.footer()
            del self.routines[routine.name]

    def charge(self) -> None:
        add = self.module.add
        add("def charge(n):", 0)
        add("global budget", 1)
        add("budget -= n", 1)
        add("if budget < 0: budget = refill(budget, started)", 1)

    def emit(self) -> None:
        add = self.module.add
        add("def emit(x):", 0)
        if self.encodes:
            add("x = encode(x)", 1)
        add("emitted.append(x)", 1)
        add("if hook is not None: hook(x)", 1)

    def footer(self) -> None:
        """What the function needs beside it: library functions as values, tables of functions, marks of functions."""
        module = self.module
        for _, lines in module.references.values():
            for line in lines:
                module.add(line, 0)
        for name, text in module.tables:
            module.add(f"{name} = {text}", 0)
        if not module.kept:
            return
        for name in sorted(module.kept & (self.names.keys() | self.later.keys() | self.routines.keys())):
            if name in self.steady or (self.waits(name) and _is_steady(self.routine(name))):
                module.add(f"{module.users.get(name, name)}.steady = True", 0)

    def waits(self, name: str) -> bool:
        """Is a routine not printed yet?"""
        return name in self.routines or name in self.later

    # -- functions --

    def function(self, r: Routine, name: str) -> None:
        """A function of the document; an inline one that reads symbols around it is made by a function of them."""
        printer = FunctionPrinter(self.module, r)
        indent = 0
        if captured := _captured(r):
            self.module.add(f"def {name}({', '.join(captured)}):", 0, r.at)
            indent = 1
        params = [_plain(n) for n in r.params]
        self.module.add(f"def {name}({', '.join(params)}):", indent, r.at)
        self.body(printer, r, indent + 1, params, lambda: None)
        if captured:
            self.module.add(f"return {name}", 1, r.at)

    def body(
        self, printer: FunctionPrinter, r: Routine, indent: int, params: list[str], head: Callable[[], None],
        inner: int = 0,
    ) -> None:  # fmt: skip
        """The lines of a function; `global`, parts and `head` are put before them once it is known what they need."""
        module = self.module
        outer = module.divert()
        printer.indent, printer.at = indent + inner, r.at
        if r.charged:
            printer.charge(str(1 + printer.weight(r.body) // HEAVY))
        if r.recursive:
            self.recursive(printer, r)
        else:
            printer.block(r.body)
        text = module.divert()
        parts = self.parts(printer, r, indent, params)
        module.divert()
        printer.indent, printer.at = indent, r.at
        head()
        first = module.divert(outer)
        if printer.shared:
            module.add(f"global {', '.join(sorted(printer.shared))}", indent, r.at)
        for line, place in parts:
            module.lines.append(line)
            module.places.append(place)
        module.extend(first)
        module.extend(text)

    def recursive(self, printer: FunctionPrinter, r: Routine) -> None:
        printer.shared.add("depth")
        printer.add(f"depth += {r.levels}")
        printer.add("try:")
        printer.indent += 1
        printer.add(f"if depth > {self.recursion}: too_deep()")
        printer.block(r.body)
        printer.indent -= 1
        printer.add(f"finally: depth -= {r.levels}")
        self.module.globals["too_deep"] = _too_deep(self.recursion)

    def parts(self, printer: FunctionPrinter, r: Routine, indent: int, params: list[str]) -> list[tuple[str, str]]:
        """Parts, as functions that share the locals of the one around them."""
        found: list[tuple[str, str]] = []
        made: dict[str, None] = {}
        for name, block in r.parts:
            outer, shared = self.module.divert(), printer.shared
            printer.shared = set()
            printer.indent = indent + 1
            printer.repeats += 1
            printer.block(block)
            printer.repeats -= 1
            mine = dict.fromkeys(_assigned(block))
            made |= mine
            text = self.module.divert(outer)
            found.append(("    " * indent + f"def {name}():", r.at))
            if mine:
                found.append(("    " * (indent + 1) + f"nonlocal {', '.join(mine)}", r.at))
            if printer.shared:
                found.append(("    " * (indent + 1) + f"global {', '.join(sorted(printer.shared))}", r.at))
            found += zip(*text, strict=True)
            printer.shared = shared
        new = [n for n in made if n not in params]
        if new:
            found.insert(0, ("    " * indent + " = ".join(new) + " = None", r.at))
        return found

    # -- the action --

    def action(self, r: Routine) -> None:
        """`run(input)`: counters, the document's code, output, rollback; `python_entry` has what is around it."""
        module = self.module
        printer = _ActionPrinter(module, r, self)
        cells, pools = self.rollback
        saved = [(f"old{i}", module.storage["cell", n]) for i, n in enumerate(cells)]
        undo = [(module.storage["undo", n], module.storage["pool", n]) for n in pools]
        printer.shared |= {"started", "finished", *[c for _, c in saved]}
        params = ["input_", "early"] if self.method == "emit" else ["input_"]
        module.add(f"def run({', '.join(params)}):", 0, r.at)

        def head() -> None:
            printer.add("started += 1")
            if self.is_charged():
                printer.add("budget = first")
                printer.shared.add("budget")
            if self.method == "emit":
                printer.add("emitted = early")
                printer.shared.add("emitted")
            if self.draws:
                printer.add("rng.at(1, started)")
            for old, cell in saved:
                printer.add(f"{old} = {cell}")
            for log, _ in undo:
                printer.add(f"{log}.clear()")
            if saved or undo:
                printer.add("try:")

        self.body(printer, r, 1, params, head, int(bool(saved or undo)))
        if not saved and not undo:
            return
        module.add("except:", 1)
        for old, cell in saved:
            module.add(f"{cell} = {old}", 2)
        for log, pool in undo:
            module.add(f"for k in {log}:", 2)
            module.add(f"if {log}[k] is MISSING: {pool}.pop(k, None)", 3)
            module.add(f"else: {pool}[k] = {log}[k]", 3)
        module.add("raise", 2)

    def is_charged(self) -> bool:
        """Does an action count?  Every function of the document does, and they are not printed yet."""
        functions = any(name not in PHASES for name in (*self.routines, *self.later))
        return functions or self.encode_charges or not self.module.uses.isdisjoint(("budget", "charge"))


class _ActionPrinter(FunctionPrinter):
    """The action's result goes out through `encode`, after the counters."""

    def __init__(self, module: Module, routine: Routine, program: ProgramPrinter) -> None:
        super().__init__(module, routine)
        self.method = program.method
        self.encodes = program.encodes

    def returned(self, value: Operand) -> None:
        text = self.condition(value)
        if self.method == "emit":
            self.add(text)
            self.add("finished += 1")
            self.add("return emitted if hook is None else None")
            return
        if self.method == "fold" and self.encodes and not text.isidentifier():
            self.add(f"new = {text}")
            text = "new"
        self.add(f"out = encode({text})" if self.encodes else f"out = {text}")
        if self.method == "fold":
            self.shared.add("tally")
            self.add(f"tally = {text if self.encodes else 'out'}")
        self.add("finished += 1")
        self.add("return out")


def _plain(name: str) -> str:
    return {"input": "input_", "tallyOne": "one", "tallyTwo": "two"}.get(name, name)


def _captured(r: Routine | Later) -> list[str]:
    """The symbols around it that an inline function reads."""
    if not r.captured or r.name.startswith("u:") or r.name in PHASES:
        return []
    return [_plain(n) for n in r.captured]


def _assigned(block: Block) -> Iterator[str]:
    for s in _statements(block):
        match s:
            case Op(to) if to:
                yield to
            case Each(names):
                yield from names
            case Attempt(_, to):
                yield to
            case _:
                pass


def _statements(block: Block) -> Iterator[Statement]:
    """All statements, those inside others after them."""
    for s in block:
        yield s
        kind = s.__class__
        if kind is Op:
            continue
        if kind is Branch:
            yield from _statements(s.then)  # type: ignore[union-attr]
            yield from _statements(s.orelse)  # type: ignore[union-attr]
        elif kind is Loop or kind is Each or kind is Attempt:
            yield from _statements(s.body)  # type: ignore[union-attr]


def _operations(r: Routine) -> Iterator[Op]:
    for block in (r.body, *[b for _, b in r.parts]):
        for s in _statements(block):
            if s.__class__ is Op:
                yield s


_CHANGING = ("cell", "shared_cell", "pool", "shared_pool", "pool_has", "user", "dynamic", "log", "emit")


def _is_steady(r: Routine) -> bool:
    """Does a function depend on its arguments alone?"""
    return not any(s.code in _CHANGING or (s.code == "call" and s.extra[0].random) for s in _operations(r))


def _too_deep(limit: int) -> Callable[[], NoReturn]:
    """The function that a recursion calls where it is too deep."""

    def too_deep() -> NoReturn:
        raise PfaLimitError(f"exceeded a recursion depth of {limit}")

    return too_deep
