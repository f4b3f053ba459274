"""The Avro type of data that come without one: CSV and JSON lines; of the other formats it stands in the file.

Place in the pipeline: `pfa schema` prints it, `pfa convert` reads by it.  All rows are looked at (or as many as are
asked for), one at a time.  Invariant: every row that was looked at is a datum of the type.

    numbers: int, long or double, the narrowest that holds every one; an empty cell, null or missing: union with null
    objects: records; maps where keys are no Avro names, or where each object has few of many keys
    several types in one place: a union of them; in CSV string, which every cell is
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from decimal import Decimal
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.check.schemas import NAME
from pfa.data import csv
from pfa.data.avro_container import Container
from pfa.data.jsonl import reader as json_lines
from pfa.data.rows import BOOLEANS, INTEGER, NON_FINITE, NUMBER, wrong_row
from pfa.errors import PfaDataError
from pfa.types import (
    BOOLEAN,
    BYTES,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NULL,
    STRING,
    Array,
    Field,
    Map,
    Record,
    Type,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pfa.data.formats import Format
    from pfa.data.rows import Row

MOST_FIELDS = 10_000  # of an object; more are a map
DEEPEST = 64  # levels of containers
_FEW = 16  # keys; so many may be fields of a record that has few of them at a time
_LONGEST = 40  # digits of an integer that is looked at


def infer(
    source: BinaryIO, form: Format, *, file: str = "", name: str = "Row", rows: int | None = None, skip: bool = False
) -> Type:
    """The type of the rows of a file that is open and can be read twice; named types are called after `name`.

    Field names of a record are the file's own: `unfit_names` tells which of them are no names of Avro's.
    PfaDataError where a row cannot be read; with `skip` it is passed over.
    """
    form.load()
    match form.name:
        case "csv":
            return _of_csv(source, file, name, rows, skip)
        case "jsonl":
            return _of_json_lines(source, file, name, rows, skip)
        case "avro":
            return Container(source, file=file).schema
        case _:
            return _of_arrow(source, form.name, file, name)


def _of_arrow(source: BinaryIO, form: str, file: str, name: str) -> Type:
    import pyarrow as pa
    import pyarrow.parquet as pq

    opened = {"parquet": pq.read_schema, "arrow": lambda f: pa.ipc.open_file(f).schema}
    try:
        schema = opened.get(form, lambda f: pa.ipc.open_stream(f).schema)(source)
        made: Type = import_module("pfa.data.arrow_types").type_of(schema, name)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        says = str(error).partition("\n")[0]
        raise PfaDataError(f"{file or 'the input'}: no file of the format {form}: {says}") from None
    return made


# --- names -----------------------------------------------------------------------------------------------------


def unfit_names(t: Type) -> list[str]:
    """Fields of a row whose names are no Avro names."""
    return [f.name for f in t.fields if not NAME.match(f.name)] if isinstance(t, Record) else []


def renamed(t: Record) -> Record:
    """A row's type with names of Avro's, in the same order: "sepal length (cm)" is sepal_length_cm."""
    taken: set[str] = {f.name for f in t.fields if NAME.match(f.name)}
    fields = []
    for f in t.fields:
        name = f.name if NAME.match(f.name) else _free(f.name, taken)
        fields.append(Field(name, f.type, f.default, f.order, f.aliases))
    return Record(t.name, tuple(fields), t.aliases)


def suggestion(name: str) -> str:
    """A name of Avro's that is like another name."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in name).split()
    made = "_".join(words) or "field"
    return f"_{made}" if made[0].isdigit() else made


def _free(wanted: str, taken: set[str]) -> str:
    name = base = suggestion(wanted)
    count = 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    return name


