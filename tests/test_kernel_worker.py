"""The process that compiles: its limits, its end, and what becomes of engines when there is none."""

import gc
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import repeat

import pytest

import pfa
from pfa.engine import background
from pfa.targets.kernel import compile as kernel
from pfa.targets.kernel import elf, jobs, wire
from tests.support import ROOT
from tests.test_kernel_auto import FOLD
from tests.test_kernel_library import documents
from tests.test_kernel_limits import chained, sums
from tests.test_kernel_switch import ADD, at_once, run, settled  # noqa: F401  a fixture
from tests.test_limits import HANGS

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="this system starts no workers")
FORK = multiprocessing.get_context("fork") if hasattr(os, "fork") else None
LATE, MUCH = pfa.Limits(compile_seconds=0.05), pfa.Limits(compile_memory=1 << 20)


@pytest.fixture
def desk(monkeypatch):
    """A desk of the test's own, whose worker is gone afterwards."""
    made = jobs.Desk()
    monkeypatch.setattr(jobs, "DESK", made)
    yield made
    made.close()


def gone(pid):
    """Is there no such process, or only what is left of one?"""
    end = time.monotonic() + HANGS
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


def zombies():
    """Children that have ended and that nobody has been told of."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError), open(f"/proc/{name}/stat") as f:
            state, parent = f.read().rpartition(")")[2].split()[:2]
            if state == "Z" and int(parent) == os.getpid():
                found.append(int(name))
    return found


# --- what goes between the processes -------------------------------------------------------------------------


def ended(steps):
    """What a generator gives in the end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("namespace", ["re", "s", "time", "rand", "model.tree", "enum", "interp"])
def test_programs_arrive_as_they_are(namespace):
    count = 0
    for document, _, _ in documents(namespace):
        program = pfa.engine.loading._checked(pfa.engine.loading.read_value(document, limits=pfa.Limits()),
                                              pfa.Limits(), None).program  # fmt: skip
        made = kernel.emitted(program, pfa.Limits(), escape=True)
        if made.escapes:
            continue
        count += 1
        got = ended(wire.decode(wire.encode(made)))
        made.types = {}
        made.constants = [(t, v.made(made.sites) if hasattr(v, "made") else v) for t, v in made.constants]
        for name in made.__slots__:
            assert getattr(got, name) == getattr(made, name), name
    assert count or namespace == "re"


def test_types_that_hold_themselves():
    a = pfa.types.Record("A")
    b = pfa.types.Union((pfa.types.NULL, pfa.types.Array(a)))
    a.fields = (pfa.types.Field("b", b), pfa.types.Field("m", pfa.types.Map(b), order="ignore"))
    types = wire._Types()
    numbers = [types.number(t) for t in (pfa.types.Map(pfa.types.INT), b, a, pfa.types.Array(b), pfa.types.INT)]
    got = wire._types(types.table)
    union = "union(null, array(A))"
    assert [str(got[n]) for n in numbers] == ["map(int)", union, "A", f"array({union})", "int"]
    record = got[numbers[2]]
    assert record.fields[0].type.branches[1].items is record
    assert record.fields[1].order == "ignore"


# --- limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limits", "name"), [(LATE, "compile_seconds"), (MUCH, "compile_memory")])
def test_a_document_that_takes_too_much_stays_on_python(at_once, desk, limits, name):  # noqa: F811
    """An hour or 100 GB end at the same limits, which the system holds; other documents are compiled afterwards."""
    engine = pfa.loads(chained(1000), limits=limits)
    run(engine, repeat(1), settled)
    assert engine.backend == "python"
    assert f"Limits.{name}" in engine.explain()
    assert engine.action(0) == 1000 * 999 // 2
    engine.wait()
    assert engine.backend == "python"
    other = pfa.loads(ADD)
    run(other, repeat(1.0))


@pytest.mark.parametrize(("limits", "name"), [(LATE, "compile_seconds"), (MUCH, "compile_memory")])
def test_the_system_holds_the_limits(desk, limits, name):
    """Also where the estimate, which counts lines, sees nothing."""
    text = "def f(ctx: i64, x: i64) -> i64:\n    " + "y = x; " * 100_000 + "return y\n"
    job = jobs.Job("text", text.encode(), limits, ("f",))
    desk.submit(job)
    desk.finish(job)
    assert job.outcome == "refused"
    assert re.search(rf"needed more [^.]* Limits\.{name}", job.why)
    after = jobs.Job("text", b"def f(ctx: i64, x: i64) -> i64:\n    return x\n", pfa.Limits(), ("f",))
    desk.submit(after)
    desk.finish(after)
    assert after.outcome == "done"


