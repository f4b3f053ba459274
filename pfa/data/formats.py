"""The formats of data, by name and by what a file's name ends with.

Place in the pipeline: what reads or writes data files asks here; a format's module is imported when it is used,
since some need libraries that are optional and take long to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.data.lines import LONGEST
from pfa.errors import PfaDataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from pfa.data.rows import Row, Writer
    from pfa.types import Type


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the module has `reader` and `writer` (what they promise: `pfa.data.rows`).

    A module of several formats has them with the format's name before: `parquet_reader`, `arrow_writer`.
    `text`: rows are lines of text, and a position is [offset, line].  `ends`: a file is
    readable when what ends it was written.  `extra`: the extra of the package that brings the library.
    """

    name: str
    extensions: tuple[str, ...]
    module: str
    text: bool = False
    ends: bool = False
    extra: str = ""

    def load(self) -> ModuleType:
        """The module; PfaDataError where its library is not installed."""
        try:
            return import_module(self.module)
        except ImportError as error:
            if error.name and error.name.partition(".")[0] == "pfa":
                raise
            needs = f"{self.name} files need the module {error.name}"
            raise PfaDataError(f'{needs}: pip install "pfa-engine[{self.extra}]"') from None

    def reader(
        self,
        source: BinaryIO,
        t: Type,
        *,
        file: str = "",
        quote: bool = False,
        start: Any = None,
        ready: bool = False,
        longest: int | None = LONGEST,
    ) -> Iterator[Row]:
        """Rows of an open binary file, from its beginning or from behind a row (`Row.end`) that was read before.

        `ready`: the data are for an engine whose `input_type` is `t`, and for nothing else, where that is faster.
        `longest`: of a text, the bytes that a line may have (`Limits.line`).
        """
        more: dict[str, Any] = {"longest": longest} if self.text else {"ready": True} if ready else {}
        rows: Iterator[Row] = _named(self, "reader")(source, t, file=file, quote=quote, start=start, **more)
        return rows

    def writer(self, out: BinaryIO, t: Type, *, resume: Any = None) -> Writer:
        """What writes outputs to an open binary file."""
        made: Writer = _named(self, "writer")(out, t, resume=resume)
        return made


def _named(made: Format, name: str) -> Any:
    module = made.load()
    found = getattr(module, f"{made.name}_{name}", None)
    if getattr(found, "__module__", "") != made.module:  # it may be another's, imported there
        found = getattr(module, name, None)
    if found is None:
        raise PfaDataError(f"{made.name} files cannot be {'read' if name == 'reader' else 'written'} here")
    return found


FORMATS = (
    Format("avro", (".avro",), "pfa.data.avro", extra="avro"),
    Format("csv", (".csv",), "pfa.data.csv", text=True),
    Format("jsonl", (".jsonl", ".ndjson", ".json"), "pfa.data.jsonl", text=True),
    Format("parquet", (".parquet",), "pfa.data.arrow", ends=True, extra="arrow"),
    Format("arrow", (".arrow", ".feather"), "pfa.data.arrow", ends=True, extra="arrow"),
    Format("arrows", (".arrows",), "pfa.data.arrow", extra="arrow"),
)
NAMES = {f.name: f for f in FORMATS} | {"json": next(f for f in FORMATS if f.name == "jsonl")}
_EXTENSIONS = {extension: f for f in FORMATS for extension in f.extensions}


def format_of(path: str, override: str | None = None, default: str = "jsonl") -> Format:
    """The format named, or the one that a file's name says; `default` for "-" and names without an extension.

    PfaDataError where the name ends with something unknown: guessing would make a file that nobody can read.
    """
    if override:
        return NAMES[override]
    extension = PurePath(path).suffix.lower()
    if path == "-" or not extension:
        return NAMES[default]
    if extension not in _EXTENSIONS:
        known = ", ".join(_EXTENSIONS)
        raise PfaDataError(f'{path}: no format has the extension "{extension}" (there are {known}); give --format')
    return _EXTENSIONS[extension]
