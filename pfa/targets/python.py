"""The python target: a lowered program as one Python function, `build`, that makes an engine's functions.

Everything of the document is compiled once (`compile_python`); each engine calls `build` for its own variables:
cells, pools, the tally and counters are variables of `build`, so reading a cell is reading a variable.  `action`
holds the whole protocol of an action (lock, lifecycle, datum in, counters, errors), printed for the types at hand.

The text has no part of the document in it and is shown by tracebacks: the code's globals have a loader that gives
the source, so nothing is registered anywhere and dropping the engine drops it.
"""

from __future__ import annotations

import hashlib
import linecache
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from types import CellType, CodeType, FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from pfa.errors import PfaLimitError, PfaRuntimeError, PfaUserError, Where
from pfa.ir import Attempt, Block, Branch, Each, Loop, Lowered, Op, Operand, Routine
from pfa.lib.table import lookup
from pfa.targets.meter import CHUNK
from pfa.targets.python_entry import entry, entry_of_double, entry_that_emits
from pfa.targets.python_module import Module, implementation_name
from pfa.targets.python_ops import NAMES
from pfa.targets.python_places import column, nearer
from pfa.targets.python_print import HEAVY, FunctionPrinter
from pfa.targets.values import holds_inside
from pfa.types import DOUBLE, MISSING

if TYPE_CHECKING:
    from pfa.targets.vector import Vector

Encoder = Callable[[Callable[[int], None] | None], Callable[[Any], Any]]


def overflow(message: str, code: int, name: str) -> NoReturn:
    raise PfaRuntimeError(message, code, name)


_FORM = {2000: "attr", 2002: "attr", 2004: "cell", 2006: "cell", 2008: "pool", 2010: "pool"}


def no_index(code: int) -> NoReturn:
    raise PfaRuntimeError("array index not found", code, _FORM[code])


def no_key(code: int) -> NoReturn:
    raise PfaRuntimeError("map key not found", code, _FORM[code - 1])


def user_error(message: str, code: int) -> NoReturn:
    raise PfaUserError(message, code, "error")


def put_item(array: list[Any], index: int, value: Any) -> list[Any]:
    copy = array.copy()
    copy[index] = value
    return copy


def pool_item(pool: Any, key: str) -> Any:
    try:
        return pool.get(key)
    except KeyError:
        no_key(2009)


_GLOBALS: dict[str, Any] = {
    **NAMES,
    "overflow": overflow, "no_index": no_index, "no_key": no_key, "user_error": user_error, "put_item": put_item,
    "pool_item": pool_item, "MISSING": MISSING, "RuntimeFailure": PfaRuntimeError,
    "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes, "list": list, "dict": dict,
    "tuple": tuple,
}  # fmt: skip


