"""`import pfa` is quick, and brings nothing large."""

import subprocess
import sys

HEAVY = {
    "numpy",
    "scipy",
    "yaml",
    "re2",
    "rich",
    "fastavro",
    "pyarrow",
    "numba",
    "zoneinfo",
    "multiprocessing",
    "sqlite3",
}
SECONDS = 0.3  # twice what it should take, since the processor is shared with other tests
TIMED = """
import sys, time
start = time.process_time()
import pfa
print(time.process_time() - start)
print(*{name.split(".")[0] for name in sys.modules})
"""


def imported() -> tuple[float, set[str]]:
    done = subprocess.run([sys.executable, "-c", TIMED], capture_output=True, text=True, check=True)
    seconds, names = done.stdout.splitlines()
    return float(seconds), set(names.split())


def test_nothing_large_is_imported():
    assert imported()[1] & HEAVY == set()


def test_it_takes_little_time():
    """The best of a few, since other processes have the processor, too."""
    assert min(imported()[0] for _ in range(7)) < SECONDS