class _Names:
    """Names of records, none twice."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def free(self, wanted: str, fields: Iterable[str] = ()) -> str:
        """`address` is Address.  No field has that name: {"Address": 1} would be a value of a union, under its tag."""
        made = suggestion(wanted)
        made = _free(made[0].upper() + made[1:], self.taken | {*fields})
        self.taken.add(made)
        return made


# --- JSON ------------------------------------------------------------------------------------------------------


class Unfit(ValueError):
    """A value that no Avro type holds; the message says why."""


class Numbers:
    """What the numbers of one place have in common."""

    __slots__ = ("fraction", "high", "inexact", "low")

    def __init__(self) -> None:
        self.low = self.high = 0
        self.fraction = False
        self.inexact = False  # there is an integer that is no double

    def add(self, value: float) -> None:
        """One more, an int or a float."""
        if value.__class__ is float:
            self.fraction = True
            return
        whole = int(value)
        self.low, self.high = min(self.low, whole), max(self.high, whole)
        self.inexact = self.inexact or (not -(1 << 53) <= whole <= 1 << 53 and not _is_double(whole))

    def merge(self, other: Numbers) -> None:
        """Those of another place, too."""
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.fraction |= other.fraction
        self.inexact |= other.inexact

    @property
    def type(self) -> Type | None:
        """The narrowest type that holds all; None where a double would lose digits of an integer."""
        if not self.fraction:
            for t, bits in ((INT, 31), (LONG, 63)):
                if -(1 << bits) <= self.low and self.high < 1 << bits:
                    return t
        return None if self.inexact else DOUBLE


def _is_double(whole: int) -> bool:
    """Does a double hold an integer, or is this how its digits are usually written?"""
    try:
        made = float(whole)
    except OverflowError:
        return False
    return int(made) == whole or int(Decimal(repr(made))) == whole


class Shape:
    """What the JSON values of one place have in common."""

    __slots__ = ("alone", "fields", "is_map", "items", "kinds", "numbers", "objects", "seen", "single")

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.numbers = Numbers()
        self.items: Shape | None = None  # of arrays; of objects where they are a map
        self.fields: dict[str, Shape] = {}
        self.is_map = False
        self.objects = 0
        self.single = 0  # objects with one key
        self.alone: set[str] = set()  # such keys, where they are tags
        self.seen = 0  # objects that have this field

    def add(self, value: Any, depth: int = 0) -> None:
        """One more; Unfit where it nests too deep."""
        kind = _KINDS[value.__class__]
        self.kinds.add(kind)
        if kind == "number":
            self.numbers.add(value)
            if self.numbers.inexact and self.numbers.type is None:
                raise Unfit("an integer with more digits than a double holds; write it as a string")
        elif kind in ("array", "object"):
            if depth == DEEPEST:
                raise Unfit(f"it nests more than {DEEPEST} deep")
            if kind == "array":
                self._add_items(value, depth)
            else:
                self._add_object(value, depth)

    def _add_items(self, value: list[Any], depth: int) -> None:
        self.items = self.items or Shape()
        for x in value:
            self.items.add(x, depth + 1)

    def _add_object(self, value: dict[str, Any], depth: int) -> None:
        self.objects += 1
        if len(value) == 1:
            self.single += 1
            self.alone |= value.keys() & _TAGS.keys()
        for key, x in value.items():
            field = self.fields.get(key)
            if field is None:
                field = self.fields[key] = Shape()
            field.seen += 1
            field.add(x, depth + 1)
        if len(self.fields) > MOST_FIELDS:
            self._become_map()

    def _become_map(self) -> None:
        """Too many keys for a record: what the values have in common is kept, under no name."""
        self.is_map = True
        self.fields = {"": self.values()}

    def values(self) -> Shape:
        """What the values of all fields have in common."""
        found = Shape()
        for field in self.fields.values():
            found.merge(field)
        return found

    def merge(self, other: Shape) -> None:
        """Those of another place, too."""
        self.kinds |= other.kinds
        self.numbers.merge(other.numbers)
        self.is_map |= other.is_map
        self.objects += other.objects
        self.single += other.single
        self.alone |= other.alone
        if other.items:
            self.items = self.items or Shape()
            self.items.merge(other.items)
        for key, field in other.fields.items():
            mine = self.fields.setdefault(key, Shape())
            mine.seen += field.seen
            mine.merge(field)

    # -- its type --

    def type(self, name: str, names: _Names, row: bool = False) -> Type:
        """The type of all values.  `row`: objects are records, whatever their keys."""
        found: list[Type] = []
        if "null" in self.kinds:
            found.append(NULL)
        if "boolean" in self.kinds:
            found.append(BOOLEAN)
        if "number" in self.kinds:
            found.append(self.numbers.type or DOUBLE)
        if "string" in self.kinds:
            found.append(STRING)
        if "array" in self.kinds:
            found.append(Array(self.items.type(name, names) if self.items and self.items.kinds else NULL))
        if "object" in self.kinds:
            found += self._tagged(name, names) or [self._object(name, names, row)]
            self._refuse_tags(found)
        return found[0] if len(found) == 1 else Union(tuple(found)) if found else NULL

    def _refuse_tags(self, found: list[Type]) -> None:
        """An object that is a value of no branch, and would be read as one."""
        if len(found) > 1 and isinstance(found[-1], Record | Map):
            taken = sorted(self.alone & {b.tag for b in found})
            if taken:
                says = f'where there are objects and others, an object with "{taken[0]}" as its only key would be read'
                raise PfaDataError(f"{says} as a value of the type {taken[0]}; rename the key")

    def _object(self, name: str, names: _Names, row: bool) -> Type:
        if not row and (self.is_map or not self.fields or self._is_sparse() or not all(map(NAME.match, self.fields))):
            values = self.values()
            return Map(values.type(name, names) if values.kinds else NULL)
        record = Record(names.free(name, self.fields))
        record.fields = tuple(self._field(key, field, names) for key, field in self.fields.items())
        return record

    def _is_sparse(self) -> bool:
        """Has an object less than half of the keys, of which there are many?"""
        seen = sum(field.seen for field in self.fields.values())
        return len(self.fields) > _FEW and 2 * seen < len(self.fields) * self.objects

    def _field(self, key: str, field: Shape, names: _Names) -> Field:
        t = field.type(key, names)
        if field.seen == self.objects:
            return Field(key, t)
        if t == NULL:
            return Field(key, t, None)
        others = t.branches if isinstance(t, Union) else (t,)
        return Field(key, Union((NULL, *(b for b in others if b != NULL))), None)

    def _tagged(self, name: str, names: _Names) -> list[Type]:
        """The branches, where the objects are values of a union in Avro's JSON encoding: {"int": 1}."""
        if self.single != self.objects or not (self.fields.keys() <= _TAGS.keys()) or "object" not in self.kinds:
            return []
        if self.kinds - {"null", "object"} or len(self.fields) + len(self.kinds) < 3:
            return []  # or else it may be a record of one field that is called so
        found = []
        for tag, field in self.fields.items():
            kind, primitive = _TAGS[tag]
            if field.kinds != {kind} or (primitive in (INT, LONG) and field.numbers.type not in (INT, primitive)):
                return []
            found.append(primitive or field.type(name, names))
        return found if all(b.tag == tag for b, tag in zip(found, self.fields, strict=True)) else []


