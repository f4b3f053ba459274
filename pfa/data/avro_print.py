"""A plan of `avro_resolve` as the text of functions, one for each record, array and map.

Place in the pipeline: below `avro_decode`, whose frame the text stands in.  (`avro_source` prints the same plans for
rows, whose blocks are in memory as a whole: its decoders carry the position along, these share a window that moves.)
Invariant: the text is made of words of this page, numbers, and names of constants; it is shallow, however deep the
types are.

    written {x: double, s: string, n: long}, read as {n: long, x: double}

    def r0():
        nonlocal buf, pos, end, depth, left
        if end - pos < 64: more(64)
        x0, = double(buf, pos); pos += 8
        skip(size())
        if end - pos < 64: more(64)
        x2 = buf[pos]; pos += 1
        if x2 > 127: x2 = far(x2)
        x2 = x2 >> 1 ^ -(x2 & 1)
        return {K0: x2, K1: x0}
"""

from __future__ import annotations

from itertools import groupby
from sys import getsizeof
from typing import TYPE_CHECKING, Any

from pfa.check.callgraph import recursive
from pfa.check.checker import Facts
from pfa.data.avro_resolve import (
    ArrayPlan,
    BoxPlan,
    EnumPlan,
    FixedPlan,
    MapPlan,
    RecordPlan,
    Refuse,
    Scalar,
    UnionPlan,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.data.avro_resolve import Plan

UNIT = 160  # bytes of memory that count as a value of `Limits.nodes`
_WINDOW = 64  # bytes that one comparison makes sure of
_BRANCHES = 8  # of a union that are tried one after the other
_FLAT = 50  # functions that may be inside each other with no thought of the interpreter's stack
_RUN = 8  # numbers of fixed size that are read at once
_LARGEST = {"null": 0, "boolean": 1, "int": 10, "long": 10, "float": 4, "double": 8}
_LEAST = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "string": 1, "bytes": 1}
_SLOT, _ENTRY = 8, 100  # bytes of memory: a place in a list, a key and its place in a map
_ARRAY, _MAP, _BOX, _NUMBER = 72, 80, 72, 32
_UNPACKED = {"float": ("f", 4, "single", "floats"), "double": ("d", 8, "double", "doubles")}


class Printer:
    """Prints a plan: `functions`, the statements `root` that leave the datum in x0, and the `constants` of both."""

    def __init__(self, plan: Plan) -> None:
        self.constants: dict[str, Any] = {}
        self.weights = _Weights(plan)
        self._texts: dict[str, str] = {}
        self._printed: list[str] = []
        self._called: dict[str, tuple[RecordPlan, bool]] = {}
        root = _Body(self)
        root.add(f"left -= {self.weights.cost(plan)}")
        root.step(plan, "x0")
        done = 0
        while done < len(self._called):  # it grows: printing a record calls others
            name, (record, skipped) = list(self._called.items())[done]
            self._record(name, record, skipped)
            done += 1
        self.root = root.text
        self.deep = self.weights.recursive or len(self._printed) > _FLAT
        self.functions = "".join(self._printed)

    def constant(self, value: object) -> str:
        """A name for a value."""
        name = f"K{len(self.constants)}"
        self.constants[name] = value
        return name

    def text(self, value: str) -> str:
        """A name for a text, one for equal ones."""
        if value not in self._texts:
            self._texts[value] = self.constant(value)
        return self._texts[value]

    def function(self, body: _Body, name: str = "") -> str:
        """Print a function; its name."""
        name = name or f"f{len(self._printed)}"
        self._printed.append(f"\n    def {name}():\n        nonlocal buf, pos, end, depth, left\n{body.text}\n")
        return name

    def table(self, functions: list[str]) -> str:
        """A table of functions, for unions of many branches."""
        name = f"t{len(self._printed)}"
        self._printed.append(f"\n    {name} = Table([{', '.join(functions)}], 'a union')\n")
        return name

    def record(self, record: RecordPlan, skipped: bool) -> str:
        """The function of a record, which is printed later."""
        name = f"{'s' if skipped else 'r'}{self.weights.index[id(record)]}"
        self._called.setdefault(name, (record, skipped))
        return name

    def _record(self, name: str, record: RecordPlan, skipped: bool) -> None:
        body = _Body(self)
        if self.weights.recurs(record):
            body.by_branch = not skipped
            body.add("if depth > NESTING: raise too_deep(NESTING)")
            body.add(f"left -= {1 if skipped else self.weights.first(record)}", "if left < 0: raise too_many()")
        found = body.fields(record, skipped)
        if skipped:
            body.add("return None")
        else:  # a default is made once: host values are never changed
            inside = ((n, found.get(n) or self.constant(record.defaults[n]())) for n in record.order)
            body.add(f"return {{{', '.join(f'{self.text(n)}: {x}' for n, x in inside)}}}")
        self.function(body, name)


