"""Model data outside the document: cells and pools with "source": "json" or "avro".

Place in the pipeline: `check` asks for the value of such a cell, once the rest of the document is sound.
Specification, "Cells and Pools": `init` is then the name of a file, or a URL if the whole string matches the pattern of
one.  Invariants: a file is opened only under folders that the host allows (`folders`), a URL only by a resolver of the
host; what comes out is a host value of the type, in its final form, within the limits.
"""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from pfa.check.embedded import Readers, convert, explain
from pfa.check.problems import show
from pfa.data.budget import Budget
from pfa.data.folders import Folders, NotOpened
from pfa.errors import PfaError, PfaInitError, PfaLimitError
from pfa.limits import Limits, make_room
from pfa.read import read as read_value
from pfa.read.collector import paused
from pfa.read.scan import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pfa.errors import Problem
    from pfa.types import Type

    Resolver: TypeAlias = Callable[[str], bytes | BinaryIO | None]
    Resource: TypeAlias = str | os.PathLike[str] | Resolver

URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+\-.]*://.*", re.DOTALL)
_CHUNK = 1 << 20
_SHOWN = 3  # problems of a JSON source


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is open for reading bytes, and its size where that is known."""

    file: BinaryIO
    size: int | None

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class SourceLimitError(PfaInitError, PfaLimitError):
    """A limit was reached while a cell or a pool was filled: it cannot be, and that is why."""


class Resources:
    """What the cells and pools of one document may be filled from.

    `given`: folders (str or path), and resolvers: callables that get a URL and return bytes, an open binary file, or
    None for what is not theirs.  None: the document's own folder.  `folder`: the document's own, if it has one.
    """

    def __init__(self, given: Iterable[Resource] | None, folder: str | None, limits: Limits) -> None:
        self.limits = limits
        self.budget = Budget.of(limits)
        self.resolvers: list[Resolver] = []
        self.warnings: list[Problem] = []
        allowed: list[str] = []
        for one in [folder] if given is None and folder is not None else _listed(given):
            if isinstance(one, (str, os.PathLike)):
                allowed.append(os.fsdecode(one))
            elif callable(one):
                self.resolvers.append(one)
            else:
                raise PfaInitError(
                    f"resources are folders (str or path) and functions from a URL to bytes, not {type(one).__name__}"
                )
        self.folders = Folders(allowed, folder)

    def read(self, kind: str, location: str, t: Type) -> Any:
        """The host value of a source, "json" or "avro"; PfaInitError says what is wrong with it."""
        with paused(), closing(self.open(location)) as source:
            try:
                if kind == "json":
                    return self._json(source, location, t)
                avro = import_module("pfa.data.avro_cell")  # late: most documents need none of it
                return avro.read(source.file, source.size, show(location)[1:-1], t, self.limits, self.budget)
            except (PfaError, OSError) as error:
                raise _named(error, location) from None

    def text(self, location: str) -> Any:
        """The values of a JSON source as they stand there."""
        with paused(), closing(self.open(location)) as source:
            return self._values(source, location)

    # -- where it is --

    def open(self, location: str) -> Source:
        """The file or URL, open for reading; PfaInitError where it cannot be."""
        try:
            return self._fetch(location) if URL.fullmatch(location) else Source(*self.folders.open(location))
        except (NotOpened, OSError) as error:
            raise PfaInitError(f"{show(location)[1:-1]}: {error}") from None

    def _fetch(self, url: str) -> Source:
        for resolver in self.resolvers:
            found = resolver(url)
            if isinstance(found, (bytes, bytearray, memoryview)):
                return Source(BytesIO(found), len(found))
            if found is not None and hasattr(found, "read"):
                return Source(found, None)
            if found is not None:
                raise NotOpened(f"a resolver returned {type(found).__name__}, not bytes or an open binary file")
        raise NotOpened("a URL is opened only by a resolver, a function from a URL to bytes, in resources=[...]")

    # -- JSON --

    def _json(self, source: Source, location: str, t: Type) -> Any:
        fits, made = convert(t, self._values(source, location), Readers())
        if fits:
            return made
        with closing(self.open(location)) as again:  # what was read has been changed on the way
            values = read_value(_all(again, self.limits), limits=self.limits, syntax="json").value
        found: list[Problem] = []
        for problem in explain(t, values, "", self.limits.quote_values):
            found.append(problem)
            if len(found) == _SHOWN:
                break
        raise PfaInitError("; ".join(f"{p.at.pointer or '/'}: {p.text}" for p in found) or "it has changed meanwhile")

    def _values(self, source: Source, location: str) -> Any:
        data = _all(source, self.limits)
        self.budget.spend(len(data))
        read = read_value(data, limits=self.limits, syntax="json", file=location)
        self.budget.spend(len(read.source.text) - len(data))
        self.budget.values -= nodes(read.source.text)
        if self.budget.values < 0:
            raise PfaLimitError("the files of this document hold more values than Limits.nodes allows")
        self.warnings += read.warnings
        make_room(read.nesting)
        return read.value


def folder_of(path_or_file: Any) -> str | None:
    """The folder of a document: of its path, or of an open file whose name is that of the file."""
    if isinstance(path_or_file, (str, os.PathLike)):
        return os.path.dirname(os.path.abspath(os.fsdecode(path_or_file)))
    try:
        name = path_or_file.name
        if isinstance(name, str) and os.path.samestat(os.fstat(path_or_file.fileno()), os.stat(name)):
            return os.path.dirname(os.path.abspath(name))
    except (AttributeError, OSError, ValueError):
        pass  # a file in memory, a closed one
    return None


def _listed(given: Iterable[Resource] | Resource | None) -> list[Any]:
    """One folder or resolver may stand for a list of it."""
    if given is None:
        return []
    return [given] if isinstance(given, (str, os.PathLike)) or callable(given) else list(given)


def _all(source: Source, limits: Limits) -> bytes:
    """All bytes of a file, if they are not too many."""
    most = float("inf") if limits.bytes is None else limits.bytes
    pieces: list[bytes] = []
    size = 0
    while size <= most and (piece := source.file.read(_CHUNK)):
        pieces.append(piece)
        size += len(piece)
    if size > most:
        raise PfaLimitError(f"it is longer than {limits.bytes} bytes (Limits.bytes)")
    return b"".join(pieces)


def _named(error: Exception, location: str) -> PfaInitError:
    """The error with the name of the file."""
    kind = SourceLimitError if isinstance(error, PfaLimitError) else PfaInitError
    if isinstance(error, PfaError) and any(p.at.file for p in error.problems):
        return kind("; ".join(_said(p) for p in error.problems))
    return kind(f"{show(location)[1:-1]}: {error}")


def _said(problem: Problem) -> str:
    at = problem.at
    place = f":{at.line}:{at.col} {at.pointer or '/'}" if at.line else ""
    return f"{show(at.file)[1:-1]}{place}: {problem.text}"