_KINDS: dict[type, str] = {
    type(None): "null", bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object",
}  # fmt: skip
_TAGS: dict[str, tuple[str, Type | None]] = {
    "boolean": ("boolean", BOOLEAN), "int": ("number", INT), "long": ("number", LONG), "float": ("number", FLOAT),
    "double": ("number", DOUBLE), "string": ("string", STRING), "bytes": ("string", BYTES), "array": ("array", None),
    "map": ("object", None),
}  # fmt: skip


def _of_json_lines(source: BinaryIO, file: str, name: str, rows: int | None, skip: bool) -> Type:
    shape, line = Shape(), 0
    with _naming(file) as at:
        for row in islice(_sound(json_lines(source, NULL, file=file), skip), rows):
            at[0] = line = row.line
            shape.add(row.datum)
            if shape.is_map:
                raise Unfit(f"the rows up to here have more than {MOST_FIELDS:,} fields")
    if not line:
        raise PfaDataError(f"{file or 'the input'}: there are no rows to tell the type from")
    return shape.type(name, _Names(), row=True)


def _sound(rows: Iterator[Row], skip: bool) -> Iterator[Row]:
    """Rows without those that are wrong; the first one is raised, or passed over."""
    for row in rows:
        if row.error is None:
            yield row
        elif not skip:
            raise row.error


