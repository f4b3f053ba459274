"""Names that several test modules import."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Suites and documents that are not ours to ship; tests of them run where the folder is.
SHARED = Path(os.environ.get("PFA_SHARED", ROOT.parent / "shared"))
BACKENDS = ("python", "numba")
