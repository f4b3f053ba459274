"""`Engine.score` on compiled code: columns in, columns out, no Python object a row.

Place in the pipeline: what `pfa.engine.scoring` calls a backend.  The loop over rows is compiled for the layout of the
columns at hand (`pfa.targets.kernel.batch`).  Rows that fail come back here one by one; Python objects are read by
compiled code as a datum of `action` is, and what it does not take is decoded here, a row at a time.

Engines without state are scored by several threads, each with memory of its own; compiled code does not hold the
interpreter's lock, but where it reads objects.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pfa.data.columns import (
    Blobs,
    Codes,
    Column,
    Columns,
    Constant,
    Flat,
    Lists,
    Maps,
    Nulls,
    Objects,
    Records,
    Scored,
    Unions,
    Values,
    bare,
)
from pfa.data.table_build import physical
from pfa.data.table_values import DTYPES, TableEncoders
from pfa.engine.scoring import RowByRow
from pfa.errors import PfaDataError, PfaLimitError, PfaRuntimeError
from pfa.targets.kernel.batch import FIRST, Plan, Sink, Source
from pfa.targets.kernel.host import KernelCode
from pfa.targets.meter import Meter
from pfa.types import NULL, STRING, Enum, Prim, Record, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.engine.runtime import Runtime
    from pfa.targets.kernel.instance import Instance

SHARE = 4096  # rows for which another thread is worth to be woken
PART = 1 << 16  # rows whose outputs the host reads at once, where it must
_CODES = {"?": "i1", "i4": "i4", "i8": "i8", "f4": "f4", "f8": "f8", "b1": "i1"}


class _NoArrays(Exception):
    """A column that compiled code cannot read."""


@dataclass(slots=True)
class Bound:
    """A column's layout, its arrays in the order in which the batch function asks for them."""

    arrays: list[int]
    kept: list[Any]
    objects: list[tuple[int, Objects, list[Any]]]  # where the slots of a row are told, whose they are, all values


