"""Every function of the suite, ours and the peer's: python -m benchmarks.library SUITE [--slower] [PREFIX...]

Prints microseconds a trial for both as they come, then the functions that are slower than the peer's and the
geometric mean; with --slower a row is printed only where the function is slower.  Both run the same trials, as many
as the peer runs in half a second.
"""

import math
import sys

from benchmarks.subjects import WITHOUT, Ours, peer


def main(suite, *arguments):
    prefixes = tuple(a for a in arguments if a != "--slower")
    ours, theirs = Ours(), peer()
    if theirs is None:
        return WITHOUT
    try:
        theirs.do("open", path=suite)
        functions = ours.do("open", path=suite)["functions"]
        wanted = [f for f in functions if not prefixes or f.startswith(prefixes)]
        rows = list(timed(wanted, ours, theirs, "--slower" in arguments))
    finally:
        theirs.close()
    slower = sorted(row for row in rows if row[0] < 1)
    print("\nslower than titus2:" if slower else "\nnone is slower than titus2")
    for row in slower:
        show(*row)
    mean = math.exp(sum(math.log(row[0]) for row in rows) / max(1, len(rows)))
    print(f"{len(rows)} functions, geometric mean {mean:.1f} times, {len(slower)} slower")
    return 0


def timed(names, ours, theirs, only_slower):
    """A row for each function that both can load, shown at once."""
    for name in names:
        row = times(name, ours, theirs)
        if row is None:
            print(f"{name:36} does not load", flush=True)
            continue
        if row[0] < 1 or not only_slower:
            show(*row)
        yield row


def show(ratio, name, our, their):
    slower = "  slower" if ratio < 1 else ""
    print(f"{name:36} {our:9.2f} µs  titus2 {their:9.2f} µs  {ratio:6.1f} times{slower}", flush=True)


def times(name, ours, theirs):
    """Ratio, name, and microseconds a trial; the peer runs first and says how many trials."""
    theirs_did = theirs.do("function", name=name)
    if theirs_did["seconds"] is None:
        return None
    ours_did = ours.do("function", name=name, counts=theirs_did["counts"])
    if ours_did["seconds"] is None:
        return None
    trials = sum(theirs_did["counts"])
    our, their = (did["seconds"] / trials * 1e6 for did in (ours_did, theirs_did))
    return their / max(our, 1e-3), name, our, their


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
