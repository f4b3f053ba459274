"""`pfa help`: the page of a library function, printed from its definition."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pfa.lib.pages import page, summary
from pfa.lib.table import MODULES, everything, lookup

if TYPE_CHECKING:
    import argparse


def help_(args: argparse.Namespace) -> int:
    """Print what a library function does, takes and raises; or what there is in a namespace."""
    name = args.function
    if name is None:
        print(*(space if space else "core" for space in MODULES), sep="\n")
        return 0
    if fn := lookup(name):
        print(page(fn))
        return 0
    space = "" if name == "core" else name.rstrip(".")
    if space in MODULES:
        inside = [fn for fn in everything().values() if fn.name.rpartition(".")[0] == space]
        print(*(f"{fn.name:32} {summary(fn)}" for fn in inside), sep="\n")
        return 0
    near = get_close_matches(name, everything(), 3, 0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    print(f"there is no function or namespace {name}{hint}", file=sys.stderr)
    return 1
