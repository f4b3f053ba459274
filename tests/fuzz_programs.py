"""The long run of random programs: `python -m tests.fuzz_programs --count 10000 [--start SEED] [--jobs 2]`.

Prints what failed, with the seed (`--show SEED` prints that program), and how often each form and kind of
type was met in programs that passed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from random import Random

from tests.generate import program
from tests.generate.trial import Trial

SIZES = (30, 60, 100, 160)


def one(seed: int) -> tuple[int, list[str], Counter[str]]:
    """One program: its faults, and what it met."""
    warnings.simplefilter("error")
    made = program(Random(seed), SIZES[seed % len(SIZES)])
    trial = Trial(made)
    try:
        faults = trial.run()
    except Exception as error:  # whatever the package raises where it must not is what we look for
        faults = [f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}"]
    met = (
        made.counts
        + Counter({f"type {k}": n for k, n in made.shapes.items()})
        + Counter({f"result {k}": n for k, n in trial.counts.items()})
    )
    return seed, faults, met if not faults else Counter()


def main(argv: list[str] | None = None) -> int:
    cli = argparse.ArgumentParser(prog="python -m tests.fuzz_programs", description=__doc__)
    cli.add_argument("--count", type=int, default=1000, help="how many programs")
    cli.add_argument("--start", type=int, default=0, help="the first seed")
    cli.add_argument("--jobs", type=int, default=2, help="processes")
    cli.add_argument("--show", type=int, metavar="SEED", help="print one program and stop")
    args = cli.parse_args(argv)
    if args.show is not None:
        made = program(Random(args.show), SIZES[args.show % len(SIZES)])
        print(json.dumps({"document": made.document, "data": list(map(repr, made.data))}, indent=1))
        return 0
    return fuzz(range(args.start, args.start + args.count), args.jobs)


def fuzz(seeds: range, jobs: int) -> int:
    met: Counter[str] = Counter()
    failed = 0
    begun = time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        for i, (seed, faults, found) in enumerate(pool.map(one, seeds, chunksize=16), 1):
            met += found
            if faults:
                failed += 1
                print(f"seed {seed}: {faults[0][:2000]}", flush=True)
            if i % 500 == 0:
                print(f"{i} programs, {failed} failed, {time.monotonic() - begun:.0f} s", flush=True)
    for name, count in sorted(met.items()):
        print(f"{count:9} {name}")
    print(f"{len(seeds)} programs, {failed} failed, {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
