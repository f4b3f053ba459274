"""Avro container files: data for an engine from one, its outputs to one.

Place in the pipeline: a format's module (`pfa.data.rows` says what `reader` and `writer` promise).  A file's schema is
resolved with the type that is wanted before the first record.  Values come out as `engine.action` takes them, in the
branch of a union that the writer chose: under the branch's name where a plain value could be another's.
"""

from __future__ import annotations

from dataclasses import replace
from json import dumps
from os import urandom
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.data.avro_codecs import codec as codec_of
from pfa.data.avro_container import MAGIC, SYNC, Block, Container, broken
from pfa.data.avro_primitives import Broken, Located, Rest, Wrong
from pfa.data.avro_resolve import Form, resolve
from pfa.data.avro_schema import DEFAULT, canonical_form, schema_of
from pfa.data.avro_source import Decoders
from pfa.data.rows import Row
from pfa.data.values import Decoders as Checks
from pfa.data.values import Ready
from pfa.errors import PfaDataError, PfaLimitError
from pfa.lib.encode import avro_appender, write_long
from pfa.types import DOUBLE, Record, Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.limits import Limits

_ROW = "Row(i, v, None, [offset, before, i - before])"
_READY = "Row(i, Ready(v, t), None, [offset, before, i - before])"
_BLOCK = 1 << 16  # bytes of records in a block that is written


def reader(
    source: BinaryIO,
    t: Type,
    *,
    file: str = "",
    quote: bool = False,
    start: Any = None,
    limits: Limits = DEFAULT,
    ready: bool = False,
) -> Iterator[Row]:
    """Rows of an open Avro file, from its beginning or from behind a row that was read before.

    With `ready`, records are `pfa.data.values.Ready`, which an engine whose `input_type` is `t` takes without looking
    at them again (half the time of a small action), and which nobody else can use.
    PfaDataError: it is no Avro file, its schema cannot be read as `t` (before any row), or it is broken from here on.
    """
    container = Container(source, file=file, limits=limits)
    decoders = _decoders(container, t, ready and isinstance(t, Record))
    offset, before, index = _position(start, container)
    return _Rows(container, decoders, quote).all(offset, before, index)


def _decoders(container: Container, t: Type, ready: bool) -> Decoders:
    file = container.file
    form: Form = "host" if ready else "data"
    given: dict[str, Any] = {"Row": Row, "Ready": Ready, "t": t}
    try:
        plan = resolve(container.schema, t, form, file)
        return Decoders(plan, form, container.limits, _READY if ready else _ROW, given, ("offset", "before"))
    except Broken as error:
        raise broken(str(error), file, 0, 0) from None
    except RecursionError:
        raise broken("the schema nests too deep", file, 0, 0) from None


def _position(start: Any, container: Container) -> tuple[int | None, int, int]:
    """Where to go on: the block's offset, the records before it, and those of it that were read."""
    if start is None:
        return None, 0, 0
    numbers = start if isinstance(start, list | tuple) else ()
    if len(numbers) != 3 or any(type(n) is not int or not 0 <= n < 1 << 63 for n in numbers):
        raise PfaDataError("a position in an Avro file is [offset of a block, records before it, records of it]")
    offset, before, index = numbers
    if container.stream.source.seek(0, 2) < offset:
        message = f"the file is shorter than when it was read last (byte {offset:,})"
        raise broken(message, container.file, before, offset)
    return offset, before, index


class _Rows:
    """Rows of the blocks of a file."""

    def __init__(self, container: Container, decoders: Decoders, quote: bool) -> None:
        self.container, self.decoders, self.quote = container, decoders, quote

    def all(self, offset: int | None, before: int, index: int) -> Iterator[Row]:
        for block in self.container.blocks(offset, before):
            self.check_count(block)
            yield from self.block(block, index)
            index = 0

    def check_count(self, block: Block) -> None:
        """Refuse a block of very many records that take no bytes."""
        most = self.container.limits.nodes
        if not self.decoders.least and most is not None and block.count > most:
            message = f"a block claims {block.count:,} records of no bytes; Limits.nodes is {most:,}"
            raise broken(message, self.container.file, block.first + 1, block.offset)

    def block(self, block: Block, index: int) -> Iterator[Row]:
        """The rows of a block after the first `index` ones; a datum that is refused is stepped over."""
        data, end, last = block.data, len(block.data), block.first + block.count
        rows = self.decoders.rows
        try:
            number, p = self._passed(data, block.first + 1, min(index, block.count))
            while number <= last:
                try:
                    yield from rows(data, p, end, number, last - number + 1, block.offset, block.first)
                    break
                except Located as found:
                    if not isinstance(found.fault, Wrong):
                        raise
                    yield self._refused(block, found, found.fault)
                    number, p = found.number + 1, self._skip(data, found.number, found.begin)
            else:
                if p != end:
                    raise Rest(last, p, end)
        except Located as found:
            raise self._where(str(found.fault), block, found.number, found.at) from None
        except Rest as rest:
            left = f"{rest.end - rest.at:,} bytes are left over after the last record of a block"
            raise self._where(left, block, rest.number, rest.at) from None

    def _passed(self, data: bytes, number: int, count: int) -> tuple[int, int]:
        """The number and place of the record after some that were read before."""
        p = 0
        for n in range(number, number + count):
            p = self._skip(data, n, p)
        return number + count, p

    def _skip(self, data: bytes, number: int, begin: int) -> int:
        try:
            return self.decoders.skip(data, begin, len(data))
        except Located as deeper:
            raise Located(deeper.fault, number, begin, deeper.at) from None

    def _where(self, message: str, block: Block, record: int, at: int) -> PfaDataError:
        if block.fault:  # that is why
            message, byte = block.fault
            return broken(message, self.container.file, record, byte)
        if block.start >= 0:
            return broken(message, self.container.file, record, block.start + at)
        return broken(message, self.container.file, record, block.offset, at)

    def _refused(self, block: Block, found: Located, wrong: Wrong) -> Row:
        """The row of a datum that is well-formed and cannot be taken."""
        message = wrong.quoted if self.quote else wrong.message
        [problem] = self._where(message, block, found.number, found.begin).problems
        at = replace(problem.at, pointer=wrong.path)
        end = [block.offset, block.first, found.number - block.first]
        return Row(found.number, None, PfaDataError(problem.moved(at), wrong.path), end)


