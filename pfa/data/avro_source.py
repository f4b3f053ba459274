"""Decoders of Avro's binary encoding, printed as Python source from a plan and compiled.

Place in the pipeline: `avro` runs them over the blocks of a file.  One decoder reads the records of a block in straight
code with the position in a local variable, which is faster than fastavro's C code (docs/data.md has figures), keeps
every branch of a union, and looks at every length before it makes something.  No text of a schema is in the source:
names, symbols and messages are constants beside it.
Invariants: nothing is made that the bytes at hand could not be or that costs more than `Limits.memory`; a datum that is
well-formed but refused (`Wrong`) can be stepped over, anything else (`Broken`) ends the block.
"""

from __future__ import annotations

from functools import cached_property
from itertools import groupby
from struct import Struct
from typing import TYPE_CHECKING, Any

from pfa.data.avro_primitives import HELPERS, Broken
from pfa.data.avro_resolve import (
    ArrayPlan,
    BoxPlan,
    EnumPlan,
    FixedPlan,
    Form,
    MapPlan,
    Plan,
    RecordPlan,
    Refuse,
    Scalar,
    UnionPlan,
)
from pfa.data.avro_sizes import Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pfa.limits import Limits

_DEEP = 6  # loops and branches inside one another before a part becomes a function; CPython allows 20 loops
_MANY = 24  # branches of a union that are printed as a chain of `elif`
_WIDE = 256  # fields of a record that one function reads
_LINES = 300_000  # of source: records of 30,000 fields of unions; more takes minutes to compile
_ONE_BYTE = 64  # an index below is one byte
_FORMATS = {"double": ("d", 8), "float": ("f", 4), "boolean": ("B", 1)}
_BUILTINS = {"range": range, "float": float, "Exception": Exception}


class Decoders:
    """The compiled decoders of a plan.

    `rows(buf, p, end, first, count, ...)` yields for each record what the expression `emit` says, of its value v, its
    number i, what is `given` and more `parameters`; `skip(buf, p, end)` is the position behind a datum.
    """

    def __init__(
        self,
        plan: Plan,
        form: Form,
        limits: Limits,
        emit: str = "v",
        given: dict[str, Any] | None = None,
        parameters: tuple[str, ...] = (),
    ) -> None:
        code = _Code(plan, form, limits)
        code.print_rows(plan, emit, parameters)
        self.source = "\n".join(code.parts)
        self.rows: Callable[..., Any] = code.compiled(given or {})["rows"]
        self.least = code.sizes.least(plan)
        self._again = plan, form, limits

    @cached_property
    def skip(self) -> Callable[[bytes, int, int], int]:
        """Made when it is asked for: few files need it."""
        code = _Code(*self._again)
        code.print_skip(self._again[0])
        made: Callable[[bytes, int, int], int] = code.compiled({})["skip"]
        return made


class ColumnDecoder:
    """The compiled decoder of a plan into columns.

    `columns(buf, p, end, count, ...)` reads records and calls for each one what is given for the fields in `names`.
    `steps` are those of the plan, with None for what is only passed over.
    """

    def __init__(
        self, plan: Plan, steps: Sequence[tuple[str | None, Plan]], names: Sequence[str], limits: Limits
    ) -> None:
        code = _Code(plan, "host", limits)
        code.print_columns(steps, names)
        self.source = "\n".join(code.parts)
        self.columns: Callable[..., None] = code.compiled({})["columns"]


