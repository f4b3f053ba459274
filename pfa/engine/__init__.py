"""Engines: what people call.  `loading` makes them, `instance` is what they are."""

from pfa.engine.instance import Engine
from pfa.engine.loading import check, load, loads

__all__ = ["Engine", "check", "load", "loads"]