# --- out -------------------------------------------------------------------------------------------------------


def writer(out: BinaryIO, t: Type, *, resume: Any = None, codec: str = "null") -> AvroWriter:
    """Writes values of a type to an Avro file; with `resume`, a position of an earlier run, after what is there.

    Then the file's sync marker and codec are kept.  PfaDataError: the file is not one that was written with this type,
    or there is no such codec.
    """
    if resume is None:
        return AvroWriter(out, t, codec, urandom(SYNC), 0)
    if type(resume) is not int or resume < 0:
        raise PfaDataError("a position in an Avro file that is written is a count of bytes")
    out.seek(0)
    container = Container(out)
    if canonical_form(container.schema) != canonical_form(t):
        raise PfaDataError("the Avro file was written with another schema; write to a new file")
    if out.seek(0, 2) < resume or resume < container.stream.position:
        raise PfaDataError(f"the Avro file was changed: it has no block that ends at byte {resume:,}")
    out.seek(resume)
    out.truncate()
    return AvroWriter(out, t, container.codec.name, container.sync, resume)


class AvroWriter:
    """Writes an Avro file block by block; values are tagged or plain, as `engine.action` would take them."""

    def __init__(self, out: BinaryIO, t: Type, codec: str, sync: bytes, position: int) -> None:
        self.out, self.sync, self.position = out, sync, position
        self.codec = codec_of(codec)
        self._check = Checks().datum(t)
        self._append = avro_appender(t)
        self._doubles = t == DOUBLE
        self._data = bytearray()
        self._count = 0
        if not position:
            self._put(header(t, codec, sync))

    def write(self, value: Any) -> None:
        """One more value.  PfaDataError if it does not have the type; then nothing of it is written."""
        data = self._data
        before = len(data)
        if before >= _BLOCK or self._count >= _BLOCK:
            self._end_block()
            before = 0
        host = self._check(value)
        try:
            self._append(data, host)
        except PfaLimitError:
            del data[before:]
            raise
        self._count += 1

    def write_columns(self, columns: dict[str, Any], count: int) -> None:
        """Values as columns, by the names of the fields or "" (`pfa.targets.vector`)."""
        if self._doubles and hasattr(columns[""], "tobytes") and columns[""].shape == (count,):
            self._data += columns[""].astype("<f8").tobytes()
            self._count += count
            if len(self._data) >= _BLOCK:
                self._end_block()
            return
        lists = [_listed(column, count) for column in columns.values()]
        if "" in columns:
            for value in lists[0]:
                self.write(value)
            return
        names = list(columns)
        for row in zip(*lists, strict=True):
            self.write(dict(zip(names, row, strict=True)))

    def _end_block(self) -> None:
        if self._count:
            packed = self.codec.pack(bytes(self._data))
            block = bytearray()
            write_long(block, self._count)
            write_long(block, len(packed))
            self._put(bytes(block) + packed + self.sync)
            self._data.clear()
            self._count = 0

    def _put(self, data: bytes) -> None:
        self.out.write(data)
        self.position += len(data)

    def flush(self) -> int:
        """End the block: all that was written is in the file, which is readable.  The position, for `resume`."""
        self._end_block()
        self.out.flush()
        return self.position

    def close(self) -> None:
        """End the file; `out` stays open."""
        self.flush()


def _listed(column: Any, count: int) -> Any:
    """The values of a column; one that is a constant is of all rows."""
    if hasattr(column, "tolist"):
        column = column.tolist()
    return column if isinstance(column, list | tuple) else [column] * count


def header(t: Type, codec: str, sync: bytes) -> bytes:
    """What an Avro file begins with."""
    out = bytearray(MAGIC)
    meta = {"avro.schema": dumps(schema_of(t)).encode("ascii"), "avro.codec": codec.encode("ascii")}
    write_long(out, len(meta))
    for key, value in meta.items():
        for text in (key.encode("ascii"), value):
            write_long(out, len(text))
            out += text
    out.append(0)
    return bytes(out + sync)
