"""JSON lines: a datum a line in, a result a line out.

Place in the pipeline: beside `csv`, under the command line.  Bytes are text of code points up to 255, as Avro
writes them in JSON; numbers that are not finite are the texts "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pfa.data.rows import NOT_UTF8, NoValue, Row, WrongText, from_json, is_utf8, to_json, wrong_row
from pfa.errors import PfaDataError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pfa.types import Type

_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def read(lines: Iterable[str], t: Type, file: str = "") -> Iterator[Row]:
    """Rows of a text; blank lines are none."""
    convert = from_json(t)
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        if not is_utf8(line):
            yield Row(number, error=wrong_row(NOT_UTF8, file, number))
            continue
        try:
            datum = json.loads(line.rstrip("\r\n"))
            yield Row(number, convert(datum) if convert else datum)
        except json.JSONDecodeError as error:
            yield Row(number, line.rstrip(), wrong_row(f"no JSON: {error.msg}", file, number, error.colno))
        except NoValue as error:
            problem = WrongText("the line", str(t), str(error), at=Where("", number, 1, file))
            yield Row(number, datum, PfaDataError(problem))
        except RecursionError:
            yield Row(number, error=wrong_row("the JSON is nested too deep", file, number))


def text(value: Any) -> str:
    """A result as one line, without its end."""
    try:
        return _write(value)
    except (TypeError, ValueError):  # bytes, or a number that is not finite
        return _write(to_json(value))
