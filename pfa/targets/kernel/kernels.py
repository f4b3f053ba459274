"""The kernel language's reader: typed Python text to functions that `front` translates."""

from __future__ import annotations

import ast
import os
import re
import threading
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pfa.errors import InternalError
from pfa.targets.kernel import language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TYPES = {"i64": "i64", "f64": "double", "bool": "i1", "int": "i64", "float": "double", "None": "void"}
FIELDS = {n: v for n, v in vars(language).items() if n.isupper() and isinstance(v, int)}
EACH = """
def {name}__slot(ctx: i64, env: i64, x: i64) -> i64:
    return bits({name}__double(unbits(x)))

def {name}__adouble(ctx: i64, x: i64) -> i64:
    return each_item(ctx, x, address({name}__slot))

def {name}__mdouble(ctx: i64, x: i64) -> i64:
    return each_value(ctx, x, address({name}__slot))
"""


# CPython's parser loses count of its depth where two threads use it at once (SystemError); after a fork it is free.
_parser = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_parser.acquire, after_in_parent=_parser.release, after_in_child=_parser.release)


def parsed(text: str) -> ast.Module:
    """The tree of a text."""
    with _parser:
        return ast.parse(text)


def expression(text: str) -> ast.expr:
    """The tree of an expression."""
    with _parser:
        return ast.parse(text, mode="eval").body


class KernelError(InternalError):
    """A fault of a kernel's text, not of a document."""


@dataclass(frozen=True)
class Kernel:
    """A function of the kernel language, not yet translated."""

    name: str
    params: tuple[tuple[str, str], ...]
    ret: str
    tree: Callable[[], ast.FunctionDef]
    names: dict[str, int | float]
    inline: str = ""

    @property
    def node(self) -> ast.FunctionDef:
        return self.tree()

    @property
    def fails(self) -> bool:
        return bool(self.params) and self.params[0][0] == "ctx"

    @property
    def signature(self) -> str:
        return ", ".join(t for _, t in self.params)


def parse(text: str, names: dict[str, int | float] | None = None) -> dict[str, Kernel]:
    """The functions of a text; its constants are names in capitals."""
    body = parsed(text).body if "\n" + " " * 400 not in text else _deep(text.split("\n"))
    known: dict[str, int | float] = dict(names or {})
    found: dict[str, Kernel] = {}
    for n in body:
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name):
            name = n.targets[0].id
            if isinstance(n.value, ast.Name) and n.value.id in found:  # another name for a kernel
                found[name] = replace(found[n.value.id], name=name)
            else:
                known[name] = constant(n.value, known)
        elif isinstance(n, ast.FunctionDef):
            found[n.name] = _kernel(n, known)
            if any(isinstance(d, ast.Name) and d.id == "each" for d in n.decorator_list):
                found |= parse(EACH.format(name=n.name.removesuffix("__double")))
    return found


def indexed(text: str) -> dict[str, Kernel]:
    """The same of a file of the library, by the heads of its functions: a body is parsed when somebody asks for it.

    Documents use few of the library's functions, and to parse them all takes longer than to load compiled code.
    """
    known: dict[str, int | float] = {}
    found: dict[str, Kernel] = {}
    for piece in _pieces(text):
        if (head := _HEAD.search(piece)) is None:
            name, equals, text = piece.partition(" = ")
            if equals and name.isidentifier():
                value = expression(text.strip())
                if isinstance(value, ast.Name) and value.id in found:  # another name for a kernel
                    found[name] = replace(found[value.id], name=name)
                else:
                    known[name] = constant(value, known)
            continue
        name, listed, ret = head.groups()
        params = tuple((n, TYPES[t]) for n, t in _PARAM.findall(listed))
        marks = re.findall(r"^@(\w+)", piece[: head.start()], re.MULTILINE)
        inline = "".join(m for m in marks if m != "each")
        found[name] = Kernel(name, params, TYPES[ret or "None"], _later(piece), known, inline)
        if "each" in marks:
            found |= parse(EACH.format(name=name.removesuffix("__double")))
    return found


_HEAD = re.compile(r"^def (\w+)\(([^)]*)\)(?: -> (\w+))?:", re.MULTILINE)
_PARAM = re.compile(r"(\w+): (\w+)")


