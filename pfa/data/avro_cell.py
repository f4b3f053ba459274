"""An Avro file of one datum as the value of a cell, or the items of a pool.

Place in the pipeline: `resources` asks for it, and imports it late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.data.avro_container import Container, broken
from pfa.data.avro_decode import Decoder, Malformed
from pfa.data.avro_pieces import Broken, Datum
from pfa.data.avro_resolve import resolve
from pfa.errors import PfaDataError
from pfa.limits import Limits, make_room

if TYPE_CHECKING:
    from pfa.data.budget import Budget
    from pfa.types import Type


def read(file: BinaryIO, size: int | None, name: str, t: Type, limits: Limits, budget: Budget) -> Any:
    """The datum of an open container of `size` bytes (None: not known), as a host value of `t`.

    PfaDataError names the file and the byte; PfaLimitError.
    """
    try:
        return _read(file, size, name, t, limits, budget)
    except Broken as error:
        raise broken(error.message, name, 0, error.position) from None
    except RecursionError:
        raise PfaDataError(f"{name}: the schema of the file nests too deep") from None


def _read(file: BinaryIO, size: int | None, name: str, t: Type, limits: Limits, budget: Budget) -> Any:
    container = Container(file, file=name, limits=limits)
    decoder = Decoder(resolve(container.schema, t, "host", name), limits.nesting)
    if decoder.deep:
        make_room(limits.nesting, frames=2)
    datum = Datum(container, size, budget)
    try:
        value, budget.values = decoder.read(datum.piece, datum.rest, budget.values)
    except Malformed as error:
        if datum.plain:
            raise Broken(str(error), datum.start + decoder.position) from None
        raise Broken(f"{error} (byte {decoder.position:,} of what is packed there)", datum.start) from None
    datum.finish()
    return value
