"""Object code as functions in memory, without LLVM: ELF for x86-64, as LLVM writes it for a just-in-time compiler.

There all addresses are whole words (its large code model), so that loading is copying and adding.  Loading LLVM's
library for it would stop all threads of the process for ten milliseconds.

Invariant: memory is written or run, never both.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator

MAGIC = b"\x7fELF\x02\x01\x01"
RELOCATABLE, X86_64, WORD, ALLOCATED, NOBITS = 1, 62, 1, 2, 8
READ_RUN = 5  # PROT_READ | PROT_EXEC
SOME = 500  # relocations between two pauses


class Unloadable(Exception):
    """It has something that this module does not know, or the system forbids: LLVM may load it."""


class Loaded:
    """Machine code in memory, and where its functions are."""

    __slots__ = ("memory", "symbols")

    def __init__(self, memory: mmap.mmap, symbols: dict[str, int]) -> None:
        self.memory = memory
        self.symbols = symbols

    def address(self, name: str) -> int:
        return self.symbols[name]

    def function(self, name: str, *types: Any) -> Any:
        """A C function: the result's type, then the arguments'."""
        return ctypes.CFUNCTYPE(*types)(self.address(name))


class _Section(NamedTuple):
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    align: int


def load(code: bytes) -> Generator[None, None, Loaded]:
    """Load object code, with pauses; raises Unloadable."""
    if not (code.startswith(MAGIC) and code[16:20] == struct.pack("<HH", RELOCATABLE, X86_64) and _host()):
        raise Unloadable("this is no ELF for x86-64")
    sections = _sections(code)
    starts, size = _layout(sections)
    memory = mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    view = ctypes.c_char.from_buffer(memory)
    base = ctypes.addressof(view)
    for i, at in starts.items():
        s = sections[i]
        if s.kind != NOBITS:
            memory[at : at + s.size] = code[s.offset : s.offset + s.size]
    yield
    [table] = [s for s in sections if s.kind == 2]
    symbols, named = _symbols(code, sections, table, {i: base + at for i, at in starts.items()})
    for s in sections:
        if s.kind == 4 and s.info in starts:
            yield from _relocate(code, s, memory, starts[s.info], symbols)
    del view
    _protect(base, size)
    return Loaded(memory, named)


def _host() -> bool:
    return hasattr(os, "uname") and os.uname().machine in ("x86_64", "amd64") and ctypes.sizeof(ctypes.c_void_p) == 8


def _sections(code: bytes) -> list[_Section]:
    at, size, count = struct.unpack_from("<Q", code, 40)[0], *struct.unpack_from("<HH", code, 58)
    found = []
    for i in range(count):
        _, kind, flags, _, offset, length, link, info, align, _ = struct.unpack_from("<IIQQQQIIQQ", code, at + i * size)
        found.append(_Section(kind, flags, offset, length, link, info, align))
    return found


def _layout(sections: list[_Section]) -> tuple[dict[int, int], int]:
    """Where each section that is needed goes, and how much it is together."""
    starts, size = {}, 0
    for i, s in enumerate(sections):
        if s.flags & ALLOCATED and s.kind in (1, NOBITS):
            starts[i] = size = -(-size // max(1, s.align)) * max(1, s.align)
            size += s.size
    return starts, size


def _symbols(
    code: bytes, sections: list[_Section], table: _Section, starts: dict[int, int]
) -> tuple[list[int], dict[str, int]]:
    """The address of each symbol, and of those that have names here."""
    texts = sections[table.link]
    found, named = [], {}
    for text, info, _, where, value, _ in struct.iter_unpack("<IBBHQQ", code[table.offset : table.offset + table.size]):
        at = starts[where] + value if where in starts else 0
        if info >> 4:  # not local: it is named
            start = texts.offset + text
            name = code[start : code.index(b"\0", start)].decode()
            at = at or foreign(name)
            named[name] = at
        found.append(at)
    return found, named


@cache
def foreign(name: str) -> int:
    """The address of a function of the C library."""
    for library in (None, "libm.so.6", "libc.so.6"):
        try:
            function = getattr(ctypes.CDLL(library), name)
        except (OSError, AttributeError):
            continue
        return ctypes.cast(function, ctypes.c_void_p).value or 0
    raise Unloadable(f"there is no {name}")


def _relocate(
    code: bytes, s: _Section, memory: mmap.mmap, start: int, symbols: list[int]
) -> Generator[None, None, None]:
    pack = struct.Struct("<Q").pack_into
    for n, (at, info, addend) in enumerate(struct.iter_unpack("<QQq", code[s.offset : s.offset + s.size])):
        if info & 0xFFFFFFFF != WORD or not symbols[info >> 32]:
            raise Unloadable(f"it has relocations of type {info & 0xFFFFFFFF}")
        pack(memory, start + at, (symbols[info >> 32] + addend) & (1 << 64) - 1)
        if n % SOME == SOME - 1:
            yield


def _protect(base: int, size: int) -> None:
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    if protect(base, size, READ_RUN):
        raise Unloadable(f"the system does not let memory be run: {os.strerror(ctypes.get_errno())}")
