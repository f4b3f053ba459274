"""Documents from text: JSON, YAML, gzip of both, or a dict of the caller's.

Place in the pipeline: the first stage; `check` gets the `Document`.  Invariant: a document that leaves here
is plain JSON values within `Limits.bytes`, `nesting`, `nodes` and `anchors`; everything else is a
`PfaSyntaxError` or `PfaLimitError` with line and column.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pfa.errors import PfaLimitError, PfaSyntaxError, Where
from pfa.read import json, problems, yaml
from pfa.read.decode import decode
from pfa.read.plain import adopt
from pfa.read.source import Document, Source

if TYPE_CHECKING:
    from pfa.limits import Limits

__all__ = ["Document", "Source", "load", "read"]

CHUNK = 1 << 20
PARSERS: dict[str, Callable[[str, str, Limits], Document]] = {"json": json.parse, "yaml": yaml.parse}
NOT_YET = {"pretty": "PrettyPFA"}
SUFFIXES = dict.fromkeys((".pfa", ".json", ".pfaz"), "json") | dict.fromkeys((".yaml", ".yml"), "yaml")
SUFFIXES[".ppfa"] = "pretty"
LOAD = "; pfa.load takes a path or a file"
FILE_NAME = re.compile(r"\s*\S+\.(pfa|json|pfaz|ya?ml|ppfa)(\.gz)?\s*")
OPENING = re.compile(r"(?:\s*+[\[{])++\s*+(?:([\"'\]},:/\d-]|\Z)|(\w+))")


def read(
    document: str | bytes | bytearray | memoryview | Mapping[str, Any] | list[Any],
    *,
    limits: Limits,
    syntax: str = "",
    file: str = "",
) -> Document:
    """Read a document: text of JSON or YAML (`syntax` "" finds out which), or the values themselves."""
    match document:
        case str() | bytes() | bytearray() | memoryview():
            return _parse(decode(document, limits, file), limits, syntax, file)
        case Mapping() | list() | tuple():
            return adopt(document, file, limits)
    is_file = hasattr(document, "__fspath__") or hasattr(document, "read")
    raise PfaSyntaxError(problems.NotADocument(type(document).__name__, LOAD if is_file else ""))


def load(path_or_file: str | os.PathLike[str] | IO[Any], *, limits: Limits, syntax: str = "") -> Document:
    """Read a document from a path, or from a file that is open for reading bytes or text.

    Without `syntax` the suffix decides: .pfa, .json, .pfaz, .yaml, .yml, each also with .gz.
    """
    if isinstance(path_or_file, (str, os.PathLike)):
        file = os.fspath(path_or_file)
        with open(file, "rb") as opened:
            text = decode(_contents(opened, limits, file), limits, file)
    else:
        name = getattr(path_or_file, "name", "")
        file = name if isinstance(name, str) else ""
        text = decode(_contents(path_or_file, limits, file), limits, file)
    return _parse(text, limits, syntax or _syntax_of(file), file)


def _parse(text: str, limits: Limits, syntax: str, file: str) -> Document:
    if syntax in NOT_YET:
        raise PfaSyntaxError(problems.UnsupportedSyntax(NOT_YET[syntax], " yet", at=Where(file=file)))
    if syntax and syntax not in PARSERS:
        raise PfaSyntaxError(problems.UnsupportedSyntax(f"the syntax {syntax!r}", at=Where(file=file)))
    if not text or text.isspace():
        raise PfaSyntaxError(problems.EmptyDocument(at=Where(file=file)))
    if not syntax and len(text) < 4096 and FILE_NAME.fullmatch(text):
        raise PfaSyntaxError(problems.NotADocument("a file name", LOAD))
    return PARSERS[syntax or guess(text)](text, file, limits)


def guess(text: str) -> str:
    """The syntax of a text: JSON begins with a bracket and a quoted key; the rest is for YAML."""
    opening = OPENING.match(text)
    if opening is None:
        return "json" if text.lstrip().startswith(("//", "/*", "]", "}")) else "yaml"
    word = opening[2]
    return "json" if word is None or word in ("true", "false", "null", "NaN", "Infinity") else "yaml"


def _syntax_of(file: str) -> str:
    path = Path(file.removesuffix(".gz"))
    return SUFFIXES.get(path.suffix.lower(), "")


def _contents(file: IO[Any], limits: Limits, name: str) -> str | bytes:
    """All of a file, if it is not too long."""
    chunks: list[Any] = []
    size = 0
    try:
        while chunk := file.read(CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if limits.bytes is not None and size > limits.bytes:
                raise PfaLimitError(problems.TooLong(limits.bytes, at=Where(file=name)))
    except UnicodeDecodeError as error:
        offset = error.start
    else:
        return b"".join(chunks) if not chunks or isinstance(chunks[0], bytes) else "".join(chunks)
    raise PfaSyntaxError(problems.NotUtf8(offset, at=Where(file=name)))
