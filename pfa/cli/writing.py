"""Documents written as a file's name says, for the commands that change or convert them as they stand."""

from __future__ import annotations

import gzip
import json
import secrets
from typing import TYPE_CHECKING, Any

from pfa.cli.fmt import as_yaml, layout
from pfa.data.outside import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONG = 1000  # characters of data that are not laid out
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_document(path: Path, document: Any) -> None:
    """Write a document as its name says: YAML, JSON, or JSON packed by gzip.  Raises OSError."""
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        write_file(str(path), [as_yaml(document).encode("utf-8")])
        return
    pieces = [piece.encode("utf-8") for piece in _pieces(document)]
    write_file(str(path), [gzip.compress(b"".join(pieces), mtime=0)] if suffix in (".pfaz", ".gz") else pieces)


def _pieces(document: Any) -> Iterator[str]:
    """The document laid out, but for long data, which is on one line."""
    token = secrets.token_hex(16)
    long: list[str] = []
    rest = layout(_without_long(document, token, long) if isinstance(document, dict) else document)
    for i in sorted(range(len(long)), key=lambda i: rest.index(f'"{token}{i}"')):
        before, _, rest = rest.partition(f'"{token}{i}"')
        yield before
        yield long[i]
    yield rest


def _without_long(document: dict[str, Any], token: str, long: list[str]) -> dict[str, Any]:
    """The document with a token and a number in the place of long data, whose text is added to `long`."""
    shown = dict(document)
    for kind in ("cells", "pools"):
        if isinstance(specs := document.get(kind), dict):
            shown[kind] = dict(specs)
            for name, fields in specs.items():
                if isinstance(fields, dict) and len(text := _compact(fields.get("init"))) > _LONG:
                    shown[kind][name] = {**fields, "init": f"{token}{len(long)}"}
                    long.append(text)
    return shown
