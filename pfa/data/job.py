"""Jobs: the file that makes a run go on where it was killed (`pfa run --state FILE`).

Place in the pipeline: under the command line.  A job file is a state of an engine (`pfa.memory.state`, so `pfa.load`
takes it) with one entry more, the job: which document, how far the input was read, how far the output was written.
Invariants: the file is whole at any moment, the old one or the new one, since the new one is written beside it and
renamed; and the output it tells of is on the disk before it is.  What a file says is looked at before it is
believed: it may be damaged, of another document, or made by anybody.
"""

from __future__ import annotations

import contextlib
import os
import stat
import zlib
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.errors import PfaDataError, PfaInitError
from pfa.memory import state as state_blob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.limits import Limits

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two runs from one state file
    fcntl = None  # type: ignore[assignment]

VERSION = 1
PIECE = 1 << 20


@dataclass(slots=True)
class Place:
    """How far a file of results was written: where a writer goes on, and how many bytes there were."""

    path: str = ""
    layout: str = ""  # all that decides what stands in the file
    position: Any = None
    size: int = 0


@dataclass(slots=True)
class End:
    """A run that has come to its end: what `end` added to the places, and what it counted."""

    output: int
    rejects: int


@dataclass(slots=True)
class Job:
    """What is kept of a run beside the state of its engines.

    `document` is the digest that `pfa hash` prints.  `input` is a path, empty for a pipe, of which `position` is the
    `Row.end` of the last row; the input's first `covered` bytes had the checksum `crc`.  The states are those before
    `end` ran, since an input may grow.
    """

    document: str
    engines: int = 1
    input: str = ""
    format: str = ""
    position: Any = None
    covered: int = 0
    crc: int = 0
    rows: int = 0
    sequence: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    output: Place = field(default_factory=Place)
    rejects: Place = field(default_factory=Place)
    ended: End | None = None


def as_entry(job: Job) -> dict[str, Any]:
    """A job as plain values."""
    return {"version": VERSION, **asdict(job)}


def from_entry(entry: Any, path: str) -> Job:
    """The job that plain values tell of; PfaInitError where they are not those of one."""
    if type(entry) is not dict or entry.get("version") != VERSION:
        raise PfaInitError(f"{path}: the state file was not written by `pfa run` of this version; it is left as it is")
    try:
        return _job({name: value for name, value in entry.items() if name != "version"})
    except (TypeError, KeyError, ValueError):
        raise PfaInitError(f"{path}: the state file is malformed; it is left as it is") from None


_CLASSES = {
    "document": str, "engines": int, "input": str, "format": str, "covered": int, "crc": int, "rows": int,
    "sequence": int, "path": str, "layout": str, "size": int,
}  # fmt: skip


def _job(entry: dict[str, Any]) -> Job:
    for name in ("output", "rejects"):
        entry[name] = Place(**_checked(entry[name], Place))
    if entry["ended"] is not None:
        entry["ended"] = End(**{name: _natural(entry["ended"][name]) for name in ("output", "rejects")})
    entry["failed"] = {str(what): _natural(n) for what, n in _dict(entry["failed"]).items()}
    return Job(**_checked(entry, Job))


def _checked(entry: dict[str, Any], kind: type[Place | Job]) -> dict[str, Any]:
    if entry.keys() != {f.name for f in fields(kind)}:
        raise ValueError
    for name, value in entry.items():
        if name in _CLASSES and (type(value) is not _CLASSES[name] or (type(value) is int and value < 0)):
            raise ValueError
    return entry


def _dict(value: Any) -> dict[Any, Any]:
    if type(value) is not dict:
        raise ValueError
    return value


def _natural(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


# --- the file --------------------------------------------------------------------------------------------------


def read(path: str, limits: Limits) -> tuple[Job | None, list[bytes]] | None:
    """The job and the states of its engines in a file; None where there is no file.

    A file that is the state of an engine and no more gives it without a job.  PfaInitError where it is neither.
    """
    try:
        with open(path, "rb") as file:
            blob = file.read()
    except FileNotFoundError:
        return None
    try:
        found = state_blob.load(blob, limits)
    except PfaInitError as error:
        raise PfaInitError(f"{path}: {error}; the file is left as it is") from None
    if "job" not in found:
        return None, [blob]
    job = from_entry(found["job"], path)
    states = found.get("engines", [blob])
    if type(states) is not list or {type(s) for s in states} != {bytes} or len(states) != job.engines:
        raise PfaInitError(f"{path}: the state file is malformed; it is left as it is")
    return job, states


def blob_of(job: Job, held: list[dict[str, Any]], limits: Limits) -> bytes:
    """The bytes of a job file: of one engine those of its state with the job as one entry more."""
    entry = {"job": as_entry(job)}
    if len(held) == 1:
        return state_blob.dump(entry | held[0], limits)
    return state_blob.dump(entry | {"engines": [state_blob.dump(h, limits) for h in held]}, limits)


def save(path: str, blob: bytes) -> None:
    """Put a file in the place of another such that at any moment one of them is there, whole and on the disk."""
    beside = f"{path}.new"
    with open(beside, "wb") as file:
        file.write(blob)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Only one run at a time has a state file; PfaInitError where another has it."""
    with open(f"{path}.lock", "ab") as file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PfaInitError(f"{path}: another run has this state file; wait for it to end") from None
        yield


# --- the input -------------------------------------------------------------------------------------------------


class Prefix:
    """The checksum of the beginning of an input, which tells whether it is still the one that was read."""

    def __init__(self, file: BinaryIO, covered: int = 0, crc: int = 0) -> None:
        self.fd = file.fileno()
        self.covered, self.crc = covered, crc

    def extend(self, size: int) -> None:
        """Cover so many bytes of the file."""
        while self.covered < size:
            piece = os.pread(self.fd, min(PIECE, size - self.covered), self.covered)
            if not piece:
                return
            self.crc = zlib.crc32(piece, self.crc)
            self.covered += len(piece)


def check_input(file: BinaryIO, job: Job, path: str) -> Prefix:
    """Has the input changed before the position that a job has reached?  PfaDataError if it has."""
    size = os.fstat(file.fileno()).st_size
    if size < job.covered:
        raise PfaDataError(_changed(path, f"it has {size:,} bytes, and {job.covered:,} had been read"))
    prefix = Prefix(file)
    prefix.extend(job.covered)
    if prefix.crc != job.crc:
        raise PfaDataError(_changed(path, f"its first {job.covered:,} bytes are not those that had been read"))
    return prefix


def _changed(path: str, how: str) -> str:
    advice = "restore it, give the new input under another name, or start anew with another --state"
    return f"{path}: the input has changed since the state was saved: {how}; {advice}"


def check_place(place: Place, size: int) -> None:
    """Is all that a job has written still there?  PfaDataError if it is not."""
    try:
        found = os.stat(place.path).st_size
    except FileNotFoundError:
        found = -1
    if found < size:
        what = "is missing" if found < 0 else f"has {found:,} bytes"
        advice = "restore it, name another, or start anew with another --state"
        raise PfaDataError(f"{place.path}: the file {what}, and the run had written {size:,}; {advice}")


def is_file(path: str) -> bool:
    """Is it a file that can be read again, and no pipe or device?"""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return True