class _Code:
    """The source of a plan's decoders: functions for records that recur, constants for what comes from schemas."""

    def __init__(self, plan: Plan, form: Form, limits: Limits) -> None:
        self.form = form
        self.sizes = Sizes(plan)
        self.memory = limits.memory if limits.memory is not None else 1 << 62
        self.nesting = limits.nesting
        if self.sizes.cost(plan) > self.memory:
            raise Broken(f"a datum of this schema takes more than Limits.memory ({self.memory:,} bytes)")
        self.constants: dict[str, Any] = {"left": [self.memory], "levels": [self.nesting], "LEFT": self.memory}
        self.constants["LEVELS"] = self.nesting
        self.parts: list[str] = []
        self.tables: dict[str, list[str]] = {}
        self.groups = 0
        self.lines = 0
        self.functions: dict[tuple[int, bool], str] = {}
        self.jumps = False  # bytes are passed over without being looked at

    def compiled(self, given: dict[str, Any]) -> dict[str, Any]:
        """The functions by name.  Each part is compiled by itself: the memory that takes is far more than the text."""
        names: dict[str, Any] = {"__builtins__": {}, **_BUILTINS, **HELPERS, **self.constants, **given}
        for part in self.parts:
            exec(compile(part, "<avro decoder>", "exec"), names)
        for name, functions in self.tables.items():
            names[name] = tuple(names[f] for f in functions)
        return names

    def printed(self) -> None:
        """Count a line."""
        self.lines += 1
        if self.lines > _LINES:
            raise Broken("the schema is too large to be compiled")

    def constant(self, value: Any) -> str:
        name = f"K{len(self.constants)}"
        self.constants[name] = value
        return name

    def reset(self) -> list[str]:
        """What a datum begins with, if its size or depth are counted."""
        made = ["left[0] = LEFT"] if self.sizes.counted else []
        return [*made, "levels[0] = LEVELS"] if self.sizes.recursive else made

    def print_rows(self, plan: Plan, emit: str, parameters: tuple[str, ...]) -> None:
        """Position of the datum that was being read, and its number, go with whatever is wrong with it."""
        body = _Body(self, keep=True, indent=3)
        for line in ("s = p", *self.reset()):
            body.add(line)
        body.add(f"v = {body.value(plan)}")
        if self.jumps:
            body.add("if p > end: raise cut()")
        body.add(f"yield {emit}")
        names = ", ".join(("buf", "p", "end", "first", "count", *parameters))
        head = [f"def rows({names}):", " i = first", " s = p", " try:"]
        loop = ["  for i in range(first, first + count):", *body.lines]
        tail = [" except Exception as error:", "  raise located(error, i, s, p)", " if p != end: raise rest(i, p, end)"]
        self.parts.append("\n".join(head + loop + tail))

    def print_skip(self, plan: Plan) -> None:
        body = _Body(self, keep=False, indent=2)
        for line in self.reset():
            body.add(line)
        body.value(plan)
        body.add("if p > end: raise cut()")
        body.add("return p")
        tail = [" except Exception as error:", "  raise located(error, 0, s, p)"]
        self.parts.append("\n".join(["def skip(buf, p, end):", " s = p", " try:", *body.lines, *tail]))

    def print_columns(self, steps: Sequence[tuple[str | None, Plan]], names: Sequence[str]) -> None:
        body = _Body(self, keep=True, indent=3)
        for line in ("s = p", *self.reset()):
            body.add(line)
        values = body.steps(steps)
        for i, name in enumerate(names):
            body.add(f"a{i}({values[name]})")
        parameters = ", ".join(("buf", "p", "end", "count", *(f"a{i}" for i in range(len(names)))))
        head = [f"def columns({parameters}):", " i = 0", " s = p", " try:", "  for i in range(count):"]
        tail = [" except Exception as error:", "  raise located(error, i, s, p)", " if p != end: raise rest(i, p, end)"]
        self.parts.append("\n".join([*head, *body.lines, *tail]))

    def function(self, plan: Plan, keep: bool) -> str:
        """The name of a function of its own for a plan: (buf, p, end) -> (value, position)."""
        key = id(plan), keep
        if key not in self.functions:
            name = self.functions[key] = f"f{len(self.functions)}"
            body = _Body(self, keep, indent=1)
            recursive = plan in self.sizes.recursive if isinstance(plan, RecordPlan) else False
            if recursive:
                body.add("levels[0] -= 1")
                body.add("if levels[0] < 0: raise deep()")
                body.charge(str(self.sizes.cost(plan)))
            value = body.value(plan, inline=True)
            if recursive:
                body.add("levels[0] += 1")
            body.add(f"return {value}, p")
            self.parts.append("\n".join([f"def {name}(buf, p, end):", *body.lines]))
        return self.functions[key]

    def table(self, branches: tuple[Plan, ...], keep: bool) -> str:
        """The name of the functions of many branches."""
        functions = [self.function(b, keep) for b in branches]
        name = f"T{len(self.tables)}"
        self.tables[name] = functions
        return name

    def fields(self, steps: Sequence[tuple[str | None, Plan]], keep: bool) -> str:
        """The name of a function for some fields of a wide record: (buf, p, end, record) -> position."""
        self.groups += 1
        name = f"g{self.groups}"
        body = _Body(self, keep, indent=1)
        for field, value in body.steps(steps).items():
            body.add(f"out[{self.constant(field)}] = {value}")
        body.add("return p")
        self.parts.append("\n".join([f"def {name}(buf, p, end, out):", *body.lines]))
        return name


