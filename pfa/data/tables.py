"""Tables: which kind a caller gave, and the same kind back.

Place in the pipeline: `Engine.score` asks for a `Kind`, whose `batches` are columns for a backend, and which makes a
table of the columns that come back.  Libraries are told by the class of what was given: none is imported that the
caller has not.

    dict of arrays, array, list      table_arrays
    pandas, polars, Arrow            table_pandas, table_polars, table_arrow
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pfa.data.table_arrays import Arrays, Listed, OneArray
from pfa.data.table_values import LIBRARIES, Mistyped, TableDecoders, library_of
from pfa.errors import PfaDataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.data.columns import Column, Columns, Scored
    from pfa.types import Type

CASTS = {"polars": ".cast(pl.{})", "pyarrow": ".cast(pa.{}())"}


class Kind(Protocol):
    """A kind of table: columns of what was given, and the same kind of the columns that come back."""

    def batches(self, t: Type) -> Iterator[Columns]:
        """The rows as columns of the input type, in one or several batches."""

    def refuse(self, output: Type) -> None:
        """PfaDataError where outputs of a type cannot be a table of this kind."""

    def one(self, columns: list[Column]) -> Any:
        """Outputs that are no records, a column for each batch."""

    def table(self, columns: dict[str, list[Column]], length: int, aligned: bool) -> Any:
        """Outputs that are records, or have the column "row"; `aligned`: a row for each that was given."""


def kind_of(given: Any, quote: bool = False) -> Kind:
    """The kind of a table; PfaDataError where it is none."""
    library = library_of(given)
    decoders = TableDecoders(quote, CASTS.get(library, '.astype("{}")'))
    if library in LIBRARIES:
        made: Kind | None = import_module(LIBRARIES[library]).kind(given, decoders)
        if made is not None:
            return made
    match given:
        case Mapping():
            return Arrays(given, decoders)
        case np.ndarray():
            return OneArray(given, decoders)
        case list() | tuple() | range():
            return Listed(given, decoders)
        case _:
            raise PfaDataError(
                f"score takes a dict of arrays, a NumPy array, a list, or a table of pandas, polars or pyarrow, not an"
                f" object of class {type(given).__name__}"
            )


def batches(kind: Kind, t: Type) -> Iterator[Columns]:
    """The kind's batches; PfaDataError where the table as a whole does not have the type."""
    try:
        yield from kind.batches(t)
    except Mistyped as error:
        raise PfaDataError(str(error)) from None


def assembled(kind: Kind, parts: list[Scored], aligned: bool) -> Any:
    """The table of what a backend made."""
    first = parts[0].columns
    if list(first) == [""]:
        return kind.one([p.columns[""] for p in parts])
    columns = {name: [p.columns[name] for p in parts] for name in first}
    return kind.table(columns, sum(p.length for p in parts), aligned)
