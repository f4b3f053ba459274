"""Jobs for the process that compiles (`pfa.targets.kernel.worker`): it is started, fed, limited and ended here.

Nothing here waits unless it is asked to, and no thread is started: `Desk.pump` sends what can be sent and reads what is
there.  So a process may fork whenever it likes, and its end waits for nothing.  A worker is shared by the jobs of a
process, one after another; it ends by itself when it has had nothing to do for a while, and with the process that
started it.  In a child of a fork the jobs begin again, with a worker of its own.
"""

from __future__ import annotations

import _socket
import atexit
import json
import os
import select
import signal
import sys
import threading
import weakref
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pfa
from pfa.targets.kernel.cache import default

if TYPE_CHECKING:
    from pfa.limits import Limits

HELLO = b"pfa worker 1"
PIECE = 1 << 16  # bytes that are written or read at once
PATIENCE = 60.0  # seconds until a worker must have started
SLACK, MARGIN = 2, 10.0  # wall time of a job: so many times its processor time, and so many seconds
TRIES = 5  # workers that may end without an answer, by no fault of the job
CODE = "import sys; sys.path[:] = sys.argv[1:]; from pfa.targets.kernel.worker import main; main()"
_NO_SIGNAL = getattr(_socket, "MSG_NOSIGNAL", 0)


def pack(parts: list[bytes]) -> bytes:
    """A message: how many parts, and each with its length before it."""
    return b"".join([len(parts).to_bytes(8, "little"), *(x for p in parts for x in (len(p).to_bytes(8, "little"), p))])


class Job:
    """What a worker is asked for, and its answer.

    `outcome` is "" until there is an answer; then "done"; "refused", which is the limits' or the document's fault; or
    "failed", which is not: it may be compiled in this process.
    """

    def __init__(self, what: str, body: bytes, limits: Limits, entries: tuple[str, ...] = ()) -> None:
        folder = default().folder
        asked = {"what": what, "limits": asdict(limits), "entries": entries, "cache": folder and str(folder)}
        self.message = pack([json.dumps(asked).encode(), body])
        self.limits = limits
        self.tries = 0
        self.outcome = ""
        self.why = ""
        self.parts: list[bytes] = []

    def end(self, outcome: str, why: str = "", parts: list[bytes] | None = None) -> None:
        self.why, self.parts, self.message = why, parts or [], b""
        self.outcome = outcome


class Unstartable(Exception):
    """No worker can be started here; the message says why."""


