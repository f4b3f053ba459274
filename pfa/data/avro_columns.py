"""Avro files as columns: a block at once, for actions on columns.

Place in the pipeline: beside `avro`, for batches (`pfa.data.batches`).  Values that nobody uses are passed over where
that cannot hide a fault.  Invariant: a batch is the same rows that `avro.reader` gives; a block with anything wrong in
it has no columns, and its rows say what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from pfa.data.avro import _decoders, _position, _Rows
from pfa.data.avro_container import Container
from pfa.data.avro_primitives import Broken, Located, Rest
from pfa.data.avro_resolve import ArrayPlan, BoxPlan, FixedPlan, Plan, RecordPlan, Scalar, UnionPlan, resolve
from pfa.data.avro_schema import DEFAULT
from pfa.data.avro_source import ColumnDecoder
from pfa.data.batches import SMALL, WARM, Batch
from pfa.types import BOOLEAN, DOUBLE, FLOAT, INT, LONG, Record, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pfa.data.avro_container import Block
    from pfa.data.rows import Row
    from pfa.limits import Limits

_KINDS: dict[Type, str] = {BOOLEAN: "?", INT: "i8", LONG: "i8", FLOAT: "f8", DOUBLE: "f8"}
_STORED = {"double": "<f8", "float": "<f4", "boolean": "u1"}
_MOST = 1000  # fields of records that have columns, if they are not all of fixed size


def batches(
    source: BinaryIO,
    t: Type,
    inputs: dict[str, Type],
    used: frozenset[str],
    *,
    file: str = "",
    quote: bool = False,
    start: Any = None,
    size: int | None = None,
    limits: Limits = DEFAULT,
) -> Iterator[Batch]:
    """The rows of a file in batches; of `inputs`, the columns, those that are `used` have values.

    PfaDataError: as `avro.reader`.
    """
    container = Container(source, file=file, limits=limits)
    rows = _Rows(container, _decoders(container, t, ready=False), quote)
    offset, before, index = _position(start, container)
    return _Batches(container, rows, t, inputs, used).all(offset, before, index, size)


class _Batches:
    def __init__(
        self, container: Container, rows: _Rows, t: Type, inputs: dict[str, Type], used: frozenset[str]
    ) -> None:
        self.container, self.rows, self.t = container, rows, t
        self.inputs = {name: kind for name, kind in inputs.items() if name in used}
        self._parse: Callable[[Block], dict[str, Any] | None] | None = None

    def all(self, offset: int | None, before: int, index: int, size: int | None) -> Iterator[Batch]:
        """`size`: that of the file if it is known; what columns need takes time to import."""
        warm = size is not None and size >= WARM
        for block in self.container.blocks(offset, before):
            self.rows.check_count(block)
            warm = warm or block.offset >= WARM
            columns = None
            if warm and not index and not block.fault and len(block.data) >= SMALL:
                columns = self.parse(block)
            yield Batch(self._rows_of(block, index), columns, block.count, [block.offset, block.first, block.count])
            index = 0

    def _rows_of(self, block: Block, index: int) -> Callable[[], Iterator[Row]]:
        return lambda: self.rows.block(block, index)

    def parse(self, block: Block) -> dict[str, Any] | None:
        """The columns of a block that is as it should be."""
        if self._parse is None:
            plan = resolve(self.container.schema, self.t, "host")
            self._parse = _parser(plan, self.t, self.inputs, self.container.limits)
        return self._parse(block)


Steps: TypeAlias = "list[tuple[str | None, Plan]]"


def _parser(
    plan: Plan, t: Type, inputs: dict[str, Type], limits: Limits
) -> Callable[[Block], dict[str, Any] | None]:
    """What makes columns of blocks, by whether all values are of fixed size."""
    steps: Steps = plan.steps if isinstance(plan, RecordPlan) else [("", plan)]
    if all(_stored(inner) for _, inner in steps):
        return _Fixed(plan, steps, inputs).parse
    if len(steps) > _MOST or not steps or isinstance(t, Record) != isinstance(plan, RecordPlan):
        return lambda block: None
    try:
        return _Read(plan, steps, inputs, limits).parse
    except (Broken, RecursionError):
        return lambda block: None


class _Fixed:
    """Records of fixed size are an array as they are."""

    def __init__(self, plan: Plan, steps: Steps, inputs: dict[str, Type]) -> None:
        import numpy

        self.numpy, self.plan, self.inputs = numpy, plan, inputs
        names = [f"c{i}" for i in range(len(steps))]
        self.stored = numpy.dtype([(c, _stored(inner)) for c, (_, inner) in zip(names, steps, strict=True)])
        self.places = {name: c for c, (name, _) in zip(names, steps, strict=True) if name is not None}
        self.booleans = [c for c in names if self.stored[c] == numpy.dtype("u1")]

    def parse(self, block: Block) -> dict[str, Any] | None:
        if not self.stored.itemsize or len(block.data) != block.count * self.stored.itemsize:
            return None
        found = self.numpy.frombuffer(block.data, self.stored)
        if any(found[c].max(initial=0) > 1 for c in self.booleans):
            return None
        return {name: self._column(found, name, t, block.count) for name, t in self.inputs.items()}

    def _column(self, found: Any, name: str, t: Type, count: int) -> Any:
        if name in self.places:
            return found[self.places[name]].astype(_KINDS.get(t, "f8"))
        return _filled(self.plan, name, t, count)


class _Read:
    """Other records are read one after the other, and their values appended to lists."""

    def __init__(self, plan: Plan, steps: Steps, inputs: dict[str, Type], limits: Limits) -> None:
        self.plan, self.inputs = plan, inputs
        self.read = [name for name, _ in steps if name is not None and name in inputs]
        wanted = [(name if name in inputs or not _harmless(inner) else None, inner) for name, inner in steps]
        self.decoder = ColumnDecoder(plan, wanted, self.read, limits)

    def parse(self, block: Block) -> dict[str, Any] | None:
        lists: list[list[Any]] = [[] for _ in self.read]
        data = block.data
        try:
            self.decoder.columns(data, 0, len(data), block.count, *(column.append for column in lists))
        except (Located, Rest):
            return None
        made = {name: _column(values, self.inputs[name]) for name, values in zip(self.read, lists, strict=True)}
        others = {name: t for name, t in self.inputs.items() if name not in made}
        return made | {name: _filled(self.plan, name, t, block.count) for name, t in others.items()}


def _column(values: list[Any], t: Type) -> Any:
    """An array of numbers or booleans; of others the list."""
    if t not in _KINDS:
        return values
    import numpy

    return numpy.array(values, _KINDS[t])


def _filled(plan: Plan, name: str, t: Type, count: int) -> Any:
    """The column of a field that the file does not have."""
    assert isinstance(plan, RecordPlan)
    return _column([plan.defaults[name]()] * count, t)


def _stored(plan: Plan) -> str:
    """How NumPy names a value of fixed size; empty for others."""
    match plan:
        case Scalar(kind):
            return _STORED.get(kind, "")
        case FixedPlan(size):
            return f"V{size}" if size else ""
        case _:
            return ""


def _harmless(plan: Plan) -> bool:
    """Can a value be passed over, since no byte of it could be wrong by itself?"""
    match plan:
        case Scalar(kind):
            return kind in ("null", "double", "float", "bytes")
        case FixedPlan():
            return True
        case UnionPlan(branches):
            return all(map(_harmless, branches))
        case BoxPlan(_, inner) | ArrayPlan(inner):
            return _harmless(inner)
        case _:
            return False
