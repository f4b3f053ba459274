"""`python -m conformance [SUITE]`: run a suite and report by function; exit code 1 if anything differs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from conformance.cases import Case, own_cases, read_cases
from conformance.exceptions import Exceptions, read_exceptions
from conformance.report import Table, as_text, write_json, write_junit
from conformance.suite import Outcome, Runner, by_function, run_suite

OWN = Path(__file__).parent / "library.json"


def arguments(argv: list[str] | None) -> argparse.Namespace:
    cli = argparse.ArgumentParser("python -m conformance", description=__doc__)
    cli.add_argument(
        "suite", nargs="?", type=Path, help="a suite, plain or .xz; without one, this project's own"
    )
    cli.add_argument("--backend", default="python", help="which backend runs it (default: python)")
    cli.add_argument(
        "--no-escape", action="store_true", help="refuse what the backend cannot run natively (load's escape=False)"
    )
    cli.add_argument(
        "--function", action="append", default=[], help="only this function, or all of a namespace: a."
    )
    cli.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    cli.add_argument("--junit", type=Path, help="write a JUnit report to this file")
    cli.add_argument("--json", type=Path, help="write totals and differences to this file")
    cli.add_argument("--all", action="store_true", help="show every function, not only those with failures")
    cli.add_argument(
        "--no-exceptions", action="store_true", help="count the trials of exceptions.toml as failures"
    )
    return cli.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    args = arguments(argv)
    if args.suite and not args.suite.exists():
        print(f"{args.suite}: there is no such file", file=sys.stderr)
        return 2
    if args.suite and is_language(args.suite):
        return language(read_cases(args.suite), args.backend, not args.no_escape)
    wrong = 0 if args.suite or args.function else language(own_cases(), args.backend, not args.no_escape)
    table = functions(args)
    print(as_text(table, args.all))
    for path, write in ((args.json, write_json), (args.junit, write_junit)):
        if path:
            write(path, table)
    outcomes = [o for found in table.values() for o in found]
    if args.suite and not outcomes:
        print("no test of the suite is of that function", file=sys.stderr)
        return 2
    return int(bool(wrong) or any(o.failed or o.stale for o in outcomes))


def is_language(path: Path) -> bool:
    """Language cases are a JSON array, a function suite is an object."""
    return path.suffix == ".json" and isinstance(json.loads(path.read_text("utf-8")), list)


def language(cases: list[Case], backend: str, escape: bool = True) -> int:
    """Run cases of the language; print what differs and return how many do."""
    failed = 0
    for case in cases:
        differences = case.run(backend, escape)
        failed += bool(differences)
        print(*(f"{case}: {d}" for d in differences), sep="\n", end="\n" if differences else "")
    print(f"language: {len(cases) - failed} passed, {failed} failed")
    return failed


def functions(args: argparse.Namespace) -> Table:
    """Run the function suite, with progress on a terminal."""
    exceptions = Exceptions() if args.no_exceptions or not args.suite else read_exceptions(args.suite)
    outcomes: list[Outcome] = []
    if (path := args.suite or OWN).exists():
        runner = Runner(args.backend, exceptions, escape=not args.no_escape)
        for of, outcome in run_suite(path, runner, lambda name: wanted(name, args.function), args.jobs):
            outcomes.append(outcome)
            if sys.stderr.isatty():
                print(f"\r{len(outcomes)}/{of} engines", end="", file=sys.stderr)
        if sys.stderr.isatty():
            print(file=sys.stderr)
    return by_function(outcomes)


def wanted(name: str, asked: list[str]) -> bool:
    """`a.` asks for a namespace, `a.map` for a function."""
    return not asked or any(name.startswith(a) if a.endswith(".") else name == a for a in asked)


if __name__ == "__main__":
    sys.exit(main())
