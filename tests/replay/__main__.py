"""Write the texts anew: see `tests.replay`."""

from __future__ import annotations

import difflib
import sys

from tests.replay import DOCUMENTS, source


def main() -> int:
    for path in DOCUMENTS:
        text, new = path.with_suffix(".txt"), source(path)
        old = text.read_text("utf-8") if text.exists() else ""
        lines = list(difflib.ndiff(old.split("\n"), new.split("\n")))
        if old != new:
            text.write_text(new, "utf-8")
            print(f"{path.stem}: +{sum(x[0] == '+' for x in lines)} -{sum(x[0] == '-' for x in lines)} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
