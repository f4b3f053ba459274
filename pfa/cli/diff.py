"""`pfa diff`: how two documents differ, and whether their outputs do.

Exit codes are those of diff(1): 0 the same, 1 different, 2 trouble (a document that does not load, a file that cannot
be read).
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from math import isfinite
from typing import TYPE_CHECKING, Any

import pfa
from pfa.cli.differences import Side, differences, places, same_leaf
from pfa.cli.run_input import UsageError
from pfa.cli.tables import form_of, opened, shown
from pfa.data.rows import Row
from pfa.errors import PfaError
from pfa.limits import Limits
from pfa.types import to_avro

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from pfa.types import Type

_END = Row(0)
_REFUSED = "PfaDataError"


def diff(args: argparse.Namespace) -> int:
    """Show how two documents differ: types, cells, pools, functions, code, options; and, given data, their outputs."""
    try:
        with ExitStack() as stack:
            old, new = (_side(path, stack, args) for path in (args.old, args.new))
            found = [d.as_json() if args.json else str(d) for d in differences(old, new)]
            outputs = _outputs(args, old.engine, new.engine) if args.data else None
    except PfaError as error:
        print(f"pfa diff: {error}" if isinstance(error, UsageError) else error, file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps({"differences": found, "outputs": outputs and outputs.as_json()}))
    else:
        print(*found, *(outputs.lines() if outputs else ()), sep="\n", end="\n" if found or outputs else "")
    return int(bool(found or (outputs and outputs.differ)))


def _side(path: Any, stack: ExitStack, args: argparse.Namespace) -> Side:
    engine = pfa.load(path, unions="tagged", limits=Limits(quote_values=args.quote_values))
    return Side.of(path, stack.enter_context(engine))


# --- outputs ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Outputs:
    """How the outputs of two engines for the same data differ."""

    most: int
    text: bool  # rows are lines
    rows: int = 0
    differ: int = 0
    failed: list[int] = field(default_factory=lambda: [0, 0])
    shown: list[dict[str, Any]] = field(default_factory=list)

    def add(self, where: int | str, old: dict[str, Any], new: dict[str, Any], tolerance: float) -> None:
        """One more pair of outcomes: {"output": value} or {"error": text, "kind": class}."""
        for i, outcome in enumerate((old, new)):
            self.failed[i] += "error" in outcome
        if not _same(old, new, tolerance):
            self.differ += 1
            if len(self.shown) < self.most:
                self.shown.append({"row": where, "old": old, "new": new})

    def as_json(self) -> dict[str, Any]:
        """An object."""
        failed = {"old": self.failed[0], "new": self.failed[1]}
        return {"rows": self.rows, "differ": self.differ, "failed": failed, "shown": _plain(self.shown)}

    def lines(self) -> Iterator[str]:
        """As text."""
        failed = f" (failed: {self.failed[0]:,} -> {self.failed[1]:,})" if any(self.failed) else ""
        yield f"outputs: {self.differ:,} differ, of {self.rows:,} rows{failed}"
        for one in self.shown:
            where = one["row"] if isinstance(one["row"], str) else f"{'line' if self.text else 'record'} {one['row']}"
            yield f"  {where}: {_outcome_text(one['old'])} -> {_outcome_text(one['new'])}"
        if self.differ > len(self.shown):
            yield "  ..."


def _same(old: dict[str, Any], new: dict[str, Any], tolerance: float) -> bool:
    """Data that both refuse are the same: the texts name what each expected."""
    if old.keys() != new.keys() or "error" in old:
        return old.get("kind") == new.get("kind") and (old.get("kind") == _REFUSED or old == new)
    return all(same_leaf(x, y, tolerance) for _, x, y in places(old, new))


def _outcome_text(outcome: dict[str, Any]) -> str:
    if "error" in outcome:
        return f"error: {outcome['error']}"
    return json.dumps(_plain(outcome["output"]), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """As Avro's JSON has it: bytes are text, and what is no number has a name."""
    match value:
        case float() if not isfinite(value):
            return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        case bytes():
            return value.decode("latin-1")
        case list():
            return [_plain(x) for x in value]
        case dict():
            return {k: _plain(x) for k, x in value.items()}
        case _:
            return value


def _outputs(args: argparse.Namespace, old: pfa.Engine, new: pfa.Engine) -> Outputs:
    form = form_of(args.data, args.format, "--format")
    found = Outputs(args.rows, form.text)
    file = shown(args.data)

    def rows(source: Any, t: Type) -> Iterator[Row]:
        return form.reader(source, t, file=file, quote=args.quote_values)

    once = to_avro(old.input_type) == to_avro(new.input_type)
    if args.data == "-" and not once:
        raise UsageError("the documents take different inputs, so the data are read twice: give a file")
    with ExitStack() as stack:
        source = stack.enter_context(opened(args.data))
        pairs: Iterable[tuple[Row, Row]]
        if once:
            pairs = ((row, row) for row in rows(source, old.input_type))
        else:
            other = stack.enter_context(opened(args.data))
            both = rows(source, old.input_type), rows(other, new.input_type)
            pairs = zip_longest(*both, fillvalue=_END)
        for one, two in pairs:
            found.rows += 1
            found.add(one.line or two.line, _outcome(old, one), _outcome(new, two), args.tolerance)
    found.add("end", _ending(old), _ending(new), args.tolerance)
    return found


def _outcome(engine: pfa.Engine, row: Row) -> dict[str, Any]:
    try:
        if row.error:
            raise row.error
        return {"output": engine.action(row.datum)}
    except PfaError as error:
        return _failure(error)


def _failure(error: PfaError) -> dict[str, Any]:
    return {"error": error.problems[0].text, "kind": type(error).__name__}


def _ending(engine: pfa.Engine) -> dict[str, Any]:
    """What comes after the last row."""
    try:
        sent = engine.end()
        return {"output": engine.tally if engine.method == "fold" else sent}
    except PfaError as error:
        return _failure(error)
