"""Mutants of documents: `python -m tests.fuzz_mutants --count 100000 [--start SEED] [--jobs 2] [--text 0.1]`.

Each mutant is checked, loaded and run; nothing but a PfaError may come of it, within time and memory.  Prints
every fault with its seed (`--show SEED` prints that mutant) and what the mutants came to.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from random import Random

from tests.generate import corpus
from tests.generate.siege import Siege

SUITE = 400  # engines of the function suite
STUCK = 120  # seconds after which a process says where it is, and ends


def one(seed: int, text: float, show: bool = False) -> Siege:
    """The siege of one seed."""
    r = Random(seed)
    siege = Siege(r, print if show else None)
    (siege.text if r.random() < text else siege.structure)(corpus.large(SUITE))
    return siege


def several(seeds: range, text: float) -> list[tuple[int, list[str], Counter[str]]]:
    """The sieges of some seeds, in a process of their own."""
    warnings.simplefilter("error")
    made = []
    for seed in seeds:
        faulthandler.dump_traceback_later(STUCK, exit=True)
        siege = one(seed, text)
        made.append((seed, siege.faults, siege.counts))
    faulthandler.cancel_dump_traceback_later()
    return made


def main(argv: list[str] | None = None) -> int:
    cli = argparse.ArgumentParser(prog="python -m tests.fuzz_mutants", description=__doc__)
    cli.add_argument("--count", type=int, default=10_000, help="how many mutants")
    cli.add_argument("--start", type=int, default=0, help="the first seed")
    cli.add_argument("--jobs", type=int, default=2, help="processes")
    cli.add_argument("--text", type=float, default=0.1, help="the share of mutants of the text")
    cli.add_argument(
        "--show", type=int, metavar="SEED", help="print one mutant and what it comes to, and stop"
    )
    args = cli.parse_args(argv)
    if args.show is not None:
        siege = one(args.show, args.text, show=True)
        print(*siege.faults, dict(siege.counts), sep="\n")
        return bool(siege.faults)
    return fuzz(range(args.start, args.start + args.count), args.text, args.jobs)


def fuzz(seeds: range, text: float, jobs: int) -> int:
    counts: Counter[str] = Counter()
    failed = 0
    begun = time.monotonic()
    corpus.large(SUITE)  # read once, before the processes begin
    chunks = [seeds[i : i + 50] for i in range(0, len(seeds), 50)]
    with ProcessPoolExecutor(jobs) as pool:
        for i, made in enumerate(pool.map(several, chunks, [text] * len(chunks)), 1):
            for seed, faults, found in made:
                counts += found
                failed += bool(faults)
                for fault in faults:
                    print(f"seed {seed}: {fault[:2500]}", flush=True)
            if i % 40 == 0:
                print(f"{i * 50} mutants, {failed} failed, {time.monotonic() - begun:.0f} s", flush=True)
    for name, count in sorted(counts.items()):
        print(f"{count:9} {name}")
    print(f"{len(seeds)} mutants, {failed} failed, {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
