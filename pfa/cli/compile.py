"""`pfa compile`: object code of a model, ahead of time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pfa

if TYPE_CHECKING:
    import argparse


def compile_(args: argparse.Namespace) -> int:
    """Compile a model, so that processes with this PFA_CACHE load it at once."""
    os.environ["PFA_CACHE"] = str(args.cache)
    with pfa.load(args.model, backend="numba", escape=not args.no_escape) as engine:
        print(engine.explain())
    return 0