def test_a_text_that_takes_too_much_is_refused(desk, monkeypatch):
    """Where a worker is not allowed what it takes, this process does not try either."""
    monkeypatch.setattr(kernel.effort, "refuse", lambda lines, limits: None)
    with pytest.raises(pfa.PfaCompileError, match=r"Limits\.compile_seconds"):
        pfa.loads(sums(2500), backend="numba", limits=LATE)
    assert pfa.loads(sums(10), backend="numba", limits=LATE).action(0) == 45


def test_a_worker_that_hangs_is_ended(at_once, desk, monkeypatch):  # noqa: F811
    monkeypatch.setattr(jobs, "MARGIN", -1e9)
    engine = pfa.loads(ADD)
    run(engine, repeat(1.0), settled)
    assert "Limits.compile_seconds" in engine.explain()
    assert desk.worker is None


def test_a_worker_that_the_system_kills(at_once, desk):  # noqa: F811
    engine = pfa.loads(ADD)
    run(engine, repeat(1.0), lambda e: desk.worker is not None and desk.worker.greeted)
    pid = desk.worker.pid
    os.kill(pid, signal.SIGKILL)
    run(engine, repeat(1.0), lambda e: settled(e) or e.backend == "numba")
    assert engine.backend == "numba" or "signal 9" in engine.explain()
    assert pid not in zombies()


def test_large_texts_are_compiled_by_a_worker(monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "Job", lambda *a, job=jobs.Job: asked.append(a) or job(*a))
    assert pfa.loads(sums(20), backend="numba").action(0) == 190
    assert asked == []
    assert pfa.loads(sums(2500), backend="numba").action(0) == 2500 * 2499 // 2
    assert len(asked) == 1


# --- where there is no worker --------------------------------------------------------------------------------


def refuse(*_, **__):
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("why", ["not permitted", "another program", "no interpreter", "frozen"])
def test_without_a_worker_it_stays_on_python_until_wait(at_once, desk, monkeypatch, why):  # noqa: F811
    if why == "not permitted":
        monkeypatch.setattr(os, "posix_spawn", refuse)
    elif why == "frozen":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setattr(sys, "executable", "/bin/echo" if why == "another program" else "")
    engine = pfa.loads(ADD)
    run(engine, repeat(1.0), settled)
    assert engine.backend == "python"
    assert "worker" in engine.explain()
    engine.wait()
    assert engine.backend == "numba"
    assert engine.action(1.0) == 2.0


def test_without_a_worker_large_texts_are_compiled_here(desk, monkeypatch):
    monkeypatch.setattr(os, "posix_spawn", refuse)
    assert pfa.loads(sums(2500), backend="numba").action(0) == 2500 * 2499 // 2


@pytest.mark.parametrize("cache", ["missing", "read only", "a file"])
def test_without_a_cache(at_once, monkeypatch, tmp_path, cache):  # noqa: F811
    folder = tmp_path / "cache"
    monkeypatch.setenv("PFA_CACHE", str(folder / "deeper" if cache == "missing" else folder))
    if cache == "read only":
        folder.mkdir()
        folder.chmod(0o500)
    elif cache == "a file":
        folder.write_text("")
    run(pfa.loads(ADD), repeat(1.0))


