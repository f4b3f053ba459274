"""Python values in the cells of tables: how they become host values, and the other way.

Place in the pipeline: under the kinds of table (`table_arrays`, `table_pandas`, ...).  In a table null with one other
type is that type's value or nothing at all, so such values are bare; those of other unions are tagged ({"int": 3}),
whatever the engine's `unions` says, since a bare one would not tell its branch.  Values that are given may also be
tagged or bare where that is clear.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.check.embedded import Readers, convert, describe, tag_default
from pfa.check.problems import show, suggestion
from pfa.data.columns import Bad, Constant, Flat, Objects, Records, Values, bare, no_null, wrong_of
from pfa.data.values import Decode, Decoders, Encode, Encoders
from pfa.data.values import _Fault as Fault
from pfa.errors import PfaDataError
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, MISSING, Array, Enum, Field, Map, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pfa.data.columns import Column, Mask

# The modules that know a library's tables, which are imported when a caller gives one.
LIBRARIES = {"pandas": "pfa.data.table_pandas", "polars": "pfa.data.table_polars", "pyarrow": "pfa.data.table_arrow"}
DTYPES: dict[Type, str] = {BOOLEAN: "?", INT: "i4", LONG: "i8", FLOAT: "f4", DOUBLE: "f8"}
_PLURAL = {
    "a boolean": "booleans", "an integer": "integers", "a float": "floats", "a string": "strings", "an array": "arrays",
    "an object": "objects",
}  # fmt: skip
SAMPLE = 100  # values of a column of objects that are looked at to tell whether it has another type


class TableDecoders(Decoders):
    """Decoders of cells: null with one other type is looked at bare before a tag is looked for.

    `cast` is how a column gets another type in the caller's library, for messages; "{}" is the type's name there.
    """

    def __init__(self, quote: bool = False, cast: str = '.astype("{}")') -> None:
        super().__init__(quote)
        self.cast = cast

    def _union(self, t: Union) -> Decode:
        inner, nullable = bare(t)
        tagged = super()._union(t)
        if not nullable or isinstance(inner, Union):
            return tagged
        plain = self.of(inner)

        def decode(v: Any) -> Any:
            if v is None:
                return None
            try:
                return plain(v)
            except Fault:
                if v.__class__ is dict and len(v) == 1:
                    return tagged(v)
                raise

        return decode


class TableEncoders(Encoders):
    """Encoders of cells: null with one other type is bare, other unions are tagged."""

    def __init__(self, charge: Callable[[int], None] | None = None) -> None:
        super().__init__(True, charge)

    def _union(self, t: Union) -> Encode | None:
        inner, nullable = bare(t)
        if not nullable or isinstance(inner, Union):
            return super()._union(t)
        encode = self.of(inner)
        return None if encode is None else lambda v: None if v is None else encode(v)


def library_of(given: Any) -> str:
    """The package that an object's class comes from."""
    return type(given).__module__.partition(".")[0]


def table_form(column: Column) -> list[Any]:
    """The values of a column, as they stand in the cells of a table."""
    if isinstance(column, Values):
        return column.made
    made = column.host(0, column.length, {})
    if not isinstance(column, Objects | Constant) and _is_bare(column.type, ()):
        return made  # new values already, in which nothing is to be tagged
    encode = TableEncoders().of(column.type)
    return made if encode is None else [None if v is None else encode(v) for v in made]


def _is_bare(t: Type, above: tuple[str, ...]) -> bool:
    """Are host values of a type what stands in cells?  Those of a record that holds itself are not looked at."""
    match t:
        case Array(inner) | Map(inner):
            return _is_bare(inner, above)
        case Record(name):
            return name not in above and all(_is_bare(f.type, (*above, name)) for f in t.fields)
        case Union():
            inner, nullable = bare(t)
            return nullable and not isinstance(inner, Union) and _is_bare(inner, above)
        case _:
            return True


class Mistyped(Exception):
    """A column has another type than its field."""

    def __init__(self, t: Type, found: str, hint: str = "") -> None:
        super().__init__(found)
        self.expected, self.found, self.hint, self.path = describe(t), found, hint, ""

    def __str__(self) -> str:
        return f"expected {self.expected}, found {self.found}{self.hint}"


def objects(t: Type, given: Any, valid: Mask | None, decoders: TableDecoders) -> Objects:
    """A column of Python values; Mistyped where none of the first has the type, nor is of its kind."""
    decode = decoders.datum(t)
    length = len(given)
    _refuse_others(t, decode, _first(given, valid))
    return Objects(type=t, length=length, valid=valid, given=given, decode=decode)


