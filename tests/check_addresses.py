"""`python -m tests.check_addresses SUITE`: a suite on compiled code that checks every address (tests/checked_build.py).

Prints the calls whose kernels read or wrote where they must not; the exit code is 1 if there are any.
"""

import argparse
import sys
from pathlib import Path

from conformance.__main__ import wanted
from conformance.exceptions import Exceptions
from conformance.suite import Runner, read_suite
from tests.checked_build import checked_build

TRIALS = 200  # of each engine


def main(argv=None):
    cli = argparse.ArgumentParser("python -m tests.check_addresses", description=__doc__)
    cli.add_argument("suite", type=Path, help="a suite, plain or .xz")
    cli.add_argument("--function", action="append", default=[], help="only this function, or all of a namespace: a.")
    cli.add_argument("--trials", type=int, default=TRIALS, help=f"of each engine at most (default: {TRIALS})")
    args = cli.parse_args(argv)
    engines = trials = wrong = 0
    runner = Runner("numba", Exceptions(), shown=0)
    for i, test in enumerate(read_suite(args.suite)):
        if not wanted(test["function"], args.function):
            continue
        engines += 1
        trials += len(few := test["trials"][: args.trials])
        with checked_build() as checker:
            runner.run(i, {**test, "trials": few})
            if bad := checker.found():
                wrong += 1
                print(f"{test['function']} engine {i}: {bad}", flush=True)
    print(f"{engines} engines, {trials} trials, {wrong} with bad addresses")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
