"""`Limits`: what a document and its engine may use.

A document is untrusted input (docs/security.md).  Every default is one that real models pass: a 100 MB
forest loads, 300 nested `if` load, an action of a minute runs.  `None` switches a limit off.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on reading, running and compiling; a breach is a `PfaLimitError`.

    Reading: `bytes` of text (after decompression), `nesting` of objects and arrays, `nodes` (values in the
    document), `anchors` (YAML: nodes that aliases may add), `gzip_ratio` (decompressed to compressed size).
    Running: `time` in seconds for each begin, action, end, merge or call; `steps` (one for a turn of a loop, a
    call of a function of the document or an item that a library function produces, more where the body is long);
    `memory` in bytes that one action may make; `recursion` depth of user functions.
    Compiling: `compile_seconds` and `compile_memory` (bytes) that making machine code may take: what is large by
    estimate is optimised less, what is too large even so, or takes more in a worker process, is a PfaCompileError.
    `quote_values`: error texts quote values of the data (off, so that personal data stays out of logs).
    `lenient_names`: field names that are no Avro names are accepted.
    `line`: bytes of a line of CSV or JSON lines (of a row, where a quoted cell holds line ends).
    """

    bytes: int | None = 1 << 30
    nesting: int = 512
    nodes: int | None = 100_000_000
    anchors: int | None = 100_000
    gzip_ratio: float | None = 200.0
    time: float | None = 60.0
    steps: int | None = None
    memory: int | None = 1 << 30
    recursion: int = 1000
    compile_seconds: float | None = 120.0
    compile_memory: int | None = 2 << 30
    quote_values: bool = False
    lenient_names: bool = False
    line: int | None = 1 << 26


def make_room(levels: int, frames: int = 16) -> None:
    """Let Python recurse this many levels of a document deeper than now.

    Nesting is bounded by `Limits.nesting` before anything recurses, and each level costs a handful of frames (16 in
    the checker, which needs the most), so the interpreter's limit is raised (never lowered: other threads may be
    deep in a document of theirs).
    """
    limit = sys.getrecursionlimit()
    try:
        sys._getframe(max(0, limit - frames * levels - 200))
    except ValueError:  # the stack is not that deep
        return
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    wanted = min(depth + frames * levels + 200, _MOST_FRAMES)
    if wanted > limit:
        sys.setrecursionlimit(wanted)


_MOST_FRAMES = 60_000  # so many fit into 8 MiB of stack, also where they are those of C
