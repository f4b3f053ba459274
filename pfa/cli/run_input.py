"""What `pfa run` reads: its options, looked at together, and its input."""

from __future__ import annotations

import argparse
import io
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.cli.limits import limits_of
from pfa.data.formats import FORMATS, Format, format_of
from pfa.data.job import is_file
from pfa.errors import PfaDataError, PfaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pfa
    from pfa.data.rows import Row

BUFFER = 1 << 18


class UsageError(PfaError):
    """The command was given what does not go together."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options, looked at together."""

    source: Format
    target: Format
    input: str  # these paths are absolute, and empty for a pipe or a device
    output: str
    rejects: str
    tagged: bool
    sequence: bool
    last: bool
    nullable: bool
    quote: bool
    rejected: bool  # data that fail are shown
    line: int | None  # bytes of a line

    @staticmethod
    def of(args: argparse.Namespace) -> Settings:
        """UsageError where they do not fit."""
        _distinct(args)
        try:
            source = format_of(args.input, args.input_format or (None if _says(args.input) else args.format))
            target = format_of(args.output, args.output_format or args.format)
        except PfaDataError as error:
            raise UsageError(str(error)) from None
        if args.every and not args.state:
            raise UsageError("--every says when to save the state, so it needs --state FILE")
        return Settings(
            source, target, _path(args.input), _path(args.output), _path(args.rejects), args.unions == "tagged",
            args.sequence, args.last, args.on_error == "null", args.quote_values, bool(args.rejects),
            limits_of(args).line,
        )  # fmt: skip

    def reader(self, source: BinaryIO, engine: pfa.Engine, name: str, start: Any) -> Iterator[Row]:
        """The rows of the input."""
        ready = not self.rejected and engine._compiled.code.backend == "python"  # compiled code takes objects itself
        return self.source.reader(
            source, engine.input_type, file=name, quote=self.quote, start=start, ready=ready, longest=self.line
        )

    @property
    def layout(self) -> str:
        """What decides how outputs stand in a file, for a run that goes on."""
        flags = {"tagged": self.tagged, "sequence": self.sequence, "last": self.last}
        flags["nullable"] = self.nullable and not self.target.text
        return " ".join([self.target.name, *(name for name, on in flags.items() if on)])


def every(text: str) -> tuple[int, float]:
    """What --every says: a number of rows, or of seconds (ValueError: it says neither)."""
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?s", text) and float(text[:-1]) > 0:
        return 0, float(text[:-1])
    return count(text), 0.0


def count(text: str) -> int:
    """A number from 1 on; ValueError where there is none."""
    if not re.fullmatch(r"[0-9]{1,15}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"a number from 1 on, not {text!r}")
    return int(text)


def _says(name: str) -> bool:
    """Does a file's name say its format?"""
    return any(name.lower().endswith(e) for f in FORMATS for e in f.extensions)


def _path(name: Any) -> str:
    """A path that another folder does not change; empty for a pipe or a device."""
    if not name or name == "-" or not is_file(name):
        return ""
    return os.path.abspath(str(name))


def _distinct(args: argparse.Namespace) -> None:
    """No file is read and written, or written twice: it would be lost."""
    named = {"the model": args.model, "the input": args.input, "the output": args.output, "--rejects": args.rejects}
    named["--state"] = args.state
    seen: dict[str, str] = {}
    for what, name in named.items():
        if name and str(name) != "-" and is_file(name):
            real = os.path.realpath(name)
            if real in seen and what != "the input":
                raise UsageError(f"{what} and {seen[real]} are one file, {name}, which would be lost")
            seen[real] = what


# --- in --------------------------------------------------------------------------------------------------------


class Pipe(io.FileIO):
    """A file whose reads may wait for whoever writes it."""

    waiting: Callable[[], object] | None = None

    def readinto(self, buffer: Any) -> int | None:
        if self.waiting:
            self.waiting()
        return super().readinto(buffer)


class Input(io.BufferedReader):
    """An input; where it is a pipe, what is called before it may wait."""

    def before_waiting(self, call: Callable[[], object]) -> None:
        """Outputs go out before the next datum comes."""
        if isinstance(self.raw, Pipe):
            self.raw.waiting = call


def open_input(name: str) -> Input:
    """OSError where it cannot be opened."""
    if name == "-":
        return Input(Pipe(0, closefd=False), BUFFER)
    return Input(io.FileIO(name) if is_file(name) else Pipe(name), BUFFER)
