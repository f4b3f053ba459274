"""Where the outputs of `pfa run` go: files that are gone on with; numbered and missing outputs, rejected data."""

from __future__ import annotations

import errno
import math
import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from pfa.data import jsonl
from pfa.data.job import Place
from pfa.errors import PfaDataError, PfaError, PfaRuntimeError
from pfa.types import LONG, NULL, Field, Record, Union, branches

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager, ExitStack

    from pfa.cli.run_input import Settings
    from pfa.data.job import Job
    from pfa.data.rows import Row, Writer
    from pfa.types import Type

    Shape: TypeAlias = Callable[[int, Any], Any]  # what is written, of an output's number and the output

BUFFER = 1 << 18
NUMBER = "sequence"


class Sink:
    """A file that a writer writes to, and how far it has got."""

    def __init__(self, out: BinaryIO, writer: Writer, place: Place, ends: bool = False) -> None:
        self.out = out
        self.writer = writer
        self.place = place
        self.ends = ends
        self.live = not place.path
        self.closed = False

    def flush(self) -> None:
        """What was written goes out, where it is of use before the file has its end."""
        if not self.ends:
            self.writer.flush()

    def reached(self) -> Place:
        """How far the file is on the disk."""
        place = Place(self.place.path, self.place.layout)
        if place.path:
            place.position = self.writer.flush()
            place.size = on_disk(self.out)
        return place

    def close(self) -> None:
        """Write what ends the file."""
        self.closed = True
        self.writer.close()
        self.out.flush()

    def end(self) -> int:
        """Write what ends the file; its size on the disk."""
        self.close()
        return on_disk(self.out) if self.place.path else 0

    def leave(self) -> None:
        """Leave a file that can be read, whatever has happened."""
        if not self.ends:
            self.writer.flush()
        elif not self.closed:
            self.close()


def on_disk(out: BinaryIO) -> int:
    """Wait until a file is on the disk; its size."""
    out.flush()
    os.fsync(out.fileno())
    return os.fstat(out.fileno()).st_size


def opened(name: str, place: Place) -> AbstractContextManager[BinaryIO]:
    """A file to write: anew, or where it is gone on with as it is."""
    if name == "-" and sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed", "standard output")
    if name == "-":
        return nullcontext(sys.stdout.buffer)
    return open(name, "wb" if place.position is None else "r+b", BUFFER)


def repair(place: Place, size: int) -> None:
    """Cut off what stands in a file behind its end."""
    if place.path and os.stat(place.path).st_size > size:
        with open(place.path, "r+b") as file:
            file.truncate(size)


# --- outputs ---------------------------------------------------------------------------------------------------

class Output(Sink):
    """Outputs; None is a missing one."""

    def __init__(self, sink: Sink, shape: Shape | None, sequence: int) -> None:
        super().__init__(sink.out, sink.writer, sink.place, sink.ends)
        self.shape = shape
        self.sequence = sequence
        self.write: Callable[[Any], None] = self._shaped if shape else self.writer.write

    def _shaped(self, value: Any) -> None:
        assert self.shape
        self.sequence += 1
        self.writer.write(self.shape(self.sequence, value))


def open_output(name: str, settings: Settings, t: Type, job: Job, stack: ExitStack) -> Output:
    """The output; where the job has a position in it, it is cut there and gone on with."""
    place = Place(settings.output, settings.layout, job.output.position)
    out = stack.enter_context(opened(name, place))
    wide, shape = shape_of(settings, t)
    target = settings.target
    if target.name == "jsonl":
        writer: Writer = jsonl.writer(out, wide, resume=place.position, tagged=settings.tagged)
    else:
        writer = target.writer(out, wide, resume=place.position)
    return Output(Sink(out, writer, place, target.ends), shape, job.sequence)


def shape_of(settings: Settings, t: Type) -> tuple[Type, Shape | None]:
    """The type of what is written, and how it is made of an output; None: it is the output."""
    text = settings.target.text
    if settings.sequence and settings.target.name == "csv" and isinstance(t, Record) and NUMBER not in t.by_name:
        return _flat(t)
    wide, tag = _nullable(t) if settings.nullable and (settings.sequence or not text) else (t, "")
    if settings.sequence:
        record = Record("Sequenced", (Field(NUMBER, LONG), Field("output", wide)))
        return record, lambda n, v: {NUMBER: n, "output": {tag: v} if tag and v is not None else v}
    return wide, (lambda n, v: None if v is None else {tag: v}) if tag else None


def _flat(t: Record) -> tuple[Type, Shape]:
    """The number as one more column."""
    missing = dict.fromkeys(t.by_name)
    record = Record("Sequenced", (Field(NUMBER, LONG), *t.fields))
    return record, lambda n, v: {NUMBER: n, **(v or missing)}


def _nullable(t: Type) -> tuple[Type, str]:
    """A type with null, and the tag that an output gets, if it has none yet."""
    if NULL in branches(t):
        return t, ""
    return Union((NULL, *branches(t))), "" if isinstance(t, Union) else t.tag


# --- rejected data ---------------------------------------------------------------------------------------------


def open_rejects(name: Any, settings: Settings, job: Job, stack: ExitStack) -> Sink | None:
    """The file of rejected data, if there is one."""
    if not name:
        return None
    same = job.rejects.path == settings.rejects
    place = Place(settings.rejects, "", job.rejects.position if same else None)
    out = stack.enter_context(opened(str(name), place))
    return Sink(out, jsonl.Writer(out, None, place.position), place)


def rejected(row: Row, error: PfaError) -> dict[str, Any]:
    """A line of the file of rejected data."""
    at = error.problems[0].at
    return {
        "line": row.line,
        "code": error.code if isinstance(error, PfaRuntimeError) else None,
        "pointer": error.path if isinstance(error, PfaDataError) else at.pointer,
        "error": error.problems[0].text,
        "kind": type(error).__name__,
        "datum": _shown(row.datum),
    }


def _shown(datum: Any) -> Any:
    """A datum, which may be anything, as JSON."""
    try:
        return _json(datum)
    except RecursionError:
        return None


def _json(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case bytes():
            return value.decode("latin-1")
        case list():
            return [_json(x) for x in value]
        case dict():
            return {k: _json(x) for k, x in value.items()}
        case _:
            return value
