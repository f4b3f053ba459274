"""CSV as columns, by compiled code (`scan`) or with Arrow's reader (the extra "arrow").

Place in the pipeline: beside `csv`, for batches.  Arrow is more lenient than `csv` in some ways and less in others;
what it could see otherwise is excluded before it reads (quotes, single carriage returns, text that is not UTF-8) or
looked at afterwards (hexadecimal numbers, what is not finite).  What it refuses, `csv` has its own word on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.data.batches import Chunks, NoColumns, none
from pfa.data.csv import open_rows
from pfa.data.lines import BOM, LONGEST
from pfa.data.scan import scanner, single
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, NULL, STRING, Enum, Type, branches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.data.batches import Batch

SIZE = 1 << 18


def batches(
    source: BinaryIO,
    t: Type,
    inputs: dict[str, Type],
    used: frozenset[str],
    *,
    file: str = "",
    quote: bool = False,
    start: Any = None,
    longest: int | None = LONGEST,
    size: int | None = None,
) -> Iterator[Batch]:
    """The rows of a file in batches; of `inputs`, the columns, those that are `used` have values."""
    reader, lines, rows = open_rows(source, t, file, quote, start, longest)
    chunks = Chunks(lines, SIZE, longest)
    return chunks.batches(lambda: _parser(reader.names(), inputs, used), rows, size)


def _parser(names: list[str | None], inputs: dict[str, Type], used: frozenset[str]) -> Any:
    """What parses a chunk."""
    layout = [(name, b"") for name in names]
    return scanner("csv", layout, inputs, used, lambda: _arrow(names, inputs, used))


def _arrow(names: list[str | None], inputs: dict[str, Type], used: frozenset[str]) -> Any:
    """What parses a chunk with Arrow.

    Nothing does where there is no Arrow, or a field has no column (its default is to be used).
    """
    try:
        return _Parser(names, inputs, used).parse
    except (ImportError, ValueError):
        return none


class _Parser:
    """Parses chunks; `names` are the fields that the columns of the file fill, None where one fills none."""

    def __init__(self, names: list[str | None], inputs: dict[str, Type], used: frozenset[str]) -> None:
        import pyarrow
        import pyarrow.csv

        self.arrow, self.csv = pyarrow, pyarrow.csv
        self.columns = [(name, str(names.index(name)), _Column(t, name in used)) for name, t in inputs.items()]
        kinds = {at: column.kind(pyarrow) for _, at, column in self.columns}
        self.whole = [at for _, at, column in self.columns if column.type in (INT, LONG)]
        self.names = [str(i) for i in range(len(names))]
        self.plain = self._converting(kinds)
        self.careful = self._converting(kinds | dict.fromkeys(self.whole, pyarrow.string()))
        self.parsing = pyarrow.csv.ParseOptions(quote_char=False, ignore_empty_lines=False)

    def _converting(self, kinds: dict[str, Any]) -> Any:
        return self.csv.ConvertOptions(
            column_types=kinds, include_columns=list(kinds), null_values=[""], strings_can_be_null=False,
            true_values=["true", "True", "TRUE"], false_values=["false", "False", "FALSE"], check_utf8=False,
        )  # fmt: skip

    def parse(self, chunk: bytes) -> tuple[dict[str, Any], int]:
        """The columns and how many lines there are; NoColumns where there may be something odd."""
        _look(chunk)
        careful = bool(self.whole) and (b"x" in chunk or b"X" in chunk)  # Arrow reads 0x1F as a number
        reading = self.csv.ReadOptions(use_threads=False, column_names=self.names, block_size=len(chunk) + 1)
        try:
            converting = self.careful if careful else self.plain
            table = self.csv.open_csv(self.arrow.BufferReader(chunk), reading, self.parsing, converting).read_all()
            found = [table.column(i) for i in range(table.num_columns)]
            if careful:
                found = [self._cast(c, at in self.whole) for c, (_, at, _) in zip(found, self.columns, strict=True)]
        except self.arrow.ArrowException:
            raise NoColumns from None
        columns = {name: column.of(c) for c, (name, _, column) in zip(found, self.columns, strict=True)}
        return columns, table.num_rows

    def _cast(self, column: Any, whole: bool) -> Any:
        if not whole:
            return column
        import pyarrow.compute

        if pyarrow.compute.any(pyarrow.compute.match_substring_regex(column, "[^0-9-]")).as_py():
            raise NoColumns
        return column.cast(self.arrow.int64())


def _look(chunk: bytes) -> None:
    """NoColumns where the text has what Arrow may see otherwise than we do."""
    if chunk.startswith(BOM) or b'"' in chunk or (b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n")):
        raise NoColumns
    if not chunk.isascii():
        try:
            chunk.decode()
        except UnicodeDecodeError:
            raise NoColumns from None


class _Column:
    """Makes a column of Arrow's one of ours."""

    def __init__(self, t: Type, used: bool) -> None:
        some = [b for b in branches(t) if b != NULL]
        self.type = some[0]
        self.nullable = len(some) < len(branches(t))
        self.used = used
        self.symbols = frozenset(self.type.symbols) if isinstance(self.type, Enum) else None

    def kind(self, arrow: Any) -> Any:
        """The type that Arrow is to read."""
        kinds: dict[Type, Any] = {BOOLEAN: arrow.bool_(), INT: arrow.int32(), LONG: arrow.int64()}
        kinds |= {FLOAT: arrow.float64(), DOUBLE: arrow.float64()}
        return kinds.get(self.type, arrow.string())

    def of(self, column: Any) -> Any:
        """The column; NoColumns where a value is not of the type."""
        if column.null_count and not self.nullable:
            raise NoColumns
        if self.symbols is not None:
            self._check_symbols(set(column.unique().to_pylist()))
        if self.type in (FLOAT, DOUBLE):
            return self._floating(column)
        if not self.used:
            return None
        if self.nullable or self.type == STRING or self.symbols:
            return self._listed(column.to_pylist())
        made = column.to_numpy()
        if self.type == INT and made.size and (made.max() >= 1 << 31 or made.min() < -1 << 31):
            raise NoColumns
        return made if self.type == BOOLEAN else made.astype("i8", copy=False)

    def _check_symbols(self, found: set[str]) -> None:
        if not found <= (self.symbols or set()) | ({""} if self.nullable else set()):
            raise NoColumns

    def _listed(self, values: list[Any]) -> list[Any]:
        if self.nullable and (self.type == STRING or self.symbols):
            return [v or None for v in values]
        return values

    def _floating(self, column: Any) -> Any:
        import numpy

        values = column.drop_null().to_numpy() if self.nullable else column.to_numpy()
        if not numpy.isfinite(values).all():  # nan, nan(1), inf: not all of them are numbers to us
            raise NoColumns
        if self.nullable:
            if self.type == FLOAT:
                raise NoColumns
            return column.to_pylist() if self.used else None
        if self.type == DOUBLE:
            return values
        return single(values)
