"""Fixtures of the benchmarks, and the table of ratios at the end of a run."""

import os
from pathlib import Path

import pytest

from benchmarks.subjects import WITHOUT, Ours, peer

SHARED = Path(os.environ.get("PFA_SHARED", Path(__file__).parents[2] / "shared"))
# How many times as fast as the peer each figure should be.
BY_HAND, COMPILED = 1.5, 20.0  # times as long as by hand, times as fast as the peer: what compiled engines should be
WORK = ("clean_text", "nested", "custom")  # documents in which a row is more than its way in and out
SLOWER = 1.5  # times as long as reading alone that scoring a file may take
WANTED = {"add": 4.0, "loop": 30.0, "running_mean": 4.0, "suite: load and first action": 4.0}


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.exists():
        pytest.skip("the documents that figures are about are not here (PFA_SHARED)")
    return SHARED


@pytest.fixture(scope="session", params=["pfa", "titus2"])
def subject(request):
    """An implementation to time."""
    found = Ours() if request.param == "pfa" else peer()
    if found is None:
        pytest.skip(WITHOUT)
    yield found
    found.close()


def pytest_terminal_summary(terminalreporter, config):
    """How many times as fast as the peer, by the processor's time of the best round of each."""
    session = getattr(config, "_benchmarksession", None)
    best = {}
    for bench in session.benchmarks if session else []:
        if "cpu" in bench.extra_info:
            best.setdefault(bench.group, {})[bench.params["subject"]] = bench.extra_info["cpu"]
    both = {group: times for group, times in best.items() if {"pfa", "titus2"} <= times.keys()}
    if both:
        terminalreporter.section("times as fast as titus2")
    for group, times in both.items():
        ratio = times["titus2"] / times["pfa"]
        wanted = f", wanted {WANTED[group]:g}" if group in WANTED else ""
        verdict = "" if ratio >= WANTED.get(group, 1.0) else "   <-- short of it"
        terminalreporter.write_line(f"{group:32} {ratio:8.1f}{wanted}{verdict}")
    _files(terminalreporter, session.benchmarks if session else [])
    _by_hand(terminalreporter, session.benchmarks if session else [])


def _files(reporter, benches):
    """Files through `pfa run` against reading them alone, and the whole command in a process of its own."""
    found = {b.group: b.extra_info["nanoseconds"] for b in benches if "nanoseconds" in b.extra_info}
    if found:
        reporter.section("nanoseconds a row")
        ratios = "".join(f" {name:>8} {'ratio':>6}" for name in ("pfa run", "command", "numba"))
        reporter.write_line(f"{'':24} {'alone':>8}{ratios}")
    for group, (alone, ours, command, numba) in found.items():
        verdict = "" if ours <= alone * SLOWER else "   <-- short of it"
        numbers = f"{alone:8.0f} {ours:8.0f} {ours / alone:6.2f} {command:8.0f} {command / alone:6.2f}"
        numbers += f" {numba:8.0f} {numba / alone:6.2f}"
        reporter.write_line(f"{group:24} {numbers}{verdict}")


def _by_hand(reporter, benches):
    """Compiled engines against Numba by hand and against titus2."""
    found = {}
    for b in benches:
        if "by hand" in b.extra_info:
            name, subject, nanoseconds = b.extra_info["by hand"]
            found.setdefault(name, {})[subject] = nanoseconds
    if found:
        reporter.section("nanoseconds a row, one thread; times as long as by hand, times as fast as titus2")
        reporter.write_line(
            f"{'':16} {'by hand':>8} {'columns':>8} {'ratio':>6} {'titus2':>8} {'times':>6} {'lists':>8} {'times':>6}"
        )
    for name, ns in found.items():
        hand, columns, titus, lists = (ns.get(s, float("nan")) for s in ("Numba", "columns", "titus2", "lists"))
        numbers = f"{hand:8.1f} {columns:8.1f} {columns / hand:6.2f} {titus:8.0f} {titus / columns:6.0f}"
        wanted = BY_HAND if name in WORK else float("inf")
        verdict = "   <-- short of it" if columns > wanted * hand or titus < COMPILED * columns else ""
        reporter.write_line(f"{name:16} {numbers} {lists:8.0f} {titus / lists:6.0f}{verdict}")