class _Body:
    """The statements of one function, in the order of the bytes."""

    def __init__(self, code: _Code, keep: bool, indent: int) -> None:
        self.code = code
        self.keep = keep
        self.indent = indent
        self.lines: list[str] = []
        self.names = 0
        self.depth = 0

    def add(self, line: str) -> None:
        self.code.printed()
        self.lines.append(" " * self.indent + line)

    def name(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def enter(self, levels: int = 1) -> None:
        self.indent += levels
        self.depth += levels

    def value(self, plan: Plan, inline: bool = False) -> str:
        """Statements that read a plan; an expression of what was read, to be used once."""
        if not inline and self._is_function(plan):
            name = self.name()
            self.add(f"{name}, p = {self.code.function(plan, self.keep)}(buf, p, end)")
            return name
        match plan:
            case Scalar(kind, convert):
                return self._scalar(kind, convert)
            case FixedPlan():
                return self._run([plan])[0]
            case EnumPlan():
                return self._enum(plan)
            case ArrayPlan():
                return self._array(plan)
            case MapPlan():
                return self._map(plan)
            case RecordPlan():
                return self._record(plan)
            case UnionPlan():
                return self._union(plan)
            case BoxPlan(tag, inner):
                return self._box(tag, self.value(inner))
            case Refuse():
                return self._refuse(plan)

    def _is_function(self, plan: Plan) -> bool:
        match plan:
            case RecordPlan():
                return plan in self.code.sizes.shared or self.depth >= _DEEP
            case ArrayPlan() | MapPlan() | UnionPlan():
                return self.depth >= _DEEP
            case _:
                return False

    def _box(self, tag: str, value: str) -> str:
        if not self.keep:
            return "None"
        name = self.code.constant(tag)
        return f"({name}, {value})" if self.code.form == "host" else f"{{{name}: {value}}}"

    def _refuse(self, plan: Refuse) -> str:
        if self.keep:
            self.add(f"raise wrong({self.code.constant(plan.message)}, {self.code.constant(plan.path)})")
        else:
            self.value(plan.inner)
        return "None"

    # -- primitives --

    def integer(self, rest: str = "long_rest") -> str:
        """The name of an integer; of one byte by a table, of two in place."""
        name = self.name()
        self.add("x = buf[p]; p += 1")
        self.add(f"if x < 128: {name} = SIGNED[x]")
        self.add("else:")
        self.add(" y = buf[p]")
        self.add(f" if y < 128: x = x & 127 | y << 7; {name} = x >> 1 ^ -(x & 1); p += 1")
        self.add(f" else: {name}, p = {rest}(buf, p, x)")
        return name

    def index(self, count: int) -> None:
        """The index of a branch or symbol in x, as it is written: twice itself."""
        self.add("x = buf[p]; p += 1")
        if count > _ONE_BYTE:
            self.add("if x > 127: x, p = index_rest(buf, p, x)")

    def _scalar(self, kind: str, convert: str) -> str:
        if kind == "null":
            return "None"
        if kind in _FORMATS:
            return self._run([Scalar(kind, convert)])[0]
        if kind in ("string", "bytes"):
            return self._text(kind)
        if not self.keep:
            self.add("p = past(buf, p)")
            return "None"
        name = self.integer("long_rest" if kind == "long" else "int_rest")
        return f"{convert}({name})" if convert == "float" else name if not convert else f"double({name})"

    def _text(self, kind: str) -> str:
        self.add("x = buf[p]; p += 1")
        self.add("if x < 128: q = p + LENGTH[x]")
        self.add("else: q, p = text_end(buf, p, x)")
        self.add("if q > end: raise long(q, p, end)")
        name = self.name()
        if self.keep:
            self.add(f"{name} = buf[p:q]" + (".decode()" if kind == "string" else ""))
        self.add("p = q")
        return name if self.keep else "None"

    def _enum(self, plan: EnumPlan) -> str:
        self.index(len(plan.symbols))
        self.add(f"if x & 1 or x >= {2 * len(plan.symbols)}: raise index(x, {len(plan.symbols)})")
        if not self.keep:
            return "None"
        name = self.name()
        self.add(f"{name} = {self.code.constant(plan.symbols)}[x >> 1]")
        if plan.lost:
            lost, wanted, path = map(self.code.constant, (plan.lost, plan.wanted, plan.path))
            self.add(f"if {name} in {lost}: raise symbol({name}, {wanted}, {path})")
        return name

    def jump(self, size: int) -> None:
        self.add(f"p += {size}")
        self.code.jumps = True

    def _run(self, plans: list[Any]) -> list[str]:
        """Values of fixed size that follow one another, in one call."""
        size = sum(_width(plan) for plan in plans)
        if not self.keep:
            self.jump(size)
            return ["None"] * len(plans)
        names = [self.name() for _ in plans]
        unpack = self.code.constant(Struct("<" + "".join(map(_format, plans))).unpack_from)
        self.add(f"{', '.join(names)}, = {unpack}(buf, p); p += {size}")
        for name, plan in zip(names, plans, strict=True):
            if isinstance(plan, Scalar) and plan.kind == "boolean":
                self.add(f"if {name} > 1: raise boolean({name})")
                self.add(f"{name} = {name} == 1")
        return names

    # -- containers --

    def charge(self, amount: str) -> None:
        self.add(f"left[0] -= {amount}")
        self.add("if left[0] < 0: raise memory()")

    def _counted(self, inner: Plan, extra: int) -> str:
        """The loop over the parts of an array or map; it is left open.  The name of the count."""
        sizes = self.code.sizes
        self.add("while True:")
        self.enter()
        count = self.integer()
        self.add(f"if not {count}: break")
        self.add(f"if {count} < 0:")
        self.add(f" {count} = -{count}; p = past(buf, p)")
        if least := sizes.least(inner) + extra:
            self.add(f"if {count} * {least} > end - p: raise many({count}, p, end)")
        self.charge(f"{count} * {sizes.item(inner, extra)}")
        return count

    def _array(self, plan: ArrayPlan) -> str:
        name, items = self.name(), plan.items
        if self.keep:
            self.add(f"{name} = []")
        count = self._counted(items, 0)
        if isinstance(items, Scalar) and items.kind in ("double", "float"):
            self.add(f"q = p + {count} * {_width(items)}")
            if self.keep:
                self.add(f"{name} += {items.kind}s(buf, p, {count})")
            self.add("p = q")
        elif self.keep or self.code.sizes.reads(items):
            self.add(f"for _ in range({count}):")
            self.enter()
            value = self.value(items)
            self.add(f"{name}.append({value})" if self.keep else "pass")
            self.enter(-1)
        self.enter(-1)
        return name if self.keep else "None"

    def _map(self, plan: MapPlan) -> str:
        name = self.name()
        if self.keep:
            self.add(f"{name} = {{}}")
        count = self._counted(plan.values, 1)
        self.add(f"for _ in range({count}):")
        self.enter()
        key = self._text("string")
        value = self.value(plan.values)
        if self.keep:
            self.add(f"{name}[{key}] = {value}")
        self.enter(-2)
        return name if self.keep else "None"

    def _record(self, plan: RecordPlan) -> str:
        if len(plan.steps) > _WIDE:
            return self._wide_record(plan)
        values = self.steps(plan.steps)
        return self._assembled(plan, values) if self.keep else "None"

    def _wide_record(self, plan: RecordPlan) -> str:
        """A record whose fields are read by several functions: large ones take long to compile."""
        name = self.name()
        self.add(f"{name} = {self.code.constant(dict.fromkeys(plan.order).copy)}()" if self.keep else f"{name} = None")
        for first in range(0, len(plan.steps), _WIDE):
            part = self.code.fields(plan.steps[first : first + _WIDE], self.keep)
            self.add(f"p = {part}(buf, p, end, {name})")
        if self.keep:
            for field, make in plan.defaults.items():
                self.add(f"{name}[{self.code.constant(field)}] = {self.code.constant(make)}()")
        return name

    def steps(self, fields: Sequence[tuple[str | None, Plan]]) -> dict[str, str]:
        """Expressions of the fields that are kept, by name."""
        values: dict[str, str] = {}
        for fixed, group in groupby(fields, key=lambda step: bool(_width(step[1]))):
            steps = list(group)
            if fixed:
                self._fixed_steps(steps, values)
                continue
            for name, inner in steps:
                value = self._field(name, inner)
                if name is not None and self.keep:
                    values[name] = value
        return values

    def _field(self, name: str | None, plan: Plan) -> str:
        keep, self.keep = self.keep, self.keep and name is not None
        value = self.value(plan)
        self.keep = keep
        return value

    def _fixed_steps(self, steps: list[tuple[str | None, Plan]], values: dict[str, str]) -> None:
        for dropped, group in groupby(steps, key=lambda step: step[0] is None):
            run = list(group)
            if dropped:
                self.jump(sum(_width(inner) for _, inner in run))
                continue
            read = self._run([inner for _, inner in run])
            values.update({name: value for (name, _), value in zip(run, read, strict=True) if name is not None})

    def _assembled(self, plan: RecordPlan, values: dict[str, str]) -> str:
        for field, make in plan.defaults.items():
            values[field] = f"{self.code.constant(make)}()"
        name = self.name()
        pairs = (f"{self.code.constant(field)}: {values[field]}" for field in plan.order)
        self.add(f"{name} = {{{', '.join(pairs)}}}")
        return name

    # -- unions --

    def _union(self, plan: UnionPlan) -> str:
        count, name = len(plan.branches), self.name()
        self.index(count)
        if count > _MANY:
            self.add(f"if x & 1 or x >= {2 * count}: raise index(x, {count})")
            self.add(f"{name}, p = {self.code.table(plan.branches, self.keep)}[x >> 1](buf, p, end)")
            return name
        for i, b in enumerate(plan.branches):
            self.add(f"{'el' if i else ''}if x == {2 * i}:")
            self.enter()
            value = self.value(b)
            self.add(f"{name} = {value}" if self.keep else "pass")
            self.enter(-1)
        self.add(f"else: raise index(x, {count})")
        return name if self.keep else "None"


def _width(plan: Plan) -> int:
    """The bytes of a value of fixed size; 0 for others."""
    match plan:
        case Scalar(kind):
            return _FORMATS.get(kind, ("", 0))[1]
        case FixedPlan(size):
            return size
        case _:
            return 0


def _format(plan: Scalar | FixedPlan) -> str:
    return f"{plan.size}s" if isinstance(plan, FixedPlan) else _FORMATS[plan.kind][0]
