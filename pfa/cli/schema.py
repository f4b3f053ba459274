"""`pfa schema`: the Avro schema of data, from the file or from its rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pfa.cli.fmt import layout
from pfa.cli.run_input import UsageError
from pfa.cli.tables import check_names, form_of, opened, shown
from pfa.data.avro_schema import schema_of
from pfa.data.infer import infer, renamed, suggestion
from pfa.types import Record

if TYPE_CHECKING:
    import argparse


def schema(args: argparse.Namespace) -> int:
    """Print the Avro schema of CSV, JSON lines, Avro, Parquet or Arrow data."""
    try:
        form = form_of(args.file, args.format, "--format")
        if suggestion(args.name) != args.name:
            raise UsageError(f"--name {args.name}: no name in Avro; {suggestion(args.name)} would be one")
    except UsageError as error:
        print(f"pfa schema: {error}", file=sys.stderr)
        return 2
    with opened(args.file) as source:
        t = infer(source, form, file=shown(args.file), name=args.name, rows=args.rows)
    if args.rename and isinstance(t, Record):
        t = renamed(t)
    check_names(t, args.file)
    sys.stdout.write(layout(schema_of(t)))
    return 0
