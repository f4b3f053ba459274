"""The process that compiles, one job after another, within limits of time and memory that the system holds.

`pfa.targets.kernel.jobs` starts it, with a socket for both directions, and kills it where it must.  A message is a
number of parts, and the parts, each with its length before it; nothing in it is code but the object code of an answer.

    HELLO                                                       when it is ready
    {"what": "document", "limits": ..., "cache": ...}, JSON     a document, without the values of cells and pools
    {"what": "text", "limits": ..., "entries": [...]}, text     a program in the kernel language
    {"outcome": "done"}, object code, ...                       an answer; of a document also `wire`'s parts
    {"outcome": "refused" | "failed", "why": text}

It ends when the other side closes the socket, also in the middle of a job, and when it has had nothing to do for a
while.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfa.check.document import check
from pfa.errors import PfaError
from pfa.limits import Limits, make_room
from pfa.read import read
from pfa.targets.kernel import compile as kernel
from pfa.targets.kernel import jobs, kernels, wire
from pfa.targets.kernel.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import resource
except ImportError:  # Windows, where no worker is started
    resource = None  # type: ignore[assignment]

IDLE = 20.0  # seconds that it waits for a job
UNREAD = 120.0  # seconds that it waits for somebody who reads an answer
POLITE = 5  # how far it steps back behind the process that it works for
FAR = 1 << 20  # file descriptors that it may have been given by mistake


def main() -> None:
    """Answer jobs that come by the standard input, a socket."""
    gc.disable()  # while all is made that stays
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the other process's to end
    stream = os.dup(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    _tidy(stream)
    os.nice(POLITE)
    os.set_blocking(stream, False)
    threading.Thread(target=_leave_with, args=(stream,), daemon=True).start()
    kernels.library()
    gc.freeze()
    gc.enable()
    _send(stream, [jobs.HELLO])
    while parts := _receive(stream):
        _send(stream, answer(parts))
    os._exit(0)


def _tidy(stream: int) -> None:
    """No file of the process that started this one stays open."""
    os.closerange(3, stream)
    os.closerange(stream + 1, min(FAR, os.sysconf("SC_OPEN_MAX")))
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _leave_with(stream: int) -> None:
    """End when nobody is there to read what is being made."""
    poll = select.poll()
    poll.register(stream, 0)  # that it is closed is told unasked
    poll.poll()
    os._exit(0)


# -- messages --


def _receive(stream: int) -> list[bytes]:
    """The next message."""
    count = int.from_bytes(_exactly(stream, 8), "little")
    return [_exactly(stream, int.from_bytes(_exactly(stream, 8), "little")) for _ in range(count)]


def _exactly(stream: int, count: int) -> bytes:
    """So many bytes; where none come for a while, the process ends."""
    found = bytearray()
    while len(found) < count:
        _wait(stream, select.POLLIN, IDLE)
        piece = os.read(stream, min(count - len(found), 1 << 20))
        if not piece:
            os._exit(0)
        found += piece
    return bytes(found)


def _send(stream: int, parts: list[bytes]) -> None:
    """A message to somebody who reads it when there is time."""
    left = memoryview(jobs.pack(parts))
    while left:
        _wait(stream, select.POLLOUT, UNREAD)
        with suppress(BlockingIOError):
            left = left[os.write(stream, left[: jobs.PIECE]) :]


def _wait(stream: int, what: int, seconds: float) -> None:
    poll = select.poll()
    poll.register(stream, what)
    if not poll.poll(seconds * 1000):
        os._exit(0)


# -- jobs --


def answer(parts: list[bytes]) -> list[bytes]:
    """What a job gives."""
    asked = json.loads(parts[0])
    limits = Limits(**asked["limits"])
    try:
        with _bounded(limits):
            made = _made(asked, parts[1].decode(), limits)
    except PfaError as error:
        return [_head("refused", str(error))]
    except (MemoryError, SystemError):  # the latter of parts of the interpreter that do not expect to get none
        return [_head("refused", too_much_memory(limits))]
    except Exception as error:
        return [_head("failed", f"the compile worker failed with {type(error).__name__}: {error}")]
    return [_head("done"), *made]


def _head(outcome: str, why: str = "") -> bytes:
    return json.dumps({"outcome": outcome, "why": why}).encode()


def _made(asked: dict[str, Any], text: str, limits: Limits) -> list[bytes]:
    cache = Cache(asked["cache"] and Path(asked["cache"]))
    if asked["what"] == "text":
        return [kernel.object_code(limits, text, tuple(asked["entries"]), cache)]
    with_data = Limits(**(asked["limits"] | {"bytes": None, "nodes": None}))  # it has been read within them
    document = read(text, limits=with_data, syntax="json")
    make_room(document.nesting)
    found = check(document.value, limits, owned=True, read_source=lambda *_: None)
    if found.program is None:
        raise ValueError("; ".join(map(str, found.problems)))
    emitted = kernel.emitted(found.program, limits, escape=False)
    code = kernel.object_code(limits, emitted.text, emitted.entries, cache)
    return [code, *wire.encode(emitted)]


def too_much_memory(limits: Limits) -> str:
    return (
        f"the numba backend needed more memory to compile this document than Limits.compile_memory "
        f"({limits.compile_memory:,} bytes); raise it, or use the python backend"
    )


@contextmanager
def _bounded(limits: Limits) -> Iterator[None]:
    """The system ends this process where it takes more time, and gives it no more memory."""
    if limits.compile_seconds is not None:
        signal.setitimer(signal.ITIMER_PROF, max(0.001, limits.compile_seconds))
    before = None
    if limits.compile_memory is not None and (size := _size()):
        before = resource.getrlimit(resource.RLIMIT_AS)
        least = min((x for x in before if x != resource.RLIM_INFINITY), default=size + limits.compile_memory)
        resource.setrlimit(resource.RLIMIT_AS, (min(least, size + limits.compile_memory), before[1]))
    try:
        yield
    finally:
        if before is not None:
            resource.setrlimit(resource.RLIMIT_AS, before)
        signal.setitimer(signal.ITIMER_PROF, 0)


def _size() -> int:
    """Bytes of address space that this process has now, where the system tells."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except (OSError, AttributeError):
        return 0


if __name__ == "__main__":
    sys.exit("this module is started by pfa.targets.kernel.jobs")