class _Weights:
    """What a value costs (bytes of the host's memory), and how many bytes of the file it takes at least.

    Arrays, maps, strings and bytes charge themselves when they are made, and so do records that may be in themselves;
    what else an item takes is charged with the count of its block, before the first item is made.
    """

    def __init__(self, plan: Plan) -> None:
        self.index: dict[int, int] = {}  # of each record, by its id
        calls: dict[str, Facts] = {}
        todo = list(_records(plan))
        while todo:
            record = todo.pop()
            if id(record) in self.index:
                continue
            self.index[id(record)] = len(self.index)
            inside = [r for _, step in record.steps for r in _records(step)]
            calls[str(id(record))] = Facts(calls={str(id(r)) for r in inside})
            todo += inside
        self._recursive = recursive(calls)
        self._known: dict[int, tuple[int, int]] = {}
        self._dicts: dict[int, int] = {}

    @property
    def recursive(self) -> bool:
        """Can a value be deeper than the types are?"""
        return bool(self._recursive)

    def recurs(self, record: RecordPlan) -> bool:
        """Can it hold itself?"""
        return str(id(record)) in self._recursive

    def cost(self, plan: Plan) -> int:
        """In bytes of memory; of a union its dearest branch."""
        return self._both(plan)[0]

    def least(self, plan: Plan) -> int:
        return self._both(plan)[1]

    def _both(self, plan: Plan) -> tuple[int, int]:
        match plan:
            case Scalar(name):
                return _NUMBER if name in ("int", "long", "float", "double") else 0, _LEAST[name]
            case FixedPlan(size):
                return 0, size
            case EnumPlan() | ArrayPlan() | MapPlan():
                return 0, 1
            case Refuse():
                return 0, 0
            case BoxPlan(_, inner):
                cost, least = self._both(inner)
                return _BOX + cost, least
            case UnionPlan(branches):
                both = [self._both(b) for b in branches]
                return max(c for c, _ in both), 1 + min(n for _, n in both)
            case RecordPlan():
                return (0, 1) if self.recurs(plan) else self.record(plan)  # a union, an array or a map is on its way

    def record(self, record: RecordPlan) -> tuple[int, int]:
        """The same of a record's fields, and of the record."""
        if id(record) not in self._known:
            both = [self._both(step) for _, step in record.steps]
            self._known[id(record)] = self.bare(record) + sum(c for c, _ in both), sum(n for _, n in both)
        return self._known[id(record)]

    def bare(self, record: RecordPlan) -> int:
        """The dict of a record, without what is in it."""
        if not record.order:
            return _MAP
        if len(record.order) not in self._dicts:
            self._dicts[len(record.order)] = getsizeof(dict.fromkeys(record.order)) + 16
        return self._dicts[len(record.order)]

    def first(self, record: RecordPlan) -> int:
        """What a record that may be in itself is charged when it begins: its unions are charged by branches."""
        inside = sum(0 if isinstance(step, UnionPlan) else self.cost(step) for _, step in record.steps)
        return self.bare(record) + inside


def _records(plan: Plan) -> Iterator[RecordPlan]:
    """The records that a plan calls."""
    todo = [plan]
    while todo:
        match todo.pop():
            case RecordPlan() as record:
                yield record
            case ArrayPlan(inner) | MapPlan(inner) | BoxPlan(_, inner):
                todo.append(inner)
            case UnionPlan(branches):
                todo += branches


