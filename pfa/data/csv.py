"""CSV: typed rows by the input's schema in, columns by the output's schema out.

Place in the pipeline: beside `jsonl`, under the command line.  The header names the fields; the order of
columns does not matter, nor do columns that no field has.  An empty cell is null where null is allowed and
the empty text where text is.  Arrays, maps and records in a cell are JSON.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.data.column_text import KINDS, json_cells, json_lines, rows_of, settled
from pfa.data.json_form import branch_of, decoder, encoder, latin
from pfa.data.jsonl import text as json_text
from pfa.data.lines import BOM, LONGEST, NOT_UTF8, Lines, not_utf8
from pfa.data.rows import NoValue, Row, WrongText, boolean, cut, floating, integer, is_nullable, required, wrong_row
from pfa.errors import PfaDataError, Where
from pfa.types import Enum, Fixed, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ONE = "input"  # the column of an input that is no record, where there are several
NARROWEST = ("boolean", "int", "long", "float", "double")


def reader(
    source: BinaryIO,
    t: Type,
    *,
    file: str = "",
    quote: bool = False,
    start: Any = None,
    longest: int | None = LONGEST,
) -> Iterator[Row]:
    """Rows of a file.  `quote`: messages quote the cell that is wrong (it may be personal data).

    A row longer than `longest` bytes is wrong.  PfaDataError where the header does not fit the type.
    """
    _, lines, rows = open_rows(source, t, file, quote, start, longest)
    return rows(lines)


def open_rows(
    source: BinaryIO, t: Type, file: str, quote: bool, start: Any, longest: int | None
) -> tuple[_Reader, Lines, Callable[[Lines], Iterator[Row]]]:
    """What makes rows by the header; the lines behind the header, or behind `start`; and what makes rows of lines."""
    text = _text(source, file, longest)
    header = _header(text, file)
    lines = text.lines if start is None else Lines(source, file, start, longest)
    made = _Reader(header, _columns(header, t, file), isinstance(t, Record), file, quote)
    return made, lines, lambda lines: made.rows(_Text(lines))


_MOST = (1 << 63) - 1


def columns(source: BinaryIO, file: str = "", longest: int | None = LONGEST) -> list[str]:
    """The names of the columns, which stand in the first line of a file."""
    return _header(_text(source, file, longest), file)


def _text(source: BinaryIO, file: str, longest: int | None) -> _Text:
    if longest is None or csv.field_size_limit() < longest:  # of the process; ours is that of a row
        csv.field_size_limit(longest or _MOST)
    return _Text(Lines(source, file, None, longest))


class _Text:
    """What `csv.reader` takes lines from; and what was wrong with the bytes of the row that it made of them."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.rows = csv.reader(iter(self._line, None), strict=True)
        self.size = 0
        self.wrong: PfaDataError | None = None

    def row(self) -> list[str] | None:
        """The cells of the next row; None behind the last.  csv.Error where it is no CSV, PfaDataError if too long."""
        self.size, self.wrong = 0, None
        return next(self.rows, None)

    def _line(self) -> str | None:
        line = next(self.lines, None)
        if line is None:
            return None
        self.size += len(line)
        if self.lines.too_long or 0 < self.lines.most <= self.size:
            raise wrong_row(self.lines.long_line(), self.lines.file, self.lines.number)
        if self.lines.number == 1:
            line = line.removeprefix(BOM)
        try:
            return line.decode()
        except UnicodeDecodeError:
            number = self.lines.number
            self.wrong = self.wrong or wrong_row(NOT_UTF8, self.lines.file, number, not_utf8(line))
            return line.decode(errors="replace")


def _no_csv(error: csv.Error) -> str:
    message = str(error)
    if message.startswith("new-line character"):
        message = 'a carriage return ends no line; lines end with "\\n" or "\\r\\n"'
    return f"no CSV: {message}"


