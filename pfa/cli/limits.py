"""`--limit NAME=VALUE`: the bounds of `pfa.Limits` from the command line."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from typing import Any

from pfa.limits import Limits

SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
BYTES = ("bytes", "memory", "compile_memory", "line")  # limits whose numbers may end with a letter of SIZES
REAL = ("gzip_ratio", "time", "compile_seconds")
NEEDED = {"nesting": 2000, "recursion": 100_000}  # limits that cannot be switched off, and what is too much for them
NAMES = [f.name for f in fields(Limits) if f.name not in ("quote_values", "lenient_names")]


def limit(text: str) -> tuple[str, Any]:
    """The name and the value that --limit gives; ArgumentTypeError where there is no such limit or value."""
    name, equals, value = text.partition("=")
    if name not in NAMES or not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: give NAME=VALUE; the names are {', '.join(NAMES)}")
    if value == "none" and name not in NEEDED:
        return name, None
    found = _number(name, value)
    if found is None or found <= 0 or found > NEEDED.get(name, 1 << 62):
        raise argparse.ArgumentTypeError(f"{text!r}: {name} is {_said(name)}")
    return name, found


def _number(name: str, text: str) -> int | float | None:
    if name in REAL:
        return float(text) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text) else None
    found = re.fullmatch(r"([0-9]{1,18})([KMG]?)", text)
    if not found or (found[2] and name not in BYTES):
        return None
    return int(found[1]) * SIZES.get(found[2], 1)


def _said(name: str) -> str:
    if name in NEEDED:
        return f"a number from 1 to {NEEDED[name]:,}"
    kind = "a number over 0" if name in REAL else "a number from 1 on"
    return f"{kind}{', also with K, M or G behind it,' if name in BYTES else ''} or none"


def limits_of(args: argparse.Namespace) -> Limits:
    """The limits that a command's options give."""
    return Limits(**dict(args.limit or ()), quote_values=getattr(args, "quote_values", False))
