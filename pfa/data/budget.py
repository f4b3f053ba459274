"""What the model data outside of a document may use, for all of its cells and pools together.

Place in the pipeline: `resources` has one for each document that is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from pfa.errors import PfaLimitError

if TYPE_CHECKING:
    from pfa.limits import Limits

BINARY = 2  # times `Limits.bytes` that Avro may have: as text the same data takes more than twice as long


@dataclass(slots=True)
class Budget:
    """What the sources of a document may still use: bytes (of text), values."""

    bytes: float
    values: float
    ratio: float

    @classmethod
    def of(cls, limits: Limits) -> Budget:
        """All that the limits allow."""
        some = (limits.bytes, limits.nodes, limits.gzip_ratio)
        return cls(*(inf if x is None else float(x) for x in some))

    def spend(self, size: float) -> None:
        """Take so many bytes."""
        self.bytes -= size
        if self.bytes < 0:
            raise PfaLimitError("the files of this document's cells and pools hold more than Limits.bytes allows")
