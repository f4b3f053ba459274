"""Lines of LLVM IR for one function: names, labels, the status, addresses."""

from __future__ import annotations

import ast
import math
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfa.targets.kernel import language
from pfa.targets.kernel.kernels import Kernel, KernelError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Checks:
    """A build for tests: every address of data goes through `check_address(address, bytes, kernel)` first.

    `text` has that function, `check_count(count, kernel)` and what else is to stand in place of the library's kernels;
    `exempt` tells of a kernel whether it is left as it is.  `names` numbers the kernels, in the order of their use.
    """

    text: str
    exempt: Callable[[str], bool]
    names: list[str] = field(default_factory=list)

    def number(self, name: str) -> str:
        if name not in self.names:
            self.names.append(name)
        return str(self.names.index(name))


@dataclass(slots=True)
class Value:
    text: str
    type: str


@dataclass
class Writer:
    """What is written of a function so far."""

    kernel: Kernel
    known: dict[str, Kernel]
    checks: Checks | None = None
    lines: list[str] = field(default_factory=list)
    slots: dict[str, str] = field(default_factory=dict)
    handlers: list[str] = field(default_factory=list)
    calls: dict[str, None] = field(default_factory=dict)
    count: int = 0
    done: bool = False
    leaves: bool = False
    site: str = ""

    def emit(self, line: str) -> None:
        self.lines.append("  " + line)

    def new(self) -> str:
        self.count += 1
        return f"%t{self.count}"

    def value(self, line: str, t: str) -> Value:
        name = self.new()
        self.lines.append(f"  {name} = {line}")
        return Value(name, t)

    def label(self) -> str:
        self.count += 1
        return f"l{self.count}"

    def place(self, label: str) -> None:
        """The block begins here; what came before falls into it."""
        if not self.done:
            self.emit(f"br label %{label}")
        self.lines.append(f"{label}:")
        self.done = False

    def jump(self, label: str) -> None:
        if not self.done:
            self.emit(f"br label %{label}")
        self.done = True

    def wrong(self, n: ast.AST, what: str) -> KernelError:
        return KernelError(f"kernel {self.kernel.name}: {what}: {ast.unparse(n)}")

    def handler(self) -> str:
        if self.handlers:
            return self.handlers[-1]
        self.leaves = True
        return "leave"

    def convert(self, value: Value, t: str, s: ast.AST) -> Value:
        """Literal integers stand for doubles too; nothing else changes its type in silence."""
        if t == "double" and value.type == "i64" and value.text.lstrip("-").isdigit():
            return Value(double(float(value.text)), t)
        raise self.wrong(s, f"{value.type} where {t} is needed")

    def field(self, at: str) -> str:
        """A pointer to a field of the context."""
        ctx = self.value("load i64, ptr %v.ctx", "i64")
        where = self.value(f"add i64 {ctx.text}, {at}", "i64")
        return self.value(f"inttoptr i64 {where.text} to ptr", "ptr").text

    def test_status(self, site: str) -> None:
        """Leave where the status is not zero."""
        status = self.value(f"load i64, ptr {self.field(str(language.STATUS))}, !tbaa !3", "i64")
        fine = self.value(f"icmp eq i64 {status.text}, 0", "i1")
        on, off = self.label(), self.label()
        target = self.handler()
        self.emit(f"br i1 {fine.text}, label %{on}, label %{off if site else target}, !prof !5")
        if site:
            self.lines.append(f"{off}:")
            self.note(site)
            self.emit(f"br label %{target}")
        self.lines.append(f"{on}:")

    def note(self, site: str) -> None:
        """The innermost place that is known stays."""
        where = self.field(str(language.SITE))
        old = self.value(f"load i64, ptr {where}, !tbaa !3", "i64")
        none = self.value(f"icmp eq i64 {old.text}, 0", "i1")
        new = self.value(f"select i1 {none.text}, i64 {site}, i64 {old.text}", "i64")
        self.emit(f"store i64 {new.text}, ptr {where}, !tbaa !3")

    def checked(self, a: Value, count: str) -> Value:
        """An address that may be read or written; in a build for tests, where it may not, a harmless one."""
        if self.checks is None:
            return a
        self.calls["check_address"] = None
        number = self.checks.number(self.kernel.name)
        return self.value(f"call i64 @check_address(i64 {a.text}, i64 {count}, i64 {number})", "i64")

    def counted(self, count: str) -> str:
        """So many bytes."""
        if self.checks is None:
            return count
        self.calls["check_count"] = None
        return self.value(f"call i64 @check_count(i64 {count}, i64 {self.checks.number(self.kernel.name)})", "i64").text

    def pointer(self, a: Value) -> str:
        return self.value(f"inttoptr i64 {a.text} to ptr", "ptr").text


def literal(x: int | float) -> Value:
    if isinstance(x, float):
        return Value(double(x), "double")
    return Value(str(x if x < 1 << 63 else x - (1 << 64)), "i64")


def double(x: float) -> str:
    if math.isnan(x):
        return "0x7FF8000000000000"
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"
