"""A plan of `resolution` as the text of functions, one for each record, array and map.

Place in the pipeline: below `avro_decode`, whose frame the text stands in.  Invariant: the text is made of words of
this page, numbers, and names of constants; it is shallow, however deep the types are.

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
from typing import TYPE_CHECKING, Any

from pfa.check.callgraph import recursive
from pfa.check.checker import Facts
from pfa.data.resolution import Boxed, Call, Choice, Items, Raw, Refused, Scalar, Symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.data.resolution import Fields, Key, Plan, Step

UNIT = 4  # values are charged in quarters: a number, boolean or null is one, a container four
_WINDOW = 64  # bytes that one comparison makes sure of
_BRANCHES = 8  # of a union that are tried one after the other
_LARGEST = {"null": 0, "boolean": 1, "int": 10, "long": 10, "float": 4, "double": 8}
_LEAST = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "string": 1, "bytes": 1}
_UNPACKED = {"float": ("f", 4, "single", "floats"), "double": ("d", 8, "double", "doubles")}


class Printer:
    """Prints a plan: `functions`, the statements `root` that leave the datum in x0, and the `constants` of both."""

    def __init__(self, plan: Plan) -> None:
        self.constants: dict[str, Any] = {}
        self.names: dict[Key, str] = {key: f"r{i}" for i, key in enumerate(plan.records)}
        self.weights = _Weights(plan, self.names)
        self._texts: dict[str, str] = {}
        self._printed: list[str] = []
        for key, record in plan.records.items():
            self._record(self.names[key], record)
        root = _Body(self)
        root.add(f"left -= {self.weights.cost(plan.root)}")
        root.step(plan.root, "x0")
        if isinstance(plan.root, Refused):
            root.add("x0 = None")
        self.root = root.text
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

    def _record(self, name: str, record: Fields) -> None:
        body = _Body(self)
        if name in self.weights.recursive:
            body.add("if depth > NESTING: raise too_deep(NESTING)")
            body.add(f"left -= {self.weights.record(name)[0]}")
            body.add("if left < 0: raise too_many()")
        found = body.fields(record)
        if record.skipped:
            body.add("return None")
        else:
            inside = ((n, found.get(n) or self.constant(record.defaults[n])) for n in record.names)
            body.add(f"return {{{', '.join(f'{self.text(n)}: {x}' for n, x in inside)}}}")
        self.function(body, name)


class _Weights:
    """What a value costs (a host's memory), and how many bytes of the file it takes at least."""

    def __init__(self, plan: Plan, names: dict[Key, str]) -> None:
        self.names = names
        self.records = {names[key]: record for key, record in plan.records.items()}
        self.recursive = recursive({n: Facts(calls=set(self._called(r))) for n, r in self.records.items()})
        self.known: dict[str, tuple[int, int]] = {}

    def _called(self, record: Fields) -> Iterator[str]:
        todo = [step for _, step in record.steps]
        while todo:
            match todo.pop():
                case Call(key):
                    yield self.names[key]
                case Items(inner, _) | Boxed(_, inner):
                    todo.append(inner)
                case Choice(branches):
                    todo += branches

    def cost(self, step: Step) -> int:
        """In quarters of a value, without what arrays, maps and recursive records charge themselves."""
        return self._both(step)[0]

    def least(self, step: Step) -> int:
        return self._both(step)[1]

    def _both(self, step: Step) -> tuple[int, int]:
        match step:
            case Scalar(name):
                return 2 if name in ("string", "bytes") else 1, _LEAST[name]
            case Raw(size):
                return 2, size
            case Symbols():
                return 1, 1
            case Refused():
                return 0, 0
            case Items():
                return UNIT, 1
            case Boxed(_, inner):
                cost, least = self._both(inner)
                return UNIT + cost, least
            case Choice(branches):
                inside = [self._both(b) for b in branches]
                return max(c for c, _ in inside), 1 + min(n for _, n in inside)
            case Call(key):
                name = self.names[key]
                cost, least = (0, 0) if name in self.recursive else self.record(name)
                return cost, least

    def record(self, name: str) -> tuple[int, int]:
        if name not in self.known:
            inside = [self._both(step) for _, step in self.records[name].steps]
            self.known[name] = UNIT + sum(c for c, _ in inside), sum(n for _, n in inside)
        return self.known[name]


class _Body:
    """The statements of one function.  A target is the variable that a value goes to; None: it is skipped."""

    def __init__(self, printer: Printer, level: int = 0) -> None:
        self.printer = printer
        self.lines: list[str] = []
        self.indent = "        "
        self.sure = 0  # bytes that are known to be in the window
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

    def step(self, step: Step, target: str | None) -> None:
        match step:
            case Scalar(name, to):
                self.scalar(name, to, target)
            case Raw(size):
                self.add(f"skip({size})" if target is None else f"{target} = raw({size})")
                self.sure = 0
            case Symbols():
                self.symbols(step, target)
            case Items(item, keyed):
                self.items(item, keyed, target)
            case Choice():
                self.choice(step, target)
            case Refused(why):
                self.add(f"raise Malformed({self.printer.text(why)})")
            case Boxed(tag, inner):
                self.step(inner, target)
                self.add(f"{target} = ({self.printer.text(tag)}, {target})")
            case Call(key):
                self.call(self.printer.names[key], target)

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

    def symbols(self, step: Symbols, target: str | None) -> None:
        x = target or "x"
        table = self.printer.constant(step)
        self.need(10)
        self.number(x, "far")
        self.add(f"{x} = {table}[{x}]")
        if target and None in step.symbols:
            why = f"a symbol of the file is none of the enum {step.reader}"
            self.add(f"if {x} is None: raise Malformed({self.printer.text(why)})")

    # -- records --

    def call(self, name: str, target: str | None) -> None:
        assign = f"{target} = " if target else ""
        if name in self.printer.weights.recursive:
            levels = self.level + 1
            self.add(f"depth += {levels}", f"{assign}{name}()", f"depth -= {levels}")
        else:
            self.add(f"{assign}{name}()")
        self.sure = 0

    def fields(self, record: Fields) -> dict[str, str]:
        """Read the fields; which variable has which.  Numbers of fixed size that follow each other are read at once."""
        found = {name: f"x{i}" for i, (name, _) in enumerate(record.steps) if name is not None}
        for packed, run in groupby(record.steps, lambda f: f[0] is not None and _is_unpacked(f[1])):
            some = list(run)
            if packed and len(some) > 1:
                for first in range(0, len(some), 8):
                    self.unpack(some[first : first + 8], found)
            else:
                for name, step in some:
                    self.step(step, None if name is None else found[name])
        return found

    def unpack(self, some: list[tuple[str | None, Step]], found: dict[str, str]) -> None:
        kinds = [_UNPACKED[step.name] for _, step in some if isinstance(step, Scalar)]
        size = sum(kind[1] for kind in kinds)
        self.need(size)
        targets = "".join(f"{found[name]}, " for name, _ in some if name is not None)
        self.add(f"{targets.strip()} = unpack('<{''.join(kind[0] for kind in kinds)}', buf, pos); pos += {size}")

    # -- arrays, maps and unions --

    def items(self, item: Step, keyed: bool, target: str | None) -> None:
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

    def loop(self, item: Step, keyed: bool, before: tuple[str, ...], each: str) -> None:
        """The blocks: `before` the values of each, and what is done with each value in x."""
        weights = self.printer.weights
        cost, least = weights.cost(item) + 2 * keyed, weights.least(item) + keyed
        self.add("while True:", f"    n = count({max(cost, 1)}, {least})", "    if not n: break")
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

    def array(self, item: Step) -> None:
        self.add("out = []", "add = out.append")
        self.loop(item, False, (), "add(x)")
        self.add("return out")

    def map(self, item: Step) -> None:
        self.add("out = {}", "total = 0")
        self.loop(item, True, ("total += n",), "out[k] = x")
        self.add("if len(out) != total: raise Malformed('a map has a key twice')", "return out")

    def skipped(self, item: Step, keyed: bool) -> None:
        self.loop(item, keyed, (), "")

    def numbers(self, item: Step) -> None:
        """An array of floats or doubles: as many at once as there are in the window."""
        assert isinstance(item, Scalar)
        _, size, _, read = _UNPACKED[item.name]
        self.add("out = []", "while True:", f"    n = count(1, {size})", "    if not n: break", "    while n:")
        self.add(f"        if end - pos < {size}: more({size})", f"        m = (end - pos) // {size}")
        self.add("        if not m: raise Malformed('it is cut short')", "        if m > n: m = n")
        self.add(f"        out.extend({read}(buf, pos, m))", f"        pos += m * {size}", "        n -= m")
        self.add("return out")

    def choice(self, step: Choice, target: str | None) -> None:
        self.need(10)
        self.number("u", "far")
        if len(step.branches) > _BRANCHES:
            self.chosen(step, target)
            return
        sure = self.sure
        self.level += 1
        for i, branch in enumerate(step.branches):
            self.add(f"{'elif' if i else 'if'} u == {2 * i}:")
            self.indent += "    "
            self.sure = sure
            self.step(branch, target)
            self.indent = self.indent[:-4]
        self.level -= 1
        self.add(f"else: raise no_index('a union', {len(step.branches)}, u)")
        self.sure = 0

    def chosen(self, step: Choice, target: str | None) -> None:
        """One of many branches, each by a function."""
        names: list[str] = []
        for branch in step.branches:
            body = _Body(self.printer, self.level + 1)
            body.step(branch, "x" if target else None)
            if not isinstance(branch, Refused):
                body.add("return x" if target else "return None")
            names.append(self.printer.function(body))
        table = self.printer.table(names)
        self.add(f"{target} = {table}[u]()" if target else f"{table}[u]()")
        self.sure = 0


def _is_unpacked(step: Step) -> bool:
    return isinstance(step, Scalar) and step.name in _UNPACKED and not step.to
