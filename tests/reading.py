"""What the tests of reading JSON have in common."""

import pytest

from pfa.errors import PfaLimitError, PfaSyntaxError
from pfa.limits import Limits
from pfa.read import read

LIMITS = Limits()
MAX = 2**63 - 1


def problem(document, limits=LIMITS, **options):
    """The one problem of a bad document."""
    with pytest.raises((PfaSyntaxError, PfaLimitError)) as caught:
        read(document, limits=limits, **options)
    (found,) = caught.value.problems
    return found
