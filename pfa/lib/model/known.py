"""Models that a call site has met, and what was derived from them: a compiled tree, a matrix, a k-d tree.

A model comes as a value.  One that stands in the document or in a cell is the same object in every call, and what
is derived from it pays; one that is part of the input is new in every call, and deriving would cost more than the
call.  So a model is derived when it is seen the second time.

Entries stand in the site's own cache under `id(model)`, as (model, derived): `entry[0] is model` proves that an id
was not used again.  Engines of several threads may share a site: every step is one operation on a dict, and what
two of them derive at once is the same.
"""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")
SEEN = 65_536  # ids that wait for being seen again


class Known:
    """The derived models of a site; `limit` bounds the sum of their weights (nodes, numbers)."""

    __slots__ = ("cache", "limit", "refused", "seen", "weight")

    def __init__(self, cache: dict[Any, Any], limit: int) -> None:
        self.cache = cache
        self.limit = limit
        self.weight = 0
        self.refused = 0
        self.seen: set[int] = set()

    def worth(self, model: object) -> bool:
        """Should this model, which is not in the cache, be derived now?"""
        if id(model) not in self.seen:
            if len(self.seen) >= SEEN:
                self.seen.clear()
            self.seen.add(id(model))
            return False
        return self.weight < self.limit or self._make_room()

    def _make_room(self) -> bool:
        # When full, models are used as they are for as many calls as deriving everything again would cost.
        self.refused += 1
        if self.refused < self.weight:
            return False
        for key in list(self.cache):  # one operation: another thread may put one in meanwhile
            if type(key) is int:
                self.cache.pop(key, None)
        self.weight = self.refused = 0
        return True

    def keep(self, model: object, derived: T, weight: int) -> T:
        """Remember what was derived; None for a model that cannot be derived is remembered, too."""
        self.cache[id(model)] = (model, derived)
        self.weight += weight
        return derived


def known(cache: dict[Any, Any], limit: int) -> Known:
    """The `Known` of a site's cache."""
    found: Known | None = cache.get("known")
    return found or cache.setdefault("known", Known(cache, limit))