class _Source:
    """The loader that tracebacks ask for the text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_source(self, name: str) -> str:
        return self.text


# What `build` is given: services of the engine, and its variables, whose cells `Variables` reads and writes.
SERVICES = ("refill", "paced", "deadline", "log_message", "rng", "first")
VARIABLES = (
    "name", "instance", "version", "metadata", "budget", "started", "finished", "depth", "tally", "hook", "emitted",
)  # fmt: skip
FOUND = 1000  # places of errors that are kept
PROTOCOL = ("acquire", "release", "prepare", "failed", "ready")


class Variables:
    """The variables of one call of `build`, which live in the closures of the functions that it made."""

    def __init__(self, functions: tuple[Any, ...], values: dict[str, Any], filename: str) -> None:
        self.values = values  # of variables that no function uses
        self.cells: dict[str, CellType] = {}
        self._encode: CellType | None = None
        todo, seen = list(functions), set(functions)
        while todo:
            function = todo.pop()
            for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
                if name == "encode":
                    self._encode = cell
                    continue
                inside = cell.cell_contents
                if type(inside) is FunctionType:
                    if inside not in seen and inside.__code__.co_filename == filename:
                        seen.add(inside)
                        todo.append(inside)
                elif name in values:
                    self.cells[name] = cell

    @property
    def encode(self) -> Callable[[Any], Any] | None:
        """What outputs go out through, if anything."""
        return self._encode and self._encode.cell_contents

    @encode.setter
    def encode(self, encode: Callable[[Any], Any]) -> None:
        assert self._encode is not None
        self._encode.cell_contents = encode

    def __getitem__(self, name: str) -> Any:
        cell = self.cells.get(name)
        return self.values[name] if cell is None else cell.cell_contents

    def __setitem__(self, name: str, value: Any) -> None:
        cell = self.cells.get(name)
        if cell is None:
            self.values[name] = value
        else:
            cell.cell_contents = value


@dataclass(slots=True, weakref_slot=True)
class PythonCode:
    """A compiled program: its text, `build`, and where each line comes from.

    `entries` names the functions that `build` returns, `storage` the variable of each cell and pool; `vector` is the
    action on columns, of a document that is simple enough.
    """

    source: str
    build: Callable[..., tuple[FunctionType, ...]]
    filename: str
    places: list[str]
    entries: tuple[str, ...]
    storage: dict[tuple[str, str], str]
    entry: Callable[..., FunctionType]
    decode: Callable[[Any], Any]
    found: dict[tuple[CodeType, int, str], str] = field(default_factory=dict)
    vector: Vector | None = None
    backend: ClassVar[str] = "python"
    chunk: ClassVar[int] = CHUNK

    def explain(self) -> str:
        return "every function runs on the python backend"

    def make(self, given: dict[str, Any], protocol: dict[str, Any]) -> tuple[dict[str, Any], Variables]:
        """An engine's functions by name, and its variables."""
        functions = self.build(**given)
        action = self.entry(functions[0], self.decode, **protocol)
        values = {n: v for n, v in given.items() if n not in SERVICES} | {"ready": protocol["ready"]}
        variables = Variables((action, *functions), values, self.filename)
        return {**dict(zip(self.entries, functions, strict=True)), "action": action}, variables

    def where(self, error: PfaRuntimeError, document: dict[str, Any]) -> str:
        """The JSON pointer of the expression that failed: that of the innermost generated line, or one inside."""
        pointer, innermost, traceback = "", None, error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.filename:
                found = self.places[traceback.tb_lineno - 1]
                if found:
                    pointer, innermost = found, traceback
            traceback = traceback.tb_next
        if innermost is None or (fn := lookup(error.function)) is None:
            return pointer
        key = innermost.tb_frame.f_code, innermost.tb_lasti, fn.name
        if key not in self.found:
            line = self.source.splitlines()[innermost.tb_lineno - 1]
            if len(self.found) >= FOUND:
                self.found.clear()
            self.found[key] = nearer(document, pointer, fn.name, line, implementation_name(fn), column(innermost))
        return self.found[key]

    def locate(self, error: PfaRuntimeError, find: Callable[[str], Where], document: dict[str, Any]) -> None:
        """Say where in the document an error was raised."""
        if error.at == Where() and (pointer := self.where(error, document)):
            error.locate(find(pointer))


_SHORT = 1 << 14  # characters of a text that may be kept


@lru_cache(maxsize=256)
def _compiled(text: str, name: str) -> CodeType:
    """The text as code; documents that differ in names, constants and types only often have one text."""
    return compile(text, name, "exec", dont_inherit=True)


def compile_python(
    lowered: Lowered, decode: Callable[[Any], Any], encoder: Encoder | None, recursion: int
) -> PythonCode:
    """Python for a program.

    `decode` checks and converts a datum, `encoder` makes what converts an output of what counts (None: it is as it is).
    """
    made = _Program(lowered, encoder is not None, recursion)
    module = made.print()
    text = "\n".join(module.lines) + "\n"
    name = f"pfa-{hashlib.sha256(text.encode()).hexdigest()[:16]}.py"
    space = {**_GLOBALS, **module.globals, "encoder": encoder, "__builtins__": {}}
    space["__name__"] = name
    space["__loader__"] = _Source(text)
    code_of = _compiled if len(text) < _SHORT else _compiled.__wrapped__
    exec(code_of(text, name), space)  # our own text, see the module's invariant
    build = space.pop("build")  # else it would hold itself by its globals
    code = PythonCode(text, build, name, module.places, made.entries, module.storage, _entry(lowered), decode)
    weakref.finalize(code, linecache.cache.pop, name, None).atexit = False
    return code


