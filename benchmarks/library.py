"""Every function of the suite, ours and the peer's: python -m benchmarks.library SUITE [PREFIX...]

Prints microseconds a trial for both, functions that are slower than the peer's first, and the geometric mean.
"""

import math
import sys

from benchmarks.subjects import WITHOUT, Ours, peer


def main(suite, *prefixes):
    ours, theirs = Ours(), peer()
    if theirs is None:
        return WITHOUT
    try:
        theirs.do("open", path=suite)
        functions = ours.do("open", path=suite)["functions"]
        wanted = [f for f in functions if not prefixes or f.startswith(prefixes)]
        rows = [row for f in wanted if (row := times(f, ours, theirs))]
    finally:
        theirs.close()
    for ratio, name, our, their in sorted(rows):
        slower = "  slower" if ratio < 1 else ""
        print(f"{name:36} {our:9.2f} µs  titus2 {their:9.2f} µs  {ratio:6.1f} times{slower}")
    mean = math.exp(sum(math.log(row[0]) for row in rows) / len(rows))
    print(f"{len(rows)} functions, geometric mean {mean:.1f} times, {sum(r[0] < 1 for r in rows)} slower")
    return 0


def times(name, ours, theirs):
    """Ratio, name, and microseconds a trial."""
    answers = [subject.do("function", name=name) for subject in (ours, theirs)]
    if any(answer["seconds"] is None for answer in answers):
        return None
    our, their = (answer["seconds"] / answer["trials"] * 1e6 for answer in answers)
    return their / our, name, our, their


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
