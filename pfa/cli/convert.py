"""`pfa convert`: data from one format to another, and documents between JSON, YAML and gzip.

Invariant: what is written appears when it is whole; where a row cannot be converted, nothing is changed.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.cli.documents import read_document
from pfa.cli.run_input import UsageError
from pfa.cli.tables import check_names, form_of, opened, shown
from pfa.cli.writing import write_document
from pfa.data.avro_schema import schema_type
from pfa.data.infer import infer, renamed
from pfa.data.values import Decoders, Encoders
from pfa.errors import PfaDataError
from pfa.types import Record, Type

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from pfa.data.formats import Format
    from pfa.data.rows import Row

DOCUMENTS = (".pfa", ".json", ".pfaz", ".yaml", ".yml")
ONLY_DOCUMENTS = (".pfa", ".pfaz", ".yaml", ".yml")
AVRO_NAMES = ("avro", "parquet", "arrow", "arrows")  # formats with a schema, whose names are Avro's


def convert(args: argparse.Namespace) -> int:
    """Convert data (CSV, JSON lines, Avro, Parquet, Arrow), or a document (JSON, YAML, gzip), by the files' names."""
    try:
        if _are_documents(args):
            return _document(args)
        source = form_of(args.input, args.source, "--from")
        target = form_of(args.output, args.target, "--to")
        with ExitStack() as stack:
            return _Conversion(args, source, target, stack).run()
    except UsageError as error:
        print(f"pfa convert: {error}", file=sys.stderr)
        return 2


# --- documents -------------------------------------------------------------------------------------------------


def _are_documents(args: argparse.Namespace) -> bool:
    """UsageError where only one of the two is one."""
    if args.source or args.target or args.schema:
        return False
    suffixes = [_suffix(name) for name in (args.input, args.output)]
    if all(suffix in DOCUMENTS for suffix in suffixes):
        return True
    if any(suffix in ONLY_DOCUMENTS for suffix in suffixes):
        raise UsageError("a document becomes a document (.pfa .json .pfaz .yaml .yml), data become data")
    return False


def _suffix(name: str) -> str:
    return Path(name.lower().removesuffix(".gz")).suffix


def _document(args: argparse.Namespace) -> int:
    document = read_document(Path(args.input))
    write_document(Path(args.output), document)
    if _names_files(document) and Path(args.input).resolve().parent != Path(args.output).resolve().parent:
        print(f"{args.output}: its cells or pools name files, which are looked for beside it", file=sys.stderr)
    return 0


def _names_files(document: Any) -> bool:
    """Are there cells or pools whose data is elsewhere?"""
    kinds = [document.get(kind) for kind in ("cells", "pools")] if isinstance(document, dict) else []
    specs = [spec for kind in kinds if isinstance(kind, dict) for spec in kind.values()]
    return any(isinstance(spec, dict) and spec.get("source", "embedded") != "embedded" for spec in specs)


# --- data ------------------------------------------------------------------------------------------------------


class _Conversion:
    """Rows of one file into another."""

    def __init__(self, args: argparse.Namespace, source: Format, target: Format, stack: ExitStack) -> None:
        self.args = args
        self.source = source
        self.target = target
        self.stack = stack
        self.file = shown(args.input)
        self.skip = args.on_error == "skip"
        self.rows = self.failed = 0

    def run(self) -> int:
        """The exit code."""
        self.target.load()  # before anything is read: its library may be missing
        source = self.stack.enter_context(opened(self.args.input))
        t = self.type(source)
        source.seek(0)
        change, made = self.changes(t)
        path = None if self.args.output == "-" else f"{self.args.output}.{os.getpid()}.tmp"
        if path is None:
            self.write(source, t, change, made, sys.stdout.buffer)
            return self.done()
        try:
            with open(path, "x+b") as out:
                self.write(source, t, change, made, out)
            os.replace(path, self.args.output)
        except BaseException:
            with suppress(OSError):
                os.unlink(path)
            raise
        return self.done()

    def done(self) -> int:
        """The exit code, when all is written; rows that were left out are counted."""
        if self.failed:
            print(f"{self.rows} rows, {self.rows - self.failed} converted, {self.failed} failed", file=sys.stderr)
        return 0

    def type(self, source: BinaryIO) -> Type:
        """The type that rows are read as: by --schema, else the file's, else the one that fits them."""
        if self.args.schema:
            return schema_type(read_document(Path(self.args.schema)), file=self.args.schema)
        return infer(source, self.source, file=self.file, skip=self.skip)

    def changes(self, t: Type) -> tuple[Callable[[Any], Any], Type]:
        """What makes a row for the writer of one that was read, and its type."""
        decode, encode = Decoders(self.args.quote_values).datum(t), Encoders(True).of(t)
        made = t
        if isinstance(t, Record) and self.args.rename:
            made = renamed(t)
        if self.target.name in AVRO_NAMES:
            check_names(made, self.file)
        names = _other_names(t, made)

        def change(datum: Any) -> Any:
            value = decode(datum)
            value = encode(value) if encode else value
            return {names[n]: x for n, x in value.items()} if names else value

        return change, made

    def write(self, source: BinaryIO, t: Type, change: Callable[[Any], Any], made: Type, out: BinaryIO) -> None:
        """All rows; PfaDataError names the one that is wrong, where it is not passed over."""
        writer = self.target.writer(out, made)
        for row in self.source.reader(source, t, file=self.file, quote=self.args.quote_values):
            self.rows += 1
            try:
                if row.error:
                    raise row.error
                writer.write(change(row.datum))
            except PfaDataError as error:
                if not self.skip:
                    raise (error if row.error else self.wrong(row, error)) from None
                self.failed += 1
        writer.close()
        out.flush()

    def wrong(self, row: Row, error: PfaDataError) -> PfaDataError:
        """The error with the row's place."""
        what = "line" if self.source.text else "record"
        return PfaDataError(f"{self.file or 'input'}: {what} {row.line}: {error}", error.path)


def _other_names(t: Type, made: Type) -> dict[str, str]:
    """New names of fields by the old ones; none where all stay."""
    if t is made or not isinstance(t, Record) or not isinstance(made, Record):
        return {}
    return {old.name: new.name for old, new in zip(t.fields, made.fields, strict=True)}
