"""A large cell from an Avro file: time, and the peak of memory beside what is kept.

PFA_CELL_MB is the size of the file (default 200; a gigabyte of a forest keeps 11 GB of Python objects).
"""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.make_avro_cell import TYPES, make

MEGABYTES = int(os.environ.get("PFA_CELL_MB", "200"))
MEASURE = """
import json, re, sys, time
import pfa, pfa.data.avro_cell
pfa.loads({"input": "null", "output": "null", "action": None})      # what is imported late
def memory(of):         # VmRSS: now, VmHWM: at its highest
    return int(re.search(of + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
before, start = memory("VmRSS"), time.process_time()
engine = pfa.load(sys.argv[1])
seconds = time.process_time() - start
kept, peak = memory("VmRSS") - before, memory("VmHWM") - before
print(json.dumps({"kept": kept, "peak": peak, "seconds": seconds, "items": engine.action(None)}))
"""
THEIRS = """
import json, re, sys, time
import fastavro
def memory(of):
    return int(re.search(of + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
before, start = memory("VmRSS"), time.process_time()
kept = next(fastavro.reader(open(sys.argv[1], "rb"), return_named_type=True))
seconds = time.process_time() - start
print(json.dumps({"kept": memory("VmRSS") - before, "peak": memory("VmHWM") - before, "seconds": seconds}))
"""


@pytest.mark.parametrize("kind", TYPES)
def test_peak_of_memory(tmp_path, kind, capsys):
    path = make(tmp_path, MEGABYTES * 1_000_000, kind)
    size = (tmp_path / "cell.avro").stat().st_size
    ours = measured(MEASURE, path)
    said = [f"{kind}: a file of {size / 1e6:,.0f} MB", shown("pfa.load", ours, size)]
    if MEGABYTES <= 200:
        said.append(shown("fastavro", measured(THEIRS, tmp_path / "cell.avro"), size))
    with capsys.disabled():
        print("\n" + "; ".join(said))
    assert ours["peak"] <= 1.3 * ours["kept"]


def measured(script, path):
    """What a new process says that loads the file."""
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def shown(who, found, size):
    kept, ratio = found["kept"], found["peak"] / found["kept"]
    memory = f"keeps {kept / 1e6:,.0f} MB ({kept / size:.1f} of the file), peak {ratio:.2f}"
    return f"{who} {found['seconds']:.1f} s, {memory}"
