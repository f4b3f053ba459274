"""`python -m pfa` is `pfa`."""

import sys

from pfa.cli import main

if __name__ == "__main__":
    sys.exit(main())