class _Body:
    """The statements of one function.  A target is the variable that a value goes to; None: it is skipped."""

    def __init__(self, printer: Printer, level: int = 0) -> None:
        self.printer = printer
        self.lines: list[str] = []
        self.indent = "        "
        self.sure = 0  # bytes that are known to be in the window
        self.by_branch = False  # are unions charged by branches?
        self.level = level  # of arrays, maps and tags around a value, for the depth of what recurs

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def add(self, *lines: str) -> None:
        self.lines += [self.indent + line for line in lines]

    def need(self, size: int) -> None:
        """Have so many bytes in the window."""
        if self.sure < size:
            self.sure = max(_WINDOW, size)
            self.add(f"if end - pos < {self.sure}: more({self.sure})")
        self.sure -= size

    def step(self, plan: Plan, target: str | None) -> None:
        match plan:
            case Scalar(name, to):
                self.scalar(name, to, target)
            case FixedPlan(size):
                self.add(f"skip({size})" if target is None else f"{target} = raw({size})")
                self.sure = 0
            case EnumPlan():
                self.symbols(plan, target)
            case ArrayPlan(inner) | MapPlan(inner):
                self.items(inner, isinstance(plan, MapPlan), target)
            case UnionPlan(branches):
                self.choice(branches, target)
            case Refuse(inner, message, path):
                if target is None:
                    self.step(inner, target)
                else:
                    self.refuse(message, path)
            case BoxPlan(tag, inner):
                self.step(inner, target)
                if target:
                    self.add(f"{target} = ({self.printer.text(tag)}, {target})")
            case RecordPlan():
                self.call(plan, target)

    def refuse(self, message: str, path: str) -> None:
        text = self.printer.text(f"{path or '/'}: {message}")
        self.add(f"raise Malformed({text})")

    # -- what holds nothing --

    def scalar(self, name: str, to: str, target: str | None) -> None:
        if name in _LARGEST:
            self.need(_LARGEST[name])
        x = target or "x"
        match name:
            case "null":
                self.add(f"{x} = None")
            case "boolean":
                self.add(f"{x} = buf[pos]; pos += 1", f"if {x} > 1: raise Malformed('a boolean is neither 0 nor 1')")
                self.add(f"{x} = {x} == 1")
            case "int" | "long":
                self.number(x, "far32" if name == "int" else "far")
                if target:
                    self.add(f"{x} = {x} >> 1 ^ -({x} & 1)")
            case "string" | "bytes" if target is None:
                self.add("skip(size())")
                self.sure = 0
            case "string" | "bytes":
                self.add(f"{x} = {'text()' if name == 'string' else 'raw(size())'}")
                self.sure = 0
            case _:
                _, size, read, _ = _UNPACKED[name]
                self.add(f"{x}, = {read}(buf, pos); pos += {size}")
        if target and to:
            self.add(f"{x} = as_float({x})" if to == "double" else f"{x} = float32(as_float({x}))")

    def number(self, x: str, far: str) -> None:
        self.add(f"{x} = buf[pos]; pos += 1", f"if {x} > 127: {x} = {far}({x})")

    def symbols(self, plan: EnumPlan, target: str | None) -> None:
        x = target or "x"
        table = self.printer.constant(plan)
        self.need(10)
        self.number(x, "far")
        self.add(f"{x} = {table}[{x}]")
        if target and plan.lost:
            why = f"{plan.path or '/'}: expected {plan.wanted}, found a symbol that it has not"
            self.add(f"if {x} is None: raise Malformed({self.printer.text(why)})")

    # -- records --

    def call(self, record: RecordPlan, target: str | None) -> None:
        name, assign = self.printer.record(record, target is None), f"{target} = " if target else ""
        if self.printer.weights.recurs(record):
            levels = self.level + 1
            self.add(f"depth += {levels}", f"{assign}{name}()", f"depth -= {levels}")
        else:
            self.add(f"{assign}{name}()")
        self.sure = 0

    def fields(self, record: RecordPlan, skipped: bool) -> dict[str, str]:
        """Read the fields; which variable has which.  Numbers of fixed size that follow each other are read at once."""
        found: dict[str, str] = {}
        steps: list[tuple[str | None, Plan]] = []
        for i, (name, plan) in enumerate(record.steps):
            target = None if name is None or skipped else f"x{i}"
            if name is not None and target:
                found[name] = target
            steps.append((target, plan))
        for packed, run in groupby(steps, lambda f: f[0] is not None and _is_unpacked(f[1])):
            some = list(run)
            if packed and len(some) > 1:
                for first in range(0, len(some), _RUN):
                    self.unpack(some[first : first + _RUN])
            else:
                for target, plan in some:
                    self.step(plan, target)
        return found

    def unpack(self, some: list[tuple[str | None, Plan]]) -> None:
        kinds = [_UNPACKED[plan.kind] for _, plan in some if isinstance(plan, Scalar)]
        size = sum(kind[1] for kind in kinds)
        self.need(size)
        targets = "".join(f"{target}, " for target, _ in some)
        self.add(f"{targets.strip()} = unpack('<{''.join(kind[0] for kind in kinds)}', buf, pos); pos += {size}")

    # -- arrays, maps and unions --

    def items(self, item: Plan, keyed: bool, target: str | None) -> None:
        """A call of a function for the array or map."""
        body = _Body(self.printer, 1)
        if target is None:
            body.skipped(item, keyed)
        elif keyed:
            body.map(item)
        elif _is_unpacked(item):
            body.numbers(item)
        else:
            body.array(item)
        name = self.printer.function(body)
        self.add(f"{target} = {name}()" if target else f"{name}()")
        self.sure = 0

    def loop(self, item: Plan, keyed: bool, before: tuple[str, ...], each: str) -> None:
        """The blocks: `before` the values of each, and what is done with each value in x."""
        weights = self.printer.weights
        least = weights.least(item) + keyed
        cost = weights.cost(item) + (_ENTRY if keyed else _SLOT) if each else 1
        cost = cost if least else max(cost, UNIT)  # what takes no bytes is not bounded by them
        self.add("while True:", f"    n = count({cost}, {least})", "    if not n: break")
        self.add(*("    " + line for line in before), "    for _ in repeat(None, n):")
        self.indent += "        "
        self.sure = 0
        if keyed:
            self.add("k = text()" if each else "skip(size())")
        self.step(item, "x" if each else None)
        if each:
            self.add(each)
        else:
            self.add("pass")
        self.indent = self.indent[:-8]

    def array(self, item: Plan) -> None:
        self.add(f"left -= {_ARRAY}", "out = []", "add = out.append")
        self.loop(item, False, (), "add(x)")
        self.add("return out")

    def map(self, item: Plan) -> None:
        self.add(f"left -= {_MAP}", "out = {}", "total = 0")
        self.loop(item, True, ("total += n",), "out[k] = x")
        self.add("if len(out) != total: raise Malformed('a map has a key twice')", "return out")

    def skipped(self, item: Plan, keyed: bool) -> None:
        self.loop(item, keyed, (), "")

    def numbers(self, item: Plan) -> None:
        """An array of floats or doubles: as many at once as there are in the window."""
        assert isinstance(item, Scalar)
        _, size, _, read = _UNPACKED[item.kind]
        self.add(f"left -= {_ARRAY}", "out = []", "while True:")
        self.add(f"    n = count({_NUMBER + _SLOT}, {size})", "    if not n: break", "    while n:")
        self.add(f"        if end - pos < {size}: more({size})", f"        m = (end - pos) // {size}")
        self.add("        if not m: raise Malformed('it is cut short')", "        if m > n: m = n")
        self.add(f"        out.extend({read}(buf, pos, m))", f"        pos += m * {size}", "        n -= m")
        self.add("return out")

    def choice(self, branches: tuple[Plan, ...], target: str | None) -> None:
        self.need(10)
        self.number("u", "far")
        if len(branches) > _BRANCHES:
            self.chosen(branches, target)
            return
        sure = self.sure
        self.level += 1
        for i, branch in enumerate(branches):
            self.add(f"{'elif' if i else 'if'} u == {2 * i}:")
            self.indent += "    "
            self.sure = sure
            if self.by_branch and (cost := self.printer.weights.cost(branch)):
                self.add(f"left -= {cost}")
            self.step(branch, target)
            self.indent = self.indent[:-4]
        self.level -= 1
        self.add(f"else: raise no_index('a union', {len(branches)}, u)")
        self.sure = 0

    def chosen(self, branches: tuple[Plan, ...], target: str | None) -> None:
        """One of many branches, each by a function."""
        names: list[str] = []
        for branch in branches:
            body = _Body(self.printer, self.level + 1)
            if self.by_branch:
                body.add(f"left -= {self.printer.weights.cost(branch)}")
            body.step(branch, "x" if target else None)
            if target is None or not isinstance(branch, Refuse):
                body.add("return x" if target else "return None")
            names.append(self.printer.function(body))
        table = self.printer.table(names)
        self.add(f"{target} = {table}[u]()" if target else f"{table}[u]()")
        self.sure = 0


def _is_unpacked(plan: Plan) -> bool:
    return isinstance(plan, Scalar) and plan.kind in _UNPACKED and not plan.convert