class Worker:
    """A process, and the connection to it."""

    def __init__(self) -> None:
        if not sys.executable or getattr(sys, "frozen", False) or not hasattr(os, "posix_spawn"):
            raise Unstartable("this system or interpreter starts no worker processes")
        try:
            self.socket, theirs = _socket.socketpair()
        except OSError as error:
            raise Unstartable(f"there is no socket for a worker process: {error.strerror or error}") from None
        try:
            self.pid = _spawn(theirs.fileno())
        except OSError as error:
            self.socket.close()
            raise Unstartable(f"no worker process can be started: {error.strerror or error}") from None
        finally:
            theirs.close()
        self.socket.setblocking(False)
        self.left = memoryview(b"")
        self.found = bytearray()
        self.greeted = False

    def step(self) -> bool:
        """Write and read what is possible; False when the worker has closed the connection."""
        try:
            while self.left:
                self.left = self.left[self.socket.send(self.left[:PIECE], _NO_SIGNAL) :]
        except BlockingIOError:
            pass
        except OSError:  # it is gone, as reading will show
            self.left = memoryview(b"")
        try:
            piece = self.socket.recv(PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.found += piece
        return bool(piece)

    def wait(self, seconds: float) -> None:
        """Until there is something to read or to write."""
        poll = select.poll()
        poll.register(self.socket.fileno(), select.POLLIN | (select.POLLOUT if self.left else 0))
        poll.poll(seconds * 1000)

    def message(self) -> list[bytes] | None:
        """The parts of a message, when it is there as a whole."""
        found, at, places = self.found, 8, []
        for _ in range(int.from_bytes(found[:8], "little")):
            start = at + 8
            at = start + int.from_bytes(found[at:start], "little")
            if at > len(found):
                return None
            places.append((start, at))
        if at > len(found):
            return None
        parts = [bytes(found[start:end]) for start, end in places]
        del found[:at]
        return parts

    def status(self, wait: bool = False) -> int | None:
        """The exit status, if it has ended (0 where somebody else has been told)."""
        try:
            pid, status = os.waitpid(self.pid, 0 if wait else os.WNOHANG)
        except ChildProcessError:
            return 0
        return os.waitstatus_to_exitcode(status) if pid else None

    def kill(self) -> None:
        """End it, whatever it does."""
        self.socket.close()
        if self.status() is None:  # else its number may be that of another process by now
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.status(wait=True)


def _spawn(stream: int) -> int:
    """Start the interpreter with nothing of this process but what it imports from."""
    own = str(Path(pfa.__file__).parents[1])
    paths = [own, *(p for p in sys.path if p and p != own)]
    actions = [
        (os.POSIX_SPAWN_DUP2, stream, 0), (os.POSIX_SPAWN_DUP2, stream, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]  # fmt: skip
    return os.posix_spawn(
        sys.executable, [sys.executable, "-I", "-S", "-c", CODE, *paths], os.environ, file_actions=actions,
        setsigmask=(), setsigdef=(signal.SIGPROF, signal.SIGTERM, signal.SIGABRT, signal.SIGSEGV),
    )  # fmt: skip


class Desk:
    """A queue of jobs, and the worker that does them.  A job that nobody holds any more is not done."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.queue: deque[weakref.ref[Job]] = deque()
        self.current: weakref.ref[Job] | None = None
        self.worker: Worker | None = None
        self.until = 0.0  # when the worker must have done what it does
        _desks.add(self)

    def submit(self, job: Job) -> None:
        self.queue.append(weakref.ref(job, self.forget))

    def forget(self, job: weakref.ref[Job]) -> None:
        """Nobody holds a job any more: the worker that does it is killed."""
        if self.current is job and self.lock.acquire(False):  # else the next one to pump sees it
            try:
                self.close()
            finally:
                self.lock.release()

    def doing(self, job: Job) -> bool:
        """Is it this job's turn?"""
        return self.current is not None and self.current() is job

    @property
    def free(self) -> bool:
        return self.current is None and not self.queue

    def pump(self, seconds: float = 0.0) -> None:
        """Go on with the jobs; wait for the worker, but no longer than so many seconds."""
        if not self.lock.acquire(False):  # another thread does it
            sleep(min(seconds, 0.01))
            return
        try:
            self._pump(seconds)
        finally:
            self.lock.release()

    def finish(self, job: Job) -> None:
        """Wait until a job has its answer."""
        while not job.outcome:
            self.pump(0.05)

    def close(self) -> None:
        """End the worker."""
        if self.worker is not None:
            self.worker.kill()
        self.worker, self.current = None, None

    def forked(self) -> None:
        """In a child: the worker is the parent's, the jobs begin again."""
        self.lock = threading.Lock()
        if self.worker is not None:
            self.worker.socket.close()
        if self.current is not None:
            self.queue.appendleft(self.current)
        self.worker, self.current = None, None

    def _pump(self, seconds: float) -> None:
        if self.current is not None and self.current() is None:
            self.close()
        job = self._job()
        if job is None:
            self._tidy()
            return
        if self.worker is None and not self._start(job):
            return
        worker = self.worker
        assert worker is not None
        if seconds:
            worker.wait(seconds)
        alive = worker.step()
        if (parts := worker.message()) is not None:
            self._answered(job, worker, parts)
        elif not alive and (status := worker.status()) is not None:
            self._ended(job, worker, status)
        elif monotonic() > self.until:
            self.close()
            job.end(*(("refused", _late(job.limits)) if worker.greeted else ("failed", "the compile worker hangs")))

    def tidy(self) -> None:
        """A worker that has ended by itself is buried."""
        if self.worker is not None and self.lock.acquire(False):
            try:
                self._tidy()
            finally:
                self.lock.release()

    def _tidy(self) -> None:
        if self.worker is not None and self.current is None and self.worker.status() is not None:
            self.worker.socket.close()
            self.worker = None

    def _job(self) -> Job | None:
        """The job that is done now, the next one where none is."""
        while self.current is None and self.queue:
            if (found := self.queue.popleft())() is not None:
                self._tidy()
                self.current = found
                if self.worker is not None:
                    self._give(self.worker, found())
        return self.current() if self.current else None

    def _start(self, job: Job) -> bool:
        try:
            self.worker = Worker()
        except Unstartable as why:
            self.current = None
            job.end("failed", str(why))
            return False
        self.until = monotonic() + PATIENCE
        return True

    def _give(self, worker: Worker, job: Job | None) -> None:
        if job is not None:
            seconds = job.limits.compile_seconds
            self.until = monotonic() + (float("inf") if seconds is None else SLACK * seconds + MARGIN)
            worker.left = memoryview(job.message)

    def _answered(self, job: Job, worker: Worker, parts: list[bytes]) -> None:
        if worker.greeted:
            said = json.loads(parts[0])
            self.current = None
            job.end(said["outcome"], said["why"], parts[1:])
        elif parts == [HELLO]:
            worker.greeted = True
            self._give(worker, job)
        else:
            self.close()
            job.end("failed", "what was started as a compile worker is another program")

    def _ended(self, job: Job, worker: Worker, status: int) -> None:
        """The worker has ended without an answer: whose fault was it?"""
        worker.socket.close()
        self.worker, self.current = None, None
        job.tries += 1
        if status == -signal.SIGPROF:
            job.end("refused", _late(job.limits))
        elif status < 0 and worker.greeted:
            job.end("refused", _killed(job.limits, -status))
        elif job.tries < TRIES and worker.greeted:  # nobody had read its answer for too long
            self.submit(job)
        else:
            job.end("failed", f"the compile worker ended with status {status}")


def _late(limits: Limits) -> str:
    return (
        f"the numba backend needed more time to compile this document than Limits.compile_seconds "
        f"({limits.compile_seconds:g}); raise it, or use the python backend"
    )


def _killed(limits: Limits, number: int) -> str:
    if limits.compile_memory is None:
        return f"the compile worker was ended by signal {number}; use the python backend"
    return (
        f"the numba backend needed more memory to compile this document than Limits.compile_memory "
        f"({limits.compile_memory:,} bytes), or the system has no more (the worker was ended by signal {number}); "
        f"raise it, or use the python backend"
    )


def _close_all() -> None:
    for desk in list(_desks):
        desk.close()


def _forked() -> None:
    for desk in list(_desks):
        desk.forked()


_desks: weakref.WeakSet[Desk] = weakref.WeakSet()
DESK = Desk()
atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