@contextmanager
def _naming(file: str) -> Iterator[list[int]]:
    """Says which line is unfit; the body notes it."""
    at = [0]
    try:
        yield at
    except Unfit as error:
        raise wrong_row(f"{error}, or give --schema", file, at[0]) from None


# --- CSV -------------------------------------------------------------------------------------------------------


class Column:
    """What the cells of a column have in common."""

    __slots__ = ("empty", "kind", "numbers", "shape")

    def __init__(self) -> None:
        self.empty = False
        self.kind = ""
        self.numbers = Numbers()
        self.shape: Shape | None = None

    def add(self, text: str) -> None:
        """One more cell."""
        if not text:
            self.empty = True
        elif self.kind != "string":
            kind = self._kind(text)
            self.kind = kind if self.kind in ("", kind) else "string"

    def _kind(self, text: str) -> str:
        plain = text.strip()
        if NUMBER.match(plain):
            return self._number(plain)
        if plain.lower() in BOOLEANS:
            return "boolean"
        if plain.lower() in NON_FINITE:
            self.numbers.fraction = True
            return "number"
        return "json" if text[0] in "[{" and self._is_json(text) else "string"

    def _number(self, plain: str) -> str:
        """007 is no number: somebody wants it to stay as it is."""
        digits = plain.lstrip("+-")
        if digits[0] == "0" and digits[1:2].isdigit():
            return "string"
        if not INTEGER.match(plain):
            self.numbers.fraction = True
        elif len(digits) > _LONGEST:
            return "string"
        else:
            self.numbers.add(int(plain))
        return "number"

    def _is_json(self, text: str) -> bool:
        try:
            value = json.loads(text)
            self.shape = self.shape or Shape()
            self.shape.add(value)
        except (ValueError, RecursionError):
            return False
        return True

    def type(self, name: str, names: _Names) -> Type:
        """The type of all cells: every cell is a string."""
        if not self.kind:
            return NULL
        t = self._type(name, names)
        if not self.empty or t == NULL:
            return t
        others = t.branches if isinstance(t, Union) else (t,)
        return Union((NULL, *(b for b in others if b != NULL)))

    def _type(self, name: str, names: _Names) -> Type:
        if self.kind == "number":
            return self.numbers.type or STRING
        if self.kind == "boolean":
            return BOOLEAN
        if self.kind == "json" and self.shape:
            t = self.shape.type(name, names)
            return t if not isinstance(t, Union) else STRING  # a cell has no place for the branch
        return STRING


def _of_csv(source: BinaryIO, file: str, name: str, rows: int | None, skip: bool) -> Type:
    header = csv.columns(source, file)
    if twice := sorted({column for column in header if header.count(column) > 1}):
        raise wrong_row(f'the header has more than one column "{twice[0]}"', file, 1)
    source.seek(0)
    texts = Record("Texts", tuple(Field(column, STRING) for column in header))
    columns = {column: Column() for column in header}
    for row in islice(_sound(csv.reader(source, texts, file=file), skip), rows):
        for column, text in row.datum.items():
            columns[column].add(text)
    names = _Names()
    made = Record(names.free(name))
    made.fields = tuple(Field(n, c.type(n, names)) for n, c in columns.items())
    return made
