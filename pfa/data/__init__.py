"""Values in and out: Python, CSV, JSON lines, Avro."""

from importlib import import_module
from typing import Any

_LATE = {"single_object": "pfa.data.avro_datum"}  # imported when they are asked for


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
