"""JSON lines: a datum a line in, a result a line out, in Avro's JSON encoding (`pfa.data.json_form`).

Place in the pipeline: beside `csv`, under the command line.  Lines end with "\\n" or "\\r\\n"; blank ones are none.
"""

from __future__ import annotations

import json
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from pfa.data.column_text import json_cells, json_lines, rows_of, settled
from pfa.data.json_form import decoder, encoder
from pfa.data.lines import BOM, LONGEST, NOT_UTF8, Lines, not_utf8
from pfa.data.rows import NoValue, Row, WrongText, cut, wrong_row
from pfa.errors import PfaDataError, Where
from pfa.types import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pfa.types import Type


def reader(
    source: BinaryIO,
    t: Type,
    *,
    file: str = "",
    quote: bool = False,
    start: Any = None,
    longest: int | None = LONGEST,
) -> Iterator[Row]:
    """Rows of a file; blank lines are none.  A line longer than `longest` bytes is a row that is wrong."""
    return _Reader(t, file, quote).rows(Lines(source, file, start, longest))


class _Reader:
    """Makes rows of lines."""

    def __init__(self, t: Type, file: str, quote: bool) -> None:
        self.type = t
        self.change = decoder(t)
        self.file = file
        self.quote = quote

    def rows(self, lines: Lines) -> Iterator[Row]:
        for line in lines:
            if lines.too_long:
                wrong = wrong_row(lines.long_line(), self.file, lines.number)
                yield Row(lines.number, error=wrong, end=lines.end)
            elif not line.isspace():
                yield self.row(line, lines.number, lines.end)

    def row(self, line: bytes, number: int, end: Any) -> Row:
        if number == 1:
            line = line.removeprefix(BOM)
        try:
            datum = json.loads(line.decode().rstrip("\r\n"))
            return Row(number, self.change(datum) if self.change else datum, end=end)
        except NoValue as error:
            problem = WrongText("the line", str(self.type), str(error), at=Where("", number, 1, self.file))
            return Row(number, datum, PfaDataError(problem), end)
        except (ValueError, RecursionError) as error:
            return Row(number, _text(line), self.wrong(error, line, number), end)

    def wrong(self, error: Exception, line: bytes, number: int) -> PfaDataError:
        """What is wrong with a line that is no JSON."""
        match error:
            case json.JSONDecodeError():
                return wrong_row(f"no JSON: {error.msg}", self.file, number, error.colno)
            case UnicodeDecodeError():
                return wrong_row(NOT_UTF8, self.file, number, not_utf8(line))
            case RecursionError():
                return wrong_row("the JSON is nested too deep", self.file, number)
            case _:
                return wrong_row("no JSON: an integer with too many digits", self.file, number)


def _text(line: bytes) -> str | None:
    """What was read, where it is short enough to be shown."""
    return None if len(line) > 1 << 16 else line.decode(errors="replace").rstrip("\r\n")


def text(value: Any) -> bytes:
    """JSON on one line, without its end."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # half of a surrogate pair, or nested deeper than it goes
        return json.dumps(value, separators=(",", ":")).encode()


def writer(out: BinaryIO, t: Type, *, resume: Any = None, tagged: bool = False) -> Writer:
    """Writes a line an output.  `tagged`: each value of a union is tagged, also where plain tells its branch."""
    return Writer(out, encoder(t, tagged), resume, None if tagged else t)


class Writer:
    """A line an output; `t` is its type where columns may be written as they are."""

    def __init__(
        self, out: BinaryIO, change: Callable[[Any], Any] | None, resume: Any, t: Type | None = None
    ) -> None:
        self.out = out
        self.change = change
        self.type = t
        self.written: int = cut(out, resume) if resume is not None else 0

    def write(self, value: Any) -> None:
        """One more line; None is a missing output, null."""
        if self.change and value is not None:
            value = self.change(value)
        line = text(value) + b"\n"
        self.written += len(line)
        self.out.write(line)

    def write_columns(self, columns: dict[str, Any], count: int) -> None:
        """Outputs as columns, by the names of the fields or "" (`pfa.targets.vector`)."""
        if self.type is None:
            types: dict[str, Type] = {}
        else:
            types = {f.name: f.type for f in self.type.fields} if isinstance(self.type, Record) else {"": self.type}
            columns = {name: settled(columns[name], t, count) for name, t in types.items()}
        lines = _lines_of(columns, types) if types else None
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


def _lines_of(columns: dict[str, Any], types: dict[str, Type]) -> bytes | None:
    """Lines of columns; None where their values are to be looked at one by one."""
    if "" in columns:
        return json_lines(columns[""], types[""])
    pieces: list[Any] = []
    before = b"{"
    for name, t in types.items():
        cells = json_cells(columns[name], t)
        if cells is None:
            return None
        pieces += [repeat(before + orjson.dumps(name) + b":"), cells]
        before = b","
    return b"".join(chain.from_iterable(zip(*pieces, repeat(b"}\n"), strict=False)))
