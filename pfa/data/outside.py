"""Values of cells and pools as Avro files of their own.

Place: `Engine.snapshot` and `pfa unpack` write them, `resources` reads them.  Invariant: a file appears under its name
when it is whole.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pfa.data.avro import header
from pfa.data.avro_container import SYNC
from pfa.lib.encode import avro_encoder, write_long
from pfa.types import Type, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pfa.lib.define import Charge

_DIGITS = 12


def write_value(
    folder: str, stem: str, t: Type, value: Any, *, digest: bool = False, charge: Charge | None = None
) -> str:
    """Write a host value of `t` to a container file in a folder; its name, STEM.avro.

    The same value gives the same bytes.  With `digest` the name tells them, so that no file of another value is
    replaced.  Raises OSError.
    """
    data = avro_encoder(t, charge=charge)(value)
    found = sha256(canonical(t).encode("utf-8", "surrogatepass"))
    found.update(data)
    sync = found.digest()[:SYNC]
    block = bytearray()
    write_long(block, 1)
    write_long(block, len(data))
    name = f"{stem}-{found.hexdigest()[:_DIGITS]}.avro" if digest else f"{stem}.avro"
    write_file(os.path.join(folder, name), (header(t, "null", sync), block, data, sync))
    return name


def write_file(path: str, parts: Iterable[bytes | bytearray]) -> None:
    """Write a file that appears when it is whole, in the place of one that is there.  Raises OSError."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