def _later(piece: str) -> Callable[[], ast.FunctionDef]:
    @cache
    def tree() -> ast.FunctionDef:
        [made] = parsed(piece).body
        assert isinstance(made, ast.FunctionDef)
        return made

    return tree


def _pieces(text: str) -> Iterator[str]:
    """The statements of a file after its docstring, functions with their decorators."""
    if text.startswith('"""'):
        text = text[text.index('"""', 3) + 3 :]
    piece: list[str] = []
    for line in text.split("\n"):
        starts = line[:1] not in ("", " ", ")", "#")
        if starts and piece and not piece[-1].startswith("@"):
            yield "\n".join(piece)
            piece = []
        piece.append(line)
    yield "\n".join(piece)


def _deep(lines: list[str]) -> list[ast.stmt]:
    """Statements of a text that is nested deeper than CPython reads: line by line."""
    top: list[ast.stmt] = []
    blocks: list[list[ast.stmt]] = [top]
    for line in lines:
        text = line.lstrip()
        if not text:
            continue
        del blocks[(len(line) - len(text)) // 4 + 1 :]
        last = blocks[-1][-1] if blocks[-1] else None
        if text == "else:":
            assert isinstance(last, ast.If)
            blocks.append(last.orelse)
        elif text == "except:":
            assert isinstance(last, ast.Try)
            last.handlers = [ast.ExceptHandler(None, None, [])]
            blocks.append(last.handlers[0].body)
        elif text == "try:":
            blocks[-1].append(made := ast.Try([], [], [], []))
            blocks.append(made.body)
        elif text.startswith("elif "):
            assert isinstance(last, ast.If)
            while last.orelse:
                assert isinstance(last.orelse[-1], ast.If)
                last = last.orelse[-1]
            last.orelse.append(_header(text[2:]))
            blocks.append(last.orelse[0].body)  # type: ignore[attr-defined]
        elif text.endswith(":"):
            blocks[-1].append(_header(text))
            blocks.append(blocks[-1][-1].body)  # type: ignore[attr-defined]
        else:
            blocks[-1] += parsed(text).body
    return top


def _header(text: str) -> ast.stmt:
    """A statement that has a block, without it."""
    [made] = parsed(text + " pass").body
    made.body = []  # type: ignore[attr-defined]
    return made


def _kernel(n: ast.FunctionDef, names: dict[str, int | float]) -> Kernel:
    params = tuple((a.arg, _type(a.annotation, "i64")) for a in n.args.args)
    inline = "".join(d.id for d in n.decorator_list if isinstance(d, ast.Name) and d.id != "each")
    return Kernel(n.name, params, _type(n.returns, "void"), lambda: n, names, inline)


def _type(annotation: ast.expr | None, otherwise: str) -> str:
    if annotation is None:
        return otherwise
    name = annotation.value if isinstance(annotation, ast.Constant) else getattr(annotation, "id", "")
    return TYPES[str(name)]


def constant(e: ast.expr, names: dict[str, int | float]) -> int | float:
    """A constant expression: numbers, names, arithmetic."""
    match e:
        case ast.Constant(int() | float() as value):
            return value
        case ast.Name(name):
            return names[name] if name in names else FIELDS[name]
        case ast.UnaryOp(ast.USub(), operand):
            return -constant(operand, names)
        case ast.BinOp(left, op, right):
            a, b = constant(left, names), constant(right, names)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
                case ast.LShift():
                    return int(a) << int(b)
                case ast.Pow():
                    return float(a**b) if isinstance(a, float) else a**b
                case _:
                    pass
        case _:
            pass
    raise KernelError(f"no constant: {ast.unparse(e)}")


@cache
def library() -> dict[str, Kernel]:
    """The kernels of the library, by name."""
    found: dict[str, Kernel] = {}
    for file in sorted(resources.files("pfa.targets.kernel.lib").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".py") and file.name != "__init__.py":
            made = indexed(file.read_text("utf-8"))
            if twice := made.keys() & found.keys():
                raise KernelError(f"{file.name}: {', '.join(twice)} defined twice")
            found |= made
    return found