def _first(given: Any, valid: Mask | None) -> list[Any]:
    if valid is not None:
        rows = np.flatnonzero(valid)[:SAMPLE]
        return given[rows].tolist() if isinstance(given, np.ndarray) else [given[i] for i in rows.tolist()]
    if isinstance(given, np.ndarray):
        given = given[: 10 * SAMPLE].tolist()
    return list(islice((v for v in given[: 10 * SAMPLE] if v is not None), SAMPLE))


def _refuse_others(t: Type, decode: Decode, some: list[Any]) -> None:
    first = None
    for value in some:
        try:
            decode(value)
        except PfaDataError as error:
            why = wrong_of(error)
            if why.path or why.hint.startswith(" ") or (isinstance(bare(t)[0], Enum) and isinstance(value, str)):
                return  # of this kind, but wrong: what is wrong with a row
            first = first or Mistyped(t, _PLURAL.get(why.found, why.found), why.hint)
        else:
            return
    if first is not None:
        raise first


def default(f: Field) -> Any:
    """The host value of a field that the table has no column for."""
    return convert(f.type, tag_default(f.type, f.default), Readers())[1]


def record(
    t: Record, names: Sequence[Any], length: int, take: Callable[[Field], Column], valid: Mask | None = None
) -> Records:
    """A column a field, in the record's order; `take` makes that of a field that `names` has.

    PfaDataError names all columns that are missing, come twice or have another type.
    """
    there = Counter(names)
    _refuse_missing(t, there)
    fields: dict[str, Column] = {}
    wrong: list[str] = []
    for f in t.fields:
        if f.name not in there:
            fields[f.name] = Constant(type=f.type, length=length, value=default(f))
            continue
        try:
            fields[f.name] = take(f)
        except (Mistyped, PfaDataError) as error:
            wrong.append(f"column {show(f.name)}: {error}")
    if wrong:
        raise PfaDataError("; ".join(wrong))
    return Records(type=t, length=length, valid=valid, fields=fields)


def _refuse_missing(t: Record, there: Counter[Any]) -> None:
    wanted = [f for f in t.fields if f.name not in there and f.default is MISSING]
    if wanted:
        missing = " and ".join(f"{show(f.name)} ({f.type})" for f in wanted)
        texts = [n for n in there if isinstance(n, str)]
        hint = suggestion(wanted[0].name, texts) if len(wanted) == 1 else ""
        has = f"the table has {_listed(texts)}" if texts else "the table has no columns with names"
        hint = hint or "; name the column so, or give the field a default in the document"
        raise PfaDataError(f"no column {missing}: {has}{hint}")
    twice = [f.name for f in t.fields if there[f.name] > 1]
    if twice:
        raise PfaDataError(f"more than one column {_listed(twice)}: drop or rename the others")


def _listed(names: Iterable[str]) -> str:
    shown = [show(n) for n in islice(names, 21)]
    return ", ".join(shown[:20]) + (", ..." if len(shown) > 20 else "")


def only(t: Type, names: Sequence[Any]) -> Any:
    """The name of the column that an input that is no record is in: the only one, or one called "input"."""
    if len(names) == 1:
        return names[0]
    if "input" in names:
        return "input"
    raise PfaDataError(
        f'the input is {t}, no record, so the table must have one column, or one called "input"; it has {len(names)}'
    )


def split(t: Type, values: list[Any], nullable: bool) -> dict[str, Column]:
    """Outputs as columns: one a field of a record, or one called ""; `nullable`: a row may be missing."""
    if not isinstance(t, Record):
        return {"": built(t, values, nullable)}
    if nullable and None in values:
        nothing = dict.fromkeys(t.by_name)
        values = [nothing if v is None else v for v in values]
    return {f.name: built(f.type, list(map(itemgetter(f.name), values)), nullable) for f in t.fields}


def built(t: Type, values: list[Any], nullable: bool) -> Column:
    """A column of outputs in the form of tables: an array for numbers, else as they are."""
    inner, missing = bare(t)
    valid = np.fromiter((v is not None for v in values), bool, len(values)) if nullable or missing else None
    if inner in DTYPES:
        if valid is not None and not valid.all():
            values = [0 if v is None else v for v in values]
        return Flat(type=t, length=len(values), valid=valid, data=np.fromiter(values, DTYPES[inner], len(values)))
    return Values(type=t, length=len(values), valid=valid, made=values)


def validity(t: Type, valid: Mask | None) -> tuple[Mask | None, Bad | None]:
    """`valid` of a column of a type, and the rows that are wrong because they are missing."""
    if valid is None or bare(t)[1]:
        return valid, None
    return None, no_null(t, ~valid)
