"""Print what gives a loop's garbage back: at the start of a turn what is still needed is copied, and the arena rewound.

    mark = get(ctx, TOP)
    limit = rewind_limit(get(ctx, END), mark, 0)
    while True:
        if get(ctx, TOP) > limit:
            block = alloc(ctx, 16)         # a word a variable, and one more for its copy
            st(block, t)
            limit = rewind1(ctx, mark, block)
            t = ld(block)
        ...

`rewind1` copies the variables, what was emitted, what the state holds in the arena (`lib/pending.py`) and the notes
for rollback behind the end of the arena, and from there to the mark; what lies below the mark stays where it is.  Where
the copies do not fit, nothing changes.

Invariant: between two turns only variables of the routine refer to what was made since the mark, and of these only
those that were assigned before the loop are read again: others belong to a turn.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pfa.ir import Attempt, Block, Branch, Each, Loop, Op, Part
from pfa.targets.kernel import kernels
from pfa.targets.kernel.extras import inside
from pfa.targets.kernel.helpers import in_slot
from pfa.targets.kernel.parts import local
from pfa.targets.kernel.walk import called, statements
from pfa.types import LONG, STRING, Array, Map, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pfa.ir import Lowered
    from pfa.lib.signature import Bound
    from pfa.targets.kernel.emit import Emitter
    from pfa.targets.kernel.routine import FunctionEmitter

_CALLED = re.compile(r"\b(\w+)\(ctx\b|\bcall\d\(")
LEAVING = ("set_cell", "set_pool", "delete", "emit", "log")
SAVED = ("PTOP", "PEND", "FROM", "UNTIL", "BUDGET", "DEPTH")  # fields that the copying uses for its own ends


# -- which variables --


def assigned(block: Block, parts: Mapping[str, Block], found: dict[str, None] | None = None) -> dict[str, None]:
    """Variables that a block assigns, in order."""
    found = {} if found is None else found
    for s in block:
        match s:
            case Op(to):
                found[to] = None
            case Branch(_, then, orelse):
                assigned(then, parts, found)
                assigned(orelse, parts, found)
            case Loop(body):
                assigned(body, parts, found)
            case Attempt(body, to):
                assigned(body, parts, found)
                found[to] = None
            case Each(names, _, body):
                found.update(dict.fromkeys(names))
                assigned(body, parts, found)
            case Part(name):
                assigned(parts[name], parts, found)
            case _:
                pass
    return found


# -- whether to look at all --


def grows(lines: Iterable[str]) -> bool:
    """May this text take room in the arena?  Of what the program has itself nothing is known."""
    return any(n not in kernels.library() or _takes(n) for n in _callees(lines))


def _callees(lines: Iterable[str]) -> set[str]:
    """Functions that a text calls; "" by their address."""
    return {found[1] or "" for line in lines for found in _CALLED.finditer(line)} - _FIELDS


_FIELDS = {"get", "put", "fail", "rethrow"}


@cache
def _takes(name: str) -> bool:
    """May a kernel of the library take room?"""
    return _reaches(name, set())


def _reaches(name: str, seen: set[str]) -> bool:
    if name == "alloc" or name[:4] in ("call", "host"):
        return name != "host"  # the look at the clock takes nothing, and escapes come with a block
    kernel = kernels.library().get(name)
    if kernel is None or name in seen:
        return False
    seen.add(name)
    called = {n.func.id for n in ast.walk(kernel.node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    return any(_reaches(n, seen) for n in called)


def quiet(e: Emitter, function: str) -> bool:
    """Does a function of the program take no room?  It does if it is not printed yet, or calls what is not."""
    seen: set[str] = set()
    todo = {function}
    while todo:
        name = todo.pop()
        seen.add(name)
        text = next((t for t in e.texts if t.startswith(f"def {name}(")), "")
        called = _callees(text.split("\n")[1:])
        library = called & kernels.library().keys()
        if not text or any(map(_takes, library)):
            return False
        todo |= called - library - seen
    return True


def pops(e: Emitter, function: str, routine: str, ret: Type) -> bool:
    """May a callback give back at once all that it took?

    That is so where its result is in its slot, and neither the state nor what is emitted can refer to the arena.
    """
    return in_slot(ret) and routine != "emit" and not quiet(e, function) and not _leaves(e.lowered, routine)


def _leaves(lowered: Lowered, routine: str) -> bool:
    """May a routine, or one that it calls, set a cell or an item, or emit or log anything?"""
    seen: set[str] = set()
    todo = {routine} & lowered.routines.keys()  # a function of the library is none
    while todo:
        name = todo.pop()
        seen.add(name)
        r = lowered.routines[name]
        for s in statements(r.body, dict(r.parts)):
            if isinstance(s, Op):
                if s.code in LEAVING or "emit" in called(s):
                    return True
                todo |= (set(called(s)) & lowered.routines.keys()) - seen
    return False


# -- text --


@dataclass(frozen=True, slots=True)
class Start:
    """Where a loop begins in the text, and what was assigned before."""

    line: int
    assigned: frozenset[str]


def start(f: FunctionEmitter) -> Start:
    """A loop begins here."""
    return Start(len(f.lines), frozenset(f.assigned))


def wrap(f: FunctionEmitter, body: Block, begun: Start, turn: int) -> None:
    """Put the rewinding into a loop whose body is printed; its turns stand from line `turn`."""
    if not grows(f.lines[turn:]):
        return
    found: list[tuple[str, Type]] = []
    for n in assigned(body, f.parts):
        t = f.e.types.get(n)
        if t is not None and local(n) in begun.assigned and f.e.helpers.persist(t):
            found.append((local(n), t))
    mark, limit, block = f.temp(), f.temp(), f.temp()
    indent = "    " * f.indent
    inner = indent + "    "
    made = rewinder(f.e, tuple(t for _, t in found))
    lines = [f"{inner}if get(ctx, TOP) > {limit}:", f"{inner}    {block} = alloc(ctx, {16 * max(1, len(found))})"]
    lines += [f"{inner}    st({block} + {8 * i}, {n})" for i, (n, _) in enumerate(found)]
    lines.append(f"{inner}    {limit} = {made}(ctx, {mark}, {block})")
    lines += [f"{inner}    {n} = ld({block} + {8 * i})" for i, (n, _) in enumerate(found)]
    f.lines[turn:turn] = lines
    f.lines[begun.line : begun.line] = [
        f"{indent}{mark} = get(ctx, TOP)", f"{indent}{limit} = rewind_limit(get(ctx, END), {mark}, 0)",
    ]  # fmt: skip


def rewinder(e: Emitter, types: tuple[Type, ...], filled: bool = False) -> str:
    """The function (ctx, mark, block) that rewinds the arena for variables of these types; it gives the next limit.

    With `filled` there is one variable, a container below the mark, and what it holds is copied.
    """
    name, new = e.helpers.named("refill" if filled else "rewind", *types)
    if not new:
        return name
    e.helpers.persist(STRING)
    events, undo = "get(ctx, EVENTS)", [i for (what, _), i in e.slots.items() if what == "undo"]
    n = len(types)
    if filled:
        size = 16 if isinstance(types[0], Map) else 8
        fill = filler(e, types[0])
        away = [f"st(block + 8, keep_header(ctx, length(ld(block)), {size}))", f"{fill}(ctx, ld(block), ld(block + 8))"]
        back = [f"{fill}(ctx, ld(block + 8), ld(block))"]
    else:
        copies = [e.helpers.persist(t) for t in types]
        away = [f"st(block + {8 * (n + i)}, {copy}(ctx, ld(block + {8 * i})))" for i, copy in enumerate(copies)]
        back = [f"st(block + {8 * i}, {copy}(ctx, ld(block + {8 * (n + i)})))" for i, copy in enumerate(copies)]
    others = ["    keep_events(ctx)"]
    others += [f"    keep_undo(ctx, get(ctx, STATE) + {8 * i})" for i in undo]
    if e.settles:  # words of the state, too
        away += ["words = keep_room(ctx, 8)", "st(words, 0)", "gather_words(ctx, words)"]
        back.insert(0, "return_words(ctx, ld(words), mark)")  # notes above the mark are read before it is written there
    release = ["    release_words(ctx)"] * e.settles
    others.append("    fill_noted(ctx)")
    lines = [
        *[f"old_{x.lower()} = get(ctx, {x})" for x in SAVED], f"events = {events}",
        *[f"undo{i} = ld(get(ctx, STATE) + {8 * i})" for i in undo],
        "far = get(ctx, TOP)", "put(ctx, FROM, mark)", "put(ctx, UNTIL, block)", "put(ctx, PTOP, far)",
        "put(ctx, PEND, min(get(ctx, END), far + (block - mark)))", "put(ctx, BUDGET, ENDLESS)", "fits = False", "try:",
        *[f"    {x}" for x in away],
        *others, "    fits = True", "except:", "    put(ctx, STATUS, 0)", "    put(ctx, SITE, 0)",
        "    put(ctx, DEPTH, old_depth)", "    put(ctx, LATER, 0)", "    put(ctx, EVENTS, events)",
        *[f"    st(get(ctx, STATE) + {8 * i}, undo{i})" for i in undo], *release,
        "size = block - mark", "if fits:", "    size = get(ctx, PTOP) - far", *release, "    drop_indexes(ctx, mark)",
        "    put(ctx, FROM, far)", "    put(ctx, UNTIL, far + size)", "    put(ctx, PTOP, mark)",
        "    put(ctx, PEND, block)",
        *[f"    {x}" for x in back],
        *others, "    put(ctx, TOP, get(ctx, PTOP))",
        *[f"put(ctx, {x}, old_{x.lower()})" for x in SAVED], "return rewind_limit(get(ctx, END), mark, size)",
    ]  # fmt: skip
    e.helpers.add(name, "ctx: i64, mark: i64, block: i64", lines)
    return name


def filler(e: Emitter, t: Type) -> str:
    """The function (ctx, x, out) that puts copies of what a container holds into another."""
    name, new = e.helpers.named("fill", t)
    if not new:
        return name
    if isinstance(t, Map):
        pairs = [("ld(items(x) + i * 16)", STRING, "i * 16"), ("ld(items(x) + i * 16 + 8)", t.values, "i * 16 + 8")]
    else:
        pairs = [("item(x, i)", inside(t), "i * 8")]
    lines = ["for i in range(length(x)):"]
    lines += [f"    st(items(out) + {at}, {e.helpers.kept(text, of)})" for text, of, at in pairs]
    e.helpers.add(name, "ctx: i64, x: i64, out: i64", [*lines, "return 0"])
    return name


def extra(e: Emitter, what: str, given: list[str], bound: Bound) -> str:
    """What a kernel that calls functions asks for: the address of its rewinding, or 0; `given` are its arguments."""
    functions = [x[len("address(") : -1] for x in given if x.startswith("address(")]
    if all(name in e.popping or quiet(e, name) for name in functions):
        return "0"
    match what:
        case "ret" if e.helpers.persist(bound.ret):
            return f"address({rewinder(e, (bound.ret,))})"
        case "item" if e.helpers.persist(inside(bound.ret)):
            return f"address({rewinder(e, (bound.ret,), True)})"
        case "part":
            return f"address({rewinder(e, (Array(bound.ret),), True)})"
        case "key":
            return f"address({rewinder(e, (Map(LONG),), True)})"
        case _:
            return f"address({rewinder(e, ())})"


def used(e: Emitter) -> bool:
    """Does a loop of the program rewind the arena?"""
    return any(key[0] in ("rewind", "refill") for key in e.helpers.made)


def keep_events(e: Emitter) -> str:
    """The function that copies what was emitted and logged: a list, the last one first."""
    lines = [
        "def keep_events(ctx: i64) -> None:", "    e = get(ctx, EVENTS)", "    last = 0", "    while moving(ctx, e):",
        "        out = keep_room(ctx, 24)", "        number = ld(e + 8)", "        x = ld(e + 16)",
        "        st(out, ld(e))", "        st(out + 8, number)",
    ]  # fmt: skip
    for number, (namespace, types) in enumerate(e.events):
        if not namespace:
            if copy := e.helpers.persist(types[0]):
                lines += [f"        if number == {number}:", f"            x = {copy}(ctx, x)"]
            continue
        lines += [f"        if number == {number} and moving(ctx, x):", "            y = x"]
        lines.append(f"            x = keep_room(ctx, {8 * max(1, len(types))})")
        for i, t in enumerate(types):
            lines.append(f"            st(x + {8 * i}, {e.helpers.kept(f'ld(y + {8 * i})', t)})")
    lines += [
        "        st(out + 16, x)", "        if last == 0:", "            put(ctx, EVENTS, out)", "        else:",
        "            st(last, out)", "        last = out", "        e = ld(e)",
    ]  # fmt: skip
    return "\n".join(lines)
