"""`pfa check`: every problem of documents."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pfa
from pfa.cli.limits import limits_of

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from pfa.errors import Problem
    from pfa.limits import Limits


def check(args: argparse.Namespace) -> int:
    """Check documents and print every problem in them."""
    bad, limits = False, limits_of(args)
    for path in args.files:
        for problem in problems(path, args.strict, limits):
            bad |= not problem.warning
            print(json.dumps(as_json(problem)) if args.json else as_text(problem))
    return int(bad)


def problems(path: Path, strict: bool, limits: Limits) -> list[Problem]:
    """The problems of a file, each with the file's name."""
    found = pfa.check(path, strict=strict, limits=limits)
    return [p.moved(replace(p.at, file=p.at.file or str(path))) for p in found]


def as_text(problem: Problem) -> str:
    return f"{problem.at}: {'warning: ' if problem.warning else ''}{problem.text}"


def as_json(problem: Problem) -> dict[str, Any]:
    at = problem.at
    return {
        "file": at.file,
        "line": at.line,
        "column": at.col,
        "pointer": at.pointer,
        "mark": at.mark,
        "kind": type(problem).__name__,
        "warning": problem.warning,
        "text": problem.text,
    }
