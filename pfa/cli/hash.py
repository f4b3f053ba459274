"""`pfa hash`: a number that tells documents apart by their content."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pfa.cli.documents import read_document

if TYPE_CHECKING:
    import argparse


def hash_(args: argparse.Namespace) -> int:
    """Print the SHA-256 of documents without "@", formatting and the order of members."""
    for path in args.files:
        print(f"{digest(read_document(path))}  {path}")
    return 0


def digest(document: Any) -> str:
    """Of the shortest JSON with sorted members, in UTF-8.  1 and 1.0 differ, as they do in PFA."""
    text = json.dumps(unmarked(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def unmarked(value: Any) -> Any:
    """Without locator marks ("@"), wherever they stand."""
    match value:
        case dict():
            return {k: unmarked(v) for k, v in value.items() if k != "@"}
        case list():
            return list(map(unmarked, value))
        case _:
            return value
