"""What is compared: this package, and titus2 in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pfa
from benchmarks.peer.work import Work

PEER = Path(__file__).parent / "peer"
PYTHON = Path(os.environ.get("PFA_PEER", PEER / ".venv/bin/python"))
WITHOUT = f"no peer: benchmarks/peer/make makes {PYTHON}, or PFA_PEER names a Python that has titus2"


class Ours:
    """This package, its default limits on."""

    name = "pfa"

    def __init__(self, backend: str = "python") -> None:
        self.work = Work(lambda document: pfa.loads(document, backend=backend, unions="tagged").action)

    def do(self, what: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.work, what)(**arguments)
        return answer

    def close(self) -> None:
        """Nothing to end."""


class Titus:
    """The peer; `None` instead of one where it is not installed."""

    name = "titus2"

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [PYTHON, PEER / "worker.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, what: str, **arguments: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps({"do": what, **arguments}), file=self.process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        with self.process:  # closes the pipes, and so ends it
            self.process.terminate()


def peer() -> Titus | None:
    """The peer, if it is there."""
    return Titus() if PYTHON.exists() else None


def timed(benchmark: Any, subject: Ours | Titus, rounds: int, what: str, **arguments: Any) -> None:
    """Time a request, and note the processor's time of the best round: what ratios are made of."""
    seconds: list[float] = []
    benchmark.pedantic(
        lambda: seconds.append(subject.do(what, **arguments)["seconds"]),
        rounds=rounds,
        warmup_rounds=int(rounds > 1),
    )
    benchmark.extra_info["cpu"] = min(seconds)