class _Program:
    """Prints `build`."""

    def __init__(self, lowered: Lowered, encodes: bool, recursion: int) -> None:
        self.lowered = lowered
        self.program = lowered.program
        self.encodes = encodes
        self.recursion = recursion
        self.module = Module()
        p = self.program
        if encodes and holds_inside(p.output):
            self.module.uses.add("charge")
        phases = [n for n in ("begin", "end", "merge") if n in lowered.routines]
        self.entries = ("run", *phases, *(f"u:{n}" for n in p.functions))
        names = self.module.storage
        for i, name in enumerate(p.cells):
            names["cell", name] = f"{'s' if p.cells[name].shared else 'c'}{i + 1}"
        for i, name in enumerate(p.pools):
            names["pool", name] = f"{'q' if p.pools[name].shared else 'p'}{i + 1}"
            if p.pools[name].rollback:
                names["undo", name] = f"undo{i + 1}"
        for i, name in enumerate(p.functions):
            self.module.users[f"u:{name}"] = f"u{i + 1}"

    def print(self) -> Module:
        """The functions are printed first, since they tell what `build` must prepare."""
        module = self.module
        for name, routine in self.lowered.routines.items():
            if name != "action":
                self.function(routine, module.users.get(name, name))
        self.action(self.lowered.routines["action"])
        body, places = module.lines, module.places
        module.lines, module.places = [], []
        self.header()
        module.lines += body
        module.places += places
        self.footer()
        return module

    def header(self) -> None:
        """`build` takes the engine's services and the first values of its variables."""
        add, module = self.module.add, self.module
        add(f"def build({', '.join([*SERVICES, *VARIABLES, *module.storage.values()])}):", 0)
        if "charge" in module.uses:
            add("def charge(n):", 1)
            add("nonlocal budget", 2)
            add("budget -= n", 2)
            add("if budget < 0: budget = refill(budget, started)", 2)
        if self.encodes:
            add(f"encode = encoder({'charge' if 'charge' in module.uses else 'None'})", 1)
        if "emit" in module.uses:
            add("def emit(x):", 1)
            if self.encodes:
                add("x = encode(x)", 2)
            add("emitted.append(x)", 2)
            add("if hook is not None: hook(x)", 2)
        for lines in module.references.values():
            for text in lines:
                add(text, 1)

    def charges(self) -> bool:
        return bool(self.module.uses & {"budget", "charge"})

    def footer(self) -> None:
        module = self.module
        for name, text in module.tables:
            module.add(f"{name} = {text}", 1)
        for name in sorted(module.kept & self.lowered.routines.keys()):
            if _is_steady(self.lowered.routines[name]):
                module.add(f"{module.users.get(name, name)}.steady = True", 1)
        module.add(f"return {_tuple([module.users.get(n, n) for n in self.entries])}", 1)

    # -- functions --

    def function(self, r: Routine, name: str) -> None:
        """A function of the document; an inline one that reads symbols around it is made by a function of them."""
        printer = FunctionPrinter(self.module, r)
        indent = 1
        captured = [_plain(n) for n in r.captured if not r.name.startswith("u:")]
        if captured and r.name not in ("begin", "end", "merge"):
            self.module.add(f"def {name}({', '.join(captured)}):", indent, r.at)
            indent += 1
        params = [_plain(n) for n in r.params]
        self.module.add(f"def {name}({', '.join(params)}):", indent, r.at)
        self.body(printer, r, indent + 1, params, lambda: None)
        if indent == 2:
            self.module.add(f"return {name}", 2, r.at)

    def body(
        self, printer: FunctionPrinter, r: Routine, indent: int, params: list[str], rest: Callable[[], None]
    ) -> None:
        """The lines of a function, with `nonlocal` and parts put before them once they are known."""
        module = self.module
        outer, places = module.lines, module.places
        module.lines, module.places = [], []
        printer.indent, printer.at = indent, r.at
        rest()
        if r.charged:
            printer.charge(str(1 + printer.weight(r.body) // HEAVY))
        if r.recursive:
            self.recursive(printer, r)
        else:
            printer.block(r.body)
        text, text_places = module.lines, module.places
        module.lines, module.places = outer, places
        parts = self.parts(printer, r, indent, params)
        if printer.shared:
            module.add(f"nonlocal {', '.join(sorted(printer.shared))}", indent, r.at)
        for line, place in parts:
            module.lines.append(line)
            module.places.append(place)
        module.lines += text
        module.places += text_places

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
        module = self.module
        found: list[tuple[str, str]] = []
        made: dict[str, None] = {}
        for name, block in r.parts:
            outer, places, shared = module.lines, module.places, printer.shared
            module.lines, module.places, printer.shared = [], [], set()
            printer.indent = indent + 1
            printer.repeats += 1
            printer.block(block)
            printer.repeats -= 1
            mine = dict.fromkeys(n for n in _assigned(block))
            made |= mine
            text = list(zip(module.lines, module.places, strict=True))
            module.lines, module.places = outer, places
            names = [*mine, *sorted(printer.shared)]
            found.append(("    " * indent + f"def {name}():", r.at))
            if names:
                found.append(("    " * (indent + 1) + f"nonlocal {', '.join(names)}", r.at))
            found += text
            printer.shared = shared
        new = [n for n in made if n not in params]
        if new:
            found.insert(0, ("    " * indent + " = ".join(new) + " = None", r.at))
        return found

    # -- the action --

    def action(self, r: Routine) -> None:
        """`run(input)`: counters, the document's code, output, rollback; `python_entry` has what is around it."""
        module, p = self.module, self.program
        printer = _ActionPrinter(module, r, self)
        printer.shared |= {"started", "finished"}
        saved = [(f"old{i}", module.storage["cell", n]) for i, n in enumerate(p.cells) if p.cells[n].rollback]
        undo = [(v, module.storage["pool", n]) for (k, n), v in module.storage.items() if k == "undo"]
        printer.shared |= {c for _, c in saved}
        params = ["input_", "early"] if p.method == "emit" else ["input_"]
        module.add(f"def run({', '.join(params)}):", 1, r.at)

        def start() -> None:
            printer.add("started += 1")
            if self.charges() or _may_charge(self.lowered):
                printer.add("budget = first")
                printer.shared.add("budget")
                module.uses.add("budget")
            if p.method == "emit":
                printer.add("emitted = early")
                printer.shared.add("emitted")
            if "rng" in module.uses or _draws(self.lowered):
                printer.add("rng.at(1, started)")
            for old, cell in saved:
                printer.add(f"{old} = {cell}")
            for log, _ in undo:
                printer.add(f"{log}.clear()")
            if saved or undo:
                printer.add("try:")
                printer.indent += 1

        self.body(printer, r, 2, params, start)
        if not saved and not undo:
            return
        module.add("except:", 2)
        for old, cell in saved:
            module.add(f"{cell} = {old}", 3)
        for log, pool in undo:
            module.add(f"for k in {log}:", 3)
            module.add(f"if {log}[k] is MISSING: {pool}.pop(k, None)", 4)
            module.add(f"else: {pool}[k] = {log}[k]", 4)
        module.add("raise", 3)


def _entry(lowered: Lowered) -> Callable[..., Any]:
    """What goes around `run`."""
    if lowered.program.method == "emit":
        return entry_that_emits
    return entry_of_double if lowered.program.input == DOUBLE else entry


class _ActionPrinter(FunctionPrinter):
    """The action's result goes out through `encode`, after the counters."""

    def __init__(self, module: Module, routine: Routine, program: _Program) -> None:
        super().__init__(module, routine)
        self.program = program

    def returned(self, value: Operand) -> None:
        p = self.program.program
        text = self.condition(value)
        encode = "encode({})" if self.program.encodes else "{}"
        if p.method == "emit":
            self.add(text)
            self.add("finished += 1")
            self.add("return emitted if hook is None else None")
            return
        if p.method == "fold" and self.program.encodes and not text.isidentifier():
            self.add(f"new = {text}")
            text = "new"
        self.add(f"out = {encode.format(text)}")
        if p.method == "fold":
            self.shared.add("tally")
            self.add(f"tally = {text if self.program.encodes else 'out'}")
        self.add("finished += 1")
        self.add("return out")


def _plain(name: str) -> str:
    return {"input": "input_", "tallyOne": "one", "tallyTwo": "two"}.get(name, name)


def _tuple(names: list[str]) -> str:
    return "(" + "".join(f"{n}, " for n in names) + ")"


def _assigned(block: Block) -> list[str]:
    found: list[str] = []
    for s in block:
        match s:
            case Op(to):
                found += [to] if to else []
            case Branch(_, then, orelse):
                found += _assigned(then) + _assigned(orelse)
            case Loop(body):
                found += _assigned(body)
            case Each(names, _, body):
                found += [*names, *_assigned(body)]
            case Attempt(body, to):
                found += [to, *_assigned(body)]
            case _:
                pass
    return found


def _statements(block: Block) -> list[Any]:
    found: list[Any] = []
    for s in block:
        found.append(s)
        match s:
            case Branch(_, then, orelse):
                found += _statements(then) + _statements(orelse)
            case Loop(body) | Attempt(body):
                found += _statements(body)
            case Each(_, _, body):
                found += _statements(body)
            case _:
                pass
    return found


def _action_statements(lowered: Lowered) -> list[Any]:
    r = lowered.routines["action"]
    found = _statements(r.body)
    for _, block in r.parts:
        found += _statements(block)
    return found


def _may_charge(lowered: Lowered) -> bool:
    """Does the action itself count (its text is not printed yet)?"""
    for s in _action_statements(lowered):
        if isinstance(s, Loop | Each):
            return True
        if isinstance(s, Op):
            if s.code in ("put_index", "put_key", "widen"):
                return True
            if s.code == "call" and (s.extra[0].cost or "charge" in s.extra[0].needs):
                return True
    return False


_CHANGING = ("cell", "shared_cell", "pool", "shared_pool", "pool_has", "user", "dynamic", "log", "emit")


def _is_steady(r: Routine) -> bool:
    """Does a function depend on its arguments alone?"""
    return not any(
        isinstance(s, Op) and (s.code in _CHANGING or (s.code == "call" and s.extra[0].random))
        for s in _statements(r.body)
    )


def _draws(lowered: Lowered) -> bool:
    return any(
        isinstance(s, Op) and s.code == "call" and "rng" in s.extra[0].needs for s in _action_statements(lowered)
    )


def _too_deep(limit: int) -> Callable[[], NoReturn]:
    """The function that a recursion calls where it is too deep."""

    def too_deep() -> NoReturn:
        raise PfaLimitError(f"exceeded a recursion depth of {limit}")

    return too_deep
