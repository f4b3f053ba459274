"""CSV: typed rows by the input's schema in, columns by the output's schema out.

Place in the pipeline: beside `jsonl`, under the command line.  The header names the fields; the order of
columns does not matter, nor do columns that no field has.  An empty cell is null where null is allowed and
the empty text where text is.  Arrays, maps and records in a cell are JSON.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from pfa.data.rows import (
    NOT_UTF8,
    NoValue,
    Row,
    WrongText,
    boolean,
    floating,
    from_json,
    integer,
    is_nullable,
    is_utf8,
    latin,
    required,
    to_json,
    wrong_row,
)
from pfa.errors import PfaDataError, Where
from pfa.types import Enum, Fixed, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ONE = "input"  # the column of an input that is no record, where there are several
NARROWEST = ("boolean", "int", "long", "float", "double")


def read(lines: Iterable[str], t: Type, file: str = "", quote: bool = False) -> Iterator[Row]:
    """Rows of a text.  `quote`: messages quote the cell that is wrong (it may be personal data)."""
    wrong: set[int] = set()
    rows = csv.reader(_noting(lines, wrong), strict=True)
    header = _header(rows, file)
    if wrong:
        raise wrong_row(NOT_UTF8, file, 1)
    reader = _Reader(header, _columns(header, t, file), isinstance(t, Record), file, quote)
    for row in reader.rows(rows):
        if wrong:
            yield Row(row.line, error=wrong_row(NOT_UTF8, file, min(wrong)))
            wrong.clear()
        else:
            yield row


def _noting(lines: Iterable[str], wrong: set[int]) -> Iterator[str]:
    """The lines; numbers of those that are not UTF-8 are added to `wrong`."""
    for number, line in enumerate(lines, 1):
        if not is_utf8(line):
            wrong.add(number)
        yield line


def _header(rows: Any, file: str) -> list[str]:
    try:
        header: list[str] = next(rows)
    except StopIteration:
        raise wrong_row("the file is empty; its first line must name the columns", file, 1) from None
    except csv.Error as error:
        raise wrong_row(f"no CSV: {error}", file, 1) from None
    if header:
        header[0] = header[0].removeprefix("\ufeff")
    return header


def _columns(header: list[str], t: Type, file: str) -> list[tuple[str, Callable[[str], Any]] | None]:
    """For each column the field that it fills and how; None for a column that no field has."""
    fields = {f.name: f.type for f in t.fields} if isinstance(t, Record) else {_single(header, file): t}
    needed = required(t) if isinstance(t, Record) else list(fields)
    if missing := [name for name in needed if name not in header]:
        raise wrong_row(f"the header has no column {', '.join(map(_quoted, missing))}", file, 1)
    if twice := sorted({name for name in fields if header.count(name) > 1}):
        raise wrong_row(f"the header has more than one column {', '.join(map(_quoted, twice))}", file, 1)
    return [(name, cell(fields[name])) if name in fields else None for name in header]


def _single(header: list[str], file: str) -> str:
    if len(header) == 1 or ONE in header:
        return ONE if ONE in header else header[0]
    raise wrong_row(f'the input is no record, so there must be one column, or one called "{ONE}"', file, 1)


def _quoted(name: str) -> str:
    return f'"{name}"'


class _Reader:
    """Makes rows by the columns of a header."""

    def __init__(
        self,
        header: list[str],
        columns: list[tuple[str, Callable[[str], Any]] | None],
        record: bool,
        file: str,
        quote: bool,
    ) -> None:
        self.header = header
        self.columns = columns
        self.used = [(i, *column) for i, column in enumerate(columns) if column]
        self.record = record
        self.file = file
        self.quote = quote

    def rows(self, rows: Any) -> Iterator[Row]:
        while True:
            line = rows.line_num + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(line, error=wrong_row(f"no CSV: {error}", self.file, line))
                continue
            if cells or len(self.columns) == 1:
                yield self.row(line, cells or [""])

    def row(self, line: int, cells: list[str]) -> Row:
        if len(cells) != len(self.columns):
            message = f"{len(cells)} cells, but the header has {len(self.columns)} columns"
            return Row(line, cells, wrong_row(message, self.file, line))
        datum = {}
        for i, name, convert in self.used:
            try:
                datum[name] = convert(cells[i])
            except NoValue as error:
                text = dict(zip(self.header, cells, strict=True))
                return Row(line, text, self.wrong(line, i, name, cells[i], error))
        return Row(line, datum if self.record else datum[self.used[0][1]])

    def wrong(self, line: int, i: int, name: str, text: str, error: NoValue) -> PfaDataError:
        expected, found = error.args
        found = f'"{text}"' if self.quote and text else found
        at = Where(f"/{name}", line, i + 1, self.file)
        return PfaDataError(WrongText(f'column "{name}"', expected, found, at=at), f"/{name}")


def cell(t: Type) -> Callable[[str], Any]:
    """How the text of a cell becomes a value; NoValue(expected, found) where it does not."""
    convert = _nullable(t) if isinstance(t, Union) else _plain(t)
    empty_is_text = not is_nullable(t) and any(b.tag in ("string", "bytes") for b in _branches(t))

    def read(text: str) -> Any:
        if not text and not empty_is_text and not is_nullable(t):
            raise NoValue(str(t), "an empty cell")
        try:
            return convert(text)
        except NoValue as error:
            raise NoValue(str(t), *error.args) from None

    return read


def _branches(t: Type) -> tuple[Type, ...]:
    return t.branches if isinstance(t, Union) else (t,)


def _plain(t: Type) -> Callable[[str], Any]:
    match t:
        case Prim("null"):
            return _null
        case Prim("int" | "long" as name):
            return lambda text: integer(name, text.strip())
        case Prim("float" | "double"):
            return lambda text: floating(text.strip())
        case Prim("boolean"):
            return lambda text: boolean(text.strip())
        case Prim("string"):
            return str
        case Prim("bytes") | Fixed():
            return latin
        case Enum(_, symbols):
            return _symbol(frozenset(symbols))
        case _:
            return _json(t)


def _null(text: str) -> None:
    if text:
        raise NoValue("text")


def _symbol(symbols: frozenset[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in symbols:
            raise NoValue("another text")
        return text

    return read


def _json(t: Type) -> Callable[[str], Any]:
    convert = from_json(t)

    def read(text: str) -> Any:
        try:
            value = json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            raise NoValue("text that is no JSON") from None
        return convert(value) if convert else value

    return read


def _nullable(t: Union) -> Callable[[str], Any]:
    """An empty cell is null; of several types the narrowest that the text fits, with its tag."""
    choices = [(b.tag, _plain(b)) for b in sorted(t.branches, key=_width) if b.tag != "null"]
    nullable = is_nullable(t)

    def read(text: str) -> Any:
        if not text and nullable:
            return None
        for tag, convert in choices:
            try:
                return {tag: convert(text)}
            except NoValue as error:
                last = error
        raise last

    return read


def _width(t: Type) -> int:
    """Numbers from the narrowest on, then what else can fail, then text, which any cell is."""
    if t.tag in NARROWEST:
        return NARROWEST.index(t.tag)
    return len(NARROWEST) + (t.tag in ("string", "bytes"))


class Writer:
    """Results as lines of CSV: a column a field, or one column for what is no record."""

    def __init__(self, t: Type) -> None:
        self.fields = [f.name for f in t.fields] if isinstance(t, Record) else None
        self.buffer = io.StringIO()
        self.csv = csv.writer(self.buffer, lineterminator="")

    def header(self) -> str:
        """The first line, without its end."""
        return self._line(self.fields or ["output"])

    def text(self, value: Any) -> str:
        """A result as a line, without its end; a missing result has empty cells."""
        if self.fields is None:
            return self._line([_cell_text(value)])
        return self._line([_cell_text(None if value is None else value[name]) for name in self.fields])

    def _line(self, cells: list[str]) -> str:
        self.buffer.seek(0)
        self.buffer.truncate()
        self.csv.writerow(cells)
        return self.buffer.getvalue()


def _cell_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return str(to_json(value)) if value - value else repr(value)
        case int():
            return str(value)
        case bytes():
            return value.decode("latin-1")
        case _:
            return json.dumps(to_json(value), ensure_ascii=False)
