"""How many bytes a datum takes at least, and how much memory at most without its bytes showing it.

Place in the pipeline: `avro_source` prints checks of these.  An array of two bytes can claim 2^60 nulls, a schema of
sixty records that hold the next one twice has 2^60 fields and no bytes: so the memory of an item is counted before
items are made, and what a datum takes whatever its bytes are is known before the first.
"""

from __future__ import annotations

from pfa.data.avro_resolve import (
    ArrayPlan,
    BoxPlan,
    EnumPlan,
    FixedPlan,
    MapPlan,
    Plan,
    RecordPlan,
    Refuse,
    Scalar,
    UnionPlan,
)

_LEAST = {"null": 0, "float": 4, "double": 8}
_POINTER = 8
_NUMBER = 32
_ARRAY = 64
_DICT = 72
_ENTRY = 100  # a key of a map, and its place


class Sizes:
    """Of a plan and all inside it.  `shared`: records that are met twice; `recursive`: those that hold themselves."""

    def __init__(self, plan: Plan) -> None:
        self.shared: set[RecordPlan] = set()
        self.recursive: set[RecordPlan] = set()
        self.counted = False
        self._least: dict[RecordPlan, int] = {}
        self._cost: dict[RecordPlan, int] = {}
        self._open: set[RecordPlan] = set()
        self._seen: set[RecordPlan] = set()
        self._visit(plan)
        self.counted |= bool(self.recursive)

    def _visit(self, plan: Plan) -> None:
        match plan:
            case RecordPlan():
                self._visit_record(plan)
            case ArrayPlan(inner) | MapPlan(inner):
                self.counted = True
                self._visit(inner)
            case BoxPlan(_, inner) | Refuse(inner):
                self._visit(inner)
            case UnionPlan(branches):
                for b in branches:
                    self._visit(b)

    def _visit_record(self, plan: RecordPlan) -> None:
        if plan in self._seen:
            self.shared.add(plan)
            if plan in self._open:
                self.recursive.add(plan)
            return
        self._seen.add(plan)
        self._open.add(plan)
        for _, inner in plan.steps:
            self._visit(inner)
        self._open.remove(plan)

    def reads(self, plan: Plan) -> bool:
        """Does reading a value move on?  A value of no bytes need not be skipped."""
        match plan:
            case Scalar(kind):
                return kind != "null"
            case FixedPlan(size):
                return size > 0
            case RecordPlan():
                return self.least(plan) > 0 or bool(self.recursive)
            case BoxPlan(_, inner):
                return self.reads(inner)
            case _:
                return True

    def least(self, plan: Plan) -> int:
        """The fewest bytes of a value."""
        match plan:
            case Scalar(kind):
                return _LEAST.get(kind, 1)
            case FixedPlan(size):
                return size
            case RecordPlan():
                if plan not in self._least:
                    self._least[plan] = 0  # for one inside itself
                    self._least[plan] = sum(self.least(inner) for _, inner in plan.steps)
                return self._least[plan]
            case UnionPlan(branches):
                return 1 + min(map(self.least, branches))
            case BoxPlan(_, inner) | Refuse(inner):
                return self.least(inner)
            case _:
                return 1

    def cost(self, plan: Plan) -> int:
        """The memory of a value, apart from what arrays, maps and recursive records count when they are read."""
        match plan:
            case Scalar(kind):
                return 0 if kind == "null" else _NUMBER
            case FixedPlan(size):
                return _NUMBER + size
            case EnumPlan():
                return 0
            case ArrayPlan():
                return _ARRAY
            case MapPlan():
                return _DICT
            case RecordPlan():
                if plan not in self._cost:
                    self._cost[plan] = 0
                    fields = sum(self.cost(inner) for _, inner in plan.steps)
                    self._cost[plan] = _DICT + 3 * _POINTER * len(plan.order) + fields
                return self._cost[plan]
            case UnionPlan(branches):
                return max(map(self.cost, branches))
            case BoxPlan(_, inner) | Refuse(inner):
                return _DICT + self.cost(inner)

    def item(self, plan: Plan, extra: int) -> int:
        """The memory of an item of an array, or with `extra` bytes of key of a map."""
        return _POINTER + self.cost(plan) + _ENTRY * extra