def _header(text: _Text, file: str) -> list[str]:
    try:
        header = text.row()
    except csv.Error as error:
        raise text.wrong or wrong_row(_no_csv(error), file, 1) from None
    if header is None:
        raise wrong_row("the file is empty; its first line must name the columns", file, 1)
    if text.wrong:
        raise text.wrong
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

    def names(self) -> list[str | None]:
        """The fields that the columns fill, "" for a datum that is no record; None where one fills none."""
        return [None if column is None else column[0] if self.record else "" for column in self.columns]

    def rows(self, text: _Text) -> Iterator[Row]:
        while True:
            line = text.lines.number + 1
            try:
                cells = text.row()
            except PfaDataError as error:
                yield Row(line, error=error, end=text.lines.end)
                continue
            except csv.Error as error:
                wrong = text.wrong or wrong_row(_no_csv(error), self.file, line)
                yield Row(line, error=wrong, end=text.lines.end)
                continue
            if cells is None:
                return
            if text.wrong:
                yield Row(line, error=text.wrong, end=text.lines.end)
            elif cells or len(self.columns) == 1:
                yield self.row(line, cells or [""], text.lines.end)

    def row(self, line: int, cells: list[str], end: Any) -> Row:
        if len(cells) != len(self.columns):
            message = f"{len(cells)} cells, but the header has {len(self.columns)} columns"
            return Row(line, cells, wrong_row(message, self.file, line), end)
        datum = {}
        for i, name, convert in self.used:
            try:
                datum[name] = convert(cells[i])
            except NoValue as error:
                text = dict(zip(self.header, cells, strict=True))
                return Row(line, text, self.wrong(line, i, name, cells[i], error), end)
        return Row(line, datum if self.record else datum[self.used[0][1]], end=end)

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
    convert = decoder(t)

    def read(text: str) -> Any:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
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


def writer(out: BinaryIO, t: Type, *, resume: Any = None) -> Writer:
    """Writes a line an output, behind one that names the columns."""
    return Writer(out, t, resume)


class Writer:
    """Results as lines of CSV: a column a field, or one column for what is no record."""

    def __init__(self, out: BinaryIO, t: Type, resume: Any = None) -> None:
        self.out = out
        self.written: int = cut(out, resume) if resume is not None else 0
        fields = [(f.name, text_of(f.type)) for f in t.fields] if isinstance(t, Record) else None
        self.types: dict[str, Type] = {f.name: f.type for f in t.fields} if isinstance(t, Record) else {"": t}
        self.fields = fields
        self.one = text_of(t)
        self.csv = csv.writer(_Sink(self), lineterminator="\n")
        if not self.written:
            self.csv.writerow([name for name, _ in fields] if fields else ["output"])

    def write(self, value: Any) -> None:
        """One more line; None is a missing output, whose cells are empty."""
        if self.fields is None:
            self.csv.writerow((self.one(value),))
        elif value is None:
            self.csv.writerow([""] * len(self.fields))
        else:
            self.csv.writerow([text(value[name]) for name, text in self.fields])

    def write_columns(self, columns: dict[str, Any], count: int) -> None:
        """Outputs as columns, by the names of the fields or "" (`pfa.targets.vector`)."""
        columns = {name: settled(columns[name], t, count) for name, t in self.types.items()}
        lines = _lines_of(columns, self.types)
        if lines is None:
            for value in rows_of(columns):
                self.write(value)
        else:
            self.written += len(lines)
            self.out.write(lines)

    def flush(self) -> Any:
        """The lines are in the file; the position is a count of bytes."""
        self.out.flush()
        return self.written

    def close(self) -> None:
        """Nothing ends the file."""
        self.flush()


class _Sink:
    """What `csv.writer` writes its text to."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def write(self, text: str) -> None:
        line = text.encode(errors="replace")
        self.writer.written += len(line)
        self.writer.out.write(line)


def text_of(t: Type) -> Callable[[Any], str]:
    """How a value becomes the text of a cell: null is empty, containers are JSON."""
    match t:
        case Prim("boolean"):
            return lambda v: "" if v is None else "true" if v else "false"
        case Prim("float" | "double"):
            return _floating
        case Prim("string") | Enum():
            return lambda v: v or ""
        case Prim("bytes") | Fixed():
            return lambda v: v.decode("latin-1") if v else ""
        case Prim():
            return lambda v: "" if v is None else str(v)
        case Union():
            return _branch_text(t)
        case _:
            change = encoder(t)
            return lambda v: "" if v is None else json_text(change(v) if change else v).decode()


def _floating(value: Any) -> str:
    if value is None:
        return ""
    return json_text(float(value)).decode() if value - value == 0 else _NOT_FINITE[repr(value)]


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _branch_text(t: Union) -> Callable[[Any], str]:
    """A cell has no place for the branch: it is the text of the value."""
    texts = {b.tag: text_of(b) for b in t.branches}
    split = branch_of(t)

    def text(value: Any) -> str:
        if value is None:
            return ""
        tag, value = split(value)
        return texts[tag](value)

    return text


def _lines_of(columns: dict[str, Any], types: dict[str, Type]) -> bytes | None:
    """Lines of columns of numbers, which need no quotes; None where their values are to be looked at one by one."""
    if any(t not in KINDS for t in types.values()):
        return None
    if len(columns) == 1:
        [(name, column)] = columns.items()
        return json_lines(column, types[name])
    cells = [json_cells(columns[name], t) for name, t in types.items()]
    return None if None in cells else b"\n".join(map(b",".join, zip(*cells, strict=True))) + b"\n"
