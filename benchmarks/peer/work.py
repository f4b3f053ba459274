"""What is timed, for any implementation: it runs in our process and, for the peer, on another Python (3.10).

An implementation is a function `load(document) -> action`, `action(datum)` being what is timed.
"""

import base64
import gc
import json
import lzma
import signal
import time
from contextlib import suppress
from pathlib import Path

ACTIONS, CHUNK, SLOWEST = 400, 20, 3.0


class Work:
    """Engines by number.

    Times are of the processor, taken inside: neither the way to the process counts nor what else the machine does.
    """

    def __init__(self, load):
        self.implementation = load
        self.engines = []
        self.data = []
        self.suite = []

    def load(self, document):
        """Seconds to load, and the number of the engine."""
        start = time.process_time()
        action = self.implementation(document)
        seconds = time.process_time() - start
        self.engines.append(action)
        return {"seconds": seconds, "engine": len(self.engines) - 1}

    def give(self, data):
        """Data for `run`."""
        self.data = data
        return {}

    def run(self, engine):
        """Seconds for an action on each of the data."""
        action = self.engines[engine]
        start = time.process_time()
        for datum in self.data:
            action(datum)
        return {"seconds": time.process_time() - start}

    def open(self, path):
        """Read a suite; the functions in it."""
        data = Path(path).read_bytes()
        data = lzma.decompress(data) if path.endswith(".xz") else data
        self.suite = json.loads(data)["pfa-tests"]
        for test in self.suite:
            read = reader(test["engine"]["input"], {})
            for trial in test["trials"]:
                trial["sample"] = read(trial["sample"])
        gc.collect()
        gc.freeze()  # the suite is a million objects: collections would visit them at random
        return {"functions": sorted({test["function"] for test in self.suite})}

    def first_actions(self):
        """Seconds to load every engine of the suite and run its first trial."""
        start = time.process_time()
        failed = 0
        for test in self.suite:
            try:
                action = self.implementation(test["engine"])
            except Exception:
                failed += 1
                continue
            attempt(action, test["trials"][0]["sample"])
        return {"seconds": time.process_time() - start, "failed": failed}

    def function(self, name, seconds=0.5, counts=None):
        """Seconds for trials of a function, loading not counted, and how many of each engine's were run.

        Each engine runs at most ACTIONS, its trials again and again, for its share of `seconds`; or as many as
        `counts` says, which is what another implementation ran, so that both run the same trials.
        """
        tests = [test for test in self.suite if test["function"] == name]
        try:
            actions = [self.implementation(test["engine"]) for test in tests]
        except Exception:
            return {"seconds": None, "counts": []}
        share = seconds / len(tests)
        spent, ran = 0.0, []
        for i, (test, action) in enumerate(zip(tests, actions)):  # noqa: B905  Python 3.10
            samples = [trial["sample"] for trial in test["trials"]]
            within(share, action, samples)  # what is done once
            samples = (samples * (1 + ACTIONS // len(samples)))[: counts[i] if counts else ACTIONS]
            gc.disable()  # a collection visits all that was loaded before, at random
            took, count = within(share if counts is None else float("inf"), action, samples)
            gc.enable()
            spent += took
            ran.append(count)
        return {"seconds": spent, "counts": ran}


class TooSlow(BaseException):
    """An action that takes longer than all of its engine's time; what it took until then counts."""


def stop(signum, frame):
    raise TooSlow


def within(share, action, samples):
    """Seconds for the samples until `share` is used up, and how many were run; the clock is looked at now and then."""
    took, done, chunk = 0.0, 0, 1
    signal.signal(signal.SIGALRM, stop)  # a timer of the processor would make its clock coarse
    while took < share and done < len(samples):
        start = time.process_time()
        signal.setitimer(signal.ITIMER_REAL, SLOWEST, SLOWEST)
        try:
            for sample in samples[done : done + chunk]:
                done += 1
                attempt(action, sample)
        except TooSlow:
            share = 0.0
        signal.setitimer(signal.ITIMER_REAL, 0)
        took += time.process_time() - start
        chunk = min(CHUNK, 2 * chunk)
    return took, done


def attempt(action, datum):
    """An action that may fail: nearly half of the trials do, on purpose."""
    with suppress(Exception):
        action(datum)


def reader(schema, names):
    """From the suite's JSON to data: bytes from base64, "inf" and "nan" to numbers."""
    if isinstance(schema, str):
        return names.get(schema) or PRIMITIVES.get(schema, same)
    if isinstance(schema, list):
        return tagged({tag(s): reader(s, names) for s in schema})
    kind = schema["type"]
    if kind == "array":
        item = reader(schema["items"], names)
        return lambda value: [item(x) for x in value]
    if kind == "map":
        item = reader(schema["values"], names)
        return lambda value: {k: item(x) for k, x in value.items()}
    if kind == "record":
        return record(schema, names)
    if kind in ("fixed", "enum"):
        names[schema["name"]] = base64.b64decode if kind == "fixed" else same
        return names[schema["name"]]
    return reader(kind, names)


def record(schema, names):
    names[schema["name"]] = lambda value: {k: fields.get(k, same)(v) for k, v in value.items()}
    fields = {f["name"]: reader(f["type"], names) for f in schema["fields"]}
    return names[schema["name"]]


def tag(schema):
    if isinstance(schema, str):
        return schema
    return schema["name"] if schema["type"] in ("record", "enum", "fixed") else schema["type"]


def tagged(branches):
    def read(value):
        return value if value is None else {k: branches[k](v) for k, v in value.items()}

    return read


def same(value):
    return value


def number(value):
    return float(value) if isinstance(value, str) else value


PRIMITIVES = {"bytes": base64.b64decode, "float": number, "double": number}