def test_the_worker_fills_the_cache(at_once, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.setenv("PFA_CACHE", str(tmp_path / "cache"))
    for _ in range(2):
        run(pfa.loads(ADD), repeat(1.0))
    assert len(list((tmp_path / "cache").glob("*.o"))) == 1


# --- ends ----------------------------------------------------------------------------------------------------


IDLE = jobs.CODE.replace("main()", "import pfa.targets.kernel.worker as w; w.IDLE = w.UNREAD = 0.3; main()")


def test_a_worker_without_work_ends_and_another_goes_on(desk, monkeypatch):
    monkeypatch.setattr(jobs, "CODE", IDLE)
    first = started_with_a_job(desk)
    assert gone(first.pid)
    assert started_with_a_job(desk).pid != first.pid


def test_an_answer_that_nobody_reads_is_made_again(at_once, desk, monkeypatch):  # noqa: F811
    """The worker ends, which takes nothing from an engine that is idle for long."""
    monkeypatch.setattr(jobs, "CODE", IDLE)
    engine = pfa.loads(sums(200))
    run(engine, repeat(0), lambda e: desk.worker is not None and desk.worker.greeted)
    assert gone(desk.worker.pid)
    run(engine, repeat(0))


def test_an_engine_that_is_dropped_ends_its_job(at_once, desk):  # noqa: F811
    engine = pfa.loads(chained(1000))
    run(engine, repeat(1), lambda e: desk.worker is not None and desk.worker.greeted)
    pid = desk.worker.pid
    assert not gone_already(pid)
    gc.disable()
    try:
        del engine  # at once: nothing holds it in a circle
        assert desk.worker is None
    finally:
        gc.enable()
    assert gone(pid)
    assert pid not in zombies()


def gone_already(pid):
    return not os.path.exists(f"/proc/{pid}")


END = """
import os, sys, time
import pfa
from pfa.engine import background
from tests.test_kernel_limits import chained
background.DELAY = 0.0
engine = pfa.loads(chained(1000))
while "worker" not in engine.explain():
    engine.action(1)
from pfa.targets.kernel import jobs
while jobs.DESK.worker is None or not jobs.DESK.worker.greeted:
    engine.action(1)
print(jobs.DESK.worker.pid, flush=True)
"""


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_process_that_ends_while_it_compiles_takes_its_worker_along(end):
    done = subprocess.run(
        [sys.executable, "-c", END + end], capture_output=True, text=True, timeout=2 * HANGS, cwd=ROOT,
        env={**os.environ, "PFA_WORKER": "on", "PFA_CACHE": ""}, check=False,
    )  # fmt: skip
    assert done.returncode == (-9 if "kill" in end else 0)
    assert done.stderr == ""
    assert gone(int(done.stdout))


def test_a_worker_that_had_nothing_to_do_is_buried_by_the_next_engine(desk):
    worker = started_with_a_job(desk)
    os.kill(worker.pid, signal.SIGTERM)
    assert gone(worker.pid)
    assert worker.pid in zombies()
    pfa.loads(ADD)
    assert worker.pid not in zombies()
    assert desk.worker is None


@pytest.mark.parametrize("told", ["before", "after"])
def test_a_worker_that_somebody_else_has_buried(at_once, desk, told):  # noqa: F811
    """As a server does that waits for all its children: no process is killed by a number that is another's now."""
    engine = pfa.loads(ADD)
    run(engine, repeat(1.0), lambda e: desk.worker is not None and desk.worker.greeted)
    pid = desk.worker.pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if told == "before":
        run(engine, repeat(1.0))  # by another one
        assert desk.worker.pid != pid
    else:
        desk.close()


def started_with_a_job(desk):
    """A worker that has done one."""
    job = jobs.Job("text", b"", pfa.Limits())
    desk.submit(job)
    desk.finish(job)
    return desk.worker


def test_a_worker_has_none_of_the_files_of_its_process(desk, tmp_path):
    file = os.open(tmp_path / "secret", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(file, True)
    try:
        worker = started_with_a_job(desk)
        open_files = [os.readlink(f"/proc/{worker.pid}/fd/{n}") for n in os.listdir(f"/proc/{worker.pid}/fd")]
    finally:
        os.close(file)
    assert {f.partition(":")[0] for f in open_files} == {"/dev/null", "socket"}


# --- forks ---------------------------------------------------------------------------------------------------


def in_child(work):
    """What `work` gives in a forked child."""
    here, there = FORK.Pipe()
    child = FORK.Process(target=lambda: there.send(work()))
    child.start()
    try:
        assert here.poll(2 * HANGS), "the child hangs"
        return here.recv()
    finally:
        child.kill()
        child.join()


def goes_on(engine):
    """The outcome of a child's engine, until it is compiled."""
    tally = engine.tally
    count = len(run(engine, repeat(1.0)))
    return engine.backend, engine.action(1.0) == tally + count + 1.0


@pytest.mark.skipif(FORK is None, reason="this system has no fork")
@pytest.mark.parametrize("when", ["before", "starting", "compiling", "after"])
def test_a_fork(at_once, desk, when):  # noqa: F811
    """The child's engine goes on by itself, with a worker of its own; so does the parent's."""
    engine = pfa.loads(FOLD)
    until = {
        "before": lambda e: True, "starting": lambda e: desk.worker is not None,
        "compiling": lambda e: desk.worker is not None and desk.worker.greeted,
        "after": lambda e: e.backend == "numba",
    }  # fmt: skip
    run(engine, repeat(1.0), until[when])
    assert in_child(lambda: goes_on(engine)) == ("numba", True)
    assert goes_on(engine) == ("numba", True)


@pytest.mark.skipif(FORK is None, reason="this system has no fork")
def test_a_plain_fork_that_exits_leaves_the_workers_of_its_parent_alone(at_once, desk):  # noqa: F811
    engine = pfa.loads(FOLD)
    run(engine, repeat(1.0), lambda e: desk.worker is not None)
    pid = os.fork()
    if pid == 0:
        jobs._close_all()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert desk.worker is not None
    assert goes_on(engine) == ("numba", True)


# --- object code without LLVM --------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b"\x7fELF" + b[4:18] + b"\xff" + b[19:]])
def test_object_code_of_another_machine_is_not_loaded(damage):
    code = kernel.link.compiled("define i64 @f() {\n  ret i64 7\n}\n")
    if elf._host():
        assert ended(elf.load(code)).function("f", *[__import__("ctypes").c_int64])() == 7
    with pytest.raises(elf.Unloadable):
        ended(elf.load(damage(code)))


def test_delays_are_short():
    """Engines that are used are compiled soon, and a little at a time."""
    assert background.SLICE <= 0.002
    assert background.DELAY <= 1.0
