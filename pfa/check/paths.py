"""Symbol references, attr, cells and pools: everything that walks a path into a structure.

Specification, "Symbol references", "Extracting from and updating arrays, maps, and records" and "... cells and
pools".
"""

from __future__ import annotations

from typing import Any

from pfa.check.checker import HOOKS, Checker, Facts, form
from pfa.check.functions import function_argument, is_function
from pfa.check.problems import (
    BadPath,
    NoSuchField,
    UnknownStorage,
    UnknownSymbol,
    WrongType,
    show,
    suggestion,
)
from pfa.check.scope import Scope
from pfa.errors import Where
from pfa.ir import (
    Argument,
    Attr,
    AttrTo,
    Cell,
    CellGet,
    CellTo,
    Expr,
    FunctionDef,
    FunctionRef,
    Lit,
    Local,
    PoolDel,
    PoolGet,
    PoolTo,
    Step,
)
from pfa.lib.table import lookup
from pfa.types import (
    INT,
    NULL,
    STRING,
    UNKNOWN,
    Array,
    Function,
    Map,
    Record,
    Type,
    Union,
    Unknown,
)


def check_reference(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    """`x`, or `x.4.key.field`, the short form of attr."""
    text: str = value[""]
    name, _, rest = text.partition(".")
    symbol = scope.find(name)
    if symbol is None:
        if not c.symbol_name(name, at):
            return Lit(UNKNOWN, None, at=at)
        c.report(UnknownSymbol(show(name), _reference_hint(c, text, name, scope), at=Where(at)))
        return Lit(UNKNOWN, None, at=at)
    base = Local(symbol.type, symbol.name, at=at)
    if not rest and text == name:
        return base
    steps, type = _literal_path(c, symbol.type, rest.split("."), at)
    return Attr(type, base, steps, at=at) if steps else Lit(UNKNOWN, None, at=at)


HOOKS["reference"] = check_reference


def _reference_hint(c: Checker, text: str, name: str, scope: Scope) -> str:
    if text in c.functions or text == "emit" or lookup(text):
        return f'; a function is passed as {{"fcn": {show(text)}}}'
    if text.startswith("u.") and text[2:] in c.functions:
        return f'; a function is passed as {{"fcn": {show(text)}}}'
    if hint := suggestion(name, scope.visible()):
        return hint
    if text in c.cells:
        return f'; a cell is read with {{"cell": {show(text)}}}'
    return f'; a string is written [{show(text)}] or {{"string": {show(text)}}}' if text == name else ""


def _literal_path(c: Checker, type: Type, names: list[str], at: str) -> tuple[tuple[Step, ...], Type]:
    """The rest of a dotted reference: a number is an index for arrays, a key for maps (docs/spec-notes.md)."""
    steps: list[Step] = []
    for name in names:
        match type:
            case Unknown():
                return (), UNKNOWN
            case Array(items):
                if not (name.isdecimal() and name.isascii() and len(name) < 10):
                    c.report(WrongType("an index of an array", "a number", show(name), at=Where(at)))
                    return (), UNKNOWN
                steps.append(Step(items, Lit(INT, int(name), at=at)))
                type = items
            case Map(values):
                steps.append(Step(values, Lit(STRING, name, at=at)))
                type = values
            case _:
                step = _field(c, type, name, at)
                if step is None:
                    return (), UNKNOWN
                steps.append(step)
                type = step.into
    return tuple(steps), type


def _field(c: Checker, type: Type, name: str, at: str) -> Step | None:
    """A step into a record."""
    if not isinstance(type, Record):
        hint = "; take it apart with cast or ifnotnull first" if isinstance(type, Union) else ""
        c.report(BadPath(f"{type} has nothing inside that {show(name)} could name{hint}", at=Where(at)))
        return None
    known = type.by_name.get(name)
    if known is None:
        hint = suggestion(name, list(type.by_name))
        c.report(NoSuchField(str(type), show(name), hint, at=Where(at)))
        return None
    return Step(known.type, None, name)


def path(c: Checker, type: Type, value: Any, at: str, scope: Scope) -> tuple[tuple[Step, ...], Type]:
    """The steps of a path into `type`, and the type at its end."""
    steps: list[Step] = []
    for i, item in enumerate(c.items(value, "path", at)):
        here = f"{at}/{i}"
        key = c.expression(item, here, scope.value())
        match type:
            case Unknown():
                continue
            case Array(items):
                steps.append(Step(items, c.want(INT, key, "an index of an array")))
                type = items
            case Map(values):
                steps.append(Step(values, c.want(STRING, key, "a key of a map")))
                type = values
            case Record() if not (isinstance(key, Lit) and key.type == STRING):
                if not isinstance(key.type, Unknown):
                    c.report(
                        WrongType("a field of a record", "a literal string", _kind(key), _bare(item), at=Where(here))
                    )
                type = UNKNOWN
            case _:
                name = key.value if isinstance(key, Lit) and isinstance(key.value, str) else ""
                step = _field(c, type, name, here)
                if step is None:
                    type = UNKNOWN
                else:
                    steps.append(step)
                    type = step.into
    return tuple(steps), type


def _kind(key: Expr) -> str:
    return str(key.type) if not isinstance(key, Local) else f"a symbol of type {key.type}"


def _bare(item: Any) -> str:
    return f"; a literal is written [{show(item)}]" if isinstance(item, str) else ""


def _to(c: Checker, value: Any, at: str, scope: Scope, type: Type) -> Argument:
    """A new value, or a function of the old one."""
    if not is_function(value):
        return c.want(type, c.expression(value, at, scope.value()), "to")
    made = function_argument(c, value, at, scope, Function((type,), type), "to")
    return Lit(UNKNOWN, None, at=at) if made is None else made


def _update(c: Checker, value: Any, at: str, scope: Scope, type: Type) -> Argument:
    """The same for cells and pools, where a function must not change cells or pools, however far."""
    outer, c.facts = c.facts, Facts()
    made = _to(c, value, f"{at}/to", scope, type)
    mine, c.facts = c.facts, outer
    outer.add(mine)
    if isinstance(made, FunctionDef | FunctionRef):
        c.updates.append((mine, f"{at}/to"))
    return made


@form("attr", "path", optional=("to",))
def check_attr(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    base = c.expression(value["attr"], f"{at}/attr", scope.value())
    steps, type = path(c, base.type, value["path"], f"{at}/path", scope)
    if value["path"] == []:
        c.report(BadPath("the path of attr needs at least one item", at=Where(f"{at}/path")))
        type = UNKNOWN
    if "to" not in value:
        return Attr(type, base, steps, at=at)
    to = _to(c, value["to"], f"{at}/to", scope, type)
    return AttrTo(base.type, base, steps, to, at=at)


def _storage(c: Checker, kind: str, name: Any, at: str) -> Cell | None:
    table = c.cells if kind == "cell" else c.pools
    if not isinstance(name, str):
        c.wrong_json(f"the name of a {kind}", "a string", name, f"{at}/{kind}")
        return None
    if name not in table:
        hint = suggestion(name, list(table))
        other = c.pools if kind == "cell" else c.cells
        if name in other:
            hint = f", but there is a {'pool' if kind == 'cell' else 'cell'} of that name"
        c.report(UnknownStorage(kind, show(name), hint, at=Where(f"{at}/{kind}")))
        return None
    return table[name]


@form("cell", optional=("path", "to"))
def check_cell(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    cell = _storage(c, "cell", value["cell"], at)
    whole = cell.type if cell else UNKNOWN
    steps, type = path(c, whole, value.get("path", []), f"{at}/path", scope)
    if "to" not in value:
        return CellGet(type, cell.name, steps, at=at) if cell else Lit(UNKNOWN, None, at=at)
    to = _update(c, value["to"], at, scope, type)
    c.facts.writes.append(("cell-to", at))
    return CellTo(whole, cell.name, steps, to, at=at) if cell else Lit(UNKNOWN, None, at=at)


@form("pool", optional=("path", "to", "init", "del"))
def check_pool(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    pool = _storage(c, "pool", value["pool"], at)
    if "del" in value:
        return _pool_del(c, pool, value, at, scope)
    if not isinstance(value.get("path"), list) or not value["path"]:
        c.report(BadPath("a pool needs a path that begins with the name of an item", at=Where(at)))
        return Lit(UNKNOWN, None, at=at)
    whole = pool.type if pool else UNKNOWN
    first, *_ = value["path"]
    item = c.want(STRING, c.expression(first, f"{at}/path/0", scope.value()), "the name of a pool item")
    steps, type = _rest(c, whole, value["path"], f"{at}/path", scope)
    if "to" not in value:
        if "init" in value:
            c.report(BadPath('init goes with "to"', at=Where(f"{at}/init")))
        return PoolGet(type, pool.name, item, steps, at=at) if pool else Lit(UNKNOWN, None, at=at)
    to = _update(c, value["to"], at, scope, type)
    c.facts.writes.append(("pool-to", at))
    if "init" not in value:
        c.report(BadPath('pool with "to" needs "init", the value of an item that does not exist yet', at=Where(at)))
        return Lit(whole, None, at=at)
    init = c.want(whole, c.expression(value["init"], f"{at}/init", scope.value()), "init")
    return PoolTo(whole, pool.name, item, steps, to, init, at=at) if pool else Lit(UNKNOWN, None, at=at)


def _rest(c: Checker, whole: Type, items: list[Any], at: str, scope: Scope) -> tuple[tuple[Step, ...], Type]:
    """The path after the item's name; positions keep counting."""
    steps, type = path(c, Map(whole) if not isinstance(whole, Unknown) else UNKNOWN, [["-"], *items[1:]], at, scope)
    return steps[1:], type


def _pool_del(c: Checker, pool: Cell | None, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    for extra in ("path", "to", "init"):
        if extra in value:
            c.report(BadPath(f'"del" does not go with {show(extra)}', at=Where(f"{at}/{extra}")))
    item = c.want(STRING, c.expression(value["del"], f"{at}/del", scope.value()), "the name of a pool item")
    c.facts.writes.append(("pool-del", at))
    return PoolDel(NULL, pool.name, item, at=at) if pool else Lit(NULL, None, at=at)