class KernelBackend(RowByRow):
    """Scores with a compiled loop over columns."""

    def __init__(self, runtime: Runtime, on_error: str, threads: int | None) -> None:
        super().__init__(runtime, on_error, threads)
        code = runtime.compiled.code
        assert isinstance(code, KernelCode)
        self.code = code
        self.threads = threads or len(os.sched_getaffinity(0))
        self.instance: Instance = runtime.variables.instance
        self.instances = [self.instance]

    def score_columns(self, columns: Columns) -> Scored:
        if self.emits or (self.late is not None and self.code.emitted.events):
            return super().score_columns(columns)
        try:
            bound = Bound([], [], [])
            source = self.source(columns.root, bound, True)
        except _NoArrays:
            return super().score_columns(columns)
        if self.runtime.state == "new" and columns.length:
            self.early = self.runtime.begin() or []
        sinks = self.sinks()
        plan = Plan(source, self.output, sinks, self.tag)
        batch = self.code.batch(plan)
        made = _Outputs(sinks, columns.length, self)
        skip = np.zeros(columns.length, "u1")
        self._refuse(columns, skip)
        if self.code.stateless and columns.length >= 2 * SHARE and self.threads > 1 and not (plan.keeps or plan.takes):
            self._share(batch, columns, bound, made, skip)
        else:
            self._run(self.instance, batch, columns, 0, columns.length, bound, made, skip)
        self.errors.sort(key=lambda e: e.row)
        return Scored(made.columns(self.on_error != "raise", skip), columns.length)

    def tag(self, t: Type) -> int:
        return self.code.memory.tag(t)

    # -- layouts --

    def source(self, column: Column, bound: Bound, rows: bool = False) -> Source:
        """The layout of a column; _NoArrays where it has none that compiled code reads.  `rows`: it is of all rows."""
        t, nullable = bare(column.type)
        if rows and isinstance(column, Objects) and self.code.takes and column.type in self.code.emitted.takes:
            return self.objects(column, bound)
        masked = column.valid is not None and nullable
        if masked:
            self.array(bound, column.valid, "u1")
        match column:
            case Constant(value=value):
                bound.arrays.append(self.code.fixed(column.type, value))
                return Source("constant", column.type)
            case Flat(data=data) if t in DTYPES:
                dtype = _CODES[np.dtype(DTYPES[t]).str[1:]]
                self.array(bound, data, DTYPES[t])
                return Source("flat", t, dtype, nullable, masked)
            case Codes(data=data, symbols=symbols):
                bound.arrays.append(self.table(bound, t, symbols))
                self.array(bound, data, "i4")
                return Source("codes", t, "i4", nullable, masked)
            case Blobs(offsets=offsets, data=data):
                self.array(bound, offsets, offsets.dtype)
                self.array(bound, data if len(data) else np.zeros(1, "u1"), "u1")
                plain = not len(data) or int(data.max()) < 128
                return Source("blobs", t, offsets.dtype.str[1:], nullable, masked, plain=plain)
            case Lists(offsets=offsets, items=items):
                self.array(bound, offsets, offsets.dtype)
                return Source("lists", t, offsets.dtype.str[1:], nullable, masked, (self.source(items, bound),))
            case Maps(offsets=offsets, keys=keys, items=items):
                self.array(bound, offsets, offsets.dtype)
                pair = self.source(keys, bound), self.source(items, bound)
                return Source("maps", t, offsets.dtype.str[1:], nullable, masked, pair)
            case Records(fields=fields):
                inside = tuple(self.source(c, bound, rows and not nullable) for c in fields.values())
                return Source("record", t, "", nullable, masked, inside)
            case Unions(tags=tags, places=places, branches=branches) if column.valid is None:
                self.array(bound, tags, "u1")
                self.array(bound, places, "i4")
                inside = tuple(self.source(b, bound) for b in branches)
                return Source("unions", column.type, inside=inside)
            case Nulls() if nullable:
                return Source("nulls", NULL)
            case _:
                made = physical(column)
                if made is column or type(made) is type(column):
                    raise _NoArrays
                if masked:
                    bound.arrays.pop()
                if made.valid is None and column.valid is not None:
                    made.valid = column.valid
                return self.source(made, bound)

    def objects(self, column: Objects, bound: Bound) -> Source:
        """Python objects, which are held as long as the loop runs, and the place of a slot that the host gives."""
        values = column.given.tolist() if isinstance(column.given, np.ndarray) else list(column.given)
        if column.valid is not None:
            values = [v if ok else None for v, ok in zip(values, column.valid.tolist(), strict=True)]
        held = np.fromiter(values, object, len(values))
        bound.kept.append(held)
        bound.arrays += [held.ctypes.data, 0]
        bound.objects.append((len(bound.arrays) - 1, column, values))
        return Source("object", column.type, self.code.emitted.takes[column.type])

    def array(self, bound: Bound, data: Any, dtype: Any) -> None:
        """An array's address, and the array, which must live as long as the loop runs."""
        whole = np.ascontiguousarray(data, dtype)
        bound.kept.append(whole)
        bound.arrays.append(whole.ctypes.data)

    def table(self, bound: Bound, t: Type, symbols: tuple[str, ...]) -> int:
        """Slots of the texts that a dictionary column has."""
        if isinstance(t, Enum):
            places = {s: i for i, s in enumerate(t.symbols)}
            slots = [places.get(s, 0) for s in symbols]
        else:
            slots = [self.code.fixed(STRING, s) for s in symbols]
        whole = np.array(slots or [0], "i8")
        bound.kept.append(whole)
        return int(whole.ctypes.data)

    def sinks(self) -> tuple[Sink, ...]:
        fields = [(f.name, f.type) for f in self.output.fields] if isinstance(self.output, Record) else []
        return tuple(self.sink(n, t) for n, t in fields or [("", self.output)])

    def sink(self, name: str, t: Type) -> Sink:
        inner, nullable = bare(t)
        if inner in DTYPES and isinstance(inner, Prim) and t != NULL:
            return Sink(name, t, _CODES[np.dtype(DTYPES[inner]).str[1:]], nullable)
        return Sink(name, t, "", nullable)

    # -- running --

    def _refuse(self, columns: Columns, skip: Any) -> None:
        """Rows that do not have the input's type."""
        bad = columns.root.faults()
        if bad is None:
            return
        skip[bad.rows] = 1
        for row in bad.rows.tolist():
            self._row_failed(columns.first + row, bad.why(row).error())

    def _row_failed(self, row: int, error: Any) -> None:
        before = len(self.outputs)
        self._failed(row, error)
        del self.outputs[before:]

    def _run(self, instance: Instance, batch: Any, columns: Columns, start: int, stop: int, bound: Bound,
             made: _Outputs, skip: Any) -> None:  # fmt: skip
        """A part of the rows, in order; comes back for rows that fail, garbage and outputs to be read."""
        instance.start()
        words = np.array(
            [start, stop, skip.ctypes.data, 0, 0, *bound.arrays, *made.addresses()], "i8"
        )
        words[3] = (instance.arena.start + instance.arena.end) // 2
        read = start
        while True:
            answer = batch(instance.base, words.ctypes.data)
            row = int(words[0])
            if answer == 0 and instance.untaken():
                instance.rewind(made.keeps)
                self._give(instance, columns.first, row, bound, words, skip)
                continue
            if answer == 0 and (error := instance.failure()) is not None:
                skip[row] = 1
                words[0] = row + 1
                self._row_error(columns.first + row, error)
                instance.rewind(made.keeps)
                continue
            if made.keeps:
                made.read(read, row, skip)
                read = row
            instance.start()
            if answer == 1:
                return

    def _give(self, instance: Instance, first: int, row: int, bound: Bound, words: Any, skip: Any) -> None:
        """A row that compiled code does not take: the host decodes its objects."""
        try:
            for at, column, values in bound.objects:
                given = instance.arguments((column.type,), (column.decode(values[row]),))
                words[FIRST + at] = instance.q[given >> 3]
        except (PfaDataError, PfaLimitError) as error:
            skip[row] = 1
            words[0] = row + 1
            self._row_failed(first + row, error)
        else:
            words[4] = row + 1

    def _row_error(self, row: int, error: BaseException) -> None:
        own = self.runtime.failed(error)
        if not isinstance(own, PfaRuntimeError | PfaLimitError | PfaDataError):
            raise own from None
        self._row_failed(row, own)

    def _share(self, batch: Any, columns: Columns, bound: Bound, made: _Outputs, skip: Any) -> None:
        """Rows on several threads: a part each."""
        count = min(self.threads, columns.length // SHARE)
        instances = self.code.helpers(self.instance, count, self._meter)
        edges = [columns.length * i // count for i in range(count + 1)]
        with ThreadPoolExecutor(count) as pool:
            work = [
                pool.submit(self._run, x, batch, columns, a, b, bound, made, skip)
                for x, a, b in zip(instances, edges[:-1], edges[1:], strict=True)
            ]
            for w in work:
                w.result()
        self.instance.count(instances[1:])

    def _meter(self) -> Meter:
        own = self.runtime.meter
        return Meter(own.limits, {}, self.code.chunk, own.seconds)


class _Outputs:
    """The arrays that outputs go to."""

    def __init__(self, sinks: tuple[Sink, ...], length: int, backend: KernelBackend) -> None:
        self.sinks = sinks
        self.length = length
        self.backend = backend
        self.arrays: list[Any] = []
        self.masks: list[Any] = []
        self.values: list[list[Any] | None] = []
        encoders = TableEncoders(backend.instance.charge)
        self.loads: list[Callable[[int], Any] | None] = []
        for s in sinks:
            self.arrays.append(np.zeros(length, DTYPES[bare(s.type)[0]] if s.dtype else "i8"))
            self.masks.append(np.ones(length, bool) if s.dtype and s.nullable else None)
            self.values.append(None if s.dtype else [None] * length)
            self.loads.append(None if s.dtype else self._load(s.type, encoders))
        self.keeps = any(not s.dtype for s in sinks)

    def _load(self, t: Type, encoders: Any) -> Callable[[int], Any]:
        load, encode = self.backend.instance.memory.load(t), encoders.of(t)
        return load if encode is None else lambda i: encode(load(i))

    def addresses(self) -> list[int]:
        found: list[int] = []
        for array, mask in zip(self.arrays, self.masks, strict=True):
            found.append(array.ctypes.data)
            if mask is not None:
                found.append(mask.ctypes.data)
        return found

    def read(self, start: int, stop: int, skip: Any) -> None:
        """Slots of rows that are in the arena now."""
        for array, values, load in zip(self.arrays, self.values, self.loads, strict=True):
            if values is None or load is None:
                continue
            at = array.ctypes.data >> 3
            for row in range(start, stop):
                if not skip[row]:
                    values[row] = load(at + row)

    def columns(self, nullable: bool, skip: Any) -> dict[str, Column]:
        failed = skip.astype(bool) if nullable else None
        found: dict[str, Column] = {}
        for s, array, mask, values in zip(self.sinks, self.arrays, self.masks, self.values, strict=True):
            valid = mask
            if failed is not None:
                valid = ~failed if valid is None else valid & ~failed
            if values is not None:
                missing = None
                if s.nullable or nullable:
                    missing = np.fromiter((v is not None for v in values), bool, self.length)
                found[s.name] = Values(type=s.type, length=self.length, valid=missing, made=values)
            else:
                found[s.name] = Flat(type=s.type, length=self.length, valid=valid, data=array)
        return found
