"""What `test_score` and its two companions say of tables holds for compiled code."""

import pytest

import pfa
from tests.test_score import *  # noqa: F403
from tests.test_score_columns import *  # noqa: F403
from tests.test_score_errors import *  # noqa: F403

loads = pfa.loads


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    monkeypatch.setattr(pfa, "loads", lambda *a, **k: loads(*a, **{"backend": "numba", **k}))
