"""A document that has been read, and where in its text a value stands.

Place in the pipeline: what `read` gives to `check`.  Invariant: `Document.value` is made of dict, list, str,
int, float, bool and None only, no deeper than `Limits.nesting`; nobody needs to check that again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pfa.errors import Problem, Where

if TYPE_CHECKING:
    from collections.abc import Callable


class Places(Protocol):
    """An index of a text: where the value at a path stands."""

    def place(self, path: list[str], key: bool) -> tuple[int, int]:
        """Line and column of the value, or of its key; of the deepest part of the path that exists."""


@dataclass(slots=True)
class Source:
    """Where a document came from.  Positions are looked up when asked for, so that reading stays fast.

    `syntax` is what the text was read as (it may have been guessed, or told by a file's suffix).
    """

    file: str = ""
    text: str = field(default="", repr=False)
    index: Callable[[str], Places] | None = field(default=None, repr=False)
    value: Any = field(default=None, repr=False)
    syntax: str = ""
    _places: Places | None = field(default=None, init=False, repr=False)

    def where(self, pointer: str, key: bool = False) -> Where:
        """The place that a JSON pointer names; line 0 when there is no text (any more).  Never raises."""
        path = split(pointer)
        line, col = self._place(path, key)
        return Where(pointer, line, col, self.file, _mark(self.value, path), key=key)

    def forget(self) -> None:
        """Drop the text and the value: the document is loaded, nobody will ask for its lines."""
        self.text, self.index, self.value, self._places = "", None, None, None

    def _place(self, path: list[str], key: bool) -> tuple[int, int]:
        if self._places is None:
            if self.index is None:
                return 0, 0
            self._places = self.index(self.text)
        return self._places.place(path, key)


@dataclass(slots=True)
class Document:
    """A document as plain JSON values.

    `owned` says that the values were made here and may be changed in place; otherwise they are the caller's.
    """

    value: Any
    source: Source
    owned: bool
    warnings: list[Problem]
    nesting: int


def split(pointer: str) -> list[str]:
    """The keys of a JSON pointer (RFC 6901)."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def join(path: list[str]) -> str:
    """The JSON pointer of some keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def _mark(value: Any, path: list[str]) -> str:
    """The locator mark ("@") nearest to the value at the path: its own or that of an object around it."""
    mark = ""
    for key in [*path, None]:
        if isinstance(value, dict):
            own = value.get("@")
            mark = own if isinstance(own, str) else mark
            value = value.get(key)
        elif isinstance(value, list) and key is not None and key.isdecimal() and int(key[:18]) < len(value):
            value = value[int(key[:18])]
        else:
            break
    return mark
