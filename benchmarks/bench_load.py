"""Loading: every engine of the suite with its first action, and a large forest beside `json.loads`."""

import gc
import json
import os
import subprocess
import sys

import pytest

from benchmarks.make_forest import forest
from benchmarks.subjects import timed

MEGABYTES = int(os.environ.get("PFA_FOREST_MB", "100"))
MEASURE = """
import json, re, sys
import pfa
def memory(of):         # VmRSS: now, VmHWM: at its highest
    return int(re.search(of + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
pfa.loads({"input": "null", "output": "null", "action": None})      # what is imported late
if sys.argv[1] == "json":
    text = open(sys.argv[2], "rb").read()
    before = memory("VmRSS")
    kept = json.loads(text)
    print(memory("VmRSS") - before)
else:
    before = memory("VmRSS")
    kept = pfa.load(sys.argv[2])
    print(memory("VmHWM") - before)
"""


def test_suite_load_and_first_action(subject, shared, benchmark):
    subject.do("open", path=str(shared / "conformance/pfa-tests.json.xz"))
    benchmark.group = "suite: load and first action"
    timed(benchmark, subject, 1, "first_actions")


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    path = tmp_path_factory.mktemp("forest") / "forest.pfa"
    path.write_text(forest(MEGABYTES * 1_000_000), "utf-8")
    return path


@pytest.mark.parametrize("collector", ["on", "off"])
@pytest.mark.parametrize("what", ["json.loads", "pfa.loads"])
def test_forest(document, benchmark, what, collector):
    """`pfa.loads` takes at most 5 times as long, with the garbage collector on or off for both."""
    import pfa

    text = document.read_bytes()
    load = json.loads if what == "json.loads" else pfa.loads
    benchmark.group = f"forest of {MEGABYTES} MB, collector {collector}"

    def timed():
        kept = load(text)
        assert kept is not None

    if collector == "off":
        gc.disable()
    try:
        benchmark.pedantic(timed, rounds=2)
    finally:
        gc.enable()


def test_forest_memory(document):
    """Above the imports, at most 1.5 times what `json.loads` keeps."""
    theirs, ours = (grown(what, document) for what in ("json", "pfa"))
    print(f"peak: json.loads {theirs / 1e6:.0f} MB, pfa.load {ours / 1e6:.0f} MB, {ours / theirs:.2f} times")
    assert ours <= 1.5 * theirs


def grown(what, path):
    """Growth of the peak memory of a new process that loads the file."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, what, path], capture_output=True, text=True, check=True
    )
    return int(done.stdout)
