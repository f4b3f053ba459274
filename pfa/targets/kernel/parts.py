"""What the modules that print kernels share: places, escapes, and text for registers, slots and memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfa.targets.kernel.layout import kind

if TYPE_CHECKING:
    from pfa.lib.define import Fn
    from pfa.lib.signature import Bound
    from pfa.types import Function, Type


class Unsupported(Exception):
    """This program has something that has no native code yet; the message says what."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place that may fail: what the error says, by its code."""

    function: str
    messages: dict[int, str]
    at: str
    user: tuple[str, int] | None = None  # of the `error` form


@dataclass(frozen=True, slots=True)
class Shared:
    """An operation on a shared cell or pool, which lives in the host: its methods are named as here."""

    method: str
    cell: str
    name: str = ""
    needs: tuple[str, ...] = ()
    random: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Types of the arguments and of the result of what the host is asked for."""

    params: tuple[Type, ...]
    ret: Type


@dataclass(frozen=True, slots=True)
class Escape:
    """A call that the host answers: the Python body of a function of the library, or shared state."""

    fn: Fn | Shared
    bound: Bound | Asked
    site: int
    functions: dict[int, Function] = field(default_factory=dict)


ZERO = {"f64": "0.0", "bool": "False", "i64": "0"}  # of a register, by its kind


def local(name: str) -> str:
    """A symbol's name in the text; those of the document were numbered long before."""
    return {"input": "input_", "tallyOne": "one", "tallyTwo": "two"}.get(name, name)


def to_slot(text: str, t: Type) -> str:
    k = kind(t)
    return f"bits({text})" if k == "f64" else f"int({text})" if k == "bool" else text


def from_slot(text: str, t: Type) -> str:
    k = kind(t)
    return f"unbits({text})" if k == "f64" else f"({text} != 0)" if k == "bool" else text


def load_at(address: str, t: Type) -> str:
    k = kind(t)
    return f"ldf({address})" if k == "f64" else f"(ld({address}) != 0)" if k == "bool" else f"ld({address})"


def store_at(address: str, value: str, t: Type) -> str:
    k = kind(t)
    if k == "f64":
        return f"stf({address}, {value})"
    return f"st({address}, {f'int({value})' if k == 'bool' else value})"


class Filter:
    """A constant that the program makes when its sites are known: which `error` a `try` lets in."""

    def __init__(self, messages: tuple[str, ...], codes: tuple[int, ...]) -> None:
        self.messages, self.codes = messages, codes

    def made(self, sites: list[Site]) -> list[int]:
        return [int(bool(s.user and (s.user[0] in self.messages or s.user[1] in self.codes))) for s in sites]
