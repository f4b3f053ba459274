"""What documents become when they are compiled, as text: so that a review shows what a change does to generated code.

`NAME.json` is a document, `NAME.txt` beside it is its `engine.source("numba")`.  `tests/test_replay.py` compares;
`python -m tests.replay` writes the texts anew and says which have changed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pfa

DOCUMENTS = sorted(Path(__file__).parent.glob("*.json"))


def source(path: Path) -> str:
    """The generated code of a document."""
    return pfa.loads(json.loads(path.read_text("utf-8")), backend="numba").source("numba")
