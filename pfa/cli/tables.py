"""Files of data as `pfa schema`, `pfa convert` and `pfa diff` open them: more than once, and standard input, too."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from pfa.cli.run_input import UsageError
from pfa.data.formats import Format, format_of
from pfa.data.infer import suggestion, unfit_names
from pfa.errors import PfaDataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.types import Type


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """A file that can be read twice; what comes from standard input is kept in one that has no name."""
    if name != "-":
        with open(name, "rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.seek(0)
        yield file


def form_of(name: str, override: str | None, option: str) -> Format:
    """The format of a file; UsageError where its name does not tell it."""
    try:
        return format_of(name, override)
    except PfaDataError as error:
        raise UsageError(str(error).replace("--format", option)) from None


def shown(name: str) -> str:
    """A file's name for messages."""
    return "" if name == "-" else name


def check_names(t: Type, file: str) -> None:
    """PfaDataError where a field of a row has a name that Avro does not allow."""
    if unfit := unfit_names(t):
        wrong = ", ".join(f'"{name}"' for name in unfit[:3]) + (", ..." if len(unfit) > 3 else "")
        raise PfaDataError(
            f"{file or 'the input'}: no names of fields in Avro: {wrong}; rename the columns, or give --rename, "
            f'which makes "{unfit[0]}" {suggestion(unfit[0])}'
        )
