"""Symbol references, attr, cells and pools: everything that walks a path into a structure.

Specification, "Symbol references", "Extracting from and updating arrays, maps, and records" and "Extracting
from and updating cells and pools".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.check.checker import HOOKS, SYMBOL, Checker, Facts, form
from pfa.check.functions import function_argument, is_function, unknown_function
from pfa.check.problems import (
    BadPath,
    MissingField,
    NoSuchField,
    UnknownStorage,
    UnknownSymbol,
    WrongType,
    show,
)
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

if TYPE_CHECKING:
    from pfa.check.scope import Scope

# Where the predefined symbols are (specification, "Predefined symbols").
_PREDEFINED = {
    "input": '"action" has it',
    "tally": '"action" and "end" have it, where "method" is "fold"',
    "tallyOne": '"merge" has it',
    "tallyTwo": '"merge" has it',
    "actionsStarted": '"action" and "end" have it',
    "actionsFinished": '"action" and "end" have it',
    "version": 'a document with the field "version" has it',
    "name": "begin, action and end have it",
    "instance": "begin, action and end have it",
    "metadata": "begin, action and end have it",
}


def check_reference(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    """`x`, or `x.4.key.field`, the short form of attr."""
    text: str = value[""]
    name, _, rest = text.partition(".")
    symbol = scope.find(name)
    if symbol is None:
        if not scope.find(text):
            _unknown_symbol(c, text, name, at, scope)
        return Lit(UNKNOWN, None, at=at)
    base = Local(symbol.type, symbol.name, at=at)
    if not rest and text == name:
        return base
    steps, type = _literal_path(c, symbol.type, rest.split("."), at)
    return Attr(type, base, steps, at=at) if steps else Lit(UNKNOWN, None, at=at)


HOOKS["reference"] = check_reference


def _unknown_symbol(c: Checker, text: str, name: str, at: str, scope: Scope) -> None:
    """A name that means nothing: a text that was to be a string, a symbol of elsewhere, or misspelled."""
    if not SYMBOL.match(name):
        c.report(UnknownSymbol(show(text), _as_string(c, text, at), at=Where(at)))
        return
    if hint := _function_hint(c, text):
        c.report(UnknownSymbol(show(text), hint, at=Where(at)))
        return
    if text.startswith("u."):
        unknown_function(c, text, at)
        return
    hint = _elsewhere(c, name, scope) or c.hints.name(name, scope.visible())
    if not hint and scope.is_opaque():
        return
    if not hint:
        if text in c.cells:
            hint = f'; a cell is read with {{"cell": {show(text)}}}'
        else:
            hint = _as_string(c, text, at)
            c.unseen[c.real(at)] = name
    c.report(UnknownSymbol(show(name), hint, at=Where(at)))


def _as_string(c: Checker, text: str, at: str) -> str:
    """How the text is written if it is a string; in a list of expressions ["x"] is the symbol x."""
    if at == c.lone:
        return f"; in a list of expressions a string is written [[{show(text)}]]"
    return f'; a string is written {{"string": {show(text)}}}'


def _function_hint(c: Checker, text: str) -> str:
    own = text.startswith("u.") and text[2:] in c.functions
    if text in c.functions:
        return f'; a function is passed as {{"fcn": {show("u." + text)}}}'
    if own or text == "emit" or lookup(text):
        return f'; a function is passed as {{"fcn": {show(text)}}}'
    return ""


def _elsewhere(c: Checker, name: str, scope: Scope) -> str:
    """A symbol that this place cannot have, though another one has it."""
    if name in c.pending:
        return '; the values of one "let" do not see its symbols: make it two'
    if name not in _PREDEFINED:
        return ""
    if scope.find("name") is None:
        return "; a function sees its parameters only: pass it as an argument"
    return f"; {'only ' if 'only' not in _PREDEFINED[name] else ''}{_PREDEFINED[name]}"


def _literal_path(c: Checker, type: Type, names: list[str], at: str) -> tuple[tuple[Step, ...], Type]:
    """The rest of a dotted reference: a digit is an index for arrays, a key for maps (docs/spec-notes.md)."""
    steps: list[Step] = []
    for name in names:
        match type:
            case Unknown():
                return (), UNKNOWN
            case Array(items):
                if not (name.isdecimal() and name.isascii() and len(name) < 10):
                    c.report(WrongType("an index of an array", "a whole number", show(name), at=Where(at)))
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
        hint = '; take it apart with "ifnotnull" or "cast" first' if isinstance(type, Union) else ""
        what = f"what {show(name)} is taken from" if name else "what this is taken from"
        c.report(WrongType(what, "an array, map or record", str(type), hint, at=Where(at)))
        return None
    known = type.by_name.get(name)
    if known is None:
        names = list(type.by_name)
        hint = c.hints.name(name, names) or f"; it has {', '.join(map(show, names[:6])) or 'none'}"
        c.report(NoSuchField(str(type), show(name), hint, at=Where(at)))
        return None
    return Step(known.type, None, name)


def path(c: Checker, type: Type, value: Any, at: str, scope: Scope) -> tuple[tuple[Step, ...], Type]:
    """The steps of a path into `type`, and the type at its end."""
    steps: list[Step] = []
    if not isinstance(value, list):
        type = UNKNOWN
    for i, item in enumerate(c.items(value, '"path"', at)):
        here = f"{at}/{i}"
        key = c.expression(item, here, scope.value())
        step = None if isinstance(type, Unknown) else _step(c, type, item, key, here)
        type = step.into if step else UNKNOWN
        if step:
            steps.append(step)
    return tuple(steps), type


def _step(c: Checker, type: Type, item: Any, key: Expr, at: str) -> Step | None:
    """One step of a path; None where it leads nowhere."""
    match type:
        case Array(items):
            return Step(items, c.want(INT, key, "an index of an array"))
        case Map(values):
            return Step(values, c.want(STRING, key, "a key of a map"))
        case Record() if not (isinstance(key, Lit) and key.type == STRING):
            if not isinstance(key.type, Unknown):
                what, expected = "a field of a record", "a literal string"
                c.report(WrongType(what, expected, _kind(key), _bare(item), at=Where(at)))
            return None
        case _:
            name = key.value if isinstance(key, Lit) and isinstance(key.value, str) else ""
            return _field(c, type, name, at)


def _kind(key: Expr) -> str:
    kind = "a symbol" if isinstance(key, Local) else "a literal" if isinstance(key, Lit) else "an expression"
    return f"{kind} of type {key.type}"


def _bare(item: Any) -> str:
    return f"; a literal is written [{show(item)}]" if isinstance(item, str) else ""


def _to(c: Checker, value: Any, at: str, scope: Scope, type: Type) -> Argument:
    """A new value, or a function of the old one."""
    if not is_function(value):
        return c.want(type, c.expression(value, at, scope.value()), 'the new value ("to")')
    made = function_argument(c, value, at, scope, Function((type,), type), 'the update function ("to")')
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
        message = "the path of attr needs at least one item, found an empty array"
        c.report(BadPath(message, at=Where(f"{at}/path")))
        type = UNKNOWN
    if "to" not in value:
        return Attr(type, base, steps, at=at)
    to = _to(c, value["to"], f"{at}/to", scope, type)
    return Lit(UNKNOWN, None, at=at) if isinstance(type, Unknown) else AttrTo(base.type, base, steps, to, at=at)


def _storage(c: Checker, kind: str, name: Any, at: str) -> Cell | None:
    table = c.cells if kind == "cell" else c.pools
    if not isinstance(name, str):
        c.wrong_json(f"the name of a {kind}", "a string", name, f"{at}/{kind}")
        return None
    if name in table or f"{kind}s" in c.untold:
        return table.get(name)
    hint = c.hints.name(name, list(table)) or ("" if table else f"; the document has no {kind}s")
    if name in (c.pools if kind == "cell" else c.cells):
        hint = f", but there is a {'pool' if kind == 'cell' else 'cell'} of that name"
    c.report(UnknownStorage(kind, show(name), hint, at=Where(f"{at}/{kind}")))
    return None


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
    if not _has_item(c, value, at):
        return Lit(UNKNOWN, None, at=at)
    whole = pool.type if pool else UNKNOWN
    first, *_ = value["path"]
    item = c.want(STRING, c.expression(first, f"{at}/path/0", scope.value()), "the name of a pool item")
    steps, type = _rest(c, whole, value["path"], f"{at}/path", scope)
    if "to" not in value:
        if "init" in value:
            c.report(MissingField('pool with "init"', '"to"', at=Where(at)))
        return PoolGet(type, pool.name, item, steps, at=at) if pool else Lit(UNKNOWN, None, at=at)
    to = _update(c, value["to"], at, scope, type)
    c.facts.writes.append(("pool-to", at))
    if "init" not in value:
        hint = ", the value of an item that does not exist yet"
        c.report(MissingField('pool with "to"', '"init"', hint, at=Where(at)))
        return Lit(whole, None, at=at)
    init = c.want(whole, c.expression(value["init"], f"{at}/init", scope.value()), '"init"')
    return PoolTo(whole, pool.name, item, steps, to, init, at=at) if pool else Lit(UNKNOWN, None, at=at)


def _has_item(c: Checker, value: dict[str, Any], at: str) -> bool:
    """Does the path of a pool name an item?"""
    path = value.get("path")
    if "path" not in value:
        hint = ", whose first item is the name of a pool item"
        c.report(MissingField("pool", '"path"', hint, at=Where(at)))
    elif not isinstance(path, list):
        c.wrong_json('"path"', "an array", path, f"{at}/path")
    elif not path:
        message = "the path of pool needs at least one item, the name of a pool item, found an empty array"
        c.report(BadPath(message, at=Where(f"{at}/path")))
    return isinstance(path, list) and bool(path)


def _rest(
    c: Checker, whole: Type, items: list[Any], at: str, scope: Scope
) -> tuple[tuple[Step, ...], Type]:
    """The path after the item's name; positions keep counting."""
    around = UNKNOWN if isinstance(whole, Unknown) else Map(whole)
    steps, type = path(c, around, [["-"], *items[1:]], at, scope)
    return steps[1:], type


def _pool_del(c: Checker, pool: Cell | None, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    for extra in ("path", "to", "init"):
        if extra in value:
            c.report(BadPath(f'"del" does not go with {show(extra)}', at=Where(f"{at}/{extra}", key=True)))
    item = c.want(STRING, c.expression(value["del"], f"{at}/del", scope.value()), "the name of a pool item")
    c.facts.writes.append(("pool-del", at))
    return PoolDel(NULL, pool.name, item, at=at) if pool else Lit(NULL, None, at=at)
