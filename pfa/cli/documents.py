"""Reading documents as they stand, for the commands that look at their text and not at their meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.limits import Limits
from pfa.read import load

if TYPE_CHECKING:
    from pathlib import Path


def read_document(path: Path) -> Any:
    """The JSON value of a file; PfaSyntaxError where it has none."""
    return load(path, limits=Limits()).value
