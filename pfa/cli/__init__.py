"""The command line: a table of small functions, each parses nothing, calls the library and prints.

Place in the pipeline: the end of it.  Data goes to standard output, complaints to standard error, as
FILE:LINE:COL, which editors understand.  Exit codes: 0 done, 1 the document or a datum is bad, 2 bad
usage.  No traceback for what a user can cause: what is raised but not said here is a fault of this package.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pfa.cli.check import check
from pfa.cli.compile import compile_
from pfa.cli.convert import convert
from pfa.cli.diff import diff
from pfa.cli.fmt import fmt
from pfa.cli.hash import hash_
from pfa.cli.help import help_
from pfa.cli.limits import limit
from pfa.cli.pack import pack, unpack
from pfa.cli.run import run
from pfa.cli.run_input import count, every
from pfa.cli.schema import schema
from pfa.cli.show import show
from pfa.data.formats import NAMES
from pfa.errors import PfaError

Command = Callable[[argparse.Namespace], int]
Option = tuple[Any, ...]

MODEL: Option = ("model", {"type": Path, "help": "PFA document: .pfa, .json, .pfaz, .yaml or .yml"})
FILES: Option = ("files", {"type": Path, "nargs": "+", "metavar": "FILE", "help": "PFA documents"})
BACKEND: Option = (
    "--backend",
    {
        "choices": ("auto", "python", "numba", "cuda"),
        "default": "auto",
        "help": "default: auto",
    },
)
QUOTE: Option = ("--quote-values", {"action": "store_true", "help": "let messages quote values of the data"})
LIMIT: Option = (
    "--limit",
    {"type": limit, "action": "append", "metavar": "NAME=VALUE", "help": "a bound on reading, running or compiling: "
     "time=5, memory=2G, line=none (names and defaults: pfa.Limits)"},
)  # fmt: skip

RENAME: Option = ("--rename", {"action": "store_true", "help": "make names of columns names of Avro's"})

FORMATS = tuple(NAMES)

COMMANDS: list[tuple[Command, str, list[Option]]] = [
    (check, "check", [
        FILES,
        ("--json", {"action": "store_true", "help": "one JSON object a problem, on standard output"}),
        ("--strict", {"action": "store_true", "help": "warnings too: deprecated functions, doubtful code"}),
        LIMIT,
    ]),
    (run, "run", [
        MODEL,
        ("input", {"nargs": "?", "default": "-", "metavar": "IN", "help": "data (default: standard input)"}),
        ("-o", "--output", {"default": "-", "metavar": "FILE", "help": "default: standard output"}),
        ("--format", {"choices": FORMATS, "help": "of the output, and of an input whose name says none; default: "
            "by the name (.csv .jsonl .avro .parquet .arrow .arrows), else jsonl"}),
        ("--input-format", {"choices": FORMATS, "help": "of the input alone"}),
        ("--output-format", {"choices": FORMATS, "help": "of the output alone"}),
        ("--state", {"metavar": "FILE", "help": "go on from the state there, and save it there: a run that was "
            "killed goes on where it was"}),
        ("--every", {"type": every, "metavar": "N", "help": "save the state every N rows, or seconds: 1000, 5s"}),
        ("--instances", {"type": count, "default": 1, "metavar": "N", "help": "N engines take the rows in turn; "
            "tallies of a fold are merged"}),
        ("--sequence", {"action": "store_true", "help": "number the outputs, so that one sent twice shows"}),
        ("--on-error", {"choices": ("stop", "skip", "null"), "default": "stop", "help": "default: stop"}),
        ("--rejects", {"type": Path, "metavar": "FILE", "help": "write failed data there, as JSON lines"}),
        ("--last", {"action": "store_true", "help": "of a fold engine only the tally after the last datum"}),
        ("--unions", {"choices": ("natural", "tagged"), "default": "natural", "help": "default: natural"}),
        BACKEND,
        LIMIT,
        QUOTE,
    ]),
    (show, "show", [
        ("model", {**MODEL[1], "nargs": "?"}),
        ("--coverage", {"action": "store_true", "help": "which functions of the library are native on each backend; "
            "needs no document"}),
        ("--after", {"metavar": "PASS", "help": "the intermediate code after this pass (see --passes)"}),
        ("--passes", {"action": "store_true", "help": "the names of the passes"}),
        ("--source", {"action": "store_true", "help": "the source that was generated"}),
        BACKEND,
    ]),
    (compile_, "compile", [
        MODEL,
        ("--cache", {"type": Path, "required": True, "metavar": "DIR", "help": "where the object code goes"}),
        ("--no-escape", {"action": "store_true", "help": "refuse a model that needs Python for some function"}),
    ]),
    (fmt, "fmt", [
        FILES,
        ("--yaml", {"action": "store_true", "help": "write YAML instead of JSON"}),
        ("--write", {"action": "store_true", "help": "write to the file instead of standard output"}),
    ]),
    (hash_, "hash", [FILES]),
    (pack, "pack", [
        MODEL,
        ("-o", "--output", {"type": Path, "required": True, "metavar": "FILE", "help": "the document to write"}),
    ]),
    (unpack, "unpack", [
        MODEL,
        ("-o", "--output", {"type": Path, "required": True, "metavar": "FILE", "help": "the document to write"}),
        ("--above", {"type": int, "default": 0, "metavar": "BYTES", "help": "only what is longer as JSON"}),
        ("--json", {"action": "store_true", "help": "JSON files instead of Avro"}),
    ]),
    (convert, "convert", [
        ("input", {"metavar": "IN", "help": "data, or a document; - is standard input"}),
        ("output", {"metavar": "OUT", "help": "data, or a document; - is standard output"}),
        ("--from", {"dest": "source", "choices": FORMATS, "help": "format of IN; default: by its name"}),
        ("--to", {"dest": "target", "choices": FORMATS, "help": "format of OUT; default: by its name"}),
        ("--schema", {"metavar": "FILE", "help": "Avro schema of the rows (JSON or YAML); default: the one that IN "
            "has, or that fits all rows, as pfa schema prints it"}),
        ("--on-error", {"choices": ("stop", "skip"), "default": "stop", "help": "a row that is wrong ends it, or is "
            "left out and counted; default: stop"}),
        RENAME,
        QUOTE,
    ]),
    (schema, "schema", [
        ("file", {"metavar": "FILE", "help": "CSV, JSON lines, Avro, Parquet or Arrow; - is standard input"}),
        ("--format", {"choices": FORMATS, "help": "default: by the file's name, else jsonl"}),
        ("--name", {"default": "Row", "help": "of the record; default: Row"}),
        ("--rows", {"type": count, "metavar": "N", "help": "look at the first N rows only"}),
        RENAME,
    ]),
    (diff, "diff", [
        ("old", {"type": Path, "metavar": "OLD", "help": "PFA document"}),
        ("new", {"type": Path, "metavar": "NEW", "help": "PFA document"}),
        ("data", {"nargs": "?", "metavar": "DATA", "help": "compare the outputs for these data, too"}),
        ("--format", {"choices": FORMATS, "help": "of DATA; default: by its name, else jsonl"}),
        ("--rows", {"type": count, "default": 10, "metavar": "N", "help": "show N rows that differ; default: 10"}),
        ("--tolerance", {"type": float, "default": 0.0, "metavar": "X", "help": "numbers that differ by no more than "
            "this part of them are the same; default: 0"}),
        ("--json", {"action": "store_true", "help": "one JSON object, on standard output"}),
        QUOTE,
    ]),
    (help_, "help", [
        ("function", {"nargs": "?", "help": "a function (a.map) or a namespace (a); default: namespaces"}),
    ]),
]  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The parser that the table describes."""
    cli = argparse.ArgumentParser("pfa", description="Check, run and look at PFA documents.")
    commands = cli.add_subparsers(required=True, metavar="command")
    for function, name, options in COMMANDS:
        text = (function.__doc__ or "").strip()
        command = commands.add_parser(name, help=text.split("\n", 1)[0], description=text)
        command.set_defaults(call=function)
        for *names, settings in options:
            command.add_argument(*names, **settings)
    return cli


def main(argv: list[str] | None = None) -> int:
    """Run a command; the result is the exit code."""
    args = parser().parse_args(argv)
    try:
        code: int = args.call(args)
        if sys.stdout:
            sys.stdout.flush()
    except PfaError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone, which is how `pfa run ... | head` ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"{error.filename or 'pfa'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return code
